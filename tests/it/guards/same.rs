//! What the guards of an anchor plan say again right before each write: the same row of the table about the same values, nobody
//! else, the same account; and what a read says about an effect, byte for byte.

use super::anchors::{
    PARKED, THEIRS, align, anchor_align, anchor_mismatch, entra_holds, holder, okta_holds, pausing, set,
};
use super::*;
use reanchor::domain::effect::{Effect, Seen, Target};
use reanchor::domain::guard::{AnchorRow, Guard, UnassignRow, check, choice};
use reanchor::domain::tenant::{Parking, Provisioning, Switches};
use reanchor::plan::undo;

/// Another value of the form that Active Directory gives.
const THIRD: &str = "nFkj6d5SM+qI3n68hjO5zA==";

fn guard_of(plan: &Plan, wanted: fn(&Guard) -> bool) -> Guard {
    plan.guards.iter().find(|guard| wanted(guard)).expect("the guard").clone()
}

fn broken(guard: &Guard, facts: &Facts) -> String {
    check(guard, facts).expect_err("it does not hold").rule
}

#[test]
fn the_row_that_decided_must_decide_again_about_the_same_values() {
    let facts = anchor_mismatch();
    let guard = guard_of(&set(&facts).unwrap(), |guard| matches!(guard, Guard::Anchor { .. }));
    assert_eq!(check(&guard, &facts), Ok(()));
    let mut moved = facts.clone();
    okta_holds(&mut moved, Some(THIRD));
    assert_eq!(choice(&moved).unwrap().row, AnchorRow::FromDirectory);
    assert_eq!(broken(&guard, &moved), "D7", "Okta's value");
    let mut moved = facts.clone();
    entra_holds(&mut moved, Some(THIRD));
    assert_eq!(choice(&moved).unwrap().row, AnchorRow::FromDirectory);
    assert_eq!(broken(&guard, &moved), "D7", "Entra's value");
    // The same two values, and nothing maps the attribute any more: Okta's side would be the one to change.
    let mut moved = facts;
    the_app(&mut moved).mapped.retain(|name| name != "immutableId");
    assert_eq!(choice(&moved).unwrap().row, AnchorRow::FromEntra);
    assert_eq!(broken(&guard, &moved), "D7", "the row");
}

#[test]
fn equal_anchors_are_nothing_to_align() {
    let mut facts = anchor_mismatch();
    entra_holds(&mut facts, Some(ANCHOR));
    assert_eq!(refusal(set(&facts)).0, Outcome::NotApplicable);
    let mut facts = anchor_align();
    okta_holds(&mut facts, Some(THEIRS));
    assert_eq!(refusal(align(&facts)).0, Outcome::NotApplicable);
}

#[test]
fn the_account_and_its_name_must_be_the_ones_looked_up_and_nobody_elses() {
    let facts = anchor_mismatch();
    let plan = set(&facts).unwrap();
    let linked = guard_of(&plan, |guard| matches!(guard, Guard::Linked { .. }));
    let nobody = guard_of(&plan, |guard| matches!(guard, Guard::NobodyElse { .. }));
    assert_eq!((check(&linked, &facts), check(&nobody, &facts)), (Ok(()), Ok(())));
    let mut moved = facts.clone();
    the_row(&mut moved).external_id = Some(id(OLD));
    assert_eq!(broken(&linked, &moved), "C2", "Okta names another object");
    let mut moved = facts.clone();
    known(&mut moved.entra.by_external_id).as_mut().unwrap().upn = "whitlock@northbridge.example".to_owned();
    assert_eq!(broken(&linked, &moved), "D7", "another sign-in name");
    let alias = |deleted| EntraUser { proxies: vec![format!("smtp:{LOGIN}")], ..holder("x", deleted) };
    let mut moved = facts.clone();
    known(&mut moved.entra.by_name).push(alias(false));
    assert_eq!(broken(&nobody, &moved), "C3", "a live account has the name as an address");
    assert_eq!(refusal(set(&moved)).1, "C3");
    let mut moved = facts.clone();
    moved.entra.deleted = Reading::Known(vec![alias(true)]);
    assert_eq!(broken(&nobody, &moved), "C3", "a deleted one has");
    let mut moved = facts;
    moved.entra.by_anchor = Reading::Known(vec![holder(ANCHOR, false)]);
    assert_eq!(broken(&nobody, &moved), "D7.1", "another account has the anchor");
}

#[test]
fn the_name_to_park_under_is_the_one_on_the_card() {
    let mut facts = anchor_mismatch();
    let guard = guard_of(&set(&facts).unwrap(), |guard| matches!(guard, Guard::ParkingFree { .. }));
    let own = known(&mut facts.entra.by_external_id).clone().unwrap().id;
    facts.entra.parking = Some(Reading::Known(Parking { upn: PARKED.to_owned(), holders: vec![own] }));
    assert_eq!(check(&guard, &facts), Ok(()), "the account itself may hold it");
    let other = PARKED.replace("sam", "sam-parked1");
    facts.entra.parking = Some(Reading::Known(Parking { upn: other, holders: Vec::new() }));
    assert_eq!(broken(&guard, &facts), "D8");
}

#[test]
fn a_pause_is_for_a_switch_that_is_on_and_needs_the_app_for_itself() {
    let (mut facts, allowed) = pausing();
    let plan = plan(Remedy::Reassign, &facts, &allowed, &ask()).unwrap();
    let guard = guard_of(&plan, |guard| matches!(guard, Guard::UnassignSafe { row: UnassignRow::Pause, .. }));
    assert_eq!((check(&guard, &facts), guard.relies_on_switch()), (Ok(()), true));
    known(&mut facts.okta.switches).deactivate = false;
    assert_eq!(broken(&guard, &facts), "D4.5", "somebody else switched it off");
    // A plan that rests on a switch that is off needs the app as well.
    let off = Guard::UnassignSafe { row: UnassignRow::SwitchOff, user_name: LOGIN.to_owned() };
    assert!(off.relies_on_switch() && reassign(&facts).unwrap().needs_app());
}

#[test]
fn an_undo_is_about_the_same_unprivileged_person() {
    let done = align(&anchor_align()).unwrap();
    let mut after = anchor_align();
    okta_holds(&mut after, Some(THEIRS));
    assert!(undo(&done, &after, &settings(), &ask()).is_ok());
    let mut privileged = after.clone();
    let role = Roles { held: vec!["User Administrator".to_owned()], ..Roles::default() };
    privileged.entra.roles.insert(id(NEW), Reading::Known(role));
    assert_eq!(refusal(undo(&done, &privileged, &settings(), &ask())).1, "A6");
    let mut inactive = after.clone();
    inactive.okta.user.status = "SUSPENDED".to_owned();
    assert!(undo(&done, &inactive, &settings(), &ask()).is_err());
    known(&mut after.entra.by_external_id).as_mut().unwrap().name = "Lena Ortiz".to_owned();
    assert_eq!(refusal(undo(&done, &after, &settings(), &ask())).1, "C3");
}

#[test]
fn a_read_is_compared_byte_for_byte() {
    let plan = set(&anchor_mismatch()).unwrap();
    let steps: Vec<&Effect> = plan.effects().collect();
    let live = |upn: &str, anchor: &str| Target::Object {
        live: Some(Box::new(EntraUser { upn: upn.to_owned(), anchor: Some(anchor.to_owned()), ..replacement() })),
        deleted: None,
    };
    assert_eq!(steps[0].seen(&live(LOGIN, ANCHOR)), Seen::After);
    assert_eq!(steps[0].seen(&live(LOGIN, THEIRS)), Seen::Before);
    assert!(matches!(steps[0].seen(&live(LOGIN, &ANCHOR.to_lowercase())), Seen::Foreign(_)));
    assert!(matches!(steps[3].seen(&live(&LOGIN.to_uppercase(), ANCHOR)), Seen::Foreign(_)), "exact case");
}

#[test]
fn a_deactivation_that_arrived_is_seen_and_a_pause_is_one_switch() {
    let (facts, allowed) = pausing();
    let plan = plan(Remedy::Reassign, &facts, &allowed, &ask()).unwrap();
    let (off, on) = plan.pause().unwrap();
    let Effect::ResumeProvisioning { proof, .. } = &plan.steps[on].effect else { panic!("{plan:?}") };
    assert!(proof.unharmed(Some(&replacement())));
    assert!(!proof.unharmed(None));
    assert!(!proof.unharmed(Some(&EntraUser { enabled: Some(false), ..replacement() })));
    assert!(!proof.unharmed(Some(&EntraUser { direct_licences: Vec::new(), ..replacement() })));
    let now = |deactivate| {
        let switches = Switches { create: false, update: false, deactivate };
        Target::Provisioning(Box::new(Provisioning { switches, capabilities: json!({}) }))
    };
    let seen = |step: usize, on| plan.steps[step].effect.seen(&now(on));
    assert_eq!((seen(off, true), seen(off, false)), (Seen::Before, Seen::After));
    assert_eq!((seen(on, true), seen(on, false)), (Seen::After, Seen::Before));
}
