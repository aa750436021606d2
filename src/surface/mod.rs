//! (surface)

pub mod console;
pub mod web;
