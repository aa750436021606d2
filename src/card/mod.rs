//! (card)
