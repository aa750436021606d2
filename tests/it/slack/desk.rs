//! The whole thing at one desk: the simulated tenant, the simulated Slack, and `reanchor serve` as a process of its own between
//! them. The same stories run over Socket Mode and over HTTP.

use super::raw;
use super::sim::{
    APP_TOKEN, BOT_TOKEN, DEADLINE, LUNCH, PROVISIONING, Route, SHARED, SIGNING_SECRET, SOUTH, SOUTH_TOKEN, SOUTHERN,
    Seen, Sim, TEAM, WEST, WEST_TEAM, WEST_TOKEN, WESTERN, user_id,
};
use reanchor::config::embedded;
use reanchor::sandbox::{SandboxTime, Tenant, TenantOptions};
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};

const BIN: &str = env!("CARGO_BIN_EXE_reanchor");

/// How Slack reaches the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Socket,
    Http,
}

/// Runs a story over both transports, as two tests.
macro_rules! both {
    ($name:ident, $scenario:expr, $story:expr) => {
        mod $name {
            use super::*;

            #[test]
            fn over_socket_mode() {
                Desk::run($scenario, Transport::Socket, $story);
            }

            #[test]
            fn over_http() {
                Desk::run($scenario, Transport::Http, $story);
            }
        }
    };
}
pub(crate) use both;

/// A bot that serves.
pub(crate) struct Bot {
    child: Child,
    pub(crate) public: u16,
    pub(crate) admin: u16,
    log: PathBuf,
}

impl Bot {
    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Where Slack posts to.
    pub(crate) fn events_url(&self) -> String {
        format!("http://127.0.0.1:{}/slack/events", self.public)
    }

    /// Ends it without a word, as a power cut does.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end, and waits.
    async fn stop(mut self) -> bool {
        let id = self.child.id().map(|id| id.to_string());
        if let Some(id) = id {
            Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
        }
        tokio::time::timeout(Duration::from_mins(1), self.child.wait()).await.is_ok_and(|end| end.unwrap().success())
    }
}

/// The desk.
pub(crate) struct Desk {
    pub(crate) sim: Sim,
    pub(crate) tenant: Tenant,
    pub(crate) transport: Transport,
    pub(crate) http: reqwest::Client,
    folder: TempDir,
    config: PathBuf,
    pub(crate) bots: Vec<Bot>,
    started: usize,
    /// Log lines of level ERROR that the story brings about on purpose.
    pub(crate) expected_errors: Vec<&'static str>,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Desk {
    /// Runs `story` with a bot that is ready, and looks afterwards at what must never be.
    pub(crate) fn run<F>(scenario: &str, transport: Transport, story: F)
    where
        F: AsyncFnOnce(&mut Desk),
    {
        Self::play((scenario, transport, false), story);
    }

    /// As [`Desk::run`], with the app in two further installations: a workspace, and an organization.
    pub(crate) fn run_wide<F>(scenario: &str, transport: Transport, story: F)
    where
        F: AsyncFnOnce(&mut Desk),
    {
        Self::play((scenario, transport, true), story);
    }

    fn play<F>((scenario, transport, wide): (&str, Transport, bool), story: F)
    where
        F: AsyncFnOnce(&mut Desk),
    {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut desk = Desk::open(scenario, transport, wide).await;
            desk.start_bot().await;
            story(&mut desk).await;
            desk.close().await;
        });
    }

    async fn open(scenario: &str, transport: Transport, wide: bool) -> Desk {
        let text = embedded::SCENARIOS.iter().find(|(name, _)| *name == scenario).unwrap().1;
        let tenant = Tenant::start(TenantOptions {
            scenario: text.to_owned(),
            scenarios: Vec::new(),
            okta_port: 0,
            graph_port: 0,
            control_port: 0,
            state_file: None,
            time: SandboxTime::Real,
            seed: Some(7),
        })
        .await
        .unwrap();
        let sim = Sim::start().await;
        let folder = TempDir::new().unwrap();
        let config = tenant.write_config(folder.path()).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut desk = Desk {
            sim,
            tenant,
            transport,
            http,
            folder,
            config,
            bots: Vec::new(),
            started: 0,
            expected_errors: Vec::new(),
        };
        desk.configure(wide).await;
        desk
    }

    /// Appends what Slack needs to the configuration of the tenant.
    async fn configure(&mut self, wide: bool) {
        let mode = if self.transport == Transport::Socket { "socket" } else { "http" };
        let mut text = std::fs::read_to_string(&self.config).unwrap();
        write!(
            text,
            "\n[slack]\nmode = \"{mode}\"\napi_url = \"{}\"\nsilence = \"4s\"\n\
             relays = [{{ id = \"B0BRIDGE001\", name = \"matterbridge\" }}]\n",
            self.sim.api_url()
        )
        .unwrap();
        let mut channels = vec![PROVISIONING.to_owned(), SHARED.to_owned()];
        if wide {
            writeln!(text, "workspaces = [\"{SOUTH}\", \"{WEST}\"]").unwrap();
            channels.extend([format!("{SOUTH}/{SOUTHERN}"), format!("{WEST}/{WESTERN}")]);
        }
        for id in channels {
            let facts = "full";
            write!(text, "\n[[channel]]\nsurface = \"slack\"\nid = \"{id}\"\nlisten = true\nfacts = \"{facts}\"\n")
                .unwrap();
        }
        let scene = self.control("scenario", None).await;
        let mut linked: Vec<(String, String)> = scene["people"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, who)| (name.clone(), who["okta"].as_str().unwrap().to_owned()))
            .collect();
        linked.push(("sam".to_owned(), scene["subject"]["okta"].as_str().unwrap().to_owned()));
        linked.sort();
        linked.dedup();
        for (name, okta) in linked {
            let user = user_id(&name);
            writeln!(text, "\n[[link]]\nslack = \"{TEAM}/{user}\"\nokta = \"{okta}\"").unwrap();
        }
        if wide {
            // An account of an organization is linked by the organization or by its workspace; ben is linked at home only.
            for (team, name, of) in [
                (SOUTH, "annasouth", "anna"),
                (SOUTH, "carlasouth", "carla"),
                (WEST, "annawest", "anna"),
                (WEST_TEAM, "carlawest", "carla"),
            ] {
                let okta = scene["people"][of]["okta"].as_str().unwrap();
                writeln!(text, "\n[[link]]\nslack = \"{team}/{}\"\nokta = \"{okta}\"", user_id(name)).unwrap();
            }
        }
        std::fs::write(&self.config, text).unwrap();
        let env = self.folder.path().join("reanchor.env");
        let mut secrets = std::fs::read_to_string(&env).unwrap();
        writeln!(secrets, "SLACK_BOT_TOKEN={BOT_TOKEN}\nSLACK_SIGNING_SECRET={SIGNING_SECRET}").unwrap();
        if wide {
            writeln!(secrets, "SLACK_BOT_TOKEN_{SOUTH}={SOUTH_TOKEN}\nSLACK_BOT_TOKEN_{WEST}={WEST_TOKEN}").unwrap();
        }
        if self.transport == Transport::Socket {
            writeln!(secrets, "SLACK_APP_TOKEN={APP_TOKEN}").unwrap();
        }
        std::fs::write(&env, secrets).unwrap();
    }

    /// Starts a bot on this configuration and database, and waits until it is ready.
    pub(crate) async fn start_bot(&mut self) {
        let (public, admin) = (free_port(), free_port());
        self.started += 1;
        let log = self.folder.path().join(format!("bot-{}.log", self.started));
        let child = Command::new(BIN)
            .args(["serve", "--config"])
            .arg(&self.config)
            .env("REANCHOR__SERVER__LISTEN", format!("127.0.0.1:{public}"))
            .env("REANCHOR__SERVER__ADMIN_LISTEN", format!("127.0.0.1:{admin}"))
            .env("REANCHOR__RUN__CALL_TIMEOUT", "3s")
            .env("REANCHOR__RUN__LEASE", "20s")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let bot = Bot { child, public, admin, log };
        let before = self.sim.state().opened;
        self.until_ready(&bot).await;
        match self.transport {
            Transport::Http => self.sim.state().knobs.route = Route::Http(bot.events_url()),
            Transport::Socket => {
                self.sim.until("a socket of the new bot", |state| (state.opened > before).then_some(())).await;
            }
        }
        self.bots.push(bot);
    }

    async fn until_ready(&self, bot: &Bot) {
        let url = format!("http://127.0.0.1:{}/readyz", bot.admin);
        let ask = async {
            loop {
                let answer = self.http.get(&url).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        };
        let ready = tokio::time::timeout(Duration::from_mins(1), ask).await;
        assert!(ready.is_ok(), "never ready:\n{}\n{}", bot.log(), self.sim.story());
    }

    /// A call of the tenant's control port.
    pub(crate) async fn control(&self, path: &str, body: Option<Value>) -> Value {
        let access = self.tenant.access();
        let url = format!("{}/{path}", access.control_url);
        let request = match body {
            Some(body) => self.http.post(url).json(&body),
            None => self.http.get(url),
        };
        let answer = request.bearer_auth(&access.control_token).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
        let text = answer.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }

    /// Waits until the tenant holds a call.
    pub(crate) async fn until_held(&self) {
        let ask = async {
            while self.control("holds", None).await.as_array().is_none_or(Vec::is_empty) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(DEADLINE, ask).await.is_ok(), "no call was held\n{}", self.sim.story());
    }

    /// The text of the failed task, as the console of Okta shows it.
    pub(crate) async fn error_text(&self) -> String {
        self.control("error", None).await.as_str().unwrap().to_owned()
    }

    /// Effective writes to the directories that were not Okta's own.
    pub(crate) async fn writes(&self) -> Vec<String> {
        let all = self.control("writes", None).await;
        let ours = all.as_array().unwrap().iter().filter(|w| w["by"] != "okta" && w["effective"] == true);
        ours.map(|write| write["op"].as_str().unwrap().to_owned()).collect()
    }

    /// Cases as the command line tells them: (case, state), oldest first.
    pub(crate) async fn cases(&self) -> Vec<(String, String)> {
        let output =
            Command::new(BIN).args(["case", "list", "--format", "json", "--config"]).arg(&self.config).output().await;
        let output = output.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let row = |line: &str| -> (String, String) {
            let row: Value = serde_json::from_str(line).unwrap();
            (row["case"].as_str().unwrap().to_owned(), row["state"].as_str().unwrap().to_owned())
        };
        text.lines().map(row).collect()
    }

    /// How many audit rows of this kind there are.
    pub(crate) async fn audit(&self, kind: &str) -> usize {
        let output = Command::new(BIN).args(["audit", "export", "--config"]).arg(&self.config).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let rows = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        rows.filter(|row| row["kind"] == kind).count()
    }

    /// Refusals that the record holds, in order: who, what, by which rule. Waits until there are `least`, for a moment: the
    /// whisper goes out before the row is written.
    pub(crate) async fn refusals(&self, least: usize) -> Vec<(String, String, String)> {
        for _ in 0..100 {
            let found = self.refusals_now().await;
            if found.len() >= least {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.refusals_now().await
    }

    async fn refusals_now(&self) -> Vec<(String, String, String)> {
        let output = Command::new(BIN).args(["audit", "export", "--config"]).arg(&self.config).output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let rows = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let refused = rows.filter(|row| row["kind"] == "refused").map(|row| {
            let payload: Value = serde_json::from_str(row["payload"].as_str().unwrap()).unwrap();
            let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (word(&row["actor"]), word(&payload["what"]), word(&payload["rule"]))
        });
        refused.collect()
    }

    /// Changes the configuration and starts the bot on it anew.
    pub(crate) async fn restart_with(&mut self, from: &str, to: &str) {
        let text = std::fs::read_to_string(&self.config).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(&self.config, text.replacen(from, to, 1)).unwrap();
        self.bots[0].kill().await;
        self.bots.clear();
        self.start_bot().await;
    }

    /// The state of the only case.
    pub(crate) async fn state_of_the_case(&self) -> String {
        let cases = self.cases().await;
        assert_eq!(cases.len(), 1, "{cases:?}\n{}", self.sim.story());
        cases[0].1.clone()
    }

    /// How many events of Slack a bot stored, or knew already.
    pub(crate) async fn heard(&self, bot: &Bot) -> u64 {
        let url = format!("http://127.0.0.1:{}/metrics", bot.admin);
        let text = self.http.get(url).send().await.unwrap().text().await.unwrap();
        let counted = |line: &&str| {
            let stored = line.contains("outcome=\"stored\"") || line.contains("outcome=\"repeated\"");
            line.starts_with("reanchor_inbound_events_total{") && stored && line.contains("surface=\"slack\"")
        };
        let values = text.lines().filter(counted).filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
        values.sum()
    }

    /// Waits until the only case is in this state.
    pub(crate) async fn until_case(&self, state: &str) {
        let ask = async {
            while !self.cases().await.iter().any(|(_, is)| is == state) {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let came = tokio::time::timeout(DEADLINE, ask).await;
        assert!(came.is_ok(), "never {state}: {:?}\n{}\n{}", self.cases().await, self.sim.story(), self.logs());
    }

    /// Pastes the scenario's error by anna, and waits for the card that offers something.
    pub(crate) async fn pasted(&self) -> (String, Seen) {
        let text = self.error_text().await;
        let root = self.sim.paste("anna", &text).await;
        let card = self.sim.card(&root, "a card with Look again", |card| card.has("Look again")).await;
        (root, card)
    }

    /// Pastes, and has anna ask for the reassignment: the card that can be approved.
    pub(crate) async fn proposed(&self) -> (String, Seen) {
        let (root, _) = self.pasted().await;
        self.sim.click("anna", "Reassign").await;
        let card = self.sim.card(&root, "a card with Approve", |card| card.has("Approve")).await;
        (root, card)
    }

    /// Posts a body to the bot as it is, with these headers; status and answer.
    pub(crate) async fn post_raw(&self, headers: &[(&str, String)], body: Vec<u8>) -> (u16, String) {
        if body.len() > raw::LONGEST {
            return raw::announce(self.bots[0].public, headers, &body).await;
        }
        let request = headers
            .iter()
            .fold(self.http.post(self.bots[0].events_url()), |request, (name, value)| request.header(*name, value));
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap_or_default())
    }

    /// What all bots logged.
    pub(crate) fn logs(&self) -> String {
        let log = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
        (1..=self.started).map(|n| log(&self.folder.path().join(format!("bot-{n}.log")))).collect()
    }

    /// The code that a proposed card shows.
    pub(crate) fn code(card: &Seen) -> String {
        let words = card.text.split(|c: char| !c.is_ascii_alphanumeric());
        let code = |word: &&str| {
            word.len() == 10
                && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c.is_ascii_lowercase())
        };
        let after = card.text.split("Code").nth(1).unwrap_or_default();
        let first = after.split(|c: char| !c.is_ascii_alphanumeric()).find(code);
        first
            .or_else(|| words.clone().find(code))
            .unwrap_or_else(|| panic!("no code on the card:\n{}", card.text))
            .to_owned()
    }

    async fn close(self) {
        let logs = {
            let mut whole = true;
            let mut bots = self.bots;
            for bot in bots.drain(..) {
                whole &= bot.stop().await;
            }
            let logs: String = (1..=self.started)
                .map(|n| std::fs::read_to_string(self.folder.path().join(format!("bot-{n}.log"))).unwrap())
                .collect();
            assert!(whole, "a bot did not end well:\n{logs}");
            logs
        };
        let state = self.sim.state();
        assert!(state.blunders.is_empty(), "{:?}", state.blunders);
        let codes =
            ["invalid_blocks", "msg_blocks_too_long", "msg_too_long", "no_text", "invalid_arguments", "unknown_method"];
        for call in &state.calls {
            let bad = call.error.as_deref().is_some_and(|error| codes.contains(&error));
            assert!(!bad, "{} was refused: {:?}\n{:?}", call.method, call.error, call.args);
        }
        drop(state);
        for line in logs.lines().filter(|line| line.contains("ERROR") || line.contains("panicked")) {
            assert!(self.expected_errors.iter().any(|part| line.contains(part)), "{line}");
        }
        for secret in
            [SOUTH_TOKEN, WEST_TOKEN, BOT_TOKEN, APP_TOKEN, SIGNING_SECRET, "/hooks/", "ticket-", "sam.whitlock@"]
        {
            assert!(!logs.contains(secret), "the log tells {secret}:\n{logs}");
        }
    }
}

/// A scenario's ask for the tenant: the next call of `op` is held before it is done.
pub(crate) fn hold(op: &str, nth: u64) -> Value {
    json!({ "op": op, "nth": nth, "how": "hold_before" })
}

/// Okta groups of the tenant: the approvers, and those that the app is assigned to.
pub(crate) const APPROVERS: &str = "00g8approvF6mZt2Rs7d";
pub(crate) const APP_GROUP: &str = "00g8m365usersD2kQx7d";

/// The channel that is not configured.
pub(crate) const ELSEWHERE: &str = LUNCH;
