//! `POST /v1/diagnose`: a text in, what it means out; the same answer as `reanchor diagnose --format json`.

use super::Inside;
use crate::card::answer::answer;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// Longest body, in bytes: a text at the limit of the classifier with every character escaped, and some room.
const LONGEST: usize = 2 * 1024 * 1024;
/// So much of a longer one is read and dropped, so that its sender sees the answer instead of a lost connection.
const DRAINED: usize = 16 * 1024 * 1024;

/// What is asked. Unknown keys are refused, so that a misspelt one is not taken for nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// Handed back as it came.
    #[serde(default, deserialize_with = "as_it_came")]
    id: Option<Value>,
    text: String,
}

/// An `id` of null is an id, too.
fn as_it_came<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// Answers.
pub(super) async fn diagnose(State(inside): State<Inside>, headers: HeaderMap, body: Body) -> Response {
    if !is_json(&headers) {
        return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send JSON, with Content-Type: application/json");
    }
    let bytes = match whole(body).await {
        Ok(bytes) => bytes,
        Err(Flaw::Long) => {
            let text = format!("the body is longer than {LONGEST} bytes");
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, &text);
        }
        Err(Flaw::Broken) => return refusal(StatusCode::BAD_REQUEST, "the body did not come whole"),
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

enum Flaw {
    Long,
    Broken,
}

async fn whole(body: Body) -> Result<Vec<u8>, Flaw> {
    let (mut bytes, mut came) = (Vec::new(), 0_usize);
    let mut stream = body.into_data_stream();
    while let Some(part) = stream.next().await {
        let part = part.map_err(|_| Flaw::Broken)?;
        came += part.len();
        if came > DRAINED {
            break;
        }
        if came <= LONGEST {
            bytes.extend_from_slice(&part);
        }
    }
    if came > LONGEST { Err(Flaw::Long) } else { Ok(bytes) }
}

/// `application/json`, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": { "status": status.as_u16(), "message": message } }))).into_response()
}
