use super::*;
use crate::surface::slack::settings::Relay;
use serde_json::{Value, json};

fn home() -> Identity {
    Identity { team: "T01".into(), user: "U0BOT".into(), bot: "B0BOT".into(), ..Identity::default() }
}

/// Reads an event with these settings; what was read as owned values.
fn read_with(event: &Value, settings: &Settings, identity: &Identity) -> Option<Seen> {
    let text = json!({ "type": "event_callback", "team_id": "T01", "api_app_id": "A0OWN", "event": event }).to_string();
    let envelope: Envelope<'_> = serde_json::from_str(&text).unwrap();
    let ourselves = Ourselves::new(vec![identity.clone()]);
    let said = message(&envelope, Here { identity, ourselves: &ourselves, settings })?;
    let author = match said.author {
        Author::Person { team, user } => format!("person {team}/{user}"),
        Author::Stranger { team, user } => format!("stranger {team}/{user}"),
        Author::Bridge { id, via, claimed } => format!("bridge {id} {via} {claimed}"),
        Author::Program { id } => format!("program {id}"),
    };
    Some(Seen {
        author,
        at: format!("{} {} {}", said.channel, said.ts, said.thread),
        edited: said.edited.map(str::to_owned),
        text: said.text.clone().into_owned(),
        to_us: said.to_us,
        files: said.files,
    })
}

#[derive(Debug, PartialEq)]
struct Seen {
    author: String,
    at: String,
    edited: Option<String>,
    text: String,
    to_us: bool,
    files: Vec<Attached>,
}

fn read(event: &Value) -> Option<Seen> {
    read_with(event, &Settings::default(), &home())
}

/// A message of anna's with some keys changed.
fn with(changes: &Value) -> Value {
    let mut event = json!({
        "type": "message", "channel": "C01", "channel_type": "channel", "user": "U01", "team": "T01", "text": "hello",
        "ts": "1700000000.000100", "client_msg_id": "5f0c", "event_ts": "1700000000.000100",
    });
    for (key, value) in changes.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

#[test]
fn a_message_is_heard_with_its_thread() {
    let seen = read(&with(&json!({}))).unwrap();
    assert_eq!((seen.author.as_str(), seen.text.as_str(), seen.to_us), ("person T01/U01", "hello", false));
    assert_eq!(seen.at, "C01 1700000000.000100 1700000000.000100");
    let reply = read(&with(&json!({ "thread_ts": "1699999999.000001" }))).unwrap();
    assert_eq!(reply.at, "C01 1700000000.000100 1699999999.000001");
    for subtype in ["file_share", "thread_broadcast"] {
        assert!(read(&with(&json!({ "subtype": subtype }))).is_some(), "{subtype}");
    }
}

#[test]
fn what_is_no_message_of_somebody_is_not_heard() {
    for subtype in
        ["channel_join", "message_deleted", "message_replied", "me_message", "reminder_add", "hologram", "tombstone"]
    {
        assert_eq!(read(&with(&json!({ "subtype": subtype }))), None, "{subtype}");
    }
    for missing in
        [json!({ "user": null }), json!({ "channel": "" }), json!({ "ts": [] }), json!({ "user": "USLACKBOT" })]
    {
        assert_eq!(read(&with(&missing)), None, "{missing}");
    }
}

#[test]
fn the_bot_never_hears_itself() {
    for own in [
        json!({ "user": "U0BOT" }),
        json!({ "bot_id": "B0BOT", "subtype": "bot_message" }),
        json!({ "app_id": "A0OWN", "bot_id": "B9" }),
        json!({ "blocks": [{ "type": "section" }, { "type": "section", "block_id": "ra.card" }] }),
    ] {
        let all = Settings { diagnose_bots: true, ..Settings::default() };
        assert_eq!(read_with(&with(&own), &all, &home()), None, "{own}");
        let edited =
            with(&json!({ "subtype": "message_changed", "message": with(&own), "previous_message": { "text": "x" } }));
        assert_eq!(read_with(&edited, &all, &home()), None, "{own} edited");
    }
}

#[test]
fn what_a_program_posts_is_not_a_persons_word() {
    let by_api = with(&json!({ "bot_id": "B07", "app_id": "A07", "bot_profile": { "name": "x" } }));
    assert_eq!(read(&by_api), None, "ignored unless configured");
    let all = Settings { diagnose_bots: true, ..Settings::default() };
    assert_eq!(read_with(&by_api, &all, &home()).unwrap().author, "program B07");
    let app_only = with(&json!({ "app_id": "A07" }));
    assert_eq!(read_with(&app_only, &all, &home()).unwrap().author, "program A07");
    let bare = with(&json!({ "subtype": "bot_message", "user": null }));
    assert_eq!(read_with(&bare, &all, &home()).unwrap().author, "program unknown");
    let talking = with(&json!({ "bot_id": "B07", "text": "<@U0BOT> status" }));
    assert!(!read_with(&talking, &all, &home()).unwrap().to_us, "a program gives no orders");
}

#[test]
fn a_bridge_is_known_by_configuration_alone() {
    let relays = vec![Relay { id: "B0BRIDGE".into(), name: "matterbridge".into() }];
    let settings = Settings { relays, ..Settings::default() };
    let event = with(&json!({
        "subtype": "bot_message", "user": null, "bot_id": "B0BRIDGE", "username": "Alice (msteams)",
        "blocks": [{ "type": "section", "block_id": "matterbridge_d3adb33f" }], "text": "approve abcdefgh23",
    }));
    assert_eq!(read_with(&event, &settings, &home()).unwrap().author, "bridge B0BRIDGE matterbridge Alice (msteams)");
    assert_eq!(read(&event), None);
}

#[test]
fn a_stranger_is_told_by_the_team() {
    for key in ["team", "user_team", "source_team"] {
        assert_eq!(read(&with(&json!({ key: "T99" }))).unwrap().author, "stranger T99/U01", "{key}");
    }
    let org = Identity { enterprise: "E01".into(), ..home() };
    let seen = read_with(&with(&json!({ "team": "T02" })), &Settings::default(), &org).unwrap();
    assert_eq!(seen.author, "person T02/U01", "in an organization a look-up must tell");
}

#[test]
fn a_mention_is_cut_off_and_arrives_the_same_by_both_events() {
    let text = "<@U0BOT|reanchor> status";
    let (one, two) = (
        read(&with(&json!({ "text": text }))),
        read(&with(&json!({ "text": text, "type": "app_mention", "channel_type": null }))),
    );
    assert_eq!(one, two);
    let one = one.unwrap();
    assert_eq!((one.text.as_str(), one.to_us), ("status", true));
    let middle = read(&with(&json!({ "text": "hey <@U0BOT> what is this" }))).unwrap();
    assert_eq!((middle.text.as_str(), middle.to_us), ("hey what is this", true));
    for other in ["<@U0BOTX> status", "<@U0BOT", "@U0BOT status"] {
        assert!(!read(&with(&json!({ "text": other }))).unwrap().to_us, "{other}");
    }
    let direct = read(&with(&json!({ "channel_type": "im", "channel": "D01", "text": "help" }))).unwrap();
    assert_eq!((direct.text.as_str(), direct.to_us), ("help", true));
}

#[test]
fn an_edit_is_heard_when_the_words_changed() {
    let edit = |text: &str, before: &str| {
        let message = with(
            &json!({ "text": text, "edited": { "user": "U01", "ts": "1700000050.000000" }, "thread_ts": "1699999999.000001" }),
        );
        with(
            &json!({ "subtype": "message_changed", "hidden": true, "ts": "1700000050.000200", "user": null, "text": null,
            "message": message, "previous_message": { "text": before } }),
        )
    };
    let seen = read(&edit("new", "old")).unwrap();
    assert_eq!(seen.at, "C01 1700000000.000100 1699999999.000001", "the message itself, not the event about it");
    assert_eq!((seen.edited.as_deref(), seen.text.as_str()), (Some("1700000050.000000"), "new"));
    assert_eq!(read(&edit("same", "same")), None, "only a preview of a link was added");
    let unfurl = with(&json!({ "subtype": "message_changed", "message": with(&json!({})) }));
    assert_eq!(read(&unfurl), None, "neither edited nor known to differ");
    let gone = with(
        &json!({ "subtype": "message_changed", "message": with(&json!({ "subtype": "tombstone" })), "previous_message": { "text": "x" } }),
    );
    assert_eq!(read(&gone), None);
}

#[test]
fn attachments_are_read_but_not_what_slack_adds_under_a_link() {
    let seen = read(&with(&json!({ "text": "", "attachments": [
        { "pretext": "Task failed", "fields": [{ "title": "Reason", "value": "Matching user not found" }], "fallback": "unused" },
        { "fallback": "only this" },
        { "from_url": "https://example.com", "text": "a page" },
        { "from_url": "https://x.slack.com/archives/C1/p1", "is_msg_unfurl": true, "text": "passed on" },
    ] }))).unwrap();
    assert_eq!(seen.text, "Task failed\nReason\nMatching user not found\nonly this\npassed on");
}

#[test]
fn text_files_are_taken_by_preview_or_to_be_fetched() {
    let address = "https://files.slack.com/files-pri/T01-F2/download/x.log";
    let seen = read(&with(&json!({ "text": "look", "subtype": "file_share", "files": [
        { "id": "F1", "mode": "snippet", "size": 40, "preview": "Matching user not found", "preview_is_truncated": false, "lines_more": 0 },
        { "id": "F2", "mode": "hosted", "name": "x.LOG", "size": 1000, "url_private_download": address },
        { "id": "F3", "mode": "snippet", "size": 400, "preview": "Matching", "preview_is_truncated": true, "url_private": "https://files.slack.com/f3" },
        { "id": "F4", "mode": "hosted", "mimetype": "image/png", "size": 10, "url_private_download": address },
        { "id": "F5", "mode": "snippet", "size": 262_145, "url_private_download": address },
        { "id": "F6", "file_access": "check_file_info" },
        { "id": "F7", "mode": "external", "mimetype": "text/plain", "url_private": "https://evil.example/x" },
        "F8", null,
    ] }))).unwrap();
    assert_eq!(seen.text, "look\nMatching user not found");
    let files: Vec<(&str, &str, Option<&str>)> =
        seen.files.iter().map(|f| (f.id.as_str(), f.name.as_str(), f.problem.as_deref())).collect();
    // What is known not to be readable is kept, so that whoever asks can be told.
    let expected = [
        ("F2", "x.LOG", None),
        ("F3", "", None),
        ("F4", "", Some("it is no text")),
        ("F5", "", None),
        ("F6", "", None),
        ("F7", "", Some("it does not lie at Slack")),
    ];
    assert_eq!(files[..], expected);
    assert_eq!(seen.files[0].address.as_deref(), Some(address));
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let problem = |file: &Value| {
        let seen = read(&with(&json!({ "subtype": "file_share", "files": [file] }))).unwrap();
        seen.files.first().map(|file| file.problem.clone())
    };
    for (file, expected) in [
        (json!({ "id": "F1", "mode": "external", "mimetype": "text/plain" }), Some("it does not lie at Slack")),
        (json!({ "id": "F1", "mode": "tombstone" }), Some("it is not there any more")),
        (
            json!({ "id": "F1", "mode": "hosted", "mimetype": "application/pdf", "name": "a.pdf" }),
            Some("it is no text"),
        ),
        (json!({ "id": "F1", "mode": "hosted", "mimetype": "text/plain", "size": 40_000_000 }), None),
        (json!({ "id": "F1", "file_access": "check_file_info" }), None),
    ] {
        assert_eq!(problem(&file), Some(expected.map(str::to_owned)), "{file}");
    }
    assert_eq!(
        problem(&json!({ "mode": "hosted", "mimetype": "text/plain" })),
        None,
        "without an id it cannot be fetched"
    );
}

#[test]
fn a_log_among_many_pictures_is_read() {
    let picture = |n: usize| json!({ "id": format!("P{n}"), "mode": "hosted", "mimetype": "image/png" });
    let log = |n: usize| json!({ "id": format!("L{n}"), "mode": "hosted", "mimetype": "text/plain" });
    let files: Vec<Value> = (0..9).map(picture).chain((0..12).map(log)).collect();
    let seen = read(&with(&json!({ "subtype": "file_share", "files": files }))).unwrap();
    let readable: Vec<&str> =
        seen.files.iter().filter(|file| file.problem.is_none()).map(|file| file.id.as_str()).collect();
    assert_eq!(readable, ["L0", "L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9"]);
    let last = seen.files.last().unwrap();
    assert_eq!((last.id.as_str(), last.problem.as_deref()), ("L11", Some("more files of one message are not read")));
    let flood: Vec<Value> = (0..10_000).map(log).collect();
    assert_eq!(read(&with(&json!({ "files": flood }))).unwrap().files.len(), FILES_SEEN);
}

#[test]
fn a_card_that_somebody_passes_on_is_no_new_error() {
    let card = json!({ "is_share": true, "from_url": "https://x.slack.com/archives/C1/p1", "text": "Matching user not found", "id": 1 });
    let passed = |changes: Value| {
        let mut card = card.clone();
        card.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        read(&with(&json!({ "text": "what is this?", "attachments": [card] }))).unwrap().text
    };
    let blocks = json!([{ "team": "T01", "channel": "C1", "message": { "blocks": [{ "type": "rich_text", "block_id": "ra.card.1" }] } }]);
    for ours in [json!({ "author_id": "U0BOT" }), json!({ "bot_id": "B0BOT" }), json!({ "message_blocks": blocks })] {
        assert_eq!(passed(ours.clone()), "what is this?", "{ours}");
    }
    for other in [json!({ "author_id": "U02" }), json!({ "message_blocks": [{ "message": null }, 7] }), json!({})] {
        assert_eq!(passed(other.clone()), "what is this?\nMatching user not found", "{other}");
    }
}
