//! The only place that writes to a directory. Every call demands the two proofs and compares them with the plan it serves.

use super::journal::Event;
use crate::domain::effect::Effect;
use crate::domain::plan::{Digest, Plan};
use crate::domain::time::At;
use crate::policy::approval::{Approved, Scope};
use crate::ports::directory::{Assignment, Writers};
use crate::ports::error::PortError;
use crate::ports::lease::LeaseHeld;

/// Why nothing was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unsent {
    /// The approval is not for this plan, ran out, or allows repairs only.
    NotApproved,
    /// The lease is not for this subject, or too little of it is left.
    NotHeld,
}

/// The key of the lease that a run of this plan needs.
pub(super) fn lease_key(plan: &Plan) -> String {
    format!("subject:{}", plan.subject)
}

/// Whether a write of this plan may be sent now.
pub(super) fn permitted(
    plan: &Plan,
    digest: &Digest,
    approved: &Approved,
    lease: &LeaseHeld,
    now: At,
) -> Result<(), Unsent> {
    if approved.scope() != Scope::Full || !approved.covers(digest, now) {
        return Err(Unsent::NotApproved);
    }
    if lease.fence().key != lease_key(plan) || !lease.enough_for_a_call(now) {
        return Err(Unsent::NotHeld);
    }
    Ok(())
}

/// Sends one effect once. The answer is a hint; the caller looks.
pub(super) async fn send(effect: &Effect, writers: &Writers, _: &Approved, _: &LeaseHeld) -> Result<(), PortError> {
    match effect {
        Effect::ConvertAssignment { app, user, to, .. } => writers.okta.convert(app, user, *to).await,
        Effect::Unassign { app, user, .. } => writers.okta.unassign(app, user).await,
        Effect::Assign { app, user, user_name, profile, .. } => {
            let what = Assignment { user_name: user_name.clone(), profile: profile.clone() };
            writers.okta.assign(app, user, &what).await
        }
        Effect::RestoreUser { object, .. } => writers.entra.restore(object).await,
    }
}

/// The answer as a journal row.
pub(super) fn answered(step: usize, answer: &Result<(), PortError>) -> Event {
    match answer {
        Ok(()) => Event::Answered { step, ok: true, what: "accepted".to_owned(), request_id: None },
        Err(error) => {
            Event::Answered { step, ok: false, what: error.to_string(), request_id: error.request_id.clone() }
        }
    }
}
