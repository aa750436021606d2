//! Labels of apps: after the words and signs that announce one, and the names of well-known apps where one stands.
//!
//! Never takes an app that is only mentioned (`posted in Slack`). Begin with [`at`].

use super::head;
use super::names::{follows, span};
use super::words::Words;
use std::ops::Range;

/// Words that an app label may have at most.
const LONGEST: usize = 14;
/// Longest app label, in bytes.
const LONGEST_LABEL: usize = 60;

/// Words before which an app label stands.
const APP_AFTER: &[&[&str]] = &[
    &["for", "application"],
    &["for", "app"],
    &["missing", "in"],
    &["assignment", "to"],
    &["to", "app"],
    &["in", "app"],
    &["the", "app"],
    &["enterprise", "app"],
    &["enterprise", "application"],
];

/// Labels of an app, where a sign follows them.
const LABELS: &[&str] = &[
    "app",
    "application",
    "appname",
    "app_name",
    "applicationname",
    "appdisplayname",
    "anwendung",
    "aplicación",
    "aplicaciones",
    "applicazione",
    "connector",
    "integration",
    "targetsystem",
    "system",
];

/// Apps that people provision to, the longer name of two first.
const KNOWN: &[&str] = &[
    "15Five",
    "1Password",
    "AWS IAM Identity Center",
    "Adobe",
    "Airtable",
    "Asana",
    "Atlassian Cloud",
    "Atlassian",
    "BambooHR",
    "Box",
    "Concur",
    "Coupa",
    "CyberArk",
    "Databricks",
    "DocuSign",
    "Docusign",
    "Dropbox Business",
    "Dropbox",
    "Egnyte",
    "Expensify",
    "Figma",
    "Fivetran",
    "Freshservice",
    "GitHub Enterprise",
    "Google Workspace",
    "HubSpot",
    "JumpCloud",
    "Keeper",
    "LastPass",
    "Lattice",
    "Looker",
    "Lucidchart",
    "Lucid",
    "Microsoft Office 365",
    "Microsoft 365",
    "Miro",
    "NetSuite",
    "Netskope",
    "Notion",
    "Office 365",
    "PagerDuty",
    "RingCentral",
    "SAP Concur",
    "Salesforce.com",
    "Salesforce",
    "Sentry",
    "ServiceNow",
    "Slack",
    "Smartsheet",
    "Snowflake",
    "SpringCM",
    "Tableau",
    "TravelPerk",
    "Webex",
    "Workday",
    "Workplace by Meta",
    "Zendesk",
    "Zoom",
];

/// Apps that people also write in, meet in or keep files in.
const MENTIONED: &[&str] =
    &["Slack", "Zoom", "Notion", "Box", "Webex", "Keeper", "Microsoft 365", "Office 365", "Microsoft Office 365"];

/// The app label that begins at a word, or before it in a sentence about a quarantine.
pub(super) fn at(words: &Words<'_>, i: usize) -> Option<Range<usize>> {
    let capital = |k: usize| words.str(k).as_bytes().first().is_some_and(u8::is_ascii_uppercase);
    let blank = |k: usize| words.gap_after(k) == " ";
    if !capital(i) && !matches!(words.str(i), "provisioning" | "job") {
        return labelled(words, i).filter(|_| words.str(i).starts_with(|c: char| c.is_ascii_digit()));
    }
    if let Some(found) = labelled(words, i).or_else(|| listed(words, i)) {
        return Some(found);
    }
    if capital(i) && APP_AFTER.iter().any(|b| follows(words, i, b)) {
        let mut last = i;
        while last - i < LONGEST
            && blank(last)
            && words.str(last + 1).starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit())
        {
            last += 1;
        }
        return span(words, i, last);
    }
    if capital(i) && words.before(i, 1, "on") && words.str(i + 1) == "job" {
        return span(words, i, i);
    }
    let next = |n: usize| words.str(i + n);
    let stands = match words.str(i) {
        "provisioning" => next(1) == "is" && (next(2).starts_with("quarantine") || next(3).starts_with("quarantine")),
        "job" => next(1) == "went" && next(3) == "quarantine",
        _ => false,
    };
    let mut first = i;
    while stands && i - first < 4 && first > 0 && blank(first - 1) && capital(first - 1) {
        first -= 1;
    }
    if first < i { span(words, first, i - 1) } else { None }
}

/// After `app:`, `Application name =` and their like, up to what ends it.
fn labelled(words: &Words<'_>, i: usize) -> Option<Range<usize>> {
    let gap = words.gap_before(i);
    let signed = gap.contains([':', '=', '\t', '|', '"'])
        && gap.len() <= 8
        && !gap.contains([',', '.', ';', '{', '}', '(', '/', '\n']);
    let label = i.checked_sub(1).map_or("", |p| words.str(p));
    let label = label.rsplit('.').next().unwrap_or(label);
    let named = label.eq_ignore_ascii_case("name") && ["app", "application"].iter().any(|w| words.before(i, 2, w));
    if !signed || !(named || LABELS.iter().any(|l| label.eq_ignore_ascii_case(l))) {
        return None;
    }
    let start = words.get(i)?.start;
    let rest = head(words.text.get(start..)?, LONGEST_LABEL);
    let ends = |c: char| {
        matches!(c, ',' | ';' | ':' | '|' | '(' | ')' | '"' | '\'' | '\n' | '\t' | '/' | '{' | '}' | '…' | '=')
    };
    let end = [rest.find(ends), rest.find(" - "), rest.find(" – "), rest.find(". ")]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(rest.len());
    let label = rest.get(..end)?.trim_end().trim_end_matches(['.', '*', '`', '_', '\r']);
    // A sentence that goes on in small letters is no label.
    let small = label.split(' ').skip(1).filter(|w| w.starts_with(|c: char| c.is_ascii_lowercase())).count();
    (label.len() > 1 && small <= 3 && !label.contains('@')).then(|| start..start + label.len())
}

/// A well-known app in a list, a table or brackets, or before `app`; any app in brackets before the job it belongs to.
fn listed(words: &Words<'_>, i: usize) -> Option<Range<usize>> {
    let start = words.get(i)?.start;
    let rest = head(words.text.get(start..)?, LONGEST_LABEL);
    if words.gap_before(i).ends_with('(')
        && let Some(end) = rest.find(", job").filter(|end| !rest.get(..*end).unwrap_or_default().contains([')', '\n']))
    {
        return Some(start..start + end);
    }
    let whole = |name: &&&str| {
        let next = rest.get(name.len()..).and_then(|r| r.chars().next());
        rest.starts_with(**name) && !next.is_some_and(char::is_alphanumeric)
    };
    let name = KNOWN.iter().find(whole)?;
    let last = i + name.split(' ').count() - 1;
    let (before, after) = (words.gap_before(i).trim_end_matches(' '), words.gap_after(last));
    let next = |list: &[&str]| list.iter().any(|w| words.str(last + 1).eq_ignore_ascii_case(w));
    let suffix = after == " " && next(&["app", "application", "provisioning", "scim", "connector", "tasks"]);
    let page = ["page", "tab"].iter().any(|w| words.before(i, 2, w))
        && ["of", "for", "in"].iter().any(|w| words.before(i, 1, w));
    let opened = before.ends_with(['/', '(', '|', '·', '→', '>', ',', ';', '\t']);
    let ends =
        after.trim_start_matches(' ').starts_with([')', ',', ':', '|', '/', '·', '→', '.', '\n', '\t', ';', '"']);
    let closed = after.is_empty() || ends || next(&["thanks", "danke", "merci"]);
    let placed = ["to", "in", "into", "from"].iter().any(|w| words.before(i, 1, w))
        && !MENTIONED.contains(name)
        && (closed || next(&["is", "fails", "failed", "says", "returns", "returned", "refuses", "answers"]));
    let first = i == 0 || before.ends_with('\n');
    let heads = first && (suffix || after.trim_start_matches(' ').starts_with([':', '|', '/', '-', '–']));
    (suffix || page || heads || placed || (opened && closed)).then(|| start..start + name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(text: &str) -> Option<&str> {
        let words = Words::of(text);
        (0..words.len()).find_map(|i| at(&words, i)).map(|at| &text[at])
    }

    #[test]
    fn app_labels_are_read_whole() {
        let cases = [
            ("Application: AWS IAM Identity Center, user x", "AWS IAM Identity Center"),
            ("app = Fleet end user authentication\nx", "Fleet end user authentication"),
            ("App name: 15Five (prod)", "15Five"),
            ("Linked group is missing in Miro. Change it", "Miro"),
            ("push groups page of ServiceNow: 'Linked", "ServiceNow"),
            ("Anton Wrede / JumpCloud: HTTP error 400", "JumpCloud"),
            ("the Zoom app says Unauthorized", "Zoom"),
            ("Workday provisioning is in quarantine", "Workday"),
        ];
        for (text, want) in cases {
            assert_eq!(app(text), Some(want), "{text}");
        }
    }

    #[test]
    fn a_mentioned_app_is_none() {
        for text in [
            "posted in Slack by Ada",
            "app: the user could not be found in it",
            "Box is down",
            "see Zoom call",
            "app id: 7",
        ] {
            assert_eq!(app(text), None, "{text}");
        }
    }
}
