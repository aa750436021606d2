//! `reanchor serve`: the production bot. Reads the configuration, builds the surfaces that it turns on, the app around them,
//! and answers on two addresses: `listen` for everybody, `admin_listen` for this machine.
//!
//! Never has the people of the sandbox (SAFETY A2) and no control of it (E3); never begins to hear before the app stands;
//! when it is to end, begins nothing new, lets every run finish its effect, and sends what is in the outbox. Begin with
//! [`open`].

use super::build::{Built as House, Options, Process, build_in, readers};
use super::chance::SystemChance;
use super::doctor;
use super::driver::{Driver, TenantClock, keep};
use super::follow::{Follow, follow};
use super::open::{Credentials, Loaded, OtherEnd, configuration, other_end};
use super::time::{Crew, OffsetClock};
use crate::config::ConfigError;
use crate::http::{self, Door, Metrics, Probe, State, listen::answer};
use crate::ports::clock::Clock;
use crate::ports::fresh::Fresh;
use crate::ports::meter::Meter;
use crate::ports::secret::{Secret, Secrets};
use crate::ports::stop::{Brake, Stop, brake};
use crate::ports::store::{Ledger, Store};
use crate::store::{Database, kept_beside};
use crate::surface::{Built, Ground, Open, Ready, Work};
use anyhow::{Context, anyhow};
use async_trait::async_trait;
use futures_util::FutureExt;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Name of the bearer token of `admin_listen`.
const ADMIN_TOKEN: &str = "REANCHOR_ADMIN_TOKEN";
/// At the end: how long units of work may take, beyond the longest call of a vendor.
const SPARE: Duration = Duration::from_secs(5);
/// At the end: how long posts may take.
const FLUSH: Duration = Duration::from_secs(5);
/// At the end: how long requests that are being answered may take.
const ANSWERS: Duration = Duration::from_secs(2);
/// Pause before a surface's lost work is begun again.
const AGAIN: Duration = Duration::from_secs(1);

/// A bot that serves.
pub struct Server {
    public: SocketAddr,
    admin: SocketAddr,
    surfaces: Vec<&'static str>,
    loaded: About,
    driver: Arc<Driver>,
    database: Database,
    brake: Brake,
    servers: JoinSet<()>,
    background: JoinSet<()>,
    call_timeout: Duration,
}

/// What is told at the start.
struct About {
    mode: String,
}

/// What the parts of a process share.
struct Shared {
    clock: Arc<OffsetClock>,
    fresh: Arc<dyn Fresh>,
    crew: Arc<Crew>,
    stop: Stop,
    metrics: Arc<Metrics>,
    door: Door,
}

/// Opens everything; answers when the bot does. Must be called inside a tokio runtime. Errors of type `ConfigError` or
/// `SandboxOnly` say that what was given cannot be used.
pub async fn open(config: Option<&Path>) -> anyhow::Result<Server> {
    let loaded = match configuration(config, Credentials::ByMode) {
        Ok(loaded) => loaded,
        Err(error) => return Err(doctor::with_ids(config, error).await),
    };
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    // The addresses first: a mistake that is easily made is told before anything else begins.
    let door = door(&loaded)?;
    let listener = listen("listen", loaded.general.server.listen).await?;
    let admin = listen("admin_listen", loaded.general.server.admin_listen).await?;
    let clock = Arc::new(OffsetClock::default());
    let (brake, stop) = brake();
    let shared = Shared {
        crew: Arc::new(Crew::new(Arc::clone(&clock))),
        fresh: Arc::new(SystemChance::new()?),
        metrics: Arc::new(Metrics::new()?),
        clock,
        stop,
        door,
    };
    let tenant = adopt(&loaded, &shared).await?;
    stand(loaded, (listener, admin), (shared, brake), tenant).await
}

/// What one must show at `admin_listen`: beyond this machine a token (SAFETY E3).
fn door(loaded: &Loaded) -> anyhow::Result<Door> {
    let token = Secrets::secret(&loaded.secrets, ADMIN_TOKEN)?;
    let address = loaded.general.server.admin_listen;
    if token.is_none() && !address.ip().is_loopback() {
        let problem = format!(
            "is not set, and [server] admin_listen = {address} is not an address of this machine: there everybody must show a \
             token; set {ADMIN_TOKEN} (or {ADMIN_TOKEN}_FILE), or listen on 127.0.0.1. Nothing was started"
        );
        return Err(ConfigError::Secret { name: ADMIN_TOKEN.to_owned(), problem }.into());
    }
    Ok(Door { token })
}

async fn listen(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("[server] {key} = {address} is in use; choose another port. Nothing was started")
        }
        _ => anyhow!("[server] {key} = {address} cannot be opened: {error}. Nothing was started"),
    })
}

/// A simulated tenant has a clock of its own, which a starting bot adopts.
async fn adopt(loaded: &Loaded, shared: &Shared) -> anyhow::Result<Option<Arc<dyn TenantClock>>> {
    if loaded.general.sandbox.is_none() {
        return Ok(None);
    }
    let as_clock: Arc<dyn Clock> = Arc::<OffsetClock>::clone(&shared.clock);
    let clients = readers(&loaded.directories, call_timeout(loaded), &as_clock, &shared.fresh)?;
    match other_end(loaded, &clients.okta, &clients.graph).await {
        Ok(OtherEnd::Sandbox { control, .. }) => {
            let control: Arc<dyn TenantClock> = control;
            shared.clock.adopt(control.now().await.context("the tenant's clock could not be read")?);
            Ok(Some(control))
        }
        Ok(OtherEnd::Real(why)) => {
            tracing::warn!(
                "the configuration has a [sandbox] section and the other end is none ({why}): its clock is not followed"
            );
            Ok(None)
        }
        Err(error) => {
            tracing::warn!("the simulated tenant of [sandbox] does not answer: its clock is not followed ({error:#})");
            Ok(None)
        }
    }
}

fn call_timeout(loaded: &Loaded) -> Duration {
    Duration::from_millis(u64::try_from(loaded.run().call_timeout_ms).unwrap_or(15_000))
}

/// The key of what surfaces sign: configured, or kept beside the database.
fn signing_key(loaded: &Loaded, fresh: &dyn Fresh) -> anyhow::Result<Secret> {
    const NAME: &str = "REANCHOR_SIGNING_KEY";
    if let Some(key) = Secrets::secret(&loaded.secrets, NAME)? {
        return Ok(key);
    }
    let kept = kept_beside(&loaded.general.store.url, ".signing-key", fresh)?;
    kept.with_context(|| {
        format!("{NAME}: is not set; with PostgreSQL set it (or {NAME}_FILE), the same for all replicas. Nothing was started")
    })
}

/// The same for somebody who only looks: a key that is not there yet is not made.
pub(super) fn kept_signing_key(loaded: &Loaded, fresh: &dyn Fresh) -> Secret {
    let configured = Secrets::secret(&loaded.secrets, "REANCHOR_SIGNING_KEY").ok().flatten();
    configured.unwrap_or_else(|| Secret::new(&fresh.id("", 25)))
}

/// What a surface stands on.
pub(super) struct Grounds {
    base: Ground,
}

impl Grounds {
    pub(super) fn new(
        loaded: &Loaded,
        process: &Process,
        (clock, fresh): (Arc<dyn Clock>, Arc<dyn Fresh>),
        signing_key: Secret,
    ) -> Self {
        let base = Ground {
            signing_key,
            secrets: Arc::new(loaded.secrets.clone()),
            clock,
            fresh,
            tasks: Arc::<Crew>::clone(&process.crew),
            stop: process.stop.clone(),
            channels: Vec::new(),
            links: BTreeMap::new(),
            public_url: loaded.general.server.public_url.clone(),
        };
        Self { base }
    }

    pub(super) fn of(&self, loaded: &Loaded, surface: &str) -> Ground {
        let channels = loaded.channels().into_iter().filter(|channel| channel.surface == surface).collect();
        Ground { channels, links: loaded.links(surface), ..self.base.clone() }
    }
}

async fn stand(
    mut loaded: Loaded,
    (listener, admin): (TcpListener, TcpListener),
    (shared, brake): (Shared, Brake),
    tenant: Option<Arc<dyn TenantClock>>,
) -> anyhow::Result<Server> {
    let as_clock: Arc<dyn Clock> = Arc::<OffsetClock>::clone(&shared.clock);
    let meter: Arc<dyn Meter> = Arc::<Metrics>::clone(&shared.metrics);
    let process = Process { crew: Arc::clone(&shared.crew), stop: shared.stop.clone(), meter };
    let key = signing_key(&loaded, shared.fresh.as_ref())?;
    let grounds = Grounds::new(&loaded, &process, (as_clock, Arc::clone(&shared.fresh)), key);
    let mut built: Vec<Box<dyn Built>> = Vec::new();
    for candidate in std::mem::take(&mut loaded.surfaces).take() {
        let (name, ground) = (candidate.name(), grounds.of(&loaded, candidate.name()));
        built.push(candidate.build(ground).await.with_context(|| format!("[{name}] could not be started"))?);
    }
    let call_timeout = call_timeout(&loaded);
    let about = About { mode: loaded.settings.mode.to_string() };
    let house =
        build_in(process, options(loaded, &built), Arc::clone(&shared.clock), Arc::clone(&shared.fresh)).await?;
    let mut surfaces = Vec::new();
    let mut open = Vec::new();
    for one in built {
        let name = one.surface().name();
        open.push((
            name,
            one.open(Arc::clone(&house.app)).await.with_context(|| format!("[{name}] could not be opened"))?,
        ));
        surfaces.push(name);
    }
    let addresses = (listener.local_addr()?, admin.local_addr()?);
    let driver = Arc::new(Driver {
        app: Arc::clone(&house.app),
        crew: Arc::clone(&house.crew),
        clock: Arc::clone(&shared.clock),
        tenant: tenant.clone(),
    });
    let database = house.database.clone();
    let background = background(&shared, &driver, &database, tenant);
    let mut server = Server {
        public: addresses.0,
        admin: addresses.1,
        surfaces,
        loaded: about,
        driver,
        database,
        brake,
        servers: JoinSet::new(),
        background,
        call_timeout,
    };
    server.answer((listener, admin), &house, open, &shared);
    Ok(server)
}

fn options(loaded: Loaded, built: &[Box<dyn Built>]) -> Options {
    let roster = built.iter().map(|one| (one.surface().name().to_owned(), one.roster())).collect();
    Options {
        channels: loaded.channels(),
        run: loaded.run(),
        store_url: loaded.general.store.url.clone(),
        diagnoser: loaded.diagnoser,
        directories: loaded.directories,
        settings: loaded.settings,
        audit_key: loaded.audit_key,
        surfaces: built.iter().map(|one| one.surface()).collect(),
        roster,
    }
}

/// What goes on without anybody asking: work from the store, the order of the record, the tenant's clock.
fn background(
    shared: &Shared,
    driver: &Arc<Driver>,
    database: &Database,
    tenant: Option<Arc<dyn TenantClock>>,
) -> JoinSet<()> {
    let mut background = JoinSet::new();
    let (at_work, stop) = (Arc::clone(driver), shared.stop.clone());
    background.spawn(async move { at_work.serve(stop).await });
    let (record, clock) = (database.clone(), Arc::clone(&shared.clock));
    background.spawn(async move { match keep(&record, &clock).await {} });
    if let Some(tenant) = tenant {
        let clock = Arc::clone(&shared.clock);
        background.spawn(async move { match follow(Follow { tenant, clock }).await {} });
    }
    background
}

/// What `/readyz` asks.
struct Pulse {
    database: Database,
    surfaces: Vec<(&'static str, Option<Arc<dyn Ready>>)>,
    stop: Stop,
}

#[async_trait]
impl Probe for Pulse {
    async fn state(&self) -> State {
        let database = self.database.setting("freeze").await.map(drop).map_err(|error| error.to_string());
        let chain = self.database.chain_broken();
        let surfaces = self.surfaces.iter();
        State {
            stopping: self.stop.is_wished(),
            database,
            chain_broken_at: chain,
            surfaces: surfaces.map(|(name, ready)| (*name, ready.as_ref().map_or(Ok(()), |r| r.ready()))).collect(),
        }
    }
}

impl Server {
    /// Opens both addresses and begins what the surfaces do all the time.
    fn answer(
        &mut self,
        (listener, admin): (TcpListener, TcpListener),
        house: &House,
        open: Vec<(&'static str, Open)>,
        shared: &Shared,
    ) {
        let (stop, mut routes) = (&shared.stop, axum::Router::new());
        let mut surfaces = Vec::new();
        for (name, one) in open {
            let meter: Arc<dyn Meter> = Arc::<Metrics>::clone(&shared.metrics);
            routes = routes.merge(http::measured(one.routes, name, meter));
            surfaces.push((name, one.ready));
            for work in one.work {
                self.background.spawn(again(work, stop.clone()));
            }
        }
        let pulse = Pulse { database: self.database.clone(), surfaces, stop: stop.clone() };
        let metrics = Arc::clone(&shared.metrics);
        let inside = http::admin(Arc::clone(&house.app), Arc::new(pulse), metrics, shared.door.clone());
        self.servers.spawn(answer(listener, http::public(routes), stop.clone()));
        self.servers.spawn(answer(admin, inside, stop.clone()));
    }

    /// Where everybody reaches it.
    pub fn public(&self) -> SocketAddr {
        self.public
    }

    /// Where this machine reaches it.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// One line about it.
    pub fn about(&self) -> String {
        let surfaces = if self.surfaces.is_empty() { "no surface".to_owned() } else { self.surfaces.join(", ") };
        format!("mode {}, {surfaces}, listening on {} and {}", self.loaded.mode, self.public, self.admin)
    }

    /// Ends it: nothing new is begun, runs finish their effect, what is in the outbox is sent, each within a limit. What is
    /// left is taken up by the next process on this database.
    pub async fn stop(mut self) {
        self.brake.pull();
        let whole = self.driver.finish(self.call_timeout + SPARE, FLUSH).await;
        if tokio::time::timeout(ANSWERS, async { while self.servers.join_next().await.is_some() {} }).await.is_err() {
            self.servers.shutdown().await;
        }
        self.background.shutdown().await;
        if let Err(error) = self.database.checkpoint(self.driver.clock.now()).await {
            tracing::warn!(%error, "no audit checkpoint could be written at the end");
        }
        self.database.close().await;
        if whole {
            tracing::info!("stopped");
        } else {
            tracing::warn!("stopped with work at hand; it is taken up by the next process on this database");
        }
    }
}

/// Work of a surface: begun again when it ends before it should.
async fn again(work: Work, mut stop: Stop) {
    while !stop.is_wished() {
        let ended = AssertUnwindSafe((work.begin)()).catch_unwind().await;
        if stop.is_wished() {
            return;
        }
        let how = if ended.is_ok() { "ended" } else { "panicked" };
        tracing::error!(work = work.name, "work of a surface {how}; it is begun again");
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = stop.wished() => {}
        }
    }
}
