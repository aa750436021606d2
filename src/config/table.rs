//! The merged configuration and the handing out of its sections.
//!
//! Never gives a section a second meaning: each is read by the folder that owns it. Begin with [`load`].

use super::env_file::EnvFile;
use super::environment::{Environment, is_override};
use super::error::{ConfigError, listed, nearest};
use super::files;
use super::merge::{self, Overrides};
use super::read;
use super::secrets::Secrets;
use super::tree::{self, Branch, Node, Origin, Shape};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Value;

/// Looked for in the current folder when no file is named.
const DEFAULT_FILE: &str = "reanchor.toml";

/// The merged configuration. `Debug` shows the file and the names of the sections, no values.
pub struct Config {
    file: Option<PathBuf>,
    tree: Branch,
    /// Sections that a part of the program has asked for; they are the allowed ones.
    asked: BTreeSet<String>,
    secrets: Secrets,
    warnings: Vec<String>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sections: Vec<&String> = self.tree.keys().collect();
        f.debug_struct("Config").field("file", &self.file).field("sections", &sections).finish_non_exhaustive()
    }
}

/// Reads the configuration: the TOML file, over it the `REANCHOR__SECTION__KEY` variables of the env file beside it, over
/// those the variables of the environment. Without a path `reanchor.toml` of the current folder is taken when it is there;
/// a path that is given must be there. May run again; it changes nothing.
pub fn load(path: Option<&Path>, env: Arc<dyn Environment>) -> Result<Config, ConfigError> {
    let file = match path {
        Some(path) => Some(path.to_owned()),
        None => Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.try_exists().unwrap_or(true)),
    };
    let mut tree = match &file {
        Some(path) => {
            let advice = "name one with --config, or begin with a copy of config/reanchor.toml";
            let read = files::read("the configuration", path, advice)?;
            tree::parse(&read.text, &path.display().to_string())?
        }
        None => Branch::new(),
    };
    let folder = file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let listed = EnvFile::beside(folder)?;
    let mut warnings = Vec::new();
    if listed.open_to_all {
        warnings.push(format!("{} can be read by everybody on this machine; run chmod 600 on it", listed.name()));
    }
    merge::overlay(&mut tree, of_file(&listed))?;
    merge::overlay(&mut tree, of_process(env.as_ref())?)?;
    merge::no_secrets(&tree)?;
    warnings.extend(password_in_file(&tree, file.as_deref()));
    Ok(Config { file, tree, asked: BTreeSet::new(), secrets: Secrets::new(env, listed), warnings })
}

fn of_file(listed: &EnvFile) -> Overrides {
    let origin = |name: &str| Origin::from(format!("in the variable {name} of {}", listed.name()));
    let ours = listed.values.iter().filter(|(name, _)| is_override(name));
    ours.map(|(name, value)| (name.clone(), value.expose().to_owned(), origin(name))).collect()
}

fn of_process(env: &dyn Environment) -> Result<Overrides, ConfigError> {
    let text = |(name, value): (String, std::ffi::OsString)| match value.into_string() {
        Ok(text) => {
            let origin = Origin::from(format!("in the variable {name}"));
            Ok((name, text, origin))
        }
        Err(_) => Err(ConfigError::Syntax {
            place: format!("the variable {name}"),
            problem: "its value is not UTF-8".to_owned(),
        }),
    };
    let mut overrides = env.overrides().into_iter().map(text).collect::<Result<Overrides, _>>()?;
    overrides.sort();
    Ok(overrides)
}

/// A database password is no secret of ours, but the file is the wrong place for it.
fn password_in_file(tree: &Branch, file: Option<&Path>) -> Option<String> {
    let node = read::find(tree, &["store", "url"])?;
    let Shape::One { value: Value::String(url), .. } = &node.shape else { return None };
    let (user, _) = url.split_once("://")?.1.split_once('@')?;
    let in_file = file.is_some_and(|file| node.origin.starts_with(&format!("in {} ", file.display())));
    (in_file && user.contains(':')).then(|| {
        format!(
            "[store] url ({}) holds a password; set it as REANCHOR__STORE__URL in the environment or in reanchor.env",
            node.origin
        )
    })
}

impl Config {
    /// The TOML file; none when there is none and everything comes from variables and defaults.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The secrets of the environment and of the env file, by name.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// What works but should be mended, each a sentence for the log and for `doctor`. Secrets that were read since add
    /// theirs.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.iter().cloned().chain(self.secrets.warnings()).collect()
    }

    /// Whether the file or a variable has this section. Does not count as asking for it.
    pub fn has(&self, name: &str) -> bool {
        self.tree.contains_key(name)
    }

    /// Reads a section into its owner's type. One that is not there is read as one without keys (or as an empty list), so
    /// it gives the defaults, or names the first key that has none. May be asked any number of times.
    pub fn section<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, ConfigError> {
        self.asked.insert(name.to_owned());
        read::section(name, self.tree.get(name), &format!("in {}", self.file_name()))
    }

    /// As [`Config::section`]; nothing when it is not there, for parts that are on only when they have a section.
    pub fn section_if_there<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, ConfigError> {
        self.asked.insert(name.to_owned());
        if self.has(name) { self.section(name).map(Some) } else { Ok(None) }
    }

    /// The sections that nobody has asked for so far, sorted.
    pub fn sections_left(&self) -> Vec<&str> {
        self.tree.keys().map(String::as_str).filter(|name| !self.asked.contains(*name)).collect()
    }

    /// Refuses the first section that nobody asked for. To be called after every part has read its own.
    pub fn finish(&self) -> Result<(), ConfigError> {
        let Some(name) = self.sections_left().into_iter().next() else { return Ok(()) };
        let known = || self.asked.iter().map(String::as_str);
        let place = self.tree.get(name).map(|node| node.origin.to_string()).unwrap_or_default();
        let allowed = listed(known());
        if self.tree.get(name).is_some_and(|node| matches!(node.shape, Shape::One { .. })) {
            let problem = format!("stands outside of every section; allowed are the sections {allowed}");
            return Err(ConfigError::Unfit { key: name.to_owned(), place, problem });
        }
        let nearest = nearest(name, known()).map(|near| format!(", the nearest is [{near}]")).unwrap_or_default();
        Err(ConfigError::Section { name: name.to_owned(), place, nearest, allowed })
    }

    /// The error for a value that its owner cannot use. `problem` is the end of a sentence that begins with the key and
    /// must not hold the value; `keys` is the way to it, an item of a list by its number from 0.
    pub fn unfit(&self, section: &str, keys: &[&str], problem: impl Into<String>) -> ConfigError {
        let node = self.tree.get(section);
        ConfigError::Unfit {
            key: read::label(section, node, keys),
            place: self.place(section, keys),
            problem: problem.into(),
        }
    }

    /// Where a value stands, for a message: `in reanchor.toml line 3`. For a key that is not there: where its section
    /// stands, or that it is a default.
    pub fn place(&self, section: &str, keys: &[&str]) -> String {
        let whole: Vec<&str> = std::iter::once(section).chain(keys.iter().copied()).collect();
        let found = (1..=whole.len()).rev().find_map(|count| read::find(&self.tree, whole.get(..count)?));
        found.map_or_else(|| format!("default, not set in {}", self.file_name()), |node: &Node| node.origin.to_string())
    }

    fn file_name(&self) -> String {
        self.file.as_ref().map_or_else(|| DEFAULT_FILE.to_owned(), |file| file.display().to_string())
    }
}
