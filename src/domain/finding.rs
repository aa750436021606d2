//! What an examination of the set-up found: a line each, with the way to mend it.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and should be mended.
    Warn,
    /// It does not work.
    Fail,
}

impl Verdict {
    /// The word.
    pub fn text(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, in a few words that stay the same (`Okta read token`).
    pub check: String,
    /// How bad it is.
    pub verdict: Verdict,
    /// What was seen, one sentence without a secret.
    pub seen: String,
    /// How to mend it; empty when it is as it should be.
    pub mend: String,
}

impl Finding {
    /// It is as it should be.
    pub fn ok(check: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { check: check.into(), verdict: Verdict::Ok, seen: seen.into(), mend: String::new() }
    }

    /// It works, and should be mended.
    pub fn warn(check: impl Into<String>, seen: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check: check.into(), verdict: Verdict::Warn, seen: seen.into(), mend: mend.into() }
    }

    /// It does not work.
    pub fn fail(check: impl Into<String>, seen: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check: check.into(), verdict: Verdict::Fail, seen: seen.into(), mend: mend.into() }
    }
}
