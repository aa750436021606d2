//! The page: a chat in the browser with the people of the sandbox, its tenant beside it, and the whole story of each case.
//!
//! Never decides anything and never talks to a directory or the store: it hands [`Inbound`] events to a [`Stage`] and shows
//! what the outbox gives it. Its people are actors of the sandbox; it is served on loopback only (SAFETY A2, E3).
//!
//! Begin with [`Stage`] (all it needs), then [`Web`] (the surface) and [`router`].

mod assets;
mod guard;
mod room;
mod routes;
mod story;
mod view;

use crate::domain::actor::{Actor, Standing};
use crate::domain::case::Case;
use crate::domain::ids::{CaseId, OktaUserId};
use crate::domain::inbound::Inbound;
use crate::domain::notice::Notice;
use crate::domain::time::At;
use crate::ports::clock::Clock;
use crate::ports::surface::{Earlier, Surface, SurfaceError};
use async_trait::async_trait;
use room::{Content, Post, Rooms};
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{broadcast, watch};

pub use routes::{Serving, router};

/// Name of this surface in the store and in the configuration.
pub const NAME: &str = "web";

/// Events that a slow reader may be behind before it has to read everything anew.
const BEHIND: usize = 512;

/// The channel of a scenario.
pub fn channel(scenario: &str) -> String {
    format!("#{scenario}")
}

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

    /// The time of the app.
    fn now(&self) -> At;

    /// A text unlike any other one given before, also across restarts (about ten base32 characters).
    fn fresh(&self) -> String;
}

/// What goes to the browsers.
#[derive(Clone, Debug)]
enum Event {
    /// A post, new or edited.
    Post(Arc<Post>),
    /// Another scenario is loaded.
    Scene(Arc<Scene>),
}

/// The surface: keeps what stands in the rooms and tells every open page.
pub struct Web {
    clock: Arc<dyn Clock>,
    rooms: Mutex<Rooms>,
    events: broadcast::Sender<Event>,
    stop: watch::Sender<bool>,
}

impl Web {
    /// A page with empty rooms.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        let (events, _) = broadcast::channel(BEHIND);
        let (stop, _) = watch::channel(false);
        Arc::new(Self { clock, rooms: Mutex::default(), events, stop })
    }

    /// Puts the cases of the store back into the rooms, as after a restart: what opened each case, and its card. Notes,
    /// whispers and chatter are not in the store; open pages keep theirs.
    pub fn recall(&self, past: &[Past]) {
        for Past { case, said } in past {
            if let Some(text) = said {
                let who = case.requester.key.clone();
                self.put(&case.place.message, &case.place, case.created_at, Content::Said { who, text: text.clone() });
            }
            let card = Box::new(crate::card::build::card(case));
            let id = case.id.as_str().to_owned();
            self.put(&id, &case.place, case.updated_at, Content::Card(card));
        }
    }

    /// Ends all streams, so that the server can end.
    pub fn close(&self) {
        self.stop.send_replace(true);
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts or edits a post and tells everybody. The lock is held while telling, so that nobody sees two edits turned round.
    fn put(&self, id: &str, place: &crate::domain::inbound::Place, at: At, content: Content) {
        let mut rooms = self.rooms();
        if let Some(post) = rooms.put(id, place, at, content) {
            // No page is open: nobody to tell.
            let _nobody = self.events.send(Event::Post(post)).is_err();
        }
    }

    fn tell(&self, scene: Scene) {
        let _nobody = self.events.send(Event::Scene(Arc::new(scene))).is_err();
    }
}

#[async_trait]
impl Surface for Web {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn show(&self, notice: &Notice, earlier: Earlier<'_>) -> Result<String, SurfaceError> {
        let now = self.clock.now();
        let (id, place, content) = match notice {
            Notice::Card(card) => {
                let id = match &card.case {
                    Some(case) => case.as_str().to_owned(),
                    None => format!("{}/list", card.place.message),
                };
                (id, &card.place, Content::Card(card.clone()))
            }
            Notice::Note { place, text } => (self.rooms().number("note", now), place, Content::Note(text.clone())),
            Notice::Whisper { place, to, name, text } => {
                let content = Content::Whisper { to: to.clone(), name: name.clone(), text: text.clone() };
                (self.rooms().number("whisper", now), place, content)
            }
        };
        let id = earlier.posted.map_or(id, str::to_owned);
        self.put(&id, place, now, content);
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inbound::Place;
    use crate::domain::notice::PublicText;

    struct Still;

    #[async_trait]
    impl Clock for Still {
        fn now(&self) -> At {
            At(5)
        }

        async fn sleep_until(&self, _: At) {}
    }

    fn place() -> Place {
        Place { channel: "#a".to_owned(), thread: "m-1".to_owned(), message: "m-1".to_owned() }
    }

    #[tokio::test]
    async fn a_whisper_is_for_its_reader_alone() {
        let web = Web::new(Arc::new(Still));
        let whisper = Notice::Whisper {
            place: place(),
            to: "anna".to_owned(),
            name: "anna".to_owned(),
            text: PublicText::words("not you"),
        };
        web.show(&whisper, Earlier::default()).await.unwrap();
        web.show(&Notice::Note { place: place(), text: PublicText::words("all") }, Earlier::default()).await.unwrap();
        assert_eq!(web.rooms().seen_by("anna").count(), 2);
        assert_eq!(web.rooms().seen_by("ben").count(), 1);
    }

    #[tokio::test]
    async fn the_same_notice_shown_again_is_an_edit_in_place() {
        let web = Web::new(Arc::new(Still));
        let note = |text| Notice::Note { place: place(), text: PublicText::words(text) };
        let id = web.show(&note("one"), Earlier::default()).await.unwrap();
        assert_eq!(web.show(&note("two"), Earlier { posted: Some(&id), ..Earlier::default() }).await.unwrap(), id);
        let rooms = web.rooms();
        let posts: Vec<_> = rooms.seen_by("anna").collect();
        assert_eq!(posts.len(), 1);
        assert!(posts[0].edited.is_some());
    }
}
