//! What somebody has to do with the bot now: open cases, what waits for their vote, what they may. For home tabs and lists.
//!
//! Never shows a case to somebody who is not a linked person of ours (SAFETY A7).

use super::{App, books};
use crate::card;
use crate::domain::actor::{Actor, Right};
use crate::domain::case::{Case, State};
use crate::domain::ids::CaseId;
use crate::domain::notice::{Card, PublicText};
use crate::policy;
use crate::ports::store::Stored;

/// Open cases looked at.
const MOST: i64 = 100;

/// What somebody has to do now.
#[derive(Debug, Default)]
pub struct Desk {
    /// What the person may do, in one sentence.
    pub standing: PublicText,
    /// Cases that wait for this person's vote, oldest first.
    pub to_approve: Vec<Case>,
    /// The other open cases of the surface, oldest first.
    pub open: Vec<Case>,
}

impl App {
    /// What `actor` has to do now on a surface.
    pub async fn desk_of(&self, surface: &str, actor: &Actor) -> Stored<Desk> {
        let person = match self.person(actor, None).await {
            Ok(person) => person,
            Err(refusal) => return Ok(Desk { standing: refusal.text, ..Desk::default() }),
        };
        let settings = &self.parts.settings.policy;
        let may: Vec<String> = [Right::Ask, Right::Approve, Right::Operate]
            .into_iter()
            .filter(|right| policy::may(&person, *right, settings).is_ok())
            .map(|right| right.to_string())
            .collect();
        let standing = if may.is_empty() {
            PublicText::words("You are linked to the Okta user ").and_foreign(&person.login).and(" and may read only.")
        } else {
            PublicText::words("You are linked to the Okta user ")
                .and_foreign(&person.login)
                .and(format!(". You may {}.", may.join(", ")))
        };
        let mut desk = Desk { standing, ..Desk::default() };
        if may.is_empty() {
            return Ok(desk);
        }
        for row in self.parts.store.cases(true, MOST).await? {
            let case = books::case_of(&row)?;
            let votes = matches!(&case.state, State::Proposed { proposal, .. }
                if policy::may_vote(&person, &case, proposal, settings, self.now()).is_ok());
            if votes {
                desk.to_approve.push(case);
            } else if case.surface == surface {
                desk.open.push(case);
            }
        }
        Ok(desk)
    }

    /// The card of a case as it is now.
    pub async fn card_now(&self, id: &CaseId) -> Stored<Option<Card>> {
        Ok(self.load(id).await?.map(|case| card::build::card(&case)))
    }

    /// Whether pasted errors of a channel are answered.
    pub fn listens(&self, surface: &str, channel: &str) -> bool {
        self.channel(surface, channel).is_some_and(|channel| channel.listen)
    }

    /// Whether there is nothing of interest in a text: the fast way out before anything is copied.
    pub fn is_chatter(&self, text: &str) -> bool {
        self.parts.diagnoser.is_chatter(text)
    }
}
