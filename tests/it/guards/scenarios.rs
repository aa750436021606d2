//! The scenarios of SAFETY F as facts: which remedy is offered, and what becomes of the case otherwise.

use super::*;
use reanchor::domain::effect::{Check, Effect, Link};
use reanchor::domain::guard::UnassignRow;
use reanchor::plan::settle::{Settled, settle};

fn settled(facts: &Facts) -> Settled {
    settle(&diagnosis(), facts, &settings(), &ask(), None).settled
}

fn names(plan: &Plan) -> Vec<&'static str> {
    plan.effects().map(Effect::name).collect()
}

fn offers(facts: &Facts) -> Vec<(Remedy, u8)> {
    match settled(facts) {
        Settled::Offers(offers) => offers.into_iter().map(|offer| (offer.remedy, offer.votes)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn deleted_replaced_links_to_the_account_on_the_card() {
    let facts = deleted_replaced();
    assert_eq!(offers(&facts), [(Remedy::Reassign, 1)]);
    let plan = reassign(&facts).unwrap();
    assert_eq!(names(&plan), ["unassign", "assign"]);
    assert_eq!(plan.objects, [id(OLD), id(NEW)]);
    assert_eq!(plan.link(), Some(&Link::Existing(id(NEW))));
    assert_eq!(plan.no_undo.as_deref(), Some("cannot be undone, because the old object is gone"));
    let Some(Effect::Assign { profile, user_name, .. }) = plan.effects().nth(1) else { panic!("{plan:?}") };
    assert_eq!(user_name, LOGIN);
    let sent: Vec<&str> = profile.keys().map(String::as_str).collect();
    assert_eq!(sent, ["immutableId", "licenses", "roles", "usageLocation"], "mapped attributes are not sent");
}

#[test]
fn deleted_expired_makes_a_new_account_and_says_so() {
    let facts = deleted_expired();
    assert_eq!(offers(&facts), [(Remedy::Reassign, 1)]);
    let plan = reassign(&facts).unwrap();
    assert_eq!(plan.link(), Some(&Link::New));
    assert!(plan.warnings.iter().any(|line| line.plain().contains("NEW, empty account")));
    let mut full = facts.clone();
    known(&mut full.entra.skus)[0].consumed = 25;
    assert!(matches!(settled(&full), Settled::Advise(_)));
    let mut without = facts;
    the_row(&mut without).profile.remove("immutableId");
    assert_eq!(refusal(reassign(&without)).0, Outcome::Advise, "Entra wants an anchor in a federated domain");
    known(&mut without.entra.domains)[0].federated = false;
    assert!(reassign(&without).is_ok());
}

#[test]
fn deleted_restorable_needs_two_votes_whoever_asked() {
    let facts = deleted_restorable();
    assert_eq!(offers(&facts), [(Remedy::Restore, 2)]);
    let plan = restore(&facts).unwrap();
    assert_eq!(names(&plan), ["restore_user"]);
    assert_eq!(plan.steps[0].then, Some(Check::LiveTwice { object: id(OLD) }));
    let Some(Effect::RestoreUser { upn, .. }) = plan.effects().next() else { panic!("{plan:?}") };
    assert_eq!(upn, LOGIN, "without the prefix");
    let said: Vec<String> = plan.warnings.iter().map(PublicText::plain).collect();
    assert!(said.iter().any(|line| line.starts_with("Deleted by Lena Ortiz at ")), "{said:?}");
    assert!(said.iter().any(|line| line.contains("Entra roles not readable before restoring")), "{said:?}");
}

#[test]
fn deleted_by_okta_is_refused_and_never_reassigned() {
    let mut facts = deleted_restorable();
    facts.entra.deletion = Reading::Known(Some(Deletion { by: "Okta".to_owned(), at: NOW, by_provisioning: true }));
    let Settled::Refuse(why) = settled(&facts) else { panic!() };
    assert!(why[0].fact.plain().starts_with("this was a deprovisioning, not an accident"));
}

#[test]
fn deleted_replaced_restorable_is_advice_with_both_accounts_and_the_date() {
    let mut facts = deleted_restorable();
    facts.entra.by_name = Reading::Known(vec![replacement()]);
    facts.entra.by_anchor = Reading::Known(vec![replacement()]);
    facts.entra.roles.insert(id(NEW), Reading::Known(Roles::default()));
    let Settled::Advise(why) = settled(&facts) else { panic!("{:?}", settled(&facts)) };
    let text = why[0].fact.plain();
    for part in [OLD, NEW, "deleted 2027-01-", "created 2027-01-"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn deleted_replaced_by_another_person_is_refused() {
    let mut facts = deleted_replaced();
    on_candidate(&mut facts, |user| user.name = "Sandra Whitfield".to_owned());
    assert!(matches!(settled(&facts), Settled::Refuse(_)));
}

#[test]
fn a_group_assignment_is_converted_and_given_back() {
    let mut facts = deleted_replaced();
    the_row(&mut facts).scope = Scope::Group;
    facts.okta.granting_groups = Reading::Known(vec![group("00gm365")]);
    let plan = reassign(&facts).unwrap();
    assert_eq!(names(&plan), ["convert_assignment", "unassign", "assign", "convert_assignment"]);
    assert!(plan.steps[3].then.is_some(), "the link is waited for again");
}

#[test]
fn privileged_is_refused_for_every_remedy_and_the_reason_is_for_approvers() {
    for healthy in [deleted_replaced(), deleted_restorable(), deleted_expired()] {
        let mut facts = healthy;
        known(&mut facts.okta.admin_roles).push("SUPER_ADMIN".to_owned());
        let Settled::Refuse(why) = settled(&facts) else { panic!() };
        assert!(why.iter().all(|one| one.outcome == Outcome::Refuse));
        assert!(why.iter().any(|one| one.approvers_only && one.rule == "A6"), "{why:?}");
    }
}

#[test]
fn the_wrong_tenant_is_refused() {
    let mut facts = deleted_expired();
    known(&mut facts.entra.witnesses)[0].found = false;
    let Settled::Refuse(why) = settled(&facts) else { panic!() };
    assert!(why[0].fact.plain().starts_with("this looks like the wrong tenant"));
}

#[test]
fn create_users_off_is_advice() {
    let mut facts = deleted_expired();
    the_row(&mut facts).external_id = None;
    facts.entra.missing_at.clear();
    assert_eq!(offers(&facts), [(Remedy::Reassign, 1)], "an empty externalId needs no proof of absence");
    known(&mut facts.okta.switches).create = false;
    assert!(matches!(settled(&facts), Settled::Advise(_)));
}

#[test]
fn a_young_object_is_proved_gone_by_two_reads_a_minute_apart() {
    let mut facts = deleted_replaced();
    facts.entra.young = true;
    let Settled::Confirm { at } = settled(&facts) else { panic!() };
    assert!(at.since(facts.read_at) >= MINUTE);
    facts.entra.missing_at = vec![NOW.plus(-MINUTE + 1), NOW];
    assert!(matches!(settled(&facts), Settled::Confirm { .. }));
    facts.entra.missing_at = vec![NOW.plus(-MINUTE), NOW];
    assert_eq!(offers(&facts), [(Remedy::Reassign, 1)]);
}

/// The table of SAFETY D4, first match.
#[test]
fn unassigning_is_allowed_by_the_first_row_that_fits() {
    let row_of = |facts: &Facts, deactivation| {
        let mut settings = settings();
        settings.deactivation = deactivation;
        plan(Remedy::Reassign, facts, &settings, &ask()).map(|plan| {
            let row = plan.guards.iter().find_map(|guard| match guard {
                reanchor::domain::guard::Guard::UnassignSafe { row, .. } => Some(*row),
                _ => None,
            });
            (row.unwrap(), plan.votes)
        })
    };
    let all = [Deactivation::Unknown, Deactivation::BlockOnly, Deactivation::RemoveLicenses, Deactivation::Delete];
    for deactivation in all {
        let mut nobody = deleted_expired();
        known(&mut nobody.okta.switches).deactivate = true;
        assert_eq!(row_of(&nobody, deactivation).unwrap(), (UnassignRow::NothingToHit, 1), "{deactivation:?}");
        assert_eq!(row_of(&deleted_replaced(), deactivation).unwrap(), (UnassignRow::SwitchOff, 1));
        let mut on = deleted_replaced();
        known(&mut on.okta.switches).deactivate = true;
        let answer = row_of(&on, deactivation);
        if deactivation == Deactivation::BlockOnly {
            assert_eq!(answer.unwrap(), (UnassignRow::BlockOnly, 2));
        } else {
            let violations = answer.unwrap_err();
            assert_eq!((violations[0].outcome, violations[0].rule.as_str()), (Outcome::Refuse, "D4.5"));
            assert!(violations[0].how_to_change.contains("switch Deactivate Users off"));
        }
    }
}

#[test]
fn a_requester_who_is_not_linked_makes_it_two_votes() {
    let ask = Ask { needs_second_vote: true, ..ask() };
    assert_eq!(plan(Remedy::Reassign, &deleted_replaced(), &settings(), &ask).unwrap().votes, 2);
}

#[test]
fn the_two_remedies_of_the_anchor_are_advice_in_this_release() {
    for remedy in [Remedy::AlignOktaAnchor, Remedy::SetImmutableId] {
        assert_eq!(refusal(plan(remedy, &deleted_replaced(), &settings(), &ask())).0, Outcome::Advise);
    }
}

#[test]
fn a_healthy_person_is_offered_nothing() {
    let mut facts = deleted_replaced();
    the_row(&mut facts).external_id = Some(id(NEW));
    facts.entra.by_external_id = Reading::Known(Some(replacement()));
    assert!(matches!(settled(&facts), Settled::InOrder { .. }));
}
