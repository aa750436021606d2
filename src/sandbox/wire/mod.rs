//! HTTP as the simulated vendors see it: one call in, one reply out, and the table that names the calls.
//!
//! Never knows what a call means; the vendors' folders do. Begin with [`Call`], [`Route`] and [`gate`].
pub(crate) mod expr;
pub(crate) mod faults;
pub(crate) mod gate;
pub(crate) mod listen;

use std::collections::BTreeMap;

use serde_json::Value;

use super::model::World;

/// One request, read whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// Percent-decoded path segments.
    pub(crate) segments: Vec<String>,
    /// Path as sent, for links.
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) host: String,
    pub(crate) authorization: String,
    pub(crate) client_request_id: Option<String>,
    pub(crate) consistency: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
    /// The id this call is answered under.
    pub(crate) request_id: String,
    /// What stood where the route has `{}`.
    pub(crate) args: Vec<String>,
}

impl Call {
    pub(crate) fn arg(&self, at: usize) -> &str {
        self.args.get(at).map_or("", String::as_str)
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// The body as JSON; `None` when it is none.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Scheme, host and port as the client sees them (a proxy may stand between).
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.host)
    }
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body), headers: Vec::new() }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, body: None, headers: Vec::new() }
    }

    pub(crate) fn error(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), headers: Vec::new() }
    }
}

/// One line of a vendor's call table: method, path with `{}` for a variable segment, op name, handler.
pub(crate) type Route = (&'static str, &'static str, &'static str, fn(&mut World, &Call) -> Reply);

/// What the table says about a call.
pub(crate) enum Found {
    Here(&'static Route, Vec<String>),
    /// The path exists, but not with this method.
    OtherMethod,
    Nowhere,
}

/// Looks a call up; fixed segments win over variable ones by standing earlier in the table.
pub(crate) fn find(routes: &'static [Route], call: &Call) -> Found {
    let mut other = false;
    for route in routes {
        if let Some(args) = fits(route.1, &call.segments) {
            if route.0 == call.method {
                return Found::Here(route, args);
            }
            other = true;
        }
    }
    if other { Found::OtherMethod } else { Found::Nowhere }
}

fn fits(pattern: &str, segments: &[String]) -> Option<Vec<String>> {
    let mut args = Vec::new();
    let mut expected = pattern.split('/').filter(|s| !s.is_empty());
    for segment in segments {
        match expected.next()? {
            "{}" => args.push(segment.clone()),
            fixed if fixed == segment => {}
            _ => return None,
        }
    }
    expected.next().is_none().then_some(args)
}

/// Undoes percent-encoding; `plus` also turns `+` into a space, as in a query.
pub(crate) fn decode(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair = bytes.get(at + 1..at + 3).and_then(|p| std::str::from_utf8(p).ok());
        match (*byte, pair.and_then(|p| u8::from_str_radix(p, 16).ok())) {
            (b'%', Some(value)) => {
                out.push(value);
                at += 3;
                continue;
            }
            (b'+', _) if plus => out.push(b' '),
            (other, _) => out.push(other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `a=1&b=2` as a table; the last of equal names wins.
pub(crate) fn pairs(text: &str) -> BTreeMap<String, String> {
    text.split('&')
        .filter(|p| !p.is_empty())
        .map(|p| p.split_once('=').unwrap_or((p, "")))
        .map(|(k, v)| (decode(k, true), decode(v, true)))
        .collect()
}

/// Percent-encodes everything but letters, digits and `-._~`.
pub(crate) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else if write!(out, "%{byte:02X}").is_err() {
            return out;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_survives_a_query_only_when_encoded() {
        assert_eq!(pairs("f=a%2Bb%3D%3D").get("f").unwrap(), "a+b==");
        assert_eq!(pairs("f=a+b").get("f").unwrap(), "a b");
        assert_eq!(encode("a+b=="), "a%2Bb%3D%3D");
        assert_eq!(decode("x%40y%", false), "x@y%");
    }

    #[test]
    fn a_path_fits_whole_or_not_at_all() {
        let path = |text: &str| text.split('/').map(ToOwned::to_owned).collect::<Vec<_>>();
        assert_eq!(fits("/a/{}/c", &path("a/b/c")), Some(vec!["b".to_owned()]));
        assert_eq!(fits("/a/{}", &path("a/b/c")), None);
        assert_eq!(fits("/a/{}/c", &path("a/b")), None);
    }
}
