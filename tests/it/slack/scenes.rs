//! Every scenario is played, and all that is shown on the way is rendered for Slack and judged by the simulation's own table of
//! limits: no card is refused, none pings, and what came from outside is seen as it came.

use super::sim::{check_message, check_view, pings, plain};
use crate::support::{Setup, World};
use reanchor::config::embedded;
use reanchor::domain::inbound::Verb;
use reanchor::domain::notice::{Card, Notice, PublicText, Span};
use reanchor::domain::settings::Sharing;
use reanchor::surface::slack::render::{Rendered, Room, card, line, whole};
use reanchor::surface::slack::token::Mint;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn judge(what: &str, rendered: &Rendered) -> String {
    let blocks = Value::Array(rendered.blocks.clone());
    if let Err((code, why)) = check_message(&blocks) {
        panic!("{what}: {code} {why:?}\n{blocks:#}");
    }
    assert!(!rendered.text.is_empty() && rendered.text.chars().count() <= 3000, "{what}: {}", rendered.text.len());
    let pings = pings(&rendered.text, &blocks);
    assert!(pings.is_empty(), "{what}: {pings:?}");
    plain(&rendered.text, &blocks)
}

/// Values from outside in the parts of a card that are never cut.
fn kept(card: &Card) -> Vec<String> {
    let texts = card.diff.iter().flat_map(|row| [&row.before, &row.after]).chain(&card.warnings);
    let foreign = |text: &PublicText| -> Vec<String> {
        let spans = text.spans().iter();
        spans.filter_map(|span| if let Span::Foreign(value) = span { Some(value.clone()) } else { None }).collect()
    };
    texts.flat_map(foreign).filter(|value| !value.trim().is_empty()).collect()
}

fn look_at(name: &str, notice: &Notice, mint: &Mint, seen: &mut BTreeSet<String>) {
    match notice {
        Notice::Card(shown) => {
            let state = shown.state.clone().unwrap_or_else(|| "list".to_owned());
            let what = format!("{name}, {state}");
            for room in [Room::MESSAGE, Room::TIGHT] {
                let rendered = card(shown, mint, "card:c-gallery", room);
                let text = judge(&what, &rendered);
                let approve = Value::Array(rendered.blocks.clone()).to_string().contains("\"ra.approve");
                for value in kept(shown).iter().filter(|_| approve || room == Room::MESSAGE) {
                    assert!(text.contains(value.as_str()), "{what} lost {value}:\n{text}");
                }
            }
            let title = json!({ "type": "plain_text", "text": "Details" });
            let view = json!({ "type": "modal", "title": title, "blocks": whole(shown) });
            check_view(&view).unwrap_or_else(|why| panic!("{what}, in a window: {why:?}\n{view:#}"));
            seen.insert(state);
        }
        Notice::Note { text, .. } | Notice::Whisper { text, .. } => {
            judge(name, &line(text, "line:1", Room::MESSAGE));
            seen.insert("line".to_owned());
        }
    }
}

#[test]
fn every_card_of_every_scenario_is_taken_by_slack() {
    let mint = Mint::new(b"a key of the gallery");
    let mut seen = BTreeSet::new();
    let can_be_played = |text: &str| {
        let labels = text.lines().filter_map(|line| line.split_once(": press ")).map(|(_, label)| label);
        labels
            .map(|label| label.trim_end_matches(['"', ',']).split(':').next().unwrap_or_default())
            .all(|label| Verb::by_label(label).is_some())
    };
    for (name, _) in embedded::SCENARIOS.iter().filter(|(name, text)| can_be_played(text) && !name.ends_with("--pause"))
    {
        let less = name.starts_with("privileged").then_some(Sharing::Minimal);
        for facts in [Some(Sharing::Full), less].into_iter().flatten() {
            World::run_with(name, Setup { facts, ..Setup::default() }, async |w| {
                w.play(name).await;
                for (notice, _) in w.screen.shown.lock().unwrap().iter() {
                    look_at(name, notice, &mint, &mut seen);
                }
            });
        }
    }
    for state in ["looked_up", "proposed", "running", "closed", "advised", "refused", "needs_info", "line"] {
        assert!(seen.contains(state), "no card was {state}: {seen:?}");
    }
    println!("seen: {seen:?}");
}

/// The worst that can stand in a value.
const NASTY: [&str; 6] = [
    "<!channel> <!here|x> <@U0BEN000000> <!subteam^S012|all>",
    "*bold* _it_ ~no~ `code` ```fence``` > quote\n> more",
    "&lt;!channel&gt; &amp;amp;",
    "<https://evil.example|https://login.microsoftonline.com>",
    "\u{202e}gnp.exe\u{2066} \u{200f}ש\u{200b}",
    "{\"type\":\"button\"} :wave: 1. x\n- y",
];

#[test]
fn nasty_values_stand_there_as_values() {
    let mint = Mint::new(b"a key of the gallery");
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        w.wait().await;
        w.press("anna", "Reassign").await;
        w.wait().await;
        let mut base = w.card().await;
        for nasty in NASTY {
            for long in [1, 40, 400] {
                let value = PublicText::foreign(&nasty.repeat(long));
                base.facts = vec![("Person".to_owned(), value.clone()); 6];
                base.summary = PublicText::words("said ").and_text(&value);
                base.context = vec![value.clone(); 3];
                for row in &mut base.diff {
                    row.before = value.clone();
                    row.after = value.clone();
                }
                let rendered = card(&base, &mint, "card:c-nasty", Room::MESSAGE);
                let text = judge("a nasty card", &rendered);
                let blocks = Value::Array(rendered.blocks.clone());
                let whole_plan = blocks.to_string().contains("\"ra.approve");
                assert!(whole_plan || long > 1, "a short plan can be approved");
                if whole_plan {
                    assert!(text.contains(&value.plain()), "B3: a plan that can be approved is shown whole\n{text}");
                }
                judge("a nasty line", &line(&value, "line:1", Room::MESSAGE));
            }
        }
        w.press("ben", "Deny").await;
        w.wait().await;
    });
}
