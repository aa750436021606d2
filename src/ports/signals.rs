//! What the bot reads beside the two sides of a person: failed pushes of an app, synchronization jobs of Entra, incidents of
//! the vendors. All of it is read-only, uses the read credentials, and may be repeated at will.
//!
//! Contract: a thing that does not exist is `None` or an empty list; an error means that nothing is known, and is never
//! taken for "nothing is wrong".

use super::directory::Answer;
use crate::domain::ids::{AppId, OktaUserId};
use crate::domain::incident::{Incident, Vendor};
use crate::domain::job::{Job, JobLog, JobRef};
use crate::domain::time::At;
use async_trait::async_trait;
use std::sync::Arc;

/// Failed pushes in the System Log.
#[async_trait]
pub trait FailureRead: Send + Sync {
    /// People with this display name (letters' case aside) whom a push of the app failed for since `since`, the newest
    /// failure first, each once, at most 10.
    async fn failing_users(&self, app: &AppId, name: &str, since: At) -> Answer<Vec<OktaUserId>>;
}

/// Synchronization jobs.
#[async_trait]
pub trait JobRead: Send + Sync {
    /// The job; where none is named, the only one of the service principal. `None` when there is no such job, or when there
    /// are several and none is named.
    async fn job(&self, at: &JobRef) -> Answer<Option<Job>>;
    /// What the provisioning log holds about a job (by its id): the newest entry, and at most 10 failures.
    async fn log(&self, job: &str) -> Answer<JobLog>;
}

/// A feed of incidents.
#[async_trait]
pub trait IncidentFeed: Send + Sync {
    /// Whose incidents it tells of.
    fn vendor(&self) -> Vendor;
    /// Incidents that the vendor has not closed, newest first, at most 50.
    async fn open(&self) -> Answer<Vec<Incident>>;
}

/// All of them.
#[derive(Clone)]
pub struct Signals {
    /// Failed pushes.
    pub failures: Arc<dyn FailureRead>,
    /// Jobs.
    pub jobs: Arc<dyn JobRead>,
    /// The feeds that are switched on.
    pub feeds: Vec<Arc<dyn IncidentFeed>>,
    /// The inbound job of the configuration.
    pub job: Option<JobRef>,
}
