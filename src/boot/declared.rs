//! What a scenario declares about its app, where the sandbox has no configuration file of its own.
//!
//! Never invents a declaration. Begin with [`declared`].

use crate::config::{embedded, load, process};
use crate::domain::settings::Declared;
use crate::okta;
use crate::sandbox::Access;
use anyhow::Context;
use serde::Deserialize;
use tempfile::TempDir;

#[derive(Deserialize)]
struct File {
    tenant: Tenant,
}

#[derive(Deserialize)]
struct Tenant {
    #[serde(default)]
    declare: toml::Table,
}

/// `[tenant.declare]` of a scenario, under what the environment says (`REANCHOR__OKTA__…`): as the terminal chat has it from
/// its configuration.
pub(super) fn declared(scenario: &str, access: &Access) -> anyhow::Result<Declared> {
    let found = embedded::SCENARIOS.iter().find(|(known, _)| *known == scenario);
    let (_, text) = found.with_context(|| format!("there is no scenario `{scenario}`"))?;
    let file: File = toml::from_str(text).with_context(|| format!("scenario `{scenario}`"))?;
    let mut section = file.tenant.declare;
    section.insert("org_url".to_owned(), access.okta_url.clone().into());
    let folder = TempDir::new().context("no temporary folder can be made")?;
    let path = folder.path().join("reanchor.toml");
    let table = toml::Table::from_iter([("okta".to_owned(), section.into())]);
    std::fs::write(&path, toml::to_string(&table)?).with_context(|| format!("{} cannot be written", path.display()))?;
    let okta: okta::settings::Settings = load(Some(&path), process())?.section("okta")?;
    let okta::settings::Settings { deactivation, allow_pause, provisioning_type, .. } = okta;
    Ok(Declared { deactivation, allow_pause, provisioning_type })
}
