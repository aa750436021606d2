//! From a case to its card.

use super::shown::{moved as moved_line, shown};
use super::{plan_view, sides, stopped};
use crate::domain::case::{Case, Closing, LookUp, Proposal, RunState, State, Withheld};
use crate::domain::diagnosis::{FieldName, Remedy};
use crate::domain::guard::Violation;
use crate::domain::inbound::Verb;
use crate::domain::notice::{Button, Card, Confirm, Look, PublicText, Section, Tone};
use crate::domain::plan::{Direction, Goal, Plan};
use crate::domain::settings::Sharing;
use crate::domain::snapshot::Moved;

/// Longest title of a card.
const TITLE: usize = 150;

/// The card of a case.
pub fn card(case: &Case) -> Card {
    let mut card = blank(case);
    match &case.state {
        State::Heard | State::Diagnosed => {
            card.summary = meaning(case).and(" Looking the person up in Okta and Entra …");
        }
        State::NeedsInfo { question, .. } => {
            card.summary = shown(question, case.sharing);
            card.tone = Tone::Warn;
            card.buttons = vec![plain(Verb::NotAnError)];
        }
        State::LookedUp { look } => looked_up(&mut card, case, look),
        State::Advised { look, why, by_hand } => {
            card.summary = lead("Advice: nothing is changed by the bot. ", look.as_deref(), case);
            still(&mut card, case, look.as_deref(), why);
            by_administrator(&mut card, case, by_hand.as_deref());
        }
        State::Refused { look, why } => {
            card.tone = Tone::Danger;
            card.summary = lead("Refused: a fix would not be safe. Nothing was changed. ", look.as_deref(), case);
            still(&mut card, case, look.as_deref(), why);
        }
        State::Proposed { look, proposal } => proposed(&mut card, case, look, proposal),
        State::Approved { proposal, run } => {
            card.summary = PublicText::words("Approved. The run begins.");
            running(&mut card, case, proposal, run);
        }
        State::Running { proposal, run } => {
            card.summary = PublicText::words("Running: each change is read back before the next one begins.");
            running(&mut card, case, proposal, run);
        }
        State::Verifying { proposal, run } => {
            card.summary = PublicText::words("All changes are in force. Reading both sides …");
            running(&mut card, case, proposal, run);
        }
        State::Closed { how } => closed(&mut card, case, how),
        State::NotOurs { by } => {
            card.summary = PublicText::words("Closed as not a provisioning error by ").and_foreign(by).and(".");
        }
        State::Declined { by, reason, proposal } => declined(&mut card, by, reason.as_deref(), proposal),
        State::Expired { what, proposal } => {
            card.tone = Tone::Warn;
            card.summary = PublicText::words(format!("{what}. Nothing was changed. Look again and ask anew."));
            remedy_fact(&mut card, proposal);
            card.buttons = vec![plain(Verb::LookAgain), plain(Verb::NotAnError)];
        }
        State::Stale { moved, broken, proposal } => stale(&mut card, case, (moved, broken), proposal),
        State::RolledBack { proposal, run } => {
            card.summary = PublicText::words(
                "Rolled back: what the stopped run had changed was taken back. The error itself is not repaired; paste it again to begin anew.",
            );
            running(&mut card, case, proposal, run);
            card.tone = Tone::Info;
        }
        State::NeedsHuman { proposal, run, done, left_as, why } => {
            running(&mut card, case, proposal, run);
            stopped::show(&mut card, case.sharing, (proposal, run, *done), (left_as, why));
        }
        State::Undone { by } => {
            card.summary = PublicText::words(format!("Undone by the case {by}."));
        }
    }
    super::beside::add(&mut card, case);
    card
}

fn blank(case: &Case) -> Card {
    let mut facts = Vec::new();
    // A channel that is shown less than everything learns no name from us, not even one that was pasted into it.
    let pasted = case.diagnosis.fields.get(&FieldName::Login);
    match (case.sharing, &case.subject) {
        (Sharing::Full, Some(subject)) => {
            facts.push(("Person".to_owned(), PublicText::foreign(&subject.name).and(" ").and_foreign(&subject.login)));
        }
        (Sharing::Full, None) => facts.extend(pasted.map(|login| ("Person".to_owned(), PublicText::foreign(login)))),
        (Sharing::Minimal | Sharing::None, _) => {}
    }
    facts.push(("Cause".to_owned(), PublicText::words(case.diagnosis.class.as_str())));
    facts.push(("Who acts".to_owned(), PublicText::words(case.diagnosis.texts.owner.clone())));
    let mut context = vec![PublicText::words("asked by ").and_foreign(&case.requester.name)];
    if let Some(previous) = &case.previous {
        context.push(PublicText::words(format!("follows the case {previous}")));
    }
    Card {
        case: Some(case.id.clone()),
        place: case.place.clone(),
        state: Some(case.state.name().to_owned()),
        version: case.version,
        tone: Tone::Info,
        title: case.diagnosis.texts.title.chars().take(TITLE).collect(),
        summary: PublicText::new(),
        facts,
        sides: Vec::new(),
        diff: Vec::new(),
        warnings: Vec::new(),
        steps: Vec::new(),
        sections: Vec::new(),
        buttons: Vec::new(),
        context,
    }
}

fn meaning(case: &Case) -> PublicText {
    PublicText::words(case.diagnosis.texts.meaning.clone())
}

fn lead(words: &str, look: Option<&LookUp>, case: &Case) -> PublicText {
    let text = PublicText::new().and_strong(words);
    match look.filter(|_| case.sharing != Sharing::None) {
        Some(look) => text.and_text(&shown(&look.finding, case.sharing)),
        None => text.and_text(&meaning(case)),
    }
}

fn looked_up(card: &mut Card, case: &Case, look: &LookUp) {
    let finding = match case.sharing {
        Sharing::Full | Sharing::Minimal => shown(&look.finding, case.sharing),
        Sharing::None => meaning(case),
    };
    card.summary = finding.clone();
    show_look(card, case, look);
    match look.confirm_at {
        Some(at) => {
            card.summary = PublicText::new()
                .and_strong("Gone (confirming). ")
                .and_text(&finding)
                .and(" A second read at ")
                .and_time(at)
                .and(" settles it; nothing is offered before.");
        }
        None => card.buttons = look.offers.iter().map(|offer| remedy_button(offer.remedy)).collect(),
    }
    withheld(card, case, &look.withheld);
    still_works(card, case);
    card.buttons.push(plain(Verb::LookAgain));
    card.buttons.push(plain(Verb::NotAnError));
}

fn show_look(card: &mut Card, case: &Case, look: &LookUp) {
    if case.sharing == Sharing::None {
        return;
    }
    card.sides = sides::rows(&look.facts, case.sharing);
    let unread: Vec<PublicText> = sides::unread(&look.facts).iter().map(|line| shown(line, case.sharing)).collect();
    if !unread.is_empty() {
        card.sections.push(Section { title: "Could not be read".to_owned(), lines: unread });
    }
    card.context.push(PublicText::words("read at ").and_time(look.facts.read_at));
}

/// Advice and refusals: why, the steps for people, what still works.
fn still(card: &mut Card, case: &Case, look: Option<&LookUp>, why: &[Violation]) {
    if let Some(look) = look {
        show_look(card, case, look);
    }
    if !why.is_empty() && case.sharing != Sharing::None {
        card.sections.insert(
            0,
            Section {
                title: "Why".to_owned(),
                lines: why.iter().map(|one| shown(&reason(one), case.sharing)).collect(),
            },
        );
    }
    let texts = &case.diagnosis.texts;
    let numbered = texts.steps.iter().enumerate().map(|(n, step)| PublicText::words(format!("{}. {step}", n + 1)));
    card.sections.push(Section { title: "What to do".to_owned(), lines: numbered.collect() });
    still_works(card, case);
    card.buttons = if case.sharing == Sharing::None || (look.is_none() && why.is_empty()) {
        vec![plain(Verb::NotAnError)]
    } else {
        vec![plain(Verb::LookAgain), plain(Verb::NotAnError)]
    };
}

/// The plan that only an administrator can carry out, as steps.
fn by_administrator(card: &mut Card, case: &Case, plan: Option<&Plan>) {
    if let Some(plan) = plan.filter(|_| case.sharing != Sharing::None) {
        let lines = super::manual::steps(plan, case.sharing);
        card.sections.insert(1, Section { title: "By hand".to_owned(), lines });
    }
}

/// What the person can do meanwhile: signing in and provisioning are two flows.
fn still_works(card: &mut Card, case: &Case) {
    let text = &case.diagnosis.texts.still_works;
    if !text.is_empty() {
        let lines = vec![PublicText::words(text.clone())];
        card.sections.push(Section { title: "What still works".to_owned(), lines });
    }
}

/// The text with a capital letter and a full stop, where these are our own words.
fn sentence(text: &PublicText) -> PublicText {
    use crate::domain::notice::Span;
    let mut spans = text.spans().iter();
    let capital = |words: &str| {
        let mut chars = words.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    };
    let start = match spans.next() {
        Some(Span::Words(words)) => PublicText::words(capital(words)),
        Some(Span::Strong(words)) => PublicText::new().and_strong(capital(words)),
        Some(Span::Foreign(value)) => PublicText::foreign(value),
        Some(Span::Time(at)) => PublicText::new().and_time(*at),
        None => PublicText::new(),
    };
    let whole = spans.fold(start, |text, span| match span {
        Span::Words(words) => text.and(words.clone()),
        Span::Strong(words) => text.and_strong(words.clone()),
        Span::Foreign(value) => text.and_foreign(value),
        Span::Time(at) => text.and_time(*at),
    });
    if whole.plain().ends_with('.') { whole } else { whole.and(".") }
}

/// A violation for the channel; what only approvers may know stays out.
pub fn reason(violation: &Violation) -> PublicText {
    let fact = if violation.approvers_only {
        PublicText::words("the account is protected; the approvers were told why")
    } else {
        violation.fact.clone()
    };
    let text = sentence(&fact);
    let text = match violation.how_to_change.as_str() {
        "" => text,
        how => text.and(format!(" To change that: {how}.")),
    };
    text.and(format!(" (rule {})", violation.rule))
}

fn withheld(card: &mut Card, case: &Case, withheld: &[Withheld]) {
    if withheld.is_empty() || case.sharing == Sharing::None {
        return;
    }
    let lines = withheld
        .iter()
        .map(|w| PublicText::words(format!("{}: ", w.remedy)).and_text(&shown(&reason(&w.why), case.sharing)));
    card.sections.insert(0, Section { title: "Not offered".to_owned(), lines: lines.collect() });
}

fn proposed(card: &mut Card, case: &Case, look: &LookUp, proposal: &Proposal) {
    let plan = &proposal.plan;
    card.tone = Tone::Warn;
    let votes = match plan.votes {
        0 | 1 => "one vote of an approver who neither asked for it nor is its subject".to_owned(),
        votes => format!("{votes} votes of approvers who neither asked for it nor are its subject"),
    };
    card.summary = PublicText::new()
        .and_strong(format!("{} is proposed by ", title_of(proposal)))
        .and_foreign(&proposal.by.name)
        .and(format!(". It needs {votes}. What is shown is exactly what runs."));
    plan_facts(card, proposal);
    card.diff = plan_view::diff(plan, case.sharing);
    card.warnings = plan_view::warnings(plan, case.sharing);
    card.sides = if case.sharing == Sharing::None { Vec::new() } else { sides::rows(&look.facts, case.sharing) };
    card.context.push(PublicText::words("read at ").and_time(look.facts.read_at));
    card.buttons = vec![
        Button {
            verb: Verb::Approve,
            number: Some(proposal.number),
            look: Look::Danger,
            confirm: Some(Confirm { title: format!("Approve {}?", proposal.code), text: plan_view::confirm(plan) }),
            asks_reason: false,
        },
        Button { asks_reason: true, number: Some(proposal.number), ..plain(Verb::Deny) },
        Button { number: Some(proposal.number), ..plain(Verb::Withdraw) },
    ];
}

fn title_of(proposal: &Proposal) -> String {
    match proposal.plan.direction {
        Direction::Forward => format!("The remedy “{}”", proposal.plan.remedy),
        Direction::GoOn => format!("Going on with “{}”", proposal.plan.remedy),
        Direction::RollBack => format!("The way back of “{}”", proposal.plan.remedy),
        Direction::Undo => format!("Undoing “{}”", proposal.plan.remedy),
    }
}

fn plan_facts(card: &mut Card, proposal: &Proposal) {
    remedy_fact(card, proposal);
    card.facts.push(("Code".to_owned(), PublicText::words(proposal.code.clone())));
    let mut votes = PublicText::words(format!("{} of {}", proposal.votes.len(), proposal.plan.votes));
    for vote in &proposal.votes {
        votes = votes.and("; ").and_foreign(&vote.name).and(" at ").and_time(vote.at);
    }
    card.facts.push(("Votes".to_owned(), votes));
    card.facts.push(("Open until".to_owned(), PublicText::new().and_time(proposal.plan.not_after)));
}

fn remedy_fact(card: &mut Card, proposal: &Proposal) {
    card.facts.push(("Remedy".to_owned(), PublicText::words(proposal.plan.remedy.as_str())));
}

fn running(card: &mut Card, case: &Case, proposal: &Proposal, run: &RunState) {
    card.tone = Tone::Warn;
    remedy_fact(card, proposal);
    let mut by = PublicText::new();
    for (n, vote) in proposal.votes.iter().enumerate() {
        by = by.and(if n == 0 { "" } else { ", " }).and_foreign(&vote.name).and(" at ").and_time(vote.at);
    }
    card.facts.push(("Approved by".to_owned(), by));
    card.steps = plan_view::steps(&proposal.plan, run, case.sharing);
    card.context.push(PublicText::words(format!("run {}, plan {}", run.id, proposal.code)));
}

fn closed(card: &mut Card, case: &Case, how: &Closing) {
    card.tone = Tone::Good;
    match how {
        Closing::Erased { at } => {
            card.tone = Tone::Info;
            card.context.clear();
            card.facts.retain(|(label, _)| label == "Cause");
            card.summary = PublicText::new()
                .and_strong("Erased. ")
                .and("What this case said about people was deleted on ")
                .and_time(*at)
                .and("; the record proves only that it was there.");
        }
        Closing::InOrder { since, look } => {
            let mut text = PublicText::new().and_strong("In order");
            if let Some(at) = since {
                text = text.and(" since ").and_time(*at);
            }
            let finding = match case.sharing {
                Sharing::Full | Sharing::Minimal => shown(&look.finding, case.sharing),
                Sharing::None => PublicText::new(),
            };
            card.summary = text.and(". Nothing was changed. ").and_text(&finding);
            show_look(card, case, look);
        }
        Closing::Verified { proposal, run, findings, waiting_for_retry } => {
            card.summary = PublicText::new().and_strong("Repaired and verified on both sides.");
            if waiting_for_retry.is_some() {
                card.summary = card.summary.clone().and(
                    " Okta still shows the failed task: press Retry in Okta > Dashboard > Tasks, or wait for the next push.",
                );
                card.facts.push(("Waits for".to_owned(), PublicText::words("Retry in Okta > Tasks")));
            }
            running(card, case, proposal, run);
            card.tone = Tone::Good;
            card.sections.push(Section {
                title: "Verified".to_owned(),
                lines: findings.iter().map(|line| shown(line, case.sharing)).collect(),
            });
            match (&proposal.plan.no_undo, &proposal.plan.goal) {
                (Some(why), _) => card.context.push(PublicText::words(why.clone())),
                (None, Goal::Anchored { .. }) if proposal.plan.direction != Direction::Undo => {
                    card.buttons = vec![plain(Verb::Undo)];
                }
                (None, _) => {}
            }
        }
    }
    if let Some(code) = &case.checkpoint {
        card.context.push(PublicText::words(format!("audit checkpoint {code}")));
    }
}

fn declined(card: &mut Card, by: &str, reason: Option<&str>, proposal: &Proposal) {
    card.summary = PublicText::words("Declined by ")
        .and_foreign(by)
        .and(". Nothing was changed. To begin anew, paste the error again.");
    remedy_fact(card, proposal);
    if let Some(reason) = reason {
        card.facts.push(("Reason".to_owned(), PublicText::foreign(reason)));
    }
}

fn stale(card: &mut Card, case: &Case, (moved, broken): (&[Moved], &[Violation]), proposal: &Proposal) {
    card.tone = Tone::Warn;
    card.summary = PublicText::new()
        .and_strong("Stale: the world is not the one that was approved. ")
        .and("Nothing was changed. Look again and ask anew.");
    remedy_fact(card, proposal);
    let lines = moved.iter().map(moved_line).chain(broken.iter().map(reason));
    let lines = lines.map(|line| shown(&line, case.sharing)).collect();
    card.sections.push(Section { title: "What moved".to_owned(), lines });
    card.buttons = vec![plain(Verb::LookAgain), plain(Verb::NotAnError)];
}

pub(super) fn plain(verb: Verb) -> Button {
    Button { verb, number: None, look: Look::Plain, confirm: None, asks_reason: false }
}

fn remedy_button(remedy: Remedy) -> Button {
    let verb = match remedy {
        Remedy::Restore => Verb::Restore,
        Remedy::Reassign => Verb::Reassign,
        Remedy::AlignOktaAnchor => Verb::AlignAnchor,
        Remedy::SetImmutableId => Verb::SetImmutableId,
    };
    Button { look: Look::Primary, ..plain(verb) }
}
