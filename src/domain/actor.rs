//! Who acts, and in which standing. A standing is what a surface proved about the person; it is never read from text.

use super::ids::OktaUserId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a surface knows of somebody, by its own proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "standing")]
pub enum Standing {
    /// A member of our organization whose chat account is linked to this Okta user.
    Linked {
        /// The Okta user.
        okta: OktaUserId,
    },
    /// A member whose chat account is not linked.
    Unlinked,
    /// A guest of the workspace.
    Guest,
    /// Somebody of another organization in a shared channel.
    External,
    /// Relayed by a bridge under a claimed name.
    Relayed {
        /// The bridge.
        via: String,
    },
    /// Posted through the API in somebody's name.
    ApiPosted,
}

impl Standing {
    /// The Okta user behind the account, if it is linked.
    pub fn okta(&self) -> Option<&OktaUserId> {
        match self {
            Self::Linked { okta } => Some(okta),
            Self::Unlinked | Self::Guest | Self::External | Self::Relayed { .. } | Self::ApiPosted => None,
        }
    }
}

/// Somebody on a surface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The platform's own key of the account (never a name or an e-mail).
    pub key: String,
    /// The name that the channel sees.
    pub name: String,
    /// What was proved.
    #[serde(flatten)]
    pub standing: Standing,
}

impl Actor {
    /// How the audit names this person: by Okta id where linked, else by the account.
    pub fn audit_name(&self, surface: &str) -> String {
        match self.standing.okta() {
            Some(okta) => format!("okta:{okta}"),
            None => format!("{surface}:{}", self.key),
        }
    }
}

/// What somebody wants to do with a case or the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Ask for a remedy, look again.
    Ask,
    /// Vote.
    Approve,
    /// Run the bot: thaw.
    Operate,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ask => "ask for a fix",
            Self::Approve => "approve",
            Self::Operate => "operate the bot",
        })
    }
}
