use super::super::fake::Fake;
use super::super::sample;
use super::super::screen::{Paper, Tape};
use super::super::{Console, Format};
use super::*;
use crate::domain::inbound::Verb;
use crate::domain::notice::{Confirm, Notice};
use crate::ports::surface::{Earlier, Surface};
use async_trait::async_trait;
use std::collections::VecDeque;
use std::io;

/// Answers from a list; afterwards the input ends.
struct Answers(VecDeque<Heard>, Vec<String>);

impl Answers {
    fn new(lines: &[&str]) -> Self {
        Self(lines.iter().map(|line| Heard::Line((*line).to_owned())).collect(), Vec::new())
    }
}

#[async_trait]
impl Ask for Answers {
    async fn ask(&mut self, question: &str, _remember: bool) -> io::Result<Heard> {
        self.1.push(question.to_owned());
        Ok(self.0.pop_front().unwrap_or(Heard::End))
    }
}

fn console() -> (Console, Tape) {
    let tape = Tape::default();
    (Console::new(tape.screen(), Format::Text, Paper { width: Some(80), color: false }), tape)
}

/// Talks `lines`; gives what was asked and printed.
async fn talk(world: &Fake, console: &Console, lines: &[&str]) -> Vec<String> {
    let mut answers = Answers::new(lines);
    Dialog::new(world, console).unwrap().talk(&mut answers).await.unwrap();
    answers.1
}

fn confirmed(mut card: Card) -> Card {
    for button in &mut card.buttons {
        button.confirm =
            Some(Confirm { title: "Approve this plan?".to_owned(), text: "Step 1 cannot be undone.".to_owned() });
    }
    card
}

#[tokio::test]
async fn a_number_presses_that_button_of_the_newest_card_after_yes() {
    let world = Fake::new(vec![confirmed(sample::small("c-222222", "proposed"))]);
    let (console, tape) = console();
    let asked = talk(&world, &console, &["as ben", "1", "y"]).await;
    assert_eq!(asked, ["anna › ", "ben › ", "Approve as ben? [y/N] ", "ben › "]);
    assert!(
        tape.text().contains("c-222222, Reassign Sam Carter\nApprove this plan?\nStep 1 cannot be undone.\n"),
        "{}",
        tape.text()
    );
    assert_eq!(world.log(), ["press Approve c-222222 Some(1) None"]);
    assert_eq!(world.heard()[0].actor.name, "ben");
}

#[tokio::test]
async fn anything_but_yes_presses_nothing() {
    for answer in ["", "n", "yep", "1"] {
        let world = Fake::new(vec![confirmed(sample::small("c-222222", "proposed"))]);
        let (console, tape) = console();
        talk(&world, &console, &["1", answer]).await;
        assert!(world.log().is_empty(), "{answer:?}");
        assert!(tape.text().contains("Nothing was pressed."));
    }
}

#[tokio::test]
async fn a_denial_asks_for_its_reason_and_an_interrupt_takes_it_back() {
    let world = Fake::proposed();
    let (console, _) = console();
    let asked = talk(&world, &console, &["2", " not ours ", "press Deny: given already"]).await;
    assert_eq!(asked[1], "Reason for Deny on c-222222: ");
    assert_eq!(asked.iter().filter(|question| question.starts_with("Reason")).count(), 1);
    let expected =
        ["press Deny c-222222 Some(1) Some(\"not ours\")", "press Deny c-222222 Some(1) Some(\"given already\")"];
    assert_eq!(world.log(), expected);
    let mut answers = Answers(VecDeque::from([Heard::Line("2".to_owned()), Heard::Interrupted]), Vec::new());
    let world = Fake::proposed();
    Dialog::new(&world, &console).unwrap().talk(&mut answers).await.unwrap();
    assert!(world.log().is_empty());
}

#[tokio::test]
async fn a_press_carries_the_proposal_that_was_shown_and_not_a_newer_one() {
    let world = Fake::proposed();
    let (console, _) = console();
    let mut dialog = Dialog::new(&world, &console).unwrap();
    console.recall(&[sample::small("c-222222", "proposed")]).unwrap();
    world.state.lock().unwrap().cards[1].buttons[0].number = Some(2);
    let mut nobody = Answers::new(&[]);
    assert_eq!(dialog.take("1", &mut nobody).await.unwrap(), Flow::On);
    assert_eq!(world.log(), ["press Approve c-222222 Some(1) None"]);
}

#[tokio::test]
async fn a_number_never_presses_a_card_that_was_not_shown() {
    let world = Fake::new(Vec::new());
    let (console, tape) = console();
    let mut dialog = Dialog::new(&world, &console).unwrap();
    let mut nobody = Answers::new(&[]);
    assert_eq!(dialog.take("1", &mut nobody).await.unwrap_err().to_string(), "no card has a button now");
    world.state.lock().unwrap().cards = vec![sample::small("c-222222", "proposed")];
    let error = dialog.take("1", &mut nobody).await.unwrap_err().to_string();
    assert!(error.contains("was not shown"), "{error}");
    assert!(tape.text().contains("c-222222"));
    assert!(world.log().is_empty());
    dialog.take("1", &mut nobody).await.unwrap();
    assert_eq!(world.log().len(), 1);
}

#[tokio::test]
async fn when_the_newest_card_loses_its_buttons_a_number_does_not_fall_through_to_an_older_card() {
    let world = Fake::proposed();
    let (console, _) = console();
    let mut card = sample::small("c-222222", "proposed");
    console.show(&Notice::Card(Box::new(card.clone())), Earlier::default()).await.unwrap();
    card.state = Some("running".to_owned());
    card.buttons.clear();
    console
        .show(&Notice::Card(Box::new(card)), Earlier { posted: Some("m-1/c-222222"), ..Earlier::default() })
        .await
        .unwrap();
    let mut dialog = Dialog::new(&world, &console).unwrap();
    assert!(dialog.take("1", &mut Answers::new(&[])).await.is_err());
    assert!(world.log().is_empty());
}

#[tokio::test]
async fn wrong_numbers_and_labels_are_told_with_what_there_is() {
    let world = Fake::proposed();
    let (console, tape) = console();
    talk(&world, &console, &["7", "0", "press Undo", "as zoe", "who", "cards"]).await;
    let text = tape.text();
    assert!(text.contains("! the newest card has no button 7 (buttons now: [1] Approve  [2] Deny)\n"), "{text}");
    assert!(text.contains("! the newest card has no button 0 "), "{text}");
    assert!(text.contains("! nobody has a button \"Undo\" (buttons now: Approve, Deny)\n"), "{text}");
    assert!(text.contains("! nobody here is called \"zoe\" (people: anna, ben, sam)\n"), "{text}");
    assert!(text.contains("  anna  help desk (you)\n  ben   approver\n"), "{text}");
    assert_eq!(text.matches("c-111111").count(), 2, "shown at the start and by `cards`: {text}");
    assert!(world.log().is_empty());
}

#[tokio::test]
async fn a_paste_of_several_lines_is_one_message_and_quit_ends_the_talk() {
    let world = Fake::new(Vec::new());
    let (console, _) = console();
    let asked = talk(&world, &console, &["one\ntwo\n", "quit", "never"]).await;
    assert_eq!(asked.len(), 2);
    assert_eq!(world.log(), ["message one\ntwo"]);
}

#[tokio::test]
async fn a_label_is_pressed_on_the_newest_card_that_has_it() {
    let mut newer = sample::small("c-333333", "looked_up");
    newer.buttons = vec![sample::button(Verb::LookAgain)];
    let world = Fake::new(vec![sample::small("c-222222", "proposed"), newer]);
    let (console, tape) = console();
    talk(&world, &console, &["ben: press approve", "press look again"]).await;
    assert_eq!(tape.text().matches("c-222222 ─╮").count(), 2, "shown at the start, and again before it is pressed");
    assert_eq!(world.log(), ["press Approve c-222222 Some(1) None", "press Look again c-333333 Some(1) None"]);
}

#[tokio::test]
async fn what_was_typed_is_not_printed_again_but_what_it_stood_for_is() {
    let world = Fake::new(Vec::new());
    let (console, tape) = console();
    talk(&world, &console, &["hello there", "@error", "?"]).await;
    let text = tape.text();
    assert!(!text.contains("hello there") && text.contains("@error › Automatic provisioning failed:\n"), "{text}");
    assert!(text.contains("You can type:\n  text, or a paste "), "{text}");
    assert_eq!(world.heard().len(), 2);
}
