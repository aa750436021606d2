//! Okta users, groups, admin roles.
//!
//! Never writes. Begin with [`get`].
use serde_json::{Value, json};

use super::not_found;
use super::page::{Size, answer, filtered};
use crate::sandbox::clock::okta_time;
use crate::sandbox::model::{Group, OktaUser, World};
use crate::sandbox::wire::expr::Op;
use crate::sandbox::wire::{Call, Reply};

const USERS: Size = Size { usual: 200, most: 200 };
const MEMBERS: Size = Size { usual: 1_000, most: 1_000 };
const GROUPS: Size = Size { usual: 10_000, most: 10_000 };

pub(super) fn list(world: &mut World, call: &Call) -> Reply {
    let base = call.base();
    let users: Vec<Value> = world.okta.users.values().map(|u| user(u, &base)).collect();
    let found = if let Some(filter) = call.param("filter") {
        filtered(call, users, filter, filterable, true)
    } else if let Some(search) = call.param("search") {
        filtered(call, users, search, searchable, false)
    } else {
        let start = call.param("q").unwrap_or_default().to_lowercase();
        let starts = |u: &Value| {
            ["firstName", "lastName", "email", "login"].iter().any(|key| {
                u.pointer(&format!("/profile/{key}"))
                    .and_then(Value::as_str)
                    .is_some_and(|v| v.to_lowercase().starts_with(&start))
            })
        };
        Ok(users.into_iter().filter(|u| u["status"] != "DEPROVISIONED" && starts(u)).collect())
    };
    match found {
        Ok(users) => answer(call, users, USERS),
        Err(reply) => reply,
    }
}

fn filterable(path: &str, op: Op) -> bool {
    match path {
        "lastUpdated" => matches!(op, Op::Eq | Op::Gt | Op::Ge | Op::Lt | Op::Le),
        "status" | "id" | "profile.login" | "profile.email" | "profile.firstName" | "profile.lastName" => op == Op::Eq,
        _ => false,
    }
}

fn searchable(path: &str, op: Op) -> bool {
    let known = matches!(path, "id" | "status" | "created" | "activated" | "statusChanged" | "lastUpdated" | "type.id");
    op != Op::Ne && (known || path.starts_with("profile."))
}

pub(super) fn get(world: &mut World, call: &Call) -> Reply {
    match world.okta.find_user(call.arg(0)) {
        Some(found) => {
            let mut reply = Reply::ok(user(found, &call.base()));
            reply.headers.push(("etag", format!("W/\"{}\"", found.created)));
            reply
        }
        None => not_found(call, "User", call.arg(0)),
    }
}

pub(super) fn user(user: &OktaUser, base: &str) -> Value {
    let provider = match user.ad_anchor {
        Some(_) => json!({"type": "ACTIVE_DIRECTORY", "name": "northbridge.example"}),
        None => json!({"type": "OKTA", "name": "OKTA"}),
    };
    json!({
        "id": user.id,
        "status": user.status,
        "created": okta_time(user.created),
        "activated": okta_time(user.created),
        "statusChanged": okta_time(user.created),
        "lastLogin": null,
        "lastUpdated": okta_time(user.created),
        "passwordChanged": null,
        "type": {"id": crate::sandbox::base::USER_TYPE},
        "profile": {"login": user.login, "email": user.login, "firstName": user.first, "lastName": user.last,
                    "displayName": user.name(), "department": user.department},
        "credentials": {"provider": provider},
        "_links": {"self": {"href": format!("{base}/api/v1/users/{}", user.id)}},
    })
}

pub(super) fn groups_of(world: &mut World, call: &Call) -> Reply {
    let Some(person) = world.okta.find_user(call.arg(0)) else { return not_found(call, "User", call.arg(0)) };
    let base = call.base();
    let theirs = world.okta.groups.values().filter(|g| g.members.contains(&person.id));
    answer(call, theirs.map(|g| group_json(g, &base)).collect(), GROUPS)
}

pub(super) fn app_links(world: &mut World, call: &Call) -> Reply {
    let Some(person) = world.okta.find_user(call.arg(0)) else { return not_found(call, "User", call.arg(0)) };
    let app = &world.okta.app;
    let row = world.okta.app_users.get(&person.id);
    let links: Vec<Value> = row
        .map(|row| {
            json!({"id": format!("{}-mail", app.id), "label": app.label, "linkUrl": format!("{}/home/office365/{}/31", call.base(), app.id),
                   "logoUrl": "", "appName": "office365", "appInstanceId": app.id, "appAssignmentId": row.row,
                   "credentialsSetup": false, "hidden": false, "sortOrder": 0})
        })
        .into_iter()
        .collect();
    Reply::ok(Value::Array(links))
}

pub(super) fn roles(world: &mut World, call: &Call) -> Reply {
    let Some(person) = world.okta.find_user(call.arg(0)) else { return not_found(call, "User", call.arg(0)) };
    let (held, base) = (world.okta.admin_roles.get(&person.id), call.base());
    let roles = held.into_iter().flatten().enumerate().map(|(at, kind)| {
        json!({"id": format!("ra1{at}{}", &person.id), "label": label(kind), "type": kind, "status": "ACTIVE",
               "created": okta_time(person.created), "lastUpdated": okta_time(person.created),
               "assignmentType": "USER",
               "_links": {"assignee": {"href": format!("{base}/api/v1/users/{}", person.id)}}})
    });
    Reply::ok(roles.collect())
}

/// `HELP_DESK_ADMIN` -> `Help Desk Admin`.
pub(super) fn label(kind: &str) -> String {
    let word = |w: &str| {
        let mut letters = w.chars();
        letters.next().map(|first| format!("{first}{}", letters.as_str().to_lowercase())).unwrap_or_default()
    };
    kind.split('_').map(word).collect::<Vec<_>>().join(" ")
}

pub(super) fn groups(world: &mut World, call: &Call) -> Reply {
    let base = call.base();
    let all: Vec<Value> = world.okta.groups.values().map(|g| group_json(g, &base)).collect();
    let found = match (call.param("filter").or(call.param("search")), call.param("q")) {
        (Some(filter), _) => {
            let allowed = |path: &str, op| {
                op != Op::Ne && matches!(path, "id" | "type" | "lastUpdated" | "lastMembershipUpdated" | "profile.name")
            };
            filtered(call, all, filter, allowed, true)
        }
        (None, q) => {
            let start = q.unwrap_or_default().to_lowercase();
            let named = |g: &Value| g["profile"]["name"].as_str().is_some_and(|n| n.to_lowercase().starts_with(&start));
            Ok(all.into_iter().filter(named).collect())
        }
    };
    match found {
        Ok(groups) => answer(call, groups, GROUPS),
        Err(reply) => reply,
    }
}

pub(super) fn group(world: &mut World, call: &Call) -> Reply {
    match world.okta.groups.get(call.arg(0)) {
        Some(found) => Reply::ok(group_json(found, &call.base())),
        None => not_found(call, "UserGroup", call.arg(0)),
    }
}

pub(super) fn members(world: &mut World, call: &Call) -> Reply {
    let Some(group) = world.okta.groups.get(call.arg(0)) else {
        return not_found(call, "UserGroup", call.arg(0));
    };
    let base = call.base();
    let members = group.members.iter().filter_map(|id| world.okta.users.get(id));
    answer(call, members.map(|u| user(u, &base)).collect(), MEMBERS)
}

pub(super) fn group_json(group: &Group, base: &str) -> Value {
    json!({
        "id": group.id,
        "created": okta_time(group.created),
        "lastUpdated": okta_time(group.created),
        "lastMembershipUpdated": okta_time(group.created),
        "objectClass": ["okta:user_group"],
        "type": group.kind,
        "profile": {"name": group.name, "description": ""},
        "_links": {"users": {"href": format!("{base}/api/v1/groups/{}/users", group.id)},
                   "apps": {"href": format!("{base}/api/v1/groups/{}/apps", group.id)}},
    })
}
