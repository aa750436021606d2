//! Planning: (diagnosis, facts, settings) in, a plan or the reason why there is none out. Pure.
//!
//! Never plans from a fact that was not read, never plans for a class whose rule names no remedy, never chooses a random
//! value itself. One file per remedy; [`plan`] is the list.
#![deny(clippy::wildcard_enum_match_arm)]

mod anchors;
mod reassign;
mod rest;
mod restore;
pub mod settle;
pub mod switches;

use crate::domain::diagnosis::Remedy;
use crate::domain::guard::{self, Guard, Outcome, Violation};
use crate::domain::ids::CaseId;
use crate::domain::notice::PublicText;
use crate::domain::plan::{Direction, Plan};
use crate::domain::settings::Settings;
use crate::domain::snapshot::{self, UNREAD};
use crate::domain::tenant::{App, AppUser, Facts};
use crate::domain::time::{At, DAY};

pub use anchors::{needs_administrator, undo};
pub use rest::{go_on, roll_back};

/// How long a proposal stays open (SAFETY B4).
pub const OPEN_FOR: i64 = DAY;

/// What planning needs beside facts and settings.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The case.
    pub case: CaseId,
    /// Number that the proposal will have.
    pub number: i64,
    /// Now.
    pub at: At,
    /// Whether the requester is relayed, unlinked or automatic: then two votes are needed (SAFETY A4).
    pub needs_second_vote: bool,
    /// Sixteen random bytes, for a value that has to be made up.
    pub fresh: [u8; 16],
    /// When this tenant refused the change of an anchor to the bot's permission (SAFETY D8).
    pub anchor_refused: Option<At>,
}

/// A plan, or every rule that forbids it, the gravest first.
pub type Planned = Result<Plan, Vec<Violation>>;

impl Ask {
    /// Votes that any plan for this requester needs at least.
    fn votes(&self) -> u8 {
        if self.needs_second_vote { 2 } else { 1 }
    }
}

/// Plans one remedy.
pub fn plan(remedy: Remedy, facts: &Facts, settings: &Settings, ask: &Ask) -> Planned {
    match remedy {
        Remedy::Restore => restore::plan(facts, settings, ask),
        Remedy::Reassign => reassign::plan(facts, settings, ask),
        Remedy::AlignOktaAnchor => anchors::align(facts, settings, ask),
        Remedy::SetImmutableId => anchors::set(facts, settings, ask),
    }
}

/// Checks all guards; violations, with those that planning itself found (`more`), come gravest first.
fn check_all(guards: &[Guard], facts: &Facts, more: Vec<Violation>) -> Result<(), Vec<Violation>> {
    let mut found: Vec<Violation> = guards.iter().filter_map(|guard| guard::check(guard, facts).err()).collect();
    found.extend(more);
    if found.is_empty() {
        return Ok(());
    }
    // "Does not apply" ends the matter before anything graver is said about a remedy that nobody would choose here.
    if let Some(at) = found.iter().position(|violation| violation.outcome == Outcome::NotApplicable) {
        return Err(vec![found.swap_remove(at)]);
    }
    found.sort_by_key(|violation| std::cmp::Reverse(violation.outcome));
    Err(found)
}

/// The last check of every plan that goes forward: nothing that it rests on was left unread (invariant 11). A run compares the
/// world with these values, and one that was never read could not be compared.
fn all_read(mut plan: Plan) -> Planned {
    if plan.hop().is_none() {
        // Looked up for every plan about an anchor; a plan that parks nobody does not rest on it.
        plan.snapshot.remove("entra.parking");
    }
    let unread: Vec<&str> =
        plan.snapshot.iter().filter(|(_, value)| *value == UNREAD).map(|(key, _)| key.as_str()).collect();
    if unread.is_empty() {
        return Ok(plan);
    }
    let fact = PublicText::words("not everything that the plan would rest on could be read: ");
    Err(vec![Violation {
        rule: "C".to_owned(),
        fact: fact.and_foreign(&unread.join(", ")),
        how_to_change: "press Look again when it works".to_owned(),
        outcome: Outcome::Refuse,
        approvers_only: false,
    }])
}

fn unusable(what: &str, why: &str) -> Vec<Violation> {
    vec![Violation {
        rule: "C".to_owned(),
        fact: PublicText::words(format!("{what} could not be read: ")).and_foreign(why),
        how_to_change: "press Look again when it works".to_owned(),
        outcome: Outcome::Refuse,
        approvers_only: false,
    }]
}

/// App and assignment, both of which every remedy needs.
fn base(facts: &Facts) -> Result<(&App, &AppUser), Vec<Violation>> {
    let app = facts.okta.app.known().ok_or_else(|| unusable("the app", facts.okta.app.unread().unwrap_or("")))?;
    match facts.okta.app_user.known() {
        Some(Some(row)) => Ok((app, row)),
        Some(None) => Err(guard::check(&Guard::Assigned, facts).err().into_iter().collect()),
        None => Err(unusable("the assignment", facts.okta.app_user.unread().unwrap_or(""))),
    }
}

/// A plan with everything but effects, guards and goal filled in from the facts.
fn blank(facts: &Facts, settings: &Settings, ask: &Ask, remedy: Remedy, row: &AppUser) -> Plan {
    let anchor = facts.okta.app.known().and_then(|app| row.anchor(&app.attributes)).map(str::to_owned);
    Plan {
        v: 1,
        case: ask.case.clone(),
        number: ask.number,
        org_url: facts.org_url.clone(),
        app: facts.okta.app.known().map_or_else(|| crate::domain::ids::AppId::new(""), |app| app.id.clone()),
        tenant_id: facts.tenant_id.clone(),
        subject: row.user.clone(),
        user_name: row.user_name.clone(),
        anchor,
        external_id: row.external_id.clone(),
        objects: Vec::new(),
        remedy,
        direction: Direction::Forward,
        steps: Vec::new(),
        guards: Vec::new(),
        snapshot: snapshot::of(facts),
        goal: crate::domain::plan::Goal::AsBefore,
        votes: ask.votes(),
        policy: settings.policy.version(),
        warnings: Vec::new(),
        no_undo: None,
        not_after: ask.at.plus(OPEN_FOR),
    }
}
