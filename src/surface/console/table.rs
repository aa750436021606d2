//! A list for people: columns that are aligned, as wide as the terminal, coloured where colours are wanted.
//!
//! Never cuts a value: one that is too long goes on in the next line of its column, and where the paper is too narrow for
//! columns each row becomes a block. Where nobody sees a terminal, a row is one line, however long, for `grep` and `less -S`.
//!
//! Begin with [`table`].

use super::ink::{Rich, fill, wrap};
use super::sheet::{BOLD, DIM, ink};
use anstyle::{AnsiColor, Style};
use std::io::{self, IsTerminal};

/// Blanks between two columns.
const GAP: usize = 2;
/// A column that gives way keeps so many columns at least.
const LEAST: usize = 14;

/// How a cell is painted; it never says more than its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// As it is.
    Plain,
    /// What stands out.
    Strong,
    /// What stands back.
    Quiet,
    /// Well.
    Good,
    /// To be looked at.
    Warn,
    /// Wrong.
    Bad,
}

impl Ink {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => BOLD,
            Self::Quiet => DIM,
            Self::Good => ink(AnsiColor::Green),
            Self::Warn => ink(AnsiColor::Yellow),
            Self::Bad => ink(AnsiColor::Red),
        }
    }
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// How it is painted.
    pub ink: Ink,
}

impl Cell {
    /// A cell.
    pub fn new(ink: Ink, text: impl Into<String>) -> Self {
        Self { text: text.into(), ink }
    }

    /// In one line: a value from outside makes no rows.
    fn rich(&self) -> Rich {
        Rich::new(self.ink.style(), self.text.replace('\n', " "))
    }
}

/// The room for lists on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Columns; `None` where no terminal tells them: a row is one line then.
    pub width: Option<usize>,
    /// Whether colours are printed.
    pub color: bool,
}

impl Room {
    /// Standard output: `color` as the process wants it.
    pub fn stdout(color: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        let asked = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self { width: asked.filter(|_| terminal), color }
    }
}

/// The list. `heads` names the columns; `wide` are those that give way, when the room is too small.
pub fn table(heads: &[&str], wide: &[usize], rows: &[Vec<Cell>], room: Room) -> String {
    let needs: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(at, head)| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.rich().width());
            cells.chain([Rich::plain(*head).width()]).max().unwrap_or(0)
        })
        .collect();
    let Some(widths) = fitted(&needs, wide, room.width) else { return blocks(heads, rows, room) };
    let mut out = String::new();
    let head: Vec<Rich> = heads.iter().map(|head| Rich::new(DIM, *head)).collect();
    line(&mut out, &head, &widths, room.color);
    for row in rows {
        let cells: Vec<Rich> = row.iter().map(Cell::rich).collect();
        line(&mut out, &cells, &widths, room.color);
    }
    out
}

/// The widths of the columns in the room; `None` when columns do not fit at all.
fn fitted(needs: &[usize], wide: &[usize], room: Option<usize>) -> Option<Vec<usize>> {
    let mut widths = needs.to_vec();
    let Some(room) = room else { return Some(widths) };
    let gaps = GAP * needs.len().saturating_sub(1);
    loop {
        let total = widths.iter().sum::<usize>() + gaps;
        if total <= room {
            return Some(widths);
        }
        // The widest of those that give way gives first, so that a short one is not broken for a long one.
        let widest = wide.iter().copied().filter(|at| widths.get(*at).is_some_and(|width| *width > LEAST));
        let at = widest.max_by_key(|at| widths.get(*at).copied())?;
        *widths.get_mut(at)? -= 1;
    }
}

fn line(out: &mut String, cells: &[Rich], widths: &[usize], color: bool) {
    let columns: Vec<Vec<Rich>> = cells.iter().zip(widths).map(|(cell, width)| wrap(cell, *width)).collect();
    let height = columns.iter().map(Vec::len).max().unwrap_or(0);
    for at in 0..height {
        let mut text = Rich::default();
        let last = columns.iter().rposition(|lines| lines.get(at).is_some_and(|line| !line.is_empty()));
        for (n, (lines, width)) in columns.iter().zip(widths).enumerate().take(last.map_or(0, |last| last + 1)) {
            let part = lines.get(at).cloned().unwrap_or_default();
            // Nothing after the last value of a line.
            text = if Some(n) == last {
                text.join(&part)
            } else {
                text.join(&fill(part, *width)).and(Style::new(), " ".repeat(GAP))
            };
        }
        out.push_str(&text.paint(color));
        out.push('\n');
    }
}

/// One block a row, each value under its name.
fn blocks(heads: &[&str], rows: &[Vec<Cell>], room: Room) -> String {
    let labels = heads.iter().map(|head| Rich::plain(*head).width()).max().unwrap_or(0);
    let widths = [labels, room.width.map_or(usize::MAX, |width| width.saturating_sub(labels + GAP).max(2))];
    let mut out = String::new();
    for (n, row) in rows.iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        for (head, cell) in heads.iter().zip(row) {
            line(&mut out, &[Rich::new(DIM, *head), cell.rich()], &widths, room.color);
        }
    }
    out
}

/// Text broken to the room, each line after the first below the text of the first.
pub fn paragraph(lead: &str, text: &str, room: Room) -> String {
    let indent = Rich::plain(lead).width();
    let lines =
        wrap(&Rich::plain(text), room.width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(LEAST)));
    let mut out = String::new();
    for (n, line) in lines.iter().enumerate() {
        let before = if n == 0 { lead.to_owned() } else { " ".repeat(indent) };
        out.push_str(format!("{before}{}", line.paint(room.color)).trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(texts: &[&str]) -> Vec<Cell> {
        texts.iter().map(|text| Cell::new(Ink::Plain, *text)).collect()
    }

    fn at(width: Option<usize>) -> String {
        let rows = [
            cells(&["c-aaaaaa", "closed", "sam.whitlock@northbridge.example", "o365-user-deleted-in-entra"]),
            cells(&["c-bbbbbb", "needs human", "田中さん", "upn-conflict"]),
        ];
        table(&["CASE", "STATE", "PERSON", "CLASS"], &[2, 3], &rows, Room { width, color: false })
    }

    fn columns(text: &str) -> Vec<usize> {
        text.lines().map(|line| Rich::plain(line).width()).collect()
    }

    #[test]
    fn columns_are_aligned_by_what_a_terminal_draws() {
        let text = at(None);
        assert_eq!(
            text,
            "CASE      STATE        PERSON                            CLASS\n\
             c-aaaaaa  closed       sam.whitlock@northbridge.example  o365-user-deleted-in-entra\n\
             c-bbbbbb  needs human  田中さん                          upn-conflict\n"
        );
        assert_eq!(at(Some(200)), text);
    }

    #[test]
    fn a_narrow_terminal_breaks_long_values_and_loses_none() {
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        for width in [8, 20, 40, 60, 72, 80, 84] {
            let text = at(Some(width));
            assert!(columns(&text).iter().all(|line| *line <= width.max(10)), "{width}:\n{text}");
            for part in ["c-aaaaaa", "c-bbbbbb"] {
                assert!(text.contains(part) || width < 16, "{width}:\n{text}");
            }
            assert_eq!(bare(&text).matches("needshuman").count(), 1, "{width}:\n{text}");
        }
        assert!(at(Some(60)).contains("sam.whitlock@"), "{}", at(Some(60)));
        assert!(at(Some(30)).starts_with("CASE    c-aaaaaa\nSTATE   closed\n"), "{}", at(Some(30)));
    }

    #[test]
    fn colour_is_painted_only_when_wanted_and_foreign_text_cannot_paint() {
        let row = [vec![Cell::new(Ink::Bad, "refused"), Cell::new(Ink::Plain, "a\u{1b}[2J\nb")]];
        let text = table(&["A", "B"], &[], &row, Room { width: None, color: true });
        assert!(text.contains("\u{1b}[31mrefused\u{1b}[0m") && !text.contains("\u{1b}[2J"), "{text:?}");
        assert_eq!(text.lines().count(), 2);
        let text = table(&["A", "B"], &[], &row, Room { width: None, color: false });
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn a_paragraph_stands_below_its_lead() {
        let room = Room { width: Some(24), color: false };
        assert_eq!(
            paragraph("  1. ", "Mend the source of the value.", room),
            "  1. Mend the source of\n     the value.\n"
        );
        assert_eq!(paragraph("  1. ", "a b", Room { width: None, color: true }), "  1. a b\n");
    }
}
