//! What can be proposed after a run stopped half-way (SAFETY D9): the effects that are left, or the way back.
//!
//! Never skips a rule because an earlier plan was approved: each is a new plan on fresh facts, under the policy of today, and
//! while an unassignment is still to come every rule of the first plan holds again. Begin with [`go_on`].

use super::{Ask, OPEN_FOR, Planned, all_read, check_all};
use crate::domain::effect::{Effect, Step, When};
use crate::domain::guard::{Guard, Outcome, Violation};
use crate::domain::notice::PublicText;
use crate::domain::plan::{Direction, Goal, Plan};
use crate::domain::settings::Settings;
use crate::domain::snapshot;
use crate::domain::tenant::Facts;

/// What is left to do after a run stopped: the effects from `from` on, planned again on fresh facts, as a new proposal.
/// The saved assignment comes from the stopped plan. `Err` where it cannot go on.
pub fn go_on(stopped: &Plan, from: usize, facts: &Facts, settings: &Settings, ask: &Ask) -> Planned {
    let steps = left(stopped, from)?;
    if steps.is_empty() {
        return Err(vec![stuck("nothing is left to do")]);
    }
    // What the first plan said of the world before its first write still has to be true before the assignment goes.
    let unassigns = steps.iter().any(|step| matches!(step.effect, Effect::Unassign { .. }));
    // What the stopped run did may have made a rule about the world before it moot (its own new account holds the name).
    let moot = |guard: &Guard| stopped.effects().take(from).any(|effect| effect.outdates(guard));
    let guards: Vec<Guard> = stopped
        .guards
        .iter()
        .filter(|guard| (unassigns || guard.throughout()) && !moot(guard))
        .map(|guard| today(guard, settings))
        .collect();
    check_all(&guards, facts, Vec::new())?;
    all_read(Plan { direction: Direction::GoOn, steps, guards, ..again(stopped, facts, settings, ask) })
}

/// The steps that are left. A run that stopped while the app was paused has given the switch back: so the pause comes again
/// where an unassignment is still to come, and its end is left out where none is. What is left of a hop is never gone on with:
/// the person is back on their domain, and the remedy is proposed anew.
fn left(stopped: &Plan, from: usize) -> Result<Vec<Step>, Vec<Violation>> {
    if stopped.hop().is_some_and(|hop| from <= hop.back) {
        return Err(vec![stuck("the sign-in name is back where it was; press Look again and propose the remedy anew")]);
    }
    let rest = |from: usize| stopped.steps.get(from..).map(<[Step]>::to_vec).unwrap_or_default();
    let Some((off, _)) = stopped.pause() else { return Ok(rest(from)) };
    let unassigns = |step: &Step| matches!(step.effect, Effect::Unassign { .. });
    if rest(from).iter().any(unassigns) {
        return Ok(rest(from.min(off)));
    }
    let mut steps = rest(from);
    steps.retain(|step| !matches!(step.effect, Effect::ResumeProvisioning { .. }));
    Ok(steps)
}

/// The way back of what a stopped run did before effect `from`, as a new proposal; `Err` where one of its effects has no
/// inverse.
pub fn roll_back(stopped: &Plan, from: usize, facts: &Facts, settings: &Settings, ask: &Ask) -> Planned {
    let mut steps = Vec::new();
    let switch =
        |effect: &Effect| matches!(effect, Effect::PauseProvisioning { .. } | Effect::ResumeProvisioning { .. });
    // The switch was given back by the run itself.
    for step in stopped.steps.get(..from).unwrap_or_default().iter().rev().filter(|step| !switch(&step.effect)) {
        let effect = step.effect.inverse().map_err(|why| vec![stuck(why)])?;
        steps.push(Step { effect, when: When::Always, then: None });
    }
    if steps.is_empty() {
        return Err(vec![stuck("nothing was changed that could be taken back")]);
    }
    let privileges = stopped.guards.iter().filter(|guard| matches!(guard, Guard::NotPrivileged { .. }));
    let guards: Vec<Guard> =
        std::iter::once(Guard::Assigned).chain(privileges.map(|guard| today(guard, settings))).collect();
    check_all(&guards, facts, Vec::new())?;
    all_read(Plan {
        direction: Direction::RollBack,
        steps,
        guards,
        goal: Goal::AsBefore,
        warnings: vec![PublicText::words("Takes back what the stopped run changed; nothing else.")],
        no_undo: None,
        ..again(stopped, facts, settings, ask)
    })
}

/// The stopped plan with everything that belongs to the new proposal.
fn again(stopped: &Plan, facts: &Facts, settings: &Settings, ask: &Ask) -> Plan {
    Plan {
        case: ask.case.clone(),
        number: ask.number,
        snapshot: snapshot::of(facts),
        votes: stopped.votes.max(ask.votes()),
        policy: settings.policy.version(),
        not_after: ask.at.plus(OPEN_FOR),
        ..stopped.clone()
    }
}

/// A guard with the protected list of today.
fn today(guard: &Guard, settings: &Settings) -> Guard {
    match guard.clone() {
        Guard::NotPrivileged { objects, .. } => {
            Guard::NotPrivileged { objects, protected: settings.policy.protected.clone() }
        }
        other @ (Guard::UserActive
        | Guard::Assigned
        | Guard::App { .. }
        | Guard::TenantOwnsDomain
        | Guard::WitnessFound
        | Guard::ObjectGone { .. }
        | Guard::NoDeletedHolder { .. }
        | Guard::CreateOn
        | Guard::UnassignSafe { .. }
        | Guard::Candidate { .. }
        | Guard::SeatsFree { .. }
        | Guard::InDeletedItems { .. }
        | Guard::SamePerson { .. }
        | Guard::NoLiveHolder { .. }
        | Guard::NotSynced { .. }
        | Guard::NotDeprovisioned { .. }
        | Guard::Linked { .. }
        | Guard::Anchor { .. }
        | Guard::NobodyElse { .. }
        | Guard::ParkingFree { .. }) => other,
    }
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
