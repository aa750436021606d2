//! Is this a failure that happened, or talk about one? Questions, explanations, closed matters, digests, code and a
//! bot's own words are not answered.
//!
//! Never looks at what the error is, only at how it is spoken of. Begin with [`Stance::hear`].

use crate::domain::reading::Instance;
use regex::RegexSet;
use std::ops::Range;
use std::sync::OnceLock;

/// The judgement and what led to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    /// The text tells of a failure.
    pub(super) told: bool,
    /// Cues, for `--explain`.
    pub(super) why: Vec<String>,
}

/// Cues; compiled on first use.
#[derive(Default)]
pub(super) struct Stance {
    set: OnceLock<Option<RegexSet>>,
}

/// How far a cue goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Force {
    /// Silences whatever else stands there.
    Always,
    /// Silences unless the text holds evidence of an instance.
    UnlessEvident,
}

use Force::{Always, UnlessEvident};

/// Expression, force, meaning. Matched against the clean text without regard to case.
const CUES: &[(&str, Force, &str)] = &[
    (r"^\s*(?:re:\s*)?(?:\[?resolved\]?|fixed|closed|solved)\b\s*[:–—-]", Always, "a closed matter"),
    (
        r"\b(?:was|is|has been|got|now|been) (?:resolved|closed|fixed|solved)\b|\ball (?:good|closed|fixed) now\b|\ball closed\b",
        UnlessEvident,
        "a closed matter",
    ),
    (
        r"\b(?:provbot|reanchor|bot)\b[^\n]{0,20}:\s|\bdiagnosis for\b|\[approve\]|suggested fix:",
        Always,
        "a bot's own words",
    ),
    (
        r"\bthe fix was\b|\bwent through\b|\bretried fine\b|\bclosing (?:this|it)?\b|\bworks (?:again|now)\b|\bthanks[,!]? that\b",
        UnlessEvident,
        "a closed matter",
    ),
    (
        r"\b(?:only|just|usually|always|basically) means\b|\bis just\b|\bstands for\b|\bmeans that\b|\bif you (?:ever )?see\b|\bwhen(?:ever)? \S+ shows up\b|\bfyi\b.{0,40}\bif\b",
        Always,
        "an explanation",
    ),
    (
        r"\binterview question\b|\bas a joke\b|\bpost-?mortem\b|\bworth a read\b|\brelease notes\b|\bmessage center\b|\bsecurity advisory\b|\bservice health\b",
        Always,
        "talk about errors",
    ),
    (
        r"^\s*(?:```\w*\s*)?(?:(?:grep|rg|awk|kubectl|curl|select|import|def|fn|if|assert)\b|index=|//|#\s*test)",
        UnlessEvident,
        "code or a query",
    ),
    (
        r"\bassert(?:_eq|!|Equals|That)?\s*[(!]|\braise \w+\(|\bexcept \w+|==\s*'|\.is_some\(\)|\bit\('|\bexpect\(",
        Always,
        "code",
    ),
    (r"\|\s*-{3,}\s*\|", Always, "a table"),
    (r"^\s*(?:PR|MR|issue|ticket) ?#\d+", Always, "a change or a ticket"),
    (r"\b(?:INC|CHG|PRB)\d{5,}\b.{0,40}\b(?:resolved|closed)\b", Always, "a closed ticket"),
    (
        r"\b(?:how (?:would|do|can) (?:i|we|you) (?:reproduce|simulate|test)|tomorrow|once we|in case)\b",
        UnlessEvident,
        "something that has not happened",
    ),
    (r"^\s*(?:if|when) okta (?:shows|says)\b", Always, "something that has not happened"),
    (
        r"^\s*(?:is|are|does|do|can|could|what|which|how|why|who|when|where|should|would|has|have|is there)\b[^\n]*\?\s*$",
        UnlessEvident,
        "a question",
    ),
];

impl Stance {
    /// Judges a text. `span` is where the first sign of the best class stands, `covered` the length of the longest
    /// text of a rule that was found.
    pub(super) fn hear(&self, text: &str, span: Option<Range<usize>>, covered: usize, instance: Instance) -> Heard {
        let mut heard = Heard { told: true, why: Vec::new() };
        let Some(span) = span else { return Heard::default() };
        let evident = instance.is_evidence();
        if let Some(set) = self.set.get_or_init(compile) {
            for i in set.matches(text) {
                let Some((_, force, why)) = CUES.get(i) else { continue };
                heard.why.push(format!("against: {why}"));
                if *force == Always || !evident {
                    heard.told = false;
                }
            }
        }
        let said = text.get(span).unwrap_or_default();
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        if !evident && !said.contains(' ') && letters < covered + 8 {
            heard.told = false;
            heard.why.push("against: a code word alone".to_owned());
        }
        if instance.task_line {
            heard.why.push("for: an Okta task line".to_owned());
        }
        if instance.machine || instance.call_id {
            heard.why.push("for: machine output".to_owned());
        }
        if instance.id || instance.login {
            heard.why.push("for: an id or a login".to_owned());
        }
        heard
    }
}

fn compile() -> Option<RegexSet> {
    regex::RegexSetBuilder::new(CUES.iter().map(|c| c.0)).case_insensitive(true).multi_line(false).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cues_compile() {
        assert!(compile().is_some());
    }
}
