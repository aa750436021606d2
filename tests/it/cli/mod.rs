//! Every sub-command from outside, with the real program: help, wrong usage, empty results, the form for programs, and a
//! database that cannot be used.

pub(crate) mod own_rules;
mod server_side;

use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// What a run of the program gave.
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Ran {
    /// Its lines as JSON.
    pub(super) fn json(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }
}

/// Runs the program in `folder` with nothing of our own environment but what it needs to start.
pub(super) fn reanchor(folder: &Path, args: &[&str], input: &str, env: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reanchor"));
    command.args(args).current_dir(folder).env_clear().envs(env.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that ends without reading its input is no mistake of the test.
    let _unread = child.stdin.take().unwrap().write_all(input.as_bytes()).is_err();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    Ran {
        code: status.code().unwrap(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

fn quick(args: &[&str]) -> Ran {
    let folder = TempDir::new().unwrap();
    reanchor(folder.path(), args, "", &[])
}

/// Every path of sub-commands, as `--help` of each names the next.
fn all_commands() -> Vec<Vec<String>> {
    fn walk(command: &clap::Command, path: &[String], all: &mut Vec<Vec<String>>) {
        for sub in command.get_subcommands() {
            let here: Vec<String> = path.iter().cloned().chain([sub.get_name().to_owned()]).collect();
            walk(sub, &here, all);
            all.push(here);
        }
    }
    let mut all = Vec::new();
    walk(&reanchor::cli::asked::command(), &[], &mut all);
    all
}

#[test]
fn every_sub_command_has_help_and_refuses_what_it_does_not_know() {
    let all = all_commands();
    for known in ["lookup", "freeze", "thaw", "migrate", "completions", "man", "serve", "diagnose", "rules"] {
        assert!(all.iter().any(|path| path[0] == known), "{known}");
    }
    for path in all {
        let mut args: Vec<&str> = path.iter().map(String::as_str).collect();
        args.push("--help");
        let help = quick(&args);
        assert_eq!(help.code, 0, "{path:?}: {}", help.err);
        assert!(help.out.contains("Usage: reanchor"), "{path:?}: {}", help.out);
        args.pop();
        args.push("--no-such-thing");
        let wrong = quick(&args);
        assert_eq!((wrong.code, wrong.out.as_str()), (2, ""), "{path:?}");
        assert!(wrong.err.contains("--no-such-thing") && wrong.err.contains("--help"), "{path:?}: {}", wrong.err);
    }
}

#[test]
fn what_is_needed_is_named_when_it_is_not_given() {
    for path in [&["case"][..], &["audit"], &["rules"], &["slack"]] {
        let bare = quick(path);
        assert_eq!((bare.code, bare.out.as_str()), (2, ""), "{path:?}");
        assert!(bare.err.contains("Commands:"), "{path:?}: {}", bare.err);
    }
    for (args, named) in [
        (&["lookup"][..], "<USER>"),
        (&["freeze"], "--reason"),
        (&["thaw"], "--reason"),
        (&["completions"], "<SHELL>"),
        (&["case", "show"], "<ID>"),
        (&["case", "erase"], "<ID>"),
        (&["rules", "show"], "<CLASS>"),
    ] {
        let ran = quick(args);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.err.contains(named), "{args:?}: {}", ran.err);
    }
    let empty = quick(&["freeze", "--reason", "  "]);
    assert_eq!(empty.code, 2);
    assert!(empty.err.contains("an empty reason is not one"), "{}", empty.err);
}

/// A sub-command and how it is called.
struct Line {
    path: &'static str,
    /// What else it needs.
    args: &'static [&'static str],
    /// Whether it opens the database of `--db`.
    database: bool,
    /// On an empty database, or with nothing to work on: exit code, and what is said on standard output or standard error.
    empty: (i32, &'static str),
    /// How the form for programs is asked for; `None`: there is none (the reason stands beside it).
    json: Option<&'static [&'static str]>,
}

const JSON: Option<&[&str]> = Some(&["--format", "json"]);

const fn line(path: &'static str, args: &'static [&'static str], empty: (i32, &'static str)) -> Line {
    Line { path, args, database: true, empty, json: JSON }
}

/// Every sub-command. Those that stand by themselves or need directories are tried by tests of their own, named here.
const LINES: &[Line] = &[
    line("case list", &[], (0, "no cases")),
    line("case show", &["c-000000"], (1, "there is no case c-000000")),
    line("case erase", &["c-000000"], (1, "there is no case c-000000; nothing was erased")),
    line("audit verify", &[], (0, "0 rows check: nothing is recorded yet")),
    // Its lines are JSON.
    Line { json: Some(&[]), ..line("audit export", &[], (0, "")) },
    line("freeze", &["--reason", "x"], (0, "frozen: no new run begins")),
    line("thaw", &["--reason", "x"], (0, "it is not frozen; nothing was changed")),
    line("migrate", &[], (0, "the database is at migration 0")),
    line("chat", &[], (0, "")),
    Line { database: false, ..line("diagnose", &[], (0, "Nothing to say")) },
    Line { database: false, ..line("rules list", &[], (0, "upn-conflict")) },
    Line { database: false, ..line("rules show", &["no-such-class"], (1, "there is no class `no-such-class`")) },
    Line { database: false, ..line("rules check", &[], (0, "rules are right (0 of your own)")) },
    // Without a configuration: what is missing is named.
    Line { database: false, ..line("doctor", &[], (1, "[okta] org_url")) },
    Line { database: false, ..line("lookup", &["anna@x.example"], (1, "[okta] org_url")) },
    // Pages, completions and a server have no form for programs.
    Line { database: false, json: None, ..line("serve", &[], (2, "org_url")) },
    Line { database: false, json: None, ..line("completions", &["bash"], (0, "_reanchor")) },
    Line { database: false, json: None, ..line("man", &[], (0, ".TH reanchor")) },
    // What they print is JSON by nature.
    Line { database: false, json: None, ..line("slack manifest", &[], (0, "display_information")) },
];

/// Stay until they are stopped; `sandbox`, `tenant` and their lines are tried where they run (`page`, `serve`, `kill`).
const STAYING: [&str; 2] = ["sandbox", "tenant"];

impl Line {
    fn run(&self, folder: &Path, more: &[&str]) -> Ran {
        let path: Vec<&str> = self.path.split(' ').collect();
        let env = [("OPERATOR_CODE", "right")];
        let input = if self.path == "thaw" { "right\n" } else { "" };
        reanchor(folder, &[&path, self.args, more].concat(), input, &env)
    }
}

#[test]
fn every_sub_command_stands_in_the_table() {
    let all = all_commands();
    let is_leaf = |path: &Vec<String>| !all.iter().any(|other| other.len() > path.len() && other.starts_with(path));
    let mut leaves: Vec<String> = all.iter().filter(|path| is_leaf(path)).map(|path| path.join(" ")).collect();
    leaves.sort();
    let mut known: Vec<String> = LINES.iter().map(|line| line.path).chain(STAYING).map(str::to_owned).collect();
    known.sort();
    assert_eq!(leaves, known);
}

#[test]
fn a_database_that_cannot_be_used_is_named_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let broken = folder.path().join("broken.sqlite");
    let garbage = "this is no database, but somebody's notes. ".repeat(100);
    std::fs::write(&broken, &garbage).unwrap();
    let url = format!("sqlite://{}", broken.display());
    for line in LINES.iter().filter(|line| line.database) {
        let ran = line.run(folder.path(), &["--db", &url]);
        assert_eq!(ran.code, 1, "{}: {}", line.path, ran.out);
        assert!(ran.err.contains("broken.sqlite"), "{}: {}", line.path, ran.err);
        assert_eq!(std::fs::read_to_string(&broken).unwrap(), garbage, "{}", line.path);
    }
    let sandbox = reanchor(folder.path(), &["sandbox", "--port", "0", "--db", &url], "", &[]);
    assert_eq!((sandbox.code, sandbox.err.contains("broken.sqlite")), (1, true), "{}", sandbox.err);
    let odd = reanchor(folder.path(), &["case", "list", "--db", "mysql://x"], "", &[]);
    assert_eq!(odd.code, 1);
    assert!(odd.err.contains("sqlite://"), "{}", odd.err);
}

#[test]
fn with_nothing_to_work_on_each_says_so_for_people_and_for_programs() {
    for line in LINES {
        let (code, says) = line.empty;
        for json in [None, line.json].into_iter().filter(|json| *json != Some(&[])) {
            let folder = TempDir::new().unwrap();
            let mut more: Vec<&str> = json.into_iter().flatten().copied().collect();
            if line.database {
                reanchor(folder.path(), &["migrate", "--db", "sqlite://empty.sqlite"], "", &[]);
                more.extend(["--db", "sqlite://empty.sqlite"]);
            }
            let ran = line.run(folder.path(), &more);
            assert_eq!(ran.code, code, "{} {more:?}: {}", line.path, ran.err);
            if json.is_some() {
                drop(ran.json());
            } else {
                assert!(ran.out.contains(says) || ran.err.contains(says), "{}: {}{}", line.path, ran.out, ran.err);
                assert!(code == 0 || line.path == "doctor" || ran.out.is_empty(), "{}: {}", line.path, ran.out);
            }
        }
    }
}

/// A wrong path must not pass for an empty record, and least of all for a bot that is frozen.
#[test]
fn a_database_that_was_not_there_is_told() {
    for args in [&["case", "list"][..], &["audit", "verify"], &["freeze", "--reason", "x"], &["case", "erase", "c-0"]] {
        let folder = TempDir::new().unwrap();
        let run = || reanchor(folder.path(), &[args, &["--db", "sqlite://typo.sqlite"]].concat(), "", &[]);
        let first = run();
        assert!(first.err.contains("there was no database") && first.err.contains("typo.sqlite"), "{}", first.err);
        assert!(!run().err.contains("there was no database"), "the second time it is there");
    }
}

#[test]
fn migrating_may_be_repeated_and_an_unknown_chain_is_no_empty_one() {
    let folder = TempDir::new().unwrap();
    let run = |args: &[&str]| reanchor(folder.path(), &[args, &["--db", "sqlite://empty.sqlite"]].concat(), "", &[]);
    let made = run(&["migrate"]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert_eq!(run(&["migrate"]).out, made.out);
    assert_eq!(run(&["case", "list", "--format", "json"]).out, "");
    assert_eq!(run(&["case", "list", "--open"]).out, "no open cases\n");
    let none = run(&["audit", "export", "c-000000"]);
    assert_eq!((none.code, none.out.as_str()), (1, ""));
    assert!(none.err.contains("there is no chain c-000000"), "{}", none.err);
    assert_eq!(run(&["audit", "export", "bot"]).code, 0);
}

#[test]
fn completions_and_manual_pages_know_every_sub_command() {
    let folder = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let ran = reanchor(folder.path(), &["completions", shell], "", &[]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("lookup") && ran.out.contains("freeze"), "{shell}");
    }
    let page = reanchor(folder.path(), &["man"], "", &[]);
    assert!(page.out.contains(".TH reanchor") && page.out.contains("lookup"), "{}", page.out);
    let all = reanchor(folder.path(), &["man", "--out", "pages"], "", &[]);
    assert_eq!(all.code, 0, "{}", all.err);
    for name in ["reanchor.1", "reanchor-lookup.1", "reanchor-case-erase.1"] {
        assert!(folder.path().join("pages").join(name).exists(), "{name}");
    }
}

#[test]
fn the_form_for_programs_is_json() {
    let classes = quick(&["rules", "list", "--format", "json"]);
    assert_eq!(classes.code, 0, "{}", classes.err);
    assert!(classes.json()[0].as_array().unwrap().len() > 70);
    let class = quick(&["rules", "show", "upn-conflict", "--format", "json"]).json();
    assert_eq!((&class[0]["class"], class[0]["steps"].is_array()), (&Value::from("upn-conflict"), true));
    let checked = quick(&["rules", "check", "--format", "json"]).json();
    assert_eq!((&checked[0]["own"], &checked[0]["complaints"]), (&Value::from(0), &Value::from(Vec::<Value>::new())));
    let db = TempDir::new().unwrap();
    let run = |args: &[&str], env| {
        let args = [args, &["--db", "sqlite://x.sqlite", "--format", "json"]].concat();
        reanchor(db.path(), &args, "right\n", env).json().remove(0)
    };
    assert!(run(&["migrate"], &[])["migration"].as_str().unwrap().starts_with("000"));
    assert_eq!(run(&["freeze", "--reason", "x"], &[]), serde_json::json!({ "frozen": true, "changed": true }));
    assert_eq!(run(&["freeze", "--reason", "x"], &[]), serde_json::json!({ "frozen": true, "changed": false }));
    let checked = run(&["audit", "verify"], &[]);
    assert_eq!((&checked["rows"], &checked["broken_at"]), (&Value::from(1), &Value::Null));
    let folder = TempDir::new().unwrap();
    let text = "Automatic provisioning of user A B to app Box failed: Matching user not found.";
    let ran = reanchor(folder.path(), &["diagnose", "--format", "json", "-"], text, &[]);
    assert_eq!(ran.json()[0]["class"], "okta-matching-user-not-found");
    let bad = reanchor(folder.path(), &["diagnose", "--jsonl"], "{\"id\":1,\"text\":\"hi\"}\nnot json\n", &[]);
    assert_eq!(bad.code, 1);
    assert_eq!(bad.json()[1]["error"]["line"], 2);
}
