//! Shapes of values: guid, e-mail, Okta id, source anchor, time stamp. A value counts only if its shape is right.
//!
//! Never looks at labels (that is `fields`). Begin with [`tokens`].

use super::lexicon::Roles;
use super::times;
use super::words::{Word, Words};
use std::ops::Range;

/// What a stretch of text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Guid,
    /// A guid typed off a screenshot, with `O` for `0` or `l` for `1`: it tells of an instance, but is no exact value.
    NearGuid,
    Email,
    OktaId,
    Anchor,
    Time,
    /// A time without seconds.
    RoughTime,
}

/// A stretch of text with a shape.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) shape: Shape,
    pub(super) at: Range<usize>,
}

/// All values with a known shape, in the order of the text: those that begin with a word or with a part of one (after
/// `_` or `.`), and those that are seen by a sign between words (`@`, `==`).
pub(super) fn tokens(words: &Words<'_>) -> Vec<Token> {
    let bytes = words.text.as_bytes();
    let mut found = Tokens { list: Vec::with_capacity(16), done: 0 };
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        if may_be_value(word) {
            found.add(at_word(bytes, word));
        }
        // Nothing begins inside what was found.
        if word.joined && found.done < word.end {
            found.parts(bytes, word);
        }
        let end = rest.peek().map_or(bytes.len(), |next| next.start);
        // Almost every gap is a blank.
        if end != word.end + 1 || bytes.get(word.end) != Some(&b' ') {
            found.gap(bytes, word.end..end);
        }
    }
    found.list
}

/// Values in the order of the text, none inside another.
struct Tokens {
    list: Vec<Token>,
    done: usize,
}

impl Tokens {
    fn add(&mut self, token: Option<Token>) {
        if let Some(token) = token.filter(|t| t.at.start >= self.done) {
            self.done = token.at.end;
            self.list.push(token);
        }
    }

    /// Those that begin inside a word.
    fn parts(&mut self, bytes: &[u8], word: &Word) {
        let parts = bytes.get(word.start..word.end).unwrap_or_default();
        for (n, _) in parts.iter().enumerate().filter(|(_, b)| matches!(b, b'_' | b'.')) {
            let start = word.start + n + 1;
            let first = bytes.get(start).copied().unwrap_or_default();
            let part = Word { start, first, roles: Roles::default(), ..*word };
            if may_be_value(&part) {
                self.add(at_word(bytes, &part));
            }
        }
    }

    /// Those that are seen by a sign between words.
    fn gap(&mut self, bytes: &[u8], gap: Range<usize>) {
        if bytes.get(gap.start) == Some(&b'=') {
            self.add(anchor(bytes, gap.start));
        }
        for at in gap.filter(|at| bytes.get(*at) == Some(&b'@')) {
            self.add(email(bytes, at));
        }
    }
}

/// Bytes of the shortest id.
const SHORTEST: usize = 20;

/// Whether a value may begin at a word, or at a part of one. Most are told by their length.
fn may_be_value(word: &Word) -> bool {
    word.first.is_ascii_digit() || word.len() >= SHORTEST || word.roles.any(Roles::DATE)
}

/// The value that begins at the start of a word, or of a part of one.
fn at_word(bytes: &[u8], word: &Word) -> Option<Token> {
    let at = word.start;
    let long = word.len() >= SHORTEST;
    match word.first {
        b'0' if long => guid(bytes, at).or_else(|| okta_id(bytes, at)).or_else(|| time(bytes, at)),
        b'1'..=b'9' if long => guid(bytes, at).or_else(|| time(bytes, at)),
        b'0'..=b'9' if may_be_date(bytes, at) => time(bytes, at),
        b'a'..=b'f' | b'A'..=b'F' | b'O' | b'o' | b'l' | b'I' if long => guid(bytes, at),
        _ if word.roles.any(Roles::DATE) => time(bytes, at),
        _ => None,
    }
}

/// Compares bytes with a template: `h` hexadecimal digit, `n` the same or what looks like one, everything else itself.
fn fits(bytes: &[u8], at: usize, template: &str) -> bool {
    bytes.get(at..at + template.len()).is_some_and(|b| {
        b.iter().zip(template.bytes()).all(|(b, t)| match t {
            b'h' => b.is_ascii_hexdigit(),
            b'n' => b.is_ascii_hexdigit() || matches!(b, b'O' | b'o' | b'l' | b'I'),
            _ => *b == t,
        })
    })
}

fn ends_word(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|b| !b.is_ascii_alphanumeric())
}

fn guid(bytes: &[u8], at: usize) -> Option<Token> {
    const LEN: usize = 36;
    if bytes.get(at + 8) != Some(&b'-') || !ends_word(bytes, at + LEN) {
        return None;
    }
    if fits(bytes, at, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh") {
        return Some(Token { shape: Shape::Guid, at: at..at + LEN });
    }
    let near = fits(bytes, at, "nnnnnnnn-nnnn-nnnn-nnnn-nnnnnnnnnnnn");
    near.then_some(Token { shape: Shape::NearGuid, at: at..at + LEN })
}

fn okta_id(bytes: &[u8], at: usize) -> Option<Token> {
    const LEN: usize = 20;
    let id = bytes.get(at..at + LEN)?;
    let prefix = [b"00u", b"0oa", b"0ua", b"00g"].iter().any(|p| id.starts_with(*p));
    (prefix && id.iter().all(u8::is_ascii_alphanumeric) && ends_word(bytes, at + LEN)).then_some(())?;
    Some(Token { shape: Shape::OktaId, at: at..at + LEN })
}

/// 16 bytes in base64, seen at its first `=`.
fn anchor(bytes: &[u8], at: usize) -> Option<Token> {
    const BODY: usize = 22;
    let start = at.checked_sub(BODY)?;
    let base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let whole = bytes.get(at + 1) == Some(&b'=') && bytes.get(at + 2).is_none_or(|b| *b != b'=');
    let alone = start == 0 || !base64(&bytes[start - 1]);
    (whole && alone && bytes[start..at].iter().all(base64)).then_some(())?;
    Some(Token { shape: Shape::Anchor, at: start..at + 2 })
}

fn email(bytes: &[u8], at: usize) -> Option<Token> {
    let local =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'') || *b >= 0x80;
    let mut start = at - bytes[..at].iter().rev().take_while(|b| local(b)).count();
    while start < at && matches!(bytes[start], b'\'' | b'.' | b'-' | b'_' | b'+' | 0x80..) {
        start += 1;
    }
    let domain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let mut end = at + 1 + bytes[at + 1..].iter().take_while(|b| domain(b)).count();
    while end > at + 1 && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let host = &bytes[at + 1..end];
    let top = host.rsplit(|b| *b == b'.').next().unwrap_or_default();
    let shape = start < at && host.contains(&b'.') && top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic);
    shape.then_some(())?;
    Some(Token { shape: Shape::Email, at: start..end })
}

/// Whether digits begin a date, as far as the signs behind one, two, four or eight of them tell.
fn may_be_date(bytes: &[u8], at: usize) -> bool {
    let behind = |n: usize| bytes.get(at + n).copied().unwrap_or_default();
    let ordinal = |b: u8| matches!(b, b'-' | b'/' | b'.' | b' ' | b's' | b'n' | b'r' | b't');
    ordinal(behind(1)) || ordinal(behind(2)) || matches!(behind(4), b'-' | b'/' | b'.') || behind(8) == b'T'
}

/// A time; without seconds it is a rough one.
fn time(bytes: &[u8], at: usize) -> Option<Token> {
    let stamp = times::read(bytes, at)?;
    let shape = if stamp.exact { Shape::Time } else { Shape::RoughTime };
    Some(Token { shape, at: at..stamp.end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Shape, &str)> {
        tokens(&Words::whole(text)).into_iter().map(|t| (t.shape, &text[t.at])).collect()
    }

    #[test]
    fn values_are_found_by_shape() {
        let text = "u 9dfb369b-ab13-4fae-a276-55daa05f1119, svc_OKTA_sync_0oap01hff3bEHs1n9c4g x 'peter.omalley@a.co.uk'. \
                    3H8aYvx4QgZNqIiY+hAGBw== Wed, 04 Jun 2025 00:42:44 GMT 2023-12-25T13:08:57";
        let shapes: Vec<_> = found(text);
        assert_eq!(shapes[0], (Shape::Guid, "9dfb369b-ab13-4fae-a276-55daa05f1119"));
        assert_eq!(shapes[1], (Shape::OktaId, "0oap01hff3bEHs1n9c4g"));
        assert_eq!(shapes[2], (Shape::Email, "peter.omalley@a.co.uk"));
        assert_eq!(shapes[3], (Shape::Anchor, "3H8aYvx4QgZNqIiY+hAGBw=="));
        assert_eq!(shapes[4], (Shape::Time, "Wed, 04 Jun 2025 00:42:44 GMT"));
        assert_eq!(shapes[5], (Shape::Time, "2023-12-25T13:08:57"));
        assert_eq!(shapes.len(), 6);
        assert!(found("@ a@ @b a@b a@b.1 0oa 2024-10").is_empty());
    }
}
