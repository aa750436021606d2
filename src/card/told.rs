//! A card as an answer to one person, where it cannot stand in the channel: what it says, without its plan and its buttons.
//!
//! Never shows a part of a plan: whoever is to decide on one reads all of it elsewhere (SAFETY B3). Begin with [`told`].

use super::plain::state_words;
use crate::domain::notice::{Card, PublicText};

/// Title, case and state, summary, facts and sections.
pub fn told(card: &Card) -> PublicText {
    let mut text = PublicText::new().and_strong(card.title.clone());
    if let Some(case) = &card.case {
        let state = card.state.as_deref().map(state_words).unwrap_or_default();
        text = text.and(format!("\n{case}: {state}"));
    }
    if !card.summary.is_empty() {
        text = text.and("\n").and_text(&card.summary);
    }
    for (label, value) in &card.facts {
        text = text.and(format!("\n{label}: ")).and_text(value);
    }
    if !card.diff.is_empty() {
        text = text.and("\nIts plan is not shown here, so it cannot be approved from here.");
    }
    for section in &card.sections {
        text = text.and(format!("\n{}:", section.title));
        for line in &section.lines {
            text = text.and("\n").and_text(line);
        }
    }
    text
}
