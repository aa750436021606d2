//! Times as logs, portals, mails and people write them.
//!
//! Never takes a date without a clock for a time, never guesses a year. Begin with [`read`].

use super::lexicon::Roles;

/// What the words of the lists here may be.
pub(super) fn roles() -> Vec<(&'static str, Roles)> {
    let names = MONTHS.iter().chain(&DAYS).flat_map(|name| [*name, &name[..3]]);
    names.chain(["sept"]).map(|word| (word, Roles::DATE)).collect()
}

/// A time that stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    date: [u32; 3],
    clock: [u32; 3],
    /// Minutes before UTC.
    offset: i32,
    /// Whether the seconds are told.
    pub(super) exact: bool,
    /// Where it ends.
    pub(super) end: usize,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Names of zones and their minutes before UTC.
const ZONES: &[(&str, i32)] = &[
    ("UTC", 0),
    ("GMT", 0),
    ("BST", 60),
    ("CEST", 120),
    ("CET", 60),
    ("EDT", -240),
    ("EST", -300),
    ("CDT", -300),
    ("CST", -360),
    ("MDT", -360),
    ("MST", -420),
    ("PDT", -420),
    ("PST", -480),
];

/// The time that begins at `at`: `2024-10-06T14:22:31.596Z`, `2025-12-04 13:35:00Z`, `2026/03/07 09:35:43.133-05:00`,
/// `05-13-2024 11:02:38AM UTC`, `6/3/2025, 4:48:12 AM`, `03.06.2025 04:48`, `Wed, 04 Jun 2025 00:42:44 GMT`,
/// `Jun 3, 2025 at 4:48 AM`, `Tue Jun 3 04:48:12 UTC 2025`, `03/Jun/2025:04:48:12 +0000`, `20250603T044812Z`.
pub(super) fn read(bytes: &[u8], at: usize) -> Option<Stamp> {
    let mut reader = Reader { bytes, at };
    let mut date = reader.date()?;
    reader.between()?;
    let (clock, exact) = reader.clock()?;
    let offset = reader.zone().unwrap_or(0);
    if date[0] == 0 {
        reader.one(b" ")?;
        date[0] = reader.number(4, 4)?;
    }
    let [_, month, day] = date;
    let real = (1..=12).contains(&month) && (1..=31).contains(&day) && clock[0] < 24 && clock[1] < 60 && clock[2] < 61;
    (real && !reader.peek().is_some_and(|b| b.is_ascii_digit())).then_some(())?;
    Some(Stamp { date, clock, offset, exact, end: reader.at })
}

/// The instant of a time stamp in UTC (`2025-06-04T00:42:44Z`); a missing zone is taken for UTC, as the vendors print
/// it. `None` when it is not a real date.
pub(super) fn utc(text: &str) -> Option<String> {
    let stamp = read(text.as_bytes(), 0)?;
    let [year, month, day] = stamp.date;
    let [hour, minute, second] = stamp.clock;
    let mut out = String::with_capacity(25);
    push_digits(&mut out, year, 1_000);
    for (before, number) in [('-', month), ('-', day), ('T', hour), (':', minute), (':', second)] {
        out.push(before);
        push_digits(&mut out, number, 10);
    }
    // In UTC already, and a date that every month has: nothing to convert.
    if stamp.offset == 0 && day <= 28 && second < 60 {
        out.push('Z');
        return Some(out);
    }
    out.push(if stamp.offset < 0 { '-' } else { '+' });
    let offset = stamp.offset.unsigned_abs();
    push_digits(&mut out, offset / 60, 10);
    out.push(':');
    push_digits(&mut out, offset % 60, 10);
    crate::domain::time::At::parse(&out).map(crate::domain::time::At::rfc3339)
}

/// Appends a number with leading zeros; `place` is the value of its first digit.
fn push_digits(out: &mut String, number: u32, place: u32) {
    let mut place = place;
    while place > 0 {
        out.push(char::from_digit(number / place % 10, 10).unwrap_or('0'));
        place /= 10;
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// One of some bytes, taken.
    fn one(&mut self, of: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|b| of.contains(b))?;
        self.at += 1;
        Some(byte)
    }

    fn spaces(&mut self) {
        while self.one(b" ").is_some() {}
    }

    /// A number of at least and at most so many digits, and no digit after it.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let digits = self.bytes.get(self.at..)?.iter().take(most + 1).take_while(|b| b.is_ascii_digit()).count();
        (least..=most).contains(&digits).then_some(())?;
        let digits = self.bytes.get(self.at..self.at + digits)?;
        self.at += digits.len();
        Some(digits.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0')))
    }

    /// One of some names, whole or its first three letters, with the dot of an abbreviation.
    fn name(&mut self, of: &[&str]) -> Option<u32> {
        let rest = self.bytes.get(self.at..)?;
        let letters = rest.iter().take(10).take_while(|b| b.is_ascii_alphabetic()).count();
        let word = rest.get(..letters).filter(|w| w.len() >= 3)?;
        let &[a, b, c, ..] = word else { return None };
        let begins = [a, b, c].map(|letter| letter.to_ascii_lowercase());
        let fits = |name: &&str| {
            let name = name.as_bytes();
            name.starts_with(&begins) && (word.len() == 3 || name.eq_ignore_ascii_case(word) || word == b"Sept")
        };
        let number = (1..).zip(of).find(|(_, name)| fits(name)).map(|(n, _)| n)?;
        self.at += letters;
        self.one(b".");
        Some(number)
    }

    /// Year, month and day; the year is 0 when it stands behind the clock.
    fn date(&mut self) -> Option<[u32; 3]> {
        if self.peek()?.is_ascii_digit() {
            return self.numeric_date();
        }
        if let Some(month) = self.name(&MONTHS) {
            return self.month_first(month);
        }
        self.name(&DAYS)?;
        self.one(b",");
        self.one(b" ")?;
        self.spaces();
        if self.peek()?.is_ascii_digit() {
            return self.numeric_date();
        }
        let month = self.name(&MONTHS)?;
        self.month_first(month)
    }

    fn month_first(&mut self, month: u32) -> Option<[u32; 3]> {
        self.one(b" ")?;
        self.spaces();
        let day = self.number(1, 2)?;
        self.ordinal();
        let before = self.at;
        self.one(b",");
        let year = self.one(b" ").and_then(|_| self.number(4, 4));
        if year.is_none() {
            self.at = before;
        }
        Some([year.unwrap_or(0), month, day])
    }

    /// `st`, `nd`, `rd`, `th` behind a day.
    fn ordinal(&mut self) {
        let ends = [b"st", b"nd", b"rd", b"th"];
        if self.bytes.get(self.at..self.at + 2).is_some_and(|two| ends.iter().any(|e| *e == two)) {
            self.at += 2;
        }
    }

    fn numeric_date(&mut self) -> Option<[u32; 3]> {
        let start = self.at;
        let first = self.number(1, 8)?;
        match self.at - start {
            8 => {
                (self.peek() == Some(b'T')).then_some(())?;
                Some([first / 10_000, first / 100 % 100, first % 100])
            }
            4 => {
                let sign = self.one(b"-/.")?;
                let month = self.number(1, 2)?;
                self.one(&[sign])?;
                Some([first, month, self.number(1, 2)?])
            }
            1 | 2 => self.day_or_month_first(first),
            _ => None,
        }
    }

    fn day_or_month_first(&mut self, first: u32) -> Option<[u32; 3]> {
        self.ordinal();
        let sign = self.one(b"-/. ")?;
        if sign == b'.' {
            self.one(b" ");
        }
        if !self.peek()?.is_ascii_digit() {
            let month = self.name(&MONTHS)?;
            self.one(b",");
            self.one(&[sign, b' '])?;
            return Some([self.number(4, 4)?, month, first]);
        }
        (sign != b' ').then_some(())?;
        let second = self.number(1, 2)?;
        self.one(&[sign])?;
        let year = self.number(4, 4)?;
        // Only with dots, or where it cannot be a month, the day stands first.
        Some(if sign == b'.' || first > 12 { [year, second, first] } else { [year, first, second] })
    }

    /// What stands between date and clock.
    fn between(&mut self) -> Option<()> {
        if self.one(b"T:").is_some() {
            return Some(());
        }
        self.one(b",");
        self.one(b" ")?;
        self.spaces();
        for word in ["at ", "um ", "- ", "| "] {
            if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
                self.at += word.len();
            }
        }
        Some(())
    }

    /// Hour, minute and second, and whether the second is told.
    fn clock(&mut self) -> Option<([u32; 3], bool)> {
        let start = self.at;
        if let Some(all) = self.number(6, 6) {
            return Some(([all / 10_000, all / 100 % 100, all % 100], true));
        }
        self.at = start;
        let mut hour = self.number(1, 2)?;
        self.one(b":")?;
        let minute = self.number(2, 2)?;
        let before = self.at;
        let second = self.one(b":").and_then(|_| self.number(2, 2));
        match second {
            None => self.at = before,
            Some(_) => self.fraction(),
        }
        let before = self.at;
        self.one(b" ");
        match self.half() {
            Some(afternoon) if (1..=12).contains(&hour) => hour = hour % 12 + if afternoon { 12 } else { 0 },
            Some(_) | None => self.at = before,
        }
        Some(([hour, minute, second.unwrap_or(0)], second.is_some()))
    }

    /// A fraction of a second: after a dot; after a comma only where no list goes on.
    fn fraction(&mut self) {
        let Some(sign) = self.peek().filter(|b| matches!(b, b'.' | b',')) else { return };
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let listed = sign == b',' && (digits != 3 || !matches!(rest.get(3), None | Some(b' ' | b']' | b'\n' | b'\t')));
        if digits > 0 && !listed {
            self.at += 1 + digits;
        }
    }

    /// `AM` or `PM`; true for the afternoon.
    fn half(&mut self) -> Option<bool> {
        let rest = self.bytes.get(self.at..)?;
        let (len, afternoon) = match *rest {
            [a, b'.', m, b'.', ..] if m.eq_ignore_ascii_case(&b'm') => (4, a.to_ascii_lowercase()),
            [a, m, ..] if m.eq_ignore_ascii_case(&b'm') => (2, a.to_ascii_lowercase()),
            _ => return None,
        };
        let whole = !rest.get(len).is_some_and(u8::is_ascii_alphanumeric);
        (whole && matches!(afternoon, b'a' | b'p')).then(|| {
            self.at += len;
            afternoon == b'p'
        })
    }

    fn zone(&mut self) -> Option<i32> {
        let before = self.at;
        let zone = self.zone_here();
        if zone.is_none() {
            self.at = before;
        }
        zone
    }

    fn zone_here(&mut self) -> Option<i32> {
        self.one(b" ");
        if self.one(b"Z").is_some() {
            return (!self.peek().is_some_and(|b| b.is_ascii_alphanumeric())).then_some(0);
        }
        let rest = self.bytes.get(self.at..)?;
        let ends = |len: usize| !rest.get(len).is_some_and(u8::is_ascii_alphanumeric);
        if let Some((name, minutes)) = ZONES.iter().find(|(n, _)| rest.starts_with(n.as_bytes()) && ends(n.len())) {
            self.at += name.len();
            return Some(*minutes);
        }
        let sign = self.one(b"+-")?;
        let hours = self.number(2, 2).or_else(|| {
            // `+0200`
            let four = self.bytes.get(self.at..self.at + 4)?;
            four.iter().all(u8::is_ascii_digit).then_some(())?;
            let hours = u32::from(four[0] - b'0') * 10 + u32::from(four[1] - b'0');
            self.at += 2;
            Some(hours)
        })?;
        self.one(b":");
        let minutes = self.number(2, 2)?;
        let offset = i32::try_from(hours * 60 + minutes).ok().filter(|m| *m < 24 * 60)?;
        Some(if sign == b'-' { -offset } else { offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_forms_become_utc() {
        let cases = [
            ("Wed, 04 Jun 2025 00:42:44 GMT", "2025-06-04T00:42:44Z"),
            ("Wed, 4 Jun 2025 00:42:44 +0200", "2025-06-03T22:42:44Z"),
            ("Friday, 14 February 2025 05:12:40 GMT", "2025-02-14T05:12:40Z"),
            ("2025-12-04 13:35:00Z", "2025-12-04T13:35:00Z"),
            ("2025-12-04 13:35:00 UTC", "2025-12-04T13:35:00Z"),
            ("2025-12-04 13:35:00,123", "2025-12-04T13:35:00Z"),
            ("2024-10-06T14:22:31.596Z", "2024-10-06T14:22:31Z"),
            ("2024-10-06T14:22:31.5961234+00:00", "2024-10-06T14:22:31Z"),
            ("2024-10-06T14:22:31+0530", "2024-10-06T08:52:31Z"),
            ("2026/03/07 09:35:43.133-05:00", "2026-03-07T14:35:43Z"),
            ("05-13-2024 11:02:38AM UTC", "2024-05-13T11:02:38Z"),
            ("09-23-2024 06:33:02PM UTC", "2024-09-23T18:33:02Z"),
            ("6/3/2025, 4:48:12 PM", "2025-06-03T16:48:12Z"),
            ("6/13/2025 12:48:12 AM", "2025-06-13T00:48:12Z"),
            ("13/06/2025 04:48:12", "2025-06-13T04:48:12Z"),
            ("03.06.2025 04:48:12", "2025-06-03T04:48:12Z"),
            ("03.06.2025, 04:48", "2025-06-03T04:48:00Z"),
            ("Jun 3, 2025 at 4:48 AM", "2025-06-03T04:48:00Z"),
            ("June 3, 2025 4:48:12 PM", "2025-06-03T16:48:12Z"),
            ("3 June 2025 04:48:12 CEST", "2025-06-03T02:48:12Z"),
            ("Tue Jun 3 04:48:12 UTC 2025", "2025-06-03T04:48:12Z"),
            ("Tue Jun  3 04:48:12 2025", "2025-06-03T04:48:12Z"),
            ("03/Jun/2025:04:48:12 +0000", "2025-06-03T04:48:12Z"),
            ("20250603T044812Z", "2025-06-03T04:48:12Z"),
        ];
        for (raw, want) in cases {
            assert_eq!(read(raw.as_bytes(), 0).map(|s| s.end), Some(raw.len()), "{raw}");
            assert_eq!(utc(raw).as_deref(), Some(want), "{raw}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        let none =
            ["2024-13-45 99:99:99Z", "2024-10", "2025-06-03", "10:15:00", "Jun 3 10:15:00", "404 12:00:00", "Mon", ""];
        for text in none {
            assert_eq!(read(text.as_bytes(), 0), None, "{text}");
        }
        let ends = |text: &str| read(text.as_bytes(), 0).map(|s| text[..s.end].to_owned());
        assert_eq!(ends("2025-12-04 13:35:00,404,x").as_deref(), Some("2025-12-04 13:35:00"));
        assert_eq!(ends("2025-12-04 13:35:00Z UTC").as_deref(), Some("2025-12-04 13:35:00Z"));
        assert_eq!(ends("2025-12-04 13:35:00 am Montag").as_deref(), Some("2025-12-04 13:35:00"));
    }
}
