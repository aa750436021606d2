//! The way of every vendor call: read, route, fault, authorise, apply, keep the books, answer with the proof.
//!
//! Never answers a call of the vendors' ports without the proof header. Begin with [`handle`].
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HOST};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value;

use super::faults::How;
use super::listen::Cut;
use super::{Call, Found, Reply, decode, find, pairs};
use crate::sandbox::clock::http_time;
use crate::sandbox::core::{Api, Core, Entry, Seen, Shared};
use crate::sandbox::model::World;
use crate::sandbox::{graph, okta};

/// Header that proves to the bot that a sandbox answers.
pub(crate) const PROOF: &str = "x-reanchor-sandbox";
const BODY_MAX: usize = 1 << 20;
/// Real time without an answer before a timed-out call's connection closes.
const SILENCE: Duration = Duration::from_mins(1);
/// After a release: time for the end of a client that was killed just before to be noticed.
const GRACE: Duration = Duration::from_millis(20);

/// One vendor's port.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) api: Api,
    pub(crate) shared: Arc<Shared>,
}

/// A routed call.
struct Step {
    op: &'static str,
    target: String,
    run: fn(&mut World, &Call) -> Reply,
    call: Call,
}

/// Answers one request.
pub(crate) async fn handle(State(gate): State<Gate>, ConnectInfo(cut): ConnectInfo<Cut>, request: Request) -> Response {
    let Some(call) = read(request).await else {
        return gate.finish(&Call::default(), &Reply::empty(413));
    };
    let (step, due) = {
        let mut core = gate.shared.core();
        let step = gate.route(&mut core, call);
        let due = core.faults.take(step.op);
        (step, due)
    };
    if due.slow_ms > 0 {
        tokio::time::sleep(Duration::from_millis(due.slow_ms.into())).await;
    }
    let reply = match due.how {
        None | Some(How::Lag | How::Slow) => gate.apply(&step, due.how == Some(How::Lag)),
        Some(how @ (How::Refuse | How::Throttle | How::E5xx)) => gate.refuse(&step, how),
        Some(How::Garbage) => {
            gate.apply(&step, false);
            return gate.garbage(&step.call);
        }
        Some(How::Close) => {
            let _attempt = gate.attempt(&step);
            cut.now();
            std::future::pending().await
        }
        Some(How::TimeoutBefore) => {
            let _attempt = gate.attempt(&step);
            silence(&gate, &step, How::TimeoutBefore, &cut).await
        }
        Some(How::TimeoutAfter) => {
            gate.apply(&step, false);
            silence(&gate, &step, How::TimeoutAfter, &cut).await
        }
        Some(How::HoldBefore) => {
            let mut attempt = gate.attempt(&step);
            let released = gate.shared.holds.enter(step.op, &step.target, How::HoldBefore).released().await;
            tokio::time::sleep(GRACE).await;
            if !released {
                return gate.finish(&step.call, &Reply::empty(503));
            }
            attempt.entry = None;
            gate.apply(&step, false)
        }
        Some(How::HoldAfter) => {
            let reply = gate.apply(&step, false);
            gate.shared.holds.enter(step.op, &step.target, How::HoldAfter).released().await;
            reply
        }
    };
    gate.finish(&step.call, &reply)
}

async fn silence(gate: &Gate, step: &Step, how: How, cut: &Cut) -> Reply {
    let mut held = gate.shared.holds.enter(step.op, &step.target, how);
    // Either way the connection ends without an answer.
    let _waited = tokio::time::timeout(SILENCE, held.closed()).await.is_err();
    drop(held);
    cut.now();
    std::future::pending().await
}

async fn read(request: Request) -> Option<Call> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_MAX).await.ok()?.to_vec();
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(ToOwned::to_owned);
    let path = parts.uri.path().to_owned();
    Some(Call {
        method: parts.method.as_str().to_owned(),
        segments: path.split('/').filter(|s| !s.is_empty()).map(|s| decode(s, false)).collect(),
        path,
        query: pairs(parts.uri.query().unwrap_or_default()),
        host: header(HOST.as_str()).unwrap_or_default(),
        authorization: header(AUTHORIZATION.as_str()).unwrap_or_default(),
        client_request_id: header("client-request-id"),
        consistency: header("consistencylevel"),
        content_type: header(CONTENT_TYPE.as_str()),
        body,
        ..Call::default()
    })
}

/// A write that is under way; when it is dropped unapplied, the ledger still says that it came.
struct Attempt<'a> {
    shared: &'a Shared,
    entry: Option<Entry>,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.shared.core().record(entry);
        }
    }
}

impl Gate {
    fn route(&self, core: &mut Core, mut call: Call) -> Step {
        call.request_id = match self.api {
            Api::Okta => core.wire_ids.token(27),
            Api::Graph => core.wire_ids.guid(),
        };
        let routes = match self.api {
            Api::Okta => okta::ROUTES,
            Api::Graph => graph::ROUTES,
        };
        let (op, run): (_, fn(&mut World, &Call) -> Reply) = match find(routes, &call) {
            Found::Here(route, args) => {
                call.args = args;
                (route.2, route.3)
            }
            Found::OtherMethod => match self.api {
                Api::Okta => ("okta.unknown", okta::other_method),
                Api::Graph => ("graph.unknown", graph::other_method),
            },
            Found::Nowhere => match self.api {
                Api::Okta => ("okta.unknown", okta::nowhere),
                Api::Graph => ("graph.unknown", graph::nowhere),
            },
        };
        let assigned = || call.json().and_then(|b| b.get("id").and_then(|v| v.as_str()).map(ToOwned::to_owned));
        let target = match op {
            "okta.app_user.assign" => assigned().unwrap_or_default(),
            _ => call.args.last().cloned().unwrap_or_default(),
        };
        Step { op: okta::refine(op, &call), target, run, call }
    }

    fn apply(&self, step: &Step, lag: bool) -> Reply {
        let mut core = self.shared.core();
        if step.op == graph::token::OP {
            return graph::token::issue(&mut core, &self.shared.access, &step.call);
        }
        let refused = match self.api {
            Api::Okta => okta::authorise(&self.shared.access, &step.call),
            Api::Graph => graph::token::authorise(&core, &step.call),
        };
        let (reply, effective) = match refused {
            Some(reply) => (reply, false),
            None => match self.of_token(&core, step) {
                Some(reply) => (reply, false),
                None => core.apply(self.api, step.run, &step.call, lag),
            },
        };
        if let Some(mut entry) = entry(&core, step) {
            entry.effective = effective;
            entry.status = Some(reply.status);
            core.record(entry);
        }
        reply
    }

    /// What is asked about a token itself.
    fn of_token(&self, core: &Core, step: &Step) -> Option<Reply> {
        match self.api {
            Api::Okta => okta::token::answer(&core.rights, &self.shared.access, step.op, &step.call),
            Api::Graph => None,
        }
    }

    fn refuse(&self, step: &Step, how: How) -> Reply {
        let mut core = self.shared.core();
        let reply = match self.api {
            Api::Okta => okta::ordered(&core.world, &step.call, how),
            Api::Graph => graph::ordered(&core.world, &step.call, how),
        };
        if let Some(mut entry) = entry(&core, step) {
            entry.status = Some(reply.status);
            core.record(entry);
        }
        reply
    }

    fn attempt(&self, step: &Step) -> Attempt<'_> {
        let entry = entry(&self.shared.core(), step);
        Attempt { shared: &self.shared, entry }
    }

    fn garbage(&self, call: &Call) -> Response {
        let mut response = self.finish(call, &Reply::empty(200));
        *response.body_mut() = Body::from("<html>upstream is being replaced</html");
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    fn finish(&self, call: &Call, reply: &Reply) -> Response {
        let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // No JSON answer of a vendor is a bare text: one is meant as it stands (the feed of a status page).
        let written = |body: &Value| body.as_str().map_or_else(|| body.to_string(), ToOwned::to_owned);
        let body = reply.body.as_ref().map_or_else(Body::empty, |body| Body::from(written(body)));
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        put(headers, PROOF, &self.shared.access.proof);
        let (now, spent) = {
            let mut core = self.shared.core();
            let now = core.world.now;
            core.saw(Seen {
                at_ms: now,
                vendor: match self.api {
                    Api::Okta => "Okta",
                    Api::Graph => "Entra",
                },
                method: call.method.clone(),
                path: call.path.clone(),
                status: reply.status,
                request_id: call.request_id.clone(),
            });
            (now, core.count_okta_call(self.api))
        };
        put(headers, DATE.as_str(), &http_time(now));
        let (kind, own) = match self.api {
            Api::Okta => ("application/json", okta::headers(now, spent, &call.request_id)),
            Api::Graph => (
                "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
                graph::headers(call),
            ),
        };
        if reply.body.is_some() {
            put(headers, CONTENT_TYPE.as_str(), kind);
        }
        for (name, value) in own {
            put(headers, name, &value);
        }
        // A reply's own header replaces the usual one of that name, but links may be several.
        for (name, value) in &reply.headers {
            if *name == "link" { add(headers, name, value) } else { put(headers, name, value) }
        }
        response
    }
}

fn entry(core: &Core, step: &Step) -> Option<Entry> {
    if step.call.method == "GET" || step.op == graph::token::OP {
        return None;
    }
    Some(Entry {
        n: 0,
        at_ms: core.world.now,
        op: step.op.to_owned(),
        target: step.target.clone(),
        path: step.call.path.clone(),
        effective: false,
        request_id: step.call.request_id.clone(),
        status: None,
        client_request_id: step.call.client_request_id.clone(),
        body: step.call.json().unwrap_or_default(),
        by: "client",
    })
}

fn put(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

fn add(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        headers.append(name, value);
    }
}
