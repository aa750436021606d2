//! What an expression cannot match without: the few texts that are all it can match, or words of which one must stand
//! there.
//!
//! Never guesses: where nothing is known, `None`. Begin with [`fixed`] and [`needs`].

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// Most texts that a piece is written out as; what has more stays an expression.
const MOST_TEXTS: usize = 256;
/// Most times that a repetition is written out.
const MOST_TIMES: usize = 4;
/// Shortest text that is looked for as such, in bytes.
const SHORTEST: usize = 2;
/// Most bytes of a class that is written out.
const MOST_BYTES: usize = 10;

/// A text in lower case, and what must hold at its ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fixed {
    pub(super) left: Option<Look>,
    pub(super) bytes: Vec<u8>,
    pub(super) right: Option<Look>,
}

/// Where a text can stand, the narrower later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Anywhere,
    /// Where a run of letters and digits begins.
    Run,
    /// The same with the beginning of a line between it and the run before, or no run before it.
    LineRun,
    /// Where the first run begins.
    FirstRun,
}

/// A text in lower case, and where it can stand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Word {
    pub(super) bytes: Vec<u8>,
    pub(super) place: Place,
}

impl Place {
    /// Behind an assertion.
    pub(super) fn behind(self, look: Look) -> Self {
        match look {
            Look::Start => Self::FirstRun,
            Look::StartLF => self.max(Self::LineRun),
            Look::WordAscii => self.max(Self::Run),
            _ => self,
        }
    }
}

/// Letters, digits and `_`, as an expression over bytes understands words.
pub(super) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// All texts that the expression can match; `None` when they are many, or none is long enough to be looked for, or an
/// assertion stands inside one.
pub(super) fn fixed(expression: &Hir) -> Option<Vec<Fixed>> {
    let texts = written_out(expression)?;
    let known = |look: Option<Look>| {
        use Look::{End, EndLF, Start, StartLF, WordAscii, WordAsciiNegate};
        look.is_none_or(|l| matches!(l, WordAscii | WordAsciiNegate | Start | End | StartLF | EndLF))
    };
    texts.iter().all(|t| t.bytes.len() >= SHORTEST && known(t.left) && known(t.right)).then_some(texts)
}

fn written_out(expression: &Hir) -> Option<Vec<Fixed>> {
    let one = |bytes: Vec<u8>| Some(vec![Fixed { bytes, ..Fixed::default() }]);
    match expression.kind() {
        HirKind::Empty => one(Vec::new()),
        HirKind::Look(look) => Some(vec![Fixed { left: Some(*look), ..Fixed::default() }]),
        HirKind::Literal(literal) => one(literal.0.to_ascii_lowercase()),
        HirKind::Class(class) => {
            let bytes = bytes_of(class).filter(|bytes| bytes.len() <= MOST_BYTES)?;
            Some(bytes.into_iter().map(|b| Fixed { bytes: vec![b], ..Fixed::default() }).collect())
        }
        HirKind::Repetition(repetition) => {
            let sub = || written_out(&repetition.sub);
            match (repetition.min, repetition.max) {
                (0, Some(1)) => Some(sub()?.into_iter().chain([Fixed::default()]).collect()),
                (least, Some(most)) if least == most => {
                    let again = usize::try_from(least).ok().filter(|times| *times <= MOST_TIMES)?;
                    let sub = sub()?;
                    (0..again).try_fold(vec![Fixed::default()], |all, _| products(&all, &sub))
                }
                _ => None,
            }
        }
        HirKind::Capture(capture) => written_out(&capture.sub),
        HirKind::Alternation(list) => {
            let each: Option<Vec<Vec<Fixed>>> = list.iter().map(written_out).collect();
            Some(each?.into_iter().flatten().collect()).filter(|all: &Vec<Fixed>| all.len() <= MOST_TEXTS)
        }
        HirKind::Concat(list) => {
            let mut all = vec![Fixed::default()];
            for member in list {
                all = products(&all, &written_out(member)?)?;
            }
            Some(all)
        }
    }
}

/// Each of some texts followed by each of others; `None` for too many, or when an assertion would stand inside.
fn products(heads: &[Fixed], tails: &[Fixed]) -> Option<Vec<Fixed>> {
    if heads.len() * tails.len() > MOST_TEXTS {
        return None;
    }
    heads.iter().flat_map(|head| tails.iter().map(move |tail| joined(head, tail))).collect()
}

/// Two texts side by side; `None` when an assertion would stand inside, or two at one end.
fn joined(head: &Fixed, tail: &Fixed) -> Option<Fixed> {
    let either = |a: Option<Look>, b: Option<Look>| if a.is_some() && b.is_some() { None } else { Some(a.or(b)) };
    match (head.bytes.is_empty(), tail.bytes.is_empty()) {
        (true, _) => Some(Fixed { left: either(head.left, tail.left)?, ..tail.clone() }),
        (false, true) => Some(Fixed { right: either(head.right, tail.left)?, ..head.clone() }),
        (false, false) if head.right.is_none() && tail.left.is_none() => {
            let bytes = [head.bytes.as_slice(), tail.bytes.as_slice()].concat();
            Some(Fixed { left: head.left, bytes, right: tail.right })
        }
        (false, false) => None,
    }
}

/// Texts of which at least one stands in whatever the expression matches; `None` when nothing is known. What must hold
/// at their ends is left away.
pub(super) fn needs(expression: &Hir) -> Option<Vec<Word>> {
    needed(expression, Place::Anywhere)
}

/// As [`needs`]; `begins`: where what the expression matches can begin.
fn needed(expression: &Hir, begins: Place) -> Option<Vec<Word>> {
    match expression.kind() {
        HirKind::Capture(capture) => needed(&capture.sub, begins),
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            let again = usize::try_from(repetition.min).ok()?.min(MOST_TIMES);
            in_sequence(&vec![(*repetition.sub).clone(); again], begins)
        }
        HirKind::Alternation(list) => {
            let each: Option<Vec<Vec<Word>>> = list.iter().map(|one| needed(one, begins)).collect();
            let mut all: Vec<Word> = each?.into_iter().flatten().collect();
            all.sort();
            all.dedup();
            Some(all)
        }
        HirKind::Concat(list) => in_sequence(list, begins),
        HirKind::Literal(_) | HirKind::Class(_) => Run { texts: written_out(expression)?, begins }.words(),
        HirKind::Empty | HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
}

/// The best of what the members of a sequence need. Members that stand side by side and can be written out are taken
/// together.
fn in_sequence(list: &[Hir], mut begins: Place) -> Option<Vec<Word>> {
    let mut options: Vec<Vec<Word>> = Vec::new();
    let mut run = Run { texts: vec![Fixed::default()], begins };
    for member in list {
        let written = written_out(member);
        if let Some(longer) = written.as_ref().and_then(|next| products(&run.texts, next)) {
            run.texts = longer;
        } else {
            options.extend(if written.is_none() { needed(member, begins) } else { None });
            let behind = follows(member, begins);
            let next = match written {
                Some(texts) => Run { texts, begins },
                // The last of many: `#+ ` holds `# `.
                None => match last_of(member) {
                    Some(texts) => Run { texts, begins: begins.min(behind) },
                    None => Run { texts: vec![Fixed::default()], begins: behind },
                },
            };
            options.extend(std::mem::replace(&mut run, next).words());
        }
        begins = follows(member, begins);
    }
    options.extend(run.words());
    options.into_iter().max_by_key(|words| {
        let shortest = words.iter().map(|w| w.bytes.len()).min().unwrap_or(0);
        (words.iter().all(|w| w.place > Place::Anywhere) && shortest > SHORTEST, shortest, usize::MAX - words.len())
    })
}

/// The texts of the last time of what stands there once or more.
fn last_of(member: &Hir) -> Option<Vec<Fixed>> {
    match member.kind() {
        HirKind::Repetition(repetition) if repetition.min > 0 => written_out(&repetition.sub),
        _ => None,
    }
}

/// Members of a sequence that were taken together.
struct Run {
    texts: Vec<Fixed>,
    begins: Place,
}

impl Run {
    /// Its texts as words, when each is long enough. What stands before the first letter tells that a run begins there.
    fn words(self) -> Option<Vec<Word>> {
        let begins = self.begins;
        let word = |text: Fixed| {
            let lead = text.bytes.iter().take_while(|b| !b.is_ascii_alphanumeric()).count();
            let signs = lead == text.bytes.len();
            let begins = text.left.map_or(begins, |look| begins.behind(look));
            let begins = if lead > 0 { begins.max(Place::Run) } else { begins };
            let (head, rest) = text.bytes.split_at(lead);
            // Signs alone tell more than a single letter behind them.
            let signs = signs || (rest.len() < SHORTEST && head.len() >= SHORTEST);
            let bytes = if signs { head } else { rest };
            Word { place: if signs { Place::Anywhere } else { begins }, bytes: bytes.to_vec() }
        };
        let mut words: Vec<Word> = self.texts.into_iter().map(word).collect();
        words.sort();
        words.dedup();
        words.iter().all(|w| w.bytes.len() >= SHORTEST).then_some(words)
    }
}

/// Where something can stand behind what the expression matches; `begins`: where that can begin.
fn follows(expression: &Hir, begins: Place) -> Place {
    // Signs between lead from no place to a narrower one than that where a run begins.
    let behind_signs = |only: bool| if only { begins.max(Place::Run) } else { Place::Anywhere };
    match expression.kind() {
        HirKind::Look(look) => begins.behind(*look),
        HirKind::Literal(literal) if literal.0.iter().any(u8::is_ascii_alphanumeric) => {
            let sign = literal.0.last().is_some_and(|b| !b.is_ascii_alphanumeric());
            if sign { Place::Run } else { Place::Anywhere }
        }
        HirKind::Literal(_) => behind_signs(true),
        HirKind::Class(Class::Bytes(class)) => behind_signs(
            !class.ranges().iter().any(|range| (range.start()..=range.end()).any(|b| b.is_ascii_alphanumeric())),
        ),
        HirKind::Repetition(repetition) if repetition.min > 0 => follows(&repetition.sub, begins),
        HirKind::Repetition(repetition) => follows(&repetition.sub, begins).min(begins),
        HirKind::Capture(capture) => follows(&capture.sub, begins),
        HirKind::Alternation(list) => list.iter().map(|one| follows(one, begins)).min().unwrap_or(begins),
        HirKind::Concat(list) => list.iter().fold(begins, |begins, one| follows(one, begins)),
        HirKind::Empty => begins,
        HirKind::Class(Class::Unicode(_)) => Place::Anywhere,
    }
}

/// The bytes of a class, letters in lower case, each once; `None` for more than are worth counting.
fn bytes_of(class: &Class) -> Option<Vec<u8>> {
    let Class::Bytes(class) = class else { return None };
    let all = class.ranges().iter().flat_map(|range| range.start()..=range.end()).take(2 * MOST_BYTES + 1);
    let mut bytes: Vec<u8> = all.map(|b| b.to_ascii_lowercase()).collect();
    bytes.sort_unstable();
    bytes.dedup();
    Some(bytes)
}
