//! The Okta tokens: do they work, and what may they do (SAFETY A10)?

use super::{mend, of_clock};
use crate::domain::finding::Finding;
use crate::domain::time::At;
use crate::okta::Reader;
use crate::ports::directory::OktaRead;

const READ: &str = "Okta read token";
const WRITE: &str = "Okta write token";
const ADDRESS: &str = "[okta] org_url";
const NEW_READ: &str = "sign in as a user who is read-only administrator and nothing else, make an API token (Security > API > \
                        Tokens), and set OKTA_READ_TOKEN";
const NEW_WRITE: &str = "sign in as a user who is application administrator for the Microsoft 365 app and nothing else, make an \
                         API token (Security > API > Tokens), and set OKTA_WRITE_TOKEN";

/// Roles that change nothing.
const READING: [&str; 2] = ["READ_ONLY_ADMIN", "REPORT_ADMIN"];
/// Roles with which one can assign apps.
const ASSIGNING: [&str; 2] = ["APP_ADMIN", "SUPER_ADMIN"];
/// Roles with which one can change who is in a group, and so who may approve.
const GROUPING: [&str; 4] = ["SUPER_ADMIN", "ORG_ADMIN", "USER_ADMIN", "GROUP_MEMBERSHIP_ADMIN"];
/// Standard roles that the lists above leave out on purpose; whatever else a token has is a custom role.
const OTHERS: [&str; 7] = [
    "API_ACCESS_MANAGEMENT_ADMIN",
    "HELP_DESK_ADMIN",
    "MOBILE_ADMIN",
    "WORKFLOWS_ADMIN",
    "ACCESS_CERTIFICATIONS_ADMIN",
    "ACCESS_REQUESTS_ADMIN",
    "APP_ADMIN",
];

/// The read token, and the org's clock.
pub(super) async fn reading(okta: &Reader, now: At) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(Some(theirs)) = okta.clock().await {
        findings.push(of_clock("Okta", theirs, now));
    }
    let roles = match roles(okta, READ, NEW_READ).await {
        Ok(roles) => roles,
        Err(finding) => {
            findings.push(finding);
            return findings;
        }
    };
    let writing: Vec<&str> = roles.iter().map(String::as_str).filter(|role| !READING.contains(role)).collect();
    findings.push(if roles.is_empty() {
        Finding::fail(READ, "it works, but the user behind it has no admin role and cannot read apps", NEW_READ)
    } else if writing.is_empty() {
        Finding::ok(READ, format!("it works, with the role {}", roles.join(", ")))
    } else {
        let seen = format!("it works, but holds more than reading: {} (A10)", writing.join(", "));
        Finding::warn(READ, seen, NEW_READ)
    });
    findings
}

/// The write token.
pub(super) async fn writing(okta: &Reader) -> Vec<Finding> {
    let roles = match roles(okta, WRITE, NEW_WRITE).await {
        Ok(roles) => roles,
        Err(finding) => return vec![finding],
    };
    let named = |list: &[&str]| roles.iter().filter(|role| list.contains(&role.as_str())).cloned().collect::<Vec<_>>();
    let standard = [&READING[..], &ASSIGNING, &GROUPING, &OTHERS].concat();
    let custom: Vec<&String> = roles.iter().filter(|role| !standard.contains(&role.as_str())).collect();
    let grouping = named(&GROUPING);
    if !grouping.is_empty() {
        let seen = format!(
            "it works, but with {} it could change the groups of the approvers, and so let itself be approved (A10)",
            grouping.join(", ")
        );
        return vec![Finding::warn(WRITE, seen, NEW_WRITE)];
    }
    if !custom.is_empty() {
        let labels: Vec<&str> = custom.iter().map(|role| role.as_str()).collect();
        let seen = format!("it works, with the custom role {:?}; what that holds cannot be read", labels.join(", "));
        let mend = "see that the role may manage app assignments, and neither groups nor users (A10)";
        return vec![Finding::warn(WRITE, seen, mend)];
    }
    if named(&ASSIGNING).is_empty() {
        let seen = format!("it works, but cannot assign apps: {}", roles.join(", "));
        return vec![Finding::fail(WRITE, seen, NEW_WRITE)];
    }
    vec![Finding::ok(WRITE, format!("it works, with the role {}", roles.join(", ")))]
}

/// The admin roles of the user behind a token.
async fn roles(okta: &Reader, check: &str, denied: &str) -> Result<Vec<String>, Finding> {
    let fail =
        |error: &crate::ports::error::PortError| Finding::fail(check, error.to_string(), mend(error, denied, ADDRESS));
    let who = okta.whoami().await.map_err(|error| fail(&error))?;
    okta.admin_roles(&who).await.map_err(|error| fail(&error))
}
