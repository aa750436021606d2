//! The real binary: `reanchor serve --config F` against `reanchor tenant`.

mod admin;
mod doctor;
pub(crate) mod house;
mod runs;
mod start;
