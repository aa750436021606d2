//! Flows through the real app against the sandbox.

mod faults;
mod figures;
mod scenarios;
mod votes;
