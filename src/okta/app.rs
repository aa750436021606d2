//! An app with its schema and its mappings.
//!
//! Never hard-codes the name of an attribute: Okta's schema names them per instance, only their titles are known.
//! Begin with [`complete`].

use super::client::Client;
use super::error::unusable;
use crate::domain::ids::AppId;
use crate::domain::tenant::{App, Attributes};
use crate::ports::directory::Answer;
use crate::wire::json::text;
use serde_json::Value;
use std::collections::BTreeSet;

/// Adds schema and mappings to what `/apps` says.
pub(super) async fn complete(client: &Client, value: &Value) -> Answer<App> {
    const OP: &str = "read the app";
    let id = AppId::new(text(value, "/id").ok_or_else(|| unusable(OP, "the answer has no usable id"))?);
    let (attributes, mapped) = tokio::try_join!(attributes(client, &id), mapped(client, &id))?;
    Ok(App {
        id,
        name: text(value, "/name").ok_or_else(|| unusable(OP, "the answer has no usable name"))?,
        label: text(value, "/label").unwrap_or_default(),
        status: text(value, "/status").ok_or_else(|| unusable(OP, "the answer has no usable status"))?,
        domain: text(value, "/settings/app/domain"),
        ms_tenant: text(value, "/settings/app/msftTenant"),
        attributes,
        mapped,
    })
}

async fn attributes(client: &Client, app: &AppId) -> Answer<Attributes> {
    const OP: &str = "read the schema of the app user";
    let url = client.at(OP, &["meta", "schemas", "apps", app.as_str(), "default"], &[])?;
    let schema = client.one(OP, url).await?;
    Ok(by_title(&schema))
}

/// The variable names by title. Two attributes with one title resolve to nothing: guessing could write the wrong one.
fn by_title(schema: &Value) -> Attributes {
    let find = |title: &str| {
        let mut names = BTreeSet::new();
        for part in ["/definitions/base/properties", "/definitions/custom/properties"] {
            let properties = schema.pointer(part).and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                if text(property, "/title").is_some_and(|found| squeezed(&found) == squeezed(title)) {
                    names.insert(name.clone());
                }
            }
        }
        if names.len() == 1 { names.pop_first() } else { None }
    };
    Attributes {
        anchor: find("Immutable ID"),
        licenses: find("Licenses"),
        roles: find("Roles"),
        usage_location: find("Usage location"),
    }
}

fn squeezed(title: &str) -> String {
    title.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Names of the app user's attributes that a mapping from the Okta user owns. `DONT_PUSH` (apply on create) counts: Okta
/// applies every mapping at assignment and refuses its attributes in the request.
async fn mapped(client: &Client, app: &AppId) -> Answer<Vec<String>> {
    const OP: &str = "read the profile mappings of the app";
    let url = client.at(OP, &["mappings"], &[("targetId", app.as_str()), ("limit", "200")])?;
    let mut names = BTreeSet::new();
    for mapping in client.list(OP, url).await? {
        let towards_app = text(&mapping, "/target/id").is_some_and(|id| id == app.as_str());
        if !towards_app || text(&mapping, "/source/type").as_deref() == Some("appuser") {
            continue;
        }
        let id = text(&mapping, "/id").ok_or_else(|| unusable(OP, "a mapping has no usable id"))?;
        let detail = client.one(OP, client.at(OP, &["mappings", &id], &[])?).await?;
        let properties = detail.pointer("/properties").and_then(Value::as_object);
        names.extend(properties.into_iter().flatten().filter(|(_, v)| !v.is_null()).map(|(name, _)| name.clone()));
    }
    Ok(names.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_come_from_titles_in_both_halves_of_the_schema() {
        let schema = json!({"definitions": {
            "base": {"properties": {"imm": {"title": "Immutable ID"}, "userName": {"title": "Username"}}},
            "custom": {"properties": {"lic": {"title": "licenses"}, "r1": {"title": "Roles"}, "r2": {"title": "Roles"}}}}});
        let found = by_title(&schema);
        assert_eq!((found.anchor.as_deref(), found.licenses.as_deref()), (Some("imm"), Some("lic")));
        assert_eq!((found.roles, found.usage_location), (None, None));
        assert_eq!(by_title(&json!({"definitions": null})), Attributes::default());
    }
}
