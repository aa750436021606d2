//! Hearing: decide in microseconds whether an event matters, store it, and only then let the surface acknowledge it.

use super::{App, books};
use crate::domain::inbound::{Body, Inbound};
use crate::ports::store::StoreError;
use crate::ports::surface::VerifiedActor;
use crate::recognize;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing to say: not stored, no database touched.
    Ignored,
    /// Stored; work on it follows.
    Stored,
    /// The same event was stored before.
    Repeated,
}

/// Why an event was not taken.
#[derive(Debug, thiserror::Error)]
pub enum HearError {
    /// A press or a command without proof of who it was (a bug of the surface).
    #[error("a press or command came without a verified actor; nothing was changed")]
    Unverified,
    /// The inbox could not be written; the surface must not acknowledge.
    #[error("the event could not be stored; nothing was changed")]
    Store(#[from] StoreError),
}

impl App {
    /// Takes one event. Durable when it returns [`Heard::Stored`]. Presses and commands need the proof of the surface.
    pub async fn hear(&self, inbound: Inbound, proof: Option<&VerifiedActor>) -> Result<Heard, HearError> {
        let surface = inbound.surface.clone();
        let heard = self.take_in(inbound, proof).await;
        let outcome = match &heard {
            Ok(Heard::Ignored) => "ignored",
            Ok(Heard::Stored) => "stored",
            Ok(Heard::Repeated) => "repeated",
            Err(HearError::Unverified) => "unverified",
            Err(HearError::Store(_)) => "failed",
        };
        self.meter().heard(&surface, outcome);
        heard
    }

    async fn take_in(&self, mut inbound: Inbound, proof: Option<&VerifiedActor>) -> Result<Heard, HearError> {
        match &mut inbound.body {
            Body::Message { text } => {
                let listens = self.channel(&inbound.surface, &inbound.place.channel).is_some_and(|c| c.listen);
                let speaks = || !self.is_chatter(text) && self.parts.diagnoser.diagnose(text).reply();
                // What stands in a file is known when the event is worked on.
                let of_interest = inbound.more.deleted || !inbound.more.files.is_empty() || speaks();
                if !listens || !of_interest {
                    return Ok(Heard::Ignored);
                }
                redact(text);
            }
            Body::Mention { text } => redact(text),
            Body::Command { text } => {
                prove(&inbound.actor, proof)?;
                redact(text);
            }
            Body::Press { note, .. } => {
                prove(&inbound.actor, proof)?;
                note.iter_mut().for_each(redact);
            }
        }
        let key = format!("{}|{}", inbound.surface, inbound.event_key);
        let body = books::encode(&inbound, "inbox", &key)?;
        let stored = self.parts.store.inbox_put(&key, inbound.at, &body).await?;
        if stored.is_none() {
            return Ok(Heard::Repeated);
        }
        self.parts.tasks.wake();
        Ok(Heard::Stored)
    }
}

pub(super) fn redact(text: &mut String) {
    let masked = recognize::redact(text).into_owned();
    *text = masked;
}

fn prove(actor: &crate::domain::actor::Actor, proof: Option<&VerifiedActor>) -> Result<(), HearError> {
    if proof.is_some_and(|proof| proof.actor() == actor) { Ok(()) } else { Err(HearError::Unverified) }
}
