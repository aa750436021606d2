//! Stored formats load for ever: each golden file was written by version 1 and is never written again.
//!
//! To add a version, add a file; `REANCHOR_WRITE_GOLDEN=1` writes those that are missing and never an existing one.

use crate::guards;
use reanchor::domain::actor::{Actor, Standing};
use reanchor::domain::beside::{Gathering, Member};
use reanchor::domain::case::{Case, State};
use reanchor::domain::diagnosis::Remedy;
use reanchor::domain::effect::RefusalKind;
use reanchor::domain::guard::{Outcome, Violation};
use reanchor::domain::ids::CaseId;
use reanchor::domain::inbound::{Body, Inbound, More, Place, Verb};
use reanchor::domain::notice::PublicText;
use reanchor::domain::plan::Plan;
use reanchor::domain::settings::{Deactivation, Mode, Settings};
use reanchor::domain::snapshot::Moved;
use reanchor::domain::tenant::Facts;
use reanchor::plan::plan;
use reanchor::policy::Switch;
use reanchor::policy::approval::{Grant, approve};
use reanchor::saga::journal::Event;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;
use std::path::PathBuf;

fn golden(name: &str, make: impl FnOnce() -> String) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if !path.exists() {
        let wanted = option_env!("REANCHOR_WRITE_GOLDEN").is_some();
        assert!(wanted, "{name} is missing: a stored format has lost its witness");
        std::fs::write(&path, make()).unwrap();
    }
    std::fs::read_to_string(&path).unwrap()
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

/// Whether everything that stands in `old` stands in `new`, too; `new` may say more, since formats grow.
fn kept(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            old.iter().all(|(key, one)| new.get(key).is_some_and(|other| kept(one, other)))
        }
        (Value::Array(old), Value::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(one, other)| kept(one, other))
        }
        (old, new) => old == new,
    }
}

/// Loads, and what is written again says the same: no value was dropped on the way.
fn loads<T: DeserializeOwned + Serialize>(value: &Value) -> T {
    let loaded: T = serde_json::from_value(value.clone()).unwrap();
    let written = serde_json::to_value(&loaded).unwrap();
    assert!(kept(value, &written), "{value}\nis written again as\n{written}");
    loaded
}

fn all<T: DeserializeOwned + Serialize + Debug>(text: &str) -> Vec<T> {
    text.lines().map(|line| loads(&serde_json::from_str(line).unwrap())).collect()
}

fn lines<T: Serialize>(values: &[T]) -> String {
    values.iter().map(|value| serde_json::to_string(value).unwrap() + "\n").collect()
}

#[test]
fn plans_of_version_1_keep_their_digest_and_code() {
    let make = || {
        let plans = [guards::reassign(&guards::deleted_replaced()), guards::restore(&guards::deleted_restorable())];
        let entry = |plan: Plan| serde_json::json!({ "digest": plan.digest(), "code": plan.code(), "plan": plan });
        pretty(&plans.map(|plan| entry(plan.unwrap())))
    };
    let entries: Vec<Value> = serde_json::from_str(&golden("plan-v1.json", make)).unwrap();
    assert_eq!(entries.len(), 2);
    for entry in entries {
        let plan: Plan = loads(&entry["plan"]);
        assert_eq!(plan.digest().as_hex(), entry["digest"]);
        assert_eq!(plan.code(), entry["code"]);
    }
}

#[test]
fn plans_about_anchors_and_pauses_keep_their_digest_and_code() {
    let make = || {
        let settings = Settings { deactivation: Deactivation::RemoveLicenses, allow_pause: true, ..guards::settings() };
        let mut paused = guards::deleted_replaced();
        guards::known(&mut paused.okta.switches).deactivate = true;
        paused.okta.capabilities = serde_json::json!({"update": {"lifecycleDeactivate": {"status": "ENABLED"}}});
        let one = |remedy, facts: &Facts| plan(remedy, facts, &settings, &guards::ask()).unwrap();
        let plans = [
            one(Remedy::SetImmutableId, &guards::anchors::anchor_mismatch()),
            one(Remedy::AlignOktaAnchor, &guards::anchors::anchor_align()),
            one(Remedy::Reassign, &paused),
        ];
        pretty(&plans.map(|plan| serde_json::json!({ "digest": plan.digest(), "code": plan.code(), "plan": plan })))
    };
    let entries: Vec<Value> = serde_json::from_str(&golden("plan-anchors-v1.json", make)).unwrap();
    assert_eq!(entries.len(), 3);
    for entry in entries {
        let plan: Plan = loads(&entry["plan"]);
        assert_eq!(plan.digest().as_hex(), entry["digest"]);
        assert_eq!(plan.code(), entry["code"]);
    }
}

fn repairs() -> Vec<Event> {
    let moved = Moved { key: "target".to_owned(), was: "as planned".to_owned(), is: "gone".to_owned() };
    let kind = RefusalKind::FederatedDomain;
    vec![
        Event::Refused { step: 0, why: "HTTP 403".to_owned(), kind: Some(RefusalKind::Forbidden), left_as: None },
        Event::Declined { step: 0, kind, why: "HTTP 400".to_owned() },
        Event::Skipped { step: 1 },
        Event::Repairing {
            step: 2,
            cause: Box::new(Event::Drifted { step: 2, moved: vec![moved], broken: Vec::new(), left_as: None }),
        },
        Event::Safe { left_as: "as_before".to_owned(), notes: vec![PublicText::words("nobody left")] },
        Event::Stuck { step: 3, left_as: "parked".to_owned(), why: PublicText::foreign("HTTP 503") },
    ]
}

#[test]
fn journals_of_a_repair_load() {
    let loaded: Vec<Event> = all(&golden("journal-repair-v1.jsonl", || lines(&repairs())));
    assert_eq!(loaded, repairs());
}

fn stops() -> Vec<Event> {
    let moved = Moved { key: "target".to_owned(), was: "as planned".to_owned(), is: "gone".to_owned() };
    let left_as = |word: &str| Some(word.to_owned());
    vec![
        Event::Drifted { step: 1, moved: vec![moved], broken: Vec::new(), left_as: left_as("unknown") },
        Event::Refused { step: 1, why: "HTTP 403".to_owned(), kind: None, left_as: left_as("unassigned") },
        Event::NotVerified { why: PublicText::words("wrong"), left_as: left_as("anchor_set") },
    ]
}

#[test]
fn journals_that_say_how_the_person_was_left_load() {
    let loaded: Vec<Event> = all(&golden("journal-left-v1.jsonl", || lines(&stops())));
    assert_eq!(loaded, stops());
}

#[test]
fn cases_of_version_1_load() {
    let make = || serde_json::to_string(&guards::every_state(&guards::deleted_replaced())).unwrap() + "\n";
    let entries: Vec<Value> = serde_json::from_str(&golden("case-v1.json", make)).unwrap();
    let mut states: Vec<&'static str> = entries.iter().map(|entry| loads::<Case>(entry).state.name()).collect();
    states.dedup();
    assert_eq!(states.len(), 18, "one of each state at least: {states:?}");
}

#[test]
fn an_erased_case_loads_and_says_nothing_of_anybody() {
    let facts = guards::deleted_replaced();
    let make = || pretty(&guards::every_state(&facts)[0].clone().erased(guards::NOW));
    let case: Case = loads(&serde_json::from_str(&golden("case-erased-v1.json", make)).unwrap());
    assert!(case.erased_at().is_some() && case.names().is_empty());
    let mut checked = 0;
    let people = vec![Member { key: "pat.moss@x.example".to_owned(), name: "Pat Moss".to_owned() }];
    let many = Gathering { app: String::new(), people, count: 1, last_at: guards::NOW, common: Vec::new() };
    for mut case in guards::every_state(&facts) {
        case.beside.many = Some(many.clone());
        let (names, requester) = (case.names(), case.requester.clone());
        checked += usize::from(!names.is_empty());
        let text = serde_json::to_string(&case.erased(guards::NOW)).unwrap();
        for name in names.iter().chain([&requester.name, &requester.key]) {
            assert!(!text.contains(name.as_str()), "{name} is left in {text}");
        }
    }
    assert!(checked > 10, "{checked}");
}

fn events() -> Vec<Event> {
    let violation = Violation {
        rule: "D3".to_owned(),
        fact: PublicText::words("x ").and_foreign("y").and_time(guards::NOW),
        how_to_change: "z".to_owned(),
        outcome: Outcome::Advise,
        approvers_only: false,
    };
    let moved = Moved { key: "okta.app_user".to_owned(), was: "present".to_owned(), is: "absent".to_owned() };
    vec![
        Event::Began,
        Event::Intent { step: 0 },
        Event::Answered { step: 0, ok: true, what: "accepted".to_owned(), request_id: Some("r1".to_owned()) },
        Event::Answered { step: 0, ok: false, what: "HTTP 500".to_owned(), request_id: None },
        Event::InForce { step: 0, written: true },
        Event::Refused { step: 1, why: "HTTP 403".to_owned(), kind: None, left_as: None },
        Event::Reached { step: 0 },
        Event::Missed { step: 1, left_as: "assigned_not_linked".to_owned(), why: PublicText::foreign("late") },
        Event::Drifted { step: 1, moved: vec![moved], broken: vec![violation], left_as: None },
        Event::Verified { findings: vec![PublicText::new().and_strong("right")], waiting_for_retry: true },
        Event::NotVerified { why: PublicText::words("wrong"), left_as: None },
    ]
}

#[test]
fn journals_of_version_1_load() {
    let loaded: Vec<Event> = all(&golden("journal-v1.jsonl", || lines(&events())));
    assert_eq!(loaded, events());
}

fn inbounds() -> Vec<Inbound> {
    let okta = reanchor::domain::ids::OktaUserId::new("00uanna");
    let via = "bridge".to_owned();
    let standings = [
        Standing::Linked { okta },
        Standing::Unlinked,
        Standing::Guest,
        Standing::External,
        Standing::Relayed { via },
        Standing::ApiPosted,
    ];
    let text = || "Matching user not found".to_owned();
    let bodies = [Body::Message { text: text() }, Body::Mention { text: text() }, Body::Command { text: text() }];
    let press = |verb: Verb| Body::Press { verb, case: CaseId::new("c-7k2m9q"), number: Some(1), note: Some(text()) };
    let bodies = bodies.into_iter().chain(Verb::ALL.into_iter().take(10).map(press));
    let one = |(n, body): (usize, Body)| Inbound {
        v: 1,
        surface: "console".to_owned(),
        event_key: format!("e{n}"),
        place: Place { channel: "#p".to_owned(), thread: "1".to_owned(), message: "2".to_owned() },
        actor: Actor {
            key: "U1".to_owned(),
            name: "anna".to_owned(),
            standing: standings[n % standings.len()].clone(),
        },
        at: guards::NOW,
        body,
        more: More::default(),
    };
    bodies.enumerate().map(one).collect()
}

#[test]
fn events_of_version_1_load() {
    let loaded: Vec<Value> = serde_json::from_str(&golden("inbound-v1.json", || pretty(&inbounds()))).unwrap();
    let loaded: Vec<Inbound> = loaded.iter().map(loads).collect();
    assert_eq!(loaded, inbounds());
}

#[test]
fn grants_of_version_1_load() {
    let make = || {
        let facts = guards::deleted_replaced();
        let proposal = guards::proposal(guards::reassign(&facts).unwrap());
        let state = State::Proposed { look: guards::look(&facts), proposal: Box::new(proposal.clone()) };
        let case = guards::case(&facts, state);
        pretty(&approve(&case, &proposal, Mode::Fix, &Switch::Running, guards::NOW).unwrap().1)
    };
    let grant: Grant = loads(&serde_json::from_str(&golden("grant-v1.json", make)).unwrap());
    assert_eq!((grant.v, grant.number, grant.votes.len()), (1, 1, 1));
}
