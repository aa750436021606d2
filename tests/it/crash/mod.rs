//! The crash matrix of the saga core.

mod bench;
mod drift;
mod matrix;
mod model;
mod ports;
mod random;
mod scenes;
mod vendors;
