//! A plan as a diff, its warnings, its steps. Nothing here is ever cut (SAFETY B3).

use crate::domain::case::RunState;
use crate::domain::effect::{Check, Effect, Link};
use crate::domain::notice::{DiffRow, PublicText, StepLine};
use crate::domain::plan::Plan;
use crate::domain::settings::Sharing;

fn value(text: &str, sharing: Sharing) -> PublicText {
    match sharing {
        Sharing::Full => PublicText::foreign(text),
        Sharing::Minimal | Sharing::None => PublicText::words("(not shown in this channel)"),
    }
}

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
                row("Okta", "assignment", value(&format!("{} {}", saved.scope.text(), saved.status), sharing), none());
                let id = saved.external_id.as_ref().map_or_else(none, |id| value(id.as_str(), sharing));
                row("Okta", "externalId", id, none());
            }
            Effect::Assign { user_name, profile, .. } => {
                row("Okta", "assignment", none(), PublicText::words("USER"));
                row("Okta", "userName", none(), value(user_name, sharing));
                let names: Vec<&str> = profile.keys().map(String::as_str).collect();
                let sent = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
                row("Okta", "profile", none(), PublicText::words("saved values of: ").and_foreign(&sent));
                if let Some(Check::Linked { link, .. }) = &step.then {
                    let after = match link {
                        Link::Existing(id) => value(id.as_str(), sharing),
                        Link::New => PublicText::words("a new account"),
                    };
                    row("Okta", "externalId", none(), after);
                }
            }
            Effect::RestoreUser { object, upn } => {
                row("Entra", "object", PublicText::words("in deletedItems: ").and(""), value(object.as_str(), sharing));
                row(
                    "Entra",
                    "userPrincipalName",
                    PublicText::words("prefixed with the object id"),
                    value(upn, sharing),
                );
            }
        }
    }
    rows
}

/// What cannot be undone and what could be lost.
pub(super) fn warnings(plan: &Plan) -> Vec<PublicText> {
    let mut lines: Vec<PublicText> =
        plan.no_undo.iter().map(|why| PublicText::new().and_strong(capital(why))).collect();
    lines.extend(plan.warnings.iter().cloned());
    lines.push(PublicText::words(format!(
        "Blast radius: one person, one app; {} change(s) in Okta, {} in Entra.",
        plan.effects().filter(|effect| system(effect) == "Okta").count(),
        plan.effects().filter(|effect| system(effect) == "Entra").count(),
    )));
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

/// The question before an approval, at most 300 characters.
pub(super) fn confirm(plan: &Plan, sharing: Sharing) -> String {
    let who = match sharing {
        Sharing::Full => plan.user_name.as_str(),
        Sharing::Minimal | Sharing::None => "this person",
    };
    let labels: Vec<String> = plan.effects().map(|effect| effect.label().to_lowercase()).collect();
    let undo = plan.no_undo.as_deref().unwrap_or("can be undone");
    let text = format!("For {who}: {}. It {}.", labels.join(", then "), undo.trim_start_matches("it "));
    text.chars().take(300).collect()
}

/// The steps of a run.
pub(super) fn steps(plan: &Plan, run: &RunState) -> Vec<StepLine> {
    plan.steps
        .iter()
        .zip(&run.steps)
        .map(|(step, state)| StepLine {
            progress: state.progress,
            label: match &step.then {
                Some(check) => format!("{}, {}", step.effect.label(), check.label()),
                None => step.effect.label(),
            },
            note: state.note.clone(),
        })
        .collect()
}
