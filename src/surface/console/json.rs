//! One JSON object a line for each post or edit (DESIGN 4.2), for programs that read the console.
//!
//! Never leaves anything of a card out: `text` holds all of it. Begin with [`line()`].

use crate::card::plain;
use crate::domain::notice::Notice;
use serde_json::{Value, json};

/// The object of `notice` on one line, with its line feed. `edited` says whether it replaces an earlier post.
pub(super) fn line(notice: &Notice, edited: bool) -> String {
    let mut text = object(notice, edited).to_string();
    text.push('\n');
    text
}

fn object(notice: &Notice, edited: bool) -> Value {
    match notice {
        Notice::Card(card) => json!({
            "thread": card.place.thread,
            "case": card.case,
            "state": card.state,
            "title": card.title,
            "text": plain::text(card),
            "facts": card.facts.iter().map(|(label, value)| json!([label, value.plain()])).collect::<Vec<_>>(),
            "buttons": card.buttons.iter().map(|button| button.verb.label()).collect::<Vec<_>>(),
            "edited": edited,
            "only_for": null,
        }),
        Notice::Note { place, text } => answer(&place.thread, &text.plain(), edited, None),
        Notice::Whisper { place, name, text, .. } => answer(&place.thread, &text.plain(), edited, Some(name)),
    }
}

/// An answer that is no card.
fn answer(thread: &str, text: &str, edited: bool, only_for: Option<&str>) -> Value {
    json!({
        "thread": thread,
        "case": null,
        "state": null,
        "title": "",
        "text": text,
        "facts": [],
        "buttons": [],
        "edited": edited,
        "only_for": only_for,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::notice::PublicText;

    #[test]
    fn a_card_gives_the_object_of_the_contract() {
        let card = sample::small("c-7k2m9q", "proposed");
        let text = line(&Notice::Card(Box::new(card)), true);
        let expected = concat!(
            r#"{"buttons":["Approve","Deny"],"case":"c-7k2m9q","edited":true,"facts":[["Code","k7m2q9x4tz"]],"only_for":null,"#,
            r#""state":"proposed","text":"Reassign Sam Carter\nc-7k2m9q: proposed\nTwo votes are needed.\nCode: k7m2q9x4tz\n"#,
            r#"Buttons: Approve, Deny","thread":"m-1","title":"Reassign Sam Carter"}"#,
            "\n"
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn an_answer_for_one_person_has_no_state_and_names_the_person() {
        let notice = Notice::Whisper {
            place: sample::place("m-2"),
            to: "key".to_owned(),
            name: "anna".to_owned(),
            text: PublicText::words("a \"b\"\nc"),
        };
        let expected = concat!(
            r#"{"buttons":[],"case":null,"edited":false,"facts":[],"only_for":"anna","state":null,"#,
            r#""text":"a \"b\"\nc","thread":"m-2","title":""}"#,
            "\n"
        );
        assert_eq!(line(&notice, false), expected);
    }

    #[test]
    fn a_note_is_for_all() {
        let text = line(&Notice::Note { place: sample::place("m-3"), text: PublicText::words("Reminder.") }, false);
        assert!(text.contains(r#""only_for":null"#) && text.contains(r#""state":null"#), "{text}");
    }
}
