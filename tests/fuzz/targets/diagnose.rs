//! Any text gives an answer, and what the answer quotes stands in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reanchor::app::diagnose::Diagnoser;
use reanchor::domain::diagnosis::{Answer, FieldName};
use std::sync::LazyLock;

static DIAGNOSER: LazyLock<Diagnoser> =
    LazyLock::new(|| Diagnoser::new(reanchor::config::embedded::RULES).expect("the rules of the program"));

fuzz_target!(|text: &str| {
    check(text, &DIAGNOSER.diagnose(text));
    check(text, &DIAGNOSER.diagnose_asked(text));
    assert_eq!(reanchor::recognize::redact(text).len(), text.len());
});

fn check(text: &str, answer: &Answer) {
    for report in &answer.reports {
        assert!(report.start <= report.end && report.end <= text.len());
        for evidence in &report.diagnosis.evidence {
            assert_eq!(text.get(evidence.start..evidence.end), Some(evidence.text.as_str()));
        }
        for (name, value) in &report.diagnosis.fields {
            assert!(*name == FieldName::TimestampUtc || text.contains(value.as_str()));
        }
    }
}
