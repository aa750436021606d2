//! What is measured: a simulated tenant and `reanchor serve`, each a process of its own.

use super::stand_in::StandIn;
use std::fmt::Write;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const BIN: &str = env!("CARGO_BIN_EXE_reanchor");
/// The signing secret of the app.
pub(crate) const SECRET: &str = "bench-signing-secret-0123456789";

/// How Slack reaches the bot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// By websockets.
    Socket,
    /// By signed requests.
    Http,
}

/// A configuration on disk, and its tenant.
pub(crate) struct House {
    folder: TempDir,
    config: PathBuf,
    ports: (u16, u16),
    tenant: Child,
}

impl Drop for House {
    fn drop(&mut self) {
        self.tenant.kill().ok();
        self.tenant.wait().ok();
    }
}

/// A running bot.
pub(crate) struct Bot {
    child: Child,
    public: u16,
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl House {
    /// Starts the tenant and writes the configuration.
    pub(crate) fn prepare(mode: Mode, slack: &StandIn) -> House {
        let folder = TempDir::new().unwrap();
        let mut tenant = Command::new(BIN)
            .args(["tenant", "--config-dir"])
            .arg(folder.path())
            .env("REANCHOR_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(tenant.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let config = folder.path().join("reanchor.toml");
        let word = if mode == Mode::Socket { "socket" } else { "http" };
        let mut text = fs::read_to_string(&config).unwrap();
        writeln!(text, "\n[slack]\nmode = \"{word}\"\napi_url = \"{}\"", slack.api_url()).unwrap();
        text += "\n[[channel]]\nsurface = \"slack\"\nid = \"C0PROVISION\"\nlisten = true\nfacts = \"full\"\n";
        text += "\n[[link]]\nslack = \"T0BENCH0001/U0ANNA00000\"\nokta = \"00u8annaRk4Tz7Lm31d7\"\n";
        fs::write(&config, text).unwrap();
        let env = folder.path().join("reanchor.env");
        let mut secrets = fs::read_to_string(&env).unwrap();
        writeln!(secrets, "SLACK_BOT_TOKEN=xoxb-bench\nSLACK_SIGNING_SECRET={SECRET}").unwrap();
        if mode == Mode::Socket {
            secrets += "SLACK_APP_TOKEN=xapp-bench\n";
        }
        fs::write(&env, secrets).unwrap();
        House { folder, config, ports: (free_port(), free_port()), tenant }
    }

    /// Starts a bot; how long it took until it was ready.
    pub(crate) async fn start(&self) -> (Duration, Bot) {
        let (public, admin) = self.ports;
        let log = fs::File::create(self.folder.path().join("bot.log")).unwrap();
        let begun = Instant::now();
        let mut child = Command::new(BIN)
            .args(["serve", "--config"])
            .arg(&self.config)
            .env("REANCHOR__SERVER__LISTEN", format!("127.0.0.1:{public}"))
            .env("REANCHOR__SERVER__ADMIN_LISTEN", format!("127.0.0.1:{admin}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], admin));
        while !is_ready(address).await {
            if child.try_wait().unwrap().is_some() || begun.elapsed() > Duration::from_mins(1) {
                child.kill().ok();
                panic!("the bot does not get ready:\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        (begun.elapsed(), Bot { child, public })
    }

    /// As [`House::start`], on a fresh database.
    pub(crate) async fn start_empty(&self) -> (Duration, Bot) {
        for file in fs::read_dir(self.folder.path()).unwrap() {
            let path = file.unwrap().path();
            let is_database = path.to_string_lossy().contains(".sqlite");
            if is_database && path.is_file() {
                fs::remove_file(&path).unwrap();
            }
        }
        self.start().await
    }

    /// Where its database is.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("bot.log")).unwrap_or_default()
    }
}

/// One blocking question on the loopback: its answer takes well under a millisecond.
async fn is_ready(address: SocketAddr) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    // A look without the runtime first: a refused connection is told at once.
    if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_err() {
        return false;
    }
    let Ok(mut stream) = tokio::net::TcpStream::connect(address).await else { return false };
    let ask = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    if stream.write_all(ask).await.is_err() {
        return false;
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.is_ok() && answer.starts_with(b"HTTP/1.1 200")
}

impl Bot {
    /// Where Slack posts to.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.public))
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(Path::new("/proc").join(self.child.id().to_string()).join(file)).unwrap_or_default()
    }

    /// Resident memory in MiB.
    pub(crate) fn memory(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
    }

    /// Time of processors used so far, in steps of a hundredth of a second.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = self.proc("stat");
        let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<u64> = after.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
        let ticks = fields.get(11).unwrap_or(&0) + fields.get(12).unwrap_or(&0);
        Duration::from_millis(ticks * 10)
    }
}
