//! What the provisioning switches of the app, as they are now, say about an error. Pure.
//!
//! Never says anything from a switch that was not read. Begin with [`note`].

use crate::domain::beside::Attempt;
use crate::domain::diagnosis::{Diagnosis, FieldName};
use crate::domain::notice::PublicText;
use crate::domain::tenant::{Facts, Switches};

/// The class that Okta's "User not found" is.
const NOT_FOUND: &str = "okta-matching-user-not-found";
/// Signing in does not depend on provisioning, so nobody is sent away from work by a switch.
const SSO: &str = " Signing in (SSO) is a separate flow and goes on working.";

/// Whether an error is about the Office 365 app whose switches were read: it names that app or none.
fn about(diagnosis: &Diagnosis, label: Option<&str>) -> bool {
    let Some(app) = diagnosis.fields.get(&FieldName::App) else { return true };
    let app = app.to_lowercase();
    app.contains("365") || label.is_some_and(|label| label.to_lowercase() == app)
}

/// What a switch that is off means for what Okta was trying to do; `None` when the switch in question is on, was not read,
/// or belongs to another app.
pub fn note(attempt: Option<Attempt>, diagnosis: &Diagnosis, facts: &Facts) -> Option<PublicText> {
    let label = facts.okta.app.known().map(|app| app.label.as_str());
    let switches = facts.okta.switches.known()?;
    about(diagnosis, label).then(|| words(attempt, diagnosis, *switches)).flatten()
}

/// As [`note`], for many people at once, where only the switches were read.
pub fn common(attempt: Option<Attempt>, diagnosis: &Diagnosis, switches: Switches) -> Option<PublicText> {
    about(diagnosis, None).then(|| words(attempt, diagnosis, switches)).flatten()
}

fn words(attempt: Option<Attempt>, diagnosis: &Diagnosis, switches: Switches) -> Option<PublicText> {
    let attempt = if diagnosis.class.as_str() == NOT_FOUND { Some(Attempt::Create) } else { attempt };
    let text = match attempt? {
        Attempt::Create if !switches.create => {
            "Create Users is off in Okta (read now): Okta makes no account, and does not link to one that exists either; it \
             says “User not found”."
        }
        Attempt::Update if !switches.update => {
            "Update User Attributes is off in Okta (read now): Okta changes no value of the account in the app, and Retry will \
             not either."
        }
        Attempt::Deactivate if !switches.deactivate => {
            "Deactivate Users is off in Okta (read now): Okta neither deactivates nor reactivates the account in the app; \
             somebody must do it there."
        }
        Attempt::Create | Attempt::Update | Attempt::Deactivate => return None,
    };
    Some(PublicText::words(text).and(SSO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diagnosis::Report;

    fn diagnosis(text: &str) -> Diagnosis {
        let diagnoser = crate::app::diagnose::Diagnoser::new(crate::config::embedded::RULES).unwrap();
        let reports: Vec<Report> = diagnoser.diagnose(text).reports;
        reports.into_iter().next().unwrap().diagnosis
    }

    #[test]
    fn exactly_the_switch_of_the_attempt_is_blamed_and_only_when_it_is_off() {
        let on = Switches { create: true, update: true, deactivate: true };
        let push = diagnosis(
            "Automatic profile push of user Ida Holm to app Microsoft Office 365 failed: Bad Request. Errors reported by remote server: value too long",
        );
        for (attempt, off, words) in [
            (Attempt::Create, Switches { create: false, ..on }, "Create Users is off"),
            (Attempt::Update, Switches { update: false, ..on }, "Update User Attributes is off"),
            (Attempt::Deactivate, Switches { deactivate: false, ..on }, "Deactivate Users is off"),
        ] {
            let told = common(Some(attempt), &push, off).unwrap().plain();
            assert!(told.starts_with(words) && told.ends_with(SSO), "{told}");
            let others = Switches { create: !off.create, update: !off.update, deactivate: !off.deactivate };
            assert_eq!(common(Some(attempt), &push, others), None, "{attempt:?}: its own switch is on");
            assert_eq!(common(Some(attempt), &push, on), None);
            assert_eq!(common(None, &push, off), None, "what was attempted is not known");
        }
    }
}
