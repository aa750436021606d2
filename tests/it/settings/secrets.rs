//! Where secrets come from, who asks for them, and that nothing shows them.

use super::{folder, read, vars, words};
use reanchor::config::secrets::{NAMES, check_write_secrets};
use reanchor::config::{Environment, load};
use reanchor::domain::settings::Mode;
use std::ffi::OsString;
use std::sync::Arc;

const VALUE: &str = "00hunter2hunter2";

#[test]
fn a_secret_comes_from_the_environment_or_the_env_file_or_a_file() {
    let dir = folder(&[
        ("reanchor.toml", ""),
        ("reanchor.env", "A=listed\nB='lis$ted'\nC_FILE=beside.txt\nD=listed\nE=\n"),
        ("beside.txt", "from a file\n"),
        ("other.txt", "  other \n"),
        ("empty.txt", " \n"),
    ]);
    let at = |name: &str| dir.path().join(name).display().to_string();
    let env = [
        ("A", "own"),
        ("D_FILE", &at("other.txt")),
        ("E", "  "),
        ("F", "x"),
        ("F_FILE", "y"),
        ("G_FILE", &at("empty.txt")),
        ("H_FILE", &at("missing.txt")),
    ];
    let config = read(dir.path(), &env).unwrap();
    let secret = |name| config.secrets().secret(name).map(|found| found.map(|hidden| hidden.expose().to_owned()));
    for (name, want) in [
        ("A", Some("own")),
        ("B", Some("lis$ted")),
        ("C", Some("from a file")),
        ("D", Some("other")),
        ("E", None),
        ("Z", None),
    ] {
        assert_eq!(secret(name).unwrap().as_deref(), want, "{name}");
    }
    for (name, want) in [
        ("F", "F: is set, and F_FILE too; keep one of them"),
        ("G", "G_FILE: the file empty.txt is empty"),
        ("H", "cannot read a secret missing.txt: there is no such file; H_FILE names it"),
    ] {
        assert_eq!(words(dir.path(), &secret(name).unwrap_err()), want);
    }
    let missing = config.secrets().needed("OKTA_READ_TOKEN", "to read Okta").unwrap_err();
    assert_eq!(
        words(dir.path(), &missing),
        "OKTA_READ_TOKEN: is not set and is needed to read Okta; set OKTA_READ_TOKEN, or OKTA_READ_TOKEN_FILE with the path of \
         a file, in the environment or in reanchor.env"
    );
}

#[cfg(unix)]
#[test]
fn files_that_everybody_can_read_are_warned_about() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = folder(&[("reanchor.toml", ""), ("reanchor.env", "A_FILE=a.txt"), ("a.txt", VALUE)]);
    let chmod = |name: &str, mode| {
        std::fs::set_permissions(dir.path().join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for (mode, want) in [(0o600, 0), (0o640, 0), (0o644, 1)] {
        chmod("reanchor.env", mode);
        chmod("a.txt", mode);
        let config = read(dir.path(), &[]).unwrap();
        assert_eq!(config.warnings().len(), want, "the env file, {mode:o}");
        for _ in 0..2 {
            assert!(config.secrets().secret("A").unwrap().is_some());
        }
        let warnings = config.warnings();
        assert_eq!(warnings.len(), 2 * want, "{warnings:?}");
        assert!(warnings.iter().all(|text| text.contains("chmod 600") && !text.contains(VALUE)));
    }
}

#[test]
fn a_secret_in_the_file_is_refused_with_advice() {
    for (text, start, name) in [
        (
            "[okta]\ntoken = \"V\"",
            "[okta] token (in reanchor.toml line 2)",
            "reanchor.env: OKTA_READ_TOKEN, OKTA_WRITE_TOKEN,",
        ),
        ("[graph]\nclient_secret = \"V\"", "[graph] client_secret (in", "GRAPH_READ_CLIENT_SECRET"),
        ("[slack]\nsigningSecret = \"V\"", "[slack] signingSecret (in", "SLACK_SIGNING_SECRET"),
        ("[slack]\nhome = \"xoxb-V\"", "[slack] home (in", "SLACK_BOT_TOKEN"),
        ("[a.b]\napi_key = \"V\"", "[a] b.api_key (in", "AUDIT_KEY"),
        (
            "[[policy]]\nname = \"a\"\npassword = \"V\"",
            "[policy] password (in reanchor.toml line 3)",
            "OKTA_READ_TOKEN",
        ),
        ("OKTA_WRITE_TOKEN = \"V\"", "OKTA_WRITE_TOKEN (in reanchor.toml line 1)", "reanchor.env: OKTA_WRITE_TOKEN,"),
    ] {
        let dir = folder(&[("reanchor.toml", &text.replace('V', VALUE))]);
        let error = read(dir.path(), &[]).unwrap_err();
        let shown = words(dir.path(), &error);
        assert!(shown.starts_with(start) && shown.contains("looks like a secret") && shown.contains(name), "{shown}");
        assert!(!format!("{error:?}{shown}").contains(VALUE), "{shown}");
    }
    let dir = folder(&[("reanchor.toml", "")]);
    let error = words(dir.path(), &read(dir.path(), &[("REANCHOR__OKTA__TOKEN", VALUE)]).unwrap_err());
    assert!(error.starts_with("[okta] token (in the variable REANCHOR__OKTA__TOKEN) looks like a secret"), "{error}");
    let fine = folder(&[("reanchor.toml", "[graph]\ntoken_url = \"https://x/t\"\n[sandbox]\ncontrol_token = \"t\"\n")]);
    assert!(read(fine.path(), &[]).is_ok());
}

#[test]
fn no_error_and_no_debug_shows_a_secret_that_stands_in_a_wrong_place() {
    for text in [
        "[mode]\ndefault = \"V\"",
        "[server]\nlisten = \"V\"",
        "[run]\nlease = \"V\"",
        "[sandbox]\ncontrol_url = \"V\"\ncontrol_token = \"V\"\nproof = \"V\"",
        "[sandbox]\ncontrol_url = \"http://127.0.0.1\"\ncontrol_token = 12345678\nproof = \"V\"",
        "[store]\nurl = \"postgres://u:V@h/d",
        "[store]\nurl = \"V\"",
    ] {
        // as long as the tokens of Okta
        let value = "00VJwqVQqWJmT1Y3kZbMhunter2hunter2hunter2_";
        let dir = folder(&[("reanchor.toml", &text.replace('V', value))]);
        let result = read(dir.path(), &[]).and_then(|mut config| config.general());
        let error = result.expect_err(text);
        assert!(!format!("{error}{error:?}").contains("hunter2"), "{error}");
        assert!(!error.to_string().contains("12345678"), "{error}");
    }
    let dir = folder(&[("reanchor.toml", ""), (".env", &format!("AUDIT_KEY={VALUE}"))]);
    let config = read(dir.path(), &[]).unwrap();
    let hidden = config.secrets().secret("AUDIT_KEY").unwrap().unwrap();
    assert_eq!(hidden.expose(), VALUE);
    assert!(!format!("{config:?}{hidden:?}{:?}", config.secrets()).contains(VALUE));
}

/// An environment in which asking for a write credential is a failure of the test.
struct NoWrites;

impl Environment for NoWrites {
    fn value(&self, name: &str) -> Option<OsString> {
        assert!(!name.contains("WRITE"), "{name} was asked for");
        Some(OsString::from("read"))
    }

    fn overrides(&self) -> Vec<(String, OsString)> {
        vec![("REANCHOR__MODE__DEFAULT".to_owned(), OsString::from("propose"))]
    }
}

#[test]
fn observe_and_propose_never_ask_for_write_credentials() {
    let dir = folder(&[("reanchor.toml", "")]);
    let mut config = load(Some(&dir.path().join("reanchor.toml")), Arc::new(NoWrites)).unwrap();
    let mode = config.general().unwrap().mode;
    assert_eq!(mode, Mode::Propose);
    for mode in [mode, Mode::Observe] {
        check_write_secrets(mode, config.secrets()).unwrap();
    }
    let asked =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check_write_secrets(Mode::Fix, config.secrets())));
    assert!(asked.is_err(), "mode fix did not ask");
}

#[test]
fn mode_fix_needs_credentials_of_its_own() {
    let all = |change: Option<(&'static str, &'static str)>| {
        let names = NAMES.iter().take(6).map(|(name, _)| *name);
        let pairs: Vec<(&str, &str)> =
            names.map(|name| change.filter(|(key, _)| *key == name).unwrap_or((name, name))).collect();
        let dir = folder(&[("reanchor.toml", "")]);
        let config = load(Some(&dir.path().join("reanchor.toml")), vars(&pairs)).unwrap();
        check_write_secrets(Mode::Fix, config.secrets()).map_err(|error| words(dir.path(), &error))
    };
    assert_eq!(all(None), Ok(()));
    for (write, read) in [
        ("OKTA_WRITE_TOKEN", "OKTA_READ_TOKEN"),
        ("GRAPH_WRITE_CLIENT_ID", "GRAPH_READ_CLIENT_ID"),
        ("GRAPH_WRITE_CLIENT_SECRET", "GRAPH_READ_CLIENT_SECRET"),
    ] {
        // the value of each variable is its own name, so this makes the two equal
        let error = all(Some((write, read))).unwrap_err();
        let want = format!(
            "{write}: equals {read}; mode fix needs credentials for writing that are not those for reading. Make a second one \
             that only runs use, or set [mode] default = \"propose\". Nothing was started"
        );
        assert_eq!(error, want);
        let error = all(Some((write, ""))).unwrap_err();
        assert!(error.starts_with(&format!("{write}: is not set and is needed in mode fix; set {write}")), "{error}");
    }
}
