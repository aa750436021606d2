//! What is wrong with a pasted request of the inbound provisioning API, mistake by mistake.
//!
//! Never holds a value of the payload: people are in it. A mistake is told by its place (line, column, JSON pointer) and by
//! the contract that it breaks. Begin with [`BulkCheck`].

use serde::{Deserialize, Serialize};

/// The only content type that the API takes.
pub const CONTENT_TYPE: &str = "application/scim+json";
/// Most operations of one request.
pub const MOST_OPERATIONS: usize = 50;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mistake {
    /// JSON pointer (`/Operations/3/bulkId`); empty for the whole payload, `Content-Type` for the header.
    pub pointer: String,
    /// Line in the text as received, from 1.
    pub line: usize,
    /// Character in that line, from 1.
    pub column: usize,
    /// What is wrong and what the contract wants, in one sentence.
    pub what: String,
}

/// The check of one payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkCheck {
    /// Operations found; `None` when the payload could not be read so far.
    pub operations: Option<usize>,
    /// The content type that the text names, in lower case.
    pub content_type: Option<String>,
    /// What is wrong, in the order of the text; at most [`BulkCheck::MOST`].
    pub mistakes: Vec<Mistake>,
    /// Mistakes beyond those.
    pub more: usize,
}

impl BulkCheck {
    /// Mistakes that are kept.
    pub const MOST: usize = 20;

    /// Whether nothing is wrong with what can be seen.
    pub fn is_clean(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// The check in sentences: what was looked at, then each mistake with its place.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let count = self.operations.map_or_else(|| "an unknown number of".to_owned(), |n| n.to_string());
        lines.push(if self.is_clean() {
            format!("The payload keeps the bulk contract as far as it can be seen: {count} operation(s), {MOST_OPERATIONS} are allowed.")
        } else {
            format!("{} mistake(s) in a payload of {count} operation(s):", self.mistakes.len() + self.more)
        });
        for mistake in &self.mistakes {
            let at = if mistake.pointer.is_empty() { "the payload" } else { mistake.pointer.as_str() };
            lines.push(format!("line {}, column {}, {at}: {}", mistake.line, mistake.column, mistake.what));
        }
        if self.more > 0 {
            lines.push(format!("and {} more", self.more));
        }
        if self.content_type.is_none() {
            lines.push(format!("The header is not in the text: it must be Content-Type: {CONTENT_TYPE}."));
        }
        lines
    }
}
