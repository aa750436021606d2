//! Many expressions over one text without running most of them: each is split at its outermost `|`, and each piece is
//! only tried when a word that it cannot do without stands in the text.
//!
//! Never changes what matches: the words are derived from the expressions, nothing is listed by hand.
//!
//! Begin with [`Gate::found`].

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};
use std::sync::OnceLock;

/// Largest compiled form of one piece, in bytes.
const LIMIT: usize = 1 << 18;
/// Most words that one piece may wait for; a piece that waits for more is always tried.
const MOST_WORDS: usize = 64;

/// Expressions behind the words that open them.
pub(super) struct Gate {
    pieces: Vec<Piece>,
    /// Words, in lower case.
    search: AhoCorasick,
    /// For each word the pieces that wait for it.
    waiting: Vec<Vec<usize>>,
    /// Pieces without such a word.
    always: Vec<usize>,
}

struct Piece {
    /// Which of the expressions it belongs to.
    of: usize,
    source: String,
    /// Compiled on first use.
    compiled: OnceLock<Option<Regex>>,
}

impl Piece {
    fn is_match(&self, text: &[u8]) -> bool {
        // Which class is one of bytes, and which assertion is one of ASCII, stands in the source itself.
        let compile = || RegexBuilder::new(&self.source).size_limit(LIMIT).dfa_size_limit(LIMIT).build().ok();
        self.compiled.get_or_init(compile).as_ref().is_some_and(|re| re.is_match(text))
    }
}

impl Gate {
    /// From expressions that are matched byte by byte, without regard to the case of ASCII letters; `^` and `$` are the
    /// ends of a line. `None` when one of them is wrong.
    pub(super) fn new<'e>(expressions: impl Iterator<Item = &'e str>) -> Option<Self> {
        let mut syntax = ParserBuilder::new();
        syntax.unicode(false).utf8(false).case_insensitive(true).multi_line(true);
        let mut gate = (Vec::new(), Vec::new());
        let mut words: Vec<Vec<u8>> = Vec::new();
        let mut waiting: Vec<Vec<usize>> = Vec::new();
        for (of, expression) in expressions.enumerate() {
            for piece in split(syntax.build().parse(expression).ok()?) {
                let (pieces, always) = &mut gate;
                match needs(&piece).filter(|needed| needed.len() <= MOST_WORDS) {
                    None => always.push(pieces.len()),
                    Some(needed) => {
                        for word in needed {
                            let at = words.iter().position(|w| *w == word).unwrap_or_else(|| {
                                words.push(word);
                                waiting.push(Vec::new());
                                words.len() - 1
                            });
                            waiting.get_mut(at)?.push(pieces.len());
                        }
                    }
                }
                pieces.push(Piece { of, source: piece.to_string(), compiled: OnceLock::new() });
            }
        }
        let kind = Some(AhoCorasickKind::DFA);
        let search = AhoCorasick::builder().kind(kind).ascii_case_insensitive(true).build(&words).ok()?;
        Some(Self { pieces: gate.0, search, waiting, always: gate.1 })
    }

    /// The numbers of the expressions that match somewhere in the text, in order, each once.
    pub(super) fn found(&self, text: &str) -> Vec<usize> {
        let mut tries = self.always.clone();
        let mut seen = vec![false; self.waiting.len()];
        for word in self.search.find_overlapping_iter(text) {
            if let Some(seen) = seen.get_mut(word.pattern().as_usize()).filter(|seen| !**seen) {
                *seen = true;
                tries.extend(self.waiting.get(word.pattern().as_usize()).into_iter().flatten());
            }
        }
        tries.sort_unstable();
        tries.dedup();
        let mut found: Vec<usize> = Vec::new();
        for piece in tries.into_iter().filter_map(|i| self.pieces.get(i)) {
            if found.last() != Some(&piece.of) && piece.is_match(text.as_bytes()) {
                found.push(piece.of);
            }
        }
        found
    }
}

/// The outermost alternatives. Assertions that stand around all of them go to each.
fn split(expression: Hir) -> Vec<Hir> {
    match expression.into_kind() {
        HirKind::Alternation(list) => list.into_iter().flat_map(split).collect(),
        HirKind::Concat(list) => {
            let is_choice = |hir: &Hir| matches!(hir.kind(), HirKind::Alternation(_));
            let mut choices = list.iter().enumerate().filter(|(_, hir)| is_choice(hir));
            match (choices.next(), choices.next()) {
                (Some((at, choice)), None)
                    if list.iter().all(|hir| is_choice(hir) || matches!(hir.kind(), HirKind::Look(_))) =>
                {
                    let around = |one: Hir| {
                        Hir::concat(
                            list.iter()
                                .enumerate()
                                .map(|(i, hir)| if i == at { one.clone() } else { hir.clone() })
                                .collect(),
                        )
                    };
                    split(choice.clone()).into_iter().map(around).collect()
                }
                _ => vec![Hir::concat(list)],
            }
        }
        HirKind::Look(look) => vec![Hir::look(look)],
        HirKind::Literal(literal) => vec![Hir::literal(literal.0)],
        HirKind::Class(class) => vec![Hir::class(class)],
        HirKind::Repetition(repetition) => vec![Hir::repetition(repetition)],
        HirKind::Capture(capture) => split(*capture.sub),
        HirKind::Empty => vec![Hir::empty()],
    }
}

/// Words in lower case of which at least one stands in whatever the expression matches; `None` when nothing is known.
fn needs(expression: &Hir) -> Option<Vec<Vec<u8>>> {
    match expression.kind() {
        HirKind::Literal(literal) => Some(vec![literal.0.to_ascii_lowercase()]),
        HirKind::Class(class) => one_letter(class).map(|letter| vec![vec![letter]]),
        HirKind::Repetition(repetition) if repetition.min > 0 => needs(&repetition.sub),
        HirKind::Capture(capture) => needs(&capture.sub),
        HirKind::Alternation(list) => {
            let each: Option<Vec<Vec<Vec<u8>>>> = list.iter().map(needs).collect();
            let mut all: Vec<Vec<u8>> = each?.into_iter().flatten().collect();
            all.sort();
            all.dedup();
            Some(all)
        }
        HirKind::Concat(list) => concatenated(list),
        HirKind::Empty | HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
}

/// The longest of what the members of a sequence need; letters that stand side by side are one word.
fn concatenated(list: &[Hir]) -> Option<Vec<Vec<u8>>> {
    let mut options: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut run: Vec<u8> = Vec::new();
    for member in list {
        match member.kind() {
            HirKind::Look(_) => {}
            HirKind::Literal(literal) => run.extend(literal.0.to_ascii_lowercase()),
            HirKind::Class(class) if one_letter(class).is_some() => run.extend(one_letter(class)),
            HirKind::Class(_)
            | HirKind::Repetition(_)
            | HirKind::Capture(_)
            | HirKind::Alternation(_)
            | HirKind::Concat(_)
            | HirKind::Empty => {
                options.push(vec![std::mem::take(&mut run)]);
                options.extend(needs(member));
            }
        }
    }
    options.push(vec![run]);
    let shortest = |words: &Vec<Vec<u8>>| words.iter().map(Vec::len).min().unwrap_or(0);
    options
        .into_iter()
        .filter(|words| shortest(words) > 0)
        .max_by_key(|words| (shortest(words), usize::MAX - words.len()))
}

/// The letter of a class that is a letter in both cases, or a single byte.
fn one_letter(class: &Class) -> Option<u8> {
    let Class::Bytes(class) = class else { return None };
    let mut bytes = class.ranges().iter().flat_map(|range| range.start()..=range.end());
    let (first, second) = (bytes.next()?, bytes.next());
    let same = second.is_none_or(|second| second.eq_ignore_ascii_case(&first)) && bytes.next().is_none();
    same.then(|| first.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::bytes::RegexSetBuilder;

    #[test]
    fn words_are_derived_from_the_expression() {
        let mut syntax = ParserBuilder::new();
        syntax.unicode(false).utf8(false).case_insensitive(true);
        let needed = |text: &str| {
            let words = needs(&syntax.build().parse(text).unwrap())?;
            Some(words.into_iter().map(|w| String::from_utf8(w).unwrap()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(needed(r"\bis (?:solved|closed)\b").as_deref(), Some("closed solved"));
        assert_eq!(needed(r"\d+ (?:ab)+[cd]y").as_deref(), Some("ab"));
        assert_eq!(needed(r"Some(?:one|body)?, what").as_deref(), Some(", what"));
        assert_eq!(needed(r"\d+|abc"), None);
        let gate = Gate::new([r"\b(?:ab cd|ef)\b|gh", r"\d\d"].into_iter()).unwrap();
        assert_eq!((gate.pieces.len(), gate.always.len()), (4, 1));
    }

    #[test]
    fn the_gate_lets_through_exactly_what_matches() {
        let expressions: Vec<&str> = crate::classify::cues::CUES.iter().map(|c| c.0).collect();
        let gate = Gate::new(expressions.iter().copied()).unwrap();
        for piece in &gate.pieces {
            piece.is_match(b"");
            assert!(piece.compiled.get().unwrap().is_some(), "{}", piece.source);
        }
        let set = RegexSetBuilder::new(&expressions)
            .case_insensitive(true)
            .unicode(false)
            .multi_line(true)
            .size_limit(1 << 26)
            .build()
            .unwrap();
        let corpus = ["messages", "grown"].map(|name| {
            std::fs::read_to_string(format!("{}/tests/corpus/{name}.jsonl", env!("CARGO_MANIFEST_DIR"))).unwrap()
        });
        let mut matched = vec![false; expressions.len()];
        for line in corpus.iter().flat_map(|file| file.lines()) {
            let message: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = message["text"].as_str().unwrap();
            let wanted: Vec<usize> = set.matches(text.as_bytes()).into_iter().collect();
            assert_eq!(gate.found(text), wanted, "{text}");
            for i in wanted {
                matched[i] = true;
            }
        }
        assert!(matched.iter().filter(|m| **m).count() * 10 > matched.len() * 8, "most cues are exercised");
    }
}
