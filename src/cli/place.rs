//! Which record a command works on, and how its result is printed: the same arguments for all of them.
//!
//! Never takes a wrong path for an empty record: whoever opens one that had to be made is told. Begin with [`Place`].

use crate::boot::at_server::Desk;
use crate::boot::record;
use crate::store::Database;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// Which database.
#[derive(Clone, Debug, Args)]
pub struct Place {
    /// Configuration that names the database.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The database itself, such as sqlite://cases.sqlite.
    #[arg(long, value_name = "URL")]
    pub db: Option<String>,
}

impl Place {
    /// Opens the record, to read it.
    pub(super) async fn database(&self) -> anyhow::Result<Database> {
        let opened = record::open(self.config.as_deref(), self.db.as_deref()).await?;
        tell(opened.made.as_deref(), ELSEWHERE);
        Ok(opened.database)
    }

    /// Opens the record for somebody who changes it. `means`: what it means for them when it had to be made.
    pub(super) async fn desk(&self, means: &str) -> anyhow::Result<Desk> {
        let desk = Desk::open(self.config.as_deref(), self.db.as_deref()).await?;
        tell(desk.made.as_deref(), means);
        Ok(desk)
    }
}

/// What it means, as a rule, that a record had to be made.
pub(super) const ELSEWHERE: &str = "If the bot uses another one";

fn tell(made: Option<&Path>, means: &str) {
    if let Some(file) = made {
        eprintln!(
            "reanchor: note: there was no database {}; an empty one was made. {means}, name that one with --config or --db",
            file.display()
        );
    }
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}
