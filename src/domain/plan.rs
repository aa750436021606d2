//! A plan: ordered effects and guards. What the approver sees is exactly what runs, and the [`Digest`] says so.
//!
//! Never holds a value that is still to be chosen: random values are chosen while planning (invariant 5).

use super::diagnosis::Remedy;
use super::effect::{Check, Effect, Link, Step};
use super::guard::Guard;
use super::ids::{AppId, CaseId, EntraId, OktaUserId, TenantId, base32, hex};
use super::notice::{PublicText, Span};
use super::snapshot::Snapshot;
use super::time::At;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// Whether a plan goes forward, goes on after a stop, or leads back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The whole remedy.
    Forward,
    /// What is left of a remedy that stopped.
    GoOn,
    /// The inverse of what was done before a stop.
    RollBack,
    /// The inverse of a finished run, in a case of its own.
    Undo,
}

/// What must be true at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "goal")]
pub enum Goal {
    /// The assignment is linked to the account; anchors, UPN and sign-in are right.
    Linked {
        /// To whom.
        link: Link,
        /// `accountEnabled` of an existing account before.
        enabled: Option<bool>,
        /// Direct licences of an existing account before.
        licences: Vec<String>,
    },
    /// The object is live as it was.
    Restored {
        /// The object.
        object: EntraId,
        /// UPN.
        upn: String,
        /// Anchor.
        anchor: Option<String>,
        /// `accountEnabled`.
        enabled: Option<bool>,
        /// Direct licences.
        licences: Vec<String>,
    },
    /// The assignment is as it was before the run began.
    AsBefore,
    /// Both sides of the linked account hold this anchor, and everything else is as before.
    Anchored {
        /// The object.
        object: EntraId,
        /// The anchor in Okta.
        okta: Option<String>,
        /// The anchor in Entra.
        entra: Option<String>,
        /// UPN, letters' case as written.
        upn: String,
        /// `accountEnabled`.
        enabled: Option<bool>,
        /// `proxyAddresses` before.
        proxies: Vec<String>,
        /// Direct licences before.
        licences: Vec<String>,
    },
}

/// What an approval is a vote on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Format version (1).
    pub v: u32,
    /// Case.
    pub case: CaseId,
    /// Number of the proposal within the case, from 1.
    pub number: i64,
    /// Okta org.
    pub org_url: String,
    /// App.
    pub app: AppId,
    /// Entra tenant.
    pub tenant_id: TenantId,
    /// The person.
    pub subject: OktaUserId,
    /// The user name that Okta pushes.
    pub user_name: String,
    /// Okta's anchor.
    pub anchor: Option<String>,
    /// The externalId that Okta held while planning.
    pub external_id: Option<EntraId>,
    /// Entra objects concerned.
    pub objects: Vec<EntraId>,
    /// Which remedy.
    pub remedy: Remedy,
    /// Which way.
    pub direction: Direction,
    /// The effects, in order.
    pub steps: Vec<Step>,
    /// The rules it rests on.
    pub guards: Vec<Guard>,
    /// The facts it rests on.
    pub snapshot: Snapshot,
    /// The end.
    pub goal: Goal,
    /// Votes required.
    pub votes: u8,
    /// Version of the policy that says who may vote.
    pub policy: String,
    /// What cannot be undone, what could be lost; shown whole.
    pub warnings: Vec<PublicText>,
    /// Why it cannot be undone; `None` = it can.
    pub no_undo: Option<String>,
    /// No run begins after this instant.
    pub not_after: At,
}

/// The way of a user off its domain and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop<'a> {
    /// Index of the step that parks.
    pub park: usize,
    /// Index of the step that brings the name back.
    pub back: usize,
    /// The object.
    pub object: &'a EntraId,
    /// The name it has before and after.
    pub name: &'a str,
    /// The name it is parked under.
    pub parked: &'a str,
}

/// SHA-256 over the canonical form of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Lower-case hexadecimal.
    pub fn as_hex(&self) -> &str {
        &self.0
    }
}

/// Parts with their lengths before them, so that no two different lists give the same bytes.
struct Canon(Vec<u8>);

impl Canon {
    fn put(&mut self, part: &str) {
        self.0.extend_from_slice(part.len().to_string().as_bytes());
        self.0.push(b':');
        self.0.extend_from_slice(part.as_bytes());
    }

    fn count(&mut self, n: usize) {
        self.put(&n.to_string());
    }

    fn opt(&mut self, part: Option<&str>) {
        match part {
            Some(text) => {
                self.put("some");
                self.put(text);
            }
            None => self.put("none"),
        }
    }

    /// A value of a closed type of ours in its stored form: JSON with its keys in the order of declaration or sorted.
    fn json<T: Serialize>(&mut self, value: &T) {
        match serde_json::to_string(value) {
            Ok(text) => self.put(&text),
            Err(error) => self.put(&format!("unencodable: {error}")),
        }
    }
}

/// A step without what Okta moves by itself all the time: SAFETY B1 keeps syncState and lastSync out of the digest.
fn without_sync_state(step: &Step) -> Step {
    let mut step = step.clone();
    match &mut step.effect {
        Effect::Unassign { saved, .. } | Effect::Assign { saved, .. } => {
            saved.sync_state = None;
            saved.last_sync = None;
        }
        Effect::ConvertAssignment { .. }
        | Effect::RestoreUser { .. }
        | Effect::SetAppUserAnchor { .. }
        | Effect::SetUpn { .. }
        | Effect::SetImmutableId { .. }
        | Effect::PauseProvisioning { .. }
        | Effect::ResumeProvisioning { .. } => {}
    }
    step
}

impl Plan {
    /// The digest (SAFETY B1). The same plan gives the same digest in every process and release of this format version.
    pub fn digest(&self) -> Digest {
        let mut c = Canon(Vec::with_capacity(4096));
        c.put(&format!("reanchor-plan-v{}", self.v));
        c.put(self.case.as_str());
        c.put(&self.number.to_string());
        c.put(&self.org_url);
        c.put(self.app.as_str());
        c.put(self.tenant_id.as_str());
        c.put(self.subject.as_str());
        c.put(&self.user_name);
        c.opt(self.anchor.as_deref());
        c.opt(self.external_id.as_ref().map(EntraId::as_str));
        c.count(self.objects.len());
        for id in &self.objects {
            c.put(id.as_str());
        }
        c.put(self.remedy.as_str());
        c.json(&self.direction);
        c.count(self.steps.len());
        for step in &self.steps {
            c.json(&without_sync_state(step));
            c.put(if step.effect.inverse().is_ok() { "reversible" } else { "irreversible" });
        }
        c.count(self.guards.len());
        for guard in &self.guards {
            c.json(guard);
        }
        c.count(self.snapshot.len());
        for (key, value) in &self.snapshot {
            c.put(key);
            c.put(value);
        }
        c.json(&self.goal);
        c.put(&self.votes.to_string());
        c.put(&self.policy);
        c.count(self.warnings.len());
        for warning in &self.warnings {
            c.count(warning.spans().len());
            for span in warning.spans() {
                match span {
                    Span::Words(text) | Span::Strong(text) => c.put(text),
                    // Display names are not voted on; the ids beside them stand in `objects`.
                    Span::Foreign(_) => c.put("foreign"),
                    Span::Time(at) => c.put(&at.0.to_string()),
                }
            }
        }
        c.opt(self.no_undo.as_deref());
        c.put(&self.not_after.0.to_string());
        Digest(hex(digest(&SHA256, &c.0).as_ref()))
    }

    /// The code that people type: ten base32 characters of digest and case. It names one proposal and gives no authority.
    pub fn code(&self) -> String {
        let mut c = Canon(Vec::new());
        c.put("reanchor-code-v1");
        c.put(self.case.as_str());
        c.put(self.digest().as_hex());
        base32(digest(&SHA256, &c.0).as_ref(), 10)
    }

    /// The effects without their checks.
    pub fn effects(&self) -> impl Iterator<Item = &Effect> {
        self.steps.iter().map(|step| &step.effect)
    }

    /// Whether the step leads towards a safe state, so that it may be written when nothing else may (SAFETY D9): the switch is
    /// given back, a parked name is given back, and between the two the approved anchor where Entra held none before, because
    /// Entra takes no federated name without one.
    pub fn repairs(&self, step: usize) -> bool {
        match self.steps.get(step).map(|step| &step.effect) {
            Some(Effect::ResumeProvisioning { .. }) => true,
            Some(Effect::SetUpn { to, .. }) => {
                self.effects().take(step).any(|before| matches!(before, Effect::SetUpn { from, .. } if from == to))
            }
            Some(Effect::SetImmutableId { from: None, .. }) => {
                self.effects().take(step).any(|before| matches!(before, Effect::SetUpn { .. }))
            }
            Some(
                Effect::SetImmutableId { .. }
                | Effect::ConvertAssignment { .. }
                | Effect::Unassign { .. }
                | Effect::Assign { .. }
                | Effect::RestoreUser { .. }
                | Effect::SetAppUserAnchor { .. }
                | Effect::PauseProvisioning { .. },
            )
            | None => false,
        }
    }

    /// The step that takes the user off the domain, the name there, and the step that brings the name back.
    pub fn hop(&self) -> Option<Hop<'_>> {
        let back = (0..self.steps.len())
            .find(|step| self.repairs(*step) && matches!(self.steps[*step].effect, Effect::SetUpn { .. }))?;
        self.steps.iter().take(back).enumerate().find_map(|(park, step)| match &step.effect {
            Effect::SetUpn { object, from, to } => Some(Hop { park, back, object, name: from, parked: to }),
            Effect::SetImmutableId { .. }
            | Effect::ConvertAssignment { .. }
            | Effect::Unassign { .. }
            | Effect::Assign { .. }
            | Effect::RestoreUser { .. }
            | Effect::SetAppUserAnchor { .. }
            | Effect::PauseProvisioning { .. }
            | Effect::ResumeProvisioning { .. } => None,
        })
    }

    /// The steps that switch Deactivate Users off and on again.
    pub fn pause(&self) -> Option<(usize, usize)> {
        let off = self.effects().position(|effect| matches!(effect, Effect::PauseProvisioning { .. }))?;
        let on = self.effects().position(|effect| matches!(effect, Effect::ResumeProvisioning { .. }))?;
        Some((off, on))
    }

    /// Whether two runs of such plans on one app must not run at the same time: it switches Deactivate Users off, or relies on
    /// its being off.
    pub fn needs_app(&self) -> bool {
        self.pause().is_some() || self.guards.iter().any(Guard::relies_on_switch)
    }

    /// The account that the plan links to, where it links.
    pub fn link(&self) -> Option<&Link> {
        self.steps.iter().find_map(|step| match &step.then {
            Some(Check::Linked { link, .. }) => Some(link),
            Some(Check::LiveTwice { .. }) | None => None,
        })
    }
}
