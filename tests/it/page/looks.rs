//! How the page holds up for everybody: narrow and wide windows, both themes, no mouse, no motion, on paper; and what axe
//! says about it, where axe-core is there.

use super::browser::{Browser, present};
use super::{Server, paste, play, refused};
use serde_json::{Value, json};

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const RIGHT: &str = "\u{e014}";

/// The source of axe-core: `REANCHOR_AXE` names the file. In CI it must be there.
#[expect(
    clippy::disallowed_methods,
    reason = "where axe-core is, and whether its absence is a failure, the environment tells"
)]
fn axe() -> Option<String> {
    let Ok(path) = std::env::var("REANCHOR_AXE") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI must name axe.min.js in REANCHOR_AXE");
        println!("skipped: the checks of axe-core, because REANCHOR_AXE does not name its axe.min.js");
        return None;
    };
    Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}")))
}

/// Everything that axe finds and calls serious or critical, a line each.
async fn findings(b: &Browser, axe: &str) -> Vec<String> {
    if b.js("return Boolean(window.axe)").await == json!(false) {
        b.js(axe).await;
    }
    let script = "const done = arguments[arguments.length - 1];
        axe.run(document, { resultTypes: ['violations'] }).then(
          ({ violations }) => done(violations.flatMap((v) => v.nodes.map((n) => `${v.impact} ${v.id} ${n.target} ${n.failureSummary}`))),
          (error) => done([`critical: axe did not run: ${error}`]));";
    let found = b.client.execute_async(script, Vec::new()).await.unwrap();
    let lines = found.as_array().expect("a list of findings").iter().filter_map(Value::as_str);
    lines.filter(|line| line.starts_with("serious") || line.starts_with("critical")).map(str::to_owned).collect()
}

/// Looks at what is shown now at three widths in both themes.
async fn inspect(b: &Browser, what: &str, axe: Option<&str>) {
    for width in [360, 768, 1280] {
        for theme in ["light", "dark"] {
            b.look(width, theme, true).await;
            b.until(&format!("innerWidth === {width}")).await;
            let wide = "[...document.querySelectorAll('body *')].filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1 \
                && !e.closest('.scroll, .rail, .unseen')).map((e) => e.tagName + '.' + e.className)";
            assert_eq!(b.text(wide).await, "", "{what} at {width}: something stands out of the window");
            if let Some(axe) = axe {
                // Nothing may be judged in the middle of a fade.
                b.until("document.getAnimations().every((a) => a.effect.getTiming().iterations === Infinity)").await;
                let found = findings(b, axe).await;
                assert!(found.is_empty(), "{what} at {width}, {theme}: {}", found.join("\n"));
            }
        }
    }
    b.look(1280, "light", true).await;
}

#[test]
fn nothing_stands_out_of_any_window_and_axe_finds_nothing_serious() {
    if !present() {
        return;
    }
    let axe = axe();
    let axe = axe.as_deref();
    play(async || {
        let server = Server::start("deleted-replaced", None);
        let b = Browser::start().await;
        b.open(&server.url, "anna").await;
        b.until("document.querySelector('.tie')").await;
        inspect(&b, "the empty room", axe).await;
        paste(&b).await;
        inspect(&b, "the looked-up card", axe).await;
        b.press("reassign").await;
        b.state("proposed").await;
        refused(&b, "A3").await;
        inspect(&b, "the plan and a whisper", axe).await;
        b.click("[data-verb=deny]").await;
        b.until("document.getElementById('ask').open").await;
        inspect(&b, "the form for a reason", axe).await;
        b.click("#ask-no").await;
        b.look(360, "dark", true).await;
        for view in ["rail", "tenant"] {
            b.click(&format!("[data-show={view}]")).await;
            inspect(&b, view, axe).await;
            b.look(360, "dark", true).await;
        }
        b.click("[data-show=chat]").await;
        b.look(1280, "light", true).await;
        super::speak_as(&b, "ben").await;
        b.press("approve").await;
        b.state("closed").await;
        inspect(&b, "the verified card", axe).await;
        let case = b.text("document.querySelector('[data-case]').dataset.case").await;
        b.client.goto(&format!("{}cases/{case}", server.url)).await.unwrap();
        b.until("document.querySelector('.chain')").await;
        inspect(&b, "the case page", axe).await;

        b.on_paper().await;
        assert_eq!(b.text("getComputedStyle(document.body).color").await, "rgb(0, 0, 0)", "paper is not dark");
        assert_eq!(b.text("getComputedStyle(document.documentElement).getPropertyValue('--ink')").await, "#1d2629");
        assert_eq!(b.text("getComputedStyle(document.querySelector('.no-print')).display").await, "none");
        b.calm(&server.url, &[]).await;
        b.close().await;
    });
}

#[test]
fn the_whole_way_without_a_mouse_and_nothing_moves_for_those_who_want_no_motion() {
    if !present() {
        return;
    }
    play(async || {
        let server = Server::start("deleted-replaced", None);
        let b = Browser::start().await;
        b.open(&server.url, "anna").await;
        b.tab_to("[data-paste]").await;
        b.key(ENTER).await;
        b.until("document.getElementById('text').value.includes('failed') && document.activeElement.id === 'text'")
            .await;
        b.key(ENTER).await;
        b.state("looked_up").await;
        b.tab_to("[data-verb=reassign]").await;
        b.key(ENTER).await;
        b.state("proposed").await;
        // The arrow keys choose who speaks, as in every group of choices.
        b.tab_to("[name=who]").await;
        b.key(RIGHT).await;
        b.until("document.body.dataset.ready === 'ben' && document.activeElement.value === 'ben'").await;
        b.tab_to("[data-verb=approve]").await;
        b.key(ENTER).await;
        b.until("document.getElementById('ask').open && document.activeElement.id === 'ask-yes'").await;
        b.key(ESCAPE).await;
        b.until("!document.getElementById('ask').open && document.activeElement.matches('[data-verb=approve]')").await;
        b.key(ENTER).await;
        b.until("document.getElementById('ask').open").await;
        b.key(ENTER).await;
        b.state("closed").await;
        let news = b.text("document.getElementById('news').textContent").await;
        assert!(news.starts_with("Closed: "), "a screen reader is told: {news}");

        // A sign that moves, put there to be looked at.
        b.js(
            "document.body.append(Object.assign(document.createElement('div'), { className: 'typing', id: 'probe' }));
              document.getElementById('probe').append(document.createElement('i'))",
        )
        .await;
        let moving = "return document.querySelector('#probe i').getAnimations().length";
        assert_eq!(b.js(moving).await, 1);
        b.look(1280, "light", false).await;
        b.until("document.getAnimations().length === 0").await;
        assert_eq!(b.js(moving).await, 0);
        b.calm(&server.url, &[]).await;
        b.close().await;
    });
}
