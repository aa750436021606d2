//! A world for the tests of this folder: cards are set by hand, and every call is written down.

use super::sample;
use super::{Persona, World};
use crate::domain::ids::OktaUserId;
use crate::domain::inbound::{Body, Inbound};
use crate::domain::notice::Card;
use crate::domain::time::At;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The world.
pub(super) struct Fake {
    people: BTreeMap<String, Persona>,
    subject: String,
    fresh: AtomicU64,
    pub(super) state: Mutex<State>,
}

/// What the world is made of.
#[derive(Default)]
pub(super) struct State {
    /// What was called, in order.
    pub(super) log: Vec<String>,
    /// What was heard.
    pub(super) heard: Vec<Inbound>,
    /// Cards now.
    pub(super) cards: Vec<Card>,
    /// Cards that appear when somebody waits.
    pub(super) after_wait: Vec<Card>,
    /// Whether `hear` fails.
    pub(super) deaf: bool,
}

impl Fake {
    pub(super) fn new(cards: Vec<Card>) -> Self {
        let names = [("anna", "help desk"), ("ben", "approver"), ("sam", "the subject")];
        let people = names.map(|(name, role)| {
            let okta = (name != "sam").then(|| OktaUserId::new(format!("00u-{name}")));
            (name.to_owned(), Persona { okta, role: role.to_owned() })
        });
        let state = Mutex::new(State { cards, ..State::default() });
        Self { people: people.into(), subject: "sam@example.com".to_owned(), fresh: AtomicU64::new(0), state }
    }

    /// A world with one proposed card.
    pub(super) fn proposed() -> Self {
        Self::new(vec![sample::small("c-111111", "looked_up"), sample::small("c-222222", "proposed")])
    }

    pub(super) fn log(&self) -> Vec<String> {
        self.state.lock().unwrap().log.clone()
    }

    pub(super) fn heard(&self) -> Vec<Inbound> {
        self.state.lock().unwrap().heard.clone()
    }

    fn note(&self, text: impl Into<String>) {
        self.state.lock().unwrap().log.push(text.into());
    }
}

#[async_trait]
impl World for Fake {
    fn people(&self) -> &BTreeMap<String, Persona> {
        &self.people
    }

    async fn error_text(&self) -> anyhow::Result<String> {
        Ok("Automatic provisioning failed:\n\terrorCode=404\n".to_owned())
    }

    fn subject_login(&self) -> &str {
        &self.subject
    }

    async fn hear(&self, inbound: Inbound) -> anyhow::Result<()> {
        let mut state = self.state.lock().unwrap();
        anyhow::ensure!(!state.deaf, "the store is read-only");
        state.log.push(match &inbound.body {
            Body::Message { text } => format!("message {text:.20}"),
            Body::Mention { text } => format!("mention {text}"),
            Body::Command { text } => format!("command {text}"),
            Body::Press { verb, case, number, note } => format!("press {verb} {case} {number:?} {note:?}"),
        });
        state.heard.push(inbound);
        Ok(())
    }

    async fn settle(&self) -> anyhow::Result<()> {
        self.note("settle");
        Ok(())
    }

    async fn wait(&self) -> anyhow::Result<()> {
        let mut state = self.state.lock().unwrap();
        state.log.push("wait".to_owned());
        let appeared = std::mem::take(&mut state.after_wait);
        state.cards.extend(appeared);
        Ok(())
    }

    async fn advance(&self, ms: i64) -> anyhow::Result<()> {
        self.note(format!("advance {ms}"));
        Ok(())
    }

    async fn cards(&self) -> anyhow::Result<Vec<Card>> {
        Ok(self.state.lock().unwrap().cards.clone())
    }

    fn now(&self) -> At {
        At(1_000)
    }

    fn fresh(&self) -> String {
        format!("{:04}", self.fresh.fetch_add(1, Ordering::Relaxed))
    }
}
