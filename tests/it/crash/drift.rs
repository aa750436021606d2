//! What moves between approval and run, and between effects: every fact of the plan's snapshot, the kill switch, the wrong
//! account, another plan, another holder of the lease, an old journal.

use super::bench::{Bench, Life, left_of, poll_once};
use super::model::{Change, LEASE, Vendor};
use super::scenes::{Scene, facts_of, heir, keys_of, old, other};
use reanchor::domain::ids::{EntraId, GroupId};
use reanchor::domain::snapshot;
use reanchor::domain::tenant::{AppUser, Domain, EntraUser, Group, Scope};
use reanchor::domain::time::{At, MINUTE};
use reanchor::saga::journal::{End, Event, fold};
use reanchor::saga::run::Left;
use serde_json::json;

fn first(vendor: &mut Vendor) -> &mut EntraUser {
    let key = [heir(), old()].into_iter().find(|id| vendor.live.contains_key(id) || vendor.deleted.contains_key(id));
    let key = key.unwrap();
    if vendor.live.contains_key(&key) {
        vendor.live.get_mut(&key).unwrap()
    } else {
        vendor.deleted.get_mut(&key).unwrap()
    }
}

fn row(vendor: &mut Vendor, change: fn(&mut AppUser)) {
    if let Some(row) = &mut vendor.row {
        change(row);
    }
}

/// One way to move each fact; `*` stands for the object, domain or account id in a key.
const MOVES: [(&str, Change); 29] = [
    ("okta.user.status", |v| "SUSPENDED".clone_into(&mut v.user.status)),
    ("okta.user.login", |v| "mira.holm@harbour.example".clone_into(&mut v.user.login)),
    ("okta.app.status", |v| "INACTIVE".clone_into(&mut v.app.status)),
    ("okta.app.domain", |v| v.app.domain = Some("harbour.onmicrosoft.com".to_owned())),
    ("okta.mapping.anchor", |v| {
        v.app.mapped = if v.app.mapped.is_empty() { vec!["immutableId".to_owned()] } else { Vec::new() };
    }),
    ("okta.app_user", |v| {
        v.row = match v.row.take() {
            Some(_) => None,
            None => v.others.first().cloned().map(|row| {
                let user = v.user.id.clone();
                AppUser { user, created: At(0), ..row }
            }),
        }
    }),
    ("okta.app_user.scope", |v| {
        row(v, |r| r.scope = if r.scope == Scope::User { Scope::Group } else { Scope::User });
    }),
    ("okta.app_user.status", |v| row(v, |r| "STAGED".clone_into(&mut r.status))),
    ("okta.app_user.external_id", |v| row(v, |r| r.external_id = Some(other()))),
    ("okta.app_user.user_name", |v| row(v, |r| "m@harbour.example".clone_into(&mut r.user_name))),
    ("okta.app_user.anchor", |v| {
        row(v, |r| drop(r.profile.insert("immutableId".to_owned(), json!("else"))));
    }),
    ("okta.profile", |v| {
        row(v, |r| drop(r.profile.insert("licenses".to_owned(), json!(["E5"]))));
    }),
    ("okta.switch.create", |v| v.switches.create = false),
    ("okta.switch.update", |v| v.switches.update = false),
    ("okta.switch.deactivate", |v| v.switches.deactivate = !v.switches.deactivate),
    ("okta.admin_roles", |v| v.admin_roles.push("SUPER_ADMIN".to_owned())),
    ("okta.granting_groups", |v| {
        let group = GroupId::new("00g4more");
        v.app_groups.push(group.clone());
        let kind = "OKTA_GROUP".to_owned();
        v.groups.push(Group { id: group, kind, name: "more".to_owned() });
    }),
    ("entra.by_external_id", |v| {
        if v.live.remove(&old()).is_some() {
            return;
        }
        let mut back = v.live[&other()].clone();
        back.id = old();
        v.live.insert(old(), back);
    }),
    ("entra.live.by_name", |v| {
        let mut twin = v.live[&other()].clone();
        twin.id = EntraId::new("66666666-0000-4000-8000-000000000006");
        twin.proxies.push("smtp:mira@harbour.example".to_owned());
        v.live.insert(twin.id.clone(), twin);
    }),
    ("entra.live.by_anchor", |v| {
        let held = v.row.as_ref().and_then(|row| row.profile.get("immutableId")).and_then(|held| held.as_str());
        let anchor = held.or(v.group_profile["immutableId"].as_str()).map(str::to_owned);
        v.live.get_mut(&other()).unwrap().anchor = anchor;
    }),
    ("entra.deleted", |v| {
        let mut gone = v.live[&other()].clone();
        gone.id = EntraId::new("66666666-0000-4000-8000-000000000006");
        gone.proxies.push("smtp:mira@harbour.example".to_owned());
        gone.deleted = Some(At(1));
        v.deleted.insert(gone.id.clone(), gone);
    }),
    ("entra.object.*.upn", |v| "mira2@harbour.example".clone_into(&mut first(v).upn)),
    ("entra.object.*.anchor", |v| first(v).anchor = Some("else".to_owned())),
    ("entra.object.*.enabled", |v| first(v).enabled = Some(false)),
    ("entra.object.*.type", |v| first(v).user_type = Some("Guest".to_owned())),
    ("entra.object.*.synced", |v| first(v).synced = Some(true)),
    ("entra.object.*.proxies", |v| first(v).proxies.push("smtp:x@harbour.example".to_owned())),
    ("entra.object.*.direct_licences", |v| first(v).direct_licences.clear()),
    ("entra.tenant_synced", |v| v.synced = true),
];
/// Facts that are not about one object alone.
const MORE: [(&str, Change); 4] = [
    ("entra.parking", |v| {
        let name = "smtp:mira@harbour.onmicrosoft.com".to_owned();
        v.live.get_mut(&other()).unwrap().proxies.push(name);
    }),
    ("entra.object.*.deleted", |v| {
        let id = first(v).id.clone();
        if let Some(mut user) = v.live.remove(&id) {
            user.deleted = Some(At(1));
            v.deleted.insert(id, user);
        } else if let Some(mut user) = v.deleted.remove(&id) {
            user.upn = user.plain_upn().to_owned();
            user.deleted = None;
            v.live.insert(id, user);
        }
    }),
    ("entra.roles.*", |v| {
        let id = first(v).id.clone();
        v.roles.entry(id).or_default().assigned_or_eligible.push("Global Administrator".to_owned());
    }),
    ("entra.domain.*", |v| {
        let more = |domain: &mut Domain| domain.federated = !domain.federated;
        v.domains.iter_mut().for_each(more);
    }),
];

fn pattern(key: &str) -> String {
    let after = |head: &str| key.strip_prefix(head);
    if let Some(rest) = after("entra.object.") {
        return format!("entra.object.*.{}", rest.rsplit('.').next().unwrap());
    }
    if after("entra.roles.").is_some() {
        return "entra.roles.*".to_owned();
    }
    if after("entra.domain.").is_some() { "entra.domain.*".to_owned() } else { key.to_owned() }
}

/// Whether the vendor may move this fact by itself once these effects were sent; by hand, apart from the code under test.
pub(super) fn vendors_own(key: &str, sent: &[&str]) -> bool {
    sent.iter().any(|effect| match *effect {
        "convert_assignment" => {
            ["okta.app_user.scope", "okta.app_user.status", "okta.app_user.anchor", "okta.profile"].contains(&key)
        }
        "unassign" => key.starts_with("okta.app_user") || key == "okta.profile",
        "assign" => {
            key.starts_with("okta.app_user")
                || key == "okta.profile"
                || ["entra.by_external_id", "entra.roles.*"].contains(&key)
                || key.starts_with("entra.live.")
                || key.starts_with("entra.object.")
        }
        "set_upn" => {
            ["entra.object.*.upn", "entra.object.*.proxies", "entra.live.by_name", "entra.parking"].contains(&key)
        }
        "set_immutable_id" => ["entra.object.*.anchor", "entra.live.by_anchor"].contains(&key),
        "set_app_user_anchor" => ["okta.app_user.anchor", "okta.app_user.status", "okta.profile"].contains(&key),
        "pause_provisioning" | "resume_provisioning" => key == "okta.switch.deactivate",
        _ => true,
    })
}

/// Facts of this plan, each with a way to move it; a fact without one fails the test.
pub(super) fn table(bench: &Bench) -> Vec<(String, Change)> {
    let mut keys: Vec<String> = bench.plan.snapshot.keys().map(|key| pattern(key)).collect();
    keys.sort();
    keys.dedup();
    // Nobody is looked for by an anchor that Okta does not hold.
    keys.retain(|key| bench.plan.anchor.is_some() || key != "entra.live.by_anchor");
    let find = |key: String| {
        let found = MOVES.iter().chain(&MORE).find(|(name, _)| *name == key);
        let change = found.unwrap_or_else(|| panic!("no test moves the fact {key}")).1;
        (key, change)
    };
    keys.into_iter().map(find).collect()
}

fn is_moved(bench: &Bench, key: &str, change: Change) -> bool {
    let keys = keys_of(&bench.start, &bench.plan);
    let mut vendor = bench.start.clone();
    change(&mut vendor);
    let (before, after) = (snapshot::of(&facts_of(&bench.start, &keys)), snapshot::of(&facts_of(&vendor, &keys)));
    before == bench.plan.snapshot && before.iter().any(|(k, value)| pattern(k) == key && after.get(k) != Some(value))
}

#[test]
fn a_fact_that_moved_before_the_run_leaves_the_world_untouched() {
    let mut tried = 0;
    for scene in Scene::ALL.into_iter().chain(Scene::OPEN) {
        let bench = scene.set();
        for (key, change) in table(&bench) {
            assert!(is_moved(&bench, &key, change), "{scene:?}: {key} is not moved by its test");
            let run = bench.fork(bench.save());
            {
                let mut s = run.world.lock();
                change(&mut s.vendor);
                s.forbidden = true;
            }
            let end = run.finish();
            let sent = run.world.lock().sent.len();
            assert_eq!((&end, sent), (&Ok(End::Untouched), 0), "{scene:?}: {key}\n{}", run.story());
            assert!(matches!(run.save().events().last(), Some(Event::Drifted { .. })), "{scene:?}: {key}");
            tried += 1;
        }
    }
    assert!(tried > 200, "only {tried} facts were moved");
}

#[test]
fn a_fact_that_moves_between_two_effects_stops_the_run() {
    let mut tried = 0;
    for scene in Scene::ALL {
        let bench = scene.set();
        for step in 1..bench.plan.steps.len() {
            let rows = rows_before(&bench, step);
            // What Okta gave back at once leaves nothing to send.
            if scene == Scene::GroupAtOnce && step > 1 {
                continue;
            }
            let sent = bench.plan.effects().take(step);
            let sent: Vec<&str> = sent.map(reanchor::domain::effect::Effect::name).collect();
            for (key, change) in table(&bench).into_iter().filter(|(key, _)| !vendors_own(key, &sent)) {
                let run = bench.fork(bench.save());
                run.world.lock().change_after = Some((rows, change, true));
                let end = run.finish();
                let about = format!("{scene:?}: {key} before step {step}\n{}", run.story());
                assert_eq!(end, Ok(End::Stopped), "{about}");
                assert_eq!(run.judge(&end), Ok(()), "{about}");
                assert!(run.world.lock().sent.iter().all(|sent| sent.step < step), "{about}");
                tried += 1;
            }
        }
    }
    assert!(tried > 150, "only {tried} facts were moved");
}

/// Number of journal rows of an undisturbed run when it is about to look at this step.
fn rows_before(bench: &Bench, step: usize) -> usize {
    let run = bench.fork(bench.save());
    assert_eq!(run.finish(), Ok(End::Verified), "{}", run.story());
    let events = run.save().events();
    (0..events.len())
        .rev()
        .find(|rows| fold(&events[..*rows]).is_ok_and(|p| p.in_force == step && p.pending.is_none()))
        .unwrap()
}

#[test]
fn a_freeze_stops_every_further_write_and_the_record_says_how_the_person_was_left() {
    for scene in Scene::ALL {
        let bench = scene.set();
        let whole = bench.fork(bench.save());
        assert_eq!(whole.finish(), Ok(End::Verified));
        let rows = whole.save().journal.len();
        for after in 0..rows {
            let run = bench.fork(bench.save());
            {
                let mut s = run.world.lock();
                s.freeze_after = Some(after);
                s.frozen = after == 0;
            }
            // A write whose intent was journaled before the freeze is on its way already.
            let on_its_way = matches!(whole.save().journal.get(after.wrapping_sub(1)), Some((_, Event::Intent { .. })));
            if on_its_way {
                continue;
            }
            let end = run.finish();
            assert_eq!(run.judge(&end), Ok(()), "{scene:?}, frozen after row {after}\n{}", run.story());
            let writes_left = whole.save().events()[after..].iter().any(|row| matches!(row, Event::Intent { .. }));
            assert_eq!(end != Ok(End::Verified), writes_left, "{scene:?}, frozen after row {after}\n{}", run.story());
        }
    }
}

#[test]
fn a_freeze_after_a_crash_stops_every_further_write() {
    for scene in Scene::ALL {
        let bench = scene.set();
        for stop in 1.. {
            let run = bench.fork(bench.save());
            if !matches!(run.life(Some(stop)), Life::Died) {
                break;
            }
            run.world.lock().frozen = true;
            let end = run.finish();
            assert_eq!(run.judge(&end), Ok(()), "{scene:?}, crash at {stop}, then frozen\n{}", run.story());
        }
    }
}

#[test]
fn a_link_to_another_account_than_the_one_on_the_card_is_missed() {
    for scene in [Scene::Replaced, Scene::Group, Scene::GroupAtOnce, Scene::GoOn] {
        let run = scene.set();
        run.world.lock().link_to = Some(other());
        let end = run.finish();
        assert_eq!(end, Ok(End::Stopped), "{scene:?}\n{}", run.story());
        assert_eq!(run.judge(&end), Ok(()), "{scene:?}\n{}", run.story());
        assert!(matches!(run.save().events().last(), Some(Event::Missed { .. })), "{scene:?}\n{}", run.story());
    }
}

#[test]
fn an_approval_of_another_plan_permits_nothing() {
    for scene in Scene::ALL {
        let mut run = scene.set();
        let mut other = (*run.plan).clone();
        other.number += 1;
        run.grant.digest = other.digest();
        run.world.lock().forbidden = true;
        let end = run.finish();
        assert_eq!(end, Ok(End::Untouched), "{scene:?}\n{}", run.story());
        assert_eq!(run.judge(&end), Ok(()), "{scene:?}");
    }
}

#[test]
fn a_run_that_lay_for_half_an_hour_writes_nothing_more() {
    for scene in Scene::ALL {
        let bench = scene.set();
        for stop in 1.. {
            let run = bench.fork(bench.save());
            if !matches!(run.life(Some(stop)), Life::Died) {
                break;
            }
            let before = run.world.lock().sent.len();
            run.world.lock().pass(31 * MINUTE);
            let end = run.finish();
            assert_eq!(run.judge(&end), Ok(()), "{scene:?}, crash at {stop}\n{}", run.story());
            let s = run.save();
            assert_eq!(s.sent.len(), before, "{scene:?}, crash at {stop}\n{}", run.story());
            if end == Ok(End::Stopped) {
                assert_ne!(left_of(&run.plan, &s.events()), "unknown", "{scene:?}, crash at {stop}\n{}", run.story());
            }
        }
    }
}

#[test]
fn a_holder_that_lost_its_lease_sends_and_records_nothing_more() {
    for scene in Scene::ALL.into_iter().chain(Scene::OPEN) {
        let bench = scene.set();
        for stop in 1.. {
            let run = bench.fork(bench.save());
            let leases = run.take_leases();
            run.world.lock().stop_at = Some(stop);
            let mut slow = std::pin::pin!(run.process(&leases));
            if poll_once(&mut slow).is_some() {
                break;
            }
            let point = {
                let mut s = run.world.lock();
                s.stop_at = None;
                // Held up for longer than its lease; a request on the line has been given up by then.
                s.pass(2 * LEASE);
                s.last_point
            };
            if point == "send" || point == "applied" {
                continue;
            }
            let end = run.finish();
            assert_eq!(run.judge(&end), Ok(()), "{scene:?}, held up at {stop} ({point})\n{}", run.story());
            assert_eq!(end, Ok(End::Verified), "{scene:?}, held up at {stop} ({point})\n{}", run.story());
            let before = run.save();
            let left = poll_once(&mut slow).expect("nothing holds it up any more");
            // At the last row it has nothing left to do but to come to its end.
            let done = fold(&before.events()).is_ok_and(|p| p.end.is_some());
            assert!(matches!(left, Err(Left::LostLease)) || (done && left.is_ok()), "{scene:?} at {stop}: {left:?}");
            let after = run.save();
            assert_eq!((after.sent.len(), after.journal.len()), (before.sent.len(), before.journal.len()));
            assert_eq!(after.violations, Vec::<String>::new());
        }
    }
}
