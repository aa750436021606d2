//! The card of a run that stopped after a write: how the person was left, why, and the ways on.
//!
//! Never offers a way that could not be planned: what was unassigned is not given back, and what is unknown is looked at first.

use super::build::plain;
use super::shown::shown;
use crate::domain::case::{Proposal, RunState};
use crate::domain::effect::Effect;
use crate::domain::inbound::Verb;
use crate::domain::notice::{Button, Card, Look, PublicText, Tone};
use crate::domain::settings::Sharing;

/// Fills in what a stop means for the person and what people can do now.
pub(super) fn show(
    card: &mut Card,
    sharing: Sharing,
    (proposal, run, done): (&Proposal, &RunState, usize),
    (left_as, why): (&str, &PublicText),
) {
    card.summary = summary((left_as, run.exposed.is_some()), why, sharing);
    card.facts.push(("Left as".to_owned(), PublicText::words(super::plain::state_words(left_as))));
    card.tone = Tone::Danger;
    card.buttons = way_on(proposal, done, left_as);
    if done == 0 {
        card.buttons.push(plain(Verb::NotAnError));
    }
}

fn summary((left_as, open): (&str, bool), why: &PublicText, sharing: Sharing) -> PublicText {
    PublicText::new()
        .and_strong("Stopped: a person must look now. ")
        .and(left_words(left_as))
        .and(if open { " The bot tries the repair again by itself, every few minutes and at every start." } else { "" })
        .and(" Why it stopped: ")
        .and_text(&shown(why, sharing))
}

/// How the person was left, and what that means for them.
fn left_words(left_as: &str) -> String {
    let words = match left_as {
        "unassigned" => {
            "The person is UNASSIGNED from the app: no sign-in to Microsoft 365 through Okta until the fix is finished."
        }
        "assigned_not_linked" => "The person is assigned, but Okta has not linked the account: sign-in may fail.",
        "assigned" => "The person is assigned.",
        "restored" => "The user is restored and live.",
        "parked" => {
            "The person is PARKED: their sign-in name is on the onmicrosoft.com domain, and they cannot sign in until it is back."
        }
        "paused" => "Deactivate Users is OFF for the whole app: leavers keep their accounts until it is on again.",
        "unassigned_paused" => {
            "The person is UNASSIGNED, and Deactivate Users is OFF for the whole app: leavers keep their accounts until it is on again."
        }
        "assigned_paused" | "assigned_not_linked_paused" => {
            "The person is assigned again, but Deactivate Users is OFF for the whole app: leavers keep their accounts until it is on again."
        }
        "as_before" => "What the run changes is as it was before it.",
        "anchor_set" => "Entra holds the anchor of the plan, and the sign-in name is where it was.",
        "okta_anchor_set" => "Okta holds the anchor of the plan.",
        "unchanged" => "Nothing was changed.",
        "unknown" => {
            "How the person stands is not known: somebody else changed what the run wrote, or a change cannot be told from one that failed. Look in both directories before anything else."
        }
        other => return format!("Left as: {}.", super::plain::state_words(other)),
    };
    words.to_owned()
}

/// What may be offered after a stop: going on where effects are left, and the way back where all that was done has one.
fn way_on(proposal: &Proposal, done: usize, left_as: &str) -> Vec<Button> {
    let plan = &proposal.plan;
    let mut buttons = Vec::new();
    // Parked or paused still: the bot repairs that first, and Look again has it try now; what is unknown is looked at first; an
    // anchor is taken back by a remedy of its own.
    if ["parked", "unknown"].contains(&left_as)
        || left_as.ends_with("paused")
        || plan.hop().is_some_and(|hop| done <= hop.back)
    {
        return vec![plain(Verb::LookAgain)];
    }
    if done > 0 && done < plan.steps.len() && left_as != "assigned_not_linked" {
        buttons.push(Button { look: Look::Primary, ..plain(Verb::GoOn) });
    }
    let switch =
        |effect: &Effect| matches!(effect, Effect::PauseProvisioning { .. } | Effect::ResumeProvisioning { .. });
    let mut changed = plan.effects().take(done).filter(|effect| !switch(effect)).peekable();
    if plan.hop().is_none() && changed.peek().is_some() && changed.all(|effect| effect.inverse().is_ok()) {
        buttons.push(plain(Verb::RollBack));
    }
    buttons.push(plain(Verb::LookAgain));
    buttons
}
