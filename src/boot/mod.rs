//! The only place that knows every concrete type: builds ports, app and surfaces, and takes them down again.
//!
//! Never decides anything about a case. Begin with [`chat_open::open`] (what the terminal chat stands on) and
//! [`build::build`] (what every world stands on).

pub mod at_server;
pub mod build;
pub mod chance;
pub mod chat;
pub mod chat_open;
pub mod control;
mod declared;
pub mod doctor;
pub mod driver;
pub mod follow;
pub mod open;
pub mod record;
pub mod serve;
pub mod surfaces;
pub mod time;
pub mod web;
