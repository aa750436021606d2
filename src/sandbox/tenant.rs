//! Starting and stopping a simulated tenant.
//!
//! Never listens anywhere but on 127.0.0.1. Begin with [`Tenant::start`].
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener as _;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::access::Access;
use super::base::{self, APP, INBOUND_PRINCIPAL};
use super::clock::{Clock, SandboxTime};
use super::control;
use super::core::{Api, Core, Shared};
use super::fresh::{Ids, secret, seed};
use super::okta::status::PATH as FEED;
use super::scenario::Scenario;
use super::wire::gate::{self, Gate};
use super::wire::listen::{Cut, Ports};

/// How long [`Tenant::stop`] waits for open connections to end by themselves.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a tenant is started with.
#[derive(Clone, Debug)]
pub struct TenantOptions {
    /// Text of the scenario file to begin with.
    pub scenario: String,
    /// All scenarios that the control port may load: name and text.
    pub scenarios: Vec<(String, String)>,
    /// Port of the simulated Okta org; 0 = any free one.
    pub okta_port: u16,
    /// Port of the simulated Graph and token endpoint; 0 = any free one.
    pub graph_port: u16,
    /// Port of the control interface; 0 = any free one.
    pub control_port: u16,
    /// JSON file that keeps the tenant's state: loaded when it exists, replaced after every change, readable by its
    /// owner only.
    pub state_file: Option<PathBuf>,
    /// The tenant's time.
    pub time: SandboxTime,
    /// The same seed gives the same new ids; secrets are random always.
    pub seed: Option<u64>,
}

/// Why a tenant could not be started, or its configuration not be written.
#[derive(Debug, Error)]
pub enum TenantError {
    /// Another program listens there.
    #[error("port {port} is in use; choose another with {option}, or 0 for any free one")]
    PortInUse {
        /// The port that was asked for.
        port: u16,
        /// The option of the command line that sets it.
        option: &'static str,
    },
    /// The port could not be opened for another reason.
    #[error("port {port} ({option}) cannot be opened on 127.0.0.1: {source}")]
    Port {
        /// The port that was asked for.
        port: u16,
        /// The option of the command line that sets it.
        option: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A scenario file is wrong; nothing was started.
    #[error("scenario `{name}`: {problem}")]
    Scenario {
        /// Name of the scenario.
        name: String,
        /// Which key, and what is allowed.
        problem: String,
    },
    /// The state file could not be read or written; it was not changed.
    #[error("state file {}: {problem}; remove it to begin anew", file.display())]
    State {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The configuration could not be written.
    #[error("the configuration for the bot cannot be written to {}: {problem}", folder.display())]
    Config {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// The system gave no random bytes, so there can be no secrets.
    #[error("the system has no random bytes to give; the tenant was not started")]
    NoRandomness,
}

/// A running simulated Okta org and Entra tenant. Dropping it stops it without waiting.
pub struct Tenant {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    servers: JoinSet<()>,
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant").field("access", self.access()).finish_non_exhaustive()
    }
}

impl Tenant {
    /// Opens the three ports and answers when all of them do. Must be called inside a tokio runtime.
    pub async fn start(options: TenantOptions) -> Result<Self, TenantError> {
        let scenario = checked(&options)?;
        let seed = options.seed.or_else(seed).ok_or(TenantError::NoRandomness)?;
        let clock = Clock::new(options.time, 0);
        let world = base::build(&scenario, clock.now(), Ids::new(seed));
        let mut core = Core::new(world, clock, Ids::new(!seed));
        core.scenarios = options.scenarios;
        if let Some(file) = &options.state_file {
            core.keep_in(file).map_err(|problem| TenantError::State { file: file.clone(), problem })?;
        }
        let okta = bind(options.okta_port, "--okta-port").await?;
        let graph = bind(options.graph_port, "--graph-port").await?;
        let control = bind(options.control_port, "--control-port").await?;
        let ports = [port(&okta, "--okta-port")?, port(&graph, "--graph-port")?, port(&control, "--control-port")?];
        let access = access(ports, &core.world.entra.tenant).ok_or(TenantError::NoRandomness)?;
        let shared = Arc::new(Shared::new(core, access));
        let (stop, _) = watch::channel(false);
        let mut servers = JoinSet::new();
        for (api, listener) in [(Api::Okta, okta), (Api::Graph, graph)] {
            let gate = Gate { api, shared: Arc::clone(&shared) };
            let router = Router::new().fallback(gate::handle).with_state(gate);
            let service = router.into_make_service_with_connect_info::<Cut>();
            let ended = ended(stop.subscribe());
            servers.spawn(async move { report(axum::serve(listener, service).with_graceful_shutdown(ended).await) });
        }
        let router = Router::new().fallback(control::handle).with_state(Arc::clone(&shared));
        let ended = ended(stop.subscribe());
        servers.spawn(async move { report(axum::serve(control, router).with_graceful_shutdown(ended).await) });
        Ok(Self { shared, stop, servers })
    }

    /// Addresses, ids and secrets of this tenant.
    pub fn access(&self) -> &Access {
        &self.shared.access
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Becomes true when the tenant stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Ends all three ports. Held calls are not applied any more.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        self.shared.holds.close();
        let all = async { while self.servers.join_next().await.is_some() {} };
        // Whoever keeps a connection open longer than this is cut off by `shutdown`.
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            self.servers.shutdown().await;
        }
    }

    /// Writes `reanchor.toml` and `reanchor.env` for a bot that works with this tenant, both readable by their owner
    /// only; makes the folder when it is not there. Answers the path of `reanchor.toml`. May run again: the files are
    /// replaced.
    pub fn write_config(&self, dir: &Path) -> Result<PathBuf, TenantError> {
        let failed = |problem: String| TenantError::Config { folder: dir.to_owned(), problem };
        std::fs::create_dir_all(dir).map_err(|e| failed(e.to_string()))?;
        let folder = dir.canonicalize().map_err(|e| failed(e.to_string()))?;
        let (declared, feeds) = {
            let core = self.shared.core();
            (core.world.declared.clone(), core.world.incident.is_some())
        };
        self.shared.access.write_config(&folder, &declared, feeds).map_err(failed)?;
        Ok(folder.join("reanchor.toml"))
    }
}

/// Reads all scenarios, so that a wrong one is named before anything runs; answers the first to load.
fn checked(options: &TenantOptions) -> Result<Scenario, TenantError> {
    let parse = |name: &str, text: &str| {
        Scenario::parse(name, text).map_err(|problem| TenantError::Scenario { name: name.to_owned(), problem })
    };
    for (name, text) in &options.scenarios {
        parse(name, text)?;
    }
    let name = options.scenarios.iter().find(|(_, text)| *text == options.scenario).map_or("custom", |s| s.0.as_str());
    parse(name, &options.scenario)
}

async fn bind(port: u16, option: &'static str) -> Result<Ports, TenantError> {
    Ports::bind(port).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => TenantError::PortInUse { port, option },
        _ => TenantError::Port { port, option, source },
    })
}

fn port(listener: &Ports, option: &'static str) -> Result<u16, TenantError> {
    listener.local_addr().map(|a| a.port()).map_err(|source| TenantError::Port { port: 0, option, source })
}

fn access([okta, graph, control]: [u16; 3], tenant: &str) -> Option<Access> {
    let client = || secret(12).map(|s| format!("sandbox-{s}"));
    Some(Access {
        okta_url: format!("http://127.0.0.1:{okta}"),
        graph_url: format!("http://127.0.0.1:{graph}/v1.0"),
        token_url: format!("http://127.0.0.1:{graph}/{tenant}/oauth2/v2.0/token"),
        control_url: format!("http://127.0.0.1:{control}/_sandbox"),
        control_token: secret(40)?,
        proof: secret(40)?,
        okta_rss: format!("http://127.0.0.1:{okta}{FEED}"),
        inbound_service_principal: INBOUND_PRINCIPAL.to_owned(),
        app_id: APP.to_owned(),
        tenant_id: tenant.to_owned(),
        okta_read_token: format!("00{}", secret(40)?),
        okta_write_token: format!("00{}", secret(40)?),
        graph_read_client_id: client()?,
        graph_read_client_secret: secret(40)?,
        graph_write_client_id: client()?,
        graph_write_client_secret: secret(40)?,
    })
}

async fn ended(mut stop: watch::Receiver<bool>) {
    // An error means that the tenant was dropped, which ends the ports as well.
    let _gone = stop.wait_for(|s| *s).await.is_err();
}

fn report(result: std::io::Result<()>) {
    if let Err(error) = result {
        tracing::error!(%error, "a port of the simulated tenant ended");
    }
}
