//! What `admin_listen` answers, to whom, and within which limits.

use super::house::{Bot, Tenant, refused};
use crate::cli::own_rules::{BADGE, REFUSED};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ERROR: &str = "Automatic provisioning of user Ida Holm to app Box failed: Matching user not found.";

async fn send(bot: &Bot, kind: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let url = format!("{}/v1/diagnose", bot.admin);
    let answer = bot.http.post(url).header("content-type", kind).body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_diagnosed_within_its_limits() {
    let tenant = Tenant::start("healthy").await;
    let rules = tenant.folder.path().join("rules");
    std::fs::create_dir(&rules).unwrap();
    std::fs::write(rules.join("badge-printer.toml"), BADGE).unwrap();
    let bot = Bot::start(&tenant.config_with(&format!("[rules]\ndir = '{}'", rules.display()))).await;
    // A class of one's own beside the embedded ones.
    assert_eq!(bot.diagnose(REFUSED).await.1["class"], "badge-printer");
    let (status, plain) = bot.diagnose(ERROR).await;
    assert_eq!((status, &plain["class"], plain.get("id")), (200, &json!("okta-matching-user-not-found"), None));
    for id in [json!("m-1"), json!(7), json!(null), json!({ "a": [1] })] {
        let (status, answer) =
            send(&bot, "Application/JSON; charset=utf-8", json!({ "id": id, "text": ERROR }).to_string()).await;
        assert_eq!((status, &answer["id"], &answer["fields"]), (200, &id, &plain["fields"]));
        assert!(answer.as_object().unwrap().contains_key("id"));
    }
    assert_eq!(bot.diagnose("lunch?").await.1["class"], "none");
    // A message at the limit of the classifier, and one beyond it, which says so.
    let long = format!("{ERROR}\n{}", "é".repeat(200_000));
    assert!(bot.diagnose(&long).await.1["cut"].is_object());
    for (kind, body, status, part) in [
        ("application/json", "nonsense", 400, "line 1"),
        ("application/json", "{}", 400, "\"text\""),
        ("application/json", "{\"text\": 7}", 400, "\"text\""),
        ("application/json", "{\"text\": \"x\", \"txet\": 1}", 400, "\"text\""),
        ("application/json", "{\"text\": \"\\ud800\"}", 400, "line 1"),
        ("application/json", "", 400, "line 1"),
        ("text/plain", "{\"text\": \"x\"}", 415, "application/json"),
        ("", "{\"text\": \"x\"}", 415, "application/json"),
    ] {
        let (got, answer) = send(&bot, kind, body).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(got == status && message.contains(part) && !message.contains("txet"), "{body}: {got} {answer}");
    }
    let (status, answer) = send(&bot, "application/json", format!("{{\"text\": {}1", "[".repeat(100_000))).await;
    assert_eq!(status, 400, "{answer}");
    let (status, answer) = send(&bot, "application/json", vec![b'x'; 5 << 20]).await;
    assert_eq!((status, &answer["error"]["status"]), (413, &json!(413)));
    let (status, answer) = send(&bot, "application/json", &b"{\"text\": \"\xff\"}"[..]).await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(bot.get(&format!("{}/v1/diagnose", bot.admin)).await.0, 405);
    assert_eq!(bot.get(&format!("{}/v1/other", bot.admin)).await.0, 404);
    // Nothing of it is in the log, and no case was opened.
    assert!(!bot.log().contains("Ida Holm"), "{}", bot.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_this_machine_asks_by_its_own_name_and_others_by_the_token() {
    let tenant = Tenant::start("healthy").await;
    let bot = Bot::start(&tenant.config_with("")).await;
    let asked =
        |path: &str, host: &'static str| bot.http.get(format!("{}{path}", bot.admin)).header("host", host).send();
    for path in ["/metrics", "/v1/diagnose", "/nothing"] {
        assert_eq!(asked(path, "rebound.example").await.unwrap().status().as_u16(), 403, "{path}");
    }
    let seen: Value = asked("/readyz", "rebound.example").await.unwrap().json().await.unwrap();
    assert_eq!(seen, json!({ "ready": true }), "only yes or no");
    drop(bot);
    // Beyond this machine nothing starts without a token.
    let everywhere = ("REANCHOR__SERVER__ADMIN_LISTEN", "0.0.0.0:0");
    let (code, said) = refused(&tenant.config_with(""), &[everywhere]).await;
    assert!(code == 2 && said.contains("REANCHOR_ADMIN_TOKEN"), "{code} {said}");
    let bot = Bot::start_with(&tenant.config_with(""), &[everywhere, ("REANCHOR_ADMIN_TOKEN", "sesame-open-1")]).await;
    let admin = bot.admin.replace("0.0.0.0", "127.0.0.1");
    for (token, status) in [(None, 401), (Some("sesame-open-2"), 401), (Some("sesame-open-1"), 200)] {
        let request = bot.http.get(format!("{admin}/metrics"));
        let request = token.map_or(request.try_clone().unwrap(), |token| request.bearer_auth(token));
        assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{token:?}");
    }
    assert_eq!(bot.get(&format!("{admin}/readyz")).await, (200, "{\"ready\":true}".to_owned()));
    assert!(!bot.log().contains("sesame"), "{}", bot.log());
}

/// Every sample: name with labels, value. Fails on what the format does not allow.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let (mut helped, mut typed) = (BTreeSet::new(), BTreeMap::new());
    let mut samples = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(helped.insert(name.to_owned()) && help.ends_with('.'), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(helped.contains(name), "no HELP before {line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(typed.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let bare = name.split('{').next().unwrap();
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| bare.strip_suffix(end)).unwrap_or(bare);
            assert!(typed.contains_key(bare) || typed.get(family).is_some_and(|kind| kind == "histogram"), "{line}");
            assert!(bare.starts_with("reanchor_"), "{line}");
            assert!(samples.insert(name.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
        }
    }
    samples
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_are_well_formed_and_name_nobody() {
    let tenant = Tenant::start("deleted-replaced").await;
    let config = tenant.config_with("");
    tenant.chat(&config, "anna: @error\nwait\nanna: press Reassign\nwait\n").await;
    let bot = Bot::start(&config).await;
    let answer = bot.http.get(format!("{}/metrics", bot.admin)).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.text().await.unwrap();
    let found = samples(&text);
    for (name, value) in [
        ("reanchor_cases{state=\"proposed\"}", 1.0),
        ("reanchor_store_up", 1.0),
        ("reanchor_audit_chain_ok", 1.0),
        ("reanchor_frozen", 0.0),
        ("reanchor_runs_open", 0.0),
        ("reanchor_inbox_waiting", 0.0),
    ] {
        assert_eq!(found.get(name), Some(&value), "{name}\n{text}");
    }
    // No person, address, domain or tenant.
    for word in
        ["northbridge", "sam", "whitlock", "00u", "0oa", "c-", "127.0.0.1", tenant.line["tenant_id"].as_str().unwrap()]
    {
        assert!(!text.contains(word), "{word}\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_nothing_useful_holds_nobody_up() {
    let tenant = Tenant::start("healthy").await;
    let bot = Bot::start(&tenant.config_with("")).await;
    let address = bot.public.trim_start_matches("http://").to_owned();
    // Heads that never end, bytes that are no HTTP, and a head that is too long.
    let mut idle = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(b"POST /slack/events HTTP/1.1\r\nHost: x\r\n").await.unwrap();
        idle.push(stream);
    }
    let mut noise = TcpStream::connect(&address).await.unwrap();
    noise.write_all(&[0xff; 512]).await.unwrap();
    noise.write_all(b"\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    noise.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
    let long = bot.http.get(format!("{}/healthz", bot.public)).header("x-long", "y".repeat(100_000)).send().await;
    assert!(long.is_err() || long.is_ok_and(|answer| answer.status().as_u16() == 431));
    assert_eq!(bot.get(&format!("{}/healthz", bot.public)).await.0, 200);
    drop(idle);
}
