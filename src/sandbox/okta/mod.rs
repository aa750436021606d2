//! The Okta side: call table, authorisation, error bodies, headers.
//!
//! Never changes Entra directly; what Okta pushes is in `provision`. Begin with [`ROUTES`].
mod app_users;
mod apps;
mod features;
mod hooks;
mod logs;
mod page;
mod people;
pub(crate) mod status;
pub(crate) mod token;

use serde_json::{Value, json};

use super::access::Access;
use super::clock::Ms;
use super::model::World;
use super::wire::faults::How;
use super::wire::{Call, Reply, Route};

/// Calls a minute that the rate-limit headers speak of.
const LIMIT: u32 = 600;

/// Every call of the Okta port.
pub(crate) const ROUTES: &[Route] = &[
    ("GET", "/api/v1/apps", "okta.app.list", apps::list),
    ("GET", "/api/v1/apps/{}", "okta.app.get", apps::get),
    ("GET", "/api/v1/apps/{}/users", "okta.app_user.list", app_users::list),
    ("POST", "/api/v1/apps/{}/users", "okta.app_user.assign", app_users::assign),
    ("GET", "/api/v1/apps/{}/users/{}", "okta.app_user.get", app_users::get),
    ("POST", "/api/v1/apps/{}/users/{}", "okta.app_user.update", app_users::update),
    ("DELETE", "/api/v1/apps/{}/users/{}", "okta.app_user.unassign", app_users::unassign),
    ("GET", "/api/v1/apps/{}/groups", "okta.app_group.list", apps::groups),
    ("GET", "/api/v1/apps/{}/groups/{}", "okta.app_group.get", apps::group),
    ("GET", "/api/v1/apps/{}/features", "okta.features.list", features::list),
    ("GET", "/api/v1/apps/{}/features/{}", "okta.features.get", features::get),
    ("PUT", "/api/v1/apps/{}/features/{}", "okta.features.put", features::put),
    ("GET", "/api/v1/apps/{}/connections/default", "okta.connection.get", apps::connection),
    ("GET", "/api/v1/meta/schemas/apps/{}/default", "okta.schema.get", apps::schema),
    ("GET", "/api/v1/mappings", "okta.mapping.list", apps::mappings),
    ("GET", "/api/v1/mappings/{}", "okta.mapping.get", apps::mapping),
    ("GET", "/api/v1/users", "okta.user.list", people::list),
    ("GET", "/api/v1/users/{}", "okta.user.get", people::get),
    ("GET", "/api/v1/users/{}/groups", "okta.user.groups", people::groups_of),
    ("GET", "/api/v1/users/{}/appLinks", "okta.user.app_links", people::app_links),
    ("GET", "/api/v1/users/{}/roles", "okta.user.roles", people::roles),
    ("GET", "/api/v1/groups", "okta.group.list", people::groups),
    ("GET", "/api/v1/groups/{}", "okta.group.get", people::group),
    ("GET", "/api/v1/groups/{}/users", "okta.group.users", people::members),
    ("GET", "/api/v1/logs", "okta.log.list", logs::list),
    ("GET", status::PATH, status::OP, status::feed),
    ("GET", "/api/v1/eventHooks", "okta.event_hook.list", hooks::list),
    ("POST", "/api/v1/eventHooks", "okta.event_hook.create", hooks::create),
    ("GET", "/api/v1/eventHooks/{}", "okta.event_hook.get", hooks::get),
    ("PUT", "/api/v1/eventHooks/{}", "okta.event_hook.put", hooks::put),
    ("DELETE", "/api/v1/eventHooks/{}", "okta.event_hook.delete", hooks::delete),
    ("POST", "/api/v1/eventHooks/{}/lifecycle/verify", "okta.event_hook.verify", hooks::verify),
];

/// A POST of the app user that carries a scope is a conversion.
pub(crate) fn refine(op: &'static str, call: &Call) -> &'static str {
    if op == "okta.app_user.update" && call.json().is_some_and(|b| b.get("scope").is_some()) {
        return "okta.app_user.convert";
    }
    op
}

/// `Some` = the refusal.
pub(crate) fn authorise(access: &Access, call: &Call) -> Option<Reply> {
    // A status page is there for everybody.
    if call.path == status::PATH {
        return None;
    }
    let token = call.authorization.strip_prefix("SSWS ").unwrap_or_default();
    if token == access.okta_write_token && !token.is_empty() {
        return None;
    }
    if token != access.okta_read_token || token.is_empty() {
        return Some(error(call, 401, "E0000011", "Invalid token provided"));
    }
    (call.method != "GET").then(|| forbidden(call))
}

pub(crate) fn headers(now: Ms, spent: u32, request_id: &str) -> Vec<(&'static str, String)> {
    vec![
        ("x-okta-request-id", request_id.to_owned()),
        ("x-rate-limit-limit", LIMIT.to_string()),
        ("x-rate-limit-remaining", LIMIT.saturating_sub(spent).to_string()),
        ("x-rate-limit-reset", ((now / 60_000 + 1) * 60).to_string()),
    ]
}

pub(crate) fn nowhere(_: &mut World, call: &Call) -> Reply {
    error(call, 404, "E0000022", "The endpoint does not support the provided HTTP method or does not exist")
}

pub(crate) fn other_method(_: &mut World, call: &Call) -> Reply {
    error(call, 405, "E0000022", "The endpoint does not support the provided HTTP method")
}

/// The answer to a call for which a test ordered a refusal.
pub(crate) fn ordered(world: &World, call: &Call, how: How) -> Reply {
    match how {
        How::Throttle => {
            let mut reply = error(call, 429, "E0000047", "API call exceeded rate limit due to too many requests.");
            reply.headers.push(("x-rate-limit-remaining", "0".to_owned()));
            reply.headers.push(("x-rate-limit-reset", (world.now / 1_000 + 2).to_string()));
            reply
        }
        How::E5xx => error(call, 500, "E0000009", "Internal Server Error"),
        _ => forbidden(call),
    }
}

fn forbidden(call: &Call) -> Reply {
    error(call, 403, "E0000006", "You do not have permission to perform the requested action")
}

/// The vendor's error body.
fn error(call: &Call, status: u16, code: &str, summary: &str) -> Reply {
    caused(call, (status, code), summary, &[])
}

fn caused(call: &Call, (status, code): (u16, &str), summary: &str, causes: &[&str]) -> Reply {
    let causes: Vec<Value> = causes.iter().map(|c| json!({"errorSummary": c})).collect();
    let id: String = call.request_id.chars().take(20).collect();
    Reply::error(
        status,
        json!({"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": format!("oae{id}"),
               "errorCauses": causes}),
    )
}

fn not_found(call: &Call, what: &str, id: &str) -> Reply {
    error(call, 404, "E0000007", &format!("Not found: Resource not found: {id} ({what})"))
}

/// Answers 404 when the path names another app than the one there is.
fn wrong_app(world: &World, call: &Call) -> Option<Reply> {
    (call.arg(0) != world.okta.app.id).then(|| not_found(call, "AppInstance", call.arg(0)))
}
