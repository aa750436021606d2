//! What people see, once for all surfaces: a card is built from a case alone, so it can be rendered again at any time.
//!
//! Never decides who may do what (a button that is shown is not a permission), never shows roles, protected lists or the
//! reason of a privileged refusal (those go to the approvers alone), never cuts a plan.
//!
//! Begin with [`build::card`].
#![deny(clippy::wildcard_enum_match_arm)]

pub mod answer;
pub mod build;
pub mod plain;
mod plan_view;
mod sides;
