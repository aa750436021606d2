//! The env file beside the configuration: `reanchor.env`, or else `.env`, as `KEY=VALUE` lines.
//!
//! Never changes the process environment, never puts another variable's value into one of the file's, never repeats a line
//! in an error. Begin with [`EnvFile::beside`].

use super::error::ConfigError;
use super::files;
use super::secrets::Hidden;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Names that are looked for, in this order; the first that is there is the only one that is read.
const NAMES: [&str; 2] = ["reanchor.env", ".env"];

/// What the file holds. Without a file it is empty.
#[derive(Default)]
pub(super) struct EnvFile {
    /// The file, when there is one.
    pub(super) path: Option<PathBuf>,
    /// Its variables.
    pub(super) values: BTreeMap<String, Hidden>,
    /// Whether everybody on this machine may read it.
    pub(super) open_to_all: bool,
}

impl EnvFile {
    /// Reads the env file of a folder.
    pub(super) fn beside(folder: &Path) -> Result<Self, ConfigError> {
        // a file that is there but cannot be looked at is an error of reading, not an absent file
        let there = |path: &PathBuf| path.try_exists().unwrap_or(true);
        let Some(path) = NAMES.iter().map(|name| folder.join(name)).find(there) else { return Ok(Self::default()) };
        let read = files::read("the env file", &path, "make it, or remove the link that names it")?;
        let values = parse(&read.text, &path.display().to_string())?;
        Ok(Self { path: Some(path), values, open_to_all: read.open_to_all })
    }

    /// The file's name for errors.
    pub(super) fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| NAMES[0].to_owned(), |path| path.display().to_string())
    }
}

fn parse(text: &str, name: &str) -> Result<BTreeMap<String, Hidden>, ConfigError> {
    let wrong = |line: usize, problem: &str| ConfigError::Syntax {
        place: format!("{name} line {line}"),
        problem: problem.to_owned(),
    };
    // the parser would put another variable's value, or nothing, where the $ stands: a secret changed in silence
    if let Some(line) = bare_dollar(text) {
        return Err(wrong(
            line,
            "a $ is taken as it is only inside single quotes or behind a backslash; quote the value",
        ));
    }
    let mut values = BTreeMap::new();
    for item in dotenvy::Iter::new(format!("{text}\n").as_bytes()) {
        let Ok((key, value)) = item else {
            return Err(wrong(
                first_bad_line(text),
                "allowed is KEY=VALUE; a value with spaces or quotes is written in single quotes",
            ));
        };
        if values.insert(key.clone(), Hidden::new(&value)).is_some() {
            let problem = format!("{key} is set more than once; keep one of them");
            return Err(ConfigError::Syntax { place: name.to_owned(), problem });
        }
    }
    Ok(values)
}

/// The line after the longest beginning of the text that can be read.
fn first_bad_line(text: &str) -> usize {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let reads = |count: &usize| {
        let start: String = lines.iter().take(*count).copied().collect();
        dotenvy::Iter::new(format!("{start}\n").as_bytes()).all(|item| item.is_ok())
    };
    (0..lines.len()).rev().find(reads).unwrap_or_default() + 1
}

/// The line of the first `$` that the parser would replace.
fn bare_dollar(text: &str) -> Option<usize> {
    let (mut line, mut quote, mut comment, mut escaped, mut after_space) = (1, None, false, false, true);
    for letter in text.chars() {
        if letter == '\n' {
            line += 1;
            (comment, escaped) = (false, false);
        } else if comment {
            continue;
        } else if escaped {
            escaped = false;
        } else {
            match (letter, quote) {
                ('#', None) if after_space => comment = true,
                ('\\', None | Some('"')) => escaped = true,
                ('$', None | Some('"')) => return Some(line),
                ('\'' | '"', None) => quote = Some(letter),
                (letter, Some(open)) if letter == open => quote = None,
                _ => {}
            }
        }
        after_space = letter.is_whitespace();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Result<Vec<(String, String)>, String> {
        let values = parse(text, "reanchor.env").map_err(|error| error.to_string())?;
        Ok(values.into_iter().map(|(key, value)| (key, value.expose().to_owned())).collect())
    }

    #[test]
    fn lines_quotes_comments() {
        let text = "# it's a comment with $\nA=1\nexport B=two # it's $\nC='x $y'\nD=\"a\\$b\"\nE=\nF=a=b==";
        let want = [("A", "1"), ("B", "two"), ("C", "x $y"), ("D", "a$b"), ("E", ""), ("F", "a=b==")];
        assert_eq!(values(text).unwrap(), want.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_cannot_be_read_names_its_line_and_not_its_text() {
        for (text, line, part) in [
            ("A=1\nOKTA_READ_TOKEN hunter2", 2, "KEY=VALUE"),
            ("A=1\n\nB='hunter2\nC=3", 3, "KEY=VALUE"),
            ("A=hunter2 more", 1, "single quotes"),
            ("A=1\nB=hun$ter2", 2, "a $"),
            ("A=1\nB=\"hun$ter2\"", 2, "a $"),
            ("A=1\n# 'x\nB=$A", 3, "a $"),
        ] {
            let error = values(text).unwrap_err();
            assert!(error.starts_with(&format!("cannot understand reanchor.env line {line}: ")), "{text}: {error}");
            assert!(error.contains(part) && !error.contains("hun"), "{text}: {error}");
        }
        assert_eq!(
            values("A=1\nA=2").unwrap_err(),
            "cannot understand reanchor.env: A is set more than once; keep one of them"
        );
    }
}
