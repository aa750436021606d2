//! The use cases: hear, look up, decide, run, show. Everything goes through ports; no HTTP, no SQL, no vendor word.
//!
//! Never changes anything but by one [`crate::ports::store::Change`] at a time, never runs an effect itself (that is `saga`),
//! never shows a card that is not in the outbox. The only direct answers are whispers to the person who pressed or typed.
//!
//! Begin with [`App::hear`], then [`work`] (how stored events, look-ups, runs and posts are taken up), then [`decide`].

mod anchors;
mod books;
mod complete;
pub mod decide;
pub mod desk;
pub mod diagnose;
mod edited;
mod figures;
mod gather;
mod hear;
mod job;
mod lists;
mod look_up;
mod nudge;
mod open;
mod outbox;
mod people;
mod propose;
mod queue;
mod record;
mod resting;
mod retire;
mod runs;
pub mod server_side;
mod signals;
mod timers;
mod undo;
mod vote;
pub mod work;

use crate::domain::actor::Actor;
use crate::domain::ids::{AppId, RunId};
use crate::domain::incident::Outlook;
use crate::domain::settings::{Declared, Settings, Sharing};
use crate::domain::time::At;
use crate::ports::clock::Clock;
use crate::ports::directory::WriteAccess;
use crate::ports::fresh::Fresh;
use crate::ports::meter::Meter;
use crate::ports::signals::Signals;
use crate::ports::stop::Stop;
use crate::ports::store::{LeaseTable, LeaseTerms, Ledger, Store};
use crate::ports::surface::Surface;
use crate::ports::tasks::Tasks;
use crate::saga::look::Readers;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

pub use figures::Figures;
pub use hear::{HearError, Heard};
pub use work::Busy;

/// A channel that the bot listens to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Surface.
    pub surface: String,
    /// The surface's own id of the channel.
    pub id: String,
    /// Whether pasted errors are answered (commands and buttons always are).
    pub listen: bool,
    /// How much of a look-up it is shown.
    pub facts: Sharing,
}

/// How runs are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunTerms {
    /// Length of a lease, milliseconds.
    pub lease_ms: i64,
    /// Longest time one vendor call may take, milliseconds.
    pub call_timeout_ms: i64,
    /// How long to poll for what a vendor does by itself, milliseconds.
    pub poll_deadline_ms: i64,
}

impl RunTerms {
    fn lease(self, last_intent: Option<At>) -> LeaseTerms {
        LeaseTerms { lease_ms: self.lease_ms, call_timeout_ms: self.call_timeout_ms, last_intent }
    }
}

/// Everything the use cases work with. Built by `boot`.
pub struct Parts {
    /// The classifier.
    pub diagnoser: diagnose::Diagnoser,
    /// The record.
    pub store: Arc<dyn Store>,
    /// Leases of runs.
    pub leases: Arc<dyn LeaseTable>,
    /// The audit chain.
    pub ledger: Arc<dyn Ledger>,
    /// Both directories, read side.
    pub readers: Readers,
    /// What is read beside the two sides of a person.
    pub signals: Signals,
    /// Both directories, write side; only in mode `fix`.
    pub access: Option<Arc<dyn WriteAccess>>,
    /// Chance.
    pub fresh: Arc<dyn Fresh>,
    /// Supervised tasks.
    pub tasks: Arc<dyn Tasks>,
    /// The wish that the process ends.
    pub stop: Stop,
    /// Who counts.
    pub meter: Arc<dyn Meter>,
    /// Places where people talk, by name.
    pub surfaces: Vec<Arc<dyn Surface>>,
    /// People that can be told something, by surface (approvers are found among them).
    pub roster: BTreeMap<String, Vec<Actor>>,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Modes, declarations, policy.
    pub settings: Settings,
    /// The configured app; without one the app is found by the domain of the login.
    pub app: Option<AppId>,
    /// Terms of runs.
    pub run: RunTerms,
    /// Name of this process in leases and claims; unlike any other.
    pub owner: String,
}

/// The application.
pub struct App {
    parts: Parts,
    /// Keys of work that is under way in this process.
    under_way: Mutex<BTreeSet<String>>,
    /// Runs that another live process holds.
    elsewhere: Mutex<BTreeSet<String>>,
    /// Runs that this process has met, and until when a repair that is refused rests.
    met: Mutex<BTreeMap<String, At>>,
    /// Runs that wait for another one of this process on the same app: for which, and until when.
    behind: Mutex<BTreeMap<String, (RunId, At)>>,
    /// Units that failed: how often, and when they may be tried again.
    failed: Mutex<BTreeMap<String, (u32, At)>>,
    /// Held while a report is counted into a case that stands for many.
    counting: tokio::sync::Mutex<()>,
    /// What the feeds of incidents said last.
    seen: Mutex<Option<Outlook>>,
    /// What is declared since the directories were replaced (the sandbox alone does that).
    declared: Mutex<Option<Declared>>,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            parts,
            under_way: Mutex::default(),
            elsewhere: Mutex::default(),
            met: Mutex::default(),
            behind: Mutex::default(),
            failed: Mutex::default(),
            counting: tokio::sync::Mutex::default(),
            seen: Mutex::default(),
            declared: Mutex::default(),
        })
    }

    /// Who counts.
    pub fn meter(&self) -> &dyn Meter {
        self.parts.meter.as_ref()
    }

    /// What planning needs to know, as it is declared now.
    fn settings(&self) -> Settings {
        let mut settings = self.parts.settings.clone();
        let declared = *self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Declared { deactivation, allow_pause, provisioning_type }) = declared {
            settings.deactivation = deactivation;
            settings.allow_pause = allow_pause;
            settings.provisioning_type = provisioning_type;
        }
        settings
    }

    /// The classifier, for whoever asks about a text without opening a case.
    pub fn diagnoser(&self) -> &diagnose::Diagnoser {
        &self.parts.diagnoser
    }

    fn clock(&self) -> &dyn Clock {
        self.parts.readers.clock.as_ref()
    }

    fn now(&self) -> At {
        self.clock().now()
    }

    fn channel(&self, surface: &str, id: &str) -> Option<&Channel> {
        self.parts.channels.iter().find(|channel| channel.surface == surface && channel.id == id)
    }

    fn surface(&self, name: &str) -> Option<&Arc<dyn Surface>> {
        self.parts.surfaces.iter().find(|surface| surface.name() == name)
    }
}
