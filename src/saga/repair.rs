//! The nearest safe state (SAFETY D9): what has to be written before a run may end when somebody is parked or the app paused.
//!
//! Never writes anything but the plan's own steps for which [`crate::domain::plan::Plan::repairs`] holds, never touches what
//! somebody else changed in the meantime, and never trusts the journal about where the person stands: it reads.

use super::journal::{Event, Progress};
use super::next::left_as;
use super::perform::Unsent;
use super::run::{Hint, Left, Made, Outcomes, Run};
use super::wait::Stillness;
use crate::domain::effect::{Check, Effect, Seen};
use crate::domain::notice::PublicText;
use crate::domain::plan::Digest;
use crate::domain::time::{MINUTE, SECOND};

/// A repair is tried this often within one run; between two tries it waits twice as long each time, at most a minute: about
/// seven minutes in all.
const TRIES: u32 = 14;
/// How long directories that do not answer are asked again before the run gives up.
const UNREADABLE: i64 = 10 * MINUTE;
/// How long a repair that was accepted, or had no answer, is looked for before it is sent again.
const PATIENCE: i64 = 30 * SECOND;

/// What is to be done next.
enum Need {
    /// This step.
    Step(usize),
    /// This step shows as in force already.
    There(usize),
    /// Nothing for this exposure: somebody else acted.
    Foreign,
    /// Nothing.
    Nothing,
    /// It could not be read.
    Unread(usize, String),
}

impl Run<'_> {
    /// One move of the repair.
    pub(super) async fn repair(&self, progress: &Progress, digest: &Digest, hint: Option<Hint>) -> Outcomes<Made> {
        if let Some(step) = progress.pending {
            let patience = match &hint {
                Some(Hint::Accepted | Hint::Unclear) | None => PATIENCE.min(self.poll_deadline),
                Some(Hint::Refused(..) | Hint::Unsent | Hint::Later(_)) => 0,
            };
            if let Some(Hint::Later(ms)) = &hint {
                self.nap(*ms).await?;
            }
            if let Some(Event::InForce { .. }) = self.seen_within(step, patience).await? {
                return Ok(Made::Event(Event::InForce { step, written: true }));
            }
        }
        let tries = progress.attempts;
        match self.need(progress).await? {
            Need::There(step) => Ok(Made::Event(Event::InForce { step, written: progress.unsure == Some(step) })),
            Need::Nothing => Ok(Made::Event(self.safe(progress, false).await)),
            Need::Foreign => Ok(Made::Event(self.safe(progress, true).await)),
            Need::Unread(step, why) => Ok(Made::Event(self.stuck(step, progress, &why))),
            Need::Step(step) => {
                let pending = progress.pending == Some(step);
                if pending && tries >= TRIES {
                    let why = match hint {
                        Some(Hint::Refused(why, _)) => why,
                        Some(Hint::Accepted | Hint::Unclear | Hint::Later(_) | Hint::Unsent) | None => {
                            "it was sent several times and is not seen".to_owned()
                        }
                    };
                    return Ok(Made::Event(self.stuck(step, progress, &why)));
                }
                if pending {
                    self.nap((250_i64 << tries.min(16)).min(MINUTE)).await?;
                }
                self.keep_lease(0).await?;
                match self.permitted(step, digest) {
                    Ok(()) => Ok(Made::Write(step)),
                    Err(Unsent::NotHeld) => Err(Left::LostLease),
                    Err(Unsent::NotApproved) => {
                        Ok(Made::Event(self.stuck(step, progress, "the approval does not allow this write")))
                    }
                }
            }
        }
    }

    /// As [`Self::look_round`], asked again as long as a directory does not answer.
    async fn need(&self, progress: &Progress) -> Outcomes<Need> {
        let until = self.now().plus(UNREADABLE);
        loop {
            let need = self.look_round(progress).await?;
            if !matches!(need, Need::Unread(..)) || self.now() >= until {
                return Ok(need);
            }
            self.nap(4 * SECOND).await?;
        }
    }

    /// What a reading says is still to be repaired: first the person, then the app.
    async fn look_round(&self, progress: &Progress) -> Outcomes<Need> {
        let mut foreign = false;
        // A step whose fate was not known is settled by what is seen now.
        if let Some(step) = progress.unsure.filter(|step| !progress.has(*step))
            && let Some(planned) = self.plan.steps.get(step)
        {
            match self.look(&planned.effect).await? {
                Ok(Seen::After) => return Ok(Need::There(step)),
                Ok(Seen::Before) => {}
                Ok(Seen::Foreign(_)) => foreign = true,
                Err(error) => return Ok(Need::Unread(step, error.to_string())),
            }
        }
        if let Some(hop) = self.plan.hop().filter(|hop| progress.has(hop.park) && !progress.has(hop.back)) {
            match self.hop_back(hop.park, hop.back, progress).await? {
                Need::Foreign => foreign = true,
                need @ (Need::Step(_) | Need::There(_) | Need::Nothing | Need::Unread(..)) => return Ok(need),
            }
        }
        if let Some((off, on)) = self.plan.pause()
            && progress.has(off)
            && !progress.has(on)
        {
            return self.switch_on(on, progress).await;
        }
        Ok(if foreign { Need::Foreign } else { Need::Nothing })
    }

    async fn hop_back(&self, park: usize, back: usize, progress: &Progress) -> Outcomes<Need> {
        let steps = &self.plan.steps;
        match self.look(&steps[back].effect).await? {
            Ok(Seen::After) => return Ok(Need::There(back)),
            Ok(Seen::Foreign(_)) => return Ok(Need::Foreign),
            Ok(Seen::Before) => {}
            Err(error) => return Ok(Need::Unread(back, error.to_string())),
        }
        // Entra takes a federated name back only with some anchor: where it holds none, forward is the only way.
        let forward = (park + 1..back).find(|step| self.plan.repairs(*step) && !progress.has(*step));
        let Some(step) = forward else { return Ok(Need::Step(back)) };
        Ok(match self.look(&steps[step].effect).await? {
            Ok(Seen::Before) => Need::Step(step),
            Ok(Seen::After) => Need::There(step),
            // Some other anchor: it does for the name.
            Ok(Seen::Foreign(_)) => Need::Step(back),
            Err(error) => Need::Unread(step, error.to_string()),
        })
    }

    async fn switch_on(&self, on: usize, progress: &Progress) -> Outcomes<Need> {
        let effect = &self.plan.steps[on].effect;
        match self.look(effect).await? {
            Ok(Seen::After) => return Ok(Need::There(on)),
            Ok(Seen::Foreign(_)) => return Ok(Need::Foreign),
            Ok(Seen::Before) => {}
            Err(error) => return Ok(Need::Unread(on, error.to_string())),
        }
        let Effect::ResumeProvisioning { proof, .. } = effect else { return Ok(Need::Foreign) };
        Ok(match self.quiet(proof, progress).await? {
            // What was harmed is not harmed less by leaving the whole app paused.
            Stillness::Quiet | Stillness::Harmed(_) => Need::Step(on),
            Stillness::Unknown(why) => Need::Unread(on, why),
        })
    }

    async fn safe(&self, progress: &Progress, foreign: bool) -> Event {
        let known = !foreign && self.anchor_is_ours(progress).await;
        let left_as =
            if known { left_as(self.plan, progress, self.is_linked(progress).await) } else { "unknown".to_owned() };
        Event::Safe { left_as, notes: self.leavers().await }
    }

    /// Whether the account of a hop holds the old anchor, or the one that was written: a third one is somebody else's.
    async fn anchor_is_ours(&self, progress: &Progress) -> bool {
        let Some(hop) = self.plan.hop() else { return true };
        let wrote = self.plan.effects().enumerate().filter_map(|(step, effect)| match effect {
            Effect::SetImmutableId { from, to, .. } => Some(if progress.has(step) { Some(to) } else { from.as_ref() }),
            Effect::SetUpn { .. }
            | Effect::ConvertAssignment { .. }
            | Effect::Unassign { .. }
            | Effect::Assign { .. }
            | Effect::RestoreUser { .. }
            | Effect::SetAppUserAnchor { .. }
            | Effect::PauseProvisioning { .. }
            | Effect::ResumeProvisioning { .. } => None,
        });
        let expected = wrote.last().flatten();
        match self.readers.entra.user(hop.object).await {
            Ok(Some(live)) => live.anchor.as_ref() == expected,
            Ok(None) | Err(_) => false,
        }
    }

    /// Whether Okta has linked by now what this run assigned; nobody waited for it while the app was paused.
    async fn is_linked(&self, progress: &Progress) -> bool {
        for (step, planned) in self.plan.steps.iter().enumerate().filter(|(step, _)| progress.has(*step)) {
            if let (Effect::Assign { .. }, Some(Check::Linked { app, user, link })) = (&planned.effect, &planned.then) {
                return progress.awaited.contains(&step) || self.has_linked(app, user, link).await;
            }
        }
        false
    }

    fn stuck(&self, step: usize, progress: &Progress, why: &str) -> Event {
        Event::Stuck { step, left_as: left_as(self.plan, progress, false), why: PublicText::foreign(why) }
    }
}
