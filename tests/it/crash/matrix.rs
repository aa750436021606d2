//! Every world, every fault of every write, a crash at every point, a second crash at every later point.

use super::bench::{Bench, GAPS, LIVES};
use super::model::{Fault, State};
use super::scenes::Scene;
use reanchor::domain::time::MINUTE;
use reanchor::saga::journal::End;
use std::sync::atomic::Ordering;

/// No fault, or one fault of the n-th write.
fn faults(writes: usize) -> Vec<Option<(usize, Fault)>> {
    let mut all = vec![None];
    for n in 1..=writes {
        all.extend(Fault::ALL.map(|fault| Some((n, fault))));
    }
    all
}

/// A run that was never stopped too long, with a fault that passes, reaches the goal.
fn must_pass(fault: Option<(usize, Fault)>, gaps: &[i64]) -> bool {
    fault.is_none_or(|(_, fault)| fault.passes()) && gaps.iter().all(|gap| *gap < 30 * MINUTE)
}

fn check(bench: &Bench, passes: bool, what: &str) {
    let end = bench.finish();
    let mut verdict = bench.judge(&end);
    if verdict.is_ok() && bench.is_open() {
        verdict = Err("somebody is parked, or the app paused, at the end".to_owned());
    }
    if verdict.is_ok() && passes && end != Ok(End::Verified) {
        verdict = Err(format!("the goal should be reached, and it is {end:?}"));
    }
    if let Err(why) = verdict {
        panic!("{why}\n{:?}: {what}\n{}", bench.scene, bench.story());
    }
}

/// The worlds as they are when the process started from `state` dies at each of its points, in order, and whether that
/// death leaves anything else behind than the one before it.
fn deaths(bench: &Bench, state: &State) -> Vec<(State, bool)> {
    let life = bench.fork(state.clone());
    life.world.lock().trail = Some(Vec::new());
    life.life(None);
    let trail = life.world.lock().trail.take().unwrap();
    let mut mark = state.mark();
    let new = |dead: &State| std::mem::replace(&mut mark, dead.mark()) != dead.mark();
    let new: Vec<bool> = trail.iter().map(new).collect();
    trail.into_iter().zip(new).collect()
}

/// Every so many faults from one on, so that a long world can be shared among tests that run beside each other.
fn crashes(scene: Scene, (from, every): (usize, usize)) {
    let bench = scene.set();
    let start = bench.save();
    for fault in faults(bench.plan.steps.len()).into_iter().skip(from).step_by(every) {
        let mut state = start.clone();
        state.faults.extend(fault);
        check(&bench.fork(state.clone()), must_pass(fault, &[]), &format!("{fault:?}, no crash"));
        for (point, (dead, new)) in deaths(&bench, &state).into_iter().enumerate() {
            // All gaps without a fault; with one, none, the longest and one in turn; one where nothing else is left behind.
            let wanted = |turn: usize| turn == point % 4 || (new && (fault.is_none() || turn == 0 || turn == 3));
            for (turn, gap) in GAPS.into_iter().enumerate().filter(|(turn, _)| wanted(*turn)) {
                let mut next = dead.clone();
                next.pass(gap);
                // On one host a dead process frees its lock file; elsewhere only time frees the lease.
                next.host_lock = gap != GAPS[2];
                let what = format!("{fault:?}, crash at {point} ({}), {gap} ms", dead.last_point);
                check(&bench.fork(next.clone()), must_pass(fault, &[gap]), &what);
                // The long plans die twice without a fault everywhere, and with one at every third point.
                let twice_here = bench.plan.steps.len() < 4 || fault.is_none() || point % 3 == 0;
                if new && turn == point % 4 && twice_here {
                    twice(&bench, &next, (fault, gap), &what);
                }
            }
        }
    }
}

fn twice(bench: &Bench, state: &State, (fault, gap): (Option<(usize, Fault)>, i64), what: &str) {
    for (point, (mut dead, new)) in deaths(bench, state).into_iter().enumerate() {
        if new {
            let again = GAPS[point % 3];
            dead.pass(again);
            let what = format!("{what}; second crash at {point} ({}), {again} ms", dead.last_point);
            check(&bench.fork(dead), must_pass(fault, &[gap, again]), &what);
        }
    }
}

macro_rules! worlds {
    ($($name:ident: $scene:ident $part:expr),*) => {
        $(#[test]
        fn $name() {
            crashes(Scene::$scene, $part);
            println!("processes so far: {}", LIVES.load(Ordering::Relaxed));
        })*
    };
}

worlds! {
    replaced: Replaced (0, 1),
    expired: Expired (0, 1),
    by_group: Group (0, 1),
    by_group_given_back_at_once: GroupAtOnce (0, 1),
    by_group_given_back_later: GroupLater (0, 1),
    expired_by_group: GroupExpired (0, 1),
    restorable: Restorable (0, 1),
    going_on: GoOn (0, 1),
    going_on_with_the_last: GoOnLast (0, 1),
    rolling_back: RollBack (0, 1),
    hop: Hop (0, 1),
    hop_that_can_only_go_forward: HopForward (0, 1),
    align: Align (0, 1),
    new_anchor_on_both_sides: Both (0, 1),
    paused: Paused (0, 1),
    paused_by_group: PausedGroup (0, 3),
    paused_by_group_with_more_faults: PausedGroup (1, 3),
    paused_by_group_with_further_faults: PausedGroup (2, 3)
}
