//! Reads both directories: the facts about a person, and the one record that shows whether an effect is in force.
//!
//! Never decides anything and never hides a failed look-up: it becomes `Reading::Unread` with its reason. Independent reads
//! run at the same time. Begin with [`facts`].

use crate::domain::effect::{Effect, Target, TargetKey};
use crate::domain::guard::YOUNG;
use crate::domain::ids::{AppId, EntraId, TenantId};
use crate::domain::plan::Plan;
use crate::domain::tenant::{
    App, AppUser, EntraFacts, EntraUser, Facts, OktaFacts, OktaUser, Parking, Reading, Roles, Witness,
};
use crate::domain::time::{At, DAY};
use crate::ports::clock::Clock;
use crate::ports::directory::{Answer, EntraRead, Find, OktaRead};
use futures_util::future::join_all;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The read side of both directories.
#[derive(Clone)]
pub struct Readers {
    /// Okta.
    pub okta: Arc<dyn OktaRead>,
    /// Entra.
    pub entra: Arc<dyn EntraRead>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The Okta org.
    pub org_url: String,
    /// The Entra tenant.
    pub tenant_id: TenantId,
}

/// Whom to look up, and what is known already.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The app.
    pub app: AppId,
    /// The person.
    pub user: OktaUser,
    /// Values of a plan, which stay the same while its own effects take the assignment away.
    pub fixed: Option<Fixed>,
    /// When the failure was reported to have happened.
    pub reported_at: Option<At>,
    /// When the externalId was found missing before.
    pub missing_at: Vec<At>,
}

/// What a plan was made on.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// `credentials.userName`
    pub user_name: String,
    /// Okta's anchor.
    pub anchor: Option<String>,
    /// Okta's externalId.
    pub external_id: Option<EntraId>,
    /// Which name to park under is looked up.
    pub parking: Lot,
}

/// Which name to park under is looked up.
#[derive(Clone, Debug)]
pub enum Lot {
    /// A free one, where something calls for it.
    Find,
    /// A free one, also where the anchors are equal: they are to differ again.
    Search,
    /// The one in the plan, whoever holds it.
    Named(String),
    /// None: the plan does not hop.
    Unused,
}

impl Fixed {
    /// What a plan was made on.
    pub fn of(plan: &Plan) -> Self {
        Self {
            user_name: plan.user_name.clone(),
            anchor: plan.anchor.clone(),
            external_id: plan.external_id.clone(),
            parking: plan.hop().map_or(Lot::Unused, |hop| Lot::Named(hop.parked.to_owned())),
        }
    }
}

/// Status of a person who could not be read again.
const UNREADABLE: &str = "UNREADABLE";

/// Whether a look-up that a plan or a guard rests on could not be made.
pub(super) fn unread(facts: &Facts) -> bool {
    let (okta, entra) = (&facts.okta, &facts.entra);
    let missing = [
        okta.user.status == UNREADABLE,
        okta.app.unread().is_some(),
        okta.app_user.unread().is_some(),
        okta.switches.unread().is_some(),
        okta.admin_roles.unread().is_some(),
        okta.granting_groups.unread().is_some(),
        okta.events.unread().is_some(),
        entra.by_external_id.unread().is_some(),
        entra.by_name.unread().is_some(),
        entra.by_anchor.unread().is_some(),
        entra.deleted.unread().is_some(),
        entra.domains.unread().is_some(),
        entra.tenant_synced.unread().is_some(),
        entra.skus.unread().is_some(),
        entra.witnesses.unread().is_some(),
    ];
    let parking = entra.parking.as_ref().is_some_and(|parking| parking.unread().is_some());
    parking || missing.contains(&true) || entra.roles.values().any(|roles| roles.unread().is_some())
}

fn reading<T>(answer: Answer<T>) -> Reading<T> {
    match answer {
        Ok(value) => Reading::Known(value),
        Err(error) => Reading::Unread(error.to_string()),
    }
}

/// Reads everything that the guards and the card need.
pub async fn facts(readers: &Readers, keys: &Keys) -> Facts {
    let now = readers.clock.now();
    let (okta, app_users) = okta(readers, keys, now).await;
    let row = okta.app_user.known().and_then(Option::as_ref);
    let attributes = okta.app.known().map(|app: &App| &app.attributes);
    let fixed = keys.fixed.clone().unwrap_or_else(|| Fixed {
        user_name: row.map_or_else(|| okta.user.login.clone(), |row| row.user_name.clone()),
        anchor: row.zip(attributes).and_then(|(row, a)| row.anchor(a)).map(str::to_owned),
        external_id: row.and_then(|row| row.external_id.clone()),
        parking: Lot::Find,
    });
    let young = young(&okta, keys, now);
    let mut entra = entra(readers, &fixed, app_users, &keys.user).await;
    entra.young = young;
    if fixed.external_id.is_some() && matches!(entra.by_external_id, Reading::Known(None)) {
        entra.missing_at.clone_from(&keys.missing_at);
        entra.missing_at.push(readers.clock.now());
    }
    Facts {
        v: 1,
        read_at: readers.clock.now(),
        org_url: readers.org_url.clone(),
        tenant_id: readers.tenant_id.clone(),
        okta,
        entra,
    }
}

async fn okta(readers: &Readers, keys: &Keys, now: At) -> (OktaFacts, Answer<Vec<AppUser>>) {
    let (okta, app, user) = (&readers.okta, &keys.app, &keys.user.id);
    let (instance, row, switches, roles, groups, app_groups, events, others, fresh) = tokio::join!(
        okta.app(app),
        okta.app_user(app, user),
        okta.provisioning(app),
        okta.admin_roles(user),
        okta.groups_of(user),
        okta.app_groups(app),
        okta.events(app, user, now.plus(-DAY)),
        okta.app_users(app, 20),
        okta.user(user),
    );
    let granting = groups.and_then(|groups| {
        let app_groups = app_groups?;
        Ok(groups.into_iter().map(|group| group.id).filter(|id| app_groups.contains(id)).collect())
    });
    let instance = match instance {
        Ok(Some(app)) => Reading::Known(app),
        Ok(None) => Reading::Unread("the app does not exist, or the read token may not see it".to_owned()),
        Err(error) => Reading::Unread(error.to_string()),
    };
    let person = match fresh {
        Ok(Some(user)) => user,
        // The person was read a moment ago; one that cannot be read again is not taken for ACTIVE.
        Ok(None) => OktaUser { status: "NOT FOUND".to_owned(), ..keys.user.clone() },
        Err(_) => OktaUser { status: UNREADABLE.to_owned(), ..keys.user.clone() },
    };
    let facts = OktaFacts {
        user: person,
        app: instance,
        app_user: reading(row),
        capabilities: switches.as_ref().map_or(Value::Null, |found| found.capabilities.clone()),
        switches: reading(switches.map(|found| found.switches)),
        admin_roles: reading(roles),
        granting_groups: reading(granting),
        events: reading(events),
    };
    (facts, others)
}

/// SAFETY C1c: the assignment, its status, a successful create, or the report itself is younger than ten minutes.
fn young(okta: &OktaFacts, keys: &Keys, now: At) -> bool {
    let recent = |at: At| now.since(at) < YOUNG;
    let row = okta.app_user.known().and_then(Option::as_ref);
    let created = |kind: &str| kind == "application.provision.user.push" || kind == "application.provision.user.create";
    row.is_some_and(|row| recent(row.created) || row.status_changed.is_some_and(recent))
        || keys.reported_at.is_some_and(recent)
        || okta
            .events
            .known()
            .is_none_or(|events| events.iter().any(|event| event.success && created(&event.kind) && recent(event.at)))
}

async fn entra(readers: &Readers, fixed: &Fixed, app_users: Answer<Vec<AppUser>>, user: &OktaUser) -> EntraFacts {
    let entra = &readers.entra;
    let name = Find::Address(fixed.user_name.clone());
    let id = fixed.external_id.as_ref();
    let (by_external_id, by_name, by_anchor, deleted, deletion, domains, synced, skus, witnesses) = tokio::join!(
        async { if let Some(id) = id { entra.user(id).await } else { Ok(None) } },
        entra.find(&name),
        by_anchor(readers, fixed.anchor.as_deref()),
        deleted(readers, fixed, &name),
        async { if let Some(id) = id { entra.deletion(id).await } else { Ok(None) } },
        entra.domains(),
        entra.tenant_synced(),
        entra.skus(),
        witnesses(readers, app_users, user),
    );
    let mut facts = EntraFacts {
        by_external_id: reading(by_external_id),
        missing_at: Vec::new(),
        young: false,
        by_name: reading(by_name),
        by_anchor: reading(by_anchor),
        deleted: reading(deleted),
        deletion: reading(deletion),
        domains: reading(domains),
        tenant_synced: reading(synced),
        roles: BTreeMap::new(),
        skus: reading(skus),
        witnesses,
        parking: None,
    };
    widen(readers, fixed, &mut facts).await;
    let (roles, parking) = tokio::join!(roles(readers, &facts), parking(readers, fixed, &facts));
    facts.roles = roles;
    facts.parking = parking;
    facts
}

async fn by_anchor(readers: &Readers, anchor: Option<&str>) -> Answer<Vec<EntraUser>> {
    match anchor {
        Some(anchor) => readers.entra.find(&Find::Anchor(anchor.to_owned())).await,
        None => Ok(Vec::new()),
    }
}

async fn deleted(readers: &Readers, fixed: &Fixed, name: &Find) -> Answer<Vec<EntraUser>> {
    let entra = &readers.entra;
    let (by_id, by_name, by_anchor) = tokio::join!(
        async {
            match &fixed.external_id {
                Some(id) => entra.deleted_user(id).await,
                None => Ok(None),
            }
        },
        entra.find_deleted(name),
        async {
            match &fixed.anchor {
                Some(anchor) => entra.find_deleted(&Find::Anchor(anchor.clone())).await,
                None => Ok(Vec::new()),
            }
        },
    );
    let mut all: BTreeMap<EntraId, EntraUser> = BTreeMap::new();
    for user in by_id?.into_iter().chain(by_name?).chain(by_anchor?) {
        all.insert(user.id.clone(), user);
    }
    Ok(all.into_values().collect())
}

/// A deleted object that could be restored needs its own addresses and anchor checked against live holders too (SAFETY D2).
async fn widen(readers: &Readers, fixed: &Fixed, facts: &mut EntraFacts) {
    let Some(object) = facts
        .deleted
        .known()
        .and_then(|all| all.iter().find(|user| Some(&user.id) == fixed.external_id.as_ref()))
        .cloned()
    else {
        return;
    };
    let mut addresses: Vec<String> = std::iter::once(object.plain_upn().to_owned())
        .chain(object.mail.clone())
        .chain(object.proxies.iter().filter_map(|proxy| {
            proxy.split_once(':').filter(|(kind, _)| kind.eq_ignore_ascii_case("smtp")).map(|(_, a)| a.to_owned())
        }))
        .map(|address| address.to_lowercase())
        .filter(|address| !address.eq_ignore_ascii_case(&fixed.user_name))
        .collect();
    addresses.sort();
    addresses.dedup();
    let more =
        join_all(addresses.into_iter().map(|address| async move { readers.entra.find(&Find::Address(address)).await }));
    let anchor = object.anchor.as_deref().filter(|anchor| Some(*anchor) != fixed.anchor.as_deref());
    let (more, anchored) = tokio::join!(more, by_anchor(readers, anchor));
    for found in more {
        merge(&mut facts.by_name, found);
    }
    merge(&mut facts.by_anchor, anchored);
}

fn merge(into: &mut Reading<Vec<EntraUser>>, found: Answer<Vec<EntraUser>>) {
    match (&mut *into, found) {
        (Reading::Known(all), Ok(found)) => {
            all.extend(found);
            all.sort_by(|a, b| a.id.cmp(&b.id));
            all.dedup_by(|a, b| a.id == b.id);
        }
        (Reading::Known(_), Err(error)) => *into = Reading::Unread(error.to_string()),
        (Reading::Unread(_), _) => {}
    }
}

async fn roles(readers: &Readers, facts: &EntraFacts) -> BTreeMap<EntraId, Reading<Roles>> {
    let live = facts.by_external_id.known().into_iter().flatten();
    let live =
        live.chain(facts.by_name.known().into_iter().flatten()).chain(facts.by_anchor.known().into_iter().flatten());
    let mut wanted: BTreeMap<EntraId, bool> = live.map(|user| (user.id.clone(), true)).collect();
    for user in facts.deleted.known().into_iter().flatten() {
        wanted.entry(user.id.clone()).or_insert(false);
    }
    let all = join_all(wanted.into_iter().map(|(id, live)| async move {
        let answer = if live { readers.entra.roles(&id).await } else { readers.entra.assignments(&id).await };
        (id, reading(answer))
    }));
    all.await.into_iter().collect()
}

/// Up to three other linked people of the app (SAFETY C1b).
async fn witnesses(readers: &Readers, app_users: Answer<Vec<AppUser>>, user: &OktaUser) -> Reading<Vec<Witness>> {
    let rows = match app_users {
        Ok(rows) => rows,
        Err(error) => return Reading::Unread(error.to_string()),
    };
    let others: Vec<_> = rows
        .into_iter()
        .filter(|row| row.user != user.id)
        .filter_map(|row| row.external_id.map(|id| (row.user, id)))
        .take(3)
        .collect();
    let answers = join_all(others.into_iter().map(|(user, external_id)| async move {
        let found = readers.entra.user(&external_id).await;
        (user, external_id, found)
    }));
    let mut witnesses = Vec::new();
    let mut failed = None;
    for (user, external_id, found) in answers.await {
        match found {
            Ok(found) => witnesses.push(Witness { user, external_id, found: found.is_some() }),
            Err(error) => failed = Some(error.to_string()),
        }
    }
    match failed {
        // One that answers is proof enough; without one, a failed read is not an absence.
        Some(why) if !witnesses.iter().any(|witness| witness.found) => Reading::Unread(why),
        Some(_) | None => Reading::Known(witnesses),
    }
}

/// Names that are tried for parking, at most.
const PARKING_NAMES: usize = 4;
/// Longest sign-in name that Entra takes.
const UPN_MAX: usize = 113;

/// A free name on the initial managed domain, where the account that Okta pushes to lives in a federated domain and its anchor
/// is not Okta's (SAFETY D8). For a plan that hops, its own name is looked up, whoever holds it.
async fn parking(readers: &Readers, fixed: &Fixed, facts: &EntraFacts) -> Option<Reading<Parking>> {
    match &fixed.parking {
        Lot::Find | Lot::Search => {}
        Lot::Named(upn) => return Some(holders_of(readers, upn).await),
        Lot::Unused => return None,
    }
    let live = facts.by_external_id.known()?.as_ref()?;
    let domains = facts.domains.known()?;
    let (local, host) = live.upn.rsplit_once('@')?;
    let federated = domains.iter().any(|domain| domain.federated && domain.name.eq_ignore_ascii_case(host));
    let search = matches!(fixed.parking, Lot::Search);
    if !federated || (!search && live.anchor.is_some() && live.anchor == fixed.anchor) {
        return None;
    }
    let Some(initial) = domains.iter().find(|domain| domain.initial && domain.verified && !domain.federated) else {
        return Some(Reading::Unread("the tenant shows no managed initial domain".to_owned()));
    };
    let endings = std::iter::once(String::new()).chain((1..PARKING_NAMES).map(|n| format!("-parked{n}")));
    for ending in endings {
        let upn = format!("{local}{ending}@{}", initial.name);
        if upn.chars().count() > UPN_MAX {
            return Some(Reading::Unread("the name would be too long on the initial domain".to_owned()));
        }
        match holders_of(readers, &upn).await {
            Reading::Known(parking) if !parking.holders.is_empty() => {}
            free_or_unread @ (Reading::Known(_) | Reading::Unread(_)) => return Some(free_or_unread),
        }
    }
    Some(Reading::Unread("no free name was found on the initial domain".to_owned()))
}

async fn holders_of(readers: &Readers, upn: &str) -> Reading<Parking> {
    let name = Find::Address(upn.to_owned());
    let (live, deleted) = tokio::join!(readers.entra.find(&name), readers.entra.find_deleted(&name));
    let holders = live.and_then(|mut all| {
        all.extend(deleted?);
        let mut ids: Vec<EntraId> = all.into_iter().map(|user| user.id).collect();
        ids.sort();
        ids.dedup();
        Ok(ids)
    });
    reading(holders.map(|holders| Parking { upn: upn.to_owned(), holders }))
}

/// Reads the record that shows whether `effect` is in force.
pub async fn target(readers: &Readers, effect: &Effect) -> Answer<Target> {
    match effect.target() {
        TargetKey::AppUser(app, user) => Ok(Target::AppUser(readers.okta.app_user(&app, &user).await?.map(Box::new))),
        TargetKey::Object(id) => {
            let (live, deleted) = tokio::join!(readers.entra.user(&id), readers.entra.deleted_user(&id));
            Ok(Target::Object { live: live?.map(Box::new), deleted: deleted?.map(Box::new) })
        }
        TargetKey::Provisioning(app) => Ok(Target::Provisioning(Box::new(readers.okta.provisioning(&app).await?))),
    }
}
