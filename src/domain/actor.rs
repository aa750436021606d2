//! (actor)
