//! The running tenant behind its three ports: world, clock, orders of faults, ledger, tokens, state file.
//!
//! Never answers a call by itself; the gate and the control port do. Begin with [`Core`].
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::access::Access;
use super::base;
use super::clock::{Clock, Ms};
use super::fresh::Ids;
use super::model::World;
use super::provision;
use super::scenario::Scenario;
use super::wire::faults::{Faults, Holds};
use super::wire::{Call, Reply};

/// How long a lagging write stays unseen, in tenant time.
const LAG: Ms = 5_000;
/// Calls that are remembered for the panel and the control port.
const SEEN: usize = 1_000;

/// Which vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Okta,
    Graph,
}

/// What all ports share.
#[derive(Debug)]
pub(crate) struct Shared {
    core: Mutex<Core>,
    pub(crate) holds: Holds,
    pub(crate) access: Access,
}

impl Shared {
    pub(crate) fn new(core: Core, access: Access) -> Self {
        Self { core: Mutex::new(core), holds: Holds::default(), access }
    }

    /// The tenant, brought up to the present instant.
    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        core.settle();
        core
    }
}

/// The tenant's changing parts.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) world: World,
    /// The world as its scenario began (or as this process found it), for the panel.
    pub(crate) began: Box<World>,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) ledger: Vec<Entry>,
    /// The last calls of any kind, for the panel and the control port.
    pub(crate) seen: VecDeque<Seen>,
    /// Graph bearer tokens handed out.
    pub(crate) grants: BTreeMap<String, Grant>,
    /// Request ids come from a stream of their own, so that polling does not change the ids of new objects.
    pub(crate) wire_ids: Ids,
    /// Every scenario that may be loaded: name, text.
    pub(crate) scenarios: Vec<(String, String)>,
    /// What the credentials hold beyond the usual.
    pub(crate) rights: Rights,
    /// Okta calls in the present minute, for the rate-limit headers.
    pub(crate) okta_minute: (Ms, u32),
    before: Option<Box<World>>,
    lag: Option<(Api, Box<World>, Ms)>,
    state_file: Option<PathBuf>,
}

/// What the credentials hold: roles of the users behind the Okta tokens, permissions of the Graph applications. A test may
/// change them at the control port; they only tell, the tokens' power stays the same.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rights {
    pub(crate) okta_read: Vec<String>,
    pub(crate) okta_write: Vec<String>,
    pub(crate) graph_read: Vec<String>,
    pub(crate) graph_write: Vec<String>,
}

impl Default for Rights {
    fn default() -> Self {
        let own = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
        Self {
            okta_read: own(&["READ_ONLY_ADMIN"]),
            okta_write: own(&["APP_ADMIN"]),
            graph_read: own(&READS),
            graph_write: own(&[&READS[..], &WRITES].concat()),
        }
    }
}

const READS: [&str; 6] = [
    "User.Read.All",
    "Directory.Read.All",
    "Domain.Read.All",
    "Organization.Read.All",
    "AuditLog.Read.All",
    "RoleManagement.Read.Directory",
];
const WRITES: [&str; 2] = ["User.ReadWrite.All", "User.DeleteRestore.All"];

/// A Graph access token's power.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) may_write: bool,
    pub(crate) expires: Ms,
}

/// One write that arrived from outside.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    pub(crate) n: usize,
    pub(crate) at_ms: Ms,
    pub(crate) op: String,
    pub(crate) target: String,
    pub(crate) path: String,
    /// Did it change the tenant?
    pub(crate) effective: bool,
    pub(crate) request_id: String,
    /// What was (or would have been) answered; null when it was never applied nor refused.
    pub(crate) status: Option<u16>,
    pub(crate) client_request_id: Option<String>,
    /// What was sent; null when it was no JSON or nothing.
    pub(crate) body: Value,
    pub(crate) by: &'static str,
}

/// An answered call, read or write.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Seen {
    pub(crate) at_ms: Ms,
    pub(crate) vendor: &'static str,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) request_id: String,
}

/// The state file.
#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    version: u32,
    advanced: Ms,
    world: World,
}

impl Core {
    pub(crate) fn new(world: World, clock: Clock, ids: Ids) -> Self {
        Self {
            began: Box::new(world.clone()),
            world,
            clock,
            faults: Faults::default(),
            ledger: Vec::new(),
            seen: VecDeque::new(),
            grants: BTreeMap::new(),
            wire_ids: ids,
            scenarios: Vec::new(),
            rights: Rights::default(),
            okta_minute: (0, 0),
            before: None,
            lag: None,
            state_file: None,
        }
    }

    /// Keeps the state in this file from now on: continues what it holds, or begins it.
    pub(crate) fn keep_in(&mut self, file: &Path) -> Result<(), String> {
        if file.exists() {
            let text = std::fs::read(file).map_err(|e| e.to_string())?;
            let saved: Saved = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
            if saved.version != 1 {
                return Err(format!("version {} is not known; 1 is", saved.version));
            }
            self.clock = Clock::new(self.clock.base(), saved.advanced);
            self.clock.resume_at(saved.world.now);
            self.world = saved.world;
            *self.began = self.world.clone();
        }
        self.state_file = Some(file.to_owned());
        self.write_state()
    }

    /// Replaces the world; open faults, ledger and snapshots of the old one go with it.
    pub(crate) fn load(&mut self, scenario: &Scenario) {
        let ids = self.world.ids.clone();
        self.world = base::build(scenario, self.clock.now(), ids);
        *self.began = self.world.clone();
        self.before = None;
        self.lag = None;
        self.faults.open.clear();
        self.ledger.clear();
        self.seen.clear();
        self.save();
    }

    fn settle(&mut self) {
        if provision::settle(&mut self.world, self.clock.now()) {
            self.save();
        }
    }

    /// Applies a call and keeps the books. `lag` = the ordered fault of that name.
    pub(crate) fn apply(
        &mut self,
        api: Api,
        run: fn(&mut World, &Call) -> Reply,
        call: &Call,
        lag: bool,
    ) -> (Reply, bool) {
        if call.method == "GET" {
            return (self.read(api, run, call, lag), false);
        }
        let before = Box::new(self.world.clone());
        let reply = run(&mut self.world, call);
        let effective = before.okta != self.world.okta || before.entra != self.world.entra;
        if effective {
            if lag {
                self.lag = Some((api, before.clone(), self.world.now + LAG));
            }
            self.before = Some(before);
        }
        self.save();
        (reply, effective)
    }

    fn read(&mut self, api: Api, run: fn(&mut World, &Call) -> Reply, call: &Call, lag: bool) -> Reply {
        let now = self.world.now;
        let lagging = self.lag.as_ref().filter(|(of, _, until)| *of == api && now < *until).map(|(_, old, _)| old);
        let old = if lag { self.before.as_ref() } else { lagging };
        match old {
            Some(old) => {
                let mut view = self.world.clone();
                match api {
                    Api::Okta => view.okta = old.okta.clone(),
                    Api::Graph => view.entra = old.entra.clone(),
                }
                run(&mut view, call)
            }
            None => run(&mut self.world, call),
        }
    }

    /// Counts an Okta call; answers how many this minute had.
    pub(crate) fn count_okta_call(&mut self, api: Api) -> u32 {
        let minute = self.world.now / 60_000;
        if self.okta_minute.0 != minute {
            self.okta_minute = (minute, 0);
        }
        if api == Api::Okta {
            self.okta_minute.1 = self.okta_minute.1.saturating_add(1);
        }
        self.okta_minute.1
    }

    pub(crate) fn record(&mut self, mut entry: Entry) {
        entry.n = self.ledger.len().saturating_add(1);
        self.ledger.push(entry);
    }

    /// Remembers an answered call for the panel.
    pub(crate) fn saw(&mut self, seen: Seen) {
        if self.seen.len() >= SEEN {
            self.seen.pop_front();
        }
        self.seen.push_back(seen);
    }

    /// Writes the state file; a failure is logged, because the call that caused it was already carried out.
    pub(crate) fn save(&self) {
        if let Err(error) = self.write_state() {
            tracing::error!(error, "the tenant's state file was not written; the tenant goes on in memory");
        }
    }

    fn write_state(&self) -> Result<(), String> {
        let Some(file) = &self.state_file else { return Ok(()) };
        let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let saved = Saved { version: 1, advanced: self.clock.advanced(), world: self.world.clone() };
        let text = serde_json::to_vec(&saved).map_err(|e| e.to_string())?;
        replace(folder, file, &text)
    }
}

/// Replaces a file in one step; it is readable by its owner only.
pub(crate) fn replace(folder: &Path, file: &Path, text: &[u8]) -> Result<(), String> {
    // A temporary file is made 0600 and keeps that when it takes the name.
    let mut fresh = NamedTempFile::new_in(folder).map_err(|e| e.to_string())?;
    std::io::Write::write_all(&mut fresh, text).map_err(|e| e.to_string())?;
    fresh.persist(file).map(|_| ()).map_err(|e| e.error.to_string())
}
