//! Opening: files, modes, migrations, and what is said when it cannot be done.

use super::*;
use reanchor::domain::time::DAY;
use reanchor::ports::secret::Secret;
use reanchor::ports::store::Ledger as _;

async fn refused(url: &str) -> String {
    match Database::open(url, MIGRATIONS, options("p1")).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error.to_string(),
    }
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let db = place.open("p1").await;
    new_case(&db, 1).await;
    let mut seen = 0;
    for name in place.beside("bot.db") {
        let mode = std::fs::metadata(place.dir.path().join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        seen += 1;
    }
    assert!(seen >= 4, "database, log, index of the log, key, lock: {:?}", place.beside(""));
}

#[tokio::test]
async fn opening_again_changes_nothing_and_keeps_the_data() {
    let place = Place::new();
    let db = place.open("p1").await;
    commit::everything_of_a_change_is_kept(&db).await;
    let code = db.checkpoint(At(6_000)).await.unwrap();
    assert_eq!(code.map(|code| code.len()), Some(8));
    drop(db);
    let key = std::fs::read(place.dir.path().join("bot.db.audit-key")).unwrap();
    let (a, b) = tokio::join!(place.open("p2"), place.open("p3"));
    assert_eq!(a.cases(false, 9).await.unwrap(), b.cases(false, 9).await.unwrap());
    assert_eq!((a.chain_broken(), a.verify().await.unwrap()), (None, 3));
    assert_eq!(std::fs::read(place.dir.path().join("bot.db.audit-key")).unwrap(), key);
    assert_eq!(a.checkpoint(At(7_000)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_may_create_one_file_at_once() {
    let place = Place::new();
    let (a, b, c) = tokio::join!(place.open("p1"), place.open("p2"), place.open("p3"));
    new_case(&a, 1).await;
    new_case(&b, 2).await;
    assert_eq!(c.cases(true, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_later_migration_runs_over_the_data() {
    let place = Place::new();
    new_case(&place.open("p1").await, 1).await;
    let mut list = MIGRATIONS.to_vec();
    list.push(("9999_more", "ALTER TABLE cases ADD COLUMN extra TEXT; UPDATE cases SET extra = 'x';"));
    let db = Database::open(&place.url(), &list, options("p2")).await.unwrap();
    assert_eq!(db.cases(true, 9).await.unwrap(), [case(1)]);
    drop(db);
    let text = refused(&place.url()).await;
    assert!(text.contains("newer Reanchor") && text.contains("nothing was changed"), "{text}");
    let mut altered = list.clone();
    altered[0].1 = "SELECT 1";
    let error = Database::open(&place.url(), &altered, options("p3")).await.err().unwrap().to_string();
    assert!(error.contains("another migration 1"), "{error}");
    let error = Database::open(&place.url(), &[("first", "SELECT 1")], options("p3")).await.err().unwrap().to_string();
    assert!(error.contains("without a number"), "{error}");
}

/// The tables as they were before each row of the inbox was written with fewer pages.
pub(super) const BEFORE_FEWER_PAGES: usize = 3;

/// Rows of every kind in an inbox: done, waiting, and waiting in somebody's claim.
pub(super) async fn fill_inbox(db: &Database) -> Vec<i64> {
    let mut ids = Vec::new();
    for n in 0..30 {
        let body = format!("{{\"n\":{n}}}");
        ids.push(db.inbox_put(&format!("slack|{n}"), At(1_000 + n), &body).await.unwrap().unwrap());
    }
    let claimed = db.inbox_claim("p1", At(2_000), 5_000, 10).await.unwrap();
    assert_eq!(claimed.iter().map(|row| row.id).collect::<Vec<_>>(), ids[..10]);
    for id in &ids[..5] {
        db.inbox_done(*id, At(2_000), Durability::Now).await.unwrap();
    }
    ids
}

/// That they are all there, as they were.
pub(super) async fn inbox_is_as_it_was(db: &Database, ids: &[i64]) {
    for n in 0..30 {
        assert_eq!(db.inbox_put(&format!("slack|{n}"), At(3_000), "{}").await.unwrap(), None, "stored before");
    }
    assert_eq!(db.figures().await.unwrap().inbox, 25);
    assert!(!ids.contains(&db.inbox_put("slack|new", At(3_000), "{}").await.unwrap().unwrap()));
    let rows = db.inbox_claim("p2", At(100_000), 5_000, 99).await.unwrap();
    let seen: Vec<_> = rows.into_iter().map(|row| (row.id, row.key, row.at, row.body)).collect();
    let waiting = (5..30_usize).zip(1_005..);
    let expected: Vec<_> =
        waiting.map(|(n, at)| (ids[n], format!("slack|{n}"), At(at), format!("{{\"n\":{n}}}"))).collect();
    assert_eq!(seen[..25], expected[..]);
    assert_eq!((seen.len(), seen[25].1.as_str()), (26, "slack|new"));
    // Those that were done are as old as they were, too.
    assert_eq!(db.sweep(At(1_003 + DAY)).await.unwrap(), 3);
    assert_eq!(db.sweep(At(1_030 + DAY)).await.unwrap(), 27);
}

#[tokio::test]
async fn the_inbox_of_an_older_version_is_taken_over_whole_and_once() {
    let place = Place::new();
    let old = Database::open(&place.url(), &MIGRATIONS[..BEFORE_FEWER_PAGES], options("p1")).await.unwrap();
    let ids = fill_inbox(&old).await;
    // A claim of a process that lives is its own.
    let db = place.open("p2").await;
    assert_eq!(db.inbox_claim("p2", At(2_000), 5_000, 99).await.unwrap(), []);
    drop(old);
    inbox_is_as_it_was(&db, &ids).await;
    db.close().await;
    // The next start finds nothing to do.
    let log = place.dir.path().join("bot.db-wal");
    assert!(!log.exists());
    let again = place.open("p3").await;
    assert_eq!(std::fs::metadata(&log).map_or(0, |log| log.len()), 0, "a start writes nothing");
    drop(again);
}

#[tokio::test]
async fn what_is_not_our_database_is_refused_and_left_alone() {
    let place = Place::new();
    let dir = place.dir.path();
    let garbage = dir.join("garbage.db");
    std::fs::write(&garbage, "these are notes").unwrap();
    let text = refused(&format!("sqlite://{}", garbage.display())).await;
    assert!(text.contains("garbage.db is not an SQLite database") && text.contains("nothing was changed"), "{text}");
    assert_eq!(std::fs::read(&garbage).unwrap(), b"these are notes");

    let torn = dir.join("torn.db");
    let mut bytes = b"SQLite format 3\0".to_vec();
    bytes.extend([0xff; 5_000]);
    std::fs::write(&torn, &bytes).unwrap();
    let text = refused(&format!("sqlite://{}", torn.display())).await;
    assert!(text.contains("is not an SQLite database, or it is damaged"), "{text}");
    assert_eq!(std::fs::read(&torn).unwrap(), bytes);

    let text = refused(&format!("sqlite://{}", dir.display())).await;
    assert!(text.contains("is a directory; name a file in it"), "{text}");
    let text = refused(&format!("sqlite://{}/none/bot.db", dir.display())).await;
    assert!(text.contains("create the directory"), "{text}");
    let text = refused("sqlite::memory:").await;
    assert!(text.contains("in memory is not supported"), "{text}");

    let foreign = Place::new();
    drop(foreign.open("p1").await);
    foreign.execute("ALTER TABLE _sqlx_migrations RENAME TO _other").await;
    let text = refused(&foreign.url()).await;
    assert!(text.contains("belongs to another program"), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    std::fs::write(place.file(), "").unwrap();
    std::fs::set_permissions(place.file(), std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(place.file()).is_ok() {
        eprintln!("skipped: this user may read every file");
        return;
    }
    let text = refused(&place.url()).await;
    assert!(text.contains("permission denied; give it to the user that runs Reanchor"), "{text}");
}

#[tokio::test]
async fn a_key_that_is_gone_or_another_is_noticed() {
    let place = Place::new();
    let db = place.open("p1").await;
    new_case(&db, 1).await;
    db.checkpoint(At(2_000)).await.unwrap().unwrap();
    drop(db);
    let other = Options { audit_key: Some(Secret::new("another key")), ..options("p2") };
    let db = Database::open(&place.url(), MIGRATIONS, other).await.unwrap();
    assert_eq!(db.chain_broken().unwrap(), "checkpoint 1: its MAC does not fit AUDIT_KEY");
    drop(db);
    std::fs::remove_file(place.dir.path().join("bot.db.audit-key")).unwrap();
    let text = refused(&place.url()).await;
    assert!(text.contains("the audit key is gone") && text.contains("bot.db.audit-key"), "{text}");
}

#[tokio::test]
async fn errors_about_postgres_hold_no_password() {
    let text = refused("postgres://bot:hunter2@127.0.0.1:1/reanchor").await;
    assert!(text.contains("set AUDIT_KEY"), "{text}");
    let keyed = || Options { audit_key: Some(Secret::new("key")), ..options("p1") };
    for url in ["postgres://bot:hunter2@127.0.0.1:1/reanchor", "postgres://bot:hunter2@127.0.0.1:hunter2/x"] {
        let text = Database::open(url, MIGRATIONS, keyed()).await.err().unwrap().to_string();
        assert!(!text.contains("hunter2") && text.contains("cannot be opened"), "{text}");
    }
}

#[tokio::test]
async fn two_processes_with_one_instance_id_are_refused() {
    let place = Place::new();
    let _first = place.open("p1").await;
    let text = refused(&place.url()).await;
    assert!(text.contains("same instance id"), "{text}");
}
