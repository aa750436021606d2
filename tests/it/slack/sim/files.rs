//! Files: what a message carries of them, `files.info`, and the download that wants the token.

use super::api::{Answer, page};
use super::args::Args;
use super::state::{Call, State, instant};
use super::{Shared, Sim};
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `files.info`
pub(super) fn info(state: &mut State, args: &Args, _: &Shared) -> Answer {
    let id = args.text("file").ok_or("file_not_found")?;
    let (file, _) = state.files.get(&id).ok_or("file_not_found")?;
    Ok(json!({ "file": file }))
}

/// A download. Without the token, and without the scope, Slack answers 200 and a page to log in.
pub(super) fn download(shared: &Arc<Shared>, path: &str, headers: &HeaderMap) -> Response {
    let mut state = shared.state();
    let id = path.rsplit('/').next().unwrap_or_default().to_owned();
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let of = state.installs.iter().find(|of| bearer == format!("Bearer {}", of.token) && of.revoked.is_none());
    let team = of.map_or("", |of| of.team);
    let known = of.is_some() && state.knobs.scopes.iter().any(|scope| scope == "files:read");
    let error = (!known).then(|| "login page".to_owned());
    state.calls.push(Call { method: "download".to_owned(), team, args: Map::new(), error, at: instant() });
    if !known {
        return page(200, "Sign in to Northbridge | Slack");
    }
    match state.files.get(&id) {
        Some((file, content)) => {
            let kind = file["mimetype"].as_str().unwrap_or("text/plain");
            let answer = Response::builder().header("content-type", kind);
            match part(headers, content.len()).filter(|_| state.knobs.ranges) {
                Some((from, to)) => {
                    let range = format!("bytes {from}-{}/{}", to - 1, content.len());
                    let answer = answer.status(206).header("content-range", range);
                    answer.body(Body::from(content[from..to].to_vec())).unwrap()
                }
                None => answer.body(Body::from(content.clone())).unwrap(),
            }
        }
        None => page(404, "no such file"),
    }
}

/// The part of a file that is asked for: `bytes=0-99`, or `bytes=-100` for its end.
fn part(headers: &HeaderMap, length: usize) -> Option<(usize, usize)> {
    let range = headers.get("range")?.to_str().ok()?.strip_prefix("bytes=")?;
    let (from, to) = range.split_once('-')?;
    Some(match from.parse::<usize>() {
        Ok(from) => (from.min(length), to.parse::<usize>().map_or(length, |to| (to + 1).min(length))),
        Err(_) => (length.saturating_sub(to.parse().ok()?), length),
    })
}

impl Sim {
    /// Makes a file that a message can carry. A snippet shows a preview of its first 5 lines.
    pub(super) fn file(&self, name: &str, content: &str, snippet: bool) -> Value {
        let mut state = self.state();
        let id = state.fresh("F");
        let url = format!("{}/files-pri/{id}", self.shared.base);
        let is_image = std::path::Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
        let kind = if is_image { "image/png" } else { "text/plain" };
        let mut file = json!({
            "id": id, "name": name, "title": name, "mimetype": kind, "filetype": "text",
            "size": content.len(), "mode": if snippet { "snippet" } else { "hosted" }, "is_external": false,
            "url_private": url, "url_private_download": url, "file_access": "visible",
        });
        if snippet {
            let lines: Vec<&str> = content.lines().collect();
            let shown = lines.iter().take(5).copied().collect::<Vec<_>>().join("\n");
            let cut: String = shown.chars().take(500).collect();
            file["preview"] = json!(cut);
            file["preview_is_truncated"] = json!(lines.len() > 5 || cut.len() < shown.len());
            file["lines"] = json!(lines.len());
            file["lines_more"] = json!(lines.len().saturating_sub(5));
        }
        state.files.insert(id, (file.clone(), content.as_bytes().to_vec()));
        file
    }
}
