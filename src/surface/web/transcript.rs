//! What was said in the rooms, kept in a file beside the database, so that a restart does not empty them: the page is its own
//! chat platform, and a chat keeps what was said.
//!
//! Never keeps a card of a case (it is built from the case), a whisper (it is for one reader, for as long as the process
//! lives) or the text of a report (that is the store's alone, so that erasing a case erases it). A line that a kill cut in
//! two is dropped. Begin with [`Transcript::open`].

use super::room::{Content, KEPT, Post};
use crate::domain::inbound::Place;
use crate::domain::notice::{Card, PublicText};
use crate::domain::time::At;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Version of a line.
const VERSION: u32 = 1;

/// What is kept of a post.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(super) enum Kept {
    /// Somebody said something.
    Said {
        /// Key of the person.
        who: String,
        /// What, redacted; absent when the text is the store's.
        text: Option<String>,
    },
    /// A line of the bot.
    Note {
        /// What.
        text: PublicText,
    },
    /// A card that belongs to no case.
    List {
        /// The card.
        card: Box<Card>,
    },
    /// The tenant was replaced.
    Mark {
        /// In words.
        text: String,
    },
}

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    v: u32,
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) at: At,
    pub(super) content: Kept,
}

impl Line {
    /// What is kept of a post of the bot, if anything is.
    pub(super) fn of(post: &Post) -> Option<Line> {
        let content = match &post.content {
            Content::Note(text) => Kept::Note { text: text.clone() },
            Content::Mark(text) => Kept::Mark { text: text.clone() },
            Content::Card(card) if card.case.is_none() => Kept::List { card: card.clone() },
            Content::Said { .. } | Content::Card(_) | Content::Whisper { .. } => return None,
        };
        Some(Line { v: VERSION, id: post.id.clone(), place: post.place.clone(), at: post.at, content })
    }

    /// What somebody said; without a text where that is the store's.
    pub(super) fn said(place: &Place, at: At, who: &str, text: Option<String>) -> Line {
        let content = Kept::Said { who: who.to_owned(), text };
        Line { v: VERSION, id: place.message.clone(), place: place.clone(), at, content }
    }
}

/// The open file.
pub(super) struct Transcript(Mutex<File>);

impl Transcript {
    /// Opens or makes the file (0600) and gives its lines, edits applied, the oldest gone where there are too many.
    pub(super) fn open(path: &Path) -> io::Result<(Transcript, Vec<Line>)> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let lines = read(&text);
        let fresh = path.with_extension("new");
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
        for line in &lines {
            file.write_all(&encoded(line)?)?;
        }
        file.sync_all()?;
        std::fs::rename(&fresh, path)?;
        Ok((Transcript(Mutex::new(file)), lines))
    }

    /// Adds a line. A line that cannot be written is lost at the next restart, nothing else.
    pub(super) fn keep(&self, line: &Line) {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let written = encoded(line).and_then(|bytes| file.write_all(&bytes));
        if let Err(error) = written {
            tracing::warn!(%error, "what was said on the page is not kept");
        }
    }
}

fn encoded(line: &Line) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The lines that can be understood; the last edit of a post stands where the post stood first.
fn read(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut dropped = 0;
    for line in text.lines() {
        match serde_json::from_str::<Line>(line) {
            Ok(line) if line.v == VERSION => {
                let at = *places.entry(line.id.clone()).or_insert(lines.len());
                match lines.get_mut(at) {
                    Some(first) => first.content = line.content,
                    None => lines.push(line),
                }
            }
            Ok(_) | Err(_) => dropped += 1,
        }
    }
    if dropped > 0 {
        tracing::warn!(dropped, "lines of the page's transcript cannot be read and were dropped");
    }
    lines.split_off(lines.len().saturating_sub(KEPT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use tempfile::TempDir;

    fn place(message: &str) -> Place {
        Place { channel: "#a".to_owned(), thread: "m-1".to_owned(), message: message.to_owned() }
    }

    fn post(id: &str, content: Content) -> Post {
        Post { id: id.to_owned(), place: place("m-1"), at: At(3), edited: None, content }
    }

    #[test]
    fn what_was_said_is_there_again_with_its_last_edit_and_a_cut_line_is_not() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("x.chat.jsonl");
        let (transcript, before) = Transcript::open(&path).unwrap();
        assert!(before.is_empty());
        let note = |text| Line::of(&post("note-1", Content::Note(PublicText::words(text)))).unwrap();
        transcript.keep(&Line::said(&place("m-1"), At(1), "anna", None));
        transcript.keep(&note("one"));
        transcript.keep(&Line::said(&place("m-2"), At(4), "ben", Some("hello".to_owned())));
        transcript.keep(&note("two"));
        drop(transcript);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [whole.as_slice(), b"{\"v\":1,\"id\":\"m-"].concat()).unwrap();

        let (_, lines) = Transcript::open(&path).unwrap();
        let ids: Vec<&str> = lines.iter().map(|line| line.id.as_str()).collect();
        assert_eq!(ids, ["m-1", "note-1", "m-2"]);
        assert_eq!(lines[1], note("two"));
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "for its owner only");
    }

    #[test]
    fn a_whisper_and_the_card_of_a_case_are_not_kept() {
        let text = PublicText::words("for anna");
        let whisper = Content::Whisper { to: "anna".to_owned(), name: "anna".to_owned(), text };
        assert_eq!(Line::of(&post("whisper-1", whisper)), None);
        let said = Content::Said { who: "anna".to_owned(), text: Some("a report".to_owned()) };
        assert_eq!(Line::of(&post("m-1", said)), None, "the text is kept by whoever knows what became of it");
    }
}
