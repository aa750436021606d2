//! One change, one transaction.
//!
//! Nothing of a change is applied unless all of it is; the lease is looked at first. Begin with [`commit`].

use super::{Database, Fault, Tx, audit, inbox, outbox, rows, take_numbers, write_tx};
use crate::domain::time::At;
use crate::ports::store::{
    AuditRow, CaseRow, Change, Fence, JournalRow, ProposalRow, RunRow, SettingChange, StoreError, Stored, VoteRow,
};

/// Applies `change`. Not for a second try: the second finds its own rows and says `Stale` or `Duplicate`.
pub(super) async fn commit(db: &Database, change: &Change) -> Stored<()> {
    let broken = db.audit.broken();
    if let Some(row) = &broken
        && (change.proposal.is_some() || change.vote.is_some() || change.run.is_some())
    {
        return Err(StoreError::ChainBroken { row: row.clone() });
    }
    write_tx!(db.core, change.durability(), |tx| apply(&mut tx, db, change, broken.as_deref()).await)
}

pub(super) async fn apply(tx: &mut Tx, db: &Database, change: &Change, broken: Option<&str>) -> Result<(), Fault> {
    if let Some(fence) = &change.fence {
        hold_fence(tx, fence, change).await?;
    }
    if let Some(id) = change.inbox_done
        && !inbox::finish(tx, id, change.at).await?
    {
        return Err(duplicate(format!("the handling of inbox row {id}")));
    }
    if let Some(setting) = &change.setting {
        set(tx, setting).await?;
    }
    for case in &change.cases {
        put_case(tx, case).await?;
    }
    if let Some(proposal) = &change.proposal {
        put_proposal(tx, proposal).await?;
    }
    if let Some(vote) = &change.vote {
        put_vote(tx, vote).await?;
    }
    if let Some((case, number, voter)) = &change.unvote {
        let gone = sqlx::query("DELETE FROM votes WHERE case_id = $1 AND number = $2 AND voter = $3")
            .bind(case.as_str())
            .bind(*number)
            .bind(voter.as_str())
            .execute(&mut **tx)
            .await?;
        must(gone.rows_affected(), || stale(format!("the vote of {voter} on proposal {number} of case {case}")))?;
    }
    if let Some(run) = &change.run {
        put_run(tx, run).await?;
    }
    if let Some(journal) = &change.journal {
        put_journal(tx, journal).await?;
    }
    if let Some(run) = &change.run_ended {
        let ended = sqlx::query("UPDATE runs SET ended = 1 WHERE id = $1 AND ended = 0")
            .bind(run.as_str())
            .execute(&mut **tx)
            .await?;
        must(ended.rows_affected(), || stale(format!("run {run}")))?;
    }
    outbox::put(tx, &db.core.instance, change).await?;
    put_audit(tx, db, change, broken).await
}

async fn put_audit(tx: &mut Tx, db: &Database, change: &Change, broken: Option<&str>) -> Result<(), Fault> {
    let mut audit_rows = change.audit.clone();
    if let (Some(row), Some(journal)) = (broken, &change.journal) {
        let chain = match change.audit.first() {
            Some(first) => first.chain.clone(),
            None => case_of_run(tx, journal).await?.unwrap_or_else(|| "bot".to_owned()),
        };
        let payload = serde_json::json!({ "run": journal.run.as_str(), "journal": journal.seq, "broken_at": row });
        audit_rows.push(AuditRow {
            chain,
            actor: "bot".to_owned(),
            kind: "chain_broken".to_owned(),
            payload: payload.to_string(),
        });
    }
    audit::append(tx, &*db.audit.fresh, change.at, &audit_rows).await
}

async fn case_of_run(tx: &mut Tx, journal: &JournalRow) -> Result<Option<String>, Fault> {
    let row: Option<(String,)> = sqlx::query_as("SELECT case_id FROM runs WHERE id = $1")
        .bind(journal.run.as_str())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.map(|(case,)| case))
}

/// Locks the lease row to the end of the transaction (an UPDATE, because PostgreSQL would let it be taken after a SELECT).
async fn hold_fence(tx: &mut Tx, fence: &Fence, change: &Change) -> Result<(), Fault> {
    let journaled: Option<i64> = change.journal.is_some().then_some(change.at.0);
    let held = sqlx::query(
        "UPDATE leases SET journaled_at = COALESCE($5, journaled_at) \
         WHERE key = $1 AND holder = $2 AND number = $3 AND until > $4",
    )
    .bind(fence.key.as_str())
    .bind(fence.holder.as_str())
    .bind(fence.number)
    .bind(change.at.0)
    .bind(journaled)
    .execute(&mut **tx)
    .await?;
    must(held.rows_affected(), || StoreError::Fenced { key: fence.key.clone() }.into())
}

/// The row is made first, also for "not set", so that there is one to lock; then the value is compared and set in one step.
async fn set(tx: &mut Tx, change: &SettingChange) -> Result<(), Fault> {
    sqlx::query("INSERT INTO settings (key, value) VALUES ($1, NULL) ON CONFLICT (key) DO NOTHING")
        .bind(change.key.as_str())
        .execute(&mut **tx)
        .await?;
    let done = sqlx::query("UPDATE settings SET value = $3 WHERE key = $1 AND value IS NOT DISTINCT FROM $2")
        .bind(change.key.as_str())
        .bind(change.expect.as_deref())
        .bind(change.value.as_deref())
        .execute(&mut **tx)
        .await?;
    must(done.rows_affected(), || stale(format!("setting {}", change.key)))
}

async fn put_case(tx: &mut Tx, case: &CaseRow) -> Result<(), Fault> {
    if case.version == 1 {
        return new_case(tx, case).await;
    }
    let done = sqlx::query(
        "UPDATE cases SET version = $2, state = $3, open = $4, subject_key = $5, surface = $6, channel = $7, \
         due_at = $8, due_is_work = $9, body = $10 WHERE id = $1 AND version = $11 AND origin_key = $12",
    )
    .bind(case.id.as_str())
    .bind(case.version)
    .bind(case.state.as_str())
    .bind(i64::from(case.open))
    .bind(case.subject_key.as_deref())
    .bind(case.surface.as_str())
    .bind(case.channel.as_str())
    .bind(case.due_at.map(|at| at.0))
    .bind(i64::from(case.due_is_work))
    .bind(case.body.as_str())
    .bind(case.version - 1)
    .bind(case.origin_key.as_str())
    .execute(&mut **tx)
    .await?;
    must(done.rows_affected(), || stale(format!("case {}", case.id)))
}

async fn new_case(tx: &mut Tx, case: &CaseRow) -> Result<(), Fault> {
    let n = take_numbers(tx, "cases", 1).await?;
    let done = sqlx::query(
        "INSERT INTO cases (id, n, version, state, open, subject_key, surface, channel, origin_key, origin_message, \
         due_at, due_is_work, created_at, body) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT DO NOTHING",
    )
    .bind(case.id.as_str())
    .bind(n)
    .bind(case.state.as_str())
    .bind(i64::from(case.open))
    .bind(case.subject_key.as_deref())
    .bind(case.surface.as_str())
    .bind(case.channel.as_str())
    .bind(case.origin_key.as_str())
    .bind(rows::origin_message(&case.origin_key))
    .bind(case.due_at.map(|at| at.0))
    .bind(i64::from(case.due_is_work))
    .bind(case.created_at.0)
    .bind(case.body.as_str())
    .execute(&mut **tx)
    .await?;
    must(done.rows_affected(), || duplicate("case".to_owned()))
}

async fn put_proposal(tx: &mut Tx, row: &ProposalRow) -> Result<(), Fault> {
    sqlx::query("INSERT INTO plans (digest, body) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING")
        .bind(row.digest.as_str())
        .bind(row.plan.as_str())
        .execute(&mut **tx)
        .await?;
    let (stored,): (String,) = sqlx::query_as("SELECT body FROM plans WHERE digest = $1")
        .bind(row.digest.as_str())
        .fetch_one(&mut **tx)
        .await?;
    if stored != row.plan {
        let what = "another plan is stored under this digest".to_owned();
        return Err(StoreError::Inconsistent { table: "plans", id: row.digest.clone(), what }.into());
    }
    let done = sqlx::query(
        "INSERT INTO proposals (case_id, number, digest, code, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(row.case.as_str())
    .bind(row.number)
    .bind(row.digest.as_str())
    .bind(row.code.as_str())
    .bind(row.at.0)
    .execute(&mut **tx)
    .await?;
    must(done.rows_affected(), || duplicate("proposal".to_owned()))
}

async fn put_vote(tx: &mut Tx, row: &VoteRow) -> Result<(), Fault> {
    let done = sqlx::query(
        "INSERT INTO votes (case_id, number, voter, digest, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(row.case.as_str())
    .bind(row.number)
    .bind(row.voter.as_str())
    .bind(row.digest.as_str())
    .bind(row.at.0)
    .execute(&mut **tx)
    .await?;
    must(done.rows_affected(), || duplicate("vote".to_owned()))
}

async fn put_run(tx: &mut Tx, row: &RunRow) -> Result<(), Fault> {
    let done = sqlx::query(
        "INSERT INTO runs (id, case_id, number, digest, grant_json, at, ended) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT DO NOTHING",
    )
    .bind(row.id.as_str())
    .bind(row.case.as_str())
    .bind(row.number)
    .bind(row.digest.as_str())
    .bind(row.grant.as_str())
    .bind(row.at.0)
    .bind(i64::from(row.ended))
    .execute(&mut **tx)
    .await?;
    must(done.rows_affected(), || duplicate("run".to_owned()))
}

async fn put_journal(tx: &mut Tx, row: &JournalRow) -> Result<(), Fault> {
    let (last,): (i64,) = sqlx::query_as("SELECT COALESCE(MAX(seq), 0) FROM journal WHERE run_id = $1")
        .bind(row.run.as_str())
        .fetch_one(&mut **tx)
        .await?;
    if row.seq > last + 1 {
        return Err(StoreError::Inconsistent {
            table: "journal",
            id: format!("{} {}", row.run, row.seq),
            what: format!("the last stored row is {last}, a gap is not allowed; nothing was written"),
        }
        .into());
    }
    let At(at) = row.at;
    let done =
        sqlx::query("INSERT INTO journal (run_id, seq, at, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
            .bind(row.run.as_str())
            .bind(row.seq)
            .bind(at)
            .bind(row.body.as_str())
            .execute(&mut **tx)
            .await?;
    must(done.rows_affected(), || duplicate(format!("journal row {} of run {}", row.seq, row.run)))
}

fn must(rows: u64, otherwise: impl FnOnce() -> Fault) -> Result<(), Fault> {
    if rows == 1 { Ok(()) } else { Err(otherwise()) }
}

fn stale(what: String) -> Fault {
    StoreError::Stale { what }.into()
}

fn duplicate(what: String) -> Fault {
    StoreError::Duplicate { what }.into()
}
