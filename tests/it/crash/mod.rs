//! The crash matrix of the saga core.

mod bench;
mod matrix;
mod model;
mod ports;
mod scenes;
