//! Names of people, apps and groups: from Okta's task lines, from JSON and from prose around an error.
//!
//! Never takes a name from a place where none is expected: a display name alone never makes a plan, but a wrong one on
//! a card confuses. Begin with [`task_line`].

use super::fields::Found;
use super::head;
use super::lexicon::Roles;
use super::words::Words;
use super::{apps, groups, people};
use crate::domain::diagnosis::FieldName;
use std::ops::Range;

/// Words that a name, an app label or a login in a task line may have at most.
const LONGEST: usize = 14;

/// Longest login or name of a group, in bytes.
const LONGEST_TOKEN: usize = 512;

/// What the words around which names stand may be.
pub(super) fn roles() -> Vec<(&'static str, Roles)> {
    let task = ["app", "user", "for", "account"].map(|word| (word, Roles::TASK));
    let json = MARKERS.iter().map(|(marker, _)| (marker.trim_matches('"'), Roles::JSON));
    task.into_iter().chain(json).collect()
}

/// Takes person and app out of a task line (`Automatic profile push of user X to app Y failed`, `App Y could not be
/// assigned automatically to X`, `Could not push profile for Office 365 user X`); returns whether one names somebody.
pub(super) fn task_line(words: &Words<'_>, found: &mut Found<'_>) -> bool {
    let mut named = false;
    for i in (0..words.len()).filter(|i| words.roles(*i).any(Roles::TASK)) {
        match words.str(i) {
            "app" | "App" | "APP" => named |= to_app(words, i, found) || app_could_not(words, i, found),
            "user" | "User" if is_task_user(words, i) => named |= login_after(words, i, found),
            "for" if words.before(i, 1, "update") && words.before(i, 2, "profile") => {
                named |= login_after(words, i, found);
            }
            "account" if words.before(i, 1, "user") => {
                login_after(words, i, found);
            }
            _ => {}
        }
    }
    named
}

fn is_task_user(words: &Words<'_>, i: usize) -> bool {
    let office = words.before(i, 1, "365") && words.before(i, 2, "office");
    let doing = ["creating", "deactivating", "updating", "reactivating", "if"].iter().any(|w| words.before(i, 1, w));
    office || (doing && (words.before(i, 2, "while") || words.before(i, 2, "verifying")))
}

/// `of user X to app Y failed`
fn to_app(words: &Words<'_>, i: usize, found: &mut Found<'_>) -> bool {
    if !["to", "from", "in"].iter().any(|w| words.before(i, 1, w)) {
        return false;
    }
    let Some(of) =
        (i.saturating_sub(LONGEST)..i.saturating_sub(1)).rev().find(|j| words.str(*j).eq_ignore_ascii_case("of"))
    else {
        return false;
    };
    let user = words.str(of + 1).eq_ignore_ascii_case("user");
    let Some(who) = span(words, of + 1 + usize::from(user), i.saturating_sub(2)) else { return false };
    let value = words.text.get(who.clone()).unwrap_or_default();
    let placeholder = words.text.get(..who.start).is_some_and(|t| t.ends_with(['<', '{', '[']));
    if placeholder || value.contains([':', '…', '<']) || value.contains("...") || value.trim().len() < 3 {
        return false;
    }
    if !value.contains('@') {
        found.put(FieldName::User, who);
    }
    if let Some(label) = label_end(words, i + 1).and_then(|last| span(words, i + 1, last)) {
        found.put(FieldName::App, label);
    }
    true
}

/// The last word of an app label: the one before `failed` or `could`, else the last before a sign that ends it.
fn label_end(words: &Words<'_>, first: usize) -> Option<usize> {
    let mut end = None;
    for k in first..(first + LONGEST).min(words.len()) {
        if ["failed", "could", "has"].iter().any(|w| words.str(k).eq_ignore_ascii_case(w)) {
            return k.checked_sub(1).filter(|l| *l >= first);
        }
        if end.is_none() && words.gap_after(k).contains([':', '\n', ',', ';', '"', '…', '.']) {
            end = Some(k);
        }
        if words.gap_after(k).contains([':', ';', '"']) {
            break;
        }
    }
    end.or_else(|| words.len().checked_sub(1)).filter(|l| *l >= first && *l < first + LONGEST)
}

/// `App Y could not be assigned automatically to X.`
fn app_could_not(words: &Words<'_>, i: usize, found: &mut Found<'_>) -> bool {
    let limit = (i + LONGEST).min(words.len());
    let Some(could) = (i + 2..limit).find(|k| words.str(*k) == "could") else { return false };
    if words.str(could + 1) != "not" || words.str(could + 3) != "assigned" {
        return false;
    }
    let Some(to) = (could + 4..could + 7).find(|k| words.str(*k) == "to") else { return false };
    let last = (to + 1..to + 8).find(|k| words.gap_after(*k).contains(['.', ':', '\n', ',']) || *k + 1 >= words.len());
    if let Some(label) = span(words, i + 1, could - 1) {
        found.put(FieldName::App, label);
    }
    match last.and_then(|last| span(words, to + 1, last)) {
        Some(who) if !words.text.get(who.clone()).unwrap_or_default().contains('@') => {
            found.put(FieldName::User, who);
            true
        }
        other => other.is_some(),
    }
}

/// The login that follows a word; whether anything does that could be one.
fn login_after(words: &Words<'_>, i: usize, found: &mut Found<'_>) -> bool {
    let Some(next) = words.get(i + 1) else { return false };
    if words.str(i + 1).eq_ignore_ascii_case("received") || words.gap_after(i).contains([':', '{', '(']) {
        return false;
    }
    let token = token_at(words.text, next.start);
    if words.text.get(token.clone()).is_some_and(|t| t.contains('@')) {
        found.put_if_login(token);
    }
    true
}

/// From the start of a word to the next white space, comma, colon or quotation mark.
pub(super) fn token_at(text: &str, start: usize) -> Range<usize> {
    let rest = head(text.get(start..).unwrap_or_default(), LONGEST_TOKEN);
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '"' | '\'' | '`' | '*' | ')' | '>'))
        .unwrap_or(rest.len());
    start..start + end
}

pub(super) fn span(words: &Words<'_>, first: usize, last: usize) -> Option<Range<usize>> {
    let (a, b) = (words.get(first)?, words.get(last)?);
    (b.end > a.start).then_some(a.start..b.end)
}

/// Names from JSON: Okta's System Log targets and Entra's provisioning log.
pub(super) fn json(found: &mut Found<'_>) {
    let text = found.text;
    for (marker, name) in MARKERS {
        let Some(at) = text.find(marker) else { continue };
        let object = if name_is_key(marker) { at..close(text, at) } else { open(text, at)..close(text, at) };
        if let Some(value) = value_of(text, object, "\"displayName\"") {
            found.put(*name, value);
        }
    }
}

/// What is described in JSON, and whose name that holds.
const MARKERS: &[(&str, FieldName)] = &[
    ("\"AppUser\"", FieldName::User),
    ("\"AppInstance\"", FieldName::App),
    ("\"sourceIdentity\"", FieldName::User),
    ("\"targetSystem\"", FieldName::App),
    ("\"targetIdentity\"", FieldName::User),
];

fn name_is_key(marker: &str) -> bool {
    matches!(marker, "\"sourceIdentity\"" | "\"targetSystem\"" | "\"targetIdentity\"")
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
pub(super) fn prose(words: &Words<'_>, found: &mut Found<'_>) {
    let (no_user, no_app) = (!found.has(FieldName::User), !found.has(FieldName::App));
    let no_group = words.roles.any(Roles::GROUP.with(Roles::GROUP_PREFIX)) && !found.has(FieldName::Group);
    if !(no_user || no_app || no_group) {
        return;
    }
    let text = found.text;
    let login = found.range(FieldName::Login).and_then(|at| text.get(at));
    let mut best: Option<(u8, Range<usize>)> = None;
    for i in 0..words.len() {
        if no_group && let Some(at) = groups::at(words, i) {
            found.put(FieldName::Group, at);
        }
        if no_app && let Some(at) = apps::at(words, i) {
            found.put(FieldName::App, at);
        }
        if no_user
            && let Some((rank, at)) = person(words, i, login)
            && best.as_ref().is_none_or(|(r, _)| rank < *r)
        {
            best = Some((rank, at));
        }
    }
    if let Some((_, at)) = best {
        found.put(FieldName::User, at);
    }
    if !found.has(FieldName::App) {
        let starts =
            [FieldName::Login, FieldName::User].into_iter().filter_map(|name| found.range(name)).map(|at| at.start);
        if let Some(at) = starts.filter_map(|at| apps::beside(text, at)).find(|at| !is_person(text, at, login)) {
            found.put(FieldName::App, at);
        }
    }
}

/// Whether a segment of a path is the name that an address is made of.
fn is_person(text: &str, at: &Range<usize>, login: Option<&str>) -> bool {
    let name = text.get(at.clone()).unwrap_or_default();
    login.is_some_and(|login| people::fits_login(login, name))
}

/// The name of a person that begins at a word, and how well it stands where that of the subject would.
fn person(words: &Words<'_>, i: usize, login: Option<&str>) -> Option<(u8, Range<usize>)> {
    let named = |at: &Range<usize>| words.text.get(at.clone()).is_some_and(is_name);
    if let Some((at, count)) = words.name(i) {
        let last = i + count - 1;
        let (at, owned) = people::genitive(words, at, last);
        let rank = people::rank(words, i, last, login).or(owned.then_some(2));
        return rank.filter(|_| named(&at)).map(|rank| (rank, at));
    }
    let (at, count) = words.turned_name(i)?;
    let sure = people::rank_turned(words, i, i + count - 1, login);
    (sure && named(&at)).then_some((1, at))
}

pub(super) fn follows(words: &Words<'_>, i: usize, before: &[&str]) -> bool {
    before.iter().rev().enumerate().all(|(n, w)| words.before(i, n + 1, w))
}

/// Capitalised words that are part of no name.
const NOT_PEOPLE: &str = "\
    Office Microsoft Azure Active Directory Entra Okta Group Exchange Online Conditional Access Service \
    Provisioning Logs Error Graph Google Workspace Identity Center Test Connection Admin Global Data \
    License Licence Application Sync Connect Cloud User Users Push Create Update Delete Failure Profile \
    Tasks Dashboard Health Object Type Tracking Invalid Not Found Bad Request Single Sign Duplicate \
    Attribute Export Import The This Your Immutable Web Power Shell Platform Domain Services Source \
    Anchor Correlation Trace Proxy Teams Logic App Apps Request Response Status Code Password Secret Token Support Desk Help \
    Message Details Subject Unauthorized Forbidden Conflict Linked Missing Hard Soft Match Time Date Workday Salesforce Slack \
    Zoom Box Miro Figma Kind Name Display Principal Mail Address Tenant Team Manager Engineering Sales Marketing Finance Human \
    Resources Monday Tuesday Wednesday Thursday Friday Saturday Sunday";

pub(super) fn is_name(text: &str) -> bool {
    !text.split([' ', '-']).any(|w| NOT_PEOPLE.split(' ').any(|n| n == w))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(FieldName, String)> {
        let words = Words::whole(text);
        let mut found = Found::new(text);
        task_line(&words, &mut found);
        json(&mut found);
        prose(&words, &mut found);
        found.at.iter().map(|(n, r)| (*n, text[r.clone()].to_owned())).collect()
    }

    #[test]
    fn task_lines_name_person_and_app() {
        let want = |user: &str, app: &str| vec![(FieldName::User, user.to_owned()), (FieldName::App, app.to_owned())];
        assert_eq!(names("Automatic profile push of user Ida Holm to app Box failed: x"), want("Ida Holm", "Box"));
        assert_eq!(
            names("push of *Ida Holm* to\napp Microsoft\nOffice 365 failed"),
            want("Ida Holm", "Microsoft\nOffice 365")
        );
        let mut other =
            names("Task: App Microsoft Office 365 could not be assigned automatically to Ida Holm.  is an invalid");
        other.sort();
        assert_eq!(other, want("Ida Holm", "Microsoft Office 365"));
        assert_eq!(
            names("provisioning of user a@b.co to app AWS IAM Identity Center failed"),
            [(FieldName::App, "AWS IAM Identity Center".to_owned())]
        );
        assert!(names("Automatic provisioning of user … to app … failed").iter().all(|(n, _)| *n != FieldName::User));
    }

    #[test]
    fn prose_names_people_and_groups_only_where_they_are_expected() {
        let one = |text: &str, name: FieldName| names(text).into_iter().find(|(n, _)| *n == name).map(|(_, v)| v);
        assert_eq!(one("CountViolation on sg-m365-e3", FieldName::Group).as_deref(), Some("sg-m365-e3"));
        assert_eq!(one("App group eng-platform: Error", FieldName::Group).as_deref(), Some("eng-platform"));
        assert_eq!(
            one("Failed to assign license to Chloe Dubois\nError: x", FieldName::User).as_deref(),
            Some("Chloe Dubois")
        );
        assert_eq!(one("Failure / Create / Diego Alvarez", FieldName::User).as_deref(), Some("Diego Alvarez"));
        assert_eq!(one("Linked group is missing in Miro. Change it", FieldName::App).as_deref(), Some("Miro"));
        assert_eq!(one("error on Office Portal for Conditional Access", FieldName::User), None);
    }
}
