//! Open incidents of the vendors, and which errors they can be the cause of.
//!
//! A feed that could not be read is unknown, never healthy. Age says nothing: only the vendor's word closes an incident.
//! Begin with [`Outlook`].

use super::diagnosis::ClassId;
use super::time::At;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whose service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// Okta, by the feed of its status page.
    Okta,
    /// Microsoft, by the service health of the tenant.
    Microsoft,
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Okta => "Okta",
            Self::Microsoft => "Microsoft",
        })
    }
}

/// An incident that its vendor has not closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Whose.
    pub vendor: Vendor,
    /// The vendor's id, where there is one.
    pub id: Option<String>,
    /// The vendor's title.
    pub title: String,
    /// What it is about, in the vendor's words: affected services, the text of the updates. For matching, not for cards.
    pub about: String,
    /// When it began, as the vendor says.
    pub since: Option<At>,
}

/// Classes about the Microsoft side alone: what Okta does cannot cause them.
const MICROSOFT_ONLY: [&str; 8] =
    ["ad-", "cloudsync-", "connect-", "cross-tenant-", "directory-", "entra-", "inbound-", "access-token-"];
/// Classes about other apps: Microsoft has no part in them.
const OKTA_ONLY: [&str; 3] = ["app-", "group-push-", "scim-"];
/// What an incident of Okta must be about to touch provisioning.
const PROVISIONING: [&str; 9] = [
    "provision",
    "lifecycle",
    "office 365",
    "office365",
    "o365",
    "microsoft 365",
    "scim",
    "universal directory",
    "all services",
];
/// What an incident of Microsoft must be about to touch identities.
const IDENTITY: [&str; 7] =
    ["entra", "identity", "azure ad", "active directory", "microsoft graph", "microsoft 365 suite", "authentication"];

impl Incident {
    /// Whether errors of this class can come from it.
    pub fn touches(&self, class: &ClassId) -> bool {
        let starts = |list: &[&str]| list.iter().any(|head| class.as_str().starts_with(head));
        let text = format!("{} {}", self.title, self.about).to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        match self.vendor {
            Vendor::Okta => !starts(&MICROSOFT_ONLY) && says(&PROVISIONING),
            Vendor::Microsoft => !starts(&OKTA_ONLY) && says(&IDENTITY),
        }
    }
}

/// A feed that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// Whose.
    pub vendor: Vendor,
    /// Why.
    pub why: String,
}

/// What the feeds say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// Feeds that are switched on.
    pub asked: Vec<Vendor>,
    /// Open incidents.
    pub open: Vec<Incident>,
    /// Feeds that could not be read: whether there is an incident is not known.
    pub unknown: Vec<Unknown>,
    /// When they were read.
    pub read_at: At,
}

impl Outlook {
    /// What matters for errors of this class; `None` when nothing is open and everything was read.
    pub fn about(&self, class: &ClassId) -> Option<Self> {
        let open: Vec<Incident> = self.open.iter().filter(|incident| incident.touches(class)).cloned().collect();
        let worth = !open.is_empty() || !self.unknown.is_empty();
        worth.then(|| Self { open, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(vendor: Vendor, title: &str) -> Incident {
        Incident { vendor, id: None, title: title.to_owned(), about: String::new(), since: None }
    }

    #[test]
    fn an_incident_touches_what_it_can_cause() {
        let touches = |incident: &Incident, class: &str| incident.touches(&ClassId::parse(class).unwrap());
        let okta = incident(Vendor::Okta, "O365 OIN Provisioning Setup Issue");
        assert!(touches(&okta, "o365-user-deleted-in-entra") && touches(&okta, "scim-bad-request"));
        assert!(!touches(&okta, "inbound-logs-empty") && !touches(&okta, "connect-large-object"));
        let entra = incident(Vendor::Microsoft, "Some users can't sign in: Microsoft Entra");
        assert!(touches(&entra, "o365-user-deleted-in-entra") && touches(&entra, "inbound-logs-empty"));
        assert!(!touches(&entra, "scim-bad-request"));
        assert!(!touches(&incident(Vendor::Okta, "SMS delivery is delayed"), "o365-user-deleted-in-entra"));
        assert!(!touches(&incident(Vendor::Microsoft, "Teams calls are choppy"), "o365-user-deleted-in-entra"));
    }

    #[test]
    fn an_unread_feed_is_never_no_news() {
        let class = ClassId::parse("upn-conflict").unwrap();
        assert_eq!(Outlook::default().about(&class), None);
        let unknown = vec![Unknown { vendor: Vendor::Okta, why: "no answer".to_owned() }];
        let about = Outlook { unknown, ..Outlook::default() }.about(&class).unwrap();
        assert!(about.open.is_empty() && about.unknown.len() == 1);
    }
}
