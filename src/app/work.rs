//! Taking up work: stored events, look-ups that are due, runs, posts. Each is a unit of its own, serial for one case (by the
//! version of its row) and parallel across cases.
//!
//! Never holds work only in memory: everything can be taken up by another process. Begin with [`App::dispatch`].

use super::{App, books};
use crate::domain::case::WrongMove;
use crate::domain::ids::{CaseId, RunId};
use crate::domain::inbound::{Body, Inbound};
use crate::domain::notice::{Notice, PublicText};
use crate::domain::time::{At, SECOND};
use crate::ports::store::{Durability, InboxRow, StoreError, Stored};
use crate::ports::surface::{Earlier, SurfaceError, verified};
use crate::recognize::command::{self, Command};
use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard, PoisonError};

/// Failures of one unit after which this process leaves it alone.
const GIVE_UP: u32 = 6;
/// How long a claimed inbox or outbox row is left to its process.
const HOLD: i64 = 60 * SECOND;
/// Most events, and most cases, that one process works on at the same time. What is beyond that waits in the store, where
/// it costs no memory and any process can take it. Apart from each other, so that no press waits behind look-ups that
/// directories keep waiting; runs have no limit, because somebody may be parked.
const EVENTS: usize = 32;
const CASES: usize = 24;
/// Most cases that are due and looked through for ones to work on.
const DUE: i64 = 256;

/// Why a unit of work failed; it is logged once, where the unit ends.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The case is not in a state for this.
    #[error("the case cannot move so")]
    Move(#[from] WrongMove),
    /// Somebody else changed the case each time.
    #[error("the case was changed by others all the time; nothing was changed")]
    Contended,
    /// Something stored cannot be read.
    #[error("stored data cannot be read: {0}")]
    Unreadable(String),
}

/// What is left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// Units are at work.
    Working,
    /// A run of this database is held by another live process.
    Elsewhere,
    /// Everything waits for this instant.
    Until(At),
    /// Nothing is left.
    Idle,
}

impl App {
    fn set(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets which runs another process holds, so that the next dispatch tries them again.
    pub fn try_elsewhere(&self) {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether this process is at work on the run.
    pub(super) fn is_at_work(&self, run: &RunId) -> bool {
        self.set().contains(&format!("run:{run}"))
    }

    fn is_elsewhere(&self, run: &str) -> bool {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).contains(run)
    }

    /// Remembers that a unit failed; it is tried again later each time, and given up in this process in the end.
    fn failed(&self, key: &str) -> u32 {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, again) = failed.entry(key.to_owned()).or_insert((0, At(0)));
        *count += 1;
        *again = self.now().plus(SECOND << (*count).min(6));
        *count
    }

    /// How often a unit failed in this process.
    fn tries(&self, key: &str) -> u32 {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get(key).map_or(0, |(count, _)| *count)
    }

    fn may_try(&self, key: &str) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get(key).is_none_or(|(count, again)| *count < GIVE_UP && *again <= self.now())
    }

    /// When the first failed unit may be tried again.
    fn next_try(&self) -> Option<At> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        failed.values().filter(|(count, again)| *count < GIVE_UP && *again > now).map(|(_, again)| *again).min()
    }

    pub(super) fn mark_elsewhere(&self, run: &str, held: bool) {
        let mut set = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
        if held {
            set.insert(run.to_owned())
        } else {
            set.remove(run)
        };
    }

    /// Starts a unit unless the same one is under way here; whether it started.
    fn start<F>(self: &Arc<Self>, key: String, name: &'static str, work: F) -> bool
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        if !self.may_try(&key) || !self.set().insert(key.clone()) {
            return false;
        }
        let app = Arc::clone(self);
        self.parts.tasks.spawn(
            name,
            Box::pin(async move {
                let guard = Leave { app: &app, key: &key };
                if let Err(error) = work.await {
                    // A failed unit is taken up again from the store; one line at the place that handles it.
                    let count = app.failed(&key);
                    let error = &error as &dyn std::error::Error;
                    if count < GIVE_UP {
                        tracing::warn!(unit = name, key, count, error, "work was put back");
                    } else {
                        tracing::error!(unit = name, key, count, error, "work was given up until the next start");
                    }
                }
                drop(guard);
            }),
        );
        true
    }

    /// How many more units of a kind may be started; the keys of its units begin with `kind`.
    fn room(&self, kind: &str, most: usize) -> i64 {
        let at_work = self.set().iter().filter(|key| key.starts_with(kind)).count();
        i64::try_from(most.saturating_sub(at_work)).unwrap_or(0)
    }

    /// Starts what can be done now and has room; how many units were started. May be called at any time.
    pub async fn dispatch(self: &Arc<Self>) -> Stored<usize> {
        let mut started = 0;
        let now = self.now();
        // Runs first: somebody may be parked, or an app paused, by a process that died.
        for run in self.parts.store.open_runs().await? {
            if self.is_elsewhere(run.id.as_str()) || self.rests(&run.id) || self.is_behind(&run.id) {
                continue;
            }
            let app = Arc::clone(self);
            started += usize::from(self.start(format!("run:{}", run.id), "run", async move { app.go(run).await }));
        }
        let events = match self.room("inbox:", EVENTS) {
            0 => Vec::new(),
            room => self.parts.store.inbox_claim(&self.parts.owner, now, HOLD, room).await?,
        };
        for row in events {
            let app = Arc::clone(self);
            started +=
                usize::from(self.start(format!("inbox:{}", row.id), "inbox", async move { app.take(row).await }));
        }
        let mut room = self.room("due:", CASES);
        // The ones at work and the ones that failed are among those that are due.
        let due = if room == 0 { Vec::new() } else { self.parts.store.cases_due(now, DUE).await? };
        for (id, version) in due {
            if room == 0 {
                break;
            }
            let app = Arc::clone(self);
            // The version in the key: a unit that could not move its case is not started again and again for the same state.
            let key = format!("due:{id}:{version}");
            if self.start(key, "due", async move { app.due(&id).await }) {
                started += 1;
                room -= 1;
            }
        }
        Ok(started + self.dispatch_posts().await?)
    }

    /// Starts the sending of what is in the outbox and due, and nothing else; how many units were started.
    pub async fn dispatch_posts(self: &Arc<Self>) -> Stored<usize> {
        let mut started = 0;
        let names: Vec<&'static str> = self.parts.surfaces.iter().map(|surface| surface.name()).collect();
        for name in names {
            if self.parts.store.outbox_waiting_on(name, self.now()).await?.count == 0 {
                continue;
            }
            let app = Arc::clone(self);
            started += usize::from(self.start(format!("outbox:{name}"), "outbox", async move { app.post(name).await }));
        }
        Ok(started)
    }

    /// Number of posts that are due and not sent, on the surfaces of this process.
    pub async fn posts_waiting(&self) -> Stored<i64> {
        let mut waiting = 0;
        for surface in &self.parts.surfaces {
            waiting += self.parts.store.outbox_waiting_on(surface.name(), self.now()).await?.count;
        }
        Ok(waiting)
    }

    /// What is left to do, as far as this process can tell; call after [`App::dispatch`].
    pub async fn busy(&self, sleeping_until: Option<At>) -> Stored<Busy> {
        if self.parts.tasks.active() > 0 {
            return Ok(Busy::Working);
        }
        let elsewhere = !self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if elsewhere {
            return Ok(Busy::Elsewhere);
        }
        let due = self.parts.store.next_due_work().await?;
        let next = [sleeping_until, due, self.next_try()].into_iter().flatten().min();
        Ok(next.map_or(Busy::Idle, Busy::Until))
    }

    /// Finishes an inbox row that led to no change.
    pub(super) async fn finish(&self, inbox: i64) -> Result<(), Failure> {
        Ok(self.parts.store.inbox_done(inbox, self.now(), Durability::Now).await?)
    }

    /// The same, of a row that was only read: what it says is read again where a power failure takes this.
    pub(super) async fn finish_read(&self, inbound: &Inbound, inbox: i64) -> Result<(), Failure> {
        Ok(self.parts.store.inbox_done(inbox, self.now(), replay_of(&inbound.body)).await?)
    }

    /// Tells one person something, at once; where the surface asks to wait, from the outbox when it may. It carries no state and
    /// may be lost.
    pub(super) async fn whisper(&self, inbound: &Inbound, text: PublicText) {
        let Some(surface) = self.surface(&inbound.surface) else { return };
        let notice = Notice::Whisper {
            place: inbound.place.clone(),
            to: inbound.actor.key.clone(),
            name: inbound.actor.name.clone(),
            text,
        };
        match surface.show(&notice, Earlier::default()).await {
            Ok(_) => {}
            Err(SurfaceError::Wait { after_ms }) => self.answer_later(surface.name(), &notice, after_ms).await,
            Err(error) => tracing::warn!(surface = surface.name(), %error, "a direct answer was lost"),
        }
    }

    /// Tells one person something beside the card that answers: who only said something does not wait for it, so it is lost
    /// where the surface asks to wait.
    pub(super) async fn aside(&self, inbound: &Inbound, text: PublicText) {
        if !matches!(inbound.body, Body::Message { .. }) {
            return self.whisper(inbound, text).await;
        }
        let Some(surface) = self.surface(&inbound.surface) else { return };
        let (place, to, name) = (inbound.place.clone(), inbound.actor.key.clone(), inbound.actor.name.clone());
        let notice = Notice::Whisper { place, to, name, text };
        if let Err(error) = surface.show(&notice, Earlier::default()).await {
            tracing::debug!(surface = surface.name(), %error, "a direct answer that nobody waits for was lost");
        }
    }

    /// Works on one stored event. Whoever waits for an answer is told when it is left alone.
    async fn take(&self, row: InboxRow) -> Result<(), Failure> {
        let last = self.tries(&format!("inbox:{}", row.id)) + 1 >= GIVE_UP;
        let body = last.then(|| row.body.clone());
        let done = Box::pin(self.take_up(row)).await;
        let given_up = body.filter(|_| done.is_err()).and_then(|body| serde_json::from_str::<Inbound>(&body).ok());
        if let Some(inbound) = given_up.filter(|inbound| !matches!(inbound.body, Body::Message { .. })) {
            let text = "The bot failed at this again and again and leaves it alone until it is started anew. Nothing was \
                        changed by it so far. Tell the operator.";
            self.whisper(&inbound, PublicText::words(text)).await;
        }
        done
    }

    async fn take_up(&self, row: InboxRow) -> Result<(), Failure> {
        let inbound: Inbound = match serde_json::from_str(&row.body) {
            Ok(inbound) => inbound,
            Err(error) => {
                tracing::error!(inbox = row.id, %error, "a stored event cannot be read and was put aside");
                return self.finish(row.id).await;
            }
        };
        if inbound.more.deleted {
            return self.tell_deleted(&inbound, row.id).await;
        }
        if self.is_overtaken(&inbound).await? {
            return self.finish(row.id).await;
        }
        let inbound = self.complete(inbound).await?;
        if inbound.more.told && says_nothing(&inbound.body) {
            return self.finish(row.id).await;
        }
        match &inbound.body {
            Body::Message { text } => self.open(&inbound, row.id, text, false).await,
            Body::Mention { text } => match command::mention(text) {
                Ok(Command::Diagnose { text }) => self.open(&inbound, row.id, &text, true).await,
                Ok(command) => self.command(&inbound, row.id, command).await,
                Err(error) => self.answer(&inbound, row.id, PublicText::foreign(&error.to_string())).await,
            },
            Body::Command { text } => match command::slash(text) {
                Ok(Command::Diagnose { text }) => self.open(&inbound, row.id, &text, true).await,
                Ok(command) => self.typed(&inbound, row.id, command).await,
                Err(error) => self.answer(&inbound, row.id, PublicText::foreign(&error.to_string())).await,
            },
            Body::Press { verb, case, number, note } => {
                // The inbox holds a press only after its surface proved the actor (`hear` refuses it otherwise).
                let actor = verified(inbound.actor.clone());
                let press = super::decide::Press { verb: *verb, case, number: *number, note: note.as_deref() };
                self.press(&inbound, row.id, &actor, press).await
            }
        }
    }

    /// Whether the message was changed once more, or deleted, since, and that was heard before this: the last words count.
    async fn is_overtaken(&self, inbound: &Inbound) -> Result<bool, Failure> {
        if !matches!(inbound.body, Body::Message { .. } | Body::Mention { .. }) {
            return Ok(false);
        }
        let (surface, key) = (&inbound.surface, inbound.event_key.as_str());
        let (message, after) = match (inbound.more.edited, key.rsplit_once('|')) {
            (false, _) => (key, format!("{surface}|{key}|")),
            (true, Some((message, _))) => (message, format!("{surface}|{key}")),
            (true, None) => return Ok(false),
        };
        Ok(self.parts.store.inbox_has(&after, &format!("{surface}|{message}|~")).await?)
    }

    /// Answers the person and finishes the row.
    pub(super) async fn answer(&self, inbound: &Inbound, inbox: i64, text: PublicText) -> Result<(), Failure> {
        self.whisper(inbound, text).await;
        self.finish(inbox).await
    }

    /// Stops when a case id does not name a case.
    pub(super) fn no_case(id: &CaseId) -> PublicText {
        PublicText::words("There is no case ").and_foreign(id.as_str()).and(". Nothing was changed.")
    }
}

/// What a power failure may take of the work on an event: the row that is left in the inbox is then worked on again. A text
/// that was only heard means the same at any time. What somebody pressed or typed meant that moment, and is not done later.
pub(super) fn replay_of(body: &Body) -> Durability {
    match body {
        Body::Message { .. } => Durability::Replayed,
        Body::Mention { .. } | Body::Command { .. } | Body::Press { .. } => Durability::Now,
    }
}

/// Whether nothing but a file was sent.
fn says_nothing(body: &Body) -> bool {
    match body {
        Body::Message { text } | Body::Mention { text } => text.trim().is_empty(),
        Body::Command { text } => {
            matches!(command::slash(text), Ok(Command::Diagnose { text }) if text.trim().is_empty())
                || text.trim().eq_ignore_ascii_case("diagnose")
        }
        Body::Press { .. } => false,
    }
}

/// Takes the key of a unit out of the set when the unit ends, also by a panic.
struct Leave<'a> {
    app: &'a App,
    key: &'a str,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.app.set().remove(self.key);
    }
}

impl App {
    /// Reads a stored plan and checks that it is the one that was voted on.
    pub(super) fn plan_of(text: &str, digest: &str) -> Result<crate::domain::plan::Plan, Failure> {
        let plan: crate::domain::plan::Plan = books::decode(text, "plans", digest)?;
        if plan.digest().as_hex() == digest {
            Ok(plan)
        } else {
            Err(Failure::Unreadable(format!("the plan stored under {digest} has another digest")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inbound::Verb;

    #[test]
    fn what_somebody_pressed_or_typed_is_not_done_again_later() {
        let text = || "text".to_owned();
        assert_eq!(replay_of(&Body::Message { text: text() }), Durability::Replayed);
        let press = Body::Press { verb: Verb::Approve, case: CaseId::new("c-1"), number: Some(1), note: None };
        for body in [Body::Mention { text: text() }, Body::Command { text: text() }, press] {
            assert_eq!(replay_of(&body), Durability::Now, "{body:?}");
        }
    }
}
