//! Learning the weights of `config/talk.tsv` from the tuning corpus and the samples of the rules, and what they are worth on
//! the words of authors who were not learned from.
//!
//! `cargo test --test it talk:: -- --ignored --nocapture` prints the figures; with `REANCHOR_BLESS=1` it writes the table.
//! What is held back is not read.

use crate::corpus::{Message, diagnoser, given, grown};
use crate::recognize::{MUTATIONS, Rng};
use reanchor::classify::talk::{Sign, signs};
use reanchor::config::embedded::RULES;
use reanchor::domain::reading::squeeze;
use reanchor::recognize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Signs that fewer messages hold, or messages of fewer authors, are left out: they are names, not words.
const MESSAGES: usize = 2;
const AUTHORS: usize = 2;
/// Messages that were made by mutation of one seed count so much, and what only happened to a message on its way so much.
const MUTATED: f64 = 0.5;
const MANGLED: f64 = 0.1;
/// Who wrote messages of his own, and is left out in turn.
const AUTHORS_APART: [&str; 14] = ["ba", "bb", "bc", "bd", "be", "bg", "bh", "bi", "bj", "bk", "bm", "bq", "bx", "f"];
/// How much the squares of the weights count against what they explain.
const PENALTY: f64 = 1.0;
const SWEEPS: usize = 60;
/// Smaller weights, in hundredths, are left out.
const LEAST: i64 = 2;
const HEAD: &str = "# What the signs of a text weigh, in hundredths: above zero for talk about an error, below for a report of one.\n\
    # Learned by `REANCHOR_BLESS=1 cargo test --test it talk:: -- --ignored`, not edited by hand; src/classify/talk.rs says what\n\
    # a sign is.\n";

/// One part of a message in which a class was seen.
struct Sample {
    id: String,
    author: String,
    signs: BTreeSet<Sign>,
    talk: bool,
    count: f64,
}

/// Letters before the number of a message: who wrote it, or what it was made from.
fn author(id: &str) -> String {
    id.chars().take_while(char::is_ascii_alphabetic).collect()
}

fn samples(messages: &[Message]) -> Vec<Sample> {
    let diagnoser = diagnoser();
    let mut samples = Vec::new();
    for message in messages {
        let reading = recognize::read(&message.text);
        let mut squeezed = Vec::new();
        squeeze(&reading.clean, &mut squeezed);
        let hits = diagnoser.classifier().hits(&reading, &squeezed);
        let openers: Vec<_> = hits.iter().filter(|h| h.opens).map(|h| h.clean.clone()).collect();
        if openers.is_empty() {
            continue;
        }
        for range in recognize::parts(&reading, &openers) {
            let part = recognize::part(&reading, range);
            let mut found = BTreeSet::new();
            signs(&reading.clean[part.clean.clone()], reading.runs().within(part.clean), part.instance, |sign| {
                found.insert(sign);
            });
            let (id, author) = (message.id.clone(), author(&message.id));
            let count = if message.shape == MADE {
                MANGLED
            } else if matches!(author.as_str(), "g" | "h") {
                MUTATED
            } else {
                1.0
            };
            samples.push(Sample { id, author, signs: found, talk: message.class == "none", count });
        }
    }
    samples
}

/// Weights of a logistic regression, learned sign by sign until nothing moves.
fn learn(samples: &[&Sample]) -> BTreeMap<Sign, f64> {
    let mut held: BTreeMap<Sign, Vec<usize>> = BTreeMap::new();
    for (i, sample) in samples.iter().enumerate() {
        sample.signs.iter().for_each(|sign| held.entry(*sign).or_default().push(i));
    }
    held.retain(|_, by| {
        let authors: BTreeSet<&str> = by.iter().map(|i| samples[*i].author.as_str()).collect();
        by.len() >= MESSAGES && authors.len() >= AUTHORS
    });
    held.insert(Sign::EVERY, (0..samples.len()).collect());
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let share = |talk: bool| samples.len() as f64 / 2.0 / samples.iter().filter(|s| s.talk == talk).count() as f64;
    let (talk, report) = (share(true), share(false));
    let counts = samples.iter().map(|s| s.count * if s.talk { talk } else { report });
    let counts: Vec<f64> = counts.collect();
    let mut sums = vec![0.0; samples.len()];
    let mut weights: BTreeMap<Sign, f64> = held.keys().map(|sign| (*sign, 0.0)).collect();
    for _ in 0..SWEEPS {
        for (sign, by) in &held {
            let weight = weights.get_mut(sign).unwrap();
            let penalty = if *sign == Sign::EVERY { 0.0 } else { PENALTY };
            let (mut slope, mut bend) = (penalty * *weight, penalty);
            for i in by {
                let sum: f64 = sums[*i];
                let likely = 1.0 / (1.0 + (-sum).exp());
                slope += counts[*i] * (likely - f64::from(u8::from(samples[*i].talk)));
                bend += counts[*i] * likely * (1.0 - likely);
            }
            let step = (-slope / bend.max(1e-6)).clamp(-0.5, 0.5);
            *weight += step;
            for i in by {
                sums[*i] += step;
            }
        }
    }
    weights
}

fn weigh(weights: &BTreeMap<Sign, f64>, sample: &Sample) -> f64 {
    weights[&Sign::EVERY] + sample.signs.iter().filter_map(|sign| weights.get(sign)).sum::<f64>()
}

/// What the rule files promise: their samples are reports, their near misses none or reports of another class.
fn promised() -> Vec<Message> {
    let diagnoser = diagnoser();
    let message = |class: &str, text: &str| Message {
        id: "rule".to_owned(),
        class: class.to_owned(),
        shape: String::new(),
        text: text.to_owned(),
        fields: BTreeMap::new(),
    };
    let of = |(name, _): &(&str, &str)| {
        let rule = diagnoser.classifier().rule(name).unwrap();
        let samples = rule.sample.iter().map(|sample| message(name, &sample.text));
        let misses = rule.near_miss.iter();
        samples
            .chain(misses.map(|miss| message(miss.class.as_deref().unwrap_or("none"), &miss.text)))
            .collect::<Vec<_>>()
    };
    RULES.iter().flat_map(of).collect()
}

/// Shape of the messages of [`mangled`].
const MADE: &str = "mangled";

/// What can happen to the given messages on their way: none of it tells of talk or of a report.
fn mangled() -> Vec<Message> {
    let mut rng = Rng(7);
    let mut made = Vec::new();
    for message in given() {
        for (_, mutate) in MUTATIONS {
            let text = mutate(&message.text, &mut rng);
            let (id, class) = (message.id.clone(), message.class.clone());
            made.push(Message { id, class, shape: MADE.to_owned(), text, fields: BTreeMap::new() });
        }
    }
    made
}

fn tuning() -> Vec<Sample> {
    samples(&given().into_iter().chain(grown()).chain(promised()).chain(mangled()).collect::<Vec<_>>())
}

#[test]
#[ignore = "learns for half a minute, and prints for a reader"]
fn what_was_learned_holds_for_authors_who_were_not_learned_from() {
    let samples = tuning();
    let mut all = Vec::new();
    for author in AUTHORS_APART {
        let (out, rest): (Vec<&Sample>, Vec<&Sample>) = samples.iter().partition(|s| s.author == author);
        let weights = learn(&rest);
        all.extend(out.into_iter().map(|sample| (weigh(&weights, sample), sample)));
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (talk, reports): (Vec<_>, Vec<_>) = all.iter().partition(|(_, sample)| sample.talk);
    for limit in [1.0, 1.25, 1.5, 1.75, 2.0, 2.5] {
        let over = |of: &[&(f64, &Sample)]| of.iter().filter(|(weight, _)| *weight > limit).count();
        println!(
            "over {limit}: {} of {} that talk, {} of {} that report",
            over(&talk),
            talk.len(),
            over(&reports),
            reports.len()
        );
    }
    for (weight, sample) in reports.iter().take(12) {
        println!("  reports, {weight:.2}: {}", sample.id);
    }
}

#[test]
#[ignore = "learns for half a minute, and prints for a reader"]
fn the_weights_are_learned() {
    let samples = tuning();
    let weights = learn(&samples.iter().collect::<Vec<_>>());
    let mut lines: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (sign, weight) in &weights {
        #[expect(clippy::cast_possible_truncation, reason = "a few hundred")]
        let hundredths = (weight * 100.0).round() as i64;
        if hundredths.abs() >= LEAST {
            lines.entry(-hundredths).or_default().push(sign.to_string());
        }
    }
    let mut text = HEAD.to_owned();
    for (weight, signs) in &lines {
        writeln!(text, "{}\t{}", -weight, signs.join("\t")).unwrap();
    }
    println!("{} weights from {} parts", lines.values().map(Vec::len).sum::<usize>(), samples.len());
    if reanchor::config::process().value("REANCHOR_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/config/talk.tsv"), text).unwrap();
    }
}
