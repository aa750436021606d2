//! The merged table: every value knows where it came from.
//!
//! Never decides whether a value is allowed. Begin with [`parse`].

use super::error::ConfigError;
use super::files::lines_before;
use std::collections::BTreeMap;
use std::sync::Arc;
use toml::Value;
use toml::de::{DeTable, DeValue};

/// Where a value was found, as the middle of a sentence: `in reanchor.toml line 3`.
pub(super) type Origin = Arc<str>;

/// Keys of a table.
pub(super) type Branch = BTreeMap<String, Node>;

/// A value and its origin. Has no `Debug`: it may hold a secret that somebody wrote into the wrong place.
pub(super) struct Node {
    /// The value.
    pub(super) shape: Shape,
    /// Where it was found.
    pub(super) origin: Origin,
}

/// A table, a list or one value.
pub(super) enum Shape {
    /// `[section]`, `{key = …}`
    Table(Branch),
    /// `[a, b]`, `[[section]]`
    List(Vec<Node>),
    /// One value. A variable keeps its text: `12` may be meant as a text.
    One {
        /// As TOML reads it.
        value: Value,
        /// The text of a variable that TOML does not read as a text.
        raw: Option<String>,
    },
}

/// Reads a TOML file; `name` is its name in origins and errors.
pub(super) fn parse(text: &str, name: &str) -> Result<Branch, ConfigError> {
    let line = |at: usize| lines_before(text.as_bytes().get(..at).unwrap_or_default()) + 1;
    // the error's own Display repeats the line, which may hold a secret
    let wrong = |error: &toml::de::Error| ConfigError::Syntax {
        place: error.span().map_or_else(|| name.to_owned(), |span| format!("{name} line {}", line(span.start))),
        problem: error.message().replace('\n', ", "),
    };
    let spans = DeTable::parse(text).map_err(|error| wrong(&error))?;
    let values: toml::Table = toml::from_str(text).map_err(|error| wrong(&error))?;
    let place = |at: usize| Origin::from(format!("in {name} line {}", line(at)));
    Ok(branch(values, spans.get_ref(), &place))
}

fn branch(values: toml::Table, spans: &DeTable<'_>, place: &dyn Fn(usize) -> Origin) -> Branch {
    let of = |key: &str| spans.iter().find(|(name, _)| name.get_ref().as_ref() == key);
    values
        .into_iter()
        .map(|(key, value)| {
            let found = of(&key);
            let origin = place(found.map_or(0, |(name, _)| name.span().start));
            let node = node(value, found.map(|(_, value)| value.get_ref()), origin, place);
            (key, node)
        })
        .collect()
}

fn node(value: Value, span: Option<&DeValue<'_>>, origin: Origin, place: &dyn Fn(usize) -> Origin) -> Node {
    let shape = match (value, span) {
        (Value::Table(table), Some(DeValue::Table(spans))) => Shape::Table(branch(table, spans, place)),
        (Value::Array(list), Some(DeValue::Array(spans))) => {
            let item = |(value, span): (Value, &toml::Spanned<DeValue<'_>>)| {
                node(value, Some(span.get_ref()), place(span.span().start), place)
            };
            Shape::List(list.into_iter().zip(spans.iter()).map(item).collect())
        }
        (value, _) => return loose(value, None, &origin),
    };
    Node { shape, origin }
}

/// A value all of whose parts have one origin.
fn loose(value: Value, raw: Option<String>, origin: &Origin) -> Node {
    let shape = match value {
        Value::Table(table) => {
            Shape::Table(table.into_iter().map(|(key, value)| (key, loose(value, None, origin))).collect())
        }
        Value::Array(list) => Shape::List(list.into_iter().map(|value| loose(value, None, origin)).collect()),
        value => Shape::One { value, raw },
    };
    Node { shape, origin: Arc::clone(origin) }
}

/// What a variable holds: as TOML reads it, or else the text itself.
pub(super) fn variable(text: &str, origin: &Origin) -> Node {
    match text.trim().parse::<Value>() {
        Ok(Value::String(text)) => loose(Value::String(text), None, origin),
        Ok(value) => loose(value, Some(text.to_owned()), origin),
        Err(_) => loose(Value::String(text.to_owned()), None, origin),
    }
}
