//! (app)

pub mod diagnose;
