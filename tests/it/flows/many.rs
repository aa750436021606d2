//! DOMAIN trap 25: the same class for more than five people of one app within ten minutes is one card without fixes.

use crate::support::World;
use reanchor::domain::case::Case;

/// A failed push to an Entra user that is gone.
fn gone(n: usize) -> String {
    format!(
        "Automatic profile push of user Kim Tate{n} to app Microsoft Office 365 failed: Could not push profile for Office 365 user \
         kim.tate{n}@northbridge.example, received error: Received response with error code Request_ResourceNotFound. \
         httpStatusCode=404 errorCode=Request_ResourceNotFound errorMessage=\"Resource '9d2e4f10-6a3b-4c58-8f71-{n:012}' does not \
         exist or one of its queried reference-property objects are not present.\""
    )
}

fn lines(people: std::ops::Range<usize>) -> String {
    people.map(gone).collect::<Vec<_>>().join("\n")
}

fn standing(cases: &[Case]) -> Vec<&Case> {
    cases.iter().filter(|case| case.beside.many.is_some()).collect()
}

#[test]
fn the_sixth_person_makes_one_card_and_takes_the_fix_from_the_others() {
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        assert!(w.read().await.contains("Reassign"));
        let sam = w.case().await.id;
        for n in 1..5 {
            w.paste("anna", &gone(n)).await;
        }
        assert!(standing(&w.cases().await).is_empty(), "five people are five cases");
        w.paste("anna", &gone(5)).await;
        let cases = w.cases().await;
        let many = standing(&cases);
        assert_eq!((cases.len(), many.len()), (7, 1));
        assert_eq!((many[0].state.name(), many[0].beside.many.as_ref().unwrap().count), ("advised", 6));
        let card = reanchor::card::plain::text(&reanchor::card::build::card(many[0]));
        assert!(card.contains("6 people, one cause") && card.contains("sam.whitlock@northbridge.example"), "{card}");
        assert!(!card.contains("Reassign") && !card.contains("Restore"), "{card}");
        let folded: Vec<&Case> =
            cases.iter().filter(|case| case.beside.part_of.as_ref() == Some(&many[0].id)).collect();
        assert_eq!(folded.len(), 6);
        for case in folded {
            assert_eq!(case.state.name(), "advised");
            assert!(case.state.look().is_none_or(|look| look.offers.is_empty()), "{:?}", case.state);
            let card = reanchor::card::build::card(case);
            assert!(card.buttons.iter().all(|button| button.verb.label() != "Reassign"), "{card:?}");
        }
        // A fix that was shown before cannot be had by typing it.
        w.command("anna", &format!("fix {sam} reassign")).await;
        assert!(w.whispers("anna").pop().unwrap().contains("Nothing was changed"));
        assert!(w.writes().await.is_empty());
    });
}

#[test]
fn later_pastes_are_counted_into_the_card_and_open_nothing() {
    World::run("deleted-replaced", async |w| {
        w.paste("anna", &lines(1..8)).await;
        assert_eq!(w.cases().await.len(), 1);
        w.paste("ben", &gone(20)).await;
        w.paste("ben", &gone(20)).await;
        w.paste("ben", &lines(5..12)).await;
        let cases = w.cases().await;
        assert_eq!((cases.len(), cases[0].beside.many.as_ref().unwrap().count), (1, 12));
        assert!(w.whispers("ben").last().unwrap().contains("12 people have this error now"));
        assert!(w.notes().is_empty());
    });
}

#[test]
fn after_the_window_a_person_stands_alone_again() {
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        let sam = w.case().await.id;
        for n in 1..6 {
            w.paste("anna", &gone(n)).await;
        }
        let look = format!("look again at {sam}");
        let cases = w.cases().await;
        assert_eq!(
            cases.iter().filter(|case| case.id == sam).map(|case| case.state.name()).collect::<Vec<_>>(),
            ["advised"],
            "{look}"
        );
        w.press_on("anna", &sam, "Look again").await;
        assert!(w.case_of(&sam).await.beside.part_of.is_some(), "within the ten minutes it stays folded");
        w.advance(11 * 60_000).await;
        w.press_on("anna", &sam, "Look again").await;
        let case = w.case_of(&sam).await;
        assert_eq!((case.state.name(), case.beside.part_of), ("looked_up", None));
        w.paste("anna", &gone(77)).await;
        assert!(w.case().await.beside.many.is_none(), "the old card is not taken up again after ten minutes");
    });
}

#[test]
fn six_people_within_an_hour_are_no_common_cause() {
    World::run("deleted-replaced", async |w| {
        for n in 0..5 {
            w.paste("anna", &gone(n)).await;
        }
        w.advance(11 * 60_000).await;
        w.paste("anna", &gone(5)).await;
        assert!(standing(&w.cases().await).is_empty());
    });
}

/// A plan that people vote on is theirs: the sixth report takes nothing out of their hands.
#[test]
fn a_case_that_is_put_to_the_vote_is_counted_and_left_alone() {
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        let sam = w.case().await.id;
        w.press("anna", "Reassign").await;
        for n in 1..6 {
            w.paste("anna", &gone(n)).await;
        }
        let cases = w.cases().await;
        assert_eq!(standing(&cases)[0].beside.many.as_ref().unwrap().count, 6);
        let case = w.case_of(&sam).await;
        assert_eq!((case.state.name(), case.beside.part_of), ("proposed", None));
        w.press_on("ben", &sam, "Approve").await;
        assert_eq!(w.case_of(&sam).await.state.name(), "closed");
    });
}

#[test]
fn forty_pastes_at_once_still_end_in_one_card() {
    World::run("deleted-replaced", async |w| {
        for n in 0..40 {
            w.say("anna", &gone(n)).await;
        }
        w.wait().await;
        let cases = w.cases().await;
        let many = standing(&cases);
        assert_eq!(many.len(), 1, "one card stands for all");
        for case in cases.iter().filter(|case| case.beside.many.is_none()) {
            assert_eq!(case.beside.part_of.as_ref(), Some(&many[0].id), "{} is left alone", case.id);
        }
        assert_eq!(many[0].beside.many.as_ref().unwrap().count, 40);
    });
}

#[test]
fn another_app_another_class_and_another_channel_are_other_causes() {
    World::run("deleted-replaced", async |w| {
        let other = |n: usize| gone(n).replace("Microsoft Office 365 failed", "Box failed");
        let unfound = |n: usize| {
            format!(
                "Automatic provisioning of user Kim Tate{n} to app Microsoft Office 365 failed: Matching user not found."
            )
        };
        for n in 0..5 {
            w.paste("anna", &gone(n)).await;
            w.paste("anna", &other(10 + n)).await;
            w.paste("anna", &unfound(20 + n)).await;
            w.paste_elsewhere("anna", &gone(30 + n)).await;
        }
        let cases = w.cases().await;
        assert_eq!(cases.len(), 20);
        assert!(standing(&cases).is_empty());
        assert!(cases.iter().all(|case| case.beside.part_of.is_none()));
        // The sixth of each kind makes one card of its kind alone.
        w.paste_elsewhere("anna", &gone(35)).await;
        let cases = w.cases().await;
        let many = standing(&cases);
        assert_eq!((many.len(), many[0].place.channel.as_str()), (1, crate::support::ELSEWHERE));
        let people = &many[0].beside.many.as_ref().unwrap().people;
        assert!(
            people.iter().all(|one| one.name.contains("tate3")),
            "a list stays where its people were named: {people:?}"
        );
    });
}

#[test]
fn three_hundred_errors_in_one_message_stay_bounded() {
    World::run("deleted-replaced", async |w| {
        w.paste("anna", &lines(0..300)).await;
        let cases = w.cases().await;
        assert_eq!((cases.len(), cases[0].state.name()), (1, "advised"));
        let card = w.card().await;
        let people = card.sections.iter().find(|section| section.title == "People").unwrap();
        assert_eq!(people.lines.len(), 61);
        assert!(card.title.starts_with("300 people, one cause"), "{}", card.title);
        assert!(people.lines[60].plain().starts_with("and 240 more"), "{}", people.lines[60].plain());
        assert!(serde_json::to_string(&cases[0]).unwrap().len() < 64 * 1024);
    });
}

#[test]
fn many_different_errors_stay_a_bounded_list() {
    World::run("deleted-replaced", async |w| {
        let apps: Vec<String> = (0..300)
            .map(|n| {
                format!("Automatic provisioning of user Pat Moss{n} to app App{n} failed: Matching user not found.")
            })
            .collect();
        w.paste("anna", &apps.join("\n")).await;
        assert!(w.cases().await.is_empty());
        let card = w.list_card().unwrap();
        assert_eq!(card.sections[1].lines.len(), 61);
        assert!(card.buttons.is_empty());
    });
}
