//! Soft-deleted users.
//!
//! Never reconciles addresses by itself and takes no body for a restore. Begin with [`restore`].
use super::query::{Shape, answer, single};
use super::users::{USERS, user_json};
use super::{error, gone};
use crate::sandbox::entra::{self, NoRestore};
use crate::sandbox::logbook;
use crate::sandbox::model::World;
use crate::sandbox::wire::{Call, Reply};

const DELETED: Shape = Shape { context: "directory/deletedItems", ..USERS };

pub(super) fn list(world: &mut World, call: &Call) -> Reply {
    let kept = world.entra.users.values().filter(|u| u.deleted.is_some());
    answer(world, call, kept.map(|u| user_json(world, u)).collect(), DELETED)
}

pub(super) fn get(world: &mut World, call: &Call) -> Reply {
    match entra::deleted(&world.entra, call.arg(0), world.now) {
        Some(user) => single(world, call, user_json(world, user), DELETED),
        None => gone(world, call, call.arg(0)),
    }
}

pub(super) fn restore(world: &mut World, call: &Call) -> Reply {
    let id = call.arg(0);
    if !call.body.is_empty() && call.json().is_none_or(|b| b.as_object().is_none_or(|b| !b.is_empty())) {
        let text = "The parameters of the request body are not supported for 'restore'.";
        return error(world, call, (400, "Request_BadRequest"), text);
    }
    let now = world.now;
    match entra::restore(&mut world.entra, id, now) {
        Ok(()) => {
            logbook::object_written(world, id, "Restore user");
            match world.entra.users.get(id) {
                Some(user) => {
                    single(world, call, user_json(world, user), Shape { context: "directoryObjects", ..USERS })
                }
                None => gone(world, call, id),
            }
        }
        Err(NoRestore::NotThere) => gone(world, call, id),
        Err(NoRestore::Taken(what)) => {
            let text = format!("Another object with the same value for property {} already exists.", what.property());
            error(world, call, (409, "Request_MultipleObjectsWithSameKeyValue"), &text)
        }
        Err(NoRestore::NoSeats) => {
            let sku = &world.entra.sku.id;
            let text = format!("Subscription with SKU {sku} does not have any available licenses.");
            error(world, call, (400, "Request_BadRequest"), &text)
        }
    }
}
