//! SAFETY C2: a display name never makes a plan; the asker says who it is, and then it goes on.

use crate::support::{SAM, World};
use reanchor::domain::case::State;

#[test]
fn the_failing_push_comes_first_and_nobody_is_taken_without_being_named() {
    World::run("subject-ambiguous", async |w| {
        w.paste_error("anna").await;
        let case = w.case().await;
        let State::NeedsInfo { candidates, .. } = &case.state else { panic!("{}", w.read().await) };
        let logins: Vec<(&str, bool)> = candidates.iter().map(|one| (one.login.as_str(), one.failing)).collect();
        assert_eq!(logins, [("sam.whitlock@northbridge.example", true), ("sam.whitlock2@northbridge.example", false)]);
        let card = w.read().await;
        assert!(
            card.contains("Sales, ACTIVE") && card.contains(&format!("/reanchor subject {} sam.", case.id)),
            "{card}"
        );
        w.command("anna", &format!("fix {} reassign", case.id)).await;
        assert_eq!(w.state().await, "needs_info");
        for who in ["dave", "guest"] {
            w.command(who, &format!("subject {} {}", case.id, w.subject_login)).await;
            assert_eq!(w.state().await, "needs_info", "{who} may not ask");
        }
        w.command("anna", &format!("subject {} nobody@northbridge.example", case.id)).await;
        assert_eq!(w.state().await, "needs_info");
    });
}

#[test]
fn the_choice_goes_on_to_a_verified_end() {
    World::run("subject-ambiguous", async |w| {
        w.play("subject-ambiguous").await;
        assert_eq!(w.case().await.subject.unwrap().okta.as_str(), SAM);
        // Nobody puts another person into a case that was looked up.
        let id = w.case().await.id;
        w.command("anna", &format!("subject {id} sam.whitlock2@northbridge.example")).await;
        assert!(w.whispers("anna").pop().unwrap().contains("looked up"), "{:?}", w.whispers("anna"));
        assert_eq!(w.case().await.subject.unwrap().okta.as_str(), SAM);
        w.press("anna", "Reassign").await;
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "closed", "{}", w.read().await);
        assert_eq!(w.app_user().await["syncState"], "SYNCHRONIZED");
    });
}

#[test]
fn one_person_of_that_name_is_asked_for_too() {
    World::run("create-users-off", async |w| {
        // Create is switched on again, so that a fix would be offered for the one Sam Whitlock there is.
        let feature = serde_json::json!({"create": {"lifecycleCreate": {"status": "ENABLED"}}});
        let path = format!("/api/v1/apps/{}/features/USER_PROVISIONING", crate::support::APP);
        assert_eq!(w.okta_admin(reqwest::Method::PUT, &path, feature).await, 200);
        w.paste_error("anna").await;
        let case = w.case().await;
        let State::NeedsInfo { candidates, .. } = &case.state else { panic!("{}", w.read().await) };
        assert_eq!(candidates.len(), 1);
        assert!(candidates[0].failing);
    });
}

#[test]
fn an_unreadable_log_leaves_the_search_by_name() {
    World::run("subject-ambiguous", async |w| {
        w.fault("okta.log.list", 1, "refuse").await;
        w.fault("okta.log.list", 2, "refuse").await;
        w.paste_error("anna").await;
        let case = w.case().await;
        let State::NeedsInfo { candidates, .. } = &case.state else { panic!("{}", w.read().await) };
        assert_eq!(candidates.len(), 2);
    });
}
