//! `/reanchor job`: the live state of an inbound job, for one person, or on the card of a case.
//!
//! Never changes a job. Begin with [`App::ask_job`].

use super::App;
use super::books::Entry;
use super::decide::already;
use super::work::Failure;
use crate::domain::actor::Right;
use crate::domain::ids::CaseId;
use crate::domain::inbound::Inbound;
use crate::domain::job::JobRef;
use crate::policy;
use crate::ports::store::{AuditRow, Change};
use serde_json::json;

impl App {
    /// Reads a job for somebody who may ask.
    pub(super) async fn ask_job(
        &self,
        inbound: &Inbound,
        inbox: i64,
        case: Option<&CaseId>,
        at: &JobRef,
    ) -> Result<(), Failure> {
        let actor = inbound.actor.audit_name(&inbound.surface);
        if let Some(id) = case {
            return self.job_of_case(inbound, inbox, id, at).await;
        }
        let policy = &self.parts.settings.policy;
        let allowed = match self.person(&inbound.actor, None).await {
            Err(refusal) => Err(refusal),
            Ok(person) => {
                policy::may(&person, Right::Ask, policy).or_else(|_| policy::may(&person, Right::Approve, policy))
            }
        };
        if let Err(refusal) = allowed {
            return self.refuse(inbound, inbox, ("bot", "job"), &refusal).await;
        }
        let text = crate::card::job_text(&self.job_facts(at).await);
        let change = Change {
            at: self.now(),
            audit: vec![AuditRow {
                chain: "bot".to_owned(),
                actor,
                kind: "job".to_owned(),
                payload: json!({ "job": at }).to_string(),
            }],
            inbox_done: Some(inbox),
            ..Change::default()
        };
        self.whisper(inbound, text).await;
        Ok(self.parts.store.commit(change).await?)
    }

    /// Puts a job on the card of a case, where the case may still be looked at.
    async fn job_of_case(&self, inbound: &Inbound, inbox: i64, id: &CaseId, at: &JobRef) -> Result<(), Failure> {
        let Some(mut case) = self.load(id).await? else { return self.answer(inbound, inbox, Self::no_case(id)).await };
        if let Err(refusal) = self.may_ask(inbound, &case).await {
            return self.refuse(inbound, inbox, (id.as_str(), "job"), &refusal).await;
        }
        let same = case.state.clone();
        if case.run().is_some() || !case.state.may_become(&same) {
            return self.answer(inbound, inbox, already(&case)).await;
        }
        case.beside.job = Some(at.clone());
        case.beside.job_facts = Some(Box::new(self.job_facts(at).await));
        let case = case.go(self.now(), same)?;
        let actor = inbound.actor.audit_name(&inbound.surface);
        let payload = json!({ "job": at });
        let mut change = self.change(&case, &Entry { actor: &actor, kind: "job", payload })?;
        change.inbox_done = Some(inbox);
        self.commit_or_tell(inbound, inbox, change).await
    }
}
