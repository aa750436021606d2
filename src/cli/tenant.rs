//! `reanchor tenant`: the simulated tenant as a program of its own.

use crate::boot::chat_open::{DEFAULT_SCENARIO, scenario, scenarios};
use crate::sandbox::{SandboxTime, Tenant, TenantOptions};
use anyhow::Context;
use clap::Args;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

/// Arguments of `reanchor tenant`.
#[derive(Clone, Debug, Args)]
pub struct TenantArgs {
    /// Scenario to play.
    #[arg(long, default_value = DEFAULT_SCENARIO)]
    pub scenario: String,
    /// Port of the simulated Okta (0 = any).
    #[arg(long, default_value_t = 0)]
    pub okta_port: u16,
    /// Port of the simulated Graph and its token endpoint (0 = any).
    #[arg(long, default_value_t = 0)]
    pub graph_port: u16,
    /// Port of the control interface (0 = any).
    #[arg(long, default_value_t = 0)]
    pub control_port: u16,
    /// Folder for the ready reanchor.toml and reanchor.env; without it a temporary one that is removed at exit.
    #[arg(long, value_name = "DIR")]
    pub config_dir: Option<PathBuf>,
}

/// Runs the tenant until it is stopped by a signal.
pub async fn run(args: TenantArgs) -> anyhow::Result<u8> {
    let text = scenario(&args.scenario)?;
    let tenant = Tenant::start(TenantOptions {
        scenario: text,
        scenarios: scenarios(),
        okta_port: args.okta_port,
        graph_port: args.graph_port,
        control_port: args.control_port,
        state_file: None,
        time: SandboxTime::Real,
        seed: None,
    })
    .await?;
    let temporary = TempDir::with_prefix("reanchor-tenant-").context("no temporary folder could be made")?;
    let folder = args.config_dir.as_deref().unwrap_or(temporary.path());
    let config = tenant.write_config(folder)?;
    let access = tenant.access();
    let line = json!({
        "okta_url": access.okta_url,
        "graph_url": access.graph_url,
        "token_url": access.token_url,
        "control_url": access.control_url,
        "control_token": access.control_token,
        "app_id": access.app_id,
        "tenant_id": access.tenant_id,
        "config": config,
    });
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    out.flush()?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tenant.stop().await;
    Ok(0)
}
