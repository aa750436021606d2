//! What to do next: (plan, progress) in, one move out. Pure; the loop of [`super::run`] only does what this says.

use super::journal::{End, Event, Progress, TARGET};
use super::standing::UNKNOWN;
use crate::domain::effect::{Effect, When};
use crate::domain::plan::Plan;

/// The intent of one write is journaled at most this often. Processes that died between the intent and the call count too,
/// so the number leaves room for a few of them beside requests that were lost.
pub const ATTEMPTS: u32 = 6;

/// The next move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Journal that the run begins.
    Begin,
    /// Look at the target of this step; if it is not in force yet, check the world, journal the intent, write.
    Do(usize),
    /// An intent is journaled: look until it is clear whether the write took effect; if not, and `again`, write once more.
    Settle {
        /// Index of the step.
        step: usize,
        /// Whether another write is allowed.
        again: bool,
        /// Whether an earlier intent may have been carried out too.
        repeated: bool,
    },
    /// Journal that the branch of this step is not taken.
    Skip(usize),
    /// Bring the person and the app to the nearest safe state.
    Repair,
    /// Wait for what the step waits for.
    Await(usize),
    /// Read both sides.
    Verify,
    /// Nothing: the run has ended.
    Ended(End),
}

/// The only brain.
pub fn next(plan: &Plan, progress: &Progress) -> Move {
    if let Some(end) = &progress.end {
        return Move::Ended(end.clone());
    }
    if !progress.began {
        return Move::Begin;
    }
    let steps = plan.steps.len();
    if progress.repairing.is_some() {
        // A repair that went all the way forward has reached what was approved.
        let whole = progress.in_force == steps && progress.pending.is_none();
        return if whole { Move::Verify } else { Move::Repair };
    }
    if let Some(step) = progress.pending {
        return Move::Settle { step, again: progress.attempts < ATTEMPTS, repeated: progress.attempts > 1 };
    }
    if let Some(last) = progress.in_force.checked_sub(1)
        && !progress.reached
        && plan.steps.get(last).is_some_and(|step| step.then.is_some())
    {
        return Move::Await(last);
    }
    match plan.steps.get(progress.in_force).map(|step| &step.when) {
        None => Move::Verify,
        Some(When::IfRefused { effect, kind }) if progress.declined.get(effect) != Some(kind) => {
            Move::Skip(progress.in_force)
        }
        Some(When::Always | When::IfRefused { .. }) => Move::Do(progress.in_force),
    }
}

/// Whether somebody is, or may be, parked, or the app paused: then the run does not end before that is repaired.
pub fn exposed(plan: &Plan, progress: &Progress) -> bool {
    let open = |first: usize, last: usize| {
        (progress.has(first) || progress.pending == Some(first) || progress.unsure == Some(first))
            && !progress.has(last)
    };
    plan.hop().is_some_and(|hop| open(hop.park, hop.back)) || plan.pause().is_some_and(|(off, on)| open(off, on))
}

/// In which state the person is by the journal alone, in one word: for a row that was not, or could not be, read.
pub fn left_as(plan: &Plan, progress: &Progress) -> String {
    let parked = plan.hop().is_some_and(|hop| progress.has(hop.park) && !progress.has(hop.back));
    let paused = plan.pause().is_some_and(|(off, on)| progress.has(off) && !progress.has(on));
    let done = progress.done(plan);
    let linked = plan
        .steps
        .iter()
        .enumerate()
        .any(|(step, planned)| matches!(planned.effect, Effect::Assign { .. }) && progress.awaited.contains(&step));
    let last = done.iter().rev().find_map(|effect| match effect {
        Effect::ConvertAssignment { .. } => Some("assigned"),
        Effect::Unassign { .. } => Some("unassigned"),
        Effect::Assign { .. } if linked => Some("assigned"),
        Effect::Assign { .. } => Some("assigned_not_linked"),
        Effect::RestoreUser { .. } => Some("restored"),
        Effect::SetAppUserAnchor { .. } => Some("okta_anchor_set"),
        Effect::SetImmutableId { .. } => Some("anchor_set"),
        Effect::SetUpn { .. } | Effect::PauseProvisioning { .. } | Effect::ResumeProvisioning { .. } => None,
    });
    match (last, parked, paused) {
        (_, true, _) => "parked".to_owned(),
        (None, false, true) => "paused".to_owned(),
        (Some(word), false, true) => format!("{word}_paused"),
        (Some(word), false, false) => word.to_owned(),
        (None, false, false) if done.is_empty() => "unchanged".to_owned(),
        (None, false, false) => "as_before".to_owned(),
    }
}

/// In which state the person is after the row `event` stopped a run; `progress` includes that row. The row says what was
/// read then; rows of older releases leave it to the journal.
pub fn left_after(plan: &Plan, progress: &Progress, event: &Event) -> String {
    match event {
        Event::Missed { left_as, .. }
        | Event::Safe { left_as, .. }
        | Event::Stuck { left_as, .. }
        | Event::Drifted { left_as: Some(left_as), .. }
        | Event::Refused { left_as: Some(left_as), .. }
        | Event::NotVerified { left_as: Some(left_as), .. } => left_as.clone(),
        Event::Drifted { moved, .. } if moved.iter().any(|moved| moved.key == TARGET) => UNKNOWN.to_owned(),
        Event::Began
        | Event::Intent { .. }
        | Event::Answered { .. }
        | Event::InForce { .. }
        | Event::Refused { .. }
        | Event::Declined { .. }
        | Event::Skipped { .. }
        | Event::Repairing { .. }
        | Event::Reached { .. }
        | Event::Drifted { .. }
        | Event::Verified { .. }
        | Event::NotVerified { .. } => left_as(plan, progress),
    }
}
