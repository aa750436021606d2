//! (cli)

pub mod diagnose;
pub mod diagnose_text;
