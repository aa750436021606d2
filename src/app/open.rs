//! Opening cases from a text: one for each error in the message, unless one about the same person is open already.

use super::books::Entry;
use super::complete::unread_of;
use super::work::Failure;
use super::{App, Channel, gather};
use crate::domain::beside::Beside;
use crate::domain::bulk::BulkCheck;
use crate::domain::case::{Case, State};
use crate::domain::diagnosis::{Answer, Report, Verdict};
use crate::domain::inbound::{Body, Inbound};
use crate::domain::notice::PublicText;
use crate::domain::settings::Sharing;
use crate::ports::store::{Change, Durability, StoreError};
use crate::recognize;
use serde_json::json;

/// From so many reports in one message on, they become one list (DESIGN: words).
const LIST_FROM: usize = 4;

/// Longest part of a message that the record keeps, in bytes.
const KEPT: usize = 64 * 1024;

/// What was said, as far as the record keeps it; evidence is counted from its first byte.
fn said(inbound: &Inbound) -> Option<&str> {
    Some(recognize::head(inbound.body.text()?, KEPT))
}

impl App {
    /// Opens the cases of a message. `asked`: by a command or a mention, so that silence is no answer.
    pub(super) async fn open(&self, inbound: &Inbound, inbox: i64, text: &str, asked: bool) -> Result<(), Failure> {
        let answer =
            if asked { self.parts.diagnoser.diagnose_asked(text) } else { self.parts.diagnoser.diagnose(text) };
        let mut wanted: Vec<&Report> = answer.reports.iter().filter(|report| asked || report.reply).collect();
        let mut before = 0;
        if inbound.more.edited && !wanted.is_empty() {
            (wanted, before) = self.follow_edit(inbound, text, wanted).await?;
            if wanted.is_empty() {
                return self.finish_read(inbound, inbox).await;
            }
        }
        let bulk = payload(&answer, asked);
        if wanted.is_empty() {
            if let Some(bulk) = bulk {
                return self.post_check(inbound, inbox, &bulk).await;
            }
            if asked {
                let text = "I see no provisioning error in this text. Paste the whole line from Okta > Dashboard > Tasks, \
                            or the JSON of the failed call.";
                self.whisper(inbound, PublicText::words(text).and_text(&unread_of(inbound))).await;
            } else {
                self.tell_unread(inbound).await?;
            }
            return self.finish_read(inbound, inbox).await;
        }
        let (many, rest) = gather::split(&wanted);
        for (n, group) in many.iter().enumerate() {
            let done = (rest.is_empty() && n + 1 == many.len()).then_some(inbox);
            self.open_many(inbound, before + n, (text, group), done).await?;
        }
        if rest.len() >= LIST_FROM {
            return self.list(inbound, inbox, &rest).await;
        }
        let mut bulk = bulk;
        for (n, report) in rest.iter().enumerate() {
            let done = (n + 1 == rest.len()).then_some(inbox);
            let mine = if n == 0 { bulk.take() } else { None };
            self.open_one(inbound, before + many.len() + n, (text, report, mine), done).await?;
        }
        Ok(())
    }

    async fn open_one(
        &self,
        inbound: &Inbound,
        n: usize,
        (text, report, bulk): (&str, &Report, Option<BulkCheck>),
        done: Option<i64>,
    ) -> Result<(), Failure> {
        let members = gather::member(&report.diagnosis.fields).into_iter().collect();
        if report.diagnosis.verdict == Verdict::Recognized
            && self.join(inbound, &report.diagnosis, members, done).await?
        {
            return Ok(());
        }
        let channel = self.channel(&inbound.surface, &inbound.place.channel);
        let mut case = self.new_case(inbound, n, report, channel);
        case.beside = Beside { bulk, ..self.beside(inbound, text, report) };
        let linked = inbound.actor.standing.okta().is_some();
        let looks = linked && case.sharing != Sharing::None && report.diagnosis.verdict == Verdict::Recognized;
        if looks {
            if let Some(subject) = self.subject_of(&report.diagnosis).await {
                if let Some(open) = self.parts.store.open_case_about(&subject.key()).await? {
                    return self.point_to(inbound, &open.id, done).await;
                }
                case.previous = self.parts.store.closed_case_about(&subject.key()).await?.map(|row| row.id);
                case.subject = Some(subject);
            }
            case = case.go(self.now(), State::Diagnosed)?;
        } else {
            case = case.go(self.now(), State::Advised { look: None, why: Vec::new(), by_hand: None })?;
        }
        let actor = inbound.actor.audit_name(&inbound.surface);
        // The redacted text is kept as a payload, so that the story of the case can show it and `erase` takes it away.
        let payload = json!({
            "class": case.diagnosis.class, "fields": case.diagnosis.fields, "rules": case.diagnosis.rules,
            "said": said(inbound),
        });
        let mut change = self.change(&case, &Entry { actor: &actor, kind: "opened", payload })?;
        // The event is not done yet: where this is lost the case is opened anew, and nobody has seen this one.
        change.durability = Durability::Replayed;
        match self.parts.store.commit(change).await {
            // Delivered twice, opened before a crash, or somebody asks about a message that was answered: the case is there.
            Err(StoreError::Duplicate { .. }) => self.point_back(inbound).await?,
            other => other?,
        }
        // The event is done after this, so that a crash in between takes it up again and counts anew.
        self.gather(&case).await?;
        match done {
            Some(inbox) => self.finish_read(inbound, inbox).await,
            None => Ok(()),
        }
    }

    pub(super) fn new_case(&self, inbound: &Inbound, n: usize, report: &Report, channel: Option<&Channel>) -> Case {
        let at = self.now();
        Case {
            v: 1,
            id: crate::domain::ids::CaseId::new(self.parts.fresh.id("c-", 6)),
            version: 0,
            created_at: at,
            updated_at: at,
            surface: inbound.surface.clone(),
            place: inbound.place.clone(),
            sharing: channel.filter(|_| !inbound.more.shared).map_or(Sharing::None, |channel| channel.facts),
            origin_key: format!(
                "{}|{}|{}|{}|{n}",
                inbound.surface, inbound.place.channel, inbound.place.message, report.diagnosis.class
            ),
            requester: inbound.actor.clone(),
            diagnosis: report.diagnosis.clone(),
            subject: None,
            confirmed: false,
            looks: 0,
            missing_at: Vec::new(),
            proposals: 0,
            previous: None,
            checkpoint: None,
            beside: Beside::default(),
            state: State::Heard,
        }
    }

    /// What the text of the report says beside its person, and what of it was not read.
    pub(super) fn beside(&self, inbound: &Inbound, text: &str, report: &Report) -> Beside {
        let attempt = recognize::attempt(text.get(report.start..report.end).unwrap_or(text));
        let unread = inbound.more.unread.clone();
        Beside { attempt, job: self.job_of(text, &report.diagnosis, attempt), unread, ..Beside::default() }
    }

    /// A further paste about a subject with an open case is answered with a link to it.
    pub(super) async fn point_to(
        &self,
        inbound: &Inbound,
        open: &crate::domain::ids::CaseId,
        done: Option<i64>,
    ) -> Result<(), Failure> {
        let text = PublicText::words(format!(
            "The case {open} about this person is open already: see its card, or type /reanchor status {open}."
        ))
        .and_text(&unread_of(inbound));
        // Who typed a command is answered alone; a paste is answered where it stands.
        let command = matches!(inbound.body, Body::Command { .. });
        if command {
            self.whisper(inbound, text.clone()).await;
        }
        let note = if command { None } else { Some(self.note_for(inbound, text)?) };
        let change =
            Change { at: self.now(), outbox: note.into_iter().collect(), inbox_done: done, ..Change::default() };
        Ok(self.parts.store.commit(change).await?)
    }
}

/// The check of a payload in the text: where somebody asked, or where an error of inbound provisioning stands beside it.
fn payload(answer: &Answer, asked: bool) -> Option<BulkCheck> {
    let inbound = |report: &Report| report.diagnosis.class.as_str().starts_with("inbound-");
    answer.bulk.clone().filter(|_| asked || answer.reports.iter().any(inbound))
}
