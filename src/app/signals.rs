//! What is read beside the two sides of a person: incidents of the vendors, the inbound job, the common cause of many
//! failures.
//!
//! Never takes a feed that could not be read for a quiet one, and never starts, stops or restarts a job.
//! Begin with [`App::outlook`].

use super::App;
use crate::domain::beside::Attempt;
use crate::domain::case::{Case, Withheld};
use crate::domain::diagnosis::{ClassId, Diagnosis, Remedy};
use crate::domain::guard::{Outcome, Violation};
use crate::domain::ids::AppId;
use crate::domain::incident::{Incident, Outlook, Unknown};
use crate::domain::job::{JobFacts, JobLog, JobRef};
use crate::domain::notice::PublicText;
use crate::domain::tenant::Reading;
use crate::domain::time::{At, MINUTE};
use crate::plan::switches;
use crate::recognize;
use futures_util::future::join_all;
use std::sync::PoisonError;

/// How long what the feeds said is good for; a person who asks gets it fresh.
const GOOD_FOR: i64 = MINUTE;

/// How fresh an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// Somebody pressed or typed.
    Now,
    /// The bot looks by itself.
    Recent,
}

impl App {
    /// What the feeds say. Empty when none is switched on.
    pub(super) async fn outlook(&self, fresh: Freshness) -> Outlook {
        if self.parts.signals.feeds.is_empty() {
            return Outlook::default();
        }
        let known = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let (Freshness::Recent, Some(known)) = (fresh, known)
            && self.now().since(known.read_at) < GOOD_FOR
        {
            return known;
        }
        let answers =
            join_all(self.parts.signals.feeds.iter().map(|feed| async { (feed.vendor(), feed.open().await) }));
        let mut outlook = Outlook::default();
        for (vendor, answer) in answers.await {
            outlook.asked.push(vendor);
            match answer {
                Ok(open) => outlook.open.extend(open),
                Err(error) => {
                    tracing::warn!(%vendor, %error, "a feed of incidents could not be read");
                    outlook.unknown.push(Unknown { vendor, why: error.to_string() });
                }
            }
        }
        outlook.read_at = self.now();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(outlook.clone());
        outlook
    }

    /// Reads what belongs beside this case.
    pub(super) async fn look_beside(&self, case: &mut Case, fresh: Freshness) {
        let job = async {
            match &case.beside.job {
                Some(at) => Some(Box::new(self.job_facts(at).await)),
                None => None,
            }
        };
        let (outlook, job) = tokio::join!(self.outlook(fresh), job);
        case.beside.outlook = outlook.about(&case.diagnosis.class);
        case.beside.job_facts = job;
    }

    /// A job, read now.
    pub(super) async fn job_facts(&self, at: &JobRef) -> JobFacts {
        let jobs = &self.parts.signals.jobs;
        let (job, id) = match jobs.job(at).await {
            Ok(job) => {
                let id = job.as_ref().map(|job| job.id.clone());
                (Reading::Known(job), id)
            }
            Err(error) => (Reading::Unread(error.to_string()), at.job.clone()),
        };
        let log = match id {
            Some(id) => jobs.log(&id).await.map_or_else(|error| Reading::Unread(error.to_string()), Reading::Known),
            None => Reading::Known(JobLog::default()),
        };
        JobFacts { read_at: self.now(), at: at.clone(), job, log }
    }

    /// The job that an error is about: as the text names it, filled up from the configuration; the configured one where the
    /// class is about inbound provisioning.
    pub(super) fn job_of(&self, text: &str, diagnosis: &Diagnosis, attempt: Option<Attempt>) -> Option<JobRef> {
        let configured = self.parts.signals.job.clone();
        if let Some(named) = recognize::job(text) {
            let principal = named.service_principal.or_else(|| Some(configured?.service_principal))?;
            return JobRef::parse(&principal, named.job.as_deref());
        }
        let class = diagnosis.class.as_str();
        let always = class.starts_with("inbound-") || class.starts_with("entra-quarantine-");
        let perhaps = ["access-token-expired", "upn-invalid-format", "upn-domain-unverified"].contains(&class);
        let inbound = || {
            let text = text.to_lowercase();
            ["bulkupload", "inbound", "provisioning log", "api-driven"].iter().any(|word| text.contains(word))
        };
        configured.filter(|_| always || (perhaps && attempt.is_none() && inbound()))
    }

    /// What the switches of the app say about an error of many.
    pub(super) async fn common_cause(&self, diagnosis: &Diagnosis, attempt: Option<Attempt>) -> Vec<PublicText> {
        let Some(app) = self.the_app().await else { return Vec::new() };
        match self.parts.readers.okta.switches(&app).await {
            Ok(read) => switches::common(attempt, diagnosis, read).into_iter().collect(),
            Err(error) => {
                let text = PublicText::words("The provisioning switches could not be read: ");
                vec![text.and_foreign(&error.to_string())]
            }
        }
    }

    /// The configured app, or the only active one.
    async fn the_app(&self) -> Option<AppId> {
        if let Some(app) = &self.parts.app {
            return Some(app.clone());
        }
        let apps = self.parts.readers.okta.office365_apps().await.ok()?;
        match apps.iter().filter(|app| app.status == "ACTIVE").collect::<Vec<_>>().as_slice() {
            [only] => Some(only.id.clone()),
            _ => None,
        }
    }

    /// Remedies that an open incident holds back (DOMAIN trap: an outage looks like a fault of the person).
    pub(super) fn held_back(case: &Case, remedies: impl Iterator<Item = Remedy>) -> Vec<Withheld> {
        let incident = case.beside.outlook.iter().flat_map(|outlook| &outlook.open).next();
        remedies.map(|remedy| Withheld { remedy, why: incident_open(incident) }).collect()
    }

    /// What withholds a change that is about to be made for an error of this class: an open incident, read now. A feed that
    /// cannot be read withholds nothing; the card says that it is unknown.
    pub(super) async fn withheld_now(&self, class: &ClassId) -> Option<Violation> {
        let outlook = self.outlook(Freshness::Now).await.about(class)?;
        outlook.open.first().map(|incident| incident_open(Some(incident)))
    }

    /// What `/reanchor status` says of the feeds.
    pub(super) async fn outlook_text(&self) -> Option<PublicText> {
        let outlook = self.outlook(Freshness::Now).await;
        if outlook.asked.is_empty() {
            return None;
        }
        let mut text = PublicText::new();
        for vendor in &outlook.asked {
            let mut open = outlook.open.iter().filter(|incident| incident.vendor == *vendor).peekable();
            if let Some(unknown) = outlook.unknown.iter().find(|unknown| unknown.vendor == *vendor) {
                text = text
                    .and(format!(" {vendor} incidents: unknown, the feed could not be read ("))
                    .and_foreign(&unknown.why)
                    .and(").");
            } else if open.peek().is_none() {
                text = text.and(format!(" {vendor} incidents: none open."));
            } else {
                text = text.and(format!(" {vendor} incidents open: "));
                for (n, incident) in open.enumerate() {
                    text = text.and(if n == 0 { "" } else { "; " }).and_foreign(&incident.title);
                    text = since(text, incident.since);
                }
                text = text.and(".");
            }
        }
        Some(text)
    }
}

fn since(text: PublicText, at: Option<At>) -> PublicText {
    match at {
        Some(at) => text.and(" since ").and_time(at),
        None => text,
    }
}

/// The rule that holds a remedy back while an incident is open.
fn incident_open(incident: Option<&Incident>) -> Violation {
    let mut fact = PublicText::words("an incident is open that can be the cause");
    if let Some(incident) = incident {
        fact = fact.and(format!(" ({}): ", incident.vendor)).and_foreign(&incident.title);
    }
    Violation {
        rule: "T24".to_owned(),
        fact,
        how_to_change: "press Look again when the vendor has closed it".to_owned(),
        outcome: Outcome::Wait,
        approvers_only: false,
    }
}
