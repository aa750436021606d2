//! Opening the world of the terminal chat: the embedded sandbox, or a configuration.

use super::build::{Options, build, readers};
use super::chance::SystemChance;
use super::chat::ChatWorld;
use super::driver::{Driver, TenantClock};
use super::open::{Credentials, Loaded, OtherEnd, configuration, other_end};
use super::time::OffsetClock;
use crate::config::embedded;
use crate::domain::actor::{Actor, Standing};
use crate::domain::ids::OktaUserId;
use crate::domain::settings::Mode;
use crate::ports::clock::Clock;
use crate::ports::fresh::Fresh;
use crate::ports::surface::Surface;
use crate::sandbox::{SandboxTime, Tenant, TenantOptions};
use crate::store::Database;
use crate::surface::console::{self, Console, Persona};
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// What the chat is opened on.
pub struct ChatOptions {
    /// Scenario of the embedded sandbox; the default one without it.
    pub scenario: Option<String>,
    /// A configuration instead.
    pub config: Option<PathBuf>,
    /// Database; a fresh temporary one without it (with a configuration: the configured one).
    pub db: Option<String>,
    /// The surface, already built.
    pub console: Arc<Console>,
}

/// An open chat.
pub struct Chat {
    /// What the console drives.
    pub world: ChatWorld,
    /// What is to be said first, if anything.
    pub first: Option<String>,
    /// The record.
    pub database: Database,
    tenant: Option<Tenant>,
    _folder: Option<TempDir>,
}

/// The scenario that is played when none is named.
pub const DEFAULT_SCENARIO: &str = "deleted-replaced";

/// All embedded scenarios: (name, text).
pub fn scenarios() -> Vec<(String, String)> {
    embedded::SCENARIOS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// The text of an embedded scenario; the error lists what there is.
pub fn scenario(name: &str) -> anyhow::Result<String> {
    let found = embedded::SCENARIOS.iter().find(|(known, _)| *known == name);
    let Some((_, text)) = found else {
        let names: Vec<&str> = embedded::SCENARIOS.iter().map(|(name, _)| *name).collect();
        bail!("there is no scenario `{name}`; there are: {}", names.join(", "));
    };
    Ok((*text).to_owned())
}

/// Opens a chat.
pub async fn open(options: ChatOptions) -> anyhow::Result<Chat> {
    match options.config.clone() {
        Some(path) => on_configuration(&path, options, None, None).await,
        None => embedded_sandbox(options).await,
    }
}

async fn embedded_sandbox(options: ChatOptions) -> anyhow::Result<Chat> {
    let name = options.scenario.as_deref().unwrap_or(DEFAULT_SCENARIO);
    let text = scenario(name)?;
    let folder = TempDir::new().context("no temporary folder could be made")?;
    let state_file = options.db.as_deref().and_then(|url| url.strip_prefix("sqlite://")).map(|path| {
        let path = path.split('?').next().unwrap_or(path);
        PathBuf::from(format!("{path}.tenant.json"))
    });
    let tenant = Tenant::start(TenantOptions {
        scenario: text,
        scenarios: scenarios(),
        okta_port: 0,
        graph_port: 0,
        control_port: 0,
        state_file,
        time: SandboxTime::Real,
        seed: None,
    })
    .await?;
    let path = tenant.write_config(folder.path())?;
    on_configuration(&path, options, Some(tenant), Some(folder)).await
}

async fn on_configuration(
    path: &Path,
    options: ChatOptions,
    tenant: Option<Tenant>,
    folder: Option<TempDir>,
) -> anyhow::Result<Chat> {
    // Whether the other end is a sandbox decides which credentials may be read at all, so the read ones come first.
    let mut loaded = configuration(Some(path), Credentials::ReadOnly)?;
    let clock = Arc::new(OffsetClock::default());
    let fresh: Arc<dyn Fresh> = Arc::new(SystemChance::new()?);
    let as_clock: Arc<dyn Clock> = Arc::<OffsetClock>::clone(&clock);
    let timeout = Duration::from_millis(u64::try_from(loaded.run().call_timeout_ms).unwrap_or(15_000));
    let clients = readers(&loaded.directories, timeout, &as_clock, &fresh)?;
    let end = other_end(&loaded, &clients.okta, &clients.graph).await?;
    let (people, first) = match &end {
        OtherEnd::Sandbox { scene, .. } => {
            loaded = configuration(Some(path), Credentials::ByMode)?;
            let mode = loaded.settings.mode;
            let first = (mode != Mode::Fix).then(|| format!("mode {mode}: nothing is changed"));
            (personas(scene), first)
        }
        OtherEnd::Real(why) => (strangers(), Some(observing(why))),
    };
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let surface: Arc<dyn Surface> = Arc::<Console>::clone(&options.console);
    let roster = BTreeMap::from([(console::NAME.to_owned(), actors(&people))]);
    let store_url = options.db.unwrap_or_else(|| loaded.general.store.url.clone());
    let built = build(parts(loaded, store_url, surface, roster), Arc::clone(&clock), Arc::clone(&fresh)).await?;
    let (control, subject) = match end {
        OtherEnd::Sandbox { control, scene } => (Some(control), scene.subject.login),
        OtherEnd::Real(_) => (None, String::new()),
    };
    let tenant_clock = control.clone().map(|control| control as Arc<dyn TenantClock>);
    let driver = Driver { app: built.app, crew: built.crew, clock, tenant: tenant_clock };
    driver.adopt().await?;
    let world = ChatWorld { driver: Arc::new(driver), people, subject, control, fresh };
    Ok(Chat { world, first, database: built.database, tenant, _folder: folder })
}

fn parts(
    loaded: Loaded,
    store_url: String,
    surface: Arc<dyn Surface>,
    roster: BTreeMap<String, Vec<Actor>>,
) -> Options {
    Options {
        channels: loaded.channels(),
        run: loaded.run(),
        diagnoser: loaded.diagnoser,
        directories: loaded.directories,
        settings: loaded.settings,
        store_url,
        audit_key: loaded.audit_key,
        surfaces: vec![surface],
        roster,
    }
}

fn observing(why: &str) -> String {
    format!(
        "mode observe: these are not the directories of a sandbox ({why}), so the people of this chat have no rights, and nothing is changed"
    )
}

fn personas(scene: &super::control::Scene) -> BTreeMap<String, Persona> {
    let speaker = |speaker: &super::control::Speaker, role: &str| Persona {
        okta: speaker.okta.clone().map(OktaUserId::new),
        role: if speaker.role.is_empty() { role.to_owned() } else { speaker.role.clone() },
    };
    let mut people: BTreeMap<String, Persona> =
        scene.people.iter().map(|(name, who)| (name.clone(), speaker(who, "none"))).collect();
    people.insert("sam".to_owned(), speaker(&scene.subject, "subject"));
    people
}

/// On directories that are no sandbox nobody here is anybody.
fn strangers() -> BTreeMap<String, Persona> {
    ["anna", "ben", "carla", "dave", "sam"]
        .into_iter()
        .map(|name| (name.to_owned(), Persona { okta: None, role: "not linked".to_owned() }))
        .collect()
}

fn actors(people: &BTreeMap<String, Persona>) -> Vec<Actor> {
    people
        .iter()
        .map(|(name, persona)| Actor {
            key: name.clone(),
            name: name.clone(),
            standing: persona.okta.clone().map_or(Standing::Unlinked, |okta| Standing::Linked { okta }),
        })
        .collect()
}

impl Chat {
    /// Takes everything down again.
    pub async fn close(self) {
        self.database.close().await;
        if let Some(tenant) = self.tenant {
            tenant.stop().await;
        }
    }
}
