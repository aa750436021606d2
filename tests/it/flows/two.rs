//! Two runs on one app that need Deactivate Users off (SAFETY D5): one of them at a time, whatever becomes of the first.

use crate::support::{APP, SAM, Setup, World};
use reanchor::domain::ids::CaseId;
use reanchor::ports::clock::Clock as _;
use reanchor::ports::lease::{Acquired, acquire};
use reanchor::ports::store::{LeaseTable, LeaseTerms};
use reanchor::ports::tasks::Tasks as _;
use serde_json::{Value, json};
use std::time::Duration;

/// As Sam, Lena has an account that replaced the one Okta points to.
const SECOND: &str = "\n[tenant.second]\n";
const LENA: &str = "00u8lenaPt8Ka6Xe21d7";
const MINUTE: i64 = 60_000;

fn world(story: impl AsyncFnOnce(&mut World)) {
    World::run_with("deleted-replaced--pause", Setup { more: SECOND, ..Setup::default() }, story);
}

async fn switch(w: &World) -> Value {
    let features = w.okta(&format!("/api/v1/apps/{APP}/features/USER_PROVISIONING")).await;
    features["capabilities"]["update"]["lifecycleDeactivate"]["status"].clone()
}

async fn sam(w: &World) -> CaseId {
    w.paste_error("anna").await;
    w.press("anna", "Reassign").await;
    w.case().await.id
}

async fn about_lena(w: &World) -> String {
    let text = w.error_text().await.replace("Sam Whitlock", "Lena Fournier").replace("sam.whitlock", "lena.fournier");
    text.replace("9d2e4f10-6a3b-4c58-8f71-2b60c9d4e7a5", "2b91f6d4-7c0e-4835-a5d9-8e14c7b3f062")
}

async fn lena(w: &World) -> CaseId {
    let text = about_lena(w).await;
    w.paste("anna", &text).await;
    w.press("anna", "Reassign").await;
    w.case().await.id
}

/// Takes up what can be done while Sam's run is held.
async fn meanwhile(w: &World) {
    for _ in 0..3_000 {
        let begun = w.driver.app.dispatch().await.unwrap();
        if begun == 0 && w.driver.crew.running() == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} units are at work", w.driver.crew.running());
}

/// Sam's run is approved, and held at this call.
async fn hold(w: &World, first: &CaseId, (op, how): (&str, &str)) {
    w.fault(op, 1, how).await;
    w.press_on("ben", first, "Approve").await;
    w.press_on_now("carla", first, "Approve").await;
    while w.holds().await == 0 {
        w.driver.app.dispatch().await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    meanwhile(w).await;
}

async fn states(w: &World, first: &CaseId, second: &CaseId) -> [&'static str; 2] {
    [w.case_of(first).await.state.name(), w.case_of(second).await.state.name()]
}

/// Whose writes were effective, in their order; the app's own are told by the switch.
async fn order(w: &World) -> Vec<String> {
    let writes = w.writes().await;
    let effective = writes.iter().filter(|write| write["effective"] == true);
    effective
        .map(|write| {
            let (op, path) = (write["op"].as_str().unwrap(), write.to_string());
            let whose = if path.contains(SAM) {
                " Sam"
            } else if path.contains(LENA) {
                " Lena"
            } else {
                ""
            };
            format!("{}{whose}", op.rsplit('.').next().unwrap())
        })
        .collect()
}

const BOTH: [&str; 8] = ["put", "unassign Sam", "assign Sam", "put", "put", "unassign Lena", "assign Lena", "put"];

#[test]
fn the_second_of_two_pauses_begins_when_the_first_has_ended() {
    world(async |w| {
        let (first, second) = (sam(w).await, lena(w).await);
        hold(w, &first, ("okta.features.put", "hold_after")).await;
        for who in ["ben", "carla"] {
            w.press_on_now(who, &second, "Approve").await;
            meanwhile(w).await;
        }
        assert_eq!(states(w, &first, &second).await, ["running", "approved"]);
        assert_eq!((order(w).await, switch(w).await), (vec!["put".to_owned()], json!("DISABLED")));
        w.release().await;
        w.wait().await;
        assert_eq!(states(w, &first, &second).await, ["closed", "closed"]);
        assert_eq!((order(w).await, switch(w).await), (BOTH.map(str::to_owned).to_vec(), json!("ENABLED")));
    });
}

/// A pause of ours looks like "Deactivate Users is off" to a plan that is made in it; it must not be run on that.
#[test]
fn a_plan_that_rests_on_a_pause_of_ours_waits_for_its_end_and_is_stale_then() {
    world(async |w| {
        let first = sam(w).await;
        hold(w, &first, ("okta.app_user.unassign", "hold_before")).await;
        let text = about_lena(w).await;
        w.say("anna", &text).await;
        meanwhile(w).await;
        let second = w.case().await.id;
        w.press_on_now("anna", &second, "Reassign").await;
        meanwhile(w).await;
        let card = w.read().await;
        assert!(!card.contains("Deactivate Users is switched off"), "it plans no pause of its own: {card}");
        w.press_on_now("ben", &second, "Approve").await;
        meanwhile(w).await;
        assert_eq!(states(w, &first, &second).await, ["running", "approved"]);
        w.release().await;
        w.wait().await;
        assert_eq!(states(w, &first, &second).await, ["closed", "stale"], "{}", w.read().await);
        assert_eq!(order(w).await, BOTH[..4]);
    });
}

/// The run holds no lease while its repair rests; it goes first all the same.
#[test]
fn while_a_pause_cannot_be_taken_back_no_other_run_on_the_app_begins() {
    for expires in [false, true] {
        world(async |w| {
            let (first, second) = (sam(w).await, lena(w).await);
            w.control_call("faults", Some(json!({"op": "okta.features.put", "nth": 2, "how": "refuse", "count": 500})))
                .await;
            for (id, who) in [(&first, "ben"), (&first, "carla"), (&second, "ben"), (&second, "carla")] {
                w.press_on(who, id, "Approve").await;
            }
            assert_eq!(states(w, &first, &second).await, ["needs_human", "approved"]);
            assert_eq!(
                (order(w).await, switch(w).await),
                (BOTH[..3].iter().map(|w| (*w).to_owned()).collect(), json!("DISABLED"))
            );
            if expires {
                // It does not wait for ever.
                w.advance(16 * MINUTE).await;
                w.wait().await;
                assert_eq!(states(w, &first, &second).await, ["needs_human", "expired"]);
            }
            w.clear_faults().await;
            w.advance(6 * MINUTE).await;
            w.wait().await;
            assert_eq!(states(w, &first, &second).await, ["closed", if expires { "expired" } else { "closed" }]);
            let whole = if expires { &BOTH[..4] } else { &BOTH[..] };
            assert_eq!(
                (order(w).await, switch(w).await),
                (whole.iter().map(|w| (*w).to_owned()).collect(), json!("ENABLED"))
            );
        });
    }
}

#[test]
fn while_another_process_has_the_app_a_run_does_not_begin() {
    world(async |w| {
        let first = sam(w).await;
        let leases: &dyn LeaseTable = &w.built.database;
        let terms = LeaseTerms { lease_ms: 60_000, call_timeout_ms: 2_000, last_intent: None };
        let now = w.driver.clock.now();
        let Acquired::Held(theirs) = acquire(leases, &format!("app:{APP}"), "other", now, terms).await.unwrap() else {
            panic!("it is free");
        };
        w.press_on("ben", &first, "Approve").await;
        w.press_on_now("carla", &first, "Approve").await;
        w.driver.settle().await.unwrap();
        assert_eq!(w.case_of(&first).await.state.name(), "approved");
        assert!(w.writes().await.is_empty());
        leases.release(theirs.fence()).await.unwrap();
        w.driver.app.try_elsewhere();
        w.wait().await;
        assert_eq!(
            (w.case_of(&first).await.state.name(), order(w).await),
            ("closed", BOTH[..4].iter().map(|w| (*w).to_owned()).collect())
        );
    });
}
