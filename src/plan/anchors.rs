//! `align-okta-anchor` and `set-immutable-id`: one anchor on both sides (SAFETY D7, D8).
//!
//! Never changes Entra where changing Okta is enough, never parks a user before Entra has refused the change in place, and
//! never chooses a value itself: a new one comes in with the ask and stands on the card. Begin with [`align`] and [`set`].

use super::{Ask, Planned, all_read, base, blank, check_all};
use crate::domain::anchor::from_bytes;
use crate::domain::diagnosis::Remedy;
use crate::domain::effect::{Effect, RefusalKind, Step, When};
use crate::domain::guard::{AnchorRow, Choice, Guard, Outcome, Violation, choice};
use crate::domain::notice::PublicText;
use crate::domain::plan::{Direction, Goal, Plan};
use crate::domain::settings::Settings;
use crate::domain::snapshot::UNREAD;
use crate::domain::tenant::{AppUser, EntraUser, Facts, Reading};

/// Gives Okta's app user the anchor that Entra has.
pub(super) fn align(facts: &Facts, settings: &Settings, ask: &Ask) -> Planned {
    let (plan, choice) = begin(facts, settings, ask, Remedy::AlignOktaAnchor)?;
    let theirs = choice.object.anchor.clone();
    let effect = okta_effect(&plan, &choice, theirs.clone());
    all_read(Plan {
        steps: vec![always(effect)],
        goal: goal(choice.object, (theirs.clone(), theirs), &plan.user_name),
        warnings: vec![PublicText::words(
            "Nothing is written to Entra. Okta pushes the profile again after the change.",
        )],
        ..plan
    })
}

/// Gives Entra the anchor that Okta sends, or both sides a new one.
pub(super) fn set(facts: &Facts, settings: &Settings, ask: &Ask) -> Planned {
    let (mut plan, choice) = begin(facts, settings, ask, Remedy::SetImmutableId)?;
    let fresh = choice.row == AnchorRow::New;
    let wanted = match choice.okta {
        Some(anchor) if !fresh => anchor.to_owned(),
        Some(_) | None => from_bytes(ask.fresh),
    };
    let object = choice.object;
    let parked = if federated(facts, object) { Some(parking(facts, &mut plan, object)?) } else { None };
    plan.steps = entra_steps(object, (object.anchor.clone(), wanted.clone()), parked.as_deref());
    if fresh {
        plan.steps.push(always(okta_effect(&plan, &choice, Some(wanted.clone()))));
    }
    plan.goal = goal(object, (Some(wanted.clone()), Some(wanted)), &plan.user_name);
    plan.warnings = warnings(object, parked.as_deref(), fresh);
    if object.anchor.is_none() {
        plan.no_undo =
            Some("cannot be undone: Entra held no anchor before, and Graph does not clear one reliably".to_owned());
    }
    if let Some(at) = ask.anchor_refused {
        // The plan is good, but this tenant has refused it: people do it by hand.
        let fact =
            PublicText::words("this tenant refused the change of an anchor to the bot's permission ").and_time(at);
        return Err(vec![needs_administrator(fact)]);
    }
    all_read(plan)
}

/// The way back of a finished run on fresh facts (SAFETY D11): only where both sides are as the run left them.
pub fn undo(done: &Plan, facts: &Facts, settings: &Settings, ask: &Ask) -> Planned {
    let no = |fact: &str| Violation {
        rule: "D11".to_owned(),
        fact: PublicText::words(fact),
        how_to_change: "paste the error again, so that both sides are looked at anew".to_owned(),
        outcome: Outcome::Refuse,
        approvers_only: false,
    };
    let Goal::Anchored { object, okta, entra, .. } = &done.goal else {
        return Err(vec![no("what was done cannot be undone")]);
    };
    let (app, row) = base(facts)?;
    let live = facts.entra.by_external_id.known().and_then(Option::as_ref).filter(|live| live.id == *object);
    let Some(live) = live.filter(|live| live.anchor == *entra && row.anchor(&app.attributes) == okta.as_deref()) else {
        return Err(vec![no("the two sides are not as the repair left them")]);
    };
    let mut plan = blank(facts, settings, ask, done.remedy, row);
    plan.direction = Direction::Undo;
    plan.objects = vec![object.clone()];
    plan.guards = vec![Guard::UserActive, Guard::App { app: app.id.clone(), user_name: row.user_name.clone() }];
    plan.guards.push(Guard::TenantOwnsDomain);
    plan.guards.extend(about(live, row, facts, settings));
    check_all(&plan.guards, facts, Vec::new())?;
    let (mut ours, mut theirs) = (okta.clone(), entra.clone());
    for effect in done.effects() {
        match effect.inverse() {
            Ok(Effect::SetAppUserAnchor { app, user, attribute, from, to }) => {
                ours.clone_from(&to);
                plan.steps.push(always(Effect::SetAppUserAnchor { app, user, attribute, from, to }));
            }
            Ok(Effect::SetImmutableId { to, .. }) if theirs == *entra => {
                theirs = Some(to.clone());
                let parked = if federated(facts, live) { Some(parking(facts, &mut plan, live)?) } else { None };
                plan.steps.extend(entra_steps(live, (entra.clone(), to), parked.as_deref()));
            }
            Ok(Effect::SetImmutableId { .. } | Effect::SetUpn { .. }) => {}
            Ok(
                Effect::ConvertAssignment { .. }
                | Effect::Unassign { .. }
                | Effect::Assign { .. }
                | Effect::RestoreUser { .. }
                | Effect::PauseProvisioning { .. }
                | Effect::ResumeProvisioning { .. },
            ) => return Err(vec![no("what was done cannot be undone")]),
            Err(why) => return Err(vec![no(why)]),
        }
    }
    plan.goal = goal(live, (ours, theirs), &plan.user_name);
    plan.warnings = vec![PublicText::words(
        "Takes the repair back: the two sides differ again, as before it, and the person's sign-in may fail again.",
    )];
    all_read(plan)
}

/// The refusal of a tenant in which only an administrator may write the anchor (SAFETY D8).
pub fn needs_administrator(fact: PublicText) -> Violation {
    Violation {
        rule: "D8".to_owned(),
        fact,
        how_to_change: "an administrator does it by hand: /reanchor manual <case> prints the steps with the ids"
            .to_owned(),
        outcome: Outcome::Advise,
        approvers_only: false,
    }
}

/// Guards and table, and a plan that still lacks its steps.
fn begin<'a>(
    facts: &'a Facts,
    settings: &Settings,
    ask: &Ask,
    remedy: Remedy,
) -> Result<(Plan, Choice<'a>), Vec<Violation>> {
    let (app, row) = base(facts)?;
    let chosen = choice(facts);
    let mut more = Vec::new();
    let mut guards = vec![
        Guard::UserActive,
        Guard::App { app: app.id.clone(), user_name: row.user_name.clone() },
        Guard::TenantOwnsDomain,
    ];
    let object = facts.entra.by_external_id.known().and_then(Option::as_ref);
    if let Some(object) = object {
        guards.extend(about(object, row, facts, settings));
    }
    match &chosen {
        Ok(choice) if fits(choice.row, remedy) => guards.push(Guard::Anchor {
            row: choice.row,
            okta: choice.okta.map(str::to_owned),
            entra: choice.object.anchor.clone(),
        }),
        Ok(choice) => more.push(other_remedy(choice.row)),
        Err(violation) => more.push(violation.clone()),
    }
    check_all(&guards, facts, more)?;
    let choice = chosen.map_err(|violation| vec![violation])?;
    let mut plan = blank(facts, settings, ask, remedy, row);
    plan.objects = vec![choice.object.id.clone()];
    plan.guards = guards;
    Ok((plan, choice))
}

fn about(object: &EntraUser, row: &AppUser, facts: &Facts, settings: &Settings) -> [Guard; 3] {
    let anchor = facts.okta.app.known().and_then(|app| row.anchor(&app.attributes)).map(str::to_owned);
    [
        Guard::Linked { object: object.id.clone(), user_name: row.user_name.clone() },
        Guard::NobodyElse { object: object.id.clone(), user_name: row.user_name.clone(), anchor },
        Guard::NotPrivileged { objects: vec![object.id.clone()], protected: settings.policy.protected.clone() },
    ]
}

fn fits(row: AnchorRow, remedy: Remedy) -> bool {
    match row {
        AnchorRow::FromEntra => remedy == Remedy::AlignOktaAnchor,
        AnchorRow::FromDirectory | AnchorRow::New => remedy == Remedy::SetImmutableId,
    }
}

fn other_remedy(row: AnchorRow) -> Violation {
    let fact = PublicText::words(match row {
        AnchorRow::FromEntra => "Okta's side can be changed, which is cheaper to take back",
        AnchorRow::FromDirectory => "Okta's value comes from Active Directory",
        AnchorRow::New => "neither side has a value",
    });
    Violation {
        rule: "D7".to_owned(),
        fact,
        how_to_change: String::new(),
        outcome: Outcome::NotApplicable,
        approvers_only: false,
    }
}

fn federated(facts: &Facts, object: &EntraUser) -> bool {
    let host = object.upn.rsplit_once('@').map_or("", |(_, host)| host);
    let domains = facts.entra.domains.known().map_or(&[][..], Vec::as_slice);
    domains.iter().any(|domain| domain.federated && domain.name.eq_ignore_ascii_case(host))
}

/// The name to park under, with its guard.
fn parking(facts: &Facts, plan: &mut Plan, object: &EntraUser) -> Result<String, Vec<Violation>> {
    let upn = match &facts.entra.parking {
        Some(Reading::Known(parking)) => parking.upn.clone(),
        Some(Reading::Unread(_)) | None => UNREAD.to_owned(),
    };
    let guard = Guard::ParkingFree { object: object.id.clone(), upn: upn.clone() };
    check_all(std::slice::from_ref(&guard), facts, Vec::new())?;
    plan.guards.push(guard);
    Ok(upn)
}

fn always(effect: Effect) -> Step {
    Step { effect, when: When::Always, then: None }
}

fn okta_effect(plan: &Plan, choice: &Choice<'_>, to: Option<String>) -> Effect {
    Effect::SetAppUserAnchor {
        app: plan.app.clone(),
        user: plan.subject.clone(),
        attribute: choice.attribute.to_owned(),
        from: choice.okta.map(str::to_owned),
        to,
    }
}

/// In place first; where that may be refused for the domain, the hop as its branch.
pub(super) fn entra_steps(object: &EntraUser, (from, to): (Option<String>, String), parked: Option<&str>) -> Vec<Step> {
    let id = || object.id.clone();
    let write = || Effect::SetImmutableId { object: id(), from: from.clone(), to: to.clone() };
    let upn = |from: &str, to: &str| Effect::SetUpn { object: id(), from: from.to_owned(), to: to.to_owned() };
    let mut steps = vec![always(write())];
    if let Some(parked) = parked {
        let when = When::IfRefused { effect: 0, kind: RefusalKind::FederatedDomain };
        let branch = [upn(&object.upn, parked), write(), upn(parked, &object.upn)];
        steps.extend(branch.map(|effect| Step { effect, when: when.clone(), then: None }));
    }
    steps
}

pub(super) fn goal(object: &EntraUser, (okta, entra): (Option<String>, Option<String>), upn: &str) -> Goal {
    Goal::Anchored {
        object: object.id.clone(),
        okta,
        entra,
        // What stands in Entra stays as it is written there; Okta's user name may differ in letters' case.
        upn: if object.upn.eq_ignore_ascii_case(upn) { object.upn.clone() } else { upn.to_owned() },
        enabled: object.enabled,
        proxies: object.proxies.clone(),
        licences: object.direct_licences.clone(),
    }
}

fn warnings(object: &EntraUser, parked: Option<&str>, fresh: bool) -> Vec<PublicText> {
    let mut lines = Vec::new();
    if fresh {
        lines.push(PublicText::words(
            "Neither side has an anchor: both get this new value (16 random bytes), and it stays the same if the run is taken up again.",
        ));
    }
    if let Some(parked) = parked {
        lines.push(
            PublicText::words("Written in place first. Only if Entra refuses that for the federated domain, the sign-in name moves to ")
                .and_foreign(parked)
                .and(" and back: for these seconds the person cannot sign in; existing sessions go on."),
        );
        lines.push(PublicText::words(
            "Exchange may keep the parked name as a further mail address; it is listed at the end.",
        ));
        if object.anchor.is_none() {
            lines.push(PublicText::words(
                "Entra holds no anchor, and takes the name back only with one: if the run is stopped half-way, it goes forward with the approved anchor.",
            ));
        }
    }
    lines.push(PublicText::words("Ask the person to sign out and in again afterwards."));
    lines
}
