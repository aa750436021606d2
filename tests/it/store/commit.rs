//! One change, one transaction; and two processes that want the same.

use super::*;
use reanchor::ports::store::{Fence, LeaseAnswer, LeaseTable, LeaseTerms, Ledger as _, SettingChange, Stored};

/// Checks that hold on both databases. `db` is empty.
pub(super) async fn everything_of_a_change_is_kept(db: &Database) {
    let first = new_case(db, 1).await;
    let change = Change {
        cases: vec![CaseRow { due_at: Some(At(9_000)), due_is_work: true, ..next(&first, "proposed") }],
        audit: vec![audit("c-000001", "proposed"), audit("bot", "note")],
        outbox: vec![show("card:c-000001", "{}", 2_000)],
        proposal: Some(proposal(1, 1)),
        ..at(2_000)
    };
    db.commit(change).await.unwrap();
    db.commit(Change { vote: Some(vote(1, "00ub")), ..at(3_000) }).await.unwrap();
    let start = Change { run: Some(run(1, "r-1")), journal: Some(journal("r-1", 1)), ..at(4_000) };
    db.commit(start).await.unwrap();

    let stored = db.case(&first.id).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.state.as_str(), stored.due_at), (2, "proposed", Some(At(9_000))));
    assert_eq!(db.proposal_by_code("code000101").await.unwrap(), Some(proposal(1, 1)));
    assert_eq!(db.proposal(&first.id, 1).await.unwrap(), Some(proposal(1, 1)));
    assert_eq!(db.votes(&first.id, 1).await.unwrap(), [vote(1, "00ub")]);
    assert_eq!(db.open_runs().await.unwrap(), [run(1, "r-1")]);
    assert_eq!(db.journal(&RunId::new("r-1")).await.unwrap(), [journal("r-1", 1)]);
    assert_eq!(db.next_due_work().await.unwrap(), Some(At(9_000)));
    assert_eq!(db.cases_due(At(8_999), 9).await.unwrap(), []);
    assert_eq!(db.cases_due(At(9_000), 9).await.unwrap().len(), 1);
    assert_eq!(db.outbox_waiting(At(2_000)).await.unwrap(), 1);

    let unvote = Change { unvote: Some((first.id.clone(), 1, "00ub".to_owned())), ..at(5_000) };
    db.commit(unvote.clone()).await.unwrap();
    assert_eq!(db.votes(&first.id, 1).await.unwrap(), []);
    assert!(is_stale(db.commit(unvote).await).contains("00ub"));
    let end = Change { run_ended: Some(RunId::new("r-1")), ..at(5_000) };
    db.commit(end.clone()).await.unwrap();
    assert!(is_stale(db.commit(end).await).contains("r-1"));
    assert_eq!(db.open_runs().await.unwrap(), []);
    assert!(db.run(&RunId::new("r-1")).await.unwrap().unwrap().ended);
    assert!(db.case(&CaseId::new("c-none")).await.unwrap().is_none());
    assert!(db.proposal_by_code("none").await.unwrap().is_none());
}

/// Every refusal leaves nothing behind. `db` is empty.
pub(super) async fn a_refused_change_leaves_nothing(db: &Database) {
    let first = new_case(db, 1).await;
    db.commit(Change { proposal: Some(proposal(1, 1)), vote: Some(vote(1, "00ub")), ..at(2_000) }).await.unwrap();
    db.commit(Change { run: Some(run(1, "r-1")), journal: Some(journal("r-1", 1)), ..at(3_000) }).await.unwrap();
    let with = |mut change: Change| {
        change.cases.push(next(&first, "lost"));
        change.audit.push(audit("c-000001", "lost"));
        change.outbox.push(show("card:c-000001", "lost", 0));
        change
    };
    let again = Change { cases: vec![CaseRow { id: CaseId::new("c-000002"), ..case(1) }], ..at(4_000) };
    assert_eq!(is_duplicate(db.commit(again).await), "case");
    let old = Change { cases: vec![CaseRow { version: 3, ..case(1) }], ..at(4_000) };
    assert_eq!(is_stale(db.commit(old).await), "case c-000001");
    assert_eq!(is_duplicate(db.commit(with(Change { vote: Some(vote(1, "00ub")), ..at(4_000) })).await), "vote");
    assert_eq!(is_duplicate(db.commit(with(Change { run: Some(run(1, "r-2")), ..at(4_000) })).await), "run");
    let same = Change { proposal: Some(proposal(1, 1)), ..at(4_000) };
    assert_eq!(is_duplicate(db.commit(with(same)).await), "proposal");
    let row = Change { journal: Some(journal("r-1", 1)), ..at(4_000) };
    assert_eq!(is_duplicate(db.commit(with(row)).await), "journal row 1 of run r-1");
    let gap = db.commit(with(Change { journal: Some(journal("r-1", 3)), ..at(4_000) })).await;
    assert!(matches!(gap, Err(StoreError::Inconsistent { table: "journal", .. })), "{gap:?}");
    let other = Change { proposal: Some(ProposalRow { plan: "{}".to_owned(), ..proposal(1, 2) }), ..at(4_000) };
    let other = db.commit(with(other)).await;
    assert!(matches!(other, Err(StoreError::Inconsistent { table: "plans", .. })), "{other:?}");
    let fence = Fence { key: "subject:00u1".to_owned(), holder: "me".to_owned(), number: 1 };
    let fenced = db.commit(with(Change { fence: Some(fence), ..at(4_000) })).await;
    assert!(matches!(fenced, Err(StoreError::Fenced { .. })), "{fenced:?}");
    assert_eq!(
        is_duplicate(db.commit(with(Change { inbox_done: Some(7), ..at(4_000) })).await),
        "the handling of inbox row 7"
    );

    assert_eq!(db.case(&first.id).await.unwrap(), Some(first));
    assert_eq!(db.outbox_waiting(At(9_999)).await.unwrap(), 0);
    assert_eq!(db.cases(false, 9).await.unwrap().len(), 1);
}

/// `db` is empty.
pub(super) async fn settings_are_compared_and_set(db: &Database) {
    let set = |expect: Option<&str>, value: Option<&str>| {
        let [expect, value] = [expect, value].map(|v| v.map(str::to_owned));
        db.commit(Change { setting: Some(SettingChange { key: "freeze".to_owned(), expect, value }), ..at(1) })
    };
    assert_eq!(db.setting("freeze").await.unwrap(), None);
    set(None, None).await.unwrap();
    set(None, Some("on")).await.unwrap();
    assert_eq!(is_stale(set(None, Some("on")).await), "setting freeze");
    assert_eq!(is_stale(set(Some("off"), None).await), "setting freeze");
    set(Some("on"), Some("on")).await.unwrap();
    assert_eq!(db.setting("freeze").await.unwrap().as_deref(), Some("on"));
    set(Some("on"), None).await.unwrap();
    assert_eq!(db.setting("freeze").await.unwrap(), None);
    set(None, Some("again")).await.unwrap();
}

/// `db` is empty.
pub(super) async fn cases_are_found_in_the_order_they_were_opened(db: &Database) {
    for n in [3, 1, 2] {
        new_case(db, n).await;
    }
    let second = CaseRow {
        id: CaseId::new("c-000009"),
        origin_key: "slack|C1|1|okta-admin|2".to_owned(),
        subject_key: Some("t|a|00u3".to_owned()),
        ..case(1)
    };
    db.commit(Change { cases: vec![second], ..at(1_000) }).await.unwrap();
    let ids = |rows: Vec<CaseRow>| rows.into_iter().map(|row| row.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(db.cases(false, 99).await.unwrap()), ["c-000003", "c-000001", "c-000002", "c-000009"]);
    assert_eq!(ids(db.cases(false, 1).await.unwrap()), ["c-000009"], "the newest");
    assert_eq!(ids(db.cases_of_message("slack|C1|1|").await.unwrap()), ["c-000001", "c-000009"]);
    assert_eq!(db.open_case_about("t|a|00u3").await.unwrap().unwrap().id.as_str(), "c-000003");
    db.commit(Change { cases: vec![CaseRow { open: false, ..next(&case(3), "closed") }], ..at(2_000) }).await.unwrap();
    assert_eq!(db.open_case_about("t|a|00u3").await.unwrap().unwrap().id.as_str(), "c-000009");
    assert_eq!(db.cases(true, 99).await.unwrap().len(), 3);
    assert!(db.open_case_about("t|a|nobody").await.unwrap().is_none());
}

/// Of everything that only one may do, exactly one of two processes does it. Both databases are empty.
pub(super) async fn exactly_one_wins(a: &Database, b: &Database) {
    let one = |x: Stored<()>, y: Stored<()>| assert!(x.is_ok() != y.is_ok(), "{x:?} {y:?}");
    for n in 1..=8 {
        let open = |id: &str| Change {
            cases: vec![CaseRow { id: CaseId::new(id), ..case(n) }],
            audit: vec![audit("bot", "opened")],
            ..at(1_000)
        };
        let (id_a, id_b) = (format!("c-a{n}"), format!("c-b{n}"));
        let (x, y) = tokio::join!(a.commit(open(&id_a)), b.commit(open(&id_b)));
        let id = CaseId::new(if x.is_ok() { id_a } else { id_b });
        one(x, y);
        let moved = Change { cases: vec![CaseRow { id, ..next(&case(n), "looked_up") }], ..at(2_000) };
        let (x, y) = tokio::join!(a.commit(moved.clone()), b.commit(moved));
        one(x, y);
        let voted = Change { vote: Some(vote(n, "00ub")), audit: vec![audit("bot", "vote")], ..at(3_000) };
        let (x, y) = tokio::join!(a.commit(voted.clone()), b.commit(voted));
        one(x, y);
        let start = |id: String| Change { run: Some(run(n, &id)), ..at(3_000) };
        let (x, y) = tokio::join!(a.commit(start(format!("r-a{n}"))), b.commit(start(format!("r-b{n}"))));
        one(x, y);
        let key = format!("subject:00u{n}");
        let terms = LeaseTerms { lease_ms: 60_000, call_timeout_ms: 15_000, last_intent: None };
        let (x, y) = tokio::join!(a.take(&key, "a", At(1_000), terms), b.take(&key, "b", At(1_000), terms));
        let ours = [x.unwrap(), y.unwrap()].iter().filter(|l| matches!(l, LeaseAnswer::Ours { .. })).count();
        assert_eq!(ours, 1);
    }
    assert_eq!(a.open_runs().await.unwrap().len(), 8);
}

#[tokio::test]
async fn a_change_is_all_or_nothing() {
    let place = Place::new();
    everything_of_a_change_is_kept(&place.open("p1").await).await;
    let place = Place::new();
    a_refused_change_leaves_nothing(&place.open("p1").await).await;
}

#[tokio::test]
async fn settings_and_cases() {
    let place = Place::new();
    let db = place.open("p1").await;
    settings_are_compared_and_set(&db).await;
    cases_are_found_in_the_order_they_were_opened(&db).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_on_one_file_exactly_one_wins() {
    let place = Place::new();
    let (a, b) = (place.open("p1").await, place.open("p2").await);
    exactly_one_wins(&a, &b).await;
    assert_eq!(a.verify().await.unwrap(), 16);
}

#[tokio::test]
async fn a_finished_inbox_row_is_handled_once() {
    let place = Place::new();
    let db = place.open("p1").await;
    let id = db.inbox_put("slack|e1", At(1), "{}").await.unwrap().unwrap();
    let change = Change { cases: vec![case(1)], inbox_done: Some(id), ..at(2) };
    db.commit(change).await.unwrap();
    let change = Change { cases: vec![case(2)], inbox_done: Some(id), ..at(2) };
    assert!(is_duplicate(db.commit(change).await).contains("inbox row"));
    assert_eq!(db.cases(false, 9).await.unwrap().len(), 1);
}

/// A web server drops the work of a client that went away, at any point of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_is_dropped_half_way_leaves_no_transaction_open() {
    let place = Place::new();
    let (db, other) = (place.open("p1").await, place.open("p2").await);
    for n in 0..150 {
        let change = Change { cases: vec![case(n)], audit: vec![audit("bot", "opened")], ..at(1_000) };
        let limit = std::time::Duration::from_micros(20 * u64::try_from(n).unwrap());
        drop(tokio::time::timeout(limit, db.commit(change)).await);
    }
    let soon = std::time::Duration::from_secs(2);
    for db in [&db, &other] {
        let change = Change { audit: vec![audit("bot", "after")], ..at(2_000) };
        tokio::time::timeout(soon, db.commit(change)).await.unwrap().unwrap();
    }
    let cases = db.cases(false, 999).await.unwrap().len();
    assert_eq!(db.verify().await.unwrap(), i64::try_from(cases).unwrap() + 2);
}
