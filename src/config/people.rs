//! `[[channel]]` (where the bot listens and what it shows there), `[[link]]` (who is who) and `[[policy]]` (who may do what).
//!
//! Never turns a group's name into an id: names are handed back, so that somebody who can ask Okta tells the ids (SAFETY A3).
//! Begin with [`Channel`] and [`PolicyRow`].

use super::sections::Complaint;
use crate::domain::ids::GroupId;
use crate::domain::settings::{Policy, Sharing};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// One `[[channel]]`. A channel that is not listed is not listened to (SAFETY A7).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Name of the surface: `slack`, `teams`, `console` …
    pub surface: String,
    /// The surface's own id of the channel.
    pub id: String,
    /// Whether pasted errors are answered.
    #[serde(default = "yes")]
    pub listen: bool,
    /// How much of a look-up it is shown.
    #[serde(default)]
    pub facts: Sharing,
}

fn yes() -> bool {
    true
}

impl Channel {
    /// Whether the values can be used; the first that cannot is named.
    pub fn check(&self) -> Result<(), Complaint> {
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if self.surface.is_empty() || !self.surface.chars().all(word) {
            return Complaint::of(
                "surface",
                "is not the name of a surface; allowed: lower-case letters, such as slack",
            );
        }
        if self.id.is_empty() || self.id.trim() != self.id {
            return Complaint::of(
                "id",
                "is empty or has white space around it; allowed: the surface's own id of the channel",
            );
        }
        Ok(())
    }
}

/// One `[[link]]`: which account of a surface belongs to which Okta user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The Okta user (`00u…`).
    pub okta: String,
    /// Name of the surface and key of the account there, as the platform writes it.
    pub accounts: BTreeMap<String, String>,
}

impl Link {
    /// From the keys as they are written: `okta`, and a key for each surface. The first that cannot be used is named.
    pub(super) fn of(mut row: BTreeMap<String, String>) -> Result<Self, (String, &'static str)> {
        let flaw = |key: &str, problem| Err((key.to_owned(), problem));
        let Some(okta) = row.remove("okta") else {
            return flaw("okta", "is missing; allowed: the id of an Okta user, 00u and letters or digits");
        };
        let id = okta.strip_prefix("00u").unwrap_or_default();
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return flaw("okta", "is not the id of an Okta user; allowed: 00u and letters or digits, never a login");
        }
        if row.is_empty() {
            return flaw("okta", "is linked to nothing; allowed beside it: a surface and an account, such as slack");
        }
        match row.iter().find(|(_, account)| account.is_empty() || account.trim() != account.as_str()) {
            Some((surface, _)) => {
                flaw(surface, "is empty or has white space around it; allowed: the platform's own id of the account")
            }
            None => Ok(Self { okta, accounts: row }),
        }
    }
}

/// One `[[policy]]` as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRow {
    /// Its name.
    pub name: String,
    /// Okta group ids: may ask for remedies.
    #[serde(default)]
    pub askers: Vec<String>,
    /// Okta group ids: may vote.
    #[serde(default)]
    pub approvers: Vec<String>,
    /// Okta group ids: may thaw.
    #[serde(default)]
    pub operators: Vec<String>,
    /// Accounts that no remedy may touch: Okta user ids, Entra object ids or logins.
    #[serde(default)]
    pub protected: Vec<String>,
}

impl PolicyRow {
    /// Whether the values can be used; the first that cannot is named. Group names are not looked at here.
    pub fn check(&self) -> Result<(), Complaint> {
        if self.name.trim().is_empty() {
            return Complaint::of("name", "is empty; allowed: a word by which people know the policy");
        }
        for account in &self.protected {
            if account.trim().is_empty() {
                return Complaint::of(
                    "protected",
                    "has an empty entry; allowed: Okta user ids, Entra object ids, logins",
                );
            }
            // a group here would look like protection and be none
            if is_group(account.trim()) {
                return Complaint::of(
                    "protected",
                    "lists a group; allowed are accounts only: Okta user ids, Entra object ids, logins",
                );
            }
        }
        Ok(())
    }

    /// What stands in one of the group lists and is not an id of an Okta group; each once, sorted.
    pub fn names(&self) -> Vec<String> {
        let all = [&self.askers, &self.approvers, &self.operators];
        let names: BTreeSet<&String> = all.into_iter().flatten().filter(|id| !is_group(id)).collect();
        names.into_iter().cloned().collect()
    }

    /// The policy as the pure parts know it. Call it after [`PolicyRow::check`] and when [`PolicyRow::names`] is empty.
    pub fn policy(&self) -> Policy {
        let groups = |ids: &[String]| ids.iter().map(GroupId::new).collect();
        Policy {
            name: self.name.clone(),
            askers: groups(&self.askers),
            approvers: groups(&self.approvers),
            operators: groups(&self.operators),
            protected: self.protected.iter().map(|account| account.trim().to_lowercase()).collect(),
        }
    }
}

/// `00g` and letters or digits.
fn is_group(id: &str) -> bool {
    id.strip_prefix("00g").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}
