//! Writes to Microsoft Graph. Each is sent at most once, a refusal for the rate or of the token apart; its answer is a hint,
//! the caller reads back. Never built in `observe` or `propose`, and lives no longer than a run. Begin with [`Writer`].

use super::client::{Access, Client, guid_of};
use crate::domain::ids::EntraId;
use crate::ports::clock::Clock;
use crate::ports::directory::{Answer, EntraWrite};
use crate::ports::fresh::Fresh;
use crate::ports::meter::Meter;
use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::Arc;

/// The write side.
pub struct Writer(Client);

impl Writer {
    /// Builds the client with the write credentials; sends nothing.
    pub fn new(access: Access, clock: Arc<dyn Clock>, fresh: Arc<dyn Fresh>) -> Answer<Self> {
        Client::new(access, clock, fresh).map(Self)
    }

    /// The same, with every call counted.
    #[must_use]
    pub fn metered(mut self, meter: Arc<dyn Meter>) -> Self {
        self.0.set_meter(meter);
        self
    }

    /// Changes one property of a user, by object id: the sign-in name may change under way.
    async fn patch(&self, op: &'static str, id: &EntraId, body: &Value) -> Answer<()> {
        let id = guid_of(op, id)?;
        let url = self.0.at(op, &["users", id.as_str()], &[])?;
        self.0.patch(op, url, body).await
    }
}

#[async_trait]
impl EntraWrite for Writer {
    async fn restore(&self, id: &EntraId) -> Answer<()> {
        const OP: &str = "restore the deleted user";
        let id = guid_of(OP, id)?;
        let url = self.0.at(OP, &["directory", "deletedItems", id.as_str(), "restore"], &[])?;
        self.0.post(OP, url).await
    }

    async fn set_upn(&self, id: &EntraId, upn: &str) -> Answer<()> {
        self.patch("change the sign-in name", id, &json!({"userPrincipalName": upn})).await
    }

    async fn set_anchor(&self, id: &EntraId, anchor: &str) -> Answer<()> {
        self.patch("change the anchor", id, &json!({"onPremisesImmutableId": anchor})).await
    }
}
