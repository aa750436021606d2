//! Ending the open cases of a surface, when the directories they are about are replaced (the sandbox loads another scenario).
//!
//! Never ends a case whose run is under way: its writes must come to an end first.

use super::App;
use super::books::{Entry, TRIES, case_of};
use super::work::Failure;
use crate::domain::case::{Case, State};
use crate::domain::ids::CaseId;
use crate::domain::settings::Declared;
use crate::ports::store::{Change, StoreError, Stored};
use serde_json::json;
use std::sync::PoisonError;

impl App {
    /// The first case of `surface` that is under a run.
    pub async fn under_run(&self, surface: &str) -> Stored<Option<CaseId>> {
        let cases = self.open_of(surface).await?;
        Ok(cases.into_iter().find(|case| case.run().is_some()).map(|case| case.id))
    }

    /// Ends every open case of `surface`: an open proposal expires, any other case is put aside. `why` is said on the card.
    /// A case that a run took up in the meantime is left to it. May run twice.
    pub async fn retire(&self, surface: &str, why: &str) -> Result<(), Failure> {
        for case in self.open_of(surface).await? {
            self.retire_one(&case.id, why).await?;
        }
        Ok(())
    }

    /// The directories were replaced by others, about which this is declared: what was learned about the old ones is void.
    pub async fn renew(&self, declared: Declared) -> Result<(), Failure> {
        *self.declared.lock().unwrap_or_else(PoisonError::into_inner) = Some(declared);
        for _ in 0..TRIES {
            let change = Change { at: self.now(), setting: self.forget_refusal().await?, ..Change::default() };
            if change.setting.is_none() {
                return Ok(());
            }
            match self.parts.store.commit(change).await {
                Err(StoreError::Stale { .. }) => {}
                other => return Ok(other?),
            }
        }
        Err(Failure::Contended)
    }

    async fn open_of(&self, surface: &str) -> Stored<Vec<Case>> {
        let rows = self.parts.store.cases(true, 1_000).await?;
        rows.iter().filter(|row| row.surface == surface).map(case_of).collect()
    }

    async fn retire_one(&self, id: &CaseId, why: &str) -> Result<(), Failure> {
        for _ in 0..TRIES {
            let Some(case) = self.load(id).await? else { return Ok(()) };
            let next = match &case.state {
                State::Proposed { proposal, .. } => {
                    State::Expired { what: format!("Expired: {why}"), proposal: proposal.clone() }
                }
                State::Heard
                | State::Diagnosed
                | State::NeedsInfo { .. }
                | State::LookedUp { .. }
                | State::NeedsHuman { .. }
                | State::Approved { .. }
                | State::Running { .. }
                | State::Verifying { .. }
                | State::Advised { .. }
                | State::Refused { .. }
                | State::Closed { .. }
                | State::NotOurs { .. }
                | State::Declined { .. }
                | State::Expired { .. }
                | State::Stale { .. }
                | State::RolledBack { .. }
                | State::Undone { .. } => State::NotOurs { by: why.to_owned() },
            };
            if !case.state.is_open() || !case.state.may_become(&next) {
                return Ok(());
            }
            let resting = self.resting_run(&case).await?;
            let case = case.go(self.now(), next)?;
            let mut change =
                self.change(&case, &Entry { actor: "bot", kind: "retired", payload: json!({ "reason": why }) })?;
            // What was to be repaired is gone with its directory.
            change.run_ended = resting;
            match self.parts.store.commit(change).await {
                Err(StoreError::Stale { .. }) => {}
                other => return Ok(other?),
            }
        }
        Err(Failure::Contended)
    }
}
