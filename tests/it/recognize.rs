//! Properties of the recognizer and the classifier: total on any text, unmoved by what chat does to a paste, honest
//! about where each value stands.

use crate::corpus::{Message, diagnoser, given};
use reanchor::app::diagnose::Diagnoser;
use reanchor::domain::diagnosis::{Answer, FieldName};
use reanchor::recognize;
use std::fmt::Write as _;

/// A small generator, so that a failure can be repeated.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n).unwrap()).unwrap()
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

pub(crate) type Mutation = (&'static str, fn(&str, &mut Rng) -> String);

/// What chat, mail, browsers, consoles and people do to a text on its way into a channel.
pub(crate) const MUTATIONS: &[Mutation] = &[
    ("smart quotes", |t, _| t.replace('"', "“").replace('\'', "’")),
    ("french quotes", |t, _| t.replace('"', "«")),
    ("entities", |t, _| entities(t)),
    ("entities twice", |t, _| entities(&entities(t))),
    ("numeric entities", |t, _| t.replace('"', "&#34;").replace('\'', "&#x27;")),
    ("quoted", |t, _| each_line(t, "> ")),
    ("quoted twice", |t, _| each_line(t, "> > ")),
    ("quoted as entities", |t, _| each_line(t, "&gt; ")),
    ("fenced", |t, _| format!("```\n{t}\n```")),
    ("fenced on one line", |t, _| format!("```{t}```")),
    ("fenced with a language", |t, _| format!("```text\n{t}\n```")),
    ("zero width", |t, r| sprinkle(t, '\u{200b}', r)),
    ("word joiner", |t, r| sprinkle(t, '\u{2060}', r)),
    ("soft hyphen", |t, r| sprinkle(t, '\u{ad}', r)),
    ("hard spaces", |t, r| spaces(t, "\u{a0}", r)),
    ("narrow spaces", |t, r| spaces(t, "\u{202f}", r)),
    ("bare links", |t, _| links(t, |url| format!("<{url}>"))),
    ("labelled links", |t, _| links(t, |url| format!("<{url}|{url}>"))),
    ("markdown links", |t, _| links(t, |url| format!("[{url}]({url})"))),
    ("mail links", |t, _| addresses(t, |a| format!("<mailto:{a}|{a}>"))),
    ("markdown mail links", |t, _| addresses(t, |a| format!("[{a}](mailto:{a})"))),
    ("escaped underscores", |t, _| t.replace('_', "\\_")),
    ("escaped signs", |t, _| t.replace('_', "\\_").replace('*', "\\*").replace('~', "\\~")),
    ("windows lines", |t, _| t.replace('\n', "\r\n")),
    ("wrapped at 72", |t, _| wrapped(t, 72)),
    ("wrapped at 48", |t, _| wrapped(t, 48)),
    ("indented", |t, _| each_line(t, "    ")),
    ("bold", |t, _| if t.contains('\n') { t.to_owned() } else { format!("*{t}*") }),
    ("lower case", |t, _| t.to_lowercase()),
    ("double spaces", |t, _| t.replace(' ', "  ")),
    ("spaces at line ends", |t, _| t.lines().map(|l| format!("{l}  ")).collect::<Vec<_>>().join("\n")),
    ("full width letters", |t, _| t.replacen('e', "ｅ", 3)),
    ("O and 0 swapped in ids", |t, _| in_ids(t, '0', 'O')),
    ("l and 1 swapped in ids", |t, _| in_ids(t, '1', 'l')),
    ("byte order mark", |t, _| format!("\u{feff}{t}")),
    ("direction marks", |t, _| format!("\u{202a}{t}\u{202c}")),
    ("dashes in ids", |t, _| in_ids(t, '-', '–')),
    ("as a JSON text", |t, _| json_text(t)),
    ("hard spaces in a JSON text", |t, r| json_text(&spaces(t, "\u{a0}", r))),
    ("invisible characters in a JSON text", |t, r| json_text(&sprinkle(t, '\u{200b}', r))),
    ("greeting before", |t, _| format!("Good morning, can somebody look at this please?\n{t}")),
    ("thanks after", |t, _| format!("{t}\n\nthanks a lot, Jo")),
    ("in another language", |t, _| {
        format!("Hallo zusammen, das kam gerade:\n{t}\nKann das jemand bitte prüfen? Danke")
    }),
    ("signature", |t, _| format!("{t}\n-- \nService Desk, 3rd floor")),
];

fn entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('\'', "&#39;").replace('<', "&lt;").replace('>', "&gt;")
}

/// As many programs print a text: quoted, everything beyond ASCII as `\uXXXX`.
fn json_text(text: &str) -> String {
    let mut out = String::new();
    for unit in serde_json::to_string(text).unwrap().encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => out.push(char::from(byte)),
            _ => write!(out, "\\u{unit:04x}").unwrap(),
        }
    }
    out
}

fn each_line(text: &str, with: &str) -> String {
    text.lines().map(|l| format!("{with}{l}")).collect::<Vec<_>>().join("\n")
}

fn sprinkle(text: &str, what: char, rng: &mut Rng) -> String {
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if c.is_alphabetic() && rng.one_in(9) {
            out.push(what);
        }
    }
    out
}

fn spaces(text: &str, by: &str, rng: &mut Rng) -> String {
    text.split(' ').fold(String::new(), |mut out, word| {
        if !out.is_empty() {
            out.push_str(if rng.one_in(3) { by } else { " " });
        }
        out.push_str(word);
        out
    })
}

fn links(text: &str, make: impl Fn(&str) -> String) -> String {
    if text.contains("<http") {
        // Chat rewrites a link once.
        return text.to_owned();
    }
    let url = regex::Regex::new(r#"https?://[^\s"'<>)\\,|]+"#).unwrap();
    url.replace_all(text, |c: &regex::Captures<'_>| make(&c[0])).into_owned()
}

fn addresses(text: &str, make: impl Fn(&str) -> String) -> String {
    // Chat does not touch addresses inside other addresses.
    let mail = regex::Regex::new(r#"(^|[\s"'(“])([\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]+)"#).unwrap();
    mail.replace_all(text, |c: &regex::Captures<'_>| format!("{}{}", &c[1], make(&c[2]))).into_owned()
}

fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut used = 0;
        for word in line.split(' ') {
            if used > 0 && used + word.len() > width {
                out.push('\n');
                used = 0;
            } else if used > 0 {
                out.push(' ');
            }
            out.push_str(word);
            used += word.len() + 1;
        }
        out.push('\n');
    }
    out
}

fn in_ids(text: &str, from: char, to: char) -> String {
    let id = regex::Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap();
    id.replace_all(text, |c: &regex::Captures<'_>| c[0].replace(from, &to.to_string())).into_owned()
}

pub(crate) fn class(answer: &Answer) -> &str {
    answer.first().map_or("none", |r| r.diagnosis.class.as_str())
}

/// Everything that must hold for any answer to any text.
pub(crate) fn check(text: &str, answer: &Answer) {
    let mut end = 0;
    for report in &answer.reports {
        assert!(report.start <= report.end && report.end <= text.len());
        assert!(report.start >= end, "reports overlap in {text:?}");
        end = report.start;
        for evidence in &report.diagnosis.evidence {
            assert_eq!(text.get(evidence.start..evidence.end), Some(evidence.text.as_str()), "{text:?}");
        }
        for (name, value) in &report.diagnosis.fields {
            assert!(
                *name == FieldName::TimestampUtc || text.contains(value.as_str()),
                "{name} {value:?} is not in {text:?}"
            );
            assert!(!value.is_empty());
        }
    }
}

#[test]
fn the_class_is_unmoved_by_what_happens_to_a_paste() {
    let diagnoser = diagnoser();
    let mut rng = Rng(7);
    let mut moved = Vec::new();
    assert!(MUTATIONS.len() >= 30);
    for Message { id, class: label, text, .. } in given().iter().filter(|m| m.class != "none") {
        for (name, mutate) in MUTATIONS {
            let mutated = mutate(text, &mut rng);
            let answer = diagnoser.diagnose(&mutated);
            check(&mutated, &answer);
            if class(&answer) != label {
                moved.push(format!("{id} {name}: {label} -> {}: {mutated:.300}", class(&answer)));
            }
        }
    }
    assert!(moved.is_empty(), "{} moved\n{}", moved.len(), moved.join("\n"));
}

#[test]
fn silence_is_unmoved_too() {
    let diagnoser = diagnoser();
    let mut rng = Rng(11);
    for message in given().iter().filter(|m| m.class == "none") {
        for (name, mutate) in MUTATIONS {
            let mutated = mutate(&message.text, &mut rng);
            let answer = diagnoser.diagnose(&mutated);
            assert!(!answer.reply(), "{} {name}: {mutated}", message.id);
        }
    }
}

#[test]
fn undoing_is_idempotent() {
    let mut rng = Rng(3);
    for message in given() {
        for (name, mutate) in MUTATIONS {
            let mutated = mutate(&message.text, &mut rng);
            // Entities that were encoded twice are by design undone in one go; what is left is plain.
            let once = recognize::read(&mutated).clean.into_owned();
            let twice = recognize::read(&once).clean.into_owned();
            assert_eq!(once, twice, "{} {name}", message.id);
        }
    }
}

#[test]
fn fields_and_evidence_stand_in_the_text_as_received() {
    let diagnoser = diagnoser();
    for message in given() {
        check(&message.text, &diagnoser.diagnose(&message.text));
        check(&message.text, &diagnoser.diagnose_asked(&message.text));
    }
}

#[test]
fn several_errors_are_several_reports() {
    let diagnoser = diagnoser();
    let task = |user: &str, what: &str| format!("Automatic provisioning of user {user} to app Box failed: {what}");
    let two = format!(
        "{}\n{}",
        task("Ada Byron", "Matching user not found."),
        task("Grace Hopper", "Matching user not found.")
    );
    let answer = diagnoser.diagnose(&two);
    let users: Vec<_> = answer.reports.iter().map(|r| r.diagnosis.fields[&FieldName::User].as_str()).collect();
    assert_eq!(users, ["Ada Byron", "Grace Hopper"]);
    let different = format!(
        "{}\n\n{}\n\nand this one:\nAADSTS7000222: The provided client secret keys are expired. Trace ID: c7cada43-2b7e-4567-8817-740218783ac5",
        task("Ada Byron", "Matching user not found."),
        task(
            "Grace Hopper",
            "Error while creating user g@h.example: Conflict. Errors reported by remote server: taken"
        )
    );
    let answer = diagnoser.diagnose(&different);
    let classes: Vec<_> = answer.reports.iter().map(|r| r.diagnosis.class.as_str()).collect();
    assert_eq!(classes, ["okta-matching-user-not-found", "scim-user-already-exists", "client-secret-expired"]);
    check(&different, &answer);
}

#[test]
fn three_hundred_errors_are_three_hundred_reports() {
    let diagnoser = diagnoser();
    let mut text = String::from("since this morning:\n");
    for n in 0..300 {
        let guid = format!("{n:08x}-2b7e-4567-8817-740218783ac5");
        writeln!(
            text,
            "• Automatic profile push of user Person Number{} to app Microsoft Office 365 failed: Could not push profile for Office 365 user p{n}@a.example, received error: Received response with error code Request_ResourceNotFound. httpStatusCode=404 errorCode=Request_ResourceNotFound errorMessage=\"Resource '{guid}' does not exist or one of its queried reference-property objects are not present.\"",
            char::from(b'a' + u8::try_from(n % 26).unwrap())
        )
        .unwrap();
    }
    let answer = diagnoser.diagnose(&text);
    assert_eq!(answer.reports.len(), 300);
    let logins: std::collections::BTreeSet<_> =
        answer.reports.iter().map(|r| &r.diagnosis.fields[&FieldName::Login]).collect();
    assert_eq!(logins.len(), 300);
    check(&text, &answer);
}

#[test]
fn system_log_arrays_are_parted_into_events() {
    let diagnoser = diagnoser();
    let event = |user: &str| {
        format!(
            r#"{{"eventType":"application.provision.user.push","outcome":{{"result":"FAILURE","reason":"Matching user not found"}},"target":[{{"type":"AppUser","alternateId":"{user}@a.example","displayName":"{user} Smith"}},{{"type":"AppInstance","displayName":"Box"}}]}}"#
        )
    };
    let text = format!("[{},\n{}]", event("Ann"), event("Bob"));
    let answer = diagnoser.diagnose(&text);
    let logins: Vec<_> = answer.reports.iter().map(|r| r.diagnosis.fields[&FieldName::Login].as_str()).collect();
    assert_eq!(logins, ["Ann@a.example", "Bob@a.example"]);
}

#[test]
fn a_reason_cut_by_the_system_log_is_enough() {
    let diagnoser = diagnoser();
    let reasons = [
        ("upn-domain-unverified", "The domain portion of the userPrincipalName prope"),
        ("onprem-mastered-object", "Unable to update the specified properties for on-premises mastered Dir"),
        ("license-group-inherited", "User license is inherited from a group mem"),
    ];
    for (label, reason) in reasons {
        let event = format!(
            r#"{{"eventType":"application.provision.user.push_profile","outcome":{{"result":"FAILURE","reason":"Could not push profile for Office 365 user a@b.example, received error: {reason}"}},"published":"2026-03-03T08:15:30.000Z"}}"#
        );
        assert_eq!(class(&diagnoser.diagnose(&event)), label);
        let csv = format!(
            "2026-03-03T08:15:30.000Z,application.provision.user.push_profile,FAILURE,\"Could not push profile for Office 365 user a@b.example, received error: {reason}\",office365"
        );
        assert_eq!(class(&diagnoser.diagnose(&csv)), label);
    }
}

#[test]
fn of_a_long_text_head_and_tail_are_read() {
    let diagnoser = diagnoser();
    let error = "Automatic provisioning of user Ada Byron to app Box failed: Matching user not found.";
    let filler = "x ".repeat(300_000);
    for text in [format!("{error}\n{filler}"), format!("{filler}\n{error}")] {
        let answer = diagnoser.diagnose(&text);
        assert_eq!(class(&answer), "okta-matching-user-not-found");
        assert_eq!(answer.cut.map(|c| c.total), Some(text.len()));
        check(&text, &answer);
    }
}

#[test]
fn who_asks_gets_an_answer_about_a_code() {
    let diagnoser = diagnoser();
    let code = "Request_ResourceNotFound";
    assert_eq!(class(&diagnoser.diagnose(code)), "none");
    let asked = diagnoser.diagnose_asked(code);
    assert_eq!(class(&asked), "o365-user-deleted-in-entra");
    assert!(!asked.reply());
}

#[test]
fn a_classifier_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    let diagnoser: Diagnoser = diagnoser();
    shared(&diagnoser);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(class(&diagnoser.diagnose("lunch?")), "none"));
        }
    });
}
