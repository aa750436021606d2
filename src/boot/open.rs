//! From a configuration to decided values: sections, secrets, and the question whether the other end is a sandbox.

use super::build::{Beside, Directories, Keys};
use super::control::{Control, Scene};
use super::surfaces::{self, Wanted};
use crate::app::diagnose::Diagnoser;
use crate::app::{Channel, RunTerms};
use crate::config::secrets::Secrets;
use crate::config::{Config, General, embedded, load, process, rules, secrets};
use crate::domain::ids::{AppId, OktaUserId};
use crate::domain::settings::{Mode, Policy, Settings};
use crate::ports::secret::{self, Secret, SecretError};
use crate::{graph, okta};
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A configuration that was read and checked.
pub struct Loaded {
    /// General sections.
    pub general: General,
    /// Where the directories are, with their credentials.
    pub directories: Directories,
    /// What planning and policy need.
    pub settings: Settings,
    /// Key of the audit's checkpoints, where configured.
    pub audit_key: Option<Secret>,
    /// The surfaces that are on.
    pub surfaces: Wanted,
    /// Where surfaces look their secrets up.
    pub secrets: Secrets,
    /// What works but should be mended.
    pub warnings: Vec<String>,
    /// The rule set, rules of one's own included.
    pub diagnoser: Diagnoser,
}

/// Which credentials are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// Those that the configured mode needs.
    ByMode,
    /// The read ones alone.
    ReadOnly,
}

/// Reads and checks the configuration, the sections of the surfaces included.
pub fn configuration(path: Option<&Path>, credentials: Credentials) -> anyhow::Result<Loaded> {
    let mut config = load(path, process())?;
    let general = config.general()?;
    let okta: okta::settings::Settings = config.section("okta")?;
    okta.check().map_err(|flaw| config.unfit(flaw.section, &[flaw.key], flaw.problem))?;
    let graph: graph::settings::Settings = config.section("graph")?;
    graph.check().map_err(|flaw| config.unfit(flaw.section, &[flaw.key], flaw.problem))?;
    let surfaces = Wanted::read(&mut config)?;
    surfaces::check_links(&config, &general.links)?;
    config.finish()?;
    let mode = match credentials {
        Credentials::ByMode => general.mode,
        Credentials::ReadOnly => Mode::Observe,
    };
    secrets::check_write_secrets(mode, config.secrets())?;
    let write = match mode {
        Mode::Observe | Mode::Propose => None,
        Mode::Fix => Some(keys(&config, "WRITE", "in mode fix")?),
    };
    let directories = Directories {
        org_url: okta.org_url.clone(),
        app: okta.app_id.clone().map(AppId::new),
        base_url: graph.base_url.clone(),
        token_url: graph.token_url(),
        tenant_id: graph.tenant_id.clone(),
        read: keys(&config, "READ", "to read the directories")?,
        write,
        beside: Beside {
            okta_rss: general.incident.okta_rss.clone(),
            graph_health: general.incident.graph_health,
            job: graph.inbound(),
        },
    };
    let settings = Settings {
        mode,
        deactivation: okta.deactivation,
        allow_pause: okta.allow_pause,
        provisioning_type: okta.provisioning_type,
        policy: one_policy(&general)?,
    };
    let diagnoser = diagnoser(&config, general.rules.dir.as_deref())?;
    let audit_key = secret(&config, "AUDIT_KEY")?;
    let warnings = config.warnings();
    let secrets = config.secrets().clone();
    Ok(Loaded { general, directories, settings, audit_key, surfaces, secrets, warnings, diagnoser })
}

/// The embedded rules, and over them those of `dir`. One wrong file is an error that names everything that is wrong.
fn diagnoser(config: &Config, dir: Option<&Path>) -> anyhow::Result<Diagnoser> {
    let Some(dir) = dir else { return Ok(Diagnoser::new(embedded::RULES)?) };
    let own = rules::folder(dir)?;
    let unfit = |errors| config.unfit("rules", &["dir"], format!("cannot be used: {errors}"));
    Ok(Diagnoser::new(&rules::over_embedded(&own)).map_err(unfit)?)
}

impl secret::Secrets for Secrets {
    fn secret(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        let found = Self::secret(self, name).map_err(|error| SecretError(error.to_string()))?;
        Ok(found.map(|hidden| Secret::new(hidden.expose())))
    }

    fn needed(&self, name: &str, why: &str) -> Result<Secret, SecretError> {
        let found = Self::needed(self, name, why).map_err(|error| SecretError(error.to_string()))?;
        Ok(Secret::new(found.expose()))
    }
}

fn secret(config: &Config, name: &str) -> anyhow::Result<Option<Secret>> {
    Ok(config.secrets().secret(name)?.map(|hidden| Secret::new(hidden.expose())))
}

fn keys(config: &Config, direction: &str, why: &str) -> anyhow::Result<Keys> {
    let needed =
        |name: String| -> anyhow::Result<Secret> { Ok(Secret::new(config.secrets().needed(&name, why)?.expose())) };
    Ok(Keys {
        okta_token: needed(format!("OKTA_{direction}_TOKEN"))?,
        graph_client_id: needed(format!("GRAPH_{direction}_CLIENT_ID"))?.expose().to_owned(),
        graph_client_secret: needed(format!("GRAPH_{direction}_CLIENT_SECRET"))?,
    })
}

/// This release knows one policy. None: nobody has any right.
fn one_policy(general: &General) -> anyhow::Result<Policy> {
    match general.policies.as_slice() {
        [] => Ok(Policy::default()),
        [one] => Ok(one.clone()),
        more => bail!("the configuration has {} [[policy]] tables; this release knows one", more.len()),
    }
}

impl Loaded {
    /// Terms of runs.
    pub fn run(&self) -> RunTerms {
        RunTerms {
            lease_ms: self.general.run.lease.0,
            call_timeout_ms: self.general.run.call_timeout.0,
            poll_deadline_ms: self.general.run.poll_deadline.0,
        }
    }

    /// The accounts of a surface that are linked to an Okta user.
    pub fn links(&self, surface: &str) -> BTreeMap<String, OktaUserId> {
        let rows = self.general.links.iter();
        rows.filter_map(|link| Some((link.accounts.get(surface)?.clone(), OktaUserId::new(&link.okta)))).collect()
    }

    /// Channels.
    pub fn channels(&self) -> Vec<Channel> {
        let rows = self.general.channels.iter();
        rows.map(|row| Channel {
            surface: row.surface.clone(),
            id: row.id.clone(),
            listen: row.listen,
            facts: row.facts,
        })
        .collect()
    }
}

/// What the other end is.
pub enum OtherEnd {
    /// A sandbox tenant, proved (SAFETY A2).
    Sandbox {
        /// Its control port.
        control: Arc<Control>,
        /// What it plays.
        scene: Scene,
    },
    /// Anything else: the people of the console count for nothing there. Why it is not taken for a sandbox.
    Real(String),
}

/// Whether an address is on this machine.
fn loopback(url: &str) -> bool {
    reqwest::Url::parse(url).ok().is_some_and(|url| match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    })
}

/// Asks the other end for the proof that it is the sandbox of this configuration: all three addresses on this machine, and
/// each answering with the value that the tenant made at its start.
pub async fn other_end(loaded: &Loaded, okta: &okta::Reader, graph: &graph::Reader) -> anyhow::Result<OtherEnd> {
    let Some(sandbox) = &loaded.general.sandbox else {
        return Ok(OtherEnd::Real("the configuration has no [sandbox] section".to_owned()));
    };
    let directories = &loaded.directories;
    let urls = [&directories.org_url, &directories.base_url, &directories.token_url];
    if !urls.iter().all(|url| loopback(url)) {
        return Ok(OtherEnd::Real("its Okta, Graph and token addresses are not all on this machine".to_owned()));
    }
    let (okta, graph) = tokio::join!(okta.proof(), graph.proof());
    for (who, proof) in [("Okta", okta), ("Graph", graph)] {
        let proof = proof.with_context(|| {
            format!("{who} of the sandbox does not answer; start `reanchor tenant` and use the configuration it prints")
        })?;
        if proof.as_deref() != Some(sandbox.proof.as_str()) {
            return Ok(OtherEnd::Real(format!("{who} does not answer with the proof of this sandbox")));
        }
    }
    let control = Arc::new(Control::new(&sandbox.control_url, Secret::new(&sandbox.control_token))?);
    let scene = control.scene().await?;
    Ok(OtherEnd::Sandbox { control, scene })
}
