//! A synchronization job of Entra (inbound provisioning): which one, its live state, its last errors.
//!
//! Values only; vendor words stay as the vendor writes them, because the lists are open. Begin with [`JobFacts`].

use super::ids::EntraId;
use super::tenant::Reading;
use super::time::At;
use serde::{Deserialize, Serialize};

/// Which job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRef {
    /// Object id of the service principal.
    pub service_principal: String,
    /// Id of the job; without one the only job of the service principal is meant.
    pub job: Option<String>,
}

/// Whether the text has the form of a job id: `<template>.<32 hexadecimal digits>.<GUID>`.
pub fn is_job_id(text: &str) -> bool {
    let mut parts = text.split('.');
    let (template, tenant, guid) = (parts.next(), parts.next(), parts.next());
    let template =
        template.is_some_and(|t| !t.is_empty() && t.len() <= 64 && t.bytes().all(|b| b.is_ascii_alphanumeric()));
    let tenant = tenant.is_some_and(|t| t.len() == 32 && t.bytes().all(|b| b.is_ascii_hexdigit()));
    template && tenant && guid.is_some_and(|g| EntraId::parse(g).is_some()) && parts.next().is_none()
}

impl JobRef {
    /// From what somebody wrote; `None` when one of the two has not the form of such an id.
    pub fn parse(service_principal: &str, job: Option<&str>) -> Option<Self> {
        let principal = EntraId::parse(service_principal)?;
        if job.is_some_and(|job| !is_job_id(job)) {
            return None;
        }
        Some(Self { service_principal: principal.as_str().to_owned(), job: job.map(str::to_owned) })
    }
}

/// Why and since when a job is in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// `reason`, for example `EncounteredQuarantineException`.
    pub reason: String,
    /// `error.code`
    pub code: Option<String>,
    /// `error.message`
    pub message: Option<String>,
    /// `currentBegan`
    pub began: Option<At>,
    /// `nextAttempt`
    pub next_attempt: Option<At>,
    /// `seriesCount`
    pub series: Option<i64>,
}

/// A job as Graph shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// `id`
    pub id: String,
    /// `status.code`: `NotConfigured`, `NotRun`, `Active`, `Paused`, `Quarantine`.
    pub code: String,
    /// `schedule.state`
    pub schedule: Option<String>,
    /// `status.quarantine`
    pub quarantine: Option<Quarantine>,
    /// When the last run ended.
    pub last_ended: Option<At>,
    /// How it ended (`Succeeded`, `Failed`, `EntryLevelErrors`).
    pub last_result: Option<String>,
}

impl Job {
    /// Whether it stands still because somebody paused it or never started it.
    pub fn is_stopped(&self) -> bool {
        ["Paused", "NotRun", "NotConfigured"].contains(&self.code.as_str())
            || self.schedule.as_deref().is_some_and(|state| state == "Paused" || state == "Disabled")
    }
}

/// One entry of the provisioning log that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryError {
    /// `activityDateTime`
    pub at: Option<At>,
    /// `provisioningAction`
    pub action: Option<String>,
    /// Whom it was about, as the source calls them.
    pub who: Option<String>,
    /// `errorInformation.errorCode`
    pub code: Option<String>,
    /// `errorInformation.reason`
    pub reason: Option<String>,
}

/// What the provisioning log holds about a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLog {
    /// When its newest entry was made; `None` = the log is empty.
    pub newest: Option<At>,
    /// The newest failures, newest first.
    pub failures: Vec<EntryError>,
}

/// A job, read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFacts {
    /// When the reading was complete.
    pub read_at: At,
    /// Which was asked for.
    pub at: JobRef,
    /// The job; `None` = there is no such job, or the service principal has several and none was named.
    pub job: Reading<Option<Job>>,
    /// Its log.
    pub log: Reading<JobLog>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SP: &str = "5B2E8C14-6A90-4D37-8F1B-C3D7E9A04F62";
    const JOB: &str = "API2AAD.3f6c9a1e58b24d079e4ba1c27d805f93.d80e6b27-41fa-4c95-b3a8-7e2c1f095da6";

    #[test]
    fn only_ids_name_a_job() {
        let found = JobRef::parse(SP, Some(JOB)).unwrap();
        assert_eq!((found.service_principal.as_str(), found.job.as_deref()), (&*SP.to_lowercase(), Some(JOB)));
        assert!(JobRef::parse(SP, None).is_some());
        for (sp, job) in [("..", None), (SP, Some("a/../b")), (SP, Some("API2AAD.x.y")), ("name", Some(JOB))] {
            assert_eq!(JobRef::parse(sp, job), None, "{sp} {job:?}");
        }
        assert!(!is_job_id(&format!("{JOB}.more")) && !is_job_id(""));
    }
}
