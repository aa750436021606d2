//! What people read in the terminal: a card as a box as wide as the paper, an answer, what somebody said.
//!
//! Never cuts anything of a card: what is too long goes on in the next line (SAFETY B3). Only an echo of what somebody typed
//! is shortened. Meaning never hangs on colour alone.
//!
//! Begin with [`card`]; [`super::sheet`] draws the frame, [`super::ink`] measures and breaks text.

use super::ink::{Rich, wrap};
use super::screen::Paper;
use super::sheet::{BOLD, DIM, Sheet, ink};
use crate::card::plain;
use crate::domain::notice::{Button, Card, DiffRow, Look, Progress, PublicText, SideRow, Span, StepLine, Tone};
use anstyle::{AnsiColor, Style};

/// Below so many columns the two sides stand under each other.
const TWO_SIDES: usize = 56;

/// A card, with an empty line after it.
pub(super) fn card(card: &Card, paper: Paper, edited: bool) -> String {
    let frame = match card.tone {
        Tone::Info => ink(AnsiColor::Blue),
        Tone::Good => ink(AnsiColor::Green),
        Tone::Warn => ink(AnsiColor::Yellow),
        Tone::Danger => ink(AnsiColor::Red),
    };
    let mut sheet = Sheet::new(paper.columns(), paper.color, frame);
    let state = card.state.as_deref().map_or_else(|| "reanchor".to_owned(), plain::state_words);
    let case = card.case.as_ref().map(ToString::to_string);
    let edited = edited.then(|| "updated".to_owned());
    sheet.top(&state, &edited.into_iter().chain(case).collect::<Vec<_>>().join(" · "));
    sheet.text(&Rich::new(frame.bold(), &card.title));
    if !card.summary.is_empty() {
        sheet.gap();
        sheet.text(&rich(&card.summary));
    }
    facts(&mut sheet, &card.facts);
    sides(&mut sheet, &card.sides);
    diff(&mut sheet, &card.diff);
    if !card.warnings.is_empty() {
        sheet.rule("Warnings");
        for warning in &card.warnings {
            sheet.row(&[(Rich::new(ink(AnsiColor::Red).bold(), "!"), 1), (rich(warning), sheet.inner() - 2)], 1);
        }
    }
    if !card.steps.is_empty() {
        sheet.rule("Progress");
        card.steps.iter().for_each(|line| step(&mut sheet, line));
    }
    for section in &card.sections {
        sheet.rule(&section.title);
        section.lines.iter().for_each(|line| sheet.text(&rich(line)));
    }
    if !card.context.is_empty() {
        sheet.gap();
        card.context.iter().for_each(|line| sheet.text(&rich_in(line, DIM).over(DIM)));
    }
    buttons(&mut sheet, &card.buttons);
    let mut out = sheet.finish();
    out.push('\n');
    out
}

/// Text with what came from outside in a colour of its own, so that a foreign sentence does not pass for one of ours.
fn rich(text: &PublicText) -> Rich {
    rich_in(text, ink(AnsiColor::Cyan))
}

fn rich_in(text: &PublicText, foreign: Style) -> Rich {
    let mut out = Rich::default();
    for span in text.spans() {
        match span {
            Span::Words(text) => out.push(Style::new(), text),
            Span::Strong(text) => out.push(BOLD, text),
            Span::Foreign(text) => out.push(foreign, text),
            Span::Time(at) => out.push(Style::new(), at.text()),
        }
    }
    out
}

fn or_nothing(text: Rich) -> Rich {
    if text.is_empty() { Rich::new(DIM, plain::NOTHING) } else { text }
}

fn facts(sheet: &mut Sheet, facts: &[(String, PublicText)]) {
    let Some(widest) = facts.iter().map(|(label, _)| Rich::plain(label).width()).max() else { return };
    sheet.gap();
    let label_width = widest.min(sheet.inner() / 3);
    let value_width = sheet.inner() - label_width - 2;
    for (label, value) in facts {
        sheet.row(&[(Rich::new(DIM, label), label_width), (or_nothing(rich(value)), value_width)], 2);
    }
}

fn sides(sheet: &mut Sheet, rows: &[SideRow]) {
    let Some(widest) = rows.iter().map(|row| Rich::plain(&row.label).width()).max() else { return };
    sheet.rule("Okta and Entra");
    if sheet.inner() < TWO_SIDES {
        for row in rows {
            let differs = if row.differs { Rich::new(unequal(), "  ≠ they differ") } else { Rich::default() };
            sheet.text(&Rich::new(BOLD, &row.label).join(&differs));
            for (name, value) in [("Okta", &row.okta), ("Entra", &row.entra)] {
                sheet.row(&[(Rich::new(DIM, format!("  {name}")), 7), (or_nothing(rich(value)), sheet.inner() - 9)], 2);
            }
        }
        return;
    }
    let label_width = widest.min(sheet.inner() / 4);
    // Label, Okta, the mark of a difference, Entra; two blanks between.
    let room = sheet.inner() - label_width - 1 - 6;
    let okta_needs = rows.iter().map(|row| or_nothing(rich(&row.okta)).width()).max().unwrap_or(0).max(4);
    let entra_needs = rows.iter().map(|row| or_nothing(rich(&row.entra)).width()).max().unwrap_or(0).max(5);
    let half = room / 2;
    let okta_width = if okta_needs <= half {
        okta_needs.max(half.min(28))
    } else if entra_needs < half {
        room - entra_needs.max(5)
    } else {
        half
    };
    let widths = [label_width, okta_width, 1, room - okta_width];
    let mut line = |cells: [Rich; 4]| {
        let cells: Vec<_> = cells.into_iter().zip(widths).collect();
        sheet.row(&cells, 2);
    };
    line([Rich::default(), Rich::new(BOLD, "Okta"), Rich::default(), Rich::new(BOLD, "Entra")]);
    for row in rows {
        let mark = if row.differs { Rich::new(unequal(), "≠") } else { Rich::default() };
        line([Rich::new(DIM, &row.label), or_nothing(rich(&row.okta)), mark, or_nothing(rich(&row.entra))]);
    }
}

fn unequal() -> Style {
    ink(AnsiColor::Yellow).bold()
}

fn before(row: &DiffRow) -> Rich {
    or_nothing(rich_in(&row.before, Style::new())).over(ink(AnsiColor::Red))
}

fn after(row: &DiffRow) -> Rich {
    or_nothing(rich_in(&row.after, Style::new())).over(ink(AnsiColor::Green))
}

fn diff(sheet: &mut Sheet, rows: &[DiffRow]) {
    let Some(last) = rows.iter().map(|row| row.step).max() else { return };
    let steps = if last == 1 { "1 step".to_owned() } else { format!("{last} steps, in this order") };
    sheet.rule(&format!("Plan: {steps}"));
    let number_width = last.to_string().len();
    let mut shown = 0;
    for row in rows {
        let number = if row.step == shown { String::new() } else { format!("{:>number_width$}", row.step) };
        shown = row.step;
        let indent = number_width + 1;
        let room = sheet.inner() - indent;
        let head = Rich::new(DIM, format!("{} ", row.system)).and(BOLD, &row.field);
        let undo = if row.reversible {
            Rich::new(DIM, plain::REVERSIBLE)
        } else {
            Rich::new(ink(AnsiColor::Red).bold(), plain::IRREVERSIBLE)
        };
        let number = (Rich::new(BOLD, number), number_width);
        let undo_width = undo.width();
        if head.width() + undo_width < room {
            sheet.row(&[number, (head, room - undo_width - 1), (undo, undo_width)], 1);
        } else {
            sheet.row(&[number, (head, room)], 1);
            sheet.row(&[(Rich::default(), number_width), (undo, room)], 1);
        }
        change(sheet, row, indent);
    }
}

/// `before → after` on one line, or on two where it is long.
fn change(sheet: &mut Sheet, row: &DiffRow, indent: usize) {
    let room = sheet.inner() - indent;
    let one_line = before(row).and(BOLD, " → ").join(&after(row));
    if one_line.width() + 2 <= room {
        sheet.row(&[(Rich::default(), indent + 1), (one_line, room - 2)], 1);
    } else {
        sheet.row(&[(Rich::default(), indent + 2), (before(row), room - 3)], 1);
        sheet.row(&[(Rich::default(), indent), (Rich::new(BOLD, "→"), 1), (after(row), room - 3)], 1);
    }
}

fn step(sheet: &mut Sheet, line: &StepLine) {
    let style = match line.progress {
        Progress::Waiting | Progress::Skipped => DIM,
        Progress::Running => ink(AnsiColor::Yellow).bold(),
        Progress::Done => ink(AnsiColor::Green).bold(),
        Progress::Stopped => ink(AnsiColor::Red).bold(),
    };
    let label = if matches!(line.progress, Progress::Waiting | Progress::Skipped) { DIM } else { Style::new() };
    let mut text = Rich::new(label, &line.label);
    let note = rich(&line.note);
    if !note.is_empty() {
        text = text.and(DIM, " · ").join(&note);
    }
    sheet.row(&[(Rich::new(style, plain::mark(line.progress)), 1), (text, sheet.inner() - 2)], 1);
}

fn buttons(sheet: &mut Sheet, buttons: &[Button]) {
    if buttons.is_empty() {
        return;
    }
    sheet.rule("");
    let mut line = Rich::default();
    for (index, button) in buttons.iter().enumerate() {
        let style = match button.look {
            Look::Primary => ink(AnsiColor::Green).bold(),
            Look::Danger => ink(AnsiColor::Red).bold(),
            Look::Plain => BOLD,
        };
        let this = Rich::new(DIM, format!("[{}] ", index + 1)).and(style, button.verb.label());
        if !line.is_empty() && line.width() + 2 + this.width() > sheet.inner() {
            sheet.text(&line);
            line = Rich::default();
        }
        if !line.is_empty() {
            line.push(Style::new(), "  ");
        }
        line = line.join(&this);
    }
    sheet.text(&line);
}

/// An answer that is no card.
pub(super) fn answer(text: &PublicText, only_for: Option<&str>, paper: Paper) -> String {
    let mut said = Rich::default();
    if let Some(name) = only_for {
        said.push(ink(AnsiColor::Magenta), format!("(only {name} sees this)"));
        said.push(Style::new(), " ");
    }
    spoken("reanchor", ink(AnsiColor::Blue).bold(), &said.join(&rich(text)), paper).join("")
}

/// How much of what somebody typed is shown again.
const ECHO_LINES: usize = 12;
const ECHO_CHARS: usize = 4_000;

/// What somebody said. A long text is shown by its beginning: the person has it, and the bot heard all of it.
pub(super) fn echo(who: &str, said: &str, paper: Paper) -> String {
    let shown: String = said.chars().take(ECHO_CHARS).collect();
    let mut lines = spoken(who, BOLD, &Rich::plain(shown.as_str()), paper);
    let is_long = shown.len() < said.len() || lines.len() > ECHO_LINES;
    if is_long {
        lines.truncate(ECHO_LINES);
        let note = format!("{}… ({} characters in all, heard in full)", " ".repeat(2), said.chars().count());
        lines.push(format!("{}\n", Rich::new(DIM, note).paint(paper.color)));
    }
    lines.concat()
}

/// `who › text`, further lines indented.
fn spoken(who: &str, style: Style, text: &Rich, paper: Paper) -> Vec<String> {
    let head = Rich::new(style, who).and(DIM, " › ");
    let width = paper.columns();
    // A narrow terminal has no room for a hanging indent.
    let indent = if head.width() * 4 <= width { head.width() } else { 2 };
    let rows = wrap(text, width - indent.max(head.width()));
    let line = |(index, row): (usize, Rich)| {
        let start = if index == 0 { head.clone() } else { Rich::plain(" ".repeat(indent)) };
        format!("{}\n", start.join(&row).paint(paper.color))
    };
    rows.into_iter().enumerate().map(line).collect()
}

#[cfg(test)]
#[path = "boxes_tests.rs"]
mod tests;
