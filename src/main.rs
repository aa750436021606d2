//! The program: parse the arguments, start the log, hand over to the command line, turn the result into an exit code.

use reanchor::cli;
use reanchor::{config, telemetry};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    // One provider of TLS for every client; a second call would change nothing.
    rustls::crypto::ring::default_provider().install_default().ok();
    let asked = cli::asked::parse();
    let environment = config::process();
    let filter = environment.value("REANCHOR_LOG").and_then(|value| value.into_string().ok());
    let color = telemetry::color(environment.value("NO_COLOR").as_deref(), io::stderr().is_terminal());
    // People at a terminal chat see cards; the log there tells only what somebody must look at.
    let filter = filter.or_else(|| asked.is_quiet().then(|| "error".to_owned()));
    let started = telemetry::init(telemetry::Format::Text, filter.as_deref(), color);
    let done = started
        .map_err(|error| error.to_string())
        .and_then(|_| cli::run(asked).map_err(|error| format!("no runtime: {error}")));
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // Nothing else can be done about a standard error that does not take a line.
            writeln!(io::stderr(), "reanchor: {error}").ok();
            ExitCode::FAILURE
        }
    }
}
