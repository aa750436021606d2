//! `reanchor audit`: proving and exporting the record.

use super::place::{ListFormat, Place};
use crate::ports::store::{Ledger, StoreError};
use clap::{Args, Subcommand};
use serde_json::json;

/// Arguments of `reanchor audit`.
#[derive(Clone, Debug, Args)]
pub struct AuditArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// What to do with the record.
#[derive(Clone, Debug, Subcommand)]
pub enum What {
    /// Checks every chain and checkpoint; exit 1 names the first row that does not check.
    Verify {
        /// Where.
        #[command(flatten)]
        place: Place,
        /// How the result is printed.
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Prints chains and the last checkpoint as JSON lines that can be checked without the key.
    Export {
        /// One chain (a case id, or `bot`); all of them without it.
        chain: Option<String>,
        /// Where.
        #[command(flatten)]
        place: Place,
    },
}

/// Runs the command.
pub async fn run(args: AuditArgs) -> anyhow::Result<u8> {
    match args.what {
        What::Verify { place, format } => verify(&place, format).await,
        What::Export { chain, place } => export(&place, chain.as_deref()).await,
    }
}

async fn verify(place: &Place, format: ListFormat) -> anyhow::Result<u8> {
    let database = place.database().await?;
    let checked = database.verify().await;
    database.close().await;
    let (rows, broken_at) = match checked {
        Ok(rows) => (Some(rows), None),
        Err(StoreError::ChainBroken { row }) => (None, Some(row)),
        Err(error) => return Err(error.into()),
    };
    if let Some(row) = &broken_at {
        eprintln!("reanchor: the audit chain is broken at {row}");
    }
    match (format, rows) {
        (ListFormat::Json, _) => println!("{}", json!({ "rows": rows, "broken_at": broken_at })),
        (ListFormat::Text, Some(0)) => println!("0 rows check: nothing is recorded yet"),
        (ListFormat::Text, Some(rows)) => {
            println!("{rows} rows check: none was changed, added or taken away since it was written");
        }
        (ListFormat::Text, None) => {}
    }
    Ok(u8::from(broken_at.is_some()))
}

async fn export(place: &Place, chain: Option<&str>) -> anyhow::Result<u8> {
    let database = place.database().await?;
    let lines = database.export(chain).await;
    database.close().await;
    let lines = lines?;
    for line in &lines {
        println!("{line}");
    }
    match chain {
        Some(name) if lines.is_empty() && name != "bot" => {
            eprintln!("reanchor: there is no chain {name}; name a case (c-…) or bot");
            Ok(1)
        }
        _ => Ok(0),
    }
}
