//! Wrong configurations and the exact words about them.

use super::{folder, general, read, vars, words};
use reanchor::config::{ConfigError, load};
use reanchor::{graph, okta};

/// What the first part of the program that reads it says about a text.
fn message(text: &str, env: &[(&str, &str)]) -> String {
    let dir = folder(&[("reanchor.toml", text)]);
    let all = || {
        let mut config = read(dir.path(), env)?;
        config.general()?;
        if config.has("okta") {
            config.section::<okta::settings::Settings>("okta")?;
        }
        config.section_if_there::<graph::settings::Settings>("graph")?;
        config.section_if_there::<okta::settings::Settings>("okta")?;
        config.finish()
    };
    words(dir.path(), &all().expect_err(text))
}

#[test]
fn wrong_values_name_key_place_value_and_what_is_allowed() {
    for (text, want) in [
        (
            "[store]\n[mode]\ndefault = \"fixx\"\n",
            "[mode] default = \"fixx\" in reanchor.toml line 3: allowed are observe, propose, fix",
        ),
        (
            "[server]\nadmin_listen = 8081\n",
            "[server] admin_listen = 8081 in reanchor.toml line 2: allowed is an IP address with a port, such as \
             \"127.0.0.1:8080\" or \"[::1]:8080\"",
        ),
        ("[mode]\ndefault = 3\n", "[mode] default = 3 in reanchor.toml line 2: allowed are observe, propose, fix"),
        (
            "[mode]\ndefautl = \"fix\"\n",
            "[mode] defautl in reanchor.toml line 2: no such key, the nearest is default; allowed are default",
        ),
        (
            "[server]\ncolour = 1\n",
            "[server] colour in reanchor.toml line 2: no such key; allowed are listen, admin_listen, public_url",
        ),
        ("mode = \"fix\"\n", "[mode] = \"fix\" in reanchor.toml line 1: allowed is a section with keys"),
        (
            "[server]\nlisten = \"8080\"\n",
            "[server] listen = \"8080\" in reanchor.toml line 2: allowed is an IP address with a port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"",
        ),
        (
            "[server]\nlisten = \"127.0.0.1:8081\"\n",
            "[server] admin_listen (in reanchor.toml line 1) is the same as listen; allowed: another port",
        ),
        (
            "[server]\npublic_url = \"http://bot.example\"\n",
            "[server] public_url (in reanchor.toml line 2) is not https; allowed: https://host, and http:// only to a loopback \
             address",
        ),
        (
            "[store]\nurl = \"mysql://u:hunter2@h/d\"\n",
            "[store] url (in reanchor.toml line 2) is not a known database; allowed: sqlite://PATH or \
             postgres://USER@HOST/DATABASE",
        ),
        (
            "[okta]\nallow_pause = true\n",
            "[okta] org_url in reanchor.toml line 1: this key is missing and has no default; set it there, or the variable \
             REANCHOR__OKTA__ORG_URL",
        ),
        (
            "[okta]\norg_url = \"https://a.okta.com\"\nallow_pause = \"yes\"\n",
            "[okta] allow_pause = \"yes\" in reanchor.toml line 3: allowed is true or false",
        ),
        (
            "[okta]\norg_url = \"https://a.okta.com\"\n\napid = \"0oa1\"\n",
            "[okta] apid in reanchor.toml line 4: no such key, the nearest is app_id; allowed are org_url, app_id, \
             deactivation, allow_pause, provisioning_type",
        ),
        (
            "[grahp]\ntenant_id = \"x\"\n",
            "[grahp] in reanchor.toml line 1: no part of the program has this section, the nearest is [graph]; allowed are \
             channel, graph, incident, link, mode, okta, policy, rules, run, sandbox, server, store",
        ),
        (
            "colour = \"red\"\n",
            "colour (in reanchor.toml line 1) stands outside of every section; allowed are the sections channel, graph, incident, link, mode, \
             okta, policy, rules, run, sandbox, server, store",
        ),
    ] {
        assert_eq!(message(text, &[]), want);
    }
}

#[test]
fn terms_of_runs_that_could_never_write_are_refused() {
    const LENGTH: &str =
        "allowed is a whole number with ms, s, m or h, up to a day, such as \"300ms\", \"15s\", \"2m\", \"1h\"";
    for (text, want) in [
        ("lease = \"60x\"", format!("[run] lease = \"60x\" in reanchor.toml line 2: {LENGTH}")),
        ("lease = 60", format!("[run] lease = 60 in reanchor.toml line 2: {LENGTH}")),
        ("lease = \"25h\"", format!("[run] lease = \"25h\" in reanchor.toml line 2: {LENGTH}")),
        ("lease = \"-1s\"", format!("[run] lease = \"-1s\" in reanchor.toml line 2: {LENGTH}")),
        (
            "lease = \"999ms\"",
            "[run] lease (in reanchor.toml line 2) is 999ms; allowed: 1s or more".to_owned(),
        ),
        (
            "call_timeout = \"299ms\"",
            "[run] call_timeout (in reanchor.toml line 2) is 299ms; allowed: 300ms or more".to_owned(),
        ),
        (
            "poll_deadline = \"0s\"",
            "[run] poll_deadline (in reanchor.toml line 2) is 0s; allowed: 1s or more".to_owned(),
        ),
        (
            "lease = \"18s\"",
            "[run] lease (in reanchor.toml line 2) is 18s, too short for a call_timeout of 15s: no write would ever be sent; \
             allowed: call_timeout and a reserve of 5s or a fifth of the lease, here 18600ms or more"
                .to_owned(),
        ),
    ] {
        assert_eq!(message(&format!("[run]\n{text}\n"), &[]), want);
    }
    for (lease, call) in [("1s", "300ms"), ("60s", "15s"), ("60s", "55s"), ("20s", "16s")] {
        let text = format!("[run]\nlease = \"{lease}\"\ncall_timeout = \"{call}\"\n");
        assert!(general(&text, &[]).is_ok(), "{text}");
    }
    assert!(general("[run]\nlease = \"60s\"\ncall_timeout = \"56s\"\n", &[]).is_err());
}

#[test]
fn wrong_channels_and_policies_are_named_by_their_line() {
    const CHANNEL: &str = "[[channel]]\nsurface = \"slack\"\nid = \"C1\"\n";
    for (text, want) in [
        (
            format!("{CHANNEL}facts = \"all\"\n"),
            "[[channel]] facts = \"all\" in reanchor.toml line 4: allowed are full, minimal, none",
        ),
        (
            "[[channel]]\nid = \"C1\"\n".to_owned(),
            "[[channel]] surface in reanchor.toml line 1: this key is missing and has no default; set it there",
        ),
        (
            format!("{CHANNEL}\n{CHANNEL}"),
            "[[channel]] id (in reanchor.toml line 7) is listed twice for this surface; keep one of them",
        ),
        (
            "[[channel]]\nsurface = \"Slack\"\nid = \"C1\"\n".to_owned(),
            "[[channel]] surface (in reanchor.toml line 2) is not the name of a surface; allowed: lower-case letters, such as \
             slack",
        ),
        (
            "[channel]\nid = \"C1\"\n".to_owned(),
            "[channel] in reanchor.toml line 1: allowed is a list, such as [\"a\", \"b\"]",
        ),
        (
            "[[policy]]\nname = \"a\"\naskers = \"00g1\"\n".to_owned(),
            "[[policy]] askers = \"00g1\" in reanchor.toml line 3: allowed is a list, such as [\"a\", \"b\"]",
        ),
        (
            "[[policy]]\nname = \"a\"\nprotected = [\"00gAdmins\"]\n".to_owned(),
            "[[policy]] protected (in reanchor.toml line 3) lists a group; allowed are accounts only: Okta user ids, Entra \
             object ids, logins",
        ),
        (
            "[[policy]]\nname = \"a\"\n[[policy]]\nname = \"a\"\n".to_owned(),
            "[[policy]] name (in reanchor.toml line 4) is the name of an earlier policy; allowed: another name",
        ),
    ] {
        assert_eq!(message(&text, &[]), want);
    }
}

#[test]
fn names_of_groups_are_refused_and_handed_back() {
    let text = "[[policy]]\nname = \"ops\"\naskers = [\"Help desk\", \"00g1\"]\napprovers = [\"Admins\", \"Help desk\", \"00g\"]\n";
    let dir = folder(&[("reanchor.toml", text)]);
    let error = read(dir.path(), &[]).unwrap().general().unwrap_err();
    assert_eq!(
        words(dir.path(), &error),
        "[[policy]] \"ops\" (in reanchor.toml line 1) names groups by what is not an id: \"00g\", \"Admins\", \"Help desk\"; \
         allowed are ids of Okta groups, 00g and letters or digits"
    );
    let ConfigError::GroupNames { names, .. } = error else { panic!("{error}") };
    assert_eq!(names, ["00g", "Admins", "Help desk"]);
}

#[test]
fn wrong_variables_are_named() {
    for (env, want) in [
        (
            ("REANCHOR__MODE__DEFAULT", "fixx"),
            "[mode] default = \"fixx\" in the variable REANCHOR__MODE__DEFAULT: allowed are observe, propose, fix",
        ),
        (
            ("REANCHOR__MODE", "fix"),
            "cannot understand the variable REANCHOR__MODE: it names the section [mode] but no key; allowed is \
             REANCHOR__MODE__KEY",
        ),
        (
            ("REANCHOR__MODE____X", "fix"),
            "cannot understand the variable REANCHOR__MODE____X: allowed is REANCHOR__SECTION__KEY, with two underscores \
             between the parts",
        ),
        (
            ("REANCHOR__CHANNEL__FACTS", "full"),
            "cannot understand the variable REANCHOR__CHANNEL__FACTS: channel is a list, which is set as a whole: \
             REANCHOR__CHANNEL=[{key = \"value\"}]",
        ),
        (
            ("REANCHOR__OKTAA__X", "1"),
            "[oktaa] in the variable REANCHOR__OKTAA__X: no part of the program has this section, the nearest is [okta]; \
             allowed are channel, graph, incident, link, mode, okta, policy, rules, run, sandbox, server, store",
        ),
        (
            ("REANCHOR__CHANNEL", "[{surface = \"slack\"}]"),
            "[[channel]] id in the variable REANCHOR__CHANNEL: this key is missing and has no default; set it there",
        ),
    ] {
        assert_eq!(message("[[channel]]\nsurface = \"slack\"\nid = \"C1\"\n", &[env]), want);
    }
    let twice = [("REANCHOR__MODE__DEFAULT", "fix"), ("reanchor__mode__default", "observe")];
    assert_eq!(
        message("", &twice),
        "cannot understand the variable reanchor__mode__default: REANCHOR__MODE__DEFAULT names the same key; keep one of them"
    );
}

#[test]
fn files_that_cannot_be_read_say_what_to_do() {
    let dir = folder(&[("reanchor.toml", "[mode\ntoken = \"hunter2\"\n")]);
    let fails = |name: &str| words(dir.path(), &load(Some(&dir.path().join(name)), vars(&[])).expect_err(name));
    assert_eq!(
        fails("missing.toml"),
        "cannot read the configuration missing.toml: there is no such file; name one with --config, or begin with a copy of \
         config/reanchor.toml"
    );
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    assert_eq!(fails("sub"), "cannot read the configuration sub: it is a folder; name the file inside it");
    std::fs::write(dir.path().join("latin.toml"), b"[mode]\n# caf\xe9\n").unwrap();
    assert_eq!(
        fails("latin.toml"),
        "cannot read the configuration latin.toml: it is not UTF-8 (line 2); save it as UTF-8"
    );
    std::fs::write(dir.path().join("big.toml"), vec![b'#'; (1 << 20) + 1]).unwrap();
    assert!(fails("big.toml").contains("longer than 1 MiB"));
    let syntax = fails("reanchor.toml");
    assert!(syntax.starts_with("cannot understand reanchor.toml line 1: "), "{syntax}");
    std::fs::write(dir.path().join("open.toml"), "[okta]\ntoken = \"hunter2\n").unwrap();
    let syntax = fails("open.toml");
    assert!(syntax.starts_with("cannot understand open.toml line 2: ") && !syntax.contains("hunter2"), "{syntax}");
    std::fs::write(dir.path().join("twice.toml"), "[mode]\na = 1\na = 2\n").unwrap();
    assert!(fails("twice.toml").starts_with("cannot understand twice.toml line 3: duplicate key"));

    std::fs::create_dir(dir.path().join("reanchor.env")).unwrap();
    std::fs::write(dir.path().join("fine.toml"), "").unwrap();
    assert_eq!(fails("fine.toml"), "cannot read the env file reanchor.env: it is a folder; name the file inside it");
}

#[test]
fn the_owner_of_a_section_gets_the_place_of_a_key_it_refuses() {
    let dir = folder(&[("reanchor.toml", "[okta]\norg_url = \"https://x-admin.okta.com\"\n")]);
    let mut config = read(dir.path(), &[]).unwrap();
    let flaw = config.section::<okta::settings::Settings>("okta").unwrap().check().unwrap_err();
    let error = words(dir.path(), &config.unfit(flaw.section, &[flaw.key], flaw.problem));
    assert!(error.starts_with("[okta] org_url (in reanchor.toml line 2) is the host of the admin console"), "{error}");
    let error = words(dir.path(), &config.unfit("slack", &["mode"], "is missing"));
    assert_eq!(error, "[slack] mode (default, not set in reanchor.toml) is missing");
}
