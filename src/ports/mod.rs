//! Ports: what the use cases need from the outside, as traits used behind `Arc<dyn …>`.
//!
//! A port never decides: no rule of who may do what, no vendor JSON, no SQL text. Implementations live in `okta`, `graph`,
//! `store`, `surface/*` and `boot`. Begin with [`directory`].

pub mod clock;
pub mod directory;
pub mod durability;
pub mod error;
pub mod fresh;
pub mod lease;
pub mod meter;
pub mod secret;
pub mod signals;
pub mod stop;
pub mod store;
pub mod surface;
pub mod tasks;
