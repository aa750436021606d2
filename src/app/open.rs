//! Opening cases from a text: one for each error in the message, unless one about the same person is open already.

use super::books::Entry;
use super::work::Failure;
use super::{App, Channel};
use crate::domain::case::{Case, State};
use crate::domain::diagnosis::{FieldName, Report, Verdict};
use crate::domain::inbound::{Body, Inbound};
use crate::domain::notice::{Card, Notice, PublicText, Section, Tone};
use crate::domain::settings::Sharing;
use crate::ports::store::{Change, OutboxRow, StoreError};
use serde_json::json;

/// From so many reports in one message on, they become one list (DESIGN: words).
const LIST_FROM: usize = 4;

/// Longest part of a message that the record keeps, in bytes.
const KEPT: usize = 64 * 1024;

/// What was said, as far as the record keeps it; evidence is counted from its first byte.
fn said(inbound: &Inbound) -> Option<&str> {
    let text = match &inbound.body {
        Body::Message { text } | Body::Mention { text } | Body::Command { text } => text,
        Body::Press { .. } => return None,
    };
    Some(&text[..text.floor_char_boundary(KEPT)])
}

impl App {
    /// Opens the cases of a message. `asked`: by a command or a mention, so that silence is no answer.
    pub(super) async fn open(&self, inbound: &Inbound, inbox: i64, text: &str, asked: bool) -> Result<(), Failure> {
        let answer =
            if asked { self.parts.diagnoser.diagnose_asked(text) } else { self.parts.diagnoser.diagnose(text) };
        let wanted: Vec<&Report> = answer.reports.iter().filter(|report| asked || report.reply).collect();
        if wanted.is_empty() {
            if asked {
                let text = "I see no provisioning error in this text. Paste the whole line from Okta > Dashboard > Tasks, \
                            or the JSON of the failed call.";
                self.whisper(inbound, PublicText::words(text)).await;
            }
            return self.finish(inbox).await;
        }
        if wanted.len() >= LIST_FROM {
            return self.list(inbound, inbox, &wanted).await;
        }
        let last = wanted.len() - 1;
        for (n, report) in wanted.into_iter().enumerate() {
            let done = (n == last).then_some(inbox);
            self.open_one(inbound, n, report, done).await?;
        }
        Ok(())
    }

    async fn open_one(&self, inbound: &Inbound, n: usize, report: &Report, done: Option<i64>) -> Result<(), Failure> {
        let channel = self.channel(&inbound.surface, &inbound.place.channel);
        let mut case = self.new_case(inbound, n, report, channel);
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
        change.inbox_done = done;
        match self.parts.store.commit(change).await {
            // Delivered twice, or opened before a crash: the case is there.
            Err(StoreError::Duplicate { .. }) => match done {
                Some(inbox) => self.finish(inbox).await,
                None => Ok(()),
            },
            other => Ok(other?),
        }
    }

    fn new_case(&self, inbound: &Inbound, n: usize, report: &Report, channel: Option<&Channel>) -> Case {
        let at = self.now();
        Case {
            v: 1,
            id: crate::domain::ids::CaseId::new(self.parts.fresh.id("c-", 6)),
            version: 0,
            created_at: at,
            updated_at: at,
            surface: inbound.surface.clone(),
            place: inbound.place.clone(),
            sharing: channel.map_or(Sharing::None, |channel| channel.facts),
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
            state: State::Heard,
        }
    }

    /// A further paste about a subject with an open case is answered with a link to it.
    async fn point_to(
        &self,
        inbound: &Inbound,
        open: &crate::domain::ids::CaseId,
        done: Option<i64>,
    ) -> Result<(), Failure> {
        let text = PublicText::words(format!(
            "The case {open} about this person is open already: see its card, or type /reanchor status {open}."
        ));
        let change = Change {
            at: self.now(),
            outbox: vec![self.note(&inbound.surface, &inbound.place, text)?],
            inbox_done: done,
            ..Change::default()
        };
        Ok(self.parts.store.commit(change).await?)
    }

    /// One card that lists many reports; cases are opened from it one by one.
    async fn list(&self, inbound: &Inbound, inbox: i64, reports: &[&Report]) -> Result<(), Failure> {
        let mut classes: std::collections::BTreeMap<&str, (usize, String)> = std::collections::BTreeMap::new();
        let mut lines = Vec::new();
        for report in reports {
            let diagnosis = &report.diagnosis;
            classes.entry(diagnosis.class.as_str()).or_insert((0, diagnosis.texts.title.clone())).0 += 1;
            let fields = &diagnosis.fields;
            let who = fields.get(&FieldName::Login).or_else(|| fields.get(&FieldName::User));
            let who = who.map_or("somebody who is not named", String::as_str);
            lines.push(PublicText::foreign(who).and(format!(": {}", diagnosis.class)));
        }
        let common = classes.values().map(|(n, title)| PublicText::words(format!("{n} × {title}"))).collect();
        let card = Card {
            case: None,
            place: inbound.place.clone(),
            state: None,
            version: 0,
            tone: Tone::Warn,
            title: format!("{} errors in one message", reports.len()),
            summary: PublicText::words(
                "Several failures at once often have one cause; mend that first. For one of these people paste their line alone.",
            ),
            facts: Vec::new(),
            sides: Vec::new(),
            diff: Vec::new(),
            warnings: Vec::new(),
            steps: Vec::new(),
            sections: vec![
                Section { title: "Causes".to_owned(), lines: common },
                Section { title: "People".to_owned(), lines },
            ],
            buttons: Vec::new(),
            context: vec![PublicText::words("asked by ").and_foreign(&inbound.actor.name)],
        };
        let key = format!("list:{}", inbound.place.message);
        let body = super::books::encode(&Notice::Card(Box::new(card)), "outbox", &key)?;
        let row = OutboxRow { key, surface: inbound.surface.clone(), due_at: self.now(), body };
        let change = Change { at: self.now(), outbox: vec![row], inbox_done: Some(inbox), ..Change::default() };
        Ok(self.parts.store.commit(change).await?)
    }
}
