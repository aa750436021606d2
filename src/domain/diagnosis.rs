//! What a pasted error turned out to be: class, confidence, fields, evidence, and the texts of the class as they were
//! when the diagnosis was made, so that a card can be rendered again after a rule changed.
//!
//! These values are stored in the database: the names of variants and fields are part of a stored format and are never
//! renamed. Nothing here judges or reads a text; see `classify` for the judging.
//!
//! Begin with [`Report`], then [`Diagnosis`].

use super::bulk::BulkCheck;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Name of a root cause, for example `o365-user-deleted-in-entra`. Classes are data (`config/rules/<class>.toml`),
/// therefore this is text and not an enum.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClassId(String);

impl ClassId {
    /// The word that stands for "there is nothing to say" wherever a class is printed.
    pub const NONE: &'static str = "none";

    /// Accepts lower-case letters, digits and single hyphens, starting with a letter, at most 64 characters; `none` is
    /// reserved and refused.
    pub fn parse(text: &str) -> Option<Self> {
        let shape = text.len() <= 64
            && text != Self::NONE
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && !text.contains("--")
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        shape.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClassId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How sure the classifier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One class, with strong signs of it.
    Recognized,
    /// Weak signs, or two classes that cannot be told apart from the text.
    Unsure,
    /// Nothing to say.
    None,
}

impl Verdict {
    /// The word used in JSON, in the database and on cards.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recognized => "recognized",
            Self::Unsure => "unsure",
            Self::None => "none",
        }
    }
}

/// Confidence in hundredths, 0 to 99: an integer, so that it can be compared and stored without rounding surprises.
/// It is a score for ordering and for thresholds, not a probability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confidence(u8);

impl Confidence {
    /// From a score; values outside 0 to 0.99 are moved to the nearer end (nothing is ever certain).
    pub fn from_score(score: f64) -> Self {
        (0..=99u8).rev().find(|n| f64::from(*n) <= score * 100.0 + 0.5).map_or(Self(0), Self)
    }

    /// Hundredths.
    pub fn hundredths(self) -> u8 {
        self.0
    }

    /// Between 0 and 0.99.
    pub fn score(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

/// A repair that the bot can plan and run. Everything else that can be done about an error is advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Restore the soft-deleted Entra user.
    Restore,
    /// Unassign the person from the app and assign again, so that Okta links to the right Entra user.
    Reassign,
    /// Give Okta's app user the anchor that the Entra user has.
    AlignOktaAnchor,
    /// Give the Entra user the anchor that Okta sends.
    SetImmutableId,
}

impl Remedy {
    /// All remedies, in the order in which cards list them.
    pub const ALL: [Self; 4] = [Self::Restore, Self::Reassign, Self::AlignOktaAnchor, Self::SetImmutableId];

    /// The word used in rule files, commands, JSON and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Reassign => "reassign",
            Self::AlignOktaAnchor => "align-okta-anchor",
            Self::SetImmutableId => "set-immutable-id",
        }
    }

    /// The inverse of [`Remedy::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How bad the error is for the people affected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// One person, and they can go on working.
    Low,
    /// One person cannot work, or a change does not arrive.
    Medium,
    /// Provisioning stands still for many people.
    High,
    /// Data or access of many people is about to be lost.
    Critical,
}

impl Severity {
    /// All severities, mildest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word used in rule files, JSON and cards.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// Name of a value taken out of the text. Values are exact slices of the text as received, but for
        /// [`FieldName::TimestampUtc`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FieldName { $($(#[$doc])* $variant,)* }

        impl FieldName {
            /// All names, in the order in which answers and cards list them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word used in JSON, rule files and the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The inverse of [`FieldName::as_str`].
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

fields! {
    /// Display name of the subject.
    User = "user",
    /// Login, UPN or e-mail of the subject.
    Login = "login",
    /// Label of the app as the text calls it.
    App = "app",
    /// Client id of an Entra application.
    AppId = "app_id",
    /// Object id that Okta or the provisioning service keeps for the subject.
    ExternalId = "external_id",
    /// Microsoft's id of the failed call.
    RequestId = "request_id",
    /// The caller's id of the failed call, or the id of the provisioning log entry.
    ClientRequestId = "client_request_id",
    /// Trace id of a token request, or the tracking id of Entra Connect.
    TraceId = "trace_id",
    /// Correlation id of a token request.
    CorrelationId = "correlation_id",
    /// When it happened, as written.
    Timestamp = "timestamp",
    /// HTTP status code.
    HttpStatus = "http_status",
    /// Okta application instance (`0oa…`).
    OktaAppId = "okta_app_id",
    /// Okta user (`00u…`).
    OktaUserId = "okta_user_id",
    /// Licence (SKU) id.
    SkuId = "sku_id",
    /// Source anchor.
    ImmutableId = "immutable_id",
    /// Object that stands in the way.
    ConflictingObjectId = "conflicting_object_id",
    /// Group name.
    Group = "group",
    /// Entra tenant id.
    TenantId = "tenant_id",
    /// Vendor error code (`Request_BadRequest`, `AADSTS50079`, `E0000047`).
    ErrorCode = "error_code",
    /// HTTP method of the failed call.
    Method = "method",
    /// URL of the failed call.
    Url = "url",
    /// [`FieldName::Timestamp`] in UTC, RFC 3339.
    TimestampUtc = "timestamp_utc",
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The values found, in a fixed order.
pub type Fields = BTreeMap<FieldName, String>;

/// A place in the text as received that spoke for the class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// First byte in the text as received.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// That slice.
    pub text: String,
    /// What it says about the cause.
    pub why: String,
}

/// Another class that the text could mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// The class.
    pub class: ClassId,
    /// Its confidence.
    pub confidence: Confidence,
}

/// What the rule file says about a class, copied into each diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassTexts {
    /// One line.
    pub title: String,
    /// One paragraph in plain words.
    pub meaning: String,
    /// Who can act.
    pub owner: String,
    /// How bad it is.
    pub severity: Severity,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// What the person can still do.
    pub still_works: String,
    /// Where the facts come from.
    pub sources: Vec<String>,
}

/// Version of a rule set: a hash over all rule texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RulesVersion(pub String);

/// Class, evidence, confidence, fields and texts of one error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Root cause.
    pub class: ClassId,
    /// How sure.
    pub verdict: Verdict,
    /// Score.
    pub confidence: Confidence,
    /// Repairs that may be planned for this error; empty when the error is about an app that is not Office 365.
    pub remedies: Vec<Remedy>,
    /// What was read out of the text.
    pub fields: Fields,
    /// Where the class was seen.
    pub evidence: Vec<Evidence>,
    /// What else it could be, best first.
    pub alternatives: Vec<Alternative>,
    /// The class in words; shared by all diagnoses of one rule set.
    pub texts: Arc<ClassTexts>,
    /// The rule set that judged.
    pub rules: RulesVersion,
}

/// One error found in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// First byte of the part of the message (as received) that this error was read from.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Whether the bot may answer by itself in a channel: only on evidence of an instance of the failure.
    pub reply: bool,
    /// What it is.
    pub diagnosis: Diagnosis,
}

/// The whole answer of the classifier about one message. No reports means: nothing to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// One for each error, in the order of the text.
    pub reports: Vec<Report>,
    /// Set when the message was too long and its middle was not read.
    pub cut: Option<Cut>,
    /// The check of a request of the inbound provisioning API that stands in the message.
    pub bulk: Option<BulkCheck>,
    /// The rule set that judged.
    pub rules: RulesVersion,
}

impl Answer {
    /// The report that stands for the whole message: highest confidence, then first.
    pub fn first(&self) -> Option<&Report> {
        let mut best: Option<&Report> = None;
        for report in &self.reports {
            if best.is_none_or(|b| report.diagnosis.confidence > b.diagnosis.confidence) {
                best = Some(report);
            }
        }
        best
    }

    /// The reports by class, the most frequent class first, then by first mention: for messages with many errors of one
    /// cause.
    pub fn groups(&self) -> Vec<(&ClassId, Vec<&Report>)> {
        let mut groups: Vec<(&ClassId, Vec<&Report>)> = Vec::new();
        for report in &self.reports {
            match groups.iter_mut().find(|(class, _)| **class == report.diagnosis.class) {
                Some((_, members)) => members.push(report),
                None => groups.push((&report.diagnosis.class, vec![report])),
            }
        }
        groups.sort_by_key(|(_, members)| std::cmp::Reverse(members.len()));
        groups
    }

    /// Whether the bot may answer by itself in a channel.
    pub fn reply(&self) -> bool {
        self.reports.iter().any(|r| r.reply)
    }
}

/// What was left out of a message that is longer than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Bytes read from the start.
    pub head: usize,
    /// Bytes read from the end.
    pub tail: usize,
    /// Bytes of the whole message.
    pub total: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_in_json_are_their_words() {
        for name in FieldName::ALL {
            assert_eq!(serde_json::to_string(name).unwrap(), format!("\"{name}\""));
            assert_eq!(FieldName::parse(name.as_str()), Some(*name));
        }
        for remedy in Remedy::ALL {
            assert_eq!(serde_json::to_string(&remedy).unwrap(), format!("\"{remedy}\""));
        }
    }

    #[test]
    fn confidence_is_kept_between_0_and_99() {
        assert_eq!(Confidence::from_score(0.984).hundredths(), 98);
        assert_eq!(Confidence::from_score(7.0).hundredths(), 99);
        assert_eq!(Confidence::from_score(-1.0).hundredths(), 0);
        assert_eq!(Confidence::from_score(f64::NAN).hundredths(), 0);
    }

    #[test]
    fn class_ids_have_one_shape() {
        assert!(ClassId::parse("o365-user-deleted-in-entra").is_some());
        for wrong in ["", "none", "-a", "a-", "a--b", "A", "a b", "9a", "ä"] {
            assert!(ClassId::parse(wrong).is_none(), "{wrong}");
        }
    }
}
