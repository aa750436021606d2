//! Plumbing that both directory clients stand on: addresses, one way of sending a request, lenient reading of JSON.
//!
//! Never knows a vendor's resource, never follows a redirect, never lets a URL, a token or a body into an error or a log,
//! and never repeats a write that may have been applied.
//!
//! Begin with [`send`] (what is repeated and for how long), then [`address`] (the origin check).

pub mod address;
pub mod json;
pub mod pause;
pub mod send;
pub mod setting;
