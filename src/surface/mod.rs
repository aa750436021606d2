//! (surface)

pub mod console;
