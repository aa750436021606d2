//! Variables over the file: `REANCHOR__SECTION__KEY=value`, in any case.
//!
//! Never mixes two lists or two tables: a variable replaces the value it names. Begin with [`overlay`].

use super::environment::PREFIX;
use super::error::{ConfigError, listed, looks_secret};
use super::secrets;
use super::tree::{Branch, Node, Origin, Shape, variable};
use std::collections::BTreeMap;
use toml::Value;

/// Variables of one source that override the file: name, text, and where they were found.
pub(super) type Overrides = Vec<(String, String, Origin)>;

/// Puts the variables of one source over the table. Empty variables count as not set.
pub(super) fn overlay(tree: &mut Branch, overrides: Overrides) -> Result<(), ConfigError> {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (name, text, origin) in overrides {
        if text.trim().is_empty() {
            continue;
        }
        let wrong = |problem: String| ConfigError::Syntax { place: format!("the variable {name}"), problem };
        let path = name.get(PREFIX.len()..).unwrap_or_default().to_ascii_lowercase();
        if let Some(other) = seen.insert(path.clone(), name.clone()) {
            return Err(wrong(format!("{other} names the same key; keep one of them")));
        }
        let keys: Vec<&str> = path.split("__").collect();
        if keys.iter().any(|key| key.is_empty()) {
            return Err(wrong("allowed is REANCHOR__SECTION__KEY, with two underscores between the parts".to_owned()));
        }
        let node = variable(&text, &origin);
        put(tree, &keys, node).map_err(wrong)?;
    }
    Ok(())
}

fn put(tree: &mut Branch, keys: &[&str], node: Node) -> Result<(), String> {
    let Some((last, sections)) = keys.split_last() else { return Ok(()) };
    if sections.is_empty() && matches!(node.shape, Shape::One { .. }) {
        return Err(format!(
            "it names the section [{last}] but no key; allowed is {PREFIX}{}__KEY",
            last.to_uppercase()
        ));
    }
    let mut branch = tree;
    for section in sections {
        let origin = Origin::clone(&node.origin);
        let inner =
            branch.entry((*section).to_owned()).or_insert_with(|| Node { shape: Shape::Table(Branch::new()), origin });
        branch = match &mut inner.shape {
            Shape::Table(table) => table,
            Shape::List(_) => {
                return Err(format!(
                    "{section} is a list, which is set as a whole: {PREFIX}{}=[{{key = \"value\"}}]",
                    section.to_uppercase()
                ));
            }
            Shape::One { .. } => return Err(format!("{section} is a value and has no keys")),
        };
    }
    branch.insert((*last).to_owned(), node);
    Ok(())
}

/// Refuses a table that holds what looks like a secret. `[sandbox]` may: its token and proof open nothing but a
/// simulated tenant on this machine.
pub(super) fn no_secrets(tree: &Branch) -> Result<(), ConfigError> {
    tree.iter()
        .filter(|(section, _)| *section != "sandbox")
        .try_for_each(|(section, node)| no_secret(section, None, section, node))
}

fn no_secret(section: &str, path: Option<&str>, key: &str, node: &Node) -> Result<(), ConfigError> {
    let under = |name: &str| path.map_or_else(|| name.to_owned(), |path| format!("{path}.{name}"));
    match &node.shape {
        Shape::Table(table) => {
            table.iter().try_for_each(|(name, node)| no_secret(section, Some(&under(name)), name, node))
        }
        Shape::List(list) => list.iter().try_for_each(|node| no_secret(section, path, key, node)),
        Shape::One { value: Value::String(text), .. } if looks_secret(key, Some(text)) => {
            let shown = path.map_or_else(|| section.to_owned(), |path| format!("[{section}] {path}"));
            Err(ConfigError::Unfit { key: shown, place: node.origin.to_string(), problem: advice(section, key) })
        }
        Shape::One { .. } => Ok(()),
    }
}

fn advice(section: &str, key: &str) -> String {
    let begins = |name: &&str| name.starts_with(&section.to_uppercase()) || name.eq_ignore_ascii_case(key);
    let own: Vec<&str> = secrets::NAMES.iter().map(|(name, _)| *name).filter(begins).collect();
    let names = if own.is_empty() { secrets::NAMES.iter().map(|(name, _)| *name).collect() } else { own };
    format!(
        "looks like a secret, and secrets are not read from here. Take it out, treat it as known to whoever could read it, \
         and set a variable of its own in the environment or in reanchor.env: {}, or the same name with _FILE and the path \
         of a file",
        listed(names)
    )
}
