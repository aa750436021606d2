#![cfg(test)]
//! The one integration-test binary.

mod corpus;
mod clients;
