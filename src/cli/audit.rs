//! `reanchor audit`: proving and exporting the record.

use crate::boot::record;
use crate::ports::store::{Ledger, StoreError};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Arguments of `reanchor audit`.
#[derive(Clone, Debug, Args)]
pub struct AuditArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// Which database.
#[derive(Clone, Debug, Args)]
pub struct Where {
    /// Configuration that names the database.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The database itself, such as sqlite://cases.sqlite.
    #[arg(long, value_name = "URL")]
    pub db: Option<String>,
}

/// What to do with the record.
#[derive(Clone, Debug, Subcommand)]
pub enum What {
    /// Checks every chain and checkpoint; exit 1 names the first row that does not check.
    Verify {
        /// Where.
        #[command(flatten)]
        place: Where,
    },
    /// Prints chains and the last checkpoint as JSON lines that can be checked without the key.
    Export {
        /// One chain (a case id, or `bot`); all of them without it.
        chain: Option<String>,
        /// Where.
        #[command(flatten)]
        place: Where,
    },
}

/// Runs the command.
pub async fn run(args: AuditArgs) -> anyhow::Result<u8> {
    match args.what {
        What::Verify { place } => {
            let database = record::open(place.config.as_deref(), place.db.as_deref()).await?;
            let checked = database.verify().await;
            database.close().await;
            match checked {
                Ok(rows) => println!("{rows} rows check"),
                Err(StoreError::ChainBroken { row }) => {
                    eprintln!("reanchor: the audit chain is broken at {row}");
                    return Ok(1);
                }
                Err(error) => return Err(error.into()),
            }
        }
        What::Export { chain, place } => {
            let database = record::open(place.config.as_deref(), place.db.as_deref()).await?;
            for line in database.export(chain.as_deref()).await? {
                println!("{line}");
            }
            database.close().await;
        }
    }
    Ok(0)
}
