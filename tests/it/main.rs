#![cfg(test)]
//! The one integration-test binary.
mod console;
