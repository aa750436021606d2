//! A power failure: of the log of the database only the beginning that was written to the disk is sure; what comes behind it
//! may be there, be missing, or break off anywhere.

use super::*;
use reanchor::ports::store::Ledger as _;

const LOG: &str = "bot.db-wal";

/// Copies a database as a failure leaves it: the log `cut` to a length, and nothing that lives in memory only.
fn after_failure(from: &Place, cut: Option<usize>) -> Place {
    let to = Place::new();
    for name in ["bot.db", "bot.db.audit-key", LOG] {
        let mut bytes = std::fs::read(from.dir.path().join(name)).unwrap();
        if let Some(cut) = cut.filter(|_| name == LOG) {
            bytes.truncate(cut);
        }
        std::fs::write(to.dir.path().join(name), bytes).unwrap();
    }
    to
}

fn length_of_log(place: &Place) -> usize {
    std::fs::read(place.dir.path().join(LOG)).unwrap().len()
}

/// How far the work on the event has come, as the next process finds it; it must be able to do it to its end.
async fn found(place: &Place) -> &'static str {
    let db = place.open("p2").await;
    db.verify().await.unwrap();
    let opened = db.case(&case(1).id).await.unwrap().is_some();
    let rows = db.inbox_claim("p2", At(9_000), 5_000, 9).await.unwrap();
    let state = match (rows.as_slice(), opened) {
        ([_], false) => "heard",
        ([_], true) => "opened",
        ([], true) => "done",
        other => panic!("{other:?}"),
    };
    if !opened {
        new_case(&db, 1).await;
    }
    for row in &rows {
        db.inbox_done(row.id, At(9_000), Durability::Now).await.unwrap();
    }
    assert_eq!(db.outbox_claim("slack", "p2", At(9_000), 5_000).await.unwrap().len(), usize::from(opened));
    db.verify().await.unwrap();
    state
}

#[tokio::test]
async fn a_power_failure_takes_an_end_of_what_is_replayed_and_the_event_is_worked_on_again() {
    let place = Place::new();
    let db = place.open("p1").await;
    db.inbox_put("slack|e", At(1_000), "{}").await.unwrap().unwrap();
    let sure = length_of_log(&place);
    let row = db.inbox_claim("p1", At(1_000), 5_000, 9).await.unwrap().remove(0);
    let opened = Change {
        cases: vec![case(1)],
        audit: vec![audit("c-000001", "opened")],
        outbox: vec![show("card:1", "v", 1_000)],
        ..at(1_000)
    };
    db.commit(Change { durability: Durability::Replayed, ..opened }).await.unwrap();
    db.inbox_done(row.id, At(1_001), Durability::Replayed).await.unwrap();
    let all = length_of_log(&place);
    assert!(sure < all, "{sure} {all}");
    // A process that is killed loses nothing: what it wrote belongs to the operating system.
    assert_eq!(found(&after_failure(&place, None)).await, "done");
    let mut seen = Vec::new();
    for cut in (sure..all).step_by(1_024).chain([all]) {
        seen.push(found(&after_failure(&place, Some(cut))).await);
    }
    seen.dedup();
    assert_eq!(seen, ["heard", "opened", "done"], "in the order in which it was written, and nothing between");
}
