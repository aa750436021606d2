//! Answering on an address, with limits: so many connections at once, so long for the head of a request and for the whole.
//!
//! Never holds a connection for somebody who sends nothing. Begin with [`answer`].

use crate::ports::stop::Stop;
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

/// Connections at once; the next ones wait to be taken.
const AT_ONCE: usize = 1024;
/// Longest time for the head of a request, also of the next one on a connection that is kept.
const HEAD: Duration = Duration::from_secs(20);
/// Longest time from the head of a request to its answer.
const WHOLE: Duration = Duration::from_secs(30);
/// Longest head in bytes.
const HEAD_BYTES: usize = 32 * 1024;
/// Pause after the system refused to give a connection (too many open files).
const REFUSED: Duration = Duration::from_millis(100);

/// Answers until the process is to end; then takes no more connections and lets those end that are being answered.
pub async fn answer(listener: TcpListener, routes: Router, mut stop: Stop) {
    let routes = routes.layer(middleware::from_fn(in_time));
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut connections = JoinSet::new();
    while !stop.is_wished() {
        let permit = tokio::select! {
            permit = Arc::clone(&permits).acquire_owned() => permit,
            () = stop.wished() => break,
        };
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            () = stop.wished() => break,
        };
        match taken {
            Ok((stream, _)) => {
                let (routes, stop) = (routes.clone(), stop.clone());
                connections.spawn(async move {
                    connection(stream, routes, stop).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not taken");
                tokio::time::sleep(REFUSED).await;
            }
        }
        while let Some(ended) = connections.try_join_next() {
            told(&ended);
        }
    }
    drop(listener);
    while let Some(ended) = connections.join_next().await {
        told(&ended);
    }
}

/// A panic while a request was answered ends that connection alone, and is not lost.
fn told(ended: &Result<(), JoinError>) {
    if ended.as_ref().is_err_and(JoinError::is_panic) {
        tracing::error!("the answering of a request panicked");
    }
}

async fn connection(stream: TcpStream, routes: Router, mut stop: Stop) {
    // Small answers go at once; without it they only come later.
    stream.set_nodelay(true).ok();
    let service = TowerToHyperService::new(routes);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut served = std::pin::pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.wished() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        // Whoever went away, or sent what is no HTTP: their business.
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(WHOLE, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "the request did not come whole in time\n").into_response(),
    }
}
