//! The Web API: one call with its time limit, the token of its workspace, and errors that say whether anything may have
//! happened.
//!
//! Never logs a token, a `response_url` or what was sent, and never puts an answer of Slack into an error beyond its code.
//! Never repeats a call by itself: who calls knows whether that is safe. Begin with [`Api::call`].

use super::account::of_channel;
use super::calls::{CallError, Calls};
use super::settings::is_loopback;
use crate::ports::secret::Secret;
use async_trait::async_trait;
use serde_json::{Value, json};
use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::{SlackClientHyperConnector, SlackHyperClient, SlackHyperHttpsConnector};
use slack_morphism::{
    SlackApiToken, SlackApiTokenValue, SlackClient, SlackClientApiCallContext, SlackClientHttpConnector,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest time that one call may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Methods that take a JSON body. All others read their arguments from the address.
const JSON: [&str; 13] = [
    "apps.connections.open",
    "auth.test",
    "chat.delete",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.update",
    "conversations.open",
    "reactions.add",
    "reactions.remove",
    "views.open",
    "views.publish",
    "views.push",
    "views.update",
];

/// Why a call gave nothing. The words name no address, no token and no content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Slack answered `ok: false` with this code: nothing happened.
    #[error("Slack answered {0}")]
    Code(String),
    /// Too many calls: nothing happened.
    #[error("Slack asks to wait {after_ms} ms")]
    Limited {
        /// Milliseconds.
        after_ms: i64,
    },
    /// No answer in time, or none that can be read: it may have happened.
    #[error("Slack gave no answer to rely on: {0}")]
    Unknown(String),
    /// There is no token for the workspace.
    #[error("there is no token for the workspace {0}")]
    NoToken(String),
}

impl From<ApiError> for CallError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Code(code) => Self::Refused(code),
            ApiError::Limited { after_ms } => Self::Limited { after_ms },
            ApiError::Unknown(_) | ApiError::NoToken(_) => Self::Unreachable(error.to_string()),
        }
    }
}

/// Bot tokens by workspace.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The token of the home workspace.
    pub home: Secret,
    /// Tokens of further workspaces and organizations, by their id (`T…`, `E…`).
    pub further: BTreeMap<String, Secret>,
}

impl Tokens {
    /// The token for a workspace; the home one without an id.
    fn of(&self, workspace: Option<&str>) -> Option<&Secret> {
        match workspace {
            None => Some(&self.home),
            Some(id) => self.further.get(id),
        }
    }
}

/// The Web API of Slack.
pub struct Api {
    client: SlackHyperClient,
    tokens: Tokens,
    local: bool,
}

/// A client of the Web API at `api_url`, with our own TLS provider; plain http goes to a loopback address only, which the
/// settings see to. The websockets of Socket Mode use the same one.
pub fn client(api_url: &str) -> SlackHyperClient {
    let connector: SlackHyperHttpsConnector = tls();
    let connector = SlackClientHyperConnector::with_connector(connector);
    SlackClient::new(connector.with_slack_api_url(api_url.trim_end_matches('/')))
}

impl Api {
    /// Calls go to `api_url`, which ends in `/api/`.
    pub fn new(api_url: &str, tokens: Tokens) -> Self {
        let local = reqwest::Url::parse(api_url).is_ok_and(|url| is_loopback(&url));
        Self { client: client(api_url), tokens, local }
    }

    /// The client below, for Socket Mode.
    pub fn client(&self) -> &SlackHyperClient {
        &self.client
    }

    /// Calls `method` once with the bot token of a workspace (none: the home one).
    pub async fn call(&self, workspace: Option<&str>, method: &str, body: &Value) -> Result<Value, ApiError> {
        let token =
            self.tokens.of(workspace).ok_or_else(|| ApiError::NoToken(workspace.unwrap_or("home").to_owned()))?;
        self.call_with(token, method, body).await
    }

    /// Calls `method` once for a channel as places name it: with the token of its workspace and its bare id in `channel`.
    pub async fn call_in(&self, channel: &str, method: &str, mut body: Value) -> Result<Value, ApiError> {
        let (workspace, id) = of_channel(channel);
        body["channel"] = json!(id);
        self.call(workspace, method, &body).await
    }

    /// Calls `method` once with another token (the app-level one).
    pub async fn call_with(&self, token: &Secret, method: &str, body: &Value) -> Result<Value, ApiError> {
        let token = SlackApiToken::new(SlackApiTokenValue(token.expose().to_owned()));
        let session = self.client.open_session(&token);
        let answer = async {
            if JSON.contains(&method) {
                session.http_session_api.http_post(method, body, None).await
            } else {
                session.http_session_api.http_get(method, &arguments(body), None).await
            }
        };
        timed(answer).await
    }

    /// Posts to a `response_url`. It is a secret and is called only where Slack's own are.
    pub async fn answer(&self, response_url: &str, body: &Value) -> Result<(), ApiError> {
        let url = reqwest::Url::parse(response_url).ok().filter(|url| self.may_answer(url));
        let Some(url) = url else { return Err(ApiError::Code("foreign_response_url".to_owned())) };
        let span = tracing::Span::none();
        let context = SlackClientApiCallContext {
            rate_control_params: None,
            token: None,
            tracing_span: &span,
            is_sensitive_url: true,
        };
        let answer: Value = timed(self.client.http_api.connector.http_post_uri(url, body, context)).await?;
        match answer.get("ok") {
            Some(Value::Bool(false)) => Err(ApiError::Code("response_url".to_owned())),
            _ => Ok(()),
        }
    }

    fn may_answer(&self, url: &reqwest::Url) -> bool {
        let official = url.scheme() == "https" && url.host_str() == Some("hooks.slack.com") && url.port().is_none();
        official || (self.local && is_loopback(url))
    }
}

#[async_trait]
impl Calls for Api {
    async fn call(&self, workspace: Option<&str>, method: &'static str, body: Value) -> Result<Value, CallError> {
        Ok(Self::call(self, workspace, method, &body).await?)
    }

    async fn respond(&self, response_url: &str, text: &str) -> Result<(), CallError> {
        let body = json!({ "response_type": "ephemeral", "replace_original": false, "text": super::render::text::escape(text) });
        Ok(self.answer(response_url, &body).await?)
    }
}

fn tls() -> SlackHyperHttpsConnector {
    let provider = rustls::crypto::ring::default_provider();
    // Cannot fail with this provider: it knows both versions of TLS.
    match hyper_rustls::HttpsConnectorBuilder::new().with_provider_and_webpki_roots(provider) {
        Ok(builder) => builder.https_or_http().enable_all_versions().build(),
        Err(_) => {
            hyper_rustls::HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_all_versions().build()
        }
    }
}

/// The members of a body as arguments of an address.
fn arguments(body: &Value) -> Vec<(&str, Option<String>)> {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    body.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), text(value))).collect()
}

async fn timed<T>(call: impl Future<Output = Result<T, SlackClientError>>) -> Result<T, ApiError> {
    match tokio::time::timeout(LIMIT, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(known(&error)),
        Err(_) => Err(ApiError::Unknown(format!("no answer within {} s", LIMIT.as_secs()))),
    }
}

/// The errors of the client print what Slack answered and the address, so only their kind and code are taken over.
fn known(error: &SlackClientError) -> ApiError {
    match error {
        SlackClientError::ApiError(error) if error.code == "ratelimited" || error.code == "rate_limited" => {
            ApiError::Limited { after_ms: 1_000 }
        }
        SlackClientError::ApiError(error) => ApiError::Code(code(&error.code)),
        SlackClientError::RateLimitError(error) => {
            let after = error.retry_after.unwrap_or(Duration::from_secs(1));
            ApiError::Limited { after_ms: i64::try_from(after.as_millis()).unwrap_or(i64::MAX).clamp(1, 600_000) }
        }
        SlackClientError::HttpError(error) if error.status_code.is_client_error() => {
            ApiError::Code(format!("http_{}", error.status_code.as_u16()))
        }
        SlackClientError::HttpError(error) => ApiError::Unknown(format!("HTTP {}", error.status_code.as_u16())),
        SlackClientError::HttpProtocolError(_) => ApiError::Unknown("the connection failed".to_owned()),
        SlackClientError::ProtocolError(_) => ApiError::Unknown("the answer is no JSON of Slack".to_owned()),
        SlackClientError::EndOfStream(_)
        | SlackClientError::SystemError(_)
        | SlackClientError::SocketModeProtocolError(_) => ApiError::Unknown("the client failed".to_owned()),
    }
}

/// A code as Slack writes them; anything else would be text from outside.
fn code(text: &str) -> String {
    let known =
        !text.is_empty() && text.len() <= 60 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    if known { text.to_owned() } else { "an unreadable code".to_owned() }
}

#[cfg(test)]
#[path = "api_tests.rs"]
mod tests;
