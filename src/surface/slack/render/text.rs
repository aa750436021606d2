//! From public text to Slack's text: pieces of rich text for everything with a value from outside, escaped markup for our own
//! words only, and the plain fallback of a message.
//!
//! Never puts a value from outside where Slack looks for markup: there is no way to escape `*`, `_` or a backtick. Begin with
//! [`rich`].

use crate::domain::notice::{PublicText, Span};
use crate::domain::time::At;
use serde_json::{Value, json};

/// How Slack writes an instant in the reader's time zone.
const DATE: &str = "{date_short_pretty} at {time}";
/// Longest single string that is sent; what is longer goes on in the next piece.
const PIECE: usize = 3_000;
/// Longest value from outside where it may be cut: this much of its beginning and its end is kept.
const HEAD: usize = 200;
const TAIL: usize = 60;

/// Escapes what Slack reads as markup of links and mentions. For our own words; formatting marks cannot be escaped.
pub(in crate::surface::slack) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

/// An instant as markup.
pub(in crate::surface::slack) fn date(at: At) -> String {
    format!("<!date^{}^{DATE}|{}>", at.0.div_euclid(1_000), at.text())
}

/// A piece of rich text; `style` names a style or is empty.
pub(in crate::surface::slack) fn piece(text: &str, style: &str) -> Value {
    if style.is_empty() {
        json!({ "type": "text", "text": text })
    } else {
        json!({ "type": "text", "text": text, "style": { style: true } })
    }
}

/// The pieces of a text, nothing cut. A value from outside stands in code, so that it does not pass for our words.
pub(in crate::surface::slack) fn rich(text: &PublicText) -> Vec<Value> {
    let mut out = Vec::new();
    for span in text.spans() {
        match span {
            Span::Words(text) => put(&mut out, text, ""),
            Span::Strong(text) => put(&mut out, text, "bold"),
            Span::Foreign(text) => put(&mut out, &apart(text), "code"),
            Span::Time(at) => out.push(json!({
                "type": "date", "timestamp": at.0.div_euclid(1_000), "format": DATE, "fallback": at.text(),
            })),
        }
    }
    out
}

/// Adds a text in pieces that Slack takes; an empty one would be refused.
fn put(out: &mut Vec<Value>, text: &str, style: &str) {
    out.extend(pieces(text).map(|part| piece(part, style)));
}

/// A text in parts of at most [`PIECE`] characters.
pub(in crate::surface::slack) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().nth(PIECE).map_or(rest.len(), |(at, _)| at);
        let (part, more) = rest.split_at(end);
        rest = more;
        Some(part)
    })
}

/// A value from outside that is written from right to left is fenced in, so that it cannot turn round what stands beside it.
pub(in crate::surface::slack) fn apart(text: &str) -> String {
    if text.chars().any(right_to_left) { format!("\u{2068}{text}\u{2069}") } else { text.to_owned() }
}

/// Letters of scripts that run from right to left.
fn right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}')
}

/// A text as one plain string, for places without pieces.
pub(in crate::surface::slack) fn plain(text: &PublicText) -> String {
    let mut out = String::new();
    for span in text.spans() {
        match span {
            Span::Words(text) | Span::Strong(text) => out.push_str(text),
            Span::Foreign(text) => out.push_str(&apart(text)),
            Span::Time(at) => out.push_str(&at.text()),
        }
    }
    out
}

/// The same text with long values from outside cut in the middle; how many characters are left out.
pub(in crate::surface::slack) fn shorter(text: &PublicText) -> (PublicText, usize) {
    let mut left_out = 0;
    let mut out = PublicText::new();
    for span in text.spans() {
        out = match span {
            Span::Words(text) => out.and(text.clone()),
            Span::Strong(text) => out.and_strong(text.clone()),
            Span::Time(at) => out.and_time(*at),
            Span::Foreign(text) => {
                let count = text.chars().count();
                if count <= HEAD + TAIL + 40 {
                    out.and_foreign(text)
                } else {
                    left_out += count - HEAD - TAIL;
                    let head: String = text.chars().take(HEAD).collect();
                    let tail: String = text.chars().skip(count - TAIL).collect();
                    let middle = format!(" … {} characters … ", count - HEAD - TAIL);
                    out.and_foreign(&head).and(middle).and_foreign(&tail)
                }
            }
        };
    }
    (out, left_out)
}

/// Longest line of pieces; what is longer is cut, and said so.
const LINE: usize = 2_500;

/// The pieces of a text for a place where it may be shortened: long values are cut in the middle, a long line at its end. How
/// many characters are left out.
pub(in crate::surface::slack) fn short_line(text: &PublicText) -> (Vec<Value>, usize) {
    let (text, mut left_out) = shorter(text);
    let mut line = Vec::new();
    let mut length = 0;
    for mut piece in rich(&text) {
        let Some(said) = piece["text"].as_str() else {
            line.push(piece);
            continue;
        };
        let count = said.chars().count();
        if length >= LINE {
            left_out += count;
            continue;
        }
        if length + count > LINE {
            left_out += length + count - LINE;
            piece["text"] = json!(cut(said, LINE - length));
        }
        length += count;
        line.push(piece);
    }
    (line, left_out)
}

/// At most `most` characters, with a sign where more was.
pub(in crate::surface::slack) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_outside_stands_in_code_and_is_never_read_as_markup() {
        let text =
            PublicText::words("user ").and_foreign("<!channel> `*x*` <@U123>").and_strong(" now").and_time(At(5_000));
        assert_eq!(
            rich(&text),
            [
                json!({ "type": "text", "text": "user " }),
                json!({ "type": "text", "text": "<!channel> `*x*` <@U123>", "style": { "code": true } }),
                json!({ "type": "text", "text": " now", "style": { "bold": true } }),
                json!({ "type": "date", "timestamp": 5, "format": DATE, "fallback": "1970-01-01 00:00:05 UTC" }),
            ]
        );
        assert_eq!(escape("a <!channel> & b"), "a &lt;!channel&gt; &amp; b");
    }

    #[test]
    fn values_that_run_from_right_to_left_are_fenced_in_and_others_are_left_alone() {
        assert_eq!(apart("שלום"), "\u{2068}שלום\u{2069}");
        assert_eq!(apart("sam@northbridge.example"), "sam@northbridge.example");
        assert_eq!(plain(&PublicText::foreign("مرحبا").and(" → ")), "\u{2068}مرحبا\u{2069} → ");
    }

    #[test]
    fn long_text_goes_on_in_the_next_piece_and_empty_text_makes_none() {
        let long = "ä".repeat(7_000);
        let parts = rich(&PublicText::foreign(&long));
        assert_eq!(parts.len(), 3);
        let whole: String = parts.iter().map(|part| part["text"].as_str().unwrap()).collect();
        assert_eq!(whole, long);
        assert!(rich(&PublicText::words("").and_foreign("")).is_empty());
    }

    #[test]
    fn a_value_is_cut_in_the_middle_and_what_is_left_out_is_counted() {
        let long = format!("begin{}end", "x".repeat(40_000));
        let (short, left_out) = shorter(&PublicText::words("value ").and_foreign(&long));
        let text = short.plain();
        assert!(text.starts_with("value begin") && text.ends_with("end"), "{text}");
        assert_eq!(left_out, 40_008 - HEAD - TAIL);
        assert!(text.contains(&format!("{left_out} characters")));
        assert_eq!(shorter(&PublicText::foreign("short")), (PublicText::foreign("short"), 0));
        let (line, left_out) = short_line(&PublicText::words("x".repeat(2_000)).and("y".repeat(2_000)).and("z"));
        assert_eq!((line.len(), left_out), (2, 1_501));
        assert!(line[1]["text"].as_str().unwrap().ends_with("y…"));
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
    }
}
