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
use crate::ports::store::{Open, Stored};

/// Open cases that are listed, the newest.
const MOST: i64 = 100;
/// Plans that are looked through for those that wait for somebody's vote. All of them, unless something is very wrong.
const PLANS: i64 = 1_000;

/// Name of the state in which a plan waits for votes.
const PROPOSED: &str = "proposed";

/// What somebody has to do now.
#[derive(Debug, Default)]
pub struct Desk {
    /// What the person may do, in one sentence.
    pub standing: PublicText,
    /// Cases that wait for this person's vote, the one that expires first in front.
    pub to_approve: Vec<Case>,
    /// The newest of the other open cases of the surface, oldest first.
    pub open: Vec<Case>,
    /// How many more of those there are.
    pub more: i64,
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
        let store = &self.parts.store;
        let (plans, _) = store.open_cases(Open { surface: None, state: Some(PROPOSED), limit: PLANS }).await?;
        for row in plans {
            let case = books::case_of(&row)?;
            let State::Proposed { proposal, .. } = &case.state else { continue };
            if policy::may_vote(&person, &case, proposal, settings, self.now()).is_ok() {
                desk.to_approve.push(case);
            }
        }
        desk.to_approve.sort_by_key(|case| case.state.proposal().map(|proposal| proposal.plan.not_after));
        let (newest, all) = store.open_cases(Open { surface: Some(surface), state: None, limit: MOST }).await?;
        let votes = |id: &CaseId| desk.to_approve.iter().any(|case| case.id == *id);
        desk.open = newest.iter().filter(|row| !votes(&row.id)).map(books::case_of).collect::<Stored<_>>()?;
        let here = desk.to_approve.iter().filter(|case| case.surface == surface).count();
        let listed = i64::try_from(here + desk.open.len()).unwrap_or(i64::MAX);
        desk.more = (all - listed).max(0);
        Ok(desk)
    }

    /// A text that is another one whenever something changed of which a desk may tell.
    pub async fn desk_mark(&self) -> Stored<String> {
        self.parts.store.open_mark().await
    }

    /// Where the card of a case stands on its surface: the surface's own reference.
    pub async fn card_posted(&self, case: &Case) -> Stored<Option<String>> {
        self.parts.store.posted(&case.surface, &format!("card:{}", case.id)).await
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
