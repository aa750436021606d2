//! Every world, every fault of every write, a crash at every point, a second crash at every later point.

use super::bench::{Bench, GAPS, LIVES, Life};
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
    if verdict.is_ok() && passes && end != Ok(End::Verified) {
        verdict = Err(format!("the goal should be reached, and it is {end:?}"));
    }
    if let Err(why) = verdict {
        panic!("{why}\n{:?}: {what}\n{}", bench.scene, bench.story());
    }
}

/// The world as it is when the process started from `state` dies at its point `stop`; `None` when it has fewer points.
fn die(bench: &Bench, state: &State, stop: u32) -> Option<State> {
    let life = bench.fork(state.clone());
    match life.life(Some(stop)) {
        Life::Died => Some(life.save()),
        Life::Ended(_) | Life::Left(_) => None,
    }
}

fn crashes(scene: Scene) {
    let bench = scene.set();
    let start = bench.save();
    for fault in faults(bench.plan.steps.len()) {
        let mut state = start.clone();
        state.faults.extend(fault);
        check(&bench.fork(state.clone()), must_pass(fault, &[]), &format!("{fault:?}, no crash"));
        let mut mark = None;
        for first in 1.. {
            let Some(dead) = die(&bench, &state, first) else { break };
            // A death that leaves nothing else behind than the one before it has the same second deaths.
            let new = mark.replace(dead.mark()) != Some(dead.mark());
            for (turn, gap) in GAPS.into_iter().enumerate() {
                let mut next = dead.clone();
                next.pass(gap);
                // On one host a dead process frees its lock file; elsewhere only time frees the lease.
                next.host_lock = gap != GAPS[2];
                let what = format!("{fault:?}, crash at {first} ({}), {gap} ms", dead.last_point);
                check(&bench.fork(next.clone()), must_pass(fault, &[gap]), &what);
                if new && turn == first as usize % 4 {
                    twice(&bench, &next, (fault, gap), &what);
                }
            }
        }
    }
}

fn twice(bench: &Bench, state: &State, (fault, gap): (Option<(usize, Fault)>, i64), what: &str) {
    let mut mark = Some(state.mark());
    for second in 1.. {
        let Some(mut dead) = die(bench, state, second) else { break };
        if mark.replace(dead.mark()) == Some(dead.mark()) {
            continue;
        }
        let again = GAPS[second as usize % 3];
        dead.pass(again);
        let what = format!("{what}; second crash at {second} ({}), {again} ms", dead.last_point);
        check(&bench.fork(dead), must_pass(fault, &[gap, again]), &what);
    }
}

macro_rules! worlds {
    ($($name:ident: $scene:ident),*) => {
        $(#[test]
        fn $name() {
            crashes(Scene::$scene);
            println!("processes so far: {}", LIVES.load(Ordering::Relaxed));
        })*
    };
}

worlds! {
    replaced: Replaced,
    expired: Expired,
    by_group: Group,
    by_group_given_back_at_once: GroupAtOnce,
    by_group_given_back_later: GroupLater,
    expired_by_group: GroupExpired,
    restorable: Restorable,
    going_on: GoOn,
    rolling_back: RollBack
}
