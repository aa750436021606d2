//! Modals and the home tab: the reason of a denial, the whole card, a window that says wait, what is open.
//!
//! Never holds a `response_url` or a value that somebody could use: what a modal carries is the sealed token of the button that
//! opened it and the place of its card. Begin with [`deny_reason`] and [`home`].

use super::MARK;
use super::render::blocks::{context, header, list, plain_text, rich_text, section};
use super::render::limits::VIEW_TITLE;
use super::render::text::{cut, piece, rich};
use super::render::{Room, line, whole};
use crate::domain::ids::CaseId;
use crate::domain::inbound::Place;
use crate::domain::notice::{Card, PublicText};
use crate::domain::time::At;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// `callback_id` of the form that asks for the reason of a denial.
pub const DENY: &str = "ra.deny_reason";
/// `callback_id` of a window that only shows something.
pub const SHOWN: &str = "ra.shown";
/// Where the reason stands in `view.state.values`: block, then action.
pub const REASON: (&str, &str) = ("ra.reason", "ra.reason_text");
/// `callback_id` of the form that asks whom a case is about.
pub const SUBJECT: &str = "ra.subject_form";
/// Where the login stands in `view.state.values`: block, then action.
pub const LOGIN: (&str, &str) = ("ra.login", "ra.login_text");
/// Longest login.
const LOGIN_LONGEST: usize = 100;
/// Longest reason.
const REASON_LONGEST: usize = 300;
/// Cases that the home tab lists in each part.
pub const HOME_LISTS: usize = 20;

/// What a modal remembers (`private_metadata`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The token of the button that opened it.
    pub token: String,
    /// Where its card stands.
    pub place: Place,
}

impl Meta {
    /// As Slack keeps it.
    pub fn text(&self) -> String {
        json!(self).to_string()
    }

    /// What Slack kept.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

fn modal(callback: &str, title: &str, blocks: &[Value]) -> Value {
    json!({
        "type": "modal", "callback_id": callback, "title": plain_text(&cut(title, VIEW_TITLE)),
        "close": plain_text("Close"), "blocks": blocks,
    })
}

/// The form that asks why a plan is denied.
pub fn deny_reason(meta: &Meta) -> Value {
    let note = "It stands on the card and in the audit. Nothing is changed.";
    let input = json!({
        "type": "input", "block_id": REASON.0, "label": plain_text("Why is this plan denied?"), "optional": true,
        "hint": plain_text(note),
        "element": {
            "type": "plain_text_input", "action_id": REASON.1, "multiline": true, "max_length": REASON_LONGEST,
            "placeholder": plain_text("For example: wait for the mailbox export"),
        },
    });
    let mut view = modal(DENY, "Deny the plan", &[input]);
    view["submit"] = plain_text("Deny");
    view["close"] = plain_text("Cancel");
    view["private_metadata"] = json!(meta.text());
    view
}

/// The form that asks whom a case is about. It offers nobody: opened before anything is looked up, it names no person to
/// whoever pressed.
pub fn subject(meta: &Meta) -> Value {
    let note = "The login as Okta has it, usually the e-mail address. The card names those that may be meant.";
    let input = json!({
        "type": "input", "block_id": LOGIN.0, "label": plain_text("Whom is the error about?"), "hint": plain_text(note),
        "element": {
            "type": "plain_text_input", "action_id": LOGIN.1, "max_length": LOGIN_LONGEST,
            "placeholder": plain_text("first.last@example.com"),
        },
    });
    let mut view = modal(SUBJECT, "Say who it is", &[input]);
    view["submit"] = plain_text("Look up");
    view["close"] = plain_text("Cancel");
    view["private_metadata"] = json!(meta.text());
    view
}

/// A window that says wait; opened before anything is looked up, because the right to open one lasts three seconds.
pub fn loading(title: &str) -> Value {
    modal(SHOWN, title, &[rich_text(&[section(&[piece("Reading …", "")])])])
}

/// A card with everything that did not fit into its message. It is read, not decided on: there are no buttons.
pub fn details(card: &Card) -> Value {
    let title = card.case.as_ref().map_or("Details", CaseId::as_str);
    modal(SHOWN, title, &whole(card))
}

/// A window with one answer.
pub fn said(title: &str, text: &PublicText) -> Value {
    modal(SHOWN, title, &line(text, "view", Room::VIEW).blocks)
}

/// A case as the home tab lists it. It names nobody: the tab is seen by whoever opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The case.
    pub case: CaseId,
    /// Title of its class.
    pub title: String,
    /// Name of its state.
    pub state: String,
    /// When it last changed.
    pub at: At,
    /// Until when its plan is open, where one is.
    pub until: Option<At>,
    /// Where its card stands, or the thread for it: channel as places name it, and time stamp.
    pub post: Option<(String, String)>,
    /// The address of that, where it is known.
    pub link: Option<String>,
}

/// What the home tab of one person shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// What the person may do, in one sentence.
    pub standing: PublicText,
    /// Plans that wait for a vote and that the person may vote on; what expires first in front.
    pub to_approve: Vec<Listed>,
    /// How many more of those there are.
    pub more_to_approve: usize,
    /// All other open cases, the newest in front.
    pub open: Vec<Listed>,
    /// How many more of those there are.
    pub more_open: usize,
}

/// The home tab.
pub fn home(home: &Home) -> Value {
    let mut blocks = vec![header("Reanchor")];
    let mut about = vec![piece("Diagnoses and repairs Okta → Microsoft 365 provisioning errors. ", "")];
    about.extend(rich(&home.standing));
    blocks.push(rich_text(&[section(&about)]));
    let waiting = (home.to_approve.as_slice(), home.more_to_approve);
    part(&mut blocks, "Waiting for your vote", waiting, "Nothing waits for your vote.");
    part(&mut blocks, "Open cases", (&home.open, home.more_open), "No other case is open.");
    blocks.push(header("How to use it"));
    blocks.push(rich_text(&[list(&how_to())]));
    blocks.push(context(&[plain_text(
        "Only a button or a slash command changes anything; what is written in a message never does.",
    )]));
    for (n, block) in blocks.iter_mut().enumerate() {
        block["block_id"] = json!(format!("{MARK}home.{n}"));
    }
    json!({ "type": "home", "callback_id": "ra.home", "blocks": blocks })
}

fn how_to() -> Vec<Vec<Value>> {
    [
        ("", "Paste the error into a channel where the bot listens, or use the shortcut “Diagnose provisioning error” of a message."),
        ("/reanchor diagnose <text>", " does the same from anywhere."),
        ("/reanchor lookup <user>", " shows both sides of one person, to you alone."),
        ("/reanchor status", " lists the open cases; with a case it tells about that one."),
        ("/reanchor why <case>", " tells who can approve it, and why you cannot."),
        ("/reanchor approve <code>", " is the typed form of the button."),
        ("/reanchor freeze <reason>", " stops all changes at once."),
        ("/reanchor help", " lists everything."),
    ]
    .into_iter()
    .map(|(code, words)| {
        let code = (!code.is_empty()).then(|| piece(code, "code"));
        code.into_iter().chain([piece(words, "")]).collect()
    })
    .collect()
}

fn part(blocks: &mut Vec<Value>, title: &str, (all, more): (&[Listed], usize), none: &str) {
    blocks.push(header(title));
    if all.is_empty() {
        blocks.push(rich_text(&[section(&[piece(none, "italic")])]));
        return;
    }
    let mut items: Vec<Vec<Value>> = all.iter().take(HOME_LISTS).map(listed).collect();
    let more = more + all.len().saturating_sub(HOME_LISTS);
    if more > 0 {
        items.push(vec![piece(&format!("… and {more} more: type /reanchor status"), "italic")]);
    }
    blocks.push(rich_text(&[list(&items)]));
}

fn listed(one: &Listed) -> Vec<Value> {
    let name = one.case.as_str();
    let name = match &one.link {
        Some(url) => json!({ "type": "link", "url": url, "text": name, "style": { "bold": true } }),
        None => piece(name, "bold"),
    };
    let state = crate::card::plain::state_words(&one.state);
    let mut out = vec![name, piece(&format!("  {}  ·  {state}  ·  ", cut(&one.title, 150)), "")];
    let when = match one.until {
        Some(until) => PublicText::words("open until ").and_time(until),
        None => PublicText::new().and_time(one.at),
    };
    out.extend(rich(&when));
    out
}

#[cfg(test)]
mod tests {
    use super::super::render::limits::{Where, check};
    use super::*;

    fn blocks(view: &Value) -> &[Value] {
        view["blocks"].as_array().unwrap()
    }

    fn taken(view: &Value) {
        assert_eq!(check(blocks(view), Where::View), Vec::<String>::new());
        if view["type"] == "modal" {
            let title = view["title"]["text"].as_str().unwrap().chars().count();
            assert!((1..=24).contains(&title));
        }
    }

    #[test]
    fn the_form_of_a_denial_keeps_its_token_and_place() {
        let place = Place { channel: "T1/C1".to_owned(), thread: "1.5".to_owned(), message: "1.6".to_owned() };
        let meta = Meta { token: "x".repeat(100), place };
        let view = deny_reason(&meta);
        taken(&view);
        let kept = view["private_metadata"].as_str().unwrap();
        assert!(kept.len() <= 3_000);
        assert_eq!(Meta::read(kept), Some(meta.clone()));
        assert_eq!(Meta::read("{}"), None);
        assert_eq!((&view["callback_id"], &view["submit"]["text"]), (&json!(DENY), &json!("Deny")));
        assert_eq!(view["blocks"][0]["element"]["action_id"], json!(REASON.1));
        let view = subject(&meta);
        taken(&view);
        assert_eq!(Meta::read(view["private_metadata"].as_str().unwrap()), Some(meta));
        assert_eq!((&view["callback_id"], &view["blocks"][0]["block_id"]), (&json!(SUBJECT), &json!(LOGIN.0)));
    }

    #[test]
    fn windows_are_taken_whatever_they_hold() {
        taken(&loading("A very long title that Slack would refuse"));
        taken(&said("Answer", &PublicText::foreign(&"<!channel> ".repeat(10_000))));
        let case = |n: usize| Listed {
            case: CaseId::new(format!("c-{n}")),
            title: "t".repeat(500),
            state: "looked_up".to_owned(),
            at: At(0),
            until: n.is_multiple_of(3).then_some(At(0)),
            post: None,
            link: n.is_multiple_of(2).then(|| "https://example.slack.com/archives/C1/p1".to_owned()),
        };
        let full = Home {
            standing: PublicText::words("You may approve."),
            to_approve: (0..100).map(case).collect(),
            open: (0..1_000).map(case).collect(),
            more_to_approve: 7,
            more_open: 1_000_000,
        };
        let shown = home(&full).to_string();
        assert!(shown.contains("… and 87 more") && shown.contains("… and 1000980 more"), "{shown}");
        for one in [Home::default(), full] {
            let view = home(&one);
            taken(&view);
            assert_eq!(view["type"], "home");
        }
    }
}
