//! One credential's way into the org: token, headers, pages.
//!
//! Never sends the token to another origin and never shows it. Begin with [`Client::call`].

use super::error::{is_absent, not_asked, refusal, refused, unusable};
use crate::ports::clock::Clock;
use crate::ports::directory::Answer;
use crate::ports::error::System;
use crate::ports::meter::Meter;
use crate::ports::secret::Secret;
use crate::wire::address::Base;
use crate::wire::send::{Ask, Repeat, Reply, Wire};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LINK};
use reqwest::{Method, Url};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument;

/// More pages than any list that we read has; a longer one is an error, because half a list is not an answer.
const MAX_PAGES: usize = 50;

/// The feature that holds the provisioning switches of an app.
pub(super) const PROVISIONING: &str = "USER_PROVISIONING";

/// What a client needs: where, with which token, for how long.
#[derive(Clone, Debug)]
pub struct Access {
    /// `https://{org}.okta.com`, as checked by `settings`.
    pub org_url: String,
    /// An SSWS API token.
    pub token: Secret,
    /// Limit of one call (`[run] call_timeout`).
    pub call_timeout: Duration,
}

/// A client with one token.
pub(super) struct Client {
    wire: Wire,
    base: Base,
    headers: HeaderMap,
    token: Secret,
}

impl Client {
    pub(super) fn new(access: Access, clock: Arc<dyn Clock>) -> Answer<Self> {
        const OP: &str = "set up the client";
        let base = Base::parse_host(&access.org_url).map_err(|flaw| not_asked(OP, format!("[okta] org_url {flaw}")))?;
        let mut auth = HeaderValue::from_str(&format!("SSWS {}", access.token.expose()))
            .map_err(|_| not_asked(OP, "the API token holds characters that no token has"))?;
        auth.set_sensitive(true);
        if access.token.expose().is_empty() {
            return Err(not_asked(OP, "the API token is empty"));
        }
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, auth);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let wire = Wire::new(System::Okta, access.call_timeout, clock, base.is_loopback())?;
        Ok(Self { wire, base, headers, token: access.token })
    }

    /// Counts every try from now on.
    pub(super) fn set_meter(&mut self, meter: Arc<dyn Meter>) {
        self.wire.set_meter(meter);
    }

    /// The answer to one request, whatever its status.
    async fn call(&self, op: &'static str, method: Method, url: Url, body: Option<&Value>) -> Answer<Reply> {
        let repeat = if method == Method::GET { Repeat::Free } else { Repeat::OnlyIfRefused };
        let ask = Ask {
            op,
            method,
            bucket: bucket(&url),
            url,
            headers: self.headers.clone(),
            body: body.map(|value| value.to_string().into_bytes()),
            repeat,
        };
        let span =
            tracing::debug_span!("okta", op, status = tracing::field::Empty, okta.request_id = tracing::field::Empty);
        async {
            let reply = self.wire.send(&ask).await?;
            let here = tracing::Span::current();
            here.record("status", reply.status);
            if let Some(id) = refused(&reply, self.token.expose()).request_id {
                here.record("okta.request_id", id);
            }
            tracing::debug!("answered");
            Ok(reply)
        }
        .instrument(span)
        .await
    }

    /// The address of a resource below `/api/v1`.
    pub(super) fn at(&self, op: &'static str, parts: &[&str], query: &[(&str, &str)]) -> Answer<Url> {
        let all: Vec<&str> = ["api", "v1"].iter().chain(parts).copied().collect();
        self.base.at(&all, query).ok_or_else(|| not_asked(op, "an id is empty or is not an id; nothing was sent"))
    }

    /// A successful GET, whole.
    pub(super) async fn reply(&self, op: &'static str, url: Url) -> Answer<Reply> {
        let reply = self.call(op, Method::GET, url, None).await?;
        if reply.is_success() { Ok(reply) } else { Err(self.refusal(op, &reply)) }
    }

    /// One resource; `None` only when Okta itself says that it does not exist.
    pub(super) async fn maybe(&self, op: &'static str, url: Url) -> Answer<Option<Value>> {
        let reply = self.call(op, Method::GET, url, None).await?;
        let refused = refused(&reply, self.token.expose());
        if is_absent(&reply, &refused) {
            return Ok(None);
        }
        if !reply.is_success() {
            return Err(refusal(op, &reply, refused));
        }
        object(op, &reply).map(Some)
    }

    /// One resource that must exist.
    pub(super) async fn one(&self, op: &'static str, url: Url) -> Answer<Value> {
        object(op, &self.reply(op, url).await?)
    }

    /// The first page of a list.
    pub(super) async fn first_page(&self, op: &'static str, url: Url) -> Answer<Vec<Value>> {
        array(op, &self.reply(op, url).await?)
    }

    /// All pages of a list; longer than [`MAX_PAGES`] pages is an error.
    pub(super) async fn list(&self, op: &'static str, url: Url) -> Answer<Vec<Value>> {
        let mut all = Vec::new();
        let mut url = url;
        for _ in 0..MAX_PAGES {
            let reply = self.reply(op, url).await?;
            all.extend(array(op, &reply)?);
            let Some(next) = next_link(&reply.headers) else { return Ok(all) };
            url = self.base.next(&next).ok_or_else(|| {
                unusable(op, "the next page is at another address than the org; the token was not sent there")
            })?;
        }
        Err(unusable(op, format!("the list has more than {MAX_PAGES} pages and was not read to its end")))
    }

    /// As [`Client::list`]; when Okta says that what is listed belongs to nothing, the list is empty.
    pub(super) async fn list_or_none(&self, op: &'static str, url: Url) -> Answer<Vec<Value>> {
        match self.list(op, url).await {
            Err(error) if error.kind == crate::ports::error::Kind::Gone => Ok(Vec::new()),
            answer => answer,
        }
    }

    /// A write; success is 2xx with no body or with JSON.
    pub(super) async fn write(&self, op: &'static str, method: Method, url: Url, body: Option<&Value>) -> Answer<()> {
        let reply = self.call(op, method, url, body).await?;
        if !reply.is_success() {
            return Err(self.refusal(op, &reply));
        }
        if !reply.body.is_empty() && serde_json::from_slice::<Value>(&reply.body).is_err() {
            return Err(unusable(op, "the answer is not JSON; a proxy may have made it"));
        }
        Ok(())
    }

    fn refusal(&self, op: &'static str, reply: &Reply) -> crate::ports::error::PortError {
        refusal(op, reply, refused(reply, self.token.expose()))
    }
}

/// Okta limits by family of paths; a refusal of the System Log must not hold up the app users.
fn bucket(url: &Url) -> &'static str {
    match url.path_segments().and_then(|mut parts| parts.nth(2)) {
        Some("apps") => "apps",
        Some("users") => "users",
        Some("logs") => "logs",
        Some("groups") => "groups",
        Some(_) | None => "other",
    }
}

fn object(op: &'static str, reply: &Reply) -> Answer<Value> {
    match serde_json::from_slice(&reply.body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) | Err(_) => Err(unusable(op, "the answer is not the JSON object that Okta documents")),
    }
}

fn array(op: &'static str, reply: &Reply) -> Answer<Vec<Value>> {
    match serde_json::from_slice(&reply.body) {
        Ok(Value::Array(items)) => Ok(items),
        Ok(_) | Err(_) => Err(unusable(op, "the answer is not the JSON list that Okta documents")),
    }
}

/// The target of `rel="next"`; Okta sends a header line for each relation, a proxy may have joined them with commas.
fn next_link(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(LINK).iter().filter_map(|line| line.to_str().ok());
    for line in lines {
        let mut rest = line;
        while let Some((_, tail)) = rest.split_once('<') {
            let Some((target, tail)) = tail.split_once('>') else { break };
            let params = tail.split('<').next().unwrap_or_default();
            let next = params.split([';', ',']).any(|param| {
                let param: String = param.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
                param.eq_ignore_ascii_case("rel=next")
            });
            if next {
                return Some(target.to_owned());
            }
            rest = tail;
        }
    }
    None
}

/// A harmless question, for those who want the headers of an answer: the clock and the proof of a sandbox.
pub(super) fn harmless(client: &Client, op: &'static str) -> Answer<Url> {
    client.at(op, &["apps"], &[("limit", "1")])
}

/// A text inside a filter or search expression: a JSON string.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_among_others_and_in_joined_lines() {
        let mut headers = HeaderMap::new();
        headers.append(LINK, HeaderValue::from_static("<https://x/a?b=1,2>; rel=\"self\""));
        assert_eq!(next_link(&headers), None);
        headers.append(
            LINK,
            HeaderValue::from_static("<https://x/a?b=1,2>; rel=\"self\", <https://x/n?c=3>; title=x; rel=\"next\""),
        );
        assert_eq!(next_link(&headers).as_deref(), Some("https://x/n?c=3"));
        let mut bare = HeaderMap::new();
        bare.append(LINK, HeaderValue::from_static("<https://x/n>;rel=next"));
        assert_eq!(next_link(&bare).as_deref(), Some("https://x/n"));
        let mut broken = HeaderMap::new();
        broken.append(LINK, HeaderValue::from_static("<https://x/n; rel=\"next\""));
        assert_eq!(next_link(&broken), None);
    }
}
