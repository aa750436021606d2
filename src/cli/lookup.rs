//! `reanchor lookup USER`: both sides of one person, read-only; the look-up stands in the record (SAFETY A7).

use super::place::ListFormat;
use crate::boot::at_server::{read_only, whoever};
use crate::card;
use crate::domain::notice::Card;
use crate::surface::console::{Paper, printed};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `reanchor lookup`.
#[derive(Clone, Debug, Args)]
pub struct LookupArgs {
    /// Login or e-mail address.
    pub user: String,
    /// Configuration with the directories and the database.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Another database for the record than the configuration names.
    #[arg(long, value_name = "URL")]
    pub db: Option<String>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// Runs the command; exit 1 when there is not exactly one such person.
pub async fn run(args: LookupArgs) -> anyhow::Result<u8> {
    let who = whoever()?;
    let built = read_only(args.config.as_deref(), args.db.as_deref()).await?;
    let found = built.app.look_up_for(&who, &args.user).await;
    built.database.close().await;
    let facts = match found? {
        Ok(facts) => facts,
        Err(why) => {
            eprintln!("reanchor: {}", why.trim_end());
            return Ok(1);
        }
    };
    let card = card::look_up_card(&facts);
    match args.format {
        ListFormat::Json => println!("{}", value(&card, &facts.okta.user.login, &facts.read_at.rfc3339())),
        ListFormat::Text => print!("{}", printed(&card, Paper::stdout(!super::colour()))),
    }
    Ok(0)
}

fn value(card: &Card, login: &str, read_at: &str) -> serde_json::Value {
    let side = |row: &crate::domain::notice::SideRow| json!({ "label": row.label, "okta": row.okta.plain(), "entra": row.entra.plain(), "differs": row.differs });
    let unread = card.sections.iter().flat_map(|section| &section.lines).map(crate::domain::notice::PublicText::plain);
    json!({
        "login": login,
        "sides": card.sides.iter().map(side).collect::<Vec<_>>(),
        "not_readable": unread.collect::<Vec<_>>(),
        "read_at": read_at,
    })
}
