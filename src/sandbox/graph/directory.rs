//! Tenant-wide objects: domains, licences, organization, audits, roles.
//!
//! Never writes. Begin with [`domains`].
use serde_json::{Value, json};

use super::query::{Shape, answer, single};
use crate::sandbox::clock::graph_time;
use crate::sandbox::model::{Domain, World};
use crate::sandbox::wire::expr::Op;
use crate::sandbox::wire::{Call, Reply};

const LIST: Shape = Shape { context: "", kind: "microsoft.graph.entity", filter: |_, _| false, usual: &[], page: 100 };
const DOMAINS: Shape = Shape { context: "domains", kind: "microsoft.graph.domain", ..LIST };

/// Template ids of the built-in roles that scenarios use; another name gets an id made from it.
const ROLES: [(&str, &str); 4] = [
    ("Global Administrator", "62e90394-69f5-4237-9190-012177145e10"),
    ("User Administrator", "fe930be7-5e62-47db-91af-98c3a49a38b1"),
    ("Helpdesk Administrator", "729827e3-9c14-49f7-bb1b-9608f156bbb8"),
    ("Exchange Administrator", "29232cdf-9323-42fd-ade2-1d097af3e4de"),
];

pub(super) fn role_id(name: &str) -> String {
    if let Some(known) = ROLES.iter().find(|r| r.0 == name) {
        return known.1.to_owned();
    }
    let sum = name.bytes().fold(0_u64, |sum, b| sum.wrapping_mul(131).wrapping_add(u64::from(b)));
    format!("00000000-0000-4000-8000-{:012x}", sum & 0xffff_ffff_ffff)
}

fn domain_json(domain: &Domain) -> Value {
    json!({"id": domain.name, "authenticationType": if domain.federated { "Federated" } else { "Managed" },
           "availabilityStatus": null, "isAdminManaged": true, "isDefault": domain.default,
           "isInitial": domain.initial, "isRoot": true, "isVerified": true,
           "supportedServices": ["Email", "OfficeCommunicationsOnline"], "passwordValidityPeriodInDays": null,
           "passwordNotificationWindowInDays": null})
}

pub(super) fn domains(world: &mut World, call: &Call) -> Reply {
    answer(world, call, world.entra.domains.iter().map(domain_json).collect(), DOMAINS)
}

pub(super) fn domain(world: &mut World, call: &Call) -> Reply {
    match world.entra.domains.iter().find(|d| d.name.eq_ignore_ascii_case(call.arg(0))) {
        Some(domain) => single(world, call, domain_json(domain), DOMAINS),
        None => super::gone(world, call, call.arg(0)),
    }
}

pub(super) fn skus(world: &mut World, call: &Call) -> Reply {
    let sku = &world.entra.sku;
    let record = json!({"id": format!("{}_{}", world.entra.tenant, sku.id), "accountId": world.entra.tenant,
        "accountName": world.entra.name, "skuId": sku.id, "skuPartNumber": sku.part, "appliesTo": "User",
        "capabilityStatus": "Enabled", "consumedUnits": world.entra.consumed(),
        "prepaidUnits": {"enabled": sku.enabled, "suspended": 0, "warning": 0, "lockedOut": 0},
        "servicePlans": [], "subscriptionIds": []});
    answer(world, call, vec![record], Shape { context: "subscribedSkus", ..LIST })
}

pub(super) fn organization(world: &mut World, call: &Call) -> Reply {
    let verified = world.entra.domains.iter().map(|d| {
        json!({"name": d.name, "isDefault": d.default, "isInitial": d.initial,
               "type": if d.federated { "Federated" } else { "Managed" }, "capabilities": "Email"})
    });
    let last = world.entra.sync.on().then(|| graph_time(world.now - 600_000));
    let record = json!({"id": world.entra.tenant, "displayName": world.entra.name, "deletedDateTime": null,
        "onPremisesSyncEnabled": world.entra.sync.on().then_some(true), "onPremisesLastSyncDateTime": last,
        "tenantType": "AAD", "countryLetterCode": "GB", "verifiedDomains": verified.collect::<Vec<_>>()});
    answer(world, call, vec![record], Shape { context: "organization", kind: "microsoft.graph.organization", ..LIST })
}

pub(super) fn synchronization(world: &mut World, call: &Call) -> Reply {
    let record = json!({"id": world.entra.tenant, "configuration": {"accidentalDeletionPrevention": {
            "synchronizationPreventionType": "disabled", "alertThreshold": 500}},
        "features": {"passwordSyncEnabled": false, "blockSoftMatchEnabled": false,
            "blockCloudObjectTakeoverThroughHardMatchEnabled": false, "userForcePasswordChangeOnLogonEnabled": false}});
    answer(world, call, vec![record], Shape { context: "directory/onPremisesSynchronization", ..LIST })
}

pub(super) fn audits(world: &mut World, call: &Call) -> Reply {
    let newest_first: Vec<Value> = world.audits.iter().rev().cloned().collect();
    let filter = |path: &str, op| match path {
        "activityDateTime" => matches!(op, Op::Eq | Op::Ge | Op::Le | Op::Gt | Op::Lt),
        "activityDisplayName" | "targetResources.id" | "targetResources.displayName" => {
            matches!(op, Op::Eq | Op::Starts)
        }
        "category"
        | "correlationId"
        | "result"
        | "loggedByService"
        | "id"
        | "initiatedBy.user.id"
        | "initiatedBy.app.appId"
        | "initiatedBy.app.displayName" => op == Op::Eq,
        _ => false,
    };
    answer(world, call, newest_first, Shape { context: "auditLogs/directoryAudits", filter, ..LIST })
}

fn of_principal(path: &str, op: Op) -> bool {
    matches!(path, "principalId" | "roleDefinitionId") && op == Op::Eq
}

pub(super) fn assignments(world: &mut World, call: &Call) -> Reply {
    let held = world.entra.roles.iter().flat_map(|(who, names)| names.iter().map(move |name| (who, name)));
    let records = held.map(|(who, name)| {
        json!({"id": format!("{}-{who}", role_id(name)), "principalId": who, "roleDefinitionId": role_id(name),
               "directoryScopeId": "/", "appScopeId": null})
    });
    let shape = Shape { context: "roleManagement/directory/roleAssignments", filter: of_principal, ..LIST };
    answer(world, call, records.collect(), shape)
}

pub(super) fn eligible(world: &mut World, call: &Call) -> Reply {
    let held = world.entra.eligible.iter().flat_map(|(who, names)| names.iter().map(move |name| (who, name)));
    let records = held.map(|(who, name)| {
        json!({"id": format!("{}-{who}-e", role_id(name)), "principalId": who, "roleDefinitionId": role_id(name),
               "directoryScopeId": "/", "appScopeId": null, "memberType": "Direct", "status": "Provisioned",
               "startDateTime": graph_time(world.now - 90 * 86_400_000), "endDateTime": null})
    });
    let context = if call.path.ends_with("Instances") {
        "roleManagement/directory/roleEligibilityScheduleInstances"
    } else {
        "roleManagement/directory/roleEligibilitySchedules"
    };
    answer(world, call, records.collect(), Shape { context, filter: of_principal, ..LIST })
}

/// Collections in which this tenant has nothing; every filter finds nothing there.
pub(super) fn nothing(world: &mut World, call: &Call) -> Reply {
    answer(world, call, Vec::new(), Shape { filter: |_, _| true, ..LIST })
}
