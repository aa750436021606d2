//! The journal of a run: what was intended and what was seen, in order. The state of a run is a fold over it.
//!
//! It is an intent log, not a debug log: an [`Event::Intent`] is durable before the write is sent. Stored format, version 1.

use crate::domain::effect::{Effect, RefusalKind};
use crate::domain::guard::Violation;
use crate::domain::notice::PublicText;
use crate::domain::plan::Plan;
use crate::domain::snapshot::Moved;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Key of [`Moved`] where the record that an effect changes was found as nobody planned it.
pub const TARGET: &str = "target";

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// The run began.
    Began,
    /// This effect is about to be written.
    Intent {
        /// Index of the step.
        step: usize,
    },
    /// What the vendor answered: a hint, kept for the audit.
    Answered {
        /// Index of the step.
        step: usize,
        /// Whether it said yes.
        ok: bool,
        /// In words.
        what: String,
        /// The vendor's request id.
        request_id: Option<String>,
    },
    /// A read shows the effect in force.
    InForce {
        /// Index of the step.
        step: usize,
        /// Whether we wrote it (`false`: it was in force before a write was needed).
        written: bool,
    },
    /// A read shows that the write did not take effect, and it is not tried again.
    Refused {
        /// Index of the step.
        step: usize,
        /// Why, for an administrator.
        why: String,
        /// How, where that matters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<RefusalKind>,
        /// How the person was left, as read then, where the row ends a run after a write.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        left_as: Option<String>,
    },
    /// The vendor refused the step in the way that a branch of the plan is for; nothing was changed, and the run goes on.
    Declined {
        /// Index of the step.
        step: usize,
        /// How.
        kind: RefusalKind,
        /// Why, for an administrator.
        why: String,
    },
    /// The branch that the step belongs to was not taken.
    Skipped {
        /// Index of the step.
        step: usize,
    },
    /// The run has to stop while the person is parked or the app paused: from here on only what leads to the nearest safe
    /// state is written (SAFETY D9).
    Repairing {
        /// Index of the step that was not reached.
        step: usize,
        /// The row that would have ended the run.
        cause: Box<Event>,
    },
    /// Nothing is left that would have to be repaired.
    Safe {
        /// How the person was left.
        left_as: String,
        /// What people have to know besides.
        notes: Vec<PublicText>,
    },
    /// The vendor does not let the repair through for now. People are alarmed; the run stays open and is taken up again.
    Stuck {
        /// Index of the step.
        step: usize,
        /// How the person was left.
        left_as: String,
        /// Why.
        why: PublicText,
    },
    /// What the step waits for came true.
    Reached {
        /// Index of the step.
        step: usize,
    },
    /// What the step waits for will not come true.
    Missed {
        /// Index of the step.
        step: usize,
        /// How the person was left.
        left_as: String,
        /// Why.
        why: PublicText,
    },
    /// The world is not as it should be before this step; no further write is sent.
    Drifted {
        /// Index of the step.
        step: usize,
        /// Facts that moved.
        moved: Vec<Moved>,
        /// Rules that do not hold.
        broken: Vec<Violation>,
        /// How the person was left, as read then, where the row ends a run after a write.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        left_as: Option<String>,
    },
    /// Both sides were read and are right.
    Verified {
        /// What was verified.
        findings: Vec<PublicText>,
        /// Okta's task still waits for Retry.
        waiting_for_retry: bool,
    },
    /// Both sides were read and something is not right.
    NotVerified {
        /// What is wrong.
        why: PublicText,
        /// How the person was left, as read then, where the row ends a run after a write.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        left_as: Option<String>,
    },
}

/// Where a run stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// `Began` is there.
    pub began: bool,
    /// Steps that are dealt with: `0..in_force` are in force, but for those in `off`.
    pub in_force: usize,
    /// Steps that were refused or skipped.
    pub off: BTreeSet<usize>,
    /// Steps that were refused as a branch expects it.
    pub declined: BTreeMap<usize, RefusalKind>,
    /// The row that would have ended the run, when it repairs.
    pub repairing: Option<Box<Event>>,
    /// Steps in force by repair, wherever they stand in the plan.
    pub mended: BTreeSet<usize>,
    /// A step that was sent and whose fate was not known when the repair began.
    pub unsure: Option<usize>,
    /// Steps that have what they waited for.
    pub awaited: BTreeSet<usize>,
    /// The last step in force has what it waited for.
    pub reached: bool,
    /// A step whose intent is journaled and whose outcome is not.
    pub pending: Option<usize>,
    /// Intents of the pending step so far.
    pub attempts: u32,
    /// How often the repair was given up for a while.
    pub rests: u32,
    /// Something was sent that is, or may be, in force.
    pub wrote: bool,
    /// The last row ends the run.
    pub end: Option<End>,
}

impl Progress {
    /// Whether the step is in force.
    pub fn has(&self, step: usize) -> bool {
        (step < self.in_force && !self.off.contains(&step)) || self.mended.contains(&step)
    }

    /// The effects in force, in the order of the plan.
    pub fn done<'a>(&self, plan: &'a Plan) -> Vec<&'a Effect> {
        plan.effects().enumerate().filter(|(step, _)| self.has(*step)).map(|(_, effect)| effect).collect()
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Verified.
    Verified,
    /// Stopped before the first write: the world is as it was.
    Untouched,
    /// Stopped after a write.
    Stopped,
}

/// A journal that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row} of the journal does not follow from the rows before it")]
pub struct IllegalJournal {
    /// Number of the row, from 1.
    pub row: usize,
}

/// Folds a journal. Every illegal sequence is an error: a run that cannot be understood is not continued.
pub fn fold(events: &[Event]) -> Result<Progress, IllegalJournal> {
    let mut p = Progress::default();
    for (index, event) in events.iter().enumerate() {
        let legal = p.end.is_none() && apply(&mut p, event);
        if !legal {
            return Err(IllegalJournal { row: index + 1 });
        }
    }
    Ok(p)
}

fn apply(p: &mut Progress, event: &Event) -> bool {
    let open = p.began && p.pending.is_none();
    let repairs = p.repairing.is_some();
    let answers = |p: &Progress, step: usize| p.pending.is_none_or(|pending| pending == step);
    match event {
        Event::Began => !std::mem::replace(&mut p.began, true),
        Event::Intent { step } => {
            let fresh = p.pending.is_none();
            let legal = p.began && (repairs || *step == p.in_force) && answers(p, *step);
            p.pending = Some(*step);
            p.attempts = if fresh { 1 } else { p.attempts + 1 };
            legal
        }
        Event::Answered { step, .. } => p.pending == Some(*step),
        Event::InForce { step, written } => {
            let legal = p.began && (repairs || *step == p.in_force) && answers(p, *step);
            let sent = p.pending.take().is_some();
            p.wrote |= *written || sent;
            if repairs {
                p.mended.insert(*step);
                p.unsure = p.unsure.filter(|unsure| unsure != step);
            }
            if *step == p.in_force {
                p.in_force += 1;
            }
            p.reached = false;
            legal
        }
        Event::Declined { step, kind, .. } => {
            p.declined.insert(*step, *kind);
            p.pending.take() == Some(*step) && !repairs && pass(p, *step)
        }
        Event::Skipped { step } => open && !repairs && pass(p, *step),
        Event::Refused { step, .. } => {
            p.end = Some(if p.wrote { End::Stopped } else { End::Untouched });
            p.pending.take() == Some(*step) && !repairs
        }
        Event::Reached { step } => {
            let legal = open && !repairs && step + 1 == p.in_force && !p.reached;
            p.reached = true;
            p.awaited.insert(*step);
            legal
        }
        Event::Missed { step, .. } => {
            p.end = Some(End::Stopped);
            p.began && !repairs && (step + 1 == p.in_force || p.pending == Some(*step))
        }
        Event::Drifted { step, .. } => {
            p.end = Some(if p.wrote || p.pending.is_some() { End::Stopped } else { End::Untouched });
            p.began && !repairs && (*step == p.in_force)
        }
        Event::Repairing { cause, .. } => {
            p.unsure = p.pending.take();
            p.attempts = 0;
            p.began && p.repairing.replace(cause.clone()).is_none()
        }
        Event::Safe { .. } => {
            p.end = Some(End::Stopped);
            open && repairs
        }
        Event::Stuck { .. } => p.began && repairs && rest(p),
        Event::Verified { .. } | Event::NotVerified { .. } => {
            let verified = matches!(event, Event::Verified { .. });
            p.end = Some(if verified { End::Verified } else { End::Stopped });
            open
        }
    }
}

/// Gives the repair up for a while; the fate of what was sent last is not known, so it is looked at again.
fn rest(p: &mut Progress) -> bool {
    p.unsure = p.unsure.or(p.pending);
    p.pending = None;
    p.attempts = 0;
    p.rests += 1;
    true
}

/// Passes a step that is not in force.
fn pass(p: &mut Progress, step: usize) -> bool {
    let legal = p.began && step == p.in_force;
    p.off.insert(step);
    p.in_force += 1;
    p.reached = true;
    legal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn force(step: usize) -> Event {
        Event::InForce { step, written: true }
    }

    #[test]
    fn a_journal_folds_to_where_the_run_stands() {
        let rows = [Event::Began, Event::Intent { step: 0 }, force(0), Event::Intent { step: 1 }];
        let p = fold(&rows).unwrap();
        assert_eq!((p.in_force, p.pending, p.attempts, p.wrote), (1, Some(1), 1, true));
    }

    #[test]
    fn impossible_sequences_are_refused_by_row() {
        let row = |events: &[Event]| fold(events).unwrap_err().row;
        assert_eq!(row(&[Event::Intent { step: 0 }]), 1);
        assert_eq!(row(&[Event::Began, Event::Began]), 2);
        assert_eq!(row(&[Event::Began, Event::Intent { step: 1 }]), 2);
        assert_eq!(row(&[Event::Began, Event::Intent { step: 0 }, Event::Reached { step: 0 }]), 3);
        assert_eq!(row(&[Event::Began, force(0), force(0)]), 3);
        let end = Event::NotVerified { why: PublicText::new(), left_as: None };
        assert_eq!(row(&[Event::Began, end.clone(), end]), 3);
    }

    #[test]
    fn a_refused_step_and_a_skipped_one_are_passed_and_not_in_force() {
        let declined = |step| Event::Declined { step, kind: RefusalKind::FederatedDomain, why: String::new() };
        let p = fold(&[Event::Began, Event::Intent { step: 0 }, declined(0), Event::Skipped { step: 1 }]).unwrap();
        assert_eq!((p.in_force, p.has(0), p.has(1), p.wrote), (2, false, false, false));
        let row = |events: &[Event]| fold(events).unwrap_err().row;
        assert_eq!(row(&[Event::Began, declined(0)]), 2);
        assert_eq!(row(&[Event::Began, Event::Skipped { step: 1 }]), 2);
        assert_eq!(row(&[Event::Began, Event::Intent { step: 0 }, Event::Skipped { step: 0 }]), 3);
    }

    #[test]
    fn a_repair_may_write_a_later_step_and_ends_by_saying_so() {
        let cause = Box::new(Event::Drifted { step: 1, moved: Vec::new(), broken: Vec::new(), left_as: None });
        let repairing = Event::Repairing { step: 1, cause };
        let safe = Event::Safe { left_as: "as_before".to_owned(), notes: Vec::new() };
        let mut rows = vec![Event::Began, Event::Intent { step: 0 }, force(0), repairing.clone()];
        rows.extend([Event::Intent { step: 2 }, force(2), safe.clone()]);
        let p = fold(&rows).unwrap();
        assert_eq!((p.in_force, p.has(0), p.has(1), p.has(2)), (1, true, false, true));
        assert_eq!(p.end, Some(End::Stopped));
        let row = |events: &[Event]| fold(events).unwrap_err().row;
        assert_eq!(row(&[Event::Began, safe]), 2);
        assert_eq!(row(&[Event::Began, repairing.clone(), repairing.clone()]), 3);
        assert_eq!(row(&[Event::Began, repairing, Event::Skipped { step: 0 }]), 3);
    }

    #[test]
    fn an_effect_that_was_sent_counts_as_ours_whoever_made_it() {
        let seen = Event::InForce { step: 0, written: false };
        assert!(fold(&[Event::Began, Event::Intent { step: 0 }, seen.clone()]).unwrap().wrote);
        assert!(!fold(&[Event::Began, seen]).unwrap().wrote);
    }

    #[test]
    fn a_run_that_stops_before_its_first_write_left_the_world_untouched() {
        let drift = Event::Drifted { step: 0, moved: Vec::new(), broken: Vec::new(), left_as: None };
        assert_eq!(fold(&[Event::Began, drift]).unwrap().end, Some(End::Untouched));
        let drift = Event::Drifted { step: 1, moved: Vec::new(), broken: Vec::new(), left_as: None };
        assert_eq!(fold(&[Event::Began, Event::Intent { step: 0 }, force(0), drift]).unwrap().end, Some(End::Stopped));
    }
}
