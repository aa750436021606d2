//! Slack: a simulation of it, proofs of the simulation itself, and the bot driven through it over both transports.

mod contract;
mod gallery;
mod people;
mod posts;
#[expect(dead_code, reason = "the flows that use the rest come with `serve`")]
mod sim;
