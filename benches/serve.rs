//! How soon `reanchor serve` is ready, and what memory it keeps: printed, never judged. Starts the program that was built for
//! this bench against a simulated tenant of its own process.
//!
//! `cargo bench --bench serve` waits a minute for the idle figure; `cargo bench --bench serve -- --quick` five seconds.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time, and waits")]
#![expect(clippy::expect_used, reason = "a benchmark stops at the first surprise")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const BIN: &str = env!("CARGO_BIN_EXE_reanchor");
/// Starts on each kind of database.
const TIMES: usize = 9;

fn main() {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let folder = tempfile::tempdir().expect("a folder");
    let mut tenant = Command::new(BIN)
        .args(["tenant", "--scenario", "healthy", "--config-dir"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the tenant starts");
    let mut line = String::new();
    BufReader::new(tenant.stdout.take().expect("its output")).read_line(&mut line).expect("its line");
    let config = folder.path().join("reanchor.toml");
    let text = std::fs::read_to_string(&config).expect("its configuration");
    // Without [sandbox] nothing is asked of the tenant at the start: the figure is the bot's alone.
    let own = text.split("[sandbox]").next().unwrap_or_default();
    std::fs::write(&config, own).expect("the configuration");
    let mut fresh: Vec<Duration> = (0..TIMES).map(|n| start(&config, &folder.path().join(format!("f{n}")))).collect();
    let kept = folder.path().join("kept");
    let mut migrated: Vec<Duration> = (0..=TIMES).map(|_| start(&config, &kept)).skip(1).collect();
    println!("start to /readyz, fresh database:    {}", spread(&mut fresh));
    println!("start to /readyz, migrated database: {}", spread(&mut migrated));
    let (mut bot, _) = begin(&config, &kept);
    let idle = Duration::from_secs(if quick { 5 } else { 60 });
    std::thread::sleep(idle);
    println!("resident memory, idle for {} s:       {}", idle.as_secs(), resident(bot.id()));
    end(&mut bot);
    end(&mut tenant);
}

/// Starts, waits until it is ready, stops; the child's time.
fn start(config: &Path, database: &Path) -> Duration {
    let (mut bot, took) = begin(config, database);
    end(&mut bot);
    took
}

fn begin(config: &Path, database: &Path) -> (Child, Duration) {
    let [listen, admin] = free();
    let began = Instant::now();
    let child = Command::new(BIN)
        .args(["serve", "--config"])
        .arg(config)
        .env("REANCHOR__STORE__URL", format!("sqlite://{}", database.display()))
        .env("REANCHOR__SERVER__LISTEN", listen.to_string())
        .env("REANCHOR__SERVER__ADMIN_LISTEN", admin.to_string())
        .env("REANCHOR_LOG", "error")
        .spawn()
        .expect("the bot starts");
    while !is_ready(admin) {
        std::thread::sleep(Duration::from_micros(500));
    }
    (child, began.elapsed())
}

fn is_ready(admin: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(admin) else { return false };
    let ask = format!("GET /readyz HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    stream.write_all(ask.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

/// Two addresses that nobody has.
fn free() -> [SocketAddr; 2] {
    let taken = [0; 2].map(|_| TcpListener::bind("127.0.0.1:0").expect("a port"));
    taken.map(|listener| listener.local_addr().expect("its address"))
}

fn end(child: &mut Child) {
    child.kill().expect("it ends");
    child.wait().expect("it ended");
}

fn spread(times: &mut [Duration]) -> String {
    times.sort();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    let middle = times.len() / 2;
    format!("median {:.1} ms, best {:.1}, worst {:.1}", ms(times.get(middle)), ms(times.first()), ms(times.last()))
}

fn resident(process: u32) -> String {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or_else(|| "not told by this system".to_owned(), |rest| rest.trim().to_owned())
}
