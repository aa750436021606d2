//! `docs/seeds.md`: every class and every test that it names exists, and every statement has at least one test.

use reanchor::config::embedded::RULES;
use std::collections::BTreeSet;
use std::path::Path;

/// Names of all tests in the sources: `fn name()` after a test attribute, and the names that the table of scenarios makes.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders =
        vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                collect(&std::fs::read_to_string(path).unwrap(), &mut names);
            }
        }
    }
    names
}

fn collect(text: &str, names: &mut BTreeSet<String>) {
    let mut marked = false;
    let mut table = false;
    for line in text.lines().map(str::trim) {
        if line == "#[test]" || line.starts_with("#[tokio::test") {
            marked = true;
        } else if line.starts_with("scenarios! {") {
            table = true;
        } else if table && line == "}" {
            table = false;
        } else if table {
            names.extend(line.split_once(" = ").map(|(name, _)| name.to_owned()));
        } else if marked && !line.starts_with("#[") {
            let name = line.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
            names.extend(name.map(str::to_owned));
            marked = false;
        }
    }
}

/// Rows of the tables: number, class, tests.
fn rows() -> Vec<(String, String, Vec<String>)> {
    let page = include_str!("../../docs/seeds.md");
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let is_row = |line: &&str| line.starts_with("| ") && line[2..].starts_with(|c: char| c.is_ascii_digit());
    let row = |line: &str| {
        let cells = cells(line);
        assert_eq!(cells.len(), 5, "a row has five cells: {line}");
        let tests = cells[4].split(", ").map(str::to_owned).collect();
        (cells[0].clone(), cells[2].clone(), tests)
    };
    page.lines().filter(is_row).map(row).collect()
}

#[test]
fn every_statement_of_the_documents_names_a_class_and_tests_that_exist() {
    let tests = tests();
    assert!(tests.len() > 300 && tests.contains("every_statement_of_the_documents_names_a_class_and_tests_that_exist"));
    let rows = rows();
    for seed in ["0.", "1.", "2.", "3.", "4."] {
        let count = rows.iter().filter(|(number, _, _)| number.starts_with(seed)).count();
        assert!(count >= 7, "{count} statements of document {seed}");
    }
    let numbers: BTreeSet<&String> = rows.iter().map(|(number, _, _)| number).collect();
    assert_eq!(numbers.len(), rows.len(), "a number stands for one statement");
    for (number, class, named) in &rows {
        let known = RULES.iter().any(|(name, _)| name == class);
        assert!(known || class == "-", "{number}: there is no class {class}");
        for test in named {
            assert!(tests.contains(test), "{number}: there is no test {test}");
        }
    }
}
