//! What machines print beside an error: HTTP status, error code, method and address of the call, by their labels.
//!
//! Never takes a number or a word without a label. Begin with [`take`].

use super::fields::Found;
use super::head;
use super::lexicon::Roles;
use super::words::{Word, Words};
use crate::domain::diagnosis::FieldName;
use std::ops::Range;
use std::sync::LazyLock;

/// What stands behind a label.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    /// An HTTP status, printed by a machine.
    MachineStatus,
    /// An HTTP status.
    Status,
    /// An error code, printed by a machine.
    MachineCode,
    /// An error code.
    Code,
    /// Only a machine writes so.
    Machine,
    /// An HTTP method.
    Method,
    /// An address.
    Url,
}

/// Labels, spelled as the vendors and their tools spell them; of two that begin alike the longer one first.
const LABELS: &[(&str, Label)] = &[
    ("httpStatusCode=", Label::MachineStatus),
    ("HTTP status code ", Label::MachineStatus),
    ("unexpected status ", Label::MachineStatus),
    ("HTTP/1.1 ", Label::MachineStatus),
    ("HTTP/2 ", Label::MachineStatus),
    ("Status: Failure", Label::Machine),
    ("Status: ", Label::MachineStatus),
    ("\"status\":", Label::MachineStatus),
    ("StatusCode=", Label::Status),
    ("HTTP ", Label::Status),
    ("Error code: ", Label::MachineCode),
    ("error code ", Label::Code),
    ("error: ", Label::Status),
    ("errorCode=", Label::MachineCode),
    ("ErrorCode: ", Label::MachineCode),
    ("OData error: ", Label::MachineCode),
    ("\"errorCode\":", Label::MachineCode),
    ("\"code\":", Label::MachineCode),
    ("\"state\":\"Error", Label::Machine),
    ("\"state\":\"ActiveWithError", Label::Machine),
    ("\"result\":\"FAILURE", Label::Machine),
    ("\"result\": \"FAILURE", Label::Machine),
    ("ErrorType ", Label::Machine),
    ("FullyQualifiedErrorId", Label::Machine),
    ("+ CategoryInfo", Label::Machine),
    ("ResponseResultCode", Label::Machine),
    ("Err: DSID-", Label::Machine),
    ("Run status on the server", Label::Machine),
    ("Failed on 0", Label::Machine),
    ("Failed on 1", Label::Machine),
    ("PATCH", Label::Method),
    ("POST", Label::Method),
    ("GET", Label::Method),
    ("DELETE", Label::Method),
    ("PUT", Label::Method),
    ("https://", Label::Url),
];

/// Beginnings of words that are codes themselves.
const CODES: &[&str] = &["AADSTS", "E00000"];
/// Bytes of the shorter one.
const SHORTEST: usize = 6;

/// A label as it is looked for.
#[derive(Clone)]
struct Sought {
    text: &'static str,
    /// Bytes before its first word, and of that.
    lead: usize,
    first: usize,
    /// The byte behind its first word.
    next: Option<u8>,
    what: Label,
}

/// Longest first word of a label, in bytes.
const LONGEST_FIRST: usize = 24;

/// The labels as they are looked for.
struct AllSought {
    /// By the length of their first words.
    whole: [Vec<Sought>; LONGEST_FIRST + 1],
    /// Those whose first words may be the end of a longer word.
    ends: Vec<Sought>,
}

static SOUGHT: LazyLock<AllSought> = LazyLock::new(|| {
    let part = |b: u8| b.is_ascii_alphanumeric();
    let sought = |(text, what): &(&'static str, Label)| {
        let lead = text.bytes().take_while(|b| !part(*b)).count();
        let first = text.bytes().skip(lead).take_while(|b| part(*b)).count();
        Sought { text, lead, first, next: text.as_bytes().get(lead + first).copied(), what: *what }
    };
    let all: Vec<Sought> = LABELS.iter().map(sought).collect();
    let of = |length: usize| all.iter().filter(move |label| label.first == length).cloned();
    let ends = ENDS.iter().flat_map(|end| of(*end)).filter(|label| label.lead == 0);
    AllSought { ends: ends.collect(), whole: std::array::from_fn(|length| of(length).collect()) }
});

/// What the words with which the labels begin may be.
pub(super) fn roles() -> Vec<(&'static str, Roles)> {
    let first = |label: &Sought| label.text.get(label.lead..label.lead + label.first);
    SOUGHT.whole.iter().flatten().filter_map(first).map(|word| (word, Roles::CODE)).collect()
}

/// Lengths of the first words of labels that may be the end of a longer word (`ClientError: `, `lastErrorCode=`, `LdapErr: `).
const ENDS: [usize; 5] = ["StatusCode".len(), "errorCode".len(), "Status".len(), "error".len(), "Err".len()];

/// Whether a text stands at a place, without regard to case.
fn stands(text: &str, at: usize, what: &str) -> bool {
    let there = text.as_bytes().get(at..at + what.len());
    there.is_some_and(|there| there.eq_ignore_ascii_case(what.as_bytes()))
}

/// The label that begins with a word, or with the end of one (`ClientError: 404`) when a sign follows.
fn labelled(text: &str, word: &Word) -> Option<(Range<usize>, Label)> {
    let whole = word.roles.any(Roles::CODE);
    let next = text.as_bytes().get(word.end).copied();
    let last = || text.as_bytes().get(word.end.wrapping_sub(1));
    let signed = matches!(next, Some(b':' | b'=')) && matches!(last(), Some(b'r' | b'R' | b'e' | b'E' | b's' | b'S'));
    (whole || signed).then(|| sought(text, word, next, (whole, signed))).flatten()
}

/// The same of a word that may be one: it is that by itself, or by its end and the sign `next` behind it.
fn sought(text: &str, word: &Word, next: Option<u8>, (whole, signed): (bool, bool)) -> Option<(Range<usize>, Label)> {
    // Almost every label is told by the length of its first word and the sign behind that.
    let stands = |label: &Sought| {
        let start = word.end.checked_sub(label.first + label.lead)?;
        let stands = (label.next.is_none() || label.next == next) && stands(text, start, label.text);
        stands.then(|| (start..start + label.text.len(), label.what))
    };
    let sought = &*SOUGHT;
    if whole && let Some(found) = sought.whole.get(word.len()).and_then(|own| own.iter().find_map(stands)) {
        return Some(found);
    }
    sought.ends.iter().filter(|label| signed && word.len() > label.first).find_map(stands)
}

/// HTTP status, error code, method and URL, in one pass over the words; returns whether a machine speaks.
pub(super) fn take(words: &Words<'_>, found: &mut Found<'_>) -> bool {
    let text = found.text;
    let (mut machine, mut done) = (false, 0);
    for word in words.iter() {
        if word.len() >= SHORTEST
            && matches!(word.first, b'A' | b'a' | b'E' | b'e')
            && CODES.iter().any(|code| stands(text, word.start, code))
        {
            put_code(found, word.start);
            continue;
        }
        let Some((at, label)) = labelled(text, word).filter(|(at, _)| at.start >= done) else { continue };
        done = at.end;
        match label {
            Label::MachineStatus | Label::Status => {
                if let Some(number) = number(text, at.end) {
                    machine |= label == Label::MachineStatus;
                    found.put(FieldName::HttpStatus, number);
                }
            }
            Label::MachineCode | Label::Code => {
                machine |= label == Label::MachineCode;
                put_code(found, at.end);
            }
            Label::Machine => machine = true,
            Label::Method => {
                if is_call(text, at.start, at.len()) {
                    found.put(FieldName::Method, at);
                }
            }
            Label::Url => url(found, at.start),
        }
    }
    machine
}

fn put_code(found: &mut Found<'_>, at: usize) {
    if let Some(code) = word(found.text, at).filter(|c| c.len() >= 4) {
        found.put(FieldName::ErrorCode, code);
    }
}

fn is_call(text: &str, at: usize, len: usize) -> bool {
    let head = text.get(..at).unwrap_or_default();
    let tail = text.get(at + len..).unwrap_or_default();
    let labelled = head.ends_with("method=") || head.ends_with("method: ") || head.ends_with("Operation: ");
    labelled || (tail.starts_with(" http") || tail.starts_with(" /") || tail.starts_with(" ..."))
}

/// Three digits that are an HTTP status, after optional spaces and quotation marks.
fn number(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let digits = rest.trim_start_matches([' ', '"']);
    let start = at + rest.len() - digits.len();
    let len = digits.bytes().take_while(u8::is_ascii_digit).count();
    (len == 3 && matches!(digits.as_bytes().first(), Some(b'1'..=b'5'))).then_some(start..start + len)
}

/// Longest code word, in bytes.
const LONGEST_CODE: usize = 200;

/// A code word: letters, digits, `_` and `-`.
fn word(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let body = rest.trim_start_matches([' ', '"', '\'', '`']);
    let start = at + rest.len() - body.len();
    let inside = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let len = body.bytes().take(LONGEST_CODE).take_while(inside).count();
    let end = start + body.get(..len)?.trim_end_matches('-').len();
    (end > start).then_some(start..end)
}

/// Longest address that is taken, in bytes; of a longer one the beginning.
const LONGEST_URL: usize = 2048;

/// The address at `at`, when it is that of a failed call and not of a page.
fn url(found: &mut Found<'_>, at: usize) {
    let rest = head(found.text.get(at..).unwrap_or_default(), LONGEST_URL);
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`' | '|' | '…');
    let end = rest.find(ends).unwrap_or(rest.len());
    let url = rest.get(..end).unwrap_or_default().trim_end_matches([')', '.', ',', ';', ':', ']', '}']);
    let called = found.text.get(..at).is_some_and(|h| h.ends_with("url=") || h.ends_with("Resource: "));
    if called || ["://graph.microsoft.", "/api/v1/", "/scim/"].iter().any(|part| url.contains(part)) {
        found.put(FieldName::Url, at..at + url.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reading::Part;

    fn part(text: &str) -> Part {
        let reading = crate::recognize::read(text);
        crate::recognize::part(&reading, 0..reading.clean.len())
    }

    #[test]
    fn labels_are_read_at_words_and_at_the_end_of_one() {
        assert_eq!(SOUGHT.whole.iter().map(Vec::len).sum::<usize>(), LABELS.len(), "none has a longer first word");
        let get = |text: &str, name: FieldName| part(text).fields.get(&name).cloned().unwrap_or_default();
        let cases = [
            ("OAuthClientError: 404 there", "404", ""),
            ("lastErrorCode=Bad_Thing", "", "Bad_Thing"),
            ("{\"status\": 400, \"code\": \"Bad_Thing\"}", "400", "Bad_Thing"),
            ("HTTP/1.1 409 Conflict", "409", ""),
            ("x AADSTS50126: no", "", "AADSTS50126"),
            ("ERROR CODE: bad_thing, STATUS: 403", "403", "bad_thing"),
        ];
        for (text, status, code) in cases {
            assert_eq!(
                (get(text, FieldName::HttpStatus).as_str(), get(text, FieldName::ErrorCode).as_str()),
                (status, code),
                "{text}"
            );
        }
        for text in [
            "LdapErr: DSID-0C09044E, x",
            "+ CategoryInfo : x",
            "+ FullyQualifiedErrorId : x",
            "x ResponseResultCode: 5",
        ] {
            assert!(part(text).instance.machine, "{text}");
        }
        for text in ["Terror: 404", "an error: 4041", "Status: fine"] {
            assert!(!part(text).instance.machine, "{text}");
        }
        assert_eq!(get("at mon,\u{a0}02 mar 2026 23:20:50 it failed", FieldName::TimestampUtc), "2026-03-02T23:20:50Z");
    }
}
