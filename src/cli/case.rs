//! `reanchor case`: the cases of a database.

use super::place::{ELSEWHERE, ListFormat, Place};
use crate::card;
use crate::domain::case::Case;
use crate::domain::diagnosis::FieldName;
use crate::domain::ids::CaseId;
use crate::ports::store::{CaseRow, Erased, Ledger, Scrub, Store, Stored};
use crate::surface::console::{Cell, Ink, Paper, Room, paragraph, printed, table};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;

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
    /// Which database.
    #[command(flatten)]
    pub record: Place,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// What to do with cases.
#[derive(Clone, Debug, Subcommand)]
pub enum What {
    /// All cases, oldest first.
    List {
        /// Only cases that wait for somebody or something.
        #[arg(long)]
        open: bool,
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
    /// Erases what is stored about the people of a case that is not open; that there was a case stays provable.
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
        What::List { open, place } => list(&place, open).await,
        What::Show { id, place } => show(&id, &place).await,
        What::Erase { id, place } => erase(&id, &place).await,
    }
}

fn value(row: &CaseRow, case: &Case) -> serde_json::Value {
    let mut value = json!({
        "case": row.id,
        "state": row.state,
        "class": case.diagnosis.class,
        "subject": case.subject.as_ref().map(|subject| subject.login.clone()),
        "opened": case.created_at.rfc3339(),
        "changed": case.updated_at.rfc3339(),
        "surface": row.surface,
        "channel": row.channel,
    });
    if let (Some(at), Some(object)) = (case.erased_at(), value.as_object_mut()) {
        object.insert("erased".to_owned(), at.rfc3339().into());
    }
    value
}

fn read(row: &CaseRow) -> anyhow::Result<Case> {
    serde_json::from_str(&row.body).with_context(|| format!("the case {} in the database cannot be read", row.id))
}

/// How a state is painted: what ended well, what ended otherwise, what waits for a vote, what is wrong.
fn ink(state: &str) -> Ink {
    match state {
        "closed" => Ink::Good,
        "refused" | "needs_human" => Ink::Bad,
        "proposed" | "approved" | "running" | "verifying" | "stale" | "expired" | "needs_info" => Ink::Warn,
        _ => Ink::Plain,
    }
}

/// Whom a case is about, in a word.
fn person(case: &Case) -> String {
    if case.erased_at().is_some() {
        return "(erased)".to_owned();
    }
    if let Some(many) = &case.beside.many {
        return format!("{} people", many.count);
    }
    let pasted = case.diagnosis.fields.get(&FieldName::Login);
    case.subject.as_ref().map(|subject| &subject.login).or(pasted).map_or_else(|| "-".to_owned(), Clone::clone)
}

async fn list(place: &Where, only_open: bool) -> anyhow::Result<u8> {
    let database = place.record.database().await?;
    let rows = database.cases(only_open, MOST).await?;
    database.close().await;
    let mut cells = Vec::with_capacity(rows.len());
    for row in &rows {
        let case = read(row)?;
        if place.format == ListFormat::Json {
            println!("{}", value(row, &case));
            continue;
        }
        cells.push(vec![
            Cell::new(if row.open { Ink::Strong } else { Ink::Plain }, row.id.as_str()),
            Cell::new(ink(&row.state), card::plain::state_words(&row.state)),
            Cell::new(Ink::Plain, case.diagnosis.class.as_str()),
            Cell::new(Ink::Plain, person(&case)),
            Cell::new(Ink::Quiet, case.created_at.text()),
        ]);
    }
    if place.format == ListFormat::Text && rows.is_empty() {
        println!("{}", if only_open { "no open cases" } else { "no cases" });
    } else if place.format == ListFormat::Text {
        let heads = ["CASE", "STATE", "CLASS", "PERSON", "OPENED"];
        print!("{}", table(&heads, &[2, 3, 4], &cells, Room::stdout(super::colour())));
    }
    Ok(0)
}

async fn show(id: &str, place: &Where) -> anyhow::Result<u8> {
    let database = place.record.database().await?;
    let row = database.case(&CaseId::new(id)).await?;
    database.close().await;
    let Some(row) = row else { bail!("there is no case {id}; `reanchor case list` shows all") };
    let case = read(&row)?;
    match place.format {
        ListFormat::Json => println!("{}", value(&row, &case)),
        ListFormat::Text => print!("{}", printed(&card::build::card(&case), Paper::stdout(!super::colour()))),
    }
    Ok(0)
}

async fn erase(id: &str, place: &Where) -> anyhow::Result<u8> {
    let desk = place.record.desk(ELSEWHERE).await?;
    let erased = desk.who.erase(&desk.database, desk.now, &CaseId::new(id)).await;
    let scrubbed = match &erased {
        Ok(Some(Ok(_))) => Some(desk.database.scrub().await),
        Ok(Some(Err(_)) | None) | Err(_) => None,
    };
    desk.database.close().await;
    match erased? {
        None => bail!("there is no case {id}; nothing was erased"),
        Some(Err(why)) => bail!(why),
        Some(Ok(erased)) => Ok(told(id, &erased, scrubbed.transpose(), place.format)),
    }
}

/// Says what is gone, what stays and why; exit 1 while what was deleted can still be read from the file.
fn told(id: &str, erased: &Erased, scrubbed: Stored<Option<Scrub>>, format: ListFormat) -> u8 {
    let (file, why) = match scrubbed {
        Ok(Some(Scrub::Clean) | None) => ("clean", String::new()),
        Ok(Some(Scrub::Server)) => ("server", String::new()),
        Ok(Some(Scrub::InUse)) => ("in_use", "another process uses it".to_owned()),
        Err(error) => ("not_rewritten", error.to_string()),
    };
    if format == ListFormat::Json {
        println!(
            "{}",
            json!({ "case": id, "payloads": erased.payloads, "mentions": erased.mentions, "plans": erased.plans,
                    "votes": erased.votes, "runs": erased.runs, "posts": erased.posts, "waiting": erased.waiting,
                    "elsewhere": erased.elsewhere, "file": file })
        );
    } else {
        print!("{}", account(id, erased, (file, &why), Room::stdout(super::colour())));
    }
    u8::from(!why.is_empty())
}

/// The account of an erasure for whoever has to answer for it.
fn account(id: &str, erased: &Erased, (file, why): (&str, &str), room: Room) -> String {
    let mut out = if erased.is_nothing() {
        format!("{id}: nothing was left to erase\n")
    } else {
        format!("{id} is erased; its record still checks\n")
    };
    let mut say = |label: &str, text: &str| out.push_str(&paragraph(&format!("  {label:<9}"), text, room));
    if !erased.is_nothing() {
        let counted = |n: i64, one: &str, many: &str| {
            (n > 0).then(|| if n == 1 { format!("1 {one}") } else { format!("{n} {many}") })
        };
        let parts = [
            counted(erased.payloads, "row of its record (the content)", "rows of its record (the contents)"),
            counted(erased.plans, "plan", "plans"),
            counted(erased.votes, "vote", "votes"),
            counted(erased.runs, "run with its journal", "runs with their journals"),
            counted(erased.posts, "post not yet sent", "posts not yet sent"),
            counted(
                erased.mentions,
                "entry about the person in the bot's own record",
                "entries about the person in the bot's own record",
            ),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        say("gone", &format!("what was pasted, both sides of the person, findings and reasons; {}", parts.join(", ")));
    }
    say(
        "stays",
        "that there was a case: id, class, channel, times and the hashes of its record, so that the chain checks; and who acted on it, by the id of the account, because the record must answer for that",
    );
    say("stays", "what people wrote in the chat; the bot replaces its own card there when it runs next");
    if erased.waiting > 0 {
        say(
            "waits",
            &format!(
                "{} event(s) that name these people are not worked on yet; the bot takes their content away when it does that. Run this again then",
                erased.waiting
            ),
        );
    }
    if !erased.elsewhere.is_empty() {
        let ids: Vec<&str> = erased.elsewhere.iter().map(CaseId::as_str).collect();
        say("also", &format!("these cases name the same people and were not touched: {}", ids.join(", ")));
    }
    match file {
        "clean" => say("file", "written anew: what was deleted cannot be read from it any more"),
        "server" => say(
            "server",
            "the rows are deleted; the server's own log, its free pages until they are vacuumed, and backups are the database administrator's",
        ),
        _ => say(
            "FILE",
            &format!(
                "not written anew ({why}): what was deleted can still be read from it. Stop the bot and run this again"
            ),
        ),
    }
    say("backups", "copies of the database that you keep still hold all of it");
    out
}
