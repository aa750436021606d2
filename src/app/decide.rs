//! Presses and commands: who asks, may they, and what follows. Every refusal names its rule, says that nothing was changed,
//! goes to the one person alone, and stands in the audit.
//!
//! Never takes authority from text: presses come with a [`VerifiedActor`], commands are signed interactions, and after a
//! mention only verbs that change nothing arrive here (SAFETY A1).

use super::App;
use super::books::Entry;
use super::work::Failure;
use crate::domain::actor::Right;
use crate::domain::case::{Case, State};
use crate::domain::diagnosis::Remedy;
use crate::domain::ids::CaseId;
use crate::domain::inbound::{Inbound, Verb};
use crate::domain::notice::PublicText;
use crate::policy::{self, Freeze, Refusal};
use crate::ports::store::{AuditRow, Change, SettingChange, StoreError};
use crate::ports::surface::VerifiedActor;
use crate::recognize::command::{self, Command};
use serde_json::json;

/// Name of the setting that holds the kill switch.
pub(super) const FREEZE: &str = "freeze";

/// A button that was pressed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Press<'a> {
    pub(super) verb: Verb,
    pub(super) case: &'a CaseId,
    pub(super) number: Option<i64>,
    pub(super) note: Option<&'a str>,
}

impl App {
    /// Works on a press.
    pub(super) async fn press(
        &self,
        inbound: &Inbound,
        inbox: i64,
        _proof: &VerifiedActor,
        press: Press<'_>,
    ) -> Result<(), Failure> {
        let before = match inbound.more.version {
            Some(shown) => self.load(press.case).await?.filter(|before| shown < before.version),
            None => None,
        };
        self.pressed(inbound, inbox, press).await?;
        match before {
            Some(before) => self.render_again(&before).await,
            None => Ok(()),
        }
    }

    /// A card that was older than its case when it was pressed, and that the press did not move, is shown again as the case
    /// is: the one that was seen may have missed an edit.
    async fn render_again(&self, before: &Case) -> Result<(), Failure> {
        let Some(case) = self.load(&before.id).await?.filter(|case| case.version == before.version) else {
            return Ok(());
        };
        let change =
            Change { at: self.now(), outbox: vec![super::books::card_row(&case, self.now())?], ..Change::default() };
        Ok(self.parts.store.commit(change).await?)
    }

    async fn pressed(&self, inbound: &Inbound, inbox: i64, press: Press<'_>) -> Result<(), Failure> {
        match press.verb {
            Verb::Restore => self.propose(inbound, inbox, press.case, Remedy::Restore).await,
            Verb::Reassign => self.propose(inbound, inbox, press.case, Remedy::Reassign).await,
            Verb::AlignAnchor => self.propose(inbound, inbox, press.case, Remedy::AlignOktaAnchor).await,
            Verb::SetImmutableId => self.propose(inbound, inbox, press.case, Remedy::SetImmutableId).await,
            Verb::Approve => self.approve(inbound, inbox, press.case, press.number).await,
            Verb::Deny => self.deny(inbound, inbox, press.case, (press.number, press.note)).await,
            Verb::Withdraw => self.withdraw(inbound, inbox, press.case, press.number).await,
            Verb::LookAgain => self.ask_look(inbound, inbox, press.case).await,
            Verb::GoOn => self.propose_rest(inbound, inbox, press.case, false).await,
            Verb::RollBack => self.propose_rest(inbound, inbox, press.case, true).await,
            Verb::Undo => self.undo(inbound, inbox, press.case).await,
            Verb::NotAnError => self.not_an_error(inbound, inbox, press.case).await,
        }
    }

    /// Works on a command that was typed: what it did shows on the card of its case, and where that stands elsewhere, who
    /// typed it is told it alone.
    pub(super) async fn typed(&self, inbound: &Inbound, inbox: i64, command: Command) -> Result<(), Failure> {
        let id = match &command {
            Command::Fix { case, .. } | Command::Subject { case, .. } => Some(case.clone()),
            Command::Approve { code } | Command::Deny { code, .. } | Command::Withdraw { code } => {
                self.by_code(code).await?.ok().map(|(case, _)| case)
            }
            // These answer by themselves, or open a case of their own.
            Command::Diagnose { .. }
            | Command::Help
            | Command::Lookup { .. }
            | Command::Job { .. }
            | Command::Status { .. }
            | Command::Undo { .. }
            | Command::Freeze { .. }
            | Command::Thaw { .. }
            | Command::Why { .. }
            | Command::Manual { .. }
            | Command::Link { .. } => None,
        };
        let before = match &id {
            Some(id) => self.load(id).await?,
            None => None,
        };
        self.command(inbound, inbox, command).await?;
        let Some(before) = before else { return Ok(()) };
        let after = self.load(&before.id).await?.filter(|after| after.version != before.version);
        let (place, typed) = (&before.place, &inbound.place);
        if let Some(after) = after
            && (place.channel != typed.channel || place.thread != typed.thread)
        {
            self.whisper(inbound, PublicText::words("Done: ").and_text(&status_line(&after))).await;
        }
        Ok(())
    }

    /// Works on a command other than `diagnose`.
    pub(super) async fn command(&self, inbound: &Inbound, inbox: i64, command: Command) -> Result<(), Failure> {
        match command {
            Command::Diagnose { text } => self.open(inbound, inbox, &text, true).await,
            Command::Help => self.answer(inbound, inbox, PublicText::words(command::help())).await,
            Command::Lookup { user } => self.lookup(inbound, inbox, &user).await,
            Command::Subject { case, login } => self.subject(inbound, inbox, &case, &login).await,
            Command::Job { case, at } => self.ask_job(inbound, inbox, case.as_ref(), &at).await,
            Command::Fix { case, remedy } => self.propose(inbound, inbox, &case, remedy).await,
            Command::Approve { code } => match self.by_code(&code).await? {
                Ok((case, number)) => self.approve(inbound, inbox, &case, Some(number)).await,
                Err(text) => self.answer(inbound, inbox, text).await,
            },
            Command::Deny { code, reason } => match self.by_code(&code).await? {
                Ok((case, number)) => self.deny(inbound, inbox, &case, (Some(number), reason.as_deref())).await,
                Err(text) => self.answer(inbound, inbox, text).await,
            },
            Command::Withdraw { code } => match self.by_code(&code).await? {
                Ok((case, number)) => self.withdraw(inbound, inbox, &case, Some(number)).await,
                Err(text) => self.answer(inbound, inbox, text).await,
            },
            Command::Status { case } => self.status(inbound, inbox, case.as_ref()).await,
            Command::Undo { case } => self.undo(inbound, inbox, &case).await,
            Command::Freeze { reason } => self.freeze(inbound, inbox, reason).await,
            Command::Thaw { reason } => self.thaw(inbound, inbox, &reason).await,
            Command::Why { case } => self.why(inbound, inbox, &case).await,
            Command::Manual { case } => self.manual(inbound, inbox, &case).await,
            Command::Link { .. } => {
                let text = "Linking by a one-time code is not in this release; the operator links accounts in the configuration.";
                self.answer(inbound, inbox, PublicText::words(text)).await
            }
        }
    }

    async fn by_code(&self, code: &str) -> Result<Result<(CaseId, i64), PublicText>, Failure> {
        Ok(match self.parts.store.proposal_by_code(&code.to_lowercase()).await? {
            Some(proposal) => Ok((proposal.case, proposal.number)),
            None => Err(PublicText::words("No proposal has the code ").and_foreign(code).and(". Nothing was changed.")),
        })
    }

    /// Answers a refusal and records it.
    pub(super) async fn refuse(
        &self,
        inbound: &Inbound,
        inbox: i64,
        (chain, what): (&str, &str),
        refusal: &Refusal,
    ) -> Result<(), Failure> {
        let text = refusal.text.spans().iter().fold(
            PublicText::words(format!("Refused ({}): ", refusal.rule)),
            |text, span| match span {
                crate::domain::notice::Span::Words(w) | crate::domain::notice::Span::Strong(w) => text.and(w.clone()),
                crate::domain::notice::Span::Foreign(value) => text.and_foreign(value),
                crate::domain::notice::Span::Time(at) => text.and_time(*at),
            },
        );
        let said = text.plain();
        let text = if said.contains("othing was changed") { text } else { text.and(". Nothing was changed.") };
        self.whisper(inbound, text).await;
        let change = Change {
            at: self.now(),
            audit: vec![AuditRow {
                chain: chain.to_owned(),
                actor: inbound.actor.audit_name(&inbound.surface),
                kind: "refused".to_owned(),
                payload: json!({ "what": what, "rule": refusal.rule }).to_string(),
            }],
            inbox_done: Some(inbox),
            ..Change::default()
        };
        Ok(self.parts.store.commit(change).await?)
    }

    /// Whether the person may ask for remedies of this case: an asker or approver who is not its subject.
    pub(super) async fn may_ask(&self, inbound: &Inbound, case: &Case) -> Result<policy::Person, Refusal> {
        let app = case.subject.as_ref().map(|subject| &subject.app);
        let person = self.person(&inbound.actor, app).await?;
        policy::may(&person, Right::Ask, &self.parts.settings.policy)?;
        if case.subject.as_ref().is_some_and(|subject| subject.okta == person.okta) {
            return Err(Refusal::new("A4", "the case is about your own account. Nothing was changed."));
        }
        Ok(person)
    }

    async fn ask_look(&self, inbound: &Inbound, inbox: i64, id: &CaseId) -> Result<(), Failure> {
        let Some(case) = self.load(id).await? else { return self.answer(inbound, inbox, Self::no_case(id)).await };
        if let Err(refusal) = self.may_ask(inbound, &case).await {
            return self.refuse(inbound, inbox, (id.as_str(), "look again"), &refusal).await;
        }
        if self.repairs_first(inbound, inbox, &case).await? {
            return Ok(());
        }
        if !matches!(
            case.state,
            State::LookedUp { .. }
                | State::Advised { .. }
                | State::Refused { .. }
                | State::Expired { .. }
                | State::Stale { .. }
                | State::NeedsHuman { .. }
        ) {
            return self.answer(inbound, inbox, already(&case)).await;
        }
        self.look_again(id, &inbound.actor.audit_name(&inbound.surface), Some(inbox)).await
    }

    async fn not_an_error(&self, inbound: &Inbound, inbox: i64, id: &CaseId) -> Result<(), Failure> {
        let Some(case) = self.load(id).await? else { return self.answer(inbound, inbox, Self::no_case(id)).await };
        let requester = case.requester.key == inbound.actor.key && case.surface == inbound.surface;
        if !requester {
            let allowed = match self.person(&inbound.actor, None).await {
                Ok(person) => policy::may(&person, Right::Approve, &self.parts.settings.policy),
                Err(refusal) => Err(refusal),
            };
            if let Err(refusal) = allowed {
                return self.refuse(inbound, inbox, (id.as_str(), "not an error"), &refusal).await;
            }
        }
        if self.repairs_first(inbound, inbox, &case).await? {
            return Ok(());
        }
        let next = State::NotOurs { by: inbound.actor.name.clone() };
        // A run that stopped after a write left somebody in between: that is not put aside.
        if matches!(&case.state, State::NeedsHuman { done, .. } if *done > 0) {
            return self.answer(inbound, inbox, already(&case)).await;
        }
        if !case.state.may_become(&next) {
            return self.answer(inbound, inbox, already(&case)).await;
        }
        let case = case.go(self.now(), next)?;
        let actor = inbound.actor.audit_name(&inbound.surface);
        let mut change = self.change(&case, &Entry { actor: &actor, kind: "not_ours", payload: json!({}) })?;
        change.inbox_done = Some(inbox);
        self.commit_or_tell(inbound, inbox, change).await
    }

    /// Commits; when somebody else was faster, says so.
    pub(super) async fn commit_or_tell(&self, inbound: &Inbound, inbox: i64, change: Change) -> Result<(), Failure> {
        match self.parts.store.commit(change).await {
            Err(StoreError::Stale { .. }) => {
                let text = PublicText::words(
                    "Somebody else changed the case in this moment. Nothing of yours was changed; look at the card.",
                );
                self.answer(inbound, inbox, text).await
            }
            Err(StoreError::ChainBroken { row }) => {
                let text = PublicText::words("The audit chain does not check at ")
                    .and_foreign(&row)
                    .and(", so nothing new may be decided. Nothing was changed. Tell the operator.");
                self.answer(inbound, inbox, text).await
            }
            other => Ok(other?),
        }
    }

    async fn subject(&self, inbound: &Inbound, inbox: i64, id: &CaseId, login: &str) -> Result<(), Failure> {
        let Some(case) = self.load(id).await? else { return self.answer(inbound, inbox, Self::no_case(id)).await };
        if let Err(refusal) = self.may_ask(inbound, &case).await {
            return self.refuse(inbound, inbox, (id.as_str(), "subject"), &refusal).await;
        }
        if !matches!(case.state, State::NeedsInfo { .. }) {
            return self.answer(inbound, inbox, already(&case)).await;
        }
        let subject = match self.who_is(login).await {
            super::look_up::Who::One { subject, .. } => subject,
            super::look_up::Who::Ask(text, candidates) => {
                let text = crate::card::with_candidates(text, &candidates).and("Nothing was changed.");
                return self.answer(inbound, inbox, text).await;
            }
            super::look_up::Who::Unreadable(why) => {
                let text =
                    PublicText::words("Okta could not be read: ").and_foreign(&why).and(". Nothing was changed.");
                return self.answer(inbound, inbox, text).await;
            }
        };
        if let Some(open) = self.parts.store.open_case_about(&subject.key()).await?.filter(|row| row.id != *id) {
            let text = PublicText::words(format!("The case {} about this person is open already.", open.id));
            return self.answer(inbound, inbox, text).await;
        }
        let mut case = case.go(self.now(), State::Diagnosed)?;
        case.subject = Some(subject);
        case.confirmed = true;
        let actor = inbound.actor.audit_name(&inbound.surface);
        let payload = json!({ "subject": case.subject });
        let mut change = self.change(&case, &Entry { actor: &actor, kind: "subject", payload })?;
        change.inbox_done = Some(inbox);
        self.commit_or_tell(inbound, inbox, change).await
    }

    async fn status(&self, inbound: &Inbound, inbox: i64, id: Option<&CaseId>) -> Result<(), Failure> {
        if let Some(id) = id {
            let text = self.load(id).await?.map_or_else(|| Self::no_case(id), |case| status_line(&case));
            return self.answer(inbound, inbox, text).await;
        }
        let rows = self.parts.store.cases(true, 20).await?;
        let mut text = PublicText::words(format!("{} open case(s).", rows.len()));
        for row in rows {
            text = text.and(format!(" {}: {}.", row.id, row.state.replace('_', " ")));
        }
        if let Err(refusal) = self.switch().await.check() {
            text = text.and(" ").and_text(&refusal.text);
        }
        if let Some(outlook) = self.outlook_text().await {
            text = text.and_text(&outlook);
        }
        self.answer(inbound, inbox, text).await
    }

    async fn why(&self, inbound: &Inbound, inbox: i64, id: &CaseId) -> Result<(), Failure> {
        let Some(case) = self.load(id).await? else { return self.answer(inbound, inbox, Self::no_case(id)).await };
        let policy = &self.parts.settings.policy;
        let groups = policy.approvers.iter().map(crate::domain::ids::GroupId::as_str).collect::<Vec<_>>().join(", ");
        let names: Vec<String> =
            self.approvers_on(&inbound.surface).await.into_iter().map(|actor| actor.name).collect();
        let mut text = PublicText::words(format!("Approvers are the members of the Okta group {groups}, here: "));
        text = text.and_foreign(&names.join(", ")).and(". ");
        let person = self.person(&inbound.actor, case.subject.as_ref().map(|subject| &subject.app)).await;
        let verdict = match (person, &case.state) {
            (Err(refusal), _) => Err(refusal),
            (Ok(person), State::Proposed { proposal, .. }) => {
                policy::may_vote(&person, &case, proposal, policy, self.now())
            }
            (Ok(person), _) => policy::may(&person, Right::Approve, policy),
        };
        let approver = verdict.is_ok();
        text = match verdict {
            Ok(()) => text.and("You may approve."),
            Err(refusal) => text.and(format!("You may not ({}): ", refusal.rule)).and_text(&refusal.text),
        };
        if let (true, State::Refused { why, .. }) = (approver, &case.state)
            && let Some(violation) = why.iter().find(|violation| violation.approvers_only)
        {
            text = text.and(" The refusal: ").and_text(&violation.fact);
        }
        self.answer(inbound, inbox, text).await
    }

    async fn lookup(&self, inbound: &Inbound, inbox: i64, user: &str) -> Result<(), Failure> {
        let person = match self.person(&inbound.actor, None).await {
            Ok(person) => person,
            Err(refusal) => return self.refuse(inbound, inbox, ("bot", "lookup"), &refusal).await,
        };
        let allowed = policy::may(&person, Right::Ask, &self.parts.settings.policy)
            .or_else(|_| policy::may(&person, Right::Approve, &self.parts.settings.policy));
        if let Err(refusal) = allowed {
            return self.refuse(inbound, inbox, ("bot", "lookup"), &refusal).await;
        }
        let text = match self.card_of(user).await {
            Ok(text) | Err(text) => text,
        };
        let change = Change {
            at: self.now(),
            audit: vec![AuditRow {
                chain: "bot".to_owned(),
                actor: inbound.actor.audit_name(&inbound.surface),
                kind: "lookup".to_owned(),
                payload: json!({ "user": user }).to_string(),
            }],
            inbox_done: Some(inbox),
            ..Change::default()
        };
        self.whisper(inbound, text).await;
        Ok(self.parts.store.commit(change).await?)
    }

    async fn freeze(&self, inbound: &Inbound, inbox: i64, reason: Option<String>) -> Result<(), Failure> {
        let allowed = match self.person(&inbound.actor, None).await {
            Err(refusal) => Err(refusal),
            Ok(person) => policy::may(&person, Right::Ask, &self.parts.settings.policy)
                .or_else(|_| policy::may(&person, Right::Approve, &self.parts.settings.policy)),
        };
        if let Err(refusal) = allowed {
            return self.refuse(inbound, inbox, ("bot", "freeze"), &refusal).await;
        }
        let current = self.parts.store.setting(FREEZE).await?;
        if current.is_some() {
            return self
                .answer(inbound, inbox, PublicText::words("The bot is frozen already. Nothing was changed."))
                .await;
        }
        let actor = inbound.actor.audit_name(&inbound.surface);
        let freeze =
            Freeze { by: actor.clone(), name: inbound.actor.name.clone(), at: self.now(), reason: reason.clone() };
        let value = super::books::encode(&freeze, "settings", FREEZE)?;
        let text = PublicText::words("Frozen by ")
            .and_foreign(&inbound.actor.name)
            .and(": no new run begins, open runs go to their nearest safe state. Diagnosis goes on.");
        self.set_switch(inbound, inbox, ("freeze", current, Some(value), reason), text).await
    }

    async fn thaw(&self, inbound: &Inbound, inbox: i64, reason: &str) -> Result<(), Failure> {
        let Some(current) = self.parts.store.setting(FREEZE).await? else {
            return self.answer(inbound, inbox, PublicText::words("The bot is not frozen. Nothing was changed.")).await;
        };
        let actor = inbound.actor.audit_name(&inbound.surface);
        let frozen_by = serde_json::from_str::<Freeze>(&current).map(|freeze| freeze.by).unwrap_or_default();
        let allowed = match self.person(&inbound.actor, None).await {
            Err(refusal) => Err(refusal),
            Ok(person) => policy::may(&person, Right::Operate, &self.parts.settings.policy),
        };
        let allowed = allowed.and_then(|()| {
            if frozen_by == actor {
                return Err(Refusal::new(
                    "A8",
                    "you froze the bot, so somebody else of the operators must thaw it. Nothing was changed.",
                ));
            }
            Ok(())
        });
        if let Err(refusal) = allowed {
            return self.refuse(inbound, inbox, ("bot", "thaw"), &refusal).await;
        }
        let text = PublicText::words("Thawed by ").and_foreign(&inbound.actor.name).and(": ").and_foreign(reason);
        self.set_switch(inbound, inbox, ("thaw", Some(current), None, Some(reason.to_owned())), text).await
    }

    async fn set_switch(
        &self,
        inbound: &Inbound,
        inbox: i64,
        (kind, expect, value, reason): (&str, Option<String>, Option<String>, Option<String>),
        text: PublicText,
    ) -> Result<(), Failure> {
        let change = Change {
            at: self.now(),
            audit: vec![AuditRow {
                chain: "bot".to_owned(),
                actor: inbound.actor.audit_name(&inbound.surface),
                kind: kind.to_owned(),
                payload: json!({ "reason": reason }).to_string(),
            }],
            outbox: vec![self.note_for(inbound, text)?],
            inbox_done: Some(inbox),
            setting: Some(SettingChange { key: FREEZE.to_owned(), expect, value }),
            ..Change::default()
        };
        self.commit_or_tell(inbound, inbox, change).await
    }
}

/// What a late press is told: the truth about the case.
pub(super) fn already(case: &Case) -> PublicText {
    PublicText::words("Nothing was changed: ").and_text(&status_line(case))
}

fn status_line(case: &Case) -> PublicText {
    let mut text = PublicText::words(format!("{} is {}", case.id, case.state.name().replace('_', " ")));
    if let Some(proposal) = case.state.proposal() {
        text = text.and(format!(", {} with the code {}", proposal.plan.remedy, proposal.code));
        for vote in &proposal.votes {
            text = text.and(", approved by ").and_foreign(&vote.name).and(" at ").and_time(vote.at);
        }
    }
    text.and(".")
}
