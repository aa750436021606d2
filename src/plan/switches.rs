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
