//! How much there is of everything, for the metrics.

use super::App;
use crate::domain::time::At;
use crate::policy::Switch;
use crate::ports::store::{Stored, StoredFigures, Waiting};

/// Counts at one moment.
#[derive(Clone, Debug)]
pub struct Figures {
    /// When.
    pub at: At,
    /// What the store counts.
    pub stored: StoredFigures,
    /// Due posts of each surface of this process.
    pub outbox: Vec<(&'static str, Waiting)>,
    /// Whether the kill switch is on, or cannot be read.
    pub frozen: bool,
}

impl App {
    /// Counts now. Reads no body of a case.
    pub async fn figures(&self) -> Stored<Figures> {
        let at = self.now();
        let stored = self.parts.store.figures().await?;
        let mut outbox = Vec::new();
        for surface in &self.parts.surfaces {
            outbox.push((surface.name(), self.parts.store.outbox_waiting_on(surface.name(), at).await?));
        }
        let frozen = !matches!(self.switch().await, Switch::Running);
        Ok(Figures { at, stored, outbox, frozen })
    }
}
