//! What the vendors do with a write, and what Okta does by itself afterwards. Begin with [`State::apply`].

use super::model::{Call, Job, Regroup, State};
use reanchor::domain::effect::Effect;
use reanchor::domain::ids::EntraId;
use reanchor::domain::tenant::{AppUser, Roles, Scope};
use reanchor::domain::time::{At, SECOND};
use reanchor::ports::directory::{Answer, Assignment};
use reanchor::ports::error::{Kind, PortError, System};
use serde_json::Value;
use std::collections::BTreeMap;

impl Call {
    /// Whom it is sent to.
    pub(super) fn system(&self) -> System {
        if matches!(self, Self::Restore(_) | Self::Upn(..) | Self::Anchor(..)) { System::Graph } else { System::Okta }
    }

    /// Whether it is the write of this effect.
    pub(super) fn is(&self, effect: &Effect) -> bool {
        match effect {
            Effect::ConvertAssignment { app, user, to, .. } => *self == Self::Convert(app.clone(), user.clone(), *to),
            Effect::Unassign { app, user, .. } => *self == Self::Unassign(app.clone(), user.clone()),
            Effect::Assign { app, user, user_name, profile, .. } => {
                let what = Assignment { user_name: user_name.clone(), profile: profile.clone() };
                *self == Self::Assign(app.clone(), user.clone(), what)
            }
            Effect::RestoreUser { object, .. } => *self == Self::Restore(object.clone()),
            Effect::SetAppUserAnchor { app, user, attribute, to, .. } => {
                *self == Self::Attribute(app.clone(), user.clone(), attribute.clone(), to.clone())
            }
            Effect::SetUpn { object, to, .. } => *self == Self::Upn(object.clone(), to.clone()),
            Effect::SetImmutableId { object, to, .. } => *self == Self::Anchor(object.clone(), to.clone()),
            Effect::PauseProvisioning { app, .. } => *self == Self::Deactivate(app.clone(), false),
            Effect::ResumeProvisioning { app, .. } => *self == Self::Deactivate(app.clone(), true),
        }
    }
}

impl State {
    /// Carries a write out; whether it changed anything.
    pub(super) fn apply(&mut self, call: &Call) -> Answer<bool> {
        match call {
            Call::Convert(_, _, to) => self.convert(*to),
            Call::Unassign(..) => self.unassign(),
            Call::Assign(_, _, what) => self.assign(what),
            Call::Attribute(_, _, name, value) => self.attribute(name, value.as_deref()),
            Call::Deactivate(_, on) => {
                if !on {
                    self.looked_at = None;
                }
                Ok(std::mem::replace(&mut self.vendor.switches.deactivate, *on) != *on)
            }
            Call::Upn(id, upn) => self.upn(id, upn),
            Call::Anchor(id, anchor) => self.anchor(id, anchor),
            Call::Restore(id) => {
                let Some(mut user) = self.vendor.deleted.remove(id) else {
                    return Err(refused(System::Graph, Kind::Gone));
                };
                user.upn = user.plain_upn().to_owned();
                user.deleted = None;
                self.vendor.roles.entry(id.clone()).or_default();
                self.vendor.live.insert(id.clone(), user);
                Ok(true)
            }
        }
    }

    fn attribute(&mut self, name: &str, value: Option<&str>) -> Answer<bool> {
        if self.vendor.app.mapped.iter().any(|mapped| mapped == name) && self.vendor.switches.update {
            return Err(refused(System::Okta, Kind::Mapped));
        }
        let Some(row) = &mut self.vendor.row else { return Err(refused(System::Okta, Kind::Gone)) };
        let value = value.map_or(Value::Null, Value::from);
        Ok(row.profile.insert(name.to_owned(), value.clone()) != Some(value))
    }

    fn federated(&self, upn: &str) -> bool {
        let host = upn.rsplit_once('@').map_or("", |(_, host)| host);
        self.vendor.domains.iter().any(|domain| domain.federated && domain.name == host)
    }

    fn upn(&mut self, id: &EntraId, upn: &str) -> Answer<bool> {
        let federated = self.federated(upn);
        let mut others = self.vendor.live.values().chain(self.vendor.deleted.values()).filter(|user| user.id != *id);
        if (self.name_refused && federated) || others.any(|user| user.answers_to(upn)) {
            return Err(refused(System::Graph, Kind::Conflict));
        }
        let Some(user) = self.vendor.live.get_mut(id) else { return Err(refused(System::Graph, Kind::Gone)) };
        if federated && user.anchor.is_none() {
            return Err(refused(System::Graph, Kind::Invalid));
        }
        // Exchange keeps every name as a further address.
        let address = format!("smtp:{upn}");
        if !user.answers_to(upn) {
            user.proxies.push(address);
        }
        Ok(std::mem::replace(&mut user.upn, upn.to_owned()) != upn)
    }

    fn anchor(&mut self, id: &EntraId, anchor: &str) -> Answer<bool> {
        let taken =
            |user: &&reanchor::domain::tenant::EntraUser| user.id != *id && user.anchor.as_deref() == Some(anchor);
        let conflict = self.vendor.live.values().chain(self.vendor.deleted.values()).any(|user| taken(&user));
        let Some(user) = self.vendor.live.get(id).cloned() else { return Err(refused(System::Graph, Kind::Gone)) };
        if user.anchor.as_deref() == Some(anchor) {
            return Ok(false);
        }
        if self.anchor_forbidden {
            let denied = refused(System::Graph, Kind::Denied);
            return Err(PortError { status: Some(403), ..denied });
        }
        if self.federated(&user.upn) {
            return Err(refused(System::Graph, Kind::Federated));
        }
        if conflict {
            return Err(refused(System::Graph, Kind::Conflict));
        }
        self.vendor
            .live
            .insert(id.clone(), reanchor::domain::tenant::EntraUser { anchor: Some(anchor.to_owned()), ..user });
        Ok(true)
    }

    fn granted(&self) -> bool {
        self.vendor.groups.iter().any(|group| self.vendor.app_groups.contains(&group.id))
    }

    fn convert(&mut self, to: Scope) -> Answer<bool> {
        let granted = self.granted();
        let given = self.vendor.group_profile.clone();
        let Some(row) = &mut self.vendor.row else { return Err(refused(System::Okta, Kind::Gone)) };
        if to == Scope::Group && !granted {
            return Err(refused(System::Okta, Kind::Invalid));
        }
        if row.scope == to {
            return Ok(false);
        }
        row.scope = to;
        if to == Scope::Group {
            row.profile.extend(given);
        }
        Ok(true)
    }

    fn unassign(&mut self) -> Answer<bool> {
        let granted = self.granted();
        let Some(row) = &self.vendor.row else { return Ok(false) };
        if row.scope == Scope::Group && granted {
            return Err(refused(System::Okta, Kind::Denied));
        }
        let name = row.user_name.clone();
        let named = self.vendor.live.values().find(|user| user.upn == name).map(|user| user.id.clone());
        let hit = row.external_id.clone().filter(|id| self.vendor.live.contains_key(id)).or(named);
        // Whether it hits is judged when it falls due: a switch that is on again by then is on too early.
        if let Some(object) = hit {
            self.jobs.push((self.now.plus(5 * SECOND), Job::Deactivate(object)));
        }
        self.vendor.row = None;
        self.looked_at = None;
        if granted {
            match self.regroup {
                Regroup::Never => {}
                Regroup::AtOnce => self.regroup(),
                Regroup::After5s => self.jobs.push((self.now.plus(5 * SECOND), Job::Regroup)),
            }
        }
        Ok(true)
    }

    fn assign(&mut self, what: &Assignment) -> Answer<bool> {
        match &mut self.vendor.row {
            Some(row) if row.scope == Scope::Group => self.convert(Scope::User),
            Some(row) => {
                let before = row.clone();
                row.user_name.clone_from(&what.user_name);
                row.profile.extend(what.profile.clone());
                Ok(before != *row)
            }
            None => {
                self.make_row(Scope::User, what.user_name.clone(), what.profile.clone());
                Ok(true)
            }
        }
    }

    fn make_row(&mut self, scope: Scope, user_name: String, profile: BTreeMap<String, Value>) {
        self.vendor.row = Some(AppUser {
            user: self.vendor.user.id.clone(),
            external_id: None,
            scope,
            status: "STAGED".to_owned(),
            sync_state: Some("OUT_OF_SYNC".to_owned()),
            created: self.now,
            status_changed: Some(self.now),
            last_sync: None,
            user_name,
            profile,
        });
        self.jobs.push((self.now.plus(2 * SECOND), Job::Push { created: self.now }));
    }

    pub(super) fn regroup(&mut self) {
        if self.vendor.row.is_none() && self.vendor.user.status == "ACTIVE" && self.granted() {
            let profile = self.vendor.group_profile.clone();
            self.make_row(Scope::Group, self.vendor.user.login.clone(), profile);
        }
    }

    /// Okta's first push of a row: links by name, then by anchor, else creates.
    pub(super) fn push(&mut self, created: At) {
        let now = self.now;
        let Some(row) = self.vendor.row.as_ref().filter(|row| row.created == created).cloned() else { return };
        if row.external_id.is_some() || !self.vendor.switches.create {
            return;
        }
        let anchor = row.anchor(&self.vendor.app.attributes).map(str::to_owned);
        let live = || self.vendor.live.values();
        let named = live().find(|user| user.upn.eq_ignore_ascii_case(&row.user_name));
        let found = named.or_else(|| live().find(|user| anchor.is_some() && user.anchor == anchor));
        let id = self.link_to.clone().or_else(|| found.map(|user| user.id.clone())).unwrap_or_else(|| {
            let id = EntraId::new("77777777-0000-4000-8000-000000000007");
            let mut user = super::scenes::account(&id, &row.user_name, anchor.as_deref());
            user.created = Some(now);
            self.vendor.skus[0].consumed += 1;
            user.direct_licences = vec![self.vendor.skus[0].id.clone()];
            self.vendor.live.insert(id.clone(), user);
            self.vendor.roles.insert(id.clone(), Roles::default());
            id
        });
        let row = self.vendor.row.as_mut().unwrap();
        row.external_id = Some(id);
        "PROVISIONED".clone_into(&mut row.status);
        row.status_changed = Some(now);
        row.sync_state = Some("SYNCHRONIZED".to_owned());
        row.last_sync = Some(now);
    }
}

pub(super) fn refused(system: System, kind: Kind) -> PortError {
    PortError {
        system,
        op: "make the call",
        kind,
        status: None,
        code: None,
        request_id: None,
        detail: "as the test wants it".to_owned(),
    }
}
