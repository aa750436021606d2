//! Claiming and finishing inbox rows. (Storing them: `writer.rs`.)
//!
//! A row is never handed to two living processes at once while its claim lasts. Begin with [`claim`].

use super::{Core, Database, Fault, Tx, driver, one_at_a_time, write_tx};
use crate::domain::time::At;
use crate::ports::store::{Durability, InboxRow, Stored};

/// Rows whose owners are looked at by one claim.
const OLDEST: i64 = 256;
/// Only rows that wait have an index of their numbers: whoever asks for a number says that it waits.
pub(super) const CLAIM: &str = "UPDATE inbox SET owner = $1, claimed_until = $2 WHERE done_at IS NULL AND id IN (\
        SELECT id FROM inbox WHERE done_at IS NULL AND (claimed_until <= $3 \
            OR (claimed_until IS NULL AND (owner = $1 OR owner = $4 OR at <= $5))) ORDER BY id LIMIT $6) \
     RETURNING id, key, at, body";
pub(super) const FINISH: &str = "UPDATE inbox SET done_at = $2, body = '' WHERE id = $1 AND done_at IS NULL";

/// The claim of one caller.
#[derive(Clone, Copy)]
pub(super) struct Claim {
    pub(super) now: At,
    pub(super) hold_ms: i64,
    pub(super) limit: i64,
}

impl Database {
    /// How `owner` stands in the owner columns: the process first, because its OS lock tells whether it lives.
    pub(super) fn tag(&self, owner: &str) -> String {
        let instance = &self.core.instance;
        if owner == instance { owner.to_owned() } else { format!("{instance}/{owner}") }
    }

    /// Of these owners the ones whose process certainly ended.
    pub(super) fn dead(&self, owners: Vec<(String,)>) -> Stored<Vec<String>> {
        let mut dead = Vec::new();
        for (owner,) in owners {
            let ours = owner.split('/').next() == Some(self.core.instance.as_str());
            if !ours && self.host.owner_is_dead(&owner)? {
                dead.push(owner);
            }
        }
        Ok(dead)
    }
}

pub(super) async fn claim(db: &Database, owner: &str, claim: Claim) -> Stored<Vec<InboxRow>> {
    // An idle poll must not take the write lock.
    let any: Option<(i64,)> = sqlx::query_as("SELECT id FROM inbox WHERE done_at IS NULL LIMIT 1")
        .fetch_optional(&db.core.pool)
        .await
        .map_err(driver)?;
    if any.is_none() {
        return Ok(Vec::new());
    }
    let tag = db.tag(owner);
    // After a power failure there is nobody left whom the claim could hold off, and the row is handed out again.
    write_tx!(db.core, Durability::Replayed, |tx| claim_in(&mut tx, db, &tag, claim).await)
}

async fn claim_in(tx: &mut Tx, db: &Database, tag: &str, claim: Claim) -> Result<Vec<InboxRow>, Fault> {
    one_at_a_time(tx, &db.core, "inbox").await?;
    // Of the oldest alone: nobody may wait while a backlog of many thousands is read. What a dead process left behind them is
    // found when they are done, and is free for all anyway when `hold_ms` have passed.
    let owners = sqlx::query_as(
        "SELECT DISTINCT owner FROM (SELECT owner FROM inbox WHERE done_at IS NULL ORDER BY id LIMIT $1) AS oldest \
         WHERE owner <> ''",
    )
    .bind(OLDEST)
    .fetch_all(&mut **tx)
    .await?;
    for dead in db.dead(owners)? {
        sqlx::query("UPDATE inbox SET owner = '', claimed_until = 0 WHERE owner = $1 AND done_at IS NULL")
            .bind(dead)
            .execute(&mut **tx)
            .await?;
    }
    let mut rows: Vec<(i64, String, i64, String)> = sqlx::query_as(CLAIM)
        .bind(tag)
        .bind(claim.now.plus(claim.hold_ms).0)
        .bind(claim.now.0)
        .bind(db.core.instance.as_str())
        .bind(claim.now.plus(-claim.hold_ms).0)
        .bind(claim.limit)
        .fetch_all(&mut **tx)
        .await?;
    rows.sort_by_key(|row| row.0);
    Ok(rows.into_iter().map(|(id, key, at, body)| InboxRow { id, key, at: At(at), body }).collect())
}

/// Keys are compared by their bytes, whatever the database takes for an alphabet.
pub(super) async fn has(core: &Core, after: &str, before: &str) -> Stored<bool> {
    let sql = if core.sqlite {
        "SELECT id FROM inbox WHERE key > $1 AND key < $2 LIMIT 1"
    } else {
        "SELECT id FROM inbox WHERE key COLLATE \"C\" > $1 AND key COLLATE \"C\" < $2 LIMIT 1"
    };
    let row: Option<(i64,)> =
        sqlx::query_as(sql).bind(after).bind(before).fetch_optional(&core.pool).await.map_err(driver)?;
    Ok(row.is_some())
}

pub(super) async fn done(db: &Database, (id, at): (i64, At), durability: Durability) -> Stored<()> {
    write_tx!(db.core, durability, |tx| finish(&mut tx, id, at).await.map(|_| ()))
}

/// Finishes a row; `false` when it was finished (or deleted) before. Its body goes at once: nobody reads it again.
pub(super) async fn finish(tx: &mut Tx, id: i64, at: At) -> Result<bool, Fault> {
    let done = sqlx::query(FINISH).bind(id).bind(at.0).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}
