//! The provisioning switches of the app.
//!
//! Never changes a switch that the request does not name. Begin with [`put`].
use serde_json::{Map, Value, json};

use super::{caused, error, not_found, wrong_app};
use crate::sandbox::model::World;
use crate::sandbox::wire::{Call, Reply};

const NAME: &str = "USER_PROVISIONING";

pub(super) fn list(world: &mut World, call: &Call) -> Reply {
    wrong_app(world, call).unwrap_or_else(|| Reply::ok(json!([feature(world, call)])))
}

pub(super) fn get(world: &mut World, call: &Call) -> Reply {
    if let Some(reply) = wrong_app(world, call) {
        return reply;
    }
    if call.arg(1) == NAME { Reply::ok(feature(world, call)) } else { not_found(call, "Feature", call.arg(1)) }
}

fn status(on: bool) -> Value {
    json!({"status": if on { "ENABLED" } else { "DISABLED" }})
}

fn feature(world: &World, call: &Call) -> Value {
    let app = &world.okta.app;
    let switches = app.provisioning;
    let any = switches.create || switches.update || switches.deactivate || app.password.on;
    let mut password = status(app.password.on);
    password["seed"] = json!(app.password.seed);
    password["change"] = json!(app.password.change);
    json!({
        "name": NAME,
        "status": if any { "ENABLED" } else { "DISABLED" },
        "description": "User provisioning settings from Okta to a downstream application",
        "capabilities": {
            "create": {"lifecycleCreate": status(switches.create)},
            "update": {"profile": status(switches.update), "lifecycleDeactivate": status(switches.deactivate),
                       "password": password},
        },
        "_links": {"self": {"href": format!("{}/api/v1/apps/{}/features/{NAME}", call.base(), app.id),
                            "hints": {"allow": ["GET", "PUT"]}}},
    })
}

pub(super) fn put(world: &mut World, call: &Call) -> Reply {
    if let Some(reply) = wrong_app(world, call) {
        return reply;
    }
    if call.arg(1) != NAME {
        return not_found(call, "Feature", call.arg(1));
    }
    let Some(Value::Object(body)) = call.json() else {
        return error(call, 400, "E0000003", "The request body was not well-formed.");
    };
    // Judged on a copy: a body that is wrong anywhere changes nothing.
    let mut app = world.okta.app.clone();
    match change(&mut app, &body) {
        Ok(()) => {
            world.okta.app = app;
            Reply::ok(feature(world, call))
        }
        Err(cause) => caused(call, (400, "E0000001"), "Api validation failed: capabilities", &[&cause]),
    }
}

fn change(app: &mut crate::sandbox::model::App, body: &Map<String, Value>) -> Result<(), String> {
    for (part, settings) in body {
        let settings = settings.as_object().ok_or_else(|| format!("'{part}' is not an object"))?;
        for (name, setting) in settings {
            let on = match setting.get("status").and_then(Value::as_str) {
                Some("ENABLED") => Some(true),
                Some("DISABLED") => Some(false),
                None if setting.get("status").is_none() => None,
                _ => return Err(format!("'{part}.{name}.status' must be ENABLED or DISABLED")),
            };
            let switch = match (part.as_str(), name.as_str()) {
                ("create", "lifecycleCreate") => &mut app.provisioning.create,
                ("update", "profile") => &mut app.provisioning.update,
                ("update", "lifecycleDeactivate") => &mut app.provisioning.deactivate,
                ("update", "password") => {
                    one_of(setting, "seed", &["OKTA", "RANDOM"], &mut app.password.seed)?;
                    one_of(setting, "change", &["CHANGE", "KEEP_EXISTING"], &mut app.password.change)?;
                    &mut app.password.on
                }
                _ => return Err(format!("Property '{part}.{name}' not found")),
            };
            *switch = on.unwrap_or(*switch);
        }
    }
    Ok(())
}

fn one_of(setting: &Value, key: &str, allowed: &[&str], into: &mut String) -> Result<(), String> {
    match setting.get(key) {
        None => Ok(()),
        Some(Value::String(text)) if allowed.contains(&text.as_str()) => {
            into.clone_from(text);
            Ok(())
        }
        Some(_) => Err(format!("'{key}' must be one of {}", allowed.join(", "))),
    }
}
