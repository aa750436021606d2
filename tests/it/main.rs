#![cfg(test)]
//! The one integration-test binary.
mod clients;
mod contract;
mod sandbox;
