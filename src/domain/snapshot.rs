//! The facts that a plan rests on, as a flat list of key and value: part of the digest, and what the world is compared
//! with before each effect.
//!
//! Not in it (SAFETY B1): times of reading, lastUpdated, lastSync, the text of syncState, display names, seats of licences
//! (a guard counts those). A value that could not be read is `unread`, which never equals anything that was read.

use super::effect::Effect;
use super::ids::EntraId;
use super::tenant::{EntraUser, Facts, Reading};
use std::collections::BTreeMap;

/// Key and value, sorted by key.
pub type Snapshot = BTreeMap<String, String>;

/// The value of what could not be read.
pub const UNREAD: &str = "unread";
/// The value of what is not there.
pub const ABSENT: &str = "absent";

/// One fact that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Moved {
    /// Which fact.
    pub key: String,
    /// What was expected.
    pub was: String,
    /// What is.
    pub is: String,
}

/// Flattens the facts.
pub fn of(facts: &Facts) -> Snapshot {
    let mut all = Snapshot::new();
    okta(facts, &mut all);
    entra(facts, &mut all);
    all
}

/// What is not as it should be before the effect after `done`: the snapshot with these effects applied. Keys that one of
/// them lets the vendor move are not compared, but for the value that the effect itself sets.
pub fn drift(planned: &Snapshot, done: &[&Effect], now: &Snapshot) -> Vec<Moved> {
    let mut expected = planned.clone();
    let mut free: Vec<String> = Vec::new();
    let mut fixed: BTreeMap<String, String> = BTreeMap::new();
    for effect in done {
        let moves = effect.moves();
        fixed.retain(|key, _| !moves.iter().any(|prefix| key.starts_with(prefix)));
        fixed.extend(effect.sets());
        free.extend(moves);
    }
    expected.retain(|key, _| !free.iter().any(|prefix| key.starts_with(prefix)));
    expected.extend(fixed);
    let absent = || ABSENT.to_owned();
    let mut moved: Vec<Moved> = expected
        .iter()
        .filter(|(key, value)| now.get(*key) != Some(value))
        .map(|(key, value)| Moved {
            key: key.clone(),
            was: value.clone(),
            is: now.get(key).cloned().unwrap_or_else(absent),
        })
        .collect();
    moved.extend(
        now.iter()
            .filter(|(key, _)| !expected.contains_key(*key) && !free.iter().any(|prefix| key.starts_with(prefix)))
            .map(|(key, value)| Moved { key: key.clone(), was: absent(), is: value.clone() }),
    );
    moved
}

fn put(all: &mut Snapshot, key: &str, value: impl Into<String>) {
    all.insert(key.to_owned(), value.into());
}

/// Values of a list in an order of their own, because a vendor may send them in any.
fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let mut values: Vec<&str> = values.into_iter().collect();
    values.sort_unstable();
    values.join(",")
}

fn texts(values: &[String]) -> String {
    list(values.iter().map(String::as_str))
}

fn on(switch: bool) -> &'static str {
    if switch { "ENABLED" } else { "DISABLED" }
}

fn text_or_absent(text: Option<&str>) -> String {
    text.unwrap_or(ABSENT).to_owned()
}

fn okta(facts: &Facts, all: &mut Snapshot) {
    let okta = &facts.okta;
    put(all, "okta.user.status", okta.user.status.clone());
    put(all, "okta.user.login", okta.user.login.clone());
    let attributes = okta.app.known().map(|app| &app.attributes);
    match &okta.app {
        Reading::Unread(_) => put(all, "okta.app", UNREAD),
        Reading::Known(app) => {
            put(all, "okta.app.status", app.status.clone());
            put(all, "okta.app.domain", text_or_absent(app.domain.as_deref()));
            let mapped = app.attributes.anchor.as_ref().is_some_and(|name| app.mapped.contains(name));
            put(all, "okta.mapping.anchor", if mapped { "mapped" } else { "unmapped" });
        }
    }
    match &okta.app_user {
        Reading::Unread(_) => put(all, "okta.app_user", UNREAD),
        Reading::Known(None) => put(all, "okta.app_user", ABSENT),
        Reading::Known(Some(row)) => {
            put(all, "okta.app_user", "present");
            put(all, "okta.app_user.scope", row.scope.text());
            put(all, "okta.app_user.status", row.status.clone());
            put(all, "okta.app_user.external_id", text_or_absent(row.external_id.as_ref().map(EntraId::as_str)));
            put(all, "okta.app_user.user_name", row.user_name.clone());
            put(all, "okta.app_user.anchor", text_or_absent(attributes.and_then(|a| row.anchor(a))));
            let profile: BTreeMap<_, _> = row.profile.iter().collect();
            put(all, "okta.profile", serde_json::to_string(&profile).unwrap_or_else(|_| UNREAD.to_owned()));
        }
    }
    match &okta.switches {
        Reading::Unread(_) => put(all, "okta.switch", UNREAD),
        Reading::Known(switches) => {
            put(all, "okta.switch.create", on(switches.create));
            put(all, "okta.switch.update", on(switches.update));
            put(all, "okta.switch.deactivate", on(switches.deactivate));
        }
    }
    put(all, "okta.admin_roles", okta.admin_roles.known().map_or_else(|| UNREAD.to_owned(), |roles| texts(roles)));
    let groups = okta
        .granting_groups
        .known()
        .map_or_else(|| UNREAD.to_owned(), |groups| list(groups.iter().map(super::ids::GroupId::as_str)));
    put(all, "okta.granting_groups", groups);
}

fn ids(users: &Reading<Vec<EntraUser>>) -> String {
    users.known().map_or_else(|| UNREAD.to_owned(), |users| list(users.iter().map(|user| user.id.as_str())))
}

fn object(user: &EntraUser, all: &mut Snapshot) {
    let mut one = |field: &str, value: String| {
        all.insert(format!("entra.object.{}.{field}", user.id), value);
    };
    one("upn", user.plain_upn().to_owned());
    one("anchor", text_or_absent(user.anchor.as_deref()));
    one("enabled", user.enabled.map_or_else(|| UNREAD.to_owned(), |yes| yes.to_string()));
    one("type", text_or_absent(user.user_type.as_deref()));
    one("synced", user.synced.is_some_and(|yes| yes).to_string());
    one("deleted", user.deleted.is_some().to_string());
    one("proxies", texts(&user.proxies));
    one("direct_licences", texts(&user.direct_licences));
}

fn entra(facts: &Facts, all: &mut Snapshot) {
    let entra = &facts.entra;
    let by_external_id = match &entra.by_external_id {
        Reading::Unread(_) => UNREAD.to_owned(),
        Reading::Known(found) => text_or_absent(found.as_ref().map(|user| user.id.as_str())),
    };
    put(all, "entra.by_external_id", by_external_id);
    put(all, "entra.live.by_name", ids(&entra.by_name));
    put(all, "entra.live.by_anchor", ids(&entra.by_anchor));
    put(all, "entra.deleted", ids(&entra.deleted));
    let found = entra.by_external_id.known().into_iter().flatten();
    let lists = [&entra.by_name, &entra.by_anchor, &entra.deleted];
    for user in found.chain(lists.into_iter().filter_map(Reading::known).flatten()) {
        object(user, all);
    }
    for (id, roles) in &entra.roles {
        let value = roles.known().map_or_else(
            || UNREAD.to_owned(),
            |roles| format!("{}|{}", texts(&roles.held), texts(&roles.assigned_or_eligible)),
        );
        all.insert(format!("entra.roles.{id}"), value);
    }
    match &entra.domains {
        Reading::Unread(_) => put(all, "entra.domain", UNREAD),
        Reading::Known(domains) => {
            for domain in domains {
                let kind = if domain.federated { "federated" } else { "managed" };
                all.insert(format!("entra.domain.{}", domain.name), kind.to_owned());
            }
        }
    }
    match &entra.parking {
        None => {}
        Some(Reading::Unread(_)) => put(all, "entra.parking", UNREAD),
        Some(Reading::Known(parking)) => {
            put(all, "entra.parking", format!("{}|{}", parking.upn, list(parking.holders.iter().map(EntraId::as_str))));
        }
    }
    put(all, "entra.tenant_synced", entra.tenant_synced.known().map_or_else(|| UNREAD.to_owned(), ToString::to_string));
}
