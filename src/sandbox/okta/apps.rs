//! The app instance and what hangs on it: assigned groups, connection, schema, profile mappings.
//!
//! Never writes. Begin with [`get`].
use serde_json::{Value, json};

use super::page::{Size, answer, filtered};
use super::{not_found, wrong_app};
use crate::sandbox::base::{ANCHOR, LICENCES, ROLES, USAGE_LOCATION, USER_TYPE};
use crate::sandbox::clock::okta_time;
use crate::sandbox::model::{Group, World};
use crate::sandbox::wire::expr::Op;
use crate::sandbox::wire::{Call, Reply};

const APPS: Size = Size { usual: 20, most: 200 };
const APP_GROUPS: Size = Size { usual: 20, most: 200 };
const MAPPINGS: Size = Size { usual: 20, most: 200 };
/// Okta to app, app to Okta.
const MAPPING_IDS: [&str; 2] = ["prm8oktaToO365aX1d7q", "prm8o365ToOktabY1d7q"];

pub(super) fn list(world: &mut World, call: &Call) -> Reply {
    let apps = vec![app_json(world, &call.base())];
    let found = match (call.param("filter"), call.param("q")) {
        (Some(filter), _) => {
            let allowed = |path: &str, op| matches!(path, "id" | "status" | "name") && op == Op::Eq;
            filtered(call, apps, filter, allowed, true)
        }
        (None, q) => {
            let start = q.unwrap_or_default().to_lowercase();
            let named = |a: &Value| {
                [&a["name"], &a["label"]]
                    .iter()
                    .any(|t| t.as_str().is_some_and(|t| t.to_lowercase().starts_with(&start)))
            };
            Ok(apps.into_iter().filter(named).collect())
        }
    };
    match found {
        Ok(apps) => answer(call, apps, APPS),
        Err(reply) => reply,
    }
}

pub(super) fn get(world: &mut World, call: &Call) -> Reply {
    wrong_app(world, call).unwrap_or_else(|| Reply::ok(app_json(world, &call.base())))
}

fn app_json(world: &World, base: &str) -> Value {
    let app = &world.okta.app;
    let mut features = vec!["IMPORT_NEW_USERS", "GROUP_PUSH"];
    let switches = [
        (app.provisioning.create, "PUSH_NEW_USERS"),
        (app.provisioning.update, "PUSH_PROFILE_UPDATES"),
        (app.provisioning.deactivate, "PUSH_USER_DEACTIVATION"),
        (app.provisioning.deactivate, "REACTIVATE_USERS"),
        (app.password.on, "PUSH_PASSWORD_UPDATES"),
    ];
    features.extend(switches.iter().filter(|s| s.0).map(|s| s.1));
    let href = format!("{base}/api/v1/apps/{}", app.id);
    json!({
        "id": app.id,
        "name": "office365",
        "label": app.label,
        "status": "ACTIVE",
        "created": okta_time(app.created),
        "lastUpdated": okta_time(app.created),
        "signOnMode": "SAML_1_1",
        "accessibility": {"selfService": false},
        "visibility": {"autoSubmitToolbar": false, "hide": {"iOS": false, "web": false}},
        "features": features,
        "credentials": {"userNameTemplate": {"template": "${source.login}", "type": "BUILT_IN"}, "signing": {}},
        "settings": {
            "app": {"domain": app.domain, "msftTenant": app.msft_tenant, "wsFedConfigureType": "AUTO",
                    "windowsTransportEnabled": false},
            "notifications": {"vpn": {"network": {"connection": "DISABLED"}, "message": null, "helpUrl": null}},
            "signOn": {},
        },
        "_links": {"self": {"href": href}, "users": {"href": format!("{href}/users")},
                   "groups": {"href": format!("{href}/groups")}},
    })
}

pub(super) fn groups(world: &mut World, call: &Call) -> Reply {
    if let Some(reply) = wrong_app(world, call) {
        return reply;
    }
    let assigned = world.okta.groups.values().filter(|g| g.app_profile.is_some());
    answer(call, assigned.map(|g| assignment(world, g, call)).collect(), APP_GROUPS)
}

pub(super) fn group(world: &mut World, call: &Call) -> Reply {
    if let Some(reply) = wrong_app(world, call) {
        return reply;
    }
    match world.okta.groups.get(call.arg(1)).filter(|g| g.app_profile.is_some()) {
        Some(group) => Reply::ok(assignment(world, group, call)),
        None => not_found(call, "GroupAppAssignment", call.arg(1)),
    }
}

fn assignment(world: &World, group: &Group, call: &Call) -> Value {
    let base = call.base();
    let mut out = json!({
        "id": group.id,
        "lastUpdated": okta_time(group.created),
        "priority": 0,
        "profile": group.app_profile.clone().unwrap_or_default(),
        "_links": {"app": {"href": format!("{base}/api/v1/apps/{}", world.okta.app.id)},
                   "self": {"href": format!("{base}/api/v1/apps/{}/groups/{}", world.okta.app.id, group.id)},
                   "group": {"href": format!("{base}/api/v1/groups/{}", group.id)}},
    });
    if call.param("expand").is_some_and(|e| e.split(',').any(|p| p == "group")) {
        out["_embedded"] = json!({"group": super::people::group_json(group, &base)});
    }
    out
}

pub(super) fn connection(world: &mut World, call: &Call) -> Reply {
    wrong_app(world, call).unwrap_or_else(|| {
        let href = format!("{}/api/v1/apps/{}/connections/default", call.base(), world.okta.app.id);
        let status = if world.knobs.pushes_need_mfa { "UNKNOWN" } else { "ENABLED" };
        Reply::ok(json!({"status": status, "profile": {"authScheme": "OAUTH2"},
                         "_links": {"self": {"href": href}, "authorize": {"href": format!("{href}/authorize")}}}))
    })
}

pub(super) fn schema(world: &mut World, call: &Call) -> Reply {
    if let Some(reply) = wrong_app(world, call) {
        return reply;
    }
    let app = &world.okta.app;
    let text = |title: &str| {
        json!({"title": title, "type": "string", "scope": "NONE", "mutability": "READ_WRITE",
                                    "master": {"type": "PROFILE_MASTER"}})
    };
    let texts = |title: &str| {
        json!({"title": title, "type": "array", "items": {"type": "string"}, "scope": "NONE",
               "mutability": "READ_WRITE", "master": {"type": "PROFILE_MASTER"}})
    };
    let id = format!("{}/meta/schemas/apps/{}/default", call.base(), app.id);
    Reply::ok(json!({
        "id": id,
        "$schema": "http://json-schema.org/draft-04/schema#",
        "name": "office365",
        "title": "Microsoft Office 365 User",
        "type": "object",
        "created": okta_time(app.created),
        "lastUpdated": okta_time(app.created),
        "definitions": {
            "base": {"id": "#base", "type": "object", "required": ["userName"], "properties": {
                "userName": {"title": "Username", "type": "string", "required": true, "scope": "NONE",
                             "maxLength": 100, "master": {"type": "PROFILE_MASTER"}},
                "firstName": text("First name"),
                "lastName": text("Last name"),
                "displayName": text("Display name"),
                ANCHOR: text("Immutable ID"),
                USAGE_LOCATION: text("Usage location"),
                LICENCES: texts("Licenses"),
                ROLES: texts("Roles"),
            }},
            "custom": {"id": "#custom", "type": "object", "properties": {}, "required": []},
        },
        "properties": {"profile": {"allOf": [{"$ref": "#/definitions/base"}, {"$ref": "#/definitions/custom"}]}},
        "_links": {"self": {"href": id, "method": "GET"}},
    }))
}

pub(super) fn mappings(world: &mut World, call: &Call) -> Reply {
    let wanted = |record: &Value, end: &str| {
        call.param(&format!("{end}Id")).is_none_or(|id| record[end]["id"].as_str() == Some(id))
    };
    let all = MAPPING_IDS.iter().filter_map(|id| mapping_json(world, id, &call.base(), false));
    answer(call, all.filter(|m| wanted(m, "source") && wanted(m, "target")).collect(), MAPPINGS)
}

pub(super) fn mapping(world: &mut World, call: &Call) -> Reply {
    mapping_json(world, call.arg(0), &call.base(), true)
        .map_or_else(|| not_found(call, "ProfileMapping", call.arg(0)), Reply::ok)
}

fn mapping_json(world: &World, id: &str, base: &str, whole: bool) -> Option<Value> {
    let at = MAPPING_IDS.iter().position(|known| *known == id)?;
    let user = json!({"id": USER_TYPE, "name": "user", "type": "user",
                      "_links": {"self": {"href": format!("{base}/api/v1/meta/types/user/{USER_TYPE}")}}});
    let app = json!({"id": world.okta.app.id, "name": "office365", "type": "appuser",
                     "_links": {"self": {"href": format!("{base}/api/v1/apps/{}", world.okta.app.id)}}});
    let (source, target) = if at == 0 { (user, app) } else { (app, user) };
    let mut out = json!({"id": id, "source": source, "target": target,
                         "_links": {"self": {"href": format!("{base}/api/v1/mappings/{id}")}}});
    if whole {
        let rule = |expression: &str| json!({"expression": expression, "pushStatus": "PUSH"});
        let mut properties = json!({});
        if at == 0 {
            properties = json!({"firstName": rule("user.firstName"), "lastName": rule("user.lastName"),
                                "displayName": rule("user.displayName")});
            if world.okta.app.anchor_mapped {
                let expression =
                    "hasDirectoryUser() ? findDirectoryUser().externalId : user.getInternalProperty(\"id\")";
                properties[ANCHOR] = rule(expression);
            }
        }
        out["properties"] = properties;
    }
    Some(out)
}
