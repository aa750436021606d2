//! Figures that a test can print: how long a hop takes when every call to a vendor takes 100 ms, beside what its calls that
//! depend on one another take at least. `cargo test --test it -- --nocapture flows::figures`

use crate::support::World;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const SLOW_MS: i64 = 100;

/// The longest row of calls of which each began after the one before had ended, as the run made them.
fn chain(calls: &[Value]) -> usize {
    // Calls in the order of their ends; every call takes SLOW_MS, so the next one that begins after an end ends that much later.
    let mut ends: Vec<i64> = calls.iter().map(|call| call["at_ms"].as_i64().unwrap()).collect();
    ends.sort_unstable();
    let mut last = i64::MIN;
    let mut count = 0;
    for end in ends {
        if end - SLOW_MS >= last {
            last = end;
            count += 1;
        }
    }
    count
}

fn figure(scenario: &'static str, ask: &'static str, votes: &'static [&'static str]) {
    World::run(scenario, async |w| {
        w.paste_error("anna").await;
        w.press("anna", ask).await;
        let slow = json!({ "op": "*", "nth": 1, "count": 1_000_000, "how": "slow", "ms": SLOW_MS });
        w.control_call("faults", Some(slow)).await;
        let before = w.calls().await.len();
        let began = Instant::now();
        for voter in votes {
            w.press(voter, "Approve").await;
        }
        let took = began.elapsed();
        w.clear_faults().await;
        assert_eq!(w.state().await, "closed");
        let calls = w.calls().await.split_off(before);
        let chain = chain(&calls);
        let least = Duration::from_millis(u64::try_from(SLOW_MS).unwrap()) * u32::try_from(chain).unwrap();
        println!(
            "{scenario}: {} calls after the first vote, {chain} of them one after the other: at least {} ms, measured {} ms \
             (debug build, the bot's own part {} ms)",
            calls.len(),
            least.as_millis(),
            took.as_millis(),
            took.saturating_sub(least).as_millis()
        );
        let moves: Vec<i64> = (w.writes().await.iter())
            .filter(|write| write["effective"] == true && write["body"].get("userPrincipalName").is_some())
            .map(|write| write["at_ms"].as_i64().unwrap())
            .collect();
        if let [left, back] = moves.as_slice() {
            println!("{scenario}: away from the domain for {} ms", back - left);
        }
        assert!(chain <= calls.len() && took >= least, "{chain} {took:?}");
    });
}

#[test]
fn a_hop_with_100_ms_a_call() {
    figure("anchor-mismatch", "Set immutableId", &["ben"]);
}

#[test]
fn an_align_with_100_ms_a_call() {
    figure("anchor-align", "Align anchor", &["ben"]);
}
