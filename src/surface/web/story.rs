//! The whole story of a case, from its audit chain: what was pasted, read, planned, voted, sent, read back and verified.
//!
//! Never invents a word of the record: a payload that was erased is told as erased, one that is not understood is named by
//! its kind. Roles and protected lists are not in it (they are not on cards either). Begin with [`json`].

use super::{Chain, Persona, Record, Row, view};
use crate::card;
use crate::card::build::reason;
use crate::card::shown::{moved, shown};
use crate::domain::guard::Violation;
use crate::domain::plan::Plan;
use crate::domain::settings::Sharing;
use crate::domain::snapshot::Moved;
use crate::domain::tenant::Facts;
use serde_json::{Value, json};

/// The story as the case page reads it.
pub(super) fn json(record: &Record, people: &[Persona]) -> Value {
    let case = &record.case;
    let plan = record.rows.iter().rev().find_map(plan_of);
    let entries: Vec<Value> = record.rows.iter().map(|row| entry(record, row, people)).collect();
    let evidence: Vec<Value> = case
        .diagnosis
        .evidence
        .iter()
        .map(|e| json!({ "start": e.start, "end": e.end, "text": e.text, "why": e.why }))
        .collect();
    let chain = match &record.chain {
        Chain::Whole { rows } => json!({ "whole": true, "rows": rows }),
        Chain::Broken { why } => json!({ "whole": false, "why": why }),
    };
    json!({
        "case": case.id, "state": case.state.name(), "created": case.created_at.0, "card": view::card(&card::build::card(case)),
        "class": case.diagnosis.class.as_str(), "confidence": case.diagnosis.confidence.score(),
        "meaning": case.diagnosis.texts.meaning, "rules": case.diagnosis.rules.0,
        "requester": name_of(&case.requester.audit_name(&case.surface), people),
        "said": record.rows.first().and_then(said), "evidence": evidence,
        "labels": plan.as_ref().map(labels).unwrap_or_default(), "entries": entries, "chain": chain,
    })
}

/// The text that opened the case, as far as the record keeps it.
pub(super) fn said(row: &Row) -> Option<String> {
    what(row)?.get("said")?.as_str().map(str::to_owned)
}

fn what(row: &Row) -> Option<&Value> {
    row.payload.as_ref()?.get("what")
}

fn plan_of(row: &Row) -> Option<Plan> {
    if row.kind != "proposed" {
        return None;
    }
    serde_json::from_value(what(row)?.get("plan")?.clone()).ok()
}

/// The steps of a plan in words; the rows of a run name them by their index.
fn labels(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.effect.label()).collect()
}

/// The name behind `okta:00u…`, else the text itself.
fn name_of(actor: &str, people: &[Persona]) -> String {
    let okta = actor.strip_prefix("okta:");
    let found =
        people.iter().find(|p| okta.is_some() && p.okta.as_ref().map(crate::domain::ids::OktaUserId::as_str) == okta);
    match found {
        Some(persona) => persona.name.clone(),
        None if actor == "bot" => "Reanchor".to_owned(),
        None => actor.to_owned(),
    }
}

fn entry(record: &Record, row: &Row, people: &[Persona]) -> Value {
    let sharing = record.case.sharing;
    let mut out = json!({
        "seq": row.seq, "at": row.at.0, "actor": name_of(&row.actor, people), "kind": row.kind, "hash": row.hash,
        "erased": row.payload.is_none(), "state": row.payload.as_ref().and_then(|p| p.get("state")),
    });
    let detail = what(row).map(|what| detail(row, what, sharing)).unwrap_or_default();
    if let Some(out) = out.as_object_mut() {
        out.extend(detail);
    }
    out
}

fn detail(row: &Row, what: &Value, sharing: Sharing) -> serde_json::Map<String, Value> {
    let mut out = serde_json::Map::new();
    match row.kind.as_str() {
        "looked_up" => {
            let facts = what.get("facts").and_then(|facts| serde_json::from_value::<Facts>(facts.clone()).ok());
            if let Some(facts) = facts.filter(|_| sharing != Sharing::None) {
                out.insert("sides".to_owned(), view::sides(&card::side_rows(&facts, sharing)));
                out.insert("read_at".to_owned(), json!(facts.read_at.0));
            }
        }
        "proposed" => {
            if let Some(plan) = plan_of(row) {
                let (diff, warnings) = card::plan_rows(&plan, sharing);
                out.insert("diff".to_owned(), view::diff(&diff));
                out.insert("warnings".to_owned(), Value::Array(warnings.iter().map(view::text).collect()));
                out.insert("digest".to_owned(), json!(plan.digest().as_hex()));
                out.insert("code".to_owned(), json!(plan.code()));
                out.insert("votes".to_owned(), json!(plan.votes));
                out.insert("labels".to_owned(), json!(labels(&plan)));
            }
        }
        "vote" => {
            out.insert("digest".to_owned(), what.get("digest").cloned().unwrap_or_default());
        }
        // This row is about a wish, not about the case: it has no state, and `what` names the wish.
        "refused" => {
            out.insert("wish".to_owned(), what.clone());
            let rule = row.payload.as_ref().and_then(|payload| payload.get("rule"));
            out.insert("rule".to_owned(), rule.cloned().unwrap_or_default());
        }
        _ => {
            if let Some(event) = what.get("event") {
                out.insert("event".to_owned(), told(event, sharing));
            }
            for key in ["reason", "rule", "rules", "remedy", "checkpoint", "sync_state"] {
                if let Some(value) = what.get(key) {
                    out.insert(key.to_owned(), value.clone());
                }
            }
        }
    }
    out
}

/// A row of the journal as a card would tell it: what moved and what does not hold in words, without roles and without the
/// reasons that are for approvers (SAFETY A7).
fn told(event: &Value, sharing: Sharing) -> Value {
    let mut out = event.clone();
    let Some(fields) = out.as_object_mut() else { return Value::Null };
    let mut lines: Vec<Value> = Vec::new();
    if let Some(list) = fields.remove("moved").and_then(|list| serde_json::from_value::<Vec<Moved>>(list).ok()) {
        lines.extend(list.iter().map(|one| view::text(&shown(&moved(one), sharing))));
    }
    if let Some(list) = fields.remove("broken").and_then(|list| serde_json::from_value::<Vec<Violation>>(list).ok()) {
        lines.extend(list.iter().map(|one| view::text(&shown(&reason(one), sharing))));
    }
    if !lines.is_empty() {
        fields.insert("lines".to_owned(), Value::Array(lines));
    }
    if let Some(cause) = fields.remove("cause") {
        fields.insert("cause".to_owned(), told(&cause, sharing));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drift_is_told_without_roles_and_without_what_is_for_approvers() {
        let drift = json!({
            "event": "drifted", "step": 0,
            "moved": [
                { "key": "entra.roles.c4a7", "was": "|", "is": "Global Administrator|" },
                { "key": "entra.object.c4a7.upn", "was": "a@x.example", "is": "b@x.example" },
            ],
            "broken": [{
                "rule": "A6", "fact": [{ "words": "holds User Administrator" }], "how_to_change": "ask",
                "outcome": "refuse", "approvers_only": true,
            }],
        });
        for event in [drift.clone(), json!({ "event": "repairing", "step": 1, "cause": drift })] {
            let told = told(&event, Sharing::Full).to_string();
            assert!(!told.contains("Administrator"), "{told}");
            assert!(told.contains("b@x.example") && told.contains("rule A6"), "{told}");
        }
    }
}
