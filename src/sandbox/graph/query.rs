//! OData questions: `$filter`, `$select`, `$top` with next links.
//!
//! Never answers a filter that it does not understand with an empty list. Begin with [`answer`].
use serde_json::{Map, Value, json};

use super::error;
use crate::sandbox::model::World;
use crate::sandbox::wire::expr::{Dialect, Op, parse};
use crate::sandbox::wire::{Call, Reply, encode};

/// What a collection offers.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// Last part of `@odata.context`.
    pub(super) context: &'static str,
    /// OData type named in messages.
    pub(super) kind: &'static str,
    /// Which property may be filtered with which operator.
    pub(super) filter: fn(&str, Op) -> bool,
    /// Properties that come back without `$select`; empty = all.
    pub(super) usual: &'static [&'static str],
    pub(super) page: usize,
}

/// A page of the records that the query wants.
pub(super) fn answer(world: &World, call: &Call, records: Vec<Value>, shape: Shape) -> Reply {
    let mut found = match call.param("$filter") {
        None => records,
        Some(filter) => match filtered(world, call, records, (filter, shape)) {
            Ok(found) => found,
            Err(reply) => return reply,
        },
    };
    let top = match call.param("$top").map(str::parse::<usize>) {
        None => shape.page,
        Some(Ok(wanted)) if (1..=999).contains(&wanted) => wanted,
        Some(_) => {
            return error(
                world,
                call,
                (400, "Request_BadRequest"),
                "Invalid page size specified. Must be between 1 and 999.",
            );
        }
    };
    let skipped = call.param("$skiptoken").and_then(|t| t.parse::<usize>().ok()).unwrap_or(0);
    let total = found.len();
    found = found.into_iter().skip(skipped).take(top).collect();
    let next = skipped.saturating_add(found.len());
    let mut out = Map::new();
    out.insert("@odata.context".to_owned(), context(call, shape));
    if next < total {
        let mut link = Vec::new();
        for (name, value) in call.query.iter().filter(|(k, _)| *k != "$skiptoken") {
            link.push(format!("{name}={}", encode(value)));
        }
        link.push(format!("$skiptoken={next}"));
        out.insert("@odata.nextLink".to_owned(), json!(format!("{}{}?{}", call.base(), call.path, link.join("&"))));
    }
    if call.param("$count") == Some("true") {
        out.insert("@odata.count".to_owned(), json!(total));
    }
    let mut chosen = Vec::new();
    for record in found {
        match select(world, call, record, shape) {
            Ok(record) => chosen.push(record),
            Err(reply) => return reply,
        }
    }
    out.insert("value".to_owned(), Value::Array(chosen));
    Reply::ok(Value::Object(out))
}

/// One record, as the query wants it.
pub(super) fn single(world: &World, call: &Call, record: Value, shape: Shape) -> Reply {
    match select(world, call, record, shape) {
        Ok(mut record) => {
            if let Value::Object(fields) = &mut record {
                fields.insert("@odata.context".to_owned(), json!(format!("{}/$entity", text(&context(call, shape)))));
            }
            Reply::ok(record)
        }
        Err(reply) => reply,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn context(call: &Call, shape: Shape) -> Value {
    json!(format!("{}/v1.0/$metadata#{}", call.base(), shape.context))
}

fn filtered(
    world: &World,
    call: &Call,
    records: Vec<Value>,
    (filter, shape): (&str, Shape),
) -> Result<Vec<Value>, Reply> {
    let Some(expr) = parse(filter, Dialect::Graph) else {
        let text = "Invalid filter clause: Syntax error in '$filter'.";
        return Err(error(world, call, (400, "BadRequest"), text));
    };
    for (path, op) in expr.tests() {
        let advanced = op == Op::Ne || path.is_empty();
        let asked = call.consistency.as_deref() == Some("eventual") && call.param("$count") == Some("true");
        let known = path.is_empty() || (shape.filter)(&path, if advanced { Op::Eq } else { op });
        if !known || (advanced && !asked) {
            let text = format!("Unsupported Query. The filter on '{path}' is not supported.");
            return Err(error(world, call, (400, "Request_UnsupportedQuery"), &text));
        }
    }
    // Anchors are compared byte for byte, everything else without regard to case.
    let exact: fn(&str) -> bool = |path| path == "onPremisesImmutableId";
    Ok(records.into_iter().filter(|r| expr.holds(r, exact)).collect())
}

fn select(world: &World, call: &Call, record: Value, shape: Shape) -> Result<Value, Reply> {
    let Value::Object(mut all) = record else { return Ok(record) };
    let names: Vec<&str> = match call.param("$select") {
        Some(names) => names.split(',').map(str::trim).filter(|n| !n.is_empty()).collect(),
        None if shape.usual.is_empty() => return Ok(Value::Object(all)),
        None => shape.usual.to_vec(),
    };
    let mut out = Map::new();
    if let Some(id) = all.get("id") {
        out.insert("id".to_owned(), id.clone());
    }
    for name in names {
        if name == "id" {
            continue;
        }
        match all.remove(name) {
            Some(value) => {
                out.insert(name.to_owned(), value);
            }
            None if out.contains_key(name) => {}
            None => {
                let text = format!(
                    "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type '{}'.",
                    shape.kind
                );
                return Err(error(world, call, (400, "BadRequest"), &text));
            }
        }
    }
    Ok(Value::Object(out))
}
