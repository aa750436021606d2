//! The gallery: every state of a case as Slack is shown it, held to our own limits, to those of the simulated Slack, and to a
//! snapshot that people can read.
//!
//! The blocks are also written to `target/slack-gallery`, where `.ci/slack/check` holds them against published models of Block
//! Kit. Where the snapshot is not there, it is written.

use super::sim::check_message;
use crate::guards::{deleted_expired, deleted_replaced, deleted_restorable, every_state};
use reanchor::card::build::card;
use reanchor::domain::case::Case;
use reanchor::domain::ids::CaseId;
use reanchor::domain::inbound::Place;
use reanchor::domain::notice::PublicText;
use reanchor::domain::time::At;
use reanchor::surface::slack::render::limits::{Where, check};
use reanchor::surface::slack::render::{self, Rendered, Room};
use reanchor::surface::slack::token::Mint;
use reanchor::surface::slack::views::{self, Home, Listed, Meta};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const NASTY: &str =
    "<!channel> <@U123> *bold* `code` ```fence``` \u{202e}evil\u{200b} @everyone <https://evil.example|x>";

fn rendered(case: &Case, room: Room) -> Rendered {
    render::card(&card(case), &Mint::new(b"gallery"), &format!("card:{}", case.id), room)
}

/// Every state as far as states show different things, each with its place in the list.
fn cases() -> Vec<(String, Case)> {
    let all = every_state(&deleted_replaced());
    let name = |n: usize, case: &Case| format!("{n:02}-{}", case.state.name());
    all.into_iter().enumerate().map(|(n, case)| (name(n, &case), case)).collect()
}

fn windows() -> Vec<(&'static str, Value)> {
    let place = Place { channel: "C1".to_owned(), thread: "1.5".to_owned(), message: "1.5".to_owned() };
    let listed = |n: i64, link: bool| Listed {
        case: CaseId::new(format!("c-00000{n}")),
        title: "The Entra user that Okta pushes to no longer exists".to_owned(),
        state: "proposed".to_owned(),
        at: At(1_700_000_000_000 + n),
        until: (n == 1).then_some(At(1_700_000_900_000)),
        post: None,
        link: link.then(|| "https://example.slack.com/archives/C1/p1".to_owned()),
    };
    let home = Home {
        standing: PublicText::words("You are linked as ")
            .and_foreign("ben@northbridge.example")
            .and(" and may approve."),
        to_approve: vec![listed(1, true)],
        more_to_approve: 0,
        open: vec![listed(2, false), listed(3, true)],
        more_open: 4,
    };
    let proposed = cases().into_iter().find(|(_, case)| case.state.name() == "proposed").unwrap().1;
    vec![
        ("deny", views::deny_reason(&Meta { token: "1.deny.c-1.1.1.0123456789".to_owned(), place })),
        ("loading", views::loading("Diagnose")),
        ("details", views::details(&card(&proposed))),
        ("said", views::said("Answer", &PublicText::words("No. ").and_foreign(NASTY))),
        ("home", views::home(&home)),
    ]
}

#[test]
fn every_state_is_taken_by_slack_however_long_or_hostile_its_values() {
    let long = format!("{NASTY}{}", "ä".repeat(40_000));
    for facts in [deleted_replaced(), deleted_restorable(), deleted_expired()] {
        for text in ["", NASTY, long.as_str()] {
            let mut facts = facts.clone();
            facts.okta.user.name = format!("{}{text}", facts.okta.user.name);
            let Ok(_) = crate::guards::reassign(&facts) else { continue };
            for case in every_state(&facts) {
                for room in [Room::MESSAGE, Room::TIGHT] {
                    let out = rendered(&case, room);
                    let state = case.state.name();
                    assert_eq!(check(&out.blocks, Where::Message), Vec::<String>::new(), "{state}");
                    assert_eq!(check_message(&json!(out.blocks)), Ok(()), "{state}");
                    assert!((1..=3_000).contains(&out.text.chars().count()), "{state}");
                    let all = json!(out.blocks).to_string();
                    assert!(!all.contains('\u{202e}') && !all.contains('\u{200b}') && !out.text.contains('<'));
                    assert!(!marked(&json!(out.blocks)).contains("evil"), "{state}: outside text stands as markup");
                    let plan = card(&case).diff.len();
                    let approve = all.contains("\"ra.approve\"");
                    assert!(!approve || plan == 0 || all.contains("cannot be undone"), "{state}: B3");
                }
            }
        }
    }
}

/// Everything that Slack would read as markup.
fn marked(value: &Value) -> String {
    match value {
        Value::Object(all) if all.get("type").is_some_and(|kind| kind == "mrkdwn") => all["text"].to_string(),
        Value::Object(all) => all.values().map(marked).collect(),
        Value::Array(all) => all.iter().map(marked).collect(),
        _ => String::new(),
    }
}

#[test]
fn a_typical_card_loses_nothing() {
    for (name, case) in cases() {
        assert_eq!(rendered(&case, Room::MESSAGE).losses, [], "{name}");
    }
}

/// A card as people would describe it: a line for each block, its texts in order.
fn outline(out: &Rendered) -> String {
    let mut text = String::new();
    for block in &out.blocks {
        let kind = block["type"].as_str().unwrap();
        let mut said = Vec::new();
        words(block, &mut said);
        let said = said.join("").replace('\n', "\n             ");
        text.push_str(format!("  {kind:<10} {said}").trim_end());
        text.push('\n');
    }
    text
}

fn words(value: &Value, out: &mut Vec<String>) {
    let kind = value["type"].as_str().unwrap_or_default();
    match kind {
        "button" => out.push(format!(
            "[{}{}] ",
            value["text"]["text"].as_str().unwrap(),
            if value["confirm"].is_null() { "" } else { ", confirmed" }
        )),
        "date" => out.push(format!("<{}>", value["fallback"].as_str().unwrap())),
        "text" | "link" if value["style"]["code"] == true => out.push(format!("`{}`", value["text"].as_str().unwrap())),
        _ => {
            if let Some(text) = value["text"].as_str() {
                out.push(text.to_owned());
            }
            for key in ["text", "elements", "rows"] {
                if let Some(all) = value[key].as_array() {
                    for (n, one) in all.iter().enumerate() {
                        let apart = match key {
                            "rows" => "\n",
                            _ if kind == "context" => " | ",
                            _ if matches!(kind, "rich_text" | "rich_text_list") => "\n",
                            _ => "",
                        };
                        if n > 0 {
                            out.push(apart.to_owned());
                        }
                        match one.as_array() {
                            Some(cells) => cells.iter().enumerate().for_each(|(n, cell)| {
                                out.push(if n == 0 { "" } else { " | " }.to_owned());
                                words(cell, out);
                            }),
                            None => words(one, out),
                        }
                    }
                } else if value[key].is_object() {
                    words(&value[key], out);
                }
            }
        }
    }
}

#[test]
fn the_gallery_is_the_snapshot() {
    let one = |(name, case): (String, Case)| format!("== {name}\n{}\n", outline(&rendered(&case, Room::MESSAGE)));
    let all: String = cases().into_iter().map(one).collect::<Vec<_>>().concat();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/slack.txt");
    let Ok(kept) = std::fs::read_to_string(&path) else {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &all).unwrap();
        panic!("tests/snapshots/slack.txt was not there and is written anew: read it, then run this again");
    };
    for (n, (now, then)) in all.lines().zip(kept.lines()).enumerate() {
        assert_eq!(now, then, "line {} of tests/snapshots/slack.txt; delete it to have it written anew", n + 1);
    }
    assert_eq!(all.lines().count(), kept.lines().count(), "delete tests/snapshots/slack.txt to have it written anew");
}

fn target() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    exe.ancestors().find(|dir| dir.ends_with("debug") || dir.ends_with("release")).unwrap().parent().unwrap().into()
}

#[test]
fn the_gallery_is_written_for_published_models() {
    let dir = target().join("slack-gallery");
    std::fs::create_dir_all(&dir).unwrap();
    let cards: Vec<Value> = cases().iter().map(|(_, case)| json!(rendered(case, Room::MESSAGE).blocks)).collect();
    let tight = cases().into_iter().map(|(_, case)| json!(rendered(&case, Room::TIGHT).blocks));
    let messages: Vec<Value> = cards.into_iter().chain(tight).collect();
    let names: Vec<String> = cases().into_iter().map(|(name, _)| name).collect();
    let views: Vec<Value> = windows().into_iter().map(|(_, view)| view).collect();
    let json = json!({ "names": names, "messages": messages, "views": views });
    std::fs::write(dir.join("gallery.json"), serde_json::to_string_pretty(&json).unwrap()).unwrap();
    let typed = format!(
        "import type {{ KnownBlock, View }} from \"@slack/types\";\n\
         export const messages: KnownBlock[][] = {};\nexport const views: View[] = {};\n",
        serde_json::to_string_pretty(&json["messages"]).unwrap(),
        serde_json::to_string_pretty(&json["views"]).unwrap(),
    );
    std::fs::write(dir.join("gallery.ts"), typed).unwrap();
    eprintln!("skipped here: the models of @slack/types and slack_sdk; .ci/slack/check holds the gallery against them");
    for view in &views {
        assert_eq!(check(view["blocks"].as_array().unwrap(), Where::View), Vec::<String>::new());
    }
}
