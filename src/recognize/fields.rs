//! Takes the values out of one part of a message: shape first ([`super::shapes`]), then the label in front of it
//! decides what the value is.
//!
//! Never guesses: a guid without a known label is left alone, an absent field is absent.
//!
//! Begin with [`part`].

use super::before::Before;
use super::labels::guid_field;
use super::lexicon::Roles;
use super::shapes::{Shape, Token};
use super::words::{Word, Words};
use super::{head, names, shapes::tokens, status, table, times};
use crate::domain::diagnosis::{FieldName, Fields};
use crate::domain::reading::{Instance, Part, Reading};
use std::ops::Range;
use std::sync::LazyLock;

/// Where each field stands in the clean text of the part.
pub(super) struct Found<'a> {
    pub(super) text: &'a str,
    pub(super) at: Vec<(FieldName, Range<usize>)>,
}

impl<'a> Found<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: Vec::with_capacity(16) }
    }

    /// An address, unless it is that of a robot or a service account.
    pub(super) fn put_if_login(&mut self, at: Range<usize>) {
        let asked_for = || {
            let before = Before::of(self.text, at.start);
            ["user", "resource", "upn", "userprincipalname"].iter().any(|label| before.ends_with(label))
        };
        let subject = |value: &str| !is_robot(value) && (!is_service_account(value) || asked_for());
        if self.text.get(at.clone()).is_some_and(subject) {
            self.put(FieldName::Login, at);
        }
    }

    /// Where the value of a name stands.
    pub(super) fn range(&self, name: FieldName) -> Option<Range<usize>> {
        self.at.iter().find(|(n, _)| *n == name).map(|(_, at)| at.clone())
    }

    pub(super) fn has(&self, name: FieldName) -> bool {
        self.at.iter().any(|(n, _)| *n == name)
    }

    /// Keeps the first value of each name; surrounding quotation and markdown signs are not part of a value.
    pub(super) fn put(&mut self, name: FieldName, at: Range<usize>) {
        if self.has(name) {
            return;
        }
        let trim = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '*' | '`' | '_' | '~' | '|');
        let Some(value) = self.text.get(at.clone()) else { return };
        let start = at.start + (value.len() - value.trim_start_matches(trim).len());
        let mut end = start + value.trim_matches(trim).len();
        // `Org2Org (Subsidiary`: the bracket that closes belongs to it.
        let value = self.text.get(start..end).unwrap_or_default();
        if value.contains('(') && !value.contains(')') && self.text.as_bytes().get(end) == Some(&b')') {
            end += 1;
        }
        if start < end {
            self.at.push((name, start..end));
        }
    }

    /// The first time, unless a later one is named a timestamp, as the time of a log line, or when a token was issued, is
    /// not when something failed.
    fn put_time(&mut self, at: Range<usize>) {
        let before = Before::of(self.text, at.start);
        let named = |at: usize| Before::of(self.text, at).ends_with("timestamp");
        if before.ends_with("timestamp") {
            let unnamed = self.at.iter().position(|(n, r)| *n == FieldName::Timestamp && !named(r.start));
            if let Some(earlier) = unnamed {
                self.at.remove(earlier);
            }
        }
        self.put(FieldName::Timestamp, at);
    }
}

/// Fields and signs of an instance of `reading.clean[range]`.
pub(super) fn part(reading: &Reading<'_>, range: Range<usize>) -> Part {
    let text = reading.clean.get(range.clone()).unwrap_or_default();
    let mut found = Found::new(text);
    let words = Words::of(text, reading.runs().within(range.clone()));
    let mut instance = Instance::default();
    let (mut rough, mut of_mail) = (None, None);
    for token in tokens(&words) {
        match token.shape {
            Shape::RoughTime => rough = rough.or(Some(token.at)),
            Shape::Email if is_of_mail(text, token.at.start) => of_mail = of_mail.or(Some(token.at)),
            Shape::Email if is_service_account(text.get(token.at.clone()).unwrap_or_default()) => {
                found.put_if_login(token.at.clone());
                of_mail = of_mail.or(Some(token.at));
            }
            _ => label(&mut found, &mut instance, &token),
        }
    }
    // The only account that is named: a service account is the subject when its own sign-in fails.
    if let Some(at) = of_mail.filter(|at| !found.has(FieldName::Login) && !text.get(at.clone()).is_some_and(is_robot)) {
        found.put(FieldName::Login, at);
    }
    if let Some(at) = rough {
        found.put(FieldName::Timestamp, at);
    }
    instance.login |= found.has(FieldName::Login);
    instance.machine = codes(&words, &mut found);
    if words.roles.any(Roles::TASK) {
        instance.task_line = names::task_line(&words, &mut found);
    }
    if !found.has(FieldName::HttpStatus)
        && let Some(at) = status::find(&words)
    {
        found.put(FieldName::HttpStatus, at);
    }
    if words.roles.any(Roles::JSON) {
        names::json(&mut found);
    }
    if text.contains('\n') {
        table::names(&mut found);
    }
    names::prose(&words, &mut found);
    instance.name = found.has(FieldName::User);
    let mut fields = Fields::new();
    for (name, at) in &found.at {
        let received = reading.back.range(range.start + at.start..range.start + at.end);
        if let Some(value) = reading.received.get(received) {
            fields.insert(*name, value.to_owned());
        }
    }
    if let Some(utc) = fields.get(&FieldName::Timestamp).and_then(|t| times::utc(t)) {
        fields.insert(FieldName::TimestampUtc, utc);
    }
    Part { clean: range, printed: printed(&found, instance), fields, instance }
}

/// The stretch from the first to the last value of a task line with the vendor's answer in it.
fn printed(found: &Found<'_>, instance: Instance) -> Option<Range<usize>> {
    let whole = instance.task_line && instance.machine && instance.call_id && found.at.len() >= 6;
    let start = found.at.iter().map(|(_, at)| at.start).min().filter(|_| whole)?;
    let end = found.at.iter().map(|(_, at)| at.end).max()?;
    Some(start..end)
}

fn label(found: &mut Found<'_>, instance: &mut Instance, token: &Token) {
    let value = found.text.get(token.at.clone()).unwrap_or_default();
    match token.shape {
        Shape::RoughTime => {}
        Shape::Time => {
            instance.time = true;
            found.put_time(token.at.clone());
        }
        Shape::NearGuid => instance.id = true,
        Shape::Anchor => {
            instance.id = true;
            found.put(FieldName::ImmutableId, token.at.clone());
        }
        Shape::OktaId => {
            instance.id = true;
            match value.get(..3) {
                Some("00u") => found.put(FieldName::OktaUserId, token.at.clone()),
                Some("0oa") => found.put(FieldName::OktaAppId, token.at.clone()),
                _ => {}
            }
        }
        Shape::Email => {
            found.put_if_login(token.at.clone());
        }
        Shape::Guid => {
            let before = Before::of(found.text, token.at.start);
            let after = found.text.get(token.at.end..).unwrap_or_default();
            match guid_field(&before, after) {
                Some(name) => {
                    use FieldName::{ClientRequestId, CorrelationId, RequestId, TraceId};
                    instance.call_id |= matches!(name, ClientRequestId | CorrelationId | RequestId | TraceId);
                    instance.id = true;
                    found.put(name, token.at.clone());
                }
                None => instance.id |= !before.ends_with("id"),
            }
        }
    }
}

/// Heads of mails: an address after one is that of who wrote or was written to, and the subject's only if no other is there.
const MAIL_HEADS: &[&str] = &[
    "From:",
    "To:",
    "Cc:",
    "CC:",
    "Bcc:",
    "Reply-To:",
    "Sender:",
    "Von:",
    "An:",
    "De:",
    "À:",
    "Para:",
    "Sent by",
    "Reported by",
    "Opened by",
];

/// Longest line before an address that is looked at, in bytes.
const LONGEST_HEAD: usize = 80;

fn is_of_mail(text: &str, at: usize) -> bool {
    let from = text.ceil_char_boundary(at.saturating_sub(LONGEST_HEAD));
    let head = text.get(from..at).unwrap_or_default();
    let line = head.rfind('\n').map_or(head, |i| head.get(i + 1..).unwrap_or_default());
    let line = line.trim_start_matches(['>', ' ', '*', '|']);
    let word = head.trim_end_matches([' ', '<', '"']).rsplit([' ', '\n']).next().unwrap_or_default();
    MAIL_HEADS.iter().any(|h| line.starts_with(h))
        || ["from", "by", "cc", "von"].iter().any(|w| word.eq_ignore_ascii_case(w))
}

/// Addresses that never name the subject of an error.
fn is_robot(email: &str) -> bool {
    let local = email.split('@').next().unwrap_or_default();
    let robots =
        ["noreply", "no-reply", "donotreply", "do-not-reply", "azure-noreply", "system", "postmaster", "mailer-daemon"];
    let last = local.len().checked_sub("-noreply".len()).and_then(|at| local.get(at..)).unwrap_or_default();
    robots.iter().any(|robot| local.eq_ignore_ascii_case(robot)) || last.eq_ignore_ascii_case("-noreply")
}

/// Addresses of accounts that programs use: the subject only where they are named as such.
fn is_service_account(email: &str) -> bool {
    let prefix = email.get(..4).unwrap_or_default();
    ["svc_", "svc-"].iter().any(|p| prefix.eq_ignore_ascii_case(p))
}

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

/// The labels by the length of their first words.
static SOUGHT: LazyLock<[Vec<Sought>; LONGEST_FIRST + 1]> = LazyLock::new(|| {
    let part = |b: u8| b.is_ascii_alphanumeric();
    let sought = |(text, what): &(&'static str, Label)| {
        let lead = text.bytes().take_while(|b| !part(*b)).count();
        let first = text.bytes().skip(lead).take_while(|b| part(*b)).count();
        Sought { text, lead, first, next: text.as_bytes().get(lead + first).copied(), what: *what }
    };
    let all: Vec<Sought> = LABELS.iter().map(sought).collect();
    std::array::from_fn(|len| all.iter().filter(|label| label.first == len).cloned().collect())
});

/// What the words with which the labels begin may be.
pub(super) fn roles() -> Vec<(&'static str, Roles)> {
    let first = |label: &Sought| label.text.get(label.lead..label.lead + label.first);
    SOUGHT.iter().flatten().filter_map(first).map(|word| (word, Roles::CODE)).collect()
}

/// Lengths of the first words of labels that may be the end of a longer word (`ClientError: `, `lastErrorCode=`).
const ENDS: [usize; 4] = ["StatusCode".len(), "errorCode".len(), "Status".len(), "error".len()];

/// Whether a text stands at a place, without regard to case.
fn stands(text: &str, at: usize, what: &str) -> bool {
    let there = text.as_bytes().get(at..at + what.len());
    there.is_some_and(|there| there.eq_ignore_ascii_case(what.as_bytes()))
}

/// The label that begins with a word, or with the end of one (`ClientError: 404`) when a sign follows.
fn labelled(text: &str, word: &Word) -> Option<(Range<usize>, Label)> {
    let whole = word.roles.any(Roles::CODE);
    let next = text.as_bytes().get(word.end).copied();
    let last = text.as_bytes().get(word.end.wrapping_sub(1));
    let signed = matches!(next, Some(b':' | b'=')) && matches!(last, Some(b'r' | b'R' | b'e' | b'E' | b's' | b'S'));
    if !whole && !signed {
        return None;
    }
    // Almost every label is told by the length of its first word and the sign behind that.
    let stands = |label: &Sought| {
        let start = word.end.checked_sub(label.first + label.lead)?;
        let stands = (label.next.is_none() || label.next == next) && stands(text, start, label.text);
        stands.then(|| (start..start + label.text.len(), label.what))
    };
    let own = SOUGHT.get(word.len()).filter(|_| whole).into_iter().flatten();
    let ends = ENDS.iter().filter(|end| signed && word.len() > **end).filter_map(|end| SOUGHT.get(*end));
    own.chain(ends.flatten().filter(|label| label.lead == 0)).find_map(stands)
}

/// HTTP status, error code, method and URL, in one pass over the words; returns whether a machine speaks.
fn codes(words: &Words<'_>, found: &mut Found<'_>) -> bool {
    let text = found.text;
    let (mut machine, mut done) = (false, 0);
    for word in words.iter() {
        if matches!(word.first, b'A' | b'a' | b'E' | b'e') && CODES.iter().any(|code| stands(text, word.start, code)) {
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

    fn read(text: &str) -> Part {
        let reading = crate::recognize::read(text);
        part(&reading, 0..reading.clean.len())
    }

    #[test]
    fn the_fields_of_a_task_line_are_read() {
        let part = read(
            "Could not push profile for Office 365 user a.b@c.de, received error: Received response with error code Bad_Thing. \
             httpStatusCode=404 errorCode=Bad_Thing errorMessage=\"Resource '0d6f3a52-7c1e-4b8a-9f60-2f6c1f0f7e11' x\" \
             client-request-id= request-id=b1c2d3e4-1111-4222-8333-444455556666 timestamp=Tue, 03 Mar 2026 08:15:30 GMT \
             method=PATCH url=https://graph.microsoft.com/v1.0/users/0d6f3a52-7c1e-4b8a-9f60-2f6c1f0f7e11.",
        );
        let get = |name: FieldName| part.fields.get(&name).map_or("", String::as_str);
        assert_eq!(get(FieldName::Login), "a.b@c.de");
        assert_eq!(get(FieldName::HttpStatus), "404");
        assert_eq!(get(FieldName::ErrorCode), "Bad_Thing");
        assert_eq!(get(FieldName::Method), "PATCH");
        assert_eq!(get(FieldName::ExternalId), "0d6f3a52-7c1e-4b8a-9f60-2f6c1f0f7e11");
        assert_eq!(get(FieldName::RequestId), "b1c2d3e4-1111-4222-8333-444455556666");
        assert_eq!(get(FieldName::ClientRequestId), "");
        assert_eq!(get(FieldName::TimestampUtc), "2026-03-03T08:15:30Z");
        assert_eq!(get(FieldName::Url), "https://graph.microsoft.com/v1.0/users/0d6f3a52-7c1e-4b8a-9f60-2f6c1f0f7e11");
        assert!(part.instance.task_line && part.instance.machine && part.instance.call_id);
    }

    #[test]
    fn a_value_without_a_label_is_left_alone() {
        let part = read("0d6f3a52-7c1e-4b8a-9f60-2f6c1f0f7e11 noreply@a.de see https://docs.example.com/x POSTER 404");
        assert!(part.fields.is_empty(), "{:?}", part.fields);
    }
}
