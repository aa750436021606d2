#![cfg(test)]
//! The one integration-test binary.

mod clients;
mod console;
mod contract;
mod corpus;
mod crash;
mod formats;
mod guards;
mod sandbox;
mod settings;
mod store;
mod tidy;
