//! `views.*`: a trigger is good for one use within three seconds.

use super::Shared;
use super::api::{Answer, Refusal};
use super::args::Args;
use super::blocks::check_view;
use super::state::{APP, BOT_ID, Modal, State, TEAM};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

fn view(args: &Args) -> Result<Value, Refusal> {
    let view = args.json("view")?.ok_or("invalid_arguments")?;
    check_view(&view).map_err(|messages| Refusal {
        code: "invalid_arguments".to_owned(),
        messages,
        extra: Value::Null,
    })?;
    Ok(view)
}

/// `views.open`
pub(super) fn open(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let view = view(args)?;
    let id = args.text("trigger_id").ok_or("invalid_trigger_id")?;
    let whose = state.triggers.get(&id).map(|trigger| trigger.user.clone()).unwrap_or_default();
    if state.seen_person(&whose).is_none() {
        return Err("invalid_trigger_id".into());
    }
    let trigger = state.triggers.get_mut(&id).ok_or("invalid_trigger_id")?;
    if trigger.used {
        return Err("exchanged_trigger_id".into());
    }
    if trigger.made.elapsed() > Duration::from_secs(3) {
        return Err("expired_trigger_id".into());
    }
    trigger.used = true;
    let user = trigger.user.clone();
    let modal = Modal {
        id: state.fresh("V"),
        user,
        view,
        hash: state.fresh("hash-"),
        open: true,
        filled: BTreeMap::new(),
        errors: Value::Null,
        updates: 0,
    };
    let body = modal.body();
    state.modals.push(modal);
    Ok(json!({ "view": body }))
}

/// `views.update`
pub(super) fn update(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let view = view(args)?;
    let (id, external) = (args.text("view_id"), args.text("external_id"));
    let hash = state.fresh("hash-");
    let found = state.modals.iter_mut().find(|modal| {
        id.as_ref() == Some(&modal.id)
            || external.is_some() && modal.view["external_id"].as_str() == external.as_deref()
    });
    let modal = found.filter(|modal| modal.open).ok_or("not_found")?;
    if args.text("hash").is_some_and(|hash| hash != modal.hash) {
        return Err("hash_conflict".into());
    }
    modal.view = view;
    modal.hash = hash;
    modal.updates += 1;
    Ok(json!({ "view": modal.body() }))
}

/// `views.publish`
pub(super) fn publish(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let view = view(args)?;
    let user = args.text("user_id").ok_or("user_not_found")?;
    if state.seen_person(&user).is_none() {
        return Err("user_not_found".into());
    }
    if view["type"] != "home" {
        return Err("invalid_arguments".into());
    }
    let stands = state.homes.get(&user);
    if let (Some(hash), Some((_, now, _))) = (args.text("hash"), stands)
        && hash != *now
    {
        return Err("hash_conflict".into());
    }
    let times = stands.map_or(0, |(.., times)| *times) + 1;
    let hash = state.fresh("hash-");
    state.homes.insert(user, (view.clone(), hash.clone(), times));
    let mut view = view;
    view["hash"] = json!(hash);
    Ok(json!({ "view": view }))
}

impl Modal {
    /// The view as payloads carry it.
    pub(super) fn body(&self) -> Value {
        let mut body = self.view.clone();
        let state: BTreeMap<&String, &serde_json::Map<String, Value>> = self.filled.iter().collect();
        body["id"] = json!(self.id);
        body["team_id"] = json!(TEAM);
        body["hash"] = json!(self.hash);
        body["app_id"] = json!(APP);
        body["bot_id"] = json!(BOT_ID);
        body["root_view_id"] = json!(self.id);
        body["previous_view_id"] = Value::Null;
        body["state"] = json!({ "values": state });
        body
    }
}
