//! Proposing: read both sides again, plan, and put the plan to the vote.

use super::App;
use super::books::{Entry, TRIES, encode};
use super::decide::already;
use super::signals::Freshness;
use super::work::Failure;
use crate::domain::case::{Case, LookUp, Proposal, State};
use crate::domain::diagnosis::Remedy;
use crate::domain::guard::{Outcome, Violation};
use crate::domain::ids::CaseId;
use crate::domain::inbound::Inbound;
use crate::domain::notice::PublicText;
use crate::domain::plan::Plan;
use crate::domain::tenant::{Facts, OktaUser};
use crate::plan::{self, Planned};
use crate::policy::{self, Refusal};
use crate::ports::store::{Change, ProposalRow, StoreError};
use crate::saga::look::{self, Fixed, Keys};
use serde_json::json;

impl App {
    /// Proposes a remedy for a case that was looked up.
    pub(super) async fn propose(
        &self,
        inbound: &Inbound,
        inbox: i64,
        id: &CaseId,
        remedy: Remedy,
    ) -> Result<(), Failure> {
        let Some(case) = self.load(id).await? else { return self.answer(inbound, inbox, Self::no_case(id)).await };
        let allowed = self.may_ask(inbound, &case).await.and_then(|_| policy::may_propose(self.parts.settings.mode));
        let frozen = self.switch().await.check();
        if let Err(refusal) = allowed.and(frozen) {
            return self.refuse(inbound, inbox, (id.as_str(), remedy.as_str()), &refusal).await;
        }
        for _ in 0..TRIES {
            let Some(case) = self.load(id).await? else { return self.answer(inbound, inbox, Self::no_case(id)).await };
            let offered = case.state.look().is_some_and(|look| look.offers.iter().any(|offer| offer.remedy == remedy));
            let State::LookedUp { .. } = &case.state else { return self.answer(inbound, inbox, already(&case)).await };
            if !offered {
                let text = format!("{remedy} is not offered for {id}: the card says why. Nothing was changed.");
                return self.answer(inbound, inbox, PublicText::words(text)).await;
            }
            let change = self.planned(case, inbound, inbox, remedy).await?;
            match self.parts.store.commit(change).await {
                Err(StoreError::Stale { .. }) => {}
                Err(StoreError::ChainBroken { row }) => return self.chain_broken(inbound, inbox, &row).await,
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    self.nudge_approvers(id).await;
                    return Ok(());
                }
            }
        }
        Err(Failure::Contended)
    }

    async fn chain_broken(&self, inbound: &Inbound, inbox: i64, row: &str) -> Result<(), Failure> {
        let text = PublicText::words("The audit chain does not check at ")
            .and_foreign(row)
            .and(", so nothing new may be decided. Nothing was changed. Tell the operator.");
        self.answer(inbound, inbox, text).await
    }

    /// Fresh facts, fresh plan: either a proposal, or the case as these facts leave it.
    async fn planned(&self, mut case: Case, inbound: &Inbound, inbox: i64, remedy: Remedy) -> Result<Change, Failure> {
        let actor = inbound.actor.audit_name(&inbound.surface);
        let Some(user) = self.subject_user(&case).await else {
            return Err(Failure::Unreadable(format!("the subject of {} cannot be read in Okta", case.id)));
        };
        let facts = self.facts(&case, user).await;
        let ask = self.ask(&case).await?;
        case.beside.outlook = self.outlook(Freshness::Now).await.about(&case.diagnosis.class);
        let planned = match plan::plan(remedy, &facts, &self.settings(), &ask) {
            Ok(_) if case.beside.incident_open() => {
                Err(Self::held_back(&case, std::iter::once(remedy)).into_iter().map(|held| held.why).collect())
            }
            planned => planned,
        };
        match planned {
            Ok(plan) => {
                let mut change = self.put(case, inbound, (facts, plan))?;
                change.inbox_done = Some(inbox);
                Ok(change)
            }
            Err(violations) => {
                let next = self.settled(case, facts).await?;
                let rules: Vec<&str> = violations.iter().map(|violation| violation.rule.as_str()).collect();
                let payload = json!({ "remedy": remedy, "rules": rules });
                let mut change = self.change(&next, &Entry { actor: &actor, kind: "not_proposed", payload })?;
                change.inbox_done = Some(inbox);
                Ok(change)
            }
        }
    }

    pub(super) async fn subject_user(&self, case: &Case) -> Option<OktaUser> {
        let subject = case.subject.as_ref()?;
        match self.parts.readers.okta.user(&subject.okta).await {
            Ok(user) => user,
            Err(error) => {
                tracing::warn!(case = %case.id, %error, "the subject could not be read");
                None
            }
        }
    }

    /// The change that puts a plan to the vote.
    pub(super) fn put(
        &self,
        mut case: Case,
        inbound: &Inbound,
        (facts, plan): (Facts, Plan),
    ) -> Result<Change, Failure> {
        let actor = &inbound.actor.audit_name(&inbound.surface);
        let now = self.now();
        let digest = plan.digest();
        let code = plan.code();
        case.proposals = plan.number;
        case.missing_at.clone_from(&facts.entra.missing_at);
        let finding = case.state.look().map_or_else(PublicText::new, |look| look.finding.clone());
        let look = LookUp { facts, finding, offers: Vec::new(), withheld: Vec::new(), confirm_at: None };
        let row = ProposalRow {
            case: case.id.clone(),
            number: plan.number,
            digest: digest.as_hex().to_owned(),
            code: code.clone(),
            plan: encode(&plan, "plans", digest.as_hex())?,
            at: now,
        };
        let payload =
            json!({ "remedy": plan.remedy, "direction": plan.direction, "digest": digest, "code": code, "plan": plan });
        let proposal = Proposal {
            number: plan.number,
            digest,
            code,
            by: inbound.actor.clone(),
            at: now,
            votes: Vec::new(),
            reminded: 0,
            plan,
        };
        let case = case.go(now, State::Proposed { look: Box::new(look), proposal: Box::new(proposal) })?;
        let mut change = self.change(&case, &Entry { actor, kind: "proposed", payload })?;
        change.proposal = Some(row);
        Ok(change)
    }

    /// Proposes what is left of a stopped run, or the way back of what it did (SAFETY D9): a new plan, a new vote.
    pub(super) async fn propose_rest(
        &self,
        inbound: &Inbound,
        inbox: i64,
        id: &CaseId,
        back: bool,
    ) -> Result<(), Failure> {
        let Some(case) = self.load(id).await? else { return self.answer(inbound, inbox, Self::no_case(id)).await };
        let what = if back { "roll back" } else { "go on" };
        let allowed = self.may_ask(inbound, &case).await.and_then(|_| policy::may_propose(self.parts.settings.mode));
        let frozen = self.switch().await.check();
        if let Err(refusal) = allowed.and(frozen) {
            return self.refuse(inbound, inbox, (id.as_str(), what), &refusal).await;
        }
        if self.repairs_first(inbound, inbox, &case).await? {
            return Ok(());
        }
        let State::NeedsHuman { proposal, done, .. } = &case.state else {
            return self.answer(inbound, inbox, already(&case)).await;
        };
        let (stopped, done) = (proposal.plan.clone(), *done);
        let Some(user) = self.subject_user(&case).await else {
            return Err(Failure::Unreadable(format!("the subject of {id} cannot be read in Okta")));
        };
        let facts = look::facts(&self.parts.readers, &keys(&case, &stopped, user)).await;
        let ask = self.ask(&case).await?;
        let planned: Planned = if back {
            plan::roll_back(&stopped, done, &facts, &self.settings(), &ask)
        } else {
            plan::go_on(&stopped, done, &facts, &self.settings(), &ask)
        };
        match planned {
            Ok(plan) => {
                let mut change = self.put(case, inbound, (facts, plan))?;
                change.inbox_done = Some(inbox);
                self.commit_or_tell(inbound, inbox, change).await?;
                self.nudge_approvers(id).await;
                Ok(())
            }
            Err(violations) => {
                let refusal = refusal_of(&violations, "D9", what);
                self.refuse(inbound, inbox, (id.as_str(), what), &refusal).await
            }
        }
    }

    /// A look-up for one person, as text (`/reanchor lookup`).
    pub(super) async fn card_of(&self, address: &str) -> Result<PublicText, PublicText> {
        self.facts_of(address).await.map(|facts| crate::card::look_up_text(&facts))
    }

    /// Both sides of the one person with this address, or what to say instead.
    pub(super) async fn facts_of(&self, address: &str) -> Result<Facts, PublicText> {
        use super::look_up::Who;
        let (subject, user) = match self.who_is(address).await {
            Who::One { subject, user, .. } => (subject, *user),
            Who::Ask(text, candidates) => return Err(crate::card::with_candidates(text, &candidates)),
            Who::Unreadable(why) => return Err(PublicText::words("Okta could not be read: ").and_foreign(&why)),
        };
        let keys = Keys { app: subject.app, user, fixed: None, reported_at: None, missing_at: Vec::new() };
        Ok(look::facts(&self.parts.readers, &keys).await)
    }
}

/// What to read while a plan's own effects have taken the assignment away.
pub(super) fn keys(case: &Case, plan: &Plan, user: OktaUser) -> Keys {
    Keys {
        app: plan.app.clone(),
        user,
        fixed: Some(Fixed::of(plan)),
        reported_at: None,
        missing_at: case.missing_at.clone(),
    }
}

/// What to tell the one who asked for `what` under `rule`, when there is no plan for it.
pub(super) fn refusal_of(violations: &[Violation], rule: &'static str, what: &str) -> Refusal {
    let Some(first) = violations.iter().max_by_key(|violation| violation.outcome) else {
        return Refusal::new(rule, format!("{what} is not possible. Nothing was changed."));
    };
    let fact = if first.approvers_only { PublicText::words("the account is protected") } else { first.fact.clone() };
    let doing = if first.outcome == Outcome::Wait { "wait" } else { first.how_to_change.as_str() };
    let text = fact.and(format!(". To change that: {doing}. Nothing was changed."));
    Refusal { rule, text }
}
