//! What the page needs of the app: one trait, and the plain values that go through it.
//!
//! Never grows a rule: what somebody may do is decided behind [`Stage::hear`]. Begin with [`Stage`].

use super::story;
use crate::domain::actor::{Actor, Standing};
use crate::domain::case::Case;
use crate::domain::ids::{CaseId, OktaUserId};
use crate::domain::inbound::Inbound;
use crate::domain::time::At;
use async_trait::async_trait;
use serde_json::Value;

/// Somebody whom the page can speak as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persona {
    /// The key of the account (`anna`).
    pub key: String,
    /// The full name.
    pub name: String,
    /// What the person may do, in words.
    pub role: String,
    /// The Okta user behind it; without one the account counts as not linked.
    pub okta: Option<OktaUserId>,
}

impl Persona {
    /// The actor that speaks.
    pub fn actor(&self) -> Actor {
        let standing = match &self.okta {
            Some(okta) => Standing::Linked { okta: okta.clone() },
            None => Standing::Unlinked,
        };
        Actor { key: self.key.clone(), name: self.key.clone(), standing }
    }
}

/// A scenario that can be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub title: String,
    /// Where its error text can be read while it is loaded.
    pub error_url: String,
}

/// What the tenant plays now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// Name of the scenario.
    pub name: String,
    /// Login of the person that the error is about.
    pub subject: String,
}

/// A case from the store, with the text that opened it as far as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// The case.
    pub case: Case,
    /// The redacted text.
    pub said: Option<String>,
}

/// A row of a case's audit chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Position in the chain.
    pub seq: i64,
    /// When.
    pub at: At,
    /// Who (`okta:00u…`, `bot`).
    pub actor: String,
    /// What kind of thing.
    pub kind: String,
    /// Its hash.
    pub hash: String,
    /// What happened; absent when it was erased.
    pub payload: Option<Value>,
}

impl Row {
    /// The text that opened the case, when this is the first row and it still has its payload.
    pub fn said(&self) -> Option<String> {
        story::said(self)
    }
}

/// Whether the audit checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// So many rows of all chains were checked.
    Whole {
        /// Rows.
        rows: i64,
    },
    /// The first row that does not check, or why it could not be checked.
    Broken {
        /// In words.
        why: String,
    },
}

/// Everything recorded about one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The case now.
    pub case: Case,
    /// Its chain, oldest row first.
    pub rows: Vec<Row>,
    /// Whether the audit checks.
    pub chain: Chain,
}

/// Why a scenario was not loaded. The message is for people.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is none of this name.
    #[error("there is no scenario `{0}`; nothing was changed")]
    Unknown(String),
    /// A run is under way; replacing the tenant under it would break it.
    #[error("a run is under way in {0}; wait until it has ended, then choose again. Nothing was changed")]
    Running(CaseId),
    /// Something else failed.
    #[error("the scenario could not be loaded: {0:#}")]
    Failed(anyhow::Error),
}

/// The app as the page sees it.
#[async_trait]
pub trait Stage: Send + Sync {
    /// Who can speak, in the order of the page.
    fn people(&self) -> &[Persona];

    /// What can be tried.
    fn scenarios(&self) -> &[Choice];

    /// Where the panel of the tenant answers, on the same address.
    fn panel_url(&self) -> &str;

    /// What the tenant plays now.
    async fn scene(&self) -> anyhow::Result<Scene>;

    /// Hands one event to the app; stored durably when it returns. Whether there is anything to answer. The text in it is
    /// as it was typed: redaction is the app's, as with every surface.
    async fn hear(&self, inbound: Inbound) -> anyhow::Result<bool>;

    /// The cases of this surface, oldest first.
    async fn past(&self) -> anyhow::Result<Vec<Past>>;

    /// What is recorded about a case.
    async fn record(&self, id: &CaseId) -> anyhow::Result<Option<Record>>;

    /// Replaces the tenant by a scenario; open cases of the old one end. May be called for the scenario that is loaded: that
    /// is the reset.
    async fn load(&self, scenario: &str) -> Result<(), LoadError>;

    /// A text with its secrets masked, as the app would store it.
    fn redacted(&self, text: &str) -> String;

    /// The time of the app.
    fn now(&self) -> At;

    /// A text unlike any other one given before, also across restarts (about ten base32 characters).
    fn fresh(&self) -> String;
}
