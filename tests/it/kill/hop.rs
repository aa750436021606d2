//! `kill -9` at the hold points of a hop with and without an old anchor, of an align and of a paused run: nobody stays parked,
//! nothing stays paused, no effect is made twice. Prints how long the person was off the domain.
//!
//! The tests of every build kill at each write, before and after it, and around the calls next to them; the ones that are
//! ignored kill at every single call of the run: `cargo test --test it -- --ignored --nocapture kill::hop`.

use super::{End, Story, block_on, killed_at};
use serde_json::Value;

const MISMATCH: Story<'_> = Story { scenario: "anchor-mismatch", ask: "Set immutableId", votes: &["ben"], env: &[] };
const MISSING: Story<'_> = Story { scenario: "anchor-missing", ask: "Set immutableId", votes: &["ben"], env: &[] };
const ALIGN: Story<'_> = Story { scenario: "anchor-align", ask: "Align anchor", votes: &["ben"], env: &[] };
const PAUSE: Story<'_> = Story {
    scenario: "deleted-replaced--pause",
    ask: "Reassign",
    votes: &["ben", "carla"],
    env: &[("REANCHOR__OKTA__DEACTIVATION", "remove_licenses"), ("REANCHOR__OKTA__ALLOW_PAUSE", "true")],
};

/// Instants of the effective writes for which `of` says where the person (or the app) went: true = away.
fn away(end: &End, of: fn(&Value) -> Option<bool>) -> Option<i64> {
    let effective = end.writes.iter().filter(|write| write["effective"] == true);
    let moves: Vec<(i64, bool)> = effective.filter_map(|w| Some((w["at_ms"].as_i64()?, of(w)?))).collect();
    match moves.as_slice() {
        [] => None,
        [(left, true), (back, false)] => Some(back - left),
        other => panic!("not one way out and one way back: {other:?}"),
    }
}

fn parked(write: &Value) -> Option<bool> {
    Some(write["body"]["userPrincipalName"].as_str()?.ends_with(".onmicrosoft.com"))
}

fn paused(write: &Value) -> Option<bool> {
    Some(write["body"]["update"]["lifecycleDeactivate"]["status"].as_str()? == "DISABLED")
}

/// Kills at these calls (before and after each) until there is none of that number any more.
fn each(story: &Story<'_>, points: &[(&str, u64)], of: fn(&Value) -> Option<bool>) {
    block_on(async {
        let (mut tried, mut longest, mut closed) = (0, 0, 0);
        for (op, nth) in points {
            for how in ["hold_before", "hold_after"] {
                let Some(end) = killed_at(story, op, *nth, how).await else { continue };
                tried += 1;
                closed += usize::from(end.state == "closed");
                let off = away(&end, of);
                longest = longest.max(off.unwrap_or(0));
                println!("{} killed at {op} #{nth} {how}: {}, away {off:?} ms", story.scenario, end.state);
            }
        }
        assert!(tried >= points.len(), "{}: only {tried} of {} points were reached", story.scenario, points.len() * 2);
        assert_eq!(closed, tried, "{}: with no fault but the kill, the goal is reached", story.scenario);
        println!(
            "{}: {tried} kills, {closed} closed, longest time away {longest} ms of the tenant's time",
            story.scenario
        );
    });
}

/// Kills at every single call after the vote.
fn every_call(story: &Story<'_>, of: fn(&Value) -> Option<bool>) {
    block_on(async {
        let (mut tried, mut longest, mut states) = (0, 0, std::collections::BTreeMap::<String, u32>::new());
        'calls: for nth in 1.. {
            for how in ["hold_before", "hold_after"] {
                let Some(end) = killed_at(story, "*", nth, how).await else { break 'calls };
                tried += 1;
                let off = away(&end, of).unwrap_or(0);
                longest = longest.max(off);
                println!("{} killed at call #{nth} {how}: {}, away {off} ms", story.scenario, end.state);
                *states.entry(end.state).or_default() += 1;
            }
        }
        println!("{}: {tried} kills, {states:?}, longest time away {longest} ms of the tenant's time", story.scenario);
        assert!(tried > 20, "only {tried}");
        assert_eq!(states.keys().collect::<Vec<_>>(), ["closed"], "with no fault but the kill, the goal is reached");
    });
}

/// In place, away, anchor, back.
const HOP: [(&str, u64); 6] = [
    ("graph.user.patch", 1),
    ("graph.user.patch", 2),
    ("graph.user.patch", 3),
    ("graph.user.patch", 4),
    ("graph.user.get", 6),
    ("graph.user.get", 9),
];

#[test]
fn a_hop_killed_at_any_write_parks_nobody() {
    each(&MISMATCH, &HOP, parked);
}

#[test]
fn a_hop_without_an_old_anchor_killed_at_any_write_parks_nobody() {
    each(&MISSING, &HOP, parked);
}

#[test]
fn an_align_killed_at_its_write_is_finished() {
    each(&ALIGN, &[("okta.app_user.update", 1), ("okta.app_user.get", 3)], |_| None);
}

#[test]
fn a_paused_run_killed_at_any_write_leaves_nothing_paused() {
    let points = [
        ("okta.features.put", 1),
        ("okta.app_user.unassign", 1),
        ("okta.app_user.assign", 1),
        ("okta.features.put", 2),
        ("okta.app_user.get", 6),
    ];
    each(&PAUSE, &points, paused);
}

#[test]
#[ignore = "minutes: a process for every call of the run"]
fn a_hop_killed_at_every_call_parks_nobody() {
    every_call(&MISMATCH, parked);
}

#[test]
#[ignore = "minutes: a process for every call of the run"]
fn a_hop_without_an_old_anchor_killed_at_every_call_parks_nobody() {
    every_call(&MISSING, parked);
}

#[test]
#[ignore = "minutes: a process for every call of the run"]
fn an_align_killed_at_every_call_is_finished() {
    every_call(&ALIGN, |_| None);
}

#[test]
#[ignore = "minutes: a process for every call of the run"]
fn a_paused_run_killed_at_every_call_leaves_nothing_paused() {
    every_call(&PAUSE, paused);
}
