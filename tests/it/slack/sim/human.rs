//! What people, bots and bridges write, and the events that come of it.

use super::Sim;
use super::deliver::{Kind, Outcome, deliver};
use super::see::plain;
use super::state::{APP, BOT, Message, PROVISIONING, State, unix, user_id};
use serde_json::{Value, json};

/// The text of a message as Slack keeps it: entities escaped, links and addresses marked, `@reanchor` a mention.
fn kept(typed: &str) -> String {
    let escaped = typed.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let word = |word: &str| {
        if word == "@reanchor" {
            return format!("<@{BOT}>");
        }
        let url = word.starts_with("https://") || word.starts_with("http://");
        let edge: &[char] =
            if url { &['.', ',', ')', '"', '\'', ';'] } else { &['.', ',', ')', '"', '\'', ';', ':', '(', ']'] };
        let core = word.trim_matches(edge);
        let mail = core.split_once('@').is_some_and(|(name, host)| {
            let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "._-+".contains(c));
            !name.is_empty() && plain(name) && plain(host) && host.contains('.')
        });
        match (url, mail) {
            (true, _) => word.replacen(core, &format!("<{core}>"), 1),
            (_, true) => word.replacen(core, &format!("<mailto:{core}|{core}>"), 1),
            _ => word.to_owned(),
        }
    };
    let mut out = String::with_capacity(escaped.len());
    let mut rest = escaped.as_str();
    while let Some(at) = rest.find(|c: char| !c.is_whitespace()) {
        let (space, more) = rest.split_at(at);
        let end = more.find(char::is_whitespace).unwrap_or(more.len());
        out += space;
        out += &word(&more[..end]);
        rest = &more[end..];
    }
    out + rest
}

/// The `message` event of a message.
pub(crate) fn event_of(state: &State, message: &Message) -> Value {
    let mut event = message.body(state);
    event["channel"] = json!(message.channel);
    event["event_ts"] = json!(message.ts);
    event["channel_type"] = json!(if state.channels[&message.channel].im { "im" } else { "channel" });
    let at = &state.channels[&message.channel].team;
    let stranger = message.user.as_ref().and_then(|user| state.people.get(user)).filter(|who| who.team != *at);
    if let Some(who) = stranger {
        event["user_team"] = json!(who.team);
        event["source_team"] = json!(who.team);
        event["user_profile"] = json!({ "name": who.name, "is_restricted": false, "is_ultra_restricted": false });
    }
    if message.username.is_some() {
        event["subtype"] = json!("bot_message");
        event.as_object_mut().unwrap().remove("user");
    }
    if !message.files.is_empty() {
        event["subtype"] = json!("file_share");
        event["upload"] = json!(false);
    }
    event
}

impl Sim {
    /// A message that somebody wrote with a client; stored, not delivered yet. Gives its event.
    pub(crate) fn wrote(&self, who: &str, (channel, thread): (&str, Option<&str>), text: &str) -> (String, Value) {
        let mut state = self.state();
        let kept = kept(text);
        let ts = state.ts();
        let element = json!({ "type": "text", "text": text });
        let section = json!({ "type": "rich_text_section", "elements": [element] });
        let message = Message {
            channel: channel.to_owned(),
            ts: ts.clone(),
            thread: thread.map(str::to_owned),
            user: Some(user_id(who)),
            text: kept,
            blocks: json!([{ "type": "rich_text", "block_id": state.fresh("blk"), "elements": [section] }]),
            client_msg_id: Some(state.fresh("client-")),
            ..Message::default()
        };
        let event = event_of(&state, &message);
        state.messages.push(message);
        (ts, event)
    }

    /// Somebody says something; a mention of the bot comes as two events, as Slack sends it.
    pub(crate) async fn say(&self, who: &str, place: (&str, Option<&str>), text: &str) -> String {
        let (ts, event) = self.wrote(who, place, text);
        self.deliver_said(&event).await;
        ts
    }

    async fn deliver_said(&self, event: &Value) -> Outcome {
        let mentioned = event["text"].as_str().is_some_and(|text| text.contains(&format!("<@{BOT}>")));
        if !mentioned {
            return self.event(event).await;
        }
        let mut mention = event.clone();
        mention["type"] = json!("app_mention");
        let (first, second) = tokio::join!(self.event(event), self.event(&mention));
        if first.accepted { second } else { first }
    }

    /// Somebody pastes into the channel that the bot listens to; the message's timestamp.
    pub(crate) async fn paste(&self, who: &str, text: &str) -> String {
        self.say(who, (PROVISIONING, None), text).await
    }

    /// Somebody edits a message.
    pub(crate) async fn edit(&self, ts: &str, text: &str) -> Outcome {
        let event = {
            let mut state = self.state();
            let edited = state.ts();
            let at = state.messages.iter().position(|m| m.ts == ts).unwrap();
            let before = state.messages[at].body(&state);
            let message = &mut state.messages[at];
            let old = std::mem::replace(&mut message.text, kept(text));
            let blocks = message.blocks.clone();
            message.before.push((old, blocks));
            message.blocks[0]["elements"][0]["elements"][0]["text"] = json!(text);
            message.edited = Some(edited.clone());
            let message = message.clone();
            json!({
                "type": "message", "subtype": "message_changed", "hidden": true, "channel": message.channel,
                "ts": edited, "event_ts": edited, "channel_type": "channel",
                "message": message.body(&state), "previous_message": before,
            })
        };
        self.event(&event).await
    }

    /// Somebody deletes a message.
    pub(crate) async fn delete(&self, ts: &str) -> Outcome {
        let event = {
            let mut state = self.state();
            let gone = state.ts();
            let at = state.messages.iter().position(|m| m.ts == ts).unwrap();
            state.messages[at].deleted = true;
            let before = state.messages[at].body(&state);
            json!({
                "type": "message", "subtype": "message_deleted", "hidden": true, "channel": state.messages[at].channel,
                "ts": gone, "event_ts": gone, "deleted_ts": ts, "previous_message": before, "channel_type": "channel",
            })
        };
        self.event(&event).await
    }

    /// Somebody shares a file: a snippet, as the client makes of a long paste, or an upload.
    pub(crate) async fn share(&self, who: &str, file: (&str, bool), content: &str) -> String {
        self.share_in(who, (PROVISIONING, None), file, content).await
    }

    /// As [`Sim::share`], at a place.
    pub(crate) async fn share_in(
        &self,
        who: &str,
        (channel, thread): (&str, Option<&str>),
        (name, snippet): (&str, bool),
        content: &str,
    ) -> String {
        let file = self.file(name, content, snippet);
        let (ts, event) = {
            let mut state = self.state();
            let ts = state.ts();
            let message = Message {
                channel: channel.to_owned(),
                ts: ts.clone(),
                thread: thread.map(str::to_owned),
                user: Some(user_id(who)),
                files: vec![file],
                client_msg_id: Some(state.fresh("client-")),
                ..Message::default()
            };
            let event = event_of(&state, &message);
            state.messages.push(message);
            (ts, event)
        };
        self.event(&event).await;
        ts
    }

    /// A program posts in the name of somebody, with that person's own token: `user` is real, and `bot_id` is there.
    pub(crate) async fn api_posted(&self, who: &str, text: &str) -> String {
        self.posted(Message { user: Some(user_id(who)), text: kept(text), ..Self::programmed("B0OTHERBOT1") }).await
    }

    /// A bridge posts what somebody on the other side is said to have written.
    pub(crate) async fn relayed(&self, name: &str, text: &str) -> String {
        let block = json!({
            "type": "section", "block_id": "matterbridge_c0ffee", "text": { "type": "mrkdwn", "text": text },
        });
        let message = Message {
            username: Some(format!("{name} (msteams)")),
            text: kept(text),
            blocks: json!([block]),
            ..Self::programmed("B0BRIDGE001")
        };
        self.posted(message).await
    }

    fn programmed(bot: &str) -> Message {
        Message {
            channel: PROVISIONING.to_owned(),
            bot_id: Some(bot.to_owned()),
            app_id: Some("A0OTHERAPP1".to_owned()),
            ..Message::default()
        }
    }

    async fn posted(&self, message: Message) -> String {
        let (ts, event) = {
            let mut state = self.state();
            let ts = state.ts();
            let message = Message { ts: ts.clone(), ..message };
            let event = event_of(&state, &message);
            state.messages.push(message);
            (ts, event)
        };
        self.deliver_said(&event).await;
        ts
    }

    /// Somebody opens the home tab of the app.
    pub(crate) async fn open_home(&self, who: &str) -> Value {
        let user = user_id(who);
        let event = {
            let mut state = self.state();
            state.homes.remove(&user);
            let channel = state.direct(&user);
            json!({ "type": "app_home_opened", "user": user, "channel": channel, "tab": "home", "event_ts": state.ts() })
        };
        self.event(&event).await;
        self.until("a home tab", |state| state.homes.get(&user).map(|(view, ..)| view.clone())).await
    }

    /// Waits until the home tab of somebody, who does not touch it, shows what is wanted.
    pub(crate) async fn home_shows(&self, who: &str, what: &str, like: impl Fn(&str) -> bool) -> Value {
        let user = user_id(who);
        let shown = |state: &State| state.homes.get(&user).map(|(view, ..)| view.clone());
        self.until(what, |state| shown(state).filter(|view| like(&plain("", &view["blocks"])))).await
    }

    /// The app is taken out of a workspace, which is told as an event.
    pub(crate) async fn uninstall(&self, at: usize, code: &'static str) -> Outcome {
        let payload = {
            let mut state = self.state();
            state.installs[at].revoked = Some(code);
            let team = state.installs[at].team;
            json!({
                "token": "verification-token-of-old", "type": "event_callback", "api_app_id": APP, "team_id": team,
                "event": { "type": "app_uninstalled" }, "event_id": state.fresh("Ev"), "event_time": unix(),
            })
        };
        deliver(&self.shared, Kind::Event, &payload).await
    }
}

#[test]
fn typed_text_is_kept_as_slack_keeps_it() {
    let typed = "see https://x.example/a?b=1, ask (ada.byron@corp.example). @reanchor a < b & c";
    let expected = format!(
        "see <https://x.example/a?b=1>, ask (<mailto:ada.byron@corp.example|ada.byron@corp.example>). <@{BOT}> a &lt; b &amp; c"
    );
    assert_eq!(kept(typed), expected);
    assert_eq!(kept("a\n  b <!channel>"), "a\n  b &lt;!channel&gt;");
}
