#![cfg(test)]
//! The one integration-test binary.

mod clients;
mod console;
mod corpus;
mod sandbox;
mod store;
mod clients;
mod contract;
mod sandbox;
