//! What a case knows beside the two sides of its person: what Okta was trying to do, other people with the same error, open
//! incidents of the vendors, an inbound job, a checked payload.
//!
//! Values only. Everything may be absent: a case stored before these existed loads as one that knows none of them.
//! Begin with [`Beside`].

use super::bulk::BulkCheck;
use super::ids::CaseId;
use super::inbound::Unread;
use super::incident::Outlook;
use super::job::{JobFacts, JobRef};
use super::notice::PublicText;
use super::time::{At, MINUTE};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// From more people than this on, within [`WINDOW`], one error is taken for one cause.
pub const MANY: usize = 5;
/// How long apart reports of one cause may be.
pub const WINDOW: i64 = 10 * MINUTE;

/// What Okta was trying to do when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attempt {
    /// Create or link an account.
    Create,
    /// Push a change of the profile.
    Update,
    /// Deactivate or reactivate an account.
    Deactivate,
}

/// A person of a gathering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Tells one person from another: login, object id or name, in lower case.
    pub key: String,
    /// As the text calls them.
    pub name: String,
}

/// Many people with the same error: one cause, one card, no remedy for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gathering {
    /// The app, as the texts call it, in lower case; empty where none names it.
    pub app: String,
    /// The people, in the order of their reports; at most [`Gathering::KEPT`].
    pub people: Vec<Member>,
    /// How many there are in all.
    pub count: usize,
    /// When the last one was reported.
    pub last_at: At,
    /// What the live directories say about a common cause.
    pub common: Vec<PublicText>,
}

impl Gathering {
    /// People that are kept by name; more are only counted.
    pub const KEPT: usize = 200;

    /// Takes people in; those who are there already change nothing but the time. How many were new.
    pub fn add(&mut self, people: impl IntoIterator<Item = Member>, at: At) -> usize {
        let mut new = 0;
        for one in people {
            if self.people.iter().any(|known| known.key == one.key) {
                continue;
            }
            new += 1;
            self.count += 1;
            if self.people.len() < Self::KEPT {
                self.people.push(one);
            }
        }
        self.last_at = self.last_at.max(at);
        new
    }

    /// Whether a report at this instant still belongs to it.
    pub fn is_fresh(&self, at: At) -> bool {
        at.since(self.last_at) <= WINDOW
    }
}

/// Whether two names of apps may mean the same: equal, or one of them not given.
pub fn may_be_same_app(a: &str, b: &str) -> bool {
    a.is_empty() || b.is_empty() || a == b
}

/// What a case knows beside its person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Beside {
    /// What Okta was trying to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// The people of a case that stands for many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub many: Option<Gathering>,
    /// The case that stands for this one and many more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_of: Option<CaseId>,
    /// Incidents of the vendors that matter here, as of the last look-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlook: Option<Outlook>,
    /// The inbound job that was named or configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobRef>,
    /// That job as of the last look-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_facts: Option<Box<JobFacts>>,
    /// The check of the payload that was pasted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulk: Option<BulkCheck>,
    /// What was not read of the message.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub unread: BTreeSet<Unread>,
}

impl Beside {
    /// Whether nothing is known, so that nothing is stored.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an incident is open that can be the cause.
    pub fn incident_open(&self) -> bool {
        self.outlook.as_ref().is_some_and(|outlook| !outlook.open.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(n: usize) -> Member {
        Member { key: format!("p{n}@x.example"), name: format!("P {n}") }
    }

    #[test]
    fn a_gathering_counts_everybody_once_and_keeps_a_bounded_list() {
        let mut all =
            Gathering { app: String::new(), people: Vec::new(), count: 0, last_at: At(0), common: Vec::new() };
        assert_eq!(all.add((0..300).map(member), At(5)), 300);
        assert_eq!((all.people.len(), all.count, all.last_at), (Gathering::KEPT, 300, At(5)));
        assert_eq!(all.add([member(3)], At(9)), 0);
        assert_eq!((all.count, all.last_at), (300, At(9)));
        assert!(all.is_fresh(At(9 + WINDOW)) && !all.is_fresh(At(10 + WINDOW)));
    }
}
