//! Labels of apps: after the words and signs that announce one, and the names of well-known apps where one stands.
//!
//! Never takes an app that is only mentioned (`posted in Slack`). Begin with [`at`].

use super::head;
use super::lexicon::Roles;
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
    &["missing", "for"],
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
    "Confluence",
    "Cornerstone OnDemand",
    "Cornerstone",
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
    "Jira Cloud",
    "Jira",
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
    "Zscaler",
];

/// Apps that people also write in, meet in or keep files in.
const MENTIONED: &[&str] = &["Slack", "Zoom", "Notion", "Box", "Webex", "Keeper", "Microsoft 365", "Office 365"];

/// What the words of the lists here may be.
pub(super) fn roles() -> Vec<(&'static str, Roles)> {
    let labels = LABELS.iter().chain(&["name"]).map(|word| (*word, Roles::APP_LABEL));
    let known = KNOWN.iter().filter_map(|name| name.split(' ').next());
    let before = APP_AFTER.iter().filter_map(|list| list.last()).chain(JOBS.iter().filter_map(|list| list.last()));
    let before = before.chain(&["app", "job", "on"]).map(|word| (*word, Roles::BEFORE_APP));
    let of_app = ["provisioning", "job"].map(|word| (word, Roles::OF_APP));
    labels.chain(known.map(|word| (word, Roles::KNOWN_APP))).chain(before).chain(of_app).collect()
}

/// The app label that begins at a word, or before it in a sentence about a quarantine.
pub(super) fn at(words: &Words<'_>, i: usize) -> Option<Range<usize>> {
    let own = words.roles(i).any(Roles::KNOWN_APP.with(Roles::OF_APP));
    let announced = || words.roles_before(i).any(Roles::APP_LABEL.with(Roles::BEFORE_APP));
    (own || announced() || words.sign_before(i) == b'(').then(|| announced_at(words, i)).flatten()
}

/// The app label that begins at a word that may be one.
fn announced_at(words: &Words<'_>, i: usize) -> Option<Range<usize>> {
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
    if let Some(found) = before_sign(words, i) {
        return Some(found);
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

/// Words before which an app stands of which something is said.
const JOBS: [[&str; 2]; 5] =
    [["provisioning", "for"], ["job", "for"], ["provisioning", "to"], ["connector", "of"], ["connector", "for"]];

/// Words that say something of an app.
const SAID: &[&str] = &["is", "has", "was", "went", "gets", "fails", "failed"];

/// After `app` up to a comma (`app Dropbox Business, user x`), after `provisioning for` up to what is said of it.
fn before_sign(words: &Words<'_>, i: usize) -> Option<Range<usize>> {
    let app = words.before(i, 1, "app") && words.gap_before(i) == " ";
    let job = JOBS.iter().any(|b| follows(words, i, b));
    // `job SuccessFactors to AD Athens`
    let of_job = words.before(i, 1, "job") && words.gap_before(i) == " " && !matches!(words.str(i), "ID" | "Id");
    if !app && !job && !of_job {
        return None;
    }
    let named = |k: usize| words.str(k).starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit());
    let mut last = i;
    while last - i < LONGEST
        && words.gap_after(last) == " "
        && (named(last + 1) || (of_job && words.str(last + 1) == "to"))
    {
        last += 1;
    }
    // `Retool (self-hosted) is quarantined`
    let start = words.get(i)?.start;
    let end = words.get(last)?.end;
    let rest = head(words.text.get(end..)?, LONGEST_LABEL);
    if let Some(close) = rest.find(')').filter(|_| job && rest.starts_with(" ("))
        && SAID.iter().any(|said| rest.get(close + 1..).is_some_and(|r| r.starts_with(&format!(" {said} "))))
    {
        return Some(start..end + close + 1);
    }
    let after = words.gap_after(last);
    let closed = after.starts_with([',', ')', '\n', ';']) || ((app || of_job) && last + 1 >= words.len());
    let said = SAID.contains(&words.str(last + 1)) && after == " ";
    (((app || of_job) && closed) || (job && (said || closed))).then(|| span(words, i, last))?
}

/// The segment before a login or a name in a path (`Entra > Workday to AD > ada@…`, `Snipe-IT prod / ada@…`).
pub(super) fn beside(text: &str, at: usize) -> Option<Range<usize>> {
    const SIGNS: [&str; 9] = [" / ", " > ", " | ", " - ", " · ", " • ", " – ", " — ", " → "];
    let from = text.ceil_char_boundary(at.saturating_sub(LONGEST_LABEL * 2));
    let line = text.get(from..at)?;
    let from = line.rfind('\n').map_or(from, |n| from + n + 1);
    let sign = SIGNS.iter().find(|s| text.get(from..at).is_some_and(|line| line.ends_with(**s)))?;
    let end = at - sign.len();
    let path = text.get(from..end)?;
    let start = SIGNS.iter().filter_map(|s| path.rfind(s).map(|n| n + s.len())).max().unwrap_or(0);
    let label = path.get(start..)?;
    let fits = label.len() > 2
        && label.len() < 40
        && label.starts_with(|c: char| c.is_uppercase())
        && label.split(' ').count() <= 4
        && !label.contains([':', '@', '=', ',', '"', '>', '(', '.'])
        && !label.split(' ').any(|word| NOT_APPS.iter().any(|n| n.eq_ignore_ascii_case(word)));
    fits.then(|| from + start..end)
}

/// Words that are part of no app label in a path.
const NOT_APPS: &[&str] = &[
    "provision",
    "demand",
    "user",
    "users",
    "failure",
    "create",
    "update",
    "delete",
    "disable",
    "error",
    "errors",
    "logs",
    "log",
    "tasks",
    "task",
    "provisioning",
    "failed",
    "groups",
    "group",
    "licenses",
    "okta",
    "entra",
    "export",
    "import",
    "status",
    "identity",
    "person",
    "name",
    "upn",
    "who",
    "ticket",
    "assigned",
    "affected",
    "from",
    "step",
    "action",
    "result",
];

/// After `app:`, `Application name =` and their like, up to what ends it.
fn labelled(words: &Words<'_>, i: usize) -> Option<Range<usize>> {
    let gap = words.gap_before(i);
    let signed = gap.contains([':', '=', '\t', '|', '"'])
        && gap.len() <= 8
        && !gap.contains([',', '.', ';', '{', '}', '(', '/', '\n']);
    let label = i.checked_sub(1).map_or("", |p| words.str(p));
    let label = label.rsplit('.').next().unwrap_or(label);
    // `response from your application: Response status: …`
    if words.before(i, 2, "your") {
        return None;
    }
    let named = label.eq_ignore_ascii_case("name") && ["app", "application"].iter().any(|w| words.before(i, 2, w));
    if !words.roles_before(i).any(Roles::APP_LABEL)
        || !signed
        || !(named || LABELS.iter().any(|l| label.eq_ignore_ascii_case(l)))
    {
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
    // A word before a colon is a label itself.
    if rest.get(end..).is_some_and(|r| r.starts_with(':')) && !label.contains(' ') {
        return None;
    }
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
    let name = KNOWN.iter().filter(|_| words.roles(i).any(Roles::KNOWN_APP)).find(whole)?;
    let last = i + name.split(' ').count() - 1;
    let (before, after) = (words.gap_before(i).trim_end_matches(' '), words.gap_after(last));
    let next = |list: &[&str]| list.iter().any(|w| words.str(last + 1).eq_ignore_ascii_case(w));
    let suffix = after == " " && next(&["app", "application", "provisioning", "scim", "connector", "tasks"]);
    let page = ["page", "tab"].iter().any(|w| words.before(i, 2, w))
        && ["of", "for", "in"].iter().any(|w| words.before(i, 1, w));
    let opened = before.ends_with(['/', '(', '|', '·', '→', '>', ',', ';', '\t']);
    let ends = after
        .trim_start_matches(' ')
        .starts_with([')', ',', ':', '|', '/', '·', '→', '.', '\n', '\t', ';', '"', '?', '!']);
    let foreign = after == " " && words.str(last + 1).starts_with(|c: char| c >= '\u{3000}');
    let closed = foreign || after.is_empty() || ends || next(&["thanks", "danke", "merci"]);
    let placed = [
        "to", "in", "into", "from", "for", "of", "owns", "auf", "nach", "für", "von", "en", "sur", "vers", "do", "da",
        "de", "del", "di", "du", "w", "it's",
    ]
    .iter()
    .any(|w| words.before(i, 1, w))
        && !MENTIONED.contains(name)
        && (closed || next(&["is", "fails", "failed", "could", "says", "returns", "returned", "refuses", "answers"]));
    let first = i == 0 || before.ends_with('\n');
    let heads = first && (foreign || suffix || after.trim_start_matches(' ').starts_with([':', '|', '/', '-', '–']));
    // A name of several words is nothing but the app.
    let sure = name.contains(' ') && !MENTIONED.contains(name);
    (suffix || page || heads || sure || placed || (opened && closed)).then(|| start..start + name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(text: &str) -> Option<&str> {
        let words = Words::whole(text);
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
            ("Provisioning log, app Dropbox Business, user x", "Dropbox Business"),
            ("Provisioning job for Grafana SCIM is in quarantine", "Grafana SCIM"),
            ("saved it — app O365 NL, tried at", "O365 NL"),
            ("user: Fotini Leventi, job SuccessFactors to AD Athens", "SuccessFactors to AD Athens"),
            ("Provisioning for Retool (self-hosted) is quarantined", "Retool (self-hosted)"),
            ("The connector of Okta O365 gets no token", "Okta O365"),
            ("erro no Push Groups do Jira Cloud:\nx", "Jira Cloud"),
            ("Log de provisionamento do Zendesk: x", "Zendesk"),
            ("Concur のプロビジョニングで x", "Concur"),
            ("provision on demand, Cornerstone OnDemand, x", "Cornerstone OnDemand"),
            ("Test connection for Smartsheet:\nx", "Smartsheet"),
        ];
        for (text, want) in cases {
            assert_eq!(app(text), Some(want), "{text}");
        }
    }

    #[test]
    fn an_app_stands_before_a_login_in_a_path() {
        let path = |text: &str| beside(text, text.find("ada@").unwrap()).map(|at| text[at].to_owned());
        assert_eq!(path("Entra log > Workday to AD > ada@x.de\nb").as_deref(), Some("Workday to AD"));
        assert_eq!(path("x\nSnipe-IT prod / ada@x.de").as_deref(), Some("Snipe-IT prod"));
        for none in ["Failure / Create / ada@x.de", "Ticket: a - ada@x.de", "hi ada@x.de", "User | ada@x.de"] {
            assert_eq!(path(none), None, "{none}");
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
            "response from your application: Response Status: x",
        ] {
            assert_eq!(app(text), None, "{text}");
        }
    }
}
