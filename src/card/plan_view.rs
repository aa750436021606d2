//! A plan as a diff, its warnings, its steps. Nothing here is ever cut (SAFETY B3).

use super::shown::{shown, value};
use crate::domain::case::RunState;
use crate::domain::effect::{Check, Effect, Link, Step, When};
use crate::domain::notice::{DiffRow, PublicText, StepLine};
use crate::domain::plan::{Goal, Plan};
use crate::domain::settings::Sharing;
use serde_json::Value;

fn none() -> PublicText {
    PublicText::words("none")
}

/// Every field before and after, in the order of the steps.
pub(super) fn diff(plan: &Plan, sharing: Sharing) -> Vec<DiffRow> {
    let mut rows = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let reversible = step.effect.inverse().is_ok();
        let only = match step.when {
            When::Always => String::new(),
            When::IfRefused { effect, .. } => format!(" (only if step {} is refused in place)", effect + 1),
        };
        let mut row = |system: &str, field: &str, before: PublicText, after: PublicText| {
            rows.push(DiffRow {
                step: number,
                system: system.to_owned(),
                field: format!("{field}{only}"),
                before,
                after,
                reversible,
            });
        };
        match &step.effect {
            Effect::ConvertAssignment { from, to, .. } => {
                row("Okta", "scope", PublicText::words(from.text()), PublicText::words(to.text()));
            }
            Effect::Unassign { saved, .. } => {
                let before = PublicText::words(saved.scope.text()).and(", ").and_foreign(&saved.status);
                row("Okta", "assignment", before, none());
                let id = saved.external_id.as_ref().map_or_else(none, |id| value(id.as_str(), sharing));
                row("Okta", "externalId", id, none());
            }
            Effect::Assign { user_name, profile, .. } => {
                row("Okta", "assignment", none(), PublicText::words("USER"));
                row("Okta", "userName", none(), value(user_name, sharing));
                for (name, sent) in profile {
                    let after = PublicText::foreign(name).and(" = ").and_text(&value(&text_of(sent), sharing));
                    row("Okta", "profile", none(), after);
                }
                if let Some(after) = linked(step, sharing) {
                    row("Okta", "externalId", none(), after);
                }
            }
            Effect::SetAppUserAnchor { .. }
            | Effect::SetUpn { .. }
            | Effect::SetImmutableId { .. }
            | Effect::PauseProvisioning { .. }
            | Effect::ResumeProvisioning { .. } => {
                if let Some((field, [before, after])) = one_field(&step.effect, sharing) {
                    row(if step.effect.in_okta() { "Okta" } else { "Entra" }, &field, before, after);
                }
            }
            Effect::RestoreUser { object, upn } => {
                let live = PublicText::words("live: ").and_text(&value(object.as_str(), sharing));
                row("Entra", "object", PublicText::words("in deletedItems"), live);
                let prefixed = PublicText::words("prefixed with the object id");
                row("Entra", "userPrincipalName", prefixed, value(upn, sharing));
                if let Some(sign_in) = sign_in(&plan.goal) {
                    row("Entra", "sign-in", PublicText::words("impossible"), PublicText::words(sign_in));
                }
            }
        }
    }
    rows
}

/// The one field that an effect changes, before and after, where it is one.
fn one_field(effect: &Effect, sharing: Sharing) -> Option<(String, [PublicText; 2])> {
    let switch = || "Deactivate Users (whole app)".to_owned();
    Some(match effect {
        Effect::SetAppUserAnchor { attribute, from, to, .. } => {
            (format!("profile.{attribute}"), [from, to].map(|text| anchor(text.as_deref(), sharing)))
        }
        Effect::SetUpn { from, to, .. } => {
            ("userPrincipalName".to_owned(), [from, to].map(|text| value(text, sharing)))
        }
        Effect::SetImmutableId { from, to, .. } => {
            ("onPremisesImmutableId".to_owned(), [anchor(from.as_deref(), sharing), value(to, sharing)])
        }
        Effect::PauseProvisioning { .. } => (switch(), ["on", "off"].map(PublicText::words)),
        Effect::ResumeProvisioning { .. } => (switch(), ["off", "on, as before"].map(PublicText::words)),
        Effect::ConvertAssignment { .. }
        | Effect::Unassign { .. }
        | Effect::Assign { .. }
        | Effect::RestoreUser { .. } => return None,
    })
}

/// The account that an assignment must link to.
fn linked(step: &Step, sharing: Sharing) -> Option<PublicText> {
    let Some(Check::Linked { link, .. }) = &step.then else { return None };
    Some(match link {
        Link::Existing(id) => value(id.as_str(), sharing),
        Link::New => PublicText::words("a new account"),
    })
}

/// What a restored user may do.
fn sign_in(goal: &Goal) -> Option<&'static str> {
    let Goal::Restored { enabled, .. } = goal else { return None };
    Some(match enabled {
        Some(true) => "allowed",
        Some(false) => "blocked, as before",
        None => "as before",
    })
}

fn anchor(text: Option<&str>, sharing: Sharing) -> PublicText {
    text.map_or_else(none, |text| value(text, sharing))
}

/// A profile value as people read it: text as it is, anything else as JSON.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What cannot be undone and what could be lost.
pub(super) fn warnings(plan: &Plan, sharing: Sharing) -> Vec<PublicText> {
    let mut lines: Vec<PublicText> =
        plan.no_undo.iter().map(|why| PublicText::new().and_strong(capital(why))).collect();
    lines.extend(plan.warnings.iter().map(|line| shown(line, sharing)));
    let (okta, entra): (Vec<_>, Vec<_>) = plan.effects().partition(|effect| effect.in_okta());
    let most = if plan.steps.iter().any(|step| step.when != When::Always) { "at most " } else { "" };
    let whom =
        if plan.pause().is_some() { "one person, and one switch of the whole app" } else { "one person, one app" };
    lines.push(PublicText::words(format!(
        "Blast radius: {whom}; {most}{} change(s) written in Okta, {most}{} in Entra.",
        okta.len(),
        entra.len(),
    )));
    if sharing != Sharing::Full {
        lines.push(PublicText::words(
            "This channel is not shown the values: before you vote, read them with /reanchor lookup <login>.",
        ));
    }
    lines
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect::<String>() + ".")
}

/// The question before an approval, at most 300 characters. It holds nothing from outside: surfaces show it as bare text,
/// and the values stand on the card behind it.
pub(super) fn confirm(plan: &Plan) -> String {
    let always = plan.steps.iter().filter(|step| step.when == When::Always);
    let labels: Vec<String> = always.map(|step| lowered(&step.effect.label())).collect();
    let branch = if plan.hop().is_some() {
        " If that is refused for the federated domain, the sign-in name goes to the onmicrosoft.com domain and back."
    } else {
        ""
    };
    let undo = plan.no_undo.as_deref().unwrap_or("can be undone");
    let text = format!("This will {}.{branch} It {undo}.", labels.join(", then "));
    if text.chars().count() <= 300 {
        return text;
    }
    let number = plan.steps.len();
    format!("This will make the {number} changes on the card, in that order. Read there what cannot be undone.")
}

/// A label in the middle of a sentence: its first letter is small, names keep theirs.
fn lowered(label: &str) -> String {
    let mut chars = label.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// The steps of a run.
pub(super) fn steps(plan: &Plan, run: &RunState, sharing: Sharing) -> Vec<StepLine> {
    plan.steps
        .iter()
        .zip(&run.steps)
        .map(|(step, state)| StepLine {
            progress: state.progress,
            label: label(step),
            note: shown(&state.note, sharing),
        })
        .collect()
}

fn label(step: &Step) -> String {
    let what = match &step.effect {
        Effect::SetImmutableId { .. } if step.when == When::Always => {
            "Write the anchor to the Entra user in place".to_owned()
        }
        Effect::SetImmutableId { .. }
        | Effect::ConvertAssignment { .. }
        | Effect::Unassign { .. }
        | Effect::Assign { .. }
        | Effect::RestoreUser { .. }
        | Effect::SetAppUserAnchor { .. }
        | Effect::SetUpn { .. }
        | Effect::PauseProvisioning { .. }
        | Effect::ResumeProvisioning { .. } => step.effect.label(),
    };
    match &step.then {
        Some(check) => format!("{what}, {}", check.label()),
        None => what,
    }
}
