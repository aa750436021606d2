//! `reanchor sandbox`: everything embedded, a page in the browser, nothing to configure.

use crate::boot::web::{FIRST, SandboxOptions, sandbox};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

/// Arguments of `reanchor sandbox`.
#[derive(Clone, Debug, Args)]
pub struct SandboxArgs {
    /// Scenario to begin with (default: deleted-replaced).
    #[arg(long)]
    pub scenario: Option<String>,
    /// Port of the page on 127.0.0.1 (0 = any).
    #[arg(long, default_value_t = PORT)]
    pub port: u16,
    /// Database to keep, such as sqlite://cases.sqlite; without it a temporary one that is removed at exit.
    #[arg(long, value_name = "URL")]
    pub db: Option<String>,
}

/// The port of the page.
const PORT: u16 = 7878;

impl Default for SandboxArgs {
    fn default() -> Self {
        Self { scenario: None, port: PORT, db: None }
    }
}

/// Serves the page until it is stopped by a signal.
pub async fn run(args: SandboxArgs) -> anyhow::Result<u8> {
    let scenario = args.scenario.clone().unwrap_or_else(|| FIRST.to_owned());
    let world = sandbox(SandboxOptions { port: args.port, scenario: args.scenario, db: args.db, run: None }).await?;
    println!("Reanchor sandbox: open {} in a browser (scenario {scenario}; Ctrl-C ends it)", world.url());
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    world.stop().await;
    Ok(0)
}
