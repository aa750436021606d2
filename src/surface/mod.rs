//! (surface)
