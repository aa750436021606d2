//! What the simulated Okta org and Entra tenant hold, and the questions both sides ask of it.
//!
//! Never speaks HTTP and never reads a clock: the present instant is [`World::now`], set by the gate.
//! Begin with [`World`].
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::clock::Ms;
use super::fresh::Ids;
use super::scenario::{Declared, Knobs, Person, Sync};

/// Both vendors, their logs, and what is still going to happen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) scenario: String,
    pub(crate) title: String,
    pub(crate) people: BTreeMap<String, Person>,
    /// Okta id of the person the error is about.
    pub(crate) subject: String,
    pub(crate) knobs: Knobs,
    pub(crate) declared: Declared,
    pub(crate) okta: Org,
    pub(crate) entra: Directory,
    /// System Log, oldest first, as it goes over the wire.
    pub(crate) events: Vec<Value>,
    /// Directory audits, oldest first, as they go over the wire.
    pub(crate) audits: Vec<Value>,
    /// Okta's Tasks page: Okta user id -> full text of the failed task.
    pub(crate) tasks: BTreeMap<String, String>,
    /// The failure the scenario starts with.
    pub(crate) error: String,
    /// An incident of the vendors, told by their feeds.
    #[serde(default)]
    pub(crate) incident: Option<Incident>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) ids: Ids,
    pub(crate) now: Ms,
}

/// What the feeds of the vendors tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Incident {
    /// Title on Okta's status page.
    pub(crate) okta: Option<String>,
    /// Title in the service health of the Entra tenant.
    pub(crate) microsoft: Option<String>,
    pub(crate) began: Ms,
    pub(crate) closes: Option<Ms>,
}

impl Incident {
    pub(crate) fn is_closed(&self, now: Ms) -> bool {
        self.closes.is_some_and(|at| now >= at)
    }
}

/// The job of the one inbound provisioning app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Inbound {
    pub(crate) job: String,
    /// `status.code`
    pub(crate) code: String,
    /// Of a quarantine.
    pub(crate) reason: String,
    pub(crate) error_code: String,
    pub(crate) error_message: String,
    pub(crate) since: Ms,
    pub(crate) next_attempt: Ms,
    pub(crate) last_run: Option<Ms>,
    /// The provisioning log, oldest first, as it goes over the wire.
    pub(crate) log: Vec<Value>,
    /// What was uploaded, oldest first.
    #[serde(default)]
    pub(crate) uploads: Vec<Upload>,
}

/// An accepted request of `bulkUpload`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Upload {
    /// Since when the job can work on it.
    pub(crate) at: Ms,
    /// Whom it speaks of.
    pub(crate) people: Vec<String>,
}

/// The simulated Okta org.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Org {
    pub(crate) app: App,
    pub(crate) users: BTreeMap<String, OktaUser>,
    pub(crate) groups: BTreeMap<String, Group>,
    /// By Okta user id.
    pub(crate) app_users: BTreeMap<String, AppUser>,
    /// Okta admin roles, by Okta user id.
    pub(crate) admin_roles: BTreeMap<String, Vec<String>>,
    pub(crate) hooks: BTreeMap<String, Value>,
}

/// The one Office 365 app instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) label: String,
    /// `settings.app.domain`.
    pub(crate) domain: String,
    /// `settings.app.msftTenant`, the initial domain without `.onmicrosoft.com`.
    pub(crate) msft_tenant: String,
    pub(crate) provisioning: Provisioning,
    pub(crate) password: Password,
    /// A profile mapping owns the anchor attribute.
    pub(crate) anchor_mapped: bool,
    pub(crate) created: Ms,
}

/// The console's Create Users, Update User Attributes, Deactivate Users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Provisioning {
    pub(crate) create: bool,
    pub(crate) update: bool,
    pub(crate) deactivate: bool,
}

/// The console's Sync Password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Password {
    pub(crate) on: bool,
    pub(crate) seed: String,
    pub(crate) change: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OktaUser {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) login: String,
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) department: String,
    /// objectGUID in base64 when the person comes from Active Directory.
    pub(crate) ad_anchor: Option<String>,
    pub(crate) created: Ms,
}

impl OktaUser {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) members: BTreeSet<String>,
    /// Profile handed to members when the group is assigned to the app; `None` when it is not assigned.
    pub(crate) app_profile: Option<Map<String, Value>>,
    pub(crate) created: Ms,
}

/// How a person came to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Scope {
    User,
    Group,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AppUser {
    /// `0ua...`: a new one at each assignment.
    pub(crate) row: String,
    pub(crate) external_id: Option<String>,
    pub(crate) created: Ms,
    pub(crate) updated: Ms,
    pub(crate) scope: Scope,
    pub(crate) status: String,
    pub(crate) status_changed: Ms,
    pub(crate) sync_state: String,
    pub(crate) last_sync: Option<Ms>,
    pub(crate) user_name: String,
    pub(crate) profile: Map<String, Value>,
    /// Assigned while Create Users was off: never links, also not after it is switched on.
    pub(crate) stuck: bool,
}

impl AppUser {
    pub(crate) fn anchor(&self) -> Option<&str> {
        self.profile.get(super::base::ANCHOR).and_then(Value::as_str).filter(|a| !a.is_empty())
    }

    /// The texts of a list attribute of the profile; empty when it is absent.
    pub(crate) fn list(&self, attribute: &str) -> Vec<String> {
        let values = self.profile.get(attribute).and_then(Value::as_array);
        values.into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
    }
}

/// The simulated Entra tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Directory {
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) domains: Vec<Domain>,
    /// Live and soft-deleted users, by object id; purged ones are not here.
    pub(crate) users: BTreeMap<String, EntraUser>,
    pub(crate) sku: Sku,
    /// Active directory roles, by principal.
    pub(crate) roles: BTreeMap<String, Vec<String>>,
    /// PIM-eligible directory roles, by principal.
    pub(crate) eligible: BTreeMap<String, Vec<String>>,
    /// Inbound provisioning, where the scenario has it.
    #[serde(default)]
    pub(crate) inbound: Option<Inbound>,
    /// Who masters its users.
    #[serde(default)]
    pub(crate) sync: Sync,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Domain {
    pub(crate) name: String,
    pub(crate) federated: bool,
    pub(crate) initial: bool,
    pub(crate) default: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sku {
    pub(crate) id: String,
    pub(crate) part: String,
    pub(crate) enabled: usize,
    /// Seats taken by people who are not simulated.
    pub(crate) elsewhere: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct EntraUser {
    pub(crate) id: String,
    /// Kept as it was also after a deletion; the wire shows it prefixed then.
    pub(crate) upn: String,
    pub(crate) display_name: String,
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) department: String,
    pub(crate) enabled: bool,
    pub(crate) user_type: String,
    pub(crate) created: Ms,
    pub(crate) deleted: Option<Ms>,
    pub(crate) anchor: Option<String>,
    pub(crate) synced: Option<bool>,
    pub(crate) proxies: Vec<String>,
    pub(crate) licences: BTreeSet<String>,
    /// Before this instant a GET does not find the object (replication).
    pub(crate) visible_from: Ms,
}

/// Something the simulated Okta will do later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) due: Ms,
    pub(crate) what: Work,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Work {
    /// First push of a new assignment: link, create or fail.
    Provision { user: String, row: String },
    /// Push of a changed profile to the linked object.
    Update { user: String, row: String },
    /// Deprovisioning of an object after an unassignment. `armed` = Deactivate Users was on when it was queued.
    Deactivate { object: String, user: String, armed: bool },
    /// Okta gives the app back to a member of an assigned group.
    Regroup { user: String },
}

impl World {
    pub(crate) fn later(&mut self, delay: Ms, what: Work) {
        self.jobs.push(Job { due: self.now.saturating_add(delay), what });
    }

    /// Takes the earliest job that is due by `now`.
    pub(crate) fn take_due(&mut self, now: Ms) -> Option<Job> {
        let at = (0..self.jobs.len()).filter(|at| self.jobs.get(*at).is_some_and(|j| j.due <= now));
        let first = at.min_by_key(|at| (self.jobs.get(*at).map(|j| j.due), *at))?;
        Some(self.jobs.remove(first))
    }

    pub(crate) fn subject_login(&self) -> String {
        self.okta.users.get(&self.subject).map(|u| u.login.clone()).unwrap_or_default()
    }
}

impl Org {
    /// By id, then by login; Okta also takes the part before the `@`.
    pub(crate) fn find_user(&self, key: &str) -> Option<&OktaUser> {
        let by_login = || self.users.values().find(|u| u.login.eq_ignore_ascii_case(key));
        let by_short = || {
            let mut hits = self.users.values().filter(|u| u.login.split('@').next() == Some(key));
            hits.next()
        };
        self.users.get(key).or_else(by_login).or_else(by_short)
    }

    /// The assigned group that gives this person the app: the first by id.
    pub(crate) fn granting_group(&self, user: &str) -> Option<&Group> {
        self.groups.values().find(|g| g.app_profile.is_some() && g.members.contains(user))
    }
}

impl Directory {
    pub(crate) fn live(&self) -> impl Iterator<Item = &EntraUser> {
        self.users.values().filter(|u| u.deleted.is_none())
    }

    pub(crate) fn live_by_upn(&self, upn: &str) -> Option<&EntraUser> {
        self.live().find(|u| u.upn.eq_ignore_ascii_case(upn))
    }

    pub(crate) fn consumed(&self) -> usize {
        self.live().filter(|u| u.licences.contains(&self.sku.id)).count().saturating_add(self.sku.elsewhere)
    }

    pub(crate) fn seats_free(&self) -> bool {
        self.consumed() < self.sku.enabled
    }

    pub(crate) fn domain_of(&self, upn: &str) -> Option<&Domain> {
        let (_, name) = upn.rsplit_once('@')?;
        self.domains.iter().find(|d| d.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn federated(&self, upn: &str) -> bool {
        self.domain_of(upn).is_some_and(|d| d.federated)
    }
}
