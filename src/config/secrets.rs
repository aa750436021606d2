//! Secrets: by name, from the environment or the env file, only when somebody asks for that one.
//!
//! Never shows a value in `Debug`, `Display` or an error; never takes a secret from the TOML file. Write secrets are asked
//! for in mode `fix` only (SAFETY A10). Begin with [`Secrets::secret`] and [`check_write_secrets`].

use super::env_file::EnvFile;
use super::environment::Environment;
use super::error::ConfigError;
use super::files;
use crate::domain::settings::Mode;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The secrets of the program and what each is for, in the order of `config/example.env`.
pub const NAMES: [(&str, &str); 13] = [
    ("OKTA_READ_TOKEN", "API token of a read-only administrator of the Okta org."),
    (
        "OKTA_WRITE_TOKEN",
        "API token that may also change app users; asked for in mode fix only, never equal to the read one.",
    ),
    ("GRAPH_READ_CLIENT_ID", "Entra application that may read users, domains, licences and audits."),
    ("GRAPH_READ_CLIENT_SECRET", "Client secret of that application."),
    (
        "GRAPH_WRITE_CLIENT_ID",
        "Entra application that may also change users; mode fix only, another one than for reading.",
    ),
    ("GRAPH_WRITE_CLIENT_SECRET", "Client secret of that application."),
    ("SLACK_BOT_TOKEN", "Bot token of the Slack app (xoxb-); SLACK_BOT_TOKEN_<ID> for each of [slack] workspaces."),
    ("SLACK_APP_TOKEN", "App-level token for socket mode (xapp-); not needed with [slack] mode = \"http\"."),
    ("SLACK_SIGNING_SECRET", "Signing secret of the Slack app; needed with [slack] mode = \"http\"."),
    ("REANCHOR_SIGNING_KEY", "Key of what the bot itself signs; made and kept beside the database when it is not set."),
    (
        "REANCHOR_ADMIN_TOKEN",
        "Bearer token of [server] admin_listen; needed where that is not an address of this machine.",
    ),
    ("OPERATOR_CODE", "What `reanchor thaw` asks for at the server; without it nobody can thaw there."),
    ("AUDIT_KEY", "Key of the audit checkpoints; made and kept beside the database when it is not set."),
];

/// The text of a secret. `Debug` prints no part of it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    /// Takes a text; white space around it (a line end of a file) goes.
    pub(super) fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text, for whoever wraps it at once. Never log it, never put it into an error.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(..)")
    }
}

/// Where secrets are looked up. Cheap to clone; holds the environment and what the env file had.
#[derive(Clone)]
pub struct Secrets {
    env: Arc<dyn Environment>,
    listed: Arc<EnvFile>,
    warnings: Arc<Mutex<BTreeSet<String>>>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("env_file", &self.listed.path).finish_non_exhaustive()
    }
}

/// A secret itself, or the path of the file that holds it.
enum Source {
    Text(Hidden),
    File(PathBuf),
}

impl Secrets {
    pub(super) fn new(env: Arc<dyn Environment>, listed: EnvFile) -> Self {
        Self { env, listed: Arc::new(listed), warnings: Arc::default() }
    }

    /// Looks up one secret: `NAME` or `NAME_FILE` in the environment, else the same in the env file. A path in the
    /// environment is relative to the current folder, a path in the env file to the folder of that file. Empty means not
    /// set. Both forms in one place are refused. May be asked again; a file is read each time.
    pub fn secret(&self, name: &str) -> Result<Option<Hidden>, ConfigError> {
        let by_file = format!("{name}_FILE");
        let own = pick(name, |name| self.variable(name), &by_file, Path::new(""))?;
        let folder = self.listed.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let source = match own {
            Some(own) => Some(own),
            None => pick(name, |name| Ok(self.listed.values.get(name).cloned()), &by_file, folder)?,
        };
        match source {
            None => Ok(None),
            Some(Source::Text(text)) => Ok(Some(text)),
            Some(Source::File(path)) => self.of_file(&by_file, &path).map(Some),
        }
    }

    /// As [`Secrets::secret`], for one that the program cannot do without; `why` is the end of the sentence "it is
    /// needed …".
    pub fn needed(&self, name: &str, why: &str) -> Result<Hidden, ConfigError> {
        let missing = || ConfigError::Secret {
            name: name.to_owned(),
            problem: format!(
                "is not set and is needed {why}; set {name}, or {name}_FILE with the path of a file, in the environment or \
                 in {}",
                self.listed.name()
            ),
        };
        self.secret(name)?.ok_or_else(missing)
    }

    /// What works but should be mended, about the secrets that were read so far.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn variable(&self, name: &str) -> Result<Option<Hidden>, ConfigError> {
        let text = |value: OsString| {
            let not_text = |_| ConfigError::Secret { name: name.to_owned(), problem: "is not UTF-8".to_owned() };
            value.into_string().map(|text| Hidden::new(&text)).map_err(not_text)
        };
        self.env.value(name).map(text).transpose()
    }

    fn of_file(&self, variable: &str, path: &Path) -> Result<Hidden, ConfigError> {
        let read = files::read("a secret", path, &format!("{variable} names it"))?;
        let text = Hidden::new(&read.text);
        if text.expose().is_empty() {
            let problem = format!("the file {} is empty", path.display());
            return Err(ConfigError::Secret { name: variable.to_owned(), problem });
        }
        if read.open_to_all {
            let text =
                format!("{variable}: {} can be read by everybody on this machine; run chmod 600 on it", path.display());
            self.warnings.lock().unwrap_or_else(PoisonError::into_inner).insert(text);
        }
        Ok(text)
    }
}

/// The secret itself or the path of its file, from one place; both are refused.
fn pick(
    name: &str,
    value: impl Fn(&str) -> Result<Option<Hidden>, ConfigError>,
    by_file: &str,
    folder: &Path,
) -> Result<Option<Source>, ConfigError> {
    let set = |name| Ok::<_, ConfigError>(value(name)?.filter(|text| !text.expose().is_empty()));
    match (set(name)?, set(by_file)?) {
        (None, None) => Ok(None),
        (Some(text), None) => Ok(Some(Source::Text(text))),
        (None, Some(path)) => Ok(Some(Source::File(folder.join(path.expose())))),
        (Some(_), Some(_)) => Err(ConfigError::Secret {
            name: name.to_owned(),
            problem: format!("is set, and {by_file} too; keep one of them"),
        }),
    }
}

/// Read and write credentials, pair by pair: variable to read with, variable to write with.
const PAIRS: [(&str, &str); 3] = [
    ("OKTA_READ_TOKEN", "OKTA_WRITE_TOKEN"),
    ("GRAPH_READ_CLIENT_ID", "GRAPH_WRITE_CLIENT_ID"),
    ("GRAPH_READ_CLIENT_SECRET", "GRAPH_WRITE_CLIENT_SECRET"),
];

/// In mode `fix`: every write credential is there and none equals its read credential, or else the program must not start
/// (SAFETY A10). In the other modes no write credential is even looked at.
pub fn check_write_secrets(mode: Mode, secrets: &Secrets) -> Result<(), ConfigError> {
    match mode {
        Mode::Observe | Mode::Propose => return Ok(()),
        Mode::Fix => {}
    }
    for (read, write) in PAIRS {
        let writing = secrets.needed(write, "in mode fix")?;
        if secrets.secret(read)?.is_some_and(|reading| reading == writing) {
            let problem = format!(
                "equals {read}; mode fix needs credentials for writing that are not those for reading. Make a second one \
                 that only runs use, or set [mode] default = \"propose\". Nothing was started"
            );
            return Err(ConfigError::Secret { name: write.to_owned(), problem });
        }
    }
    Ok(())
}
