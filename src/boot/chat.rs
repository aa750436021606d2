//! The terminal chat over the real app: what the console needs, answered from the store, the app and the tenant.

use super::control::Control;
use super::driver::Driver;
use crate::app::App;
use crate::card;
use crate::domain::case::Case;
use crate::domain::inbound::Inbound;
use crate::domain::notice::Card;
use crate::domain::time::At;
use crate::ports::clock::Clock;
use crate::ports::fresh::Fresh;
use crate::ports::surface::verified;
use crate::surface::console::{Persona, World};
use anyhow::Context;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The world of a console.
pub struct ChatWorld {
    /// The driver of the app.
    pub driver: Arc<Driver>,
    /// Who can speak.
    pub people: BTreeMap<String, Persona>,
    /// The login of the subject.
    pub subject: String,
    /// The control port, when the directories are the sandbox.
    pub control: Option<Arc<Control>>,
    /// Chance.
    pub fresh: Arc<dyn Fresh>,
}

impl ChatWorld {
    /// The app.
    pub fn app(&self) -> &Arc<App> {
        &self.driver.app
    }
}

#[async_trait]
impl World for ChatWorld {
    fn people(&self) -> &BTreeMap<String, Persona> {
        &self.people
    }

    async fn error_text(&self) -> anyhow::Result<String> {
        let control = self.control.as_ref().context("@error needs the sandbox: paste the text itself")?;
        control.error_text().await
    }

    fn subject_login(&self) -> &str {
        &self.subject
    }

    async fn hear(&self, inbound: Inbound) -> anyhow::Result<()> {
        // The console is one person's own terminal on the sandbox; whether its people count was decided when the world was
        // built (their standing is `Linked` only there, SAFETY A2).
        let proof = verified(inbound.actor.clone());
        self.driver.app.hear(inbound, Some(&proof)).await?;
        Ok(())
    }

    async fn settle(&self) -> anyhow::Result<()> {
        self.driver.settle().await
    }

    async fn wait(&self) -> anyhow::Result<()> {
        self.driver.wait().await
    }

    async fn advance(&self, ms: i64) -> anyhow::Result<()> {
        self.driver.advance(ms).await
    }

    async fn cards(&self) -> anyhow::Result<Vec<Card>> {
        let cases: Vec<Case> = self.driver.app.cases().await?;
        Ok(cases
            .iter()
            .map(|case| (case.state.is_open(), card::build::card(case)))
            .filter(|(open, card)| *open || !card.buttons.is_empty())
            .map(|(_, card)| card)
            .collect())
    }

    fn now(&self) -> At {
        self.driver.clock.now()
    }

    fn fresh(&self) -> String {
        self.fresh.id("", 12)
    }
}
