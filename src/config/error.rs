//! What can be wrong with a configuration, in words that say where and what is allowed.
//!
//! Never holds a secret: a found value is repeated only when it is short and cannot be a credential (`found`).
//! Begin with [`ConfigError`].

use std::fmt::Write as _;
use toml::Value;

/// A configuration that cannot be used. Nothing was started and nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {what} {path}: {problem}")]
    File {
        /// What the file is for.
        what: &'static str,
        /// The path as it was given.
        path: String,
        /// Why, and what to do.
        problem: String,
    },
    /// A file or a variable cannot be understood at all.
    #[error("cannot understand {place}: {problem}")]
    Syntax {
        /// File and line, or the variable.
        place: String,
        /// Why; never the text itself.
        problem: String,
    },
    /// A key has a value that is not allowed, is unknown or is missing.
    #[error("{key}{found} {place}: {problem}")]
    Value {
        /// `[section] key`
        key: String,
        /// ` = value`, or empty where the value is not to be shown.
        found: String,
        /// `in reanchor.toml line 3`, `in the variable REANCHOR__MODE__DEFAULT`
        place: String,
        /// What is allowed.
        problem: String,
    },
    /// A key has a value of the right type that cannot be used.
    #[error("{key} ({place}) {problem}")]
    Unfit {
        /// `[section] key`
        key: String,
        /// As in `Value`.
        place: String,
        /// The end of a sentence that begins with the key.
        problem: String,
    },
    /// A section that no part of the program asked for.
    #[error("[{name}] {place}: no part of the program has this section{nearest}; allowed are {allowed}")]
    Section {
        /// Its name.
        name: String,
        /// As in `Value`.
        place: String,
        /// `, the nearest is [okta]`, or empty.
        nearest: String,
        /// Names of the sections that are known.
        allowed: String,
    },
    /// A secret is missing, is set twice, cannot be read, or is the wrong one.
    #[error("{name}: {problem}")]
    Secret {
        /// Name of the variable.
        name: String,
        /// What is wrong; never the value.
        problem: String,
    },
    /// A policy names groups where their ids are required (SAFETY A3). Whoever can ask Okta may add the ids that match.
    #[error(
        "[[policy]] {policy:?} ({place}) names groups by what is not an id: {}; allowed are ids of Okta groups, 00g and letters or digits",
        quoted(names)
    )]
    GroupNames {
        /// The policy.
        policy: String,
        /// As in `Value`.
        place: String,
        /// The names as they were written, each once, sorted.
        names: Vec<String>,
    },
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

/// Longest value that is repeated; shorter than any token.
const SHOWN: usize = 24;

/// ` = value` when the value may be shown: short, and neither it nor its key looks like a credential.
pub(super) fn found(key: &str, value: &Value) -> String {
    let text = value.to_string();
    let may = text.len() <= SHOWN && !text.contains('@') && !text.contains('\n') && !looks_secret(key, Some(&text));
    if may { format!(" = {text}") } else { String::new() }
}

/// Whether a key, or the text it has, looks like a credential.
pub(super) fn looks_secret(key: &str, text: Option<&str>) -> bool {
    let key = key.to_ascii_lowercase();
    let last = key.rsplit(['_', '-', '.']).next().unwrap_or_default();
    // where something lies is not the thing itself
    let points = matches!(last, "url" | "uri" | "file" | "path" | "id");
    let by_key = !points
        && (["secret", "passw", "apikey", "credential"].iter().any(|part| key.contains(part))
            || key.ends_with("token")
            || (last == "key" && !key.ends_with("public_key")));
    let begins = ["xoxb-", "xoxp-", "xoxa-", "xoxe", "xapp-", "SSWS ", "-----BEGIN"];
    by_key
        || text.is_some_and(|text| begins.iter().any(|begin| text.trim_start_matches(['"', '\'']).starts_with(begin)))
}

/// The known word that is the fewest letters away, when it is near enough to be a slip.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word = word.to_ascii_lowercase();
    let limit = (word.chars().count() / 3).max(1) + 1;
    let near = known.into_iter().map(|name| (distance(&word, &name.to_ascii_lowercase()), name)).min()?;
    (near.0 <= limit).then_some(near.1)
}

/// Edit distance (insert, delete, replace), by rows.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((b, diagonal), above) in right.iter().zip(&row).zip(row.iter().skip(1)) {
            let before = next.last().copied().unwrap_or_default();
            next.push((diagonal + usize::from(a != *b)).min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// `a, b, c`
pub(super) fn listed<'k>(names: impl IntoIterator<Item = &'k str>) -> String {
    let mut out = String::new();
    for name in names {
        let comma = if out.is_empty() { "" } else { ", " };
        // a String takes whatever is written to it
        if write!(out, "{comma}{name}").is_err() {
            return out;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_does_not() {
        let known = ["org_url", "app_id", "deactivation", "allow_pause"];
        for (word, want) in [
            ("apid", Some("app_id")),
            ("Deactivaton", Some("deactivation")),
            ("orgurl", Some("org_url")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), want, "{word}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn what_looks_like_a_credential_is_not_shown() {
        for key in ["token", "bot_token", "client_secret", "signing_key", "key", "password", "apiKey"] {
            assert!(looks_secret(key, None), "{key}");
            assert_eq!(found(key, &Value::String("short".to_owned())), "", "{key}");
        }
        for key in ["token_url", "public_key", "secret_file", "org_url", "monkey", "listen"] {
            assert!(!looks_secret(key, None), "{key}");
        }
        assert!(looks_secret("x", Some("\"xoxb-1\"")));
        assert_eq!(found("x", &Value::String("postgres://u:pw@h/d".to_owned())), "");
        assert_eq!(found("x", &Value::String("a".repeat(40))), "");
        assert_eq!(found("x", &Value::String("fixx".to_owned())), " = \"fixx\"");
    }
}
