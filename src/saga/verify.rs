//! Reads both sides after the last effect and says whether the goal is reached (SAFETY D10). Judging is pure
//! ([`judge`]); only [`read`] touches the directories. Never repairs anything.

use super::look::Readers;
use crate::domain::effect::{Effect, Link};
use crate::domain::guard::entries;
use crate::domain::ids::EntraId;
use crate::domain::notice::PublicText;
use crate::domain::plan::{Goal, Plan};
use crate::domain::tenant::{AppUser, Attributes, EntraUser, Roles, Scope};
use crate::ports::directory::Answer;
use serde_json::Value;

/// What was read.
#[derive(Clone, Debug)]
pub struct Ends {
    /// The assignment.
    pub row: Option<AppUser>,
    /// Names of the profile attributes.
    pub attributes: Attributes,
    /// The object of the goal, live.
    pub object: Option<EntraUser>,
    /// Its roles, where the goal asks for them.
    pub roles: Option<Roles>,
    /// The capabilities of the app's provisioning, where the plan switches one of them.
    pub capabilities: Option<Value>,
}

/// Everything is right: what was verified, and whether Okta's task waits for Retry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// One line for each thing.
    pub findings: Vec<PublicText>,
    /// Okta's syncState is still ERROR.
    pub waiting_for_retry: bool,
}

/// Reads what [`judge`] needs.
pub async fn read(readers: &Readers, plan: &Plan) -> Answer<Ends> {
    let (row, app) = tokio::join!(readers.okta.app_user(&plan.app, &plan.subject), readers.okta.app(&plan.app));
    let row = row?;
    let attributes = app?.map(|app| app.attributes).unwrap_or_default();
    let id: Option<EntraId> = match &plan.goal {
        Goal::Linked { .. } | Goal::AsBefore => row.as_ref().and_then(|row| row.external_id.clone()),
        Goal::Restored { object, .. } | Goal::Anchored { object, .. } => Some(object.clone()),
    };
    let (mut object, mut roles) = (None, None);
    if let Some(id) = &id {
        object = readers.entra.user(id).await?;
        if object.is_some() && matches!(plan.goal, Goal::Restored { .. }) {
            roles = Some(readers.entra.roles(id).await?);
        }
    }
    let capabilities = match plan.pause() {
        Some(_) => Some(readers.okta.provisioning(&plan.app).await?.capabilities),
        None => None,
    };
    Ok(Ends { row, attributes, object, roles, capabilities })
}

/// Whether the goal is reached; else what is not right.
pub fn judge(plan: &Plan, ends: &Ends) -> Result<Right, PublicText> {
    given_back(plan, ends)?;
    let Some(row) = &ends.row else { return Err(PublicText::words("the person is not assigned to the app")) };
    match &plan.goal {
        Goal::AsBefore => as_before(plan, row),
        Goal::Linked { link, enabled, licences } => {
            let object = linked(plan, row, link, ends)?;
            let findings = account(plan, row, object, &ends.attributes)?;
            sign_in(object, *enabled)?;
            keep_licences(object, licences)?;
            let expected = entries_sent(plan, &ends.attributes);
            if object.direct_licences.is_empty() && object.group_licences.is_empty() && !expected.is_empty() {
                return Err(PublicText::words("ALARM: the account has no licence, though Okta was to assign ")
                    .and_foreign(&expected.join(", ")));
            }
            Ok(Right { findings: with_licences(findings, object), waiting_for_retry: false })
        }
        Goal::Anchored { okta, entra, upn, enabled, proxies, licences, .. } => {
            let (okta, entra) = (okta.as_deref(), entra.as_deref());
            anchored(row, ends, &Anchored { okta, entra, upn, enabled: *enabled, proxies, licences })
        }
        Goal::Restored { upn, anchor, enabled, licences, .. } => {
            let Some(object) = &ends.object else { return Err(PublicText::words("the restored user is not live")) };
            if object.upn != *upn {
                return Err(PublicText::words("the UPN came back as ")
                    .and_foreign(&object.upn)
                    .and(", not ")
                    .and_foreign(upn));
            }
            if object.anchor != *anchor {
                return Err(PublicText::words("the anchor did not come back as it was"));
            }
            sign_in(object, *enabled)?;
            keep_licences(object, licences)?;
            if ends.roles.as_ref().is_some_and(|roles| !roles.is_empty()) {
                // Which role is for the approvers, who see it in Entra; the channel learns that there is one (SAFETY A7).
                return Err(PublicText::words(
                    "ALARM: the restored account is privileged; block its sign-in until it is checked",
                ));
            }
            let findings = vec![
                PublicText::words("live again with its object id ").and_foreign(object.id.as_str()),
                PublicText::words("UPN as before: ").and_foreign(&object.upn),
                PublicText::words("anchor as before: ").and_foreign(object.anchor.as_deref().unwrap_or("(none)")),
            ];
            let waiting_for_retry = row.sync_state.as_deref() == Some("ERROR");
            Ok(Right { findings: with_licences(findings, object), waiting_for_retry })
        }
    }
}

/// The provisioning settings are exactly as they were before the pause.
fn given_back(plan: &Plan, ends: &Ends) -> Result<(), PublicText> {
    let saved = plan
        .effects()
        .find_map(|effect| if let Effect::PauseProvisioning { saved, .. } = effect { Some(saved) } else { None });
    match (saved, &ends.capabilities) {
        (Some(saved), Some(now)) if saved != now => {
            Err(PublicText::words("ALARM: the app's provisioning settings are not as they were before the pause"))
        }
        (Some(_) | None, _) => Ok(()),
    }
}

struct Anchored<'a> {
    okta: Option<&'a str>,
    entra: Option<&'a str>,
    upn: &'a str,
    enabled: Option<bool>,
    proxies: &'a [String],
    licences: &'a [String],
}

/// Both anchors byte for byte, and everything else of the account as before (SAFETY D8, D10).
fn anchored(row: &AppUser, ends: &Ends, goal: &Anchored<'_>) -> Result<Right, PublicText> {
    let Some(object) = &ends.object else { return Err(PublicText::words("the account is not live")) };
    if row.external_id.as_ref() != Some(&object.id) {
        return Err(PublicText::words("Okta does not name this account any more"));
    }
    if object.upn != goal.upn {
        return Err(PublicText::words("the UPN is ").and_foreign(&object.upn).and(", not ").and_foreign(goal.upn));
    }
    let (okta, entra) = (row.anchor(&ends.attributes), object.anchor.as_deref());
    if okta != goal.okta || entra != goal.entra {
        return Err(PublicText::words("the anchors are: Okta ")
            .and_foreign(okta.unwrap_or("(none)"))
            .and(", Entra ")
            .and_foreign(entra.unwrap_or("(none)")));
    }
    if object.enabled != goal.enabled {
        return Err(PublicText::words("ALARM: whether sign-in is allowed is not as before"));
    }
    keep_licences(object, goal.licences)?;
    let lost: Vec<&str> =
        goal.proxies.iter().filter(|proxy| !object.proxies.contains(proxy)).map(String::as_str).collect();
    if !lost.is_empty() {
        return Err(PublicText::words("ALARM: mail addresses are missing that were there before: ")
            .and_foreign(&lost.join(", ")));
    }
    if !["PROVISIONED", "ACTIVE"].contains(&row.status.as_str()) {
        return Err(PublicText::words("the assignment has the status ").and_foreign(&row.status));
    }
    let mut findings = vec![
        PublicText::words("anchor in Okta: ").and_foreign(okta.unwrap_or("(none)")),
        PublicText::words("anchor in Entra: ").and_foreign(entra.unwrap_or("(none)")),
        PublicText::words("UPN as before: ").and_foreign(&object.upn),
        PublicText::words(if object.enabled == Some(true) {
            "sign-in allowed, as before"
        } else {
            "sign-in as before"
        }),
    ];
    let new: Vec<&str> =
        object.proxies.iter().filter(|proxy| !goal.proxies.contains(proxy)).map(String::as_str).collect();
    findings.push(if new.is_empty() {
        PublicText::words("mail addresses as before")
    } else {
        PublicText::words("mail addresses as before, and a further one came with the hop: ")
            .and_foreign(&new.join(", "))
    });
    findings = with_licences(findings, object);
    findings.push(PublicText::words("ask the person to sign out and in again"));
    Ok(Right { findings, waiting_for_retry: row.sync_state.as_deref() == Some("ERROR") })
}

/// The scope that the plan's conversions lead to, from `start`.
fn scope_after(plan: &Plan, start: Option<Scope>) -> Option<Scope> {
    plan.effects().fold(
        start,
        |scope, effect| {
            if let Effect::ConvertAssignment { to, .. } = effect { Some(*to) } else { scope }
        },
    )
}

fn as_before(plan: &Plan, row: &AppUser) -> Result<Right, PublicText> {
    let wanted = scope_after(plan, None);
    if wanted.is_some_and(|scope| scope != row.scope) {
        return Err(PublicText::words("the scope of the assignment is ").and(row.scope.text()));
    }
    let findings = vec![PublicText::words("the assignment is as before: scope ").and(row.scope.text())];
    Ok(Right { findings, waiting_for_retry: false })
}

fn linked<'a>(plan: &Plan, row: &AppUser, link: &Link, ends: &'a Ends) -> Result<&'a EntraUser, PublicText> {
    if Some(row.scope) != scope_after(plan, Some(Scope::User)) {
        return Err(PublicText::words("the assignment has the scope ").and(row.scope.text()));
    }
    let Some(id) = &row.external_id else { return Err(PublicText::words("Okta holds no externalId")) };
    match link {
        Link::Existing(expected) if expected != id => {
            return Err(PublicText::words("linked to ")
                .and_foreign(id.as_str())
                .and(", not to the account on the card"));
        }
        Link::New if plan.external_id.as_ref() == Some(id) => {
            return Err(PublicText::words("still linked to the old object"));
        }
        Link::Existing(_) | Link::New => {}
    }
    ends.object.as_ref().ok_or_else(|| PublicText::words("the linked account is not found in Entra"))
}

fn account(
    plan: &Plan,
    row: &AppUser,
    object: &EntraUser,
    attributes: &Attributes,
) -> Result<Vec<PublicText>, PublicText> {
    if !object.upn.eq_ignore_ascii_case(&plan.user_name) {
        return Err(PublicText::words("the UPN is ")
            .and_foreign(&object.upn)
            .and(", not ")
            .and_foreign(&plan.user_name));
    }
    let okta = row.anchor(attributes);
    if okta != object.anchor.as_deref() {
        return Err(PublicText::words("the anchors differ: Okta ")
            .and_foreign(okta.unwrap_or("(none)"))
            .and(", Entra ")
            .and_foreign(object.anchor.as_deref().unwrap_or("(none)")));
    }
    Ok(vec![
        PublicText::words("linked to ").and_foreign(object.id.as_str()),
        PublicText::words("UPN on both sides: ").and_foreign(&object.upn),
        PublicText::words("anchor on both sides: ").and_foreign(okta.unwrap_or("(none)")),
        PublicText::words("assignment: scope ").and(row.scope.text()).and(", ").and_foreign(&row.status),
    ])
}

fn sign_in(object: &EntraUser, before: Option<bool>) -> Result<(), PublicText> {
    if object.enabled == Some(true) || (object.enabled.is_some() && object.enabled == before) {
        return Ok(());
    }
    Err(PublicText::words("ALARM: sign-in of the account is blocked (accountEnabled is not true)"))
}

fn keep_licences(object: &EntraUser, before: &[String]) -> Result<(), PublicText> {
    let missing: Vec<&str> =
        before.iter().filter(|sku| !object.direct_licences.contains(sku)).map(String::as_str).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(PublicText::words("ALARM: licences are missing that were there before: ").and_foreign(&missing.join(", ")))
}

fn with_licences(mut findings: Vec<PublicText>, object: &EntraUser) -> Vec<PublicText> {
    let all = [object.direct_licences.as_slice(), object.group_licences.as_slice()].concat();
    findings.push(if all.is_empty() {
        PublicText::words("no licences")
    } else {
        PublicText::words(format!("{} licence(s): ", all.len())).and_foreign(&all.join(", "))
    });
    findings
}

fn entries_sent(plan: &Plan, attributes: &Attributes) -> Vec<String> {
    plan.effects()
        .find_map(|effect| {
            let Effect::Assign { saved, .. } = effect else { return None };
            Some(entries(saved, attributes.licenses.as_ref()))
        })
        .unwrap_or_default()
}
