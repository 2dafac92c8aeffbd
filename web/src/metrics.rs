//! Counters of the process, in the text format of Prometheus.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use axum::http::StatusCode;
use daemon::store::{Branch, Depth, Machine};
use daemon::sync::status::Status;
use jiff::Timestamp;

use crate::fresh::Freshnesses;
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
    pub(crate) fn text(&self, open: Option<&Open>, fresh: &Freshnesses) -> String {
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
            family(&mut text, "lianmu_records", "gauge", "Member records of the open generation.");
            for (code, state) in open.libraries() {
                let code = label(code.as_str());
                let _ = writeln!(text, "lianmu_records{{library=\"{code}\"}} {}", state.records);
            }
        }
        libraries(&mut text, fresh);
        if let Some(bytes) = resident_bytes() {
            family(&mut text, "process_resident_memory_bytes", "gauge", "Memory of the process.");
            let _ = writeln!(text, "process_resident_memory_bytes {bytes}");
        }
        text
    }
}

/// How the queue stands, appended to the page of `/metrics`.
pub(crate) fn queue(text: &mut String, depths: &[Depth], machine: &Machine, now: Timestamp) {
    family(text, "lianmu_queue_depth", "gauge", "Messages by state of delivery.");
    for depth in depths {
        let _ = writeln!(text, "lianmu_queue_depth{{delivery=\"{}\"}} {}", depth.delivery.code(), depth.n);
    }
    let oldest = depths.iter().filter(|depth| depth.delivery.is_waiting()).map(|depth| depth.oldest).min();
    family(text, "lianmu_queue_oldest_seconds", "gauge", "For how long the eldest message has waited.");
    let age = oldest.map_or(0, |oldest| (now.as_second() - oldest.as_second()).max(0));
    let _ = writeln!(text, "lianmu_queue_oldest_seconds {age}");
    if let Some(at) = machine.last_contact {
        family(
            text,
            "lianmu_central_last_contact_timestamp_seconds",
            "gauge",
            "When the centre answered last.",
        );
        let _ = writeln!(text, "lianmu_central_last_contact_timestamp_seconds {}", at.as_second());
    }
}

/// How the catalogue comes here from a repository.
pub(crate) fn snapshot(text: &mut String, status: &Status) {
    let times = [
        ("published", "When the newest generation that is known was published.", status.published_at),
        ("last_try", "When a repository was last asked.", status.last_try),
        ("last_contact", "When one last answered.", status.last_contact),
    ];
    for (what, help, at) in times {
        if let Some(at) = at {
            let name = format!("lianmu_snapshot_{what}_timestamp_seconds");
            family(text, &name, "gauge", help);
            let _ = writeln!(text, "{name} {}", at.as_second());
        }
    }
    family(text, "lianmu_snapshot_bytes_fetched_total", "counter", "Bytes fetched out of repositories.");
    let _ = writeln!(text, "lianmu_snapshot_bytes_fetched_total {}", status.bytes);
    let near = "lianmu_snapshot_bytes_from_neighbours_total";
    family(text, near, "counter", "Bytes that neighbours gave.");
    let _ = writeln!(text, "{near} {}", status.bytes_from_neighbours);
    family(text, "lianmu_snapshot_state", "gauge", "1 for the state of what comes out of repositories.");
    let _ = writeln!(text, "lianmu_snapshot_state{{state=\"{}\"}} 1", status.state);
}

/// How the branches of a hub fare.
pub(crate) fn branches(text: &mut String, branches: &[Branch]) {
    family(text, "lianmu_branch_last_contact_timestamp_seconds", "gauge", "When a branch was here last.");
    for branch in branches {
        if let Some(at) = branch.last_contact {
            let (code, seconds) = (label(branch.library.as_str()), at.as_second());
            let _ = writeln!(
                text,
                "lianmu_branch_last_contact_timestamp_seconds{{library=\"{code}\"}} {seconds}"
            );
        }
    }
    family(text, "lianmu_branch_bytes_fetched_total", "counter", "Bytes that a branch has fetched.");
    for branch in branches {
        let (code, bytes) = (label(branch.library.as_str()), branch.fares.bytes);
        let _ = writeln!(text, "lianmu_branch_bytes_fetched_total{{library=\"{code}\"}} {bytes}");
    }
    family(text, "lianmu_branch_generation_info", "gauge", "The generation that a branch serves.");
    for branch in branches {
        if let Some(generation) = &branch.fares.generation {
            let code = label(branch.library.as_str());
            let _ = writeln!(
                text,
                "lianmu_branch_generation_info{{library=\"{code}\",generation=\"{generation}\"}} 1"
            );
        }
    }
}

// An alarm rule wants to know: which state, since when, how old is the data?
fn libraries(text: &mut String, fresh: &Freshnesses) {
    family(text, "lianmu_library_state", "gauge", "1 for the state in which the updates of a library are.");
    for (code, fares) in fresh {
        let code = label(code.as_str());
        let _ = writeln!(text, "lianmu_library_state{{library=\"{code}\",state=\"{}\"}} 1", fares.state);
    }
    family(text, "lianmu_library_last_try_timestamp_seconds", "gauge", "When an update was last tried.");
    for (code, fares) in fresh {
        if let Some(time) = fares.last_try {
            let (code, seconds) = (label(code.as_str()), time.as_second());
            let _ =
                writeln!(text, "lianmu_library_last_try_timestamp_seconds{{library=\"{code}\"}} {seconds}");
        }
    }
    family(text, "lianmu_library_as_of_timestamp_seconds", "gauge", "Beginning of the day of the data, UTC.");
    for (code, fares) in fresh {
        let day = fares.as_of.as_deref().and_then(|day| format!("{day}T00:00:00Z").parse::<Timestamp>().ok());
        if let Some(day) = day {
            let (code, seconds) = (label(code.as_str()), day.as_second());
            let _ = writeln!(text, "lianmu_library_as_of_timestamp_seconds{{library=\"{code}\"}} {seconds}");
        }
    }
}

// A code may come from a table that somebody edits.
fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

// Linux only; elsewhere the line is absent.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}
