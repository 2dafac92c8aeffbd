//! A source in the daemon: its fetcher, and which jobs wait for its runs.

use std::time::Instant;

use crate::harvest::Fetcher;
use crate::harvest::schedule::Scheduled;
use crate::settings::{Source, SourceKind};
use crate::store::{JobId, SourceRow};

pub(super) struct Slot {
    pub(super) source: Source,
    // Away while it fetches.
    pub(super) fetcher: Option<Box<dyn Fetcher>>,
    pub(super) cron: Option<croner::Cron>,
    pub(super) is_running: bool,
    pub(super) has_arrivals: bool,
    // Its last fetch took one set of several.
    pub(super) has_more: bool,
    // What arrived and could not be taken in is tried again.
    pub(super) again_at: Option<Instant>,
    // Jobs that want a run, and those whose run is on its way.
    pub(super) wanted_by: Vec<JobId>,
    pub(super) running_for: Vec<JobId>,
}

impl Slot {
    pub(super) fn new(source: &Source, fetcher: Box<dyn Fetcher>) -> Self {
        Self {
            source: source.clone(),
            fetcher: Some(fetcher),
            cron: source.cron(),
            is_running: false,
            has_arrivals: false,
            has_more: false,
            again_at: None,
            wanted_by: Vec::new(),
            running_for: Vec::new(),
        }
    }

    // A folder without a schedule runs on arrival.
    pub(super) fn is_watched(&self) -> bool {
        self.source.kind == SourceKind::Folder && self.cron.is_none()
    }

    pub(super) fn scheduled(&self, row: &SourceRow) -> Scheduled {
        // What a repetition cannot mend is not repeated: the gate has spoken, a person must.
        let may_mend = matches!(row.last_state.as_deref(), Some("partial" | "failed"));
        Scheduled {
            source: self.source.id.clone(),
            cron: self.cron.clone(),
            known_since: row.known_since,
            last_try: row.last_try,
            tries_in_vain: if may_mend { row.tries_in_vain } else { 0 },
            is_running: self.is_running,
            is_paused: row.paused,
            is_wanted: !self.wanted_by.is_empty(),
            has_arrivals: self.has_arrivals,
        }
    }
}
