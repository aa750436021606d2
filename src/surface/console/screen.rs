//! Where the console prints, and how wide and colourful the paper is.
//!
//! Never writes half a text: what is handed in is written and flushed under one lock, so cards never mix.
//!
//! Begin with [`Screen`].

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// A writer shared by the surface, the script and the prompt. Clones print to the same place.
#[derive(Clone)]
pub struct Screen {
    out: Arc<Mutex<Box<dyn Write + Send>>>,
}

impl Screen {
    /// A screen over `out`.
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out: Arc::new(Mutex::new(out)) }
    }

    /// Standard output.
    pub fn stdout() -> Self {
        Self::new(Box::new(io::stdout()))
    }

    /// Standard error.
    pub fn stderr() -> Self {
        Self::new(Box::new(io::stderr()))
    }

    /// Writes and flushes `text` as a whole.
    pub fn print(&self, text: &str) -> io::Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// From now on prints to `out`; gives back where it printed before.
    pub fn redirect(&self, out: Box<dyn Write + Send>) -> Box<dyn Write + Send> {
        std::mem::replace(&mut *self.out.lock().unwrap_or_else(PoisonError::into_inner), out)
    }
}

/// Narrowest box.
pub(super) const NARROWEST: usize = 40;
/// Widest box: longer lines are hard to read, however wide the terminal is.
pub(super) const WIDEST: usize = 120;
/// Width where no terminal tells one.
const USUAL: usize = 80;

/// Width and colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Columns; without a number the terminal is asked at each print, as it may be resized.
    pub width: Option<usize>,
    /// Whether colours are printed.
    pub color: bool,
}

impl Paper {
    /// The paper of standard output: as wide as the terminal; coloured only on a terminal and without `no_color` (the
    /// variable NO_COLOR, which `config` reads).
    pub fn stdout(no_color: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        Self { width: (!terminal).then_some(USUAL), color: terminal && !no_color }
    }

    /// Columns of a box on this paper.
    pub fn columns(self) -> usize {
        let asked = self.width.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)));
        asked.unwrap_or(USUAL).clamp(NARROWEST, WIDEST)
    }
}

/// A buffer that tests read.
#[cfg(test)]
#[derive(Clone, Default)]
pub(super) struct Tape(Arc<Mutex<Vec<u8>>>);

#[cfg(test)]
impl Tape {
    /// A screen over this tape.
    pub(super) fn screen(&self) -> Screen {
        Screen::new(Box::new(self.clone()))
    }

    /// What was printed so far.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[cfg(test)]
impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
