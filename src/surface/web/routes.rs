//! The addresses of the page.
//!
//! Never answers another host, never takes a POST without the token (both in `guard`), never interprets what was typed
//! beyond `/reanchor` and `@reanchor`. Begin with [`router`].

use super::room::Content;
use super::transcript::Line;
use super::{Event, LoadError, NAME, Persona, Stage, Web, assets, channel, guard, story};
use crate::domain::ids::CaseId;
use crate::domain::inbound::{Body, Inbound, More, Place, Verb};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Json, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::{Stream, StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{broadcast, watch};

/// Longest text that somebody may post.
const LONGEST: usize = 4 * 1024 * 1024;

/// What the page is served with.
#[derive(Clone)]
pub struct Serving {
    /// The surface.
    pub web: Arc<Web>,
    /// The app behind it.
    pub stage: Arc<dyn Stage>,
    /// The token of this start, which every POST must carry.
    pub token: String,
}

/// The routes of the page. Everything merged or nested into the same server must bring guards of its own.
pub fn router(serving: Serving) -> Router {
    Router::new()
        .route("/", get(|| async { page("index.html") }))
        .route("/cases/{id}", get(|| async { page("case.html") }))
        .route("/page/{name}", get(|Path(name): Path<String>| async move { page(&name) }))
        .route("/api/events", get(events))
        .route("/api/cases/{id}", get(case))
        .route("/api/say", post(say))
        .route("/api/press", post(press))
        .route("/api/scenario", post(scenario))
        .layer(DefaultBodyLimit::max(LONGEST))
        .layer(from_fn_with_state(serving.clone(), guarded))
        .with_state(serving)
}

async fn guarded(State(serving): State<Serving>, request: Request, next: Next) -> Response {
    let mut response = match guard::judge(request.method(), request.headers(), &serving.token) {
        Ok(()) => next.run(request).await,
        Err(guard::Refused(status, why)) => problem(status, why),
    };
    guard::seal(response.headers_mut());
    response
}

fn problem(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

/// A failure of ours: the person learns that it was not taken, the log learns why.
fn failed(what: &str, error: &anyhow::Error) -> Response {
    tracing::warn!(what, error = format!("{error:#}"), "the page could not be served");
    problem(StatusCode::SERVICE_UNAVAILABLE, &format!("{what} failed; try again. Nothing was changed"))
}

fn page(name: &str) -> Response {
    match assets::find(name) {
        Some(asset) => asset.into_response(),
        None => problem(StatusCode::NOT_FOUND, "the page has no such file"),
    }
}

#[derive(Deserialize)]
struct Who {
    who: String,
}

/// Everything this person may see, then every change. A page that reconnects begins anew, so nothing is missed.
async fn events(State(serving): State<Serving>, Query(Who { who }): Query<Who>) -> Response {
    let scene = match serving.stage.scene().await {
        Ok(scene) => scene,
        Err(error) => return failed("reading the scenario", &error),
    };
    // The lock ties the picture to the subscription: what comes later is in the stream, what came before is in the picture.
    let (receiver, posts, awaited) = {
        let rooms = serving.web.rooms();
        let posts: Vec<Value> = rooms.seen_by(&who).map(|post| post.json()).collect();
        (serving.web.events.subscribe(), posts, rooms.awaited().clone())
    };
    let world = json!({
        "token": serving.token, "now": serving.stage.now().0, "panel_url": serving.stage.panel_url(),
        "people": serving.stage.people().iter().map(person).collect::<Vec<_>>(),
        "scenarios": serving.stage.scenarios().iter().map(|choice| json!({
            "name": choice.name, "title": choice.title, "error_url": choice.error_url, "room": channel(&choice.name),
        })).collect::<Vec<_>>(),
        "scene": { "name": scene.name, "subject": scene.subject }, "posts": posts, "awaited": awaited,
    });
    let first = stream::once(async move { Ok::<_, Infallible>(event("world", &world)) });
    let stop = serving.web.stop.subscribe();
    let rest = follow(receiver, stop, serving, who);
    Sse::new(first.chain(rest)).keep_alive(KeepAlive::default()).into_response()
}

fn person(persona: &Persona) -> Value {
    json!({ "key": persona.key, "name": persona.name, "role": persona.role, "okta": persona.okta })
}

fn event(name: &str, data: &Value) -> sse::Event {
    sse::Event::default().event(name).data(data.to_string())
}

/// Ends when the reader fell too far behind (its page connects again and gets everything) and when the server ends.
fn follow(
    receiver: broadcast::Receiver<Event>,
    stop: watch::Receiver<bool>,
    serving: Serving,
    who: String,
) -> impl Stream<Item = Result<sse::Event, Infallible>> {
    stream::unfold((receiver, stop, serving, who), |(mut receiver, mut stop, serving, who)| async move {
        loop {
            let heard = tokio::select! {
                heard = receiver.recv() => heard.ok()?,
                _ = stop.wait_for(|stop| *stop) => return None,
            };
            let out = match heard {
                Event::Post(post) if post.is_for(&who) => event("post", &post.json()),
                Event::Post(_) => continue,
                Event::Awaited(thread, will) => event("awaited", &json!({ "thread": &*thread, "will": will })),
                Event::Scene(scene) => event("scene", &json!({ "name": scene.name, "subject": scene.subject })),
            };
            return Some((Ok(out), (receiver, stop, serving, who)));
        }
    })
}

#[derive(Deserialize)]
struct Saying {
    who: String,
    channel: String,
    thread: Option<String>,
    text: String,
}

async fn say(State(serving): State<Serving>, Json(saying): Json<Saying>) -> Response {
    let Some(persona) = find(&serving, &saying.who) else { return nobody() };
    if !serving.stage.scenarios().iter().any(|choice| channel(&choice.name) == saying.channel) {
        return problem(StatusCode::NOT_FOUND, "there is no such channel; nothing was posted");
    }
    if saying.text.trim().is_empty() {
        return problem(StatusCode::BAD_REQUEST, "the message is empty; nothing was posted");
    }
    let message = format!("m-{}", serving.stage.fresh());
    let thread = saying.thread.filter(|thread| serving.web.rooms().has_thread(&saying.channel, thread));
    let thread = thread.unwrap_or_else(|| message.clone());
    let place = Place { channel: saying.channel, thread, message };
    let at = serving.stage.now();
    let content = Content::Said { who: persona.key.clone(), text: Some(saying.text.clone()) };
    serving.web.put(&place.message, &place, at, content);
    serving.web.asked(&place.thread);
    let body = spoken(saying.text.clone());
    let reported = reports(&body);
    let heard = hear(&serving, &persona, place.clone(), body).await;
    let answers = heard.as_ref().is_ok_and(|answers| *answers);
    serving.web.awaited(&place.thread, answers);
    // The text of a report is the store's alone: erasing the case erases it.
    let text = (!(answers && reported)).then(|| serving.stage.redacted(&saying.text));
    serving.web.keep(&Line::said(&place, at, &persona.key, text));
    answer(&place, heard)
}

/// Whether this would be a report, when it is answered.
fn reports(body: &Body) -> bool {
    match body {
        Body::Message { .. } => true,
        Body::Command { text } | Body::Mention { text } => {
            text.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("diagnose"))
        }
        Body::Press { .. } => false,
    }
}

/// A command or a mention by its first word; everything else is a message.
fn spoken(text: String) -> Body {
    let trimmed = text.trim_start();
    let rest = |word: &str| {
        let rest = trimmed.strip_prefix(word)?;
        (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim_start().to_owned())
    };
    if let Some(text) = rest("/reanchor") {
        Body::Command { text }
    } else if let Some(text) = rest("@reanchor") {
        Body::Mention { text }
    } else {
        Body::Message { text }
    }
}

#[derive(Deserialize)]
struct Pressing {
    who: String,
    case: String,
    verb: Verb,
    number: Option<i64>,
    note: Option<String>,
}

async fn press(State(serving): State<Serving>, Json(pressing): Json<Pressing>) -> Response {
    let Some(persona) = find(&serving, &pressing.who) else { return nobody() };
    let Some(place) = serving.web.rooms().place_of_card(&pressing.case) else {
        return problem(StatusCode::NOT_FOUND, "there is no such card; nothing was changed");
    };
    let note = pressing.note.filter(|note| !note.trim().is_empty());
    let body = Body::Press { verb: pressing.verb, case: CaseId::new(pressing.case), number: pressing.number, note };
    let heard = hear(&serving, &persona, place.clone(), body).await;
    answer(&place, heard)
}

fn find(serving: &Serving, who: &str) -> Option<Persona> {
    serving.stage.people().iter().find(|persona| persona.key == who).cloned()
}

fn nobody() -> Response {
    problem(StatusCode::NOT_FOUND, "nobody here has this name; nothing was changed")
}

/// Hands one event to the app. Whether there is anything to answer.
async fn hear(serving: &Serving, persona: &Persona, place: Place, body: Body) -> anyhow::Result<bool> {
    let inbound = Inbound {
        v: 1,
        surface: NAME.to_owned(),
        event_key: format!("e-{}", serving.stage.fresh()),
        place,
        actor: persona.actor(),
        at: serving.stage.now(),
        body,
        more: More::default(),
    };
    serving.stage.hear(inbound).await
}

fn answer(place: &Place, heard: anyhow::Result<bool>) -> Response {
    match heard {
        Ok(answers) => Json(json!({ "message": place.message, "answers": answers })).into_response(),
        Err(error) => failed("taking the message", &error),
    }
}

#[derive(Deserialize)]
struct Chosen {
    name: String,
}

async fn scenario(State(serving): State<Serving>, Json(Chosen { name }): Json<Chosen>) -> Response {
    if let Err(error) = serving.stage.load(&name).await {
        let status = match &error {
            LoadError::Unknown(_) => StatusCode::NOT_FOUND,
            LoadError::Running(_) => StatusCode::CONFLICT,
            LoadError::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        return problem(status, &error.to_string());
    }
    let scene = match serving.stage.scene().await {
        Ok(scene) => scene,
        Err(error) => return failed("reading the scenario", &error),
    };
    let id = format!("mark-{}", serving.stage.fresh());
    let place = Place { channel: channel(&name), thread: id.clone(), message: id.clone() };
    serving.web.put(&id, &place, serving.stage.now(), Content::Mark("The tenant was set up anew,".to_owned()));
    serving.web.tell(scene);
    Json(json!({ "room": channel(&name) })).into_response()
}

async fn case(State(serving): State<Serving>, Path(id): Path<String>) -> Response {
    match serving.stage.record(&CaseId::new(id)).await {
        Ok(Some(record)) => Json(story::json(&record, serving.stage.people())).into_response(),
        Ok(None) => problem(StatusCode::NOT_FOUND, "there is no such case"),
        Err(error) => failed("reading the case", &error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_tells_commands_from_messages() {
        let said = |text: &str| spoken(text.to_owned());
        assert_eq!(said("/reanchor status"), Body::Command { text: "status".to_owned() });
        assert_eq!(said("  @reanchor help"), Body::Mention { text: "help".to_owned() });
        assert_eq!(said("/reanchor"), Body::Command { text: String::new() });
        assert_eq!(said("/reanchors x"), Body::Message { text: "/reanchors x".to_owned() });
        assert_eq!(said(" hello"), Body::Message { text: " hello".to_owned() });
    }
}
