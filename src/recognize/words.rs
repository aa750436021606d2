//! A text as words, with what stands before each: names of people, groups and apps are found by their neighbours.
//!
//! Never allocates a word. Begin with [`Words`].

use super::lexicon::Roles;
use std::ops::Range;

/// Letters, digits and the signs that stand inside names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Its first byte.
    pub(super) first: u8,
    /// Whether one of `.`, `-`, `_` and `'` may stand in it.
    pub(super) joined: bool,
    /// What it may announce.
    pub(super) roles: Roles,
}

impl Word {
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }
}

/// All words of a text.
pub(super) struct Words<'t> {
    pub(super) text: &'t str,
    list: Vec<Word>,
    /// What all words may announce.
    pub(super) roles: Roles,
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
/// Bytes of the longest one.
const LONGEST_PARTICLE: usize = 3;

impl<'t> Words<'t> {
    /// The words of a text, whose runs of letters and digits are given.
    pub(super) fn of(text: &'t str, runs: impl Iterator<Item = Range<usize>>) -> Self {
        let mut words = Self { text, list: Vec::with_capacity(text.len() / 5), roles: Roles::default() };
        if text.is_ascii() {
            words.join(runs);
        } else {
            words.scan(runs);
        }
        words
    }

    /// The words of a text of which nothing is known yet.
    #[cfg(test)]
    pub(super) fn whole(text: &'t str) -> Self {
        Self::of(text, crate::domain::reading::Runs::of(text).within(0..text.len()))
    }

    /// In ASCII a word is a run, or several with nothing between them but signs that stand inside words.
    fn join(&mut self, mut runs: impl Iterator<Item = Range<usize>>) {
        let bytes = self.text.as_bytes();
        let of = Roles::of(bytes);
        let mut run = runs.next();
        while let Some(first) = run {
            let (mut end, mut dot) = (first.end, None);
            run = loop {
                let Some(next) = runs.next() else { break None };
                let dotted = match bytes.get(end..next.start).unwrap_or_default() {
                    [sign] if INSIDE[usize::from(*sign)] => *sign == b'.',
                    [sign, ..] if !INSIDE[usize::from(*sign)] => break Some(next),
                    signs if signs.iter().all(|b| INSIDE[usize::from(*b)]) => signs.contains(&b'.'),
                    _ => break Some(next),
                };
                if dotted {
                    dot = Some(next.start);
                }
                end = next.end;
            };
            let joined = end > first.end;
            let mut roles = of(first.start, end - first.start);
            if joined {
                let behind = dot.map_or(Roles::default(), |dot| of(dot, end - dot));
                roles = roles.with(of(first.start, first.len())).with(behind);
            }
            self.push(first.start..end, joined, roles);
        }
    }

    fn push(&mut self, at: Range<usize>, joined: bool, roles: Roles) {
        self.roles = self.roles.with(roles);
        let first = self.text.as_bytes().get(at.start).copied().unwrap_or_default();
        self.list.push(Word { start: at.start, end: at.end, first, joined, roles });
    }

    /// Beyond ASCII a word is whatever stands inside words, without signs at its ends.
    fn scan(&mut self, runs: impl Iterator<Item = Range<usize>>) {
        let bytes = self.text.as_bytes();
        let of = Roles::of(bytes);
        let mut runs = runs.peekable();
        let mut i = 0;
        while let Some(first) = bytes.get(i) {
            if !STARTS[usize::from(*first)] {
                i += 1;
                continue;
            }
            let start = i;
            let (mut joined, mut beyond) = (false, false);
            loop {
                if let Some(run) = runs.next_if(|run| run.start == i) {
                    i = run.end;
                    continue;
                }
                match bytes.get(i) {
                    Some(0x80..) => beyond = true,
                    Some(byte) if INSIDE[usize::from(*byte)] => joined = true,
                    _ => break,
                }
                i += 1;
            }
            // Only signs of these two kinds are parted off at its ends.
            let at = if joined || beyond { Self::trimmed(self.text, start..i) } else { start..i };
            let inside = bytes.get(at.clone()).unwrap_or_default();
            if !inside.is_empty() {
                let joined = joined && inside.iter().any(|b| !STARTS[usize::from(*b)]);
                let parts = if joined { of_parts(bytes, &at, &of) } else { Roles::default() };
                let roles = of(at.start, at.len()).with(parts);
                self.push(at, joined, roles);
            }
        }
    }

    /// The word without signs at its ends (quotation marks, dashes and arrows beyond ASCII among them).
    fn trimmed(text: &str, Range { start, end }: Range<usize>) -> Range<usize> {
        let bytes = text.as_bytes();
        let plain = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_alphanumeric);
        if plain(start) && plain(end - 1) {
            return start..end;
        }
        let word = text.get(start..end).unwrap_or_default();
        let sign = |c: char| !c.is_alphanumeric();
        let body = word.trim_start_matches(sign);
        let start = start + word.len() - body.len();
        start..start + body.trim_end_matches(sign).len()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Word> {
        self.list.iter()
    }

    pub(super) fn get(&self, i: usize) -> Option<Word> {
        self.list.get(i).copied()
    }

    /// The word itself; empty outside the text.
    pub(super) fn str(&self, i: usize) -> &'t str {
        self.list.get(i).and_then(|w| self.text.get(w.start..w.end)).unwrap_or_default()
    }

    /// What a word may announce.
    pub(super) fn roles(&self, i: usize) -> Roles {
        self.list.get(i).map_or(Roles::default(), |word| word.roles)
    }

    /// What the word before may announce.
    pub(super) fn roles_before(&self, i: usize) -> Roles {
        i.checked_sub(1).map_or(Roles::default(), |before| self.roles(before))
    }

    /// The byte right before a word; 0 where it begins the text.
    pub(super) fn sign_before(&self, i: usize) -> u8 {
        let at = self.list.get(i).and_then(|word| word.start.checked_sub(1));
        at.and_then(|at| self.text.as_bytes().get(at)).copied().unwrap_or_default()
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
        // Almost every word is told by its first byte.
        let first = self.get(i).filter(|word| begins_name(word.first))?;
        let goes_on = |next: Word| begins_name(next.first) || self.is_particle(i + 1);
        if !self.get(i + 1).is_some_and(goes_on) || !is_blank(self.gap_after(i)) || !is_name_word(self.str(i)) {
            return None;
        }
        let (mut last, mut capitals, mut j) = (i, 1, i);
        while capitals < 4 && is_blank(self.gap_after(j)) {
            j += 1;
            let word = self.str(j);
            if is_name_word(word) {
                last = j;
                capitals += 1;
            } else if !self.is_particle(j) {
                break;
            }
        }
        let end = self.get(last)?.end;
        (capitals > 1).then_some((first.start..end, last + 1 - i))
    }

    fn is_particle(&self, i: usize) -> bool {
        self.list.get(i).is_some_and(|word| word.len() <= LONGEST_PARTICLE) && PARTICLES.contains(&self.str(i))
    }

    /// A display name with the surname first (`Byron, Ada`) that begins with this word: its range and the number of its
    /// words.
    pub(super) fn turned_name(&self, i: usize) -> Option<(Range<usize>, usize)> {
        let first = self.get(i).filter(|word| begins_name(word.first) && self.gap_after(i) == ", ")?;
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
    gap == " " || (!gap.is_empty() && gap.chars().all(|c| matches!(c, ' ' | '\u{a0}')))
}

/// What a joined word may announce by its first part, and by what stands behind its last dot.
fn of_parts(bytes: &[u8], at: &Range<usize>, of: &impl Fn(usize, usize) -> Roles) -> Roles {
    let inside = bytes.get(at.clone()).unwrap_or_default();
    let first = inside.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(0);
    let last = inside.iter().rposition(|b| *b == b'.').map_or(0, |dot| dot + 1);
    let behind = if last > 0 { of(at.start + last, at.len() - last) } else { Roles::default() };
    of(at.start, first).with(behind)
}

/// Whether a capital letter may begin with the byte.
fn begins_name(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte >= 0x80
}

/// A capital letter and then lower-case ones; hyphens, apostrophes and one further capital (`O'Brien`, `McKay`) may stand
/// inside.
fn is_name_word(word: &str) -> bool {
    if !word.as_bytes().first().copied().is_some_and(begins_name) {
        return false;
    }
    if word.is_ascii() {
        let (mut small, mut capitals, mut other) = (0_u32, 0_u32, 0_u32);
        for b in word.bytes() {
            small += u32::from(b.is_ascii_lowercase());
            capitals += u32::from(b.is_ascii_uppercase());
            other += u32::from(!b.is_ascii_alphabetic() && !matches!(b, b'-' | b'\''));
        }
        return small > 0 && capitals <= 3 && other == 0;
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
    use crate::domain::reading::Runs;

    #[test]
    fn words_of_runs_are_those_of_a_look_at_each_byte() {
        for text in
            ["", "-", "a", "-a-", "a.b-c_d'e f", "a--b -.c. d", "'a' _b_ (c) d/e\nf:g", "x@y.example..", "a- -b"]
        {
            let joined = Words::of(text, Runs::of(text).within(0..text.len()));
            let mut scanned = Words { text, list: Vec::new(), roles: Roles::default() };
            scanned.scan(Runs::of(text).within(0..text.len()));
            assert_eq!((joined.list, joined.roles), (scanned.list, scanned.roles), "{text}");
        }
        let beyond = "–a– ü é.x “b” …c…";
        let found = Words::whole(beyond);
        assert_eq!((0..found.len()).map(|i| found.str(i)).collect::<Vec<_>>(), ["a", "ü", "é.x", "b", "c"]);
    }

    #[test]
    fn names_are_read_whole() {
        for name in ["Ada Lindgren", "Peter O'Malley", "Anna-Maria de la Cruz", "Zoë Müller", "Renée van Dijk"] {
            let text = format!("user {name}, x");
            let words = Words::whole(&text);
            assert_eq!(words.name(1).map(|(r, _)| &text[r]), Some(name));
        }
        let text = "Chloe\nError AADSTS of IT";
        let words = Words::whole(text);
        assert!((0..words.len()).all(|i| words.name(i).is_none()));
    }
}
