//! Adversarial tests of the pure safety rules: one healthy world, then one change a test.

pub(crate) mod anchors;
mod cards;
mod digest;
mod policy;
mod rest;
mod rules;
mod same;
mod scenarios;
mod unlinked;
mod unread;
mod verified;

use reanchor::domain::actor::{Actor, Standing};
use reanchor::domain::case::{Case, Closing, LookUp, Offer, Proposal, RunState, State, StepState, Subject, Vote};
use reanchor::domain::diagnosis::{
    ClassId, ClassTexts, Confidence, Diagnosis, FieldName, Remedy, RulesVersion, Severity, Verdict,
};
use reanchor::domain::guard::{Outcome, Violation};
use reanchor::domain::ids::{AppId, CaseId, EntraId, GroupId, OktaUserId, RunId, TenantId};
use reanchor::domain::inbound::Place;
use reanchor::domain::notice::{Progress, PublicText};
use reanchor::domain::plan::Plan;
use reanchor::domain::settings::{Deactivation, Mode, Policy, ProvisioningType, Settings, Sharing};
use reanchor::domain::snapshot::Moved;
use reanchor::domain::tenant::{
    App, AppUser, Attributes, Deletion, Domain, EntraFacts, EntraUser, Facts, OktaFacts, OktaUser, Reading, Roles,
    Scope, Sku, Switches, Witness,
};
use reanchor::domain::time::{At, DAY, HOUR, MINUTE};
use reanchor::plan::{Ask, Planned, plan};
use reanchor::policy::Person;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) const NOW: At = At(1_800_000_000_000);
pub(crate) const OLD: &str = "9d2e4f10-6a3b-4c58-8f71-2b60c9d4e7a5";
pub(crate) const NEW: &str = "c4a7d3b8-1f25-4e96-b0d8-57e3f9126a4c";
pub(crate) const SAM: &str = "00u8samWQ5nHc2Je91d7";
pub(crate) const LOGIN: &str = "sam.whitlock@northbridge.example";
pub(crate) const NAME: &str = "Sam Whitlock";
pub(crate) const ANCHOR: &str = "q3Zt0c5mYkKx7vE2nB9dLw==";
const SKU: &str = "6fd2c87f-b296-42f0-b197-1e91e994b900";

pub(crate) fn id(text: &str) -> EntraId {
    EntraId::parse(text).unwrap()
}

/// The purged object was replaced by a live Member of the same person with Okta's anchor.
pub(crate) fn deleted_replaced() -> Facts {
    Facts {
        v: 1,
        read_at: NOW,
        org_url: "https://northbridge.okta.example".to_owned(),
        tenant_id: TenantId::new("3c1b9f52-0d84-4a7e-9b63-f0a2d7c85e11"),
        okta: okta(),
        entra: EntraFacts {
            by_external_id: Reading::Known(None),
            missing_at: vec![NOW],
            young: false,
            by_name: Reading::Known(vec![replacement()]),
            by_anchor: Reading::Known(vec![replacement()]),
            deleted: Reading::Known(Vec::new()),
            deletion: Reading::Known(None),
            domains: Reading::Known(vec![Domain {
                name: "northbridge.example".to_owned(),
                federated: true,
                initial: false,
                verified: true,
            }]),
            tenant_synced: Reading::Known(false),
            roles: BTreeMap::from([(id(NEW), Reading::Known(Roles::default()))]),
            skus: Reading::Known(vec![Sku {
                id: SKU.to_owned(),
                name: "ENTERPRISEPACK".to_owned(),
                consumed: 20,
                enabled: 25,
            }]),
            witnesses: Reading::Known(vec![Witness {
                user: OktaUserId::new("00u8lenaPt8Ka6Xe21d7"),
                external_id: id("2b91f6d4-7c0e-4835-a5d9-8e14c7b3f062"),
                found: true,
            }]),
            parking: None,
        },
    }
}

fn okta() -> OktaFacts {
    OktaFacts {
        user: OktaUser {
            id: OktaUserId::new(SAM),
            status: "ACTIVE".to_owned(),
            login: LOGIN.to_owned(),
            email: Some(LOGIN.to_owned()),
            name: NAME.to_owned(),
            department: Some("Finance".to_owned()),
            ad_sourced: false,
        },
        app: Reading::Known(App {
            id: AppId::new("0oa8o365Bv2Rk7Ym41d7"),
            name: "office365".to_owned(),
            label: "Microsoft Office 365".to_owned(),
            status: "ACTIVE".to_owned(),
            domain: Some("northbridge.example".to_owned()),
            ms_tenant: None,
            attributes: Attributes {
                anchor: Some("immutableId".to_owned()),
                licenses: Some("licenses".to_owned()),
                roles: Some("roles".to_owned()),
                usage_location: Some("usageLocation".to_owned()),
            },
            mapped: vec!["firstName".to_owned(), "displayName".to_owned()],
        }),
        app_user: Reading::Known(Some(row())),
        switches: Reading::Known(Switches { create: true, update: true, deactivate: false }),
        capabilities: serde_json::Value::Null,
        admin_roles: Reading::Known(Vec::new()),
        granting_groups: Reading::Known(Vec::new()),
        events: Reading::Known(Vec::new()),
    }
}

fn row() -> AppUser {
    AppUser {
        user: OktaUserId::new(SAM),
        external_id: Some(id(OLD)),
        scope: Scope::User,
        status: "PROVISIONED".to_owned(),
        sync_state: Some("ERROR".to_owned()),
        created: NOW.plus(-400 * DAY),
        status_changed: Some(NOW.plus(-400 * DAY)),
        last_sync: Some(NOW.plus(-3 * DAY)),
        user_name: LOGIN.to_owned(),
        profile: BTreeMap::from([
            ("displayName".to_owned(), json!(NAME)),
            ("firstName".to_owned(), json!("Sam")),
            ("immutableId".to_owned(), json!(ANCHOR)),
            ("licenses".to_owned(), json!(["ENTERPRISEPACK"])),
            ("roles".to_owned(), json!([])),
            ("usageLocation".to_owned(), json!("GB")),
        ]),
    }
}

pub(crate) fn replacement() -> EntraUser {
    EntraUser {
        id: id(NEW),
        upn: LOGIN.to_owned(),
        name: NAME.to_owned(),
        mail: Some(LOGIN.to_owned()),
        enabled: Some(true),
        user_type: Some("Member".to_owned()),
        created: Some(NOW.plus(-6 * DAY)),
        deleted: None,
        anchor: Some(ANCHOR.to_owned()),
        synced: None,
        management_restricted: None,
        proxies: vec![format!("SMTP:{LOGIN}")],
        direct_licences: vec![SKU.to_owned()],
        group_licences: Vec::new(),
    }
}

/// The object itself, in deletedItems.
pub(crate) fn deleted_object() -> EntraUser {
    EntraUser {
        id: id(OLD),
        upn: format!("{}{LOGIN}", OLD.replace('-', "")),
        deleted: Some(NOW.plus(-2 * DAY)),
        ..replacement()
    }
}

/// The object is in deletedItems and nobody holds its name.
pub(crate) fn deleted_restorable() -> Facts {
    let mut facts = deleted_replaced();
    facts.entra.by_name = Reading::Known(Vec::new());
    facts.entra.by_anchor = Reading::Known(Vec::new());
    facts.entra.deleted = Reading::Known(vec![deleted_object()]);
    facts.entra.roles = BTreeMap::from([(id(OLD), Reading::Known(Roles::default()))]);
    facts.entra.deletion =
        Reading::Known(Some(Deletion { by: "Lena Ortiz".to_owned(), at: NOW.plus(-2 * DAY), by_provisioning: false }));
    facts
}

/// Gone for good and nobody holds the name.
pub(crate) fn deleted_expired() -> Facts {
    let mut facts = deleted_restorable();
    facts.entra.deleted = Reading::Known(Vec::new());
    facts.entra.deletion = Reading::Known(None);
    facts.entra.roles = BTreeMap::new();
    facts
}

pub(crate) fn the_row(facts: &mut Facts) -> &mut AppUser {
    match &mut facts.okta.app_user {
        Reading::Known(Some(row)) => row,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn the_app(facts: &mut Facts) -> &mut App {
    known(&mut facts.okta.app)
}

pub(crate) fn known<T: std::fmt::Debug>(reading: &mut Reading<T>) -> &mut T {
    match reading {
        Reading::Known(value) => value,
        Reading::Unread(why) => panic!("{why}"),
    }
}

/// Changes the account that would be linked, wherever it was read.
pub(crate) fn on_candidate(facts: &mut Facts, change: impl Fn(&mut EntraUser)) {
    known(&mut facts.entra.by_name).iter_mut().for_each(&change);
    known(&mut facts.entra.by_anchor).iter_mut().for_each(&change);
}

pub(crate) fn group(text: &str) -> GroupId {
    GroupId::new(text)
}

pub(crate) fn settings() -> Settings {
    Settings {
        mode: Mode::Fix,
        deactivation: Deactivation::Unknown,
        allow_pause: false,
        provisioning_type: ProvisioningType::Unknown,
        policy: Policy {
            name: "default".to_owned(),
            askers: vec![group("00gaskers")],
            approvers: vec![group("00gapprovers")],
            operators: vec![group("00goperators")],
            protected: vec!["breakglass@northbridge.example".to_owned()],
        },
    }
}

pub(crate) fn ask() -> Ask {
    Ask {
        case: CaseId::new("c-7k2m9q"),
        number: 1,
        at: NOW,
        needs_second_vote: false,
        fresh: [7; 16],
        anchor_refused: None,
    }
}

pub(crate) fn reassign(facts: &Facts) -> Planned {
    plan(Remedy::Reassign, facts, &settings(), &ask())
}

pub(crate) fn restore(facts: &Facts) -> Planned {
    plan(Remedy::Restore, facts, &settings(), &ask())
}

/// The gravest outcome, its rule and its words.
pub(crate) fn refusal(planned: Planned) -> (Outcome, String, String) {
    let violations = planned.expect_err("a plan came out");
    let first = violations.first().expect("a refusal gives its reason");
    assert!(violations.iter().all(|one| one.outcome <= first.outcome), "the gravest comes first: {violations:?}");
    (first.outcome, first.rule.clone(), first.fact.plain())
}

pub(crate) fn actor(name: &str) -> Actor {
    let standing = Standing::Linked { okta: OktaUserId::new(format!("00u{name}")) };
    Actor { key: format!("U-{name}"), name: name.to_owned(), standing }
}

pub(crate) fn approver(name: &str) -> Person {
    Person {
        okta: OktaUserId::new(format!("00u{name}")),
        login: format!("{name}@northbridge.example"),
        name: name.to_owned(),
        active: true,
        entra: None,
        groups: vec![group("00gapprovers")],
    }
}

fn diagnosis() -> Diagnosis {
    Diagnosis {
        class: ClassId::parse("o365-user-deleted-in-entra").unwrap(),
        verdict: Verdict::Recognized,
        confidence: Confidence::from_score(0.98),
        remedies: vec![Remedy::Restore, Remedy::Reassign],
        fields: BTreeMap::from([(FieldName::Login, LOGIN.to_owned()), (FieldName::ExternalId, OLD.to_owned())]),
        evidence: Vec::new(),
        alternatives: Vec::new(),
        texts: Arc::new(ClassTexts {
            title: "The Entra user that Okta pushes to no longer exists".to_owned(),
            meaning: "Okta holds the id of an Entra user that was deleted.".to_owned(),
            owner: "identity admin".to_owned(),
            severity: Severity::Medium,
            steps: vec!["Look whether the user is in deletedItems.".to_owned()],
            still_works: "Okta sign-in.".to_owned(),
            sources: Vec::new(),
        }),
        rules: RulesVersion("test".to_owned()),
    }
}

/// A case in a state.
pub(crate) fn case(facts: &Facts, state: State) -> Case {
    Case {
        v: 1,
        id: CaseId::new("c-7k2m9q"),
        version: 3,
        created_at: NOW,
        updated_at: NOW,
        surface: "console".to_owned(),
        place: Place { channel: "#provisioning".to_owned(), thread: "1".to_owned(), message: "1".to_owned() },
        sharing: Sharing::Full,
        origin_key: "console|1".to_owned(),
        requester: actor("anna"),
        diagnosis: diagnosis(),
        subject: Some(Subject {
            okta: facts.okta.user.id.clone(),
            login: facts.okta.user.login.clone(),
            name: facts.okta.user.name.clone(),
            app: AppId::new("0oa8o365Bv2Rk7Ym41d7"),
            tenant: facts.tenant_id.clone(),
        }),
        confirmed: true,
        looks: 1,
        missing_at: vec![NOW],
        proposals: 1,
        previous: Some(CaseId::new("c-000001")),
        checkpoint: Some("k7m2q9x4tz".to_owned()),
        beside: reanchor::domain::beside::Beside::default(),
        state,
    }
}

pub(crate) fn proposal(plan: Plan) -> Proposal {
    Proposal {
        number: plan.number,
        digest: plan.digest(),
        code: plan.code(),
        by: actor("anna"),
        at: NOW,
        votes: vec![Vote { okta: OktaUserId::new("00uben"), name: "ben".to_owned(), at: NOW.plus(MINUTE) }],
        reminded: 0,
        plan,
    }
}

pub(crate) fn look(facts: &Facts) -> Box<LookUp> {
    let judgement = reanchor::plan::settle::settle(&diagnosis(), facts, &settings(), &ask(), None);
    Box::new(LookUp {
        facts: facts.clone(),
        finding: judgement.finding,
        offers: vec![Offer { remedy: Remedy::Reassign, votes: 1 }],
        withheld: judgement.withheld,
        confirm_at: None,
    })
}

fn run(plan: &Plan, facts: &Facts) -> RunState {
    let note = PublicText::words("linked to ").and_foreign(NEW).and(" ").and_foreign(&facts.okta.user.name);
    let step = StepState { progress: Progress::Done, note };
    RunState { id: RunId::new("r-0123456789"), granted_at: NOW, steps: vec![step; plan.steps.len()], exposed: None }
}

/// One reason that only approvers may know, and one for everybody.
fn reasons(name: &str) -> Vec<Violation> {
    let secret = Violation {
        rule: "A6".to_owned(),
        fact: PublicText::words("holds ").and_foreign("Global Administrator"),
        how_to_change: "nothing".to_owned(),
        outcome: Outcome::Refuse,
        approvers_only: true,
    };
    let open = Violation {
        rule: "C3".to_owned(),
        fact: PublicText::words("belongs to ").and_foreign(name),
        approvers_only: false,
        ..secret.clone()
    };
    vec![secret, open]
}

/// One case for each state, as far as states show different things, with the same hostile or plain values in each.
pub(crate) fn every_state(facts: &Facts) -> Vec<Case> {
    let plan = reassign(facts).unwrap();
    let (state_run, proposed) = (run(&plan, facts), Box::new(proposal(plan)));
    let name = facts.okta.user.name.clone();
    let why = reasons(&name);
    let said = PublicText::words("Is it ").and_foreign(&name).and(" ").and_foreign(LOGIN).and("?");
    let moved = |key: &str, is: &str| Moved { key: key.to_owned(), was: LOGIN.to_owned(), is: is.to_owned() };
    let moved = vec![
        moved(&format!("entra.object.{NEW}.upn"), &name),
        moved(&format!("entra.roles.{NEW}"), "Global Administrator|"),
        moved("okta.profile", "{\"roles\":[\"Global Administrator\"]}"),
    ];
    let mut confirming = look(facts);
    confirming.confirm_at = Some(NOW.plus(MINUTE));
    let mut withholding = look(facts);
    withholding.withheld =
        why.iter().map(|one| reanchor::domain::case::Withheld { remedy: Remedy::Restore, why: one.clone() }).collect();
    let verified = |retry| State::Closed {
        how: Closing::Verified {
            proposal: proposed.clone(),
            run: state_run.clone(),
            findings: vec![PublicText::words("linked to ").and_foreign(NEW), said.clone()],
            waiting_for_retry: retry,
        },
    };
    let (proposal, run) = (|| proposed.clone(), || state_run.clone());
    let human = |done, left_as: &str| State::NeedsHuman {
        proposal: proposal(),
        run: run(),
        done,
        left_as: left_as.to_owned(),
        why: said.clone(),
    };
    let states = vec![
        State::Heard,
        State::Diagnosed,
        State::NeedsInfo { question: said.clone(), candidates: Vec::new() },
        State::LookedUp { look: look(facts) },
        State::LookedUp { look: confirming },
        State::LookedUp { look: withholding },
        State::Advised { look: Some(look(facts)), why: why.clone(), by_hand: None },
        State::Advised { look: None, why: Vec::new(), by_hand: None },
        State::Refused { look: Some(look(facts)), why: why.clone() },
        State::Proposed { look: look(facts), proposal: proposal() },
        State::Approved { proposal: proposal(), run: run() },
        State::Running { proposal: proposal(), run: run() },
        State::Verifying { proposal: proposal(), run: run() },
        verified(None),
        verified(Some(NOW.plus(HOUR))),
        State::Closed { how: Closing::InOrder { since: Some(NOW), look: look(facts) } },
        State::NotOurs { by: "anna".to_owned() },
        State::Declined { by: "ben".to_owned(), reason: Some("not now".to_owned()), proposal: proposal() },
        State::Expired { what: "Expired: nobody decided within 24 h".to_owned(), proposal: proposal() },
        State::Stale { moved, broken: why, proposal: proposal() },
        State::RolledBack { proposal: proposal(), run: run() },
        human(1, "unassigned"),
        human(1, "unknown"),
        human(2, "assigned_not_linked"),
        State::Undone { by: CaseId::new("c-000002") },
    ];
    states.into_iter().map(|state| case(facts, state)).collect()
}
