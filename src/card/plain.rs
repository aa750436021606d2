//! A card as plain text: everything on it, in reading order, without markup, for programs, logs of a shell and screen readers.
//!
//! Never cuts anything: a long plan gives a long text (SAFETY B3). Never adds a line break inside a value from outside.
//!
//! Begin with [`text`].

use crate::domain::notice::{Card, DiffRow, Progress, PublicText, SideRow, StepLine};

/// What stands for a value that is not there.
pub const NOTHING: &str = "(none)";

/// What every surface says of a step that the bot cannot take back.
pub const IRREVERSIBLE: &str = "cannot be undone";

/// What every surface says of a step that it can.
pub const REVERSIBLE: &str = "can be undone";

/// The whole card: title, state and case, summary, facts, both sides, plan, warnings, steps, sections, buttons, small print.
pub fn text(card: &Card) -> String {
    let mut out = vec![card.title.clone()];
    let state = card.state.as_deref().map(state_words);
    match (state, card.case.as_ref()) {
        (Some(state), Some(case)) => out.push(format!("{case}: {state}")),
        (Some(state), None) => out.push(state),
        (None, Some(case)) => out.push(case.to_string()),
        (None, None) => {}
    }
    if !card.summary.is_empty() {
        out.push(card.summary.plain());
    }
    out.extend(card.facts.iter().map(|(label, value)| format!("{label}: {}", value.plain())));
    part(&mut out, "Okta and Entra", card.sides.iter().map(side));
    part(&mut out, "Plan", card.diff.iter().map(diff));
    part(&mut out, "Warnings", card.warnings.iter().map(|warning| format!("! {}", warning.plain())));
    part(&mut out, "Steps", card.steps.iter().map(step));
    for section in &card.sections {
        part(&mut out, &section.title, section.lines.iter().map(PublicText::plain));
    }
    if !card.buttons.is_empty() {
        let labels: Vec<_> = card.buttons.iter().map(|button| button.verb.label()).collect();
        out.push(format!("Buttons: {}", labels.join(", ")));
    }
    out.extend(card.context.iter().map(PublicText::plain));
    out.join("\n")
}

/// `looked_up` as people read it: `looked up`.
pub fn state_words(state: &str) -> String {
    state.replace('_', " ")
}

/// The mark of a step.
pub fn mark(progress: Progress) -> &'static str {
    match progress {
        Progress::Waiting => "·",
        Progress::Running => "…",
        Progress::Done => "✓",
        Progress::Skipped => "–",
        Progress::Stopped => "✗",
    }
}

fn part(out: &mut Vec<String>, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        out.push(format!("{title}:"));
        out.extend(lines.map(|line| format!("  {line}")));
    }
}

fn or_nothing(text: String) -> String {
    if text.is_empty() { NOTHING.to_owned() } else { text }
}

fn side(row: &SideRow) -> String {
    let differs = if row.differs { " (they differ)" } else { "" };
    format!("{}: Okta {}, Entra {}{differs}", row.label, or_nothing(row.okta.plain()), or_nothing(row.entra.plain()))
}

fn diff(row: &DiffRow) -> String {
    let (before, after) = (or_nothing(row.before.plain()), or_nothing(row.after.plain()));
    let undo = if row.reversible { REVERSIBLE } else { IRREVERSIBLE };
    format!("{}. {} {}: {before} -> {after} ({undo})", row.step, row.system, row.field)
}

fn step(line: &StepLine) -> String {
    let note = line.note.plain();
    let note = if note.is_empty() { note } else { format!(": {note}") };
    format!("{} {}{note}", mark(line.progress), line.label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::CaseId;
    use crate::domain::inbound::{Place, Verb};
    use crate::domain::notice::{Button, Look, Section, Tone};

    fn full() -> Card {
        Card {
            case: Some(CaseId::new("c-7k2m9q")),
            place: Place { channel: "#c".to_owned(), thread: "t".to_owned(), message: "t".to_owned() },
            state: Some("looked_up".to_owned()),
            version: 3,
            tone: Tone::Warn,
            title: "The title".to_owned(),
            summary: PublicText::words("The summary."),
            facts: vec![("Code".to_owned(), PublicText::foreign("k7m2q9x4tz"))],
            sides: vec![SideRow {
                label: "Anchor".to_owned(),
                okta: PublicText::foreign("abc="),
                entra: PublicText::new(),
                differs: true,
            }],
            diff: vec![DiffRow {
                step: 1,
                system: "Okta".to_owned(),
                field: "externalId".to_owned(),
                before: PublicText::foreign("9dfb"),
                after: PublicText::new(),
                reversible: false,
            }],
            warnings: vec![PublicText::words("Mail is gone.")],
            steps: vec![
                StepLine {
                    progress: Progress::Done,
                    label: "Unassign".to_owned(),
                    note: PublicText::words("read back"),
                },
                StepLine { progress: Progress::Stopped, label: "Assign".to_owned(), note: PublicText::new() },
            ],
            sections: vec![Section {
                title: "What to do".to_owned(),
                lines: vec![PublicText::words("Call somebody.")],
            }],
            buttons: vec![
                Button { verb: Verb::Approve, number: Some(1), look: Look::Primary, confirm: None, asks_reason: false },
                Button { verb: Verb::Deny, number: Some(1), look: Look::Danger, confirm: None, asks_reason: true },
            ],
            context: vec![PublicText::words("asked by anna")],
        }
    }

    #[test]
    fn everything_on_the_card_is_in_the_text() {
        let expected = "The title\nc-7k2m9q: looked up\nThe summary.\nCode: k7m2q9x4tz\nOkta and Entra:\n  \
                        Anchor: Okta abc=, Entra (none) (they differ)\nPlan:\n  1. Okta externalId: 9dfb -> (none) (cannot be undone)\n\
                        Warnings:\n  ! Mail is gone.\nSteps:\n  ✓ Unassign: read back\n  ✗ Assign\n\
                        What to do:\n  Call somebody.\nButtons: Approve, Deny\nasked by anna";
        assert_eq!(text(&full()), expected);
    }

    #[test]
    fn a_card_with_a_title_only_is_one_line() {
        let card = Card {
            case: None,
            state: None,
            summary: PublicText::new(),
            facts: Vec::new(),
            sides: Vec::new(),
            diff: Vec::new(),
            warnings: Vec::new(),
            steps: Vec::new(),
            sections: Vec::new(),
            buttons: Vec::new(),
            context: Vec::new(),
            ..full()
        };
        assert_eq!(text(&card), "The title");
    }
}
