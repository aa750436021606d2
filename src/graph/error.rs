//! Graph's error answers, and those of the token endpoint, mapped once.
//!
//! None of the vendor's message gets into a sentence of ours: it may repeat a UPN. It is only searched for the few phrases
//! that tell families of `Request_BadRequest` apart. An answer without Graph's shape says nothing about the tenant (a proxy
//! may have made it): it is `Unexpected`, whatever its status. Begin with [`refusal`].

use crate::ports::error::{Kind, PortError, System};
use crate::wire::json;
use crate::wire::pause::header;
use crate::wire::send::Reply;
use serde_json::Value;

/// What Graph refused.
pub(super) struct Refused {
    pub(super) code: Option<String>,
    pub(super) request_id: Option<String>,
    /// The vendor's message, for [`judge`] only.
    message: String,
}

/// Reads code and request id out of an answer; `secrets` must not come back through them.
pub(super) fn refused(reply: &Reply, secrets: &[&str]) -> Refused {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    let label = |path: &str| json::label(json::text(&body, path).as_deref(), secrets);
    Refused {
        code: label("/error/code"),
        request_id: request_id(reply, secrets)
            .or_else(|| label("/error/innerError/request-id"))
            .or_else(|| label("/error/innererror/request-id")),
        message: json::text(&body, "/error/message").unwrap_or_default(),
    }
}

/// The vendor's id of the request, from the header.
pub(super) fn request_id(reply: &Reply, secrets: &[&str]) -> Option<String> {
    json::label(header(&reply.headers, "request-id"), secrets)
}

/// Whether Graph itself says that the thing does not exist. A 404 page of a proxy is not that.
pub(super) fn is_absent(reply: &Reply, refused: &Refused) -> bool {
    reply.status == 404 && refused.code.as_deref().is_some_and(means_absent)
}

fn means_absent(code: &str) -> bool {
    ["Request_ResourceNotFound", "ResourceNotFound", "Directory_ObjectNotFound"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(code))
}

/// The error for an answer that is not a success.
pub(super) fn refusal(op: &'static str, reply: &Reply, refused: Refused) -> PortError {
    let (kind, detail) = judge(reply.status, refused.code.as_deref(), &refused.message);
    let Refused { code, request_id, .. } = refused;
    let status = Some(reply.status);
    PortError { system: System::Graph, op, kind, status, code, request_id, detail: detail.to_owned() }
}

fn judge(status: u16, code: Option<&str>, message: &str) -> (Kind, &'static str) {
    let Some(code) = code else {
        return match status {
            300..=399 => (Kind::Unexpected, "the answer is a redirect, which is not followed; check [graph] base_url"),
            _ => (Kind::Unexpected, "the answer is not one that Graph documents; a proxy may have made it"),
        };
    };
    match status {
        401 => (Kind::Denied, "the access token is not accepted"),
        403 => (Kind::Denied, "the app lacks a permission for this, or the object holds a privileged role"),
        404 if means_absent(code) => (Kind::Gone, "there is no such object"),
        409 => (Kind::Conflict, "it clashes with another object of the tenant"),
        400 => bad_request(code, message),
        404..=499 => (Kind::Invalid, "Graph does not accept the request"),
        _ => (Kind::Unexpected, "Graph failed to answer; try again later"),
    }
}

fn bad_request(code: &str, message: &str) -> (Kind, &'static str) {
    let message = message.to_ascii_lowercase();
    if ["Request_MultipleObjectsWithSameKeyValue", "ObjectConflict"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(code))
    {
        (Kind::Conflict, "another object of the tenant holds the same value")
    } else if message.contains("sourceanchor") {
        (Kind::Invalid, "Entra takes no sign-in name in a federated domain for a user without an anchor")
    } else if message.contains("federated domain") {
        (Kind::Federated, "this property of a user in a federated domain cannot be changed in place")
    } else if message.contains("directory sync") {
        (Kind::Synced, "the object is mastered on premises; change it there")
    } else if message.contains("originated within an external service") {
        (Kind::Synced, "the object is mastered by an external service; change it there")
    } else {
        (Kind::Invalid, "Graph finds the request not valid; the request id leads to its reasons")
    }
}

/// The error for a refusal of the token endpoint, whose shape is OAuth's. A 4xx in that shape means that the credential or
/// the tenant is wrong, and sending it again would not help.
pub(super) fn token_refusal(op: &'static str, reply: &Reply, secrets: &[&str]) -> PortError {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    let label = |path: &str| json::label(json::text(&body, path).as_deref(), secrets);
    let oauth = label("/error");
    let number = json::number(&body, "/error_codes/0");
    let (kind, detail) = match (reply.status, oauth.as_deref()) {
        (400..=499, Some(_)) => {
            (Kind::Denied, "the token endpoint does not accept the client id, its secret or the tenant")
        }
        (_, Some(_)) => (Kind::Unexpected, "the token endpoint failed to answer; try again later"),
        (_, None) => {
            (Kind::Unexpected, "the token endpoint's answer is not one that it documents; a proxy may have made it")
        }
    };
    PortError {
        system: System::Graph,
        op,
        kind,
        status: Some(reply.status),
        code: number.map(|n| format!("AADSTS{n}")).or(oauth),
        request_id: request_id(reply, secrets).or_else(|| label("/trace_id")),
        detail: detail.to_owned(),
    }
}

/// The error for a success whose content cannot be used.
pub(super) fn unusable(op: &'static str, detail: impl Into<String>) -> PortError {
    let kind = Kind::Unexpected;
    PortError { system: System::Graph, op, kind, status: None, code: None, request_id: None, detail: detail.into() }
}

/// The error for a question that is not asked because it has no meaning; nothing was sent.
pub(super) fn not_asked(op: &'static str, detail: impl Into<String>) -> PortError {
    PortError { kind: Kind::Invalid, ..unusable(op, detail) }
}
