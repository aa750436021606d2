//! Counting what happens, for whoever operates the bot. A count never decides anything, and no label ever holds a person, an
//! address, a domain or a tenant (SAFETY E3).

use super::error::System;
use std::time::Duration;

/// How a call of a vendor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// 2xx, or a 404 that answers the question.
    Ok,
    /// Another 4xx.
    Refused,
    /// 429.
    Throttled,
    /// 5xx.
    Failed,
    /// No answer.
    Unreachable,
}

impl Called {
    /// By the status of an answer.
    pub fn of(status: u16) -> Self {
        match status {
            404 => Self::Ok,
            429 => Self::Throttled,
            400..=499 => Self::Refused,
            500.. => Self::Failed,
            _ => Self::Ok,
        }
    }

    /// The word of the metric.
    pub fn text(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::Failed => "failed",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Somebody who counts.
pub trait Meter: Send + Sync {
    /// An event of a surface, and what became of it (`ignored`, `stored`, `repeated`, `unverified`, `failed`).
    fn heard(&self, surface: &str, outcome: &'static str);

    /// A surface acknowledged an event of its platform after so long.
    fn acknowledged(&self, surface: &str, took: Duration);

    /// One call of a vendor was made.
    fn called(&self, vendor: System, how: Called);
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Meter for Silent {
    fn heard(&self, _surface: &str, _outcome: &'static str) {}

    fn acknowledged(&self, _surface: &str, _took: Duration) {}

    fn called(&self, _vendor: System, _how: Called) {}
}
