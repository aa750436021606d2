//! What Slack sends, as far as we look at it: events, interactions, slash commands, socket frames.
//!
//! Never knows what a thing means (that is `read`), never refuses an unknown type or a missing part (that is what `lenient` is
//! for). Begin with [`Envelope`], [`Interaction`] and [`Command`].

use super::lenient::{Flag, Many, Maybe, Text};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A delivery of the Events API.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Envelope<'a> {
    /// `event_callback`, `url_verification`, `app_rate_limited` …
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// To be sent back for `url_verification`.
    #[serde(borrow)]
    pub challenge: Text<'a>,
    /// The workspace.
    #[serde(borrow)]
    pub team_id: Text<'a>,
    /// The organization.
    #[serde(borrow)]
    pub enterprise_id: Text<'a>,
    /// Our own app.
    #[serde(borrow)]
    pub api_app_id: Text<'a>,
    /// Where the app is installed that gets this.
    #[serde(borrow)]
    pub authorizations: Many<Authorization<'a>>,
    /// Whether the channel is shared with another organization, where it is told.
    pub is_ext_shared_channel: Option<Flag>,
    /// The event.
    #[serde(borrow)]
    pub event: Maybe<Event<'a>>,
}

/// One installation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Authorization<'a> {
    /// The workspace; `null` for an organization.
    #[serde(borrow)]
    pub team_id: Text<'a>,
    /// The organization.
    #[serde(borrow)]
    pub enterprise_id: Text<'a>,
    /// The bot's user.
    #[serde(borrow)]
    pub user_id: Text<'a>,
    /// Whether that user is the bot.
    pub is_bot: Flag,
}

/// An event, or the message inside of one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Event<'a> {
    /// `message`, `app_mention`, `app_home_opened` …
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// `message_changed`, `file_share` …
    #[serde(borrow)]
    pub subtype: Text<'a>,
    /// Who wrote it.
    #[serde(borrow)]
    pub user: Text<'a>,
    /// The claimed name of a bot's message.
    #[serde(borrow)]
    pub username: Text<'a>,
    /// The words, as Slack escapes them.
    #[serde(borrow)]
    pub text: Text<'a>,
    /// Its time stamp, which is its id in the channel.
    #[serde(borrow)]
    pub ts: Text<'a>,
    /// The time stamp of the event about it.
    #[serde(borrow)]
    pub event_ts: Text<'a>,
    /// The thread it stands in.
    #[serde(borrow)]
    pub thread_ts: Text<'a>,
    /// The channel.
    #[serde(borrow)]
    pub channel: Text<'a>,
    /// `channel`, `group`, `im`, `mpim`.
    #[serde(borrow)]
    pub channel_type: Text<'a>,
    /// The workspace of the author.
    #[serde(borrow)]
    pub team: Text<'a>,
    /// The workspace of the author in a shared channel.
    #[serde(borrow)]
    pub user_team: Text<'a>,
    /// The same under another name.
    #[serde(borrow)]
    pub source_team: Text<'a>,
    /// Posted through the API by this bot, even when `user` is a person.
    #[serde(borrow)]
    pub bot_id: Text<'a>,
    /// Posted through the API by this app.
    #[serde(borrow)]
    pub app_id: Text<'a>,
    /// `home` or `messages`, of `app_home_opened`.
    #[serde(borrow)]
    pub tab: Text<'a>,
    /// Present when the text was changed.
    #[serde(borrow)]
    pub edited: Maybe<Edited<'a>>,
    /// Files.
    #[serde(borrow)]
    pub files: Many<File<'a>>,
    /// Attachments: what bots post, messages that were shared.
    #[serde(borrow)]
    pub attachments: Many<Attachment<'a>>,
    /// Blocks, of which only the ids are read.
    #[serde(borrow)]
    pub blocks: Many<Block<'a>>,
    /// The message of `message_changed`.
    #[serde(borrow)]
    pub message: Option<Box<Maybe<Event<'a>>>>,
    /// Of `message_deleted`: which one.
    #[serde(borrow)]
    pub deleted_ts: Text<'a>,
    /// What it was before.
    #[serde(borrow)]
    pub previous_message: Option<Box<Maybe<Before<'a>>>>,
}

/// A message as it was before it was edited or deleted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Before<'a> {
    /// Who wrote it.
    #[serde(borrow)]
    pub user: Text<'a>,
    /// The bot that posted it.
    #[serde(borrow)]
    pub bot_id: Text<'a>,
    /// The thread it stood in.
    #[serde(borrow)]
    pub thread_ts: Text<'a>,
    /// The words.
    #[serde(borrow)]
    pub text: Text<'a>,
}

/// When a text was changed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Edited<'a> {
    /// Time stamp of the change.
    #[serde(borrow)]
    pub ts: Text<'a>,
}

/// A block: its id tells whether it is one of ours.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Block<'a> {
    /// `block_id`
    #[serde(borrow)]
    pub block_id: Text<'a>,
}

/// A file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct File<'a> {
    /// `F…`
    #[serde(borrow)]
    pub id: Text<'a>,
    /// `snippet`, `hosted`, `external` …
    #[serde(borrow)]
    pub mode: Text<'a>,
    /// `text/plain` …
    #[serde(borrow)]
    pub mimetype: Text<'a>,
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Bytes, as text.
    #[serde(borrow)]
    pub size: Text<'a>,
    /// The beginning, or all of it.
    #[serde(borrow)]
    pub preview: Text<'a>,
    /// Whether that is not all.
    pub preview_is_truncated: Flag,
    /// Lines that the preview leaves out, as text.
    #[serde(borrow)]
    pub lines_more: Text<'a>,
    /// Where it can be read.
    #[serde(borrow)]
    pub url_private_download: Text<'a>,
    /// The same for the browser.
    #[serde(borrow)]
    pub url_private: Text<'a>,
    /// `check_file_info` where the event may not tell more.
    #[serde(borrow)]
    pub file_access: Text<'a>,
}

/// An attachment.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Attachment<'a> {
    /// Above it.
    #[serde(borrow)]
    pub pretext: Text<'a>,
    /// Title.
    #[serde(borrow)]
    pub title: Text<'a>,
    /// Words.
    #[serde(borrow)]
    pub text: Text<'a>,
    /// For programs that cannot show it.
    #[serde(borrow)]
    pub fallback: Text<'a>,
    /// Titles and values.
    #[serde(borrow)]
    pub fields: Many<Field<'a>>,
    /// The link it was made from by Slack; then it is no part of what was said.
    #[serde(borrow)]
    pub from_url: Text<'a>,
    /// A message that somebody passed on.
    pub is_share: Flag,
    /// The same.
    pub is_msg_unfurl: Flag,
    /// Who wrote that message.
    #[serde(borrow)]
    pub author_id: Text<'a>,
    /// Which bot did.
    #[serde(borrow)]
    pub bot_id: Text<'a>,
    /// Its blocks.
    #[serde(borrow)]
    pub message_blocks: Many<Passed<'a>>,
}

/// A message that was passed on, as far as its blocks tell of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Passed<'a> {
    /// The message.
    #[serde(borrow)]
    pub message: Maybe<PassedBlocks<'a>>,
}

/// Its blocks.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PassedBlocks<'a> {
    /// Blocks, of which only the ids are read.
    #[serde(borrow)]
    pub blocks: Many<Block<'a>>,
}

/// A field of an attachment.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Field<'a> {
    /// Its title.
    #[serde(borrow)]
    pub title: Text<'a>,
    /// Its value.
    #[serde(borrow)]
    pub value: Text<'a>,
}

/// Something with an id.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Named<'a> {
    /// The id.
    #[serde(borrow)]
    pub id: Text<'a>,
    /// The workspace it belongs to.
    #[serde(borrow)]
    pub team_id: Text<'a>,
    /// The organization it belongs to.
    #[serde(borrow)]
    pub enterprise_id: Text<'a>,
    /// Name of an account.
    #[serde(borrow)]
    pub username: Text<'a>,
    /// The same in other payloads.
    #[serde(borrow)]
    pub name: Text<'a>,
}

/// A button, a form, a shortcut.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Interaction<'a> {
    /// `block_actions`, `view_submission`, `message_action` …
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// The workspace; `null` in an organization.
    #[serde(borrow)]
    pub team: Maybe<Named<'a>>,
    /// The organization.
    #[serde(borrow)]
    pub enterprise: Maybe<Named<'a>>,
    /// Who.
    #[serde(borrow)]
    pub user: Maybe<Named<'a>>,
    /// The channel.
    #[serde(borrow)]
    pub channel: Maybe<Named<'a>>,
    /// Where the button stood.
    #[serde(borrow)]
    pub container: Maybe<Container<'a>>,
    /// The message it stood in, or that a shortcut was used on.
    #[serde(borrow)]
    pub message: Maybe<Event<'a>>,
    /// Time stamp of that message.
    #[serde(borrow)]
    pub message_ts: Text<'a>,
    /// What was pressed.
    #[serde(borrow)]
    pub actions: Many<Action<'a>>,
    /// Which shortcut.
    #[serde(borrow)]
    pub callback_id: Text<'a>,
    /// When.
    #[serde(borrow)]
    pub action_ts: Text<'a>,
    /// Opens a window within three seconds.
    #[serde(borrow)]
    pub trigger_id: Text<'a>,
    /// Takes direct answers for half an hour.
    #[serde(borrow)]
    pub response_url: Text<'a>,
    /// The form.
    #[serde(borrow)]
    pub view: Maybe<View<'a>>,
}

/// Where a button stood.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Container<'a> {
    /// The message.
    #[serde(borrow)]
    pub message_ts: Text<'a>,
    /// Its channel.
    #[serde(borrow)]
    pub channel_id: Text<'a>,
    /// Its thread.
    #[serde(borrow)]
    pub thread_ts: Text<'a>,
}

/// What was pressed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Action<'a> {
    /// Which element.
    #[serde(borrow)]
    pub action_id: Text<'a>,
    /// Its value.
    #[serde(borrow)]
    pub value: Text<'a>,
    /// What was chosen, where it is a list.
    #[serde(borrow)]
    pub selected_option: Maybe<Choice<'a>>,
    /// When.
    #[serde(borrow)]
    pub action_ts: Text<'a>,
}

/// What was chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Choice<'a> {
    /// Its value.
    #[serde(borrow)]
    pub value: Text<'a>,
}

/// A form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct View<'a> {
    /// `V…`
    #[serde(borrow)]
    pub id: Text<'a>,
    /// Which form.
    #[serde(borrow)]
    pub callback_id: Text<'a>,
    /// What we put into it.
    #[serde(borrow)]
    pub private_metadata: Text<'a>,
    /// What was written into it.
    pub state: Maybe<State>,
}

/// What was written into a form: block, element, value.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct State {
    /// As Slack sends it.
    pub values: serde_json::Value,
}

/// A slash command; the same names in the form and in the frame of a socket.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Command<'a> {
    /// The workspace.
    #[serde(borrow)]
    pub team_id: Text<'a>,
    /// The organization.
    #[serde(borrow)]
    pub enterprise_id: Text<'a>,
    /// Whether the app is installed for the organization.
    pub is_enterprise_install: Flag,
    /// Where it was typed.
    #[serde(borrow)]
    pub channel_id: Text<'a>,
    /// Who.
    #[serde(borrow)]
    pub user_id: Text<'a>,
    /// Name of the account.
    #[serde(borrow)]
    pub user_name: Text<'a>,
    /// `/reanchor`
    #[serde(borrow)]
    pub command: Text<'a>,
    /// What stands behind it.
    #[serde(borrow)]
    pub text: Text<'a>,
    /// Takes direct answers for half an hour.
    #[serde(borrow)]
    pub response_url: Text<'a>,
    /// Opens a window within three seconds; tells one use of the command from the next.
    #[serde(borrow)]
    pub trigger_id: Text<'a>,
}

/// A frame of a socket.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Frame<'a> {
    /// `hello`, `events_api`, `interactive`, `slash_commands`, `disconnect`.
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// To be acknowledged with.
    #[serde(borrow)]
    pub envelope_id: Text<'a>,
    /// What is inside.
    #[serde(borrow)]
    pub payload: Option<&'a RawValue>,
    /// Whether the acknowledgement may carry an answer.
    pub accepts_response_payload: Flag,
    /// Of `disconnect`.
    #[serde(borrow)]
    pub reason: Text<'a>,
    /// Of `hello`: how many sockets the app has now, as text.
    #[serde(borrow)]
    pub num_connections: Text<'a>,
    /// How often it was sent before, as text.
    #[serde(borrow)]
    pub retry_attempt: Text<'a>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interaction_without_a_team_is_read() {
        let json = r#"{"type":"block_actions","team":null,"enterprise":{"id":"E01","name":"Org"},"is_enterprise_install":true,
            "user":{"id":"U01","username":"ben","team_id":"T02"},"channel":null,"container":{"type":"message","message_ts":"1.1","channel_id":"C01"},
            "message":{"ts":"1.1","blocks":[{"type":"hologram","block_id":7},{"block_id":"x"}]},
            "actions":[{"type":"button","action_id":"ra.approve","value":"v","action_ts":"2.2"}],"state":{"values":[]}}"#;
        let click: Interaction<'_> = serde_json::from_str(json).unwrap();
        assert_eq!((&*click.team.id, &*click.enterprise.id, &*click.user.team_id), ("", "E01", "T02"));
        assert_eq!(&*click.actions[0].value, "v");
    }
}
