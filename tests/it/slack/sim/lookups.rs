//! Methods that read: who, where, what was said; and the ticket for a socket.
#![expect(clippy::unnecessary_wraps, reason = "the table of methods holds functions of one shape")]

use super::Shared;
use super::api::Answer;
use super::args::Args;
use super::state::{APP, BOT_ID, ENTERPRISE, Message, Person, Standing, State, TEAM};
use serde_json::{Value, json};

/// `auth.test`
pub(super) fn auth_test(state: &mut State, _: &Args, _: &Shared) -> Answer {
    let me = state.me();
    let enterprise = me.enterprise.or_else(|| (state.knobs.org_install && me.team == TEAM).then_some(ENTERPRISE));
    let mut answer = json!({
        "url": "https://northbridge.slack.com/", "team": "Northbridge", "user": "reanchor", "team_id": me.team,
        "user_id": me.bot, "bot_id": me.bot_id, "is_enterprise_install": enterprise.is_some(),
    });
    if let Some(enterprise) = enterprise {
        answer["enterprise_id"] = json!(enterprise);
        answer["team_id"] = json!(enterprise);
    }
    Ok(answer)
}

/// `apps.connections.open`
pub(super) fn connections_open(state: &mut State, _: &Args, shared: &Shared) -> Answer {
    let ticket = state.fresh("ticket-");
    state.tickets.push(ticket.clone());
    Ok(json!({ "url": format!("{}/link/?ticket={ticket}&app_id={APP}", shared.links) }))
}

fn channel_json(state: &State, id: &str) -> Option<Value> {
    let channel = state.seen_channel(id)?;
    let bot = state.me().bot;
    let member = channel.members.iter().any(|who| who == bot);
    let mut json = json!({
        "id": channel.id, "created": 1_700_000_000, "is_archived": channel.archived, "is_im": channel.im,
        "is_channel": !channel.im, "is_group": false, "is_mpim": false, "is_private": channel.im,
        "is_org_shared": false, "is_shared": channel.shared, "is_ext_shared": channel.shared,
        "context_team_id": channel.team,
    });
    if channel.im {
        json["user"] = json!(channel.members.iter().find(|who| *who != bot));
    } else {
        json["name"] = json!(channel.name);
        json["is_member"] = json!(member);
    }
    Some(json)
}

/// `conversations.info`
pub(super) fn channel_info(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let id = args.text("channel").ok_or("channel_not_found")?;
    Ok(json!({ "channel": channel_json(state, &id).ok_or("channel_not_found")? }))
}

/// `conversations.list`
pub(super) fn channel_list(state: &mut State, _: &Args, _: &Shared) -> Answer {
    let all: Vec<Value> = state.channels.keys().filter_map(|id| channel_json(state, id)).collect();
    Ok(json!({ "channels": all, "response_metadata": { "next_cursor": "" } }))
}

/// `conversations.members`
pub(super) fn channel_members(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let id = args.text("channel").ok_or("channel_not_found")?;
    let channel = state.seen_channel(&id).ok_or("channel_not_found")?;
    Ok(json!({ "members": channel.members, "response_metadata": { "next_cursor": "" } }))
}

/// `conversations.open`
pub(super) fn open_direct(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let user = args.text("users").ok_or("users_list_not_supplied")?;
    let person = state.seen_person(&user).ok_or("user_not_found")?;
    if person.standing == Standing::Bot {
        return Err("cannot_dm_bot".into());
    }
    if person.deleted {
        return Err("user_disabled".into());
    }
    let id = state.direct(&user);
    Ok(json!({ "channel": { "id": id } }))
}

/// Whether the bot reads there at all.
fn readable(state: &State, args: &Args) -> Result<String, &'static str> {
    let id = args.text("channel").ok_or("channel_not_found")?;
    let channel = state.seen_channel(&id).ok_or("channel_not_found")?;
    if channel.members.iter().any(|who| who == state.me().bot) { Ok(id) } else { Err("not_in_channel") }
}

fn told(state: &State, args: &Args, of: impl Fn(&Message) -> bool) -> Vec<Value> {
    let all = args.is_true("include_all_metadata");
    let shown = state.messages.iter().filter(|m| !m.deleted && m.only_for.is_none() && of(m));
    let json = |message: &Message| {
        let mut body = message.body(state);
        if all && !message.metadata.is_null() {
            body["metadata"] = message.metadata.clone();
        }
        body
    };
    shown.map(json).collect()
}

/// `conversations.history`
pub(super) fn history(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let channel = readable(state, args)?;
    let oldest = args.text("oldest").unwrap_or_default();
    let latest = args.text("latest").unwrap_or_else(|| "9".to_owned());
    let inclusive = args.is_true("inclusive");
    let within =
        |ts: &str| (ts > oldest.as_str() && ts < latest.as_str()) || (inclusive && (ts == oldest || ts == latest));
    let mut messages = told(state, args, |m| {
        m.channel == channel && m.thread.as_ref().is_none_or(|root| *root == m.ts) && within(&m.ts)
    });
    messages.reverse();
    messages.truncate(args.text("limit").and_then(|n| n.parse().ok()).unwrap_or(100));
    Ok(json!({ "messages": messages, "has_more": false }))
}

/// `conversations.replies`
pub(super) fn replies(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let channel = readable(state, args)?;
    let ts = args.text("ts").ok_or("thread_not_found")?;
    let messages =
        told(state, args, |m| m.channel == channel && (m.ts == ts || m.thread.as_deref() == Some(ts.as_str())));
    if messages.is_empty() {
        Err("thread_not_found".into())
    } else {
        Ok(json!({ "messages": messages, "has_more": false }))
    }
}

fn user_json(state: &State, person: &Person) -> Value {
    let with_email = state.knobs.scopes.iter().any(|scope| scope == "users:read.email");
    let mut profile = json!({ "real_name": person.name, "display_name": person.name });
    if with_email && person.standing == Standing::Member {
        profile["email"] = json!(format!("{}@northbridge.example", person.name));
    }
    let mut json = json!({
        "id": person.id, "team_id": person.team, "name": person.name, "deleted": person.deleted,
        "real_name": person.name, "profile": profile, "is_bot": person.standing == Standing::Bot,
        "is_app_user": false, "updated": 1_700_000_000,
    });
    if person.standing == Standing::Stranger {
        json["is_stranger"] = json!(true);
    } else {
        json["is_restricted"] = json!(matches!(person.standing, Standing::Guest | Standing::SingleChannelGuest));
        json["is_ultra_restricted"] = json!(person.standing == Standing::SingleChannelGuest);
        json["is_admin"] = json!(false);
        json["is_owner"] = json!(false);
        let own = state.install_of(&person.team).enterprise;
        if let Some(enterprise) = own.or_else(|| state.knobs.org_install.then_some(ENTERPRISE)) {
            json["enterprise_user"] = json!({ "enterprise_id": enterprise, "id": person.id, "teams": [person.team] });
        }
    }
    json
}

/// `users.info`
pub(super) fn user_info(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let id = args.text("user").ok_or("user_not_found")?;
    let person = state.seen_person(&id).ok_or("user_not_found")?;
    Ok(json!({ "user": user_json(state, person) }))
}

/// `users.lookupByEmail`
pub(super) fn user_by_email(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let email = args.text("email").ok_or("users_not_found")?;
    let name = email.split('@').next().unwrap_or_default();
    let found = state.people.values().find(|who| who.name == name && who.standing == Standing::Member);
    Ok(json!({ "user": user_json(state, found.ok_or("users_not_found")?) }))
}

/// `bots.info`
pub(super) fn bot_info(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let id = args.text("bot").unwrap_or_else(|| BOT_ID.to_owned());
    let found = state.people.values().find(|who| who.bot_id.as_ref() == Some(&id)).ok_or("bot_not_found")?;
    let app = if id == BOT_ID { APP } else { "A0OTHERAPP1" };
    Ok(json!({ "bot": { "id": id, "app_id": app, "user_id": found.id, "name": found.name, "deleted": false } }))
}

/// `team.info`
pub(super) fn team_info(_: &mut State, _: &Args, _: &Shared) -> Answer {
    Ok(json!({ "team": { "id": TEAM, "name": "Northbridge", "domain": "northbridge" } }))
}
