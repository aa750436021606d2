//! What people see, once for all surfaces: a card is built from a case alone, so it can be rendered again at any time.
//!
//! Never decides who may do what (a button that is shown is not a permission), never shows roles, protected lists or the
//! reason of a privileged refusal (those go to the approvers alone), never cuts a plan.
//!
//! Begin with [`build::card`].
#![deny(clippy::wildcard_enum_match_arm)]

pub mod answer;
mod beside;
pub mod build;
mod job;
pub mod manual;
pub mod plain;
mod plan_view;
pub mod shown;
mod sides;
mod stopped;
pub mod told;

use crate::domain::case::Candidate;
use crate::domain::inbound::Place;
use crate::domain::job::JobFacts;
use crate::domain::notice::{Card, DiffRow, PublicText, Section, SideRow, Tone};
use crate::domain::plan::Plan;
use crate::domain::settings::Sharing;
use crate::domain::tenant::Facts;

/// Both directories side by side, as a card of this channel shows them; for the story of a case.
pub fn side_rows(facts: &Facts, sharing: Sharing) -> Vec<SideRow> {
    sides::rows(facts, sharing)
}

/// A plan as its card showed it: every field before and after, then the warnings; for the story of a case.
pub fn plan_rows(plan: &Plan, sharing: Sharing) -> (Vec<DiffRow>, Vec<PublicText>) {
    (plan_view::diff(plan, sharing), plan_view::warnings(plan, sharing))
}

/// A question with the people that may be meant, for an answer that only one person sees.
pub fn with_candidates(text: PublicText, candidates: &[Candidate]) -> PublicText {
    beside::with_candidates(text, candidates)
}

/// A job as text, for an answer that only one person sees.
pub fn job_text(facts: &JobFacts) -> PublicText {
    let mut text = PublicText::new();
    for (n, line) in job::lines(facts).iter().enumerate() {
        text = text.and(if n == 0 { "" } else { " · " }).and_text(line);
    }
    text
}

/// Both sides of one person as a card without a case, for a reader who may see everything.
pub fn look_up_card(facts: &Facts) -> Card {
    let unread = sides::unread(facts);
    let nowhere = Place { channel: String::new(), thread: String::new(), message: String::new() };
    Card {
        case: None,
        place: nowhere,
        state: None,
        version: 0,
        tone: Tone::Info,
        title: format!("{} ({})", facts.okta.user.name, facts.okta.user.login),
        summary: PublicText::new(),
        facts: Vec::new(),
        sides: sides::rows(facts, Sharing::Full),
        diff: Vec::new(),
        warnings: Vec::new(),
        steps: Vec::new(),
        sections: if unread.is_empty() {
            Vec::new()
        } else {
            vec![Section { title: "Not readable".to_owned(), lines: unread }]
        },
        buttons: Vec::new(),
        context: vec![PublicText::words("Read at ").and_time(facts.read_at)],
    }
}

/// Both sides of one person as text, for an answer that only one person sees.
pub fn look_up_text(facts: &Facts) -> PublicText {
    let mut text = PublicText::foreign(&facts.okta.user.name).and(" ").and_foreign(&facts.okta.user.login);
    for row in sides::rows(facts, Sharing::Full) {
        let mark = if row.differs { " ≠" } else { "" };
        text = text.and(format!(" · {}{mark}: ", row.label)).and_text(&row.okta);
        if !row.entra.is_empty() {
            text = text.and(" | ").and_text(&row.entra);
        }
    }
    for line in sides::unread(facts) {
        text = text.and(" · not readable: ").and_text(&line);
    }
    text.and(" · read at ").and_time(facts.read_at)
}
