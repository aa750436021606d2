//! (card)

pub mod plain;
