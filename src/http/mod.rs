//! What the server answers besides its surfaces: `/healthz` to everybody; `/readyz`, `/metrics` and `/v1/diagnose` to this
//! machine, or to whoever has the token.
//!
//! Never opens a case, never changes anything, never tells a name, an address or a tenant. Begin with [`public`] and
//! [`admin`]; [`listen::answer`] answers on an address.

mod diagnose;
mod guard;
pub mod listen;
mod metrics;
mod ready;

pub use guard::{Door, measured};
pub use metrics::Metrics;
pub use ready::{Probe, State};

use crate::app::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::sync::Arc;

/// Longest body that a surface is sent, in bytes.
pub const LONGEST_EVENT: usize = 1 << 20;

/// What `listen` answers: that the process lives, and what the enabled surfaces answer. Every other path is 404.
pub fn public(surfaces: Router) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .merge(surfaces)
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(LONGEST_EVENT))
}

/// What `admin_listen` answers to those whom `door` lets in.
pub fn admin(app: Arc<App>, probe: Arc<dyn Probe>, metrics: Arc<Metrics>, door: Door) -> Router {
    let inside = Inside { app, probe, metrics };
    let door = Arc::new(door);
    Router::new()
        .route("/metrics", get(measures))
        .route("/v1/diagnose", post(diagnose::diagnose))
        .fallback(not_found)
        .layer(from_fn_with_state(Arc::clone(&door), guard::enter))
        .route("/readyz", get(ready::ready).layer(from_fn_with_state(door, guard::look)))
        .route("/healthz", get(|| async { "ok\n" }))
        .with_state(inside)
}

/// What the answers inside are made from.
#[derive(Clone)]
struct Inside {
    app: Arc<App>,
    probe: Arc<dyn Probe>,
    metrics: Arc<Metrics>,
}

async fn not_found() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "not found\n")
}

async fn measures(axum::extract::State(inside): axum::extract::State<Inside>) -> Response {
    let state = inside.probe.state().await;
    let figures = match inside.app.figures().await {
        Ok(figures) => Some(figures),
        Err(error) => {
            tracing::warn!(%error, "the store did not give its figures");
            None
        }
    };
    match inside.metrics.text(&state, figures.as_ref()) {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
