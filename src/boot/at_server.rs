//! What commands at the server stand on: the record with its clock, and the app without surfaces for a look-up.
//!
//! Never opens the write side of a directory and never drives the app: runs are left to the bot. Begin with [`Desk::open`]
//! and [`read_only`].

use super::build::{Built, Options, build};
use super::chance::SystemChance;
use super::open::{Credentials, configuration};
use super::record::{self, Opened};
use super::time::OffsetClock;
use crate::app::server_side::AtServer;
use crate::config::{load, process};
use crate::domain::settings::{Mode, Settings};
use crate::domain::time::At;
use crate::ports::clock::Clock;
use crate::ports::fresh::Fresh;
use crate::ports::secret::Secret;
use crate::store::Database;
use anyhow::Context;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The record, who is at it, and what time it is.
pub struct Desk {
    /// The record.
    pub database: Database,
    /// Who is at the server.
    pub who: AtServer,
    /// Now.
    pub now: At,
    /// The file of the record, when there was none and it was made.
    pub made: Option<PathBuf>,
}

impl Desk {
    /// Opens the database of `db`, else of the configuration.
    pub async fn open(config: Option<&Path>, db: Option<&str>) -> anyhow::Result<Self> {
        let who = whoever()?;
        let Opened { database, made } = record::open(config, db).await?;
        Ok(Self { database, who, now: OffsetClock::default().now(), made })
    }
}

/// The OS user by the id of the process, not by what the environment says.
pub fn whoever() -> anyhow::Result<AtServer> {
    let user = whoami::username().context("the name of the OS user cannot be read")?;
    Ok(AtServer { user })
}

/// The code that a thaw at the server asks for (SAFETY A8), where one is configured.
pub fn operator_code(config: Option<&Path>) -> anyhow::Result<Option<Secret>> {
    let config = load(config, process())?;
    Ok(config.secrets().secret("OPERATOR_CODE")?.map(|hidden| Secret::new(hidden.expose())))
}

/// The app with the read side of both directories and no surface, in mode `observe`.
pub async fn read_only(config: Option<&Path>, db: Option<&str>) -> anyhow::Result<Built> {
    let loaded = configuration(config, Credentials::ReadOnly)?;
    let fresh: Arc<dyn Fresh> = Arc::new(SystemChance::new()?);
    let options = Options {
        channels: Vec::new(),
        run: loaded.run(),
        store_url: db.unwrap_or(&loaded.general.store.url).to_owned(),
        diagnoser: loaded.diagnoser,
        directories: loaded.directories,
        settings: Settings { mode: Mode::Observe, ..loaded.settings },
        audit_key: loaded.audit_key,
        surfaces: Vec::new(),
        roster: BTreeMap::new(),
    };
    build(options, Arc::new(OffsetClock::default()), fresh).await
}
