//! Okta's error answers, mapped once.
//!
//! Branches on `errorCode` and status only: `errorSummary` may change and may hold what a user typed, so none of it gets
//! into a sentence of ours. An answer without Okta's shape says nothing about the org (a proxy may have made it): it is
//! `Unexpected`, whatever its status. Begin with [`refusal`].

use crate::ports::error::{Kind, PortError, System};
use crate::wire::json;
use crate::wire::pause::header;
use crate::wire::send::Reply;
use serde_json::Value;

/// What Okta refused: its code, and the id of the request.
pub(super) struct Refused {
    pub(super) code: Option<String>,
    pub(super) request_id: Option<String>,
}

/// Reads code and request id out of an answer; `secret` is the token, which must not come back through them.
pub(super) fn refused(reply: &Reply, secret: &str) -> Refused {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    let code = json::text(&body, "/errorCode");
    let code = json::label(code.as_deref(), &[secret]).filter(|code| is_code(code));
    let by_header = json::label(header(&reply.headers, "x-okta-request-id"), &[secret]);
    let request_id = by_header.or_else(|| json::label(json::text(&body, "/errorId").as_deref(), &[secret]));
    Refused { code, request_id }
}

/// `E` and seven digits.
fn is_code(code: &str) -> bool {
    code.len() == 8 && code.starts_with('E') && code[1..].bytes().all(|b| b.is_ascii_digit())
}

/// Whether Okta itself says that the thing does not exist: 404 with its code for that. A 404 page of a proxy is not.
pub(super) fn is_absent(reply: &Reply, refused: &Refused) -> bool {
    reply.status == 404 && matches!(refused.code.as_deref(), Some("E0000007" | "E0000048"))
}

/// The error for an answer that is not a success.
pub(super) fn refusal(op: &'static str, reply: &Reply, refused: Refused) -> PortError {
    let (kind, detail) = judge(reply.status, refused.code.as_deref());
    let Refused { code, request_id } = refused;
    let status = Some(reply.status);
    PortError { system: System::Okta, op, kind, status, code, request_id, detail: detail.to_owned() }
}

fn judge(status: u16, code: Option<&str>) -> (Kind, &'static str) {
    let Some(code) = code else {
        return match status {
            300..=399 => (Kind::Unexpected, "the answer is a redirect, which is not followed; check [okta] org_url"),
            _ => (Kind::Unexpected, "the answer is not one that Okta documents; a proxy may have made it"),
        };
    };
    match (status, code) {
        (401, _) => (Kind::Denied, "the API token is not accepted; make a new one or check that it was not revoked"),
        (403, "E0000046") => (Kind::Conflict, "the person is still in a group that is assigned to the app"),
        (403, "E0000075") => (Kind::Mapped, "the attribute belongs to a profile mapping; mend the mapping instead"),
        (403, "E0000038") => (Kind::Invalid, "this is not allowed in the present status of the user"),
        (403, _) => (Kind::Denied, "the admin role of the API token does not allow this"),
        (404, "E0000007" | "E0000048") => {
            (Kind::Gone, "there is no such thing, or the admin role of the API token cannot see it")
        }
        (400, "E0000001") => (Kind::Invalid, "Okta finds the values not valid; the request id leads to its reasons"),
        (409, _) => (Kind::Conflict, "it clashes with something that exists in the org"),
        (400..=499, _) => (Kind::Invalid, "Okta does not accept the request"),
        (503, "E0000010") => (Kind::Unexpected, "the org is in read-only mode; try again later"),
        _ => (Kind::Unexpected, "Okta failed to answer; try again later"),
    }
}

/// The error for a success whose content cannot be used.
pub(super) fn unusable(op: &'static str, detail: impl Into<String>) -> PortError {
    let kind = Kind::Unexpected;
    PortError { system: System::Okta, op, kind, status: None, code: None, request_id: None, detail: detail.into() }
}

/// The error for a question that is not asked because it has no meaning; nothing was sent.
pub(super) fn not_asked(op: &'static str, detail: impl Into<String>) -> PortError {
    PortError { kind: Kind::Invalid, ..unusable(op, detail) }
}
