//! Shapes of values: guid, e-mail, Okta id, source anchor, time stamp. A value counts only if its shape is right.
//!
//! Never looks at labels (that is `fields`). Begin with [`tokens`].

use super::words::{Word, Words};
use std::ops::Range;

/// What a stretch of text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Guid,
    /// A guid typed off a screenshot, with `O` for `0` or `l` for `1`: it tells of an instance, but is no exact value.
    NearGuid,
    Email,
    OktaId,
    Anchor,
    Time,
}

/// A stretch of text with a shape.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) shape: Shape,
    pub(super) at: Range<usize>,
}

/// All values with a known shape, in the order of the text: those that begin with a word or with a part of one (after
/// `_` or `.`), and those that are seen by a sign between words (`@`, `==`).
pub(super) fn tokens(words: &Words<'_>) -> Vec<Token> {
    let bytes = words.text.as_bytes();
    let mut found: Vec<Token> = Vec::new();
    let mut done = 0;
    let mut add = |token: Option<Token>| {
        if let Some(token) = token.filter(|t| t.at.start >= done) {
            done = token.at.end;
            found.push(token);
        }
    };
    for i in 0..words.len() {
        let Some(word) = words.get(i) else { break };
        add(at_word(bytes, &word));
        if word.joined && word.len() > DATE {
            let parts = bytes.get(word.start..word.end).unwrap_or_default();
            for (n, _) in parts.iter().enumerate().filter(|(_, b)| matches!(b, b'_' | b'.')) {
                let start = word.start + n + 1;
                let first = bytes.get(start).copied().unwrap_or_default();
                add(at_word(bytes, &Word { start, first, ..word }));
            }
        }
        let gap = word.end..words.get(i + 1).map_or(bytes.len(), |next| next.start);
        for (n, b) in bytes.get(gap.clone()).unwrap_or_default().iter().enumerate() {
            match b {
                b'@' => add(email(bytes, gap.start + n)),
                b'=' if n == 0 => add(anchor(bytes, gap.start)),
                _ => {}
            }
        }
    }
    found
}

/// Bytes of a date in digits, the shortest beginning of a value.
const DATE: usize = 10;
/// Bytes of the shortest value that begins with a letter and is a word of its own or the beginning of one.
const SHORTEST: usize = 20;

/// The value that begins at the start of a word, or of a part of one. Most words are told by their length.
fn at_word(bytes: &[u8], word: &Word) -> Option<Token> {
    let at = word.start;
    let long = word.len() >= SHORTEST;
    match word.first {
        b'0' if long => guid(bytes, at).or_else(|| okta_id(bytes, at)).or_else(|| numeric_time(bytes, at)),
        b'1'..=b'9' if long => guid(bytes, at).or_else(|| numeric_time(bytes, at)),
        b'0'..=b'9' => numeric_time(bytes, at),
        b'a'..=b'f' | b'A'..=b'F' | b'O' | b'o' | b'l' | b'I' if long => guid(bytes, at),
        b'F' | b'M' | b'S' | b'T' | b'W' if word.len() == 3 => rfc1123(bytes, at),
        _ => None,
    }
}

/// Compares bytes with a template: `d` digit, `h` hexadecimal digit, `n` the same or what looks like one, `a` letter,
/// everything else itself.
fn fits(bytes: &[u8], at: usize, template: &str) -> bool {
    bytes.get(at..at + template.len()).is_some_and(|b| {
        b.iter().zip(template.bytes()).all(|(b, t)| match t {
            b'd' => b.is_ascii_digit(),
            b'h' => b.is_ascii_hexdigit(),
            b'n' => b.is_ascii_hexdigit() || matches!(b, b'O' | b'o' | b'l' | b'I'),
            b'a' => b.is_ascii_alphabetic(),
            _ => *b == t,
        })
    })
}

fn ends_word(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|b| !b.is_ascii_alphanumeric())
}

fn guid(bytes: &[u8], at: usize) -> Option<Token> {
    const LEN: usize = 36;
    if bytes.get(at + 8) != Some(&b'-') || !ends_word(bytes, at + LEN) {
        return None;
    }
    if fits(bytes, at, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh") {
        return Some(Token { shape: Shape::Guid, at: at..at + LEN });
    }
    let near = fits(bytes, at, "nnnnnnnn-nnnn-nnnn-nnnn-nnnnnnnnnnnn");
    near.then_some(Token { shape: Shape::NearGuid, at: at..at + LEN })
}

fn okta_id(bytes: &[u8], at: usize) -> Option<Token> {
    const LEN: usize = 20;
    let id = bytes.get(at..at + LEN)?;
    let prefix = [b"00u", b"0oa", b"0ua", b"00g"].iter().any(|p| id.starts_with(*p));
    (prefix && id.iter().all(u8::is_ascii_alphanumeric) && ends_word(bytes, at + LEN)).then_some(())?;
    Some(Token { shape: Shape::OktaId, at: at..at + LEN })
}

/// 16 bytes in base64, seen at its first `=`.
fn anchor(bytes: &[u8], at: usize) -> Option<Token> {
    const BODY: usize = 22;
    let start = at.checked_sub(BODY)?;
    let base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let whole = bytes.get(at + 1) == Some(&b'=') && bytes.get(at + 2).is_none_or(|b| *b != b'=');
    let alone = start == 0 || !base64(&bytes[start - 1]);
    (whole && alone && bytes[start..at].iter().all(base64)).then_some(())?;
    Some(Token { shape: Shape::Anchor, at: start..at + 2 })
}

fn email(bytes: &[u8], at: usize) -> Option<Token> {
    let local =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'') || *b >= 0x80;
    let mut start = at - bytes[..at].iter().rev().take_while(|b| local(b)).count();
    while start < at && matches!(bytes[start], b'\'' | b'.' | b'-' | b'_' | b'+' | 0x80..) {
        start += 1;
    }
    let domain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let mut end = at + 1 + bytes[at + 1..].iter().take_while(|b| domain(b)).count();
    while end > at + 1 && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let host = &bytes[at + 1..end];
    let top = host.rsplit(|b| *b == b'.').next().unwrap_or_default();
    let shape = start < at && host.contains(&b'.') && top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic);
    shape.then_some(())?;
    Some(Token { shape: Shape::Email, at: start..end })
}

/// `2024-10-06T14:22:31.596Z`, `2025-12-04 13:35:00Z`, `2026/03/07 09:35:43.133-05:00`, `05-13-2024 11:02:38AM UTC`.
fn numeric_time(bytes: &[u8], at: usize) -> Option<Token> {
    let sign = |n: usize| matches!(bytes.get(at + n), Some(b'-' | b'/'));
    if sign(2) && (fits(bytes, at, "dd-dd-dddd dd:dd:dd") || fits(bytes, at, "dd/dd/dddd dd:dd:dd")) {
        let mut end = at + 19;
        for suffix in ["AM", " AM", "PM", " PM"] {
            if bytes[end..].starts_with(suffix.as_bytes()) {
                end += suffix.len();
                break;
            }
        }
        end += [" UTC", " GMT", "Z"].iter().find(|z| bytes[end..].starts_with(z.as_bytes())).map_or(0, |z| z.len());
        return Some(Token { shape: Shape::Time, at: at..end });
    }
    (sign(4) && (fits(bytes, at, "dddd-dd-dd") || fits(bytes, at, "dddd/dd/dd"))).then_some(())?;
    (fits(bytes, at + 10, "Tdd:dd:dd") || fits(bytes, at + 10, " dd:dd:dd")).then_some(())?;
    let mut end = at + 19;
    if bytes.get(end) == Some(&b'.') {
        let digits = bytes[end + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        end += if digits > 0 { digits + 1 } else { 0 };
    }
    if bytes.get(end) == Some(&b'Z') {
        end += 1;
    } else if fits(bytes, end, "+dd:dd") || fits(bytes, end, "-dd:dd") {
        end += 6;
    }
    Some(Token { shape: Shape::Time, at: at..end })
}

/// `Wed, 04 Jun 2025 00:42:44 GMT`
fn rfc1123(bytes: &[u8], at: usize) -> Option<Token> {
    (bytes.get(at + 3) == Some(&b',')).then_some(())?;
    let one = fits(bytes, at, "aaa, d aaa dddd dd:dd:dd");
    (one || fits(bytes, at, "aaa, dd aaa dddd dd:dd:dd")).then_some(())?;
    let mut end = at + if one { 24 } else { 25 };
    for zone in [" GMT", " UTC", " +0000", " Z"] {
        if bytes[end..].starts_with(zone.as_bytes()) {
            end += zone.len();
            break;
        }
    }
    Some(Token { shape: Shape::Time, at: at..end })
}

/// The instant of a time stamp of any of the shapes above in UTC (`2025-06-04T00:42:44Z`); a missing zone is taken for
/// UTC, as both vendors print it. `None` when it is not a real date.
pub(super) fn utc(text: &str) -> Option<String> {
    let (numbers, first_len) = numbers(text);
    let number = |n: usize| numbers.get(n).copied().flatten();
    let (year, month, day, clock) = if first_len == 4 {
        (number(0)?, number(1)?, number(2)?, 3)
    } else if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        (number(1)?, month_of(text)?, number(0)?, 2)
    } else {
        (number(2)?, number(0)?, number(1)?, 3)
    };
    let (mut hour, minute, second) = (number(clock)?, number(clock + 1)?, number(clock + 2)?);
    if first_len != 4 && text.contains("AM") && hour == 12 {
        hour = 0;
    } else if first_len != 4 && text.contains("PM") && hour < 12 {
        hour += 12;
    }
    let zone = text.get(19..).filter(|_| first_len == 4).unwrap_or_default();
    let zone = zone.rfind(['+', '-']).and_then(|i| zone.get(i..)).filter(|z| z.len() == 6);
    let mut stamp = String::with_capacity(25);
    push_digits(&mut stamp, year, 1_000);
    for (before, number) in [('-', month), ('-', day), ('T', hour), (':', minute), (':', second)] {
        stamp.push(before);
        push_digits(&mut stamp, number, 10);
    }
    stamp.push_str(zone.unwrap_or("Z"));
    // In UTC already, and a date that every month has: nothing to convert.
    if zone.is_none() && (1..=12).contains(&month) && (1..=28).contains(&day) && hour < 24 && minute < 60 && second < 60
    {
        return Some(stamp);
    }
    crate::domain::time::At::parse(&stamp).map(crate::domain::time::At::rfc3339)
}

/// The first six numbers of a text, and how many digits the first has.
fn numbers(text: &str) -> ([Option<u32>; 6], usize) {
    let mut found = [None; 6];
    let mut first_len = 0;
    let runs = text.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    for (slot, run) in found.iter_mut().zip(runs.filter(|run| run.first().is_some_and(u8::is_ascii_digit))) {
        first_len = if first_len == 0 { run.len() } else { first_len };
        *slot = run.iter().try_fold(0_u32, |n, b| n.checked_mul(10)?.checked_add(u32::from(b - b'0')));
    }
    (found, first_len)
}

/// Appends a number with leading zeros; `place` is the value of its first digit.
fn push_digits(out: &mut String, number: u32, place: u32) {
    let mut place = place;
    while place > 0 {
        out.push(char::from_digit(number / place % 10, 10).unwrap_or('0'));
        place /= 10;
    }
}

fn month_of(text: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let word = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|w| w.len() == 3).nth(1)?;
    (1_u32..).zip(MONTHS).find(|(_, m)| m.eq_ignore_ascii_case(word)).map(|(n, _)| n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Shape, &str)> {
        tokens(&Words::of(text, crate::domain::reading::Runs::of(text).within(0..text.len())))
            .into_iter()
            .map(|t| (t.shape, &text[t.at]))
            .collect()
    }

    #[test]
    fn values_are_found_by_shape() {
        let text = "u 9dfb369b-ab13-4fae-a276-55daa05f1119, svc_OKTA_sync_0oap01hff3bEHs1n9c4g x 'peter.omalley@a.co.uk'. \
                    3H8aYvx4QgZNqIiY+hAGBw== Wed, 04 Jun 2025 00:42:44 GMT 2023-12-25T13:08:57";
        let shapes: Vec<_> = found(text);
        assert_eq!(shapes[0], (Shape::Guid, "9dfb369b-ab13-4fae-a276-55daa05f1119"));
        assert_eq!(shapes[1], (Shape::OktaId, "0oap01hff3bEHs1n9c4g"));
        assert_eq!(shapes[2], (Shape::Email, "peter.omalley@a.co.uk"));
        assert_eq!(shapes[3], (Shape::Anchor, "3H8aYvx4QgZNqIiY+hAGBw=="));
        assert_eq!(shapes[4], (Shape::Time, "Wed, 04 Jun 2025 00:42:44 GMT"));
        assert_eq!(shapes[5], (Shape::Time, "2023-12-25T13:08:57"));
        assert_eq!(shapes.len(), 6);
        assert!(found("@ a@ @b a@b a@b.1 0oa 2024-10").is_empty());
    }

    #[test]
    fn time_stamps_become_utc() {
        let cases = [
            ("Wed, 04 Jun 2025 00:42:44 GMT", "2025-06-04T00:42:44Z"),
            ("2025-12-04 13:35:00Z", "2025-12-04T13:35:00Z"),
            ("2024-10-06T14:22:31.596Z", "2024-10-06T14:22:31Z"),
            ("2026/03/07 09:35:43.133-05:00", "2026-03-07T14:35:43Z"),
            ("05-13-2024 11:02:38AM UTC", "2024-05-13T11:02:38Z"),
            ("09-23-2024 06:33:02PM UTC", "2024-09-23T18:33:02Z"),
        ];
        for (raw, want) in cases {
            assert_eq!(found(raw), [(Shape::Time, raw)]);
            assert_eq!(utc(raw).as_deref(), Some(want), "{raw}");
        }
        assert_eq!(utc("2024-13-45 99:99:99Z"), None);
    }
}
