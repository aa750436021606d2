//! The tenant panel: both records of the scenario's subject side by side, the calls that came, the System Log, live.
//!
//! Never shows a secret of the tenant, never answers another host or a page of another origin, and takes no POST without
//! the panel's own token. Begin with [`Tenant::panel_router`], then [`records`].
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Json, Path, Request, State};
use axum::http::header::{CACHE_CONTROL, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::control::{error_text, load, loopback, retry};
use super::core::{Core, Shared};
use super::entra::wire_upn;
use super::fresh::secret;
use super::model::{AppUser, EntraUser, World};
use super::tenant::{Tenant, TenantError};

/// How often a watched tenant is compared with what was sent last.
const LOOK: Duration = Duration::from_millis(200);
/// Calls and events that are shown.
const SHOWN: usize = 60;
/// Header in which the page sends the token back.
const TOKEN: &str = "x-sandbox-token";

#[derive(Clone)]
struct Panel {
    shared: Arc<Shared>,
    token: Arc<str>,
    stop: watch::Receiver<bool>,
}

impl Tenant {
    /// Routes to be nested under a path of a page on this machine: `GET records` (what [`records`] gives), `GET changes`
    /// (the same as server-sent events, whenever something changed), `GET scenarios/{name}/error` (the text to paste, while
    /// that scenario is loaded), `POST scenario {name}` (replaces the tenant alone: whoever has open work about the old one
    /// ends it first) and `POST retry {}` (the console's Retry task). A POST needs the
    /// header `x-sandbox-token` with the `token` of the records.
    pub fn panel_router(&self) -> Result<Router, TenantError> {
        let token = secret(32).ok_or(TenantError::NoRandomness)?;
        let panel = Panel { shared: self.shared(), token: token.into(), stop: self.stopping() };
        Ok(Router::new()
            .route("/records", get(read))
            .route("/changes", get(changes))
            .route("/scenarios/{name}/error", get(error))
            .route("/scenario", post(choose))
            .route("/retry", post(again))
            .layer(from_fn_with_state(panel.clone(), guarded))
            .with_state(panel))
    }
}

async fn guarded(State(panel): State<Panel>, request: Request, next: Next) -> Response {
    let mut response = match judge(&panel, request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why) => (StatusCode::FORBIDDEN, Json(json!({ "error": why }))).into_response(),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn judge(panel: &Panel, method: &Method, headers: &HeaderMap) -> Result<(), &'static str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(host) = text(HOST.as_str()).filter(|host| loopback(host)) else {
        return Err("Host must be 127.0.0.1 or localhost");
    };
    let origin = text(ORIGIN.as_str());
    if headers.contains_key(ORIGIN) && origin.and_then(|origin| origin.strip_prefix("http://")) != Some(host) {
        return Err("Origin must be this page");
    }
    if method == Method::GET || text(TOKEN) == Some(&*panel.token) {
        return Ok(());
    }
    Err("the token of the panel is missing or old: reload")
}

async fn read(State(panel): State<Panel>) -> Json<Value> {
    Json(panel.records())
}

impl Panel {
    fn records(&self) -> Value {
        let mut all = records(&self.shared.core());
        if let Some(all) = all.as_object_mut() {
            all.insert("token".to_owned(), json!(&*self.token));
        }
        all
    }
}

async fn changes(State(panel): State<Panel>) -> Response {
    let events = stream::unfold((panel, None::<String>), |(mut panel, last)| async move {
        loop {
            let now = panel.records().to_string();
            if last.as_ref() != Some(&now) {
                let event = Event::default().event("records").data(&now);
                return Some((Ok::<_, Infallible>(event), (panel, Some(now))));
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = panel.stop.wait_for(|stop| *stop) => return None,
            }
        }
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

async fn error(State(panel): State<Panel>, Path(name): Path<String>) -> Response {
    let core = panel.shared.core();
    if core.world.scenario == name {
        error_text(&core).into_response()
    } else {
        let why = format!("the tenant plays `{}`; load `{name}` first", core.world.scenario);
        (StatusCode::CONFLICT, Json(json!({ "error": why }))).into_response()
    }
}

async fn choose(State(panel): State<Panel>, Json(body): Json<Value>) -> Response {
    load(&mut panel.shared.core(), &body).into_response()
}

async fn again(State(panel): State<Panel>) -> Response {
    retry(&mut panel.shared.core(), &json!({})).into_response()
}

/// What the panel shows, as one value: equal worlds give equal values, so a difference is a change.
fn records(core: &Core) -> Value {
    let world = &core.world;
    let row = world.okta.app_users.get(&world.subject);
    let events: Vec<Value> =
        world.events.iter().rev().filter(|e| about(e, &world.subject)).take(SHOWN).map(line).collect();
    let calls: Vec<Value> = core.seen.iter().rev().take(SHOWN).map(|seen| json!(seen)).collect();
    json!({
        "scenario": world.scenario, "title": world.title, "login": world.subject_login(),
        "okta": okta(world, row), "entra": entra(world, row), "tie": tie(world, row), "began": began(&core.began),
        "calls": calls, "log": events, "task": world.tasks.get(&world.subject),
        "writes": core.ledger.iter().filter(|entry| entry.effective).count(),
    })
}

/// Both sides as the scenario began: what differs from it is a change.
fn began(world: &World) -> Value {
    let row = world.okta.app_users.get(&world.subject);
    json!({ "okta": okta(world, row), "entra": entra(world, row) })
}

/// The objects of the subject: the one that `externalId` names, and all under the sign-in name.
fn entra(world: &World, row: Option<&AppUser>) -> Vec<Value> {
    let linked = row.and_then(|row| row.external_id.as_deref());
    let upn = world.subject_login();
    let concerns = |user: &&EntraUser| Some(user.id.as_str()) == linked || user.upn.eq_ignore_ascii_case(&upn);
    world.entra.users.values().filter(concerns).map(|user| object(world, user)).collect()
}

fn okta(world: &World, row: Option<&AppUser>) -> Value {
    let user = world.okta.users.get(&world.subject);
    let fields = match row {
        Some(row) => json!([
            ["userName", row.user_name],
            ["immutableId", row.anchor()],
            ["externalId", row.external_id],
            ["status", row.status],
            ["syncState", row.sync_state],
            ["scope", row.scope],
            ["licenses", row.list(super::base::LICENCES).join(", ")],
            ["app user id", row.row],
        ]),
        None => json!([]),
    };
    let name = user.map(super::model::OktaUser::name);
    json!({ "name": name, "status": user.map(|u| &u.status), "assigned": row.is_some(), "fields": fields })
}

fn object(world: &World, user: &EntraUser) -> Value {
    let gone = user.deleted.is_some();
    let licences = if user.licences.contains(&world.entra.sku.id) { world.entra.sku.part.as_str() } else { "" };
    json!({
        "id": user.id, "name": user.display_name, "deleted": gone,
        "fields": [
            ["userPrincipalName", wire_upn(user)],
            ["onPremisesImmutableId", user.anchor],
            ["id", user.id],
            ["accountEnabled", user.enabled.to_string()],
            ["userType", user.user_type],
            ["assignedLicenses", licences],
            ["place", if gone { "deletedItems" } else { "users" }],
        ],
    })
}

/// The tie between the two sides: the object that `externalId` names is live, and both anchors are the same.
fn tie(world: &World, row: Option<&AppUser>) -> Value {
    let Some(row) = row else {
        return json!({ "whole": false, "why": "not assigned: Okta points to nothing" });
    };
    let named = row.external_id.as_ref();
    let live = named.and_then(|id| world.entra.live().find(|user| user.id == *id));
    let why = match (named, live) {
        (None, _) => "Okta points to no object yet",
        (Some(_), None) => "Okta points to an object that is gone",
        (Some(_), Some(user)) if user.anchor.as_deref() != row.anchor() => "the anchors differ",
        (Some(_), Some(user)) if !user.upn.eq_ignore_ascii_case(&row.user_name) => "the sign-in names differ",
        (Some(_), Some(_)) => "",
    };
    json!({
        "whole": why.is_empty(), "why": why, "okta": row.anchor(), "entra": live.and_then(|user| user.anchor.as_deref()),
        "external_id": named,
    })
}

fn about(event: &Value, subject: &str) -> bool {
    event["target"].as_array().is_some_and(|targets| targets.iter().any(|target| target["id"] == subject))
}

fn line(event: &Value) -> Value {
    json!({
        "id": event["uuid"], "at": event["published"], "type": event["eventType"], "severity": event["severity"],
        "message": event["displayMessage"], "result": event["outcome"]["result"], "reason": event["outcome"]["reason"],
    })
}
