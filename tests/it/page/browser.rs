//! A Chromium driven through chromedriver, and what it logged.

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::Instant;

const CHROMIUM: &str = "/usr/bin/chromium";
const DRIVER: &str = "/usr/bin/chromedriver";
/// Longest time that anything on the page may take.
const PATIENCE: Duration = Duration::from_mins(2);
const TAB: &str = "\u{e004}";

/// Whether the browser is there. In CI it must be.
#[expect(clippy::disallowed_methods, reason = "whether a missing browser is a failure is told by the environment")]
pub(crate) fn present() -> bool {
    let there = [CHROMIUM, DRIVER].iter().all(|path| std::path::Path::new(path).exists());
    assert!(there || std::env::var("CI").as_deref() != Ok("true"), "CI must have {CHROMIUM} and {DRIVER}");
    if !there {
        println!("skipped: there is no {CHROMIUM} with {DRIVER}");
    }
    there
}

/// One browser with one or more windows. The driver is killed when this is dropped.
pub(crate) struct Browser {
    pub(crate) client: Client,
    driver_url: String,
    session: String,
    http: reqwest::Client,
    _driver: Child,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn start() -> Browser {
        let mut driver = Command::new(DRIVER)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap().expect("chromedriver says on which port it listens");
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let driver_url = format!("http://127.0.0.1:{port}");
        let profile = TempDir::new().unwrap();
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1440,1000",
        ];
        let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        args.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "goog:chromeOptions": { "binary": CHROMIUM, "args": args },
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted.as_object().unwrap().clone())
            .connect(&driver_url)
            .await
            .unwrap();
        let session = client.session_id().await.unwrap().unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Browser { client, driver_url, session, http, _driver: driver, _profile: profile }
    }

    /// Opens the page as `who` in the present window and waits until it is ready.
    pub(crate) async fn open(&self, url: &str, who: &str) {
        self.client.goto(&format!("{url}?as={who}")).await.unwrap();
        self.until(&format!("document.body.dataset.ready === '{who}'")).await;
    }

    /// Runs a function body on the page.
    pub(crate) async fn js(&self, body: &str) -> Value {
        self.client.execute(body, Vec::new()).await.unwrap_or_else(|error| panic!("{body}: {error}"))
    }

    /// The text of an expression on the page.
    pub(crate) async fn text(&self, expression: &str) -> String {
        self.js(&format!("return String({expression})")).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an expression on the page is true.
    pub(crate) async fn until(&self, expression: &str) {
        let begun = Instant::now();
        while self.js(&format!("return Boolean({expression})")).await != json!(true) {
            if begun.elapsed() > PATIENCE {
                let seen = self.text("document.body.innerText").await;
                panic!("never became true: {expression}\n{seen}");
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    /// Clicks as a person would: the element must be there, visible and not covered.
    pub(crate) async fn click(&self, css: &str) {
        for attempt in 0.. {
            self.until(&format!("document.querySelector('{css}')")).await;
            let element = self.client.find(Locator::Css(css)).await.unwrap();
            match element.click().await {
                Ok(()) => return,
                // A person would click again on what was drawn anew under the pointer.
                Err(error) if attempt < 3 && error.is_stale_element_reference() => {}
                Err(error) => panic!("{css}: {error}"),
            }
        }
    }

    /// Pastes a text into the message field and sends it with Enter.
    pub(crate) async fn send(&self, text: &str) {
        let script = "const field = document.getElementById('text'); field.value = arguments[0]; field.focus();";
        self.client.execute(script, vec![json!(text)]).await.unwrap();
        self.client.find(Locator::Css("#text")).await.unwrap().send_keys("\u{e007}").await.unwrap();
    }

    /// Presses a button of the newest card, and says yes where it asks.
    pub(crate) async fn press(&self, verb: &str) {
        self.click(&format!(".thread:last-child [data-verb=\"{verb}\"]")).await;
        if self.js("return document.getElementById('ask').open").await == json!(true) {
            self.click("#ask-yes").await;
        }
    }

    /// Waits for the state of the newest card.
    pub(crate) async fn state(&self, state: &str) {
        self.until(&format!("document.querySelector('.thread:last-child [data-state=\"{state}\"]')")).await;
    }

    /// What the panel shows in a field of one side.
    pub(crate) async fn field(&self, name: &str) -> String {
        self.text(&format!("document.querySelector('[data-field=\"{name}\"] > span').textContent")).await
    }

    /// Steps on with Tab, as somebody without a mouse does, until this has the focus.
    pub(crate) async fn tab_to(&self, css: &str) {
        for _ in 0..200 {
            if self.js(&format!("return document.activeElement.matches('{css}')")).await == json!(true) {
                return;
            }
            self.key(TAB).await;
        }
        panic!("Tab never reaches {css}");
    }

    /// Presses a key where the focus is.
    pub(crate) async fn key(&self, key: &str) {
        self.client.active_element().await.unwrap().send_keys(key).await.unwrap();
    }

    /// Gives the present window a width and a theme; without `motion` its person wants none.
    pub(crate) async fn look(&self, width: u32, theme: &str, motion: bool) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size).await;
        let motion = if motion { "no-preference" } else { "reduce" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": theme }, { "name": "prefers-reduced-motion", "value": motion },
        ]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "media": "", "features": features })).await;
    }

    /// Shows the present window as it would be printed from a dark screen.
    pub(crate) async fn on_paper(&self) {
        let dark = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "media": "print", "features": dark })).await;
    }

    async fn devtools(&self, command: &str, parameters: &Value) {
        let url = format!("{}/session/{}/goog/cdp/execute", self.driver_url, self.session);
        let call = self.http.post(url).json(&json!({ "cmd": command, "params": parameters }));
        let answer: Value = call.send().await.unwrap().json().await.unwrap();
        assert!(answer["value"]["error"].is_null(), "{command}: {answer}");
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let url = format!("{}/session/{}/se/log", self.driver_url, self.session);
        let answer: Value =
            self.http.post(url).json(&json!({ "type": kind })).send().await.unwrap().json().await.unwrap();
        answer["value"].as_array().cloned().expect("a log")
    }

    /// No error on the console, but for lines that contain one of `but`; no request to another host than `host`.
    pub(crate) async fn calm(&self, host: &str, but: &[&str]) {
        for entry in self.log("browser").await {
            let text = entry["message"].as_str().unwrap_or_default();
            let expected = but.iter().any(|known| text.contains(known));
            assert!(entry["level"] != "SEVERE" || expected, "the console says: {text}");
        }
        let mut requests = 0;
        for entry in self.log("performance").await {
            let message: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            if message["message"]["method"] == "Network.requestWillBeSent" {
                let url = message["message"]["params"]["request"]["url"].as_str().unwrap();
                // The empty window before the first page is the browser's own.
                let local =
                    [host, "data:", "about:", "chrome:", "chrome-untrusted:"].iter().any(|own| url.starts_with(own));
                assert!(local, "a request went to {url}");
                requests += 1;
            }
        }
        assert!(requests > 5, "the log of requests is read");
    }

    pub(crate) async fn close(self) {
        self.client.close().await.unwrap();
    }
}
