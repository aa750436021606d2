//! The way from a text to its diagnoses: recognize, then classify. Pure, and the only place where the two meet.
//!
//! Never answers by itself and never reads a rule file: rule texts are handed in.
//!
//! Begin with [`Diagnoser::diagnose`].

use crate::classify::rules::RuleErrors;
use crate::classify::{Asked, Classifier, Explained, Hit, Judged, Trail};
use crate::domain::diagnosis::{Answer, Confidence, Diagnosis, FieldName, Fields, Report, Verdict};
use crate::domain::reading::{Reading, squeeze, squeeze_into};
use crate::recognize;
use std::ops::Range;

/// Messages up to this many bytes are screened without an allocation.
const SMALL: usize = 2048;

/// From so many classes on, of which none is told of with evidence, a message is a list of errors.
const LIST: usize = 3;
/// How much of a message of several parts tells how all of them are meant, in bytes.
const CONTEXT: usize = 4096;

/// A compiled rule set with everything needed to diagnose a text. Immutable; share it between threads.
///
/// ```
/// use reanchor::app::diagnose::Diagnoser;
/// let diagnoser = Diagnoser::new(reanchor::config::embedded::RULES)?;
/// let answer = diagnoser.diagnose("Automatic provisioning of user Ada Byron to app Microsoft Office 365 failed: Matching user not found.");
/// assert_eq!(answer.reports[0].diagnosis.class.as_str(), "okta-matching-user-not-found");
/// assert!(answer.reply());
/// assert!(diagnoser.diagnose("lunch?").reports.is_empty());
/// # Ok::<(), reanchor::classify::rules::RuleErrors>(())
/// ```
#[derive(Debug)]
pub struct Diagnoser {
    classifier: Classifier,
}

/// What happened to one part of a message, for `--explain`.
#[derive(Clone, Debug)]
pub struct PartExplained {
    /// Range of the text as received.
    pub received: Range<usize>,
    /// The judgement; its ranges are of the clean text.
    pub judged: Explained,
}

/// A message being worked on.
struct Work<'t> {
    reading: Reading<'t>,
    hits: Vec<Hit>,
    /// Where the hits stand that can open a report.
    openers: Vec<Range<usize>>,
    asked: Asked,
    reports: Vec<Report>,
    trails: Vec<(Range<usize>, Trail)>,
}

impl Diagnoser {
    /// Compiles rule files given as (name without ending, text); a later file replaces an earlier one of its name.
    pub fn new(rules: &[(&str, &str)]) -> Result<Self, RuleErrors> {
        Ok(Self { classifier: Classifier::new(rules)? })
    }

    /// The rule set.
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// Diagnoses a message that was heard in a channel. Total and linear in the length of the text; of a text longer
    /// than [`recognize::LIMIT`] head and tail are read and the answer says so.
    pub fn diagnose(&self, text: &str) -> Answer {
        self.screened(text, |squeezed| squeezed.map(|(reading, squeezed)| self.look(reading, squeezed, Asked::No).0))
            .unwrap_or_else(|| Answer {
                reports: Vec::new(),
                cut: None,
                bulk: recognize::bulk::check(text),
                rules: self.classifier.version().clone(),
            })
    }

    /// Diagnoses a text that somebody asked about by a command: talk about an error is answered, too (as `unsure`).
    pub fn diagnose_asked(&self, text: &str) -> Answer {
        self.look_at(text, Asked::Yes).0
    }

    /// As [`Diagnoser::diagnose`], and how it came to the answer.
    pub fn explain(&self, text: &str) -> (Answer, Vec<PartExplained>) {
        let (answer, trails) = self.look_at(text, Asked::No);
        let explain = |(received, trail): (Range<usize>, Trail)| PartExplained {
            received,
            judged: self.classifier.explain(&trail),
        };
        (answer, trails.into_iter().map(explain).collect())
    }

    /// Whether nothing in the text can be of interest: the fast way out, for almost every message of a channel.
    pub fn is_chatter(&self, text: &str) -> bool {
        self.screened(text, |wanted| wanted.is_none())
    }

    /// Hands over the reading of a text that may be of interest, with its squeezed form; `None` for any other. What
    /// needs no undoing is squeezed as it stands, and read only when it is wanted: its squeezed form stays the same.
    fn screened<'t, R>(&self, text: &'t str, then: impl FnOnce(Option<(Reading<'t>, &[u8])>) -> R) -> R {
        if recognize::needs_undoing(text) {
            let reading = recognize::read(text);
            let wanted = |squeezed: &[u8]| self.classifier.may_speak(&reading.clean, squeezed);
            return match on_squeezed(&reading.clean, |squeezed| wanted(squeezed).then(|| squeezed.to_vec())) {
                Some(squeezed) => then(Some((reading, &squeezed))),
                None => then(None),
            };
        }
        on_squeezed(text, |squeezed| {
            let wanted = self.classifier.may_speak(text, squeezed);
            then(wanted.then(|| (recognize::read(text), squeezed)))
        })
    }

    fn look_at(&self, text: &str, asked: Asked) -> (Answer, Vec<(Range<usize>, Trail)>) {
        let reading = recognize::read(text);
        let mut squeezed = Vec::new();
        squeeze(&reading.clean, &mut squeezed);
        self.look(reading, &squeezed, asked)
    }

    fn look(&self, reading: Reading<'_>, squeezed: &[u8], asked: Asked) -> (Answer, Vec<(Range<usize>, Trail)>) {
        let hits = self.classifier.hits(&reading, squeezed);
        let openers: Vec<Range<usize>> = hits.iter().filter(|h| h.opens).map(|h| h.clean.clone()).collect();
        let (cut, bulk) = (reading.cut, recognize::bulk::check(reading.received));
        let mut work = Work { reading, hits, openers, asked, reports: Vec::new(), trails: Vec::new() };
        if !work.openers.is_empty() {
            for part in recognize::parts(&work.reading, &work.openers) {
                self.part(&mut work, part);
            }
        }
        if asked == Asked::No && work.trails.len() > 1 {
            self.hush(&mut work);
        }
        let answer = Answer { reports: merged(work.reports), cut, bulk, rules: self.classifier.version().clone() };
        (answer, work.trails)
    }

    /// Takes back what was found in the parts of a message that speaks of errors as a whole: a list of codes, or one with a
    /// heading that says so.
    fn hush(&self, work: &mut Work<'_>) {
        if work.reports.is_empty() {
            return;
        }
        if work.reports.iter().any(|r| !r.reply) {
            let mut classes: Vec<&str> = work.reports.iter().map(|r| r.diagnosis.class.as_str()).collect();
            classes.sort_unstable();
            classes.dedup();
            let list = classes.len() >= LIST && work.reports.iter().all(|r| !r.reply);
            if list || self.classifier.is_talk(&work.reading, CONTEXT, false) {
                work.reports.retain(|r| r.reply);
            }
        }
        let heading = work.openers.first().map_or(0, |first| first.start).min(CONTEXT);
        if work.reports.iter().any(|r| r.reply) && self.classifier.is_talk(&work.reading, heading, true) {
            work.reports.clear();
        }
    }

    /// Judges a part, line by line when its lines tell of different errors.
    fn part(&self, work: &mut Work<'_>, part: Range<usize>) {
        let judge = |range: Range<usize>| {
            let part = recognize::part(&work.reading, range.clone());
            (range, self.classifier.judge(&work.reading, part, &work.hits, work.asked))
        };
        let lines = recognize::lines(&work.reading.clean, &part, &work.openers);
        let mut judged: Vec<(Range<usize>, Judged)> = Vec::new();
        if self.classifier.may_differ(&work.hits, &lines) {
            judged = lines.into_iter().map(judge).collect();
        }
        if !self.differ(&judged) {
            judged = vec![judge(part)];
        }
        for (range, judged) in judged {
            let received = work.reading.back.range(range);
            work.trails.push((received.clone(), judged.trail));
            if let Some(diagnosis) = judged.diagnosis {
                work.reports.push(Report { start: received.start, end: received.end, reply: judged.reply, diagnosis });
            }
        }
    }
}

impl Diagnoser {
    /// Whether at least two lines were recognized as errors of different people, or of classes that have nothing to do
    /// with each other. Lines of one wrapped error show related classes, of which the whole text then tells more.
    fn differ(&self, judged: &[(Range<usize>, Judged)]) -> bool {
        let sure: Vec<&Diagnosis> = judged
            .iter()
            .filter_map(|(_, j)| j.diagnosis.as_ref())
            .filter(|d| d.verdict == Verdict::Recognized)
            .collect();
        let apart = |a: &Diagnosis, b: &Diagnosis| {
            let other = a.class != b.class && !self.classifier.related(&a.class, &b.class);
            other || (a.class == b.class && !same_subject(&a.fields, &b.fields))
        };
        sure.first().is_some_and(|first| sure.iter().any(|d| apart(first, d)))
    }
}

/// Squeezes the text, a small one without an allocation.
fn on_squeezed<R>(text: &str, then: impl FnOnce(&[u8]) -> R) -> R {
    let mut buffer = [0_u8; SMALL];
    if let Some(n) = squeeze_into(text, &mut buffer) {
        return then(buffer.get(..n).unwrap_or_default());
    }
    let mut squeezed = Vec::new();
    squeeze(text, &mut squeezed);
    then(&squeezed)
}

/// Neighbouring reports of the same class that do not name different people or objects are one report.
fn merged(reports: Vec<Report>) -> Vec<Report> {
    let mut out: Vec<Report> = Vec::with_capacity(reports.len());
    for report in reports {
        match out.last_mut() {
            Some(last)
                if last.diagnosis.class == report.diagnosis.class
                    && same_subject(&last.diagnosis.fields, &report.diagnosis.fields) =>
            {
                absorb(last, report);
            }
            _ => out.push(report),
        }
    }
    out
}

fn same_subject(a: &Fields, b: &Fields) -> bool {
    [FieldName::User, FieldName::Login, FieldName::ExternalId, FieldName::RequestId, FieldName::Group]
        .iter()
        .all(|name| a.get(name).zip(b.get(name)).is_none_or(|(x, y)| x.eq_ignore_ascii_case(y)))
}

fn absorb(into: &mut Report, other: Report) {
    into.end = other.end;
    into.reply |= other.reply;
    let (mine, theirs) = (&mut into.diagnosis, other.diagnosis);
    if theirs.confidence > mine.confidence {
        mine.confidence = Confidence::max(mine.confidence, theirs.confidence);
        mine.verdict = theirs.verdict;
    }
    for (name, value) in theirs.fields {
        mine.fields.entry(name).or_insert(value);
    }
    for evidence in theirs.evidence {
        if mine.evidence.len() < 8 {
            mine.evidence.push(evidence);
        }
    }
    if mine.remedies.is_empty() {
        mine.remedies = theirs.remedies;
    }
}
