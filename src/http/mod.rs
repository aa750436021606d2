//! What the server answers besides its surfaces: `/healthz` to everybody; `/readyz` and `/v1/diagnose` to this machine.
//!
//! Never opens a case, never changes anything, never tells a name, an address or a tenant. Begin with [`public`] and
//! [`admin`].

mod diagnose;
mod ready;

pub use ready::{Probe, State};

use crate::app::App;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use std::sync::Arc;

/// What `listen` answers besides the surfaces: only that the process lives. Every other path is 404.
pub fn public() -> Router {
    Router::new().route("/healthz", get(|| async { "ok\n" })).fallback(not_found)
}

/// What `admin_listen` answers.
pub fn admin(app: Arc<App>, probe: Arc<dyn Probe>) -> Router {
    let inside = Inside { app, probe };
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready::ready))
        .route("/v1/diagnose", post(diagnose::diagnose))
        .fallback(not_found)
        .with_state(inside)
}

/// What the answers inside are made from.
#[derive(Clone)]
struct Inside {
    app: Arc<App>,
    probe: Arc<dyn Probe>,
}

async fn not_found() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "not found\n")
}
