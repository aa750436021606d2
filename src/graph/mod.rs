//! The client of Microsoft Graph: implements `EntraRead`, `JobRead`, `IncidentFeed` and `EntraWrite`.
//!
//! Never decides what a fact means, never lets vendor JSON out, never takes a 404 without Graph's own code for "gone", and
//! never sends a token to another origin than the configured Graph. The read side and the write side are different types,
//! built with different credentials (SAFETY A10). Users are addressed by object id only: a UPN moves.
//!
//! Begin with [`Reader`] in `read.rs`; tokens are in `token.rs`, how answers become errors in `error.rs`.

mod client;
mod decode;
mod error;
mod examine;
mod read;
pub mod settings;
mod signals;
mod token;
mod write;

pub use client::Access;
pub use read::Reader;
pub use write::Writer;
