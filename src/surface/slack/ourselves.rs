//! Who we are in each workspace (by `auth.test`), and who is linked to whom by configuration.
//!
//! Never takes a name or an e-mail for an identity. Begin with [`Ourselves`] and [`Links`].

use super::account;
use crate::domain::actor::Standing;
use crate::domain::ids::OktaUserId;
use std::collections::BTreeMap;

/// The bot in one installation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The workspace as it stands in `[slack] workspaces`; none for the home one.
    pub workspace: Option<String>,
    /// Its team, `T…`; may be empty for an organization.
    pub team: String,
    /// Its organization, `E…`; empty where there is none.
    pub enterprise: String,
    /// The bot's user, `U…`.
    pub user: String,
    /// The bot, `B…`.
    pub bot: String,
}

impl Identity {
    /// Reads the answer of `auth.test`.
    pub fn of_auth_test(workspace: Option<&str>, answer: &serde_json::Value) -> Self {
        let text = |key: &str| answer.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        Self {
            workspace: workspace.map(str::to_owned),
            team: text("team_id"),
            enterprise: text("enterprise_id"),
            user: text("user_id"),
            bot: text("bot_id"),
        }
    }

    /// What is known without an answer, where Slack does not take the token of a workspace. It is somebody all the same, so that
    /// nothing of that workspace is taken for another's.
    pub fn silent(workspace: Option<&str>) -> Self {
        let of = |letter: char| workspace.filter(|id| id.starts_with(letter)).unwrap_or_default().to_owned();
        Self { workspace: workspace.map(str::to_owned), team: of('T'), enterprise: of('E'), ..Self::default() }
    }

    /// Whether it is for a whole organization.
    fn is_org_wide(&self) -> bool {
        self.team.starts_with('E') || self.workspace.as_deref().is_some_and(|id| id.starts_with('E'))
    }

    /// Whether this installation is the one of a team or of an organization.
    fn is_of(&self, team: &str, enterprise: &str) -> bool {
        let named = |id: &str| !id.is_empty() && (id == self.team || Some(id) == self.workspace.as_deref());
        named(team) || (team.is_empty() && !enterprise.is_empty() && self.is_in(enterprise))
    }

    fn is_in(&self, enterprise: &str) -> bool {
        enterprise == self.enterprise || Some(enterprise) == self.workspace.as_deref()
    }

    /// Whether an author of this team is one of ours, as far as the event tells: in an organization only a look-up can.
    pub fn may_be_member(&self, team: &str) -> bool {
        team.is_empty() || self.team.is_empty() || team == self.team || !self.enterprise.is_empty()
    }
}

/// All installations of this app, the home one first.
#[derive(Clone, Debug, Default)]
pub struct Ourselves(Vec<Identity>);

impl Ourselves {
    /// All installations.
    pub fn new(all: Vec<Identity>) -> Self {
        Self(all)
    }

    /// The installation of a team or organization. Where there is only one, everything is meant for it.
    pub fn at(&self, team: &str, enterprise: &str) -> Option<&Identity> {
        match self.0.as_slice() {
            [only] => Some(only),
            all => {
                let exact = all.iter().find(|identity| identity.is_of(team, enterprise));
                exact.or_else(|| all.iter().find(|identity| !enterprise.is_empty() && identity.is_in(enterprise)))
            }
        }
    }

    /// The installation that knows an account. An account of a workspace that is named nowhere is one of the organization, where
    /// there is one; whether it really is, its token tells.
    pub fn of_account(&self, key: &str) -> Option<&Identity> {
        let (team, _) = account::of_key(key);
        let enterprise = if team.starts_with('E') { team } else { "" };
        let only = || {
            let mut wide = self.0.iter().filter(|identity| identity.is_org_wide());
            wide.next().filter(|_| !team.is_empty() && wide.next().is_none())
        };
        self.at(team, enterprise).or_else(only)
    }

    /// All of them, the home one first.
    pub fn iter(&self) -> impl Iterator<Item = &Identity> {
        self.0.iter()
    }

    /// The home installation.
    pub fn home(&self) -> Option<&Identity> {
        self.0.first()
    }

    /// The installation whose token is used in a channel.
    pub fn of_channel(&self, channel: &str) -> Option<&Identity> {
        let (workspace, _) = account::of_channel(channel);
        self.0.iter().find(|identity| identity.workspace.as_deref() == workspace)
    }

    /// Whether a user or a bot is one of us, in any workspace.
    pub fn is_us(&self, user: &str, bot: &str) -> bool {
        let same = |ours: &str, theirs: &str| !ours.is_empty() && ours == theirs;
        self.0.iter().any(|identity| same(&identity.user, user) || same(&identity.bot, bot))
    }
}

/// Links of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Links(BTreeMap<String, OktaUserId>);

impl Links {
    /// Checked links (see [`super::settings::check_account`]): key of the account and Okta user.
    pub fn of(links: &BTreeMap<String, OktaUserId>) -> Self {
        Self(links.clone())
    }

    /// The standing of a member: linked by team, or by the organization, or not at all.
    pub fn standing(&self, team: &str, enterprise: &str, user: &str) -> Standing {
        let of = |id: &str| if id.is_empty() { None } else { self.0.get(&account::key(id, user)) };
        match of(team).or_else(|| of(enterprise)) {
            Some(okta) => Standing::Linked { okta: okta.clone() },
            None => Standing::Unlinked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(workspace: Option<&str>, team: &str, enterprise: &str) -> Identity {
        let workspace = workspace.map(str::to_owned);
        Identity {
            workspace,
            team: team.into(),
            enterprise: enterprise.into(),
            user: format!("U{team}"),
            bot: format!("B{team}"),
        }
    }

    #[test]
    fn an_event_finds_the_installation_it_was_sent_to() {
        let all = Ourselves::new(vec![
            identity(None, "T01", ""),
            identity(Some("T02"), "T02", ""),
            identity(Some("E03"), "", "E03"),
        ]);
        assert_eq!(all.at("T01", "").unwrap().workspace, None);
        assert_eq!(all.at("T02", "").unwrap().workspace.as_deref(), Some("T02"));
        assert_eq!(all.at("", "E03").unwrap().workspace.as_deref(), Some("E03"));
        assert_eq!(all.at("T77", "E03").unwrap().workspace.as_deref(), Some("E03"), "a workspace of the organization");
        assert!(all.at("T99", "").is_none() && all.at("", "").is_none());
        assert_eq!(all.of_channel("T02/C01").unwrap().team, "T02");
        assert!(all.of_channel("T09/C01").is_none());
        let one = Ourselves::new(vec![identity(None, "T01", "E01")]);
        assert!(one.at("", "E01").is_some() && one.at("T55", "").is_some());
    }

    #[test]
    fn an_account_finds_the_installation_that_knows_it() {
        let (home, south) = (identity(None, "T01", ""), identity(Some("T02"), "T02", ""));
        let west = identity(Some("E03"), "E03", "E03");
        let of = |all: &Ourselves, key: &str| all.of_account(key).map(|identity| identity.user.clone());
        let one = Ourselves::new(vec![home.clone(), south.clone(), west.clone()]);
        for (key, want) in [("T01/U1", "UT01"), ("T02/U1", "UT02"), ("E03/U1", "UE03"), ("T77/U1", "UE03")] {
            assert_eq!(of(&one, key).as_deref(), Some(want), "{key}");
        }
        assert_eq!(of(&one, "U1"), None);
        let none = Ourselves::new(vec![home.clone(), south]);
        assert_eq!(of(&none, "T77/U1"), None, "a stranger is nobody of ours");
        let two = Ourselves::new(vec![home, west, identity(Some("E04"), "E04", "E04")]);
        assert_eq!(of(&two, "T77/U1"), None, "of which organization is not known");
    }

    #[test]
    fn a_workspace_whose_token_is_not_taken_stays_itself() {
        let all = Ourselves::new(vec![identity(None, "T01", ""), Identity::silent(Some("T02"))]);
        assert_eq!(all.at("T02", "").unwrap().workspace.as_deref(), Some("T02"));
        let all = Ourselves::new(vec![Identity::silent(None), identity(Some("T02"), "T02", "")]);
        assert_eq!(all.at("T02", "").unwrap().workspace.as_deref(), Some("T02"));
        assert!(all.at("T01", "").is_none() && all.of_account("T01/U1").is_none());
        assert_eq!(Identity::silent(Some("E03")).enterprise, "E03");
    }

    #[test]
    fn nothing_missing_is_taken_for_us() {
        let all = Ourselves::new(vec![identity(None, "T01", ""), Identity::default()]);
        assert!(all.is_us("UT01", "") && all.is_us("U9", "BT01"));
        assert!(!all.is_us("", "") && !all.is_us("U1", "B1"));
    }

    #[test]
    fn a_link_is_of_a_team_or_of_an_organization() {
        let link = |slack: &str, okta: &str| (slack.to_owned(), OktaUserId::new(okta));
        let links = Links::of(&BTreeMap::from([link("T01/U1", "00u1"), link("E01/U2", "00u2")]));
        let linked = |okta: &str| Standing::Linked { okta: OktaUserId::new(okta) };
        assert_eq!(links.standing("T01", "", "U1"), linked("00u1"));
        assert_eq!(links.standing("T05", "E01", "U2"), linked("00u2"));
        assert_eq!(
            links.standing("T02", "", "U1"),
            Standing::Unlinked,
            "the same user id of another team is somebody else"
        );
        assert_eq!(links.standing("", "", "U1"), Standing::Unlinked);
    }
}
