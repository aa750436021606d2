//! The scenarios: each ends where its file says, and the ledger shows no write outside the plan.

use crate::support::{Setup, World};
use reanchor::config::embedded;
use reanchor::domain::effect::Effect;

/// The ops of the writes that the plan of the newest case allows.
fn allowed(case: &reanchor::domain::case::Case) -> Vec<&'static str> {
    let Some(proposal) = case.state.proposal() else { return Vec::new() };
    proposal
        .plan
        .effects()
        .map(|effect| match effect {
            Effect::ConvertAssignment { .. } => "okta.app_user.convert",
            Effect::Unassign { .. } => "okta.app_user.unassign",
            Effect::Assign { .. } => "okta.app_user.assign",
            Effect::RestoreUser { .. } => "graph.deleted.restore",
            Effect::SetAppUserAnchor { .. } => "okta.app_user.update",
            Effect::SetUpn { .. } | Effect::SetImmutableId { .. } => "graph.user.patch",
            Effect::PauseProvisioning { .. } | Effect::ResumeProvisioning { .. } => "okta.features.put",
        })
        .collect()
}

fn ends_as_expected(name: &str) {
    World::run(name, async |w| {
        w.play(name).await;
        w.expect_end(name).await;
        let case = w.case().await;
        let allowed = allowed(&case);
        let effective = w.effective().await;
        assert!(effective.len() <= allowed.len(), "{name}: {effective:?} where {allowed:?} was approved");
        for op in &effective {
            assert!(allowed.contains(&op.as_str()), "{name}: {op} is not in the plan {allowed:?}");
        }
        // In place first: where the tenant refuses that, it is the one write without effect.
        let refused: Vec<serde_json::Value> =
            w.writes().await.into_iter().filter(|write| write["effective"] == false).collect();
        let in_place = |write: &serde_json::Value| write["body"].get("onPremisesImmutableId").is_some();
        assert!(refused.len() <= 1 && refused.iter().all(in_place), "{name}: written without effect: {refused:?}");
    });
}

/// One test for each scenario file, so that a failure names it.
macro_rules! scenarios {
    ($($test:ident = $name:literal,)*) => {
        $(#[test] fn $test() { ends_as_expected($name); })*

        #[test]
        fn every_scenario_file_is_played() {
            let played = [$($name),*];
            for (name, _) in embedded::SCENARIOS {
                assert!(played.contains(name), "{name} is not played");
            }
        }
    };
}

scenarios! {
    anchor_align = "anchor-align",
    anchor_align_where_a_mapping_owns_it = "anchor-align--mapped",
    anchor_conflict_with_a_live_account = "anchor-conflict",
    anchor_conflict_with_a_deleted_account = "anchor-conflict--deleted",
    anchor_mismatch = "anchor-mismatch",
    anchor_missing = "anchor-missing",
    anchor_write_forbidden = "anchor-write-forbidden",
    create_users_off = "create-users-off",
    conditional_access = "conditional-access",
    create_users_and_update_off = "create-users-off--update-off",
    deactivate_users_off = "deactivate-users-off",
    deactivation_deletes = "deactivation-deletes",
    deleted_by_okta = "deleted-by-okta",
    deleted_expired = "deleted-expired",
    deleted_expired_without_seats = "deleted-expired--no-seats",
    deleted_group = "deleted-group",
    deleted_group_row_comes_back_at_once = "deleted-group--at-once",
    deleted_group_row_comes_back_after_5_s = "deleted-group--after-5s",
    deleted_replaced = "deleted-replaced",
    deleted_replaced_with_a_pause = "deleted-replaced--pause",
    deleted_replaced_by_another_person = "deleted-replaced-other-person",
    deleted_replaced_restorable = "deleted-replaced-restorable",
    deleted_restorable = "deleted-restorable",
    healthy = "healthy",
    inbound_logs_empty = "inbound-logs-empty",
    inbound_logs_empty_because_they_are_late = "inbound-logs-empty--late",
    inbound_quarantine = "inbound-quarantine",
    inbound_quarantine_by_deletes = "inbound-quarantine--deletes",
    inbound_quarantine_by_failures = "inbound-quarantine--escrow",
    inbound_upn_invalid = "inbound-upn-invalid",
    inbound_upn_in_a_foreign_domain = "inbound-upn-invalid--domain",
    mass_failure = "mass-failure",
    mass_failure_paste_by_paste = "mass-failure--pastes",
    hybrid_synced_by_entra_connect = "hybrid-synced",
    hybrid_synced_by_okta = "hybrid-synced--okta-sync",
    privileged = "privileged",
    privileged_by_eligibility = "privileged--eligible",
    privileged_by_okta_role = "privileged--okta-admin",
    replication_delay = "replication-delay",
    service_account_mfa = "service-account-mfa",
    subject_ambiguous = "subject-ambiguous",
    subject_ambiguous_waits = "subject-ambiguous--waits",
    update_users_off = "update-users-off",
    vendor_incident = "vendor-incident",
    vendor_incident_of_microsoft = "vendor-incident--microsoft",
    wrong_tenant = "wrong-tenant",
}

#[test]
fn the_reason_of_a_privileged_refusal_is_told_to_the_approvers_alone() {
    World::run("privileged", async |w| {
        w.play("privileged").await;
        let card = reanchor::card::plain::text(&w.card().await);
        assert!(!card.contains("role") && !card.contains("User Administrator"), "the channel learns the role:\n{card}");
        for approver in ["ben", "carla"] {
            let told = w.whispers(approver).join("\n");
            assert!(told.contains("role"), "{approver} was told: {told}");
        }
        assert!(w.whispers("anna").is_empty() && w.whispers("dave").is_empty());
    });
}

#[test]
fn a_restored_users_case_waits_for_retry_and_sees_it() {
    World::run("deleted-restorable", async |w| {
        w.play("deleted-restorable").await;
        let card = w.card().await;
        assert!(card.facts.iter().any(|(label, _)| label == "Waits for"), "{card:?}");
        w.retry().await;
        w.advance(3_700_000).await;
        let card = w.card().await;
        assert!(!card.facts.iter().any(|(label, _)| label == "Waits for"), "{card:?}");
        assert_eq!(w.state().await, "closed");
    });
}

#[test]
fn a_channel_without_facts_learns_the_diagnosis_only() {
    let setup = Setup { facts: reanchor::domain::settings::Sharing::None, ..Setup::default() };
    World::run_with("deleted-replaced", setup, async |w| {
        w.paste_error("anna").await;
        assert_eq!(w.state().await, "advised");
        let card = w.card().await;
        assert!(card.sides.is_empty() && w.writes().await.is_empty());
    });
}

#[test]
fn where_unassigning_deletes_a_permission_to_pause_changes_nothing() {
    use reanchor::domain::settings::Deactivation;
    // Not declared is the worst, and a declared deletion is never risked: a pause that ends too early would delete (D4 row 5).
    for deactivation in [Deactivation::Unknown, Deactivation::Delete] {
        let setup = Setup { allow_pause: Some(true), deactivation: Some(deactivation), ..Setup::default() };
        World::run_with("deactivation-deletes", setup, async |w| {
            w.play("deactivation-deletes").await;
            w.expect_end("deactivation-deletes").await;
            assert!(w.writes().await.is_empty());
        });
    }
}

#[test]
fn an_account_that_shows_as_synced_is_told_apart_by_its_master() {
    for (scenario, told, not) in [
        ("hybrid-synced", "Entra Connect masters this account", "User Sync masters"),
        ("hybrid-synced--okta-sync", "Okta's User Sync masters this tenant", "Entra Connect masters"),
    ] {
        World::run(scenario, async |w| {
            w.paste_error("anna").await;
            let card = reanchor::card::plain::text(&w.card().await);
            assert!(card.contains(told) && !card.contains(not), "{card}");
            assert!(w.writes().await.is_empty());
        });
    }
}
