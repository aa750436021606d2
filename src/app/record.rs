//! What each journal row means for the case: its state, its card, its audit row and its alarm, in one transaction with the row.
//!
//! Never writes to a directory and never decides what comes next: that is `saga::next`.

use super::App;
use super::anchors::refused_anchor;
use super::books::{Entry, TRIES, decode, encode};
use crate::domain::case::{Case, Closing, Exposed, Exposure, Proposal, RunState, State};
use crate::domain::diagnosis::ClassId;
use crate::domain::effect::RefusalKind;
use crate::domain::guard::Violation;
use crate::domain::notice::{Progress, PublicText};
use crate::domain::plan::{Direction, Plan};
use crate::domain::time::{At, HOUR};
use crate::plan::needs_administrator;
use crate::policy::Switch;
use crate::ports::lease::LeaseHeld;
use crate::ports::store::{Change, JournalRow, RunRow, StoreError, Stored};
use crate::saga::journal::{End, Event, Progress as Fold, fold};
use crate::saga::next::{exposed, left_after, next};
use crate::saga::run::Record;
use async_trait::async_trait;
use serde_json::json;

/// Commits journal rows together with what they mean for the case.
pub(super) struct Recorder<'a> {
    pub(super) app: &'a App,
    pub(super) row: &'a RunRow,
    pub(super) plan: &'a Plan,
    /// What the case is about.
    pub(super) class: &'a ClassId,
}

#[async_trait]
impl Record for Recorder<'_> {
    async fn record(&self, event: &Event, lease: &LeaseHeld) -> Stored<()> {
        for _ in 0..TRIES {
            let rows = self.app.parts.store.journal(&self.row.id).await?;
            let mut events = Vec::with_capacity(rows.len() + 1);
            for row in &rows {
                events.push(decode(&row.body, "journal", self.row.id.as_str())?);
            }
            events.push(event.clone());
            let fold = fold(&events).map_err(|error| StoreError::Inconsistent {
                table: "journal",
                id: self.row.id.as_str().to_owned(),
                what: error.to_string(),
            })?;
            let Some(case) = self.app.load(&self.row.case).await? else {
                return Err(StoreError::Inconsistent {
                    table: "runs",
                    id: self.row.id.as_str().to_owned(),
                    what: "its case is missing".to_owned(),
                });
            };
            let seq = i64::try_from(events.len()).unwrap_or(i64::MAX);
            let mut change = self.change(&case, event, &fold)?;
            if let (Event::Verified { .. }, Direction::Undo, Some(old)) = (event, self.plan.direction, &case.previous) {
                self.app.undone(&mut change, old, &case.id).await?;
            }
            if self.forbidden(event, &fold) {
                change.setting = Some(self.app.remember_refusal().await?);
            }
            change.journal = Some(JournalRow {
                run: self.row.id.clone(),
                seq,
                at: change.at,
                body: encode(event, "journal", self.row.id.as_str())?,
            });
            change.run_ended = fold.end.is_some().then(|| self.row.id.clone());
            change.fence = Some(lease.fence().clone());
            match self.app.parts.store.commit(change).await {
                Err(StoreError::Stale { .. }) => {}
                other => return other,
            }
        }
        Err(StoreError::Stale { what: format!("case {}", self.row.case) })
    }

    async fn switch(&self) -> Switch {
        self.app.switch().await
    }

    /// What goes on, or back, from a place where people were left is never withheld: waiting there would be worse.
    async fn withheld(&self) -> Option<Violation> {
        match self.plan.direction {
            Direction::Forward | Direction::Undo => self.app.withheld_now(self.class).await,
            Direction::GoOn | Direction::RollBack => None,
        }
    }

    fn is_stopping(&self) -> bool {
        self.app.parts.stop.is_wished()
    }
}

impl Recorder<'_> {
    fn change(&self, case: &Case, event: &Event, fold: &Fold) -> Stored<Change> {
        let wrong = |what: String| StoreError::Inconsistent { table: "cases", id: case.id.as_str().to_owned(), what };
        let Some((proposal, run)) = under_run(&case.state).filter(|(_, run)| run.id == self.row.id) else {
            return Err(wrong(format!("it is {} while its run goes on", case.state.name())));
        };
        let next = self.next_state((event, fold), Box::new(proposal.clone()), run.clone(), &case.state);
        let note = alarm(case, &next, fold.end.is_some());
        let place = case.place.clone();
        let moved = case.clone().go(self.app.now(), next).map_err(|error| wrong(error.to_string()))?;
        let payload = json!({ "run": self.row.id, "event": event });
        let mut change = self.app.change(&moved, &Entry { actor: "bot", kind: kind(event), payload })?;
        if let Some(text) = note {
            change.outbox.push(self.app.note(&moved.surface, &place, text)?);
        }
        Ok(change)
    }

    /// The state of the case after `event`; `fold` already includes it.
    fn next_state(
        &self,
        (event, fold): (&Event, &Fold),
        proposal: Box<Proposal>,
        mut run: RunState,
        before: &State,
    ) -> State {
        show(event, fold, self.plan, &mut run);
        expose(event, fold, self.plan, (&mut run, self.app.now()));
        let human = |run: RunState, proposal: Box<Proposal>, left_as: String, why: PublicText| {
            // Where all was taken back there is nothing to go on with, and nothing to take back.
            let done = if left_as == "as_before" { 0 } else { fold.in_force };
            State::NeedsHuman { proposal, run, done, left_as, why }
        };
        let left = || left_after(self.plan, fold, event);
        match (event, &fold.end) {
            (Event::Drifted { moved, broken, .. }, Some(End::Untouched)) => {
                State::Stale { moved: moved.clone(), broken: broken.clone(), proposal }
            }
            (Event::Drifted { .. }, _) => human(run, proposal, left(), why_stopped(event)),
            (Event::Refused { .. }, Some(End::Untouched)) if refused_anchor(self.plan, event).is_some() => {
                self.advised(event, fold)
            }
            (Event::Safe { left_as, .. }, _)
                if ["as_before", "unchanged"].contains(&left_as.as_str()) && self.forbidden(event, fold) =>
            {
                self.advised(event, fold)
            }
            (Event::Safe { left_as, notes }, _) => {
                let mut why = cause(fold);
                for note in notes {
                    why = why.and_text(note).and(". ");
                }
                human(run, proposal, left_as.clone(), why)
            }
            (Event::Stuck { left_as, why, .. }, _) => {
                let text = PublicText::words("the repair is refused: ").and_text(why).and(". It was needed because: ");
                human(run, proposal, left_as.clone(), text.and_text(&cause(fold)))
            }
            (Event::Refused { why, .. }, _) => {
                human(run, proposal, left(), PublicText::words("The change was not made: ").and_foreign(why))
            }
            (Event::Missed { left_as, why, .. }, _) => human(run, proposal, left_as.clone(), why.clone()),
            (Event::NotVerified { why, .. }, _) => human(run, proposal, left(), why.clone()),
            (Event::Verified { findings, waiting_for_retry }, _) => match self.plan.direction {
                Direction::RollBack => State::RolledBack { proposal, run },
                Direction::Forward | Direction::GoOn | Direction::Undo => State::Closed {
                    how: Closing::Verified {
                        proposal,
                        run,
                        findings: findings.clone(),
                        waiting_for_retry: waiting_for_retry.then(|| self.app.now().plus(HOUR)),
                    },
                },
            },
            (
                Event::Began
                | Event::Intent { .. }
                | Event::Answered { .. }
                | Event::InForce { .. }
                | Event::Declined { .. }
                | Event::Skipped { .. }
                | Event::Repairing { .. }
                | Event::Reached { .. },
                _,
            ) => {
                // A repair that was taken up again: people were called, and what they were told holds until it ends.
                if let State::NeedsHuman { done, left_as, why, .. } = before {
                    let (done, left_as, why) = (*done, left_as.clone(), why.clone());
                    State::NeedsHuman { proposal, run, done, left_as, why }
                } else if next(self.plan, fold) == crate::saga::next::Move::Verify {
                    State::Verifying { proposal, run }
                } else {
                    State::Running { proposal, run }
                }
            }
        }
    }

    /// Whether this row, or the one that the repair began with, says that the bot may not write an anchor here.
    fn forbidden(&self, event: &Event, fold: &Fold) -> bool {
        let row = if matches!(event, Event::Safe { .. }) { fold.repairing.as_deref().unwrap_or(event) } else { event };
        refused_anchor(self.plan, row) == Some(RefusalKind::Forbidden)
    }

    /// The vendor refused the anchor itself, and everything is as it was: people do it by hand (SAFETY D8).
    fn advised(&self, event: &Event, fold: &Fold) -> State {
        let forbidden = self.forbidden(event, fold);
        let row = fold.repairing.as_deref().unwrap_or(event);
        let fact = why_stopped(row);
        let violation = if forbidden {
            needs_administrator(fact)
        } else {
            let how = "mend what the vendor names, then Look again".to_owned();
            Violation { how_to_change: how, ..needs_administrator(fact) }
        };
        State::Advised { look: None, why: vec![violation], by_hand: forbidden.then(|| Box::new(self.plan.clone())) }
    }
}

/// Why a run stopped, by the row that says so.
fn why_stopped(event: &Event) -> PublicText {
    match event {
        Event::Drifted { moved, broken, .. } => {
            let mut why = PublicText::words("Something moved after the first change; nothing further was sent: ");
            for one in moved {
                why = why.and_text(&crate::card::shown::moved(one)).and("; ");
            }
            for violation in broken {
                why = why.and_text(&crate::card::build::reason(violation)).and("; ");
            }
            why
        }
        Event::Refused { why, .. } | Event::Declined { why, .. } => {
            PublicText::words("The change was not made: ").and_foreign(why)
        }
        Event::Missed { why, .. } | Event::NotVerified { why, .. } | Event::Stuck { why, .. } => why.clone(),
        Event::Began
        | Event::Intent { .. }
        | Event::Answered { .. }
        | Event::InForce { .. }
        | Event::Skipped { .. }
        | Event::Repairing { .. }
        | Event::Safe { .. }
        | Event::Reached { .. }
        | Event::Verified { .. } => PublicText::new(),
    }
}

/// Why a run that repaired had to.
fn cause(fold: &Fold) -> PublicText {
    let why = fold.repairing.as_deref().map(why_stopped).unwrap_or_default();
    if why.is_empty() { why } else { why.and(" ") }
}

/// Keeps the card's and the watchdog's knowledge of who is parked, or paused, since when.
fn expose(event: &Event, fold: &Fold, plan: &Plan, (run, now): (&mut RunState, At)) {
    let what = match (plan.hop(), plan.pause()) {
        (Some(_), _) => Exposed::Parked,
        (None, Some(_)) => Exposed::Paused,
        (None, None) => return,
    };
    // A run that has ended has left nobody parked and nothing paused; one that could not is not ended.
    if fold.end.is_some() || !exposed(plan, fold) {
        run.exposed = None;
    } else if run.exposed.is_none() && matches!(event, Event::Intent { .. }) {
        run.exposed = Some(Exposure { what, since: now, alarmed: false });
    }
}

/// The run that is recorded: one that could not repair yet stays open while people are called.
fn under_run(state: &State) -> Option<(&Proposal, &RunState)> {
    match state {
        State::NeedsHuman { proposal, run, .. } => Some((proposal, run)),
        other => other.under_run(),
    }
}

/// Updates the steps that the card shows.
fn show(event: &Event, fold: &Fold, plan: &Plan, run: &mut RunState) {
    let mut set = |step: usize, progress: Progress, note: PublicText| {
        if let Some(state) = run.steps.get_mut(step) {
            state.progress = progress;
            state.note = note;
        }
    };
    match event {
        Event::Began | Event::Safe { .. } | Event::Verified { .. } | Event::NotVerified { .. } => {}
        Event::Intent { step } => set(*step, Progress::Running, PublicText::words("writing")),
        Event::Answered { step, ok: true, .. } => {
            set(*step, Progress::Running, PublicText::words("sent, reading back"));
        }
        Event::Answered { step, ok: false, what, .. } => {
            set(*step, Progress::Running, PublicText::words("unclear answer, reading back: ").and_foreign(what));
        }
        Event::InForce { step, written } => {
            let waits = plan.steps.get(*step).and_then(|step| step.then.as_ref());
            match (waits, written) {
                (Some(check), _) => set(*step, Progress::Running, PublicText::words(check.label())),
                (None, true) => set(*step, Progress::Done, PublicText::words("read back")),
                (None, false) => set(*step, Progress::Skipped, PublicText::words("was so already")),
            }
        }
        Event::Reached { step } => set(*step, Progress::Done, PublicText::words("read back")),
        Event::Refused { step, why, .. } => set(*step, Progress::Stopped, PublicText::foreign(why)),
        Event::Declined { step, .. } => {
            set(*step, Progress::Skipped, PublicText::words("refused in place, as foreseen; nothing was changed"));
        }
        Event::Skipped { step } => set(*step, Progress::Skipped, PublicText::words("not needed")),
        Event::Repairing { step, .. } => {
            set(*step, Progress::Stopped, PublicText::words("not reached: going to the nearest safe state"));
        }
        Event::Stuck { step, why, .. } | Event::Missed { step, why, .. } => set(*step, Progress::Stopped, why.clone()),
        Event::Drifted { step, .. } => {
            let words = if fold.wrote { "stopped: something moved" } else { "not begun: something moved" };
            set(*step, Progress::Stopped, PublicText::words(words));
        }
    }
}

/// The name of an event in the audit.
fn kind(event: &Event) -> &'static str {
    match event {
        Event::Began => "run_began",
        Event::Intent { .. } => "effect_intent",
        Event::Answered { .. } => "effect_answered",
        Event::InForce { .. } => "effect_in_force",
        Event::Refused { .. } => "effect_refused",
        Event::Declined { .. } => "effect_declined",
        Event::Skipped { .. } => "effect_skipped",
        Event::Repairing { .. } => "repair_began",
        Event::Safe { .. } => "repaired",
        Event::Stuck { .. } => "repair_stuck",
        Event::Reached { .. } => "check_reached",
        Event::Missed { .. } => "check_missed",
        Event::Drifted { .. } => "drifted",
        Event::Verified { .. } => "verified",
        Event::NotVerified { .. } => "not_verified",
    }
}

/// A stop after a write is said in the channel, not only on the card; once, where the repair is tried again and again.
fn alarm(case: &Case, next: &State, ended: bool) -> Option<PublicText> {
    let State::NeedsHuman { left_as, why, .. } = next else { return None };
    let id = &case.id;
    let what = match (&case.state, ended) {
        (State::NeedsHuman { .. }, false) => return None,
        (State::NeedsHuman { .. }, true) => format!("{id}: the repair that was refused went through."),
        (_, false | true) => format!("ALARM: {id} stopped and needs a person."),
    };
    let mut text = PublicText::words(format!("{what} Left as: {}. ", left_as.replace('_', " ")));
    text = text.and_text(&crate::card::shown::shown(why, case.sharing));
    Some(text)
}
