//! A message whose text was changed after it was answered: the answer follows, as long as nothing was decided about it. From
//! then on the case stays on the text that it was decided on, which is said in the thread; an error about somebody else is a
//! case of its own.
//!
//! Never closes a case and never touches one with a proposal: a message has no authority (SAFETY A1).

use super::App;
use super::books::{self, Entry};
use super::work::Failure;
use crate::card::plain::state_words;
use crate::domain::case::{Case, State};
use crate::domain::diagnosis::{Diagnosis, FieldName, Report, Verdict};
use crate::domain::inbound::{Body, Inbound};
use crate::domain::notice::PublicText;
use crate::domain::settings::Sharing;
use crate::ports::store::Change;
use serde_json::json;

impl App {
    /// Brings the cases of an edited message up to its new text; the reports that are left for new cases, and how many cases
    /// the message has already.
    pub(super) async fn follow_edit<'r>(
        &self,
        inbound: &Inbound,
        text: &str,
        reports: Vec<&'r Report>,
    ) -> Result<(Vec<&'r Report>, usize), Failure> {
        let place = &inbound.place;
        let prefix = format!("{}|{}|{}|", inbound.surface, place.channel, place.message);
        let rows = self.parts.store.cases_of_message(&prefix).await?;
        let mut cases = rows.iter().map(books::case_of).collect::<Result<Vec<Case>, _>>()?;
        // What is as it was first, so that no other report takes its case; then the same error about something else, and at
        // last one that the new text may have replaced.
        let mut changed = Vec::new();
        for report in reports {
            match cases.iter().position(|case| says_the_same(&case.diagnosis, &report.diagnosis)) {
                Some(at) => drop(cases.remove(at)),
                None => changed.push(report),
            }
        }
        let differs = !changed.is_empty();
        let mut left = Vec::new();
        for report in changed {
            let same = |case: &Case| case.diagnosis.class == report.diagnosis.class;
            let at = cases.iter().position(|case| same(case) && may_follow(case));
            let decided = || cases.iter().any(|case| same(case) && !names_another(case, &report.diagnosis));
            match at.or_else(|| if decided() { None } else { cases.iter().position(may_follow) }) {
                Some(at) => self.hear_anew(inbound, text, cases.remove(at), report).await?,
                None if decided() => {}
                None => left.push(report),
            }
        }
        if differs {
            cases.retain(|case| !may_follow(case));
            self.tell_decided(inbound, &cases, !left.is_empty()).await?;
        }
        Ok((left, rows.len()))
    }

    /// Says in the thread that what was decided stays on the earlier text. Said once for a case; a later edit says it there.
    async fn tell_decided(&self, inbound: &Inbound, decided: &[Case], more: bool) -> Result<(), Failure> {
        let Some(first) = decided.first() else { return Ok(()) };
        let names = decided.iter().map(|case| format!("{} ({})", case.id, state_words(case.state.name())));
        let names = names.collect::<Vec<_>>().join(", ");
        let next = if more {
            "The new text is answered by itself."
        } else {
            "If the error came again, paste it as a new message."
        };
        let text = format!(
            "This message was changed after it had been decided on. What was decided is about the earlier text and stays as it is: \
             {names}. {next}"
        );
        let note = self.note_of(&format!("edited-{}", first.id), inbound, PublicText::words(text))?;
        let change = Change { at: self.now(), outbox: vec![note], ..Change::default() };
        Ok(self.parts.store.commit(change).await?)
    }

    /// Says in the thread that the message of its cases was deleted. It changes nothing.
    pub(super) async fn tell_deleted(&self, inbound: &Inbound, inbox: i64) -> Result<(), Failure> {
        let place = &inbound.place;
        let prefix = format!("{}|{}|{}|", inbound.surface, place.channel, place.message);
        let rows = self.parts.store.cases_of_message(&prefix).await?;
        let Some(first) = rows.first() else { return self.finish(inbox).await };
        let names = rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>().join(", ");
        let text =
            format!("The message that this is about was deleted. What was found and decided stays as it is: {names}.");
        // Without a name behind it: where it cannot stand, nobody waits for it.
        let key = format!("note:deleted-{}", first.id);
        let note = self.note_as(key, &inbound.surface, place, PublicText::words(text))?;
        let change = Change { at: self.now(), outbox: vec![note], inbox_done: Some(inbox), ..Change::default() };
        Ok(self.parts.store.commit(change).await?)
    }

    async fn hear_anew(&self, inbound: &Inbound, text: &str, case: Case, report: &Report) -> Result<(), Failure> {
        // The case begins again from its first state, which is why this does not go through the table of moves.
        let mut case = Case {
            state: State::Heard,
            diagnosis: report.diagnosis.clone(),
            beside: self.beside(inbound, text, report),
            subject: None,
            confirmed: false,
            looks: 0,
            missing_at: Vec::new(),
            ..case
        };
        let linked = inbound.actor.standing.okta().is_some();
        if linked && case.sharing != Sharing::None && report.diagnosis.verdict == Verdict::Recognized {
            case.subject = self.subject_of(&report.diagnosis).await;
            if let Some(subject) = &case.subject
                && let Some(other) = self.parts.store.open_case_about(&subject.key()).await?
                && other.id != case.id
            {
                return self.point_to(inbound, &other.id, None).await;
            }
            case = case.go(self.now(), State::Diagnosed)?;
        } else {
            case = case.go(self.now(), State::Advised { look: None, why: Vec::new(), by_hand: None })?;
        }
        let actor = inbound.actor.audit_name(&inbound.surface);
        let payload =
            json!({ "class": case.diagnosis.class, "fields": case.diagnosis.fields, "rules": case.diagnosis.rules });
        let change = self.change(&case, &Entry { actor: &actor, kind: "edited", payload })?;
        Ok(self.parts.store.commit(change).await?)
    }

    /// Somebody who asked by a command about a message that has a case is told which.
    pub(super) async fn point_back(&self, inbound: &Inbound) -> Result<(), Failure> {
        if !matches!(inbound.body, Body::Command { .. }) {
            return Ok(());
        }
        let place = &inbound.place;
        let prefix = format!("{}|{}|{}|", inbound.surface, place.channel, place.message);
        if let Some(row) = self.parts.store.cases_of_message(&prefix).await?.last() {
            let text = format!(
                "This message was answered: the case is {0}; see its card, or type /reanchor status {0}.",
                row.id
            );
            self.whisper(inbound, PublicText::words(text)).await;
        }
        Ok(())
    }
}

/// Whether two texts tell of the same error: where its evidence stands in them does not matter.
fn says_the_same(a: &Diagnosis, b: &Diagnosis) -> bool {
    (&a.class, a.verdict, &a.fields, &a.remedies) == (&b.class, b.verdict, &b.fields, &b.remedies)
}

/// Whether an error names another person than the case is about. Where both texts name nobody in common, the look-up tells.
fn names_another(case: &Case, new: &Diagnosis) -> bool {
    let (old, new) = (&case.diagnosis.fields, &new.fields);
    let names = [FieldName::Login, FieldName::User, FieldName::ExternalId];
    let both = names.iter().find_map(|name| old.get(name).zip(new.get(name)));
    if let Some((old, new)) = both {
        return !old.eq_ignore_ascii_case(new);
    }
    let of_subject = |value: &String| {
        let is = |known: &str| value.eq_ignore_ascii_case(known);
        case.subject.as_ref().is_some_and(|subject| is(&subject.login) || is(&subject.name))
    };
    names.iter().filter_map(|name| new.get(name)).any(|value| !of_subject(value))
}

/// Whether nobody has decided anything about the case yet.
fn may_follow(case: &Case) -> bool {
    let early = match case.state {
        State::Heard
        | State::Diagnosed
        | State::NeedsInfo { .. }
        | State::LookedUp { .. }
        | State::Advised { .. }
        | State::Refused { .. } => true,
        State::Proposed { .. }
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
    };
    early && case.proposals == 0
}
