//! The section `[okta]`.
//!
//! Never holds a secret: tokens come by the environment only. Begin with [`Settings`].

use crate::domain::settings::{Deactivation, ProvisioningType};
use crate::wire::address::Base;
use crate::wire::setting::BadSetting;
use serde::{Deserialize, Serialize};

/// `[okta]`; unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `https://{org}.okta.com`
    pub org_url: String,
    /// The instance of Office 365 (`0oa…`), where the org has several.
    #[serde(default)]
    pub app_id: Option<String>,
    /// What "Deactivate Users" does to the Microsoft 365 user: Okta's API does not tell, so the operator declares it.
    #[serde(default)]
    pub deactivation: Deactivation,
    /// Whether the bot may switch "Deactivate Users" off for the moment of an unassignment (SAFETY D4 row 4).
    #[serde(default)]
    pub allow_pause: bool,
    /// The provisioning type of the app (SAFETY E4).
    #[serde(default)]
    pub provisioning_type: ProvisioningType,
}

impl Settings {
    /// Whether the values can be used; the first one that cannot is named.
    pub fn check(&self) -> Result<(), BadSetting> {
        let bad = |key, problem: String| Err(BadSetting { section: "okta", key, problem });
        let base = match Base::parse_host(&self.org_url) {
            Ok(base) => base,
            Err(flaw) => return bad("org_url", flaw.to_string()),
        };
        let name = base.host().split('.').next().unwrap_or_default();
        let ours = [".okta.com", ".oktapreview.com", ".okta-emea.com"].iter().any(|end| base.host().ends_with(end));
        if ours && name.ends_with("-admin") {
            return bad(
                "org_url",
                "is the host of the admin console, which is not the API; allowed: the org's address without -admin"
                    .to_owned(),
            );
        }
        match self.app_id.as_deref() {
            Some(id)
                if !(id.starts_with("0oa") && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))) =>
            {
                bad("app_id", "is not the id of an app; allowed: 0oa and letters or digits, or leave it out".to_owned())
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The section as an example: every key with its default.
pub const EXAMPLE: &str = r#"[okta]
# Address of the org, without "-admin". https only; http is allowed to a loopback address.
org_url = "https://example.okta.com"
# The Office 365 app. Default: not set; needed when the org has more than one active Office 365 app.
# app_id = "0oa0000000example000"
# What "Deactivate Users" does to the Microsoft 365 user (Okta's API does not tell):
# "unknown", "block_only", "remove_licenses" or "delete". With "unknown" the worst is assumed.
deactivation = "unknown"
# Whether the bot may switch "Deactivate Users" off while it unassigns one person, and on again.
allow_pause = false
# "unknown", "licenses_only", "profile", "user" or "universal".
provisioning_type = "unknown"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        okta: Settings,
    }

    #[test]
    fn the_example_is_valid_and_shows_the_defaults() {
        let example = toml::from_str::<File>(EXAMPLE).unwrap().okta;
        example.check().unwrap();
        let short = toml::from_str::<File>("[okta]\norg_url = \"https://example.okta.com\"").unwrap().okta;
        assert_eq!(example, short);
        for key in ["org_url", "app_id", "deactivation", "allow_pause", "provisioning_type"] {
            assert!(EXAMPLE.contains(&format!("{key} = ")), "{key}");
        }
    }

    #[test]
    fn a_bad_value_is_named_with_what_is_allowed() {
        let check = |text: &str| toml::from_str::<Settings>(text).unwrap().check();
        for (url, part) in [
            ("http://example.okta.com", "[okta] org_url is not https"),
            ("https://example-admin.okta.com", "[okta] org_url is the host of the admin console"),
            ("https://example-admin.oktapreview.com/", "[okta] org_url is the host of the admin console"),
            ("https://example.okta.com/api/v1", "[okta] org_url has a path"),
            ("https://u:p@example.okta.com", "[okta] org_url contains a user name"),
            ("example.okta.com", "[okta] org_url is not a URL"),
        ] {
            let message = check(&format!("org_url = {url:?}")).unwrap_err().to_string();
            assert!(message.starts_with(part) && message.contains("allowed"), "{message}");
            assert!(!message.contains("u:p"), "{message}");
        }
        assert!(check("org_url = \"http://127.0.0.1:8080\"").is_ok());
        assert!(check("org_url = \"https://login.example.com\"\napp_id = \"Microsoft 365\"").is_err());
        assert!(toml::from_str::<Settings>("org_url = \"https://a.okta.com\"\ntoken = \"x\"").is_err());
        assert!(toml::from_str::<Settings>("org_url = \"https://a.okta.com\"\ndeactivation = \"maybe\"").is_err());
    }
}
