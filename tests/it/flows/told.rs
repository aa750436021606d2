//! Whoever waits for an answer gets one: when a unit of work is given up, when a place takes no card, when not everything
//! of a message was read.

use crate::support::{Log, Setup, World};
use reanchor::domain::ids::GroupId;
use reanchor::domain::inbound::{Attached, Body, FileText, More, Unread, Verb};
use reanchor::domain::time::MINUTE;
use reanchor::ports::surface::SurfaceError;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A message that came with a file.
fn with_file() -> More {
    let file = Attached { id: "F1".to_owned(), address: None, name: "a.log".to_owned(), problem: None };
    More { files: vec![file], ..More::default() }
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn work_that_is_given_up_is_told_once_to_whoever_waits_for_it() {
    let log = Log::default();
    World::run_with("deleted-replaced", Setup { log: Some(log.clone()), ..Setup::default() }, async |w| {
        w.paste_error("anna").await;
        let case = w.case().await;
        *w.screen.file.lock().unwrap() = Some(Err(SurfaceError::Failed("not now".to_owned())));
        let press = Body::Press { verb: Verb::Reassign, case: case.id.clone(), number: None, note: None };
        let waiting = [
            ("anna", press),
            ("ben", Body::Command { text: text("diagnose") }),
            ("carla", Body::Mention { text: text("what is this?") }),
            ("dave", Body::Message { text: text("look at this") }),
        ];
        for (who, body) in waiting.clone() {
            w.hear_with(who, case.place.clone(), (body, with_file())).await;
        }
        // It is tried again and again for a minute and longer, and nobody is told before the end.
        for _ in 0..5 {
            w.driver.settle().await.unwrap();
            assert!(waiting.iter().all(|(who, _)| w.whispers(who).is_empty()), "tried again: nobody is told yet");
            w.advance(MINUTE).await;
        }
        w.advance(5 * MINUTE).await;
        for (who, _) in &waiting {
            let told = w.whispers(who);
            if *who == "dave" {
                assert!(told.is_empty(), "a message in a channel waits for nothing: {told:?}");
            } else {
                assert_eq!(told.len(), 1, "{who}: {told:?}");
                assert!(told[0].contains("leaves it alone") && told[0].contains("Nothing was changed"), "{told:?}");
            }
        }
        assert_eq!(w.case().await.version, case.version);
        let given_up = |log: &Log| log.text().lines().filter(|line| line.contains("work was given up")).count();
        assert_eq!(given_up(&log), waiting.len(), "{}", log.text());
        // The next start takes it up again.
        *w.screen.file.lock().unwrap() = Some(Ok(FileText { text: text("fine"), unread: None }));
        w.restart().await;
        w.advance(2 * MINUTE).await;
        assert_eq!(w.state().await, "proposed");
    });
}

#[test]
fn a_card_that_stands_nowhere_is_told_by_the_state_in_which_the_case_stays() {
    World::run("deleted-replaced", async |w| {
        *w.screen.refuses.lock().unwrap() = Some("the channel is archived");
        *w.screen.gate.lock().unwrap() = Some("looked_up");
        let story = async {
            let error = w.error_text().await;
            w.say("anna", &error).await;
            // While the card of the look-up is on its way the case goes on.
            while !matches!(w.cases().await.last(), Some(case) if case.state.name() == "looked_up") {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            w.press_now("anna", "Not an error").await;
            while w.state().await != "not_ours" {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            w.screen.open.notify_one();
        };
        let driven = async {
            loop {
                w.driver.app.dispatch().await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            () = story => {}
            () = driven => {}
        }
        w.wait().await;
        let told = w.whispers("anna");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("the channel is archived") && told[0].contains("not ours"), "{told:?}");
    });
}

#[test]
fn what_was_not_read_of_a_file_is_said_where_the_answer_stands() {
    World::run("deleted-replaced", async |w| {
        let error = w.error_text().await;
        let file = |text: &str, unread: Unread| Some(Ok(FileText { text: text.to_owned(), unread: Some(unread) }));
        let words = "the file is longer than the limit; only its first 256 KiB were read";
        // Nothing was found in it: silent in a channel, told where somebody asked.
        *w.screen.file.lock().unwrap() = file("all is well", Unread::BehindHead);
        w.hear_with("anna", World::place(), (Body::Message { text: String::new() }, with_file())).await;
        w.hear_with("ben", World::place(), (Body::Mention { text: text("why?") }, with_file())).await;
        w.hear_with("dave", World::place(), (Body::Command { text: text("diagnose") }, with_file())).await;
        w.wait().await;
        assert!(w.whispers("anna").is_empty() && w.cases().await.is_empty());
        for who in ["ben", "dave"] {
            let told = w.whispers(who).concat();
            assert!(told.contains("I see no provisioning error") && told.contains(words), "{told}");
        }
        // In its answer; also in a channel where facts are not shown, because it tells none.
        *w.screen.file.lock().unwrap() = file(&error, Unread::BehindHead);
        w.hear_with("guest", World::place(), (Body::Message { text: String::new() }, with_file())).await;
        w.wait().await;
        assert!(w.read().await.contains(words), "{}", w.read().await);
        *w.screen.file.lock().unwrap() = file(&error, Unread::FileMiddle);
        w.hear_with("anna", World::place(), (Body::Message { text: String::new() }, with_file())).await;
        w.wait().await;
        let card = w.read().await;
        assert!(card.contains("the file is longer than the limit; only its head and tail were read"), "{card}");
        assert_eq!(w.state().await, "looked_up");
        // In the thread of the case, too, where somebody sends another file.
        let place = w.case().await.place;
        let reply = reanchor::domain::inbound::Place { message: text("reply"), ..place };
        *w.screen.file.lock().unwrap() = file("all is well", Unread::BehindHead);
        w.hear_with("carla", reply, (Body::Message { text: String::new() }, with_file())).await;
        w.wait().await;
        assert!(w.whispers("carla").concat().contains(words), "{:?}", w.whispers("carla"));
        // A further report of the same person is answered with the case that is open, and with what was not read.
        *w.screen.file.lock().unwrap() = file(&error, Unread::BehindHead);
        w.hear_with("anna", World::place(), (Body::Message { text: String::new() }, with_file())).await;
        w.wait().await;
        let note = w.notes().pop().unwrap();
        assert!(note.contains("is open already") && note.contains(words), "{note}");
    });
}

#[test]
fn what_was_not_read_of_a_long_text_is_said_too() {
    World::run("deleted-replaced", async |w| {
        let noise = "2026-11-24 worker: nothing to see\n".repeat(20_000);
        w.paste("anna", &format!("{}\n{noise}", w.error_text().await)).await;
        let card = w.read().await;
        assert!(card.contains("the message is longer than the limit; only its head and tail were read"), "{card}");
        // One long file alone is said once; with the others of a message, both are said.
        let file = FileText { text: noise[..256 * 1024].to_owned(), unread: Some(Unread::FileMiddle) };
        *w.screen.file.lock().unwrap() = Some(Ok(file));
        let mut two = with_file();
        w.hear_with("ben", World::place(), (Body::Mention { text: text("why?") }, two.clone())).await;
        two.files.extend(with_file().files);
        w.hear_with("carla", World::place(), (Body::Mention { text: text("why?") }, two)).await;
        w.wait().await;
        let (one, two) = (w.whispers("ben").concat(), w.whispers("carla").concat());
        assert!(one.contains("the file is longer") && !one.contains("the message is longer"), "{one}");
        assert!(two.contains("the file is longer") && two.contains("the message is longer"), "{two}");
    });
}

#[test]
fn approvers_who_may_vote_are_told_and_nobody_else() {
    // All of them are approvers here: anna's group, ben's and carla's, and the one that holds the subject.
    let groups = ["00g8askersB4xVn3Ku7d", "00g8approvF6mZt2Rs7d", "00g8m365usersD2kQx7d"];
    let setup = Setup { approvers: Some(groups.map(GroupId::new).to_vec()), ..Setup::default() };
    World::run_with("deleted-group", setup, async |w| {
        w.screen.nudging.store(true, Ordering::Relaxed);
        w.paste_error("ben").await;
        w.press("anna", "Reassign").await;
        assert_eq!(w.state().await, "proposed");
        let told = w.screen.nudged.lock().unwrap().clone();
        assert_eq!(told, ["carla"], "ben reported it, anna asked, it is about sam, dave may not");
    });
}

#[test]
fn an_answer_that_has_to_wait_is_given_later_or_given_up() {
    let log = Log::default();
    World::run_with("deleted-replaced", Setup { log: Some(log.clone()), ..Setup::default() }, async |w| {
        w.paste_error("anna").await;
        let given_up =
            |log: &Log| log.text().lines().filter(|line| line.contains("a direct answer was given up")).count();
        // How long it has to wait at each try (the last goes first), and whether it is given in the end.
        for (delays, given) in [
            (vec![MINUTE], true),
            (vec![2 * MINUTE, 2 * MINUTE], true),
            (vec![2 * MINUTE; 9], false),
            (vec![6 * MINUTE], false),
        ] {
            let (told, before) = (w.whispers("dave").len(), given_up(&log));
            *w.screen.delays.lock().unwrap() = delays.clone();
            w.press("dave", "Reassign").await;
            assert_eq!(w.whispers("dave").len(), told, "not yet: {delays:?}");
            for _ in 0..6 {
                w.advance(MINUTE).await;
            }
            assert_eq!(w.whispers("dave").len() - told, usize::from(given), "{delays:?}");
            assert_eq!(given_up(&log) - before, usize::from(!given), "{delays:?}: {}", log.text());
        }
        // What waits survives the process.
        *w.screen.delays.lock().unwrap() = vec![MINUTE];
        let told = w.whispers("dave").len();
        w.press("dave", "Reassign").await;
        w.restart().await;
        w.advance(2 * MINUTE).await;
        assert_eq!(w.whispers("dave").len(), told + 1);
        w.screen.delays.lock().unwrap().clear();
    });
}
