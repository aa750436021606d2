//! New ids of the tenant (deterministic from a seed) and new secrets (never deterministic).
//!
//! Never hands out the same id twice from one stream. Begin with [`Ids`].
use ring::digest::{Context, SHA256};
use ring::rand::SecureRandom as _;
use serde::{Deserialize, Serialize};

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A stream of ids: the same seed gives the same ids in the same order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ids {
    seed: u64,
    drawn: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    fn draw(&mut self) -> [u8; 32] {
        let mut hash = Context::new(&SHA256);
        hash.update(&self.seed.to_be_bytes());
        hash.update(&self.drawn.to_be_bytes());
        self.drawn = self.drawn.wrapping_add(1);
        let mut out = [0; 32];
        out.copy_from_slice(hash.finish().as_ref());
        out
    }

    /// A version-4 shaped guid.
    pub(crate) fn guid(&mut self) -> String {
        let mut hex = String::with_capacity(36);
        for (at, byte) in self.draw().iter().take(16).enumerate() {
            let byte = match at {
                6 => (byte & 0x0f) | 0x40,
                8 => (byte & 0x3f) | 0x80,
                _ => *byte,
            };
            if matches!(at, 4 | 6 | 8 | 10) {
                hex.push('-');
            }
            hex.push(hex_digit(byte >> 4));
            hex.push(hex_digit(byte & 0x0f));
        }
        hex
    }

    /// Twenty characters: the prefix (`0ua`, `00g`, ...) and letters or digits.
    pub(crate) fn okta(&mut self, prefix: &str) -> String {
        let wanted = 20_usize.saturating_sub(prefix.len());
        format!("{prefix}{}", letters(&self.draw(), wanted))
    }

    /// Letters and digits, at most 32 of them.
    pub(crate) fn token(&mut self, length: usize) -> String {
        letters(&self.draw(), length)
    }
}

/// Unguessable text of letters and digits; `None` when the system has no randomness to give.
pub(crate) fn secret(length: usize) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the tenant makes its own secrets at start, here only")]
    let random = ring::rand::SystemRandom::new();
    let mut bytes = vec![0; length];
    random.fill(&mut bytes).ok()?;
    Some(letters(&bytes, length))
}

/// A seed nobody chose.
pub(crate) fn seed() -> Option<u64> {
    let text = secret(8)?;
    Some(text.bytes().fold(0, |sum: u64, b| sum.wrapping_mul(257).wrapping_add(u64::from(b))))
}

fn letters(bytes: &[u8], length: usize) -> String {
    bytes
        .iter()
        .take(length)
        .filter_map(|b| LETTERS.get(usize::from(*b) % LETTERS.len()))
        .map(|b| char::from(*b))
        .collect()
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids_and_never_one_twice() {
        let (mut a, mut b) = (Ids::new(7), Ids::new(7));
        let first = a.guid();
        assert_eq!(first, b.guid());
        assert_ne!(first, a.guid());
        assert_eq!(first.len(), 36);
        assert_eq!(first.as_bytes()[14], b'4');
        assert_eq!(a.okta("0ua").len(), 20);
        assert_ne!(Ids::new(8).guid(), first);
    }

    #[test]
    fn secrets_differ() {
        assert_ne!(secret(32).unwrap(), secret(32).unwrap());
    }
}
