//! Erasing a case: what is stored under its id or speaks of its people is gone, other cases and the proof stay.

use super::*;
use reanchor::ports::store::{Ledger as _, Scrub};

/// What must not be found any more.
const NAME: &str = "zoe.marlowe@x.example";

/// A case that was voted on and has run, whose every row names somebody; another one; and a look-up of the same person.
async fn story(db: &Database, ended: bool) -> CaseRow {
    let named = |text: &str| format!("{{\"what\":\"{text}\",\"who\":\"{}\"}}", NAME.to_uppercase());
    let put = db.inbox_put("e1", At(900), &named("pasted")).await.unwrap().unwrap();
    let waiting = db.inbox_put("e2", At(901), &named("not worked on yet")).await.unwrap();
    assert!(waiting.is_some());
    let first = CaseRow { body: named("opened"), ..case(1) };
    let opened = AuditRow { payload: named("opened"), ..audit("c-000001", "opened") };
    db.commit(Change { cases: vec![first.clone()], audit: vec![opened], inbox_done: Some(put), ..at(1_000) })
        .await
        .unwrap();
    let plan = ProposalRow { plan: named("plan"), ..proposal(1, 1) };
    db.commit(Change { proposal: Some(plan), ..at(2_000) }).await.unwrap();
    let run = RunRow { grant: named("grant"), ..run(1, "r-1") };
    db.commit(Change { vote: Some(vote(1, "00u2")), run: Some(run), ..at(3_000) }).await.unwrap();
    let row = JournalRow { body: named("wrote"), ..journal("r-1", 1) };
    db.commit(Change { journal: Some(row), ..at(4_000) }).await.unwrap();
    if ended {
        db.commit(Change { run_ended: Some(RunId::new("r-1")), ..at(4_500) }).await.unwrap();
    }
    let last = CaseRow { open: false, body: named("closed"), ..next(&first, "closed") };
    let outbox = vec![
        show("card:c-000001#closed", &named("card"), 5_000),
        show("note:1", &named("a line about c-000001"), 5_000),
        show("card:c-000002#heard", &named("follows c-000001"), 5_000),
    ];
    db.commit(Change { cases: vec![last.clone()], outbox, ..at(5_000) }).await.unwrap();
    let other = CaseRow { body: named("another"), ..case(2) };
    let bot = AuditRow { chain: "bot".to_owned(), payload: named("lookup"), ..audit("bot", "lookup") };
    let quiet = audit("bot", "freeze");
    db.commit(Change { cases: vec![other], audit: vec![audit("c-000002", "opened"), bot, quiet], ..at(6_000) })
        .await
        .unwrap();
    db.checkpoint(At(6_500)).await.unwrap().unwrap();
    last
}

fn wish(last: &CaseRow) -> Erasure {
    let gone = CaseRow { subject_key: None, body: "{}".to_owned(), ..next(last, "closed") };
    let card = show("card:c-000001#closed", "{\"erased\":true}", 7_000);
    Erasure {
        names: vec![NAME.to_owned()],
        change: Change { cases: vec![gone], outbox: vec![card], ..at(7_000) },
        ..erasure("c-000001", 7_000)
    }
}

pub(super) async fn everything_of_one_case_is_gone_and_nothing_else(db: &Database) {
    let last = story(db, true).await;
    let erased = db.erase(&wish(&last)).await.unwrap();
    let counts =
        [erased.payloads, erased.mentions, erased.plans, erased.votes, erased.runs, erased.posts, erased.waiting];
    assert_eq!(counts, [1, 1, 1, 1, 1, 2, 1], "{erased:?}");
    assert_eq!(erased.elsewhere, [CaseId::new("c-000002")]);
    let row = db.case(&CaseId::new("c-000001")).await.unwrap().unwrap();
    assert_eq!((row.body.as_str(), row.state.as_str(), row.subject_key), ("{}", "closed", None));
    assert_eq!(db.proposal_by_code("code000101").await.unwrap(), None);
    assert_eq!(db.votes(&CaseId::new("c-000001"), 1).await.unwrap(), []);
    assert!(
        db.run(&RunId::new("r-1")).await.unwrap().is_none() && db.journal(&RunId::new("r-1")).await.unwrap().is_empty()
    );
    let posts = db.outbox_claim("slack", "p1", At(8_000), 60_000).await.unwrap();
    let keys: Vec<&str> = posts.iter().map(|post| post.row.key.as_str()).collect();
    assert_eq!(keys, ["card:c-000002#heard", "card:c-000001#closed"]);
    assert_eq!(posts[1].row.body, "{\"erased\":true}");
    // What still has to be worked on is not taken away; what was worked off is known to have been here.
    assert_eq!(db.inbox_claim("p1", At(8_000), 60_000, 10).await.unwrap().len(), 1);
    assert_eq!(db.inbox_put("e1", At(8_000), "again").await.unwrap(), None);
    assert!(db.case(&CaseId::new("c-000002")).await.unwrap().unwrap().body.contains("ZOE"));
    let record = db.export(None).await.unwrap().join("\n");
    assert!(!record.to_lowercase().contains(NAME) && record.contains("freeze"), "{record}");
    db.verify().await.unwrap();
    let again = Erasure { change: at(9_000), ..wish(&last) };
    let second = db.erase(&again).await.unwrap();
    assert!(second.is_nothing() && second.elsewhere.len() == 1, "{second:?}");
    db.verify().await.unwrap();
}

pub(super) async fn a_refused_erasure_leaves_everything(db: &Database) {
    let last = story(db, false).await;
    let refused = db.erase(&wish(&last)).await;
    assert!(matches!(refused, Err(StoreError::Inconsistent { table: "cases", .. })), "{refused:?}");
    db.commit(Change { run_ended: Some(RunId::new("r-1")), ..at(6_900) }).await.unwrap();
    let mut late = wish(&last);
    late.change.cases[0].version += 1;
    assert!(matches!(db.erase(&late).await, Err(StoreError::Stale { .. })));
    assert_eq!(
        db.votes(&CaseId::new("c-000001"), 1).await.unwrap().len(),
        1,
        "one transaction: nothing of it happened"
    );
    assert!(db.export(Some("c-000001")).await.unwrap()[0].to_lowercase().contains(NAME));
    db.verify().await.unwrap();
}

#[tokio::test]
async fn a_case_is_erased_and_the_rest_stays() {
    everything_of_one_case_is_gone_and_nothing_else(&Place::new().open("p1").await).await;
    a_refused_erasure_leaves_everything(&Place::new().open("p1").await).await;
}

/// The bytes of the file and of its log.
fn bytes(place: &Place) -> String {
    let read = |name: String| std::fs::read(place.dir.path().join(name)).unwrap();
    place.beside("bot.db").into_iter().map(|name| String::from_utf8_lossy(&read(name)).to_lowercase()).collect()
}

#[tokio::test]
async fn what_was_erased_cannot_be_read_from_the_file() {
    let place = Place::new();
    let db = place.open("p1").await;
    let last = story(&db, true).await;
    db.commit(Change {
        cases: vec![CaseRow { body: "{}".to_owned(), ..CaseRow { version: 2, ..case(2) } }],
        ..at(6_600)
    })
    .await
    .unwrap();
    let waiting = db.inbox_claim("p1", At(6_700), 60_000, 10).await.unwrap();
    for row in &waiting {
        db.inbox_done(row.id, At(6_700), Durability::Now).await.unwrap();
    }
    place.execute("UPDATE outbox SET body = '' WHERE key = 'card:c-000002#heard'").await;
    assert!(bytes(&place).contains(NAME));
    assert!(!db.erase(&wish(&last)).await.unwrap().is_nothing());
    assert!(bytes(&place).contains(NAME), "deleted rows stay readable in the free parts of the file");
    assert_eq!(db.scrub().await.unwrap(), Scrub::Clean);
    assert!(!bytes(&place).contains(NAME));
    assert_eq!(db.scrub().await.unwrap(), Scrub::Clean, "it may run again");
    db.verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_being_read_is_told() {
    let place = Place::new();
    let db = place.open("p1").await;
    let last = story(&db, true).await;
    let options: sqlx::any::AnyConnectOptions = place.url().parse().unwrap();
    let mut reader = options.connect().await.unwrap();
    for sql in ["BEGIN", "SELECT COUNT(*) FROM cases"] {
        sqlx::query(sql).execute(&mut reader).await.unwrap();
    }
    db.erase(&wish(&last)).await.unwrap();
    assert_eq!(db.scrub().await.unwrap(), Scrub::InUse);
    sqlx::query("ROLLBACK").execute(&mut reader).await.unwrap();
    assert_eq!(db.scrub().await.unwrap(), Scrub::Clean);
}
