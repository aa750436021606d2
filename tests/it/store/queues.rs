//! Inbox and outbox.

use super::*;
use reanchor::domain::time::DAY;

/// `db` is empty; its instance id is `p1`.
pub(super) async fn an_event_is_stored_once_however_many_put_it(db: &Database) {
    let mut puts = tokio::task::JoinSet::new();
    for n in 0..200 {
        let db = db.clone();
        // Every key twice.
        puts.spawn(async move { db.inbox_put(&format!("slack|{}", n / 2), At(1_000), "{}").await.unwrap() });
    }
    let mut ids: Vec<i64> = puts.join_all().await.into_iter().flatten().collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 100);
    let claimed = db.inbox_claim("p1", At(1_000), 5_000, 30).await.unwrap();
    assert_eq!(claimed.len(), 30);
    assert!(claimed.windows(2).all(|pair| pair[0].id < pair[1].id));
    assert_eq!(db.inbox_claim("p1", At(1_000), 5_000, 999).await.unwrap().len(), 70);
    assert_eq!(db.inbox_claim("p1", At(1_000), 5_000, 999).await.unwrap(), []);
    db.inbox_done(claimed[0].id, At(1_001), Durability::Now).await.unwrap();
    db.inbox_done(claimed[0].id, At(1_001), Durability::Now).await.unwrap();
    assert_eq!(db.inbox_claim("p1", At(6_000), 5_000, 999).await.unwrap().len(), 99);
    assert_eq!(db.inbox_put(&claimed[0].key, At(6_000), "{}").await.unwrap(), None);
}

/// `db` is an empty SQLite file. Whoever posted or clicked waits for the store; a case that is worked on can wait.
pub(super) async fn an_event_does_not_queue_behind_the_work_on_cases(db: &Database) {
    const WRITERS: usize = 200;
    let done = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..WRITERS {
        let (db, done) = (db.clone(), Arc::clone(&done));
        writers.spawn(async move {
            db.commit(Change { outbox: vec![show(&format!("card:{n}"), "v1", 1_000)], ..at(1_000) }).await.unwrap();
            done.fetch_add(1, Ordering::SeqCst);
        });
    }
    // All of them are in the queue before the event comes.
    while done.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let before = done.load(Ordering::SeqCst);
    db.inbox_put("slack|e", At(1_000), "{}").await.unwrap().unwrap();
    let passed = done.load(Ordering::SeqCst) - before;
    assert!(passed < WRITERS / 4, "{passed} of {WRITERS} were done first");
    writers.join_all().await;
}

/// Both are empty and live.
pub(super) async fn rows_of_a_living_process_are_left_to_it_for_a_while(a: &Database, b: &Database) {
    a.inbox_put("slack|e", At(1_000), "{}").await.unwrap().unwrap();
    a.commit(Change { outbox: vec![show("card:1", "v1", 1_000)], ..at(1_000) }).await.unwrap();
    assert_eq!(b.inbox_claim("p2", At(5_999), 5_000, 9).await.unwrap(), []);
    assert_eq!(b.outbox_claim("slack", "p2", At(5_999), 5_000).await.unwrap(), []);
    assert_eq!(b.inbox_claim("p2", At(6_000), 5_000, 9).await.unwrap().len(), 1);
    assert_eq!(b.outbox_claim("slack", "p2", At(6_000), 5_000).await.unwrap().len(), 1);
    assert_eq!(a.inbox_claim("p1", At(10_999), 5_000, 9).await.unwrap(), []);
    assert_eq!(a.outbox_claim("slack", "p1", At(10_999), 5_000).await.unwrap(), []);
    assert_eq!(a.inbox_claim("p1", At(11_000), 5_000, 9).await.unwrap().len(), 1);
    assert_eq!(a.outbox_claim("slack", "p1", At(11_000), 5_000).await.unwrap().len(), 1);
}

/// `db` is empty; its instance id is `p1`.
pub(super) async fn a_later_row_of_a_key_replaces_an_unsent_one_and_edits_a_sent_one(db: &Database) {
    let put = |body: &'static str, due: i64| db.commit(Change { outbox: vec![show("card:1", body, due)], ..at(1_000) });
    let claim = |now: i64| db.outbox_claim("slack", "p1", At(now), 5_000);
    put("v1", 1_000).await.unwrap();
    put("v2", 1_000).await.unwrap();
    assert_eq!(db.outbox_waiting(At(1_000)).await.unwrap(), 1);
    assert_eq!(db.outbox_claim("teams", "p1", At(1_000), 5_000).await.unwrap(), []);
    let second = claim(1_000).await.unwrap();
    assert_eq!((second[0].row.body.as_str(), second[0].attempts, &second[0].posted), ("v2", 0, &None));
    // While it is being sent a newer body waits, and does not change what "sent" means.
    put("v3", 1_000).await.unwrap();
    put("v4", 1_000).await.unwrap();
    assert_eq!(claim(1_500).await.unwrap(), []);
    db.outbox_sent(second[0].id, "C1/17.5", At(1_500)).await.unwrap();
    let fourth = claim(1_500).await.unwrap();
    assert_eq!((fourth[0].row.body.as_str(), fourth[0].posted.as_deref()), ("v4", Some("C1/17.5")));
    // Put back: not before its time, with the count of tries.
    db.outbox_retry(fourth[0].id, At(3_000), "slack answered 500", Attempt::Made).await.unwrap();
    assert_eq!(claim(2_999).await.unwrap(), []);
    let again = claim(3_000).await.unwrap();
    assert_eq!((again[0].row.body.as_str(), again[0].attempts), ("v4", 1));
    // Put back while a newer one waits: the newer takes its place.
    put("v5", 1_000).await.unwrap();
    db.outbox_retry(again[0].id, At(3_500), "slack answered 500", Attempt::Made).await.unwrap();
    assert_eq!(db.outbox_waiting(At(9_999)).await.unwrap(), 1);
    let fifth = claim(3_001).await.unwrap();
    assert_eq!(fifth[0].row.body, "v5");
    // A claim that ran out is given out again, and a newer row goes first.
    put("v6", 1_000).await.unwrap();
    let sixth = claim(9_000).await.unwrap();
    assert_eq!((sixth.len(), sixth[0].row.body.as_str()), (1, "v6"));
    db.outbox_sent(sixth[0].id, "C1/18", At(9_001)).await.unwrap();
    db.outbox_sent(fifth[0].id, "C1/late", At(9_002)).await.unwrap();
    assert_eq!(db.outbox_waiting(At(99_999)).await.unwrap(), 0);
    put("v7", 10_000).await.unwrap();
    assert_eq!(claim(9_999).await.unwrap(), []);
    assert_eq!(claim(10_000).await.unwrap()[0].posted.as_deref(), Some("C1/18"));
}

/// `db` is empty; its instance id is `p1`.
pub(super) async fn who_takes_a_begun_post_up_again_is_told_so(db: &Database) {
    let put = |key: &'static str| db.commit(Change { outbox: vec![show(key, "v", 1_000)], ..at(1_000) });
    let claim = async |now: i64| {
        let claimed = db.outbox_claim("slack", "p1", At(now), 5_000).await.unwrap();
        let [one] = claimed.try_into().expect("one row is due");
        one
    };
    put("card:1#a").await.unwrap();
    let first = claim(1_000).await;
    assert_eq!((first.uncertain, &first.posted), (false, &None), "nobody tried before");
    // The surface was not reached: as if nothing had been.
    db.outbox_retry(first.id, At(1_000), "wait", Attempt::NotMade).await.unwrap();
    let second = claim(1_000).await;
    assert_eq!((second.uncertain, second.attempts), (false, 0));
    // The claim ran out, as after a crash: the post may be there.
    let third = claim(6_000).await;
    assert_eq!((third.uncertain, third.attempts, &third.posted), (true, 1, &None));
    db.outbox_retry(third.id, At(6_000), "timeout", Attempt::Made).await.unwrap();
    // A newer body of the same thing takes the place of the row, not of the doubt.
    put("card:1#a").await.unwrap();
    let fourth = claim(6_000).await;
    assert_eq!((fourth.uncertain, fourth.attempts), (true, 0));
    db.outbox_sent(fourth.id, "C1/17", At(6_000)).await.unwrap();
    put("card:1#b").await.unwrap();
    let fifth = claim(6_000).await;
    assert_eq!((fifth.uncertain, fifth.posted.as_deref()), (false, Some("C1/17")));
    // An attempt that was not made never forgets where the thing stands.
    db.outbox_retry(fifth.id, At(6_000), "wait", Attempt::NotMade).await.unwrap();
    assert_eq!(claim(6_000).await.posted.as_deref(), Some("C1/17"));
}

#[tokio::test]
async fn begun_posts() {
    let place = Place::new();
    who_takes_a_begun_post_up_again_is_told_so(&place.open("p1").await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inbox() {
    let place = Place::new();
    an_event_is_stored_once_however_many_put_it(&place.open("p1").await).await;
    let place = Place::new();
    rows_of_a_living_process_are_left_to_it_for_a_while(&place.open("p1").await, &place.open("p2").await).await;
    let place = Place::new();
    an_event_does_not_queue_behind_the_work_on_cases(&place.open("p1").await).await;
}

#[tokio::test]
async fn outbox() {
    let place = Place::new();
    a_later_row_of_a_key_replaces_an_unsent_one_and_edits_a_sent_one(&place.open("p1").await).await;
}

#[tokio::test]
async fn rows_of_a_dead_process_are_taken_over_at_once_and_posts_survive() {
    let place = Place::new();
    let dying = place.open("p1").await;
    let claimed = dying.inbox_put("slack|1", At(1_000), "{}").await.unwrap().unwrap();
    assert_eq!(dying.inbox_claim("worker", At(1_000), 60_000, 9).await.unwrap().len(), 1);
    dying.inbox_put("slack|2", At(1_000), "{}").await.unwrap().unwrap();
    dying.commit(Change { outbox: vec![show("card:1", "v1", 1_000)], ..at(1_000) }).await.unwrap();
    let sent = dying.outbox_claim("slack", "p1", At(1_000), 60_000).await.unwrap();
    dying.outbox_sent(sent[0].id, "C1/17", At(1_000)).await.unwrap();
    let both = vec![show("card:1", "v2", 1_000), show("card:2", "v1", 1_000)];
    dying.commit(Change { outbox: both, ..at(1_000) }).await.unwrap();
    dying.outbox_claim("slack", "p1", At(1_000), 60_000).await.unwrap();
    dying.commit(Change { outbox: vec![show("card:3", "v1", 1_000)], ..at(1_000) }).await.unwrap();

    let next = place.open("p2").await;
    assert_eq!(next.inbox_claim("p2", At(1_000), 60_000, 9).await.unwrap(), []);
    drop(dying);
    let rows = next.inbox_claim("p2", At(1_000), 60_000, 9).await.unwrap();
    assert_eq!((rows.len(), rows[0].id), (2, claimed));
    let cards = next.outbox_claim("slack", "p2", At(1_000), 60_000).await.unwrap();
    let seen: Vec<_> = cards.iter().map(|c| (c.row.key.as_str(), c.posted.as_deref(), c.attempts)).collect();
    assert_eq!(seen, [("card:1", Some("C1/17"), 1), ("card:2", None, 1), ("card:3", None, 0)]);
}

#[tokio::test]
async fn a_stored_event_is_there_for_another_process_as_soon_as_put_returns() {
    let place = Place::new();
    let (writer, reader) = (place.open("p1").await, place.open("p2").await);
    for n in 0..5 {
        writer.inbox_put(&format!("slack|{n}"), At(1_000), "{}").await.unwrap().unwrap();
        assert_eq!(reader.inbox_put(&format!("slack|{n}"), At(1_000), "{}").await.unwrap(), None);
    }
}

/// Done or not, and however old the end is: an event is kept for a day.
pub(super) async fn events_are_deleted_after_a_day(db: &Database) {
    let old = db.inbox_put("slack|old", At(1_000), "{}").await.unwrap().unwrap();
    db.inbox_put("slack|waits", At(1_000), "{}").await.unwrap().unwrap();
    db.inbox_put("slack|later", At(1_001), "{}").await.unwrap().unwrap();
    let later = db.inbox_put("slack|later and done", At(1_001), "{}").await.unwrap().unwrap();
    for id in [old, later] {
        db.inbox_done(id, At(DAY), Durability::Now).await.unwrap();
    }
    assert_eq!(db.sweep(At(1_000 + DAY)).await.unwrap(), 0);
    assert_eq!(db.sweep(At(1_001 + DAY)).await.unwrap(), 2);
    for (key, new) in [("later", false), ("later and done", false), ("old", true), ("waits", true)] {
        assert_eq!(db.inbox_put(&format!("slack|{key}"), At(1_001), "{}").await.unwrap().is_some(), new, "{key}");
    }
    // By itself, when the next event comes a day later.
    db.inbox_put("slack|new", At(1_002 + DAY), "{}").await.unwrap().unwrap();
    let keys: Vec<_> = db.inbox_claim("p1", At(2 * DAY), 1, 9).await.unwrap().into_iter().map(|r| r.key).collect();
    assert_eq!(keys, ["slack|new"]);
    assert_eq!(db.sweep(At(1_002 + DAY)).await.unwrap(), 0);
}

#[tokio::test]
async fn the_age_of_events() {
    let place = Place::new();
    events_are_deleted_after_a_day(&place.open("p1").await).await;
}
