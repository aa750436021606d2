//! An edited message: its answer follows as long as nothing was proposed; and what somebody has to do with the bot now.

use crate::support::World;
use reanchor::app::HearError;
use reanchor::domain::case::{Case, State};
use reanchor::domain::ids::CaseId;
use reanchor::domain::inbound::{Body, Inbound, More, Place, Verb};
use reanchor::ports::clock::Clock;
use reanchor::ports::store::{CaseRow, Change, Open, Store};
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

/// What somebody decides about the newest case; without a person, a day goes by.
type Decision = (&'static str, &'static str);

/// The last one: looked at anew, but people have seen a plan of it.
const DECIDED: [(&str, &[Decision]); 6] = [
    ("not_ours", &[("anna", "Not an error")]),
    ("proposed", &[("anna", "Reassign")]),
    ("expired", &[("anna", "Reassign"), ("", "")]),
    ("declined", &[("anna", "Reassign"), ("ben", "Deny")]),
    ("closed", &[("anna", "Reassign"), ("ben", "Approve")]),
    ("looked_up", &[("anna", "Reassign"), ("", ""), ("anna", "Look again")]),
];

#[test]
fn an_edit_touches_nothing_that_was_decided_and_says_so() {
    for (state, decisions) in DECIDED {
        World::run("deleted-replaced", async |w| {
            let text = w.error_text().await;
            w.paste("anna", &text).await;
            for (who, label) in decisions {
                if who.is_empty() {
                    w.advance(25 * 3_600_000).await;
                } else {
                    w.press(who, label).await;
                }
            }
            let before = w.case().await;
            assert_eq!(before.state.name(), state);
            // Other words for the same change nothing, and there is nothing to be told.
            w.edit("anna", &before.place, &format!("please look:\n{text}")).await;
            let quiet = w.notes().len();
            // Another error of the same person: told in the thread.
            w.edit("anna", &before.place, &text.replace("404", "409")).await;
            w.edit("anna", &before.place, &text.replace(&w.subject_login, &w.subject_login.to_uppercase())).await;
            assert_eq!(w.cases().await.into_iter().find(|case| case.id == before.id).unwrap(), before, "{state}");
            let decided = format!("stays as it is: {} ({}).", before.id, state.replace('_', " "));
            let notes = w.notes();
            assert!(notes.len() > quiet && notes.iter().skip(quiet).any(|note| note.contains(&decided)), "{notes:?}");
            // About somebody else: a case of its own, however often it is said.
            let other = text.replace("sam.whitlock@", "una.vale@").replace("Sam Whitlock", "Una Vale");
            let count = w.cases().await.len();
            for _ in 0..2 {
                w.edit("anna", &before.place, &other).await;
                let all = w.cases().await;
                assert_eq!(all.iter().find(|case| case.id == before.id), Some(&before), "{state}");
                let new = all.last().unwrap();
                assert_eq!((all.len(), class(new), new.proposals), (count + 1, class(&before), 0), "{state}");
                assert!(new.diagnosis.fields.values().any(|value| value.contains("una.vale")), "{new:?}");
            }
            let note = w.notes().pop().unwrap();
            assert!(note.contains(&decided) && note.ends_with("The new text is answered by itself."), "{note}");
        });
    }
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

#[test]
fn what_waits_for_a_vote_is_found_however_many_cases_are_open() {
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        w.press("anna", "Reassign").await;
        let id = w.case().await.id;
        let database = &w.built.database;
        let (row, _) = database.open_cases(Open { surface: None, state: None, limit: 1 }).await.unwrap();
        let mut other: Case = serde_json::from_str(&row[0].body).unwrap();
        other.state = State::Diagnosed;
        for n in 0..120 {
            other.id = CaseId::new(format!("c-{n:06}"));
            let row = CaseRow {
                id: other.id.clone(),
                version: 1,
                state: "diagnosed".to_owned(),
                origin_key: format!("console|C|{n}|x|0"),
                due_at: None,
                due_is_work: false,
                body: serde_json::to_string(&other).unwrap(),
                ..row[0].clone()
            };
            database.commit(Change { cases: vec![row], ..Change::default() }).await.unwrap();
        }
        let ben = w.driver.app.desk_of("console", &w.actor("ben")).await.unwrap();
        assert_eq!(ben.to_approve.iter().map(|case| &case.id).collect::<Vec<_>>(), [&id], "it is the oldest of all");
        assert_eq!((ben.open.len(), ben.more), (100, 20));
        let anna = w.driver.app.desk_of("console", &w.actor("anna")).await.unwrap();
        assert_eq!((anna.to_approve.len(), anna.open.len(), anna.more), (0, 100, 21));
        assert_eq!(w.driver.app.card_posted(&w.cases().await[0]).await.unwrap().as_deref(), Some(id.as_str()));
    });
}

#[test]
fn the_last_words_of_a_message_count_in_whichever_order_they_come() {
    World::run("deleted-replaced", async |w| {
        let text = w.error_text().await;
        let other = text.replace("sam.whitlock@", "una.vale@").replace("Sam Whitlock", "Una Vale");
        let place = World::place();
        let hear = async |edited: Option<&str>, text: &str| {
            let first = format!("m|{}", place.message);
            let inbound = Inbound {
                v: 1,
                surface: "console".to_owned(),
                event_key: edited.map_or(first.clone(), |at| format!("{first}|{at}")),
                place: place.clone(),
                actor: w.actor("anna"),
                at: w.driver.clock.now(),
                body: Body::Message { text: text.to_owned() },
                more: More { edited: edited.is_some(), ..More::default() },
            };
            w.driver.app.hear(inbound, None).await.unwrap();
            w.wait().await;
        };
        hear(Some("1700000002.000000"), &text).await;
        let case = w.case().await;
        assert_eq!(case.subject.as_ref().map(|subject| &subject.login), Some(&w.subject_login));
        // What was said before comes now; and the first words, of another class.
        hear(Some("1700000001.000000"), &other).await;
        hear(None, NAMELESS).await;
        assert_eq!(w.cases().await, std::slice::from_ref(&case));
        // What is said after it counts.
        hear(Some("1700000003.000000"), &other).await;
        let after = w.case().await;
        assert!((w.cases().await.len(), &after.id) == (1, &case.id) && after.version > case.version);
        assert!(after.diagnosis.fields.values().any(|value| value.contains("una.vale")), "{after:?}");
    });
}

#[test]
fn that_a_message_was_deleted_is_said_and_changes_nothing() {
    World::run("deleted-replaced", async |w| {
        let delete = async |place: &Place| {
            let more = More { deleted: true, ..More::default() };
            w.hear_with("anna", place.clone(), (Body::Message { text: String::new() }, more)).await;
            w.wait().await;
        };
        delete(&World::place()).await;
        assert!(w.cases().await.is_empty() && w.notes().is_empty(), "nobody knew it");
        w.paste_error("anna").await;
        let case = w.case().await;
        delete(&case.place).await;
        delete(&case.place).await;
        assert_eq!(w.cases().await, std::slice::from_ref(&case));
        let note = w.notes().pop().unwrap();
        assert!(note.contains("was deleted") && note.contains(case.id.as_str()), "{note}");
        // Deleted before anybody looked at it: there is nothing to be answered.
        let hear = async |key: &str, text: &str, deleted: bool| {
            let inbound = Inbound {
                v: 1,
                surface: "console".to_owned(),
                event_key: key.to_owned(),
                place: World::place(),
                actor: w.actor("anna"),
                at: case.updated_at,
                body: Body::Message { text: text.to_owned() },
                more: More { deleted, ..More::default() },
            };
            w.driver.app.hear(inbound, None).await.unwrap();
        };
        hear("m|9.9", NAMELESS, false).await;
        hear("m|9.9|deleted", "", true).await;
        w.wait().await;
        assert_eq!(w.cases().await.len(), 1);
    });
}
