//! The model as the page reads it: the same card as everywhere, as JSON. Adds labels, never a meaning.

use crate::domain::notice::{
    Button, Card, DiffRow, Look, Progress, PublicText, Section, SideRow, Span, StepLine, Tone,
};
use serde_json::{Value, json};

/// The pieces of a text: `["words"|"strong"|"foreign", text]` or `["time", milliseconds]`.
pub(super) fn text(text: &PublicText) -> Value {
    let spans = text.spans().iter().map(|span| match span {
        Span::Words(text) => json!(["words", text]),
        Span::Strong(text) => json!(["strong", text]),
        Span::Foreign(text) => json!(["foreign", text]),
        Span::Time(at) => json!(["time", at.0]),
    });
    Value::Array(spans.collect())
}

fn texts(all: &[PublicText]) -> Value {
    Value::Array(all.iter().map(text).collect())
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Info => "info",
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Danger => "danger",
    }
}

fn button(button: &Button) -> Value {
    let look = match button.look {
        Look::Primary => "primary",
        Look::Danger => "danger",
        Look::Plain => "plain",
    };
    json!({
        "verb": button.verb, "label": button.verb.label(), "number": button.number, "look": look,
        "asks_reason": button.asks_reason,
        "confirm": button.confirm.as_ref().map(|c| json!({ "title": c.title, "text": c.text })),
    })
}

fn step(step: &StepLine) -> Value {
    let progress = match step.progress {
        Progress::Waiting => "waiting",
        Progress::Running => "running",
        Progress::Done => "done",
        Progress::Skipped => "skipped",
        Progress::Stopped => "stopped",
    };
    json!({ "progress": progress, "label": step.label, "note": text(&step.note) })
}

/// Rows of a plan.
pub(super) fn diff(rows: &[DiffRow]) -> Value {
    let rows = rows.iter().map(|row| {
        json!({
            "step": row.step, "system": row.system, "field": row.field, "before": text(&row.before),
            "after": text(&row.after), "reversible": row.reversible,
        })
    });
    Value::Array(rows.collect())
}

/// Both directories side by side.
pub(super) fn sides(rows: &[SideRow]) -> Value {
    let rows = rows.iter().map(
        |row| json!({ "label": row.label, "okta": text(&row.okta), "entra": text(&row.entra), "differs": row.differs }),
    );
    Value::Array(rows.collect())
}

fn sections(all: &[Section]) -> Value {
    Value::Array(all.iter().map(|s| json!({ "title": s.title, "lines": texts(&s.lines) })).collect())
}

/// A card.
pub(super) fn card(card: &Card) -> Value {
    let facts: Vec<Value> = card.facts.iter().map(|(label, value)| json!([label, text(value)])).collect();
    json!({
        "case": card.case, "state": card.state, "version": card.version, "tone": tone(card.tone), "title": card.title,
        "summary": text(&card.summary), "facts": facts, "sides": sides(&card.sides), "diff": diff(&card.diff),
        "warnings": texts(&card.warnings), "steps": card.steps.iter().map(step).collect::<Vec<_>>(),
        "sections": sections(&card.sections), "buttons": card.buttons.iter().map(button).collect::<Vec<_>>(),
        "context": texts(&card.context),
    })
}
