//! Safety rules as data. `plan` attaches the guards of a remedy to the plan, they are part of the digest, and `saga` checks
//! exactly these again before the first write (invariant 12).
//!
//! A guard never trusts a look-up that could not be made: that is a violation too. It never repairs anything.
//!
//! Begin with [`Guard`], then [`check`].

use super::ids::{AppId, EntraId};
use super::notice::PublicText;
use super::tenant::{App, AppUser, EntraUser, Facts, Reading, Switches};
use super::time::{MINUTE, span};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a violation leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The remedy does not apply here at all; nothing is said about it.
    NotApplicable,
    /// Not proved yet; a second look settles it.
    Wait,
    /// People must do something first: advice.
    Advise,
    /// It would be unsafe: refused.
    Refuse,
}

/// A rule that does not hold, in words for an administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The rule (`D4.5`), for the audit and for documentation.
    pub rule: String,
    /// What was found.
    pub fact: PublicText,
    /// What would change it.
    pub how_to_change: String,
    /// What it leads to.
    pub outcome: Outcome,
    /// Whether `fact` is for approvers only (SAFETY A7).
    pub approvers_only: bool,
}

/// Why unassigning is allowed (SAFETY D4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnassignRow {
    /// Row 1: there is no account that a deactivation could hit.
    NothingToHit,
    /// Row 2: Deactivate Users is switched off.
    SwitchOff,
    /// Row 3: the operator declared that a deactivation only blocks sign-in; two votes.
    BlockOnly,
}

/// A rule with the values it was decided on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "guard")]
pub enum Guard {
    /// The Okta user is ACTIVE.
    UserActive,
    /// The person is assigned to the app.
    Assigned,
    /// The app is an active `office365` instance for the domain of this user name.
    App {
        /// The instance.
        app: AppId,
        /// The UPN that Okta pushes.
        user_name: String,
    },
    /// The app's domain is a domain of this Entra tenant (C1a).
    TenantOwnsDomain,
    /// Another linked person of the app is found in this tenant (C1b).
    WitnessFound,
    /// The object that externalId names is gone for good; with `None`, externalId is empty (C1c, C1d).
    ObjectGone {
        /// The externalId.
        object: Option<EntraId>,
    },
    /// No deleted object holds the name, or the anchor that Okta will send (D3).
    NoDeletedHolder {
        /// The UPN that Okta pushes.
        user_name: String,
        /// Okta's anchor.
        anchor: Option<String>,
    },
    /// Create Users is switched on (D3).
    CreateOn,
    /// Unassigning is allowed (D4).
    UnassignSafe {
        /// Why.
        row: UnassignRow,
        /// The UPN that Okta pushes.
        user_name: String,
    },
    /// This one account, or nobody, holds the name and the anchor, and it is the same person (C3).
    Candidate {
        /// The account.
        expect: Option<EntraId>,
        /// The UPN that Okta pushes.
        user_name: String,
    },
    /// Nobody touched has a role or is protected (A6).
    NotPrivileged {
        /// The Entra objects concerned.
        objects: Vec<EntraId>,
        /// The protected list.
        protected: Vec<String>,
    },
    /// Seats for these licences are free, or `holder` has them already (D2, D3).
    SeatsFree {
        /// Names or ids of licences.
        licences: Vec<String>,
        /// Who may have them already.
        holder: Option<EntraId>,
    },
    /// The object is in deletedItems (D2).
    InDeletedItems {
        /// The object.
        object: EntraId,
    },
    /// No live object holds UPN, an address or the anchor of the deleted one (D2).
    NoLiveHolder {
        /// The object.
        object: EntraId,
    },
    /// The object is not synchronized from an on-premises directory (D2).
    NotSynced {
        /// The object.
        object: EntraId,
    },
    /// Our own provisioning did not delete it (D2).
    NotDeprovisioned {
        /// The object.
        object: EntraId,
    },
}

impl Guard {
    /// Whether the rule must still hold after the first write of its plan. The others speak of the world before it (an
    /// assignment that the plan itself removes, for instance); the snapshot watches the rest.
    pub fn throughout(&self) -> bool {
        match self {
            Self::UserActive
            | Self::App { .. }
            | Self::TenantOwnsDomain
            | Self::NoDeletedHolder { .. }
            | Self::CreateOn
            | Self::Candidate { .. }
            | Self::NotPrivileged { .. }
            | Self::SeatsFree { .. } => true,
            Self::Assigned
            | Self::WitnessFound
            | Self::ObjectGone { .. }
            | Self::UnassignSafe { .. }
            | Self::InDeletedItems { .. }
            | Self::NoLiveHolder { .. }
            | Self::NotSynced { .. }
            | Self::NotDeprovisioned { .. } => false,
        }
    }
}

type Verdict = Result<(), Violation>;

fn violation(rule: &str, outcome: Outcome, fact: PublicText, how: &str) -> Verdict {
    Err(Violation { rule: rule.to_owned(), fact, how_to_change: how.to_owned(), outcome, approvers_only: false })
}

fn unread<T>(rule: &str, what: &str, why: &str) -> Result<T, Violation> {
    Err(Violation {
        rule: rule.to_owned(),
        fact: PublicText::words(format!("{what} could not be read: ")).and_foreign(why),
        how_to_change: "a look-up that could not be made counts as unsafe; press Look again when it works".to_owned(),
        outcome: Outcome::Refuse,
        approvers_only: false,
    })
}

fn known<'a, T>(reading: &'a Reading<T>, rule: &str, what: &str) -> Result<&'a T, Violation> {
    match reading {
        Reading::Known(value) => Ok(value),
        Reading::Unread(why) => unread(rule, what, why),
    }
}

/// Checks one guard against facts.
pub fn check(guard: &Guard, facts: &Facts) -> Verdict {
    match guard {
        Guard::UserActive => user_active(facts),
        Guard::Assigned => assigned(facts),
        Guard::App { app, user_name } => right_app(facts, app, user_name),
        Guard::TenantOwnsDomain => tenant_owns_domain(facts),
        Guard::WitnessFound => witness_found(facts),
        Guard::ObjectGone { object } => object_gone(facts, object.as_ref()),
        Guard::NoDeletedHolder { user_name, anchor } => no_deleted_holder(facts, user_name, anchor.as_deref()),
        Guard::CreateOn => create_on(facts),
        Guard::UnassignSafe { row, user_name } => unassign_safe(facts, *row, user_name),
        Guard::Candidate { expect, user_name } => candidate(facts, expect.as_ref(), user_name),
        Guard::NotPrivileged { objects, protected } => not_privileged(facts, objects, protected),
        Guard::SeatsFree { licences, holder } => seats_free(facts, licences, holder.as_ref()),
        Guard::InDeletedItems { object } => in_deleted_items(facts, object).map(|_| ()),
        Guard::NoLiveHolder { object } => no_live_holder(facts, object),
        Guard::NotSynced { object } => not_synced(facts, object),
        Guard::NotDeprovisioned { object } => not_deprovisioned(facts, object),
    }
}

fn app_user(facts: &Facts) -> Result<Option<&AppUser>, Violation> {
    known(&facts.okta.app_user, "C", "the assignment").map(Option::as_ref)
}

fn app(facts: &Facts) -> Result<&App, Violation> {
    known(&facts.okta.app, "C", "the app")
}

fn switches(facts: &Facts, rule: &str) -> Result<Switches, Violation> {
    known(&facts.okta.switches, rule, "the provisioning switches").copied()
}

fn user_active(facts: &Facts) -> Verdict {
    let status = &facts.okta.user.status;
    if status == "ACTIVE" {
        return Ok(());
    }
    let fact = PublicText::words("the Okta user is ").and_foreign(status).and(", not ACTIVE");
    violation("D2", Outcome::Refuse, fact, "fixes are made for active people only; activate the user in Okta first")
}

fn assigned(facts: &Facts) -> Verdict {
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

fn right_app(facts: &Facts, id: &AppId, user_name: &str) -> Verdict {
    let app = app(facts)?;
    if app.id != *id || app.name != "office365" || app.status != "ACTIVE" {
        let fact = PublicText::words("the app is ").and_foreign(&app.name).and(", ").and_foreign(&app.status);
        return violation("D1", Outcome::Refuse, fact, "fixes are made for an active office365 app only");
    }
    let domain = user_name.rsplit_once('@').map_or("", |(_, domain)| domain);
    match &app.domain {
        Some(own) if own.eq_ignore_ascii_case(domain) => Ok(()),
        Some(own) => {
            let fact = PublicText::words("the user name is in the domain ")
                .and_foreign(domain)
                .and(", this app serves ")
                .and_foreign(own);
            violation(
                "D3",
                Outcome::Refuse,
                fact,
                "use the app instance of that domain, or correct the user name in Okta",
            )
        }
        None => violation(
            "C1a",
            Outcome::Refuse,
            PublicText::words("the app names no domain"),
            "set the Microsoft 365 domain in the app's general settings",
        ),
    }
}

fn tenant_owns_domain(facts: &Facts) -> Verdict {
    let app = app(facts)?;
    let domains = known(&facts.entra.domains, "C1a", "the domains of the Entra tenant")?;
    let owns = |name: &str| domains.iter().any(|domain| domain.verified && domain.name.eq_ignore_ascii_case(name));
    let tenant_matches = app.ms_tenant.as_deref().is_none_or(|tenant| {
        owns(tenant)
            || owns(&format!("{tenant}.onmicrosoft.com"))
            || tenant.eq_ignore_ascii_case(facts.tenant_id.as_str())
    });
    if app.domain.as_deref().is_some_and(owns) && tenant_matches {
        return Ok(());
    }
    let fact = PublicText::words("this looks like the wrong tenant: the app's domain ")
        .and_foreign(app.domain.as_deref().unwrap_or("(none)"))
        .and(" is not among the domains of the Entra tenant that the bot reads");
    violation(
        "C1a",
        Outcome::Refuse,
        fact,
        "correct tenant_id in the bot's configuration, or the domain in the Okta app",
    )
}

fn witness_found(facts: &Facts) -> Verdict {
    let witnesses = known(&facts.entra.witnesses, "C1b", "other people of the app")?;
    if witnesses.iter().any(|witness| witness.found) {
        return Ok(());
    }
    let fact = if witnesses.is_empty() {
        PublicText::words(
            "nobody else is linked to this app, so it cannot be proved that the Entra tenant is the right one",
        )
    } else {
        PublicText::words("this looks like the wrong tenant: other people of the app are not found in it either")
    };
    violation("C1b", Outcome::Refuse, fact, "check that the bot reads the Entra tenant that the Okta app pushes to")
}

/// Since when an object counts as young: it, or the report about it, is younger than this (SAFETY C1c).
pub const YOUNG: i64 = 10 * MINUTE;
/// Two reads of a young object that prove absence are this far apart.
pub const APART: i64 = MINUTE;

fn object_gone(facts: &Facts, object: Option<&EntraId>) -> Verdict {
    let held = app_user(facts)?.and_then(|row| row.external_id.as_ref());
    let Some(object) = object else {
        return match held {
            None => Ok(()),
            Some(id) => {
                let fact = PublicText::words("Okta holds an externalId now: ").and_foreign(id.as_str());
                violation("C1", Outcome::Refuse, fact, "press Look again")
            }
        };
    };
    if held != Some(object) {
        let fact = PublicText::words("Okta's externalId is not the one that was looked up");
        return violation("C2", Outcome::Refuse, fact, "press Look again");
    }
    if known(&facts.entra.by_external_id, "C1", "the object that externalId names")?.is_some() {
        let fact = PublicText::words("the object that externalId names is there");
        return violation("C1", Outcome::Advise, fact, "the link is whole; look for another cause");
    }
    if known(&facts.entra.deleted, "C1d", "deletedItems")?.iter().any(|user| user.id == *object) {
        let fact = PublicText::words("the object is in deletedItems and can be restored");
        return violation("C1d", Outcome::NotApplicable, fact, "restore it");
    }
    match facts.entra.missing_at.as_slice() {
        [] => unread("C1c", "the object that externalId names", "no time of reading is known"),
        [first, .., last] if last.since(*first) >= APART => Ok(()),
        _ if facts.entra.young => {
            let fact =
                PublicText::words(format!("gone, read once; a second read {} later must confirm it", span(APART)));
            violation("C1c", Outcome::Wait, fact, "wait")
        }
        _ => Ok(()),
    }
}

fn holders<'a>(users: &'a [EntraUser], name: &str, anchor: Option<&str>) -> Vec<&'a EntraUser> {
    users
        .iter()
        .filter(|user| user.answers_to(name) || (anchor.is_some() && user.anchor.as_deref() == anchor))
        .collect()
}

fn no_deleted_holder(facts: &Facts, user_name: &str, anchor: Option<&str>) -> Verdict {
    let deleted = known(&facts.entra.deleted, "D3", "deletedItems")?;
    let Some(holder) = holders(deleted, user_name, anchor).into_iter().next() else { return Ok(()) };
    let mut fact = PublicText::words("a deleted object still holds the name, an address or the anchor: ")
        .and_foreign(&holder.name)
        .and(" ")
        .and_foreign(holder.id.as_str());
    if let Some(at) = holder.deleted {
        fact = fact.and(", deleted ").and_time(at);
    }
    if let Some(live) = facts.entra.by_name.known().and_then(|users| users.first()) {
        fact = fact.and("; the live account is ").and_foreign(&live.name).and(" ").and_foreign(live.id.as_str());
        if let Some(at) = live.created {
            fact = fact.and(", created ").and_time(at);
        }
    }
    let how = "decide which account survives: restore the deleted one (after the live one gave up the name), or purge it in the Entra admin center, then Look again";
    violation("D3", Outcome::Advise, fact, how)
}

fn create_on(facts: &Facts) -> Verdict {
    if switches(facts, "D3")?.create {
        return Ok(());
    }
    let fact =
        PublicText::words("Create Users is switched off in the app: Okta could neither link nor create the account");
    violation("D3", Outcome::Advise, fact, "switch Create Users on (Provisioning > To App), then Look again")
}

fn live_under(facts: &Facts, user_name: &str) -> Result<bool, Violation> {
    let live = known(&facts.entra.by_name, "D4", "live accounts with the user name")?;
    Ok(live.iter().any(|user| user.answers_to(user_name)))
}

fn unassign_safe(facts: &Facts, row: UnassignRow, user_name: &str) -> Verdict {
    let holds = match row {
        UnassignRow::NothingToHit => {
            let gone = match app_user(facts)?.and_then(|row| row.external_id.as_ref()) {
                None => true,
                Some(_) => known(&facts.entra.by_external_id, "D4", "the object that externalId names")?.is_none(),
            };
            gone && !live_under(facts, user_name)?
        }
        UnassignRow::SwitchOff => !switches(facts, "D4")?.deactivate,
        UnassignRow::BlockOnly => true,
    };
    if holds {
        return Ok(());
    }
    let fact = PublicText::words("Deactivate Users is on, and a live account could be hit by the unassignment");
    violation(
        "D4.5",
        Outcome::Refuse,
        fact,
        "switch Deactivate Users off in the console (Provisioning > To App), then Look again",
    )
}

fn candidate(facts: &Facts, expect: Option<&EntraId>, user_name: &str) -> Verdict {
    let by_name = known(&facts.entra.by_name, "C3", "live accounts with the user name")?;
    let by_anchor = known(&facts.entra.by_anchor, "C3", "live accounts with the anchor")?;
    let mut all: Vec<&EntraUser> = by_name.iter().filter(|user| user.answers_to(user_name)).collect();
    all.extend(by_anchor.iter().filter(|user| !by_name.iter().any(|other| other.id == user.id)));
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
    if found.user_type.as_deref() != Some("Member") {
        let kind = found.user_type.as_deref().unwrap_or("of unknown type");
        let fact = PublicText::words("the live account with this name is ").and_foreign(kind).and(", not a Member");
        return violation(
            "C3",
            Outcome::Refuse,
            fact,
            "a guest is never linked; remove or rename the guest account first",
        );
    }
    if !same_name(&facts.okta.user.name, &found.name) {
        let fact = PublicText::words("the live account belongs to somebody else by name: ")
            .and_foreign(&found.name)
            .and(" instead of ")
            .and_foreign(&facts.okta.user.name);
        return violation(
            "C3",
            Outcome::Refuse,
            fact,
            "the name was given to another person; give one of the two another user name",
        );
    }
    Ok(())
}

/// Whether two display names can be the same person's: every word of the shorter stands in the longer, letters' case aside,
/// and there are at least two (or both are the same).
fn same_name(a: &str, b: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let (a, b) = (words(a), words(b));
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    !short.is_empty() && short.iter().all(|word| long.contains(word)) && (short.len() > 1 || long.len() == 1)
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

fn not_privileged(facts: &Facts, objects: &[EntraId], protected: &[String]) -> Verdict {
    let okta = &facts.okta;
    let admin = known(&okta.admin_roles, "A6", "the Okta admin roles of the person")?;
    if !admin.is_empty() {
        return privileged(PublicText::words("the person holds an Okta admin role: ").and_foreign(&admin.join(", ")));
    }
    let mut names = vec![okta.user.id.as_str().to_lowercase(), okta.user.login.to_lowercase()];
    if let Some(row) = app_user(facts)? {
        let roles = entries(row, app(facts)?.attributes.roles.as_ref());
        if !roles.is_empty() {
            return privileged(
                PublicText::words("the app user's profile gives roles: ").and_foreign(&roles.join(", ")),
            );
        }
        names.push(row.user_name.to_lowercase());
    }
    let found = facts.entra.by_external_id.known().into_iter().flatten();
    let lists = [&facts.entra.by_name, &facts.entra.by_anchor, &facts.entra.deleted];
    let all: Vec<&EntraUser> = found.chain(lists.into_iter().filter_map(Reading::known).flatten()).collect();
    for id in objects {
        names.push(id.as_str().to_owned());
        for user in all.iter().filter(|user| user.id == *id) {
            names.push(user.plain_upn().to_lowercase());
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
    if names.iter().any(|name| name.starts_with("svc_okta_sync_")) {
        return privileged(PublicText::words("this is the provisioning service account"));
    }
    if names.iter().any(|name| protected.iter().any(|item| item.eq_ignore_ascii_case(name))) {
        return privileged(PublicText::words("the account is on the protected list"));
    }
    Ok(())
}

fn seats_free(facts: &Facts, licences: &[String], holder: Option<&EntraId>) -> Verdict {
    let skus = known(&facts.entra.skus, "D3", "the licences of the tenant")?;
    let lists = [&facts.entra.by_name, &facts.entra.by_anchor, &facts.entra.deleted];
    let held: Vec<&str> = lists
        .into_iter()
        .filter_map(Reading::known)
        .flatten()
        .filter(|user| Some(&user.id) == holder && user.deleted.is_none())
        .flat_map(|user| user.direct_licences.iter().chain(&user.group_licences))
        .map(String::as_str)
        .collect();
    for sku in skus {
        let wanted = licences.iter().any(|l| l.eq_ignore_ascii_case(&sku.id) || l.eq_ignore_ascii_case(&sku.name));
        if wanted && !held.contains(&sku.id.as_str()) && sku.consumed >= sku.enabled {
            let fact = PublicText::words("no seat is free for ")
                .and_foreign(&sku.name)
                .and(format!(" ({} of {} in use)", sku.consumed, sku.enabled));
            return violation("D3", Outcome::Advise, fact, "free or buy a seat, then Look again");
        }
    }
    Ok(())
}

fn in_deleted_items<'a>(facts: &'a Facts, object: &EntraId) -> Result<&'a EntraUser, Violation> {
    let deleted = known(&facts.entra.deleted, "D2", "deletedItems")?;
    deleted.iter().find(|user| user.id == *object).ok_or_else(|| Violation {
        rule: "D2".to_owned(),
        fact: PublicText::words("the object is not in deletedItems"),
        how_to_change: "it can only be restored within 30 days of the deletion".to_owned(),
        outcome: Outcome::NotApplicable,
        approvers_only: false,
    })
}

fn no_live_holder(facts: &Facts, object: &EntraId) -> Verdict {
    let deleted = in_deleted_items(facts, object)?;
    let by_name = known(&facts.entra.by_name, "D2", "live accounts with the name")?;
    let by_anchor = known(&facts.entra.by_anchor, "D2", "live accounts with the anchor")?;
    let Some(live) = by_name.iter().chain(by_anchor).find(|user| user.id != *object) else { return Ok(()) };
    let mut fact = PublicText::words("a live account holds the name, an address or the anchor of the deleted one: ")
        .and_foreign(&live.name)
        .and(" ")
        .and_foreign(live.id.as_str());
    if let Some(at) = live.created {
        fact = fact.and(", created ").and_time(at);
    }
    fact = fact.and("; the deleted one is ").and_foreign(&deleted.name).and(" ").and_foreign(deleted.id.as_str());
    if let Some(at) = deleted.deleted {
        fact = fact.and(", deleted ").and_time(at);
    }
    violation("D2", Outcome::Advise, fact, "decide which account survives, free the name, then Look again")
}

fn not_synced(facts: &Facts, object: &EntraId) -> Verdict {
    if in_deleted_items(facts, object)?.synced != Some(true) {
        return Ok(());
    }
    let fact = PublicText::words("the object is synchronized from an on-premises directory");
    violation(
        "D2",
        Outcome::Refuse,
        fact,
        "restore it where it is mastered (Entra Connect, or Okta's directory synchronization)",
    )
}

fn not_deprovisioned(facts: &Facts, object: &EntraId) -> Verdict {
    in_deleted_items(facts, object)?;
    // Who deleted it may be unreadable: then the card says so in its risk line (SAFETY D2), it is not a refusal.
    match &facts.entra.deletion {
        Reading::Known(Some(deletion)) if deletion.by_provisioning => {
            let fact = PublicText::words("this was a deprovisioning, not an accident: deleted by ")
                .and_foreign(&deletion.by)
                .and(" ")
                .and_time(deletion.at);
            violation(
                "D2",
                Outcome::Refuse,
                fact,
                "if the person came back, assign them in Okta and let HR's record decide",
            )
        }
        Reading::Known(_) | Reading::Unread(_) => Ok(()),
    }
}
