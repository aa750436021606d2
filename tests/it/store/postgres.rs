//! The same checks on PostgreSQL. `REANCHOR_TEST_POSTGRES_URL` names a server on which schemas of this test may be made
//! (`postgres://USER:PASSWORD@HOST/DATABASE`, no parameters); without it the test says that it was skipped.

use super::*;
use reanchor::ports::secret::Secret;
use reanchor::ports::store::Ledger as _;

/// The URL of an empty schema.
async fn schema(url: &str, schema: &'static str) -> String {
    sqlx::any::install_default_drivers();
    let server: sqlx::any::AnyConnectOptions = url.parse().unwrap();
    let mut connection = server.connect().await.unwrap();
    for sql in [format!("DROP SCHEMA IF EXISTS {schema} CASCADE"), format!("CREATE SCHEMA {schema}")] {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    }
    format!("{url}?options[search_path]={schema}")
}

async fn open_with(url: &str, migrations: &[(&str, &str)], instance: &str) -> Database {
    let options = Options { audit_key: Some(Secret::new("key")), ..options(instance) };
    Database::open(url, migrations, options).await.unwrap()
}

/// Two processes on one empty schema.
async fn pair(url: &str, name: &'static str) -> (Database, Database) {
    let url = schema(url, name).await;
    tokio::join!(open_with(&url, MIGRATIONS, "p1"), open_with(&url, MIGRATIONS, "p2"))
}

/// An older version takes events while a newer one starts: what it acknowledges before and meanwhile is taken over.
async fn an_older_version_is_taken_over_while_it_runs(url: &str) {
    let old = open_with(url, &MIGRATIONS[..open::BEFORE_FEWER_PAGES], "p1").await;
    open::fill_inbox(&old).await;
    let server: sqlx::any::AnyConnectOptions = url.parse().unwrap();
    let mut busy = server.connect().await.unwrap();
    sqlx::raw_sql(
        "BEGIN; INSERT INTO inbox (id, key, at, body, owner) VALUES (-1, 'slack|under way', 1500, '{}', 'p1')",
    )
    .execute(&mut busy)
    .await
    .unwrap();
    let later = |ms| tokio::time::sleep(std::time::Duration::from_millis(ms));
    let (db, meanwhile, ()) = tokio::join!(
        open_with(url, MIGRATIONS, "p2"),
        async {
            later(500).await;
            old.inbox_put("slack|meanwhile", At(1_600), "{}").await.unwrap().unwrap()
        },
        async {
            later(700).await;
            sqlx::raw_sql("COMMIT").execute(&mut busy).await.unwrap();
        },
    );
    for key in ["slack|under way", "slack|meanwhile"] {
        assert_eq!(db.inbox_put(key, At(1_700), "{}").await.unwrap(), None, "{key}");
    }
    for id in [-1, meanwhile] {
        old.inbox_done(id, At(1_800), Durability::Now).await.unwrap();
    }
    assert_eq!(db.sweep(At(1_601 + reanchor::domain::time::DAY)).await.unwrap(), 32);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_works_on_postgres() {
    let Some(url) = env("REANCHOR_TEST_POSTGRES_URL") else {
        eprintln!("skipped: REANCHOR_TEST_POSTGRES_URL is not set");
        return;
    };
    commit::everything_of_a_change_is_kept(&pair(&url, "reanchor_test_1").await.0).await;
    commit::a_refused_change_leaves_nothing(&pair(&url, "reanchor_test_2").await.0).await;
    let (a, b) = pair(&url, "reanchor_test_3").await;
    commit::settings_are_compared_and_set(&a).await;
    commit::cases_are_found_in_the_order_they_were_opened(&b).await;
    let (a, b) = pair(&url, "reanchor_test_4").await;
    commit::exactly_one_wins(&a, &b).await;
    assert_eq!(a.verify().await.unwrap(), 16);
    leases::a_lease_is_held_renewed_given_back_and_runs_out(&pair(&url, "reanchor_test_5").await.0).await;
    queues::an_event_is_stored_once_however_many_put_it(&pair(&url, "reanchor_test_6").await.0).await;
    let (a, b) = pair(&url, "reanchor_test_7").await;
    queues::rows_of_a_living_process_are_left_to_it_for_a_while(&a, &b).await;
    queues::a_later_row_of_a_key_replaces_an_unsent_one_and_edits_a_sent_one(&pair(&url, "reanchor_test_8").await.0)
        .await;
    queues::who_takes_a_begun_post_up_again_is_told_so(&pair(&url, "reanchor_test_10").await.0).await;
    erase::everything_of_one_case_is_gone_and_nothing_else(&pair(&url, "reanchor_test_11").await.0).await;
    erase::a_refused_erasure_leaves_everything(&pair(&url, "reanchor_test_12").await.0).await;
    queues::events_are_deleted_after_a_day(&pair(&url, "reanchor_test_13").await.0).await;
    let place = schema(&url, "reanchor_test_14").await;
    let old = open_with(&place, &MIGRATIONS[..open::BEFORE_FEWER_PAGES], "p1").await;
    let ids = open::fill_inbox(&old).await;
    old.close().await;
    open::inbox_is_as_it_was(&open_with(&place, MIGRATIONS, "p2").await, &ids).await;
    an_older_version_is_taken_over_while_it_runs(&schema(&url, "reanchor_test_15").await).await;
    let (a, _) = pair(&url, "reanchor_test_9").await;
    let code = audit::sample(&a).await;
    assert_eq!(audit::check_export(&a.export(None).await.unwrap(), &code), 5);
    assert_eq!(a.verify().await.unwrap(), 5);
    assert_eq!(a.erase(&erasure("c-000001", 6_000)).await.unwrap().payloads, 4);
    assert_eq!(a.verify().await.unwrap(), 7);
}
