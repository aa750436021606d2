//! Waiting for what a vendor does by itself, and reading both sides at the end. Reads only.

use super::journal::{Event, Progress};
use super::next::exposed;
use super::run::{Left, Outcomes, Run};
use super::verify;
use crate::domain::effect::{Check, Effect, Link, Quiet};
use crate::domain::ids::EntraId;
use crate::domain::notice::PublicText;
use crate::domain::time::SECOND;

/// Two reads that show that a deactivation can no longer arrive are this far apart (SAFETY D5).
const STILL: i64 = 10 * SECOND;

enum Checked {
    Reached,
    NotYet(String),
    Never(PublicText),
}

/// Whether a deactivation can still arrive.
pub(super) enum Stillness {
    /// It cannot, and the account is as it was.
    Quiet,
    /// It cannot, because the account has been changed already.
    Harmed(String),
    /// It is not known.
    Unknown(String),
}

/// What the step waits for will not come true; how the person stands is read when the row is recorded.
fn missed(step: usize, why: PublicText) -> Event {
    Event::Missed { step, left_as: String::new(), why }
}

impl Run<'_> {
    pub(super) async fn wait_for(&self, step: usize, progress: &Progress) -> Outcomes<Event> {
        let until = self.now().plus(self.poll_deadline);
        let check = self.plan.steps.get(step).and_then(|step| step.then.as_ref());
        let (mut round, mut seen_live) = (0, 0);
        loop {
            let state = match check {
                None => Checked::Reached,
                Some(Check::Linked { app, user, link }) => self.linked(app, user, link).await,
                Some(Check::LiveTwice { object }) => {
                    seen_live = if self.is_live(object).await { seen_live + 1 } else { 0 };
                    if seen_live >= 2 {
                        Checked::Reached
                    } else {
                        Checked::NotYet("the user is not live yet".to_owned())
                    }
                }
            };
            match state {
                Checked::Reached => return Ok(Event::Reached { step }),
                Checked::Never(why) => return Ok(missed(step, why)),
                Checked::NotYet(what) if self.now() >= until => {
                    let why = PublicText::words("did not come true in time: ").and_foreign(&what);
                    return Ok(missed(step, why));
                }
                Checked::NotYet(_) => {}
            }
            if self.record.is_stopping() && !exposed(self.plan, progress) {
                return Err(Left::Stopping);
            }
            self.pause(round).await?;
            round += 1;
        }
    }

    async fn is_live(&self, object: &EntraId) -> bool {
        matches!(self.readers.entra.user(object).await, Ok(Some(_)))
    }

    async fn linked(
        &self,
        app: &crate::domain::ids::AppId,
        user: &crate::domain::ids::OktaUserId,
        link: &Link,
    ) -> Checked {
        let row = match self.readers.okta.app_user(app, user).await {
            Ok(Some(row)) => row,
            Ok(None) => return Checked::NotYet("the assignment is not there".to_owned()),
            Err(error) => return Checked::NotYet(error.to_string()),
        };
        let state = row.sync_state.as_deref().unwrap_or("");
        if state == "ERROR" {
            return Checked::Never(PublicText::words("Okta could not push the assignment: syncState is ERROR"));
        }
        match (&row.external_id, link) {
            (Some(id), Link::Existing(expected)) if id != expected => {
                let why = PublicText::words("Okta linked another account than the one on the card: ");
                return Checked::Never(why.and_foreign(id.as_str()));
            }
            (Some(id), Link::New) if self.plan.external_id.as_ref() == Some(id) => {
                return Checked::NotYet("still linked to the old object".to_owned());
            }
            (Some(_), Link::Existing(_) | Link::New) => {}
            (None, Link::Existing(_) | Link::New) => {
                return Checked::NotYet(format!("status {}, no externalId yet", row.status));
            }
        }
        if (row.status == "PROVISIONED" || row.status == "ACTIVE") && state == "SYNCHRONIZED" {
            Checked::Reached
        } else {
            Checked::NotYet(format!("status {}, syncState {state}", row.status))
        }
    }

    pub(super) async fn verify(&self) -> Outcomes<Event> {
        let until = self.now().plus(self.poll_deadline);
        let mut round = 0;
        loop {
            let why = match verify::read(self.readers, self.plan).await {
                Ok(ends) => match verify::judge(self.plan, &ends) {
                    Ok(right) => {
                        let mut findings = right.findings;
                        findings.extend(self.leavers().await);
                        return Ok(Event::Verified { findings, waiting_for_retry: right.waiting_for_retry });
                    }
                    Err(why) => why,
                },
                Err(error) => PublicText::words("could not be read: ").and_foreign(&error.to_string()),
            };
            if self.now() >= until {
                return Ok(Event::NotVerified { why, left_as: None });
            }
            self.pause(round).await?;
            round += 1;
        }
    }

    /// Waits until two reads ten seconds apart show the removed assignment gone and the account unchanged between them.
    pub(super) async fn quiet(&self, proof: &Quiet, progress: &Progress) -> Outcomes<Stillness> {
        let until = self.now().plus(self.poll_deadline);
        let removed = progress.done(self.plan).iter().any(|effect| matches!(effect, Effect::Unassign { .. }));
        let mut first = None;
        loop {
            let unknown = match self.stillness(proof, removed).await {
                Ok(seen) => match &first {
                    Some((at, before)) if *before == seen => {
                        if self.now().since(*at) >= STILL {
                            return Ok(if seen.0 { Stillness::Quiet } else { Stillness::Harmed(seen.1) });
                        }
                        "the two reads are not ten seconds apart yet".to_owned()
                    }
                    Some(_) | None => {
                        first = Some((self.now(), seen));
                        "read once".to_owned()
                    }
                },
                Err(why) => {
                    first = None;
                    why
                }
            };
            if self.now() >= until {
                return Ok(Stillness::Unknown(unknown));
            }
            self.pause(3).await?;
        }
    }

    /// Whether the account is unharmed, and what was seen; `Err`: not known, or the old assignment is still there.
    async fn stillness(&self, proof: &Quiet, removed: bool) -> Result<(bool, String), String> {
        let (row, live) = tokio::join!(
            self.readers.okta.app_user(&self.plan.app, &proof.user),
            self.readers.entra.user(&proof.object)
        );
        let row = row.map_err(|error| error.to_string())?;
        let live = live.map_err(|error| error.to_string())?;
        if removed && row.is_some_and(|row| row.created <= proof.created) {
            return Err("the old assignment is still there".to_owned());
        }
        let seen = match &live {
            Some(user) => format!("enabled: {:?}, licences: {}", user.enabled, user.direct_licences.join(", ")),
            None => "the account is not live".to_owned(),
        };
        Ok((proof.unharmed(live.as_ref()), seen))
    }

    /// Who left the app while Deactivate Users was off: they were not deprovisioned (SAFETY D5).
    pub(super) async fn leavers(&self) -> Vec<PublicText> {
        if self.plan.pause().is_none() {
            return Vec::new();
        }
        let answer = self.readers.okta.leavers(&self.plan.app, self.since).await;
        let missed: Vec<_> = match answer {
            Ok(all) => all.into_iter().filter(|leaver| leaver.user != self.plan.subject).collect(),
            Err(error) => {
                let text =
                    PublicText::words("ALARM: who left the app while Deactivate Users was off could not be read: ");
                return vec![text.and_foreign(&error.to_string())];
            }
        };
        if missed.is_empty() {
            return vec![PublicText::words("nobody else left the app while Deactivate Users was off")];
        }
        missed
            .iter()
            .map(|leaver| {
                PublicText::words("left the app while Deactivate Users was off, NOT deprovisioned; do it by hand: ")
                    .and_foreign(&leaver.name)
                    .and(" ")
                    .and_foreign(leaver.user.as_str())
                    .and(" at ")
                    .and_time(leaver.at)
            })
            .collect()
    }
}
