//! Walking chains: reads rows in pages and checks each against the one before, against the checkpoints that name it, and
//! against its payload.
//!
//! Never repairs, and stops at the first row that does not check, which it names. Begin with [`Walker`].

use super::audit::{Head, Link, NOTHING, Seal, commitment, heads_digest, mac, unhex};
use super::{Fault, Tx};
use crate::domain::ids::hex;
use ring::hmac;
use std::collections::BTreeMap;

/// Rows that are read at once.
const PAGE: i64 = 500;

/// A row with its payload, as far as it is still there.
pub(super) struct AuditLine {
    pub(super) link: Link,
    pub(super) hash: String,
    pub(super) salt: Option<String>,
    pub(super) payload: Option<String>,
}

type Columns = (String, i64, String, i64, String, String, String, String, Option<String>, Option<String>);

impl From<Columns> for AuditLine {
    fn from(row: Columns) -> Self {
        let (chain, seq, prev, at, actor, kind, commitment, hash, salt, payload) = row;
        Self { link: Link { chain, seq, prev, at, actor, kind, commitment }, hash, salt, payload }
    }
}

macro_rules! select_lines {
    ($where:literal) => {
        concat!(
            "SELECT a.chain, a.seq, a.prev, a.at, a.actor, a.kind, a.commitment, a.hash, p.salt, p.payload ",
            "FROM audit a LEFT JOIN audit_payloads p ON p.chain = a.chain AND p.seq = a.seq WHERE ",
            $where,
            " ORDER BY a.chain, a.seq LIMIT $3"
        )
    };
}

/// The page after (`chain`, `seq`), of all chains or of this one only. Empty at the end.
pub(super) async fn page(tx: &mut Tx, after: (&str, i64), only: bool) -> Result<Vec<AuditLine>, Fault> {
    let text = if only {
        select_lines!("a.chain = $1 AND a.seq > $2")
    } else {
        select_lines!("(a.chain > $1 OR (a.chain = $1 AND a.seq > $2))")
    };
    let rows: Vec<Columns> = sqlx::query_as(text).bind(after.0).bind(after.1).bind(PAGE).fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(AuditLine::from).collect())
}

/// What checkpoints say of one chain: seq -> (hash, number of the checkpoint).
pub(super) type Named = BTreeMap<i64, (String, i64)>;

/// Goes through rows in the order of [`page`]. Its errors are the names of rows.
pub(super) struct Walker<'a> {
    named: &'a BTreeMap<String, Named>,
    chain: String,
    seq: i64,
    prev: String,
    /// First row without a payload that no erasure has explained yet.
    unexplained: Option<i64>,
    /// Last row of each chain that was walked to its end.
    pub(super) heads: BTreeMap<String, Head>,
    /// Rows seen.
    pub(super) rows: i64,
}

impl<'a> Walker<'a> {
    /// Begins at the first row of the first chain.
    pub(super) fn new(named: &'a BTreeMap<String, Named>) -> Self {
        let (chain, prev) = (String::new(), NOTHING.to_owned());
        Self { named, chain, seq: 0, prev, unexplained: None, heads: BTreeMap::new(), rows: 0 }
    }

    /// Begins after row `head` of `chain`, which is taken for good.
    pub(super) fn after(named: &'a BTreeMap<String, Named>, chain: &str, head: Head) -> Self {
        let mut walker = Self::new(named);
        chain.clone_into(&mut walker.chain);
        (walker.seq, walker.prev) = head;
        walker
    }

    /// Checks the next row.
    pub(super) fn step(&mut self, row: &AuditLine) -> Result<(), String> {
        let link = &row.link;
        if link.chain != self.chain {
            self.end()?;
            link.chain.clone_into(&mut self.chain);
            (self.seq, self.prev, self.unexplained) = (0, NOTHING.to_owned(), None);
        }
        let bad = |what: &str| Err(format!("chain {} row {}: {what}", link.chain, link.seq));
        if link.seq != self.seq + 1 {
            return Err(format!("chain {} row {}: it is gone", link.chain, self.seq + 1));
        }
        if link.prev != self.prev {
            return bad("it does not follow the row before");
        }
        if link.hash() != row.hash {
            return bad("its content was altered, the hash does not fit");
        }
        if let Some((hash, number)) = self.named.get(&self.chain).and_then(|named| named.get(&link.seq))
            && *hash != row.hash
        {
            return bad(&format!("it is not the row that checkpoint {number} names"));
        }
        match (&row.salt, &row.payload) {
            (Some(salt), Some(payload)) => {
                let fits = unhex(salt).is_some_and(|salt| commitment(&salt, payload) == link.commitment);
                if !fits {
                    return bad("its payload was altered, the commitment does not fit");
                }
            }
            _ if self.unexplained.is_none() => self.unexplained = Some(link.seq),
            _ => {}
        }
        if link.kind == ERASED {
            self.unexplained = None;
        }
        (self.seq, self.prev) = (link.seq, row.hash.clone());
        self.rows += 1;
        Ok(())
    }

    /// Ends the chain that is being walked.
    pub(super) fn end(&mut self) -> Result<(), String> {
        if let Some(seq) = self.unexplained {
            return Err(format!("chain {} row {seq}: its payload is gone and no erasure is recorded", self.chain));
        }
        if let Some((seq, (_, number))) =
            self.named.get(&self.chain).and_then(|named| named.range(self.seq + 1..).next())
        {
            return Err(format!("chain {} row {seq}: it is gone, checkpoint {number} names it", self.chain));
        }
        if self.seq > 0 {
            self.heads.insert(self.chain.clone(), (self.seq, self.prev.clone()));
        }
        Ok(())
    }
}

/// Kind of the row that records an erasure.
pub(super) const ERASED: &str = "erased";

/// A checkpoint as stored.
pub(super) struct Checkpoint {
    pub(super) number: i64,
    pub(super) at: i64,
    pub(super) prev: String,
    pub(super) changed: String,
    pub(super) heads: String,
    pub(super) hash: String,
    pub(super) mac: String,
}

type CheckpointColumns = (i64, i64, String, String, String, String, String);

impl From<CheckpointColumns> for Checkpoint {
    fn from((number, at, prev, changed, heads, hash, mac): CheckpointColumns) -> Self {
        Self { number, at, prev, changed, heads, hash, mac }
    }
}

impl Checkpoint {
    /// Checks hash and MAC; gives the heads that it names.
    pub(super) fn check(&self, key: &hmac::Key) -> Result<BTreeMap<String, Head>, String> {
        let bad = |what: &str| format!("checkpoint {}: {what}", self.number);
        let changed = self.changed_heads().ok_or_else(|| bad("its list of heads cannot be read"))?;
        let seal = Seal {
            number: self.number,
            at: self.at,
            prev: self.prev.clone(),
            heads: self.heads.clone(),
            changed: heads_digest(&changed),
        };
        if hex(&seal.hash()) != self.hash {
            return Err(bad("its content was altered, the hash does not fit"));
        }
        if mac(key, &self.hash) != self.mac {
            return Err(bad("its MAC does not fit AUDIT_KEY"));
        }
        Ok(changed)
    }

    /// The heads that it names.
    pub(super) fn changed_heads(&self) -> Option<BTreeMap<String, Head>> {
        let list: Vec<(String, i64, String)> = serde_json::from_str(&self.changed).ok()?;
        Some(list.into_iter().map(|(chain, seq, hash)| (chain, (seq, hash))).collect())
    }
}

/// Up to `limit` checkpoints before `number`, the newest first.
pub(super) async fn checkpoints_before(tx: &mut Tx, number: i64, limit: i64) -> Result<Vec<Checkpoint>, Fault> {
    let rows: Vec<CheckpointColumns> = sqlx::query_as(
        "SELECT number, at, prev, changed, heads, hash, mac FROM audit_checkpoints WHERE number < $1 \
         ORDER BY number DESC LIMIT $2",
    )
    .bind(number)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(Checkpoint::from).collect())
}

/// Number of the last checkpoint that was ever made.
pub(super) async fn last_number(tx: &mut Tx) -> Result<i64, Fault> {
    let (last,): (i64,) =
        sqlx::query_as("SELECT value FROM counters WHERE name = 'checkpoints'").fetch_one(&mut **tx).await?;
    Ok(last)
}
