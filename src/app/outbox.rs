//! Sending what is in the outbox, in order. What a place refuses for good is told to whoever waits for it instead.
//!
//! A post that was made is edited from then on; a crash between posting and recording it can repeat an edit, never a change:
//! whoever takes the row up again tells the surface that it may stand there.

use super::work::Failure;
use super::{App, books};
use crate::card::told::told;
use crate::domain::actor::Standing;
use crate::domain::case::State;
use crate::domain::ids::CaseId;
use crate::domain::notice::{Notice, PublicText};
use crate::domain::time::{At, MINUTE, SECOND};
use crate::ports::store::{Attempt, Change, Claimed, OutboxRow};
use crate::ports::surface::{Earlier, Surface, SurfaceError};
use std::collections::BTreeMap;

/// How long a claimed row is ours.
const HOLD: i64 = MINUTE;
/// How long rows of one claim are sent; the rest goes back while it still is ours. What is left of [`HOLD`] is longer than
/// one row can take.
const SENDING: i64 = MINUTE / 2;
/// Tries before a post is given up.
const TRIES: i64 = 8;
/// How long a direct answer is good that has to wait; after that it would puzzle more than it tells.
const ANSWER: i64 = 5 * MINUTE;
/// The beginning of the key of such an answer; behind its `#` stands until when it is good.
const ANSWERS: &str = "answer:";

impl App {
    /// Sends due posts of one surface.
    pub(super) async fn post(&self, surface: &'static str) -> Result<(), Failure> {
        let Some(target) = self.surface(surface) else { return Ok(()) };
        let begun = self.now();
        let rows = self.parts.store.outbox_claim(surface, &self.parts.owner, begun, HOLD).await?;
        let mut posted: BTreeMap<String, String> = BTreeMap::new();
        for claimed in rows {
            if self.now().since(begun) > SENDING {
                let (id, why) = (claimed.id, "there was no time left in this turn");
                self.parts.store.outbox_retry(id, claimed.row.due_at, why, not_made(&claimed)).await?;
                continue;
            }
            let thing = claimed.row.key.split('#').next().unwrap_or_default().to_owned();
            let notice: Notice = match serde_json::from_str(&claimed.row.body) {
                Ok(notice) => notice,
                Err(error) => {
                    tracing::error!(outbox = claimed.id, %error, "a stored post cannot be read and was given up");
                    self.parts.store.outbox_sent(claimed.id, "", self.now()).await?;
                    continue;
                }
            };
            if answer_until(&claimed).is_some_and(|until| self.now() > until) {
                let late = SurfaceError::Refused("its time is over".to_owned());
                self.put_back(&claimed, &late).await?;
                continue;
            }
            let before = posted.get(&thing).cloned().or_else(|| claimed.posted.clone());
            let earlier = Earlier { thing: &thing, posted: before.as_deref(), uncertain: claimed.uncertain };
            match target.show(&notice, earlier).await {
                Ok(reference) => {
                    self.parts.store.outbox_sent(claimed.id, &reference, self.now()).await?;
                    posted.insert(thing, reference);
                }
                Err(error) => {
                    if let SurfaceError::Refused(why) = &error {
                        self.tell_instead(target.as_ref(), (&claimed, &notice), why).await?;
                    }
                    self.put_back(&claimed, &error).await?;
                }
            }
        }
        Ok(())
    }

    /// Keeps a direct answer that the surface does not take now; nobody waits for it here.
    pub(super) async fn answer_later(&self, surface: &str, notice: &Notice, after_ms: i64) {
        let (now, id) = (self.now(), self.parts.fresh.id(ANSWERS, 16));
        let (due_at, until) = (now.plus(after_ms), now.plus(ANSWER));
        if due_at > until {
            tracing::warn!(surface, after_ms, "a direct answer was given up: it would have to wait too long");
            return;
        }
        let key = format!("{id}#{}", until.0);
        let kept = match books::encode(notice, "outbox", &key) {
            Ok(body) => {
                let row = OutboxRow { key, surface: surface.to_owned(), due_at, body };
                self.parts.store.commit(Change { at: now, outbox: vec![row], ..Change::default() }).await
            }
            Err(error) => Err(error),
        };
        match kept {
            Ok(()) => tracing::info!(surface, after_ms, "a direct answer waits until the surface takes it"),
            Err(error) => tracing::warn!(surface, %error, "a direct answer was lost"),
        }
    }

    /// Tells the person who waits for a post what it would have said, and why it does not stand there. Steps on the way are
    /// left out: what they lead to is told.
    async fn tell_instead(
        &self,
        target: &dyn Surface,
        (claimed, notice): (&Claimed, &Notice),
        why: &str,
    ) -> Result<(), Failure> {
        let asker = claimed.row.key.split_once('#').map(|(_, asker)| (asker.to_owned(), asker.to_owned()));
        let (place, said, to) = match notice {
            Notice::Card(card) => {
                let to = match &card.case {
                    Some(id) => self.waits_for(id, card.state.as_deref()).await?,
                    None => asker,
                };
                (&card.place, told(card), to)
            }
            Notice::Note { place, text } => (place, text.clone(), asker),
            Notice::Whisper { .. } => return Ok(()),
        };
        let Some((to, name)) = to else { return Ok(()) };
        let text = PublicText::words(format!("This could not be posted where you asked: {why}.\n"));
        let whisper = Notice::Whisper { place: place.clone(), to, name, text: text.and_text(&said) };
        if let Err(error) = target.show(&whisper, Earlier::default()).await {
            tracing::warn!(outbox = claimed.id, %error, "what could not be posted could not be told either");
        }
        Ok(())
    }

    /// Who waits for the card of a case, where it shows a state that somebody waits for, and the one in which the case is
    /// still: account and name.
    async fn waits_for(&self, id: &CaseId, shown: Option<&str>) -> Result<Option<(String, String)>, Failure> {
        let Some(case) = self.load(id).await? else { return Ok(None) };
        if shown != Some(case.state.name()) {
            return Ok(None);
        }
        let on_the_way = matches!(
            case.state,
            State::Heard | State::Diagnosed | State::Approved { .. } | State::Running { .. } | State::Verifying { .. }
        );
        let person = match case.requester.standing {
            Standing::Linked { .. } | Standing::Unlinked | Standing::Guest | Standing::External => true,
            Standing::Relayed { .. } | Standing::ApiPosted => false,
        };
        Ok((person && !on_the_way).then_some((case.requester.key, case.requester.name)))
    }

    async fn put_back(&self, claimed: &Claimed, error: &SurfaceError) -> Result<(), Failure> {
        let wait = match error {
            SurfaceError::Wait { after_ms } => *after_ms,
            SurfaceError::Failed(_) => SECOND << claimed.attempts.clamp(0, 6),
            SurfaceError::Refused(_) => 0,
        };
        let (hopeless, attempt) = match error {
            SurfaceError::Wait { .. } => (false, not_made(claimed)),
            SurfaceError::Failed(_) => (claimed.attempts >= TRIES, Attempt::Made),
            SurfaceError::Refused(_) => (true, Attempt::Made),
        };
        let hopeless = hopeless || answer_until(claimed).is_some_and(|until| self.now().plus(wait) > until);
        if hopeless && claimed.row.key.starts_with(ANSWERS) {
            tracing::warn!(outbox = claimed.id, %error, "a direct answer was given up");
        } else if matches!(error, SurfaceError::Wait { .. }) {
            tracing::debug!(outbox = claimed.id, %error, "a post waits for its turn");
        } else {
            tracing::warn!(outbox = claimed.id, %error, hopeless, "a post was not taken");
        }
        if hopeless {
            let before = claimed.posted.clone().unwrap_or_default();
            self.parts.store.outbox_sent(claimed.id, &before, self.now()).await?;
        } else {
            self.parts.store.outbox_retry(claimed.id, self.now().plus(wait), &error.to_string(), attempt).await?;
        }
        Ok(())
    }
}

/// Until when a direct answer that waits is good; nothing for any other post.
fn answer_until(claimed: &Claimed) -> Option<At> {
    let (_, until) = claimed.row.key.strip_prefix(ANSWERS)?.split_once('#')?;
    until.parse().ok().map(At)
}

/// An attempt that was not made takes its mark back, unless an earlier one had left it.
fn not_made(claimed: &Claimed) -> Attempt {
    if claimed.uncertain { Attempt::Made } else { Attempt::NotMade }
}
