//! Where the tenant answers and with which secrets; the ready configuration for the bot.
//!
//! Never shows a secret in `Debug`. Begin with [`Access`].
use std::fmt;
use std::path::Path;

use super::base::{APP, APPROVERS, ASKERS, OPERATORS};
use super::core::replace;
use super::scenario::Declared;

/// Addresses, ids and secrets of a running tenant. The secrets are new at each start.
#[derive(Clone)]
pub struct Access {
    /// Base URL of the Okta org, without a trailing slash.
    pub okta_url: String,
    /// Base URL of Graph, `/v1.0` included.
    pub graph_url: String,
    /// Full URL of the Entra token endpoint.
    pub token_url: String,
    /// Base URL of the control port, `/_sandbox` included.
    pub control_url: String,
    /// Bearer token of the control port.
    pub control_token: String,
    /// Value of the header `x-reanchor-sandbox` on every answer of the Okta and Graph ports.
    pub proof: String,
    /// RSS feed of the simulated status page of Okta.
    pub okta_rss: String,
    /// Object id of the service principal of inbound provisioning.
    pub inbound_service_principal: String,
    /// Id of the Office 365 app instance (`0oa...`).
    pub app_id: String,
    /// Id of the Entra tenant that the bot is configured for.
    pub tenant_id: String,
    /// Okta API token that may only GET.
    pub okta_read_token: String,
    /// Okta API token that may also write.
    pub okta_write_token: String,
    /// Entra application whose tokens may only GET.
    pub graph_read_client_id: String,
    /// Secret of that application.
    pub graph_read_client_secret: String,
    /// Entra application whose tokens may also write.
    pub graph_write_client_id: String,
    /// Secret of that application.
    pub graph_write_client_secret: String,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("okta_url", &self.okta_url)
            .field("graph_url", &self.graph_url)
            .field("token_url", &self.token_url)
            .field("control_url", &self.control_url)
            .field("app_id", &self.app_id)
            .field("tenant_id", &self.tenant_id)
            .finish_non_exhaustive()
    }
}

impl Access {
    /// Writes `reanchor.toml` and `reanchor.env` into the folder; both are readable by their owner only.
    pub(crate) fn write_config(&self, folder: &Path, declared: &Declared, feeds: bool) -> Result<(), String> {
        replace(folder, &folder.join("reanchor.toml"), self.config(folder, declared, feeds).as_bytes())?;
        replace(folder, &folder.join("reanchor.env"), self.secrets().as_bytes())
    }

    fn config(&self, folder: &Path, declared: &Declared, feeds: bool) -> String {
        let store = format!("sqlite://{}", folder.join("reanchor.sqlite").display());
        let text = |value: &str| toml::Value::String(value.to_owned()).to_string();
        // Only a scenario with an incident switches the feeds on, so that a section of one's own can be appended to the others.
        let feeds = if feeds {
            format!("[incident]\nokta_rss = {}\ngraph_health = true\n\n", text(&self.okta_rss))
        } else {
            String::new()
        };
        format!(
            "# Written for a simulated tenant; the secrets lie beside it in reanchor.env.\n\
             [mode]\ndefault = \"fix\"\n\n\
             [store]\nurl = {}\n\n\
             [okta]\norg_url = {}\napp_id = {}\ndeactivation = {}\nallow_pause = {}\nprovisioning_type = {}\n\n\
             [graph]\nbase_url = {}\ntoken_url = {}\ntenant_id = {}\ninbound_service_principal = {}\n\n{feeds}\
             [[policy]]\nname = \"default\"\naskers = [{}]\napprovers = [{}]\noperators = [{}]\n\n\
             [[channel]]\nsurface = \"console\"\nid = \"#provisioning\"\nlisten = true\nfacts = \"full\"\n\n\
             [sandbox]\ncontrol_url = {}\ncontrol_token = {}\nproof = {}\n",
            text(&store),
            text(&self.okta_url),
            text(APP),
            text(declared.deactivation.word()),
            declared.allow_pause,
            text(declared.provisioning_type.word()),
            text(&self.graph_url),
            text(&self.token_url),
            text(&self.tenant_id),
            text(&self.inbound_service_principal),
            text(ASKERS),
            text(APPROVERS),
            text(OPERATORS),
            text(&self.control_url),
            text(&self.control_token),
            text(&self.proof),
        )
    }

    fn secrets(&self) -> String {
        format!(
            "OKTA_READ_TOKEN={}\nOKTA_WRITE_TOKEN={}\nGRAPH_READ_CLIENT_ID={}\nGRAPH_READ_CLIENT_SECRET={}\n\
             GRAPH_WRITE_CLIENT_ID={}\nGRAPH_WRITE_CLIENT_SECRET={}\n",
            self.okta_read_token,
            self.okta_write_token,
            self.graph_read_client_id,
            self.graph_read_client_secret,
            self.graph_write_client_id,
            self.graph_write_client_secret,
        )
    }
}
