use super::super::fake::Fake;
use super::super::sample;
use super::super::screen::{Paper, Tape};
use super::super::{Format, World};
use super::*;
use std::io::Cursor;

const PAPER: Paper = Paper { width: Some(80), color: false };

/// Runs `script`; gives exit code, errors and what was printed.
async fn run(world: &Fake, format: Format, script: impl Into<Vec<u8>>) -> (u8, String, String) {
    let (out, errors) = (Tape::default(), Tape::default());
    let console = Console::new(out.screen(), format, PAPER);
    let outcome = run_script(world, &console, Cursor::new(script.into()), &errors.screen()).await.unwrap();
    (outcome.exit_code, errors.text(), out.text())
}

#[tokio::test]
async fn a_script_with_a_mistake_runs_nothing_and_exits_2() {
    let world = Fake::proposed();
    let (code, errors, _) = run(&world, Format::Json, "anna: @error\nzoe: hi\nsleep\n").await;
    assert_eq!(code, 2);
    assert!(
        errors.starts_with(
            "line 2: nobody here is called \"zoe\" (people: anna, ben, sam)\nline 3: unknown verb \"sleep\""
        ),
        "{errors}"
    );
    assert!(errors.ends_with("nothing was run\n"), "{errors}");
    assert!(world.log().is_empty());
}

#[tokio::test]
async fn work_settles_before_a_press_a_command_and_a_clock_and_is_idle_at_the_end() {
    let world = Fake::proposed();
    let script = "anna: hello\nben: press Approve\nben: /reanchor status\nadvance 1m\nwait\n";
    let (code, errors, _) = run(&world, Format::Json, script).await;
    assert_eq!((code, errors.as_str()), (0, ""));
    let expected = [
        "message hello",
        "settle",
        "press Approve c-222222 Some(1) None",
        "settle",
        "command status",
        "settle",
        "advance 60000",
        "wait",
        "settle",
        "wait",
    ];
    assert_eq!(world.log(), expected);
}

#[tokio::test]
async fn a_press_takes_the_newest_card_with_that_label_whatever_its_case_of_letters() {
    let mut newer = sample::small("c-333333", "looked_up");
    newer.buttons = vec![sample::button(crate::domain::inbound::Verb::LookAgain)];
    let world = Fake::new(vec![sample::small("c-222222", "proposed"), newer]);
    let (code, _, _) = run(&world, Format::Json, "ben: press deny: not ours\n").await;
    assert_eq!(code, 0);
    let heard = world.heard();
    assert_eq!(heard[0].place, sample::place("m-1"));
    assert_eq!(world.log()[1], "press Deny c-222222 Some(1) Some(\"not ours\")");
}

#[tokio::test]
async fn a_button_that_appears_when_work_is_idle_is_found() {
    let world = Fake::new(Vec::new());
    world.state.lock().unwrap().after_wait = vec![sample::small("c-222222", "proposed")];
    let (code, errors, _) = run(&world, Format::Json, "ben: press Approve\n").await;
    assert_eq!((code, errors.as_str()), (0, ""));
    assert_eq!(world.log()[..3], ["settle", "wait", "press Approve c-222222 Some(1) None"]);
}

#[tokio::test]
async fn a_button_that_nobody_has_is_told_and_the_script_goes_on() {
    let world = Fake::proposed();
    let (code, errors, _) = run(&world, Format::Json, "\nben: press Undo\nanna: hello\n").await;
    assert_eq!(code, 1);
    assert_eq!(errors, "line 2: nobody has a button \"Undo\" (buttons now: Approve, Deny)\n");
    assert!(world.log().contains(&"message hello".to_owned()));
    let (code, errors, _) = run(&Fake::new(Vec::new()), Format::Json, "ben: press X\n").await;
    assert_eq!((code, errors.as_str()), (1, "line 1: nobody has a button \"X\" (buttons now: none)\n"));
}

#[tokio::test]
async fn words_that_stand_for_something_are_filled_in_and_others_are_not() {
    let world = Fake::proposed();
    let script =
        "anna: look:\\\n@error \\\nhelp me@error\nben: /reanchor deny @code no\nanna: @reanchor lookup @subject\n";
    let (code, errors, _) = run(&world, Format::Json, script).await;
    assert_eq!((code, errors.as_str()), (0, ""));
    let heard = world.heard();
    let text = "look:\nAutomatic provisioning failed:\n\terrorCode=404 \nhelp me@error";
    assert_eq!(heard[0].body, Body::Message { text: text.to_owned() });
    assert_eq!(heard[1].body, Body::Command { text: "deny k7m2q9x4tz no".to_owned() });
    assert_eq!(heard[1].place, sample::place("m-1"));
    assert_eq!(heard[2].body, Body::Mention { text: "lookup sam@example.com".to_owned() });
}

#[tokio::test]
async fn a_code_is_only_taken_from_a_proposed_card() {
    let world = Fake::new(vec![sample::small("c-111111", "closed")]);
    let (code, errors, _) = run(&world, Format::Json, "ben: /reanchor approve @code\n").await;
    assert_eq!(code, 1);
    assert_eq!(errors, "line 1: no proposal is open, so @code stands for nothing (buttons now: Approve, Deny)\n");
    assert!(world.heard().is_empty());
}

#[tokio::test]
async fn a_command_that_names_a_case_is_spoken_where_its_card_is_and_any_other_elsewhere() {
    let world = Fake::proposed();
    run(&world, Format::Json, "anna: /reanchor status c-111111\nanna: /reanchor help\n").await;
    let heard = world.heard();
    assert_eq!(heard[0].place, sample::place("m-1"));
    assert_ne!(heard[1].place.thread, "m-1");
}

#[tokio::test]
async fn every_event_has_a_key_of_its_own_and_every_message_its_thread() {
    let world = Fake::proposed();
    run(&world, Format::Json, "anna: one\nsam: two\n").await;
    let heard = world.heard();
    assert_ne!(heard[0].event_key, heard[1].event_key);
    assert_ne!(heard[0].place.thread, heard[1].place.thread);
    assert_eq!(heard[0].place.thread, heard[0].place.message);
    assert_eq!(heard[0].place.channel, "#provisioning");
    assert_eq!(heard[0].actor.standing.okta().map(ToString::to_string).as_deref(), Some("00u-anna"));
    assert_eq!(heard[1].actor.standing, Standing::Unlinked);
    assert_eq!(heard[0].at, world.now());
}

#[tokio::test]
async fn a_line_that_fails_in_the_app_is_told_and_the_script_goes_on() {
    let world = Fake::proposed();
    world.state.lock().unwrap().deaf = true;
    let (code, errors, _) = run(&world, Format::Json, "anna: one\nwait\n").await;
    assert_eq!((code, errors.as_str()), (1, "line 1: the store is read-only\n"));
    assert_eq!(world.log(), ["wait", "settle", "wait"]);
}

#[tokio::test]
async fn what_is_not_utf8_is_named_and_nothing_else_is_lost() {
    let world = Fake::proposed();
    let (code, errors, _) = run(&world, Format::Json, b"anna: fine\nanna: caf\xe9 closed\n".to_vec()).await;
    assert_eq!(code, 0);
    assert!(errors.starts_with("line 2: not UTF-8"), "{errors}");
    assert_eq!(world.heard()[1].body, Body::Message { text: "caf\u{fffd} closed".to_owned() });
}

#[tokio::test]
async fn a_line_of_ten_megabytes_arrives_whole() {
    let world = Fake::proposed();
    let (code, _, _) = run(&world, Format::Text, format!("anna: {}@subject", "word ".repeat(2 << 20))).await;
    assert_eq!(code, 0);
    let heard = world.heard();
    assert!(
        matches!(&heard[0].body, Body::Message { text } if text.len() > 10 << 20 && text.ends_with("word sam@example.com"))
    );
}

#[tokio::test]
async fn people_are_echoed_for_people_only() {
    let world = Fake::proposed();
    let (_, _, out) = run(&world, Format::Text, "anna: hello\nben: press Deny: no\nben: /reanchor help\n").await;
    assert_eq!(out, "anna › hello\nben › [Deny] on c-222222: no\nben › /reanchor help\n");
    let (_, _, out) = run(&world, Format::Json, "anna: hello\n").await;
    assert_eq!(out, "");
}
