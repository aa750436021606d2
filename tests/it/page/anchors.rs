//! The hop on the page: what is shown before the vote, while it runs and afterwards, and that one scenario leaves nothing behind
//! for the next.

use super::browser::{Browser, present};
use super::{Server, panel_equal, paste, play, speak_as};

#[test]
fn a_hop_is_shown_step_by_step_and_its_case_reads_like_a_story() {
    if !present() {
        return;
    }
    play(async || {
        let server = Server::start("anchor-missing", None);
        let b = Browser::start().await;
        b.open(&server.url, "anna").await;
        paste(&b).await;
        b.press("set_immutable_id").await;
        b.state("proposed").await;
        let plan = b.text("document.querySelector('.plan').innerText").await;
        for part in
            ["northbridge.onmicrosoft.com", "only if step 1 is refused", "goes forward with the approved anchor"]
        {
            let whole = b.text("document.querySelector('[data-state=proposed]').innerText").await;
            assert!(whole.contains(part), "{part} is missing in {plan}\n{whole}");
        }
        // No name of a property runs under the values beside it.
        let under =
            "[...document.querySelectorAll('.diff-rows dt')].filter((e) => e.scrollWidth > e.clientWidth).length";
        assert_eq!(b.js(&format!("return {under}")).await, 0);
        speak_as(&b, "ben").await;
        b.press("approve").await;
        b.state("closed").await;
        let steps = b.text("document.querySelector('.thread:last-child .steps').innerText").await;
        for part in ["in place", "Move the sign-in name away", "Move the sign-in name back"] {
            assert!(steps.contains(part), "{part} is missing in {steps}");
        }
        panel_equal(&b).await;
        server.both_sides_equal().await;
        let case = b.text("document.querySelector('[data-case]').dataset.case").await;
        b.client.goto(&format!("{}cases/{case}", server.url)).await.unwrap();
        b.until("document.querySelector('.chain')").await;
        let heads = b.text("[...document.querySelectorAll('.entry-head h2')].map((e) => e.textContent).join()").await;
        assert!(heads.contains("Refused in place, as foreseen"), "{heads}");
        assert!(
            !heads.contains("effect ") && !heads.contains("repair "),
            "every kind of row has words for people: {heads}"
        );
        b.calm(&server.url, &[]).await;
        b.close().await;
    });
}

#[test]
fn a_tenant_that_is_loaded_anew_is_not_remembered_as_forbidding() {
    if !present() {
        return;
    }
    play(async || {
        let server = Server::start("anchor-write-forbidden", None);
        let b = Browser::start().await;
        b.open(&server.url, "anna").await;
        paste(&b).await;
        b.press("set_immutable_id").await;
        b.state("proposed").await;
        speak_as(&b, "ben").await;
        b.press("approve").await;
        b.state("advised").await;
        speak_as(&b, "anna").await;
        b.click("[data-scenario=anchor-mismatch] button").await;
        b.until("document.getElementById('room-name').textContent === '#anchor-mismatch'").await;
        paste_here(&b, "anchor-mismatch").await;
        b.until("document.querySelector('.thread:last-child [data-verb=set_immutable_id]')").await;

        // What the scenario declares about its app holds from its loading on.
        b.click("[data-scenario=\"deleted-replaced--pause\"] button").await;
        b.until("document.getElementById('room-name').textContent === '#deleted-replaced--pause'").await;
        paste_here(&b, "deleted-replaced--pause").await;
        b.until("document.querySelector('.thread:last-child [data-verb=reassign]')").await;
        b.calm(&server.url, &[]).await;
        b.close().await;
    });
}

/// Pastes the error of the scenario that was chosen from the list.
async fn paste_here(b: &Browser, scenario: &str) {
    b.click(&format!("[data-scenario=\"{scenario}\"] button")).await;
    b.until("document.getElementById('text').value.includes('failed')").await;
    b.send(&b.text("document.getElementById('text').value").await).await;
    b.state("looked_up").await;
}
