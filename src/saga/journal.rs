//! The journal of a run: what was intended and what was seen, in order. The state of a run is a fold over it.
//!
//! It is an intent log, not a debug log: an [`Event::Intent`] is durable before the write is sent. Stored format, version 1.

use crate::domain::guard::Violation;
use crate::domain::notice::PublicText;
use crate::domain::snapshot::Moved;
use serde::{Deserialize, Serialize};

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
    },
}

/// Where a run stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// `Began` is there.
    pub began: bool,
    /// Effects in force: steps `0..in_force`.
    pub in_force: usize,
    /// The last step in force has what it waited for.
    pub reached: bool,
    /// A step whose intent is journaled and whose outcome is not.
    pub pending: Option<usize>,
    /// Intents of the pending step so far.
    pub attempts: u32,
    /// Something was sent that is, or may be, in force.
    pub wrote: bool,
    /// The last row ends the run.
    pub end: Option<End>,
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
    match event {
        Event::Began => !std::mem::replace(&mut p.began, true),
        Event::Intent { step } => {
            let fresh = p.pending.is_none();
            let legal = p.began && *step == p.in_force && p.pending.is_none_or(|pending| pending == *step);
            p.pending = Some(*step);
            p.attempts = if fresh { 1 } else { p.attempts + 1 };
            legal
        }
        Event::Answered { step, .. } => p.pending == Some(*step),
        Event::InForce { step, written } => {
            let legal = p.began && *step == p.in_force && p.pending.is_none_or(|pending| pending == *step);
            let sent = p.pending.take().is_some();
            p.wrote |= *written || sent;
            p.in_force += 1;
            p.reached = false;
            legal
        }
        Event::Refused { step, .. } => {
            p.end = Some(if p.wrote { End::Stopped } else { End::Untouched });
            p.pending.take() == Some(*step)
        }
        Event::Reached { step } => {
            let legal = open && step + 1 == p.in_force && !p.reached;
            p.reached = true;
            legal
        }
        Event::Missed { step, .. } => {
            p.end = Some(End::Stopped);
            p.began && (step + 1 == p.in_force || p.pending == Some(*step))
        }
        Event::Drifted { step, .. } => {
            p.end = Some(if p.wrote || p.pending.is_some() { End::Stopped } else { End::Untouched });
            p.began && (*step == p.in_force)
        }
        Event::Verified { .. } => {
            p.end = Some(End::Verified);
            open
        }
        Event::NotVerified { .. } => {
            p.end = Some(End::Stopped);
            open
        }
    }
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
        let end = Event::NotVerified { why: PublicText::new() };
        assert_eq!(row(&[Event::Began, end.clone(), end]), 3);
    }

    #[test]
    fn an_effect_that_was_sent_counts_as_ours_whoever_made_it() {
        let seen = Event::InForce { step: 0, written: false };
        assert!(fold(&[Event::Began, Event::Intent { step: 0 }, seen.clone()]).unwrap().wrote);
        assert!(!fold(&[Event::Began, seen]).unwrap().wrote);
    }

    #[test]
    fn a_run_that_stops_before_its_first_write_left_the_world_untouched() {
        let drift = Event::Drifted { step: 0, moved: Vec::new(), broken: Vec::new() };
        assert_eq!(fold(&[Event::Began, drift]).unwrap().end, Some(End::Untouched));
        let drift = Event::Drifted { step: 1, moved: Vec::new(), broken: Vec::new() };
        assert_eq!(fold(&[Event::Began, Event::Intent { step: 0 }, force(0), drift]).unwrap().end, Some(End::Stopped));
    }
}
