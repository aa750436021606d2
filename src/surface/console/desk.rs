//! The line editor, in a thread of its own, so that what the app shows appears above the line being typed.
//!
//! Never decides what a line means, and keeps the history in memory only: what is pasted here is about people. A text printed
//! in the instant in which the very last line is entered may be lost by the editor; the store still has its card.
//!
//! Begin with [`Desk`].

use super::screen::Screen;
use async_trait::async_trait;
use rustyline::error::ReadlineError;
use rustyline::{Config, DefaultEditor, ExternalPrinter};
use std::io::{self, Write};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// An answer to a question at the terminal.
#[derive(Debug)]
pub(super) enum Heard {
    /// A line; a pasted text comes as one, line feeds included.
    Line(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or the terminal is gone.
    End,
}

/// Somebody who answers.
#[async_trait]
pub(super) trait Ask: Send {
    /// Shows `question` and gives the answer; `remember` puts it into the history.
    async fn ask(&mut self, question: &str, remember: bool) -> io::Result<Heard>;
}

struct Question {
    text: String,
    remember: bool,
    reply: oneshot::Sender<io::Result<Heard>>,
}

/// The person at the terminal.
pub(super) struct Desk {
    questions: mpsc::UnboundedSender<Question>,
    thread: JoinHandle<()>,
    before: Option<Box<dyn Write + Send>>,
}

impl Desk {
    /// Starts the editor; from now on `screen` prints above the line being typed.
    pub(super) fn open(screen: &Screen) -> anyhow::Result<Self> {
        // A paste is taken as a whole, so its line feeds do not send it piece by piece.
        let config = Config::builder().bracketed_paste(true).max_history_size(1_000)?.build();
        let mut editor = DefaultEditor::with_config(config)?;
        // Without a terminal on both ends there is no line to protect, and the screen prints as before.
        let before = editor
            .create_external_printer()
            .ok()
            .map(|printer| screen.redirect(Box::new(Above { printer, waiting: Vec::new() })));
        let (questions, asked) = mpsc::unbounded_channel();
        let thread = tokio::task::spawn_blocking(move || answer(editor, asked));
        Ok(Self { questions, thread, before })
    }

    /// Ends the editor and lets `screen` print where it printed before.
    pub(super) async fn close(self, screen: &Screen) -> anyhow::Result<()> {
        let Self { questions, thread, before } = self;
        drop(questions);
        thread.await?;
        if let Some(before) = before {
            drop(screen.redirect(before));
        }
        Ok(())
    }
}

fn answer(mut editor: DefaultEditor, mut asked: mpsc::UnboundedReceiver<Question>) {
    while let Some(Question { text, remember, reply }) = asked.blocking_recv() {
        let heard = match editor.readline(&text) {
            Ok(line) => {
                let kept = if remember { editor.add_history_entry(line.as_str()).map(drop) } else { Ok(()) };
                kept.map(|()| Heard::Line(line)).map_err(io::Error::other)
            }
            Err(ReadlineError::Eof) => Ok(Heard::End),
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => Ok(Heard::Interrupted),
            Err(error) => Err(io::Error::other(error)),
        };
        if reply.send(heard).is_err() {
            return;
        }
    }
}

#[async_trait]
impl Ask for Desk {
    async fn ask(&mut self, question: &str, remember: bool) -> io::Result<Heard> {
        let (reply, answer) = oneshot::channel();
        let question = Question { text: question.to_owned(), remember, reply };
        let gone = || io::Error::other("the line editor ended");
        self.questions.send(question).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// Prints above the line being typed. The editor takes whole texts, so bytes are kept until they are flushed.
struct Above<P> {
    printer: P,
    waiting: Vec<u8>,
}

impl<P: ExternalPrinter> Write for Above<P> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&self.waiting).into_owned();
        self.waiting.clear();
        self.printer.print(text).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pages(Vec<String>);

    impl ExternalPrinter for Pages {
        fn print(&mut self, text: String) -> rustyline::Result<()> {
            self.0.push(text);
            Ok(())
        }
    }

    #[test]
    fn a_text_reaches_the_editor_whole_and_once() {
        let mut above = Above { printer: Pages(Vec::new()), waiting: Vec::new() };
        let text = "╭─ card ─╮\n";
        let (first, second) = text.as_bytes().split_at(4);
        above.write_all(first).unwrap();
        above.write_all(second).unwrap();
        above.flush().unwrap();
        above.flush().unwrap();
        assert_eq!(above.printer.0, [text]);
    }
}
