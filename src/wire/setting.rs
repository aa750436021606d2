//! A setting that cannot be used. Begin with [`BadSetting`].

/// Names the key, what is wrong and what is allowed; never repeats a value, which may hold a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("[{section}] {key} {problem}")]
pub struct BadSetting {
    /// The section.
    pub section: &'static str,
    /// The key.
    pub key: &'static str,
    /// What is wrong and what is allowed, as the end of a sentence.
    pub problem: String,
}
