//! Counters of the process, in the text format of Prometheus.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use axum::http::StatusCode;

use crate::state::Open;

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    answers: [AtomicU64; 5],
    searches: AtomicU64,
    search_micros: AtomicU64,
}

impl Metrics {
    /// An answer went out.
    pub(crate) fn answered(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.answers[class].fetch_add(1, Relaxed);
    }

    /// A search took this long.
    pub(crate) fn searched(&self, took: Duration) {
        self.searches.fetch_add(1, Relaxed);
        self.search_micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    /// The page of `/metrics`.
    pub(crate) fn text(&self, open: Option<&Open>) -> String {
        let mut text = String::new();
        family(&mut text, "lianmu_http_requests_total", "counter", "Answers by class of status.");
        for (i, n) in self.answers.iter().enumerate() {
            let _ =
                writeln!(text, "lianmu_http_requests_total{{status=\"{}xx\"}} {}", i + 1, n.load(Relaxed));
        }
        family(&mut text, "lianmu_search_seconds", "summary", "Time spent in searches.");
        let seconds = self.search_micros.load(Relaxed) as f64 / 1e6;
        let _ = writeln!(text, "lianmu_search_seconds_sum {seconds}");
        let _ = writeln!(text, "lianmu_search_seconds_count {}", self.searches.load(Relaxed));
        family(&mut text, "lianmu_ready", "gauge", "1 while a generation is open.");
        let _ = writeln!(text, "lianmu_ready {}", u8::from(open.is_some()));
        if let Some(open) = open {
            let manifest = open.catalogue.manifest();
            family(&mut text, "lianmu_generation_info", "gauge", "The generation that is open.");
            // Generation names are ours: letters, digits and hyphens.
            let name = open.catalogue.generation();
            let _ = writeln!(text, "lianmu_generation_info{{generation=\"{name}\"}} 1");
            family(&mut text, "lianmu_entries", "gauge", "Entries of the open generation.");
            let _ = writeln!(text, "lianmu_entries {}", manifest.entries);
        }
        text
    }
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}
