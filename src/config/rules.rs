//! Reading a folder of rule files.
//!
//! Never looks at what a rule says; that is checked where rules are compiled. Begin with [`folder`] and [`over_embedded`].

use super::embedded::RULES;
use super::error::ConfigError;
use super::files;
use std::path::Path;

/// The rule files of a folder, sorted by name: (name without ending, text). Other files and folders in it are left alone.
pub fn folder(path: &Path) -> Result<Vec<(String, String)>, ConfigError> {
    let failed = |error: std::io::Error| ConfigError::File {
        what: "the folder of rules",
        path: path.display().to_string(),
        problem: format!("{error}; name a folder with files such as my-class.toml"),
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if file.extension().is_some_and(|ending| ending == "toml") {
            let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let read = files::read("the rule file", &file, "it was there a moment ago; try again")?;
            found.push((name, read.text));
        }
    }
    found.sort();
    Ok(found)
}

/// The embedded rules with those of one's own behind them, as a rule set is built: a later file replaces an earlier one of
/// its name.
pub fn over_embedded(own: &[(String, String)]) -> Vec<(&str, &str)> {
    RULES.iter().copied().chain(own.iter().map(|(name, text)| (name.as_str(), text.as_str()))).collect()
}
