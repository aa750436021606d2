//! `POST /v1/diagnose`: a text in, what it means out; the same answer as `reanchor diagnose --format json`.

use super::Inside;
use crate::card::answer::answer;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

/// Longest body, in bytes: a text at the limit of the classifier with every character escaped, and some room.
const LONGEST: usize = 2 * 1024 * 1024;

/// What is asked. Unknown keys are refused, so that a misspelt one is not taken for nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// Handed back as it came.
    #[serde(default)]
    id: Option<Value>,
    text: String,
}

/// Answers.
pub(super) async fn diagnose(State(inside): State<Inside>, headers: HeaderMap, body: Body) -> Response {
    if !is_json(&headers) {
        return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send JSON, with Content-Type: application/json");
    }
    let Ok(bytes) = axum::body::to_bytes(body, LONGEST).await else {
        let text = format!("the body is longer than {LONGEST} bytes, or its end did not come");
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, &text);
    };
    match serde_json::from_slice::<Ask>(&bytes) {
        Ok(ask) => Json(answer(ask.id.as_ref(), &inside.app.diagnoser().diagnose(&ask.text))).into_response(),
        Err(error) => {
            // The place only: the message of the parser could repeat what was sent.
            let (line, column) = (error.line(), error.column());
            let text = format!(
                "line {line}, column {column}: a body is {{\"text\": \"…\"}}, and an \"id\" of any kind if you like"
            );
            refusal(StatusCode::BAD_REQUEST, &text)
        }
    }
}

/// `application/json`, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": { "status": status.as_u16(), "message": message } }))).into_response()
}
