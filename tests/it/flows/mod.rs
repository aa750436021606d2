//! Flows through the real app against the sandbox.

mod edited;
mod exposed;
mod faults;
mod figures;
mod inbound;
mod incident;
mod many;
mod scenarios;
mod subject;
mod switches;
mod told;
mod two;
mod undo;
mod votes;
