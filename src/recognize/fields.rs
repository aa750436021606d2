//! Takes the values out of one part of a message: shape first ([`super::shapes`]), then the label in front of it
//! decides what the value is.
//!
//! Never guesses: a guid without a known label is left alone, an absent field is absent.
//!
//! Begin with [`part`].

use super::shapes::{self, Shape, Token};
use super::{names, shapes::tokens, words::Words};
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
        if self.text.get(at.clone()).is_some_and(|value| !is_service_account(value)) {
            self.put(FieldName::Login, at);
        }
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
        let end = start + value.trim_matches(trim).len();
        if start < end {
            self.at.push((name, start..end));
        }
    }
}

/// Fields and signs of an instance of `reading.clean[range]`.
pub(super) fn part(reading: &Reading<'_>, range: Range<usize>) -> Part {
    let text = reading.clean.get(range.clone()).unwrap_or_default();
    let mut found = Found::new(text);
    let words = Words::of(text);
    let mut instance = Instance::default();
    for token in tokens(text) {
        label(&mut found, &mut instance, &token);
    }
    instance.login |= found.has(FieldName::Login);
    instance.task_line = names::task_line(&words, &mut found);
    names::json(&mut found);
    names::prose(&words, &mut found);
    instance.name = found.has(FieldName::User);
    instance.machine = codes(&mut found);
    let mut fields = Fields::new();
    for (name, at) in &found.at {
        let received = reading.back.range(range.start + at.start..range.start + at.end);
        if let Some(value) = reading.received.get(received) {
            fields.insert(*name, value.to_owned());
        }
    }
    if let Some(utc) = fields.get(&FieldName::Timestamp).and_then(|t| shapes::utc(t)) {
        fields.insert(FieldName::TimestampUtc, utc);
    }
    Part { clean: range, fields, instance }
}

fn label(found: &mut Found<'_>, instance: &mut Instance, token: &Token) {
    let value = found.text.get(token.at.clone()).unwrap_or_default();
    let before = Before::of(found.text, token.at.start);
    match token.shape {
        Shape::Time => {
            instance.time = true;
            found.put(FieldName::Timestamp, token.at.clone());
        }
        Shape::Anchor => found.put(FieldName::ImmutableId, token.at.clone()),
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

/// Addresses that never name the subject of an error.
fn is_service_account(email: &str) -> bool {
    let local = email.split('@').next().unwrap_or_default().to_ascii_lowercase();
    let robots =
        ["noreply", "no-reply", "donotreply", "do-not-reply", "azure-noreply", "system", "postmaster", "mailer-daemon"];
    robots.contains(&local.as_str())
        || local.ends_with("-noreply")
        || local.starts_with("svc_")
        || local.starts_with("svc-")
}

/// Letters and digits before a value, in lower case.
struct Before([u8; 28], char);

impl Before {
    fn of(text: &str, at: usize) -> Self {
        let mut buf = [b' '; 28];
        let head = text.get(..at).unwrap_or_default();
        let mut slot = buf.iter_mut().rev();
        for b in head.bytes().rev().take(60).filter(u8::is_ascii_alphanumeric) {
            match slot.next() {
                Some(s) => *s = b.to_ascii_lowercase(),
                None => break,
            }
        }
        Self(buf, head.chars().next_back().unwrap_or(' '))
    }

    fn ends_with(&self, word: &str) -> bool {
        self.0.ends_with(word.as_bytes())
    }
}

/// What stands before a guid (letters and digits only, longest first) and what it makes of it. `None`: known, but not
/// one of our fields.
const GUID_LABELS: &[(&str, Option<FieldName>)] = &[
    ("clientrequestid", Some(FieldName::ClientRequestId)),
    ("assignedbygroup", None),
    ("groupid", None),
    ("jobid", None),
    ("machineid", None),
    ("serviceprincipals", None),
    ("serviceprincipalid", None),
    ("requestid", Some(FieldName::RequestId)),
    ("traceid", Some(FieldName::TraceId)),
    ("trackingid", Some(FieldName::TraceId)),
    ("correlationid", Some(FieldName::CorrelationId)),
    ("skuid", Some(FieldName::SkuId)),
    ("sku", Some(FieldName::SkuId)),
    ("withaccount", Some(FieldName::TenantId)),
    ("tenantid", Some(FieldName::TenantId)),
    ("tenant", Some(FieldName::TenantId)),
    ("inthedirectory", Some(FieldName::TenantId)),
    ("stswindowsnet", Some(FieldName::TenantId)),
    ("microsoftonlinecom", Some(FieldName::TenantId)),
    ("applicationwithid", Some(FieldName::AppId)),
    ("applicationid", Some(FieldName::AppId)),
    ("application", Some(FieldName::AppId)),
    ("withidentifier", Some(FieldName::AppId)),
    ("clientid", Some(FieldName::AppId)),
    ("appid", Some(FieldName::AppId)),
    ("forapp", Some(FieldName::AppId)),
    ("theapp", Some(FieldName::AppId)),
    ("toaccess", Some(FieldName::AppId)),
    ("serviceplan", Some(FieldName::ConflictingObjectId)),
    ("toapp", Some(FieldName::AppId)),
    ("serviceplans", Some(FieldName::ConflictingObjectId)),
    ("sourceidentityid", Some(FieldName::ExternalId)),
    ("csobjectidentifier", Some(FieldName::ExternalId)),
    ("externalid", Some(FieldName::ExternalId)),
    ("objectid", Some(FieldName::ExternalId)),
    ("userid", Some(FieldName::ExternalId)),
    ("resource", Some(FieldName::ExternalId)),
    ("users", Some(FieldName::ExternalId)),
    ("user", Some(FieldName::ExternalId)),
    ("deleteditems", Some(FieldName::ExternalId)),
    ("directoryobjects", Some(FieldName::ExternalId)),
    ("object", Some(FieldName::ExternalId)),
    ("extid", Some(FieldName::ExternalId)),
    ("eq", Some(FieldName::ExternalId)),
];

fn guid_field(before: &Before, after: &str) -> Option<FieldName> {
    if before.1 == '_' {
        let object = ["user", "group", "contact", "device", "orgcontact", "serviceprincipal"];
        return object.iter().any(|o| before.ends_with(o)).then_some(FieldName::ConflictingObjectId);
    }
    if before.1 == '.' {
        return None;
    }
    let after = after.trim_start_matches(['\'', '"', ' ', '`']);
    if after.starts_with("directory") {
        return Some(FieldName::TenantId);
    }
    if before.ends_with("id") && after.get(..24).is_some_and(|a| a.contains("activityDateTime")) {
        return Some(FieldName::ClientRequestId);
    }
    GUID_LABELS.iter().find(|(word, _)| before.ends_with(word)).and_then(|(_, field)| *field)
}

/// HTTP status, error code, method and URL; returns whether the text shows machine output.
fn codes(found: &mut Found<'_>) -> bool {
    let mut machine = false;
    let text = found.text;
    for label in ["httpStatusCode=", "HTTP status code ", "unexpected status ", "HTTP/1.1 ", "Status: ", "\"status\":"]
    {
        let status = after(text, label).and_then(|at| number(text, at));
        if let Some(at) = status {
            machine = true;
            found.put(FieldName::HttpStatus, at);
        }
    }
    for label in ["(", "HTTP ", "error: ", "Error: ", "StatusCode="] {
        if let Some(at) = after(text, label).and_then(|at| number(text, at)) {
            found.put(FieldName::HttpStatus, at);
        }
    }
    for label in [
        "errorCode=",
        "error code ",
        "Error code: ",
        "ErrorCode: ",
        "OData error: ",
        "\"errorCode\":",
        "\"code\":",
        "AADSTS",
        "E00000",
    ] {
        let Some(mut at) = after(text, label) else { continue };
        machine |= label.ends_with([':', '=']) || label == "OData error: ";
        if matches!(label, "AADSTS" | "E00000") {
            at -= label.len();
        }
        if let Some(code) = word(text, at).filter(|c| c.len() >= 4) {
            found.put(FieldName::ErrorCode, code);
        }
    }
    for method in ["PATCH", "POST", "GET", "DELETE", "PUT"] {
        if let Some(at) = text.find(method).filter(|at| is_call(text, *at, method.len())) {
            found.put(FieldName::Method, at..at + method.len());
        }
    }
    url(found);
    machine
}

fn is_call(text: &str, at: usize, len: usize) -> bool {
    let head = text.get(..at).unwrap_or_default();
    let tail = text.get(at + len..).unwrap_or_default();
    let labelled = head.ends_with("method=") || head.ends_with("method: ") || head.ends_with("Operation: ");
    labelled || (tail.starts_with(" http") || tail.starts_with(" /") || tail.starts_with(" ..."))
}

fn after(text: &str, label: &str) -> Option<usize> {
    text.find(label).map(|at| at + label.len())
}

/// Three digits that are an HTTP status, after optional spaces and quotation marks.
fn number(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let digits = rest.trim_start_matches([' ', '"']);
    let start = at + rest.len() - digits.len();
    let len = digits.bytes().take_while(u8::is_ascii_digit).count();
    (len == 3 && matches!(digits.as_bytes().first(), Some(b'1'..=b'5'))).then_some(start..start + len)
}

/// A code word: letters, digits, `_` and `-`.
fn word(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let body = rest.trim_start_matches([' ', '"', '\'', '`']);
    let start = at + rest.len() - body.len();
    let len = body.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')).count();
    let end = start + body.get(..len)?.trim_end_matches('-').len();
    (end > start).then_some(start..end)
}

fn url(found: &mut Found<'_>) {
    let text = found.text;
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|t| t.find("https://")).map(|i| from + i) {
        let rest = text.get(at..).unwrap_or_default();
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`' | '|' | '…'));
        let len = rest
            .get(..end.unwrap_or(rest.len()))
            .unwrap_or_default()
            .trim_end_matches([')', '.', ',', ';', ':', ']', '}'])
            .len();
        let url = rest.get(..len).unwrap_or_default();
        let called = text.get(..at).is_some_and(|h| h.ends_with("url=") || h.ends_with("Resource: "));
        if called || url.contains("://graph.microsoft.") || url.contains("/api/v1/") || url.contains("/scim/") {
            found.put(FieldName::Url, at..at + len);
        }
        from = at + len.max(1);
    }
}
