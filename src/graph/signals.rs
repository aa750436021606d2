//! Synchronization jobs with their logs, and the service health of the tenant.
//!
//! Never starts, stops or restarts a job: it only reads. Begin with the two impls.

use super::client::quoted;
use super::error::unusable;
use super::read::Reader;
use crate::domain::incident::{Incident, Vendor};
use crate::domain::job::{EntryError, Job, JobLog, JobRef, Quarantine};
use crate::ports::directory::Answer;
use crate::ports::error::Kind;
use crate::ports::signals::{IncidentFeed, JobRead};
use crate::wire::json::{at, flag, number, text};
use async_trait::async_trait;
use serde_json::Value;

/// Failures of a job that are read.
const FAILURES: &str = "10";
/// Incidents that are handed on.
const MOST: usize = 50;

fn job(op: &'static str, value: &Value) -> Answer<Job> {
    let need = |field: &'static str, found: Option<String>| {
        found.ok_or_else(|| unusable(op, format!("the answer has no usable {field}")))
    };
    let quarantine = value.pointer("/status/quarantine").filter(|found| found.is_object()).map(|found| Quarantine {
        reason: text(found, "/reason").unwrap_or_else(|| "Unknown".to_owned()),
        code: text(found, "/error/code"),
        message: text(found, "/error/message"),
        began: at(found, "/currentBegan"),
        next_attempt: at(found, "/nextAttempt"),
        series: number(found, "/seriesCount"),
    });
    Ok(Job {
        id: need("id", text(value, "/id"))?,
        code: need("status.code", text(value, "/status/code"))?,
        schedule: text(value, "/schedule/state"),
        quarantine,
        last_ended: at(value, "/status/lastExecution/timeEnded"),
        last_result: text(value, "/status/lastExecution/state"),
    })
}

fn failure(value: &Value) -> EntryError {
    let info = |field: &str| text(value, &format!("/provisioningStatusInfo/errorInformation/{field}"));
    let who = ["/sourceIdentity/displayName", "/sourceIdentity/id", "/targetIdentity/displayName"];
    EntryError {
        at: at(value, "/activityDateTime"),
        action: text(value, "/provisioningAction"),
        who: who.iter().find_map(|path| text(value, path)),
        code: info("errorCode"),
        reason: info("reason").or_else(|| info("additionalDetails")),
    }
}

#[async_trait]
impl JobRead for Reader {
    async fn job(&self, at: &JobRef) -> Answer<Option<Job>> {
        const OP: &str = "read the synchronization job";
        let jobs = ["servicePrincipals", at.service_principal.as_str(), "synchronization", "jobs"];
        if let Some(id) = &at.job {
            let parts: Vec<&str> = jobs.into_iter().chain([id.as_str()]).collect();
            return match self.0.maybe(OP, self.0.at(OP, &parts, &[])?).await {
                Ok(found) => found.map(|value| job(OP, &value)).transpose(),
                // this part of Graph has codes of its own for "there is none"
                Err(error) if error.status == Some(404) && error.kind == Kind::Invalid => Ok(None),
                Err(error) => Err(error),
            };
        }
        match self.0.list(OP, self.0.at(OP, &jobs, &[])?).await {
            Ok(all) if all.len() == 1 => all.first().map(|value| job(OP, value)).transpose(),
            Ok(_) => Ok(None),
            Err(error) if error.status == Some(404) && matches!(error.kind, Kind::Gone | Kind::Invalid) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn log(&self, id: &str) -> Answer<JobLog> {
        const OP: &str = "read the provisioning log";
        let of = |filter: String, top: &'static str| -> Answer<reqwest::Url> {
            self.0.at(OP, &["auditLogs", "provisioning"], &[("$filter", &filter), ("$top", top)])
        };
        // Graph compares both sides of these filters letter by letter
        let all = format!("jobid eq {}", quoted(id));
        let failed = format!("{all} and provisioningStatusInfo/status eq 'failure'");
        let (newest, failures) =
            tokio::try_join!(self.0.page(OP, of(all, "1")?), self.0.page(OP, of(failed, FAILURES)?))?;
        let mut failures: Vec<EntryError> = failures.iter().map(failure).collect();
        failures.sort_by_key(|failure| std::cmp::Reverse(failure.at));
        Ok(JobLog { newest: newest.iter().find_map(|entry| at(entry, "/activityDateTime")), failures })
    }
}

/// An open incident; advisories are no incidents, and there is nearly always one.
fn incident(value: &Value) -> Option<Incident> {
    let is = text(value, "/classification").is_some_and(|kind| kind.eq_ignore_ascii_case("incident"));
    if !is || flag(value, "/isResolved") == Some(true) {
        return None;
    }
    let words = ["/service", "/feature", "/featureGroup", "/impactDescription"];
    let about: Vec<String> = words.iter().filter_map(|path| text(value, path)).collect();
    Some(Incident {
        vendor: Vendor::Microsoft,
        id: text(value, "/id"),
        title: text(value, "/title").unwrap_or_else(|| "an incident without a title".to_owned()),
        about: about.join(" "),
        since: at(value, "/startDateTime"),
    })
}

#[async_trait]
impl IncidentFeed for Reader {
    fn vendor(&self) -> Vendor {
        Vendor::Microsoft
    }

    async fn open(&self) -> Answer<Vec<Incident>> {
        const OP: &str = "read the service health";
        let parts = ["admin", "serviceAnnouncement", "issues"];
        let filtered = self.0.at(OP, &parts, &[("$filter", "isResolved eq false"), ("$top", "100")])?;
        let all = match self.0.list(OP, filtered).await {
            // the filter is not documented for every cloud; the newest page says what is open now
            Err(error) if error.kind == Kind::Invalid => self.0.page(OP, self.0.at(OP, &parts, &[])?).await?,
            answer => answer?,
        };
        let mut open: Vec<Incident> = all.iter().filter_map(incident).collect();
        open.sort_by_key(|incident| std::cmp::Reverse(incident.since));
        open.truncate(MOST);
        Ok(open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_job_is_read_with_its_quarantine_and_without() {
        let value = json!({"id": "j", "status": {"code": "Quarantine", "quarantine": {"reason": "TooManyDeletes",
            "error": {"code": "c", "message": "m"}, "currentBegan": "2026-11-22T07:43:05Z", "seriesCount": "3"}}});
        let quarantine = job("read", &value).unwrap().quarantine.unwrap();
        assert_eq!((quarantine.reason.as_str(), quarantine.series), ("TooManyDeletes", Some(3)));
        let value = json!({"id": "j", "status": {"code": "Active", "quarantine": null}});
        assert_eq!(job("read", &value).unwrap().quarantine, None);
        assert!(job("read", &json!({"id": "j"})).is_err(), "a state that was not read is not a state");
    }

    #[test]
    fn only_an_unresolved_incident_counts() {
        let issue = |classification: &str, resolved: Value| json!({"id": "MO1", "title": "t", "service": "Microsoft Entra", "classification": classification, "isResolved": resolved});
        assert!(incident(&issue("incident", json!(false))).is_some());
        assert!(incident(&issue("incident", Value::Null)).is_some(), "not said to be resolved is not resolved");
        assert!(incident(&issue("incident", json!(true))).is_none());
        assert!(incident(&issue("advisory", json!(false))).is_none());
    }
}
