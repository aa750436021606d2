//! Names of people, apps and groups: from Okta's task lines, from JSON and from prose around an error.
//!
//! Never takes a name from a place where none is expected: a display name alone never makes a plan, but a wrong one on
//! a card confuses. Begin with [`task_line`].

use super::fields::Found;
use crate::domain::diagnosis::FieldName;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A constant expression of this module; it is checked by the tests, so the fallback is never reached.
#[expect(clippy::expect_used, reason = "constant expressions, each compiled by a test")]
fn constant(pattern: &str) -> Regex {
    Regex::new(pattern).expect("constant regular expression")
}

/// `Automatic profile push of user X to app Y failed`, `of X to app Y`, `App Y could not be assigned automatically to X`.
static TASK: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"(?i)\bof\s+(?:user\s+)?([^:\n]{1,80}?)\s+(?:to|from|in)\s+app\s+([^:\n]{1,80}?)(?:\s+(?:has\s+)?failed|\s*:|\n|$)",
    )
});
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    constant(r"(?i)\bapp\s+([^:\n]{1,80}?)\s+could not be assigned automatically to\s+([^:.\n]{1,80}?)\s*[.:\n]")
});
static OFFICE_USER: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"(?i)(?:office\s+365\s+user|error while (?:creating|deactivating|updating|verifying if) user|profile update for|user account)\s+([^\s,:]{3,120})",
    )
});
static GROUP: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r#"(?i)(?:\bapp group|\buser group|\bget the group|\bgroup push of|\blicen[cs]ing group|\bgroup named)\s+["'*`]?([^\s:,"'*`]{2,80})|(?:\bon|\bof|\bfrom|\bin|\bto|\bgroup|[>:(])\s+["'*`]?((?:sg|grp|gg|ug|dl|aad|entra|lic|okta|m365|o365|eng|team|dept|role|fte|sec)[-_][a-z0-9][a-z0-9._-]{1,60})"#,
    )
});
static APP: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"(?:for application|for app|to app|missing in|assignment to)\s+([A-Z][A-Za-z0-9+&-]*(?:\.com)?(?:\s(?:[A-Z0-9][A-Za-z0-9+&-]*))*)|\bon\s+([A-Z][A-Za-z]+)\s+job\b|(?m:^|[:.]\s+)([A-Z][A-Za-z0-9+&-]*(?:\.com)?(?:\s[A-Z][A-Za-z0-9+&-]*){0,3})\s+(?:job\s+went\s+into\s+quarantine|provisioning\s+is\s+(?:in\s+)?quarantined?)\b",
    )
});
/// A display name: two to five capitalised words, with particles between them.
const NAME: &str = r"\p{Lu}[\p{L}'’]+(?:-\p{Lu}[\p{L}'’]+)*(?: (?:de|la|van|der|von|den|da|di|al|bin|el|du|le|of))*(?: (?:de |la |van |der |von )*\p{Lu}[\p{L}'’]+(?:-\p{Lu}[\p{L}'’]+)*){1,3}";
static IDENTITY: LazyLock<Regex> = LazyLock::new(|| {
    constant(&format!(
        r"(?:Identity:|Object:|displayName:|[Uu]ser:|Display name:|assign licen[cs]e to|[Dd]eactivation of|[Oo]ffboarding|[Oo]nboarding|[Pp]ush of|[Pp]rovisioning of|\bfor|\btook|\bjoiner|\bstarter|\bleaver|\bof user|\buser|\bof|\bon|\bbei|\bfür|\bpour|\bpara|\bper|\bvoor)\s+({NAME})(?:\s*[\s.,:;()/'’\x22-]|$)"
    ))
});
static LISTED: LazyLock<Regex> = LazyLock::new(|| {
    constant(&format!(r"(?:[/·→|•,:-]|ImportSkipped -)\s+({NAME})\s*(?:$|[\n/·→|(]|-\s|\bin error\b)"))
});
/// A name with an address behind it.
static WITH_LOGIN: LazyLock<Regex> =
    LazyLock::new(|| constant(&format!(r"({NAME})\s*[(<,/]\s*(?:mailto:)?[A-Za-z0-9._%+-]+@[A-Za-z0-9]")));

/// Takes person and app out of a task line; returns whether there is one that names somebody.
pub(super) fn task_line(found: &mut Found<'_>) -> bool {
    let text = found.text;
    let mut named = false;
    if text.contains("app") || text.contains("App") {
        if let Some(c) = TASK.captures(text) {
            named |= person(found, c.get(1).map(|m| m.range()));
            app(found, c.get(2).or_else(|| c.get(3)).map(|m| m.range()));
        } else if let Some(c) = ASSIGNED.captures(text) {
            named |= person(found, c.get(2).map(|m| m.range()));
            app(found, c.get(1).map(|m| m.range()));
        }
    }
    if let Some(c) = OFFICE_USER.captures(text)
        && let Some(at) = c.get(1)
        && at.as_str() != "received"
    {
        named = true;
        let login = at.as_str().trim_matches(['"', '\'', '*', '`', '.']);
        if login.contains('@') && !found.has(FieldName::Login) {
            found.put(FieldName::Login, at.range());
        }
    }
    named
}

fn person(found: &mut Found<'_>, at: Option<Range<usize>>) -> bool {
    let Some(at) = at else { return false };
    let Some(value) = found.text.get(at.clone()) else { return false };
    if value.contains("...") || value.contains('…') || value.contains('<') || value.trim().len() < 3 {
        return false;
    }
    if !value.contains('@') {
        found.put(FieldName::User, at);
    }
    true
}

fn app(found: &mut Found<'_>, at: Option<Range<usize>>) {
    if let Some(at) = at {
        found.put(FieldName::App, at);
    }
}

/// Names from JSON: Okta's System Log targets and Entra's provisioning log.
pub(super) fn json(found: &mut Found<'_>) {
    let text = found.text;
    if !text.contains("\":") && !text.contains("\" :") {
        return;
    }
    for (marker, name) in [
        ("\"AppUser\"", FieldName::User),
        ("\"AppInstance\"", FieldName::App),
        ("\"sourceIdentity\"", FieldName::User),
        ("\"targetSystem\"", FieldName::App),
    ] {
        let Some(at) = text.find(marker) else { continue };
        let object = if name_is_key(marker) { at..close(text, at) } else { open(text, at)..close(text, at) };
        if let Some(value) = value_of(text, object, "\"displayName\"") {
            found.put(name, value);
        }
    }
}

fn name_is_key(marker: &str) -> bool {
    matches!(marker, "\"sourceIdentity\"" | "\"targetSystem\"")
}

fn open(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|t| t.rfind('{')).unwrap_or(0)
}

fn close(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|t| t.find('}')).map_or(text.len(), |i| at + i)
}

/// The string value of a key inside a range of JSON text.
fn value_of(text: &str, within: Range<usize>, key: &str) -> Option<Range<usize>> {
    let object = text.get(within.clone())?;
    let after = object.find(key)? + key.len();
    let open = after + object.get(after..)?.find('"')? + 1;
    let len = object.get(open..)?.find('"')?;
    Some(within.start + open..within.start + open + len)
}

/// Names from prose; weaker, therefore last.
pub(super) fn prose(found: &mut Found<'_>) {
    let text = found.text;
    if !found.has(FieldName::Group)
        && let Some(c) = GROUP.captures(text)
        && let Some(at) = c.get(1).or_else(|| c.get(2))
    {
        found.put(FieldName::Group, at.range());
    }
    if !found.has(FieldName::App)
        && let Some(c) = APP.captures(text)
        && let Some(at) = c.get(1).or_else(|| c.get(2)).or_else(|| c.get(3))
    {
        found.put(FieldName::App, at.range());
    }
    if found.has(FieldName::User) {
        return;
    }
    let name = WITH_LOGIN
        .captures_iter(text)
        .chain(IDENTITY.captures_iter(text))
        .chain(LISTED.captures_iter(text))
        .filter_map(|c| c.get(1))
        .find(|m| is_name(m.as_str()));
    if let Some(at) = name {
        found.put(FieldName::User, at.range());
    }
}

/// Capitalised words that are part of no name.
const NOT_PEOPLE: &str = "\
    Office Microsoft Azure Active Directory Entra Okta Group Exchange Online Conditional Access Service \
    Provisioning Logs Error Graph Google Workspace Identity Center Test Connection Admin Global Data \
    License Licence Application Sync Connect Cloud User Users Push Create Update Delete Failure Profile \
    Tasks Dashboard Health Object Type Tracking Invalid Not Found Bad Request Single Sign Duplicate \
    Attribute Export Import The This Your Immutable Web Power Shell Platform Domain Services Source \
    Anchor Correlation Trace Proxy Teams Logic App";

fn is_name(text: &str) -> bool {
    !text.split([' ', '-']).any(|w| NOT_PEOPLE.split(' ').any(|n| n == w))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constant_expressions_compile() {
        for re in [&TASK, &ASSIGNED, &OFFICE_USER, &GROUP, &APP, &IDENTITY, &LISTED, &WITH_LOGIN] {
            assert!(!re.as_str().is_empty());
        }
    }
}
