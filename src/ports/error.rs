//! The one error that a remote system gives. Vendor JSON is mapped to it in the client and nowhere else; the kind decides
//! what the caller does next.

use crate::domain::effect::RefusalKind;
use std::fmt;

/// The systems that we call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// The Okta org.
    Okta,
    /// Microsoft Graph or its token endpoint.
    Graph,
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Okta => "Okta",
            Self::Graph => "Microsoft Graph",
        })
    }
}

/// What the failure means for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Refused for its rate; safe to send again after so many milliseconds.
    Throttled {
        /// Milliseconds to wait, by the server's own word where it gave one.
        after_ms: i64,
    },
    /// The credential lacks a permission (403), or is not accepted at all (401).
    Denied,
    /// The thing addressed does not exist (404).
    Gone,
    /// It clashes with something that exists.
    Conflict,
    /// The request is not acceptable to the vendor.
    Invalid,
    /// This property of a user in a federated domain cannot be changed in place.
    Federated,
    /// The object is mastered on premises or by an external service.
    Synced,
    /// A profile mapping owns the attribute.
    Mapped,
    /// No answer: refused connection, time-out, dropped. A write may have been applied.
    Unreachable,
    /// A 5xx, or an answer that is not what the vendor documents. A write may have been applied.
    Unexpected,
}

/// A failed call.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{system} did not {op}: {detail}{}", self.suffix())]
pub struct PortError {
    /// Which system.
    pub system: System,
    /// What was attempted, in our words and in the form "did not …" (`read the app user`).
    pub op: &'static str,
    /// What it means.
    pub kind: Kind,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The vendor's error code (`E0000007`, `Request_ResourceNotFound`).
    pub code: Option<String>,
    /// The vendor's id of the request, for a support ticket.
    pub request_id: Option<String>,
    /// One sentence for an administrator. Never a URL, a token or a body.
    pub detail: String,
}

impl PortError {
    fn suffix(&self) -> String {
        match (self.status, &self.request_id) {
            (Some(status), Some(id)) => format!(" (HTTP {status}, request {id})"),
            (Some(status), None) => format!(" (HTTP {status})"),
            (None, Some(id)) => format!(" (request {id})"),
            (None, None) => String::new(),
        }
    }

    /// Whether a write that failed so may nevertheless have been applied.
    pub fn may_have_landed(&self) -> bool {
        match self.kind {
            Kind::Unreachable | Kind::Unexpected => true,
            Kind::Throttled { .. }
            | Kind::Denied
            | Kind::Gone
            | Kind::Conflict
            | Kind::Invalid
            | Kind::Federated
            | Kind::Synced
            | Kind::Mapped => false,
        }
    }

    /// How a write was refused, where the difference decides what comes next. A 401 is no refusal of this write: the
    /// credential was not accepted at all.
    pub fn refusal(&self) -> Option<RefusalKind> {
        match self.kind {
            Kind::Federated => Some(RefusalKind::FederatedDomain),
            Kind::Denied if self.status == Some(403) => Some(RefusalKind::Forbidden),
            Kind::Conflict => Some(RefusalKind::NotUnique),
            Kind::Synced => Some(RefusalKind::Synced),
            Kind::Mapped => Some(RefusalKind::Mapped),
            Kind::Denied
            | Kind::Throttled { .. }
            | Kind::Gone
            | Kind::Invalid
            | Kind::Unreachable
            | Kind::Unexpected => None,
        }
    }
}
