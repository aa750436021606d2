//! Reads from the Okta org.
//!
//! Never acts on a search index alone: what a search finds is read again by id. Begin with [`Reader`].

use super::client::{Access, Client, PROVISIONING, harmless, quoted};
use super::error::unusable;
use super::{app, decode};
use crate::domain::ids::{AppId, GroupId, OktaUserId};
use crate::domain::tenant::{App, AppUser, Group, Leaver, LogEvent, OktaUser, Provisioning, Switches};
use crate::domain::time::At;
use crate::ports::clock::Clock;
use crate::ports::directory::{Answer, OktaRead};
use crate::ports::error::Kind;
use crate::ports::meter::Meter;
use crate::ports::signals::FailureRead;
use crate::wire::json::text;
use crate::wire::pause;
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most people that a look-up by address or name gives.
const MAX_FOUND: usize = 10;
/// Most events that are read.
const MAX_EVENTS: usize = 100;

/// The read side.
pub struct Reader(Client);

impl Reader {
    /// Builds the client with the read token; sends nothing.
    pub fn new(access: Access, clock: Arc<dyn Clock>) -> Answer<Self> {
        Client::new(access, clock).map(Self)
    }

    pub(super) fn client(&self) -> &Client {
        &self.0
    }

    /// The same, with every call counted.
    #[must_use]
    pub fn metered(mut self, meter: Arc<dyn Meter>) -> Self {
        self.0.set_meter(meter);
        self
    }

    /// The value by which a sandbox shows itself; `None` for a real org. One harmless read; may be repeated.
    pub async fn proof(&self) -> Answer<Option<String>> {
        const OP: &str = "ask whether this is a sandbox";
        Ok(self.0.reply(OP, harmless(&self.0, OP)?).await?.proof())
    }

    async fn users(&self, op: &'static str, how: &str, expression: &str) -> Answer<Vec<OktaUser>> {
        let url = self.0.at(op, &["users"], &[(how, expression), ("limit", "200")])?;
        self.0.list(op, url).await?.iter().map(|value| decode::user(op, value)).collect()
    }

    /// Reads again by id those that fit, and keeps those that still do; sorted by id, at most [`MAX_FOUND`].
    async fn again(
        &self,
        found: Vec<OktaUser>,
        fits: impl Fn(&OktaUser) -> bool + Send + Sync,
    ) -> Answer<Vec<OktaUser>> {
        let fitting: BTreeSet<OktaUserId> = found.into_iter().filter(|user| fits(user)).map(|user| user.id).collect();
        let mut out = Vec::new();
        for id in fitting {
            if out.len() == MAX_FOUND {
                break;
            }
            out.extend(OktaRead::user(self, &id).await?.filter(|user| fits(user)));
        }
        Ok(out)
    }

    async fn log(&self, since: At, kind: &str, ids: [&str; 2]) -> Answer<Vec<LogEvent>> {
        const OP: &str = "read the System Log";
        let filter = format!(
            "eventType sw {} and target.id eq {} and target.id eq {}",
            quoted(kind),
            quoted(ids[0]),
            quoted(ids[1])
        );
        let query = [("since", &*since.rfc3339()), ("filter", &*filter), ("sortOrder", "DESCENDING"), ("limit", "100")];
        let page = self.0.first_page(OP, self.0.at(OP, &["logs"], &query)?).await?;
        let events: Answer<Vec<_>> = page.iter().map(|value| decode::event(OP, value, ids)).collect();
        Ok(events?.into_iter().flatten().collect())
    }
}

/// Whether the text has the form of an Okta user id. `me`, a login and a short name are keys of `/users/{id}` too, and
/// could lead to another person.
fn is_user_id(text: &str) -> bool {
    text.starts_with("00u")
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// Where a full name may be cut into first and last name: everywhere between two words, or not at all for a single word.
fn cuts(name: &str) -> Vec<(String, String)> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let range = if words.len() == 1 { 0..2 } else { 1..words.len().min(6) };
    range.map(|i| (words[..i].join(" "), words[i..].join(" "))).collect()
}

#[async_trait]
impl OktaRead for Reader {
    async fn user(&self, id: &OktaUserId) -> Answer<Option<OktaUser>> {
        const OP: &str = "read the user";
        if !is_user_id(id.as_str()) {
            return Ok(None);
        }
        let Some(value) = self.0.maybe(OP, self.0.at(OP, &["users", id.as_str()], &[])?).await? else {
            return Ok(None);
        };
        let user = decode::user(OP, &value)?;
        if user.id == *id { Ok(Some(user)) } else { Err(unusable(OP, "the answer is about another user")) }
    }

    async fn users_by_address(&self, address: &str) -> Answer<Vec<OktaUser>> {
        const OP: &str = "find users by address";
        let address = address.trim();
        if address.is_empty() {
            return Ok(Vec::new());
        }
        let login = format!("profile.login eq {}", quoted(address));
        let email = format!("profile.email eq {}", quoted(address));
        // `filter` is exact to the letter but up to date, `search` the other way round: both, then by id
        let (a, b, c, d) = tokio::try_join!(
            self.users(OP, "filter", &login),
            self.users(OP, "filter", &email),
            self.users(OP, "search", &login),
            self.users(OP, "search", &email),
        )?;
        let found = [a, b, c, d].into_iter().flatten().collect();
        self.again(found, |user| same(&user.login, address) || user.email.as_deref().is_some_and(|e| same(e, address)))
            .await
    }

    async fn users_by_name(&self, name: &str) -> Answer<Vec<OktaUser>> {
        const OP: &str = "find users by name";
        let whole = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if whole.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for (first, last) in cuts(&whole) {
            let parts = [("profile.firstName", &first), ("profile.lastName", &last)];
            let terms: Vec<String> = parts
                .iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(field, text)| format!("{field} eq {}", quoted(text)))
                .collect();
            found.extend(self.users(OP, "search", &terms.join(" and ")).await?);
        }
        self.again(found, |user| same(&user.name, &whole)).await
    }

    async fn office365_apps(&self) -> Answer<Vec<App>> {
        const OP: &str = "list the Office 365 apps";
        let url = self.0.at(OP, &["apps"], &[("filter", "name eq \"office365\""), ("limit", "50")])?;
        let mut apps = Vec::new();
        for value in self.0.list(OP, url).await? {
            if text(&value, "/name").as_deref() == Some("office365") {
                apps.push(app::complete(&self.0, &value).await?);
            }
        }
        apps.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(apps)
    }

    async fn app(&self, app: &AppId) -> Answer<Option<App>> {
        const OP: &str = "read the app";
        match self.0.maybe(OP, self.0.at(OP, &["apps", app.as_str()], &[])?).await? {
            None => Ok(None),
            Some(value) => app::complete(&self.0, &value).await.map(Some),
        }
    }

    async fn app_user(&self, app: &AppId, user: &OktaUserId) -> Answer<Option<AppUser>> {
        const OP: &str = "read the app user";
        let url = self.0.at(OP, &["apps", app.as_str(), "users", user.as_str()], &[])?;
        let Some(value) = self.0.maybe(OP, url).await? else { return Ok(None) };
        let row = decode::app_user(OP, &value)?;
        if row.user == *user { Ok(Some(row)) } else { Err(unusable(OP, "the answer is about another user")) }
    }

    async fn app_users(&self, app: &AppId, limit: u32) -> Answer<Vec<AppUser>> {
        const OP: &str = "list the users of the app";
        let limit = limit.clamp(1, 500);
        let url = self.0.at(OP, &["apps", app.as_str(), "users"], &[("limit", &limit.to_string())])?;
        let page = self.0.first_page(OP, url).await?;
        page.iter().take(limit as usize).map(|value| decode::app_user(OP, value)).collect()
    }

    async fn provisioning(&self, app: &AppId) -> Answer<Provisioning> {
        const OP: &str = "read the provisioning switches";
        let url = self.0.at(OP, &["apps", app.as_str(), "features", PROVISIONING], &[])?;
        match self.0.one(OP, url).await {
            Ok(value) => decode::provisioning(OP, &value),
            // so Okta answers for an app whose provisioning is not set up; the question itself holds nothing to validate
            Err(error) if error.kind == Kind::Invalid && error.code.as_deref() == Some("E0000001") => {
                let switches = Switches { create: false, update: false, deactivate: false };
                Ok(Provisioning { switches, capabilities: Value::Null })
            }
            Err(error) => Err(error),
        }
    }

    async fn leavers(&self, app: &AppId, since: At) -> Answer<Vec<Leaver>> {
        const OP: &str = "read who left the app";
        let filter = format!(
            "eventType eq {} and target.id eq {}",
            quoted("application.user_membership.remove"),
            quoted(app.as_str())
        );
        let query = [("since", &*since.rfc3339()), ("filter", &*filter), ("sortOrder", "ASCENDING"), ("limit", "1000")];
        // The System Log gives at most 1,000 events at once, and without an end every page of it names a next one.
        let page = self.0.first_page(OP, self.0.at(OP, &["logs"], &query)?).await?;
        if page.len() >= 1000 {
            return Err(unusable(OP, "a thousand people left the app; not all of them were read"));
        }
        let all: Answer<Vec<_>> = page.iter().map(|value| decode::leaver(OP, value, app.as_str())).collect();
        Ok(all?.into_iter().flatten().filter(|leaver| leaver.at >= since).collect())
    }

    async fn groups_of(&self, user: &OktaUserId) -> Answer<Vec<Group>> {
        const OP: &str = "list the groups of the user";
        let url = self.0.at(OP, &["users", user.as_str(), "groups"], &[])?;
        self.0.list_or_none(OP, url).await?.iter().map(|value| decode::group(OP, value)).collect()
    }

    async fn app_groups(&self, app: &AppId) -> Answer<Vec<GroupId>> {
        const OP: &str = "list the groups of the app";
        let url = self.0.at(OP, &["apps", app.as_str(), "groups"], &[("limit", "200")])?;
        let page = self.0.list_or_none(OP, url).await?;
        let id = |value| text(value, "/id").map(GroupId::new).ok_or_else(|| unusable(OP, "a group has no usable id"));
        page.iter().map(id).collect()
    }

    async fn groups_by_name(&self, name: &str) -> Answer<Vec<Group>> {
        const OP: &str = "find groups by name";
        if name.trim().is_empty() {
            return Ok(Vec::new());
        }
        let search = format!("profile.name eq {}", quoted(name));
        let url = self.0.at(OP, &["groups"], &[("search", &search), ("limit", "200")])?;
        let all: Answer<Vec<Group>> =
            self.0.list(OP, url).await?.iter().map(|value| decode::group(OP, value)).collect();
        Ok(all?.into_iter().filter(|group| group.name == name).collect())
    }

    async fn admin_roles(&self, user: &OktaUserId) -> Answer<Vec<String>> {
        const OP: &str = "list the admin roles of the user";
        // not-found is an error here: whose roles cannot be read is not somebody without roles (invariant 11)
        let url = self.0.at(OP, &["users", user.as_str(), "roles"], &[])?;
        self.0.list(OP, url).await?.iter().map(|value| decode::role(OP, value)).collect()
    }

    async fn events(&self, app: &AppId, user: &OktaUserId, since: At) -> Answer<Vec<LogEvent>> {
        let ids = [app.as_str(), user.as_str()];
        let (pushes, errors) = tokio::try_join!(
            self.log(since, "application.provision", ids),
            self.log(since, "app.office365.api.error", ids),
        )?;
        let mut events: Vec<LogEvent> = pushes.into_iter().chain(errors).filter(|event| event.at >= since).collect();
        events.sort_by_key(|event| event.at);
        // the newest are kept: a relapse is a new failure
        events.drain(..events.len().saturating_sub(MAX_EVENTS));
        Ok(events)
    }

    async fn clock(&self) -> Answer<Option<At>> {
        const OP: &str = "read the clock of the org";
        Ok(pause::date(&self.0.reply(OP, harmless(&self.0, OP)?).await?.headers))
    }
}

#[async_trait]
impl FailureRead for Reader {
    async fn failing_users(&self, app: &AppId, name: &str, since: At) -> Answer<Vec<OktaUserId>> {
        const OP: &str = "read the failed pushes in the System Log";
        let whole = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if whole.is_empty() {
            return Ok(Vec::new());
        }
        let filter = format!(
            "eventType sw \"application.provision\" and outcome.result eq \"FAILURE\" and target.id eq {}",
            quoted(app.as_str())
        );
        let query =
            [("since", &*since.rfc3339()), ("filter", &*filter), ("sortOrder", "DESCENDING"), ("limit", "1000")];
        let page = self.0.first_page(OP, self.0.at(OP, &["logs"], &query)?).await?;
        let mut found: Vec<OktaUserId> = Vec::new();
        for id in page.iter().filter_map(|event| decode::target_named(event, &whole)) {
            if found.len() < MAX_FOUND && !found.contains(&id) {
                found.push(id);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_okta_user_id_is_a_key() {
        assert!(is_user_id("00u1ero7vZFVEIYLWPBN"));
        for other in ["me", "anna", "anna@x.example", "00u/../me", "0oa1", ""] {
            assert!(!is_user_id(other), "{other}");
        }
    }

    #[test]
    fn a_name_is_cut_at_every_gap() {
        let cut = |name: &str| cuts(name).into_iter().map(|(a, b)| format!("{a}|{b}")).collect::<Vec<_>>();
        assert_eq!(cut("Mary Ann Smith"), ["Mary|Ann Smith", "Mary Ann|Smith"]);
        assert_eq!(cut("Cher"), ["|Cher", "Cher|"]);
    }
}
