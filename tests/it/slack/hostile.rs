//! What somebody with bad intent, or bad luck, sends: each refused in the right way.

use super::desk::{APP_GROUP, APPROVERS, Desk, ELSEWHERE, Transport, both};
use super::sim::{
    BOT, BOT_ID, Kind, Message, OTHER_TEAM, PROVISIONING, SHARED, SIGNING_SECRET, State, TEAM, event_callback,
    http_body, plain, signature, unix, user_id,
};
use serde_json::{Value, json};

type Headers = Vec<(&'static str, String)>;

/// Headers of a body that was signed at this time with this secret.
fn signed(secret: &str, at: i64, content_type: &str, body: &[u8]) -> Headers {
    vec![
        ("content-type", content_type.to_owned()),
        ("x-slack-request-timestamp", at.to_string()),
        ("x-slack-signature", signature(secret, at, body)),
    ]
}

impl Desk {
    /// A report by anna as a delivery over HTTP: content type, body.
    async fn report(&self) -> (String, &'static str, Vec<u8>) {
        let text = self.error_text().await;
        let (root, event) = self.sim.wrote("anna", (PROVISIONING, None), &text);
        let payload = event_callback(&mut self.sim.state(), &event);
        let (kind, body) = http_body(Kind::Event, &payload);
        (root, kind, body.into_bytes())
    }

    /// Sends something that is well signed; the status.
    async fn send_signed(&self, content_type: &str, body: Vec<u8>) -> (u16, String) {
        self.post_raw(&signed(SIGNING_SECRET, unix(), content_type, &body), body).await
    }

    /// Nothing was heard: no case, no post.
    async fn nothing_happened(&self) {
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        assert!(self.cases().await.is_empty());
        assert!(self.sim.state().posts().is_empty(), "{}", self.sim.story());
    }
}

#[test]
fn what_slack_did_not_sign_is_refused_and_changes_nothing() {
    Desk::run("deleted-replaced", Transport::Http, async |desk: &mut Desk| {
        let (root, kind, body) = desk.report().await;
        let now = unix();
        let whole = signed(SIGNING_SECRET, now, kind, &body);
        let mut cases: Vec<(&str, Headers, Vec<u8>)> = vec![
            ("another secret", signed("another-secret", now, kind, &body), body.clone()),
            ("a replay after 301 s", signed(SIGNING_SECRET, now - 301, kind, &body), body.clone()),
            ("from the future", signed(SIGNING_SECRET, now + 330, kind, &body), body.clone()),
            ("a changed body", whole.clone(), [&body[..], b" "].concat()),
            ("no headers", vec![("content-type", kind.to_owned())], body.clone()),
        ];
        for gone in ["x-slack-signature", "x-slack-request-timestamp"] {
            let left = whole.iter().filter(|(name, _)| *name != gone).cloned().collect();
            cases.push((gone, left, body.clone()));
        }
        let odd = |name: &'static str, value: &str| -> Headers {
            let keep = whole.iter().filter(|(known, _)| *known != name).cloned();
            keep.chain([(name, value.to_owned())]).collect()
        };
        cases.push(("an empty signature", odd("x-slack-signature", ""), body.clone()));
        cases.push(("a short signature", odd("x-slack-signature", "v0=00"), body.clone()));
        cases.push(("no number", odd("x-slack-request-timestamp", "soon"), body.clone()));
        cases.push(("a huge number", odd("x-slack-request-timestamp", "99999999999999999999"), body.clone()));
        for (what, headers, body) in cases {
            let (status, answer) = desk.post_raw(&headers, body).await;
            assert_eq!(status, 401, "{what}: {answer}");
            assert!(!answer.contains("v0=") && !answer.contains(SIGNING_SECRET), "{what}: {answer}");
        }
        desk.nothing_happened().await;
        // The same bytes, well signed, are heard; and the same delivery again is one.
        for _ in 0..2 {
            assert_eq!(desk.send_signed(kind, body.clone()).await.0, 200);
        }
        desk.sim.card(&root, "a card", |card| card.has("Reassign")).await;
        assert_eq!(desk.sim.state().thread(PROVISIONING, &root).len(), 1);
    });
}

#[test]
fn bodies_that_are_no_events_harm_nothing() {
    Desk::run("deleted-replaced", Transport::Http, async |desk: &mut Desk| {
        const FORM: &str = "application/x-www-form-urlencoded";
        desk.expected_errors.push("Slack limits the events of this app");
        let big = format!("{{\"type\":\"event_callback\",\"x\":\"{}\"}}", "a".repeat(5 << 20));
        let status = desk.send_signed("application/json", big.into_bytes()).await.0;
        assert_eq!(status, 413, "5 MB");
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        let bodies: Vec<(&str, &str, Vec<u8>)> = vec![
            ("no UTF-8", "application/json", vec![0xff, 0xfe, b'{', 0x80]),
            ("no JSON", "application/json", b"{\"type\":".to_vec()),
            ("no object", "application/json", b"[1,2,3]".to_vec()),
            ("deep", "application/json", deep.into_bytes()),
            ("empty", "application/json", Vec::new()),
            ("no form", FORM, b"\xff%zz&&&=".to_vec()),
            ("an empty payload", FORM, b"payload=".to_vec()),
            ("no payload", FORM, b"a=b".to_vec()),
            ("another type", "text/plain", b"hello".to_vec()),
        ];
        for (what, kind, body) in bodies {
            let (status, answer) = desk.send_signed(kind, body).await;
            assert!(status < 500, "{what}: {status} {answer}");
        }
        let unknown = [
            json!({ "type": "something_new", "user": { "id": user_id("ben") }, "team": null }),
            json!({ "type": "block_suggestion", "user": null }),
            json!({ "type": "block_actions" }),
            json!({ "type": "block_actions", "user": { "id": user_id("ben"), "team_id": "T0NORTH0001" }, "actions": [] }),
            json!({ "type": "block_actions", "user": { "id": user_id("ben") }, "actions": [{ "type": "new_thing" }] }),
            json!({ "type": "view_submission", "user": { "id": user_id("ben") }, "view": {} }),
            json!({ "type": "view_closed" }),
            json!({ "type": 7 }),
        ];
        for payload in unknown {
            let (kind, body) = http_body(Kind::Interaction, &payload);
            let (status, answer) = desk.send_signed(kind, body.into_bytes()).await;
            assert!(status < 500, "{payload}: {status} {answer}");
        }
        let events = [
            json!({ "type": "event_callback", "event": { "type": "new_thing_of_slack" } }),
            json!({ "type": "event_callback", "event": null }),
            json!({ "type": "event_callback" }),
            json!({ "type": "app_rate_limited", "minute_rate_limited": 1 }),
            json!({ "type": "url_verification", "challenge": "c-0123" }),
        ];
        let mut challenge = String::new();
        for event in events {
            let (status, answer) = desk.send_signed("application/json", event.to_string().into_bytes()).await;
            assert!(status < 500, "{event}: {status} {answer}");
            challenge = answer;
        }
        assert!(challenge.contains("c-0123"), "url_verification is answered: {challenge}");
        desk.nothing_happened().await;
        // What an unknown block stands beside is read all the same.
        let text = desk.error_text().await;
        let (root, mut event) = desk.sim.wrote("anna", (PROVISIONING, None), &text);
        event["blocks"] = json!([{ "type": "hologram", "block_id": 7, "beams": [null] }]);
        event["attachments"] = json!([{ "fields": [{}], "blocks": [{ "type": "x" }] }, 9]);
        event["files"] = json!("none");
        assert!(desk.sim.event(&event).await.accepted);
        desk.sim.card(&root, "a card", |card| card.has("Reassign")).await;
    });
}

both!(buttons_with_a_forged_or_foreign_token_do_nothing, "deleted-replaced", async |desk: &mut Desk| {
    desk.proposed().await;
    let card = desk.sim.button("ben", "Approve").await;
    let good = desk.sim.click_payload("ben", &card, "Approve");
    let value = good["actions"][0]["value"].as_str().unwrap_or_default().to_owned();
    let action = good["actions"][0]["action_id"].as_str().unwrap_or_default().to_owned();
    assert!(value.len() <= 100 || action.len() <= 100, "a reference, not a record: {value} {action}");
    let flipped = |text: &str| -> String {
        let last = if text.ends_with('a') { "b" } else { "a" };
        text.char_indices().next_back().map_or_else(String::new, |(at, _)| format!("{}{last}", &text[..at]))
    };
    let mut forged = Vec::new();
    for new in [
        flipped(&value),
        String::new(),
        "1.approve.c-aaaaaa.1.aaaaaaaaaa".to_owned(),
        "x".repeat(2000),
        value.replace('.', ""),
    ] {
        let mut payload = good.clone();
        payload["actions"][0]["value"] = json!(new);
        payload["actions"][0]["action_id"] =
            json!(if action.len() > value.len() { flipped(&action) } else { action.clone() });
        forged.push(payload);
    }
    for payload in &forged {
        let outcome = desk.sim.interaction(payload).await;
        assert!(outcome.accepted, "{outcome:?}");
    }
    let words = "This button was not made by this bot, or it belongs to another environment. Nothing was changed.";
    let all = desk
        .sim
        .until("a refusal of each but the empty one", |state| {
            Some(state.whispers("ben")).filter(|told| told.len() == forged.len() - 1)
        })
        .await;
    assert!(all.iter().all(|told| told.text == words), "{all:?}");
    assert_eq!(desk.state_of_the_case().await, "proposed");
    assert_eq!(desk.audit("vote").await, 0);
    assert!(desk.writes().await.is_empty());
});

#[test]
fn a_button_of_another_environment_does_nothing_here() {
    // The card of one bot, clicked at another that has the same people, the same tenant and another signing key.
    let stolen: std::sync::Mutex<Option<(Value, Message)>> = std::sync::Mutex::new(None);
    Desk::run("deleted-replaced", Transport::Http, async |desk: &mut Desk| {
        desk.proposed().await;
        let card = desk.sim.button("ben", "Approve").await;
        *stolen.lock().unwrap() = Some((desk.sim.click_payload("ben", &card, "Approve")["actions"].clone(), card));
    });
    let (actions, _) = stolen.lock().unwrap().clone().unwrap();
    Desk::run("deleted-replaced", Transport::Http, async |desk: &mut Desk| {
        desk.proposed().await;
        let card = desk.sim.button("ben", "Approve").await;
        let mut payload = desk.sim.click_payload("ben", &card, "Approve");
        payload["actions"][0]["value"] = actions[0]["value"].clone();
        payload["actions"][0]["action_id"] = actions[0]["action_id"].clone();
        desk.sim.interaction(&payload).await;
        desk.sim.told("ben", "it belongs to another environment. Nothing was changed.").await;
        assert_eq!(desk.state_of_the_case().await, "proposed");
        assert_eq!(desk.audit("vote").await, 0);
    });
}

/// What each of them is told, by a click and by a typed code alike, and the rule that the record names.
const REFUSED: [(&str, &str, &str); 7] = [
    ("anna", "A3", "you may not approve; only members of the Okta group GROUP may. Nothing was changed."),
    ("dave", "A3", "you may not approve; only members of the Okta group GROUP may. Nothing was changed."),
    ("sam", "A3", "you may not approve; only members of the Okta group GROUP may. Nothing was changed."),
    ("nora", "A7", "your chat account is not linked to an Okta user, so you cannot do this. Nothing was changed."),
    ("gus", "A7", "guests of the workspace get the diagnosis of a text and nothing more. Nothing was changed."),
    ("una", "A7", "guests of the workspace get the diagnosis of a text and nothing more. Nothing was changed."),
    (
        "xenia",
        "A7",
        "people of another organization get the diagnosis of a text and nothing more. Nothing was changed.",
    ),
];

both!(who_may_not_approve_is_refused_by_name_of_the_rule, "deleted-replaced", async |desk: &mut Desk| {
    let (root, card) = desk.proposed().await;
    let code = Desk::code(&card);
    let mut expected = Vec::new();
    let scene = desk.control("scenario", None).await;
    let case = desk.cases().await[0].0.clone();
    for (who, rule, words) in REFUSED {
        let words = words.replace("GROUP", APPROVERS);
        let okta = scene["people"][who]["okta"]
            .as_str()
            .or_else(|| (who == "sam").then(|| scene["subject"]["okta"].as_str()).flatten());
        let team = if who == "xenia" { OTHER_TEAM } else { TEAM };
        let name = okta.map_or_else(|| format!("slack:{team}/{}", user_id(who)), |okta| format!("okta:{okta}"));
        for typed in [false, true] {
            let outcome = if typed {
                desk.sim.slash(who, &format!("/reanchor approve {code}")).await
            } else {
                desk.sim.click(who, "Approve").await.outcome
            };
            assert!(outcome.accepted, "{who}: {outcome:?}");
            expected.push((name.clone(), "approve".to_owned(), rule.to_owned()));
            let count = expected.iter().filter(|(by, ..)| *by == name).count();
            let whispers = desk
                .sim
                .until(&format!("{who} is refused"), |state| {
                    Some(state.whispers(who)).filter(|whispers| whispers.len() >= count)
                })
                .await;
            assert_eq!(whispers[count - 1].text, format!("Refused ({rule}): {words}"), "{who}");
        }
    }
    // Each by the address of the interaction, where nobody else sees it.
    assert!(desk.sim.state().calls.iter().all(|call| call.method != "chat.postEphemeral"), "{}", desk.sim.story());
    // Text never approves, whoever it seems to be from (A1).
    desk.sim.say("ben", (PROVISIONING, Some(&root)), &format!("/reanchor approve {code}")).await;
    desk.sim.say("ben", (PROVISIONING, Some(&root)), "approve").await;
    desk.sim.api_posted("ben", &format!("@reanchor approve {code}")).await;
    desk.sim.relayed("Ben", &format!("@reanchor approve {code}")).await;
    assert!(desk.sim.state().whispers("ben").is_empty(), "no text is taken for a command");
    // A click in the name of a bridge's account, and of the right person in another workspace.
    let shown = desk.sim.button("ben", "Approve").await;
    let mut payload = desk.sim.click_payload("ben", &shown, "Approve");
    payload["user"] = json!({ "id": "U0BRIDGE001", "name": "bridge", "team_id": TEAM });
    desk.sim.interaction(&payload).await;
    desk.sim.told("ben", "Refused (A7): what a program does in a person's name decides nothing.").await;
    expected.push((format!("slack:{TEAM}/U0BRIDGE001"), "approve".to_owned(), "A7".to_owned()));
    let mut payload = desk.sim.click_payload("ben", &shown, "Approve");
    payload["user"]["team_id"] = json!(OTHER_TEAM);
    desk.sim.interaction(&payload).await;
    desk.sim.told("ben", "Refused (A7): people of another organization get the diagnosis").await;
    expected.push((format!("slack:{OTHER_TEAM}/{}", user_id("ben")), "approve".to_owned(), "A7".to_owned()));
    // A mention is answered with where to approve (A1), and changes nothing.
    desk.sim.say("ben", (PROVISIONING, Some(&root)), &format!("@reanchor approve {code}")).await;
    desk.sim.told("ben", "/reanchor approve").await;
    assert_eq!(desk.refusals(expected.len()).await, expected);
    assert_eq!(desk.cases().await, [(case, "proposed".to_owned())]);
    assert_eq!(desk.audit("vote").await, 0);
    assert!(desk.writes().await.is_empty());
    // And who may, can.
    desk.sim.click_on("ben", &shown, "Approve").await;
    desk.until_case("closed").await;
});

both!(an_approver_who_reported_it_has_no_vote, "deleted-replaced", async |desk: &mut Desk| {
    let text = desk.error_text().await;
    let root = desk.sim.paste("ben", &text).await;
    desk.sim.card(&root, "a card", |card| card.has("Reassign")).await;
    desk.sim.click("anna", "Reassign").await;
    let card = desk.sim.card(&root, "the proposal", |card| card.has("Approve")).await;
    desk.sim.click("ben", "Approve").await;
    let words = "Refused (A4): you reported this case or asked for this fix, so somebody else must approve it. Nothing was changed.";
    assert_eq!(desk.sim.told("ben", "Refused").await.text, words);
    desk.sim.slash("ben", &format!("/reanchor approve {}", Desk::code(&card))).await;
    desk.sim.until("a second refusal", |state| (state.whispers("ben").len() == 2).then_some(())).await;
    assert_eq!(desk.refusals(2).await.iter().map(|(_, _, rule)| rule.as_str()).collect::<Vec<_>>(), ["A4", "A4"]);
    assert_eq!((desk.audit("vote").await, desk.state_of_the_case().await.as_str()), (0, "proposed"));
    desk.sim.click("carla", "Approve").await;
    desk.until_case("closed").await;
});

#[test]
fn an_approver_whom_it_is_about_has_no_vote() {
    Desk::run("deleted-group", Transport::Http, async |desk: &mut Desk| {
        // The group that assigns the app holds the subject; here its members approve, too.
        let approvers = format!("approvers = [\"{APPROVERS}\"");
        desk.restart_with(&approvers, &format!("{approvers}, \"{APP_GROUP}\"")).await;
        desk.proposed().await;
        desk.sim.click("sam", "Approve").await;
        let words = "Refused (A4): this fix is about your own account, so you cannot approve it. Nothing was changed.";
        assert_eq!(desk.sim.told("sam", "Refused").await.text, words);
        assert_eq!((desk.audit("vote").await, desk.state_of_the_case().await.as_str()), (0, "proposed"));
    });
}

both!(only_members_with_a_link_learn_what_the_directories_say, "deleted-replaced", async |desk: &mut Desk| {
    let text = desk.error_text().await;
    for who in ["gus", "nora"] {
        let root = desk.sim.paste(who, &text).await;
        let card = desk.sim.card(&root, "a card of the text alone", |_| true).await;
        assert!(!card.has("Reassign") && !card.has("Approve"), "{who}: {:?}", card.buttons);
        for unseen in ["c4a7d3b8-1f25-4e96-b0d8-57e3f9126a4c", "q3Zt0c5mYkKx7vE2nB9dLw=="] {
            assert!(!card.text.contains(unseen), "{who} learns {unseen}: {}", card.text);
        }
    }
    let root = desk.sim.relayed("Anna", &text).await;
    let card = desk.sim.card(&root, "a card for the relayed text", |_| true).await;
    assert!(!card.has("Reassign"), "{:?}", card.buttons);
    let root = desk.sim.say("xenia", (SHARED, None), &text).await;
    let shared =
        desk.sim.until("a card in the shared channel", |state| state.thread(SHARED, &root).into_iter().next()).await;
    assert!(!shared.has("Reassign") && !shared.text.contains("sam.whitlock"), "{}", shared.text);
    let root = desk.sim.say("anna", (SHARED, None), &text).await;
    let shared =
        desk.sim.until("a card in the shared channel", |state| state.thread(SHARED, &root).into_iter().next()).await;
    assert!(!shared.text.contains("q3Zt0c5mYkKx7vE2nB9dLw=="), "facts are none in a shared channel: {}", shared.text);
    // Not configured: not listened to.
    let before = desk.sim.state().posts().len();
    desk.sim.say("anna", (ELSEWHERE, None), &text).await;
    desk.sim.say("anna", (PROVISIONING, None), "lunch?").await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(desk.sim.state().posts().len(), before);
});

both!(pasted_markup_comes_out_harmless, "deleted-replaced", async |desk: &mut Desk| {
    let nasty = "<!channel> <!here> <@U0BEN000000> <!subteam^S012|all> *bold* _it_ ~struck~ `code` ```fence``` \u{202e}gnp.exe\u{2066} <https://evil.example|https://login.microsoftonline.com>";
    let paste = format!("{nasty}\n{}\n{nasty}", desk.error_text().await);
    let (root, mut event) = desk.sim.wrote("anna", (PROVISIONING, None), &paste);
    // As the API lets a program write it: nothing escaped.
    event["text"] = json!(paste);
    assert!(desk.sim.event(&event).await.accepted);
    desk.sim.card(&root, "a card", |_| true).await;
    let typed = desk.sim.paste("anna", &paste).await;
    desk.sim.card(&typed, "a card", |_| true).await;
    desk.sim.slash("ben", &format!("/reanchor lookup {nasty}")).await;
    desk.sim.slash("ben", &format!("/reanchor {nasty}")).await;
    desk.sim.slash("ben", &format!("/reanchor approve {nasty}")).await;
    desk.sim.until("answers", |state| (state.whispers("ben").len() >= 3).then_some(())).await;
    let state = desk.sim.state();
    for message in state.messages.iter().filter(|m| m.bot_id.as_deref() == Some(BOT_ID)) {
        let seen = plain(&message.text, &message.blocks);
        assert!(!seen.contains('\u{202e}') && !seen.contains('\u{2066}'), "{seen}");
        for mark in ["*bold*", "~struck~", "`code`"] {
            let word = mark.trim_matches(['*', '~', '`']);
            assert!(!seen.contains(&format!(" {word} ")), "{mark} was read as markup: {seen}");
        }
    }
});

both!(forty_thousand_characters_come_out_short, "deleted-replaced", async |desk: &mut Desk| {
    let text = desk.error_text().await;
    let long = format!("{}\n{text}\n{}", "<!channel> x ".repeat(1500), "y*z `q` ".repeat(2500));
    assert!(long.chars().count() >= 39_000);
    let root = desk.sim.paste("anna", &long).await;
    desk.sim.card(&root, "a card", |card| card.has("Reassign")).await;
    let typed: String = format!("/reanchor diagnose {long}").chars().take(39_000).collect();
    assert!(desk.sim.slash("ben", &typed).await.accepted);
    let forty = (0..40).map(|n| text.replace("sam.whitlock", &format!("p{n}.q"))).collect::<Vec<_>>().join("\n\n");
    let root = desk.sim.paste("carla", &forty).await;
    desk.sim.card(&root, "one card for forty errors", |_| true).await;
    assert_eq!(desk.sim.state().thread(PROVISIONING, &root).len(), 1);
});

both!(the_bots_own_words_do_not_make_it_talk, "deleted-replaced", async |desk: &mut Desk| {
    // As some simulations send it: the bot's own post as an event, without a bot_id.
    desk.sim.state().knobs.echo = Some(false);
    let (root, card) = desk.proposed().await;
    let text = desk.error_text().await;
    let mut own = desk.sim.wrote("anna", (PROVISIONING, Some(&root)), &text).1;
    own["user"] = json!(BOT);
    let gone = own.as_object_mut().unwrap();
    gone.remove("client_msg_id");
    desk.sim.event(&own).await;
    // Other bots that are not listed are not answered either.
    desk.sim.api_posted("ben", &text).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(desk.cases().await.len(), 1);
    assert_eq!(desk.sim.state().thread(PROVISIONING, &root).len(), 1, "{}", desk.sim.story());
    assert_eq!(desk.sim.state().thread(PROVISIONING, &root)[0].ts, card.ts);
});

both!(a_stale_button_answers_with_the_truth, "deleted-replaced", async |desk: &mut Desk| {
    let (root, first) = desk.pasted().await;
    let old = desk.sim.button("anna", "Reassign").await;
    desk.sim.click("anna", "Reassign").await;
    let approve = desk.sim.button("ben", "Approve").await;
    let now = desk.sim.card(&root, "the proposal", |card| card.has("Approve")).await;
    // The edit of the card was lost on the way: what stands there is older than the case.
    let stands_old = |desk: &Desk, old: &Message| {
        let mut state = desk.sim.state();
        let message = state.messages.iter_mut().find(|m| m.ts == old.ts).unwrap();
        (message.text, message.blocks) = (old.text.clone(), old.blocks.clone());
    };
    stands_old(desk, &old);
    desk.sim.click_on("anna", &old, "Reassign").await;
    let told = desk.sim.told("anna", "Nothing was changed").await;
    assert!(told.text.contains("is proposed, reassign with the code"), "{}", told.text);
    let again = desk.sim.card(&root, "the proposal once more", |card| card.has("Approve")).await;
    assert_eq!((&again.text, &again.buttons), (&now.text, &now.buttons));
    // A refused press of the card as it is now edits nothing.
    let edits = desk.sim.state().done("chat.update");
    desk.sim.click("nora", "Approve").await;
    desk.sim.told("nora", "not linked").await;
    let edited = |state: &State| (state.done("chat.update") > edits).then_some(());
    assert_eq!(desk.sim.within(std::time::Duration::from_secs(1), edited).await, None);
    desk.sim.click("ben", "Approve").await;
    desk.until_case("closed").await;
    desk.sim.card(&root, "the closed card", |card| card.text.contains("erified")).await;
    stands_old(desk, &approve);
    desk.sim.click_on("carla", &approve, "Approve").await;
    let told = desk.sim.told("carla", "Nothing was changed").await;
    assert!(told.text.contains("is closed"), "{}", told.text);
    desk.sim.card(&root, "the closed card once more", |card| !card.has("Approve")).await;
    assert_eq!(desk.audit("vote").await, 1);
    let cards = desk.sim.state().thread(PROVISIONING, &root);
    assert_eq!(cards.iter().map(|card| &card.ts).collect::<Vec<_>>(), [&first.ts], "one card: {cards:?}");
});

both!(an_organization_wide_install_without_a_team_works, "deleted-replaced", async |desk: &mut Desk| {
    desk.sim.state().knobs.org_install = true;
    // Begun anew, so that the bot knows itself by the answer for an organization.
    desk.bots[0].kill().await;
    desk.bots.clear();
    desk.start_bot().await;
    desk.proposed().await;
    // A guest of one of its workspaces is a guest, and somebody of another organization a stranger.
    for (who, part) in [("gus", "guest"), ("xenia", "another organization")] {
        desk.sim.click(who, "Approve").await;
        desk.sim.told(who, part).await;
    }
    let clicked = desk.sim.click("ben", "Approve").await;
    assert!(clicked.outcome.accepted, "{:?}", clicked.outcome);
    desk.until_case("closed").await;
    let outcome = desk.sim.slash("ben", "/reanchor status").await;
    assert!(outcome.accepted, "{outcome:?}");
});
