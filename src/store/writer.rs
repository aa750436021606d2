//! The one task that stores inbound events. Rows that wait at the same time are committed together, at most 64: while one
//! commit is written to the disk the next rows gather, so nobody waits for a timer and nobody waits for more than two commits.
//! One that comes alone is one statement, because somebody waits for each way to the database and back.
//!
//! Never answers before the row is on the disk, and never stores an event twice.
//!
//! Begin with [`start`].

use super::{Core, Fault, TRIES, Tx, pause, take_numbers, write_tx};
use crate::domain::time::{At, DAY, MINUTE};
use crate::ports::store::{Durability, StoreError, Stored};
use sqlx::AnyConnection;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Most rows that one transaction stores.
const TOGETHER: usize = 64;
/// Most rows that wait; a caller beyond that waits for a place.
const QUEUE: usize = 1024;
/// Row numbers that are taken from the database at a time. What a process has left when it ends is never used: the numbers
/// tell the rows of one process apart and order them, nothing else.
const BLOCK: i64 = 1024;

/// What is too old: of the rows that are done by the index of their ages, of the few that wait by looking at each.
pub(super) const SWEEP: [&str; 2] =
    ["DELETE FROM inbox WHERE at < $1 AND done_at IS NOT NULL", "DELETE FROM inbox WHERE at < $1 AND done_at IS NULL"];

/// Row numbers that were taken and are not used.
#[derive(Clone, Copy, Default)]
struct Numbers {
    next: i64,
    left: i64,
}

impl Numbers {
    /// Uses `n` of them, which are there; the first.
    fn use_up(&mut self, n: i64) -> i64 {
        let first = self.next;
        self.next += n;
        self.left -= n;
        first
    }
}

/// A row to store and the one who waits for it.
pub(super) struct Put {
    key: String,
    at: At,
    body: String,
    answer: oneshot::Sender<Stored<Option<i64>>>,
}

/// Starts the task. It ends when the last sender is dropped.
#[expect(
    clippy::disallowed_methods,
    reason = "lives as long as the database; a panic shows as an error at every caller"
)]
pub(super) fn start(core: Arc<Core>) -> mpsc::Sender<Put> {
    let (sender, mut waiting) = mpsc::channel::<Put>(QUEUE);
    let task = async move {
        let mut batch = Vec::with_capacity(TOGETHER);
        let (mut swept, mut numbers) = (At(i64::MIN), Numbers::default());
        while waiting.recv_many(&mut batch, TOGETHER).await > 0 {
            swept = store(&core, &mut batch, swept, &mut numbers).await;
        }
    };
    drop(tokio::spawn(task));
    sender
}

/// Hands a row to the task and waits until it is stored.
pub(super) async fn put(inbox: &mpsc::Sender<Put>, key: &str, at: At, body: &str) -> Stored<Option<i64>> {
    let gone = || StoreError::Driver("the task that writes the inbox has ended".to_owned());
    let (answer, stored) = oneshot::channel();
    let row = Put { key: key.to_owned(), at, body: body.to_owned(), answer };
    inbox.send(row).await.map_err(|_| gone())?;
    stored.await.map_err(|_| gone())?
}

async fn store(core: &Core, batch: &mut Vec<Put>, swept: At, numbers: &mut Numbers) -> At {
    let newest = batch.iter().map(|put| put.at).max().unwrap_or(swept);
    let sweep_now = newest.since(swept) >= 10 * MINUTE;
    if batch.len() == 1 && !sweep_now && numbers.left > 0 {
        if let Some(put) = batch.pop() {
            alone(core, put, numbers).await;
        }
        return swept;
    }
    match together(core, batch, sweep_now, numbers).await {
        Ok(ids) => {
            for (put, id) in batch.drain(..).zip(ids) {
                // Whoever waited may have been cancelled; the row is stored and will be claimed.
                drop(put.answer.send(Ok(id)));
            }
            if sweep_now { newest } else { swept }
        }
        Err(error) => {
            let text = error.to_string();
            for put in batch.drain(..) {
                drop(put.answer.send(Err(StoreError::Driver(text.clone()))));
            }
            swept
        }
    }
}

/// One row in one statement, which is a transaction of its own.
async fn alone(core: &Core, put: Put, numbers: &mut Numbers) {
    let id = numbers.use_up(1);
    let mut tries = 0;
    loop {
        let turn = core.next_turn().await;
        let mut held = None;
        let outcome = async {
            let connection = held.insert(core.durable().await?);
            insert(connection, core, id, &put).await
        }
        .await;
        drop(turn);
        match outcome {
            Err(fault) if fault.is_in_the_way() && tries < TRIES => {
                drop(held);
                tries += 1;
                tokio::time::sleep(pause(tries)).await;
            }
            outcome => {
                // Whoever waited may have been cancelled, as above.
                drop(put.answer.send(outcome.map_err(StoreError::from)));
                // The answer goes out first: a connection that is given back is asked whether it lives, by a task of its own.
                tokio::task::yield_now().await;
                drop(held);
                return;
            }
        }
    }
}

async fn together(core: &Core, batch: &[Put], sweep_now: bool, numbers: &mut Numbers) -> Stored<Vec<Option<i64>>> {
    // After an error nobody knows which of them are in the database: none is used a second time.
    let left = std::mem::take(numbers);
    let (ids, after) =
        write_tx!(core, next_turn, Durability::Now, |tx| all(&mut tx, core, batch, (sweep_now, left)).await)?;
    *numbers = after;
    Ok(ids)
}

/// Stores all rows; their numbers, and those that are left.
async fn all(
    tx: &mut Tx,
    core: &Core,
    batch: &[Put],
    (sweep_now, mut numbers): (bool, Numbers),
) -> Result<(Vec<Option<i64>>, Numbers), Fault> {
    if sweep_now && let Some(newest) = batch.iter().map(|put| put.at).max() {
        sweep(tx, newest).await?;
    }
    let count = i64::try_from(batch.len()).unwrap_or(i64::MAX);
    if numbers.left < count {
        let taken = BLOCK.max(count);
        numbers = Numbers { next: take_numbers(tx, "inbox", taken).await?, left: taken };
    }
    let first = numbers.use_up(count);
    let mut ids = Vec::with_capacity(batch.len());
    for (id, put) in (first..).zip(batch) {
        ids.push(insert(tx, core, id, put).await?);
    }
    Ok((ids, numbers))
}

/// Stores a row, unless one of its key is there; its number.
async fn insert(connection: &mut AnyConnection, core: &Core, id: i64, put: &Put) -> Result<Option<i64>, Fault> {
    let done = sqlx::query(
        "INSERT INTO inbox (id, key, at, body, owner) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING",
    )
    .bind(id)
    .bind(put.key.as_str())
    .bind(put.at.0)
    .bind(put.body.as_str())
    .bind(core.instance.as_str())
    .execute(connection)
    .await?;
    Ok((done.rows_affected() == 1).then_some(id))
}

/// Deletes what SAFETY E2 lets us keep for 24 hours only.
pub(super) async fn sweep(tx: &mut Tx, now: At) -> Result<u64, Fault> {
    let limit = now.plus(-DAY).0;
    let mut gone = 0;
    for old in SWEEP {
        gone += sqlx::query(old).bind(limit).execute(&mut **tx).await?.rows_affected();
    }
    sqlx::query("DELETE FROM outbox WHERE done_at IS NOT NULL AND done_at < $1").bind(limit).execute(&mut **tx).await?;
    Ok(gone)
}
