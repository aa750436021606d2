//! Cards for the tests of this folder.

use crate::domain::ids::CaseId;
use crate::domain::inbound::{Place, Verb};
use crate::domain::notice::{Button, Card, DiffRow, Look, Progress, PublicText, Section, SideRow, StepLine, Tone};
use crate::domain::time::At;

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

fn row(step: u32, field: &str, before: &str, after: &str) -> DiffRow {
    DiffRow {
        step,
        system: "Okta".to_owned(),
        field: field.to_owned(),
        before: PublicText::foreign(before),
        after: PublicText::foreign(after),
        reversible: false,
    }
}

fn side(label: &str, okta: &str, entra: &str, differs: bool) -> SideRow {
    SideRow { label: label.to_owned(), okta: PublicText::foreign(okta), entra: PublicText::foreign(entra), differs }
}

/// A proposed `reassign` as the bot shows it.
pub(super) fn proposed() -> Card {
    let mut card = small("c-7k2m9q", "proposed");
    card.title = "Reassign Sam Carter in Microsoft 365".to_owned();
    card.summary = PublicText::words(
        "The Entra account that Okta pushes to was deleted for good. A live account of the same person holds the UPN. ",
    )
    .and("This plan unassigns the app and assigns it again, so that Okta links to that account. ")
    .and_strong("Approve only if the person below is the right one.");
    card.facts = [("Code", "k7m2q9x4tz"), ("Subject", "Sam Carter, sam.carter@example.com"), ("Votes", "1 of 2 (ben)")]
        .map(|(label, value)| (label.to_owned(), PublicText::foreign(value)))
        .to_vec();
    card.facts.push(("Open until".to_owned(), PublicText::new().and_time(At(1_795_419_785_000))));
    card.sides = vec![
        side("Account", "00u1a2b3c4d5e6f7g8h9", "3c1f6c6e-51d0-4c58-9a57-0f2f6f7b8a11", false),
        side("externalId", "9dfb369b-ab13-4fae-a276-55daa05f1119", "", true),
        side("UPN", "sam.carter@example.com", "sam.carter@example.com", false),
        side("Anchor", "q83vEjRWeJCrze8SNFZ4kA==", "q83vEjRWeJCrze8SNFZ4kA==", false),
        side("Status", "ACTIVE, syncState ERROR", "enabled, 2 licences", false),
    ];
    card.diff = vec![
        row(1, "app assignment (Unassign)", "USER, ACTIVE, externalId 9dfb369b-ab13-4fae-a276-55daa05f1119", ""),
        row(2, "app assignment (Assign)", "", "USER, userName sam.carter@example.com"),
        row(3, "externalId (wait for link)", "", "3c1f6c6e-51d0-4c58-9a57-0f2f6f7b8a11"),
    ];
    card.warnings = vec![
        PublicText::words("This cannot be undone, because the old object is gone."),
        PublicText::words("Mailbox and files of the old account are not brought back by this plan."),
    ];
    card.context = vec![
        PublicText::words("Both directories read at ")
            .and_time(At(1_795_333_385_000))
            .and(" · asked by ")
            .and_foreign("anna"),
    ];
    card.buttons.push(button(Verb::Withdraw));
    card
}

/// The same case while it runs, stopped at the third step.
pub(super) fn stopped() -> Card {
    let mut card = proposed();
    card.state = Some("needs_human".to_owned());
    card.tone = Tone::Danger;
    card.diff.clear();
    card.sides.clear();
    let step = |progress, label: &str, note: &str| StepLine {
        progress,
        label: label.to_owned(),
        note: PublicText::words(note),
    };
    card.steps = vec![
        step(Progress::Done, "Unassign", "read back at 07:43:05"),
        step(Progress::Done, "Assign", "row 2 of this user"),
        step(
            Progress::Stopped,
            "Wait for link",
            "Okta linked another account than the one on the card; nothing more is written",
        ),
        step(Progress::Waiting, "Verify", ""),
    ];
    card.sections = vec![Section {
        title: "What to do".to_owned(),
        lines: vec![PublicText::words("1. Open Okta > Tasks."), PublicText::words("2. Press Go on.")],
    }];
    card.buttons = vec![button(Verb::GoOn), button(Verb::RollBack), button(Verb::LookAgain)];
    card
}
