//! `/readyz`: whether the process can do its work now, and if not, what keeps it.

use super::Inside;
use super::guard::Insider;
use async_trait::async_trait;
use axum::Json;
use axum::extract::{self, Extension};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

/// How the process is.
#[derive(Clone, Debug)]
pub struct State {
    /// It is about to end.
    pub stopping: bool,
    /// Whether the database answers.
    pub database: Result<(), String>,
    /// The first row of the audit chain that does not check, if the last check found one.
    pub chain_broken_at: Option<String>,
    /// Each surface, and whether it hears.
    pub surfaces: Vec<(&'static str, Result<(), String>)>,
}

/// Somebody who knows how the process is.
#[async_trait]
pub trait Probe: Send + Sync {
    /// How it is now.
    async fn state(&self) -> State;
}

/// 200 when everything that a paste or a click needs is there, else 503. A broken audit chain is told and does not count:
/// the bot still answers, only nothing new may be decided.
pub(super) async fn ready(
    extract::State(inside): extract::State<Inside>,
    Extension(Insider(insider)): Extension<Insider>,
) -> (StatusCode, Json<Value>) {
    let state = inside.probe.state().await;
    let ready = !state.stopping && state.database.is_ok() && state.surfaces.iter().all(|(_, ready)| ready.is_ok());
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if !insider {
        return (status, Json(json!({ "ready": ready })));
    }
    let word = |state: &Result<(), String>| state.as_ref().err().cloned().unwrap_or_else(|| "ok".to_owned());
    let surfaces: Map<String, Value> =
        state.surfaces.iter().map(|(name, ready)| ((*name).to_owned(), json!(word(ready)))).collect();
    let body = json!({
        "ready": ready,
        "stopping": state.stopping,
        "database": word(&state.database),
        "audit_chain": state.chain_broken_at.map_or_else(|| "ok".to_owned(), |row| format!("broken at {row}")),
        "surfaces": surfaces,
    });
    (status, Json(body))
}
