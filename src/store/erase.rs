//! Erasing a case: everything that is stored under its id or speaks of its people, but for the rows that prove that it was
//! there (SAFETY E4).
//!
//! Never deletes a row of a chain, and never touches another case: it only says which ones name the same people. Begin with
//! [`erase`], then [`scrub`].

use super::walk::ERASED;
use super::{Core, Database, Fault, TRIES, Tx, audit, commit, driver, pause, write_tx};
use crate::domain::ids::CaseId;
use crate::ports::store::{AuditRow, Erased, Erasure, Scrub, StoreError, Stored};
use serde_json::json;

/// Rows that are read at once.
const PAGE: i64 = 200;

/// In one transaction. May run again: what is gone is not counted twice.
pub(super) async fn erase(db: &Database, erasure: &Erasure) -> Stored<Erased> {
    write_tx!(db.core, |tx| erase_in(&mut tx, db, erasure).await)
}

async fn erase_in(tx: &mut Tx, db: &Database, erasure: &Erasure) -> Result<Erased, Fault> {
    let id = erasure.case.as_str();
    let (running,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM runs WHERE case_id = $1 AND ended = 0")
        .bind(id)
        .fetch_one(&mut **tx)
        .await?;
    if running > 0 {
        let what = "a run of it has not ended; nothing was erased".to_owned();
        return Err(StoreError::Inconsistent { table: "cases", id: id.to_owned(), what }.into());
    }
    let names = Names::of(&erasure.names);
    let mut erased = by_case(tx, id).await?;
    // A card that waits after the first time says nothing but that the case was erased.
    if !erasure.change.cases.is_empty() {
        erased.posts = posts(tx, id).await?;
    }
    erased.mentions = mentions(tx, &names).await?;
    erased.waiting = waiting(tx, &names).await?;
    erased.elsewhere = elsewhere(tx, &names, id).await?;
    if let Some(key) = &erasure.lease {
        // One that is held belongs to the run of another case about this person.
        sqlx::query("DELETE FROM leases WHERE key = $1 AND holder = ''").bind(key.as_str()).execute(&mut **tx).await?;
    }
    // With its version check: whoever changed the case in between makes all of this not happen.
    commit::apply(tx, db, &erasure.change, None).await?;
    if !erased.is_nothing() || !erasure.change.cases.is_empty() {
        let row = |chain: &str, payload: serde_json::Value| AuditRow {
            chain: chain.to_owned(),
            actor: erasure.actor.clone(),
            kind: ERASED.to_owned(),
            payload: payload.to_string(),
        };
        let of_case = row(id, json!({ "rows": erased.payloads }));
        let of_bot = row("bot", json!({ "case": id, "payloads": erased.payloads, "mentions": erased.mentions }));
        audit::append(tx, &*db.audit.fresh, erasure.change.at, &[of_case, of_bot]).await?;
    }
    Ok(erased)
}

/// What is stored under the id of the case.
async fn by_case(tx: &mut Tx, id: &str) -> Result<Erased, Fault> {
    let payloads = "DELETE FROM audit_payloads WHERE chain = $1 AND seq IN \
                    (SELECT seq FROM audit WHERE chain = $1 AND kind <> 'erased')";
    let plans = "DELETE FROM plans WHERE digest IN (SELECT digest FROM proposals WHERE case_id = $1) \
                 AND digest NOT IN (SELECT digest FROM proposals WHERE case_id <> $1)";
    let journal = "DELETE FROM journal WHERE run_id IN (SELECT id FROM runs WHERE case_id = $1)";
    let erased = Erased {
        payloads: delete(tx, payloads, id).await?,
        plans: delete(tx, plans, id).await?,
        votes: delete(tx, "DELETE FROM votes WHERE case_id = $1", id).await?,
        ..Erased::default()
    };
    delete(tx, journal, id).await?;
    let runs = delete(tx, "DELETE FROM runs WHERE case_id = $1", id).await?;
    delete(tx, "DELETE FROM proposals WHERE case_id = $1", id).await?;
    Ok(Erased { runs, ..erased })
}

async fn delete(tx: &mut Tx, statement: &'static str, value: &str) -> Result<i64, Fault> {
    let gone = sqlx::query(statement).bind(value).execute(&mut **tx).await?;
    Ok(i64::try_from(gone.rows_affected()).unwrap_or(i64::MAX))
}

/// Posts about the case: its card, what is said to one person, and lines in its thread, which name it. The cards of other
/// cases may name it too and are theirs.
async fn posts(tx: &mut Tx, id: &str) -> Result<i64, Fault> {
    let waiting: Vec<(i64, String, String)> =
        sqlx::query_as("SELECT id, key, body FROM outbox WHERE done_at IS NULL").fetch_all(&mut **tx).await?;
    let own = [format!("card:{id}#"), format!("whisper:{id}:")];
    let mut gone = 0;
    for (row, key, body) in waiting {
        let line = !key.starts_with("card:") && !key.starts_with("whisper:") && body.contains(id);
        if line || own.iter().any(|head| key.starts_with(head)) {
            sqlx::query("DELETE FROM outbox WHERE id = $1").bind(row).execute(&mut **tx).await?;
            gone += 1;
        }
    }
    Ok(gone)
}

/// Names as they stand in a stored JSON text, letters' case aside.
struct Names(Vec<String>);

impl Names {
    fn of(names: &[String]) -> Self {
        let inner =
            |name: &String| serde_json::Value::from(name.to_lowercase()).to_string().trim_matches('"').to_owned();
        Self(names.iter().map(inner).collect())
    }

    fn stand_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.0.iter().any(|name| text.contains(name.as_str()))
    }
}

/// Contents of the bot's own chain that speak of these people.
async fn mentions(tx: &mut Tx, names: &Names) -> Result<i64, Fault> {
    let (mut after, mut gone) = (0, 0);
    loop {
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT p.seq, p.payload FROM audit_payloads p JOIN audit a ON a.chain = p.chain AND a.seq = p.seq \
             WHERE p.chain = 'bot' AND a.kind <> 'erased' AND p.seq > $1 ORDER BY p.seq LIMIT $2",
        )
        .bind(after)
        .bind(PAGE)
        .fetch_all(&mut **tx)
        .await?;
        let Some((last, _)) = rows.last() else { return Ok(gone) };
        after = *last;
        for (seq, _) in rows.iter().filter(|(_, payload)| names.stand_in(payload)) {
            sqlx::query("DELETE FROM audit_payloads WHERE chain = 'bot' AND seq = $1")
                .bind(*seq)
                .execute(&mut **tx)
                .await?;
            gone += 1;
        }
    }
}

/// Events that speak of these people and wait to be worked on; the content of all others is gone already.
async fn waiting(tx: &mut Tx, names: &Names) -> Result<i64, Fault> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT body FROM inbox WHERE done_at IS NULL").fetch_all(&mut **tx).await?;
    let count = rows.iter().filter(|(body,)| names.stand_in(body)).count();
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Other cases that name these people, oldest first.
async fn elsewhere(tx: &mut Tx, names: &Names, id: &str) -> Result<Vec<CaseId>, Fault> {
    let (mut after, mut found) = (0, Vec::new());
    if names.0.is_empty() {
        return Ok(found);
    }
    loop {
        let rows: Vec<(i64, String, String)> =
            sqlx::query_as("SELECT n, id, body FROM cases WHERE n > $1 ORDER BY n LIMIT $2")
                .bind(after)
                .bind(PAGE)
                .fetch_all(&mut **tx)
                .await?;
        let Some((last, ..)) = rows.last() else { return Ok(found) };
        after = *last;
        found.extend(
            rows.into_iter()
                .filter(|(_, other, body)| other != id && names.stand_in(body))
                .map(|row| CaseId::new(row.1)),
        );
    }
}

/// SQLite leaves what was deleted in the free parts of its file and in its log until other rows take the place: the file is
/// written anew, and the log emptied.
pub(super) async fn scrub(core: &Core) -> Stored<Scrub> {
    if !core.sqlite {
        return Ok(Scrub::Server);
    }
    let _turn = core.turn().await;
    let mut connection = core.pool.acquire().await.map_err(driver)?;
    let mut tries = 0;
    while let Err(error) = sqlx::query("VACUUM").execute(&mut *connection).await {
        let fault = Fault::from(error);
        if !fault.is_in_the_way() {
            return Err(fault.into());
        }
        tries += 1;
        if tries > TRIES {
            return Ok(Scrub::InUse);
        }
        tokio::time::sleep(pause(tries)).await;
    }
    // Waits for readers as long as for every other lock of the file (5 s).
    let (busy, _, _): (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await.map_err(driver)?;
    Ok(if busy == 0 { Scrub::Clean } else { Scrub::InUse })
}
