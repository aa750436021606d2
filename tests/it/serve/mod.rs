//! The real binary: `reanchor serve --config F` against `reanchor tenant`.

mod house;
mod runs;
mod start;
