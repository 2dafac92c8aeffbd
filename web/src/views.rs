//! Which entries were looked at since the last time somebody wrote it down: no page waits for the disk to be counted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use daemon::store::Store;

/// So many entries wait at most; of what comes beyond them nothing is known.
const MOST: usize = 10_000;

/// Views that are not written down yet. What a killed process had gathered is lost: they are counts, not accounts.
#[derive(Debug, Default)]
pub(crate) struct Views(Mutex<HashMap<u64, u32>>);

impl Views {
    /// An entry was shown.
    pub(crate) fn add(&self, entry: u64) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST || waiting.contains_key(&entry) {
            *waiting.entry(entry).or_default() += 1;
        }
    }

    /// How often an entry was shown and nobody wrote it down.
    pub(crate) fn of(&self, entry: u64) -> u32 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&entry).copied().unwrap_or(0)
    }

    /// Writes down what waits. It blocks.
    pub(crate) fn keep(&self, store: &Store) -> daemon::Result<()> {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if waiting.is_empty() {
            return Ok(());
        }
        let views: Vec<(u64, u32)> = waiting.into_iter().collect();
        let kept = store.count_views(&views);
        if kept.is_err() {
            let mut again = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            views.into_iter().for_each(|(entry, n)| *again.entry(entry).or_default() += n);
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn what_was_seen_is_written_down_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let views = Views::default();
        [1, 2, 1].into_iter().for_each(|entry| views.add(entry));
        assert_eq!(views.of(1), 2);
        views.keep(&store).unwrap();
        views.keep(&store).unwrap();
        assert_eq!((views.of(1), store.uses(1).unwrap().views), (0, 2));
        (0..20_000).for_each(|entry| views.add(entry));
        assert_eq!(views.of(19_999), 0);
    }
}
