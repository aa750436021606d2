//! The table of SAFETY D7, row by row; the plan of each remedy; where a pause is allowed (D4 row 4); the way back (D11).

use super::*;
use reanchor::domain::effect::{Effect, RefusalKind, When};
use reanchor::domain::guard::{AnchorRow, choice};
use reanchor::domain::plan::{Direction, Goal};
use reanchor::domain::tenant::Parking;
use reanchor::plan::undo;

pub(super) const THEIRS: &str = "RDHiRneDPkiofrZ2nbYu7Q==";
pub(super) const PARKED: &str = "sam.whitlock@northbridge.onmicrosoft.com";

/// Okta's anchor comes from Active Directory and is mapped, Entra holds another one, the domain is federated.
pub(crate) fn anchor_mismatch() -> Facts {
    let mut facts = deleted_replaced();
    the_row(&mut facts).external_id = Some(id(NEW));
    facts.entra.by_external_id = Reading::Known(Some(EntraUser { anchor: Some(THEIRS.to_owned()), ..replacement() }));
    facts.entra.by_name = Reading::Known(facts.entra.by_external_id.known().cloned().flatten().into_iter().collect());
    facts.entra.by_anchor = Reading::Known(Vec::new());
    facts.entra.missing_at = Vec::new();
    known(&mut facts.entra.domains).push(Domain {
        name: "northbridge.onmicrosoft.com".to_owned(),
        federated: false,
        initial: true,
        verified: true,
    });
    facts.entra.parking = Some(Reading::Known(Parking { upn: PARKED.to_owned(), holders: Vec::new() }));
    facts.okta.user.ad_sourced = true;
    the_app(&mut facts).mapped.push("immutableId".to_owned());
    facts
}

/// As `anchor_mismatch`, with Okta's attribute free and a value of Okta's own.
pub(crate) fn anchor_align() -> Facts {
    let mut facts = anchor_mismatch();
    facts.okta.user.ad_sourced = false;
    the_app(&mut facts).mapped.retain(|name| name != "immutableId");
    okta_holds(&mut facts, Some("0ua8samRk4Tz7Lm31d71"));
    facts
}

pub(super) fn okta_holds(facts: &mut Facts, anchor: Option<&str>) {
    the_row(facts).profile.insert("immutableId".to_owned(), json!(anchor));
}

pub(super) fn entra_holds(facts: &mut Facts, anchor: Option<&str>) {
    let change = |user: &mut EntraUser| user.anchor = anchor.map(str::to_owned);
    known(&mut facts.entra.by_external_id).as_mut().map(change);
    known(&mut facts.entra.by_name).iter_mut().for_each(change);
}

pub(super) fn set(facts: &Facts) -> Planned {
    plan(Remedy::SetImmutableId, facts, &settings(), &ask())
}

pub(super) fn align(facts: &Facts) -> Planned {
    plan(Remedy::AlignOktaAnchor, facts, &settings(), &ask())
}

pub(super) fn holder(anchor: &str, deleted: bool) -> EntraUser {
    EntraUser {
        id: id("2b91f6d4-7c0e-4835-a5d9-8e14c7b3f062"),
        upn: "lena@northbridge.example".to_owned(),
        name: "Lena Ortiz".to_owned(),
        mail: None,
        proxies: Vec::new(),
        anchor: Some(anchor.to_owned()),
        deleted: deleted.then_some(NOW),
        ..replacement()
    }
}

/// Rule of the table, for both remedies.
fn rule(facts: &Facts) -> String {
    let (ours, theirs) = (refusal(set(facts)), refusal(align(facts)));
    assert_eq!((ours.0, &ours.1), (theirs.0, &theirs.1));
    assert_eq!(ours.0, Outcome::Advise, "{ours:?}");
    ours.1
}

#[test]
fn every_row_of_the_table_in_its_order() {
    // 1 and 2 come before all others: somebody else holds Okta's anchor.
    let mut facts = anchor_mismatch();
    facts.entra.by_anchor = Reading::Known(vec![holder(ANCHOR, false)]);
    facts.entra.roles.insert(holder(ANCHOR, false).id, Reading::Known(Roles::default()));
    assert_eq!(rule(&facts), "D7.1");
    let mut facts = anchor_mismatch();
    facts.entra.deleted = Reading::Known(vec![holder(ANCHOR, true)]);
    assert_eq!(rule(&facts), "D7.2");
    // 3: the account, or the tenant with a directory's anchor, is mastered elsewhere.
    let mut facts = anchor_mismatch();
    known(&mut facts.entra.by_external_id).as_mut().unwrap().synced = Some(true);
    assert!(["D7", "D7.3"].contains(&rule(&facts).as_str()));
    assert_eq!(choice(&facts).unwrap_err().rule, "D7.3");
    let mut facts = anchor_mismatch();
    facts.entra.tenant_synced = Reading::Known(true);
    assert_eq!(rule(&facts), "D7.3");
    entra_holds(&mut facts, Some("sam"));
    assert_eq!(choice(&facts).unwrap().row, AnchorRow::FromDirectory, "not a directory's anchor");
    // 4: Okta's value comes from a directory.
    assert_eq!(choice(&anchor_mismatch()).unwrap().row, AnchorRow::FromDirectory);
    // 5: Okta's side can be written: not mapped, or Update off.
    assert_eq!(choice(&anchor_align()).unwrap().row, AnchorRow::FromEntra);
    let mut facts = anchor_align();
    the_app(&mut facts).mapped.push("immutableId".to_owned());
    assert_eq!(rule(&facts), "D7.7");
    known(&mut facts.okta.switches).update = false;
    assert_eq!(choice(&facts).unwrap().row, AnchorRow::FromEntra);
    // 6 and 7: neither side has one.
    let mut facts = anchor_align();
    okta_holds(&mut facts, None);
    entra_holds(&mut facts, None);
    assert_eq!(choice(&facts).unwrap().row, AnchorRow::New);
    the_app(&mut facts).mapped.push("immutableId".to_owned());
    assert_eq!(rule(&facts), "D7.7");
    // 8: two directories' values, and the person comes from none.
    let mut facts = anchor_mismatch();
    facts.okta.user.ad_sourced = false;
    assert_eq!(rule(&facts), "D7.8");
    // Anything else is for people.
    okta_holds(&mut facts, Some("00u8samWQ5nHc2Je91d7"));
    assert_eq!(rule(&facts), "D7");
}

#[test]
fn the_same_guid_in_the_other_byte_order_is_named() {
    let mut facts = anchor_mismatch();
    facts.okta.user.ad_sourced = false;
    okta_holds(&mut facts, Some("6SNZnFLe6jOI3n68hjO5zA=="));
    entra_holds(&mut facts, Some("nFkj6d5SM+qI3n68hjO5zA=="));
    assert!(choice(&facts).unwrap_err().fact.plain().contains("same GUID"));
}

#[test]
fn in_place_comes_first_and_the_hop_is_its_branch() {
    let plan = set(&anchor_mismatch()).unwrap();
    let names: Vec<&str> = plan.effects().map(Effect::name).collect();
    assert_eq!(names, ["set_immutable_id", "set_upn", "set_immutable_id", "set_upn"]);
    let branch = When::IfRefused { effect: 0, kind: RefusalKind::FederatedDomain };
    assert_eq!(plan.steps[0].when, When::Always);
    assert!(plan.steps[1..].iter().all(|step| step.when == branch));
    let hop = plan.hop().unwrap();
    assert_eq!((hop.park, hop.back, hop.name, hop.parked), (1, 3, LOGIN, PARKED));
    // Only what leads back is a repair; the anchor is one where the name cannot come back without it.
    assert_eq!((0..4).map(|step| plan.repairs(step)).collect::<Vec<_>>(), [false, false, false, true]);
    assert_eq!(plan.no_undo, None);
    let mut facts = anchor_mismatch();
    entra_holds(&mut facts, None);
    let plan = set(&facts).unwrap();
    assert_eq!((0..4).map(|step| plan.repairs(step)).collect::<Vec<_>>(), [false, false, true, true]);
    assert!(plan.no_undo.is_some());
}

#[test]
fn a_managed_domain_needs_no_hop_and_aligning_writes_nothing_to_entra() {
    let mut facts = anchor_mismatch();
    known(&mut facts.entra.domains)[0].federated = false;
    facts.entra.parking = None;
    assert_eq!(set(&facts).unwrap().steps.len(), 1);
    let plan = align(&anchor_align()).unwrap();
    assert_eq!((plan.steps.len(), plan.steps[0].effect.in_okta()), (1, true));
    let Goal::Anchored { okta, entra, .. } = &plan.goal else { panic!("{:?}", plan.goal) };
    assert_eq!((okta.as_deref(), entra.as_deref()), (Some(THEIRS), Some(THEIRS)));
    // Never both: one remedy fits.
    assert_eq!(refusal(set(&anchor_align())).0, Outcome::NotApplicable);
    assert_eq!(refusal(align(&anchor_mismatch())).0, Outcome::NotApplicable);
}

#[test]
fn a_new_value_is_the_one_that_was_asked_with_and_stands_in_the_digest() {
    let mut facts = anchor_align();
    okta_holds(&mut facts, None);
    entra_holds(&mut facts, None);
    let one = set(&facts).unwrap();
    let value = reanchor::domain::anchor::from_bytes([7; 16]);
    assert!(
        one.effects()
            .any(|effect| matches!(effect, Effect::SetAppUserAnchor { to, .. } if to.as_ref() == Some(&value)))
    );
    let other = plan(Remedy::SetImmutableId, &facts, &settings(), &Ask { fresh: [8; 16], ..ask() }).unwrap();
    assert_ne!(one.digest(), other.digest());
    assert_eq!(one.digest(), set(&facts).unwrap().digest());
}

#[test]
fn a_name_to_park_under_must_be_free_and_on_the_initial_managed_domain() {
    let rules: [fn(&mut Facts); 4] = [
        |facts| facts.entra.parking = None,
        |facts| facts.entra.parking = Some(Reading::Unread("503".to_owned())),
        |facts| {
            facts.entra.parking = Some(Reading::Known(Parking { upn: PARKED.to_owned(), holders: vec![id(OLD)] }));
        },
        |facts| known(&mut facts.entra.domains)[1].federated = true,
    ];
    for (n, change) in rules.into_iter().enumerate() {
        let mut facts = anchor_mismatch();
        change(&mut facts);
        let (outcome, rule, _) = refusal(set(&facts));
        assert_eq!((outcome, rule.as_str()), (Outcome::Refuse, "D8"), "{n}");
    }
}

#[test]
fn other_people_and_privileged_accounts_are_left_alone() {
    let mut facts = anchor_mismatch();
    known(&mut facts.entra.by_external_id).as_mut().unwrap().name = "Lena Ortiz".to_owned();
    assert_eq!(refusal(set(&facts)).1, "C3");
    let mut facts = anchor_mismatch();
    known(&mut facts.entra.by_external_id).as_mut().unwrap().user_type = Some("Guest".to_owned());
    assert_eq!(refusal(set(&facts)).1, "C3");
    let mut facts = anchor_mismatch();
    let role = Roles { held: vec!["User Administrator".to_owned()], ..Roles::default() };
    facts.entra.roles.insert(id(NEW), Reading::Known(role));
    assert_eq!(refusal(set(&facts)).1, "A6");
    let mut facts = anchor_mismatch();
    facts.entra.deleted =
        Reading::Known(vec![EntraUser { proxies: vec![format!("smtp:{LOGIN}")], ..holder("x", true) }]);
    assert_eq!(refusal(set(&facts)).1, "C3");
}

#[test]
fn a_tenant_that_refused_is_not_asked_again() {
    let known = Ask { anchor_refused: Some(NOW), ..ask() };
    let planned = plan(Remedy::SetImmutableId, &anchor_mismatch(), &settings(), &known);
    let (outcome, rule, _) = refusal(planned);
    assert_eq!((outcome, rule.as_str()), (Outcome::Advise, "D8"));
    assert!(
        plan(Remedy::AlignOktaAnchor, &anchor_align(), &settings(), &known).is_ok(),
        "Okta's side is another matter"
    );
}

pub(super) fn pausing() -> (Facts, Settings) {
    let mut facts = deleted_replaced();
    known(&mut facts.okta.switches).deactivate = true;
    facts.okta.capabilities = json!({"update": {"lifecycleDeactivate": {"status": "ENABLED"}}});
    let settings = Settings { deactivation: Deactivation::RemoveLicenses, allow_pause: true, ..settings() };
    (facts, settings)
}

#[test]
fn a_pause_needs_leave_a_declaration_and_two_votes() {
    let (facts, allowed) = pausing();
    let planned = plan(Remedy::Reassign, &facts, &allowed, &ask()).unwrap();
    let names: Vec<&str> = planned.effects().map(Effect::name).collect();
    assert_eq!(names, ["pause_provisioning", "unassign", "assign", "resume_provisioning"]);
    assert_eq!((planned.votes, planned.pause(), planned.needs_app()), (2, Some((0, 3)), true));
    let refused = |settings: &Settings, facts: &Facts| refusal(plan(Remedy::Reassign, facts, settings, &ask())).1;
    assert_eq!(refused(&Settings { allow_pause: false, ..allowed.clone() }, &facts), "D4.5");
    for declared in [Deactivation::Unknown, Deactivation::Delete] {
        assert_eq!(refused(&Settings { deactivation: declared, ..allowed.clone() }, &facts), "D4.5");
    }
    let mut blind = facts.clone();
    blind.okta.capabilities = serde_json::Value::Null;
    assert_eq!(refused(&allowed, &blind), "D4.5");
    // Row 3 comes before row 4.
    let block_only = Settings { deactivation: Deactivation::BlockOnly, ..allowed };
    assert_eq!(plan(Remedy::Reassign, &facts, &block_only, &ask()).unwrap().pause(), None);
}

#[test]
fn what_is_left_of_a_paused_run_pauses_again_or_not_at_all() {
    let (facts, allowed) = pausing();
    let stopped = plan(Remedy::Reassign, &facts, &allowed, &ask()).unwrap();
    let second = Ask { number: 2, ..ask() };
    let rest = reanchor::plan::go_on(&stopped, 1, &facts, &allowed, &second).unwrap();
    assert_eq!(rest.pause(), Some((0, 3)), "an unassignment never runs without the pause");
    let mut unassigned = facts;
    unassigned.okta.app_user = Reading::Known(None);
    let rest = reanchor::plan::go_on(&stopped, 2, &unassigned, &allowed, &second).unwrap();
    assert_eq!(rest.effects().map(Effect::name).collect::<Vec<_>>(), ["assign"]);
}

#[test]
fn an_undo_is_planned_only_where_both_sides_are_as_the_repair_left_them() {
    let done = set(&anchor_mismatch()).unwrap();
    let mut after = anchor_mismatch();
    entra_holds(&mut after, Some(ANCHOR));
    known(&mut after.entra.by_anchor).push(known(&mut after.entra.by_external_id).clone().unwrap());
    let back = undo(&done, &after, &settings(), &ask()).unwrap();
    assert_eq!((back.direction, back.steps.len()), (Direction::Undo, 4));
    let Some(Effect::SetImmutableId { from, to, .. }) = back.effects().next() else { panic!("{back:?}") };
    assert_eq!((from.as_deref(), to.as_str()), (Some(ANCHOR), THEIRS));
    assert_eq!(refusal(undo(&done, &anchor_mismatch(), &settings(), &ask())).1, "D11");
    let done = align(&anchor_align()).unwrap();
    let mut after = anchor_align();
    okta_holds(&mut after, Some(THEIRS));
    let back = undo(&done, &after, &settings(), &ask()).unwrap();
    let Some(Effect::SetAppUserAnchor { to, .. }) = back.effects().next() else { panic!("{back:?}") };
    assert_eq!(to.as_deref(), Some("0ua8samRk4Tz7Lm31d71"));
    let mut facts = anchor_mismatch();
    entra_holds(&mut facts, None);
    let done = set(&facts).unwrap();
    entra_holds(&mut facts, Some(ANCHOR));
    assert_eq!(refusal(undo(&done, &facts, &settings(), &ask())).1, "D11", "an anchor is not cleared");
}
