//! An edited message: its answer follows as long as nothing was proposed; and what somebody has to do with the bot now.

use crate::support::World;
use reanchor::app::HearError;
use reanchor::domain::case::Case;
use reanchor::domain::inbound::{Body, Inbound, More, Place, Verb};
use reanchor::ports::surface::verified;

const NAMELESS: &str =
    "Automatic provisioning of user Ada Byron to app Microsoft Office 365 failed: Matching user not found.";

impl World {
    /// Somebody changes a message that was heard before.
    async fn edit(&self, who: &str, place: &Place, text: &str) {
        let more = More { edited: true, ..More::default() };
        self.hear_with(who, place.clone(), (Body::Message { text: text.to_owned() }, more)).await;
        self.wait().await;
    }
}

fn class(case: &Case) -> &str {
    case.diagnosis.class.as_str()
}

#[test]
fn the_case_of_a_message_follows_its_words() {
    World::run("deleted-replaced", async |w| {
        w.paste("anna", NAMELESS).await;
        let before = w.case().await;
        assert_eq!((class(&before), before.state.name()), ("okta-matching-user-not-found", "needs_info"));
        let text = w.error_text().await;
        w.edit("anna", &before.place, &text).await;
        let all = w.cases().await;
        assert_eq!(all.len(), 1, "no second case");
        assert_eq!((&all[0].id, class(&all[0])), (&before.id, "o365-user-deleted-in-entra"));
        assert_eq!(all[0].state.name(), "looked_up");
        assert!(all[0].subject.is_some());
        // The same error in other words, and words that say nothing, change nothing.
        let version = all[0].version;
        w.edit("anna", &before.place, &format!("please look:\n{text}")).await;
        w.edit("anna", &before.place, "never mind").await;
        assert_eq!(w.case().await.version, version);
        // The same error of somebody else before it is a second case.
        let other = text.replace("sam.whitlock@", "una.vale@").replace("Sam Whitlock", "Una Vale");
        let both = format!("{other}\n\n{text}");
        for _ in 0..2 {
            w.edit("anna", &before.place, &both).await;
            let all = w.cases().await;
            assert_eq!(all.len(), 2);
            assert_eq!((&all[0].id, all[0].version, class(&all[1])), (&before.id, version, class(&all[0])));
            assert!(all[1].diagnosis.fields.values().any(|value| value.contains("una.vale")));
        }
    });
}

#[test]
fn an_edit_has_no_authority_over_what_was_proposed() {
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        w.press("anna", "Reassign").await;
        let before = w.case().await;
        assert_eq!(before.state.name(), "proposed");
        w.edit("anna", &before.place, NAMELESS).await;
        let all = w.cases().await;
        assert_eq!((all[0].version, all[0].state.name()), (before.version, "proposed"));
        let code = before.state.proposal().unwrap().code.clone();
        w.command("ben", &format!("approve {code}")).await;
        let closed = w.cases().await.into_iter().find(|case| case.id == before.id).unwrap();
        assert_eq!(closed.state.name(), "closed");
        w.edit("anna", &before.place, NAMELESS).await;
        let after = w.cases().await.into_iter().find(|case| case.id == before.id).unwrap();
        assert_eq!(after.version, closed.version, "what is closed stays closed");
    });
}

#[test]
fn an_edit_touches_nothing_that_was_decided() {
    World::run("deleted-replaced", async |w| {
        let text = w.error_text().await;
        let other = text.replace("sam.whitlock@", "una.vale@").replace("Sam Whitlock", "Una Vale");
        let stays = async |w: &World, state: &str| {
            let before = w.case().await;
            assert_eq!(before.state.name(), state);
            w.edit("anna", &before.place, &other).await;
            let all = w.cases().await;
            let after = all.iter().find(|case| case.id == before.id).unwrap();
            assert_eq!((after.version, &after.diagnosis.fields), (before.version, &before.diagnosis.fields), "{state}");
            assert_eq!(all.last().unwrap().id, before.id, "{state}: an edit of what was decided opens nothing either");
        };
        w.paste("anna", &text).await;
        w.press("anna", "Not an error").await;
        stays(w, "not_ours").await;
        w.paste("anna", &text).await;
        w.press("anna", "Reassign").await;
        stays(w, "proposed").await;
        w.advance(25 * 3_600_000).await;
        stays(w, "expired").await;
        // Looked at anew, but people have seen a plan of it.
        w.press("anna", "Look again").await;
        stays(w, "looked_up").await;
        w.press("anna", "Reassign").await;
        w.press("ben", "Deny").await;
        stays(w, "declined").await;
        w.paste("anna", &text).await;
        w.press("anna", "Reassign").await;
        w.press("ben", "Approve").await;
        stays(w, "closed").await;
    });
}

#[test]
fn another_error_of_the_same_person_is_followed() {
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        let before = w.case().await;
        let named = NAMELESS.replace("Ada Byron", &w.subject_login);
        w.edit("anna", &before.place, &named).await;
        let after = w.case().await;
        assert_eq!((w.cases().await.len(), &after.id), (1, &before.id));
        assert_eq!(class(&after), "okta-matching-user-not-found");
        assert_eq!(after.subject, before.subject);
        assert!(w.notes().is_empty(), "a case does not point to itself: {:?}", w.notes());
    });
}

#[test]
fn an_edit_gives_nobody_more_than_a_paste_does() {
    World::run("deleted-replaced", async |w| {
        w.paste("guest", NAMELESS).await;
        let place = w.case().await.place;
        let text = w.error_text().await;
        w.edit("guest", &place, &text).await;
        let case = w.case().await;
        assert_eq!((class(&case), case.state.name()), ("o365-user-deleted-in-entra", "advised"));
        assert!(case.subject.is_none() && case.state.look().is_none(), "nothing was looked up");
    });
}

#[test]
fn an_edit_about_somebody_with_an_open_case_points_there() {
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        let first = w.case().await;
        w.paste("anna", NAMELESS).await;
        let second = w.case().await;
        assert_ne!(first.id, second.id);
        let text = w.error_text().await;
        w.edit("anna", &second.place, &text).await;
        let notes = w.notes();
        assert!(
            notes.iter().any(|note| note.contains(first.id.as_str()) && note.contains("open already")),
            "{notes:?}"
        );
        let after = w.cases().await.into_iter().find(|case| case.id == second.id).unwrap();
        assert_eq!((class(&after), after.version), (class(&second), second.version));
    });
}

#[test]
fn a_press_or_a_command_without_its_own_proof_is_not_heard() {
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        let case = w.case().await;
        let press = Body::Press { verb: Verb::Reassign, case: case.id.clone(), number: None, note: None };
        let command = Body::Command { text: format!("fix {} reassign", case.id) };
        for (n, body) in [press, command].into_iter().enumerate() {
            let inbound = Inbound {
                v: 1,
                surface: "console".to_owned(),
                event_key: format!("forged-{n}"),
                place: case.place.clone(),
                actor: w.actor("anna"),
                at: case.updated_at,
                body,
                more: More::default(),
            };
            let other = verified(w.actor("ben"));
            for proof in [None, Some(&other)] {
                let heard = w.driver.app.hear(inbound.clone(), proof).await;
                assert!(matches!(heard, Err(HearError::Unverified)), "{heard:?}");
            }
        }
        w.wait().await;
        assert_eq!(w.case().await.version, case.version);
    });
}

#[test]
fn everybody_sees_what_waits_for_them_and_no_more() {
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        let id = w.case().await.id;
        let ids = |cases: &[Case]| cases.iter().map(|case| case.id.clone()).collect::<Vec<_>>();
        let desk = async |w: &World, who: &str| w.driver.app.desk_of("console", &w.actor(who)).await.unwrap();
        let ben = desk(w, "ben").await;
        assert_eq!((ids(&ben.to_approve), ids(&ben.open)), (vec![], vec![id.clone()]), "nothing is proposed yet");
        w.press("anna", "Reassign").await;
        let (anna, ben) = (desk(w, "anna").await, desk(w, "ben").await);
        assert_eq!((ids(&ben.to_approve), ids(&ben.open)), (vec![id.clone()], vec![]));
        assert!(ben.standing.plain().contains("You may approve"), "{}", ben.standing.plain());
        assert_eq!((ids(&anna.to_approve), ids(&anna.open)), (vec![], vec![id.clone()]), "the requester has no vote");
        for (who, part) in [("dave", "may read only"), ("sam", "may read only"), ("guest", "Nothing was changed")] {
            let desk = desk(w, who).await;
            assert!(desk.to_approve.is_empty() && desk.open.is_empty(), "{who}");
            assert!(desk.standing.plain().contains(part), "{who}: {}", desk.standing.plain());
        }
        // Cases of another surface are listed only where they wait for a vote.
        let elsewhere = w.driver.app.desk_of("slack", &w.actor("anna")).await.unwrap();
        assert!(elsewhere.open.is_empty());
        let elsewhere = w.driver.app.desk_of("slack", &w.actor("ben")).await.unwrap();
        assert_eq!(ids(&elsewhere.to_approve), vec![id]);
        w.press("ben", "Approve").await;
        let ben = desk(w, "ben").await;
        assert!(ben.to_approve.is_empty() && ben.open.is_empty(), "what is closed waits for nobody");
    });
}
