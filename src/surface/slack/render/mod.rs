//! Cards, lines and answers as Block Kit. Pure: the same notice gives the same blocks.
//!
//! Never cuts a plan, a value before or after, what cannot be undone, how far it reaches, what could be lost (SAFETY B3):
//! where that does not fit, the card has no `Approve`. Never puts a value from outside where Slack reads markup. Never gives
//! blocks that Slack refuses: [`limits::check`] looks through them before they are sent.
//!
//! Begin with [`card`] and [`line()`]; `card.rs` gives each part of a card its room.

pub mod blocks;
mod card;
pub mod limits;
mod plan;
pub mod text;

use super::token::Mint;
use crate::domain::notice::{Card, PublicText, Span};
use blocks::{Part, Sheet};
use serde_json::Value;
use text::{cut, escape, short_line, shorter};

/// What was not shown as it is. Logged where the message is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Values from outside were cut in the middle.
    Shortened {
        /// Which part of the card.
        part: &'static str,
        /// Characters left out.
        chars: usize,
    },
    /// Lines were left out.
    Dropped {
        /// Which part of the card.
        part: &'static str,
        /// How many.
        count: usize,
    },
    /// The plan does not fit, so that nobody can approve it here.
    PlanTooLong {
        /// Changed values.
        rows: usize,
    },
}

/// How much may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Blocks.
    pub blocks: usize,
    /// Characters of all texts.
    pub chars: usize,
    /// Bytes as JSON.
    pub bytes: usize,
    /// Whether both directories may stand in a table; else in lines.
    pub table: bool,
}

impl Room {
    /// A message.
    pub const MESSAGE: Self = Self {
        blocks: limits::MESSAGE_BLOCKS,
        chars: limits::MESSAGE_CHARS,
        bytes: limits::MESSAGE_BYTES,
        table: true,
    };
    /// A message that Slack refused at its full length: half of it, and nothing but the oldest kinds of blocks.
    pub const TIGHT: Self = Self { blocks: 40, chars: 5_000, bytes: 7_000, table: false };
    /// A modal: what Slack counts there is far more.
    pub const VIEW: Self = Self { blocks: limits::VIEW_BLOCKS, chars: 60_000, bytes: 120_000, table: false };
}

/// A message as it goes out.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// Blocks.
    pub blocks: Vec<Value>,
    /// What notifications and screen readers get.
    pub text: String,
    /// What is not shown as it is.
    pub losses: Vec<Loss>,
}

/// A card. `thing` is the key of the post, from which the ids of the blocks come.
pub fn card(card: &Card, mint: &Mint, thing: &str, room: Room) -> Rendered {
    card::card(card, Some(mint), thing, room)
}

/// A card as it is read in a window of its own: without buttons, with far more room.
pub fn whole(card: &Card) -> Vec<Value> {
    card::card(card, None, "details", Room::VIEW).blocks
}

/// A line in a thread, or an answer to one person.
pub fn line(text: &PublicText, thing: &str, room: Room) -> Rendered {
    let mut sheet = Sheet::new(room);
    let mut left_out = 0;
    let mut lines = Vec::new();
    for text in by_line(text) {
        let (line, cut) = short_line(&text);
        left_out += cut;
        if !line.is_empty() {
            lines.push(line);
        }
    }
    if left_out > 0 {
        sheet.losses.push(Loss::Shortened { part: "line", chars: left_out });
    }
    if lines.is_empty() {
        lines.push(vec![text::piece("(nothing to say)", "italic")]);
    }
    sheet.put_lines(0, &Part { name: "line", title: None, lines, bullets: false });
    let (blocks, losses) = sheet.finish(&blocks::mark(thing));
    Rendered { blocks, text: fallback(&text::plain(&shorter(text).0)), losses }
}

/// The lines of a text: line breaks stand in our own words only.
fn by_line(text: &PublicText) -> Vec<PublicText> {
    let mut lines = vec![PublicText::new()];
    for span in text.spans() {
        let mut parts = match span {
            Span::Words(text) => text.split('\n').map(PublicText::words).collect(),
            Span::Strong(text) => vec![PublicText::new().and_strong(text.clone())],
            Span::Foreign(text) => vec![PublicText::foreign(text)],
            Span::Time(at) => vec![PublicText::new().and_time(*at)],
        }
        .into_iter();
        if let (Some(first), Some(last)) = (parts.next(), lines.last_mut()) {
            *last = last.clone().and_text(&first);
        }
        lines.extend(parts);
    }
    lines
}

/// The fallback text of a message: escaped, never empty, at most [`limits::FALLBACK`] characters.
pub(super) fn fallback(plain: &str) -> String {
    let mut text = escape(plain.trim());
    if text.chars().count() > limits::FALLBACK {
        // Cut before escaping, so that no entity is cut in half.
        let mut most = limits::FALLBACK;
        while text.chars().count() > limits::FALLBACK {
            most -= (text.chars().count() - limits::FALLBACK).max(1).min(most);
            text = escape(&cut(plain.trim(), most));
        }
    }
    if text.is_empty() { "reanchor".to_owned() } else { text }
}

#[cfg(test)]
mod tests;
