//! The page, driven as people use it: paste, diagnosis, proposal, votes, run, verified end; reloads, restarts, two people at
//! once, hostile text. Everything is read from the page itself and from the tenant's own APIs.

mod anchors;
mod browser;
mod guards;
mod killed;
mod looks;

use browser::{Browser, present};
use reanchor::app::RunTerms;
use reanchor::boot::web::{Sandbox, SandboxOptions, sandbox};
use reanchor::sandbox::Access;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

const APP: &str = "0oa8o365vK3pTz6Yw1d7";
const SAM: &str = "00u8samWQ5nHc2Je91d7";

/// A sandbox in a runtime of its own, which ends with it.
pub(super) struct Server {
    runtime: Option<Runtime>,
    _sandbox: Sandbox,
    pub(super) url: String,
    pub(super) access: Access,
}

impl Server {
    pub(super) fn start(scenario: &str, keep: Option<(&TempDir, u16)>) -> Server {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let options = SandboxOptions {
            port: keep.map_or(0, |(_, port)| port),
            scenario: Some(scenario.to_owned()),
            db: keep.map(|(folder, _)| format!("sqlite://{}", folder.path().join("reanchor.sqlite").display())),
            run: Some(RunTerms { lease_ms: 60_000, call_timeout_ms: 2_000, poll_deadline_ms: 120_000 }),
        };
        // Another thread, because a runtime may not be entered from within one.
        let started =
            std::thread::scope(|scope| scope.spawn(|| runtime.block_on(sandbox(options)).unwrap()).join().unwrap());
        let (url, access) = (started.url(), started.access().clone());
        Server { runtime: Some(runtime), _sandbox: started, url, access }
    }

    async fn okta(&self, path: &str) -> Value {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let call = http.get(format!("{}{path}", self.access.okta_url));
        let call = call.header("authorization", format!("SSWS {}", self.access.okta_read_token));
        call.send().await.unwrap().json().await.unwrap()
    }

    async fn graph(&self, path: &str) -> Value {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let form = format!(
            "client_id={}&client_secret={}&grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
            self.access.graph_read_client_id, self.access.graph_read_client_secret
        );
        let call = http.post(&self.access.token_url).header("content-type", "application/x-www-form-urlencoded");
        let token: Value = call.body(form).send().await.unwrap().json().await.unwrap();
        let call = http.get(format!("{}{path}", self.access.graph_url));
        call.bearer_auth(token["access_token"].as_str().unwrap()).send().await.unwrap().json().await.unwrap()
    }

    /// Anchor and sign-in name are equal on both sides, as the tenant's own APIs tell.
    async fn both_sides_equal(&self) {
        let row = self.okta(&format!("/api/v1/apps/{APP}/users/{SAM}")).await;
        let object = row["externalId"].as_str().unwrap_or_else(|| panic!("not linked: {row}")).to_owned();
        let user = self.graph(&format!("/users/{object}?$select=userPrincipalName,onPremisesImmutableId")).await;
        assert_eq!(row["profile"]["immutableId"], user["onPremisesImmutableId"], "{row} {user}");
        assert_eq!(row["credentials"]["userName"], user["userPrincipalName"], "{row} {user}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn play(story: impl AsyncFnOnce()) {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(story());
}

/// Pastes the error of the loaded scenario by the button and by Enter.
async fn paste(b: &Browser) {
    b.click(".tries [data-current] button").await;
    b.until("document.getElementById('text').value.includes('failed')").await;
    b.send(&b.text("document.getElementById('text').value").await).await;
    b.state("looked_up").await;
}

async fn panel_equal(b: &Browser) {
    b.until("document.querySelector('.tie').dataset.whole === 'true'").await;
    assert_eq!(b.field("okta.immutableId").await, b.field("entra.onPremisesImmutableId").await);
    assert_eq!(b.field("okta.userName").await, b.field("entra.userPrincipalName").await);
    assert_eq!(b.field("okta.externalId").await, b.field("entra.id").await);
}

async fn speak_as(b: &Browser, who: &str) {
    b.click(&format!(".person:has(input[value={who}])")).await;
    b.until(&format!("document.body.dataset.ready === '{who}'")).await;
}

/// Presses Approve as the present person, who may not: only the reason comes, and it names the rule.
async fn refused(b: &Browser, rule: &str) {
    let before = b.js("return document.querySelectorAll('.of-whisper').length").await.as_u64().unwrap();
    let votes = b.text("document.querySelector('.thread:last-child [data-fact=Votes] dd').textContent").await;
    b.press("approve").await;
    b.until(&format!("document.querySelectorAll('.of-whisper').length === {}", before + 1)).await;
    let why = b.text("[...document.querySelectorAll('.of-whisper .line')].at(-1).textContent").await;
    assert!(why.contains(&format!("Refused ({rule})")) && why.contains("Nothing was changed"), "{why}");
    b.state("proposed").await;
    b.until("!document.querySelector('[data-verb=approve][aria-busy]')").await;
    let now = b.text("document.querySelector('.thread:last-child [data-fact=Votes] dd').textContent").await;
    assert_eq!(now, votes, "no vote was counted");
}

/// Milliseconds from Enter to the card with both directories on it, as this browser sees it.
const WATCH: &str = "const field = document.getElementById('text');
    field.addEventListener('keydown', (event) => { if (event.key === 'Enter') window.began = performance.now(); }, true);
    new MutationObserver(() => { if (window.began && !window.took && document.querySelector('[data-state=looked_up]'))
      window.took = performance.now() - window.began; }).observe(document.getElementById('timeline'), { childList: true, subtree: true });";

#[test]
fn two_people_in_two_windows_repair_a_replaced_account_and_one_reloads_in_between() {
    if !present() {
        return;
    }
    play(async || {
        let server = Server::start("deleted-replaced", None);
        let b = Browser::start().await;
        b.open(&server.url, "anna").await;
        b.until("document.querySelector('.tie')?.dataset.whole === 'false'").await;
        b.js(WATCH).await;
        paste(&b).await;
        println!("from Enter to the looked-up card: {} ms", b.text("Math.round(window.took)").await);
        assert!(b.text("document.querySelector('[data-state=looked_up] h2').textContent").await.len() > 10);
        b.press("reassign").await;
        b.state("proposed").await;
        let plan = b.text("document.querySelector('.plan').innerText").await;
        assert!(plan.contains("cannot be undone") && plan.contains("externalId"), "{plan}");
        assert!(b.text("document.querySelector('[data-fact=Code] dd').textContent").await.len() == 10);

        // She is no approver, and only she is told so.
        refused(&b, "A3").await;

        let anna = b.client.window().await.unwrap();
        let ben = b.client.new_window(true).await.unwrap().handle;
        b.client.switch_to_window(ben.clone()).await.unwrap();
        b.open(&server.url, "ben").await;
        b.state("proposed").await;
        assert_eq!(b.js("return document.querySelectorAll('.of-whisper').length").await, 0, "the whisper was for anna");
        b.press("approve").await;
        b.until("document.querySelector('.thread:last-child .steps')").await;

        b.client.switch_to_window(anna).await.unwrap();
        b.until("document.querySelector('.thread:last-child .steps')").await;
        b.client.refresh().await.unwrap();
        b.until("document.body.dataset.ready === 'anna'").await;
        assert_eq!(
            b.js("return document.querySelectorAll('.of-whisper').length").await,
            1,
            "anna's whisper is still hers"
        );
        b.state("closed").await;
        assert_eq!(b.js("return document.querySelectorAll('.steps li:not([data-progress=done])').length").await, 0);
        panel_equal(&b).await;
        assert!(b.js("return document.querySelectorAll('.tenant [data-changed]').length").await != 0);
        server.both_sides_equal().await;

        b.client.switch_to_window(ben).await.unwrap();
        b.state("closed").await;
        let case = b.text("document.querySelector('[data-case]').dataset.case").await;
        b.client.goto(&format!("{}cases/{case}", server.url)).await.unwrap();
        b.until("document.querySelector('.chain')").await;
        assert_eq!(b.text("document.querySelector('.chain').dataset.whole").await, "true");
        assert!(b.js("return document.querySelectorAll('.pasted mark').length").await != 0, "evidence is highlighted");
        let kinds = b.text("[...document.querySelectorAll('.entries > li')].map((e) => e.dataset.kind)").await;
        for kind in ["opened", "looked_up", "proposed", "vote", "effect_intent", "effect_in_force", "verified"] {
            assert!(kinds.contains(kind), "{kind} is missing in {kinds}");
        }
        b.calm(&server.url, &[]).await;
        b.close().await;
    });
}

#[test]
fn a_restore_needs_two_votes_and_waits_for_retry() {
    if !present() {
        return;
    }
    play(async || {
        let server = Server::start("deleted-restorable", None);
        let b = Browser::start().await;
        b.open(&server.url, "anna").await;
        paste(&b).await;
        b.press("restore").await;
        b.state("proposed").await;
        let narrow = "[...document.querySelectorAll('dt, dd')].filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)";
        assert_eq!(b.text(narrow).await, "", "no name of a field runs into its value");
        refused(&b, "A3").await;
        speak_as(&b, "sam").await;
        refused(&b, "A3").await;
        speak_as(&b, "ben").await;
        b.press("approve").await;
        b.until("document.querySelector('[data-fact=Votes] dd')?.textContent.startsWith('1 of 2')").await;
        b.state("proposed").await;
        speak_as(&b, "carla").await;
        b.press("approve").await;
        b.state("closed").await;
        assert!(b.text("document.querySelector('[data-state=closed]').innerText").await.contains("Retry"));
        panel_equal(&b).await;
        server.both_sides_equal().await;
        assert_eq!(b.field("okta.syncState").await, "ERROR");
        b.click("#retry").await;
        b.until("document.querySelector('[data-field=\"okta.syncState\"] > span').textContent === 'SYNCHRONIZED'")
            .await;
        b.calm(&server.url, &[]).await;
        b.close().await;
    });
}

#[test]
fn hostile_text_is_shown_as_text() {
    if !present() {
        return;
    }
    play(async || {
        let server = Server::start("healthy", None);
        let b = Browser::start().await;
        b.open(&server.url, "dave").await;
        let texts = [
            "<img src=x onerror=\"window.hit=1\">",
            "</script><script>window.hit=1</script>",
            "javascript:window.hit=1 [link](javascript:window.hit=1)",
            "&lt;b&gt; <b>bold</b>",
        ];
        let count = "document.querySelectorAll('.of-said .text').length";
        for (n, text) in texts.iter().enumerate() {
            b.send(text).await;
            b.until(&format!("{count} === {}", n + 1)).await;
            let shown = b.text("[...document.querySelectorAll('.of-said .text')].at(-1).textContent").await;
            assert_eq!(shown, *text);
        }
        b.send("abc\u{202e}txt.exe").await;
        b.until(&format!("{count} === 5")).await;
        let shown = b.text("[...document.querySelectorAll('.of-said .text')].at(-1).textContent").await;
        assert_eq!(shown, "abcU+202Etxt.exe", "what turns text round is made visible");

        let long = format!("{}<img onerror=1>", "0123456789abcdef".repeat(65_536));
        b.send(&long).await;
        b.until(&format!("{count} === 6")).await;
        b.click(".more").await;
        let length = b.js("return [...document.querySelectorAll('.of-said .text')].at(-1).textContent.length").await;
        assert_eq!(length, long.len());
        assert_eq!(b.js("return document.querySelectorAll('#timeline img:not(.bot-face), #timeline script, #timeline b, #timeline a[href^=javascript]').length").await, 0);
        assert_eq!(b.text("window.hit").await, "undefined");

        // A report with a trap in it, on its case page: the evidence is marked, the trap is text.
        speak_as(&b, "anna").await;
        b.click("[data-scenario=healthy] button").await;
        b.until("document.getElementById('text').value.includes('failed')").await;
        let error = b.text("document.getElementById('text').value").await;
        b.send(&format!("{error} <img src=x onerror=\"window.hit=1\"> </script><script>window.hit=1</script>")).await;
        b.state("closed").await;
        let case = b.text("document.querySelector('[data-case]').dataset.case").await;
        b.client.goto(&format!("{}cases/{case}", server.url)).await.unwrap();
        b.until("document.querySelector('.pasted mark')").await;
        assert!(b.text("document.querySelector('.pasted').textContent").await.contains("<img src=x onerror="));
        assert_eq!(b.js("return document.querySelectorAll('#story img, #story script').length").await, 0);
        assert_eq!(b.text("window.hit").await, "undefined");
        b.calm(&server.url, &[]).await;
        b.close().await;
    });
}

#[test]
fn another_scenario_is_loaded_from_the_list_a_denial_gives_its_reason_and_a_reset_ends_what_is_open() {
    if !present() {
        return;
    }
    play(async || {
        let server = Server::start("healthy", None);
        let b = Browser::start().await;
        b.open(&server.url, "anna").await;
        b.click("[data-scenario=deleted-expired] button").await;
        b.until("document.getElementById('room-name').textContent === '#deleted-expired'").await;
        for end in ["declined", "expired"] {
            b.click("[data-scenario=deleted-expired] button").await;
            b.until("document.getElementById('text').value.includes('failed')").await;
            b.send(&b.text("document.getElementById('text').value").await).await;
            b.state("looked_up").await;
            b.press("reassign").await;
            b.state("proposed").await;
            if end == "declined" {
                speak_as(&b, "ben").await;
                b.click(".thread:last-child [data-verb=deny]").await;
                b.until("document.getElementById('ask').open").await;
                b.js("document.getElementById('ask-reason').value = 'he <b>left</b>'").await;
                b.click("#ask-yes").await;
                b.state("declined").await;
                assert!(
                    b.text("document.querySelector('[data-state=declined]').innerText")
                        .await
                        .contains("he <b>left</b>")
                );
                speak_as(&b, "anna").await;
            } else {
                b.click("#reset").await;
                b.click("#ask-yes").await;
                b.until("document.querySelector('.thread:last-child .mark')").await;
                b.until("document.querySelector('[data-state=expired]')").await;
            }
        }
        b.calm(&server.url, &[]).await;
        b.close().await;
    });
}
