//! Addresses of messages, for whoever is to find the way to one. They never change, so each is asked for once.
//!
//! Never gives an address that is not Slack's. Begin with [`Permalinks::of`].

use super::account::of_channel;
use super::calls::{CallError, Calls};
use super::settings::is_loopback;
use super::show::thread;
use crate::domain::inbound::Place;
use crate::domain::time::{At, MINUTE};
use crate::ports::clock::Clock;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Addresses that are kept; with one more all are asked for again.
const MOST: usize = 4_096;
/// How long it is remembered that Slack gives none.
const NONE: i64 = 10 * MINUTE;

/// Addresses by channel and time stamp.
pub struct Permalinks {
    calls: Arc<dyn Calls>,
    clock: Arc<dyn Clock>,
    known: Mutex<BTreeMap<(String, String), Known>>,
}

#[derive(Clone)]
enum Known {
    At(String),
    NoneUntil(At),
}

impl Permalinks {
    /// Knows none yet.
    pub fn new(calls: Arc<dyn Calls>, clock: Arc<dyn Clock>) -> Self {
        Self { calls, clock, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<(String, String), Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known without asking: the address, or that there is none; nothing when it has to be asked for.
    pub fn at_hand(&self, channel: &str, ts: &str) -> Option<Option<String>> {
        match self.known().get(&(channel.to_owned(), ts.to_owned()))? {
            Known::At(url) => Some(Some(url.clone())),
            Known::NoneUntil(until) if *until > self.clock.now() => Some(None),
            Known::NoneUntil(_) => None,
        }
    }

    /// The address of the message that a thread hangs on.
    pub async fn of_thread(&self, place: &Place) -> Option<String> {
        self.of(&place.channel, thread(place)?).await
    }

    /// The address of a message; `channel` as places name it. Without one things go without a link.
    pub async fn of(&self, channel: &str, ts: &str) -> Option<String> {
        if let Some(known) = self.at_hand(channel, ts) {
            return known;
        }
        let (workspace, id) = of_channel(channel);
        let answer = self.calls.call(workspace, "chat.getPermalink", json!({ "channel": id, "message_ts": ts })).await;
        let known = match answer {
            Ok(answer) => match answer["permalink"].as_str().and_then(official) {
                Some(url) => Known::At(url),
                None => Known::NoneUntil(self.clock.now().plus(NONE)),
            },
            Err(error) => {
                tracing::warn!(%error, "the address of a message is not known");
                match error {
                    CallError::Refused(_) => Known::NoneUntil(self.clock.now().plus(NONE)),
                    CallError::Limited { .. } | CallError::Unreachable(_) => return None,
                }
            }
        };
        let mut all = self.known();
        if all.len() >= MOST {
            all.clear();
        }
        all.insert((channel.to_owned(), ts.to_owned()), known.clone());
        match known {
            Known::At(url) => Some(url),
            Known::NoneUntil(_) => None,
        }
    }
}

/// An address at Slack, or at a simulated one on this machine.
fn official(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    let is_slack = url.host_str().is_some_and(|host| host.ends_with(".slack.com")) && url.scheme() == "https";
    (is_slack || is_loopback(&url)).then(|| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_slack_is_where_a_link_may_lead() {
        let good = "https://northbridge.slack.com/archives/C1/p1?thread_ts=1.5&cid=C1";
        assert_eq!(official(good).as_deref(), Some(good));
        for bad in ["http://northbridge.slack.com/", "https://slack.com.evil.example/", "javascript:alert(1)", ""] {
            assert_eq!(official(bad), None, "{bad}");
        }
    }
}
