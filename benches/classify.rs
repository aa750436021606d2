//! How fast the classifier is. Prints figures, asserts nothing about time: `cargo bench --bench classify`, or one
//! section alone: `cargo bench --bench classify -- pastes`.
//!
//! All figures are for one core, one call a message, normalisation included.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use reanchor::app::diagnose::Diagnoser;
use reanchor::config::embedded::RULES;
use std::hint::black_box;
use std::time::{Duration, Instant};

fn main() {
    let messages = corpus();
    let before = resident();
    let start = Instant::now();
    let diagnoser = Diagnoser::new(RULES).unwrap();
    println!("rules: {} classes compiled in {:.1} ms", diagnoser.classifier().classes().count(), ms(start.elapsed()));
    let built = resident();
    for (text, _) in &messages {
        black_box(diagnoser.diagnose(text));
    }
    println!("rules: {:.2} MB in the tables of phrases", mb(diagnoser.classifier().memory()));
    if let (Some(before), Some(built), Some(after)) = (before, built, resident()) {
        println!(
            "rules: the process grew by {:.2} MB when they were built, by {:.2} MB until the full corpus had run (budget 8)",
            mb(built.saturating_sub(before)),
            mb(after.saturating_sub(before))
        );
    }
    let named: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|n| n == name);
    let sections: [(&str, &dyn Fn()); 4] = [
        ("chatter", &|| chatter(&diagnoser, &messages)),
        ("pastes", &|| pastes(&diagnoser, &messages)),
        ("long", &|| long(&diagnoser)),
        ("naive", &|| naive(&messages)),
    ];
    for (_, run) in sections.iter().filter(|(name, _)| wanted(name)) {
        run();
    }
}

/// Memory of the process that is not a file's, in bytes, where the system tells it. Holds what the allocator keeps for
/// later as well, so what is live is less.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<usize>().ok()? * 1024)
}

fn corpus() -> Vec<(String, String)> {
    let files = [include_str!("../tests/corpus/messages.jsonl"), include_str!("../tests/corpus/grown.jsonl")];
    let line = |l: &str| {
        let v: serde_json::Value = serde_json::from_str(l).unwrap();
        (v["text"].as_str().unwrap().to_owned(), v["class"].as_str().unwrap().to_owned())
    };
    files.iter().flat_map(|f| f.lines().map(line)).collect()
}

/// Ordinary chat: messages without anything of interest, about 80 bytes each.
fn chatter(diagnoser: &Diagnoser, messages: &[(String, String)]) {
    let words =
        "the meeting about the new starter list has moved to three o'clock, can somebody tell the front desk please";
    let mut chat: Vec<String> = messages
        .iter()
        .filter(|(t, c)| c == "none" && t.len() < 200 && diagnoser.is_chatter(t))
        .map(|m| m.0.clone())
        .collect();
    for n in 0..400 {
        let text: String = words.chars().cycle().skip(n * 7).take(40 + n % 90).collect();
        chat.push(text);
    }
    let bytes: usize = chat.iter().map(String::len).sum();
    let rate = per_second(chat.len(), || {
        for text in &chat {
            black_box(diagnoser.diagnose(black_box(text)));
        }
    });
    println!("ordinary chat, mean {} bytes: {:.2} million messages/s (budget 1.2)", bytes / chat.len(), rate / 1e6);
}

/// Real pastes of about 600 bytes, fields included; those that are JSON apart, for which there is no budget.
fn pastes(diagnoser: &Diagnoser, messages: &[(String, String)]) {
    let picked = messages.iter().filter(|(t, c)| c != "none" && (500..700).contains(&t.len())).map(|m| &m.0);
    let (json, plain): (Vec<&String>, Vec<&String>) = picked.partition(|text| text.contains("\":"));
    for (what, texts, budget) in [("", plain, " (budget p50 10)"), (" with JSON", json, "")] {
        let mut times = Vec::new();
        for _ in 0..100 {
            for text in &texts {
                let start = Instant::now();
                black_box(diagnoser.diagnose(black_box(text)));
                times.push(start.elapsed());
            }
        }
        times.sort();
        let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e6;
        let count = texts.len();
        println!("pastes of 500 to 700 bytes{what} ({count}): p50 {:.1} us, p99 {:.1} us{budget}", at(50), at(99));
    }
}

/// Long messages without a hit.
fn long(diagnoser: &Diagnoser) {
    let words =
        "minutes of the weekly meeting: the printers on the third floor are replaced, the canteen opens at noon; ";
    for size in [1_024, 16_384, 200_000] {
        let text: String = words.chars().cycle().take(size).collect();
        let rate = per_second(1, || {
            black_box(diagnoser.diagnose(black_box(&text)));
        });
        println!("messages of {size} bytes without a hit: {:.0} MB/s (budget 200)", rate * mb(size));
    }
}

/// For information: the expressions of all rules in turn, as a bot without one pass for all would do it.
fn naive(messages: &[(String, String)]) {
    let mut expressions = Vec::new();
    for (_, text) in RULES {
        let rule: toml::Table = text.parse().unwrap();
        for sign in rule["sign"].as_array().unwrap() {
            for literal in sign["text"].as_array().unwrap() {
                let escaped = regex::escape(literal.as_str().unwrap().trim_matches('*'));
                expressions.push(regex::Regex::new(&format!("(?i){escaped}")).unwrap());
            }
        }
    }
    let chat: Vec<&String> = messages.iter().filter(|(t, c)| c == "none" && t.len() < 200).map(|m| &m.0).collect();
    let rate = per_second(chat.len(), || {
        for text in &chat {
            black_box(expressions.iter().filter(|e| e.is_match(text)).count());
        }
    });
    println!("the naive way ({} expressions in turn): {:.3} million messages/s", expressions.len(), rate / 1e6);
}

fn per_second(items: usize, mut work: impl FnMut()) -> f64 {
    work();
    let (start, mut rounds) = (Instant::now(), 0_u32);
    while start.elapsed() < Duration::from_millis(800) {
        work();
        rounds += 1;
    }
    f64::from(rounds) * f64::from(u32::try_from(items).unwrap()) / start.elapsed().as_secs_f64()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn mb(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap()) / 1e6
}
