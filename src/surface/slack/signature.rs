//! Whether a request was signed by Slack: `v0=` and the HMAC-SHA256 of `v0:<timestamp>:<body>` under the signing secret, over
//! the raw bytes, before anything is parsed.
//!
//! Never compares in a time that depends on the content, never says which part was wrong. Begin with [`Verifier::check`].

use ring::hmac::{Context, HMAC_SHA256, Key};

/// How far the time stamp may be from our clock, in seconds. An older request may be a replay.
pub const WINDOW: i64 = 300;

/// Why a request is refused. All of them are 401; the words are for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// A header is missing or not what Slack sends.
    #[error("a signature header is missing or malformed")]
    Header,
    /// Too old or from the future.
    #[error("the time stamp is outside the window")]
    Time,
    /// Signed by somebody else, or changed on its way.
    #[error("the signature does not fit")]
    Signature,
}

/// Checks signatures. `Debug` shows nothing of the secret.
#[derive(Clone)]
pub struct Verifier(Key);

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier(..)")
    }
}

impl Verifier {
    /// A verifier with the app's signing secret.
    pub fn new(signing_secret: &str) -> Self {
        Self(Key::new(HMAC_SHA256, signing_secret.as_bytes()))
    }

    /// Whether `signature` (`x-slack-signature`) and `timestamp` (`x-slack-request-timestamp`) belong to this body, at
    /// `now` seconds since 1970.
    pub fn check(
        &self,
        signature: Option<&[u8]>,
        timestamp: Option<&[u8]>,
        body: &[u8],
        now: i64,
    ) -> Result<(), Unsigned> {
        let (Some(signature), Some(timestamp)) = (signature, timestamp) else { return Err(Unsigned::Header) };
        let tag = tag(signature).ok_or(Unsigned::Header)?;
        let at = seconds(timestamp).ok_or(Unsigned::Header)?;
        let mut context = Context::with_key(&self.0);
        context.update(b"v0:");
        context.update(timestamp);
        context.update(b":");
        context.update(body);
        let ours = context.sign();
        let differs = ours.as_ref().iter().zip(&tag).fold(0_u8, |d, (a, b)| d | (a ^ b));
        if now.abs_diff(at) > WINDOW.unsigned_abs() {
            return Err(Unsigned::Time);
        }
        if ours.as_ref().len() != tag.len() || differs != 0 {
            return Err(Unsigned::Signature);
        }
        Ok(())
    }
}

/// Decimal digits alone: a sign or a space would be another text with the same number.
fn seconds(text: &[u8]) -> Option<i64> {
    if !(1..=12).contains(&text.len()) {
        return None;
    }
    text.iter().try_fold(0_i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
}

fn tag(text: &[u8]) -> Option<[u8; 32]> {
    let digits = text.strip_prefix(b"v0=")?;
    let mut out = [0_u8; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = (nibble(*high)? << 4) | nibble(*low)?;
    }
    Some(out)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Slack's own documentation.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const AT: i64 = 1_531_420_618;
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn check(signature: &str, timestamp: &str, body: &str, now: i64) -> Result<(), Unsigned> {
        let verifier = Verifier::new(SECRET);
        verifier.check(Some(signature.as_bytes()), Some(timestamp.as_bytes()), body.as_bytes(), now)
    }

    #[test]
    fn the_documented_example_fits() {
        assert_eq!(check(SIGNATURE, "1531420618", BODY, AT), Ok(()));
        assert_eq!(check(SIGNATURE, "1531420618", BODY, AT + WINDOW), Ok(()));
    }

    #[test]
    fn a_replay_and_a_clock_ahead_are_refused() {
        assert_eq!(check(SIGNATURE, "1531420618", BODY, AT + WINDOW + 1), Err(Unsigned::Time));
        assert_eq!(check(SIGNATURE, "1531420618", BODY, AT - WINDOW - 1), Err(Unsigned::Time));
    }

    #[test]
    fn a_changed_request_is_refused() {
        assert_eq!(check(SIGNATURE, "1531420618", &BODY.replace("text=", "text=x"), AT), Err(Unsigned::Signature));
        assert_eq!(check(SIGNATURE, "1531420619", BODY, AT), Err(Unsigned::Signature));
        let other = Verifier::new("another secret");
        let signature = Some(SIGNATURE.as_bytes());
        assert_eq!(other.check(signature, Some(b"1531420618"), BODY.as_bytes(), AT), Err(Unsigned::Signature));
        for at in 0..64 {
            let mut bad = SIGNATURE.as_bytes().to_vec();
            bad[3 + at] = if bad[3 + at] == b'0' { b'1' } else { b'0' };
            let verdict = Verifier::new(SECRET).check(Some(&bad), Some(b"1531420618"), BODY.as_bytes(), AT);
            assert_eq!(verdict, Err(Unsigned::Signature), "digit {at}");
        }
    }

    #[test]
    fn missing_and_malformed_headers_are_refused() {
        let verifier = Verifier::new(SECRET);
        let good = (Some(SIGNATURE.as_bytes()), Some(&b"1531420618"[..]));
        assert_eq!(verifier.check(None, good.1, BODY.as_bytes(), AT), Err(Unsigned::Header));
        assert_eq!(verifier.check(good.0, None, BODY.as_bytes(), AT), Err(Unsigned::Header));
        for timestamp in ["", "+1531420618", " 1531420618", "1531420618.0", "1531420618000000", "0x5b47a60a"] {
            assert_eq!(check(SIGNATURE, timestamp, BODY, AT), Err(Unsigned::Header), "{timestamp}");
        }
        for signature in ["", "v0=", "v1=00", &SIGNATURE[3..], &SIGNATURE[..66], "v0=zz"] {
            assert_eq!(check(signature, "1531420618", BODY, AT), Err(Unsigned::Header), "{signature}");
        }
    }
}
