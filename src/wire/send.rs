//! One way of sending a request: time limits, a cap on the answer, and repeats only where they are safe.
//!
//! Never follows a redirect, never repeats a write that may have been applied, never waits longer than
//! [`MAX_WAIT_MS`] in one call, and never puts a URL, a token or a body into an error or a log.
//!
//! What is repeated, at most three tries in all: a read after 429, a 5xx or a lost connection (not after a time-out);
//! a write only after 429, because the vendor then refused it. The waits and tries of a write stay within its one call
//! time-out: the caller's lease was checked for that long and no longer (SAFETY B5). A refusal for the rate closes its
//! bucket for everybody who shares the wire.
//!
//! Begin with [`Wire::send`].

use super::pause;
use crate::domain::time::{At, SECOND};
use crate::ports::clock::Clock;
use crate::ports::directory::Answer;
use crate::ports::error::{Kind, PortError, System};
use crate::ports::meter::{Called, Meter, Silent};
use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use reqwest::{Method, Url};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// No call waits longer than this for a vendor to take it.
pub const MAX_WAIT_MS: i64 = 30 * SECOND;
/// No answer may be larger than this.
pub const MAX_BODY: usize = 4 * 1024 * 1024;
const TRIES: i64 = 3;
const CONNECT: Duration = Duration::from_secs(5);
/// First pause when the server does not say how long; doubled each time.
const BACKOFF_MS: i64 = 500;
/// Okta allows 35 concurrent calls in a free org, and others use the org too.
const AT_ONCE: usize = 8;

/// Whether a request may be sent again when it is not known that the server refused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// A read, or anything else that changes nothing.
    Free,
    /// A write.
    OnlyIfRefused,
}

/// A request.
#[derive(Debug)]
pub struct Ask {
    /// What is attempted, in our words.
    pub op: &'static str,
    /// The method.
    pub method: Method,
    /// The address; its origin was checked.
    pub url: Url,
    /// All headers; those that hold a credential are marked sensitive.
    pub headers: HeaderMap,
    /// The body; without one a POST says `Content-Length: 0`.
    pub body: Option<Vec<u8>>,
    /// Which limit of the vendor it falls under.
    pub bucket: &'static str,
    /// Whether it may be repeated.
    pub repeat: Repeat,
}

/// A complete answer, whatever its status (but never 429).
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, at most [`MAX_BODY`] bytes.
    pub body: Vec<u8>,
}

impl Reply {
    /// 2xx
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The value by which a sandbox shows itself (SAFETY A2).
    pub fn proof(&self) -> Option<String> {
        pause::header(&self.headers, "x-reanchor-sandbox").filter(|text| !text.is_empty()).map(str::to_owned)
    }
}

/// A connection pool with its limits. One wire a credential.
pub struct Wire {
    http: reqwest::Client,
    system: System,
    call_timeout: Duration,
    clock: Arc<dyn Clock>,
    closed: Mutex<BTreeMap<&'static str, At>>,
    permits: Semaphore,
    meter: Arc<dyn Meter>,
}

/// What became of one try.
enum Try {
    Answered(Reply),
    /// Nothing (complete) came back; `again` says whether a read is worth another try.
    Lost {
        error: PortError,
        again: bool,
    },
}

impl Wire {
    /// Builds the pool. `call_timeout` bounds one try from connecting to the last byte; `local` (all addresses are
    /// loopback) keeps a proxy of the environment out.
    pub fn new(system: System, call_timeout: Duration, clock: Arc<dyn Clock>, local: bool) -> Answer<Self> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("reanchor/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT.min(call_timeout))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false);
        let builder = if local { builder.no_proxy() } else { builder };
        let http = builder.build().map_err(|error| PortError {
            system,
            op: "set up the HTTP client",
            kind: Kind::Invalid,
            status: None,
            code: None,
            request_id: None,
            detail: format!("the HTTP client cannot be built: {}", root(&error)),
        })?;
        let permits = Semaphore::new(AT_ONCE);
        let meter = Arc::new(Silent);
        Ok(Self { http, system, call_timeout, clock, closed: Mutex::default(), permits, meter })
    }

    /// Counts every try from now on.
    pub fn set_meter(&mut self, meter: Arc<dyn Meter>) {
        self.meter = meter;
    }

    /// The clock that waits are counted on.
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Sends and repeats by the rules of this module. `Err` is a refusal for the rate or the loss of the answer; every
    /// other answer is handed back whatever its status.
    pub async fn send(&self, ask: &Ask) -> Answer<Reply> {
        let started = self.clock.now();
        let timeout_ms = i64::try_from(self.call_timeout.as_millis()).unwrap_or(MAX_WAIT_MS);
        let mut patience = match ask.repeat {
            Repeat::Free => MAX_WAIT_MS,
            // the other half is for the try that follows the wait
            Repeat::OnlyIfRefused => MAX_WAIT_MS.min(timeout_ms / 2),
        };
        let mut tries = 0;
        loop {
            self.wait_for_bucket(ask, &mut patience).await?;
            let limit = match ask.repeat {
                Repeat::Free => self.call_timeout,
                Repeat::OnlyIfRefused => {
                    let spent = self.clock.now().since(started).max(0);
                    if spent > timeout_ms / 2 {
                        return Err(self.throttled(ask, 0));
                    }
                    self.call_timeout.saturating_sub(Duration::from_millis(spent.unsigned_abs()))
                }
            };
            tries += 1;
            let outcome = self.once(ask, limit).await;
            self.meter.called(self.system, outcome.how());
            let backoff = BACKOFF_MS << (tries - 1);
            match outcome {
                Try::Answered(reply) if reply.status == 429 => {
                    let now = self.clock.now();
                    let wait = pause::asked(&reply.headers, now).unwrap_or(backoff);
                    self.close(ask.bucket, now.plus(wait));
                    tracing::debug!(wait_ms = wait, tries, "refused for its rate");
                    if tries >= TRIES {
                        return Err(self.throttled(ask, wait));
                    }
                }
                Try::Answered(reply) => {
                    let passing = matches!(reply.status, 500 | 502 | 503 | 504) && ask.repeat == Repeat::Free;
                    let wait = pause::retry_after(&reply.headers, self.clock.now()).unwrap_or(backoff);
                    if !passing || tries >= TRIES || !self.wait(wait, &mut patience).await {
                        return Ok(reply);
                    }
                }
                Try::Lost { error, again } => {
                    let free = again && ask.repeat == Repeat::Free;
                    if !free || tries >= TRIES || !self.wait(backoff, &mut patience).await {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Waits on the clock when that fits into what is left of the patience; says whether it did.
    async fn wait(&self, ms: i64, patience: &mut i64) -> bool {
        if ms > *patience {
            return false;
        }
        *patience -= ms;
        self.clock.sleep_until(self.clock.now().plus(ms)).await;
        true
    }

    /// Waits until nobody's refusal keeps the bucket closed.
    async fn wait_for_bucket(&self, ask: &Ask, patience: &mut i64) -> Answer<()> {
        loop {
            let until = self.closed.lock().unwrap_or_else(PoisonError::into_inner).get(ask.bucket).copied();
            let left = until.map_or(0, |until| until.since(self.clock.now()));
            if left <= 0 {
                return Ok(());
            }
            if !self.wait(left, patience).await {
                return Err(self.throttled(ask, left));
            }
        }
    }

    fn close(&self, bucket: &'static str, until: At) {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = closed.entry(bucket).or_insert(until);
        *entry = until.max(*entry);
    }

    async fn once(&self, ask: &Ask, limit: Duration) -> Try {
        let _permit = self.permits.acquire().await;
        let mut request =
            self.http.request(ask.method.clone(), ask.url.clone()).headers(ask.headers.clone()).timeout(limit);
        if let Some(body) = &ask.body {
            request = request.body(body.clone());
        } else if ask.method == Method::POST {
            // both vendors answer 411 without it, and the client does not send it by itself
            request = request.header(CONTENT_LENGTH, "0");
        }
        match request.send().await {
            Ok(response) => self.collect(ask, response).await,
            Err(error) => self.lost(ask, &error),
        }
    }

    async fn collect(&self, ask: &Ask, mut response: reqwest::Response) -> Try {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > MAX_BODY => {
                    let detail = format!("its answer is larger than {} MiB and was not read", MAX_BODY >> 20);
                    let error = PortError { status: Some(status), ..self.error(ask, Kind::Unexpected, detail) };
                    return Try::Lost { error, again: false };
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Try::Answered(Reply { status, headers, body }),
                Err(error) => return self.lost(ask, &error),
            }
        }
    }

    fn lost(&self, ask: &Ask, error: &reqwest::Error) -> Try {
        let (detail, again) = if error.is_connect() {
            (format!("no connection: {}", root(error)), true)
        } else if error.is_timeout() {
            (format!("no complete answer within {} ms", self.call_timeout.as_millis()), false)
        } else {
            ("the connection ended before the answer was complete".to_owned(), true)
        };
        Try::Lost { error: self.error(ask, Kind::Unreachable, detail), again }
    }

    fn throttled(&self, ask: &Ask, after_ms: i64) -> PortError {
        let detail = "too many calls; it asks to wait".to_owned();
        PortError { status: Some(429), ..self.error(ask, Kind::Throttled { after_ms }, detail) }
    }

    fn error(&self, ask: &Ask, kind: Kind, detail: String) -> PortError {
        PortError { system: self.system, op: ask.op, kind, status: None, code: None, request_id: None, detail }
    }
}

impl Try {
    fn how(&self) -> Called {
        match self {
            Self::Answered(reply) => Called::of(reply.status),
            Self::Lost { .. } => Called::Unreachable,
        }
    }
}

/// The innermost cause (`Connection refused`), which names no URL; a cause that does is left out.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text = if std::ptr::eq(cause, std::ptr::from_ref(error)) { String::new() } else { cause.to_string() };
    if text.is_empty() || text.contains("://") { "the cause is not known".to_owned() } else { text }
}
