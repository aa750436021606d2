//! Facts: what was read from Okta and from Entra about one person, with the time of reading.
//!
//! A fact is either read or not read; a look-up that could not be made is never taken for an answer (invariant 11).
//! Vendor words stay as the vendors write them where they are shown to people (`status`, `syncState`).

use super::ids::{AppId, EntraId, GroupId, OktaUserId, TenantId};
use super::time::At;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The result of one look-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading<T> {
    /// It was read; for an optional `T`, "absent" was read.
    Known(T),
    /// It could not be read, and why (a sentence for an administrator).
    Unread(String),
}

impl<T> Reading<T> {
    /// The value where it was read.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unread(_) => None,
        }
    }

    /// Why it was not read.
    pub fn unread(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Unread(why) => Some(why),
        }
    }
}

/// How an app user came to be: directly or by a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Scope {
    /// Assigned directly.
    User,
    /// Assigned through a group.
    Group,
}

impl Scope {
    /// As Okta writes it.
    pub fn text(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Group => "GROUP",
        }
    }
}

/// An Okta user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OktaUser {
    /// `00u…`
    pub id: OktaUserId,
    /// `ACTIVE`, `DEPROVISIONED`, … as Okta sends it (the list is open).
    pub status: String,
    /// `profile.login`
    pub login: String,
    /// `profile.email`
    pub email: Option<String>,
    /// First and last name.
    pub name: String,
    /// `profile.department`
    pub department: Option<String>,
    /// Whether `credentials.provider.type` is `ACTIVE_DIRECTORY`.
    pub ad_sourced: bool,
}

/// The application instance, its schema and what its profile mapping owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// `0oa…`
    pub id: AppId,
    /// The type of the app (`office365`).
    pub name: String,
    /// The label that people see.
    pub label: String,
    /// `ACTIVE` or `INACTIVE`.
    pub status: String,
    /// `settings.app.domain`
    pub domain: Option<String>,
    /// `settings.app.msftTenant`
    pub ms_tenant: Option<String>,
    /// Names of the profile attributes, from the app's schema.
    pub attributes: Attributes,
    /// Profile attributes that a profile mapping owns (Okta refuses them in a request, E0000075).
    pub mapped: Vec<String>,
}

/// Variable names of the app user's profile, resolved by title from the app's schema; `None` where the schema has no such title.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// "Immutable ID"
    pub anchor: Option<String>,
    /// "Licenses"
    pub licenses: Option<String>,
    /// "Roles"
    pub roles: Option<String>,
    /// "Usage location"
    pub usage_location: Option<String>,
}

/// The provisioning switches of the app (`features/USER_PROVISIONING`); `true` = ENABLED.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    /// Create Users (`lifecycleCreate`).
    pub create: bool,
    /// Update User Attributes (`profile`).
    pub update: bool,
    /// Deactivate Users (`lifecycleDeactivate`).
    pub deactivate: bool,
}

/// The provisioning settings of the app: the switches, and the whole capabilities object as Okta sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provisioning {
    /// The switches.
    pub switches: Switches,
    /// The `capabilities` object; compared whole after a pause.
    pub capabilities: Value,
}

/// An app user: the assignment of a person to the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppUser {
    /// The person.
    pub user: OktaUserId,
    /// `externalId`: the Entra object that Okta pushes to.
    pub external_id: Option<EntraId>,
    /// Direct or by group.
    pub scope: Scope,
    /// `PROVISIONED`, `STAGED`, … (open list).
    pub status: String,
    /// `SYNCHRONIZED`, `ERROR`, … (open list).
    pub sync_state: Option<String>,
    /// When the row was made.
    pub created: At,
    /// When `status` last changed.
    pub status_changed: Option<At>,
    /// Last push.
    pub last_sync: Option<At>,
    /// `credentials.userName`: the UPN that Okta pushes.
    pub user_name: String,
    /// The whole app-specific profile.
    pub profile: BTreeMap<String, Value>,
}

impl AppUser {
    /// The anchor that Okta holds for this person, where the schema names the attribute and it is not empty.
    pub fn anchor(&self, attributes: &Attributes) -> Option<&str> {
        self.anchor_in(attributes.anchor.as_ref()?)
    }

    /// The anchor in the attribute of this name, where it is not empty.
    pub fn anchor_in(&self, attribute: &str) -> Option<&str> {
        self.profile.get(attribute).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The profile without the attributes that a mapping owns: what Okta accepts in a request.
    pub fn sendable(&self, mapped: &[String]) -> BTreeMap<String, Value> {
        self.profile.iter().filter(|(name, _)| !mapped.contains(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
    }
}

/// A group of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// `00g…`
    pub id: GroupId,
    /// `OKTA_GROUP`, `APP_GROUP`, `BUILT_IN`.
    pub kind: String,
    /// The name that people see.
    pub name: String,
}

/// An Entra user, live or in deletedItems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntraUser {
    /// Object id.
    pub id: EntraId,
    /// `userPrincipalName` as Graph sends it (in deletedItems it starts with the object id without dashes).
    pub upn: String,
    /// `displayName`
    pub name: String,
    /// `mail`
    pub mail: Option<String>,
    /// `accountEnabled`
    pub enabled: Option<bool>,
    /// `userType` (`Member`, `Guest`).
    pub user_type: Option<String>,
    /// `createdDateTime`
    pub created: Option<At>,
    /// `deletedDateTime`
    pub deleted: Option<At>,
    /// `onPremisesImmutableId`
    pub anchor: Option<String>,
    /// `onPremisesSyncEnabled`
    pub synced: Option<bool>,
    /// `isManagementRestricted`
    pub management_restricted: Option<bool>,
    /// `proxyAddresses`
    pub proxies: Vec<String>,
    /// Licences assigned directly (`assignedByGroup` is null), by sku id, sorted.
    pub direct_licences: Vec<String>,
    /// Licences that come from a group, by sku id, sorted.
    pub group_licences: Vec<String>,
}

impl EntraUser {
    /// The UPN without the prefix that deletedItems puts before it (32 hex digits of the object's own id).
    pub fn plain_upn(&self) -> &str {
        let bare: String = self.id.as_str().chars().filter(|c| *c != '-').collect();
        match self.upn.get(..bare.len()) {
            Some(head) if self.deleted.is_some() && head.eq_ignore_ascii_case(&bare) => &self.upn[bare.len()..],
            Some(_) | None => &self.upn,
        }
    }

    /// Whether the object answers to this address as UPN, mail or proxy address (letters' case does not matter).
    pub fn answers_to(&self, address: &str) -> bool {
        self.plain_upn().eq_ignore_ascii_case(address)
            || self.mail.as_deref().is_some_and(|mail| mail.eq_ignore_ascii_case(address))
            || self.proxies.iter().any(|proxy| {
                proxy
                    .split_once(':')
                    .is_some_and(|(kind, rest)| kind.eq_ignore_ascii_case("smtp") && rest.eq_ignore_ascii_case(address))
            })
    }
}

/// A domain of the Entra tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// The name.
    pub name: String,
    /// `authenticationType` is `Federated`.
    pub federated: bool,
    /// The `*.onmicrosoft.com` name the tenant began with.
    pub initial: bool,
    /// Verified.
    pub verified: bool,
}

/// A licence of the tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sku {
    /// `skuId`
    pub id: String,
    /// `skuPartNumber`
    pub name: String,
    /// Seats in use.
    pub consumed: i64,
    /// Seats bought and enabled.
    pub enabled: i64,
}

/// Directory roles of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    /// Roles held (transitively), by name.
    pub held: Vec<String>,
    /// Role assignments and PIM eligibility by principal id, by role name or definition id.
    pub assigned_or_eligible: Vec<String>,
}

impl Roles {
    /// Holds no role and could not take one.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.assigned_or_eligible.is_empty()
    }
}

/// Who deleted an Entra user, by the directory audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// Name of the person or app that deleted.
    pub by: String,
    /// When.
    pub at: At,
    /// Whether it was our own org's provisioning (then it was a deprovisioning, not an accident).
    pub by_provisioning: bool,
}

/// A System Log event about a person's provisioning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    /// When it was published.
    pub at: At,
    /// `eventType`
    pub kind: String,
    /// `outcome.result` is `SUCCESS`.
    pub success: bool,
    /// `outcome.reason` (at most 255 characters).
    pub reason: Option<String>,
}

/// A person who was taken out of the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaver {
    /// That person.
    pub user: OktaUserId,
    /// Name or login, as the System Log has it.
    pub name: String,
    /// When.
    pub at: At,
}

/// Another linked person of the same app, read to prove that the tenant is the right one (SAFETY C1b).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// That person in Okta.
    pub user: OktaUserId,
    /// Their externalId.
    pub external_id: EntraId,
    /// Whether Graph has that object.
    pub found: bool,
}

/// What Okta holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OktaFacts {
    /// The person.
    pub user: OktaUser,
    /// The app.
    pub app: Reading<App>,
    /// The assignment; `None` = not assigned.
    pub app_user: Reading<Option<AppUser>>,
    /// The provisioning switches.
    pub switches: Reading<Switches>,
    /// The whole capabilities object, where the switches were read; null in records of older releases.
    #[serde(default)]
    pub capabilities: Value,
    /// Okta admin roles of the person.
    pub admin_roles: Reading<Vec<String>>,
    /// Groups of the person that are assigned to the app.
    pub granting_groups: Reading<Vec<GroupId>>,
    /// Pushes of this person since the look-back, oldest first.
    pub events: Reading<Vec<LogEvent>>,
}

/// What Entra holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntraFacts {
    /// The object that Okta's externalId names; `None` = 404.
    pub by_external_id: Reading<Option<EntraUser>>,
    /// The instants at which that object was found missing, oldest first (SAFETY C1c).
    pub missing_at: Vec<At>,
    /// Whether the object, its assignment or the report about it is so young that one 404 proves nothing.
    pub young: bool,
    /// Live objects that hold the UPN, as UPN, mail or proxy address, by id.
    pub by_name: Reading<Vec<EntraUser>>,
    /// Live objects that hold Okta's anchor.
    pub by_anchor: Reading<Vec<EntraUser>>,
    /// Deleted objects with the externalId, the UPN, one of the addresses, or the anchor.
    pub deleted: Reading<Vec<EntraUser>>,
    /// Who deleted the object that externalId names.
    pub deletion: Reading<Option<Deletion>>,
    /// Domains of the tenant.
    pub domains: Reading<Vec<Domain>>,
    /// `organization.onPremisesSyncEnabled`.
    pub tenant_synced: Reading<bool>,
    /// Roles of each object above.
    pub roles: BTreeMap<EntraId, Reading<Roles>>,
    /// Licences of the tenant.
    pub skus: Reading<Vec<Sku>>,
    /// Other people of the app, read in the same minute.
    pub witnesses: Reading<Vec<Witness>>,
    /// A name on the initial domain to park the user under; `None` where nothing calls for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parking: Option<Reading<Parking>>,
}

/// A name on the tenant's initial managed domain, and who holds it, live or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parking {
    /// The name.
    pub upn: String,
    /// Objects that hold it as UPN, mail or proxy address.
    pub holders: Vec<EntraId>,
}

/// Both sides of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Format version (1).
    pub v: u32,
    /// When the reading was complete.
    pub read_at: At,
    /// The Okta org.
    pub org_url: String,
    /// The Entra tenant.
    pub tenant_id: TenantId,
    /// What Okta holds.
    pub okta: OktaFacts,
    /// What Entra holds.
    pub entra: EntraFacts,
}
