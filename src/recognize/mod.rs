//! Chat text in, structure out: undoes what chat does to text, splits a message into the errors it tells of, takes the
//! fields out of each, understands the bot's own commands, masks secrets.
//!
//! Pure: no clock, no I/O, no global state. Never decides what an error means (that is `classify`) and never trusts a
//! value by its label alone: each field is checked for its shape.
//!
//! Begin with [`read`], then [`parts`] and [`part()`].

mod apps;
mod attempt;
mod before;
pub mod bulk;
pub mod chat;
mod codes;
pub mod command;
pub mod fields;
mod groups;
mod job;
mod json;
mod labels;
mod lexicon;
mod names;
mod people;
mod redact;
mod shapes;
mod split;
mod status;
mod table;
mod times;
mod words;

use crate::domain::diagnosis::Cut;
use crate::domain::reading::{Part, Reading};
use std::ops::Range;

pub use attempt::attempt;
pub use job::{NamedJob, job};
pub use redact::redact;
pub use split::{lines, parts};

/// Longest text that is read whole, in bytes; of a longer one the first and last half of this are read.
pub const LIMIT: usize = 256 * 1024;

/// Undoes chat mangling. Total: any text gives a reading.
pub fn read(text: &str) -> Reading<'_> {
    if text.len() <= LIMIT {
        let (clean, back) = chat::undo(&[(0, text)]);
        return Reading::new(text, clean, back, None);
    }
    let head = text.floor_char_boundary(LIMIT / 2);
    let tail = text.ceil_char_boundary(text.len() - LIMIT / 2);
    let (clean, back) = chat::undo(&[(0, &text[..head]), (tail, &text[tail..])]);
    let cut = Some(Cut { head, tail: text.len() - tail, total: text.len() });
    Reading::new(text, clean, back, cut)
}

/// The beginning of a text: at most `most` bytes, and whole characters.
pub fn head(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

/// Whether the text must go through [`read`] before fixed phrases can be looked for in it. When not, its squeezed form
/// is the same before and after.
pub fn needs_undoing(text: &str) -> bool {
    text.len() > LIMIT || chat::is_mangled(text)
}

/// Takes the fields and the signs of an instance out of one part of the clean text.
pub fn part(reading: &Reading<'_>, clean: Range<usize>) -> Part {
    fields::part(reading, clean)
}
