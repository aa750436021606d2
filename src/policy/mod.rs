//! Policy: may this person ask, vote, or run this now? Pure: who belongs to which group, what time it is and whether the bot
//! is frozen enter as values that were read at the click.
//!
//! Never decides from text, names or channel membership; an empty list permits nobody. Begin with [`may`] and
//! [`may_vote`]; [`approval`] holds the only way to an approval.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod approval;

use crate::domain::actor::Right;
use crate::domain::case::{Case, Proposal};
use crate::domain::ids::{EntraId, GroupId, OktaUserId};
use crate::domain::notice::PublicText;
use crate::domain::settings::{Mode, Policy};
use crate::domain::time::At;
use serde::{Deserialize, Serialize};

/// Why somebody may not, in words for that person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The rule (`A4`).
    pub rule: &'static str,
    /// The reason, and what is possible instead.
    pub text: PublicText,
}

impl Refusal {
    /// A refusal under a rule.
    pub fn new(rule: &'static str, text: impl Into<String>) -> Self {
        Self { rule, text: PublicText::words(text) }
    }
}

/// A linked person with the groups that Okta gave at the click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Okta user.
    pub okta: OktaUserId,
    /// Login.
    pub login: String,
    /// Name.
    pub name: String,
    /// Whether the Okta user is ACTIVE; a link to anybody else is void (SAFETY A5).
    pub active: bool,
    /// Their own Entra object, as far as the app user of the person tells.
    pub entra: Option<EntraId>,
    /// Groups of type OKTA_GROUP.
    pub groups: Vec<GroupId>,
}

/// The kill switch as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// Who froze (an audit name).
    pub by: String,
    /// The name people see.
    pub name: String,
    /// When.
    pub at: At,
    /// Why, where said.
    pub reason: Option<String>,
}

/// Whether anything may be begun. An unreadable switch counts as frozen (SAFETY A8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Not frozen.
    Running,
    /// Frozen.
    Frozen(Freeze),
    /// Could not be read.
    Unreadable,
}

impl Switch {
    /// `Ok` when not frozen.
    pub fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Running => Ok(()),
            Self::Frozen(freeze) => {
                let mut text = PublicText::words("the bot is frozen since ").and_time(freeze.at).and(" by ");
                text = text.and_foreign(&freeze.name);
                if let Some(reason) = &freeze.reason {
                    text = text.and(": ").and_foreign(reason);
                }
                Err(Refusal { rule: "A8", text: text.and("; an operator can type /reanchor thaw <reason>") })
            }
            Self::Unreadable => Err(Refusal::new("A8", "the kill switch could not be read, which counts as frozen")),
        }
    }
}

/// Whether the person has the right, by group membership read at the click (SAFETY A3).
pub fn may(person: &Person, right: Right, policy: &Policy) -> Result<(), Refusal> {
    if !person.active {
        return Err(Refusal::new("A5", "your linked Okta user is not ACTIVE, so the link is void"));
    }
    let groups = policy.groups(right);
    if person.groups.iter().any(|group| groups.contains(group)) {
        return Ok(());
    }
    let who = if groups.is_empty() {
        "nobody may: the policy lists no group for it".to_owned()
    } else {
        format!(
            "only members of the Okta group {} may",
            groups.iter().map(GroupId::as_str).collect::<Vec<_>>().join(" or ")
        )
    };
    Err(Refusal::new("A3", format!("you may not {right}; {who}. Nothing was changed.")))
}

/// Whether the person may vote for this proposal now (SAFETY A3, A4, B1, B2, B4). The kill switch (A8) is judged by
/// [`Switch::check`] beside it, and which proposal the person saw by the caller.
pub fn may_vote(person: &Person, case: &Case, proposal: &Proposal, policy: &Policy, now: At) -> Result<(), Refusal> {
    may(person, Right::Approve, policy)?;
    let plan = &proposal.plan;
    if plan.case != case.id || plan.digest() != proposal.digest {
        return Err(Refusal::new(
            "B2",
            "the stored plan is not the one that was put to the vote. Nothing was changed. Tell the operator.",
        ));
    }
    let requesters = [proposal.by.standing.okta(), case.requester.standing.okta()];
    if requesters.into_iter().flatten().any(|okta| *okta == person.okta) {
        return Err(Refusal::new(
            "A4",
            "you reported this case or asked for this fix, so somebody else must approve it. Nothing was changed.",
        ));
    }
    let names = plan.objects.iter().filter_map(|id| plan.snapshot.get(&format!("entra.object.{id}.upn")));
    let same_login = names
        .chain(std::iter::once(&plan.user_name))
        .chain(case.subject.as_ref().map(|subject| &subject.login))
        .any(|name| name.eq_ignore_ascii_case(&person.login));
    let same_object = person.entra.as_ref().is_some_and(|id| plan.objects.contains(id));
    if person.okta == plan.subject || same_login || same_object {
        return Err(Refusal::new(
            "A4",
            "this fix is about your own account, so you cannot approve it. Nothing was changed.",
        ));
    }
    if now >= plan.not_after {
        return Err(Refusal::new(
            "B4",
            "the proposal has expired. Nothing was changed. Press Look again and ask anew.",
        ));
    }
    if policy.version() != plan.policy {
        return Err(Refusal::new(
            "B1",
            "the policy changed since this plan was made. Nothing was changed. Withdraw it and ask anew.",
        ));
    }
    if proposal.votes.iter().any(|vote| vote.okta == person.okta) {
        return Err(Refusal::new("B2", "you have approved this already; one person has one vote."));
    }
    Ok(())
}

/// Whether the person may vote a proposal down: an approver (SAFETY B6).
pub fn may_deny(person: &Person, policy: &Policy) -> Result<(), Refusal> {
    may(person, Right::Approve, policy)
}

/// Whether anything may be proposed in this mode.
pub fn may_propose(mode: Mode) -> Result<(), Refusal> {
    match mode {
        Mode::Observe => Err(Refusal::new(
            "mode",
            "this bot is in mode observe: it reads and advises, and neither plans nor changes anything.",
        )),
        Mode::Propose | Mode::Fix => Ok(()),
    }
}
