//! Many people with one error are one cause: from more than five people of one app within ten minutes on there is one card
//! that names the cause and lists the people, and no remedy for each (DOMAIN trap 25).
//!
//! Never mixes channels: a list of people stays where they were named. Never touches a case that is put to the vote or runs.
//! Begin with [`split`] (many in one message) and [`App::gather`] (many messages).

use super::App;
use super::books::{Entry, TRIES, decode};
use super::work::{Failure, replay_of};
use crate::domain::beside::{Gathering, MANY, Member, WINDOW, may_be_same_app};
use crate::domain::case::{Case, State};
use crate::domain::diagnosis::{ClassId, Diagnosis, FieldName, Fields, Report, Verdict};
use crate::domain::guard::{Outcome, Violation};
use crate::domain::ids::CaseId;
use crate::domain::inbound::Inbound;
use crate::domain::notice::PublicText;
use crate::domain::settings::Sharing;
use crate::domain::time::{At, HOUR};
use crate::ports::store::{CaseRow, Channel, StoreError};
use serde::Deserialize;
use serde_json::json;

/// How far back a gathering may have begun.
const LOOK_BACK: i64 = HOUR;
/// Newest cases of a class that are looked at.
const RECENT: i64 = 60;
/// Name of the state of a case that stands for many.
const ADVISED: &str = "advised";

/// A case of the last hour, as far as gathering reads it: this is done for every report, for up to [`RECENT`] cases. The
/// whole text of their bodies is let go as soon as it is read.
struct Recent {
    id: CaseId,
    state: String,
    surface: String,
    channel: String,
    created_at: At,
    body: Glance,
}

/// The part of a case's body that is read; the rest is passed over.
#[derive(Deserialize)]
struct Glance {
    place: Origin,
    diagnosis: Told,
    #[serde(default)]
    beside: Company,
}

#[derive(Deserialize)]
struct Origin {
    message: String,
}

#[derive(Deserialize)]
struct Told {
    class: ClassId,
    fields: Fields,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Company {
    many: Option<Gathering>,
    part_of: Option<CaseId>,
}

/// The person of an error, where the text names one.
pub(super) fn member(fields: &Fields) -> Option<Member> {
    let field = |name: FieldName| fields.get(&name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let key = [FieldName::Login, FieldName::OktaUserId, FieldName::ExternalId, FieldName::User]
        .into_iter()
        .find_map(field)?;
    let name = field(FieldName::Login).or_else(|| field(FieldName::User)).unwrap_or(key);
    Some(Member { key: key.to_lowercase(), name: name.chars().take(120).collect() })
}

/// The app as the text calls it.
fn app_of(fields: &Fields) -> String {
    fields.get(&FieldName::App).map(|app| app.trim().to_lowercase()).unwrap_or_default()
}

/// The people of some errors, each once, in their order.
fn people<'f>(errors: impl Iterator<Item = &'f Fields>) -> Vec<Member> {
    let mut all: Vec<Member> = Vec::new();
    for one in errors.filter_map(member) {
        if !all.iter().any(|known| known.key == one.key) {
            all.push(one);
        }
    }
    all
}

fn named(reports: &[&Report]) -> Vec<Member> {
    people(reports.iter().map(|report| &report.diagnosis.fields))
}

/// Parts the reports of one message into groups of one cause (more than five people each) and the rest, both in the order of
/// the text.
pub(super) fn split<'r>(reports: &[&'r Report]) -> (Vec<Vec<&'r Report>>, Vec<&'r Report>) {
    let mut groups: Vec<(&ClassId, String, Vec<&'r Report>)> = Vec::new();
    for report in reports.iter().filter(|report| report.diagnosis.verdict == Verdict::Recognized) {
        let app = app_of(&report.diagnosis.fields);
        let fits = |class: &ClassId, known: &str| *class == report.diagnosis.class && may_be_same_app(known, &app);
        match groups.iter_mut().find(|(class, known, _)| fits(class, known)) {
            Some((_, known, members)) => {
                if known.is_empty() {
                    *known = app;
                }
                members.push(report);
            }
            None => groups.push((&report.diagnosis.class, app, vec![report])),
        }
    }
    let many: Vec<Vec<&Report>> =
        groups.into_iter().map(|(_, _, members)| members).filter(|members| named(members).len() > MANY).collect();
    let taken = |report: &&&Report| many.iter().flatten().any(|other| std::ptr::eq(*other, **report));
    let rest = reports.iter().filter(|report| !taken(report)).copied().collect();
    (many, rest)
}

fn one_cause(of: &str) -> Violation {
    Violation {
        rule: "T25".to_owned(),
        fact: PublicText::words(format!(
            "the same error hit more than {MANY} people within ten minutes, so it has one cause and no fix for each{of}"
        )),
        how_to_change: "mend the common cause, retry the tasks, and look at those that are left".to_owned(),
        outcome: Outcome::Advise,
        approvers_only: false,
    }
}

/// The case that stands for many and takes further people in.
fn standing(recent: &[Recent], now: At) -> Option<&CaseId> {
    let fresh = |many: &Gathering| many.is_fresh(now);
    let is_it = |case: &&Recent| case.state == ADVISED && case.body.beside.many.as_ref().is_some_and(fresh);
    recent.iter().rev().find(is_it).map(|case| &case.id)
}

/// A case about one person that was opened within the window.
fn is_single(case: &Recent, now: At) -> bool {
    let beside = &case.body.beside;
    beside.many.is_none() && beside.part_of.is_none() && now.since(case.created_at) <= WINDOW
}

/// A case for all of them. The oldest gives the key, so that two units that notice at once open one case.
fn for_all(opened: &Case, oldest: &Recent, id: String, now: At) -> Case {
    let (message, class) = (&oldest.body.place.message, &oldest.body.diagnosis.class);
    Case {
        id: CaseId::new(id),
        version: 0,
        subject: None,
        confirmed: false,
        previous: None,
        created_at: now,
        state: State::Heard,
        origin_key: format!("{}|{}|{message}|{class}|many", oldest.surface, oldest.channel),
        ..opened.clone()
    }
}

impl App {
    /// One case for many reports of one message; joins one that is there.
    pub(super) async fn open_many(
        &self,
        inbound: &Inbound,
        n: usize,
        (text, reports): (&str, &[&Report]),
        done: Option<i64>,
    ) -> Result<(), Failure> {
        let Some(first) = reports.first() else { return self.closed(done).await };
        if self.join(inbound, &first.diagnosis, named(reports), done).await? {
            return Ok(());
        }
        let channel = self.channel(&inbound.surface, &inbound.place.channel);
        let mut case = self.new_case(inbound, n, first, channel);
        case.beside = self.beside(inbound, text, first);
        self.put_many(case, named(reports), done).await.map(|_| ())
    }

    /// Stores a case that stands for many; whether it is new.
    async fn put_many(&self, mut case: Case, people: Vec<Member>, done: Option<i64>) -> Result<bool, Failure> {
        let now = self.now();
        let app = app_of(&case.diagnosis.fields);
        let mut many = Gathering { app, people: Vec::new(), count: 0, last_at: now, common: Vec::new() };
        many.add(people, now);
        let looks = case.requester.standing.okta().is_some() && case.sharing != Sharing::None;
        if looks {
            many.common = self.common_cause(&case.diagnosis, case.beside.attempt).await;
            self.look_beside(&mut case, super::signals::Freshness::Recent).await;
        }
        case.beside.many = Some(many);
        let case = case.go(now, State::Advised { look: None, why: vec![one_cause("")], by_hand: None })?;
        let payload = json!({ "class": case.diagnosis.class, "people": case.beside.many });
        let mut change = self.change(&case, &Entry { actor: "bot", kind: "gathered", payload })?;
        change.inbox_done = done;
        match self.parts.store.commit(change).await {
            Err(StoreError::Duplicate { .. }) => self.closed(done).await.map(|()| false),
            other => Ok(other.map(|()| true)?),
        }
    }

    async fn closed(&self, done: Option<i64>) -> Result<(), Failure> {
        match done {
            Some(inbox) => self.finish(inbox).await,
            None => Ok(()),
        }
    }

    /// Recent cases of this class in the channel, oldest first, those of another app left out.
    async fn recent(&self, surface: &str, channel: &str, diagnosis: &Diagnosis) -> Result<Vec<Recent>, Failure> {
        let since = self.now().plus(-LOOK_BACK);
        let channel = Channel { surface, id: channel };
        let rows = self.parts.store.cases_of_class(channel, diagnosis.class.as_str(), since, RECENT).await?;
        let app = app_of(&diagnosis.fields);
        let mut found = Vec::new();
        for row in rows {
            let body: Glance = decode(&row.body, "cases", row.id.as_str())?;
            let theirs = app_of(&body.diagnosis.fields);
            if body.diagnosis.class == diagnosis.class && may_be_same_app(&app, &theirs) {
                let CaseRow { id, state, surface, channel, created_at, .. } = row;
                found.push(Recent { id, state, surface, channel, created_at, body });
            }
        }
        Ok(found)
    }

    /// Takes people into the case that stands for many, when there is one of the last ten minutes; whether there was.
    pub(super) async fn join(
        &self,
        inbound: &Inbound,
        diagnosis: &Diagnosis,
        people: Vec<Member>,
        done: Option<i64>,
    ) -> Result<bool, Failure> {
        if people.is_empty() {
            return Ok(false);
        }
        for _ in 0..TRIES {
            // Many reports at a time would all change the one case, and all but one of them in vain. Another process may
            // still be faster.
            let turn = self.counting.lock().await;
            let now = self.now();
            let recent = self.recent(&inbound.surface, &inbound.place.channel, diagnosis).await?;
            let Some(id) = standing(&recent, now).cloned() else { return Ok(false) };
            // One that was opened on its own, and not counted before something went wrong, is found here. The rest is let go:
            // this unit may wait for the chat soon, and so may many at a time.
            let alone: Vec<Recent> = recent.into_iter().filter(|one| is_single(one, now)).collect();
            let Some(mut case) = self.load(&id).await?.filter(|case| matches!(case.state, State::Advised { .. }))
            else {
                continue;
            };
            let Some(many) = case.beside.many.as_mut() else { return Ok(false) };
            many.add(alone.iter().filter_map(|one| member(&one.body.diagnosis.fields)), now);
            let new = many.add(people.clone(), now);
            let text = PublicText::words(format!(
                "Counted into {}: {} people have this error now, so it has one cause; see that card.",
                case.id, many.count
            ))
            .and_text(&super::complete::unread_of(inbound));
            let same = case.state.clone();
            let case = case.go(now, same)?;
            let actor = inbound.actor.audit_name(&inbound.surface);
            let payload = json!({ "people": people, "new": new });
            let mut change = self.change(&case, &Entry { actor: &actor, kind: "counted", payload })?;
            change.inbox_done = done;
            // The event goes with it: where this is lost, it is counted from the inbox again, and told again.
            change.durability = replay_of(&inbound.body);
            let counted = self.parts.store.commit(change).await;
            drop((turn, case));
            match counted {
                Err(StoreError::Stale { .. }) => {}
                other => {
                    other?;
                    for one in alone {
                        self.fold(&one.id, &id).await?;
                    }
                    self.aside(inbound, text).await;
                    return Ok(true);
                }
            }
        }
        Err(Failure::Contended)
    }

    /// After a case was opened: when it is the one too many, opens the case that stands for all and folds them into it.
    pub(super) async fn gather(&self, opened: &Case) -> Result<(), Failure> {
        if member(&opened.diagnosis.fields).is_none() || opened.diagnosis.verdict != Verdict::Recognized {
            return Ok(());
        }
        let now = self.now();
        let recent = self.recent(&opened.surface, &opened.place.channel, &opened.diagnosis).await?;
        let singles: Vec<&Recent> = recent.iter().filter(|case| is_single(case, now)).collect();
        let people = people(singles.iter().map(|case| &case.body.diagnosis.fields));
        let of = match standing(&recent, now) {
            Some(id) => id.clone(),
            None if people.len() > MANY => {
                let Some(oldest) = singles.first() else { return Ok(()) };
                self.put_many(for_all(opened, oldest, self.parts.fresh.id("c-", 6), now), people.clone(), None).await?;
                // Another unit may have been faster; whichever case is there stands for all.
                let recent = self.recent(&opened.surface, &opened.place.channel, &opened.diagnosis).await?;
                standing(&recent, now).ok_or(Failure::Contended)?.clone()
            }
            None => return Ok(()),
        };
        self.count_in(&of, &people).await?;
        for case in singles {
            self.fold(&case.id, &of).await?;
        }
        Ok(())
    }

    /// Counts people into the case that stands for all, who were opened as cases of their own.
    async fn count_in(&self, of: &CaseId, people: &[Member]) -> Result<(), Failure> {
        for _ in 0..TRIES {
            let Some(mut case) = self.load(of).await? else { return Ok(()) };
            let now = self.now();
            let new = case.beside.many.as_mut().map_or(0, |many| many.add(people.iter().cloned(), now));
            let same = case.state.clone();
            if new == 0 || !case.state.may_become(&same) {
                return Ok(());
            }
            let case = case.go(now, same)?;
            let change =
                self.change(&case, &Entry { actor: "bot", kind: "counted", payload: json!({ "new": new }) })?;
            match self.parts.store.commit(change).await {
                Err(StoreError::Stale { .. }) => {}
                other => return Ok(other?),
            }
        }
        Err(Failure::Contended)
    }

    /// Takes the remedies of a case away, because another stands for it. A case that people already decide about is left.
    async fn fold(&self, id: &CaseId, of: &CaseId) -> Result<(), Failure> {
        for _ in 0..TRIES {
            let Some(mut case) = self.load(id).await? else { return Ok(()) };
            let may = matches!(
                case.state,
                State::Diagnosed
                    | State::NeedsInfo { .. }
                    | State::LookedUp { .. }
                    | State::Advised { .. }
                    | State::Refused { .. }
            );
            if !may || case.beside.part_of.is_some() {
                return Ok(());
            }
            case.beside.part_of = Some(of.clone());
            let look = case.state.look().cloned().map(|look| Box::new(look.without_offers()));
            let why = vec![one_cause(&format!("; {of} stands for all of them"))];
            let case = case.go(self.now(), State::Advised { look, why, by_hand: None })?;
            let payload = json!({ "into": of });
            let change = self.change(&case, &Entry { actor: "bot", kind: "folded", payload })?;
            match self.parts.store.commit(change).await {
                Err(StoreError::Stale { .. }) => {}
                other => return Ok(other?),
            }
        }
        Err(Failure::Contended)
    }

    /// A look at a case that stands for many, or is part of one: read anew what they have in common. `None` when the case is
    /// one of its own (again).
    pub(super) async fn look_at_many(&self, case: &mut Case) -> Result<Option<State>, Failure> {
        let now = self.now();
        if let Some(of) = case.beside.part_of.clone() {
            let standing = self.load(&of).await?.and_then(|case| case.beside.many);
            if standing.is_some_and(|many| many.is_fresh(now)) {
                return Ok(Some(case.state.clone()));
            }
            case.beside.part_of = None;
        }
        if case.beside.many.is_none() {
            return Ok(None);
        }
        let common = self.common_cause(&case.diagnosis, case.beside.attempt).await;
        if let Some(many) = case.beside.many.as_mut() {
            many.common = common;
        }
        Ok(Some(State::Advised { look: None, why: vec![one_cause("")], by_hand: None }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::diagnose::Diagnoser;
    use crate::config::embedded::RULES;
    use std::fmt::Write as _;

    fn lines(count: usize, app: &str) -> String {
        let mut text = String::new();
        for n in 0..count {
            writeln!(
                text,
                "Automatic provisioning of user Pat{n} Moss{n} to app {app} failed: Matching user not found."
            )
            .unwrap();
        }
        text
    }

    #[test]
    fn more_than_five_people_of_one_app_are_one_cause() {
        let diagnoser = Diagnoser::new(RULES).unwrap();
        for (text, groups, rest) in [
            (lines(5, "Box"), 0, 5),
            (lines(6, "Box"), 1, 0),
            (lines(6, "Box") + &lines(5, "Slack"), 1, 5),
            (lines(40, "Box") + &lines(7, "Slack"), 2, 0),
            (lines(1, "Box").repeat(9), 0, 1),
        ] {
            let answer = diagnoser.diagnose(&text);
            let all: Vec<&Report> = answer.reports.iter().collect();
            let (many, single) = split(&all);
            assert_eq!((many.len(), single.len()), (groups, rest), "{text}");
        }
    }
}
