//! The examination against a server that plays Slack well and badly.

use super::*;
use crate::domain::finding::Verdict;
use crate::ports::secret::SecretError;
use async_trait::async_trait;
use axum::Router;
use axum::http::Uri;
use axum::response::IntoResponse;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What the server answers to a method, and the scopes it names.
#[derive(Clone)]
struct Plays {
    auth: &'static str,
    open: &'static str,
    info: &'static str,
    scopes: String,
}

fn all_scopes() -> String {
    SCOPES.map(|(scope, _)| scope).join(", ")
}

fn well() -> Plays {
    Plays {
        auth: r#"{"ok":true,"team_id":"T01","user_id":"U01","bot_id":"B01"}"#,
        open: r#"{"ok":true,"url":"wss://x.example"}"#,
        info: r#"{"ok":true,"channel":{"is_member":true}}"#,
        scopes: all_scopes(),
    }
}

async fn server(plays: Plays) -> (String, JoinSet<()>) {
    let handler = move |uri: Uri| {
        let body = match uri.path() {
            "/api/auth.test" => plays.auth,
            "/api/apps.connections.open" => plays.open,
            _ => plays.info,
        };
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("x-oauth-scopes", plays.scopes.clone()),
            ("date", "Tue, 14 Nov 2023 22:13:20 GMT".to_owned()),
        ];
        async move { (headers, body).into_response() }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/", listener.local_addr().unwrap());
    let mut running = JoinSet::new();
    running.spawn(async move { axum::serve(listener, Router::new().fallback(handler)).await.unwrap() });
    (url, running)
}

struct Pocket(BTreeMap<&'static str, &'static str>);

impl Secrets for Pocket {
    fn secret(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        Ok(self.0.get(name).map(|text| Secret::new(text)))
    }

    fn needed(&self, _: &str, _: &str) -> Result<Secret, SecretError> {
        unreachable!("the examination asks for what is there")
    }
}

fn pocket() -> Pocket {
    Pocket(BTreeMap::from([
        ("SLACK_BOT_TOKEN", "xoxb-secret-1"),
        ("SLACK_APP_TOKEN", "xapp-secret-2"),
        ("SLACK_SIGNING_SECRET", "0123456789abcdef0123456789abcdef"),
    ]))
}

/// 1,700,000,000 seconds is what the server's `date` says.
struct At1700(i64);

#[async_trait]
impl Clock for At1700 {
    fn now(&self) -> At {
        At(1_700_000_000_000 + self.0)
    }

    async fn sleep_until(&self, _: At) {}
}

async fn findings(plays: Plays, mode: Mode, pocket: Pocket, drift: i64, facts: Sharing) -> Vec<Finding> {
    let (url, _running) = server(plays).await;
    let settings = Settings { api_url: url, mode, ..Settings::default() };
    let channels = [Channel { surface: "slack".to_owned(), id: "C01".to_owned(), listen: true, facts }];
    let clock = At1700(drift);
    let bench = Bench { settings: &settings, secrets: &pocket, channels: &channels, clock: &clock };
    let found = examine(&bench).await;
    for one in &found {
        let text = format!("{} {} {}", one.check, one.seen, one.mend);
        assert!(!text.contains("secret-") && !text.contains("127.0.0.1"), "{text}");
        assert_eq!(one.verdict == Verdict::Ok, one.mend.is_empty(), "{text}");
    }
    found
}

/// The one finding that is not as it should be.
async fn flaw(plays: Plays, mode: Mode, pocket: Pocket, drift: i64) -> (Verdict, String) {
    let found = findings(plays, mode, pocket, drift, Sharing::Minimal).await;
    let mut bad: Vec<&Finding> = found.iter().filter(|one| one.verdict != Verdict::Ok).collect();
    bad.retain(|one| !one.seen.contains("no working token"));
    let [one] = bad[..] else { panic!("{found:#?}") };
    (one.verdict, format!("{}: {} -> {}", one.check, one.seen, one.mend))
}

#[tokio::test]
async fn a_good_set_up_has_nothing_to_mend_in_either_mode() {
    for mode in [Mode::Socket, Mode::Http] {
        let found = findings(well(), mode, pocket(), 0, Sharing::Minimal).await;
        assert!(found.len() == 5 && found.iter().all(|one| one.verdict == Verdict::Ok), "{found:#?}");
    }
}

#[tokio::test]
async fn each_flaw_is_found_with_the_way_to_mend_it() {
    let without = |name: &'static str| {
        let mut pocket = pocket();
        pocket.0.remove(name);
        pocket
    };
    let with = |name: &'static str, value: &'static str| {
        let mut pocket = pocket();
        pocket.0.insert(name, value);
        pocket
    };
    let (socket, http) = (Mode::Socket, Mode::Http);
    let less = Plays { scopes: all_scopes().replace("files:read, ", ""), ..well() };
    let more = Plays { scopes: format!("{}, chat:write.public", all_scopes()), ..well() };
    let no = |code| Plays { auth: code, ..well() };
    let closed = |code| Plays { open: code, ..well() };
    let room = |info| Plays { info, ..well() };
    for (plays, mode, pocket, drift, verdict, parts) in [
        (well(), socket, without("SLACK_BOT_TOKEN"), 0, Verdict::Fail, ["SLACK_BOT_TOKEN", "not set"]),
        (well(), socket, with("SLACK_BOT_TOKEN", "xapp-secret-9"), 0, Verdict::Fail, ["app-level", "xoxb-"]),
        (no(r#"{"ok":false,"error":"invalid_auth"}"#), socket, pocket(), 0, Verdict::Fail, ["invalid_auth", "install"]),
        (no("<html>"), socket, pocket(), 0, Verdict::Fail, ["no JSON", "api_url"]),
        (no(r#"{"ok":true}"#), socket, pocket(), 0, Verdict::Warn, ["no bot", "Bot User"]),
        (less, socket, pocket(), 0, Verdict::Fail, ["missing: files:read (", "Reinstall"]),
        (more, socket, pocket(), 0, Verdict::Warn, ["chat:write.public", "Reinstall"]),
        (well(), socket, without("SLACK_APP_TOKEN"), 0, Verdict::Fail, ["SLACK_APP_TOKEN", "not set"]),
        (well(), socket, with("SLACK_APP_TOKEN", "xoxb-secret-9"), 0, Verdict::Fail, ["no app-level", "xapp-"]),
        (
            closed(r#"{"ok":false,"error":"missing_scope"}"#),
            socket,
            pocket(),
            0,
            Verdict::Fail,
            ["lacks", "connections:write"],
        ),
        (closed(r#"{"ok":false,"error":"x"}"#), socket, pocket(), 0, Verdict::Fail, ["answers x", "Socket Mode on"]),
        (well(), http, without("SLACK_SIGNING_SECRET"), 0, Verdict::Fail, ["SLACK_SIGNING_SECRET", "not set"]),
        (well(), http, with("SLACK_SIGNING_SECRET", "short"), 0, Verdict::Warn, ["not look like", "32 characters"]),
        (well(), http, pocket(), 400_000, Verdict::Fail, ["400 s off", "NTP"]),
        (well(), socket, pocket(), -60_000, Verdict::Warn, ["60 s off", "NTP"]),
        (
            room(r#"{"ok":true,"channel":{"is_member":false}}"#),
            socket,
            pocket(),
            0,
            Verdict::Fail,
            ["no member", "/invite"],
        ),
        (room(r#"{"ok":false,"error":"channel_not_found"}"#), socket, pocket(), 0, Verdict::Fail, ["C01", "private"]),
        (
            room(r#"{"ok":true,"channel":{"is_archived":true}}"#),
            socket,
            pocket(),
            0,
            Verdict::Fail,
            ["archived", "take"],
        ),
        (
            room(r#"{"ok":true,"channel":{"is_member":true,"is_ext_shared":true}}"#),
            socket,
            pocket(),
            0,
            Verdict::Warn,
            ["another organization", "none"],
        ),
    ] {
        let (got, text) = flaw(plays, mode, pocket, drift).await;
        assert_eq!(got, verdict, "{text}");
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }
}
