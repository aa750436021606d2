//! Every sub-command from outside, with the real program: help, wrong usage, empty results, the form for programs, and a
//! database that cannot be used.

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

/// Commands that open a database, with what else they need.
const ON_A_DATABASE: &[&[&str]] = &[
    &["case", "list"],
    &["case", "show", "c-000000"],
    &["case", "erase", "c-000000"],
    &["audit", "verify"],
    &["audit", "export"],
    &["freeze", "--reason", "x"],
    &["migrate"],
];

#[test]
fn a_database_that_cannot_be_used_is_named_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let broken = folder.path().join("broken.sqlite");
    let garbage = "this is no database, but somebody's notes. ".repeat(100);
    std::fs::write(&broken, &garbage).unwrap();
    let url = format!("sqlite://{}", broken.display());
    for args in ON_A_DATABASE {
        let ran = reanchor(folder.path(), &[args, &["--db", &url][..]].concat(), "", &[]);
        assert_eq!(ran.code, 1, "{args:?}: {}", ran.out);
        assert!(ran.err.contains("broken.sqlite"), "{args:?}: {}", ran.err);
        assert_eq!(std::fs::read_to_string(&broken).unwrap(), garbage, "{args:?}");
    }
    let odd = reanchor(folder.path(), &["case", "list", "--db", "mysql://x"], "", &[]);
    assert_eq!(odd.code, 1);
    assert!(odd.err.contains("sqlite://"), "{}", odd.err);
}

#[test]
fn an_empty_database_gives_empty_answers() {
    let folder = TempDir::new().unwrap();
    let db = ["--db", "sqlite://empty.sqlite"];
    let run = |args: &[&str]| reanchor(folder.path(), &[args, &db].concat(), "", &[]);
    let made = run(&["migrate"]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(made.out.starts_with("the database is at migration 0"), "{}", made.out);
    assert_eq!(run(&["migrate"]).out, made.out, "it may be run again");
    assert_eq!(run(&["case", "list"]).out, "no cases\n");
    assert_eq!(run(&["case", "list", "--format", "json"]).out, "");
    let none = run(&["case", "erase", "c-000000"]);
    assert_eq!(none.code, 1);
    assert!(none.err.contains("there is no case c-000000"), "{}", none.err);
    assert_eq!(run(&["audit", "verify"]).code, 0);
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
fn the_form_for_programs_is_one_object_a_line() {
    let classes = quick(&["rules", "list", "--format", "json"]);
    assert_eq!(classes.code, 0, "{}", classes.err);
    assert!(classes.json().len() > 70);
    let folder = TempDir::new().unwrap();
    let text = "Automatic provisioning of user A B to app Box failed: Matching user not found.";
    let ran = reanchor(folder.path(), &["diagnose", "--format", "json", "-"], text, &[]);
    assert_eq!(ran.json()[0]["class"], "okta-matching-user-not-found");
    let bad = reanchor(folder.path(), &["diagnose", "--jsonl"], "{\"id\":1,\"text\":\"hi\"}\nnot json\n", &[]);
    assert_eq!(bad.code, 1);
    assert_eq!(bad.json()[1]["error"]["line"], 2);
}
