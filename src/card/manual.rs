//! A plan as steps that an administrator does by hand, in Graph PowerShell and as REST calls, with the ids filled in.
//!
//! Never leaves out a step of the plan and never prints a secret: the calls name no token. Begin with [`steps`].

use super::shown::shown;
use crate::domain::effect::{Effect, Step, When};
use crate::domain::notice::PublicText;
use crate::domain::plan::Plan;
use crate::domain::settings::Sharing;
use serde_json::json;

/// Every step of the plan, in order.
pub fn steps(plan: &Plan, sharing: Sharing) -> Vec<PublicText> {
    let mut lines = Vec::new();
    if plan.effects().any(|effect| !effect.in_okta()) {
        lines.push(PublicText::words(
            "Sign in first: Connect-MgGraph -Scopes Directory.AccessAsUser.All, as an administrator who may change this user.",
        ));
    }
    let last = plan.steps.len();
    lines.extend(plan.steps.iter().enumerate().map(|(n, step)| line(plan, n + 1, step)));
    lines
        .push(PublicText::words(format!("{}. Then press Look again on the card: the bot reads both sides.", last + 1)));
    lines.iter().map(|line| shown(line, sharing)).collect()
}

fn line(plan: &Plan, number: usize, step: &Step) -> PublicText {
    let head = PublicText::words(format!("{number}. "));
    let head = match step.when {
        When::Always => head,
        When::IfRefused { effect, .. } => {
            head.and(format!("Only if step {} was refused for the federated domain: ", effect + 1))
        }
    };
    let (shell, rest) = calls(plan, &step.effect);
    let text = head.and(step.effect.label()).and(".");
    let text = match shell {
        Some(shell) => text.and(" PowerShell: ").and_foreign(&shell).and(" or REST: "),
        None => text.and(" REST: "),
    };
    text.and_foreign(&rest)
}

/// One line of Graph PowerShell, where there is one, and the REST call.
fn calls(plan: &Plan, effect: &Effect) -> (Option<String>, String) {
    let okta = |method: &str, rest: &str, body: &str| {
        format!("{method} {}/api/v1/apps/{}{rest} {body}", plan.org_url.trim_end_matches('/'), plan.app)
            .trim_end()
            .to_owned()
    };
    let graph = |method: &str, rest: &str, body: &str| {
        format!("{method} https://graph.microsoft.com/v1.0{rest} {body}").trim_end().to_owned()
    };
    let user = format!("/users/{}", plan.subject);
    let switch = |on: &str| json!({"update": {"lifecycleDeactivate": {"status": on}}}).to_string();
    match effect {
        Effect::ConvertAssignment { to, .. } => (None, okta("POST", &user, &json!({"scope": to.text()}).to_string())),
        Effect::Unassign { .. } => (None, okta("DELETE", &format!("{user}?sendEmail=false"), "")),
        Effect::Assign { user_name, profile, .. } => {
            let body = json!({"id": plan.subject, "scope": "USER", "credentials": {"userName": user_name},
                              "profile": profile});
            (None, okta("POST", "/users", &body.to_string()))
        }
        Effect::SetAppUserAnchor { attribute, to, .. } => {
            (None, okta("POST", &user, &json!({"profile": {(attribute.as_str()): to}}).to_string()))
        }
        Effect::PauseProvisioning { .. } => (None, okta("PUT", "/features/USER_PROVISIONING", &switch("DISABLED"))),
        Effect::ResumeProvisioning { .. } => (None, okta("PUT", "/features/USER_PROVISIONING", &switch("ENABLED"))),
        Effect::RestoreUser { object, .. } => (
            Some(format!("Restore-MgDirectoryDeletedItem -DirectoryObjectId {object}")),
            graph("POST", &format!("/directory/deletedItems/{object}/restore"), ""),
        ),
        Effect::SetUpn { object, to, .. } => (
            Some(format!("Update-MgUser -UserId {object} -UserPrincipalName {}", quoted(to))),
            graph("PATCH", &format!("/users/{object}"), &json!({"userPrincipalName": to}).to_string()),
        ),
        Effect::SetImmutableId { object, to, .. } => (
            Some(format!("Update-MgUser -UserId {object} -OnPremisesImmutableId {}", quoted(to))),
            graph("PATCH", &format!("/users/{object}"), &json!({"onPremisesImmutableId": to}).to_string()),
        ),
    }
}

/// A text for PowerShell, in single quotes: nothing in it is looked at.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        assert_eq!(quoted("o'neil@x.example"), "'o''neil@x.example'");
    }
}
