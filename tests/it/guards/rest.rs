//! What may be proposed after a run stopped half-way.

use super::*;
use reanchor::domain::guard::Guard;
use reanchor::domain::plan::{Direction, Goal};
use reanchor::plan::{go_on, roll_back};

/// A group assignment, whose plan has four steps: convert, unassign, assign, convert back.
fn grouped() -> Facts {
    let mut facts = deleted_replaced();
    the_row(&mut facts).scope = Scope::Group;
    facts.okta.granting_groups = Reading::Known(vec![group("00gm365")]);
    facts
}

fn second() -> Ask {
    Ask { number: 2, at: NOW.plus(HOUR), ..ask() }
}

#[test]
fn going_on_before_the_unassignment_keeps_every_rule() {
    let stopped = reassign(&grouped()).unwrap();
    let mut facts = grouped();
    the_row(&mut facts).scope = Scope::User;
    let plan = go_on(&stopped, 1, &facts, &settings(), &second()).unwrap();
    assert_eq!((plan.direction, plan.steps.len(), plan.number), (Direction::GoOn, 3, 2));
    assert_eq!(plan.guards, stopped.guards);
    // The object came back, and a deactivation would hit it.
    facts.entra.by_external_id = Reading::Known(Some(EntraUser { id: id(OLD), ..replacement() }));
    facts.entra.missing_at.clear();
    assert!(go_on(&stopped, 1, &facts, &settings(), &second()).is_err());
    // Somebody switched Deactivate Users on meanwhile.
    let mut facts = grouped();
    known(&mut facts.okta.switches).deactivate = true;
    assert_eq!(refusal(go_on(&stopped, 1, &facts, &settings(), &second())).1, "D4.5");
}

/// The assignment is gone; the rest is to assign and give the group its assignment back.
fn unassigned() -> Facts {
    let mut facts = grouped();
    facts.okta.app_user = Reading::Known(None);
    facts
}

#[test]
fn going_on_after_the_unassignment_asks_only_what_can_still_be_asked() {
    let stopped = reassign(&grouped()).unwrap();
    let plan = go_on(&stopped, 2, &unassigned(), &settings(), &second()).unwrap();
    assert_eq!(plan.steps, stopped.steps[2..]);
    assert!(plan.guards.iter().all(Guard::throughout));
    assert_ne!(plan.digest(), stopped.digest());
    let mut off = unassigned();
    known(&mut off.okta.switches).create = false;
    assert_eq!(refusal(go_on(&stopped, 2, &off, &settings(), &second())).0, Outcome::Advise);
    assert_eq!(refusal(go_on(&stopped, 4, &unassigned(), &settings(), &second())).1, "D9");
}

#[test]
fn a_rest_is_under_the_policy_and_the_protected_list_of_today() {
    let stopped = reassign(&grouped()).unwrap();
    let mut later = settings();
    later.policy.approvers.push(group("00gothers"));
    let plan = go_on(&stopped, 2, &unassigned(), &later, &second()).unwrap();
    assert_eq!(plan.policy, later.policy.version());
    later.policy.protected.push(LOGIN.to_owned());
    assert_eq!(refusal(go_on(&stopped, 2, &unassigned(), &later, &second())).1, "A6");
    let mut facts = grouped();
    the_row(&mut facts).scope = Scope::User;
    assert_eq!(refusal(roll_back(&stopped, 1, &facts, &later, &second())).1, "A6");
}

#[test]
fn a_rest_never_needs_fewer_votes() {
    let stopped = reassign(&grouped()).unwrap();
    let relayed = Ask { needs_second_vote: true, ..second() };
    assert_eq!(go_on(&stopped, 2, &unassigned(), &settings(), &relayed).unwrap().votes, 2);
    let two = Plan { votes: 2, ..stopped };
    assert_eq!(go_on(&two, 2, &unassigned(), &settings(), &second()).unwrap().votes, 2);
}

#[test]
fn only_what_has_an_inverse_is_rolled_back() {
    let stopped = reassign(&grouped()).unwrap();
    let mut facts = grouped();
    the_row(&mut facts).scope = Scope::User;
    let plan = roll_back(&stopped, 1, &facts, &settings(), &second()).unwrap();
    assert_eq!((plan.direction, &plan.goal, plan.steps.len()), (Direction::RollBack, &Goal::AsBefore, 1));
    assert_eq!(plan.no_undo, None);
    assert_eq!(refusal(roll_back(&stopped, 2, &facts, &settings(), &second())).1, "D9");
    assert_eq!(refusal(roll_back(&stopped, 0, &facts, &settings(), &second())).1, "D9");
    facts.okta.app_user = Reading::Known(None);
    assert!(roll_back(&stopped, 1, &facts, &settings(), &second()).is_err());
}

#[test]
fn nothing_goes_on_from_what_was_not_read() {
    let stopped = reassign(&grouped()).unwrap();
    let mut facts = unassigned();
    facts.entra.tenant_synced = Reading::Unread("HTTP 500".to_owned());
    assert_eq!(refusal(go_on(&stopped, 2, &facts, &settings(), &second())).0, Outcome::Refuse);
}
