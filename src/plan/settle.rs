//! What live facts say about a diagnosis (SAFETY C): in order, gone for good, the wrong tenant … and which remedies follow.
//! Pure. Never offers a remedy that [`super::plan`] would refuse.

use super::{Ask, Planned, plan};
use crate::domain::anchor::same_guid_other_order;
use crate::domain::case::{Offer, Withheld};
use crate::domain::diagnosis::{Diagnosis, Remedy};
use crate::domain::guard::{APART, Outcome, Violation, choice};
use crate::domain::notice::PublicText;
use crate::domain::plan::Plan;
use crate::domain::settings::{ProvisioningType, Settings};
use crate::domain::tenant::{AppUser, EntraUser, Facts};
use crate::domain::time::{At, SECOND};

/// What follows from a look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Both sides are equal and the reported failure is past.
    InOrder {
        /// Since when.
        since: Option<At>,
    },
    /// A second read must come first.
    Confirm {
        /// When.
        at: At,
    },
    /// At least one remedy may be proposed.
    Offers(Vec<Offer>),
    /// People must act.
    Advise(Vec<Violation>),
    /// A remedy would be unsafe.
    Refuse(Vec<Violation>),
}

/// The judgement with its words.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// One or two sentences.
    pub finding: PublicText,
    /// What follows.
    pub settled: Settled,
    /// Remedies of the class that may not be proposed.
    pub withheld: Vec<Withheld>,
    /// A plan that only an administrator can carry out in this tenant.
    pub by_hand: Option<Box<Plan>>,
}

/// Classes that say "the object was not found": they are past when it is found.
const NOT_FOUND: [&str; 2] = ["o365-user-deleted-in-entra", "graph-replication-delay"];

/// Settles a diagnosis on facts. `reported_at`: when the failure happened, as far as the text tells.
pub fn settle(
    diagnosis: &Diagnosis,
    facts: &Facts,
    settings: &Settings,
    ask: &Ask,
    reported_at: Option<At>,
) -> Judgement {
    let finding = mastered(finding(facts), facts, settings);
    let past = |settled| Judgement { finding: finding.clone(), settled, withheld: Vec::new(), by_hand: None };
    if let Some(Past { since }) = in_order(diagnosis, facts, reported_at) {
        return past(Settled::InOrder { since });
    }
    let planned: Vec<(Remedy, Planned)> =
        diagnosis.remedies.iter().map(|remedy| (*remedy, plan(*remedy, facts, settings, ask))).collect();
    let mut offers = Vec::new();
    let mut withheld = Vec::new();
    let mut all: Vec<Violation> = Vec::new();
    for (remedy, result) in planned {
        match result {
            Ok(plan) => offers.push(Offer { remedy, votes: plan.votes }),
            Err(violations) => {
                if let Some(first) = violations.first().filter(|first| first.outcome != Outcome::NotApplicable) {
                    withheld.push(Withheld { remedy, why: first.clone() });
                }
                all.extend(violations.into_iter().filter(|violation| violation.outcome != Outcome::NotApplicable));
            }
        }
    }
    all.sort_by_key(|violation| std::cmp::Reverse(violation.outcome));
    let mut seen = Vec::new();
    all.retain(|violation| {
        !seen.contains(violation) && {
            seen.push(violation.clone());
            true
        }
    });
    let settled = if offers.is_empty() {
        match all.first().map(|violation| violation.outcome) {
            Some(Outcome::Refuse) => Settled::Refuse(only(all, Outcome::Refuse)),
            Some(Outcome::Advise) => Settled::Advise(only(all, Outcome::Advise)),
            Some(Outcome::Wait) => Settled::Confirm { at: facts.read_at.plus(APART + SECOND) },
            Some(Outcome::NotApplicable) | None if waits(diagnosis, facts) => {
                Settled::Confirm { at: facts.read_at.plus(APART + SECOND) }
            }
            Some(Outcome::NotApplicable) | None => Settled::Advise(about_anchors(diagnosis, facts)),
        }
    } else {
        Settled::Offers(offers)
    };
    let by_hand = by_hand(diagnosis, facts, settings, ask).map(Box::new);
    Judgement { finding, settled, withheld, by_hand }
}

/// The plan that would be offered if this tenant let the bot write an anchor (SAFETY D8).
fn by_hand(diagnosis: &Diagnosis, facts: &Facts, settings: &Settings, ask: &Ask) -> Option<Plan> {
    let set = Remedy::SetImmutableId;
    if ask.anchor_refused.is_none() || !diagnosis.remedies.contains(&set) {
        return None;
    }
    plan(set, facts, settings, &Ask { anchor_refused: None, ..ask.clone() }).ok()
}

/// Classes about anchors that have no remedy: what the live facts say about them.
const ANCHOR_ADVICE: [&str; 4] = [
    "immutable-id-conflict",
    "immutable-id-multiple-ad",
    "okta-attribute-managed-by-mapping",
    "onprem-mastered-object",
];

/// What stands in the way of one anchor on both sides, where the class is about that: who holds it, live or deleted; which
/// directory masters it; which mapping owns it.
fn about_anchors(diagnosis: &Diagnosis, facts: &Facts) -> Vec<Violation> {
    if !ANCHOR_ADVICE.contains(&diagnosis.class.as_str()) {
        return Vec::new();
    }
    choice(facts).err().into_iter().filter(|violation| violation.outcome == Outcome::Advise).collect()
}

fn only(all: Vec<Violation>, outcome: Outcome) -> Vec<Violation> {
    all.into_iter().filter(|violation| violation.outcome == outcome).collect()
}

/// A young object that is not found may only not have been replicated yet.
fn waits(diagnosis: &Diagnosis, facts: &Facts) -> bool {
    let missing = matches!(facts.entra.missing_at.as_slice(), [_]);
    diagnosis.class.as_str() == "graph-replication-delay" && missing && facts.entra.young
}

fn row(facts: &Facts) -> Option<&AppUser> {
    facts.okta.app_user.known().and_then(Option::as_ref)
}

fn linked(facts: &Facts) -> Option<&EntraUser> {
    facts.entra.by_external_id.known().and_then(Option::as_ref)
}

fn equal(facts: &Facts, row: &AppUser, user: &EntraUser) -> bool {
    let anchor = facts.okta.app.known().and_then(|app| row.anchor(&app.attributes));
    user.upn.eq_ignore_ascii_case(&row.user_name)
        && (anchor.is_none() || anchor == user.anchor.as_deref())
        && user.enabled == Some(true)
}

/// The failure is past, since then where that is known.
struct Past {
    since: Option<At>,
}

/// Both sides are equal, and the failure is past: a later push succeeded, or what was not found is found.
fn in_order(diagnosis: &Diagnosis, facts: &Facts, reported_at: Option<At>) -> Option<Past> {
    let (row, user) = (row(facts)?, linked(facts)?);
    let provisioned = row.status == "PROVISIONED" || row.status == "ACTIVE";
    if facts.okta.user.status != "ACTIVE" || !provisioned || !equal(facts, row, user) {
        return None;
    }
    let synchronized = row.sync_state.as_deref() == Some("SYNCHRONIZED");
    let pushed = row.last_sync.filter(|at| synchronized && reported_at.is_some_and(|reported| *at > reported));
    if pushed.is_some() {
        return Some(Past { since: pushed });
    }
    NOT_FOUND.contains(&diagnosis.class.as_str()).then_some(Past { since: None })
}

fn finding(facts: &Facts) -> PublicText {
    let Some(row) = row(facts) else {
        return PublicText::words(match &facts.okta.app_user {
            crate::domain::tenant::Reading::Known(_) => "The person is not assigned to the app in Okta.",
            crate::domain::tenant::Reading::Unread(_) => "The assignment could not be read in Okta.",
        });
    };
    let Some(found) = facts.entra.by_external_id.known() else {
        return PublicText::words("Whether the Entra account exists could not be read.");
    };
    let by_name = facts.entra.by_name.known().map_or(&[][..], Vec::as_slice);
    let live = by_name.iter().find(|user| user.answers_to(&row.user_name));
    match (found, &row.external_id) {
        (Some(user), _) if equal(facts, row, user) => {
            let text =
                PublicText::words("Okta and Entra agree about this person: object, user name and anchor are equal.");
            match row.sync_state.as_deref() {
                Some("ERROR") => text.and(" Okta still shows an error: press Retry in Okta > Dashboard > Tasks."),
                Some(_) | None => text,
            }
        }
        (Some(user), _) => unequal(facts, row, user),
        (None, None) => match live {
            Some(user) => PublicText::words("Okta holds no link; a live account holds the user name: ")
                .and_foreign(&user.name)
                .and("."),
            None => {
                PublicText::words("Okta holds no link to an Entra account, and nobody in Entra holds the user name.")
            }
        },
        (None, Some(id)) => gone(facts, id, live),
    }
}

/// Who masters an account that shows as synchronized: that does not mean Entra Connect by itself.
fn mastered(finding: PublicText, facts: &Facts, settings: &Settings) -> PublicText {
    let account = facts.entra.by_external_id.known().and_then(Option::as_ref);
    if account.is_none_or(|user| user.synced != Some(true)) {
        return finding;
    }
    finding.and(match settings.provisioning_type {
        ProvisioningType::User => {
            " Okta's User Sync masters this tenant, so every account shows as synchronized: change it in Okta or in its mapping."
        }
        ProvisioningType::Universal => {
            " Okta's Universal Sync masters this tenant, so every account shows as synchronized: change it in Okta or in its mapping."
        }
        ProvisioningType::Profile | ProvisioningType::LicensesOnly => {
            " Entra Connect masters this account: change it in Active Directory."
        }
        ProvisioningType::Unknown => {
            " The account shows as synchronized: either Entra Connect masters it, or Okta's User Sync or Universal Sync does (with those everybody shows so). Okta tells which: app, Provisioning, Integration."
        }
    })
}

/// What differs between two sides that are linked.
fn unequal(facts: &Facts, row: &AppUser, user: &EntraUser) -> PublicText {
    let okta = facts.okta.app.known().and_then(|app| row.anchor(&app.attributes));
    let entra = user.anchor.as_deref();
    if okta == entra {
        return PublicText::words("The Entra account that Okta pushes to exists, but the two sides are not equal.");
    }
    match (okta, entra) {
        (Some(ours), Some(theirs)) if same_guid_other_order(ours, theirs) => PublicText::words(
            "The anchors are the same GUID in different byte order: one of them was computed by hand from the written form of the GUID. Okta holds ",
        )
        .and_foreign(ours)
        .and(", Entra ")
        .and_foreign(theirs)
        .and("."),
        (Some(ours), Some(theirs)) => PublicText::words("The account is linked, but the anchors differ: Okta holds ")
            .and_foreign(ours)
            .and(", Entra ")
            .and_foreign(theirs)
            .and("."),
        (Some(ours), None) => {
            PublicText::words("The account is linked, but Entra holds no anchor; Okta holds ").and_foreign(ours).and(".")
        }
        (None, Some(theirs)) => {
            PublicText::words("The account is linked, but Okta holds no anchor; Entra holds ").and_foreign(theirs).and(".")
        }
        (None, None) => PublicText::words("The account is linked, but neither side holds an anchor."),
    }
}

fn gone(facts: &Facts, id: &crate::domain::ids::EntraId, live: Option<&EntraUser>) -> PublicText {
    let deleted = facts.entra.deleted.known().and_then(|all| all.iter().find(|user| user.id == *id));
    if let Some(user) = deleted {
        let mut text = PublicText::words("The Entra user that Okta pushes to is in deletedItems");
        if let Some(at) = user.deleted {
            text = text.and(", deleted ").and_time(at);
        }
        return match live {
            Some(other) => text.and("; meanwhile a live account holds the name: ").and_foreign(&other.name).and("."),
            None => text.and(" and can be restored with its mailbox and files."),
        };
    }
    let text =
        PublicText::words("The Entra user that Okta pushes to does not exist any more, and it is not in deletedItems.");
    match live {
        Some(other) => {
            let mut text = text.and(" A live account holds the user name: ").and_foreign(&other.name);
            if let Some(at) = other.created {
                text = text.and(", created ").and_time(at);
            }
            text.and(".")
        }
        None => text.and(" Nobody else holds the user name."),
    }
}
