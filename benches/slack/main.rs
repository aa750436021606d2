//! How fast `reanchor serve` hears Slack: a generator of signed requests, on the same machine. Prints figures, asserts nothing
//! about time: `cargo bench --bench slack` (the bench profile builds the program, too). With `quick` as argument every part is
//! short, to see that it works; with `steady` only the even rates on an empty database are measured.
//!
//! The program under measurement is a process of its own; the directories are `reanchor tenant`, Slack is a stand-in that
//! answers every call at once. All of them share the processors with the generator.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]
#![expect(clippy::panic, reason = "a benchmark stops at the first surprise")]

mod disk;
mod house;
mod load;
mod stand_in;

use house::{House, Mode};
use load::{Mix, Report, at_rate, flat_out, share};
use stand_in::StandIn;
use std::time::Duration;

/// How long each part takes.
#[derive(Clone, Copy)]
struct Terms {
    load: Duration,
    idle: Duration,
    socket_events: usize,
}

fn main() {
    let quick = std::env::args().any(|arg| arg == "quick");
    let terms = if quick {
        Terms { load: Duration::from_secs(2), idle: Duration::from_secs(2), socket_events: 200 }
    } else {
        Terms { load: Duration::from_secs(10), idle: Duration::from_mins(1), socket_events: 5_000 }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let steady_only = std::env::args().any(|arg| arg == "steady");
    runtime.block_on(async {
        if steady_only {
            let slack = StandIn::start();
            steady(&House::prepare(Mode::Http, &slack), terms).await;
            return;
        }
        over_http(terms).await;
        over_sockets(terms).await;
    });
}

async fn over_http(terms: Terms) {
    println!("== over HTTP, {} processors shared with the generator", processors());
    let slack = StandIn::start();
    let house = House::prepare(Mode::Http, &slack);
    let (fresh, bot) = house.start().await;
    drop(bot);
    let (migrated, bot) = house.start().await;
    println!(
        "start to ready: {} on a fresh database (budget 150 ms), {} on a migrated one (budget 60 ms)",
        ms(fresh),
        ms(migrated)
    );
    tokio::time::sleep(terms.idle).await;
    println!("memory idle after {} s: {:.1} MiB (budget 25)", terms.idle.as_secs(), bot.memory());
    // A little of everything first, so that no figure holds what happens once.
    flat_out(bot.address(), Mix::Chatter, 8, Duration::from_millis(300)).await;
    for (name, mix, budget) in [
        ("chatter", Mix::Chatter, "25,000/s"),
        ("1 in 4 a report, durably stored before the answer", Mix::OneInFour, "5,200/s"),
    ] {
        let before = bot.cpu();
        let report = flat_out(bot.address(), mix, 32, terms.load).await;
        tell(&format!("{name}, 32 connections"), &report, &format!("budget {budget}, p99 10 ms"));
        let cpu = bot.cpu().saturating_sub(before).as_secs_f64() * 1e6 / count(report.answered);
        println!("  {cpu:.1} us of CPU each (chatter: budget 25)");
    }
    let backlog = slack.posts();
    for (name, mix) in [("chatter", Mix::Chatter), ("1 in 4 a report", Mix::OneInFour)] {
        let report = at_rate(bot.address(), mix, 100, terms.load).await;
        tell(&format!("{name}, a steady 100/s (work left by the load still goes on)"), &report, "budget p99 1.5 ms");
    }
    println!("memory at the end of the load: {:.1} MiB (budget 40); posts so far: {backlog}", bot.memory());
    drop(bot);
    steady(&house, terms).await;
}

async fn steady(house: &House, terms: Terms) {
    let (_, bot) = house.start_empty().await;
    let before = disk::alone(house.folder(), terms.load);
    for (name, mix) in [("chatter", Mix::Chatter), ("1 in 4 a report", Mix::OneInFour)] {
        let report = at_rate(bot.address(), mix, 100, terms.load).await;
        tell(&format!("{name}, a steady 100/s, nothing else to do"), &report, "budget p99 1.5 ms");
        if mix == Mix::OneInFour {
            println!("  of these the reports, 25/s: {}", shares(&report.stored));
        }
    }
    println!("  this disk alone, just before: {}", shares(&before));
    println!("  this disk alone, just after: {}", shares(&disk::alone(house.folder(), terms.load)));
    println!(
        "  (what the bot stores for one report, written to a file beside its database and flushed, 25/s; p99 of all is"
    );
    println!("  about p96 of the reports)");
}

async fn over_sockets(terms: Terms) {
    println!("== over Socket Mode");
    let slack = StandIn::start();
    let house = House::prepare(Mode::Socket, &slack);
    let (fresh, _bot) = house.start().await;
    println!("start to ready: {}", ms(fresh));
    slack.until_sockets(1).await;
    for (name, mix) in [("chatter", Mix::Chatter), ("1 in 4 a report", Mix::OneInFour)] {
        let report = slack.envelopes(mix, terms.socket_events, 32).await;
        tell(&format!("{name}, 32 envelopes under way"), &report, "acknowledgement, budget p99 300 ms");
    }
    println!("reconnect after `disconnect`: {}", ms(slack.reconnect(true).await));
    println!("reconnect after a cut: {}", ms(slack.reconnect(false).await));
}

fn tell(name: &str, report: &Report, budget: &str) {
    let rate = count(report.answered) / report.took.as_secs_f64();
    println!(
        "{name}: {rate:.0}/s, p50 {}, p99 {}, longest {} ({budget})",
        ms(share(&report.times, 50)),
        ms(share(&report.times, 99)),
        ms(share(&report.times, 100))
    );
    if report.refused > 0 {
        println!("  {} of {} were refused or failed", report.refused, report.refused + report.answered);
    }
}

fn shares(times: &[Duration]) -> String {
    let [p50, p96, p99, longest] = [50, 96, 99, 100].map(|n| ms(share(times, n)));
    format!("p50 {p50}, p96 {p96}, p99 {p99}, longest {longest}")
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
