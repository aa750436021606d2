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
use crate::domain::inbound::{Attached, Place};
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
    pub async fn fetch(&self, place: &Place, file: &Attached) -> Result<String, SurfaceError> {
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
        let (head, length) = text_of(get(format!("bytes=0-{}", LARGEST - 1)).await?).await?;
        if length.is_none_or(|length| length <= LARGEST) {
            return Ok(String::from_utf8_lossy(&head).into_owned());
        }
        let half = LARGEST / 2;
        let mut bytes = head.get(..usize::try_from(half).unwrap_or(usize::MAX)).unwrap_or(&head).to_vec();
        let (tail, _) = text_of(get(format!("bytes=-{half}")).await?).await?;
        bytes.extend_from_slice(b"\n");
        bytes.extend_from_slice(&tail);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn address(&self, workspace: Option<&str>, id: &str) -> Result<String, SurfaceError> {
        let answer = match self.calls.call(workspace, "files.info", json!({ "file": id })).await {
            Ok(answer) => answer,
            Err(CallError::Refused(code)) => return Err(refused(&format!("Slack does not tell of the file: {code}"))),
            Err(error @ CallError::Unreachable(_)) => return Err(SurfaceError::Failed(error.to_string())),
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

/// At most [`LARGEST`] bytes of an answer, and the length of the whole file where this is a part of it.
async fn text_of(mut answer: Response) -> Result<(Vec<u8>, Option<u64>), SurfaceError> {
    let status = answer.status();
    if status.is_server_error() || status.as_u16() == 429 {
        return Err(SurfaceError::Failed(format!("Slack's files answered {}", status.as_u16())));
    }
    let part = status.as_u16() == 206;
    if !part && status.as_u16() != 200 {
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
    let length = header(header::CONTENT_RANGE).rsplit_once('/').and_then(|(_, length)| length.parse().ok());
    let cap = usize::try_from(LARGEST).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| broken())? {
        let room = cap - bytes.len();
        bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if bytes.len() == cap {
            break;
        }
    }
    if bytes.contains(&0) {
        return Err(refused("it is no text"));
    }
    Ok((bytes, length.filter(|_| part)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
