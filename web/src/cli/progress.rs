//! Progress bars with rate and time left, on a terminal only.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indexer::pipeline::{Progress, Stage};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// One bar after the other on standard error.
pub(crate) struct Bars {
    label: String,
    shown: bool,
    bar: Mutex<Option<ProgressBar>>,
    n_records: AtomicU64,
}

impl Bars {
    /// Bars that begin with this word; silent where nobody looks.
    pub(crate) fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            shown: std::io::stderr().is_terminal(),
            bar: Mutex::default(),
            n_records: AtomicU64::new(0),
        }
    }

    fn with_bar(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        act(&mut self.bar.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Bars {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        if !self.shown {
            return;
        }
        self.n_records.store(0, Ordering::Relaxed);
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        bar.set_style(style(stage, total.is_some()));
        bar.set_prefix(self.label.clone());
        bar.enable_steady_tick(Duration::from_millis(200));
        self.with_bar(|place| *place = Some(bar));
    }

    fn advance(&self, units: u64, records: u64) {
        if !self.shown {
            return;
        }
        let n_records = self.n_records.fetch_add(records, Ordering::Relaxed) + records;
        self.with_bar(|place| {
            if let Some(bar) = place {
                bar.inc(units);
                let seconds = bar.elapsed().as_secs_f64().max(0.001);
                bar.set_message(format!("{n_records} records, {:.0}/s", n_records as f64 / seconds));
            }
        });
    }

    fn end(&self) {
        self.with_bar(|place| {
            if let Some(bar) = place.take() {
                bar.finish_and_clear();
            }
        });
    }
}

/// A plain bar that counts steps; hidden where nobody looks.
pub(crate) fn bar(label: &'static str, n_steps: u64) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(n_steps), target).with_prefix(label);
    let template = "{prefix} [{bar:24}] {pos}/{len}  {eta} left";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// A plain count of bytes; hidden where nobody looks.
pub(crate) fn bytes(label: &'static str) -> ProgressBar {
    let bar = bar(label, 0);
    bar.set_style(style(Stage::Fetch, false));
    bar
}

fn style(stage: Stage, bounded: bool) -> ProgressStyle {
    let template = match (stage, bounded) {
        (Stage::Import, true) => "{prefix} [{bar:24}] {bytes}/{total_bytes}  {msg}  {eta} left",
        (Stage::Fetch, _) => "{prefix} {spinner} {bytes}, {bytes_per_sec}, {elapsed}",
        (Stage::Import, false) => "{prefix} {spinner} {bytes}  {msg}",
        (Stage::Map, _) => "{prefix} reading [{bar:24}] {percent}%  {msg}  {eta} left",
        (Stage::Match, true) => "{prefix} comparing [{bar:24}] {percent}%  {eta} left",
        (Stage::Match, false) => "{prefix} {spinner} comparing, {elapsed}",
        (Stage::Index, _) => "{prefix} indexing [{bar:24}] {percent}%  {pos} entries  {eta} left",
        (Stage::Finish, _) => "{prefix} {spinner} writing the generation, {elapsed}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
