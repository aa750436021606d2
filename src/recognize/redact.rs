//! Masks secrets in a pasted text before it is stored or shown, keeping every byte offset.
//!
//! Never shortens or lengthens the text: a mask is as many `*` as the secret had bytes, so evidence offsets stay true.
//! Never masks what a diagnosis needs: guids, source anchors, Okta ids, logins.
//!
//! Begin with [`redact`].

use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

#[expect(clippy::expect_used, reason = "a constant expression, compiled by a test")]
fn constant(pattern: &str) -> Regex {
    Regex::new(pattern).expect("constant regular expression")
}

/// Each with the secret in its group `s`.
static SECRETS: LazyLock<[Regex; 7]> = LazyLock::new(|| {
    [
        // Authorization header values of both vendors.
        constant(r"(?i)\b(?:bearer|ssws|dpop)\s+(?P<s>[A-Za-z0-9._~+/=-]{16,})"),
        constant(r"(?i)\bbasic\s+(?P<s>[A-Za-z0-9+/]{16,}={0,2})"),
        // JSON web tokens, wherever they stand.
        constant(r"(?P<s>\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?)"),
        // Named secrets: `client_secret=…`, `"password": "…"`, `-Password '…'`, `api key: …`.
        constant(
            r#"(?i)(?:client[_ -]?secret|client[_ -]?assertion|access[_ -]?token|refresh[_ -]?token|id[_ -]?token|api[_ -]?(?:key|token)|scim[_ -]?token|passw(?:or)?d|passphrase|pwd|secret)["']?\s*(?:=|:|=>)\s*["']?(?P<s>[^\s"',;&}]{6,})"#,
        ),
        constant(r#"(?i)-(?:Password|ClientSecret|AccessToken)\s+["']?(?P<s>[^\s"']{6,})"#),
        // Client secrets of Entra (40 characters with a tilde) and tokens of Slack.
        constant(r"(?P<s>\b[A-Za-z0-9_.-]{3}[0-9]Q~[A-Za-z0-9_.~-]{30,36})"),
        constant(r"(?P<s>\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,})"),
    ]
});

/// Words that start a named secret; a text without any of them is not looked at further.
const HINTS: &[&str] = &[
    "bearer",
    "ssws",
    "dpop",
    "basic",
    "eyj",
    "secret",
    "token",
    "key",
    "passw",
    "passphrase",
    "pwd",
    "assertion",
    "q~",
    "xox",
    "xapp",
];

/// The text with each secret replaced by as many `*` as it has bytes. Running it again changes nothing.
pub fn redact(text: &str) -> Cow<'_, str> {
    let lower = text.to_ascii_lowercase();
    if !HINTS.iter().any(|h| lower.contains(h)) {
        return Cow::Borrowed(text);
    }
    let mut masked: Option<Vec<u8>> = None;
    for expression in SECRETS.iter() {
        for captures in expression.captures_iter(text) {
            let Some(secret) = captures.name("s").filter(|s| !harmless(s.as_str())) else { continue };
            let bytes = masked.get_or_insert_with(|| text.as_bytes().to_vec());
            if let Some(place) = bytes.get_mut(secret.range()) {
                place.fill(b'*');
            }
        }
    }
    match masked.map(String::from_utf8) {
        Some(Ok(masked)) => Cow::Owned(masked),
        Some(Err(_)) | None => Cow::Borrowed(text),
    }
}

/// Values behind a secret's name that are none: words of an error sentence, and masks.
fn harmless(value: &str) -> bool {
    let word = value.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'.' | b'-' | b'_' | b'(' | b')' | b':'));
    let guid = value.len() == 36 && value.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    // `unable to obtain access token: clientCredentialsToken: received …`, a library's own label.
    let label = word && value.ends_with("Token:");
    (word && value.len() < 20) || label || guid || value.bytes().all(|b| b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_offsets_stay() {
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl";
        let cases = [
            ("Authorization: Bearer ", jwt, " end"),
            ("Authorization: SSWS ", "00aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcd", ""),
            ("client_secret=", "abc8Q~xyzXYZ0123456789abcdefghijkl-_~", "&x=1"),
            ("{\"password\": \"", "hunter2!!", "\"}"),
            ("New-MgUser -Password '", "S3cret!pass", "' x"),
            ("token ", jwt, ""),
        ];
        for (before, secret, after) in cases {
            let text = format!("{before}{secret}{after}");
            let masked = redact(&text);
            assert_eq!(masked.len(), text.len());
            assert_eq!(masked, format!("{before}{}{after}", "*".repeat(secret.len())));
            assert_eq!(redact(&masked), masked);
        }
    }

    #[test]
    fn what_a_diagnosis_needs_is_kept() {
        for text in [
            "password (password: Password requirements were not met. Password requirements: at least 8 characters",
            "Invalid client secret provided. Invalid SCIM token, please check your configuration",
            "Update-MgUser -UserId 875d25d4-3948-4fc4-bb5a-70f8ac4bc8e0 -OnPremisesImmutableId dR6htBhH2RsXLARjq0BnYg==",
            "unable to obtain access token: clientCredentialsToken: received HTTP status 401",
            "secret: 875d25d4-3948-4fc4-bb5a-70f8ac4bc8e0",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
