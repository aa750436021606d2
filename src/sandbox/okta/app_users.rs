//! Assignments of people to the app: list, assign, convert, update, unassign.
//!
//! Never links anything: an assignment is queued and `provision` carries it out later. Begin with [`assign`].
use serde_json::{Map, Value, json};

use super::page::{Size, answer};
use super::{caused, error, not_found, wrong_app};
use crate::sandbox::base::{ANCHOR, LICENCES, ROLES, USAGE_LOCATION};
use crate::sandbox::clock::okta_time;
use crate::sandbox::logbook;
use crate::sandbox::model::{AppUser, Scope, Work, World};
use crate::sandbox::provision;
use crate::sandbox::wire::{Call, Reply};

const ROWS: Size = Size { usual: 50, most: 500 };
const USER_NAME_MAX: usize = 100;
/// Attributes that the standard mapping owns besides the anchor.
const MAPPED: [&str; 3] = ["firstName", "lastName", "displayName"];

pub(super) fn list(world: &mut World, call: &Call) -> Reply {
    if let Some(reply) = wrong_app(world, call) {
        return reply;
    }
    let start = call.param("q").unwrap_or_default().to_lowercase();
    let rows = world.okta.app_users.iter().filter(|(user, row)| {
        let person = world.okta.users.get(*user);
        let names = person.map(|p| [p.first.clone(), p.last.clone(), p.login.clone()]).unwrap_or_default();
        names.iter().chain([&row.user_name]).any(|t| t.to_lowercase().starts_with(&start))
    });
    answer(call, rows.map(|(user, row)| row_json(world, user, row, call)).collect(), ROWS)
}

pub(super) fn get(world: &mut World, call: &Call) -> Reply {
    if let Some(reply) = wrong_app(world, call) {
        return reply;
    }
    match world.okta.app_users.get(call.arg(1)) {
        Some(row) => Reply::ok(row_json(world, call.arg(1), row, call)),
        None => not_found(call, "AppUser", call.arg(1)),
    }
}

fn row_json(world: &World, user: &str, row: &AppUser, call: &Call) -> Value {
    let base = call.base();
    let mut links = json!({"app": {"href": format!("{base}/api/v1/apps/{}", world.okta.app.id)},
                           "user": {"href": format!("{base}/api/v1/users/{user}")}});
    if let Some(group) = world.okta.granting_group(user).filter(|_| row.scope == Scope::Group) {
        links["group"] = json!({"href": format!("{base}/api/v1/groups/{}", group.id), "name": group.name});
    }
    let mut out = json!({
        "id": user,
        "externalId": row.external_id,
        "created": okta_time(row.created),
        "lastUpdated": okta_time(row.updated),
        "scope": row.scope,
        "status": row.status,
        "statusChanged": okta_time(row.status_changed),
        "passwordChanged": null,
        "syncState": row.sync_state,
        "credentials": {"userName": row.user_name},
        "profile": row.profile,
        "_links": links,
    });
    if let Some(at) = row.last_sync {
        out["lastSync"] = json!(okta_time(at));
    }
    if let Some(person) = world.okta.users.get(user).filter(|_| call.param("expand") == Some("user")) {
        out["_embedded"] = json!({"user": super::people::user(person, &base)});
    }
    out
}

pub(super) fn assign(world: &mut World, call: &Call) -> Reply {
    if let Some(reply) = wrong_app(world, call) {
        return reply;
    }
    let Some(Value::Object(body)) = call.json() else { return malformed(call) };
    let Some(id) = body.get("id").and_then(Value::as_str) else {
        return caused(call, (400, "E0000001"), "Api validation failed: id", &["id: The field cannot be left blank"]);
    };
    let Some(person) = world.okta.users.get(id).cloned() else { return not_found(call, "User", id) };
    if person.status == "DEPROVISIONED" {
        return error(call, 403, "E0000038", "This operation is not allowed in the user's current status.");
    }
    let scope = match wanted_scope(&body) {
        Ok(scope) => scope.unwrap_or(Scope::User),
        Err(cause) => return caused(call, (400, "E0000001"), "Api validation failed: scope", &[&cause]),
    };
    if let Some(reply) = judge(world, call, &body) {
        return reply;
    }
    if let Some(row) = world.okta.app_users.get(id).filter(|row| row.scope == scope) {
        // Okta takes a second assignment of the same kind as an update of the first.
        let row = row.row.clone();
        change(world, id, &row, &body);
    } else if world.okta.app_users.contains_key(id) {
        return convert(world, call, id, scope);
    } else {
        let name = user_name(&body).unwrap_or_else(|| person.login.clone());
        let profile = body.get("profile").and_then(Value::as_object).cloned().unwrap_or_default();
        provision::assign(world, id, scope, name, profile);
    }
    answer_row(world, call, id)
}

pub(super) fn update(world: &mut World, call: &Call) -> Reply {
    if let Some(reply) = wrong_app(world, call) {
        return reply;
    }
    let id = call.arg(1);
    let Some(Value::Object(body)) = call.json() else { return malformed(call) };
    let Some(row) = world.okta.app_users.get(id).map(|r| r.row.clone()) else {
        return not_found(call, "AppUser", id);
    };
    match wanted_scope(&body) {
        Err(cause) => return caused(call, (400, "E0000001"), "Api validation failed: scope", &[&cause]),
        Ok(Some(scope)) => return convert(world, call, id, scope),
        Ok(None) => {}
    }
    if !body.contains_key("profile") && !body.contains_key("credentials") {
        return caused(
            call,
            (400, "E0000001"),
            "Api validation failed: AppUser",
            &["profile or credentials are needed"],
        );
    }
    if let Some(reply) = judge(world, call, &body) {
        return reply;
    }
    change(world, id, &row, &body);
    answer_row(world, call, id)
}

pub(super) fn unassign(world: &mut World, call: &Call) -> Reply {
    if let Some(reply) = wrong_app(world, call) {
        return reply;
    }
    let id = call.arg(1);
    let Some(row) = world.okta.app_users.get(id) else { return not_found(call, "AppUser", id) };
    if row.scope == Scope::Group && world.okta.granting_group(id).is_some() {
        let cause = format!(
            "The application {} cannot be unassigned from the user while their group memberships grant them access.",
            world.okta.app.label
        );
        return caused(call, (403, "E0000046"), "Deactivate application for user forbidden.", &[&cause]);
    }
    provision::unassign(world, id);
    Reply::empty(204)
}

fn convert(world: &mut World, call: &Call, id: &str, scope: Scope) -> Reply {
    let granted = world.okta.granting_group(id).and_then(|g| g.app_profile.clone());
    if scope == Scope::Group && granted.is_none() {
        let cause = "The user is not a member of a group that is assigned to the app";
        return caused(call, (400, "E0000001"), "Api validation failed: scope", &[cause]);
    }
    let now = world.now;
    let Some(row) = world.okta.app_users.get_mut(id).filter(|row| row.scope != scope) else {
        return answer_row(world, call, id);
    };
    row.scope = scope;
    row.updated = now;
    // From now on the group decides about licences and roles.
    for (key, value) in granted.filter(|_| scope == Scope::Group).into_iter().flatten() {
        row.profile.insert(key, value);
    }
    logbook::note(world, id, "application.user_membership.update");
    answer_row(world, call, id)
}

fn wanted_scope(body: &Map<String, Value>) -> Result<Option<Scope>, String> {
    match body.get("scope") {
        None => Ok(None),
        Some(Value::String(text)) if text == "USER" => Ok(Some(Scope::User)),
        Some(Value::String(text)) if text == "GROUP" => Ok(Some(Scope::Group)),
        Some(_) => Err("scope must be USER or GROUP".to_owned()),
    }
}

fn user_name(body: &Map<String, Value>) -> Option<String> {
    body.get("credentials")?.get("userName")?.as_str().map(ToOwned::to_owned)
}

/// Refuses what Okta would refuse in `credentials` and `profile`.
fn judge(world: &World, call: &Call, body: &Map<String, Value>) -> Option<Reply> {
    if user_name(body).is_some_and(|n| n.is_empty() || n.chars().count() > USER_NAME_MAX) {
        let cause = "userName: 1 to 100 characters";
        return Some(caused(call, (400, "E0000001"), "Api validation failed: credentials", &[cause]));
    }
    let profile = body.get("profile").and_then(Value::as_object)?;
    let app = &world.okta.app;
    for key in profile.keys() {
        let own = [ANCHOR, LICENCES, ROLES, USAGE_LOCATION].contains(&key.as_str());
        if !own && !MAPPED.contains(&key.as_str()) {
            let cause = format!("Property '{key}' not found");
            return Some(caused(call, (400, "E0000001"), "Api validation failed: profile", &[&cause]));
        }
        let mapped = MAPPED.contains(&key.as_str()) || (key == ANCHOR && app.anchor_mapped);
        if mapped && app.provisioning.update {
            let summary = format!(
                "Cannot modify the {key} attribute because it has a field mapping and profile push is enabled."
            );
            return Some(error(call, 403, "E0000075", &summary));
        }
    }
    None
}

fn change(world: &mut World, id: &str, row: &str, body: &Map<String, Value>) {
    let now = world.now;
    let Some(mine) = world.okta.app_users.get_mut(id) else { return };
    let before = (mine.user_name.clone(), mine.profile.clone());
    if let Some(name) = user_name(body) {
        mine.user_name = name;
    }
    for (key, value) in body.get("profile").and_then(Value::as_object).into_iter().flatten() {
        mine.profile.insert(key.clone(), value.clone());
    }
    if before == (mine.user_name.clone(), mine.profile.clone()) {
        return;
    }
    mine.updated = now;
    logbook::note(world, id, "application.user_membership.update");
    let linked = world.okta.app_users.get(id).is_some_and(|r| r.external_id.is_some());
    if linked && world.okta.app.provisioning.update {
        let delay = world.knobs.push_delay;
        world.later(delay, Work::Update { user: id.to_owned(), row: row.to_owned() });
    }
}

fn answer_row(world: &World, call: &Call, id: &str) -> Reply {
    match world.okta.app_users.get(id) {
        Some(row) => Reply::ok(row_json(world, id, row, call)),
        None => not_found(call, "AppUser", id),
    }
}

fn malformed(call: &Call) -> Reply {
    error(call, 400, "E0000003", "The request body was not well-formed.")
}
