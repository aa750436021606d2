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
fn lease_key(plan: &Plan) -> String {
    format!("subject:{}", plan.subject)
}

/// The leases of a run: its subject, and the app where its plan needs that too.
pub(super) type Leases<'a> = (&'a LeaseHeld, Option<&'a LeaseHeld>);

/// Whether this step of the plan may be written now.
pub(super) fn permitted(
    plan: &Plan,
    step: usize,
    (approved, digest): (&Approved, &Digest),
    (subject, app): Leases<'_>,
    now: At,
) -> Result<(), Unsent> {
    let scope = match approved.scope() {
        Scope::Full => true,
        Scope::RepairOnly => plan.repairs(step),
    };
    if !scope || !approved.covers(digest, now) {
        return Err(Unsent::NotApproved);
    }
    let held = |lease: &LeaseHeld, key: String| lease.fence().key == key && lease.enough_for_a_call(now);
    let app_held = || app.is_some_and(|lease| held(lease, format!("app:{}", plan.app)));
    if !held(subject, lease_key(plan)) || (plan.needs_app() && !app_held()) {
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
        Effect::SetAppUserAnchor { app, user, attribute, to, .. } => {
            writers.okta.set_attribute(app, user, attribute, to.as_deref()).await
        }
        Effect::SetUpn { object, to, .. } => writers.entra.set_upn(object, to).await,
        Effect::SetImmutableId { object, to, .. } => writers.entra.set_anchor(object, to).await,
        Effect::PauseProvisioning { app, .. } => writers.okta.set_deactivate(app, false).await,
        Effect::ResumeProvisioning { app, .. } => writers.okta.set_deactivate(app, true).await,
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
