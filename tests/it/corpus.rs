//! The labelled messages: each must get its class, its fields, and silence where there is nothing to say.

use reanchor::app::diagnose::Diagnoser;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One labelled message.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) class: String,
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, String>,
}

pub(crate) fn read(text: &str) -> Vec<Message> {
    text.lines().filter(|l| !l.trim().is_empty()).map(|l| serde_json::from_str(l).unwrap()).collect()
}

pub(crate) fn diagnoser() -> Diagnoser {
    Diagnoser::new(reanchor::config::embedded::RULES).unwrap()
}

#[test]
fn every_labelled_message_is_judged_right() {
    let diagnoser = diagnoser();
    let known: Vec<String> = diagnoser.classifier().classes().map(ToString::to_string).collect();
    let mut wrong = Vec::new();
    let (mut right_fields, mut wrong_fields, mut missing) = (0, 0, 0);
    let mut evident = 0;
    let mut positives = 0;
    for message in read(include_str!("../corpus/messages.jsonl")) {
        if message.class != "none" && !known.contains(&message.class) {
            continue;
        }
        let answer = diagnoser.diagnose(&message.text);
        let first = answer.first();
        let class = first.map_or("none", |r| r.diagnosis.class.as_str());
        if class != message.class {
            wrong.push(format!("{}: {} instead of {}: {:.160}", message.id, class, message.class, message.text));
        }
        if message.class == "none" {
            if answer.reply() {
                wrong.push(format!("{} would be answered", message.id));
            }
            continue;
        }
        positives += 1;
        evident += usize::from(answer.reply());
        let Some(first) = first else { continue };
        for (name, value) in &message.fields {
            let field = reanchor::domain::diagnosis::FieldName::parse(name).unwrap();
            match first.diagnosis.fields.get(&field) {
                Some(found) if found == value => right_fields += 1,
                Some(found) => {
                    wrong_fields += 1;
                    println!("{}: {name} = {found:?} instead of {value:?}", message.id);
                }
                None => {
                    missing += 1;
                    println!("{}: {name} missing ({value:?})", message.id);
                }
            }
        }
    }
    println!(
        "fields: {right_fields} right, {wrong_fields} wrong, {missing} missing; {evident} of {positives} answered"
    );
    println!("{}", wrong.join("\n"));
    assert!(wrong.is_empty(), "{} wrong", wrong.len());
}
