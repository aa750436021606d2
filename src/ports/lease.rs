//! The proof that a run holds its subject. Rows are the business of [`super::store::LeaseTable`].

use super::store::{Fence, LeaseAnswer, LeaseTable, LeaseTerms, Stored};
use crate::domain::time::{At, SECOND};
use std::sync::atomic::{AtomicI64, Ordering};

/// A lease that is held: needed for every write, not cloneable. It does not prolong itself.
#[derive(Debug)]
pub struct LeaseHeld {
    fence: Fence,
    until: AtomicI64,
    terms: LeaseTerms,
    wait_until: Option<At>,
}

/// Result of [`acquire`].
#[derive(Debug)]
pub enum Acquired {
    /// Ours.
    Held(LeaseHeld),
    /// Somebody else's until then.
    Taken(At),
}

/// Takes the lease `key`. The only constructor of [`LeaseHeld`].
pub async fn acquire(table: &dyn LeaseTable, key: &str, holder: &str, now: At, terms: LeaseTerms) -> Stored<Acquired> {
    Ok(match table.take(key, holder, now, terms).await? {
        LeaseAnswer::Ours { number, until, wait_until } => Acquired::Held(LeaseHeld {
            fence: Fence { key: key.to_owned(), holder: holder.to_owned(), number },
            until: AtomicI64::new(until.0),
            terms,
            wait_until,
        }),
        LeaseAnswer::Taken { until } => Acquired::Taken(until),
    })
}

impl LeaseHeld {
    /// What stands in the WHERE of every write to the store.
    pub fn fence(&self) -> &Fence {
        &self.fence
    }

    /// When the last call of a holder before us must have ended; look only after that (SAFETY B5).
    pub fn wait_until(&self) -> Option<At> {
        self.wait_until
    }

    /// Whether enough of the lease is left for one vendor call: call timeout + min(5 s, a fifth of the lease).
    pub fn enough_for_a_call(&self, now: At) -> bool {
        let margin = (5 * SECOND).min(self.terms.lease_ms / 5);
        At(self.until.load(Ordering::SeqCst)).since(now) >= self.terms.call_timeout_ms.saturating_add(margin)
    }

    /// Makes it longer.
    pub async fn renew(&self, table: &dyn LeaseTable, now: At) -> Stored<()> {
        let until = table.renew(&self.fence, now, self.terms.lease_ms).await?;
        self.until.store(until.0, Ordering::SeqCst);
        Ok(())
    }
}
