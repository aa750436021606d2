//! (card)

pub mod answer;
pub mod plain;
