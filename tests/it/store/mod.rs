//! The store on temporary SQLite files; with `REANCHOR_TEST_POSTGRES_URL` the shared checks also on PostgreSQL.

mod audit;
mod commit;
mod erase;
mod leases;
mod open;
mod postgres;
mod power;
mod queues;

use reanchor::config::embedded::MIGRATIONS;
use reanchor::domain::ids::{CaseId, RunId};
use reanchor::domain::time::At;
use reanchor::ports::fresh::Fresh;
use reanchor::ports::store::{
    Attempt, AuditRow, CaseRow, Change, Durability, Erasure, JournalRow, OutboxRow, ProposalRow, RunRow, Store,
    StoreError, VoteRow,
};
use reanchor::store::{Database, Options};
use sqlx::ConnectOptions as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

/// Distinct, but known bytes.
#[derive(Default)]
struct Counted(AtomicU64);

impl Fresh for Counted {
    fn bytes(&self) -> [u8; 16] {
        let n = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        bytes[8..].copy_from_slice(&n.to_be_bytes());
        bytes
    }
}

fn options(instance: &str) -> Options {
    Options { instance: instance.to_owned(), audit_key: None, fresh: Arc::new(Counted::default()) }
}

#[expect(clippy::disallowed_methods, reason = "a test is told by the environment what it may use")]
fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A directory with one database file.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("bot.db")
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.file().display())
    }

    async fn open(&self, instance: &str) -> Database {
        Database::open(&self.url(), MIGRATIONS, options(instance)).await.unwrap()
    }

    /// Changes the file behind the store's back, as an attacker or an accident would.
    async fn tamper(&self, sql: &'static str) {
        assert!(self.execute(sql).await > 0, "{sql} changed nothing");
    }

    /// Rows affected.
    async fn execute(&self, sql: &'static str) -> u64 {
        sqlx::any::install_default_drivers();
        let options: sqlx::any::AnyConnectOptions = self.url().parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected()
    }

    /// Names of the files beside the database that end so.
    fn beside(&self, part: &str) -> Vec<String> {
        let names = std::fs::read_dir(self.dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut found: Vec<String> = names.filter(|name| name.contains(part)).collect();
        found.sort();
        found
    }
}

fn case(n: i64) -> CaseRow {
    CaseRow {
        id: CaseId::new(format!("c-{n:06}")),
        version: 1,
        state: "heard".to_owned(),
        open: true,
        subject_key: Some(format!("t|a|00u{n}")),
        surface: "slack".to_owned(),
        channel: "C1".to_owned(),
        origin_key: format!("slack|C1|{n}|upn-conflict|1"),
        due_at: None,
        due_is_work: false,
        created_at: At(1_000),
        body: format!("{{\"n\":{n}}}"),
    }
}

fn next(row: &CaseRow, state: &str) -> CaseRow {
    CaseRow { version: row.version + 1, state: state.to_owned(), ..row.clone() }
}

fn audit(chain: &str, kind: &str) -> AuditRow {
    let payload = format!("{{\"kind\":\"{kind}\"}}");
    AuditRow { chain: chain.to_owned(), actor: "okta:00u1".to_owned(), kind: kind.to_owned(), payload }
}

fn show(key: &str, body: &str, due_at: i64) -> OutboxRow {
    OutboxRow { key: key.to_owned(), surface: "slack".to_owned(), due_at: At(due_at), body: body.to_owned() }
}

fn proposal(n: i64, number: i64) -> ProposalRow {
    ProposalRow {
        case: case(n).id,
        number,
        digest: format!("d{n}"),
        code: format!("code{n:04}{number:02}"),
        plan: format!("{{\"plan\":{n}}}"),
        at: At(2_000),
    }
}

fn vote(n: i64, voter: &str) -> VoteRow {
    VoteRow { case: case(n).id, number: 1, voter: voter.to_owned(), digest: format!("d{n}"), at: At(3_000) }
}

fn run(n: i64, id: &str) -> RunRow {
    RunRow {
        id: RunId::new(id),
        case: case(n).id,
        number: 1,
        digest: format!("d{n}"),
        grant: "{}".to_owned(),
        at: At(4_000),
        ended: false,
    }
}

fn journal(id: &str, seq: i64) -> JournalRow {
    JournalRow { run: RunId::new(id), seq, at: At(5_000 + seq), body: format!("{{\"seq\":{seq}}}") }
}

fn at(at: i64) -> Change {
    Change { at: At(at), ..Change::default() }
}

/// The erasure of a case whose row stays as it is.
fn erasure(case: &str, now: i64) -> Erasure {
    Erasure { case: CaseId::new(case), actor: "cli:tester".to_owned(), names: Vec::new(), lease: None, change: at(now) }
}

async fn new_case(db: &Database, n: i64) -> CaseRow {
    let row = case(n);
    let chain = row.id.as_str();
    db.commit(Change { cases: vec![row.clone()], audit: vec![audit(chain, "opened")], ..at(1_000) }).await.unwrap();
    row
}

fn is_stale(result: Result<(), StoreError>) -> String {
    match result {
        Err(StoreError::Stale { what }) => what,
        other => panic!("{other:?} instead of stale"),
    }
}

fn is_duplicate(result: Result<(), StoreError>) -> String {
    match result {
        Err(StoreError::Duplicate { what }) => what,
        other => panic!("{other:?} instead of duplicate"),
    }
}
