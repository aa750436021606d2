//! What the configuration decided and the pure parts need: modes, declarations about the app, who has which right.
//! Values only; reading them from files is the business of `config`.

use super::actor::Right;
use super::ids::GroupId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much the bot may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Reads only; the write side is not even built.
    Observe,
    /// Plans and votes, but nothing runs.
    Propose,
    /// Approved plans run.
    Fix,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Observe => "observe",
            Self::Propose => "propose",
            Self::Fix => "fix",
        })
    }
}

/// What Okta does to the Microsoft 365 account when a person is unassigned. The menu is invisible to the API, so the
/// operator declares it (`[okta] deactivation`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deactivation {
    /// Not declared: taken for the most dangerous.
    #[default]
    Unknown,
    /// Blocks sign-in, keeps licences and data.
    BlockOnly,
    /// Blocks sign-in and removes licences.
    RemoveLicenses,
    /// Deletes the account.
    Delete,
}

impl Deactivation {
    /// The word of the configuration.
    pub fn text(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::BlockOnly => "block_only",
            Self::RemoveLicenses => "remove_licenses",
            Self::Delete => "delete",
        }
    }
}

/// Provisioning type of the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProvisioningType {
    /// Not declared.
    #[default]
    Unknown,
    /// Licences and roles management only: there is no externalId.
    LicensesOnly,
    /// Profile Sync.
    Profile,
    /// User Sync: everybody shows as synced.
    User,
    /// Universal Sync: everybody shows as synced.
    Universal,
}

/// How much of the look-up a channel is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// Everything but roles and protected lists.
    Full,
    /// States without names, addresses and ids.
    #[default]
    Minimal,
    /// The diagnosis of the text only.
    None,
}

/// Who may do what: Okta group ids. An empty list permits nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name in the configuration.
    pub name: String,
    /// May ask for remedies.
    pub askers: Vec<GroupId>,
    /// May vote.
    pub approvers: Vec<GroupId>,
    /// May thaw.
    pub operators: Vec<GroupId>,
    /// Accounts that no remedy may touch: Okta ids, Entra object ids or logins, in lower case.
    pub protected: Vec<String>,
}

impl Policy {
    /// The groups that give a right.
    pub fn groups(&self, right: Right) -> &[GroupId] {
        match right {
            Right::Ask => &self.askers,
            Right::Approve => &self.approvers,
            Right::Operate => &self.operators,
        }
    }

    /// A short text that changes whenever the policy changes; it is part of the digest of a plan.
    pub fn version(&self) -> String {
        let join = |ids: &[GroupId]| ids.iter().map(GroupId::as_str).collect::<Vec<_>>().join(",");
        format!(
            "{}:{}/{}/{}/{}",
            self.name,
            join(&self.askers),
            join(&self.approvers),
            join(&self.operators),
            self.protected.join(",")
        )
    }
}

/// What the operator declares about the app, because no API tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// What unassigning does.
    pub deactivation: Deactivation,
    /// Whether provisioning may be paused for a fix.
    pub allow_pause: bool,
    /// Provisioning type of the app.
    pub provisioning_type: ProvisioningType,
}

/// What planning needs to know beside the facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How much the bot may do.
    pub mode: Mode,
    /// What unassigning does.
    pub deactivation: Deactivation,
    /// Whether provisioning may be paused for a fix.
    pub allow_pause: bool,
    /// Provisioning type of the app.
    pub provisioning_type: ProvisioningType,
    /// Who may do what.
    pub policy: Policy,
}
