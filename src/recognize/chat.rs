//! Undoes what chat programs, browsers and mail do to a pasted text: link rewriting, HTML entities, smart quotes,
//! invisible characters, quotation marks at line starts, markdown and JSON escapes.
//!
//! Never drops the way back: each replaced stretch is remembered with its place in the text as received.
//!
//! Begin with [`undo`].

use super::head;
use crate::domain::reading::{Stretch, WayBack};
use std::borrow::Cow;

/// Whether anything in the text could change its squeezed form (letters and digits) when undone.
pub fn is_mangled(text: &str) -> bool {
    holds_any(text, |b| matches!(b, b'<' | b'&' | b'\\' | 0xEF)) || text.contains("](")
}

/// Whether nothing in the text can be undone.
fn is_plain(text: &str) -> bool {
    !holds_any(text, |b| b >= 0x80 || matches!(b, b'<' | b'&' | b'\\' | b'\r' | b'>' | b'['))
}

/// Whether one of the bytes is of a kind. Looks at a block at a time without leaving it early: that way the compiler
/// compares many bytes at once.
fn holds_any(text: &str, kind: impl Fn(u8) -> bool) -> bool {
    text.as_bytes().chunks(64).any(|block| any_in(block, &kind))
}

/// Whether one of the bytes of a block is of a kind.
fn any_in(block: &[u8], kind: impl Fn(u8) -> bool) -> bool {
    block.iter().fold(false, |found, b| found | kind(*b))
}

/// Undoes the mangling of the given pieces of one text, each with its offset in that text, and joins them by a line
/// break. A single piece without mangling is borrowed and has an empty way back.
pub fn undo<'t>(pieces: &[(usize, &'t str)]) -> (Cow<'t, str>, WayBack) {
    if let [(0, text)] = pieces
        && is_plain(text)
    {
        return (Cow::Borrowed(*text), WayBack::default());
    }
    let mut out = Undone::of(pieces);
    let mut back = WayBack(std::mem::take(&mut out.stretches));
    // What came to light may be mangled, too: a link inside a JSON text, a JSON text inside another.
    for _ in 1..LAYERS {
        if !out.decoded || is_plain(&out.clean) {
            break;
        }
        let mut next = Undone::of(&[(0, &out.clean)]);
        back = back.then(&WayBack(std::mem::take(&mut next.stretches)), out.clean.len());
        out = next;
    }
    (Cow::Owned(out.clean), back)
}

/// Longest link, and longest label of one, in bytes.
const LONGEST_LINK: usize = 2048;

/// The beginning of a text, as long as a link may be: no search for the end of one goes further, or many that never end
/// would be searched to the end of the text each.
fn near(text: &str) -> &str {
    head(text, LONGEST_LINK)
}

/// How many times over a text may be mangled and is still undone.
const LAYERS: usize = 4;

#[derive(Default)]
struct Undone {
    clean: String,
    stretches: Vec<Stretch>,
    /// Whether an entity or an escape was undone.
    decoded: bool,
}

impl Undone {
    fn of(pieces: &[(usize, &str)]) -> Self {
        let mut out = Self::default();
        for (i, (offset, text)) in pieces.iter().enumerate() {
            if i > 0 {
                out.replace(*offset, 0, "\n");
            }
            out.piece(*offset, text);
        }
        out
    }

    fn keep(&mut self, received: usize, text: &str) {
        if text.is_empty() {
            return;
        }
        let clean = self.clean.len();
        match self.stretches.last_mut() {
            Some(s) if s.verbatim && s.received + s.received_len == received && s.clean + s.received_len == clean => {
                s.received_len += text.len();
            }
            _ => self.stretches.push(Stretch { clean, received, received_len: text.len(), verbatim: true }),
        }
        self.clean.push_str(text);
    }

    fn replace(&mut self, received: usize, received_len: usize, by: &str) {
        if by.is_empty() {
            return;
        }
        self.stretches.push(Stretch { clean: self.clean.len(), received, received_len, verbatim: false });
        self.clean.push_str(by);
    }

    fn piece(&mut self, base: usize, text: &str) {
        let mut i = line_start(text, 0);
        while let Some(rest) = text.get(i..).filter(|r| !r.is_empty()) {
            let plain = first_special(rest);
            if plain > 0 {
                self.keep(base + i, &rest[..plain]);
                i += plain;
                continue;
            }
            let step = self.special(base + i, rest);
            i += step;
            if self.clean.is_empty() || self.clean.ends_with('\n') {
                i = line_start(text, i);
            }
        }
    }

    /// Handles the special character at the start of `rest`; returns how many bytes were consumed (at least one).
    fn special(&mut self, at: usize, rest: &str) -> usize {
        match rest.as_bytes().first() {
            Some(b'<') => self.angle(at, rest, (1, ">")),
            Some(b'&') => self.entity(at, rest),
            Some(b'\\') => self.escape(at, rest),
            Some(b'[') => self.markdown_link(at, rest),
            Some(b'\r') => {
                let len = if rest.starts_with("\r\n") { 2 } else { 1 };
                self.replace(at, len, "\n");
                len
            }
            Some(b'\n') => {
                self.keep(at, "\n");
                1
            }
            _ => self.wide(at, rest),
        }
    }

    /// Slack: `<https://…>`, `<https://…|label>`, `<mailto:a@b|a@b>`, `<@U1|name>`, `<#C1|name>`, `<!here>`. `signs` are
    /// the length of the opening sign and the closing one, which may be written as entities.
    fn angle(&mut self, at: usize, rest: &str, (open, close): (usize, &str)) -> usize {
        let body = near(rest.get(open..).unwrap_or_default());
        // What opens no link is told by its first letter: nothing is searched for its end.
        if !body.chars().find(char::is_ascii).is_some_and(|c| matches!(c, 'h' | 'm' | 't' | '@' | '#' | '!')) {
            return self.less_than(at, open);
        }
        let line = body.get(..body.find(['\n', '<']).unwrap_or(body.len())).unwrap_or_default();
        let Some(inner) = line.find(close).and_then(|end| line.get(..end)) else {
            return self.less_than(at, open);
        };
        let (target, label) = match inner.split_once('|') {
            Some((t, l)) => (t, Some((l, t.len() + 1))),
            None => (inner, None),
        };
        let plain: Cow<'_, str> =
            if target.is_ascii() { Cow::Borrowed(target) } else { target.chars().filter(char::is_ascii).collect() };
        let is_link = ["http://", "https://", "mailto:", "tel:"].iter().any(|s| plain.starts_with(s));
        let is_mention = plain.starts_with(['@', '#', '!']);
        if !is_link && !is_mention {
            return self.less_than(at, open);
        }
        let at = at + open;
        match label {
            Some((label, offset)) if is_link => self.link(at, target, at + offset, label),
            Some((label, offset)) => self.inside(at + offset, label),
            None => {
                let skip = if target.starts_with("mailto:") { "mailto:".len() } else { 0 };
                self.inside(at + skip, &target[skip..]);
            }
        }
        open + inner.len() + close.len()
    }

    /// Keeps what stood inside a link, without invisible characters.
    fn inside(&mut self, at: usize, text: &str) {
        let mut i = 0;
        while let Some(rest) = text.get(i..).filter(|r| !r.is_empty()) {
            let plain = rest.bytes().position(|b| b >= 0x80).unwrap_or(rest.len());
            if plain > 0 {
                self.keep(at + i, &rest[..plain]);
                i += plain;
            } else {
                i += self.wide(at + i, rest);
            }
        }
    }

    /// An angle that opens no link.
    fn less_than(&mut self, at: usize, len: usize) -> usize {
        if len == 1 {
            self.keep(at, "<");
        } else {
            self.replace(at, len, "<");
        }
        len
    }

    /// A link with a label: an automatic one (label = address, perhaps shortened) becomes one of the two, a named one
    /// becomes both.
    fn link(&mut self, target_at: usize, target: &str, label_at: usize, label: &str) {
        let bare = label.trim_end_matches(['…', '.']);
        let shortened = bare.len() < label.len() && target.contains(bare);
        if target.starts_with("mailto:") || target.starts_with("tel:") || (target.contains(label) && !shortened) {
            self.inside(label_at, label);
        } else if shortened {
            self.inside(target_at, target);
        } else {
            self.inside(label_at, label);
            self.replace(label_at + label.len(), 0, " ");
            self.inside(target_at, target);
        }
    }

    fn markdown_link(&mut self, at: usize, rest: &str) -> usize {
        let inside = near(rest.get(1..).unwrap_or_default());
        let close = inside.find(['[', ']', '\n']).map(|close| close + 1);
        let found = close.filter(|close| rest.get(*close..).is_some_and(|r| r.starts_with("]("))).and_then(|close| {
            let label = rest.get(1..close)?;
            let target = near(rest.get(close + 2..)?);
            let end = target.find([')', ' ', '\n']).filter(|e| target.as_bytes().get(*e) == Some(&b')'))?;
            let target = &target[..end];
            let is_link = ["http://", "https://", "mailto:"].iter().any(|s| target.starts_with(s));
            is_link.then_some((label, target, close + 2 + end + 1))
        });
        let Some((label, target, len)) = found else {
            self.keep(at, "[");
            return 1;
        };
        self.link(at + label.len() + 3, target, at + 1, label);
        len
    }

    fn entity(&mut self, at: usize, rest: &str) -> usize {
        match decode_entity(rest) {
            Some(('<', len)) => {
                let close = rest.get(..len).unwrap_or_default().replace("lt;", "gt;");
                self.angle(at, rest, (len, &close))
            }
            Some((c, len)) => {
                self.decoded(at, len, c);
                len
            }
            None => {
                self.keep(at, "&");
                1
            }
        }
    }

    /// A character that was written as an entity or an escape.
    fn decoded(&mut self, at: usize, len: usize, c: char) {
        let c = match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            other => other,
        };
        let mut buf = [0; 4];
        let text = simplify(c).unwrap_or_else(|| c.encode_utf8(&mut buf));
        self.decoded = true;
        self.replace(at, len, text);
    }

    /// Markdown escapes (`\_`) and the escapes of JSON inside text (`\"`, `\r\n`, `\u0027`).
    fn escape(&mut self, at: usize, rest: &str) -> usize {
        let next = rest.get(1..).unwrap_or_default();
        if let Some((c, len)) = decode_unicode(rest) {
            self.decoded(at, len, c);
            return len;
        }
        if next.starts_with("r\\n") {
            self.decoded = true;
            self.replace(at, 4, "\n");
            return 4;
        }
        let after_word = self.clean.ends_with(|c: char| c.is_alphanumeric());
        let before_lower = next.get(1..).is_some_and(|n| n.starts_with(|c: char| c.is_lowercase()));
        match next.chars().next() {
            // `CONTOSO\nora` is a login, `denied. \nError` is a line break.
            Some('n' | 'r') if !(after_word && before_lower) => {
                self.decoded = true;
                self.replace(at, 2, "\n");
                2
            }
            Some('t') if !(after_word && before_lower) => {
                self.decoded = true;
                self.replace(at, 2, " ");
                2
            }
            Some(c) if c.is_ascii_punctuation() => {
                self.decoded = true;
                self.keep(at + 1, &next[..1]);
                2
            }
            _ => {
                self.keep(at, "\\");
                1
            }
        }
    }

    fn wide(&mut self, at: usize, rest: &str) -> usize {
        let Some(c) = rest.chars().next() else { return 1 };
        let len = c.len_utf8();
        match c {
            '\u{ff01}'..='\u{ff5e}' => self.decoded(at, len, c),
            '–' if self.inside_word(rest, len) => self.replace(at, len, "-"),
            _ => match simplify(c) {
                Some(by) => self.replace(at, len, by),
                None => self.keep(at, &rest[..len]),
            },
        }
        len
    }

    fn inside_word(&self, rest: &str, len: usize) -> bool {
        self.clean.ends_with(|c: char| c.is_ascii_alphanumeric())
            && rest.get(len..).is_some_and(|r| r.starts_with(|c: char| c.is_ascii_alphanumeric()))
    }
}

/// Skips `> ` (also written as an entity) and the box signs of Terraform at the start of a line; returns where the
/// line's own text begins.
fn line_start(text: &str, from: usize) -> usize {
    let mut i = from;
    loop {
        let rest = text.get(i..).unwrap_or_default();
        let trimmed = rest.trim_start_matches([' ', '\t']);
        let indent = rest.len() - trimmed.len();
        match ["&gt;", ">", "│", "╷", "╵", "┃", "▎"].iter().find(|s| trimmed.starts_with(**s)) {
            Some(sign) if indent <= 3 => i += indent + sign.len(),
            _ => break,
        }
    }
    if i > from && text.as_bytes().get(i) == Some(&b' ') { i + 1 } else { i }
}

/// Where the first special byte stands, or the end of the text. Blocks without one are passed over many bytes at a time.
fn first_special(text: &str) -> usize {
    let mut at = 0;
    for block in text.as_bytes().chunks(32) {
        if any_in(block, is_special) {
            return at + block.iter().position(|b| is_special(*b)).unwrap_or(block.len());
        }
        at += block.len();
    }
    at
}

fn is_special(b: u8) -> bool {
    b >= 0x80 || matches!(b, b'<' | b'&' | b'\\' | b'\r' | b'\n' | b'[')
}

/// What a look-alike or invisible character stands for; `None` keeps it.
fn simplify(c: char) -> Option<&'static str> {
    match c {
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(" "),
        '\u{2028}' | '\u{2029}' | '\u{85}' => Some("\n"),
        '‘' | '’' | '‚' | '‛' | '′' | '´' | 'ʼ' => Some("'"),
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => Some("\""),
        '‐' | '\u{2011}' | '−' | '﹣' => Some("-"),
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}'
        | '\u{ad}'
        | '\u{fe0e}'
        | '\u{fe0f}' => Some(""),
        _ => None,
    }
}

/// Decodes the `\uXXXX` at the start of `text`, with its second half where it is one of a pair; returns its length.
/// Half a pair is no character.
fn decode_unicode(text: &str) -> Option<(char, usize)> {
    const LEN: usize = 6;
    let unit = |text: &str| {
        let hex = text.strip_prefix("\\u")?.get(..4).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(hex, 16).ok()
    };
    let first = unit(text)?;
    if let Some(c) = char::from_u32(first) {
        return Some((c, LEN));
    }
    let second = unit(text.get(LEN..)?).filter(|low| (0xdc00..0xe000).contains(low) && first < 0xdc00)?;
    Some((char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))?, 2 * LEN))
}

/// Decodes the entity at the start of `text`, however often it was encoded (`&amp;quot;`); returns its length.
fn decode_entity(text: &str) -> Option<(char, usize)> {
    let mut at = 1;
    while text.get(at..).is_some_and(|t| t.starts_with("amp;")) {
        at += "amp;".len();
    }
    match decode_name(text.get(at..).unwrap_or_default()) {
        Some((c, len)) => Some((c, at + len)),
        None => (at > 1).then_some(('&', at)),
    }
}

/// The character of an entity's name with its semicolon, and their length.
fn decode_name(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(10).position(|b| b == b';')?;
    let name = text.get(..end)?;
    let c = match name {
        "lt" => '<',
        "gt" => '>',
        "quot" | "ldquo" | "rdquo" | "laquo" | "raquo" => '"',
        "apos" | "lsquo" | "rsquo" => '\'',
        "nbsp" => '\u{a0}',
        "hellip" => '…',
        "ndash" => '–',
        "mdash" => '—',
        "shy" | "zwnj" | "zwj" => '\u{ad}',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((c, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(text: &str) -> String {
        let (clean, back) = undo(&[(0, text)]);
        for i in 0..clean.len() {
            let r = back.range(i..i + 1);
            assert!(r.start <= r.end && r.end <= text.len(), "{text:?} {i} {r:?}");
        }
        clean.into_owned()
    }

    #[test]
    fn links_are_unwrapped() {
        assert_eq!(undone("url=<https://a.b/c>"), "url=https://a.b/c");
        assert_eq!(undone("<mailto:a@b.c|a@b.c>, x"), "a@b.c, x");
        assert_eq!(undone("user a@<http://b.com|b.com>"), "user a@b.com");
        assert_eq!(undone("see <https://a.b/c/d|https://a.b/c…>"), "see https://a.b/c/d");
        assert_eq!(undone("see <https://a.b/c|this>"), "see this https://a.b/c");
        assert_eq!(undone("[a@b.c](mailto:a@b.c) x"), "a@b.c x");
        assert_eq!(undone("<@U123|anna> hi <#C1|help>"), "anna hi help");
        assert_eq!(undone("a < b > c <x>"), "a < b > c <x>");
        assert_eq!(undone("url=&lt;https://a.b/c&gt; &lt;x&gt;"), "url=https://a.b/c <x>");
    }

    #[test]
    fn entities_quotes_and_escapes_are_undone() {
        assert_eq!(undone("&quot;it&#39;s&quot; &amp;lt; &amp;"), "\"it's\" < &");
        assert_eq!(undone("“a” ‘b’\u{a0}c\u{200b}d"), "\"a\" 'b' cd");
        assert_eq!(undone(r#"Request\_Resource\nNot \"x\" \u0027y\u0027 \\"#), "Request_Resource\nNot \"x\" 'y' \\");
        assert_eq!(undone(r"issuance.\r\nTrace ID: x"), "issuance.\nTrace ID: x");
        assert_eq!(undone(r"CONTOSO\nora.fischer"), r"CONTOSO\nora.fischer");
        assert_eq!(undone("Ａ１ \\uff21&#xff11;"), "A1 A1");
        assert_eq!(undone(r"a\u00a0b\u200bc \u201cd\u201d \ud83d\ude00"), "a bc \"d\" \u{1f600}");
        assert_eq!(undone(r"\ud83d x \ude00 \ud83d\ud83d \u+123"), r"\ud83d x \ude00 \ud83d\ud83d \u+123");
        assert_eq!(undone("9dfb369b–ab13 – x"), "9dfb369b-ab13 – x");
    }

    #[test]
    fn quotation_marks_at_line_starts_go() {
        assert_eq!(undone("> a\n> > b\n&gt; c\nd > e"), "a\nb\nc\nd > e");
        assert_eq!(undone("│ Error: x\n│\n│   y"), "Error: x\n\n  y");
    }

    #[test]
    fn the_way_back_leads_to_the_same_words() {
        let text = "> see <https://a.b|link> “Matching user&nbsp;not found” ok";
        let (clean, back) = undo(&[(0, text)]);
        let at = clean.find("Matching").unwrap();
        let end = clean.find("found").unwrap() + 5;
        assert_eq!(&text[back.range(at..end)], "Matching user&nbsp;not found");
    }
}
