//! (surface)

pub mod console;
pub mod slack;
pub mod web;
