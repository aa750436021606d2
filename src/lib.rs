//! Reanchor (the architecture is written here at the end of the first issue).
pub mod app;
pub mod card;
pub mod classify;
pub mod cli;
pub mod config;
pub mod domain;
pub mod graph;
pub mod http;
pub mod okta;
pub mod plan;
pub mod policy;
pub mod ports;
pub mod recognize;
pub mod saga;
pub mod sandbox;
pub mod store;
pub mod surface;
