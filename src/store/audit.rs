//! The audit chain (SAFETY E1): how a row is hashed, how a payload is bound to it, how a checkpoint is made.
//!
//! # The format, version 1 (never changes; a new version gets a new first part)
//! Everything hashed is text. `enc(parts)` is, for each part, the length of its UTF-8 bytes as 8 bytes big-endian, then the
//! bytes. Numbers are decimal, hashes and salts lower-case hexadecimal.
//! ```text
//! commit     = hex(HMAC-SHA256(key = the 16 bytes of salt, payload))
//! hash       = hex(SHA-256(enc("reanchor-audit-v1", chain, seq, prev, at, actor, kind, commit)))
//! prev       = the hash of the row before (seq - 1), 64 zeros for seq 1
//! heads(H)   = hex(SHA-256(enc("reanchor-heads-v1", chain1, seq1, hash1, chain2, …))), chains in byte order
//! checkpoint = hex(SHA-256(enc("reanchor-checkpoint-v1", number, at, prev, heads(all), heads(changed))))
//! mac        = hex(HMAC-SHA256(AUDIT_KEY, checkpoint)), code = first 8 base32 characters of the 32 bytes of checkpoint
//! ```
//! `at` is in milliseconds since 1970. `changed` are the heads that moved since the checkpoint before, `all` the last known
//! head of every chain. Without the key everything but `mac` can be checked from an export.
//!
//! Nothing here deletes a row or writes one that was written before. Begin with [`Link::hash`], then [`append`].

use super::{Fault, Tx};
use crate::domain::ids::{base32, hex};
use crate::domain::time::At;
use crate::ports::fresh::Fresh;
use crate::ports::store::AuditRow;
use ring::{digest, hmac};
use std::collections::BTreeMap;

/// The `prev` of a first row and of a first checkpoint.
pub(super) const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Last row of a chain: seq and hash.
pub(super) type Head = (i64, String);

/// A row of a chain without its payload.
pub(super) struct Link {
    pub(super) chain: String,
    pub(super) seq: i64,
    pub(super) prev: String,
    pub(super) at: i64,
    pub(super) actor: String,
    pub(super) kind: String,
    pub(super) commitment: String,
}

impl Link {
    /// The hash of the row.
    pub(super) fn hash(&self) -> String {
        hex(&digest(&[
            "reanchor-audit-v1",
            &self.chain,
            &self.seq.to_string(),
            &self.prev,
            &self.at.to_string(),
            &self.actor,
            &self.kind,
            &self.commitment,
        ]))
    }
}

/// A checkpoint without its proof.
pub(super) struct Seal {
    pub(super) number: i64,
    pub(super) at: i64,
    pub(super) prev: String,
    pub(super) heads: String,
    pub(super) changed: String,
}

impl Seal {
    /// The 32 bytes of the checkpoint's hash.
    pub(super) fn hash(&self) -> Vec<u8> {
        digest(&[
            "reanchor-checkpoint-v1",
            &self.number.to_string(),
            &self.at.to_string(),
            &self.prev,
            &self.heads,
            &self.changed,
        ])
    }
}

/// As [`code`], from the hash in hexadecimal; `None` when it is not hexadecimal.
pub(super) fn code_of_hex(text: &str) -> Option<String> {
    let pairs = text.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> =
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    bytes.map(|bytes| code(&bytes))
}

/// The short code of a checkpoint, as it stands on cards.
pub(super) fn code(hash: &[u8]) -> String {
    base32(hash, 8)
}

/// SHA-256 over the length-prefixed parts.
fn digest(parts: &[&str]) -> Vec<u8> {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    context.finish().as_ref().to_vec()
}

/// Digest of a set of heads.
pub(super) fn heads_digest(heads: &BTreeMap<String, Head>) -> String {
    let numbers: Vec<String> = heads.values().map(|(seq, _)| seq.to_string()).collect();
    let mut parts = vec!["reanchor-heads-v1"];
    for ((chain, (_, hash)), seq) in heads.iter().zip(&numbers) {
        parts.extend([chain.as_str(), seq.as_str(), hash.as_str()]);
    }
    hex(&digest(&parts))
}

/// The commitment to a payload.
pub(super) fn commitment(salt: &[u8], payload: &str) -> String {
    hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, salt), payload.as_bytes()).as_ref())
}

/// The MAC of a checkpoint hash (hexadecimal).
pub(super) fn mac(key: &hmac::Key, hash: &str) -> String {
    hex(hmac::sign(key, hash.as_bytes()).as_ref())
}

/// Bytes of a hexadecimal text; `None` when it is not one.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect()
}

/// Appends `rows` to their chains.
pub(super) async fn append(tx: &mut Tx, fresh: &dyn Fresh, at: At, rows: &[AuditRow]) -> Result<(), Fault> {
    let mut heads: BTreeMap<&str, Head> = BTreeMap::new();
    for row in rows {
        heads.insert(&row.chain, (0, NOTHING.to_owned()));
    }
    // In the order of the names, so that two changes cannot wait for each other.
    for (chain, head) in &mut heads {
        *head = lock_head(tx, chain).await?;
    }
    for row in rows {
        let Some(head) = heads.get_mut(row.chain.as_str()) else { continue };
        let salt = fresh.bytes();
        let link = Link {
            chain: row.chain.clone(),
            seq: head.0 + 1,
            prev: head.1.clone(),
            at: at.0,
            actor: row.actor.clone(),
            kind: row.kind.clone(),
            commitment: commitment(&salt, &row.payload),
        };
        let hash = link.hash();
        insert(tx, &link, &hash).await?;
        sqlx::query("INSERT INTO audit_payloads (chain, seq, salt, payload) VALUES ($1, $2, $3, $4)")
            .bind(link.chain.as_str())
            .bind(link.seq)
            .bind(hex(&salt))
            .bind(row.payload.as_str())
            .execute(&mut **tx)
            .await?;
        *head = (link.seq, hash);
    }
    for (chain, (seq, hash)) in heads {
        sqlx::query("UPDATE audit_heads SET seq = $2, hash = $3 WHERE chain = $1")
            .bind(chain)
            .bind(seq)
            .bind(hash)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx, link: &Link, hash: &str) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO audit (chain, seq, prev, at, actor, kind, commitment, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(link.chain.as_str())
    .bind(link.seq)
    .bind(link.prev.as_str())
    .bind(link.at)
    .bind(link.actor.as_str())
    .bind(link.kind.as_str())
    .bind(link.commitment.as_str())
    .bind(hash)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Locks the head of a chain to the end of the transaction and gives it. A head that is missing although rows are there (a
/// broken chain) is taken from the rows: an open run must still be able to record how it reaches a safe state.
async fn lock_head(tx: &mut Tx, chain: &str) -> Result<Head, Fault> {
    sqlx::query(
        "INSERT INTO audit_heads (chain, seq, hash, sealed_seq, sealed_hash) VALUES ($1, 0, $2, 0, $2) \
         ON CONFLICT (chain) DO NOTHING",
    )
    .bind(chain)
    .bind(NOTHING)
    .execute(&mut **tx)
    .await?;
    let head: Head = sqlx::query_as("UPDATE audit_heads SET seq = seq WHERE chain = $1 RETURNING seq, hash")
        .bind(chain)
        .fetch_one(&mut **tx)
        .await?;
    let last: Option<Head> = sqlx::query_as("SELECT seq, hash FROM audit WHERE chain = $1 ORDER BY seq DESC LIMIT 1")
        .bind(chain)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(match last {
        Some(last) if last.0 > head.0 => last,
        Some(_) | None => head,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden values, made by an independent program from the description above. They must never change.
    #[test]
    fn the_encoding_is_the_one_that_is_documented() {
        let commit = commitment(&[7; 16], "{\"a\":1}");
        let link = Link {
            chain: "c-000001".to_owned(),
            seq: 1,
            prev: NOTHING.to_owned(),
            at: 1_700_000_000_000,
            actor: "okta:00u1".to_owned(),
            kind: "vote".to_owned(),
            commitment: commit.clone(),
        };
        let heads =
            BTreeMap::from([("bot".to_owned(), (2, "aa".to_owned())), ("c-1".to_owned(), (10, "bb".to_owned()))]);
        let seal = Seal {
            number: 3,
            at: 5,
            prev: NOTHING.to_owned(),
            heads: heads_digest(&heads),
            changed: heads_digest(&BTreeMap::new()),
        };
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
        let hash = seal.hash();
        let all = [commit, link.hash(), hex(&hash), mac(&key, &hex(&hash)), code(&hash)];
        assert_eq!(all.join("\n"), GOLDEN);
    }

    const GOLDEN: &str = "f2c217563170b67894beb23379ef6d7cdad683978b53912b41b451cc9714ba28\n\
        022497c9542e424d6180b5e36a8c0f4e2aef9855e0b1238445ca53ea147efb81\n\
        69a26e3f53903128d24272d20d1e7e6638b42a0ae2280dfaa14166456782bde1\n\
        5cfa2ebf6899a870ec58f27a0224495a97a308c8aa78d3269d60ebf88666a7d3\n\
        d6h6wftk";

    #[test]
    fn hexadecimal_text_is_read_back_and_nothing_else_is() {
        assert_eq!(unhex("00ff"), Some(vec![0, 255]));
        assert_eq!(unhex("0"), None);
        assert_eq!(unhex("zz"), None);
    }
}
