//! Opening a database: what a URL may look like, the checks of a file before anything touches it, connections, migrations,
//! the audit key.
//!
//! Never changes a file that is not ours, and never puts the password of a URL into an error. Begin with [`Database::open`].

use super::locks::{Host, HostLock, beside, private};
use super::{AuditState, Core, Database, driver, ledger, writer};
use crate::domain::ids::hex;
use crate::ports::fresh::Fresh;
use crate::ports::secret::Secret;
use crate::ports::store::Durability;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{
    AnyConnection, AnyPool, AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, SqlSafeStr as _,
};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Connections of one process that read and that write durably; one more writes what is replayed. SQLite has one writer at a
/// time.
const SQLITE_CONNECTIONS: u32 = 3;
const POSTGRES_CONNECTIONS: u32 = 10;
/// Longest wait for a connection to a server.
pub(super) const CONNECT: Duration = Duration::from_secs(10);
/// How long an opening process waits for another that is migrating the same file: 10 s in steps.
const WAIT_STEPS: u32 = 400;
const WAIT_STEP: Duration = Duration::from_millis(25);

/// Why a database could not be opened. Each says what to do; in every case nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is not one that we understand.
    #[error("[store] url: {0}; use sqlite://PATH or postgres://USER@HOST/DATABASE")]
    Url(String),
    /// The database file cannot be used.
    #[error("the database file {path} {what}; nothing was changed")]
    File {
        /// The file.
        path: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// The tables are of another version of the program.
    #[error("the database {0}; nothing was changed")]
    Version(String),
    /// The key for the audit checkpoints is missing.
    #[error("{0}; nothing was changed")]
    AuditKey(String),
    /// The database itself refused.
    #[error("the database cannot be opened: {0}")]
    Driver(String),
}

/// What [`Database::open`] needs besides the URL and the migrations.
#[derive(Clone)]
pub struct Options {
    /// Id of this process, unique among all that share the database, without `/`. Owner of the rows that it puts.
    pub instance: String,
    /// `AUDIT_KEY`. `None` for SQLite: made once and kept in `<database>.audit-key` (0600). PostgreSQL needs it.
    pub audit_key: Option<Secret>,
    /// Chance, for salts and the key.
    pub fresh: Arc<dyn Fresh>,
}

impl Database {
    /// Opens the database of `url`, creating an SQLite file (0600) that does not exist, brings its tables up to date with
    /// `migrations` (name `0001_…` and SQL text), and checks the end of the audit chain (see [`Database::chain_broken`]).
    /// `url` is `sqlite://PATH` (the path as it is, nothing is unescaped) or `postgres://…`. May run any number of times, also
    /// in several processes at once. Needs a tokio runtime, in which the writer task lives.
    pub async fn open(url: &str, migrations: &[(&str, &str)], options: Options) -> Result<Self, OpenError> {
        if options.instance.is_empty() || options.instance.contains('/') {
            return Err(OpenError::Url("the instance id is empty or holds a slash".to_owned()));
        }
        sqlx::any::install_default_drivers();
        let migrator = migrator(migrations)?;
        match target(url)? {
            Target::Sqlite(path) => open_sqlite(&path, &migrator, options).await,
            Target::Postgres => open_postgres(url, &migrator, options).await,
        }
    }
}

pub(super) enum Target {
    Sqlite(PathBuf),
    Postgres,
}

pub(super) fn target(url: &str) -> Result<Target, OpenError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Target::Postgres);
    }
    let Some(rest) = url.strip_prefix("sqlite:") else {
        let scheme = url.split(':').next().unwrap_or_default();
        return Err(OpenError::Url(format!("{scheme:?} is not a database that Reanchor knows")));
    };
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.starts_with(":memory:") || path.contains("mode=memory") {
        let what = "a database in memory is not supported, because several connections and processes share it";
        return Err(OpenError::Url(what.to_owned()));
    }
    if path.is_empty() || path.contains('?') {
        return Err(OpenError::Url("an SQLite URL holds a path and no parameters".to_owned()));
    }
    Ok(Target::Sqlite(PathBuf::from(path)))
}

fn migrator(list: &[(&str, &str)]) -> Result<Migrator, OpenError> {
    let mut migrations = Vec::with_capacity(list.len());
    for (name, sql) in list {
        let (number, title) = name.split_once('_').unwrap_or((name, ""));
        let version: i64 =
            number.parse().map_err(|_| OpenError::Version(format!("has a migration without a number: {name}")))?;
        let sql = AssertSqlSafe((*sql).to_owned()).into_sql_str();
        migrations.push(Migration::new(version, title.replace('_', " ").into(), MigrationType::Simple, sql, false));
    }
    Ok(Migrator::with_migrations(migrations))
}

async fn open_sqlite(path: &Path, migrator: &Migrator, options: Options) -> Result<Database, OpenError> {
    let path = usable_file(path)?;
    let trouble = |e: &std::io::Error| file_error(&path, format!("cannot have lock files beside it: {e}"));
    let opening = wait_for_lock(&beside(&path, ".opening")).await.map_err(|e| trouble(&e))?;
    let pool = sqlite_pool(&path).await?;
    migrator.run(&pool).await.map_err(|e| migrate_error(&e))?;
    let secret = match &options.audit_key {
        Some(secret) => secret.clone(),
        None => kept_key(&path, &pool, &*options.fresh).await?,
    };
    let replayed = sqlite_connections(&path, 1, Durability::Replayed).await?;
    drop(opening);
    let host = Host::beside(&path, &options.instance).map_err(|e| trouble(&e))?;
    assemble((pool, Some(replayed)), host, &secret, options).await
}

async fn open_postgres(url: &str, migrator: &Migrator, options: Options) -> Result<Database, OpenError> {
    let Some(secret) = options.audit_key.clone() else {
        let what = "set AUDIT_KEY (or AUDIT_KEY_FILE), the same for all replicas: with PostgreSQL there is no file to keep it in";
        return Err(OpenError::AuditKey(what.to_owned()));
    };
    let hide = |e: sqlx::Error| OpenError::Driver(without_password(url, &e.to_string()));
    let connect = AnyConnectOptions::from_str(url).map_err(hide)?.disable_statement_logging();
    // Apart from the pool, which would hide why it fails.
    let first = tokio::time::timeout(CONNECT, connect.connect()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    first.map_err(hide)?.close().await.map_err(hide)?;
    let pool = AnyPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(CONNECT)
        .connect_with(connect)
        .await
        .map_err(hide)?;
    migrator.run(&pool).await.map_err(|e| migrate_error(&e))?;
    assemble((pool, None), Host::none(), &secret, options).await
}

async fn assemble(
    (pool, replayed): (AnyPool, Option<AnyPool>),
    host: Host,
    secret: &Secret,
    options: Options,
) -> Result<Database, OpenError> {
    if secret.expose().is_empty() {
        return Err(OpenError::AuditKey("AUDIT_KEY is empty; give a random text of 32 characters or more".to_owned()));
    }
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.expose().as_bytes());
    let sqlite = host.has_files();
    let core = Arc::new(Core {
        pool,
        replayed,
        sqlite,
        instance: options.instance,
        turn: tokio::sync::Mutex::default(),
        queue: tokio::sync::Mutex::default(),
        #[cfg(test)]
        seen: Mutex::default(),
    });
    let inbox = writer::start(Arc::clone(&core));
    let audit = Arc::new(AuditState { fresh: options.fresh, key, broken: Mutex::new(None) });
    let database = Database { core, host: Arc::new(host), inbox, audit };
    ledger::check_at_start(&database).await.map_err(|e| OpenError::Driver(e.to_string()))?;
    Ok(database)
}

pub(super) fn file_error(path: &Path, what: String) -> OpenError {
    OpenError::File { path: path.display().to_string(), what }
}

/// Looks at the file without changing it, creates it when it is not there, and gives its full path without links.
fn usable_file(path: &Path) -> Result<PathBuf, OpenError> {
    let absolute = std::path::absolute(path).map_err(|e| file_error(path, format!("cannot be found: {e}")))?;
    match std::fs::metadata(&absolute) {
        Ok(found) if found.is_dir() => {
            let what = "is a directory; name a file in it";
            return Err(file_error(path, what.to_owned()));
        }
        Ok(_) => check_content(&absolute)?,
        Err(error) if error.kind() == ErrorKind::NotFound => create(&absolute)?,
        Err(error) => return Err(file_error(path, reason("opened", &error))),
    }
    std::fs::canonicalize(&absolute).map_err(|e| file_error(path, reason("opened", &e)))
}

fn create(path: &Path) -> Result<(), OpenError> {
    if !path.parent().is_some_and(Path::is_dir) {
        return Err(file_error(path, "lies in a directory that does not exist; create the directory".to_owned()));
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    match options.open(path) {
        Ok(_) => Ok(()),
        // Another process was quicker; it is looked at like any other.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => check_content(path),
        Err(error) => Err(file_error(path, reason("created", &error))),
    }
}

/// An SQLite file begins with a fixed line; an empty file becomes one.
pub(super) fn check_content(path: &Path) -> Result<(), OpenError> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(|e| file_error(path, reason("read and written", &e)))?;
    let mut start = [0_u8; 16];
    let mut length = 0;
    while let Some(rest) = start.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest).map_err(|e| file_error(path, reason("read", &e)))? {
            0 => break,
            n => length += n,
        }
    }
    if length == 0 || &start == b"SQLite format 3\0" {
        return Ok(());
    }
    Err(file_error(path, NOT_A_DATABASE.to_owned()))
}

const NOT_A_DATABASE: &str =
    "is not an SQLite database, or it is damaged; name another file, or put a backup in its place";

pub(super) fn reason(what: &str, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => {
            format!("cannot be {what}: permission denied; give it to the user that runs Reanchor")
        }
        _ => format!("cannot be {what}: {error}"),
    }
}

async fn wait_for_lock(path: &Path) -> std::io::Result<HostLock> {
    for _ in 0..WAIT_STEPS {
        if let Some(lock) = HostLock::take(path)? {
            return Ok(lock);
        }
        tokio::time::sleep(WAIT_STEP).await;
    }
    Err(std::io::Error::new(ErrorKind::TimedOut, "another process is opening it and does not finish"))
}

/// The cache is 256 KiB for each connection: cases are read by key, a few pages at a time, and what another connection writes
/// empties the cache of this one. The operating system has the pages.
const PRAGMAS: [&str; 3] = ["PRAGMA busy_timeout = 5000", "PRAGMA journal_mode = WAL", "PRAGMA cache_size = -256"];

/// How a connection commits. FULL writes the log to the disk at each commit, and with it what every other connection wrote
/// there before. NORMAL does not: a power failure takes an end of the log, never a part of its middle (a torn transaction
/// does not check), and a checkpoint writes the log to the disk first.
fn synchronous(durability: Durability) -> [&'static str; 2] {
    match durability {
        // Somebody waits for these: the log is copied into the file after one of the others, where there are any.
        Durability::Now => ["PRAGMA synchronous = FULL", "PRAGMA wal_autocheckpoint = 4000"],
        Durability::Replayed => ["PRAGMA synchronous = NORMAL", "PRAGMA wal_autocheckpoint = 1000"],
    }
}

/// The first connection is made apart from the pool, which would hide why it fails and try for half a minute.
async fn sqlite_pool(path: &Path) -> Result<AnyPool, OpenError> {
    let connect = sqlite_options(path).map_err(|e| sqlite_error(path, &e))?;
    let mut first = connect.connect().await.map_err(|e| sqlite_error(path, &e))?;
    refuse_foreign_tables(&mut first, path).await?;
    prepare(&mut first, Durability::Now).await.map_err(|e| sqlite_error(path, &e))?;
    first.close().await.map_err(|e| sqlite_error(path, &e))?;
    sqlite_connections(path, SQLITE_CONNECTIONS, Durability::Now).await
}

/// A connection commits in one way for as long as it lives: nothing switches it over, so nothing can forget to switch back.
async fn sqlite_connections(path: &Path, most: u32, durability: Durability) -> Result<AnyPool, OpenError> {
    AnyPoolOptions::new()
        .max_connections(most)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(move |connection, _| Box::pin(prepare(connection, durability)))
        .connect_with(sqlite_options(path).map_err(|e| sqlite_error(path, &e))?)
        .await
        .map_err(|e| sqlite_error(path, &e))
}

async fn prepare(connection: &mut AnyConnection, durability: Durability) -> Result<(), sqlx::Error> {
    for pragma in PRAGMAS.into_iter().chain(synchronous(durability)) {
        connection.execute(pragma).await?;
    }
    Ok(())
}

pub(super) fn sqlite_options(path: &Path) -> Result<AnyConnectOptions, sqlx::Error> {
    let mut url = "sqlite://".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_') {
            url.push(char::from(*byte));
        } else {
            url.push('%');
            url.push_str(&hex(&[*byte]));
        }
    }
    Ok(AnyConnectOptions::from_str(&url)?.disable_statement_logging())
}

/// A valid SQLite file of another program has tables, but not the one of our migrations.
pub(super) async fn refuse_foreign_tables(connection: &mut AnyConnection, path: &Path) -> Result<(), OpenError> {
    let tables: Vec<(String,)> = sqlx::query_as("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .fetch_all(connection)
        .await
        .map_err(|e| sqlite_error(path, &e))?;
    match tables.first() {
        Some((first,)) if !tables.iter().any(|(name,)| name == "_sqlx_migrations") => {
            let what = format!("belongs to another program (it holds a table {first}); name another file");
            Err(file_error(path, what))
        }
        Some(_) | None => Ok(()),
    }
}

pub(super) fn sqlite_error(path: &Path, error: &sqlx::Error) -> OpenError {
    let code = match error {
        sqlx::Error::Database(error) => error.code().and_then(|c| c.parse::<u32>().ok()).map(|c| c & 0xff),
        _ => None,
    };
    match code {
        // SQLITE_CORRUPT, SQLITE_NOTADB.
        Some(11 | 26) => file_error(path, NOT_A_DATABASE.to_owned()),
        // SQLITE_READONLY, SQLITE_CANTOPEN.
        Some(8 | 14) => {
            file_error(path, "cannot be opened: its directory must be writable, SQLite keeps a log there".to_owned())
        }
        _ => file_error(path, format!("cannot be opened: {error}")),
    }
}

fn migrate_error(error: &MigrateError) -> OpenError {
    match error {
        MigrateError::VersionMissing(version) => {
            OpenError::Version(format!("was made by a newer Reanchor (migration {version}); use that one"))
        }
        MigrateError::VersionMismatch(version) => {
            OpenError::Version(format!("was made by a Reanchor with another migration {version}; use that one"))
        }
        MigrateError::Dirty(version) => {
            OpenError::Version(format!("is half migrated (migration {version}); put a backup in its place"))
        }
        other => OpenError::Driver(other.to_string()),
    }
}

/// The key file beside the database. A file that is gone is not made anew once a checkpoint was signed with it.
async fn kept_key(path: &Path, pool: &AnyPool, fresh: &dyn Fresh) -> Result<Secret, OpenError> {
    let file = beside(path, ".audit-key");
    match std::fs::read_to_string(&file) {
        Ok(text) => return Ok(Secret::new(&text)),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(file_error(&file, reason("read", &error))),
    }
    let (signed,): (i64,) = sqlx::query_as("SELECT value FROM counters WHERE name = 'checkpoints'")
        .fetch_one(pool)
        .await
        .map_err(|e| OpenError::Driver(driver(e).to_string()))?;
    if signed > 0 {
        let what = format!(
            "the audit key is gone: put {} back or set AUDIT_KEY to its content, or begin with a new database",
            file.display()
        );
        return Err(OpenError::AuditKey(what));
    }
    let text = hex(&[fresh.bytes(), fresh.bytes()].concat());
    write_key(&file, &text).map_err(|e| file_error(&file, reason("created", &e)))?;
    Ok(Secret::new(&text))
}

/// The SQLite file of `url`, when there is none yet: opening it would make an empty one.
pub fn missing_file(url: &str) -> Option<PathBuf> {
    match target(url) {
        Ok(Target::Sqlite(path)) if !path.exists() => Some(std::path::absolute(&path).unwrap_or(path)),
        Ok(Target::Sqlite(_) | Target::Postgres) | Err(_) => None,
    }
}

/// A random text that is made once and kept beside an SQLite database in `<database>ENDING` (0600); all processes on the file
/// get the same one. `None` with PostgreSQL, where there is no place for it. May be called before the database is opened.
pub fn kept_beside(url: &str, ending: &str, fresh: &dyn Fresh) -> Result<Option<Secret>, OpenError> {
    let Target::Sqlite(path) = target(url)? else { return Ok(None) };
    let file = beside(&usable_file(&path)?, ending);
    let read = || match std::fs::read_to_string(&file) {
        Ok(text) if text.trim().is_empty() => Err(file_error(&file, "is empty; remove it".to_owned())),
        Ok(text) => Ok(Some(Secret::new(&text))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_error(&file, reason("read", &error))),
    };
    if let Some(secret) = read()? {
        return Ok(Some(secret));
    }
    // Written whole under another name first: nobody ever reads half of it.
    let text = hex(&[fresh.bytes(), fresh.bytes()].concat());
    let part = beside(&file, &fresh.id(".", 8));
    write_key(&part, &text).map_err(|e| file_error(&file, reason("created", &e)))?;
    let linked = std::fs::hard_link(&part, &file);
    drop(std::fs::remove_file(&part));
    match linked {
        Ok(()) => Ok(Some(Secret::new(&text))),
        // Another process was faster: its key is the one.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(),
        Err(error) => Err(file_error(&file, reason("created", &error))),
    }
}

fn write_key(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    let mut file: File = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The text without the password of `url`, should the driver have repeated it.
pub(super) fn without_password(url: &str, text: &str) -> String {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let password = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map_or("", |(_, p)| p);
    if password.is_empty() { text.to_owned() } else { text.replace(password, "…") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_understood_or_refused_with_what_is_allowed() {
        assert!(matches!(target("sqlite:///a/b.db"), Ok(Target::Sqlite(p)) if p == Path::new("/a/b.db")));
        assert!(matches!(target("sqlite://b.db"), Ok(Target::Sqlite(p)) if p == Path::new("b.db")));
        assert!(matches!(target("postgres://u:p@h/d"), Ok(Target::Postgres)));
        for bad in ["sqlite::memory:", "sqlite://", "sqlite://a?mode=ro", "mysql://u:secret@h/d", "reanchor.db"] {
            let text = target(bad).err().unwrap().to_string();
            assert!(text.contains("sqlite://PATH") && !text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn the_password_never_shows() {
        assert_eq!(without_password("postgres://u:pw@h/d", "bad pw in pw"), "bad … in …");
        assert_eq!(without_password("postgres://u@h/d", "bad"), "bad");
    }
}
