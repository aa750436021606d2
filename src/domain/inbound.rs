//! What a surface hears, after it verified it. This is also what the inbox keeps, so the text in it is redacted first.

use super::actor::Actor;
use super::ids::CaseId;
use super::time::At;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Where something was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Channel.
    pub channel: String,
    /// Thread in which an answer belongs.
    pub thread: String,
    /// The message itself.
    pub message: String,
}

/// The verbs of buttons. The label is the contract with people and scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Propose `restore`.
    Restore,
    /// Propose `reassign`.
    Reassign,
    /// Vote for the proposal shown.
    Approve,
    /// Vote it down.
    Deny,
    /// Take a vote, or the whole proposal, back.
    Withdraw,
    /// Read both directories again.
    LookAgain,
    /// Propose the remaining effects of a stopped run.
    GoOn,
    /// Propose the way back of a stopped run.
    RollBack,
    /// Propose the inverse of a finished run.
    Undo,
    /// This is no provisioning error.
    NotAnError,
    /// Propose `align-okta-anchor`.
    AlignAnchor,
    /// Propose `set-immutable-id`.
    SetImmutableId,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 12] = [
        Self::Restore,
        Self::Reassign,
        Self::Approve,
        Self::Deny,
        Self::Withdraw,
        Self::LookAgain,
        Self::GoOn,
        Self::RollBack,
        Self::Undo,
        Self::NotAnError,
        Self::AlignAnchor,
        Self::SetImmutableId,
    ];

    /// The label of its button.
    pub fn label(self) -> &'static str {
        match self {
            Self::Restore => "Restore user",
            Self::Reassign => "Reassign",
            Self::Approve => "Approve",
            Self::Deny => "Deny",
            Self::Withdraw => "Withdraw",
            Self::LookAgain => "Look again",
            Self::GoOn => "Go on",
            Self::RollBack => "Roll back",
            Self::Undo => "Undo",
            Self::NotAnError => "Not an error",
            Self::AlignAnchor => "Align anchor",
            Self::SetImmutableId => "Set immutableId",
        }
    }

    /// The verb with this label, letters' case aside.
    pub fn by_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.label().eq_ignore_ascii_case(label.trim()))
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// What was said or pressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Body {
    /// A message in a channel.
    Message {
        /// Redacted text.
        text: String,
    },
    /// A message that mentions the bot; the mention itself is cut off.
    Mention {
        /// Redacted text after the mention.
        text: String,
    },
    /// The arguments of `/reanchor`: a signed interaction.
    Command {
        /// Redacted text after the command.
        text: String,
    },
    /// A button: a signed interaction.
    Press {
        /// Which button.
        verb: Verb,
        /// On the card of which case.
        case: CaseId,
        /// Number of the proposal that the card showed, where it showed one.
        number: Option<i64>,
        /// What the person wrote in the form of the button (the reason of a denial).
        note: Option<String>,
    },
}

impl Body {
    /// What was said; nothing where a button was pressed.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Message { text } | Self::Mention { text } | Self::Command { text } => Some(text),
            Self::Press { .. } => None,
        }
    }
}

/// A text file that came with a message. It is fetched when the event is worked on, never stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The surface's id of the file.
    pub id: String,
    /// Where the surface said it can be read; the surface itself judges whether it goes there.
    pub address: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Why it cannot be read, where that is known without fetching it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What was not read of something that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unread {
    /// A file behind its first part: its host gives no other.
    BehindHead,
    /// The middle of a file.
    FileMiddle,
    /// The middle of a text, its files included.
    TextMiddle,
}

impl Unread {
    /// How it is told. It names no file: the name of a file can hold the name of a person.
    pub fn words(self) -> &'static str {
        match self {
            Self::BehindHead => "the file is longer than the limit; only its first 256 KiB were read",
            Self::FileMiddle => "the file is longer than the limit; only its head and tail were read",
            Self::TextMiddle => "the message is longer than the limit; only its head and tail were read",
        }
    }
}

/// The text of a file, as far as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileText {
    /// What was read.
    pub text: String,
    /// What was not.
    pub unread: Option<Unread>,
}

/// What a surface knows of an event beyond its words. Everything in it defaults to "no".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about an event, and any of them may come together"
)]
pub struct More {
    /// The text of a message that was heard before was changed.
    pub edited: bool,
    /// The message was deleted; its text is empty.
    #[serde(skip_serializing_if = "is_false")]
    pub deleted: bool,
    /// People of another organization read the channel, so it is shown no facts (SAFETY A7).
    pub shared: bool,
    /// Text files to be read together with the words.
    pub files: Vec<Attached>,
    /// The author was told why a file was not read; never stored.
    #[serde(skip)]
    pub told: bool,
    /// What was not read of its words and files; known when the event is worked on, never stored.
    #[serde(skip)]
    pub unread: BTreeSet<Unread>,
    /// Version of the case that the pressed card showed; an older one than the case has now makes a stale button.
    pub version: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl More {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// One event from a surface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbound {
    /// Format version (1).
    pub v: u32,
    /// Name of the surface.
    pub surface: String,
    /// Identity of the event on the surface; the same event delivered twice has the same key. That of a changed message is the
    /// key of the message, a bar, and something that sorts by the time of the change.
    pub event_key: String,
    /// Where.
    pub place: Place,
    /// Who.
    pub actor: Actor,
    /// When, by our clock.
    pub at: At,
    /// What.
    pub body: Body,
    /// What is known beyond that.
    #[serde(default, skip_serializing_if = "More::is_nothing")]
    pub more: More,
}
