//! A plan as a diff: what is written where, in which order, from which value to which, and whether it can be taken back;
//! then what could be lost. Nothing here is ever cut (SAFETY B3): what does not fit is not shown at all, and then nobody can
//! approve it here.
//!
//! Begin with [`whole`].

use super::blocks::{list, preformatted, rich_text, section};
use super::text::{piece, plain, rich};
use crate::card::plain::{IRREVERSIBLE, NOTHING, REVERSIBLE};
use crate::domain::notice::{Card, DiffRow, PublicText};
use serde_json::Value;

/// A change stands on one line up to so many characters.
const LINE: usize = 68;
/// Widest column of field names.
const FIELD: usize = 20;

/// The plan and its warnings, uncut.
pub(super) fn whole(card: &Card) -> Vec<Value> {
    let mut blocks = diff(&card.diff);
    let warnings: Vec<_> = card.warnings.iter().map(rich).filter(|line| !line.is_empty()).collect();
    if !warnings.is_empty() {
        let mut parts = vec![section(&[piece("⚠ Before you decide", "bold")])];
        parts.push(list(&warnings));
        blocks.push(rich_text(&parts));
    }
    blocks
}

/// How many steps a plan has.
pub(super) fn steps(card: &Card) -> usize {
    let mut all: Vec<u32> = card.diff.iter().map(|row| row.step).collect();
    all.dedup();
    all.len()
}

/// What stands in place of a plan that is too long.
pub(super) fn too_long(card: &Card) -> Vec<Value> {
    let (steps, rows, warnings) = (steps(card), card.diff.len(), card.warnings.len());
    let mut text = vec![
        piece("The plan is too long for Slack, so it cannot be approved here. ", "bold"),
        piece(&format!("It has {steps} steps with {rows} changed values and {warnings} warnings. "), ""),
        piece("Read all of it with the button Details, or on the server with ", ""),
    ];
    match &card.case {
        Some(case) => text.push(piece(&format!("reanchor case show {case}"), "code")),
        None => text.push(piece("reanchor case list", "code")),
    }
    text.push(piece(".", ""));
    vec![rich_text(&[section(&text)])]
}

/// Each step with its fields. Steps are blocks of their own, so that one is never mistaken for another.
fn diff(rows: &[DiffRow]) -> Vec<Value> {
    let Some(last) = rows.iter().map(|row| row.step).max() else { return Vec::new() };
    let steps = if last == 1 { "1 step".to_owned() } else { format!("{last} steps, in this order") };
    let width = rows.iter().map(|row| row.field.chars().count()).max().unwrap_or(0).min(FIELD);
    let mut blocks = Vec::new();
    for (n, group) in rows.chunk_by(|a, b| belongs(a) == belongs(b)).enumerate() {
        let Some(first) = group.first() else { continue };
        let mut title = heading(first);
        if n == 0 {
            // In one section with the first step: sections of one block are not sure to begin a line of their own.
            title.splice(0..0, [piece(&format!("Plan: {steps}"), "bold"), piece("\n", "")]);
        }
        let mut parts = vec![section(&title)];
        let lines: Vec<String> = group.iter().map(|row| change(row, width)).collect();
        parts.push(preformatted(&lines.join("\n")));
        blocks.push(rich_text(&parts));
    }
    blocks
}

fn belongs(row: &DiffRow) -> (u32, &str, bool) {
    (row.step, row.system.as_str(), row.reversible)
}

fn heading(row: &DiffRow) -> Vec<Value> {
    let mut out = vec![piece(&format!("{}. {}", row.step, row.system), "bold"), piece("  ·  ", "")];
    if row.reversible {
        out.push(piece(REVERSIBLE, ""));
    } else {
        out.push(piece(IRREVERSIBLE, "bold"));
    }
    out
}

/// `field  before → after`, on two lines where it is long.
fn change(row: &DiffRow, width: usize) -> String {
    let (before, after) = (value(&row.before), value(&row.after));
    let field = &row.field;
    let line = format!("{field:<width$}  {before} → {after}");
    if line.chars().count() <= LINE {
        return line;
    }
    format!("{field:<width$}  {before}\n{:>width$}→ {after}", "")
}

fn value(text: &PublicText) -> String {
    let text = plain(text);
    if text.is_empty() { NOTHING.to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(step: u32, field: &str, before: &str, after: &str, reversible: bool) -> DiffRow {
        DiffRow {
            step,
            system: "Okta".to_owned(),
            field: field.to_owned(),
            before: PublicText::foreign(before),
            after: PublicText::foreign(after),
            reversible,
        }
    }

    #[test]
    fn a_step_shows_each_field_before_and_after_and_whether_it_can_be_taken_back() {
        let id = "9dfb369b-ab13-4fae-a276-55daa05f1119";
        let rows =
            [row(1, "assignment", "USER", "", false), row(1, "externalId", id, id, false), row(2, "x", "a", "b", true)];
        let blocks = diff(&rows);
        assert_eq!(blocks.len(), 2);
        let first = blocks[0].to_string();
        assert!(first.contains("Plan: 2 steps, in this order") && first.contains("cannot be undone"), "{first}");
        let pre = &blocks[0]["elements"][1]["elements"][0]["text"];
        assert_eq!(pre, &json!(format!("assignment  USER → (none)\nexternalId  {id}\n          → {id}")));
        let second = blocks[1].to_string();
        assert!(second.contains("can be undone") && !second.contains("cannot"), "{second}");
    }
}
