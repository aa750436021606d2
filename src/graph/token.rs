//! Access tokens by client credentials, kept until shortly before they expire.
//!
//! Never shows the secret or a token, and never asks twice at once: who comes while one is fetched waits for it.
//! Begin with [`Tokens::get`].

use super::error::{token_refusal, unusable};
use crate::domain::time::{At, MINUTE, SECOND};
use crate::ports::directory::Answer;
use crate::ports::secret::Secret;
use crate::wire::address::{Base, encode};
use crate::wire::json;
use crate::wire::send::{Ask, Repeat, Reply, Wire};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::sync::Mutex;

/// A token is renewed this long before it expires, or at half its life when that is shorter.
const SPARE_MS: i64 = 2 * MINUTE;
const OP: &str = "get an access token";

/// Where tokens come from, and the one that is held.
pub(super) struct Tokens {
    url: Base,
    client_id: String,
    client_secret: Secret,
    scope: String,
    held: Mutex<Option<Held>>,
}

#[derive(Clone)]
struct Held {
    token: Secret,
    good_until: At,
}

impl Tokens {
    pub(super) fn new(url: Base, client_id: String, client_secret: Secret, graph: &Base) -> Self {
        Self { url, client_id, client_secret, scope: scope(graph), held: Mutex::new(None) }
    }

    /// The client secret, to keep it out of errors.
    pub(super) fn secret(&self) -> &str {
        self.client_secret.expose()
    }

    /// A token that is good for at least one call.
    pub(super) async fn get(&self, wire: &Wire, guid: &str) -> Answer<Secret> {
        let mut held = self.held.lock().await;
        match held.as_ref() {
            Some(now) if wire.clock().now() < now.good_until => Ok(now.token.clone()),
            Some(_) | None => self.renew(wire, guid, &mut held).await,
        }
    }

    /// A token other than `refused`: the one that somebody fetched in the meantime, or a new one.
    pub(super) async fn instead_of(&self, refused: &Secret, wire: &Wire, guid: &str) -> Answer<Secret> {
        let mut held = self.held.lock().await;
        match held.as_ref() {
            Some(now) if !now.token.same_as(refused) => Ok(now.token.clone()),
            Some(_) | None => self.renew(wire, guid, &mut held).await,
        }
    }

    /// The proof header of the token endpoint. Fetches a token to see it.
    pub(super) async fn proof(&self, wire: &Wire, guid: &str) -> Answer<Option<String>> {
        let reply = self.ask(wire, guid).await?;
        Ok(reply.proof())
    }

    async fn renew(&self, wire: &Wire, guid: &str, held: &mut Option<Held>) -> Answer<Secret> {
        *held = None;
        let asked = wire.clock().now();
        let reply = self.ask(wire, guid).await?;
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
        let text = json::text(&body, "/access_token").filter(|text| HeaderValue::from_str(text).is_ok());
        let token = Secret::new(&text.ok_or_else(|| unusable(OP, "the answer of the token endpoint holds no token"))?);
        let life = json::number(&body, "/expires_in").unwrap_or(0).saturating_mul(SECOND).max(0);
        let good_until = asked.plus(life - SPARE_MS.min(life / 2));
        *held = Some(Held { token: token.clone(), good_until });
        Ok(token)
    }

    /// A successful answer of the token endpoint. Asking changes nothing, so it may be repeated.
    async fn ask(&self, wire: &Wire, guid: &str) -> Answer<Reply> {
        let form = [
            ("client_id", self.client_id.as_str()),
            ("scope", self.scope.as_str()),
            ("client_secret", self.client_secret.expose()),
            ("grant_type", "client_credentials"),
        ];
        let pairs: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Ok(guid) = HeaderValue::from_str(guid) {
            headers.insert(HeaderName::from_static("client-request-id"), guid);
        }
        let ask = Ask {
            op: OP,
            method: Method::POST,
            url: self.url.url(),
            headers,
            body: Some(pairs.join("&").into_bytes()),
            bucket: "token",
            repeat: Repeat::Free,
        };
        let reply = wire.send(&ask).await?;
        if reply.is_success() { Ok(reply) } else { Err(token_refusal(OP, &reply, &[self.secret()])) }
    }
}

/// The scope must name the host of the same cloud; an address that is no cloud (a sandbox, a gateway) stands for the global one.
fn scope(graph: &Base) -> String {
    let clouds = ["graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"];
    let host = clouds.into_iter().find(|host| *host == graph.host()).unwrap_or("graph.microsoft.com");
    format!("https://{host}/.default")
}
