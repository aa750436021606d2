//! Looking up: who is it, what do both directories say, what follows (SAFETY C).

use super::App;
use super::books::Entry;
use super::signals::Freshness;
use super::work::Failure;
use crate::domain::case::{Candidate, Case, Closing, LookUp, State, Subject};
use crate::domain::diagnosis::{Diagnosis, FieldName};
use crate::domain::guard::{Outcome, Violation};
use crate::domain::ids::{AppId, CaseId, EntraId, OktaUserId};
use crate::domain::notice::{Notice, PublicText};
use crate::domain::tenant::{App as Instance, Facts, LogEvent, OktaUser, Reading};
use crate::domain::time::{At, DAY};
use crate::plan::settle::{Settled, settle};
use crate::plan::{Ask, switches};
use crate::ports::directory::Answer;
use crate::ports::store::{Change, Durability, OutboxRow, StoreError};
use crate::saga::look::{self, Keys};
use serde_json::json;

/// Whom a report is about.
pub(super) enum Who {
    /// One person; `confirmed` unless only a display name led there (SAFETY C2).
    One { subject: Subject, user: Box<OktaUser>, confirmed: bool },
    /// Nobody, several, or nothing to search by: what to ask, and who it may be.
    Ask(PublicText, Vec<Candidate>),
    /// A directory did not answer.
    Unreadable(String),
}

impl App {
    /// The subject, where the text names one person for certain. Used before a case exists.
    pub(super) async fn subject_of(&self, diagnosis: &Diagnosis) -> Option<Subject> {
        match self.who(diagnosis).await {
            Who::One { subject, confirmed: true, .. } => Some(subject),
            Who::One { .. } | Who::Ask(..) | Who::Unreadable(_) => None,
        }
    }

    /// Finds the person by login, Okta id, externalId, and by display name last.
    pub(super) async fn who(&self, diagnosis: &Diagnosis) -> Who {
        let field = |name: FieldName| diagnosis.fields.get(&name).map(String::as_str);
        let okta = &self.parts.readers.okta;
        let (found, by) = if let Some(login) = field(FieldName::Login) {
            (okta.users_by_address(login).await, login)
        } else if let Some(id) = field(FieldName::OktaUserId) {
            (okta.user(&OktaUserId::new(id)).await.map(|user| user.into_iter().collect()), id)
        } else if let Some(id) = field(FieldName::ExternalId) {
            (self.users_linked_to(id).await, id)
        } else if let Some(name) = field(FieldName::User) {
            return self.named(name).await;
        } else {
            return Who::Ask(PublicText::words("The text does not say whom it is about. "), Vec::new());
        };
        match found {
            Err(error) => Who::Unreadable(error.to_string()),
            Ok(users) => self.one_of(users, by).await,
        }
    }

    /// The person with exactly this login or e-mail.
    pub(super) async fn who_is(&self, address: &str) -> Who {
        match self.parts.readers.okta.users_by_address(address).await {
            Err(error) => Who::Unreadable(error.to_string()),
            Ok(users) => self.one_of(users, address).await,
        }
    }

    async fn one_of(&self, mut users: Vec<OktaUser>, by: &str) -> Who {
        if users.len() > 1 {
            let active: Vec<OktaUser> = users.iter().filter(|user| user.status == "ACTIVE").cloned().collect();
            // A login names one person; an e-mail may name several, and then people decide.
            let exact: Vec<OktaUser> =
                users.iter().filter(|user| user.login.eq_ignore_ascii_case(by)).cloned().collect();
            users = if exact.len() == 1 {
                exact
            } else if active.is_empty() {
                users
            } else {
                active
            };
        }
        match users.as_slice() {
            [] => Who::Ask(PublicText::words("Okta has no user for ").and_foreign(by).and(". "), Vec::new()),
            [user] => self.subject_for(user.clone(), true).await,
            several => {
                let text =
                    PublicText::words(format!("{} people in Okta fit ", several.len())).and_foreign(by).and(". ");
                Who::Ask(text, several.iter().map(|user| candidate(user, false)).collect())
            }
        }
    }

    /// Who may be meant by a display name: first those whom the System Log has a failed push of, then everybody of exactly
    /// this name. One or many, the asker says which (SAFETY C2).
    async fn named(&self, name: &str) -> Who {
        let okta = &self.parts.readers.okta;
        let (failing, same) = tokio::join!(self.failing(name), okta.users_by_name(name));
        let mut users: Vec<OktaUser> = Vec::new();
        for id in &failing {
            match okta.user(id).await {
                Ok(user) => users.extend(user),
                Err(error) => return Who::Unreadable(error.to_string()),
            }
        }
        match same {
            Ok(same) => users.extend(same.into_iter().filter(|user| !failing.contains(&user.id))),
            Err(error) => return Who::Unreadable(error.to_string()),
        }
        match users.as_slice() {
            [] => Who::Ask(PublicText::words("Okta has nobody of the name ").and_foreign(name).and(". "), Vec::new()),
            [user] => self.subject_for(user.clone(), false).await,
            several => {
                let text = PublicText::words(format!("{} people in Okta are called ", several.len()));
                let all = several.iter().map(|user| candidate(user, failing.contains(&user.id))).collect();
                Who::Ask(text.and_foreign(name).and(". "), all)
            }
        }
    }

    /// People of this display name with a failed push within the last day. What cannot be read narrows nothing down.
    async fn failing(&self, name: &str) -> Vec<OktaUserId> {
        let apps = match &self.parts.app {
            Some(app) => vec![app.clone()],
            None => match self.parts.readers.okta.office365_apps().await {
                Ok(apps) => apps.into_iter().filter(|app| app.status == "ACTIVE").map(|app| app.id).collect(),
                Err(_) => Vec::new(),
            },
        };
        let mut found: Vec<OktaUserId> = Vec::new();
        for app in apps {
            match self.parts.signals.failures.failing_users(&app, name, self.now().plus(-DAY)).await {
                Ok(users) => found.extend(users.into_iter().filter(|id| !found.contains(id)).collect::<Vec<_>>()),
                Err(error) => tracing::warn!(%error, "failed pushes could not be read; the name alone is searched for"),
            }
        }
        found
    }

    async fn subject_for(&self, user: OktaUser, confirmed: bool) -> Who {
        match self.app_for(&user).await {
            Err(error) => Who::Unreadable(error),
            Ok(app) => {
                let subject = Subject {
                    okta: user.id.clone(),
                    login: user.login.clone(),
                    name: user.name.clone(),
                    app,
                    tenant: self.parts.readers.tenant_id.clone(),
                };
                Who::One { subject, user: Box::new(user), confirmed }
            }
        }
    }

    /// People whose app user of the configured app names this object.
    async fn users_linked_to(&self, external_id: &str) -> Answer<Vec<OktaUser>> {
        let (Some(app), Some(id)) = (&self.parts.app, EntraId::parse(external_id)) else { return Ok(Vec::new()) };
        let okta = &self.parts.readers.okta;
        let mut found = Vec::new();
        for row in okta.app_users(app, 500).await?.into_iter().filter(|row| row.external_id.as_ref() == Some(&id)) {
            found.extend(okta.user(&row.user).await?);
        }
        Ok(found)
    }

    /// The configured app, else the one active instance for the domain of the login.
    async fn app_for(&self, user: &OktaUser) -> Result<AppId, String> {
        if let Some(app) = &self.parts.app {
            return Ok(app.clone());
        }
        let apps = self.parts.readers.okta.office365_apps().await.map_err(|error| error.to_string())?;
        let active: Vec<&Instance> = apps.iter().filter(|app| app.status == "ACTIVE").collect();
        let domain = user.login.rsplit_once('@').map_or("", |(_, domain)| domain);
        let serves = |app: &&&Instance| app.domain.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(domain));
        let mut serving = active.iter().filter(serves);
        match (serving.next(), serving.next(), active.as_slice()) {
            (Some(app), None, _) | (None, None, [app]) => Ok(app.id.clone()),
            (None, _, []) => Err("Okta has no active office365 app that the read token may see".to_owned()),
            (None | Some(_), _, _) => {
                Err(format!("Okta has {} office365 apps; name one as [okta] app_id in the configuration", active.len()))
            }
        }
    }

    /// Looks the subject of a case up, now, and stores what follows. `by` is who asked (an audit name).
    pub(super) async fn look_again(&self, id: &CaseId, by: &str, inbox: Option<i64>) -> Result<(), Failure> {
        for _ in 0..super::books::TRIES {
            let Some(case) = self.load(id).await? else { return self.done(inbox).await };
            if !case.state.may_become(&State::NeedsInfo { question: PublicText::new(), candidates: Vec::new() }) {
                return self.done(inbox).await;
            }
            let fresh = if by == "bot" { Freshness::Recent } else { Freshness::Now };
            let next = self.look(case, fresh).await?;
            let mut change = self.looked(&next, by).await?;
            change.inbox_done = inbox;
            if by == "bot" && inbox.is_none() {
                // It was only read, and the case is due as before: where this is lost, both sides are read again.
                change.durability = Durability::Replayed;
            }
            match self.parts.store.commit(change).await {
                Err(StoreError::Stale { .. }) => {}
                other => return Ok(other?),
            }
        }
        Err(Failure::Contended)
    }

    async fn looked(&self, case: &Case, by: &str) -> Result<Change, Failure> {
        let payload = json!({ "facts": case.state.look().map(|look| &look.facts) });
        let mut change = self.change(case, &Entry { actor: by, kind: "looked_up", payload })?;
        if let State::Refused { why, .. } = &case.state {
            for whisper in self.for_approvers(case, why).await? {
                change.outbox.push(whisper);
            }
        }
        Ok(change)
    }

    /// The reason of a privileged refusal goes to the approvers alone (SAFETY A7).
    async fn for_approvers(&self, case: &Case, why: &[Violation]) -> Result<Vec<OutboxRow>, Failure> {
        let Some(violation) = why.iter().find(|violation| violation.approvers_only) else { return Ok(Vec::new()) };
        let mut rows = Vec::new();
        for actor in self.approvers_on(&case.surface).await {
            let text = violation.fact.spans().iter().fold(
                PublicText::words(format!("{} was refused ({}): ", case.id, violation.rule)),
                |text, span| match span {
                    crate::domain::notice::Span::Words(w) | crate::domain::notice::Span::Strong(w) => {
                        text.and(w.clone())
                    }
                    crate::domain::notice::Span::Foreign(value) => text.and_foreign(value),
                    crate::domain::notice::Span::Time(at) => text.and_time(*at),
                },
            );
            let text = text.and(format!(". {}", violation.how_to_change));
            let notice = Notice::Whisper { place: case.place.clone(), to: actor.key.clone(), name: actor.name, text };
            let key = format!("whisper:{}:{}:{}", case.id, case.version, actor.key);
            rows.push(OutboxRow {
                body: super::books::encode(&notice, "outbox", &key)?,
                key,
                surface: case.surface.clone(),
                due_at: self.now(),
            });
        }
        Ok(rows)
    }

    /// The case as a look-up leaves it.
    async fn look(&self, mut case: Case, fresh: Freshness) -> Result<Case, Failure> {
        self.look_beside(&mut case, fresh).await;
        if let Some(state) = self.look_at_many(&mut case).await? {
            return Ok(case.go(self.now(), state)?);
        }
        let person = match (&case.subject, case.confirmed) {
            (Some(subject), true) => match self.parts.readers.okta.user(&subject.okta).await {
                Ok(Some(user)) => Who::One { subject: subject.clone(), user: Box::new(user), confirmed: true },
                Ok(None) => Who::Ask(PublicText::words("Okta has no such user any more. "), Vec::new()),
                Err(error) => Who::Unreadable(error.to_string()),
            },
            (Some(_), false) | (None, _) => self.who(&case.diagnosis).await,
        };
        let now = self.now();
        match person {
            Who::Ask(text, candidates) if !case.diagnosis.remedies.is_empty() => {
                let question = text.and(format!("Who is it? Type /reanchor subject {} <login>.", case.id));
                Ok(case.go(now, State::NeedsInfo { question, candidates })?)
            }
            Who::Ask(..) => Ok(case.go(now, State::Advised { look: None, why: Vec::new(), by_hand: None })?),
            Who::Unreadable(why) => {
                let violation = Violation {
                    rule: "C".to_owned(),
                    fact: PublicText::words("the person could not be looked up: ").and_foreign(&why),
                    how_to_change: "press Look again when it works".to_owned(),
                    outcome: Outcome::Refuse,
                    approvers_only: false,
                };
                let why = vec![violation];
                let advice = case.diagnosis.remedies.is_empty();
                let next = if advice {
                    State::Advised { look: None, why, by_hand: None }
                } else {
                    State::Refused { look: None, why }
                };
                Ok(case.go(now, next)?)
            }
            Who::One { subject, user, confirmed } => {
                case.confirmed = confirmed;
                case.subject = Some(subject);
                let facts = self.facts(&case, *user).await;
                // A run that stopped after unassigning keeps its plan, and with it the saved assignment, until somebody goes on.
                let unassigned = matches!(facts.okta.app_user, Reading::Known(None));
                if let State::NeedsHuman { done: 1.., .. } = &case.state
                    && unassigned
                {
                    let same = case.state.clone();
                    return Ok(case.go(now, same)?);
                }
                self.settled(case, facts).await
            }
        }
    }

    /// Reads both sides of the subject of a case.
    pub(super) async fn facts(&self, case: &Case, user: OktaUser) -> Facts {
        let keys = Keys {
            app: case.subject.as_ref().map_or_else(|| AppId::new(""), |subject| subject.app.clone()),
            user,
            fixed: None,
            reported_at: reported_at(&case.diagnosis),
            missing_at: case.missing_at.clone(),
        };
        let mut facts = look::facts(&self.parts.readers, &keys).await;
        // An object that was missing before proves nothing about another one that Okta points to now (SAFETY C1c).
        let held = |facts: &Facts| facts.okta.app_user.known().cloned().flatten().and_then(|row| row.external_id);
        let before = case.state.look().map(|look| held(&look.facts));
        if before.is_some_and(|before| before != held(&facts)) {
            facts.entra.missing_at = facts.entra.missing_at.last().copied().into_iter().collect();
        }
        facts
    }

    /// What facts mean for a case (pure, but for what the ask brings in).
    pub(super) async fn settled(&self, mut case: Case, facts: Facts) -> Result<Case, Failure> {
        let now = self.now();
        let ask = self.ask(&case).await?;
        let judgement = settle(&case.diagnosis, &facts, &self.settings(), &ask, reported_at(&case.diagnosis));
        case.missing_at.clone_from(&facts.entra.missing_at);
        case.looks += 1;
        let finding = match switches::note(case.beside.attempt, &case.diagnosis, &facts) {
            Some(note) => judgement.finding.and(" ").and_text(&note),
            None => judgement.finding,
        };
        let mut look = LookUp { facts, finding, offers: Vec::new(), withheld: judgement.withheld, confirm_at: None };
        let next = match judgement.settled {
            Settled::InOrder { since } => State::Closed { how: Closing::InOrder { since, look: Box::new(look) } },
            Settled::Confirm { at } => {
                look.confirm_at = Some(at);
                State::LookedUp { look: Box::new(look) }
            }
            Settled::Advise(why) => State::Advised { look: Some(Box::new(look)), why, by_hand: judgement.by_hand },
            Settled::Refuse(why) => State::Refused { look: Some(Box::new(look)), why },
            Settled::Offers(offers) if case.beside.incident_open() => {
                look.withheld.extend(Self::held_back(&case, offers.iter().map(|offer| offer.remedy)));
                State::LookedUp { look: Box::new(look) }
            }
            Settled::Offers(_) if !case.confirmed => {
                let user = &look.facts.okta.user;
                let failed = |events: &Vec<LogEvent>| events.iter().any(|event| !event.success);
                let candidates = vec![candidate(user, look.facts.okta.events.known().is_some_and(failed))];
                let question = PublicText::words("Only a display name was given. Is it ")
                    .and_foreign(&user.name)
                    .and(", ")
                    .and_foreign(&user.login)
                    .and(format!("? Then type /reanchor subject {} ", case.id))
                    .and_foreign(&user.login);
                State::NeedsInfo { question, candidates }
            }
            Settled::Offers(offers) => {
                if let Some(text) = other_external_id(&case, &look.facts) {
                    // SAFETY C2: said, Okta's value is used, and no button before somebody looked again.
                    look.finding = text;
                } else {
                    look.offers = offers;
                }
                State::LookedUp { look: Box::new(look) }
            }
        };
        Ok(case.go(now, next)?)
    }

    /// The ask for the next proposal of a case.
    pub(super) async fn ask(&self, case: &Case) -> Result<Ask, Failure> {
        Ok(Ask {
            case: case.id.clone(),
            number: case.proposals + 1,
            at: self.now(),
            needs_second_vote: case.requester.standing.okta().is_none(),
            fresh: self.parts.fresh.bytes(),
            anchor_refused: self.anchor_refused().await?,
        })
    }

    async fn done(&self, inbox: Option<i64>) -> Result<(), Failure> {
        match inbox {
            Some(inbox) => self.finish(inbox).await,
            None => Ok(()),
        }
    }
}

/// Somebody to choose from.
fn candidate(user: &OktaUser, failing: bool) -> Candidate {
    Candidate {
        login: user.login.clone(),
        name: user.name.clone(),
        department: user.department.clone(),
        status: user.status.clone(),
        failing,
    }
}

/// When the failure happened, as far as the text tells.
pub(super) fn reported_at(diagnosis: &Diagnosis) -> Option<At> {
    diagnosis.fields.get(&FieldName::TimestampUtc).and_then(|text| At::parse(text))
}

fn other_external_id(case: &Case, facts: &Facts) -> Option<PublicText> {
    let pasted = case.diagnosis.fields.get(&FieldName::ExternalId).and_then(|text| EntraId::parse(text))?;
    let held = facts.okta.app_user.known()?.as_ref()?.external_id.as_ref();
    if case.looks > 1 || held == Some(&pasted) {
        return None;
    }
    Some(
        PublicText::words("The pasted object id ")
            .and_foreign(pasted.as_str())
            .and(" is not the externalId that Okta holds now (")
            .and_foreign(held.map_or("none", EntraId::as_str))
            .and("). Okta's value is used from here on; press Look again to go on."),
    )
}
