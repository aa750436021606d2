//! `restore`: bring the soft-deleted Entra user back (SAFETY D2). Never sends a body, never reconciles proxy addresses,
//! never restores what our own deprovisioning deleted. Begin with [`plan`].

use super::{Ask, Planned, all_read, base, blank, check_all};
use crate::domain::diagnosis::Remedy;
use crate::domain::effect::{Check, Effect, Step, When};
use crate::domain::guard::{Guard, Outcome, Violation};
use crate::domain::notice::PublicText;
use crate::domain::plan::Goal;
use crate::domain::settings::Settings;
use crate::domain::tenant::{Facts, Reading};

/// Plans the restore of the object that Okta's externalId names.
pub(super) fn plan(facts: &Facts, settings: &Settings, ask: &Ask) -> Planned {
    let (app, row) = base(facts)?;
    let Some(object) = row.external_id.clone() else {
        return Err(vec![Violation {
            rule: "D2".to_owned(),
            fact: PublicText::words("Okta holds no externalId, so there is nothing to restore"),
            how_to_change: String::new(),
            outcome: Outcome::NotApplicable,
            approvers_only: false,
        }]);
    };
    let deleted = facts.entra.deleted.known().and_then(|all| all.iter().find(|user| user.id == object));
    let licences = deleted.map(|user| user.direct_licences.clone()).unwrap_or_default();
    // Group memberships come back with the object, and with them the licences that groups give.
    let seats = licences.iter().chain(deleted.iter().flat_map(|user| &user.group_licences)).cloned().collect();
    let guards = vec![
        Guard::UserActive,
        Guard::Assigned,
        Guard::App { app: app.id.clone(), user_name: row.user_name.clone() },
        Guard::TenantOwnsDomain,
        Guard::InDeletedItems { object: object.clone() },
        Guard::SamePerson { object: object.clone(), user_name: row.user_name.clone() },
        Guard::NotDeprovisioned { object: object.clone() },
        Guard::NoLiveHolder { object: object.clone() },
        Guard::NotSynced { object: object.clone() },
        Guard::NotPrivileged { objects: vec![object.clone()], protected: settings.policy.protected.clone() },
        Guard::SeatsFree { licences: seats, holder: None },
    ];
    check_all(&guards, facts, Vec::new())?;
    // `check_all` proved that it is there; without it there is no plan.
    let Some(deleted) = deleted else { return Err(Vec::new()) };
    let upn = deleted.plain_upn().to_owned();
    let warnings = vec![
        PublicText::words(
            "High risk: sign-in comes back as it was; whoever knew the password before the deletion can use it again.",
        ),
        PublicText::words(
            "Entra roles not readable before restoring: they are read right after, and a role found raises an alarm.",
        ),
        match &facts.entra.deletion {
            Reading::Known(Some(deletion)) => {
                PublicText::words("Deleted by ").and_foreign(&deletion.by).and(" at ").and_time(deletion.at).and(".")
            }
            Reading::Known(None) => PublicText::words("Who deleted it: not in the directory audit."),
            Reading::Unread(_) => PublicText::words("Who deleted it: not readable."),
        },
    ];
    let mut plan = blank(facts, settings, ask, Remedy::Restore, row);
    plan.objects = vec![object.clone()];
    plan.steps = vec![Step {
        effect: Effect::RestoreUser { object: object.clone(), upn: upn.clone() },
        when: When::Always,
        then: Some(Check::LiveTwice { object: object.clone() }),
    }];
    plan.guards = guards;
    plan.goal = Goal::Restored { object, upn, anchor: deleted.anchor.clone(), enabled: deleted.enabled, licences };
    // Two votes always: the roles of a deleted object cannot be read (SAFETY A6).
    plan.votes = 2;
    plan.warnings = warnings;
    plan.no_undo = Some("cannot be undone: a restored user is not deleted again by the bot".to_owned());
    all_read(plan)
}
