//! The audit chain: whatever is altered behind its back is found and named.

use super::*;
use reanchor::domain::ids::hex;
use reanchor::ports::store::Ledger;
use ring::{digest, hmac};
use serde_json::Value;

/// Three rows of `c-000001`, one of `c-000002`, a checkpoint, then one row more of `c-000001` and a second checkpoint.
pub(super) async fn sample(db: &Database) -> String {
    let first = new_case(db, 1).await;
    let rows = vec![audit("c-000001", "looked_up"), audit("c-000001", "proposed")];
    db.commit(Change { cases: vec![next(&first, "proposed")], audit: rows, ..at(2_000) }).await.unwrap();
    new_case(db, 2).await;
    db.checkpoint(At(3_000)).await.unwrap().unwrap();
    db.commit(Change { audit: vec![audit("c-000001", "denied")], ..at(4_000) }).await.unwrap();
    db.checkpoint(At(5_000)).await.unwrap().unwrap()
}

async fn broken_at(db: &Database) -> String {
    match db.verify().await {
        Err(StoreError::ChainBroken { row }) => row,
        other => panic!("{other:?} instead of a broken chain"),
    }
}

#[tokio::test]
async fn every_kind_of_tampering_is_found_and_named() {
    let cases = [
        (
            "UPDATE audit SET actor = 'okta:00u9' WHERE chain = 'c-000001' AND seq = 2",
            "chain c-000001 row 2: its content was altered",
        ),
        ("UPDATE audit SET at = at + 1 WHERE chain = 'c-000002'", "chain c-000002 row 1: its content was altered"),
        ("DELETE FROM audit WHERE chain = 'c-000001' AND seq = 2", "chain c-000001 row 2: it is gone"),
        ("DELETE FROM audit WHERE chain = 'c-000001' AND seq = 1", "chain c-000001 row 1: it is gone"),
        (
            "DELETE FROM audit WHERE chain = 'c-000001' AND seq > 2",
            "chain c-000001 row 3: it is gone, checkpoint 1 names it",
        ),
        ("DELETE FROM audit WHERE chain = 'c-000002'", "chain c-000002: all its rows are gone"),
        ("DELETE FROM audit_heads WHERE chain = 'c-000002'", "chain c-000002: its head is not recorded"),
        (
            "UPDATE audit_payloads SET payload = '{}' WHERE chain = 'c-000001' AND seq = 3",
            "chain c-000001 row 3: its payload was altered",
        ),
        (
            "UPDATE audit_payloads SET salt = '00' WHERE chain = 'c-000001' AND seq = 3",
            "chain c-000001 row 3: its payload was altered",
        ),
        (
            "DELETE FROM audit_payloads WHERE chain = 'c-000001' AND seq = 3",
            "chain c-000001 row 3: its payload is gone and no erasure",
        ),
        ("UPDATE audit_checkpoints SET changed = '[]' WHERE number = 1", "checkpoint 1: its content was altered"),
        ("UPDATE audit_checkpoints SET at = 1 WHERE number = 2", "checkpoint 2: its content was altered"),
        ("UPDATE audit_checkpoints SET mac = '00' WHERE number = 1", "checkpoint 1: its MAC does not fit"),
        ("DELETE FROM audit_checkpoints WHERE number = 1", "checkpoint 1: it is gone"),
        ("DELETE FROM audit_checkpoints WHERE number = 2", "checkpoint 2: it is gone"),
        ("DELETE FROM audit_checkpoints", "checkpoint 2: it is gone"),
    ];
    let place = Place::new();
    sample(&place.open("p1").await).await;
    // The log goes into the file when the last connection closes.
    place.tamper("UPDATE counters SET value = value WHERE name = 'cases'").await;
    let tampered = cases.into_iter().map(async |(sql, expected)| {
        let copy = Place::new();
        for ending in ["", "-wal", ".audit-key"] {
            let name = format!("bot.db{ending}");
            if place.dir.path().join(&name).exists() {
                std::fs::copy(place.dir.path().join(&name), copy.dir.path().join(&name)).unwrap();
            }
        }
        let db = copy.open("p1").await;
        assert_eq!((db.chain_broken(), db.verify().await.unwrap()), (None, 5));
        copy.tamper(sql).await;
        let found = broken_at(&db).await;
        assert!(found.starts_with(expected), "{sql}: {found}");
        assert_eq!(db.chain_broken(), Some(found));
    });
    for check in tampered {
        check.await;
    }
}

#[tokio::test]
async fn a_rewritten_chain_does_not_fit_the_checkpoint_that_names_it() {
    let place = Place::new();
    let db = place.open("p1").await;
    sample(&db).await;
    let lines = db.export(Some("c-000002")).await.unwrap();
    let row: Value = serde_json::from_str(&lines[0]).unwrap();
    // The forger knows the format, but a checkpoint holds the old hash.
    let mut forged = row.clone();
    forged["actor"] = "okta:00u9".into();
    let hash = row_hash(&forged);
    let sql = format!("UPDATE audit SET actor = 'okta:00u9', hash = '{hash}' WHERE chain = 'c-000002'");
    place.tamper(String::leak(sql)).await;
    assert_eq!(broken_at(&db).await, "chain c-000002 row 1: it is not the row that checkpoint 1 names");
    let sql = format!("UPDATE audit_heads SET hash = '{hash}', sealed_hash = '{hash}' WHERE chain = 'c-000002'");
    place.tamper(String::leak(sql)).await;
    assert_eq!(broken_at(&db).await, "chain c-000002 row 1: it is not the row that checkpoint 1 names");
}

#[tokio::test]
async fn a_rewritten_row_in_the_middle_does_not_fit_the_row_after() {
    let place = Place::new();
    let db = place.open("p1").await;
    sample(&db).await;
    let mut forged: Value = serde_json::from_str(&db.export(Some("c-000001")).await.unwrap()[1]).unwrap();
    forged["actor"] = "okta:00u9".into();
    let hash = row_hash(&forged);
    let sql = format!("UPDATE audit SET actor = 'okta:00u9', hash = '{hash}' WHERE chain = 'c-000001' AND seq = 2");
    place.tamper(String::leak(sql)).await;
    assert_eq!(broken_at(&db).await, "chain c-000001 row 3: it does not follow the row before");
}

#[tokio::test]
async fn the_start_finds_what_was_altered_since_the_last_checkpoint() {
    let checks = [
        (
            "UPDATE audit SET kind = 'x' WHERE chain = 'c-000001' AND seq = 5",
            "chain c-000001 row 5: its content was altered",
        ),
        ("DELETE FROM audit WHERE chain = 'c-000001' AND seq = 5", "chain c-000001 row 5: it is not the recorded head"),
        (
            "DELETE FROM audit WHERE chain = 'c-000001' AND seq >= 4",
            "chain c-000001 row 4: it is not the row that checkpoint 2 names",
        ),
        ("UPDATE audit_checkpoints SET mac = '00' WHERE number = 2", "checkpoint 2: its MAC does not fit"),
        ("DELETE FROM audit_checkpoints", "checkpoint 2: it is gone"),
    ];
    for (sql, expected) in checks {
        let place = Place::new();
        let db = place.open("p1").await;
        sample(&db).await;
        db.commit(Change { audit: vec![audit("c-000001", "tail")], ..at(6_000) }).await.unwrap();
        db.close().await;
        place.tamper(sql).await;
        let found = place.open("p2").await.chain_broken().unwrap();
        assert!(found.starts_with(expected), "{sql}: {found}");
    }
}

#[tokio::test]
async fn a_broken_chain_stops_proposals_votes_and_runs_but_not_an_open_run() {
    let place = Place::new();
    let db = place.open("p1").await;
    let first = new_case(&db, 1).await;
    let open = Change { run: Some(run(1, "r-1")), journal: Some(journal("r-1", 1)), ..at(2_000) };
    db.commit(open).await.unwrap();
    place.tamper("UPDATE audit SET kind = 'x' WHERE seq = 1").await;
    let row = broken_at(&db).await;
    for stopped in [
        Change { proposal: Some(proposal(1, 1)), ..at(3_000) },
        Change { vote: Some(vote(1, "00ub")), ..at(3_000) },
        Change { run: Some(run(2, "r-2")), ..at(3_000) },
    ] {
        match db.commit(stopped).await {
            Err(StoreError::ChainBroken { row: named }) => assert_eq!(named, row),
            other => panic!("{other:?}"),
        }
    }
    assert!(db.proposal(&first.id, 1).await.unwrap().is_none());
    db.commit(Change { cases: vec![next(&first, "running")], ..at(3_000) }).await.unwrap();
    db.commit(Change { journal: Some(journal("r-1", 2)), ..at(4_000) }).await.unwrap();
    let lines = db.export(Some("c-000001")).await.unwrap();
    let last: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!((last["kind"].as_str(), last["seq"].as_i64()), (Some("chain_broken"), Some(2)));
    // A process that starts now notices too.
    assert!(place.open("p2").await.chain_broken().is_some());
    // Mended (the backup is put back): the next check lets votes pass again.
    place.tamper("UPDATE audit SET kind = 'opened' WHERE seq = 1").await;
    assert_eq!(db.verify().await.unwrap(), 2);
    db.commit(Change { vote: Some(vote(1, "00ub")), ..at(5_000) }).await.unwrap();
}

#[tokio::test]
async fn erasing_takes_the_payloads_and_leaves_a_chain_that_checks() {
    let place = Place::new();
    let db = place.open("p1").await;
    sample(&db).await;
    assert_eq!(db.erase(&erasure("c-000001", 6_000)).await.unwrap().payloads, 4);
    assert!(db.erase(&erasure("c-000001", 7_000)).await.unwrap().is_nothing());
    assert!(db.erase(&erasure("c-none", 7_000)).await.unwrap().is_nothing());
    assert_eq!(db.verify().await.unwrap(), 7, "one row more in the chain of the case, one in that of the bot");
    let lines = db.export(Some("c-000001")).await.unwrap();
    assert!(lines[..4].iter().all(|line| !line.contains("payload") && !line.contains("salt")), "{lines:?}");
    assert!(lines[4].contains("\"kind\":\"erased\""));
}

fn sha(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    digest::digest(&digest::SHA256, &bytes).as_ref().to_vec()
}

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().map_or_else(|| row[key].to_string(), str::to_owned)
}

fn row_hash(row: &Value) -> String {
    let parts: Vec<String> =
        ["chain", "seq", "prev", "at", "actor", "kind", "commit"].iter().map(|key| text(row, key)).collect();
    let mut all = vec!["reanchor-audit-v1"];
    all.extend(parts.iter().map(String::as_str));
    hex(&sha(&all))
}

fn heads_hash(heads: &Value) -> String {
    let parts: Vec<String> = heads
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|head| {
            head.as_array().unwrap().iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
        })
        .collect();
    let mut all = vec!["reanchor-heads-v1"];
    all.extend(parts.iter().map(String::as_str));
    hex(&sha(&all))
}

/// Checks an export as a stranger would: with nothing but its lines and the description of the format.
pub(super) fn check_export(lines: &[String], code: &str) -> usize {
    let (last, rows) = lines.split_last().unwrap();
    let mut heads = std::collections::BTreeMap::new();
    for line in rows {
        let row: Value = serde_json::from_str(line).unwrap();
        assert_eq!(row_hash(&row), text(&row, "hash"));
        let before = heads.insert(text(&row, "chain"), text(&row, "hash")).unwrap_or_else(|| "0".repeat(64));
        assert_eq!(before, text(&row, "prev"));
        let salt: Vec<u8> = text(&row, "salt")
            .as_bytes()
            .chunks(2)
            .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
            .collect();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &salt);
        assert_eq!(hex(hmac::sign(&key, text(&row, "payload").as_bytes()).as_ref()), text(&row, "commit"));
    }
    let seal: Value = serde_json::from_str(last).unwrap();
    for head in seal["heads"].as_array().unwrap() {
        assert_eq!(heads[head[0].as_str().unwrap()], head[2].as_str().unwrap());
    }
    let parts = [
        "reanchor-checkpoint-v1",
        &text(&seal, "checkpoint"),
        &text(&seal, "at"),
        &text(&seal, "prev"),
        &heads_hash(&seal["heads"]),
        &heads_hash(&seal["changed"]),
    ];
    let hash = sha(&parts);
    assert_eq!((hex(&hash), text(&seal, "code")), (text(&seal, "hash"), code.to_owned()));
    assert_eq!(reanchor::domain::ids::base32(&hash, 8), code);
    rows.len()
}

#[tokio::test]
async fn an_export_can_be_checked_by_a_stranger() {
    let place = Place::new();
    let db = place.open("p1").await;
    let code = sample(&db).await;
    let lines = db.export(None).await.unwrap();
    assert_eq!(check_export(&lines, &code), 5);
    assert_eq!(db.export(Some("c-none")).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn long_chains_are_read_in_pages() {
    let place = Place::new();
    let db = place.open("p1").await;
    for at in 0..3 {
        let rows = (0..400).map(|n| audit(&format!("c-{}", n % 3), "note")).collect();
        db.commit(Change { audit: rows, ..super::at(at) }).await.unwrap();
    }
    assert_eq!(db.verify().await.unwrap(), 1_200);
    assert_eq!(db.export(Some("c-1")).await.unwrap().len(), 399);
    place.tamper("UPDATE audit SET kind = 'x' WHERE chain = 'c-2' AND seq = 399").await;
    assert!(broken_at(&db).await.starts_with("chain c-2 row 399"));
}
