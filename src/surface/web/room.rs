//! What stands in the rooms: posts in the order in which they first appeared, edited in place.
//!
//! A projection only: it can be thrown away and built again from the cases and the transcript. Begin with [`Rooms::put`].

use super::view;
use crate::domain::inbound::Place;
use crate::domain::notice::{Card, PublicText};
use crate::domain::time::At;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Posts that are kept; the oldest go first.
pub(super) const KEPT: usize = 1_000;

/// What a post is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// Somebody said something.
    Said {
        /// Key of the person.
        who: String,
        /// As typed; absent when it is not kept any more.
        text: Option<String>,
    },
    /// A card of the bot.
    Card(Box<Card>),
    /// A line of the bot.
    Note(PublicText),
    /// An answer for one person.
    Whisper {
        /// Key of the person.
        to: String,
        /// The name.
        name: String,
        /// What.
        text: PublicText,
    },
    /// The tenant was replaced here.
    Mark(String),
}

/// One post.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Post {
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) at: At,
    /// When it was edited last.
    pub(super) edited: Option<At>,
    pub(super) content: Content,
}

impl Post {
    /// Whether this person may see it.
    pub(super) fn is_for(&self, who: &str) -> bool {
        match &self.content {
            Content::Whisper { to, .. } => to == who,
            Content::Said { .. } | Content::Card(_) | Content::Note(_) | Content::Mark(_) => true,
        }
    }

    /// As the page reads it.
    pub(super) fn json(&self) -> Value {
        let mut out = json!({
            "id": self.id, "room": self.place.channel, "thread": self.place.thread, "at": self.at.0,
            "edited": self.edited.map(|at| at.0),
        });
        let content = match &self.content {
            Content::Said { who, text } => json!({ "kind": "said", "who": who, "text": text }),
            Content::Card(card) => json!({ "kind": "card", "card": view::card(card) }),
            Content::Note(text) => json!({ "kind": "note", "spans": view::text(text) }),
            Content::Whisper { to, name, text } => {
                json!({ "kind": "whisper", "to": to, "name": name, "spans": view::text(text) })
            }
            Content::Mark(text) => json!({ "kind": "mark", "text": text }),
        };
        if let (Some(out), Value::Object(content)) = (out.as_object_mut(), content) {
            out.extend(content);
        }
        out
    }
}

/// All rooms.
#[derive(Default)]
pub(super) struct Rooms {
    posts: Vec<Arc<Post>>,
    numbered: u64,
    /// Threads in which the bot is about to answer.
    awaited: BTreeSet<String>,
}

impl Rooms {
    /// A name for a post that has none of its own. The instant tells the posts of two starts apart: open pages keep both.
    pub(super) fn number(&mut self, kind: &str, at: At) -> String {
        self.numbered += 1;
        format!("{kind}-{}-{}", at.0, self.numbered)
    }

    /// Puts a post, or edits the one of this id. `None`: it stands there already, word for word.
    pub(super) fn put(&mut self, id: &str, place: &Place, at: At, content: Content) -> Option<Arc<Post>> {
        if let Some(slot) = self.posts.iter_mut().find(|post| post.id == id) {
            if slot.content == content || older(&slot.content, &content) {
                return None;
            }
            let post = Post { content, edited: Some(at), ..Post::clone(slot) };
            *slot = Arc::new(post);
            return Some(Arc::clone(slot));
        }
        let post = Post { id: id.to_owned(), place: place.clone(), at, edited: None, content };
        Some(self.add(post))
    }

    /// Puts a post that is new here, at the end.
    pub(super) fn add(&mut self, post: Post) -> Arc<Post> {
        if self.posts.len() >= KEPT {
            self.posts.remove(0);
        }
        let post = Arc::new(post);
        self.posts.push(Arc::clone(&post));
        post
    }

    /// Somebody asked in this thread.
    pub(super) fn await_answer(&mut self, thread: &str) {
        self.awaited.insert(thread.to_owned());
    }

    /// Something was answered there, or nothing will be. Whether somebody waited.
    pub(super) fn answered(&mut self, thread: &str) -> bool {
        self.awaited.remove(thread)
    }

    /// Threads in which the bot is about to answer.
    pub(super) fn awaited(&self) -> &BTreeSet<String> {
        &self.awaited
    }

    /// The posts that this person may see.
    pub(super) fn seen_by(&self, who: &str) -> impl Iterator<Item = &Arc<Post>> {
        self.posts.iter().filter(move |post| post.is_for(who))
    }

    /// The place of a card.
    pub(super) fn place_of_card(&self, case: &str) -> Option<Place> {
        self.posts.iter().find(|post| post.id == case).map(|post| post.place.clone())
    }

    /// Whether a thread of this name stands in this room.
    pub(super) fn has_thread(&self, room: &str, thread: &str) -> bool {
        self.posts.iter().any(|post| post.place.channel == room && post.place.thread == thread)
    }
}

/// Whether `new` is the card of an earlier version than `old`: a delivery that was overtaken.
fn older(old: &Content, new: &Content) -> bool {
    matches!((old, new), (Content::Card(old), Content::Card(new)) if new.version < old.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(message: &str) -> Place {
        Place { channel: "#a".to_owned(), thread: "m-1".to_owned(), message: message.to_owned() }
    }

    #[test]
    fn the_oldest_posts_go_when_the_rooms_are_full() {
        let mut rooms = Rooms::default();
        for n in 0..=KEPT {
            let content = Content::Said { who: "anna".to_owned(), text: Some(n.to_string()) };
            assert!(rooms.put(&format!("m-{n}"), &place("m"), At(0), content).is_some());
        }
        assert_eq!(rooms.posts.len(), KEPT);
        assert_eq!(rooms.posts[0].id, "m-1");
    }

    #[test]
    fn a_repeated_delivery_tells_nobody() {
        let mut rooms = Rooms::default();
        let note = || Content::Note(PublicText::words("x"));
        assert!(rooms.put("note-1", &place("m"), At(0), note()).is_some());
        assert!(rooms.put("note-1", &place("m"), At(1), note()).is_none());
    }
}
