//! Guards against two programs that answer each other for ever.
//!
//! Never concerns people. Begin with [`Echoes::may`].

use crate::domain::ids::BASE32;
use crate::domain::time::{At, HOUR};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Messages of programs and bridges that are taken in one channel and hour.
const MOST: u32 = 60;

/// Counts what programs and bridges say, by channel.
#[derive(Default)]
pub struct Echoes(Mutex<BTreeMap<String, (At, u32)>>);

impl Echoes {
    /// Whether one more may be taken in this channel; counts it.
    pub fn may(&self, channel: &str, now: At) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (since, _)| (0..HOUR).contains(&now.since(*since)));
        let (_, count) = all.entry(channel.to_owned()).or_insert((now, 0));
        *count += 1;
        if *count == MOST + 1 {
            tracing::warn!("programs say so much in one channel that they are not answered there for a while");
        }
        *count <= MOST
    }
}

/// Whether a text names a case (`c-` and six characters), as everything does that the bot itself posted.
pub fn quotes_us(text: &str) -> bool {
    text.match_indices("c-").any(|(at, sign)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let rest = text.as_bytes().get(at + sign.len()..).unwrap_or_default();
        let (id, after) = rest.split_at_checked(6).unwrap_or_default();
        let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
        id.len() == 6
            && id.iter().all(|b| BASE32.contains(b))
            && !after.first().is_some_and(word)
            && !before.is_some_and(|c| c.is_alphanumeric() || c == '-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_talk_of_programs_ends() {
        let echoes = Echoes::default();
        let taken = (0..1000).filter(|n| echoes.may("C1", At(*n))).count();
        assert_eq!(taken, usize::try_from(MOST).unwrap());
        assert!(echoes.may("C2", At(0)), "another channel is not concerned");
        assert!(echoes.may("C1", At(HOUR)), "an hour later it is heard again");
    }

    #[test]
    fn what_names_a_case_was_said_by_us() {
        for ours in ["case c-7kq2ma", "`c-7kq2ma`", "(c-000000)"] {
            assert!(quotes_us(ours), "{ours}");
        }
        for other in ["c-7kq2m", "abc-7kq2ma", "c-7kq2mab", "c-7kq2mi", "9dfb369b-ab1c-7kq2ma", "", "c-"] {
            assert!(!quotes_us(other), "{other}");
        }
    }
}
