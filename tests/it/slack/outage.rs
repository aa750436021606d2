//! Slack itself behaves badly: rate limits, outages, lost answers, sockets that close, fall silent or lose acknowledgements.
//! Nothing is lost, nothing is said twice, and what waited is said in order.

use super::desk::{Desk, Transport, both, hold};
use super::sim::{BOT, Fault, PROVISIONING, Route, State};
use std::time::Duration;

both!(a_storm_of_429_delays_and_loses_nothing, "deleted-replaced", async |desk: &mut Desk| {
    for method in ["chat.postMessage", "chat.update"] {
        desk.sim.state().knobs.faults.push((method.to_owned(), Fault::RateLimited(1), 4));
    }
    let (root, card) = desk.proposed().await;
    desk.sim.click("ben", "Approve").await;
    desk.until_case("closed").await;
    let end = desk.sim.card(&root, "the closed card", |card| card.text.contains("erified")).await;
    assert_eq!(end.ts, card.ts);
    let thread = desk.sim.state().thread(PROVISIONING, &root);
    assert_eq!(thread.iter().filter(|seen| seen.edits > 0).count(), 1, "{thread:?}");
    // After a 429 nobody asks again before the time that Slack named.
    let state = desk.sim.state();
    for method in ["chat.postMessage", "chat.update"] {
        let calls: Vec<_> = state.calls.iter().filter(|call| call.method == method).collect();
        for pair in calls.windows(2).filter(|pair| pair[0].error.as_deref() == Some("ratelimited")) {
            let pause = pair[1].at.duration_since(pair[0].at);
            assert!(pause >= Duration::from_millis(950), "{method} came again after {pause:?}");
        }
    }
});

both!(slack_down_for_a_while_and_everything_is_said_once_in_order, "deleted-replaced", async |desk: &mut Desk| {
    let (root, card) = desk.proposed().await;
    let approve = desk.sim.button("ben", "Approve").await;
    let click = desk.sim.click_payload("ben", &approve, "Approve");
    // The click still arrives; then Slack is gone while the run goes on.
    let outcome = desk.sim.interaction(&click).await;
    assert!(outcome.accepted);
    desk.sim.down(true);
    desk.until_case("closed").await;
    assert_eq!(desk.writes().await.len(), 2);
    tokio::time::sleep(Duration::from_secs(3)).await;
    desk.sim.down(false);
    let end = desk.sim.card(&root, "the closed card after the outage", |card| card.text.contains("erified")).await;
    assert_eq!(end.ts, card.ts);
    let message = desk.sim.state().message(PROVISIONING, &card.ts).unwrap().clone();
    let mut said: Vec<&String> = message.before.iter().map(|(text, _)| text).collect();
    said.push(&message.text);
    assert!(said.last().is_some_and(|last| said.iter().filter(|text| text == &last).count() <= 1), "{said:?}");
    if desk.transport == Transport::Socket {
        desk.sim.sockets(1).await;
    }
    let again = desk.sim.slash("ben", "/reanchor status").await;
    assert!(again.accepted, "{again:?}");
});

both!(an_answer_that_got_lost_is_not_posted_again, "deleted-replaced", async |desk: &mut Desk| {
    desk.sim.state().knobs.faults.push(("chat.postMessage".to_owned(), Fault::AnswerLost, 1));
    desk.sim.state().knobs.faults.push(("chat.update".to_owned(), Fault::Slow(1500), 1));
    let (root, _) = desk.pasted().await;
    desk.sim.click("anna", "Reassign").await;
    desk.sim.card(&root, "the proposal", |card| card.has("Approve")).await;
    let thread = desk.sim.state().thread(PROVISIONING, &root);
    assert_eq!(thread.len(), 1, "posted, the answer lost, and found again: {thread:?}");
});

#[test]
fn a_kill_in_the_middle_of_a_post_posts_nothing_twice() {
    Desk::run("deleted-replaced", Transport::Http, async |desk: &mut Desk| {
        // Slack has it, and the bot dies before it learns so: the first post of a card, and then an edit of it.
        desk.sim.state().knobs.faults.push(("chat.postMessage".to_owned(), Fault::Late(60_000), 1));
        let text = desk.error_text().await;
        let root = desk.sim.paste("anna", &text).await;
        let first = desk.sim.card(&root, "a post", |_| true).await;
        desk.bots[0].kill().await;
        desk.bots.clear();
        desk.start_bot().await;
        let card = desk.sim.card(&root, "the look-up", |card| card.has("Reassign")).await;
        assert_eq!(card.ts, first.ts);
        desk.sim.state().knobs.faults.push(("chat.update".to_owned(), Fault::Late(60_000), 1));
        desk.sim.click("anna", "Reassign").await;
        desk.sim.card(&root, "the proposal", |card| card.has("Approve")).await;
        desk.bots[0].kill().await;
        desk.bots.clear();
        desk.start_bot().await;
        desk.sim.click("ben", "Approve").await;
        desk.until_case("closed").await;
        desk.sim.card(&root, "the closed card", |card| card.text.contains("erified")).await;
        let thread = desk.sim.state().thread(PROVISIONING, &root);
        assert_eq!(thread.iter().map(|seen| &seen.ts).collect::<Vec<_>>(), [&first.ts], "{thread:?}");
    });
}

both!(a_post_refused_for_good_does_not_stop_the_others, "deleted-replaced", async |desk: &mut Desk| {
    let root = desk.sim.paste("anna", &desk.error_text().await).await;
    desk.sim.card(&root, "a card", |card| card.has("Reassign")).await;
    // The bot is thrown out of the channel: the approval goes on by command, and direct messages still arrive.
    desk.sim.state().channels.get_mut(PROVISIONING).unwrap().members.retain(|member| member != BOT);
    desk.sim.click("anna", "Reassign").await;
    desk.until_case("proposed").await;
    desk.sim.until("a direct message to ben", |state| state.direct_to("ben").pop()).await;
});

both!(a_direct_answer_that_slack_delays_comes_later_and_once, "deleted-replaced", async |desk: &mut Desk| {
    desk.proposed().await;
    desk.sim.state().knobs.faults.push(("response_url".to_owned(), Fault::RateLimited(6), 1));
    desk.sim.click("nora", "Approve").await;
    let hit = |state: &State| state.knobs.faults.iter().all(|(_, _, left)| *left == 0).then_some(());
    desk.sim.until("Slack says stop", hit).await;
    // Nobody waits for it: the vote of somebody else is taken and run meanwhile.
    desk.sim.click("ben", "Approve").await;
    desk.until_case("closed").await;
    let told = desk.sim.told("nora", "Refused (A7): your chat account is not linked").await;
    assert_eq!(told.channel, PROVISIONING);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(desk.sim.state().whispers("nora").len(), 1);
    assert!(desk.logs().contains("a direct answer waits until the surface takes it"), "{}", desk.logs());
});

both!(clicks_are_acknowledged_while_the_directories_hang, "deleted-replaced", async |desk: &mut Desk| {
    desk.proposed().await;
    desk.control("faults", Some(hold("okta.user.get", 1))).await;
    let clicked = desk.sim.click("ben", "Approve").await;
    assert!(clicked.outcome.accepted, "{:?}", clicked.outcome);
    let asked = desk.sim.slash("carla", "/reanchor status").await;
    assert!(asked.accepted, "{asked:?}");
    println!("acknowledged after {:?} and {:?}", clicked.outcome.after, asked.after);
    let denied = desk.sim.click("carla", "Deny").await;
    assert!(denied.outcome.accepted);
    desk.sim.form("carla").await;
    desk.until_held().await;
    desk.control("release", Some(serde_json::json!({}))).await;
    // A look at the groups that took too long is a refusal (A3), told to the person; the vote can be given again.
    let refused = desk.sim.within(Duration::from_secs(5), |state| state.whispers("ben").pop()).await;
    if refused.is_some() {
        desk.sim.click("ben", "Approve").await;
    }
    desk.until_case("closed").await;
});

#[test]
fn sockets_that_close_come_back_and_lost_acknowledgements_make_nothing_twice() {
    Desk::run("deleted-replaced", Transport::Socket, async |desk: &mut Desk| {
        let opened = desk.sim.state().opened;
        desk.sim.refresh_sockets().await;
        desk.sim.until("new sockets", |state| (state.opened > opened && !state.links.is_empty()).then_some(())).await;
        desk.sim.state().knobs.patience = Duration::from_millis(800);
        // The bot's own posts would come back between and take the losses.
        desk.sim.state().knobs.echo = None;
        desk.sim.state().knobs.drop_acks = 2;
        let text = desk.error_text().await;
        let (root, event) = desk.sim.wrote("anna", (PROVISIONING, None), &text);
        let outcome = desk.sim.event(&event).await;
        assert!(outcome.accepted && outcome.attempts == 3, "{outcome:?}");
        desk.sim.card(&root, "a card", |card| card.has("Reassign")).await;
        // A click whose acknowledgement is lost was heard all the same.
        desk.sim.state().knobs.drop_acks = 1;
        let clicked = desk.sim.click("anna", "Reassign").await;
        assert!(!clicked.outcome.accepted);
        desk.sim.card(&root, "the proposal", |card| card.has("Approve")).await;
        assert_eq!(desk.sim.state().thread(PROVISIONING, &root).len(), 1);
    });
}

#[test]
fn a_click_behind_the_wish_for_a_new_socket_is_heard() {
    Desk::run("deleted-replaced", Transport::Socket, async |desk: &mut Desk| {
        let (root, _) = desk.pasted().await;
        let opened = desk.sim.state().opened;
        desk.sim.wish_new_sockets();
        // On the old sockets: no new one is open yet.
        let clicked = desk.sim.click("anna", "Reassign").await;
        assert!(clicked.outcome.accepted && clicked.outcome.attempts == 1, "{:?}", clicked.outcome);
        desk.sim.card(&root, "the proposal", |card| card.has("Approve")).await;
        desk.sim.until("new sockets", |state| (state.opened >= opened + 2).then_some(())).await;
        desk.sim.until("the old ones are left", |state| (state.links.len() == 2).then_some(())).await;
        assert!(!desk.logs().contains("other processes hold websockets"), "the old ones are its own: {}", desk.logs());
        desk.sim.click("ben", "Approve").await;
        desk.until_case("closed").await;
    });
}

#[test]
fn sockets_that_fall_silent_are_opened_anew() {
    Desk::run("deleted-replaced", Transport::Socket, async |desk: &mut Desk| {
        let opened = desk.sim.state().opened;
        desk.sim.silence_sockets();
        desk.sim
            .until("a socket beside the silent ones", |state| {
                (state.opened > opened && state.links.iter().any(|link| !link.silent)).then_some(())
            })
            .await;
        let text = desk.error_text().await;
        let root = desk.sim.paste("anna", &text).await;
        desk.sim.card(&root, "a card", |card| card.has("Reassign")).await;
    });
}

#[test]
fn events_in_the_wrong_order_and_under_two_transports_marks_are_one_story() {
    Desk::run("deleted-replaced", Transport::Http, async |desk: &mut Desk| {
        let text = desk.error_text().await;
        // The edit overtakes the message.
        let (root, event) = desk.sim.wrote("anna", (PROVISIONING, None), "lunch?");
        assert!(desk.sim.edit(&root, &text).await.accepted);
        assert!(desk.sim.event(&event).await.accepted);
        desk.sim.card(&root, "a card", |card| card.has("Reassign")).await;
        // The first delivery dies on the way, the second one counts.
        let good = desk.bots[0].events_url();
        desk.sim.state().knobs.route = Route::Http("http://127.0.0.1:9/slack/events".to_owned());
        desk.sim.state().knobs.retries = vec![Duration::from_millis(300); 3];
        let command = desk.sim.slash("ben", "/reanchor status").await;
        assert!(!command.accepted && command.attempts == 1, "a command comes once");
        desk.sim.state().knobs.route = Route::Http(good);
        assert!(desk.sim.slash("ben", "/reanchor status").await.accepted);
        assert_eq!(desk.cases().await.len(), 1);
    });
}
