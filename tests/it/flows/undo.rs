//! Undo (SAFETY D11): asked for, voted on and checked like any plan, in a case of its own; only where both sides are as the
//! repair left them.

use crate::support::{APP, SAM, World};
use reanchor::domain::case::State;
use reanchor::domain::ids::CaseId;
use serde_json::{Value, json};

const USER: &str =
    "/users/9d2e4f10-6a3b-4c58-8f71-2b60c9d4e7a5?$select=userPrincipalName,onPremisesImmutableId,accountEnabled";

async fn repaired(w: &World, scenario: &str) -> CaseId {
    w.play(scenario).await;
    assert_eq!(w.state().await, "closed");
    w.case().await.id
}

async fn undo(w: &World, who: &str, id: &CaseId) -> String {
    let before = w.whispers(who).len();
    w.command(who, &format!("undo {id}")).await;
    w.whispers(who).into_iter().skip(before).collect::<Vec<_>>().join("\n")
}

/// An administrator gives Okta's app user another anchor.
async fn meddle(w: &World) {
    let path = format!("/api/v1/apps/{APP}/users/{SAM}");
    let body = json!({ "profile": { "immutableId": "bWVkZGxlZC13aXRoLTAwMQ==" } });
    assert_eq!(w.okta_admin(reqwest::Method::POST, &path, body).await, 200);
}

#[test]
fn a_set_anchor_is_taken_back_by_a_vote_and_the_old_case_is_undone() {
    World::run("anchor-mismatch", async |w| {
        let before: Value = w.graph(USER).await;
        let first = repaired(w, "anchor-mismatch").await;
        assert_eq!(w.graph(USER).await["onPremisesImmutableId"], "q3Zt0c5mYkKx7vE2nB9dLw==");
        let writes = w.effective().await.len();
        assert!(undo(w, "dave", &first).await.contains("Refused (A3)"));
        undo(w, "anna", &first).await;
        let second = w.case().await;
        assert_eq!((second.state.name(), &second.previous), ("proposed", &Some(first.clone())));
        assert_eq!(w.effective().await.len(), writes, "nothing is taken back without a vote");
        let told = undo(w, "anna", &first).await;
        assert!(told.contains(&format!("The case {} about this person is open; it comes first", second.id)), "{told}");
        assert_eq!(w.cases().await.len(), 2);
        w.press_raw("anna", reanchor::domain::inbound::Verb::Approve, Some(1)).await;
        assert!(w.whispers("anna").pop().unwrap().contains("Refused (A"), "who asks does not vote");
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "closed", "{}", w.read().await);
        assert_eq!(w.graph(USER).await, before, "as before the repair: name, anchor, sign-in");
        assert_eq!(w.effective().await.len(), 2 * writes);
        let old = w.case_of(&first).await;
        assert_eq!(old.state, State::Undone { by: second.id.clone() });
        let card = reanchor::card::plain::text(&reanchor::card::build::card(&old));
        assert!(card.contains(&format!("Undone by the case {}", second.id)), "{card}");
        let again = undo(w, "anna", &first).await;
        assert!(again.contains("Nothing was changed"), "{again}");
    });
}

#[test]
fn an_undo_is_refused_where_a_side_is_not_as_the_repair_left_it() {
    World::run("anchor-align", async |w| {
        let first = repaired(w, "anchor-align").await;
        meddle(w).await;
        let writes = w.writes().await.len();
        let told = undo(w, "anna", &first).await;
        assert!(told.contains("Refused (D11)") && told.contains("not as the repair left them"), "{told}");
        assert_eq!((w.cases().await.len(), w.writes().await.len()), (1, writes));
        assert_eq!(w.state().await, "closed");
    });
}

#[test]
fn an_undo_on_a_world_that_moved_after_the_question_is_stale() {
    World::run("anchor-align", async |w| {
        let first = repaired(w, "anchor-align").await;
        undo(w, "anna", &first).await;
        assert_eq!(w.state().await, "proposed");
        meddle(w).await;
        let writes = w.writes().await.len();
        w.press("ben", "Approve").await;
        assert_eq!((w.state().await.as_str(), w.writes().await.len()), ("stale", writes));
        assert_eq!(w.case_of(&first).await.state.name(), "closed", "it is not undone");
    });
}

#[test]
fn an_anchor_where_there_was_none_is_not_taken_back_and_a_freeze_stops_an_undo() {
    World::run("anchor-missing", async |w| {
        let first = repaired(w, "anchor-missing").await;
        let writes = w.writes().await.len();
        let told = undo(w, "anna", &first).await;
        assert!(told.contains("cannot be undone: Entra held no anchor before"), "{told}");
        assert_eq!((w.cases().await.len(), w.writes().await.len()), (1, writes));
    });
    World::run("anchor-align", async |w| {
        let first = repaired(w, "anchor-align").await;
        w.command("carla", "freeze").await;
        assert!(undo(w, "anna", &first).await.contains("Refused (A8)"));
        assert_eq!(w.cases().await.len(), 1);
    });
}
