//! Each rule: every way to break it is caught, with the rule and the outcome it must lead to.

use super::*;

type Break = fn(&mut Facts);
type Wrong = (&'static str, Break, Outcome, &'static str);

fn each(make: fn() -> Facts, planned: fn(&Facts) -> Planned, table: &[Wrong]) {
    assert!(planned(&make()).is_ok(), "the healthy facts give a plan");
    for (name, change, outcome, rule) in table {
        let mut facts = make();
        change(&mut facts);
        let (found, by, fact) = refusal(planned(&facts));
        assert_eq!((found, by.as_str()), (*outcome, *rule), "{name}: {fact}");
    }
}

#[test]
fn what_forbids_a_reassignment() {
    let table: &[Wrong] = &[
        ("not office365", |f| the_app(f).name = "box".to_owned(), Outcome::Refuse, "D1"),
        ("inactive app", |f| the_app(f).status = "INACTIVE".to_owned(), Outcome::Refuse, "D1"),
        ("other domain", |f| the_row(f).user_name = "sam@elsewhere.example".to_owned(), Outcome::Refuse, "D3"),
        ("subdomain", |f| the_row(f).user_name = "sam@x.northbridge.example".to_owned(), Outcome::Refuse, "D3"),
        ("no at sign", |f| the_row(f).user_name = "northbridge.example".to_owned(), Outcome::Refuse, "D3"),
        ("app without domain", |f| the_app(f).domain = None, Outcome::Refuse, "C1a"),
        ("domain not in the tenant", |f| known(&mut f.entra.domains).clear(), Outcome::Refuse, "C1a"),
        ("domain not verified", |f| known(&mut f.entra.domains)[0].verified = false, Outcome::Refuse, "C1a"),
        ("other msftTenant", |f| the_app(f).ms_tenant = Some("contoso".to_owned()), Outcome::Refuse, "C1a"),
        ("nobody to compare with", |f| known(&mut f.entra.witnesses).clear(), Outcome::Refuse, "C1b"),
        ("nobody found", |f| known(&mut f.entra.witnesses)[0].found = false, Outcome::Refuse, "C1b"),
        ("never read missing", |f| f.entra.missing_at.clear(), Outcome::Refuse, "C1c"),
        ("young", |f| f.entra.young = true, Outcome::Wait, "C1c"),
        (
            "the object is there",
            |f| f.entra.by_external_id = Reading::Known(Some(replacement())),
            Outcome::Advise,
            "C1",
        ),
        ("not assigned", |f| f.okta.app_user = Reading::Known(None), Outcome::Advise, "D3"),
        ("create off", |f| known(&mut f.okta.switches).create = false, Outcome::Advise, "D3"),
        ("deactivate on", |f| known(&mut f.okta.switches).deactivate = true, Outcome::Refuse, "D4.5"),
        ("no seat", |f| no_seat(f), Outcome::Advise, "D3"),
        ("licence unknown to the tenant", |f| known(&mut f.entra.skus).clear(), Outcome::Advise, "D3"),
        ("group unknown", |f| the_row(f).scope = Scope::Group, Outcome::Refuse, "D3"),
    ];
    each(deleted_replaced, reassign, table);
}

fn no_seat(facts: &mut Facts) {
    known(&mut facts.entra.skus)[0].consumed = 25;
    on_candidate(facts, |user| user.direct_licences.clear());
}

#[test]
fn who_may_not_be_linked() {
    let table: &[Wrong] = &[
        ("guest", |f| on_candidate(f, |u| u.user_type = Some("Guest".to_owned())), Outcome::Refuse, "C3"),
        ("no type", |f| on_candidate(f, |u| u.user_type = None), Outcome::Refuse, "C3"),
        ("other person", |f| on_candidate(f, |u| u.name = "Eva Lind".to_owned()), Outcome::Refuse, "C3"),
        ("same first name", |f| on_candidate(f, |u| u.name = "Sam".to_owned()), Outcome::Refuse, "C3"),
        ("first name twice", |f| on_candidate(f, |u| u.name = "Sam Sam".to_owned()), Outcome::Refuse, "C3"),
        (
            "look-alike letters",
            |f| on_candidate(f, |u| u.name = "S\u{430}m Whitlock".to_owned()),
            Outcome::Refuse,
            "C3",
        ),
        ("no name", |f| on_candidate(f, |u| u.name.clear()), Outcome::Refuse, "C3"),
        ("two by name", |f| known(&mut f.entra.by_name).push(other()), Outcome::Refuse, "C3"),
        ("another by anchor", |f| f.entra.by_anchor = Reading::Known(vec![stranger()]), Outcome::Refuse, "C3"),
        ("another by anchor, found by another name", |f| widened(f), Outcome::Refuse, "C3"),
        ("by anchor only", |f| by_anchor_only(f), Outcome::Advise, "D7"),
        (
            "by proxy address only",
            |f| on_candidate(f, |u| u.upn = "sw@northbridge.example".to_owned()),
            Outcome::Advise,
            "D7",
        ),
        ("synced", |f| on_candidate(f, |u| u.synced = Some(true)), Outcome::Advise, "D7"),
        ("other anchor", |f| other_anchor(f), Outcome::Advise, "D7"),
        (
            "okta holds no anchor",
            |f| the_row(f).profile.insert("immutableId".to_owned(), json!("")).map(drop).unwrap(),
            Outcome::Advise,
            "D7",
        ),
        ("anchor that will change", |f| will_change(f), Outcome::Advise, "D7"),
    ];
    each(deleted_replaced, reassign, table);
}

fn other() -> EntraUser {
    EntraUser { id: id("00000000-0000-4000-8000-000000000001"), ..replacement() }
}

/// Holds Okta's anchor, under another name.
fn stranger() -> EntraUser {
    let upn = "sw2@northbridge.example".to_owned();
    EntraUser { mail: None, proxies: Vec::new(), upn, ..other() }
}

/// The widened search found somebody under another address, who also holds the anchor.
fn widened(facts: &mut Facts) {
    known(&mut facts.entra.by_name).push(stranger());
    facts.entra.by_anchor = Reading::Known(vec![stranger()]);
}

fn by_anchor_only(facts: &mut Facts) {
    facts.entra.by_name = Reading::Known(Vec::new());
    facts.entra.by_anchor = Reading::Known(vec![stranger()]);
    facts.entra.roles = BTreeMap::from([(stranger().id, Reading::Known(Roles::default()))]);
}

fn other_anchor(facts: &mut Facts) {
    facts.entra.by_anchor = Reading::Known(Vec::new());
    on_candidate(facts, |user| user.anchor = Some("AAAAAAAAAAAAAAAAAAAAAA==".to_owned()));
}

fn will_change(facts: &mut Facts) {
    the_app(facts).mapped.push("immutableId".to_owned());
    the_row(facts).profile.insert("immutableId".to_owned(), json!("0ua8abcDEF12345678d7"));
    facts.entra.by_anchor = Reading::Known(Vec::new());
}

#[test]
fn who_is_privileged() {
    let table: &[Wrong] = &[
        ("okta admin", |f| known(&mut f.okta.admin_roles).push("SUPER_ADMIN".to_owned()), Outcome::Refuse, "A6"),
        ("role held", |f| role(f, |r| r.held.push("Global Reader".to_owned())), Outcome::Refuse, "A6"),
        ("eligible", |f| role(f, |r| r.assigned_or_eligible.push("x".to_owned())), Outcome::Refuse, "A6"),
        ("saved roles", |f| saved(f, json!(["Exchange Administrator"])), Outcome::Refuse, "A6"),
        ("saved roles as text", |f| saved(f, json!("a, b")), Outcome::Refuse, "A6"),
        ("restricted", |f| on_candidate(f, |u| u.management_restricted = Some(true)), Outcome::Refuse, "A6"),
        ("service account", |f| service(f), Outcome::Refuse, "A6"),
    ];
    each(deleted_replaced, reassign, table);
}

fn role(facts: &mut Facts, change: impl Fn(&mut Roles)) {
    facts.entra.roles.values_mut().for_each(|roles| change(known(roles)));
}

fn saved(facts: &mut Facts, roles: serde_json::Value) {
    the_row(facts).profile.insert("roles".to_owned(), roles);
}

fn service(facts: &mut Facts) {
    let name = "svc_OKTA_sync_0oa8@northbridge.example";
    the_row(facts).user_name = name.to_owned();
    on_candidate(facts, |user| user.upn = name.to_owned());
}

#[test]
fn the_protected_list_is_met_however_it_names_the_account() {
    let entries =
        [SAM, LOGIN, NEW, OLD, "  SAM.WHITLOCK@northbridge.example ", "alias@northbridge.example", "priv@x.example"];
    for entry in entries {
        let mut settings = settings();
        settings.policy.protected = vec!["somebody@else.example".to_owned(), entry.to_owned()];
        let mut facts = deleted_replaced();
        facts.okta.user.email = Some("priv@x.example".to_owned());
        on_candidate(&mut facts, |user| user.proxies.push("smtp:Alias@northbridge.example".to_owned()));
        let violations = plan(Remedy::Reassign, &facts, &settings, &ask()).unwrap_err();
        let found = violations.iter().find(|one| one.rule == "A6").unwrap_or_else(|| panic!("{entry}"));
        assert!(found.approvers_only, "{entry}");
        let mut facts = deleted_restorable();
        facts.okta.user.email = Some("priv@x.example".to_owned());
        known(&mut facts.entra.deleted)[0].proxies.push("smtp:Alias@northbridge.example".to_owned());
        let planned = plan(Remedy::Restore, &facts, &settings, &ask());
        assert_eq!(planned.is_err(), entry != NEW, "{entry}");
    }
}

#[test]
fn what_forbids_a_restore() {
    let table: &[Wrong] = &[
        ("not office365", |f| the_app(f).name = "box".to_owned(), Outcome::Refuse, "D1"),
        ("domain not in the tenant", |f| known(&mut f.entra.domains).clear(), Outcome::Refuse, "C1a"),
        ("not assigned", |f| f.okta.app_user = Reading::Known(None), Outcome::Advise, "D3"),
        ("not in deletedItems", |f| known(&mut f.entra.deleted).clear(), Outcome::NotApplicable, "D2"),
        ("no externalId", |f| the_row(f).external_id = None, Outcome::NotApplicable, "D2"),
        ("live as well", |f| f.entra.by_external_id = Reading::Known(Some(deleted_object())), Outcome::Refuse, "D2"),
        ("our own deprovisioning", |f| deprovisioned(f), Outcome::Refuse, "D2"),
        ("the name is taken", |f| f.entra.by_name = Reading::Known(vec![replacement()]), Outcome::Advise, "D2"),
        ("the anchor is taken", |f| f.entra.by_anchor = Reading::Known(vec![stranger()]), Outcome::Advise, "D2"),
        ("synced", |f| known(&mut f.entra.deleted)[0].synced = Some(true), Outcome::Refuse, "D2"),
        ("somebody else's", |f| somebody_else(f), Outcome::Refuse, "C3"),
        ("a guest", |f| known(&mut f.entra.deleted)[0].user_type = Some("Guest".to_owned()), Outcome::Refuse, "C3"),
        ("no seat", |f| known(&mut f.entra.skus)[0].consumed = 25, Outcome::Advise, "D3"),
        ("no seat for a licence by group", |f| by_group(f), Outcome::Advise, "D3"),
        ("eligible", |f| role(f, |r| r.assigned_or_eligible.push("x".to_owned())), Outcome::Refuse, "A6"),
        ("saved roles", |f| saved(f, json!(["Exchange Administrator"])), Outcome::Refuse, "A6"),
        ("okta admin", |f| known(&mut f.okta.admin_roles).push("ORG_ADMIN".to_owned()), Outcome::Refuse, "A6"),
        ("restricted", |f| known(&mut f.entra.deleted)[0].management_restricted = Some(true), Outcome::Refuse, "A6"),
    ];
    each(deleted_restorable, restore, table);
}

fn deprovisioned(facts: &mut Facts) {
    facts.entra.deletion =
        Reading::Known(Some(Deletion { by: "Okta".to_owned(), at: NOW.plus(-2 * DAY), by_provisioning: true }));
}

fn somebody_else(facts: &mut Facts) {
    let object = &mut known(&mut facts.entra.deleted)[0];
    object.name = "Eva Lind".to_owned();
    object.upn = "eva.lind@northbridge.example".to_owned();
    object.mail = None;
    object.proxies.clear();
}

fn by_group(facts: &mut Facts) {
    let object = &mut known(&mut facts.entra.deleted)[0];
    object.group_licences = std::mem::take(&mut object.direct_licences);
    known(&mut facts.entra.skus)[0].consumed = 25;
}

#[test]
fn names_that_agree_are_let_through() {
    for name in ["sam whitlock", "Whitlock, Sam", "Sam J. Whitlock", "Sam Whitlock-Jones", "SAM WHITLOCK (Finance)"] {
        let mut facts = deleted_replaced();
        on_candidate(&mut facts, |user| user.name = name.to_owned());
        assert!(reassign(&facts).is_ok(), "{name}");
    }
}
