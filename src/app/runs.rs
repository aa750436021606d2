//! Runs: taking one up (fresh, or after a crash), and what each journal row means for its case.
//!
//! Never runs without a lease, and never with an approval that it made itself: the grant in the run row is the approval.

use super::App;
use super::books::{Entry, TRIES, decode, encode};
use super::propose::keys;
use super::work::Failure;
use crate::domain::case::{BEGIN_WITHIN, Case, Closing, Proposal, RunState, State};
use crate::domain::ids::RunId;
use crate::domain::notice::{Progress, PublicText};
use crate::domain::plan::{Direction, Plan};
use crate::domain::tenant::OktaUser;
use crate::domain::time::{At, HOUR};
use crate::policy::Switch;
use crate::policy::approval::{Grant, resume};
use crate::ports::lease::{Acquired, LeaseHeld, acquire};
use crate::ports::store::{Change, JournalRow, RunRow, StoreError, Stored};
use crate::saga::journal::{End, Event, Progress as Fold, fold};
use crate::saga::next::{left_after, next};
use crate::saga::run::{Left, Record, Run, run};
use async_trait::async_trait;
use serde_json::json;

impl App {
    /// Takes a run up and takes it as far as it goes.
    pub(super) async fn go(&self, row: RunRow) -> Result<(), Failure> {
        let Some(proposal) = self.parts.store.proposal(&row.case, row.number).await? else {
            return Err(Failure::Unreadable(format!("the proposal of run {} is missing", row.id)));
        };
        let plan = Self::plan_of(&proposal.plan, &row.digest)?;
        let grant: Grant = decode(&row.grant, "runs", row.id.as_str())?;
        let (events, times) = self.journal_of(&row.id).await?;
        let progress = fold(&events).map_err(|error| Failure::Unreadable(format!("run {}: {error}", row.id)))?;
        let last_intent = events.iter().zip(&times).rev().find(|(event, _)| matches!(event, Event::Intent { .. }));
        let terms = self.parts.run.lease(last_intent.map(|(_, at)| *at));
        let key = format!("subject:{}", plan.subject);
        let lease = match acquire(self.parts.leases.as_ref(), &key, &self.parts.owner, self.now(), terms).await? {
            Acquired::Held(lease) => lease,
            Acquired::Taken(_) => {
                self.mark_elsewhere(row.id.as_str(), true);
                return Ok(());
            }
        };
        self.mark_elsewhere(row.id.as_str(), false);
        let done = self.held((&row, &plan, &grant), (events, progress, times.last().copied()), &lease).await;
        if let Err(error) = self.parts.leases.release(lease.fence()).await {
            tracing::warn!(run = %row.id, %error, "a lease was not given back and will run out by itself");
        }
        done
    }

    async fn journal_of(&self, id: &RunId) -> Result<(Vec<Event>, Vec<At>), Failure> {
        let rows = self.parts.store.journal(id).await?;
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            events.push(decode(&row.body, "journal", id.as_str())?);
        }
        Ok((events, rows.into_iter().map(|row| row.at).collect()))
    }

    async fn held(
        &self,
        (row, plan, grant): (&RunRow, &Plan, &Grant),
        (events, progress, last): (Vec<Event>, Fold, Option<At>),
        lease: &LeaseHeld,
    ) -> Result<(), Failure> {
        // Another process may have ended it between our reading and our lease.
        let Some(current) = self.parts.store.run(&row.id).await?.filter(|row| !row.ended) else { return Ok(()) };
        let Some(case) = self.load(&row.case).await? else {
            return Err(Failure::Unreadable(format!("the case of run {} is missing", row.id)));
        };
        if !progress.began && self.now() >= grant.at.plus(BEGIN_WITHIN) {
            return self.expire_run(&case, &current, lease).await;
        }
        let approved = resume(grant, last, &self.switch().await, self.now());
        let Some(access) = &self.parts.access else {
            return Err(Failure::Unreadable(format!(
                "this process runs in mode {} and cannot run {}",
                self.parts.settings.mode, row.id
            )));
        };
        let writers = access.open().map_err(|error| Failure::Unreadable(error.to_string()))?;
        let person = self.person_of(&case, plan).await?;
        let missing_at = keys(&case, plan, person.clone()).missing_at;
        let recorder = Recorder { app: self, row: &current, plan };
        let work = Run {
            plan,
            approved: &approved,
            lease,
            leases: self.parts.leases.as_ref(),
            readers: &self.parts.readers,
            writers: &writers,
            record: &recorder,
            person,
            missing_at,
            poll_deadline: self.parts.run.poll_deadline_ms,
        };
        match run(&work, events).await {
            Ok(end) => {
                tracing::info!(case = %row.case, run = %row.id, ?end, "the run ended");
                Ok(())
            }
            Err(Left::LostLease) => {
                tracing::warn!(case = %row.case, run = %row.id, "the lease was lost; the run is taken up again");
                Ok(())
            }
            Err(Left::Stopping) => {
                tracing::info!(case = %row.case, run = %row.id, "the process ends; the run is left to the next one");
                Ok(())
            }
            Err(Left::Store(error)) => Err(error.into()),
            Err(error @ Left::Journal(_)) => Err(Failure::Unreadable(format!("run {}: {error}", row.id))),
        }
    }

    async fn expire_run(&self, case: &Case, row: &RunRow, lease: &LeaseHeld) -> Result<(), Failure> {
        let State::Approved { proposal, .. } = &case.state else { return Ok(()) };
        let what = "Expired: the run did not begin within 15 minutes of the last vote".to_owned();
        let next = State::Expired { what, proposal: proposal.clone() };
        let next = case.clone().go(self.now(), next)?;
        let mut change = self.change(&next, &Entry { actor: "bot", kind: "expired", payload: json!({}) })?;
        change.run_ended = Some(row.id.clone());
        change.fence = Some(lease.fence().clone());
        Ok(self.parts.store.commit(change).await?)
    }

    /// The subject, as Okta has it; one that cannot be read is not taken for ACTIVE (the guards then stop the run).
    async fn person_of(&self, case: &Case, plan: &Plan) -> Result<OktaUser, Failure> {
        let name = case.subject.as_ref().map(|subject| subject.name.clone()).unwrap_or_default();
        let unread = |status: &str| OktaUser {
            id: plan.subject.clone(),
            status: status.to_owned(),
            login: plan.user_name.clone(),
            email: None,
            name: name.clone(),
            department: None,
            ad_sourced: false,
        };
        Ok(match self.parts.readers.okta.user(&plan.subject).await {
            Ok(Some(user)) => user,
            Ok(None) => unread("NOT FOUND"),
            Err(_) => unread("UNREADABLE"),
        })
    }
}

/// Commits journal rows together with what they mean for the case.
struct Recorder<'a> {
    app: &'a App,
    row: &'a RunRow,
    plan: &'a Plan,
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

    fn is_stopping(&self) -> bool {
        self.app.parts.stop.is_wished()
    }
}

impl Recorder<'_> {
    fn change(&self, case: &Case, event: &Event, fold: &Fold) -> Stored<Change> {
        let wrong = |what: String| StoreError::Inconsistent { table: "cases", id: case.id.as_str().to_owned(), what };
        let Some((proposal, state)) = under_run(&case.state) else {
            return Err(wrong(format!("it is {} while its run goes on", case.state.name())));
        };
        let next = self.next_state(event, fold, proposal, state);
        let note = alarm(case, &next);
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
    fn next_state(&self, event: &Event, fold: &Fold, proposal: Box<Proposal>, mut run: RunState) -> State {
        show(event, fold, self.plan, &mut run);
        let human = |run: RunState, proposal: Box<Proposal>, left_as: String, why: PublicText| State::NeedsHuman {
            proposal,
            run,
            done: fold.in_force,
            left_as,
            why,
        };
        let left = || left_after(self.plan, fold, event).to_owned();
        match (event, &fold.end) {
            (Event::Drifted { moved, broken, .. }, Some(End::Untouched)) => {
                State::Stale { moved: moved.clone(), broken: broken.clone(), proposal }
            }
            (Event::Drifted { moved, broken, .. }, _) => {
                let mut why = PublicText::words("Something moved after the first change; nothing further was sent: ");
                for one in moved {
                    why = why.and_text(&crate::card::shown::moved(one)).and("; ");
                }
                for violation in broken {
                    why = why.and_text(&crate::card::build::reason(violation)).and("; ");
                }
                human(run, proposal, left(), why)
            }
            (Event::Refused { why, .. }, _) => {
                human(run, proposal, left(), PublicText::words("The change was not made: ").and_foreign(why))
            }
            (Event::Missed { left_as, why, .. }, _) => human(run, proposal, left_as.clone(), why.clone()),
            (Event::NotVerified { why }, _) => human(run, proposal, left(), why.clone()),
            (Event::Verified { findings, waiting_for_retry }, _) => match self.plan.direction {
                Direction::RollBack => State::RolledBack { proposal, run },
                Direction::Forward | Direction::GoOn => State::Closed {
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
                | Event::Reached { .. },
                _,
            ) => {
                if next(self.plan, fold) == crate::saga::next::Move::Verify {
                    State::Verifying { proposal, run }
                } else {
                    State::Running { proposal, run }
                }
            }
        }
    }
}

fn under_run(state: &State) -> Option<(Box<Proposal>, RunState)> {
    match state {
        State::Approved { proposal, run } | State::Running { proposal, run } | State::Verifying { proposal, run } => {
            Some((proposal.clone(), run.clone()))
        }
        State::Heard
        | State::Diagnosed
        | State::NeedsInfo { .. }
        | State::LookedUp { .. }
        | State::Advised { .. }
        | State::Refused { .. }
        | State::Proposed { .. }
        | State::Closed { .. }
        | State::NotOurs { .. }
        | State::Declined { .. }
        | State::Expired { .. }
        | State::Stale { .. }
        | State::RolledBack { .. }
        | State::NeedsHuman { .. }
        | State::Undone { .. } => None,
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
        Event::Began | Event::Verified { .. } | Event::NotVerified { .. } => {}
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
        Event::Refused { step, why } => set(*step, Progress::Stopped, PublicText::foreign(why)),
        Event::Missed { step, why, .. } => set(*step, Progress::Stopped, why.clone()),
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
        Event::Reached { .. } => "check_reached",
        Event::Missed { .. } => "check_missed",
        Event::Drifted { .. } => "drifted",
        Event::Verified { .. } => "verified",
        Event::NotVerified { .. } => "not_verified",
    }
}

/// A stop after a write is said in the channel, not only on the card.
fn alarm(case: &Case, next: &State) -> Option<PublicText> {
    let State::NeedsHuman { left_as, why, .. } = next else { return None };
    let mut text = PublicText::words(format!(
        "ALARM: {} stopped and needs a person. Left as: {}. ",
        case.id,
        left_as.replace('_', " ")
    ));
    text = text.and_text(&crate::card::shown::shown(why, case.sharing));
    Some(text)
}
