//! A card: each part gets its room by its weight, and stands where it is read.
//!
//! The plan comes first: its room is taken before anything else may have some. Begin with [`card`].

use super::blocks::{Part, Sheet, Size, context, header, mark, plain_text, rich_text, section};
use super::text::{cut, date, escape, piece, plain, short_line};
use super::{Loss, Rendered, Room, fallback, limits, plan};
use crate::card::plain::{NOTHING, mark as progress_mark, state_words, text as plain_card};
use crate::domain::inbound::Verb;
use crate::domain::notice::{Button, Card, Look, Progress, PublicText, SideRow, Span, StepLine, Tone};
use crate::surface::slack::MARK;
use crate::surface::slack::token::{Act, Mint, Ticket};
use serde_json::{Value, json};

/// Order of reading.
mod at {
    pub(super) const HEAD: u8 = 0;
    pub(super) const SUMMARY: u8 = 1;
    pub(super) const FACTS: u8 = 2;
    pub(super) const SIDES: u8 = 3;
    pub(super) const PLAN: u8 = 4;
    pub(super) const STEPS: u8 = 5;
    pub(super) const SECTIONS: u8 = 6;
    pub(super) const BUTTONS: u8 = 7;
    pub(super) const SMALL: u8 = 8;
}

/// Longest cell of the table of both sides.
const CELL: usize = 300;
/// The state of a case in which somebody has to say whom it is about.
const ASKS_WHO: &str = "needs_info";
/// Longest line of small print.
const SMALL_PRINT: usize = 500;

/// The card; without a mint it has no buttons.
pub(super) fn card(card: &Card, mint: Option<&Mint>, thing: &str, room: Room) -> Rendered {
    let mut sheet = Sheet::new(room);
    let head = head(card);
    // What must be there whatever else is: the head, the buttons (with one more than the card has), the plan.
    let buttons = mint.map(|mint| actions(card, mint, false, true));
    let mut base = Size::of(&head);
    base = base.and(Size::of(buttons.as_slice()));
    sheet.keep(base);
    let plan = plan::whole(card);
    let fits = sheet.has_room(&plan);
    let plan = if fits {
        plan
    } else {
        sheet.losses.push(Loss::PlanTooLong { rows: card.diff.len() });
        plan::too_long(card)
    };
    sheet.keep(Size::of(&plan));
    optional(&mut sheet, card);
    sheet.put_kept(at::HEAD, head);
    sheet.put_kept(at::PLAN, plan);
    if let Some(mint) = mint {
        // A plan can be read at length and in one place, also where it fits.
        let details = !sheet.losses.is_empty() || !card.diff.is_empty();
        let block = actions(card, mint, !fits, details);
        if block["elements"].as_array().is_some_and(|all| !all.is_empty()) {
            sheet.put_kept(at::BUTTONS, vec![block]);
        }
    }
    let (blocks, losses) = sheet.finish(&format!("{}{}.", mark(thing), card.version));
    Rendered { blocks, text: spoken(card, fits), losses }
}

/// Everything that may be shortened, the weightiest first.
fn optional(sheet: &mut Sheet, card: &Card) {
    lines(sheet, at::SUMMARY, "summary", None, std::slice::from_ref(&card.summary));
    let facts: Vec<PublicText> = card.facts.iter().map(|(label, value)| fact(label, value)).collect();
    lines(sheet, at::FACTS, "facts", None, &facts);
    steps(sheet, &card.steps);
    small_print(sheet, card);
    for one in &card.sections {
        lines(sheet, at::SECTIONS, "sections", Some(&one.title), &one.lines);
    }
    sides(sheet, &card.sides);
}

fn fact(label: &str, value: &PublicText) -> PublicText {
    let text = PublicText::new().and_strong(label).and("  ");
    if value.is_empty() { text.and(NOTHING) } else { text.and_text(value) }
}

fn lines(sheet: &mut Sheet, place: u8, name: &'static str, title: Option<&str>, all: &[PublicText]) {
    let mut short = Vec::with_capacity(all.len());
    let mut left_out = 0;
    for text in all {
        let (line, cut) = short_line(text);
        left_out += cut;
        if !line.is_empty() {
            short.push(line);
        }
    }
    if left_out > 0 {
        sheet.losses.push(Loss::Shortened { part: name, chars: left_out });
    }
    if !short.is_empty() {
        // Steps that are numbered by themselves need no points before them.
        let numbered = all.first().is_some_and(|text| text.plain().starts_with("1. "));
        sheet.put_lines(place, &Part { name, title, bullets: title.is_some() && !numbered, lines: short });
    }
}

fn head(card: &Card) -> Vec<Value> {
    let sign = match card.tone {
        Tone::Info => "🔵",
        Tone::Good => "🟢",
        Tone::Warn => "🟡",
        Tone::Danger => "🔴",
    };
    let mut words = Vec::new();
    if let Some(state) = &card.state {
        words.push(format!("{sign} *{}*", escape(&capital(&state_words(state)))));
    }
    if let Some(case) = &card.case {
        words.push(escape(case.as_str()));
    }
    let mut blocks = vec![header(if card.title.trim().is_empty() { "Reanchor" } else { &card.title })];
    if !words.is_empty() {
        blocks.push(context(&[json!({ "type": "mrkdwn", "text": words.join("  ·  ") })]));
    }
    blocks
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn steps(sheet: &mut Sheet, all: &[StepLine]) {
    if all.is_empty() {
        return;
    }
    let mut left_out = 0;
    let lines = all.iter().map(|step| {
        let (note, cut) = short_line(&step.note);
        left_out += cut;
        let style = if step.progress == Progress::Running || step.progress == Progress::Stopped { "bold" } else { "" };
        let mut line = vec![piece(progress_mark(step.progress), "bold"), piece("  ", ""), piece(&step.label, style)];
        if !note.is_empty() {
            line.push(piece("  ·  ", ""));
            line.extend(note);
        }
        line.retain(|piece| piece["text"] != "");
        line
    });
    let lines = lines.collect();
    if left_out > 0 {
        sheet.losses.push(Loss::Shortened { part: "steps", chars: left_out });
    }
    sheet.put_lines(at::STEPS, &Part { name: "steps", title: Some("Progress"), lines, bullets: false });
}

/// Small print: with a value from outside as plain text, else as markup, which has the reader's own time.
fn small_print(sheet: &mut Sheet, card: &Card) {
    let lines: Vec<&PublicText> = card.context.iter().filter(|line| !line.is_empty()).collect();
    let elements: Vec<Value> = lines
        .iter()
        .take(limits::CONTEXT)
        .map(|line| {
            let foreign = line.spans().iter().any(|span| matches!(span, Span::Foreign(_)));
            if foreign { plain_text(&cut(&plain(line), SMALL_PRINT)) } else { marked(line) }
        })
        .collect();
    let dropped = lines.len() - elements.len();
    if elements.is_empty() {
        return;
    }
    let blocks = vec![context(&elements)];
    let fits = sheet.put(at::SMALL, blocks);
    let dropped = if fits { dropped } else { lines.len() };
    if dropped > 0 {
        sheet.losses.push(Loss::Dropped { part: "small print", count: dropped });
    }
}

fn marked(line: &PublicText) -> Value {
    let spans = line.spans().iter().map(|span| match span {
        Span::Words(text) | Span::Strong(text) | Span::Foreign(text) => escape(text),
        Span::Time(at) => date(*at),
    });
    json!({ "type": "mrkdwn", "text": spans.collect::<String>() })
}

/// Both directories: a table, or lines where none may stand.
fn sides(sheet: &mut Sheet, rows: &[SideRow]) {
    if rows.is_empty() {
        return;
    }
    let mut left_out = 0;
    let mut cell = |text: &PublicText| {
        let text = plain(text);
        let count = text.chars().count();
        left_out += count.saturating_sub(CELL);
        if count == 0 { "–".to_owned() } else { cut(&text, CELL) }
    };
    let cells: Vec<[String; 3]> = rows
        .iter()
        .map(|row| {
            let label = if row.differs { format!("≠ {}", row.label) } else { row.label.clone() };
            [label, cell(&row.okta), cell(&row.entra)]
        })
        .collect();
    if left_out > 0 {
        sheet.losses.push(Loss::Shortened { part: "sides", chars: left_out });
    }
    if sheet.room().table && sheet.put(at::SIDES, vec![table(&cells)]) {
        return;
    }
    let lines = cells.iter().map(|[label, okta, entra]| {
        vec![
            piece(label, "bold"),
            piece("  Okta ", ""),
            piece(okta, "code"),
            piece("  Entra ", ""),
            piece(entra, "code"),
        ]
    });
    let lines = lines.collect();
    sheet.put_lines(at::SIDES, &Part { name: "sides", title: Some("Okta and Entra"), lines, bullets: false });
}

fn table(cells: &[[String; 3]]) -> Value {
    let bold = |text: &str| rich_text(&[section(&[piece(text, "bold")])]);
    let raw = |text: &String| json!({ "type": "raw_text", "text": text });
    let mut rows = vec![json!([bold("Fact"), bold("Okta"), bold("Entra")])];
    rows.extend(cells.iter().map(|row| Value::Array(row.iter().map(raw).collect())));
    json!({ "type": "table", "column_settings": [{ "is_wrapped": true }, { "is_wrapped": true }, { "is_wrapped": true }], "rows": rows })
}

/// The buttons. `blind`: the plan is not on the card, so it cannot be approved there.
fn actions(card: &Card, mint: &Mint, blind: bool, details: bool) -> Value {
    let mut elements: Vec<Value> = Vec::new();
    if let Some(case) = &card.case {
        let ticket = |act, number| Ticket { act, case: case.clone(), version: card.version, number };
        if card.state.as_deref() == Some(ASKS_WHO) {
            elements.push(json!({
                "type": "button", "action_id": format!("{MARK}{}", Act::Subject.word()), "style": "primary",
                "text": plain_text("Say who it is"), "value": mint.make(&ticket(Act::Subject, None)),
            }));
        }
        let shown = card.buttons.iter().filter(|button| !(blind && button.verb == Verb::Approve));
        for button in shown.take(limits::ACTIONS - 2) {
            elements.push(self::button(button, &mint.make(&ticket(Act::Press(button.verb), button.number))));
        }
        if details {
            elements.push(json!({
                "type": "button", "action_id": format!("{MARK}{}", Act::Details.word()), "text": plain_text("Details"),
                "value": mint.make(&ticket(Act::Details, None)),
            }));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    elements.retain(|one| seen.insert(one["action_id"].to_string()));
    json!({ "type": "actions", "elements": elements })
}

fn button(button: &Button, value: &str) -> Value {
    let act = Act::Press(button.verb);
    let mut out = json!({
        "type": "button", "action_id": format!("{MARK}{}", act.word()), "text": plain_text(button.verb.label()),
        "value": value,
    });
    match button.look {
        Look::Primary => out["style"] = json!("primary"),
        Look::Danger => out["style"] = json!("danger"),
        Look::Plain => {}
    }
    if let Some(confirm) = &button.confirm {
        let long = "Read on the card what changes and what cannot be undone.";
        let text = if confirm.text.chars().count() > 300 { long } else { confirm.text.as_str() };
        out["confirm"] = json!({
            "title": plain_text(&cut(&confirm.title, 100)), "text": plain_text(text),
            "confirm": plain_text(button.verb.label()), "deny": plain_text("Cancel"),
        });
        if button.look == Look::Danger {
            out["confirm"]["style"] = json!("danger");
        }
    }
    out
}

/// What is read aloud: the whole card where that fits, else without the plan, which is never cut.
fn spoken(card: &Card, fits: bool) -> String {
    let all = plain_card(card);
    if fits && escape(&all).chars().count() <= limits::FALLBACK {
        return fallback(&all);
    }
    let mut short = card.clone();
    short.sides.clear();
    short.sections.clear();
    if fits && escape(&plain_card(&short)).chars().count() <= limits::FALLBACK {
        return fallback(&plain_card(&short));
    }
    let steps = plan::steps(card);
    short.diff.clear();
    short.warnings.clear();
    short.buttons.clear();
    let mut text = plain_card(&short);
    if steps > 0 {
        text = format!("{}\nA plan of {steps} steps: open the message to read it.\n{text}", card.title);
    }
    fallback(&text)
}
