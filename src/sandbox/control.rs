//! The control port `/_sandbox`: the demo's and the tests' handle on the tenant.
//!
//! Never answers without the control token, to another host name, or to a page of another origin.
//! Begin with [`handle`].
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::core::{Core, Shared};
use super::scenario::Scenario;
use super::wire::faults::{Fault, How};
use super::{graph, okta, provision};

const BODY_MAX: usize = 64 * 1024;

/// What the control port answers.
pub(crate) enum Answer {
    Json(u16, Value),
    Text(String),
}

/// Answers one control request.
pub(crate) async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let answer = match judge(&shared, &request) {
        Some(refused) => refused,
        None => serve(&shared, request).await,
    };
    answer.into_response()
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (status, kind, body) = match self {
            Self::Json(status, value) => (status, "application/json", value.to_string()),
            Self::Text(text) => (200, "text/plain; charset=utf-8", text),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

fn refuse(status: u16, text: &str) -> Answer {
    Answer::Json(status, json!({"error": text}))
}

pub(crate) fn loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |p| p.0);
    matches!(name, "127.0.0.1" | "localhost")
}

fn judge(shared: &Shared, request: &Request) -> Option<Answer> {
    let header = |name| request.headers().get(name).and_then(|v| v.to_str().ok());
    if !header(HOST).is_some_and(loopback) {
        return Some(refuse(403, "Host must be 127.0.0.1 or localhost"));
    }
    if request.headers().contains_key(ORIGIN)
        && !header(ORIGIN).and_then(|o| o.strip_prefix("http://")).is_some_and(loopback)
    {
        return Some(refuse(403, "Origin must be a loopback page"));
    }
    let token = header(AUTHORIZATION).and_then(|a| a.strip_prefix("Bearer "));
    (token != Some(shared.access.control_token.as_str())).then(|| refuse(401, "the control token is missing or wrong"))
}

async fn serve(shared: &Shared, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX).await else { return refuse(413, "the body is too long") };
    let body = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice::<Value>(&body) };
    let Ok(body) = body else { return refuse(400, "the body is no JSON") };
    let Some(path) = parts.uri.path().strip_prefix("/_sandbox/") else {
        return refuse(404, "paths begin with /_sandbox/");
    };
    match (parts.method.as_str(), path) {
        ("GET", "error") => Answer::Text(error_text(&shared.core())),
        ("GET", "scenario") => Answer::Json(200, scenario(&shared.core())),
        ("POST", "scenario") => load(&mut shared.core(), &body),
        ("GET", "clock") => Answer::Json(200, json!({"now_ms": shared.core().world.now})),
        ("POST", "clock") => advance(shared, &body),
        ("GET", "faults") => Answer::Json(200, json!(shared.core().faults.open)),
        ("POST", "faults") => order(&mut shared.core(), body),
        ("DELETE", "faults") => {
            let mut core = shared.core();
            let count = core.faults.open.len();
            core.faults.open.clear();
            Answer::Json(200, json!({"removed": count}))
        }
        ("POST", "release") => Answer::Json(200, json!({"released": shared.holds.release()})),
        ("GET", "holds") => Answer::Json(200, Value::Array(shared.holds.list())),
        ("GET", "writes") => Answer::Json(200, json!(shared.core().ledger)),
        ("GET", "calls") => Answer::Json(200, json!(shared.core().seen)),
        ("POST", "retry") => retry(&mut shared.core(), &body),
        ("GET", "rights") => Answer::Json(200, json!(shared.core().rights)),
        ("POST", "rights") => match serde_json::from_value(body) {
            Ok(rights) => {
                shared.core().rights = rights;
                Answer::Json(200, json!(shared.core().rights))
            }
            Err(_) => refuse(400, "rights are lists: okta_read, okta_write, graph_read, graph_write"),
        },
        ("GET", "ops") => Answer::Json(200, json!(ops())),
        _ => refuse(
            404,
            "known: GET error, GET|POST scenario, GET|POST clock, GET|POST|DELETE faults, POST release, GET holds, \
             GET writes, GET calls, POST retry, GET|POST rights, GET ops",
        ),
    }
}

/// The newest failed task of the subject, or the one the scenario began with.
pub(crate) fn error_text(core: &Core) -> String {
    core.world.tasks.get(&core.world.subject).unwrap_or(&core.world.error).clone()
}

/// Every name that a fault may be ordered for.
fn ops() -> Vec<&'static str> {
    let mut names: Vec<&str> = okta::ROUTES.iter().chain(graph::ROUTES).map(|r| r.2).collect();
    names.extend(["okta.app_user.convert", "okta.unknown", "graph.unknown"]);
    names.sort_unstable();
    names.dedup();
    names
}

fn scenario(core: &Core) -> Value {
    let world = &core.world;
    let people: serde_json::Map<String, Value> = world
        .people
        .iter()
        .map(|(name, person)| {
            let login = world.okta.users.get(&person.okta).map(|u| u.login.clone());
            (name.clone(), json!({"okta": person.okta, "login": login, "role": person.role}))
        })
        .collect();
    let all: Vec<Value> = core
        .scenarios
        .iter()
        .filter_map(|(name, text)| Scenario::parse(name, text).ok())
        .map(|s| json!({"name": s.name, "title": s.tenant.title}))
        .collect();
    json!({"name": world.scenario, "title": world.title, "people": people,
           "subject": {"okta": world.subject, "login": world.subject_login()}, "scenarios": all})
}

pub(crate) fn load(core: &mut Core, body: &Value) -> Answer {
    let Some(name) = body.get("name").and_then(Value::as_str) else { return refuse(400, "`name` is missing") };
    let Some((name, text)) = core.scenarios.iter().find(|(known, _)| known == name).cloned() else {
        let known: Vec<&str> = core.scenarios.iter().map(|(n, _)| n.as_str()).collect();
        return refuse(404, &format!("there is no scenario `{name}`; there are: {}", known.join(", ")));
    };
    match Scenario::parse(&name, &text) {
        Ok(parsed) => {
            core.load(&parsed);
            Answer::Json(200, scenario(core))
        }
        Err(error) => refuse(400, &format!("scenario `{name}`: {error}")),
    }
}

fn advance(shared: &Shared, body: &Value) -> Answer {
    let by = body.get("advance_ms").and_then(Value::as_u64).and_then(|ms| u32::try_from(ms).ok());
    let Some(by) = by else {
        return refuse(400, "`advance_ms` must be whole milliseconds from 0 to 4294967295");
    };
    {
        let mut core = shared.core();
        core.clock.advance(by);
        core.save();
    }
    // Taking the tenant again does what came due meanwhile.
    Answer::Json(200, json!({"now_ms": shared.core().world.now}))
}

fn order(core: &mut Core, body: Value) -> Answer {
    match serde_json::from_value::<Fault>(body) {
        Ok(fault) if fault.nth == 0 || fault.count == 0 => refuse(400, "`nth` and `count` begin at 1"),
        Ok(fault) if fault.op != "*" && !ops().iter().any(|op| op.starts_with(&fault.op)) => {
            refuse(400, &format!("no op begins with `{}`; GET ops lists them", fault.op))
        }
        Ok(fault) => {
            let answer = Answer::Json(200, json!(fault));
            core.faults.open.push(fault);
            answer
        }
        Err(error) => refuse(400, &format!("{error}; a fault is {{op, nth, how, count}} with how = {}", How::WORDS)),
    }
}

pub(crate) fn retry(core: &mut Core, body: &Value) -> Answer {
    let wanted = body.get("user").and_then(Value::as_str);
    let failed: Vec<String> = core
        .world
        .okta
        .app_users
        .iter()
        .filter(|(user, row)| row.sync_state == "ERROR" && wanted.is_none_or(|w| w == user.as_str()))
        .map(|(user, _)| user.clone())
        .collect();
    let healed = failed.iter().filter(|user| provision::retry(&mut core.world, user)).count();
    core.save();
    Answer::Json(200, json!({"retried": failed, "healed": healed}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_hosts() {
        assert!(loopback("127.0.0.1:7001") && loopback("localhost") && loopback("127.0.0.1"));
        assert!(!loopback("127.0.0.1.evil.example:7001") && !loopback("localhost:evil.example") && !loopback(""));
    }

    #[test]
    fn op_names_are_unique_to_one_call() {
        let mut all: Vec<&str> = okta::ROUTES.iter().chain(graph::ROUTES).map(|r| r.2).collect();
        let total = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), total);
    }
}
