//! `reanchor sandbox`: the simulated tenant, the app and the page in one process, on one address.
//!
//! Never listens beyond 127.0.0.1 and never works with other directories than the tenant that it started itself: that is
//! what lets the people of the page count (SAFETY A2). Begin with [`sandbox`].

use super::build::{Beside, Built, Directories, Keys, Options, build};
use super::chance::SystemChance;
use super::control::Control;
use super::declared::declared;
use super::driver::{Driver, TenantClock, keep};
use super::time::OffsetClock;
use crate::app::diagnose::Diagnoser;
use crate::app::{App, Channel, Heard, RunTerms};
use crate::config::embedded;
use crate::domain::case::Case;
use crate::domain::ids::{AppId, CaseId, GroupId, OktaUserId, TenantId};
use crate::domain::inbound::Inbound;
use crate::domain::job::JobRef;
use crate::domain::settings::{Declared, Mode, Policy, Settings, Sharing};
use crate::domain::time::At;
use crate::ports::clock::Clock;
use crate::ports::fresh::Fresh;
use crate::ports::secret::Secret;
use crate::ports::stop::Stop;
use crate::ports::store::{Ledger, StoreError};
use crate::ports::surface::{Surface, verified};
use crate::recognize;
use crate::sandbox::{Access, SandboxTime, Tenant, TenantOptions};
use crate::surface::web::{
    self, Chain, Choice, LoadError, NAME, Past, Persona, Record, Row, Scene, Serving, Stage, Web, channel,
};
use anyhow::{Context, anyhow, bail};
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// The scenario that a newcomer meets first.
pub const FIRST: &str = "deleted-replaced";
/// Where the panel of the tenant answers.
const PANEL: &str = "/sandbox";
/// How long [`Sandbox::stop`] waits for open connections.
const PATIENCE: Duration = Duration::from_millis(500);
/// The groups that the built-in policy names.
const ASKERS: &str = "00g8askersB4xVn3Ku7d";
const APPROVERS: &str = "00g8approvF6mZt2Rs7d";
const OPERATORS: &str = "00g8operatH9cLw5Yp7d";

/// What a sandbox is started with.
#[derive(Clone, Debug, Default)]
pub struct SandboxOptions {
    /// Port of the page; 0 = any free one.
    pub port: u16,
    /// Scenario to begin with; [`FIRST`] when absent.
    pub scenario: Option<String>,
    /// `sqlite://PATH` to keep cases and tenant; without it both end with the process.
    pub db: Option<String>,
    /// Terms of runs; the defaults of a production bot when absent.
    pub run: Option<RunTerms>,
}

/// A running sandbox. Dropping it stops it without waiting.
pub struct Sandbox {
    address: SocketAddr,
    web: Arc<Web>,
    tenant: Tenant,
    servers: JoinSet<()>,
    /// Removed when the sandbox ends.
    _folder: Option<TempDir>,
}

/// Starts everything and answers when the page does. Must be called inside a tokio runtime.
pub async fn sandbox(options: SandboxOptions) -> anyhow::Result<Sandbox> {
    // The port first: a mistake that is easily made is told before anything else begins.
    let listener = listen(options.port).await?;
    let address = listener.local_addr()?;
    let (store, folder) = place(options.db.as_deref())?;
    let name = options.scenario.as_deref().unwrap_or(FIRST);
    let tenant = tenant(name, options.db.is_some().then(|| beside(&store, "tenant.json"))).await?;
    if options.db.is_some() {
        keep_ports(&store, tenant.access())?;
    }
    let control = Arc::new(Control::new(&tenant.access().control_url, Secret::new(&tenant.access().control_token))?);
    let scene = control.scene().await?;
    if options.db.is_some() && options.scenario.as_deref().is_some_and(|wanted| wanted != scene.name) {
        bail!(
            "{} keeps a tenant that plays `{}`; choose the scenario on the page, or another --db",
            store.display(),
            scene.name
        );
    }
    let people = people(&scene);
    let clock = Arc::new(OffsetClock::default());
    clock.adopt(control.now().await?);
    let as_clock: Arc<dyn Clock> = Arc::<OffsetClock>::clone(&clock);
    let web = match options.db {
        Some(_) => {
            let file = beside(&store, "chat.jsonl");
            Web::keeping(as_clock, &file).with_context(|| format!("{} cannot be used", file.display()))?
        }
        None => Web::new(as_clock),
    };
    let fresh: Arc<dyn Fresh> = Arc::new(SystemChance::new()?);
    let parts =
        options_of(tenant.access(), &store, (&web, &people), (options.run, declared(&scene.name, tenant.access())?))?;
    let built = build(parts, Arc::clone(&clock), Arc::clone(&fresh)).await?;
    let tenant_clock: Arc<dyn TenantClock> = Arc::<Control>::clone(&control);
    let driver = Driver {
        app: Arc::clone(&built.app),
        crew: Arc::clone(&built.crew),
        clock: Arc::clone(&clock),
        tenant: Some(tenant_clock),
    };
    let token = format!("{}{}", fresh.id("", 25), fresh.id("", 25));
    let (record, record_clock) = (built.database.clone(), Arc::clone(&clock));
    let play = Play {
        app: Arc::clone(&built.app),
        built,
        clock,
        control,
        people,
        scenarios: choices()?,
        access: tenant.access().clone(),
        fresh,
        loading: Mutex::new(()),
    };
    web.recall(&play.past().await?);
    let serving = Serving { web: Arc::clone(&web), stage: Arc::new(play), token };
    let router = web::router(serving).nest(PANEL, tenant.panel_router()?);
    let mut servers = JoinSet::new();
    servers.spawn(async move { match keep(&record, &record_clock).await {} });
    servers.spawn(async move { driver.serve(Stop::never()).await });
    servers.spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the page ended");
        }
    });
    Ok(Sandbox { address, web, tenant, servers, _folder: folder })
}

impl Sandbox {
    /// The address to open in a browser.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Where the tenant answers, for tests.
    pub fn access(&self) -> &Access {
        self.tenant.access()
    }

    /// Ends the page, the app and the tenant. Runs that are under way go on at the next start on the same database.
    pub async fn stop(mut self) {
        self.web.close();
        tokio::time::sleep(PATIENCE / 10).await;
        self.servers.shutdown().await;
        self.tenant.stop().await;
    }
}

async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("port {port} is in use; choose another with --port, or 0 for any free one. Nothing was started")
        }
        _ => anyhow!("port {port} cannot be opened on 127.0.0.1: {error}. Nothing was started"),
    })
}

/// The database file, and the folder that goes away with the process.
fn place(db: Option<&str>) -> anyhow::Result<(PathBuf, Option<TempDir>)> {
    let Some(url) = db else {
        let folder = TempDir::new().context("no temporary folder can be made")?;
        return Ok((folder.path().join("reanchor.sqlite"), Some(folder)));
    };
    let path = url.strip_prefix("sqlite://").filter(|path| !path.is_empty());
    let path = path.with_context(|| format!("--db {url}: the sandbox keeps its state as sqlite://PATH only"))?;
    Ok((PathBuf::from(path), None))
}

/// A file beside the database.
fn beside(store: &Path, ending: &str) -> PathBuf {
    let mut name = store.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{ending}"));
    store.with_file_name(name)
}

async fn tenant(name: &str, state_file: Option<PathBuf>) -> anyhow::Result<Tenant> {
    let all: Vec<(String, String)> =
        embedded::SCENARIOS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let Some((_, scenario)) = all.iter().find(|(known, _)| known == name).cloned() else {
        let known: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        bail!("there is no scenario `{name}`; there are: {}", known.join(", "));
    };
    // A plan names the org by its address: after a restart the tenant answers where it did before, when it can.
    let ports = state_file.as_deref().map(kept_ports).unwrap_or_default();
    let options = TenantOptions {
        scenario,
        scenarios: all,
        okta_port: ports[0],
        graph_port: ports[1],
        control_port: 0,
        state_file,
        time: SandboxTime::Real,
        seed: None,
    };
    match Tenant::start(options.clone()).await {
        Ok(tenant) => Ok(tenant),
        Err(error) if ports != [0, 0] => {
            tracing::warn!(%error, "the tenant takes other ports than before; open proposals must be asked for anew");
            Ok(Tenant::start(TenantOptions { okta_port: 0, graph_port: 0, ..options }).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// The ports that the tenant of this state file had; zeros when they are not known.
fn kept_ports(state: &Path) -> [u16; 2] {
    let text = std::fs::read_to_string(state.with_extension("ports.json")).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn keep_ports(store: &Path, access: &Access) -> anyhow::Result<()> {
    let port = |url: &str| url.split(':').nth(2).and_then(|rest| rest.split('/').next()?.parse::<u16>().ok());
    let ports = [port(&access.okta_url), port(&access.graph_url)];
    let file = beside(store, "tenant.ports.json");
    std::fs::write(&file, serde_json::to_string(&ports)?)
        .with_context(|| format!("{} cannot be written", file.display()))
}

fn people(scene: &super::control::Scene) -> Vec<Persona> {
    let speakers = scene.people.iter().filter(|(_, speaker)| speaker.okta != scene.subject.okta);
    let mut people: Vec<Persona> = speakers.map(|(key, speaker)| persona(key, speaker)).collect();
    people.push(Persona { role: "subject".to_owned(), ..persona("sam", &scene.subject) });
    people
}

fn persona(key: &str, speaker: &super::control::Speaker) -> Persona {
    let role = match speaker.role.as_str() {
        "asker" => "help desk",
        "approver" => "approver",
        "none" => "no rights",
        other => other,
    };
    Persona {
        key: key.to_owned(),
        name: full_name(&speaker.login, key),
        role: role.to_owned(),
        okta: speaker.okta.as_deref().map(OktaUserId::new),
    }
}

/// `anna.keller@…` is Anna Keller.
fn full_name(login: &str, key: &str) -> String {
    let local = login.split('@').next().filter(|local| !local.is_empty()).unwrap_or(key);
    let words = local.split('.').map(|word| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    });
    words.collect::<Vec<_>>().join(" ")
}

#[derive(Deserialize)]
struct File {
    tenant: Titled,
}

#[derive(Deserialize)]
struct Titled {
    title: String,
}

fn choices() -> anyhow::Result<Vec<Choice>> {
    let choice = |(name, text): &(&str, &str)| {
        let file: File = toml::from_str(text).with_context(|| format!("scenario `{name}`"))?;
        let error_url = format!("{PANEL}/scenarios/{name}/error");
        Ok(Choice { name: (*name).to_owned(), title: file.tenant.title, error_url })
    };
    let mut all = embedded::SCENARIOS.iter().map(choice).collect::<anyhow::Result<Vec<_>>>()?;
    // The one to begin with stands first; the others keep the order of their names.
    all.sort_by_key(|choice| choice.name != FIRST);
    Ok(all)
}

/// The sandbox serves both feeds and one inbound job.
fn sandbox_beside(access: &Access) -> Beside {
    Beside {
        okta_rss: Some(access.okta_rss.clone()),
        graph_health: true,
        job: JobRef::parse(&access.inbound_service_principal, None),
    }
}

fn options_of(
    access: &Access,
    store: &Path,
    (web, people): (&Arc<Web>, &[Persona]),
    (run, declared): (Option<RunTerms>, Declared),
) -> anyhow::Result<Options> {
    let keys = |okta: &str, id: &str, secret: &str| Keys {
        okta_token: Secret::new(okta),
        graph_client_id: id.to_owned(),
        graph_client_secret: Secret::new(secret),
    };
    let group = |id: &str| vec![GroupId::new(id)];
    let listen = |(name, _): &(&str, &str)| Channel {
        surface: NAME.to_owned(),
        id: channel(name),
        listen: true,
        facts: Sharing::Full,
    };
    Ok(Options {
        diagnoser: Diagnoser::new(embedded::RULES)?,
        directories: Directories {
            org_url: access.okta_url.clone(),
            app: Some(AppId::new(access.app_id.clone())),
            base_url: access.graph_url.clone(),
            token_url: access.token_url.clone(),
            tenant_id: TenantId::new(access.tenant_id.clone()),
            read: keys(&access.okta_read_token, &access.graph_read_client_id, &access.graph_read_client_secret),
            write: Some(keys(
                &access.okta_write_token,
                &access.graph_write_client_id,
                &access.graph_write_client_secret,
            )),
            beside: sandbox_beside(access),
        },
        settings: Settings {
            mode: Mode::Fix,
            deactivation: declared.deactivation,
            allow_pause: declared.allow_pause,
            provisioning_type: declared.provisioning_type,
            policy: Policy {
                name: "default".to_owned(),
                askers: group(ASKERS),
                approvers: group(APPROVERS),
                operators: group(OPERATORS),
                protected: Vec::new(),
            },
        },
        channels: embedded::SCENARIOS.iter().map(listen).collect(),
        run: run.unwrap_or(RunTerms { lease_ms: 60_000, call_timeout_ms: 15_000, poll_deadline_ms: 300_000 }),
        store_url: format!("sqlite://{}", store.display()),
        audit_key: None,
        surfaces: vec![Arc::<Web>::clone(web) as Arc<dyn Surface>],
        roster: BTreeMap::from([(NAME.to_owned(), people.iter().map(Persona::actor).collect())]),
    })
}

/// The stage over the real app.
struct Play {
    app: Arc<App>,
    built: Built,
    clock: Arc<OffsetClock>,
    control: Arc<Control>,
    people: Vec<Persona>,
    scenarios: Vec<Choice>,
    access: Access,
    fresh: Arc<dyn Fresh>,
    /// One scenario is loaded at a time.
    loading: Mutex<()>,
}

impl Play {
    async fn cases(&self) -> anyhow::Result<Vec<Case>> {
        Ok(self.app.cases().await?.into_iter().filter(|case| case.surface == NAME).collect())
    }

    async fn rows(&self, id: &CaseId) -> anyhow::Result<Vec<Row>> {
        let lines = self.built.database.export(Some(id.as_str())).await?;
        lines.iter().map(|line| row(line)).collect()
    }
}

#[derive(Deserialize)]
struct Line {
    seq: i64,
    at: i64,
    actor: String,
    kind: String,
    hash: String,
    payload: Option<String>,
}

fn row(line: &str) -> anyhow::Result<Row> {
    let Line { seq, at, actor, kind, hash, payload } = serde_json::from_str(line).context("a row of the audit")?;
    let payload = payload.map(|text| serde_json::from_str::<Value>(&text)).transpose().context("a payload")?;
    Ok(Row { seq, at: At(at), actor, kind, hash, payload })
}

#[async_trait]
impl Stage for Play {
    fn people(&self) -> &[Persona] {
        &self.people
    }

    fn scenarios(&self) -> &[Choice] {
        &self.scenarios
    }

    fn panel_url(&self) -> &'static str {
        PANEL
    }

    async fn scene(&self) -> anyhow::Result<Scene> {
        let scene = self.control.scene().await?;
        Ok(Scene { name: scene.name, subject: scene.subject.login })
    }

    async fn hear(&self, inbound: Inbound) -> anyhow::Result<bool> {
        // The page is served on loopback only, to whoever sits at this machine, and the directories are the tenant that this
        // process started itself: here everybody may be everybody (SAFETY A2).
        let proof = verified(inbound.actor.clone());
        Ok(self.app.hear(inbound, Some(&proof)).await? != Heard::Ignored)
    }

    async fn past(&self) -> anyhow::Result<Vec<Past>> {
        let mut past = Vec::new();
        for case in self.cases().await? {
            let rows = self.rows(&case.id).await?;
            past.push(Past { said: rows.first().and_then(Row::said), case });
        }
        Ok(past)
    }

    async fn record(&self, id: &CaseId) -> anyhow::Result<Option<Record>> {
        let Some(case) = self.cases().await?.into_iter().find(|case| case.id == *id) else { return Ok(None) };
        let rows = self.rows(id).await?;
        let chain = match self.built.database.verify().await {
            Ok(rows) => Chain::Whole { rows },
            Err(StoreError::ChainBroken { row }) => Chain::Broken { why: row },
            Err(error) => Chain::Broken { why: format!("it could not be checked: {error}") },
        };
        Ok(Some(Record { case, rows, chain }))
    }

    async fn load(&self, scenario: &str) -> Result<(), LoadError> {
        let _one = self.loading.lock().await;
        if !self.scenarios.iter().any(|choice| choice.name == scenario) {
            return Err(LoadError::Unknown(scenario.to_owned()));
        }
        let failed = |error: anyhow::Error| LoadError::Failed(error);
        if let Some(case) = self.app.under_run(NAME).await.map_err(|e| failed(e.into()))? {
            return Err(LoadError::Running(case));
        }
        self.app.retire(NAME, "the reset of the sandbox").await.map_err(|e| failed(e.into()))?;
        self.control.load(scenario).await.map_err(failed)?;
        let declared = declared(scenario, &self.access).map_err(failed)?;
        self.app.renew(declared).await.map_err(|e| failed(e.into()))?;
        Ok(())
    }

    fn redacted(&self, text: &str) -> String {
        recognize::redact(text).into_owned()
    }

    fn now(&self) -> At {
        self.clock.now()
    }

    fn fresh(&self) -> String {
        self.fresh.id("", 12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_gives_the_name_of_a_person() {
        assert_eq!(full_name("anna.keller@northbridge.example", "anna"), "Anna Keller");
        assert_eq!(full_name("", "guest"), "Guest");
    }

    #[test]
    fn files_lie_beside_the_database() {
        assert_eq!(beside(Path::new("/x/a.sqlite"), "tenant.json"), Path::new("/x/a.sqlite.tenant.json"));
        assert!(place(Some("postgres://x")).is_err());
    }

    #[tokio::test]
    async fn a_port_in_use_is_told_with_the_option() {
        let taken = listen(0).await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = sandbox(SandboxOptions { port, ..SandboxOptions::default() }).await.err().unwrap().to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--port"), "{error}");
    }
}
