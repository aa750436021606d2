//! Opening the record of a database for a command that reads it, without directories or surfaces.

use super::chance::SystemChance;
use crate::config::{embedded, load, process};
use crate::ports::fresh::Fresh;
use crate::ports::secret::Secret;
use crate::store::{Database, Options, missing_file};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An opened record.
pub struct Opened {
    /// The database.
    pub database: Database,
    /// Its file, when there was none and it was made.
    pub made: Option<PathBuf>,
}

/// Opens the database of `db`, else of the configuration.
pub async fn open(config: Option<&Path>, db: Option<&str>) -> anyhow::Result<Opened> {
    let mut config = load(config, process())?;
    let general = config.general()?;
    let fresh: Arc<dyn Fresh> = Arc::new(SystemChance::new()?);
    let audit_key = config.secrets().secret("AUDIT_KEY")?.map(|hidden| Secret::new(hidden.expose()));
    let url = db.unwrap_or(&general.store.url);
    let made = missing_file(url);
    let options = Options { instance: fresh.id("cli-", 12), audit_key, fresh };
    Ok(Opened { database: Database::open(url, embedded::MIGRATIONS, options).await?, made })
}
