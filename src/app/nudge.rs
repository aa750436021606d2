//! Telling the approvers, outside the channel, that a plan waits for their vote.
//!
//! Never says more than that: the plan stands on the card, where the channel's own limits hold. Never tells whoever reported
//! the case, asked for the fix, or is the one it is about. A nudge may be lost; it carries no state.

use super::App;
use crate::domain::actor::Actor;
use crate::domain::case::State;
use crate::domain::ids::CaseId;
use crate::domain::notice::PublicText;

impl App {
    /// Tells those who may vote on the open proposal of a case, where its surface can.
    pub(super) async fn nudge_approvers(&self, id: &CaseId) {
        let case = match self.load(id).await {
            Ok(Some(case)) => case,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(case = %id, %error, "the approvers were not told of a plan");
                return;
            }
        };
        let Some(surface) = self.surface(&case.surface).filter(|surface| surface.nudges()) else { return };
        let State::Proposed { proposal, .. } = &case.state else { return };
        let text = PublicText::foreign(&proposal.by.name)
            .and(format!(
                " asks for a vote on {id}: {}. Code {}, open until ",
                case.diagnosis.texts.title, proposal.code
            ))
            .and_time(proposal.plan.not_after)
            .and(". Read the plan on its card before you vote.");
        for actor in self.approvers_on(&case.surface).await {
            let okta = actor.standing.okta();
            // Who reported the case or asked for the fix has no vote (SAFETY A4).
            let same = |other: &Actor| okta == other.standing.okta() || actor.key == other.key;
            let asked = same(&proposal.by) || same(&case.requester);
            let subject = case.subject.as_ref().is_some_and(|subject| okta == Some(&subject.okta));
            if asked || subject {
                continue;
            }
            if let Err(error) = surface.nudge(&case.place, &actor, &text).await {
                tracing::warn!(case = %id, %error, "an approver was not told of a plan");
            }
        }
    }
}
