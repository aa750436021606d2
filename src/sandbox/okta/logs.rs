//! The System Log.
//!
//! Never promises an end to somebody who polls. Begin with [`list`].
use serde_json::Value;

use super::error;
use super::page::{filtered, key, link};
use crate::sandbox::clock::{Ms, parse_time};
use crate::sandbox::model::World;
use crate::sandbox::wire::expr::Op;
use crate::sandbox::wire::{Call, Reply};

/// How far back a call without `since` looks.
const WINDOW: Ms = 7 * 86_400_000;
const MOST: usize = 1_000;

pub(super) fn list(world: &mut World, call: &Call) -> Reply {
    let wrong = |what: &str| error(call, 400, "E0000001", &format!("Api validation failed: {what}"));
    let limit = match call.param("limit").map(str::parse::<usize>) {
        None => 100,
        Some(Ok(wanted)) if wanted <= MOST => wanted,
        Some(_) => return wrong("limit"),
    };
    if call.param("since").is_some() && call.param("after").is_some_and(|a| !a.is_empty()) {
        return wrong("since and after exclude each other");
    }
    let bound = |name: &str| match call.param(name) {
        None => Ok(None),
        Some(text) => parse_time(text).map(Some).ok_or_else(|| wrong(name)),
    };
    let (since, until) = match (bound("since"), bound("until")) {
        (Ok(since), Ok(until)) => (since.unwrap_or(world.now - WINDOW), until.unwrap_or(Ms::MAX)),
        (Err(reply), _) | (_, Err(reply)) => return reply,
    };
    let after = call.param("after").filter(|a| !a.is_empty());
    let start = after.and_then(|cursor| world.events.iter().position(|e| key(e) == cursor));
    if after.is_some() && start.is_none() {
        return wrong("after");
    }
    let within = |e: &Value| {
        let at = e["published"].as_str().and_then(parse_time).unwrap_or(0);
        (after.is_some() || at >= since) && at < until
    };
    let mut events: Vec<Value> =
        world.events.iter().skip(start.map_or(0, |s| s + 1)).filter(|e| within(e)).cloned().collect();
    events.sort_by_key(|e| e["published"].as_str().and_then(parse_time));
    if let Some(filter) = call.param("filter") {
        let allowed = |path: &str, op| path != "published" && op != Op::Present;
        match filtered(call, events, filter, allowed, true) {
            Ok(kept) => events = kept,
            Err(reply) => return reply,
        }
    }
    if let Some(words) = call.param("q") {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        events.retain(|e| words.iter().all(|w| e.to_string().to_lowercase().contains(w)));
    }
    if call.param("sortOrder") == Some("DESCENDING") {
        events.reverse();
    }
    page(call, events, limit)
}

fn page(call: &Call, events: Vec<Value>, limit: usize) -> Reply {
    let more = events.len() > limit;
    let polling = call.param("until").is_none() && call.param("sortOrder") != Some("DESCENDING");
    let kept: Vec<Value> = events.into_iter().take(limit).collect();
    let mut follow = call.clone();
    follow.query.remove("since");
    let cursor = kept.last().map(key).or(call.param("after")).filter(|c| !c.is_empty());
    let mut links = vec![("link", link(call, call.param("after"), "self"))];
    if more || polling {
        links.push(("link", if cursor.is_some() { link(&follow, cursor, "next") } else { link(call, None, "next") }));
    }
    let mut reply = Reply::ok(Value::Array(kept));
    reply.headers = links;
    reply
}
