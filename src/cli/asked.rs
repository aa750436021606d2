//! The whole command line: our own sub-commands, and those that surfaces bring along.
//!
//! Names no surface. Begin with [`command`] and [`parse`].

use super::Cli;
use crate::surface::{Descriptor, Visit, each};
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};
use std::io;

/// What was asked for on the command line.
#[derive(Debug)]
pub enum Asked {
    /// One of our own.
    Own(Box<Cli>),
    /// One of a surface.
    Surface {
        /// The surface.
        name: &'static str,
        /// What stands behind its name.
        matches: ArgMatches,
    },
}

/// The command line with all sub-commands.
pub fn command() -> Command {
    struct Adding(Command);
    impl Visit for Adding {
        fn surface<D: Descriptor>(&mut self) {
            if let Some(command) = D::command() {
                self.0 = self.0.clone().subcommand(command.name(D::NAME));
            }
        }

        fn sandbox_only(&mut self, _name: &'static str) {}
    }
    let mut adding = Adding(Cli::command());
    each(&mut adding);
    adding.0
}

/// Reads the arguments of the process; a wrong one ends it with its usage and exit code 2.
pub fn parse() -> Asked {
    let matches = command().get_matches();
    if let Some((called, inner)) = matches.subcommand()
        && let Some(name) = of_surface(called)
    {
        return Asked::Surface { name, matches: inner.clone() };
    }
    Asked::Own(Box::new(Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())))
}

fn of_surface(called: &str) -> Option<&'static str> {
    struct Finding<'a>(&'a str, Option<&'static str>);
    impl Visit for Finding<'_> {
        fn surface<D: Descriptor>(&mut self) {
            if self.0 == D::NAME && D::command().is_some() {
                self.1 = Some(D::NAME);
            }
        }

        fn sandbox_only(&mut self, _name: &'static str) {}
    }
    let mut finding = Finding(called, None);
    each(&mut finding);
    finding.1
}

/// Runs the sub-command of a surface; the exit code.
pub(super) fn surface(name: &'static str, matches: &ArgMatches) -> anyhow::Result<u8> {
    struct Running<'a>(&'static str, &'a ArgMatches, anyhow::Result<u8>);
    impl Visit for Running<'_> {
        fn surface<D: Descriptor>(&mut self) {
            if self.0 == D::NAME {
                self.2 = D::run(self.1, &mut io::stdout().lock());
            }
        }

        fn sandbox_only(&mut self, _name: &'static str) {}
    }
    let mut running = Running(name, matches, Ok(2));
    each(&mut running);
    running.2
}
