//! The real clock, the simulated clock, and the crew of supervised tasks that knows who only waits on the clock.
//!
//! The one place that asks the machine what time it is. Never decides when to jump: that is the driver's
//! ([`super::driver`]).

use crate::domain::time::At;
use crate::ports::clock::Clock;
use crate::ports::tasks::{Tasks, Unit};
use async_trait::async_trait;
use futures_util::FutureExt;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::watch;

tokio::task_local! {
    /// Number of the unit of work that the current task is.
    static UNIT: u64;
}

/// The time of this machine.
#[expect(clippy::disallowed_methods, reason = "the one place where the machine is asked for the time")]
fn machine() -> At {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    At(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The machine's time plus an offset that only grows by [`OffsetClock::adopt`]; with an offset of zero it is the real clock.
pub struct OffsetClock {
    offset: AtomicI64,
    moved: watch::Sender<u64>,
    sleepers: Mutex<BTreeMap<u64, Sleeper>>,
    next: AtomicU64,
}

struct Sleeper {
    unit: Option<u64>,
    until: At,
}

/// Takes a sleeper out of the list, also when its wait is dropped.
struct Asleep<'a> {
    clock: &'a OffsetClock,
    id: u64,
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.clock.list().remove(&self.id);
        self.clock.moved.send_modify(|n| *n += 1);
    }
}

impl Default for OffsetClock {
    fn default() -> Self {
        Self {
            offset: AtomicI64::new(0),
            moved: watch::Sender::new(0),
            sleepers: Mutex::default(),
            next: AtomicU64::new(0),
        }
    }
}

impl OffsetClock {
    fn list(&self) -> MutexGuard<'_, BTreeMap<u64, Sleeper>> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes it `at` now, unless it is later already: time never goes back.
    pub fn adopt(&self, at: At) {
        self.offset.fetch_max(at.since(machine()), Ordering::SeqCst);
        self.moved.send_modify(|n| *n += 1);
    }

    /// The earliest instant that any unit of work waits for.
    pub fn sleeping_until(&self) -> Option<At> {
        self.list().values().filter(|sleeper| sleeper.unit.is_some()).map(|sleeper| sleeper.until).min()
    }

    fn sleeps(&self, unit: u64) -> bool {
        let now = self.now();
        self.list().values().any(|sleeper| sleeper.unit == Some(unit) && sleeper.until > now)
    }
}

#[async_trait]
impl Clock for OffsetClock {
    fn now(&self) -> At {
        machine().plus(self.offset.load(Ordering::SeqCst))
    }

    async fn sleep_until(&self, at: At) {
        let mut moved = self.moved.subscribe();
        if self.now() >= at {
            return;
        }
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        self.list().insert(id, Sleeper { unit: UNIT.try_with(|unit| *unit).ok(), until: at });
        let asleep = Asleep { clock: self, id };
        self.moved.send_modify(|n| *n += 1);
        loop {
            let left = at.since(self.now());
            if left <= 0 {
                break;
            }
            let real = Duration::from_millis(u64::try_from(left).unwrap_or(0));
            tokio::select! {
                () = tokio::time::sleep(real) => {}
                changed = moved.changed() => if changed.is_err() { break },
            }
        }
        drop(asleep);
    }
}

/// Units of work at hand.
pub struct Crew {
    clock: Arc<OffsetClock>,
    running: Arc<Mutex<BTreeMap<u64, &'static str>>>,
    ended: Arc<watch::Sender<u64>>,
    next: AtomicU64,
    panics: Arc<AtomicU64>,
}

impl Crew {
    /// A crew that sees who waits on `clock`.
    pub fn new(clock: Arc<OffsetClock>) -> Self {
        Self {
            clock,
            running: Arc::default(),
            ended: Arc::new(watch::Sender::new(0)),
            next: AtomicU64::new(1),
            panics: Arc::default(),
        }
    }

    /// What changes from now on.
    pub fn changes(&self) -> Changes {
        Changes { ended: self.ended.subscribe(), moved: self.clock.moved.subscribe() }
    }

    /// Panics so far.
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::SeqCst)
    }
}

fn at_work(running: &Mutex<BTreeMap<u64, &'static str>>) -> Vec<u64> {
    running.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
}

impl Tasks for Crew {
    #[expect(clippy::disallowed_methods, reason = "the supervised spawn itself")]
    fn spawn(&self, name: &'static str, unit: Unit) {
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(id, name);
        let (running, ended, panics) = (Arc::clone(&self.running), Arc::clone(&self.ended), Arc::clone(&self.panics));
        tokio::spawn(UNIT.scope(id, async move {
            if AssertUnwindSafe(unit).catch_unwind().await.is_err() {
                panics.fetch_add(1, Ordering::SeqCst);
                tracing::error!(unit = name, "a unit of work panicked; it is taken up again from the store");
            }
            running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            ended.send_modify(|n| *n += 1);
        }));
    }

    fn active(&self) -> usize {
        at_work(&self.running).into_iter().filter(|id| !self.clock.sleeps(*id)).count()
    }

    fn running(&self) -> usize {
        at_work(&self.running).len()
    }

    fn changed(&self) -> Unit {
        let (mut ended, mut moved) = (self.ended.subscribe(), self.clock.moved.subscribe());
        Box::pin(async move {
            // A short nap is the net under a change that came between the look and the subscription.
            tokio::select! {
                _ = ended.changed() => {}
                _ = moved.changed() => {}
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        })
    }

    fn wake(&self) {
        self.ended.send_modify(|n| *n += 1);
    }
}

/// Sees everything that [`Tasks::changed`] tells of since it was made or last asked, however short the look.
pub struct Changes {
    ended: watch::Receiver<u64>,
    moved: watch::Receiver<u64>,
}

impl Changes {
    /// Completes when a unit ended, began to wait on the clock, or something new came in. No change is missed between two
    /// calls, so there is no need to look again and again.
    pub async fn next(&mut self) {
        // An error means that the crew is gone, and with it everything that could change.
        let _gone = tokio::select! {
            gone = self.ended.changed() => gone.is_err(),
            gone = self.moved.changed() => gone.is_err(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_is_moved_there() {
        let clock = Arc::new(OffsetClock::default());
        let crew = Crew::new(Arc::clone(&clock));
        let until = clock.now().plus(3_600_000);
        let sleeper = Arc::clone(&clock);
        crew.spawn("test", Box::pin(async move { sleeper.sleep_until(until).await }));
        while crew.active() > 0 {
            crew.changed().await;
        }
        assert_eq!((crew.running(), clock.sleeping_until()), (1, Some(until)));
        clock.adopt(until);
        while crew.running() > 0 {
            crew.changed().await;
        }
        assert_eq!(clock.sleeping_until(), None);
    }

    #[tokio::test]
    async fn a_panic_is_counted_and_ends_the_unit() {
        let crew = Crew::new(Arc::new(OffsetClock::default()));
        crew.spawn("test", Box::pin(async { panic!("seen") }));
        while crew.running() > 0 {
            crew.changed().await;
        }
        assert_eq!(crew.panics(), 1);
    }

    #[tokio::test]
    async fn what_came_in_between_two_looks_is_not_missed() {
        let crew = Crew::new(Arc::new(OffsetClock::default()));
        let mut changes = crew.changes();
        crew.wake();
        changes.next().await;
        let quiet = tokio::time::timeout(Duration::from_millis(60), changes.next()).await;
        assert!(quiet.is_err(), "nothing came, and it does not look again and again");
    }
}
