//! The control port of a simulated tenant, as its console uses it: clock, error text, people.

use super::driver::TenantClock;
use crate::domain::time::At;
use crate::ports::secret::Secret;
use anyhow::{Context, bail};
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// A client of the control port.
pub struct Control {
    url: String,
    token: Secret,
    http: reqwest::Client,
}

/// The scenario that the tenant plays.
#[derive(Clone, Debug, Deserialize)]
pub struct Scene {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub title: String,
    /// Who can speak.
    pub people: BTreeMap<String, Speaker>,
    /// Whom the error is about.
    pub subject: Speaker,
}

/// Somebody in a scene.
#[derive(Clone, Debug, Deserialize)]
pub struct Speaker {
    /// The Okta user id.
    pub okta: Option<String>,
    /// The login.
    #[serde(default)]
    pub login: String,
    /// What the person may do, in words.
    #[serde(default)]
    pub role: String,
}

#[derive(Deserialize)]
struct Time {
    now_ms: i64,
}

impl Control {
    /// A client of `url` (it ends in `/_sandbox`).
    pub fn new(url: &str, token: Secret) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(reqwest::Error::without_url)?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), token, http })
    }

    async fn call(&self, path: &str, body: Option<Value>) -> anyhow::Result<String> {
        let url = format!("{}/{path}", self.url);
        let request = match &body {
            Some(body) => self.http.post(url).json(body),
            None => self.http.get(url),
        };
        let sent = request.bearer_auth(self.token.expose()).send().await;
        let answer = sent.map_err(reqwest::Error::without_url).with_context(|| {
            format!(
                "the sandbox tenant does not answer at its control port ({path}); is `reanchor tenant` still running?"
            )
        })?;
        let status = answer.status();
        let text = answer.text().await.map_err(reqwest::Error::without_url)?;
        if !status.is_success() {
            bail!("the control port of the sandbox tenant refused {path}: HTTP {status}");
        }
        Ok(text)
    }

    async fn json<T: serde::de::DeserializeOwned>(&self, path: &str, body: Option<Value>) -> anyhow::Result<T> {
        let text = self.call(path, body).await?;
        serde_json::from_str(&text).with_context(|| format!("the control port answered {path} in an unknown form"))
    }

    /// The text that the failed task shows.
    pub async fn error_text(&self) -> anyhow::Result<String> {
        self.call("error", None).await
    }

    /// Replaces the tenant by the scenario of this name.
    pub async fn load(&self, name: &str) -> anyhow::Result<Scene> {
        self.json("scenario", Some(serde_json::json!({ "name": name }))).await
    }

    /// The scenario.
    pub async fn scene(&self) -> anyhow::Result<Scene> {
        self.json("scenario", None).await
    }
}

#[async_trait]
impl TenantClock for Control {
    async fn now(&self) -> anyhow::Result<At> {
        Ok(At(self.json::<Time>("clock", None).await?.now_ms))
    }

    async fn advance(&self, ms: i64) -> anyhow::Result<At> {
        Ok(At(self.json::<Time>("clock", Some(serde_json::json!({ "advance_ms": ms }))).await?.now_ms))
    }
}
