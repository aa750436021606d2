//! The wish that the process ends: given once, seen by everybody who has something to finish first.
//!
//! Never ends anything by itself. Begin with [`brake`].

use tokio::sync::watch;

/// Gives the wish. Dropping it is not a wish.
#[derive(Debug)]
pub struct Brake(watch::Sender<bool>);

/// Sees the wish. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// A new pair, not yet pulled.
pub fn brake() -> (Brake, Stop) {
    let (give, see) = watch::channel(false);
    (Brake(give), Stop(see))
}

impl Brake {
    /// Asks everybody to finish. May be called again.
    pub fn pull(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// One that never comes, for a process that is ended from outside.
    pub fn never() -> Self {
        brake().1
    }

    /// Whether the process is to end: nothing new may be begun.
    pub fn is_wished(&self) -> bool {
        *self.0.borrow()
    }

    /// Completes when the process is to end.
    pub async fn wished(&mut self) {
        if self.0.wait_for(|wished| *wished).await.is_err() {
            // Nobody is left who could wish it.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_wish_is_seen_by_all_and_a_lost_brake_is_none() {
        let (brake, stop) = brake();
        let mut other = stop.clone();
        assert!(!stop.is_wished() && other.wished().now_or_never().is_none());
        brake.pull();
        assert!(stop.is_wished());
        other.wished().await;
        let mut never = Stop::never();
        assert!(!never.is_wished() && never.wished().now_or_never().is_none());
    }
}
