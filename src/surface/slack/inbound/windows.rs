//! Windows and direct answers: what goes to one person at once. It carries no state and may be lost.
//!
//! Never waited for by an acknowledgement, and a window is opened before anything is looked up, because the right to open one
//! lasts three seconds. Begin with [`Desk`] and [`open`].

use super::intake::Ear;
use crate::domain::ids::CaseId;
use crate::domain::inbound::Place;
use crate::domain::notice::PublicText;
use crate::domain::time::{At, MINUTE};
use crate::ports::clock::Clock;
use crate::ports::tasks::Tasks;
use crate::surface::slack::calls::{CallError, Calls};
use crate::surface::slack::token::Mint;
use crate::surface::slack::views;
use crate::surface::slack::who::Who;
use serde_json::{Value, json};
use std::sync::Arc;

/// How long a direct answer that has to wait is good.
const GOOD: i64 = 5 * MINUTE;

/// Keeps a `response_url`: whose it is, where, and the address.
pub type Remember = Box<dyn Fn(&str, &Place, &str) + Send + Sync>;

/// What answering at once needs.
pub struct Desk {
    /// The Web API.
    pub calls: Arc<dyn Calls>,
    /// Checks buttons.
    pub mint: Mint,
    /// Keeps addresses for direct answers, in memory.
    pub remember: Remember,
    /// What Slack says of accounts and channels.
    pub who: Arc<Who>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Supervised tasks.
    pub tasks: Arc<dyn Tasks>,
}

impl Desk {
    /// Now.
    pub fn now(&self) -> At {
        self.clock.now()
    }

    /// Keeps the address for answers to this person at this place.
    pub fn remember(&self, actor: &str, place: &Place, response_url: &str) {
        if !response_url.is_empty() {
            (self.remember)(actor, place, response_url);
        }
    }
}

/// Tells the person alone.
pub fn answer(desk: &Arc<Desk>, response_url: &str, text: &'static str) {
    if response_url.is_empty() {
        return;
    }
    let (desk_then, url) = (Arc::clone(desk), response_url.to_owned());
    desk.tasks.spawn("slack answer", Box::pin(async move { tell(&desk_then, &url, text).await }));
}

async fn tell(desk: &Desk, response_url: &str, text: &str) {
    if response_url.is_empty() {
        return;
    }
    let until = desk.now().plus(GOOD);
    loop {
        match desk.calls.respond(response_url, text).await {
            Ok(()) => return,
            Err(CallError::Limited { after_ms }) if desk.now().plus(after_ms) <= until => {
                desk.clock.sleep_until(desk.now().plus(after_ms)).await;
            }
            Err(error) => return tracing::warn!(%error, "a direct answer in Slack was lost"),
        }
    }
}

const NO_WINDOW: &str = "Slack did not open the window in time. Press the button again, or type the command: /reanchor help \
                         shows them. Nothing was changed.";

/// Opens a window; says so when Slack does not.
pub fn open(desk: &Arc<Desk>, workspace: Option<String>, trigger_id: &str, response_url: &str, view: Value) {
    let (desk_then, trigger, url) = (Arc::clone(desk), trigger_id.to_owned(), response_url.to_owned());
    let work = async move {
        let body = json!({ "trigger_id": trigger, "view": view });
        if let Err(error) = desk_then.calls.call(workspace.as_deref(), "views.open", body).await {
            tracing::warn!(%error, "a window was not opened");
            tell(&desk_then, &url, NO_WINDOW).await;
        }
    };
    desk.tasks.spawn("slack window", Box::pin(work));
}

/// Opens a window that says wait, and then puts the whole card of a case into it.
pub fn details(
    desk: &Arc<Desk>,
    ear: &Arc<dyn Ear>,
    workspace: Option<String>,
    (trigger_id, response_url): (&str, &str),
    case: CaseId,
) {
    let (desk_then, ear, trigger, url) =
        (Arc::clone(desk), Arc::clone(ear), trigger_id.to_owned(), response_url.to_owned());
    let work = async move {
        let workspace = workspace.as_deref();
        let body = json!({ "trigger_id": trigger, "view": views::loading(case.as_str()) });
        let opened = match desk_then.calls.call(workspace, "views.open", body).await {
            Ok(opened) => opened,
            Err(error) => {
                tracing::warn!(%error, "a window was not opened");
                return tell(&desk_then, &url, NO_WINDOW).await;
            }
        };
        let view = match ear.card(&case).await {
            Ok(Some(card)) => views::details(&card),
            Ok(None) => views::said(case.as_str(), &PublicText::words("There is no such case any more.")),
            Err(error) => {
                tracing::warn!(error, "a case could not be read for a window");
                views::said(case.as_str(), &PublicText::words("The case could not be read. Close this and try again."))
            }
        };
        let id = opened.pointer("/view/id").and_then(Value::as_str).unwrap_or_default();
        if let Err(error) =
            desk_then.calls.call(workspace, "views.update", json!({ "view_id": id, "view": view })).await
        {
            tracing::warn!(%error, "a window was not filled");
        }
    };
    desk.tasks.spawn("slack window", Box::pin(work));
}

/// The answer to a form that keeps it open and says what is wrong at one of its fields.
pub fn form_error(block: &str, text: &str) -> String {
    json!({ "response_action": "errors", "errors": { block: text } }).to_string()
}
