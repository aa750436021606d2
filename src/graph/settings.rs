//! The section `[graph]`.
//!
//! Never holds a secret: client ids and secrets come by the environment only. Begin with [`Settings`].

use crate::domain::ids::{EntraId, TenantId};
use crate::domain::job::{JobRef, is_job_id};
use crate::wire::address::Base;
use crate::wire::setting::BadSetting;
use serde::{Deserialize, Serialize};

/// `[graph]`; unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Graph with its version.
    #[serde(default = "global")]
    pub base_url: String,
    /// The full address of the token endpoint; made from `tenant_id` when it is not set.
    #[serde(default)]
    pub token_url: Option<String>,
    /// The Entra tenant, a GUID.
    pub tenant_id: TenantId,
    /// Object id of the service principal of inbound provisioning.
    #[serde(default)]
    pub inbound_service_principal: Option<String>,
    /// Its job; without it the only job of the service principal is meant.
    #[serde(default)]
    pub inbound_job: Option<String>,
}

fn global() -> String {
    "https://graph.microsoft.com/v1.0".to_owned()
}

impl Settings {
    /// Whether the values can be used; the first one that cannot is named.
    pub fn check(&self) -> Result<(), BadSetting> {
        let bad = |key, problem: String| Err(BadSetting { section: "graph", key, problem });
        // `common` and a domain name would let the credential be tried on another tenant
        if EntraId::parse(self.tenant_id.as_str()).is_none() {
            return bad(
                "tenant_id",
                "is not a GUID; allowed: the tenant's id, not \"common\", not a domain".to_owned(),
            );
        }
        match (&self.inbound_service_principal, &self.inbound_job) {
            (Some(principal), _) if EntraId::parse(principal).is_none() => {
                return bad("inbound_service_principal", "is not a GUID; allowed: its object id".to_owned());
            }
            (_, Some(job)) if !is_job_id(job) => {
                return bad("inbound_job", "is not the id of a job; allowed: API2AAD.<tenant>.<GUID>".to_owned());
            }
            (None, Some(_)) => {
                return bad("inbound_job", "stands without inbound_service_principal; allowed: both".to_owned());
            }
            (Some(_) | None, _) => {}
        }
        if let Err(flaw) = Base::parse(&self.base_url) {
            return bad("base_url", flaw.to_string());
        }
        let token_url = match Base::parse(&self.token_url()) {
            Ok(url) => url,
            Err(flaw) => return bad("token_url", flaw.to_string()),
        };
        let shared = ["common", "organizations", "consumers"];
        if token_url.path().split('/').any(|part| shared.iter().any(|name| name.eq_ignore_ascii_case(part))) {
            return bad(
                "token_url",
                "is shared by all tenants; allowed: the address with the tenant's GUID".to_owned(),
            );
        }
        Ok(())
    }

    /// The inbound job, where one is set.
    pub fn inbound(&self) -> Option<JobRef> {
        JobRef::parse(self.inbound_service_principal.as_deref()?, self.inbound_job.as_deref())
    }

    /// The token endpoint: as set, or Microsoft's for the cloud of `base_url` and this tenant.
    pub fn token_url(&self) -> String {
        if let Some(url) = &self.token_url {
            return url.clone();
        }
        let host = Base::parse(&self.base_url).map(|base| base.host().to_owned()).unwrap_or_default();
        let login = match host.as_str() {
            "graph.microsoft.us" | "dod-graph.microsoft.us" => "login.microsoftonline.us",
            "microsoftgraph.chinacloudapi.cn" => "login.chinacloudapi.cn",
            _ => "login.microsoftonline.com",
        };
        format!("https://{login}/{}/oauth2/v2.0/token", self.tenant_id)
    }
}

/// The section as an example: every key with its default.
pub const EXAMPLE: &str = r#"[graph]
# Microsoft Graph. https only; http is allowed to a loopback address. Other clouds have hosts of their own.
base_url = "https://graph.microsoft.com/v1.0"
# The full address of the token endpoint. Default: Microsoft's for the cloud of base_url and tenant_id.
# token_url = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/oauth2/v2.0/token"
# The Entra tenant: its GUID, never "common".
tenant_id = "00000000-0000-0000-0000-000000000000"
# Inbound provisioning (bulkUpload): object id of its service principal, and its job when it has more than one. Default: not
# set; then a job is read when somebody names it. The read application needs Synchronization.Read.All and AuditLog.Read.All.
# inbound_service_principal = "00000000-0000-0000-0000-000000000000"
# inbound_job = "API2AAD.00000000000000000000000000000000.00000000-0000-0000-0000-000000000000"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "9dfb369b-ab13-4fae-a276-55daa05f1119";

    #[derive(Deserialize)]
    struct File {
        graph: Settings,
    }

    #[test]
    fn the_example_is_valid_and_shows_the_defaults() {
        let example = toml::from_str::<File>(EXAMPLE).unwrap().graph;
        example.check().unwrap();
        let text = "[graph]\ntenant_id = \"00000000-0000-0000-0000-000000000000\"";
        assert_eq!(example, toml::from_str::<File>(text).unwrap().graph);
        for (text, part) in [
            ("inbound_service_principal = \"me\"", "[graph] inbound_service_principal is not a GUID"),
            ("inbound_job = \"x\"", "[graph] inbound_job is not the id"),
            (&*format!("inbound_job = \"A.{}.{TENANT}\"", "0".repeat(32)), "[graph] inbound_job stands without"),
        ] {
            let file = format!("[graph]\ntenant_id = \"{TENANT}\"\n{text}");
            let message = toml::from_str::<File>(&file).unwrap().graph.check().unwrap_err().to_string();
            assert!(message.starts_with(part) && message.contains("allowed"), "{message}");
        }
        assert!(EXAMPLE.contains(&format!("# token_url = {:?}", example.token_url())));
    }

    #[test]
    fn a_bad_value_is_named_with_what_is_allowed() {
        for (text, part) in [
            ("tenant_id = \"common\"", "[graph] tenant_id is not a GUID"),
            ("tenant_id = \"x.example\"", "[graph] tenant_id is not a GUID"),
            (
                &*format!("tenant_id = \"{TENANT}\"\nbase_url = \"http://graph.example\""),
                "[graph] base_url is not https",
            ),
            (
                &*format!("tenant_id = \"{TENANT}\"\ntoken_url = \"https://login.example/common/oauth2/v2.0/token\""),
                "[graph] token_url is shared",
            ),
        ] {
            let message = toml::from_str::<Settings>(text).unwrap().check().unwrap_err().to_string();
            assert!(message.starts_with(part) && message.contains("allowed"), "{message}");
        }
        let local = format!("tenant_id = \"{TENANT}\"\nbase_url = \"http://127.0.0.1:9/v1.0\"");
        assert!(toml::from_str::<Settings>(&local).unwrap().check().is_ok());
        assert!(toml::from_str::<Settings>("base_url = \"https://graph.example\"").is_err());
        let cloud = format!("tenant_id = \"{TENANT}\"\nbase_url = \"https://graph.microsoft.us/v1.0\"");
        assert!(
            toml::from_str::<Settings>(&cloud).unwrap().token_url().starts_with("https://login.microsoftonline.us/")
        );
    }
}
