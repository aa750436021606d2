//! Weighs what was found and says which class an error has, how sure that is, and what spoke for and against each.
//!
//! Never reads anything but the text it is given. Expressions run only for rules whose texts were seen and are limited
//! in size.
//!
//! Begin with [`Classifier::judge`].

use super::hits::{Hit, Sightings, in_address, pattern};
use super::{Classifier, remedies, stance};
use crate::domain::diagnosis::{Alternative, ClassId, Confidence, Diagnosis, Evidence, FieldName, Verdict};
use crate::domain::reading::{Instance, Part, Reading, is_shortened};
use std::ops::Range;
use std::sync::Arc;

/// From this score on a class is recognized.
const RECOGNIZED: f64 = 0.60;
/// From this score on a class is mentioned.
const MENTIONED: f64 = 0.30;
/// Below this score the signs are words that others use, too.
const STRONG: f64 = 0.86;
/// Two classes whose scores lie closer than this cannot be told apart.
const TIE: f64 = 0.04;

/// Whether somebody asked for a diagnosis (a command), or the text was only heard in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// By a command: talk about an error is answered as well, as `unsure`.
    Yes,
    /// Only heard.
    No,
}

/// The judgement of one part.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The diagnosis, unless there is nothing to say.
    pub diagnosis: Option<Diagnosis>,
    /// Whether the bot may answer by itself.
    pub reply: bool,
    /// How it came to that; see [`Classifier::explain`].
    pub trail: Trail,
}

/// What was weighed. Opaque; [`Classifier::explain`] puts it into words.
#[derive(Clone, Debug)]
pub struct Trail {
    candidates: Vec<Candidate>,
    heard: stance::Heard,
    instance: Instance,
}

/// Why a part was judged as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explained {
    /// Every class that had a sign, best first.
    pub candidates: Vec<Losing>,
    /// What was said for and against an instance.
    pub stance: Vec<String>,
}

/// One candidate and its fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Losing {
    /// The class.
    pub class: ClassId,
    /// Its score.
    pub confidence: Confidence,
    /// Its signs: why, weight in hundredths, range of the clean text.
    pub signs: Vec<(String, u8, Range<usize>)>,
    /// Why it was ruled out or lost, or `None` for the winner.
    pub lost: Option<String>,
}

#[derive(Clone, Debug)]
struct Candidate {
    rule: usize,
    score: f64,
    signs: Vec<(usize, Range<usize>)>,
    lost: Option<Lost>,
}

/// How a candidate lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    /// By a veto of its own rule.
    RuledOut(usize),
    /// To a rule that says more.
    GivesWay(usize),
}

impl Classifier {
    /// Whether two rules are the same, or one gives way to the other.
    pub(super) fn tied(&self, a: usize, b: usize) -> bool {
        let over = |x: usize, y: usize| {
            self.rules.get(x).is_some_and(|r| r.over.contains(&y))
                || self.rules.get(y).is_some_and(|r| r.rule.last_resort)
        };
        a == b || over(a, b) || over(b, a)
    }

    /// Whether the first `until` bytes of the clean text of several parts speak of errors in general, so that none of the
    /// parts tells of a failure. `evident`: the parts hold evidence of instances.
    pub fn is_talk(&self, reading: &Reading<'_>, until: usize, evident: bool) -> bool {
        let text = reading.clean.get(..reading.clean.floor_char_boundary(until)).unwrap_or_default();
        self.stance.is_talk(text, reading.runs(), !evident)
    }

    /// Judges one part; `hits` are those of the whole reading.
    pub fn judge(&self, reading: &Reading<'_>, part: Part, hits: &[Hit], asked: Asked) -> Judged {
        let text = reading.clean.get(part.clean.clone()).unwrap_or_default();
        let from = hits.partition_point(|h| h.clean.start < part.clean.start);
        let to = hits.partition_point(|h| h.clean.start < part.clean.end);
        let hits = hits.get(from..to).unwrap_or_default();
        let mut candidates = self.candidates(text, part.clean.start, hits);
        self.contest(&mut candidates);
        let heard = self.heard(reading, &part, hits, &candidates);
        let trail = Trail { candidates, heard, instance: part.instance };
        let (diagnosis, reply) = self.verdict(reading, part, &trail, asked).unzip();
        Judged { diagnosis, reply: reply.unwrap_or(false), trail }
    }

    /// The diagnosis and whether the bot may answer by itself; `None` when there is nothing to say.
    fn verdict(&self, reading: &Reading<'_>, part: Part, trail: &Trail, asked: Asked) -> Option<(Diagnosis, bool)> {
        let Trail { candidates, heard, .. } = trail;
        let mut standing = candidates.iter().filter(|c| c.lost.is_none() && c.score >= MENTIONED);
        let best = standing.next()?;
        if !heard.told && asked == Asked::No {
            return None;
        }
        let tie = standing.next().is_some_and(|second| best.score - second.score < TIE);
        let sure = best.score >= RECOGNIZED && !tie && heard.told && !heard.bare;
        // The exact time of something tells that it happened; it does not outweigh what speaks against it.
        let reply = sure && (part.instance.is_evidence() || part.instance.time);
        Some((self.diagnosis(reading, part, best, candidates, sure), reply))
    }

    fn heard(&self, reading: &Reading<'_>, part: &Part, hits: &[Hit], candidates: &[Candidate]) -> stance::Heard {
        let text = reading.clean.get(part.clean.clone()).unwrap_or_default();
        let words = |r: &Range<usize>| {
            let said = text.get(r.start.saturating_sub(part.clean.start)..r.end.saturating_sub(part.clean.start));
            said.map_or(0, |s| s.split_whitespace().count())
        };
        let longest = |best: &Candidate| best.signs.iter().map(|(_, r)| r.clone()).max_by_key(|r| (words(r), r.len()));
        let Some(span) = candidates.first().and_then(longest) else { return stance::Heard::default() };
        let covered = covered(hits.iter().filter(|h| h.opens).map(|h| &h.clean), text, part.clean.start);
        let cut = hits.iter().any(|h| h.cut && h.clean == span) && !is_shortened(text);
        let seen = stance::Seen {
            runs: (reading.runs(), part.clean.start),
            cut,
            span: span.start.saturating_sub(part.clean.start)..span.end.saturating_sub(part.clean.start),
            covered,
            instance: part.instance,
            printed: part.printed.clone(),
            composed: candidates.first().is_some_and(|c| self.composed(c)),
            several: candidates.iter().filter(|c| c.lost.is_none() && c.score >= MENTIONED).count() > 2,
            weak: candidates.first().is_some_and(|c| c.score < STRONG),
        };
        self.stance.hear(text, &seen)
    }

    /// Whether a sign of the candidate needs several things to come together.
    fn composed(&self, candidate: &Candidate) -> bool {
        let rule = &self.rules[candidate.rule].rule;
        candidate.signs.iter().any(|(i, _)| {
            rule.sign.get(*i).is_some_and(|s| !s.with.is_empty() || !s.and_with.is_empty() || s.pattern.is_some())
        })
    }

    /// Every rule with a sign in the part, scored, vetoed ones marked; best first, then by name.
    fn candidates(&self, text: &str, base: usize, hits: &[Hit]) -> Vec<Candidate> {
        let seen = Sightings::new(self.literals.len(), hits.iter().filter(|h| !in_address(text, h, base)));
        let mut signs: Vec<(usize, usize)> =
            seen.seen.iter().flat_map(|(l, _)| self.by_literal.get(*l).into_iter().flatten().copied()).collect();
        signs.sort_unstable();
        signs.dedup();
        let mut found: Vec<Candidate> = Vec::new();
        for (rule, sign) in signs {
            let Some(at) = self.sign(rule, sign, &seen, text) else { continue };
            match found.last_mut().filter(|c| c.rule == rule) {
                Some(candidate) => candidate.signs.push((sign, at)),
                None => found.push(Candidate { rule, score: 0.0, signs: vec![(sign, at)], lost: None }),
            }
        }
        for candidate in &mut found {
            let compiled = &self.rules[candidate.rule];
            let miss: f64 = candidate.signs.iter().map(|(i, _)| 1.0 - compiled.rule.sign[*i].weight).product();
            candidate.score = 1.0 - miss;
            candidate.lost = compiled.vetoes.iter().position(|v| seen.fits(v).is_some()).map(Lost::RuledOut);
        }
        rank(&mut found);
        found
    }

    /// Where a sign stands when all its conditions hold.
    fn sign(&self, rule: usize, sign: usize, seen: &Sightings, text: &str) -> Option<Range<usize>> {
        let compiled = self.rules.get(rule)?;
        let parts = compiled.signs.get(sign)?;
        let at = seen.fits(&parts.texts)?;
        let Some(source) = &compiled.rule.sign.get(sign)?.pattern else { return Some(at) };
        // It was compiled once when the rule was checked, so this cannot fail; a failure counts as no match.
        let matches = match parts.pattern.get() {
            Some(re) => re.is_match(text.as_bytes()),
            None => pattern(source).is_ok_and(|re| parts.pattern.get_or_init(|| re).is_match(text.as_bytes())),
        };
        matches.then_some(at)
    }

    /// A class gives way to one that says more about the same thing.
    fn contest(&self, candidates: &mut [Candidate]) {
        let winners: Vec<(usize, f64)> =
            candidates.iter().filter(|c| c.lost.is_none() && c.score >= MENTIONED).map(|c| (c.rule, c.score)).collect();
        for candidate in candidates.iter_mut().filter(|c| c.lost.is_none()) {
            let last = self.rules[candidate.rule].rule.last_resort;
            let by = winners.iter().find(|(w, score)| {
                let gives_way = self.rules[*w].over.contains(&candidate.rule) || (last && *w != candidate.rule);
                gives_way && (*score >= RECOGNIZED || *score >= candidate.score)
            });
            if let Some((winner, _)) = by {
                candidate.lost = Some(Lost::GivesWay(*winner));
            }
        }
        rank(candidates);
    }

    #[expect(clippy::too_many_arguments, reason = "a judgement is made of exactly these")]
    fn diagnosis(
        &self,
        reading: &Reading<'_>,
        part: Part,
        best: &Candidate,
        all: &[Candidate],
        sure: bool,
    ) -> Diagnosis {
        let compiled = &self.rules[best.rule];
        let text = reading.clean.get(part.clean.clone()).unwrap_or_default();
        let evidence = best
            .signs
            .iter()
            .map(|(i, clean)| {
                let at = reading.back.range(clean.clone());
                Evidence {
                    start: at.start,
                    end: at.end,
                    text: reading.received.get(at).unwrap_or_default().to_owned(),
                    why: compiled.rule.sign[*i].why.clone(),
                }
            })
            .collect();
        let others = all
            .iter()
            .filter(|c| c.rule != best.rule && c.score >= MENTIONED && !matches!(c.lost, Some(Lost::RuledOut(_))));
        let alternatives = others
            .take(3)
            .map(|c| {
                let given_way = if c.lost.is_some() { 0.5 } else { 1.0 };
                Alternative {
                    class: self.rules[c.rule].class.clone(),
                    confidence: Confidence::from_score(c.score * given_way),
                }
            })
            .collect();
        Diagnosis {
            class: compiled.class.clone(),
            verdict: if sure { Verdict::Recognized } else { Verdict::Unsure },
            confidence: Confidence::from_score(if sure { best.score } else { best.score.min(RECOGNIZED - 0.01) }),
            remedies: remedies(&compiled.rule, part.fields.get(&FieldName::App).map(String::as_str), text),
            fields: part.fields,
            evidence,
            alternatives,
            texts: Arc::clone(&compiled.texts),
            rules: self.version.clone(),
        }
    }

    /// Puts into words how a judgement came about.
    pub fn explain(&self, trail: &Trail) -> Explained {
        let list = trail.candidates.iter().map(|c| {
            let compiled = &self.rules[c.rule];
            let signs = c.signs.iter().map(|(i, r)| {
                let sign = &compiled.rule.sign[*i];
                (sign.why.clone(), Confidence::from_score(sign.weight).hundredths(), r.clone())
            });
            let lost = c.lost.map(|lost| match lost {
                Lost::RuledOut(veto) => format!("ruled out: {}", compiled.rule.veto[veto].why),
                Lost::GivesWay(to) => format!("gives way to {}, which says more", self.rules[to].class),
            });
            Losing {
                class: compiled.class.clone(),
                confidence: Confidence::from_score(c.score),
                signs: signs.collect(),
                lost,
            }
        });
        let against = trail
            .heard
            .against
            .iter()
            .map(|(why, outweighed)| format!("against: {why}{}", if *outweighed { ", outweighed" } else { "" }));
        let words = &trail.heard.words;
        let words = (!words.is_empty()).then(|| format!("against: words of talk ({})", words.join(", ")));
        let against = against.chain(words);
        let evidence = trail.instance.words().map(|what| format!("for: {what}"));
        Explained { candidates: list.collect(), stance: against.chain(evidence).collect() }
    }
}

/// Letters and digits of the words under at least one of the sorted ranges.
fn covered<'r>(ranges: impl Iterator<Item = &'r Range<usize>>, text: &str, base: usize) -> usize {
    let (mut end, mut count) = (base, 0);
    for range in ranges {
        let whole = stance::whole_words(text, &(range.start.saturating_sub(base)..range.end.saturating_sub(base)));
        let fresh = (whole.start + base).max(end)..(whole.end + base).max(end);
        let said = text.get(fresh.start - base..fresh.end - base).unwrap_or_default();
        count += said.bytes().filter(u8::is_ascii_alphanumeric).count();
        end = fresh.end;
    }
    count
}

/// Those that stand first, then by score, then by name.
fn rank(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| {
        a.lost.is_some().cmp(&b.lost.is_some()).then(b.score.total_cmp(&a.score)).then(a.rule.cmp(&b.rule))
    });
}
