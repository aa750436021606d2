//! Any text gives an answer, in time that grows with its length: random texts, hostile ones, and those that once broke
//! something. `tests/fuzz` holds the same promises for a fuzzer with coverage.

use crate::corpus::{diagnoser, given};
use crate::recognize::{Rng, check, class};
use reanchor::app::diagnose::Diagnoser;
use reanchor::recognize;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Texts that broke a promise once.
const BROKEN: &[&str] = &[
    "\u{a0}Request_ResourceNotFound",
    r#""status=404\u00a0errorCode=Request_ResourceNotFound\u00a0errorMessage=\"x\"""#,
    "x\u{3000}Matching user not found",
    r"\u+123 \ud83d\ud83d \ude00",
];

/// Everything that must hold for one text.
fn holds(diagnoser: &Diagnoser, text: &str) {
    check(text, &diagnoser.diagnose(text));
    check(text, &diagnoser.diagnose_asked(text));
    assert_eq!(recognize::redact(text).len(), text.len());
}

#[test]
fn what_broke_once_stays_mended() {
    let diagnoser = diagnoser();
    for text in BROKEN {
        holds(&diagnoser, text);
    }
}

#[test]
fn any_text_gives_an_answer() {
    let diagnoser = diagnoser();
    let seeds: Vec<String> = given().into_iter().map(|m| m.text).collect();
    let mut rng = Rng(42);
    for round in 0..6_000 {
        holds(&diagnoser, &broken(&seeds, round, &mut rng));
    }
}

/// The same without an end: `FUZZ_FROM=7 cargo test --release --test it endless -- --ignored --nocapture`.
#[test]
#[ignore = "runs until it is stopped"]
#[expect(clippy::disallowed_methods, reason = "the number to begin with is chosen at the command line")]
fn endless() {
    let from = std::env::var("FUZZ_FROM").ok().and_then(|n| n.parse().ok()).unwrap_or(4711);
    let diagnoser = diagnoser();
    let seeds: Vec<String> = given().into_iter().map(|m| m.text).collect();
    let mut rng = Rng(from);
    for round in 1_usize.. {
        let text = broken(&seeds, round, &mut rng);
        if catch_unwind(AssertUnwindSafe(|| holds(&diagnoser, &text))).is_err() {
            println!("BROKEN {text:?}");
        }
        if round % 100_000 == 0 {
            println!("{round} texts");
        }
    }
}

/// What is thrown in.
const SIGNS: &[&str] = &[
    "<",
    ">",
    "|",
    "](http://",
    "&",
    "&amp;",
    "&#x",
    ";",
    "\\",
    "\\u",
    "\\ud800",
    "\\n",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    "@",
    "=",
    "==",
    "\r",
    "\n",
    "\0",
    "…",
    "...",
    "\u{200b}",
    "\u{feff}",
    "ｅ",
    "é",
    "\u{10ffff}",
    "00u",
    "0oa",
    "\"eventType\"",
    " app ",
    " of ",
    "user ",
    "https://",
    "mailto:",
    "AADSTS",
    "2025-01-01T",
    "Wed, ",
    "–",
    "\u{a0}",
    "\\u00a0",
    "&nbsp;",
    "\u{3000}",
    "\u{2028}",
    "\\\\",
    "&lt;",
    "&lt;https://",
    "www.",
    "url=",
    "…\u{a0}",
    "AADSTS50076",
    "Request_ResourceNotFound",
    "-",
    "\t",
];

/// Up to three messages, each cut at random places, with signs thrown in; sometimes quoted as JSON, sometimes with a
/// stretch many times over.
fn broken(seeds: &[String], round: usize, rng: &mut Rng) -> String {
    let mut text = String::new();
    for _ in 0..=round % 3 {
        let seed = &seeds[rng.below(seeds.len())];
        let cut = |rng: &mut Rng| seed.floor_char_boundary(rng.below(seed.len() + 1));
        let (a, b) = (cut(rng), cut(rng));
        text.push_str(&seed[a.min(b)..a.max(b)]);
        for _ in 0..rng.below(4) {
            let at = text.floor_char_boundary(rng.below(text.len() + 1));
            text.insert_str(at, SIGNS[rng.below(SIGNS.len())]);
        }
        if rng.below(8) == 0 {
            let at = text.floor_char_boundary(rng.below(text.len() + 1));
            let c = u32::try_from(rng.next() % 0x11_0000).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
            text.insert(at, c);
        }
    }
    match rng.below(12) {
        0 => serde_json::to_string(&text).unwrap(),
        1 => {
            let (a, b) = (rng.below(text.len() + 1), rng.below(text.len() + 1));
            let (a, b) = (text.floor_char_boundary(a.min(b)), text.floor_char_boundary(a.max(b)));
            text[a..b].repeat(1 + rng.below(20))
        }
        _ => text,
    }
}

/// Short stretches that are searched for an end which never comes, or that look like the beginning of something.
const TRAPS: &[&str] = &[
    "[",
    "[x",
    "[a](http://b",
    "<",
    "<http://",
    "<mailto:a|",
    "&amp;",
    "&lt;",
    "&lt;http://x|",
    "\\",
    "\\u00a0",
    "\\ud83d",
    "](http://",
    "> ",
    "\n> ",
    "\n",
    "a@",
    "a@b.cd ",
    "@",
    "=",
    "AAAAAAAAAAAAAAAAAAAAAA==",
    "...",
    "…",
    "(",
    "{",
    "{\"a\":",
    "Matching user not f... ",
    "Matching user not found. Matching user not f... ",
    "FAILURE \",",
    "https://",
    "https://Request_ResourceNotFound/",
    "Request_ResourceNotFound_",
    "AADSTS",
    "AADSTS50076 ",
    "office/365/user/",
    "Missing In ",
    "for App ",
    "of user x to app ",
    "Ada Byron ",
    "for Ada Byron, ",
    "Ada de la ",
    "Wed, ",
    "2025-01-01T",
    "9dfb369b-ab13-4fae-a276-55daa05f1119 ",
    "url=https://graph.microsoft.com/v1.0/users/ ",
    "{\"eventType\":\"x\", ",
    "\"error_description\" Request_ResourceNotFound ",
    "{\"Operations\":[",
    "messages:2.0:BulkRequest {\"schemas\":[",
    "x \"AppUser\" ",
    "resolved INC12345 ",
    "what? ",
    "\u{a0}",
    "\u{200b}",
    "ｅ",
    "        ",
    "Automatic provisioning of user Al B to app C failed: Matching user not found.\n",
    "Automatic provisioning of user Al B to app C failed: Matching user not found. ",
];

/// No time is asserted: a trap that costs the square of the length takes minutes here, and that is noticed.
#[test]
fn hostile_texts_are_answered() {
    let diagnoser = diagnoser();
    for trap in TRAPS {
        for before in ["", "Automatic provisioning of user Ada Byron to app Box failed: Matching user not found. "] {
            let text = format!("{before}{}", trap.repeat(recognize::LIMIT / 2 / trap.len()));
            let answer = diagnoser.diagnose(&text);
            check(&text, &answer);
            assert!(answer.cut.is_none());
        }
    }
}

#[test]
fn texts_beyond_the_limit_are_answered_and_the_answer_says_so() {
    let diagnoser = diagnoser();
    let mib = 1 << 20;
    let nested = "{\"a\":".repeat(1_000_000);
    let hostile = [
        "[".repeat(10 * mib),
        format!("{nested}1{}", "}".repeat(1_000_000)),
        format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000)),
        "Automatic provisioning of user a to app b failed: Matching user not found. ".repeat(mib / 75),
        (0..=255_u32).filter_map(char::from_u32).cycle().take(mib).collect(),
        String::from_utf8_lossy(&(0..=255_u8).cycle().take(mib).collect::<Vec<u8>>()).into_owned(),
    ];
    for text in &hostile {
        let answer = diagnoser.diagnose(text);
        check(text, &answer);
        assert!(answer.cut.is_some() || answer.reports.is_empty());
        check(text, &diagnoser.diagnose_asked(text));
    }
    assert!(diagnoser.diagnose(&hostile[3]).cut.is_some());
}

#[test]
fn every_byte_and_half_a_pair_beside_an_error_changes_nothing() {
    let diagnoser = diagnoser();
    let error = "Automatic provisioning of user Ada Byron to app Box failed: Matching user not found.";
    for code in (0..=0x2ff_u32).chain(0x2000..=0x206f).chain(0xfe00..=0xff20).filter_map(char::from_u32) {
        for text in [format!("{code}{error}"), format!("{error}{code}"), format!("a {code} b\n{error}\n{code}")] {
            let answer = diagnoser.diagnose(&text);
            check(&text, &answer);
            assert_eq!(class(&answer), "okta-matching-user-not-found", "{text:?}");
        }
    }
    for unit in (0xd7f0..=0xe010).step_by(7) {
        let text = format!(r#"{{"reason":"{error}\u{unit:04x}\u{unit:04x}"}}"#);
        let answer = diagnoser.diagnose(&text);
        check(&text, &answer);
        assert_eq!(class(&answer), "okta-matching-user-not-found", "{text:?}");
    }
}

/// A rule of somebody's own whose expression would grow without measure is refused with its line; one that makes other
/// engines try for ever is answered.
#[test]
fn an_exploding_expression_of_a_rule_is_refused_or_harmless() {
    let rule = |pattern: &str| {
        format!(
            "id = \"x-y\"\ntitle = \"T\"\nmeaning = \"M\"\nowner = \"O\"\nseverity = \"low\"\nsteps = [\"s\"]\nstill_works = \"all\"\n\
             sources = [\"s\"]\n[[sign]]\ntext = [\"Some long text\"]\npattern = '{pattern}'\nweight = 0.9\nwhy = \"w\"\n\
             [[sample]]\ntext = \"Some long text\"\n[[near_miss]]\ntext = \"Some\"\n"
        )
    };
    let nested = format!("{}a{}", "(?:".repeat(200), ")*".repeat(200));
    for pattern in ["(?:a{1,500}){1,500}", "(?:(?:(?:x{50}){50}){50}){50}", "(?i)[a-z]{90000}", nested.as_str(), "("] {
        let text = rule(pattern);
        let error = Diagnoser::new(&[("x-y", &text)]).unwrap_err().to_string();
        assert!(error.contains("x-y.toml:11: `pattern`"), "{error}");
    }
    let text = rule("(?:a+)+(?:a*)*$");
    let diagnoser = Diagnoser::new(&[("x-y", &text)]).unwrap();
    let message = format!("Some long text {}b", "a".repeat(100_000));
    check(&message, &diagnoser.diagnose(&message));
}
