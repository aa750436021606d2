//! An app and a Slack for the tests of this folder: they remember what they were given.

use super::echo::Echoes;
use super::home::Homes;
use super::intake::{Ear, Intake};
use super::windows::Desk;
use crate::app::{HearError, Heard};
use crate::domain::actor::Actor;
use crate::domain::ids::{CaseId, OktaUserId};
use crate::domain::inbound::{Body, Inbound};
use crate::domain::notice::Card;
use crate::domain::time::At;
use crate::ports::clock::Clock;
use crate::ports::stop::Stop;
use crate::ports::store::StoreError;
use crate::ports::surface::VerifiedActor;
use crate::ports::tasks::{Tasks, Unit};
use crate::surface::slack::calls::{CallError, Calls};
use crate::surface::slack::links::Permalinks;
use crate::surface::slack::ourselves::{Identity, Links, Ourselves};
use crate::surface::slack::settings::Settings;
use crate::surface::slack::token::Mint;
use crate::surface::slack::views::Home;
use crate::surface::slack::who::Who;
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// The key with which buttons of these tests are sealed.
pub(super) const KEY: &[u8] = b"this environment";

/// Remembers.
#[derive(Default)]
pub(super) struct World {
    /// What the app heard, and whether a proof of the same actor came with it.
    pub(super) heard: Mutex<Vec<(Inbound, bool)>>,
    /// Calls of the Web API and direct answers, in order.
    pub(super) called: Mutex<Vec<(String, Value)>>,
    /// What was kept for answers.
    pub(super) kept: Mutex<Vec<(String, String)>>,
    /// Whether the store fails.
    pub(super) broken: Mutex<bool>,
    /// Whether Slack refuses.
    pub(super) refuses: Mutex<bool>,
    /// What the next calls fail with; the last goes first.
    pub(super) fails: Mutex<Vec<CallError>>,
    /// What the home tab shows, and the mark of the store.
    pub(super) home: Mutex<Home>,
    pub(super) mark: Mutex<String>,
    /// Milliseconds that went by.
    pub(super) time: AtomicI64,
    work: Mutex<Vec<Unit>>,
}

struct Here(Arc<World>);

#[async_trait]
impl Ear for Here {
    fn listens(&self, channel: &str) -> bool {
        channel == "C01"
    }

    fn is_chatter(&self, text: &str) -> bool {
        !text.contains("failed")
    }

    async fn hear(&self, inbound: Inbound, proof: Option<&VerifiedActor>) -> Result<Heard, HearError> {
        if *self.0.broken.lock().unwrap() {
            return Err(HearError::Store(StoreError::Driver("full".into())));
        }
        let proved = proof.is_some_and(|proof| *proof.actor() == inbound.actor);
        let mut heard = self.0.heard.lock().unwrap();
        let again = heard.iter().any(|(before, _)| before.event_key == inbound.event_key);
        heard.push((inbound, proved));
        Ok(if again { Heard::Repeated } else { Heard::Stored })
    }

    async fn card(&self, _: &CaseId) -> Result<Option<Card>, String> {
        Ok(None)
    }

    async fn home(&self, _: &Actor) -> Result<Home, String> {
        Ok(self.0.home.lock().unwrap().clone())
    }

    async fn mark(&self) -> Result<String, String> {
        Ok(self.0.mark.lock().unwrap().clone())
    }
}

#[async_trait]
impl Calls for Here {
    async fn call(&self, _: Option<&str>, method: &'static str, body: Value) -> Result<Value, CallError> {
        self.0.called.lock().unwrap().push((method.to_owned(), body));
        if *self.0.refuses.lock().unwrap() {
            return Err(CallError::Refused("expired_trigger_id".into()));
        }
        if let Some(error) = self.0.fails.lock().unwrap().pop() {
            return Err(error);
        }
        if method == "chat.getPermalink" {
            return Ok(json!({ "ok": true, "permalink": "https://northbridge.slack.com/archives/C01/p15" }));
        }
        Ok(
            json!({ "ok": true, "view": { "id": "V01", "hash": format!("h{}", self.0.called.lock().unwrap().len()) }, "user": { "id": "U01", "team_id": "T01" } }),
        )
    }

    async fn respond(&self, url: &str, text: &str) -> Result<(), CallError> {
        self.0.called.lock().unwrap().push((url.to_owned(), json!(text)));
        self.0.fails.lock().unwrap().pop().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl Clock for Here {
    fn now(&self) -> At {
        At(1_700_000_000_000).plus(self.0.time.load(Ordering::SeqCst))
    }

    async fn sleep_until(&self, at: At) {
        self.0.time.fetch_max(at.since(At(1_700_000_000_000)), Ordering::SeqCst);
    }
}

impl Tasks for Here {
    fn spawn(&self, _: &'static str, unit: Unit) {
        self.0.work.lock().unwrap().push(unit);
    }

    fn active(&self) -> usize {
        0
    }

    fn running(&self) -> usize {
        0
    }

    fn changed(&self) -> Unit {
        Box::pin(async {})
    }

    fn wake(&self) {}
}

impl World {
    /// What was put off until after the acknowledgement.
    pub(super) async fn after(&self) {
        let work: Vec<Unit> = std::mem::take(&mut *self.work.lock().unwrap());
        for unit in work {
            unit.await;
        }
    }

    /// Bodies of what was heard, in order.
    pub(super) fn bodies(&self) -> Vec<Body> {
        self.heard.lock().unwrap().iter().map(|(inbound, _)| inbound.body.clone()).collect()
    }

    /// The last thing heard.
    pub(super) fn last(&self) -> (Inbound, bool) {
        self.heard.lock().unwrap().last().cloned().unwrap()
    }

    /// Methods and addresses called, in order.
    pub(super) fn methods(&self) -> Vec<String> {
        self.called.lock().unwrap().iter().map(|(method, _)| method.clone()).collect()
    }
}

/// An intake over these, in a workspace T01 where U01 is linked.
pub(super) fn intake(settings: Settings) -> (Arc<Intake>, Arc<World>) {
    let world = Arc::new(World::default());
    let here = || Arc::new(Here(Arc::clone(&world)));
    let home = Identity { team: "T01".into(), user: "U0BOT".into(), bot: "B0BOT".into(), ..Identity::default() };
    let ourselves = Ourselves::new(vec![home]);
    let clock: Arc<dyn Clock> = here();
    let kept = Arc::clone(&world);
    let desk = Desk {
        calls: here(),
        mint: Mint::new(KEY),
        remember: Box::new(move |actor, _, url| kept.kept.lock().unwrap().push((actor.to_owned(), url.to_owned()))),
        who: Arc::new(Who::new(here(), ourselves.clone(), Arc::clone(&clock))),
        clock,
        tasks: here(),
    };
    let people = Links::of(&BTreeMap::from([("T01/U01".to_owned(), OktaUserId::new("00u1"))]));
    let ear: Arc<dyn Ear> = here();
    let echoes = Echoes::default();
    let desk = Arc::new(desk);
    let links = Arc::new(Permalinks::new(here(), here()));
    let homes = Arc::new(Homes::new(Arc::clone(&desk), Arc::clone(&ear), links));
    (Arc::new(Intake { ear, desk, homes, ourselves, links: people, settings, echoes, stop: Stop::never() }), world)
}
