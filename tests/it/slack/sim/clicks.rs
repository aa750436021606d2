//! Buttons, forms, commands and shortcuts, as people use them.

use super::Sim;
use super::deliver::{Kind, Outcome, deliver};
use super::see::buttons;
use super::state::{
    APP, BOT, BOT_ID, ENTERPRISE, Hook, Install, Message, Modal, PROVISIONING, Person, State, TEAM, instant, user_id,
};
use serde_json::{Map, Value, json};

/// A click.
pub(crate) struct Clicked {
    /// The text of the confirm dialog that was honoured first.
    pub(crate) confirm: Option<String>,
    pub(crate) outcome: Outcome,
}

impl State {
    fn hook(&mut self, base: &str, person: &str, (channel, thread, of): (&str, Option<&str>, Option<&str>)) -> String {
        let path = format!("/hooks/{}", self.fresh("H"));
        let hook = Hook {
            user: person.to_owned(),
            channel: channel.to_owned(),
            thread: thread.map(str::to_owned),
            of: of.map(str::to_owned),
            made: instant(),
            uses: 0,
        };
        self.hooks.insert(path.clone(), hook);
        format!("{base}{path}")
    }

    /// What every interaction begins with.
    fn head(&mut self, kind: &str, person: &Person) -> Value {
        let install = self.install_of(&person.team).clone();
        let org = self.org_of(&install);
        json!({
            "type": kind, "token": "verification-token-of-old", "api_app_id": APP, "action_ts": self.ts(),
            "user": { "id": person.id, "username": person.name, "name": person.name, "team_id": person.team },
            "team": if org.is_some() { Value::Null } else { json!({ "id": install.team, "domain": "northbridge" }) },
            "enterprise": org.map(|id| json!({ "id": id, "name": "Northbridge" })),
            "is_enterprise_install": org.is_some(), "trigger_id": self.trigger(&person.id),
        })
    }

    /// The organization for which the app is installed there.
    fn org_of(&self, install: &Install) -> Option<&'static str> {
        install.enterprise.or_else(|| (self.knobs.org_install && install.team == TEAM).then_some(ENTERPRISE))
    }
}

impl Sim {
    /// The payload of a click by somebody on a button of a message as that person sees it.
    pub(crate) fn click_payload(&self, who: &str, message: &Message, label: &str) -> Value {
        let mut state = self.state();
        let person = state.person(who);
        let found = buttons(&message.blocks).into_iter().find(|(name, ..)| name == label);
        let (_, element, block_id) = found.unwrap_or_else(|| panic!("no button \"{label}\" on that message"));
        let place = (message.channel.as_str(), message.thread.as_deref(), Some(message.ts.as_str()));
        let response_url = state.hook(&self.shared.base, &person.id, place);
        let mut payload = state.head("block_actions", &person);
        let mut container = json!({
            "type": "message", "message_ts": message.ts, "channel_id": message.channel,
            "is_ephemeral": message.only_for.is_some(),
        });
        if let Some(thread) = &message.thread {
            container["thread_ts"] = json!(thread);
        }
        payload["container"] = container;
        payload["channel"] = json!({ "id": message.channel, "name": state.channels[&message.channel].name });
        payload["message"] = message.body(&state);
        payload["state"] = json!({ "values": {} });
        payload["response_url"] = json!(response_url);
        payload["actions"] = json!([{
            "type": "button", "action_id": element["action_id"], "block_id": block_id, "text": element["text"],
            "value": element["value"], "style": element["style"], "action_ts": payload["action_ts"],
        }]);
        payload
    }

    /// A click on a button of this message, as it was when it was copied: an old copy makes a stale click.
    pub(crate) async fn click_on(&self, who: &str, message: &Message, label: &str) -> Clicked {
        let payload = self.click_payload(who, message, label);
        let confirm = buttons(&message.blocks)
            .into_iter()
            .find(|(name, ..)| name == label)
            .and_then(|(_, element, _)| element["confirm"]["text"]["text"].as_str().map(str::to_owned));
        Clicked { confirm, outcome: self.interaction(&payload).await }
    }

    /// The newest message with this button that somebody sees; waits for it.
    pub(crate) async fn button(&self, who: &str, label: &str) -> Message {
        let user = user_id(who);
        self.until(&format!("{who} sees a button \"{label}\""), |state| state.with_button(&user, label)).await
    }

    /// Somebody clicks the button with this label, on the newest message where it is seen, and confirms where asked.
    pub(crate) async fn click(&self, who: &str, label: &str) -> Clicked {
        let message = self.button(who, label).await;
        self.click_on(who, &message, label).await
    }

    /// Somebody types a command into the channel; what the acknowledgement carried is shown to that person.
    pub(crate) async fn slash(&self, who: &str, typed: &str) -> Outcome {
        self.slash_in(PROVISIONING, who, typed).await
    }

    /// As [`Sim::slash`], in a channel.
    pub(crate) async fn slash_in(&self, channel: &str, who: &str, typed: &str) -> Outcome {
        let payload = self.command_payload(channel, who, typed);
        let outcome = deliver(&self.shared, Kind::Command, &payload).await;
        let text = outcome.body.as_str().or_else(|| outcome.body["text"].as_str()).unwrap_or_default().to_owned();
        if outcome.accepted && (!text.is_empty() || outcome.body["blocks"].is_array()) {
            let in_channel = outcome.body["response_type"] == "in_channel";
            let mut state = self.state();
            let ts = state.ts();
            state.messages.push(Message {
                channel: channel.to_owned(),
                ts,
                bot_id: Some(BOT_ID.to_owned()),
                user: Some(BOT.to_owned()),
                text,
                blocks: outcome.body["blocks"].clone(),
                only_for: (!in_channel).then(|| user_id(who)),
                ..Message::default()
            });
        }
        outcome
    }

    /// The fields of a command.
    pub(crate) fn command_payload(&self, channel: &str, who: &str, typed: &str) -> Value {
        let mut state = self.state();
        let person = state.person(who);
        let (command, text) = typed.split_once(' ').unwrap_or((typed, ""));
        let response_url = state.hook(&self.shared.base, &person.id, (channel, None, None));
        let name = state.channels[channel].name.clone();
        let install = state.install_of(&person.team).clone();
        let org = state.org_of(&install);
        let mut payload = json!({
            "token": "verification-token-of-old", "team_id": install.team, "team_domain": "northbridge",
            "channel_id": channel, "channel_name": name, "user_id": person.id, "user_name": person.name,
            "command": command, "text": text, "api_app_id": APP, "is_enterprise_install": org.is_some().to_string(),
            "response_url": response_url, "trigger_id": state.trigger(&person.id),
        });
        if person.team != install.team {
            payload["team_id"] = json!(person.team);
        }
        if let Some(enterprise) = org {
            payload["enterprise_id"] = json!(enterprise);
            payload["enterprise_name"] = json!("Northbridge");
        }
        payload
    }

    /// Somebody chooses "Diagnose provisioning error" in the menu of a message.
    pub(crate) async fn shortcut(&self, who: &str, ts: &str) -> Outcome {
        let payload = {
            let mut state = self.state();
            let person = state.person(who);
            let message = state.messages.iter().find(|m| m.ts == ts).unwrap().clone();
            let place = (message.channel.as_str(), message.thread.as_deref(), None);
            let response_url = state.hook(&self.shared.base, &person.id, place);
            let mut payload = state.head("message_action", &person);
            payload["callback_id"] = json!("diagnose_message");
            payload["message_ts"] = json!(ts);
            payload["channel"] = json!({ "id": message.channel, "name": state.channels[&message.channel].name });
            payload["message"] = message.body(&state);
            payload["response_url"] = json!(response_url);
            payload
        };
        self.interaction(&payload).await
    }

    /// The form that is open before somebody; waits for it.
    pub(crate) async fn form(&self, who: &str) -> Modal {
        let user = user_id(who);
        self.until(&format!("a form before {who}"), |state| {
            state.modals.iter().rev().find(|modal| modal.open && modal.user == user).cloned()
        })
        .await
    }

    /// Somebody writes into the first field of the form, and submits it.
    pub(crate) async fn submit(&self, who: &str, text: &str) -> Outcome {
        let modal = self.form(who).await;
        let inputs = modal.view["blocks"].as_array().unwrap().iter().filter(|block| block["type"] == "input");
        let input = inputs.into_iter().next().unwrap_or_else(|| panic!("the form asks for nothing: {}", modal.view));
        let action = input["element"]["action_id"].as_str().unwrap_or("action").to_owned();
        let value = json!({ "type": "plain_text_input", "value": text });
        let filled = Map::from_iter([(action, value)]);
        let block = input["block_id"].as_str().unwrap_or("block").to_owned();
        let payload = {
            let mut state = self.state();
            let held = state.modals.iter_mut().find(|held| held.id == modal.id).unwrap();
            held.filled.insert(block, filled);
            let body = held.body();
            let person = state.person(who);
            let mut payload = state.head("view_submission", &person);
            payload["view"] = body;
            payload["response_urls"] = json!([]);
            payload
        };
        let outcome = self.interaction(&payload).await;
        let mut state = self.state();
        let held = state.modals.iter_mut().find(|held| held.id == modal.id).unwrap();
        match outcome.body["response_action"].as_str() {
            Some("errors") => held.errors = outcome.body["errors"].clone(),
            Some("update" | "push") => held.view = outcome.body["view"].clone(),
            _ => held.open = !outcome.accepted,
        }
        drop(state);
        outcome
    }
}
