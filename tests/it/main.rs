#![cfg(test)]
//! The one integration-test binary.

mod cli;
mod clients;
mod console;
mod contract;
mod corpus;
mod crash;
mod flows;
mod formats;
mod fuzz;
mod guards;
mod kill;
mod page;
mod recognize;
mod sandbox;
mod seeds;
mod serve;
mod settings;
mod slack;
mod store;
mod support;
mod talk;
mod tidy;
