//! Every way in which an app may not be as it should be.

use super::*;
use crate::domain::finding::Verdict;
use crate::domain::ids::AppId;
use crate::domain::tenant::Attributes;

fn app(id: &str, kind: &str, status: &str) -> App {
    App {
        id: AppId::new(id),
        name: kind.to_owned(),
        label: format!("Label of {id}"),
        status: status.to_owned(),
        domain: Some("corp.example".to_owned()),
        ms_tenant: None,
        attributes: Attributes { anchor: Some("immutableId".to_owned()), ..Attributes::default() },
        mapped: Vec::new(),
    }
}

fn one((app, found): (Option<App>, Vec<Finding>)) -> (Option<String>, Verdict, String) {
    let [one] = &found[..] else { panic!("{found:?}") };
    (app.map(|app| app.id.to_string()), one.verdict, words(one))
}

fn words(finding: &Finding) -> String {
    assert_eq!(finding.mend.is_empty(), finding.verdict == Verdict::Ok, "{finding:?}");
    format!("{} -> {}", finding.seen, finding.mend)
}

#[test]
fn without_a_name_the_one_active_app_is_meant() {
    let (first, second, off) =
        (app("0oa1", TYPE, "ACTIVE"), app("0oa2", TYPE, "ACTIVE"), app("0oa3", TYPE, "INACTIVE"));
    let (id, verdict, seen) = one(among(&[first.clone(), off.clone()]));
    assert_eq!((id.as_deref(), verdict), (Some("0oa1"), Verdict::Ok), "{seen}");
    let (id, verdict, seen) = one(among(&[first, second, off.clone()]));
    assert_eq!((id, verdict), (None, Verdict::Warn));
    assert!(
        seen.contains("0oa1") && seen.contains("0oa2") && !seen.contains("0oa3") && seen.contains("app_id"),
        "{seen}"
    );
    let (id, verdict, seen) = one(among(&[off]));
    assert_eq!((id, verdict), (None, Verdict::Fail));
    assert!(seen.contains("no active app") && seen.contains("0oa3 (Label of 0oa3, INACTIVE)"), "{seen}");
}

#[test]
fn a_named_app_is_there_of_the_right_type_and_active() {
    let all = [app("0oa1", TYPE, "ACTIVE")];
    for (found, id, verdict, parts) in [
        (Some(all[0].clone()), Some("0oa1"), Verdict::Ok, ["Label of 0oa1", "active"]),
        (None, None, Verdict::Fail, ["no app 0oa9", "one of: 0oa1"]),
        (Some(app("0oa9", "salesforce", "ACTIVE")), None, Verdict::Fail, ["type salesforce", "one of: 0oa1"]),
        (Some(app("0oa9", TYPE, "INACTIVE")), Some("0oa9"), Verdict::Fail, ["is INACTIVE", "activate it"]),
    ] {
        let (got, is, seen) = one(named("0oa9", found, &all));
        assert_eq!((got.as_deref(), is), (id, verdict), "{seen}");
        assert!(parts.iter().all(|part| seen.contains(part)), "{seen}");
    }
}

#[test]
fn the_domain_is_a_verified_one_of_the_tenant() {
    let domain = |name: &str, verified| Domain { name: name.to_owned(), federated: false, initial: false, verified };
    let there = [domain("Corp.example", true), domain("new.example", false)];
    for (wanted, verdict, part) in [
        ("corp.example", Verdict::Ok, "belongs to"),
        ("new.example", Verdict::Fail, "not verified"),
        ("other.example", Verdict::Fail, "none of the Entra tenant's domains"),
    ] {
        let found = belongs(wanted, &there);
        assert_eq!(found.verdict, verdict);
        assert!(words(&found).contains(part), "{found:?}");
    }
}

#[test]
fn the_schema_has_one_immutable_id() {
    let mapped = App { mapped: vec!["immutableId".to_owned()], ..app("0oa1", TYPE, "ACTIVE") };
    let without = App { attributes: Attributes::default(), ..app("0oa1", TYPE, "ACTIVE") };
    for (app, verdict, part) in [
        (app("0oa1", TYPE, "ACTIVE"), Verdict::Ok, "no mapping sets it"),
        (mapped, Verdict::Ok, "a mapping sets it"),
        (without, Verdict::Fail, "exactly one attribute"),
    ] {
        let found = schema(&app);
        assert_eq!(found.verdict, verdict);
        assert!(words(&found).contains(part), "{found:?}");
    }
}

#[test]
fn what_unassigning_does_is_declared_where_it_does_something() {
    let switches = |deactivate| Switches { create: true, update: true, deactivate };
    for (on, declared, pause, verdict, part) in [
        (false, Deactivation::Unknown, true, Verdict::Ok, "is off"),
        (true, Deactivation::Unknown, false, Verdict::Warn, "the worst is assumed"),
        (true, Deactivation::Delete, true, Verdict::Warn, "allow_pause = true has no effect"),
        (true, Deactivation::Delete, false, Verdict::Ok, "is on"),
        (true, Deactivation::BlockOnly, true, Verdict::Ok, "is on"),
        (true, Deactivation::RemoveLicenses, false, Verdict::Ok, "is on"),
    ] {
        let found = unassigning(switches(on), (declared, pause));
        assert_eq!(found.verdict, verdict, "{found:?}");
        assert!(words(&found).contains(part), "{found:?}");
    }
}
