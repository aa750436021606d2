//! Completing an event when it is worked on: what the surface knows of its author and its channel now, and the text of its
//! files. This stands after the acknowledgement, because it asks the platform.
//!
//! Never raises a standing (the surface promises it), never stores the text of a file.

use super::App;
use super::work::Failure;
use crate::domain::inbound::{Body, Inbound};
use crate::domain::notice::PublicText;
use crate::ports::surface::SurfaceError;

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
        let (place, files) = (inbound.place.clone(), std::mem::take(&mut inbound.more.files));
        for file in files {
            match surface.fetch(&place, &file).await {
                Ok(mut more) => {
                    super::hear::redact(&mut more);
                    add(&mut inbound.body, &more);
                }
                Err(SurfaceError::Refused(why)) => {
                    tracing::warn!(why, "a file was not read");
                    if matches!(inbound.body, Body::Mention { .. } | Body::Command { .. }) {
                        let text = PublicText::words("The file could not be read: ").and_foreign(&why);
                        self.whisper(&inbound, text.and(". Paste its text instead.")).await;
                    }
                }
                Err(error) => return Err(Failure::Unreadable(error.to_string())),
            }
        }
        Ok(inbound)
    }
}

fn add(body: &mut Body, more: &str) {
    if let Body::Message { text } | Body::Mention { text } | Body::Command { text } = body {
        text.push('\n');
        text.push_str(more);
    }
}
