//! The Web API as the other files of this folder need it: one call, and a direct answer to a `response_url`.
//!
//! Never retries and never logs what was sent. Begin with [`Calls`].

use async_trait::async_trait;
use serde_json::Value;

/// Why a call gave nothing. The words name no address, no token and no content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Slack answered `ok: false` with this code.
    #[error("Slack answered {0}")]
    Refused(String),
    /// Too many calls: nothing happened.
    #[error("Slack asks to wait {after_ms} ms")]
    Limited {
        /// Milliseconds.
        after_ms: i64,
    },
    /// No answer, or none that can be read.
    #[error("Slack did not answer: {0}")]
    Unreachable(String),
}

/// The Web API.
#[async_trait]
pub trait Calls: Send + Sync {
    /// Calls `method` with the token of a workspace (none: the home one); the answer, when it is `ok`.
    async fn call(&self, workspace: Option<&str>, method: &'static str, body: Value) -> Result<Value, CallError>;

    /// Answers one person through a `response_url`, so that nobody else sees it.
    async fn respond(&self, response_url: &str, text: &str) -> Result<(), CallError>;
}
