//! The directories, the clock, the leases and the journal of one run, all in memory and all in one value: the double on which
//! every crash, fault and change is tried.
//!
//! Never does what a vendor does not do, and never judges the saga by what the saga says: [`State::audit`] looks at each
//! write as it is sent. Begin with [`Vendor`], then [`World::point`] (where a run can be stopped).

use super::vendors::refused;
use reanchor::domain::ids::{AppId, EntraId, GroupId, OktaUserId};
use reanchor::domain::plan::Plan;
use reanchor::domain::tenant::{App, AppUser, Domain, EntraUser, Group, Leaver, OktaUser, Roles, Scope, Sku, Switches};
use reanchor::domain::time::{At, MINUTE, SECOND};
use reanchor::policy::{Freeze, Switch};
use reanchor::ports::directory::{Answer, Assignment};
use reanchor::ports::error::{Kind, System};
use reanchor::saga::journal::{Event, fold};
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

pub(super) const LEASE: i64 = 60 * SECOND;
/// Longer than the saga looks for a write with an unknown fate, so that waiting for the last call of a dead holder matters.
pub(super) const CALL: i64 = 25 * SECOND;
/// Calls after which a run counts as one that never ends.
const TOO_MANY: u64 = 20_000;

/// What both vendors hold about one person and the tenant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Vendor {
    pub(super) user: OktaUser,
    pub(super) app: App,
    pub(super) row: Option<AppUser>,
    pub(super) others: Vec<AppUser>,
    pub(super) switches: Switches,
    pub(super) admin_roles: Vec<String>,
    pub(super) groups: Vec<Group>,
    pub(super) app_groups: Vec<GroupId>,
    /// Profile that the group gives with the app.
    pub(super) group_profile: BTreeMap<String, Value>,
    pub(super) live: BTreeMap<EntraId, EntraUser>,
    pub(super) deleted: BTreeMap<EntraId, EntraUser>,
    pub(super) roles: BTreeMap<EntraId, Roles>,
    pub(super) domains: Vec<Domain>,
    pub(super) synced: bool,
    pub(super) skus: Vec<Sku>,
}

/// One write as it goes over the line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Call {
    Convert(AppId, OktaUserId, Scope),
    Unassign(AppId, OktaUserId),
    Assign(AppId, OktaUserId, Assignment),
    Restore(EntraId),
    Attribute(AppId, OktaUserId, String, Option<String>),
    Deactivate(AppId, bool),
    Upn(EntraId, String),
    Anchor(EntraId, String),
}

/// What becomes of one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// Refused with a status that means "no".
    Refuse,
    /// No answer, and it never arrived.
    LostBefore,
    /// No answer, and it was applied.
    LostAfter,
    /// No answer, and it is applied just before the call times out, while the caller still waits (or is dead).
    Late,
    /// A 5xx, not applied.
    BrokenBefore,
    /// A 5xx, applied.
    BrokenAfter,
    /// Accepted; reads show the old state for three seconds.
    Lag,
    /// Accepted; reads show the old state for seventy seconds.
    LongLag,
    /// No answer, applied; reads show the old state until five seconds after the time-out.
    LostAndLag,
    /// No answer, applied; reads show the old state for seventy seconds.
    LostAndLongLag,
    /// Accepted; every read fails for a second.
    Blind,
    /// No answer, applied; every read fails for five minutes.
    LostAndBlind,
}

impl Fault {
    pub(super) const ALL: [Self; 12] = [
        Self::Refuse,
        Self::LostBefore,
        Self::LostAfter,
        Self::Late,
        Self::BrokenBefore,
        Self::BrokenAfter,
        Self::Lag,
        Self::LongLag,
        Self::LostAndLag,
        Self::LostAndLongLag,
        Self::Blind,
        Self::LostAndBlind,
    ];

    /// Whether reads show what was applied before anybody may doubt it.
    pub(super) fn shows(self) -> bool {
        !matches!(self, Self::LongLag | Self::LostAndLongLag | Self::LostAndBlind)
    }

    /// Whether the goal must be reached all the same.
    pub(super) fn passes(self) -> bool {
        !matches!(self, Self::Refuse | Self::LostAndBlind)
    }
}

/// What Okta does by itself later, and requests that are still on their way.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Job {
    Push {
        created: At,
    },
    Regroup,
    /// What Okta does to an account whose person was unassigned while Deactivate Users was on.
    Deactivate(EntraId),
    Land(Call, usize),
}

/// How Okta gives a group assignment back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Regroup {
    Never,
    AtOnce,
    After5s,
}

/// A write that was sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) step: usize,
    pub(super) effective: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct LeaseRow {
    pub(super) key: String,
    pub(super) holder: String,
    pub(super) number: i64,
    pub(super) until: At,
}

/// Changes something about the vendors that no plan expects.
pub(super) type Change = fn(&mut Vendor);

/// Everything that outlives a crash, and the plan of the one that is about to happen.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent knobs of a test")]
pub(super) struct State {
    pub(super) now: At,
    pub(super) vendor: Vendor,
    pub(super) regroup: Regroup,
    pub(super) link_to: Option<EntraId>,
    /// Graph refuses every name on the federated domain; the bot's permission for the anchor.
    pub(super) name_refused: bool,
    pub(super) anchor_forbidden: bool,
    pub(super) jobs: Vec<(At, Job)>,
    pub(super) stale: Option<(At, Box<Vendor>)>,
    pub(super) blind_until: At,
    pub(super) faults: BTreeMap<usize, Fault>,
    pub(super) sent: Vec<Sent>,
    pub(super) journal: Vec<(At, Event)>,
    pub(super) lease: LeaseRow,
    pub(super) app_lease: LeaseRow,
    pub(super) host_lock: bool,
    pub(super) frozen: bool,
    /// After this many journal rows, the bot is frozen.
    pub(super) freeze_after: Option<usize>,
    /// After this many journal rows, something moves; whether a write is forbidden from then on.
    pub(super) change_after: Option<(usize, Change, bool)>,
    pub(super) forbidden: bool,
    /// After this many journal rows, Graph does not answer for so many milliseconds.
    pub(super) graph_silent_after: Option<(usize, i64)>,
    pub(super) graph_silent_until: At,
    /// After this many journal rows, the process is asked to end.
    pub(super) stop_after: Option<usize>,
    pub(super) stopping: bool,
    /// Who left the app since the run was granted, and whether Okta tells.
    pub(super) leavers: Vec<Leaver>,
    pub(super) leavers_unread: bool,
    /// The first and the last time that the account to be linked was read since the app was paused, or the person unassigned.
    pub(super) looked_at: Option<(At, At)>,
    /// The step whose write was on its way then.
    pub(super) on_its_way: Option<usize>,
    /// What the vendors held when the row that ends the run became durable.
    pub(super) at_end: Option<Box<Vendor>>,
    pub(super) plan: Option<Arc<Plan>>,
    pub(super) violations: Vec<String>,
    /// Commit number at which the store fails, and whether the row was committed all the same.
    pub(super) store_fails: Option<(usize, bool)>,
    pub(super) commits: usize,
    pub(super) points: u32,
    pub(super) stop_at: Option<u32>,
    pub(super) count_reads: bool,
    pub(super) last_point: &'static str,
    /// Where wanted: the state at every point passed, as a process that dies there leaves it.
    pub(super) trail: Option<Vec<State>>,
    calls: u64,
}

/// The double. It is the clock, both read sides, the lease table and the record; [`super::ports::Hand`] is the write side.
pub(super) struct World(Mutex<State>);

impl World {
    pub(super) fn new(state: State) -> Arc<Self> {
        Arc::new(Self(Mutex::new(state)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// A place where the process can die, or be held up: the future stays pending there until [`State::stop_at`] is moved.
    pub(super) async fn point(&self, name: &'static str) {
        let mut mine = None;
        poll_fn(|_| {
            let mut s = self.lock();
            if mine.is_none() {
                s.calls += 1;
                if name != "read" || s.count_reads {
                    s.points += 1;
                    s.leave_trail(name);
                }
                mine = Some(s.points);
                if s.calls > TOO_MANY {
                    s.violations.push("the run does not end".to_owned());
                    s.stop_at = mine;
                }
            }
            let counted = name != "read" || s.count_reads || s.calls > TOO_MANY;
            if counted && s.stop_at == mine {
                s.last_point = name;
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    pub(super) async fn view<T>(&self, system: System, read: impl Fn(&Vendor) -> T + Send) -> Answer<T> {
        self.point("read").await;
        let mut s = self.lock();
        s.pass(3);
        if s.now < s.blind_until || (system == System::Graph && s.now < s.graph_silent_until) {
            return Err(refused(system, Kind::Unreachable));
        }
        Ok(match &s.stale {
            Some((until, old)) if s.now < *until => read(old),
            _ => read(&s.vendor),
        })
    }

    /// Sends a write for the holder of lease `number`.
    pub(super) async fn send(&self, number: i64, call: Call) -> Answer<()> {
        let system = call.system();
        let (fault, index) = {
            let mut s = self.lock();
            let step = s.audit(number, &call);
            s.sent.push(Sent { step, effective: false });
            (s.faults.get(&s.sent.len()).copied(), s.sent.len() - 1)
        };
        self.point("send").await;
        let answer = self.lock().arrive(&call, index, fault, system);
        self.point("applied").await;
        let mut s = self.lock();
        let lost = matches!(&answer, Err(error) if error.kind == Kind::Unreachable);
        s.pass(if lost { CALL } else { 150 });
        answer
    }
}

impl State {
    pub(super) fn new(now: At, vendor: Vendor) -> Self {
        Self {
            now,
            vendor,
            regroup: Regroup::Never,
            link_to: None,
            name_refused: false,
            anchor_forbidden: false,
            jobs: Vec::new(),
            stale: None,
            blind_until: At(0),
            faults: BTreeMap::new(),
            sent: Vec::new(),
            journal: Vec::new(),
            lease: LeaseRow::default(),
            app_lease: LeaseRow::default(),
            host_lock: false,
            frozen: false,
            freeze_after: None,
            change_after: None,
            forbidden: false,
            graph_silent_after: None,
            graph_silent_until: At(0),
            stop_after: None,
            stopping: false,
            leavers: Vec::new(),
            leavers_unread: false,
            looked_at: None,
            on_its_way: None,
            at_end: None,
            plan: None,
            violations: Vec::new(),
            store_fails: None,
            commits: 0,
            points: 0,
            stop_at: None,
            count_reads: false,
            last_point: "",
            trail: None,
            calls: 0,
        }
    }

    fn leave_trail(&mut self, name: &'static str) {
        if let Some(mut trail) = self.trail.take() {
            trail.push(Self { last_point: name, ..self.clone() });
            self.trail = Some(trail);
        }
    }

    /// Lets time go by; whatever falls due happens at its own instant.
    pub(super) fn pass(&mut self, ms: i64) {
        let end = self.now.plus(ms);
        loop {
            let due = (0..self.jobs.len()).filter(|i| self.jobs[*i].0 <= end).min_by_key(|i| self.jobs[*i].0);
            let Some(index) = due else { break };
            let (at, job) = self.jobs.remove(index);
            self.now = self.now.max(at);
            match job {
                Job::Push { created } => self.push(created),
                Job::Regroup => self.regroup(),
                Job::Deactivate(object) => {
                    if let Some(user) = self.vendor.live.get_mut(&object).filter(|_| self.vendor.switches.deactivate) {
                        user.enabled = Some(false);
                        user.direct_licences.clear();
                    }
                }
                Job::Land(call, index) => {
                    // The vendor's own answer goes nowhere: its caller is gone.
                    if let Ok(effective) = self.apply(&call) {
                        self.sent[index].effective |= effective;
                    }
                }
            }
        }
        self.now = self.now.max(end);
    }

    fn arrive(&mut self, call: &Call, index: usize, fault: Option<Fault>, system: System) -> Answer<()> {
        let old = self.vendor.clone();
        match fault {
            Some(Fault::Refuse) => return Err(refused(system, Kind::Denied)),
            Some(Fault::LostBefore) => return Err(refused(system, Kind::Unreachable)),
            Some(Fault::BrokenBefore) => return Err(refused(system, Kind::Unexpected)),
            Some(Fault::Late) => {
                self.jobs.push((self.now.plus(CALL - SECOND), Job::Land(call.clone(), index)));
                return Err(refused(system, Kind::Unreachable));
            }
            Some(_) | None => {}
        }
        self.sent[index].effective = self.apply(call)?;
        let lag = |ms| Some((self.now.plus(ms), Box::new(old)));
        match fault {
            Some(Fault::Lag) => self.stale = lag(3 * SECOND),
            Some(Fault::LostAndLag) => self.stale = lag(CALL + 5 * SECOND),
            Some(Fault::LongLag | Fault::LostAndLongLag) => self.stale = lag(70 * SECOND),
            Some(Fault::Blind) => self.blind_until = self.now.plus(SECOND),
            Some(Fault::LostAndBlind) => self.blind_until = self.now.plus(5 * MINUTE),
            Some(_) | None => {}
        }
        match fault {
            Some(Fault::LostAfter | Fault::LostAndLag | Fault::LostAndLongLag | Fault::LostAndBlind) => {
                Err(refused(system, Kind::Unreachable))
            }
            Some(Fault::BrokenAfter) => Err(refused(system, Kind::Unexpected)),
            Some(_) | None => Ok(()),
        }
    }

    /// What must be true at the instant a write is sent. Answers the step it belongs to.
    fn audit(&mut self, number: i64, call: &Call) -> usize {
        let mut wrong = Vec::new();
        let rows: Vec<Event> = self.journal.iter().map(|(_, event)| event.clone()).collect();
        let step = match rows.last() {
            Some(Event::Intent { step }) => *step,
            _ => usize::MAX,
        };
        let plan = self.plan.clone().unwrap();
        if !plan.steps.get(step).is_some_and(|step| call.is(&step.effect)) {
            wrong.push(format!("{call:?} was sent without its intent in the journal"));
        }
        if !fold(&rows).is_ok_and(|progress| progress.pending == Some(step)) {
            wrong.push("a write was sent by a journal that does not ask for it".to_owned());
        }
        let left = self.lease.until.since(self.now);
        if self.lease.number != number || left < CALL + 5 * SECOND {
            wrong.push(format!("a write was sent without the lease ({left} ms left)"));
        }
        let app_left = self.app_lease.until.since(self.now);
        if plan.needs_app() && app_left < CALL + 5 * SECOND {
            wrong.push(format!("a write was sent without the lease of the app ({app_left} ms left)"));
        }
        let ours = |index: &usize| self.sent[*index].step == step;
        if self.jobs.iter().any(|(_, job)| matches!(job, Job::Land(_, index) if ours(index))) {
            wrong.push("a write was sent again while the first request was on its way".to_owned());
        }
        let lags = self.faults.values().any(|fault| !fault.shows());
        if !lags && self.sent.iter().any(|sent| sent.step == step && sent.effective) {
            wrong.push("a write was sent again that had been applied and could be seen".to_owned());
        }
        // What leads to the nearest safe state may be written at any time.
        let repairs = plan.repairs(step);
        if self.frozen && !repairs {
            wrong.push("a write was sent while frozen".to_owned());
        }
        if self.forbidden && !repairs && self.on_its_way != Some(step) {
            wrong.push("a write was sent after something had moved".to_owned());
        }
        let still = self.looked_at.map_or(0, |(first, last)| last.since(first));
        if *call == Call::Deactivate(plan.app.clone(), true) && still < 10 * SECOND {
            wrong.push(format!("Deactivate Users was switched on {still} ms after the first look at the account"));
        }
        if let [.., before, intent] = self.journal.as_slice()
            && intent.0.since(before.0) >= 30 * MINUTE
            && !repairs
        {
            wrong.push("a write was sent by a run whose last row was older than 30 minutes".to_owned());
        }
        self.violations.extend(wrong);
        step
    }

    pub(super) fn lease_row(&mut self, key: &str) -> &mut LeaseRow {
        if key.starts_with("app:") { &mut self.app_lease } else { &mut self.lease }
    }

    pub(super) fn switch(&self) -> Switch {
        if !self.frozen {
            return Switch::Running;
        }
        let who = || "carla".to_owned();
        Switch::Frozen(Freeze { by: who(), name: who(), at: self.now, reason: None })
    }

    /// What happens right after a journal row became durable.
    pub(super) fn committed(&mut self) {
        if fold(&self.events()).is_ok_and(|progress| progress.end.is_some()) {
            self.at_end = Some(Box::new(self.vendor.clone()));
        }
        if self.freeze_after == Some(self.journal.len()) {
            self.frozen = true;
        }
        if self.stop_after == Some(self.journal.len()) {
            self.stopping = true;
        }
        if let Some((rows, ms)) = self.graph_silent_after
            && rows == self.journal.len()
        {
            self.graph_silent_until = self.now.plus(ms);
        }
        if let Some((rows, change, forbids)) = self.change_after
            && rows == self.journal.len()
        {
            change(&mut self.vendor);
            self.forbidden |= forbids;
            self.on_its_way = fold(&self.events()).ok().and_then(|progress| progress.pending);
            self.change_after = None;
        }
    }

    /// What a process that starts now could tell from another start; the time of day aside.
    pub(super) fn mark(&self) -> (usize, usize, Vendor, usize) {
        (self.journal.len(), self.sent.len(), self.vendor.clone(), self.jobs.len())
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.journal.iter().map(|(_, event)| event.clone()).collect()
    }
}
