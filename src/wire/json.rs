//! Lenient reading of vendors' JSON: every field may be missing, null, or a number where a text is documented.
//!
//! Never fails and never makes up a value: what is not there is `None`, and the caller decides whether it can do without.
//! Paths are JSON pointers (`/profile/login`). Begin with [`text`].

use crate::domain::time::At;
use serde_json::Value;

/// A text that is not empty; a number gives its digits.
pub fn text(value: &Value, path: &str) -> Option<String> {
    match value.pointer(path)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A truth value, also when written as a text.
pub fn flag(value: &Value, path: &str) -> Option<bool> {
    match value.pointer(path)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Value::String(_) | Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number, also when written as a text.
pub fn number(value: &Value, path: &str) -> Option<i64> {
    match value.pointer(path)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An instant in RFC 3339.
pub fn at(value: &Value, path: &str) -> Option<At> {
    At::parse(value.pointer(path)?.as_str()?)
}

/// The elements of a list; an object where a list is documented counts as its only element (Okta does that in
/// `errorCauses`), anything else as none.
pub fn list<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    match value.pointer(path) {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(object @ Value::Object(_)) => vec![object],
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => Vec::new(),
    }
}

/// A code or a request id of a vendor, fit for a log: letters, digits and `-_.`, at most 64. `None` for anything else, and
/// for a text that holds one of `secrets`, so that a server that echoes what it got cannot put a token into an error.
pub fn label(text: Option<&str>, secrets: &[&str]) -> Option<String> {
    let text = text?.trim();
    let plain = !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && !secrets.iter().any(|secret| !secret.is_empty() && text.contains(secret));
    plain.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn odd_shapes_are_read_or_missing_but_never_made_up() {
        let value = json!({"n": 7, "s": "7", "e": "", "z": null, "t": "TRUE", "o": {"a": 1}, "l": [1, 2],
                           "d": "2026-11-22T07:43:05.000Z"});
        assert_eq!(text(&value, "/n").as_deref(), Some("7"));
        assert_eq!(
            (text(&value, "/e"), text(&value, "/z"), text(&value, "/none"), text(&value, "/o")),
            (None, None, None, None)
        );
        assert_eq!((number(&value, "/s"), number(&value, "/t")), (Some(7), None));
        assert_eq!((flag(&value, "/t"), flag(&value, "/n")), (Some(true), None));
        assert_eq!((list(&value, "/o").len(), list(&value, "/l").len(), list(&value, "/z").len()), (1, 2, 0));
        assert!(at(&value, "/d").is_some() && at(&value, "/s").is_none());
    }

    #[test]
    fn a_label_holds_no_url_no_space_and_no_secret() {
        assert_eq!(label(Some("E0000007"), &["00abc"]).as_deref(), Some("E0000007"));
        for bad in ["", "a b", "https://x", "x00abcx", "a@b.c", &"a".repeat(65)] {
            assert_eq!(label(Some(bad), &["00abc"]), None, "{bad}");
        }
    }
}
