//! What the outbox gives, shown in Slack: a card once for a case in the thread of the paste and then edited in place, lines,
//! answers to one person.
//!
//! Never posts a thing twice where it can look: after an attempt whose end is not known it looks for the thing first. Never
//! shows an older state of a card over a newer one. Never sends blocks that Slack would refuse.
//!
//! Begin with [`Slack`] and its [`Surface::show`].

use super::api::{Api, ApiError};
use super::links::Permalinks;
use super::ourselves::Ourselves;
use super::pace::Pacer;
use super::render::limits::{Where, check};
use super::render::{self, Rendered, Room, blocks};
use super::replies::Replies;
use super::tell::Patience;
use super::token::Mint;
use super::{MARK, NAME};
use crate::domain::actor::Actor;
use crate::domain::inbound::Place;
use crate::domain::notice::{Card, Notice, PublicText};
use crate::ports::clock::Clock;
use crate::ports::surface::{Earlier, Surface, SurfaceError};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::Arc;

/// Pages of a thread that are looked through for a post of ours.
const PAGES: usize = 5;
/// Codes after which trying again is of no use: the place is gone or closed to us.
pub(super) const GONE: [&str; 14] = [
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "is_inactive",
    "thread_not_found",
    "cannot_reply_to_message",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "restricted_action_non_threadable_channel",
    "messages_tab_disabled",
    "user_not_found",
    "user_disabled",
    "cannot_dm_bot",
];
/// Codes that say that Slack does not like the blocks.
const BLOCKS: [&str; 4] = ["invalid_blocks", "msg_blocks_too_long", "invalid_blocks_format", "msg_too_long"];
/// Codes that say that there is no post to edit any more.
const NO_POST: [&str; 4] = ["message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"];

/// The surface.
pub struct Slack {
    pub(super) api: Arc<Api>,
    mint: Mint,
    pub(super) clock: Arc<dyn Clock>,
    pacer: Pacer,
    pub(super) replies: Replies,
    pub(super) ourselves: Ourselves,
    pub(super) links: Arc<Permalinks>,
}

/// Where a post stands, and which version of a card it shows: `channel|ts|version`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Post {
    pub(super) channel: String,
    pub(super) ts: String,
    version: i64,
}

impl Post {
    /// Reads a reference.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, '|');
        let version = parts.next()?.parse().ok()?;
        let ts = parts.next()?.to_owned();
        Some(Self { version, ts, channel: parts.next()?.to_owned() })
    }

    fn reference(&self) -> String {
        format!("{}|{}|{}", self.channel, self.ts, self.version)
    }
}

/// Something to post or to edit.
struct Thing<'a> {
    /// Its name for ever; empty for what may be lost.
    name: &'a str,
    place: &'a Place,
    version: i64,
    /// Makes it for a room.
    make: &'a (dyn Fn(Room) -> Rendered + Sync),
}

impl Slack {
    /// Shows through `api`; buttons are sealed by `mint`.
    pub fn new(api: Arc<Api>, mint: Mint, clock: Arc<dyn Clock>, ourselves: Ourselves) -> Self {
        let links = Arc::new(Permalinks::new(Arc::<Api>::clone(&api), Arc::clone(&clock)));
        let (pacer, replies) = (Pacer::default(), Replies::default());
        Self { api, mint, clock, pacer, replies, ourselves, links }
    }

    /// Addresses of posts.
    pub fn links(&self) -> &Arc<Permalinks> {
        &self.links
    }

    /// Where addresses of interactions are kept for direct answers.
    pub fn replies(&self) -> &Replies {
        &self.replies
    }

    /// Seals and opens buttons.
    pub fn mint(&self) -> &Mint {
        &self.mint
    }

    async fn card(&self, card: &Card, earlier: Earlier<'_>) -> Result<String, SurfaceError> {
        let make = |room: Room| render::card(card, &self.mint, earlier.thing, room);
        let thing = Thing { name: earlier.thing, place: &card.place, version: card.version, make: &make };
        self.put(&thing, earlier).await
    }

    async fn line(&self, place: &Place, text: &PublicText, earlier: Earlier<'_>) -> Result<String, SurfaceError> {
        let make = |room: Room| render::line(text, earlier.thing, room);
        self.put(&Thing { name: earlier.thing, place, version: 0, make: &make }, earlier).await
    }

    /// Edits what stands, or posts; looks first where it may stand already.
    async fn put(&self, thing: &Thing<'_>, earlier: Earlier<'_>) -> Result<String, SurfaceError> {
        let known = match earlier.posted.and_then(Post::read) {
            Some(post) => Some(post),
            None if earlier.uncertain => self.find(thing).await?,
            None => None,
        };
        if let Some(post) = known {
            if post.version > thing.version {
                return Ok(post.reference());
            }
            if let Some(edited) = self.edit(thing, &post).await? {
                return Ok(edited.reference());
            }
        }
        self.post(thing).await.map(|post| post.reference())
    }

    async fn post(&self, thing: &Thing<'_>) -> Result<Post, SurfaceError> {
        let channel = &thing.place.channel;
        let mut body = json!({
            "unfurl_links": false, "unfurl_media": false, "mrkdwn": false,
            "metadata": { "event_type": "reanchor_post", "event_payload": { "thing": blocks::mark(thing.name) } },
        });
        if let Some(thread) = thread(thing.place) {
            body["thread_ts"] = json!(thread);
        }
        if !thing.name.is_empty() {
            body["client_msg_id"] = json!(blocks::message_id(thing.name));
        }
        let answer = self.send(channel, "chat.postMessage", body, thing.make).await.map_err(|error| surface(&error))?;
        let Some(ts) = answer["ts"].as_str() else {
            return Err(SurfaceError::Failed("Slack took the post and did not say where it stands".to_owned()));
        };
        Ok(Post { channel: channel.clone(), ts: ts.to_owned(), version: thing.version })
    }

    /// Nothing when there is no post to edit any more.
    async fn edit(&self, thing: &Thing<'_>, post: &Post) -> Result<Option<Post>, SurfaceError> {
        let body = json!({ "ts": post.ts });
        match self.send(&post.channel, "chat.update", body, thing.make).await {
            Ok(_) => Ok(Some(Post { version: thing.version, ..post.clone() })),
            Err(ApiError::Code(code)) if NO_POST.contains(&code.as_str()) => {
                tracing::warn!(code, "a post cannot be edited any more and is posted anew");
                Ok(None)
            }
            Err(error) => Err(surface(&error)),
        }
    }

    /// Sends with all the room; what Slack refuses as too long or unheard of goes again with less, and at last as bare text.
    async fn send(
        &self,
        channel: &str,
        method: &str,
        body: Value,
        make: &(dyn Fn(Room) -> Rendered + Sync),
    ) -> Result<Value, ApiError> {
        for room in [Room::MESSAGE, Room::TIGHT] {
            let rendered = make(room);
            if !rendered.losses.is_empty() {
                tracing::info!(losses = ?rendered.losses, "a message is shown shortened");
            }
            let wrong = check(&rendered.blocks, Where::Message);
            if !wrong.is_empty() {
                tracing::error!(?wrong, "blocks that Slack would refuse were not sent");
                continue;
            }
            let mut body = body.clone();
            body["text"] = json!(rendered.text);
            body["blocks"] = Value::Array(rendered.blocks);
            match self.paced(channel, method, body).await {
                Err(ApiError::Code(code)) if BLOCKS.contains(&code.as_str()) => {
                    tracing::error!(code, "Slack refused blocks; the message goes again with less");
                }
                other => return other,
            }
        }
        let mut body = body;
        body["text"] = json!(make(Room::TIGHT).text);
        body["blocks"] = json!([]);
        self.paced(channel, method, body).await
    }

    pub(super) async fn paced(&self, channel: &str, method: &str, body: Value) -> Result<Value, ApiError> {
        self.pacer.turn(channel, method, self.clock.now()).map_err(|after_ms| ApiError::Limited { after_ms })?;
        let answer = self.api.call_in(channel, method, body).await;
        if let Err(ApiError::Limited { after_ms }) = &answer {
            self.pacer.stop(channel, method, self.clock.now().plus(*after_ms));
        }
        answer
    }

    /// Looks for a thing in its thread (or in the channel, for what stands at its top), by the ids of its blocks.
    async fn find(&self, thing: &Thing<'_>) -> Result<Option<Post>, SurfaceError> {
        let mark = blocks::mark(thing.name);
        let mut body = json!({ "limit": 200, "include_all_metadata": true });
        let method = match thread(thing.place) {
            Some(thread) => {
                body["ts"] = json!(thread);
                "conversations.replies"
            }
            None => "conversations.history",
        };
        for _ in 0..PAGES {
            let page = match self.api.call_in(&thing.place.channel, method, body.clone()).await {
                Ok(page) => page,
                Err(ApiError::Code(code)) => {
                    // Not allowed to look, or nothing to look at: better twice than never.
                    tracing::warn!(code, method, "it cannot be looked whether a post was made; it is posted");
                    return Ok(None);
                }
                Err(error) => return Err(surface(&error)),
            };
            let messages = page["messages"].as_array().into_iter().flatten();
            if let Some(ts) = messages.filter(|message| is_ours(message, &mark)).find_map(|m| m["ts"].as_str()) {
                let channel = thing.place.channel.clone();
                // Whatever it shows is brought up to date.
                return Ok(Some(Post { channel, ts: ts.to_owned(), version: i64::MIN }));
            }
            match page["response_metadata"]["next_cursor"].as_str() {
                Some(cursor) if !cursor.is_empty() => body["cursor"] = json!(cursor),
                _ => return Ok(None),
            }
        }
        tracing::warn!("a thread is too long to look through for a post; it is posted");
        Ok(None)
    }
}

/// The thread in which an answer stands: only what has the shape of a message's time is one.
pub(super) fn thread(place: &Place) -> Option<&str> {
    let ts = place.thread.as_str();
    let (seconds, micros) = ts.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (digits(seconds) && digits(micros)).then_some(ts)
}

/// Whether a message is the post with these marks, and by an app.
fn is_ours(message: &Value, mark: &str) -> bool {
    let blocks = message["blocks"].as_array().into_iter().flatten();
    let mut ids = blocks.filter_map(|block| block["block_id"].as_str());
    let by_blocks = ids.any(|id| id.starts_with(MARK) && id.starts_with(mark));
    let by_metadata = message["metadata"]["event_payload"]["thing"] == mark;
    message["bot_id"].is_string() && (by_blocks || by_metadata)
}

/// Why nothing can be posted there and what helps, for whoever waits for it.
fn reason(code: &str) -> String {
    let words = match code {
        "not_in_channel" => "the bot is not a member of the channel: add it with /invite, or ask where it is a member",
        "channel_not_found" => {
            "the bot does not see the channel, because it is private and the bot is not a member: add it with /invite, or ask where it is a member"
        }
        "is_archived" => "the channel is archived: ask in another one",
        "messages_tab_disabled" => "the messages tab of the app is switched off: ask in a channel",
        code if code.starts_with("restricted_action") => {
            "only some people may post in the channel: let the bot post there, or ask in another one"
        }
        _ => "Slack does not take posts there",
    };
    format!("{words} ({code})")
}

/// What the outbox does about an error.
pub(super) fn surface(error: &ApiError) -> SurfaceError {
    match error {
        ApiError::Limited { after_ms } => SurfaceError::Wait { after_ms: *after_ms },
        ApiError::Code(code) if GONE.contains(&code.as_str()) => SurfaceError::Refused(reason(code)),
        ApiError::NoToken(_) => SurfaceError::Refused(error.to_string()),
        ApiError::Code(_) | ApiError::Unknown(_) => SurfaceError::Failed(error.to_string()),
    }
}

#[async_trait]
impl Surface for Slack {
    fn name(&self) -> &'static str {
        NAME
    }

    fn nudges(&self) -> bool {
        true
    }

    async fn nudge(&self, place: &Place, to: &Actor, text: &PublicText) -> Result<(), SurfaceError> {
        self.tell(place, &to.key, text).await
    }

    async fn show(&self, notice: &Notice, earlier: Earlier<'_>) -> Result<String, SurfaceError> {
        match notice {
            Notice::Card(card) => self.card(card, earlier).await,
            Notice::Note { place, text } => self.line(place, text, earlier).await,
            Notice::Whisper { place, to, name: _, text } => {
                // What comes from the outbox has a name; others stand behind it.
                let patience = if earlier.thing.is_empty() { Patience::Some } else { Patience::None };
                self.whisper(place, to, text, patience).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_survives_and_a_thread_has_the_shape_of_a_time() {
        let post = Post { channel: "T1/C1".to_owned(), ts: "1700000000.000100".to_owned(), version: 7 };
        assert_eq!(Post::read(&post.reference()), Some(post));
        for bad in ["", "C1", "C1|1.5", "C1|1.5|x"] {
            assert_eq!(Post::read(bad), None, "{bad}");
        }
        let place =
            |thread: &str| Place { channel: "C1".to_owned(), thread: thread.to_owned(), message: String::new() };
        assert_eq!(thread(&place("1700000000.000100")), Some("1700000000.000100"));
        for none in ["", "cmd-x", "1700000000", "1.", ".5", "1.5.6", "a.5"] {
            assert_eq!(thread(&place(none)), None, "{none}");
        }
    }

    #[test]
    fn errors_say_whether_trying_again_is_of_use() {
        let code = |code: &str| surface(&ApiError::Code(code.to_owned()));
        assert!(matches!(code("is_archived"), SurfaceError::Refused(_)));
        assert!(matches!(code("invalid_auth"), SurfaceError::Failed(_)), "a token is mended by people");
        assert!(matches!(surface(&ApiError::Limited { after_ms: 7 }), SurfaceError::Wait { after_ms: 7 }));
        assert!(matches!(surface(&ApiError::Unknown("x".to_owned())), SurfaceError::Failed(_)));
    }

    #[test]
    fn a_post_is_recognized_by_its_marks_and_only_from_an_app() {
        let mark = blocks::mark("card:c-1");
        let blocks = json!([{ "block_id": format!("{mark}7.0") }]);
        assert!(is_ours(&json!({ "bot_id": "B1", "blocks": blocks }), &mark));
        assert!(!is_ours(&json!({ "blocks": blocks }), &mark));
        assert!(!is_ours(&json!({ "bot_id": "B1", "blocks": blocks }), &blocks::mark("card:c-2")));
        let metadata = json!({ "event_payload": { "thing": mark } });
        assert!(is_ours(&json!({ "bot_id": "B1", "metadata": metadata }), &mark));
    }
}
