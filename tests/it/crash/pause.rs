//! The window in which Deactivate Users is off (SAFETY D5): how it ends, who is missed in it, and the lease of the app.

use super::bench::{Bench, Life, poll_once};
use super::model::{CALL, Change, LEASE, LeaseRow};
use super::open::{ends_safe, whole};
use super::scenes::{Scene, heir};
use reanchor::domain::ids::OktaUserId;
use reanchor::domain::tenant::Leaver;
use reanchor::domain::time::{At, MINUTE, SECOND};
use reanchor::ports::clock::Clock;
use reanchor::ports::lease::{Acquired, LeaseHeld, acquire};
use reanchor::ports::store::LeaseTerms;
use reanchor::saga::journal::{End, Event};
use reanchor::saga::run::Left;

const SCENES: [Scene; 2] = [Scene::Paused, Scene::PausedGroup];

/// Number of rows after which the person is linked again and the switch is still off.
fn linked_again(bench: &Bench) -> usize {
    let rows = whole(bench);
    rows.iter().position(|row| matches!(row, Event::Reached { .. })).unwrap() + 1
}

/// The effects whose intent was journaled after so many rows.
fn sent_after(bench: &Bench, rows: usize) -> Vec<&'static str> {
    let events = bench.save().events();
    let steps =
        events[rows..].iter().filter_map(|row| if let Event::Intent { step } = row { Some(*step) } else { None });
    steps.map(|step| bench.plan.steps[step].effect.name()).collect()
}

/// The model refuses a switch-on before two looks at the account, ten seconds apart (`State::audit`).
#[test]
fn the_switch_stays_off_until_the_account_was_seen_still() {
    for scene in SCENES {
        let bench = scene.set();
        let rows = linked_again(&bench);
        for minutes in [1, 5, 30] {
            let run = bench.fork(bench.save());
            run.world.lock().graph_silent_after = Some((rows, minutes * MINUTE));
            let end = run.finish();
            let about = format!("{scene:?}, {minutes} minutes\n{}", run.story());
            assert_eq!(run.judge(&end), Ok(()), "{about}");
            let stuck = matches!(run.save().events().last(), Some(Event::Stuck { .. }));
            assert_eq!((stuck, run.is_open()), (minutes == 30, minutes == 30), "{about}");
            if stuck {
                assert_eq!(sent_after(&run, rows), Vec::<&str>::new(), "{about}");
                run.world.lock().pass(30 * MINUTE);
                ends_safe(&run, &about).unwrap();
            } else if minutes == 1 {
                assert_eq!(end, Ok(End::Verified), "{about}");
            }
        }
    }
}

const HARMS: [(&str, Change); 2] = [
    ("sign-in blocked", |v| v.live.get_mut(&heir()).unwrap().enabled = Some(false)),
    ("licences taken", |v| v.live.get_mut(&heir()).unwrap().direct_licences.clear()),
];

/// What has come already is not undone by leaving the whole app paused: the switch goes on, and nothing else is sent.
#[test]
fn an_account_that_was_harmed_gets_the_switch_back_and_stops_the_run() {
    for scene in SCENES {
        let bench = scene.set();
        let rows = linked_again(&bench);
        for (what, harm) in HARMS {
            let run = bench.fork(bench.save());
            run.world.lock().change_after = Some((rows, harm, true));
            let about = format!("{scene:?}, {what}");
            let end = ends_safe(&run, &about);
            let about = format!("{about}\n{}", run.story());
            assert_eq!((end, sent_after(&run, rows)), (Ok(End::Stopped), vec!["resume_provisioning"]), "{about}");
            let quiet = |row: &Event| match row {
                Event::Repairing { cause, .. } => {
                    matches!(&**cause, Event::Drifted { moved, .. } if moved.iter().any(|one| one.key == "quiet"))
                }
                _ => false,
            };
            assert!(run.save().events().iter().any(quiet), "{about}");
        }
    }
}

/// Jon left before the run, and left again in its window, as the person of the run did.
fn with_leavers(run: &Bench) {
    let left = |user: &str, name: &str, at: At| Leaver { user: OktaUserId::new(user), name: name.to_owned(), at };
    let (subject, since) = (run.plan.subject.as_str().to_owned(), run.grant.at);
    run.world.lock().leavers = vec![
        left("00u4early", "Early Bird", since.plus(-MINUTE)),
        left(&subject, "Mira Holm", since.plus(SECOND)),
        left("00u4jon", "Jon Vale", since.plus(2 * SECOND)),
    ];
}

/// What the last row says of people who left.
fn said(run: &Bench) -> String {
    let events = run.save().events();
    let lines = match events.last() {
        Some(Event::Verified { findings, .. }) => findings,
        Some(Event::Safe { notes, .. }) => notes,
        other => panic!("{other:?}\n{}", run.story()),
    };
    lines
        .iter()
        .map(reanchor::domain::notice::PublicText::plain)
        .filter(|line| line.contains("left"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn who_left_the_app_in_the_window_is_listed_at_either_end() {
    for scene in SCENES {
        let bench = scene.set();
        let (off, _) = bench.plan.pause().unwrap();
        let paused =
            whole(&bench).iter().position(|row| *row == Event::InForce { step: off, written: true }).unwrap() + 1;
        for stopped in [false, true] {
            let set = |change: fn(&Bench)| {
                let run = bench.fork(bench.save());
                change(&run);
                run.world.lock().freeze_after = stopped.then_some(paused);
                let end = ends_safe(&run, &format!("{scene:?}")).unwrap();
                assert_eq!(end == End::Stopped, stopped, "{scene:?}\n{}", run.story());
                said(&run)
            };
            let told = set(with_leavers);
            assert!(
                told.contains("NOT deprovisioned") && told.contains("Jon Vale") && told.contains("00u4jon"),
                "{told}"
            );
            assert!(!told.contains("Mira") && !told.contains("Early"), "{told}");
            assert_eq!(set(|_| ()), "nobody else left the app while Deactivate Users was off");
            let told = set(|run| run.world.lock().leavers_unread = true);
            assert!(told.starts_with("ALARM: who left the app"), "{told}");
        }
    }
}

fn lease_of(bench: &Bench, app: &str) -> LeaseHeld {
    let terms = LeaseTerms { lease_ms: LEASE, call_timeout_ms: CALL, last_intent: None };
    let now = bench.world.now();
    let key = format!("app:{app}");
    match poll_once(&mut std::pin::pin!(acquire(bench.world.as_ref(), &key, "process", now, terms))).unwrap().unwrap() {
        Acquired::Held(lease) => lease,
        Acquired::Taken(until) => panic!("taken until {until:?}"),
    }
}

#[test]
fn without_the_lease_of_this_app_nothing_is_sent() {
    // `Replaced` does not pause: it relies on the switch being off.
    for scene in [Scene::Paused, Scene::PausedGroup, Scene::Replaced, Scene::Group] {
        let bench = scene.set();
        assert!(bench.plan.needs_app(), "{scene:?}");
        for wrong in [None, Some("0oa4other")] {
            let run = bench.fork(bench.save());
            let (subject, _) = run.take_leases();
            run.world.lock().app_lease = LeaseRow::default();
            let leases = (subject, wrong.map(|app| lease_of(&run, app)));
            let left = poll_once(&mut std::pin::pin!(run.process(&leases))).unwrap();
            assert!(matches!(left, Err(Left::LostLease)), "{scene:?}, {wrong:?}: {left:?}\n{}", run.story());
            assert_eq!(run.save().sent.len(), 0, "{scene:?}, {wrong:?}");
        }
    }
    let free = Scene::Restorable.set();
    assert!(!free.plan.needs_app());
    assert!(matches!(free.life(None), Life::Ended(End::Verified)));
}
