//! Schedules that nobody thought of: faults, deaths at any call (reads included), freezes, changes, a failing store.

use super::bench::{Bench, GAPS, LIVES, Life};
use super::model::{Change, Fault};
use super::scenes::{Scene, heir};
use std::sync::atomic::Ordering;

/// SplitMix64: a small generator with a seed, so that a failed schedule can be played again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        usize::try_from(z % sides as u64).unwrap()
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

const CHANGES: [Change; 4] = [
    |v| "SUSPENDED".clone_into(&mut v.user.status),
    |v| v.switches.create = false,
    |v| v.admin_roles.push("SUPER_ADMIN".to_owned()),
    |v| v.live.values_mut().filter(|user| user.id == heir()).for_each(|user| user.user_type = Some("Guest".to_owned())),
];

fn schedule(seed: u64) -> (Bench, Vec<String>) {
    let mut dice = Dice(seed);
    let scenes: Vec<Scene> = Scene::ALL.into_iter().chain(Scene::OPEN).collect();
    let bench = scenes[dice.roll(scenes.len())].set();
    let mut told = vec![format!("seed {seed}, {:?}", bench.scene)];
    {
        let mut s = bench.world.lock();
        s.count_reads = dice.one_in(2);
        for _ in 0..dice.roll(4) {
            let (n, fault) = (1 + dice.roll(5), Fault::ALL[dice.roll(Fault::ALL.len())]);
            told.push(format!("write {n}: {fault:?}"));
            s.faults.insert(n, fault);
        }
        if dice.one_in(3) {
            s.store_fails = Some((1 + dice.roll(14), dice.one_in(2)));
            told.push(format!("commit fails: {:?}", s.store_fails));
        }
        if dice.one_in(4) {
            let rows = dice.roll(14);
            let change = CHANGES[dice.roll(CHANGES.len())];
            told.push(format!("something moves after row {rows}"));
            s.change_after = Some((rows, change, false));
        }
    }
    for _ in 0..dice.roll(4) {
        let most = if bench.world.lock().count_reads { 220 } else { 50 };
        let (stop, gap) = (1 + dice.roll(most), GAPS[dice.roll(GAPS.len())]);
        let life = bench.life(Some(u32::try_from(stop).unwrap()));
        told.push(format!("process ended as {life:?} (stop at {stop}), {gap} ms"));
        if matches!(life, Life::Ended(_)) {
            break;
        }
        let mut s = bench.world.lock();
        s.pass(gap);
        s.host_lock = dice.one_in(2);
        s.frozen = dice.one_in(8);
    }
    (bench, told)
}

#[test]
fn random_schedules_keep_every_promise() {
    let mut ends = std::collections::BTreeMap::new();
    for seed in 0..4_000 {
        let (bench, told) = schedule(seed);
        let end = bench.finish();
        if let Err(why) = bench.judge(&end) {
            panic!("{why}\n{}\n{}", told.join("\n"), bench.story());
        }
        *ends.entry(format!("{end:?}")).or_insert(0) += 1;
    }
    println!("{ends:?}; processes so far: {}", LIVES.load(Ordering::Relaxed));
    assert_eq!(ends.len(), 3, "the schedules should lead to every kind of end: {ends:?}");
}
