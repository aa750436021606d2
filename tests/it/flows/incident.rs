//! Seed 004 and DOMAIN trap 24: an open incident of a vendor is said, holds fixes back, and an unread feed is unknown.

use crate::support::{Setup, World};
use reanchor::domain::inbound::Verb;
use reanchor::domain::incident::{Incident, Outlook, Vendor};
use reanchor::domain::settings::Sharing;

fn labels(card: &reanchor::domain::notice::Card) -> Vec<&'static str> {
    card.buttons.iter().map(|button| button.verb.label()).collect()
}

#[test]
fn an_open_incident_holds_the_fix_back_and_looking_again_brings_it_back() {
    World::run("vendor-incident", async |w| {
        w.paste_error("anna").await;
        let card = w.read().await;
        assert!(
            card.contains("An open incident of the vendor:") && card.contains("pushes fail for some customers"),
            "{card}"
        );
        assert_eq!(labels(&w.card().await), ["Look again", "Not an error"]);
        let case = w.case().await.id;
        w.command("anna", &format!("fix {case} reassign")).await;
        assert!(w.whispers("anna").pop().unwrap().contains("is not offered"));
        w.press_raw("anna", Verb::Reassign, None).await;
        assert_eq!(w.state().await, "looked_up");
        w.command("anna", "status").await;
        let told = w.whispers("anna").pop().unwrap();
        assert!(told.contains("Okta incidents open: ") && told.contains("Microsoft incidents: none open."), "{told}");
        w.advance(31 * 60_000).await;
        w.press("anna", "Look again").await;
        assert_eq!(labels(&w.card().await), ["Reassign", "Look again", "Not an error"]);
        assert!(!w.read().await.contains("incident of the vendor"));
        w.command("anna", "status").await;
        assert!(w.whispers("anna").pop().unwrap().contains("Okta incidents: none open."));
    });
}

#[test]
fn a_feed_that_cannot_be_read_is_unknown_and_never_healthy() {
    World::run("deleted-replaced", async |w| {
        w.fault("okta.status.feed", 1, "refuse").await;
        w.paste_error("anna").await;
        let card = w.read().await;
        assert!(card.contains("Whether Okta has an open incident is not known: "), "{card}");
        assert!(!card.contains("Whether Microsoft"), "{card}");
        assert_eq!(labels(&w.card().await), ["Reassign", "Look again", "Not an error"]);
        w.fault("okta.status.feed", 1, "garbage").await;
        w.command("anna", "status").await;
        let told = w.whispers("anna").pop().unwrap();
        assert!(told.contains("Okta incidents: unknown, the feed could not be read"), "{told}");
        assert!(!told.contains("Okta incidents: none"), "{told}");
    });
}

/// A status page that fails is not asked a second time, so that nobody waits for it.
#[test]
fn a_failing_status_page_is_asked_once() {
    World::run("deleted-replaced", async |w| {
        w.fault("okta.status.feed", 1, "e5xx").await;
        w.paste_error("anna").await;
        assert!(w.read().await.contains("Whether Okta has an open incident is not known: "), "{}", w.read().await);
    });
}

/// The feed was unknown when the buttons were shown: a press reads it again before anything is put to the vote.
#[test]
fn a_proposal_is_not_made_while_an_incident_is_open() {
    World::run("vendor-incident", async |w| {
        w.fault("okta.status.feed", 1, "refuse").await;
        w.paste_error("anna").await;
        assert_eq!(labels(&w.card().await)[0], "Reassign");
        w.press("anna", "Reassign").await;
        assert_eq!(w.state().await, "looked_up");
        assert_eq!(labels(&w.card().await), ["Look again", "Not an error"]);
        assert!(w.read().await.contains("(rule T24)"));
        assert!(w.writes().await.is_empty());
    });
}

#[test]
fn an_incident_that_cannot_be_the_cause_holds_nothing_back() {
    World::run("vendor-incident--microsoft", async |w| {
        w.paste("anna", "Automatic provisioning of user Ida Holm to app Box failed: Error while trying to push profile update for ida.holm@x.example: Bad Request. Errors reported by remote server: value too long").await;
        assert_eq!(w.case().await.diagnosis.class.as_str(), "scim-bad-request");
        assert!(!w.read().await.contains("incident"), "{}", w.read().await);
    });
}

#[test]
fn a_channel_without_facts_learns_nothing_of_incidents() {
    let setup = Setup { facts: Sharing::None, ..Setup::default() };
    World::run_with("vendor-incident", setup, async |w| {
        w.paste_error("anna").await;
        assert_eq!(w.state().await, "advised");
        assert!(!w.read().await.contains("incident"));
        // Nor from a case that knows of one.
        let mut case = w.case().await;
        let incident = Incident {
            vendor: Vendor::Okta,
            id: None,
            title: "pushes fail".to_owned(),
            about: String::new(),
            since: None,
        };
        case.beside.outlook = Some(Outlook { open: vec![incident], ..Outlook::default() });
        let card = reanchor::card::plain::text(&reanchor::card::build::card(&case));
        assert!(!card.contains("incident") && !card.contains("pushes fail"), "{card}");
    });
}

/// The feed was unknown at the paste and at the press; when the approved run looks, an incident is open.
#[test]
fn an_incident_that_opens_after_the_proposal_stops_the_run_before_its_first_change() {
    World::run("vendor-incident", async |w| {
        w.fault("okta.status.feed", 1, "refuse").await;
        w.fault("okta.status.feed", 2, "refuse").await;
        w.paste_error("anna").await;
        w.press("anna", "Reassign").await;
        assert_eq!(w.state().await, "proposed");
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "stale");
        let card = w.read().await;
        assert!(card.contains("pushes fail for some customers") && card.contains("(rule T24)"), "{card}");
        assert!(card.contains("Nothing was changed"), "{card}");
        assert!(w.writes().await.is_empty());
        w.press("anna", "Look again").await;
        assert_eq!(labels(&w.card().await), ["Look again", "Not an error"], "it is open still");
        w.advance(31 * 60_000).await;
        w.press("anna", "Look again").await;
        w.press("anna", "Reassign").await;
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "closed", "{}", w.read().await);
    });
}

/// Stopping half way would leave the person without an assignment: only the first change is held back.
#[test]
fn a_run_that_has_begun_goes_on_to_its_end() {
    World::run("vendor-incident", async |w| {
        for nth in 1..=3 {
            w.fault("okta.status.feed", nth, "refuse").await;
        }
        w.paste_error("anna").await;
        w.press("anna", "Reassign").await;
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "closed", "{}", w.read().await);
        w.command("anna", "status").await;
        assert!(w.whispers("anna").pop().unwrap().contains("Okta incidents open: "));
    });
}

#[test]
fn an_undo_is_not_put_to_the_vote_while_an_incident_is_open() {
    let setup = Setup { incident: Some("O365 provisioning is slow"), ..Setup::default() };
    World::run_with("anchor-align", setup, async |w| {
        for nth in 1..=3 {
            w.fault("okta.status.feed", nth, "refuse").await;
        }
        w.play("anchor-align").await;
        assert_eq!(w.state().await, "closed", "{}", w.read().await);
        w.press("anna", "Undo").await;
        assert_eq!(w.cases().await.len(), 1);
        let told = w.whispers("anna").pop().unwrap();
        assert!(told.contains("T24") && told.contains("O365 provisioning is slow"), "{told}");
    });
}

/// Somebody without an assignment does not wait for a vendor: what a stopped run left is finished by a new vote.
#[test]
fn what_a_stopped_run_left_may_be_finished_while_an_incident_is_open() {
    World::run("vendor-incident", async |w| {
        for nth in 1..=3 {
            w.fault("okta.status.feed", nth, "refuse").await;
        }
        w.fault("okta.app_user.assign", 1, "refuse").await;
        w.paste_error("anna").await;
        w.press("anna", "Reassign").await;
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "needs_human", "{}", w.read().await);
        w.press("anna", "Go on").await;
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "closed", "{}", w.read().await);
    });
}
