//! Leases with numbered fences.
//!
//! Two holders never have the same number, and a number is never handed out while the holder before lives within its time.
//! Begin with [`take`].

use super::{Core, Database, Fault, Tx, write_tx};
use crate::domain::time::At;
use crate::ports::store::{Fence, LeaseAnswer, LeaseTerms, StoreError, Stored};

/// Who wants what.
pub(super) struct Wish<'a> {
    pub(super) key: &'a str,
    pub(super) holder: &'a str,
    pub(super) now: At,
    pub(super) terms: LeaseTerms,
}

/// The row as it was found.
struct Found {
    holder: String,
    number: i64,
    until: At,
    journaled_at: Option<At>,
}

/// The name of the holder does not matter for the answer: a lease that is held and alive is `Taken` for its own holder too,
/// because two tasks of one process must not share it.
pub(super) async fn take(db: &Database, wish: &Wish<'_>) -> Stored<LeaseAnswer> {
    let (answer, lock) = write_tx!(db.core, |tx| take_in(&mut tx, db, wish).await)?;
    if let LeaseAnswer::Ours { number, .. } = &answer {
        db.host.keep(wish.key, *number, lock);
    }
    Ok(answer)
}

async fn take_in(
    tx: &mut Tx,
    db: &Database,
    wish: &Wish<'_>,
) -> Result<(LeaseAnswer, Option<super::locks::HostLock>), Fault> {
    let found = lock_row(tx, wish.key).await?;
    let wait_until = match before(db, wish, &found)? {
        Before::Holds => return Ok((LeaseAnswer::Taken { until: found.until }, None)),
        Before::Free => None,
        Before::Gone { wait_until } => Some(wait_until),
    };
    let number = found.number + 1;
    let until = wish.now.plus(wish.terms.lease_ms);
    let lock = db.host.lock_lease(wish.key, number)?;
    sqlx::query("UPDATE leases SET holder = $2, number = $3, until = $4, journaled_at = NULL WHERE key = $1")
        .bind(wish.key)
        .bind(wish.holder)
        .bind(number)
        .bind(until.0)
        .execute(&mut **tx)
        .await?;
    Ok((LeaseAnswer::Ours { number, until, wait_until }, lock))
}

async fn lock_row(tx: &mut Tx, key: &str) -> Result<Found, Fault> {
    sqlx::query("INSERT INTO leases (key, holder, number, until) VALUES ($1, '', 0, 0) ON CONFLICT (key) DO NOTHING")
        .bind(key)
        .execute(&mut **tx)
        .await?;
    let (holder, number, until, journaled_at): (String, i64, i64, Option<i64>) = sqlx::query_as(
        "UPDATE leases SET number = number WHERE key = $1 RETURNING holder, number, until, journaled_at",
    )
    .bind(key)
    .fetch_one(&mut **tx)
    .await?;
    Ok(Found { holder, number, until: At(until), journaled_at: journaled_at.map(At) })
}

/// What became of the holder before.
enum Before {
    Free,
    Holds,
    Gone { wait_until: At },
}

fn before(db: &Database, wish: &Wish<'_>, found: &Found) -> Stored<Before> {
    if found.holder.is_empty() {
        return Ok(Before::Free);
    }
    let call = wish.terms.call_timeout_ms;
    let by_lease = found.until.plus(call);
    if db.host.holder_is_dead(wish.key, found.number)? {
        // Its last vendor call began after its last intent row. Where the caller knows of no intent, the last journal row
        // written under that lease stands for it; where there is none either, it lived until now at the latest.
        let last = wish.terms.last_intent.or(found.journaled_at).unwrap_or(wish.now);
        return Ok(Before::Gone { wait_until: last.plus(call).min(by_lease) });
    }
    if found.until <= wish.now {
        return Ok(Before::Gone { wait_until: by_lease });
    }
    Ok(Before::Holds)
}

/// A lease that ran out can be renewed as long as nobody took it: then nobody acted in between.
pub(super) async fn renew(core: &Core, fence: &Fence, now: At, lease_ms: i64) -> Stored<At> {
    let until = now.plus(lease_ms);
    write_tx!(core, |tx| async {
        let done = sqlx::query("UPDATE leases SET until = $4 WHERE key = $1 AND holder = $2 AND number = $3")
            .bind(fence.key.as_str())
            .bind(fence.holder.as_str())
            .bind(fence.number)
            .bind(until.0)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 1 {
            Ok(until)
        } else {
            Err(Fault::Store(StoreError::Fenced { key: fence.key.clone() }))
        }
    }
    .await)
}

/// May run twice.
pub(super) async fn release(db: &Database, fence: &Fence) -> Stored<()> {
    let done: Stored<()> = write_tx!(db.core, |tx| {
        async {
        sqlx::query(
            "UPDATE leases SET holder = '', until = 0, journaled_at = NULL WHERE key = $1 AND holder = $2 AND number = $3",
        )
        .bind(fence.key.as_str())
        .bind(fence.holder.as_str())
        .bind(fence.number)
        .execute(&mut *tx)
        .await?;
        Ok::<(), Fault>(())
    }
    .await
    });
    // After the row: with the lock gone first, another process could take the holder for dead.
    if done.is_ok() {
        db.host.let_go(fence);
    }
    done
}
