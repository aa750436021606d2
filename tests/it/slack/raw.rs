//! Requests written by hand, for what an HTTP client would not send, or would lose the answer of.

use std::fmt::Write;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A longer body is only announced, in bytes.
pub(crate) const LONGEST: usize = 1 << 20;
/// How much of it is sent, in bytes.
const BEGINNING: usize = 1024;

/// Announces a body for the events' address and sends its beginning only: the bot reads nothing of one that is too long,
/// and who goes on writing to a connection that is closed may never see the answer. Status and answer.
pub(crate) async fn announce(port: u16, headers: &[(&str, String)], body: &[u8]) -> (u16, String) {
    let mut head = format!("POST /slack/events HTTP/1.1\r\nhost: bot\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    head.push_str("\r\n");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(&[head.as_bytes(), &body[..BEGINNING]].concat()).await.unwrap();
    let mut answer = Vec::new();
    let ended = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no answer: {ended:?} {answer}")), answer)
}
