//! A text as words, with what stands before each: names of people, groups and apps are found by their neighbours.
//!
//! Never allocates a word. Begin with [`Words`].

use std::ops::Range;

/// A run of letters, digits and the signs that stand inside names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether one of `.`, `-`, `_` and `'` may stand in it.
    pub(super) joined: bool,
}

/// All words of a text.
pub(super) struct Words<'t> {
    pub(super) text: &'t str,
    list: Vec<Word>,
}

/// Bytes that may stand inside a word. Letters beyond ASCII count by their bytes, and so do the dashes and arrows among
/// them; [`Words::trimmed`] parts those off again.
const INSIDE: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "b < 256")]
        let byte = b as u8;
        table[b] = byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'-' | b'_' | b'\'' | b'.');
        b += 1;
    }
    table
};

/// Bytes that may begin a word.
const STARTS: [bool; 256] = {
    let mut table = INSIDE;
    table[b'-' as usize] = false;
    table[b'_' as usize] = false;
    table[b'\'' as usize] = false;
    table[b'.' as usize] = false;
    table
};

/// Particles inside names: they are not capitalised.
const PARTICLES: &[&str] = &[
    "de", "la", "las", "los", "van", "der", "den", "von", "zu", "da", "dos", "di", "del", "al", "bin", "ibn", "el",
    "du", "le", "ten", "ter",
];

impl<'t> Words<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut list = Vec::with_capacity(text.len() / 5);
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            if !STARTS[usize::from(bytes[i])] {
                i += 1;
                continue;
            }
            let start = i;
            let mut joined = false;
            while i < bytes.len() && INSIDE[usize::from(bytes[i])] {
                joined |= !STARTS[usize::from(bytes[i])];
                i += 1;
            }
            let word = Self::trimmed(text, start..i, joined);
            if word.end > word.start {
                list.push(word);
            }
        }
        Self { text, list }
    }

    /// The word without signs at its ends (quotation marks, dashes and arrows beyond ASCII among them).
    fn trimmed(text: &str, at: Range<usize>, joined: bool) -> Word {
        let Range { start, end } = at;
        let bytes = text.as_bytes();
        let plain = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_alphanumeric);
        if plain(start) && plain(end - 1) {
            return Word { start, end, joined };
        }
        let word = text.get(start..end).unwrap_or_default();
        let sign = |c: char| !c.is_alphanumeric();
        let body = word.trim_start_matches(sign);
        let start = start + word.len() - body.len();
        Word { start, end: start + body.trim_end_matches(sign).len(), joined }
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn get(&self, i: usize) -> Option<Word> {
        self.list.get(i).copied()
    }

    /// The word itself; empty outside the text.
    pub(super) fn str(&self, i: usize) -> &'t str {
        self.list.get(i).and_then(|w| self.text.get(w.start..w.end)).unwrap_or_default()
    }

    /// The `n`-th word before, without regard to case.
    pub(super) fn before(&self, i: usize, n: usize, word: &str) -> bool {
        i >= n && self.str(i - n).eq_ignore_ascii_case(word)
    }

    /// What stands between a word and the next.
    pub(super) fn gap_after(&self, i: usize) -> &'t str {
        let Some(word) = self.get(i) else { return "" };
        let end = self.get(i + 1).map_or(self.text.len(), |w| w.start);
        self.text.get(word.end..end).unwrap_or_default()
    }

    /// What stands between a word and the one before.
    pub(super) fn gap_before(&self, i: usize) -> &'t str {
        let Some(word) = self.get(i) else { return "" };
        let start = i.checked_sub(1).and_then(|p| self.get(p)).map_or(0, |w| w.end);
        self.text.get(start..word.start).unwrap_or_default()
    }

    /// A display name that begins with this word: two to five words, each capitalised, particles between them. Returns
    /// its range and the number of its words.
    pub(super) fn name(&self, i: usize) -> Option<(Range<usize>, usize)> {
        let first = self.get(i)?;
        if !is_name_word(self.str(i)) {
            return None;
        }
        let (mut last, mut capitals, mut j) = (i, 1, i);
        while capitals < 4 && is_blank(self.gap_after(j)) {
            j += 1;
            let word = self.str(j);
            if is_name_word(word) {
                last = j;
                capitals += 1;
            } else if !PARTICLES.contains(&word) {
                break;
            }
        }
        let end = self.get(last)?.end;
        (capitals > 1).then_some((first.start..end, last + 1 - i))
    }

    /// A display name with the surname first (`Byron, Ada`) that begins with this word: its range and the number of its
    /// words.
    pub(super) fn turned_name(&self, i: usize) -> Option<(Range<usize>, usize)> {
        let first = self.get(i).filter(|_| self.gap_after(i) == ", ")?;
        let part_of_more = i > 0 && is_blank(self.gap_before(i)) && is_name_word(self.str(i - 1));
        if part_of_more || !is_name_word(self.str(i)) || !is_name_word(self.str(i + 1)) {
            return None;
        }
        let more = is_blank(self.gap_after(i + 1)) && is_name_word(self.str(i + 2));
        let last = i + 1 + usize::from(more);
        Some((first.start..self.get(last)?.end, last + 1 - i))
    }
}

/// One blank, and no line break: names do not go over the end of a line.
fn is_blank(gap: &str) -> bool {
    !gap.is_empty() && gap.chars().all(|c| matches!(c, ' ' | '\u{a0}'))
}

/// A capital letter and then lower-case ones; hyphens, apostrophes and one further capital (`O'Brien`, `McKay`) may stand
/// inside.
fn is_name_word(word: &str) -> bool {
    // Almost every word is told by its first byte.
    if !word.as_bytes().first().is_some_and(|b| b.is_ascii_uppercase() || *b >= 0x80) {
        return false;
    }
    let mut chars = word.chars();
    let capital = chars.next().is_some_and(char::is_uppercase);
    let rest_fits = chars.clone().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'));
    let lower = chars.filter(|c| c.is_lowercase()).count();
    capital && rest_fits && lower > 0 && word.chars().filter(|c| c.is_uppercase()).count() <= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_whole() {
        for name in ["Ada Lindgren", "Peter O'Malley", "Anna-Maria de la Cruz", "Zoë Müller", "Renée van Dijk"] {
            let text = format!("user {name}, x");
            let words = Words::of(&text);
            assert_eq!(words.name(1).map(|(r, _)| &text[r]), Some(name));
        }
        let text = "Chloe\nError AADSTS of IT";
        let words = Words::of(text);
        assert!((0..words.len()).all(|i| words.name(i).is_none()));
    }
}
