//! Ordered faults, held calls, and the ledger's account of them.
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{OLD, World, body};

async fn fault(world: &World, op: &str, how: &str) {
    world.order("faults", json!({"op": op, "nth": 1, "how": how})).await;
}

fn brief(write: &Value) -> (String, bool, Option<u64>) {
    (write["op"].as_str().unwrap().to_owned(), write["effective"].as_bool().unwrap(), write["status"].as_u64())
}

#[tokio::test]
async fn refusals_apply_nothing_and_look_like_the_vendor() {
    let world = World::load("deleted-restorable").await;
    for (how, status, code) in [("refuse", 403, "E0000006"), ("throttle", 429, "E0000047"), ("e5xx", 500, "E0000009")] {
        fault(&world, "okta.app_user.unassign", how).await;
        let answer = world.unassign().await;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers()["x-reanchor-sandbox"], world.tenant.access().proof.as_str());
        if how == "throttle" {
            assert_eq!(answer.headers()["x-rate-limit-remaining"], "0");
            assert_eq!(answer.headers()["x-rate-limit-reset"], "1790000002");
        }
        assert_eq!(body(answer).await["errorCode"], code);
    }
    let path = format!("/directory/deletedItems/{OLD}/restore");
    let codes = [
        ("refuse", 403, "Authorization_RequestDenied"),
        ("throttle", 429, "TooManyRequests"),
        ("e5xx", 503, "serviceNotAvailable"),
    ];
    for (how, status, code) in codes {
        fault(&world, "graph.deleted.restore", how).await;
        let answer = world.graph_call(Method::POST, &path).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers().get("retry-after").is_some(), how == "throttle");
        assert_eq!(body(answer).await["error"]["code"], code);
    }
    assert_eq!(world.row().await["externalId"], OLD);
    assert_eq!(world.graph(&format!("/directory/deletedItems/{OLD}")).await["id"], OLD);
    let writes = world.writes().await;
    assert_eq!(writes.len(), 6);
    assert!(writes.iter().all(|w| w["effective"] == false && w["status"].is_u64()));
}

#[tokio::test]
async fn nth_count_prefix_and_removal() {
    let world = World::load("healthy").await;
    world.order("faults", json!({"op": "okta.app_user", "nth": 2, "count": 2, "how": "refuse"})).await;
    let status = async || world.okta_call(Method::GET, &world.row_path()).send().await.unwrap().status().as_u16();
    assert_eq!(world.okta("/users/sam.whitlock").await["status"], "ACTIVE", "another op is not counted");
    assert_eq!((status().await, status().await, status().await, status().await), (200, 403, 403, 200));
    assert_eq!(world.control("faults").await, json!([]));
    fault(&world, "*", "refuse").await;
    let removed = world.control_call(Method::DELETE, "faults").send().await.unwrap();
    assert_eq!(body(removed).await["removed"], 1);
    assert_eq!(status().await, 200);
    for wrong in [
        json!({"op": "okta.nothing", "how": "refuse"}),
        json!({"op": "*", "how": "explode"}),
        json!({"op": "*", "how": "refuse", "nth": 0}),
    ] {
        let answer = world.control_call(Method::POST, "faults").json(&wrong).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_lagging_write_is_seen_five_seconds_later() {
    let world = World::load("deleted-restorable").await;
    fault(&world, "graph.deleted.restore", "lag").await;
    let path = format!("/directory/deletedItems/{OLD}/restore");
    assert_eq!(world.graph_call(Method::POST, &path).send().await.unwrap().status(), 200);
    assert_eq!(world.graph(&format!("/users/{OLD}")).await["error"]["code"], "Request_ResourceNotFound");
    assert_eq!(world.row().await["externalId"], OLD, "the other vendor does not lag");
    world.advance(4_999).await;
    assert_eq!(world.graph(&format!("/directory/deletedItems/{OLD}")).await["id"], OLD);
    world.advance(1).await;
    assert_eq!(world.graph(&format!("/users/{OLD}")).await["id"], OLD);
    assert_eq!(brief(&world.writes().await[0]), ("graph.deleted.restore".to_owned(), true, Some(200)));
}

#[tokio::test]
async fn a_lagging_read_answers_as_before_the_last_write() {
    let world = World::load("deleted-replaced").await;
    assert_eq!(world.unassign().await.status(), 204);
    fault(&world, "okta.app_user.get", "lag").await;
    assert_eq!(world.row().await["externalId"], OLD);
    assert_eq!(world.row().await["errorCode"], "E0000007");
}

#[tokio::test]
async fn garbage_applies_and_close_does_not() {
    let world = World::load("deleted-replaced").await;
    fault(&world, "okta.app_user.unassign", "close").await;
    let broken = world.okta_call(Method::DELETE, &world.row_path()).send().await;
    assert!(broken.is_err(), "{broken:?}");
    assert_eq!(world.row().await["externalId"], OLD);
    fault(&world, "okta.app_user.unassign", "garbage").await;
    let answer = world.unassign().await;
    assert_eq!(answer.status(), 200);
    assert!(answer.json::<Value>().await.is_err());
    assert_eq!(world.row().await["errorCode"], "E0000007");
    let writes = world.writes().await;
    assert_eq!(brief(&writes[0]), ("okta.app_user.unassign".to_owned(), false, None));
    assert_eq!(brief(&writes[1]), ("okta.app_user.unassign".to_owned(), true, Some(204)));
}

#[tokio::test]
async fn timeouts_never_answer_and_differ_in_what_they_did() {
    for (how, effective, status) in [("timeout_before", false, None), ("timeout_after", true, Some(204))] {
        let world = World::load("deleted-replaced").await;
        fault(&world, "okta.app_user.unassign", how).await;
        let call = world.okta_call(Method::DELETE, &world.row_path()).timeout(Duration::from_millis(300));
        assert!(call.send().await.unwrap_err().is_timeout());
        world.held(0).await;
        assert_eq!(world.row().await["externalId"] == OLD, !effective, "{how}");
        assert_eq!(brief(&world.writes().await[0]), ("okta.app_user.unassign".to_owned(), effective, status));
    }
}

#[tokio::test]
async fn a_held_write_is_applied_on_release() {
    let world = World::load("deleted-replaced").await;
    fault(&world, "okta.app_user.unassign", "hold_before").await;
    let mut call = world.unassigning();
    world.held(1).await;
    assert_eq!(world.control("holds").await[0]["how"], "hold_before");
    assert_eq!(world.row().await["externalId"], OLD);
    assert!(world.writes().await.is_empty());
    assert_eq!(world.order("release", json!({})).await["released"], 1);
    assert_eq!(call.join_next().await.unwrap().unwrap().unwrap().status(), 204);
    assert_eq!(world.row().await["errorCode"], "E0000007");
    assert_eq!(world.writes().await.len(), 1);
    world.held(0).await;
}

#[tokio::test]
async fn a_held_write_whose_client_went_away_is_never_applied() {
    let world = World::load("deleted-replaced").await;
    fault(&world, "okta.app_user.unassign", "hold_before").await;
    let mut call = world.unassigning();
    world.held(1).await;
    call.shutdown().await;
    world.held(0).await;
    world.order("release", json!({})).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.row().await["externalId"], OLD);
    assert_eq!(brief(&world.writes().await[0]), ("okta.app_user.unassign".to_owned(), false, None));
}

#[tokio::test]
async fn a_release_right_after_the_clients_death_does_not_apply_either() {
    for _ in 0..10 {
        let world = World::load("deleted-replaced").await;
        fault(&world, "okta.app_user.unassign", "hold_before").await;
        let mut call = world.unassigning();
        world.held(1).await;
        call.shutdown().await;
        world.order("release", json!({})).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(world.row().await["externalId"], OLD);
    }
}

#[tokio::test]
async fn hold_after_has_applied_also_when_the_client_goes_away() {
    let world = World::load("deleted-replaced").await;
    fault(&world, "okta.app_user.unassign", "hold_after").await;
    let mut call = world.unassigning();
    world.held(1).await;
    assert_eq!(world.row().await["errorCode"], "E0000007");
    assert_eq!(brief(&world.writes().await[0]), ("okta.app_user.unassign".to_owned(), true, Some(204)));
    call.shutdown().await;
    world.held(0).await;
    assert_eq!(world.writes().await.len(), 1);
}

#[tokio::test]
async fn the_ledger_counts_the_clients_writes_in_order() {
    let world = World::load("deleted-replaced").await;
    world.reassign().await;
    world.advance(2_000).await;
    let path = format!("/users/{OLD}");
    let ours = "7d9f6a10-0000-4000-8000-000000000002";
    let call = world.graph_call(Method::PATCH, &path).header("client-request-id", ours);
    let answer = call.json(&json!({"userPrincipalName": "x@northbridge.example"})).send().await.unwrap();
    let request_id = answer.headers()["request-id"].to_str().unwrap().to_owned();
    let writes = world.writes().await;
    let ops: Vec<&str> = writes.iter().map(|w| w["op"].as_str().unwrap()).collect();
    assert_eq!(ops, ["okta.app_user.unassign", "okta.app_user.assign", "graph.user.patch"]);
    assert_eq!(writes.iter().map(|w| w["n"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((&writes[1]["target"], &writes[1]["by"]), (&json!(super::SAM), &json!("client")));
    assert_eq!((&writes[2]["client_request_id"], &writes[2]["request_id"]), (&json!(ours), &json!(request_id)));
    assert_eq!((&writes[0]["at_ms"], &writes[2]["at_ms"]), (&json!(super::START), &json!(super::START + 2_000)));
}

#[tokio::test]
async fn a_slow_call_is_answered_later_and_the_ledger_shows_what_was_sent() {
    let world = World::load("deleted-replaced").await;
    world.order("faults", json!({"op": "okta.app_user.convert", "how": "slow", "ms": 80})).await;
    let began = tokio::time::Instant::now();
    let wanted = json!({"scope": "USER"});
    let answer = world.okta_call(Method::POST, &world.row_path()).json(&wanted).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(began.elapsed() >= Duration::from_millis(80));
    assert_eq!(world.writes().await[0]["body"], wanted);
    assert_eq!(world.control("faults").await, json!([]));
}
