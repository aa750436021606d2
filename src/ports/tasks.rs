//! Supervised tasks: a panic in the background is reported, never lost (`.clippy.toml` bans the bare spawn).

use std::future::Future;
use std::pin::Pin;

/// A unit of work.
pub type Unit = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts units of work and knows which of them are still at it.
pub trait Tasks: Send + Sync {
    /// Starts `unit`. A panic in it is logged as an error with `name`.
    fn spawn(&self, name: &'static str, unit: Unit);

    /// Number of units that have not ended and are not waiting on the clock.
    fn active(&self) -> usize;

    /// Number of units that have not ended.
    fn running(&self) -> usize;

    /// Completes soon after a unit ended or began to wait on the clock.
    fn changed(&self) -> Unit;

    /// Tells whoever drives the units that there is something new to begin. Cheap; may be called at any time.
    fn wake(&self);
}
