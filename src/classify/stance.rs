//! Is this a failure that happened, or talk about one? Questions, explanations, closed matters, digests, code and a
//! bot's own words are not answered.
//!
//! Never looks at what the error is, only at how it is spoken of. Begin with [`Stance::hear`]; the cues themselves are
//! in [`super::cues`].

use super::cues::{CUES, Force, HELP, OTHERS, OURS, PLEASANTRIES, QUESTION};
use super::gate::Gate;
use super::spoken;
use super::talk::Talk;
use crate::domain::reading::{Instance, Runs};
use regex::bytes::{Regex, RegexBuilder};
use std::ops::Range;
use std::sync::OnceLock;

/// The judgement and what led to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    /// The text tells of a failure.
    pub(super) told: bool,
    /// It only drops a code word, without anything that happened to somebody.
    pub(super) bare: bool,
    /// What spoke against it, and whether that was outweighed.
    pub(super) against: Vec<(&'static str, bool)>,
    /// Words for which the text was taken for talk.
    pub(super) words: Vec<String>,
}

/// What is known about the place where the best class was seen.
#[expect(clippy::struct_excessive_bools, reason = "independent observations about a text")]
pub(super) struct Seen<'r> {
    /// Where words begin in the whole text, and where in it the text that is judged begins.
    pub(super) runs: (&'r Runs, usize),
    /// Where its longest sign stands in the text.
    pub(super) span: Range<usize>,
    /// Letters and digits of all phrases found.
    pub(super) covered: usize,
    /// Signs of an instance.
    pub(super) instance: Instance,
    /// What was printed by a machine, and is not searched for what people say.
    pub(super) printed: Option<Range<usize>>,
    /// Whether its sign is made of several things that must come together.
    pub(super) composed: bool,
    /// Whether three classes or more stand beside each other, none of which gives way.
    pub(super) several: bool,
    /// Whether its signs are weak.
    pub(super) weak: bool,
    /// Whether only the beginning of a phrase stands at the end of the text, without a mark that it was shortened.
    pub(super) cut: bool,
}

/// Compiled on first use.
#[derive(Default)]
pub(super) struct Stance {
    /// Cues that count whatever else stands there.
    loud: OnceLock<Cues>,
    /// Cues that count only without evidence of an instance.
    quiet: OnceLock<Cues>,
    /// Question, request for help, another system, one of ours.
    single: OnceLock<Option<[Regex; 4]>>,
    talk: OnceLock<Talk>,
}

/// Some of the cues behind one gate.
struct Cues {
    list: Vec<(Force, &'static str)>,
    gate: Option<Gate>,
}

impl Cues {
    fn new(wanted: impl Fn(Force) -> bool) -> Self {
        let chosen = || CUES.iter().filter(|c| wanted(c.1));
        Self { list: chosen().map(|c| (c.1, c.2)).collect(), gate: Gate::new(chosen().map(|c| c.0)) }
    }

    /// The cues in a stretch of the text.
    fn found(&self, text: &str, at: Range<usize>, (runs, base): (&Runs, usize)) -> Vec<(Force, &'static str)> {
        let (Some(gate), Some(said)) = (&self.gate, text.get(at.clone())) else { return Vec::new() };
        let runs = runs.within(base + at.start..base + at.end);
        gate.found(said, runs).into_iter().filter_map(|i| self.list.get(i).copied()).collect()
    }
}

/// What the kinds of cues that were found weigh together: several of a kind say no more than one.
fn weight(cues: &[(Force, &'static str)]) -> i32 {
    Force::WEIGHED.iter().filter(|force| has(cues, **force)).map(|force| force.weight()).sum()
}

fn has(cues: &[(Force, &'static str)], wanted: Force) -> bool {
    cues.iter().any(|(force, _)| *force == wanted)
}

impl Stance {
    fn loud(&self) -> &Cues {
        self.loud.get_or_init(|| Cues::new(Force::is_loud))
    }

    fn quiet(&self) -> &Cues {
        self.quiet.get_or_init(|| Cues::new(|force| !force.is_loud()))
    }

    /// Whether a text that stands before several errors speaks of errors, or of a closed matter; `quiet`: also by signs
    /// that count only without evidence of an instance.
    pub(super) fn is_talk(&self, text: &str, runs: &Runs, quiet: bool) -> bool {
        let found = |cues: &Cues| cues.found(text, 0..text.len(), (runs, 0));
        let mut cues = found(self.loud());
        if quiet {
            cues.extend(found(self.quiet()));
        }
        let has = |wanted: Force| has(&cues, wanted);
        has(Force::Always)
            || (has(Force::Closed) && !has(Force::Back))
            || (quiet && (has(Force::Talk) || has(Force::Hint)))
    }

    /// Judges a text in which a class was seen.
    pub(super) fn hear(&self, text: &str, seen: &Seen<'_>) -> Heard {
        let mut heard = Heard { told: true, ..Heard::default() };
        let loud = self.loud();
        let mut cues = match &seen.printed {
            None => loud.found(text, 0..text.len(), seen.runs),
            Some(printed) => {
                let mut found = loud.found(text, 0..printed.start, seen.runs);
                found.extend(loud.found(text, printed.end..text.len(), seen.runs));
                found
            }
        };
        if !seen.instance.is_evidence() || seen.instance.is_only_words() {
            cues.extend(self.quiet().found(text, 0..text.len(), seen.runs));
            cues.extend(self.doubt(text, seen, &mut heard));
        }
        self.weigh(text, seen, &cues, &mut heard);
        heard
    }

    /// What the text says by its words and cues together.
    fn weigh(&self, text: &str, seen: &Seen<'_>, cues: &[(Force, &'static str)], heard: &mut Heard) {
        let (runs, base) = seen.runs;
        let runs = || runs.within(base..base + text.len());
        let talk = self.talk.get_or_init(Talk::default);
        let words = talk.weigh(text, runs(), seen.instance);
        let most = if seen.instance.is_evidence() { TALK } else { TALK_WITHOUT_EVIDENCE };
        let silent = words + weight(cues) > most;
        for (force, why) in cues {
            match force {
                Force::Always => heard.silence(why),
                Force::Closed | Force::Talk | Force::Hint => heard.against.push((why, !silent)),
                Force::Back | Force::Plea => {}
            }
        }
        if silent {
            heard.told = false;
            heard.words = talk.heaviest(text, runs());
        }
    }

    /// Without evidence of an instance more speaks against it: what silences, and what is weighed like a cue.
    fn doubt(&self, text: &str, seen: &Seen<'_>, heard: &mut Heard) -> Vec<(Force, &'static str)> {
        let span = whole_words(text, &seen.span);
        let mut cues = self.asks(text, &span, seen, heard);
        if spoken::is_condition(sentence(text, &span)) {
            heard.silence("a condition");
        }
        if spoken::is_spoken_of(text, &span) {
            cues.push((Force::Talk, "spoken of in a sentence"));
        }
        if !seen.instance.machine && spoken::is_code(text) {
            heard.silence("the signs of code");
        }
        if seen.several {
            heard.silence("a list of errors");
        }
        if seen.cut {
            heard.silence("half a sentence");
        }
        let said = text.get(span.clone()).unwrap_or_default();
        let word = said.split_whitespace().count() < 3;
        if word && !seen.composed && !seen.instance.is_evidence() {
            heard.bare = true;
            if is_alone(text, seen.covered) {
                heard.silence("a code word alone");
            }
        }
        cues
    }

    fn single(&self) -> Option<&[Regex; 4]> {
        let compiled = || {
            let [question, help, others, ours] = [QUESTION, HELP, OTHERS, OURS].map(expression);
            Some([question?, help?, others?, ours?])
        };
        self.single.get_or_init(compiled).as_ref()
    }

    /// Whether the sentence asks about the error, or the text speaks of another system.
    fn asks(&self, text: &str, span: &Range<usize>, seen: &Seen<'_>, heard: &mut Heard) -> Vec<(Force, &'static str)> {
        let Some([question, help, others, ours]) = self.single() else { return Vec::new() };
        let said = sentence(text, span);
        // What is put together from several sentences is not asked in the last of them.
        let part_of_it =
            seen.composed && said.len() + 20 < text.len() && !ASKING.iter().any(|w| said.trim_start().starts_with(w));
        if !part_of_it && question.is_match(&help.replace_all(said.as_bytes(), &b" "[..])) {
            heard.silence("a question");
        }
        let foreign = || others.is_match(text.as_bytes());
        if seen.weak && foreign() {
            heard.silence("another system");
        } else if !ours.is_match(text.as_bytes()) && foreign() {
            return vec![(Force::Talk, "another system")];
        }
        Vec::new()
    }
}

impl Heard {
    fn silence(&mut self, why: &'static str) {
        self.told = false;
        self.against.push((why, false));
    }
}

/// Whether hardly anything is said beside the code words: politeness, names of people and chat signs do not count.
fn is_alone(text: &str, covered: usize) -> bool {
    let mut rest = text;
    let mut said = 0;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric() || matches!(c, '<' | '@' | ':' | '&')) {
        let from = rest.get(start..).unwrap_or_default();
        let word = |at: usize| {
            let tail = from.get(at..).unwrap_or_default();
            at + tail.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(tail.len())
        };
        let sign = from.as_bytes().first().copied().unwrap_or_default();
        let closing = match sign {
            b'<' => from.find('>'),
            b':' | b'&' => Some(word(1)).filter(|end| {
                *end > 1 && from.get(*end..).is_some_and(|t| t.starts_with(if sign == b':' { ':' } else { ';' }))
            }),
            b'@' => Some(word(1) - 1),
            _ => None,
        };
        let end = closing.map_or_else(|| word(0).max(1), |end| end + 1);
        let chunk = from.get(..end).unwrap_or_default();
        if closing.is_none() && !PLEASANTRIES.iter().any(|polite| polite.eq_ignore_ascii_case(chunk)) {
            said += chunk.bytes().filter(u8::is_ascii_alphanumeric).count();
        }
        if said >= covered + 10 {
            return false;
        }
        rest = from.get(end..).unwrap_or_default();
    }
    true
}

fn expression(text: &str) -> Option<Regex> {
    RegexBuilder::new(text).case_insensitive(true).unicode(false).build().ok()
}

/// How far a range grows on each side, in bytes.
const LONGEST_WORD: usize = 256;

/// A text that weighs more than this, in hundredths, is talk. With evidence of an instance the bot would answer by itself,
/// and a wrong answer is worse than none; without, only who asks for it hears of it. Of the reports of authors who were not
/// learned from two or three in a hundred weigh more (`tests/it/talk.rs`).
const TALK: i32 = 75;
const TALK_WITHOUT_EVIDENCE: i32 = 200;

/// Words that begin nothing but a question.
const ASKING: &[&str] = &["Would ", "Does ", "Do ", "Could ", "Is there ", "would ", "does "];

/// The range grown to whole words.
pub(super) fn whole_words(text: &str, span: &Range<usize>) -> Range<usize> {
    let from = text.floor_char_boundary(span.start.saturating_sub(LONGEST_WORD));
    let head = text.get(from..span.start).unwrap_or_default();
    let tail = text.get(span.end..text.ceil_char_boundary(span.end + LONGEST_WORD)).unwrap_or_default();
    let start = from + head.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
    let end = span.end + tail.len() - tail.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len();
    start..end
}

/// The sentence around a range: from the end of the one before to its own end mark, quotation included.
fn sentence<'t>(text: &'t str, span: &Range<usize>) -> &'t str {
    let head = text.get(..span.start).unwrap_or_default();
    // Three dots are an omission and end nothing.
    let ended = head.rfind(". ").filter(|at| head.get(..*at).is_some_and(|h| !h.ends_with('.')));
    let start = head.rfind(['\n', '!', '?']).map_or(0, |i| i + 1).max(ended.map_or(0, |i| i + 2));
    let tail = text.get(span.end..).unwrap_or_default();
    let mark = tail.find(['\n', '?', '!']).map_or(tail.len(), |i| i + 1);
    let end = tail.find(". ").map_or(mark, |i| mark.min(i + 1));
    text.get(start..span.end + end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cues_compile() {
        for (cue, _, _) in CUES {
            assert!(expression(cue).is_some(), "{cue}");
        }
        for loud in [true, false] {
            let cues = Cues::new(|f| f.is_loud() == loud);
            assert!(cues.gate.is_some());
        }
        for single in [QUESTION, HELP, OTHERS, OURS] {
            assert!(expression(single).is_some(), "{single}");
        }
    }

    /// Whether an error that is `said` in a text is told of, with some evidence of an instance.
    fn told(text: &str, said: &str, instance: Instance) -> bool {
        let at = text.find(said).unwrap();
        let runs = Runs::of(text);
        let seen = Seen {
            runs: (&runs, 0),
            span: at..at + said.len(),
            covered: said.len(),
            instance,
            printed: None,
            composed: false,
            several: false,
            weak: false,
            cut: false,
        };
        Stance::default().hear(text, &seen).told
    }

    #[test]
    fn several_cues_of_a_kind_weigh_as_one() {
        let (talk, closed, back) = ((Force::Talk, "a"), (Force::Closed, "b"), (Force::Back, "c"));
        assert_eq!(weight(&[talk, talk]), Force::Talk.weight());
        assert!(weight(&[closed, back]) < TALK, "a closed matter that is back");
        assert!(weight(&[closed]) > TALK, "closed, by words that say nothing");
        assert!(weight(&[talk, (Force::Plea, "d")]) < TALK);
        assert_eq!(weight(&[(Force::Always, "e")]), 0, "silences by itself");
    }

    #[test]
    fn what_a_cue_says_is_outweighed_by_a_report() {
        let error = "Linked group is missing";
        let login = Instance { login: true, name: true, time: true, ..Instance::default() };
        for (text, instance, want) in [
            ("docs page: Linked group is missing in Box", Instance::default(), false),
            (
                "since this morning ana.ruiz@fabrikam.com fails: Linked group is missing in Box, docs page is no help",
                login,
                true,
            ),
            // A placeholder is none, whatever stands beside it.
            ("user <user> got Linked group is missing in Box since this morning", login, false),
        ] {
            assert_eq!(told(text, error, instance), want, "{text}");
        }
    }

    #[test]
    fn words_alone_can_be_those_of_talk() {
        let error = "Linked group is missing";
        let text = "training slide 4, sample card: Linked group is missing, then explain what the example means";
        let seen = |text: &str| {
            let at = text.find(error).unwrap();
            (at..at + error.len(), Runs::of(text))
        };
        let (span, runs) = seen(text);
        let seen = Seen {
            runs: (&runs, 0),
            span,
            covered: error.len(),
            instance: Instance::default(),
            printed: None,
            composed: false,
            several: false,
            weak: false,
            cut: false,
        };
        let mut heard = Heard { told: true, ..Heard::default() };
        Stance::default().weigh(text, &seen, &[], &mut heard);
        assert!(!heard.told);
        assert!(heard.words.iter().any(|word| word.contains("exampl") || word.contains("explai")), "{:?}", heard.words);
    }

    #[test]
    fn a_request_for_help_is_not_a_question_about_the_error() {
        let hear = |text: &str, said: &str| told(text, said, Instance::default());
        assert!(hear("Linked group is missing in Box any idea?", "Linked group is missing"));
        assert!(!hear("is \"Linked group is missing\" a Box thing?", "Linked group is missing"));
        assert!(!hear("Resolved: Linked group is missing in Box", "Linked group is missing"));
        let login = Instance { login: true, ..Instance::default() };
        let back =
            "Resolved, we said; but since this morning ana@fabrikam.com fails again: Linked group is missing in Box";
        assert!(told(back, "Linked group is missing", login));
    }
}
