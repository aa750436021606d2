//! A look-up that could not be made: no plan, ever, and a refusal (invariant 11).

use super::*;
use reanchor::plan::settle::{Settled, settle};

type Break = fn(&mut Facts);

fn gone<T>() -> Reading<T> {
    Reading::Unread("HTTP 403".to_owned())
}

/// Every reading there is. `None` as rule: this remedy may do without, and the reason stands in the second place.
const READINGS: [(&str, Break); 15] = [
    ("app", |f| f.okta.app = gone()),
    ("app_user", |f| f.okta.app_user = gone()),
    ("switches", |f| f.okta.switches = gone()),
    ("admin_roles", |f| f.okta.admin_roles = gone()),
    ("granting_groups", |f| f.okta.granting_groups = gone()),
    ("by_external_id", |f| f.entra.by_external_id = gone()),
    ("by_name", |f| f.entra.by_name = gone()),
    ("by_anchor", |f| f.entra.by_anchor = gone()),
    ("deleted", |f| f.entra.deleted = gone()),
    ("domains", |f| f.entra.domains = gone()),
    ("tenant_synced", |f| f.entra.tenant_synced = gone()),
    ("roles", |f| f.entra.roles.values_mut().for_each(|roles| *roles = gone())),
    ("roles not looked up", |f| f.entra.roles.clear()),
    ("skus", |f| f.entra.skus = gone()),
    ("witnesses", |f| f.entra.witnesses = gone()),
];

#[test]
fn no_reading_may_be_missing_from_a_reassignment() {
    assert!(reassign(&deleted_replaced()).is_ok());
    for (name, make) in READINGS {
        let mut facts = deleted_replaced();
        make(&mut facts);
        let (outcome, ..) = refusal(reassign(&facts));
        assert_eq!(outcome, Outcome::Refuse, "{name}");
    }
}

#[test]
fn no_reading_may_be_missing_from_a_restore() {
    assert!(restore(&deleted_restorable()).is_ok());
    for (name, make) in READINGS {
        let mut facts = deleted_restorable();
        make(&mut facts);
        if name == "witnesses" {
            // Not needed: that Graph has this very object in deletedItems proves the tenant.
            assert!(restore(&facts).is_ok());
            continue;
        }
        let (outcome, ..) = refusal(restore(&facts));
        assert_eq!(outcome, Outcome::Refuse, "{name}");
    }
}

#[test]
fn a_case_is_never_offered_anything_on_a_missing_reading() {
    for (world, healthy) in [("replaced", deleted_replaced()), ("restorable", deleted_restorable())] {
        for (name, make) in READINGS {
            let mut facts = healthy.clone();
            make(&mut facts);
            if (world, name) == ("restorable", "witnesses") {
                continue;
            }
            let judgement = settle(&diagnosis(), &facts, &settings(), &ask(), None);
            assert!(matches!(judgement.settled, Settled::Refuse(_)), "{world}, {name}: {:?}", judgement.settled);
        }
    }
}

#[test]
fn an_unreadable_log_makes_the_object_count_as_young_elsewhere_and_stops_nothing_here() {
    let mut facts = deleted_replaced();
    facts.okta.events = gone();
    assert!(reassign(&facts).is_ok(), "youth was judged by the look-up (`Facts::young`)");
}

#[test]
fn an_unreadable_audit_is_said_in_the_risk_line_and_stops_nothing() {
    let mut facts = deleted_restorable();
    facts.entra.deletion = gone();
    let plan = restore(&facts).unwrap();
    assert!(plan.warnings.iter().any(|line| line.plain() == "Who deleted it: not readable."), "{:?}", plan.warnings);
}

#[test]
fn an_account_that_does_not_say_whether_sign_in_is_allowed_is_not_linked() {
    let mut facts = deleted_replaced();
    on_candidate(&mut facts, |user| user.enabled = None);
    assert_eq!(refusal(reassign(&facts)).0, Outcome::Refuse);
    let mut facts = deleted_restorable();
    known(&mut facts.entra.deleted)[0].enabled = None;
    assert_eq!(refusal(restore(&facts)).0, Outcome::Refuse);
}

#[test]
fn a_schema_that_names_no_attribute_counts_as_unread() {
    let breaks: [fn(&mut Attributes); 3] = [|a| a.anchor = None, |a| a.licenses = None, |a| a.roles = None];
    for make in breaks {
        let mut facts = deleted_replaced();
        make(&mut the_app(&mut facts).attributes);
        assert_eq!(refusal(reassign(&facts)).0, Outcome::Refuse);
    }
    let mut facts = deleted_restorable();
    the_app(&mut facts).attributes.roles = None;
    assert_eq!(refusal(restore(&facts)).0, Outcome::Refuse);
}

#[test]
fn a_person_who_cannot_be_read_again_is_not_active() {
    for status in ["UNREADABLE", "NOT FOUND", "", "active", "DEPROVISIONED", "SUSPENDED"] {
        for (make, remedy) in [(deleted_replaced(), Remedy::Reassign), (deleted_restorable(), Remedy::Restore)] {
            let mut facts = make;
            facts.okta.user.status = status.to_owned();
            let (outcome, rule, _) = refusal(plan(remedy, &facts, &settings(), &ask()));
            assert_eq!((outcome, rule.as_str()), (Outcome::Refuse, "D2"), "{status}");
        }
    }
}
