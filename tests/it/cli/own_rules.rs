//! Rule files of one's own: what is wrong in them is told with file, line, key and reason; what is right is used at once.

use super::{Ran, reanchor};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A class that the program does not have.
pub(crate) const BADGE: &str = r#"id = "badge-printer"
title = "The badge printer refuses the person"
meaning = "The badge system has no photo of the person."
owner = "front desk"
severity = "low"
steps = ["Take a photo.", "Retry the task."]
still_works = "Everything but the door."
sources = ["the manual of the badge system"]

[[sign]]
text = ["no portrait on file for badge"]
weight = 0.9
why = "the badge system's own words"

[[sample]]
text = "Automatic provisioning of user Ida Holm to app Badges failed: no portrait on file for badge 4711"
[sample.fields]
user = "Ida Holm"
app = "Badges"

[[near_miss]]
text = "the new badges look nice, is there a portrait on each?"
"#;

/// A message of that class, which the program itself does not know.
pub(crate) const REFUSED: &str =
    "Automatic provisioning of user Bo Ek to app Badges failed: no portrait on file for badge 12";

fn rule(class: &str) -> String {
    let embedded = reanchor::config::embedded::RULES.iter().find(|(name, _)| *name == class);
    embedded.unwrap().1.to_owned()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn check(folder: &TempDir, format: &str) -> Ran {
    reanchor(folder.path(), &["rules", "check", ".", "--format", format], "", &[])
}

fn diagnose(folder: &TempDir, rules: &[&str], text: &str) -> Value {
    let args = [&["diagnose", "--format", "json"], rules].concat();
    reanchor(folder.path(), &args, text, &[]).json().remove(0)
}

#[test]
fn a_new_class_and_an_overridden_one_are_right_and_are_used() {
    let mine = rule("upn-conflict").replace("Another Entra object already has this user name", "In our own words");
    let folder = folder(&[("badge-printer.toml", BADGE), ("upn-conflict.toml", &mine), ("notes.txt", "not a rule")]);
    let checked = check(&folder, "text");
    assert_eq!(checked.code, 0, "{}", checked.err);
    assert!(checked.out.contains("(2 of your own)"), "{}", checked.out);

    let with = ["--rules", "."];
    let (plain, own) = (diagnose(&folder, &[], REFUSED), diagnose(&folder, &with, REFUSED));
    assert_eq!(own["class"], "badge-printer", "{own}");
    assert_eq!(own["fields"]["user"], "Bo Ek", "{own}");
    assert_ne!(plain["class"], "badge-printer", "{plain}");
    assert_ne!(plain["rules"], own["rules"], "the version of the rule set tells them apart");
    let taken =
        "Another object with the same value for property userPrincipalName already exists. bo.ek@tailspin.example";
    let (plain, own) = (diagnose(&folder, &[], taken), diagnose(&folder, &with, taken));
    assert_eq!((&plain["class"], &own["class"]), (&json!("upn-conflict"), &json!("upn-conflict")));
    assert_eq!(own["title"], "In our own words", "{own}");
}

/// A file with one thing wrong: its name, the text replaced in [`BADGE`], the new one; then line, key and reason told.
type Broken = (&'static str, &'static str, &'static str, (u64, &'static str, &'static str));

const BROKEN: &[Broken] = &[
    ("a-unknown-key", "owner =", "ovner =", (4, "ovner", "unknown field `ovner`, expected one of")),
    ("b-unknown-table", "[[near_miss]]", "[[nearmiss]]", (21, "nearmiss", "unknown field `nearmiss`")),
    ("c-missing-key", "weight = 0.9\n", "", (10, "weight", "missing field `weight`")),
    ("d-wrong-type", "weight = 0.9", "weight = \"high\"", (12, "weight", "invalid type: string \"high\"")),
    ("e-out-of-range", "weight = 0.9", "weight = 1.5", (12, "weight", "must lie between 0 and 1, is 1.5")),
    ("f-severity", "severity = \"low\"", "severity = \"minor\"", (5, "severity", "unknown variant `minor`")),
    ("g-syntax", "title = \"The", "title = The", (2, "title", "")),
    ("h-too-short", "no portrait on file for badge\"]", "no\"]", (11, "text", "`no` has 2 letters and digits")),
    ("i-expression", "weight = 0.9", "weight = 0.9\npattern = '(a'", (13, "pattern", "unclosed group")),
    ("j-huge", "weight = 0.9", "weight = 0.9\npattern = '(a{500}){500}'", (13, "pattern", "grows beyond")),
    (
        "k-remedy",
        "\n[[sign]]",
        "remedies = [\"restore\"]\n[remedies_for]\napps = []\nunnamed = true\n[[sign]]",
        (9, "remedies", "`restore` is not allowed"),
    ),
    ("l-field", "app = \"Badges\"", "printer = \"Badges\"", (19, "printer", "unknown variant `printer`")),
    (
        "m-empty",
        "title = \"The badge printer refuses the person\"",
        "title = \" \"",
        (2, "title", "must have 1 to 120"),
    ),
    ("n-twice", "owner =", "title = \"again\"\nowner =", (4, "title", "duplicate key")),
    ("o-short-companion", "weight = 0.9", "without = [\"x\"]\nweight = 0.9", (12, "without", "`x` has 1 letters")),
];

#[test]
fn everything_that_is_wrong_is_told_with_file_line_key_and_reason() {
    let files: Vec<(String, String)> = BROKEN
        .iter()
        .map(|(name, old, new, _)| {
            let text = BADGE.replace("badge-printer", name);
            assert_eq!(text.matches(old).count(), 1, "{name}");
            (format!("{name}.toml"), text.replace(old, new))
        })
        .collect();
    let mut all: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    all.push(("p-id.toml", BADGE));
    let folder = folder(&all);
    let told = check(&folder, "json");
    assert_eq!(told.code, 1, "{}", told.err);
    let told = told.json().remove(0);
    assert_eq!((&told["rules"], &told["own"]), (&Value::Null, &json!(all.len())));
    let told = told["complaints"].as_array().unwrap();
    for (name, _, _, (line, key, why)) in BROKEN {
        let file = format!("{name}.toml");
        let of_file: Vec<&Value> = told.iter().filter(|complaint| complaint["file"] == file.as_str()).collect();
        assert_eq!(of_file.len(), 1, "{name}: {of_file:?}");
        let found = of_file[0];
        assert_eq!((&found["line"], &found["key"]), (&json!(line), &json!(key)), "{found}");
        assert!(found["why"].as_str().unwrap().contains(why), "{found}");
    }
    let id = told.iter().find(|complaint| complaint["file"] == "p-id.toml").unwrap();
    assert_eq!((&id["line"], &id["key"]), (&json!(1), &json!("id")));
    assert_eq!(told.len(), all.len(), "{told:#?}");

    let text = check(&folder, "text");
    assert_eq!((text.code, text.out.as_str()), (1, ""));
    let line = "a-unknown-key.toml:4: `ovner`: unknown field `ovner`, expected one of";
    assert!(text.err.lines().any(|said| said.starts_with(line)), "{}", text.err);
    assert_eq!(text.err.lines().count(), 1 + all.len(), "one line each, and how many: {}", text.err);
}

#[test]
fn what_contradicts_other_files_or_its_own_samples_is_told() {
    let over = BADGE.replace("sources =", "over = [\n  \"upn-conflict\",\n  \"no-such-class\",\n]\nsources =");
    let told = check(&folder(&[("badge-printer.toml", &over)]), "text");
    assert_eq!(told.code, 1);
    assert!(told.err.contains("badge-printer.toml:10: `over`: there is no class `no-such-class`"), "{}", told.err);

    // It takes a message away from an embedded class, misses its own, and expects a person that is not there.
    let thief =
        BADGE.replace("no portrait on file for badge\"]", "Matching user not found\"]\nwithout = [\"tailspin\"]");
    let thief = thief.replace("weight = 0.9", "weight = 0.99");
    let told = check(&folder(&[("badge-printer.toml", &thief)]), "json");
    assert_eq!(told.code, 1);
    let told = told.json().remove(0)["complaints"].take();
    let of = |file: &str, key: &str| told.as_array().unwrap().iter().any(|c| c["file"] == file && c["key"] == key);
    assert!(of("badge-printer.toml", "sample") && of("okta-matching-user-not-found.toml", "sample"), "{told:#}");

    let fields = BADGE.replace("user = \"Ida Holm\"", "user = \"Ida Hulm\"");
    let told = check(&folder(&[("badge-printer.toml", &fields)]), "text");
    let said = "badge-printer.toml:15: `sample`: user is read as `Ida Holm`, expected `Ida Hulm`";
    assert!(told.code == 1 && told.err.contains(said), "{}", told.err);
}

#[test]
fn a_folder_that_cannot_be_read_is_named() {
    let folder = folder(&[]);
    std::fs::write(folder.path().join("x-y.toml"), b"id = \"x-y\"\ntitle = \"\xff\"\n").unwrap();
    for (args, said) in [
        (&["rules", "check", "nowhere"][..], "the folder of rules nowhere"),
        (&["diagnose", "--rules", "nowhere"], "the folder of rules nowhere"),
        (&["rules", "check", "."], "x-y.toml: it is not UTF-8 (line 2)"),
    ] {
        let ran = reanchor(folder.path(), args, "", &[]);
        assert!(ran.code != 0 && ran.err.contains(said), "{args:?}: {} {}", ran.code, ran.err);
    }
}
