//! Synchronization jobs of the one inbound app, and the provisioning log.
//!
//! Never runs a job: the log is what the scenario begins with. Begin with [`get`].
use serde_json::{Value, json};

use super::error;
use super::query::{Shape, answer, single};
use crate::sandbox::base::INBOUND_PRINCIPAL;
use crate::sandbox::clock::graph_time;
use crate::sandbox::model::{Inbound, World};
use crate::sandbox::wire::expr::Op;
use crate::sandbox::wire::{Call, Reply};

const SHAPE: Shape = Shape {
    context: "servicePrincipals('')/synchronization/jobs",
    kind: "microsoft.graph.synchronizationJob",
    filter: |_, _| false,
    usual: &[],
    page: 100,
};

fn job(inbound: &Inbound) -> Value {
    let quarantined = inbound.code == "Quarantine";
    let error = json!({"code": inbound.error_code, "message": inbound.error_message, "tenantActionable": true});
    let quarantine = quarantined.then(|| {
        json!({"currentBegan": graph_time(inbound.since), "nextAttempt": graph_time(inbound.next_attempt), "reason": inbound.reason,
               "seriesBegan": graph_time(inbound.since), "seriesCount": 2, "error": error})
    });
    let schedule = if inbound.code == "Paused" { "Paused" } else { "Active" };
    let ended = inbound.last_run.map(graph_time);
    let last = ended.map(|at| {
        json!({"activityIdentifier": null, "timeBegan": at, "timeEnded": at, "error": null,
        "state": if quarantined { "Failed" } else { "Succeeded" }, "countEscrowed": 0, "countExported": 0})
    });
    json!({"id": inbound.job, "templateId": "API2AAD",
        "schedule": {"expiration": null, "interval": "PT40M", "state": schedule},
        "status": {"code": inbound.code, "countSuccessiveCompleteFailures": 0, "escrowsPruned": false, "lastExecution": last,
            "lastSuccessfulExecution": null, "lastSuccessfulExecutionWithExports": null, "progress": [],
            "quarantine": quarantine, "steadyStateFirstAchievedTime": "0001-01-01T00:00:00Z",
            "steadyStateLastAchievedTime": "0001-01-01T00:00:00Z", "synchronizedEntryCountByType": [],
            "troubleshootingUrl": null},
        "synchronizationJobSettings": []})
}

/// The inbound app of the path, where it is the one.
pub(super) fn inbound(world: &World, call: &Call) -> Option<Inbound> {
    world.entra.inbound.clone().filter(|_| call.arg(0).eq_ignore_ascii_case(INBOUND_PRINCIPAL))
}

pub(super) fn no_job(world: &World, call: &Call) -> Reply {
    let text = format!("No synchronization job '{}' was found.", call.arg(1));
    error(world, call, (404, "ItemNotFound"), &text)
}

pub(super) fn list(world: &mut World, call: &Call) -> Reply {
    let jobs = inbound(world, call).iter().map(job).collect();
    answer(world, call, jobs, SHAPE)
}

pub(super) fn get(world: &mut World, call: &Call) -> Reply {
    match inbound(world, call) {
        Some(inbound) if inbound.job == call.arg(1) => single(world, call, job(&inbound), SHAPE),
        Some(_) | None => no_job(world, call),
    }
}

/// Ends a quarantine and starts a paused job, as the console's button does.
pub(super) fn restart(world: &mut World, call: &Call) -> Reply {
    match inbound(world, call) {
        Some(inbound) if inbound.job == call.arg(1) => {
            let now = world.now;
            if let Some(inbound) = world.entra.inbound.as_mut() {
                super::upload::begin(inbound, now);
                "Active".clone_into(&mut inbound.code);
            }
            Reply::empty(204)
        }
        Some(_) | None => no_job(world, call),
    }
}

/// The provisioning log; `jobId` may be written in lower case in a filter, as Microsoft's own examples do.
pub(super) fn log(world: &mut World, call: &Call) -> Reply {
    let mut call = call.clone();
    if let Some(filter) = call.query.get_mut("$filter") {
        *filter = filter.replace("jobid ", "jobId ");
    }
    let filter = |path: &str, op| match path {
        "jobId" | "provisioningStatusInfo.status" | "provisioningAction" | "id" | "tenantId" => op == Op::Eq,
        "activityDateTime" => matches!(op, Op::Eq | Op::Gt | Op::Lt | Op::Ge | Op::Le),
        _ => false,
    };
    let all = |inbound: &Inbound| [inbound.log.clone(), super::upload::logged(inbound, world.now)].concat();
    let records: Vec<Value> = world.entra.inbound.as_ref().map(all).unwrap_or_default().into_iter().rev().collect();
    let shape =
        Shape { context: "auditLogs/provisioning", kind: "microsoft.graph.provisioningObjectSummary", filter, ..SHAPE };
    answer(world, &call, records, shape)
}

/// The service health of the tenant: what the scenario says, else nothing.
pub(super) fn health(world: &mut World, call: &Call) -> Reply {
    if call.param("$expand").is_some() {
        return error(world, call, (400, "BadRequest"), "Expand is not supported here.");
    }
    let filter =
        |path: &str, op| matches!(path, "isResolved" | "classification" | "service" | "status") && op == Op::Eq;
    let records = world.incident.iter().filter_map(|incident| {
        let title = incident.microsoft.as_ref()?;
        let closed = incident.is_closed(world.now);
        let status = if closed { "serviceRestored" } else { "serviceDegradation" };
        Some(json!({"id": "MO700417", "title": title, "service": "Microsoft Entra", "feature": "Access",
            "featureGroup": "Access", "classification": "incident", "origin": "microsoft", "status": status,
            "isResolved": closed, "impactDescription": "Provisioning calls fail or are slow.", "highImpact": null,
            "details": [], "startDateTime": graph_time(incident.began),
            "endDateTime": incident.closes.filter(|_| closed).map(graph_time),
            "lastModifiedDateTime": graph_time(incident.began), "posts": []}))
    });
    let records = records.collect();
    let shape = Shape {
        context: "admin/serviceAnnouncement/issues",
        kind: "microsoft.graph.serviceHealthIssue",
        filter,
        ..SHAPE
    };
    answer(world, call, records, shape)
}
