#![cfg(test)]
//! The one integration-test binary.

mod clients;
mod corpus;
mod store;
mod sandbox;
mod console;
