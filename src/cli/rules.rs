//! `reanchor rules`: what classes there are, what one of them says, and what is wrong in rule files of one's own.
//!
//! Never changes a file. Begin with [`run`].

use crate::app::diagnose::Diagnoser;
use crate::classify::rules::{Rule, RuleError, line_of_table};
use crate::cli::diagnose::Format;
use crate::config::{self, embedded};
use crate::domain::diagnosis::Severity;
use crate::surface::console::{Cell, Ink, Room, paragraph, table};
use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Arguments of `reanchor rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: RulesCommand,
}

/// Sub-commands of `reanchor rules`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// All classes.
    List {
        /// How they are printed; `markdown` is the text of docs/classes.md.
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// One class: what it means, what to do, what it is recognized by.
    Show {
        /// Its name, for example upn-conflict.
        class: String,
        /// How it is printed.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Checks rule files: their keys, their samples and their near misses.
    Check {
        /// Folder with rule files of one's own; without it the embedded ones are checked.
        dir: Option<PathBuf>,
        /// How the result is printed.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// How the list is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// One line a class.
    #[default]
    Text,
    /// For programs.
    Json,
    /// The table of the documentation.
    Markdown,
}

/// Runs the command on the process' own output.
pub fn main(args: &RulesArgs) -> anyhow::Result<u8> {
    run(args, Room::stdout(super::colour()), &mut io::stdout().lock(), &mut io::stderr().lock())
}

/// Runs the command. Exit code: 0, or 1 when a class is not known or a rule is wrong.
pub fn run(args: &RulesArgs, room: Room, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<u8> {
    match &args.command {
        RulesCommand::List { format } => {
            let diagnoser = Diagnoser::new(embedded::RULES)?;
            let text = match format {
                ListFormat::Text => list(&diagnoser, room),
                ListFormat::Json => format!("{}\n", Value::Array(rules(&diagnoser).map(short).collect())),
                ListFormat::Markdown => markdown(&diagnoser),
            };
            out.write_all(text.as_bytes())?;
            Ok(0)
        }
        RulesCommand::Show { class, format } => show(class, (*format, room), out, err),
        RulesCommand::Check { dir, format } => check(dir.as_deref(), *format, out, err),
    }
}

fn rules(diagnoser: &Diagnoser) -> impl Iterator<Item = &Rule> {
    let classifier = diagnoser.classifier();
    classifier.classes().filter_map(|class| classifier.rule(class.as_str()))
}

fn list(diagnoser: &Diagnoser, room: Room) -> String {
    let row = |rule: &Rule| {
        vec![
            Cell::new(Ink::Strong, rule.id.as_str()),
            Cell::new(ink(rule.severity), rule.severity.as_str()),
            Cell::new(Ink::Plain, if rule.remedies.is_empty() { "advice" } else { "repair" }),
            Cell::new(Ink::Plain, rule.title.as_str()),
        ]
    };
    table(&["CLASS", "SEVERITY", "OFFERS", "WHAT IT IS"], &[3, 0], &rules(diagnoser).map(row).collect::<Vec<_>>(), room)
}

fn ink(severity: Severity) -> Ink {
    match severity.as_str() {
        "high" | "critical" => Ink::Bad,
        "medium" => Ink::Warn,
        _ => Ink::Quiet,
    }
}

fn short(rule: &Rule) -> Value {
    let remedies: Vec<&str> = rule.remedies.iter().map(|r| r.as_str()).collect();
    json!({"class": rule.id, "title": rule.title, "owner": rule.owner, "severity": rule.severity.as_str(), "remedies": remedies})
}

fn add(text: &mut String, part: &str) {
    text.push_str(part);
}

/// The text of `docs/classes.md`.
pub fn markdown(diagnoser: &Diagnoser) -> String {
    let mut text = String::from(
        "# Classes\n\nWhat the classifier can recognize, from `config/rules/`. This page is made by\n\
         `reanchor rules list --format markdown` and compared by a test: change the rule files, not the page.\n\n\
         | class | what it is | who acts | severity | the bot can propose |\n|---|---|---|---|---|\n",
    );
    for rule in rules(diagnoser) {
        let remedies: Vec<&str> = rule.remedies.iter().map(|r| r.as_str()).collect();
        let remedies = if remedies.is_empty() { "advice".to_owned() } else { remedies.join(", ") };
        let cells =
            [&format!("`{}`", rule.id), &rule.title, &rule.owner, rule.severity.as_str(), &remedies].map(escaped);
        add(&mut text, &format!("| {} |\n", cells.join(" | ")));
    }
    text.push_str("\n## What to do\n");
    for rule in rules(diagnoser) {
        add(&mut text, &format!("\n### {}\n\n{}\n\n", rule.id, rule.meaning.trim()));
        for (n, step) in rule.steps.iter().enumerate() {
            add(&mut text, &format!("{}. {step}\n", n + 1));
        }
        add(&mut text, &format!("\nStill works: {}\n", rule.still_works));
    }
    text
}

fn escaped(cell: &str) -> String {
    cell.replace('|', "\\|")
}

fn show(class: &str, (format, room): (Format, Room), out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<u8> {
    let diagnoser = Diagnoser::new(embedded::RULES)?;
    let Some(rule) = diagnoser.classifier().rule(class) else {
        let with = |part: &str| -> Vec<&str> {
            rules(&diagnoser).map(|rule| rule.id.as_str()).filter(|id| id.contains(part)).collect()
        };
        // A typing mistake is seldom in the first word.
        let first = class.split('-').next().filter(|word| word.len() > 1).map(|word| format!("{word}-"));
        let near = Some(with(class)).filter(|near| !near.is_empty());
        let near = near.unwrap_or_else(|| first.map(|word| with(&word)).unwrap_or_default());
        let hint = if near.is_empty() { "`reanchor rules list` shows all".to_owned() } else { near.join(", ") };
        writeln!(err, "there is no class `{class}`; {hint}")?;
        return Ok(1);
    };
    match format {
        Format::Json => {
            let mut value = short(rule);
            if let Some(map) = value.as_object_mut() {
                map.insert("meaning".to_owned(), json!(rule.meaning.trim()));
                map.insert("steps".to_owned(), json!(rule.steps));
                map.insert("still_works".to_owned(), json!(rule.still_works));
                map.insert("sources".to_owned(), json!(rule.sources));
                map.insert("gives_way_to_it".to_owned(), json!(rule.over));
            }
            writeln!(out, "{value}")?;
        }
        Format::Text => out.write_all(page(rule, room).as_bytes())?,
    }
    Ok(0)
}

fn page(rule: &Rule, room: Room) -> String {
    let head = [vec![Cell::new(Ink::Strong, rule.title.as_str())]];
    let mut text = table(&[rule.id.as_str()], &[0], &head, room);
    let mut say = |lead: &str, what: &str| text.push_str(&paragraph(lead, what, room));
    say("", &format!("severity {}; {} acts\n", rule.severity.as_str(), rule.owner));
    say("", &format!("{}\n\nWhat to do", rule.meaning.trim()));
    for (n, step) in rule.steps.iter().enumerate() {
        say(&format!("  {}. ", n + 1), step);
    }
    say("", "");
    say("Still works: ", &format!("{}\n", rule.still_works));
    say("", "Recognized by");
    for sign in &rule.sign {
        say(&format!("  {:2.0} %  ", sign.weight * 100.0), &format!("{}\n{}", sign.why, sign.text.join(" | ")));
    }
    for veto in &rule.veto {
        say("  never  ", &format!("{}\n{}", veto.why, veto.text.join(" | ")));
    }
    say("", "\nSources");
    for source in &rule.sources {
        say("  ", source);
    }
    text
}

fn check(dir: Option<&Path>, format: Format, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<u8> {
    let own = dir.map(config::rules::folder).transpose()?.unwrap_or_default();
    let files = config::rules::over_embedded(&own);
    let diagnoser = match Diagnoser::new(&files) {
        Ok(diagnoser) => diagnoser,
        Err(errors) => {
            if format == Format::Json {
                let complaints: Vec<Value> = errors.0.iter().map(as_json).collect();
                writeln!(out, "{}", json!({ "rules": null, "own": own.len(), "complaints": complaints }))?;
            } else {
                writeln!(err, "{errors}")?;
            }
            return Ok(1);
        }
    };
    // A rule of one's own can take messages away from an embedded one, so all promises are checked.
    let text_of = |rule: &Rule| files.iter().rev().find(|(name, _)| *name == rule.id).map_or("", |(_, text)| *text);
    let complaints: Vec<RuleError> =
        rules(&diagnoser).flat_map(|rule| promises(&diagnoser, rule, text_of(rule))).collect();
    let (count, version) = (rules(&diagnoser).count(), &diagnoser.classifier().version().0);
    let (own, right) = (own.len(), complaints.is_empty());
    match format {
        Format::Json => {
            let complaints: Vec<Value> = complaints.iter().map(as_json).collect();
            writeln!(out, "{}", json!({ "rules": count, "own": own, "version": version, "complaints": complaints }))
        }
        Format::Text if right => writeln!(out, "{count} rules are right ({own} of your own); version {version}"),
        Format::Text => {
            complaints.iter().try_for_each(|complaint| writeln!(err, "{complaint}"))?;
            writeln!(err, "{} message(s) are not judged as their rule file says", complaints.len())
        }
    }
    .context("the result cannot be written")?;
    Ok(u8::from(!right))
}

fn as_json(complaint: &RuleError) -> Value {
    let RuleError { file, line, key, why } = complaint;
    json!({ "file": format!("{file}.toml"), "line": line, "key": key, "why": why })
}

/// Samples that get another class, near misses that get the class, fields that are not found: each with its line.
pub fn promises(diagnoser: &Diagnoser, rule: &Rule, text: &str) -> Vec<RuleError> {
    let mut complaints = Vec::new();
    let mut complain = |table: &str, n: usize, why: String| {
        let line = line_of_table(text, table, n);
        complaints.push(RuleError { file: rule.id.clone(), line, key: table.to_owned(), why });
    };
    for (n, sample) in rule.sample.iter().enumerate() {
        let answer = diagnoser.diagnose(&sample.text);
        let first = answer.first();
        let class = first.map_or("none", |r| r.diagnosis.class.as_str());
        if class != rule.id {
            complain("sample", n, format!("is diagnosed as {class}"));
            continue;
        }
        for (name, value) in &sample.fields {
            match first.and_then(|r| r.diagnosis.fields.get(name)) {
                Some(found) if found == value => {}
                Some(found) => complain("sample", n, format!("{name} is read as `{found}`, expected `{value}`")),
                None => complain("sample", n, format!("{name} is not found, expected `{value}`")),
            }
        }
    }
    for (n, miss) in rule.near_miss.iter().enumerate() {
        let answer = diagnoser.diagnose(&miss.text);
        let class = answer.first().map_or("none", |r| r.diagnosis.class.as_str());
        let want = miss.class.as_deref().unwrap_or("none");
        if class != want {
            complain("near_miss", n, format!("is diagnosed as {class}, expected {want}"));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(command: RulesCommand) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(&RulesArgs { command }, Room { width: None, color: false }, &mut out, &mut err).unwrap();
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn classes_are_listed_and_shown() {
        let (code, out, _) = ran(RulesCommand::List { format: ListFormat::Text });
        assert_eq!(code, 0);
        assert!(out.lines().count() >= 76 && out.contains("upn-conflict"));
        let (code, out, _) = ran(RulesCommand::Show { class: "upn-conflict".to_owned(), format: Format::Text });
        assert!(code == 0 && out.contains("Recognized by"));
        let (code, _, err) = ran(RulesCommand::Show { class: "upn".to_owned(), format: Format::Text });
        assert!(code == 1 && err.contains("upn-conflict"), "{err}");
        let (code, _, err) = ran(RulesCommand::Show { class: "upn-konflict".to_owned(), format: Format::Text });
        assert!(code == 1 && err.contains("upn-conflict") && !err.contains("scim-"), "{err}");
    }

    #[test]
    fn wrong_rules_of_ones_own_are_named_and_right_ones_override() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let good = embedded::RULES.iter().find(|(name, _)| *name == "upn-conflict").unwrap().1;
        write("my-class.toml", &good.replace("upn-conflict", "my-class").replace("weight = 0.4", "weight = 4"));
        let check = || ran(RulesCommand::Check { dir: Some(folder.path().to_owned()), format: Format::Text });
        let (code, _, err) = check();
        assert!(code == 1 && err.contains("my-class.toml:") && err.contains("`weight`"), "{err}");
        write(
            "my-class.toml",
            &good.replace("upn-conflict", "my-class").replace(
                "why = \"Graph says that another object has this user name\"",
                "why = \"x\"\npattern = '(a{500}){500}'",
            ),
        );
        let (code, _, err) = check();
        assert!(code == 1 && err.contains("grows beyond"), "{err}");
        std::fs::remove_file(folder.path().join("my-class.toml")).unwrap();
        write("upn-conflict.toml", &good.replace("Another Entra object already has this user name", "My own words"));
        let (code, out, err) = check();
        assert!(code == 0 && out.contains("1 of your own"), "{err}");
        write(
            "upn-conflict.toml",
            &good.replace("userP*", "quite another*").replace("userPrincipalName already exists*", "else*else*"),
        );
        let (code, _, err) = check();
        assert!(code == 1 && err.contains("upn-conflict.toml:") && err.contains("`sample`"), "{err}");
    }
}
