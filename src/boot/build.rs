//! Building the app from decided values (no file, no environment here).

use super::time::{Crew, OffsetClock};
use crate::app::diagnose::Diagnoser;
use crate::app::{App, Channel, Parts, RunTerms};
use crate::config::embedded;
use crate::domain::actor::Actor;
use crate::domain::ids::{AppId, TenantId};
use crate::domain::job::JobRef;
use crate::domain::settings::{Mode, Settings};
use crate::ports::clock::Clock;
use crate::ports::directory::{Answer, EntraRead, OktaRead, WriteAccess, Writers};
use crate::ports::fresh::Fresh;
use crate::ports::meter::{Meter, Silent};
use crate::ports::secret::Secret;
use crate::ports::signals::{IncidentFeed, Signals};
use crate::ports::stop::Stop;
use crate::ports::surface::Surface;
use crate::saga::look::Readers;
use crate::store::{Database, Options as StoreOptions};
use crate::{graph, okta};
use anyhow::Context;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Credentials of one direction.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Okta API token.
    pub okta_token: Secret,
    /// Client id for Graph.
    pub graph_client_id: String,
    /// Client secret for Graph.
    pub graph_client_secret: Secret,
}

/// Where the directories are.
#[derive(Clone, Debug)]
pub struct Directories {
    /// Okta org.
    pub org_url: String,
    /// The app, where configured.
    pub app: Option<AppId>,
    /// Graph, with its version.
    pub base_url: String,
    /// Token endpoint.
    pub token_url: String,
    /// Entra tenant.
    pub tenant_id: TenantId,
    /// Read credentials.
    pub read: Keys,
    /// Write credentials; only looked at in mode `fix`.
    pub write: Option<Keys>,
    /// What is read beside the two sides of a person.
    pub beside: Beside,
}

/// Feeds and jobs, as configured.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// Address of Okta's status feed.
    pub okta_rss: Option<String>,
    /// Whether the service health of the tenant is read.
    pub graph_health: bool,
    /// The inbound job.
    pub job: Option<JobRef>,
}

/// What the app is built from.
pub struct Options {
    /// The rule set.
    pub diagnoser: Diagnoser,
    /// Where the directories are.
    pub directories: Directories,
    /// Modes, declarations, policy.
    pub settings: Settings,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Terms of runs.
    pub run: RunTerms,
    /// Database.
    pub store_url: String,
    /// Key of the audit's checkpoints, where configured.
    pub audit_key: Option<Secret>,
    /// Places where people talk.
    pub surfaces: Vec<Arc<dyn Surface>>,
    /// People that can be told something, by surface.
    pub roster: BTreeMap<String, Vec<Actor>>,
}

/// The built app with what its driver needs.
pub struct Built {
    /// The app.
    pub app: Arc<App>,
    /// Its units of work.
    pub crew: Arc<Crew>,
    /// Its store.
    pub database: Database,
    /// The read side of the directories.
    pub readers: Readers,
}

/// The read clients of both directories.
pub struct ReadClients {
    /// Okta.
    pub okta: Arc<okta::Reader>,
    /// Graph.
    pub graph: Arc<graph::Reader>,
}

/// Builds the read clients, uncounted.
pub fn readers(
    directories: &Directories,
    call_timeout: Duration,
    clock: &Arc<dyn Clock>,
    fresh: &Arc<dyn Fresh>,
) -> anyhow::Result<ReadClients> {
    let silent: Arc<dyn Meter> = Arc::new(Silent);
    metered_readers(directories, call_timeout, clock, fresh, &silent)
}

fn metered_readers(
    directories: &Directories,
    call_timeout: Duration,
    clock: &Arc<dyn Clock>,
    fresh: &Arc<dyn Fresh>,
    meter: &Arc<dyn Meter>,
) -> anyhow::Result<ReadClients> {
    let okta = okta::Reader::new(
        okta::Access { org_url: directories.org_url.clone(), token: directories.read.okta_token.clone(), call_timeout },
        Arc::clone(clock),
    )?;
    let graph = graph::Reader::new(
        graph_access(directories, &directories.read, call_timeout),
        Arc::clone(clock),
        Arc::clone(fresh),
    )?;
    let (okta, graph) = (okta.metered(Arc::clone(meter)), graph.metered(Arc::clone(meter)));
    Ok(ReadClients { okta: Arc::new(okta), graph: Arc::new(graph) })
}

fn graph_access(directories: &Directories, keys: &Keys, call_timeout: Duration) -> graph::Access {
    graph::Access {
        base_url: directories.base_url.clone(),
        token_url: directories.token_url.clone(),
        client_id: keys.graph_client_id.clone(),
        client_secret: keys.graph_client_secret.clone(),
        call_timeout,
    }
}

/// What is read beside the two sides of a person, by the same read credentials.
fn signals(
    beside: &Beside,
    clients: &ReadClients,
    call_timeout: Duration,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Signals> {
    let mut feeds: Vec<Arc<dyn IncidentFeed>> = Vec::new();
    if let Some(url) = &beside.okta_rss {
        feeds.push(Arc::new(okta::StatusFeed::new(url, call_timeout, Arc::clone(clock))?));
    }
    if beside.graph_health {
        feeds.push(Arc::<graph::Reader>::clone(&clients.graph));
    }
    Ok(Signals {
        failures: Arc::<okta::Reader>::clone(&clients.okta),
        jobs: Arc::<graph::Reader>::clone(&clients.graph),
        feeds,
        job: beside.job.clone(),
    })
}

/// Opens write clients for one run.
struct WriteSide {
    directories: Directories,
    keys: Keys,
    call_timeout: Duration,
    clock: Arc<dyn Clock>,
    fresh: Arc<dyn Fresh>,
    meter: Arc<dyn Meter>,
}

impl WriteAccess for WriteSide {
    fn open(&self) -> Answer<Writers> {
        let access = okta::Access {
            org_url: self.directories.org_url.clone(),
            token: self.keys.okta_token.clone(),
            call_timeout: self.call_timeout,
        };
        let okta = okta::Writer::new(access, Arc::clone(&self.clock))?.metered(Arc::clone(&self.meter));
        let access = graph_access(&self.directories, &self.keys, self.call_timeout);
        let entra = graph::Writer::new(access, Arc::clone(&self.clock), Arc::clone(&self.fresh))?;
        let entra = entra.metered(Arc::clone(&self.meter));
        Ok(Writers { okta: Arc::new(okta), entra: Arc::new(entra) })
    }
}

/// What a process that stops by itself brings along.
pub struct Process {
    /// Its units of work.
    pub crew: Arc<Crew>,
    /// The wish that it ends.
    pub stop: Stop,
    /// Who counts.
    pub meter: Arc<dyn Meter>,
}

/// Opens the database and puts the app together, in a process that is ended from outside.
pub async fn build(options: Options, clock: Arc<OffsetClock>, fresh: Arc<dyn Fresh>) -> anyhow::Result<Built> {
    let process =
        Process { crew: Arc::new(Crew::new(Arc::clone(&clock))), stop: Stop::never(), meter: Arc::new(Silent) };
    build_in(process, options, clock, fresh).await
}

/// Opens the database and puts the app together.
pub async fn build_in(
    process: Process,
    options: Options,
    clock: Arc<OffsetClock>,
    fresh: Arc<dyn Fresh>,
) -> anyhow::Result<Built> {
    let owner = fresh.id("p-", 12);
    let store_options =
        StoreOptions { instance: owner.clone(), audit_key: options.audit_key, fresh: Arc::clone(&fresh) };
    let database = Database::open(&options.store_url, embedded::MIGRATIONS, store_options).await?;
    let as_clock: Arc<dyn Clock> = clock;
    let call_timeout = Duration::from_millis(u64::try_from(options.run.call_timeout_ms).unwrap_or(15_000));
    let clients = metered_readers(&options.directories, call_timeout, &as_clock, &fresh, &process.meter)?;
    let signals = signals(&options.directories.beside, &clients, call_timeout, &as_clock)?;
    let okta: Arc<dyn OktaRead> = clients.okta;
    let entra: Arc<dyn EntraRead> = clients.graph;
    let readers = Readers {
        okta,
        entra,
        clock: Arc::clone(&as_clock),
        org_url: options.directories.org_url.clone(),
        tenant_id: options.directories.tenant_id.clone(),
    };
    let access: Option<Arc<dyn WriteAccess>> = match options.settings.mode {
        Mode::Observe | Mode::Propose => None,
        Mode::Fix => {
            let keys = options.directories.write.clone().context("mode fix needs the write credentials")?;
            Some(Arc::new(WriteSide {
                directories: options.directories.clone(),
                keys,
                call_timeout,
                clock: as_clock,
                fresh: Arc::clone(&fresh),
                meter: Arc::clone(&process.meter),
            }))
        }
    };
    let Process { crew, stop, meter } = process;
    let parts = Parts {
        diagnoser: options.diagnoser,
        store: Arc::new(database.clone()),
        leases: Arc::new(database.clone()),
        ledger: Arc::new(database.clone()),
        readers: readers.clone(),
        signals,
        access,
        fresh,
        tasks: Arc::<Crew>::clone(&crew),
        stop,
        meter,
        surfaces: options.surfaces,
        roster: options.roster,
        channels: options.channels,
        settings: options.settings,
        app: options.directories.app,
        run: options.run,
        owner,
    };
    Ok(Built { app: App::new(parts), crew, database, readers })
}
