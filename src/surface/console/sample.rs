//! Cards for the tests of this folder.

use crate::domain::ids::CaseId;
use crate::domain::inbound::{Place, Verb};
use crate::domain::notice::{Button, Card, Look, PublicText, Tone};

/// A place whose thread is `thread`.
pub(super) fn place(thread: &str) -> Place {
    Place { channel: "#provisioning".to_owned(), thread: thread.to_owned(), message: thread.to_owned() }
}

/// A button of proposal 1.
pub(super) fn button(verb: Verb) -> Button {
    let look = match verb {
        Verb::Approve => Look::Primary,
        Verb::Deny => Look::Danger,
        _ => Look::Plain,
    };
    Button { verb, number: Some(1), look, confirm: None, asks_reason: verb == Verb::Deny }
}

/// A small card in `state`, with a code and two buttons.
pub(super) fn small(case: &str, state: &str) -> Card {
    Card {
        case: Some(CaseId::new(case)),
        place: place("m-1"),
        state: Some(state.to_owned()),
        version: 1,
        tone: Tone::Warn,
        title: "Reassign Sam Carter".to_owned(),
        summary: PublicText::words("Two votes are needed."),
        facts: vec![("Code".to_owned(), PublicText::words("k7m2q9x4tz"))],
        sides: Vec::new(),
        diff: Vec::new(),
        warnings: Vec::new(),
        steps: Vec::new(),
        sections: Vec::new(),
        buttons: vec![button(Verb::Approve), button(Verb::Deny)],
        context: Vec::new(),
    }
}
