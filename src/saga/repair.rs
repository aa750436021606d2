//! The nearest safe state (SAFETY D9): what has to be written before a run may end when somebody is parked or the app paused.
//!
//! Never writes anything but the plan's own steps for which [`crate::domain::plan::Plan::repairs`] holds, never touches what
//! somebody else changed in the meantime, and never trusts the journal about where the person stands: it reads.

use super::journal::{Event, Progress};
use super::perform::Unsent;
use super::run::{Hint, Left, Made, Outcomes, Run};
use super::wait::Stillness;
use crate::domain::effect::{Effect, Seen};
use crate::domain::notice::PublicText;
use crate::domain::plan::Digest;
use crate::domain::time::{MINUTE, SECOND};

/// A repair is tried this often before it rests; between two tries it waits twice as long each time, at most a minute: about
/// seven minutes in all.
const TRIES: u32 = 14;
/// Tries when it was taken up again after a rest.
const MORE_TRIES: u32 = 3;
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
    /// Nothing, or nothing any more: somebody else acted.
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
            Need::Nothing => Ok(Made::Event(self.safe().await)),
            Need::Unread(step, why) => Ok(Made::Event(stuck(step, &why))),
            Need::Step(step) => {
                let pending = progress.pending == Some(step);
                if pending && tries >= if progress.rests == 0 { TRIES } else { MORE_TRIES } {
                    let why = match hint {
                        Some(Hint::Refused(why, _)) => why,
                        Some(Hint::Accepted | Hint::Unclear | Hint::Later(_) | Hint::Unsent) | None => {
                            "it was sent several times and is not seen".to_owned()
                        }
                    };
                    return Ok(Made::Event(stuck(step, &why)));
                }
                if pending {
                    self.nap((250_i64 << tries.min(16)).min(MINUTE)).await?;
                }
                self.keep_lease(0).await?;
                match self.permitted(step, digest) {
                    Ok(()) => Ok(Made::Write(step)),
                    Err(Unsent::NotHeld) => Err(Left::LostLease),
                    Err(Unsent::NotApproved) => Ok(Made::Event(stuck(step, "the approval does not allow this write"))),
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
        // A step whose fate was not known is settled by what is seen now.
        if let Some(step) = progress.unsure.filter(|step| !progress.has(*step))
            && let Some(planned) = self.plan.steps.get(step)
        {
            match self.look(&planned.effect).await? {
                Ok(Seen::After) => return Ok(Need::There(step)),
                Ok(Seen::Before | Seen::Foreign(_)) => {}
                Err(error) => return Ok(Need::Unread(step, error.to_string())),
            }
        }
        if let Some(hop) = self.plan.hop().filter(|hop| progress.has(hop.park) && !progress.has(hop.back)) {
            match self.hop_back(hop.park, hop.back, progress).await? {
                Need::Nothing => {}
                need @ (Need::Step(_) | Need::There(_) | Need::Unread(..)) => return Ok(need),
            }
        }
        if let Some((off, on)) = self.plan.pause()
            && progress.has(off)
            && !progress.has(on)
        {
            return self.switch_on(on, progress).await;
        }
        Ok(Need::Nothing)
    }

    async fn hop_back(&self, park: usize, back: usize, progress: &Progress) -> Outcomes<Need> {
        let steps = &self.plan.steps;
        match self.look(&steps[back].effect).await? {
            Ok(Seen::After) => return Ok(Need::There(back)),
            Ok(Seen::Foreign(_)) => return Ok(Need::Nothing),
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
            Ok(Seen::Foreign(_)) => return Ok(Need::Nothing),
            Ok(Seen::Before) => {}
            Err(error) => return Ok(Need::Unread(on, error.to_string())),
        }
        let Effect::ResumeProvisioning { proof, .. } = effect else { return Ok(Need::Nothing) };
        Ok(match self.quiet(proof, progress).await? {
            // What was harmed is not harmed less by leaving the whole app paused.
            Stillness::Quiet | Stillness::Harmed(_) => Need::Step(on),
            Stillness::Unknown(why) => Need::Unread(on, why),
        })
    }

    async fn safe(&self) -> Event {
        Event::Safe { left_as: String::new(), notes: self.leavers().await }
    }
}

fn stuck(step: usize, why: &str) -> Event {
    Event::Stuck { step, left_as: String::new(), why: PublicText::foreign(why) }
}
