//! The scenario's inbound provisioning app and the incidents that the vendors' feeds tell of.
//!
//! Never reads a clock. Begin with [`InboundSection`].
use serde::Deserialize;
use serde_json::{Value, json};

use super::base::{INBOUND_JOB, INBOUND_PRINCIPAL};
use super::clock::{Ms, Span, graph_time};
use super::model::{Inbound, Incident};

/// `[tenant.inbound]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct InboundSection {
    /// `Active`, `Paused`, `Quarantine`, `NotRun`.
    pub(crate) state: String,
    /// Reason, code and message of a quarantine.
    pub(crate) reason: String,
    pub(crate) code: String,
    pub(crate) message: String,
    /// Age of the quarantine and of the last run.
    pub(crate) age: Span,
    /// Failures of the log: error code and reason of each.
    pub(crate) failures: Vec<[String; 2]>,
    /// What is pasted; `{sp}` and `{job}` stand for the ids.
    pub(crate) pasted: String,
}

impl Default for InboundSection {
    fn default() -> Self {
        Self {
            state: "Active".to_owned(),
            reason: "EncounteredQuarantineException".to_owned(),
            code: String::new(),
            message: String::new(),
            age: Span(2 * 3_600_000),
            failures: Vec::new(),
            pasted: String::new(),
        }
    }
}

impl InboundSection {
    /// What is pasted in this scenario.
    pub(crate) fn text(&self) -> String {
        self.pasted.replace("{sp}", INBOUND_PRINCIPAL).replace("{job}", INBOUND_JOB)
    }

    pub(crate) fn build(&self, now: Ms) -> Inbound {
        let failure = |(n, pair): (usize, &[String; 2])| {
            let [code, reason] = pair;
            entry(n, now - self.age.0 + 60_000, (code, reason))
        };
        Inbound {
            job: INBOUND_JOB.to_owned(),
            code: self.state.clone(),
            reason: self.reason.clone(),
            error_code: self.code.clone(),
            error_message: self.message.clone(),
            since: now - self.age.0,
            next_attempt: now + 86_400_000 - self.age.0,
            last_run: (self.state != "NotRun").then_some(now - self.age.0),
            log: self.failures.iter().enumerate().map(failure).collect(),
            uploads: Vec::new(),
        }
    }
}

fn entry(n: usize, at: Ms, (code, reason): (&str, &str)) -> Value {
    json!({
        "id": format!("00000000-0000-4000-8000-{n:012}"),
        "activityDateTime": graph_time(at),
        "jobId": INBOUND_JOB,
        "cycleId": "6b1e0f42-97c3-4d58-a21b-0e84c35d7f19",
        "changeId": format!("10000000-0000-4000-8000-{n:012}"),
        "provisioningAction": "create",
        "durationInMilliseconds": 214,
        "tenantId": super::base::TENANT,
        "sourceIdentity": {"id": format!("7019{n:02}"), "displayName": format!("worker 7019{n:02}"), "identityType": "User", "details": null},
        "targetIdentity": {"id": "", "displayName": "", "identityType": "User", "details": null},
        "provisioningStatusInfo": {"status": "failure", "errorInformation": {"errorCode": code, "reason": reason,
            "additionalDetails": null, "errorCategory": "failure", "recommendedAction": null}},
        "provisioningSteps": [],
        "modifiedProperties": [],
    })
}

/// The entry of somebody whom the job created.
pub(crate) fn created(n: usize, at: Ms, who: &str) -> Value {
    let mut entry = entry(700 + n, at, ("", ""));
    entry["sourceIdentity"]["id"] = who.into();
    entry["sourceIdentity"]["displayName"] = who.into();
    entry["provisioningStatusInfo"] = json!({"status": "success", "errorInformation": null});
    entry
}

/// `[tenant.incident]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IncidentSection {
    /// Title on Okta's status page.
    pub(crate) okta: Option<String>,
    /// Title in the service health of the tenant.
    pub(crate) microsoft: Option<String>,
    /// How long it has been open.
    pub(crate) age: Option<Span>,
    /// How long after loading the vendors close it; absent = never.
    pub(crate) closed_after: Option<Span>,
}

impl IncidentSection {
    pub(crate) fn build(&self, now: Ms) -> Incident {
        Incident {
            okta: self.okta.clone(),
            microsoft: self.microsoft.clone(),
            began: now - self.age.map_or(3_600_000, |age| age.0),
            closes: self.closed_after.map(|after| now + after.0),
        }
    }
}
