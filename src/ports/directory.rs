//! The two directories. Reads and writes are different traits, because they use different credentials: the write side is
//! opened for a run and dropped with it (SAFETY A10).
//!
//! Contract of every read: a thing that does not exist is `None` or an empty list, not an error; [`PortError`] means that
//! nothing is known. Reads may be repeated at will. Contract of every write: sent at most once per call (throttling is the
//! one exception, because the vendor then refused it), and its answer is a hint: read back.

use super::error::PortError;
use crate::domain::ids::{AppId, EntraId, GroupId, OktaUserId};
use crate::domain::tenant::{
    App, AppUser, Deletion, Domain, EntraUser, Group, Leaver, LogEvent, OktaUser, Provisioning, Roles, Scope, Sku,
    Switches,
};
use crate::domain::time::At;
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Result of a call to a directory.
pub type Answer<T> = Result<T, PortError>;

/// Reads from the Okta org.
#[async_trait]
pub trait OktaRead: Send + Sync {
    /// The user with exactly this id (`00u…`). Any other form of key is not looked up and gives `None`.
    async fn user(&self, id: &OktaUserId) -> Answer<Option<OktaUser>>;
    /// Users whose `profile.login` or `profile.email` equals `address`, letters' case aside, of every status; at most 10.
    async fn users_by_address(&self, address: &str) -> Answer<Vec<OktaUser>>;
    /// Users whose first and last name together equal `name`, letters' case aside; at most 10.
    async fn users_by_name(&self, name: &str) -> Answer<Vec<OktaUser>>;
    /// Instances of the type `office365`, each with schema and mappings.
    async fn office365_apps(&self) -> Answer<Vec<App>>;
    /// One instance with its schema and mappings.
    async fn app(&self, app: &AppId) -> Answer<Option<App>>;
    /// The assignment of a person.
    async fn app_user(&self, app: &AppId, user: &OktaUserId) -> Answer<Option<AppUser>>;
    /// The first page of at most `limit` app users.
    async fn app_users(&self, app: &AppId, limit: u32) -> Answer<Vec<AppUser>>;
    /// The provisioning switches. An app without provisioning has all of them off.
    async fn switches(&self, app: &AppId) -> Answer<Switches> {
        Ok(self.provisioning(app).await?.switches)
    }
    /// The provisioning settings, whole. An app without provisioning has all switches off and no capabilities.
    async fn provisioning(&self, app: &AppId) -> Answer<Provisioning>;
    /// People who were taken out of the app since `since`, oldest first, at most 100.
    async fn leavers(&self, app: &AppId, since: At) -> Answer<Vec<Leaver>>;
    /// All groups of a person.
    async fn groups_of(&self, user: &OktaUserId) -> Answer<Vec<Group>>;
    /// Groups assigned to the app.
    async fn app_groups(&self, app: &AppId) -> Answer<Vec<GroupId>>;
    /// Groups whose name equals `name` (to mend a configuration that names a group instead of its id).
    async fn groups_by_name(&self, name: &str) -> Answer<Vec<Group>>;
    /// Admin roles of a person (role types or labels).
    async fn admin_roles(&self, user: &OktaUserId) -> Answer<Vec<String>>;
    /// Provisioning events of one person and app since `since`, oldest first, at most 100.
    async fn events(&self, app: &AppId, user: &OktaUserId, since: At) -> Answer<Vec<LogEvent>>;
    /// The org's clock, from the `Date` header of an answer; `None` when it sends none.
    async fn clock(&self) -> Answer<Option<At>>;
}

/// What to assign.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// `credentials.userName`
    pub user_name: String,
    /// Profile, without attributes that a mapping owns.
    pub profile: BTreeMap<String, Value>,
}

/// Writes to the Okta org.
#[async_trait]
pub trait OktaWrite: Send + Sync {
    /// Converts the assignment of a person to direct or by group.
    async fn convert(&self, app: &AppId, user: &OktaUserId, to: Scope) -> Answer<()>;
    /// Removes the assignment. An assignment that is not there is success.
    async fn unassign(&self, app: &AppId, user: &OktaUserId) -> Answer<()>;
    /// Assigns directly. Provisioning is asynchronous: success means queued.
    async fn assign(&self, app: &AppId, user: &OktaUserId, what: &Assignment) -> Answer<()>;
    /// Changes one attribute of the app user's profile, and sends no other.
    async fn set_attribute(&self, app: &AppId, user: &OktaUserId, name: &str, value: Option<&str>) -> Answer<()>;
    /// Switches Deactivate Users (`lifecycleDeactivate`) on or off, and sends no other switch.
    async fn set_deactivate(&self, app: &AppId, on: bool) -> Answer<()>;
}

/// Which live or deleted users to find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Find {
    /// By UPN, mail or proxy address (`smtp:` in any case).
    Address(String),
    /// By `onPremisesImmutableId`, byte for byte.
    Anchor(String),
}

/// Reads from Microsoft Graph.
#[async_trait]
pub trait EntraRead: Send + Sync {
    /// The live user with this object id.
    async fn user(&self, id: &EntraId) -> Answer<Option<EntraUser>>;
    /// Live users that match, each once, sorted by id.
    async fn find(&self, what: &Find) -> Answer<Vec<EntraUser>>;
    /// The user with this object id in deletedItems.
    async fn deleted_user(&self, id: &EntraId) -> Answer<Option<EntraUser>>;
    /// Users in deletedItems that match, the prefix of their UPN undone, sorted by id.
    async fn find_deleted(&self, what: &Find) -> Answer<Vec<EntraUser>>;
    /// Who deleted this object last, by the directory audit.
    async fn deletion(&self, id: &EntraId) -> Answer<Option<Deletion>>;
    /// Domains of the tenant.
    async fn domains(&self) -> Answer<Vec<Domain>>;
    /// Whether the tenant has directory synchronization on.
    async fn tenant_synced(&self) -> Answer<bool>;
    /// Roles of a live object: held (transitively), assigned, eligible.
    async fn roles(&self, id: &EntraId) -> Answer<Roles>;
    /// Role assignments and eligibility by principal id alone (also answers for a deleted object).
    async fn assignments(&self, id: &EntraId) -> Answer<Roles>;
    /// Licences of the tenant.
    async fn skus(&self) -> Answer<Vec<Sku>>;
}

/// Writes to Microsoft Graph.
#[async_trait]
pub trait EntraWrite: Send + Sync {
    /// Restores a deleted user. Sends no body: proxy addresses are never reconciled by force (SAFETY D2).
    async fn restore(&self, id: &EntraId) -> Answer<()>;
    /// Changes the sign-in name, and sends no other property.
    async fn set_upn(&self, id: &EntraId, upn: &str) -> Answer<()>;
    /// Changes the anchor (`onPremisesImmutableId`), and sends no other property.
    async fn set_anchor(&self, id: &EntraId, anchor: &str) -> Answer<()>;
}

/// The write sides of both directories.
#[derive(Clone)]
pub struct Writers {
    /// Okta.
    pub okta: Arc<dyn OktaWrite>,
    /// Entra.
    pub entra: Arc<dyn EntraWrite>,
}

/// Opens the write side for one run. In modes `observe` and `propose` no implementation of this exists.
pub trait WriteAccess: Send + Sync {
    /// Builds clients with the write credentials.
    fn open(&self) -> Answer<Writers>;
}
