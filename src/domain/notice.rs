//! What people are shown, as structure without markup: every surface renders it in its own way and escapes what came from
//! outside. Nothing else reaches a chat (invariant 8).

use super::ids::CaseId;
use super::inbound::{Place, Verb};
use super::time::At;
use serde::{Deserialize, Serialize};

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Our own words.
    Words(String),
    /// Our own words, to stand out.
    Strong(String),
    /// A value from outside (a name, a UPN, a vendor's sentence): shown as it is, never interpreted.
    Foreign(String),
    /// An instant.
    Time(At),
}

/// Text for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicText(Vec<Span>);

impl PublicText {
    /// Empty text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Our own words.
    pub fn words(text: impl Into<String>) -> Self {
        Self(vec![Span::Words(text.into())])
    }

    /// A value from outside.
    pub fn foreign(text: &str) -> Self {
        Self::new().and_foreign(text)
    }

    /// Adds our own words.
    #[must_use]
    pub fn and(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Words(text.into()));
        self
    }

    /// Adds our own words, to stand out.
    #[must_use]
    pub fn and_strong(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Strong(text.into()));
        self
    }

    /// Adds a value from outside; characters that could move or hide other text are made visible.
    #[must_use]
    pub fn and_foreign(mut self, text: &str) -> Self {
        self.0.push(Span::Foreign(text.chars().map(harmless).collect()));
        self
    }

    /// Adds another text, piece by piece: what came from outside stays so.
    #[must_use]
    pub fn and_text(mut self, more: &Self) -> Self {
        self.0.extend(more.0.iter().cloned());
        self
    }

    /// The same text with everything that came from outside replaced, for channels that may not see it.
    #[must_use]
    pub fn without_foreign(&self, instead: &str) -> Self {
        let hide = |span: &Span| match span {
            Span::Foreign(_) => Span::Words(instead.to_owned()),
            Span::Words(_) | Span::Strong(_) | Span::Time(_) => span.clone(),
        };
        Self(self.0.iter().map(hide).collect())
    }

    /// Adds an instant.
    #[must_use]
    pub fn and_time(mut self, at: At) -> Self {
        self.0.push(Span::Time(at));
        self
    }

    /// The pieces.
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As plain text.
    pub fn plain(&self) -> String {
        let mut out = String::new();
        for span in &self.0 {
            match span {
                Span::Words(text) | Span::Strong(text) | Span::Foreign(text) => out.push_str(text),
                Span::Time(at) => out.push_str(&at.text()),
            }
        }
        out
    }
}

/// Control characters, bidirectional overrides and invisible characters become a visible stand-in.
fn harmless(c: char) -> char {
    match c {
        '\n' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        '\u{ad}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{180e}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// The mood of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Neutral.
    Info,
    /// Done and verified, or in order.
    Good,
    /// Needs attention.
    Warn,
    /// Something went wrong or is dangerous.
    Danger,
}

/// One line of a plan: a field before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffRow {
    /// Step number, from 1.
    pub step: u32,
    /// `Okta` or `Entra`.
    pub system: String,
    /// The field, in the vendor's word.
    pub field: String,
    /// Value before.
    pub before: PublicText,
    /// Value after.
    pub after: PublicText,
    /// Whether the bot can take it back.
    pub reversible: bool,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Not begun.
    Waiting,
    /// Being written or waited for.
    Running,
    /// Done and read back.
    Done,
    /// Not needed.
    Skipped,
    /// Stopped here.
    Stopped,
}

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepLine {
    /// How far.
    pub progress: Progress,
    /// What it does.
    pub label: String,
    /// What happened.
    pub note: PublicText,
}

/// How a button looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// The expected way on.
    Primary,
    /// Something that changes or ends.
    Danger,
    /// Anything else.
    Plain,
}

/// A question before a button acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// At most 45 characters.
    pub title: String,
    /// At most 300 characters.
    pub text: String,
}

/// A button of a card. Who may press it is decided at the press, never by showing or hiding it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What it does; gives the label.
    pub verb: Verb,
    /// Number of the proposal it belongs to.
    pub number: Option<i64>,
    /// How it looks.
    pub look: Look,
    /// Asked before it acts.
    pub confirm: Option<Confirm>,
    /// Whether it asks for a line of text (the reason).
    pub asks_reason: bool,
}

/// A titled part of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Title.
    pub title: String,
    /// Lines.
    pub lines: Vec<PublicText>,
}

/// Two columns of a look-up: the same question to both directories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideRow {
    /// What is compared (`Anchor`, `UPN`, …).
    pub label: String,
    /// Okta's answer.
    pub okta: PublicText,
    /// Entra's answer.
    pub entra: PublicText,
    /// Whether the two should be equal and are not.
    pub differs: bool,
}

/// A card. Made by `card::build` from a case alone, so it can be rendered again at any time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The case; a card without a case (a list) has none.
    pub case: Option<CaseId>,
    /// Where the card belongs.
    pub place: Place,
    /// snake_case name of the state.
    pub state: Option<String>,
    /// Version of the case that it shows.
    pub version: i64,
    /// Mood.
    pub tone: Tone,
    /// At most 150 characters.
    pub title: String,
    /// What it means and what comes next.
    pub summary: PublicText,
    /// Label and value.
    pub facts: Vec<(String, PublicText)>,
    /// Both directories side by side.
    pub sides: Vec<SideRow>,
    /// The plan: every field before and after. Never cut by a renderer (SAFETY B3).
    pub diff: Vec<DiffRow>,
    /// What cannot be undone, what could be lost. Never cut by a renderer.
    pub warnings: Vec<PublicText>,
    /// Steps of a run.
    pub steps: Vec<StepLine>,
    /// Further text (steps of the advice, what could not be read).
    pub sections: Vec<Section>,
    /// Buttons, in order.
    pub buttons: Vec<Button>,
    /// Small print: time of reading, case id, who asked.
    pub context: Vec<PublicText>,
}

/// What a surface is told to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Notice {
    /// A card; posted once for a case and then edited in place.
    Card(Box<Card>),
    /// A line in a thread (a reminder, an alarm, what moved).
    Note {
        /// Where.
        place: Place,
        /// What.
        text: PublicText,
    },
    /// An answer for one person only.
    Whisper {
        /// Where.
        place: Place,
        /// The platform's key of the person.
        to: String,
        /// The name of the person, for surfaces that print it.
        name: String,
        /// What.
        text: PublicText,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_turn_or_hide_what_stands_beside_it() {
        let text = PublicText::words("user ").and_foreign("a\u{202e}b\u{200b}\u{7}\nc");
        assert_eq!(text.plain(), "user a\u{fffd}b\u{fffd}\u{fffd} c");
        let hidden = PublicText::foreign("a\u{2028}b\u{ad}c\u{e0041}d\u{3164}\u{61c}");
        assert_eq!(hidden.plain(), "a b\u{fffd}c\u{fffd}d\u{fffd}\u{fffd}");
    }

    #[test]
    fn joining_texts_keeps_what_came_from_outside_apart() {
        let text = PublicText::words("a ").and_text(&PublicText::foreign("b").and(" c"));
        assert_eq!(text.spans(), [Span::Words("a ".into()), Span::Foreign("b".into()), Span::Words(" c".into())]);
        assert_eq!(text.without_foreign("…").plain(), "a … c");
    }

    #[test]
    fn every_label_names_one_verb() {
        for verb in Verb::ALL {
            assert_eq!(Verb::by_label(verb.label()), Some(verb));
        }
    }
}
