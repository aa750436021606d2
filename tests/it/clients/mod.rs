//! The clients of both directories against small fakes: what is sent, what is repeated, and what an answer is taken for.

pub(crate) mod fake;
mod graph;
mod okta;
mod secrets;
mod wire;
