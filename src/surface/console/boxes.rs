//! What people read in the terminal: cards, answers and what was said.
//!
//! Never cuts a card. Begin with [`card`].

use super::screen::Paper;
use crate::card::plain;
use crate::domain::notice::{Card, PublicText};

/// A card, with an empty line after it.
pub(super) fn card(card: &Card, _paper: Paper, edited: bool) -> String {
    let edited = if edited { " (edited)" } else { "" };
    format!("{}{edited}\n\n", plain::text(card))
}

/// An answer that is no card.
pub(super) fn answer(text: &PublicText, only_for: Option<&str>, _paper: Paper) -> String {
    let only = only_for.map(|name| format!("(only {name} sees this) ")).unwrap_or_default();
    format!("reanchor › {only}{}\n", text.plain())
}

/// What somebody said.
pub(super) fn echo(who: &str, said: &str, _paper: Paper) -> String {
    format!("{who} › {said}\n")
}
