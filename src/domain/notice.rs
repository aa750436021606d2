//! (notice)
