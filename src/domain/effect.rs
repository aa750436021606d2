//! (effect)
