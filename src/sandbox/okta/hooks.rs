//! Event hooks: kept, never called (the simulated Okta sends nothing out).
//!
//! Begin with [`create`].
use serde_json::{Value, json};

use super::page::{Size, answer};
use super::{caused, error, not_found};
use crate::sandbox::clock::okta_time;
use crate::sandbox::model::World;
use crate::sandbox::wire::{Call, Reply};

const HOOKS: Size = Size { usual: 25, most: 25 };

pub(super) fn list(world: &mut World, call: &Call) -> Reply {
    answer(call, world.okta.hooks.values().cloned().collect(), HOOKS)
}

pub(super) fn get(world: &mut World, call: &Call) -> Reply {
    match world.okta.hooks.get(call.arg(0)) {
        Some(hook) => Reply::ok(hook.clone()),
        None => not_found(call, "EventHook", call.arg(0)),
    }
}

pub(super) fn create(world: &mut World, call: &Call) -> Reply {
    let id = world.ids.okta("who");
    keep(world, call, &id)
}

pub(super) fn put(world: &mut World, call: &Call) -> Reply {
    if !world.okta.hooks.contains_key(call.arg(0)) {
        return not_found(call, "EventHook", call.arg(0));
    }
    keep(world, call, call.arg(0))
}

fn keep(world: &mut World, call: &Call, id: &str) -> Reply {
    let Some(Value::Object(body)) = call.json() else {
        return error(call, 400, "E0000003", "The request body was not well-formed.");
    };
    for key in ["name", "events", "channel"] {
        if !body.contains_key(key) {
            let cause = format!("{key}: The field cannot be left blank");
            return caused(call, (400, "E0000001"), "Api validation failed: eventHook", &[&cause]);
        }
    }
    let now = okta_time(world.now);
    let old = world.okta.hooks.get(id);
    let created = old.and_then(|h| h["created"].as_str()).unwrap_or(&now).to_owned();
    let mut channel = body["channel"].clone();
    // The secret goes in and never comes out again.
    if let Some(scheme) = channel.pointer_mut("/config/authScheme").and_then(Value::as_object_mut) {
        scheme.remove("value");
    }
    let hook = json!({"id": id, "status": "ACTIVE", "verificationStatus": "UNVERIFIED", "name": body["name"],
        "created": created, "createdBy": "system", "lastUpdated": now, "events": body["events"], "channel": channel,
        "_links": {"self": {"href": format!("{}/api/v1/eventHooks/{id}", call.base())},
                   "verify": {"href": format!("{}/api/v1/eventHooks/{id}/lifecycle/verify", call.base())}}});
    world.okta.hooks.insert(id.to_owned(), hook.clone());
    Reply::ok(hook)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Reply {
    match world.okta.hooks.remove(call.arg(0)) {
        Some(_) => Reply::empty(204),
        None => not_found(call, "EventHook", call.arg(0)),
    }
}

pub(super) fn verify(world: &mut World, call: &Call) -> Reply {
    match world.okta.hooks.get_mut(call.arg(0)) {
        Some(hook) => {
            hook["verificationStatus"] = json!("VERIFIED");
            Reply::ok(hook.clone())
        }
        None => not_found(call, "EventHook", call.arg(0)),
    }
}
