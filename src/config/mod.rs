//! Configuration: one table out of `reanchor.toml`, the env file beside it and the environment; sections by name; secrets
//! by name and only when asked for.
//!
//! Never changes the process environment, never shows a secret in `Debug`, `Display` or an error, never fills a wrong value
//! with a guess, and knows nothing of vendors or surfaces: their sections belong to their own `settings.rs`.
//!
//! Begin with [`load`]; then [`Config::general`], [`Config::section`] for every other folder, and [`Config::finish`].

pub mod embedded;
mod env_file;
mod environment;
mod error;
pub mod example;
mod files;
mod general;
mod merge;
pub mod people;
mod read;
pub mod rules;
pub mod secrets;
pub mod sections;
mod table;
mod tree;

pub use environment::{Environment, process};
pub use error::ConfigError;
pub use general::General;
pub use table::{Config, load};
