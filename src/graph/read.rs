//! Reads from Microsoft Graph.
//!
//! Never asks an index that lags (`ConsistencyLevel: eventual`), and never answers with half a list: the callers prove
//! absence with it. Begin with [`Reader`].

use super::client::{Access, Client, guid_of, quoted};
use super::decode;
use super::error::{not_asked, unusable};
use crate::domain::ids::EntraId;
use crate::domain::tenant::{Deletion, Domain, EntraUser, Roles, Sku};
use crate::ports::clock::Clock;
use crate::ports::directory::{Answer, EntraRead, Find};
use crate::ports::error::Kind;
use crate::ports::fresh::Fresh;
use crate::ports::meter::Meter;
use crate::wire::json;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most of these come only when they are asked for by name.
const SELECT: &str = "id,displayName,userPrincipalName,mail,accountEnabled,userType,creationType,createdDateTime,\
deletedDateTime,onPremisesImmutableId,onPremisesSyncEnabled,onPremisesLastSyncDateTime,onPremisesProvisioningErrors,\
serviceProvisioningErrors,proxyAddresses,identities,assignedLicenses,licenseAssignmentStates,usageLocation,\
isManagementRestricted";
/// Users a page: with every property above a page stays far below the cap of an answer.
const PAGE: &str = "300";

/// The read side.
pub struct Reader(pub(super) Client);

impl Reader {
    /// Builds the client with the read credentials; sends nothing.
    pub fn new(access: Access, clock: Arc<dyn Clock>, fresh: Arc<dyn Fresh>) -> Answer<Self> {
        Client::new(access, clock, fresh).map(Self)
    }

    /// The same, with every call counted.
    #[must_use]
    pub fn metered(mut self, meter: Arc<dyn Meter>) -> Self {
        self.0.set_meter(meter);
        self
    }

    /// The value by which a sandbox shows itself, when Graph and the token endpoint show the same one; `None` for a real
    /// tenant. Fetches a token and makes one harmless read; may be repeated.
    pub async fn proof(&self) -> Answer<Option<String>> {
        self.0.proof().await
    }

    async fn users(&self, filter: &str) -> Answer<Vec<EntraUser>> {
        const OP: &str = "find users";
        let url = self.0.at(OP, &["users"], &[("$filter", filter), ("$select", SELECT), ("$top", PAGE)])?;
        self.0.list(OP, url).await?.iter().map(|value| decode::user(OP, value)).collect()
    }

    /// Roles that a list of assignments or eligibilities names for a principal.
    async fn given(&self, kind: &'static str, id: &EntraId) -> Answer<BTreeSet<String>> {
        const OP: &str = "read the role assignments";
        let filter = format!("principalId eq {}", quoted(id.as_str()));
        let query = [("$filter", filter.as_str()), ("$expand", "roleDefinition")];
        let url = self.0.at(OP, &["roleManagement", "directory", kind], &query)?;
        self.0.list(OP, url).await?.iter().map(|value| decode::assigned(OP, value)).collect()
    }

    /// PIM eligibility; where the tenant does not offer the instances, the schedules say the same.
    async fn eligible(&self, id: &EntraId) -> Answer<BTreeSet<String>> {
        match self.given("roleEligibilityScheduleInstances", id).await {
            Err(error) if matches!(error.kind, Kind::Gone | Kind::Invalid | Kind::Denied) => {
                self.given("roleEligibilitySchedules", id).await
            }
            answer => answer,
        }
    }

    async fn held(&self, id: &EntraId) -> Answer<BTreeSet<String>> {
        const OP: &str = "read the directory roles of the object";
        let parts = ["users", id.as_str(), "transitiveMemberOf", "microsoft.graph.directoryRole"];
        let url = self.0.at(OP, &parts, &[("$select", "id,displayName,roleTemplateId")])?;
        self.0.list(OP, url).await?.iter().map(|value| decode::role(OP, value)).collect()
    }
}

/// What is looked for, without the white space of a paste; nothing is no question.
fn wanted<'a>(op: &'static str, what: &'a Find) -> Answer<&'a str> {
    let text = match what {
        Find::Address(text) => text.trim(),
        Find::Anchor(text) => text.as_str(),
    };
    if text.is_empty() { Err(not_asked(op, "there is nothing to look for; nothing was asked")) } else { Ok(text) }
}

fn by_id(users: impl IntoIterator<Item = EntraUser>) -> Vec<EntraUser> {
    let each: BTreeMap<EntraId, EntraUser> = users.into_iter().map(|user| (user.id.clone(), user)).collect();
    each.into_values().collect()
}

#[async_trait]
impl EntraRead for Reader {
    async fn user(&self, id: &EntraId) -> Answer<Option<EntraUser>> {
        const OP: &str = "read the user";
        let id = guid_of(OP, id)?;
        let url = self.0.at(OP, &["users", id.as_str()], &[("$select", SELECT)])?;
        let Some(value) = self.0.maybe(OP, url).await? else { return Ok(None) };
        let user = decode::user(OP, &value)?;
        if user.id == id { Ok(Some(user)) } else { Err(unusable(OP, "the answer is about another object")) }
    }

    async fn find(&self, what: &Find) -> Answer<Vec<EntraUser>> {
        let text = wanted("find users", what)?;
        match what {
            Find::Address(_) => {
                let proxy = |kind: &str| format!("proxyAddresses/any(p:p eq {})", quoted(&format!("{kind}:{text}")));
                let filters = [
                    format!("userPrincipalName eq {}", quoted(text)),
                    format!("mail eq {}", quoted(text)),
                    proxy("smtp"),
                    proxy("SMTP"),
                ];
                let (a, b, c, d) = tokio::try_join!(
                    self.users(&filters[0]),
                    self.users(&filters[1]),
                    self.users(&filters[2]),
                    self.users(&filters[3]),
                )?;
                Ok(by_id([a, b, c, d].into_iter().flatten()))
            }
            Find::Anchor(_) => {
                let found = self.users(&format!("onPremisesImmutableId eq {}", quoted(text))).await?;
                Ok(by_id(found.into_iter().filter(|user| user.anchor.as_deref() == Some(text))))
            }
        }
    }

    async fn deleted_user(&self, id: &EntraId) -> Answer<Option<EntraUser>> {
        const OP: &str = "read the deleted user";
        let id = guid_of(OP, id)?;
        let url = self.0.at(OP, &["directory", "deletedItems", id.as_str()], &[("$select", SELECT)])?;
        let Some(value) = self.0.maybe(OP, url).await?.filter(decode::is_user) else { return Ok(None) };
        let user = decode::deleted_user(OP, &value)?;
        if user.id == id { Ok(Some(user)) } else { Err(unusable(OP, "the answer is about another object")) }
    }

    async fn find_deleted(&self, what: &Find) -> Answer<Vec<EntraUser>> {
        const OP: &str = "find deleted users";
        let text = wanted(OP, what)?;
        // a deleted object's UPN has a prefix, so no filter of Graph finds it by address: all are read and matched here
        let query = [("$select", SELECT), ("$top", PAGE)];
        let url = self.0.at(OP, &["directory", "deletedItems", "microsoft.graph.user"], &query)?;
        let all: Answer<Vec<EntraUser>> =
            self.0.list(OP, url).await?.iter().map(|value| decode::deleted_user(OP, value)).collect();
        Ok(by_id(all?.into_iter().filter(|user| match what {
            Find::Address(_) => user.answers_to(text),
            Find::Anchor(_) => user.anchor.as_deref() == Some(text),
        })))
    }

    async fn deletion(&self, id: &EntraId) -> Answer<Option<Deletion>> {
        const OP: &str = "read the directory audit";
        let id = guid_of(OP, id)?;
        let filter =
            format!("activityDisplayName eq 'Delete user' and targetResources/any(t:t/id eq {})", quoted(id.as_str()));
        let url = self.0.at(OP, &["auditLogs", "directoryAudits"], &[("$filter", &filter)])?;
        let events: Answer<Vec<Option<Deletion>>> =
            self.0.list(OP, url).await?.iter().map(|value| decode::deletion(OP, value, &id)).collect();
        Ok(events?.into_iter().flatten().max_by_key(|deletion| deletion.at))
    }

    async fn domains(&self) -> Answer<Vec<Domain>> {
        const OP: &str = "list the domains of the tenant";
        let select = "id,authenticationType,isInitial,isDefault,isVerified";
        let url = self.0.at(OP, &["domains"], &[("$select", select)])?;
        self.0.list(OP, url).await?.iter().map(|value| decode::domain(OP, value)).collect()
    }

    async fn tenant_synced(&self) -> Answer<bool> {
        const OP: &str = "read whether the tenant is synced";
        let select = "id,onPremisesSyncEnabled,onPremisesLastSyncDateTime";
        let url = self.0.at(OP, &["organization"], &[("$select", select)])?;
        let found = self.0.list(OP, url).await?;
        let tenant = found.first().ok_or_else(|| unusable(OP, "the answer names no tenant"))?;
        // null means that it never was
        Ok(json::flag(tenant, "/onPremisesSyncEnabled").unwrap_or(false))
    }

    async fn roles(&self, id: &EntraId) -> Answer<Roles> {
        let id = guid_of("read the directory roles of the object", id)?;
        let (held, given) = tokio::try_join!(self.held(&id), self.assignments(&id))?;
        Ok(Roles { held: held.into_iter().collect(), ..given })
    }

    async fn assignments(&self, id: &EntraId) -> Answer<Roles> {
        let id = guid_of("read the role assignments", id)?;
        let (assigned, eligible) = tokio::try_join!(self.given("roleAssignments", &id), self.eligible(&id))?;
        Ok(Roles { held: Vec::new(), assigned_or_eligible: assigned.union(&eligible).cloned().collect() })
    }

    async fn skus(&self) -> Answer<Vec<Sku>> {
        const OP: &str = "list the licences of the tenant";
        let url = self.0.at(OP, &["subscribedSkus"], &[])?;
        self.0.list(OP, url).await?.iter().map(|value| decode::sku(OP, value)).collect()
    }
}
