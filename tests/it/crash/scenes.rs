//! The worlds of the matrix, each with the plan that the real planner makes for it, and what its goal and its start mean
//! in terms of what the vendors really hold.
//!
//! Begin with [`Scene::ALL`], then [`Scene::set`].

use super::bench::Bench;
use super::model::{Regroup, State, Vendor, World};
use reanchor::domain::diagnosis::Remedy;
use reanchor::domain::ids::{AppId, CaseId, EntraId, GroupId, OktaUserId, TenantId};
use reanchor::domain::plan::Plan;
use reanchor::domain::settings::{Deactivation, Mode, Policy, ProvisioningType, Settings};
use reanchor::domain::tenant::{
    App, AppUser, Attributes, Domain, EntraUser, Facts, Group, OktaUser, Scope, Sku, Switches,
};
use reanchor::domain::time::{At, DAY, HOUR};
use reanchor::plan::{self, Ask};
use reanchor::saga::look::{self, Fixed, Keys, Readers};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const START: At = At(1_790_000_000_000);
pub(super) const LOGIN: &str = "mira@harbour.example";
const ANCHOR: &str = "bWlyYS1hbmNob3ItMDAwMQ==";
/// The anchor that Entra holds where the two differ.
const THEIRS: &str = "dGhlaXItYW5jaG9yLTAwMQ==";
const SKU: &str = "55555555-0000-4000-8000-000000000005";

pub(super) fn old() -> EntraId {
    EntraId::new("11111111-0000-4000-8000-000000000001")
}

pub(super) fn heir() -> EntraId {
    EntraId::new("22222222-0000-4000-8000-000000000002")
}

pub(super) fn other() -> EntraId {
    EntraId::new("33333333-0000-4000-8000-000000000003")
}

fn subject() -> OktaUserId {
    OktaUserId::new("00u4mira")
}

fn app() -> AppId {
    AppId::new("0oa4harbour")
}

/// One world of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scene {
    /// The old object is purged, a live account of the same person holds name and anchor; direct assignment.
    Replaced,
    /// The old object is purged and nobody holds the name; the last seat but one is taken.
    Expired,
    /// As `Replaced`, by group; Okta gives nothing back by itself.
    Group,
    /// As `Group`; Okta gives the assignment back at once.
    GroupAtOnce,
    /// As `Group`; Okta gives the assignment back after five seconds.
    GroupLater,
    /// As `Expired`, by group.
    GroupExpired,
    /// The object is in deletedItems.
    Restorable,
    /// A run stopped after the unassignment, and people chose to go on.
    GoOn,
    /// A run in `GroupExpired` stopped before the last conversion, and people chose to go on.
    GoOnLast,
    /// A run stopped after the conversion, and people chose to roll back.
    RollBack,
    /// Okta's anchor comes from Active Directory, Entra holds another one, federated: the hop.
    Hop,
    /// As `Hop`, and Entra holds no anchor: a parked name comes back only with one.
    HopForward,
    /// Okta's attribute can be written, and Entra holds an anchor.
    Align,
    /// Neither side holds an anchor: both get a new one, Entra by the hop.
    Both,
    /// As `Replaced`, with Deactivate Users on and a pause allowed.
    Paused,
    /// As `Paused`, by group.
    PausedGroup,
}

impl Scene {
    pub(super) const ALL: [Self; 10] = [
        Self::Replaced,
        Self::Expired,
        Self::Group,
        Self::GroupAtOnce,
        Self::GroupLater,
        Self::GroupExpired,
        Self::Restorable,
        Self::GoOn,
        Self::GoOnLast,
        Self::RollBack,
    ];

    /// Those that align anchors, park or pause.
    pub(super) const OPEN: [Self; 6] =
        [Self::Hop, Self::HopForward, Self::Align, Self::Both, Self::Paused, Self::PausedGroup];

    fn pauses(self) -> bool {
        matches!(self, Self::Paused | Self::PausedGroup)
    }

    /// About the anchors of an account that is linked.
    fn anchors(self) -> bool {
        matches!(self, Self::Hop | Self::HopForward | Self::Align | Self::Both)
    }

    fn settings(self) -> Settings {
        let mut settings = settings();
        if self.pauses() {
            settings.allow_pause = true;
            settings.deactivation = Deactivation::RemoveLicenses;
        }
        settings
    }

    fn by_group(self) -> bool {
        matches!(
            self,
            Self::PausedGroup
                | Self::Group
                | Self::GroupAtOnce
                | Self::GroupLater
                | Self::GroupExpired
                | Self::GoOnLast
                | Self::RollBack
        )
    }

    fn new_account(self) -> bool {
        matches!(self, Self::Expired | Self::GroupExpired | Self::GoOnLast)
    }

    /// The world with its approved plan, ready to run.
    pub(super) fn set(self) -> Bench {
        let mut vendor = self.vendor();
        let stopped = match self {
            Self::GoOn | Self::GoOnLast | Self::RollBack => {
                let before = plan_of(&vendor, &keys(&vendor, None), |facts| {
                    plan::plan(Remedy::Reassign, facts, &settings(), &ask()).unwrap()
                });
                match self {
                    Self::GoOn => vendor.row = None,
                    Self::GoOnLast => {
                        let id = heir();
                        vendor.live.insert(id.clone(), account(&id, LOGIN, Some(ANCHOR)));
                        vendor.skus[0].consumed += 1;
                        vendor.row = Some(assignment(subject(), LOGIN, &id, ANCHOR, START.plus(-HOUR)));
                    }
                    _ => vendor.row.as_mut().unwrap().scope = Scope::User,
                }
                Some(before)
            }
            _ => None,
        };
        let keys = keys(&vendor, stopped.as_ref());
        let plan = plan_of(&vendor, &keys, |facts| {
            match (self, &stopped) {
                (Self::GoOn, Some(stopped)) => plan::go_on(stopped, 1, facts, &settings(), &ask()),
                (Self::GoOnLast, Some(stopped)) => plan::go_on(stopped, 3, facts, &settings(), &ask()),
                (Self::RollBack, Some(stopped)) => plan::roll_back(stopped, 1, facts, &settings(), &ask()),
                (Self::Restorable, _) => plan::plan(Remedy::Restore, facts, &settings(), &ask()),
                (Self::Align, _) => plan::plan(Remedy::AlignOktaAnchor, facts, &settings(), &ask()),
                (Self::Hop | Self::HopForward | Self::Both, _) => {
                    plan::plan(Remedy::SetImmutableId, facts, &settings(), &ask())
                }
                _ => plan::plan(Remedy::Reassign, facts, &self.settings(), &ask()),
            }
            .unwrap_or_else(|violations| panic!("{self:?} has no plan: {violations:?}"))
        });
        let mut state = State::new(START, vendor);
        state.regroup = match self {
            Self::GroupAtOnce => Regroup::AtOnce,
            Self::GroupLater => Regroup::After5s,
            _ => Regroup::Never,
        };
        Bench::new(self, plan, state)
    }

    pub(super) fn vendor(self) -> Vendor {
        let long_ago = START.plus(-40 * DAY);
        let mut vendor = Vendor {
            user: OktaUser {
                id: subject(),
                status: "ACTIVE".to_owned(),
                login: LOGIN.to_owned(),
                email: None,
                name: "Mira Holm".to_owned(),
                department: None,
                ad_sourced: false,
            },
            app: the_app(),
            row: Some(assignment(subject(), LOGIN, &old(), ANCHOR, long_ago)),
            others: vec![assignment(OktaUserId::new("00u4jon"), "jon@harbour.example", &other(), "am9u", long_ago)],
            switches: Switches { create: true, update: true, deactivate: false },
            admin_roles: Vec::new(),
            groups: Vec::new(),
            app_groups: vec![GroupId::new("00g4office")],
            group_profile: profile(Some(ANCHOR)),
            live: BTreeMap::from([(other(), account(&other(), "jon@harbour.example", Some("am9u")))]),
            deleted: BTreeMap::new(),
            roles: BTreeMap::new(),
            domains: vec![
                Domain { name: "harbour.example".to_owned(), federated: true, initial: false, verified: true },
                Domain { name: "harbour.onmicrosoft.com".to_owned(), federated: false, initial: true, verified: true },
            ],
            synced: false,
            skus: vec![Sku { id: SKU.to_owned(), name: "ENTERPRISEPACK".to_owned(), consumed: 9, enabled: 10 }],
        };
        if let Some(row) = &mut vendor.row {
            row.sync_state = Some("ERROR".to_owned());
            if self.by_group() {
                row.scope = Scope::Group;
                let group =
                    Group { id: GroupId::new("00g4office"), kind: "OKTA_GROUP".to_owned(), name: "o".to_owned() };
                vendor.groups.push(group);
            }
        }
        vendor.switches.deactivate = self.pauses();
        if self.anchors() {
            self.linked(&mut vendor);
        } else if self == Self::Restorable {
            let mut gone = account(&old(), LOGIN, Some(ANCHOR));
            gone.upn = format!("11111111000040008000000000000001{LOGIN}");
            gone.deleted = Some(START.plus(-DAY));
            vendor.deleted.insert(old(), gone);
        } else if !self.new_account() {
            vendor.live.insert(heir(), account(&heir(), LOGIN, Some(ANCHOR)));
        }
        vendor
    }

    /// The account is linked and live, and the anchors are not equal.
    fn linked(self, vendor: &mut Vendor) {
        let theirs = match self {
            Self::HopForward | Self::Both => None,
            _ => Some(THEIRS),
        };
        vendor.live.insert(old(), account(&old(), LOGIN, theirs));
        vendor.skus[0].consumed += 1;
        let row = vendor.row.as_mut().unwrap();
        match self {
            Self::Align => drop(row.profile.insert("immutableId".to_owned(), "0ua4mira".into())),
            Self::Both => drop(row.profile.remove("immutableId")),
            _ => {
                vendor.user.ad_sourced = true;
                vendor.app.mapped = vec!["immutableId".to_owned()];
            }
        }
    }

    /// Whether the goal of the plan is reached, by what the vendors hold.
    pub(super) fn at_goal(self, vendor: &Vendor) -> bool {
        let Some(row) = &vendor.row else { return false };
        let scope = if self.by_group() { Scope::Group } else { Scope::User };
        let synced = row.sync_state.as_deref() == Some("SYNCHRONIZED");
        match self {
            Self::Restorable => vendor.live.get(&old()).is_some_and(|user| user.upn == LOGIN && user.deleted.is_none()),
            Self::RollBack => row.scope == Scope::Group,
            Self::Hop | Self::HopForward | Self::Align | Self::Both => {
                let wanted = match self {
                    Self::Align => THEIRS.to_owned(),
                    Self::Both => reanchor::domain::anchor::from_bytes([9; 16]),
                    _ => ANCHOR.to_owned(),
                };
                let right = |user: &EntraUser| user.upn == LOGIN && user.anchor.as_ref() == Some(&wanted);
                row.anchor(&vendor.app.attributes) == Some(&wanted) && vendor.live.get(&old()).is_some_and(right)
            }
            Self::Paused | Self::PausedGroup => {
                let whole = |user: &EntraUser| user.enabled == Some(true) && user.direct_licences == [SKU.to_owned()];
                row.scope == scope
                    && synced
                    && row.external_id == Some(heir())
                    && vendor.switches.deactivate
                    && vendor.live.get(&heir()).is_some_and(whole)
            }
            Self::Expired | Self::GroupExpired | Self::GoOnLast => {
                let id = row.external_id.as_ref().filter(|id| **id != old());
                row.scope == scope && synced && id.and_then(|id| vendor.live.get(id)).is_some_and(|u| u.upn == LOGIN)
            }
            Self::Replaced | Self::Group | Self::GroupAtOnce | Self::GroupLater | Self::GoOn => {
                row.scope == scope && synced && row.external_id == Some(heir())
            }
        }
    }
}

fn the_app() -> App {
    App {
        id: app(),
        name: "office365".to_owned(),
        label: "Microsoft Office 365".to_owned(),
        status: "ACTIVE".to_owned(),
        domain: Some("harbour.example".to_owned()),
        ms_tenant: Some("harbour".to_owned()),
        attributes: Attributes {
            anchor: Some("immutableId".to_owned()),
            licenses: Some("licenses".to_owned()),
            roles: Some("roles".to_owned()),
            usage_location: None,
        },
        mapped: Vec::new(),
    }
}

fn assignment(user: OktaUserId, name: &str, object: &EntraId, anchor: &str, created: At) -> AppUser {
    AppUser {
        user,
        external_id: Some(object.clone()),
        scope: Scope::User,
        status: "PROVISIONED".to_owned(),
        sync_state: Some("SYNCHRONIZED".to_owned()),
        created,
        status_changed: Some(created),
        last_sync: Some(created),
        user_name: name.to_owned(),
        profile: profile(Some(anchor)),
    }
}

/// A live account with the licence.
pub(super) fn account(id: &EntraId, upn: &str, anchor: Option<&str>) -> EntraUser {
    EntraUser {
        id: id.clone(),
        upn: upn.to_owned(),
        name: "Mira Holm".to_owned(),
        mail: None,
        enabled: Some(true),
        user_type: Some("Member".to_owned()),
        created: Some(START.plus(-20 * DAY)),
        deleted: None,
        anchor: anchor.map(str::to_owned),
        synced: None,
        management_restricted: None,
        proxies: vec![format!("SMTP:{upn}")],
        direct_licences: vec![SKU.to_owned()],
        group_licences: Vec::new(),
    }
}

fn settings() -> Settings {
    Settings {
        mode: Mode::Fix,
        deactivation: Deactivation::Unknown,
        allow_pause: false,
        provisioning_type: ProvisioningType::Unknown,
        policy: Policy::default(),
    }
}

fn ask() -> Ask {
    Ask {
        case: CaseId::new("c-crash1"),
        number: 1,
        at: START,
        needs_second_vote: false,
        fresh: [9; 16],
        anchor_refused: None,
    }
}

/// The keys by which the person is looked up, for the first time or with the values of a plan.
pub(super) fn keys(vendor: &Vendor, stopped: Option<&Plan>) -> Keys {
    Keys {
        app: app(),
        user: vendor.user.clone(),
        fixed: stopped.map(Fixed::of),
        reported_at: None,
        missing_at: vec![START.plus(-HOUR)],
    }
}

/// The read side of a world.
pub(super) fn readers(world: &Arc<World>) -> Readers {
    Readers {
        okta: world.clone(),
        entra: world.clone(),
        clock: world.clone(),
        org_url: "https://harbour.okta.example".to_owned(),
        tenant_id: TenantId::new("44444444-0000-4000-8000-000000000004"),
    }
}

/// What is read from these vendors, on a clock of its own.
pub(super) fn facts_of(vendor: &Vendor, keys: &Keys) -> Facts {
    let world = World::new(State::new(START, vendor.clone()));
    super::bench::poll_once(&mut std::pin::pin!(look::facts(&readers(&world), keys))).unwrap()
}

/// The keys by which the facts of a plan are read again.
pub(super) fn keys_of(vendor: &Vendor, plan: &Plan) -> Keys {
    keys(vendor, Some(plan))
}

fn plan_of(vendor: &Vendor, keys: &Keys, make: impl Fn(&Facts) -> Plan) -> Plan {
    make(&facts_of(vendor, keys))
}

/// The licence and, where given, the anchor.
fn profile(anchor: Option<&str>) -> BTreeMap<String, Value> {
    let mut profile = BTreeMap::from([("licenses".to_owned(), json!(["ENTERPRISEPACK"]))]);
    if let Some(anchor) = anchor {
        profile.insert("immutableId".to_owned(), json!(anchor));
    }
    profile
}
