//! Many expressions over one text without running most of them. Each is split at its outermost `|`. A piece that can
//! only match one of a few texts is looked for as those texts; any other piece is tried only when a word that it cannot
//! do without stands in the text.
//!
//! Never changes what matches: texts and words are derived from the expressions, nothing is listed by hand.
//!
//! Begin with [`Gate::found`].

mod needs;

use crate::domain::phrases::Phrases;
use crate::domain::starts::Starts;
use needs::{Fixed, Place, fixed, needs};
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, Look};
use std::ops::Range;
use std::sync::OnceLock;

/// Largest compiled form of one piece, in bytes.
const LIMIT: usize = 1 << 18;
/// Most words that one piece may wait for; a piece that waits for more is always tried.
const MOST_WORDS: usize = 256;

/// Expressions behind the texts that decide or open them.
pub(super) struct Gate {
    /// How many expressions there are.
    count: usize,
    /// What must be run.
    pieces: Vec<Piece>,
    /// Texts that begin where a run of letters and digits does, in lower case, numbered as in `marks`.
    at_runs: Starts,
    /// Texts without a letter or digit: they stand between two runs.
    signs: Starts,
    /// With which bytes those begin.
    begins_sign: Box<[bool; 256]>,
    /// The others.
    anywhere: Phrases,
    marks: Vec<Mark>,
    /// Pieces without a word to wait for.
    always: Vec<usize>,
}

struct Piece {
    /// Which of the expressions it belongs to.
    of: usize,
    source: String,
    /// Compiled on first use.
    compiled: OnceLock<Option<Regex>>,
}

/// What it means that a text stands somewhere.
enum Mark {
    /// The expression `of` matches there, when `lead` stands before it and the ends are as they must be.
    Is { of: usize, lead: Box<[u8]>, len: usize, ends: (Option<Look>, Option<Look>) },
    /// The piece is worth trying when the text stands at such a place.
    Opens(usize, Place),
}

impl Piece {
    fn is_match(&self, text: &[u8]) -> bool {
        // Which class is one of bytes, and which assertion is one of ASCII, stands in the source itself.
        let compile = || RegexBuilder::new(&self.source).size_limit(LIMIT).dfa_size_limit(LIMIT).build().ok();
        self.compiled.get_or_init(compile).as_ref().is_some_and(|re| re.is_match(text))
    }
}

/// Collects what a gate is made of.
#[derive(Default)]
struct Plan {
    pieces: Vec<Piece>,
    marks: Vec<Mark>,
    /// For each mark its text, and whether that begins where a run does.
    texts: Vec<(Vec<u8>, bool)>,
    always: Vec<usize>,
}

impl Plan {
    fn text(&mut self, of: usize, text: &Fixed) {
        let first = text.bytes.iter().position(u8::is_ascii_alphanumeric).unwrap_or(0);
        let (lead, rest) = text.bytes.split_at(first);
        let begins = !lead.is_empty() || text.left.is_some_and(|look| Place::Anywhere.behind(look) > Place::Anywhere);
        let at_run = begins && rest.first().is_some_and(u8::is_ascii_alphanumeric);
        let (lead, rest) = if at_run { (lead, rest) } else { (&[][..], &*text.bytes) };
        self.marks.push(Mark::Is { of, lead: lead.into(), len: rest.len(), ends: (text.left, text.right) });
        self.texts.push((rest.to_vec(), at_run));
    }

    fn piece(&mut self, of: usize, piece: &Hir) {
        let number = self.pieces.len();
        match needs(piece).filter(|needed| needed.len() <= MOST_WORDS) {
            None => self.always.push(number),
            Some(needed) => {
                for word in needed {
                    self.marks.push(Mark::Opens(number, word.place));
                    self.texts.push((word.bytes, word.place > Place::Anywhere));
                }
            }
        }
        self.pieces.push(Piece { of, source: piece.to_string(), compiled: OnceLock::new() });
    }
}

impl Gate {
    /// From expressions that are matched byte by byte, without regard to the case of ASCII letters; `^` and `$` are the
    /// ends of a line. `None` when one of them is wrong.
    pub(super) fn new<'e>(expressions: impl Iterator<Item = &'e str>) -> Option<Self> {
        let mut syntax = ParserBuilder::new();
        syntax.unicode(false).utf8(false).case_insensitive(true).multi_line(true);
        let mut plan = Plan::default();
        let mut count = 0;
        for (of, expression) in expressions.enumerate() {
            count = of + 1;
            for piece in split(syntax.build().parse(expression).ok()?) {
                match fixed(&piece) {
                    Some(texts) => texts.iter().for_each(|text| plan.text(of, text)),
                    None => plan.piece(of, &piece),
                }
            }
        }
        let those = |wanted: fn(&[u8], bool) -> bool| {
            let texts = plan.texts.iter().enumerate().filter(move |(_, (text, at_run))| wanted(text, *at_run));
            texts.map(|(number, (text, _))| (number, text))
        };
        let at_runs = Starts::new(those(|_, at_run| at_run));
        let signs = Starts::new(those(is_sign));
        let mut begins_sign = Box::new([false; 256]);
        for (text, _) in plan.texts.iter().filter(|(text, at_run)| is_sign(text, *at_run)) {
            text.first().into_iter().for_each(|first| begins_sign[usize::from(*first)] = true);
        }
        let anywhere = Phrases::new(those(|text, at_run| !at_run && !is_sign(text, at_run)));
        Some(Self {
            count,
            pieces: plan.pieces,
            at_runs,
            signs,
            begins_sign,
            anywhere,
            marks: plan.marks,
            always: plan.always,
        })
    }

    /// The numbers of the expressions that match somewhere in the text, in order, each once. `runs` are its runs of letters
    /// and digits.
    pub(super) fn found(&self, text: &str, runs: impl Iterator<Item = Range<usize>>) -> Vec<usize> {
        let lower = text.to_ascii_lowercase();
        let lower = lower.as_bytes();
        let mut matched = vec![false; self.count];
        let mut tries = self.always.clone();
        // `behind`: where the run before ends, when there is one.
        let mut note = |mark: usize, at: usize, behind: Option<usize>| match self.marks.get(mark) {
            Some(Mark::Is { of, lead, len, ends: (left, right) }) => {
                let holds = |look: &Option<Look>, at: usize| look.is_none_or(|look| holds(look, lower, at));
                let led = at.checked_sub(lead.len()).filter(|first| lower.get(*first..at) == Some(&**lead));
                if let (Some(first), Some(matched)) = (led, matched.get_mut(*of)) {
                    *matched |= holds(left, first) && holds(right, at + len);
                }
            }
            Some(Mark::Opens(piece, place)) => {
                let line = || behind.and_then(|behind| lower.get(behind..at)).is_none_or(|gap| gap.contains(&b'\n'));
                let stands = match place {
                    Place::Anywhere | Place::Run => true,
                    Place::LineRun => line(),
                    Place::FirstRun => behind.is_none(),
                };
                tries.extend(stands.then_some(*piece));
            }
            None => {}
        };
        let mut behind = None;
        for run in runs.chain(std::iter::once(lower.len()..lower.len())) {
            let gap = behind.unwrap_or(0)..run.start;
            if gap.len() > 1 {
                let begins = |at: &usize| lower.get(*at).is_some_and(|b| self.begins_sign[usize::from(*b)]);
                for at in gap.filter(begins) {
                    self.signs.each(lower.get(at..).unwrap_or_default(), |mark| note(mark, at, behind));
                }
            }
            let rest = lower.get(run.start..).unwrap_or_default();
            self.at_runs.each(rest, |mark| note(mark, run.start, behind));
            behind = Some(run.end);
        }
        self.anywhere.each(lower, |mark, at| note(mark, at, None));
        tries.sort_unstable();
        tries.dedup();
        for piece in tries.into_iter().filter_map(|i| self.pieces.get(i)) {
            if let Some(matched) = matched.get_mut(piece.of).filter(|matched| !**matched) {
                *matched = piece.is_match(text.as_bytes());
            }
        }
        (0..self.count).filter(|of| matched.get(*of) == Some(&true)).collect()
    }
}

/// Whether a text stands between two runs.
fn is_sign(text: &[u8], at_run: bool) -> bool {
    !at_run && !text.iter().any(u8::is_ascii_alphanumeric)
}

/// Whether an assertion holds between the bytes before and from `at`.
fn holds(look: Look, text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| text.get(at));
    let after = text.get(at);
    let inside = |byte: Option<&u8>| byte.is_some_and(|b| needs::is_word_byte(*b));
    match look {
        Look::WordAscii => inside(before) != inside(after),
        Look::WordAsciiNegate => inside(before) == inside(after),
        Look::Start => before.is_none(),
        Look::End => after.is_none(),
        Look::StartLF => before.is_none_or(|b| *b == b'\n'),
        Look::EndLF => after.is_none_or(|b| *b == b'\n'),
        // Never made: a text at such an end counts as an expression.
        _ => false,
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

#[cfg(test)]
mod tests {
    use super::*;
    use regex::bytes::RegexSetBuilder;

    #[test]
    fn words_are_derived_from_the_expression() {
        let mut syntax = ParserBuilder::new();
        syntax.unicode(false).utf8(false).case_insensitive(true);
        let needed = |text: &str| {
            let words = needs(&syntax.build().parse(text).unwrap())?.into_iter();
            let shown = |w: needs::Word| {
                format!("{}{}", if w.place > Place::Anywhere { "" } else { "*" }, String::from_utf8_lossy(&w.bytes))
            };
            Some(words.map(shown).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(needed(r"\bis (?:solved|closed)\b").as_deref(), Some("is closed is solved"));
        assert_eq!(needed(r"\d+ (?:ab)+[cd]y").as_deref(), Some("*abcy *abdy"));
        assert_eq!(needed(r"^#{1,4} \d").as_deref(), Some("*# "));
        assert_eq!(needed(r"Some(?:one|two)?, what").as_deref(), Some("*some, what *someone, what *sometwo, what"));
        assert_eq!(needed(r"^\W*(?:x{3})+\w").as_deref(), Some("xxx"));
        assert_eq!(needed(r"\w+ \(ab").as_deref(), Some("ab"));
        assert_eq!(needed(r"\d+|abc"), None);
        let gate = Gate::new([r"\b(?:ab cd|ef)\b|gh", r"\d\d|\w+ ij", r"\.kl\("].into_iter()).unwrap();
        // Four texts that decide, one that opens, and two digits are a hundred texts.
        assert_eq!((gate.marks.len(), gate.pieces.len(), gate.always.len()), (105, 1, 0));
        let found = |text: &str| {
            let runs = crate::domain::reading::Runs::of(text);
            gate.found(text, runs.within(0..text.len()))
        };
        assert_eq!(found("ab cd x EF 1"), [0]);
        assert!(found("xab cd ab cde").is_empty());
        assert_eq!(found("xgh, x.KL( ij x ij a123"), [0, 1, 2]);
        assert!(found("x kl( ij 1 x").is_empty());
    }

    #[test]
    fn a_word_opens_only_where_it_can_stand() {
        let gate = Gate::new([r"\A\W*ab\w*", r"(?m:^)\W*cd\w+"].into_iter()).unwrap();
        let places: Vec<Place> = gate
            .marks
            .iter()
            .filter_map(|mark| match mark {
                Mark::Opens(_, place) => Some(*place),
                Mark::Is { .. } => None,
            })
            .collect();
        assert_eq!(places, [Place::FirstRun, Place::LineRun]);
        let found = |text: &str| gate.found(text, crate::domain::reading::Runs::of(text).within(0..text.len()));
        assert_eq!(found("- abc\n> cde"), [0, 1]);
        assert_eq!(found(" cdx"), [1]);
        assert!(found("x abc cde").is_empty() && found("x\n. abc").is_empty());
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
            let runs = crate::domain::reading::Runs::of(text);
            assert_eq!(gate.found(text, runs.within(0..text.len())), wanted, "{text}");
            for i in wanted {
                matched[i] = true;
            }
        }
        assert!(matched.iter().filter(|m| **m).count() * 10 > matched.len() * 8, "most cues are exercised");
    }
}
