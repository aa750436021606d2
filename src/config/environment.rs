//! The environment as a value that is handed in, so that a test can bring its own.
//!
//! Never changes a variable and never reads one that nobody asked for. Begin with [`Environment`].

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::sync::Arc;

/// Prefix of the variables that override the file.
pub(super) const PREFIX: &str = "REANCHOR__";

/// Where variables come from.
pub trait Environment: Send + Sync {
    /// The value of one variable; nothing when it is not set.
    fn value(&self, name: &str) -> Option<OsString>;

    /// The variables whose name begins with `REANCHOR__` (in any case), in no particular order.
    fn overrides(&self) -> Vec<(String, OsString)>;
}

/// The environment of this process. Every variable is read at the moment it is asked for.
pub fn process() -> Arc<dyn Environment> {
    Arc::new(Process)
}

struct Process;

/// One variable, or (without a name) those that override the file.
#[expect(clippy::disallowed_methods, reason = "the one place of the program that reads the environment")]
fn read(name: Option<&str>) -> Vec<(String, OsString)> {
    match name {
        Some(name) => std::env::var_os(name).map(|value| (name.to_owned(), value)).into_iter().collect(),
        None => std::env::vars_os().filter_map(|(name, value)| Some((override_name(&name)?, value))).collect(),
    }
}

fn override_name(name: &OsStr) -> Option<String> {
    let name = name.to_str()?;
    is_override(name).then(|| name.to_owned())
}

/// Whether a variable of this name overrides a key of the file.
pub(super) fn is_override(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

impl Environment for Process {
    fn value(&self, name: &str) -> Option<OsString> {
        read(Some(name)).pop().map(|(_, value)| value)
    }

    fn overrides(&self) -> Vec<(String, OsString)> {
        read(None)
    }
}

impl Environment for BTreeMap<String, String> {
    fn value(&self, name: &str) -> Option<OsString> {
        self.get(name).map(OsString::from)
    }

    fn overrides(&self) -> Vec<(String, OsString)> {
        self.iter().filter(|(name, _)| is_override(name)).map(|(name, value)| (name.clone(), value.into())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_has_a_path_and_no_override_of_ours() {
        let process = process();
        assert!(process.value("PATH").is_some());
        assert!(process.value("REANCHOR__NO__SUCH__VARIABLE").is_none());
        assert!(process.overrides().iter().all(|(name, _)| is_override(name)));
    }

    #[test]
    fn one_underscore_is_not_two() {
        for (name, yes) in
            [("REANCHOR__MODE__DEFAULT", true), ("reanchor__mode", true), ("REANCHOR_SIGNING_KEY", false), ("é", false)]
        {
            assert_eq!(is_override(name), yes, "{name}");
        }
    }
}
