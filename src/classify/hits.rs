//! Finds the texts of the rules in a message: one automaton over their squeezed forms, cut-off phrases included.
//!
//! Never weighs what it finds. Linear in the length of the text.
//!
//! Begin with [`Classifier::hits`].

use super::{Classifier, Texts};
use crate::domain::reading::{cut_points, squeeze, squeezed_offsets};
use regex::bytes::{Regex, RegexBuilder};
use std::collections::BTreeMap;
use std::ops::Range;

/// Largest compiled form of one expression, in bytes: an expression that would explode is refused when rules are read.
const PATTERN_LIMIT: usize = 1 << 18;

/// Longest address of a page, in bytes.
const LONGEST_ADDRESS: usize = 2048;

/// A text of some rule in squeezed form.
pub(super) struct Literal {
    pub(super) squeezed: Vec<u8>,
    /// May continue a word on the left, on the right.
    open: (bool, bool),
    /// Whether it opens a closer look.
    pub(super) opens: bool,
    /// A code word: `LargeObject` is not the words `large object`.
    one_word: bool,
}

/// Squeezed text, open ends, one word.
type Key = (Vec<u8>, (bool, bool), bool);

/// Collects literals while rules are compiled, each once.
#[derive(Default)]
pub(super) struct Book {
    pub(super) literals: Vec<Literal>,
    known: BTreeMap<Key, usize>,
}

impl Book {
    pub(super) fn openers(&mut self, list: &[String]) -> Vec<usize> {
        let found = self.all(list);
        for i in &found {
            self.literals[*i].opens = true;
        }
        found
    }

    pub(super) fn all(&mut self, list: &[String]) -> Vec<usize> {
        list.iter().map(|t| self.add(t)).collect()
    }

    fn add(&mut self, text: &str) -> usize {
        let open = (text.starts_with('*'), text.ends_with('*'));
        let one_word = !text.trim().contains(' ');
        let mut squeezed = Vec::new();
        squeeze(text, &mut squeezed);
        *self.known.entry((squeezed.clone(), open, one_word)).or_insert_with(|| {
            self.literals.push(Literal { squeezed, open, opens: false, one_word });
            self.literals.len() - 1
        })
    }
}

/// Compiles an expression of a rule. `Err` says why it is refused.
pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text)
        .unicode(false)
        .case_insensitive(true)
        .dot_matches_new_line(true)
        .size_limit(PATTERN_LIMIT)
        .dfa_size_limit(PATTERN_LIMIT)
        .nest_limit(24)
        .build()
        .map_err(|e| match e {
            regex::Error::CompiledTooBig(limit) => format!("grows beyond {limit} bytes when compiled; make it smaller"),
            // It draws the place on lines of its own; the last one says what is wrong.
            other => other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        })
}

/// A place where a text of a rule was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub(super) literal: usize,
    /// Where, in the clean text.
    pub clean: Range<usize>,
    /// Whether it can open a report (as opposed to only supporting one).
    pub opens: bool,
    /// Whether only its beginning stands there.
    pub(super) cut: bool,
}

/// Literals seen in a part and where each stands first, sorted by literal.
pub(super) struct Sightings(pub(super) Vec<(usize, Range<usize>)>);

impl Sightings {
    pub(super) fn new<'h>(hits: impl Iterator<Item = &'h Hit>) -> Self {
        let mut list: Vec<(usize, Range<usize>)> = hits.map(|h| (h.literal, h.clean.clone())).collect();
        list.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.start.cmp(&b.1.start)));
        list.dedup_by_key(|(literal, _)| *literal);
        Self(list)
    }

    fn get(&self, literal: usize) -> Option<&Range<usize>> {
        let i = self.0.binary_search_by_key(&literal, |(l, _)| *l).ok()?;
        self.0.get(i).map(|(_, at)| at)
    }

    fn any(&self, literals: &[usize]) -> bool {
        literals.iter().any(|l| self.get(*l).is_some())
    }

    /// Where the first of the texts stands when all conditions hold.
    pub(super) fn fits(&self, texts: &Texts) -> Option<Range<usize>> {
        let at = texts.any.iter().filter_map(|l| self.get(*l)).min_by_key(|r| r.start)?;
        let with = texts.with.is_empty() || self.any(&texts.with);
        let and_with = texts.and_with.is_empty() || self.any(&texts.and_with);
        (with && and_with && !self.any(&texts.without)).then(|| at.clone())
    }
}

impl Classifier {
    /// All places where texts of rules stand in the clean text, whole or cut off, in the order of the text. `squeezed`
    /// is the squeezed form of `clean`.
    pub fn hits(&self, clean: &str, squeezed: &[u8]) -> Vec<Hit> {
        let whole =
            self.all.find_overlapping_iter(squeezed).map(|m| (m.pattern().as_usize(), m.start(), m.end(), false));
        let cuts = cut_points(clean, squeezed.len());
        let cut = cuts
            .iter()
            .flat_map(|end| self.cuts.before(squeezed, *end).into_iter().map(|(l, start)| (l, start, *end, true)));
        let mut offsets: Option<Vec<u32>> = None;
        let mut hits = Vec::with_capacity(32);
        for (literal, start, end, cut) in whole.chain(cut) {
            let offsets = offsets.get_or_insert_with(|| squeezed_offsets(clean));
            let at = |i: usize| offsets.get(i).map_or(clean.len(), |o| *o as usize);
            let range = at(start)..(at(end - 1) + 1).min(clean.len());
            let Some(l) = self.literals.get(literal) else { continue };
            let spaced = l.one_word && clean.get(range.clone()).is_some_and(is_spaced);
            if spaced || in_word(clean, &range, (l.open.0, l.open.1 || cut)) {
                continue;
            }
            hits.push(Hit { literal, clean: range, opens: l.opens, cut });
        }
        drop_covered(&mut hits);
        hits.sort_unstable_by_key(|h| (h.clean.start, h.clean.end, h.literal));
        hits
    }

    /// Whether the stretches may tell of different errors: the same phrase stands in two of them, or one points to
    /// classes that have nothing to do with those of the first. Cheap; [`Classifier::judge`] decides.
    pub fn may_differ(&self, hits: &[Hit], stretches: &[Range<usize>]) -> bool {
        let mut literals: Vec<usize> = Vec::new();
        let mut first: Vec<usize> = Vec::new();
        for stretch in stretches {
            let from = hits.partition_point(|h| h.clean.start < stretch.start);
            let here = hits.iter().skip(from).take_while(|h| h.clean.start < stretch.end).filter(|h| h.opens);
            let mut own: Vec<usize> = here.map(|h| h.literal).collect();
            own.sort_unstable();
            own.dedup();
            if own.iter().any(|l| literals.contains(l)) {
                return true;
            }
            let rules: Vec<usize> =
                own.iter().flat_map(|l| self.by_literal.get(*l).into_iter().flatten()).map(|(rule, _)| *rule).collect();
            if first.is_empty() {
                first = rules;
            } else if !rules.is_empty() && !rules.iter().any(|r| first.iter().any(|f| self.tied(*r, *f))) {
                return true;
            }
            literals.extend(own);
        }
        false
    }
}

/// A phrase that stands there whole says more than one that was cut off at the same place.
fn drop_covered(hits: &mut Vec<Hit>) {
    if hits.iter().any(|h| h.cut) {
        let whole: Vec<Range<usize>> = hits.iter().filter(|h| h.opens && !h.cut).map(|h| h.clean.clone()).collect();
        hits.retain(|h| !h.cut || !whole.iter().any(|w| w.start < h.clean.end && h.clean.start < w.end));
    }
}

/// Whether spaces stand between the letters of a code word. A line break may (a narrow window), and a space before the
/// number of a code (`AADSTS 50079`).
fn is_spaced(said: &str) -> bool {
    let bytes = said.as_bytes();
    bytes.iter().enumerate().any(|(i, b)| *b == b' ' && !bytes.get(i + 1).is_some_and(u8::is_ascii_digit))
}

/// Whether a hit begins or ends inside a longer word although it must not.
fn in_word(clean: &str, at: &Range<usize>, open: (bool, bool)) -> bool {
    let before = clean.as_bytes().get(at.start.wrapping_sub(1)).is_some_and(u8::is_ascii_alphanumeric);
    let after = clean.as_bytes().get(at.end).is_some_and(u8::is_ascii_alphanumeric);
    (before && !open.0) || (after && !open.1)
}

/// Whether an opening hit lies inside the address of a page (documentation, a ticket), which tells of no failure.
pub(super) fn in_address(text: &str, hit: &Hit, base: usize) -> bool {
    if !hit.opens {
        return false;
    }
    let Some(start) = hit.clean.start.checked_sub(base) else { return false };
    let Some(head) = text.get(text.ceil_char_boundary(start.saturating_sub(LONGEST_ADDRESS))..start) else {
        return false;
    };
    let word =
        head.rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '(' | '|')).next().unwrap_or(head);
    let page = ["https://", "http://", "www."].iter().any(|p| word.contains(p));
    page && !word.contains("://graph.microsoft.") && !word.contains("url=")
}
