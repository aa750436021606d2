//! What Slack says of an account and of a channel, asked when an event is worked on and kept for a minute.
//!
//! Never raises a standing: the event's own signs and the link of the configuration are the most that somebody can have. What
//! cannot be read lowers it: the account counts as not linked, the channel as shared (SAFETY A7, invariant 11).
//!
//! Begin with [`Who::know`].

use super::account;
use super::calls::Calls;
use super::ourselves::{Identity, Ourselves};
use crate::domain::actor::{Actor, Standing};
use crate::domain::inbound::Place;
use crate::domain::time::{At, MINUTE};
use crate::ports::clock::Clock;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How long an answer is good.
const KEPT: i64 = MINUTE;
/// Answers that are kept at most; then the old ones go.
const MOST: usize = 4096;

/// What Slack says of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Class {
    Member,
    Guest,
    External,
    Bot,
    /// Deactivated, unknown, or not readable.
    Nobody,
}

#[derive(Clone, Debug)]
struct Known {
    class: Class,
    name: String,
}

/// Answers with the time of asking.
struct Kept<T>(Mutex<BTreeMap<String, (At, T)>>);

impl<T: Clone> Kept<T> {
    fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    fn get(&self, key: &str, now: At) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|(at, _)| (0..KEPT).contains(&now.since(*at))).map(|(_, value)| value.clone())
    }

    fn put(&self, key: &str, now: At, value: T) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, (at, _)| (0..KEPT).contains(&now.since(*at)));
        }
        if kept.len() < MOST {
            kept.insert(key.to_owned(), (now, value));
        }
    }
}

/// Asks and remembers.
pub struct Who {
    calls: Arc<dyn Calls>,
    ourselves: Ourselves,
    clock: Arc<dyn Clock>,
    people: Kept<Known>,
    channels: Kept<bool>,
}

impl Who {
    /// Knows nobody yet.
    pub fn new(calls: Arc<dyn Calls>, ourselves: Ourselves, clock: Arc<dyn Clock>) -> Self {
        Self { calls, ourselves, clock, people: Kept::new(), channels: Kept::new() }
    }

    /// The account with its name, and with a standing that is at most the given one.
    pub async fn know(&self, actor: &Actor) -> Actor {
        match actor.standing {
            // Nothing that Slack says of the poster makes these more than they are.
            Standing::Relayed { .. } | Standing::ApiPosted => return actor.clone(),
            Standing::Linked { .. } | Standing::Unlinked | Standing::Guest | Standing::External => {}
        }
        let known = self.person(&actor.key).await;
        let name = if known.name.is_empty() { actor.name.clone() } else { known.name };
        let standing = match (known.class, &actor.standing) {
            (_, Standing::External) | (Class::External, _) => Standing::External,
            (_, Standing::Guest) | (Class::Guest, _) => Standing::Guest,
            (Class::Bot, _) => Standing::ApiPosted,
            (Class::Nobody, _) => Standing::Unlinked,
            (Class::Member, standing) => standing.clone(),
        };
        Actor { key: actor.key.clone(), name, standing }
    }

    async fn person(&self, key: &str) -> Known {
        let now = self.clock.now();
        if let Some(known) = self.people.get(key, now) {
            return known;
        }
        let (_, user) = account::of_key(key);
        let nobody = Known { class: Class::Nobody, name: String::new() };
        let Some(identity) = self.ourselves.of_account(key) else { return nobody };
        match self.calls.call(identity.workspace.as_deref(), "users.info", json!({ "user": user })).await {
            Ok(answer) => {
                let known = read(&answer, identity, user);
                self.people.put(key, now, known.clone());
                known
            }
            Err(error) => {
                tracing::warn!(%error, "an account could not be read at Slack, so it counts as not linked");
                nobody
            }
        }
    }

    /// Remembers what an event told of its channel.
    pub fn told(&self, channel: &str, shared: bool) {
        self.channels.put(channel, self.clock.now(), shared);
    }

    /// Whether people of another organization read the channel.
    pub async fn shared(&self, place: &Place) -> bool {
        let (workspace, id) = account::of_channel(&place.channel);
        // A direct message with the bot has one reader.
        if id.starts_with('D') {
            return false;
        }
        let now = self.clock.now();
        if let Some(shared) = self.channels.get(&place.channel, now) {
            return shared;
        }
        match self.calls.call(workspace, "conversations.info", json!({ "channel": id })).await {
            Ok(answer) => {
                let channel = answer.get("channel").filter(|channel| channel.is_object());
                let is = |key: &str| channel.and_then(|c| c.get(key)).and_then(Value::as_bool).unwrap_or(false);
                let shared = channel.is_none() || is("is_ext_shared") || is("is_pending_ext_shared");
                self.channels.put(&place.channel, now, shared);
                shared
            }
            Err(error) => {
                tracing::warn!(%error, "a channel could not be read at Slack, so it counts as shared and gets no facts");
                true
            }
        }
    }
}

/// What `users.info` says. Without a user in it, nobody.
fn read(answer: &Value, identity: &Identity, user: &str) -> Known {
    let nobody = Known { class: Class::Nobody, name: String::new() };
    let Some(account) = answer.get("user").filter(|account| account.is_object()) else { return nobody };
    let is = |key: &str| account.get(key).and_then(Value::as_bool).unwrap_or(false);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if account.get("id").and_then(Value::as_str).is_some_and(|id| id != user) {
        return nobody;
    }
    let team = text(account.get("team_id"));
    let enterprise = text(account.pointer("/enterprise_user/enterprise_id"));
    let own_team = team.is_empty() || identity.team.is_empty() || team == identity.team;
    let own_org = !identity.enterprise.is_empty() && [&team, &enterprise].contains(&&identity.enterprise);
    let class = if is("is_stranger") || !(own_team || own_org) {
        Class::External
    } else if is("is_restricted") || is("is_ultra_restricted") {
        Class::Guest
    } else if is("is_bot") || is("is_workflow_bot") {
        Class::Bot
    } else if is("deleted") || is("is_invited_user") {
        Class::Nobody
    } else {
        Class::Member
    };
    let names = [
        account.pointer("/profile/display_name"),
        account.pointer("/profile/real_name"),
        account.get("real_name"),
        account.get("name"),
    ];
    let name = names.into_iter().map(text).find(|name| !name.is_empty()).unwrap_or_default();
    Known { class, name }
}

#[cfg(test)]
mod tests {
    use super::super::calls::CallError;
    use super::*;
    use crate::domain::ids::OktaUserId;
    use async_trait::async_trait;
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

    struct Slack {
        answer: Mutex<Result<Value, CallError>>,
        asked: AtomicUsize,
    }

    #[async_trait]
    impl Calls for Slack {
        async fn call(&self, _: Option<&str>, _: &'static str, _: Value) -> Result<Value, CallError> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.answer.lock().unwrap().clone()
        }

        async fn respond(&self, _: &str, _: &str) -> Result<(), CallError> {
            Ok(())
        }
    }

    struct Time(AtomicI64);

    #[async_trait]
    impl Clock for Time {
        fn now(&self) -> At {
            At(self.0.load(Ordering::SeqCst))
        }

        async fn sleep_until(&self, _: At) {}
    }

    fn who(answer: Result<Value, CallError>, identity: Identity) -> (Who, Arc<Slack>, Arc<Time>) {
        let slack = Arc::new(Slack { answer: Mutex::new(answer), asked: AtomicUsize::new(0) });
        let clock = Arc::new(Time(AtomicI64::new(0)));
        let who = Who::new(
            Arc::<Slack>::clone(&slack),
            Ourselves::new(vec![identity]),
            Arc::<Time>::clone(&clock) as Arc<dyn Clock>,
        );
        (who, slack, clock)
    }

    fn home() -> Identity {
        Identity { team: "T01".into(), ..Identity::default() }
    }

    fn linked() -> Actor {
        Actor {
            key: "T01/U01".into(),
            name: "U01".into(),
            standing: Standing::Linked { okta: OktaUserId::new("00u1") },
        }
    }

    async fn class_of(user: Value, identity: Identity) -> Standing {
        let (who, _, _) = who(Ok(json!({ "ok": true, "user": user })), identity);
        who.know(&linked()).await.standing
    }

    #[tokio::test]
    async fn only_a_full_member_keeps_the_link() {
        let member = json!({ "id": "U01", "team_id": "T01", "profile": { "display_name": " anna " } });
        let (known, _, _) = who(Ok(json!({ "user": member })), home());
        assert_eq!(known.know(&linked()).await, Actor { name: "anna".into(), ..linked() });
        for (user, want) in [
            (json!({ "id": "U01", "team_id": "T01", "is_restricted": true }), Standing::Guest),
            (
                json!({ "id": "U01", "team_id": "T01", "is_ultra_restricted": true, "is_restricted": true }),
                Standing::Guest,
            ),
            (json!({ "id": "U01", "team_id": "T09" }), Standing::External),
            (json!({ "id": "U01", "team_id": "T01", "is_stranger": true }), Standing::External),
            (json!({ "id": "U01", "team_id": "T01", "is_bot": true }), Standing::ApiPosted),
            (json!({ "id": "U01", "team_id": "T01", "deleted": true }), Standing::Unlinked),
            (json!({ "id": "U99", "team_id": "T01" }), Standing::Unlinked),
            (json!("U01"), Standing::Unlinked),
            (json!(null), Standing::Unlinked),
        ] {
            assert_eq!(class_of(user.clone(), home()).await, want, "{user}");
        }
    }

    #[tokio::test]
    async fn a_member_of_another_workspace_of_the_organization_is_one_of_ours() {
        let org = Identity { team: "T01".into(), enterprise: "E01".into(), ..Identity::default() };
        let of = |enterprise: &str| json!({ "id": "U01", "team_id": "T02", "enterprise_user": { "enterprise_id": enterprise } });
        assert!(matches!(class_of(of("E01"), org.clone()).await, Standing::Linked { .. }));
        assert_eq!(class_of(of("E02"), org).await, Standing::External);
    }

    #[tokio::test]
    async fn nothing_raises_a_standing() {
        let member = json!({ "user": { "id": "U01", "team_id": "T01" } });
        for standing in [Standing::Unlinked, Standing::Guest, Standing::External, Standing::ApiPosted] {
            let (who, _, _) = who(Ok(member.clone()), home());
            let actor = Actor { standing: standing.clone(), ..linked() };
            assert_eq!(who.know(&actor).await.standing, standing);
        }
        let relayed = Actor { standing: Standing::Relayed { via: "bridge".into() }, ..linked() };
        let (who, slack, _) = who(Ok(member), home());
        assert_eq!(who.know(&relayed).await, relayed);
        assert_eq!(slack.asked.load(Ordering::SeqCst), 0, "a bridge's account is not asked about");
    }

    #[tokio::test]
    async fn what_cannot_be_read_closes_the_door_and_is_asked_again() {
        let (who, slack, _) = who(Err(CallError::Unreachable("timeout".into())), home());
        assert_eq!(who.know(&linked()).await.standing, Standing::Unlinked);
        let place = Place { channel: "C01".into(), thread: "1".into(), message: "1".into() };
        assert!(who.shared(&place).await);
        *slack.answer.lock().unwrap() = Ok(json!({ "user": { "id": "U01" }, "channel": { "is_ext_shared": false } }));
        assert!(matches!(who.know(&linked()).await.standing, Standing::Linked { .. }));
        assert!(!who.shared(&place).await);
    }

    #[tokio::test]
    async fn an_answer_is_good_for_a_minute() {
        let (who, slack, clock) = who(Ok(json!({ "user": { "id": "U01", "team_id": "T01" } })), home());
        who.know(&linked()).await;
        clock.0.store(KEPT - 1, Ordering::SeqCst);
        who.know(&linked()).await;
        assert_eq!(slack.asked.load(Ordering::SeqCst), 1);
        *slack.answer.lock().unwrap() = Ok(json!({ "user": { "id": "U01", "team_id": "T01", "is_restricted": true } }));
        clock.0.store(KEPT, Ordering::SeqCst);
        assert_eq!(who.know(&linked()).await.standing, Standing::Guest);
        clock.0.store(-1, Ordering::SeqCst);
        who.know(&linked()).await;
        assert_eq!(slack.asked.load(Ordering::SeqCst), 3, "a clock that went back makes nothing fresh");
    }

    #[tokio::test]
    async fn a_channel_is_shared_when_slack_or_an_event_says_so() {
        let place = |channel: &str| Place { channel: channel.into(), thread: String::new(), message: "cmd-1".into() };
        for (channel, want) in [
            (json!({ "is_ext_shared": true }), true),
            (json!({ "is_pending_ext_shared": true }), true),
            (json!({ "is_org_shared": true, "is_shared": true }), false),
            (json!(null), true),
        ] {
            let (who, _, _) = who(Ok(json!({ "channel": channel })), home());
            assert_eq!(who.shared(&place("C01")).await, want, "{channel}");
        }
        let (who, slack, _) = who(Ok(json!({})), home());
        who.told("C01", false);
        assert!(!who.shared(&place("C01")).await && !who.shared(&place("D01")).await);
        assert_eq!(slack.asked.load(Ordering::SeqCst), 0);
    }
}
