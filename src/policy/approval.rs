//! The only constructors of [`Approved`]: [`approve`], which judges votes, expiry and kill switch once, and [`resume`], which
//! rebuilds the approval of a run from the row that kept that judgement.
//!
//! Never reads anything; never prolongs an approval. Begin with [`approve`].
//!
//! Nobody else can make one:
//! ```compile_fail
//! let forged = reanchor::policy::approval::Approved { digest: String::new(), scope: todo!(), valid_until: todo!() };
//! ```

use super::{Refusal, Switch};
use crate::domain::case::{BEGIN_WITHIN, Case, Proposal, Vote};
use crate::domain::ids::CaseId;
use crate::domain::plan::Digest;
use crate::domain::settings::Mode;
use crate::domain::time::{At, MINUTE};
use serde::{Deserialize, Serialize};

/// What a run may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything in the plan.
    Full,
    /// Only what leads to the nearest safe state (SAFETY D9): the steps for which `Plan::repairs` says so.
    RepairOnly,
}

/// The proof that a plan was approved: needed for every write, not cloneable, bound to one plan.
#[derive(Debug)]
pub struct Approved {
    digest: Digest,
    scope: Scope,
    valid_until: At,
}

impl Approved {
    /// What may be written.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether this is the approval of a plan with this digest, at this time.
    pub fn covers(&self, digest: &Digest, now: At) -> bool {
        self.digest == *digest && now < self.valid_until
    }
}

/// The judgement as the run row keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Format version (1).
    pub v: u32,
    /// Case.
    pub case: CaseId,
    /// Proposal.
    pub number: i64,
    /// Digest voted on.
    pub digest: Digest,
    /// The votes.
    pub votes: Vec<Vote>,
    /// Policy version.
    pub policy: String,
    /// When it was judged.
    pub at: At,
}

/// A run whose last journal row is older than this goes only to the nearest safe state (SAFETY B4).
pub const STALE_AFTER: i64 = 30 * MINUTE;

/// Judges a proposal with its votes, in the transaction that starts the run. Each vote was checked by
/// [`super::may_vote`] when it was given.
pub fn approve(
    case: &Case,
    proposal: &Proposal,
    mode: Mode,
    switch: &Switch,
    now: At,
) -> Result<(Approved, Grant), Refusal> {
    switch.check()?;
    match mode {
        Mode::Fix => {}
        Mode::Observe | Mode::Propose => {
            return Err(Refusal::new(
                "mode",
                format!("this bot is in mode {mode}: nothing runs. Nothing was changed."),
            ));
        }
    }
    let plan = &proposal.plan;
    if plan.digest() != proposal.digest || plan.case != case.id {
        return Err(Refusal::new("B1", "the plan is not the one that was voted on. Nothing was changed."));
    }
    if now >= plan.not_after {
        return Err(Refusal::new("B4", "the proposal has expired. Nothing was changed."));
    }
    let mut voters: Vec<_> = proposal.votes.iter().map(|vote| &vote.okta).collect();
    voters.sort();
    voters.dedup();
    if voters.len() < usize::from(plan.votes.max(1)) {
        return Err(Refusal::new("A4", format!("{} of {} votes", voters.len(), plan.votes)));
    }
    let approved = Approved { digest: proposal.digest.clone(), scope: Scope::Full, valid_until: now.plus(STALE_AFTER) };
    let grant = Grant {
        v: 1,
        case: case.id.clone(),
        number: proposal.number,
        digest: proposal.digest.clone(),
        votes: proposal.votes.clone(),
        policy: plan.policy.clone(),
        at: now,
    };
    Ok((approved, grant))
}

/// Rebuilds the approval of a run from its row, at any age: [`Scope::Full`] while its last journal row is younger than 30
/// minutes (or the run was granted within 15 minutes and has not begun) and nothing froze, else [`Scope::RepairOnly`].
pub fn resume(grant: &Grant, last_row: Option<At>, switch: &Switch, now: At) -> Approved {
    let until = last_row.map_or_else(|| grant.at.plus(BEGIN_WITHIN), |at| at.plus(STALE_AFTER));
    let full = now < until && switch.check().is_ok();
    let scope = if full { Scope::Full } else { Scope::RepairOnly };
    Approved { digest: grant.digest.clone(), scope, valid_until: now.plus(STALE_AFTER) }
}
