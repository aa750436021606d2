//! Runs an approved plan as a durable sequence of checked writes: look, journal the intent, write, look again.
//!
//! Never trusts the answer of a write, never writes without `&Approved` and `&LeaseHeld`, never goes forward after something
//! moved, never undoes by itself. Killed at any point it can be called again and goes on from the journal.
//!
//! Begin with [`next`] (the only brain), then [`run`]; `repair` is the way to the nearest safe state, `wait` waits and verifies,
//! [`standing`] says how the person was left.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod journal;
pub mod look;
pub mod next;
mod perform;
mod repair;
pub mod run;
pub mod standing;
pub mod verify;
mod wait;
