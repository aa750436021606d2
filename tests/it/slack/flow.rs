//! The main job in Slack, over both transports with the same assertions.

use super::desk::{Desk, Transport, both, hold};
use super::sim::{PROVISIONING, Route, Seen, State, plain, user_id};
use std::time::Duration;

both!(paste_to_verified, "deleted-replaced", async |desk: &mut Desk| {
    let (root, card) = desk.pasted().await;
    assert!(card.has("Reassign") && card.has("Not an error"), "{:?}", card.buttons);
    assert!(card.text.contains("Okta") && card.text.contains("Entra"), "both sides: {}", card.text);
    assert!(desk.writes().await.is_empty());
    let asked = desk.sim.click("anna", "Reassign").await;
    assert!(asked.outcome.accepted && asked.outcome.attempts == 1);
    let proposed = desk.sim.card(&root, "the proposal", |card| card.has("Approve")).await;
    assert_eq!(proposed.ts, card.ts, "the card is edited in place");
    assert!(proposed.text.contains(&Desk::code(&proposed)));
    let approved = desk.sim.click("ben", "Approve").await;
    assert!(approved.confirm.is_some(), "Approve asks before it acts");
    assert!(approved.outcome.accepted);
    desk.until_case("closed").await;
    let closed =
        desk.sim.card(&root, "the closed card", |card| !card.has("Approve") && card.text.contains("erified")).await;
    assert_eq!(closed.ts, card.ts);
    let cards = desk.sim.state().thread(PROVISIONING, &root);
    assert_eq!(cards.iter().filter(|seen| seen.edits > 0 || seen.ts == card.ts).count(), 1, "one card: {cards:?}");
    assert_eq!(desk.writes().await.len(), 2, "unassigned once, assigned once");
});

both!(a_command_and_a_shortcut_lead_to_the_same_case, "deleted-replaced", async |desk: &mut Desk| {
    let (root, card) = desk.pasted().await;
    let outcome = desk.sim.shortcut("carla", &root).await;
    assert!(outcome.accepted);
    desk.sim
        .until("an answer to the shortcut", |state| {
            let (told, said) = (state.whispers("carla").len(), state.thread(PROVISIONING, &root).len());
            (told > 0 || said > 1).then_some(())
        })
        .await;
    let text = desk.error_text().await.replace('\n', " ");
    assert!(desk.sim.slash("dave", &format!("/reanchor diagnose {text}")).await.accepted);
    let (case, _) = desk.cases().await[0].clone();
    desk.sim
        .until("an answer that names the case", |state| {
            let all = state.whispers("dave").into_iter().chain(state.posts());
            all.filter(|seen| seen.ts != card.ts).find(|seen| seen.text.contains(&case)).map(drop)
        })
        .await;
    assert_eq!(desk.cases().await.len(), 1);
});

both!(a_fix_by_commands_alone, "deleted-replaced", async |desk: &mut Desk| {
    let (root, _) = desk.pasted().await;
    let (case, _) = desk.cases().await[0].clone();
    desk.sim.slash("anna", &format!("/reanchor fix {case} reassign")).await;
    let card = desk.sim.card(&root, "the proposal", |card| card.has("Approve")).await;
    let code = Desk::code(&card);
    // A mention is no signed interaction: it changes nothing (A1).
    desk.sim.say("ben", (PROVISIONING, Some(&root)), &format!("@reanchor approve {code}")).await;
    desk.sim
        .until("where to approve", |state| {
            let all = state.whispers("ben").into_iter().chain(state.thread(PROVISIONING, &root));
            all.filter(|seen| seen.ts != card.ts).find(|seen| seen.text.contains("/reanchor approve")).map(drop)
        })
        .await;
    assert_eq!(desk.state_of_the_case().await, "proposed");
    desk.sim.slash("ben", &format!("/reanchor approve {code}")).await;
    desk.until_case("closed").await;
    desk.sim.slash("ben", "/reanchor help").await;
    desk.sim.told("ben", "diagnose").await;
});

both!(a_denial_asks_for_the_reason_in_a_form, "deleted-replaced", async |desk: &mut Desk| {
    let (root, card) = desk.proposed().await;
    let clicked = desk.sim.click("ben", "Deny").await;
    assert!(clicked.outcome.accepted);
    let form = desk.sim.form("ben").await;
    assert_eq!(form.view["type"], "modal");
    assert_eq!(desk.state_of_the_case().await, "proposed", "nothing is denied before the form is sent");
    let sent = desk.sim.submit("ben", "ask the <!channel> *first*").await;
    assert!(sent.accepted, "{sent:?}");
    desk.until_case("declined").await;
    let declined = desk.sim.card(&root, "the declined card", |card| !card.has("Approve")).await;
    assert_eq!(declined.ts, card.ts);
    assert!(declined.text.contains("ask the <!channel> *first*"), "the reason as it was written: {}", declined.text);
    assert!(desk.writes().await.is_empty());
});

both!(an_edited_message_updates_the_earlier_answer, "deleted-replaced", async |desk: &mut Desk| {
    let first = "Automatic provisioning of user Ada Byron to app Microsoft Office 365 failed: Matching user not found.";
    let root = desk.sim.paste("anna", first).await;
    let before = desk.sim.card(&root, "a first card", |_| true).await;
    let text = desk.error_text().await;
    desk.sim.edit(&root, &text).await;
    let after = desk.sim.card(&root, "a card for the edited text", |card| card.has("Reassign")).await;
    let cards = desk.sim.state().thread(PROVISIONING, &root);
    assert_eq!(cards.iter().map(|card| &card.ts).collect::<Vec<_>>(), [&before.ts], "one card: {cards:?}");
    assert_eq!(after.ts, before.ts);
    assert_eq!(desk.cases().await.len(), 1);
});

both!(details_show_the_plan_in_a_window_before_anything_is_read, "deleted-replaced", async |desk: &mut Desk| {
    let (_, card) = desk.proposed().await;
    assert!(card.has("Details"), "a plan can always be read at length: {:?}", card.buttons);
    let before = desk.sim.state().calls.len();
    assert!(desk.sim.click("ben", "Details").await.outcome.accepted);
    let filled = desk
        .sim
        .until("the window is filled", |state| {
            state.modals.iter().find(|modal| modal.open && modal.updates > 0).cloned()
        })
        .await;
    // The card of the proposal may still be on its way to its last edit.
    let calls = desk.sim.state().calls[before..].iter().map(|call| call.method.clone()).collect::<Vec<_>>();
    let asked: Vec<&String> = calls.iter().filter(|method| *method != "chat.update").collect();
    assert_eq!(asked, ["views.open", "views.update"], "nothing is asked before the window stands");
    let text = plain("", &filled.view["blocks"]);
    for part in ["Plan: ", "cannot be undone", "externalId", " → ", "Before you decide"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(filled.view["submit"].is_null(), "it is read, not decided on");
    assert_eq!(desk.state_of_the_case().await, "proposed");
});

both!(whom_it_is_about_is_said_in_a_form, "subject-ambiguous", async |desk: &mut Desk| {
    let text = desk.error_text().await;
    let root = desk.sim.paste("anna", &text).await;
    let card = desk.sim.card(&root, "a question", |card| card.has("Say who it is")).await;
    // Whoever may not ask is refused when the form is sent, not when it opens.
    desk.sim.click("dave", "Say who it is").await;
    desk.sim.submit("dave", "sam.whitlock@northbridge.example").await;
    desk.sim.told("dave", "Refused (A3): you may not ask for a fix").await;
    desk.sim.click("anna", "Say who it is").await;
    let sent = desk.sim.submit("anna", "sam whitlock").await;
    assert_eq!(sent.body["response_action"], "errors", "{sent:?}");
    desk.sim.submit("anna", "sam.whitlock@northbridge.example").await;
    let after = desk.sim.card(&root, "the look-up", |card| card.has("Look again")).await;
    assert_eq!(after.ts, card.ts);
    assert!(after.text.contains("sam.whitlock@northbridge.example"), "{}", after.text);
});

both!(a_long_log_is_read_at_both_ends, "deleted-replaced", async |desk: &mut Desk| {
    let text = desk.error_text().await;
    let noise = "2026-11-24 worker: nothing to see\n".repeat(20_000);
    assert!(noise.len() > 600_000);
    // At the end, where the host gives parts of a file.
    let root = desk.sim.share("anna", ("provisioning.log", false), &format!("{noise}{text}\n")).await;
    let both = "the file is longer than the limit; only its head and tail were read";
    desk.sim.card(&root, "a card for the tail", |card| card.has("Reassign") && card.text.contains(both)).await;
    // At the beginning, where it gives the whole only.
    desk.sim.state().knobs.ranges = false;
    let other = text.replace("sam.whitlock", "una.vale");
    let head_only = "the file is longer than the limit; only its first 256 KiB were read";
    let root = desk.sim.share("anna", ("provisioning.log", false), &format!("{other}\n{noise}")).await;
    desk.sim.card(&root, "a card for the head", |card| card.text.contains(head_only)).await;
    // What stands further back is not found: whoever asked the bot learns why.
    let tail = format!("{noise}{other}\n");
    let silent = desk.sim.share("anna", ("provisioning.log", false), &tail).await;
    let direct = desk.sim.state().direct(&user_id("dave"));
    desk.sim.share_in("dave", (&direct, None), ("provisioning.log", false), &tail).await;
    desk.sim.told("dave", head_only).await;
    assert!(desk.sim.state().thread(PROVISIONING, &silent).is_empty());
    assert!(desk.sim.state().whispers("anna").is_empty());
});

both!(a_file_that_cannot_be_read_is_told_to_whoever_asked, "deleted-replaced", async |desk: &mut Desk| {
    let (root, _) = desk.pasted().await;
    desk.sim.share("ben", ("shot.png", false), "\u{0}PNG").await;
    let mail = desk.sim.wrote("ben", (PROVISIONING, None), "see this").0;
    for (thread, who) in [(&mail, "ben"), (&root, "carla")] {
        desk.sim.share_in(who, (PROVISIONING, Some(thread)), ("shot.png", false), "\u{0}PNG").await;
    }
    let told = desk.sim.told("carla", "shot.png").await;
    assert_eq!(told.text, "The file shot.png was not read: it is no text. Paste the error as text instead.");
    let direct = desk.sim.state().direct(&user_id("dave"));
    desk.sim.share_in("dave", (&direct, None), ("shot.png", false), "\u{0}PNG").await;
    desk.sim.told("dave", "shot.png was not read").await;
    // A log that holds something else than text, and a token that may not read files.
    desk.sim.share_in("dave", (&direct, None), ("core.log", false), "\u{0}\u{1}").await;
    desk.sim.told("dave", "core.log was not read: it is no text").await;
    desk.sim.state().knobs.scopes.retain(|scope| scope != "files:read");
    desk.sim.share_in("dave", (&direct, None), ("a.log", false), "x").await;
    desk.sim.told("dave", "files:read").await;
    assert!(desk.sim.state().whispers("ben").is_empty(), "silent in a channel, and in a thread of no case");
    assert_eq!(desk.cases().await.len(), 1);
});

both!(ten_deliveries_make_one_card_and_ten_clicks_one_vote, "deleted-replaced", async |desk: &mut Desk| {
    let text = desk.error_text().await;
    let (root, event) = desk.sim.wrote("anna", (PROVISIONING, None), &text);
    let outcomes = desk.sim.event_times(&event, 10).await;
    assert!(outcomes.iter().all(|outcome| outcome.accepted), "{outcomes:?}");
    desk.sim.card(&root, "a card", |card| card.has("Reassign")).await;
    desk.sim.event_times(&event, 3).await;
    let card = desk.sim.button("anna", "Reassign").await;
    let asked = desk.sim.click_payload("anna", &card, "Reassign");
    futures_util::future::join_all((0..10).map(|_| desk.sim.interaction(&asked))).await;
    desk.sim.card(&root, "the proposal", |card| card.has("Approve")).await;
    let card = desk.sim.button("ben", "Approve").await;
    // The same click ten times, and ten clicks.
    let click = desk.sim.click_payload("ben", &card, "Approve");
    let more: Vec<_> = (0..9).map(|_| desk.sim.click_payload("ben", &card, "Approve")).collect();
    let all = std::iter::repeat_n(&click, 10).chain(&more);
    futures_util::future::join_all(all.map(|payload| desk.sim.interaction(payload))).await;
    desk.until_case("closed").await;
    assert_eq!(desk.sim.state().thread(PROVISIONING, &root).iter().filter(|seen| seen.edits > 0).count(), 1);
    assert_eq!(desk.writes().await.len(), 2);
    let votes = desk.audit("vote").await;
    assert_eq!(votes, 1, "ten clicks are one vote");
});

both!(approvers_are_told_directly_with_a_way_to_the_thread, "deleted-replaced", async |desk: &mut Desk| {
    let (root, _) = desk.proposed().await;
    let link = format!("/archives/{PROVISIONING}/p{}", root.replace('.', ""));
    for name in ["ben", "carla"] {
        desk.sim
            .until(&format!("a message to {name}"), |state| {
                let told = state.direct_to(name);
                let linked = |seen: &Seen| {
                    let message = state.message(&seen.channel, &seen.ts).unwrap();
                    message.text.contains(&link) || message.blocks.to_string().contains(&link)
                };
                told.iter().any(linked).then_some(())
            })
            .await;
    }
    let told = |state: &State, name: &str| state.direct_to(name).len();
    assert_eq!(told(&desk.sim.state(), "anna"), 0, "the requester is no approver");
    assert_eq!(told(&desk.sim.state(), "dave"), 0);
});

both!(the_home_tab_shows_open_cases_and_what_one_may_approve, "deleted-replaced", async |desk: &mut Desk| {
    desk.proposed().await;
    let (case, _) = desk.cases().await[0].clone();
    let home = desk.sim.open_home("ben").await;
    let text = plain("", &home["blocks"]);
    let parts = ["You may approve", "Waiting for your vote", &case, "Open cases", "How to use it", "/reanchor approve"];
    let at: Vec<Option<usize>> = parts.iter().map(|part| text.find(*part)).collect();
    assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{at:?} {text}");
    let asker = plain("", &desk.sim.open_home("anna").await["blocks"]);
    assert!(asker.find("Open cases") < asker.find(&case), "she asked, so it does not wait for her vote: {asker}");
    let guest = plain("", &desk.sim.open_home("gus").await["blocks"]);
    assert!(!guest.contains(&case), "a guest learns of no case: {guest}");
    assert!(guest.contains("How to use it"), "{guest}");
});

#[test]
fn an_open_home_tab_follows_what_happens() {
    Desk::run("deleted-replaced", Transport::Http, async |desk: &mut Desk| {
        let (_, card) = desk.proposed().await;
        desk.sim.open_home("ben").await;
        let link = format!("/archives/{PROVISIONING}/p{}", card.ts.replace('.', ""));
        let shown = |state: &State| state.homes.get(&user_id("ben")).map(|(view, _, times)| (view.to_string(), *times));
        desk.sim.until("the way to the card", |state| shown(state).filter(|(view, _)| view.contains(&link))).await;
        desk.sim.click("carla", "Approve").await;
        let over =
            |text: &str| text.contains("Nothing waits for your vote.") && text.contains("No other case is open.");
        desk.sim.home_shows("ben", "nothing is left to do", over).await;
        // Many steps, few looks.
        let (_, times) = shown(&desk.sim.state()).unwrap();
        assert!((3..=6).contains(&times), "{times}");
    });
}

both!(a_snippet_is_read, "deleted-replaced", async |desk: &mut Desk| {
    let text = desk.error_text().await;
    let long = format!("{}\n{text}\n", "2026-11-24 worker: nothing to see\n".repeat(80));
    let root = desk.sim.share("anna", ("provisioning.log", true), &long).await;
    desk.sim.card(&root, "a card for the snippet", |card| card.has("Reassign")).await;
    assert!(desk.sim.state().done("download") >= 1, "the preview was cut, so the file is fetched");
});

both!(a_click_survives_a_kill_before_the_work, "deleted-replaced", async |desk: &mut Desk| {
    let (root, _) = desk.proposed().await;
    // The look at the groups of the voter is held, so the kill falls between the stored click and the work on it.
    desk.control("faults", Some(hold("okta.user.get", 1))).await;
    let click = desk.sim.click("ben", "Approve").await;
    assert!(click.outcome.accepted, "acknowledged while the directory does not answer");
    desk.until_held().await;
    desk.bots[0].kill().await;
    desk.bots.clear();
    desk.control("release", Some(serde_json::json!({}))).await;
    assert_eq!(desk.state_of_the_case().await, "proposed");
    desk.start_bot().await;
    desk.until_case("closed").await;
    desk.sim.card(&root, "the closed card", |card| card.text.contains("erified")).await;
    assert_eq!(desk.writes().await.len(), 2);
});

both!(two_replicas_answer_once, "deleted-replaced", async |desk: &mut Desk| {
    desk.start_bot().await;
    let text = desk.error_text().await;
    let (root, event) = desk.sim.wrote("anna", (PROVISIONING, None), &text);
    for at in 0..6 {
        if desk.transport == Transport::Http {
            let url = desk.bots[at % 2].events_url();
            desk.sim.state().knobs.route = Route::Http(url);
        }
        desk.sim.event_times(&event, 2).await;
    }
    desk.sim.card(&root, "a card", |card| card.has("Reassign")).await;
    desk.sim.click("anna", "Reassign").await;
    desk.sim.card(&root, "the proposal", |card| card.has("Approve")).await;
    desk.sim.click("ben", "Approve").await;
    desk.until_case("closed").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let thread = desk.sim.state().thread(PROVISIONING, &root);
    assert_eq!(thread.iter().filter(|seen| seen.has("Look again") || seen.edits > 0).count(), 1, "{thread:?}");
    assert_eq!(desk.writes().await.len(), 2);
    // Both had their share of the events.
    for bot in &desk.bots {
        assert!(desk.heard(bot).await > 0, "{}", bot.log());
    }
    if desk.transport == Transport::Socket {
        let log = desk.bots[1].log();
        assert!(log.contains("other processes hold websockets of this Slack app"), "{log}");
    }
});
