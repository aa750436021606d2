//! The client of the Okta org: implements `OktaRead`, `FailureRead` and `OktaWrite`; and the feed of Okta's status page.
//!
//! Never decides what a fact means, never lets vendor JSON out, never takes an answer that Okta does not document for "gone",
//! and never sends the token to another origin than the configured org. The read side and the write side are different
//! types, built with different tokens (SAFETY A10).
//!
//! Begin with [`Reader`] in `read.rs`; how answers become errors is in `error.rs`.

mod app;
mod client;
mod decode;
mod error;
mod examine;
mod read;
pub mod settings;
mod status;
mod write;

pub use client::Access;
pub use read::Reader;
pub use status::StatusFeed;
pub use write::Writer;
