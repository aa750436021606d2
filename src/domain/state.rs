//! Where a case stands: the states, what each keeps, and which moves are legal.
//!
//! Never moves a case: [`super::case::Case::go`] does, and asks [`State::may_become`]. Begin with [`State`]. Seen from outside
//! as a part of [`super::case`].

use super::case::{Candidate, LookUp, Proposal, RunState};
use super::guard::Violation;
use super::ids::CaseId;
use super::notice::PublicText;
use super::plan::Plan;
use super::snapshot::Moved;
use super::time::At;
use serde::{Deserialize, Serialize};

/// How a case ended well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "closing")]
pub enum Closing {
    /// A plan ran and both sides were found right.
    Verified {
        /// The proposal that ran.
        proposal: Box<Proposal>,
        /// The run.
        run: RunState,
        /// What was verified.
        findings: Vec<PublicText>,
        /// Okta's task still waits for somebody to press Retry; reminded at this instant.
        waiting_for_retry: Option<At>,
    },
    /// Nothing was wrong any more.
    InOrder {
        /// Since when, as far as the directories tell.
        since: Option<At>,
        /// What was found.
        look: Box<LookUp>,
    },
    /// It had ended, one way or another, and what it said about people was erased.
    Erased {
        /// When.
        at: At,
    },
}

/// Where a case stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// Reported.
    Heard,
    /// Diagnosed; a look-up follows.
    Diagnosed,
    /// It is not clear whom it is about.
    NeedsInfo {
        /// What is asked.
        question: PublicText,
        /// Who it may be; the asker says which.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        candidates: Vec<Candidate>,
    },
    /// Both sides were read; remedies may be proposed, or a second read follows.
    LookedUp {
        /// What was found.
        look: Box<LookUp>,
    },
    /// No remedy runs; people do the steps.
    Advised {
        /// What was found, where anything was looked up.
        look: Option<Box<LookUp>>,
        /// Why no remedy runs.
        why: Vec<Violation>,
        /// A plan that people carry out by hand, where the bot may not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_hand: Option<Box<Plan>>,
    },
    /// A remedy would be unsafe.
    Refused {
        /// What was found, where anything was looked up.
        look: Option<Box<LookUp>>,
        /// The rules that forbid it.
        why: Vec<Violation>,
    },
    /// A plan is put to the vote.
    Proposed {
        /// What was found.
        look: Box<LookUp>,
        /// The plan.
        proposal: Box<Proposal>,
    },
    /// Enough votes; the run begins.
    Approved {
        /// The plan.
        proposal: Box<Proposal>,
        /// The run.
        run: RunState,
    },
    /// Effects run.
    Running {
        /// The plan.
        proposal: Box<Proposal>,
        /// The run.
        run: RunState,
    },
    /// All effects are in force; both sides are read.
    Verifying {
        /// The plan.
        proposal: Box<Proposal>,
        /// The run.
        run: RunState,
    },
    /// Ended well.
    Closed {
        /// How.
        how: Closing,
    },
    /// Somebody said that it is no provisioning error.
    NotOurs {
        /// Who.
        by: String,
    },
    /// Voted down or taken back.
    Declined {
        /// Who.
        by: String,
        /// Why.
        reason: Option<String>,
        /// The proposal.
        proposal: Box<Proposal>,
    },
    /// Nobody decided, or nobody began in time.
    Expired {
        /// What expired.
        what: String,
        /// The proposal.
        proposal: Box<Proposal>,
    },
    /// The world moved before the first write; nothing was written.
    Stale {
        /// What moved.
        moved: Vec<Moved>,
        /// Which rules do not hold any more.
        broken: Vec<Violation>,
        /// The proposal.
        proposal: Box<Proposal>,
    },
    /// What a stopped run had done was taken back.
    RolledBack {
        /// The proposal that took it back.
        proposal: Box<Proposal>,
        /// Its run.
        run: RunState,
    },
    /// The run stopped after a write; a person must look.
    NeedsHuman {
        /// The proposal.
        proposal: Box<Proposal>,
        /// Its run.
        run: RunState,
        /// Effects in force.
        done: usize,
        /// How the person was left (`unassigned`, `assigned_not_linked` …).
        left_as: String,
        /// Why it stopped.
        why: PublicText,
    },
    /// Taken back by another case.
    Undone {
        /// That case.
        by: CaseId,
    },
}

/// What a move asks for that the table does not allow.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a case that is {from} cannot become {to}")]
pub struct WrongMove {
    /// State now.
    pub from: &'static str,
    /// State wanted.
    pub to: &'static str,
}

impl State {
    /// snake_case name: the contract of JSON, database, scenarios and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Heard => "heard",
            Self::Diagnosed => "diagnosed",
            Self::NeedsInfo { .. } => "needs_info",
            Self::LookedUp { .. } => "looked_up",
            Self::Advised { .. } => "advised",
            Self::Refused { .. } => "refused",
            Self::Proposed { .. } => "proposed",
            Self::Approved { .. } => "approved",
            Self::Running { .. } => "running",
            Self::Verifying { .. } => "verifying",
            Self::Closed { .. } => "closed",
            Self::NotOurs { .. } => "not_ours",
            Self::Declined { .. } => "declined",
            Self::Expired { .. } => "expired",
            Self::Stale { .. } => "stale",
            Self::RolledBack { .. } => "rolled_back",
            Self::NeedsHuman { .. } => "needs_human",
            Self::Undone { .. } => "undone",
        }
    }

    /// States that this one may become.
    fn next(&self) -> &'static [&'static str] {
        match self {
            Self::Heard => &["diagnosed", "advised"],
            Self::Diagnosed => &["looked_up", "needs_info", "advised", "refused", "closed", "not_ours"],
            Self::NeedsInfo { .. } => &["diagnosed", "advised", "not_ours"],
            Self::LookedUp { .. } => {
                &["looked_up", "advised", "refused", "closed", "proposed", "needs_info", "not_ours"]
            }
            Self::Advised { .. } | Self::Refused { .. } | Self::Expired { .. } | Self::Stale { .. } => {
                &["looked_up", "advised", "refused", "closed", "needs_info", "not_ours"]
            }
            Self::Proposed { .. } => &["proposed", "approved", "declined", "expired", "not_ours"],
            Self::Approved { .. } => &["running", "stale", "expired", "needs_human"],
            Self::Running { .. } => {
                &["running", "verifying", "needs_human", "stale", "rolled_back", "closed", "advised"]
            }
            Self::Verifying { .. } => &["verifying", "closed", "needs_human", "rolled_back"],
            Self::NeedsHuman { .. } => {
                &["proposed", "looked_up", "advised", "refused", "closed", "needs_human", "not_ours"]
            }
            Self::Closed { .. } => &["closed", "undone"],
            Self::NotOurs { .. } | Self::Declined { .. } | Self::RolledBack { .. } | Self::Undone { .. } => &[],
        }
    }

    /// Whether the table allows this move.
    pub fn may_become(&self, next: &Self) -> bool {
        self.next().contains(&next.name())
    }

    /// Whether the case still waits for somebody or something. A further paste about its subject is answered with a link.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Heard
            | Self::Diagnosed
            | Self::NeedsInfo { .. }
            | Self::LookedUp { .. }
            | Self::Proposed { .. }
            | Self::Approved { .. }
            | Self::Running { .. }
            | Self::Verifying { .. }
            | Self::NeedsHuman { .. } => true,
            Self::Advised { .. }
            | Self::Refused { .. }
            | Self::Closed { .. }
            | Self::NotOurs { .. }
            | Self::Declined { .. }
            | Self::Expired { .. }
            | Self::Stale { .. }
            | Self::RolledBack { .. }
            | Self::Undone { .. } => false,
        }
    }

    /// The look-up that the card shows.
    pub fn look(&self) -> Option<&LookUp> {
        match self {
            Self::LookedUp { look }
            | Self::Proposed { look, .. }
            | Self::Closed { how: Closing::InOrder { look, .. } } => Some(look),
            Self::Advised { look, .. } | Self::Refused { look, .. } => look.as_deref(),
            Self::Heard
            | Self::Diagnosed
            | Self::NeedsInfo { .. }
            | Self::Approved { .. }
            | Self::Running { .. }
            | Self::Verifying { .. }
            | Self::Closed { how: Closing::Verified { .. } | Closing::Erased { .. } }
            | Self::NotOurs { .. }
            | Self::Declined { .. }
            | Self::Expired { .. }
            | Self::Stale { .. }
            | Self::RolledBack { .. }
            | Self::NeedsHuman { .. }
            | Self::Undone { .. } => None,
        }
    }

    /// The proposal that the card shows.
    pub fn proposal(&self) -> Option<&Proposal> {
        match self {
            Self::Proposed { proposal, .. }
            | Self::Approved { proposal, .. }
            | Self::Running { proposal, .. }
            | Self::Verifying { proposal, .. }
            | Self::Closed { how: Closing::Verified { proposal, .. } }
            | Self::Declined { proposal, .. }
            | Self::Expired { proposal, .. }
            | Self::Stale { proposal, .. }
            | Self::RolledBack { proposal, .. }
            | Self::NeedsHuman { proposal, .. } => Some(proposal),
            Self::Heard
            | Self::Diagnosed
            | Self::NeedsInfo { .. }
            | Self::LookedUp { .. }
            | Self::Advised { .. }
            | Self::Refused { .. }
            | Self::Closed { how: Closing::InOrder { .. } | Closing::Erased { .. } }
            | Self::NotOurs { .. }
            | Self::Undone { .. } => None,
        }
    }
    /// The proposal that is being carried out, and its run.
    pub fn under_run(&self) -> Option<(&Proposal, &RunState)> {
        match self {
            Self::Approved { proposal, run } | Self::Running { proposal, run } | Self::Verifying { proposal, run } => {
                Some((proposal, run))
            }
            Self::Heard
            | Self::Diagnosed
            | Self::NeedsInfo { .. }
            | Self::LookedUp { .. }
            | Self::Advised { .. }
            | Self::Refused { .. }
            | Self::Proposed { .. }
            | Self::Closed { .. }
            | Self::NotOurs { .. }
            | Self::Declined { .. }
            | Self::Expired { .. }
            | Self::Stale { .. }
            | Self::RolledBack { .. }
            | Self::NeedsHuman { .. }
            | Self::Undone { .. } => None,
        }
    }
}
