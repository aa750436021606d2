//! Undoing a finished repair (SAFETY D11): a case of its own, linked to the old one, with a plan that is voted on like any
//! other; when it is verified, the old case becomes undone.
//!
//! Never takes anything back by itself, and never where a side is not as the repair left it.

use super::App;
use super::books::Entry;
use super::propose::refusal_of;
use super::work::Failure;
use crate::domain::case::{Case, Closing, LookUp, State};
use crate::domain::ids::CaseId;
use crate::domain::inbound::Inbound;
use crate::domain::notice::PublicText;
use crate::domain::plan::{Goal, Plan};
use crate::plan;
use crate::policy::{self, Refusal};
use crate::ports::store::{Change, Stored};
use crate::saga::look::{self, Fixed, Keys, Lot};
use serde_json::json;

impl App {
    /// Proposes the way back of what a case did.
    pub(super) async fn undo(&self, inbound: &Inbound, inbox: i64, id: &CaseId) -> Result<(), Failure> {
        let Some(case) = self.load(id).await? else { return self.answer(inbound, inbox, Self::no_case(id)).await };
        let allowed = self.may_ask(inbound, &case).await.and_then(|_| policy::may_propose(self.parts.settings.mode));
        let frozen = self.switch().await.check();
        if let Err(refusal) = allowed.and(frozen) {
            return self.refuse(inbound, inbox, (id.as_str(), "undo"), &refusal).await;
        }
        let done = match &case.state {
            State::Closed { how: Closing::Verified { proposal, .. } } if proposal.plan.no_undo.is_none() => {
                proposal.plan.clone()
            }
            state => {
                let text = match state.proposal().and_then(|proposal| proposal.plan.no_undo.clone()) {
                    Some(why) => format!("{id}: {why}. Nothing was changed."),
                    None => format!("{id}: the bot changed nothing that could be undone. Nothing was changed."),
                };
                return self.answer(inbound, inbox, PublicText::words(text)).await;
            }
        };
        let key = case.subject.as_ref().map(crate::domain::case::Subject::key).unwrap_or_default();
        if let Some(open) = self.parts.store.open_case_about(&key).await? {
            let text = format!("The case {} about this person is open; it comes first. Nothing was changed.", open.id);
            return self.answer(inbound, inbox, PublicText::words(text)).await;
        }
        let Some(user) = self.subject_user(&case).await else {
            return Err(Failure::Unreadable(format!("the subject of {id} cannot be read in Okta")));
        };
        let facts = look::facts(&self.parts.readers, &undo_keys(&done, user)).await;
        let next = self.case_of_undo(&case, inbound, &facts);
        let ask = self.ask(&next).await?;
        if let Some(violation) = self.withheld_now(&next.diagnosis.class).await {
            let text = violation.fact.and(". Undo it when the vendor has closed it. Nothing was changed.");
            return self.refuse(inbound, inbox, (id.as_str(), "undo"), &Refusal { rule: "T24", text }).await;
        }
        match plan::undo(&done, &facts, &self.parts.settings, &ask) {
            Ok(plan) => {
                let mut change = self.put(next, inbound, (facts, plan))?;
                change.inbox_done = Some(inbox);
                self.commit_or_tell(inbound, inbox, change).await
            }
            Err(violations) => {
                self.refuse(inbound, inbox, (id.as_str(), "undo"), &refusal_of(&violations, "D11", "undo")).await
            }
        }
    }

    /// The new case: about the same person, asked for by whoever undoes.
    fn case_of_undo(&self, old: &Case, inbound: &Inbound, facts: &crate::domain::tenant::Facts) -> Case {
        let now = self.now();
        let look = LookUp {
            facts: facts.clone(),
            finding: PublicText::words(format!("The repair of {} is to be taken back.", old.id)),
            offers: Vec::new(),
            withheld: Vec::new(),
            confirm_at: None,
        };
        let id = CaseId::new(self.parts.fresh.id("c-", 6));
        Case {
            origin_key: format!("{}|undo|{}|{id}", old.surface, old.id),
            id,
            version: 0,
            created_at: now,
            updated_at: now,
            requester: inbound.actor.clone(),
            previous: Some(old.id.clone()),
            checkpoint: None,
            proposals: 0,
            state: State::LookedUp { look: Box::new(look) },
            ..old.clone()
        }
    }

    /// Adds to the change that closes an undo that the old case is undone.
    pub(super) async fn undone(&self, change: &mut Change, old: &CaseId, by: &CaseId) -> Stored<()> {
        let Some(old) = self.load(old).await? else { return Ok(()) };
        let Ok(old) = old.go(self.now(), State::Undone { by: by.clone() }) else { return Ok(()) };
        let more = self.change(&old, &Entry { actor: "bot", kind: "undone", payload: json!({ "by": by }) })?;
        change.cases.extend(more.cases);
        change.audit.extend(more.audit);
        change.outbox.extend(more.outbox);
        Ok(())
    }
}

/// What is read for an undo: the sides as the repair left them, and a name to park under although they are equal.
fn undo_keys(done: &Plan, user: crate::domain::tenant::OktaUser) -> Keys {
    let anchor = match &done.goal {
        Goal::Anchored { okta, .. } => okta.clone(),
        Goal::Linked { .. } | Goal::Restored { .. } | Goal::AsBefore => done.anchor.clone(),
    };
    let fixed = Fixed { anchor, parking: Lot::Search, ..Fixed::of(done) };
    Keys { app: done.app.clone(), user, fixed: Some(fixed), reported_at: None, missing_at: Vec::new() }
}
