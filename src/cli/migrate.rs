//! `reanchor migrate`: brings a database to the form of this release, and says so.

use super::case::ListFormat;
use crate::boot::record;
use crate::config::embedded::MIGRATIONS;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `reanchor migrate`.
#[derive(Clone, Debug, Args)]
pub struct MigrateArgs {
    /// Configuration that names the database.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The database itself, such as sqlite://cases.sqlite.
    #[arg(long, value_name = "URL")]
    pub db: Option<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// Opens the database, which migrates it; may be run again.
pub async fn run(args: MigrateArgs) -> anyhow::Result<u8> {
    let database = record::open(args.config.as_deref(), args.db.as_deref()).await?;
    database.close().await;
    let last = MIGRATIONS.last().map_or("none", |(name, _)| *name);
    match args.format {
        ListFormat::Json => println!("{}", json!({ "migration": last })),
        ListFormat::Text => println!("the database is at migration {last}"),
    }
    Ok(0)
}
