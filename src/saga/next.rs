//! What to do next: (plan, progress) in, one move out. Pure; the loop of [`super::run`] only does what this says.

use super::journal::{End, Event, Progress, TARGET};
use crate::domain::effect::Effect;
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
    if let Some(step) = progress.pending {
        return Move::Settle { step, again: progress.attempts < ATTEMPTS, repeated: progress.attempts > 1 };
    }
    if let Some(last) = progress.in_force.checked_sub(1)
        && !progress.reached
        && plan.steps.get(last).is_some_and(|step| step.then.is_some())
    {
        return Move::Await(last);
    }
    if progress.in_force < plan.steps.len() { Move::Do(progress.in_force) } else { Move::Verify }
}

/// In which state the person is after `in_force` effects, in one word for the record and the operator.
pub fn left_as(plan: &Plan, in_force: usize, linked: bool) -> &'static str {
    match in_force.checked_sub(1).and_then(|last| plan.steps.get(last)).map(|step| &step.effect) {
        None => "unchanged",
        Some(Effect::ConvertAssignment { .. }) => "assigned",
        Some(Effect::Unassign { .. }) => "unassigned",
        Some(Effect::Assign { .. }) if linked => "assigned",
        Some(Effect::Assign { .. }) => "assigned_not_linked",
        Some(Effect::RestoreUser { .. }) => "restored",
    }
}

/// In which state the person is after the row `event` stopped a run before verification; `progress` includes that row. Where
/// the target itself was found in a state that neither the plan nor its effects explain, the honest word is `unknown`.
pub fn left_after(plan: &Plan, progress: &Progress, event: &Event) -> &'static str {
    match event {
        Event::Drifted { moved, .. } if moved.iter().any(|moved| moved.key == TARGET) => "unknown",
        Event::NotVerified { .. } | Event::Verified { .. } => left_as(plan, progress.in_force, true),
        Event::Began
        | Event::Intent { .. }
        | Event::Answered { .. }
        | Event::InForce { .. }
        | Event::Refused { .. }
        | Event::Reached { .. }
        | Event::Missed { .. }
        | Event::Drifted { .. } => left_as(plan, progress.in_force, progress.reached),
    }
}
