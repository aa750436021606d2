//! What somebody at the server does without a chat: freeze, thaw, look a person up, erase a case.
//!
//! Never asks who it is: whoever may start the program with this configuration is at the server, and stands in the record as
//! `cli:<name of the OS user>`. Never thaws what the same person froze (SAFETY A8). Begin with [`AtServer`].

use super::App;
use super::books::{card_row, case_of, row};
use super::decide::FREEZE;
use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::tenant::Facts;
use crate::domain::time::At;
use crate::policy::Freeze;
use crate::ports::store::{AuditRow, Change, Erased, Erasure, Ledger, SettingChange, Store, StoreError, Stored};
use serde_json::{Value, json};

/// Somebody at the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtServer {
    /// The name of the OS user.
    pub user: String,
}

/// What came of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Done.
    Done,
    /// It is so already; nothing was changed.
    Already,
    /// Not allowed, and why; nothing was changed.
    Refused(String),
}

impl AtServer {
    /// How the record names this person.
    pub fn audit_name(&self) -> String {
        format!("cli:{}", self.user)
    }

    fn entry(&self, kind: &str, payload: &Value) -> AuditRow {
        AuditRow {
            chain: "bot".to_owned(),
            actor: self.audit_name(),
            kind: kind.to_owned(),
            payload: payload.to_string(),
        }
    }

    /// Freezes the bot at once: no new run begins, open runs go to their nearest safe state. May be called again.
    pub async fn freeze(&self, store: &dyn Store, at: At, reason: &str) -> Stored<Wish> {
        if store.setting(FREEZE).await?.is_some() {
            return Ok(Wish::Already);
        }
        let freeze = Freeze { by: self.audit_name(), name: self.audit_name(), at, reason: Some(reason.to_owned()) };
        let value = super::books::encode(&freeze, "settings", FREEZE)?;
        let setting = SettingChange { key: FREEZE.to_owned(), expect: None, value: Some(value) };
        self.switch(store, at, ("freeze", reason), setting).await
    }

    /// Thaws the bot. The caller has checked the operator code; whoever froze may not thaw.
    pub async fn thaw(&self, store: &dyn Store, at: At, reason: &str) -> Stored<Wish> {
        let Some(current) = store.setting(FREEZE).await? else { return Ok(Wish::Already) };
        let frozen_by = serde_json::from_str::<Freeze>(&current).map(|freeze| freeze.by).unwrap_or_default();
        if frozen_by == self.audit_name() {
            let refused = json!({ "what": "thaw", "rule": "A8" });
            store.commit(Change { at, audit: vec![self.entry("refused", &refused)], ..Change::default() }).await?;
            return Ok(Wish::Refused(
                "A8: you froze the bot, so somebody else must thaw it; nothing was changed".to_owned(),
            ));
        }
        let setting = SettingChange { key: FREEZE.to_owned(), expect: Some(current), value: None };
        self.switch(store, at, ("thaw", reason), setting).await
    }

    async fn switch(
        &self,
        store: &dyn Store,
        at: At,
        (kind, reason): (&str, &str),
        setting: SettingChange,
    ) -> Stored<Wish> {
        let audit = vec![self.entry(kind, &json!({ "reason": reason }))];
        let change = Change { at, audit, setting: Some(setting), ..Change::default() };
        match store.commit(change).await {
            Ok(()) => Ok(Wish::Done),
            // Somebody else was quicker; what they did is the truth now.
            Err(StoreError::Stale { .. }) => Ok(Wish::Already),
            Err(error) => Err(error),
        }
    }

    /// Erases what is stored of a case: content, plans, votes, journals, queued posts, and what the bot's own record says of
    /// its people. The chains still check. `None`: there is no such case. Open cases are refused, because a run or a vote may
    /// still need what stands there. May be called again.
    pub async fn erase<S: Store + Ledger>(
        &self,
        store: &S,
        at: At,
        id: &CaseId,
    ) -> Stored<Option<Result<Erased, String>>> {
        let Some(stored) = store.case(id).await? else { return Ok(None) };
        if stored.open {
            let state = stored.state.replace('_', " ");
            return Ok(Some(Err(format!(
                "{id} is {state} and still open: decide it, or press Not an error on its card, then erase it. Nothing was \
                 erased"
            ))));
        }
        let case = case_of(&stored)?;
        let erasure = Erasure {
            case: id.clone(),
            actor: self.audit_name(),
            names: case.names(),
            lease: case.subject.as_ref().map(|subject| format!("subject:{}", subject.okta)),
            change: tombstone(case, at)?,
        };
        Ok(Some(Ok(store.erase(&erasure).await?)))
    }
}

/// The change that leaves a case without content and puts that on its card; nothing when it is so already.
fn tombstone(case: Case, at: At) -> Stored<Change> {
    if case.erased_at().is_some() {
        return Ok(Change { at, ..Change::default() });
    }
    let gone = case.erased(at);
    let row = row(&gone)?;
    let shown = Case { version: row.version, ..gone };
    Ok(Change { at, outbox: vec![card_row(&shown, at)?], cases: vec![row], ..Change::default() })
}

impl App {
    /// Both sides of one person for somebody at the server, and a row about it in the record. `Err` is what to say instead.
    pub async fn look_up_for(&self, who: &AtServer, address: &str) -> Stored<Result<Facts, String>> {
        let found = self.facts_of(address).await.map_err(|text| text.plain());
        let entry = who.entry("lookup", &json!({ "user": address }));
        self.parts.store.commit(Change { at: self.now(), audit: vec![entry], ..Change::default() }).await?;
        Ok(found)
    }
}
