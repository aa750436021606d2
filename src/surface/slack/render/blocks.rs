//! Blocks as Slack reads them, and a list of them that knows how much room is left.
//!
//! Never gives a block an id that another one has. Begin with [`Sheet`].

use super::limits::{self, bytes, chars};
use super::text::{cut, pieces};
use super::{Loss, Room};
use crate::domain::ids::{base32, hex};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

/// The beginning of all block ids of one thing, by which its post is recognized in a thread.
pub fn mark(thing: &str) -> String {
    let hash = digest(&SHA256, thing.as_bytes());
    format!("{}{}.", crate::surface::slack::MARK, base32(hash.as_ref(), 16))
}

/// A text as an id of a message that a client gives: the same for every attempt.
pub fn message_id(thing: &str) -> String {
    let hash = hex(digest(&SHA256, thing.as_bytes()).as_ref());
    // The shape of a random UUID.
    format!("{}-{}-4{}-8{}-{}", &hash[..8], &hash[8..12], &hash[13..16], &hash[17..20], &hash[20..32])
}

/// Plain text without emoji codes.
pub(in crate::surface::slack) fn plain_text(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

/// One line of pieces.
pub(in crate::surface::slack) fn section(elements: &[Value]) -> Value {
    json!({ "type": "rich_text_section", "elements": elements })
}

/// Text as it is, in a box of its own.
pub(in crate::surface::slack) fn preformatted(text: &str) -> Value {
    let elements: Vec<Value> = pieces(text).map(|part| json!({ "type": "text", "text": part })).collect();
    json!({ "type": "rich_text_preformatted", "elements": elements })
}

/// Points, one under the other.
pub(in crate::surface::slack) fn list(items: &[Vec<Value>]) -> Value {
    let items: Vec<Value> = items.iter().map(|item| section(item)).collect();
    json!({ "type": "rich_text_list", "style": "bullet", "elements": items })
}

/// A block of rich text.
pub(in crate::surface::slack) fn rich_text(parts: &[Value]) -> Value {
    json!({ "type": "rich_text", "elements": parts })
}

/// A block that stands alone.
pub(in crate::surface::slack) fn header(text: &str) -> Value {
    json!({ "type": "header", "text": plain_text(&cut(text, limits::HEADER)) })
}

/// Small print.
pub(in crate::surface::slack) fn context(elements: &[Value]) -> Value {
    json!({ "type": "context", "elements": elements })
}

/// What a block id adds: `,"block_id":"…"`.
const ID_BYTES: usize = 56;

/// What some blocks take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) blocks: usize,
    pub(super) chars: usize,
    pub(super) bytes: usize,
}

impl Size {
    pub(super) fn of(all: &[Value]) -> Self {
        Self {
            blocks: all.len(),
            chars: all.iter().map(chars).sum(),
            bytes: all.iter().map(|one| bytes(one) + ID_BYTES).sum(),
        }
    }

    pub(super) fn and(self, more: Self) -> Self {
        Self { blocks: self.blocks + more.blocks, chars: self.chars + more.chars, bytes: self.bytes + more.bytes }
    }

    pub(super) fn fits(self, room: &Room) -> bool {
        self.blocks <= room.blocks && self.chars <= room.chars && self.bytes <= room.bytes
    }
}

/// Blocks of one message or view, in parts that were given room one after the other and stand in the order of reading.
pub(super) struct Sheet {
    room: Room,
    used: Size,
    parts: Vec<(u8, Vec<Value>)>,
    pub(super) losses: Vec<Loss>,
}

impl Sheet {
    /// Empty, with `room`.
    pub(super) fn new(room: Room) -> Self {
        Self { room, used: Size::default(), parts: Vec::new(), losses: Vec::new() }
    }

    pub(super) fn room(&self) -> Room {
        self.room
    }

    /// Keeps room for something that is put later, by [`Self::put_kept`].
    pub(super) fn keep(&mut self, size: Size) {
        self.used = self.used.and(size);
    }

    /// Whether there is room for these blocks.
    pub(super) fn has_room(&self, blocks: &[Value]) -> bool {
        self.used.and(Size::of(blocks)).fits(&self.room)
    }

    /// Puts blocks at their place in the order of reading; whether there was room.
    pub(super) fn put(&mut self, place: u8, blocks: Vec<Value>) -> bool {
        if blocks.is_empty() {
            return true;
        }
        if !self.has_room(&blocks) {
            return false;
        }
        self.used = self.used.and(Size::of(&blocks));
        self.parts.push((place, blocks));
        true
    }

    /// Puts blocks whose room was kept.
    pub(super) fn put_kept(&mut self, place: u8, blocks: Vec<Value>) {
        self.parts.push((place, blocks));
    }

    /// Puts as many lines as there is room for under a title: each line a list of pieces. What is left out is counted.
    pub(super) fn put_lines(&mut self, place: u8, part: &Part<'_>) {
        let all = part.lines.len();
        // The most lines that fit: 0 and more always fit less than what is beyond.
        let (mut fits, mut beyond) = (0, all + 1);
        while beyond - fits > 1 {
            let middle = usize::midpoint(fits, beyond);
            if self.has_room(&part.blocks(middle)) {
                fits = middle;
            } else {
                beyond = middle;
            }
        }
        if !self.put(place, part.blocks(fits)) {
            fits = 0;
        }
        if fits < all {
            self.losses.push(Loss::Dropped { part: part.name, count: all - fits });
        }
    }

    /// All blocks in the order of reading, each with an id of its own.
    pub(super) fn finish(mut self, ids: &str) -> (Vec<Value>, Vec<Loss>) {
        self.parts.sort_by_key(|(place, _)| *place);
        let mut blocks: Vec<Value> = self.parts.into_iter().flat_map(|(_, blocks)| blocks).collect();
        for (n, block) in blocks.iter_mut().enumerate() {
            block["block_id"] = json!(format!("{ids}{n}"));
        }
        (blocks, self.losses)
    }
}

/// Lines under a title.
pub(super) struct Part<'a> {
    /// Its name in reports of losses.
    pub(super) name: &'static str,
    /// Its title.
    pub(super) title: Option<&'a str>,
    /// Its lines.
    pub(super) lines: Vec<Vec<Value>>,
    /// Whether the lines are points of a list.
    pub(super) bullets: bool,
}

/// Characters of one block of rich text before the next one begins.
const BLOCK: usize = 2_800;

impl Part<'_> {
    /// The first `count` lines, with a sign where more were.
    fn blocks(&self, count: usize) -> Vec<Value> {
        let mut lines: Vec<Vec<Value>> = self.lines[..count].to_vec();
        if count < self.lines.len() {
            let more = format!("… and {} more, too long for this message", self.lines.len() - count);
            lines.push(vec![super::text::piece(&more, "italic")]);
        }
        let mut blocks = Vec::new();
        let mut parts: Vec<Value> = Vec::new();
        let mut group: Vec<Vec<Value>> = Vec::new();
        match self.title.map(|title| vec![super::text::piece(title, "bold")]) {
            Some(title) if self.bullets => parts.push(section(&title)),
            // Sections of one block are not sure to begin a line of their own.
            Some(title) => group.push(title),
            None => {}
        }
        let mut size = 0;
        for line in lines {
            let length: usize = line.iter().map(chars).sum();
            if size + length > BLOCK && !group.is_empty() {
                parts.push(self.group(std::mem::take(&mut group)));
                blocks.push(rich_text(&std::mem::take(&mut parts)));
                size = 0;
            }
            size += length;
            group.push(line);
        }
        if !group.is_empty() {
            parts.push(self.group(group));
        }
        if !parts.is_empty() {
            blocks.push(rich_text(&parts));
        }
        blocks
    }

    fn group(&self, lines: Vec<Vec<Value>>) -> Value {
        if self.bullets {
            return list(&lines);
        }
        let mut elements = Vec::new();
        for (n, line) in lines.into_iter().enumerate() {
            if n > 0 {
                elements.push(super::text::piece("\n", ""));
            }
            elements.extend(line);
        }
        section(&elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_thing_are_the_same_and_of_two_are_not() {
        assert_eq!(mark("card:c-7k2m9q"), mark("card:c-7k2m9q"));
        assert_ne!(mark("card:c-7k2m9q"), mark("card:c-7k2m9r"));
        assert!(mark("x").starts_with("ra."));
        let id = message_id("card:c-7k2m9q");
        assert_eq!(id.len(), 36);
        assert_eq!((&id[8..9], &id[14..15], &id[19..20]), ("-", "4", "8"));
        assert_ne!(id, message_id("card:c-7k2m9r"));
    }

    #[test]
    fn lines_that_do_not_fit_are_counted_and_said() {
        let line = |n: usize| vec![super::super::text::piece(&format!("{n:03} {}", "x".repeat(200)), "")];
        let part = Part { name: "people", title: Some("People"), lines: (0..100).map(line).collect(), bullets: true };
        let mut sheet = Sheet::new(Room::MESSAGE);
        sheet.put_lines(0, &part);
        let (blocks, losses) = sheet.finish("ra.x.");
        assert!(limits::check(&blocks, limits::Where::Message).is_empty());
        let [Loss::Dropped { part: "people", count }] = losses[..] else { panic!("{losses:?}") };
        let text = Value::Array(blocks).to_string();
        assert!(text.contains(&format!("and {count} more")) && count < 100);
        assert!(text.contains("000 ") && !text.contains("099 "));
    }
}
