//! The loop: ask [`super::next`], do it, journal what was seen, ask again. It can be called again after any crash.
//!
//! Never holds state of its own that matters: everything that decides is in the journal or in the directories.

use super::journal::{End, Event, IllegalJournal, Progress, TARGET, fold};
use super::look::{self, Fixed, Keys, Readers};
use super::next::{Move, exposed, next};
use super::perform::{self, Unsent};
use super::standing::UNKNOWN;
use super::wait::Stillness;
use crate::domain::effect::{Effect, RefusalKind, Seen, When};
use crate::domain::guard::{self, Outcome, Violation};
use crate::domain::notice::PublicText;
use crate::domain::plan::{Digest, Plan};
use crate::domain::snapshot::{self, Moved};
use crate::domain::tenant::OktaUser;
use crate::domain::time::{At, SECOND};
use crate::policy::approval::Approved;
use crate::policy::{Refusal, Switch};
use crate::ports::directory::Writers;
use crate::ports::error::{Kind, PortError};
use crate::ports::lease::LeaseHeld;
use crate::ports::store::{LeaseTable, StoreError, Stored};
use async_trait::async_trait;

/// Where a run writes its journal; the same transaction moves the case, the audit and the outbox.
#[async_trait]
pub trait Record: Send + Sync {
    /// Commits one journal row under the lease. Durable when it returns.
    async fn record(&self, event: &Event, lease: &LeaseHeld) -> Stored<()>;
    /// The kill switch, read now.
    async fn switch(&self) -> Switch;
    /// What forbids a run to begin its first effect although it was approved, read now: a vendor's open incident (T24). A run
    /// that has written something is not asked: it goes on to its end.
    async fn withheld(&self) -> Option<Violation> {
        None
    }
    /// Whether the process is to end: then nothing new is begun, and the run is left to the next process.
    fn is_stopping(&self) -> bool {
        false
    }
}

/// Everything that a run works with.
pub struct Run<'a> {
    /// What was approved.
    pub plan: &'a Plan,
    /// The proof of it.
    pub approved: &'a Approved,
    /// The proof that the subject is ours.
    pub lease: &'a LeaseHeld,
    /// The proof that the app is ours, where the plan needs that.
    pub app_lease: Option<&'a LeaseHeld>,
    /// Where the lease is made longer.
    pub leases: &'a dyn LeaseTable,
    /// Reads.
    pub readers: &'a Readers,
    /// Writes.
    pub writers: &'a Writers,
    /// The journal.
    pub record: &'a dyn Record,
    /// The person.
    pub person: OktaUser,
    /// When the externalId was found missing before.
    pub missing_at: Vec<At>,
    /// How long to poll for what the vendor does by itself, in milliseconds.
    pub poll_deadline: i64,
    /// When the run was granted: nothing of it was written before.
    pub since: At,
}

/// Why a run was left without an end. It can be taken up again.
#[derive(Debug, thiserror::Error)]
pub enum Left {
    /// Somebody else holds the subject now, or the lease could not be kept.
    #[error("the lease was lost")]
    LostLease,
    /// The store failed.
    #[error("the run could not be recorded")]
    Store(#[source] StoreError),
    /// The process is to end. Between two effects, or while it waits for a vendor: nothing is half done.
    #[error("the process ends; the run is taken up again by the next one")]
    Stopping,
    /// The vendor does not let the repair through for now. The run stays open and is taken up again later.
    #[error("the repair is refused for now; it is tried again later")]
    Stuck,
    /// The journal makes no sense: a person must look.
    #[error("the journal cannot be continued")]
    Journal(#[source] IllegalJournal),
}

impl From<StoreError> for Left {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Fenced { .. } => Self::LostLease,
            StoreError::Stale { .. }
            | StoreError::Duplicate { .. }
            | StoreError::Inconsistent { .. }
            | StoreError::ChainBroken { .. }
            | StoreError::Driver(_) => Self::Store(error),
        }
    }
}

pub(super) type Outcomes<T> = Result<T, Left>;

/// Runs until the run ends. `events` is the journal so far.
pub async fn run(run: &Run<'_>, mut events: Vec<Event>) -> Outcomes<End> {
    let digest = run.plan.digest();
    for lease in run.leases_held() {
        if let Some(at) = lease.wait_until() {
            run.readers.clock.sleep_until(at).await;
        }
    }
    let mut answer = None;
    loop {
        let progress = fold(&events).map_err(Left::Journal)?;
        run.keep_lease(0).await?;
        let what = next(run.plan, &progress);
        // An effect that was begun is looked at to its end; the end of a run is told, not left; nobody is left parked, and no
        // app paused, by a process that could still end it.
        let begun = matches!(what, Move::Settle { .. } | Move::Ended(_)) || exposed(run.plan, &progress);
        if run.record.is_stopping() && !begun {
            return Err(Left::Stopping);
        }
        let made = match what {
            Move::Ended(end) => return Ok(end),
            Move::Begin => Made::Event(Event::Began),
            Move::Do(step) => run.prepare(step, &progress, &digest).await?,
            Move::Skip(step) => Made::Event(Event::Skipped { step }),
            Move::Repair => run.repair(&progress, &digest, answer.take()).await?,
            Move::Settle { step, again, repeated } => match run.settle(step, (again, repeated), answer.take()).await? {
                Settled::Event(event) => Made::Event(event),
                Settled::WriteAgain => match run.prepare(step, &progress, &digest).await? {
                    Made::Event(event) => Made::Event(run.last_look(step, event).await?),
                    Made::Write(step) => Made::Write(step),
                },
            },
            Move::Await(step) => Made::Event(run.wait_for(step, &progress).await?),
            Move::Verify => Made::Event(run.verify().await?),
        };
        let event = match made {
            Made::Write(step) => {
                answer = run.write(step, &digest, &mut events).await?;
                continue;
            }
            Made::Event(event) => run.or_repair(event, &progress),
        };
        let event = run.with_word(event, &progress).await?;
        run.record.record(&event, run.lease).await?;
        let resting = matches!(event, Event::Stuck { .. });
        events.push(event);
        if resting {
            return Err(Left::Stuck);
        }
    }
}

/// What a move came to: a row for the journal, or a write to be sent.
pub(super) enum Made {
    Event(Event),
    Write(usize),
}

enum Settled {
    Event(Event),
    WriteAgain,
}

/// Pauses between polls, in milliseconds; the last one repeats.
pub(super) const PAUSES: [i64; 5] = [250, 500, SECOND, 2 * SECOND, 4 * SECOND];
/// How long a write with an unknown fate is looked for before it is sent again.
const UNCLEAR: i64 = 12 * SECOND;
/// A long wait is slept in naps of this length, so that the lease is kept.
const LONGEST_NAP: i64 = 5 * SECOND;
/// How often a look-up that failed is repeated before it counts as drift.
pub(super) const READS: usize = 4;

impl Run<'_> {
    pub(super) fn now(&self) -> At {
        self.readers.clock.now()
    }

    fn leases_held(&self) -> impl Iterator<Item = &LeaseHeld> {
        std::iter::once(self.lease).chain(self.app_lease)
    }

    pub(super) async fn pause(&self, round: usize) -> Outcomes<()> {
        let ms = PAUSES.get(round).or(PAUSES.last()).copied().unwrap_or(SECOND);
        self.keep_lease(ms).await?;
        self.readers.clock.sleep_until(self.now().plus(ms)).await;
        Ok(())
    }

    /// Renews the leases when they would be too short for a call `ahead` milliseconds from now.
    pub(super) async fn keep_lease(&self, ahead: i64) -> Outcomes<()> {
        for lease in self.leases_held() {
            if !lease.enough_for_a_call(self.now().plus(ahead)) {
                lease.renew(self.leases, self.now()).await?;
            }
        }
        Ok(())
    }

    /// A row that would end the run while somebody is parked, or the app paused, begins the repair instead.
    fn or_repair(&self, event: Event, progress: &Progress) -> Event {
        let (Event::Drifted { step, .. } | Event::Refused { step, .. } | Event::Missed { step, .. }) = &event else {
            return event;
        };
        if progress.repairing.is_some() || !exposed(self.plan, progress) {
            return event;
        }
        Event::Repairing { step: *step, cause: Box::new(event) }
    }

    /// Looks at the target; when the effect is still to be made, checks the world before it.
    async fn prepare(&self, step: usize, progress: &Progress, digest: &Digest) -> Outcomes<Made> {
        let event = |event| Ok(Made::Event(event));
        let Some(effect) = self.plan.steps.get(step).map(|step| &step.effect) else {
            return event(drifted(step, Vec::new(), Vec::new()));
        };
        match self.look(effect).await? {
            Ok(Seen::After) if progress.pending == Some(step) => return event(Event::InForce { step, written: true }),
            Ok(Seen::After) => return self.not_ours(step, progress).await.map(Made::Event),
            Ok(Seen::Foreign(what)) => return event(drifted(step, vec![foreign(what)], Vec::new())),
            Ok(Seen::Before) => {}
            Err(error) => return event(drifted(step, vec![unread(&error)], Vec::new())),
        }
        if let Effect::ResumeProvisioning { proof, .. } = effect
            && let Stillness::Harmed(what) | Stillness::Unknown(what) = self.quiet(proof, progress).await?
        {
            let moved = Moved { key: "quiet".to_owned(), was: "the account as before, twice".to_owned(), is: what };
            return event(drifted(step, vec![moved], Vec::new()));
        }
        let untouched = !progress.wrote && progress.pending.is_none();
        let withheld = async { if untouched { self.record.withheld().await } else { None } };
        let (world, withheld) = tokio::join!(self.world(progress), withheld);
        let (moved, mut broken) = world?;
        broken.extend(withheld);
        if let Err(refusal) = self.record.switch().await.check() {
            broken.push(stop(&refusal));
        }
        if !moved.is_empty() || !broken.is_empty() {
            return event(drifted(step, moved, broken));
        }
        self.keep_lease(0).await?;
        match self.permitted(step, digest) {
            Ok(()) => Ok(Made::Write(step)),
            Err(Unsent::NotApproved) => {
                let refusal = Refusal::new("B4", "the approval has run out or allows repairs only");
                event(drifted(step, Vec::new(), vec![stop(&refusal)]))
            }
            Err(Unsent::NotHeld) => Err(Left::LostLease),
        }
    }

    pub(super) fn permitted(&self, step: usize, digest: &Digest) -> Result<(), Unsent> {
        perform::permitted(self.plan, step, (self.approved, digest), (self.lease, self.app_lease), self.now())
    }

    /// The effect is in force and this run never sent it. After an unassignment Okta may give the assignment back by itself
    /// (SAFETY D6): then nothing is sent. Otherwise somebody else acted, and the plan speaks of a world that is no more.
    async fn not_ours(&self, step: usize, progress: &Progress) -> Outcomes<Event> {
        let unassigned = progress.done(self.plan).iter().any(|effect| matches!(effect, Effect::Unassign { .. }));
        let assigns = self.plan.steps.get(step).is_some_and(|step| matches!(step.effect, Effect::Assign { .. }));
        if unassigned && assigns {
            return Ok(Event::InForce { step, written: false });
        }
        let (mut moved, _) = self.world(progress).await?;
        if moved.is_empty() {
            return Ok(Event::InForce { step, written: false });
        }
        moved.push(foreign("somebody else made this change".to_owned()));
        Ok(drifted(step, moved, Vec::new()))
    }

    /// What moved and which guards do not hold with the effects in force so far. Failed look-ups are repeated a few times
    /// first.
    async fn world(&self, progress: &Progress) -> Outcomes<(Vec<Moved>, Vec<Violation>)> {
        let done = progress.done(self.plan);
        let keys = Keys {
            app: self.plan.app.clone(),
            user: self.person.clone(),
            fixed: Some(Fixed::of(self.plan)),
            reported_at: None,
            missing_at: self.missing_at.clone(),
        };
        let mut round = 0;
        loop {
            let facts = look::facts(self.readers, &keys).await;
            let now = snapshot::of(&facts);
            let moved = snapshot::drift(&self.plan.snapshot, &done, &now);
            let guards = self.plan.guards.iter().filter(|guard| done.is_empty() || guard.throughout());
            let guards = guards.filter(|guard| !done.iter().any(|effect| effect.outdates(guard)));
            let broken: Vec<Violation> = guards.filter_map(|guard| guard::check(guard, &facts).err()).collect();
            let unread = look::unread(&facts) || broken.iter().any(is_wait);
            round += 1;
            if (moved.is_empty() && broken.is_empty()) || !unread || round >= READS {
                return Ok((moved, broken));
            }
            self.pause(round).await?;
        }
    }

    /// Journals the intent and sends the write once. The answer is a hint for [`Self::settle`].
    async fn write(&self, step: usize, digest: &Digest, events: &mut Vec<Event>) -> Outcomes<Option<Hint>> {
        let intent = Event::Intent { step };
        self.record.record(&intent, self.lease).await?;
        events.push(intent);
        // The commit took time: check the proofs once more, right before the call.
        let (Ok(()), Some(planned)) = (self.permitted(step, digest), self.plan.steps.get(step)) else {
            return Ok(Some(Hint::Unsent));
        };
        let answer = perform::send(&planned.effect, self.writers, self.approved, self.lease).await;
        let event = perform::answered(step, &answer);
        self.record.record(&event, self.lease).await?;
        events.push(event);
        Ok(Some(match answer {
            Ok(()) => Hint::Accepted,
            Err(error) if error.may_have_landed() => Hint::Unclear,
            Err(PortError { kind: Kind::Throttled { after_ms }, .. }) => Hint::Later(after_ms),
            Err(error) => Hint::Refused(error.to_string(), error.refusal()),
        }))
    }

    /// Looks until it is clear whether the write took effect. `repeated`: an earlier write of it may have landed, too.
    async fn settle(&self, step: usize, (again, repeated): (bool, bool), hint: Option<Hint>) -> Outcomes<Settled> {
        let patience = match &hint {
            Some(Hint::Accepted) => self.poll_deadline,
            // A vendor that refuses the repetition may do so because the first one is in force and only not visible yet.
            Some(Hint::Refused(..)) if repeated => self.poll_deadline,
            Some(Hint::Unclear) | None => UNCLEAR.min(self.poll_deadline),
            Some(Hint::Refused(..) | Hint::Unsent | Hint::Later(_)) => 0,
        };
        if let Some(Hint::Later(ms)) = &hint {
            self.nap(*ms).await?;
        }
        if let Some(event) = self.seen_within(step, patience).await? {
            return Ok(Settled::Event(event));
        }
        match hint {
            Some(Hint::Refused(why, kind)) => Ok(Settled::Event(self.refused(step, why, kind))),
            Some(Hint::Accepted | Hint::Unclear | Hint::Unsent | Hint::Later(_)) | None if again => {
                Ok(Settled::WriteAgain)
            }
            Some(Hint::Accepted | Hint::Unclear | Hint::Unsent | Hint::Later(_)) | None => Ok(Settled::Event(unknown(
                step,
                PublicText::words("the change was sent several times and is not seen"),
            ))),
        }
    }

    /// Refused for its rate: nothing was made, and the vendor said when to come back.
    pub(super) async fn nap(&self, ms: i64) -> Outcomes<()> {
        let until = self.now().plus(ms.clamp(0, self.poll_deadline));
        while self.now() < until {
            let ms = until.since(self.now()).min(LONGEST_NAP);
            self.keep_lease(ms).await?;
            self.readers.clock.sleep_until(self.now().plus(ms)).await;
        }
        Ok(())
    }

    /// A refusal that a branch of the plan is for is no end.
    fn refused(&self, step: usize, why: String, kind: Option<RefusalKind>) -> Event {
        let foreseen = kind.filter(|kind| {
            self.plan.steps.iter().any(|other| other.when == When::IfRefused { effect: step, kind: *kind })
        });
        match foreseen {
            Some(kind) => Event::Declined { step, kind, why },
            None => Event::Refused { step, why, kind, left_as: None },
        }
    }

    /// A write was sent, it is not seen, and `event` says that it may not be repeated: before that is recorded, looks as long
    /// as a directory may lag, so that the record does not call unchanged what was changed.
    async fn last_look(&self, step: usize, event: Event) -> Outcomes<Event> {
        if matches!(event, Event::InForce { .. }) {
            return Ok(event);
        }
        Ok(self.seen_within(step, self.poll_deadline).await?.unwrap_or(event))
    }

    /// What is certain about a write that may have been sent, within `patience` milliseconds; `None`: all as before it.
    pub(super) async fn seen_within(&self, step: usize, patience: i64) -> Outcomes<Option<Event>> {
        let Some(effect) = self.plan.steps.get(step).map(|step| &step.effect) else {
            return Ok(Some(drifted(step, Vec::new(), Vec::new())));
        };
        let until = self.now().plus(patience);
        let mut round = 0;
        loop {
            match self.look(effect).await? {
                Ok(Seen::After) => return Ok(Some(Event::InForce { step, written: true })),
                Ok(Seen::Foreign(what)) => return Ok(Some(drifted(step, vec![foreign(what)], Vec::new()))),
                Ok(Seen::Before) | Err(_) if self.now() < until => {}
                Ok(Seen::Before) => return Ok(None),
                Err(error) => {
                    // It cannot be told whether the write landed: that is for a person, not for a guess.
                    let why = PublicText::words("it could not be read whether the change was made: ");
                    return Ok(Some(unknown(step, why.and_foreign(&error.to_string()))));
                }
            }
            self.pause(round).await?;
            round += 1;
        }
    }

    /// One look at the target; failed reads are repeated a few times.
    pub(super) async fn look(&self, effect: &Effect) -> Outcomes<Result<Seen, PortError>> {
        let mut round = 0;
        loop {
            match look::target(self.readers, effect).await {
                Ok(target) => return Ok(Ok(effect.seen(&target))),
                Err(error) if round + 1 >= READS => return Ok(Err(error)),
                Err(_) => self.pause(round).await?,
            }
            round += 1;
        }
    }
}

/// What the vendor answered to the write of this process; `None` after a restart.
pub(super) enum Hint {
    Accepted,
    Unclear,
    Later(i64),
    Refused(String, Option<RefusalKind>),
    Unsent,
}

fn drifted(step: usize, moved: Vec<Moved>, broken: Vec<Violation>) -> Event {
    Event::Drifted { step, moved, broken, left_as: None }
}

fn foreign(what: String) -> Moved {
    Moved { key: TARGET.to_owned(), was: "as planned".to_owned(), is: what }
}

fn unread(error: &PortError) -> Moved {
    Moved { key: "read".to_owned(), was: "the state of the target".to_owned(), is: error.to_string() }
}

fn unknown(step: usize, why: PublicText) -> Event {
    Event::Missed { step, left_as: UNKNOWN.to_owned(), why }
}

fn is_wait(violation: &Violation) -> bool {
    violation.outcome == Outcome::Wait
}

fn stop(refusal: &Refusal) -> Violation {
    Violation {
        rule: refusal.rule.to_owned(),
        fact: refusal.text.clone(),
        how_to_change: "press Look again when that has changed".to_owned(),
        outcome: Outcome::Refuse,
        approvers_only: false,
    }
}
