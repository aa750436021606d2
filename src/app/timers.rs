//! What falls due without anybody doing something: second looks, reminders, expiry.

use super::App;
use super::books::{Entry, TRIES};
use super::work::Failure;
use crate::domain::case::{Case, Closing, State};
use crate::domain::ids::CaseId;
use crate::domain::notice::PublicText;
use crate::domain::time::{HOUR, MINUTE, span};
use crate::ports::store::StoreError;
use serde_json::json;

impl App {
    /// Does what is due for a case. May run twice.
    pub(super) async fn due(&self, id: &CaseId) -> Result<(), Failure> {
        for _ in 0..TRIES {
            let Some(case) = self.load(id).await? else { return Ok(()) };
            if case.due().is_none_or(|due| due.at > self.now()) {
                return Ok(());
            }
            let done = match &case.state {
                State::Heard | State::Diagnosed | State::LookedUp { .. } => {
                    return self.look_again(id, "bot", None).await;
                }
                State::Proposed { .. } => self.remind_or_expire(case).await,
                State::Closed { .. } if case.checkpoint.is_none() => self.seal(case).await,
                State::Closed { .. } => self.remind_retry(case).await,
                State::Running { .. } | State::Verifying { .. } | State::NeedsHuman { .. } => {
                    self.alarm_exposed(case).await
                }
                State::NeedsInfo { .. }
                | State::Advised { .. }
                | State::Refused { .. }
                | State::Approved { .. }
                | State::NotOurs { .. }
                | State::Declined { .. }
                | State::Expired { .. }
                | State::Stale { .. }
                | State::RolledBack { .. }
                | State::Undone { .. } => return Ok(()),
            };
            match done {
                Err(Failure::Store(StoreError::Stale { .. })) => {}
                other => return other,
            }
        }
        Err(Failure::Contended)
    }

    async fn remind_or_expire(&self, case: Case) -> Result<(), Failure> {
        let now = self.now();
        let State::Proposed { look, proposal } = &case.state else { return Ok(()) };
        if now >= proposal.plan.not_after {
            let what = format!("Expired: nobody decided within {}", span(now.since(proposal.at)));
            let next = State::Expired { what, proposal: proposal.clone() };
            let case = case.clone().go(now, next)?;
            let change = self.change(&case, &Entry { actor: "bot", kind: "expired", payload: json!({}) })?;
            return Ok(self.parts.store.commit(change).await?);
        }
        let mut proposal = proposal.clone();
        proposal.reminded += 1;
        let left = span(proposal.plan.not_after.since(now));
        let text = PublicText::words(format!(
            "Reminder: {} waits for a decision ({} of {} votes), open for another {left}.",
            case.id,
            proposal.votes.len(),
            proposal.plan.votes
        ));
        let next = State::Proposed { look: look.clone(), proposal };
        let case = case.clone().go(now, next)?;
        let mut change = self.change(&case, &Entry { actor: "bot", kind: "reminded", payload: json!({}) })?;
        change.outbox.push(self.note(&case.surface, &case.place, text)?);
        Ok(self.parts.store.commit(change).await?)
    }

    /// Writes an audit checkpoint and puts its code on the closed card, so that a record cut short later shows (SAFETY E1).
    async fn seal(&self, mut case: Case) -> Result<(), Failure> {
        let now = self.now();
        let code = match self.parts.ledger.checkpoint(now).await? {
            Some(code) => code,
            // Nothing changed since the last one: that one covers the closing.
            None => self.parts.ledger.last_checkpoint().await?.unwrap_or_else(|| "none".to_owned()),
        };
        tracing::info!(case = %case.id, checkpoint = %code, "the case is closed and sealed");
        case.checkpoint = Some(code.clone());
        let next = case.state.clone();
        let case = case.go(now, next)?;
        let change =
            self.change(&case, &Entry { actor: "bot", kind: "sealed", payload: json!({ "checkpoint": code }) })?;
        Ok(self.parts.store.commit(change).await?)
    }

    /// A restored user's failed task stays in Okta until somebody presses Retry (SAFETY D2): look, remind once an hour, at
    /// most for a day.
    async fn remind_retry(&self, case: Case) -> Result<(), Failure> {
        let now = self.now();
        let State::Closed { how: Closing::Verified { proposal, run, findings, .. } } = &case.state else {
            return Ok(());
        };
        let plan = &proposal.plan;
        let row = self.parts.readers.okta.app_user(&plan.app, &plan.subject).await;
        let state = match row {
            Ok(row) => row.and_then(|row| row.sync_state),
            Err(_) => Some("ERROR".to_owned()),
        };
        let waits = state.as_deref() == Some("ERROR");
        let again = waits && now.since(case.created_at) < 24 * HOUR;
        let how = Closing::Verified {
            proposal: proposal.clone(),
            run: run.clone(),
            findings: findings.clone(),
            waiting_for_retry: again.then(|| now.plus(HOUR - MINUTE)),
        };
        let case = case.clone().go(now, State::Closed { how })?;
        let kind = if waits { "retry_reminded" } else { "retry_seen" };
        let mut change = self.change(&case, &Entry { actor: "bot", kind, payload: json!({ "sync_state": state }) })?;
        if waits {
            let text = format!(
                "{}: the user is back, but Okta still shows the failed task. Press Retry in Okta > Tasks.",
                case.id
            );
            change.outbox.push(self.note(&case.surface, &case.place, PublicText::words(text))?);
        }
        Ok(self.parts.store.commit(change).await?)
    }
}
