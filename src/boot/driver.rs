//! Driving the app: everything that can be done now ([`Driver::settle`]), and `wait` with its jumps of the clock.
//!
//! Only a simulated world has its clock moved; a real one is driven by [`Driver::serve`] at its own pace. Never jumps while
//! another live process holds a run: its calls take real time.

use super::time::{Crew, OffsetClock};
use crate::app::{App, Busy};
use crate::domain::time::At;
use crate::ports::clock::Clock;
use crate::ports::stop::Stop;
use crate::ports::store::Ledger;
use crate::ports::tasks::Tasks;
use crate::store::Database;
use anyhow::Context;
use async_trait::async_trait;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// The clock of the simulated tenant.
#[async_trait]
pub trait TenantClock: Send + Sync {
    /// The tenant's time.
    async fn now(&self) -> anyhow::Result<At>;
    /// Moves it by `ms` milliseconds; its time after that.
    async fn advance(&self, ms: i64) -> anyhow::Result<At>;
}

/// The driver of one app.
pub struct Driver {
    /// What is driven.
    pub app: Arc<App>,
    /// Its units of work.
    pub crew: Arc<Crew>,
    /// Its clock.
    pub clock: Arc<OffsetClock>,
    /// The tenant's clock, in a simulated world.
    pub tenant: Option<Arc<dyn TenantClock>>,
}

/// How often the audit chains are sealed.
const SEAL: Duration = Duration::from_mins(1);
/// Every so many seals the code of the last one is logged, so that a record that was cut later shows (SAFETY E1).
const TOLD: u32 = 60;

/// Keeps a record in order while a process runs: the full check of the audit chain once, then a checkpoint a minute and the
/// deletion of what is kept for a day only. Never returns.
pub async fn keep(database: &Database, clock: &OffsetClock) -> Infallible {
    match database.verify().await {
        Ok(rows) => tracing::info!(rows, "the audit chain checks"),
        Err(error) => tracing::error!(%error, "the audit chain does not check: nothing new may be decided"),
    }
    let mut seals = 0_u32;
    loop {
        tell(database, seals).await;
        tokio::time::sleep(SEAL).await;
        seals = seals.wrapping_add(1);
        if let Err(error) = database.checkpoint(clock.now()).await {
            tracing::warn!(%error, "no audit checkpoint could be written");
        }
        if let Err(error) = database.sweep(clock.now()).await {
            tracing::warn!(%error, "old inbox rows were not deleted");
        }
    }
}

/// Logs the last checkpoint at the start and then hourly.
async fn tell(database: &Database, seals: u32) {
    if !seals.is_multiple_of(TOLD) {
        return;
    }
    match database.last_checkpoint().await {
        Ok(Some(checkpoint)) => tracing::info!(%checkpoint, "the last audit checkpoint"),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the last audit checkpoint could not be read"),
    }
}

/// How often the store is asked for work that another process left there.
const POLL: Duration = Duration::from_millis(250);
/// How much longer a process that ends waits for a run that has somebody parked, or an app paused: longer than a pause takes.
const EXPOSED: Duration = Duration::from_mins(1);
/// Shortest time between two looks for work, so that a storm of events is not answered by a storm of looks.
const PACE: Duration = Duration::from_millis(2);

impl Driver {
    /// Takes over the tenant's time, if it is ahead (another process may have moved it).
    pub async fn adopt(&self) -> anyhow::Result<()> {
        if let Some(tenant) = &self.tenant {
            self.clock.adopt(tenant.now().await.context("the tenant's clock could not be read")?);
        }
        Ok(())
    }

    /// Does everything that is possible now. Moves no clock.
    pub async fn settle(&self) -> anyhow::Result<()> {
        self.adopt().await?;
        loop {
            let started = self.app.dispatch().await?;
            // A unit that was asleep and ends now may leave posts to be sent, too.
            let at_work = self.crew.active() > 0;
            while self.crew.active() > 0 {
                self.crew.changed().await;
            }
            if started == 0 && !at_work {
                return Ok(());
            }
        }
    }

    /// Works until nothing is left; where everything waits for an instant, both clocks jump there.
    pub async fn wait(&self) -> anyhow::Result<()> {
        loop {
            self.settle().await?;
            match self.app.busy(self.clock.sleeping_until()).await? {
                Busy::Idle => return Ok(()),
                Busy::Working => self.crew.changed().await,
                Busy::Elsewhere => {
                    tokio::time::sleep(POLL).await;
                    self.app.try_elsewhere();
                }
                Busy::Until(at) => self.advance_to(at).await?,
            }
        }
    }

    async fn advance_to(&self, at: At) -> anyhow::Result<()> {
        let ms = at.since(self.clock.now()).max(0);
        match &self.tenant {
            Some(tenant) if ms > 0 => {
                let at = tenant.advance(ms).await.context("the tenant's clock could not be moved")?;
                self.clock.adopt(at);
            }
            Some(_) => tokio::task::yield_now().await,
            None => self.clock.sleep_until(at).await,
        }
        Ok(())
    }

    /// Moves both clocks by `ms` milliseconds, after what is possible now was done, and does what is possible then.
    pub async fn advance(&self, ms: i64) -> anyhow::Result<()> {
        self.settle().await?;
        self.advance_to(self.clock.now().plus(ms)).await?;
        self.settle().await
    }

    /// Drives at the real pace until `stop` is wished; a process that is ended from outside drives for ever.
    pub async fn serve(&self, mut stop: Stop) {
        let mut changes = self.crew.changes();
        let mut pace = tokio::time::interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_wished() {
            pace.tick().await;
            if let Err(error) = self.app.dispatch().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the store was not asked for work; trying again"
                );
            }
            self.app.try_elsewhere();
            tokio::select! {
                () = changes.next() => {}
                () = tokio::time::sleep(POLL) => {}
                () = stop.wished() => {}
            }
        }
    }

    /// Lets the units of work end that are at it, and sends what is in the outbox, each within its own limit; a run that has
    /// somebody parked, or an app paused, gets a minute more. Nothing else is begun. Whether everything was done in time.
    pub async fn finish(&self, units: Duration, posts: Duration) -> bool {
        let mut ended = tokio::time::timeout(units, self.rest()).await.is_ok();
        if !ended && self.app.is_exposed().await {
            tracing::warn!("somebody is parked, or an app paused: that is ended first");
            ended = tokio::time::timeout(EXPOSED, self.rest()).await.is_ok();
        }
        let sent = tokio::time::timeout(posts, self.flush()).await.is_ok_and(|sent| sent);
        ended && sent
    }

    async fn rest(&self) {
        while self.crew.active() > 0 {
            self.crew.changed().await;
        }
    }

    async fn flush(&self) -> bool {
        loop {
            match self.app.posts_waiting().await {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the outbox could not be read at the end");
                    return false;
                }
            }
            match self.app.dispatch_posts().await {
                Ok(0) if self.crew.active() == 0 => tokio::time::sleep(POLL).await,
                Ok(_) => self.rest().await,
                Err(error) => {
                    tracing::warn!(%error, "the outbox could not be sent at the end");
                    return false;
                }
            }
        }
    }
}
