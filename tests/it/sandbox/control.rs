//! The control port: who may speak to it, and what it says.
use reqwest::Method;
use serde_json::json;

use super::{LENA, SAM, START, World, body};

#[tokio::test]
async fn only_loopback_names_and_pages_with_the_token_are_heard() {
    let world = World::load("deleted-replaced").await;
    let a = world.tenant.access();
    let port = a.control_url.split(':').nth(2).unwrap().split('/').next().unwrap().to_owned();
    let ask = async |host: &str, origin: Option<&str>, token: &str| {
        let mut call = world.http.get(format!("{}/clock", a.control_url)).header("host", host).bearer_auth(token);
        if let Some(origin) = origin {
            call = call.header("origin", origin);
        }
        call.send().await.unwrap().status().as_u16()
    };
    let (good, local) = (a.control_token.as_str(), format!("127.0.0.1:{port}"));
    assert_eq!(ask(&local, None, good).await, 200);
    assert_eq!(ask(&format!("localhost:{port}"), Some("http://localhost:7878"), good).await, 200);
    assert_eq!(ask("rebound.example", None, good).await, 403);
    assert_eq!(ask("127.0.0.1.evil.example", None, good).await, 403);
    assert_eq!(ask(&local, Some("https://evil.example"), good).await, 403);
    assert_eq!(ask(&local, Some("null"), good).await, 403);
    assert_eq!(ask(&local, None, "wrong").await, 401);
    assert_eq!(world.http.get(format!("{}/clock", a.control_url)).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn scenarios_are_described_listed_and_loaded() {
    let world = World::load("deleted-replaced").await;
    let told = world.control("scenario").await;
    assert_eq!(told["name"], "deleted-replaced");
    assert_eq!(told["subject"], json!({"okta": SAM, "login": "sam.whitlock@northbridge.example"}));
    assert_eq!(told["people"]["ben"]["login"], "ben.okafor@northbridge.example");
    assert_eq!(told["people"]["anna"]["role"], "asker");
    assert!(
        told["scenarios"].as_array().unwrap().iter().any(|s| s["name"] == "wrong-tenant" && s["title"].is_string())
    );
    world.reassign().await;
    world.order("faults", json!({"op": "*", "nth": 99, "how": "refuse"})).await;
    let loaded = world.order("scenario", json!({"name": "healthy"})).await;
    assert_eq!(loaded["name"], "healthy");
    assert_eq!(world.row().await["syncState"], "SYNCHRONIZED");
    assert!(world.writes().await.is_empty());
    assert_eq!(world.control("faults").await, json!([]));
    let wrong = world.control_call(Method::POST, "scenario").json(&json!({"name": "nonsense"})).send().await.unwrap();
    assert_eq!(wrong.status(), 404);
    let text = wrong.text().await.unwrap();
    assert!(text.contains("nonsense") && text.contains("deleted-restorable"), "{text}");
}

#[tokio::test]
async fn time_stands_until_it_is_advanced() {
    let world = World::load("healthy").await;
    assert_eq!(world.control("clock").await["now_ms"], START);
    assert_eq!(world.order("clock", json!({"advance_ms": 1_500})).await["now_ms"], START + 1_500);
    assert_eq!(world.control("clock").await["now_ms"], START + 1_500);
    for wrong in [json!({}), json!({"advance_ms": -1}), json!({"advance_ms": "1"})] {
        let answer = world.control_call(Method::POST, "clock").json(&wrong).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{wrong}");
    }
}

#[tokio::test]
async fn ops_are_listed_and_unknown_paths_explained() {
    let world = World::load("healthy").await;
    let ops = world.control("ops").await;
    for op in
        ["okta.app_user.assign", "okta.app_user.convert", "okta.features.put", "graph.token", "graph.deleted.restore"]
    {
        assert!(ops.as_array().unwrap().contains(&json!(op)), "{op}");
    }
    let wrong = world.control_call(Method::GET, "nothing").send().await.unwrap();
    assert_eq!(wrong.status(), 404);
    assert!(body(wrong).await["error"].as_str().unwrap().contains("GET writes"));
}

#[tokio::test]
async fn retry_leaves_people_alone_whose_push_worked() {
    let world = World::load("deleted-replaced").await;
    assert_eq!(world.order("retry", json!({})).await, json!({"retried": [SAM], "healed": 0}));
    assert_eq!(world.order("retry", json!({"user": LENA})).await, json!({"retried": [], "healed": 0}));
}
