//! The Graph credentials: do they work, and what may they do (SAFETY A10)?

use super::{mend, of_clock};
use crate::domain::finding::Finding;
use crate::domain::time::At;
use crate::graph::Reader;
use crate::ports::directory::EntraRead;
use std::collections::BTreeSet;

const READ: &str = "Graph read credentials";
const WRITE: &str = "Graph write credentials";
const ADDRESS: &str = "[graph] base_url and token_url";
const CONSENT: &str =
    "in Entra > App registrations > the app > API permissions: the application permission, with admin consent";

/// What is needed for reading: the least permission, others that do as well, and what fails without it.
const NEEDED: [(&str, &[&str], &str); 5] = [
    ("User.Read.All", &["User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"], "reading users"),
    ("Domain.Read.All", &["Directory.Read.All", "Directory.ReadWrite.All", "Domain.ReadWrite.All"], "reading domains"),
    (
        "Organization.Read.All",
        &["Directory.Read.All", "Directory.ReadWrite.All", "Organization.ReadWrite.All"],
        "reading licences",
    ),
    (
        "RoleManagement.Read.Directory",
        &["RoleManagement.Read.All", "RoleManagement.ReadWrite.Directory"],
        "telling privileged accounts: without it every fix is refused",
    ),
    ("AuditLog.Read.All", &[], "telling who deleted an account"),
];
/// With these one could give oneself or others any right.
const WIDE: [&str; 6] = [
    "RoleManagement.ReadWrite.Directory",
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.All",
    "Directory.ReadWrite.All",
    "Group.ReadWrite.All",
    "GroupMember.ReadWrite.All",
];
/// One of these lets a run restore and change users.
const CHANGING: [&str; 2] = ["User.ReadWrite.All", "Directory.ReadWrite.All"];

/// The read credentials, and Graph's clock.
pub(super) async fn reading(graph: &Reader, now: At) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(Some(theirs)) = graph.date().await {
        findings.push(of_clock("Graph", theirs, now));
    }
    let held = match permissions(graph, READ).await {
        Ok(held) => held,
        Err(finding) => {
            findings.push(finding);
            return findings;
        }
    };
    let (mut seen, mut well) = (Vec::new(), true);
    for (least, others, what) in NEEDED {
        if held.contains(least) || others.iter().any(|other| held.contains(*other)) {
            continue;
        }
        well = false;
        let text = format!("{least} is missing, for {what}");
        let mend = format!("grant {least} to the reading app ({CONSENT})");
        let only_told = least == "AuditLog.Read.All";
        findings.push(if only_told { Finding::warn(READ, text, mend) } else { Finding::fail(READ, text, mend) });
    }
    seen.extend(held.iter().filter(|permission| writes(permission)).map(String::as_str));
    if !seen.is_empty() {
        let text = format!("they hold more than reading: {} (A10)", seen.join(", "));
        let mend = "take these permissions from the reading app; only the writing app needs them";
        findings.push(Finding::warn(READ, text, mend));
    } else if well {
        findings.push(Finding::ok(READ, "they work, and hold what is needed and nothing that writes"));
    }
    // The claims say what was granted; a read says that Graph is what answers.
    if let Err(error) = graph.domains().await {
        findings.push(Finding::fail(READ, error.to_string(), mend(&error, CONSENT, ADDRESS)));
    }
    findings
}

/// The write credentials.
pub(super) async fn writing(graph: &Reader) -> Vec<Finding> {
    let held = match permissions(graph, WRITE).await {
        Ok(held) => held,
        Err(finding) => return vec![finding],
    };
    if !CHANGING.iter().any(|one| held.contains(*one)) {
        let mend = format!("grant User.ReadWrite.All to the writing app ({CONSENT})");
        return vec![Finding::fail(WRITE, "they cannot change users", mend)];
    }
    let wide: Vec<&str> = WIDE.into_iter().filter(|one| held.contains(*one)).collect();
    if wide.is_empty() {
        return vec![Finding::ok(WRITE, "they work, and hold no more than a run needs")];
    }
    let seen = format!("they work, but hold far more than a run needs: {} (A10)", wide.join(", "));
    vec![Finding::warn(WRITE, seen, "take these permissions from the writing app; User.ReadWrite.All is enough")]
}

/// Whether a permission lets one change something.
fn writes(permission: &str) -> bool {
    ["ReadWrite", "DeleteRestore", ".Write", "AccessAsUser", "FullControl", "RevokeSessions", "Upload"]
        .iter()
        .any(|part| permission.contains(part))
}

async fn permissions(graph: &Reader, check: &str) -> Result<BTreeSet<String>, Finding> {
    let direction = if check == READ { "READ" } else { "WRITE" };
    match graph.permissions().await {
        Ok(Some(held)) => Ok(held),
        Ok(None) => {
            let seen = "they work, but the token does not tell what it may do";
            Err(Finding::warn(check, seen, format!("look at the permissions yourself ({CONSENT})")))
        }
        Err(error) => {
            let denied = format!(
                "see that GRAPH_{direction}_CLIENT_ID and GRAPH_{direction}_CLIENT_SECRET belong to an app of the tenant of \
                 [graph] tenant_id, and that the secret has not run out"
            );
            Err(Finding::fail(check, error.to_string(), mend(&error, &denied, ADDRESS)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_something_is_told_from_what_reads() {
        for permission in ["User.ReadWrite.All", "User.DeleteRestore.All", "Directory.AccessAsUser.All"] {
            assert!(writes(permission), "{permission}");
        }
        for (least, ..) in NEEDED {
            assert!(!writes(least), "{least}");
        }
    }
}
