//! `chat.*` and the response_urls: who may post where, what Slack refuses, and what a careful app never sends.

use super::Shared;
use super::api::{Answer, Refusal};
use super::args::Args;
use super::blocks::check_message;
use super::deliver;
use super::see::pings;
use super::state::{APP, Message, State, TEAM};
use axum::body::Body;
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// What a call wants to show.
struct Content {
    text: String,
    /// `None`: the call says nothing of blocks.
    blocks: Option<Value>,
}

fn content(state: &mut State, args: &Args) -> Result<Content, Refusal> {
    let text = args.text("text").unwrap_or_default();
    let blocks = args.json("blocks").map_err(|_| Refusal::from("invalid_blocks_format"))?;
    if let Some(blocks) = &blocks {
        check_message(blocks).map_err(|(code, messages)| Refusal {
            code: code.to_owned(),
            messages,
            extra: Value::Null,
        })?;
    }
    let empty = blocks.as_ref().and_then(Value::as_array).is_none_or(Vec::is_empty);
    if text.is_empty() && empty && args.json("attachments").ok().flatten().is_none() {
        return Err("no_text".into());
    }
    if text.chars().count() > 40_000 {
        return Err("msg_too_long".into());
    }
    if text.is_empty() {
        state.blunders.push("a post without a text for notifications and screen readers".to_owned());
    }
    if args.is_true("link_names") {
        state.blunders.push("link_names turns foreign text into pings".to_owned());
    }
    for ping in pings(&text, blocks.as_ref().unwrap_or(&Value::Null)) {
        state.blunders.push(format!("a post pings {ping}"));
    }
    Ok(Content { text, blocks })
}

/// The channel of a call, as far as the bot may post there.
fn target(state: &mut State, args: &Args) -> Result<String, Refusal> {
    let named = args.text("channel").ok_or("channel_not_found")?;
    let id = if state.people.contains_key(&named) { state.direct(&named) } else { named };
    let channel = state.seen_channel(&id).ok_or("channel_not_found")?;
    if channel.archived {
        return Err("is_archived".into());
    }
    if !channel.members.iter().any(|member| member == state.me().bot) {
        return Err("not_in_channel".into());
    }
    Ok(id)
}

fn thread(state: &mut State, args: &Args, channel: &str) -> Result<Option<String>, Refusal> {
    let Some(ts) = args.text("thread_ts") else { return Ok(None) };
    let parent = state.message(channel, &ts).cloned();
    match parent {
        None => return Err("thread_not_found".into()),
        Some(parent) => {
            if parent.thread.as_ref().is_some_and(|root| *root != ts) {
                state.blunders.push("a thread_ts that is a reply, not the first message of the thread".to_owned());
            }
        }
    }
    Ok(Some(ts))
}

/// `chat.postMessage`
pub(super) fn post(state: &mut State, args: &Args, shared: &Shared) -> Answer {
    let channel = target(state, args)?;
    let shown = content(state, args)?;
    let thread = thread(state, args, &channel)?;
    if !args.is_false("unfurl_links") || !args.is_false("unfurl_media") {
        state.blunders.push("a post that lets Slack fetch and unfold links".to_owned());
    }
    let ts = state.ts();
    let message = Message {
        channel: channel.clone(),
        ts: ts.clone(),
        thread,
        user: Some(state.me().bot.to_owned()),
        bot_id: Some(state.me().bot_id.to_owned()),
        app_id: Some(APP.to_owned()),
        text: shown.text,
        blocks: shown.blocks.unwrap_or_else(|| json!([])),
        metadata: args.json("metadata")?.unwrap_or(Value::Null),
        ..Message::default()
    };
    let body = message.body(state);
    state.messages.push(message.clone());
    deliver::echo(state, &message, shared);
    Ok(json!({ "channel": channel, "ts": ts, "message": body }))
}

/// `chat.postEphemeral`
pub(super) fn ephemeral(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let channel = target(state, args)?;
    let user = args.text("user").ok_or("user_not_in_channel")?;
    if !state.channels[&channel].members.contains(&user) {
        return Err("user_not_in_channel".into());
    }
    let shown = content(state, args)?;
    let thread = thread(state, args, &channel)?;
    let (ts, me) = (state.ts(), state.me());
    state.messages.push(Message {
        channel,
        ts: ts.clone(),
        thread,
        user: Some(me.bot.to_owned()),
        bot_id: Some(me.bot_id.to_owned()),
        text: shown.text,
        blocks: shown.blocks.unwrap_or_else(|| json!([])),
        only_for: Some(user),
        ..Message::default()
    });
    Ok(json!({ "message_ts": ts }))
}

/// `chat.update`
pub(super) fn update(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let channel = args.text("channel").ok_or("channel_not_found")?;
    if state.seen_channel(&channel).is_none() {
        return Err("channel_not_found".into());
    }
    let ts = args.text("ts").ok_or("message_not_found")?;
    // An ephemeral message cannot be updated, and neither can somebody else's.
    let found = state.messages.iter().position(|m| m.channel == channel && m.ts == ts && !m.deleted);
    let at = found.filter(|at| state.messages[*at].only_for.is_none()).ok_or("message_not_found")?;
    if state.messages[at].bot_id.as_deref() != Some(state.me().bot_id) {
        return Err("cant_update_message".into());
    }
    let shown = content(state, args)?;
    let edited = state.ts();
    let metadata = args.json("metadata")?;
    let message = &mut state.messages[at];
    let before = (std::mem::replace(&mut message.text, shown.text), message.blocks.clone());
    message.before.push(before);
    if let Some(blocks) = shown.blocks {
        message.blocks = blocks;
    }
    if let Some(metadata) = metadata {
        message.metadata = metadata;
    }
    message.edited = Some(edited);
    let text = message.text.clone();
    Ok(json!({ "channel": channel, "ts": ts, "text": text }))
}

/// `chat.delete`
pub(super) fn delete(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let (channel, ts) = (args.text("channel").unwrap_or_default(), args.text("ts").unwrap_or_default());
    let found = state.messages.iter_mut().find(|m| m.channel == channel && m.ts == ts && !m.deleted);
    let message = found.ok_or("message_not_found")?;
    message.deleted = true;
    Ok(json!({ "channel": channel, "ts": ts }))
}

/// `chat.getPermalink`
pub(super) fn permalink(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let (channel, ts) = (args.text("channel").unwrap_or_default(), args.text("message_ts").unwrap_or_default());
    if state.seen_channel(&channel).is_none() {
        return Err("channel_not_found".into());
    }
    let message = state.message(&channel, &ts).ok_or("message_not_found")?;
    let mut link = format!("https://northbridge.slack.com/archives/{channel}/p{}", ts.replace('.', ""));
    if let Some(root) = &message.thread {
        link = format!("{link}?thread_ts={root}&cid={channel}");
    }
    Ok(json!({ "channel": channel, "permalink": link }))
}

/// A POST to a response_url: five uses within thirty minutes.
pub(super) fn respond(shared: &Arc<Shared>, path: &str, body: &[u8]) -> Response {
    let answer = use_hook(&mut shared.state(), path, body);
    let (status, text) = match answer {
        Ok(()) => (200, "ok".to_owned()),
        Err((status, code)) => (status, format!("{{\"ok\":false,\"error\":\"{code}\"}}")),
    };
    Response::builder().status(status).body(Body::from(text)).unwrap()
}

fn use_hook(state: &mut State, path: &str, body: &[u8]) -> Result<(), (u16, String)> {
    if state.knobs.down {
        return Err((503, "unavailable".to_owned()));
    }
    let hook = state.hooks.get_mut(path).ok_or((404, "no_such_url".to_owned()))?;
    if hook.uses >= 5 {
        return Err((404, "used_url".to_owned()));
    }
    if hook.made.elapsed() > Duration::from_mins(30) {
        return Err((404, "expired_url".to_owned()));
    }
    hook.uses += 1;
    let hook = hook.clone();
    let Ok(Value::Object(map)) = serde_json::from_slice(body) else { return Err((400, "invalid_payload".to_owned())) };
    let args = Args(map);
    if args.is_true("delete_original") {
        state.messages.iter_mut().filter(|m| Some(&m.ts) == hook.of.as_ref()).for_each(|m| m.deleted = true);
        return Ok(());
    }
    let shown = content(state, &args).map_err(|refusal| (400, refusal.code))?;
    let blocks = shown.blocks.unwrap_or_else(|| json!([]));
    if args.is_true("replace_original")
        && let Some(message) = state.messages.iter_mut().find(|m| Some(&m.ts) == hook.of.as_ref())
    {
        let before = (std::mem::replace(&mut message.text, shown.text), std::mem::replace(&mut message.blocks, blocks));
        message.before.push(before);
        return Ok(());
    }
    let in_channel = args.text("response_type").as_deref() == Some("in_channel");
    let ts = state.ts();
    let install = state.install_of(&state.channels[&hook.channel].team).clone();
    state.messages.push(Message {
        channel: hook.channel,
        ts,
        thread: args.text("thread_ts").or(hook.thread),
        user: Some(install.bot.to_owned()),
        bot_id: Some(install.bot_id.to_owned()),
        text: shown.text,
        blocks,
        only_for: (!in_channel).then_some(hook.user),
        ..Message::default()
    });
    Ok(())
}

impl Message {
    /// The message as events and answers carry it.
    pub(crate) fn body(&self, state: &State) -> Value {
        let mut body = json!({ "type": "message", "ts": self.ts, "text": self.text });
        let team = self.user.as_ref().and_then(|user| state.people.get(user)).map_or(TEAM, |who| who.team.as_str());
        let fields = [
            ("user", self.user.clone()),
            ("bot_id", self.bot_id.clone()),
            ("app_id", self.app_id.clone()),
            ("username", self.username.clone()),
            ("client_msg_id", self.client_msg_id.clone()),
            ("thread_ts", self.thread.clone()),
            ("team", Some(team.to_owned())),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        if !self.blocks.is_null() {
            body["blocks"] = self.blocks.clone();
        }
        if !self.files.is_empty() {
            body["files"] = json!(self.files);
        }
        if let Some(edited) = &self.edited {
            body["edited"] = json!({ "user": self.user, "ts": edited });
        }
        body
    }
}
