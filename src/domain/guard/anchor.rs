//! Which anchor wins (SAFETY D7), who else holds it, and where a user may be parked (D8).
//!
//! Never guesses: where no row of the table fits, people decide. Begin with [`choice`].

use super::{AnchorRow, Outcome, Verdict, Violation, app, app_user, known, switches, violation};
use crate::domain::anchor::{Shape, same_guid_other_order, shape, writable};
use crate::domain::ids::EntraId;
use crate::domain::notice::PublicText;
use crate::domain::tenant::{EntraUser, Facts};

/// What the table says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The row.
    pub row: AnchorRow,
    /// The account.
    pub object: &'a EntraUser,
    /// Okta's anchor now.
    pub okta: Option<&'a str>,
    /// Name of Okta's attribute.
    pub attribute: &'a str,
}

fn stop<T>(rule: &str, outcome: Outcome, fact: PublicText, how: &str) -> Result<T, Violation> {
    Err(Violation { rule: rule.to_owned(), fact, how_to_change: how.to_owned(), outcome, approvers_only: false })
}

fn advise<T>(rule: &str, fact: PublicText, how: &str) -> Result<T, Violation> {
    stop(rule, Outcome::Advise, fact, how)
}

/// The table of SAFETY D7, first match.
pub fn choice(facts: &Facts) -> Result<Choice<'_>, Violation> {
    let app = app(facts)?;
    let Some(row) = app_user(facts)? else {
        let fact = PublicText::words("the person is not assigned to the app in Okta");
        return advise("D7", fact, "assign the person in Okta first");
    };
    let Some(attribute) = app.attributes.anchor.as_deref() else {
        let fact =
            PublicText::words("the app's schema has no attribute titled Immutable ID, so Okta's anchor is not known");
        return stop(
            "D7",
            Outcome::Refuse,
            fact,
            "give the attribute its title back (Okta: Profile Editor), then Look again",
        );
    };
    if row.external_id.is_none() {
        return not_linked(facts, &row.user_name);
    }
    let Some(object) = known(&facts.entra.by_external_id, "D7", "the account that Okta pushes to")? else {
        let fact = PublicText::words("there is no live account that Okta pushes to, so there is nothing to align");
        return advise("D7", fact, "mend the link first: restore the deleted account, or reassign the person");
    };
    let (okta, entra) = (row.anchor(&app.attributes), object.anchor.as_deref());
    is_named(facts, object, &row.user_name)?;
    if okta == entra && okta.is_some() {
        let fact = PublicText::words("the anchors are equal on both sides");
        return stop("D7", Outcome::NotApplicable, fact, "look for another cause");
    }
    if let Some(anchor) = okta {
        other_holder(facts, &object.id, anchor)?;
    }
    mastered_elsewhere(facts, object)?;
    let mapped = app.mapped.iter().any(|name| name == attribute);
    let frozen = mapped && switches(facts, "D7")?.update;
    let choice = |row| Ok(Choice { row, object, okta, attribute });
    match (okta.map(shape), entra) {
        (Some(Shape::Guid), _) if facts.okta.user.ad_sourced && mapped => {
            if okta.is_some_and(|anchor| !writable(anchor)) {
                return advise(
                    "D8",
                    PublicText::words("Graph does not take Okta's anchor"),
                    "mend the value at its source",
                );
            }
            choice(AnchorRow::FromDirectory)
        }
        (_, Some(_)) if !frozen => choice(AnchorRow::FromEntra),
        (None, None) if !mapped => choice(AnchorRow::New),
        (None | Some(Shape::AppUserId), _) if mapped => {
            let fact = PublicText::words("the Immutable ID is mapped, and the mapping gives no value of its own");
            advise("D7.7", fact, "mend the mapping of the Immutable ID (Okta: Profile Editor), then Look again")
        }
        (Some(Shape::Guid), Some(theirs)) if shape(theirs) == Shape::Guid => {
            let swapped = okta.is_some_and(|ours| same_guid_other_order(ours, theirs));
            let fact = PublicText::words(if swapped {
                "both sides hold the same GUID, written in different byte order: one of them was computed by hand"
            } else {
                "both sides hold an anchor of the form that Active Directory gives, they differ, and the person does not come from Active Directory"
            });
            advise(
                "D7.8",
                fact,
                "find out which directory made each value; then mend the mapping, or the value in Entra",
            )
        }
        (None | Some(_), _) => {
            let fact = PublicText::words("no rule says which of the two anchors is right");
            advise("D7", fact, "find out where each value comes from; the side that is cheaper to take back is changed")
        }
    }
}

/// Okta names no account: to link one the person has to be unassigned and assigned, which these remedies never do.
fn not_linked<T>(facts: &Facts, user_name: &str) -> Result<T, Violation> {
    let fact = PublicText::words(
        "Okta names no account in Entra (externalId is empty), so an anchor alone would not link one; the bot does not \
         unassign anybody for an anchor. ",
    );
    advise("D8", fact.and_text(&right_account(facts, user_name)?), BY_HAND)
}

/// What people do by hand where Okta names no account, or somebody else's.
const BY_HAND: &str = "by hand, once it is certain whose account that is: switch Deactivate Users off (Okta deactivates \
                       whatever account it names or finds by the user name), unassign the person, give the account Okta's \
                       anchor (Entra refuses that on a federated domain: move its sign-in name to the initial domain and back), \
                       assign the person again, switch Deactivate Users on when Okta shows the link; then Look again";

/// The account under the user name, and the anchor that it should have.
fn right_account(facts: &Facts, user_name: &str) -> Result<PublicText, Violation> {
    let okta =
        app(facts).ok().and_then(|app| app_user(facts).ok().flatten().and_then(|row| row.anchor(&app.attributes)));
    let live = known(&facts.entra.by_name, "D8", "live accounts with the user name")?;
    let mut found = live.iter().filter(|user| user.plain_upn().eq_ignore_ascii_case(user_name));
    let text = match (found.next(), found.next()) {
        (Some(one), None) => PublicText::words("The account under the user name is ")
            .and_foreign(&one.name)
            .and(" ")
            .and_foreign(one.id.as_str())
            .and(" with the anchor ")
            .and_foreign(one.anchor.as_deref().unwrap_or("(none)")),
        (None, _) => PublicText::words("No live account has the user name ").and_foreign(user_name),
        (Some(_), Some(_)) => PublicText::words("Several accounts have the user name ").and_foreign(user_name),
    };
    Ok(text.and("; Okta sends ").and_foreign(okta.unwrap_or("(none)")))
}

/// Whether Okta names the account under its user name; another one is somebody else's (SAFETY D8).
pub(super) fn is_named(facts: &Facts, object: &EntraUser, user_name: &str) -> Verdict {
    let live = known(&facts.entra.by_name, "D8", "live accounts with the user name")?;
    let other = live.iter().any(|user| user.id != object.id && user.plain_upn().eq_ignore_ascii_case(user_name));
    if object.plain_upn().eq_ignore_ascii_case(user_name) || !other {
        return Ok(());
    }
    let fact = PublicText::words("Okta's externalId names another account than the one under the user name: ")
        .and_foreign(&object.name)
        .and(" ")
        .and_foreign(object.plain_upn())
        .and(" ")
        .and_foreign(object.id.as_str())
        .and(", and the bot does not unassign anybody for an anchor. ");
    violation("D8", Outcome::Refuse, fact.and_text(&right_account(facts, user_name)?), BY_HAND)
}

/// Rows 1 and 2: somebody else holds Okta's anchor.
fn other_holder(facts: &Facts, object: &EntraId, anchor: &str) -> Verdict {
    let live = known(&facts.entra.by_anchor, "D7.1", "live accounts with the anchor")?;
    if let Some(other) = live.iter().find(|user| user.id != *object && user.anchor.as_deref() == Some(anchor)) {
        let fact = PublicText::words("another live account holds Okta's anchor: ")
            .and_foreign(&other.name)
            .and(" ")
            .and_foreign(other.plain_upn())
            .and(" ")
            .and_foreign(other.id.as_str());
        return violation("D7.1", Outcome::Advise, fact, "decide whose anchor it is, and free it on the other account");
    }
    let deleted = known(&facts.entra.deleted, "D7.2", "deletedItems")?;
    if let Some(other) = deleted.iter().find(|user| user.id != *object && user.anchor.as_deref() == Some(anchor)) {
        let mut fact = PublicText::words("a deleted account holds Okta's anchor: ")
            .and_foreign(&other.name)
            .and(" ")
            .and_foreign(other.id.as_str());
        if let Some(at) = other.deleted {
            fact = fact.and(", deleted ").and_time(at);
        }
        let how = "restore it if it is the person's own (after the live one gave up the name), or purge it in the Entra admin center, then Look again";
        return violation("D7.2", Outcome::Advise, fact, how);
    }
    Ok(())
}

/// Row 3: Active Directory wins.
fn mastered_elsewhere(facts: &Facts, object: &EntraUser) -> Verdict {
    let tenant = *known(&facts.entra.tenant_synced, "D7.3", "whether the tenant is synchronized")?;
    let from_ad = object.anchor.as_deref().is_some_and(|anchor| shape(anchor) == Shape::Guid);
    if object.synced == Some(true) {
        let fact = PublicText::words(
            "the account is synchronized from an on-premises directory, so Graph refuses a change of its anchor",
        );
        let how = "change it where it is mastered: Entra Connect, or Okta User Sync or Universal Sync (with those every user shows as synced)";
        return violation("D7.3", Outcome::Advise, fact, how);
    }
    if tenant && from_ad {
        let fact = PublicText::words(
            "the tenant is synchronized, and the account holds an anchor of the form that Active Directory gives: it wins",
        );
        return violation(
            "D7.3",
            Outcome::Advise,
            fact,
            "mend Okta's mapping of the Immutable ID so that it sends this value",
        );
    }
    Ok(())
}

/// The table says the same as while planning, about the same values.
pub(super) fn same_choice(facts: &Facts, (row, okta, entra): (AnchorRow, Option<&str>, Option<&str>)) -> Verdict {
    let now = choice(facts)?;
    if now.row == row && now.okta == okta && now.object.anchor.as_deref() == entra {
        return Ok(());
    }
    let fact = PublicText::words("the anchors, or what decides between them, are not as they were looked up");
    violation("D7", Outcome::Refuse, fact, "press Look again")
}

pub(super) fn nobody_else(facts: &Facts, object: &EntraId, (user_name, anchor): (&str, Option<&str>)) -> Verdict {
    if let Some(anchor) = anchor {
        other_holder(facts, object, anchor)?;
    }
    let live = known(&facts.entra.by_name, "C3", "live accounts with the user name")?;
    let deleted = known(&facts.entra.deleted, "C3", "deletedItems")?;
    let other = live.iter().chain(deleted).find(|user| user.id != *object && user.answers_to(user_name));
    let Some(other) = other else { return Ok(()) };
    let fact = PublicText::words(if other.deleted.is_some() {
        "a deleted account still holds the user name or an address: "
    } else {
        "another live account holds the user name or an address: "
    });
    let fact = fact.and_foreign(&other.name).and(" ").and_foreign(other.id.as_str());
    violation("C3", Outcome::Advise, fact, "leave the name and the address with one account, then Look again")
}

pub(super) fn parking_free(facts: &Facts, object: &EntraId, upn: &str) -> Verdict {
    let domains = known(&facts.entra.domains, "D8", "the domains of the Entra tenant")?;
    let host = upn.rsplit_once('@').map_or("", |(_, host)| host);
    let managed = domains
        .iter()
        .any(|domain| domain.initial && domain.verified && !domain.federated && domain.name.eq_ignore_ascii_case(host));
    if !managed {
        let fact = PublicText::words("the name to park under is not on the tenant's initial managed domain");
        return violation("D8", Outcome::Refuse, fact, "press Look again");
    }
    let parking = match &facts.entra.parking {
        Some(parking) => known(parking, "D8", "the name to park under")?,
        None => return super::unread("D8", "the name to park under", "it was not looked up"),
    };
    if parking.upn == upn && parking.holders.iter().all(|holder| holder == object) {
        return Ok(());
    }
    let fact = PublicText::words("the name to park under is not free any more");
    violation("D8", Outcome::Refuse, fact, "press Look again")
}
