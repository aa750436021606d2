//! The only place that knows every concrete type: builds ports, app and surfaces, and takes them down again.
//!
//! Never decides anything about a case. Begin with [`world`].

pub mod build;
pub mod chance;
pub mod chat;
pub mod control;
pub mod driver;
pub mod time;
pub mod web;
