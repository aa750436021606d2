//! The Slack part of `reanchor doctor`: tokens, scopes, socket, clock, channels, each with how to mend it.
//!
//! Never posts, never joins, never opens a websocket, and never prints a token or what Slack says beyond its codes. Begin with
//! [`examine`].

use super::account::of_channel;
use super::manifest::{APP_SCOPE, SCOPES};
use super::settings::{Mode, Settings};
use crate::app::Channel;
use crate::domain::finding::Finding;
use crate::domain::settings::Sharing;
use crate::domain::time::{At, SECOND};
use crate::ports::clock::Clock;
use crate::ports::secret::{Secret, Secrets};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// Longest time for one look.
const LIMIT: Duration = Duration::from_secs(10);
/// A clock that is off by more is worth a word; Slack's signatures hold for five minutes.
const DRIFT: i64 = 30 * SECOND;
const SIGNED: i64 = 300 * SECOND;

/// What an examination works with.
pub struct Bench<'a> {
    /// `[slack]`
    pub settings: &'a Settings,
    /// Secrets by name.
    pub secrets: &'a dyn Secrets,
    /// `[[channel]]` rows of Slack.
    pub channels: &'a [Channel],
    /// Our time.
    pub clock: &'a dyn Clock,
}

/// An answer of the Web API with the headers that matter here.
struct Seen {
    body: Value,
    scopes: Option<BTreeSet<String>>,
    at: Option<At>,
}

impl Seen {
    fn code(&self) -> Option<String> {
        let is_code = |code: &&str| code.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        let code = self.body["error"].as_str().filter(is_code).unwrap_or("an unreadable code");
        (self.body["ok"] != true).then(|| code.to_owned())
    }
}

/// Looks at everything; changes nothing.
pub async fn examine(bench: &Bench<'_>) -> Vec<Finding> {
    let client = reqwest::Client::builder().timeout(LIMIT).redirect(reqwest::redirect::Policy::none()).build();
    let Ok(client) = client else {
        return vec![Finding::fail("Slack", "the HTTP client cannot be built", "look at the system's TLS set-up")];
    };
    let web = Web { client, base: bench.settings.api_url.clone() };
    let mut found = Vec::new();
    let mut tokens = BTreeMap::new();
    let mut server_time = None;
    for (workspace, name) in bench.settings.token_names() {
        let Some(token) = secret(bench, &name, &mut found) else { continue };
        if let Some(at) = bot_token(&web, &name, &token, bench.clock, &mut found).await {
            server_time = server_time.or(at);
            tokens.insert(workspace, token);
        }
    }
    if let Some((there, here)) = server_time {
        found.push(clock(there, here, bench.settings.mode));
    }
    match bench.settings.mode {
        Mode::Socket => socket(&web, bench, &mut found).await,
        Mode::Http => signing_secret(bench, &mut found),
    }
    for channel in bench.channels {
        let (workspace, id) = of_channel(&channel.id);
        match tokens.get(&workspace.map(str::to_owned)) {
            Some(token) => found.push(self::channel(&web, token, channel, id).await),
            None => found.push(Finding::fail(
                format!("Slack channel {}", channel.id),
                "there is no working token for its workspace",
                "mend the token, or list the workspace in [slack] workspaces",
            )),
        }
    }
    if bench.channels.is_empty() {
        found.push(Finding::warn(
            "Slack channels",
            "no [[channel]] with surface = \"slack\" is configured, so nothing that is pasted is answered",
            "add a [[channel]] with the id of each channel; commands work without",
        ));
    }
    found
}

fn secret(bench: &Bench<'_>, name: &str, found: &mut Vec<Finding>) -> Option<Secret> {
    match bench.secrets.secret(name) {
        Ok(Some(secret)) => Some(secret),
        Ok(None) => {
            let mend = format!("set {name} (or {name}_FILE); docs/slack.md says where Slack shows it");
            found.push(Finding::fail(name, "it is not set", mend));
            None
        }
        Err(error) => {
            found.push(Finding::fail(name, error.to_string(), format!("mend {name} or {name}_FILE")));
            None
        }
    }
}

/// Slack's time and ours at the same moment, when the token works.
type Times = Option<(At, At)>;

async fn bot_token(
    web: &Web,
    name: &str,
    token: &Secret,
    clock: &dyn Clock,
    found: &mut Vec<Finding>,
) -> Option<Times> {
    if !token.expose().starts_with("xoxb-") {
        let kind = if token.expose().starts_with("xapp-") { "an app-level token" } else { "no bot token" };
        found.push(Finding::fail(
            name,
            format!("it is {kind}"),
            "take the Bot User OAuth Token, which begins with xoxb-",
        ));
        return None;
    }
    let seen = match web.ask(token, "auth.test", &[]).await {
        Ok(seen) => seen,
        Err(why) => {
            found.push(Finding::fail(name, why, "look at [slack] api_url, the network and the proxy"));
            return None;
        }
    };
    if let Some(code) = seen.code() {
        let mend = "install the app in the workspace again and take the new Bot User OAuth Token";
        found.push(Finding::fail(name, format!("Slack answers {code}"), mend));
        return None;
    }
    let id =
        |key: &str| seen.body[key].as_str().filter(|id| super::account::is_id(id, b"TEUWB")).unwrap_or("?").to_owned();
    found.push(if seen.body["bot_id"].is_string() {
        Finding::ok(name, format!("it works: bot {} in workspace {}", id("user_id"), id("team_id")))
    } else {
        let mend = "take the Bot User OAuth Token, not the token of a person";
        Finding::warn(name, "the token works, but Slack names no bot behind it", mend)
    });
    found.push(scopes(name, seen.scopes.as_ref()));
    Some(seen.at.map(|there| (there, clock.now())))
}

fn scopes(name: &str, held: Option<&BTreeSet<String>>) -> Finding {
    let check = format!("scopes of {name}");
    let Some(held) = held else {
        return Finding::warn(
            check,
            "Slack did not say which scopes the token has",
            "compare them with docs/slack.md by hand",
        );
    };
    let wanted: BTreeSet<String> = SCOPES.iter().map(|(scope, _)| (*scope).to_owned()).collect();
    let missing: Vec<&str> =
        SCOPES.iter().filter(|(scope, _)| !held.contains(*scope)).map(|(scope, _)| *scope).collect();
    // Scopes come from Slack: only what has their shape is repeated.
    let is_scope = |text: &&String| text.bytes().all(|b| b.is_ascii_lowercase() || b":._".contains(&b));
    let more: Vec<&str> = held.difference(&wanted).filter(is_scope).map(String::as_str).collect();
    let again = "paste the manifest (reanchor slack manifest) into App Manifest and choose Reinstall to Workspace";
    if !missing.is_empty() {
        let why: Vec<String> = SCOPES
            .iter()
            .filter(|(scope, _)| missing.contains(scope))
            .map(|(scope, why)| format!("{scope} ({why})"))
            .collect();
        return Finding::fail(check, format!("missing: {}", why.join("; ")), again);
    }
    if !more.is_empty() {
        let seen = format!("more than is used: {}", more.join(", "));
        return Finding::warn(check, seen, format!("{again}; a token that can do less can lose less"));
    }
    Finding::ok(check, "exactly those of the manifest")
}

fn clock(there: At, here: At, mode: Mode) -> Finding {
    let drift = here.since(there);
    let seen = format!("our clock is {} s off Slack's", drift.abs() / SECOND);
    let mend = "let the system keep its time (NTP)";
    if drift.abs() <= DRIFT {
        Finding::ok("clock against Slack", seen)
    } else if mode == Mode::Http && drift.abs() >= SIGNED {
        Finding::fail(
            "clock against Slack",
            format!("{seen}: every request of Slack would be refused as a replay"),
            mend,
        )
    } else {
        Finding::warn("clock against Slack", seen, mend)
    }
}

async fn socket(web: &Web, bench: &Bench<'_>, found: &mut Vec<Finding>) {
    let name = "SLACK_APP_TOKEN";
    let Some(token) = secret(bench, name, found) else { return };
    let (scope, _) = APP_SCOPE;
    if !token.expose().starts_with("xapp-") {
        let mend =
            format!("Basic Information > App-Level Tokens: make one with the scope {scope}; it begins with xapp-");
        found.push(Finding::fail(name, "it is no app-level token", mend));
        return;
    }
    // Asking for an address opens nothing: it lapses when nobody connects.
    found.push(match web.ask(&token, "apps.connections.open", &[]).await {
        Err(why) => Finding::fail(name, why, "look at [slack] api_url, the network and the proxy"),
        Ok(seen) => match seen.code().as_deref() {
            None if seen.body["url"].as_str().is_some_and(|url| url.starts_with("ws")) => {
                Finding::ok(name, "Socket Mode opens")
            }
            None => Finding::fail(
                name,
                "Slack gave no address for the websocket",
                "try again; then ask Slack's status page",
            ),
            Some("missing_scope") => {
                let mend = format!("make an app-level token with the scope {scope}");
                Finding::fail(name, format!("it lacks the scope {scope}"), mend)
            }
            Some(code) => {
                let mend =
                    "turn Socket Mode on in the app and take a new app-level token; both tokens must be of one app";
                Finding::fail(name, format!("Slack answers {code}"), mend)
            }
        },
    });
}

fn signing_secret(bench: &Bench<'_>, found: &mut Vec<Finding>) {
    let name = "SLACK_SIGNING_SECRET";
    let Some(secret) = secret(bench, name, found) else { return };
    let looks_right = secret.expose().len() == 32 && secret.expose().bytes().all(|b| b.is_ascii_hexdigit());
    found.push(if looks_right {
        Finding::ok(name, "it is set (only a request of Slack can prove it)")
    } else {
        let mend = "Basic Information > App Credentials > Signing Secret: 32 characters";
        Finding::warn(name, "it does not look like a signing secret", mend)
    });
}

async fn channel(web: &Web, token: &Secret, channel: &Channel, id: &str) -> Finding {
    let check = format!("Slack channel {}", channel.id);
    let seen = match web.ask(token, "conversations.info", &[("channel", id)]).await {
        Ok(seen) => seen,
        Err(why) => return Finding::fail(check, why, "try again"),
    };
    match seen.code().as_deref() {
        None => {}
        Some("channel_not_found") => {
            let mend = "check the id; into a private channel invite the bot (/invite @Reanchor)";
            return Finding::fail(check, "it is not there, or private and without the bot", mend);
        }
        Some(code) => return Finding::fail(check, format!("Slack answers {code}"), "mend the scopes of the token"),
    }
    let is = |key: &str| seen.body["channel"][key] == true;
    if is("is_archived") {
        return Finding::fail(check, "it is archived", "unarchive it, or take its [[channel]] out");
    }
    if !is("is_member") && !is("is_im") {
        return Finding::fail(check, "the bot is no member, so it hears nothing there", "type /invite @Reanchor in it");
    }
    if (is("is_ext_shared") || is("is_pending_ext_shared")) && channel.facts != Sharing::None {
        let mend = "set facts = \"none\" to say so, or use a channel of your own";
        return Finding::warn(check, "people of another organization read it, so it gets no facts", mend);
    }
    Finding::ok(check, "the bot is a member")
}

struct Web {
    client: reqwest::Client,
    base: String,
}

impl Web {
    async fn ask(&self, token: &Secret, method: &str, form: &[(&str, &str)]) -> Result<Seen, String> {
        let url = format!("{}{method}", self.base);
        let sent = self.client.post(url).bearer_auth(token.expose()).form(form).send().await;
        // The error of the client would print the address.
        let answer = sent.map_err(|error| {
            let what = if error.is_timeout() { "Slack does not answer in time" } else { "Slack cannot be reached" };
            what.to_owned()
        })?;
        let status = answer.status().as_u16();
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let scopes = header("x-oauth-scopes");
        let scopes =
            scopes.map(|all| all.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect());
        let at = header("date").and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok());
        let at = at.map(|at| At(at.unix_timestamp() * 1_000));
        let body = answer.json().await.map_err(|_| format!("Slack answers HTTP {status} and no JSON"))?;
        Ok(Seen { body, scopes, at })
    }
}

#[cfg(test)]
#[path = "doctor_tests.rs"]
mod tests;
