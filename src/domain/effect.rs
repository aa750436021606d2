//! Effects: one checked change each, as data, so that a plan can be printed, digested, stored, compared with the world and
//! taken back without code for every step.
//!
//! An effect never combines two changes whose middle cannot be seen from outside ("unassign and assign" are two), because a
//! crash in between could not be resolved. It never waits: waiting for a link is a [`Check`] of the step.
//! Begin with [`Effect`], then [`Effect::seen`] (what a read says about it).

use super::guard::Guard;
use super::ids::{AppId, EntraId, OktaUserId};
use super::tenant::{AppUser, EntraUser, Provisioning, Scope};
use super::time::At;
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
    /// Gives Okta's app user another anchor; sends that one attribute only.
    SetAppUserAnchor {
        /// App.
        app: AppId,
        /// Person.
        user: OktaUserId,
        /// Name of the profile attribute, from the app's schema.
        attribute: String,
        /// Anchor now.
        from: Option<String>,
        /// Anchor wanted.
        to: Option<String>,
    },
    /// Changes the sign-in name of an Entra user, letters' case as written.
    SetUpn {
        /// The object.
        object: EntraId,
        /// UPN now.
        from: String,
        /// UPN wanted.
        to: String,
    },
    /// Changes the anchor of an Entra user.
    SetImmutableId {
        /// The object.
        object: EntraId,
        /// Anchor now.
        from: Option<String>,
        /// Anchor wanted.
        to: String,
    },
    /// Switches Deactivate Users off for the whole app; nothing else of the provisioning settings.
    PauseProvisioning {
        /// App.
        app: AppId,
        /// The capabilities as they were.
        saved: Value,
    },
    /// Switches Deactivate Users on again, as it was before the pause.
    ResumeProvisioning {
        /// App.
        app: AppId,
        /// The capabilities as they were.
        saved: Value,
        /// What must be seen before: this person's deactivation can no longer arrive (SAFETY D5).
        proof: Quiet,
    },
}

/// What shows that a deactivation of an account can no longer arrive: the assignment that was removed is gone, and the account
/// is in two reads ten seconds apart as it was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// Person.
    pub user: OktaUserId,
    /// When the assignment that goes was made.
    pub created: At,
    /// The account that a deactivation could hit.
    pub object: EntraId,
    /// `accountEnabled` before.
    pub enabled: Option<bool>,
    /// Direct licences before.
    pub licences: Vec<String>,
}

impl Quiet {
    /// Whether the account is as it was: as enabled as before, with no direct licence less.
    pub fn unharmed(&self, live: Option<&EntraUser>) -> bool {
        live.is_some_and(|user| {
            user.enabled == self.enabled && self.licences.iter().all(|sku| user.direct_licences.contains(sku))
        })
    }
}

/// How a vendor refuses a write, where the difference matters for what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The property of a user in a federated domain cannot be changed in place.
    FederatedDomain,
    /// The credential may not write this (403).
    Forbidden,
    /// Another object holds the value.
    NotUnique,
    /// The object is mastered on premises or by an external service.
    Synced,
    /// A profile mapping owns the attribute (E0000075).
    Mapped,
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
    /// The provisioning settings of the app.
    Provisioning(Box<Provisioning>),
}

/// Which record shows whether an effect is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetKey {
    /// The assignment of this person to this app.
    AppUser(AppId, OktaUserId),
    /// This Entra object, live or deleted.
    Object(EntraId),
    /// The provisioning settings of this app.
    Provisioning(AppId),
}

impl Effect {
    /// The record to read before and after.
    pub fn target(&self) -> TargetKey {
        match self {
            Self::ConvertAssignment { app, user, .. }
            | Self::Unassign { app, user, .. }
            | Self::Assign { app, user, .. }
            | Self::SetAppUserAnchor { app, user, .. } => TargetKey::AppUser(app.clone(), user.clone()),
            Self::RestoreUser { object, .. } | Self::SetUpn { object, .. } | Self::SetImmutableId { object, .. } => {
                TargetKey::Object(object.clone())
            }
            Self::PauseProvisioning { app, .. } | Self::ResumeProvisioning { app, .. } => {
                TargetKey::Provisioning(app.clone())
            }
        }
    }

    /// Judges what was read (SAFETY D6 for unassign and assign). Pure, so a resume after a crash judges the same way.
    pub fn seen(&self, target: &Target) -> Seen {
        match target {
            Target::AppUser(row) => self.seen_in_okta(row.as_deref()),
            Target::Object { live, deleted } => self.seen_in_entra(live.as_deref(), deleted.is_some()),
            Target::Provisioning(now) => match self {
                // Only the one switch is ours: what else moved is drift, and no reason to leave the app paused.
                Self::PauseProvisioning { .. } if now.switches.deactivate => Seen::Before,
                Self::ResumeProvisioning { .. } if now.switches.deactivate => Seen::After,
                Self::PauseProvisioning { .. } => Seen::After,
                Self::ResumeProvisioning { .. } => Seen::Before,
                Self::ConvertAssignment { .. }
                | Self::Unassign { .. }
                | Self::Assign { .. }
                | Self::RestoreUser { .. }
                | Self::SetAppUserAnchor { .. }
                | Self::SetUpn { .. }
                | Self::SetImmutableId { .. } => wrong_record(),
            },
        }
    }

    fn seen_in_okta(&self, row: Option<&AppUser>) -> Seen {
        match (self, row) {
            (Self::ConvertAssignment { .. } | Self::SetAppUserAnchor { .. }, None) => {
                Seen::Foreign("the assignment is gone".to_owned())
            }
            (Self::ConvertAssignment { from, to, .. }, Some(row)) => match row.scope {
                scope if scope == *to => Seen::After,
                scope if scope == *from => Seen::Before,
                scope => Seen::Foreign(format!("scope is {}", scope.text())),
            },
            (Self::SetAppUserAnchor { attribute, from, to, .. }, Some(row)) => {
                between(row.anchor_in(attribute), from.as_deref(), to.as_deref(), "the anchor in Okta")
            }
            (Self::Unassign { .. }, None) => Seen::After,
            (Self::Unassign { saved, .. }, Some(row)) => match row.created.cmp(&saved.created) {
                std::cmp::Ordering::Greater => Seen::After,
                std::cmp::Ordering::Equal => Seen::Before,
                std::cmp::Ordering::Less => {
                    Seen::Foreign("the assignment is older than the one that was saved".to_owned())
                }
            },
            (Self::Assign { .. }, None) => Seen::Before,
            (Self::Assign { saved, .. }, Some(row)) if row.created > saved.created => Seen::After,
            (Self::Assign { .. }, Some(_)) => Seen::Foreign("the old assignment is back".to_owned()),
            (
                Self::RestoreUser { .. }
                | Self::SetUpn { .. }
                | Self::SetImmutableId { .. }
                | Self::PauseProvisioning { .. }
                | Self::ResumeProvisioning { .. },
                _,
            ) => wrong_record(),
        }
    }

    fn seen_in_entra(&self, live: Option<&EntraUser>, deleted: bool) -> Seen {
        match (self, live) {
            (Self::RestoreUser { .. }, Some(_)) => Seen::After,
            (Self::RestoreUser { .. }, None) if deleted => Seen::Before,
            (Self::RestoreUser { .. }, None) => {
                Seen::Foreign("the object is neither live nor in deletedItems".to_owned())
            }
            (Self::SetUpn { .. } | Self::SetImmutableId { .. }, None) => {
                Seen::Foreign("the object is not live".to_owned())
            }
            (Self::SetUpn { from, to, .. }, Some(user)) => {
                between(Some(&user.upn), Some(from), Some(to), "the sign-in name")
            }
            (Self::SetImmutableId { from, to, .. }, Some(user)) => {
                between(user.anchor.as_deref(), from.as_deref(), Some(to), "the anchor in Entra")
            }
            (
                Self::ConvertAssignment { .. }
                | Self::Unassign { .. }
                | Self::Assign { .. }
                | Self::SetAppUserAnchor { .. }
                | Self::PauseProvisioning { .. }
                | Self::ResumeProvisioning { .. },
                _,
            ) => wrong_record(),
        }
    }

    /// The effect that takes this one back, or why there is none.
    pub fn inverse(&self) -> Result<Self, &'static str> {
        match self.clone() {
            Self::ConvertAssignment { app, user, from, to } => {
                Ok(Self::ConvertAssignment { app, user, from: to, to: from })
            }
            Self::SetAppUserAnchor { app, user, attribute, from, to } => {
                Ok(Self::SetAppUserAnchor { app, user, attribute, from: to, to: from })
            }
            Self::SetUpn { object, from, to } => Ok(Self::SetUpn { object, from: to, to: from }),
            Self::SetImmutableId { object, from: Some(from), to } => {
                Ok(Self::SetImmutableId { object, from: Some(to), to: from })
            }
            Self::SetImmutableId { from: None, .. } => {
                Err("Entra held no anchor before, and an anchor cannot be cleared")
            }
            Self::PauseProvisioning { .. } | Self::ResumeProvisioning { .. } => {
                Err("Deactivate Users is given back by the run itself")
            }
            Self::Unassign { .. } => Err("Okta does not give an unassigned app user back"),
            Self::Assign { .. } => Err("the old object is gone"),
            Self::RestoreUser { .. } => Err("a restored user is not deleted again by the bot"),
        }
    }

    /// What it does, for people.
    pub fn label(&self) -> String {
        match self {
            Self::ConvertAssignment { to: Scope::User, .. } => "Convert the assignment to individual",
            Self::ConvertAssignment { to: Scope::Group, .. } => "Convert the assignment back to group",
            Self::Unassign { .. } => "Unassign from the app",
            Self::Assign { .. } => "Assign to the app",
            Self::RestoreUser { .. } => "Restore the user",
            Self::SetAppUserAnchor { .. } => "Give Okta's app user the anchor",
            Self::SetUpn { to, .. } if to.ends_with(".onmicrosoft.com") => "Move the sign-in name away",
            Self::SetUpn { .. } => "Move the sign-in name back",
            Self::SetImmutableId { .. } => "Write the anchor to the Entra user",
            Self::PauseProvisioning { .. } => "Switch Deactivate Users off",
            Self::ResumeProvisioning { .. } => "Switch Deactivate Users on again",
        }
        .to_owned()
    }

    /// snake_case name, for the journal, the audit and the digest.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ConvertAssignment { .. } => "convert_assignment",
            Self::Unassign { .. } => "unassign",
            Self::Assign { .. } => "assign",
            Self::RestoreUser { .. } => "restore_user",
            Self::SetAppUserAnchor { .. } => "set_app_user_anchor",
            Self::SetUpn { .. } => "set_upn",
            Self::SetImmutableId { .. } => "set_immutable_id",
            Self::PauseProvisioning { .. } => "pause_provisioning",
            Self::ResumeProvisioning { .. } => "resume_provisioning",
        }
    }

    /// Whether it writes to Okta; else to Entra.
    pub fn in_okta(&self) -> bool {
        match self {
            Self::ConvertAssignment { .. }
            | Self::Unassign { .. }
            | Self::Assign { .. }
            | Self::SetAppUserAnchor { .. }
            | Self::PauseProvisioning { .. }
            | Self::ResumeProvisioning { .. } => true,
            Self::RestoreUser { .. } | Self::SetUpn { .. } | Self::SetImmutableId { .. } => false,
        }
    }

    /// Keys of the snapshot (see [`super::snapshot`]) that have this value once the effect is in force.
    pub fn sets(&self) -> Vec<(String, String)> {
        let one = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
        match self {
            Self::ConvertAssignment { to, .. } => one("okta.app_user.scope", to.text()),
            Self::Assign { user_name, .. } => one("okta.app_user.user_name", user_name),
            Self::SetAppUserAnchor { to, .. } => {
                one("okta.app_user.anchor", to.as_deref().unwrap_or(super::snapshot::ABSENT))
            }
            Self::SetUpn { object, to, .. } => one(&format!("entra.object.{object}.upn"), to),
            Self::SetImmutableId { object, to, .. } => one(&format!("entra.object.{object}.anchor"), to),
            Self::PauseProvisioning { .. } => one("okta.switch.deactivate", "DISABLED"),
            Self::ResumeProvisioning { .. } => one("okta.switch.deactivate", "ENABLED"),
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
    pub fn moves(&self) -> Vec<String> {
        let all = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        match self {
            Self::ConvertAssignment { .. } => {
                all(&["okta.app_user.scope", "okta.app_user.status", "okta.app_user.anchor", "okta.profile"])
            }
            Self::Unassign { .. } => all(&["okta.app_user", "okta.profile"]),
            Self::Assign { .. } => all(&[
                "okta.app_user",
                "okta.profile",
                "entra.by_external_id",
                "entra.live",
                "entra.object",
                "entra.roles",
            ]),
            Self::RestoreUser { .. } => {
                all(&["entra.by_external_id", "entra.live", "entra.deleted", "entra.object", "entra.roles"])
            }
            Self::SetAppUserAnchor { .. } => all(&["okta.app_user.anchor", "okta.app_user.status", "okta.profile"]),
            // Exchange may add the parked name to the addresses and keep the old one.
            Self::SetUpn { object, .. } => vec![
                "entra.live.by_name".to_owned(),
                "entra.parking".to_owned(),
                format!("entra.object.{object}.upn"),
                format!("entra.object.{object}.proxies"),
            ],
            Self::SetImmutableId { object, .. } => {
                vec!["entra.live.by_anchor".to_owned(), format!("entra.object.{object}.anchor")]
            }
            Self::PauseProvisioning { .. } | Self::ResumeProvisioning { .. } => all(&["okta.switch.deactivate"]),
        }
    }
}

fn wrong_record() -> Seen {
    Seen::Foreign("the wrong record was read".to_owned())
}

/// Where a value stands between two; compared byte for byte.
fn between(now: Option<&str>, from: Option<&str>, to: Option<&str>, what: &str) -> Seen {
    if now == to {
        Seen::After
    } else if now == from {
        Seen::Before
    } else {
        Seen::Foreign(format!("{what} is neither the old nor the new one"))
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
    /// Only after the vendor refused an earlier effect in this way; otherwise it is skipped.
    IfRefused {
        /// Index of the earlier step.
        effect: usize,
        /// How it was refused.
        kind: RefusalKind,
    },
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
