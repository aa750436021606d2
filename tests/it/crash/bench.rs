//! Runs a plan on the model as a process would: take the lease, rebuild the approval from the grant, fold the journal, run;
//! die where told; start again. Then judges what came of it.
//!
//! Begin with [`Bench::life`] (one process), then [`Bench::judge`] (what must be true at the end).

use super::model::{CALL, LEASE, State, Vendor, World};
use super::ports::Hand;
use super::scenes::{Scene, readers};
use super::words::words;
use reanchor::domain::plan::Plan;
use reanchor::domain::time::{MINUTE, SECOND};
use reanchor::policy::approval::{Grant, resume};
use reanchor::ports::clock::Clock;
use reanchor::ports::directory::Writers;
use reanchor::ports::lease::{Acquired, LeaseHeld, acquire};
use reanchor::ports::store::LeaseTerms;
use reanchor::saga::journal::{End, Event, fold};
use reanchor::saga::next::left_after;
use reanchor::saga::run::{Left, Run, run};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

/// How long a dead process stays dead.
pub(super) const GAPS: [i64; 4] = [0, CALL, LEASE, 31 * MINUTE];
/// Number of processes that have run, over all tests.
pub(super) static LIVES: AtomicUsize = AtomicUsize::new(0);

pub(super) struct Bench {
    pub(super) scene: Scene,
    pub(super) plan: Arc<Plan>,
    pub(super) grant: Grant,
    pub(super) start: Vendor,
    pub(super) world: Arc<World>,
}

/// The lease of the subject, and of the app where the plan needs it.
pub(super) type Leases = (LeaseHeld, Option<LeaseHeld>);

/// What became of one process.
#[derive(Debug)]
pub(super) enum Life {
    Ended(End),
    Died,
    Left(Left),
}

/// Polls a future that never really waits: `None` when it was stopped at a point of the model.
pub(super) fn poll_once<F: Future>(future: &mut Pin<&mut F>) -> Option<F::Output> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

impl Bench {
    pub(super) fn new(scene: Scene, plan: Plan, mut state: State) -> Self {
        let plan = Arc::new(plan);
        state.plan = Some(plan.clone());
        let grant = Grant {
            v: 1,
            case: plan.case.clone(),
            number: plan.number,
            digest: plan.digest(),
            votes: Vec::new(),
            policy: plan.policy.clone(),
            at: state.now,
        };
        Self { scene, plan, grant, start: state.vendor.clone(), world: World::new(state) }
    }

    /// The same bench with a world of its own, as it was when `state` was saved.
    pub(super) fn fork(&self, state: State) -> Self {
        Self {
            scene: self.scene,
            plan: self.plan.clone(),
            grant: self.grant.clone(),
            start: self.start.clone(),
            world: World::new(state),
        }
    }

    pub(super) fn save(&self) -> State {
        self.world.lock().clone()
    }

    /// Takes the leases that the plan needs, waiting for them where somebody holds them.
    pub(super) fn take_leases(&self) -> Leases {
        let app = self.plan.needs_app().then(|| format!("app:{}", self.plan.app));
        let subject = self.take_lease(&format!("subject:{}", self.plan.subject));
        (subject, app.map(|key| self.take_lease(&key)))
    }

    fn take_lease(&self, key: &str) -> LeaseHeld {
        loop {
            let events = self.world.lock().journal.clone();
            let intent = events.iter().rev().find(|(_, event)| matches!(event, Event::Intent { .. }));
            let terms = LeaseTerms { lease_ms: LEASE, call_timeout_ms: CALL, last_intent: intent.map(|(at, _)| *at) };
            let now = Clock::now(self.world.as_ref());
            let taken = acquire(self.world.as_ref(), key, "process", now, terms);
            match poll_once(&mut std::pin::pin!(taken)).unwrap().unwrap() {
                Acquired::Held(lease) => return lease,
                Acquired::Taken(until) => {
                    let mut s = self.world.lock();
                    let ms = until.since(s.now).max(1);
                    s.pass(ms);
                }
            }
        }
    }

    /// Runs one process with its lease, as the bot does: approval from the grant, state from the journal.
    pub(super) async fn process(&self, (lease, app_lease): &Leases) -> Result<End, Left> {
        LIVES.fetch_add(1, Ordering::Relaxed);
        let (events, last, switch, now) = {
            let s = self.world.lock();
            (s.events(), s.journal.last().map(|(at, _)| *at), s.switch(), s.now)
        };
        let approved = resume(&self.grant, last, &switch, now);
        let hand = Arc::new(Hand { world: self.world.clone(), number: lease.fence().number });
        let writers = Writers { okta: hand.clone(), entra: hand };
        let readers = readers(&self.world);
        let work = Run {
            plan: &self.plan,
            approved: &approved,
            lease,
            app_lease: app_lease.as_ref(),
            leases: self.world.as_ref(),
            readers: &readers,
            writers: &writers,
            record: self.world.as_ref(),
            person: self.start.user.clone(),
            missing_at: vec![self.grant.at.plus(-60 * MINUTE)],
            poll_deadline: 120 * SECOND,
            since: self.grant.at,
        };
        run(&work, events).await
    }

    /// One process from start to end, or to the point `stop` (counted from its start), where it dies.
    pub(super) fn life(&self, stop: Option<u32>) -> Life {
        let leases = self.take_leases();
        {
            let mut s = self.world.lock();
            s.stop_at = stop.map(|stop| s.points + stop);
        }
        let mut future = std::pin::pin!(self.process(&leases));
        let done = poll_once(&mut future);
        self.world.lock().stop_at = None;
        match done {
            Some(Ok(end)) => Life::Ended(end),
            Some(Err(left)) => Life::Left(left),
            None => Life::Died,
        }
    }

    /// Starts processes until one comes to an end.
    pub(super) fn finish(&self) -> Result<End, String> {
        for _ in 0..4 {
            match self.life(None) {
                Life::Ended(end) => return Ok(end),
                Life::Died => return Err(self.world.lock().violations.join("; ")),
                Life::Left(Left::Journal(error)) => return Err(format!("the journal does not fold: {error}")),
                // The lock file of a process that left by itself is free; its lease runs out.
                Life::Left(Left::Store(_) | Left::LostLease | Left::Stopping) => {}
                // Refused for now: it stays open, and the tests look at it there.
                Life::Left(Left::Stuck) => return Ok(End::Stopped),
            }
        }
        Err("no process came to an end".to_owned())
    }

    /// What must be true of every run, whatever happened to it.
    pub(super) fn judge(&self, end: &Result<End, String>) -> Result<(), String> {
        let s = self.world.lock();
        if let Some(first) = s.violations.first() {
            return Err(first.clone());
        }
        let end = end.as_ref().map_err(Clone::clone)?;
        let progress = fold(&s.events()).map_err(|error| error.to_string())?;
        // A repair that is refused for now leaves the run open.
        let resting = matches!(s.journal.last(), Some((_, Event::Stuck { .. }))).then_some(End::Stopped);
        if progress.end.as_ref().or(resting.as_ref()) != Some(end) {
            return Err(format!("it ended as {end:?}, its journal says {:?}", progress.end));
        }
        let mut effective: BTreeMap<usize, usize> = BTreeMap::new();
        for sent in s.sent.iter().filter(|sent| sent.effective) {
            *effective.entry(sent.step).or_default() += 1;
        }
        if let Some((step, times)) = effective.iter().find(|(_, times)| **times > 1) {
            return Err(format!("step {step} took effect {times} times"));
        }
        match end {
            End::Verified if self.scene.at_goal(s.at_end.as_deref().unwrap_or(&s.vendor)) => Ok(()),
            End::Verified => Err("it says that the goal is reached, and it is not".to_owned()),
            End::Untouched if effective.is_empty() => Ok(()),
            End::Untouched => Err("it says that nothing was changed, and something was".to_owned()),
            End::Stopped => {
                let left = left_of(&self.plan, &s.events());
                let now = s.at_end.as_deref().unwrap_or(&s.vendor);
                let words = words(&self.plan, !effective.is_empty(), now);
                if left != "unknown" && !words.contains(&left) {
                    return Err(format!("it says that the person was left as {left}, which is not so: {words:?}"));
                }
                Ok(())
            }
        }
    }

    /// Whether the word for how the person was left says nothing although another one would be true. That nothing was
    /// changed is not asked for: where somebody else changed the target, nobody can tell a write that failed from a lost one.
    pub(super) fn says_too_little(&self) -> bool {
        let s = self.world.lock();
        let now = s.at_end.as_deref().unwrap_or(&s.vendor);
        let changed = s.sent.iter().any(|sent| sent.effective);
        let stopped = fold(&s.events()).is_ok_and(|progress| progress.end == Some(End::Stopped));
        let mut words = words(&self.plan, changed, now);
        words.retain(|word| word != "unchanged");
        stopped && left_of(&self.plan, &s.events()) == "unknown" && !words.is_empty()
    }

    /// Whether somebody is parked, or the app paused, when the run has ended.
    pub(super) fn is_open(&self) -> bool {
        let s = self.world.lock();
        let now = s.at_end.as_deref().unwrap_or(&s.vendor);
        let parked =
            |hop: reanchor::domain::plan::Hop<'_>| now.live.get(hop.object).is_some_and(|user| user.upn == hop.parked);
        self.plan.hop().is_some_and(parked) || (self.plan.pause().is_some() && !now.switches.deactivate)
    }

    /// The story of a run, for the message of a failed test.
    pub(super) fn story(&self) -> String {
        let s = self.world.lock();
        let start = self.grant.at;
        let rows: Vec<String> =
            s.journal.iter().map(|(at, event)| format!("  +{:>7} ms {event:?}", at.since(start))).collect();
        let sent: Vec<String> = s.sent.iter().map(|sent| format!("  {sent:?}")).collect();
        format!("last point: {}\njournal:\n{}\nsent:\n{}", s.last_point, rows.join("\n"), sent.join("\n"))
    }
}

/// How the record says that the person was left.
pub(super) fn left_of(plan: &Plan, events: &[Event]) -> String {
    let progress = fold(events).unwrap();
    events.last().map_or_else(|| "unchanged".to_owned(), |event| left_after(plan, &progress, event))
}
