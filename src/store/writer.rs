//! The one task that stores inbound events. Rows that wait at the same time are committed together, at most 64: while one
//! commit is written to the disk the next rows gather, so nobody waits for a timer and nobody waits for more than two commits.
//!
//! Never answers before the row is on the disk, and never stores an event twice.
//!
//! Begin with [`start`].

use super::{Core, Fault, Tx, take_numbers, write_tx};
use crate::domain::time::{At, DAY, MINUTE};
use crate::ports::store::{StoreError, Stored};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Most rows that one transaction stores.
const TOGETHER: usize = 64;
/// Most rows that wait; a caller beyond that waits for a place.
const QUEUE: usize = 1024;

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
        let mut swept = At(i64::MIN);
        while waiting.recv_many(&mut batch, TOGETHER).await > 0 {
            swept = store(&core, &mut batch, swept).await;
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

async fn store(core: &Core, batch: &mut Vec<Put>, swept: At) -> At {
    let newest = batch.iter().map(|put| put.at).max().unwrap_or(swept);
    let sweep_now = newest.since(swept) >= 10 * MINUTE;
    let stored: Stored<Vec<Option<i64>>> =
        write_tx!(core, next_turn, |tx| insert(&mut tx, core, batch, sweep_now).await);
    let ok = stored.is_ok();
    match stored {
        Ok(ids) => {
            for (put, id) in batch.drain(..).zip(ids) {
                // Whoever waited may have been cancelled; the row is stored and will be claimed.
                drop(put.answer.send(Ok(id)));
            }
        }
        Err(error) => {
            let text = error.to_string();
            for put in batch.drain(..) {
                drop(put.answer.send(Err(StoreError::Driver(text.clone()))));
            }
        }
    }
    if ok && sweep_now { newest } else { swept }
}

async fn insert(tx: &mut Tx, core: &Core, batch: &[Put], sweep_now: bool) -> Result<Vec<Option<i64>>, Fault> {
    if sweep_now && let Some(newest) = batch.iter().map(|put| put.at).max() {
        sweep(tx, newest).await?;
    }
    let count = i64::try_from(batch.len()).unwrap_or(i64::MAX);
    let first = take_numbers(tx, "inbox", count).await?;
    let mut ids = Vec::with_capacity(batch.len());
    for (id, put) in (first..).zip(batch) {
        let done = sqlx::query(
            "INSERT INTO inbox (id, key, at, body, owner) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING",
        )
        .bind(id)
        .bind(put.key.as_str())
        .bind(put.at.0)
        .bind(put.body.as_str())
        .bind(core.instance.as_str())
        .execute(&mut **tx)
        .await?;
        ids.push((done.rows_affected() == 1).then_some(id));
    }
    Ok(ids)
}

/// Deletes what SAFETY E2 lets us keep for 24 hours only.
pub(super) async fn sweep(tx: &mut Tx, now: At) -> Result<u64, Fault> {
    let limit = now.plus(-DAY).0;
    let inbox = sqlx::query("DELETE FROM inbox WHERE at < $1").bind(limit).execute(&mut **tx).await?;
    sqlx::query("DELETE FROM outbox WHERE done_at IS NOT NULL AND done_at < $1").bind(limit).execute(&mut **tx).await?;
    Ok(inbox.rows_affected())
}
