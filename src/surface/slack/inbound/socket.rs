//! Socket Mode: websockets that the bot opens to Slack. slack-morphism keeps them (connecting, pings, reconnecting); the frames
//! are read by ourselves, and each is acknowledged when what it brings is stored.
//!
//! Frames of one socket are handled one after another, so nothing here may wait but for the inbox. A socket can fall silent
//! without closing: after the configured silence new sockets are opened, and the old ones closed when the new ones say hello.
//! Where Slack asks for a new socket, the old one is heard on for a while: a click that is under way on it comes once.
//!
//! Begin with [`Sockets::keep`].

use super::intake::{Intake, Outcome};
use super::lenient::Flag;
use super::payload::{Command, Frame};
use crate::ports::secret::Secret;
use crate::ports::stop::Stop;
use crate::surface::Ready;
use async_trait::async_trait;
use serde_json::json;
use serde_json::value::RawValue;
use slack_morphism::clients_manager::{SlackSocketModeClientsManager, SlackSocketModeClientsManagerFactory};
use slack_morphism::listener::SlackClientEventsListenerEnvironment;
use slack_morphism::prelude::{SlackApiToken, SlackHyperClient};
use slack_morphism::{SlackClientSocketModeConfig, SlackSocketModeClientListener, SlackSocketModeWssClientId};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::time::Instant;

type Manager = dyn SlackSocketModeClientsManager + Send + Sync;

/// Seconds between two tries to connect.
const AGAIN: u64 = 2;
/// Seconds between two pings, and pings without an answer after which a socket counts as dead.
const PING: (u64, u64) = (10, 3);
/// How often the sockets are looked after.
const LOOK: Duration = Duration::from_millis(500);
/// How long sockets that Slack wants to replace are heard on after the new ones said hello; Slack closes them itself.
const GRACE: Duration = Duration::from_secs(10);
/// Shortest time between two replacements that Slack asks for.
const PAUSE: Duration = Duration::from_secs(2);
/// How long frames that came before the end may take.
const LAST: Duration = Duration::from_secs(2);
/// How long new sockets may take to say hello before that is a warning.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is known of the sockets.
struct Pulse {
    open: BTreeSet<String>,
    last: Instant,
    /// Frames that are being worked on.
    busy: usize,
    /// Slack asked for new sockets.
    renew: bool,
    /// Others took their place: what closes is not opened again.
    retired: bool,
}

impl Pulse {
    fn of(open: BTreeSet<String>, last: Instant) -> Self {
        Self { open, last, busy: 0, renew: false, retired: false }
    }
}

/// Keeps the sockets of one process.
pub struct Sockets {
    intake: Arc<Intake>,
    client: Arc<SlackHyperClient>,
    app_token: Secret,
    count: u32,
    silence: Duration,
    /// Of the set that is kept now: what `/readyz` tells.
    pulse: Mutex<Arc<Mutex<Pulse>>>,
    /// The most sockets that this process has open, those that are to be replaced included.
    ours: Arc<AtomicU32>,
}

/// One set of sockets.
struct Set {
    manager: Arc<Manager>,
    pulse: Arc<Mutex<Pulse>>,
}

fn locked<T>(pulse: &Mutex<T>) -> MutexGuard<'_, T> {
    pulse.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fresh() -> Arc<Mutex<Pulse>> {
    Arc::new(Mutex::new(Pulse::of(BTreeSet::new(), Instant::now())))
}

impl Sockets {
    /// Keeps `count` sockets; nothing is opened yet.
    pub fn new(
        intake: Arc<Intake>,
        client: SlackHyperClient,
        app_token: Secret,
        (count, silence): (u32, Duration),
    ) -> Self {
        let (client, pulse) = (Arc::new(client), Mutex::new(fresh()));
        Self { intake, client, app_token, count, silence, pulse, ours: Arc::default() }
    }

    /// Opens the sockets and looks after them until the process is to end.
    pub async fn keep(&self, mut stop: Stop) {
        let mut set = self.open().await;
        self.show(&set);
        let mut old: Vec<(Set, Instant)> = Vec::new();
        let (mut opened, mut renewed) = (Instant::now(), Instant::now());
        let mut told = false;
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = stop.wished() => break,
            }
            self.leave(&mut old).await;
            let (hears, quiet, renew) = {
                let pulse = locked(&set.pulse);
                (!pulse.open.is_empty(), pulse.last.elapsed(), pulse.renew && renewed.elapsed() >= PAUSE)
            };
            if !hears && opened.elapsed() > PATIENCE && !told {
                told = true;
                tracing::error!(
                    "Slack opens no websocket: check SLACK_APP_TOKEN and Socket Mode with reanchor doctor; trying on"
                );
            }
            if quiet >= self.silence || renew {
                if !renew {
                    tracing::info!(seconds = quiet.as_secs(), "the websockets to Slack are silent and are opened anew");
                }
                locked(&set.pulse).retired = true;
                let new = self.open().await;
                wait_for_hello(&new, PATIENCE).await;
                let grace = if renew { GRACE } else { Duration::ZERO };
                old.push((std::mem::replace(&mut set, new), Instant::now() + grace));
                self.show(&set);
                self.leave(&mut old).await;
                (opened, renewed, told) = (Instant::now(), Instant::now(), false);
            } else if hears {
                told = false;
                opened = Instant::now();
            }
        }
        locked(&set.pulse).open.clear();
        old.push((set, Instant::now()));
        for (set, _) in &old {
            set.manager.shutdown().await;
        }
        // What came in is stored before the process closes its database.
        let begun = Instant::now();
        while old.iter().any(|(set, _)| locked(&set.pulse).busy > 0) && begun.elapsed() < LAST {
            tokio::time::sleep(LOOK / 50).await;
        }
    }

    /// What this set knows is what `/readyz` tells from now on.
    fn show(&self, set: &Set) {
        *locked(&self.pulse) = Arc::clone(&set.pulse);
    }

    async fn open(&self) -> Set {
        let environment = Arc::new(SlackClientEventsListenerEnvironment::new(Arc::clone(&self.client)));
        let manager = self.client.http_api.connector.new_clients_manager(environment);
        let pulse = fresh();
        let ears = Arc::new(Ears {
            intake: Arc::clone(&self.intake),
            manager: OnceLock::new(),
            pulse: Arc::clone(&pulse),
            ours: Arc::clone(&self.ours),
        });
        self.ours.fetch_add(self.count, Ordering::Relaxed);
        // Set once, right here.
        ears.manager.set(Arc::downgrade(&manager)).ok();
        let config = SlackClientSocketModeConfig {
            max_connections_count: self.count,
            debug_connections: false,
            initial_backoff_in_seconds: 0,
            reconnect_timeout_in_seconds: AGAIN,
            ping_interval_in_seconds: PING.0,
            ping_failure_threshold_times: PING.1,
        };
        let token = SlackApiToken::new(self.app_token.expose().into());
        if let Err(error) = manager.register_new_token(&config, token, ears).await {
            tracing::error!(%error, "the websockets to Slack could not be prepared");
        }
        manager.start().await;
        Set { manager, pulse }
    }

    /// Closes the sets whose time is over.
    async fn leave(&self, old: &mut Vec<(Set, Instant)>) {
        let now = Instant::now();
        while let Some(at) = old.iter().position(|(_, until)| *until <= now) {
            old.swap_remove(at).0.manager.shutdown().await;
            self.ours.fetch_sub(self.count, Ordering::Relaxed);
        }
    }
}

async fn wait_for_hello(set: &Set, most: Duration) {
    let begun = Instant::now();
    while locked(&set.pulse).open.is_empty() && begun.elapsed() < most {
        tokio::time::sleep(LOOK / 10).await;
    }
}

impl Ready for Sockets {
    fn ready(&self) -> Result<(), String> {
        let pulse = Arc::clone(&locked(&self.pulse));
        if locked(&pulse).open.is_empty() { Err("no websocket to Slack is open".to_owned()) } else { Ok(()) }
    }
}

/// A frame that is being worked on.
struct Busy<'a>(&'a Mutex<Pulse>);

impl<'a> Busy<'a> {
    fn new(pulse: &'a Mutex<Pulse>) -> Self {
        locked(pulse).busy += 1;
        Self(pulse)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        locked(self.0).busy -= 1;
    }
}

/// What hears the frames.
struct Ears {
    intake: Arc<Intake>,
    manager: OnceLock<Weak<Manager>>,
    pulse: Arc<Mutex<Pulse>>,
    ours: Arc<AtomicU32>,
}

impl Ears {
    async fn restart(&self, id: &SlackSocketModeWssClientId) {
        let retired = {
            let mut pulse = locked(&self.pulse);
            pulse.open.remove(&id.to_string());
            pulse.retired
        };
        if retired {
            return;
        }
        if let Some(manager) = self.manager.get().and_then(Weak::upgrade) {
            manager.restart_client(id).await;
        }
    }

    fn hello(&self, id: &SlackSocketModeWssClientId, frame: &Frame<'_>) {
        locked(&self.pulse).open.insert(id.to_string());
        let sockets = frame.num_connections.some().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
        let ours = self.ours.load(Ordering::Relaxed);
        if sockets > ours {
            // Slack gives each event to one of them, so an unknown process there would swallow events.
            tracing::info!(
                sockets,
                ours,
                "other processes hold websockets of this Slack app, too; they share the events"
            );
        } else {
            tracing::info!(sockets, "a websocket to Slack is open");
        }
    }

    fn disconnect(&self, frame: &Frame<'_>) {
        match &*frame.reason {
            "link_disabled" => {
                tracing::error!(
                    "Socket Mode was switched off for this Slack app: switch it on, or use mode = \"http\""
                );
            }
            "too_many_websockets" => {
                tracing::error!(
                    "this Slack app has more than ten websockets: stop processes, or lower [slack] sockets"
                );
            }
            _ => tracing::info!("Slack asks for a new websocket"),
        }
        // Not closed here: what Slack has sent on it before, and still sends, comes once.
        locked(&self.pulse).renew = true;
    }

    async fn take(&self, kind: &str, payload: &str) -> Outcome {
        match kind {
            "events_api" => self.intake.event(payload).await,
            "interactive" => self.intake.interaction(payload).await,
            "slash_commands" => match serde_json::from_str::<Command<'_>>(payload) {
                Ok(command) => self.intake.command(&command).await,
                Err(_) => Outcome::Malformed,
            },
            _ => Outcome::Done,
        }
    }
}

#[async_trait]
impl SlackSocketModeClientListener for Ears {
    async fn on_message(&self, id: &SlackSocketModeWssClientId, text: String) -> Option<String> {
        locked(&self.pulse).last = Instant::now();
        let Ok(frame) = serde_json::from_str::<Frame<'_>>(&text) else {
            tracing::warn!("a frame of Slack is no JSON and was dropped");
            return None;
        };
        match &*frame.kind {
            "hello" => {
                self.hello(id, &frame);
                return None;
            }
            "disconnect" => {
                self.disconnect(&frame);
                return None;
            }
            _ => {}
        }
        let envelope = frame.envelope_id.some()?;
        let _busy = Busy::new(&self.pulse);
        let payload = frame.payload.map_or("{}", RawValue::get);
        let Flag(takes_answer) = frame.accepts_response_payload;
        match self.take(&frame.kind, payload).await {
            // Without an acknowledgement Slack delivers an event again, and tells somebody who pressed that it did not work.
            Outcome::NotStored => None,
            Outcome::Done | Outcome::Malformed => Some(json!({ "envelope_id": envelope }).to_string()),
            Outcome::Answer(text) => {
                let answer = serde_json::from_str::<serde_json::Value>(&text).ok().filter(|_| takes_answer);
                Some(match answer {
                    Some(answer) => json!({ "envelope_id": envelope, "payload": answer }).to_string(),
                    None => json!({ "envelope_id": envelope }).to_string(),
                })
            }
        }
    }

    async fn on_error(&self, _error: Box<dyn std::error::Error + Send + Sync>) {
        // Its words hold addresses, which are secrets.
        tracing::warn!("a websocket to Slack failed; it is opened again");
    }

    async fn on_disconnect(&self, id: &SlackSocketModeWssClientId) {
        tracing::info!("a websocket to Slack was closed; it is opened again");
        self.restart(id).await;
    }
}
