//! `reanchor case`: the cases of a database.

use crate::boot::at_server::Desk;
use crate::boot::record;
use crate::card;
use crate::domain::case::Case;
use crate::ports::store::{CaseRow, Store};
use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `reanchor case`.
#[derive(Clone, Debug, Args)]
pub struct CaseArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// Which database, and how it is printed.
#[derive(Clone, Debug, Args)]
pub struct Where {
    /// Configuration that names the database.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The database itself, such as sqlite://cases.sqlite.
    #[arg(long, value_name = "URL")]
    pub db: Option<String>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do with cases.
#[derive(Clone, Debug, Subcommand)]
pub enum What {
    /// All cases, oldest first.
    List {
        /// Where.
        #[command(flatten)]
        place: Where,
    },
    /// One case, as its card shows it.
    Show {
        /// The case (`c-…`).
        id: String,
        /// Where.
        #[command(flatten)]
        place: Where,
    },
    /// Deletes what stands in the record of a closed case; that something stood there, and when, stays provable.
    Erase {
        /// The case (`c-…`).
        id: String,
        /// Where.
        #[command(flatten)]
        place: Where,
    },
}

/// Most cases that are listed.
const MOST: i64 = 100_000;

/// Runs the command.
pub async fn run(args: CaseArgs) -> anyhow::Result<u8> {
    match args.what {
        What::List { place } => list(&place).await,
        What::Show { id, place } => show(&id, &place).await,
        What::Erase { id, place } => erase(&id, &place).await,
    }
}

fn value(row: &CaseRow, case: &Case) -> serde_json::Value {
    json!({
        "case": row.id,
        "state": row.state,
        "class": case.diagnosis.class,
        "subject": case.subject.as_ref().map(|subject| subject.login.clone()),
        "opened": case.created_at.rfc3339(),
        "changed": case.updated_at.rfc3339(),
        "surface": row.surface,
        "channel": row.channel,
    })
}

fn read(row: &CaseRow) -> anyhow::Result<Case> {
    serde_json::from_str(&row.body).with_context(|| format!("the case {} in the database cannot be read", row.id))
}

async fn list(place: &Where) -> anyhow::Result<u8> {
    let database = record::open(place.config.as_deref(), place.db.as_deref()).await?;
    let rows = database.cases(false, MOST).await?;
    if rows.is_empty() && place.format == ListFormat::Text {
        println!("no cases");
    }
    for row in &rows {
        let case = read(row)?;
        match place.format {
            ListFormat::Json => println!("{}", value(row, &case)),
            ListFormat::Text => {
                let who = case.subject.as_ref().map_or("-", |subject| subject.login.as_str());
                let class = case.diagnosis.class.as_str();
                println!("{:<9} {:<12} {:<30} {:<28} {}", row.id, row.state, class, who, case.created_at.text());
            }
        }
    }
    database.close().await;
    Ok(0)
}

async fn show(id: &str, place: &Where) -> anyhow::Result<u8> {
    let database = record::open(place.config.as_deref(), place.db.as_deref()).await?;
    let Some(row) = database.case(&crate::domain::ids::CaseId::new(id)).await? else {
        bail!("there is no case {id}");
    };
    let case = read(&row)?;
    match place.format {
        ListFormat::Json => println!("{}", value(&row, &case)),
        ListFormat::Text => println!("{}", card::plain::text(&card::build::card(&case))),
    }
    database.close().await;
    Ok(0)
}

async fn erase(id: &str, place: &Where) -> anyhow::Result<u8> {
    let desk = Desk::open(place.config.as_deref(), place.db.as_deref()).await?;
    let erased = desk.who.erase(&desk.database, desk.now, &crate::domain::ids::CaseId::new(id)).await;
    desk.database.close().await;
    match erased? {
        None => bail!("there is no case {id}; nothing was erased"),
        Some(Err(why)) => bail!(why),
        Some(Ok(payloads)) => match place.format {
            ListFormat::Json => println!("{}", json!({ "case": id, "payloads": payloads })),
            ListFormat::Text => println!("{payloads} payloads of {id} are erased; its chain still checks"),
        },
    }
    Ok(0)
}
