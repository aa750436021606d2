//! The surface of a flow test.

use reanchor::domain::actor::Actor;
use reanchor::domain::inbound::{Attached, FileText, Place};
use reanchor::domain::notice::{Notice, PublicText};
use reanchor::ports::surface::{Earlier, Surface, SurfaceError};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A surface that remembers what it was told to show.
#[derive(Default)]
pub(crate) struct Screen {
    pub(crate) shown: Mutex<Vec<(Notice, bool)>>,
    /// What comes of a file; without it there are none.
    pub(crate) file: Mutex<Option<Result<FileText, SurfaceError>>>,
    /// Cards are refused for good, with these words.
    pub(crate) refuses: Mutex<Option<&'static str>>,
    /// Answers to one person have to wait so many milliseconds, each time they are tried.
    pub(crate) delays: Mutex<Vec<i64>>,
    /// The state whose card waits for [`Screen::open`] before it is shown.
    pub(crate) gate: Mutex<Option<&'static str>>,
    pub(crate) open: tokio::sync::Notify,
    /// Whether people are told outside the channel, and who was.
    pub(crate) nudging: AtomicBool,
    pub(crate) nudged: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl Surface for Screen {
    fn name(&self) -> &'static str {
        "console"
    }

    async fn show(&self, notice: &Notice, earlier: Earlier<'_>) -> Result<String, SurfaceError> {
        let posted = earlier.posted;
        if let Notice::Card(card) = notice {
            let waits = *self.gate.lock().unwrap();
            if card.state.as_deref().is_some_and(|state| waits == Some(state)) {
                self.open.notified().await;
            }
            if let Some(why) = *self.refuses.lock().unwrap() {
                return Err(SurfaceError::Refused(why.to_owned()));
            }
        }
        if let (Notice::Whisper { .. }, Some(after_ms)) = (notice, self.delays.lock().unwrap().pop()) {
            return Err(SurfaceError::Wait { after_ms });
        }
        self.shown.lock().unwrap().push((notice.clone(), posted.is_some()));
        let reference = match notice {
            Notice::Card(card) => card.case.as_ref().map_or("list".to_owned(), ToString::to_string),
            Notice::Note { .. } | Notice::Whisper { .. } => "line".to_owned(),
        };
        Ok(posted.map_or(reference, str::to_owned))
    }

    fn nudges(&self) -> bool {
        self.nudging.load(Ordering::Relaxed)
    }

    async fn nudge(&self, _: &Place, to: &Actor, _: &PublicText) -> Result<(), SurfaceError> {
        self.nudged.lock().unwrap().push(to.name.clone());
        Ok(())
    }

    async fn fetch(&self, _: &Place, _: &Attached) -> Result<FileText, SurfaceError> {
        let file = self.file.lock().unwrap().clone();
        file.unwrap_or_else(|| Err(SurfaceError::Refused("this surface has no files".to_owned())))
    }
}
