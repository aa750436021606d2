//! The app in several workspaces at once: at home, in a second workspace, and in an organization, where `team` is null. Each
//! is served with its own token, and what goes wrong in one stops no other.

use super::desk::{Desk, Transport};
use super::sim::{Call, PROVISIONING, SOUTH, SOUTHERN, State, TEAM, WEST_TEAM, WESTERN};

/// Every call of these methods about one place or person was made with the token of this workspace, and there was one.
fn only_by(state: &State, team: &str, methods: &[&str], part: &str) {
    let about = |call: &&Call| {
        let args = serde_json::to_string(&call.args).unwrap();
        methods.contains(&call.method.as_str()) && args.contains(part)
    };
    let by: Vec<_> = state.calls.iter().filter(about).map(|call| (call.team, &call.error)).collect();
    assert!(
        !by.is_empty() && by.iter().all(|(of, error)| *of == team && error.is_none()),
        "{methods:?} {part}: {by:?}"
    );
}

/// The whole of a case in a further workspace: `side` ends the names of its people.
async fn a_case(desk: &mut Desk, (team, channel, side): (&str, &str, &str)) {
    let [anna, ben, carla] = ["anna", "ben", "carla"].map(|name| format!("{name}{side}"));
    let text = desk.error_text().await;
    let root = desk.sim.say(&anna, (channel, None), &text).await;
    let card = desk.sim.card_in(channel, &root, "a card there", |card| card.has("Reassign")).await;
    assert!(card.text.contains("Okta") && card.text.contains("Entra"), "she is linked there: {}", card.text);
    assert!(desk.sim.click(&anna, "Reassign").await.outcome.accepted);
    let proposed = desk.sim.card_in(channel, &root, "the proposal", |card| card.has("Approve")).await;
    assert_eq!(proposed.ts, card.ts);
    // Each approver hears of it where the account is.
    for name in ["ben", "carla", &carla] {
        let told = |state: &State| state.direct_to(name).into_iter().find(|seen| seen.text.contains("asks for a vote"));
        let told = desk.sim.until(&format!("{name} is told"), told).await;
        let person = desk.sim.state().person(name);
        only_by(&desk.sim.state(), &person.team, &["conversations.open"], &person.id);
        only_by(&desk.sim.state(), &person.team, &["chat.postMessage"], &told.channel);
    }
    assert!(desk.sim.state().direct_to(&ben).is_empty() && desk.sim.state().direct_to(&anna).is_empty());
    // Linked at home he may vote, and here he is nobody.
    assert!(desk.sim.click(&ben, "Approve").await.outcome.accepted);
    let told = desk.sim.told(&ben, "Refused (A7): your chat account is not linked").await;
    assert_eq!(told.channel, channel);
    assert_eq!((desk.audit("vote").await, desk.state_of_the_case().await.as_str()), (0, "proposed"));
    // Both have it on their home tabs, with the way there.
    let link = format!("/archives/{channel}/p{}", proposed.ts.replace('.', ""));
    let case = desk.cases().await[0].0.clone();
    for name in ["ben", &carla] {
        desk.sim.open_home(name).await;
        let waits = |text: &str| {
            let parts = ["You may approve", "Waiting for your vote", &case, "Open cases"].map(|part| text.find(part));
            parts.iter().all(Option::is_some) && parts.is_sorted()
        };
        let view = desk.sim.home_shows(name, "the case waits for a vote", waits).await;
        let linked = view.to_string().contains(&link);
        if !linked {
            let with = |state: &State| {
                let (view, ..) = state.homes.get(&state.person(name).id)?;
                view.to_string().contains(&link).then_some(())
            };
            desk.sim.until("the way there", with).await;
        }
        let person = desk.sim.state().person(name);
        only_by(&desk.sim.state(), &person.team, &["views.publish"], &person.id);
    }
    // Windows open with the token of the workspace where the button was pressed.
    desk.sim.click(&carla, "Deny").await;
    desk.sim.form(&carla).await;
    desk.sim.until("the call is recorded", |state| (state.done("views.open") > 0).then_some(())).await;
    only_by(&desk.sim.state(), team, &["views.open"], "deny_reason");
    // A mention of a command and a typed vote by the one who is nobody here change nothing; hers counts.
    let code = Desk::code(&proposed);
    desk.sim.slash_in(channel, &ben, &format!("/reanchor approve {code}")).await;
    desk.sim.until("a second refusal", |state| (state.whispers(&ben).len() == 2).then_some(())).await;
    desk.sim.click(&carla, "Approve").await;
    desk.until_case("closed").await;
    let closed = desk.sim.card_in(channel, &root, "the closed card", |card| card.text.contains("erified")).await;
    assert_eq!(closed.ts, card.ts);
    assert_eq!((desk.audit("vote").await, desk.writes().await.len()), (1, 2));
    only_by(&desk.sim.state(), team, &["chat.postMessage", "chat.update"], &format!("\"channel\":\"{channel}\""));
}

macro_rules! both_wide {
    ($name:ident, $story:expr) => {
        mod $name {
            use super::*;

            #[test]
            fn over_socket_mode() {
                Desk::run_wide("deleted-replaced", Transport::Socket, $story);
            }

            #[test]
            fn over_http() {
                Desk::run_wide("deleted-replaced", Transport::Http, $story);
            }
        }
    };
}

both_wide!(a_second_workspace_is_served_with_its_own_token, async |desk: &mut Desk| {
    a_case(desk, (SOUTH, SOUTHERN, "south")).await;
});

both_wide!(an_organization_beside_a_workspace_is_served_with_its_own_token, async |desk: &mut Desk| {
    a_case(desk, (WEST_TEAM, WESTERN, "west")).await;
});

#[test]
fn a_workspace_that_took_its_token_back_stops_no_other() {
    Desk::run_wide("deleted-replaced", Transport::Http, async |desk: &mut Desk| {
        desk.expected_errors.push("the Slack app was uninstalled from a workspace");
        desk.expected_errors.push("Slack does not take the token of a workspace, which is left alone");
        assert!(desk.sim.uninstall(1, "account_inactive").await.accepted);
        let text = desk.error_text().await;
        let lost = text.replace("sam.whitlock", "una.vale").replace("Sam Whitlock", "Una Vale");
        desk.sim.say("annasouth", (SOUTHERN, None), &lost).await;
        let (root, first) = desk.pasted().await;
        desk.sim.click("anna", "Reassign").await;
        desk.sim.card(&root, "the proposal", |card| card.has("Approve")).await;
        // And after a new start, with the token still refused.
        desk.bots[0].kill().await;
        desk.bots.clear();
        desk.start_bot().await;
        assert!(desk.logs().contains(&format!("SLACK_BOT_TOKEN_{SOUTH}")), "{}", desk.logs());
        // Nobody of that workspace is taken for somebody of another one.
        let card = desk.sim.state().thread(PROVISIONING, &root).pop().unwrap();
        let typed = format!("/reanchor approve {}", Desk::code(&card));
        assert!(desk.sim.slash_in(SOUTHERN, "carlasouth", &typed).await.accepted);
        desk.sim.told("carlasouth", "Refused (A7)").await;
        desk.sim.click("ben", "Approve").await;
        desk.until_case("closed").await;
        let end = desk.sim.card(&root, "the closed card", |card| card.text.contains("erified")).await;
        assert_eq!(end.ts, first.ts);
        let state = desk.sim.state();
        let posts =
            state.messages.iter().filter(|m| m.channel == SOUTHERN && m.bot_id.is_some() && m.only_for.is_none());
        assert_eq!(posts.count(), 0);
        only_by(&state, TEAM, &["chat.postMessage", "chat.update"], &format!("\"channel\":\"{PROVISIONING}\""));
    });
}
