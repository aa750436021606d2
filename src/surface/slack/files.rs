//! Text files that came with a message: fetched when the event is worked on, with the bot's token.
//!
//! Never goes to another host than Slack's for files, never follows a redirect, never takes anything but text, and never reads
//! more than 256 KiB: of a longer file the head and the tail, where the host gives parts, else the head. Begin with
//! [`Files::fetch`].

use super::account;
use super::api::Tokens;
use super::calls::{CallError, Calls};
use super::inbound::read::LARGEST;
use super::settings::is_loopback;
use crate::domain::inbound::{Attached, FileText, Place, Unread};
use crate::ports::surface::SurfaceError;
use reqwest::{Client, Response, Url, header, redirect};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Slack's host for files.
const HOST: &str = "files.slack.com";
/// Longest time that one file may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Fetches files.
pub struct Files {
    client: Client,
    calls: Arc<dyn Calls>,
    tokens: Tokens,
    /// Whether the Web API is a simulated one on this machine: then its files are, too.
    local: bool,
}

fn refused(why: &str) -> SurfaceError {
    SurfaceError::Refused(why.to_owned())
}

impl Files {
    /// `local`: whether the Web API is on this machine.
    pub fn new(calls: Arc<dyn Calls>, tokens: Tokens, local: bool) -> reqwest::Result<Self> {
        let client = Client::builder().timeout(LIMIT).redirect(redirect::Policy::none()).build()?;
        Ok(Self { client, calls, tokens, local })
    }

    /// The text of a file.
    pub async fn fetch(&self, place: &Place, file: &Attached) -> Result<FileText, SurfaceError> {
        let (workspace, _) = account::of_channel(&place.channel);
        let address = match &file.address {
            Some(address) => address.clone(),
            None => self.address(workspace, &file.id).await?,
        };
        let url = allowed(&address, self.local).ok_or_else(|| refused("it does not lie at Slack"))?;
        let token = workspace.map_or(Some(&self.tokens.home), |id| self.tokens.further.get(id));
        let token = token.ok_or_else(|| refused("there is no token for its workspace"))?;
        let get = async |range: String| {
            let request = self.client.get(url.clone()).bearer_auth(token.expose()).header(header::RANGE, range);
            // The error of the client names the address, so it is not passed on.
            request.send().await.map_err(|_| broken())
        };
        let head = part_of(get(format!("bytes=0-{}", LARGEST - 1)).await?).await?;
        if !head.more {
            return Ok(FileText { text: String::from_utf8_lossy(&head.bytes).into_owned(), unread: None });
        }
        let half = LARGEST / 2;
        let tail = if head.partial { tail_of(get(format!("bytes=-{half}")).await?).await? } else { None };
        let (bytes, unread) = match tail {
            Some(tail) => {
                let half = usize::try_from(half).unwrap_or(usize::MAX);
                let head = head.bytes.get(..half).unwrap_or(&head.bytes);
                ([head, b"\n", &tail].concat(), Unread::FileMiddle)
            }
            None => (head.bytes, Unread::BehindHead),
        };
        Ok(FileText { text: String::from_utf8_lossy(&bytes).into_owned(), unread: Some(unread) })
    }

    async fn address(&self, workspace: Option<&str>, id: &str) -> Result<String, SurfaceError> {
        let answer = match self.calls.call(workspace, "files.info", json!({ "file": id })).await {
            Ok(answer) => answer,
            Err(CallError::Refused(code)) => return Err(refused(&format!("Slack does not tell of the file: {code}"))),
            Err(error @ (CallError::Unreachable(_) | CallError::Limited { .. })) => {
                return Err(SurfaceError::Failed(error.to_string()));
            }
        };
        let file = answer.get("file").cloned().unwrap_or_default();
        let text = file["mode"] == "snippet" || file["mimetype"].as_str().is_some_and(|kind| kind.starts_with("text/"));
        if !text {
            return Err(refused("it is no text"));
        }
        let address = [&file["url_private_download"], &file["url_private"]].into_iter().find_map(|url| url.as_str());
        address.map(str::to_owned).ok_or_else(|| refused("Slack does not tell where the file lies"))
    }
}

/// The address, when it is Slack's own, or this machine's where the Web API is.
fn allowed(address: &str, local: bool) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let bare = url.username().is_empty() && url.password().is_none();
    let slack = url.scheme() == "https" && url.host_str() == Some(HOST) && url.port().is_none();
    let here = local && matches!(url.scheme(), "http" | "https") && is_loopback(&url);
    (bare && (slack || here)).then_some(url)
}

fn broken() -> SurfaceError {
    SurfaceError::Failed("the file could not be fetched".to_owned())
}

/// The tail of a file; nothing where the host gives something else than that.
async fn tail_of(answer: Response) -> Result<Option<Vec<u8>>, SurfaceError> {
    match part_of(answer).await {
        Ok(part) => Ok(part.partial.then_some(part.bytes)),
        Err(SurfaceError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What an answer gave of a file.
struct Part {
    /// At most [`LARGEST`] bytes.
    bytes: Vec<u8>,
    /// Whether the host gave the part that was asked for.
    partial: bool,
    /// Whether the file is longer than this.
    more: bool,
}

async fn part_of(mut answer: Response) -> Result<Part, SurfaceError> {
    let status = answer.status();
    if status.is_server_error() || status.as_u16() == 429 {
        return Err(SurfaceError::Failed(format!("Slack's files answered {}", status.as_u16())));
    }
    let partial = status.as_u16() == 206;
    if !partial && status.as_u16() != 200 {
        return Err(refused(&format!("Slack's files answered {}", status.as_u16())));
    }
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = header(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "text/html" {
        return Err(refused("Slack answered with a page instead of the file: the token may lack files:read"));
    }
    if !kind.starts_with("text/") {
        return Err(refused("it is no text"));
    }
    let length = header(header::CONTENT_RANGE).rsplit_once('/').and_then(|(_, length)| length.parse::<u64>().ok());
    let cap = usize::try_from(LARGEST).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    let mut more = partial && length.is_some_and(|length| length > LARGEST);
    while let Some(chunk) = answer.chunk().await.map_err(|_| broken())? {
        let room = cap - bytes.len();
        bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() > room {
            more = true;
            break;
        }
    }
    // A part of a file whose length is not told may be all of it only where it is shorter than what was asked for.
    more |= partial && length.is_none() && bytes.len() == cap;
    if bytes.contains(&0) {
        return Err(refused("it is no text"));
    }
    Ok(Part { bytes, partial, more })
}

#[cfg(test)]
mod tests {
    use super::super::api::Api;
    use super::*;
    use axum::Router;
    use axum::extract::Path;
    use axum::http::{HeaderMap, StatusCode};
    use std::collections::BTreeMap;

    const CAP: usize = 256 * 1024;

    /// A host of files whose ways are named by the last part of the address: `a` at the head, `z` at the tail.
    async fn given(Path(how): Path<String>, headers: HeaderMap) -> (StatusCode, [(&'static str, String); 2], String) {
        let body = |length: usize| format!("a{}z", "-".repeat(length - 2));
        let tail = headers["range"].to_str().unwrap().starts_with("bytes=-");
        let whole = |length: usize| (StatusCode::OK, String::new(), body(length));
        let part = |range: &str| {
            let text = body(3 * CAP);
            let text = if tail { text[text.len() - CAP / 2..].to_owned() } else { text[..CAP].to_owned() };
            (StatusCode::PARTIAL_CONTENT, format!("bytes {range}"), text)
        };
        let none = |status: StatusCode| (status, String::new(), String::new());
        let (status, range, text) = match (how.as_str(), tail) {
            ("small", _) => whole(9),
            ("full", _) => whole(CAP),
            ("long", _) => whole(CAP + 1),
            ("small-part", _) => (StatusCode::PARTIAL_CONTENT, "bytes 0-8/9".to_owned(), body(9)),
            ("parts", _) | ("no-tail" | "same-again" | "broken", false) => part("0-262143/786432"),
            ("no-length", _) => part("0-262143/*"),
            ("no-tail", true) => none(StatusCode::RANGE_NOT_SATISFIABLE),
            ("same-again", true) => whole(3 * CAP),
            (_, _) => none(StatusCode::SERVICE_UNAVAILABLE),
        };
        (status, [("content-type", "text/plain".to_owned()), ("content-range", range)], text)
    }

    #[tokio::test]
    async fn how_much_was_read_of_a_file_is_known_whatever_the_host_gives() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let serving = axum::serve(listener, Router::new().route("/{how}", axum::routing::get(given))).into_future();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(serving);
        let tokens = Tokens { home: crate::ports::secret::Secret::new("xoxb-1"), further: BTreeMap::new() };
        let calls = Arc::new(Api::new("http://127.0.0.1:9/api/", tokens.clone()));
        let files = Files::new(calls, tokens, true).unwrap();
        let place = Place { channel: "C1".into(), thread: String::new(), message: String::new() };
        for (how, unread, ends) in [
            ("small", None, (true, true)),
            ("full", None, (true, true)),
            ("small-part", None, (true, true)),
            ("long", Some(Unread::BehindHead), (true, false)),
            ("parts", Some(Unread::FileMiddle), (true, true)),
            ("no-length", Some(Unread::FileMiddle), (true, true)),
            ("no-tail", Some(Unread::BehindHead), (true, false)),
            ("same-again", Some(Unread::BehindHead), (true, false)),
        ] {
            let address = Some(format!("http://{at}/{how}"));
            let file = Attached { id: "F1".into(), address, name: "a.log".into(), problem: None };
            let read = files.fetch(&place, &file).await.unwrap();
            assert_eq!((read.unread, (read.text.starts_with('a'), read.text.ends_with('z'))), (unread, ends), "{how}");
            assert!(read.text.len() <= CAP + 1 && read.text.matches('a').count() == 1, "{how}");
        }
        let address = Some(format!("http://{at}/broken"));
        let file = Attached { id: "F1".into(), address, name: "a.log".into(), problem: None };
        assert!(matches!(files.fetch(&place, &file).await, Err(SurfaceError::Failed(_))), "it is tried again");
    }

    #[test]
    fn only_slacks_own_host_is_gone_to() {
        assert!(allowed("https://files.slack.com/files-pri/T1-F1/download/a.txt", false).is_some());
        for bad in [
            "http://files.slack.com/a",
            "https://files.slack.com.evil.example/a",
            "https://evil.example/files.slack.com",
            "https://files.slack.com:444/a",
            "https://u:p@files.slack.com/a",
            "https://files.slack.com@evil.example/a",
            "http://127.0.0.1:9/a",
            "http://169.254.169.254/latest",
            "ftp://files.slack.com/a",
            "files.slack.com/a",
            "",
        ] {
            assert!(allowed(bad, false).is_none(), "{bad}");
        }
        assert!(allowed("http://127.0.0.1:9/a", true).is_some());
        assert!(allowed("http://169.254.169.254/latest", true).is_none());
    }
}
