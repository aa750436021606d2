//! Flows through the real app against the sandbox.

mod scenarios;
