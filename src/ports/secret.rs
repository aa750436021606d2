//! A secret. It has no way to show itself but the one call that puts it into a request.

use std::fmt;

/// A token, a client secret or a key. `Debug` prints no part of it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes the text of a secret; surrounding white space (a newline at the end of a file) goes.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text, for the request that needs it. Never log it, never put it into an error.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both are the same secret, compared in constant time for equal lengths.
    pub fn same_as(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.bytes().zip(other.0.bytes()).fold(0, |d, (a, b)| d | (a ^ b)) == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = Secret::new("00abc\n");
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!(secret.expose(), "00abc");
        assert!(secret.same_as(&Secret::new("00abc")) && !secret.same_as(&Secret::new("00abd")));
    }
}
