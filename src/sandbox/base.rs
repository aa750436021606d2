//! The standard world: one org, one tenant, seven people; a scenario changes a few things in it.
//!
//! Ids of the standard world are fixed, so that scenario files can name them. Never reads a clock.
//! Begin with [`build`].
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::clock::Ms;
use super::entra::Unique;
use super::fresh::Ids;
use super::inbound::InboundSection;
use super::logbook::{self, Failure};
use super::model::{
    App, AppUser, Directory, Domain, EntraUser, Group, OktaUser, Org, Password, Provisioning, Scope, Sku, World,
};
use super::scenario::{Assigned, DeletedBy, ErrorKind, HolderSection, ObjectState, ReplacementSection, Scenario};

/// Variable name of the app profile's attribute titled "Immutable ID".
pub(crate) const ANCHOR: &str = "immutableId";
/// ... titled "Licenses".
pub(crate) const LICENCES: &str = "licenses";
/// ... titled "Roles".
pub(crate) const ROLES: &str = "roles";
/// ... titled "Usage location".
pub(crate) const USAGE_LOCATION: &str = "usageLocation";

pub(crate) const APP: &str = "0oa8o365vK3pTz6Yw1d7";
pub(crate) const TENANT: &str = "3f6c9a1e-58b2-4d07-9e4b-a1c27d805f93";
pub(crate) const DOMAIN: &str = "northbridge.example";
pub(crate) const INITIAL_DOMAIN: &str = "northbridge.onmicrosoft.com";
pub(crate) const USER_TYPE: &str = "oty8stdUserType0w1d7";
pub(crate) const SAM: &str = "00u8samWQ5nHc2Je91d7";
pub(crate) const ASKERS: &str = "00g8askersB4xVn3Ku7d";
pub(crate) const APPROVERS: &str = "00g8approvF6mZt2Rs7d";
pub(crate) const OPERATORS: &str = "00g8operatH9cLw5Yp7d";
pub(crate) const APP_GROUP: &str = "00g8m365usersD2kQx7d";
/// Object that the subject's AppUser points to.
pub(crate) const OLD_OBJECT: &str = "9d2e4f10-6a3b-4c58-8f71-2b60c9d4e7a5";
/// Live account under the subject's UPN.
pub(crate) const NEW_OBJECT: &str = "c4a7d3b8-1f25-4e96-b0d8-57e3f9126a4c";
/// Object that holds the anchor which Okta sends for the subject.
pub(crate) const HOLDER_OBJECT: &str = "7b40c5e1-38f2-4d96-a1c7-e92d60f4b853";
pub(crate) const ADMIN_OBJECT: &str = "15e8b7d2-93c4-4fa6-8e0b-6d72a9c1f358";
/// Okta's own service principal in the tenant.
pub(crate) const OKTA_PRINCIPAL: &str = "e07b52c9-4d16-4a83-bf95-18c3d60a7e24";

/// Service principal of the inbound provisioning app, and its job.
pub(crate) const INBOUND_PRINCIPAL: &str = "5b2e8c14-6a90-4d37-8f1b-c3d7e9a04f62";
pub(crate) const INBOUND_JOB: &str = "API2AAD.3f6c9a1e58b24d079e4ba1c27d805f93.d80e6b27-41fa-4c95-b3a8-7e2c1f095da6";
/// The second person whose account may have been replaced, and the object that replaced it.
const SECOND: &str = "00u8lenaPt8Ka6Xe21d7";
const SECOND_OBJECT: &str = "d36a90f4-5e18-4b72-9c0d-41f8a7e2b695";
/// Somebody else of the subject's name.
const NAMESAKE: &str = "00u8sam2Lp7Gd3Vx41d7";
/// Service principal of the app that calls Graph from outside.
pub(crate) const CLIENT_PRINCIPAL: &str = "52d81f6a-c3b9-4e07-8a46-f1d90b7e3c28";

const DAY: Ms = 86_400_000;
const SKU: &str = "6fd2c87f-b296-42f0-b197-1e91e994b900";
const SKU_PART: &str = "ENTERPRISEPACK";
const SAM_ANCHOR: &str = "q3Zt0c5mYkKx7vE2nB9dLw==";
const EVERYONE: &str = "00g8everyoneA1zPq87d";

/// Okta id, login's first part, first name, last name, department.
const PEOPLE: [(&str, &str, &str, &str, &str); 7] = [
    ("00u8annaRk4Tz7Lm31d7", "anna.keller", "Anna", "Keller", "Help Desk"),
    ("00u8benXw6Vp1Cs58d71", "ben.okafor", "Ben", "Okafor", "Identity"),
    ("00u8carlaQ9Hy2Nf61d7", "carla.reyes", "Carla", "Reyes", "Identity"),
    ("00u8daveMj3Ud5Gb41d7", "dave.lindgren", "Dave", "Lindgren", "Facilities"),
    ("00u8lenaPt8Ka6Xe21d7", "lena.fournier", "Lena", "Fournier", "Finance"),
    ("00u8omarZc7Wr4Ji91d7", "omar.haddad", "Omar", "Haddad", "Logistics"),
    (SAM, "sam.whitlock", "Sam", "Whitlock", "Sales"),
];

/// Okta id, app user id, Entra object id, anchor of the two other linked people.
const LINKED: [(&str, &str, &str, &str); 2] = [
    (
        "00u8lenaPt8Ka6Xe21d7",
        "0ua8lenaYg5Df1Sb71d7",
        "2b91f6d4-7c0e-4835-a5d9-8e14c7b3f062",
        "Jm4pV8sRt0uWc1xYh6zGaQ==",
    ),
    (
        "00u8omarZc7Wr4Ji91d7",
        "0ua8omarEv2Hn9Kq31d7",
        "f85c30a7-e2d9-4b61-9c74-03a6d8e5b1f9",
        "bN7eK2wDq5uTf9gXr3hLsA==",
    ),
];

/// The world of a scenario at the instant it is loaded.
pub(crate) fn build(scenario: &Scenario, now: Ms, ids: Ids) -> World {
    let section = &scenario.tenant;
    let mut world = World {
        scenario: scenario.name.clone(),
        title: section.title.clone(),
        people: scenario.people.clone(),
        subject: SAM.to_owned(),
        knobs: scenario.knobs(),
        declared: section.declare.clone(),
        okta: org(scenario, now),
        entra: directory(scenario, now),
        events: Vec::new(),
        incident: section.incident.as_ref().map(|incident| incident.build(now)),
        audits: Vec::new(),
        tasks: BTreeMap::new(),
        error: String::new(),
        jobs: Vec::new(),
        ids,
        now,
    };
    fill_seats(&mut world, section.free_seats);
    history(&mut world, scenario);
    world
}

fn org(scenario: &Scenario, now: Ms) -> Org {
    let section = &scenario.tenant;
    let app = App {
        id: APP.to_owned(),
        label: "Microsoft Office 365".to_owned(),
        domain: DOMAIN.to_owned(),
        msft_tenant: "northbridge".to_owned(),
        provisioning: Provisioning {
            create: section.provisioning.create,
            update: section.provisioning.update,
            deactivate: section.provisioning.deactivate,
        },
        password: Password { on: false, seed: "RANDOM".to_owned(), change: "KEEP_EXISTING".to_owned() },
        anchor_mapped: section.anchor.mapped,
        created: now - 900 * DAY,
    };
    let mut admin_roles = BTreeMap::new();
    if !section.subject.okta_admin_roles.is_empty() {
        admin_roles.insert(SAM.to_owned(), section.subject.okta_admin_roles.clone());
    }
    Org {
        app,
        users: okta_users(scenario, now),
        groups: groups(section.subject.assigned, now),
        app_users: app_users(scenario, now),
        admin_roles,
        hooks: BTreeMap::new(),
    }
}

fn okta_users(scenario: &Scenario, now: Ms) -> BTreeMap<String, OktaUser> {
    let mut users: BTreeMap<_, _> = PEOPLE.iter().map(|p| (p.0.to_owned(), okta_user(p, scenario, now))).collect();
    if scenario.tenant.namesake {
        let other = (NAMESAKE, "sam.whitlock2", "Sam", "Whitlock", "Finance");
        users.insert(NAMESAKE.to_owned(), okta_user(&other, scenario, now));
    }
    users
}

fn okta_user(person: &(&str, &str, &str, &str, &str), scenario: &Scenario, now: Ms) -> OktaUser {
    let subject = person.0 == SAM;
    let section = &scenario.tenant.subject;
    OktaUser {
        id: person.0.to_owned(),
        status: if subject { section.okta_status.clone() } else { "ACTIVE".to_owned() },
        login: format!("{}@{DOMAIN}", person.1),
        first: person.2.to_owned(),
        last: person.3.to_owned(),
        department: person.4.to_owned(),
        ad_anchor: (subject && section.ad_sourced).then(|| okta_anchor(scenario).unwrap_or_default()),
        created: now - 800 * DAY,
    }
}

fn groups(assigned: Assigned, now: Ms) -> BTreeMap<String, Group> {
    let ids = |names: &[&str]| -> BTreeSet<String> {
        PEOPLE.iter().filter(|p| names.iter().any(|n| p.1.starts_with(n))).map(|p| p.0.to_owned()).collect()
    };
    let mut app_members = ids(&["omar"]);
    if assigned == Assigned::Group {
        app_members.insert(SAM.to_owned());
    }
    let all = PEOPLE.iter().map(|p| p.0.to_owned()).collect();
    let group = |id: &str, kind: &str, name: &str, members: BTreeSet<String>, app: Option<Map<String, Value>>| Group {
        id: id.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        members,
        app_profile: app,
        created: now - 850 * DAY,
    };
    [
        group(ASKERS, "OKTA_GROUP", "Reanchor askers", ids(&["anna"]), None),
        group(APPROVERS, "OKTA_GROUP", "Reanchor approvers", ids(&["ben", "carla"]), None),
        group(OPERATORS, "OKTA_GROUP", "Reanchor operators", ids(&["carla"]), None),
        group(APP_GROUP, "OKTA_GROUP", "Microsoft 365 users", app_members, Some(group_profile())),
        group(EVERYONE, "BUILT_IN", "Everyone", all, None),
    ]
    .into_iter()
    .map(|g| (g.id.clone(), g))
    .collect()
}

/// What the assigned group gives its members.
fn group_profile() -> Map<String, Value> {
    let mut profile = Map::new();
    profile.insert(LICENCES.to_owned(), json!([SKU_PART]));
    profile.insert(ROLES.to_owned(), json!([]));
    profile.insert(USAGE_LOCATION.to_owned(), json!("GB"));
    profile
}

fn app_profile(anchor: Option<&str>, first: &str, last: &str) -> Map<String, Value> {
    let mut profile = group_profile();
    profile.insert(ANCHOR.to_owned(), anchor.map_or(Value::Null, Value::from));
    profile.insert("firstName".to_owned(), json!(first));
    profile.insert("lastName".to_owned(), json!(last));
    profile.insert("displayName".to_owned(), json!(format!("{first} {last}")));
    profile
}

fn given(value: Option<&String>, otherwise: &str) -> Option<String> {
    match value {
        Some(text) if text.is_empty() => None,
        Some(text) => Some(text.clone()),
        None => Some(otherwise.to_owned()),
    }
}

fn okta_anchor(scenario: &Scenario) -> Option<String> {
    given(scenario.tenant.anchor.okta.as_ref(), SAM_ANCHOR)
}

fn app_users(scenario: &Scenario, now: Ms) -> BTreeMap<String, AppUser> {
    let mut rows: BTreeMap<_, _> = LINKED
        .iter()
        .filter_map(|(user, row, object, anchor)| {
            let person = PEOPLE.iter().find(|p| p.0 == *user)?;
            let scope = if person.1.starts_with("omar") { Scope::Group } else { Scope::User };
            let mut linked = linked_row(person, row, now - 500 * DAY, scope);
            linked.external_id = Some((*object).to_owned());
            linked.profile = app_profile(Some(anchor), person.2, person.3);
            linked.last_sync = Some(now - 3 * DAY);
            Some(((*user).to_owned(), linked))
        })
        .collect();
    if let Some(sam) = PEOPLE.iter().find(|p| p.0 == SAM) {
        rows.insert(SAM.to_owned(), subject_row(sam, scenario, now));
    }
    rows
}

fn linked_row(person: &(&str, &str, &str, &str, &str), row: &str, at: Ms, scope: Scope) -> AppUser {
    AppUser {
        row: row.to_owned(),
        external_id: None,
        created: at,
        updated: at,
        scope,
        status: "PROVISIONED".to_owned(),
        status_changed: at,
        sync_state: "SYNCHRONIZED".to_owned(),
        last_sync: Some(at),
        user_name: format!("{}@{DOMAIN}", person.1),
        profile: Map::new(),
        stuck: false,
    }
}

fn subject_row(sam: &(&str, &str, &str, &str, &str), scenario: &Scenario, now: Ms) -> AppUser {
    let section = &scenario.tenant.subject;
    let scope = if section.assigned == Assigned::Group { Scope::Group } else { Scope::User };
    let created = now - section.row_age.0;
    let failed = now - scenario.tenant.error_age.0;
    let mut row = linked_row(sam, "0ua8samCb3Xf6Lw81d7q", created, scope);
    row.profile = app_profile(okta_anchor(scenario).as_deref(), sam.2, sam.3);
    let synced = now - section.last_sync_age.map_or(section.row_age.0, |s| s.0);
    row.last_sync = Some(synced);
    if synced <= failed {
        "ERROR".clone_into(&mut row.sync_state);
        row.updated = failed;
    }
    if section.object == ObjectState::None {
        "STAGED".clone_into(&mut row.status);
        row.last_sync = None;
        row.stuck = !scenario.tenant.provisioning.create;
    } else {
        row.external_id = Some(OLD_OBJECT.to_owned());
    }
    row
}

fn directory(scenario: &Scenario, now: Ms) -> Directory {
    let section = &scenario.tenant;
    let mut users = vec![entra_user(ADMIN_OBJECT, "helen.marsh", ("Helen", "Marsh"), now - 900 * DAY)];
    let mut roles = BTreeMap::new();
    let mut eligible = BTreeMap::new();
    roles.insert(ADMIN_OBJECT.to_owned(), vec!["User Administrator".to_owned()]);
    if !section.other_tenant {
        for (okta, _, object, anchor) in LINKED {
            if let Some(p) = PEOPLE.iter().find(|p| p.0 == okta) {
                let new = section.second.as_ref().filter(|_| okta == SECOND);
                let (object, age) = new.map_or((object, 500 * DAY), |new| (SECOND_OBJECT, new.age.0));
                let mut user = entra_user(object, p.1, (p.2, p.3), now - age);
                user.anchor = Some(anchor.to_owned());
                users.push(user);
            }
        }
        users.extend(section.holder.as_ref().map(|holder| anchor_holder(holder, scenario, now)));
        users.extend(subject_object(scenario, now));
        if let Some(new) = &section.replacement {
            users.push(replacement(new, scenario, now));
            if !new.roles.is_empty() {
                roles.insert(NEW_OBJECT.to_owned(), new.roles.clone());
            }
            if !new.eligible_roles.is_empty() {
                eligible.insert(NEW_OBJECT.to_owned(), new.eligible_roles.clone());
            }
        }
    }
    let (tenant, name, main, initial) = if section.other_tenant {
        ("84d0c6f2-1b7e-4395-a2c8-f06e3d97b51a", "Southgate", "southgate.example", "southgate.onmicrosoft.com")
    } else {
        (TENANT, "Northbridge", DOMAIN, INITIAL_DOMAIN)
    };
    if section.other_tenant {
        for user in &mut users {
            user.upn = user.upn.replace(DOMAIN, main);
            user.proxies = vec![format!("SMTP:{}", user.upn)];
        }
    }
    // The administrator's account was made in the cloud.
    for user in users.iter_mut().filter(|u| section.sync.everybody() || u.id != ADMIN_OBJECT) {
        user.synced = section.sync.on().then_some(true);
    }
    let domain = |name: &str, federated: bool, initial: bool| Domain {
        name: name.to_owned(),
        federated,
        initial,
        default: !initial,
    };
    Directory {
        tenant: tenant.to_owned(),
        name: name.to_owned(),
        domains: vec![domain(main, true, false), domain(initial, false, true)],
        users: users.into_iter().map(|u| (u.id.clone(), u)).collect(),
        sku: Sku { id: SKU.to_owned(), part: SKU_PART.to_owned(), enabled: 25, elsewhere: 0 },
        roles,
        eligible,
        inbound: Some(section.inbound.clone().unwrap_or_default().build(now)),
        sync: section.sync,
    }
}

fn entra_user(id: &str, local: &str, (first, last): (&str, &str), created: Ms) -> EntraUser {
    let upn = format!("{local}@{DOMAIN}");
    EntraUser {
        id: id.to_owned(),
        proxies: vec![format!("SMTP:{upn}")],
        upn,
        display_name: format!("{first} {last}"),
        first: first.to_owned(),
        last: last.to_owned(),
        department: String::new(),
        enabled: true,
        user_type: "Member".to_owned(),
        created,
        deleted: None,
        anchor: None,
        synced: None,
        licences: BTreeSet::from([SKU.to_owned()]),
        visible_from: created,
    }
}

fn subject_object(scenario: &Scenario, now: Ms) -> Option<EntraUser> {
    let section = &scenario.tenant.subject;
    let deleted = match section.object {
        ObjectState::Live => None,
        ObjectState::Deleted => Some(now - section.deleted_age.0),
        ObjectState::Purged | ObjectState::None => return None,
    };
    let mut user = entra_user(OLD_OBJECT, "sam.whitlock", ("Sam", "Whitlock"), now - section.object_age.0);
    user.anchor = given(scenario.tenant.anchor.entra.as_ref().or(scenario.tenant.anchor.okta.as_ref()), SAM_ANCHOR);
    user.deleted = deleted;
    "Sales".clone_into(&mut user.department);
    if section.visible_after.0 > 0 {
        user.visible_from = now + section.visible_after.0;
    }
    Some(user)
}

fn anchor_holder(holder: &HolderSection, scenario: &Scenario, now: Ms) -> EntraUser {
    let (first, last) = holder.name.split_once(' ').unwrap_or((&holder.name, ""));
    let mut user = entra_user(HOLDER_OBJECT, &holder.local, (first, last), now - holder.age.0);
    user.anchor = okta_anchor(scenario);
    user.deleted = holder.deleted_age.map(|age| now - age.0);
    user
}

fn replacement(new: &ReplacementSection, scenario: &Scenario, now: Ms) -> EntraUser {
    let name = new.name.as_deref().unwrap_or("Sam Whitlock");
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    let mut user = entra_user(NEW_OBJECT, "sam.whitlock", (first, last), now - new.age.0);
    user.anchor = given(new.anchor.as_ref(), okta_anchor(scenario).as_deref().unwrap_or_default());
    user.user_type.clone_from(&new.user_type);
    "Sales".clone_into(&mut user.department);
    user
}

fn fill_seats(world: &mut World, free: usize) {
    let used = world.entra.consumed();
    let sku = &mut world.entra.sku;
    sku.enabled = sku.enabled.max(used.saturating_add(free));
    sku.elsewhere = sku.enabled.saturating_sub(free).saturating_sub(used);
}

/// The subject's failed task and those of 39 more people, one a line.
fn many(text: &str) -> String {
    let sam = ("Sam Whitlock", "sam.whitlock");
    let other = |n: usize| text.replace(sam.0, &format!("Kim Tate{n}")).replace(sam.1, &format!("kim.tate{n}"));
    let all: Vec<String> = std::iter::once(text.to_owned()).chain((1..40).map(other)).collect();
    all.join("\n")
}

/// What the logs already say when the scenario begins.
fn history(world: &mut World, scenario: &Scenario) {
    let section = &scenario.tenant;
    let now = world.now;
    let failed = now - section.error_age.0;
    if section.subject.object == ObjectState::Deleted {
        world.now = now - section.subject.deleted_age.0;
        let by_okta = section.subject.deleted_by == DeletedBy::Okta;
        logbook::object_deleted(world, OLD_OBJECT, by_okta);
        if by_okta {
            // Given back later: Okta took up its old row, which still points to the object it had deleted itself.
            world.now = now - section.subject.row_age.0;
            logbook::note(world, SAM, "application.user_membership.add");
        }
    }
    if let Some(age) = section.holder.as_ref().and_then(|holder| holder.deleted_age) {
        world.now = now - age.0;
        logbook::object_deleted(world, HOLDER_OBJECT, false);
    }
    if let Some(new) = section.replacement.as_ref().filter(|_| !section.other_tenant) {
        world.now = now - new.age.0;
        logbook::object_created(world, NEW_OBJECT, false);
    }
    world.now = failed;
    let failure = match section.error {
        ErrorKind::ResourceNotFound => Failure::Gone { object: OLD_OBJECT.to_owned() },
        ErrorKind::MatchingUserNotFound => Failure::NoMatch,
        ErrorKind::Mfa | ErrorKind::MfaForMany => Failure::Mfa,
        ErrorKind::UsageLocation => Failure::UsageLocation,
        ErrorKind::Deactivation => Failure::Deactivation,
        ErrorKind::Inbound => {
            world.error = section.inbound.as_ref().map(InboundSection::text).unwrap_or_default();
            world.now = now;
            return;
        }
        ErrorKind::AnchorTaken => Failure::Taken { property: Unique::Anchor.property() },
        ErrorKind::AnchorBlocked => Failure::AnchorBlocked,
        ErrorKind::AnchorMissing => Failure::AnchorMissing,
        ErrorKind::Mastered => Failure::Mastered,
    };
    let mut text = logbook::failed(world, SAM, &failure);
    if section.error == ErrorKind::MfaForMany {
        text = many(&text);
        world.tasks.insert(SAM.to_owned(), text.clone());
    }
    let well = world.okta.app_users.get(SAM).is_some_and(|row| row.sync_state == "SYNCHRONIZED");
    if well {
        world.tasks.remove(SAM);
        world.now = now - section.subject.last_sync_age.map_or(0, |s| s.0);
        logbook::pushed(world, SAM, "application.provision.user.push_profile");
    }
    world.error = text;
    world.now = now;
}
