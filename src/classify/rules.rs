//! The model of a rule file (`config/rules/<class>.toml`) and the checks that tell what is wrong in one: file, line,
//! key and why.
//!
//! Never opens a file: the texts are handed in. Never accepts a rule half: a set with one wrong file is no set.
//!
//! Begin with [`Rule`] (the keys), then [`parse`].

use crate::domain::diagnosis::{ClassId, FieldName, Remedy, Severity};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// One rule file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The class; must equal the name of the file.
    pub id: String,
    /// One line.
    pub title: String,
    /// One paragraph in plain words.
    pub meaning: String,
    /// Who can act.
    pub owner: String,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: Severity,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// What the person can still do meanwhile.
    pub still_works: String,
    /// Repairs that the bot may plan; empty = advice only.
    #[serde(default)]
    pub remedies: Vec<Remedy>,
    /// For which apps the repairs hold.
    pub remedies_for: Option<RemediesFor>,
    /// Where the facts come from.
    pub sources: Vec<String>,
    /// Classes that give way when this one was found as well, because this one says more.
    #[serde(default)]
    pub over: Vec<String>,
    /// Whether the class gives way to every other: it only says that something failed, not why.
    #[serde(default)]
    pub last_resort: bool,
    /// What speaks for the class.
    pub sign: Vec<Sign>,
    /// What speaks against it, whatever its signs.
    #[serde(default)]
    pub veto: Vec<Veto>,
    /// Messages that must get this class.
    pub sample: Vec<Sample>,
    /// Messages that must not.
    pub near_miss: Vec<NearMiss>,
}

/// One thing that speaks for the class. Its texts are compared in squeezed form (letters and digits only), so quotes,
/// line breaks and case do not matter. A text must begin and end at a word boundary, but for a side marked with `*`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// One of these stands in the text.
    pub text: Vec<String>,
    /// And one of these does, anywhere in the same error.
    #[serde(default)]
    pub with: Vec<String>,
    /// And one of these, too.
    #[serde(default)]
    pub and_with: Vec<String>,
    /// And none of these.
    #[serde(default)]
    pub without: Vec<String>,
    /// And this expression matches the error's clean text (case and kind of white space are ignored).
    pub pattern: Option<String>,
    /// How strongly it speaks: above 0, below 1. Several signs add up to `1 - (1-a)(1-b)…`.
    pub weight: f64,
    /// What it says, for people.
    pub why: String,
}

/// One thing that rules the class out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Veto {
    /// One of these stands in the error.
    pub text: Vec<String>,
    /// And one of these does.
    #[serde(default)]
    pub with: Vec<String>,
    /// And none of these.
    #[serde(default)]
    pub without: Vec<String>,
    /// Why that rules it out, for people.
    pub why: String,
}

/// For which apps the remedies of a rule hold. Compared without regard to case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemediesFor {
    /// When the error names an app, its name holds one of these.
    pub apps: Vec<String>,
    /// Or the error's text holds one of these.
    #[serde(default)]
    pub text: Vec<String>,
    /// Whether they hold when the error names no app at all.
    pub unnamed: bool,
}

/// A message that must get the class of its file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// The message.
    pub text: String,
    /// Values that must be read out of it.
    #[serde(default)]
    pub fields: BTreeMap<FieldName, String>,
}

/// A message that looks like the class and is not.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NearMiss {
    /// The message.
    pub text: String,
    /// The class it must get instead; `none` when left out.
    pub class: Option<String>,
}

/// One thing that is wrong in a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// Name of the file without its ending.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// The key, or the empty text when the file cannot be read at all.
    pub key: String,
    /// What is wrong and what is allowed.
    pub why: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.toml:{}", self.file, self.line)?;
        if !self.key.is_empty() {
            write!(f, ": `{}`", self.key)?;
        }
        write!(f, ": {}", self.why)
    }
}

/// Everything that is wrong in a set of rules; nothing was taken over from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} problem(s) in the rules:\n{}", .0.len(), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct RuleErrors(pub Vec<RuleError>);

/// Classes for which remedies may be offered at all, and which (SAFETY D1). Holds for rules of other people, too.
const ALLOWED: &[(&str, &[Remedy])] = &[
    ("o365-user-deleted-in-entra", &[Remedy::Restore, Remedy::Reassign]),
    ("upn-conflict", &[Remedy::Restore, Remedy::Reassign]),
    ("okta-matching-user-not-found", &[Remedy::Reassign]),
    ("immutable-id-missing-or-mismatch", &[Remedy::AlignOktaAnchor, Remedy::SetImmutableId]),
    ("immutable-id-update-blocked", &[Remedy::AlignOktaAnchor, Remedy::SetImmutableId]),
];

/// Reads one rule file. `Err` lists everything that is wrong in it.
pub fn parse(file: &str, text: &str) -> Result<Rule, Vec<RuleError>> {
    let rule: Rule = toml::from_str(text).map_err(|e| vec![unread(file, text, &e)])?;
    let mut check = Check { file, text, errors: Vec::new() };
    check.head(&rule);
    check.signs(&rule);
    check.messages(&rule);
    if check.errors.is_empty() { Ok(rule) } else { Err(check.errors) }
}

/// What is wrong in a file that does not even have the form of a rule.
fn unread(file: &str, text: &str, error: &toml::de::Error) -> RuleError {
    let at = error.span().map_or(0, |span| span.start);
    let why = error.message().lines().collect::<Vec<_>>().join(" ");
    RuleError { file: file.to_owned(), line: line_of(text, at), key: key_of(&why, text, at), why }
}

/// The key that a message of the TOML reader is about: the one that it names, else the one on the line; the empty text
/// when the line has none.
fn key_of(why: &str, text: &str, at: usize) -> String {
    let named = ["unknown field `", "missing field `"].iter().find_map(|lead| why.strip_prefix(lead));
    if let Some((key, _)) = named.and_then(|rest| rest.split_once('`')) {
        return key.to_owned();
    }
    let start = text.get(..at).and_then(|head| head.rfind('\n')).map_or(0, |end| end + 1);
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let key = line.split_once('=').map_or("", |(key, _)| key.trim());
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if plain { key.to_owned() } else { String::new() }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

/// The line of the `n`-th (from 0) table `[[name]]`, for complaints about it; 1 when there is none.
pub fn line_of_table(text: &str, name: &str, n: usize) -> usize {
    let header = format!("[[{name}]]");
    text.match_indices(&header).nth(n).map_or(1, |(at, _)| line_of(text, at))
}

/// The line of a key of the `table.1`-th (from 0) table named `[[table.0]]`, or of the piece `part` of its value; the table
/// `("", 0)` is the head of the file.
pub(super) fn line_of_value(text: &str, table: (&str, usize), key: &str, part: &str) -> usize {
    let header = format!("[[{}]]", table.0);
    let from = text.match_indices(&header).nth(table.1).map_or(0, |(at, _)| at);
    let rest = text.get(from..).unwrap_or_default();
    let starts = |line: &str| line.trim_start().strip_prefix(key).is_some_and(|r| r.trim_start().starts_with('='));
    let mut at = 0;
    let mut of_key = None;
    for line in rest.split_inclusive('\n') {
        if of_key.is_none() && starts(line) {
            of_key = Some(at);
        }
        at += line.len();
    }
    let first = part.lines().next().unwrap_or_default();
    let from_key = rest.get(of_key.unwrap_or(0)..).unwrap_or_default();
    let of_part = if first.len() < 4 { None } else { from_key.find(first) };
    line_of(text, from + of_key.unwrap_or(0) + of_part.unwrap_or(0))
}

struct Check<'a> {
    file: &'a str,
    text: &'a str,
    errors: Vec<RuleError>,
}

impl Check<'_> {
    /// Something is wrong with a key of the head of the file; `part` is a piece of its value, used to find the line.
    fn wrong(&mut self, key: &str, part: &str, why: impl Into<String>) {
        self.wrong_in(("", 0), key, part, why);
    }

    /// Something is wrong in the `table.1`-th (from 0) table named `[[table.0]]`.
    fn wrong_in(&mut self, table: (&str, usize), key: &str, part: &str, why: impl Into<String>) {
        let line = line_of_value(self.text, table, key, part);
        self.errors.push(RuleError { file: self.file.to_owned(), line, key: key.to_owned(), why: why.into() });
    }

    fn head(&mut self, rule: &Rule) {
        if ClassId::parse(&rule.id).is_none() {
            self.wrong(
                "id",
                &rule.id,
                "must be lower-case letters, digits and single hyphens, at most 64 characters, not `none`",
            );
        } else if rule.id != self.file {
            self.wrong("id", &rule.id, format!("must equal the name of the file, `{}`", self.file));
        }
        let texts = [
            ("title", &rule.title, 120),
            ("meaning", &rule.meaning, 1200),
            ("owner", &rule.owner, 80),
            ("still_works", &rule.still_works, 400),
        ];
        for (key, value, most) in texts {
            if value.trim().is_empty() || value.chars().count() > most {
                self.wrong(key, "", format!("must have 1 to {most} characters, has {}", value.chars().count()));
            }
        }
        if rule.steps.is_empty() || rule.steps.len() > 9 {
            self.wrong("steps", "", "must have 1 to 9 steps");
        }
        if rule.sources.is_empty() {
            self.wrong("sources", "", "must name at least one source");
        }
        let allowed = ALLOWED.iter().find(|(id, _)| *id == rule.id).map_or(&[][..], |(_, r)| *r);
        for remedy in rule.remedies.iter().filter(|r| !allowed.contains(r)) {
            self.wrong(
                "remedies",
                remedy.as_str(),
                format!("`{remedy}` is not allowed for this class; write advice into `steps`"),
            );
        }
        if rule.remedies.is_empty() == rule.remedies_for.is_some() {
            self.wrong("remedies_for", "", "must be there exactly when `remedies` is not empty");
        }
        for over in rule.over.iter().filter(|o| ClassId::parse(o).is_none() || **o == rule.id) {
            self.wrong("over", over, format!("`{over}` is not the name of another class"));
        }
    }

    fn signs(&mut self, rule: &Rule) {
        if rule.sign.is_empty() {
            self.wrong("sign", "", "must have at least one sign");
        }
        for (n, sign) in rule.sign.iter().enumerate() {
            self.sign(("sign", n), sign);
        }
        for (n, veto) in rule.veto.iter().enumerate() {
            let table = ("veto", n);
            for (key, texts) in [("text", &veto.text), ("with", &veto.with), ("without", &veto.without)] {
                for text in texts {
                    self.length(table, key, text, 2);
                }
            }
            if veto.text.is_empty() {
                self.wrong_in(table, "text", "", "must hold at least one text");
            }
            if veto.why.trim().is_empty() {
                self.wrong_in(table, "why", "", "must say why that rules the class out");
            }
        }
    }

    fn sign(&mut self, table: (&str, usize), sign: &Sign) {
        if !(sign.weight > 0.0 && sign.weight < 1.0) {
            self.wrong_in(table, "weight", "", format!("must lie between 0 and 1, is {}", sign.weight));
        }
        if sign.text.is_empty() {
            self.wrong_in(table, "text", "", "must hold at least one text");
        }
        if sign.why.trim().is_empty() {
            self.wrong_in(table, "why", "", "must say what the sign means");
        }
        for text in &sign.text {
            self.length(table, "text", text, 6);
        }
        for (key, texts) in [("with", &sign.with), ("and_with", &sign.and_with), ("without", &sign.without)] {
            for text in texts {
                self.length(table, key, text, 2);
            }
        }
        if let Some(pattern) = &sign.pattern
            && let Err(e) = super::hits::pattern(pattern)
        {
            self.wrong_in(table, "pattern", "", e);
        }
    }

    fn length(&mut self, table: (&str, usize), key: &str, text: &str, least: usize) {
        let letters = text.bytes().filter(u8::is_ascii_alphanumeric).count();
        if letters < least {
            let why = format!(
                "`{text}` has {letters} letters and digits; at least {least} are needed to tell it from ordinary words"
            );
            self.wrong_in(table, key, text, why);
        }
        if text.len() > 200 {
            self.wrong_in(table, key, text, "must be at most 200 characters long");
        }
    }

    fn messages(&mut self, rule: &Rule) {
        if rule.sample.is_empty() {
            self.wrong("sample", "", "must have at least one sample");
        }
        if rule.near_miss.is_empty() {
            self.wrong("near_miss", "", "must have at least one near miss");
        }
        for (n, miss) in rule.near_miss.iter().enumerate() {
            if miss.class.as_deref() == Some(rule.id.as_str()) {
                self.wrong_in(("near_miss", n), "class", "", "a near miss must not get the class of its own file");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
id = "x-y"
title = "T"
meaning = "M"
owner = "O"
severity = "low"
steps = ["s"]
still_works = "all"
sources = ["s"]
[[sign]]
text = ["Some long text"]
weight = 0.5
why = "w"
[[sample]]
text = "Some long text"
[[near_miss]]
text = "Some"
"#;

    fn wrong(text: &str) -> String {
        parse("x-y", text).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_good_rule_is_read() {
        assert_eq!(parse("x-y", GOOD).unwrap().id, "x-y");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        assert_eq!(wrong(&GOOD.replace("x-y", "x-z")), "x-y.toml:2: `id`: must equal the name of the file, `x-y`");
        assert!(wrong(&GOOD.replace("0.5", "1.5")).starts_with("x-y.toml:12: `weight`"));
        assert!(wrong(&GOOD.replace("weight = 0.5\n", "")).contains("missing field `weight`"));
        assert!(wrong(&GOOD.replace("[[sample]]", "[[sampel]]")).contains("unknown field `sampel`"));
        assert!(
            wrong(&GOOD.replace("sources", "remedies = [\"restore\"]\nsources")).contains("not allowed for this class")
        );
        assert!(wrong(&GOOD.replace("why = \"w\"", "why = \"w\"\npattern = '('")).contains("`pattern`"));
    }
}
