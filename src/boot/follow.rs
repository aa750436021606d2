//! Following the clock of a simulated tenant while a process serves: somebody may move it at its control port.

use super::driver::TenantClock;
use super::time::OffsetClock;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// How often the tenant is asked.
const PACE: Duration = Duration::from_millis(500);

/// A clock and the one it follows.
pub struct Follow {
    /// The tenant.
    pub tenant: Arc<dyn TenantClock>,
    /// Ours; it only ever goes forward.
    pub clock: Arc<OffsetClock>,
}

/// Follows; never returns. A tenant that does not answer is asked again, and is told of once.
pub async fn follow(follow: Follow) -> Infallible {
    let mut told = false;
    loop {
        tokio::time::sleep(PACE).await;
        match follow.tenant.now().await {
            Ok(at) => {
                follow.clock.adopt(at);
                told = false;
            }
            Err(error) if !told => {
                tracing::warn!("the clock of the simulated tenant cannot be read: {error:#}");
                told = true;
            }
            Err(_) => {}
        }
    }
}
