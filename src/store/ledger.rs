//! Proving the record: the full check, the quick check at start, checkpoints, export. The format is in `audit.rs`.
//!
//! A check never writes. Begin with [`verify`].

use super::audit::{self, Head, NOTHING, Seal, heads_digest};
use super::walk::{Checkpoint, Named, Walker, checkpoints_before, last_number, page};
use super::{Database, Fault, Tx, take_numbers, write_tx};
use crate::domain::ids::hex;
use crate::domain::time::At;
use crate::ports::store::{StoreError, Stored};
use ring::hmac;
use std::collections::BTreeMap;

/// Checkpoints that are checked at start.
const AT_START: i64 = 16;
/// Checkpoints that are read at once.
const PAGE: i64 = 500;

/// A check: the number of rows, or the name of the first that does not check.
type Checked = Result<i64, String>;

pub(super) async fn verify(db: &Database) -> Stored<i64> {
    let mut tx = db.core.begin_read().await?;
    let checked = check_all(&mut tx, &db.audit.key).await?;
    conclude(db, checked)
}

/// The quick check at start: the last checkpoints, the rows that the last one names, and the rows since. A broken chain is
/// remembered, not an error: open runs must be able to reach a safe state.
pub(super) async fn check_at_start(db: &Database) -> Stored<()> {
    let mut tx = db.core.begin_read().await?;
    let checked = check_tails(&mut tx, &db.audit.key).await?;
    match conclude(db, checked) {
        Ok(_) | Err(StoreError::ChainBroken { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn conclude(db: &Database, checked: Checked) -> Stored<i64> {
    match checked {
        Ok(rows) => {
            db.audit.set_broken(None);
            Ok(rows)
        }
        Err(row) => {
            tracing::error!(row, "the audit chain is broken: no new proposal, vote or run is recorded");
            db.audit.set_broken(Some(row.clone()));
            Err(StoreError::ChainBroken { row })
        }
    }
}

async fn check_all(tx: &mut Tx, key: &hmac::Key) -> Result<Checked, Fault> {
    let (named, sealed) = match check_checkpoints(tx, key).await? {
        Ok(found) => found,
        Err(row) => return Ok(Err(row)),
    };
    let mut walker = Walker::new(&named);
    let mut after = (String::new(), 0);
    loop {
        let lines = page(tx, (&after.0, after.1), false).await?;
        let Some(last) = lines.last() else { break };
        after = (last.link.chain.clone(), last.link.seq);
        for line in &lines {
            if let Err(row) = walker.step(line) {
                return Ok(Err(row));
            }
        }
    }
    if let Err(row) = walker.end() {
        return Ok(Err(row));
    }
    Ok(check_heads(tx, &walker, &sealed).await?.map(|()| walker.rows))
}

/// Checks that the table of heads agrees with the rows, and that no chain is gone that a checkpoint names.
async fn check_heads(
    tx: &mut Tx,
    walker: &Walker<'_>,
    sealed: &BTreeMap<String, Head>,
) -> Result<Result<(), String>, Fault> {
    for (chain, (seq, _)) in sealed {
        if !walker.heads.contains_key(chain) {
            return Ok(Err(format!("chain {chain}: all its rows are gone, a checkpoint names row {seq}")));
        }
    }
    let rows: Vec<(String, i64, String)> =
        sqlx::query_as("SELECT chain, seq, hash FROM audit_heads").fetch_all(&mut **tx).await?;
    let heads: BTreeMap<String, Head> = rows.into_iter().map(|(chain, seq, hash)| (chain, (seq, hash))).collect();
    for (chain, head) in &heads {
        match walker.heads.get(chain) {
            Some(found) if found == head => {}
            Some(found) if found.0 < head.0 => {
                return Ok(Err(format!("chain {chain} row {}: it is gone, it was the last one", found.0 + 1)));
            }
            Some(found) => return Ok(Err(format!("chain {chain} row {}: it is not the recorded head", found.0))),
            None => return Ok(Err(format!("chain {chain}: all its rows are gone"))),
        }
    }
    let lost = walker.heads.keys().find(|chain| !heads.contains_key(*chain));
    Ok(lost.map_or(Ok(()), |chain| Err(format!("chain {chain}: its head is not recorded"))))
}

/// What all checkpoints together say: every row that one of them names, and the last named head of each chain.
type Sealed = (BTreeMap<String, Named>, BTreeMap<String, Head>);

async fn check_checkpoints(tx: &mut Tx, key: &hmac::Key) -> Result<Result<Sealed, String>, Fault> {
    let (mut named, mut sealed) = (BTreeMap::<String, Named>::new(), BTreeMap::new());
    let newest = last_number(tx).await?;
    // From the newest to the oldest: `expected` is what the one after says of this one.
    let (mut number, mut expected, mut all) = (newest, None::<String>, None::<(i64, String)>);
    while number > 0 {
        let found = checkpoints_before(tx, number + 1, PAGE).await?;
        if found.is_empty() {
            return Ok(Err(gone(number)));
        }
        for checkpoint in found {
            let changed = match follow(&checkpoint, number, expected.as_deref(), key) {
                Ok(changed) => changed,
                Err(row) => return Ok(Err(row)),
            };
            all.get_or_insert((number, checkpoint.heads.clone()));
            for (chain, head) in changed {
                named.entry(chain.clone()).or_default().entry(head.0).or_insert((head.1.clone(), number));
                sealed.entry(chain).or_insert(head);
            }
            expected = Some(checkpoint.prev);
            number -= 1;
        }
    }
    if expected.is_some_and(|first| first != NOTHING) {
        return Ok(Err("checkpoint 1: it names one before it".to_owned()));
    }
    let late: Option<(i64,)> = sqlx::query_as("SELECT number FROM audit_checkpoints WHERE number > $1 OR number < 1")
        .bind(newest)
        .fetch_optional(&mut **tx)
        .await?;
    if let Some((number,)) = late {
        return Ok(Err(format!("checkpoint {number}: its number was never given out")));
    }
    if let Some((number, heads)) = all
        && heads_digest(&sealed) != heads
    {
        return Ok(Err(format!("checkpoint {number}: the heads of all chains are not those that it seals")));
    }
    Ok(Ok((named, sealed)))
}

fn gone(number: i64) -> String {
    format!("checkpoint {number}: it is gone")
}

/// Checks one checkpoint and its place in the row of checkpoints.
fn follow(
    checkpoint: &Checkpoint,
    number: i64,
    expected: Option<&str>,
    key: &hmac::Key,
) -> Result<BTreeMap<String, Head>, String> {
    if checkpoint.number != number {
        return Err(gone(number));
    }
    if expected.is_some_and(|hash| hash != checkpoint.hash) {
        return Err(format!("checkpoint {number}: it is not the one that the next one follows"));
    }
    checkpoint.check(key)
}

async fn check_tails(tx: &mut Tx, key: &hmac::Key) -> Result<Checked, Fault> {
    let newest = last_number(tx).await?;
    let (mut number, mut expected, mut last) = (newest, None::<String>, None);
    let found = checkpoints_before(tx, newest + 1, AT_START).await?;
    if found.is_empty() && newest > 0 {
        return Ok(Err(gone(newest)));
    }
    for checkpoint in found {
        match follow(&checkpoint, number, expected.as_deref(), key) {
            Ok(changed) => last = last.or(Some(changed)),
            Err(row) => return Ok(Err(row)),
        }
        expected = Some(checkpoint.prev);
        number -= 1;
    }
    for (chain, (seq, hash)) in last.unwrap_or_default() {
        let row: Option<(String,)> = sqlx::query_as("SELECT hash FROM audit WHERE chain = $1 AND seq = $2")
            .bind(chain.as_str())
            .bind(seq)
            .fetch_optional(&mut **tx)
            .await?;
        if row.is_none_or(|(found,)| found != hash) {
            return Ok(Err(format!("chain {chain} row {seq}: it is not the row that checkpoint {newest} names")));
        }
    }
    check_unsealed(tx).await
}

/// Checks the rows since the last checkpoint that named their chain.
async fn check_unsealed(tx: &mut Tx) -> Result<Checked, Fault> {
    let heads: Vec<(String, i64, String, i64, String)> = sqlx::query_as(
        "SELECT chain, seq, hash, sealed_seq, sealed_hash FROM audit_heads WHERE seq <> sealed_seq OR hash <> sealed_hash",
    )
    .fetch_all(&mut **tx)
    .await?;
    let nothing_named = BTreeMap::new();
    let mut rows = 0;
    for (chain, seq, hash, sealed_seq, sealed_hash) in heads {
        let mut walker = Walker::after(&nothing_named, &chain, (sealed_seq, sealed_hash));
        let mut at = sealed_seq;
        loop {
            let lines = page(tx, (&chain, at), true).await?;
            let Some(last) = lines.last() else { break };
            at = last.link.seq;
            for line in &lines {
                if let Err(row) = walker.step(line) {
                    return Ok(Err(row));
                }
            }
        }
        if let Err(row) = walker.end() {
            return Ok(Err(row));
        }
        if walker.heads.get(&chain) != Some(&(seq, hash)) {
            return Ok(Err(format!("chain {chain} row {seq}: it is not the recorded head")));
        }
        rows += walker.rows;
    }
    Ok(Ok(rows))
}

pub(super) async fn checkpoint(db: &Database, at: At) -> Stored<Option<String>> {
    write_tx!(db.core, |tx| seal(&mut tx, &db.audit.key, at).await)
}

async fn seal(tx: &mut Tx, key: &hmac::Key, at: At) -> Result<Option<String>, Fault> {
    let number = take_numbers(tx, "checkpoints", 0).await?;
    let mut changed: Vec<(String, i64, String)> = sqlx::query_as(
        "UPDATE audit_heads SET sealed_seq = seq, sealed_hash = hash WHERE seq <> sealed_seq OR hash <> sealed_hash \
         RETURNING chain, seq, hash",
    )
    .fetch_all(&mut **tx)
    .await?;
    if changed.is_empty() {
        return Ok(None);
    }
    changed.sort();
    take_numbers(tx, "checkpoints", 1).await?;
    let prev = checkpoints_before(tx, number, 1).await?.pop().map_or_else(|| NOTHING.to_owned(), |last| last.hash);
    let by_chain = |list: &[(String, i64, String)]| -> BTreeMap<String, Head> {
        list.iter().map(|(chain, seq, hash)| (chain.clone(), (*seq, hash.clone()))).collect()
    };
    let all = sealed_heads(tx).await?;
    let seal = Seal {
        number,
        at: at.0,
        prev,
        heads: heads_digest(&by_chain(&all)),
        changed: heads_digest(&by_chain(&changed)),
    };
    let hash = seal.hash();
    let text = serde_json::to_string(&changed).map_err(|e| StoreError::Driver(e.to_string()))?;
    sqlx::query(
        "INSERT INTO audit_checkpoints (number, at, prev, changed, heads, hash, mac) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(number)
    .bind(at.0)
    .bind(seal.prev)
    .bind(text)
    .bind(seal.heads)
    .bind(hex(&hash))
    .bind(audit::mac(key, &hex(&hash)))
    .execute(&mut **tx)
    .await?;
    Ok(Some(audit::code(&hash)))
}

/// The code of the last checkpoint.
pub(super) async fn last_checkpoint(db: &Database) -> Stored<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("SELECT hash FROM audit_checkpoints ORDER BY number DESC LIMIT 1")
        .fetch_optional(&db.core.pool)
        .await
        .map_err(super::driver)?;
    Ok(row.and_then(|(hash,)| audit::code_of_hex(&hash)))
}

/// The heads of all chains as sealed by the last checkpoint.
async fn sealed_heads(tx: &mut Tx) -> Result<Vec<(String, i64, String)>, Fault> {
    let mut all: Vec<(String, i64, String)> =
        sqlx::query_as("SELECT chain, sealed_seq, sealed_hash FROM audit_heads WHERE sealed_seq > 0")
            .fetch_all(&mut **tx)
            .await?;
    all.sort();
    Ok(all)
}

pub(super) async fn export(db: &Database, chain: Option<&str>) -> Stored<Vec<String>> {
    let mut tx = db.core.begin_read().await?;
    let mut out = Vec::new();
    let mut after = (chain.unwrap_or_default().to_owned(), 0);
    loop {
        let lines = page(&mut tx, (&after.0, after.1), chain.is_some()).await?;
        let Some(last) = lines.last() else { break };
        after = (last.link.chain.clone(), last.link.seq);
        for line in lines {
            let link = line.link;
            let mut json = serde_json::json!({
                "chain": link.chain, "seq": link.seq, "prev": link.prev, "at": link.at, "actor": link.actor,
                "kind": link.kind, "commit": link.commitment, "hash": line.hash,
            });
            if let (Some(object), Some(salt), Some(payload)) = (json.as_object_mut(), line.salt, line.payload) {
                object.insert("salt".to_owned(), salt.into());
                object.insert("payload".to_owned(), payload.into());
            }
            out.push(json.to_string());
        }
    }
    if chain.is_none()
        && let Some(last) = checkpoints_before(&mut tx, i64::MAX, 1).await?.pop()
    {
        let heads = sealed_heads(&mut tx).await?;
        let changed: Vec<_> = last
            .changed_heads()
            .unwrap_or_default()
            .into_iter()
            .map(|(chain, (seq, hash))| (chain, seq, hash))
            .collect();
        let code = audit::unhex(&last.hash).map(|hash| audit::code(&hash));
        let json = serde_json::json!({
            "checkpoint": last.number, "at": last.at, "prev": last.prev, "heads": heads, "changed": changed,
            "hash": last.hash, "mac": last.mac, "code": code,
        });
        out.push(json.to_string());
    }
    Ok(out)
}
