//! The Web API: tokens, scopes, faults, and the table of methods. Also the response_urls and the host of files.

use super::args::Args;
use super::state::{APP_TOKEN, Call, Fault, State, instant};
use super::{Shared, chat, files, lookups, modals};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as Held};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// What a method answers: the fields beside `ok`, or the code of the error.
pub(super) type Answer = Result<Value, Refusal>;

/// `ok:false`.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) messages: Vec<String>,
    pub(super) extra: Value,
}

impl From<&str> for Refusal {
    fn from(code: &str) -> Self {
        Self { code: code.to_owned(), ..Self::default() }
    }
}

type Method = fn(&mut State, &Args, &Shared) -> Answer;

/// Name, scope of the bot token that it needs, whether it reads JSON bodies, what it does.
const METHODS: &[(&str, &str, bool, Method)] = &[
    ("api.test", "", true, |_, _, _| Ok(json!({}))),
    ("auth.test", "", true, lookups::auth_test),
    ("apps.connections.open", "connections:write", true, lookups::connections_open),
    ("chat.postMessage", "chat:write", true, chat::post),
    ("chat.postEphemeral", "chat:write", true, chat::ephemeral),
    ("chat.update", "chat:write", true, chat::update),
    ("chat.delete", "chat:write", true, chat::delete),
    ("chat.getPermalink", "", false, chat::permalink),
    ("conversations.info", "channels:read", false, lookups::channel_info),
    ("conversations.list", "channels:read", false, lookups::channel_list),
    ("conversations.members", "channels:read", false, lookups::channel_members),
    ("conversations.history", "channels:history", false, lookups::history),
    ("conversations.replies", "channels:history", false, lookups::replies),
    ("conversations.open", "im:write", true, lookups::open_direct),
    ("users.info", "users:read", false, lookups::user_info),
    ("users.lookupByEmail", "users:read.email", false, lookups::user_by_email),
    ("bots.info", "users:read", false, lookups::bot_info),
    ("team.info", "team:read", false, lookups::team_info),
    ("files.info", "files:read", false, files::info),
    ("reactions.add", "reactions:write", true, |_, _, _| Ok(json!({}))),
    ("views.open", "", true, modals::open),
    ("views.push", "", true, modals::open),
    ("views.update", "", true, modals::update),
    ("views.publish", "", true, modals::publish),
];

/// Every request.
pub(super) async fn handle(Held(shared): Held<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let Ok(body) = to_bytes(body, 4 << 20).await else { return page(413, "too large") };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let answer = if let Some(method) = path.strip_prefix("/api/") {
        web_api(&shared, method, (&query, &parts.headers, &body)).await
    } else if path.starts_with("/hooks/") {
        let fault = shared.state().fault("response_url");
        match fault {
            Some(Fault::RateLimited(after)) => limited(after),
            _ => chat::respond(&shared, &path, &body),
        }
    } else if path.starts_with("/files-pri/") {
        files::download(&shared, &path, &parts.headers)
    } else {
        page(404, "no such page")
    };
    shared.changed.notify_waiters();
    answer
}

/// A page that is no JSON, as proxies and log-in walls answer.
pub(super) fn page(status: u16, title: &str) -> Response {
    let html = format!("<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>");
    Response::builder().status(status).header("content-type", "text/html").body(Body::from(html)).unwrap()
}

fn token(headers: &HeaderMap, args: &Args) -> Option<String> {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok());
    header.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned).or_else(|| args.text("token"))
}

async fn web_api(shared: &Arc<Shared>, method: &str, (query, headers, body): (&str, &HeaderMap, &[u8])) -> Response {
    let fault = {
        let mut state = shared.state();
        if state.knobs.down { Some(Fault::Unavailable) } else { state.fault(method) }
    };
    let entry = METHODS.iter().find(|(name, ..)| *name == method);
    let args = Args::read(query, headers, body, entry.is_none_or(|(_, _, json, _)| *json));
    let seen = args.as_ref().map(|args| args.0.clone()).unwrap_or_default();
    let asking = args.as_ref().ok().and_then(|args| token(headers, args));
    let record = |error: Option<String>| {
        let mut state = shared.state();
        let team = asking.as_deref().and_then(|token| state.installs.iter().find(|of| of.token == token));
        let team = team.map_or("", |of| of.team);
        let call = Call { method: method.to_owned(), team, args: seen.clone(), error, at: instant() };
        state.calls.push(call);
    };
    match fault {
        Some(Fault::Unavailable) => {
            record(Some("503".to_owned()));
            return page(503, "Slack is down for maintenance");
        }
        Some(Fault::RateLimited(after)) => {
            record(Some("ratelimited".to_owned()));
            return limited(after);
        }
        Some(Fault::Error(code)) => {
            record(Some(code.to_owned()));
            return envelope(&shared.state().knobs.scopes, &Err(code.into()));
        }
        Some(Fault::Slow(ms)) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Some(Fault::AnswerLost | Fault::Late(_)) | None => {}
    }
    let answer = match args {
        Err(code) => Err(code.into()),
        Ok(args) => answer(shared, entry, &args, token(headers, &args).as_deref()),
    };
    record(answer.as_ref().err().map(|refusal| refusal.code.clone()));
    if fault == Some(Fault::AnswerLost) {
        return page(504, "gateway timeout");
    }
    if let Some(Fault::Late(ms)) = fault {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let scopes = shared.state().knobs.scopes.clone();
    envelope(&scopes, &answer)
}

fn answer(
    shared: &Arc<Shared>,
    entry: Option<&(&str, &str, bool, Method)>,
    args: &Args,
    token: Option<&str>,
) -> Answer {
    let Some((_, scope, _, run)) = entry else { return Err("unknown_method".into()) };
    let app_level = *scope == "connections:write";
    let mut state = shared.state();
    match token {
        None => return Err("not_authed".into()),
        Some(token) if token == APP_TOKEN => {
            if !app_level {
                return Err("not_allowed_token_type".into());
            }
        }
        Some(token) => {
            let at = state.installs.iter().position(|of| of.token == token).ok_or("invalid_auth")?;
            if let Some(code) = state.installs[at].revoked {
                return Err(code.into());
            }
            if app_level {
                return Err("not_allowed_token_type".into());
            }
            state.acting = at;
        }
    }
    if !scope.is_empty() && !app_level && !state.knobs.scopes.iter().any(|held| held == scope) {
        let provided = state.knobs.scopes.join(",");
        let extra = json!({ "needed": scope, "provided": provided });
        return Err(Refusal { code: "missing_scope".to_owned(), extra, ..Refusal::default() });
    }
    run(&mut state, args, shared)
}

fn envelope(scopes: &[String], answer: &Answer) -> Response {
    let mut body = match answer {
        Ok(fields) => json!({ "ok": true }).merged(fields),
        Err(refusal) => json!({ "ok": false, "error": refusal.code }).merged(&refusal.extra),
    };
    if let Err(refusal) = answer
        && !refusal.messages.is_empty()
    {
        body["response_metadata"] = json!({ "messages": refusal.messages });
    }
    Response::builder()
        .header("content-type", "application/json; charset=utf-8")
        .header("x-oauth-scopes", scopes.join(","))
        .header("x-slack-req-id", "simulated")
        .body(Body::from(body.to_string()))
        .unwrap()
}

fn limited(after: u64) -> Response {
    Response::builder()
        .status(429)
        .header("content-type", "application/json; charset=utf-8")
        .header("retry-after", after.to_string())
        .body(Body::from(r#"{"ok":false,"error":"ratelimited"}"#))
        .unwrap()
}

/// Joining of two objects.
pub(super) trait Merged {
    /// The fields of both.
    fn merged(self, more: &Value) -> Value;
}

impl Merged for Value {
    fn merged(mut self, more: &Value) -> Value {
        if let (Some(map), Some(more)) = (self.as_object_mut(), more.as_object()) {
            map.extend(more.clone());
        }
        self
    }
}
