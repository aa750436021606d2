//! What one person is told: an answer that only that person sees, and a direct message with the way to a thread.
//!
//! Never tells it where others read it, and never loses an answer to Slack's pace while it can wait a little. Begin with
//! [`Slack::whisper`] and [`Slack::tell`].

use super::account::{channel as channel_key, of_channel, of_key};
use super::api::ApiError;
use super::render::text::piece;
use super::render::{self, Room, blocks};
use super::settings::is_loopback;
use super::show::{GONE, Slack, surface, thread};
use crate::domain::inbound::Place;
use crate::domain::notice::PublicText;
use crate::domain::time::SECOND;
use crate::ports::surface::SurfaceError;
use serde_json::{Value, json};

/// How long a direct answer may wait for its turn; it would be lost otherwise.
const PATIENCE: i64 = 4 * SECOND;

impl Slack {
    /// An answer for one person: by the address that came with the press while it is good, else as an ephemeral post, else in
    /// the direct messages with the bot.
    pub(super) async fn whisper(&self, place: &Place, to: &str, text: &PublicText) -> Result<String, SurfaceError> {
        let (_, user) = of_key(to);
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
                Err(error) => tracing::debug!(%error, "an address for direct answers is not good any more"),
            }
        }
        body["user"] = json!(user);
        match self.soon(&place.channel, "chat.postEphemeral", body.clone()).await {
            Ok(_) => Ok("ephemeral".to_owned()),
            Err(ApiError::Code(code)) if GONE.contains(&code.as_str()) || code == "user_not_in_channel" => {
                self.direct(&place.channel, user, body).await
            }
            Err(error) => Err(surface(&error)),
        }
    }

    /// Sends when its turn comes, if that is soon.
    async fn soon(&self, channel: &str, method: &str, body: Value) -> Result<Value, ApiError> {
        let until = self.clock.now().plus(PATIENCE);
        loop {
            match self.paced(channel, method, body.clone()).await {
                Err(ApiError::Limited { after_ms }) if self.clock.now().plus(after_ms) <= until => {
                    self.clock.sleep_until(self.clock.now().plus(after_ms)).await;
                }
                other => return other,
            }
        }
    }

    /// A message to one person alone, in the workspace of `near`.
    async fn direct(&self, near: &str, user: &str, mut body: Value) -> Result<String, SurfaceError> {
        let (workspace, _) = of_channel(near);
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
        let answer = self.soon(&channel, "chat.postMessage", body).await.map_err(|error| surface(&error))?;
        Ok(format!("{channel}|{}|0", answer["ts"].as_str().unwrap_or_default()))
    }

    /// A direct message that something waits at `place`, with the way there where there is one.
    pub(super) async fn tell(&self, place: &Place, to: &str, text: &PublicText) -> Result<(), SurfaceError> {
        let (_, user) = of_key(to);
        let rendered = render::line(text, "nudge", Room::MESSAGE);
        let mut all = rendered.blocks;
        if let Some(url) = self.permalink(place).await {
            let link = json!({ "type": "link", "url": url, "text": "Open the thread" });
            all.push(blocks::rich_text(&[blocks::section(&[link, piece(" to read the plan and to vote.", "")])]));
        }
        let body = json!({ "text": rendered.text, "blocks": all });
        self.direct(&place.channel, user, body).await.map(drop)
    }

    /// The address of a thread. Without one the message goes without a link.
    async fn permalink(&self, place: &Place) -> Option<String> {
        let ts = thread(place)?;
        let answer = self.api.call_in(&place.channel, "chat.getPermalink", json!({ "message_ts": ts })).await;
        match answer {
            Ok(answer) => {
                let url = answer["permalink"].as_str().and_then(|url| reqwest::Url::parse(url).ok())?;
                let is_slack =
                    url.host_str().is_some_and(|host| host.ends_with(".slack.com")) && url.scheme() == "https";
                (is_slack || is_loopback(&url)).then(|| url.to_string())
            }
            Err(error) => {
                tracing::warn!(%error, "the address of a thread is not known");
                None
            }
        }
    }
}
