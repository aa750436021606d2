//! Finds the texts of the rules in a message: one pass over its squeezed form, cut-off phrases included.
//!
//! Never weighs what it finds. Linear in the length of the text.
//!
//! Begin with [`Classifier::hits`].

use super::{Classifier, Texts};
use crate::domain::reading::{Reading, Runs, cut_points, squeeze};
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
    pub(super) open: (bool, bool),
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

/// Literals seen in a part and where each stands first.
pub(super) struct Sightings {
    /// A bit for each literal.
    there: Vec<u64>,
    /// Each literal once, in the order of the text.
    pub(super) seen: Vec<(usize, Range<usize>)>,
}

impl Sightings {
    /// From hits in the order of the text; `literals` is how many there are.
    pub(super) fn new<'h>(literals: usize, hits: impl Iterator<Item = &'h Hit>) -> Self {
        let mut there = vec![0_u64; literals.div_ceil(64)];
        let mut seen = Vec::with_capacity(32);
        for hit in hits {
            let bit = 1 << (hit.literal % 64);
            if let Some(bits) = there.get_mut(hit.literal / 64).filter(|bits| **bits & bit == 0) {
                *bits |= bit;
                seen.push((hit.literal, hit.clean.clone()));
            }
        }
        Self { there, seen }
    }

    fn has(&self, literal: usize) -> bool {
        self.there.get(literal / 64).is_some_and(|bits| bits >> (literal % 64) & 1 == 1)
    }

    fn get(&self, literal: usize) -> Option<&Range<usize>> {
        let there = self.has(literal);
        there.then(|| self.seen.iter().find(|(seen, _)| *seen == literal)).flatten().map(|(_, at)| at)
    }

    fn any(&self, literals: &[usize]) -> bool {
        literals.iter().any(|l| self.has(*l))
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
    /// All places where texts of rules stand in the clean text of a reading, whole or cut off, in the order of the text.
    /// `squeezed` is its squeezed form.
    pub fn hits(&self, reading: &Reading<'_>, squeezed: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::with_capacity(64);
        let (clean, runs) = (&*reading.clean, reading.runs());
        for (run, at) in runs.iter() {
            let start = at.squeezed as usize;
            self.at_words.each(squeezed.get(start..).unwrap_or_default(), |literal| {
                hits.extend(self.hit(clean, runs, run, (literal, start, None)));
            });
        }
        self.anywhere.each(squeezed, |literal, start| {
            hits.extend(self.hit(clean, runs, runs.at(start), (literal, start, None)));
        });
        for end in cut_points(clean, squeezed.len()) {
            for (literal, start) in self.cuts.before(squeezed, end) {
                hits.extend(self.hit(clean, runs, runs.at(start), (literal, start, Some(end))));
            }
        }
        drop_covered(&mut hits);
        hits.sort_unstable_by_key(|h| (h.clean.start, h.clean.end, h.literal));
        hits
    }

    /// The hit of a literal that stands in the squeezed text from `start`, in the run `run`, whole or up to a cut, unless
    /// it begins or ends inside a word, or is a code word with blanks in it.
    fn hit(
        &self,
        clean: &str,
        runs: &Runs,
        run: usize,
        (literal, start, cut): (usize, usize, Option<usize>),
    ) -> Option<Hit> {
        let l = self.literals.get(literal)?;
        let last = cut.unwrap_or(start + l.squeezed.len()).checked_sub(1)?;
        let last_run = runs.near(run, last);
        let range = runs.clean(run, start)..runs.clean(last_run, last) + 1;
        // Inside a word: letters or digits of the same run stand before or behind it.
        let before = !l.open.0 && runs.begins(run) < range.start;
        let after = !l.open.1 && cut.is_none() && runs.ends(last_run) > range.end;
        if before || after || (l.one_word && last_run > run && clean.get(range.clone()).is_some_and(is_spaced)) {
            return None;
        }
        // A word that fills its quotation marks, or stands apart from the dots, is whole.
        let apart = || clean.as_bytes().get(range.end) == Some(&b' ');
        let whole_word = l.one_word && cut.is_some() && (apart() || is_quoted(clean, &range));
        (!whole_word).then_some(Hit { literal, clean: range, opens: l.opens, cut: cut.is_some() })
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

/// Whether a stretch stands between quotation marks.
fn is_quoted(clean: &str, at: &Range<usize>) -> bool {
    let mark = |b: Option<&u8>| b.is_some_and(|b| matches!(b, b'"' | b'\'' | b'`'));
    let bytes = clean.as_bytes();
    mark(bytes.get(at.start.wrapping_sub(1))) && mark(bytes.get(at.end))
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
    let page = !word.is_empty() && ["https://", "http://", "www."].iter().any(|p| word.contains(p));
    page && !word.contains("://graph.microsoft.") && !word.contains("url=")
}
