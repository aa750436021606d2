//! What stands behind a button: which act on which case, as it stood on the card, sealed so that nobody can make one up.
//!
//! Never gives authority: a token says what was shown, not who may press it; that is decided at the press. The seal keeps out
//! values of another environment and values that were typed by hand.
//!
//! `<format>.<act>.<case>.<version>.<proposal>.<seal>`, at most 100 characters.
//!
//! Begin with [`Mint::make`] and [`Mint::check`].

use crate::domain::ids::{CaseId, base32};
use crate::domain::inbound::Verb;
use ring::hmac;

/// Format of a token.
const FORMAT: &str = "1";
/// Characters of the seal: 50 bits.
const SEAL: usize = 10;
/// Longest token; also the longest that the other chat platforms take behind a button.
pub const LONGEST: usize = 100;

/// What a button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// A press as every surface has it.
    Press(Verb),
    /// Shows the whole card in a window of its own; changes nothing.
    Details,
    /// Opens the form that asks whom a case is about; the form that is sent is what counts.
    Subject,
}

/// The words of the acts that are no presses.
const DETAILS: &str = "details";
const SUBJECT: &str = "subject";

impl Act {
    /// Its word in tokens and in the ids of buttons: for a press the name that the store has for its verb.
    pub fn word(self) -> String {
        match self {
            Self::Details => DETAILS.to_owned(),
            Self::Subject => SUBJECT.to_owned(),
            Self::Press(verb) => {
                serde_json::to_value(verb).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
            }
        }
    }

    fn read(word: &str) -> Option<Self> {
        match word {
            DETAILS => Some(Self::Details),
            SUBJECT => Some(Self::Subject),
            word => serde_json::from_value(word.into()).ok().map(Self::Press),
        }
    }
}

/// What stood behind the button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// What it does.
    pub act: Act,
    /// On which case.
    pub case: CaseId,
    /// Version of the case that the card showed.
    pub version: i64,
    /// Number of the proposal that the card showed, where it showed one.
    pub number: Option<i64>,
}

/// Makes and checks tokens with the signing key of this environment.
pub struct Mint {
    key: hmac::Key,
}

impl std::fmt::Debug for Mint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mint")
    }
}

impl Mint {
    /// `key` is the signing key of the environment; it is used for nothing else under this label.
    pub fn new(key: &[u8]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, key);
        let own = hmac::sign(&root, b"reanchor slack button v1");
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()) }
    }

    /// The token of a button.
    pub fn make(&self, ticket: &Ticket) -> String {
        let number = ticket.number.map_or_else(String::new, |number| number.to_string());
        let open = format!("{FORMAT}.{}.{}.{}.{number}", ticket.act.word(), ticket.case, ticket.version);
        let seal = self.seal(&open);
        format!("{open}.{seal}")
    }

    /// What a token says; nothing when it was not made here.
    pub fn check(&self, token: &str) -> Option<Ticket> {
        if token.len() > LONGEST {
            return None;
        }
        let (open, seal) = token.rsplit_once('.')?;
        if !same(seal, &self.seal(open)) {
            return None;
        }
        let parts: Vec<&str> = open.split('.').collect();
        let [FORMAT, word, case, version, number] = parts[..] else { return None };
        let act = Act::read(word)?;
        let number = if number.is_empty() { None } else { Some(number.parse().ok()?) };
        Some(Ticket { act, case: CaseId::new(case), version: version.parse().ok()?, number })
    }

    fn seal(&self, open: &str) -> String {
        base32(hmac::sign(&self.key, open.as_bytes()).as_ref(), SEAL)
    }
}

/// Compares in the same time whatever differs.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(act: Act) -> Ticket {
        Ticket { act, case: CaseId::new("c-7k2m9q"), version: i64::MAX, number: Some(i64::MAX) }
    }

    #[test]
    fn what_was_made_is_read_and_fits_behind_every_button() {
        let mint = Mint::new(b"key");
        let mut words = std::collections::BTreeSet::new();
        for act in Verb::ALL.map(Act::Press).into_iter().chain([Act::Details, Act::Subject]) {
            let ticket = ticket(act);
            let token = mint.make(&ticket);
            assert!(token.len() <= LONGEST, "{token}");
            assert_eq!(mint.check(&token), Some(ticket));
            assert!(!act.word().is_empty() && words.insert(act.word()), "{act:?}");
        }
        let plain = Ticket { number: None, version: 3, ..ticket(Act::Details) };
        assert_eq!(mint.check(&mint.make(&plain)), Some(plain));
    }

    #[test]
    fn a_token_of_another_environment_or_a_changed_one_is_not_taken() {
        let (mint, other) = (Mint::new(b"key"), Mint::new(b"another key"));
        let token = mint.make(&ticket(Act::Press(Verb::Deny)));
        assert_eq!(other.check(&token), None);
        assert_eq!(mint.check(&token.replace("deny", "approve")), None);
        assert_eq!(mint.check(&token.replace("c-7k2m9q", "c-7k2m9r")), None);
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(mint.check(std::str::from_utf8(&bytes).unwrap()), None, "changed at {at}");
        }
        for bad in ["", ".", "1.approve", &token[..token.len() - 1], &format!("{token}0"), &"x".repeat(5_000)] {
            assert_eq!(mint.check(bad), None, "{bad:.40}");
        }
    }
}
