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
use super::words::Words;
use super::{codes, names, shapes::tokens, status, table, times};
use crate::domain::diagnosis::{FieldName, Fields};
use crate::domain::reading::{Instance, Part, Reading};
use std::ops::Range;

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
        let Some(value) = self.text.get(at.clone()) else { return };
        let (mut start, mut end) = (at.start, at.end);
        let plain = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        // Most values begin and end with a letter or digit.
        if !plain(value.as_bytes().first()) || !plain(value.as_bytes().last()) {
            let trim = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '*' | '`' | '_' | '~' | '|');
            start += value.len() - value.trim_start_matches(trim).len();
            end = start + value.trim_matches(trim).len();
        }
        // `Org2Org (Subsidiary`: the bracket that closes belongs to it.
        let value = self.text.get(start..end).unwrap_or_default();
        let closes = self.text.as_bytes().get(end) == Some(&b')');
        if closes && value.contains('(') && !value.contains(')') {
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
    instance.machine = codes::take(&words, &mut found);
    instance.task_line = names::task_line(&words, &mut found);
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
    if let Some(utc) = found.range(FieldName::Timestamp).and_then(|at| text.get(at)).and_then(times::utc) {
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
