//! How fast posts may follow each other: about one a second in a channel with short bursts, and as long as Slack says after it
//! said stop.
//!
//! Never waits itself: it tells how long to wait. Begin with [`Pacer::turn`].

use crate::domain::time::{At, SECOND};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Posts that may follow each other at once.
const BURST: i64 = 4;
/// After which time the next post may follow.
const EVERY: i64 = SECOND;
/// Channels that are remembered; those with nothing to remember go first.
const MOST: usize = 4_096;

/// Turns by channel, and stops by method.
#[derive(Debug, Default)]
pub struct Pacer {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the burst of a channel is whole again.
    channels: BTreeMap<String, At>,
    /// Until when a method of a workspace is stopped.
    stops: BTreeMap<String, At>,
}

impl Pacer {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a turn in a channel for a method; or says for how many milliseconds there is none.
    pub fn turn(&self, channel: &str, method: &str, now: At) -> Result<(), i64> {
        let mut state = self.state();
        let stopped = state.stops.get(&stop(channel, method)).map_or(0, |until| until.since(now));
        if stopped > 0 {
            return Err(stopped);
        }
        if state.channels.len() >= MOST {
            state.channels.retain(|_, whole| whole.since(now) > 0);
        }
        // Each post moves the instant at which the burst is whole again by one interval.
        let whole = state.channels.get(channel).copied().filter(|whole| whole.since(now) > 0).unwrap_or(now);
        let ahead = whole.since(now) + EVERY - BURST * EVERY;
        if ahead > 0 {
            return Err(ahead);
        }
        state.channels.insert(channel.to_owned(), whole.plus(EVERY));
        Ok(())
    }

    /// Slack said stop: no call of this method in the workspace of the channel before `until`.
    pub fn stop(&self, channel: &str, method: &str, until: At) {
        let mut state = self.state();
        let known = state.stops.entry(stop(channel, method)).or_insert(until);
        *known = (*known).max(until);
    }
}

/// Slack counts by method and workspace.
fn stop(channel: &str, method: &str) -> String {
    let (workspace, _) = super::account::of_channel(channel);
    format!("{}|{method}", workspace.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_then_one_a_second() {
        let pacer = Pacer::default();
        let turn = |at: i64| pacer.turn("C1", "chat.postMessage", At(at));
        assert_eq!([turn(0), turn(0), turn(0), turn(0)], [Ok(()); 4]);
        assert_eq!(turn(0), Err(1_000));
        assert_eq!(turn(400), Err(600));
        assert_eq!(turn(1_000), Ok(()));
        assert_eq!(turn(1_000), Err(1_000));
        assert_eq!(pacer.turn("C2", "chat.postMessage", At(1_000)), Ok(()), "channels do not wait for each other");
        let sent = (0..60_000).filter(|at| turn(2_000 + at).is_ok()).count();
        assert!((59..=61).contains(&sent), "{sent} in a minute");
        assert_eq!([turn(90_000), turn(90_000), turn(90_000), turn(90_000)], [Ok(()); 4], "a pause fills the burst");
    }

    #[test]
    fn a_stop_holds_for_the_method_of_the_whole_workspace_and_no_longer() {
        let pacer = Pacer::default();
        pacer.stop("C1", "chat.update", At(5_000));
        pacer.stop("C1", "chat.update", At(3_000));
        assert_eq!(pacer.turn("C2", "chat.update", At(1_000)), Err(4_000));
        assert_eq!(pacer.turn("C2", "chat.postMessage", At(1_000)), Ok(()));
        assert_eq!(pacer.turn("T9/C2", "chat.update", At(1_000)), Ok(()));
        assert_eq!(pacer.turn("C2", "chat.update", At(5_000)), Ok(()));
    }
}
