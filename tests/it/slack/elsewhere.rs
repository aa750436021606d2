//! Channels that the bot is not in, or that take no more posts: whoever waits is told, and nothing else happens.

use super::desk::{Desk, Transport, both};
use super::sim::{DOWNSTAIRS, Fault, PROVISIONING, State};

both!(a_command_where_the_bot_is_not_in_the_channel_is_answered, "deleted-replaced", async |desk: &mut Desk| {
    let outcome = desk.sim.slash_in(DOWNSTAIRS, "ben", "/reanchor help").await;
    assert!(outcome.accepted);
    desk.sim.told("ben", "diagnose").await;
    let text = desk.error_text().await;
    // The diagnosis itself, and how to have it in the channel: by the address of the command, so by no direct message.
    desk.sim.slash_in(DOWNSTAIRS, "ben", &format!("/reanchor diagnose {}", text.replace('\n', " "))).await;
    let told = desk.sim.told("ben", "/invite").await;
    let (case, _) = desk.cases().await[0].clone();
    for part in ["not a member of the channel", case.as_str(), "o365-user-deleted-in-entra", "What to do:"] {
        assert!(told.text.contains(part), "{part}: {}", told.text);
    }
    assert!(
        !told.text.contains("sam.whitlock"),
        "nothing of the directories in a channel that is not listed: {}",
        told.text
    );
    assert_eq!(told.channel, DOWNSTAIRS);
    // The same by the shortcut of a message.
    let (root, _) = desk.sim.wrote("dave", (DOWNSTAIRS, None), &text);
    desk.sim.shortcut("carla", &root).await;
    desk.sim.told("carla", "/invite").await;
    // Many at once are one list.
    let many: String = (0..6).map(|n| text.replace("sam.whitlock", &format!("p{n}.q")) + "\n\n").collect();
    let (root, _) = desk.sim.wrote("dave", (DOWNSTAIRS, None), &many);
    desk.sim.shortcut("dave", &root).await;
    desk.sim.told("dave", "/invite").await;
    for name in ["ben", "carla", "dave"] {
        assert!(desk.sim.state().direct_to(name).is_empty());
    }
    // A vote that is typed there counts, and who typed it learns so.
    let (_, card) = desk.proposed().await;
    desk.sim.slash_in(DOWNSTAIRS, "ben", &format!("/reanchor approve {}", Desk::code(&card))).await;
    let told = desk.sim.told("ben", "Done: ").await;
    assert!(told.text.contains("approved by ben"), "{}", told.text);
    desk.sim.slash_in(DOWNSTAIRS, "ben", "/reanchor freeze a look at the log").await;
    desk.sim.told("ben", "Frozen by").await;
});

both!(what_a_channel_takes_no_more_is_told_to_whoever_waits_for_it, "deleted-replaced", async |desk: &mut Desk| {
    let text = desk.error_text().await;
    desk.sim.state().channels.get_mut(PROVISIONING).unwrap().archived = true;
    desk.sim.paste("anna", &text).await;
    let direct = |desk: &Desk, name: &str| desk.sim.state().direct_to(name);
    desk.sim
        .until("a direct message to anna", |state| {
            state
                .direct_to("anna")
                .into_iter()
                .find(|seen| seen.text.contains("archived") && seen.text.contains("looked up"))
        })
        .await;
    assert_eq!(direct(desk, "anna").len(), 1, "steps on the way are not told: {:?}", direct(desk, "anna"));
    // A bridge has nobody who could be told.
    let refused =
        |state: &State| state.calls.iter().filter(|call| call.error.as_deref() == Some("is_archived")).count();
    let before = refused(&desk.sim.state());
    desk.sim.relayed("Alice", &text).await;
    desk.sim.until("the answer to the bridge is refused", |state| (refused(state) > before).then_some(())).await;
    desk.sim.state().channels.get_mut(PROVISIONING).unwrap().archived = false;
    desk.sim.state().knobs.faults.push(("chat.postMessage".to_owned(), Fault::Error("restricted_action"), 1));
    let text = text.replace("sam.whitlock", "una.vale");
    desk.sim.paste("gus", &text).await;
    desk.sim.told("gus", "only some people may post").await;
    let state = desk.sim.state();
    let opened: Vec<_> = state.calls.iter().filter(|call| call.method == "conversations.open").collect();
    assert!(opened.iter().all(|call| call.error.is_none()), "a bridge is nobody who could be told: {opened:?}");
});
