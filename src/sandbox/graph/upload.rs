//! `bulkUpload`: what the inbound provisioning API takes, what it refuses, and how late its log tells of it.
//!
//! Never makes a user of what was uploaded: the log alone tells what a job did. Begin with [`upload`].
use std::collections::BTreeSet;

use serde_json::Value;

use super::error;
use super::jobs::{inbound, no_job};
use crate::sandbox::clock::Ms;
use crate::sandbox::inbound::created;
use crate::sandbox::model::{Inbound, Upload, World};
use crate::sandbox::wire::{Call, Reply};

/// From the upload, or the start of a job that did not run, to the entry in the log.
const LOG_DELAY: Ms = 6 * 60_000;
/// The one media type that is taken.
const SCIM: &str = "application/scim+json";
/// Most operations of one request.
const MOST: usize = 50;
const MESSAGE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// Takes a request of whoever may upload (the gate has refused everybody else), whatever the job does: it is worked on later.
pub(super) fn upload(world: &mut World, call: &Call) -> Reply {
    let Some(job) = inbound(world, call).filter(|inbound| inbound.job == call.arg(1)) else {
        return no_job(world, call);
    };
    let Some(people) = people(call) else {
        return error(world, call, (400, "InvalidDataFormat"), "Invalid Data Format");
    };
    let at = world.now;
    if let Some(inbound) = world.entra.inbound.as_mut() {
        inbound.uploads.push(Upload { at, people });
    }
    let log = format!("{}/v1.0/auditLogs/provisioning/?$filter=jobid%20eq%20'{}'", call.base(), job.job);
    Reply { headers: vec![("location", log)], ..Reply::empty(202) }
}

/// Whom a request that keeps the contract speaks of; `None` where it does not keep it.
fn people(call: &Call) -> Option<Vec<String>> {
    let media = call.content_type.as_deref().unwrap_or_default().split(';').next().unwrap_or_default();
    let body = call.json().filter(|_| media.trim().eq_ignore_ascii_case(SCIM))?;
    if !names(&body, MESSAGE) {
        return None;
    }
    let operations = body.get("Operations")?.as_array()?;
    let mut ids = BTreeSet::new();
    let mut people = Vec::new();
    for operation in operations {
        let is = |name: &str, value: &str| operation.get(name).and_then(Value::as_str) == Some(value);
        let id = operation.get("bulkId").and_then(Value::as_str).filter(|id| !id.is_empty())?;
        let data = operation.get("data").filter(|data| names(data, USER))?;
        if !is("method", "POST") || !is("path", "/Users") || !ids.insert(id) {
            return None;
        }
        people.push(data.get("externalId").and_then(Value::as_str).unwrap_or(id).to_owned());
    }
    (1..=MOST).contains(&people.len()).then_some(people)
}

fn names(value: &Value, schema: &str) -> bool {
    value.get("schemas").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == schema))
}

/// What the log has of uploads by now, oldest first: nothing while the job does not run.
pub(super) fn logged(inbound: &Inbound, now: Ms) -> Vec<Value> {
    if inbound.code != "Active" {
        return Vec::new();
    }
    let done = inbound.uploads.iter().filter(|upload| upload.at + LOG_DELAY <= now);
    done.flat_map(|upload| upload.people.iter().map(move |who| (upload.at + LOG_DELAY, who)))
        .enumerate()
        .map(|(n, (at, who))| created(n, at, who))
        .collect()
}

/// A job that begins to run works on what waited for it.
pub(super) fn begin(inbound: &mut Inbound, now: Ms) {
    if inbound.code != "Active" {
        for upload in &mut inbound.uploads {
            upload.at = now;
        }
    }
}
