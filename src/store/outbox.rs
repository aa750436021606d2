//! Things to show: put, claimed, sent or put back.
//!
//! Of one key never two rows are in flight, and a row that somebody is sending is never overwritten: a newer body waits in a
//! row of its own, so that "sent" always means the body that was claimed. Begin with [`put`], then [`claim`].

use super::{Core, Database, Fault, Tx, driver, one_at_a_time, take_numbers, write_tx};
use crate::domain::time::At;
use crate::ports::store::{Attempt, Change, Claimed, Durability, OutboxRow, Stored, Waiting};

/// Most rows handed out at once.
const AT_ONCE: i64 = 100;

/// What a key is about: what stands before `#`. Posts of one thing in several states share one place on the surface.
fn thing(key: &str) -> &str {
    key.split_once('#').map_or(key, |(thing, _)| thing)
}

/// The claim of one caller.
#[derive(Clone, Copy)]
pub(super) struct Claim {
    pub(super) now: At,
    pub(super) hold_ms: i64,
}

pub(super) async fn put(tx: &mut Tx, instance: &str, change: &Change) -> Result<(), Fault> {
    if change.outbox.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(change.outbox.len()).unwrap_or(i64::MAX);
    let first = take_numbers(tx, "outbox", count).await?;
    for (id, row) in (first..).zip(&change.outbox) {
        let replaced = sqlx::query(
            "UPDATE outbox SET body = $3, due_at = $4, owner = $5, attempts = 0, why = NULL \
             WHERE surface = $1 AND key = $2 AND done_at IS NULL AND claimed_until IS NULL",
        )
        .bind(row.surface.as_str())
        .bind(row.key.as_str())
        .bind(row.body.as_str())
        .bind(row.due_at.0)
        .bind(instance)
        .execute(&mut **tx)
        .await?;
        if replaced.rows_affected() > 0 {
            continue;
        }
        sqlx::query(
            "INSERT INTO outbox (id, surface, key, due_at, body, attempts, owner) VALUES ($1, $2, $3, $4, $5, 0, $6)",
        )
        .bind(id)
        .bind(row.surface.as_str())
        .bind(row.key.as_str())
        .bind(row.due_at.0)
        .bind(row.body.as_str())
        .bind(instance)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

pub(super) async fn claim(db: &Database, surface: &str, owner: &str, claim: Claim) -> Stored<Vec<Claimed>> {
    // An idle poll must not take the write lock.
    let any: Option<(i64,)> =
        sqlx::query_as("SELECT id FROM outbox WHERE done_at IS NULL AND surface = $1 AND due_at <= $2 LIMIT 1")
            .bind(surface)
            .bind(claim.now.0)
            .fetch_optional(&db.core.pool)
            .await
            .map_err(driver)?;
    if any.is_none() {
        return Ok(Vec::new());
    }
    let tag = db.tag(owner);
    write_tx!(db.core, |tx| claim_in(&mut tx, db, (surface, &tag), claim).await)
}

/// Only the newest row of a key is handed out, and none while another row of that key is in flight.
async fn claim_in(tx: &mut Tx, db: &Database, who: (&str, &str), claim: Claim) -> Result<Vec<Claimed>, Fault> {
    let (surface, tag) = who;
    one_at_a_time(tx, &db.core, "outbox").await?;
    release_dead(tx, db).await?;
    let mut found: Vec<(i64, String, i64, String, i64)> = sqlx::query_as(
        "UPDATE outbox SET owner = $1, claimed_until = $2, attempts = attempts + 1 WHERE id IN (\
            SELECT o.id FROM outbox o WHERE o.done_at IS NULL AND o.surface = $3 AND o.due_at <= $4 \
            AND (o.claimed_until <= $4 \
                OR (o.claimed_until IS NULL AND (o.owner = '' OR o.owner = $1 OR o.owner = $5 OR o.due_at <= $6))) \
            AND NOT EXISTS (SELECT 1 FROM outbox x WHERE x.surface = o.surface AND x.key = o.key \
                AND x.done_at IS NULL AND (x.id > o.id OR (x.id < o.id AND x.claimed_until > $4))) \
            ORDER BY o.due_at, o.id LIMIT $7) \
         RETURNING id, key, due_at, body, attempts - 1",
    )
    .bind(tag)
    .bind(claim.now.plus(claim.hold_ms).0)
    .bind(surface)
    .bind(claim.now.0)
    .bind(db.core.instance.as_str())
    .bind(claim.now.plus(-claim.hold_ms).0)
    .bind(AT_ONCE)
    .fetch_all(&mut **tx)
    .await?;
    found.sort_by_key(|row| (row.2, row.0));
    let mut claimed = Vec::with_capacity(found.len());
    for (id, key, due_at, body, attempts) in found {
        // Whoever had an older row of this key lost its claim.
        sqlx::query(
            "UPDATE outbox SET done_at = $4, body = '' WHERE surface = $1 AND key = $2 AND id < $3 AND done_at IS NULL",
        )
        .bind(surface)
        .bind(key.as_str())
        .bind(id)
        .bind(claim.now.0)
        .execute(&mut **tx)
        .await?;
        let (posted, uncertain) = begin(tx, surface, thing(&key), claim.now).await?;
        let row = OutboxRow { key, surface: surface.to_owned(), due_at: At(due_at), body };
        claimed.push(Claimed { id, row, attempts, posted, uncertain });
    }
    Ok(claimed)
}

/// Where a thing stands, or the mark that somebody begins to post it. Whoever finds the mark knows that the thing may stand
/// there already.
async fn begin(tx: &mut Tx, surface: &str, thing: &str, at: At) -> Result<(Option<String>, bool), Fault> {
    let posted: Option<(String,)> = sqlx::query_as("SELECT posted FROM posts WHERE surface = $1 AND key = $2")
        .bind(surface)
        .bind(thing)
        .fetch_optional(&mut **tx)
        .await?;
    if let Some((posted,)) = posted {
        let uncertain = posted.is_empty();
        return Ok(((!uncertain).then_some(posted), uncertain));
    }
    sqlx::query("INSERT INTO posts (surface, key, posted, outbox_id, at) VALUES ($1, $2, '', 0, $3)")
        .bind(surface)
        .bind(thing)
        .bind(at.0)
        .execute(&mut **tx)
        .await?;
    Ok((None, false))
}

/// Where a thing stands, as far as it is known.
pub(super) async fn posted(core: &Core, surface: &str, thing: &str) -> Stored<Option<String>> {
    let sql = "SELECT posted FROM posts WHERE surface = $1 AND key = $2 AND posted <> ''";
    let row: Option<(String,)> =
        sqlx::query_as(sql).bind(surface).bind(thing).fetch_optional(&core.pool).await.map_err(driver)?;
    Ok(row.map(|(posted,)| posted))
}

async fn release_dead(tx: &mut Tx, db: &Database) -> Result<(), Fault> {
    let owners = sqlx::query_as("SELECT DISTINCT owner FROM outbox WHERE done_at IS NULL AND owner <> ''")
        .fetch_all(&mut **tx)
        .await?;
    for dead in db.dead(owners)? {
        sqlx::query(
            "UPDATE outbox SET owner = '', claimed_until = CASE WHEN claimed_until IS NULL THEN NULL ELSE 0 END \
             WHERE owner = $1 AND done_at IS NULL",
        )
        .bind(dead)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// May run twice. A late answer about a row that was given to somebody else still records where the thing is, unless a
/// newer row of the key was posted in the meantime.
pub(super) async fn sent(core: &Core, id: i64, posted: &str, at: At) -> Stored<()> {
    write_tx!(core, |tx| async {
        let key: Option<(String,)> =
            sqlx::query_as("SELECT key FROM outbox WHERE id = $1").bind(id).fetch_optional(&mut *tx).await?;
        let key = key.map(|(key,)| key).unwrap_or_default();
        sqlx::query(
            "INSERT INTO posts (surface, key, posted, outbox_id, at) \
             SELECT surface, $4, $2, id, $3 FROM outbox WHERE id = $1 \
             ON CONFLICT (surface, key) DO UPDATE SET posted = excluded.posted, outbox_id = excluded.outbox_id, \
             at = excluded.at WHERE posts.outbox_id <= excluded.outbox_id",
        )
        .bind(id)
        .bind(posted)
        .bind(at.0)
        .bind(thing(&key))
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE outbox SET done_at = $2, body = '', claimed_until = NULL WHERE id = $1 AND done_at IS NULL",
        )
        .bind(id)
        .bind(at.0)
        .execute(&mut *tx)
        .await?;
        Ok::<(), Fault>(())
    }
    .await)
}

/// Puts a row back; when a newer one of its key waits, that one takes its place.
pub(super) async fn retry(core: &Core, (id, due_at): (i64, At), why: &str, attempt: Attempt) -> Stored<()> {
    // What a power failure takes here leaves the claim of a process that is gone, and its mark: the next one looks whether
    // the thing stands there, as after any end of a process between a claim and this.
    write_tx!(core, Durability::Replayed, |tx| {
        async {
        one_at_a_time(&mut tx, core, "outbox").await?;
        if attempt == Attempt::NotMade {
            not_made(&mut tx, id).await?;
        }
        let superseded = sqlx::query(
            "UPDATE outbox SET done_at = $2, body = '', claimed_until = NULL, why = $3 WHERE id = $1 AND done_at IS NULL \
             AND EXISTS (SELECT 1 FROM outbox x WHERE x.surface = outbox.surface AND x.key = outbox.key \
                AND x.done_at IS NULL AND x.id > outbox.id)",
        )
        .bind(id)
        .bind(due_at.0)
        .bind(why)
        .execute(&mut *tx)
        .await?;
        if superseded.rows_affected() == 0 {
            sqlx::query(
                "UPDATE outbox SET claimed_until = NULL, due_at = $2, why = $3 WHERE id = $1 AND done_at IS NULL",
            )
            .bind(id)
            .bind(due_at.0)
            .bind(why)
            .execute(&mut *tx)
            .await?;
        }
        Ok::<(), Fault>(())
    }
    .await
    })
}

pub(super) async fn waiting(core: &Core, now: At) -> Stored<i64> {
    let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND due_at <= $1")
        .bind(now.0)
        .fetch_one(&core.pool)
        .await
        .map_err(driver)?;
    Ok(count)
}

pub(super) async fn waiting_on(core: &Core, surface: &str, now: At) -> Stored<Waiting> {
    let sql = "SELECT COUNT(*), MIN(due_at) FROM outbox WHERE done_at IS NULL AND surface = $1 AND due_at <= $2";
    let (count, oldest): (i64, Option<i64>) =
        sqlx::query_as(sql).bind(surface).bind(now.0).fetch_one(&core.pool).await.map_err(driver)?;
    Ok(Waiting { count, oldest: oldest.map(At) })
}

/// Takes an attempt back that was not made: neither its count nor its mark stays.
async fn not_made(tx: &mut Tx, id: i64) -> Result<(), Fault> {
    let row: Option<(String, String)> =
        sqlx::query_as("SELECT surface, key FROM outbox WHERE id = $1 AND done_at IS NULL")
            .bind(id)
            .fetch_optional(&mut **tx)
            .await?;
    let Some((surface, key)) = row else { return Ok(()) };
    sqlx::query("UPDATE outbox SET attempts = attempts - 1 WHERE id = $1 AND attempts > 0")
        .bind(id)
        .execute(&mut **tx)
        .await?;
    sqlx::query("DELETE FROM posts WHERE surface = $1 AND key = $2 AND posted = ''")
        .bind(surface)
        .bind(thing(&key))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
