//! The sealed value of a button: which case, which proposal, which version of the card. The seal keeps out what another
//! environment or somebody's imagination made; it gives no authority (who may is decided at the click).
//!
//! Never holds a name, a login or a reason. Begin with [`Sealer`].

use crate::domain::ids::{CaseId, base32};
use crate::domain::inbound::Verb;
use ring::hmac::{HMAC_SHA256, Key, sign};

/// What the button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A press that the app decides about.
    Press(Verb),
    /// Shows the whole plan in a window; changes nothing.
    Details,
}

impl Act {
    /// The word in `action_id`s and tokens: the label in small letters, joined by `-`.
    pub fn word(self) -> String {
        match self {
            Self::Press(verb) => verb.label().to_ascii_lowercase().replace(' ', "-"),
            Self::Details => "details".to_owned(),
        }
    }

    fn parse(word: &str) -> Option<Self> {
        if word == "details" {
            return Some(Self::Details);
        }
        Verb::by_label(&word.replace('-', " ")).map(Self::Press)
    }
}

/// What a button stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What it does.
    pub act: Act,
    /// On which case.
    pub case: CaseId,
    /// Number of the proposal that the card showed.
    pub number: Option<i64>,
    /// Version of the case that the card showed.
    pub version: i64,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// Not of the form that this program writes.
    #[error("the value is not one of this bot's")]
    Shape,
    /// Not sealed with the key of this environment.
    #[error("the seal does not fit: another environment made it, or it was forged")]
    Seal,
}

/// Format of a token.
const FORMAT: &str = "1";
/// Characters of the seal (five bits each).
const SEAL: usize = 13;

/// Seals and reads tokens with the key of this environment (`REANCHOR_SIGNING_KEY`). `Debug` shows nothing of the key.
#[derive(Clone)]
pub struct Sealer(Key);

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(..)")
    }
}

impl Sealer {
    /// Makes the key for buttons out of the signing key, so that no other use of that key gives the same seal.
    pub fn new(signing_key: &[u8]) -> Self {
        let own = sign(&Key::new(HMAC_SHA256, signing_key), b"reanchor slack button v1");
        Self(Key::new(HMAC_SHA256, own.as_ref()))
    }

    /// The value of a button: `1.approve.c-7kq2ma.2.5.<seal>`, at most 100 characters.
    pub fn seal(&self, button: &Button) -> String {
        let number = button.number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let body = format!("{FORMAT}.{}.{}.{number}.{}", button.act.word(), button.case, button.version);
        let seal = self.of(&body);
        format!("{body}.{seal}")
    }

    fn of(&self, body: &str) -> String {
        base32(sign(&self.0, body.as_bytes()).as_ref(), SEAL)
    }

    /// Reads a value that came with a click.
    pub fn open(&self, token: &str) -> Result<Button, BadToken> {
        let (body, seal) = token.rsplit_once('.').ok_or(BadToken::Shape)?;
        let parts: Vec<&str> = body.split('.').collect();
        let [format, word, case, number, version] = parts.as_slice() else { return Err(BadToken::Shape) };
        if token.len() > 100 || *format != FORMAT || case.is_empty() || seal.len() != SEAL {
            return Err(BadToken::Shape);
        }
        let ours = self.of(body);
        let differs = ours.bytes().zip(seal.bytes()).fold(0_u8, |d, (a, b)| d | (a ^ b));
        if ours.len() != seal.len() || differs != 0 {
            return Err(BadToken::Seal);
        }
        let number = match *number {
            "-" => None,
            number => Some(number.parse().map_err(|_| BadToken::Shape)?),
        };
        Ok(Button {
            act: Act::parse(word).ok_or(BadToken::Shape)?,
            case: CaseId::new(*case),
            number,
            version: version.parse().map_err(|_| BadToken::Shape)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn button(act: Act) -> Button {
        Button { act, case: CaseId::new("c-7kq2ma"), number: Some(2), version: 5 }
    }

    #[test]
    fn every_button_comes_back_as_it_was_sealed() {
        let sealer = Sealer::new(b"one environment");
        for act in Verb::ALL.into_iter().map(Act::Press).chain([Act::Details]) {
            for number in [None, Some(1)] {
                let button = Button { number, ..button(act) };
                let token = sealer.seal(&button);
                assert!(token.len() <= 75, "{token}");
                assert_eq!(sealer.open(&token), Ok(button));
            }
        }
    }

    #[test]
    fn another_environment_and_a_forger_are_refused() {
        let (ours, other) = (Sealer::new(b"production"), Sealer::new(b"staging"));
        let token = ours.seal(&button(Act::Press(Verb::Deny)));
        assert_eq!(other.open(&token), Err(BadToken::Seal));
        let forged = token.replacen("deny", "approve", 1);
        assert_eq!(ours.open(&forged), Err(BadToken::Seal));
        assert_eq!(ours.open(&token.replacen(".2.", ".3.", 1)), Err(BadToken::Seal));
        let cut = &token[..token.len() - 1];
        for bad in ["", "approve", "1.approve.c-1.1.1", cut, &format!("{token}x"), &token.replacen("1.", "2.", 1)] {
            assert_eq!(ours.open(bad), Err(BadToken::Shape), "{bad}");
        }
    }

    #[test]
    fn the_key_does_not_show() {
        assert_eq!(format!("{:?}", Sealer::new(b"secret")), "Sealer(..)");
    }
}
