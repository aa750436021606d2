//! Lines become events: the search for a button or a code, the filling in of `@error`, `@code`, `@case` and `@subject`, and the run of
//! a whole script.
//!
//! Never changes a case by itself and never reads the store but through [`World`]. A line that fails does not stop the script.
//!
//! Begin with [`run_script`].

use super::script::{self, Act, Line, short};
use super::{CHANNEL, Console, NAME, Screen, World};
use crate::domain::actor::{Actor, Standing};
use crate::domain::inbound::{Body, Inbound, More, Place};
use crate::domain::notice::{Button, Card};
use anyhow::{Context, anyhow, bail};
use std::io::{self, BufRead};

/// How a run of the console ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// 0 all went well, 1 a line failed, 2 the script cannot be understood and nothing ran.
    pub exit_code: u8,
}

/// Runs a script. It is read to its end and judged as a whole before its first line acts; mistakes and failed lines are
/// told on `errors`, each with its number. At the end it waits until work is idle.
pub async fn run_script(
    world: &dyn World,
    console: &Console,
    input: impl BufRead + Send + 'static,
    errors: &Screen,
) -> io::Result<Outcome> {
    let bytes = match read_all(input).await {
        Ok(bytes) => bytes,
        Err(error) => {
            errors.print(&format!("the script could not be read, nothing was run: {error}\n"))?;
            return Ok(Outcome { exit_code: 1 });
        }
    };
    let (text, torn) = decode(bytes);
    for number in torn {
        errors.print(&format!(
            "line {number}: not UTF-8; each part that could not be read stands as U+FFFD, the rest of the line is kept\n"
        ))?;
    }
    let people: Vec<String> = world.people().keys().cloned().collect();
    let lines = match script::parse(&text, &people) {
        Ok(lines) => lines,
        Err(wrong) => {
            for error in wrong {
                errors.print(&format!("{error}\n"))?;
            }
            errors.print("nothing was run\n")?;
            return Ok(Outcome { exit_code: 2 });
        }
    };
    drop(text);
    let play = Play { world, console, by_hand: false };
    let mut exit_code = 0;
    for Line { number, act } in lines {
        if let Err(error) = play.act(act).await {
            errors.print(&format!("line {number}: {error:#}\n"))?;
            exit_code = 1;
        }
    }
    if let Err(error) = play.finish().await {
        errors.print(&format!("after the last line: {error:#}\n"))?;
        exit_code = 1;
    }
    Ok(Outcome { exit_code })
}

async fn read_all(mut input: impl BufRead + Send + 'static) -> io::Result<Vec<u8>> {
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map(|_| bytes)
    });
    read.await.map_err(io::Error::other)?
}

/// The text, and the numbers of the lines in which something was not UTF-8.
fn decode(bytes: Vec<u8>) -> (String, Vec<usize>) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, Vec::new()),
        Err(error) => {
            let rows = error.as_bytes().split(|byte| *byte == b'\n').enumerate();
            let torn = rows.filter(|(_, row)| std::str::from_utf8(row).is_err()).map(|(index, _)| index + 1).collect();
            (String::from_utf8_lossy(error.as_bytes()).into_owned(), torn)
        }
    }
}

/// Something to search on the cards.
enum Wanted<'a> {
    Button(&'a str),
    Code,
}

/// What was found.
struct Found {
    card: Card,
    button: Option<Button>,
    code: String,
}

/// The acts of people, done through a [`World`].
pub(super) struct Play<'a> {
    pub(super) world: &'a dyn World,
    pub(super) console: &'a Console,
    /// Whether the lines were typed on the screen, so that they stand there already.
    pub(super) by_hand: bool,
}

impl Play<'_> {
    /// Does one line.
    pub(super) async fn act(&self, act: Act) -> anyhow::Result<()> {
        match act {
            Act::Say { who, text } => self.say(&who, text, |text| Body::Message { text }).await,
            Act::Mention { who, text } => self.say(&who, text, |text| Body::Mention { text }).await,
            Act::Command { who, text } => self.command(&who, text).await,
            Act::Press { who, label, note } => {
                let found = self.find(&Wanted::Button(&label)).await?;
                let button = found.button.ok_or_else(|| anyhow!("the card lost its button"))?;
                self.press(&who, &found.card, &button, note).await
            }
            Act::Wait => self.world.wait().await,
            Act::Advance(ms) => {
                // Work that is possible now must not be overtaken by the clock.
                self.world.settle().await?;
                self.world.advance(ms).await
            }
        }
    }

    /// Waits until work is idle.
    pub(super) async fn finish(&self) -> anyhow::Result<()> {
        self.world.settle().await?;
        self.world.wait().await
    }

    /// Presses `button` of `card` as it was shown.
    pub(super) async fn press(
        &self,
        who: &str,
        card: &Card,
        button: &Button,
        note: Option<String>,
    ) -> anyhow::Result<()> {
        let Some(case) = card.case.clone() else { bail!("the card with the button \"{}\" has no case", button.verb) };
        let reason = note.as_deref().map(|note| format!(": {note}")).unwrap_or_default();
        self.console.echo(who, &format!("[{}] on {case}{reason}", button.verb))?;
        let body = Body::Press { verb: button.verb, case, number: button.number, note };
        self.hear(who, card.place.clone(), body).await
    }

    async fn say(&self, who: &str, text: String, body: impl FnOnce(String) -> Body) -> anyhow::Result<()> {
        let (text, _) = self.fill_in(text).await?;
        let body = body(text);
        match &body {
            Body::Mention { text } => self.echo(who, &format!("@reanchor {text}"))?,
            Body::Message { text } | Body::Command { text } => self.echo(who, text)?,
            Body::Press { .. } => {}
        }
        self.hear(who, self.new_place(), body).await
    }

    async fn command(&self, who: &str, text: String) -> anyhow::Result<()> {
        self.world.settle().await?;
        let (text, code_card) = self.fill_in(text).await?;
        let place = match code_card {
            Some(card) => card.place,
            None => self.place_of(&text).await?.unwrap_or_else(|| self.new_place()),
        };
        self.echo(who, &format!("/reanchor {text}"))?;
        self.hear(who, place, Body::Command { text }).await
    }

    /// The place of the newest card whose case or code is a word of `text`: a command about a case is answered where its card is.
    async fn place_of(&self, text: &str) -> anyhow::Result<Option<Place>> {
        let names = |card: &Card, word: &str| {
            card.case.as_ref().is_some_and(|case| case.as_str() == word) || code(card).as_deref() == Some(word)
        };
        // Names of cases and codes stand at the front; what follows may be a long paste.
        let words: Vec<&str> = text.split_whitespace().take(4).collect();
        let cards = self.world.cards().await?;
        let card = cards.into_iter().rev().find(|card| words.iter().any(|word| names(card, word)));
        Ok(card.map(|card| card.place))
    }

    /// Puts the values of `@error`, `@code`, `@case` and `@subject` in their place, where they stand as words of their own; also
    /// gives the card whose code was taken.
    async fn fill_in(&self, text: String) -> anyhow::Result<(String, Option<Card>)> {
        let has = |wanted: &str| text.contains(wanted) && text.split_whitespace().any(|word| word == wanted);
        let error = if has("@error") { self.world.error_text().await.context("@error")? } else { String::new() };
        let found = if has("@code") { Some(self.find(&Wanted::Code).await?) } else { None };
        let case = if has("@case") { self.newest_case().await? } else { String::new() };
        if found.is_none() && !has("@error") && !has("@subject") && case.is_empty() {
            return Ok((text, None));
        }
        if self.by_hand && !error.is_empty() {
            self.console.echo("@error", &error)?;
        }
        let code = found.as_ref().map_or("", |found| found.code.as_str());
        let mut out = String::with_capacity(text.len() + error.len());
        for piece in text.split_inclusive(char::is_whitespace) {
            let word = piece.trim_end();
            match word {
                "@error" => out.push_str(error.trim_end()),
                "@code" => out.push_str(code),
                "@case" => out.push_str(&case),
                "@subject" => out.push_str(self.world.subject_login()),
                _ => out.push_str(word),
            }
            out.push_str(&piece[word.len()..]);
        }
        Ok((out, found.map(|found| found.card)))
    }

    /// The id of the newest card that is about a case.
    async fn newest_case(&self) -> anyhow::Result<String> {
        self.world.settle().await?;
        let cards = self.world.cards().await?;
        let newest = cards.iter().rev().find_map(|card| card.case.as_ref());
        newest.map(ToString::to_string).context("no card is about a case, so @case stands for nothing")
    }

    /// Searches the cards as they are, and once more when work is idle.
    async fn find(&self, wanted: &Wanted<'_>) -> anyhow::Result<Found> {
        self.world.settle().await?;
        if let Some(found) = newest(self.world.cards().await?, wanted).0 {
            return Ok(found);
        }
        self.world.wait().await?;
        let (found, buttons) = newest(self.world.cards().await?, wanted);
        let now = if buttons.is_empty() { "none".to_owned() } else { buttons.join(", ") };
        found.ok_or_else(|| match wanted {
            Wanted::Button(label) => anyhow!("nobody has a button \"{}\" (buttons now: {now})", short(label)),
            Wanted::Code => anyhow!("no proposal is open, so @code stands for nothing (buttons now: {now})"),
        })
    }

    fn echo(&self, who: &str, said: &str) -> io::Result<()> {
        if self.by_hand { Ok(()) } else { self.console.echo(who, said) }
    }

    async fn hear(&self, who: &str, place: Place, body: Body) -> anyhow::Result<()> {
        let person = self.world.people().get(who).ok_or_else(|| anyhow!("nobody here is called \"{}\"", short(who)))?;
        let standing = match &person.okta {
            Some(okta) => Standing::Linked { okta: okta.clone() },
            None => Standing::Unlinked,
        };
        let inbound = Inbound {
            v: 1,
            surface: NAME.to_owned(),
            event_key: format!("e-{}", self.world.fresh()),
            place,
            actor: Actor { key: who.to_owned(), name: who.to_owned(), standing },
            at: self.world.now(),
            body,
            more: More::default(),
        };
        self.world.hear(inbound).await
    }

    fn new_place(&self) -> Place {
        let message = format!("m-{}", self.world.fresh());
        Place { channel: CHANNEL.to_owned(), thread: message.clone(), message }
    }
}

/// The newest card that has what is wanted; else the labels that there are, each once, in order of first appearance.
fn newest(cards: Vec<Card>, wanted: &Wanted<'_>) -> (Option<Found>, Vec<&'static str>) {
    let mut labels = Vec::new();
    for card in cards.into_iter().rev() {
        match wanted {
            Wanted::Button(label) => {
                let button =
                    card.buttons.iter().find(|button| button.verb.label().eq_ignore_ascii_case(label)).cloned();
                if button.is_some() {
                    return (Some(Found { card, button, code: String::new() }), labels);
                }
            }
            Wanted::Code => {
                if let Some(code) = code(&card) {
                    return (Some(Found { card, button: None, code }), labels);
                }
            }
        }
        for button in &card.buttons {
            if !labels.contains(&button.verb.label()) {
                labels.push(button.verb.label());
            }
        }
    }
    (None, labels)
}

/// The code of a proposed card.
fn code(card: &Card) -> Option<String> {
    if card.state.as_deref() != Some("proposed") {
        return None;
    }
    card.facts.iter().find(|(label, _)| label == "Code").map(|(_, value)| value.plain().trim().to_owned())
}

#[cfg(test)]
#[path = "play_tests.rs"]
mod tests;
