//! `POST /slack/events`: events, interactions and commands alike. The signature over the raw body is checked before anything is
//! looked at in it.
//!
//! Never reads more than a mebibyte, never says which part of a signature was wrong. Begin with [`router`].

use super::form::{Form, form};
use super::intake::{Intake, Outcome};
use crate::surface::slack::signature::{Unsigned, Verifier};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where Slack posts to.
pub const PATH: &str = "/slack/events";
/// Largest body that is read, in bytes.
pub const LARGEST: usize = 1024 * 1024;

/// What the route works with.
#[derive(Clone)]
pub struct Door {
    /// Checks signatures.
    pub verifier: Arc<Verifier>,
    /// Takes what was signed.
    pub intake: Arc<Intake>,
}

/// The one route.
pub fn router(door: Door) -> Router {
    Router::new().route(PATH, post(taken)).with_state(door)
}

async fn taken(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let header = |name: &str| parts.headers.get(name).map(HeaderValue::as_bytes);
    let (signature, timestamp) = (header("x-slack-signature"), header("x-slack-request-timestamp"));
    if signature.is_none() || timestamp.is_none() {
        return refused(StatusCode::UNAUTHORIZED, Unsigned::Header);
    }
    if declared(&parts.headers).is_some_and(|length| length > LARGEST) {
        return bare(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let Ok(body) = to_bytes(body, LARGEST).await else { return bare(StatusCode::PAYLOAD_TOO_LARGE) };
    if let Err(error) = door.verifier.check(signature, timestamp, &body, now()) {
        return refused(StatusCode::UNAUTHORIZED, error);
    }
    let Ok(text) = std::str::from_utf8(&body) else { return bare(StatusCode::BAD_REQUEST) };
    answered(&door.intake, text).await
}

async fn answered(intake: &Intake, text: &str) -> Response {
    let outcome = if text.trim_start().starts_with('{') {
        intake.event(text).await
    } else {
        match form(text) {
            Form::Interaction(json) => intake.interaction(&json).await,
            Form::Command(command) => intake.command(&command).await,
            Form::Check => Outcome::Done,
            Form::Unknown => Outcome::Malformed,
        }
    };
    match outcome {
        Outcome::Done => bare(StatusCode::OK),
        Outcome::Answer(text) => {
            let kind = if text.starts_with('{') { "application/json" } else { "text/plain; charset=utf-8" };
            let mut response = Response::new(Body::from(text));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            response
        }
        // Not a 2xx: Slack delivers an event again, and tells somebody who pressed that it did not work.
        Outcome::NotStored => bare(StatusCode::SERVICE_UNAVAILABLE),
        Outcome::Malformed => bare(StatusCode::BAD_REQUEST),
    }
}

fn declared(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn refused(status: StatusCode, why: Unsigned) -> Response {
    tracing::warn!(%why, "a request to {PATH} was refused");
    bare(status)
}

fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The real time: a signature is made by Slack's clock, also where the bot lives in the time of a simulated tenant.
#[expect(
    clippy::disallowed_methods,
    reason = "the window of a signature is about real time, which no simulated clock tells"
)]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
