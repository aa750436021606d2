//! Socket Mode: tickets, `hello`, envelopes out, acknowledgements in, `disconnect`, and sockets that fall silent.

use super::state::{APP, State, instant};
use super::{Shared, Sim};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

/// Sockets of one app that Slack allows.
const MOST: usize = 10;

/// What a socket is told to do.
pub(crate) enum Order {
    Send(String),
    /// Neither reads nor writes any more, and stays open: "connected", and deaf.
    Silence,
    Close,
}

/// An open socket.
pub(crate) struct Link {
    pub(crate) id: usize,
    pub(crate) orders: UnboundedSender<Order>,
    /// Envelopes sent through it.
    pub(crate) sent: usize,
    pub(crate) silent: bool,
}

/// Takes sockets.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut sockets = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        sockets.spawn(one(stream, Arc::clone(&shared)));
        while sockets.try_join_next().is_some() {}
    }
}

/// Opens one: the ticket in its address is good once.
async fn one(stream: TcpStream, shared: Arc<Shared>) {
    let asked = Arc::new(Mutex::new(String::new()));
    let keep = Arc::clone(&asked);
    #[expect(clippy::result_large_err, reason = "the shape that the websocket library asks for")]
    let look = move |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        *keep.lock().unwrap() = request.uri().query().unwrap_or_default().to_owned();
        Ok(response)
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, look).await else { return };
    let query = asked.lock().unwrap().clone();
    let ticket = query.split('&').find_map(|pair| pair.strip_prefix("ticket=")).unwrap_or_default().to_owned();
    let (orders, todo) = unbounded_channel();
    let entry = enter(&mut shared.state(), &ticket, orders);
    let Some((id, open)) = entry else {
        // A ticket that was used, or none: Slack closes such a socket at once.
        socket.close(None).await.ok();
        return;
    };
    let hello = json!({
        "type": "hello", "num_connections": open, "connection_info": { "app_id": APP },
        "debug_info": { "host": "applink-sim", "build_number": 1, "approximate_connection_time": 18060 },
    });
    if open > MOST {
        let text = json!({ "type": "disconnect", "reason": "too_many_websockets" }).to_string();
        socket.send(Message::text(text)).await.ok();
    } else if socket.send(Message::text(hello.to_string())).await.is_ok() {
        shared.changed.notify_waiters();
        talk(socket, todo, &shared).await;
    }
    shared.state().links.retain(|link| link.id != id);
    shared.changed.notify_waiters();
}

fn enter(state: &mut State, ticket: &str, orders: UnboundedSender<Order>) -> Option<(usize, usize)> {
    let at = state.tickets.iter().position(|known| known == ticket)?;
    state.tickets.remove(at);
    if state.knobs.down {
        return None;
    }
    state.opened += 1;
    let id = state.opened;
    state.links.push(Link { id, orders, sent: 0, silent: false });
    Some((id, state.links.len()))
}

async fn talk(mut socket: WebSocketStream<TcpStream>, mut todo: UnboundedReceiver<Order>, shared: &Arc<Shared>) {
    let mut ping = tokio::time::interval(Duration::from_secs(10));
    ping.tick().await;
    loop {
        tokio::select! {
            order = todo.recv() => match order {
                Some(Order::Send(text)) => {
                    if socket.send(Message::text(text)).await.is_err() { return; }
                }
                Some(Order::Silence) => {
                    // Keeps the connection and does nothing with it until it is told to close.
                    while !matches!(todo.recv().await, Some(Order::Close) | None) {}
                    return;
                }
                Some(Order::Close) | None => {
                    socket.close(None).await.ok();
                    return;
                }
            },
            frame = socket.next() => match frame {
                Some(Ok(Message::Text(text))) => acknowledged(shared, text.as_str()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            _ = ping.tick() => {
                if socket.send(Message::Ping("simulated".into())).await.is_err() { return; }
            }
        }
    }
}

fn acknowledged(shared: &Arc<Shared>, text: &str) {
    let mut state = shared.state();
    let Ok(ack) = serde_json::from_str::<Value>(text) else {
        state.blunders.push(format!("a frame that is no JSON: {text}"));
        return;
    };
    let Some(id) = ack["envelope_id"].as_str() else { return };
    if state.knobs.drop_acks > 0 {
        state.knobs.drop_acks -= 1;
        return;
    }
    match state.waiting.remove(id) {
        Some(waiting) => drop(waiting.send(ack["payload"].clone())),
        None => state.late_acks += 1,
    }
    drop(state);
    shared.changed.notify_waiters();
}

/// Sends an envelope through one of the open sockets, in turn; the payload of its acknowledgement and how long it took.
pub(super) async fn exchange(shared: &Arc<Shared>, envelope: Value, patience: Duration) -> Option<(Value, Duration)> {
    let id = envelope["envelope_id"].as_str().unwrap_or_default().to_owned();
    let answer = {
        let mut state = shared.state();
        let turn = state.links.iter_mut().min_by_key(|link| link.sent)?;
        turn.sent += 1;
        turn.orders.send(Order::Send(envelope.to_string())).ok()?;
        let (sender, receiver) = tokio::sync::oneshot::channel();
        state.waiting.insert(id.clone(), sender);
        receiver
    };
    let begun = instant();
    let answer = tokio::time::timeout(patience, answer).await;
    shared.state().waiting.remove(&id);
    answer.ok()?.ok().map(|payload| (payload, begun.elapsed()))
}

impl Sim {
    /// Waits until so many sockets are open.
    pub(crate) async fn sockets(&self, at_least: usize) {
        self.until(&format!("{at_least} open sockets"), |state| (state.links.len() >= at_least).then_some(())).await;
    }

    /// Slack asks every socket to reconnect, and goes on with it.
    pub(crate) fn wish_new_sockets(&self) {
        let text =
            json!({ "type": "disconnect", "reason": "refresh_requested", "debug_info": { "host": "applink-sim" } });
        for link in &self.state().links {
            link.orders.send(Order::Send(text.to_string())).ok();
        }
    }

    /// Slack asks every socket to reconnect, and closes it a moment later.
    pub(crate) async fn refresh_sockets(&self) {
        let orders: Vec<_> = self.state().links.iter().map(|link| link.orders.clone()).collect();
        self.wish_new_sockets();
        tokio::time::sleep(Duration::from_millis(300)).await;
        for order in &orders {
            order.send(Order::Close).ok();
        }
    }

    /// Every open socket falls silent.
    pub(crate) fn silence_sockets(&self) {
        for link in &mut self.state().links {
            link.silent = true;
            link.orders.send(Order::Silence).ok();
        }
    }

    /// Slack goes down, or comes back. Sockets are cut.
    pub(crate) fn down(&self, down: bool) {
        let mut state = self.state();
        state.knobs.down = down;
        if down {
            state.links.iter().for_each(|link| drop(link.orders.send(Order::Close)));
        }
    }
}
