//! A simulated Slack, written from the public contract of the Web API, Socket Mode, the Events API, interactivity and
//! slash commands. It shares no code with the surface: own wire shapes, own limits of blocks, own escaping.
//!
//! A test drives it as people do ([`Sim::paste`], [`Sim::click`], [`Sim::slash`] …) and reads what they see ([`Sim::card`],
//! [`Sim::thread`]). Begin with [`Sim::start`].

mod api;
mod args;
mod blocks;
mod chat;
mod clicks;
mod deliver;
mod files;
mod human;
mod lookups;
mod modals;
mod see;
mod socket;
mod state;

pub(crate) use blocks::{check_message, check_view};
pub(crate) use deliver::{Kind, Route, event_callback, http_body, signature};
pub(crate) use see::{Seen, pings, plain};
pub(crate) use state::{
    APP, APP_TOKEN, BOT, BOT_ID, BOT_TOKEN, Call, DOWNSTAIRS, Fault, LUNCH, Message, OTHER_TEAM, PROVISIONING, SHARED,
    SIGNING_SECRET, SOUTH, SOUTH_TOKEN, SOUTHERN, State, TEAM, WEST, WEST_TEAM, WEST_TOKEN, WESTERN, unix, user_id,
};

use axum::Router;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// How long a test waits for something that has to come.
pub(crate) const DEADLINE: Duration = Duration::from_mins(2);

/// What every part of the simulation works on.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// `http://127.0.0.1:port`
    pub(crate) base: String,
    /// `ws://127.0.0.1:port`
    links: String,
    http: reqwest::Client,
    /// Woken by every call and every acknowledgement.
    changed: Notify,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running simulated Slack: one workspace, one app. Dropping it closes everything.
pub(crate) struct Sim {
    pub(crate) shared: Arc<Shared>,
    _servers: JoinSet<()>,
}

impl Sim {
    /// Opens the ports.
    pub(crate) async fn start() -> Sim {
        let (web, links) = (listener().await, listener().await);
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new()),
            base: format!("http://{}", web.local_addr().unwrap()),
            links: format!("ws://{}", links.local_addr().unwrap()),
            http: reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            changed: Notify::new(),
        });
        let mut servers = JoinSet::new();
        let router = Router::new().fallback(api::handle).with_state(Arc::clone(&shared));
        servers.spawn(async move {
            if let Err(error) = axum::serve(web, router).await {
                eprintln!("the simulated Slack stopped: {error}");
            }
        });
        servers.spawn(socket::serve(links, Arc::clone(&shared)));
        servers.spawn(deliver::echoes(Arc::clone(&shared)));
        Sim { shared, _servers: servers }
    }

    /// What goes into `[slack] api_url`.
    pub(crate) fn api_url(&self) -> String {
        format!("{}/api/", self.shared.base)
    }

    /// The state, to look at or to change. Never held over an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }

    /// Waits until `found` finds something; `what` says what was waited for.
    pub(crate) async fn until<T>(&self, what: &str, found: impl FnMut(&State) -> Option<T>) -> T {
        match self.within(DEADLINE, found).await {
            Some(value) => value,
            None => panic!("never seen: {what}\n{}", self.story()),
        }
    }

    /// As [`Sim::until`], for at most `limit`; `None` when it did not come.
    pub(crate) async fn within<T>(&self, limit: Duration, mut found: impl FnMut(&State) -> Option<T>) -> Option<T> {
        let poll = async {
            loop {
                if let Some(value) = found(&self.state()) {
                    return value;
                }
                tokio::time::timeout(Duration::from_millis(50), self.shared.changed.notified()).await.ok();
            }
        };
        tokio::time::timeout(limit, poll).await.ok()
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}
