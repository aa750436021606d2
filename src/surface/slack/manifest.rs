//! The manifest of the app: what Slack is asked for, and why. `docs/slack.md` has the same table, held equal by a test.
//!
//! Never asks for more than is used: no posting without membership, no posting under other names, no changes of channels, no
//! e-mail addresses. Begin with [`manifest`].

/// Each scope of the bot token, and what it is used for.
pub const SCOPES: [(&str, &str); 11] = [
    ("app_mentions:read", "hear `@Reanchor diagnose …`, `lookup`, `status`, `why`, `help`"),
    (
        "channels:history",
        "hear errors that are pasted in public channels it was invited to, and look in a thread whether a card stands there already",
    ),
    (
        "channels:read",
        "see whether it is a member of a configured public channel, and whether people of another organization read it",
    ),
    ("chat:write", "post and edit cards, answer one person where only that person sees it"),
    ("commands", "the command `/reanchor` and the shortcut “Diagnose provisioning error”"),
    ("files:read", "read an error that was pasted as a snippet or dropped as a text file"),
    ("groups:history", "the same as channels:history in private channels it was invited to"),
    ("groups:read", "the same as channels:read in private channels"),
    ("im:history", "hear errors that are sent to it directly"),
    ("im:write", "send an approver the link to a plan that waits for a vote"),
    ("users:read", "tell members, guests, people of other organizations and bots apart"),
];

/// The scope of the app-level token, which the mode `socket` needs.
pub const APP_SCOPE: (&str, &str) = ("connections:write", "open the websockets of Socket Mode");

/// Events, and what for.
pub const EVENTS: [(&str, &str); 7] = [
    ("app_home_opened", "the home tab"),
    ("app_mention", "mentions"),
    ("app_uninstalled", "an error in the log when somebody takes the app away"),
    ("message.channels", "public channels"),
    ("message.groups", "private channels"),
    ("message.im", "direct messages"),
    ("tokens_revoked", "the same when a token is revoked"),
];

/// `callback_id` of the message shortcut.
pub const SHORTCUT: &str = "diagnose_message";
/// Where Slack posts in the mode `http`.
const PATH: &str = "/slack/events";

/// The manifest as YAML. `http`: the public address of the bot for the mode `http`; without one Socket Mode is asked for.
pub fn manifest(http: Option<&str>) -> Result<String, String> {
    let url = http.map(request_url).transpose()?;
    let at = |indent: usize| match &url {
        Some(url) => format!("{}request_url: {url}\n", " ".repeat(indent)),
        None => String::new(),
    };
    let list = |all: &[(&str, &str)], indent: usize| {
        let names: Vec<String> = all.iter().map(|(name, _)| format!("{}- {name}\n", " ".repeat(indent))).collect();
        names.concat()
    };
    let (command, events, clicks) = (at(6), at(4), at(4));
    let (scopes, bot_events) = (list(&SCOPES, 6), list(&EVENTS, 6));
    let socket = url.is_none();
    Ok(format!(
        "display_information:
  name: Reanchor
  description: Diagnoses and repairs Okta to Microsoft 365 provisioning errors, with approvals
  background_color: \"#1f3a5f\"
features:
  app_home:
    home_tab_enabled: true
    messages_tab_enabled: true
    messages_tab_read_only_enabled: false
  bot_user:
    display_name: Reanchor
    always_online: true
  shortcuts:
    - name: Diagnose provisioning error
      type: message
      callback_id: {SHORTCUT}
      description: Says what the error means and looks the person up
  slash_commands:
    - command: /reanchor
{command}      description: Diagnose, look up, approve, freeze
      usage_hint: diagnose <text> | lookup <user> | status | help
      should_escape: true
oauth_config:
  scopes:
    bot:
{scopes}settings:
  event_subscriptions:
{events}    bot_events:
{bot_events}  interactivity:
    is_enabled: true
{clicks}  org_deploy_enabled: true
  socket_mode_enabled: {socket}
  token_rotation_enabled: false
"
    ))
}

/// The address at which Slack reaches the bot. It goes into YAML as it is, so it may hold nothing that YAML reads.
fn request_url(base: &str) -> Result<String, String> {
    let wrong = || {
        Err(format!("`{}` is no public address; give one such as https://reanchor.example.com", base.escape_debug()))
    };
    let Ok(url) = reqwest::Url::parse(base.trim()) else { return wrong() };
    let plain =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    if url.scheme() != "https" || !plain {
        return wrong();
    }
    let whole = url.as_str().trim_end_matches('/');
    Ok(if whole.ends_with(PATH) { whole.to_owned() } else { format!("{whole}{PATH}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_mode_needs_no_address_and_http_stands_wherever_slack_posts() {
        let socket = manifest(None).unwrap();
        assert!(!socket.contains("request_url") && socket.contains("socket_mode_enabled: true"));
        let http = manifest(Some("https://bot.example.com/")).unwrap();
        assert_eq!(http.matches("request_url: https://bot.example.com/slack/events\n").count(), 3);
        assert!(http.contains("socket_mode_enabled: false"));
        assert_eq!(manifest(Some("https://bot.example.com/slack/events")), Ok(http));
        for bad in ["http://bot.example.com", "bot", "https://u:p@bot.example.com", "https://x.example/?a: b", ""] {
            assert!(manifest(Some(bad)).is_err(), "{bad}");
        }
        assert!(manifest(Some("https://bot.example.com/a\nb: c")).is_ok_and(|text| !text.contains("b: c")));
    }

    #[test]
    fn scopes_are_sorted_and_asked_for_once() {
        for list in [SCOPES.map(|(name, _)| name).to_vec(), EVENTS.map(|(name, _)| name).to_vec()] {
            assert!(list.windows(2).all(|pair| pair[0] < pair[1]), "{list:?}");
        }
        for refused in
            ["chat:write.public", "chat:write.customize", "channels:join", "users:read.email", "channels:manage"]
        {
            assert!(!manifest(None).unwrap().contains(refused), "{refused}");
        }
    }

    /// The table of the documentation is the manifest's.
    #[test]
    fn the_documentation_names_the_same_scopes_with_the_same_reasons() {
        let rows: Vec<(&str, &str)> = include_str!("../../../docs/slack.md")
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | "))
            .filter(|(name, _)| name.contains(':') || *name == "commands")
            .collect();
        let expected: Vec<(&str, &str)> = SCOPES.into_iter().chain([APP_SCOPE]).collect();
        assert_eq!(rows, expected);
    }
}
