//! The rules of the simulated Entra tenant: who holds a value, deletion, restore, licences.
//!
//! Never speaks HTTP. Begin with [`restore`] or [`holder`].
use super::clock::Ms;
use super::model::{Directory, EntraUser};

/// Days a deleted user can be restored.
pub(crate) const KEPT: Ms = 30 * 86_400_000;

/// Which value of a user must be unique in the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unique {
    Upn,
    Anchor,
    Proxy,
}

impl Unique {
    pub(crate) fn property(self) -> &'static str {
        match self {
            Self::Upn => "userPrincipalName",
            Self::Anchor => "onPremisesImmutableId",
            Self::Proxy => "proxyAddresses",
        }
    }
}

/// The sign-in name as the wire shows it: a deleted user's is prefixed with the object id without dashes.
pub(crate) fn wire_upn(user: &EntraUser) -> String {
    if user.deleted.is_some() { format!("{}{}", user.id.replace('-', ""), user.upn) } else { user.upn.clone() }
}

/// The user other than `except` who holds this value; `deleted_too` looks into deletedItems as well.
pub(crate) fn holder<'a>(
    directory: &'a Directory,
    what: Unique,
    value: &str,
    (except, deleted_too): (&str, bool),
) -> Option<&'a EntraUser> {
    directory.users.values().filter(|u| u.id != except && (deleted_too || u.deleted.is_none())).find(|u| match what {
        Unique::Upn => u.upn.eq_ignore_ascii_case(value),
        Unique::Anchor => u.anchor.as_deref() == Some(value),
        Unique::Proxy => u.proxies.iter().any(|p| p.eq_ignore_ascii_case(value)),
    })
}

/// Why a restore was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoRestore {
    NotThere,
    Taken(Unique),
    NoSeats,
}

/// Brings a soft-deleted user back as it was.
pub(crate) fn restore(directory: &mut Directory, id: &str, now: Ms) -> Result<(), NoRestore> {
    let user = deleted(directory, id, now).ok_or(NoRestore::NotThere)?;
    if holder(directory, Unique::Upn, &user.upn, (id, false)).is_some() {
        return Err(NoRestore::Taken(Unique::Upn));
    }
    if user.anchor.as_deref().is_some_and(|a| holder(directory, Unique::Anchor, a, (id, false)).is_some()) {
        return Err(NoRestore::Taken(Unique::Anchor));
    }
    if user.proxies.iter().any(|p| holder(directory, Unique::Proxy, p, (id, false)).is_some()) {
        return Err(NoRestore::Taken(Unique::Proxy));
    }
    if user.licences.contains(&directory.sku.id) && !directory.seats_free() {
        return Err(NoRestore::NoSeats);
    }
    if let Some(user) = directory.users.get_mut(id) {
        user.deleted = None;
    }
    Ok(())
}

/// A soft-deleted user who is still kept.
pub(crate) fn deleted<'a>(directory: &'a Directory, id: &str, now: Ms) -> Option<&'a EntraUser> {
    directory.users.get(id).filter(|u| u.deleted.is_some_and(|at| now < at + KEPT))
}

/// Drops soft-deleted users whose time is over.
pub(crate) fn purge(directory: &mut Directory, now: Ms) {
    directory.users.retain(|_, u| u.deleted.is_none_or(|at| now < at + KEPT));
}
