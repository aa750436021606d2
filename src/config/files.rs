//! Reading small text files, with errors that say what to do.
//!
//! Never repeats what a file holds. Begin with [`read`].

use super::error::ConfigError;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

/// More than this is no configuration: somebody named the wrong file.
const MOST: u64 = 1 << 20;

/// What a file holds and whether everybody on this machine may read it.
pub(super) struct Read {
    /// The text, without a byte order mark.
    pub(super) text: String,
    /// Whether people other than owner and group may read it.
    pub(super) open_to_all: bool,
}

/// Reads a file of text. `what` names it in errors (`the configuration`), `advice` says what to do when it is not there.
pub(super) fn read(what: &'static str, path: &Path, advice: &str) -> Result<Read, ConfigError> {
    let failed = |problem: String| ConfigError::File { what, path: path.display().to_string(), problem };
    let not_read = |error: &std::io::Error| match error.kind() {
        ErrorKind::NotFound => failed(format!("there is no such file; {advice}")),
        ErrorKind::PermissionDenied => {
            failed("this user may not read it; give it to the user that runs reanchor".to_owned())
        }
        ErrorKind::IsADirectory => failed("it is a folder; name the file inside it".to_owned()),
        _ => failed(error.to_string()),
    };
    let file = File::open(path).map_err(|error| not_read(&error))?;
    let about = file.metadata().map_err(|error| not_read(&error))?;
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(|error| not_read(&error))?;
    if bytes.len() as u64 > MOST {
        return Err(failed("it is longer than 1 MiB, which no configuration is; name another file".to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        failed(format!("it is not UTF-8 (line {}); save it as UTF-8", lines_before(valid) + 1))
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok(Read { text, open_to_all: open_to_all(&about) })
}

/// How many line ends these bytes hold.
pub(super) fn lines_before(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

#[cfg(unix)]
fn open_to_all(about: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    about.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
fn open_to_all(_: &std::fs::Metadata) -> bool {
    false
}
