//! Identifiers as types of their own, so that an Okta user id cannot be passed where an Entra object id is meant.
//!
//! Never does a look-up and never makes up a value: fresh ids come in through `ports::fresh`.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; use it for values that a vendor or our own store handed out.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// A case: `c-` and six base32 characters.
    CaseId
}
id! {
    /// A run of a plan: `r-` and ten base32 characters.
    RunId
}
id! {
    /// An Okta user (`00u…`).
    OktaUserId
}
id! {
    /// An Okta application instance (`0oa…`).
    AppId
}
id! {
    /// An Okta group (`00g…`).
    GroupId
}
id! {
    /// The object id of an Entra user, in lower case. Okta calls the same value `externalId` of the app user.
    EntraId
}
id! {
    /// An Entra tenant (a GUID).
    TenantId
}

impl EntraId {
    /// Reads an object id as a person or a vendor wrote it: surrounding white space goes, letters become lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let shape = text.len() == 36
            && text
                .bytes()
                .enumerate()
                .all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() });
        shape.then(|| Self(text.to_ascii_lowercase()))
    }
}

/// Lower-case base32 without look-alikes (no `i`, `l`, `o`, `u`), so that a code can be read aloud and typed.
pub const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The first `len` base32 characters of `bytes`, five bits each. `bytes` must hold at least `len * 5` bits;
/// a shorter input gives a shorter text.
pub fn base32(bytes: &[u8], len: usize) -> String {
    let mut out = String::with_capacity(len);
    let mut buffer: u32 = 0;
    let mut bits = 0_u32;
    for byte in bytes {
        if out.len() == len {
            break;
        }
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 && out.len() < len {
            bits -= 5;
            let index = ((buffer >> bits) & 31) as usize;
            out.push(char::from(BASE32[index]));
        }
        buffer &= (1 << bits) - 1;
    }
    out
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_ids_are_read_whatever_their_case_and_nothing_else_is() {
        let id = EntraId::parse(" 9DFB369B-ab13-4fae-a276-55daa05f1119 ").unwrap();
        assert_eq!(id.as_str(), "9dfb369b-ab13-4fae-a276-55daa05f1119");
        assert!(EntraId::parse("9dfb369bab134faea27655daa05f1119").is_none());
        assert!(EntraId::parse("9dfb369b-ab13-4fae-a276-55daa05f111g").is_none());
    }

    #[test]
    fn base32_takes_five_bits_a_character() {
        assert_eq!(base32(&[0, 0, 0, 0, 0], 8), "00000000");
        assert_eq!(base32(&[0xff; 5], 8), "zzzzzzzz");
        assert_eq!(base32(&[0xff], 8), "z");
        assert_eq!(base32(&[0xff; 32], 6), "zzzzzz");
        assert_eq!(hex(&[0, 0xab]), "00ab");
    }
}
