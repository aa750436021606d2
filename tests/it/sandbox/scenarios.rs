//! Every embedded scenario: loads, tells the truth about itself, and its `[expect]` holds after the remedy.
use reanchor::config::embedded::SCENARIOS;
use reqwest::Method;
use serde_json::{Value, json};

use super::{ANCHOR, NEW, OLD, SAM, World};

/// Does by hand what the scenario's script makes the bot do.
async fn remedy(world: &World, name: &str, lines: &str) {
    if lines.contains("Restore user") {
        let path = format!("/directory/deletedItems/{OLD}/restore");
        assert_eq!(world.graph_call(Method::POST, &path).send().await.unwrap().status(), 200, "{name}");
    } else if lines.contains("press Reassign") {
        let deactivate = async |status: &str| {
            let wanted = json!({"update": {"lifecycleDeactivate": {"status": status}}});
            let path = format!("/apps/{}/features/USER_PROVISIONING", world.tenant.access().app_id);
            assert_eq!(world.okta_call(Method::PUT, &path).json(&wanted).send().await.unwrap().status(), 200);
        };
        if name.ends_with("--pause") {
            deactivate("DISABLED").await;
        }
        reassign(world).await;
        if name.ends_with("--pause") {
            world.advance(20_000).await;
            deactivate("ENABLED").await;
        }
    } else if lines.contains("press Set immutableId") {
        set_anchor(world, name).await;
    } else if lines.contains("press Align anchor") {
        let entra = world.graph(&format!("/users/{OLD}?$select=onPremisesImmutableId")).await;
        let wanted = json!({"profile": {"immutableId": entra["onPremisesImmutableId"]}});
        let post = world.okta_call(Method::POST, &world.row_path()).json(&wanted);
        assert_eq!(post.send().await.unwrap().status(), 200, "{name}");
    }
    world.advance(60_000).await;
}

/// In place first; then over the managed domain, where the tenant refuses it for the federated domain alone.
async fn set_anchor(world: &World, name: &str) {
    let patch = async |body: Value| {
        let answer = world.graph_call(Method::PATCH, &format!("/users/{OLD}")).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let wanted = json!({"onPremisesImmutableId": world.row().await["profile"]["immutableId"]});
    let (status, text) = patch(wanted.clone()).await;
    if name.contains("forbidden") {
        assert!(status == 403 && text.contains("Authorization_RequestDenied"), "{name}: {status} {text}");
        return;
    }
    assert!(status == 400 && text.contains("federated domain"), "{name}: {status} {text}");
    let upn = |domain: &str| json!({"userPrincipalName": format!("sam.whitlock@{domain}")});
    assert_eq!(patch(upn("northbridge.onmicrosoft.com")).await.0, 204, "{name}");
    if name == "anchor-missing" {
        assert_eq!(patch(upn("northbridge.example")).await.0, 400, "without an anchor there is no way back");
    }
    assert_eq!(patch(wanted).await.0, 204, "{name}");
    assert_eq!(patch(upn("northbridge.example")).await.0, 204, "{name}");
}

async fn reassign(world: &World) {
    let saved = world.row().await;
    let grouped = saved["scope"] == "GROUP";
    let convert = |to: &str| world.okta_call(Method::POST, &world.row_path()).json(&json!({"scope": to}));
    if grouped {
        assert_eq!(world.unassign().await.status(), 403);
        assert_eq!(convert("USER").send().await.unwrap().status(), 200);
    }
    assert_eq!(world.unassign().await.status(), 204);
    world.advance(6_000).await;
    if world.row().await["errorCode"] == "E0000007" {
        let mut profile = saved["profile"].as_object().unwrap().clone();
        profile.retain(|k, _| matches!(k.as_str(), "immutableId" | "licenses" | "roles" | "usageLocation"));
        let wanted = json!({"id": SAM, "scope": "USER", "credentials": saved["credentials"], "profile": profile});
        assert_eq!(world.assign(wanted).await.status(), 200);
        world.advance(3_000).await;
    }
    if grouped {
        assert_eq!(convert("GROUP").send().await.unwrap().status(), 200);
    }
}

async fn expectation(world: &World, name: &str, check: &toml::Value) {
    let text = |key: &str| check.get(key).and_then(toml::Value::as_str).unwrap_or_default();
    let path = text("get").replace("{app}", &world.tenant.access().app_id).replace("{subject}", SAM);
    let path = path.replace("{tenant}", &world.tenant.access().tenant_id);
    let found = match text("api") {
        "okta" => world.okta(path.strip_prefix("/api/v1").unwrap()).await,
        _ => world.graph(&path).await,
    };
    let value = found.pointer(text("pointer")).cloned().unwrap_or(Value::Null);
    let json = |key: &str| check.get(key).map(|v| serde_json::to_value(v).unwrap());
    let told = format!("{name}: {path} {} is {value}", text("pointer"));
    match (json("equals"), json("not_equals"), json("present")) {
        (Some(wanted), None, None) => assert_eq!(value, wanted, "{told}"),
        (None, Some(unwanted), None) => assert_ne!(value, unwanted, "{told}"),
        (None, None, Some(wanted)) => assert_eq!(Value::Bool(!value.is_null()), wanted, "{told}"),
        other => panic!("{name}: an expectation has exactly one of equals, not_equals, present, not {other:?}"),
    }
}

#[tokio::test]
async fn each_scenario_ends_as_it_says() {
    assert!(SCENARIOS.len() >= 29);
    for (name, text) in SCENARIOS {
        let file: toml::Table = text.parse().unwrap();
        let world = World::load(name).await;
        let lines = file["script"]["lines"].to_string();
        remedy(&world, name, &lines).await;
        let checks = file["expect"]["tenant"].as_array().unwrap();
        assert!(checks.len() >= 3, "{name}");
        for check in checks {
            expectation(&world, name, check).await;
        }
        world.tenant.stop().await;
    }
}

#[tokio::test]
async fn a_remedied_scenario_would_fail_its_expectations_untreated() {
    let world = World::load("deleted-replaced").await;
    let row = world.row().await;
    assert_eq!(row["externalId"], OLD);
    assert_eq!(row["syncState"], "ERROR");
    assert_eq!(row["scope"], "USER");
    assert_eq!(row["profile"]["immutableId"], ANCHOR);
    assert_eq!(world.graph(&format!("/users/{OLD}")).await["error"]["code"], "Request_ResourceNotFound");
    let new = world.graph(&format!("/users/{NEW}?$select=onPremisesImmutableId,userType")).await;
    assert_eq!(new["onPremisesImmutableId"], ANCHOR);
    assert_eq!(new["userType"], "Member");
}

#[tokio::test]
async fn the_pasted_error_is_older_than_ten_minutes_and_names_the_object() {
    for (name, _) in SCENARIOS {
        let world = World::load(name).await;
        let answer = world.control_call(Method::GET, "error").send().await.unwrap();
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
        let text = answer.text().await.unwrap();
        if text.contains("bulkUpload")
            || text.contains("provisioning logs")
            || text.contains("consent page")
            || text.contains("quarantine")
        {
            // Okta has no part in these: no push of it failed.
            assert_eq!(world.okta("/logs?filter=outcome.result eq \"FAILURE\"").await, json!([]), "{name}");
            world.tenant.stop().await;
            continue;
        }
        let log = world.okta(&format!("/logs?filter=target.id eq \"{SAM}\" and outcome.result eq \"FAILURE\"")).await;
        let event = &log[0];
        let reason = event["outcome"]["reason"].as_str().unwrap();
        assert!(text.starts_with(reason), "{name}: {text}");
        assert!(reason.chars().count() <= 255);
        let at = event["published"].as_str().unwrap();
        if *name != "replication-delay" {
            assert!(at < "2026-09-21T14:03:20", "{name}: {at} is younger than ten minutes");
        }
        if text.contains("Request_ResourceNotFound") {
            assert!(text.contains(&format!("errorMessage=\"Resource '{OLD}' does not exist")), "{name}: {text}");
            assert!(
                text.ends_with(&format!("method=PATCH url=https://graph.microsoft.com/v1.0/users/{OLD}")),
                "{text}"
            );
            assert!(text.chars().count() > 255);
        }
        world.tenant.stop().await;
    }
}

#[tokio::test]
async fn scenario_facts_that_no_remedy_shows() {
    let world = World::load("deleted-by-okta").await;
    let audit = world.graph("/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Delete user'").await;
    assert_eq!(audit["value"][0]["initiatedBy"]["app"]["displayName"], "Okta Microsoft Graph Client");
    assert_eq!(audit["value"][0]["targetResources"][0]["id"], OLD);
    let log = world.okta("/logs?filter=eventType eq \"app.office365.user.delete.success\"").await;
    assert_eq!(log.as_array().unwrap().len(), 1);
    world.tenant.stop().await;

    let world = World::load("deleted-restorable").await;
    let filter = format!("targetResources/any(t:t/id eq '{OLD}')");
    let audit = world.graph(&format!("/auditLogs/directoryAudits?$filter={filter}")).await;
    assert_eq!(audit["value"][0]["initiatedBy"]["user"]["displayName"], "Helen Marsh");
    world.tenant.stop().await;

    let world = World::load("create-users-off").await;
    let row = world.row().await;
    assert_eq!((&row["externalId"], &row["status"]), (&Value::Null, &json!("STAGED")));
    let text = world.control_call(Method::GET, "error").send().await.unwrap().text().await.unwrap();
    assert_eq!(
        text,
        "Automatic provisioning of user Sam Whitlock to app Microsoft Office 365 failed: Matching user not found."
    );
    world.tenant.stop().await;

    let world = World::load("healthy").await;
    let row = world.row().await;
    let log = world.okta("/logs?filter=outcome.result eq \"FAILURE\"").await;
    assert!(row["lastSync"].as_str() > log[0]["published"].as_str());
    world.tenant.stop().await;
}
