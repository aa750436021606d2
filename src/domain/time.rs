//! Instants as values. Nothing pure asks what time it is: it is told.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// An instant in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct At(pub i64);

/// One second in milliseconds.
pub const SECOND: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// One day in milliseconds.
pub const DAY: i64 = 24 * HOUR;

impl At {
    /// This instant moved by `ms` milliseconds (negative moves back); saturates.
    #[must_use]
    pub fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative when it is later.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads an RFC 3339 time stamp, as both vendors send them.
    pub fn parse(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok().map(Self)
    }

    /// `2026-11-22 07:43:05 UTC`, or the number where it is outside the calendar.
    pub fn text(self) -> String {
        match OffsetDateTime::from_unix_timestamp(self.0.div_euclid(1_000)) {
            Ok(t) => format!(
                "{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC",
                t.year(),
                u8::from(t.month()),
                t.day(),
                t.hour(),
                t.minute(),
                t.second()
            ),
            Err(_) => format!("{} ms", self.0),
        }
    }

    /// `2026-11-22T07:43:05Z`, for vendors and programs.
    pub fn rfc3339(self) -> String {
        OffsetDateTime::from_unix_timestamp(self.0.div_euclid(1_000))
            .ok()
            .and_then(|t| t.format(&Rfc3339).ok())
            .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
    }
}

/// A length of time for people: `45 s`, `3 min`, `2 h`, `5 d`.
pub fn span(ms: i64) -> String {
    let ms = ms.abs();
    if ms < 2 * MINUTE {
        format!("{} s", ms / SECOND)
    } else if ms < 2 * HOUR {
        format!("{} min", ms / MINUTE)
    } else if ms < 2 * DAY {
        format!("{} h", ms / HOUR)
    } else {
        format!("{} d", ms / DAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_stamp_survives_the_round_trip_to_the_second() {
        let at = At::parse("2026-11-22T07:43:05.250Z").unwrap();
        assert_eq!(at.text(), "2026-11-22 07:43:05 UTC");
        assert_eq!(at.rfc3339(), "2026-11-22T07:43:05Z");
        assert_eq!(at.plus(-5 * SECOND).since(at), -5_000);
        assert!(At::parse("yesterday").is_none());
    }
}
