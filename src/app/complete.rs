//! Completing an event when it is worked on: what the surface knows of its author and its channel now, and the text of its
//! files. This stands after the acknowledgement, because it asks the platform.
//!
//! Never raises a standing (the surface promises it), never stores the text of a file.

use super::App;
use super::work::Failure;
use crate::domain::inbound::{Body, Inbound, Unread};
use crate::domain::notice::PublicText;
use crate::ports::surface::SurfaceError;
use crate::recognize;

impl App {
    /// The same event with what is known now.
    pub(super) async fn complete(&self, mut inbound: Inbound) -> Result<Inbound, Failure> {
        let Some(surface) = self.surface(&inbound.surface).cloned() else { return Ok(inbound) };
        inbound.actor = surface.know(&inbound.actor).await;
        let opens = match &inbound.body {
            Body::Message { .. } | Body::Mention { .. } | Body::Command { .. } => true,
            Body::Press { .. } => false,
        };
        if opens && !inbound.more.shared {
            inbound.more.shared = surface.shared(&inbound.place).await;
        }
        let files = std::mem::take(&mut inbound.more.files);
        let count = files.len();
        for file in files {
            let fetched = match &file.problem {
                Some(problem) => Err(SurfaceError::Refused(problem.clone())),
                None => surface.fetch(&inbound.place, &file).await,
            };
            match fetched {
                Ok(mut file) => {
                    super::hear::redact(&mut file.text);
                    add(&mut inbound.body, &file.text);
                    inbound.more.unread.extend(file.unread);
                }
                Err(SurfaceError::Refused(why)) => {
                    tracing::warn!(why, "a file was not read");
                    if self.asks(&inbound).await? {
                        let text = PublicText::words("The file ").and_foreign(&file.name);
                        let text = text.and(format!(" was not read: {why}. Paste the error as text instead."));
                        self.whisper(&inbound, text).await;
                        inbound.more.told = true;
                    }
                }
                Err(error) => return Err(Failure::Unreadable(error.to_string())),
            }
        }
        // Of one long file it is known already what was not read.
        let long = inbound.body.text().is_some_and(|text| text.len() > recognize::LIMIT);
        if long && (count != 1 || inbound.more.unread.is_empty()) {
            inbound.more.unread.insert(Unread::TextMiddle);
        }
        Ok(inbound)
    }

    /// Tells the author what was not read, where an answer is waited for and none stands there that says so.
    pub(super) async fn tell_unread(&self, inbound: &Inbound) -> Result<(), Failure> {
        if !inbound.more.unread.is_empty() && self.asks(inbound).await? {
            let text = PublicText::words("I see no provisioning error in what I read.");
            self.whisper(inbound, text.and_text(&unread_of(inbound))).await;
        }
        Ok(())
    }

    /// Whether the author waits for an answer: the bot was asked, or the thread is one of a case.
    async fn asks(&self, inbound: &Inbound) -> Result<bool, Failure> {
        match inbound.body {
            Body::Mention { .. } | Body::Command { .. } => Ok(true),
            Body::Press { .. } => Ok(false),
            Body::Message { .. } => {
                let place = &inbound.place;
                let prefix = format!("{}|{}|{}|", inbound.surface, place.channel, place.thread);
                let thread = place.thread != place.message;
                Ok(thread && !self.parts.store.cases_of_message(&prefix).await?.is_empty())
            }
        }
    }
}

/// What was not read of it, to stand behind an answer; empty when all was.
pub(super) fn unread_of(inbound: &Inbound) -> PublicText {
    let all: Vec<&str> = inbound.more.unread.iter().map(|unread| unread.words()).collect();
    if all.is_empty() {
        return PublicText::new();
    }
    PublicText::words(format!(" Not everything was read: {}.", all.join(", and ")))
}

fn add(body: &mut Body, more: &str) {
    if let Body::Message { text } | Body::Mention { text } | Body::Command { text } = body {
        text.push('\n');
        text.push_str(more);
    }
}
