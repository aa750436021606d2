//! The terminal chat: the people of a scenario speak from a script or by hand, and everything that the bot shows is printed,
//! as cards or as JSON lines (DESIGN 4.1, 4.2).
//!
//! Never decides anything and never talks to a directory or the store: it hands [`Inbound`] events to a [`World`] and prints
//! what the outbox gives it. Its people are actors of the sandbox; whether their presses count is judged elsewhere (SAFETY A2).
//!
//! Begin with [`World`] (all it needs), then [`run_script`], [`run_prompt`] and [`Console`] (the surface).

mod boxes;
mod desk;
#[cfg(test)]
mod fake;
mod ink;
mod json;
mod play;
mod prompt;
#[cfg(test)]
mod sample;
mod screen;
mod script;
mod sheet;
mod table;
mod typed;

use crate::domain::ids::OktaUserId;
use crate::domain::inbound::Inbound;
use crate::domain::notice::{Card, Notice};
use crate::domain::time::At;
use crate::ports::surface::{Earlier, Surface, SurfaceError};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A card as the terminal shows it, for a command that prints one.
pub fn printed(card: &Card, paper: Paper) -> String {
    boxes::card(card, paper, false)
}

pub use play::{Outcome, run_script};
pub use prompt::run_prompt;
pub use screen::{Paper, Screen};
pub use script::{Act, Line, Mistake, ScriptError, parse};
pub use table::{Cell, Ink, Room, paragraph, table};

/// Name of this surface in the store and in the configuration.
pub const NAME: &str = "console";

/// The channel in which everybody speaks.
pub const CHANNEL: &str = "#provisioning";

/// Somebody who can speak in the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persona {
    /// The Okta user behind the name; without one the account counts as not linked.
    pub okta: Option<OktaUserId>,
    /// What the person may do, in words (`help desk`, `approver`).
    pub role: String,
}

/// The app as the console sees it.
#[async_trait]
pub trait World: Send + Sync {
    /// Who can speak: name and standing.
    fn people(&self) -> &BTreeMap<String, Persona>;

    /// The error text that `@error` pastes.
    async fn error_text(&self) -> anyhow::Result<String>;

    /// The login that `@subject` stands for.
    fn subject_login(&self) -> &str;

    /// Hands one event to the app; stored durably when it returns. The text in it is as it was typed: redaction is the
    /// app's, as with every surface.
    async fn hear(&self, inbound: Inbound) -> anyhow::Result<()>;

    /// Returns when all work that is possible now is done and shown. Moves no clock.
    async fn settle(&self) -> anyhow::Result<()>;

    /// Returns when work is idle (`wait` of DESIGN 4.2). Clocks may jump.
    async fn wait(&self) -> anyhow::Result<()>;

    /// Moves both clocks forward by `ms` milliseconds.
    async fn advance(&self, ms: i64) -> anyhow::Result<()>;

    /// The cards of all cases that still have something to press or to watch, from the store, oldest first.
    async fn cards(&self) -> anyhow::Result<Vec<Card>>;

    /// The time of the app.
    fn now(&self) -> At;

    /// A text unlike any other one given before, also across restarts (about ten base32 characters): names messages and events.
    fn fresh(&self) -> String;
}

/// How notices are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Cards in boxes, for people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// The surface: prints every post and every edit once.
pub struct Console {
    screen: Screen,
    format: Format,
    paper: Paper,
    memory: Mutex<Memory>,
}

/// What was printed.
#[derive(Default)]
struct Memory {
    /// Fingerprint of what stands at each reference, so that a delivery repeated after a crash is not printed twice.
    printed: BTreeMap<String, u64>,
    /// The newest card with a button that people saw.
    newest: Option<Card>,
    /// Answers printed so far; tells two answers in one thread apart.
    answers: u64,
}

/// How many references are remembered; beyond that a repeated delivery may be printed again.
const REMEMBERED: usize = 4_096;

impl Console {
    /// A console that prints on `screen`.
    pub fn new(screen: Screen, format: Format, paper: Paper) -> Self {
        Self { screen, format, paper, memory: Mutex::default() }
    }

    /// Where it prints.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// How it prints.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The newest card with a button that people saw; its buttons are those that a number presses.
    pub fn newest(&self) -> Option<Card> {
        self.memory().newest.clone()
    }

    /// Prints cards that were not posted by this process (after a restart, or asked for). Not for programs: JSON has posts
    /// and edits only.
    pub fn recall(&self, cards: &[Card]) -> io::Result<()> {
        if self.format == Format::Text {
            let text: String = cards.iter().map(|card| boxes::card(card, self.paper, false)).collect();
            self.screen.print(&text)?;
        }
        let mut memory = self.memory();
        if let Some(card) = cards.iter().rev().find(|card| !card.buttons.is_empty()) {
            memory.newest = Some(card.clone());
        }
        Ok(())
    }

    /// Prints what somebody said or did, so that a text transcript can be read alone. Not for programs.
    pub fn echo(&self, who: &str, said: &str) -> io::Result<()> {
        match self.format {
            Format::Text => self.screen.print(&boxes::echo(who, said, self.paper)),
            Format::Json => Ok(()),
        }
    }

    fn render(&self, notice: &Notice, edited: bool) -> String {
        match (self.format, notice) {
            (Format::Json, _) => json::line(notice, edited),
            (Format::Text, Notice::Card(card)) => boxes::card(card, self.paper, edited),
            (Format::Text, Notice::Note { text, .. }) => boxes::answer(text, None, self.paper),
            (Format::Text, Notice::Whisper { name, text, .. }) => boxes::answer(text, Some(name), self.paper),
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn reference(&mut self, notice: &Notice) -> String {
        match notice {
            Notice::Card(card) => match &card.case {
                Some(case) => format!("{}/{case}", card.place.thread),
                None => format!("{}/list", card.place.thread),
            },
            Notice::Note { place, .. } | Notice::Whisper { place, .. } => {
                self.answers += 1;
                format!("{}/answer-{}", place.thread, self.answers)
            }
        }
    }

    fn keep(&mut self, reference: &str, notice: &Notice, print: u64) {
        if self.printed.len() >= REMEMBERED {
            self.printed.clear();
        }
        self.printed.insert(reference.to_owned(), print);
        let Notice::Card(card) = notice else { return };
        if !card.buttons.is_empty() {
            self.newest = Some(card.as_ref().clone());
        } else if self.newest.as_ref().is_some_and(|newest| newest.case == card.case) {
            self.newest = None;
        }
    }
}

fn fingerprint(notice: &Notice) -> u64 {
    let mut hasher = DefaultHasher::new();
    json::line(notice, false).hash(&mut hasher);
    hasher.finish()
}

#[async_trait]
impl Surface for Console {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn show(&self, notice: &Notice, earlier: Earlier<'_>) -> Result<String, SurfaceError> {
        let posted = earlier.posted;
        let print = fingerprint(notice);
        // The lock is held while printing, so that two notices are remembered in the order in which they stand on the screen.
        let mut memory = self.memory();
        let reference = posted.map_or_else(|| memory.reference(notice), str::to_owned);
        if memory.printed.get(&reference) == Some(&print) {
            return Ok(reference);
        }
        self.screen.print(&self.render(notice, posted.is_some())).map_err(|error| refused(&error))?;
        memory.keep(&reference, notice, print);
        Ok(reference)
    }
}

/// A reader that went away never comes back; anything else may be tried again.
fn refused(error: &io::Error) -> SurfaceError {
    let text = format!("the terminal: {error}");
    if error.kind() == io::ErrorKind::BrokenPipe { SurfaceError::Refused(text) } else { SurfaceError::Failed(text) }
}

#[cfg(test)]
mod tests {
    use super::screen::Tape;
    use super::*;
    use crate::domain::notice::PublicText;
    use std::io::Write;

    fn console(format: Format) -> (Console, Tape) {
        let tape = Tape::default();
        (Console::new(tape.screen(), format, Paper { width: Some(40), color: false }), tape)
    }

    fn at(posted: &str) -> Earlier<'_> {
        Earlier { posted: Some(posted), ..Earlier::default() }
    }

    fn notice(state: &str) -> Notice {
        Notice::Card(Box::new(sample::small("c-222222", state)))
    }

    #[tokio::test]
    async fn each_post_and_each_edit_is_printed_once_even_when_it_is_delivered_again() {
        let (console, tape) = console(Format::Json);
        let reference = console.show(&notice("looked_up"), Earlier::default()).await.unwrap();
        assert_eq!(
            console.show(&notice("looked_up"), Earlier::default()).await.unwrap(),
            reference,
            "the row of the outbox was lost"
        );
        assert_eq!(console.show(&notice("proposed"), at(&reference)).await.unwrap(), reference);
        console.show(&notice("proposed"), at(&reference)).await.unwrap();
        console.show(&notice("looked_up"), at(&reference)).await.unwrap();
        let states: Vec<_> =
            tape.text().lines().map(|line| (line.contains("looked_up"), line.contains("\"edited\":true"))).collect();
        assert_eq!(states, [(true, false), (false, true), (true, true)]);
    }

    #[tokio::test]
    async fn two_equal_answers_are_both_printed() {
        let (console, tape) = console(Format::Text);
        let note = Notice::Note { place: sample::place("m-1"), text: PublicText::words("Reminder.") };
        let first = console.show(&note, Earlier::default()).await.unwrap();
        assert_ne!(console.show(&note, Earlier::default()).await.unwrap(), first);
        assert_eq!(tape.text(), "reanchor › Reminder.\nreanchor › Reminder.\n");
    }

    #[tokio::test]
    async fn a_restarted_console_prints_the_edit_of_a_card_it_has_never_seen() {
        let (console, tape) = console(Format::Text);
        assert_eq!(console.show(&notice("proposed"), at("before")).await.unwrap(), "before");
        assert!(tape.text().contains("updated · c-222222"));
        assert_eq!(console.newest().and_then(|card| card.case), sample::small("c-222222", "x").case);
    }

    #[tokio::test]
    async fn cards_that_are_shown_again_do_not_reach_programs() {
        let (console, tape) = console(Format::Json);
        console.recall(&[sample::small("c-222222", "proposed")]).unwrap();
        assert_eq!(tape.text(), "");
    }

    #[tokio::test]
    async fn a_reader_that_is_gone_is_not_tried_again_and_a_full_disk_is() {
        struct Broken(io::ErrorKind);
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let paper = Paper { width: None, color: false };
        for (kind, gone) in [(io::ErrorKind::BrokenPipe, true), (io::ErrorKind::StorageFull, false)] {
            let console = Console::new(Screen::new(Box::new(Broken(kind))), Format::Json, paper);
            let error = console.show(&notice("proposed"), Earlier::default()).await.unwrap_err();
            assert_eq!(matches!(error, SurfaceError::Refused(_)), gone, "{error}");
            assert_eq!(matches!(error, SurfaceError::Failed(_)), !gone, "{error}");
            assert!(console.newest().is_none(), "what was not printed was not seen");
        }
    }
}
