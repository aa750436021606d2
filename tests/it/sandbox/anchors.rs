//! The refusals round the anchor, each as the vendor words it; what a hop leaves behind; what pausing does and does not stop.
use reqwest::Method;
use serde_json::{Value, json};

use super::{ANCHOR, LENA, LENA_OBJECT, OLD, SAM, World, body};

const OTHER: &str = "RDHiRneDPkiofrZ2nbYu7Q==";
const UPN: &str = "sam.whitlock@northbridge.example";
const PARKED: &str = "sam.whitlock@northbridge.onmicrosoft.com";
const LIVE: &str = "[tenant.subject]\nobject = \"live\"\n";

async fn patch(world: &World, id: &str, wanted: Value) -> (u16, Value) {
    let answer = world.graph_call(Method::PATCH, &format!("/users/{id}")).json(&wanted).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null))
}

async fn sam(world: &World) -> Value {
    let wanted = "userPrincipalName,onPremisesImmutableId,proxyAddresses,mail,accountEnabled,assignedLicenses";
    world.graph(&format!("/users/{OLD}?$select={wanted}")).await
}

async fn error_text(world: &World) -> String {
    world.control_call(Method::GET, "error").send().await.unwrap().text().await.unwrap()
}

fn upn(name: &str) -> Value {
    json!({"userPrincipalName": name})
}

fn anchor(value: &str) -> Value {
    json!({"onPremisesImmutableId": value})
}

#[tokio::test]
async fn a_federated_domain_refuses_both_properties_in_the_vendors_words() {
    let world = World::load("anchor-missing").await;
    let (status, refused) = patch(&world, OLD, anchor(ANCHOR)).await;
    assert_eq!((status, &refused["error"]["code"]), (400, &json!("Request_BadRequest")));
    let text =
        "Unable to update the specified properties for users in a federated domain. Parameter: onPremisesImmutableId";
    assert_eq!(refused["error"]["message"], text);
    assert!(refused["error"]["innerError"]["request-id"].is_string());
    assert_eq!(patch(&world, OLD, upn(PARKED)).await.0, 204);
    let (status, refused) = patch(&world, OLD, upn(UPN)).await;
    assert_eq!((status, &refused["error"]["code"]), (400, &json!("Request_BadRequest")));
    let text = "You must provide a required property: Parameter name: FederatedUser.SourceAnchor";
    assert_eq!(refused["error"]["message"], text);
    assert_eq!(sam(&world).await["userPrincipalName"], PARKED, "parked for as long as it has no anchor");
    let both = json!({"onPremisesImmutableId": ANCHOR, "userPrincipalName": UPN});
    assert_eq!(patch(&world, OLD, both).await.0, 204, "with one it may come back");
    let effective: Vec<Value> = world.writes().await.into_iter().map(|w| w["effective"].clone()).collect();
    assert_eq!(effective, [json!(false), json!(true), json!(false), json!(true)]);
}

#[tokio::test]
async fn a_hop_leaves_an_address_behind_and_the_mail_as_it_was() {
    let world = World::load("anchor-mismatch").await;
    let before = sam(&world).await;
    assert_eq!(before["proxyAddresses"], json!([format!("SMTP:{UPN}")]));
    for wanted in [upn(PARKED), anchor(ANCHOR), upn(UPN)] {
        assert_eq!(patch(&world, OLD, wanted).await.0, 204);
    }
    let after = sam(&world).await;
    assert_eq!(after["proxyAddresses"], json!([format!("SMTP:{UPN}"), format!("smtp:{PARKED}")]));
    for same in ["userPrincipalName", "mail", "accountEnabled", "assignedLicenses"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert_eq!(patch(&world, OLD, upn(UPN)).await.0, 204);
    assert_eq!(sam(&world).await, after, "the same name again changes nothing");
    let audit = world.graph("/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Update user'").await;
    let who: Vec<&Value> =
        audit["value"].as_array().unwrap().iter().map(|a| &a["initiatedBy"]["app"]["displayName"]).collect();
    assert_eq!(who, [&json!("Provisioning repair"); 3], "three writes, and not Okta's");
}

#[tokio::test]
async fn a_taken_value_is_refused_with_its_holder_live_deleted_or_as_an_address() {
    let world = World::load("anchor-conflict--deleted").await;
    let holder = "7b40c5e1-38f2-4d96-a1c7-e92d60f4b853";
    assert_eq!(patch(&world, OLD, upn(PARKED)).await.0, 204);
    let lena = "lena.fournier@northbridge.example";
    for (wanted, property, id) in [
        (anchor(ANCHOR), "onPremisesImmutableId", holder),
        (upn("s.whitlock@northbridge.example"), "userPrincipalName", holder),
        (upn(lena), "userPrincipalName", LENA_OBJECT),
    ] {
        let (status, refused) = patch(&world, OLD, wanted).await;
        assert_eq!(status, 400, "{property}");
        let text = format!("Another object with the same value for property {property} already exists.");
        assert_eq!(refused["error"]["message"], text);
        let details = &refused["error"]["details"];
        assert_eq!((&details[0]["code"], &details[0]["target"]), (&json!("ObjectConflict"), &json!(property)));
        assert_eq!(details[1]["target"], format!("User_{id}"));
    }
    // An address that Lena got by a hop of her own.
    assert_eq!(patch(&world, LENA_OBJECT, upn("l.f@northbridge.onmicrosoft.com")).await.0, 204);
    assert_eq!(patch(&world, LENA_OBJECT, upn(lena)).await.0, 204);
    let (status, refused) = patch(&world, OLD, upn("L.F@northbridge.onmicrosoft.com")).await;
    assert_eq!(status, 400);
    assert!(refused["error"]["message"].as_str().unwrap().contains("proxyAddresses"), "{refused}");
    assert_eq!(sam(&world).await["userPrincipalName"], PARKED);
}

#[tokio::test]
async fn names_that_are_none_are_refused() {
    let world = World::custom(LIVE).await;
    let long = format!("{}@northbridge.onmicrosoft.com", "x".repeat(65));
    for wrong in [
        "sam",
        "@northbridge.onmicrosoft.com",
        "s m@northbridge.onmicrosoft.com",
        "sam.@northbridge.onmicrosoft.com",
        &long,
    ] {
        let (status, refused) = patch(&world, OLD, upn(wrong)).await;
        assert_eq!((status, &refused["error"]["code"]), (400, &json!("Request_BadRequest")), "{wrong}");
    }
    let (_, refused) = patch(&world, OLD, upn("sam@elsewhere.example")).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("verified domain names"), "{refused}");
    assert!(world.writes().await.iter().all(|w| w["effective"] == false));
}

#[tokio::test]
async fn where_anchors_may_not_be_written_everything_else_may() {
    let world = World::load("anchor-write-forbidden").await;
    let (status, refused) = patch(&world, OLD, anchor(ANCHOR)).await;
    assert_eq!((status, &refused["error"]["code"]), (403, &json!("Authorization_RequestDenied")));
    assert_eq!(refused["error"]["message"], "Insufficient privileges to complete the operation.");
    assert_eq!(patch(&world, OLD, upn(PARKED)).await.0, 204);
    assert_eq!(patch(&world, OLD, anchor(ANCHOR)).await.0, 403, "in a managed domain, too");
    assert_eq!(patch(&world, OLD, upn(UPN)).await.0, 204);
    assert_eq!(sam(&world).await["onPremisesImmutableId"], OTHER);
}

#[tokio::test]
async fn a_synced_account_refuses_every_change_and_the_log_tells_the_kind() {
    for (scenario, kind, everybody) in
        [("hybrid-synced", "Profile Sync", false), ("hybrid-synced--okta-sync", "User Sync", true)]
    {
        let world = World::load(scenario).await;
        let organization = world.graph("/organization?$select=id,onPremisesSyncEnabled").await;
        assert_eq!(organization["value"][0]["onPremisesSyncEnabled"], true, "{scenario}");
        let users = world.graph("/users?$select=id,onPremisesSyncEnabled").await;
        let cloud = users["value"].as_array().unwrap().iter().filter(|u| u["onPremisesSyncEnabled"].is_null()).count();
        assert_eq!(cloud, usize::from(!everybody), "{scenario}: the administrator's account was made in the cloud");
        for wanted in [upn(PARKED), anchor(ANCHOR)] {
            let (status, refused) = patch(&world, OLD, wanted).await;
            assert_eq!((status, &refused["error"]["code"]), (400, &json!("Request_BadRequest")));
            assert!(
                refused["error"]["message"].as_str().unwrap().contains("on-premises mastered Directory Sync objects")
            );
        }
        assert!(error_text(&world).await.contains("on-premises mastered Directory Sync objects"));
        let log = world.okta("/logs?filter=outcome.result eq \"FAILURE\"").await;
        assert_eq!(log[0]["debugContext"]["debugData"]["provisioning_type"], kind);
        assert_eq!(world.order("retry", json!({})).await["healed"], 0, "{scenario}");
    }
    let world = World::load("hybrid-synced--okta-sync").await;
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(world.tenant.write_config(folder.path()).unwrap()).unwrap();
    let table: toml::Table = text.parse().unwrap();
    assert_eq!(table["okta"]["provisioning_type"].as_str(), Some("user"));
}

#[tokio::test]
async fn a_push_of_another_anchor_fails_until_both_sides_are_equal() {
    let world = World::load("anchor-mismatch").await;
    let failed = "in a federated domain. Parameter: onPremisesImmutableId\"";
    assert!(error_text(&world).await.contains(failed));
    assert_eq!(world.order("retry", json!({})).await["healed"], 0);
    assert!(error_text(&world).await.contains(failed), "the task says it again");
    for wanted in [upn(PARKED), anchor(ANCHOR), upn(UPN)] {
        assert_eq!(patch(&world, OLD, wanted).await.0, 204);
    }
    assert_eq!(world.row().await["syncState"], "ERROR", "Okta does not notice by itself");
    assert_eq!(world.order("retry", json!({})).await["healed"], 1);

    let world = World::load("anchor-missing").await;
    assert!(
        error_text(&world)
            .await
            .contains("Property onPremisesImmutableId is required for a user in a federated domain.")
    );
    assert_eq!(patch(&world, OLD, upn(PARKED)).await.0, 204);
    assert_eq!(world.order("retry", json!({})).await["healed"], 1, "in a managed domain Okta writes it");
    assert_eq!(sam(&world).await["onPremisesImmutableId"], ANCHOR);

    let world = World::load("anchor-conflict").await;
    assert!(error_text(&world).await.contains("same value for property onPremisesImmutableId already exists."));
    assert_eq!(world.order("retry", json!({})).await["healed"], 0);
}

#[tokio::test]
async fn an_aligned_anchor_is_pushed_and_a_mapped_one_cannot_be_aligned() {
    let world = World::load("anchor-align").await;
    let post = |world: &World, value: &str| {
        world.okta_call(Method::POST, &world.row_path()).json(&json!({"profile": {"immutableId": value}})).send()
    };
    assert_eq!(post(&world, ANCHOR).await.unwrap().status(), 200);
    world.advance(2_000).await;
    let row = world.row().await;
    assert_eq!((&row["syncState"], &row["profile"]["immutableId"]), (&json!("SYNCHRONIZED"), &json!(ANCHOR)));
    assert_eq!(sam(&world).await["onPremisesImmutableId"], ANCHOR);

    let world = World::load("anchor-align--mapped").await;
    let answer = post(&world, ANCHOR).await.unwrap();
    assert_eq!(answer.status(), 403);
    let refused = body(answer).await;
    assert_eq!(refused["errorCode"], "E0000075");
    assert_eq!(
        refused["errorSummary"],
        "Cannot modify the immutableId attribute because it has a field mapping and profile push is enabled."
    );
    assert!(world.row().await["profile"]["immutableId"].as_str().unwrap().starts_with("0ua"));
}

#[tokio::test]
async fn a_person_from_active_directory_is_known_by_the_provider() {
    let provider =
        async |world: &World| world.okta(&format!("/users/{SAM}")).await["credentials"]["provider"]["type"].clone();
    let world = World::load("anchor-mismatch").await;
    assert_eq!(provider(&world).await, "ACTIVE_DIRECTORY");
    let mapping = world.okta("/mappings/prm8oktaToO365aX1d7q").await;
    assert_eq!(mapping["properties"]["immutableId"]["pushStatus"], "PUSH");
    assert_eq!(provider(&World::load("anchor-align").await).await, "OKTA");
}

async fn switch(world: &World, status: &str) {
    let path = format!("/apps/{}/features/USER_PROVISIONING", world.tenant.access().app_id);
    let wanted = json!({"update": {"lifecycleDeactivate": {"status": status}}});
    assert_eq!(world.okta_call(Method::PUT, &path).json(&wanted).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_pause_must_outlast_the_deactivation_and_misses_other_leavers() {
    let deactivating = format!(
        "on_deactivate = \"remove_licenses\"\n[tenant.provisioning]\ndeactivate = true\n{LIVE}last_sync_age = \"1m\"\n"
    );
    let enabled = async |world: &World, id: &str| {
        world.graph(&format!("/users/{id}?$select=accountEnabled")).await["accountEnabled"].clone()
    };
    // Paused long enough: nothing happens, also not later.
    let world = World::custom(&deactivating).await;
    switch(&world, "DISABLED").await;
    assert_eq!(world.unassign().await.status(), 204);
    let leaver = format!("/apps/{}/users/{LENA}", world.tenant.access().app_id);
    assert_eq!(world.okta_call(Method::DELETE, &leaver).send().await.unwrap().status(), 204);
    world.advance(3_000).await;
    switch(&world, "ENABLED").await;
    world.advance(600_000).await;
    assert_eq!(
        (enabled(&world, OLD).await, enabled(&world, LENA_OBJECT).await),
        (json!(true), json!(true)),
        "a leaver is missed"
    );
    let left = world.okta("/logs?filter=eventType eq \"application.user_membership.remove\"").await;
    let who: Vec<&Value> = left.as_array().unwrap().iter().map(|e| &e["target"][2]["id"]).collect();
    assert_eq!(who, [&json!(SAM), &json!(LENA)]);

    // Given back too early: it arrives after all.
    let world = World::custom(&deactivating).await;
    switch(&world, "DISABLED").await;
    assert_eq!(world.unassign().await.status(), 204);
    world.advance(2_999).await;
    switch(&world, "ENABLED").await;
    world.advance(1).await;
    let harmed = sam(&world).await;
    assert_eq!((&harmed["accountEnabled"], &harmed["assignedLicenses"]), (&json!(false), &json!([])));

    // What was under way before the pause arrives while it lasts.
    let world = World::custom(&deactivating).await;
    assert_eq!(world.unassign().await.status(), 204);
    switch(&world, "DISABLED").await;
    world.advance(3_000).await;
    assert_eq!(enabled(&world, OLD).await, false);
    let log = world.okta("/logs?filter=eventType eq \"app.office365.user.remove.licenses.success\"").await;
    assert_eq!(log.as_array().unwrap().len(), 1);
}
