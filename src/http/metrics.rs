//! `/metrics`: counters that the process keeps, and gauges that are read from the store when somebody asks.
//!
//! Never has a person, an address, a domain or a tenant in a label (SAFETY E3): labels are names of surfaces, states, vendors
//! and outcomes. Begin with [`Metrics`].

use super::ready::State;
use crate::app::Figures;
use crate::ports::error::System;
use crate::ports::meter::{Called, Meter};
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use std::time::Duration;

/// Bounds of the acknowledgement time in seconds; 0.3 is the promise, 3 the limit of the platforms.
const BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1.0, 3.0];

/// All metrics of a process.
pub struct Metrics {
    counted: Registry,
    heard: IntCounterVec,
    acknowledged: HistogramVec,
    called: IntCounterVec,
    read: Registry,
    stored: Registry,
    store: StoreGauges,
    up: IntGauge,
    chain: IntGauge,
    hears: IntGaugeVec,
}

/// What the store tells.
struct StoreGauges {
    cases: IntGaugeVec,
    inbox: IntGauge,
    outbox: IntGaugeVec,
    oldest: IntGaugeVec,
    runs: IntGauge,
    frozen: IntGauge,
}

/// Makes and registers metrics one after the other.
struct Maker<'a>(&'a Registry);

impl Maker<'_> {
    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
        let made = IntGaugeVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        let made = IntGauge::new(name, help)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
        let made = IntCounterVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }
}

impl Metrics {
    /// All at zero. An error is a mistake in a name, which a test would show.
    pub fn new() -> prometheus::Result<Self> {
        let (counted, read, stored) = (Registry::new(), Registry::new(), Registry::new());
        let (count, gauge) = (Maker(&counted), Maker(&read));
        let info = count.gauges("reanchor_build_info", "Always 1; the label is the version.", &["version"])?;
        info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let times = HistogramOpts::new(
            "reanchor_acknowledgement_seconds",
            "Time from the arrival of an event to its acknowledgement.",
        );
        let acknowledged = HistogramVec::new(times.buckets(BOUNDS.to_vec()), &["surface"])?;
        counted.register(Box::new(acknowledged.clone()))?;
        let up = gauge.gauge("reanchor_store_up", "Whether the database answered this question (1) or not (0).")?;
        let chain =
            gauge.gauge("reanchor_audit_chain_ok", "Whether the audit chain checked when it was last checked.")?;
        let hears = gauge.gauges("reanchor_surface_ready", "Whether the surface hears.", &["surface"])?;
        let store = StoreGauges::new(&Maker(&stored))?;
        Ok(Self {
            heard: count.counters(
                "reanchor_inbound_events_total",
                "Events from surfaces by what became of them.",
                &["surface", "outcome"],
            )?,
            called: count.counters(
                "reanchor_vendor_calls_total",
                "Calls of Okta and Microsoft Graph, every try counted, by how they ended.",
                &["vendor", "outcome"],
            )?,
            acknowledged,
            counted,
            read,
            stored,
            store,
            up,
            chain,
            hears,
        })
    }

    /// The text form, version 0.0.4. Without figures (the database does not answer) what it would tell is left out.
    pub(super) fn text(&self, state: &State, figures: Option<&Figures>) -> prometheus::Result<String> {
        self.up.set(i64::from(figures.is_some()));
        self.chain.set(i64::from(state.chain_broken_at.is_none()));
        for (surface, ready) in &state.surfaces {
            self.hears.with_label_values(&[*surface]).set(i64::from(ready.is_ok()));
        }
        let mut out = Vec::new();
        let encoder = TextEncoder::new();
        encoder.encode(&self.counted.gather(), &mut out)?;
        encoder.encode(&self.read.gather(), &mut out)?;
        if let Some(figures) = figures {
            self.store.set(figures);
            encoder.encode(&self.stored.gather(), &mut out)?;
        }
        Ok(String::from_utf8_lossy(&out).into_owned())
    }
}

impl StoreGauges {
    fn new(make: &Maker<'_>) -> prometheus::Result<Self> {
        Ok(Self {
            cases: make.gauges("reanchor_cases", "Cases by state.", &["state"])?,
            inbox: make.gauge("reanchor_inbox_waiting", "Events that are stored and not worked on yet.")?,
            outbox: make.gauges("reanchor_outbox_waiting", "Posts that are due and not sent.", &["surface"])?,
            oldest: make.gauges(
                "reanchor_outbox_oldest_seconds",
                "For how long the oldest due post has been waiting.",
                &["surface"],
            )?,
            runs: make.gauge("reanchor_runs_open", "Approved plans that run.")?,
            frozen: make
                .gauge("reanchor_frozen", "Whether the kill switch is on, or cannot be read, which counts as on.")?,
        })
    }

    fn set(&self, figures: &Figures) {
        self.cases.reset();
        for (state, count) in &figures.stored.cases {
            self.cases.with_label_values(&[state.as_str()]).set(*count);
        }
        self.outbox.reset();
        self.oldest.reset();
        for (surface, waiting) in &figures.outbox {
            self.outbox.with_label_values(&[*surface]).set(waiting.count);
            let age = waiting.oldest.map_or(0, |at| figures.at.since(at).max(0) / 1000);
            self.oldest.with_label_values(&[*surface]).set(age);
        }
        self.inbox.set(figures.stored.inbox);
        self.runs.set(figures.stored.runs);
        self.frozen.set(i64::from(figures.frozen));
    }
}

impl Meter for Metrics {
    fn heard(&self, surface: &str, outcome: &'static str) {
        self.heard.with_label_values(&[surface, outcome]).inc();
    }

    fn acknowledged(&self, surface: &str, took: Duration) {
        self.acknowledged.with_label_values(&[surface]).observe(took.as_secs_f64());
    }

    fn called(&self, vendor: System, how: Called) {
        let vendor = match vendor {
            System::Okta => "okta",
            System::Graph => "graph",
        };
        self.called.with_label_values(&[vendor, how.text()]).inc();
    }
}
