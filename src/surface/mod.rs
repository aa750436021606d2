//! Places where people talk. Each is one folder that turns what it hears into [`crate::domain::inbound::Inbound`] and shows
//! what the outbox gives it; a surface decides nothing.
//!
//! This file lists the surfaces, and says what a surface of the production bot tells of itself: a [`Descriptor`]. A surface
//! is on when the configuration has its section; then it is built ([`Descriptor::build`], it can show), the app is built
//! around it, and only then it begins to hear ([`Built::open`]). Begin with [`each`].

pub mod console;
pub mod slack;
pub mod web;

use crate::app::{App, Channel};
use crate::domain::actor::Actor;
use crate::domain::finding::Finding;
use crate::domain::ids::OktaUserId;
use crate::ports::clock::Clock;
use crate::ports::fresh::Fresh;
use crate::ports::secret::{Secret, Secrets};
use crate::ports::stop::Stop;
use crate::ports::surface::Surface;
use crate::ports::tasks::{Tasks, Unit};
use async_trait::async_trait;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

/// Visits every surface that this program has: the one list.
pub fn each(visit: &mut impl Visit) {
    visit.surface::<slack::Descriptor>();
    visit.sandbox_only(console::NAME);
    visit.sandbox_only(web::NAME);
}

/// Somebody who goes through the list of surfaces.
pub trait Visit {
    /// A surface of the production bot.
    fn surface<D: Descriptor>(&mut self);

    /// A surface whose people are actors of the sandbox: no section turns it on, and `serve` never has it (SAFETY A2).
    fn sandbox_only(&mut self, name: &'static str);
}

/// A value of a section that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The way to the key, from the outside to the inside; an item of a list by its number from 0.
    pub keys: Vec<String>,
    /// What is wrong and what is allowed: the end of a sentence that begins with the key, never with the value in it.
    pub problem: String,
}

/// What a surface of the production bot tells of itself.
#[async_trait]
pub trait Descriptor: 'static {
    /// Its name: in the store, in `[[channel]] surface`, in `[[link]]`, and the name of its section, which turns it on.
    const NAME: &'static str;
    /// Its section as an example with every key and its default, each line commented out, because it is off by default.
    const EXAMPLE: &'static str;
    /// Its section; unknown keys are refused, and no key holds a secret.
    type Settings: DeserializeOwned + Send + Sync + 'static;

    /// Whether the values can be used; the first one that cannot is named.
    fn check(settings: &Self::Settings) -> Result<(), Flaw>;

    /// Whether the key of an account in a `[[link]]` row has the platform's form; the error is the end of a sentence that
    /// begins with the key and says what is allowed.
    fn check_account(account: &str) -> Result<(), &'static str>;

    /// Builds the side that shows. It may ask the platform who it is there; an error ends the start.
    async fn build(settings: Self::Settings, ground: Ground) -> anyhow::Result<Box<dyn Built>>;

    /// Looks at the set-up for `reanchor doctor`; changes nothing and posts nothing.
    async fn examine(settings: &Self::Settings, ground: &Ground) -> Vec<Finding>;

    /// The sub-command `reanchor NAME …`, if it has one; it works without a configuration.
    fn command() -> Option<clap::Command> {
        None
    }

    /// Runs that sub-command; the exit code.
    fn run(_matches: &clap::ArgMatches, _out: &mut dyn Write) -> anyhow::Result<u8> {
        Ok(2)
    }
}

/// What a surface stands on.
#[derive(Clone)]
pub struct Ground {
    /// Secrets by name, looked up when they are needed.
    pub secrets: Arc<dyn Secrets>,
    /// Key of what the surface itself signs (tokens of buttons): the same for all replicas, kept over restarts.
    pub signing_key: Secret,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub fresh: Arc<dyn Fresh>,
    /// Supervised tasks, for work that ends by itself soon; the process waits for it when it stops.
    pub tasks: Arc<dyn Tasks>,
    /// The wish that the process ends.
    pub stop: Stop,
    /// The `[[channel]]` rows of this surface.
    pub channels: Vec<Channel>,
    /// The `[[link]]` rows of this surface: key of the account, as written, and the Okta user behind it.
    pub links: BTreeMap<String, OktaUserId>,
    /// Under which address others reach `[server] listen`, if that is configured.
    pub public_url: Option<String>,
}

/// A surface that can show and does not hear yet.
#[async_trait]
pub trait Built: Send + Sync {
    /// The side that shows.
    fn surface(&self) -> Arc<dyn Surface>;

    /// People that can be told something on it (approvers are found among them).
    fn roster(&self) -> Vec<Actor>;

    /// Begins to hear: everything it hears goes to `app`.
    async fn open(self: Box<Self>, app: Arc<App>) -> anyhow::Result<Open>;
}

/// A surface that hears.
#[derive(Default)]
pub struct Open {
    /// What it answers on `[server] listen`; only its own paths.
    pub routes: axum::Router,
    /// What it does all the time (a socket, a poll). It ends when [`Ground::stop`] is wished; one that ends or panics
    /// before is begun again after a pause, with an error in the log.
    pub work: Vec<Work>,
    /// Whether it hears now, for `/readyz`; without one it always does.
    pub ready: Option<Arc<dyn Ready>>,
}

/// Something done all the time.
pub struct Work {
    /// Its name in the log.
    pub name: &'static str,
    /// Begins it (again).
    pub begin: Box<dyn Fn() -> Unit + Send + Sync>,
}

/// Whether a surface hears now.
pub trait Ready: Send + Sync {
    /// `Ok`, or why it does not: words for the operator, without ids of people.
    fn ready(&self) -> Result<(), String>;
}
