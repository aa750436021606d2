//! The simulation keeps what Slack publishes: these tests talk to it as a small bot would, by hand.

use super::sim::{
    APP_TOKEN, BOT, BOT_TOKEN, DOWNSTAIRS, Fault, LUNCH, PROVISIONING, Route, SIGNING_SECRET, Sim, check_message,
    plain, signature,
};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A bot of a few lines.
struct Toy {
    http: reqwest::Client,
    api: String,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Toy {
    fn of(sim: &Sim) -> Toy {
        Toy { http: reqwest::Client::builder().no_proxy().build().unwrap(), api: sim.api_url() }
    }

    async fn json(&self, method: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{method}", self.api)).bearer_auth(BOT_TOKEN).json(&body);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn get(&self, method: &str, query: &[(&str, &str)]) -> Value {
        let request = self.http.get(format!("{}{method}", self.api)).bearer_auth(BOT_TOKEN).query(query);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn connect(&self) -> (Socket, Value) {
        let url = format!("{}apps.connections.open", self.api);
        let answer: Value = self.http.post(url).bearer_auth(APP_TOKEN).send().await.unwrap().json().await.unwrap();
        let (mut socket, _) = connect_async(answer["url"].as_str().unwrap()).await.unwrap();
        let hello = frame(&mut socket).await;
        (socket, hello)
    }
}

async fn frame(socket: &mut Socket) -> Value {
    loop {
        match socket.next().await {
            Some(Ok(Frame::Text(text))) => return serde_json::from_str(text.as_str()).unwrap(),
            Some(Ok(Frame::Close(_))) | None => return Value::Null,
            Some(Ok(_)) => {}
            Some(Err(error)) => panic!("{error}"),
        }
    }
}

async fn acknowledge(socket: &mut Socket, envelope: &Value) {
    let ack = json!({ "envelope_id": envelope["envelope_id"] });
    socket.send(Frame::text(ack.to_string())).await.unwrap();
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

fn quiet_post(channel: &str, text: &str) -> Value {
    json!({ "channel": channel, "text": text, "unfurl_links": false, "unfurl_media": false })
}

#[test]
fn tokens_scopes_and_forms_are_judged_as_slack_does() {
    block_on(async {
        let sim = Sim::start().await;
        let toy = Toy::of(&sim);
        let url = format!("{}auth.test", sim.api_url());
        let bare: Value = toy.http.post(&url).send().await.unwrap().json().await.unwrap();
        assert_eq!(bare["error"], "not_authed");
        let wrong: Value = toy.http.post(&url).bearer_auth("xoxb-no").send().await.unwrap().json().await.unwrap();
        assert_eq!(wrong["error"], "invalid_auth");
        let answer = toy.http.post(&url).bearer_auth(BOT_TOKEN).send().await.unwrap();
        let scopes = answer.headers()["x-oauth-scopes"].to_str().unwrap().to_owned();
        assert!(scopes.contains("chat:write") && scopes.contains("files:read"), "{scopes}");
        assert_eq!(answer.json::<Value>().await.unwrap()["user_id"], BOT);
        assert_eq!(toy.json("apps.connections.open", json!({})).await["error"], "not_allowed_token_type");
        assert_eq!(toy.json("no.such", json!({})).await["error"], "unknown_method");
        // A method that reads knows no JSON body.
        assert_eq!(toy.json("users.info", json!({ "user": BOT })).await["error"], "user_not_found");
        assert_eq!(toy.get("users.info", &[("user", BOT)]).await["user"]["is_bot"], true);
        let guest = toy.get("users.info", &[("user", "U0GUS000000")]).await;
        assert_eq!(
            (&guest["user"]["is_restricted"], &guest["user"]["is_ultra_restricted"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(toy.get("users.info", &[("user", "U0XENIA0000")]).await["user"]["is_stranger"], true);
        sim.state().knobs.scopes.retain(|scope| scope != "users:read");
        let missing = toy.get("users.info", &[("user", BOT)]).await;
        assert_eq!((&missing["error"], &missing["needed"]), (&json!("missing_scope"), &json!("users:read")));
        sim.state().knobs.faults.push(("chat.postMessage".to_owned(), Fault::RateLimited(7), 1));
        let url = format!("{}chat.postMessage", sim.api_url());
        let form = [("channel", PROVISIONING), ("text", "x"), ("unfurl_links", "false"), ("unfurl_media", "false")];
        let refused = toy.http.post(&url).bearer_auth(BOT_TOKEN).form(&form).send().await.unwrap();
        assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "7"));
        let taken = toy.http.post(&url).bearer_auth(BOT_TOKEN).form(&form).send().await.unwrap();
        assert_eq!(taken.json::<Value>().await.unwrap()["ok"], true);
        assert_eq!(sim.state().posts().len(), 1);
    });
}

#[test]
fn posts_edits_and_answers_for_one_person_follow_the_rules_of_channels() {
    block_on(async {
        let sim = Sim::start().await;
        let toy = Toy::of(&sim);
        assert_eq!(toy.json("chat.postMessage", quiet_post("C0NOWHERE00", "x")).await["error"], "channel_not_found");
        assert_eq!(toy.json("chat.postMessage", quiet_post(DOWNSTAIRS, "x")).await["error"], "not_in_channel");
        assert_eq!(toy.json("chat.postMessage", quiet_post(LUNCH, "")).await["error"], "no_text");
        let long = "x".repeat(40_001);
        assert_eq!(toy.json("chat.postMessage", quiet_post(LUNCH, &long)).await["error"], "msg_too_long");
        let posted = toy.json("chat.postMessage", quiet_post(LUNCH, "first")).await;
        let ts = posted["ts"].as_str().unwrap();
        let edit = |ts: &str, text: &str| json!({ "channel": LUNCH, "ts": ts, "text": text });
        assert_eq!(toy.json("chat.update", edit(ts, "second")).await["text"], "second");
        assert_eq!(toy.json("chat.update", edit("1.000001", "x")).await["error"], "message_not_found");
        let said = sim.say("anna", (LUNCH, None), "mine").await;
        assert_eq!(toy.json("chat.update", edit(&said, "x")).await["error"], "cant_update_message");
        let mut only = quiet_post(LUNCH, "psst");
        only["user"] = json!("U0ANNA00000");
        let whisper = toy.json("chat.postEphemeral", only).await;
        let whispered = whisper["message_ts"].as_str().unwrap();
        assert_eq!(toy.json("chat.update", edit(whispered, "x")).await["error"], "message_not_found");
        assert_eq!(sim.state().whispers("anna").len(), 1);
        assert!(sim.state().whispers("ben").is_empty());
        let link = toy.get("chat.getPermalink", &[("channel", LUNCH), ("message_ts", ts)]).await;
        assert!(link["permalink"].as_str().unwrap().contains(LUNCH));
        assert!(sim.state().blunders.is_empty(), "{:?}", sim.state().blunders);
        let mut ping = quiet_post(LUNCH, "a <!channel> b");
        ping["unfurl_links"] = json!(true);
        toy.json("chat.postMessage", ping).await;
        assert_eq!(sim.state().blunders.len(), 2, "{:?}", sim.state().blunders);
    });
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

#[test]
fn blocks_over_a_limit_are_refused() {
    let code = |blocks: Value| check_message(&blocks).err().map(|(code, _)| code);
    assert_eq!(code(json!([section("fine"), { "type": "divider" }])), None);
    assert_eq!(code(json!(vec![section("x"); 51])), Some("invalid_blocks"));
    assert_eq!(code(json!([section(&"x".repeat(3001))])), Some("invalid_blocks"));
    assert_eq!(code(json!([section("")])), Some("invalid_blocks"));
    assert_eq!(code(json!(vec![section(&"x".repeat(2900)); 5])), Some("msg_blocks_too_long"));
    let button =
        |label: &str| json!({ "type": "button", "action_id": label, "text": { "type": "plain_text", "text": label } });
    let actions = |all: Vec<Value>| json!([{ "type": "actions", "elements": all }]);
    assert_eq!(code(actions(vec![button("Approve")])), None);
    assert_eq!(code(actions(vec![button("same"), button("same")])), Some("invalid_blocks"));
    assert_eq!(code(actions(vec![button(&"x".repeat(76))])), Some("invalid_blocks"));
    assert_eq!(code(actions((0..26).map(|n| button(&n.to_string())).collect())), Some("invalid_blocks"));
    let mut odd = button("Approve");
    odd["confirm"] = json!({ "title": { "type": "plain_text", "text": "Sure?" } });
    assert_eq!(code(actions(vec![odd])), Some("invalid_blocks"), "a confirm dialog is whole or not there");
    assert_eq!(code(json!([{ "type": "context", "elements": [] }])), Some("invalid_blocks"));
    assert_eq!(code(json!([{ "type": "input" }])), Some("invalid_blocks"), "an input stands in a view only");
    assert_eq!(code(json!([{ "type": "section", "block_id": "a", "fields": [] }])), Some("invalid_blocks"));
    let text = json!({ "type": "text", "text": "*as it is* <!channel>" });
    let rich = json!([{ "type": "rich_text", "elements": [{ "type": "rich_text_preformatted", "elements": [text] }] }]);
    assert_eq!(code(rich.clone()), None);
    assert_eq!(plain("", &rich), "*as it is* <!channel>");
    assert_eq!(
        plain("", &json!([section("*strong* &lt;b&gt; <https://x.example|here> 2*3*4")])),
        "strong <b> here 2*3*4"
    );
}

#[test]
fn sockets_have_tickets_and_what_is_not_acknowledged_comes_again() {
    block_on(async {
        let sim = Sim::start().await;
        let toy = Toy::of(&sim);
        let (mut socket, hello) = toy.connect().await;
        assert_eq!((&hello["type"], &hello["num_connections"]), (&json!("hello"), &json!(1)));
        let (mut second, hello) = toy.connect().await;
        assert_eq!(hello["num_connections"], 2);
        sim.sockets(2).await;
        second.close(None).await.unwrap();
        sim.until("one socket", |state| (state.links.len() == 1).then_some(())).await;
        sim.state().knobs.drop_acks = 1;
        sim.state().knobs.patience = Duration::from_millis(500);
        let (ts, event) = sim.wrote("anna", (PROVISIONING, None), "hello");
        let listen = async {
            let first = frame(&mut socket).await;
            assert_eq!((&first["type"], &first["retry_attempt"]), (&json!("events_api"), &json!(0)));
            assert_eq!(first["payload"]["event"]["ts"], json!(ts));
            acknowledge(&mut socket, &first).await;
            let again = frame(&mut socket).await;
            assert_eq!(again["retry_attempt"], 1);
            assert_eq!(again["payload"]["event_id"], first["payload"]["event_id"]);
            assert_ne!(again["envelope_id"], first["envelope_id"]);
            acknowledge(&mut socket, &again).await;
        };
        let (outcome, ()) = tokio::join!(sim.event(&event), listen);
        assert!(outcome.accepted && outcome.attempts == 2, "{outcome:?}");
        // A command is delivered once, whatever becomes of it.
        let typed = sim.command_payload(PROVISIONING, "ben", "/reanchor help");
        assert_eq!(typed["text"], "help");
        sim.silence_sockets();
        let outcome = sim.slash("ben", "/reanchor help").await;
        assert!(!outcome.accepted && outcome.attempts == 1, "{outcome:?}");
        let (mut third, _) = toy.connect().await;
        sim.sockets(2).await;
        let (told, ()) = tokio::join!(async { frame(&mut third).await }, sim.refresh_sockets());
        assert_eq!(told["type"], "disconnect");
        sim.down(true);
        let url = format!("{}apps.connections.open", sim.api_url());
        assert_eq!(toy.http.post(url).bearer_auth(APP_TOKEN).send().await.unwrap().status().as_u16(), 503);
    });
}

#[test]
fn http_deliveries_are_signed_and_repeated_with_their_marks() {
    block_on(async {
        let sim = Sim::start().await;
        let got: Arc<Mutex<Vec<(HeaderMap, Bytes)>>> = Arc::default();
        let keep = Arc::clone(&got);
        let take = move |headers: HeaderMap, body: Bytes| async move {
            let mut got = keep.lock().unwrap();
            got.push((headers, body));
            if got.len() == 1 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/slack/events", listener.local_addr().unwrap());
        let mut servers = JoinSet::new();
        servers.spawn(async move { axum::serve(listener, Router::new().route("/slack/events", post(take))).await });
        sim.state().knobs.route = Route::Http(url);
        let (_, event) = sim.wrote("anna", (PROVISIONING, None), "hello");
        let outcome = sim.event(&event).await;
        assert!(outcome.accepted && outcome.attempts == 2, "{outcome:?}");
        let got = got.lock().unwrap();
        let header = |at: usize, name: &str| got[at].0.get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header(0, "x-slack-retry-num"), None);
        assert_eq!(header(1, "x-slack-retry-num").as_deref(), Some("1"));
        assert_eq!(header(1, "x-slack-retry-reason").as_deref(), Some("http_error"));
        let at: i64 = header(1, "x-slack-request-timestamp").unwrap().parse().unwrap();
        assert_eq!(header(1, "x-slack-signature"), Some(signature(SIGNING_SECRET, at, &got[1].1)));
    });
    // The example of Slack's own page on signatures.
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
                trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let signed = signature("8f742231b10e8888abcd99yyyzzz85a5", 1_531_420_618, body.as_bytes());
    assert_eq!(signed, "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503");
}

#[test]
fn triggers_and_response_urls_wear_out() {
    block_on(async {
        let sim = Sim::start().await;
        let toy = Toy::of(&sim);
        let typed = sim.command_payload(PROVISIONING, "ben", "/reanchor deny AAAA");
        let title = json!({ "type": "plain_text", "text": "Deny" });
        let view = json!({ "type": "modal", "title": title, "blocks": [section("why?")] });
        let open = json!({ "trigger_id": typed["trigger_id"], "view": view });
        let first = toy.json("views.open", open.clone()).await;
        assert_eq!(first["ok"], true, "{first}");
        assert_eq!(toy.json("views.open", open).await["error"], "exchanged_trigger_id");
        let late = sim.command_payload(PROVISIONING, "ben", "/reanchor deny AAAA");
        tokio::time::sleep(Duration::from_millis(3100)).await;
        let open = json!({ "trigger_id": late["trigger_id"], "view": view });
        assert_eq!(toy.json("views.open", open).await["error"], "expired_trigger_id");
        let wide = json!({ "type": "modal", "title": { "type": "plain_text", "text": "x".repeat(25) }, "blocks": [] });
        let update = json!({ "view_id": first["view"]["id"], "view": wide });
        assert_eq!(toy.json("views.update", update).await["error"], "invalid_arguments");
        let url = typed["response_url"].as_str().unwrap();
        for n in 1..=6 {
            let answer = toy.http.post(url).json(&json!({ "text": format!("{n}") })).send().await.unwrap();
            assert_eq!(answer.status().is_success(), n <= 5, "use {n}");
        }
        assert_eq!(sim.state().whispers("ben").len(), 5);
    });
}
