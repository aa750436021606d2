//! `reanchor chat`.

use crate::boot::chat_open::{self, ChatOptions};
use crate::boot::driver::keep;
use crate::config;
use crate::domain::inbound::Place;
use crate::domain::notice::{Notice, PublicText};
use crate::ports::surface::{Earlier, Surface};
use crate::surface::console::{self, Console, Format, Paper, Screen, World, run_prompt, run_script};
use clap::{Args, ValueEnum};
use std::io::{self, BufReader, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How notices are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ChatFormat {
    /// Cards in boxes, for people.
    #[default]
    Text,
    /// One JSON object for each post or edit.
    Json,
}

/// Arguments of `reanchor chat`.
#[derive(Clone, Debug, Default, Args)]
pub struct ChatArgs {
    /// Scenario of the embedded sandbox (default: deleted-replaced).
    #[arg(long, conflicts_with = "config")]
    pub scenario: Option<String>,
    /// Configuration to chat on, such as the one that `reanchor tenant` prints.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Database to keep, such as sqlite://cases.sqlite; without it a temporary one that is removed at exit.
    #[arg(long, value_name = "URL")]
    pub db: Option<String>,
    /// How posts are printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: ChatFormat,
}

/// How often a prompt looks for what other processes and timers left to do.
const PACE: Duration = Duration::from_millis(300);

/// Runs the chat.
pub async fn run(args: ChatArgs) -> anyhow::Result<u8> {
    let no_color = config::process().value("NO_COLOR").is_some_and(|value| !value.is_empty());
    let format = match args.format {
        ChatFormat::Text => Format::Text,
        ChatFormat::Json => Format::Json,
    };
    let console = Arc::new(Console::new(Screen::stdout(), format, Paper::stdout(no_color)));
    let options =
        ChatOptions { scenario: args.scenario, config: args.config, db: args.db, console: Arc::clone(&console) };
    let chat = chat_open::open(options).await?;
    if let Some(text) = &chat.first {
        first_line(&console, text).await?;
    }
    let driver = Arc::clone(&chat.world.driver);
    let outcome = if io::stdin().is_terminal() {
        // Work goes on at its own pace while the person types.
        let pace = async {
            loop {
                if let Err(error) = driver.settle().await {
                    tracing::warn!(%error, "work was put off");
                }
                tokio::time::sleep(PACE).await;
            }
        };
        tokio::select! {
            done = run_prompt(&chat.world, &console) => done?,
            never = pace => never,
            never = keep(&chat.database, &driver.clock) => match never {},
        }
    } else {
        let script = async {
            // What an earlier process left unfinished comes before the first line.
            chat.world.wait().await?;
            let outcome = run_script(&chat.world, &console, BufReader::new(io::stdin()), &Screen::stderr()).await?;
            anyhow::Ok(outcome)
        };
        tokio::select! {
            done = script => done?,
            never = keep(&chat.database, &driver.clock) => match never {},
        }
    };
    chat.close().await;
    Ok(outcome.exit_code)
}

async fn first_line(console: &Console, text: &str) -> anyhow::Result<()> {
    let place = Place { channel: console::CHANNEL.to_owned(), thread: "start".to_owned(), message: "start".to_owned() };
    console.show(&Notice::Note { place, text: PublicText::words(text) }, Earlier::default()).await?;
    Ok(())
}
