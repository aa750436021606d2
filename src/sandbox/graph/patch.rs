//! Changes of a user: sign-in name and anchor, with the refusals of the vendor.
//!
//! Never changes two properties when one of them is refused. Begin with [`patch`].
use serde_json::Value;

use super::{denied, error, gone};
use crate::sandbox::entra::{self, Unique};
use crate::sandbox::model::{EntraUser, World};
use crate::sandbox::scenario::AnchorWrite;
use crate::sandbox::wire::{Call, Reply};

const ANCHOR_MAX: usize = 64;

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
    world.entra.users.insert(user.id.clone(), wanted);
    Reply::empty(204)
}

fn refusal(world: &World, call: &Call, user: &EntraUser, wanted: &EntraUser) -> Option<Reply> {
    let bad = |text: &str| Some(error(world, call, (400, "Request_BadRequest"), text));
    if user.synced == Some(true) {
        return bad("Unable to update the specified properties for on-premises mastered Directory Sync objects or \
                    objects currently undergoing migration.");
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
            return bad("Unable to update onPremisesImmutableId for users in a federated domain. Parameter: \
                        onPremisesImmutableId");
        }
        if let Some(reply) = taken(world, call, (Unique::Anchor, anchor, &user.id)) {
            return Some(reply);
        }
    }
    if wanted.upn != user.upn {
        if world.entra.domain_of(&wanted.upn).is_none() {
            return bad("The domain portion of the userPrincipalName property is invalid. You must use one of the \
                        verified domain names in your organization.");
        }
        if world.entra.federated(&wanted.upn) && wanted.anchor.is_none() {
            return bad("You must provide a required property: Parameter name: FederatedUser.SourceAnchor");
        }
        return taken(world, call, (Unique::Upn, &wanted.upn, &user.id));
    }
    None
}

fn taken(world: &World, call: &Call, (what, value, except): (Unique, &str, &str)) -> Option<Reply> {
    entra::holder(&world.entra, what, value, (except, true))?;
    let text = format!("Another object with the same value for property {} already exists.", what.property());
    Some(error(world, call, (400, "Request_MultipleObjectsWithSameKeyValue"), &text))
}
