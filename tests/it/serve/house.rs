//! Two processes and a folder: a tenant, and a bot that serves on its configuration.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

pub(crate) const BIN: &str = env!("CARGO_BIN_EXE_reanchor");

/// How long anything may take on a machine that is busy with something else.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// A simulated tenant of its own process, and the folder of its configuration.
pub(crate) struct Tenant {
    _child: Child,
    pub(crate) line: Value,
    http: reqwest::Client,
    pub(crate) folder: TempDir,
}

impl Tenant {
    pub(crate) async fn start(scenario: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let mut child = Command::new(BIN)
            .args(["tenant", "--scenario", scenario, "--config-dir"])
            .arg(folder.path())
            .env("REANCHOR_LOG", "error")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().expect("the tenant prints its line");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { _child: child, line: serde_json::from_str(&line).unwrap(), http, folder }
    }

    pub(crate) fn config(&self) -> PathBuf {
        PathBuf::from(self.line["config"].as_str().unwrap())
    }

    /// The configuration with more at its end, and addresses that are free.
    pub(crate) fn config_with(&self, more: &str) -> PathBuf {
        let text = std::fs::read_to_string(self.config()).unwrap();
        let path = self.folder.path().join("serve.toml");
        let server = "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n";
        std::fs::write(&path, format!("{text}\n{server}\n{more}")).unwrap();
        path
    }

    pub(crate) async fn call(&self, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/{path}", self.line["control_url"].as_str().unwrap());
        let request = match body {
            Some(body) => self.http.post(url).json(&body),
            None => self.http.get(url),
        };
        let answer = request.bearer_auth(self.line["control_token"].as_str().unwrap()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
        answer.json().await.unwrap_or(Value::Null)
    }

    /// Changes that the bot made and that took effect.
    pub(crate) async fn effective(&self) -> Vec<String> {
        let writes = self.call("writes", None).await;
        let ours = writes.as_array().unwrap().iter().filter(|w| w["by"] != "okta" && w["effective"] == true);
        ours.map(|write| write["op"].as_str().unwrap().to_owned()).collect()
    }

    /// Lets a terminal chat on the same configuration and database play a script; it must end well.
    pub(crate) async fn chat(&self, config: &Path, script: &str) -> String {
        let output = self.chat_child(config, script).await.wait_with_output();
        let output = tokio::time::timeout(PATIENCE, output).await.expect("the chat ends").unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    pub(crate) async fn chat_child(&self, config: &Path, script: &str) -> Child {
        let mut child = Command::new(BIN)
            .args(["chat", "--format", "json", "--config"])
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(script.as_bytes()).await.unwrap();
        drop(stdin);
        child
    }
}

/// A bot that serves.
pub(crate) struct Bot {
    pub(crate) child: Child,
    pub(crate) public: String,
    pub(crate) admin: String,
    pub(crate) log: Arc<Mutex<String>>,
    pub(crate) http: reqwest::Client,
}

impl Bot {
    pub(crate) async fn start(config: &Path) -> Self {
        Self::start_with(config, &[]).await
    }

    pub(crate) async fn start_with(config: &Path, env: &[(&str, &str)]) -> Self {
        let mut command = Command::new(BIN);
        command.args(["serve", "--config"]).arg(config).envs(env.iter().copied()).env("NO_COLOR", "1");
        let mut child = command.stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        collect(child.stderr.take().unwrap(), Arc::clone(&log));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut bot = Self { child, public: String::new(), admin: String::new(), log, http };
        let line = bot.until_logged("listening on ").await;
        let (_, addresses) = line.split_once("listening on ").unwrap();
        let (public, admin) = addresses.trim().split_once(" and ").unwrap();
        bot.public = format!("http://{public}");
        bot.admin = format!("http://{admin}");
        bot
    }

    /// The first line of the log that has `part` in it, as soon as there is one.
    pub(crate) async fn until_logged(&mut self, part: &str) -> String {
        let wait = async {
            loop {
                let found = self.log().lines().find(|line| line.contains(part)).map(str::to_owned);
                if let Some(line) = found {
                    return line;
                }
                if let Some(status) = self.child.try_wait().unwrap() {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    panic!("the bot ended ({status}) before it said {part:?}:\n{}", self.log());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("it never says {part:?}"))
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) async fn get(&self, url: &str) -> (u16, String) {
        let answer = self.http.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub(crate) async fn ready(&self) -> (u16, Value) {
        let (status, text) = self.get(&format!("{}/readyz", self.admin)).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    pub(crate) async fn diagnose(&self, text: &str) -> (u16, Value) {
        let url = format!("{}/v1/diagnose", self.admin);
        let answer = self.http.post(url).json(&json!({ "text": text })).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Sends a signal by its name (`TERM`, `INT`).
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().expect("it lives").to_string();
        assert!(std::process::Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap()
    }

    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "the log of a child lives as long as the child")]
fn collect(stream: impl AsyncRead + Unpin + Send + 'static, into: Arc<Mutex<String>>) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut log = into.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
}

/// Runs `serve` on a configuration with which it must not start: (exit code, stderr).
pub(crate) async fn refused(config: &Path, env: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::new(BIN);
    command.args(["serve", "--config"]).arg(config).envs(env.iter().copied()).env("REANCHOR_LOG", "error");
    let output = tokio::time::timeout(PATIENCE, command.kill_on_drop(true).output()).await.expect("it ends").unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}
