//! Writes to the Okta org. Each is sent at most once, a refusal for the rate apart; its answer is a hint, the caller reads
//! back. Never built in `observe` or `propose`, and lives no longer than a run. Begin with [`Writer`].

use super::client::{Access, Client, PROVISIONING};
use crate::domain::ids::{AppId, OktaUserId};
use crate::domain::tenant::Scope;
use crate::ports::clock::Clock;
use crate::ports::directory::{Answer, Assignment, OktaWrite};
use crate::ports::error::Kind;
use crate::ports::meter::Meter;
use async_trait::async_trait;
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;

/// The write side.
pub struct Writer(Client);

impl Writer {
    /// Builds the client with the write token; sends nothing.
    pub fn new(access: Access, clock: Arc<dyn Clock>) -> Answer<Self> {
        Client::new(access, clock).map(Self)
    }

    /// The same, with every call counted.
    #[must_use]
    pub fn metered(mut self, meter: Arc<dyn Meter>) -> Self {
        self.0.set_meter(meter);
        self
    }
}

#[async_trait]
impl OktaWrite for Writer {
    async fn convert(&self, app: &AppId, user: &OktaUserId, to: Scope) -> Answer<()> {
        const OP: &str = "convert the assignment";
        // this body is not in Okta's API description, but in the Workflows template that Okta publishes for the purpose
        let url = self.0.at(OP, &["apps", app.as_str(), "users", user.as_str()], &[])?;
        self.0.write(OP, Method::POST, url, Some(&json!({"scope": to.text()}))).await
    }

    async fn unassign(&self, app: &AppId, user: &OktaUserId) -> Answer<()> {
        const OP: &str = "remove the assignment";
        let url = self.0.at(OP, &["apps", app.as_str(), "users", user.as_str()], &[("sendEmail", "false")])?;
        match self.0.write(OP, Method::DELETE, url, None).await {
            Err(error) if error.kind == Kind::Gone => Ok(()),
            answer => answer,
        }
    }

    async fn assign(&self, app: &AppId, user: &OktaUserId, what: &Assignment) -> Answer<()> {
        const OP: &str = "assign the app";
        let url = self.0.at(OP, &["apps", app.as_str(), "users"], &[])?;
        let body = json!({
            "id": user.as_str(),
            "scope": Scope::User.text(),
            "credentials": {"userName": what.user_name},
            "profile": what.profile,
        });
        self.0.write(OP, Method::POST, url, Some(&body)).await
    }

    async fn set_attribute(&self, app: &AppId, user: &OktaUserId, name: &str, value: Option<&str>) -> Answer<()> {
        const OP: &str = "change the app user's attribute";
        // app users have no ETag: what is not named in the body is not written over
        let url = self.0.at(OP, &["apps", app.as_str(), "users", user.as_str()], &[])?;
        self.0.write(OP, Method::POST, url, Some(&json!({"profile": {(name): value}}))).await
    }

    async fn set_deactivate(&self, app: &AppId, on: bool) -> Answer<()> {
        const OP: &str = "change the switch Deactivate Users";
        let url = self.0.at(OP, &["apps", app.as_str(), "features", PROVISIONING], &[])?;
        let status = if on { "ENABLED" } else { "DISABLED" };
        let body = json!({"update": {"lifecycleDeactivate": {"status": status}}});
        self.0.write(OP, Method::PUT, url, Some(&body)).await
    }
}
