//! Sees to what time brings, on a thread of its own: personal data goes, readers are reminded of due dates. Making a
//! database small again may take a while.

use std::sync::Arc;
use std::time::Duration;

use super::complaints::Complaints;
use crate::harvest::Stop;
use crate::writer::Writer;
use crate::{counter, privacy};

/// How often it is looked whether somebody wishes to be erased, or something has become old.
const LOOK: Duration = Duration::from_secs(2);
/// Rounds after which it is looked which loans are due: days pass slowly.
const LOANS_EVERY: u32 = 150;

pub(super) struct Tidier {
    pub(super) writer: Arc<Writer>,
    /// How long what has ended keeps its reader; 0 for ever.
    pub(super) keep_days: u32,
    pub(super) stop: Stop,
}

impl Tidier {
    pub(super) fn go_round(self) {
        let mut complaints = Complaints::default();
        let mut n_rounds = 0u32;
        while !self.stop.wait(LOOK) {
            let Writer { store, data_dir, .. } = &*self.writer;
            if n_rounds.is_multiple_of(LOANS_EVERY) {
                let (zone, now) = (&self.writer.zone, self.writer.now());
                // First: what the vacation moves does not become overdue.
                complaints.note("vacation", counter::extend_loans(store, zone, now).map(drop));
                complaints.note("loans", counter::look_after_loans(store, zone, now).map(drop));
            }
            n_rounds = n_rounds.wrapping_add(1);
            complaints.note("tidy", privacy::tidy(store, data_dir, self.keep_days, self.writer.now()));
        }
    }
}
