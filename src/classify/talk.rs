//! Whether a text reads like talk about an error (a lesson, a closed matter, a list, a query) or like somebody's report of
//! one: its words, its pairs of words and a few signs beside them carry weights, and the sum decides. The weights were
//! learned from the tuning corpus and stand in `config/talk.tsv`; how they are learned is in `tests/it/talk.rs`.
//!
//! The cues of [`super::cues`] are phrases that somebody thought of; this is for what nobody thought of. Never speaks for an
//! error, only against one, and never looks at what the error is. Begin with [`Talk::weigh`]; [`signs`] is what is weighed.

use crate::domain::reading::Instance;
use crate::domain::starts::{mask, word};
use std::fmt;
use std::ops::Range;

/// A weight in hundredths and the signs that have it, a line; a tab stands before each sign.
const WEIGHTS: &str = include_str!("../../config/talk.tsv");
/// Longer runs are no words, and only the beginning of a word counts, so that its forms are one sign.
const LONGEST: usize = 16;
const STEM: usize = 6;
/// Words that count once more where they stand: the first ones and the last ones of the text.
const FIRST: usize = 5;
const LAST: usize = 4;
/// Signs that are a byte of the text, a bit each.
const BYTES: &[u8; 14] = b"?`{;|$=>#[*\"\\%";
/// Places in the table, of which two in three are taken.
const SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 14;
/// Signs that an explanation names.
const NAMED: usize = 4;

/// Something in a text that has a weight: the beginning of a word (`closed`), one of the first words (`^closed`) or of the
/// last ones (`closed$`), two words side by side (`is over`), a character (`#?`), the size of the text or evidence that it
/// holds (`#login`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sign(u64, u64);

/// The second half of a sign that is not two words.
const ALONE: u64 = 0;
const AT_FIRST: u64 = b'^' as u64;
const AT_LAST: u64 = b'$' as u64;
const NO_WORD: u64 = b'#' as u64;

impl Sign {
    /// The weight that every text has.
    pub const EVERY: Self = Self::named("every");

    /// A name of at most eight bytes.
    const fn named(name: &str) -> Self {
        Self(packed(name.as_bytes()), NO_WORD)
    }

    /// A sign as it stands in the table.
    fn parse(text: &str) -> Self {
        let word = |text: &str| word(text.as_bytes());
        if let Some(name) = text.strip_prefix('#') {
            return Self(word(name), NO_WORD);
        }
        if let Some(first) = text.strip_prefix('^') {
            return Self(word(first), AT_FIRST);
        }
        if let Some(last) = text.strip_suffix('$') {
            return Self(word(last), AT_LAST);
        }
        text.split_once(' ').map_or(Self(word(text), ALONE), |(one, two)| Self(word(one), word(two)))
    }

    /// The place where it belongs, and what tells it from others there.
    #[expect(clippy::cast_possible_truncation, reason = "two stretches of the bits are wanted")]
    fn hashed(self) -> (usize, u32) {
        let both =
            self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ self.1.wrapping_mul(0xC2B2_AE3D_27D4_EB4F).rotate_left(29);
        let mixed = (both ^ both >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed >> (u64::BITS - SLOT_BITS)) as usize, (mixed >> 16) as u32)
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |packed: u64| String::from_utf8_lossy(&packed.to_le_bytes()).trim_end_matches('\0').to_owned();
        match self.1 {
            ALONE => write!(f, "{}", word(self.0)),
            AT_FIRST => write!(f, "^{}", word(self.0)),
            AT_LAST => write!(f, "{}$", word(self.0)),
            NO_WORD => write!(f, "#{}", word(self.0)),
            two => write!(f, "{} {}", word(self.0), word(two)),
        }
    }
}

/// At most eight bytes in a number.
const fn packed(bytes: &[u8]) -> u64 {
    let (mut word, mut i) = (0, 0);
    while i < bytes.len() && i < 8 {
        word |= (bytes[i] as u64) << (8 * i);
        i += 1;
    }
    word
}

/// Calls `each` with every sign of a text; one that stands there twice may come twice. `runs` are the runs of letters and
/// digits of `text`.
pub fn signs(text: &str, runs: impl Iterator<Item = Range<usize>>, instance: Instance, mut each: impl FnMut(Sign)) {
    let bytes = text.as_bytes();
    let (mut last, mut words) = ([0; LAST], 0);
    for run in runs {
        let Some(word) = stem(bytes, &run) else { continue };
        each(Sign(word, ALONE));
        if words < FIRST {
            each(Sign(word, AT_FIRST));
        }
        if let Some(one) = words.checked_sub(1).map(|i| last[i % LAST]) {
            each(Sign(one, word));
        }
        last[words % LAST] = word;
        words += 1;
    }
    last.iter().take(words).for_each(|word| each(Sign(*word, AT_LAST)));
    beside(text, instance, each);
}

/// The beginning of a run in lower case; `None` for one that is no word. What is in a run is a letter or a digit, and of
/// these all letters have the bit 0x40, and the small ones 0x20.
fn stem(bytes: &[u8], run: &Range<usize>) -> Option<u64> {
    let len = run.end - run.start;
    let eight = |at: usize| word(bytes.get(at..).unwrap_or_default());
    let first = eight(run.start);
    let no_digit = |word: u64, len: usize| (word | !mask(len)) & LETTERS == LETTERS;
    let letters =
        len <= LONGEST && no_digit(first, len.min(8)) && (len <= 8 || no_digit(eight(run.start + 8), len - 8));
    letters.then_some((first | SMALL) & mask(len.min(STEM)))
}

const LETTERS: u64 = 0x4040_4040_4040_4040;
const SMALL: u64 = 0x2020_2020_2020_2020;

/// The signs that are no words.
fn beside(text: &str, instance: Instance, mut each: impl FnMut(Sign)) {
    let (mut seen, mut lines) = (0, 0_usize);
    for byte in text.bytes() {
        seen |= BIT[usize::from(byte)];
        lines += usize::from(byte == b'\n');
    }
    for (bit, byte) in BYTES.iter().enumerate() {
        if seen >> bit & 1 == 1 {
            each(Sign(u64::from(*byte), NO_WORD));
        }
    }
    let magnitude = |n: usize, most: u32| (usize::BITS - n.leading_zeros()).min(most) as usize;
    each(LINES[magnitude(lines, 4)]);
    each(SIZES[magnitude(text.len() >> 5, 6)]);
    let Instance { task_line, machine, call_id, id, login, name, time } = instance;
    let has = [task_line, machine, call_id, id, login, name, time];
    has.iter().zip(EVIDENCE).filter(|(there, _)| **there).for_each(|(_, sign)| each(sign));
}

const EVIDENCE: [Sign; 7] = [
    Sign::named("task"),
    Sign::named("machine"),
    Sign::named("call"),
    Sign::named("id"),
    Sign::named("login"),
    Sign::named("name"),
    Sign::named("time"),
];
/// How many lines there are, by the bits of their number.
const LINES: [Sign; 5] = [
    Sign::named("1 line"),
    Sign::named("2 lines"),
    Sign::named("3 lines"),
    Sign::named("5 lines"),
    Sign::named("9 lines"),
];
/// The size in bytes, by the bits of its number above the lowest five.
const SIZES: [Sign; 7] = [
    Sign::named("0 B"),
    Sign::named("32 B"),
    Sign::named("64 B"),
    Sign::named("128 B"),
    Sign::named("256 B"),
    Sign::named("512 B"),
    Sign::named("1024 B"),
];

/// The bit of each byte that is a sign.
static BIT: [u16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < BYTES.len() {
        table[BYTES[i] as usize] = 1 << i;
        i += 1;
    }
    table
};

/// The weights.
pub(super) struct Talk {
    every: i32,
    /// What tells the sign of each place from others, and its weight: zero where the place is empty. Apart, because
    /// together they would take a third more.
    hashes: Vec<u32>,
    weights: Vec<i16>,
}

impl Default for Talk {
    fn default() -> Self {
        let mut talk = Self { every: 0, hashes: vec![0; SLOTS], weights: vec![0; SLOTS] };
        for (sign, weight) in weights() {
            if sign == Sign::EVERY {
                talk.every = i32::from(weight);
                continue;
            }
            let (mut place, hash) = sign.hashed();
            while talk.weights[place] != 0 {
                place = (place + 1) % SLOTS;
            }
            (talk.hashes[place], talk.weights[place]) = (hash, weight);
        }
        talk
    }
}

/// The signs of the table and their weights; lines that begin with `# ` are comments.
fn weights() -> impl Iterator<Item = (Sign, i16)> {
    let lines = WEIGHTS.lines().filter(|line| !line.starts_with("# "));
    lines.filter_map(|line| line.split_once('\t')).flat_map(|(weight, signs)| {
        let weight = weight.parse().unwrap_or(0);
        signs.split('\t').map(move |sign| (Sign::parse(sign), weight))
    })
}

impl Talk {
    /// The place of a sign that has a weight.
    fn place(&self, sign: Sign) -> Option<usize> {
        let (mut place, hash) = sign.hashed();
        loop {
            if *self.weights.get(place)? == 0 {
                return None;
            }
            if self.hashes.get(place) == Some(&hash) {
                return Some(place);
            }
            place = (place + 1) % SLOTS;
        }
    }

    /// The sum of the weights in hundredths: the more, the more the text reads like talk.
    pub(super) fn weigh(&self, text: &str, runs: impl Iterator<Item = Range<usize>>, instance: Instance) -> i32 {
        let mut seen = [0_u64; SLOTS / 64];
        let mut sum = self.every;
        signs(text, runs, instance, |sign| {
            let Some(place) = self.place(sign) else { return };
            let (word, bit) = (&mut seen[place / 64], 1 << (place % 64));
            if *word & bit == 0 {
                *word |= bit;
                sum += i32::from(self.weights[place]);
            }
        });
        sum
    }

    /// The words that weigh most for talk, heaviest first: for an explanation.
    pub(super) fn heaviest(&self, text: &str, runs: impl Iterator<Item = Range<usize>>) -> Vec<String> {
        let mut found: Vec<(i16, Sign)> = Vec::new();
        signs(text, runs, Instance::default(), |sign| {
            let weight = self.place(sign).map_or(0, |place| self.weights[place]);
            if weight > 0 && sign.1 != NO_WORD {
                found.push((-weight, sign));
            }
        });
        found.sort_unstable();
        found.dedup();
        found.into_iter().take(NAMED).map(|(_, sign)| sign.to_string()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reading::Runs;
    use std::collections::BTreeSet;

    fn all(text: &str, instance: Instance) -> String {
        let mut found = Vec::new();
        signs(text, Runs::of(text).within(0..text.len()), instance, |sign| found.push(sign.to_string()));
        found.join("|")
    }

    #[test]
    fn signs_are_words_pairs_characters_and_sizes() {
        let login = Instance { login: true, ..Instance::default() };
        let found = all("Resolved? E5 was OK, é\n", login);
        assert_eq!(found, "resolv|^resolv|was|^was|resolv was|ok|^ok|was ok|resolv$|was$|ok$|#?|#2 lines|#0 B|#login");
        assert_eq!(all("abcdefghijklmnopq", Instance::default()), "#1 line|#0 B");
        assert_eq!(all("", Instance::default()), "#1 line|#0 B");
        let many = all("a b c d e f g", Instance::default());
        assert!(many.contains("^e|") && !many.contains("^f") && many.contains("d$") && !many.contains("c$"), "{many}");
    }

    #[test]
    fn every_weight_is_read_and_found_by_its_sign_alone() {
        let talk = Talk::default();
        let signs: BTreeSet<Sign> = weights().map(|(sign, _)| sign).collect();
        assert_eq!(signs.len(), weights().count(), "a sign stands there twice");
        assert!(signs.len() < SLOTS * 3 / 4, "the table is too full: {}", signs.len());
        let hashes: BTreeSet<(usize, u32)> = signs.iter().map(|sign| sign.hashed()).collect();
        assert_eq!(hashes.len(), signs.len(), "two signs are taken for each other");
        for (sign, weight) in weights() {
            assert_eq!(Sign::parse(&sign.to_string()), sign);
            assert_ne!(weight, 0, "{sign}");
            let found = talk.place(sign).map(|place| talk.weights[place]);
            assert_eq!(found.is_some(), sign != Sign::EVERY, "{sign}");
            assert!(found.is_none_or(|found| found == weight), "{sign}");
        }
    }

    #[test]
    fn a_sign_counts_once() {
        let talk = Talk::default();
        let weigh = |text: &str| talk.weigh(text, Runs::of(text).within(0..text.len()), Instance::default());
        let once = weigh("x x x x x runbook x qqqqqqq x x x x x");
        assert_eq!(once, weigh("x x x x x runbook x runbook x x x x x"));
        assert_ne!(once, weigh("x x x x x qqqqqqq x qqqqqqq x x x x x"));
    }
}
