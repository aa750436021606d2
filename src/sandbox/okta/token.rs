//! The users behind the two API tokens, and their admin roles.
//!
//! They are no people of the tenant: they stand in no list and no group. Begin with [`answer`].
use serde_json::{Value, json};

use super::people;
use crate::sandbox::access::Access;
use crate::sandbox::core::Rights;
use crate::sandbox::wire::{Call, Reply};

const READER: &str = "00u8botreadK2mVx7Qz1d7";
const WRITER: &str = "00u8botwritT5nWy9Rb1d7";

/// The answer to a call about the users behind the tokens; `None` for every other call. The call was authorised before.
pub(crate) fn answer(rights: &Rights, access: &Access, op: &str, call: &Call) -> Option<Reply> {
    let by_writer = call.authorization.strip_prefix("SSWS ") == Some(access.okta_write_token.as_str());
    match (op, call.arg(0)) {
        ("okta.user.get", "me") => Some(Reply::ok(user(if by_writer { WRITER } else { READER }))),
        ("okta.user.get", id @ (READER | WRITER)) => Some(Reply::ok(user(id))),
        ("okta.user.roles", READER) => Some(roles(&rights.okta_read)),
        ("okta.user.roles", WRITER) => Some(roles(&rights.okta_write)),
        _ => None,
    }
}

fn user(id: &str) -> Value {
    let login = if id == READER { "reanchor-read@northbridge.example" } else { "reanchor-write@northbridge.example" };
    json!({"id": id, "status": "ACTIVE",
           "profile": {"login": login, "email": login, "firstName": "Reanchor", "lastName": "Service"}})
}

/// A name in capital letters is a standard role, any other the label of a custom one.
fn roles(held: &[String]) -> Reply {
    let role = |(at, name): (usize, &String)| {
        let standard = name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        let (kind, label) = if standard { (name.as_str(), people::label(name)) } else { ("CUSTOM", name.clone()) };
        json!({"id": format!("ra1bot{at}"), "type": kind, "label": label, "status": "ACTIVE", "assignmentType": "USER"})
    };
    Reply::ok(held.iter().enumerate().map(role).collect())
}
