//! The tenant's own clock, and how the vendors write instants.
//!
//! Never reads the wall clock anywhere but in [`wall_ms`]; never runs backwards.
//! Begin with [`SandboxTime`].
use serde::{Deserialize, Deserializer, de};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// Milliseconds since 1970-01-01 UTC.
pub(crate) type Ms = i64;

const OKTA: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const GRAPH: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const GRAPH_ERROR: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
const AADSTS: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");
const HTTP: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// What the tenant's time does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxTime {
    /// The wall clock, plus whatever the control port advanced.
    Real,
    /// Stands at this instant (milliseconds since 1970-01-01 UTC); only the control port moves it.
    Fixed(i64),
}

/// The running clock: its kind and how far it was advanced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    base: SandboxTime,
    advanced: Ms,
}

impl Clock {
    /// `advanced` is what an earlier run of the same tenant had added.
    pub(crate) fn new(base: SandboxTime, advanced: Ms) -> Self {
        Self { base, advanced }
    }

    pub(crate) fn now(&self) -> Ms {
        match self.base {
            SandboxTime::Real => wall_ms().saturating_add(self.advanced),
            SandboxTime::Fixed(start) => start.saturating_add(self.advanced),
        }
    }

    /// Moves forward only.
    pub(crate) fn advance(&mut self, by: u32) {
        self.advanced = self.advanced.saturating_add(Ms::from(by));
    }

    pub(crate) fn base(&self) -> SandboxTime {
        self.base
    }

    pub(crate) fn advanced(&self) -> Ms {
        self.advanced
    }

    /// Makes a clock that stands where an earlier run stopped.
    pub(crate) fn resume_at(&mut self, now: Ms) {
        if let SandboxTime::Fixed(start) = self.base {
            self.advanced = self.advanced.max(now.saturating_sub(start));
        }
    }
}

fn wall_ms() -> Ms {
    #[expect(clippy::disallowed_methods, reason = "the tenant is a world of its own and owns its clock")]
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).ok().and_then(|d| Ms::try_from(d.as_millis()).ok()).unwrap_or(0)
}

fn written(ms: Ms, format: &[BorrowedFormatItem<'_>]) -> String {
    let at =
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(format).unwrap_or_default()
}

/// `2026-01-02T03:04:05.678Z`
pub(crate) fn okta_time(ms: Ms) -> String {
    written(ms, OKTA)
}

/// `2026-01-02T03:04:05Z`
pub(crate) fn graph_time(ms: Ms) -> String {
    written(ms, GRAPH)
}

/// `2026-01-02T03:04:05`, as in a Graph error.
pub(crate) fn graph_error_time(ms: Ms) -> String {
    written(ms, GRAPH_ERROR)
}

/// `2026-01-02 03:04:05Z`, as in a sign-in error.
pub(crate) fn aadsts_time(ms: Ms) -> String {
    written(ms, AADSTS)
}

/// `Fri, 02 Jan 2026 03:04:05 GMT`
pub(crate) fn http_time(ms: Ms) -> String {
    written(ms, HTTP)
}

/// Reads an RFC 3339 instant; `None` when it is none.
pub(crate) fn parse_time(text: &str) -> Option<Ms> {
    let at = OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
    Ms::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

/// A length of time written as `45s`, `25m`, `3h` or `400d` in a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Ms);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        parse_span(&text)
            .map(Span)
            .ok_or_else(|| de::Error::custom(format!("`{text}` is no length of time; write 500ms, 45s, 25m, 3h or 6d")))
    }
}

fn parse_span(text: &str) -> Option<Ms> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(at);
    let factor: Ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<Ms>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_each_vendor_does() {
        let at = 1_720_150_196_123;
        assert_eq!(okta_time(at), "2024-07-05T03:29:56.123Z");
        assert_eq!(graph_time(at), "2024-07-05T03:29:56Z");
        assert_eq!(http_time(at), "Fri, 05 Jul 2024 03:29:56 GMT");
        assert_eq!(parse_time("2024-07-05T03:29:56.123Z"), Some(at));
        assert_eq!(parse_time("yesterday"), None);
    }

    #[test]
    fn spans_name_their_unit() {
        assert_eq!(parse_span("45s"), Some(45_000));
        assert_eq!(parse_span("6d"), Some(518_400_000));
        assert_eq!(parse_span("45"), None);
        assert_eq!(parse_span("1 fortnight"), None);
    }

    #[test]
    fn a_fixed_clock_only_moves_when_told() {
        let mut clock = Clock::new(SandboxTime::Fixed(1_000), 0);
        assert_eq!(clock.now(), 1_000);
        clock.advance(500);
        assert_eq!(clock.now(), 1_500);
        clock.resume_at(9_000);
        assert_eq!(clock.now(), 9_000);
        clock.resume_at(2_000);
        assert_eq!(clock.now(), 9_000);
    }
}
