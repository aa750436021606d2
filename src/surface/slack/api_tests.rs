//! The client against a server that answers what a test wants.

use super::*;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Method and query, authorization, body.
type Seen = Arc<Mutex<Vec<(String, String, String)>>>;

async fn server(
    status: u16,
    header: Option<(&'static str, &'static str)>,
    body: &'static str,
) -> (String, Seen, JoinSet<()>) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let handler = move |uri: Uri, headers: HeaderMap, bytes: Bytes| {
        let authorization = headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let said = String::from_utf8_lossy(&bytes).into_owned();
        kept.lock().unwrap().push((uri.to_string(), authorization, said));
        let mut answer =
            (StatusCode::from_u16(status).unwrap(), [("content-type", "application/json")], body).into_response();
        if let Some((name, value)) = header {
            answer.headers_mut().insert(name, value.parse().unwrap());
        }
        async move { answer }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(handler);
    let mut running = JoinSet::new();
    running.spawn(async move { axum::serve(listener, app).await.unwrap() });
    (format!("http://{address}/api/"), seen, running)
}

fn api(url: &str) -> Api {
    let further = BTreeMap::from([("T2".to_owned(), Secret::new("xoxb-second"))]);
    Api::new(url, Tokens { home: Secret::new("xoxb-home"), further })
}

#[tokio::test]
async fn each_workspace_has_its_token_and_each_method_its_way() {
    let (url, seen, _running) = server(200, None, r#"{"ok":true,"ts":"1.5"}"#).await;
    let api = api(&url);
    let answer = api.call_in("C1", "chat.postMessage", json!({ "text": "x" })).await.unwrap();
    assert_eq!(answer["ts"], "1.5");
    api.call_in("T2/C1", "conversations.replies", json!({ "ts": "1.5", "limit": 200, "cursor": null })).await.unwrap();
    assert_eq!(api.call(Some("T9"), "auth.test", &json!({})).await, Err(ApiError::NoToken("T9".to_owned())));
    let seen = seen.lock().unwrap();
    assert_eq!((seen[0].0.as_str(), seen[0].1.as_str()), ("/api/chat.postMessage", "Bearer xoxb-home"));
    assert_eq!(serde_json::from_str::<Value>(&seen[0].2).unwrap(), json!({ "channel": "C1", "text": "x" }));
    let (path, query) = seen[1].0.split_once('?').unwrap();
    let mut query: Vec<&str> = query.split('&').collect();
    query.sort_unstable();
    assert_eq!((path, query), ("/api/conversations.replies", vec!["channel=C1", "limit=200", "ts=1.5"]));
    assert_eq!((seen[1].1.as_str(), seen[1].2.as_str()), ("Bearer xoxb-second", ""));
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn errors_say_whether_anything_may_have_happened_and_hold_no_text_of_others() {
    let secret = r#"{"ok":false,"error":"channel_not_found","token":"xoxb-home"}"#;
    let broken = r#"{"ok":false,"error":"<!channel> pay here"}"#;
    let code = |code: &str| ApiError::Code(code.to_owned());
    let unknown = |why: &str| ApiError::Unknown(why.to_owned());
    for (status, header, body, expected) in [
        (200, None, secret, code("channel_not_found")),
        (200, None, broken, code("an unreadable code")),
        (200, None, "not JSON", unknown("the answer is no JSON of Slack")),
        (200, None, r#"{"ok":false,"error":"ratelimited"}"#, ApiError::Limited { after_ms: 1_000 }),
        (429, Some(("retry-after", "7")), secret, ApiError::Limited { after_ms: 7_000 }),
        (429, None, r#"{"ok":false,"error":"ratelimited"}"#, ApiError::Limited { after_ms: 1_000 }),
        (404, None, "", code("http_404")),
        (503, None, "down", unknown("HTTP 503")),
    ] {
        let (url, _, _running) = server(status, header, body).await;
        let error = api(&url).call(None, "chat.postMessage", &json!({})).await.unwrap_err();
        assert_eq!(error, expected, "{status} {body}");
    }
    let gone = api("http://127.0.0.1:1/api/").call(None, "chat.postMessage", &json!({})).await.unwrap_err();
    assert_eq!(gone, unknown("the connection failed"));
}

#[tokio::test]
async fn direct_answers_go_to_slack_only() {
    let (url, seen, _running) = server(200, None, r#"{"ok":true}"#).await;
    let local = api(&url);
    let hook = url.replace("/api/", "/hooks/secret");
    local.answer(&hook, &json!({ "text": "x" })).await.unwrap();
    let (path, authorization, _) = seen.lock().unwrap()[0].clone();
    assert_eq!((path.as_str(), authorization.as_str()), ("/hooks/secret", ""));
    let official = api("https://slack.com/api/");
    for bad in [
        hook.as_str(),
        "https://hooks.slack.com.evil.example/x",
        "http://hooks.slack.com/x",
        "https://evil.example/",
        "x",
    ] {
        assert_eq!(
            official.answer(bad, &json!({})).await,
            Err(ApiError::Code("foreign_response_url".to_owned())),
            "{bad}"
        );
    }
    assert!(official.may_answer(&reqwest::Url::parse("https://hooks.slack.com/actions/T1/1/x").unwrap()));
}
