//! What a card shows beside the two sides of its person: open incidents, the many people of one cause, who it may be, the
//! inbound job, the checked payload.
//!
//! Never names people where the channel may not see them; lists are cut with a count, plans never are (they are not here).
//! Begin with [`add`].

use super::job;
use super::shown::shown;
use crate::domain::beside::Gathering;
use crate::domain::case::{Candidate, Case, State};
use crate::domain::inbound::Verb;
use crate::domain::incident::Outlook;
use crate::domain::notice::{Button, Card, Look, PublicText, Section, Tone};
use crate::domain::settings::Sharing;

/// People that a card names; more are counted.
const LISTED: usize = 60;
/// Longest title of a card.
const TITLE: usize = 150;

/// Adds to a card that was built from the state of the case.
pub(super) fn add(card: &mut Card, case: &Case) {
    if let Some(many) = &case.beside.many {
        of_many(card, case, many);
    }
    if let State::NeedsInfo { candidates, .. } = &case.state {
        choice(card, case, candidates);
    }
    if !is_at_rest(&case.state) {
        return;
    }
    card.context.extend(case.beside.unread.iter().map(|unread| PublicText::words(unread.words())));
    if case.sharing == Sharing::None {
        return;
    }
    if let Some(outlook) = &case.beside.outlook {
        incidents(card, case, outlook);
    }
    match &case.beside.job_facts {
        Some(facts) => {
            card.sections.push(job::section(facts, case.sharing));
            look_again(card);
        }
        None if wants_job(case) => card.context.push(PublicText::words(format!(
            "to see the job's live state: /reanchor job {} <service principal id> <job id>",
            case.id
        ))),
        None => {}
    }
    if let Some(bulk) = &case.beside.bulk {
        let lines = bulk.lines().into_iter().map(PublicText::words).collect();
        card.sections.insert(0, Section { title: "The pasted payload".to_owned(), lines });
    }
}

/// States in which people think about the cause; while a plan runs or is done, the plan alone matters.
fn is_at_rest(state: &State) -> bool {
    match state {
        State::NeedsInfo { .. }
        | State::LookedUp { .. }
        | State::Advised { .. }
        | State::Refused { .. }
        | State::Proposed { .. } => true,
        State::Heard
        | State::Diagnosed
        | State::Approved { .. }
        | State::Running { .. }
        | State::Verifying { .. }
        | State::Closed { .. }
        | State::NotOurs { .. }
        | State::Declined { .. }
        | State::Expired { .. }
        | State::Stale { .. }
        | State::RolledBack { .. }
        | State::NeedsHuman { .. }
        | State::Undone { .. } => false,
    }
}

fn wants_job(case: &Case) -> bool {
    let class = case.diagnosis.class.as_str();
    class.starts_with("inbound-") || class.starts_with("entra-quarantine-")
}

fn look_again(card: &mut Card) {
    if !card.buttons.iter().any(|button| button.verb == Verb::LookAgain) {
        let button =
            Button { verb: Verb::LookAgain, number: None, look: Look::Plain, confirm: None, asks_reason: false };
        card.buttons.insert(0, button);
    }
}

fn of_many(card: &mut Card, case: &Case, many: &Gathering) {
    let title = format!("{} people, one cause: {}", many.count, case.diagnosis.texts.title);
    card.title = title.chars().take(TITLE).collect();
    card.tone = Tone::Warn;
    card.summary = PublicText::new()
        .and_strong("One cause for all of them: no fix is offered for each person. ")
        .and(case.diagnosis.texts.meaning.clone());
    card.facts.retain(|(label, _)| label != "Person");
    card.facts.push(("People".to_owned(), PublicText::words(many.count.to_string())));
    if case.sharing != Sharing::None && !many.common.is_empty() {
        let lines = many.common.iter().map(|line| shown(line, case.sharing)).collect();
        card.sections.insert(0, Section { title: "What the directories say".to_owned(), lines });
    }
    if case.sharing == Sharing::Full {
        let mut lines: Vec<PublicText> =
            many.people.iter().take(LISTED).map(|person| PublicText::foreign(&person.name)).collect();
        let left = many.count.saturating_sub(lines.len());
        if left > 0 {
            lines.push(PublicText::words(format!("and {left} more")));
        }
        card.sections.push(Section { title: "People".to_owned(), lines });
    }
    if case.sharing != Sharing::None {
        look_again(card);
    }
}

/// One line for each person that may be meant.
fn choice(card: &mut Card, case: &Case, candidates: &[Candidate]) {
    if candidates.is_empty() || case.sharing == Sharing::None {
        return;
    }
    let line = |one: &Candidate| {
        let command = format!(" · to choose: /reanchor subject {} ", case.id);
        shown(&person(one).and(command).and_foreign(&one.login), case.sharing)
    };
    card.sections.push(Section { title: "Who it may be".to_owned(), lines: candidates.iter().map(line).collect() });
}

fn person(one: &Candidate) -> PublicText {
    let mut text = PublicText::foreign(&one.login).and(", ").and_foreign(&one.name);
    if let Some(department) = &one.department {
        text = text.and(", ").and_foreign(department);
    }
    text = text.and(", ").and_foreign(&one.status);
    if one.failing { text.and(", a push of theirs failed within the last day") } else { text }
}

/// A question with the people that may be meant, for an answer that only one person sees.
pub(super) fn with_candidates(text: PublicText, candidates: &[Candidate]) -> PublicText {
    let mut text = text;
    for (n, one) in candidates.iter().enumerate() {
        text = text.and(if n == 0 { "They are: " } else { "; " }).and_text(&person(one));
    }
    if candidates.is_empty() { text } else { text.and(". ") }
}

fn incidents(card: &mut Card, case: &Case, outlook: &Outlook) {
    let mut lines = Vec::new();
    for incident in &outlook.open {
        let mut line = PublicText::words(format!("{}: ", incident.vendor)).and_foreign(&incident.title);
        if let Some(at) = incident.since {
            line = line.and(", since ").and_time(at);
        }
        lines.push(line.and(", not closed by the vendor."));
    }
    if !outlook.open.is_empty() {
        lines.push(PublicText::words(
            "While it is open no fix is offered: an outage looks like a fault of the person. Press Look again when it is closed.",
        ));
    }
    for unknown in &outlook.unknown {
        let line = PublicText::words(format!("Whether {} has an open incident is not known: ", unknown.vendor));
        lines.push(shown(&line.and_foreign(&unknown.why), case.sharing));
    }
    let title = if outlook.open.is_empty() { "Vendor incidents" } else { "An open incident of the vendor" };
    card.sections.insert(0, Section { title: title.to_owned(), lines });
    if !outlook.open.is_empty() {
        card.tone = Tone::Warn;
    }
}
