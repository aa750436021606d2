//! Configuration (edge).
pub mod embedded;
