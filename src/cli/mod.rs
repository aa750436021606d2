//! The command line: one file a sub-command. Never decides anything about a case; prints only to the handles it is given.
//!
//! Begin with [`Cli`], then [`asked::parse`] and [`run`].
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the command line speaks on stdout and stderr")]

pub mod asked;
pub mod audit;
pub mod case;
pub mod chat;
pub mod diagnose;
pub mod diagnose_text;
pub mod doctor;
pub mod generated;
pub mod lookup;
pub mod migrate;
pub mod place;
pub mod rules;
pub mod sandbox;
pub mod serve;
pub mod switch;
pub mod tenant;

use asked::Asked;
use clap::{Parser, Subcommand};
use std::io::{self, IsTerminal};

/// Diagnoses Okta -> Microsoft 365 provisioning errors in chat, and repairs them after an approval.
#[derive(Debug, Parser)]
#[command(name = "reanchor", version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do; without a sub-command the sandbox opens, with its page.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Sub-commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everything embedded and simulated, with a web chat on http://127.0.0.1:7878/; nothing to configure.
    Sandbox(sandbox::SandboxArgs),
    /// The terminal chat: the embedded sandbox, or a configuration. Reads a script from standard input, or opens a prompt.
    Chat(chat::ChatArgs),
    /// The simulated tenant alone; prints one JSON line and serves until it is stopped.
    Tenant(tenant::TenantArgs),
    /// The production bot, with the surfaces that the configuration turns on.
    Serve(serve::ServeArgs),
    /// Looks at the whole set-up and says how to mend what is wrong; changes nothing.
    Doctor(doctor::DoctorArgs),
    /// Both sides of one person, read-only.
    Lookup(lookup::LookupArgs),
    /// The classifier, offline: what does a pasted error mean?
    Diagnose(diagnose::DiagnoseArgs),
    /// The classes that the classifier knows, and rule files of one's own.
    Rules(rules::RulesArgs),
    /// Cases of a database.
    Case(case::CaseArgs),
    /// The audit record of a database.
    Audit(audit::AuditArgs),
    /// Stops new runs at once, and takes open ones to their nearest safe state.
    Freeze(switch::SwitchArgs),
    /// Lets runs begin again; asks for the operator code.
    Thaw(switch::SwitchArgs),
    /// Brings a database to the form of this release.
    Migrate(migrate::MigrateArgs),
    /// Prints the completions of a shell.
    Completions(generated::CompletionsArgs),
    /// Prints the manual page, or writes those of all sub-commands.
    Man(generated::ManArgs),
}

impl Asked {
    /// Whether the log stays silent but for what a person must look at: where the output itself is for people.
    pub fn is_quiet(&self) -> bool {
        let loud = |cli: &Cli| matches!(cli.command, Some(Command::Tenant(_) | Command::Serve(_)));
        !matches!(self, Self::Own(cli) if loud(cli))
    }
}

/// Runs a command; the exit code: 0 ok, 1 failed, 2 usage.
///
/// The runtime is made here and not in the program's `main`: a future that is polled in another crate is compiled there once
/// more, with everything that it awaits, and the program would hold all its asynchronous code twice.
#[inline(never)]
pub fn run(asked: Asked) -> io::Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(asked_for(asked)))
}

async fn asked_for(asked: Asked) -> u8 {
    let done = match asked {
        Asked::Own(cli) => own(*cli).await,
        Asked::Surface { name, matches } => asked::surface(name, &matches),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("reanchor: {}", chain(&error));
            1
        }
    }
}

async fn own(cli: Cli) -> anyhow::Result<u8> {
    match cli.command {
        None => sandbox::run(sandbox::SandboxArgs::default()).await,
        Some(Command::Sandbox(args)) => sandbox::run(args).await,
        Some(Command::Chat(args)) => chat::run(args).await,
        Some(Command::Tenant(args)) => tenant::run(args).await,
        Some(Command::Serve(args)) => serve::run(args).await,
        Some(Command::Doctor(args)) => doctor::run(args).await,
        Some(Command::Diagnose(args)) => diagnose::main(&args),
        Some(Command::Rules(args)) => rules::main(&args),
        Some(Command::Case(args)) => case::run(args).await,
        Some(Command::Audit(args)) => audit::run(args).await,
        Some(Command::Lookup(args)) => lookup::run(args).await,
        Some(Command::Freeze(args)) => switch::freeze(args).await,
        Some(Command::Thaw(args)) => switch::thaw(args).await,
        Some(Command::Migrate(args)) => migrate::run(args).await,
        Some(Command::Completions(args)) => generated::completions(&args),
        Some(Command::Man(args)) => generated::man(&args),
    }
}

/// The whole chain of an error in one line, no part twice.
fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let part = cause.to_string();
        if !text.ends_with(&part) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&part);
        }
    }
    text
}

/// Whether colours may be used on standard output.
pub(crate) fn colour() -> bool {
    let no_color = crate::config::process().value("NO_COLOR");
    crate::telemetry::color(no_color.as_deref(), io::stdout().is_terminal())
}
