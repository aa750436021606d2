//! People: who somebody is in Okta, read at the click (SAFETY A3). A look-up that fails closes the door.

use super::App;
use crate::domain::actor::{Actor, Right, Standing};
use crate::domain::ids::AppId;
use crate::domain::notice::PublicText;
use crate::policy::{self, Person, Refusal, Switch};

impl App {
    /// The linked person behind an account with the groups that Okta gives now. `Err` is a refusal for that person.
    pub(super) async fn person(&self, actor: &Actor, app: Option<&AppId>) -> Result<Person, Refusal> {
        let okta = match &actor.standing {
            Standing::Linked { okta } => okta,
            standing => return Err(Refusal::new("A7", nobody(standing))),
        };
        let reader = &self.parts.readers.okta;
        let (user, groups) = tokio::join!(reader.user(okta), reader.groups_of(okta));
        let unreadable = |error: crate::ports::error::PortError| Refusal {
            rule: "A3",
            text: PublicText::words("your groups could not be read, so nothing is allowed now: ")
                .and_foreign(&error.to_string())
                .and(". Nothing was changed."),
        };
        let user = user
            .map_err(unreadable)?
            .ok_or_else(|| Refusal::new("A5", "your linked Okta user does not exist any more"))?;
        let groups = groups.map_err(unreadable)?;
        let entra = match app {
            Some(app) => reader.app_user(app, okta).await.map_err(unreadable)?.and_then(|row| row.external_id),
            None => None,
        };
        Ok(Person {
            okta: user.id,
            login: user.login,
            name: user.name,
            active: user.status == "ACTIVE",
            entra,
            groups: groups.into_iter().filter(|group| group.kind == "OKTA_GROUP").map(|group| group.id).collect(),
        })
    }

    /// The kill switch, read now.
    pub(super) async fn switch(&self) -> Switch {
        match self.parts.store.setting(super::decide::FREEZE).await {
            Ok(None) => Switch::Running,
            Ok(Some(text)) => serde_json::from_str(&text).map_or(Switch::Unreadable, Switch::Frozen),
            Err(error) => {
                tracing::warn!(%error, "the kill switch could not be read, which counts as frozen");
                Switch::Unreadable
            }
        }
    }

    /// Accounts on a surface whose people may approve now. One whose groups cannot be read is left out.
    pub(super) async fn approvers_on(&self, surface: &str) -> Vec<Actor> {
        let mut found = Vec::new();
        let place = self.surface(surface);
        for actor in self.parts.roster.get(surface).into_iter().flatten() {
            // The surface says what the account is now: somebody who left the workspace is no approver there.
            let actor = match place {
                Some(place) => place.know(actor).await,
                None => actor.clone(),
            };
            if let Ok(person) = self.person(&actor, None).await
                && policy::may(&person, Right::Approve, &self.parts.settings.policy).is_ok()
            {
                found.push(actor);
            }
        }
        found
    }
}

/// Why an account that stands for no linked member may decide nothing.
fn nobody(standing: &Standing) -> &'static str {
    match standing {
        Standing::Linked { .. } | Standing::Unlinked => {
            "your chat account is not linked to an Okta user, so you cannot do this. Nothing was changed."
        }
        Standing::Guest => "guests of the workspace get the diagnosis of a text and nothing more. Nothing was changed.",
        Standing::External => {
            "people of another organization get the diagnosis of a text and nothing more. Nothing was changed."
        }
        Standing::Relayed { .. } => "what a bridge passes on decides nothing, whoever wrote it. Nothing was changed.",
        Standing::ApiPosted => "what a program does in a person's name decides nothing. Nothing was changed.",
    }
}
