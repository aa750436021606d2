//! Logs: to stderr, as text or as JSON lines.
//!
//! Never writes to stdout, which belongs to answers. Logs carry ids, never pasted text, sign-in names, tokens or request
//! addresses (invariant 8): our own lines keep to that by what they are given, and the libraries that would print requests
//! are held down by [`PINS`], which no filter can lift.
//!
//! Begin with [`init`].

use std::ffi::OsStr;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry;

/// The most that libraries may say, by the beginning of the target, whatever the filter: below it they print requests,
/// headers or statements.
pub const PINS: [(&str, LevelFilter); 7] = [
    ("slack_morphism", LevelFilter::INFO),
    // Its errors print the address of a websocket, which is a secret.
    ("slack_morphism::hyper_tokio::socket_mode", LevelFilter::OFF),
    ("hyper", LevelFilter::WARN),
    ("reqwest", LevelFilter::WARN),
    ("rustls", LevelFilter::WARN),
    ("h2", LevelFilter::WARN),
    ("sqlx", LevelFilter::WARN),
];

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The filter cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the log filter {filter:?} cannot be understood: {problem}; allowed are off, error, warn, info, debug, trace, or target=level parts with commas between them"
)]
pub struct FilterError {
    /// The filter as it was given.
    pub filter: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Starts the log on stderr. Without a filter it is `info`. `Ok(false)` when a log was started before, in this process;
/// that one goes on unchanged, so it may be called again.
pub fn init(format: Format, filter: Option<&str>, color: bool) -> Result<bool, FilterError> {
    let subscriber = build(format, filter, color, std::io::stderr)?;
    Ok(tracing::subscriber::set_global_default(subscriber).is_ok())
}

/// Whether to write colours: to a terminal, unless the variable `NO_COLOR` is set to anything but an empty text.
pub fn color(no_color: Option<&OsStr>, terminal: bool) -> bool {
    terminal && no_color.is_none_or(OsStr::is_empty)
}

fn build<W>(
    format: Format,
    filter: Option<&str>,
    color: bool,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, FilterError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let text = filter.map(str::trim).filter(|text| !text.is_empty()).unwrap_or("info");
    let wanted = EnvFilter::builder()
        .parse(text)
        .map_err(|error| FilterError { filter: text.to_owned(), problem: error.to_string() })?;
    let kept = wanted.and(filter_fn(pinned));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(color);
    Ok(match format {
        Format::Text => Box::new(registry().with(lines.with_filter(kept))),
        Format::Json => Box::new(registry().with(lines.json().with_filter(kept))),
    })
}

/// Whether a line may be written as far as the pins go.
fn pinned(about: &Metadata<'_>) -> bool {
    PINS.iter().all(|(target, most)| !about.target().starts_with(target) || *about.level() <= *most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines(format: Format, filter: Option<&str>, color: bool) -> String {
        let sink = Sink::default();
        let copy = sink.clone();
        let subscriber = build(format, filter, color, move || copy.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(case = "c-abc", "ours at info");
            tracing::debug!("ours at debug");
            tracing::warn!(target: "hyper_util::client", "hyper at warn");
            tracing::info!(target: "hyper_util::client", "hyper at info");
            tracing::debug!(target: "slack_morphism::hyper", "slack at debug");
            tracing::info!(target: "slack_morphism::hyper", "slack at info");
            tracing::debug!(target: "sqlx::query", "sqlx at debug");
            tracing::info!(target: "reqwest::connect", "reqwest at info");
        });
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_default_is_info_and_libraries_are_held_down_whatever_the_filter() {
        for filter in [None, Some("trace"), Some("trace,hyper_util=trace,slack_morphism=trace,sqlx::query=trace")] {
            let text = lines(Format::Text, filter, false);
            assert_eq!(text.contains("ours at debug"), filter.is_some(), "{text}");
            for kept in ["ours at info", "hyper at warn", "slack at info"] {
                assert!(text.contains(kept), "{filter:?} lost {kept}: {text}");
            }
            for pinned in ["hyper at info", "slack at debug", "sqlx at debug", "reqwest at info"] {
                assert!(!text.contains(pinned), "{filter:?} let through {pinned}: {text}");
            }
        }
        assert_eq!(lines(Format::Text, Some("off"), false), "");
    }

    #[test]
    fn json_lines_are_json_and_text_has_colours_only_when_asked() {
        let text = lines(Format::Json, None, false);
        let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(first.pointer("/fields/case").and_then(serde_json::Value::as_str), Some("c-abc"));
        assert!(!lines(Format::Text, None, false).contains('\u{1b}'));
        assert!(lines(Format::Text, None, true).contains('\u{1b}'));
        for (no_color, terminal, want) in
            [(None, true, true), (None, false, false), (Some("1"), true, false), (Some(""), true, true)]
        {
            assert_eq!(color(no_color.map(OsStr::new), terminal), want);
        }
    }

    #[test]
    fn a_wrong_filter_is_named_and_a_second_start_changes_nothing() {
        let error = init(Format::Text, Some("reanchor=loud"), false).unwrap_err().to_string();
        assert!(error.contains("\"reanchor=loud\"") && error.contains("allowed are"), "{error}");
        init(Format::Text, Some("off"), false).unwrap();
        assert_eq!(init(Format::Json, None, false), Ok(false));
    }
}
