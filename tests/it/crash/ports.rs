//! The ports on the model: both read sides, both write sides, the clock, the lease table, the record.

use super::model::{CALL, Call, World};
use super::scenes::heir;
use super::vendors::refused;
use async_trait::async_trait;
use reanchor::domain::ids::{AppId, EntraId, GroupId, OktaUserId};
use reanchor::domain::tenant::{
    App, AppUser, Deletion, Domain, EntraUser, Group, Leaver, LogEvent, OktaUser, Provisioning, Roles, Scope, Sku,
    Switches,
};
use reanchor::domain::time::At;
use reanchor::policy::Switch;
use reanchor::ports::clock::Clock;
use reanchor::ports::directory::{Answer, Assignment, EntraRead, EntraWrite, Find, OktaRead, OktaWrite};
use reanchor::ports::error::Kind;
use reanchor::ports::error::System::{Graph, Okta};
use reanchor::ports::lease::LeaseHeld;
use reanchor::ports::store::{Fence, LeaseAnswer, LeaseTable, LeaseTerms, StoreError, Stored};
use reanchor::saga::journal::Event;
use reanchor::saga::run::Record;
use std::sync::Arc;

#[async_trait]
impl Clock for World {
    fn now(&self) -> At {
        self.lock().now
    }

    async fn sleep_until(&self, at: At) {
        let mut s = self.lock();
        let ms = at.since(s.now).max(0);
        s.pass(ms);
    }
}

#[async_trait]
impl OktaRead for World {
    async fn user(&self, id: &OktaUserId) -> Answer<Option<OktaUser>> {
        self.view(Okta, |v| Some(v.user.clone()).filter(|user| user.id == *id)).await
    }

    async fn users_by_address(&self, address: &str) -> Answer<Vec<OktaUser>> {
        self.view(Okta, |v| {
            let held = [Some(&v.user.login), v.user.email.as_ref()];
            let found = held.into_iter().flatten().any(|text| text.eq_ignore_ascii_case(address));
            Vec::from_iter(found.then(|| v.user.clone()))
        })
        .await
    }

    async fn users_by_name(&self, name: &str) -> Answer<Vec<OktaUser>> {
        self.view(Okta, |v| Vec::from_iter(v.user.name.eq_ignore_ascii_case(name).then(|| v.user.clone()))).await
    }

    async fn office365_apps(&self) -> Answer<Vec<App>> {
        self.view(Okta, |v| vec![v.app.clone()]).await
    }

    async fn app(&self, app: &AppId) -> Answer<Option<App>> {
        self.view(Okta, |v| Some(v.app.clone()).filter(|found| found.id == *app)).await
    }

    async fn app_user(&self, _: &AppId, user: &OktaUserId) -> Answer<Option<AppUser>> {
        self.view(Okta, |v| v.row.iter().chain(&v.others).find(|row| row.user == *user).cloned()).await
    }

    async fn app_users(&self, _: &AppId, _: u32) -> Answer<Vec<AppUser>> {
        self.view(Okta, |v| v.row.iter().chain(&v.others).cloned().collect()).await
    }

    async fn provisioning(&self, _: &AppId) -> Answer<Provisioning> {
        self.view(Okta, |v| Provisioning { switches: v.switches, capabilities: capabilities(v.switches) }).await
    }

    async fn leavers(&self, _: &AppId, since: At) -> Answer<Vec<Leaver>> {
        let (all, unread) = {
            let s = self.lock();
            (s.leavers.clone(), s.leavers_unread)
        };
        let answer = self.view(Okta, |_| all.iter().filter(|left| left.at >= since).cloned().collect()).await;
        if unread { Err(refused(Okta, Kind::Unreachable)) } else { answer }
    }

    async fn groups_of(&self, _: &OktaUserId) -> Answer<Vec<Group>> {
        self.view(Okta, |v| v.groups.clone()).await
    }

    async fn app_groups(&self, _: &AppId) -> Answer<Vec<GroupId>> {
        self.view(Okta, |v| v.app_groups.clone()).await
    }

    async fn groups_by_name(&self, name: &str) -> Answer<Vec<Group>> {
        self.view(Okta, |v| v.groups.iter().filter(|group| group.name == name).cloned().collect()).await
    }

    async fn admin_roles(&self, _: &OktaUserId) -> Answer<Vec<String>> {
        self.view(Okta, |v| v.admin_roles.clone()).await
    }

    async fn events(&self, _: &AppId, _: &OktaUserId, _: At) -> Answer<Vec<LogEvent>> {
        self.view(Okta, |_| Vec::new()).await
    }

    async fn clock(&self) -> Answer<Option<At>> {
        let now = self.now();
        self.view(Okta, |_| Some(now)).await
    }
}

/// The capabilities object as Okta would send it.
pub(super) fn capabilities(switches: Switches) -> serde_json::Value {
    let status = |on: bool| serde_json::json!({"status": if on { "ENABLED" } else { "DISABLED" }});
    serde_json::json!({
        "create": {"lifecycleCreate": status(switches.create)},
        "update": {"profile": status(switches.update), "lifecycleDeactivate": status(switches.deactivate),
                   "password": status(false)},
    })
}

fn fits(user: &EntraUser, what: &Find) -> bool {
    match what {
        Find::Address(address) => user.answers_to(address),
        Find::Anchor(anchor) => user.anchor.as_deref() == Some(anchor),
    }
}

#[async_trait]
impl EntraRead for World {
    async fn user(&self, id: &EntraId) -> Answer<Option<EntraUser>> {
        let found = self.view(Graph, |v| v.live.get(id).cloned()).await;
        if found.is_ok() && *id == heir() {
            let mut s = self.lock();
            let first = s.looked_at.map_or(s.now, |(first, _)| first);
            s.looked_at = Some((first, s.now));
        }
        found
    }

    async fn find(&self, what: &Find) -> Answer<Vec<EntraUser>> {
        self.view(Graph, |v| v.live.values().filter(|user| fits(user, what)).cloned().collect()).await
    }

    async fn deleted_user(&self, id: &EntraId) -> Answer<Option<EntraUser>> {
        self.view(Graph, |v| v.deleted.get(id).cloned()).await
    }

    async fn find_deleted(&self, what: &Find) -> Answer<Vec<EntraUser>> {
        self.view(Graph, |v| v.deleted.values().filter(|user| fits(user, what)).cloned().collect()).await
    }

    async fn deletion(&self, _: &EntraId) -> Answer<Option<Deletion>> {
        self.view(Graph, |_| None).await
    }

    async fn domains(&self) -> Answer<Vec<Domain>> {
        self.view(Graph, |v| v.domains.clone()).await
    }

    async fn tenant_synced(&self) -> Answer<bool> {
        self.view(Graph, |v| v.synced).await
    }

    async fn roles(&self, id: &EntraId) -> Answer<Roles> {
        self.view(Graph, |v| v.roles.get(id).cloned().unwrap_or_default()).await
    }

    async fn assignments(&self, id: &EntraId) -> Answer<Roles> {
        EntraRead::roles(self, id).await
    }

    async fn skus(&self) -> Answer<Vec<Sku>> {
        self.view(Graph, |v| v.skus.clone()).await
    }
}

/// The write side of one process: it carries the number of the lease that this process took.
pub(super) struct Hand {
    pub(super) world: Arc<World>,
    pub(super) number: i64,
}

#[async_trait]
impl OktaWrite for Hand {
    async fn convert(&self, app: &AppId, user: &OktaUserId, to: Scope) -> Answer<()> {
        self.world.send(self.number, Call::Convert(app.clone(), user.clone(), to)).await
    }

    async fn unassign(&self, app: &AppId, user: &OktaUserId) -> Answer<()> {
        self.world.send(self.number, Call::Unassign(app.clone(), user.clone())).await
    }

    async fn assign(&self, app: &AppId, user: &OktaUserId, what: &Assignment) -> Answer<()> {
        self.world.send(self.number, Call::Assign(app.clone(), user.clone(), what.clone())).await
    }

    async fn set_attribute(&self, app: &AppId, user: &OktaUserId, name: &str, value: Option<&str>) -> Answer<()> {
        let call = Call::Attribute(app.clone(), user.clone(), name.to_owned(), value.map(str::to_owned));
        self.world.send(self.number, call).await
    }

    async fn set_deactivate(&self, app: &AppId, on: bool) -> Answer<()> {
        self.world.send(self.number, Call::Deactivate(app.clone(), on)).await
    }
}

#[async_trait]
impl EntraWrite for Hand {
    async fn restore(&self, id: &EntraId) -> Answer<()> {
        self.world.send(self.number, Call::Restore(id.clone())).await
    }

    async fn set_upn(&self, id: &EntraId, upn: &str) -> Answer<()> {
        self.world.send(self.number, Call::Upn(id.clone(), upn.to_owned())).await
    }

    async fn set_anchor(&self, id: &EntraId, anchor: &str) -> Answer<()> {
        self.world.send(self.number, Call::Anchor(id.clone(), anchor.to_owned())).await
    }
}

#[async_trait]
impl LeaseTable for World {
    async fn take(&self, key: &str, holder: &str, now: At, terms: LeaseTerms) -> Stored<LeaseAnswer> {
        let mut s = self.lock();
        let host_lock = s.host_lock;
        let row = s.lease_row(key);
        let by_lease = row.until.plus(CALL);
        let wait_until = if row.holder.is_empty() {
            None
        } else if host_lock {
            // The lock beside the database is free: the holder before is dead.
            Some(terms.last_intent.unwrap_or(now).plus(CALL).min(by_lease))
        } else if row.until <= now {
            Some(by_lease)
        } else {
            return Ok(LeaseAnswer::Taken { until: row.until });
        };
        row.number += 1;
        key.clone_into(&mut row.key);
        holder.clone_into(&mut row.holder);
        row.until = now.plus(terms.lease_ms);
        Ok(LeaseAnswer::Ours { number: row.number, until: row.until, wait_until })
    }

    async fn renew(&self, fence: &Fence, now: At, lease_ms: i64) -> Stored<At> {
        self.point("before renewal").await;
        let until = {
            let mut s = self.lock();
            let row = s.lease_row(&fence.key);
            if !holds(row, fence) {
                return Err(StoreError::Fenced { key: fence.key.clone() });
            }
            row.until = now.plus(lease_ms);
            row.until
        };
        self.point("after renewal").await;
        Ok(until)
    }

    async fn release(&self, fence: &Fence) -> Stored<()> {
        let mut s = self.lock();
        let row = s.lease_row(&fence.key);
        if holds(row, fence) {
            row.holder.clear();
            row.until = At(0);
        }
        Ok(())
    }
}

fn holds(row: &super::model::LeaseRow, fence: &Fence) -> bool {
    row.key == fence.key && row.holder == fence.holder && row.number == fence.number
}

#[async_trait]
impl Record for World {
    async fn record(&self, event: &Event, lease: &LeaseHeld) -> Stored<()> {
        self.point("before commit").await;
        {
            let mut s = self.lock();
            s.pass(2);
            if !holds(&s.lease, lease.fence()) {
                return Err(StoreError::Fenced { key: lease.fence().key.clone() });
            }
            s.commits += 1;
            let fails = s.store_fails.filter(|(number, _)| *number == s.commits);
            if fails.is_none_or(|(_, committed)| committed) {
                let now = s.now;
                s.journal.push((now, event.clone()));
                s.committed();
            }
            if fails.is_some() {
                return Err(StoreError::Driver("as the test wants it".to_owned()));
            }
        }
        self.point("after commit").await;
        Ok(())
    }

    async fn switch(&self) -> Switch {
        self.lock().switch()
    }

    fn is_stopping(&self) -> bool {
        self.lock().stopping
    }
}
