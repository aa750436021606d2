//! What the simulated Okta does by itself: first pushes, profile pushes, deprovisioning, group assignment.
//!
//! These writes are Okta's own: they never stand in the ledger of the client's writes. Begin with [`settle`].
use serde_json::{Map, Value, json};

use super::base::{ANCHOR, LICENCES, ROLES};
use super::clock::Ms;
use super::entra::{self, Unique};
use super::logbook::{self, Failure};
use super::model::{AppUser, EntraUser, Scope, Work, World};
use super::scenario::{DeactivateBy, GroupReassign, OnDeactivate};

/// Does everything that is due by `now`, each at its own instant. Answers whether anything happened.
pub(crate) fn settle(world: &mut World, now: Ms) -> bool {
    let mut worked = false;
    while let Some(job) = world.take_due(now) {
        world.now = world.now.max(job.due);
        worked = true;
        match job.what {
            Work::Provision { user, row } => provision(world, &user, &row),
            Work::Update { user, row } => update(world, &user, &row),
            Work::Deactivate { object, user, armed } => {
                // Which instant counts is not documented: the worse of the two. Switching on too early is as bad as
                // switching off too late.
                if armed || world.okta.app.provisioning.deactivate {
                    deactivate(world, &object, &user);
                }
            }
            Work::Regroup { user } => regroup(world, &user),
        }
    }
    world.now = world.now.max(now);
    entra::purge(&mut world.entra, world.now);
    worked
}

/// A new row of the app, with the profile that the assignment gave; queues the first push.
pub(crate) fn assign(world: &mut World, user: &str, scope: Scope, user_name: String, profile: Map<String, Value>) {
    let row = world.ids.okta("0ua");
    let mut profile = profile;
    if let Some(person) = world.okta.users.get(user) {
        profile.insert("firstName".to_owned(), json!(person.first));
        profile.insert("lastName".to_owned(), json!(person.last));
        profile.insert("displayName".to_owned(), json!(person.name()));
        if world.okta.app.anchor_mapped {
            let mapped = person.ad_anchor.clone().unwrap_or_else(|| person.id.clone());
            profile.insert(ANCHOR.to_owned(), json!(mapped));
        }
    }
    if profile.get(ANCHOR).and_then(Value::as_str).is_none_or(str::is_empty) {
        // Okta's own default: the app user's id, new at each assignment.
        profile.insert(ANCHOR.to_owned(), json!(row));
    }
    let now = world.now;
    let assigned = AppUser {
        row: row.clone(),
        external_id: None,
        created: now,
        updated: now,
        scope,
        status: "STAGED".to_owned(),
        status_changed: now,
        sync_state: "OUT_OF_SYNC".to_owned(),
        last_sync: None,
        user_name,
        profile,
        stuck: !world.okta.app.provisioning.create,
    };
    world.okta.app_users.insert(user.to_owned(), assigned);
    logbook::note(world, user, "application.user_membership.add");
    let delay = world.knobs.push_delay;
    world.later(delay, Work::Provision { user: user.to_owned(), row });
}

/// Removes the row and queues what follows from that. The caller has checked that Okta allows it.
pub(crate) fn unassign(world: &mut World, user: &str) {
    logbook::note(world, user, "application.user_membership.remove");
    world.tasks.remove(user);
    let Some(row) = world.okta.app_users.remove(user) else { return };
    if let Some(object) = deactivation_target(world, &row) {
        let (delay, armed) = (world.knobs.deactivation_delay, world.okta.app.provisioning.deactivate);
        world.later(delay, Work::Deactivate { object, user: user.to_owned(), armed });
    }
    if world.okta.granting_group(user).is_some() {
        match world.knobs.group_reassign {
            GroupReassign::Never => {}
            GroupReassign::AtOnce => regroup(world, user),
            GroupReassign::After5s => world.later(5_000, Work::Regroup { user: user.to_owned() }),
        }
    }
}

/// The console's Retry: pushes once more, now. Answers whether it worked.
pub(crate) fn retry(world: &mut World, user: &str) -> bool {
    let Some(row) = world.okta.app_users.get(user).cloned() else { return false };
    if row.external_id.is_some() {
        update(world, user, &row.row);
    } else {
        provision(world, user, &row.row);
    }
    world.okta.app_users.get(user).is_some_and(|r| r.sync_state == "SYNCHRONIZED")
}

fn provision(world: &mut World, user: &str, row: &str) {
    let Some(assigned) = world.okta.app_users.get(user).filter(|r| r.row == row).cloned() else { return };
    if assigned.external_id.is_some() {
        return;
    }
    match link_or_create(world, &assigned) {
        Ok(object) => {
            let now = world.now;
            if let Some(mine) = world.okta.app_users.get_mut(user) {
                mine.external_id = Some(object);
                "PROVISIONED".clone_into(&mut mine.status);
                mine.status_changed = now;
                synced(mine, now);
            }
            logbook::pushed(world, user, "application.provision.user.push");
        }
        Err(failure) => fail(world, user, &failure),
    }
}

fn synced(row: &mut AppUser, now: Ms) {
    "SYNCHRONIZED".clone_into(&mut row.sync_state);
    row.last_sync = Some(now);
    row.updated = now;
}

fn fail(world: &mut World, user: &str, failure: &Failure) {
    let now = world.now;
    if let Some(mine) = world.okta.app_users.get_mut(user) {
        "ERROR".clone_into(&mut mine.sync_state);
        mine.updated = now;
    }
    logbook::failed(world, user, failure);
}

fn link_or_create(world: &mut World, row: &AppUser) -> Result<String, Failure> {
    if world.knobs.pushes_need_mfa {
        return Err(Failure::Mfa);
    }
    if row.stuck || !world.okta.app.provisioning.create {
        return Err(Failure::NoMatch);
    }
    let by_name = world.entra.live_by_upn(&row.user_name).map(|u| u.id.clone());
    let by_anchor = row.anchor().and_then(|a| entra::holder(&world.entra, Unique::Anchor, a, ("", false)));
    let by_anchor = by_anchor.map(|u| u.id.clone());
    match (by_name, by_anchor) {
        (Some(named), Some(anchored)) if named != anchored => {
            Err(Failure::Taken { property: Unique::Anchor.property() })
        }
        (Some(object), _) | (None, Some(object)) => push_choices(world, &object, row).map(|()| object),
        (None, None) => create(world, row),
    }
}

/// The anchor that Okta sends, written to the linked object where Entra lets it be written.
fn push_anchor(world: &mut World, object: &str, row: &AppUser) -> Result<(), Failure> {
    let Some(sent) = row.anchor() else { return Ok(()) };
    let Some(user) = world.entra.users.get(object).filter(|u| u.anchor.as_deref() != Some(sent)) else {
        return Ok(());
    };
    if entra::holder(&world.entra, Unique::Anchor, sent, (object, true)).is_some() {
        return Err(Failure::Taken { property: Unique::Anchor.property() });
    }
    if world.entra.federated(&user.upn) {
        return Err(if user.anchor.is_none() { Failure::AnchorMissing } else { Failure::AnchorBlocked });
    }
    if let Some(user) = world.entra.users.get_mut(object) {
        user.anchor = Some(sent.to_owned());
    }
    logbook::object_changed(world, object, "Update user");
    Ok(())
}

/// Licences and roles of the assignment overwrite what the object had; a blank assignment strips it.
fn push_choices(world: &mut World, object: &str, row: &AppUser) -> Result<(), Failure> {
    let sku = world.entra.sku.clone();
    let wanted = row.list(LICENCES).contains(&sku.part);
    let seats = world.entra.seats_free();
    let Some(user) = world.entra.users.get_mut(object) else {
        return Err(Failure::Gone { object: object.to_owned() });
    };
    let before = user.clone();
    if !wanted {
        user.licences.remove(&sku.id);
    } else if !user.licences.contains(&sku.id) {
        if !seats {
            return Err(Failure::NoSeats);
        }
        user.licences.insert(sku.id);
    }
    if user.anchor.is_none() && !world.entra.federated(&row.user_name) {
        let anchor = row.anchor().map(ToOwned::to_owned);
        if let Some(user) = world.entra.users.get_mut(object) {
            user.anchor = anchor;
        }
    }
    let roles = row.list(ROLES);
    if roles.is_empty() {
        world.entra.roles.remove(object);
    } else {
        world.entra.roles.insert(object.to_owned(), roles);
    }
    if world.entra.users.get(object) != Some(&before) {
        logbook::object_changed(world, object, "Update user");
    }
    Ok(())
}

fn create(world: &mut World, row: &AppUser) -> Result<String, Failure> {
    let taken = |what: Unique, value: &str| entra::holder(&world.entra, what, value, ("", true)).is_some();
    let proxy = format!("SMTP:{}", row.user_name);
    let conflict = [(Unique::Upn, Some(row.user_name.as_str())), (Unique::Anchor, row.anchor())];
    for (what, value) in conflict.into_iter().chain([(Unique::Proxy, Some(proxy.as_str()))]) {
        if value.is_some_and(|v| taken(what, v)) {
            return Err(Failure::Taken { property: what.property() });
        }
    }
    let licensed = row.list(LICENCES).contains(&world.entra.sku.part);
    if licensed && !world.entra.seats_free() {
        return Err(Failure::NoSeats);
    }
    if row.anchor().is_none() && world.entra.federated(&row.user_name) {
        return Err(Failure::AnchorMissing);
    }
    let id = world.ids.guid();
    let text = |key: &str| row.profile.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let user = EntraUser {
        id: id.clone(),
        upn: row.user_name.clone(),
        display_name: text("displayName"),
        first: text("firstName"),
        last: text("lastName"),
        department: String::new(),
        enabled: true,
        user_type: "Member".to_owned(),
        created: world.now,
        deleted: None,
        anchor: row.anchor().map(ToOwned::to_owned),
        synced: None,
        proxies: vec![proxy],
        licences: licensed.then(|| world.entra.sku.id.clone()).into_iter().collect(),
        visible_from: world.now + world.knobs.replication,
    };
    world.entra.users.insert(id.clone(), user);
    logbook::object_created(world, &id, true);
    Ok(id)
}

fn update(world: &mut World, user: &str, row: &str) {
    let Some(mine) = world.okta.app_users.get(user).filter(|r| r.row == row).cloned() else { return };
    let Some(object) = mine.external_id.clone() else { return };
    let target = world.entra.users.get(&object).filter(|u| u.deleted.is_none() && u.visible_from <= world.now);
    let mastered = target.is_some_and(|u| u.synced == Some(true));
    let result = if world.knobs.pushes_need_mfa {
        Err(Failure::Mfa)
    } else if target.is_none() {
        Err(Failure::Gone { object })
    } else if mastered {
        Err(Failure::Mastered)
    } else {
        push_anchor(world, &object, &mine).and_then(|()| push_choices(world, &object, &mine))
    };
    match result {
        Ok(()) => {
            let now = world.now;
            if let Some(mine) = world.okta.app_users.get_mut(user) {
                synced(mine, now);
            }
            logbook::pushed(world, user, "application.provision.user.push_profile");
        }
        Err(failure) => fail(world, user, &failure),
    }
}

fn deactivation_target(world: &World, row: &AppUser) -> Option<String> {
    let linked = row.external_id.as_ref().filter(|id| world.entra.live().any(|u| u.id == **id)).cloned();
    let by_name = || world.entra.live_by_upn(&row.user_name).map(|u| u.id.clone());
    match world.knobs.deactivate_by {
        DeactivateBy::ExternalId => linked,
        DeactivateBy::UserName => linked.or_else(by_name),
    }
}

fn deactivate(world: &mut World, object: &str, user: &str) {
    let now = world.now;
    let Some(target) = world.entra.users.get_mut(object).filter(|u| u.deleted.is_none()) else { return };
    target.enabled = false;
    let activity = match world.knobs.on_deactivate {
        OnDeactivate::Block => "Disable account",
        OnDeactivate::RemoveLicenses => {
            target.licences.clear();
            "Change user license"
        }
        OnDeactivate::Delete => {
            target.deleted = Some(now);
            "Delete user"
        }
    };
    logbook::object_changed(world, object, activity);
    logbook::note(world, user, "application.provision.user.deactivate");
    match world.knobs.on_deactivate {
        OnDeactivate::Block => {}
        OnDeactivate::RemoveLicenses => logbook::note(world, user, "app.office365.user.remove.licenses.success"),
        OnDeactivate::Delete => logbook::note(world, user, "app.office365.user.delete.success"),
    }
}

fn regroup(world: &mut World, user: &str) {
    if world.okta.app_users.contains_key(user) {
        return;
    }
    let Some(profile) = world.okta.granting_group(user).and_then(|g| g.app_profile.clone()) else { return };
    let Some(login) = world.okta.users.get(user).filter(|u| u.status == "ACTIVE").map(|u| u.login.clone()) else {
        return;
    };
    assign(world, user, Scope::Group, login, profile);
}
