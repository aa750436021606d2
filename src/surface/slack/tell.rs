//! What one person is told: an answer that only that person sees, and a direct message with the way to a thread.
//!
//! Never tells it where others read it, and never loses an answer to Slack's pace while it can wait a little. Begin with
//! [`Slack::whisper`] and [`Slack::tell`].

use super::account::{channel as channel_key, of_channel, of_key};
use super::api::ApiError;
use super::render::text::piece;
use super::render::{self, Room, blocks};
use super::show::{GONE, Slack, surface, thread};
use crate::domain::inbound::Place;
use crate::domain::notice::PublicText;
use crate::domain::time::{At, SECOND};
use crate::ports::surface::SurfaceError;
use serde_json::{Value, json};

/// How long a direct answer is waited for on the spot; one that has to wait longer goes back to whoever gave it.
const PATIENCE: i64 = 4 * SECOND;

/// Whether an answer is given on the spot, or from the outbox, where others stand behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// It may wait a little.
    Some,
    /// It is sent now or comes again.
    None,
}

impl Slack {
    /// An answer for one person: by the address that came with the press while it is good, else as an ephemeral post, else in
    /// the direct messages with the bot.
    pub(super) async fn whisper(
        &self,
        place: &Place,
        to: &str,
        text: &PublicText,
        patience: Patience,
    ) -> Result<String, SurfaceError> {
        let (_, user) = of_key(to);
        let until = self.clock.now().plus(if patience == Patience::Some { PATIENCE } else { 0 });
        let thing = format!("whisper:{to}");
        let rendered = render::line(text, &thing, Room::MESSAGE);
        let thread = thread(place);
        let mut body = json!({ "text": rendered.text, "blocks": rendered.blocks });
        if let Some(thread) = thread {
            body["thread_ts"] = json!(thread);
        }
        while let Some(url) = self.replies.take(to, place, self.clock.now()) {
            let mut answer = body.clone();
            answer["response_type"] = json!("ephemeral");
            answer["replace_original"] = json!(false);
            match self.api.answer(url.expose(), &answer).await {
                Ok(()) => return Ok("response".to_owned()),
                Err(ApiError::Unknown(why)) => {
                    tracing::warn!(why, "it is not known whether a direct answer came through");
                    return Ok("response".to_owned());
                }
                Err(ApiError::Limited { after_ms }) => {
                    self.replies.give_back(to, place);
                    let again = self.clock.now().plus(after_ms);
                    if again > until {
                        return Err(SurfaceError::Wait { after_ms });
                    }
                    self.clock.sleep_until(again).await;
                }
                Err(error) => tracing::debug!(%error, "an address for direct answers is not good any more"),
            }
        }
        let there = self.ourselves.of_account(to).map(|identity| identity.workspace.as_deref());
        if there.is_some_and(|there| there != of_channel(&place.channel).0) {
            // Nobody of another workspace is in the channel, as far as its own token can tell.
            return self.direct(&place.channel, to, body, until).await;
        }
        body["user"] = json!(user);
        match self.soon(&place.channel, "chat.postEphemeral", body.clone(), until).await {
            Ok(_) => Ok("ephemeral".to_owned()),
            Err(ApiError::Code(code)) if GONE.contains(&code.as_str()) || code == "user_not_in_channel" => {
                self.direct(&place.channel, to, body, until).await
            }
            Err(error) => Err(surface(&error)),
        }
    }

    /// Sends when its turn comes, if that is soon.
    async fn soon(&self, channel: &str, method: &str, body: Value, until: At) -> Result<Value, ApiError> {
        loop {
            match self.paced(channel, method, body.clone()).await {
                Err(ApiError::Limited { after_ms }) if self.clock.now().plus(after_ms) <= until => {
                    self.clock.sleep_until(self.clock.now().plus(after_ms)).await;
                }
                other => return other,
            }
        }
    }

    /// A message to one person alone, in that person's workspace; where that is not known, in the workspace of `near`.
    async fn direct(&self, near: &str, to: &str, mut body: Value, until: At) -> Result<String, SurfaceError> {
        let (_, user) = of_key(to);
        let workspace = match self.ourselves.of_account(to) {
            Some(identity) => identity.workspace.as_deref(),
            None => of_channel(near).0,
        };
        let opened = self.api.call(workspace, "conversations.open", &json!({ "users": user })).await;
        let opened = opened.map_err(|error| surface(&error))?;
        let Some(id) = opened["channel"]["id"].as_str() else {
            return Err(SurfaceError::Failed("Slack opened no direct message".to_owned()));
        };
        let channel = channel_key(workspace, id);
        for key in ["user", "thread_ts"] {
            if let Some(all) = body.as_object_mut() {
                all.remove(key);
            }
        }
        body["unfurl_links"] = json!(false);
        body["unfurl_media"] = json!(false);
        let answer = self.soon(&channel, "chat.postMessage", body, until).await.map_err(|error| surface(&error))?;
        Ok(format!("{channel}|{}|0", answer["ts"].as_str().unwrap_or_default()))
    }

    /// A direct message that something waits at `place`, with the way there where there is one.
    pub(super) async fn tell(&self, place: &Place, to: &str, text: &PublicText) -> Result<(), SurfaceError> {
        let rendered = render::line(text, "nudge", Room::MESSAGE);
        let mut all = rendered.blocks;
        if let Some(url) = self.links.of_thread(place).await {
            let link = json!({ "type": "link", "url": url, "text": "Open the thread" });
            all.push(blocks::rich_text(&[blocks::section(&[link, piece(" to read the plan and to vote.", "")])]));
        }
        let body = json!({ "text": rendered.text, "blocks": all });
        let until = self.clock.now().plus(PATIENCE);
        self.direct(&place.channel, to, body, until).await.map(drop)
    }
}
