use super::super::sample;
use super::*;

fn paper(width: usize) -> Paper {
    Paper { width: Some(width), color: false }
}

/// What a terminal would show of `text` without colours.
fn stripped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').expect("an escape code that is no colour").1;
    }
    out + rest
}

/// The letters between the borders, without blanks.
fn letters(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !"│─╭╮├┤╰╯".contains(*c)).collect()
}

/// A card that tries to burst its frame.
fn unruly() -> Card {
    let mut card = sample::proposed();
    card.title = "田中さん 👩\u{200d}💻 Zoe\u{308} 🇩🇪 שלום ".repeat(3);
    card.facts.push(("A label that is far too long for its column".to_owned(), PublicText::foreign(&"x".repeat(300))));
    card.sides[0].label = "名前".to_owned();
    card.sides[0].okta = PublicText::foreign("田中さん太郎".repeat(9).as_str());
    card.diff[1].step = 12;
    card.diff[1].reversible = true;
    card.diff[1].field = "a field with a very long name that does not leave room for more".to_owned();
    card.warnings.push(PublicText::words("two\nlines and \u{1b}[31m a colour of its own"));
    card.steps = sample::stopped().steps;
    card.sections = sample::stopped().sections;
    card.buttons.extend(sample::stopped().buttons);
    card
}

#[test]
fn a_box_is_exactly_as_wide_as_the_paper_at_every_width() {
    for sample in [sample::proposed(), sample::stopped(), unruly()] {
        for width in 40..=120 {
            for line in card(&sample, paper(width), true).lines().filter(|line| !line.is_empty()) {
                assert_eq!(Rich::plain(line).width(), width, "{line}");
            }
        }
    }
    let widest = card(&unruly(), paper(200), false);
    assert_eq!(widest, card(&unruly(), paper(120), false));
    assert_eq!(card(&unruly(), paper(3), false), card(&unruly(), paper(40), false));
}

#[test]
fn no_letter_of_plan_and_warnings_is_lost_at_any_width() {
    let card_ = unruly();
    for width in 40..=120 {
        let shown = letters(&card(&card_, paper(width), false));
        for row in &card_.diff {
            for value in [row.field.as_str(), &row.before.plain(), &row.after.plain()] {
                assert!(shown.contains(&letters(value)), "{value:?} at {width}");
            }
        }
        for warning in &card_.warnings {
            let text = letters(&warning.plain().replace('\u{1b}', "\u{fffd}"));
            assert!(shown.contains(&text), "{text:?} at {width}");
        }
        assert_eq!(
            shown.matches(plain::IRREVERSIBLE.replace(' ', "").as_str()).count(),
            3,
            "two steps and a warning at {width}"
        );
        for button in &card_.buttons {
            assert!(shown.contains(&letters(button.verb.label())));
        }
    }
}

#[test]
fn colours_change_nothing_but_colours_and_are_absent_when_not_wanted() {
    for sample in [sample::proposed(), sample::stopped(), unruly()] {
        let bare = card(&sample, paper(80), false);
        let colored = card(&sample, Paper { color: true, ..paper(80) }, false);
        assert!(!bare.contains('\u{1b}'));
        assert_ne!(bare, colored);
        assert_eq!(stripped(&colored), bare);
    }
}

#[test]
fn what_came_from_outside_has_a_colour_of_its_own() {
    let text = PublicText::words("by ").and_foreign("Approved, says the boss");
    let shown = answer(&text, None, Paper { color: true, ..paper(80) });
    assert!(shown.contains("by \u{1b}[36mApproved, says the boss\u{1b}[0m"), "{shown:?}");
}

#[test]
fn a_long_label_in_the_upper_border_gets_a_line_of_its_own() {
    let mut small = sample::small("c-with-a-name-that-is-much-too-long-here", "needs_human");
    small.buttons.clear();
    let text = card(&small, paper(40), true);
    let expected = "╭─ needs human ────────────────────────╮\n│ updated ·                            │\n\
                    │ c-with-a-name-that-is-much-too-long- │\n│ here                                 │\n";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.lines().filter(|line| !line.is_empty()).all(|line| Rich::plain(line).width() == 40), "{text}");
}

#[test]
fn an_answer_says_who_sees_it() {
    let text = PublicText::words("You cannot vote for your own request. ")
        .and_foreign("anna")
        .and(" asked for this plan; ben can approve it.");
    let expected = "reanchor › (only anna sees this) You cannot vote for your own request. anna\n           \
                    asked for this plan; ben can approve it.\n";
    assert_eq!(answer(&text, Some("anna"), paper(80)), expected);
}

#[test]
fn a_long_paste_is_echoed_by_its_beginning_and_the_cut_is_said() {
    let shown = echo("anna", &"line\n".repeat(400), paper(80));
    assert_eq!(shown.lines().count(), 13);
    assert!(
        shown.starts_with("anna › line\n       line\n")
            && shown.ends_with("  … (2000 characters in all, heard in full)\n"),
        "{shown}"
    );
    assert_eq!(echo("ben", "hello", paper(80)), "ben › hello\n");
}

// ---- snapshots

#[test]
fn a_proposed_plan_on_forty_columns() {
    let expected = r"
╭─ proposed ──────────────── c-7k2m9q ─╮
│ Reassign Sam Carter in Microsoft 365 │
│                                      │
│ The Entra account that Okta pushes   │
│ to was deleted for good. A live      │
│ account of the same person holds the │
│ UPN. This plan unassigns the app and │
│ assigns it again, so that Okta links │
│ to that account. Approve only if the │
│ person below is the right one.       │
│                                      │
│ Code        k7m2q9x4tz               │
│ Subject     Sam Carter,              │
│             sam.carter@example.com   │
│ Votes       1 of 2 (ben)             │
│ Open until  2026-11-23 07:43:05 UTC  │
├─ Okta and Entra ─────────────────────┤
│ Account                              │
│   Okta   00u1a2b3c4d5e6f7g8h9        │
│   Entra  3c1f6c6e-51d0-4c58-9a57-    │
│          0f2f6f7b8a11                │
│ externalId  ≠ they differ            │
│   Okta   9dfb369b-ab13-4fae-a276-    │
│          55daa05f1119                │
│   Entra  (none)                      │
│ UPN                                  │
│   Okta   sam.carter@example.com      │
│   Entra  sam.carter@example.com      │
│ Anchor                               │
│   Okta   q83vEjRWeJCrze8SNFZ4kA==    │
│   Entra  q83vEjRWeJCrze8SNFZ4kA==    │
│ Status                               │
│   Okta   ACTIVE, syncState ERROR     │
│   Entra  enabled, 2 licences         │
├─ Plan: 3 steps, in this order ───────┤
│ 1 Okta app assignment (Unassign)     │
│   cannot be undone                   │
│      USER, ACTIVE, externalId        │
│      9dfb369b-ab13-4fae-a276-        │
│      55daa05f1119                    │
│    → (none)                          │
│ 2 Okta app assignment (Assign)       │
│   cannot be undone                   │
│      (none)                          │
│    → USER, userName                  │
│      sam.carter@example.com          │
│ 3 Okta externalId (wait for link)    │
│   cannot be undone                   │
│      (none)                          │
│    → 3c1f6c6e-51d0-4c58-9a57-        │
│      0f2f6f7b8a11                    │
├─ Warnings ───────────────────────────┤
│ ! This cannot be undone, because the │
│   old object is gone.                │
│ ! Mailbox and files of the old       │
│   account are not brought back by    │
│   this plan.                         │
│                                      │
│ Both directories read at 2026-11-22  │
│ 07:43:05 UTC · asked by anna         │
├──────────────────────────────────────┤
│ [1] Approve  [2] Deny  [3] Withdraw  │
╰──────────────────────────────────────╯

";
    assert_eq!(format!("\n{}", card(&sample::proposed(), paper(40), false)), expected);
}

#[test]
fn a_proposed_plan_on_eighty_columns() {
    let expected = r"
╭─ proposed ────────────────────────────────────────────── updated · c-7k2m9q ─╮
│ Reassign Sam Carter in Microsoft 365                                         │
│                                                                              │
│ The Entra account that Okta pushes to was deleted for good. A live account   │
│ of the same person holds the UPN. This plan unassigns the app and assigns it │
│ again, so that Okta links to that account. Approve only if the person below  │
│ is the right one.                                                            │
│                                                                              │
│ Code        k7m2q9x4tz                                                       │
│ Subject     Sam Carter, sam.carter@example.com                               │
│ Votes       1 of 2 (ben)                                                     │
│ Open until  2026-11-23 07:43:05 UTC                                          │
├─ Okta and Entra ─────────────────────────────────────────────────────────────┤
│             Okta                              Entra                          │
│ Account     00u1a2b3c4d5e6f7g8h9              3c1f6c6e-51d0-4c58-9a57-       │
│                                               0f2f6f7b8a11                   │
│ externalId  9dfb369b-ab13-4fae-a276-       ≠  (none)                         │
│             55daa05f1119                                                     │
│ UPN         sam.carter@example.com            sam.carter@example.com         │
│ Anchor      q83vEjRWeJCrze8SNFZ4kA==          q83vEjRWeJCrze8SNFZ4kA==       │
│ Status      ACTIVE, syncState ERROR           enabled, 2 licences            │
├─ Plan: 3 steps, in this order ───────────────────────────────────────────────┤
│ 1 Okta app assignment (Unassign)                            cannot be undone │
│     USER, ACTIVE, externalId 9dfb369b-ab13-4fae-a276-55daa05f1119 → (none)   │
│ 2 Okta app assignment (Assign)                              cannot be undone │
│     (none) → USER, userName sam.carter@example.com                           │
│ 3 Okta externalId (wait for link)                           cannot be undone │
│     (none) → 3c1f6c6e-51d0-4c58-9a57-0f2f6f7b8a11                            │
├─ Warnings ───────────────────────────────────────────────────────────────────┤
│ ! This cannot be undone, because the old object is gone.                     │
│ ! Mailbox and files of the old account are not brought back by this plan.    │
│                                                                              │
│ Both directories read at 2026-11-22 07:43:05 UTC · asked by anna             │
├──────────────────────────────────────────────────────────────────────────────┤
│ [1] Approve  [2] Deny  [3] Withdraw                                          │
╰──────────────────────────────────────────────────────────────────────────────╯

";
    assert_eq!(format!("\n{}", card(&sample::proposed(), paper(80), true)), expected);
}

#[test]
fn a_proposed_plan_on_a_hundred_and_twenty_columns() {
    let expected = r"
╭─ proposed ──────────────────────────────────────────────────────────────────────────────────────────────── c-7k2m9q ─╮
│ Reassign Sam Carter in Microsoft 365                                                                                 │
│                                                                                                                      │
│ The Entra account that Okta pushes to was deleted for good. A live account of the same person holds the UPN. This    │
│ plan unassigns the app and assigns it again, so that Okta links to that account. Approve only if the person below is │
│ the right one.                                                                                                       │
│                                                                                                                      │
│ Code        k7m2q9x4tz                                                                                               │
│ Subject     Sam Carter, sam.carter@example.com                                                                       │
│ Votes       1 of 2 (ben)                                                                                             │
│ Open until  2026-11-23 07:43:05 UTC                                                                                  │
├─ Okta and Entra ─────────────────────────────────────────────────────────────────────────────────────────────────────┤
│             Okta                                     Entra                                                           │
│ Account     00u1a2b3c4d5e6f7g8h9                     3c1f6c6e-51d0-4c58-9a57-0f2f6f7b8a11                            │
│ externalId  9dfb369b-ab13-4fae-a276-55daa05f1119  ≠  (none)                                                          │
│ UPN         sam.carter@example.com                   sam.carter@example.com                                          │
│ Anchor      q83vEjRWeJCrze8SNFZ4kA==                 q83vEjRWeJCrze8SNFZ4kA==                                        │
│ Status      ACTIVE, syncState ERROR                  enabled, 2 licences                                             │
├─ Plan: 3 steps, in this order ───────────────────────────────────────────────────────────────────────────────────────┤
│ 1 Okta app assignment (Unassign)                                                                    cannot be undone │
│     USER, ACTIVE, externalId 9dfb369b-ab13-4fae-a276-55daa05f1119 → (none)                                           │
│ 2 Okta app assignment (Assign)                                                                      cannot be undone │
│     (none) → USER, userName sam.carter@example.com                                                                   │
│ 3 Okta externalId (wait for link)                                                                   cannot be undone │
│     (none) → 3c1f6c6e-51d0-4c58-9a57-0f2f6f7b8a11                                                                    │
├─ Warnings ───────────────────────────────────────────────────────────────────────────────────────────────────────────┤
│ ! This cannot be undone, because the old object is gone.                                                             │
│ ! Mailbox and files of the old account are not brought back by this plan.                                            │
│                                                                                                                      │
│ Both directories read at 2026-11-22 07:43:05 UTC · asked by anna                                                     │
├──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┤
│ [1] Approve  [2] Deny  [3] Withdraw                                                                                  │
╰──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────╯

";
    assert_eq!(format!("\n{}", card(&sample::proposed(), paper(120), false)), expected);
}

#[test]
fn a_stopped_run_on_eighty_columns() {
    let expected = r"
╭─ needs human ───────────────────────────────────────────────────── c-7k2m9q ─╮
│ Reassign Sam Carter in Microsoft 365                                         │
│                                                                              │
│ The Entra account that Okta pushes to was deleted for good. A live account   │
│ of the same person holds the UPN. This plan unassigns the app and assigns it │
│ again, so that Okta links to that account. Approve only if the person below  │
│ is the right one.                                                            │
│                                                                              │
│ Code        k7m2q9x4tz                                                       │
│ Subject     Sam Carter, sam.carter@example.com                               │
│ Votes       1 of 2 (ben)                                                     │
│ Open until  2026-11-23 07:43:05 UTC                                          │
├─ Warnings ───────────────────────────────────────────────────────────────────┤
│ ! This cannot be undone, because the old object is gone.                     │
│ ! Mailbox and files of the old account are not brought back by this plan.    │
├─ Progress ───────────────────────────────────────────────────────────────────┤
│ ✓ Unassign · read back at 07:43:05                                           │
│ ✓ Assign · row 2 of this user                                                │
│ ✗ Wait for link · Okta linked another account than the one on the card;      │
│   nothing more is written                                                    │
│ · Verify                                                                     │
├─ What to do ─────────────────────────────────────────────────────────────────┤
│ 1. Open Okta > Tasks.                                                        │
│ 2. Press Go on.                                                              │
│                                                                              │
│ Both directories read at 2026-11-22 07:43:05 UTC · asked by anna             │
├──────────────────────────────────────────────────────────────────────────────┤
│ [1] Go on  [2] Roll back  [3] Look again                                     │
╰──────────────────────────────────────────────────────────────────────────────╯

";
    assert_eq!(format!("\n{}", card(&sample::stopped(), paper(80), false)), expected);
}
