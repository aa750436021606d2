//! `reanchor doctor`: is the set-up as it should be? Configuration, secrets, database, clocks, credentials and their rights,
//! the app, the policy's groups, and what each enabled surface says of itself.
//!
//! Never changes anything: it makes no database, migrates none, posts nothing, and uses the write credentials only to ask
//! whose they are. Every finding that is not as it should be says how to mend it. Begin with [`examine`].

mod app;
mod graph;
mod okta;
mod policy;

use super::build::{Directories, Keys, Process, ReadClients, readers};
use super::chance::SystemChance;
use super::open::{Credentials, Loaded, configuration};
use super::serve::{Grounds, kept_signing_key};
use super::time::{Crew, OffsetClock};
use crate::config::sections::Modes;
use crate::config::{Config, ConfigError, embedded, load, process, secrets};
use crate::domain::finding::{Finding, Verdict};
use crate::domain::settings::Mode;
use crate::domain::time::{At, MINUTE};
use crate::ports::clock::Clock;
use crate::ports::error::{Kind, PortError};
use crate::ports::fresh::Fresh;
use crate::ports::meter::Silent;
use crate::ports::stop::Stop;
use crate::store::{Examined, examine as examine_store};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What was found.
pub struct Report {
    /// In the order in which it was looked at.
    pub findings: Vec<Finding>,
    /// Whether the configuration could be read at all; without it nothing else could be looked at.
    pub readable: bool,
}

impl Report {
    /// The worst of all.
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok)
    }
}

/// A difference of clocks that is told.
const SKEW: i64 = MINUTE;

/// Looks at everything.
pub async fn examine(path: Option<&Path>) -> Report {
    let mut config = match load(path, process()) {
        Ok(config) => config,
        Err(error) => return Report { findings: vec![of_configuration(&error.to_string())], readable: false },
    };
    let mut findings = Vec::new();
    let mode = config.section::<Modes>("mode").map_or(Mode::Observe, |modes| modes.default);
    let (about, writable) = of_secrets(&config, mode);
    let credentials = if writable { Credentials::ByMode } else { Credentials::ReadOnly };
    let loaded = match configuration(path, credentials) {
        Ok(loaded) => loaded,
        Err(error) => {
            let stopped = match error.downcast_ref::<ConfigError>() {
                Some(ConfigError::GroupNames { names, .. }) => {
                    vec![policy::by_name(&mut config, names, &error.to_string()).await]
                }
                // The secrets are told one by one below.
                Some(ConfigError::Secret { .. }) => Vec::new(),
                Some(_) | None => vec![of_configuration(&format!("{error:#}"))],
            };
            findings.extend(stopped.into_iter().chain(about));
            return Report { findings, readable: true };
        }
    };
    findings.push(Finding::ok("configuration", format!("it is read and can be used; mode {}", config_mode(mode))));
    for warning in &loaded.warnings {
        let mend = "do what it says";
        findings.push(Finding::warn("configuration", warning.clone(), mend));
    }
    findings.extend(about);
    findings.push(of_store(&loaded).await);
    match tools(&loaded) {
        Ok(tools) => findings.extend(beyond(loaded, &tools).await),
        Err(error) => findings.push(of_configuration(&format!("{error:#}"))),
    }
    Report { findings, readable: true }
}

/// An error of the configuration that names groups, with the ids that match (SAFETY A3).
pub(super) async fn with_ids(path: Option<&Path>, error: anyhow::Error) -> anyhow::Error {
    let Some(ConfigError::GroupNames { names, .. }) = error.downcast_ref::<ConfigError>() else { return error };
    let names = names.clone();
    let Ok(mut config) = load(path, process()) else { return error };
    let text = error.to_string();
    let mend = policy::by_name(&mut config, &names, &text).await.mend;
    error.context(mend)
}

fn config_mode(mode: Mode) -> String {
    match mode {
        Mode::Observe => "observe: nothing is planned or changed".to_owned(),
        Mode::Propose => "propose: nothing is changed".to_owned(),
        Mode::Fix => "fix".to_owned(),
    }
}

fn of_configuration(problem: &str) -> Finding {
    Finding::fail("configuration", problem, "mend what is named, and ask the doctor again: the rest is looked at then")
}

/// Every secret that the mode needs, and whether those for writing can be used.
fn of_secrets(config: &Config, mode: Mode) -> (Vec<Finding>, bool) {
    let mut findings = Vec::new();
    let mut missing = |direction: &str, why: &str| {
        let names = ["OKTA_{}_TOKEN", "GRAPH_{}_CLIENT_ID", "GRAPH_{}_CLIENT_SECRET"];
        let names = names.map(|name| name.replace("{}", direction));
        let mut lost = 0;
        for name in &names {
            if let Err(error) = config.secrets().needed(name, why) {
                lost += 1;
                let mend = format!("set {name} or {name}_FILE; config/example.env tells what each is for");
                findings.push(Finding::fail("secrets", error.to_string(), mend));
            }
        }
        lost
    };
    let mut lost = missing("READ", "to read the directories");
    let mut writable = true;
    if mode == Mode::Fix {
        let lost_for_writing = missing("WRITE", "in mode fix");
        lost += lost_for_writing;
        writable = lost_for_writing == 0;
        if lost == 0
            && let Err(error) = secrets::check_write_secrets(mode, config.secrets())
        {
            writable = false;
            lost += 1;
            let mend = "make a credential of its own for writing, which only runs use";
            findings.push(Finding::fail("secrets", error.to_string(), mend));
        }
    }
    if lost == 0 {
        let seen = match mode {
            Mode::Fix => "those for reading and those for writing are there, and differ",
            Mode::Observe | Mode::Propose => "those for reading are there; those for writing are not looked at",
        };
        findings.push(Finding::ok("secrets", seen));
    }
    (findings, writable)
}

async fn of_store(loaded: &Loaded) -> Finding {
    const CHECK: &str = "database";
    match examine_store(&loaded.general.store.url, embedded::MIGRATIONS).await {
        Ok(Examined::Absent) => Finding::ok(CHECK, "it is not there yet; the first start makes it"),
        Ok(Examined::Current) => Finding::ok(CHECK, "it answers, can be written, and has the tables of this version"),
        Ok(Examined::Behind(count)) => Finding::warn(
            CHECK,
            format!("it answers and can be written; {count} migrations are waiting"),
            "the next start of this version makes them; stop processes of an older version first",
        ),
        Err(error) => Finding::fail(CHECK, error.to_string(), "mend what is named; see [store] url"),
    }
}

/// What looking beyond this machine takes.
struct Tools {
    clock: Arc<OffsetClock>,
    fresh: Arc<dyn Fresh>,
    read: ReadClients,
    write: Option<ReadClients>,
}

fn tools(loaded: &Loaded) -> anyhow::Result<Tools> {
    let clock = Arc::new(OffsetClock::default());
    let as_clock: Arc<dyn Clock> = Arc::<OffsetClock>::clone(&clock);
    let fresh: Arc<dyn Fresh> = Arc::new(SystemChance::new()?);
    let timeout = Duration::from_millis(u64::try_from(loaded.run().call_timeout_ms).unwrap_or(15_000));
    let open = |keys: &Keys| {
        let directories = Directories { read: keys.clone(), write: None, ..loaded.directories.clone() };
        readers(&directories, timeout, &as_clock, &fresh)
    };
    let read = open(&loaded.directories.read)?;
    let write = loaded.directories.write.as_ref().map(open).transpose()?;
    Ok(Tools { clock, fresh, read, write })
}

/// The directories, the app, the policy, the surfaces.
async fn beyond(mut loaded: Loaded, tools: &Tools) -> Vec<Finding> {
    let (read, write) = (&tools.read, tools.write.as_ref());
    let now = tools.clock.now();
    let (okta, okta_write, graph, graph_write) = tokio::join!(
        okta::reading(&read.okta, now),
        async {
            match write {
                Some(write) => okta::writing(&write.okta).await,
                None => Vec::new(),
            }
        },
        graph::reading(&read.graph, now),
        async {
            match write {
                Some(write) => graph::writing(&write.graph).await,
                None => Vec::new(),
            }
        },
    );
    let mut findings = [okta, okta_write, graph, graph_write].concat();
    let (app, groups) = tokio::join!(app::look(&loaded, read), policy::groups(&loaded.settings.policy, &read.okta));
    findings.extend(app);
    findings.extend(groups);
    let surfaces = std::mem::take(&mut loaded.surfaces).take();
    if surfaces.is_empty() {
        let seen = "none is on: nobody can reach the bot";
        findings.push(Finding::warn(
            "surfaces",
            seen,
            "write the section of one, such as [slack], into the configuration",
        ));
        return findings;
    }
    let process =
        Process { crew: Arc::new(Crew::new(Arc::clone(&tools.clock))), stop: Stop::never(), meter: Arc::new(Silent) };
    let as_clock: Arc<dyn Clock> = Arc::<OffsetClock>::clone(&tools.clock);
    let key = kept_signing_key(&loaded, tools.fresh.as_ref());
    let grounds = Grounds::new(&loaded, &process, (as_clock, Arc::clone(&tools.fresh)), key);
    for surface in surfaces {
        findings.extend(surface.examine(&grounds.of(&loaded, surface.name())).await);
    }
    findings
}

/// Whether this machine's clock agrees with a vendor's.
fn of_clock(whose: &str, theirs: At, now: At) -> Finding {
    let check = format!("clock against {whose}");
    let ahead = now.since(theirs);
    if ahead.abs() <= SKEW {
        return Finding::ok(check, "it agrees within a minute");
    }
    let way = if ahead > 0 { "ahead" } else { "behind" };
    Finding::warn(
        check,
        format!("this machine's clock is {} s {way}", ahead.abs() / 1000),
        "let the machine take its time from the network (NTP): votes, leases and signatures have time limits",
    )
}

/// How to mend a call that failed: by what is wrong with it.
fn mend(error: &PortError, denied: &str, address: &str) -> String {
    match error.kind {
        Kind::Denied | Kind::Gone | Kind::Conflict | Kind::Invalid | Kind::Federated | Kind::Synced | Kind::Mapped => {
            denied.to_owned()
        }
        Kind::Throttled { .. } => "wait a minute and ask the doctor again".to_owned(),
        Kind::Unreachable => format!("see that {address} is right and can be reached from here (firewall, proxy, DNS)"),
        Kind::Unexpected => format!("see that {address} is right, then look at the vendor's status page"),
    }
}
