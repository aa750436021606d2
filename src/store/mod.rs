//! The durable record on SQLite (default) or PostgreSQL: the traits `Store`, `LeaseTable` and `Ledger` of `ports::store`.
//! One SQL text serves both; a change is one transaction; on one host an OS lock beside the database file tells whether the
//! process that claimed a row or holds a lease is still alive.
//!
//! It never decides, never reads a body (bodies are JSON texts of `app` and `saga`), never asks for the time and never shows
//! the password of a database URL. A PostgreSQL server and the hosts that use it must agree on nothing but the database:
//! there are no OS locks, a dead process is noticed when its claims run out.
//!
//! Begin with [`Database::open`] (`open.rs`), then `commit.rs` (one change) and `audit.rs` (the format of the chain).

mod audit;
mod commit;
#[cfg(test)]
mod durable_tests;
mod erase;
mod examine;
mod inbox;
mod leases;
mod ledger;
mod locks;
mod open;
mod outbox;
mod rows;
mod walk;
mod writer;

pub use examine::{Examined, examine};
pub use open::{OpenError, Options, kept_beside, missing_file};

use crate::domain::ids::{CaseId, RunId};
use crate::domain::time::At;
use crate::ports::fresh::Fresh;
use crate::ports::store::{
    Attempt, CaseRow, Change, Channel, Claimed, Durability, Erased, Erasure, Fence, InboxRow, JournalRow, LeaseAnswer,
    LeaseTable, LeaseTerms, Ledger, Open, ProposalRow, RunRow, Scrub, Store, StoreError, Stored, StoredFigures,
    VoteRow, Waiting,
};
use async_trait::async_trait;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, Transaction};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A transaction on either database.
type Tx = Transaction<'static, Any>;

/// How often a transaction is tried again when another process is in the way; each try waits up to 5 s by itself on SQLite.
const TRIES: u32 = 5;

/// Runs `$body` (an expression of type `Result<_, Fault>` that may await) in one write transaction, commits it, and begins
/// anew a bounded number of times when another process was in the way. It is durable, unless a [`Durability`] is given. A
/// macro, because a closure that borrows its surroundings and gives a `Send` future back cannot be written down.
macro_rules! write_tx {
    ($core:expr, |$tx:ident| $body:expr) => {
        $crate::store::write_tx!($core, $crate::ports::store::Durability::Now, |$tx| $body)
    };
    ($core:expr, $durability:expr, |$tx:ident| $body:expr) => {
        $crate::store::write_tx!($core, turn, $durability, |$tx| $body)
    };
    ($core:expr, $turn:ident, $durability:expr, |$tx:ident| $body:expr) => {{
        let mut tries = 0_u32;
        loop {
            let turn = $core.$turn().await;
            let outcome: Result<_, $crate::store::Fault> = async {
                let mut $tx = $core.begin_write($durability).await?;
                let value = $body?;
                $tx.commit().await?;
                Ok(value)
            }
            .await;
            drop(turn);
            match outcome {
                Ok(value) => break Ok(value),
                Err(fault) if fault.is_in_the_way() && tries < $crate::store::TRIES => {
                    tries += 1;
                    tokio::time::sleep($crate::store::pause(tries)).await;
                }
                Err(fault) => break Err($crate::ports::store::StoreError::from(fault)),
            }
        }
    }};
}
use write_tx;

/// An opened database. Cloning it gives another handle to the same connections and the same locks.
#[derive(Clone)]
pub struct Database {
    core: Arc<Core>,
    /// Apart from `core`, because the writer task keeps `core`: the locks must go with the last handle.
    host: Arc<locks::Host>,
    inbox: tokio::sync::mpsc::Sender<writer::Put>,
    audit: Arc<AuditState>,
}

/// What every part of the store needs to run a transaction.
struct Core {
    pool: AnyPool,
    /// Where [`Durability::Replayed`] is written on SQLite; apart from the others, because how sure a commit is belongs to the
    /// connection.
    replayed: Option<AnyPool>,
    sqlite: bool,
    /// Id of this process, the owner of the rows that it puts.
    instance: String,
    /// SQLite has one writer; waiting for it here is fair and costs no polling.
    turn: tokio::sync::Mutex<()>,
    /// Where everybody waits before that, but the task that stores events: whoever posted or clicked waits for its answer,
    /// and has one transaction before it at the most, however many cases are worked on.
    queue: tokio::sync::Mutex<()>,
    /// `PRAGMA synchronous` of each write, as it was found inside.
    #[cfg(test)]
    seen: Mutex<Vec<i64>>,
}

struct AuditState {
    fresh: Arc<dyn Fresh>,
    key: ring::hmac::Key,
    broken: Mutex<Option<String>>,
}

impl AuditState {
    fn broken(&self) -> Option<String> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_broken(&self, row: Option<String>) {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = row;
    }
}

impl Core {
    async fn turn(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let _head = if self.sqlite { Some(self.queue.lock().await) } else { None };
        self.next_turn().await
    }

    /// The turn ahead of everybody who waits in the queue.
    async fn next_turn(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if self.sqlite { Some(self.turn.lock().await) } else { None }
    }

    /// Opens a write transaction: IMMEDIATE on SQLite, so that no read in it can turn out to be stale at the first write.
    async fn begin_write(&self, durability: Durability) -> Result<Tx, Fault> {
        let pool = match (durability, &self.replayed) {
            (Durability::Replayed, Some(replayed)) => replayed,
            (Durability::Replayed, None) | (Durability::Now, _) => &self.pool,
        };
        let statement = if self.sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
        #[cfg_attr(not(test), expect(unused_mut, reason = "tests look inside"))]
        let mut tx = pool.begin_with(statement).await?;
        #[cfg(test)]
        self.look_inside(&mut tx).await?;
        Ok(tx)
    }

    /// A connection on which one statement is a transaction of its own, durable when it returns.
    async fn durable(&self) -> Result<PoolConnection<Any>, Fault> {
        #[cfg_attr(not(test), expect(unused_mut, reason = "tests look inside"))]
        let mut connection = self.pool.acquire().await?;
        #[cfg(test)]
        self.look_inside(&mut connection).await?;
        Ok(connection)
    }

    #[cfg(test)]
    async fn look_inside(&self, connection: &mut sqlx::AnyConnection) -> Result<(), Fault> {
        if self.sqlite {
            let (level,): (i64,) = sqlx::query_as("PRAGMA synchronous").fetch_one(connection).await?;
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(level);
        }
        Ok(())
    }

    /// Opens a transaction that sees one state of the database to its end.
    async fn begin_read(&self) -> Result<Tx, Fault> {
        let statement = if self.sqlite { "BEGIN" } else { "BEGIN ISOLATION LEVEL REPEATABLE READ" };
        Ok(self.pool.begin_with(statement).await?)
    }
}

/// A failure inside a transaction, before it is known whether it is tried again.
enum Fault {
    Sql(sqlx::Error),
    Store(StoreError),
}

impl Fault {
    /// Busy or locked (SQLite), serialization failure, deadlock or lock time-out (PostgreSQL): nothing was done, try again.
    fn is_in_the_way(&self) -> bool {
        let Self::Sql(sqlx::Error::Database(error)) = self else { return false };
        match error.code().as_deref() {
            Some("40001" | "40P01" | "55P03") => true,
            // The low byte of an SQLite result code is its kind: 5 busy, 6 locked. PostgreSQL codes have five characters.
            Some(code) if code.len() < 5 => code.parse::<u32>().is_ok_and(|c| matches!(c & 0xff, 5 | 6)),
            _ => false,
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => error,
            Fault::Sql(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                Self::Duplicate { what: format!("a row with this key ({})", error.message()) }
            }
            Fault::Sql(error) => Self::Driver(error.to_string()),
        }
    }
}

/// Wait before try `n`, in which another process can finish.
fn pause(n: u32) -> Duration {
    Duration::from_millis(5 << n.min(6))
}

fn driver(error: sqlx::Error) -> StoreError {
    Fault::Sql(error).into()
}

/// Takes `n` numbers of `counter` and gives the first. The row stays locked to the end of the transaction, so it also
/// serializes everything else that takes it on PostgreSQL (`n` = 0: only the lock; see [`one_at_a_time`]).
async fn take_numbers(tx: &mut Tx, counter: &'static str, n: i64) -> Result<i64, Fault> {
    let (last,): (i64,) = sqlx::query_as("UPDATE counters SET value = value + $2 WHERE name = $1 RETURNING value")
        .bind(counter)
        .bind(n)
        .fetch_one(&mut **tx)
        .await?;
    Ok(last - n + 1)
}

/// Lets nobody else who asks for the same `counter` in before the end of the transaction. On SQLite nobody is: a transaction
/// that may write is the only one from its beginning.
async fn one_at_a_time(tx: &mut Tx, core: &Core, counter: &'static str) -> Result<(), Fault> {
    if !core.sqlite {
        take_numbers(tx, counter, 0).await?;
    }
    Ok(())
}

impl Database {
    /// The first row of the audit chain that did not check, if the last check found one.
    pub fn chain_broken(&self) -> Option<String> {
        self.audit.broken()
    }

    /// Deletes inbox rows older than 24 hours (SAFETY E2) and outbox rows settled as long ago. It happens by itself as
    /// events come in; call it hourly where none do. May run twice. The number of inbox rows deleted.
    pub async fn sweep(&self, now: At) -> Stored<u64> {
        write_tx!(self.core, |tx| writer::sweep(&mut tx, now).await)
    }

    /// Closes the connections of all handles; calls after it fail. The OS locks go with the last handle.
    pub async fn close(self) {
        self.core.pool.close().await;
        if let Some(replayed) = &self.core.replayed {
            replayed.close().await;
        }
    }
}

#[async_trait]
impl Store for Database {
    async fn commit(&self, change: Change) -> Stored<()> {
        commit::commit(self, &change).await
    }

    async fn inbox_put(&self, key: &str, at: At, body: &str) -> Stored<Option<i64>> {
        writer::put(&self.inbox, key, at, body).await
    }

    async fn inbox_claim(&self, owner: &str, now: At, hold_ms: i64, limit: i64) -> Stored<Vec<InboxRow>> {
        inbox::claim(self, owner, inbox::Claim { now, hold_ms, limit }).await
    }

    async fn inbox_has(&self, after: &str, before: &str) -> Stored<bool> {
        inbox::has(&self.core, after, before).await
    }

    async fn inbox_done(&self, id: i64, at: At, durability: Durability) -> Stored<()> {
        inbox::done(self, (id, at), durability).await
    }

    async fn case(&self, id: &CaseId) -> Stored<Option<CaseRow>> {
        rows::case(&self.core, id).await
    }

    async fn open_case_about(&self, subject_key: &str) -> Stored<Option<CaseRow>> {
        rows::open_case_about(&self.core, subject_key).await
    }

    async fn closed_case_about(&self, subject_key: &str) -> Stored<Option<CaseRow>> {
        rows::closed_case_about(&self.core, subject_key).await
    }

    async fn cases_of_message(&self, origin_prefix: &str) -> Stored<Vec<CaseRow>> {
        rows::cases_of_message(&self.core, origin_prefix).await
    }

    async fn cases(&self, open_only: bool, limit: i64) -> Stored<Vec<CaseRow>> {
        rows::cases(&self.core, open_only, limit).await
    }

    async fn open_cases(&self, open: Open<'_>) -> Stored<(Vec<CaseRow>, i64)> {
        rows::open_cases(&self.core, open).await
    }

    async fn open_mark(&self) -> Stored<String> {
        rows::open_mark(&self.core).await
    }

    async fn cases_of_class(&self, channel: Channel<'_>, class: &str, since: At, limit: i64) -> Stored<Vec<CaseRow>> {
        rows::cases_of_class(&self.core, channel, class, (since, limit)).await
    }

    async fn cases_due(&self, now: At, limit: i64) -> Stored<Vec<(CaseId, i64)>> {
        rows::cases_due(&self.core, now, limit).await
    }

    async fn next_due_work(&self) -> Stored<Option<At>> {
        rows::next_due_work(&self.core).await
    }

    async fn proposal_by_code(&self, code: &str) -> Stored<Option<ProposalRow>> {
        rows::proposal_by_code(&self.core, code).await
    }

    async fn proposal(&self, case: &CaseId, number: i64) -> Stored<Option<ProposalRow>> {
        rows::proposal(&self.core, case, number).await
    }

    async fn votes(&self, case: &CaseId, number: i64) -> Stored<Vec<VoteRow>> {
        rows::votes(&self.core, case, number).await
    }

    async fn open_runs(&self) -> Stored<Vec<RunRow>> {
        rows::open_runs(&self.core).await
    }

    async fn run(&self, id: &RunId) -> Stored<Option<RunRow>> {
        rows::run(&self.core, id).await
    }

    async fn journal(&self, run: &RunId) -> Stored<Vec<JournalRow>> {
        rows::journal(&self.core, run).await
    }

    async fn outbox_claim(&self, surface: &str, owner: &str, now: At, hold_ms: i64) -> Stored<Vec<Claimed>> {
        outbox::claim(self, surface, owner, outbox::Claim { now, hold_ms }).await
    }

    async fn outbox_sent(&self, id: i64, posted: &str, at: At) -> Stored<()> {
        outbox::sent(&self.core, id, posted, at).await
    }

    async fn outbox_retry(&self, id: i64, due_at: At, why: &str, attempt: Attempt) -> Stored<()> {
        outbox::retry(&self.core, (id, due_at), why, attempt).await
    }

    async fn posted(&self, surface: &str, thing: &str) -> Stored<Option<String>> {
        outbox::posted(&self.core, surface, thing).await
    }

    async fn outbox_waiting(&self, now: At) -> Stored<i64> {
        outbox::waiting(&self.core, now).await
    }

    async fn outbox_waiting_on(&self, surface: &str, now: At) -> Stored<Waiting> {
        outbox::waiting_on(&self.core, surface, now).await
    }

    async fn figures(&self) -> Stored<StoredFigures> {
        rows::figures(&self.core).await
    }

    async fn setting(&self, key: &str) -> Stored<Option<String>> {
        rows::setting(&self.core, key).await
    }
}

#[async_trait]
impl LeaseTable for Database {
    async fn take(&self, key: &str, holder: &str, now: At, terms: LeaseTerms) -> Stored<LeaseAnswer> {
        leases::take(self, &leases::Wish { key, holder, now, terms }).await
    }

    async fn renew(&self, fence: &Fence, now: At, lease_ms: i64) -> Stored<At> {
        leases::renew(&self.core, fence, now, lease_ms).await
    }

    async fn release(&self, fence: &Fence) -> Stored<()> {
        leases::release(self, fence).await
    }
}

#[async_trait]
impl Ledger for Database {
    async fn verify(&self) -> Stored<i64> {
        ledger::verify(self).await
    }

    async fn last_checkpoint(&self) -> Stored<Option<String>> {
        ledger::last_checkpoint(self).await
    }

    async fn checkpoint(&self, at: At) -> Stored<Option<String>> {
        ledger::checkpoint(self, at).await
    }

    async fn export(&self, chain: Option<&str>) -> Stored<Vec<String>> {
        ledger::export(self, chain).await
    }

    async fn erase(&self, erasure: &Erasure) -> Stored<Erased> {
        erase::erase(self, erasure).await
    }

    async fn scrub(&self) -> Stored<Scrub> {
        erase::scrub(&self.core).await
    }
}
