//! Who may do what: every refusal names its rule, changes nothing and writes nothing.

use crate::support::{APP, Setup, World};
use reanchor::domain::inbound::Verb;
use reanchor::domain::settings::Mode;
use serde_json::json;

async fn proposed(w: &World) {
    w.paste_error("anna").await;
    w.press("anna", "Reassign").await;
    assert_eq!(w.state().await, "proposed");
}

async fn refused(w: &World, who: &str, rule: &str) {
    let told = w.whispers(who).pop().unwrap_or_default();
    assert!(told.contains(rule), "{who} was told {told:?} instead of a refusal by {rule}");
    assert!(w.writes().await.is_empty(), "something was written");
}

#[test]
fn the_requester_the_subject_and_people_without_rights_cannot_approve() {
    World::run("deleted-replaced", async |w| {
        proposed(w).await;
        for (who, rule) in [("anna", "A3"), ("dave", "A3"), ("sam", "A3"), ("guest", "A7")] {
            w.press(who, "Approve").await;
            refused(w, who, rule).await;
            assert_eq!(w.state().await, "proposed");
        }
    });
}

#[test]
fn an_approver_who_asked_cannot_approve() {
    let setup = Setup {
        // anna's group may ask and approve, so that only the rule of four eyes is left to stop her.
        approvers: Some(vec![
            reanchor::domain::ids::GroupId::new("00g8askersB4xVn3Ku7d"),
            reanchor::domain::ids::GroupId::new("00g8approvF6mZt2Rs7d"),
        ]),
        ..Setup::default()
    };
    World::run_with("deleted-replaced", setup, async |w| {
        proposed(w).await;
        w.press("anna", "Approve").await;
        refused(w, "anna", "A4").await;
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "closed");
    });
}

#[test]
fn the_subject_cannot_approve_even_as_an_approver() {
    // The group that assigns the app holds the subject; here its members approve, too.
    let approvers = ["00g8approvF6mZt2Rs7d", "00g8m365usersD2kQx7d"].map(reanchor::domain::ids::GroupId::new);
    let setup = Setup { approvers: Some(approvers.to_vec()), ..Setup::default() };
    World::run_with("deleted-group", setup, async |w| {
        proposed(w).await;
        w.press("sam", "Approve").await;
        refused(w, "sam", "A4").await;
        assert_eq!(w.state().await, "proposed");
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "closed");
    });
}

#[test]
fn nobody_asks_for_a_fix_of_their_own_account() {
    World::run("deleted-replaced", async |w| {
        let text = w.error_text().await.replace("sam.whitlock@", "anna.keller@").replace("Sam Whitlock", "Anna Keller");
        w.paste("carla", &text).await;
        let case = w.case().await;
        assert_eq!(case.subject.as_ref().map(|subject| &subject.okta), w.actor("anna").standing.okta());
        for command in ["fix CASE reassign", "subject CASE sam.whitlock@northbridge.example"] {
            w.command("anna", &command.replace("CASE", case.id.as_str())).await;
            refused(w, "anna", "Refused (A4)").await;
        }
        w.press_raw("anna", Verb::LookAgain, None).await;
        refused(w, "anna", "Refused (A4)").await;
        assert_eq!(w.case().await.version, case.version);
    });
}

#[test]
fn a_second_click_after_the_decision_is_told_the_truth() {
    World::run("deleted-replaced", async |w| {
        proposed(w).await;
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "closed");
        let before = w.writes().await.len();
        w.press_raw("carla", Verb::Approve, Some(1)).await;
        let told = w.whispers("carla").pop().unwrap();
        assert!(told.contains("closed") && told.contains("ben"), "{told}");
        assert_eq!(w.writes().await.len(), before);
    });
}

#[test]
fn two_approvers_at_once_start_one_run() {
    World::run("deleted-replaced", async |w| {
        proposed(w).await;
        w.press_now("ben", "Approve").await;
        w.press_now("carla", "Approve").await;
        w.wait().await;
        assert_eq!(w.state().await, "closed");
        assert_eq!(w.effective().await, ["okta.app_user.unassign", "okta.app_user.assign"]);
    });
}

#[test]
fn one_of_two_votes_is_not_enough_and_can_be_taken_back() {
    World::run("deleted-restorable", async |w| {
        w.paste_error("anna").await;
        w.press("anna", "Restore user").await;
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "proposed");
        w.press("ben", "Approve").await;
        refused(w, "ben", "B2").await;
        w.press("ben", "Withdraw").await;
        w.press("carla", "Approve").await;
        assert_eq!(w.state().await, "proposed", "one vote was taken back, one is not enough");
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "closed");
    });
}

#[test]
fn an_expired_proposal_cannot_be_approved() {
    World::run("deleted-replaced", async |w| {
        proposed(w).await;
        let code = w.case().await.state.proposal().unwrap().code.clone();
        w.advance(2 * 3_600_000).await;
        assert_eq!(w.notes().iter().filter(|note| note.contains("Reminder")).count(), 1, "{:?}", w.notes());
        w.advance(23 * 3_600_000).await;
        assert_eq!(w.state().await, "expired");
        w.command("ben", &format!("approve {code}")).await;
        let told = w.whispers("ben").pop().unwrap();
        assert!(told.contains("Refused") && told.contains("expired"), "{told}");
        assert!(w.writes().await.is_empty());
    });
}

#[test]
fn a_vote_for_a_superseded_proposal_is_refused() {
    World::run("deleted-replaced", async |w| {
        proposed(w).await;
        let old = w.case().await.state.proposal().unwrap().code.clone();
        w.advance(25 * 3_600_000).await;
        w.press("anna", "Look again").await;
        w.press("anna", "Reassign").await;
        let new = w.case().await.state.proposal().unwrap().code.clone();
        assert_ne!(old, new);
        w.command("ben", &format!("approve {old}")).await;
        refused(w, "ben", "B2").await;
        assert_eq!(w.state().await, "proposed");
        w.command("ben", &format!("approve {new}")).await;
        assert_eq!(w.state().await, "closed");
    });
}

#[test]
fn a_fact_that_changed_between_proposal_and_run_makes_it_stale() {
    World::run("deleted-replaced", async |w| {
        proposed(w).await;
        let path = format!("/api/v1/apps/{APP}/features/USER_PROVISIONING");
        let body = json!({ "update": { "lifecycleDeactivate": { "status": "ENABLED" } } });
        assert_eq!(w.okta_admin(reqwest::Method::PUT, &path, body).await, 200);
        let admin = w.writes().await.len();
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "stale");
        assert_eq!(w.writes().await.len(), admin, "a write was sent on a changed world");
        let card = reanchor::card::plain::text(&w.card().await);
        assert!(card.contains("Deactivate Users: DISABLED → ENABLED"), "{card}");
        w.press("anna", "Look again").await;
        assert_eq!(w.state().await, "refused", "Deactivate Users is on now");
    });
}

#[test]
fn frozen_nothing_is_proposed_approved_or_run_and_another_operator_thaws() {
    World::run("deleted-replaced", async |w| {
        proposed(w).await;
        w.command("carla", "freeze checking something").await;
        w.press("ben", "Approve").await;
        refused(w, "ben", "A8").await;
        w.restart().await;
        w.press("ben", "Approve").await;
        refused(w, "ben", "A8").await;
        w.command("carla", "thaw done").await;
        let told = w.whispers("carla").pop().unwrap();
        assert!(told.contains("A8"), "who froze cannot thaw: {told}");
        w.command("ben", "thaw done").await;
        assert!(w.whispers("ben").pop().unwrap().contains("A3"), "only operators thaw");
    });
}

#[test]
fn after_an_asker_froze_an_operator_thaws_and_work_goes_on() {
    World::run("deleted-replaced", async |w| {
        w.command("anna", "freeze").await;
        w.paste_error("anna").await;
        assert_eq!(w.state().await, "looked_up", "diagnosis goes on while frozen");
        w.press("anna", "Reassign").await;
        assert_eq!(w.state().await, "looked_up");
        w.command("carla", "thaw it was a false alarm").await;
        w.press("anna", "Reassign").await;
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "closed");
    });
}

#[test]
fn denied_with_a_reason_and_withdrawn_by_the_requester() {
    World::run("deleted-replaced", async |w| {
        proposed(w).await;
        let code = w.case().await.state.proposal().unwrap().code.clone();
        w.command("anna", &format!("deny {code} no")).await;
        refused(w, "anna", "A3").await;
        w.command("ben", &format!("deny {code} he left the company")).await;
        assert_eq!(w.state().await, "declined");
        assert!(reanchor::card::plain::text(&w.card().await).contains("he left the company"));
    });
    World::run("deleted-replaced", async |w| {
        proposed(w).await;
        w.press("anna", "Withdraw").await;
        assert_eq!(w.state().await, "declined");
    });
}

#[test]
fn observe_and_propose_never_write() {
    for (mode, state) in [(Mode::Observe, "looked_up"), (Mode::Propose, "proposed")] {
        World::run_with("deleted-replaced", Setup { mode, ..Setup::default() }, async |w| {
            w.paste_error("anna").await;
            w.press("anna", "Reassign").await;
            assert_eq!(w.state().await, state);
            if mode == Mode::Propose {
                w.press("ben", "Approve").await;
                assert_eq!(w.state().await, "proposed");
                refused(w, "ben", "mode").await;
            }
            assert!(w.writes().await.is_empty());
        });
    }
}

#[test]
fn a_further_paste_is_answered_with_a_link_and_a_repeated_event_changes_nothing() {
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        let first = w.case().await.id;
        w.paste_error("ben").await;
        assert_eq!(w.cases().await.len(), 1);
        assert!(w.notes().iter().any(|note| note.contains(first.as_str())), "{:?}", w.notes());
    });
}

#[test]
fn a_mention_cannot_approve_and_text_cannot_press() {
    World::run("deleted-replaced", async |w| {
        proposed(w).await;
        let code = w.case().await.state.proposal().unwrap().code.clone();
        w.mention("ben", &format!("approve {code}")).await;
        assert_eq!(w.state().await, "proposed");
        assert!(w.whispers("ben").pop().unwrap().contains("/reanchor approve"));
        w.paste("ben", &format!("/reanchor approve {code}")).await;
        assert_eq!(w.state().await, "proposed");
    });
}
