//! From the merged table to a section's own type, keeping path and origin of the value that is wrong.
//!
//! Never repeats a value; that is decided in `error`. Begin with [`section`].

use super::error::{ConfigError, found, listed, nearest};
use super::tree::{Branch, Node, Origin, Shape};
use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess};
use serde::de::{Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use std::collections::btree_map;
use std::fmt;
use toml::Value;

/// What is wrong, and under which keys.
#[derive(Debug)]
pub(super) struct Flaw {
    /// Keys from the outside to the inside.
    path: Vec<String>,
    origin: Option<Origin>,
    /// ` = value`, where that may be shown.
    found: Option<Value>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Unknown(&'static [&'static str]),
    Missing(&'static str),
    Other(String),
}

impl Flaw {
    fn of(kind: Kind) -> Self {
        Self { path: Vec::new(), origin: None, found: None, kind }
    }

    /// The innermost value that is seen first stays.
    fn at(mut self, node: &Node) -> Self {
        if self.origin.is_none() {
            self.origin = Some(Origin::clone(&node.origin));
            if let (Shape::One { value, .. }, Kind::Other(_)) = (&node.shape, &self.kind) {
                self.found = Some(value.clone());
            }
        }
        self
    }

    fn under(mut self, key: &str) -> Self {
        self.path.insert(0, key.to_owned());
        self
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a wrong value")
    }
}

impl std::error::Error for Flaw {}

impl serde::de::Error for Flaw {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::of(Kind::Other(message.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        let wanted = wanted.to_string();
        let wanted = match wanted.as_str() {
            "a boolean" => "true or false",
            "a string" => "a text",
            "a sequence" => "a list, such as [\"a\", \"b\"]",
            other if other.starts_with("struct ") || other == "a map" => "a section with keys",
            other => other,
        };
        Self::of(Kind::Other(format!("allowed is {wanted}")))
    }

    fn invalid_value(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::of(Kind::Other(format!("allowed is {wanted}")))
    }

    fn unknown_variant(_: &str, allowed: &'static [&'static str]) -> Self {
        Self::of(Kind::Other(format!("allowed are {}", listed(allowed.iter().copied()))))
    }

    fn unknown_field(_: &str, allowed: &'static [&'static str]) -> Self {
        Self::of(Kind::Unknown(allowed))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::of(Kind::Missing(name))
    }
}

/// Reads the section `name`. A section that is not there counts as one without keys; `place` says where it is missed.
pub(super) fn section<T: DeserializeOwned>(name: &str, node: Option<&Node>, place: &str) -> Result<T, ConfigError> {
    let read = match node {
        Some(node) => T::deserialize(node),
        None => T::deserialize(Absent),
    };
    read.map_err(|flaw| error(name, node, flaw, place))
}

/// `[okta] app_id`, `[[channel]] facts`
pub(super) fn label(section: &str, node: Option<&Node>, keys: &[&str]) -> String {
    let head = match node.map(|node| &node.shape) {
        Some(Shape::List(_)) => format!("[[{section}]]"),
        Some(Shape::Table(_) | Shape::One { .. }) | None => format!("[{section}]"),
    };
    // the place of a list's item is told by its line
    let keys: Vec<&str> = keys.iter().copied().filter(|key| key.parse::<usize>().is_err()).collect();
    if keys.is_empty() { head } else { format!("{head} {}", keys.join(".")) }
}

fn error(name: &str, node: Option<&Node>, flaw: Flaw, place: &str) -> ConfigError {
    let mut keys: Vec<&str> = flaw.path.iter().map(String::as_str).collect();
    let place = flaw.origin.as_deref().unwrap_or(place).to_owned();
    let last = keys.last().copied().unwrap_or(name);
    let (found, problem) = match flaw.kind {
        Kind::Other(problem) => {
            let hidden = name == "sandbox";
            (flaw.found.filter(|_| !hidden).map(|value| found(last, &value)).unwrap_or_default(), problem)
        }
        Kind::Unknown(allowed) => {
            let near = nearest(last, allowed.iter().copied()).map(|near| format!(", the nearest is {near}"));
            let allowed = listed(allowed.iter().copied());
            (String::new(), format!("no such key{}; allowed are {allowed}", near.unwrap_or_default()))
        }
        Kind::Missing(missing) => {
            keys.push(missing);
            let by_variable = match node.map(|node| &node.shape) {
                Some(Shape::List(_)) => String::new(),
                Some(Shape::Table(_) | Shape::One { .. }) | None => {
                    format!(", or the variable REANCHOR__{}__{}", name.to_uppercase(), keys.join("__").to_uppercase())
                }
            };
            (String::new(), format!("this key is missing and has no default; set it there{by_variable}"))
        }
    };
    ConfigError::Value { key: label(name, node, &keys), found, place, problem }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Flaw;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        let read = match &self.shape {
            Shape::Table(table) => visitor.visit_map(Entries { rest: table.iter(), current: None }),
            Shape::List(list) => visitor.visit_seq(Items { rest: list.iter(), at: 0 }),
            Shape::One { value, .. } => match value {
                Value::String(text) => visitor.visit_str(text),
                Value::Integer(number) => visitor.visit_i64(*number),
                Value::Float(number) => visitor.visit_f64(*number),
                Value::Boolean(flag) => visitor.visit_bool(*flag),
                Value::Datetime(time) => visitor.visit_string(time.to_string()),
                // `tree` makes tables and lists of these
                Value::Array(_) | Value::Table(_) => visitor.visit_unit(),
            },
        };
        read.map_err(|flaw| flaw.at(self))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        match &self.shape {
            Shape::One { raw: Some(text), .. } => visitor.visit_str(text).map_err(|flaw: Flaw| flaw.at(self)),
            Shape::One { raw: None, .. } | Shape::Table(_) | Shape::List(_) => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Flaw> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Flaw> {
        let read = match &self.shape {
            Shape::Table(table) => {
                visitor.visit_enum(MapAccessDeserializer::new(Entries { rest: table.iter(), current: None }))
            }
            Shape::One { value: Value::String(text), .. } => visitor.visit_enum(text.as_str().into_deserializer()),
            Shape::One { .. } | Shape::List(_) => {
                Err(Flaw::of(Kind::Other(format!("allowed are {}", listed(variants.iter().copied())))))
            }
        };
        read.map_err(|flaw| flaw.at(self))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct Entries<'de> {
    rest: btree_map::Iter<'de, String, Node>,
    current: Option<(&'de str, &'de Node)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Flaw;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Flaw> {
        self.current = self.rest.next().map(|(key, node)| (key.as_str(), node));
        let Some((key, node)) = self.current else { return Ok(None) };
        seed.deserialize(key.into_deserializer()).map(Some).map_err(|flaw: Flaw| flaw.at(node).under(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Flaw> {
        let Some((key, node)) = self.current.take() else {
            return Err(Flaw::of(Kind::Other("a value was read before its key".to_owned())));
        };
        seed.deserialize(node).map_err(|flaw| flaw.at(node).under(key))
    }
}

struct Items<'de> {
    rest: std::slice::Iter<'de, Node>,
    at: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Flaw;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Flaw> {
        let Some(node) = self.rest.next() else { return Ok(None) };
        let at = self.at;
        self.at += 1;
        seed.deserialize(node).map(Some).map_err(|flaw| flaw.at(node).under(&at.to_string()))
    }
}

/// A section that is not there: no keys, no items.
struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = Flaw;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        visitor.visit_map(MapDeserializer::new(std::iter::empty::<(&str, &str)>()))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<&str>()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The branch as a whole, for whoever needs the node of a path.
pub(super) fn find<'de>(tree: &'de Branch, path: &[&str]) -> Option<&'de Node> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(tree.get(*first)?, |node, key| match &node.shape {
        Shape::Table(table) => table.get(*key),
        Shape::List(list) => list.get(key.parse::<usize>().ok()?),
        Shape::One { .. } => None,
    })
}
