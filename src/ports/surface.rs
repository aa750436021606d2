//! What the bot needs of a place where people talk, and the proof that a press or a slash command was really theirs.

use crate::domain::actor::Actor;
use crate::domain::inbound::{Attached, FileText, Place};
use crate::domain::notice::{Notice, PublicText};
use async_trait::async_trait;

/// An actor whose identity the surface verified (a signature, a gateway session, the sandbox's own console). Only this can
/// change anything (SAFETY A1); message text never makes one.
#[derive(Debug)]
pub struct VerifiedActor {
    actor: Actor,
}

impl VerifiedActor {
    /// The actor.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}

/// The only constructor. Called where a signed interaction was verified, and where such an interaction is taken from the
/// inbox again (`tests/it/tidy.rs` lists the callers).
pub fn verified(actor: Actor) -> VerifiedActor {
    VerifiedActor { actor }
}

/// Why something could not be shown.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SurfaceError {
    /// Try again after so many milliseconds.
    #[error("the surface asks to wait {after_ms} ms")]
    Wait {
        /// Milliseconds.
        after_ms: i64,
    },
    /// It failed and may be tried again.
    #[error("the surface did not take it: {0}")]
    Failed(String),
    /// It will never be taken (the channel is gone).
    #[error("the surface refuses it for good: {0}")]
    Refused(String),
}

/// What is known of a thing that is to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earlier<'a> {
    /// Names the thing for ever: the same at every attempt and in every process (`card:c-…`, `note:…`). Empty: a direct
    /// answer, which is shown once and may be lost.
    pub thing: &'a str,
    /// The reference of its post, to be edited.
    pub posted: Option<&'a str>,
    /// An attempt to post it was begun and its end is not known: it may stand there already.
    pub uncertain: bool,
}

/// A place where people talk.
#[async_trait]
pub trait Surface: Send + Sync {
    /// Its name, as in the configuration (`console`, `slack`).
    fn name(&self) -> &'static str;

    /// Shows `notice`; where `earlier` names a post of the same thing, edits that. Gives the reference of the post. May be
    /// called again for the same thing after a crash: then `earlier` tells what is known. [`SurfaceError::Wait`] means
    /// that nothing was posted.
    async fn show(&self, notice: &Notice, earlier: Earlier<'_>) -> Result<String, SurfaceError>;

    /// Whether it can tell somebody something outside the channel ([`Self::nudge`]).
    fn nudges(&self) -> bool {
        false
    }

    /// Tells one person outside the channel that something waits for them at `place`, with the way there. It carries no state
    /// and may be lost: what waits stands on the card, too.
    async fn nudge(&self, _place: &Place, _to: &Actor, _text: &PublicText) -> Result<(), SurfaceError> {
        Ok(())
    }

    /// The same account with what the platform says of it now (at most a minute old): its name, and a standing that is the
    /// given one or a lower one, never a higher. What cannot be read lowers it (SAFETY A7, invariant 11).
    async fn know(&self, actor: &Actor) -> Actor {
        actor.clone()
    }

    /// Whether people of another organization read the channel. `true` when that cannot be read.
    async fn shared(&self, _place: &Place) -> bool {
        false
    }

    /// The text of a file that came with a message, and what of it was not read.
    async fn fetch(&self, _place: &Place, _file: &Attached) -> Result<FileText, SurfaceError> {
        Err(SurfaceError::Refused("this surface has no files".to_owned()))
    }
}
