//! The real binary: `reanchor serve --config F` against `reanchor tenant`.

pub(crate) mod house;
mod runs;
mod start;
