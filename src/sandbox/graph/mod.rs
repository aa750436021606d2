//! The Entra side: token endpoint and Graph's call table, error bodies, headers.
//!
//! Never shows an object before its visibility time. Begin with [`ROUTES`].
mod deleted;
mod directory;
mod jobs;
mod patch;
mod query;
pub(crate) mod token;
mod upload;
mod users;

use serde_json::json;

use super::clock::graph_error_time;
use super::model::World;
use super::wire::faults::How;
use super::wire::{Call, Reply, Route};

/// Every call of the Graph port.
pub(crate) const ROUTES: &[Route] = &[
    ("POST", "/{}/oauth2/v2.0/token", token::OP, nowhere),
    ("GET", "/v1.0/users", "graph.user.list", users::list),
    ("GET", "/v1.0/users/{}", "graph.user.get", users::get),
    ("PATCH", "/v1.0/users/{}", "graph.user.patch", patch::patch),
    ("GET", "/v1.0/users/{}/licenseDetails", "graph.user.licences", users::licences),
    ("GET", "/v1.0/users/{}/transitiveMemberOf/microsoft.graph.directoryRole", "graph.user.roles", users::roles),
    ("GET", "/v1.0/users/{}/onPremisesSyncBehavior", "graph.user.sync_behavior", users::sync_behavior),
    ("POST", "/v1.0/users/{}/revokeSignInSessions", "graph.user.revoke_sessions", users::revoke),
    ("GET", "/v1.0/directory/deletedItems/microsoft.graph.user", "graph.deleted.list", deleted::list),
    ("GET", "/v1.0/directory/deletedItems/{}", "graph.deleted.get", deleted::get),
    ("POST", "/v1.0/directory/deletedItems/{}/restore", "graph.deleted.restore", deleted::restore),
    ("GET", "/v1.0/directory/onPremisesSynchronization", "graph.sync.get", directory::synchronization),
    ("GET", "/v1.0/domains", "graph.domain.list", directory::domains),
    ("GET", "/v1.0/domains/{}", "graph.domain.get", directory::domain),
    ("GET", "/v1.0/subscribedSkus", "graph.sku.list", directory::skus),
    ("GET", "/v1.0/organization", "graph.organization.list", directory::organization),
    ("GET", "/v1.0/auditLogs/directoryAudits", "graph.audit.list", directory::audits),
    ("GET", "/v1.0/auditLogs/provisioning", "graph.provisioning_log.list", jobs::log),
    ("GET", "/v1.0/roleManagement/directory/roleAssignments", "graph.role_assignment.list", directory::assignments),
    (
        "GET",
        "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances",
        "graph.role_eligibility.instances",
        directory::eligible,
    ),
    (
        "GET",
        "/v1.0/roleManagement/directory/roleEligibilitySchedules",
        "graph.role_eligibility.schedules",
        directory::eligible,
    ),
    ("GET", "/v1.0/servicePrincipals/{}/synchronization/jobs", "graph.sync_job.list", jobs::list),
    ("GET", "/v1.0/servicePrincipals/{}/synchronization/jobs/{}", "graph.sync_job.get", jobs::get),
    ("POST", "/v1.0/servicePrincipals/{}/synchronization/jobs/{}/restart", "graph.sync_job.restart", jobs::restart),
    ("POST", "/v1.0/servicePrincipals/{}/synchronization/jobs/{}/bulkUpload", "graph.sync_job.upload", upload::upload),
    ("GET", "/v1.0/admin/serviceAnnouncement/issues", "graph.health.issues", jobs::health),
    ("GET", "/v1.0/admin/serviceAnnouncement/healthOverviews", "graph.health.overviews", directory::nothing),
    ("POST", "/v1.0/$batch", "graph.batch", no_batch),
];

pub(crate) fn headers(call: &Call) -> Vec<(&'static str, String)> {
    let own = call.client_request_id.clone().unwrap_or_else(|| call.request_id.clone());
    vec![("request-id", call.request_id.clone()), ("client-request-id", own)]
}

pub(crate) fn nowhere(world: &mut World, call: &Call) -> Reply {
    let what = call.segments.last().cloned().unwrap_or_default();
    error(world, call, (400, "BadRequest"), &format!("Resource not found for the segment '{what}'."))
}

pub(crate) fn other_method(world: &mut World, call: &Call) -> Reply {
    error(world, call, (405, "Request_BadRequest"), "Specified HTTP method is not allowed for the request target.")
}

fn no_batch(world: &mut World, call: &Call) -> Reply {
    error(world, call, (501, "notImplemented"), "This simulated tenant answers single requests only.")
}

/// The answer to a call for which a test ordered a refusal.
pub(crate) fn ordered(world: &World, call: &Call, how: How) -> Reply {
    match how {
        How::Throttle => {
            let mut reply = error(world, call, (429, "TooManyRequests"), "Too many requests.");
            // Graph's seconds may have a fraction.
            reply.headers.push(("retry-after", "1.5".to_owned()));
            reply
        }
        How::E5xx => error(world, call, (503, "serviceNotAvailable"), "The service is temporarily unavailable."),
        _ => denied(world, call),
    }
}

fn denied(world: &World, call: &Call) -> Reply {
    error(world, call, (403, "Authorization_RequestDenied"), "Insufficient privileges to complete the operation.")
}

fn gone(world: &World, call: &Call, id: &str) -> Reply {
    error(world, call, (404, "Request_ResourceNotFound"), &super::logbook::gone(id))
}

fn error(world: &World, call: &Call, (status, code): (u16, &str), message: &str) -> Reply {
    let own = call.client_request_id.clone().unwrap_or_else(|| call.request_id.clone());
    Reply::error(
        status,
        json!({"error": {"code": code, "message": message, "innerError": {
            "date": graph_error_time(world.now), "request-id": call.request_id, "client-request-id": own}}}),
    )
}
