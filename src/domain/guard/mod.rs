//! Safety rules as data. `plan` attaches the guards of a remedy to the plan, they are part of the digest, and `saga` checks
//! exactly these again before the first write (invariant 12).
//!
//! A guard never trusts a look-up that could not be made: that is a violation too. It never repairs anything.
//!
//! Begin with [`Guard`], then [`check`]; the rules stand in `app` (instance, tenant, switches, seats), `person` (who it is and
//! what they may become), `gone` (what is deleted, and what an unassignment could hit) and `anchor` (which anchor wins, and
//! where a user may be parked).

mod anchor;
mod app;
mod gone;
mod person;

pub use anchor::{Choice, choice};
pub use person::entries;

use super::ids::{AppId, EntraId};
use super::notice::PublicText;
use super::tenant::{App, AppUser, Facts, Reading, Switches};
use super::time::MINUTE;
use serde::{Deserialize, Serialize};

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
    /// Row 4: the operator allows a pause of Deactivate Users; two votes.
    Pause,
}

/// Which row of the table of SAFETY D7 says what the anchor becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnchorRow {
    /// Row 4: Okta's value comes from Active Directory and is mapped: Entra gets it.
    FromDirectory,
    /// Row 5: Okta's attribute can be written, and Entra has a value: Okta gets it.
    FromEntra,
    /// Row 6: neither side has one, and both can be written: both get a new one.
    New,
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
    /// The deleted object is a Member and belongs to this person, by user name or by display name (C3).
    SamePerson {
        /// The object.
        object: EntraId,
        /// The UPN that Okta pushes.
        user_name: String,
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
    /// Okta's externalId names this live account, it is a Member of the same person and has the user name (C3).
    Linked {
        /// The object.
        object: EntraId,
        /// The UPN that Okta pushes.
        user_name: String,
    },
    /// The table of D7 says what it said, about the same two values.
    Anchor {
        /// The row.
        row: AnchorRow,
        /// Okta's anchor.
        okta: Option<String>,
        /// Entra's anchor.
        entra: Option<String>,
    },
    /// Nobody but this account, live or deleted, holds the user name or the anchor (C3, D7).
    NobodyElse {
        /// The object.
        object: EntraId,
        /// The UPN that Okta pushes.
        user_name: String,
        /// Okta's anchor.
        anchor: Option<String>,
    },
    /// The name to park under is on the tenant's initial managed domain, and nobody else holds it, live or deleted (D8).
    ParkingFree {
        /// The object that is parked.
        object: EntraId,
        /// The name.
        upn: String,
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
            | Self::SeatsFree { .. }
            | Self::NobodyElse { .. }
            | Self::ParkingFree { .. } => true,
            Self::Assigned
            | Self::WitnessFound
            | Self::ObjectGone { .. }
            | Self::UnassignSafe { .. }
            | Self::InDeletedItems { .. }
            | Self::SamePerson { .. }
            | Self::NoLiveHolder { .. }
            | Self::NotSynced { .. }
            | Self::NotDeprovisioned { .. }
            | Self::Linked { .. }
            | Self::Anchor { .. } => false,
        }
    }

    /// Whether it holds because Deactivate Users is off, or will be.
    pub fn relies_on_switch(&self) -> bool {
        matches!(self, Self::UnassignSafe { row: UnassignRow::SwitchOff | UnassignRow::Pause, .. })
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
        Guard::UserActive => person::user_active(facts),
        Guard::Assigned => person::assigned(facts),
        Guard::App { app, user_name } => app::right_app(facts, app, user_name),
        Guard::TenantOwnsDomain => app::tenant_owns_domain(facts),
        Guard::WitnessFound => app::witness_found(facts),
        Guard::ObjectGone { object } => gone::object_gone(facts, object.as_ref()),
        Guard::NoDeletedHolder { user_name, anchor } => gone::no_deleted_holder(facts, user_name, anchor.as_deref()),
        Guard::CreateOn => app::create_on(facts),
        Guard::UnassignSafe { row, user_name } => gone::unassign_safe(facts, *row, user_name),
        Guard::Candidate { expect, user_name } => person::candidate(facts, expect.as_ref(), user_name),
        Guard::NotPrivileged { objects, protected } => person::not_privileged(facts, objects, protected),
        Guard::SeatsFree { licences, holder } => app::seats_free(facts, licences, holder.as_ref()),
        Guard::InDeletedItems { object } => gone::only_deleted(facts, object),
        Guard::SamePerson { object, user_name } => gone::same_person(facts, object, user_name),
        Guard::NoLiveHolder { object } => gone::no_live_holder(facts, object),
        Guard::NotSynced { object } => gone::not_synced(facts, object),
        Guard::NotDeprovisioned { object } => gone::not_deprovisioned(facts, object),
        Guard::Linked { object, user_name } => person::linked(facts, object, user_name),
        Guard::Anchor { row, okta, entra } => anchor::same_choice(facts, (*row, okta.as_deref(), entra.as_deref())),
        Guard::NobodyElse { object, user_name, anchor } => {
            anchor::nobody_else(facts, object, (user_name, anchor.as_deref()))
        }
        Guard::ParkingFree { object, upn } => anchor::parking_free(facts, object, upn),
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

/// Since when an object counts as young: it, or the report about it, is younger than this (SAFETY C1c).
pub const YOUNG: i64 = 10 * MINUTE;
/// Two reads of a young object that prove absence are this far apart.
pub const APART: i64 = MINUTE;
