//! What the simulated Okta does by itself after an assignment or an unassignment.
use reqwest::Method;
use serde_json::{Value, json};

use super::{ANCHOR, NEW, OLD, SAM, World, body};

const LICENCE: &str = "6fd2c87f-b296-42f0-b197-1e91e994b900";

async fn sam_in_entra(world: &World, id: &str) -> Value {
    world.graph(&format!("/users/{id}?$select=id,accountEnabled,assignedLicenses,onPremisesImmutableId")).await
}

async fn events(world: &World, filter: &str) -> Vec<Value> {
    world.okta(&format!("/logs?filter={filter}")).await.as_array().unwrap().clone()
}

#[tokio::test]
async fn an_assignment_is_queued_and_links_two_seconds_later() {
    let world = World::load("deleted-replaced").await;
    let old = world.row().await;
    world.reassign().await;
    let staged = world.row().await;
    assert_eq!((&staged["status"], &staged["externalId"]), (&json!("STAGED"), &Value::Null));
    assert!(staged.get("lastSync").is_none() && staged["created"].as_str() > old["created"].as_str());
    world.advance(1_999).await;
    assert_eq!(world.row().await["status"], "STAGED");
    world.advance(1).await;
    let linked = world.row().await;
    assert_eq!((&linked["status"], &linked["externalId"]), (&json!("PROVISIONED"), &json!(NEW)));
    assert_eq!((&linked["syncState"], &linked["profile"]["immutableId"]), (&json!("SYNCHRONIZED"), &json!(ANCHOR)));
    assert_eq!(linked["lastSync"], "2026-09-21T14:13:22.000Z");
    assert_eq!(sam_in_entra(&world, NEW).await["assignedLicenses"][0]["skuId"], LICENCE);
    let pushed =
        events(&world, "eventType eq \"application.provision.user.push\" and outcome.result eq \"SUCCESS\"").await;
    assert_eq!(pushed.len(), 1);
    assert_eq!(world.writes().await.len(), 2, "Okta's own push is none of the client's writes");
}

#[tokio::test]
async fn a_blank_assignment_strips_the_licence_and_gets_a_new_default_anchor() {
    let world = World::load("deleted-replaced").await;
    assert_eq!(world.unassign().await.status(), 204);
    let row = body(world.assign(json!({"id": SAM, "scope": "USER"})).await).await;
    assert!(row["profile"]["immutableId"].as_str().unwrap().starts_with("0ua"));
    assert_eq!(row["credentials"]["userName"], "sam.whitlock@northbridge.example");
    world.advance(2_000).await;
    assert_eq!(world.row().await["externalId"], NEW);
    let entra = sam_in_entra(&world, NEW).await;
    assert_eq!((&entra["assignedLicenses"], &entra["onPremisesImmutableId"]), (&json!([]), &json!(ANCHOR)));
}

#[tokio::test]
async fn nobody_there_makes_a_new_object_with_the_anchor_and_a_seat() {
    let world = World::load("deleted-expired").await;
    let seats = |answer: Value| answer["value"][0]["consumedUnits"].as_u64().unwrap();
    let before = seats(world.graph("/subscribedSkus").await);
    world.reassign().await;
    world.advance(2_000).await;
    let row = world.row().await;
    let id = row["externalId"].as_str().unwrap();
    assert_ne!(id, OLD);
    assert_eq!(sam_in_entra(&world, id).await["onPremisesImmutableId"], ANCHOR);
    assert_eq!(seats(world.graph("/subscribedSkus").await), before + 1);
    let audit = world.graph("/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Add user'").await;
    assert_eq!(audit["value"][0]["targetResources"][0]["id"], id);
}

#[tokio::test]
async fn without_a_seat_the_creation_fails_with_the_vendors_words() {
    let world = World::load("deleted-expired--no-seats").await;
    world.reassign().await;
    world.advance(2_000).await;
    let row = world.row().await;
    assert_eq!(
        (&row["status"], &row["syncState"], &row["externalId"]),
        (&json!("STAGED"), &json!("ERROR"), &Value::Null)
    );
    let text = world.control_call(Method::GET, "error").send().await.unwrap().text().await.unwrap();
    assert!(text.contains("does not have any available licenses"), "{text}");
    assert_eq!(
        world.graph("/users/sam.whitlock@northbridge.example").await["error"]["code"],
        "Request_ResourceNotFound"
    );
}

#[tokio::test]
async fn an_assignment_made_while_create_is_off_is_never_healed() {
    let world = World::load("deleted-replaced").await;
    let app = world.tenant.access().app_id.clone();
    let features = format!("/apps/{app}/features/USER_PROVISIONING");
    let create = |status: &str| json!({"create": {"lifecycleCreate": {"status": status}}});
    let put = |status: &str| world.okta_call(Method::PUT, &features).json(&create(status));
    assert_eq!(put("DISABLED").send().await.unwrap().status(), 200);
    world.reassign().await;
    world.advance(2_000).await;
    assert_eq!(world.row().await["syncState"], "ERROR");
    let failed = events(&world, "eventType eq \"application.provision.user.push\"").await;
    assert!(failed[0]["outcome"]["reason"].as_str().unwrap().ends_with("Matching user not found."));
    assert_eq!(put("ENABLED").send().await.unwrap().status(), 200);
    assert_eq!(world.order("retry", json!({})).await["healed"], 0);
    world.advance(600_000).await;
    let row = world.row().await;
    assert_eq!((&row["status"], &row["externalId"]), (&json!("STAGED"), &Value::Null));
    world.reassign().await;
    world.advance(2_000).await;
    assert_eq!(world.row().await["externalId"], NEW, "a new assignment links");
}

#[tokio::test]
async fn a_deleted_holder_of_the_values_blocks_the_creation() {
    let world = World::load("deleted-restorable").await;
    world.reassign().await;
    world.advance(2_000).await;
    assert_eq!(world.row().await["syncState"], "ERROR");
    let text = world.control_call(Method::GET, "error").send().await.unwrap().text().await.unwrap();
    assert!(
        text.contains("Another object with the same value for property userPrincipalName already exists."),
        "{text}"
    );
}

async fn grouped(reassign: &str) -> World {
    let extra = "[tenant.subject]\nassigned = \"group\"\nad_sourced = true\n[tenant.anchor]\nmapped = true\n[tenant.replacement]\n";
    let world = World::custom(&format!("group_reassign = \"{reassign}\"\n{extra}")).await;
    let refused = world.unassign().await;
    assert_eq!(refused.status(), 403);
    let refused = body(refused).await;
    assert_eq!(refused["errorCode"], "E0000046");
    assert!(
        refused["errorCauses"][0]["errorSummary"].as_str().unwrap().contains("group memberships grant them access")
    );
    let convert =
        world.okta_call(Method::POST, &world.row_path()).json(&json!({"scope": "USER"})).send().await.unwrap();
    assert_eq!(body(convert).await["scope"], "USER");
    assert_eq!(world.unassign().await.status(), 204);
    world
}

#[tokio::test]
async fn a_group_gives_the_app_back_never_at_once_or_after_five_seconds() {
    let world = grouped("never").await;
    world.advance(600_000).await;
    assert_eq!(world.row().await["errorCode"], "E0000007");

    let world = grouped("at_once").await;
    assert_eq!(world.row().await["scope"], "GROUP");
    world.advance(2_000).await;
    let row = world.row().await;
    assert_eq!((&row["externalId"], &row["profile"]["immutableId"]), (&json!(NEW), &json!(ANCHOR)));

    let world = grouped("after_5s").await;
    world.advance(4_999).await;
    assert_eq!(world.row().await["errorCode"], "E0000007");
    world.advance(1).await;
    assert_eq!((&world.row().await["scope"], &world.row().await["status"]), (&json!("GROUP"), &json!("STAGED")));
    world.advance(2_000).await;
    assert_eq!(world.row().await["externalId"], NEW);
}

#[tokio::test]
async fn converting_to_a_group_needs_an_assigned_group() {
    let world = World::load("deleted-replaced").await;
    let call = world.okta_call(Method::POST, &world.row_path()).json(&json!({"scope": "GROUP"}));
    let refused = call.send().await.unwrap();
    assert_eq!(refused.status(), 400);
    assert_eq!(body(refused).await["errorCode"], "E0000001");
    assert_eq!(world.row().await["scope"], "USER");
}

#[tokio::test]
async fn deactivation_hits_the_live_object_after_a_delay() {
    let live =
        "[tenant.provisioning]\ndeactivate = true\n[tenant.subject]\nobject = \"live\"\nlast_sync_age = \"1m\"\n";
    for (how, event) in [("block", ""), ("remove_licenses", "remove.licenses"), ("delete", "delete")] {
        let world = World::custom(&format!("on_deactivate = \"{how}\"\n{live}")).await;
        assert_eq!(world.unassign().await.status(), 204);
        world.advance(2_999).await;
        assert_eq!(sam_in_entra(&world, OLD).await["accountEnabled"], true);
        world.advance(1).await;
        let entra = sam_in_entra(&world, OLD).await;
        match how {
            "block" => assert_eq!(
                (&entra["accountEnabled"], &entra["assignedLicenses"][0]["skuId"]),
                (&json!(false), &json!(LICENCE))
            ),
            "remove_licenses" => {
                assert_eq!((&entra["accountEnabled"], &entra["assignedLicenses"]), (&json!(false), &json!([])));
            }
            _ => {
                assert_eq!(entra["error"]["code"], "Request_ResourceNotFound");
                assert_eq!(world.graph(&format!("/directory/deletedItems/{OLD}")).await["id"], OLD);
            }
        }
        if !event.is_empty() {
            assert_eq!(events(&world, &format!("eventType eq \"app.office365.user.{event}.success\"")).await.len(), 1);
        }
    }
}

#[tokio::test]
async fn deactivation_off_touches_nothing_and_by_name_really_deletes() {
    let world = World::load("deleted-replaced").await;
    assert_eq!(world.unassign().await.status(), 204);
    world.advance(600_000).await;
    assert_eq!(sam_in_entra(&world, NEW).await["accountEnabled"], true);

    let world = World::load("deactivation-deletes").await;
    assert_eq!(world.unassign().await.status(), 204);
    world.advance(3_000).await;
    assert_eq!(sam_in_entra(&world, NEW).await["error"]["code"], "Request_ResourceNotFound");
}

#[tokio::test]
async fn the_provisioning_account_stopped_by_mfa_fails_every_push() {
    let world = World::load("service-account-mfa").await;
    let text = world.control_call(Method::GET, "error").send().await.unwrap().text().await.unwrap();
    assert!(
        text.contains("Office365ProvisioningException: 400 AADSTS50079: ") && text.contains("Trace ID: "),
        "{text}"
    );
    assert_eq!(world.order("retry", json!({})).await, json!({"retried": [SAM], "healed": 0}));
    assert_eq!(world.row().await["syncState"], "ERROR");
}

#[tokio::test]
async fn retry_heals_after_a_restore_and_only_then() {
    let world = World::load("deleted-restorable").await;
    assert_eq!(world.order("retry", json!({})).await["healed"], 0);
    let path = format!("/directory/deletedItems/{OLD}/restore");
    assert_eq!(world.graph_call(Method::POST, &path).send().await.unwrap().status(), 200);
    assert_eq!(world.row().await["syncState"], "ERROR", "Okta does not notice by itself");
    assert_eq!(world.order("retry", json!({"user": SAM})).await["healed"], 1);
    let row = world.row().await;
    assert_eq!((&row["syncState"], &row["externalId"]), (&json!("SYNCHRONIZED"), &json!(OLD)));
}

#[tokio::test]
async fn a_changed_profile_is_pushed_and_a_repeated_one_is_not() {
    let world = World::load("healthy").await;
    let update = |licences: Value| {
        world.okta_call(Method::POST, &world.row_path()).json(&json!({"profile": {"licenses": licences}}))
    };
    assert_eq!(update(json!([])).send().await.unwrap().status(), 200);
    world.advance(2_000).await;
    assert_eq!(sam_in_entra(&world, OLD).await["assignedLicenses"], json!([]));
    assert_eq!(update(json!([])).send().await.unwrap().status(), 200);
    let writes = world.writes().await;
    assert_eq!((&writes[0]["effective"], &writes[1]["effective"]), (&json!(true), &json!(false)));
    assert_eq!(writes[0]["op"], "okta.app_user.update");
}
