//! Slack: a simulation of it, proofs of the simulation itself, and the bot driven through it over both transports.

mod contract;
mod desk;
mod elsewhere;
mod flow;
mod gallery;
mod hostile;
mod outage;
mod people;
mod posts;
mod raw;
mod scenes;
mod sim;
mod wide;
