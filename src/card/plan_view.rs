//! A plan as a diff, its warnings, its steps. Nothing here is ever cut (SAFETY B3).

use super::shown::{shown, value};
use crate::domain::case::RunState;
use crate::domain::effect::{Check, Effect, Link};
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
        let mut row = |system: &str, field: &str, before: PublicText, after: PublicText| {
            rows.push(DiffRow {
                step: number,
                system: system.to_owned(),
                field: field.to_owned(),
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
                if let Some(Check::Linked { link, .. }) = &step.then {
                    let after = match link {
                        Link::Existing(id) => value(id.as_str(), sharing),
                        Link::New => PublicText::words("a new account"),
                    };
                    row("Okta", "externalId", none(), after);
                }
            }
            Effect::RestoreUser { object, upn } => {
                let live = PublicText::words("live: ").and_text(&value(object.as_str(), sharing));
                row("Entra", "object", PublicText::words("in deletedItems"), live);
                let prefixed = PublicText::words("prefixed with the object id");
                row("Entra", "userPrincipalName", prefixed, value(upn, sharing));
                if let Goal::Restored { enabled, .. } = &plan.goal {
                    let sign_in = match enabled {
                        Some(true) => "allowed",
                        Some(false) => "blocked, as before",
                        None => "as before",
                    };
                    row("Entra", "sign-in", PublicText::words("impossible"), PublicText::words(sign_in));
                }
            }
        }
    }
    rows
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
    lines.push(PublicText::words(format!(
        "Blast radius: one person, one app; {} change(s) written in Okta, {} in Entra.",
        plan.effects().filter(|effect| system(effect) == "Okta").count(),
        plan.effects().filter(|effect| system(effect) == "Entra").count(),
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

/// The directory that an effect writes to.
fn system(effect: &Effect) -> &'static str {
    match effect {
        Effect::ConvertAssignment { .. } | Effect::Unassign { .. } | Effect::Assign { .. } => "Okta",
        Effect::RestoreUser { .. } => "Entra",
    }
}

/// The question before an approval, at most 300 characters. It holds nothing from outside: surfaces show it as bare text,
/// and the values stand on the card behind it.
pub(super) fn confirm(plan: &Plan) -> String {
    let labels: Vec<String> = plan.effects().map(|effect| effect.label().to_lowercase()).collect();
    let undo = plan.no_undo.as_deref().unwrap_or("can be undone");
    let text = format!("This will {}. It {undo}.", labels.join(", then "));
    if text.chars().count() <= 300 {
        return text;
    }
    let number = plan.steps.len();
    format!("This will make the {number} changes on the card, in that order. Read there what cannot be undone.")
}

/// The steps of a run.
pub(super) fn steps(plan: &Plan, run: &RunState, sharing: Sharing) -> Vec<StepLine> {
    plan.steps
        .iter()
        .zip(&run.steps)
        .map(|(step, state)| StepLine {
            progress: state.progress,
            label: match &step.then {
                Some(check) => format!("{}, {}", step.effect.label(), check.label()),
                None => step.effect.label(),
            },
            note: shown(&state.note, sharing),
        })
        .collect()
}
