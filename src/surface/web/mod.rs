//! The page: a chat in the browser with the people of the sandbox, its tenant beside it, and the whole story of each case.
//!
//! Never decides anything and never talks to a directory or the store: it hands inbound events to a [`Stage`] and shows
//! what the outbox gives it. Its people are actors of the sandbox; it is served on loopback only (SAFETY A2, E3).
//!
//! Begin with [`Stage`] (all it needs), then [`Web`] (the surface) and [`router`].

mod assets;
mod guard;
mod room;
mod routes;
mod stage;
mod story;
mod transcript;
mod view;

use crate::domain::notice::Notice;
use crate::domain::time::At;
use crate::ports::clock::Clock;
use crate::ports::surface::{Earlier, Surface, SurfaceError};
use async_trait::async_trait;
use room::{Content, Post, Rooms};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{broadcast, watch};
use transcript::{Kept, Line, Transcript};

pub use routes::{Serving, router};
pub use stage::{Chain, Choice, LoadError, Past, Persona, Record, Row, Scene, Stage};

/// Name of this surface in the store and in the configuration.
pub const NAME: &str = "web";

/// Events that a slow reader may be behind before it has to read everything anew.
const BEHIND: usize = 512;

/// The channel of a scenario.
pub fn channel(scenario: &str) -> String {
    format!("#{scenario}")
}

/// What goes to the browsers.
#[derive(Clone, Debug)]
enum Event {
    /// A post, new or edited.
    Post(Arc<Post>),
    /// The bot is about to answer in this thread, or is not any more.
    Awaited(Arc<str>, bool),
    /// Another scenario is loaded.
    Scene(Arc<Scene>),
}

/// The surface: keeps what stands in the rooms and tells every open page.
pub struct Web {
    clock: Arc<dyn Clock>,
    rooms: Mutex<Rooms>,
    /// Where what was said is kept beyond the process.
    transcript: Option<Transcript>,
    /// What the transcript held at the start, until it is recalled.
    before: Mutex<Vec<Line>>,
    events: broadcast::Sender<Event>,
    stop: watch::Sender<bool>,
}

impl Web {
    /// A page with empty rooms that ends with the process.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self::with(clock, None, Vec::new()))
    }

    /// A page that keeps what is said in this file; [`Web::recall`] shows what stands there already.
    pub fn keeping(clock: Arc<dyn Clock>, file: &Path) -> io::Result<Arc<Self>> {
        let (transcript, before) = Transcript::open(file)?;
        Ok(Arc::new(Self::with(clock, Some(transcript), before)))
    }

    fn with(clock: Arc<dyn Clock>, transcript: Option<Transcript>, before: Vec<Line>) -> Self {
        let (events, _) = broadcast::channel(BEHIND);
        let (stop, _) = watch::channel(false);
        let before = Mutex::new(before);
        Self { clock, rooms: Mutex::default(), transcript, before, events, stop }
    }

    /// Fills the rooms as after a restart, in the old order: the cases of the store (what opened each, and its card) and
    /// what the transcript kept. Whispers are gone, as an ephemeral answer of a chat is.
    pub fn recall(&self, past: &[Past]) {
        let mut opened: BTreeMap<&str, &Past> = BTreeMap::new();
        for past in past {
            opened.entry(&past.case.place.message).or_insert(past);
        }
        let mut posts: Vec<Post> = Vec::new();
        for line in std::mem::take(&mut *self.before.lock().unwrap_or_else(PoisonError::into_inner)) {
            let content = match line.content {
                Kept::Said { who, text } => {
                    let of_case = opened.remove(line.id.as_str()).and_then(|past| past.said.clone());
                    Content::Said { who, text: text.or(of_case) }
                }
                Kept::Note { text } => Content::Note(text),
                Kept::List { card } => Content::Card(card),
                Kept::Mark { text } => Content::Mark(text),
            };
            posts.push(Post { id: line.id, place: line.place, at: line.at, edited: None, content });
        }
        for Past { case, said } in opened.into_values() {
            let content = Content::Said { who: case.requester.key.clone(), text: said.clone() };
            let (id, place) = (case.place.message.clone(), case.place.clone());
            posts.push(Post { id, place, at: case.created_at, edited: None, content });
        }
        for Past { case, .. } in past {
            let content = Content::Card(Box::new(crate::card::build::card(case)));
            let edited = (case.updated_at != case.created_at).then_some(case.updated_at);
            let (id, place) = (case.id.as_str().to_owned(), case.place.clone());
            posts.push(Post { id, place, at: case.created_at, edited, content });
        }
        // Who asked stands before who answered, also within one millisecond.
        posts.sort_by_key(|post| (post.at, !matches!(post.content, Content::Said { .. })));
        let mut rooms = self.rooms();
        for post in posts {
            rooms.add(post);
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
        let Some(post) = rooms.put(id, place, at, content) else { return };
        let answers = !matches!(post.content, Content::Said { .. } | Content::Mark(_));
        if answers && rooms.answered(&place.thread) {
            self.send(Event::Awaited(place.thread.as_str().into(), false));
        }
        if let (Some(transcript), Some(line)) = (&self.transcript, Line::of(&post)) {
            transcript.keep(&line);
        }
        self.send(Event::Post(post));
    }

    /// Keeps what somebody said, as far as it is ours to keep.
    fn keep(&self, line: &Line) {
        if let Some(transcript) = &self.transcript {
            transcript.keep(line);
        }
    }

    /// Somebody asks in this thread. Nobody is told before it is known that there will be an answer ([`Web::awaited`]).
    fn asked(&self, thread: &str) {
        self.rooms().await_answer(thread);
    }

    /// Whether the bot will answer in this thread; it may have done so already.
    fn awaited(&self, thread: &str, will: bool) {
        let mut rooms = self.rooms();
        if !will {
            rooms.answered(thread);
        } else if rooms.awaited().contains(thread) {
            self.send(Event::Awaited(thread.into(), true));
        }
    }

    /// The id of a post that is not a card: its name for ever, so that a line that is delivered again after a crash stands
    /// there once; a number where it has none.
    fn name_of(&self, kind: &str, earlier: Earlier<'_>) -> String {
        if earlier.thing.is_empty() { self.rooms().number(kind, self.clock.now()) } else { earlier.thing.to_owned() }
    }

    fn send(&self, event: Event) {
        // No page is open: nobody to tell.
        let _nobody = self.events.send(event).is_err();
    }

    fn tell(&self, scene: Scene) {
        self.send(Event::Scene(Arc::new(scene)));
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
            Notice::Note { place, text } => (self.name_of("note", earlier), place, Content::Note(text.clone())),
            Notice::Whisper { place, to, name, text } => {
                let content = Content::Whisper { to: to.clone(), name: name.clone(), text: text.clone() };
                (self.name_of("whisper", earlier), place, content)
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
    use tempfile::TempDir;

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
    async fn a_line_delivered_again_after_a_crash_stands_there_once() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("x.chat.jsonl");
        let note = Notice::Note { place: place(), text: PublicText::words("reminded") };
        let earlier = Earlier { thing: "note:abc", ..Earlier::default() };
        let web = Web::keeping(Arc::new(Still), &file).unwrap();
        web.show(&note, earlier).await.unwrap();
        drop(web);
        let web = Web::keeping(Arc::new(Still), &file).unwrap();
        web.recall(&[]);
        web.show(&note, Earlier { uncertain: true, ..earlier }).await.unwrap();
        assert_eq!(web.rooms().seen_by("anna").count(), 1);
    }

    #[tokio::test]
    async fn everybody_is_told_that_somebody_will_be_answered_and_that_he_was() {
        let web = Web::new(Arc::new(Still));
        let mut events = web.events.subscribe();
        let note = || Notice::Note { place: place(), text: PublicText::words("all") };
        web.asked("m-1");
        web.awaited("m-1", true);
        assert!(matches!(events.recv().await, Ok(Event::Awaited(thread, true)) if &*thread == "m-1"));
        web.show(&note(), Earlier::default()).await.unwrap();
        assert!(matches!(events.recv().await, Ok(Event::Awaited(thread, false)) if &*thread == "m-1"));
        assert!(matches!(events.recv().await, Ok(Event::Post(_))));

        // The answer was there before it was known that there would be one: nobody is told to wait for it.
        web.asked("m-1");
        web.show(&note(), Earlier::default()).await.unwrap();
        web.awaited("m-1", true);
        assert!(web.rooms().awaited().is_empty());
        // Nothing to answer.
        web.asked("m-1");
        web.awaited("m-1", false);
        assert!(web.rooms().awaited().is_empty());
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
