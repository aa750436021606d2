//! `reanchor freeze` and `reanchor thaw`: the kill switch from the server (SAFETY A8).

use crate::app::server_side::Wish;
use crate::boot::at_server::{Desk, operator_code};
use anyhow::Context;
use clap::Args;
use ring::hmac;
use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;

/// Arguments of both.
#[derive(Clone, Debug, Args)]
pub struct SwitchArgs {
    /// Why; it stands in the record and, while frozen, in every refusal.
    #[arg(long, value_name = "TEXT", value_parser = said)]
    pub reason: String,
    /// Configuration that names the database.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The database itself, such as sqlite://cases.sqlite.
    #[arg(long, value_name = "URL")]
    pub db: Option<String>,
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
    let desk = Desk::open(args.config.as_deref(), args.db.as_deref()).await?;
    let wish = desk.who.freeze(&desk.database, desk.now, &args.reason).await;
    desk.database.close().await;
    Ok(match wish? {
        Wish::Done => {
            println!("frozen: no new run begins, open runs go to their nearest safe state; diagnosis goes on");
            0
        }
        Wish::Already => {
            println!("it is frozen already; nothing was changed");
            0
        }
        Wish::Refused(why) => refused(&why),
    })
}

/// Thaws, when the operator code is right and somebody else froze.
pub async fn thaw(args: SwitchArgs) -> anyhow::Result<u8> {
    let Some(code) = operator_code(args.config.as_deref())? else {
        return Ok(refused(
            "A8: no operator code is configured; set OPERATOR_CODE (or OPERATOR_CODE_FILE), or let an operator type \
             /reanchor thaw <reason> in chat. Nothing was changed",
        ));
    };
    let typed = typed()?;
    if !is_same(&typed, code.expose()) {
        return Ok(refused("A8: that is not the operator code. Nothing was changed"));
    }
    let desk = Desk::open(args.config.as_deref(), args.db.as_deref()).await?;
    let wish = desk.who.thaw(&desk.database, desk.now, &args.reason).await;
    desk.database.close().await;
    Ok(match wish? {
        Wish::Done => {
            println!("thawed");
            0
        }
        Wish::Already => {
            println!("it is not frozen; nothing was changed");
            0
        }
        Wish::Refused(why) => refused(&why),
    })
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
