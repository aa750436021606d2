//! Reading JSON that somebody else may change: a value of another type counts as not there, an unknown key is skipped, `null`
//! is nothing. Texts are borrowed where they can be, so that ordinary chatter costs no copies.
//!
//! Never fails on a value; only text that is no JSON at all is an error. Begin with [`Text`] and [`Maybe`].

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// A text; empty when it is missing or something else. Numbers are taken as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    /// The text, when there is one.
    pub fn some(&self) -> Option<&str> {
        Some(&*self.0).filter(|text| !text.is_empty())
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self(text)
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The visits of a reader for whom these kinds of values are nothing.
macro_rules! nothing {
    ($($kind:ident),*) => { $(nothing!(@ $kind);)* };
    (@ str) => { nothing!(# visit_str, &str); };
    (@ bool) => { nothing!(# visit_bool, bool); };
    (@ number) => {
        nothing!(# visit_u64, u64);
        nothing!(# visit_i64, i64);
        nothing!(# visit_f64, f64);
    };
    (@ minus) => {
        nothing!(# visit_i64, i64);
        nothing!(# visit_f64, f64);
    };
    (@ null) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
    (@ list) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    (@ object) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    (# $visit:ident, $type:ty) => {
        fn $visit<E>(self, _: $type) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }

    nothing!(minus, bool, null, list, object);
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextVisitor)
    }
}

/// A yes, as `true`, `"true"` or `1`; everything else is no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

struct FlagVisitor;

impl<'de> Visitor<'de> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Flag, E> {
        Ok(Flag(flag))
    }

    fn visit_str<E>(self, text: &str) -> Result<Flag, E> {
        Ok(Flag(text == "true" || text == "1"))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Flag, E> {
        Ok(Flag(number == 1))
    }

    nothing!(minus, null, list, object);
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(FlagVisitor)
    }
}

/// An object; the default one when it is missing, `null` or something else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maybe<T>(pub T);

impl<T> Deref for Maybe<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

struct MaybeVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for MaybeVisitor<T> {
    type Value = Maybe<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Maybe)
    }

    nothing!(str, number, bool, null, list);
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(MaybeVisitor(PhantomData))
    }
}

/// A list; empty when it is missing or something else. Items that are no objects are default ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Many<T>(Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for Many<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

struct ManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for ManyVisitor<T> {
    type Value = Many<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Maybe(item)) = seq.next_element()? {
            all.push(item);
        }
        Ok(Many(all))
    }

    nothing!(str, number, bool, null, object);
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ManyVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Inner<'a> {
        #[serde(borrow)]
        id: Text<'a>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Outer<'a> {
        #[serde(borrow)]
        name: Text<'a>,
        on: Flag,
        #[serde(borrow)]
        team: Maybe<Inner<'a>>,
        #[serde(borrow)]
        list: Many<Inner<'a>>,
    }

    #[test]
    fn whatever_stands_there_is_read_or_counts_as_nothing() {
        let values =
            ["null", "1", "-1", "1.5", "true", "\"x\"", "[]", "[1,{\"id\":2}]", "{}", "{\"id\":[{}]}", "[[[]]]"];
        for key in ["name", "on", "team", "list", "unknown"] {
            for value in values {
                let text = format!("{{\"{key}\":{value}}}");
                let outer: Outer<'_> = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
                assert!(outer.list.len() <= 2 && outer.team.id.is_empty());
            }
        }
        let outer: Outer<'_> =
            serde_json::from_str(r#"{"name":"a","on":"true","team":{"id":"T1"},"list":[{"id":"B1"},null]}"#).unwrap();
        assert_eq!((&*outer.name, outer.on.0, &*outer.team.id), ("a", true, "T1"));
        assert_eq!(outer.list.iter().map(|item| item.id.some()).collect::<Vec<_>>(), [Some("B1"), None]);
    }

    #[test]
    fn a_text_without_escapes_is_borrowed() {
        let outer: Outer<'_> = serde_json::from_str(r#"{"name":"plain"}"#).unwrap();
        assert!(matches!(outer.name.0, Cow::Borrowed(_)));
        let outer: Outer<'_> = serde_json::from_str(r#"{"name":"two\nlines"}"#).unwrap();
        assert_eq!(&*outer.name, "two\nlines");
        assert_eq!(&*Text::from(Cow::Owned("x".to_owned())), "x");
    }
}
