//! A stand-in for Slack that answers every call at once, and opens sockets. It runs in a thread of its own.

use super::load::{Mix, Report, message};
use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::any;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

#[derive(Default)]
struct Desk {
    links: String,
    posts: AtomicUsize,
    opened: AtomicUsize,
    /// Orders for each open socket: a text to send; an empty one cuts it.
    sockets: Mutex<BTreeMap<usize, UnboundedSender<String>>>,
    waiting: Mutex<BTreeMap<String, oneshot::Sender<()>>>,
}

/// The stand-in.
pub(crate) struct StandIn {
    desk: Arc<Desk>,
    web: String,
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StandIn {
    /// Starts it.
    pub(crate) fn start() -> StandIn {
        let web = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let links = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        web.set_nonblocking(true).unwrap();
        links.set_nonblocking(true).unwrap();
        let address = format!("http://{}", web.local_addr().unwrap());
        let desk = Arc::new(Desk { links: format!("ws://{}/link", links.local_addr().unwrap()), ..Desk::default() });
        let keep = Arc::clone(&desk);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let router = Router::new().route("/api/{method}", any(call)).with_state(Arc::clone(&keep));
                let (web, links) = (TcpListener::from_std(web).unwrap(), TcpListener::from_std(links).unwrap());
                let mut sockets = JoinSet::new();
                let serve = axum::serve(web, router);
                let take = async {
                    loop {
                        let Ok((stream, _)) = links.accept().await else { return };
                        sockets.spawn(socket(stream, Arc::clone(&keep)));
                    }
                };
                tokio::select! { _ = serve => {}, () = take => {} }
            });
        });
        StandIn { desk, web: address }
    }

    /// What goes into `[slack] api_url`.
    pub(crate) fn api_url(&self) -> String {
        format!("{}/api/", self.web)
    }

    /// Posts and edits so far.
    pub(crate) fn posts(&self) -> usize {
        self.desk.posts.load(Ordering::Relaxed)
    }

    /// Waits for open sockets.
    pub(crate) async fn until_sockets(&self, n: usize) {
        while held(&self.desk.sockets).len() < n {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Sends so many envelopes, with so many under way.
    pub(crate) async fn envelopes(&self, mix: Mix, total: usize, under_way: usize) -> Report {
        let (begun, sent) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        let mut all = JoinSet::new();
        for lane in 0..under_way {
            let (desk, sent) = (Arc::clone(&self.desk), Arc::clone(&sent));
            all.spawn(async move {
                let mut report = Report::default();
                while sent.fetch_add(1, Ordering::Relaxed) < total {
                    let id = format!("{lane}-{}", sent.load(Ordering::Relaxed));
                    let envelope = json!({
                        "envelope_id": id, "type": "events_api", "payload": message(mix),
                        "accepts_response_payload": false, "retry_attempt": 0, "retry_reason": "",
                    });
                    let (sender, receiver) = oneshot::channel();
                    held(&desk.waiting).insert(id, sender);
                    let begun = Instant::now();
                    let turn = {
                        let sockets = held(&desk.sockets);
                        sockets.values().nth(lane % 2).or(sockets.values().next()).cloned()
                    };
                    let out = turn.is_some_and(|socket| socket.send(envelope.to_string()).is_ok());
                    let came = out
                        && tokio::time::timeout(Duration::from_secs(5), receiver).await.is_ok_and(|ack| ack.is_ok());
                    report.add(came, begun.elapsed());
                }
                report
            });
        }
        let mut whole = Report::default();
        while let Some(one) = all.join_next().await {
            let one = one.unwrap();
            whole.answered += one.answered;
            whole.refused += one.refused;
            whole.times.extend(one.times);
        }
        whole.done(begun.elapsed())
    }

    /// Closes all sockets, with or without a word before; how long until a new one is open.
    pub(crate) async fn reconnect(&self, told: bool) -> Duration {
        let sockets: Vec<_> = held(&self.desk.sockets).values().cloned().collect();
        let before = self.desk.opened.load(Ordering::Relaxed);
        let begun = Instant::now();
        for socket in sockets {
            let text = json!({ "type": "disconnect", "reason": "refresh_requested" }).to_string();
            socket.send(if told { text } else { String::new() }).ok();
        }
        while self.desk.opened.load(Ordering::Relaxed) == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        begun.elapsed()
    }
}

async fn call(State(desk): State<Arc<Desk>>, Path(method): Path<String>) -> Json<Value> {
    let n = desk.posts.load(Ordering::Relaxed);
    let mut answer = match method.as_str() {
        "auth.test" => json!({
            "url": "https://bench.slack.com/", "team": "Bench", "user": "reanchor", "team_id": "T0BENCH0001",
            "user_id": "U0REANCHOR1", "bot_id": "B0REANCHOR1", "is_enterprise_install": false,
        }),
        "apps.connections.open" => json!({ "url": desk.links }),
        "users.info" => json!({ "user": {
            "id": "U0NORA00000", "team_id": "T0BENCH0001", "name": "nora", "deleted": false, "is_bot": false,
            "is_restricted": false, "is_ultra_restricted": false, "profile": { "display_name": "nora" },
        } }),
        "conversations.info" => {
            json!({ "channel": { "id": "C0PROVISION", "name": "provisioning", "is_member": true } })
        }
        "chat.postMessage" | "chat.update" | "chat.postEphemeral" => {
            desk.posts.fetch_add(1, Ordering::Relaxed);
            let ts = format!("1764100000.{n:06}");
            json!({ "channel": "C0PROVISION", "ts": ts, "message_ts": ts, "text": "", "message": { "ts": ts } })
        }
        "bots.info" => json!({ "bot": { "id": "B0REANCHOR1", "app_id": "A0REANCHOR1", "name": "reanchor" } }),
        _ => json!({ "messages": [], "has_more": false }),
    };
    answer["ok"] = json!(true);
    Json(answer)
}

async fn socket(stream: TcpStream, desk: Arc<Desk>) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let id = desk.opened.fetch_add(1, Ordering::Relaxed);
    let (sender, mut orders) = unbounded_channel();
    let open = {
        let mut sockets = held(&desk.sockets);
        sockets.insert(id, sender);
        sockets.len()
    };
    let hello = json!({ "type": "hello", "num_connections": open, "connection_info": { "app_id": "A0REANCHOR1" } });
    socket.send(Message::text(hello.to_string())).await.ok();
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(text) if !text.is_empty() => if socket.send(Message::text(text)).await.is_err() { break },
                _ => break,
            },
            frame = socket.next() => match frame {
                Some(Ok(Message::Text(text))) => {
                    let ack: Value = serde_json::from_str(text.as_str()).unwrap_or_default();
                    let waiting = ack["envelope_id"].as_str().and_then(|id| held(&desk.waiting).remove(id));
                    if let Some(waiting) = waiting {
                        waiting.send(()).ok();
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    held(&desk.sockets).remove(&id);
}
