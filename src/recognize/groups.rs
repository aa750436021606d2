//! Names of groups: after the words that announce one, and by the beginnings that only groups have.
//!
//! Never goes over the end of a line or sentence. Begin with [`at`].

use super::head;
use super::lexicon::Roles;
use super::words::Words;
use std::ops::Range;

/// Longest name of a group, in bytes.
const LONGEST: usize = 128;
/// Words that the name of a group may have when nothing encloses it.
const MOST_WORDS: usize = 6;

/// Words before which the name of a group stands: the nearest last.
const AFTER: &[&[&str]] = &[
    &["app", "group"],
    &["user", "group"],
    &["licensing", "group"],
    &["licencing", "group"],
    &["license", "group"],
    &["licence", "group"],
    &["security", "group"],
    &["okta", "group"],
    &["entra", "group"],
    &["get", "the", "group"],
    &["group"],
    &["group", "named"],
    &["group", "called"],
    &["group", "push", "of"],
    &["group", "name"],
    &["pushing", "group"],
    &["for", "group"],
    &["the", "group"],
    &["of", "group"],
    &["to", "group"],
    &["from", "group"],
    &["in", "group"],
];

/// Labels of a group's name, where a sign follows them.
const LABELS: &[&str] =
    &["group", "groupname", "gruppe", "grupo", "groupe", "gruppo", "group_name", "groupdisplayname"];

/// First parts of names that only groups have.
const PREFIXES: &[&str] = &[
    "sg", "grp", "gg", "ug", "dl", "aad", "entra", "lic", "okta", "m365", "o365", "eng", "team", "dept", "role", "fte",
    "sec", "aws", "azure", "licence", "license",
];

/// Beginnings after which a name in capitals is a group wherever it stands.
const SURE: &[&str] = &["SG", "GRP", "GG", "UG", "DL", "LIC", "LICENSE", "LICENCE"];

/// Those of them that may be joined to the rest by an underscore.
const UNDERSCORED: &[&str] = &["sg", "grp", "gg", "ug", "dl", "lic", "licence", "license", "fte", "dept", "aad"];

/// Words that end a name although they are capitalised or joined to it.
const ENDS: &[&str] = &[
    "failed",
    "could",
    "has",
    "was",
    "is",
    "error",
    "not",
    "cannot",
    "and",
    "to",
    "in",
    "from",
    "with",
    "for",
    "on",
    "by",
    "app",
    "group",
    "the",
    "that",
    "which",
    "because",
    "does",
    "did",
    "no",
    "unable",
    "linked",
    "members",
    "membership",
    "push",
];

/// Small words inside a name.
const INSIDE: &[&str] = &["of", "the", "and"];

/// Words without which no name of a group is looked for.
const HINTS: &[&str] = &["group", "groups", "grouppush", "usergroup", "appgroup", "groupid", "gruppe", "gruppen"];

/// What the words of the lists here may be.
pub(super) fn roles() -> Vec<(&'static str, Roles)> {
    let before = AFTER.iter().filter_map(|list| list.last()).chain(LABELS).map(|word| (*word, Roles::BEFORE_GROUP));
    let hints = HINTS.iter().chain(LABELS).map(|word| (*word, Roles::GROUP));
    // What other things are called by, too, is no reason to look for a group.
    let sure = |prefix: &&&str| !matches!(**prefix, "aws" | "azure" | "licence" | "license");
    let prefixes = PREFIXES.iter().filter(sure).map(|word| (*word, Roles::GROUP_PREFIX));
    before.chain(hints).chain(prefixes).collect()
}

/// The name of a group that begins at a word.
pub(super) fn at(words: &Words<'_>, i: usize) -> Option<Range<usize>> {
    let announced = || announced(words, i).or_else(|| labelled(words, i));
    let found = words.roles_before(i).any(Roles::BEFORE_GROUP).then(announced).flatten();
    found.or_else(|| prefixed(words, i))
}

/// After `app group`, `group named` and their like.
fn announced(words: &Words<'_>, i: usize) -> Option<Range<usize>> {
    let follows = |list: &[&str]| list.iter().rev().enumerate().all(|(n, w)| words.before(i, n + 1, w));
    let apart = words.gap_before(i).contains(['.', '\n', ',', ';', '-', '(']);
    if apart || !AFTER.iter().any(|list| follows(list)) {
        return None;
    }
    // Small letters (`pushing group memberships`) are a name only where a sign closes it.
    let small = words.str(i).starts_with(|c: char| c.is_ascii_lowercase());
    if small && let Some(at) = up_to_colon(words, i) {
        return Some(at);
    }
    let alone =
        follows(&["group"]) && ["app", "user", "okta", "entra", "security"].iter().all(|w| !words.before(i, 2, w));
    let plain = words.str(i).bytes().all(|b| b.is_ascii_lowercase());
    let closed = words.gap_after(i).starts_with([':', '"', '\'', '`', ')']);
    if (plain && !closed) || (small && alone && plain) { None } else { whole(words, i) }
}

/// A few words in small letters up to a colon (`jira-software users emea:`), the first of them made of several parts.
fn up_to_colon(words: &Words<'_>, i: usize) -> Option<Range<usize>> {
    let first = words.get(i).filter(|w| w.joined)?;
    for k in i..i + MOST_WORDS {
        if ENDS.iter().any(|e| e.eq_ignore_ascii_case(words.str(k))) {
            return None;
        }
        match words.gap_after(k) {
            " " => {}
            gap if gap.starts_with(':') => return words.get(k).map(|w| first.start..w.end),
            _ => return None,
        }
    }
    None
}

/// After `group:`, `group=` and after `group` before a quotation mark.
fn labelled(words: &Words<'_>, i: usize) -> Option<Range<usize>> {
    let label = i.checked_sub(1).map_or("", |p| words.str(p));
    let gap = words.gap_before(i);
    let signed =
        gap.contains([':', '=', '"', '\'', '|', '“', '`']) && !gap.contains(['\n', ',', '.', ';', '(', ')', '/']);
    let label = label.rsplit(['.', '-']).next().unwrap_or(label);
    if !signed || !LABELS.iter().any(|l| label.eq_ignore_ascii_case(l)) {
        return None;
    }
    whole(words, i)
}

/// The whole name: up to the closing quotation mark, else the words that belong together.
fn whole(words: &Words<'_>, i: usize) -> Option<Range<usize>> {
    let first = words.get(i)?;
    let gap = words.gap_before(i).trim_end_matches(['*', '_']);
    let close = match gap.chars().next_back()? {
        '"' => Some('"'),
        '\'' => Some('\''),
        '`' => Some('`'),
        '“' | '„' => Some('”'),
        '[' => Some(']'),
        _ => None,
    };
    if let Some(close) = close {
        let rest = head(words.text.get(first.start..).unwrap_or_default(), LONGEST);
        let end = rest.find([close, '\n', '“']).filter(|end| *end > 1)?;
        return Some(first.start..first.start + end);
    }
    let named = |k: usize| {
        let word = words.str(k);
        let capital = word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
        capital && !ENDS.iter().any(|e| e.eq_ignore_ascii_case(word))
    };
    let blank = |k: usize| matches!(words.gap_after(k), " " | " - " | " & " | " + " | "/");
    if ENDS.iter().any(|e| e.eq_ignore_ascii_case(words.str(i))) {
        return None;
    }
    let (mut last, mut k) = (i, i);
    while blank(k) && k - i < MOST_WORDS {
        k += 1;
        if named(k) {
            last = k;
        } else if !INSIDE.contains(&words.str(k)) || k != last + 1 {
            break;
        }
    }
    // A name in small letters is one word, unless it is written with signs that only names have.
    let capital = words.str(i).starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    let last = if capital { last } else { i };
    let end = words.get(last)?.end;
    let signs = head(words.text.get(end..).unwrap_or_default(), LONGEST);
    let more = if last == i {
        signs.find(|c: char| !"@/#+".contains(c) && !c.is_alphanumeric()).unwrap_or(signs.len())
    } else {
        0
    };
    // `Finance Approvers (Nordics):`
    let tail = head(words.text.get(end..).unwrap_or_default(), LONGEST);
    let bracket = tail
        .find(')')
        .filter(|n| tail.starts_with(" (") && tail.get(n + 1..).is_some_and(|t| t.starts_with([':', '"', '\''])));
    let more = bracket.map_or(more, |n| n + 1);
    let name = first.start..end + more;
    (name.len() > 1).then_some(name)
}

/// `sg-m365-e3` where the name of a group may stand.
fn prefixed(words: &Words<'_>, i: usize) -> Option<Range<usize>> {
    let word = words.get(i).filter(|w| w.joined)?;
    let (prefix, rest) = words.str(i).split_once(['-', '_']).filter(|(prefix, _)| prefix.len() < 8)?;
    // `okta_errors_total` is the name of a figure.
    let dashed = words.text.as_bytes().get(word.start + prefix.len()) == Some(&b'-');
    let prefixes = if dashed { PREFIXES } else { UNDERSCORED };
    let known = prefixes.iter().any(|p| p.eq_ignore_ascii_case(prefix)) && rest.len() > 1;
    let placed = [
        "on",
        "of",
        "from",
        "in",
        "to",
        "group",
        "displayname",
        "gruppe",
        "groupe",
        "grupo",
        "gruppo",
        "groep",
        "grupa",
    ]
    .iter()
    .any(|w| words.before(i, 1, w))
        || words.gap_before(i).trim_end().ends_with(['>', ':', '(', ',', '\'', '"', '`'])
        || i.checked_sub(1)
            .is_some_and(|p| words.str(p).len() == 3 && words.str(p).bytes().all(|b| b.is_ascii_digit()));
    let sender = rest.eq_ignore_ascii_case("noreply");
    let address = words.text.get(word.end..).is_some_and(|t| t.starts_with(['@', '/', '=']));
    let shouted = rest.len() > 3 && words.str(i).bytes().all(|b| !b.is_ascii_lowercase()) && SURE.contains(&prefix);
    (known && (placed || shouted) && !sender && !address).then_some(word.start..word.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(text: &str) -> Option<&str> {
        let words = Words::whole(text);
        (0..words.len()).find_map(|i| at(&words, i)).map(|at| &text[at])
    }

    #[test]
    fn names_of_groups_are_read_whole() {
        let cases = [
            ("CountViolation on sg-m365-e3", "sg-m365-e3"),
            ("App group eng-platform: Error", "eng-platform"),
            ("Group Push mapping target App group All Contractors: Error while", "All Contractors"),
            ("target App group Design Guild failed", "Design Guild"),
            ("pushing group \"Finance EMEA (all)\" to Box", "Finance EMEA (all)"),
            ("licensing group 'M365 E5' has", "M365 E5"),
            ("group: Sales - North", "Sales - North"),
            ("group = LIC-ANALYTICS-EU", "LIC-ANALYTICS-EU"),
            ("Resource [GROUP]: with displayName okta-zoom-basic already", "okta-zoom-basic"),
            ("received error: 404 sg-hr-core / Danke", "sg-hr-core"),
            ("group M365-E3 All Staff Nordics shows 23 errors", "M365-E3 All Staff Nordics"),
            ("Group O365 Kiosk + Frontline → Licenses", "O365 Kiosk + Frontline"),
            ("Cloud, group jira-software users emea:\n{}", "jira-software users emea"),
            ("the user group Heads of Sales could not", "Heads of Sales"),
            ("App group Finance Approvers (Nordics): Error", "Finance Approvers (Nordics)"),
            ("el alta al grupo GRP-LIC-E5 quedó así", "GRP-LIC-E5"),
            ("ライセンスグループ LIC-VIVA-ADDON の画面", "LIC-VIVA-ADDON"),
            ("del groupe lic-visio-fr ce matin", "lic-visio-fr"),
            ("Export error for group Accounts Payable Shared: x", "Accounts Payable Shared"),
        ];
        for (text, want) in cases {
            assert_eq!(group(text), Some(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_group_is_none() {
        let texts = [
            "update the group membership",
            "Group Push is on",
            "a group policy",
            "the group that failed: x",
            "group push failed",
            "the group could not be found",
            "the app group was deleted",
            "app-id=1, all-day",
            "Okta group. Please look",
            "rate(okta_errors_total[5m]) from okta_errors_total",
            "Mail from azure-noreply: group",
        ];
        for text in texts {
            assert_eq!(group(text), None, "{text}");
        }
    }
}
