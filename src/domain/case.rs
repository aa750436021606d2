//! The durable record of one reported error: one for each message, subject and class.
//!
//! A case is a value. It moves by [`Case::go`], which knows every legal move and refuses all others; it never reads or writes
//! anything itself. Begin with [`State`], then [`State::may_become`].

use super::actor::Actor;
use super::beside::Beside;
use super::diagnosis::{Diagnosis, Remedy};
use super::guard::Violation;
use super::ids::{AppId, CaseId, OktaUserId, RunId, TenantId};
use super::inbound::Place;
use super::notice::{Progress, PublicText};
use super::plan::{Digest, Plan};
use super::settings::Sharing;
use super::tenant::Facts;
use super::time::{At, HOUR, MINUTE};
use serde::{Deserialize, Serialize};

pub use super::state::{Closing, State, WrongMove};

/// The person that the error is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Okta user.
    pub okta: OktaUserId,
    /// Login.
    pub login: String,
    /// Name.
    pub name: String,
    /// App.
    pub app: AppId,
    /// Entra tenant.
    pub tenant: TenantId,
}

impl Subject {
    /// One open case exists for each such key.
    pub fn key(&self) -> String {
        format!("{}|{}|{}", self.tenant, self.app, self.okta)
    }
}

/// Somebody that the error may be about; never taken without being named by the asker (SAFETY C2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Login: what the asker types.
    pub login: String,
    /// Name.
    pub name: String,
    /// Department, where Okta has one.
    pub department: Option<String>,
    /// Status in Okta.
    pub status: String,
    /// Whether the System Log has a failed push of this person within the last day.
    pub failing: bool,
}

/// A remedy that may be proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Which.
    pub remedy: Remedy,
    /// Votes it will need.
    pub votes: u8,
}

/// A remedy that may not be proposed, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// Which.
    pub remedy: Remedy,
    /// The gravest violation.
    pub why: Violation,
}

/// What a look-up found and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookUp {
    /// Both sides.
    pub facts: Facts,
    /// What the live facts say about the cause, in one sentence.
    pub finding: PublicText,
    /// Remedies that may be proposed.
    pub offers: Vec<Offer>,
    /// Remedies of the class that may not.
    pub withheld: Vec<Withheld>,
    /// When a second read settles the matter (SAFETY C1c).
    pub confirm_at: Option<At>,
}

/// A vote that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Who.
    pub okta: OktaUserId,
    /// The name that the channel sees.
    pub name: String,
    /// When.
    pub at: At,
}

impl LookUp {
    /// The same without anything that may be proposed, and without a second read.
    #[must_use]
    pub fn without_offers(self) -> Self {
        Self { offers: Vec::new(), withheld: Vec::new(), confirm_at: None, ..self }
    }
}

/// A plan put to the vote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Number within the case, from 1.
    pub number: i64,
    /// What is voted on.
    pub plan: Plan,
    /// Its digest.
    pub digest: Digest,
    /// Its code.
    pub code: String,
    /// Who asked.
    pub by: Actor,
    /// When.
    pub at: At,
    /// Votes so far.
    pub votes: Vec<Vote>,
    /// Reminders sent.
    pub reminded: u8,
}

/// One step of a run, as the card shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepState {
    /// How far.
    pub progress: Progress,
    /// What happened.
    pub note: PublicText,
}

/// A run, as the card shows it. The truth is the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunState {
    /// The run.
    pub id: RunId,
    /// When the votes, expiry and kill switch were judged.
    pub granted_at: At,
    /// Steps of the plan, in order.
    pub steps: Vec<StepState>,
    /// What is open at the moment and must not stay so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposed: Option<Exposure>,
}

/// A person off their domain, or an app without Deactivate Users: seconds are planned, more is an alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// What.
    pub what: Exposed,
    /// Since when, at the earliest.
    pub since: At,
    /// Whether the alarm was raised.
    pub alarmed: bool,
}

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exposed {
    /// The person's sign-in name is on the initial domain: they cannot sign in.
    Parked,
    /// Deactivate Users is off for the whole app: leavers keep their accounts.
    Paused,
}

impl Exposed {
    /// How long it may last before it is an alarm.
    pub fn limit(self) -> i64 {
        match self {
            Self::Parked => 2 * MINUTE,
            Self::Paused => MINUTE,
        }
    }
}

impl Exposure {
    /// When the alarm is due; `None` once it was raised.
    pub fn due(&self) -> Option<At> {
        (!self.alarmed).then(|| self.since.plus(self.what.limit()))
    }
}

/// Reminders of an open proposal (SAFETY B4).
pub const REMINDERS: [i64; 2] = [HOUR, 8 * HOUR];
/// A run begins this long after the last vote, or never (SAFETY B4).
pub const BEGIN_WITHIN: i64 = 15 * MINUTE;

/// Something that falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: At,
    /// Work (a look-up), not a timer of people.
    pub work: bool,
}

/// The record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Format version (1).
    pub v: u32,
    /// `c-…`
    pub id: CaseId,
    /// Version in the store that this value was loaded as; 0 = not stored yet.
    pub version: i64,
    /// When it was opened.
    pub created_at: At,
    /// When it last changed.
    pub updated_at: At,
    /// Surface on which it lives.
    pub surface: String,
    /// Where on it.
    pub place: Place,
    /// How much this channel is shown.
    pub sharing: Sharing,
    /// Unique among the cases of a message.
    pub origin_key: String,
    /// Who pasted or asked.
    pub requester: Actor,
    /// What the text says.
    pub diagnosis: Diagnosis,
    /// Whom it is about, once known.
    pub subject: Option<Subject>,
    /// Whether the subject was named by login, id or by the asker; a display name alone never makes a plan (SAFETY C2).
    pub confirmed: bool,
    /// Look-ups made so far.
    pub looks: u32,
    /// When the externalId was found missing, oldest first (SAFETY C1c).
    pub missing_at: Vec<At>,
    /// Proposals made so far.
    pub proposals: i64,
    /// The case that was closed before for the same person, when the trouble came back or was taken back.
    pub previous: Option<CaseId>,
    /// Code of the audit checkpoint that was written when the case was closed (SAFETY E1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// What is known beside the person.
    #[serde(default, skip_serializing_if = "Beside::is_empty")]
    pub beside: Beside,
    /// Where it stands.
    pub state: State,
}

impl Case {
    /// Moves to `next`, when the table allows it.
    pub fn go(mut self, at: At, next: State) -> Result<Self, WrongMove> {
        if !self.state.may_become(&next) {
            return Err(WrongMove { from: self.state.name(), to: next.name() });
        }
        self.state = next;
        self.updated_at = at;
        Ok(self)
    }

    /// What falls due next.
    pub fn due(&self) -> Option<Due> {
        match &self.state {
            State::Heard | State::Diagnosed => Some(Due { at: self.updated_at, work: true }),
            State::LookedUp { look } => look.confirm_at.map(|at| Due { at, work: true }),
            State::Proposed { proposal, .. } => {
                let reminder = REMINDERS.get(usize::from(proposal.reminded)).map(|ms| proposal.at.plus(*ms));
                let at = reminder.map_or(proposal.plan.not_after, |at| at.min(proposal.plan.not_after));
                Some(Due { at, work: false })
            }
            State::Closed { .. } if self.checkpoint.is_none() => Some(Due { at: self.updated_at, work: true }),
            State::Closed { how: Closing::Verified { waiting_for_retry: Some(at), .. } } => {
                Some(Due { at: *at, work: false })
            }
            State::Running { run, .. } | State::Verifying { run, .. } | State::NeedsHuman { run, .. } => {
                let due = run.exposed.as_ref().and_then(Exposure::due);
                due.map(|at| Due { at, work: false })
            }
            State::NeedsInfo { .. }
            | State::Advised { .. }
            | State::Refused { .. }
            | State::Approved { .. }
            | State::Closed { .. }
            | State::NotOurs { .. }
            | State::Declined { .. }
            | State::Expired { .. }
            | State::Stale { .. }
            | State::RolledBack { .. }
            | State::Undone { .. } => None,
        }
    }

    /// The run that is under way.
    pub fn run(&self) -> Option<&RunState> {
        self.state.under_run().map(|(_, run)| run)
    }
}
