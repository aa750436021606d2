//! Splits a message into the parts that tell of one error each.
//!
//! Never judges: it is told where the rules found something and only decides where one error ends and the next begins.
//!
//! Begin with [`parts`].

use crate::domain::reading::Reading;
use regex::bytes::{Regex, RegexBuilder};
use std::ops::Range;
use std::sync::LazyLock;

#[expect(clippy::expect_used, reason = "a constant expression, compiled by a test")]
static HEADS: LazyLock<Regex> = LazyLock::new(|| {
    RegexBuilder::new(
        r#"\bautomatic\s+(?:user\s+)?(?:provisioning|profile\s+push|profile\s+update|deactivation|reactivation|deprovisioning|import|password\s+(?:push|sync|update)|activation|update|sync)\s+of\b|\btask:\s+app\b|\bfailed\s+on\s+\d\d-\d\d-\d{4}|"eventType"|"activityDateTime"|"error_description"|"errorSummary"|\bError:\s+(?:updating|creating|retrieving|deleting)\b"#,
    )
    .case_insensitive(true)
    .unicode(false)
    .build()
    .expect("constant regular expression")
});

/// How far before a JSON key the object around it may begin, in bytes.
const OBJECT: usize = 4096;

/// Longest head, in bytes, with the white space inside it.
const LONGEST_HEAD: usize = 256;

/// The parts of the clean text, in order and without overlap, each holding at least one of `hits` (ranges of the clean
/// text, sorted). Text between two parts belongs to the earlier one, text before the first to the first.
pub fn parts(reading: &Reading<'_>, hits: &[Range<usize>]) -> Vec<Range<usize>> {
    let clean = &*reading.clean;
    let whole = 0..clean.len();
    if !parted(reading, hits) {
        return [whole].into();
    }
    let mut starts: Vec<usize> = HEADS.find_iter(clean.as_bytes()).map(|m| begin(clean, m.start())).collect();
    starts.sort_unstable();
    starts.dedup();
    let mut parts: Vec<Range<usize>> = Vec::new();
    for (i, start) in starts.iter().enumerate() {
        let end = starts.get(i + 1).copied().unwrap_or(clean.len());
        let holds = any_in(hits, *start..end);
        match parts.last_mut() {
            Some(last) if !holds => last.end = end,
            Some(_) => parts.push(*start..end),
            // Hits before the first head are a part of their own only when the first head has one too.
            None if holds || i + 1 == starts.len() => parts.push(*start..end),
            None => {}
        }
    }
    match parts.first_mut() {
        None => parts.push(whole),
        Some(first) => first.start = 0,
    }
    parts
}

/// Whether a head may stand between two hits: without one there is a single part. Almost always only a small stretch, or
/// nothing, must be searched for that.
fn parted(reading: &Reading<'_>, hits: &[Range<usize>]) -> bool {
    let clean = &*reading.clean;
    let (Some(first), Some(last)) = (hits.first().map(|h| h.start), hits.last().map(|h| h.start)) else { return false };
    if first == last {
        return false;
    }
    // The object of a head that stands behind the last hit may begin before it.
    let object = clean.get(first..=last).is_none_or(|between| between.contains('{'));
    let bytes = clean.as_bytes();
    let until = if object { last.saturating_add(OBJECT) } else { last };
    let end = until.saturating_add(LONGEST_HEAD).min(bytes.len());
    // The quotation mark of a key is no letter.
    let mut words = reading.runs().within(first..until.saturating_add(2).min(bytes.len()));
    if !words.any(|word| may_begin(bytes.get(first + word.start..).unwrap_or_default())) {
        return false;
    }
    let found = HEADS.find_at(bytes.get(..end).unwrap_or(bytes), first);
    found.is_some_and(|head| head.start() <= until)
}

/// Whether a head may begin with the first word of a text. Almost every word is told by its first letters, so that hardly
/// a text is searched for heads.
fn may_begin(text: &[u8]) -> bool {
    let begins = |with: &str| text.get(..with.len()).is_some_and(|first| first.eq_ignore_ascii_case(with.as_bytes()));
    // Whether behind a word and white space one of some letters stand.
    let goes_on = |word: &str, with: &[&str]| {
        let rest = text.get(word.len()..).unwrap_or_default();
        let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace() || **b == b'\x0b').count();
        let letters = rest.get(blanks..).unwrap_or_default();
        with.iter().any(|w| letters.get(..w.len()).is_some_and(|l| l.eq_ignore_ascii_case(w.as_bytes())))
    };
    match text.first().map_or(0, u8::to_ascii_lowercase) {
        b'a' => begins("automatic") || begins("activityDateTime"),
        b't' => begins("task:"),
        b'f' => begins("failed") && goes_on("failed", &["on"]),
        b'e' if begins("error:") => goes_on("error:", &["updating", "creating", "retrieving", "deleting"]),
        b'e' => begins("eventType") || begins("error_description") || begins("errorSummary"),
        _ => false,
    }
}

/// Whether one of the sorted hits begins in the range.
fn any_in(hits: &[Range<usize>], range: Range<usize>) -> bool {
    let first = hits.partition_point(|h| h.start < range.start);
    hits.get(first).is_some_and(|h| h.start < range.end)
}

/// Where the error of a head begins: for a JSON key the object around it.
fn begin(clean: &str, at: usize) -> usize {
    let bytes = clean.as_bytes();
    if bytes.get(at) != Some(&b'"') {
        return at;
    }
    let mut depth = 0_usize;
    for (i, b) in bytes.iter().enumerate().take(at).skip(at.saturating_sub(OBJECT)).rev() {
        match b {
            b'}' => depth += 1,
            b'{' if depth == 0 => return i,
            b'{' => depth -= 1,
            _ => {}
        }
    }
    at
}

/// Lines of a part that hold a hit each, or nothing when fewer than two do. A line that holds none belongs to the one
/// before it.
pub fn lines(clean: &str, part: &Range<usize>, hits: &[Range<usize>]) -> Vec<Range<usize>> {
    let text = clean.get(part.clone()).unwrap_or_default();
    // The lines of a JSON object tell of one error; several objects were parted before.
    if text.trim_start_matches(|c: char| c.is_whitespace() || c == '`').starts_with(['{', '[']) {
        return Vec::new();
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut at = part.start;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        let holds = any_in(hits, range.clone());
        match found.last_mut() {
            Some(last) if !holds => last.end = range.end,
            Some(_) => found.push(range),
            None if holds => found.push(part.start..range.end),
            None => {}
        }
    }
    if found.len() < 2 { Vec::new() } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_line_is_a_part() {
        let text = "2 failed:\nAutomatic provisioning of user A B to app Box failed: x\nAutomatic provisioning of user C D to app Box failed: x";
        let hits: Vec<_> = text.match_indices("failed: x").map(|(i, s)| i..i + s.len()).collect();
        let parts = parts(&crate::recognize::read(text), &hits);
        assert_eq!(parts.len(), 2);
        assert!(text[parts[0].clone()].contains("A B") && text[parts[1].clone()].contains("C D"));
    }

    #[test]
    fn without_heads_there_is_one_part() {
        let parts = parts(&crate::recognize::read("a b"), &[0..1, 2..3]);
        assert_eq!((parts.len(), parts[0].clone()), (1, 0..3));
    }

    #[test]
    fn every_head_is_found_by_its_first_letters() {
        let heads = [
            "AUTOMATIC\n user  profile push of",
            "automatic deactivation of",
            "task:  app",
            "Failed\x0bon 01-02-2026",
            "\"eventType\"",
            "\"activityDateTime\"",
            "\"error_description\"",
            "\"errorSummary\"",
            "error: updating",
            "Error:\tcreating",
            "Error: retrieving",
            "error:  deleting",
        ];
        for head in heads {
            let text = format!("x, {head} y");
            let at = HEADS.find(text.as_bytes()).map(|found| found.start());
            assert_eq!(at, Some(3), "{head}");
            assert!(parted(&crate::recognize::read(&text), &[0..1, text.len() - 1..text.len()]), "{head}");
        }
        for (text, may) in [("failed to", false), ("error: could", false), ("an error", false), ("failed once", true)] {
            assert_eq!(may_begin(text.as_bytes()), may, "{text}");
        }
    }
}
