//! Keeping the books: a case as a row, and the one transaction that moves it, with its audit row and its card.

use super::App;
use crate::card;
use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::inbound::{Inbound, Place};
use crate::domain::notice::{Notice, PublicText};
use crate::domain::time::At;
use crate::ports::store::{AuditRow, CaseRow, Change, OutboxRow, StoreError, Stored};
use serde::Serialize;
use serde_json::Value;

/// How often a decision is made anew when somebody else changed the case in between.
pub(super) const TRIES: usize = 8;

/// The row of a case that is about to be stored as version `case.version + 1`.
pub(super) fn row(case: &Case) -> Stored<CaseRow> {
    let mut next = case.clone();
    next.version += 1;
    let body = encode(&next, "cases", next.id.as_str())?;
    let due = next.due();
    Ok(CaseRow {
        version: next.version,
        state: next.state.name().to_owned(),
        open: next.state.is_open(),
        subject_key: next.subject.as_ref().map(crate::domain::case::Subject::key),
        surface: next.surface.clone(),
        channel: next.place.channel.clone(),
        origin_key: next.origin_key.clone(),
        due_at: due.map(|due| due.at),
        due_is_work: due.is_some_and(|due| due.work),
        created_at: next.created_at,
        body,
        id: next.id,
    })
}

/// A value of ours as stored JSON.
pub(super) fn encode<T: Serialize>(value: &T, table: &'static str, id: &str) -> Stored<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Inconsistent {
        table,
        id: id.to_owned(),
        what: format!("cannot be written: {error}"),
    })
}

/// Reads a stored value.
pub(super) fn decode<T: serde::de::DeserializeOwned>(text: &str, table: &'static str, id: &str) -> Stored<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Inconsistent {
        table,
        id: id.to_owned(),
        what: format!("cannot be read: {error}"),
    })
}

/// The case in a row.
pub(super) fn case_of(row: &CaseRow) -> Stored<Case> {
    let mut case: Case = decode(&row.body, "cases", row.id.as_str())?;
    case.version = row.version;
    Ok(case)
}

/// The post of a card. Posts of one state replace each other while they are unsent; posts of different states do not.
pub(super) fn card_row(case: &Case, due_at: At) -> Stored<OutboxRow> {
    let notice = Notice::Card(Box::new(card::build::card(case)));
    Ok(OutboxRow {
        key: format!("card:{}#{}", case.id, case.state.name()),
        surface: case.surface.clone(),
        due_at,
        body: encode(&notice, "outbox", case.id.as_str())?,
    })
}

/// What happened, for the audit.
pub(super) struct Entry<'a> {
    pub(super) actor: &'a str,
    pub(super) kind: &'a str,
    pub(super) payload: Value,
}

impl App {
    /// Loads a case.
    pub(super) async fn load(&self, id: &CaseId) -> Stored<Option<Case>> {
        self.parts.store.case(id).await?.as_ref().map(case_of).transpose()
    }

    /// A change that stores `case`, its card and an audit row. More may be added before it is committed.
    pub(super) fn change(&self, case: &Case, entry: &Entry<'_>) -> Stored<Change> {
        let at = self.now();
        let stored = row(case)?;
        let mut shown = case.clone();
        shown.version = stored.version;
        let payload =
            serde_json::json!({ "state": case.state.name(), "version": stored.version, "what": entry.payload });
        Ok(Change {
            at,
            outbox: vec![card_row(&shown, at)?],
            audit: vec![AuditRow {
                chain: case.id.as_str().to_owned(),
                actor: entry.actor.to_owned(),
                kind: entry.kind.to_owned(),
                payload: payload.to_string(),
            }],
            cases: vec![stored],
            ..Change::default()
        })
    }

    /// A line in a thread.
    pub(super) fn note(&self, surface: &str, place: &Place, text: PublicText) -> Stored<OutboxRow> {
        self.note_as(self.parts.fresh.id("note:", 16), surface, place, text)
    }

    /// A line where somebody asked; that person is told it alone where it cannot stand.
    pub(super) fn note_for(&self, inbound: &Inbound, text: PublicText) -> Stored<OutboxRow> {
        let key = format!("{}#{}", self.parts.fresh.id("note:", 16), inbound.actor.key);
        self.note_as(key, &inbound.surface, &inbound.place, text)
    }

    /// As [`App::note_for`], for what stands there once under a name of its own and is edited from then on.
    pub(super) fn note_of(&self, name: &str, inbound: &Inbound, text: PublicText) -> Stored<OutboxRow> {
        self.note_as(format!("note:{name}#{}", inbound.actor.key), &inbound.surface, &inbound.place, text)
    }

    /// A line under this key.
    pub(super) fn note_as(&self, key: String, surface: &str, place: &Place, text: PublicText) -> Stored<OutboxRow> {
        let notice = Notice::Note { place: place.clone(), text };
        Ok(OutboxRow { body: encode(&notice, "outbox", &key)?, key, surface: surface.to_owned(), due_at: self.now() })
    }
}

impl App {
    /// The newest thousand cases, oldest first.
    pub async fn cases(&self) -> Stored<Vec<Case>> {
        self.parts.store.cases(false, 1_000).await?.iter().map(case_of).collect()
    }
}
