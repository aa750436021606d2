//! `reanchor migrate`: brings a database to the form of this release, and says so.

use super::place::{ListFormat, Place};
use crate::boot::record;
use crate::config::embedded::MIGRATIONS;
use clap::Args;
use serde_json::json;

/// Arguments of `reanchor migrate`.
#[derive(Clone, Debug, Args)]
pub struct MigrateArgs {
    /// Which database.
    #[command(flatten)]
    pub record: Place,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// Opens the database, which migrates it; may be run again.
pub async fn run(args: MigrateArgs) -> anyhow::Result<u8> {
    let place = &args.record;
    record::open(place.config.as_deref(), place.db.as_deref()).await?.database.close().await;
    let last = MIGRATIONS.last().map_or("none", |(name, _)| *name);
    match args.format {
        ListFormat::Json => println!("{}", json!({ "migration": last })),
        ListFormat::Text => println!("the database is at migration {last}"),
    }
    Ok(0)
}
