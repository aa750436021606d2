//! Time. The only way to learn or to wait for an instant (`.clippy.toml` bans the others).

use crate::domain::time::At;
use async_trait::async_trait;

/// A clock: real, or simulated and shared with the sandbox.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> At;

    /// Waits until `at`; returns at once when it is past. On a simulated clock the wait ends as soon as somebody moves the
    /// clock there.
    async fn sleep_until(&self, at: At);
}
