//! Changes of a user: sign-in name and anchor, with the refusals of the vendor.
//!
//! Never changes two properties when one of them is refused. Begin with [`patch`].
use serde_json::{Value, json};

use super::{denied, error, gone};
use crate::sandbox::entra::{self, Unique};
use crate::sandbox::logbook;
use crate::sandbox::model::{EntraUser, World};
use crate::sandbox::scenario::AnchorWrite;
use crate::sandbox::wire::{Call, Reply};

const ANCHOR_MAX: usize = 64;
const UPN_MAX: usize = 113;
const LOCAL_MAX: usize = 64;

pub(super) fn patch(world: &mut World, call: &Call) -> Reply {
    let Some(user) = super::users::find(world, call.arg(0)).cloned() else { return gone(world, call, call.arg(0)) };
    let Some(Value::Object(body)) = call.json().filter(|b| b.as_object().is_some_and(|b| !b.is_empty())) else {
        return error(world, call, (400, "BadRequest"), "Unable to read JSON request payload.");
    };
    let mut wanted = user.clone();
    for (name, value) in &body {
        let text = value.as_str().map(ToOwned::to_owned);
        match name.as_str() {
            "userPrincipalName" if text.is_some() => wanted.upn = text.unwrap_or_default(),
            "onPremisesImmutableId" if text.is_some() => wanted.anchor = text,
            "onPremisesImmutableId" => {
                let text = "Invalid value specified for property 'onPremisesImmutableId' of resource 'User'.";
                return error(world, call, (400, "Request_BadRequest"), text);
            }
            other => {
                let text = format!("Invalid value specified for property '{other}' of resource 'User'.");
                return error(world, call, (400, "Request_BadRequest"), &text);
            }
        }
    }
    if let Some(reply) = refusal(world, call, &user, &wanted) {
        return reply;
    }
    if wanted.upn != user.upn {
        // Exchange gives the person an address for every sign-in name; the primary one stays.
        let address = format!("smtp:{}", wanted.upn);
        if !wanted.proxies.iter().any(|p| p.eq_ignore_ascii_case(&address)) {
            wanted.proxies.push(address);
        }
    }
    if wanted != user {
        world.entra.users.insert(user.id.clone(), wanted);
        logbook::object_written(world, &user.id, "Update user");
    }
    Reply::empty(204)
}

fn refusal(world: &World, call: &Call, user: &EntraUser, wanted: &EntraUser) -> Option<Reply> {
    let bad = |text: &str| Some(error(world, call, (400, "Request_BadRequest"), text));
    if user.synced == Some(true) {
        return bad(logbook::MASTERED);
    }
    if world.entra.roles.contains_key(&user.id) {
        return Some(denied(world, call));
    }
    let anchor_changes = wanted.anchor != user.anchor;
    if anchor_changes {
        let anchor = wanted.anchor.as_deref().unwrap_or_default();
        if world.knobs.anchor_write == AnchorWrite::Forbidden {
            return Some(denied(world, call));
        }
        if anchor.is_empty() || anchor.len() > ANCHOR_MAX || anchor.contains(['$', '_', ' ']) {
            return bad("Invalid value specified for property 'onPremisesImmutableId' of resource 'User'.");
        }
        if world.entra.federated(&user.upn) {
            return bad(logbook::BLOCKED);
        }
        if let Some(reply) = taken(world, call, (Unique::Anchor, anchor, &user.id)) {
            return Some(reply);
        }
    }
    if wanted.upn != user.upn {
        if !well_formed(&wanted.upn) {
            return bad("Property userPrincipalName is invalid.");
        }
        if world.entra.domain_of(&wanted.upn).is_none() {
            return bad("The domain portion of the userPrincipalName property is invalid. You must use one of the \
                        verified domain names in your organization.");
        }
        if world.entra.federated(&wanted.upn) && wanted.anchor.is_none() {
            return bad("You must provide a required property: Parameter name: FederatedUser.SourceAnchor");
        }
        let address = format!("smtp:{}", wanted.upn);
        return taken(world, call, (Unique::Upn, &wanted.upn, &user.id))
            .or_else(|| taken(world, call, (Unique::Proxy, &address, &user.id)));
    }
    None
}

fn well_formed(upn: &str) -> bool {
    let local = upn.rsplit_once('@').map_or("", |(local, _)| local);
    let fits = |c: char| c.is_ascii_alphanumeric() || "'.-_!#^~+".contains(c);
    upn.len() <= UPN_MAX && (1..=LOCAL_MAX).contains(&local.len()) && !local.ends_with('.') && local.chars().all(fits)
}

fn taken(world: &World, call: &Call, (what, value, except): (Unique, &str, &str)) -> Option<Reply> {
    let holder = entra::holder(&world.entra, what, value, (except, true))?;
    let text = format!("Another object with the same value for property {} already exists.", what.property());
    let mut reply = error(world, call, (400, "Request_MultipleObjectsWithSameKeyValue"), &text);
    if let Some(body) = reply.body.as_mut() {
        let target = format!("User_{}", holder.id);
        body["error"]["details"] = json!([
            {"code": "ObjectConflict", "message": text, "target": what.property()},
            {"code": "ConflictingObjects", "message": text, "target": target},
        ]);
    }
    Some(reply)
}
