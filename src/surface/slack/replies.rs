//! The addresses at which somebody who pressed or typed can be answered, so that nobody else sees it. They are secrets: in
//! memory only, for half an hour, five uses each (SAFETY E2).
//!
//! Never shows one. Begin with [`Replies::remember`] and [`Replies::take`].

use crate::domain::inbound::Place;
use crate::domain::time::{At, MINUTE};
use crate::ports::secret::Secret;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long Slack takes answers; a little less than it says.
const GOOD: i64 = 29 * MINUTE;
/// How many answers it takes.
const USES: u8 = 5;
/// How many addresses are kept; the oldest goes.
const MOST: usize = 1_024;

/// Addresses by person and place.
#[derive(Default)]
pub struct Replies {
    all: Mutex<BTreeMap<String, Reply>>,
}

struct Reply {
    url: Secret,
    at: At,
    left: u8,
}

impl std::fmt::Debug for Replies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Replies")
    }
}

fn key(actor: &str, place: &Place) -> String {
    format!("{actor}|{}|{}", place.channel, place.message)
}

impl Replies {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Reply>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the address that came with an interaction of `actor` (the key of the account) at `place`.
    pub fn remember(&self, actor: &str, place: &Place, response_url: &str, now: At) {
        let mut all = self.all();
        if all.len() >= MOST {
            all.retain(|_, reply| now.since(reply.at) < GOOD);
            let oldest = all.iter().min_by_key(|(_, reply)| reply.at).map(|(key, _)| key.clone());
            if all.len() >= MOST
                && let Some(oldest) = oldest
            {
                all.remove(&oldest);
            }
        }
        all.insert(key(actor, place), Reply { url: Secret::new(response_url), at: now, left: USES });
    }

    /// The answer for which the address was taken was not given: the use of it counts no more.
    pub fn give_back(&self, actor: &str, place: &Place) {
        if let Some(reply) = self.all().get_mut(&key(actor, place)) {
            reply.left = (reply.left + 1).min(USES);
        }
    }

    /// An address for one answer.
    pub fn take(&self, actor: &str, place: &Place, now: At) -> Option<Secret> {
        let mut all = self.all();
        let key = key(actor, place);
        let reply = all.get_mut(&key)?;
        if now.since(reply.at) >= GOOD || reply.left == 0 {
            all.remove(&key);
            return None;
        }
        reply.left -= 1;
        Some(reply.url.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(message: &str) -> Place {
        Place { channel: "C1".to_owned(), thread: String::new(), message: message.to_owned() }
    }

    #[test]
    fn an_address_is_for_one_person_at_one_place_for_a_while() {
        let replies = Replies::default();
        replies.remember("T1/U1", &place("1.5"), "https://hooks.slack.com/x", At(0));
        assert!(replies.take("T1/U2", &place("1.5"), At(0)).is_none());
        assert!(replies.take("T1/U1", &place("1.6"), At(0)).is_none());
        for _ in 0..5 {
            assert_eq!(replies.take("T1/U1", &place("1.5"), At(0)).unwrap().expose(), "https://hooks.slack.com/x");
        }
        replies.give_back("T1/U1", &place("1.6"));
        replies.give_back("T1/U1", &place("1.5"));
        assert!(replies.take("T1/U1", &place("1.5"), At(0)).is_some(), "one of them was not given");
        assert!(replies.take("T1/U1", &place("1.5"), At(0)).is_none(), "five answers");
        replies.remember("T1/U1", &place("1.5"), "https://hooks.slack.com/y", At(0));
        assert!(replies.take("T1/U1", &place("1.5"), At(GOOD)).is_none(), "it ran out");
        assert!(!format!("{replies:?}").contains("hooks"));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let replies = Replies::default();
        for n in 0..=MOST {
            let at = At(i64::try_from(n).unwrap());
            replies.remember("T1/U1", &place(&n.to_string()), "https://hooks.slack.com/x", at);
        }
        assert_eq!(replies.all().len(), MOST);
        assert!(replies.take("T1/U1", &place("0"), At(0)).is_none());
        assert!(replies.take("T1/U1", &place("1"), At(0)).is_some());
    }
}
