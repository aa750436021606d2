//! Pages of a list with the vendor's Link headers, and filters over it.
//!
//! Never sends a `next` link behind the last page. Begin with [`answer`].
use serde_json::Value;

use super::error;
use crate::sandbox::wire::expr::{Dialect, Op, parse};
use crate::sandbox::wire::{Call, Reply, encode};

/// Default and greatest size of a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) usual: usize,
    pub(super) most: usize,
}

/// One page of the records; the cursor names the last record of the page before it.
pub(super) fn answer(call: &Call, records: Vec<Value>, size: Size) -> Reply {
    let limit = match call.param("limit").map(str::parse::<usize>) {
        None => size.usual,
        Some(Ok(wanted)) if wanted >= 1 => wanted.min(size.most),
        Some(_) => return error(call, 400, "E0000001", "Api validation failed: limit"),
    };
    let after = call.param("after");
    let start = match after {
        None => 0,
        Some(cursor) => match records.iter().position(|r| key(r) == cursor) {
            Some(at) => at + 1,
            None => return error(call, 400, "E0000001", "Api validation failed: after"),
        },
    };
    let more = records.len() > start.saturating_add(limit);
    let page: Vec<Value> = records.into_iter().skip(start).take(limit).collect();
    let mut links = vec![("link", link(call, after, "self"))];
    if let Some(last) = page.last().filter(|_| more) {
        links.push(("link", link(call, Some(key(last)), "next")));
    }
    let mut reply = Reply::ok(Value::Array(page));
    reply.headers = links;
    reply
}

/// What identifies a record in a cursor.
pub(super) fn key(record: &Value) -> &str {
    record.get("id").or_else(|| record.get("uuid")).and_then(Value::as_str).unwrap_or_default()
}

/// The present call's address with another cursor.
pub(super) fn link(call: &Call, after: Option<&str>, rel: &str) -> String {
    let mut query: Vec<(String, String)> =
        call.query.iter().filter(|(k, _)| *k != "after").map(|(k, v)| (k.clone(), v.clone())).collect();
    if let Some(after) = after {
        query.push(("after".to_owned(), after.to_owned()));
    }
    let text: Vec<String> = query.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
    let mark = if text.is_empty() { "" } else { "?" };
    format!("<{}{}{mark}{}>; rel=\"{rel}\"", call.base(), call.path, text.join("&"))
}

/// Keeps the records that the filter wants. `allowed` judges each property and operator; `exact` = values are
/// compared with upper and lower case apart.
pub(super) fn filtered(
    call: &Call,
    records: Vec<Value>,
    filter: &str,
    allowed: fn(&str, Op) -> bool,
    exact: bool,
) -> Result<Vec<Value>, Reply> {
    let wrong = || error(call, 400, "E0000031", "Invalid search criteria.");
    let expr = parse(filter, Dialect::Okta).ok_or_else(wrong)?;
    if !expr.tests().iter().all(|(path, op)| allowed(path, *op)) {
        return Err(wrong());
    }
    let exactly: fn(&str) -> bool = if exact { |_| true } else { |_| false };
    Ok(records.into_iter().filter(|r| expr.holds(r, exactly)).collect())
}
