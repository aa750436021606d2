//! Effects: one checked change each, as data, so that a plan can be printed, digested, stored, compared with the world and
//! taken back without code for every step.
//!
//! An effect never combines two changes whose middle cannot be seen from outside ("unassign and assign" are two), because a
//! crash in between could not be resolved. It never waits: waiting for a link is a [`Check`] of the step.
//!
//! Begin with [`Effect`], then [`Effect::seen`] (what a read says about it).

use super::guard::Guard;
use super::ids::{AppId, EntraId, OktaUserId};
use super::tenant::{AppUser, EntraUser, Scope};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "effect")]
pub enum Effect {
    /// Converts an assignment between direct and by group.
    ConvertAssignment {
        /// App.
        app: AppId,
        /// Person.
        user: OktaUserId,
        /// Scope now.
        from: Scope,
        /// Scope wanted.
        to: Scope,
    },
    /// Removes the assignment; carries the row as it was, because Okta cannot give it back.
    Unassign {
        /// App.
        app: AppId,
        /// Person.
        user: OktaUserId,
        /// The row that goes.
        saved: Box<AppUser>,
    },
    /// Assigns directly, with the saved profile less mapped attributes and the saved user name.
    Assign {
        /// App.
        app: AppId,
        /// Person.
        user: OktaUserId,
        /// `credentials.userName` to send.
        user_name: String,
        /// Profile to send.
        profile: BTreeMap<String, Value>,
        /// The row that went before; a row made later is ours.
        saved: Box<AppUser>,
    },
    /// Restores a soft-deleted user.
    RestoreUser {
        /// The object.
        object: EntraId,
        /// The UPN it must have again.
        upn: String,
    },
}

/// What a read of the target says about an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The world is as before the effect.
    Before,
    /// The effect is in force.
    After,
    /// Neither: somebody else changed the target, and this is what was found.
    Foreign(String),
}

/// What was read to judge an effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The assignment.
    AppUser(Option<Box<AppUser>>),
    /// The object: live, else deleted.
    Object {
        /// Live.
        live: Option<Box<EntraUser>>,
        /// In deletedItems.
        deleted: Option<Box<EntraUser>>,
    },
}

/// Which record shows whether an effect is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetKey {
    /// The assignment of this person to this app.
    AppUser(AppId, OktaUserId),
    /// This Entra object, live or deleted.
    Object(EntraId),
}

impl Effect {
    /// The record to read before and after.
    pub fn target(&self) -> TargetKey {
        match self {
            Self::ConvertAssignment { app, user, .. }
            | Self::Unassign { app, user, .. }
            | Self::Assign { app, user, .. } => TargetKey::AppUser(app.clone(), user.clone()),
            Self::RestoreUser { object, .. } => TargetKey::Object(object.clone()),
        }
    }

    /// Judges what was read (SAFETY D6 for unassign and assign). Pure, so a resume after a crash judges the same way.
    pub fn seen(&self, target: &Target) -> Seen {
        match (self, target) {
            (Self::ConvertAssignment { from, to, .. }, Target::AppUser(row)) => match row {
                None => Seen::Foreign("the assignment is gone".to_owned()),
                Some(row) if row.scope == *to => Seen::After,
                Some(row) if row.scope == *from => Seen::Before,
                Some(row) => Seen::Foreign(format!("scope is {}", row.scope.text())),
            },
            (Self::Unassign { saved, .. }, Target::AppUser(row)) => match row {
                None => Seen::After,
                Some(row) if row.created > saved.created => Seen::After,
                Some(row) if row.created == saved.created => Seen::Before,
                Some(_) => Seen::Foreign("the assignment is older than the one that was saved".to_owned()),
            },
            (Self::Assign { saved, .. }, Target::AppUser(row)) => match row {
                None => Seen::Before,
                Some(row) if row.created > saved.created => Seen::After,
                Some(_) => Seen::Foreign("the old assignment is back".to_owned()),
            },
            (Self::RestoreUser { .. }, Target::Object { live: Some(_), .. }) => Seen::After,
            (Self::RestoreUser { .. }, Target::Object { live: None, deleted: Some(_) }) => Seen::Before,
            (Self::RestoreUser { .. }, Target::Object { live: None, deleted: None }) => {
                Seen::Foreign("the object is neither live nor in deletedItems".to_owned())
            }
            (Self::RestoreUser { .. }, Target::AppUser(_)) | (_, Target::Object { .. }) => {
                Seen::Foreign("the wrong record was read".to_owned())
            }
        }
    }

    /// The effect that takes this one back, or why there is none.
    pub fn inverse(&self) -> Result<Self, &'static str> {
        match self {
            Self::ConvertAssignment { app, user, from, to } => {
                Ok(Self::ConvertAssignment { app: app.clone(), user: user.clone(), from: *to, to: *from })
            }
            Self::Unassign { .. } => Err("Okta does not give an unassigned app user back"),
            Self::Assign { .. } => Err("the old object is gone"),
            Self::RestoreUser { .. } => Err("a restored user is not deleted again by the bot"),
        }
    }

    /// What it does, for people.
    pub fn label(&self) -> String {
        match self {
            Self::ConvertAssignment { to: Scope::User, .. } => "Convert the assignment to individual".to_owned(),
            Self::ConvertAssignment { to: Scope::Group, .. } => "Convert the assignment back to group".to_owned(),
            Self::Unassign { .. } => "Unassign from the app".to_owned(),
            Self::Assign { .. } => "Assign to the app".to_owned(),
            Self::RestoreUser { .. } => "Restore the user".to_owned(),
        }
    }

    /// snake_case name, for the journal, the audit and the digest.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ConvertAssignment { .. } => "convert_assignment",
            Self::Unassign { .. } => "unassign",
            Self::Assign { .. } => "assign",
            Self::RestoreUser { .. } => "restore_user",
        }
    }

    /// Keys of the snapshot (see [`super::snapshot`]) that have this value once the effect is in force.
    pub fn sets(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::ConvertAssignment { to, .. } => vec![("okta.app_user.scope", to.text().to_owned())],
            Self::Assign { user_name, .. } => vec![("okta.app_user.user_name", user_name.clone())],
            Self::Unassign { .. } | Self::RestoreUser { .. } => Vec::new(),
        }
    }

    /// Whether a rule about the world before it says nothing any more once this effect is in force: after an assignment the
    /// account that Okta made holds the name and its seat.
    pub fn outdates(&self, guard: &Guard) -> bool {
        matches!(self, Self::Assign { .. })
            && matches!(guard, Guard::Candidate { expect: None, .. } | Guard::SeatsFree { holder: None, .. })
    }

    /// Prefixes of snapshot keys that the vendor may move by itself once the effect was sent.
    pub fn moves(&self) -> &'static [&'static str] {
        match self {
            Self::ConvertAssignment { .. } => {
                &["okta.app_user.scope", "okta.app_user.status", "okta.app_user.anchor", "okta.profile"]
            }
            Self::Unassign { .. } => &["okta.app_user", "okta.profile"],
            Self::Assign { .. } => {
                &["okta.app_user", "okta.profile", "entra.by_external_id", "entra.live", "entra.object", "entra.roles"]
            }
            Self::RestoreUser { .. } => {
                &["entra.by_external_id", "entra.live", "entra.deleted", "entra.object", "entra.roles"]
            }
        }
    }
}

/// Which account an assignment must link to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// This live account, named on the card.
    Existing(EntraId),
    /// A new account, because nobody holds the name.
    New,
}

/// Something that must come true after an effect before the next one begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "check")]
pub enum Check {
    /// Okta pushed the assignment and linked it to the expected account, and says SYNCHRONIZED.
    Linked {
        /// App.
        app: AppId,
        /// Person.
        user: OktaUserId,
        /// To whom.
        link: Link,
    },
    /// The restored object is live in two reads in a row.
    LiveTwice {
        /// The object.
        object: EntraId,
    },
}

impl Check {
    /// What is waited for, for people.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Linked { .. } => "wait until Okta has linked the account",
            Self::LiveTwice { .. } => "read the restored user twice",
        }
    }
}

/// When an effect runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Always.
    Always,
}

/// An effect in its place in a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The change.
    #[serde(flatten)]
    pub effect: Effect,
    /// When it runs.
    pub when: When,
    /// What must come true before the next step.
    pub then: Option<Check>,
}
