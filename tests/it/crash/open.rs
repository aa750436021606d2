//! Runs that park a person or pause an app: whatever moves, freezes, dies or is refused, nobody stays parked and nothing stays
//! paused, unless the vendor refuses for ever, and then the record says so.

use super::bench::{Bench, Life, left_of};
use super::drift::{table, vendors_own};
use super::scenes::Scene;
use reanchor::domain::time::MINUTE;
use reanchor::saga::journal::{End, Event};
use reanchor::saga::run::Left;
use std::collections::BTreeSet;

pub(super) fn ends_safe(run: &Bench, about: &str) -> Result<End, String> {
    let end = run.finish();
    assert_eq!(run.judge(&end), Ok(()), "{about}\n{}", run.story());
    assert!(!run.is_open(), "{about}: somebody is parked, or the app paused\n{}", run.story());
    end
}

/// Journal of an undisturbed run.
pub(super) fn whole(bench: &Bench) -> Vec<Event> {
    let run = bench.fork(bench.save());
    assert_eq!(run.finish(), Ok(End::Verified), "{}", run.story());
    run.save().events()
}

fn on_its_way(rows: &[Event], after: usize) -> bool {
    matches!(rows.get(after.wrapping_sub(1)), Some(Event::Intent { .. }))
}

/// Facts whose move makes the vendor refuse a repair for ever: the name, or the anchor without which Entra takes no name back,
/// is somebody else's, or the domain to park on is no managed one any more; and an assignment older than the one that went,
/// which cannot be told from a directory that lags.
const REFUSES: [&str; 5] =
    ["entra.deleted", "entra.domain.*", "entra.live.by_anchor", "entra.live.by_name", "okta.app_user"];

/// Moves that take a write exactly back before it is read: nobody can tell them from a write that was lost, so it is sent again.
const TAKES_BACK: [(&str, &str); 4] = [
    ("assign", "okta.app_user"),
    ("convert_assignment", "okta.app_user.scope"),
    ("pause_provisioning", "okta.switch.deactivate"),
    ("resume_provisioning", "okta.switch.deactivate"),
];

/// Names of the effects whose intent is among these rows.
fn sent(bench: &Bench, rows: &[Event]) -> Vec<&'static str> {
    let step = |row: &Event| if let Event::Intent { step } = row { Some(*step) } else { None };
    rows.iter().filter_map(step).map(|step| bench.plan.steps[step].effect.name()).collect()
}

/// Whether the switch that is off is somebody else's: it was moved before the run's own pause, or after that was over.
fn off_by_others(bench: &Bench, rows: &[Event], key: &str) -> bool {
    let resumed = bench.plan.pause().is_some_and(|(_, on)| rows.contains(&Event::InForce { step: on, written: true }));
    key == "okta.switch.deactivate" && (resumed || !sent(bench, rows).contains(&"pause_provisioning"))
}

#[test]
fn a_fact_that_moves_at_any_row_leads_to_the_nearest_safe_state() {
    let (mut tried, mut stopped, mut strict) = (0, 0, 0);
    let (mut refused, mut taken_back) = (BTreeSet::new(), BTreeSet::new());
    for scene in Scene::OPEN {
        let bench = scene.set();
        let rows = whole(&bench);
        for after in 1..rows.len() {
            let before = &rows[..after];
            for (key, change) in table(&bench) {
                // A fact that no write of the run lets a vendor move: from then on nothing but repairs is sent.
                let forbids = !vendors_own(&key, &sent(&bench, before));
                let run = bench.fork(bench.save());
                run.world.lock().change_after = Some((after, change, forbids));
                let end = run.finish();
                let about = format!("{scene:?}: {key} after row {after}\n{}", run.story());
                let judged = run.judge(&end);
                if judged.as_ref().is_err_and(|why| why.contains("sent again that had been applied")) {
                    assert!(matches!(before.last(), Some(Event::Answered { .. })), "{about}");
                    taken_back.insert((sent(&bench, before).pop().unwrap(), key));
                    continue;
                }
                assert_eq!(judged, Ok(()), "{about}");
                assert!(!run.says_too_little(), "{about}");
                if matches!(run.save().events().last(), Some(Event::Stuck { .. })) {
                    assert!(run.is_open(), "{about}");
                    refused.insert(key);
                } else {
                    assert!(!run.is_open() || off_by_others(&bench, before, &key), "{about}");
                }
                tried += 1;
                strict += usize::from(forbids);
                stopped += usize::from(end == Ok(End::Stopped));
            }
        }
    }
    println!("{tried} changes tried, {stopped} runs stopped; nothing further could be sent in {strict} of them");
    assert!(tried > 2_500 && stopped > 1_200 && strict > 1_800, "{tried} changes, {stopped} stops, {strict} strict");
    assert_eq!(refused.iter().map(String::as_str).collect::<Vec<_>>(), REFUSES);
    assert_eq!(taken_back.iter().map(|(effect, key)| (*effect, key.as_str())).collect::<Vec<_>>(), TAKES_BACK);
}

#[test]
fn a_freeze_at_any_row_lets_only_repairs_through() {
    let mut repaired = 0;
    for scene in Scene::OPEN {
        let bench = scene.set();
        let rows = whole(&bench);
        for after in (0..rows.len()).filter(|after| !on_its_way(&rows, *after)) {
            let run = bench.fork(bench.save());
            {
                let mut s = run.world.lock();
                s.freeze_after = Some(after);
                s.frozen = after == 0;
            }
            ends_safe(&run, &format!("{scene:?}, frozen after row {after}")).unwrap();
            repaired += usize::from(run.save().events().iter().any(|row| matches!(row, Event::Repairing { .. })));
        }
    }
    assert!(repaired > 20, "{repaired}");
}

#[test]
fn a_run_that_lay_for_half_an_hour_is_repaired_and_goes_no_further() {
    for scene in Scene::OPEN {
        let bench = scene.set();
        for stop in 1.. {
            let run = bench.fork(bench.save());
            if !matches!(run.life(Some(stop)), Life::Died) {
                break;
            }
            run.world.lock().pass(31 * MINUTE);
            ends_safe(&run, &format!("{scene:?}, crash at {stop}")).unwrap();
        }
    }
}

#[test]
fn a_name_that_is_refused_is_left_open_as_parked_and_brought_back_when_taken_up_again() {
    for scene in [Scene::Hop, Scene::HopForward, Scene::Both] {
        let run = scene.set();
        run.world.lock().name_refused = true;
        let end = run.finish();
        assert_eq!((&end, run.judge(&end)), (&Ok(End::Stopped), Ok(())), "{scene:?}\n{}", run.story());
        let events = run.save().events();
        assert!(matches!(events.last(), Some(Event::Stuck { .. })), "{scene:?}\n{}", run.story());
        assert_eq!((left_of(&run.plan, &events), run.is_open()), ("parked".to_owned(), true), "{scene:?}");
        // Taken up again it is refused again, with fewer tries; and when the vendor gives in, the person is brought back.
        let sent = run.save().sent.len();
        assert!(matches!(run.life(None), Life::Left(Left::Stuck)), "{scene:?}\n{}", run.story());
        assert!(run.save().sent.len() <= sent + 3, "{scene:?}\n{}", run.story());
        run.world.lock().name_refused = false;
        ends_safe(&run, &format!("{scene:?}")).unwrap();
    }
}

#[test]
fn a_permission_that_is_refused_leaves_the_name_alone() {
    for scene in [Scene::Hop, Scene::HopForward, Scene::Both] {
        let run = scene.set();
        run.world.lock().anchor_forbidden = true;
        assert_eq!(ends_safe(&run, &format!("{scene:?}")), Ok(End::Untouched), "{}", run.story());
        assert_eq!(run.save().sent.len(), 1, "{}", run.story());
    }
}

#[test]
fn in_place_where_the_domain_is_managed_nobody_is_parked() {
    let bench = Scene::Hop.set();
    let run = bench.fork(bench.save());
    // The domain became managed after the plan: the first write then succeeds, or the plan is stale; never a hop.
    run.world.lock().vendor.domains.iter_mut().for_each(|domain| domain.federated = false);
    assert_eq!(ends_safe(&run, "managed"), Ok(End::Untouched), "{}", run.story());
    assert_eq!(run.save().sent.len(), 0);
}
