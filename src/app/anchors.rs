//! What the anchor remedies need beside the common way: a tenant that refuses the bot's permission is remembered, plans are
//! printed as steps for an administrator, and whoever is parked or paused too long is alarmed.
//!
//! Never changes a directory.

use super::App;
use super::books::{Entry, decode, encode};
use super::decide::already;
use super::work::Failure;
use crate::domain::actor::Right;
use crate::domain::case::{Case, Exposed, State};
use crate::domain::effect::{Effect, RefusalKind};
use crate::domain::ids::CaseId;
use crate::domain::inbound::Inbound;
use crate::domain::notice::PublicText;
use crate::domain::plan::Plan;
use crate::domain::settings::Sharing;
use crate::domain::time::{At, DAY, span};
use crate::policy;
use crate::ports::store::{SettingChange, Stored};
use crate::saga::journal::Event;
use serde_json::json;

/// How long a refusal is remembered; an administrator may have granted the permission since.
const REMEMBERED: i64 = 30 * DAY;

impl App {
    fn refused_key(&self) -> String {
        format!("anchor-write-refused:{}", self.parts.readers.tenant_id)
    }

    /// When this tenant refused the change of an anchor to the bot's permission, where that is not long ago (SAFETY D8).
    pub(super) async fn anchor_refused(&self) -> Stored<Option<At>> {
        let key = self.refused_key();
        let Some(text) = self.parts.store.setting(&key).await? else { return Ok(None) };
        let at: At = decode(&text, "settings", &key)?;
        Ok((self.now().since(at) < REMEMBERED).then_some(at))
    }

    /// The change that forgets such a refusal; nothing where none is remembered.
    pub(super) async fn forget_refusal(&self) -> Stored<Option<SettingChange>> {
        let key = self.refused_key();
        let expect = self.parts.store.setting(&key).await?;
        Ok(expect.is_some().then_some(SettingChange { key, expect, value: None }))
    }

    /// The change of the setting that remembers such a refusal.
    pub(super) async fn remember_refusal(&self) -> Stored<SettingChange> {
        let key = self.refused_key();
        let expect = self.parts.store.setting(&key).await?;
        let value = Some(encode(&self.now(), "settings", &key)?);
        Ok(SettingChange { key, expect, value })
    }

    /// Prints the plan of a case as steps that an administrator does by hand; only for the one who asks.
    pub(super) async fn manual(&self, inbound: &Inbound, inbox: i64, id: &CaseId) -> Result<(), Failure> {
        let Some(case) = self.load(id).await? else { return self.answer(inbound, inbox, Self::no_case(id)).await };
        let allowed = match self.person(&inbound.actor, None).await {
            Ok(person) => policy::may(&person, Right::Ask, &self.parts.settings.policy)
                .or_else(|_| policy::may(&person, Right::Approve, &self.parts.settings.policy)),
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = allowed {
            return self.refuse(inbound, inbox, (id.as_str(), "manual"), &refusal).await;
        }
        let by_hand = match &case.state {
            State::Advised { by_hand: Some(plan), .. } => Some(plan.as_ref()),
            state => state.proposal().map(|proposal| &proposal.plan),
        };
        let Some(plan) = by_hand else {
            let text = PublicText::words("There is no plan yet: press a remedy on the card first. ");
            return self.answer(inbound, inbox, text.and_text(&already(&case))).await;
        };
        let mut text = PublicText::words(format!("{id}, {} by hand:", plan.remedy));
        for line in crate::card::manual::steps(plan, Sharing::Full) {
            text = text.and(" ").and_text(&line);
        }
        self.answer(inbound, inbox, text).await
    }

    /// Whether a run that this process is at has somebody parked, or an app paused.
    pub async fn is_exposed(&self) -> bool {
        match self.exposed_at_work().await {
            Ok(exposed) => exposed,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "it could not be read whether somebody is parked"
                );
                false
            }
        }
    }

    async fn exposed_at_work(&self) -> Stored<bool> {
        for row in self.parts.store.open_runs().await?.into_iter().filter(|row| self.is_at_work(&row.id)) {
            let case = self.load(&row.case).await?;
            if case.as_ref().and_then(Case::run).is_some_and(|run| run.exposed.is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Raises the alarm for somebody who is parked, or an app that is paused, for too long; once.
    pub(super) async fn alarm_exposed(&self, mut case: Case) -> Result<(), Failure> {
        let now = self.now();
        let id = case.id.clone();
        let (State::Running { run, .. } | State::Verifying { run, .. } | State::NeedsHuman { run, .. }) =
            &mut case.state
        else {
            return Ok(());
        };
        let Some(exposure) = run.exposed.as_mut().filter(|exposure| exposure.due().is_some_and(|at| at <= now)) else {
            return Ok(());
        };
        exposure.alarmed = true;
        let (what, since) = (exposure.what, exposure.since);
        let (name, words) = match what {
            Exposed::Parked => ("parked", "the person is parked off their domain and cannot sign in"),
            Exposed::Paused => ("paused", "Deactivate Users is off for the whole app, so leavers keep their accounts"),
        };
        let lasts = span(now.since(since));
        tracing::error!(case = %id, run = %run.id, what = name, lasts, "ALARM: open for too long");
        let text = PublicText::words(format!("ALARM: {id}: {words}, for {lasts} already, since ")).and_time(since);
        let text = text.and(
            ". The bot repairs this first as soon as it can; if it does not end now, do it by hand: /reanchor manual ",
        );
        let text = text.and(format!("{id}."));
        let next = case.state.clone();
        let case = case.go(now, next)?;
        let payload = json!({ "what": name, "since": since });
        let mut change = self.change(&case, &Entry { actor: "bot", kind: "alarm", payload })?;
        change.outbox.push(self.note(&case.surface, &case.place, text)?);
        Ok(self.parts.store.commit(change).await?)
    }
}

/// How a write of an anchor was refused by this row, where it was.
pub(super) fn refused_anchor(plan: &Plan, event: &Event) -> Option<RefusalKind> {
    let Event::Refused { step, kind: Some(kind), .. } = event else { return None };
    let effect = plan.steps.get(*step).map(|step| &step.effect)?;
    matches!(effect, Effect::SetImmutableId { .. } | Effect::SetAppUserAnchor { .. }).then_some(*kind)
}
