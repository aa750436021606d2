//! The chat script (DESIGN 4.2): a whole script in, lines with their numbers out, or every mistake in it.
//!
//! Never reads a clock, a file or a card, and never runs anything: a script is judged as a whole before its first line acts.
//! `@error`, `@code` and `@subject` stay in the text; they are filled in when the line runs.
//!
//! Begin with [`parse`]; [`act`] is the same grammar for one line typed by hand.

use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use std::fmt;

/// What a line does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Somebody says something in the channel.
    Say {
        /// Name of the person.
        who: String,
        /// What was said.
        text: String,
    },
    /// Somebody mentions the bot; the mention is cut off.
    Mention {
        /// Name of the person.
        who: String,
        /// What was said after the mention.
        text: String,
    },
    /// Somebody types `/reanchor`; the word itself is cut off.
    Command {
        /// Name of the person.
        who: String,
        /// What was typed after the word.
        text: String,
    },
    /// Somebody presses a button.
    Press {
        /// Name of the person.
        who: String,
        /// Label of the button, as written.
        label: String,
        /// What was written after `Label:`.
        note: Option<String>,
    },
    /// Wait until work is idle.
    Wait,
    /// Move both clocks by so many milliseconds (more than zero).
    Advance(i64),
}

/// A line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1; of a continued line the first.
    pub number: usize,
    /// What it does.
    pub act: Act,
}

/// A line that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {number}: {why}")]
pub struct ScriptError {
    /// Its number, from 1.
    pub number: usize,
    /// Which word is wrong and what is allowed.
    pub why: Mistake,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Nobody of that name.
    Person {
        /// The word that stands there.
        word: String,
        /// The names there are.
        people: Vec<String>,
    },
    /// No such verb.
    Verb {
        /// The word that stands there.
        word: String,
    },
    /// A slash command of somebody else.
    Slash {
        /// The word that stands there.
        word: String,
    },
    /// `press` without a label.
    NoLabel,
    /// Nothing after the colon.
    NoText {
        /// The person.
        who: String,
    },
    /// A length of time that cannot be read.
    Length {
        /// The word that stands there.
        word: String,
    },
    /// Words after a verb that takes none.
    TooMuch {
        /// The verb.
        verb: &'static str,
        /// What follows it.
        rest: String,
    },
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person { word, people } => {
                write!(f, "nobody here is called \"{}\" (people: {})", short(word), people.join(", "))
            }
            Self::Verb { word } => write!(
                f,
                "unknown verb \"{}\" (allowed: `NAME: text`, `NAME: press LABEL`, `NAME: /reanchor ...`, `wait`, `advance 10m`)",
                short(word)
            ),
            Self::Slash { word } => write!(f, "unknown command \"{}\" (allowed: /reanchor)", short(word)),
            Self::NoLabel => {
                f.write_str("`press` needs the label of a button, as in `press Approve` or `press Deny: reason`")
            }
            Self::NoText { who } => write!(f, "{who} says nothing (allowed: text, `press LABEL`, `/reanchor ...`)"),
            Self::Length { word } => write!(
                f,
                "\"{}\" is not a length of time (allowed: a whole number above zero and s, m, h or d, as in 45s, 10m, 2h, 1d)",
                short(word)
            ),
            Self::TooMuch { verb, rest } => {
                write!(f, "`{verb}` takes nothing after it, but \"{}\" follows", short(rest))
            }
        }
    }
}

/// A word as it may stand in an error: one line, at most 40 characters, no control characters.
pub(super) fn short(word: &str) -> String {
    let mut out: String = word.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if word.chars().nth(40).is_some() {
        out.push('…');
    }
    out
}

/// Reads a whole script. `people` are the names that may speak. Gives all mistakes at once, in order of lines; linear in
/// the length of the script.
pub fn parse(script: &str, people: &[String]) -> Result<Vec<Line>, Vec<ScriptError>> {
    let script = script.strip_prefix('\u{feff}').unwrap_or(script);
    let (mut lines, mut wrong) = (Vec::new(), Vec::new());
    let mut rows = script.split('\n').map(|row| row.strip_suffix('\r').unwrap_or(row)).enumerate();
    while let Some((index, row)) = rows.next() {
        if row.trim().is_empty() || row.trim_start().starts_with('#') {
            continue;
        }
        let mut text = row.to_owned();
        while text.ends_with('\\') {
            text.pop();
            if let Some((_, more)) = rows.next() {
                text.push('\n');
                text.push_str(more);
            }
        }
        match act(&text, people) {
            Ok(act) => lines.push(Line { number: index + 1, act }),
            Err(why) => wrong.push(ScriptError { number: index + 1, why }),
        }
    }
    if wrong.is_empty() { Ok(lines) } else { Err(wrong) }
}

/// Reads one line (continued lines already joined by line feeds).
pub(super) fn act(text: &str, people: &[String]) -> Result<Act, Mistake> {
    let text = text.trim();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let verb = match first {
        "wait" => Some(if rest.is_empty() { Ok(Act::Wait) } else { Err(too_much("wait", rest)) }),
        "advance" => Some(length(rest.trim()).map(Act::Advance)),
        _ => None,
    };
    if let Some(verb) = verb {
        return verb;
    }
    let Some((who, said)) = text.split_once(':') else {
        return Err(Mistake::Verb { word: first.to_owned() });
    };
    let who = who.trim_end();
    if people.iter().any(|name| name == who) {
        return speech(who, said);
    }
    // A colon somewhere in the line does not make its start a name: `sleep 10: x` has a wrong verb, `zoe: x` a wrong person.
    if who.contains(char::is_whitespace) {
        return Err(Mistake::Verb { word: first.to_owned() });
    }
    Err(Mistake::Person { word: who.to_owned(), people: people.to_vec() })
}

/// Reads what `who` says, does or types.
pub(super) fn speech(who: &str, said: &str) -> Result<Act, Mistake> {
    let (who, said) = (who.to_owned(), said.trim());
    if said.is_empty() {
        return Err(Mistake::NoText { who });
    }
    if let Some(label) = after_word(said, "press") {
        let (label, note) = match label.split_once(':') {
            Some((label, note)) => (label.trim(), Some(note.trim().to_owned()).filter(|note| !note.is_empty())),
            None => (label, None),
        };
        if label.is_empty() {
            return Err(Mistake::NoLabel);
        }
        return Ok(Act::Press { who, label: label.to_owned(), note });
    }
    if let Some(text) = after_word(said, "/reanchor") {
        return Ok(Act::Command { who, text: text.to_owned() });
    }
    if let Some(text) = after_word(said, "@reanchor") {
        return Ok(Act::Mention { who, text: text.to_owned() });
    }
    let first = said.split(char::is_whitespace).next().unwrap_or(said);
    let is_slash =
        first.strip_prefix('/').is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic()));
    if is_slash {
        return Err(Mistake::Slash { word: first.to_owned() });
    }
    Ok(Act::Say { who, text: said.to_owned() })
}

/// What follows `word` when the text begins with it as a whole word.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(word)?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim())
}

fn too_much(verb: &'static str, rest: &str) -> Mistake {
    Mistake::TooMuch { verb, rest: rest.trim().to_owned() }
}

/// `45s`, `10m`, `2h`, `1d` in milliseconds.
fn length(word: &str) -> Result<i64, Mistake> {
    let wrong = || Mistake::Length { word: word.to_owned() };
    let (count, unit) = match word.char_indices().next_back() {
        Some((at, 's')) => (&word[..at], SECOND),
        Some((at, 'm')) => (&word[..at], MINUTE),
        Some((at, 'h')) => (&word[..at], HOUR),
        Some((at, 'd')) => (&word[..at], DAY),
        _ => return Err(wrong()),
    };
    if count.is_empty() || !count.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let ms = count.parse::<i64>().ok().and_then(|count| count.checked_mul(unit)).ok_or_else(wrong)?;
    if ms == 0 { Err(wrong()) } else { Ok(ms) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> Vec<String> {
        ["anna", "ben", "carla", "dave", "sam"].map(str::to_owned).to_vec()
    }

    fn say(text: &str) -> Act {
        Act::Say { who: "anna".to_owned(), text: text.to_owned() }
    }

    fn press(label: &str, note: Option<&str>) -> Act {
        Act::Press { who: "ben".to_owned(), label: label.to_owned(), note: note.map(str::to_owned) }
    }

    #[test]
    fn every_form_of_a_line_is_understood() {
        let command = |text: &str| Act::Command { who: "ben".to_owned(), text: text.to_owned() };
        let mention = |text: &str| Act::Mention { who: "anna".to_owned(), text: text.to_owned() };
        let table = [
            ("anna: some text", say("some text")),
            ("  anna :  a: b ", say("a: b")),
            ("anna: @error", say("@error")),
            ("anna: pressing matters", say("pressing matters")),
            ("anna: /v1.0/users/sam answered 404", say("/v1.0/users/sam answered 404")),
            ("anna: /", say("/")),
            ("anna: wait", say("wait")),
            ("ben: press Approve", press("Approve", None)),
            ("ben: press Restore user", press("Restore user", None)),
            ("ben: press Deny: not our person: ask HR", press("Deny", Some("not our person: ask HR"))),
            ("ben: press Deny:", press("Deny", None)),
            ("ben: /reanchor approve @code", command("approve @code")),
            ("ben: /reanchor", command("")),
            ("anna: @reanchor lookup @subject", mention("lookup @subject")),
            ("anna: @reanchored", say("@reanchored")),
            ("wait", Act::Wait),
            (" wait ", Act::Wait),
            ("advance 45s", Act::Advance(45_000)),
            ("advance  10m", Act::Advance(600_000)),
            ("advance 2h", Act::Advance(7_200_000)),
            ("advance 1d", Act::Advance(86_400_000)),
        ];
        for (text, expected) in table {
            assert_eq!(act(text, &people()), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn every_mistake_names_the_line_the_word_and_what_is_allowed() {
        let table = [
            ("zoe: hello", "line 1: nobody here is called \"zoe\" (people: anna, ben, carla, dave, sam)"),
            ("Anna: hello", "line 1: nobody here is called \"Anna\" (people: anna, ben, carla, dave, sam)"),
            (
                "sleep 10m",
                "line 1: unknown verb \"sleep\" (allowed: `NAME: text`, `NAME: press LABEL`, `NAME: /reanchor ...`, `wait`, `advance 10m`)",
            ),
            (
                "go on: now",
                "line 1: unknown verb \"go\" (allowed: `NAME: text`, `NAME: press LABEL`, `NAME: /reanchor ...`, `wait`, `advance 10m`)",
            ),
            ("ben: /deploy now", "line 1: unknown command \"/deploy\" (allowed: /reanchor)"),
            (
                "ben: press",
                "line 1: `press` needs the label of a button, as in `press Approve` or `press Deny: reason`",
            ),
            ("ben:", "line 1: ben says nothing (allowed: text, `press LABEL`, `/reanchor ...`)"),
            ("wait 5m", "line 1: `wait` takes nothing after it, but \"5m\" follows"),
        ];
        for (text, expected) in table {
            let wrong = parse(text, &people()).unwrap_err();
            assert_eq!(wrong.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected], "{text:?}");
        }
        for word in ["", "10", "m", "0m", "-5m", "+5m", "1.5h", "10M", "10 m", "99999999999999999d", "5µ"] {
            let wrong = parse(&format!("\nadvance {word}"), &people()).unwrap_err();
            let text = wrong[0].to_string();
            assert!(text.starts_with(&format!("line 2: \"{word}\" is not a length of time (allowed: ")), "{text}");
        }
    }

    #[test]
    fn all_mistakes_of_a_script_are_told_at_once() {
        let wrong = parse("zoe: hi\nanna: fine\n\nsleep\n", &people()).unwrap_err();
        assert_eq!(wrong.iter().map(|w| w.number).collect::<Vec<_>>(), [1, 4]);
    }

    #[test]
    fn a_backslash_continues_the_message_and_numbers_stay_true() {
        let script =
            "\u{feff}# a comment\r\n\r\nanna: one \\\r\n  # two\\\r\n\r\nwait\r\n  # three\r\nben: press Approve";
        let lines = parse(script, &people()).unwrap();
        assert_eq!(lines.iter().map(|l| l.number).collect::<Vec<_>>(), [3, 6, 8]);
        assert_eq!(lines[0].act, say("one \n  # two"));
    }

    #[test]
    fn a_backslash_at_the_very_end_ends_the_message() {
        assert_eq!(parse("anna: one\\", &people()).unwrap()[0].act, say("one"));
    }

    #[test]
    fn a_huge_line_and_many_continued_lines_are_read_in_linear_time() {
        let text = format!("anna: {}", "x ".repeat(5 << 20));
        let lines = parse(&text, &people()).unwrap();
        assert!(matches!(&lines[0].act, Act::Say { text, .. } if text.len() == (10 << 20) - 1));
        let text = format!("anna: {}end", "row\\\n".repeat(1 << 20));
        let lines = parse(&text, &people()).unwrap();
        assert!(matches!(&lines[0].act, Act::Say { text, .. } if text.ends_with("row\nend")));
    }

    #[test]
    fn a_long_or_odd_word_is_shortened_in_the_error() {
        let wrong = parse(&format!("{}\u{1b}[2J: hi", "z".repeat(80)), &people()).unwrap_err();
        let text = wrong[0].to_string();
        assert!(text.contains(&format!("\"{}…\"", "z".repeat(40))) && !text.contains('\u{1b}'), "{text}");
    }
}
