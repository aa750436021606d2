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

/// A secret that is missing or cannot be read. Names the variable and says what to do; never holds a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

/// Where secrets are looked up by the name of their variable, only when they are needed.
pub trait Secrets: Send + Sync {
    /// The secret, when it is set.
    fn secret(&self, name: &str) -> Result<Option<Secret>, SecretError>;

    /// One that the caller cannot do without; `why` is the end of the sentence "it is needed …".
    fn needed(&self, name: &str, why: &str) -> Result<Secret, SecretError>;
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
