//! What a person sees of a message: its text as it is rendered, its buttons, and whom it pings.

use super::Sim;
use super::state::{Message, PROVISIONING, State, user_id};
use serde_json::Value;
use std::fmt::Write;

/// A message as somebody sees it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) channel: String,
    pub(crate) ts: String,
    pub(crate) thread: Option<String>,
    pub(crate) text: String,
    pub(crate) buttons: Vec<String>,
    pub(crate) edits: usize,
    pub(crate) only_for: Option<String>,
}

impl Seen {
    fn of(message: &Message) -> Self {
        Self {
            channel: message.channel.clone(),
            ts: message.ts.clone(),
            thread: message.thread.clone(),
            text: plain(&message.text, &message.blocks),
            buttons: buttons(&message.blocks).into_iter().map(|(label, ..)| label).collect(),
            edits: message.before.len(),
            only_for: message.only_for.clone(),
        }
    }

    /// Whether a button with this label is on it.
    pub(crate) fn has(&self, label: &str) -> bool {
        self.buttons.iter().any(|button| button == label)
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Every object under `value` that is of one of these types, in the order in which it is read.
fn collect<'v>(value: &'v Value, kinds: &[&str], found: &mut Vec<&'v Value>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| collect(one, kinds, found)),
        Value::Object(map) => {
            if value["type"].as_str().is_some_and(|kind| kinds.contains(&kind)) {
                found.push(value);
            }
            map.values().for_each(|inner| collect(inner, kinds, found));
        }
        _ => {}
    }
}

/// Buttons: label, element, block id.
pub(super) fn buttons(blocks: &Value) -> Vec<(String, Value, String)> {
    let mut all = Vec::new();
    for block in list(blocks) {
        let id = block["block_id"].as_str().unwrap_or("b-sim").to_owned();
        let candidates = list(&block["elements"]).iter().chain(std::iter::once(&block["accessory"]));
        for element in candidates.filter(|element| element["type"] == "button") {
            all.push((element["text"]["text"].as_str().unwrap_or_default().to_owned(), element.clone(), id.clone()));
        }
    }
    all
}

/// The text as it is seen: of the blocks where there are some, else of `text`.
pub(crate) fn plain(text: &str, blocks: &Value) -> String {
    if list(blocks).is_empty() {
        return rendered(text);
    }
    list(blocks).iter().map(block_text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

fn block_text(block: &Value) -> String {
    if block["type"] == "rich_text" {
        return list(&block["elements"]).iter().map(rich_text).collect::<Vec<_>>().join("\n");
    }
    let mut parts = vec![object_text(&block["text"])];
    parts.extend(list(&block["fields"]).iter().map(object_text));
    if block["type"] == "context" {
        parts.extend(list(&block["elements"]).iter().map(object_text));
    }
    if block["type"] == "input" {
        parts.push(object_text(&block["label"]));
    }
    for row in list(&block["rows"]) {
        let cell = |cell: &Value| cell["text"].as_str().map_or_else(|| rich_text(cell), str::to_owned);
        parts.push(list(row).iter().map(cell).collect::<Vec<_>>().join(" | "));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn object_text(object: &Value) -> String {
    let text = object["text"].as_str().unwrap_or_default();
    if object["type"] == "mrkdwn" { rendered(text) } else { text.to_owned() }
}

fn rich_text(element: &Value) -> String {
    if let Some(text) = element["text"].as_str() {
        return text.to_owned();
    }
    match element["type"].as_str().unwrap_or_default() {
        "user" => format!("@{}", element["user_id"].as_str().unwrap_or_default()),
        "link" => element["url"].as_str().unwrap_or_default().to_owned(),
        "date" => element["fallback"].as_str().unwrap_or("date").to_owned(),
        "emoji" => format!(":{}:", element["name"].as_str().unwrap_or_default()),
        "rich_text_list" => list(&element["elements"]).iter().map(rich_text).collect::<Vec<_>>().join("\n"),
        _ => list(&element["elements"]).iter().map(rich_text).collect(),
    }
}

/// mrkdwn as a person sees it: links by their label, entities undone, marks of emphasis gone.
fn rendered(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out += &rest[..at];
        let Some(end) = rest[at..].find('>') else { break };
        let inner = &rest[at + 1..at + end];
        out += inner.split_once('|').map_or(inner, |(_, label)| label);
        rest = &rest[at + end + 1..];
    }
    out += rest;
    let shown = ['*', '_', '~', '`'].into_iter().fold(out, |text, mark| without_pairs(&text, mark));
    shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Takes pairs of a mark away that Slack would read as emphasis.
fn without_pairs(text: &str, mark: char) -> String {
    let chars: Vec<char> = text.chars().collect();
    let word = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric());
    let space = |at: usize| chars.get(at).is_none_or(|c| c.is_whitespace());
    let mut gone = vec![false; chars.len()];
    let mut at = 0;
    while at < chars.len() {
        if chars[at] == mark && !word(at.checked_sub(1)) && !space(at + 1) && chars.get(at + 1) != Some(&mark) {
            let end = (at + 2..chars.len())
                .take_while(|end| chars[*end] != '\n')
                .find(|end| chars[*end] == mark && !space(end - 1) && !word(Some(end + 1)));
            if let Some(end) = end {
                (gone[at], gone[end]) = (true, true);
                at = end;
            }
        }
        at += 1;
    }
    chars.iter().zip(gone).filter(|(_, gone)| !gone).map(|(c, _)| *c).collect()
}

/// Whom a post pings, and the links that say something else than where they lead.
pub(crate) fn pings(text: &str, blocks: &Value) -> Vec<String> {
    let mut marked = Vec::new();
    collect(blocks, &["mrkdwn"], &mut marked);
    let mut texts: Vec<&str> = marked.iter().filter_map(|object| object["text"].as_str()).collect();
    texts.push(text);
    let mut found = Vec::new();
    for text in texts {
        for inner in text.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(inner, _)| inner) {
            let group = ["!channel", "!here", "!everyone", "!subteam"].iter().any(|ping| inner.starts_with(ping));
            let lie = inner.split_once('|').is_some_and(|(url, label)| label.contains("://") && !url.contains(label));
            if group || lie || inner.starts_with('@') {
                found.push(inner.to_owned());
            }
        }
    }
    let mut rich = Vec::new();
    collect(blocks, &["user", "usergroup", "broadcast"], &mut rich);
    found.extend(rich.iter().map(ToString::to_string));
    found
}

impl State {
    /// Messages that somebody sees, oldest first.
    fn visible(&self, user: &str) -> Vec<&Message> {
        let there = |m: &&Message| {
            let member = self.channels.get(&m.channel).is_some_and(|channel| channel.members.iter().any(|u| u == user));
            !m.deleted && member && m.only_for.as_ref().is_none_or(|only| only == user)
        };
        self.messages.iter().filter(there).collect()
    }

    /// The newest message with this button that somebody sees.
    pub(super) fn with_button(&self, user: &str, label: &str) -> Option<Message> {
        let found = self.visible(user).into_iter().rev().find(|m| buttons(&m.blocks).iter().any(|(l, ..)| l == label));
        found.cloned()
    }

    /// What the bot posted into a thread for everybody, oldest first.
    pub(crate) fn thread(&self, channel: &str, root: &str) -> Vec<Seen> {
        let here = |m: &&Message| {
            m.channel == channel && m.thread.as_deref() == Some(root) && m.bot_id.is_some() && m.only_for.is_none()
        };
        self.messages.iter().filter(|m| !m.deleted).filter(here).map(Seen::of).collect()
    }

    /// What only this person was shown, oldest first.
    pub(crate) fn whispers(&self, name: &str) -> Vec<Seen> {
        let user = user_id(name);
        self.messages.iter().filter(|m| m.only_for.as_deref() == Some(user.as_str())).map(Seen::of).collect()
    }

    /// What the bot wrote to somebody directly.
    pub(crate) fn direct_to(&self, name: &str) -> Vec<Seen> {
        let user = user_id(name);
        let from_bot = self.visible(&user).into_iter().filter(|m| m.bot_id.is_some() && m.only_for.is_none());
        from_bot.filter(|m| self.channels[&m.channel].im).map(Seen::of).collect()
    }

    /// What the bot posted anywhere for everybody.
    pub(crate) fn posts(&self) -> Vec<Seen> {
        let posted =
            self.messages.iter().filter(|m| m.bot_id.as_deref() == Some(super::BOT_ID) && m.only_for.is_none());
        posted.map(Seen::of).collect()
    }
}

impl Sim {
    /// The only card in the thread of a paste, once it satisfies `like`.
    pub(crate) async fn card(&self, root: &str, what: &str, like: impl Fn(&Seen) -> bool) -> Seen {
        self.card_in(PROVISIONING, root, what, like).await
    }

    /// As [`Sim::card`], in a channel.
    pub(crate) async fn card_in(&self, channel: &str, root: &str, what: &str, like: impl Fn(&Seen) -> bool) -> Seen {
        let card = self.until(what, |state| state.thread(channel, root).into_iter().find(|seen| like(seen))).await;
        assert_eq!(card.thread.as_deref(), Some(root));
        card
    }

    /// Waits until this person alone is told something that contains `part`.
    pub(crate) async fn told(&self, name: &str, part: &str) -> Seen {
        let find = |state: &State| state.whispers(name).into_iter().rev().find(|seen| seen.text.contains(part));
        self.until(&format!("{name} is told \"{part}\""), find).await
    }

    /// Everything that happened, for the message of a failed test.
    pub(crate) fn story(&self) -> String {
        let state = self.state();
        let mut out = String::new();
        for message in state.messages.iter().rev().take(12).rev() {
            let seen = Seen::of(message);
            writeln!(
                out,
                "--- {} {} thread {:?} by {:?}/{:?} only for {:?}, {} edits, buttons {:?}\n{:.1500}",
                seen.channel,
                seen.ts,
                seen.thread,
                message.user,
                message.bot_id,
                seen.only_for,
                seen.edits,
                seen.buttons,
                seen.text
            )
            .unwrap();
        }
        for call in state.calls.iter().rev().take(25).rev() {
            writeln!(out, "call {} {}", call.method, call.error.as_deref().unwrap_or("ok")).unwrap();
        }
        for outcome in state.outcomes.iter().rev().take(10).rev() {
            writeln!(out, "delivery {outcome:?}").unwrap();
        }
        writeln!(out, "sockets open: {}, blunders: {:?}", state.links.len(), state.blunders).unwrap();
        out
    }
}
