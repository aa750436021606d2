//! What the two vendors write down: System Log events, failed tasks, directory audits.
//!
//! Never changes anything but the logs and the task list. Begin with [`failed`].
use serde_json::{Value, json};

use super::base::{ADMIN_OBJECT, CLIENT_PRINCIPAL, OKTA_PRINCIPAL};
use super::clock::{aadsts_time, graph_time, http_time, okta_time};
use super::model::World;

/// Why a push failed, in the vendor's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The linked object answers 404.
    Gone { object: String },
    /// Create Users is off.
    NoMatch,
    /// The provisioning account meets multi-factor authentication.
    Mfa,
    /// Graph refuses the usage location.
    UsageLocation,
    /// Graph refuses to block the account.
    Deactivation,
    /// No licence seat is free.
    NoSeats,
    /// Another object, live or deleted, holds a value that must be unique.
    Taken { property: &'static str },
    /// A federated sign-in name without an anchor.
    AnchorMissing,
    /// A federated sign-in name with another anchor than Okta sends.
    AnchorBlocked,
    /// The object's master is a directory on premises.
    Mastered,
}

/// The longest `outcome.reason` of the System Log.
const REASON_MAX: usize = 255;

/// Records a failed push of this person: System Log, Tasks. Answers the task's full text.
pub(crate) fn failed(world: &mut World, user: &str, failure: &Failure) -> String {
    let (name, login, object) = names(world, user);
    let label = world.okta.app.label.clone();
    let linked = world.okta.app_users.get(user).is_some_and(|row| row.external_id.is_some());
    let detail = detail(world, &login, &object, failure);
    let text = if *failure == Failure::NoMatch {
        format!("Automatic provisioning of user {name} to app {label} failed: Matching user not found.")
    } else if *failure == Failure::Deactivation {
        format!(
            "Automatic deactivation of user {name} to app {label} failed: Could not deactivate Office 365 user {login}, \
             received error: {detail}"
        )
    } else if linked {
        format!(
            "Automatic profile push of user {name} to app {label} failed: Could not push profile for Office 365 user \
             {login}, received error: {detail}"
        )
    } else {
        format!(
            "Automatic provisioning of user {name} to app {label} failed: Could not provision Office 365 user \
             {login}, received error: {detail}"
        )
    };
    let kind = if *failure == Failure::Deactivation {
        "application.provision.user.deactivate"
    } else if linked {
        "application.provision.user.push_profile"
    } else {
        "application.provision.user.push"
    };
    let reason: String = text.chars().take(REASON_MAX).collect();
    let debug = json!({
        "app_error_code": code(failure),
        "user_principal_name": login,
        "app_user_id": object,
        "provisioning_type": world.entra.sync.logged(),
        "domain": world.okta.app.domain,
        "msft_tenant": world.okta.app.msft_tenant,
    });
    let outcome = json!({"result": "FAILURE", "reason": reason});
    event(world, kind, user, ("WARN", outcome, debug));
    world.tasks.insert(user.to_owned(), text.clone());
    text
}

/// Records a push that worked, and clears the person's task.
pub(crate) fn pushed(world: &mut World, user: &str, kind: &str) {
    world.tasks.remove(user);
    event(world, kind, user, ("INFO", json!({"result": "SUCCESS"}), json!({})));
}

/// Records something that happened to a person in Okta.
pub(crate) fn note(world: &mut World, user: &str, kind: &str) {
    event(world, kind, user, ("INFO", json!({"result": "SUCCESS"}), json!({})));
}

/// Records the deletion of an Entra object, by an administrator or by Okta's deprovisioning.
pub(crate) fn object_deleted(world: &mut World, object: &str, by_okta: bool) {
    if by_okta {
        let subject = world.subject.clone();
        note(world, &subject, "application.user_membership.remove");
        note(world, &subject, "application.provision.user.deactivate");
        note(world, &subject, "app.office365.user.delete.success");
    }
    audit(world, ("Delete user", "Delete"), object, if by_okta { By::Okta } else { By::Administrator });
}

/// Records the creation of an Entra object.
pub(crate) fn object_created(world: &mut World, object: &str, by_okta: bool) {
    audit(world, ("Add user", "Add"), object, if by_okta { By::Okta } else { By::Administrator });
}

/// Records a change of an Entra object by the simulated Okta.
pub(crate) fn object_changed(world: &mut World, object: &str, activity: &str) {
    audit(world, (activity, "Update"), object, By::Okta);
}

/// Records a change of an Entra object by whoever calls Graph from outside.
pub(crate) fn object_written(world: &mut World, object: &str, activity: &str) {
    audit(world, (activity, "Update"), object, By::Client);
}

fn code(failure: &Failure) -> &'static str {
    match failure {
        Failure::Gone { .. } => "Request_ResourceNotFound",
        Failure::NoMatch => "USER_NOT_FOUND",
        Failure::Mfa => "AADSTS50079",
        Failure::Deactivation => "Authorization_RequestDenied",
        Failure::NoSeats
        | Failure::AnchorMissing
        | Failure::AnchorBlocked
        | Failure::Mastered
        | Failure::UsageLocation => "Request_BadRequest",
        Failure::Taken { .. } => "ObjectConflict",
    }
}

fn detail(world: &mut World, login: &str, object: &str, failure: &Failure) -> String {
    let (trace, correlation) = (world.ids.guid(), world.ids.guid());
    // A push to a linked object changes that object, any other makes one.
    let (method, path) = if object.is_empty() { ("POST", String::new()) } else { ("PATCH", format!("/{object}")) };
    let status = |code: u16| format!("Received response with HTTP status code {code}. httpStatusCode={code} ");
    let (head, message, method, path) = match failure {
        Failure::NoMatch => return String::new(),
        Failure::Mfa => {
            return format!(
                "com.saasure.application.microsoft.exceptions.Office365ProvisioningException: 400 AADSTS50079: Due to \
                 a configuration change made by your administrator, or because you moved to a new location, you must \
                 enroll in multi-factor authentication to access '{OKTA_PRINCIPAL}'. Trace ID: {trace} Correlation \
                 ID: {correlation} Timestamp: {}",
                aadsts_time(world.now)
            );
        }
        Failure::Gone { object } => (
            "Received response with error code Request_ResourceNotFound. httpStatusCode=404 ".to_owned(),
            gone(object),
            "PATCH",
            format!("/{object}"),
        ),
        Failure::NoSeats => {
            let sku = world.entra.sku.id.clone();
            let message = format!("Subscription with SKU {sku} does not have any available licenses.");
            (status(400), message, "POST", format!("/{login}/microsoft.graph.assignLicense"))
        }
        Failure::UsageLocation => {
            (status(400), "Property usageLocation is invalid.".to_owned(), "PATCH", format!("/{object}"))
        }
        Failure::Deactivation => {
            let message = "Insufficient privileges to complete the operation.".to_owned();
            (status(403), message, "PATCH", format!("/{object}"))
        }
        Failure::Taken { property } => (
            status(400),
            format!("Another object with the same value for property {property} already exists."),
            method,
            path,
        ),
        Failure::AnchorMissing => (
            status(400),
            "Property onPremisesImmutableId is required for a user in a federated domain.".to_owned(),
            method,
            path,
        ),
        Failure::AnchorBlocked => (status(400), BLOCKED.to_owned(), method, path),
        Failure::Mastered => (status(400), MASTERED.to_owned(), method, path),
    };
    format!(
        "{head}errorCode={} errorMessage=\"{message}\" client-request-id={correlation} request-id={trace} \
         timestamp='{}' method={method} url=https://graph.microsoft.com/v1.0/users{path}",
        code(failure),
        http_time(world.now),
    )
}

/// Graph's sentence about the anchor of a user of a federated domain.
pub(crate) const BLOCKED: &str =
    "Unable to update the specified properties for users in a federated domain. Parameter: onPremisesImmutableId";

/// Graph's sentence about a user whose master is elsewhere.
pub(crate) const MASTERED: &str = "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.";

/// Graph's sentence about an object that is not there.
pub(crate) fn gone(object: &str) -> String {
    format!("Resource '{object}' does not exist or one of its queried reference-property objects are not present.")
}

fn names(world: &World, user: &str) -> (String, String, String) {
    let row = world.okta.app_users.get(user);
    let name = world.okta.users.get(user).map(super::model::OktaUser::name).unwrap_or_default();
    let login = row.map(|r| r.user_name.clone()).unwrap_or_default();
    let object = row.and_then(|r| r.external_id.clone()).unwrap_or_default();
    (name, login, object)
}

fn event(world: &mut World, kind: &str, user: &str, (severity, outcome, debug): (&str, Value, Value)) {
    let (name, login, _) = names(world, user);
    let row = world.okta.app_users.get(user).map(|r| r.row.clone()).unwrap_or_default();
    let okta_login = world.okta.users.get(user).map(|u| u.login.clone()).unwrap_or_default();
    let app_name = format!("{} ({})", world.okta.app.label, world.okta.app.domain);
    let message = match kind {
        "application.provision.user.push_profile" => "Push user's profile to external application",
        "application.provision.user.push" => "Push new user to external application",
        "application.provision.user.deactivate" => "Deactivate user in external application",
        "application.provision.user.reactivate" => "Reactivate user in external application",
        "application.user_membership.add" => "Add user to application membership",
        "application.user_membership.remove" => "Remove user's application membership",
        "application.user_membership.update" => "Update user's application membership",
        "app.office365.user.remove.licenses.success" => "Successfully removed licenses of the Office 365 user",
        "app.office365.user.delete.success" => "Successfully deleted the Office 365 user",
        _ => "Application event",
    };
    let event = json!({
        "uuid": world.ids.guid(),
        "version": "0",
        "published": okta_time(world.now),
        "eventType": kind,
        "displayMessage": message,
        "severity": severity,
        "actor": {"id": "system", "type": "SystemPrincipal", "alternateId": "system@okta.com",
                  "displayName": "Okta System"},
        "outcome": outcome,
        "target": [
            {"id": row, "type": "AppUser", "alternateId": login, "displayName": name},
            {"id": world.okta.app.id, "type": "AppInstance", "alternateId": app_name,
             "displayName": world.okta.app.label},
            {"id": user, "type": "User", "alternateId": okta_login, "displayName": name},
        ],
        "transaction": {"id": world.ids.token(27), "type": "JOB", "detail": {}},
        "debugContext": {"debugData": debug},
    });
    world.events.push(event);
}

/// Who did what an audit records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Administrator,
    Okta,
    /// An app that calls Graph from outside.
    Client,
}

fn audit(world: &mut World, (activity, operation): (&str, &str), object: &str, by: By) {
    let (upn, name) = match world.entra.users.get(object) {
        Some(user) => (super::entra::wire_upn(user), user.display_name.clone()),
        None => (String::new(), String::new()),
    };
    let app = |id: &str, name: &str| json!({"appId": id, "displayName": name, "servicePrincipalId": id, "servicePrincipalName": null});
    let admin_upn = world.entra.users.get(ADMIN_OBJECT).map(|a| a.upn.clone());
    let admin = json!({"id": ADMIN_OBJECT, "displayName": "Helen Marsh", "userPrincipalName": admin_upn,
                       "ipAddress": null});
    let initiated = match by {
        By::Administrator => json!({"app": null, "user": admin}),
        By::Okta => json!({"app": app(OKTA_PRINCIPAL, "Okta Microsoft Graph Client"), "user": null}),
        By::Client => json!({"app": app(CLIENT_PRINCIPAL, "Provisioning repair"), "user": null}),
    };
    let correlation = world.ids.guid();
    let entry = json!({
        "id": format!("Directory_{correlation}_{}", world.ids.token(5)),
        "category": "UserManagement",
        "correlationId": correlation,
        "result": "success",
        "resultReason": "",
        "activityDisplayName": activity,
        "activityDateTime": graph_time(world.now),
        "loggedByService": "Core Directory",
        "operationType": operation,
        "initiatedBy": initiated,
        "targetResources": [{"id": object, "displayName": name, "type": "User", "userPrincipalName": upn,
                             "groupType": null, "modifiedProperties": []}],
        "additionalDetails": [],
    });
    world.audits.push(entry);
}
