//! One run at a time on an app whose Deactivate Users is, or has to be, off (SAFETY D5): who goes first, and who waits.
//!
//! Never lets two such runs overlap, whoever holds which lease: a run that has begun and has not ended goes first, also while
//! its repair rests or its process is dead. Begin with [`App::app_lease`].

use super::App;
use super::work::Failure;
use crate::domain::case::BEGIN_WITHIN;
use crate::domain::ids::RunId;
use crate::domain::plan::Plan;
use crate::domain::time::{At, MINUTE};
use crate::ports::lease::{Acquired, LeaseHeld, acquire};
use crate::ports::store::{LeaseTerms, RunRow};
use std::sync::PoisonError;

/// A run that may need its app for itself.
pub(super) struct Wanted<'a> {
    pub(super) row: &'a RunRow,
    pub(super) plan: &'a Plan,
    pub(super) began: bool,
    pub(super) granted: At,
}

/// Another open run that needs the same app.
struct Other {
    id: RunId,
    began: bool,
}

impl App {
    /// The lease of the app, where the plan needs it: two runs that switch Deactivate Users off, or rely on its being off,
    /// never run on one app at the same time. `Err(None)`: another one comes first, try later.
    pub(super) async fn app_lease(
        &self,
        wanted: Option<Wanted<'_>>,
        terms: LeaseTerms,
    ) -> Result<Option<LeaseHeld>, Option<Failure>> {
        let Some(wanted) = wanted.filter(|wanted| wanted.plan.needs_app()) else { return Ok(None) };
        self.first_come(&wanted).await?;
        let key = format!("app:{}", wanted.plan.app);
        let lease = match acquire(self.parts.leases.as_ref(), &key, &self.parts.owner, self.now(), terms).await {
            Ok(Acquired::Held(lease)) => lease,
            Ok(Acquired::Taken(_)) => {
                let others = self.others(&wanted).await.map_err(Some)?;
                self.wait_for(&wanted, others.iter().find(|other| self.is_at_work(&other.id)));
                return Err(None);
            }
            Err(error) => return Err(Some(error.into())),
        };
        // Asked again under the lease: only its holder begins.
        if let Err(error) = self.first_come(&wanted).await {
            self.give_back(wanted.row, &lease).await;
            return Err(error);
        }
        Ok(Some(lease))
    }

    /// Stops a run that has not begun where another one has; that one goes first, whoever holds the lease.
    async fn first_come(&self, wanted: &Wanted<'_>) -> Result<(), Option<Failure>> {
        if wanted.began {
            return Ok(());
        }
        let others = self.others(wanted).await.map_err(Some)?;
        let Some(first) = others.iter().find(|other| other.began) else { return Ok(()) };
        self.wait_for(wanted, Some(first));
        Err(None)
    }

    async fn others(&self, wanted: &Wanted<'_>) -> Result<Vec<Other>, Failure> {
        let mut found = Vec::new();
        for other in self.parts.store.open_runs().await?.into_iter().filter(|other| other.id != wanted.row.id) {
            let Some(proposal) = self.parts.store.proposal(&other.case, other.number).await? else { continue };
            let theirs = Self::plan_of(&proposal.plan, &other.digest)?;
            if theirs.needs_app() && theirs.app == wanted.plan.app {
                let began = !self.parts.store.journal(&other.id).await?.is_empty();
                found.push(Other { id: other.id, began });
            }
        }
        Ok(found)
    }

    /// Puts a run behind another one of this process, or, where that is another process's, among those to be tried again.
    fn wait_for(&self, wanted: &Wanted<'_>, first: Option<&Other>) {
        let id = &wanted.row.id;
        let until = if wanted.began { self.now().plus(MINUTE) } else { wanted.granted.plus(BEGIN_WITHIN) };
        match first.filter(|first| self.is_at_work(&first.id) || self.rests(&first.id)) {
            Some(first) => {
                let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
                behind.insert(id.as_str().to_owned(), (first.id.clone(), until));
            }
            None => self.mark_elsewhere(id.as_str(), true),
        }
    }

    /// Whether the run waits for another one of this process: as long as that is at work, or its repair rests, and not longer
    /// than it may begin.
    pub(super) fn is_behind(&self, run: &RunId) -> bool {
        let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((first, until)) = behind.get(run.as_str()) else { return false };
        let waits = self.now() < *until && (self.is_at_work(first) || self.rests(first));
        if !waits {
            behind.remove(run.as_str());
        }
        waits
    }
}
