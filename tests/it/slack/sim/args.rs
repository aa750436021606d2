//! The arguments of a call, however they came: query, form or JSON.

use axum::http::HeaderMap;
use reqwest::Url;
use serde_json::{Map, Value};

/// Arguments of a Web API call.
#[derive(Clone, Debug, Default)]
pub(super) struct Args(pub(super) Map<String, Value>);

impl Args {
    /// Reads them. Methods that only read know no JSON body, as at Slack: what stands there is not seen.
    pub(super) fn read(
        query: &str,
        headers: &HeaderMap,
        body: &[u8],
        json_is_read: bool,
    ) -> Result<Self, &'static str> {
        let mut args = Self(pairs(query));
        let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if body.is_empty() {
            return Ok(args);
        }
        let text = std::str::from_utf8(body).map_err(|_| "invalid_charset")?;
        if kind.starts_with("application/json") {
            let Ok(Value::Object(map)) = serde_json::from_str(text) else { return Err("json_not_object") };
            if json_is_read {
                args.0.extend(map);
            }
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            args.0.extend(pairs(text));
        } else {
            return Err("invalid_post_type");
        }
        Ok(args)
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A structure; in a form it is a text of JSON.
    pub(super) fn json(&self, name: &str) -> Result<Option<Value>, &'static str> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| "invalid_arguments"),
            Some(other) => Ok(Some(other.clone())),
        }
    }

    /// A flag that must be there and be `false`.
    pub(super) fn is_false(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Value::Bool(false)))
            || self.text(name).is_some_and(|text| text == "false" || text == "0")
    }

    /// A flag that is set.
    pub(super) fn is_true(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Value::Bool(true)))
            || self.text(name).is_some_and(|text| text == "true" || text == "1")
    }
}

/// Decoded pairs of a form.
fn pairs(text: &str) -> Map<String, Value> {
    let url = Url::parse(&format!("http://form/?{text}")).unwrap();
    url.query_pairs().map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect()
}

/// A form, encoded.
pub(crate) fn form(fields: &[(&str, String)]) -> String {
    let mut url = Url::parse("http://form/").unwrap();
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}
