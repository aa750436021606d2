//! The configuration as a whole: what loads, what wins, what is refused and in which words, where secrets come from.

mod secrets;
mod wrong;

use reanchor::config::{Config, ConfigError, Environment, General, example, load};
use reanchor::domain::ids::GroupId;
use reanchor::domain::settings::{Mode, Sharing};
use reanchor::surface::slack;
use reanchor::{graph, okta};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// Variables for one test.
fn vars(pairs: &[(&str, &str)]) -> Arc<dyn Environment> {
    let map: BTreeMap<String, String> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Arc::new(map)
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn read(dir: &Path, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    load(Some(&dir.join("reanchor.toml")), vars(env))
}

/// The general sections of a text and variables.
fn general(text: &str, env: &[(&str, &str)]) -> Result<General, ConfigError> {
    let dir = folder(&[("reanchor.toml", text)]);
    read(dir.path(), env)?.general()
}

/// The error's words with the path of the folder taken out.
fn words(dir: &Path, error: &ConfigError) -> String {
    error.to_string().replace(&format!("{}/", dir.display()), "")
}

/// Sections of other folders with their examples, in the order of the file.
fn sections() -> Vec<(&'static str, &'static str)> {
    let mut all = vec![("okta", okta::settings::EXAMPLE), ("graph", graph::settings::EXAMPLE)];
    all.extend(reanchor::boot::surfaces::examples());
    all
}

#[test]
fn the_examples_in_config_are_the_generated_ones() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let bless = reanchor::config::process().value("REANCHOR_BLESS").is_some_and(|value| value == "1");
    for (name, want) in [("reanchor.toml", example::text(&sections())), ("example.env", example::env_text())] {
        let path = root.join(name);
        if bless {
            std::fs::write(&path, &want).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == want,
            "config/{name} is not what the program generates; run REANCHOR_BLESS=1 cargo test --test it settings:: and look \
             at the difference"
        );
    }
}

#[test]
fn the_example_loads_and_shows_the_defaults() {
    let text = example::text(&sections());
    let dir = folder(&[("reanchor.toml", &text)]);
    let mut config = read(dir.path(), &[]).unwrap();
    let shown = config.general().unwrap();
    config.section::<okta::settings::Settings>("okta").unwrap().check().unwrap();
    config.section::<graph::settings::Settings>("graph").unwrap().check().unwrap();
    config.finish().unwrap();
    let mut defaults = general("", &[]).unwrap();
    assert_eq!((shown.policies.len(), defaults.policies.len()), (1, 0));
    assert_eq!(shown.policies[0].name, "default");
    assert!(shown.policies[0].askers.is_empty() && shown.policies[0].protected.is_empty());
    defaults.policies.clone_from(&shown.policies);
    assert_eq!(shown, defaults);
    assert_eq!(shown.mode, Mode::Observe);
}

#[test]
fn every_commented_key_of_the_example_is_a_real_one() {
    let text = example::text(&sections());
    let key = |line: &str| {
        let line = line.trim_start_matches("# ");
        line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
    };
    let open: String = text
        .lines()
        .map(|line| if key(line) { line.trim_start_matches("# ") } else { line })
        .flat_map(|line| [line, "\n"])
        .collect();
    let dir = folder(&[("reanchor.toml", &open)]);
    let mut config = read(dir.path(), &[]).unwrap();
    let all = config.general().unwrap();
    assert_eq!(all.channels.len(), 1);
    assert_eq!((all.channels[0].listen, all.channels[0].facts), (true, Sharing::Minimal), "not the defaults");
    assert!(all.sandbox.is_some() && all.server.public_url.is_some());
    assert!(config.section::<okta::settings::Settings>("okta").unwrap().app_id.is_some());
    assert!(config.section::<graph::settings::Settings>("graph").unwrap().token_url.is_some());
    assert_eq!(config.section::<slack::settings::Settings>("slack").unwrap(), slack::settings::Settings::default());
    assert_eq!(all.links.len(), 1);
    reanchor::boot::surfaces::Wanted::read(&mut config).unwrap();
    config.finish().unwrap();
}

#[test]
fn the_environment_wins_over_the_env_file_and_that_over_the_file() {
    let dir = folder(&[
        ("reanchor.toml", "[run]\nlease = \"50s\"\ncall_timeout = \"14s\"\npoll_deadline = \"3m\"\n"),
        (
            "reanchor.env",
            "REANCHOR__RUN__CALL_TIMEOUT=13s\nREANCHOR__RUN__POLL_DEADLINE=4m\nREANCHOR__STORE__URL=sqlite://a\n",
        ),
        (".env", "REANCHOR__RUN__LEASE=1h\n"),
    ]);
    let env =
        [("reanchor__run__Poll_Deadline", "5m"), ("REANCHOR__MODE__DEFAULT", "propose"), ("REANCHOR__RUN__LEASE", "")];
    let all = read(dir.path(), &env).unwrap().general().unwrap();
    assert_eq!((all.run.lease.0, all.run.call_timeout.0, all.run.poll_deadline.0), (50_000, 13_000, 300_000));
    assert_eq!((all.mode, all.store.url.as_str()), (Mode::Propose, "sqlite://a"));

    std::fs::remove_file(dir.path().join("reanchor.env")).unwrap();
    assert_eq!(
        read(dir.path(), &[]).unwrap().general().unwrap().run.lease.0,
        3_600_000,
        ".env is read when it is alone"
    );
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sample {
    text: String,
    number: i64,
    flag: bool,
    list: Vec<String>,
    deep: BTreeMap<String, u16>,
    perhaps: Option<String>,
}

impl Default for Sample {
    fn default() -> Self {
        Self { text: "t".to_owned(), number: 1, flag: false, list: Vec::new(), deep: BTreeMap::new(), perhaps: None }
    }
}

#[test]
fn variables_are_read_as_toml_where_they_are_and_as_text_where_a_text_is_wanted() {
    let dir = folder(&[("reanchor.toml", "[sample]\nlist = [\"old\", \"older\"]\n[sample.deep]\na = 1\nb = 2\n")]);
    let env = [
        ("REANCHOR__SAMPLE__TEXT", "012"),
        ("REANCHOR__SAMPLE__NUMBER", "7"),
        ("REANCHOR__SAMPLE__FLAG", "true"),
        ("REANCHOR__SAMPLE__LIST", "[\"new\"]"),
        ("REANCHOR__SAMPLE__DEEP__B", "3"),
        ("REANCHOR__SAMPLE__PERHAPS", "2026-01-01"),
    ];
    let mut config = read(dir.path(), &env).unwrap();
    assert_eq!(config.sections_left(), ["sample"]);
    let sample: Sample = config.section("sample").unwrap();
    let deep = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 3)]);
    let want = Sample {
        text: "012".to_owned(),
        number: 7,
        flag: true,
        list: vec!["new".to_owned()],
        deep,
        perhaps: Some("2026-01-01".to_owned()),
    };
    assert_eq!(sample, want);
    assert!(config.sections_left().is_empty());
    assert_eq!(config.section::<Sample>("absent").unwrap(), Sample::default());
    assert_eq!(config.section_if_there::<Sample>("absent").unwrap(), None);
    assert_eq!(config.place("sample", &["deep", "b"]), "in the variable REANCHOR__SAMPLE__DEEP__B");

    let quoted = [("REANCHOR__SAMPLE__TEXT", "\"\""), ("REANCHOR__SAMPLE__NUMBER", "8")];
    let sample: Sample = read(dir.path(), &quoted).unwrap().section("sample").unwrap();
    assert_eq!((sample.text.as_str(), sample.number), ("", 8), "an empty text is written with quotes");
}

#[test]
fn lists_of_tables_come_from_a_variable_as_a_whole() {
    let env = [(
        "REANCHOR__POLICY",
        "[{name = \"ops\", askers = [\"00g1\"], approvers = [\"00g2\", \"00g3\"], protected = [\" CEO@Example.com \"]}]",
    )];
    let all = general("[[policy]]\nname = \"old\"\n", &env).unwrap();
    assert_eq!(all.policies.len(), 1);
    let policy = &all.policies[0];
    assert_eq!((policy.name.as_str(), &policy.approvers), ("ops", &vec![GroupId::new("00g2"), GroupId::new("00g3")]));
    assert_eq!((&policy.protected, policy.operators.len()), (&vec!["ceo@example.com".to_owned()], 0));
}

#[test]
fn an_empty_file_gives_defaults_and_variables() {
    let env = [("REANCHOR__STORE__URL", "postgres://u:pw@h/d"), ("REANCHOR__SERVER__LISTEN", "0.0.0.0:80")];
    let public = [("REANCHOR__SERVER__PUBLIC_URL", "https://bot.example.com/")];
    assert_eq!(general("", &public).unwrap().server.public_url.as_deref(), Some("https://bot.example.com"));
    let dir = folder(&[("reanchor.toml", "\u{feff}")]);
    let mut config = read(dir.path(), &env).unwrap();
    let all = config.general().unwrap();
    assert_eq!(all.server.listen.to_string(), "0.0.0.0:80");
    assert!(config.warnings().is_empty());
    config.finish().unwrap();
    assert!(!format!("{all:?}{config:?}").contains("pw"));

    let dir = folder(&[("reanchor.toml", "[store]\nurl = \"postgres://u:pw@h/d\"\n")]);
    let warnings = read(dir.path(), &[]).unwrap().warnings().join("");
    assert!(warnings.contains("line 2) holds a password") && !warnings.contains("pw@"), "{warnings}");
}

#[tokio::test]
async fn the_configuration_that_the_sandbox_writes_loads_fully() {
    let tenant = reanchor::sandbox::Tenant::start(super::sandbox::options("deleted-replaced")).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = tenant.write_config(dir.path()).unwrap();
    let mut config = load(Some(&file), vars(&[])).unwrap();
    let all = config.general().unwrap();
    config.section::<okta::settings::Settings>("okta").unwrap().check().unwrap();
    config.section::<graph::settings::Settings>("graph").unwrap().check().unwrap();
    config.finish().unwrap();
    let access = tenant.access();
    assert_eq!(all.mode, Mode::Fix);
    assert!(all.store.url.starts_with("sqlite:///"));
    assert_eq!(all.policies.len(), 1);
    assert!(!all.policies[0].askers.is_empty() && !all.policies[0].operators.is_empty());
    assert_eq!((all.channels.len(), all.channels[0].facts), (1, Sharing::Full));
    let sandbox = all.sandbox.clone().unwrap();
    assert_eq!((&sandbox.control_url, &sandbox.control_token, &sandbox.proof), {
        (&access.control_url, &access.control_token, &access.proof)
    });
    let secrets = config.secrets();
    for (name, want) in [
        ("OKTA_READ_TOKEN", &access.okta_read_token),
        ("OKTA_WRITE_TOKEN", &access.okta_write_token),
        ("GRAPH_READ_CLIENT_ID", &access.graph_read_client_id),
        ("GRAPH_READ_CLIENT_SECRET", &access.graph_read_client_secret),
        ("GRAPH_WRITE_CLIENT_ID", &access.graph_write_client_id),
        ("GRAPH_WRITE_CLIENT_SECRET", &access.graph_write_client_secret),
    ] {
        assert_eq!(secrets.secret(name).unwrap().unwrap().expose(), want, "{name}");
    }
    reanchor::config::secrets::check_write_secrets(all.mode, secrets).unwrap();
    assert_eq!(config.warnings(), Vec::<String>::new());
    let shown = format!("{config:?}{all:?}{secrets:?}");
    for hidden in [&access.okta_read_token, &access.graph_write_client_secret, &access.control_token, &access.proof] {
        assert!(!shown.contains(hidden.as_str()), "{shown}");
    }
    tenant.stop().await;
}
