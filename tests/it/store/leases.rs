//! Leases, fences and the OS locks behind them.

use super::*;
use reanchor::ports::store::{Fence, LeaseAnswer, LeaseTable, LeaseTerms};

const TERMS: LeaseTerms = LeaseTerms { lease_ms: 60_000, call_timeout_ms: 15_000, last_intent: None };
const KEY: &str = "subject:00u1";

fn ours(answer: &LeaseAnswer) -> (i64, At, Option<At>) {
    match answer {
        LeaseAnswer::Ours { number, until, wait_until } => (*number, *until, *wait_until),
        LeaseAnswer::Taken { until } => panic!("taken until {until:?}"),
    }
}

fn fence(holder: &str, number: i64) -> Fence {
    Fence { key: KEY.to_owned(), holder: holder.to_owned(), number }
}

/// Rules that do not depend on OS locks. `db` is empty.
pub(super) async fn a_lease_is_held_renewed_given_back_and_runs_out(db: &Database) {
    let first = db.take(KEY, "a", At(1_000), TERMS).await.unwrap();
    assert_eq!(ours(&first), (1, At(61_000), None));
    for holder in ["b", "a"] {
        let taken = db.take(KEY, holder, At(2_000), TERMS).await.unwrap();
        assert_eq!(taken, LeaseAnswer::Taken { until: At(61_000) });
    }
    assert_eq!(db.renew(&fence("a", 1), At(10_000), 60_000).await.unwrap(), At(70_000));
    db.release(&fence("a", 1)).await.unwrap();
    db.release(&fence("a", 1)).await.unwrap();
    let gone = db.renew(&fence("a", 1), At(10_000), 60_000).await;
    assert!(matches!(gone, Err(StoreError::Fenced { .. })), "{gone:?}");
    // Given back cleanly: nothing to wait for.
    assert_eq!(ours(&db.take(KEY, "b", At(11_000), TERMS).await.unwrap()), (2, At(71_000), None));
    // Ran out while its holder lives: until the old end and one call more.
    assert_eq!(ours(&db.take(KEY, "c", At(71_000), TERMS).await.unwrap()), (3, At(131_000), Some(At(86_000))));
    db.release(&fence("b", 2)).await.unwrap();
    let held = db.commit(Change { fence: Some(fence("c", 3)), ..at(72_000) }).await;
    assert!(held.is_ok(), "the release of an old number must not free the lease: {held:?}");
    for bad in [fence("b", 2), fence("c", 2), fence("b", 3)] {
        let fenced = db.commit(Change { fence: Some(bad), ..at(72_000) }).await;
        assert!(matches!(fenced, Err(StoreError::Fenced { .. })), "{fenced:?}");
    }
    let late = db.commit(Change { fence: Some(fence("c", 3)), ..at(131_000) }).await;
    assert!(matches!(late, Err(StoreError::Fenced { .. })), "{late:?}");
    // Nobody took it in between: it can go on.
    assert_eq!(db.renew(&fence("c", 3), At(140_000), 60_000).await.unwrap(), At(200_000));
}

#[tokio::test]
async fn leases() {
    let place = Place::new();
    a_lease_is_held_renewed_given_back_and_runs_out(&place.open("p1").await).await;
}

#[tokio::test]
async fn a_dead_holder_is_waited_for_only_as_long_as_its_last_call() {
    let place = Place::new();
    let (dying, next) = (place.open("p1").await, place.open("p2").await);
    ours(&dying.take(KEY, "a", At(1_000), TERMS).await.unwrap());
    assert_eq!(place.beside(".lease-").len(), 1);
    assert!(matches!(next.take(KEY, "b", At(5_000), TERMS).await.unwrap(), LeaseAnswer::Taken { .. }));
    drop(dying);
    let terms = LeaseTerms { last_intent: Some(At(4_000)), ..TERMS };
    assert_eq!(ours(&next.take(KEY, "b", At(5_000), terms).await.unwrap()), (2, At(65_000), Some(At(19_000))));
    next.release(&fence("b", 2)).await.unwrap();
    assert_eq!(place.beside(".lease-"), Vec::<String>::new());
}

#[tokio::test]
async fn without_a_known_intent_the_last_journal_row_under_the_lease_counts_and_else_now() {
    let place = Place::new();
    let next = place.open("p2").await;
    for (holder, journaled, wait) in [("a", true, 6_001 + 15_000), ("b", false, 9_000 + 15_000)] {
        let dying = place.open("p1").await;
        let (number, ..) = ours(&dying.take(KEY, holder, At(1_000), TERMS).await.unwrap());
        let change = Change { fence: Some(fence(holder, number)), ..at(6_001) };
        let row = journaled.then(|| journal("r-1", 1));
        dying.commit(Change { journal: row, ..change }).await.unwrap();
        drop(dying);
        let (number, _, found) = ours(&next.take(KEY, "n", At(9_000), TERMS).await.unwrap());
        assert_eq!(found, Some(At(wait)));
        next.release(&fence("n", number)).await.unwrap();
    }
}

#[tokio::test]
async fn a_holder_that_overran_its_lease_is_not_mistaken_for_its_successor() {
    let place = Place::new();
    let (slow, next, third) = (place.open("p1").await, place.open("p2").await, place.open("p3").await);
    ours(&slow.take(KEY, "a", At(1_000), TERMS).await.unwrap());
    ours(&next.take(KEY, "b", At(70_000), TERMS).await.unwrap());
    // The slow one ends and its OS lock goes; the successor's lock is another one.
    drop(slow);
    assert!(matches!(third.take(KEY, "c", At(71_000), TERMS).await.unwrap(), LeaseAnswer::Taken { .. }));
}

/// The child of the test below: takes the lease, claims the queue rows, and waits to be killed.
#[tokio::test]
async fn child_that_is_killed() {
    let Some(dir) = env("REANCHOR_TEST_CHILD_DIR") else { return };
    let url = format!("sqlite://{dir}/bot.db");
    let db = Database::open(&url, MIGRATIONS, options("child")).await.unwrap();
    ours(&db.take(KEY, "child", At(1_000), TERMS).await.unwrap());
    db.inbox_put("slack|child", At(1_000), "{}").await.unwrap().unwrap();
    assert_eq!(db.inbox_claim("child", At(1_000), 60_000, 9).await.unwrap().len(), 1);
    db.commit(Change { outbox: vec![show("card:1", "{}", 1_000)], ..at(1_000) }).await.unwrap();
    std::fs::write(format!("{dir}/ready"), "").unwrap();
    tokio::time::sleep(std::time::Duration::from_mins(1)).await;
}

#[tokio::test]
async fn kill_9_frees_leases_and_rows_at_once() {
    let place = Place::new();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::leases::child_that_is_killed"])
        .env("REANCHOR_TEST_CHILD_DIR", place.dir.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..1_000 {
        if place.dir.path().join("ready").exists() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let db = place.open("parent").await;
    let terms = LeaseTerms { last_intent: Some(At(1_000)), ..TERMS };
    assert!(matches!(db.take(KEY, "parent", At(2_000), terms).await.unwrap(), LeaseAnswer::Taken { .. }));
    assert_eq!(db.inbox_claim("parent", At(2_000), 60_000, 9).await.unwrap(), []);
    assert_eq!(db.outbox_claim("slack", "parent", At(2_000), 60_000).await.unwrap(), []);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ours(&db.take(KEY, "parent", At(2_000), terms).await.unwrap()).2, Some(At(16_000)));
    assert_eq!(db.inbox_claim("parent", At(2_000), 60_000, 9).await.unwrap().len(), 1);
    assert_eq!(db.outbox_claim("slack", "parent", At(2_000), 60_000).await.unwrap().len(), 1);
}
