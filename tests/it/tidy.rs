//! What the design promises about the source itself, checked on the source (DESIGN §3, invariants, §7).
//!
//! Each check reads the files of the repository; none knows a list of files that must be kept by hand, but for the exceptions
//! that are written here with their reason.

use reanchor::config::embedded::{RULES, SCENARIOS};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn walk(dir: &Path, ending: &str, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, ending, out);
        } else if path.to_string_lossy().ends_with(ending) {
            out.push(path);
        }
    }
    out.sort();
}

/// A source file: its path from the root of the repository, and its text.
struct File {
    path: String,
    text: String,
}

fn files(dir: &str, ending: &str) -> Vec<File> {
    let mut paths = Vec::new();
    if root().join(dir).is_dir() {
        walk(&root().join(dir), ending, &mut paths);
    }
    let file = |path: PathBuf| File {
        path: path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/"),
        // A picture is looked through as well.
        text: String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned(),
    };
    paths.into_iter().map(file).collect()
}

impl File {
    /// The program text: no comments, no modules or files that exist for tests only.
    fn program(&self) -> String {
        let test_only = ["_tests.rs", "/fake.rs", "/sample.rs", "/tests.rs"];
        if self.path.starts_with("src/") && test_only.iter().any(|end| self.path.ends_with(end)) {
            return String::new();
        }
        let code = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        code.split_inclusive('\n').filter(|line| !line.trim_start().starts_with("//")).collect()
    }

    /// `domain`, `surface/console`, `boot` …
    fn module(&self) -> String {
        let parts: Vec<&str> = self.path.trim_start_matches("src/").trim_end_matches(".rs").split('/').collect();
        match parts.as_slice() {
            ["surface", one, ..] if *one != "mod" => format!("surface/{one}"),
            [first, ..] => (*first).to_owned(),
            [] => String::new(),
        }
    }
}

fn sources() -> Vec<File> {
    let all = files("src", ".rs");
    assert!(all.len() > 100, "the sources are found");
    all
}

/// What a name in `crate::…` belongs to: two segments under `surface` and for `policy::approval`, `saga::journal`.
fn imported(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let name = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
        if let Some(group) = rest.strip_prefix('{') {
            let inner = group.split(';').next().unwrap_or_default();
            let mut depth = 0;
            for (n, part) in inner.char_indices().filter(|(_, c)| "{,}".contains(*c)) {
                if part == ',' && depth == 0 {
                    found.insert(name(inner[n + 1..].trim_start()));
                }
                depth += i32::from(part == '{') - i32::from(part == '}');
            }
            found.insert(name(inner.trim_start()));
            continue;
        }
        let first = name(rest);
        let second = rest.get(first.len()..).and_then(|more| more.strip_prefix("::")).map(name).unwrap_or_default();
        found.insert(match (first.as_str(), second.as_str()) {
            // The contract of all surfaces stands in the head of the module; types are written with a capital.
            ("surface", second) if !second.starts_with(char::is_lowercase) => "surface".to_owned(),
            ("surface", second) => format!("surface/{second}"),
            ("policy", "approval") => "policy::approval".to_owned(),
            ("saga", "journal") => "saga::journal".to_owned(),
            (first, _) => first.to_owned(),
        });
    }
    found.remove("");
    found
}

/// DESIGN §3. `*` stands for everything; a module may always import itself.
const IMPORTS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("recognize", &["domain"]),
    ("classify", &["domain"]),
    ("plan", &["domain"]),
    ("policy", &["domain"]),
    ("card", &["domain"]),
    ("ports", &["domain"]),
    // `policy` beside `policy::approval`: the kill switch that the approval is judged by stands in its head.
    ("saga", &["domain", "policy", "policy::approval", "ports"]),
    (
        "app",
        &[
            "domain",
            "recognize",
            "classify",
            "plan",
            "policy",
            "policy::approval",
            "card",
            "ports",
            "saga",
            "saga::journal",
        ],
    ),
    ("wire", &["domain", "ports"]),
    ("okta", &["domain", "ports", "wire"]),
    ("graph", &["domain", "ports", "wire"]),
    ("surface", &["domain", "ports", "card", "app"]),
    ("store", &["domain", "ports", "saga::journal"]),
    ("config", &["domain"]),
    // `ports` for the meter that counts.
    ("http", &["domain", "app", "card", "ports"]),
    ("telemetry", &[]),
    ("sandbox", &[]),
    ("cli", &["*"]),
    ("boot", &["*"]),
    ("main", &["boot", "cli", "telemetry"]),
    ("lib", &["*"]),
    ("embed", &[]),
];

fn imports() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for file in sources() {
        let to = all.entry(file.module()).or_default();
        for name in imported(&file.program()) {
            to.entry(name).or_insert_with(|| file.path.clone());
        }
    }
    all
}

#[test]
fn modules_import_what_the_design_allows() {
    let mut wrong = Vec::new();
    for (module, to) in imports() {
        let head = module.split('/').next().unwrap_or_default();
        let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == head) else {
            panic!("the module {module} stands in no row of the import table")
        };
        for (name, file) in to {
            let own = name.split("::").next() == Some(head) || name == module;
            let sibling = name.starts_with("surface/") && name != module && head == "surface" && module != "surface";
            let contract = head == "surface" && name == "surface";
            let ok =
                allowed.contains(&"*") || allowed.contains(&name.as_str()) || (own && head != "surface") || contract;
            if sibling || !(ok || name == module || (module == "surface" && name.starts_with("surface/"))) {
                wrong.push(format!("{file}: {module} imports {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// `super::super::…` out of a module would be an import that the table does not see.
#[test]
fn nobody_climbs_out_of_a_module() {
    for file in sources() {
        let path = file.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        let depth = path.split('/').count() - usize::from(path.starts_with("surface/"));
        let out = "super::".repeat(depth);
        let lib = ["lib", "main", "embed"].contains(&path);
        assert!(lib || !file.program().contains(&out), "{} says {out}", file.path);
    }
}

#[test]
fn no_pair_of_modules_imports_both_ways() {
    let all = imports();
    let head = |name: &str| name.split([':', '/']).next().unwrap_or_default().to_owned();
    let mut edges: BTreeSet<(String, String)> = BTreeSet::new();
    for (module, to) in &all {
        // `lib` lists the modules, which imports none of them.
        edges.extend(to.keys().map(|name| (head(module), head(name))).filter(|(a, b)| a != b && a != "lib"));
    }
    let both: Vec<_> = edges.iter().filter(|(a, b)| a < b && edges.contains(&(b.clone(), a.clone()))).collect();
    assert!(both.is_empty(), "{both:?}");
}

/// Files of the program (not of the tests) in which `needle` stands.
fn callers(needles: &[&str]) -> BTreeSet<String> {
    let found = |file: &File| {
        let code = file.program();
        needles.iter().any(|needle| calls(&code, needle))
    };
    sources().into_iter().filter(found).map(|file| file.path).collect()
}

/// Whether the code calls the function: the name with `(` behind it and neither a definition nor a longer name before it.
fn calls(code: &str, needle: &str) -> bool {
    code.match_indices(needle).any(|(at, _)| {
        let before = &code[..at];
        let defined = before.trim_end().ends_with("fn");
        let longer =
            !needle.starts_with('.') && before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        !defined && !longer
    })
}

fn listed(found: &BTreeSet<String>, allowed: &[&str], what: &str) {
    let strangers: Vec<&String> = found.iter().filter(|path| !allowed.contains(&path.as_str())).collect();
    assert!(strangers.is_empty(), "{what}: these files are not on the list: {strangers:?}");
}

#[test]
fn proofs_are_made_where_they_may_be() {
    let approve = callers(&["approve("]);
    listed(&approve, &["src/app/vote.rs"], "approve");
    assert!(approve.contains("src/app/vote.rs"), "the search finds the caller that there is");
    let resume = callers(&["resume("]);
    listed(&resume, &["src/app/runs.rs"], "resume");
    assert!(resume.contains("src/app/runs.rs"));
    let acquire = callers(&["acquire("]);
    listed(&acquire, &["src/app/queue.rs", "src/app/runs.rs"], "acquire");
    assert!(acquire.contains("src/app/runs.rs"));
    // Where a signed interaction is verified, and where one is taken from the inbox again.
    let verified = callers(&["verified("]);
    let edges: BTreeSet<String> = verified.into_iter().filter(|path| !path.starts_with("src/surface/")).collect();
    listed(&edges, &["src/app/work.rs", "src/boot/chat.rs", "src/boot/web.rs"], "verified");
}

/// What a power failure may take: each place says from what it is done again. Whoever adds one has to think of SAFETY first.
#[test]
fn few_writes_are_left_to_a_replay() {
    let mut places = BTreeMap::new();
    for file in sources() {
        let code = file.program();
        let count = code.matches("Durability::Replayed").count() + code.matches("replay_of(").count();
        if count > 0 {
            places.insert(file.path.clone(), count);
        }
    }
    let listed = [
        // A report that is counted into a case, with its event.
        ("src/app/gather.rs", 1),
        // A look-up of the bot's own, which is due as before.
        ("src/app/look_up.rs", 1),
        // A case that is opened before its event is done.
        ("src/app/open.rs", 1),
        // `replay_of` itself, what it says of a message, and the end of an event that was only read.
        ("src/app/work.rs", 3),
        // Claims of events; posts that were not made.
        ("src/store/inbox.rs", 1),
        ("src/store/outbox.rs", 1),
        // How it is done.
        ("src/store/mod.rs", 2),
        ("src/store/open.rs", 2),
    ];
    let listed: BTreeMap<String, usize> = listed.map(|(path, count)| (path.to_owned(), count)).into();
    assert_eq!(places, listed);
}

#[test]
fn nobody_builds_a_proof_by_hand() {
    for (literal, home) in [
        ("Approved {", "src/policy/approval.rs"),
        ("LeaseHeld {", "src/ports/lease.rs"),
        ("VerifiedActor {", "src/ports/surface.rs"),
    ] {
        for file in sources().iter().filter(|file| file.path != home) {
            let code = file.program();
            // `State::Approved { .. }` is a state of a case, and a return type is no construction.
            let built = code.match_indices(literal).any(|(at, _)| {
                let before = code[..at].trim_end();
                let after = code[at + literal.len()..].trim_start();
                let kind = ["::", "->", "for", "impl", "struct"].iter().any(|word| before.ends_with(word));
                !kind
                    && after.chars().next().is_some_and(char::is_alphabetic)
                    && !code[..at].ends_with(char::is_alphanumeric)
            });
            let own_variant = literal == "Approved {" && file.path == "src/domain/state.rs";
            assert!(!built || own_variant, "{} builds {literal} … }}", file.path);
        }
    }
}

#[test]
fn directories_are_written_to_by_perform_alone() {
    let writes = [
        ".convert(",
        ".unassign(",
        ".assign(",
        ".restore(",
        ".set_attribute(",
        ".set_deactivate(",
        ".set_upn(",
        ".set_anchor(",
    ];
    let found = callers(&writes);
    let callers: BTreeSet<String> = found.into_iter().filter(|path| !path.starts_with("src/sandbox/")).collect();
    listed(&callers, &["src/saga/perform.rs"], "writes");
    assert!(callers.contains("src/saga/perform.rs"), "the search finds the caller that there is");
}

#[test]
fn files_stay_short() {
    let all: Vec<_> = sources().into_iter().chain(files("tests", ".rs")).collect();
    assert!(all.len() > 300, "the search finds the files");
    let long: Vec<_> =
        all.iter().map(|file| (&file.path, file.text.lines().count())).filter(|(_, lines)| *lines > 500).collect();
    assert!(long.is_empty(), "longer than 500 lines: {long:?}");
}

#[test]
fn nothing_is_left_for_later() {
    // Written in two parts, so that this file does not find itself.
    let notes = [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"]].map(|two| two.concat());
    let macros = [["todo", "!("], ["unimplemented", "!("]].map(|two| two.concat());
    for file in sources().iter().chain(&files("tests", ".rs")).chain(&files("config", ".toml")) {
        // The one place that shows that a proof cannot be forged does not compile on purpose.
        let sign = if file.path.starts_with("config/") { "#" } else { "//" };
        for line in file.text.lines().filter(|line| !line.contains("let forged")) {
            // A note stands in a comment; the classifier knows the word as something that people write.
            let comment = line.find(sign).and_then(|at| line.get(at..)).unwrap_or_default();
            assert!(!notes.iter().any(|word| comment.contains(word)), "{}: {line}", file.path);
            assert!(!macros.iter().any(|word| line.contains(word)), "{}: {line}", file.path);
        }
    }
}

#[test]
fn no_file_tells_of_the_machine_it_was_written_on() {
    let signs = [
        ["/ro", "ot/"],
        ["\"/home", "/"],
        [" /home", "/"],
        ["=/home", "/"],
        ["/work", "/"],
        ["C:", "\\Users"],
        ["/priv", "ate/"],
        ["crates.", "io-index"],
        ["index.cra", "tes.io"],
        ["registry.npm", "js"],
        ["artifac", "tory."],
        ["nex", "us/"],
        ["file:", "///"],
    ]
    .map(|two| two.concat());
    let mut all = sources();
    for (dir, ending) in [("tests", ""), ("config", ""), ("migrations", ""), ("docs", ""), (".ci", ""), ("benches", "")]
    {
        all.extend(files(dir, ending));
    }
    for name in ["Cargo.toml", "README.md", "CHANGELOG.md", "rust-toolchain.toml", ".gitignore", ".clippy.toml"] {
        if let Ok(text) = std::fs::read_to_string(root().join(name)) {
            all.push(File { path: name.to_owned(), text });
        }
    }
    for file in &all {
        for sign in &signs {
            assert!(!file.text.contains(sign.as_str()), "{}: {sign}", file.path);
        }
    }
    // The lock file names the public registry and no other.
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let sources: BTreeSet<&str> = lock.lines().filter_map(|line| line.strip_prefix("source = ")).collect();
    let public = ["\"registry+https://github.com/rust-lang/", &["crates.", "io-index\""].concat()].concat();
    assert_eq!(sources, BTreeSet::from([public.as_str()]));
}

#[test]
fn every_rule_and_scenario_loads_and_every_script_line_is_understood() {
    let names = |dir: &str| -> BTreeSet<String> {
        let name = |file: File| Path::new(&file.path).file_stem().unwrap().to_string_lossy().into_owned();
        files(dir, ".toml").into_iter().map(name).collect()
    };
    let embedded =
        |all: &[(&str, &str)]| -> BTreeSet<String> { all.iter().map(|(name, _)| (*name).to_owned()).collect() };
    assert_eq!(names("config/rules"), embedded(RULES), "rules are embedded as they lie there");
    assert_eq!(names("config/scenarios"), embedded(SCENARIOS), "scenarios are embedded as they lie there");
    let diagnoser = reanchor::app::diagnose::Diagnoser::new(RULES).unwrap();
    let classes: BTreeSet<String> = diagnoser.classifier().classes().map(ToString::to_string).collect();
    assert_eq!(classes, embedded(RULES), "a rule file is named after its class");
    let mut spoken = 0;
    for (name, text) in SCENARIOS {
        let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        let people: Vec<String> = table["people"].as_table().unwrap().keys().cloned().collect();
        let lines = table["script"]["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
        let script: Vec<&str> = lines.collect();
        let parsed = reanchor::surface::console::parse(&script.join("\n"), &people);
        spoken += parsed.unwrap_or_else(|error| panic!("{name}: {error:?}")).len();
        for label in script.iter().filter_map(|line| line.split_once(": press ")).map(|(_, rest)| rest) {
            let label = label.split(':').next().unwrap_or_default();
            assert!(reanchor::domain::inbound::Verb::by_label(label).is_some(), "{name} presses {label}");
        }
        let class = table["expect"]["class"].as_str().unwrap();
        assert!(classes.contains(class), "{name} expects the class {class}, which no rule file has");
    }
    assert!(spoken > SCENARIOS.len(), "{spoken}");
}

const PURE: [&str; 6] = ["domain", "recognize", "classify", "plan", "policy", "card"];

#[test]
fn pure_modules_are_pure() {
    let banned = [
        "HashMap",
        "HashSet",
        "std::time",
        "std::env",
        "std::fs",
        "std::net",
        "std::process",
        "std::thread",
        "tokio",
        "async fn",
        ".await",
        "SystemRandom",
        "now_utc",
    ];
    for file in sources().iter().filter(|file| PURE.contains(&file.module().as_str())) {
        let code = file.program();
        for word in banned {
            assert!(!code.contains(word), "{}: {word}", file.path);
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for file in sources().iter().filter(|file| !file.path.ends_with("_tests.rs")) {
        let first = file.text.lines().find(|line| !line.starts_with("#!["));
        assert!(first.is_some_and(|line| line.starts_with("//! ")), "{} has no head", file.path);
    }
}

#[test]
fn what_the_readme_points_to_exists() {
    let Ok(readme) = std::fs::read_to_string(root().join("README.md")) else {
        println!("skipped: there is no README.md yet");
        return;
    };
    let mut checked = 0;
    for target in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        let path = target.split('#').next().unwrap_or_default();
        if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
            continue;
        }
        assert!(root().join(path).exists(), "README.md points to {path}");
        checked += 1;
    }
    println!("{checked} local links of README.md checked");
}
