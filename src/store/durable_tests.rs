//! What a power failure may take of each kind of write, asked of SQLite itself inside each transaction; and how much is
//! written before an event is acknowledged.

use super::*;
use crate::ports::store::{AuditRow, Durability, OutboxRow, SettingChange};

/// `PRAGMA synchronous`: FULL writes the log to the disk at each commit, NORMAL does not.
const FULL: i64 = 2;
const NORMAL: i64 = 1;

struct Sevens;

impl Fresh for Sevens {
    fn bytes(&self) -> [u8; 16] {
        [7; 16]
    }
}

async fn open(dir: &tempfile::TempDir) -> Database {
    let migrations = crate::config::embedded::MIGRATIONS;
    let options = Options { instance: "p1".to_owned(), audit_key: None, fresh: Arc::new(Sevens) };
    Database::open(&format!("sqlite://{}/bot.db", dir.path().display()), migrations, options).await.unwrap()
}

/// How the write transactions since the last call were made.
fn seen(db: &Database) -> Vec<i64> {
    std::mem::take(&mut *db.core.seen.lock().unwrap())
}

fn change() -> Change {
    Change { at: At(1_000), ..Change::default() }
}

fn case() -> CaseRow {
    CaseRow {
        id: CaseId::new("c-1"),
        version: 1,
        state: "heard".to_owned(),
        open: true,
        subject_key: None,
        surface: "slack".to_owned(),
        channel: "C1".to_owned(),
        origin_key: "slack|C1|1|upn-conflict|0".to_owned(),
        due_at: None,
        due_is_work: false,
        created_at: At(1_000),
        body: "{}".to_owned(),
    }
}

fn show(key: &str) -> OutboxRow {
    OutboxRow { key: key.to_owned(), surface: "slack".to_owned(), due_at: At(1_000), body: "{}".to_owned() }
}

#[tokio::test]
async fn what_is_acknowledged_decided_or_shown_is_on_the_disk_first() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    seen(&db);
    // Whoever clicked or typed is told that it was taken.
    // The first takes row numbers; the next one is a single statement; many that wait are stored together.
    for n in 0..3 {
        db.inbox_put(&format!("slack|{n}"), At(1_000), "{}").await.unwrap().unwrap();
    }
    assert_eq!(seen(&db), [FULL; 3], "an event is acknowledged after this");
    let many = futures_util::future::join_all((0..9).map(|n| {
        let db = db.clone();
        async move { db.inbox_put(&format!("slack|many {n}"), At(1_000), "{}").await.unwrap() }
    }));
    assert_eq!(many.await.into_iter().flatten().count(), 9);
    let levels = seen(&db);
    assert!(levels.iter().all(|level| *level == FULL) && levels.len() < 9, "{levels:?}");
    db.commit(Change { cases: vec![case()], outbox: vec![show("card:c-1")], ..change() }).await.unwrap();
    assert_eq!(seen(&db), [FULL], "a change about which nothing is said");
    let claimed = db.outbox_claim("slack", "p1", At(1_000), 5_000).await.unwrap();
    assert_eq!((claimed.len(), seen(&db)), (1, vec![FULL]), "a post is made after this");
    db.outbox_sent(claimed[0].id, "C1/1", At(1_000)).await.unwrap();
    assert_eq!(seen(&db), [FULL], "where a post stands");
    let terms = LeaseTerms { lease_ms: 60_000, call_timeout_ms: 15_000, last_intent: None };
    let taken = db.take("subject:00u1", "p1", At(1_000), terms).await.unwrap();
    let LeaseAnswer::Ours { number, .. } = taken else { panic!("{taken:?}") };
    let fence = Fence { key: "subject:00u1".to_owned(), holder: "p1".to_owned(), number };
    db.renew(&fence, At(2_000), 60_000).await.unwrap();
    db.release(&fence).await.unwrap();
    assert_eq!(seen(&db), [FULL; 3], "leases");
    db.checkpoint(At(1_000)).await.unwrap();
    db.sweep(At(1_000)).await.unwrap();
    assert_eq!(seen(&db), [FULL; 2], "seals, and what must be gone");
}

#[tokio::test]
async fn what_was_decided_or_done_is_never_left_to_a_replay() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    let case = || CaseId::new("c-1");
    let run = || RunId::new("r-1");
    let digest = || "d".to_owned();
    let proposal =
        ProposalRow { case: case(), number: 1, digest: digest(), code: digest(), plan: "{}".to_owned(), at: At(1_000) };
    let vote = VoteRow { case: case(), number: 1, voter: "00u1".to_owned(), digest: digest(), at: At(1_000) };
    let begun = RunRow {
        id: run(),
        case: case(),
        number: 1,
        digest: digest(),
        grant: "{}".to_owned(),
        at: At(1_000),
        ended: false,
    };
    let row = JournalRow { run: run(), seq: 1, at: At(1_000), body: "{}".to_owned() };
    let fence = Fence { key: "subject:00u1".to_owned(), holder: "p1".to_owned(), number: 1 };
    let setting = SettingChange { key: "freeze".to_owned(), expect: None, value: Some("on".to_owned()) };
    for (what, change) in [
        ("a proposal", Change { proposal: Some(proposal), ..change() }),
        ("a vote", Change { vote: Some(vote), ..change() }),
        ("a vote taken back", Change { unvote: Some((case(), 1, "00u1".to_owned())), ..change() }),
        ("a run", Change { run: Some(begun), ..change() }),
        ("an intent, or any other row of a journal", Change { journal: Some(row), ..change() }),
        ("the end of a run", Change { run_ended: Some(run()), ..change() }),
        ("what is written under a lease", Change { fence: Some(fence), ..change() }),
        ("a setting, as the kill switch", Change { setting: Some(setting), ..change() }),
    ] {
        seen(&db);
        // Some of them are refused here; how they would have been written shows all the same.
        drop(db.commit(Change { durability: Durability::Replayed, ..change }).await);
        assert_eq!(seen(&db), [FULL], "{what}");
    }
}

#[tokio::test]
async fn what_is_replayed_is_written_without_waiting_for_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    let id = db.inbox_put("slack|e", At(1_000), "{}").await.unwrap().unwrap();
    seen(&db);
    assert_eq!(db.inbox_claim("p1", At(1_000), 5_000, 9).await.unwrap().len(), 1);
    assert_eq!(seen(&db), [NORMAL], "a claim: after a power failure there is nobody left whom it could hold off");
    let audit = AuditRow {
        chain: "c-1".to_owned(),
        actor: "bot".to_owned(),
        kind: "opened".to_owned(),
        payload: "{}".to_owned(),
    };
    let opened = Change { cases: vec![case()], audit: vec![audit], outbox: vec![show("card:c-1")], ..change() };
    db.commit(Change { durability: Durability::Replayed, ..opened }).await.unwrap();
    assert_eq!(seen(&db), [NORMAL], "a case that is opened from the inbox");
    db.inbox_done(id, At(1_000), Durability::Replayed).await.unwrap();
    db.inbox_done(id, At(1_000), Durability::Now).await.unwrap();
    assert_eq!(seen(&db), [NORMAL, FULL]);
    let claimed = db.outbox_claim("slack", "p1", At(1_000), 5_000).await.unwrap();
    seen(&db);
    db.outbox_retry(claimed[0].id, At(2_000), "wait", Attempt::NotMade).await.unwrap();
    assert_eq!(seen(&db), [NORMAL], "a post that was not made");
    // Whoever reads sees it at once, on every connection.
    assert!(db.case(&CaseId::new("c-1")).await.unwrap().is_some());
}

/// How many pages the log holds: each is written with 24 bytes before it.
fn pages(dir: &tempfile::TempDir) -> u64 {
    std::fs::metadata(dir.path().join("bot.db-wal")).unwrap().len() / (4096 + 24)
}

/// What a report puts into the inbox.
fn report(n: usize) -> (String, String) {
    (format!("slack|m|C0PROVISION|1764000000.{n:06}"), format!("{{\"n\":{n},\"text\":\"{}\"}}", "x".repeat(800)))
}

#[tokio::test]
async fn a_report_costs_the_log_three_pages_before_it_is_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    let log = || pages(&dir);
    let mut costs = Vec::new();
    for n in 0..100 {
        let ((key, body), before) = (report(n), log());
        let id = db.inbox_put(&key, At(1_000), &body).await.unwrap().unwrap();
        costs.push(log() - before);
        if n % 2 == 0 {
            db.inbox_done(id, At(1_000), Durability::Replayed).await.unwrap();
        }
    }
    // The table, the keys, what waits; now and then a page is full and a new one is begun.
    let mut last = costs.split_off(60);
    last.sort_unstable();
    assert_eq!((last[0], last[20]), (3, 3), "{last:?}");
    assert!(last.iter().sum::<u64>() <= 4 * 40, "{last:?}");
}

#[tokio::test]
async fn a_claim_writes_what_it_takes_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    db.inbox_put("slack|e", At(1_000), "{}").await.unwrap().unwrap();
    let before = pages(&dir);
    assert_eq!(db.inbox_claim("p1", At(1_000), 5_000, 9).await.unwrap().len(), 1);
    assert_eq!(pages(&dir) - before, 1, "the page of the row");
    db.commit(Change { outbox: vec![show("card:c-1")], ..change() }).await.unwrap();
    let before = pages(&dir);
    assert_eq!(db.outbox_claim("slack", "p1", At(1_000), 5_000).await.unwrap().len(), 1);
    assert_eq!(pages(&dir) - before, 3, "the page of the row, and the mark that it is begun with its index");
}

#[tokio::test]
async fn what_waits_and_what_is_old_is_found_without_reading_the_table() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir).await;
    let [old, old_waiting] = writer::SWEEP;
    for (sql, plan) in [
        (inbox::FINISH, "SEARCH inbox USING INDEX inbox_waiting (id=?)"),
        (inbox::CLAIM, "SEARCH inbox USING INDEX inbox_waiting (id=?)"),
        (inbox::CLAIM, "SCAN inbox USING INDEX inbox_waiting"),
        (old, "SEARCH inbox USING INDEX inbox_done (at<?)"),
        (old_waiting, "SCAN inbox USING INDEX inbox_waiting"),
    ] {
        let ask = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(ask).fetch_all(&db.core.pool).await.unwrap();
        assert!(steps.iter().any(|step| step.3 == plan), "{sql}: {steps:?}");
        assert!(steps.iter().all(|step| step.3 != "SCAN inbox"), "{sql}: {steps:?}");
    }
}
