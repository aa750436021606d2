//! Styled text on a grid of columns: what it measures, where it breaks, how it is painted.
//!
//! Never loses a character: what does not fit goes to the next line; a control character becomes visible, so no text can
//! move the cursor or change a colour. Never splits a letter from its accents.
//!
//! Begin with [`Rich`] and [`wrap`].

use anstyle::Style;
use std::iter::Peekable;
use std::str::CharIndices;
use unicode_width::UnicodeWidthStr;

/// Text in one style after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rich(Vec<(Style, String)>);

impl Rich {
    /// Text in one style.
    pub(super) fn new(style: Style, text: impl Into<String>) -> Self {
        Self(vec![(style, text.into())])
    }

    /// Text without style.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::new(Style::new(), text)
    }

    /// Adds text.
    #[must_use]
    pub(super) fn and(mut self, style: Style, text: impl Into<String>) -> Self {
        self.push(style, text);
        self
    }

    /// Adds text.
    pub(super) fn push(&mut self, style: Style, text: impl Into<String>) {
        self.0.push((style, text.into()));
    }

    /// Adds styled text.
    #[must_use]
    pub(super) fn join(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// Puts all of it on top of `under`: what has a style keeps it.
    #[must_use]
    pub(super) fn over(mut self, under: Style) -> Self {
        for (style, _) in &mut self.0 {
            if *style == Style::new() {
                *style = under;
            }
        }
        self
    }

    /// Columns that it takes on one line (of its longest line, where it has several).
    pub(super) fn width(&self) -> usize {
        rows(self).map(|row| row.iter().map(|bit| bit.width).sum()).max().unwrap_or(0)
    }

    /// Whether it is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, text)| text.is_empty())
    }

    /// With escape codes if `color`, else the text alone.
    pub(super) fn paint(&self, color: bool) -> String {
        let mut out = String::new();
        for (style, text) in &self.0 {
            if color && *style != Style::new() {
                out.push_str(&style.render().to_string());
                out.push_str(text);
                out.push_str(&style.render_reset().to_string());
            } else {
                out.push_str(text);
            }
        }
        out
    }
}

/// What cannot be split: a letter with its accents, an emoji with its parts.
struct Bit<'a> {
    style: Style,
    text: &'a str,
    width: usize,
}

/// The rows of the text before any wrapping.
fn rows(rich: &Rich) -> impl Iterator<Item = Vec<Bit<'_>>> {
    let mut rows = vec![Vec::new()];
    for (style, text) in &rich.0 {
        for cluster in Clusters::of(text) {
            if cluster == "\n" {
                rows.push(Vec::new());
            } else if let Some(row) = rows.last_mut() {
                row.push(bit(*style, cluster));
            }
        }
    }
    rows.into_iter()
}

fn bit(style: Style, cluster: &str) -> Bit<'_> {
    let text = match cluster.chars().next() {
        Some('\t') => " ",
        Some(c) if c.is_control() => "\u{fffd}",
        Some(_) | None => cluster,
    };
    Bit { style, text, width: text.width() }
}

/// Splits text into what a terminal draws in one place.
struct Clusters<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

impl<'a> Clusters<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, chars: text.char_indices().peekable() }
    }
}

impl<'a> Iterator for Clusters<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (start, first) = self.chars.next()?;
        let mut last = first;
        let mut flags = usize::from(is_flag(first));
        if !first.is_control() {
            while let Some((_, next)) = self.chars.next_if(|(_, next)| belongs(last, *next, flags)) {
                flags += usize::from(is_flag(next));
                last = next;
            }
        }
        let end = self.chars.peek().map_or(self.text.len(), |(at, _)| *at);
        Some(&self.text[start..end])
    }
}

const JOINER: char = '\u{200d}';

/// Whether `next` is drawn together with `last`; `flags` counts the halves of a flag so far.
fn belongs(last: char, next: char, flags: usize) -> bool {
    if next.is_control() {
        return false;
    }
    let is_tone = matches!(next, '\u{1f3fb}'..='\u{1f3ff}');
    last == JOINER
        || is_tone
        || (flags == 1 && is_flag(next))
        || unicode_width::UnicodeWidthChar::width(next) == Some(0)
}

fn is_flag(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

/// Breaks text into lines of at most `width` columns (at least two, so that a wide letter has its place). Breaks between
/// words; a word that is too long breaks after a mark of punctuation where there is one in its second half, else anywhere.
pub(super) fn wrap(rich: &Rich, width: usize) -> Vec<Rich> {
    let width = width.max(2);
    let mut lines = Vec::new();
    for row in rows(rich) {
        wrap_row(&row, width, &mut lines);
    }
    lines
}

fn wrap_row(row: &[Bit<'_>], width: usize, lines: &mut Vec<Rich>) {
    let mut from = 0;
    loop {
        let rest = row.get(from..).unwrap_or_default();
        let (mut columns, mut fits) = (0, 0);
        for bit in rest {
            if columns + bit.width > width {
                break;
            }
            columns += bit.width;
            fits += 1;
        }
        let cut = if fits == rest.len() { fits } else { cut(rest, fits.max(1)) };
        let (line, after) = rest.split_at(cut);
        let end = line.iter().rposition(|bit| bit.text != " ").map_or(0, |at| at + 1);
        lines.push(gather(line.get(..end).unwrap_or_default()));
        // Blanks at a break are the break.
        from += cut + after.iter().take_while(|bit| bit.text == " ").count();
        if from >= row.len() {
            return;
        }
    }
}

/// Where to end a line of which `fits` bits have room.
fn cut(rest: &[Bit<'_>], fits: usize) -> usize {
    let is_blank = |at: usize| rest.get(at).is_some_and(|bit| bit.text == " ");
    if is_blank(fits) {
        return fits;
    }
    let line = rest.get(..fits).unwrap_or_default();
    if let Some(at) = line.iter().rposition(|bit| bit.text == " ")
        && line.iter().take(at).any(|bit| bit.text != " ")
    {
        return at + 1;
    }
    let second_half = fits.div_ceil(2);
    let mark = line
        .iter()
        .rposition(|bit| matches!(bit.text, "-" | "_" | "@" | "." | "/" | ":" | "=" | "," | ";" | "&" | "?" | "+"));
    mark.filter(|at| *at >= second_half).map_or(fits, |at| at + 1)
}

/// One line of neighbours in the same style together.
fn gather(bits: &[Bit<'_>]) -> Rich {
    let mut out = Rich::default();
    for bit in bits {
        match out.0.last_mut() {
            Some((style, text)) if *style == bit.style => text.push_str(bit.text),
            Some(_) | None => out.push(bit.style, bit.text),
        }
    }
    out
}

/// The line filled up with blanks to `width` columns.
pub(super) fn fill(line: Rich, width: usize) -> Rich {
    let missing = width.saturating_sub(line.width());
    if missing == 0 { line } else { line.and(Style::new(), " ".repeat(missing)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize) -> Vec<String> {
        wrap(&Rich::plain(text), width).iter().map(|line| line.paint(false)).collect()
    }

    #[test]
    fn text_breaks_between_words_and_after_punctuation() {
        let table: [(&str, usize, &[&str]); 9] = [
            ("one two three", 20, &["one two three"]),
            ("one two three", 8, &["one two", "three"]),
            ("one two three", 7, &["one two", "three"]),
            ("one two", 6, &["one", "two"]),
            ("", 10, &[""]),
            ("a\n\nb", 10, &["a", "", "b"]),
            ("9dfb369b-ab13-4fae-a276-55daa05f1119", 24, &["9dfb369b-ab13-4fae-a276-", "55daa05f1119"]),
            ("abcdefghij", 4, &["abcd", "efgh", "ij"]),
            ("  in", 10, &["  in"]),
        ];
        for (text, width, expected) in table {
            assert_eq!(wrapped(text, width), expected, "{text:?} at {width}");
        }
    }

    #[test]
    fn wide_letters_accents_and_emoji_are_measured_and_never_split() {
        assert_eq!(wrapped("田中さん", 5), ["田中", "さん"]);
        assert_eq!(wrapped("e\u{301}e\u{301}e\u{301}", 2), ["e\u{301}e\u{301}", "e\u{301}"]);
        assert_eq!(wrapped("👩\u{200d}💻x", 2), ["👩\u{200d}💻", "x"]);
        assert_eq!(wrapped("🇩🇪🇫🇷", 2), ["🇩🇪", "🇫🇷"]);
        assert_eq!(wrapped("👍🏽!", 2), ["👍🏽", "!"]);
        for text in ["田中さん", "Zoë Zoe\u{308}", "ﷺ שלום", "👩\u{200d}💻 🇩🇪"] {
            for width in 2..12 {
                for line in wrap(&Rich::plain(text), width) {
                    assert!(
                        line.width() <= width.max(2) || line.paint(false).chars().count() == 1,
                        "{text:?} at {width}"
                    );
                    assert_eq!(fill(line, 12).width(), 12, "{text:?} at {width}");
                }
            }
        }
    }

    #[test]
    fn no_character_is_lost_at_any_width() {
        let text = "the quick-brown fox jumps/over @the lazy dog: 田中さん 9dfb369b-ab13-4fae-a276-55daa05f1119";
        let bare = |text: &str| text.replace(' ', "");
        for width in 2..120 {
            assert_eq!(bare(&wrapped(text, width).concat()), bare(text), "at {width}");
        }
    }

    #[test]
    fn control_characters_cannot_reach_the_terminal() {
        assert_eq!(wrapped("a\u{1b}[2Jb\tc\rd", 20), ["a\u{fffd}[2Jb c\u{fffd}d"]);
    }

    #[test]
    fn colours_are_painted_only_when_asked_and_survive_a_break() {
        let red = anstyle::AnsiColor::Red.on_default();
        let lines = wrap(&Rich::new(red, "one two").and(Style::new(), " three"), 7);
        assert_eq!(lines[0].paint(true), "\u{1b}[31mone two\u{1b}[0m");
        assert_eq!(lines[1].paint(true), "three");
    }
}
