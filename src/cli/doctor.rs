//! `reanchor doctor`: what is wrong with the set-up, and how to mend it.

use crate::boot::doctor::examine;
use crate::domain::finding::{Finding, Verdict};
use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use std::path::PathBuf;

/// Arguments of `reanchor doctor`.
#[derive(Clone, Debug, Default, Args)]
pub struct DoctorArgs {
    /// Configuration; without it reanchor.toml of the current folder, if there is one.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How the findings are printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: DoctorFormat,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a finding, one a line.
    Json,
}

/// Looks, and prints what it found; 0 when nothing failed, 1 when something did, 2 when the configuration cannot be read.
pub async fn run(args: DoctorArgs) -> anyhow::Result<u8> {
    let report = examine(args.config.as_deref()).await;
    let mut out = io::stdout().lock();
    for finding in &report.findings {
        match args.format {
            DoctorFormat::Json => writeln!(out, "{}", serde_json::to_string(finding)?)?,
            DoctorFormat::Text => write!(out, "{}", text(finding, super::colour()))?,
        }
    }
    if args.format == DoctorFormat::Text {
        writeln!(out, "{}", summary(&report.findings))?;
    }
    out.flush()?;
    Ok(match report.verdict() {
        _ if !report.readable => 2,
        Verdict::Ok | Verdict::Warn => 0,
        Verdict::Fail => 1,
    })
}

fn text(finding: &Finding, colour: bool) -> String {
    let ink = match finding.verdict {
        Verdict::Ok => AnsiColor::Green,
        Verdict::Warn => AnsiColor::Yellow,
        Verdict::Fail => AnsiColor::Red,
    };
    let style = if colour { Style::new().fg_color(Some(ink.into())).bold() } else { Style::new() };
    let word = finding.verdict.text();
    let line = format!("{style}{word:<4}{style:#}  {}: {}\n", finding.check, finding.seen);
    if finding.mend.is_empty() { line } else { format!("{line}      -> {}\n", finding.mend) }
}

fn summary(findings: &[Finding]) -> String {
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    match (count(Verdict::Fail), count(Verdict::Warn)) {
        (0, 0) => "everything is as it should be".to_owned(),
        (0, warned) => format!("it works; {warned} to mend"),
        (failed, warned) => format!("{failed} failed, {warned} more to mend"),
    }
}
