//! The words of the trade as plain values: what was reported, what was read, what may be done, what was decided.
//!
//! This module never reads a clock, a random source, a file, the environment or a socket, and imports nothing of ours:
//! time and fresh ids enter as arguments. Everything that is stored carries its format version in the value itself.
//!
//! Begin with [`case`] (the durable record), then [`plan`], [`effect`] and [`guard`] (what an approval is a vote on).
#![deny(clippy::wildcard_enum_match_arm)]

pub mod actor;
pub mod anchor;
pub mod beside;
pub mod bulk;
pub mod case;
pub mod diagnosis;
pub mod effect;
pub mod erasure;
pub mod finding;
pub mod guard;
pub mod ids;
pub mod inbound;
pub mod incident;
pub mod job;
pub mod notice;
pub mod phrases;
pub mod plan;
pub mod reading;
pub mod settings;
pub mod snapshot;
pub mod starts;
mod state;
pub mod tenant;
pub mod time;
