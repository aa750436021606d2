//! Somebody parked, or an app paused, for longer than planned: the alarm, the steps by hand, and the repair that is taken up
//! again by itself.

use crate::support::{APP, Log, Setup, World};
use reanchor::domain::ids::CaseId;
use reanchor::ports::clock::Clock;
use serde_json::json;
use std::time::Duration;

const USER: &str = "/users/9d2e4f10-6a3b-4c58-8f71-2b60c9d4e7a5?$select=userPrincipalName,onPremisesImmutableId";
const NAME: &str = "sam.whitlock@northbridge.example";
const MINUTE: i64 = 60_000;

async fn refuse(w: &World, op: &str, nth: u64) {
    let fault = json!({ "op": op, "nth": nth, "how": "refuse", "count": 500 });
    w.control_call("faults", Some(fault)).await;
}

async fn name(w: &World) -> String {
    w.graph(USER).await["userPrincipalName"].as_str().unwrap().to_owned()
}

/// A hop whose way back Entra refuses.
async fn parked(w: &World) -> CaseId {
    w.paste_error("anna").await;
    w.press("anna", "Set immutableId").await;
    // In place, away and anchor go through.
    refuse(w, "graph.user.patch", 4).await;
    w.press("ben", "Approve").await;
    let card = w.read().await;
    assert_eq!(
        (w.state().await.as_str(), name(w).await.ends_with(".onmicrosoft.com")),
        ("needs_human", true),
        "{card}"
    );
    assert!(card.contains("PARKED") && card.contains("tries the repair again by itself"), "{card}");
    w.case().await.id
}

async fn brought_back(w: &World) {
    assert_eq!((w.state().await.as_str(), name(w).await.as_str()), ("closed", NAME), "{}", w.read().await);
    // In place is refused by the vendor; away, anchor and back are effective once each.
    assert_eq!(w.effective().await, ["graph.user.patch"; 3]);
}

#[test]
fn somebody_parked_for_minutes_is_alarmed_and_brought_back_when_the_vendor_gives_in() {
    World::run("anchor-mismatch", async |w| {
        let id = parked(w).await;
        let told = |words: &str| w.notes().iter().filter(|note| note.contains(words)).count();
        assert_eq!(told(&format!("ALARM: {id}: the person is parked off their domain")), 1, "{:?}", w.notes());
        assert_eq!(told(&format!("ALARM: {id} stopped and needs a person. Left as: parked")), 1, "{:?}", w.notes());
        // Refused again and again, nothing more is said; then the vendor gives in, and nobody has to press anything.
        let writes = w.writes().await.len();
        for _ in 0..3 {
            w.advance(6 * MINUTE).await;
            w.wait().await;
        }
        assert_eq!(w.writes().await.len(), writes + 9, "three tries each");
        assert_eq!((w.state().await.as_str(), told("ALARM")), ("needs_human", 2), "{:?}", w.notes());
        w.clear_faults().await;
        w.advance(6 * MINUTE).await;
        w.wait().await;
        brought_back(w).await;
    });
}

#[test]
fn a_start_takes_a_refused_repair_up_at_once() {
    World::run("anchor-mismatch", async |w| {
        parked(w).await;
        w.clear_faults().await;
        let before = w.driver.clock.now();
        w.restart().await;
        w.wait().await;
        brought_back(w).await;
        assert!(w.driver.clock.now().since(before) < 2 * MINUTE, "at its start, not when the rest is over");
    });
}

#[test]
fn nothing_goes_on_before_the_repair_and_look_again_tries_it_now() {
    World::run("anchor-mismatch", async |w| {
        let id = parked(w).await;
        w.press("anna", "Look again").await;
        let told = w.whispers("anna").pop().unwrap();
        assert!(told.contains("must be repaired first") && told.contains(&format!("/reanchor manual {id}")), "{told}");
        assert_eq!(w.state().await, "needs_human");
        for verb in [reanchor::domain::inbound::Verb::GoOn, reanchor::domain::inbound::Verb::NotAnError] {
            w.press_raw("anna", verb, None).await;
            assert_eq!(w.state().await, "needs_human", "{}", verb.label());
        }
        w.clear_faults().await;
        let before = w.driver.clock.now();
        w.press("anna", "Look again").await;
        brought_back(w).await;
        assert!(w.driver.clock.now().since(before) < 2 * MINUTE, "at once");
    });
}

#[test]
fn an_app_paused_for_too_long_is_alarmed_in_the_channel_and_in_the_log() {
    let log = Log::default();
    let setup = Setup { log: Some(log.clone()), ..Setup::default() };
    World::run_with("deleted-replaced--pause", setup, async |w| {
        let switch = async || {
            let path = format!("/api/v1/apps/{APP}/features/USER_PROVISIONING");
            w.okta(&path).await["capabilities"]["update"]["lifecycleDeactivate"]["status"].clone()
        };
        w.paste_error("anna").await;
        w.press("anna", "Reassign").await;
        refuse(w, "okta.features.put", 2).await;
        w.press("ben", "Approve").await;
        w.press("carla", "Approve").await;
        let id = w.case().await.id;
        assert_eq!(
            (w.state().await.as_str(), switch().await),
            ("needs_human", json!("DISABLED")),
            "{}",
            w.read().await
        );
        let note = format!("ALARM: {id}: Deactivate Users is off for the whole app");
        assert!(w.notes().iter().any(|said| said.starts_with(&note)), "{:?}", w.notes());
        assert!(w.read().await.contains("Deactivate Users is OFF for the whole app"));
        let lines = log.text();
        for words in ["ALARM: open for too long", "ALARM: the repair is refused"] {
            let line = lines.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}:\n{lines}"));
            assert!(line.contains("ERROR") && line.contains(id.as_str()), "{line}");
        }
        w.clear_faults().await;
        w.advance(6 * MINUTE).await;
        w.wait().await;
        assert_eq!(switch().await, "ENABLED", "{}", w.read().await);
        assert_eq!(w.state().await, "closed", "{}", w.read().await);
    });
}

#[test]
fn a_hop_of_seconds_alarms_nobody() {
    World::run("anchor-mismatch", async |w| {
        w.play("anchor-mismatch").await;
        w.advance(30 * MINUTE).await;
        assert!(!w.notes().iter().any(|note| note.contains("ALARM")), "{:?}", w.notes());
    });
}

/// Does `then` while the run of the newest case is held at its `nth` call of `op`, which has been carried out; then lets it go.
async fn held(w: &World, (op, nth): (&str, u64), then: impl AsyncFnOnce()) {
    w.fault(op, nth, "hold_after").await;
    w.press_now("ben", "Approve").await;
    let meanwhile = async {
        while w.holds().await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        then().await;
        w.release().await;
    };
    let (waited, ()) = tokio::join!(w.driver.wait(), meanwhile);
    waited.unwrap();
}

#[test]
fn a_run_that_has_ended_alarms_nobody_later() {
    World::run("anchor-mismatch", async |w| {
        w.paste_error("anna").await;
        w.press("anna", "Set immutableId").await;
        // In place, away, anchor; then somebody gives the parked person another name, and the bot leaves that alone.
        held(w, ("graph.user.patch", 3), async || {
            let url = format!("{}{}", w.tenant.access().graph_url, USER.split('?').next().unwrap());
            let body = json!({ "userPrincipalName": "s.whitlock@northbridge.example" });
            let request = w.http.patch(url).bearer_auth(w.write_token().await).json(&body);
            assert_eq!(request.send().await.unwrap().status(), 204);
        })
        .await;
        assert_eq!(
            (w.state().await.as_str(), name(w).await.as_str()),
            ("needs_human", "s.whitlock@northbridge.example")
        );
        let notes = w.notes();
        assert!(!notes.iter().any(|note| note.contains("is parked")), "{notes:?}");
        w.advance(10 * MINUTE).await;
        w.wait().await;
        assert_eq!(w.notes(), notes);
    });
}

#[test]
fn who_leaves_the_app_while_it_is_paused_is_named_on_the_card() {
    World::run("deleted-replaced--pause", async |w| {
        w.paste_error("anna").await;
        w.press("anna", "Reassign").await;
        w.press("carla", "Approve").await;
        held(w, ("okta.app_user.unassign", 1), async || {
            let lena = format!("/api/v1/apps/{APP}/users/00u8lenaPt8Ka6Xe21d7");
            assert_eq!(w.okta_admin(reqwest::Method::DELETE, &lena, json!({})).await, 204);
        })
        .await;
        let card = w.read().await;
        assert_eq!(w.state().await, "closed", "{card}");
        assert!(
            card.contains("NOT deprovisioned; do it by hand: lena.fournier@northbridge.example 00u8lenaPt8Ka6Xe21d7"),
            "{card}"
        );
    });
}

#[test]
fn a_process_that_ends_brings_back_first_whom_it_parked() {
    World::run("anchor-mismatch", async |w| {
        w.paste_error("anna").await;
        w.press("anna", "Set immutableId").await;
        w.fault("graph.user.patch", 3, "hold_after").await;
        w.press_now("ben", "Approve").await;
        while w.holds().await == 0 {
            w.driver.app.dispatch().await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let release = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            w.release().await;
        };
        let (ended, ()) = tokio::join!(w.driver.finish(Duration::from_millis(1), Duration::from_mins(1)), release);
        assert_eq!((ended, name(w).await.as_str()), (true, NAME), "{}", w.read().await);
    });
}

#[test]
fn a_plan_is_printed_as_steps_by_hand_for_askers_and_approvers_alone() {
    World::run("anchor-mismatch", async |w| {
        w.paste_error("anna").await;
        let id = w.case().await.id;
        w.command("anna", &format!("manual {id}")).await;
        assert!(w.whispers("anna").pop().unwrap().contains("no plan yet"));
        w.press("anna", "Set immutableId").await;
        for who in ["dave", "guest"] {
            w.command(who, &format!("manual {id}")).await;
            let told = w.whispers(who).pop().unwrap();
            assert!(told.starts_with("Refused (A") && !told.contains("Update-MgUser"), "{told}");
        }
        w.command("ben", &format!("manual {id}")).await;
        let told = w.whispers("ben").pop().unwrap();
        let user = "9d2e4f10-6a3b-4c58-8f71-2b60c9d4e7a5";
        for step in [
            "Connect-MgGraph",
            &format!(
                "1. Write the anchor to the Entra user. PowerShell: Update-MgUser -UserId {user} -OnPremisesImmutableId 'q3Zt0c5mYkKx7vE2nB9dLw=='"
            ),
            &format!(
                "PATCH https://graph.microsoft.com/v1.0/users/{user} {{\"onPremisesImmutableId\":\"q3Zt0c5mYkKx7vE2nB9dLw==\"}}"
            ),
            "2. Only if step 1 was refused for the federated domain: Move the sign-in name away.",
            &format!(
                "4. Only if step 1 was refused for the federated domain: Move the sign-in name back. PowerShell: Update-MgUser -UserId {user} -UserPrincipalName '{NAME}'"
            ),
            "5. Then press Look again",
        ] {
            assert!(told.contains(step), "{step}\n{told}");
        }
        assert!(w.writes().await.is_empty());
    });
}

#[test]
fn a_tenant_that_forbids_the_write_is_remembered_and_the_button_is_not_offered_again() {
    World::run("anchor-write-forbidden", async |w| {
        w.play("anchor-write-forbidden").await;
        let (first, writes) = (w.case().await.id, w.writes().await.len());
        let buttons =
            async || -> Vec<&str> { w.card().await.buttons.iter().map(|button| button.verb.label()).collect() };
        let steps = async |id: &CaseId| {
            w.command("anna", &format!("manual {id}")).await;
            w.whispers("anna").pop().unwrap()
        };
        assert!(steps(&first).await.contains("Update-MgUser"));
        // On the same card, and on that of a new case, also after a restart.
        w.press("anna", "Look again").await;
        assert_eq!(w.state().await, "advised", "{}", w.read().await);
        assert!(!buttons().await.contains(&"Set immutableId"), "{}", w.read().await);
        w.paste_error("ben").await;
        let second = w.case().await.id;
        assert_ne!(first, second);
        let card = w.read().await;
        assert_eq!(w.state().await, "advised", "{card}");
        assert!(
            card.contains("This tenant refused the change") && !buttons().await.contains(&"Set immutableId"),
            "{card}"
        );
        assert!(steps(&second).await.contains("Update-MgUser -UserId 9d2e4f10-6a3b-4c58-8f71-2b60c9d4e7a5"));
        w.command("anna", &format!("fix {second} set-immutable-id")).await;
        assert_eq!((w.state().await.as_str(), w.writes().await.len()), ("advised", writes), "nothing was sent again");
        // An administrator may have granted the permission since: after 30 days it is tried again.
        w.advance(31 * 24 * 60 * MINUTE).await;
        w.paste_error("ben").await;
        assert!(buttons().await.contains(&"Set immutableId"), "{}", w.read().await);
    });
}
