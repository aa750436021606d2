//! What each word may announce, told by one look into a table: almost every word announces nothing, so that no search
//! for names, labels or times has to compare it with its lists.
//!
//! A hint only: what a word really announces is decided where its list stands. Never misses a word of a list, whatever
//! its case. Begin with [`Roles::of`].

use super::{apps, codes, groups, names, people, times};
use crate::domain::starts;
use std::sync::LazyLock;

/// What a word may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles(u32);

impl Roles {
    /// A label of an app, which stands behind it.
    pub(super) const APP_LABEL: Self = Self(1);
    /// A word before the name of an app.
    pub(super) const BEFORE_APP: Self = Self(1 << 1);
    /// The first word of a well-known app.
    pub(super) const KNOWN_APP: Self = Self(1 << 2);
    /// Something of an app that is named before it.
    pub(super) const OF_APP: Self = Self(1 << 3);
    /// A label of a group, or a word before its name.
    pub(super) const BEFORE_GROUP: Self = Self(1 << 4);
    /// The first part of a name that only groups have.
    pub(super) const GROUP_PREFIX: Self = Self(1 << 5);
    /// The name of a month or a day.
    pub(super) const DATE: Self = Self(1 << 6);
    /// The first word of a label of codes, statuses, methods and addresses.
    pub(super) const CODE: Self = Self(1 << 7);
    /// A word around which a task line is made.
    pub(super) const TASK: Self = Self(1 << 8);
    /// A word that tells of a group.
    pub(super) const GROUP: Self = Self(1 << 9);
    /// A word before the name of the person in question.
    pub(super) const BEFORE_PERSON: Self = Self(1 << 11);
    /// A label of a person.
    pub(super) const PERSON_LABEL: Self = Self(1 << 12);
    /// A word before the name of a person who is not in question.
    pub(super) const OTHER_PERSON: Self = Self(1 << 13);
    /// How a sentence goes on that began with a name.
    pub(super) const GOES_ON: Self = Self(1 << 14);
    /// What is described in JSON with a name in it.
    pub(super) const JSON: Self = Self(1 << 10);

    /// Of the words of a text, in any case, by where they begin and how long they are.
    pub(super) fn of(bytes: &[u8]) -> impl Fn(usize, usize) -> Self {
        let lexicon = &*LEXICON;
        move |at, len| lexicon.get(key(bytes, at, len))
    }

    /// Whether it is one of `these`, too.
    pub(super) fn any(self, these: Self) -> bool {
        self.0 & these.0 != 0
    }

    /// Both together.
    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// First bytes by which a word is told, beside its length.
const FIRST: usize = 8;
/// Places in the table: many enough that hardly a word falls on a place that is taken.
const SLOTS: usize = 1 << 10;

/// For each length the bytes of a word of so many.
const WITHIN: [u64; FIRST + 1] = {
    let mut masks = [0; FIRST + 1];
    let mut len = 1;
    while len <= FIRST {
        masks[len] = u64::MAX >> (8 * (FIRST - len));
        len += 1;
    }
    masks
};

/// The first bytes of a word, filled up with zeros, in lower case as far as letters go (other bytes may change, the same
/// on both sides), and its length.
fn key(bytes: &[u8], at: usize, len: usize) -> u64 {
    const LOWER: u64 = u64::from_ne_bytes([0x20; FIRST]);
    let word = starts::word(bytes.get(at..).unwrap_or_default());
    let first = (word | LOWER) & WITHIN[len.min(FIRST)];
    first ^ (len as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// A table of 8 KB, so that it stays in the nearest cache.
struct Lexicon {
    /// What tells a word from others on its place, with what it is; 0 where there is none.
    slots: Box<[(u32, Roles); SLOTS]>,
}

impl Lexicon {
    fn new(words: impl Iterator<Item = (&'static str, Roles)>) -> Self {
        let mut slots = Box::new([(0, Roles::default()); SLOTS]);
        for (word, roles) in words {
            let (mut at, print) = place(key(word.as_bytes(), 0, word.len()));
            while slots[at].0 != 0 && slots[at].0 != print {
                at = (at + 1) % SLOTS;
            }
            slots[at] = (print, slots[at].1.with(roles));
        }
        Self { slots }
    }

    fn get(&self, key: u64) -> Roles {
        let (mut at, print) = place(key);
        loop {
            let (there, roles) = self.slots[at % SLOTS];
            if there == print || there == 0 {
                return roles;
            }
            at += 1;
        }
    }
}

/// Where a word stands in the table, and what tells it from others there (never 0).
#[expect(clippy::cast_possible_truncation, reason = "the highest bits of the product are used, and some of the others")]
fn place(key: u64) -> (usize, u32) {
    let mixed = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed >> (64 - SLOTS.trailing_zeros())) as usize, (mixed >> 16) as u32 | 1)
}

/// The words of all lists.
fn words() -> impl Iterator<Item = (&'static str, Roles)> {
    let lists = [apps::roles(), groups::roles(), times::roles(), codes::roles(), names::roles(), people::roles()];
    lists.into_iter().flatten()
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(words()));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_list_is_known_in_any_case() {
        let mut count = 0;
        for (word, roles) in words() {
            assert!(!word.is_empty());
            for (text, at) in [(word.to_owned(), 0), (format!("x {}, and more of it", word.to_ascii_uppercase()), 2)] {
                assert!(Roles::of(text.as_bytes())(at, word.len()).any(roles), "{text}");
            }
            count += 1;
        }
        assert!(count * 2 < SLOTS, "the table is half empty: {count}");
        assert_eq!(Roles::of(b"apples")(0, 6), Roles::default());
        assert_eq!(Roles::of(b"app")(0, 0), Roles::default());
        assert_eq!(Roles::of(b"averylongwordofwhichnothingisknown")(0, 34), Roles::default());
    }
}
