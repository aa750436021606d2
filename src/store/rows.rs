//! Reads: rows of the tables as the values of `ports::store`, mapped by hand.
//!
//! Never writes, and never hides a row that is not there behind an error. Begin with [`case`].

use super::{Core, driver};
use crate::domain::ids::{CaseId, RunId};
use crate::domain::time::At;
use crate::ports::store::{
    CaseRow, Channel, JournalRow, Open, ProposalRow, RunRow, StoreError, Stored, StoredFigures, VoteRow,
};
use sqlx::any::AnyRow;
use sqlx::{Error, Row};

macro_rules! select_cases {
    ($rest:literal) => {
        concat!(
            "SELECT id, version, state, open, subject_key, surface, channel, origin_key, due_at, due_is_work, created_at, ",
            "body FROM cases ",
            $rest
        )
    };
}

fn case_of(row: &AnyRow) -> Result<CaseRow, Error> {
    Ok(CaseRow {
        id: CaseId::new(row.try_get::<String, _>(0)?),
        version: row.try_get(1)?,
        state: row.try_get(2)?,
        open: row.try_get::<i64, _>(3)? != 0,
        subject_key: row.try_get(4)?,
        surface: row.try_get(5)?,
        channel: row.try_get(6)?,
        origin_key: row.try_get(7)?,
        due_at: row.try_get::<Option<i64>, _>(8)?.map(At),
        due_is_work: row.try_get::<i64, _>(9)? != 0,
        created_at: At(row.try_get(10)?),
        body: row.try_get(11)?,
    })
}

fn cases_of(rows: &[AnyRow]) -> Stored<Vec<CaseRow>> {
    rows.iter().map(case_of).collect::<Result<_, _>>().map_err(driver)
}

/// The part of an origin key that names the message: `surface|channel|message|`, the key without its last two parts.
pub(super) fn origin_message(origin_key: &str) -> String {
    match origin_key.rsplitn(3, '|').nth(2) {
        Some(message) => format!("{message}|"),
        None => origin_key.to_owned(),
    }
}

pub(super) async fn case(core: &Core, id: &CaseId) -> Stored<Option<CaseRow>> {
    let row = sqlx::query(select_cases!("WHERE id = $1"))
        .bind(id.as_str())
        .fetch_optional(&core.pool)
        .await
        .map_err(driver)?;
    row.as_ref().map(case_of).transpose().map_err(driver)
}

pub(super) async fn open_case_about(core: &Core, subject_key: &str) -> Stored<Option<CaseRow>> {
    let row = sqlx::query(select_cases!("WHERE open = 1 AND subject_key = $1 ORDER BY n LIMIT 1"))
        .bind(subject_key)
        .fetch_optional(&core.pool)
        .await
        .map_err(driver)?;
    row.as_ref().map(case_of).transpose().map_err(driver)
}

pub(super) async fn closed_case_about(core: &Core, subject_key: &str) -> Stored<Option<CaseRow>> {
    let row = sqlx::query(select_cases!("WHERE state = 'closed' AND subject_key = $1 ORDER BY n DESC LIMIT 1"))
        .bind(subject_key)
        .fetch_optional(&core.pool)
        .await
        .map_err(driver)?;
    row.as_ref().map(case_of).transpose().map_err(driver)
}

pub(super) async fn cases_of_message(core: &Core, origin_prefix: &str) -> Stored<Vec<CaseRow>> {
    let prefix = format!("{}|", origin_prefix.trim_end_matches('|'));
    let rows = sqlx::query(select_cases!("WHERE origin_message = $1 ORDER BY n"))
        .bind(prefix)
        .fetch_all(&core.pool)
        .await
        .map_err(driver)?;
    cases_of(&rows)
}

pub(super) async fn cases(core: &Core, open_only: bool, limit: i64) -> Stored<Vec<CaseRow>> {
    let text = if open_only {
        select_cases!("WHERE open = 1 ORDER BY n DESC LIMIT $1")
    } else {
        select_cases!("ORDER BY n DESC LIMIT $1")
    };
    let mut rows = sqlx::query(text).bind(limit).fetch_all(&core.pool).await.map_err(driver)?;
    rows.reverse();
    cases_of(&rows)
}

/// An empty text stands for every surface and every state.
pub(super) async fn open_cases(core: &Core, open: Open<'_>) -> Stored<(Vec<CaseRow>, i64)> {
    let (surface, state) = (open.surface.unwrap_or_default(), open.state.unwrap_or_default());
    let text = select_cases!(
        "WHERE open = 1 AND ($1 = '' OR surface = $1) AND ($2 = '' OR state = $2) ORDER BY n DESC LIMIT $3"
    );
    let query = sqlx::query(text).bind(surface).bind(state).bind(open.limit);
    let mut rows = query.fetch_all(&core.pool).await.map_err(driver)?;
    rows.reverse();
    let text = "SELECT COUNT(*) FROM cases WHERE open = 1 AND ($1 = '' OR surface = $1) AND ($2 = '' OR state = $2)";
    let (count,): (i64,) =
        sqlx::query_as(text).bind(surface).bind(state).fetch_one(&core.pool).await.map_err(driver)?;
    Ok((cases_of(&rows)?, count))
}

/// The last number that was given, so that a case that comes while another goes shows; how many are open; and their versions,
/// each weighed by its number, so that no two changes cancel each other out.
pub(super) async fn open_mark(core: &Core) -> Stored<String> {
    let text = "SELECT COUNT(*), CAST(COALESCE(SUM(version), 0) AS BIGINT), CAST(COALESCE(SUM(version * n), 0) AS BIGINT), \
                COALESCE(MAX(n), 0) FROM cases WHERE open = 1";
    let (count, versions, weighed, last): (i64, i64, i64, i64) =
        sqlx::query_as(text).fetch_one(&core.pool).await.map_err(driver)?;
    Ok(format!("{count}.{versions}.{weighed}.{last}"))
}

/// The class stands in `origin_key`, between bars; class names hold no character that LIKE knows.
pub(super) async fn cases_of_class(
    core: &Core,
    channel: Channel<'_>,
    class: &str,
    (since, limit): (At, i64),
) -> Stored<Vec<CaseRow>> {
    let text = select_cases!(
        "WHERE surface = $1 AND channel = $2 AND created_at >= $3 AND origin_key LIKE $4 ORDER BY n DESC LIMIT $5"
    );
    let query = sqlx::query(text).bind(channel.surface).bind(channel.id).bind(since.0);
    let mut rows = query.bind(format!("%|{class}|%")).bind(limit).fetch_all(&core.pool).await.map_err(driver)?;
    rows.reverse();
    cases_of(&rows)
}

pub(super) async fn cases_due(core: &Core, now: At, limit: i64) -> Stored<Vec<(CaseId, i64)>> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT id, version FROM cases WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at, n LIMIT $2",
    )
    .bind(now.0)
    .bind(limit)
    .fetch_all(&core.pool)
    .await
    .map_err(driver)?;
    Ok(rows.into_iter().map(|(id, version)| (CaseId::new(id), version)).collect())
}

pub(super) async fn next_due_work(core: &Core) -> Stored<Option<At>> {
    let row: Option<(Option<i64>,)> =
        sqlx::query_as("SELECT due_at FROM cases WHERE due_is_work = 1 AND due_at IS NOT NULL ORDER BY due_at LIMIT 1")
            .fetch_optional(&core.pool)
            .await
            .map_err(driver)?;
    Ok(row.and_then(|(at,)| at).map(At))
}

/// Columns of a proposal with its plan, which is `None` when the plan's row is gone.
type ProposalColumns = (String, i64, String, String, Option<String>, i64);

fn proposal_of(row: ProposalColumns) -> Stored<ProposalRow> {
    let (case, number, digest, code, plan, at) = row;
    let plan = plan.ok_or_else(|| StoreError::Inconsistent {
        table: "plans",
        id: digest.clone(),
        what: format!("the plan of proposal {number} of case {case} is missing"),
    })?;
    Ok(ProposalRow { case: CaseId::new(case), number, digest, code, plan, at: At(at) })
}

pub(super) async fn proposal_by_code(core: &Core, typed: &str) -> Stored<Option<ProposalRow>> {
    let row: Option<ProposalColumns> = sqlx::query_as(
        "SELECT p.case_id, p.number, p.digest, p.code, l.body, p.at FROM proposals p \
         LEFT JOIN plans l ON l.digest = p.digest WHERE p.code = $1",
    )
    .bind(typed)
    .fetch_optional(&core.pool)
    .await
    .map_err(driver)?;
    row.map(proposal_of).transpose()
}

pub(super) async fn proposal(core: &Core, case: &CaseId, number: i64) -> Stored<Option<ProposalRow>> {
    let row: Option<ProposalColumns> = sqlx::query_as(
        "SELECT p.case_id, p.number, p.digest, p.code, l.body, p.at FROM proposals p \
         LEFT JOIN plans l ON l.digest = p.digest WHERE p.case_id = $1 AND p.number = $2",
    )
    .bind(case.as_str())
    .bind(number)
    .fetch_optional(&core.pool)
    .await
    .map_err(driver)?;
    row.map(proposal_of).transpose()
}

pub(super) async fn votes(core: &Core, case: &CaseId, number: i64) -> Stored<Vec<VoteRow>> {
    let rows: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT voter, digest, at FROM votes WHERE case_id = $1 AND number = $2 ORDER BY at, voter")
            .bind(case.as_str())
            .bind(number)
            .fetch_all(&core.pool)
            .await
            .map_err(driver)?;
    let vote = |(voter, digest, at)| VoteRow { case: case.clone(), number, voter, digest, at: At(at) };
    Ok(rows.into_iter().map(vote).collect())
}

type RunColumns = (String, String, i64, String, String, i64, i64);

fn run_of((id, case, number, digest, grant, at, ended): RunColumns) -> RunRow {
    RunRow { id: RunId::new(id), case: CaseId::new(case), number, digest, grant, at: At(at), ended: ended != 0 }
}

pub(super) async fn open_runs(core: &Core) -> Stored<Vec<RunRow>> {
    let rows: Vec<RunColumns> = sqlx::query_as(
        "SELECT id, case_id, number, digest, grant_json, at, ended FROM runs WHERE ended = 0 ORDER BY at, id",
    )
    .fetch_all(&core.pool)
    .await
    .map_err(driver)?;
    Ok(rows.into_iter().map(run_of).collect())
}

pub(super) async fn run(core: &Core, id: &RunId) -> Stored<Option<RunRow>> {
    let row: Option<RunColumns> =
        sqlx::query_as("SELECT id, case_id, number, digest, grant_json, at, ended FROM runs WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&core.pool)
            .await
            .map_err(driver)?;
    Ok(row.map(run_of))
}

pub(super) async fn journal(core: &Core, run: &RunId) -> Stored<Vec<JournalRow>> {
    let rows: Vec<(i64, i64, String)> =
        sqlx::query_as("SELECT seq, at, body FROM journal WHERE run_id = $1 ORDER BY seq")
            .bind(run.as_str())
            .fetch_all(&core.pool)
            .await
            .map_err(driver)?;
    Ok(rows.into_iter().map(|(seq, at, body)| JournalRow { run: run.clone(), seq, at: At(at), body }).collect())
}

pub(super) async fn setting(core: &Core, key: &str) -> Stored<Option<String>> {
    let row: Option<(Option<String>,)> = sqlx::query_as("SELECT value FROM settings WHERE key = $1")
        .bind(key)
        .fetch_optional(&core.pool)
        .await
        .map_err(driver)?;
    Ok(row.and_then(|(value,)| value))
}

pub(super) async fn figures(core: &Core) -> Stored<StoredFigures> {
    let cases: Vec<(String, i64)> = sqlx::query_as("SELECT state, COUNT(*) FROM cases GROUP BY state ORDER BY state")
        .fetch_all(&core.pool)
        .await
        .map_err(driver)?;
    let (inbox,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM inbox WHERE done_at IS NULL")
        .fetch_one(&core.pool)
        .await
        .map_err(driver)?;
    let (runs,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM runs WHERE ended = 0").fetch_one(&core.pool).await.map_err(driver)?;
    Ok(StoredFigures { cases, inbox, runs })
}

#[cfg(test)]
mod tests {
    use super::origin_message;

    #[test]
    fn the_message_part_of_an_origin_key_ends_before_class_and_number() {
        assert_eq!(origin_message("slack|C1|17.5|upn-conflict|1"), "slack|C1|17.5|");
        assert_eq!(origin_message("teams|a|b|c|upn-conflict|1"), "teams|a|b|c|");
        assert_eq!(origin_message("odd"), "odd");
    }
}
