//! The app: is it there, is it the right one, does its schema have what a fix needs, what does unassigning do?

use super::mend;
use crate::boot::build::ReadClients;
use crate::boot::open::Loaded;
use crate::domain::finding::Finding;
use crate::domain::settings::Deactivation;
use crate::domain::tenant::{App, Domain, Switches};
use crate::ports::directory::{EntraRead, OktaRead};
use crate::ports::error::PortError;

const CHECK: &str = "app";
const DOMAIN: &str = "app domain";
const UNASSIGNING: &str = "deactivation setting";
const TYPE: &str = "office365";
const ADDRESS: &str = "[okta] org_url";

/// Looks at it.
pub(super) async fn look(loaded: &Loaded, read: &ReadClients) -> Vec<Finding> {
    let (app, mut findings) = find(loaded, read).await;
    let Some(app) = app else { return findings };
    findings.push(domain(&app, read).await);
    findings.push(schema(&app));
    findings.push(deactivation(loaded, &app, read).await);
    findings
}

fn unread(check: &str, error: &PortError) -> Finding {
    let denied = "the user behind OKTA_READ_TOKEN must be read-only administrator";
    Finding::fail(check, error.to_string(), mend(error, denied, ADDRESS))
}

fn listed(apps: &[App]) -> String {
    let name = |app: &App| format!("{} ({}, {})", app.id, app.label, app.status);
    apps.iter().map(name).collect::<Vec<_>>().join(", ")
}

async fn find(loaded: &Loaded, read: &ReadClients) -> (Option<App>, Vec<Finding>) {
    let all = match read.okta.office365_apps().await {
        Ok(all) => all,
        Err(error) => return (None, vec![unread(CHECK, &error)]),
    };
    let Some(wanted) = &loaded.directories.app else { return among(&all) };
    match read.okta.app(wanted).await {
        Ok(found) => named(wanted.as_str(), found, &all),
        Err(error) => (None, vec![unread(CHECK, &error)]),
    }
}

/// The app that is meant where none is named.
fn among(all: &[App]) -> (Option<App>, Vec<Finding>) {
    let active: Vec<App> = all.iter().filter(|app| app.status == "ACTIVE").cloned().collect();
    match active.as_slice() {
        [] => {
            let mend = format!("add the Microsoft Office 365 app in Okta, or activate it; there are: {}", listed(all));
            (None, vec![Finding::fail(CHECK, "the org has no active app of the type office365", mend)])
        }
        [one] => (Some(one.clone()), vec![Finding::ok(CHECK, format!("{} is the only one", listed(&active)))]),
        [..] => {
            let seen = format!("the org has several: {}", listed(&active));
            (None, vec![Finding::warn(CHECK, seen, "set [okta] app_id to the one that the bot looks after")])
        }
    }
}

/// Whether the named app is one that the bot can look after.
fn named(wanted: &str, found: Option<App>, all: &[App]) -> (Option<App>, Vec<Finding>) {
    let Some(app) = found else {
        let mend = format!("set [okta] app_id to one of: {}", listed(all));
        return (None, vec![Finding::fail(CHECK, format!("the org has no app {wanted}"), mend)]);
    };
    if app.name != TYPE {
        let mend = format!("set [okta] app_id to one of: {}", listed(all));
        return (None, vec![Finding::fail(CHECK, format!("{wanted} is of the type {}, not {TYPE}", app.name), mend)]);
    }
    if app.status != "ACTIVE" {
        let mend = "activate it in Okta > Applications, or set [okta] app_id to the one in use";
        return (Some(app.clone()), vec![Finding::fail(CHECK, format!("{wanted} is {}", app.status), mend)]);
    }
    let seen = format!("{} ({}) is active and of the type {TYPE}", app.id, app.label);
    (Some(app), vec![Finding::ok(CHECK, seen)])
}

/// The app must push into the tenant that Graph reads, or "gone" would mean "elsewhere" (SAFETY C1).
async fn domain(app: &App, read: &ReadClients) -> Finding {
    let Some(wanted) = &app.domain else {
        let mend = "fill in the Microsoft tenant and domain in the app's settings in Okta";
        return Finding::fail(DOMAIN, "the app names no domain", mend);
    };
    let domains = match read.graph.domains().await {
        Ok(domains) => domains,
        Err(error) => {
            let denied = "grant Domain.Read.All to the reading app";
            return Finding::fail(DOMAIN, error.to_string(), mend(&error, denied, "[graph] base_url and token_url"));
        }
    };
    belongs(wanted, &domains)
}

fn belongs(wanted: &str, domains: &[Domain]) -> Finding {
    match domains.iter().find(|domain| domain.name.eq_ignore_ascii_case(wanted)) {
        Some(domain) if domain.verified => Finding::ok(DOMAIN, format!("{wanted} belongs to the Entra tenant")),
        Some(_) => Finding::fail(
            DOMAIN,
            format!("{wanted} is not verified in the Entra tenant"),
            "verify it in Entra > Domain names",
        ),
        None => {
            let mend = "the app pushes into another tenant than [graph] tenant_id: set that to the tenant of the app, with \
                        credentials of that tenant";
            Finding::fail(DOMAIN, format!("{wanted} is none of the Entra tenant's domains"), mend)
        }
    }
}

fn schema(app: &App) -> Finding {
    const CHECK: &str = "app schema";
    match &app.attributes.anchor {
        Some(name) if app.mapped.contains(name) => {
            Finding::ok(CHECK, format!("Immutable ID is {name}, and a mapping sets it: Okta decides the anchor"))
        }
        Some(name) => Finding::ok(CHECK, format!("Immutable ID is {name}, and no mapping sets it")),
        None => Finding::fail(
            CHECK,
            "it has no attribute with the title Immutable ID, or more than one: anchors cannot be compared, fixes are refused",
            "Okta > Directory > Profile Editor > the app: exactly one attribute must have the title \"Immutable ID\"",
        ),
    }
}

/// What an unassignment does, as read and as declared (SAFETY D4).
async fn deactivation(loaded: &Loaded, app: &App, read: &ReadClients) -> Finding {
    match read.okta.switches(&app.id).await {
        Ok(switches) => unassigning(switches, (loaded.settings.deactivation, loaded.settings.allow_pause)),
        Err(error) => unread(UNASSIGNING, &error),
    }
}

fn unassigning(switches: Switches, (declared, allow_pause): (Deactivation, bool)) -> Finding {
    if !switches.deactivate {
        return Finding::ok(UNASSIGNING, "Deactivate Users is off: unassigning leaves the account as it is");
    }
    let seen = format!("Deactivate Users is on; declared is {:?}", declared.text());
    match declared {
        Deactivation::Unknown => Finding::warn(
            UNASSIGNING,
            format!("{seen}, so the worst is assumed and a fix that unassigns a live account is refused"),
            "look in Okta > the app > Provisioning > To App at what Deactivate Users does, and declare it as [okta] deactivation",
        ),
        Deactivation::Delete if allow_pause => Finding::warn(
            UNASSIGNING,
            format!("{seen}, and [okta] allow_pause = true has no effect with it"),
            "set Okta to block sign-in instead of deleting, or take allow_pause out",
        ),
        Deactivation::BlockOnly | Deactivation::RemoveLicenses | Deactivation::Delete => Finding::ok(UNASSIGNING, seen),
    }
}

#[cfg(test)]
#[path = "app_tests.rs"]
mod tests;
