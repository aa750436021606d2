//! The two anchor remedies where Okta names no account, or somebody else's (SAFETY D8): nobody is unassigned for an anchor; it
//! is said why, and what people do by hand.

use super::anchors::{THEIRS, align, anchor_mismatch, holder, set};
use super::*;
use reanchor::domain::guard::Violation;

/// The first reason against both remedies.
fn advice(facts: &Facts, outcome: Outcome) -> Violation {
    // The card shows the first one.
    let of = |planned: Planned| planned.expect_err("a plan came out").swap_remove(0);
    let (ours, theirs) = (of(set(facts)), of(align(facts)));
    assert_eq!(ours, theirs);
    assert_eq!((ours.rule.as_str(), ours.outcome), ("D8", outcome));
    for step in ["switch Deactivate Users off", "unassign the person", "assign the person again", "Look again"] {
        assert!(ours.how_to_change.contains(step), "{step}: {}", ours.how_to_change);
    }
    ours
}

#[test]
fn without_an_external_id_it_is_advised_with_the_account_that_would_be_right() {
    let mut facts = anchor_mismatch();
    the_row(&mut facts).external_id = None;
    facts.entra.by_external_id = Reading::Known(None);
    let said = advice(&facts, Outcome::Advise).fact.plain();
    for part in ["externalId is empty", "does not unassign anybody for an anchor", NEW, THEIRS, ANCHOR] {
        assert!(said.contains(part), "{part}: {said}");
    }
    known(&mut facts.entra.by_name).clear();
    assert!(
        advice(&facts, Outcome::Advise).fact.plain().contains(&format!("No live account has the user name {LOGIN}"))
    );
    known(&mut facts.entra.by_name).extend([replacement(), EntraUser { id: id(OLD), ..replacement() }]);
    assert!(advice(&facts, Outcome::Advise).fact.plain().contains("Several accounts have the user name"));
}

#[test]
fn with_somebody_elses_external_id_it_is_advised_and_both_accounts_are_named() {
    let mut facts = anchor_mismatch();
    let other = holder("bGVuYS1hbmNob3ItMDAwMQ==", false);
    the_row(&mut facts).external_id = Some(other.id.clone());
    facts.entra.roles.insert(other.id.clone(), Reading::Known(Roles::default()));
    facts.entra.by_external_id = Reading::Known(Some(other.clone()));
    let said = advice(&facts, Outcome::Refuse).fact.plain();
    for part in ["names another account", &other.name, other.id.as_str(), NEW, ANCHOR] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // Also where the two happen to hold the same anchor.
    known(&mut facts.entra.by_external_id).as_mut().unwrap().anchor = Some(ANCHOR.to_owned());
    advice(&facts, Outcome::Refuse);
    // The same object, whose name was changed, is not somebody else's.
    let mut renamed = anchor_mismatch();
    known(&mut renamed.entra.by_external_id).as_mut().unwrap().upn = "s.whitlock@northbridge.example".to_owned();
    known(&mut renamed.entra.by_name).clear();
    assert!(set(&renamed).unwrap_err().iter().all(|one| one.rule != "D8"), "{:?}", set(&renamed));
}
