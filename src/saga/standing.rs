//! Where the person stands when a run stops: one word for the record, the card and the alarm, by what is read then.
//!
//! Never says what this run wrote where the directories say something else, and never guesses: a state that no word
//! describes is [`UNKNOWN`], and people look. Begin with [`word`]; [`super::next::left_as`] is what the journal alone would say.

use super::journal::{Event, Progress, TARGET};
use super::look::Readers;
use super::next::left_as;
use super::run::{Outcomes, READS, Run};
use crate::domain::effect::{Effect, Link};
use crate::domain::ids::EntraId;
use crate::domain::plan::{Goal, Plan};
use crate::domain::tenant::{AppUser, EntraUser, Scope};
use crate::ports::directory::Answer;

/// The word for a state that none of the others describes, or of which one write is not known to have been made.
pub const UNKNOWN: &str = "unknown";

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The assignment.
    pub row: Option<AppUser>,
    /// The object that the plan changes, live.
    pub live: Option<EntraUser>,
    /// Whether it is in deletedItems.
    pub deleted: bool,
    /// Whether Deactivate Users is on, where the plan switches it.
    pub deactivate: Option<bool>,
}

/// How one value, or one record, is found between the two that the plan knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Before,
    After,
    Neither,
}

/// How the person is.
enum Person {
    /// As before the run, as far as the plan changes anything.
    Before,
    /// As this word says.
    Said(&'static str),
    /// As no word says.
    Other,
}

impl Run<'_> {
    /// The row that stops a run after a write says how the person stands, as read now: others may have changed what this
    /// run wrote. Where the fate of a write is not known, the row says so already.
    pub(super) async fn with_word(&self, mut event: Event, progress: &Progress) -> Outcomes<Event> {
        let wrote = progress.wrote || progress.pending.is_some();
        let (said, instead) = match &mut event {
            Event::Drifted { moved, left_as: said, .. } if wrote => {
                let target = moved.iter().any(|moved| moved.key == TARGET);
                (said.insert(String::new()), target.then(|| UNKNOWN.to_owned()))
            }
            Event::Refused { left_as: said, .. } if progress.wrote => (said.insert(String::new()), None),
            Event::NotVerified { left_as: said, .. } => (said.insert(String::new()), None),
            Event::Missed { left_as: said, .. } if said != UNKNOWN => (said, None),
            Event::Safe { left_as: said, .. } | Event::Stuck { left_as: said, .. } => (said, None),
            Event::Began
            | Event::Intent { .. }
            | Event::Answered { .. }
            | Event::InForce { .. }
            | Event::Refused { .. }
            | Event::Declined { .. }
            | Event::Skipped { .. }
            | Event::Repairing { .. }
            | Event::Reached { .. }
            | Event::Missed { .. }
            | Event::Drifted { .. }
            | Event::Verified { .. } => return Ok(event),
        };
        let read = self.standing(progress).await?;
        *said = read.or(instead).unwrap_or_else(|| left_as(self.plan, progress));
        Ok(event)
    }

    /// How the person stands; `None`: it could not be read.
    async fn standing(&self, progress: &Progress) -> Outcomes<Option<String>> {
        let changed = !progress.done(self.plan).is_empty();
        let mut round = 0;
        loop {
            match read(self.readers, self.plan).await {
                Ok(now) => return Ok(Some(word(self.plan, changed, &now))),
                Err(_) if round + 1 >= READS => return Ok(None),
                Err(_) => self.pause(round).await?,
            }
            round += 1;
        }
    }
}

/// Reads what [`word`] needs.
pub async fn read(readers: &Readers, plan: &Plan) -> Answer<Standing> {
    let object = object_of(plan);
    let (row, live, deleted, switches) = tokio::join!(
        readers.okta.app_user(&plan.app, &plan.subject),
        async { if let Some(id) = object { readers.entra.user(id).await } else { Ok(None) } },
        async { if let Some(id) = object { readers.entra.deleted_user(id).await } else { Ok(None) } },
        async {
            match plan.pause() {
                Some(_) => readers.okta.provisioning(&plan.app).await.map(|found| Some(found.switches.deactivate)),
                None => Ok(None),
            }
        },
    );
    Ok(Standing { row: row?, live: live?, deleted: deleted?.is_some(), deactivate: switches? })
}

/// The Entra object that the plan changes.
fn object_of(plan: &Plan) -> Option<&EntraId> {
    plan.effects().find_map(|effect| match effect {
        Effect::RestoreUser { object, .. } | Effect::SetUpn { object, .. } | Effect::SetImmutableId { object, .. } => {
            Some(object)
        }
        Effect::ConvertAssignment { .. }
        | Effect::Unassign { .. }
        | Effect::Assign { .. }
        | Effect::SetAppUserAnchor { .. }
        | Effect::PauseProvisioning { .. }
        | Effect::ResumeProvisioning { .. } => None,
    })
}

/// The word for what was read. `changed`: an effect of the run was in force at some time.
pub fn word(plan: &Plan, changed: bool, now: &Standing) -> String {
    let paused = now.deactivate == Some(false);
    match (person(plan, now), paused) {
        (Person::Said("parked"), _) => "parked".to_owned(),
        (Person::Said(word), true) => format!("{word}_paused"),
        (Person::Said(word), false) => word.to_owned(),
        // Whatever else is found: that the whole app is open is what people have to know first.
        (Person::Before | Person::Other, true) => "paused".to_owned(),
        (Person::Before, false) if changed => "as_before".to_owned(),
        (Person::Before, false) => "unchanged".to_owned(),
        (Person::Other, false) => UNKNOWN.to_owned(),
    }
}

fn person(plan: &Plan, now: &Standing) -> Person {
    if plan.effects().any(|effect| matches!(effect, Effect::RestoreUser { .. })) {
        return match &now.live {
            Some(_) => Person::Said("restored"),
            None if now.deleted => Person::Before,
            None => Person::Other,
        };
    }
    if let Some(hop) = plan.hop()
        && now.live.as_ref().is_some_and(|live| live.upn == hop.parked)
    {
        return Person::Said("parked");
    }
    let Some(row) = &now.row else { return Person::Said("unassigned") };
    match &plan.goal {
        Goal::Anchored { upn, .. } => anchored(plan, upn, row, now.live.as_ref()),
        Goal::Linked { .. } | Goal::Restored { .. } | Goal::AsBefore => assigned(plan, row),
    }
}

/// How the assignment is that the plan takes away and gives again, or converts.
fn assigned(plan: &Plan, row: &AppUser) -> Person {
    let saved = plan.effects().find_map(|effect| {
        if let Effect::Unassign { saved, .. } | Effect::Assign { saved, .. } = effect {
            Some(saved.created)
        } else {
            None
        }
    });
    match saved.map(|saved| row.created.cmp(&saved)) {
        Some(std::cmp::Ordering::Greater) if !linked(plan, row) => return Person::Said("assigned_not_linked"),
        Some(std::cmp::Ordering::Greater) => return Person::Said("assigned"),
        // Older than the one that went: nobody knows which one that is.
        Some(std::cmp::Ordering::Less) => return Person::Other,
        Some(std::cmp::Ordering::Equal) | None => {}
    }
    // The same assignment as before: it may have been converted.
    match first_scope(plan) {
        Some(before) if before != row.scope => Person::Said("assigned"),
        Some(_) | None => Person::Before,
    }
}

fn linked(plan: &Plan, row: &AppUser) -> bool {
    match (&plan.goal, &row.external_id) {
        (_, None) => false,
        (Goal::Linked { link: Link::Existing(expected), .. }, Some(id)) => id == expected,
        (Goal::Linked { link: Link::New, .. }, Some(id)) => plan.external_id.as_ref() != Some(id),
        (Goal::Restored { .. } | Goal::AsBefore | Goal::Anchored { .. }, Some(_)) => true,
    }
}

/// The scope of the assignment before the run, where the run converts it.
fn first_scope(plan: &Plan) -> Option<Scope> {
    plan.effects().find_map(
        |effect| {
            if let Effect::ConvertAssignment { from, .. } = effect { Some(*from) } else { None }
        },
    )
}

/// How the two anchors are, and the sign-in name where the plan writes to the account.
fn anchored(plan: &Plan, name: &str, row: &AppUser, live: Option<&EntraUser>) -> Person {
    let (mut okta, mut entra) = (None, None);
    for effect in plan.effects() {
        match effect {
            Effect::SetAppUserAnchor { attribute, from, to, .. } => {
                okta = Some(between(row.anchor_in(attribute), from.as_deref(), to.as_deref()));
            }
            Effect::SetImmutableId { from, to, .. } => {
                let held = live.filter(|live| live.upn == name);
                let now = |held: &EntraUser| between(held.anchor.as_deref(), from.as_deref(), Some(to));
                entra = Some(held.map_or(Found::Neither, now));
            }
            Effect::SetUpn { .. }
            | Effect::ConvertAssignment { .. }
            | Effect::Unassign { .. }
            | Effect::Assign { .. }
            | Effect::RestoreUser { .. }
            | Effect::PauseProvisioning { .. }
            | Effect::ResumeProvisioning { .. } => {}
        }
    }
    match (okta, entra) {
        (Some(Found::Neither), _) | (_, Some(Found::Neither)) => Person::Other,
        (Some(Found::After), _) => Person::Said("okta_anchor_set"),
        (_, Some(Found::After)) => Person::Said("anchor_set"),
        (None | Some(Found::Before), None | Some(Found::Before)) => Person::Before,
    }
}

fn between(now: Option<&str>, from: Option<&str>, to: Option<&str>) -> Found {
    if now == to {
        Found::After
    } else if now == from {
        Found::Before
    } else {
        Found::Neither
    }
}
