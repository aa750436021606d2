//! Small HTTP fakes that answer what a test says and remember what they were asked.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use reanchor::domain::time::At;
use reanchor::ports::clock::Clock;
use reanchor::ports::fresh::Fresh;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// How many came before it.
    pub(crate) nth: usize,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The decoded value of a parameter; `+` stands for itself, as a strict server reads it.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        let pair = self.query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
        let bytes = pair.as_bytes();
        let mut out = Vec::new();
        let mut i = 0;
        while i < bytes.len() {
            if bytes[i] == b'%' {
                out.push(u8::from_str_radix(&pair[i + 1..i + 3], 16).unwrap());
                i += 3;
            } else {
                assert!(bytes[i] != b'+' && bytes[i] != b' ', "not encoded: {pair}");
                out.push(bytes[i]);
                i += 1;
            }
        }
        Some(String::from_utf8(out).unwrap())
    }
}

/// What to answer.
#[derive(Clone, Debug)]
pub(crate) struct Canned {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    after: Duration,
}

impl Canned {
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::text(status, "application/json", &value.to_string())
    }

    pub(crate) fn html(status: u16) -> Self {
        Self::text(status, "text/html", "<html><body>Not found</body></html>")
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), after: Duration::ZERO }
    }

    pub(crate) fn text(status: u16, kind: &str, body: &str) -> Self {
        Self { body: body.as_bytes().to_vec(), ..Self::empty(status) }.with("content-type", kind)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }
}

type Answerer = Box<dyn Fn(&Seen) -> Canned + Send + Sync>;

struct Inner {
    answer: Answerer,
    seen: Mutex<Vec<Seen>>,
}

/// A running fake.
#[derive(Clone)]
pub(crate) struct Fake {
    inner: Arc<Inner>,
    pub(crate) url: String,
}

impl Fake {
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Canned + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner { answer: Box::new(answer), seen: Mutex::default() });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&inner));
        in_background(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, url }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.inner.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.inner.seen.lock().unwrap().len()
    }
}

async fn handle(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let canned = {
        let mut all = inner.seen.lock().unwrap();
        let seen = Seen {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
            nth: all.len(),
        };
        all.push(seen.clone());
        drop(all);
        (inner.answer)(&seen)
    };
    if !canned.after.is_zero() {
        tokio::time::sleep(canned.after).await;
    }
    let mut response = Response::builder().status(canned.status);
    for (name, value) in &canned.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(canned.body)).unwrap()
}

/// A server that reads a request, writes `start` and drops the connection; counts what it dropped.
pub(crate) async fn dropping(start: &'static str) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&count);
    in_background(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            if socket.read(&mut buffer).await.unwrap_or(0) > 0 {
                counter.fetch_add(1, Ordering::SeqCst);
            }
            socket.write_all(start.as_bytes()).await.ok();
        }
    });
    (url, count)
}

#[expect(clippy::disallowed_methods, reason = "a fake server of a test lives as long as its runtime")]
fn in_background(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

/// A clock that only a test moves. With `jump` every wait moves it to its own end.
pub(crate) struct Hand {
    now: Mutex<i64>,
    moved: Notify,
    jump: AtomicBool,
    /// Lengths of the waits that were asked for.
    pub(crate) waits: Mutex<Vec<i64>>,
}

pub(crate) const START: &str = "2026-11-22T07:43:05Z";

impl Hand {
    pub(crate) fn jumping() -> Arc<Self> {
        let now = At::parse(START).unwrap().0;
        Arc::new(Self {
            now: Mutex::new(now),
            moved: Notify::new(),
            jump: AtomicBool::new(true),
            waits: Mutex::default(),
        })
    }

    pub(crate) fn still() -> Arc<Self> {
        let clock = Self::jumping();
        clock.jump.store(false, Ordering::SeqCst);
        clock
    }

    pub(crate) fn advance(&self, ms: i64) {
        *self.now.lock().unwrap() += ms;
        self.moved.notify_waiters();
    }

    pub(crate) fn waits(&self) -> Vec<i64> {
        self.waits.lock().unwrap().clone()
    }

    /// Returns when somebody waits on the clock.
    pub(crate) async fn someone_waits(&self) {
        while self.waits.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait::async_trait]
impl Clock for Hand {
    fn now(&self) -> At {
        At(*self.now.lock().unwrap())
    }

    async fn sleep_until(&self, at: At) {
        let left = at.since(self.now());
        if left <= 0 {
            return;
        }
        self.waits.lock().unwrap().push(left);
        if self.jump.load(Ordering::SeqCst) {
            self.advance(left);
            return;
        }
        loop {
            let moved = self.moved.notified();
            if self.now() >= at {
                return;
            }
            moved.await;
        }
    }
}

/// Chance that counts.
#[derive(Default)]
pub(crate) struct Counted(AtomicU64);

impl Fresh for Counted {
    fn bytes(&self) -> [u8; 16] {
        let n = self.0.fetch_add(1, Ordering::SeqCst);
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&n.to_be_bytes());
        bytes
    }
}
