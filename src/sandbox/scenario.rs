//! The `[tenant]` table of a scenario file: what differs from the standard world of [`super::base`].
//!
//! Never reads `[script]` or `[expect]`; those belong to the console and to tests. Begin with [`Scenario::parse`].
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::clock::{Ms, Span};
use super::inbound::{InboundSection, IncidentSection};

/// A parsed scenario file.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) tenant: TenantSection,
    pub(crate) people: BTreeMap<String, Person>,
}

/// Somebody of the script, handed on to the console.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    pub(crate) okta: String,
    pub(crate) role: String,
}

/// What the operator would declare in `reanchor.toml`, because no API tells it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Declared {
    pub(crate) deactivation: Deactivation,
    pub(crate) allow_pause: bool,
    pub(crate) provisioning_type: ProvisioningType,
}

/// Declared effect of Deactivate Users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Deactivation {
    #[default]
    Unknown,
    BlockOnly,
    RemoveLicenses,
    Delete,
}

impl Deactivation {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::BlockOnly => "block_only",
            Self::RemoveLicenses => "remove_licenses",
            Self::Delete => "delete",
        }
    }
}

/// Declared provisioning type of the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProvisioningType {
    #[default]
    Unknown,
    LicensesOnly,
    Profile,
    User,
    Universal,
}

impl ProvisioningType {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::LicensesOnly => "licenses_only",
            Self::Profile => "profile",
            Self::User => "user",
            Self::Universal => "universal",
        }
    }
}

/// Who is the master of the tenant's users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sync {
    /// The cloud.
    #[default]
    None,
    /// Entra Connect: people who come from Active Directory show as synced, accounts made in the cloud do not.
    EntraConnect,
    /// Okta's User Sync: everybody shows as synced.
    OktaUser,
    /// Okta's Universal Sync: everybody shows as synced.
    OktaUniversal,
}

impl Sync {
    /// Directory synchronization is on for the tenant.
    pub(crate) fn on(self) -> bool {
        self != Self::None
    }

    /// Everybody shows as synced, not only who comes from Active Directory.
    pub(crate) fn everybody(self) -> bool {
        matches!(self, Self::OktaUser | Self::OktaUniversal)
    }

    /// `provisioning_type` of the System Log's debug data.
    pub(crate) fn logged(self) -> &'static str {
        match self {
            // Beside Entra Connect Okta supports licences and roles alone; a push of profiles is the mistake that is played.
            Self::None | Self::EntraConnect => "Profile Sync",
            Self::OktaUser => "User Sync",
            Self::OktaUniversal => "Universal Sync",
        }
    }
}

/// How the simulated vendors behave while the scenario runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Knobs {
    pub(crate) push_delay: Ms,
    pub(crate) deactivation_delay: Ms,
    /// A created object is found by GET only this long after its creation.
    pub(crate) replication: Ms,
    pub(crate) group_reassign: GroupReassign,
    pub(crate) on_deactivate: OnDeactivate,
    pub(crate) deactivate_by: DeactivateBy,
    /// Every push of the provisioning account fails at sign-in.
    pub(crate) pushes_need_mfa: bool,
    pub(crate) anchor_write: AnchorWrite,
}

/// Does Okta give the app back to a member of an assigned group after an unassignment?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GroupReassign {
    #[default]
    Never,
    AtOnce,
    #[serde(rename = "after_5s")]
    After5s,
}

/// The console's "user status on deactivation"; invisible to the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnDeactivate {
    #[default]
    Block,
    RemoveLicenses,
    Delete,
}

/// How deprovisioning finds its object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeactivateBy {
    #[default]
    ExternalId,
    /// By externalId, and when that object is gone by the AppUser's userName.
    UserName,
}

/// May the app write `onPremisesImmutableId` at all?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnchorWrite {
    #[default]
    Allowed,
    Forbidden,
}

/// Which failure is pasted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ErrorKind {
    #[default]
    ResourceNotFound,
    MatchingUserNotFound,
    Mfa,
    /// A value that Graph refuses; nothing is wrong with the link.
    UsageLocation,
    /// A deactivation that Graph refuses.
    Deactivation,
    /// The failure of the sign-in of the provisioning account, for forty people.
    MfaForMany,
    /// `[tenant.inbound] pasted`; Okta has no part in it.
    Inbound,
    /// Another object holds the anchor that Okta sends.
    AnchorTaken,
    /// The account's domain is federated, so its anchor cannot be changed in place.
    AnchorBlocked,
    /// The account's domain is federated, and it has no anchor.
    AnchorMissing,
    /// The account is mastered on premises (or by Okta's directory sync).
    Mastered,
}

/// What became of the object that the subject's AppUser points to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ObjectState {
    Live,
    /// In deletedItems.
    Deleted,
    #[default]
    Purged,
    /// There never was one: the AppUser is STAGED and has no externalId.
    None,
}

/// Who deleted it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeletedBy {
    #[default]
    Administrator,
    /// The org's own deprovisioning.
    Okta,
}

/// How the subject is assigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Assigned {
    #[default]
    User,
    Group,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TenantSection {
    pub(crate) title: String,
    pub(crate) error: ErrorKind,
    pub(crate) error_age: Span,
    pub(crate) push_delay: Span,
    pub(crate) deactivation_delay: Span,
    pub(crate) replication: Span,
    pub(crate) group_reassign: GroupReassign,
    pub(crate) on_deactivate: OnDeactivate,
    pub(crate) deactivate_by: DeactivateBy,
    pub(crate) anchor_write: AnchorWrite,
    pub(crate) free_seats: usize,
    /// The Graph tenant is another company's directory.
    pub(crate) other_tenant: bool,
    pub(crate) sync: Sync,
    pub(crate) provisioning: ProvisioningSection,
    pub(crate) anchor: AnchorSection,
    pub(crate) subject: SubjectSection,
    pub(crate) replacement: Option<ReplacementSection>,
    pub(crate) holder: Option<HolderSection>,
    pub(crate) declare: Declared,
    pub(crate) inbound: Option<InboundSection>,
    pub(crate) incident: Option<IncidentSection>,
    /// Somebody else in Okta has the subject's name.
    pub(crate) namesake: bool,
    /// Lena's account was replaced as well.
    pub(crate) second: Option<SecondSection>,
}

impl Default for TenantSection {
    fn default() -> Self {
        Self {
            title: String::new(),
            error: ErrorKind::default(),
            error_age: Span(25 * 60_000),
            push_delay: Span(2_000),
            deactivation_delay: Span(3_000),
            replication: Span(0),
            group_reassign: GroupReassign::default(),
            on_deactivate: OnDeactivate::default(),
            deactivate_by: DeactivateBy::default(),
            anchor_write: AnchorWrite::default(),
            free_seats: 5,
            other_tenant: false,
            sync: Sync::default(),
            provisioning: ProvisioningSection::default(),
            anchor: AnchorSection::default(),
            subject: SubjectSection::default(),
            replacement: None,
            holder: None,
            declare: Declared::default(),
            inbound: None,
            incident: None,
            namesake: false,
            second: None,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProvisioningSection {
    pub(crate) create: bool,
    pub(crate) update: bool,
    pub(crate) deactivate: bool,
}

impl Default for ProvisioningSection {
    fn default() -> Self {
        Self { create: true, update: true, deactivate: false }
    }
}

/// The subject's anchor on both sides; absent = the same one on both, `""` = none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AnchorSection {
    pub(crate) mapped: bool,
    pub(crate) okta: Option<String>,
    pub(crate) entra: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SubjectSection {
    pub(crate) object: ObjectState,
    pub(crate) object_age: Span,
    pub(crate) deleted_age: Span,
    pub(crate) deleted_by: DeletedBy,
    /// GET finds the live object only this long after the scenario was loaded.
    pub(crate) visible_after: Span,
    pub(crate) assigned: Assigned,
    /// Age of the assignment.
    pub(crate) row_age: Span,
    /// Age of the last push that worked; absent = the assignment's age. Younger than the error = all is well again.
    pub(crate) last_sync_age: Option<Span>,
    pub(crate) okta_status: String,
    pub(crate) ad_sourced: bool,
    pub(crate) okta_admin_roles: Vec<String>,
}

impl Default for SubjectSection {
    fn default() -> Self {
        Self {
            object: ObjectState::default(),
            object_age: Span(400 * 86_400_000),
            deleted_age: Span(2 * 86_400_000),
            deleted_by: DeletedBy::default(),
            visible_after: Span(0),
            assigned: Assigned::default(),
            row_age: Span(400 * 86_400_000),
            last_sync_age: None,
            okta_status: "ACTIVE".to_owned(),
            ad_sourced: false,
            okta_admin_roles: Vec::new(),
        }
    }
}

/// A live account under the subject's UPN that is not the object Okta points to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ReplacementSection {
    /// `First Last`; absent = the subject's own name.
    pub(crate) name: Option<String>,
    pub(crate) user_type: String,
    /// Absent = the anchor that Okta holds; `""` = none.
    pub(crate) anchor: Option<String>,
    pub(crate) age: Span,
    pub(crate) roles: Vec<String>,
    pub(crate) eligible_roles: Vec<String>,
}

impl Default for ReplacementSection {
    fn default() -> Self {
        Self {
            name: None,
            user_type: "Member".to_owned(),
            anchor: None,
            age: Span(6 * 86_400_000),
            roles: Vec::new(),
            eligible_roles: Vec::new(),
        }
    }
}

/// A second person whose account was replaced, with her own anchor: Okta points to an object that is gone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SecondSection {
    /// Age of the new account.
    pub(crate) age: Span,
}

impl Default for SecondSection {
    fn default() -> Self {
        Self { age: Span(6 * 86_400_000) }
    }
}

/// Another object that holds the anchor which Okta sends for the subject, under a sign-in name of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HolderSection {
    /// `First Last`.
    pub(crate) name: String,
    /// The part of its sign-in name before the `@`.
    pub(crate) local: String,
    pub(crate) age: Span,
    /// Absent = it is live.
    pub(crate) deleted_age: Option<Span>,
}

impl Default for HolderSection {
    fn default() -> Self {
        Self {
            name: "Sam Whitlock".to_owned(),
            local: "s.whitlock".to_owned(),
            age: Span(600 * 86_400_000),
            deleted_age: None,
        }
    }
}

impl Scenario {
    /// Reads a scenario file. The error says which key is wrong and which ones are allowed.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut file: toml::Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
        let tenant = file.remove("tenant").ok_or("the table [tenant] is missing")?;
        let tenant: TenantSection = tenant.try_into().map_err(|e| format!("[tenant]: {}", one_line(&e)))?;
        if tenant.title.is_empty() {
            return Err("[tenant] title is missing; write one sentence for people".to_owned());
        }
        let people = match file.remove("people") {
            Some(people) => people.try_into().map_err(|e| format!("[people]: {}", one_line(&e)))?,
            None => BTreeMap::new(),
        };
        Ok(Self { name: name.to_owned(), tenant, people })
    }

    pub(crate) fn knobs(&self) -> Knobs {
        let t = &self.tenant;
        Knobs {
            push_delay: t.push_delay.0,
            deactivation_delay: t.deactivation_delay.0,
            replication: t.replication.0,
            group_reassign: t.group_reassign,
            on_deactivate: t.on_deactivate,
            deactivate_by: t.deactivate_by,
            pushes_need_mfa: matches!(t.error, ErrorKind::Mfa | ErrorKind::MfaForMany),
            anchor_write: t.anchor_write,
        }
    }
}

fn one_line(error: &toml::de::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_named_with_the_allowed_ones() {
        let wrong = Scenario::parse("x", "[tenant]\ntitle = \"t\"\nsubjct = {}\n").unwrap_err();
        assert!(wrong.contains("subjct") && wrong.contains("subject") && wrong.contains("[tenant]"), "{wrong}");
        let wrong = Scenario::parse("x", "[tenant]\ntitle = \"t\"\nsubject = { objct = \"live\" }\n").unwrap_err();
        assert!(wrong.contains("objct") && wrong.contains("object_age"), "{wrong}");
        let wrong = Scenario::parse("x", "[tenant]\ntitle = \"t\"\ngroup_reassign = \"soon\"\n").unwrap_err();
        assert!(wrong.contains("soon") && wrong.contains("after_5s"), "{wrong}");
    }

    #[test]
    fn script_and_expectations_are_not_read() {
        let text = "[tenant]\ntitle = \"t\"\n[script]\nlines = 7\n[expect]\nnonsense = true\n";
        assert_eq!(Scenario::parse("x", text).unwrap().tenant.title, "t");
    }
}
