//! The sections `[slack]` and `[[link]]`.
//!
//! Never holds a secret: tokens and the signing secret come by the environment only. Begin with [`Settings`].

use super::account::is_id;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

/// A value that cannot be used: `problem` is the end of a sentence that begins with the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The key.
    pub key: &'static str,
    /// What is wrong and what is allowed.
    pub problem: String,
}

fn flaw<T>(key: &'static str, problem: impl Into<String>) -> Result<T, Flaw> {
    Err(Flaw { key, problem: problem.into() })
}

/// How Slack reaches the bot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The bot opens websockets to Slack; nothing has to be reachable from outside.
    #[default]
    Socket,
    /// Slack posts to `/slack/events` of `[server] listen`.
    Http,
}

/// A bridge whose messages are answered. What it says of an author is a claim and gives nobody any right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// `bot_id` (B…) or app id (A…) of the bridge.
    pub id: String,
    /// The name that cards show (`matterbridge`).
    pub name: String,
}

/// `[slack]`; unknown keys are refused. The surface is on when the section is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How Slack reaches the bot.
    #[serde(default)]
    pub mode: Mode,
    /// The Web API, ending in `/api/`.
    #[serde(default = "official")]
    pub api_url: String,
    /// Further workspaces (T…) or organizations (E…) where the app is installed; each has a token of its own,
    /// `SLACK_BOT_TOKEN_<ID>`.
    #[serde(default)]
    pub workspaces: Vec<String>,
    /// Websockets of one process in mode `socket`.
    #[serde(default = "two")]
    pub sockets: u32,
    /// After so long without any frame the websockets are opened anew, in mode `socket`.
    #[serde(default = "ten_minutes")]
    pub silence: String,
    /// Whether errors that bots and programs post are diagnosed (never more than that).
    #[serde(default)]
    pub diagnose_bots: bool,
    /// Bridges.
    #[serde(default)]
    pub relays: Vec<Relay>,
}

fn official() -> String {
    "https://slack.com/api/".to_owned()
}

fn two() -> u32 {
    2
}

fn ten_minutes() -> String {
    "10m".to_owned()
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            api_url: official(),
            workspaces: Vec::new(),
            sockets: two(),
            silence: ten_minutes(),
            diagnose_bots: false,
            relays: Vec::new(),
        }
    }
}

impl Settings {
    /// Whether the values can be used; the first one that cannot is named.
    pub fn check(&self) -> Result<(), Flaw> {
        if let Err(problem) = check_url(&self.api_url) {
            return flaw("api_url", problem);
        }
        let mut seen = BTreeSet::new();
        for id in &self.workspaces {
            if !is_id(id, b"TE") {
                return flaw(
                    "workspaces",
                    "has an entry that is no id; allowed: T0123ABC of a workspace, E0123ABC of an organization",
                );
            }
            if !seen.insert(id) {
                return flaw("workspaces", "lists the same workspace twice; keep one of them");
            }
        }
        if !(1..=10).contains(&self.sockets) {
            return flaw("sockets", "is not from 1 to 10, the most that Slack gives one app");
        }
        if length(&self.silence).is_none_or(|silence| silence < Duration::from_secs(1)) {
            return flaw(
                "silence",
                "is not a length of time; allowed: a whole number with s, m or h, 1s or more, such as \"10m\"",
            );
        }
        for relay in &self.relays {
            if !is_id(&relay.id, b"BA") {
                return flaw("relays", "has an id that is none; allowed: B0123ABC of a bot, A0123ABC of an app");
            }
            if relay.name.trim().is_empty() {
                return flaw(
                    "relays",
                    "has an entry without a name; allowed: the name that cards show, such as \"matterbridge\"",
                );
            }
        }
        Ok(())
    }

    /// `silence` as a length of time.
    pub fn silence(&self) -> Duration {
        length(&self.silence).unwrap_or(Duration::from_mins(10))
    }

    /// Whether the Web API is on this machine (a simulated Slack): only then files may come from there, too.
    pub fn is_local(&self) -> bool {
        reqwest::Url::parse(&self.api_url).is_ok_and(|url| is_loopback(&url))
    }

    /// Names of the variables of the bot tokens: the workspace (none: the home one, whose token tells which) and the name.
    pub fn token_names(&self) -> Vec<(Option<String>, String)> {
        let further = self.workspaces.iter().map(|id| (Some(id.clone()), format!("SLACK_BOT_TOKEN_{id}")));
        std::iter::once((None, "SLACK_BOT_TOKEN".to_owned())).chain(further).collect()
    }
}

/// Whether the host of an address is this machine.
pub fn is_loopback(url: &reqwest::Url) -> bool {
    let bare = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn check_url(text: &str) -> Result<(), &'static str> {
    let Ok(url) = reqwest::Url::parse(text) else { return Err("is not a URL; allowed: https://slack.com/api/") };
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
        return Err("is not https; allowed: https://slack.com/api/, and http:// only to a loopback address");
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err("has more than a host and a path; allowed: https://slack.com/api/");
    }
    if !url.path().ends_with("/api/") {
        return Err("does not end in /api/; allowed: https://slack.com/api/");
    }
    Ok(())
}

/// `30s`, `10m`, `1h`.
fn length(text: &str) -> Option<Duration> {
    let (number, unit) = text.trim().split_at_checked(text.trim().len().checked_sub(1)?)?;
    let seconds = number.parse::<u32>().ok()?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    Some(Duration::from_secs(u64::from(seconds.checked_mul(unit)?)))
}

/// Whether an account of a `[[link]]` row can be one of Slack's: `T…/U…`, or `E…/U…` in an organization.
///
/// # Errors
/// What is allowed instead; never the value.
pub fn check_account(account: &str) -> Result<(), &'static str> {
    let parts = account.split_once('/');
    if parts.is_some_and(|(team, user)| is_id(team, b"TE") && is_id(user, b"UW")) {
        return Ok(());
    }
    Err("is no account; allowed: T0123ABC/U0123ABC, the id of the workspace and of the member")
}

/// The sections as an example: every key with its default. They stand there as comments, because the surface is on when
/// `[slack]` is there.
pub const EXAMPLE: &str = r#"# Slack. The surface is on when the section is there. Secrets: SLACK_BOT_TOKEN, and by the mode SLACK_APP_TOKEN or
# SLACK_SIGNING_SECRET. "reanchor slack manifest" prints the manifest of the app.
# [slack]
# "socket" (the bot opens websockets; nothing has to be reachable) or "http" (Slack posts to /slack/events).
# mode = "socket"
# The Web API, ending in /api/. https only; http is allowed to a loopback address.
# api_url = "https://slack.com/api/"
# Further workspaces (T...) or organizations (E...) where the app is installed, each with a token SLACK_BOT_TOKEN_<ID>. Their
# channels are listed as "T0123456789/C0123456789".
# workspaces = []
# Websockets of one process, 1 to 10. Slack spreads the events over all of them, and over the other processes.
# sockets = 2
# After so long without any frame the websockets are opened anew.
# silence = "10m"
# Whether errors that bots and programs post are diagnosed. They get the diagnosis of the text, never more.
# diagnose_bots = false
# Bridges, such as [{ id = "B0123456789", name = "matterbridge" }]: diagnosed, never more.
# relays = []

# Who is who: an account and the Okta user behind it. Accounts without a link get the diagnosis of the text only.
# [[link]]
# slack = "T0123456789/U0123456789"
# okta = "00u0000000example000"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        slack: Settings,
        link: Vec<std::collections::BTreeMap<String, String>>,
    }

    fn example() -> File {
        let keys =
            |line: &&str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
        let lines: Vec<&str> = EXAMPLE.lines().map(|line| line.trim_start_matches("# ")).filter(keys).collect();
        toml::from_str(&lines.join("\n")).unwrap()
    }

    #[test]
    fn the_example_is_valid_and_shows_the_defaults() {
        let file = example();
        file.slack.check().unwrap();
        assert!(!file.link.is_empty() && file.link.iter().all(|link| check_account(&link["slack"]).is_ok()));
        assert_eq!(file.slack, Settings::default());
        assert_eq!(toml::from_str::<Settings>("").unwrap(), Settings::default());
    }

    #[test]
    fn a_bad_value_is_named_with_what_is_allowed() {
        for (text, key, part) in [
            ("api_url = \"http://slack.com/api/\"", "api_url", "is not https"),
            ("api_url = \"https://slack.com/\"", "api_url", "does not end in /api/"),
            ("api_url = \"https://u:p@slack.com/api/\"", "api_url", "more than a host"),
            ("api_url = \"slack\"", "api_url", "is not a URL"),
            ("workspaces = [\"acme\"]", "workspaces", "no id"),
            ("workspaces = [\"T01\", \"T01\"]", "workspaces", "twice"),
            ("sockets = 0", "sockets", "1 to 10"),
            ("silence = \"soon\"", "silence", "allowed"),
            ("silence = \"0s\"", "silence", "allowed"),
            ("relays = [{ id = \"U01\", name = \"x\" }]", "relays", "allowed"),
            ("relays = [{ id = \"B01\", name = \" \" }]", "relays", "without a name"),
        ] {
            let flaw = toml::from_str::<Settings>(text).unwrap().check().unwrap_err();
            assert!(flaw.key == key && flaw.problem.contains(part), "{text}: {flaw:?}");
        }
        for text in
            ["token = \"xoxb\"", "mode = \"carrier pigeon\"", "relays = [{ id = \"B01\", name = \"x\", may = true }]"]
        {
            assert!(toml::from_str::<Settings>(text).is_err(), "{text}");
        }
        let local = toml::from_str::<Settings>("api_url = \"http://127.0.0.1:9/api/\"\nmode = \"http\"").unwrap();
        assert!(local.check().is_ok() && local.is_local() && !Settings::default().is_local());
    }

    #[test]
    fn an_account_is_a_workspace_and_a_member() {
        for good in ["T0123ABC/U0123ABC", "E0123ABC/W0123ABC"] {
            assert_eq!(check_account(good), Ok(()), "{good}");
        }
        for bad in
            ["", "/", "U0123ABC", "T0123ABC/anna", "T0123ABC/B0123ABC", "T0123ABC/U0123ABC/x", "U0123ABC/T0123ABC"]
        {
            assert!(check_account(bad).is_err_and(|problem| problem.contains("allowed")), "{bad}");
        }
    }

    #[test]
    fn every_workspace_has_a_token_of_its_own() {
        let settings = Settings { workspaces: vec!["T01".to_owned(), "E02".to_owned()], ..Settings::default() };
        let names: Vec<String> = settings.token_names().into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN_T01", "SLACK_BOT_TOKEN_E02"]);
    }
}
