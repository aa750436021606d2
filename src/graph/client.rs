//! One credential's way into Graph: token, ids of the request, pages.
//!
//! Never sends a token to another origin and never shows it. Begin with [`Client::call`].

use super::error::{is_absent, not_asked, refusal, refused, request_id, unusable};
use super::token::Tokens;
use crate::domain::ids::EntraId;
use crate::domain::time::At;
use crate::ports::clock::Clock;
use crate::ports::directory::Answer;
use crate::ports::error::{PortError, System};
use crate::ports::fresh::Fresh;
use crate::ports::meter::Meter;
use crate::ports::secret::Secret;
use crate::wire::address::Base;
use crate::wire::json;
use crate::wire::pause;
use crate::wire::send::{Ask, Repeat, Reply, Wire};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument;

/// A longer list is an error, because half a list is not an answer: at 300 users a page, 30,000 deleted users.
const MAX_PAGES: usize = 100;

/// What a client needs: where, as whom, for how long.
#[derive(Clone, Debug)]
pub struct Access {
    /// `https://graph.microsoft.com/v1.0`, as checked by `settings`.
    pub base_url: String,
    /// The full address of the token endpoint.
    pub token_url: String,
    /// Client id of the app registration.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// Limit of one call (`[run] call_timeout`).
    pub call_timeout: Duration,
}

/// A client with one credential.
pub(super) struct Client {
    wire: Wire,
    base: Base,
    tokens: Tokens,
    fresh: Arc<dyn Fresh>,
}

impl Client {
    pub(super) fn new(access: Access, clock: Arc<dyn Clock>, fresh: Arc<dyn Fresh>) -> Answer<Self> {
        const OP: &str = "set up the client";
        let base = Base::parse(&access.base_url).map_err(|flaw| not_asked(OP, format!("[graph] base_url {flaw}")))?;
        let url = Base::parse(&access.token_url).map_err(|flaw| not_asked(OP, format!("[graph] token_url {flaw}")))?;
        if access.client_id.is_empty() || access.client_secret.expose().is_empty() {
            return Err(not_asked(OP, "the client id or the client secret is empty"));
        }
        let local = base.is_loopback() && url.is_loopback();
        let tokens = Tokens::new(url, access.client_id, access.client_secret, &base);
        let wire = Wire::new(System::Graph, access.call_timeout, clock, local)?;
        Ok(Self { wire, base, tokens, fresh })
    }

    /// Counts every try from now on.
    pub(super) fn set_meter(&mut self, meter: Arc<dyn Meter>) {
        self.wire.set_meter(meter);
    }

    /// The answer to one request, whatever its status; a refused token is renewed once.
    async fn call(&self, op: &'static str, method: Method, url: Url, body: Option<&Value>) -> Answer<(Reply, Secret)> {
        let guid = self.fresh.guid();
        let span = tracing::debug_span!(
            "graph",
            op,
            client_request_id = guid,
            status = tracing::field::Empty,
            graph.request_id = tracing::field::Empty
        );
        async {
            let mut token = self.tokens.get(&self.wire, &guid).await?;
            let mut reply = self.wire.send(&ask(op, (&method, &url, body), &token, &guid)?).await?;
            if reply.status == 401 && self.code(&reply, &token).as_deref() == Some("InvalidAuthenticationToken") {
                // the call was refused before anything was done, so a write may go out again as well
                token = self.tokens.instead_of(&token, &self.wire, &guid).await?;
                reply = self.wire.send(&ask(op, (&method, &url, body), &token, &guid)?).await?;
            }
            let here = tracing::Span::current();
            here.record("status", reply.status);
            if let Some(id) = request_id(&reply, &[self.tokens.secret(), token.expose()]) {
                here.record("graph.request_id", id);
            }
            tracing::debug!("answered");
            Ok((reply, token))
        }
        .instrument(span)
        .await
    }

    fn code(&self, reply: &Reply, token: &Secret) -> Option<String> {
        refused(reply, &[self.tokens.secret(), token.expose()]).code
    }

    fn refusal(&self, op: &'static str, reply: &Reply, token: &Secret) -> PortError {
        refusal(op, reply, refused(reply, &[self.tokens.secret(), token.expose()]))
    }

    /// The address of a resource below the base.
    pub(super) fn at(&self, op: &'static str, parts: &[&str], query: &[(&str, &str)]) -> Answer<Url> {
        self.base.at(parts, query).ok_or_else(|| not_asked(op, "an id is empty or is not an id; nothing was sent"))
    }

    /// A successful GET, whole.
    async fn reply(&self, op: &'static str, url: Url) -> Answer<Reply> {
        let (reply, token) = self.call(op, Method::GET, url, None).await?;
        if reply.status == 200 { Ok(reply) } else { Err(self.refusal(op, &reply, &token)) }
    }

    /// One resource; `None` only when Graph itself says that it does not exist.
    pub(super) async fn maybe(&self, op: &'static str, url: Url) -> Answer<Option<Value>> {
        let (reply, token) = self.call(op, Method::GET, url, None).await?;
        let refused = refused(&reply, &[self.tokens.secret(), token.expose()]);
        if is_absent(&reply, &refused) {
            return Ok(None);
        }
        // Graph may answer 202 for an object that is not there yet: that is no answer to the question
        if reply.status != 200 {
            return Err(refusal(op, &reply, refused));
        }
        object(op, &reply).map(Some)
    }

    /// All pages of a list; longer than [`MAX_PAGES`] pages is an error.
    pub(super) async fn list(&self, op: &'static str, url: Url) -> Answer<Vec<Value>> {
        let mut all = Vec::new();
        let mut url = url;
        for _ in 0..MAX_PAGES {
            let mut page = object(op, &self.reply(op, url).await?)?;
            match page.get_mut("value").map(Value::take) {
                Some(Value::Array(items)) => all.extend(items),
                Some(_) | None => return Err(unusable(op, "the answer is not the list that Graph documents")),
            }
            let Some(next) = json::text(&page, "/@odata.nextLink") else { return Ok(all) };
            url = self.base.next(&next).ok_or_else(|| {
                unusable(op, "the next page is at another address than Graph; the token was not sent there")
            })?;
        }
        Err(unusable(op, format!("the list has more than {MAX_PAGES} pages and was not read to its end")))
    }

    /// The first page of a list, for questions that the newest entries answer.
    pub(super) async fn page(&self, op: &'static str, url: Url) -> Answer<Vec<Value>> {
        match object(op, &self.reply(op, url).await?)?.get_mut("value").map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            Some(_) | None => Err(unusable(op, "the answer is not the list that Graph documents")),
        }
    }

    /// A POST without a body; success is 2xx with no body or with JSON.
    pub(super) async fn post(&self, op: &'static str, url: Url) -> Answer<()> {
        self.write(op, Method::POST, url, None).await
    }

    /// A PATCH; success is 2xx with no body or with JSON.
    pub(super) async fn patch(&self, op: &'static str, url: Url, body: &Value) -> Answer<()> {
        self.write(op, Method::PATCH, url, Some(body)).await
    }

    async fn write(&self, op: &'static str, method: Method, url: Url, body: Option<&Value>) -> Answer<()> {
        let (reply, token) = self.call(op, method, url, body).await?;
        if !reply.is_success() {
            return Err(self.refusal(op, &reply, &token));
        }
        if !reply.body.is_empty() && serde_json::from_slice::<Value>(&reply.body).is_err() {
            return Err(unusable(op, "the answer is not JSON; a proxy may have made it"));
        }
        Ok(())
    }

    /// An access token.
    pub(super) async fn token(&self) -> Answer<Secret> {
        self.tokens.get(&self.wire, &self.fresh.guid()).await
    }

    /// The time of the other end, as one harmless read tells it.
    pub(super) async fn date(&self) -> Answer<Option<At>> {
        const OP: &str = "read the clock of Graph";
        let url = self.at(OP, &["organization"], &[("$select", "id")])?;
        Ok(pause::date(&self.reply(OP, url).await?.headers))
    }

    /// The value by which a sandbox shows itself, when Graph and the token endpoint show the same.
    pub(super) async fn proof(&self) -> Answer<Option<String>> {
        const OP: &str = "ask whether this is a sandbox";
        let by_token = self.tokens.proof(&self.wire, &self.fresh.guid()).await?;
        let url = self.at(OP, &["organization"], &[("$select", "id")])?;
        let by_graph = self.reply(OP, url).await?.proof();
        Ok(if by_token == by_graph { by_graph } else { None })
    }
}

fn ask(
    op: &'static str,
    (method, url, body): (&Method, &Url, Option<&Value>),
    token: &Secret,
    guid: &str,
) -> Answer<Ask> {
    let mut auth = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        .map_err(|_| unusable(op, "the access token holds characters that no token has"))?;
    auth.set_sensitive(true);
    let guid = HeaderValue::from_str(guid).map_err(|_| not_asked(op, "the id of the request cannot be sent"))?;
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, auth);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static("client-request-id"), guid);
    if body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let repeat = if *method == Method::GET { Repeat::Free } else { Repeat::OnlyIfRefused };
    let body = body.map(|value| value.to_string().into_bytes());
    Ok(Ask { op, method: method.clone(), url: url.clone(), headers, body, bucket: "graph", repeat })
}

fn object(op: &'static str, reply: &Reply) -> Answer<Value> {
    match serde_json::from_slice(&reply.body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) | Err(_) => Err(unusable(op, "the answer is not the JSON object that Graph documents")),
    }
}

/// The id in the form of a path. Anything but a GUID (a UPN, `me`) could lead to another object and is not sent.
pub(super) fn guid_of(op: &'static str, id: &EntraId) -> Answer<EntraId> {
    EntraId::parse(id.as_str()).ok_or_else(|| not_asked(op, "the object id is not a GUID; nothing was asked"))
}

/// A text inside an OData expression.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
