//! A case after its erasure (SAFETY E4): what stays is that it existed, where, when, and of which class.
//!
//! Never keeps a value that came from a text, a person or a directory. Begin with [`Case::erased`].

use super::actor::{Actor, Standing};
use super::beside::Beside;
use super::case::{Case, Closing, State};
use super::diagnosis::{Diagnosis, FieldName, Fields};
use super::time::At;
use std::collections::BTreeSet;

/// Shorter texts say too little to find anything by.
const SHORTEST: usize = 5;

impl Case {
    /// When it was erased.
    pub fn erased_at(&self) -> Option<At> {
        if let State::Closed { how: Closing::Erased { at } } = &self.state { Some(*at) } else { None }
    }

    /// The same case without anything personal. Only one that is not open may be erased; the caller sees to that.
    #[must_use]
    pub fn erased(self, at: At) -> Self {
        Self {
            requester: Actor { key: String::new(), name: String::new(), standing: Standing::Unlinked },
            diagnosis: Diagnosis {
                fields: Fields::new(),
                evidence: Vec::new(),
                alternatives: Vec::new(),
                ..self.diagnosis
            },
            subject: None,
            confirmed: false,
            missing_at: Vec::new(),
            beside: Beside::default(),
            updated_at: at,
            state: State::Closed { how: Closing::Erased { at } },
            ..self
        }
    }

    /// What the people whom the case is about are called: logins, addresses, names, ids.
    pub fn names(&self) -> Vec<String> {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        if let Some(subject) = &self.subject {
            names.extend([subject.login.as_str(), &subject.name, subject.okta.as_str()]);
        }
        let fields = [FieldName::User, FieldName::Login, FieldName::ExternalId, FieldName::OktaUserId];
        names.extend(fields.iter().filter_map(|name| self.diagnosis.fields.get(name)).map(String::as_str));
        if let Some(user) = self.state.look().map(|look| &look.facts.okta.user) {
            names.extend([user.login.as_str(), &user.name]);
            names.extend(user.email.as_deref());
        }
        if let Some(proposal) = self.state.proposal() {
            names.extend([proposal.plan.user_name.as_str(), proposal.plan.subject.as_str()]);
        }
        for one in self.beside.many.iter().flat_map(|many| &many.people) {
            names.extend([one.key.as_str(), &one.name]);
        }
        names.into_iter().map(str::trim).filter(|name| name.len() >= SHORTEST).map(str::to_owned).collect()
    }
}
