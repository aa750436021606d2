//! The frame of a card: lines of a fixed width between two borders.
//!
//! Never prints a line wider than asked and never drops text: a cell that is too long takes more lines.
//!
//! Begin with [`Sheet`].

use super::ink::{Rich, fill, wrap};
use anstyle::{AnsiColor, Style};

/// Text that stands out.
pub(super) const BOLD: Style = Style::new().bold();
/// Text that stands back.
pub(super) const DIM: Style = Style::new().dimmed();

/// A colour.
pub(super) const fn ink(color: AnsiColor) -> Style {
    color.on_default()
}

/// A box that grows downwards.
pub(super) struct Sheet {
    width: usize,
    color: bool,
    frame: Style,
    out: String,
}

impl Sheet {
    /// A box of `width` columns, borders included.
    pub(super) fn new(width: usize, color: bool, frame: Style) -> Self {
        Self { width, color, frame, out: String::new() }
    }

    /// Columns between the borders and their blanks.
    pub(super) fn inner(&self) -> usize {
        self.width - 4
    }

    /// The upper border with a label at each end; where both do not fit, the right one becomes a line of its own.
    pub(super) fn top(&mut self, left: &str, right: &str) {
        let left = Rich::new(self.frame.bold(), left);
        let right = Rich::new(DIM, right);
        let both = left.width() + right.width() + 9;
        if both <= self.width && !right.is_empty() {
            let dashes = self.width - both;
            let line = Rich::new(self.frame, "╭─ ")
                .join(&left)
                .and(self.frame, format!(" {} ", "─".repeat(dashes + 1)))
                .join(&right)
                .and(self.frame, " ─╮");
            return self.push(&line);
        }
        self.titled("╭", &left, "╮");
        if !right.is_empty() {
            self.text(&right);
        }
    }

    /// A line across, with a title if there is one.
    pub(super) fn rule(&mut self, title: &str) {
        self.titled("├", &Rich::new(BOLD, title), "┤");
    }

    fn titled(&mut self, start: &str, title: &Rich, end: &str) {
        let frame = self.frame;
        if title.is_empty() {
            let line = Rich::new(frame, format!("{start}{}{end}", "─".repeat(self.width - 2)));
            return self.push(&line);
        }
        let mut rows = wrap(title, self.width - 7).into_iter();
        if let Some(first) = rows.next() {
            let dashes = "─".repeat(self.width.saturating_sub(first.width() + 5));
            let line = Rich::new(frame, format!("{start}─ ")).join(&first).and(frame, format!(" {dashes}{end}"));
            self.push(&line);
        }
        rows.for_each(|row| self.line(row));
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.line(Rich::default());
    }

    /// Text over the whole width.
    pub(super) fn text(&mut self, text: &Rich) {
        for row in wrap(text, self.inner()) {
            self.line(row);
        }
    }

    /// Cells beside each other, each with its width, `gap` blanks between. Widths and gaps must fit [`Self::inner`].
    pub(super) fn row(&mut self, cells: &[(Rich, usize)], gap: usize) {
        let columns: Vec<(Vec<Rich>, usize)> = cells.iter().map(|(cell, width)| (wrap(cell, *width), *width)).collect();
        let height = columns.iter().map(|(lines, _)| lines.len()).max().unwrap_or(0);
        for at in 0..height {
            let mut line = Rich::default();
            for (index, (lines, width)) in columns.iter().enumerate() {
                if index > 0 {
                    line.push(Style::new(), " ".repeat(gap));
                }
                line = line.join(&fill(lines.get(at).cloned().unwrap_or_default(), *width));
            }
            self.line(line);
        }
    }

    /// The lower border; gives the box.
    pub(super) fn finish(mut self) -> String {
        let line = Rich::new(self.frame, format!("╰{}╯", "─".repeat(self.width - 2)));
        self.push(&line);
        self.out
    }

    fn line(&mut self, row: Rich) {
        let line = Rich::new(self.frame, "│ ").join(&fill(row, self.inner())).and(self.frame, " │");
        self.push(&line);
    }

    fn push(&mut self, line: &Rich) {
        self.out.push_str(&line.paint(self.color));
        self.out.push('\n');
    }
}
