use super::super::fake::{KEY, World, intake};
use super::super::form::{Form, form};
use super::*;
use crate::domain::ids::OktaUserId;
use crate::surface::slack::calls::CallError;
use crate::surface::slack::settings::Relay;
use crate::surface::slack::token::Mint;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

fn delivery(event: &Value) -> String {
    json!({ "type": "event_callback", "team_id": "T01", "api_app_id": "A0OWN", "is_ext_shared_channel": false, "event": event,
        "authorizations": [{ "team_id": "T01", "user_id": "U0BOT", "is_bot": true }] })
    .to_string()
}

fn paste(text: &str) -> Value {
    json!({ "type": "message", "channel": "C01", "channel_type": "channel", "user": "U01", "team": "T01", "text": text,
        "ts": "1700000000.000100", "client_msg_id": "5f0c" })
}

fn token(act: Act, key: &[u8]) -> String {
    Mint::new(key).make(&Ticket { act, case: CaseId::new("c-7kq2ma"), version: 3, number: Some(1) })
}

fn click(value: &str, user: &Value) -> String {
    json!({ "type": "block_actions", "team": null, "enterprise": { "id": "E01" }, "user": user, "trigger_id": "1.2.3",
        "response_url": "https://hooks.slack.com/actions/x", "container": { "type": "message", "message_ts": "5.1", "channel_id": "C01", "thread_ts": "4.1" },
        "message": { "ts": "5.1", "thread_ts": "4.1" }, "actions": [{ "action_id": "ra.approve", "value": value, "action_ts": "9.1" }] })
    .to_string()
}

fn anna() -> Value {
    json!({ "id": "U01", "username": "anna", "team_id": "T01" })
}

fn linked() -> Standing {
    Standing::Linked { okta: OktaUserId::new("00u1") }
}

async fn one(json: &str) -> (Outcome, Arc<World>) {
    let (intake, world) = intake(Settings::default());
    let outcome = intake.interaction(json).await;
    world.after().await;
    (outcome, world)
}

#[tokio::test]
async fn chatter_is_acknowledged_and_never_reaches_the_app() {
    let (intake, world) = intake(Settings::default());
    assert_eq!(intake.event(&delivery(&paste("lunch?"))).await, Outcome::Done);
    let mut elsewhere = paste("it failed");
    elsewhere["channel"] = json!("C99");
    assert_eq!(intake.event(&delivery(&elsewhere)).await, Outcome::Done);
    assert!(world.bodies().is_empty() && world.methods().is_empty());
}

#[tokio::test]
async fn one_message_has_one_key_however_it_arrives() {
    let (intake, world) = intake(Settings::default());
    let mut mention = paste("<@U0BOT> it failed");
    intake.event(&delivery(&mention)).await;
    mention["type"] = json!("app_mention");
    intake.event(&delivery(&mention)).await;
    let heard: Vec<Inbound> = world.heard.lock().unwrap().iter().map(|(inbound, _)| inbound.clone()).collect();
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0].event_key, "m|C01|1700000000.000100");
    assert_eq!((heard[0].actor.key.as_str(), &heard[0].actor.standing), ("T01/U01", &linked()));
    assert_eq!(heard[0].body, Body::Mention { text: "it failed".into() });
    let edit = json!({ "type": "message", "subtype": "message_changed", "channel": "C01", "previous_message": { "text": "x" },
        "message": { "user": "U01", "text": "it failed again", "ts": "1700000000.000100", "edited": { "ts": "1700000009.0" } } });
    intake.event(&delivery(&edit)).await;
    let (edited, _) = world.last();
    assert_eq!(edited.event_key, "m|C01|1700000000.000100|1700000009.0");
    assert!(edited.more.edited && edited.place.message == "1700000000.000100");
}

#[tokio::test]
async fn no_message_carries_a_proof() {
    let relays = vec![Relay { id: "B07".into(), name: "matterbridge".into() }];
    let (intake, world) = intake(Settings { relays, diagnose_bots: true, ..Settings::default() });
    for (change, standing) in [
        (json!({}), linked()),
        (json!({ "team": "T99" }), Standing::External),
        (json!({ "bot_id": "B07", "username": "Alice (msteams)" }), Standing::Relayed { via: "matterbridge".into() }),
        (json!({ "bot_id": "B08" }), Standing::ApiPosted),
        (json!({ "app_id": "A08" }), Standing::ApiPosted),
    ] {
        let mut event = paste("approve abcdefgh23 failed");
        for (key, value) in change.as_object().unwrap() {
            event[key] = value.clone();
        }
        intake.event(&delivery(&event)).await;
        let (inbound, proved) = world.last();
        assert_eq!((inbound.actor.standing, proved), (standing, false), "{change}");
        assert!(matches!(inbound.body, Body::Message { .. }));
    }
    let count = world.bodies().len();
    let mut quoting = paste("c-7kq2ma failed");
    quoting["bot_id"] = json!("B07");
    intake.event(&delivery(&quoting)).await;
    assert_eq!(world.bodies().len(), count, "a bridge that repeats our own card is not answered");
}

#[tokio::test]
async fn what_was_not_stored_is_not_acknowledged() {
    let (intake, world) = intake(Settings::default());
    *world.broken.lock().unwrap() = true;
    assert_eq!(intake.event(&delivery(&paste("it failed"))).await, Outcome::NotStored);
    assert_eq!(intake.event(&delivery(&paste("lunch?"))).await, Outcome::Done, "chatter needs no store");
    let value = token(Act::Press(Verb::Approve), KEY);
    assert_eq!(intake.interaction(&click(&value, &anna())).await, Outcome::NotStored);
    let Form::Command(command) = form("command=%2Freanchor&text=status&user_id=U01&channel_id=C01") else { panic!() };
    assert_eq!(intake.command(&command).await, Outcome::NotStored);
}

#[tokio::test]
async fn a_click_is_a_press_with_a_proof_also_without_a_team() {
    let value = token(Act::Press(Verb::Approve), KEY);
    let (outcome, world) = one(&click(&value, &anna())).await;
    assert_eq!(outcome, Outcome::Done);
    let (inbound, proved) = world.last();
    assert!(proved && inbound.actor.standing == linked() && inbound.actor.name == "anna");
    let press = Body::Press { verb: Verb::Approve, case: CaseId::new("c-7kq2ma"), number: Some(1), note: None };
    assert_eq!(inbound.body, press);
    assert_eq!(inbound.event_key, "k|9.1|U01|C01|5.1|ra.approve");
    let place = inbound.place;
    assert_eq!((place.channel.as_str(), place.thread.as_str(), place.message.as_str()), ("C01", "4.1", "5.1"));
    assert_eq!(*world.kept.lock().unwrap(), [("T01/U01".to_owned(), "https://hooks.slack.com/actions/x".to_owned())]);
    let (_, world) = one(&click(&value, &json!({ "id": "U01", "team_id": "T99" }))).await;
    assert_eq!(world.last().0.actor.standing, Standing::External, "the same user id of another team is a stranger");
}

#[tokio::test]
async fn a_forged_button_and_one_of_another_environment_are_refused() {
    let good = token(Act::Press(Verb::Deny), KEY);
    for bad in [good.replace("deny", "approve"), token(Act::Press(Verb::Approve), b"staging"), "approve".to_owned()] {
        let (outcome, world) = one(&click(&bad, &anna())).await;
        assert_eq!(outcome, Outcome::Done);
        assert!(world.bodies().is_empty(), "{bad}");
        let called = world.called.lock().unwrap();
        assert!(
            called[0].0.starts_with("https://hooks") && called[0].1.as_str().unwrap().contains("Nothing was changed")
        );
    }
}

#[tokio::test]
async fn a_denial_asks_why_before_anything_is_looked_up() {
    let value = token(Act::Press(Verb::Deny), KEY);
    let (outcome, world) = one(&click(&value, &anna())).await;
    assert_eq!((outcome, world.methods()), (Outcome::Done, vec!["views.open".to_owned()]));
    assert!(world.bodies().is_empty(), "the click itself decides nothing");
    let view = world.called.lock().unwrap()[0].1.clone();
    assert_eq!(view["trigger_id"], "1.2.3");
    let (block, element) = views::REASON;
    let form = |metadata: &Value, reason: &str| {
        json!({ "type": "view_submission", "team": null, "user": anna(), "view": { "id": "V01", "callback_id": views::DENY,
            "private_metadata": metadata, "state": { "values": { block: { element: { "value": reason } } } } } })
        .to_string()
    };
    let metadata = &view["view"]["private_metadata"];
    let (outcome, world) = one(&form(metadata, " not today ")).await;
    let (inbound, proved) = world.last();
    assert!(proved && outcome == Outcome::Done);
    let note = Some("not today".to_owned());
    assert_eq!(inbound.body, Body::Press { verb: Verb::Deny, case: CaseId::new("c-7kq2ma"), number: Some(1), note });
    assert_eq!(inbound.place.thread, "4.1");
    let other = Meta { token: token(Act::Press(Verb::Deny), b"staging"), place: inbound.place };
    let (outcome, world) = one(&form(&json!(other.text()), "x")).await;
    assert!(matches!(outcome, Outcome::Answer(text) if text.contains("response_action")) && world.bodies().is_empty());
}

#[tokio::test]
async fn a_window_that_slack_does_not_open_is_told() {
    let (intake, world) = intake(Settings::default());
    *world.refuses.lock().unwrap() = true;
    for act in [Act::Press(Verb::Deny), Act::Details] {
        intake.interaction(&click(&token(act, KEY), &anna())).await;
        world.after().await;
        let last = world.called.lock().unwrap().last().cloned().unwrap();
        assert!(last.0.starts_with("https://hooks") && last.1.as_str().unwrap().contains("window"));
    }
}

#[tokio::test]
async fn a_direct_answer_waits_for_slack_and_not_for_ever() {
    let limited = |after_ms: i64| CallError::Limited { after_ms };
    for (fails, times, waited) in [
        (vec![limited(60_000), limited(200_000)], 3, 260_000),
        (vec![limited(60_000), limited(250_000)], 2, 250_000),
        (vec![limited(300_001)], 1, 0),
        (vec![CallError::Unreachable("down".into())], 1, 0),
    ] {
        let (intake, world) = intake(Settings::default());
        *world.fails.lock().unwrap() = fails;
        intake.interaction(&click(&token(Act::Press(Verb::Approve), b"staging"), &anna())).await;
        world.after().await;
        assert_eq!((world.methods().len(), world.time.load(Ordering::SeqCst)), (times, waited));
    }
}

#[tokio::test]
async fn details_open_a_window_first_and_fill_it_then() {
    let (_, world) = one(&click(&token(Act::Details, KEY), &anna())).await;
    assert_eq!(world.methods(), ["views.open", "views.update"]);
    assert!(world.bodies().is_empty());
}

#[tokio::test]
async fn a_shortcut_asks_about_the_message_it_was_used_on() {
    let shortcut = |message: &Value, callback: &str| {
        json!({ "type": "message_action", "callback_id": callback, "team": null, "user": anna(), "channel": { "id": "C01" }, "action_ts": "9.2",
            "message_ts": "5.1", "message": message, "response_url": "https://hooks.slack.com/app/x" })
        .to_string()
    };
    let message = json!({ "type": "message", "user": "U77", "bot_id": "B9", "ts": "5.1", "text": "it failed" });
    let (_, world) = one(&shortcut(&message, SHORTCUT)).await;
    let (inbound, proved) = world.last();
    assert!(proved && inbound.actor.key == "T01/U01", "it is asked by whoever used the shortcut");
    assert_eq!(inbound.body, Body::Command { text: "diagnose it failed".into() });
    assert_eq!((inbound.place.message.as_str(), inbound.place.thread.as_str()), ("5.1", "5.1"));
    for (message, callback) in [(message, "another"), (json!({ "ts": "5.1", "text": " " }), SHORTCUT)] {
        let (outcome, world) = one(&shortcut(&message, callback)).await;
        assert!(outcome == Outcome::Done && world.bodies().is_empty() && world.methods().len() == 1);
    }
}

#[tokio::test]
async fn a_command_is_proved_and_each_use_is_its_own() {
    let (intake, world) = intake(Settings::default());
    let mut keys = Vec::new();
    for (trigger, text) in [("1", "status"), ("1", "status"), ("2", "deny+ABCDEFGH23+a+%26amp%3Blt%3B+b")] {
        let body = format!(
            "team_id=T01&channel_id=C01&user_id=U01&user_name=anna&command=%2Freanchor&text={text}&trigger_id={trigger}&response_url=https%3A%2F%2Fhooks.slack.com%2Fc"
        );
        let Form::Command(command) = form(&body) else { panic!() };
        assert_eq!(intake.command(&command).await, Outcome::Done);
        let (inbound, proved) = world.last();
        assert!(proved && inbound.place.thread.is_empty() && inbound.place.message.starts_with("cmd-"));
        keys.push(inbound.event_key);
    }
    assert!(keys[0] == keys[1] && keys[1] != keys[2]);
    assert_eq!(
        world.last().0.body,
        Body::Command { text: "deny ABCDEFGH23 a &lt; b".into() },
        "escapes are undone once"
    );
    assert_eq!(world.kept.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn what_is_unknown_is_acknowledged_and_what_is_no_json_is_not() {
    let (intake, world) = intake(Settings::default());
    for json in [
        json!({ "type": "hologram" }),
        json!({ "type": "block_actions", "user": anna(), "actions": [{ "action_id": "their.button", "value": "x" }] }),
        json!({ "type": "block_actions", "user": anna(), "actions": "none" }),
        json!({ "type": "view_submission", "user": anna(), "view": { "callback_id": "other" } }),
        json!({ "type": "view_closed", "user": null }),
    ] {
        assert_eq!(intake.interaction(&json.to_string()).await, Outcome::Done, "{json}");
    }
    for event in [json!({ "type": "hologram" }), json!(null), json!({ "type": "message", "subtype": "huddle_thread" })]
    {
        assert_eq!(intake.event(&delivery(&event)).await, Outcome::Done);
    }
    for broken in ["{\"type\":", "", "approve", "7"] {
        assert_eq!(intake.event(broken).await, Outcome::Malformed, "{broken}");
        assert_eq!(intake.interaction(broken).await, Outcome::Malformed, "{broken}");
    }
    let hello = json!({ "type": "url_verification", "challenge": "abc" }).to_string();
    assert_eq!(intake.event(&hello).await, Outcome::Answer("abc".into()));
    assert!(world.bodies().is_empty());
}

#[tokio::test]
async fn the_home_tab_is_shown_to_whoever_opens_it() {
    let (intake, world) = intake(Settings::default());
    for (tab, methods) in [("messages", 0), ("home", 2)] {
        let event = json!({ "type": "app_home_opened", "user": "U01", "channel": "D01", "tab": tab });
        assert_eq!(intake.event(&delivery(&event)).await, Outcome::Done);
        world.after().await;
        assert_eq!(world.methods().len(), methods, "{tab}");
    }
    assert_eq!(world.methods(), ["users.info", "views.publish"]);
}

#[tokio::test]
async fn the_form_for_a_person_is_a_signed_command() {
    let value = token(Act::Subject, KEY);
    let (outcome, world) = one(&click(&value, &anna())).await;
    assert_eq!((outcome, world.methods()), (Outcome::Done, vec!["views.open".to_owned()]));
    let place = Place { channel: "C01".into(), thread: "4.1".into(), message: "5.1".into() };
    let sent = |value: &str, login: &str| {
        let (block, element) = views::LOGIN;
        let meta = Meta { token: value.to_owned(), place: place.clone() }.text();
        json!({ "type": "view_submission", "team": { "id": "T01" }, "user": anna(), "view": { "id": "V1", "private_metadata": meta,
            "callback_id": views::SUBJECT, "state": { "values": { block: { element: { "value": login } } } } } })
        .to_string()
    };
    let (outcome, world) = one(&sent(&value, " ada.byron@example.com ")).await;
    assert_eq!(outcome, Outcome::Done);
    let (inbound, proved) = world.last();
    assert_eq!(inbound.body, Body::Command { text: "subject c-7kq2ma ada.byron@example.com".into() });
    assert!(proved && inbound.place == place && inbound.event_key == "v|V1|T01/U01");
    for (value, login) in
        [(value.as_str(), ""), (value.as_str(), "a b"), (token(Act::Subject, b"other").as_str(), "a"), ("x", "a")]
    {
        let (outcome, world) = one(&sent(value, login)).await;
        let Outcome::Answer(text) = outcome else { panic!("{outcome:?}") };
        assert!(text.contains(views::LOGIN.0) && world.bodies().is_empty(), "{text}");
    }
}

#[tokio::test]
async fn files_that_cannot_be_read_are_heard_where_somebody_asks() {
    let (intake, world) = intake(Settings::default());
    let shared = |change: &Value| {
        let mut event = paste("");
        event["subtype"] = json!("file_share");
        event["files"] = json!([{ "id": "F1", "mode": "hosted", "mimetype": "image/png", "name": "shot.png" }]);
        for (key, value) in change.as_object().unwrap() {
            event[key] = value.clone();
        }
        delivery(&event)
    };
    intake.event(&shared(&json!({}))).await;
    intake.event(&shared(&json!({ "thread_ts": "1699999999.000001", "bot_id": "B08" }))).await;
    assert!(world.bodies().is_empty(), "a picture in a channel, and a program's");
    for change in [json!({ "thread_ts": "1699999999.000001" }), json!({ "channel_type": "im", "channel": "D01" })] {
        intake.event(&shared(&change)).await;
        let (inbound, _) = world.last();
        assert_eq!(inbound.more.files[0].problem.as_deref(), Some("it is no text"), "{change}");
    }
}

/// Lines that were logged on this thread.
#[derive(Clone, Default)]
struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Listens to this thread as long as the guard lives.
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let writer = self.clone();
        let listener = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        tracing::subscriber::set_default(listener)
    }

    /// What is logged when this is taken. Another thread may meet the call site first, so it is met before anybody listens.
    async fn of(&self, intake: &Intake, event: &Value) -> (Outcome, String) {
        intake.event(&delivery(event)).await;
        tracing::callsite::rebuild_interest_cache();
        self.0.lock().unwrap().clear();
        let outcome = intake.event(&delivery(event)).await;
        (outcome, String::from_utf8(self.0.lock().unwrap().clone()).unwrap())
    }
}

#[tokio::test]
async fn an_event_that_is_not_stored_is_an_error_unless_the_process_ends() {
    let lines = Lines::default();
    let _guard = lines.listen();
    let (mut intake, world) = intake(Settings::default());
    *world.broken.lock().unwrap() = true;
    let (brake, stop) = crate::ports::stop::brake();
    Arc::get_mut(&mut intake).unwrap().stop = stop;
    for (ends, level) in [(false, "ERROR"), (true, " INFO")] {
        if ends {
            brake.pull();
        }
        let (outcome, logged) = lines.of(&intake, &paste("it failed")).await;
        assert_eq!(outcome, Outcome::NotStored);
        assert!(logged.lines().count() == 1 && logged.contains(level), "{logged}");
        assert!(!logged.contains("it failed"), "nothing that was pasted is logged");
    }
}

#[tokio::test]
async fn the_end_of_the_installation_is_an_error_in_the_log() {
    let lines = Lines::default();
    let _guard = lines.listen();
    let (intake, world) = intake(Settings::default());
    for kind in ["app_uninstalled", "tokens_revoked"] {
        assert!(crate::surface::slack::manifest::EVENTS.iter().any(|(event, _)| *event == kind), "{kind} is asked for");
        let (outcome, logged) = lines.of(&intake, &json!({ "type": kind, "tokens": { "bot": ["U0BOT"] } })).await;
        assert_eq!(outcome, Outcome::Done);
        assert!(logged.contains("ERROR") && logged.contains("reanchor doctor"), "{logged}");
    }
    assert!(world.bodies().is_empty());
}

/// What came of one event.
async fn event_of(delivery: &str) -> Arc<World> {
    let (intake, world) = intake(Settings::default());
    assert_eq!(intake.event(delivery).await, Outcome::Done);
    world
}

#[tokio::test]
async fn a_deleted_message_is_heard_where_it_told_of_an_error() {
    let gone = |channel: &str, before: Value| {
        delivery(
            &json!({ "type": "message", "subtype": "message_deleted", "channel": channel, "channel_type": "channel", "ts": "9.9",
            "deleted_ts": "5.1", "hidden": true, "previous_message": before }),
        )
    };
    let world = event_of(&gone("C01", json!({ "user": "U01", "text": "it failed", "thread_ts": "4.1" }))).await;
    let (inbound, proved) = world.last();
    assert!(inbound.more.deleted && !proved && inbound.body == Body::Message { text: String::new() });
    assert_eq!((inbound.event_key.as_str(), inbound.place.thread.as_str()), ("m|C01|5.1|deleted", "4.1"));
    for (channel, before) in [
        ("C09", json!({ "user": "U01", "text": "it failed" })),
        ("C01", json!({ "user": "U01", "text": "lunch?" })),
        ("C01", json!({ "user": "U01", "bot_id": "B07", "text": "it failed" })),
        ("C01", json!({ "text": "it failed" })),
        ("C01", json!(null)),
    ] {
        assert!(event_of(&gone(channel, before.clone())).await.bodies().is_empty(), "{channel} {before}");
    }
}

#[tokio::test]
async fn a_channel_of_two_workspaces_of_ours_is_one_place() {
    let (mut intake, world) = intake(Settings::default());
    let home = intake.ourselves.home().cloned().unwrap();
    let further = Identity { workspace: Some("T02".into()), team: "T02".into(), user: "U0BOT2".into(), ..home.clone() };
    Arc::get_mut(&mut intake).unwrap().ourselves = Ourselves::new(vec![further, home]);
    let by_home =
        delivery(&paste("it failed")).replace("\"is_ext_shared_channel\":false", "\"is_ext_shared_channel\":true");
    let by_other = by_home.replace("{\"is_bot\":true,\"team_id\":\"T01\"", "{\"is_bot\":true,\"team_id\":\"T02\"");
    assert_ne!(by_home, by_other);
    for (n, sent) in [&by_other, &by_home].into_iter().enumerate() {
        assert_eq!(intake.event(sent).await, Outcome::Done);
        assert_eq!(world.bodies().len(), n + 1);
        assert_eq!(world.last().0.event_key, "m|C01|1700000000.000100", "whichever installation it is delivered to");
    }
    // A channel of one workspace alone is never taken for one of another.
    let alone = by_other.replace("\"is_ext_shared_channel\":true", "\"is_ext_shared_channel\":false");
    assert_eq!(intake.event(&alone).await, Outcome::Done);
    assert_eq!(world.bodies().len(), 2);
}

#[tokio::test]
async fn what_comes_from_a_further_workspace_belongs_there() {
    let (mut intake, world) = intake(Settings::default());
    let home = intake.ourselves.home().cloned().unwrap();
    let further = Identity { workspace: Some("T02".into()), team: "T02".into(), user: "U0BOT2".into(), ..home.clone() };
    Arc::get_mut(&mut intake).unwrap().ourselves = Ourselves::new(vec![home, further]);
    // A direct message is for the bot wherever it is; the same ids of the home workspace are somebody else's.
    let mut event = paste("it failed");
    event["channel_type"] = json!("im");
    event["team"] = json!("T02");
    let sent = delivery(&event).replace("\"team_id\":\"T01\"", "\"team_id\":\"T02\"");
    assert_eq!(intake.event(&sent).await, Outcome::Done);
    let (inbound, _) = world.last();
    assert_eq!(
        (inbound.place.channel.as_str(), inbound.event_key.as_str()),
        ("T02/C01", "m|T02/C01|1700000000.000100")
    );
    assert_eq!((inbound.actor.key.as_str(), &inbound.actor.standing), ("T02/U01", &Standing::Unlinked));
    let value = token(Act::Press(Verb::Approve), KEY);
    let click = click(&value, &json!({ "id": "U01", "team_id": "T02" }));
    let click = click.replace("\"team\":null", "\"team\":{\"id\":\"T02\"}");
    assert_eq!(intake.interaction(&click).await, Outcome::Done);
    assert_eq!((world.last().0.place.channel, world.last().0.actor.standing), ("T02/C01".into(), Standing::Unlinked));
    let Form::Command(command) = form("command=%2Freanchor&text=status&team_id=T02&user_id=U01&channel_id=C01") else {
        panic!()
    };
    assert_eq!(intake.command(&command).await, Outcome::Done);
    assert_eq!((world.last().0.place.channel, world.last().0.actor.standing), ("T02/C01".into(), Standing::Unlinked));
}
