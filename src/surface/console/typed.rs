//! What somebody typed by hand: a command of the console itself, a number, or something to say.
//!
//! Never acts. Text that only looks like a command of the console (`as expected, it failed`) is something to say.
//!
//! Begin with [`read`].

use super::script::{self, Act, Mistake};

/// One input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Nothing.
    Empty,
    /// Show how it works.
    Help,
    /// Show who is here.
    Who,
    /// Show the cards again.
    Cards,
    /// Leave.
    Quit,
    /// Go on as somebody else.
    Become(String),
    /// Press the button with this number on the newest card.
    Number(usize),
    /// Anything that a script can do as well.
    Act(Act),
}

/// Reads one input of `who`; a pasted text with several lines is one input.
pub(super) fn read(text: &str, who: &str, people: &[String]) -> Result<Typed, Mistake> {
    let text = text.trim();
    let words: Vec<&str> = text.split_whitespace().take(3).collect();
    let person = |name: &str| people.iter().any(|known| known == name);
    match words.as_slice() {
        [] => return Ok(Typed::Empty),
        ["?" | "help"] => return Ok(Typed::Help),
        ["who"] => return Ok(Typed::Who),
        ["cards"] => return Ok(Typed::Cards),
        ["quit" | "exit"] => return Ok(Typed::Quit),
        ["as", name] if person(name) => return Ok(Typed::Become((*name).to_owned())),
        ["as", name] => return Err(Mistake::Person { word: (*name).to_owned(), people: people.to_vec() }),
        ["wait" | "advance"] | ["advance", _] => return script::act(text, people).map(Typed::Act),
        [number] if number.bytes().all(|b| b.is_ascii_digit()) && number.len() < 4 => {
            if let Ok(number) = number.parse() {
                return Ok(Typed::Number(number));
            }
        }
        _ => {}
    }
    match text.split_once(':') {
        Some((name, said)) if person(name.trim_end()) => script::speech(name.trim_end(), said).map(Typed::Act),
        Some(_) | None => script::speech(who, text).map(Typed::Act),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_the_console_and_everything_else_are_told_apart() {
        let people = ["anna", "ben"].map(str::to_owned);
        let say = |who: &str, text: &str| Typed::Act(Act::Say { who: who.to_owned(), text: text.to_owned() });
        let table = [
            ("", Typed::Empty),
            (" \n ", Typed::Empty),
            ("?", Typed::Help),
            ("help", Typed::Help),
            ("help me", say("anna", "help me")),
            ("who", Typed::Who),
            ("who did that", say("anna", "who did that")),
            ("cards", Typed::Cards),
            (" quit ", Typed::Quit),
            ("as ben", Typed::Become("ben".to_owned())),
            ("as expected, it failed", say("anna", "as expected, it failed")),
            ("2", Typed::Number(2)),
            ("0", Typed::Number(0)),
            ("12345", say("anna", "12345")),
            ("wait", Typed::Act(Act::Wait)),
            ("wait for me", say("anna", "wait for me")),
            ("advance 10m", Typed::Act(Act::Advance(600_000))),
            (
                "ben: press Approve",
                Typed::Act(Act::Press { who: "ben".to_owned(), label: "Approve".to_owned(), note: None }),
            ),
            ("zoe: hi", say("anna", "zoe: hi")),
            ("Error: 404\n\nmore: text", say("anna", "Error: 404\n\nmore: text")),
            ("/reanchor help", Typed::Act(Act::Command { who: "anna".to_owned(), text: "help".to_owned() })),
        ];
        for (text, expected) in table {
            assert_eq!(read(text, "anna", &people), Ok(expected), "{text:?}");
        }
        for text in ["as zoe", "advance", "advance soon", "/deploy", "press", "ben:"] {
            assert!(read(text, "anna", &people).is_err(), "{text:?}");
        }
    }
}
