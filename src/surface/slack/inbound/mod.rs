//! The way in, the same for Socket Mode and HTTP: a payload is read leniently, the event is handed to the app, and only then
//! is it acknowledged.
//!
//! Never asks a directory or Slack before the acknowledgement, never acknowledges what was to be stored and was not.
//!
//! Begin with [`intake::Intake`]; [`http`] and [`socket`] are the two transports.

pub mod echo;
#[cfg(test)]
mod fake;
pub mod form;
pub mod home;
pub mod http;
pub mod intake;
pub mod lenient;
pub mod payload;
pub mod read;
pub mod socket;
pub mod windows;
