//! The generator: messages of a channel as Slack delivers them, signed one by one, over connections that stay open.

use super::house::SECRET;
use ring::hmac;
use serde_json::{Value, json};
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What is said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Nothing of interest.
    Chatter,
    /// Every fourth message is a provisioning error of its own.
    OneInFour,
}

/// What came of a run.
#[derive(Default)]
pub(crate) struct Report {
    /// Messages that were acknowledged.
    pub(crate) answered: usize,
    /// Messages that were not.
    pub(crate) refused: usize,
    /// How long it all took.
    pub(crate) took: Duration,
    /// Time of each answer, sorted.
    pub(crate) times: Vec<Duration>,
    /// Of these the times of what was stored first, sorted; known where the rate is even.
    pub(crate) stored: Vec<Duration>,
}

/// The time within which this share (of 100) was answered.
pub(crate) fn share(sorted: &[Duration], share: usize) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * share / 100).copied().unwrap_or_default()
}

impl Report {
    /// Adds one answer.
    pub(crate) fn add(&mut self, answered: bool, time: Duration) {
        if answered {
            self.answered += 1;
            self.times.push(time);
        } else {
            self.refused += 1;
        }
    }

    /// Puts the times in order.
    pub(crate) fn done(mut self, took: Duration) -> Report {
        self.times.sort_unstable();
        self.stored.sort_unstable();
        self.took = took;
        self
    }
}

static NEXT: AtomicU64 = AtomicU64::new(1);

const CHATTER: [&str; 8] = [
    "morning all, the standup moves to ten o'clock because the room is taken until then",
    "can somebody tell the front desk that the visitors of Tuesday come an hour earlier?",
    "thanks!",
    "the printer on the third floor is out of toner again, I opened a ticket with facilities",
    "lunch at the usual place, or shall we try the new one on the corner?",
    "I pushed the slides for the quarterly review, please have a look at page seven",
    "who has the key of the server room? the electrician is waiting downstairs",
    ":+1:",
];

/// The next message: its event, as the Events API wraps it.
pub(crate) fn message(mix: Mix) -> Value {
    next(mix).0
}

/// The same, and whether it is a report.
fn next(mix: Mix) -> (Value, bool) {
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let report = mix == Mix::OneInFour && n.is_multiple_of(4);
    let text = if report {
        format!(
            "Automatic provisioning of user Bench Person{n} to app Microsoft Office 365 failed: Could not update user \
             bench.person{n}@northbridge.example: Error while executing Graph API call: \
             errorCode=Request_ResourceNotFound, message=Resource '{n:08x}-6a3b-4c58-8f71-2b60c9d4e7a5' does not exist \
             or one of its queried reference-property objects are not present., requestId={n:08x}-1111-4222-8333-444455556666"
        )
    } else {
        CHATTER[usize::try_from(n).unwrap_or(0) % CHATTER.len()].to_owned()
    };
    let ts = format!("{}.{:06}", 1_764_000_000 + n / 1_000_000, n % 1_000_000);
    let event = json!({
        "token": "of-old", "team_id": "T0BENCH0001", "context_team_id": "T0BENCH0001", "api_app_id": "A0REANCHOR1",
        "event": {
            "type": "message", "user": "U0NORA00000", "ts": ts, "client_msg_id": format!("c-{n}"), "text": text,
            "team": "T0BENCH0001", "channel": "C0PROVISION", "event_ts": ts, "channel_type": "channel",
            "blocks": [{ "type": "rich_text", "block_id": format!("b{n}"), "elements": [
                { "type": "rich_text_section", "elements": [{ "type": "text", "text": text }] }] }],
        },
        "type": "event_callback", "event_id": format!("Ev{n:010}"), "event_time": 1_764_000_000,
        "authorizations": [{ "enterprise_id": null, "team_id": "T0BENCH0001", "user_id": "U0REANCHOR1", "is_bot": true,
            "is_enterprise_install": false }],
        "is_ext_shared_channel": false, "event_context": "4-bench",
    });
    (event, report)
}

struct Signer(hmac::Key);

impl Signer {
    /// A whole request.
    fn request(&self, body: &str) -> Vec<u8> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("v0:{now}:").as_bytes());
        context.update(body.as_bytes());
        let mut text = format!(
            "POST /slack/events HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nx-slack-request-timestamp: {now}\r\nx-slack-signature: v0=",
            body.len()
        );
        for byte in context.sign().as_ref() {
            write!(text, "{byte:02x}").unwrap();
        }
        text += "\r\n\r\n";
        text += body;
        text.into_bytes()
    }
}

/// Reads one answer; whether it is a 200.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> bool {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await.unwrap_or(0) == 0 {
            return false;
        }
        let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.and_then(|n| n.trim().parse().ok()).unwrap_or(0);
        if buffer.len() >= end + 4 + length {
            return head.starts_with("http/1.1 200");
        }
    }
}

async fn one_connection(address: SocketAddr, mix: Mix, until: Instant) -> Report {
    let signer = Signer(hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()));
    let mut stream = connect(address).await;
    let (mut report, mut buffer) = (Report::default(), Vec::with_capacity(4096));
    while Instant::now() < until {
        let request = signer.request(&message(mix).to_string());
        let begun = Instant::now();
        let ok = stream.write_all(&request).await.is_ok() && answer(&mut stream, &mut buffer).await;
        report.add(ok, begun.elapsed());
        if !ok {
            stream = connect(address).await;
        }
    }
    report
}

async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// As much as goes, over so many connections.
pub(crate) async fn flat_out(address: SocketAddr, mix: Mix, connections: usize, length: Duration) -> Report {
    let begun = Instant::now();
    let mut all = JoinSet::new();
    for _ in 0..connections {
        all.spawn(one_connection(address, mix, begun + length));
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

/// So many a second, evenly; a late answer delays no later message.
pub(crate) async fn at_rate(address: SocketAddr, mix: Mix, per_second: u32, length: Duration) -> Report {
    const CONNECTIONS: u32 = 8;
    let begun = Instant::now();
    let mut all = JoinSet::new();
    for lane in 0..CONNECTIONS {
        all.spawn(async move {
            let signer = Signer(hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()));
            let mut stream = connect(address).await;
            let (mut report, mut buffer) = (Report::default(), Vec::with_capacity(4096));
            let step = Duration::from_secs(1) * CONNECTIONS / per_second;
            let mut due = begun + step * lane / CONNECTIONS;
            while due < begun + length {
                tokio::time::sleep_until(due.into()).await;
                let (event, is_report) = next(mix);
                let request = signer.request(&event.to_string());
                let sent = Instant::now();
                let ok = stream.write_all(&request).await.is_ok() && answer(&mut stream, &mut buffer).await;
                let took = sent.elapsed();
                report.add(ok, took);
                if ok && is_report {
                    report.stored.push(took);
                }
                due += step;
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
        whole.stored.extend(one.stored);
    }
    whole.done(begun.elapsed())
}
