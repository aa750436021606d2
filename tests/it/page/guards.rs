//! What the address of the page refuses, without a browser (SAFETY A2, E3).

use super::Server;
use reqwest::header::{HOST, ORIGIN};
use reqwest::{Client, StatusCode};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_refused_and_every_answer_is_sealed() {
    let server = tokio::task::spawn_blocking(|| Server::start("healthy", None)).await.unwrap();
    let http = Client::builder().no_proxy().build().unwrap();
    let url = |path: &str| format!("{}{path}", server.url);

    for path in ["", "page/app.js", "cases/c-222222", "api/cases/c-222222"] {
        let answer = http.get(url(path)).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    }
    for path in ["", "api/events?who=anna", "sandbox/records", "sandbox/changes"] {
        let answer = http.get(url(path)).header(HOST, "evil.example").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} for another host name");
        let answer = http.get(url(path)).header(ORIGIN, "http://evil.example").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} for another origin");
    }
    let say = json!({ "who": "anna", "channel": "#healthy", "text": "hello" });
    for (path, body) in [
        ("api/say", say),
        ("api/press", json!({ "who": "ben", "case": "c-222222", "verb": "approve" })),
        ("api/scenario", json!({ "name": "healthy" })),
        ("sandbox/scenario", json!({ "name": "deleted-replaced" })),
        ("sandbox/retry", json!({})),
    ] {
        let answer = http.post(url(path)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} without the token");
    }
    let records = http.get(url("sandbox/records")).send().await.unwrap().text().await.unwrap();
    let access = &server.access;
    for secret in [&access.okta_read_token, &access.okta_write_token, &access.control_token, &access.proof] {
        assert!(!records.contains(secret.as_str()), "the panel shows a secret");
    }
    tokio::task::spawn_blocking(move || drop(server)).await.unwrap();
}
