//! What a channel may see of a text (SAFETY A7), and the names of facts for people.
//!
//! Never shows a role, whatever the channel: what moved may be said, but not into which role. Begin with [`shown`].

use crate::domain::notice::PublicText;
use crate::domain::settings::Sharing;
use crate::domain::snapshot::Moved;

/// What stands for a value that this channel may not see.
pub const HIDDEN: &str = "(not shown here)";

/// The text as this channel may see it: without names, addresses and ids unless it is shown everything.
pub fn shown(text: &PublicText, sharing: Sharing) -> PublicText {
    match sharing {
        Sharing::Full => text.clone(),
        Sharing::Minimal | Sharing::None => text.without_foreign(HIDDEN),
    }
}

/// A value as this channel may see it.
pub(super) fn value(text: &str, sharing: Sharing) -> PublicText {
    shown(&PublicText::foreign(text), sharing)
}

/// One fact that moved: its name, the value before and the value now. Roles and the saved profile (which may give roles) are
/// named without their values.
pub fn moved(one: &Moved) -> PublicText {
    let name = fact_name(&one.key);
    if one.key.starts_with("entra.roles.") || one.key == "okta.admin_roles" || one.key == "okta.profile" {
        return name.and(" changed");
    }
    name.and(": ").and_foreign(&one.was).and(" → ").and_foreign(&one.is)
}

/// A key of the snapshot in words; ids and domains in it stay what they are: values from outside.
fn fact_name(key: &str) -> PublicText {
    if let Some((id, field)) = key.strip_prefix("entra.object.").and_then(|rest| rest.split_once('.')) {
        return PublicText::words("Entra account ").and_foreign(id).and(" ").and(entra_field(field));
    }
    if let Some(id) = key.strip_prefix("entra.roles.") {
        return PublicText::words("Roles of the Entra account ").and_foreign(id);
    }
    if let Some(name) = key.strip_prefix("entra.domain.") {
        return PublicText::words("Entra domain ").and_foreign(name);
    }
    match okta_or_list(key) {
        Some(words) => PublicText::words(words),
        None => PublicText::foreign(key),
    }
}

fn entra_field(field: &str) -> &'static str {
    match field {
        "upn" => "userPrincipalName",
        "anchor" => "onPremisesImmutableId",
        "enabled" => "accountEnabled",
        "type" => "userType",
        "synced" => "onPremisesSyncEnabled",
        "deleted" => "deleted",
        "proxies" => "proxyAddresses",
        "direct_licences" => "licences",
        _ => "(another field)",
    }
}

fn okta_or_list(key: &str) -> Option<&'static str> {
    Some(match key {
        "okta.user.status" => "Okta user status",
        "okta.user.login" => "Okta login",
        "okta.app" => "Okta app",
        "okta.app.status" => "Okta app status",
        "okta.app.domain" => "Okta app domain",
        "okta.mapping.anchor" => "Okta mapping of the anchor",
        "okta.app_user" => "Okta assignment",
        "okta.app_user.scope" => "Okta assignment scope",
        "okta.app_user.status" => "Okta assignment status",
        "okta.app_user.external_id" => "Okta externalId",
        "okta.app_user.user_name" => "Okta userName",
        "okta.app_user.anchor" => "Okta anchor",
        "okta.profile" => "Okta app user profile",
        "okta.switch" => "Okta provisioning switches",
        "okta.switch.create" => "Create Users",
        "okta.switch.update" => "Update User Attributes",
        "okta.switch.deactivate" => "Deactivate Users",
        "okta.admin_roles" => "Okta admin roles of the person",
        "okta.granting_groups" => "Okta groups that give the app",
        "entra.by_external_id" => "Entra account that externalId names",
        "entra.live.by_name" => "Live Entra accounts with the user name",
        "entra.live.by_anchor" => "Live Entra accounts with the anchor",
        "entra.deleted" => "Deleted Entra accounts",
        "entra.domain" => "Entra domains",
        "quiet" => "The account while Deactivate Users was off",
        "entra.parking" => "The name to park under and its holders",
        "target" => "What the change was to be made on",
        "entra.tenant_synced" => "Directory synchronization of the tenant",
        _ => return None,
    })
}
