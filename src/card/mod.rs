//! (card)

pub mod answer;
