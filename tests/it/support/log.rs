//! What the bot logs while a test runs.

use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing::Dispatch;

/// The lines so far.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn dispatch(&self) -> Dispatch {
        let writer = self.clone();
        let all = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        Dispatch::new(all.with_writer(move || writer.clone()).finish())
    }

    /// Listens to what this thread logs, as long as it lives.
    pub(crate) fn listen(&self) {
        // With one listener alone, tracing asks only the thread that meets a call site first; with two it asks each.
        std::mem::forget(self.dispatch());
        std::mem::forget(tracing::dispatcher::set_default(&self.dispatch()));
        tracing::callsite::rebuild_interest_cache();
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}
