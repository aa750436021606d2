//! Who may ask and vote, and what an approval needs.

use super::*;
use reanchor::domain::actor::Right;
use reanchor::policy::approval::{Scope as Allowed, approve, resume};
use reanchor::policy::{Freeze, Refusal, Switch, may, may_deny, may_propose, may_vote};

fn rule<T>(verdict: Result<T, Refusal>) -> &'static str {
    match verdict {
        Ok(_) => "allowed",
        Err(refusal) => refusal.rule,
    }
}

fn proposed(plan: Plan) -> (Case, Proposal) {
    let mut proposal = proposal(plan);
    proposal.votes.clear();
    let facts = deleted_replaced();
    let state = State::Proposed { look: look(&facts), proposal: Box::new(proposal.clone()) };
    (case(&facts, state), proposal)
}

fn vote(person: &Person, (case, proposal): &(Case, Proposal)) -> &'static str {
    rule(may_vote(person, case, proposal, &settings().policy, NOW))
}

#[test]
fn an_approver_who_neither_asked_nor_is_concerned_may_vote() {
    assert_eq!(vote(&approver("ben"), &proposed(reassign(&deleted_replaced()).unwrap())), "allowed");
}

#[test]
fn rights_come_from_groups_of_active_people_alone() {
    let policy = settings().policy;
    for right in [Right::Ask, Right::Approve, Right::Operate] {
        let mut person = approver("ben");
        person.groups = policy.groups(right).to_vec();
        assert_eq!(rule(may(&person, right, &policy)), "allowed");
        assert_eq!(rule(may(&person, right, &Policy::default())), "A3", "an empty list permits nobody");
        person.active = false;
        assert_eq!(rule(may(&person, right, &policy)), "A5");
        person.active = true;
        person.groups = vec![group("00geverybody")];
        assert_eq!(rule(may(&person, right, &policy)), "A3");
        person.groups.clear();
        assert_eq!(rule(may(&person, right, &Policy::default())), "A3", "no group is not the same as an empty list");
    }
    let mut asker = approver("anna");
    asker.groups = vec![group("00gaskers")];
    assert_eq!(rule(may_deny(&asker, &policy)), "A3");
    assert_eq!(rule(may_propose(Mode::Observe)), "mode");
    assert_eq!(rule(may_propose(Mode::Propose)), "allowed");
}

#[test]
fn requesters_do_not_vote() {
    let mut open = proposed(reassign(&deleted_replaced()).unwrap());
    assert_eq!(vote(&approver("anna"), &open), "A4");
    open.1.by = actor("dora");
    assert_eq!(vote(&approver("dora"), &open), "A4", "who asked for the fix");
    assert_eq!(vote(&approver("anna"), &open), "A4", "who opened the case");
}

#[test]
fn the_subject_and_the_person_behind_the_account_do_not_vote() {
    let open = proposed(reassign(&deleted_replaced()).unwrap());
    let person = |change: fn(&mut Person)| {
        let mut person = approver("ben");
        change(&mut person);
        vote(&person, &open)
    };
    assert_eq!(person(|p| p.okta = OktaUserId::new(SAM)), "A4");
    assert_eq!(person(|p| p.login = LOGIN.to_uppercase()), "A4");
    assert_eq!(person(|p| p.entra = Some(id(NEW))), "A4", "the account that will be linked");
    assert_eq!(person(|p| p.entra = Some(id(OLD))), "A4");
    let mut renamed = deleted_restorable();
    known(&mut renamed.entra.deleted)[0].upn = "sam.w@northbridge.example".to_owned();
    let open = proposed(restore(&renamed).unwrap());
    let mut owner = approver("ben");
    owner.login = "Sam.W@northbridge.example".to_owned();
    assert_eq!(vote(&owner, &open), "A4", "the UPN of the object that comes back");
}

#[test]
fn a_vote_belongs_to_one_plan_and_one_policy() {
    let open = proposed(reassign(&deleted_replaced()).unwrap());
    let (case, proposal) = &open;
    let ben = approver("ben");
    let policy = settings().policy;
    assert_eq!(rule(may_vote(&ben, case, proposal, &policy, proposal.plan.not_after)), "B4");
    assert_eq!(rule(may_vote(&ben, case, proposal, &policy, proposal.plan.not_after.plus(-1))), "allowed");
    for change in [|p: &mut Policy| p.approvers.push(group("00gx")), |p: &mut Policy| p.protected.clear()] {
        let mut changed = policy.clone();
        change(&mut changed);
        assert_eq!(rule(may_vote(&ben, case, proposal, &changed, NOW)), "B1");
    }
    let mut twice = proposal.clone();
    twice.votes.push(Vote { okta: ben.okta.clone(), name: "benny".to_owned(), at: NOW });
    assert_eq!(rule(may_vote(&ben, case, &twice, &policy, NOW)), "B2");
    let mut other = case.clone();
    other.id = CaseId::new("c-999999");
    assert_eq!(rule(may_vote(&ben, &other, proposal, &policy, NOW)), "B2");
    let mut altered = proposal.clone();
    altered.plan.user_name = "eva@northbridge.example".to_owned();
    assert_eq!(rule(may_vote(&ben, case, &altered, &policy, NOW)), "B2");
}

fn voted(names: &[&str], votes: u8) -> (Case, Proposal) {
    let (case, mut proposal) = proposed(Plan { votes, ..reassign(&deleted_replaced()).unwrap() });
    let one = |name: &&str| Vote { okta: OktaUserId::new(format!("00u{name}")), name: "x".to_owned(), at: NOW };
    proposal.votes = names.iter().map(one).collect();
    (case, proposal)
}

fn granted((case, proposal): &(Case, Proposal), mode: Mode, switch: &Switch, now: At) -> &'static str {
    rule(approve(case, proposal, mode, switch, now))
}

#[test]
fn an_approval_needs_as_many_people_as_the_plan_says() {
    let go = |names: &[&str], votes| granted(&voted(names, votes), Mode::Fix, &Switch::Running, NOW);
    assert_eq!(go(&["ben"], 1), "allowed");
    assert_eq!(go(&[], 1), "A4");
    assert_eq!(go(&[], 0), "A4", "a plan that claims to need no vote needs one");
    assert_eq!(go(&["ben"], 2), "A4");
    assert_eq!(go(&["ben", "ben"], 2), "A4", "one person twice");
    assert_eq!(go(&["ben", "carla"], 2), "allowed");
}

fn frozen() -> Switch {
    Switch::Frozen(Freeze { by: "okta:x".to_owned(), name: "carla".to_owned(), at: NOW, reason: None })
}

#[test]
fn an_approval_needs_mode_switch_time_and_the_very_plan() {
    let good = voted(&["ben"], 1);
    assert_eq!(granted(&good, Mode::Propose, &Switch::Running, NOW), "mode");
    assert_eq!(granted(&good, Mode::Observe, &Switch::Running, NOW), "mode");
    assert_eq!(granted(&good, Mode::Fix, &Switch::Unreadable, NOW), "A8");
    assert_eq!(granted(&good, Mode::Fix, &frozen(), NOW), "A8");
    assert_eq!(granted(&good, Mode::Fix, &Switch::Running, good.1.plan.not_after), "B4");
    let mut altered = good.clone();
    altered.1.plan.steps.pop();
    assert_eq!(granted(&altered, Mode::Fix, &Switch::Running, NOW), "B1");
    let mut other = good;
    other.0.id = CaseId::new("c-999999");
    assert_eq!(granted(&other, Mode::Fix, &Switch::Running, NOW), "B1");
}

#[test]
fn a_resumed_run_may_do_everything_only_while_it_is_young_and_nothing_froze() {
    let (case, proposal) = voted(&["ben"], 1);
    let (approved, grant) = approve(&case, &proposal, Mode::Fix, &Switch::Running, NOW).unwrap();
    assert!(approved.covers(&proposal.digest, NOW));
    assert!(!approved.covers(&Plan { number: 2, ..proposal.plan.clone() }.digest(), NOW));
    assert!(!approved.covers(&proposal.digest, NOW.plus(31 * MINUTE)));
    let scope = |last: Option<i64>, switch: &Switch, now: i64| {
        resume(&grant, last.map(|at| NOW.plus(at)), switch, NOW.plus(now)).scope()
    };
    assert_eq!(scope(None, &Switch::Running, 15 * MINUTE - 1), Allowed::Full);
    assert_eq!(scope(None, &Switch::Running, 15 * MINUTE), Allowed::RepairOnly);
    assert_eq!(scope(Some(0), &Switch::Running, 30 * MINUTE - 1), Allowed::Full);
    assert_eq!(scope(Some(0), &Switch::Running, 30 * MINUTE), Allowed::RepairOnly);
    assert_eq!(scope(Some(0), &frozen(), 1), Allowed::RepairOnly);
    assert_eq!(scope(Some(0), &Switch::Unreadable, 1), Allowed::RepairOnly);
}
