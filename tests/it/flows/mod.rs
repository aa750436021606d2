//! Flows through the real app against the sandbox.

mod faults;
mod scenarios;
mod votes;
