//! The answer of the classifier as JSON, the same for the command line and for HTTP.
//!
//! Never leaves a key of the contract out of a positive answer and never adds text that is not in the report: values
//! are exact slices of the text as received.
//!
//! Begin with [`answer`].

use crate::domain::diagnosis::{Answer, ClassId, Evidence, Report, Verdict};
use serde_json::{Map, Value, json};

/// The answer to one message. `id` is handed back as it came, when there was one.
pub fn answer(id: Option<&Value>, answer: &Answer) -> Value {
    let mut out = Map::new();
    if let Some(id) = id {
        out.insert("id".to_owned(), id.clone());
    }
    match answer.first() {
        None => {
            out.insert("class".to_owned(), json!(ClassId::NONE));
            out.insert("verdict".to_owned(), json!(Verdict::None.as_str()));
            out.insert("confidence".to_owned(), json!(0.0));
            out.insert("reply".to_owned(), json!(false));
        }
        Some(first) => {
            out.extend(report(first));
            if answer.reports.len() > 1 {
                let all: Vec<Value> = answer.reports.iter().map(|r| Value::Object(report(r))).collect();
                out.insert("reports".to_owned(), Value::Array(all));
            }
        }
    }
    if let Some(cut) = answer.cut {
        let why = "the message is longer than the limit; only its head and tail were read";
        out.insert("cut".to_owned(), json!({"head": cut.head, "tail": cut.tail, "total": cut.total, "why": why}));
    }
    if let Some(bulk) = &answer.bulk {
        out.insert("bulk".to_owned(), json!(bulk));
    }
    out.insert("rules".to_owned(), json!(answer.rules.0));
    Value::Object(out)
}

/// The answer in place of a line that could not be read.
pub fn error(id: Option<&Value>, line: usize, message: &str) -> Value {
    json!({"id": id.unwrap_or(&Value::Null), "error": {"line": line, "message": message}})
}

fn report(report: &Report) -> Map<String, Value> {
    let d = &report.diagnosis;
    let fields: Map<String, Value> = d.fields.iter().map(|(k, v)| (k.to_string(), json!(v))).collect();
    let alternatives: Vec<Value> =
        d.alternatives.iter().map(|a| json!({"class": a.class, "confidence": a.confidence.score()})).collect();
    let remedies: Vec<&str> = d.remedies.iter().map(|r| r.as_str()).collect();
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| drop(out.insert(key.to_owned(), value));
    put("class", json!(d.class));
    put("verdict", json!(d.verdict.as_str()));
    put("confidence", json!(d.confidence.score()));
    put("reply", json!(report.reply));
    put("title", json!(d.texts.title));
    put("owner", json!(d.texts.owner));
    put("severity", json!(d.texts.severity.as_str()));
    put("meaning", json!(d.texts.meaning));
    put("steps", json!(d.texts.steps));
    put("still_works", json!(d.texts.still_works));
    put("remedies", json!(remedies));
    put("fields", Value::Object(fields));
    put("evidence", Value::Array(d.evidence.iter().map(evidence).collect()));
    put("alternatives", Value::Array(alternatives));
    put("span", json!({"start": report.start, "end": report.end}));
    out
}

fn evidence(e: &Evidence) -> Value {
    json!({"start": e.start, "end": e.end, "text": e.text, "why": e.why})
}
