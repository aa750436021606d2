//! The human side of the simulation: what reaches an app when people write, click, fill forms, command and share.

use super::sim::{APP, BOT, Kind, PROVISIONING, Route, SHARED, Sim, TEAM};
use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use reqwest::Url;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// An app that takes everything and answers what it is told to.
struct Ear {
    got: Arc<Mutex<Vec<Value>>>,
    answer: Arc<Mutex<String>>,
    _server: JoinSet<()>,
}

impl Ear {
    async fn on(sim: &Sim) -> Ear {
        let (got, answer): (Arc<Mutex<Vec<Value>>>, Arc<Mutex<String>>) = Default::default();
        let (keep, give) = (Arc::clone(&got), Arc::clone(&answer));
        let take = move |headers: HeaderMap, body: Bytes| async move {
            keep.lock().unwrap().push(read(&headers, &body));
            give.lock().unwrap().clone()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        sim.state().knobs.route = Route::Http(format!("http://{}/", listener.local_addr().unwrap()));
        let mut server = JoinSet::new();
        server.spawn(async move { drop(axum::serve(listener, Router::new().route("/", post(take))).await) });
        Ear { got, answer, _server: server }
    }

    fn last(&self) -> Value {
        self.got.lock().unwrap().last().cloned().unwrap()
    }
}

fn read(headers: &HeaderMap, body: &[u8]) -> Value {
    let text = std::str::from_utf8(body).unwrap();
    if headers["content-type"] == "application/json" {
        return serde_json::from_str(text).unwrap();
    }
    let url = Url::parse(&format!("http://form/?{text}")).unwrap();
    let pairs: serde_json::Map<String, Value> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), json!(value))).collect();
    match pairs.get("payload") {
        Some(Value::String(payload)) => serde_json::from_str(payload).unwrap(),
        _ => Value::Object(pairs),
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

#[test]
fn what_people_write_arrives_as_slack_sends_it() {
    block_on(async {
        let sim = Sim::start().await;
        let ear = Ear::on(&sim).await;
        let ts = sim.paste("anna", "a < b").await;
        let heard = ear.last();
        assert_eq!(
            (&heard["team_id"], &heard["api_app_id"], &heard["type"]),
            (&json!(TEAM), &json!(APP), &json!("event_callback"))
        );
        assert_eq!((&heard["event"]["text"], &heard["event"]["ts"]), (&json!("a &lt; b"), &json!(ts)));
        assert!(heard["event"]["client_msg_id"].is_string() && heard["event"]["bot_id"].is_null());
        assert!(sim.edit(&ts, "a > b").await.accepted);
        let event = ear.last()["event"].clone();
        assert_eq!((&event["subtype"], &event["message"]["ts"]), (&json!("message_changed"), &json!(ts)));
        assert_eq!(
            (&event["previous_message"]["text"], &event["message"]["text"]),
            (&json!("a &lt; b"), &json!("a &gt; b"))
        );
        assert!(event["message"]["edited"]["ts"].is_string());
        assert!(sim.delete(&ts).await.accepted);
        assert_eq!(ear.last()["event"]["deleted_ts"], json!(ts));
        let before = ear.got.lock().unwrap().len();
        sim.paste("anna", "@reanchor help").await;
        let kinds: Vec<Value> =
            ear.got.lock().unwrap()[before..].iter().map(|got| got["event"]["type"].clone()).collect();
        assert!(kinds.len() == 2 && kinds.contains(&json!("app_mention")), "{kinds:?}");
        sim.api_posted("ben", "approve").await;
        let event = ear.last()["event"].clone();
        assert!(event["user"] == "U0BEN000000" && event["bot_id"].is_string() && event["client_msg_id"].is_null());
        sim.relayed("Alice", "approve").await;
        let event = ear.last()["event"].clone();
        assert_eq!((&event["subtype"], &event["username"]), (&json!("bot_message"), &json!("Alice (msteams)")));
        assert!(event["user"].is_null());
        sim.say("xenia", (SHARED, None), "hi").await;
        let heard = ear.last();
        assert_eq!(heard["is_ext_shared_channel"], true);
        assert_ne!(heard["event"]["user_team"], json!(TEAM));
        let long: String = (0..40).map(|n| n.to_string() + "\n").collect();
        sim.share("anna", ("error.txt", true), &long).await;
        let file = ear.last()["event"]["files"][0].clone();
        assert_eq!((&file["mode"], &file["preview_is_truncated"]), (&json!("snippet"), &json!(true)));
        let url = file["url_private_download"].as_str().unwrap();
        let page = reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap();
        assert!(page.status().is_success() && page.text().await.unwrap().contains("Sign in"));
    });
}

#[test]
fn clicks_forms_commands_and_shortcuts_arrive_as_slack_sends_them() {
    block_on(async {
        let sim = Sim::start().await;
        let ear = Ear::on(&sim).await;
        let plain = |text: &str| json!({ "type": "plain_text", "text": text });
        let confirm =
            json!({ "title": plain("Sure?"), "text": plain("It runs."), "confirm": plain("Yes"), "deny": plain("No") });
        let button = json!({ "type": "button", "action_id": "a1", "text": plain("Approve"), "value": "token", "confirm": confirm });
        let blocks = json!([{ "type": "actions", "block_id": "b1", "elements": [button] }]);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let call = |method: &str, body: Value| {
            http.post(format!("{}{method}", sim.api_url())).bearer_auth(super::sim::BOT_TOKEN).json(&body).send()
        };
        let root = sim.paste("anna", "x").await;
        let card = json!({
            "channel": PROVISIONING, "thread_ts": root, "text": "card", "blocks": blocks,
            "unfurl_links": false, "unfurl_media": false,
        });
        call("chat.postMessage", card).await.unwrap();
        let clicked = sim.click("ben", "Approve").await;
        assert_eq!(clicked.confirm.as_deref(), Some("It runs."));
        assert_eq!((clicked.outcome.kind, clicked.outcome.attempts), (Kind::Interaction, 1));
        let payload = ear.last();
        assert_eq!((&payload["type"], &payload["user"]["id"]), (&json!("block_actions"), &json!("U0BEN000000")));
        assert_eq!(
            (&payload["actions"][0]["value"], &payload["actions"][0]["block_id"]),
            (&json!("token"), &json!("b1"))
        );
        assert_eq!((&payload["container"]["thread_ts"], &payload["team"]["id"]), (&json!(root), &json!(TEAM)));
        let label = plain("Why?");
        let field = json!({ "type": "input", "block_id": "why", "label": label, "element": { "type": "plain_text_input", "action_id": "t" } });
        let view = json!({
            "type": "modal", "callback_id": "deny", "title": plain("Deny"), "submit": plain("Deny"),
            "private_metadata": "m", "blocks": [field],
        });
        call("views.open", json!({ "trigger_id": payload["trigger_id"], "view": view })).await.unwrap();
        *ear.answer.lock().unwrap() = json!({ "response_action": "errors", "errors": { "why": "longer" } }).to_string();
        sim.submit("ben", "no").await;
        assert_eq!(sim.form("ben").await.errors["why"], "longer");
        *ear.answer.lock().unwrap() = String::new();
        sim.submit("ben", "because").await;
        let sent = ear.last();
        assert_eq!(
            (&sent["type"], &sent["view"]["state"]["values"]["why"]["t"]["value"]),
            (&json!("view_submission"), &json!("because"))
        );
        assert!(sim.state().modals.iter().all(|modal| !modal.open));
        *ear.answer.lock().unwrap() = "ask <@U1>".to_owned();
        sim.slash("ben", "/reanchor approve ABCD").await;
        assert_eq!((&ear.last()["command"], &ear.last()["text"]), (&json!("/reanchor"), &json!("approve ABCD")));
        assert_eq!(sim.state().whispers("ben").len(), 1);
        *ear.answer.lock().unwrap() = String::new();
        sim.state().knobs.org_install = true;
        sim.shortcut("ben", &root).await;
        let sent = ear.last();
        assert_eq!(
            (&sent["type"], &sent["message_ts"], &sent["team"]),
            (&json!("message_action"), &json!(root), &Value::Null)
        );
        assert_eq!(sent["is_enterprise_install"], true);
        // What the bot posts comes back to it.
        sim.until("the echo of the card", |_| {
            let got = ear.got.lock().unwrap();
            got.iter().any(|got| got["event"]["user"] == BOT && got["event"]["bot_id"].is_string()).then_some(())
        })
        .await;
    });
}
