//! Cards without a case: many errors of one message as a list, and the check of a payload that somebody asked about.
//!
//! Never grows with the message: what does not fit is counted. Begin with [`App::list`].

use super::App;
use super::work::Failure;
use crate::domain::bulk::BulkCheck;
use crate::domain::diagnosis::{FieldName, Report};
use crate::domain::inbound::Inbound;
use crate::domain::notice::{Card, Notice, PublicText, Section, Tone};
use crate::ports::store::{Change, OutboxRow};

/// People that a list names; more are counted.
const LISTED: usize = 60;

impl App {
    /// One card that lists many reports; cases are opened from it one by one.
    pub(super) async fn list(&self, inbound: &Inbound, inbox: i64, reports: &[&Report]) -> Result<(), Failure> {
        let mut classes: std::collections::BTreeMap<&str, (usize, String)> = std::collections::BTreeMap::new();
        let mut lines = Vec::new();
        for report in reports {
            let diagnosis = &report.diagnosis;
            classes.entry(diagnosis.class.as_str()).or_insert((0, diagnosis.texts.title.clone())).0 += 1;
            let fields = &diagnosis.fields;
            let who = fields.get(&FieldName::Login).or_else(|| fields.get(&FieldName::User));
            let who = who.map_or("somebody who is not named", String::as_str);
            if lines.len() < LISTED {
                lines.push(PublicText::foreign(who).and(format!(": {}", diagnosis.class)));
            }
        }
        if reports.len() > LISTED {
            lines.push(PublicText::words(format!("and {} more", reports.len() - LISTED)));
        }
        let common = classes.values().map(|(n, title)| PublicText::words(format!("{n} × {title}"))).collect();
        let card = Card {
            title: format!("{} errors in one message", reports.len()),
            summary: PublicText::words(
                "Several failures at once often have one cause; mend that first. For one of these people paste their line alone.",
            ),
            sections: vec![
                Section { title: "Causes".to_owned(), lines: common },
                Section { title: "People".to_owned(), lines },
            ],
            ..caseless(inbound)
        };
        self.post_list(inbound, inbox, card).await
    }

    /// The check of a payload, for whoever asked.
    pub(super) async fn post_check(&self, inbound: &Inbound, inbox: i64, bulk: &BulkCheck) -> Result<(), Failure> {
        let clean = bulk.is_clean();
        let card = Card {
            tone: if clean { Tone::Good } else { Tone::Warn },
            title: "A request of the inbound provisioning API, checked".to_owned(),
            summary: PublicText::words(if clean {
                "No mistake was found. Whether the values are right only the service can tell."
            } else {
                "The API would refuse this with HTTP 400. Nothing was sent."
            }),
            sections: vec![Section {
                title: "Bulk contract".to_owned(),
                lines: bulk.lines().into_iter().map(PublicText::words).collect(),
            }],
            ..caseless(inbound)
        };
        self.post_list(inbound, inbox, card).await
    }

    async fn post_list(&self, inbound: &Inbound, inbox: i64, card: Card) -> Result<(), Failure> {
        // Who asked stands behind the name of the post (see `tell_instead`).
        let key = format!("list:{}#{}", inbound.place.message, inbound.actor.key);
        let body = super::books::encode(&Notice::Card(Box::new(card)), "outbox", &key)?;
        let row = OutboxRow { key, surface: inbound.surface.clone(), due_at: self.now(), body };
        let change = Change { at: self.now(), outbox: vec![row], inbox_done: Some(inbox), ..Change::default() };
        Ok(self.parts.store.commit(change).await?)
    }
}

/// A card that belongs to a message and to no case.
fn caseless(inbound: &Inbound) -> Card {
    let mut context = vec![PublicText::words("asked by ").and_foreign(&inbound.actor.name)];
    context.extend(inbound.more.unread.iter().map(|unread| PublicText::words(unread.words())));
    Card {
        case: None,
        place: inbound.place.clone(),
        state: None,
        version: 0,
        tone: Tone::Warn,
        title: String::new(),
        summary: PublicText::new(),
        facts: Vec::new(),
        sides: Vec::new(),
        diff: Vec::new(),
        warnings: Vec::new(),
        steps: Vec::new(),
        sections: Vec::new(),
        buttons: Vec::new(),
        context,
    }
}
