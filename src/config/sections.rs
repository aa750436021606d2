//! The sections `[server]`, `[store]`, `[mode]`, `[rules]`, `[run]`, `[incident]` and `[sandbox]`.
//!
//! Never holds a secret but the token and the proof of a simulated tenant, which `Debug` hides. Begin with [`Server`].

use crate::domain::settings::Mode;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// A value that cannot be used: `problem` is the end of a sentence that begins with the key, and never holds the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The key.
    pub key: &'static str,
    /// What is wrong and what is allowed.
    pub problem: String,
}

impl Complaint {
    pub(super) fn of<T>(key: &'static str, problem: impl Into<String>) -> Result<T, Self> {
        Err(Self { key, problem: problem.into() })
    }
}

/// `[server]`: where the program listens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Webhooks of the surfaces, sign-in, `/healthz`.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// Metrics, `/readyz`, `/v1/diagnose`: this machine, or wherever one must show a token.
    #[serde(deserialize_with = "address")]
    pub admin_listen: SocketAddr,
    /// The address under which others reach `listen`, without a slash at its end.
    pub public_url: Option<String>,
}

impl Default for Server {
    fn default() -> Self {
        let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Self { listen: local(8080), admin_listen: local(8081), public_url: None }
    }
}

impl Server {
    /// Whether the values can be used together; the first that cannot is named.
    pub fn check(&self) -> Result<(), Complaint> {
        if self.listen == self.admin_listen && self.listen.port() != 0 {
            return Complaint::of("admin_listen", "is the same as listen; allowed: another port");
        }
        match &self.public_url {
            Some(url) => check_url(url).or_else(|problem| Complaint::of("public_url", problem)),
            None => Ok(()),
        }
    }
}

/// An IP address and a port; names are not looked up, so that what is listened on is what is written.
fn address<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let allowed =
        || D::Error::custom("allowed is an IP address with a port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"");
    String::deserialize(from).map_err(|_| allowed())?.parse().map_err(|_| allowed())
}

/// https (http to this machine), a host, no user, no query; the end of a sentence when it is not.
fn check_url(text: &str) -> Result<(), &'static str> {
    let Ok(url) = reqwest::Url::parse(text) else { return Err("is not a URL; allowed: https://host") };
    let Some(host) = url.host_str() else { return Err("has no host; allowed: https://host") };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return Err("is not https; allowed: https://host, and http:// only to a loopback address");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or a password; allowed: https://host without them");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a query or a fragment; allowed: https://host and a path");
    }
    Ok(())
}

/// `[store]`: the database.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// `sqlite://PATH` or `postgres://USER@HOST/DATABASE`. `Debug` does not show it: it may hold a password.
    pub url: String,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store { url: .. }")
    }
}

impl Default for Store {
    fn default() -> Self {
        Self { url: "sqlite://reanchor.sqlite".to_owned() }
    }
}

impl Store {
    /// Whether the kind of database is known; the rest is checked when it is opened.
    pub fn check(&self) -> Result<(), Complaint> {
        if ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| self.url.starts_with(scheme)) {
            return Ok(());
        }
        Complaint::of("url", "is not a known database; allowed: sqlite://PATH or postgres://USER@HOST/DATABASE")
    }
}

/// `[mode]`: how much the bot may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Modes {
    /// The mode it starts in.
    pub default: Mode,
}

impl Default for Modes {
    fn default() -> Self {
        Self { default: Mode::Observe }
    }
}

/// `[rules]`: classes of one's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnRules {
    /// Folder with rule files that are added to the embedded ones, or replace those of their name.
    pub dir: Option<PathBuf>,
}

/// A length of time in milliseconds, written with its unit: `300ms`, `15s`, `2m`, `1h`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(pub i64);

/// Longest length that can be written: a day.
const DAY: i64 = 24 * 3_600_000;

impl Length {
    /// Reads the text form; nothing when it is not one, or longer than a day.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at_checked(digits)?;
        let unit = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        let length = number.parse::<i64>().ok()?.checked_mul(unit)?;
        (length <= DAY).then_some(Self(length))
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ms if ms % 3_600_000 == 0 && ms > 0 => write!(f, "{}h", ms / 3_600_000),
            ms if ms % 60_000 == 0 && ms > 0 => write!(f, "{}m", ms / 60_000),
            ms if ms % 1000 == 0 => write!(f, "{}s", ms / 1000),
            ms => write!(f, "{ms}ms"),
        }
    }
}

impl fmt::Debug for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        const ALLOWED: &str =
            "allowed is a whole number with ms, s, m or h, up to a day, such as \"300ms\", \"15s\", \"2m\", \"1h\"";
        let text = String::deserialize(from).map_err(|_| D::Error::custom(ALLOWED))?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(ALLOWED))
    }
}

/// `[run]`: how runs are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Run {
    /// Length of a lease.
    pub lease: Length,
    /// Longest time one call of a vendor may take.
    pub call_timeout: Length,
    /// How long to wait for what a vendor does by itself.
    pub poll_deadline: Length,
}

impl Default for Run {
    fn default() -> Self {
        Self { lease: Length(60_000), call_timeout: Length(15_000), poll_deadline: Length(120_000) }
    }
}

impl Run {
    /// Whether a write can ever be sent with these: the lease must outlast a call and the reserve of SAFETY B5.
    pub fn check(&self) -> Result<(), Complaint> {
        if self.call_timeout < Length(300) {
            return Complaint::of("call_timeout", format!("is {}; allowed: 300ms or more", self.call_timeout));
        }
        if self.lease < Length(1000) {
            return Complaint::of("lease", format!("is {}; allowed: 1s or more", self.lease));
        }
        let least = Length(self.call_timeout.0 + (self.lease.0 / 5).min(5000));
        if self.lease < least {
            let problem = format!(
                "is {}, too short for a call_timeout of {}: no write would ever be sent; allowed: call_timeout and a reserve \
                 of 5s or a fifth of the lease, here {least} or more",
                self.lease, self.call_timeout
            );
            return Complaint::of("lease", problem);
        }
        if self.poll_deadline < Length(1000) {
            return Complaint::of("poll_deadline", format!("is {}; allowed: 1s or more", self.poll_deadline));
        }
        Ok(())
    }
}

/// `[incident]`: where the vendors tell of their incidents. Both feeds are off by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Incident {
    /// Address of the feed of Okta's status page (RSS or Atom).
    pub okta_rss: Option<String>,
    /// Whether the service health of the Entra tenant is read.
    pub graph_health: bool,
}

impl Incident {
    /// Whether the address can be used.
    pub fn check(&self) -> Result<(), Complaint> {
        match &self.okta_rss {
            Some(url) => check_url(url).or_else(|problem| Complaint::of("okta_rss", problem)),
            None => Ok(()),
        }
    }
}

/// `[sandbox]`: the other end is a simulated tenant of this machine. Written by the sandbox, not by hand.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    /// Its control port, `/_sandbox` included.
    pub control_url: String,
    /// Bearer token of the control port.
    pub control_token: String,
    /// The value with which every answer of the tenant proves itself (SAFETY A2).
    pub proof: String,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("control_url", &self.control_url).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Whether it is this machine, and token and proof are there.
    pub fn check(&self) -> Result<(), Complaint> {
        let url = reqwest::Url::parse(&self.control_url).ok();
        let host = url.as_ref().and_then(reqwest::Url::host_str).unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if bare != "localhost" && !bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
            return Complaint::of(
                "control_url",
                "is not an address of this machine; allowed: http://127.0.0.1:PORT/_sandbox",
            );
        }
        for (key, text) in [("control_token", &self.control_token), ("proof", &self.proof)] {
            if text.trim().is_empty() {
                return Complaint::of(key, "is empty; allowed: the value that the simulated tenant wrote");
            }
        }
        Ok(())
    }
}
