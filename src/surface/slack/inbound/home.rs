//! The home tab: made when somebody opens it, and kept current for a while after that, because who has it open sees nothing of
//! what happens elsewhere.
//!
//! Never shows more than the person may see at that moment: everything is read anew for each look. Never asks Slack or a
//! directory more often than a few times a minute for one person, nor for more than a few people. What two processes publish
//! does not mix: whoever showed the tab last keeps it.
//!
//! Begin with [`Homes::opened`] and [`Homes::keep`].

use super::intake::Ear;
use super::windows::Desk;
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::case::Case;
use crate::domain::time::{At, MINUTE, SECOND};
use crate::ports::stop::Stop;
use crate::ports::store::Stored;
use crate::surface::slack::calls::CallError;
use crate::surface::slack::links::Permalinks;
use crate::surface::slack::show::{Post, thread};
use crate::surface::slack::views::{self, HOME_LISTS, Home, Listed};
use crate::surface::slack::{NAME, account};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a tab is kept current after it was opened.
const WATCHED: i64 = 15 * MINUTE;
/// Tabs that are kept current; with one more the one that was opened first goes.
const MOST: usize = 32;
/// Shortest time between two refreshes of one tab; what happens in between is one refresh.
const PACE: i64 = 10 * SECOND;
/// How often it is looked whether anything changed, while there is a tab to be kept.
const LOOK: Duration = Duration::from_secs(1);
/// Addresses that are asked for at the same time.
const AT_ONCE: usize = 4;
/// Codes after which a tab is given up: it cannot be shown, or another process has shown a later one.
const OVER: [&str; 10] = [
    "hash_conflict",
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "user_not_found",
    "not_enabled",
    "team_not_found",
    "access_denied",
];

/// A tab that somebody opened.
struct Tab {
    workspace: Option<String>,
    actor: Actor,
    opened: At,
    /// A task is at it.
    busy: bool,
    /// It was opened anew: it is shown whatever stands there.
    anew: bool,
    /// Something changed since it was made.
    stale: bool,
    /// Not before this.
    next: At,
    /// The state that Slack gave what we showed, and what that was.
    shown: Option<(Option<String>, Value)>,
}

/// Tabs by account.
pub struct Homes {
    desk: Arc<Desk>,
    ear: Arc<dyn Ear>,
    links: Arc<Permalinks>,
    tabs: Mutex<BTreeMap<String, Tab>>,
}

/// What is to be published.
struct Turn {
    workspace: Option<String>,
    actor: Actor,
    anew: bool,
    shown: Option<(Option<String>, Value)>,
}

impl Homes {
    /// Nobody has opened it yet.
    pub fn new(desk: Arc<Desk>, ear: Arc<dyn Ear>, links: Arc<Permalinks>) -> Self {
        Self { desk, ear, links, tabs: Mutex::default() }
    }

    fn tabs(&self) -> MutexGuard<'_, BTreeMap<String, Tab>> {
        self.tabs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody opened the tab.
    pub fn opened(self: &Arc<Self>, workspace: Option<String>, actor: Actor) {
        let (key, now) = (actor.key.clone(), self.desk.now());
        {
            let mut tabs = self.tabs();
            if !tabs.contains_key(&key)
                && tabs.len() >= MOST
                && let Some(first) = tabs.iter().min_by_key(|(_, tab)| tab.opened).map(|(key, _)| key.clone())
            {
                tabs.remove(&first);
            }
            let new = || Tab {
                workspace: None,
                actor: actor.clone(),
                opened: now,
                busy: false,
                anew: true,
                stale: false,
                next: now,
                shown: None,
            };
            let tab = tabs.entry(key.clone()).or_insert_with(new);
            (tab.workspace, tab.actor, tab.opened, tab.anew) = (workspace, actor, now, true);
        }
        self.begin(&key);
    }

    /// Looks after the tabs until the process is to end.
    pub async fn keep(self: &Arc<Self>, mut stop: Stop) {
        let mut mark = None;
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = stop.wished() => return,
            }
            self.look(&mut mark).await;
        }
    }

    /// Marks what has to be shown anew, and begins with what may be. `mark` is what the store said last.
    async fn look(self: &Arc<Self>, mark: &mut Option<String>) {
        let now = self.desk.now();
        self.tabs().retain(|_, tab| now.since(tab.opened) < WATCHED);
        if self.tabs().is_empty() {
            *mark = None;
            return;
        }
        match self.ear.mark().await {
            Ok(new) => {
                if mark.as_ref() != Some(&new) {
                    self.tabs().values_mut().for_each(|tab| tab.stale = true);
                    *mark = Some(new);
                }
            }
            Err(error) => return tracing::warn!(error, "it was not looked whether the home tabs are current"),
        }
        let ready: Vec<String> = {
            let tabs = self.tabs();
            tabs.iter().filter(|(_, tab)| tab.stale && tab.next <= now).map(|(key, _)| key.clone()).collect()
        };
        for key in &ready {
            self.begin(key);
        }
    }

    /// Begins to show a tab, unless that is under way; then what is under way is followed by it.
    fn begin(self: &Arc<Self>, key: &str) {
        match self.tabs().get_mut(key) {
            Some(tab) if !tab.busy => tab.busy = true,
            _ => return,
        }
        let (homes, key) = (Arc::clone(self), key.to_owned());
        let work = async move {
            while let Some(turn) = homes.turn(&key) {
                homes.publish(&key, turn).await;
            }
        };
        self.desk.tasks.spawn("slack home", Box::pin(work));
    }

    /// What is to be shown now; nothing ends the task.
    fn turn(&self, key: &str) -> Option<Turn> {
        let now = self.desk.now();
        let mut tabs = self.tabs();
        let tab = tabs.get_mut(key)?;
        if !(tab.anew || (tab.stale && tab.next <= now)) {
            tab.busy = false;
            return None;
        }
        let turn = Turn {
            workspace: tab.workspace.clone(),
            actor: tab.actor.clone(),
            anew: tab.anew,
            shown: tab.shown.clone(),
        };
        (tab.anew, tab.stale, tab.next) = (false, false, now.plus(PACE));
        Some(turn)
    }

    async fn publish(&self, key: &str, turn: Turn) {
        let actor = self.desk.who.know(&turn.actor).await;
        let mut home = match self.ear.home(&actor).await {
            Ok(home) => home,
            Err(error) => {
                tracing::warn!(error, "the home tab could not be made");
                return self.again(key);
            }
        };
        // At once with the addresses that are known, so that nobody waits for the others.
        let unknown = self.link(&mut home);
        let mut shown = turn.shown;
        let hash = if turn.anew { None } else { shown.as_ref().and_then(|(hash, _)| hash.clone()) };
        let view = views::home(&home);
        if turn.anew || shown.as_ref().is_none_or(|(_, before)| *before != view) {
            match self.show(key, turn.workspace.as_deref(), &actor, (view, hash)).await {
                Some(done) => shown = Some(done),
                None => return,
            }
        }
        if !unknown.is_empty() {
            for few in unknown.chunks(AT_ONCE) {
                let mut asked = Vec::with_capacity(few.len());
                for (channel, ts) in few {
                    asked.push(self.links.of(channel, ts));
                }
                join_all(asked).await;
            }
            if !self.link(&mut home).is_empty() {
                self.again(key);
            }
            let view = views::home(&home);
            if shown.as_ref().is_none_or(|(_, before)| *before != view) {
                let hash = shown.and_then(|(hash, _)| hash);
                self.show(key, turn.workspace.as_deref(), &actor, (view, hash)).await;
            }
        }
    }

    /// What was not done comes with the next refresh.
    fn again(&self, key: &str) {
        if let Some(tab) = self.tabs().get_mut(key) {
            tab.stale = true;
        }
    }

    /// Puts the known addresses into the lists; the posts whose address is not known.
    fn link(&self, home: &mut Home) -> Vec<(String, String)> {
        let mut unknown = Vec::new();
        for one in home.to_approve.iter_mut().chain(&mut home.open) {
            let Some((channel, ts)) = &one.post else { continue };
            match self.links.at_hand(channel, ts) {
                Some(link) => one.link = link,
                None => unknown.push((channel.clone(), ts.clone())),
            }
        }
        unknown
    }

    /// Publishes a view over the one with this hash, and remembers it; nothing when it was not taken.
    async fn show(
        &self,
        key: &str,
        workspace: Option<&str>,
        actor: &Actor,
        (view, hash): (Value, Option<String>),
    ) -> Option<(Option<String>, Value)> {
        let (_, user) = account::of_key(&actor.key);
        let mut body = json!({ "user_id": user, "view": view });
        if let Some(hash) = hash {
            body["hash"] = json!(hash);
        }
        let answer = self.desk.calls.call(workspace, "views.publish", body).await;
        let mut tabs = self.tabs();
        match answer {
            Ok(answer) => {
                let hash = answer.pointer("/view/hash").and_then(Value::as_str).map(str::to_owned);
                let done = (hash, view);
                if let Some(tab) = tabs.get_mut(key) {
                    tab.shown = Some(done.clone());
                }
                Some(done)
            }
            Err(CallError::Refused(code)) if OVER.contains(&code.as_str()) => {
                tracing::info!(code, "a home tab is not kept current any more");
                // Somebody who opened it meanwhile is not forgotten.
                if tabs.get(key).is_some_and(|tab| !tab.anew) {
                    tabs.remove(key);
                }
                None
            }
            Err(error) => {
                tracing::warn!(%error, "the home tab was not shown");
                if let Some(tab) = tabs.get_mut(key) {
                    let wait = if let CallError::Limited { after_ms } = error { after_ms } else { 0 };
                    (tab.stale, tab.next) = (true, self.desk.now().plus(wait.max(PACE)));
                }
                None
            }
        }
    }
}

/// What the home tab of somebody shows. Whoever is not a linked member sees how to use the bot and no cases.
pub async fn home_of(app: &App, actor: &Actor) -> Stored<Home> {
    let desk = app.desk_of(NAME, actor).await?;
    let mut home = Home {
        standing: desk.standing,
        more_to_approve: desk.to_approve.len().saturating_sub(HOME_LISTS),
        more_open: desk.open.len().saturating_sub(HOME_LISTS) + usize::try_from(desk.more).unwrap_or(0),
        ..Home::default()
    };
    for case in desk.to_approve.iter().take(HOME_LISTS) {
        let until = case.state.proposal().map(|proposal| proposal.plan.not_after);
        home.to_approve.push(Listed { until, ..listed(app, case).await? });
    }
    for case in desk.open.iter().rev().take(HOME_LISTS) {
        home.open.push(listed(app, case).await?);
    }
    Ok(home)
}

async fn listed(app: &App, case: &Case) -> Stored<Listed> {
    let own = case.surface == NAME;
    let card = if own { app.card_posted(case).await?.and_then(|at| Post::read(&at)) } else { None };
    let root = || thread(&case.place).filter(|_| own).map(|ts| (case.place.channel.clone(), ts.to_owned()));
    Ok(Listed {
        case: case.id.clone(),
        title: case.diagnosis.texts.title.clone(),
        state: case.state.name().to_owned(),
        at: case.updated_at,
        until: None,
        post: card.map(|post| (post.channel, post.ts)).or_else(root),
        link: None,
    })
}

#[cfg(test)]
#[path = "home_tests.rs"]
mod tests;
