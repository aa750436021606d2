//! Cards: outside text stays outside text, roles stay away, a channel sees what it may, a plan is never cut.

use super::*;
use reanchor::card::build::card;
use reanchor::card::plain;
use reanchor::domain::inbound::Verb;
use reanchor::domain::notice::Card;
use serde_json::Value;

const NASTY: &str = "<!channel> *bold* \u{202e}evil\u{200b}\n@everyone `x`";

/// The world of deleted-replaced, with `text` wherever a person or a vendor chooses the words.
fn with_names(text: &str) -> Facts {
    let mut facts = deleted_replaced();
    facts.okta.user.name = format!("Sam Whitlock {text}");
    facts.okta.user.department = Some(text.to_owned());
    facts.okta.user.login = format!("{text}@northbridge.example");
    the_row(&mut facts).status = text.to_owned();
    the_row(&mut facts).profile.insert("usageLocation".to_owned(), json!(text));
    the_row(&mut facts).profile.insert(format!("custom {text}"), json!({ "deep": text }));
    the_app(&mut facts).label = text.to_owned();
    on_candidate(&mut facts, |user| user.name = format!("Sam Whitlock {text}"));
    facts
}

/// Every string of a JSON value that is not a foreign span.
fn ours(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(all) => all.iter().filter(|(key, _)| *key != "foreign").for_each(|(_, one)| ours(one, out)),
        Value::Array(all) => all.iter().for_each(|one| ours(one, out)),
        Value::String(text) => out.push(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn all_of(card: &Card) -> String {
    serde_json::to_string(card).unwrap()
}

#[test]
fn outside_text_is_never_taken_for_our_words() {
    let long = format!("{NASTY}{}", "ä".repeat(10_000));
    for text in [NASTY, &long] {
        for case in every_state(&with_names(text)) {
            let shown = card(&case);
            let mut words = Vec::new();
            ours(&serde_json::to_value(&shown).unwrap(), &mut words);
            for word in words {
                let bad = ["<!channel>", "@everyone", "*bold*", "\u{202e}", "ää"];
                assert!(!bad.iter().any(|bad| word.contains(bad)), "{}: {word:.200}", case.state.name());
            }
            assert!(!all_of(&shown).contains('\u{202e}') && !all_of(&shown).contains('\u{200b}'));
            let confirm = shown.buttons.iter().filter_map(|button| button.confirm.as_ref());
            assert!(confirm.clone().all(|c| c.title.chars().count() <= 45 && c.text.chars().count() <= 300));
        }
    }
}

#[test]
fn a_value_from_outside_makes_no_line_of_its_own() {
    for case in every_state(&with_names("a\nApproved by: everybody\u{2028}b")) {
        let text = plain::text(&card(&case));
        assert!(!text.lines().any(|line| line.trim_start().starts_with("Approved by: everybody")), "{text}");
    }
}

#[test]
fn what_only_approvers_may_know_is_on_no_card() {
    for case in every_state(&deleted_replaced()) {
        assert!(!all_of(&card(&case)).contains("Global Administrator"), "{}", case.state.name());
    }
    let mut facts = deleted_replaced();
    known(&mut facts.okta.admin_roles).push("SUPER_ADMIN".to_owned());
    facts.entra.roles.values_mut().for_each(|roles| known(roles).held.push("Global Administrator".to_owned()));
    let violations = reassign(&facts).unwrap_err();
    let refused = case(&facts, State::Refused { look: Some(look(&facts)), why: violations });
    let text = all_of(&card(&refused));
    assert!(!text.contains("SUPER_ADMIN") && !text.contains("Global Administrator"), "{text}");
    assert!(text.contains("the approvers were told why"));
}

#[test]
fn a_channel_that_is_shown_less_learns_nobody() {
    let secrets = [NAME, "Whitlock", "sam.whitlock", SAM, OLD, NEW, ANCHOR];
    for sharing in [Sharing::Minimal, Sharing::None] {
        for mut case in every_state(&deleted_replaced()) {
            for subject in [case.subject.clone(), None] {
                case.sharing = sharing;
                case.subject = subject;
                let text = all_of(&card(&case));
                for secret in secrets {
                    assert!(!text.contains(secret), "{sharing:?}, {}: {secret} in {text}", case.state.name());
                }
            }
        }
    }
    let full: String = every_state(&deleted_replaced()).iter().map(card).map(|card| all_of(&card)).collect();
    for secret in [NAME, LOGIN, OLD, NEW, ANCHOR] {
        assert!(full.contains(secret), "the search finds {secret} where it may stand");
    }
}

#[test]
fn a_channel_that_is_shown_nothing_learns_no_facts() {
    for mut case in every_state(&deleted_replaced()) {
        case.sharing = Sharing::None;
        let shown = card(&case);
        assert!(shown.sides.is_empty(), "{}", case.state.name());
        assert!(shown.sections.iter().all(|section| section.title != "Why" && section.title != "Could not be read"));
    }
}

#[test]
fn a_plan_is_shown_whole_in_every_channel() {
    for facts in [deleted_replaced(), deleted_expired()] {
        let plan = reassign(&facts).unwrap();
        for sharing in [Sharing::Full, Sharing::Minimal, Sharing::None] {
            let mut proposed =
                case(&facts, State::Proposed { look: look(&facts), proposal: Box::new(proposal(plan.clone())) });
            proposed.sharing = sharing;
            let shown = card(&proposed);
            let steps: Vec<u32> = shown.diff.iter().map(|row| row.step).collect();
            assert!((1..=plan.steps.len()).all(|n| steps.contains(&u32::try_from(n).unwrap())), "{steps:?}");
            assert!(shown.warnings.len() >= plan.warnings.len() + 2, "with what cannot be undone and the blast radius");
            let code = shown.facts.iter().find(|(label, _)| label == "Code").map(|(_, code)| code.plain());
            assert_eq!(code, Some(plan.code()));
            let verbs: Vec<Verb> = shown.buttons.iter().map(|button| button.verb).collect();
            assert_eq!(verbs, [Verb::Approve, Verb::Deny, Verb::Withdraw]);
            assert!(shown.buttons.iter().all(|button| button.number == Some(1)));
        }
    }
}

#[test]
fn every_value_that_is_sent_stands_in_the_diff() {
    let facts = with_names("é");
    let plan = reassign(&facts).unwrap();
    let shown = card(&case(&facts, State::Proposed { look: look(&facts), proposal: Box::new(proposal(plan)) }));
    let rows: Vec<String> = shown.diff.iter().map(|row| row.after.plain()).collect();
    for sent in ["immutableId = q3Zt0c5mYkKx7vE2nB9dLw==", "licenses = [\"ENTERPRISEPACK\"]", "usageLocation = é", NEW]
    {
        assert!(rows.iter().any(|row| row == sent), "{sent}: {rows:?}");
    }
    assert!(shown.diff.iter().all(|row| !row.reversible), "nothing of a reassignment can be undone");
}

#[test]
fn buttons_are_those_of_the_contract() {
    for case in every_state(&deleted_replaced()) {
        let labels: Vec<&str> = card(&case).buttons.iter().map(|button| button.verb.label()).collect();
        let expected: &[&str] = match case.state {
            State::Proposed { .. } => &["Approve", "Deny", "Withdraw"],
            State::NeedsInfo { .. } | State::Advised { look: None, .. } => &["Not an error"],
            State::Advised { .. } | State::Refused { .. } | State::Expired { .. } | State::Stale { .. } => {
                &["Look again", "Not an error"]
            }
            State::LookedUp { ref look } if look.confirm_at.is_some() => &["Look again", "Not an error"],
            State::LookedUp { .. } => &["Reassign", "Look again", "Not an error"],
            State::NeedsHuman { ref left_as, .. } if left_as == "unassigned" => &["Go on", "Look again"],
            State::NeedsHuman { .. } => &["Look again"],
            State::Heard
            | State::Diagnosed
            | State::Approved { .. }
            | State::Running { .. }
            | State::Verifying { .. }
            | State::Closed { .. }
            | State::NotOurs { .. }
            | State::Declined { .. }
            | State::RolledBack { .. }
            | State::Undone { .. } => &[],
        };
        assert_eq!(labels, expected, "{}", case.state.name());
    }
}

#[test]
fn every_button_that_moves_a_case_leads_to_a_legal_state() {
    let question = State::NotOurs { by: String::new() };
    for case in every_state(&deleted_replaced()) {
        let offers = card(&case).buttons.iter().any(|button| button.verb == Verb::NotAnError);
        assert!(!offers || case.state.may_become(&question), "{}", case.state.name());
    }
}

/// Prints every card, to be read aloud: `cargo test --test it cards::aloud -- --ignored --nocapture`.
#[test]
#[ignore = "prints for a human reader"]
fn aloud() {
    for case in every_state(&deleted_replaced()) {
        println!("{}\n{}\n", "=".repeat(80), plain::text(&card(&case)));
    }
    let facts = deleted_restorable();
    let plan = restore(&facts).unwrap();
    let case = case(&facts, State::Proposed { look: look(&facts), proposal: Box::new(proposal(plan)) });
    println!("{}\n{}\n", "=".repeat(80), plain::text(&card(&case)));
}
