//! The chat by hand: who is speaking, what a number presses, and what is asked before a button acts.
//!
//! Never presses a button of a card that was not shown: the press carries the proposal number of the printed card, so a vote
//! cannot slip to a newer plan (SAFETY B2). Never keeps what was typed in a file.
//!
//! Begin with [`run_prompt`]; [`Dialog`] is the logic without a terminal.

use super::desk::{Ask, Desk, Heard};
use super::play::{Outcome, Play};
use super::script::{Act, short};
use super::typed::{Typed, read};
use super::{Console, World};
use crate::domain::notice::{Button, Card};
use anyhow::{anyhow, bail};
use std::fmt::Write as _;

/// Talks with the person at the terminal until `quit` or the end of the input, then until work is idle. Cards that were
/// open before are shown first. Standard input must be a terminal.
pub async fn run_prompt(world: &dyn World, console: &Console) -> anyhow::Result<Outcome> {
    let mut desk = Desk::open(console.screen())?;
    let mut dialog = Dialog::new(world, console)?;
    let talked = dialog.talk(&mut desk).await;
    desk.close(console.screen()).await?;
    talked?;
    match dialog.play.finish().await {
        Ok(()) => Ok(Outcome { exit_code: 0 }),
        Err(error) => {
            console.screen().print(&format!("! {error:#}\n"))?;
            Ok(Outcome { exit_code: 1 })
        }
    }
}

/// Whether to go on.
#[derive(Debug, PartialEq, Eq)]
enum Flow {
    On,
    Leave,
}

/// The talk with one person at the terminal.
struct Dialog<'a> {
    play: Play<'a>,
    names: Vec<String>,
    who: String,
}

impl<'a> Dialog<'a> {
    fn new(world: &'a dyn World, console: &'a Console) -> anyhow::Result<Self> {
        let names: Vec<String> = world.people().keys().cloned().collect();
        let who = names.iter().find(|name| *name == "anna").or(names.first());
        let who = who.cloned().ok_or_else(|| anyhow!("there is nobody who could speak"))?;
        Ok(Self { play: Play { world, console, by_hand: true }, names, who })
    }

    async fn talk(&mut self, ask: &mut dyn Ask) -> anyhow::Result<()> {
        let open = self.play.world.cards().await?;
        self.play.console.recall(&open)?;
        self.print(&format!("You are {}. Paste an error, or type ? for help.\n", self.title(&self.who)))?;
        loop {
            let line = match ask.ask(&format!("{} › ", self.who), true).await? {
                Heard::Line(line) => line,
                Heard::Interrupted => {
                    self.print("Type quit to leave.\n")?;
                    continue;
                }
                Heard::End => return Ok(()),
            };
            match self.take(&line, ask).await {
                Ok(Flow::On) => {}
                Ok(Flow::Leave) => return Ok(()),
                // A line that fails is told; only a terminal that is gone ends the talk, and the next question finds that out.
                Err(error) => self.print(&format!("! {error:#}\n"))?,
            }
        }
    }

    /// Does what was typed.
    async fn take(&mut self, text: &str, ask: &mut dyn Ask) -> anyhow::Result<Flow> {
        let typed = read(text, &self.who, &self.names).map_err(|mistake| anyhow!("{mistake}"))?;
        match typed {
            Typed::Empty => {}
            Typed::Help => self.print(HELP)?,
            Typed::Who => self.print(&self.everybody())?,
            Typed::Cards => self.cards().await?,
            Typed::Quit => return Ok(Flow::Leave),
            Typed::Become(name) => {
                self.who = name;
                self.print(&format!("You are {}.\n", self.title(&self.who)))?;
            }
            Typed::Number(number) => self.press_number(number, ask).await?,
            Typed::Act(Act::Press { who, label, note }) => {
                let (card, button) = self.labelled(&label).await?;
                self.press(&who, (&card, &button), note, ask).await?;
            }
            Typed::Act(act) => self.play.act(act).await?,
        }
        Ok(Flow::On)
    }

    async fn press_number(&self, number: usize, ask: &mut dyn Ask) -> anyhow::Result<()> {
        let Some(card) = self.play.console.newest() else {
            let with_buttons = self.with_buttons().await?;
            let Some(card) = with_buttons.last() else { bail!("no card has a button now") };
            self.play.console.recall(std::slice::from_ref(card))?;
            bail!("that card was not shown before; look at it, then type the number again");
        };
        let Some(button) = number.checked_sub(1).and_then(|index| card.buttons.get(index)) else {
            let all: Vec<_> =
                card.buttons.iter().enumerate().map(|(at, button)| format!("[{}] {}", at + 1, button.verb)).collect();
            bail!("the newest card has no button {number} (buttons now: {})", all.join("  "));
        };
        self.press(&self.who, (&card, button), None, ask).await
    }

    /// The button with this label: on the newest card that was shown, else on the newest one that has it, which is shown first.
    async fn labelled(&self, label: &str) -> anyhow::Result<(Card, Button)> {
        let stored = self.with_buttons().await?;
        let shown = self.play.console.newest();
        let cards: Vec<Card> = shown.iter().cloned().chain(stored.into_iter().rev()).collect();
        let mut labels: Vec<&str> = Vec::new();
        for card in &cards {
            for button in &card.buttons {
                if button.verb.label().eq_ignore_ascii_case(label) {
                    if shown.as_ref() != Some(card) {
                        self.play.console.recall(std::slice::from_ref(card))?;
                    }
                    return Ok((card.clone(), button.clone()));
                }
                if !labels.contains(&button.verb.label()) {
                    labels.push(button.verb.label());
                }
            }
        }
        let now = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
        bail!("nobody has a button \"{}\" (buttons now: {now})", short(label))
    }

    async fn with_buttons(&self) -> anyhow::Result<Vec<Card>> {
        let mut cards = self.play.world.cards().await?;
        cards.retain(|card| !card.buttons.is_empty());
        Ok(cards)
    }

    /// Asks what the button wants to know, then presses it.
    async fn press(
        &self,
        who: &str,
        (card, button): (&Card, &Button),
        mut note: Option<String>,
        ask: &mut dyn Ask,
    ) -> anyhow::Result<()> {
        let case = card.case.as_ref().map(ToString::to_string).unwrap_or_default();
        if button.asks_reason && note.is_none() {
            match ask.ask(&format!("Reason for {} on {case}: ", button.verb), false).await? {
                Heard::Line(line) => note = Some(line.trim().to_owned()).filter(|line| !line.is_empty()),
                Heard::Interrupted | Heard::End => return self.print("Nothing was pressed.\n"),
            }
        }
        if let Some(confirm) = &button.confirm {
            self.print(&format!(
                "{case}, {}\n{}\n{}\n",
                visible(&card.title),
                visible(&confirm.title),
                visible(&confirm.text)
            ))?;
            let answer = ask.ask(&format!("{} as {who}? [y/N] ", button.verb), false).await?;
            let is_yes = matches!(&answer, Heard::Line(line) if matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"));
            if !is_yes {
                return self.print("Nothing was pressed.\n");
            }
        }
        self.play.press(who, card, button, note).await
    }

    async fn cards(&self) -> anyhow::Result<()> {
        let cards = self.play.world.cards().await?;
        if cards.is_empty() {
            return self.print("No case is open.\n");
        }
        Ok(self.play.console.recall(&cards)?)
    }

    fn everybody(&self) -> String {
        let width = self.names.iter().map(String::len).max().unwrap_or(0);
        let mut out = String::new();
        for (name, persona) in self.play.world.people() {
            let you = if *name == self.who { " (you)" } else { "" };
            // Writing to a text cannot fail.
            if writeln!(out, "  {name:width$}  {}{you}", persona.role).is_err() {
                return out;
            }
        }
        out
    }

    fn title(&self, name: &str) -> String {
        match self.play.world.people().get(name) {
            Some(persona) => format!("{name} ({})", persona.role),
            None => name.to_owned(),
        }
    }

    fn print(&self, text: &str) -> anyhow::Result<()> {
        Ok(self.play.console.screen().print(text)?)
    }
}

/// Control characters made visible, so that no text moves the cursor.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

const HELP: &str = "You can type:
  text, or a paste    say it in the channel (@error pastes the error of the scenario)
  1, 2, ...           press that button of the newest card
  press Approve       press a button by its label
  /reanchor help      a command for the bot
  @reanchor help      mention the bot
  as ben              go on as ben          ben: text   one line as ben
  who                 who is here           cards       show open cases again
  wait                until work is idle    advance 10m move the clocks
  quit                leave when work is idle
";

#[cfg(test)]
#[path = "prompt_tests.rs"]
mod tests;
