//! Rules about what is deleted: gone for good, restorable, and what an unassignment could still hit.

use super::person::same_name;
use super::{APART, Outcome, UnassignRow, Verdict, Violation, app_user, known, switches, unread, violation};
use crate::domain::ids::EntraId;
use crate::domain::notice::PublicText;
use crate::domain::tenant::{EntraUser, Facts, Reading};
use crate::domain::time::span;

pub(super) fn object_gone(facts: &Facts, object: Option<&EntraId>) -> Verdict {
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

pub(super) fn no_deleted_holder(facts: &Facts, user_name: &str, anchor: Option<&str>) -> Verdict {
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

fn live_under(facts: &Facts, user_name: &str) -> Result<bool, Violation> {
    let live = known(&facts.entra.by_name, "D4", "live accounts with the user name")?;
    Ok(live.iter().any(|user| user.answers_to(user_name)))
}

pub(super) fn unassign_safe(facts: &Facts, row: UnassignRow, user_name: &str) -> Verdict {
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
        // Off already: somebody else's pause, or a switch that row 2 is for.
        UnassignRow::Pause => switches(facts, "D4")?.deactivate,
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

/// The object is in deletedItems and nowhere else: one that is live as well was read half-way through somebody's restore.
pub(super) fn only_deleted(facts: &Facts, object: &EntraId) -> Verdict {
    in_deleted_items(facts, object)?;
    if known(&facts.entra.by_external_id, "D2", "the object that externalId names")?.is_none() {
        return Ok(());
    }
    let fact = PublicText::words("the object is live and in deletedItems at once, so one of the two readings is old");
    violation("D2", Outcome::Refuse, fact, "wait a minute, then Look again")
}

/// C3 for a deleted object: Okta's link alone does not prove whose it is.
pub(super) fn same_person(facts: &Facts, object: &EntraId, user_name: &str) -> Verdict {
    let deleted = in_deleted_items(facts, object)?;
    if let Some(kind) = deleted.user_type.as_deref().filter(|kind| *kind != "Member") {
        let fact = PublicText::words("the deleted object is a ").and_foreign(kind).and(", not a Member");
        return violation("C3", Outcome::Refuse, fact, "a guest is not restored by the bot; an administrator decides");
    }
    if deleted.answers_to(user_name) || same_name(&facts.okta.user.name, &deleted.name) {
        return Ok(());
    }
    let fact = PublicText::words("the deleted object belongs to somebody else by name and by sign-in name: ")
        .and_foreign(&deleted.name)
        .and(" instead of ")
        .and_foreign(&facts.okta.user.name);
    violation("C3", Outcome::Refuse, fact, "find out whose object Okta's externalId names before anything is restored")
}

pub(super) fn no_live_holder(facts: &Facts, object: &EntraId) -> Verdict {
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

pub(super) fn not_synced(facts: &Facts, object: &EntraId) -> Verdict {
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

pub(super) fn not_deprovisioned(facts: &Facts, object: &EntraId) -> Verdict {
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
