//! The texts of `config/reanchor.toml` and `config/example.env`: every key with its default, every secret with its use.
//!
//! Never shows a value that could be taken for a real one. Begin with [`text`].

use super::secrets;

const HEAD: &str = "\
# The configuration of reanchor: every key with its default. This file is generated; a test compares it.
#
# Every key can also be set by a variable: REANCHOR__SECTION__KEY, such as REANCHOR__MODE__DEFAULT=propose. Values are
# written as in TOML; a text needs no quotes. A list of tables is set as a whole:
#   REANCHOR__CHANNEL=[{surface = \"slack\", id = \"C0123456789\"}]
# The environment wins over reanchor.env (or else .env) beside this file, and that wins over this file.
#
# Secrets never stand here: see example.env.
";

/// The sections that come before those of other folders.
const FIRST: &str = r#"
[server]
# Webhooks of the surfaces, sign-in with Okta, /healthz.
listen = "127.0.0.1:8080"
# Metrics, /readyz, /v1/diagnose: an address of this machine; any other needs the secret REANCHOR_ADMIN_TOKEN.
admin_listen = "127.0.0.1:8081"
# The address under which others reach "listen". Default: not set.
# public_url = "https://reanchor.example.com"

[store]
# sqlite://PATH (made when it is not there; relative to the current folder) or postgres://USER@HOST/DATABASE.
# A password belongs into the variable REANCHOR__STORE__URL.
url = "sqlite://reanchor.sqlite"

[mode]
# "observe" reads only, "propose" also plans and votes, "fix" also runs approved plans.
default = "observe"

[rules]
# A folder with rule files of your own, relative to the current folder: each adds a class, or replaces the one of its name.
# "reanchor rules check DIR" tells what is wrong in them. Default: not set.
# dir = "rules"

[run]
# A whole number with ms, s, m or h. A lease is 1s or more, and outlasts call_timeout by 5s or a fifth of itself.
lease = "60s"
# The longest time one call to Okta or Graph may take; 300ms or more.
call_timeout = "15s"
# How long to wait for what Okta or Entra does by itself; 1s or more.
poll_deadline = "2m"
"#;

/// The sections that come after them.
const LAST: &str = r#"
# Incidents of the vendors. While one is open that can be the cause of an error, its card says so and no fix is offered.
# A feed that cannot be read counts as unknown, never as "no incident".
[incident]
# The feed of Okta's status page (RSS or Atom), without a query. The address below is the one that Okta's developer
# documentation and status.okta.com name; it leads to another company's host. Default: not set, which switches it off.
# okta_rss = "https://feeds.feedburner.com/OktaTrustRSS"
# Service health of the tenant by Microsoft Graph; the read application needs ServiceHealth.Read.All.
graph_health = false

# Where the bot listens. A channel that is not listed is not listened to. Default: none. One table a channel.
# [[channel]]
# "slack", "teams", "discord", "console"
# surface = "slack"
# The surface's own id of the channel.
# id = "C0123456789"
# Whether pasted errors are answered; commands and buttons always are.
# listen = true
# What a look-up shows there: "full", "minimal" (states without names, addresses and ids) or "none".
# facts = "minimal"

# Who may do what: ids of Okta groups (00g...), never names. An empty list permits nobody.
[[policy]]
name = "default"
# May ask for remedies.
askers = []
# May vote on a plan.
approvers = []
# May thaw.
operators = []
# Accounts that no remedy may touch: Okta user ids, Entra object ids, logins.
protected = []

# Only for a simulated tenant on this machine; "reanchor tenant" writes it. Default: not there.
# [sandbox]
# control_url = "http://127.0.0.1:7880/_sandbox"
# control_token = "written by the tenant"
# proof = "written by the tenant"
"#;

/// The whole example file. `sections` are those of other folders: name and example text, in the order to be printed.
pub fn text(sections: &[(&str, &str)]) -> String {
    let mut out = format!("{HEAD}{FIRST}");
    for (_, example) in sections {
        out.push('\n');
        out.push_str(example.trim());
        out.push('\n');
    }
    out.push_str(LAST);
    out
}

/// The example of an env file: every secret, not set, with a line about it.
pub fn env_text() -> String {
    let mut out = String::from(
        "# Secrets of reanchor: copy this file to reanchor.env beside reanchor.toml (chmod 600), or set the variables in the\n\
         # environment, which wins. Each can also be given as a file: NAME_FILE=/path. An empty one counts as not set.\n\
         # Write a value with spaces, quotes or $ in single quotes. This file is generated; a test compares it.\n",
    );
    for (name, about) in secrets::NAMES {
        for part in ["\n# ", about, "\n", name, "=\n"] {
            out.push_str(part);
        }
    }
    out
}
