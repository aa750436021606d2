//! The groups of the policy: ids of Okta groups that are there (SAFETY A3).

use super::mend;
use crate::boot::time::OffsetClock;
use crate::config::Config;
use crate::domain::finding::Finding;
use crate::domain::ids::GroupId;
use crate::domain::settings::Policy;
use crate::okta::{self, Reader};
use crate::ports::clock::Clock;
use crate::ports::directory::OktaRead;
use crate::ports::secret::Secret;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const CHECK: &str = "policy groups";
/// The kind of group that counts: its members are kept in Okta itself.
const KIND: &str = "OKTA_GROUP";
const TIMEOUT: Duration = Duration::from_secs(15);

/// Looks at every group once.
pub(super) async fn groups(policy: &Policy, okta: &Reader) -> Vec<Finding> {
    let lists = [("askers", &policy.askers), ("approvers", &policy.approvers), ("operators", &policy.operators)];
    let mut uses: BTreeMap<&GroupId, Vec<&str>> = BTreeMap::new();
    let mut findings = Vec::new();
    for (name, groups) in lists {
        for group in groups {
            uses.entry(group).or_default().push(name);
        }
        if groups.is_empty() {
            let what = match name {
                "askers" => "nobody may ask for a fix",
                "approvers" => "nobody may approve",
                _ => "nobody may thaw",
            };
            let mend = format!("[[policy]] {name}: list the id of an Okta group (00g…)");
            findings.push(Finding::warn(CHECK, format!("{name} is empty: {what}"), mend));
        }
    }
    let mut well = findings.is_empty();
    for (group, names) in uses {
        let place = format!("[[policy]] {}", names.join(", "));
        let (seen, mend) = match okta.group(group).await {
            Ok(Some(found)) if found.kind == KIND => continue,
            Ok(Some(found)) => {
                let seen = format!(
                    "{group} ({}) is of the kind {}: another system decides who is in it",
                    found.name, found.kind
                );
                (seen, format!("{place}: list a group of Okta itself ({KIND})"))
            }
            Ok(None) => (format!("the org has no group {group}"), format!("{place}: list a group that is there")),
            Err(error) => {
                let denied = "the user behind OKTA_READ_TOKEN must be read-only administrator";
                (error.to_string(), mend(&error, denied, "[okta] org_url"))
            }
        };
        well = false;
        findings.push(Finding::fail(CHECK, seen, mend));
    }
    if well {
        findings.push(Finding::ok(CHECK, "all are there and are groups of Okta itself"));
    }
    findings
}

/// A policy that names groups: the ids that match, if Okta can be asked.
pub(super) async fn by_name(config: &mut Config, names: &[String], problem: &str) -> Finding {
    let fail = |mend: String| Finding::fail(CHECK, problem.to_owned(), mend);
    let reader = match reader(config) {
        Ok(reader) => reader,
        Err(error) => return fail(format!("write the ids; they could not be looked up ({error:#})")),
    };
    let mut lines = Vec::new();
    for name in names {
        let found = match reader.groups_by_name(name).await {
            Ok(found) => found,
            Err(error) => return fail(format!("write the ids; they could not be looked up ({error})")),
        };
        let ids: Vec<String> = found
            .iter()
            .map(|group| match group.kind.as_str() {
                KIND => group.id.to_string(),
                other => format!("{} (of the kind {other}, which cannot be used)", group.id),
            })
            .collect();
        let ids = if ids.is_empty() { "no group has this name".to_owned() } else { ids.join(" or ") };
        lines.push(format!("{name:?}: {ids}"));
    }
    fail(format!("write the id instead of the name: {}", lines.join("; ")))
}

fn reader(config: &mut Config) -> anyhow::Result<Reader> {
    let settings: okta::settings::Settings = config.section("okta")?;
    settings.check().map_err(|flaw| config.unfit(flaw.section, &[flaw.key], flaw.problem))?;
    let token = config.secrets().needed("OKTA_READ_TOKEN", "to read the directories")?;
    let clock: Arc<dyn Clock> = Arc::new(OffsetClock::default());
    let token = Secret::new(token.expose());
    Ok(Reader::new(okta::Access { org_url: settings.org_url, token, call_timeout: TIMEOUT }, clock)?)
}
