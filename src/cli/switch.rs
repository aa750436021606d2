//! `reanchor freeze` and `reanchor thaw`: the kill switch from the server (SAFETY A8).

use super::place::{ListFormat, Place};
use crate::app::server_side::Wish;
use crate::boot::at_server::{Desk, operator_code};
use anyhow::Context;
use clap::Args;
use ring::hmac;
use serde_json::json;
use std::io::{self, BufRead, IsTerminal};

/// Arguments of both.
#[derive(Clone, Debug, Args)]
pub struct SwitchArgs {
    /// Why; it stands in the record and, while frozen, in every refusal.
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub reason: String,
    /// Which database.
    #[command(flatten)]
    pub record: Place,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

impl SwitchArgs {
    /// Opens the record, and says so when it had to be made: then no bot is using it.
    async fn desk(&self) -> anyhow::Result<Desk> {
        self.record.desk("A bot that uses another one is as it was: if there is one").await
    }

    /// Says what came of it; the exit code.
    fn told(&self, frozen: bool, wish: Wish, (done, already): (&str, &str)) -> u8 {
        let changed = match wish {
            Wish::Refused(why) => return refused(&why),
            Wish::Done => true,
            Wish::Already => false,
        };
        match self.format {
            ListFormat::Json => println!("{}", json!({ "frozen": frozen, "changed": changed })),
            ListFormat::Text => println!("{}", if changed { done } else { already }),
        }
        0
    }
}

/// Longest reason.
const LONGEST: usize = 300;

fn said(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("say why; an empty reason is not one".to_owned()),
        n if n > LONGEST => Err(format!("has {n} characters; allowed are {LONGEST}")),
        _ => Ok(text.to_owned()),
    }
}

/// Freezes at once.
pub async fn freeze(args: SwitchArgs) -> anyhow::Result<u8> {
    let desk = args.desk().await?;
    let wish = desk.who.freeze(&desk.database, desk.now, &args.reason).await;
    desk.database.close().await;
    let done = "frozen: no new run begins, open runs go to their nearest safe state; diagnosis goes on";
    Ok(args.told(true, wish?, (done, "it is frozen already; nothing was changed")))
}

/// Thaws, when the operator code is right and somebody else froze.
pub async fn thaw(args: SwitchArgs) -> anyhow::Result<u8> {
    let Some(code) = operator_code(args.record.config.as_deref())? else {
        return Ok(refused(
            "A8: no operator code is configured; set OPERATOR_CODE (or OPERATOR_CODE_FILE), or let an operator type \
             /reanchor thaw <reason> in chat. Nothing was changed",
        ));
    };
    let typed = typed()?;
    if !is_same(&typed, code.expose()) {
        return Ok(refused("A8: that is not the operator code. Nothing was changed"));
    }
    let desk = args.desk().await?;
    let wish = desk.who.thaw(&desk.database, desk.now, &args.reason).await;
    desk.database.close().await;
    let done = "thawed: runs may begin again";
    Ok(args.told(false, wish?, (done, "it is not frozen; nothing was changed")))
}

/// Compares without telling by the time it takes how much was right.
fn is_same(typed: &str, code: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, code.as_bytes());
    let tag = hmac::sign(&key, typed.as_bytes());
    hmac::verify(&key, code.as_bytes(), tag.as_ref()).is_ok()
}

fn refused(why: &str) -> u8 {
    eprintln!("reanchor: refused ({why})");
    1
}

/// The code from a terminal, where it is not shown, or the first line of standard input.
fn typed() -> anyhow::Result<String> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password("operator code: ").context("the operator code cannot be read");
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("the operator code cannot be read from standard input")?;
    Ok(line.trim().to_owned())
}
