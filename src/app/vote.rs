//! Votes: approve, deny, withdraw. The last vote and the run row are one transaction.

use super::App;
use super::books::{Entry, TRIES};
use super::decide::already;
use super::work::Failure;
use crate::domain::case::{Case, Proposal, RunState, State, StepState, Vote};
use crate::domain::ids::{CaseId, RunId};
use crate::domain::inbound::Inbound;
use crate::domain::notice::{Progress, PublicText};
use crate::policy::approval::approve;
use crate::policy::{self, Person, Refusal};
use crate::ports::store::{Change, RunRow, SettingChange, StoreError, VoteRow};
use serde_json::json;

impl App {
    /// Counts a vote for a proposal; with the last one the run is granted.
    pub(super) async fn approve(
        &self,
        inbound: &Inbound,
        inbox: i64,
        id: &CaseId,
        number: Option<i64>,
    ) -> Result<(), Failure> {
        for _ in 0..TRIES {
            let Some(case) = self.load(id).await? else { return self.answer(inbound, inbox, Self::no_case(id)).await };
            let State::Proposed { proposal, .. } = &case.state else {
                return self.too_late(inbound, inbox, &case, number).await;
            };
            if number.is_some_and(|number| number != proposal.number) {
                return self.superseded(inbound, inbox, &case, proposal).await;
            }
            let person = match self.voter(inbound, &case, proposal).await {
                Ok(person) => person,
                Err(refusal) => return self.refuse(inbound, inbox, (id.as_str(), "approve"), &refusal).await,
            };
            let change = match self.voted(&case, proposal, inbound, &person).await? {
                Ok(change) => Change { inbox_done: Some(inbox), ..change },
                Err(refusal) => return self.refuse(inbound, inbox, (id.as_str(), "approve"), &refusal).await,
            };
            match self.parts.store.commit(change).await {
                Err(StoreError::Stale { .. } | StoreError::Duplicate { .. }) => {}
                Err(StoreError::ChainBroken { row }) => {
                    let refusal =
                        Refusal::new("E1", format!("the audit chain does not check at {row}. Nothing was changed."));
                    return self.answer(inbound, inbox, refusal.text).await;
                }
                other => return Ok(other?),
            }
        }
        Err(Failure::Contended)
    }

    async fn voter(&self, inbound: &Inbound, case: &Case, proposal: &Proposal) -> Result<Person, Refusal> {
        self.switch().await.check()?;
        let person = self.person(&inbound.actor, Some(&proposal.plan.app)).await?;
        policy::may_vote(&person, case, proposal, &self.parts.settings.policy, self.now())?;
        Ok(person)
    }

    /// The change that a vote makes: one vote more, or the grant of the run.
    async fn voted(
        &self,
        case: &Case,
        proposal: &Proposal,
        inbound: &Inbound,
        person: &Person,
    ) -> Result<Result<Change, Refusal>, Failure> {
        let now = self.now();
        let mut proposal = proposal.clone();
        proposal.votes.push(Vote { okta: person.okta.clone(), name: inbound.actor.name.clone(), at: now });
        let vote = VoteRow {
            case: case.id.clone(),
            number: proposal.number,
            voter: person.okta.as_str().to_owned(),
            digest: proposal.digest.as_hex().to_owned(),
            at: now,
        };
        let actor = inbound.actor.audit_name(&inbound.surface);
        let payload = json!({ "digest": proposal.digest, "number": proposal.number, "login": person.login });
        let entry = Entry { actor: &actor, kind: "vote", payload };
        if proposal.votes.len() < usize::from(proposal.plan.votes) {
            let State::Proposed { look, .. } = &case.state else { return Ok(Err(lost())) };
            let next = State::Proposed { look: look.clone(), proposal: Box::new(proposal) };
            let next = case.clone().go(now, next)?;
            let change = self.change(&next, &entry)?;
            return Ok(Ok(Change { vote: Some(vote), ..change }));
        }
        // The kill switch is read and judged here, and the commit fails if it moved in between.
        let stored = self.parts.store.setting(super::decide::FREEZE).await?;
        let grant = match approve(case, &proposal, self.parts.settings.mode, &self.switch().await, now) {
            Ok((_, grant)) => grant,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let run = RunRow {
            id: RunId::new(self.parts.fresh.id("r-", 10)),
            case: case.id.clone(),
            number: proposal.number,
            digest: proposal.digest.as_hex().to_owned(),
            grant: super::books::encode(&grant, "runs", case.id.as_str())?,
            at: now,
            ended: false,
        };
        let waiting = StepState { progress: Progress::Waiting, note: PublicText::new() };
        let state = RunState {
            id: run.id.clone(),
            granted_at: now,
            steps: vec![waiting; proposal.plan.steps.len()],
            exposed: None,
        };
        let next = case.clone().go(now, State::Approved { proposal: Box::new(proposal), run: state })?;
        let change = self.change(&next, &entry)?;
        let setting = SettingChange { key: super::decide::FREEZE.to_owned(), expect: stored.clone(), value: stored };
        Ok(Ok(Change { vote: Some(vote), run: Some(run), setting: Some(setting), ..change }))
    }

    async fn too_late(&self, inbound: &Inbound, inbox: i64, case: &Case, number: Option<i64>) -> Result<(), Failure> {
        let superseded = number.is_some_and(|number| number < case.proposals);
        let rule = if superseded { "B2" } else { "B3" };
        let text = if superseded { PublicText::words("that proposal was superseded. ") } else { PublicText::new() };
        let refusal = Refusal { rule, text: text.and_text(&already(case)) };
        self.refuse(inbound, inbox, (case.id.as_str(), "approve"), &refusal).await
    }

    async fn superseded(&self, inbound: &Inbound, inbox: i64, case: &Case, proposal: &Proposal) -> Result<(), Failure> {
        let refusal = Refusal::new(
            "B2",
            format!(
                "this proposal was superseded by another one with the code {}: a vote never moves to another plan. Nothing was changed.",
                proposal.code
            ),
        );
        self.refuse(inbound, inbox, (case.id.as_str(), "approve"), &refusal).await
    }

    /// Votes a proposal down: an approver (SAFETY B6).
    pub(super) async fn deny(
        &self,
        inbound: &Inbound,
        inbox: i64,
        id: &CaseId,
        (number, reason): (Option<i64>, Option<&str>),
    ) -> Result<(), Failure> {
        let Some(case) = self.load(id).await? else { return self.answer(inbound, inbox, Self::no_case(id)).await };
        let allowed = match self.person(&inbound.actor, None).await {
            Ok(person) => policy::may_deny(&person, &self.parts.settings.policy),
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = allowed {
            return self.refuse(inbound, inbox, (id.as_str(), "deny"), &refusal).await;
        }
        let State::Proposed { proposal, .. } = &case.state else {
            return self.answer(inbound, inbox, already(&case)).await;
        };
        if number.is_some_and(|number| number != proposal.number) {
            return self.superseded(inbound, inbox, &case, proposal).await;
        }
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
        self.decline(inbound, inbox, &case, (reason, "denied")).await
    }

    async fn decline(
        &self,
        inbound: &Inbound,
        inbox: i64,
        case: &Case,
        (reason, kind): (Option<String>, &str),
    ) -> Result<(), Failure> {
        let State::Proposed { proposal, .. } = &case.state else {
            return self.answer(inbound, inbox, already(case)).await;
        };
        let payload = json!({ "reason": reason, "digest": proposal.digest });
        let next = State::Declined { by: inbound.actor.name.clone(), reason, proposal: proposal.clone() };
        let next = case.clone().go(self.now(), next)?;
        let actor = inbound.actor.audit_name(&inbound.surface);
        let mut change = self.change(&next, &Entry { actor: &actor, kind, payload })?;
        change.inbox_done = Some(inbox);
        self.commit_or_tell(inbound, inbox, change).await
    }

    /// Takes back a vote (the voter) or the whole proposal (the requester) (SAFETY B6).
    pub(super) async fn withdraw(
        &self,
        inbound: &Inbound,
        inbox: i64,
        id: &CaseId,
        number: Option<i64>,
    ) -> Result<(), Failure> {
        let Some(case) = self.load(id).await? else { return self.answer(inbound, inbox, Self::no_case(id)).await };
        let State::Proposed { look, proposal } = &case.state else {
            return self.answer(inbound, inbox, already(&case)).await;
        };
        if number.is_some_and(|number| number != proposal.number) {
            return self.superseded(inbound, inbox, &case, proposal).await;
        }
        let same = |actor: &crate::domain::actor::Actor| match (actor.standing.okta(), inbound.actor.standing.okta()) {
            (Some(a), Some(b)) => a == b,
            (_, _) => actor.key == inbound.actor.key && case.surface == inbound.surface,
        };
        if same(&proposal.by) || same(&case.requester) {
            return self.decline(inbound, inbox, &case, (Some("withdrawn".to_owned()), "withdrawn")).await;
        }
        let Some(vote) = proposal.votes.iter().find(|vote| Some(&vote.okta) == inbound.actor.standing.okta()) else {
            let refusal = Refusal::new(
                "B6",
                "only a voter can take a vote back, and only the requester the proposal. Nothing was changed.",
            );
            return self.refuse(inbound, inbox, (id.as_str(), "withdraw"), &refusal).await;
        };
        let unvote = (case.id.clone(), proposal.number, vote.okta.as_str().to_owned());
        let mut proposal = proposal.clone();
        proposal.votes.retain(|other| other.okta.as_str() != unvote.2);
        let next = case.clone().go(self.now(), State::Proposed { look: look.clone(), proposal })?;
        let actor = inbound.actor.audit_name(&inbound.surface);
        let mut change = self.change(&next, &Entry { actor: &actor, kind: "vote_withdrawn", payload: json!({}) })?;
        change.unvote = Some(unvote);
        change.inbox_done = Some(inbox);
        self.commit_or_tell(inbound, inbox, change).await
    }
}

fn lost() -> Refusal {
    Refusal::new("B2", "the case is not proposed any more. Nothing was changed.")
}
