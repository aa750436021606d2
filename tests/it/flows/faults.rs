//! Vendors that answer badly or not at all: while looking up (nothing unsafe is offered), and in the middle of a run (the
//! end is the goal, the start, or a person; never a second effective write).

use crate::support::World;
use reanchor::ports::tasks::Tasks as _;

/// Every read that decides something, answered badly once the person is known.
#[test]
fn a_look_up_that_fails_offers_nothing_and_says_so() {
    let ops = [
        "graph.user.get",
        "graph.user.list",
        "graph.deleted.get",
        "graph.deleted.list",
        "graph.user.roles",
        "graph.domain.list",
        "graph.sku.list",
        "okta.features.get",
        "okta.app_user.get",
        "okta.user.roles",
    ];
    for how in ["garbage", "refuse"] {
        for op in ops {
            World::run("deleted-replaced", async |w| {
                for nth in 1..=40 {
                    w.fault(op, nth, how).await;
                }
                w.paste_error("anna").await;
                let state = w.state().await;
                let card = reanchor::card::plain::text(&w.card().await);
                assert!(["refused", "advised"].contains(&state.as_str()), "{op} {how}: {state}\n{card}");
                assert!(
                    card.contains("could not be read") || card.contains("Could not be read"),
                    "{op} {how}:\n{card}"
                );
                assert!(w.writes().await.is_empty());
            });
        }
    }
}

#[test]
fn a_silent_okta_gives_a_clear_answer_and_look_again_goes_on() {
    World::run("deleted-replaced", async |w| {
        for nth in 1..=3 {
            w.fault("okta.user.list", nth, "close").await;
        }
        for nth in 1..=40 {
            w.fault("okta.user.list", nth, "e5xx").await;
        }
        w.paste_error("anna").await;
        assert_eq!(w.state().await, "refused");
        let card = reanchor::card::plain::text(&w.card().await);
        assert!(card.contains("could not be looked up") && !card.contains("http"), "{card}");
        w.clear_faults().await;
        w.press("anna", "Look again").await;
        assert_eq!(w.state().await, "looked_up");
    });
}

/// Each write of a reassignment and of a restore, with each fault.
#[test]
fn a_fault_at_any_write_never_writes_twice_and_ends_honestly() {
    let table: [(&str, &str, &[&str], &[&str]); 2] = [
        ("deleted-replaced", "Reassign", &["ben"], &["okta.app_user.unassign", "okta.app_user.assign"]),
        ("deleted-restorable", "Restore user", &["ben", "carla"], &["graph.deleted.restore"]),
    ];
    for (scenario, button, voters, ops) in table {
        for op in ops {
            for how in ["throttle", "timeout_before", "timeout_after", "e5xx", "lag", "close", "garbage"] {
                World::run(scenario, async |w| {
                    w.paste_error("anna").await;
                    w.press("anna", button).await;
                    w.fault(op, 1, how).await;
                    for voter in voters {
                        w.press(voter, "Approve").await;
                    }
                    let card = reanchor::card::plain::text(&w.card().await);
                    assert_eq!(w.state().await, "closed", "{scenario} {op} {how}\n{card}");
                    let effective = w.effective().await;
                    assert_eq!(effective, *ops, "{scenario} {op} {how}");
                });
            }
        }
    }
}

#[test]
fn a_refused_write_stops_the_run_with_a_person_and_an_alarm() {
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        w.press("anna", "Reassign").await;
        w.fault("okta.app_user.assign", 1, "refuse").await;
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "needs_human");
        let card = reanchor::card::plain::text(&w.card().await);
        assert!(card.contains("UNASSIGNED"), "{card}");
        assert!(w.notes().iter().any(|note| note.starts_with("ALARM")), "{:?}", w.notes());
        w.press("anna", "Look again").await;
        assert_eq!(w.state().await, "needs_human", "a look does not lose the saved assignment");
        w.press("anna", "Go on").await;
        assert_eq!(w.state().await, "proposed");
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "closed", "{}", reanchor::card::plain::text(&w.card().await));
        assert_eq!(w.effective().await, ["okta.app_user.unassign", "okta.app_user.assign"]);
    });
}

#[test]
fn a_conversion_that_is_not_followed_can_be_rolled_back() {
    World::run("deleted-group", async |w| {
        w.paste_error("anna").await;
        w.press("anna", "Reassign").await;
        w.fault("okta.app_user.unassign", 1, "refuse").await;
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "needs_human");
        w.press("anna", "Roll back").await;
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "rolled_back", "{}", reanchor::card::plain::text(&w.card().await));
        assert_eq!(w.app_user().await["scope"], "GROUP");
    });
}

#[test]
fn frozen_in_the_middle_of_a_run_nothing_more_is_sent() {
    World::run("deleted-group", async |w| {
        w.paste_error("anna").await;
        w.press("anna", "Reassign").await;
        w.fault("okta.app_user.unassign", 1, "hold_after").await;
        w.press_now("ben", "Approve").await;
        let driver = &w.driver;
        let frozen = async {
            while w.holds().await == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            w.say_command("anna", "freeze stop").await;
            driver.app.dispatch().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            w.release().await;
        };
        let (waited, ()) = tokio::join!(driver.wait(), frozen);
        waited.unwrap();
        assert_eq!(w.state().await, "needs_human", "{}", reanchor::card::plain::text(&w.card().await));
        assert!(!w.effective().await.contains(&"okta.app_user.assign".to_owned()));
        let card = reanchor::card::plain::text(&w.card().await);
        assert!(card.contains("A8") && card.contains("UNASSIGNED") && !card.contains("Nothing was changed"), "{card}");
    });
}

#[test]
fn restarted_at_any_moment_a_run_is_taken_up_from_the_store() {
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        w.press("anna", "Reassign").await;
        w.press_now("ben", "Approve").await;
        w.restart().await;
        w.wait().await;
        assert_eq!(w.state().await, "closed");
        assert_eq!(w.effective().await, ["okta.app_user.unassign", "okta.app_user.assign"]);
    });
}

/// Directories that keep everybody waiting: what the bot holds at a time stays bounded, nothing is lost, and a question that
/// needs no directory is answered meanwhile.
#[test]
fn a_storm_of_reports_to_silent_directories_waits_in_the_store_and_is_done_in_the_end() {
    const STORM: usize = 60;
    const AT_A_TIME: usize = 32;
    World::run("deleted-replaced", async |w| {
        for nth in 1..=100 {
            w.fault("okta.user.list", nth, "hold_before").await;
        }
        w.say_command("anna", "help").await;
        for n in 0..STORM {
            // Each about an app of its own, so that they are not one cause.
            let text = format!(
                "Automatic provisioning of user Pat{n} Moss{n} to app Suite{n} failed: Could not update user \
                 pat{n}.moss@northbridge.example: Request_ResourceNotFound. Resource '9d2e4f10-6a3b-4c58-8f71-2b60c9d4e7a5' \
                 does not exist or one of its queried reference-property objects are not present."
            );
            w.say("anna", &text).await;
        }
        let mut most = 0;
        for _ in 0..400 {
            w.driver.app.dispatch().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            most = most.max(w.driver.crew.running());
        }
        // A few more units send posts and read the vendors' incidents.
        assert!((AT_A_TIME..AT_A_TIME + 8).contains(&most), "{most}");
        assert_eq!(w.whispers("anna").len(), 1);
        w.clear_faults().await;
        w.release().await;
        w.wait().await;
        assert_eq!(w.cases().await.len(), STORM);
    });
}
