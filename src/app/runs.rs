//! Runs: taking one up, fresh or after a crash, with its leases and its approval.
//!
//! Never runs without a lease, and never with an approval that it made itself: the grant in the run row is the approval.

use super::App;
use super::books::{Entry, decode};
use super::propose::keys;
use super::queue::Wanted;
use super::record::Recorder;
use super::work::Failure;
use crate::domain::case::{BEGIN_WITHIN, Case, State};
use crate::domain::ids::RunId;
use crate::domain::plan::Plan;
use crate::domain::tenant::OktaUser;
use crate::domain::time::At;
use crate::policy::approval::{Grant, resume};
use crate::ports::lease::{Acquired, LeaseHeld, acquire};
use crate::ports::store::RunRow;
use crate::saga::journal::{Event, Progress as Fold, fold};
use crate::saga::run::{Left, Run, run};
use serde_json::json;

impl App {
    /// Takes a run up and takes it as far as it goes.
    pub(super) async fn go(&self, row: RunRow) -> Result<(), Failure> {
        let Some(proposal) = self.parts.store.proposal(&row.case, row.number).await? else {
            return Err(Failure::Unreadable(format!("the proposal of run {} is missing", row.id)));
        };
        let plan = Self::plan_of(&proposal.plan, &row.digest)?;
        let grant: Grant = decode(&row.grant, "runs", row.id.as_str())?;
        let (events, times) = self.journal_of(&row.id).await?;
        if let (Some(Event::Stuck { .. }), Some(at)) = (events.last(), times.last())
            && self.rest_until(&row.id, *at)
        {
            return Ok(());
        }
        self.meet(&row.id);
        let progress = fold(&events).map_err(|error| Failure::Unreadable(format!("run {}: {error}", row.id)))?;
        let last_intent = events.iter().zip(&times).rev().find(|(event, _)| matches!(event, Event::Intent { .. }));
        let terms = self.parts.run.lease(last_intent.map(|(_, at)| *at));
        let key = format!("subject:{}", plan.subject);
        let lease = match acquire(self.parts.leases.as_ref(), &key, &self.parts.owner, self.now(), terms).await? {
            Acquired::Held(lease) => lease,
            Acquired::Taken(_) => {
                self.mark_elsewhere(row.id.as_str(), true);
                return Ok(());
            }
        };
        // One that is too late to begin needs no app to be told so.
        let late = !progress.began && self.now() >= grant.at.plus(BEGIN_WITHIN);
        let wanted = (!late).then_some(Wanted { row: &row, plan: &plan, began: progress.began, granted: grant.at });
        let app_lease = match self.app_lease(wanted, terms).await {
            Ok(lease) => lease,
            Err(error) => {
                self.give_back(&row, &lease).await;
                return error.map_or(Ok(()), Err);
            }
        };
        self.mark_elsewhere(row.id.as_str(), false);
        let leases = (&lease, app_lease.as_ref());
        let done = self.held((&row, &plan, &grant), (events, progress, times.last().copied()), leases).await;
        for lease in app_lease.iter().chain(std::iter::once(&lease)) {
            self.give_back(&row, lease).await;
        }
        done
    }

    pub(super) async fn give_back(&self, row: &RunRow, lease: &LeaseHeld) {
        if let Err(error) = self.parts.leases.release(lease.fence()).await {
            tracing::warn!(run = %row.id, %error, "a lease was not given back and will run out by itself");
        }
    }

    async fn journal_of(&self, id: &RunId) -> Result<(Vec<Event>, Vec<At>), Failure> {
        let rows = self.parts.store.journal(id).await?;
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            events.push(decode(&row.body, "journal", id.as_str())?);
        }
        Ok((events, rows.into_iter().map(|row| row.at).collect()))
    }

    async fn held(
        &self,
        (row, plan, grant): (&RunRow, &Plan, &Grant),
        (events, progress, last): (Vec<Event>, Fold, Option<At>),
        (lease, app_lease): (&LeaseHeld, Option<&LeaseHeld>),
    ) -> Result<(), Failure> {
        // Another process may have ended it between our reading and our lease.
        let Some(current) = self.parts.store.run(&row.id).await?.filter(|row| !row.ended) else { return Ok(()) };
        let Some(case) = self.load(&row.case).await? else {
            return Err(Failure::Unreadable(format!("the case of run {} is missing", row.id)));
        };
        if !progress.began && self.now() >= grant.at.plus(BEGIN_WITHIN) {
            return self.expire_run(&case, &current, lease).await;
        }
        let approved = resume(grant, last, &self.switch().await, self.now());
        let Some(access) = &self.parts.access else {
            return Err(Failure::Unreadable(format!(
                "this process runs in mode {} and cannot run {}",
                self.parts.settings.mode, row.id
            )));
        };
        let writers = access.open().map_err(|error| Failure::Unreadable(error.to_string()))?;
        let person = self.person_of(&case, plan).await?;
        let missing_at = keys(&case, plan, person.clone()).missing_at;
        let recorder = Recorder { app: self, row: &current, plan, class: &case.diagnosis.class };
        let work = Run {
            plan,
            approved: &approved,
            lease,
            app_lease,
            leases: self.parts.leases.as_ref(),
            readers: &self.parts.readers,
            writers: &writers,
            record: &recorder,
            person,
            missing_at,
            poll_deadline: self.parts.run.poll_deadline_ms,
            since: grant.at,
        };
        match run(&work, events).await {
            Ok(end) => {
                tracing::info!(case = %row.case, run = %row.id, ?end, "the run ended");
                Ok(())
            }
            Err(Left::LostLease) => {
                tracing::warn!(case = %row.case, run = %row.id, "the lease was lost; the run is taken up again");
                Ok(())
            }
            Err(Left::Stuck) => {
                tracing::error!(case = %row.case, run = %row.id, "ALARM: the repair is refused; it is tried again");
                self.rest_until(&row.id, self.now());
                Ok(())
            }
            Err(Left::Stopping) => {
                tracing::info!(case = %row.case, run = %row.id, "the process ends; the run is left to the next one");
                Ok(())
            }
            Err(Left::Store(error)) => Err(error.into()),
            Err(error @ Left::Journal(_)) => Err(Failure::Unreadable(format!("run {}: {error}", row.id))),
        }
    }

    async fn expire_run(&self, case: &Case, row: &RunRow, lease: &LeaseHeld) -> Result<(), Failure> {
        let State::Approved { proposal, .. } = &case.state else { return Ok(()) };
        let what = "Expired: the run did not begin within 15 minutes of the last vote".to_owned();
        let next = State::Expired { what, proposal: proposal.clone() };
        let next = case.clone().go(self.now(), next)?;
        let mut change = self.change(&next, &Entry { actor: "bot", kind: "expired", payload: json!({}) })?;
        change.run_ended = Some(row.id.clone());
        change.fence = Some(lease.fence().clone());
        Ok(self.parts.store.commit(change).await?)
    }

    /// The subject, as Okta has it; one that cannot be read is not taken for ACTIVE (the guards then stop the run).
    async fn person_of(&self, case: &Case, plan: &Plan) -> Result<OktaUser, Failure> {
        let name = case.subject.as_ref().map(|subject| subject.name.clone()).unwrap_or_default();
        let unread = |status: &str| OktaUser {
            id: plan.subject.clone(),
            status: status.to_owned(),
            login: plan.user_name.clone(),
            email: None,
            name: name.clone(),
            department: None,
            ad_sourced: false,
        };
        Ok(match self.parts.readers.okta.user(&plan.subject).await {
            Ok(Some(user)) => user,
            Ok(None) => unread("NOT FOUND"),
            Err(_) => unread("UNREADABLE"),
        })
    }
}
