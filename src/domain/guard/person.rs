//! Rules about the person: active, assigned, one and the same on both sides, and without privileges.

use super::anchor::is_named;
use super::{Outcome, Verdict, Violation, app, app_user, known, unread, violation};
use crate::domain::ids::EntraId;
use crate::domain::notice::PublicText;
use crate::domain::tenant::{AppUser, EntraUser, Facts, Reading};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn user_active(facts: &Facts) -> Verdict {
    let status = &facts.okta.user.status;
    if status == "ACTIVE" {
        return Ok(());
    }
    let fact = PublicText::words("the Okta user is ").and_foreign(status).and(", not ACTIVE");
    violation("D2", Outcome::Refuse, fact, "fixes are made for active people only; activate the user in Okta first")
}

pub(super) fn assigned(facts: &Facts) -> Verdict {
    match app_user(facts)? {
        Some(_) => Ok(()),
        None => violation(
            "D3",
            Outcome::Advise,
            PublicText::words("the person is not assigned to the app in Okta"),
            "assign the person in Okta, or add them to the group that gives the app",
        ),
    }
}

pub(super) fn candidate(facts: &Facts, expect: Option<&EntraId>, user_name: &str) -> Verdict {
    let by_name = known(&facts.entra.by_name, "C3", "live accounts with the user name")?;
    let by_anchor = known(&facts.entra.by_anchor, "C3", "live accounts with the anchor")?;
    let mut all: Vec<&EntraUser> = by_name.iter().filter(|user| user.answers_to(user_name)).collect();
    for user in by_anchor {
        if !all.iter().any(|other| other.id == user.id) {
            all.push(user);
        }
    }
    let found = match all.as_slice() {
        [] if expect.is_none() => return Ok(()),
        [one] if Some(&one.id) == expect => *one,
        [] | [_] => {
            let fact = PublicText::words("the account that holds the name now is not the one that was looked up");
            return violation("C3", Outcome::Refuse, fact, "press Look again");
        }
        [_, _, ..] => {
            let fact =
                PublicText::words(format!("{} live accounts hold the name, an address or the anchor", all.len()));
            return violation(
                "C3",
                Outcome::Refuse,
                fact,
                "leave the name, address and anchor with one account, then Look again",
            );
        }
    };
    is_this_person(facts, found)?;
    can_be_linked(found, user_name)
}

/// The account that Okta pushes to: live, of this person, with the user name.
pub(super) fn linked(facts: &Facts, object: &EntraId, user_name: &str) -> Verdict {
    let held = app_user(facts)?.and_then(|row| row.external_id.as_ref());
    let live = known(&facts.entra.by_external_id, "C1", "the object that externalId names")?.as_ref();
    let Some(live) = live.filter(|live| live.id == *object && held == Some(object)) else {
        let fact = PublicText::words("Okta's externalId does not name the live account that was looked up");
        return violation("C2", Outcome::Refuse, fact, "press Look again");
    };
    is_named(facts, live, user_name)?;
    is_this_person(facts, live)?;
    can_be_linked(live, user_name)
}

/// C3: a Member, with a name that agrees.
fn is_this_person(facts: &Facts, found: &EntraUser) -> Verdict {
    if found.user_type.as_deref() != Some("Member") {
        let kind = found.user_type.as_deref().unwrap_or("of unknown type");
        let fact = PublicText::words("the live account with this name is ").and_foreign(kind).and(", not a Member");
        let how = "a guest is never linked; remove or rename the guest account first";
        return violation("C3", Outcome::Refuse, fact, how);
    }
    if !same_name(&facts.okta.user.name, &found.name) {
        let fact = PublicText::words("the live account belongs to somebody else by name: ")
            .and_foreign(&found.name)
            .and(" instead of ")
            .and_foreign(&facts.okta.user.name);
        let how = "the name was given to another person; give one of the two another user name";
        return violation("C3", Outcome::Refuse, fact, how);
    }
    Ok(())
}

/// Okta links by UPN and then pushes; an account that it cannot find so, or cannot push to, would end in an assignment that
/// is not linked.
fn can_be_linked(found: &EntraUser, user_name: &str) -> Verdict {
    if found.synced == Some(true) {
        let fact = PublicText::words(
            "the live account is synchronized from an on-premises directory, so Okta cannot push to it",
        );
        let how = "repair it where it is mastered (Entra Connect, or Okta's directory synchronization)";
        return violation("D7", Outcome::Advise, fact, how);
    }
    if !found.plain_upn().eq_ignore_ascii_case(user_name) {
        let fact = PublicText::words("the live account holds the anchor or the address, but its sign-in name is ")
            .and_foreign(found.plain_upn());
        let how =
            "decide whether it is the right account; if it is, give it the user name that Okta pushes, then Look again";
        return violation("D7", Outcome::Advise, fact, how);
    }
    Ok(())
}

/// Whether two display names can be the same person's: every word of the shorter stands in the longer, letters' case aside,
/// and there are at least two (or both are the same).
pub(super) fn same_name(a: &str, b: &str) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let (a, b) = (words(a), words(b));
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    !short.is_empty() && short.is_subset(long) && (short.len() > 1 || long.len() == 1)
}

fn privileged(reason: PublicText) -> Verdict {
    Err(Violation {
        rule: "A6".to_owned(),
        fact: reason,
        how_to_change: "no policy can allow this; an administrator repairs it by hand".to_owned(),
        outcome: Outcome::Refuse,
        approvers_only: true,
    })
}

fn listed(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(listed).collect(),
        Value::String(text) => {
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

/// The entries of a list attribute of the saved profile (roles, licences), whether sent as a list or as text with commas.
pub fn entries(row: &AppUser, attribute: Option<&String>) -> Vec<String> {
    attribute.and_then(|name| row.profile.get(name)).map(listed).unwrap_or_default()
}

/// SAFETY A6. `objects` are the accounts that the remedy touches; names and ids of the person count too, whatever they are
/// written as in the protected list.
pub(super) fn not_privileged(facts: &Facts, objects: &[EntraId], protected: &[String]) -> Verdict {
    let okta = &facts.okta;
    let admin = known(&okta.admin_roles, "A6", "the Okta admin roles of the person")?;
    if !admin.is_empty() {
        return privileged(PublicText::words("the person holds an Okta admin role: ").and_foreign(&admin.join(", ")));
    }
    let mut names = vec![okta.user.id.as_str(), okta.user.login.as_str()];
    names.extend(okta.user.email.as_deref());
    if let Some(row) = app_user(facts)? {
        saved_roles(facts, row)?;
        names.push(&row.user_name);
        names.extend(row.external_id.as_ref().map(EntraId::as_str));
    }
    for id in objects {
        names.push(id.as_str());
        for user in found(facts).filter(|user| user.id == *id) {
            names.push(user.plain_upn());
            names.extend(user.mail.as_deref());
            names.extend(user.proxies.iter().filter_map(|proxy| proxy.split_once(':')).map(|(_, address)| address));
            if user.management_restricted == Some(true) {
                return privileged(PublicText::words("the account is in a restricted management unit"));
            }
        }
        let roles = match facts.entra.roles.get(id) {
            Some(reading) => known(reading, "A6", "the Entra roles of the account")?,
            None => return unread("A6", "the Entra roles of the account", "they were not looked up"),
        };
        if !roles.is_empty() {
            let text = [roles.held.as_slice(), roles.assigned_or_eligible.as_slice()].concat().join(", ");
            return privileged(PublicText::words("the account holds or may take an Entra role: ").and_foreign(&text));
        }
    }
    let names: Vec<String> = names.into_iter().map(|name| name.trim().to_lowercase()).collect();
    if names.iter().any(|name| name.starts_with("svc_okta_sync_")) {
        return privileged(PublicText::words("this is the provisioning service account"));
    }
    if protected.iter().any(|item| names.contains(&item.trim().to_lowercase())) {
        return privileged(PublicText::words("the account is on the protected list"));
    }
    Ok(())
}

/// Every Entra object that was read.
fn found(facts: &Facts) -> impl Iterator<Item = &EntraUser> {
    let linked = facts.entra.by_external_id.known().into_iter().flatten();
    let lists = [&facts.entra.by_name, &facts.entra.by_anchor, &facts.entra.deleted];
    linked.chain(lists.into_iter().filter_map(Reading::known).flatten())
}

/// Roles that the saved profile would give back; where the schema does not tell which attribute holds them, that counts as
/// unread.
fn saved_roles(facts: &Facts, row: &AppUser) -> Verdict {
    let Some(attribute) = &app(facts)?.attributes.roles else {
        return unread("A6", "the roles in the app user's profile", "the app's schema has no attribute titled Roles");
    };
    let roles = entries(row, Some(attribute));
    if roles.is_empty() {
        return Ok(());
    }
    privileged(PublicText::words("the app user's profile gives roles: ").and_foreign(&roles.join(", ")))
}
