//! The real program, killed with SIGKILL while a run is under way, started again on the same database; the page in the
//! browser stays open all the time.

use super::browser::{Browser, present};
use super::{Server, panel_equal, paste, play, refused, speak_as};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const BIN: &str = env!("CARGO_BIN_EXE_reanchor");
/// What the console may say while nobody answers.
const GONE: &[&str] =
    &["ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET"];

/// `reanchor sandbox` in a process of its own.
struct Process {
    child: Child,
    url: String,
}

impl Process {
    async fn start(folder: &TempDir, port: u16) -> Process {
        let mut child = Command::new(BIN)
            .args(["sandbox", "--scenario", "deleted-group", "--port", &port.to_string(), "--db"])
            .arg(database(folder))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().expect("the sandbox prints its address");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap_or_else(|| panic!("{line}"));
        Process { url: url.to_owned(), child }
    }

    fn port(&self) -> u16 {
        self.url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Resident memory, in KiB, as Linux tells it.
    fn resident(&self) -> Option<String> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        Some(status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().to_owned())
    }

    /// SIGKILL: nothing in it gets to finish anything.
    async fn kill(mut self) {
        self.child.start_kill().unwrap();
        self.child.wait().await.unwrap();
    }
}

fn database(folder: &TempDir) -> String {
    format!("sqlite://{}", folder.path().join("reanchor.sqlite").display())
}

/// Ids of all posts but whispers, in the order of the page.
async fn posts(b: &Browser) -> String {
    b.text("[...document.querySelectorAll('[data-post]:not(.of-whisper)')].map((post) => post.dataset.post)").await
}

#[test]
fn a_run_goes_on_after_the_server_was_killed_and_the_page_finds_back_by_itself() {
    if !present() {
        return;
    }
    play(async || {
        let folder = TempDir::new().unwrap();
        let server = Process::start(&folder, 0).await;
        let port = server.port();
        let b = Browser::start().await;
        b.open(&server.url, "ben").await;
        b.send("good morning, password='S3cret!pass'").await;
        b.until("document.querySelector('.of-said')").await;
        paste(&b).await;
        speak_as(&b, "anna").await;
        b.press("reassign").await;
        b.state("proposed").await;
        speak_as(&b, "ben").await;

        // Ben is an approver, but it is his own request; Anna, who asked for the plan, is none.
        refused(&b, "A4").await;
        speak_as(&b, "anna").await;
        assert_eq!(b.js("return document.querySelectorAll('.of-whisper').length").await, 0, "that was for ben");
        refused(&b, "A3").await;
        // A second paste about the same person is answered with a line.
        b.click("[data-scenario=deleted-group] button").await;
        b.until("document.getElementById('text').value.includes('failed')").await;
        b.send(&b.text("document.getElementById('text').value").await).await;
        b.until("document.querySelector('.of-note')").await;
        speak_as(&b, "carla").await;
        b.click("[data-verb=approve]").await;
        b.click("#ask-yes").await;
        b.until("document.querySelector('.steps [data-progress=done]')").await;
        let url = server.url.clone();
        println!("resident memory of `reanchor sandbox` in mid-run: {}", server.resident().unwrap_or_default());
        server.kill().await;
        b.until("!document.getElementById('offline').hidden").await;
        assert_eq!(
            b.js("return document.querySelectorAll('[data-state=closed]').length").await,
            0,
            "killed in mid-run"
        );

        let server = Process::start(&folder, port).await;
        assert_eq!(server.url, url);
        b.until("document.getElementById('offline').hidden").await;
        b.until("document.querySelector('[data-state=closed]')").await;
        panel_equal(&b).await;
        let before = posts(&b).await;
        server.kill().await;
        let kept = std::fs::read_to_string(folder.path().join("reanchor.sqlite.chat.jsonl")).unwrap();
        assert!(kept.contains("good morning") && !kept.contains("S3cret"), "secrets are masked: {kept}");
        assert!(!kept.contains("Request_ResourceNotFound"), "the text of a report is the store's alone: {kept}");
        assert!(!kept.contains("Refused (A"), "a whisper is kept nowhere: {kept}");

        // The tenant's own APIs, on what the killed program left; a page opened now is built from the files alone.
        let server = Server::start("deleted-group", Some((&folder, port)));
        server.both_sides_equal().await;
        for who in ["carla", "ben"] {
            b.open(&url, who).await;
            b.until("document.querySelector('[data-state=closed]')").await;
            assert_eq!(posts(&b).await, before, "everything that was said stands where it stood");
            assert_eq!(b.js("return document.querySelectorAll('.of-whisper').length").await, 0, "whispers are gone");
        }
        let said = b.text("[...document.querySelectorAll('.of-said .text')].map((text) => text.textContent)").await;
        assert!(said.starts_with("good morning,") && said.contains("failed"), "{said}");
        assert!(said.ends_with("The text is not kept any more."), "the second paste opened no case: {said}");
        b.calm(&url, GONE).await;
        b.close().await;
    });
}
