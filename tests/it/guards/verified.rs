//! The verification of an anchor plan and of a paused reassignment (SAFETY D8, D10, D5): everything is compared, byte for byte.

use super::anchors::{anchor_mismatch, pausing, set};
use super::*;
use reanchor::saga::verify::{Ends, judge};

/// Both sides as a plan for the facts leaves them.
fn ends(facts: &Facts) -> Ends {
    let object = EntraUser { anchor: Some(ANCHOR.to_owned()), ..replacement() };
    Ends {
        row: facts.okta.app_user.known().cloned().flatten(),
        attributes: facts.okta.app.known().unwrap().attributes.clone(),
        object: Some(object),
        roles: None,
        capabilities: None,
    }
}

type Change = fn(&mut Ends);

fn each_is_found(plan: &Plan, right: &Ends, changes: &[(&str, Change)]) {
    assert!(judge(plan, right).is_ok(), "{:?}", judge(plan, right));
    for (what, change) in changes {
        let mut wrong = right.clone();
        change(&mut wrong);
        assert!(judge(plan, &wrong).is_err(), "{what} is not found");
    }
}

fn row(ends: &mut Ends) -> &mut AppUser {
    ends.row.as_mut().unwrap()
}

fn object(ends: &mut Ends) -> &mut EntraUser {
    ends.object.as_mut().unwrap()
}

#[test]
fn after_an_anchor_was_set_everything_else_is_as_before() {
    let facts = anchor_mismatch();
    let changes: [(&str, Change); 12] = [
        ("Okta's anchor in other case", |e| {
            let held = ANCHOR.to_lowercase();
            row(e).profile.insert("immutableId".to_owned(), json!(held));
        }),
        ("Entra's anchor in other case", |e| object(e).anchor = Some(ANCHOR.to_lowercase())),
        ("no anchor in Entra", |e| object(e).anchor = None),
        ("another object linked", |e| row(e).external_id = Some(id(OLD))),
        ("the name in other case", |e| object(e).upn = LOGIN.to_uppercase()),
        ("sign-in blocked", |e| object(e).enabled = Some(false)),
        ("a licence gone", |e| object(e).direct_licences.clear()),
        ("an address gone", |e| object(e).proxies.clear()),
        ("an assignment that is not pushed", |e| row(e).status = "STAGED".to_owned()),
        ("no assignment", |e| e.row = None),
        ("no account", |e| e.object = None),
        ("another account", |e| object(e).id = id(OLD)),
    ];
    each_is_found(&set(&facts).unwrap(), &ends(&facts), &changes);
}

#[test]
fn a_paused_reassignment_gives_the_settings_back_exactly_and_compares_the_anchors() {
    let (facts, allowed) = pausing();
    let plan = plan(Remedy::Reassign, &facts, &allowed, &ask()).unwrap();
    let mut right = ends(&facts);
    row(&mut right).external_id = Some(id(NEW));
    right.capabilities = Some(facts.okta.capabilities.clone());
    let changes: [(&str, Change); 5] = [
        ("the switch still off", |e| {
            e.capabilities = Some(json!({"update": {"lifecycleDeactivate": {"status": "DISABLED"}}}));
        }),
        ("something else switched", |e| {
            let status = json!({"status": "ENABLED"});
            e.capabilities = Some(json!({"update": {"lifecycleDeactivate": status, "password": status}}));
        }),
        ("anchors that differ", |e| object(e).anchor = Some(ANCHOR.to_lowercase())),
        ("sign-in blocked", |e| object(e).enabled = Some(false)),
        ("a licence gone", |e| object(e).direct_licences.clear()),
    ];
    each_is_found(&plan, &right, &changes);
}
