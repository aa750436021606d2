//! The simulated tenant, tested over HTTP as the bot meets it.
mod anchors;
mod control;
mod faults;
mod graph;
mod okta;
mod provisioning;
mod scenarios;
mod state;

use reanchor::config::embedded::SCENARIOS;
use reanchor::sandbox::{SandboxTime, Tenant, TenantOptions};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::task::JoinSet;

pub(crate) const SAM: &str = "00u8samWQ5nHc2Je91d7";
pub(crate) const LENA: &str = "00u8lenaPt8Ka6Xe21d7";
pub(crate) const OMAR: &str = "00u8omarZc7Wr4Ji91d7";
pub(crate) const APP_GROUP: &str = "00g8m365usersD2kQx7d";
pub(crate) const OLD: &str = "9d2e4f10-6a3b-4c58-8f71-2b60c9d4e7a5";
pub(crate) const NEW: &str = "c4a7d3b8-1f25-4e96-b0d8-57e3f9126a4c";
pub(crate) const LENA_OBJECT: &str = "2b91f6d4-7c0e-4835-a5d9-8e14c7b3f062";
pub(crate) const ANCHOR: &str = "q3Zt0c5mYkKx7vE2nB9dLw==";
pub(crate) const START: i64 = 1_790_000_000_000;

/// A running tenant and a client that has both powers.
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    pub(crate) http: Client,
    graph_read: String,
    graph_write: String,
}

pub(crate) fn text_of(name: &str) -> String {
    SCENARIOS.iter().find(|s| s.0 == name).unwrap_or_else(|| panic!("no scenario {name}")).1.to_owned()
}

pub(crate) fn options(name: &str) -> TenantOptions {
    TenantOptions {
        scenario: text_of(name),
        scenarios: SCENARIOS.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect(),
        okta_port: 0,
        graph_port: 0,
        control_port: 0,
        state_file: None,
        time: SandboxTime::Fixed(START),
        seed: Some(7),
    }
}

impl World {
    pub(crate) async fn load(name: &str) -> Self {
        Self::start(options(name)).await
    }

    /// A scenario with lines of its own in `[tenant]`.
    pub(crate) async fn custom(tenant: &str) -> Self {
        let text = format!("[tenant]\ntitle = \"test\"\n{tenant}");
        Self::start(TenantOptions { scenario: text, ..options("healthy") }).await
    }

    pub(crate) async fn start(options: TenantOptions) -> Self {
        let tenant = Tenant::start(options).await.unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        let mut world = Self { tenant, http, graph_read: String::new(), graph_write: String::new() };
        world.graph_read = world.token(false).await;
        world.graph_write = world.token(true).await;
        world
    }

    pub(crate) async fn token(&self, write: bool) -> String {
        let a = self.tenant.access();
        let (id, secret) = if write {
            (&a.graph_write_client_id, &a.graph_write_client_secret)
        } else {
            (&a.graph_read_client_id, &a.graph_read_client_secret)
        };
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", "https://graph.microsoft.com/.default"),
            ("client_id", id),
            ("client_secret", secret),
        ];
        let answer: Value = self.http.post(&a.token_url).form(&form).send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    fn auth(&self, request: RequestBuilder, write: bool) -> RequestBuilder {
        let a = self.tenant.access();
        let token = if write { &a.okta_write_token } else { &a.okta_read_token };
        request.header("authorization", format!("SSWS {token}"))
    }

    pub(crate) fn okta_call(&self, method: Method, path: &str) -> RequestBuilder {
        let write = method != Method::GET;
        let url = format!("{}/api/v1{path}", self.tenant.access().okta_url);
        self.auth(self.http.request(method, url), write)
    }

    pub(crate) fn graph_call(&self, method: Method, path: &str) -> RequestBuilder {
        let token = if method == Method::GET { &self.graph_read } else { &self.graph_write };
        let url = format!("{}{path}", self.tenant.access().graph_url);
        self.http.request(method, url).bearer_auth(token)
    }

    pub(crate) async fn okta(&self, path: &str) -> Value {
        body(self.okta_call(Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn graph(&self, path: &str) -> Value {
        body(self.graph_call(Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) fn row_path(&self) -> String {
        format!("/apps/{}/users/{SAM}", self.tenant.access().app_id)
    }

    pub(crate) async fn row(&self) -> Value {
        self.okta(&self.row_path()).await
    }

    pub(crate) async fn unassign(&self) -> Response {
        self.okta_call(Method::DELETE, &self.row_path()).send().await.unwrap()
    }

    /// An unassignment under way; dropping or shutting it down kills its client.
    pub(crate) fn unassigning(&self) -> JoinSet<reqwest::Result<Response>> {
        let mut calls = JoinSet::new();
        calls.spawn(self.okta_call(Method::DELETE, &self.row_path()).send());
        calls
    }

    pub(crate) async fn assign(&self, body: Value) -> Response {
        let path = format!("/apps/{}/users", self.tenant.access().app_id);
        self.okta_call(Method::POST, &path).json(&body).send().await.unwrap()
    }

    /// Reassigns the subject with what the row held.
    pub(crate) async fn reassign(&self) {
        let row = self.row().await;
        assert_eq!(self.unassign().await.status(), 204);
        let profile = json!({"immutableId": row["profile"]["immutableId"], "licenses": row["profile"]["licenses"],
                             "roles": row["profile"]["roles"], "usageLocation": row["profile"]["usageLocation"]});
        let wanted = json!({"id": SAM, "scope": "USER", "credentials": row["credentials"], "profile": profile});
        assert_eq!(self.assign(wanted).await.status(), 200);
    }

    pub(crate) fn control_call(&self, method: Method, path: &str) -> RequestBuilder {
        let a = self.tenant.access();
        self.http.request(method, format!("{}/{path}", a.control_url)).bearer_auth(&a.control_token)
    }

    pub(crate) async fn control(&self, path: &str) -> Value {
        body(self.control_call(Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn order(&self, path: &str, order: Value) -> Value {
        let answer = self.control_call(Method::POST, path).json(&order).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path} {order}");
        body(answer).await
    }

    pub(crate) async fn advance(&self, ms: u64) {
        self.order("clock", json!({"advance_ms": ms})).await;
    }

    pub(crate) async fn writes(&self) -> Vec<Value> {
        self.control("writes").await.as_array().unwrap().clone()
    }

    /// Waits until so many calls are held.
    pub(crate) async fn held(&self, count: usize) {
        for _ in 0..500 {
            if self.control("holds").await.as_array().unwrap().len() == count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("never {count} held calls");
    }
}

pub(crate) async fn body(response: Response) -> Value {
    response.json().await.unwrap()
}
