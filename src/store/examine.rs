//! Looking at a database without changing it: for the doctor.
//!
//! Never makes a file, never migrates. Begin with [`examine`].

use super::locks::beside;
use super::open::{
    CONNECT, OpenError, Target, check_content, file_error, reason, refuse_foreign_tables, sqlite_error, sqlite_options,
    target, without_password,
};
use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, ConnectOptions as _, Connection as _, Executor as _};
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr as _;

/// How a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Examined {
    /// It is not there, and can be made.
    Absent,
    /// It answers, can be written, and has the tables of this version.
    Current,
    /// It answers and can be written; so many migrations are waiting.
    Behind(usize),
}

/// Looks at the database of `url`. Whether it can be written is tried in a transaction that is rolled back.
pub async fn examine(url: &str, migrations: &[(&str, &str)]) -> Result<Examined, OpenError> {
    sqlx::any::install_default_drivers();
    let versions = versions(migrations);
    match target(url)? {
        Target::Sqlite(path) => {
            let path = std::path::absolute(&path).map_err(|e| file_error(&path, format!("cannot be found: {e}")))?;
            match std::fs::metadata(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => return absent(&path),
                Err(error) => return Err(file_error(&path, reason("opened", &error))),
                Ok(found) if found.is_dir() => {
                    return Err(file_error(&path, "is a directory; name a file in it".to_owned()));
                }
                Ok(found) if found.len() == 0 => return Ok(Examined::Behind(versions.len())),
                Ok(_) => check_content(&path)?,
            }
            let wrong = |e: sqlx::Error| sqlite_error(&path, &e);
            let mut connection = sqlite_options(&path).map_err(wrong)?.connect().await.map_err(wrong)?;
            refuse_foreign_tables(&mut connection, &path).await?;
            connection.execute("PRAGMA busy_timeout = 5000").await.map_err(wrong)?;
            let seen = look(&mut connection, "BEGIN IMMEDIATE", &versions).await;
            drop(connection.close().await);
            seen.map_err(|flaw| flaw.told(|e| sqlite_error(&path, e)))
        }
        Target::Postgres => {
            let hide = |e: &sqlx::Error| OpenError::Driver(without_password(url, &e.to_string()));
            let options = AnyConnectOptions::from_str(url).map_err(|e| hide(&e))?.disable_statement_logging();
            let connected = tokio::time::timeout(CONNECT, options.connect()).await;
            let mut connection = connected.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(|e| hide(&e))?;
            let seen = look(&mut connection, "BEGIN", &versions).await;
            drop(connection.close().await);
            seen.map_err(|flaw| flaw.told(hide))
        }
    }
}

fn versions(migrations: &[(&str, &str)]) -> BTreeSet<i64> {
    migrations.iter().filter_map(|(name, _)| name.split('_').next()?.parse().ok()).collect()
}

/// A file that is not there can be made when its directory is and takes files.
fn absent(path: &Path) -> Result<Examined, OpenError> {
    if !path.parent().is_some_and(Path::is_dir) {
        return Err(file_error(path, "lies in a directory that does not exist; create the directory".to_owned()));
    }
    let probe = beside(path, ".probe");
    match OpenOptions::new().write(true).create_new(true).open(&probe) {
        Ok(_) => drop(std::fs::remove_file(&probe)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(file_error(path, reason("created", &error))),
    }
    Ok(Examined::Absent)
}

enum Flaw {
    Sql(sqlx::Error),
    Newer(i64),
}

impl Flaw {
    fn told(self, sql: impl Fn(&sqlx::Error) -> OpenError) -> OpenError {
        match self {
            Self::Sql(error) => sql(&error),
            Self::Newer(version) => {
                OpenError::Version(format!("was made by a newer Reanchor (migration {version}); use that one"))
            }
        }
    }
}

async fn look(connection: &mut AnyConnection, begin: &'static str, ours: &BTreeSet<i64>) -> Result<Examined, Flaw> {
    connection.execute(begin).await.map_err(Flaw::Sql)?;
    let written = connection.execute("CREATE TABLE reanchor_probe (n BIGINT)").await;
    connection.execute("ROLLBACK").await.map_err(Flaw::Sql)?;
    written.map_err(Flaw::Sql)?;
    // A database without this table was never migrated.
    let rows: Vec<(i64,)> =
        sqlx::query_as("SELECT version FROM _sqlx_migrations").fetch_all(&mut *connection).await.unwrap_or_default();
    let there: BTreeSet<i64> = rows.into_iter().map(|(version,)| version).collect();
    if let Some(newer) = there.difference(ours).next() {
        return Err(Flaw::Newer(*newer));
    }
    let waiting = ours.difference(&there).count();
    Ok(if waiting == 0 { Examined::Current } else { Examined::Behind(waiting) })
}
