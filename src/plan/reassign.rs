//! `reassign`: unassign and assign again, so that Okta links to the right account (SAFETY D3, D4, D6).
//!
//! Never unassigns where a deactivation could hit a live account, never sends a mapped attribute, never links to an account
//! that is not named on the card. Begin with [`plan`]; [`go_on`] and [`roll_back`] serve a run that stopped half-way (D9).

use super::{Ask, Planned, base, blank, check_all};
use crate::domain::diagnosis::Remedy;
use crate::domain::effect::{Check, Effect, Link, Step, When};
use crate::domain::guard::{self, Guard, Outcome, UnassignRow, Violation};
use crate::domain::ids::EntraId;
use crate::domain::notice::PublicText;
use crate::domain::plan::{Direction, Goal, Plan};
use crate::domain::settings::{Deactivation, Settings};
use crate::domain::snapshot;
use crate::domain::tenant::{AppUser, EntraUser, Facts, Reading, Scope};

/// Plans the reassignment of the person.
pub(super) fn plan(facts: &Facts, settings: &Settings, ask: &Ask) -> Planned {
    let (app, row) = base(facts)?;
    if let Some(Some(live)) = facts.entra.by_external_id.known() {
        return Err(vec![Violation {
            rule: "C1".to_owned(),
            fact: PublicText::words("the object that externalId names is there: ").and_foreign(live.id.as_str()),
            how_to_change: "the link is whole; nothing is to be reassigned".to_owned(),
            outcome: Outcome::Advise,
            approvers_only: false,
        }]);
    }
    let candidate = candidate(facts, row);
    let anchor = row.anchor(&app.attributes).map(str::to_owned);
    let unassign = unassign_row(facts, settings, row);
    let licences = guard::entries(row, app.attributes.licenses.as_ref());
    let mut guards = vec![
        Guard::UserActive,
        Guard::App { app: app.id.clone(), user_name: row.user_name.clone() },
        Guard::TenantOwnsDomain,
    ];
    if row.external_id.is_some() {
        guards.push(Guard::WitnessFound);
    }
    guards.extend([
        Guard::ObjectGone { object: row.external_id.clone() },
        Guard::NoDeletedHolder { user_name: row.user_name.clone(), anchor },
        Guard::CreateOn,
        Guard::Candidate { expect: candidate.map(|user| user.id.clone()), user_name: row.user_name.clone() },
        Guard::NotPrivileged {
            objects: candidate.map(|user| user.id.clone()).into_iter().collect(),
            protected: settings.policy.protected.clone(),
        },
        Guard::UnassignSafe { row: unassign, user_name: row.user_name.clone() },
        Guard::SeatsFree { licences, holder: candidate.map(|user| user.id.clone()) },
    ]);
    check_all(&guards, facts)?;
    let mut plan = blank(facts, settings, ask, Remedy::Reassign, row);
    plan.objects = row.external_id.iter().cloned().chain(candidate.map(|user| user.id.clone())).collect();
    plan.steps = steps(row, &app.mapped, &plan, candidate);
    plan.guards = guards;
    plan.goal = goal(candidate);
    if unassign == UnassignRow::BlockOnly {
        plan.votes = 2;
    }
    plan.warnings = warnings(facts, candidate, unassign);
    plan.no_undo = Some("cannot be undone, because the old object is gone".to_owned());
    Ok(plan)
}

fn candidate<'a>(facts: &'a Facts, row: &AppUser) -> Option<&'a EntraUser> {
    let by_name = facts.entra.by_name.known().map_or(&[][..], Vec::as_slice);
    let by_anchor = facts.entra.by_anchor.known().map_or(&[][..], Vec::as_slice);
    by_name.iter().find(|user| user.answers_to(&row.user_name)).or_else(|| by_anchor.first())
}

/// The first row of the table of SAFETY D4 that could apply; its guard then says whether it does. Row 4 (pause) is not in
/// this release, so row 5 refuses: `NothingToHit` is the row whose guard names what is wrong.
fn unassign_row(facts: &Facts, settings: &Settings, row: &AppUser) -> UnassignRow {
    let nothing = Guard::UnassignSafe { row: UnassignRow::NothingToHit, user_name: row.user_name.clone() };
    if guard::check(&nothing, facts).is_ok() {
        UnassignRow::NothingToHit
    } else if facts.okta.switches.known().is_some_and(|switches| !switches.deactivate) {
        UnassignRow::SwitchOff
    } else if settings.deactivation == Deactivation::BlockOnly && facts.okta.switches.known().is_some() {
        UnassignRow::BlockOnly
    } else {
        UnassignRow::NothingToHit
    }
}

fn steps(row: &AppUser, mapped: &[String], plan: &Plan, candidate: Option<&EntraUser>) -> Vec<Step> {
    let (app, user) = (plan.app.clone(), plan.subject.clone());
    let linked = || {
        let link = candidate.map_or(Link::New, |user| Link::Existing(user.id.clone()));
        Some(Check::Linked { app: plan.app.clone(), user: plan.subject.clone(), link })
    };
    let convert = |from, to, then| Step {
        effect: Effect::ConvertAssignment { app: app.clone(), user: user.clone(), from, to },
        when: When::Always,
        then,
    };
    let saved = Box::new(row.clone());
    let mut steps = Vec::new();
    if row.scope == Scope::Group {
        steps.push(convert(Scope::Group, Scope::User, None));
    }
    steps.push(Step {
        effect: Effect::Unassign { app: app.clone(), user: user.clone(), saved: saved.clone() },
        when: When::Always,
        then: None,
    });
    steps.push(Step {
        effect: Effect::Assign {
            app: app.clone(),
            user: user.clone(),
            user_name: row.user_name.clone(),
            profile: row.sendable(mapped),
            saved,
        },
        when: When::Always,
        then: linked(),
    });
    if row.scope == Scope::Group {
        steps.push(convert(Scope::User, Scope::Group, linked()));
    }
    steps
}

fn goal(candidate: Option<&EntraUser>) -> Goal {
    Goal::Linked {
        link: candidate.map_or(Link::New, |user| Link::Existing(user.id.clone())),
        enabled: candidate.and_then(|user| user.enabled),
        licences: candidate.map(|user| user.direct_licences.clone()).unwrap_or_default(),
    }
}

fn warnings(facts: &Facts, candidate: Option<&EntraUser>, unassign: UnassignRow) -> Vec<String> {
    let mut lines = Vec::new();
    match candidate {
        Some(user) => {
            let created = user.created.map_or_else(String::new, |at| format!(", created {}", at.text()));
            lines.push(format!("Links to the live account {} ({}{created}).", user.name, user.id));
        }
        None => {
            lines.push("Mailbox and files of the old account are gone: this makes a NEW, empty account.".to_owned());
        }
    }
    lines.push(
        "Okta's app user profile is deleted and made again from the saved copy; mapped attributes are computed anew."
            .to_owned(),
    );
    if unassign == UnassignRow::BlockOnly {
        lines.push(
            "Deactivate Users is on; the operator declared that it only blocks sign-in. Sign-in is verified afterwards."
                .to_owned(),
        );
    }
    if let Reading::Unread(_) = &facts.entra.deletion {
        lines.push("Who deleted the old account is not readable.".to_owned());
    }
    lines
}

/// What is left to do after a run stopped: the effects from `from` on, planned again on fresh facts, as a new proposal.
/// The saved assignment comes from the stopped plan. `Err` where it cannot go on.
pub fn go_on(stopped: &Plan, from: usize, facts: &Facts, ask: &Ask) -> Planned {
    let mut plan = Plan {
        number: ask.number,
        direction: Direction::GoOn,
        steps: stopped.steps.get(from..).map(<[Step]>::to_vec).unwrap_or_default(),
        snapshot: snapshot::of(facts),
        not_after: ask.at.plus(super::OPEN_FOR),
        ..stopped.clone()
    };
    let expect: Option<EntraId> = match stopped.link() {
        Some(Link::Existing(id)) => Some(id.clone()),
        Some(Link::New) | None => None,
    };
    // What the stopped run did may have made a rule about the world before it moot (its own new account holds the name).
    let moot = |guard: &Guard| stopped.effects().take(from).any(|effect| effect.outdates(guard));
    plan.guards = stopped.guards.iter().filter(|guard| guard.throughout() && !moot(guard)).cloned().collect();
    check_all(&plan.guards, facts)?;
    if plan.steps.is_empty() {
        return Err(vec![stuck("nothing is left to do")]);
    }
    plan.objects = stopped.external_id.iter().cloned().chain(expect).collect();
    Ok(plan)
}

/// The way back of what a stopped run did before effect `from`, as a new proposal; `Err` where one of its effects has no
/// inverse.
pub fn roll_back(stopped: &Plan, from: usize, facts: &Facts, ask: &Ask) -> Planned {
    let mut steps = Vec::new();
    for step in stopped.steps.get(..from).unwrap_or_default().iter().rev() {
        let effect = step.effect.inverse().map_err(|why| vec![stuck(why)])?;
        steps.push(Step { effect, when: When::Always, then: None });
    }
    if steps.is_empty() {
        return Err(vec![stuck("nothing was changed that could be taken back")]);
    }
    Ok(Plan {
        number: ask.number,
        direction: Direction::RollBack,
        steps,
        guards: vec![Guard::Assigned],
        snapshot: snapshot::of(facts),
        goal: Goal::AsBefore,
        warnings: vec!["Takes back what the stopped run changed; nothing else.".to_owned()],
        no_undo: None,
        not_after: ask.at.plus(super::OPEN_FOR),
        ..stopped.clone()
    })
}

fn stuck(why: &str) -> Violation {
    Violation {
        rule: "D9".to_owned(),
        fact: PublicText::words(why),
        how_to_change: "an administrator finishes it by hand".to_owned(),
        outcome: Outcome::Refuse,
        approvers_only: false,
    }
}
