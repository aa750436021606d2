//! Delivery of events, interactions and commands: signed over HTTP or in an envelope over a socket, with repeats of events
//! that were not acknowledged. A click or a command is delivered once, as Slack does it.

use super::args::form;
use super::state::{APP, ENTERPRISE, Message, SIGNING_SECRET, State, TEAM, instant, unix};
use super::{Shared, Sim, socket};
use ring::hmac;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// How the app wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Socket,
    /// The address of the app.
    Http(String),
}

/// What is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Event,
    Interaction,
    Command,
}

/// What became of it.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) kind: Kind,
    /// Acknowledged in time.
    pub(crate) accepted: bool,
    /// Status over HTTP (0 without an answer).
    pub(crate) status: u16,
    /// What the acknowledgement carried.
    pub(crate) body: Value,
    /// From sending to the acknowledgement.
    pub(crate) after: Duration,
    pub(crate) attempts: usize,
}

/// The signature of a body: `v0=` and the HMAC of `v0:timestamp:body`.
pub(crate) fn signature(secret: &str, timestamp: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut signed = format!("v0:{timestamp}:").into_bytes();
    signed.extend_from_slice(body);
    let tag = hmac::sign(&key, &signed);
    tag.as_ref().iter().fold("v0=".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The body of a delivery over HTTP and its content type.
pub(crate) fn http_body(kind: Kind, payload: &Value) -> (&'static str, String) {
    const FORM: &str = "application/x-www-form-urlencoded";
    match kind {
        Kind::Event => ("application/json", payload.to_string()),
        Kind::Interaction => (FORM, form(&[("payload", payload.to_string())])),
        Kind::Command => {
            let fields: Vec<(&str, String)> = payload
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
                .collect();
            (FORM, form(&fields))
        }
    }
}

type Tried = Result<(u16, Value, Duration), (u16, &'static str)>;

async fn over_http(shared: &Shared, url: &str, (kind, payload): (Kind, &Value), retry: Option<(usize, &str)>) -> Tried {
    let (content_type, body) = http_body(kind, payload);
    let (now, patience) = (unix(), shared.state().knobs.patience);
    let mut request = shared
        .http
        .post(url)
        .timeout(patience)
        .header("content-type", content_type)
        .header("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
        .header("x-slack-request-timestamp", now)
        .header("x-slack-signature", signature(SIGNING_SECRET, now, body.as_bytes()));
    if let Some((nth, reason)) = retry {
        request = request.header("x-slack-retry-num", nth).header("x-slack-retry-reason", reason);
    }
    let begun = instant();
    let answer = match request.body(body).send().await {
        Ok(answer) => answer,
        Err(error) if error.is_timeout() => return Err((0, "http_timeout")),
        Err(_) => return Err((0, "connection_failed")),
    };
    let status = answer.status().as_u16();
    let stop = answer.headers().get("x-slack-no-retry").is_some_and(|value| value == "1");
    let text = answer.text().await.unwrap_or_default();
    let after = begun.elapsed();
    if (200..300).contains(&status) {
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        return Ok((status, body, after));
    }
    Err((status, if stop { "stop" } else { "http_error" }))
}

async fn over_socket(shared: &Arc<Shared>, (kind, payload): (Kind, &Value), retry: Option<(usize, &str)>) -> Tried {
    let patience = shared.state().knobs.patience;
    let name = match kind {
        Kind::Event => "events_api",
        Kind::Interaction => "interactive",
        Kind::Command => "slash_commands",
    };
    let (attempt, reason) = retry.unwrap_or((0, ""));
    let mut envelope = json!({
        "envelope_id": format!("{}-{attempt}", shared.state().fresh("env-")),
        "type": name, "payload": payload, "accepts_response_payload": kind != Kind::Event,
    });
    if kind == Kind::Event {
        envelope["retry_attempt"] = json!(attempt);
        envelope["retry_reason"] = json!(reason);
    }
    match socket::exchange(shared, envelope, patience).await {
        Some((body, after)) => Ok((200, body, after)),
        None => Err((0, "timeout")),
    }
}

/// Delivers, with the repeats that an event gets.
pub(crate) async fn deliver(shared: &Arc<Shared>, kind: Kind, payload: &Value) -> Outcome {
    let (route, pauses) = {
        let state = shared.state();
        let pauses = if kind == Kind::Event { state.knobs.retries.clone() } else { Vec::new() };
        (state.knobs.route.clone(), pauses)
    };
    let mut outcome =
        Outcome { kind, accepted: false, status: 0, body: Value::Null, after: Duration::ZERO, attempts: 0 };
    let mut retry: Option<(usize, &str)> = None;
    loop {
        outcome.attempts += 1;
        let tried = match &route {
            Route::Socket => over_socket(shared, (kind, payload), retry).await,
            Route::Http(url) => over_http(shared, url, (kind, payload), retry).await,
        };
        let reason = match tried {
            Ok((status, body, after)) => {
                outcome = Outcome { accepted: true, status, body, after, ..outcome };
                break;
            }
            Err((status, reason)) => {
                outcome.status = status;
                reason
            }
        };
        let pause = pauses.get(outcome.attempts - 1).filter(|_| reason != "stop");
        let Some(pause) = pause else { break };
        tokio::time::sleep(*pause).await;
        retry = Some((outcome.attempts, reason));
    }
    shared.state().outcomes.push(outcome.clone());
    shared.changed.notify_waiters();
    outcome
}

/// The envelope of the Events API round an event.
pub(crate) fn event_callback(state: &mut State, event: &Value) -> Value {
    let channel = event["channel"].as_str().and_then(|id| state.channels.get(id));
    let shared = channel.is_some_and(|channel| channel.shared);
    let install = state.install_of(channel.map_or(TEAM, |channel| channel.team.as_str())).clone();
    let org = install.enterprise.or_else(|| (state.knobs.org_install && install.team == TEAM).then_some(ENTERPRISE));
    json!({
        "token": "verification-token-of-old", "type": "event_callback", "api_app_id": APP,
        "team_id": install.team, "context_team_id": install.team, "context_enterprise_id": org,
        "enterprise_id": org, "event": event, "event_id": state.fresh("Ev"), "event_time": unix(),
        "authorizations": [{
            "enterprise_id": org, "team_id": if org.is_some() { Value::Null } else { json!(install.team) },
            "user_id": install.bot, "is_bot": true, "is_enterprise_install": org.is_some(),
        }],
        "is_ext_shared_channel": shared, "event_context": "4-simulated",
    })
}

/// Puts the bot's own post on the way back to it.
pub(super) fn echo(state: &mut State, message: &Message, _: &Shared) {
    let Some(with_bot_id) = state.knobs.echo else { return };
    let mut event = message.body(state);
    event["channel"] = json!(message.channel);
    event["event_ts"] = json!(message.ts);
    event["channel_type"] = json!(if message.channel.starts_with('D') { "im" } else { "channel" });
    if with_bot_id {
        event["bot_profile"] = json!({ "id": message.bot_id, "app_id": APP, "name": "reanchor" });
    } else {
        let fields = event.as_object_mut().unwrap();
        fields.remove("bot_id");
        fields.remove("app_id");
    }
    state.echoes.push(event);
}

/// Delivers what the bot posted back to it, as long as the simulation lives.
pub(super) async fn echoes(shared: Arc<Shared>) {
    loop {
        let waiting = std::mem::take(&mut shared.state().echoes);
        for event in waiting {
            let payload = event_callback(&mut shared.state(), &event);
            deliver(&shared, Kind::Event, &payload).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Sim {
    /// Delivers an event.
    pub(crate) async fn event(&self, event: &Value) -> Outcome {
        let payload = event_callback(&mut self.state(), event);
        deliver(&self.shared, Kind::Event, &payload).await
    }

    /// Delivers the same event so many times at once, each under an event id of its own.
    pub(crate) async fn event_times(&self, event: &Value, times: usize) -> Vec<Outcome> {
        futures_util::future::join_all((0..times).map(|_| self.event(event))).await
    }

    /// Delivers an interaction.
    pub(crate) async fn interaction(&self, payload: &Value) -> Outcome {
        deliver(&self.shared, Kind::Interaction, payload).await
    }
}
