//! What a card looks like in Slack, and what is never cut.

use super::limits::{Where, check};
use super::*;
use crate::domain::ids::CaseId;
use crate::domain::inbound::{Place, Verb};
use crate::domain::notice::{
    Button, Confirm, DiffRow, Look, Progress, PublicText, Section, SideRow, Span, StepLine, Tone,
};
use crate::domain::time::At;
use crate::surface::slack::token::{Act, Ticket};

fn mint() -> Mint {
    Mint::new(b"key")
}

fn plain(verb: Verb) -> Button {
    Button { verb, number: Some(2), look: Look::Plain, confirm: None, asks_reason: false }
}

fn sample() -> Card {
    let row = |field: &str, before: &str, after: &str| DiffRow {
        step: 1,
        system: "Okta".to_owned(),
        field: field.to_owned(),
        before: PublicText::foreign(before),
        after: PublicText::foreign(after),
        reversible: false,
    };
    let confirm = Confirm { title: "Approve k7m2q9x4tz?".to_owned(), text: "This will unassign.".to_owned() };
    Card {
        case: Some(CaseId::new("c-7k2m9q")),
        place: Place { channel: "C1".to_owned(), thread: "1.5".to_owned(), message: "1.5".to_owned() },
        state: Some("proposed".to_owned()),
        version: 7,
        tone: Tone::Warn,
        title: "The Entra user is gone".to_owned(),
        summary: PublicText::new().and_strong("Proposed by ").and_foreign("anna").and("."),
        facts: vec![("Code".to_owned(), PublicText::words("k7m2q9x4tz")), ("Votes".to_owned(), PublicText::new())],
        sides: vec![SideRow {
            label: "Anchor".to_owned(),
            okta: PublicText::foreign("abc="),
            entra: PublicText::new(),
            differs: true,
        }],
        diff: vec![row("assignment", "USER", "none"), row("externalId", "old-id", "none")],
        warnings: vec![
            PublicText::new().and_strong("Cannot be undone."),
            PublicText::words("Blast radius: one person."),
        ],
        steps: Vec::new(),
        sections: Vec::new(),
        buttons: vec![
            Button { look: Look::Danger, confirm: Some(confirm), ..plain(Verb::Approve) },
            Button { asks_reason: true, ..plain(Verb::Deny) },
        ],
        context: vec![
            PublicText::words("asked by ").and_foreign("anna"),
            PublicText::words("read at ").and_time(At(5_000)),
        ],
    }
}

fn rendered(card: &Card) -> Rendered {
    let out = super::card(card, &mint(), "card:c-7k2m9q", Room::MESSAGE);
    assert_eq!(check(&out.blocks, Where::Message), Vec::<String>::new());
    assert!(!out.text.is_empty() && out.text.chars().count() <= limits::FALLBACK);
    out
}

fn has_button(out: &Rendered, label: &str) -> bool {
    let buttons = out.blocks.iter().filter(|block| block["type"] == "actions");
    buttons.flat_map(|block| block["elements"].as_array().unwrap()).any(|one| one["text"]["text"] == label)
}

/// All text pieces, joined.
fn texts(value: &Value) -> String {
    match value {
        Value::Object(all) => all
            .iter()
            .map(
                |(key, one)| {
                    if key == "text" && one.is_string() { one.as_str().unwrap().to_owned() } else { texts(one) }
                },
            )
            .collect(),
        Value::Array(all) => all.iter().map(texts).collect(),
        _ => String::new(),
    }
}

#[test]
fn a_card_is_read_in_order_and_its_buttons_carry_sealed_tokens() {
    let out = rendered(&sample());
    assert_eq!(out.losses, []);
    let kinds: Vec<&str> = out.blocks.iter().map(|block| block["type"].as_str().unwrap()).collect();
    let expected =
        ["header", "context", "rich_text", "rich_text", "table", "rich_text", "rich_text", "actions", "context"];
    assert_eq!(kinds, expected);
    let buttons = out.blocks[7]["elements"].as_array().unwrap();
    let tickets: Vec<_> =
        buttons.iter().map(|button| mint().check(button["value"].as_str().unwrap()).unwrap()).collect();
    let ticket = |verb| Ticket { act: Act::Press(verb), case: CaseId::new("c-7k2m9q"), version: 7, number: Some(2) };
    let details = Ticket { act: Act::Details, number: None, ..ticket(Verb::Approve) };
    assert_eq!(tickets, [ticket(Verb::Approve), ticket(Verb::Deny), details]);
    assert_eq!(buttons[0]["confirm"]["text"]["text"], "This will unassign.");
    assert_eq!((&buttons[0]["style"], &buttons[1]["confirm"]), (&serde_json::json!("danger"), &Value::Null));
    assert!(out.text.contains("1. Okta externalId: old-id -&gt; none (cannot be undone)"), "{}", out.text);
}

#[test]
fn ids_of_blocks_tell_the_thing_and_change_with_each_version() {
    let ids = |card: &Card| {
        let out = rendered(card);
        out.blocks.iter().map(|block| block["block_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (first, second) = (ids(&sample()), ids(&Card { version: 8, ..sample() }));
    assert!(first.iter().chain(&second).all(|id| id.starts_with(&blocks::mark("card:c-7k2m9q"))));
    assert!(first.iter().all(|id| !second.contains(id)));
}

/// SAFETY B3: at every length either everything of the plan is there, or nobody can approve.
#[test]
fn a_plan_is_whole_or_cannot_be_approved() {
    let (mut whole, mut too_long) = (0, 0);
    for length in (0..14_000).step_by(97) {
        for which in 0..4 {
            let mut card = sample();
            let long: String = (0..length).map(|n| char::from(b'a' + u8::try_from(n % 26).unwrap())).collect();
            match which {
                0 => card.diff[0].before = PublicText::foreign(&long),
                1 => card.diff[1].after = PublicText::foreign(&long),
                2 => card.warnings[0] = PublicText::words(long.clone()),
                _ => card.diff = vec![card.diff[0].clone(); length / 100],
            }
            let out = rendered(&card);
            let text = texts(&Value::Array(out.blocks.clone()));
            let plan = [&card.diff[..], &[]].concat();
            let rows = plan.iter().flat_map(|row| [row.field.clone(), row.before.plain(), row.after.plain()]);
            let all = rows.chain(card.warnings.iter().map(PublicText::plain));
            let shown = all.filter(|part| !part.is_empty()).all(|part| text.contains(&part))
                && text.matches("assignment").count() >= plan.iter().filter(|row| row.field == "assignment").count();
            let flagged = plan.is_empty() || text.contains("cannot be undone");
            let said = out.losses.iter().any(|loss| matches!(loss, Loss::PlanTooLong { .. }));
            assert_eq!(has_button(&out, "Approve"), !said, "length {length}, {which}");
            if has_button(&out, "Approve") {
                assert!(shown && flagged, "length {length}, {which}");
                whole += 1;
            } else {
                assert!(text.contains("too long for Slack") && text.contains("reanchor case show c-7k2m9q"));
                assert!(text.contains(&format!("{} changed values", plan.len())));
                assert!(has_button(&out, "Details") && has_button(&out, "Deny"));
                too_long += 1;
            }
        }
    }
    assert!(whole > 100 && too_long > 50, "both happen: {whole}, {too_long}");
}

/// What is not the plan gives way to it, and the report says so.
#[test]
fn other_parts_give_way_and_are_reported() {
    let mut card = sample();
    card.diff[0].before = PublicText::foreign(&"x".repeat(6_000));
    let line = |n: usize| PublicText::words(format!("{n} {}", "word ".repeat(40)));
    card.sections = vec![Section { title: "What to do".to_owned(), lines: (0..60).map(line).collect() }];
    let out = rendered(&card);
    assert!(has_button(&out, "Approve") && has_button(&out, "Details"));
    assert!(matches!(out.losses[..], [Loss::Dropped { part: "sections", .. }, ..]), "{:?}", out.losses);
}

#[test]
fn pasted_markup_comes_out_harmless() {
    let nasty = "<!channel> <!here> <@U123> <#C1> <https://evil.example|click> *bold* _it_ `code` ```x``` &amp; :tada: @everyone";
    let rtl = "\u{202e}evil\u{200f} שלום";
    for text in [nasty, rtl, &nasty.repeat(400)] {
        let value = PublicText::words("see ").and_foreign(text);
        let mut card = sample();
        card.summary = value.clone();
        card.facts.push(("Person".to_owned(), value.clone()));
        card.sides[0].okta = value.clone();
        card.context.push(value.clone());
        card.sections = vec![Section { title: "Why".to_owned(), lines: vec![value.clone()] }];
        card.steps = vec![StepLine { progress: Progress::Done, label: "Assign".to_owned(), note: value.clone() }];
        if text.len() < 200 {
            card.diff[0].after = value.clone();
            card.warnings.push(value.clone());
        }
        for out in [rendered(&card), line(&value, "note:1", Room::MESSAGE)] {
            assert_eq!(check(&out.blocks, Where::Message), Vec::<String>::new());
            let all = Value::Array(out.blocks.clone());
            assert!(!marked(&all).contains("evil") && !marked(&all).contains("channel"), "{}", marked(&all));
            assert!(!texts(&all).contains('\u{202e}') && !texts(&all).contains('\u{200f}'));
            assert!(!out.text.contains('<') && !out.text.contains('>'), "{}", out.text);
            if text == rtl {
                assert!(texts(&all).contains("\u{2068}\u{fffd}evil\u{fffd} שלום\u{2069}"), "{}", texts(&all));
            }
        }
    }
}

/// Everything that Slack would read as markup.
fn marked(value: &Value) -> String {
    match value {
        Value::Object(all) if all.get("type").is_some_and(|kind| kind == "mrkdwn") => texts(value),
        Value::Object(all) => all.values().map(marked).collect(),
        Value::Array(all) => all.iter().map(marked).collect(),
        _ => String::new(),
    }
}

#[test]
fn a_card_of_nothing_and_a_list_without_a_case_are_taken() {
    let card = Card {
        case: None,
        state: None,
        title: String::new(),
        summary: PublicText::new(),
        facts: Vec::new(),
        sides: Vec::new(),
        diff: Vec::new(),
        warnings: Vec::new(),
        buttons: Vec::new(),
        context: vec![PublicText::new()],
        ..sample()
    };
    assert_eq!(rendered(&card).blocks.len(), 1);
    let people = (0..500).map(|n| PublicText::foreign(&format!("sam{n}@example.com")).and(": a cause")).collect();
    let list = Card { sections: vec![Section { title: "People".to_owned(), lines: people }], ..card };
    let out = rendered(&list);
    assert!(matches!(out.losses[..], [Loss::Dropped { part: "sections", count: 1.. }]), "{:?}", out.losses);
    assert!(!has_button(&out, "Details"), "there is no case to show");
    assert!(rendered(&Card { sides: vec![sample().sides[0].clone(); 300], ..sample() }).losses.len() == 1);
}

#[test]
fn a_line_is_never_empty_and_never_too_long() {
    for text in [
        PublicText::new(),
        PublicText::words("\n\n"),
        PublicText::words("a\n".repeat(5_000)),
        PublicText::words("x".repeat(40_000)),
        PublicText::foreign(&"&<>".repeat(20_000)),
    ] {
        for room in [Room::MESSAGE, Room::TIGHT] {
            let out = line(&text, "note:1", room);
            assert_eq!(check(&out.blocks, Where::Message), Vec::<String>::new());
            assert!(!out.text.is_empty() && out.text.chars().count() <= limits::FALLBACK, "{}", out.text.len());
        }
    }
    let two = line(&PublicText::words("one\ntwo ").and_foreign("x"), "note:1", Room::MESSAGE);
    assert_eq!(texts(&Value::Array(two.blocks)), "one\ntwo x");
    assert!(matches!(PublicText::words("x").spans(), [Span::Words(_)]));
}

#[test]
fn the_whole_card_fits_a_window_of_its_own() {
    let mut card = sample();
    card.diff[0].before = PublicText::foreign(&"x".repeat(20_000));
    let blocks = whole(&card);
    assert_eq!(check(&blocks, Where::View), Vec::<String>::new());
    assert!(texts(&Value::Array(blocks.clone())).contains(&"x".repeat(20_000)), "the way to the full plan shows it");
    assert!(blocks.iter().all(|block| block["type"] != "actions"));
}
