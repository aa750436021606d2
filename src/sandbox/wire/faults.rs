//! Faults that a test orders at the control port, and the calls that are held back.
//!
//! Never invents a fault: without an order every call is answered. Begin with [`Faults::take`].
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

/// What a fault does to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
    /// The vendor refuses (403); not applied.
    Refuse,
    /// 429 with the vendor's headers; not applied.
    Throttle,
    /// 500 (Okta) or 503 (Graph); not applied.
    E5xx,
    /// No answer for 60 s of real time, then the connection closes; never applied.
    TimeoutBefore,
    /// Applied; no answer for 60 s of real time, then the connection closes.
    TimeoutAfter,
    /// A write is applied but reads see it only 5 s of tenant time later; a read answers as before the last write.
    Lag,
    /// Held until released, then applied; never applied when the client went away meanwhile.
    HoldBefore,
    /// Applied, and the answer held until released.
    HoldAfter,
    /// Applied; the answer is 200 with bytes that are no JSON.
    Garbage,
    /// The connection closes without an answer; not applied.
    Close,
    /// Answered `ms` of real time later (100 without it); another fault of the same call still happens.
    Slow,
}

impl How {
    /// All of them, as the control port spells them.
    pub(crate) const WORDS: &'static str =
        "refuse, throttle, e5xx, timeout_before, timeout_after, lag, hold_before, hold_after, garbage, close, slow";
}

/// An order: the `nth` matching call from now, and `count - 1` more.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// An op, the beginning of one, or `*`.
    pub(crate) op: String,
    #[serde(default = "one")]
    pub(crate) nth: u32,
    pub(crate) how: How,
    #[serde(default = "one")]
    pub(crate) count: u32,
    /// How slow, in milliseconds.
    #[serde(default = "usual_ms")]
    pub(crate) ms: u32,
    /// Matching calls since the order.
    #[serde(default, skip_deserializing)]
    pub(crate) seen: u32,
}

fn one() -> u32 {
    1
}

fn usual_ms() -> u32 {
    100
}

/// What is ordered for one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    /// Milliseconds of real time to wait first.
    pub(crate) slow_ms: u32,
    pub(crate) how: Option<How>,
}

impl Fault {
    fn matches(&self, op: &str) -> bool {
        self.op == "*" || op.starts_with(&self.op)
    }

    fn done(&self) -> bool {
        self.seen >= self.nth.saturating_sub(1).saturating_add(self.count)
    }
}

/// The orders that are still open.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) open: Vec<Fault>,
}

impl Faults {
    /// Counts the call for every order, and answers what the first due one does.
    pub(crate) fn take(&mut self, op: &str) -> Due {
        let mut due = Due::default();
        for fault in self.open.iter_mut().filter(|f| f.matches(op)) {
            fault.seen = fault.seen.saturating_add(1);
            if fault.seen < fault.nth {
                continue;
            }
            if fault.how == How::Slow {
                due.slow_ms = due.slow_ms.max(fault.ms);
            } else if due.how.is_none() {
                due.how = Some(fault.how);
            }
        }
        self.open.retain(|f| !f.done());
        due
    }
}

/// Calls that are held now, and the signal that lets all of them go.
#[derive(Debug)]
pub(crate) struct Holds {
    held: Mutex<(u64, BTreeMap<u64, Value>)>,
    go: watch::Sender<u64>,
    closed: watch::Sender<bool>,
}

impl Default for Holds {
    fn default() -> Self {
        Self { held: Mutex::default(), go: watch::Sender::new(0), closed: watch::Sender::new(false) }
    }
}

impl Holds {
    fn lock(&self) -> MutexGuard<'_, (u64, BTreeMap<u64, Value>)> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a held call until the guard is dropped (also when its client goes away).
    pub(crate) fn enter(&self, op: &str, target: &str, how: How) -> Held<'_> {
        let (release, closed) = (self.go.subscribe(), self.closed.subscribe());
        let mut held = self.lock();
        held.0 = held.0.saturating_add(1);
        let number = held.0;
        held.1.insert(number, json!({"op": op, "target": target, "how": how}));
        Held { holds: self, number, release, closed }
    }

    pub(crate) fn list(&self) -> Vec<Value> {
        self.lock().1.values().cloned().collect()
    }

    /// Lets every held call go; answers how many there were.
    pub(crate) fn release(&self) -> usize {
        let count = self.lock().1.len();
        self.go.send_modify(|n| *n = n.wrapping_add(1));
        count
    }

    /// The tenant stops: nobody is held any more, and nothing that was held is applied.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }
}

/// A held call.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    holds: &'a Holds,
    number: u64,
    release: watch::Receiver<u64>,
    closed: watch::Receiver<bool>,
}

impl Held<'_> {
    /// Waits for the next release; `false` when the tenant stopped instead.
    pub(crate) async fn released(&mut self) -> bool {
        tokio::select! {
            released = self.release.changed() => released.is_ok(),
            _ = self.closed.wait_for(|c| *c) => false,
        }
    }

    /// Waits until the tenant stops.
    pub(crate) async fn closed(&mut self) -> bool {
        self.closed.wait_for(|c| *c).await.is_ok()
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.holds.lock().1.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(op: &str, nth: u32, count: u32) -> Faults {
        Faults { open: vec![Fault { op: op.to_owned(), nth, how: How::Refuse, count, ms: 0, seen: 0 }] }
    }

    #[test]
    fn nth_counts_matching_calls_since_the_order() {
        let mut faults = order("okta.app_user", 2, 2);
        let hits: Vec<bool> =
            ["okta.app_user.get", "okta.user.get", "okta.app_user.assign", "okta.app_user.get", "okta.app_user.get"]
                .iter()
                .map(|op| faults.take(op).how.is_some())
                .collect();
        assert_eq!(hits, [false, false, true, true, false]);
        assert!(faults.open.is_empty());
    }

    #[test]
    fn a_star_matches_everything() {
        assert_eq!(order("*", 1, 1).take("graph.token").how, Some(How::Refuse));
    }

    #[test]
    fn slowness_hides_no_other_fault() {
        let mut faults = order("graph", 1, 1);
        faults.open.insert(0, Fault { op: "*".to_owned(), nth: 1, how: How::Slow, count: 9, ms: 70, seen: 0 });
        assert_eq!(faults.take("graph.token"), Due { slow_ms: 70, how: Some(How::Refuse) });
        assert_eq!(faults.take("graph.token"), Due { slow_ms: 70, how: None });
    }
}
