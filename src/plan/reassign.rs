//! `reassign`: unassign and assign again, so that Okta links to the right account (SAFETY D3, D4, D6).
//!
//! Never unassigns where a deactivation could hit a live account, never sends a mapped attribute, never links to an account
//! that is not named on the card. Begin with [`plan`]; `rest` serves a run that stopped half-way (D9).

use super::{Ask, Planned, all_read, base, blank, check_all};
use crate::domain::diagnosis::Remedy;
use crate::domain::effect::{Check, Effect, Link, Quiet, Step, When};
use crate::domain::guard::{self, Guard, Outcome, UnassignRow, Violation};
use crate::domain::notice::PublicText;
use crate::domain::plan::{Goal, Plan};
use crate::domain::settings::{Deactivation, Settings};
use crate::domain::tenant::{AppUser, EntraUser, Facts, Reading, Scope};

/// Plans the reassignment of the person.
pub(super) fn plan(facts: &Facts, settings: &Settings, ask: &Ask) -> Planned {
    let (app, row) = base(facts)?;
    if let Some(Some(live)) = facts.entra.by_external_id.known() {
        return Err(vec![Violation {
            rule: "C1".to_owned(),
            fact: PublicText::words("the object that externalId names is there: ").and_foreign(live.id.as_str()),
            how_to_change: "the link is whole; nothing is to be reassigned".to_owned(),
            outcome: Outcome::Advise,
            approvers_only: false,
        }]);
    }
    let candidate = candidate(facts, row);
    let anchor = row.anchor(&app.attributes).map(str::to_owned);
    let unassign = unassign_row(facts, settings, row);
    let pause = pause(facts, row, candidate.filter(|_| unassign == UnassignRow::Pause));
    let licences = guard::entries(row, app.attributes.licenses.as_ref());
    let mut guards = vec![
        Guard::UserActive,
        Guard::App { app: app.id.clone(), user_name: row.user_name.clone() },
        Guard::TenantOwnsDomain,
    ];
    if row.external_id.is_some() {
        guards.push(Guard::WitnessFound);
    }
    guards.extend([
        Guard::ObjectGone { object: row.external_id.clone() },
        Guard::NoDeletedHolder { user_name: row.user_name.clone(), anchor },
        Guard::CreateOn,
        Guard::Candidate { expect: candidate.map(|user| user.id.clone()), user_name: row.user_name.clone() },
        Guard::NotPrivileged {
            objects: candidate.map(|user| user.id.clone()).into_iter().collect(),
            protected: settings.policy.protected.clone(),
        },
        Guard::UnassignSafe { row: unassign, user_name: row.user_name.clone() },
        Guard::SeatsFree { licences, holder: candidate.map(|user| user.id.clone()) },
    ]);
    let known_before = [assignment(facts, row), anchors(facts, row, candidate)].into_iter().flatten().collect();
    check_all(&guards, facts, known_before)?;
    let mut plan = blank(facts, settings, ask, Remedy::Reassign, row);
    plan.objects = row.external_id.iter().cloned().chain(candidate.map(|user| user.id.clone())).collect();
    plan.steps = steps(row, &app.mapped, &plan, candidate);
    if let Some((off, on)) = pause {
        put_pause(&mut plan.steps, off, on);
    }
    plan.guards = guards;
    plan.goal = goal(candidate);
    if matches!(unassign, UnassignRow::BlockOnly | UnassignRow::Pause) {
        plan.votes = 2;
    }
    plan.warnings = warnings(facts, row, candidate, unassign);
    plan.no_undo = Some(match &row.external_id {
        Some(_) => "cannot be undone, because the old object is gone".to_owned(),
        None => "cannot be undone, because Okta does not give an unassigned app user back".to_owned(),
    });
    all_read(plan)
}

fn candidate<'a>(facts: &'a Facts, row: &AppUser) -> Option<&'a EntraUser> {
    let by_name = facts.entra.by_name.known().map_or(&[][..], Vec::as_slice);
    let by_anchor = facts.entra.by_anchor.known().map_or(&[][..], Vec::as_slice);
    by_name.iter().find(|user| user.answers_to(&row.user_name)).or_else(|| by_anchor.first())
}

/// The first row of the table of SAFETY D4 that could apply; its guard then says whether it does. Where none does, row 5
/// refuses: `NothingToHit` is the row whose guard names what is wrong.
fn unassign_row(facts: &Facts, settings: &Settings, row: &AppUser) -> UnassignRow {
    let nothing = Guard::UnassignSafe { row: UnassignRow::NothingToHit, user_name: row.user_name.clone() };
    if guard::check(&nothing, facts).is_ok() {
        UnassignRow::NothingToHit
    } else if facts.okta.switches.known().is_some_and(|switches| !switches.deactivate) {
        UnassignRow::SwitchOff
    } else if settings.deactivation == Deactivation::BlockOnly && facts.okta.switches.known().is_some() {
        UnassignRow::BlockOnly
    } else if may_pause(facts, settings) {
        UnassignRow::Pause
    } else {
        UnassignRow::NothingToHit
    }
}

/// Row 4: the operator allows it, and declared that a deactivation does not delete. What is not declared counts as the worst.
fn may_pause(facts: &Facts, settings: &Settings) -> bool {
    let declared = match settings.deactivation {
        Deactivation::RemoveLicenses | Deactivation::BlockOnly => true,
        Deactivation::Unknown | Deactivation::Delete => false,
    };
    settings.allow_pause && declared && facts.okta.switches.known().is_some() && facts.okta.capabilities.is_object()
}

/// The two effects of a pause, for an unassignment that could hit this account.
fn pause(facts: &Facts, row: &AppUser, candidate: Option<&EntraUser>) -> Option<(Effect, Effect)> {
    let (app, live) = (facts.okta.app.known()?.id.clone(), candidate?);
    let saved = facts.okta.capabilities.clone();
    let proof = Quiet {
        user: row.user.clone(),
        created: row.created,
        object: live.id.clone(),
        enabled: live.enabled,
        licences: live.direct_licences.clone(),
    };
    let off = Effect::PauseProvisioning { app: app.clone(), saved: saved.clone() };
    Some((off, Effect::ResumeProvisioning { app, saved, proof }))
}

/// The switch goes off right before the unassignment and on again right after the assignment is linked.
fn put_pause(steps: &mut Vec<Step>, off: Effect, on: Effect) {
    let always = |effect| Step { effect, when: When::Always, then: None };
    if let Some(at) = steps.iter().position(|step| matches!(step.effect, Effect::Unassign { .. })) {
        steps.insert(at, always(off));
    }
    if let Some(at) = steps.iter().position(|step| matches!(step.effect, Effect::Assign { .. })) {
        steps.insert(at + 1, always(on));
    }
}

fn steps(row: &AppUser, mapped: &[String], plan: &Plan, candidate: Option<&EntraUser>) -> Vec<Step> {
    let (app, user) = (plan.app.clone(), plan.subject.clone());
    let linked = || {
        let link = candidate.map_or(Link::New, |user| Link::Existing(user.id.clone()));
        Some(Check::Linked { app: plan.app.clone(), user: plan.subject.clone(), link })
    };
    let convert = |from, to, then| Step {
        effect: Effect::ConvertAssignment { app: app.clone(), user: user.clone(), from, to },
        when: When::Always,
        then,
    };
    let saved = Box::new(row.clone());
    let mut steps = Vec::new();
    if row.scope == Scope::Group {
        steps.push(convert(Scope::Group, Scope::User, None));
    }
    steps.push(Step {
        effect: Effect::Unassign { app: app.clone(), user: user.clone(), saved: saved.clone() },
        when: When::Always,
        then: None,
    });
    steps.push(Step {
        effect: Effect::Assign {
            app: app.clone(),
            user: user.clone(),
            user_name: row.user_name.clone(),
            profile: row.sendable(mapped),
            saved,
        },
        when: When::Always,
        then: linked(),
    });
    if row.scope == Scope::Group {
        steps.push(convert(Scope::User, Scope::Group, linked()));
    }
    steps
}

fn goal(candidate: Option<&EntraUser>) -> Goal {
    Goal::Linked {
        link: candidate.map_or(Link::New, |user| Link::Existing(user.id.clone())),
        enabled: candidate.and_then(|user| user.enabled),
        licences: candidate.map(|user| user.direct_licences.clone()).unwrap_or_default(),
    }
}

fn warnings(facts: &Facts, row: &AppUser, candidate: Option<&EntraUser>, unassign: UnassignRow) -> Vec<PublicText> {
    let mut lines = Vec::new();
    match candidate {
        Some(user) => {
            let text = PublicText::words("Links to the live account ").and_foreign(&user.name);
            let text = text.and(" (").and_foreign(user.id.as_str());
            let text = match user.created {
                Some(at) => text.and(", created ").and_time(at),
                None => text,
            };
            lines.push(text.and("). What the old account held is not moved to it."));
            if user.enabled == Some(false) {
                lines.push(PublicText::words("Sign-in of that account is blocked, and stays so."));
            }
        }
        None => lines
            .push(PublicText::words("Mailbox and files of the old account are gone: this makes a NEW, empty account.")),
    }
    lines.push(PublicText::words(
        "Okta deletes the profile of the assignment and makes it again from the saved copy; mapped attributes are computed anew.",
    ));
    if row.scope == Scope::Group {
        lines.push(PublicText::words(
            "The assignment comes from a group: it is made individual first and given back to the group at the end.",
        ));
    }
    if let Some(true) = anchor_mapped(facts) {
        lines.push(PublicText::words(
            "The anchor is mapped: Okta may compute another one. If the two sides then differ, the fix ends unverified and a person must act.",
        ));
    }
    if unassign == UnassignRow::BlockOnly {
        lines.push(PublicText::words(
            "Deactivate Users is on; the operator declared that it only blocks sign-in. Sign-in is verified afterwards.",
        ));
    }
    if unassign == UnassignRow::Pause {
        lines.push(PublicText::words(
            "Deactivate Users is switched off for the WHOLE APP while the person is unassigned, and on again as soon as a deactivation can no longer arrive: about half a minute. Who leaves the app meanwhile keeps the account; they are listed at the end.",
        ));
    }
    if let (Reading::Unread(_), Some(_)) = (&facts.entra.deletion, &row.external_id) {
        lines.push(PublicText::words("Who deleted the old account: not readable."));
    }
    lines
}

fn anchor_mapped(facts: &Facts) -> Option<bool> {
    let app = facts.okta.app.known()?;
    let name = app.attributes.anchor.as_ref()?;
    Some(app.mapped.contains(name))
}

/// What would make the fix end unverified, and is known before it begins (SAFETY D7): the anchors would differ, or Entra would
/// refuse the new account for want of one.
fn anchors(facts: &Facts, row: &AppUser, candidate: Option<&EntraUser>) -> Option<Violation> {
    let Some(mapped) = anchor_mapped(facts) else {
        return Some(stop(
            "D3",
            PublicText::words("the anchor could not be read: the app's schema has no attribute titled Immutable ID"),
            "give the attribute its title back (Okta: Profile Editor), then Look again",
            Outcome::Refuse,
        ));
    };
    let okta = facts.okta.app.known().and_then(|app| row.anchor(&app.attributes));
    let entra = candidate.and_then(|user| user.anchor.as_deref());
    let computed = mapped && okta.is_none_or(|anchor| anchor.starts_with("0ua"));
    if entra.is_some() && computed {
        let fact = PublicText::words(
            "the anchor is mapped and Okta would make a new one, which the live account does not have",
        );
        return Some(stop("D7", fact, "mend the mapping of the Immutable ID first, then Look again", Outcome::Advise));
    }
    if entra.is_some() && !mapped && entra != okta {
        let fact = PublicText::words("the anchors differ: Okta ")
            .and_foreign(okta.unwrap_or("(none)"))
            .and(", the live account ")
            .and_foreign(entra.unwrap_or("(none)"));
        let how = "set the Immutable ID of the Okta app user to the account's anchor, then Look again";
        return Some(stop("D7", fact, how, Outcome::Advise));
    }
    let federated = facts.entra.domains.known().is_some_and(|domains| {
        let domain = row.user_name.rsplit_once('@').map_or("", |(_, domain)| domain);
        domains.iter().any(|own| own.federated && own.name.eq_ignore_ascii_case(domain))
    });
    if candidate.is_none() && federated && !mapped && okta.is_none() {
        let fact =
            PublicText::words("Okta holds no anchor, and Entra makes no account without one in a federated domain");
        return Some(stop(
            "D7",
            fact,
            "give the Okta app user an Immutable ID first, then Look again",
            Outcome::Advise,
        ));
    }
    None
}

/// What the rows of the assignment themselves forbid.
fn assignment(facts: &Facts, row: &AppUser) -> Option<Violation> {
    let no_group = facts.okta.granting_groups.known().is_some_and(Vec::is_empty);
    if row.scope == Scope::Group && no_group {
        let fact = PublicText::words("the assignment comes from a group, but no group that gives the app was found");
        return Some(stop("D3", fact, "it could not be given back to its group; press Look again", Outcome::Refuse));
    }
    let licences = facts.okta.app.known().is_some_and(|app| app.attributes.licenses.is_some());
    if !licences {
        let fact =
            PublicText::words("the licences could not be read: the app's schema has no attribute titled Licenses");
        let how = "give the attribute its title back (Okta: Profile Editor), then Look again";
        return Some(stop("D3", fact, how, Outcome::Refuse));
    }
    None
}

fn stop(rule: &str, fact: PublicText, how: &str, outcome: Outcome) -> Violation {
    Violation { rule: rule.to_owned(), fact, how_to_change: how.to_owned(), outcome, approvers_only: false }
}
