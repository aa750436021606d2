//! Okta's JSON to facts. The values here are private to the client.
//!
//! Lenient in what it does not need, strict in what a decision stands on: a row without its `created` or with a scope that
//! nobody knows is an error, not a guess. Begin with [`user`].

use super::error::unusable;
use crate::domain::ids::{EntraId, GroupId, OktaUserId};
use crate::domain::tenant::{AppUser, Group, Leaver, LogEvent, OktaUser, Provisioning, Scope, Switches};
use crate::ports::directory::Answer;
use crate::wire::json::{at, list, text};
use serde_json::Value;

fn need<T>(op: &'static str, field: &'static str, value: Option<T>) -> Answer<T> {
    value.ok_or_else(|| unusable(op, format!("the answer has no usable {field}")))
}

pub(super) fn user(op: &'static str, value: &Value) -> Answer<OktaUser> {
    let first = text(value, "/profile/firstName").unwrap_or_default();
    let last = text(value, "/profile/lastName").unwrap_or_default();
    let source = text(value, "/credentials/provider/type");
    Ok(OktaUser {
        id: OktaUserId::new(need(op, "id", text(value, "/id"))?),
        status: need(op, "status", text(value, "/status"))?,
        login: need(op, "profile.login", text(value, "/profile/login"))?,
        email: text(value, "/profile/email"),
        name: format!("{} {}", first.trim(), last.trim()).trim().to_owned(),
        department: text(value, "/profile/department"),
        ad_sourced: source.as_deref() == Some("ACTIVE_DIRECTORY"),
    })
}

pub(super) fn app_user(op: &'static str, value: &Value) -> Answer<AppUser> {
    let scope = match text(value, "/scope").as_deref() {
        Some("USER") => Some(Scope::User),
        Some("GROUP") => Some(Scope::Group),
        Some(_) | None => None,
    };
    let profile = value.pointer("/profile").and_then(Value::as_object);
    Ok(AppUser {
        user: OktaUserId::new(need(op, "id", text(value, "/id"))?),
        // what is no object id stays as it is: Entra is then not asked for it, and it counts as not read
        external_id: text(value, "/externalId").map(|id| EntraId::parse(&id).unwrap_or_else(|| EntraId::new(id))),
        scope: need(op, "scope", scope)?,
        status: need(op, "status", text(value, "/status"))?,
        sync_state: text(value, "/syncState"),
        created: need(op, "created", at(value, "/created"))?,
        status_changed: at(value, "/statusChanged"),
        last_sync: at(value, "/lastSync"),
        user_name: need(op, "credentials.userName", text(value, "/credentials/userName"))?,
        profile: profile.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect(),
    })
}

pub(super) fn group(op: &'static str, value: &Value) -> Answer<Group> {
    Ok(Group {
        id: GroupId::new(need(op, "id", text(value, "/id"))?),
        kind: need(op, "type", text(value, "/type"))?,
        name: text(value, "/profile/name").unwrap_or_default(),
    })
}

/// The name of an admin role: its type, or the label of a custom role.
pub(super) fn role(op: &'static str, value: &Value) -> Answer<String> {
    let kind = text(value, "/type").filter(|kind| kind != "CUSTOM");
    need(op, "type", kind.or_else(|| text(value, "/label")).or_else(|| text(value, "/id")))
}

/// The three switches. One that is missing is an error: "off" would allow an unassignment (SAFETY D4).
pub(super) fn switches(op: &'static str, value: &Value) -> Answer<Switches> {
    let switch = |path: &str, name: &'static str| {
        let state = match text(value, path).as_deref() {
            Some("ENABLED") => Some(true),
            Some("DISABLED") => Some(false),
            Some(_) | None => None,
        };
        need(op, name, state)
    };
    // with the feature itself off nothing is created or pushed; what a deactivation would do is not proved by that
    let on = text(value, "/status").as_deref() != Some("DISABLED");
    Ok(Switches {
        create: switch("/capabilities/create/lifecycleCreate/status", "lifecycleCreate")? && on,
        update: switch("/capabilities/update/profile/status", "profile")? && on,
        deactivate: switch("/capabilities/update/lifecycleDeactivate/status", "lifecycleDeactivate")?,
    })
}

/// The switches with the whole capabilities object.
pub(super) fn provisioning(op: &'static str, value: &Value) -> Answer<Provisioning> {
    let capabilities = value.pointer("/capabilities").cloned().unwrap_or(Value::Null);
    Ok(Provisioning { switches: switches(op, value)?, capabilities })
}

/// The person that an event took out of the app; `None` when it is about another app or about nobody.
pub(super) fn leaver(op: &'static str, value: &Value, app: &str) -> Answer<Option<Leaver>> {
    let targets = list(value, "/target");
    let is = |target: &Value, kind: &str| text(target, "/type").as_deref() == Some(kind);
    if !targets.iter().any(|target| text(target, "/id").as_deref() == Some(app)) {
        return Ok(None);
    }
    let Some(person) = targets.iter().find(|target| is(target, "User")) else { return Ok(None) };
    let name = text(person, "/alternateId").or_else(|| text(person, "/displayName"));
    Ok(Some(Leaver {
        user: OktaUserId::new(need(op, "target.id", text(person, "/id"))?),
        name: name.unwrap_or_default(),
        at: need(op, "published", at(value, "/published"))?,
    }))
}

/// An event, when it is about both ids; `None` when it is about something else.
pub(super) fn event(op: &'static str, value: &Value, ids: [&str; 2]) -> Answer<Option<LogEvent>> {
    let targets: Vec<String> = list(value, "/target").into_iter().filter_map(|t| text(t, "/id")).collect();
    if !ids.iter().all(|id| targets.iter().any(|target| target == id)) {
        return Ok(None);
    }
    Ok(Some(LogEvent {
        at: need(op, "published", at(value, "/published"))?,
        kind: need(op, "eventType", text(value, "/eventType"))?,
        success: text(value, "/outcome/result").as_deref() == Some("SUCCESS"),
        reason: text(value, "/outcome/reason"),
    }))
}

/// The user among the targets of an event, when the event calls them by this name (letters' case aside).
pub(super) fn target_named(event: &Value, name: &str) -> Option<OktaUserId> {
    let target = list(event, "/target").into_iter().find(|target| {
        text(target, "/type").as_deref() == Some("User")
            && text(target, "/displayName").is_some_and(|known| known.to_lowercase() == name.to_lowercase())
    })?;
    text(target, "/id").map(OktaUserId::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_user_with_nulls_and_numbers_is_read() {
        let value = json!({"id": "00u1", "status": "ACTIVE", "new": [], "credentials": null,
            "profile": {"login": "a@x.example", "email": null, "firstName": "Ann", "lastName": null, "department": 12}});
        let user = user("read", &value).unwrap();
        assert_eq!((user.name.as_str(), user.department.as_deref(), user.ad_sourced), ("Ann", Some("12"), false));
    }

    #[test]
    fn a_row_that_a_decision_cannot_stand_on_is_an_error() {
        let row = json!({"id": "00u1", "scope": "USER", "status": "STAGED", "created": "2026-11-22T07:43:05.000Z",
            "externalId": null, "credentials": {"userName": "a@x.example"}, "profile": {"a": null}});
        assert_eq!(app_user("read", &row).unwrap().external_id, None);
        for (field, bad) in [("created", json!("yesterday")), ("scope", json!("TEAM")), ("credentials", json!(null))] {
            let mut odd = row.clone();
            odd[field] = bad;
            assert!(app_user("read", &odd).unwrap_err().detail.contains("no usable"), "{field}");
        }
    }

    #[test]
    fn a_missing_switch_is_not_off() {
        let feature = json!({"status": "ENABLED", "capabilities": {"create": {"lifecycleCreate": {"status": "ENABLED"}},
            "update": {"profile": {"status": "DISABLED"}, "lifecycleDeactivate": {"status": "ENABLED"}}}});
        let read = switches("read", &feature).unwrap();
        assert_eq!((read.create, read.update, read.deactivate), (true, false, true));
        let mut odd = feature.clone();
        odd["capabilities"]["update"]["lifecycleDeactivate"] = json!(null);
        assert!(switches("read", &odd).is_err());
        let mut off = feature;
        off["status"] = json!("DISABLED");
        assert!(!switches("read", &off).unwrap().create && switches("read", &off).unwrap().deactivate);
    }
}
