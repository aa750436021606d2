//! What each word for how a person was left means in terms of what the vendors really hold, by hand, apart from the code
//! under test.

use super::model::Vendor;
use super::scenes::{LOGIN, old};
use reanchor::domain::diagnosis::Remedy;
use reanchor::domain::effect::{Effect, Link};
use reanchor::domain::plan::Plan;
use reanchor::domain::tenant::{AppUser, Scope};

/// Every word that may stand for how a person was left.
const WORDS: [&str; 14] = [
    "unchanged",
    "as_before",
    "parked",
    "paused",
    "anchor_set",
    "okta_anchor_set",
    "restored",
    "unassigned",
    "unassigned_paused",
    "assigned",
    "assigned_paused",
    "assigned_not_linked",
    "assigned_not_linked_paused",
    "as_before_paused",
];

/// The words for how a person was left that are true of what the vendors hold; `changed`: a write of ours took effect.
pub(super) fn words(plan: &Plan, changed: bool, now: &Vendor) -> Vec<String> {
    WORDS.iter().filter(|word| is_true(word, plan, changed, now)).map(|word| (*word).to_owned()).collect()
}

fn is_true(left_as: &str, plan: &Plan, changed: bool, now: &Vendor) -> bool {
    let saved = plan.effects().find_map(|effect| match effect {
        Effect::Assign { saved, .. } | Effect::Unassign { saved, .. } => Some(saved.created),
        _ => None,
    });
    let row = now.row.as_ref();
    let live = now.live.get(&old());
    let paused = plan.pause().is_some() && !now.switches.deactivate;
    let parked = plan.hop().is_some_and(|hop| live.is_some_and(|user| user.upn == hop.parked));
    let (word, says_paused) = match left_as.strip_suffix("_paused") {
        Some(word) => (word, true),
        None => (left_as, left_as == "paused"),
    };
    if paused != says_paused || parked != (word == "parked") {
        return false;
    }
    let anchors = plan.effects().find_map(|effect| match effect {
        Effect::SetImmutableId { from, to, .. } => Some((from.clone(), to.clone())),
        _ => None,
    });
    let okta = plan.effects().find_map(|effect| match effect {
        Effect::SetAppUserAnchor { from, to, .. } => Some((from.clone(), to.clone())),
        _ => None,
    });
    let named = live.is_some_and(|user| user.upn == LOGIN);
    let holds = |anchor: Option<&String>| named && live.is_some_and(|user| user.anchor.as_ref() == anchor);
    let pushes = |anchor: Option<&String>| {
        row.is_some_and(|row| {
            row.profile.get("immutableId").and_then(|held| held.as_str()) == anchor.map(String::as_str)
        })
    };
    let linked = |row: &AppUser| match (plan.link(), &row.external_id) {
        (Some(Link::Existing(expected)), Some(id)) => id == expected,
        (Some(Link::New) | None, Some(_)) => true,
        (_, None) => false,
    };
    let reassigns = plan.remedy == Remedy::Reassign;
    let newer = |row: &AppUser| saved.is_some_and(|saved| row.created > saved);
    match word {
        "parked" => parked,
        "paused" => paused,
        "as_before" => {
            let scope = converted_from(plan).is_none_or(|from| row.is_some_and(|row| row.scope == from));
            let entra = anchors.is_none_or(|(from, _)| holds(from.as_ref()));
            let deleted = plan.remedy != Remedy::Restore || now.deleted.contains_key(&old());
            entra
                && deleted
                && scope
                && okta.is_none_or(|(from, _)| pushes(from.as_ref()))
                && row.is_some_and(|row| saved.is_none_or(|saved| row.created == saved))
        }
        // Each speaks of one side; of the other it must be known at least which of the two values it holds.
        "anchor_set" => {
            let known = okta.is_none_or(|(from, to)| pushes(from.as_ref()) || pushes(to.as_ref()));
            known && anchors.is_some_and(|(_, to)| holds(Some(&to)))
        }
        "okta_anchor_set" => {
            let known = anchors.is_none_or(|(from, to)| holds(from.as_ref()) || holds(Some(&to)));
            known && okta.is_some_and(|(_, to)| pushes(to.as_ref()))
        }
        "unchanged" => !changed,
        // The same assignment, converted; or a newer one that is linked.
        "assigned" => row.is_some_and(|row| {
            let converted = converted_from(plan).is_some_and(|from| from != row.scope);
            let same = saved.is_none_or(|saved| row.created == saved);
            reassigns && ((same && converted) || (newer(row) && linked(row)))
        }),
        "unassigned" => row.is_none(),
        "assigned_not_linked" => reassigns && row.is_some_and(|row| newer(row) && !linked(row)),
        "restored" => live.is_some() && plan.remedy == Remedy::Restore,
        _ => false,
    }
}

/// The scope that the first conversion of the plan begins with.
fn converted_from(plan: &Plan) -> Option<Scope> {
    plan.effects().find_map(|effect| match effect {
        Effect::ConvertAssignment { from, .. } => Some(*from),
        _ => None,
    })
}
