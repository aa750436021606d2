//! Users of the tenant.
//!
//! Never writes. Begin with [`get`].
use serde_json::{Value, json};

use super::gone;
use super::query::{Shape, answer, single};
use crate::sandbox::clock::graph_time;
use crate::sandbox::entra::wire_upn;
use crate::sandbox::model::{EntraUser, World};
use crate::sandbox::wire::expr::Op;
use crate::sandbox::wire::{Call, Reply};

/// Users, live or deleted.
pub(super) const USERS: Shape = Shape {
    context: "users",
    kind: "microsoft.graph.user",
    filter: filterable,
    usual: &[
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
    ],
    page: 100,
};

const PLAIN: Shape = Shape {
    context: "directoryObjects",
    kind: "microsoft.graph.directoryRole",
    filter: |_, _| false,
    usual: &[],
    page: 100,
};

fn filterable(path: &str, op: Op) -> bool {
    match path {
        "id" | "proxyAddresses" | "accountEnabled" | "userType" | "onPremisesSyncEnabled" => op == Op::Eq,
        "onPremisesImmutableId" => matches!(op, Op::Eq | Op::Ge | Op::Le),
        "userPrincipalName" | "mail" | "displayName" | "givenName" | "surname" | "mailNickname" => {
            matches!(op, Op::Eq | Op::Ge | Op::Le | Op::Starts)
        }
        "createdDateTime" | "deletedDateTime" => matches!(op, Op::Eq | Op::Ge | Op::Le | Op::Gt | Op::Lt),
        _ => false,
    }
}

/// The live user of this path segment (object id or sign-in name) that a read may see.
pub(super) fn find<'a>(world: &'a World, key: &str) -> Option<&'a EntraUser> {
    let live = world.entra.users.get(key).filter(|u| u.deleted.is_none());
    live.or_else(|| world.entra.live_by_upn(key)).filter(|u| u.visible_from <= world.now)
}

pub(super) fn list(world: &mut World, call: &Call) -> Reply {
    let seen = world.entra.live().filter(|u| u.visible_from <= world.now);
    answer(world, call, seen.map(|u| user_json(world, u)).collect(), USERS)
}

pub(super) fn get(world: &mut World, call: &Call) -> Reply {
    match find(world, call.arg(0)) {
        Some(user) => single(world, call, user_json(world, user), USERS),
        None => gone(world, call, call.arg(0)),
    }
}

/// Every property that the simulated user has.
pub(super) fn user_json(world: &World, user: &EntraUser) -> Value {
    let initial = world.entra.domains.iter().find(|d| d.initial).map(|d| d.name.clone());
    let states = user.licences.iter().map(|sku| {
        json!({"skuId": sku, "disabledPlans": [], "assignedByGroup": null, "state": "Active", "error": "None",
               "lastUpdatedDateTime": graph_time(user.created)})
    });
    let mail = user.proxies.iter().find_map(|p| p.strip_prefix("SMTP:"));
    json!({
        "id": user.id,
        "displayName": user.display_name,
        "givenName": user.first,
        "surname": user.last,
        "userPrincipalName": wire_upn(user),
        "mail": mail,
        "mailNickname": user.upn.split('@').next(),
        "accountEnabled": user.enabled,
        "userType": user.user_type,
        "creationType": if user.user_type == "Guest" { json!("Invitation") } else { Value::Null },
        "createdDateTime": graph_time(user.created),
        "deletedDateTime": user.deleted.map(graph_time),
        "department": if user.department.is_empty() { Value::Null } else { json!(user.department) },
        "onPremisesImmutableId": user.anchor,
        "onPremisesSyncEnabled": user.synced,
        "onPremisesLastSyncDateTime": if user.synced == Some(true) { json!(graph_time(world.now)) } else { Value::Null },
        "onPremisesProvisioningErrors": [],
        "serviceProvisioningErrors": [],
        "proxyAddresses": user.proxies,
        "otherMails": [],
        "identities": [{"signInType": "userPrincipalName", "issuer": initial, "issuerAssignedId": user.upn}],
        "assignedLicenses": user.licences.iter().map(|sku| json!({"skuId": sku, "disabledPlans": []})).collect::<Vec<_>>(),
        "licenseAssignmentStates": states.collect::<Vec<_>>(),
        "usageLocation": "GB",
        "isManagementRestricted": null,
        "businessPhones": [],
        "jobTitle": null,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "employeeId": null,
    })
}

pub(super) fn licences(world: &mut World, call: &Call) -> Reply {
    let Some(user) = find(world, call.arg(0)) else { return gone(world, call, call.arg(0)) };
    let sku = &world.entra.sku;
    let details = user.licences.iter().map(
        |id| json!({"id": format!("{}_{id}", user.id), "skuId": id, "skuPartNumber": sku.part, "servicePlans": []}),
    );
    answer(world, call, details.collect(), Shape { context: "licenseDetails", ..PLAIN })
}

pub(super) fn roles(world: &mut World, call: &Call) -> Reply {
    let Some(user) = find(world, call.arg(0)) else { return gone(world, call, call.arg(0)) };
    let held = world.entra.roles.get(&user.id).into_iter().flatten();
    let roles = held.map(|name| {
        json!({"@odata.type": "#microsoft.graph.directoryRole", "id": super::directory::role_id(name),
               "displayName": name, "description": null, "deletedDateTime": null,
               "roleTemplateId": super::directory::role_id(name)})
    });
    answer(world, call, roles.collect(), PLAIN)
}

pub(super) fn sync_behavior(world: &mut World, call: &Call) -> Reply {
    match find(world, call.arg(0)) {
        Some(user) => {
            let cloud = user.synced != Some(true);
            let shape = Shape { context: "users/onPremisesSyncBehavior", ..PLAIN };
            single(world, call, json!({"id": user.id, "isCloudManaged": cloud}), shape)
        }
        None => gone(world, call, call.arg(0)),
    }
}

pub(super) fn revoke(world: &mut World, call: &Call) -> Reply {
    match find(world, call.arg(0)) {
        Some(_) => Reply::ok(json!({"value": true})),
        None => gone(world, call, call.arg(0)),
    }
}
