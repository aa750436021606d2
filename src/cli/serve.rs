//! `reanchor serve`: the production bot.

use crate::boot::serve::open;
use crate::boot::surfaces::SandboxOnly;
use crate::config::ConfigError;
use clap::Args;
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};

/// Arguments of `reanchor serve`.
#[derive(Clone, Debug, Default, Args)]
pub struct ServeArgs {
    /// Configuration; without it reanchor.toml of the current folder, if there is one.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Serves until it is stopped by a signal.
pub async fn run(args: ServeArgs) -> anyhow::Result<u8> {
    // From here on a signal is a wish, also while the bot is still starting.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = match open(args.config.as_deref()).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("reanchor: {}", super::chain(&error));
            return Ok(if is_usage(&error) { 2 } else { 1 });
        }
    };
    tracing::info!("{}", server.about());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: nothing new is begun, runs finish their effect, posts are sent");
    let again = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    tokio::select! {
        () = server.stop() => Ok(0),
        () = again => {
            // Somebody is in a hurry. Everything that matters is stored already.
            tracing::warn!("stopped at once; what is left is taken up at the next start");
            Ok(1)
        }
    }
}

/// Whether what was given cannot be used, as opposed to something that failed.
pub(super) fn is_usage(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.is::<ConfigError>() || cause.is::<SandboxOnly>())
}
