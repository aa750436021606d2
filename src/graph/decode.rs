//! Graph's JSON to facts. The values here are private to the client.
//!
//! Lenient in what it does not need, strict in what a decision stands on. Begin with [`user`].

use super::error::unusable;
use crate::domain::ids::EntraId;
use crate::domain::tenant::{Deletion, Domain, EntraUser, Sku};
use crate::ports::directory::Answer;
use crate::wire::json::{at, flag, list, number, text};
use serde_json::Value;

fn need<T>(op: &'static str, field: &'static str, value: Option<T>) -> Answer<T> {
    value.ok_or_else(|| unusable(op, format!("the answer has no usable {field}")))
}

pub(super) fn user(op: &'static str, value: &Value) -> Answer<EntraUser> {
    let states = list(value, "/licenseAssignmentStates");
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids.dedup();
        ids
    };
    let by = |group: bool| {
        let of = states.iter().filter(|state| text(state, "/assignedByGroup").is_some() == group);
        sorted(of.filter_map(|state| text(state, "/skuId")).collect())
    };
    let (mut direct, from_groups) = (by(false), by(true));
    if states.is_empty() {
        direct = sorted(list(value, "/assignedLicenses").into_iter().filter_map(|l| text(l, "/skuId")).collect());
    }
    Ok(EntraUser {
        id: need(op, "id", text(value, "/id").and_then(|id| EntraId::parse(&id)))?,
        upn: need(op, "userPrincipalName", text(value, "/userPrincipalName"))?,
        name: text(value, "/displayName").unwrap_or_default(),
        mail: text(value, "/mail"),
        enabled: flag(value, "/accountEnabled"),
        user_type: text(value, "/userType"),
        created: at(value, "/createdDateTime"),
        deleted: at(value, "/deletedDateTime"),
        anchor: text(value, "/onPremisesImmutableId"),
        synced: flag(value, "/onPremisesSyncEnabled"),
        management_restricted: flag(value, "/isManagementRestricted"),
        proxies: list(value, "/proxyAddresses").into_iter().filter_map(|p| p.as_str().map(str::to_owned)).collect(),
        direct_licences: direct,
        group_licences: from_groups,
    })
}

/// A user of deletedItems, with the prefix of its UPN undone.
pub(super) fn deleted_user(op: &'static str, value: &Value) -> Answer<EntraUser> {
    let mut user = user(op, value)?;
    need(op, "deletedDateTime", user.deleted)?;
    user.upn = user.plain_upn().to_owned();
    Ok(user)
}

/// Whether a directory object is a user; one that does not say its type was asked for as a user.
pub(super) fn is_user(value: &Value) -> bool {
    text(value, "/@odata.type").is_none_or(|kind| kind.eq_ignore_ascii_case("#microsoft.graph.user"))
}

/// A deletion that took place; `None` for a failed attempt and for an event about another object.
pub(super) fn deletion(op: &'static str, value: &Value, id: &EntraId) -> Answer<Option<Deletion>> {
    let about = list(value, "/targetResources")
        .into_iter()
        .any(|target| text(target, "/id").is_some_and(|target| target.eq_ignore_ascii_case(id.as_str())));
    if !about || text(value, "/result").is_some_and(|result| result.eq_ignore_ascii_case("failure")) {
        return Ok(None);
    }
    let by = ["/initiatedBy/user/displayName", "/initiatedBy/user/userPrincipalName", "/initiatedBy/app/displayName"]
        .iter()
        .find_map(|path| text(value, path));
    Ok(Some(Deletion {
        by: by.unwrap_or_else(|| "somebody whom the audit does not name".to_owned()),
        at: need(op, "activityDateTime", at(value, "/activityDateTime"))?,
        by_provisioning: by_provisioning(value),
    }))
}

/// Whether the initiator is Okta's provisioning: the service account of the older connection (`svc_OKTA_sync_{app id}`), or
/// an app that Okta made for itself (the names differ by connection, all of them hold "Okta").
fn by_provisioning(value: &Value) -> bool {
    let lower = |path: &str| text(value, path).unwrap_or_default().to_lowercase();
    lower("/initiatedBy/user/userPrincipalName").starts_with("svc_okta_sync_")
        || lower("/initiatedBy/app/displayName").contains("okta")
}

pub(super) fn domain(op: &'static str, value: &Value) -> Answer<Domain> {
    let verified = flag(value, "/isVerified").unwrap_or(false);
    let kind = text(value, "/authenticationType");
    if verified && kind.is_none() {
        return Err(unusable(op, "a verified domain has no usable authenticationType"));
    }
    Ok(Domain {
        name: need(op, "id", text(value, "/id"))?,
        federated: kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Federated")),
        initial: flag(value, "/isInitial").unwrap_or(false),
        verified,
    })
}

pub(super) fn sku(op: &'static str, value: &Value) -> Answer<Sku> {
    Ok(Sku {
        id: need(op, "skuId", text(value, "/skuId"))?,
        name: text(value, "/skuPartNumber").unwrap_or_default(),
        consumed: need(op, "consumedUnits", number(value, "/consumedUnits"))?,
        enabled: need(op, "prepaidUnits.enabled", number(value, "/prepaidUnits/enabled"))?,
    })
}

/// The name of a role that is held.
pub(super) fn role(op: &'static str, value: &Value) -> Answer<String> {
    need(op, "displayName", ["/displayName", "/roleTemplateId", "/id"].iter().find_map(|path| text(value, path)))
}

/// The role of an assignment or an eligibility: by name where the definition came along, else by its id.
pub(super) fn assigned(op: &'static str, value: &Value) -> Answer<String> {
    let name = ["/roleDefinition/displayName", "/roleDefinitionId", "/id"].iter().find_map(|path| text(value, path));
    need(op, "roleDefinitionId", name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "9dfb369b-ab13-4fae-a276-55daa05f1119";

    #[test]
    fn licences_are_told_apart_by_who_gave_them() {
        let value = json!({"id": ID.to_uppercase(), "userPrincipalName": "a@x.example", "proxyAddresses": null,
            "accountEnabled": "true", "assignedLicenses": [{"skuId": "s1"}, {"skuId": "s2"}],
            "licenseAssignmentStates": [{"skuId": "s2", "assignedByGroup": "g"}, {"skuId": "s1", "assignedByGroup": null},
                                        {"skuId": "s1"}]});
        let read = user("read", &value).unwrap();
        assert_eq!((read.direct_licences, read.group_licences), (vec!["s1".to_owned()], vec!["s2".to_owned()]));
        assert_eq!((read.id.as_str(), read.enabled, read.proxies.len()), (ID, Some(true), 0));
    }

    #[test]
    fn the_prefix_of_a_deleted_upn_is_undone() {
        let upn = format!("{}a@x.example", ID.replace('-', "").to_uppercase());
        let value = json!({"id": ID, "userPrincipalName": upn, "deletedDateTime": "2026-11-22T07:43:05Z"});
        assert_eq!(deleted_user("read", &value).unwrap().upn, "a@x.example");
        assert!(deleted_user("read", &json!({"id": ID, "userPrincipalName": "a@x.example"})).is_err());
    }

    #[test]
    fn the_provisioning_of_okta_is_known_by_its_account_or_its_app() {
        let id = EntraId::parse(ID).unwrap();
        let event = |by: Value| {
            json!({"activityDateTime": "2026-11-22T07:43:05Z", "result": "success", "initiatedBy": by,
                   "targetResources": [{"id": ID}]})
        };
        let read = |by: Value| deletion("read", &event(by), &id).unwrap().unwrap();
        assert!(
            read(json!({"user": {"userPrincipalName": "svc_OKTA_sync_0oa1@x.example"}, "app": null})).by_provisioning
        );
        assert!(read(json!({"app": {"displayName": "Okta Microsoft Graph Client"}, "user": null})).by_provisioning);
        let person = read(json!({"user": {"userPrincipalName": "okta.admin@x.example", "displayName": "Olga"}}));
        assert_eq!((person.by.as_str(), person.by_provisioning), ("Olga", false));
        let mut failed = event(json!(null));
        failed["result"] = json!("failure");
        assert_eq!(deletion("read", &failed, &id).unwrap(), None);
    }

    #[test]
    fn a_verified_domain_without_its_type_is_an_error() {
        assert!(domain("read", &json!({"id": "x.example", "isVerified": true})).is_err());
        assert!(!domain("read", &json!({"id": "x.example", "isVerified": false})).unwrap().federated);
    }
}
