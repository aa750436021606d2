//! The build script: lists what `config/` and `migrations/` hold, so that adding a rule, a scenario or a migration is
//! adding one file. The lists are compiled in by `src/config/embedded.rs`.
#![expect(clippy::print_stdout, reason = "a build script speaks to cargo on stdout")]
#![expect(clippy::disallowed_methods, reason = "a build script gets its folders from the environment")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, error::Error, fs};

/// Constant name, folder, file ending.
const LISTS: [(&str, &str, &str); 4] = [
    ("RULES", "config/rules", "toml"),
    ("SCENARIOS", "config/scenarios", "toml"),
    ("MIGRATIONS", "migrations", "sql"),
    ("EXAMPLES", "config", "toml"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR is not set")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    println!("cargo::rerun-if-changed=src/embed.rs");
    let mut text = String::new();
    for (name, folder, ending) in LISTS {
        println!("cargo::rerun-if-changed={folder}");
        writeln!(text, "/// Files of `{folder}`: (name without ending, content), sorted by name.")?;
        writeln!(text, "pub static {name}: &[(&str, &str)] = &[")?;
        for file in files(&root.join(folder), ending)? {
            let stem = file.file_stem().and_then(|s| s.to_str()).ok_or("a file name is not UTF-8")?;
            writeln!(text, "    ({stem:?}, include_str!({:?})),", file.to_str().ok_or("a path is not UTF-8")?)?;
        }
        writeln!(text, "];")?;
    }
    fs::write(out.join("embedded.rs"), text)?;
    Ok(())
}

fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().and_then(|e| e.to_str()) == Some(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
