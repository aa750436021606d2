//! Socket Mode: websockets to Slack, each envelope handed over and acknowledged with what comes back, and a watch over them.
//!
//! Never acknowledges what was to be stored and was not; never logs a frame or the address of a socket. A socket can be
//! connected and deaf, so none is trusted for being open: when nothing was heard for a while, new ones are opened first and
//! the old ones closed then. Begin with [`Sockets::keep`].

use super::api::client;
use crate::ports::secret::Secret;
use crate::ports::stop::Stop;
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use slack_morphism::clients_manager::{SlackSocketModeClientsManager, SlackSocketModeClientsManagerFactory};
use slack_morphism::prelude::{
    SlackClientEventsListenerEnvironment, SlackClientSocketModeConfig, SlackHyperClient, SlackSocketModeClientListener,
    SlackSocketModeWssClientId,
};
use slack_morphism::{SlackApiToken, SlackApiTokenValue};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long sockets may take until they say hello.
const HELLO: Duration = Duration::from_secs(30);
/// How long after that the old ones go on, for what is under way on them.
const OVERLAP: Duration = Duration::from_millis(500);
/// Pause before a socket that could not be opened is tried again, in seconds.
const AGAIN: u64 = 5;

/// Takes what comes through a socket.
#[async_trait]
pub trait Taker: Send + Sync {
    /// Takes one envelope of this type (`events_api`, `interactive`, `slash_commands`); gives what the acknowledgement
    /// carries (null: nothing). `None`: it could not be stored and must not be acknowledged, so that Slack sends it again.
    async fn take(&self, kind: &str, payload: &str) -> Option<Value>;
}

/// What a frame says, as far as it is looked at here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Frame<'a> {
    #[serde(rename = "type")]
    kind: String,
    envelope_id: Option<String>,
    accepts_response_payload: bool,
    reason: Option<Value>,
    num_connections: Option<Value>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// When something was heard, and how many sockets said hello.
pub struct Pulse {
    begun: Instant,
    /// Milliseconds since `begun`.
    heard: AtomicU64,
    hellos: AtomicUsize,
    hello: Notify,
}

impl Pulse {
    fn new() -> Self {
        Self { begun: Instant::now(), heard: AtomicU64::new(0), hellos: AtomicUsize::new(0), hello: Notify::new() }
    }

    fn beat(&self) {
        let ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.fetch_max(ms, Ordering::Relaxed);
    }

    fn silent_for(&self) -> Duration {
        self.begun.elapsed().saturating_sub(Duration::from_millis(self.heard.load(Ordering::Relaxed)))
    }
}

/// The sockets of one process.
pub struct Sockets {
    client: Arc<SlackHyperClient>,
    token: Secret,
    count: u32,
    silence: Duration,
    taker: Arc<dyn Taker>,
    up: Arc<std::sync::atomic::AtomicBool>,
}

/// One set of sockets: a manager of slack-morphism, and what was heard through it.
struct Set {
    manager: Arc<dyn SlackSocketModeClientsManager + Send + Sync>,
    pulse: Arc<Pulse>,
}

impl Sockets {
    /// `count` sockets of the app with this app-level token; they are opened anew after `silence`.
    pub fn new(api_url: &str, token: Secret, (count, silence): (u32, Duration), taker: Arc<dyn Taker>) -> Self {
        Self { client: Arc::new(client(api_url)), token, count, silence, taker, up: Arc::default() }
    }

    /// Whether a socket said hello and was heard of lately.
    pub fn up(&self) -> Arc<std::sync::atomic::AtomicBool> {
        Arc::clone(&self.up)
    }

    /// Keeps sockets open until the process is to end.
    pub async fn keep(&self, mut stop: Stop) {
        let mut set = self.open().await;
        while !stop.is_wished() {
            let fresh = self.greeted(&set).await;
            self.up.store(fresh, Ordering::Relaxed);
            if fresh {
                tokio::select! {
                    () = quiet(&set.pulse, self.silence) => {}
                    () = stop.wished() => break,
                }
                tracing::info!("nothing came through the websockets of Slack for a while; they are opened anew");
            } else {
                tracing::warn!("Slack does not greet on a websocket; trying again");
            }
            let next = self.open().await;
            self.greeted(&next).await;
            tokio::time::sleep(OVERLAP).await;
            let old = std::mem::replace(&mut set, next);
            old.manager.shutdown().await;
        }
        self.up.store(false, Ordering::Relaxed);
        set.manager.shutdown().await;
    }

    async fn greeted(&self, set: &Set) -> bool {
        let hello = async {
            loop {
                let told = set.pulse.hello.notified();
                if set.pulse.hellos.load(Ordering::Relaxed) > 0 {
                    return;
                }
                told.await;
            }
        };
        tokio::time::timeout(HELLO, hello).await.is_ok()
    }

    async fn open(&self) -> Set {
        let environment = Arc::new(SlackClientEventsListenerEnvironment::new(Arc::clone(&self.client)));
        let manager = self.client.http_api.connector.new_clients_manager(environment);
        let pulse = Arc::new(Pulse::new());
        let ear = Arc::new(Ear { taker: Arc::clone(&self.taker), pulse: Arc::clone(&pulse), manager: OnceLock::new() });
        ear.manager.set(Arc::downgrade(&manager)).ok();
        let token = SlackApiToken::new(SlackApiTokenValue(self.token.expose().to_owned()));
        let terms = SlackClientSocketModeConfig::new()
            .with_max_connections_count(self.count)
            .with_initial_backoff_in_seconds(0)
            .with_reconnect_timeout_in_seconds(AGAIN);
        if let Err(error) = manager.register_new_token(&terms, token, ear).await {
            tracing::warn!(%error, "websockets to Slack could not be prepared");
        }
        manager.start().await;
        Set { manager, pulse }
    }
}

/// Returns when nothing was heard for this long.
async fn quiet(pulse: &Pulse, silence: Duration) {
    loop {
        let left = silence.saturating_sub(pulse.silent_for());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left).await;
    }
}

/// What listens on the sockets of a set.
struct Ear {
    taker: Arc<dyn Taker>,
    pulse: Arc<Pulse>,
    manager: OnceLock<Weak<dyn SlackSocketModeClientsManager + Send + Sync>>,
}

impl Ear {
    async fn again(&self, id: &SlackSocketModeWssClientId) {
        if let Some(manager) = self.manager.get().and_then(Weak::upgrade) {
            manager.restart_client(id).await;
        }
    }
}

#[async_trait]
impl SlackSocketModeClientListener for Ear {
    async fn on_message(&self, id: &SlackSocketModeWssClientId, body: String) -> Option<String> {
        self.pulse.beat();
        let frame: Frame<'_> = match serde_json::from_str(&body) {
            Ok(frame) => frame,
            Err(error) => {
                tracing::warn!(%error, "a frame of Slack cannot be read");
                return None;
            }
        };
        match frame.kind.as_str() {
            "hello" => {
                let open = frame.num_connections.unwrap_or_default();
                tracing::info!(connections = %open, "a websocket of Slack is open");
                self.pulse.hellos.fetch_add(1, Ordering::Relaxed);
                self.pulse.hello.notify_waiters();
                None
            }
            "disconnect" => {
                let reason = frame.reason.unwrap_or_default();
                // `warning` comes ahead of the end; a new socket now is one that is there when the old one closes.
                tracing::info!(%reason, "Slack asks for a new websocket");
                self.again(id).await;
                None
            }
            kind => {
                let envelope = frame.envelope_id?;
                let taken = self.taker.take(kind, frame.payload.map_or("null", RawValue::get)).await?;
                let ack = if taken.is_null() || !frame.accepts_response_payload {
                    json!({ "envelope_id": envelope })
                } else {
                    json!({ "envelope_id": envelope, "payload": taken })
                };
                Some(ack.to_string())
            }
        }
    }

    async fn on_error(&self, _: Box<dyn std::error::Error + Send + Sync>) {
        // The words may hold what came through the socket.
        tracing::info!("a websocket of Slack failed");
    }

    async fn on_disconnect(&self, id: &SlackSocketModeWssClientId) {
        self.again(id).await;
    }
}
