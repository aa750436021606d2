//! Repairs that a vendor refuses for now: somebody is parked, or an app paused. The run stays open; a process that starts takes
//! it up at once, and one that runs takes it up again every few minutes, or when somebody presses Look again.
//!
//! Never lets the case go on to anything else before that is repaired, and never ends such a run by itself.

use super::App;
use super::work::Failure;
use crate::domain::case::{Case, State};
use crate::domain::ids::RunId;
use crate::domain::inbound::Inbound;
use crate::domain::notice::PublicText;
use crate::domain::time::{At, MINUTE};
use crate::ports::store::Stored;
use std::sync::PoisonError;

/// How long a refused repair rests before a running process tries it again.
const REST: i64 = 5 * MINUTE;

impl App {
    /// Whether the repair of this run rests in this process.
    pub(super) fn rests(&self, run: &RunId) -> bool {
        let met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        met.get(run.as_str()).is_some_and(|until| self.now() < *until)
    }

    /// Notes a run whose repair was refused at `at`; whether it rests now. A process that has not met it before, because it
    /// has just started, tries it at once.
    pub(super) fn rest_until(&self, run: &RunId, at: At) -> bool {
        let until = at.plus(REST);
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        met.insert(run.as_str().to_owned(), until).is_some() && self.now() < until
    }

    /// Notes that this process knows of the run.
    pub(super) fn meet(&self, run: &RunId) {
        self.met.lock().unwrap_or_else(PoisonError::into_inner).entry(run.as_str().to_owned()).or_insert(At(0));
    }

    /// The run of a stopped case that still has something to repair.
    pub(super) async fn resting_run(&self, case: &Case) -> Stored<Option<RunId>> {
        let State::NeedsHuman { run, .. } = &case.state else { return Ok(None) };
        let row = self.parts.store.run(&run.id).await?;
        Ok(row.filter(|row| !row.ended).map(|row| row.id))
    }

    /// Where the last run of the case still has somebody to bring back, or an app to give back: tries it now, tells the person
    /// so, and gives `true`. Nothing else may be done with the case before that.
    pub(super) async fn repairs_first(&self, inbound: &Inbound, inbox: i64, case: &Case) -> Result<bool, Failure> {
        let Some(run) = self.resting_run(case).await? else { return Ok(false) };
        self.met.lock().unwrap_or_else(PoisonError::into_inner).remove(run.as_str());
        let text = format!(
            "{}: what stopped must be repaired first. The bot tries that again now, every few minutes, and at every start. \
             By hand: /reanchor manual {}.",
            case.id, case.id
        );
        self.answer(inbound, inbox, PublicText::words(text)).await?;
        Ok(true)
    }
}
