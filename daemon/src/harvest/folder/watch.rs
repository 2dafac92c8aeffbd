//! Whether something has arrived in a folder: by the system's word where it gives one, and by looking.
//!
//! It starts no thread of its own and decides nothing: the daemon's loop asks it now and then, and runs the
//! source when it says so.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::listing;
use super::sets::{Stillness, sets};

/// How often a folder is looked at without any word: shares of other machines never give one.
const POLL: Duration = Duration::from_secs(15);

/// Watches one folder.
pub(super) struct FolderWatch {
    folder: PathBuf,
    // Dropping it ends the watching.
    _watcher: Option<RecommendedWatcher>,
    stirred: Arc<AtomicBool>,
    stillness: Stillness,
    is_restless: bool,
    next_look: Duration,
    // Signatures of the sets that were told.
    told: HashSet<String>,
}

impl FolderWatch {
    /// Watches a folder; whatever is in it already counts as arrived.
    pub(super) fn new(folder: &Path) -> Self {
        let stirred = Arc::new(AtomicBool::new(true));
        Self {
            folder: folder.to_owned(),
            _watcher: watcher(folder, &stirred),
            stirred,
            stillness: Stillness::default(),
            is_restless: false,
            next_look: Duration::ZERO,
            told: HashSet::new(),
        }
    }

    /// Whether a set is ready that was not told before. Cheap while nothing happens; `now` never goes back.
    pub(super) fn has_arrival(&mut self, now: Duration) -> std::io::Result<bool> {
        let stirred = self.stirred.swap(false, Ordering::Relaxed);
        if !stirred && !self.is_restless && now < self.next_look {
            return Ok(false);
        }
        self.next_look = now + POLL;
        let listing = listing(&self.folder)?;
        self.stillness.look(&listing, now);
        let sets = sets(&listing);
        let (still, restless): (Vec<_>, Vec<_>) =
            sets.into_iter().partition(|set| self.stillness.is_still(set, now));
        self.is_restless = !restless.is_empty();
        let still: HashSet<String> = still.iter().map(|set| set.signature()).collect();
        let has_new = still.iter().any(|signature| !self.told.contains(signature));
        self.told = still;
        Ok(has_new)
    }
}

// Where the system gives no word (no such folder yet, too many watches), looking has to do.
fn watcher(folder: &Path, stirred: &Arc<AtomicBool>) -> Option<RecommendedWatcher> {
    let stirred = Arc::clone(stirred);
    let tell = move |event: notify::Result<notify::Event>| {
        if event.map_or(true, |event| !event.kind.is_access()) {
            stirred.store(true, Ordering::Relaxed);
        }
    };
    let watching = notify::recommended_watcher(tell).and_then(|mut watcher| {
        watcher.watch(folder, RecursiveMode::Recursive)?;
        Ok(watcher)
    });
    match watching {
        Ok(watcher) => Some(watcher),
        Err(error) => {
            tracing::info!(folder = %folder.display(), %error, "a folder gives no word of arrivals and is polled");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn an_arrival_is_told_once_it_is_still() {
        let folder = tempfile::tempdir().unwrap();
        let second = Duration::from_secs;
        let mut watch = FolderWatch::new(folder.path());
        assert!(!watch.has_arrival(second(0)).unwrap());
        let file = folder.path().join("北林.mrc");
        std::fs::write(&file, "half").unwrap();
        assert!(!watch.has_arrival(second(20)).unwrap());
        std::fs::write(&file, "half and the rest").unwrap();
        assert!(!watch.has_arrival(second(24)).unwrap());
        assert!(!watch.has_arrival(second(28)).unwrap());
        assert!(watch.has_arrival(second(29)).unwrap());
        assert!(!watch.has_arrival(second(60)).unwrap());
        std::fs::rename(&file, folder.path().join("林大.mrc")).unwrap();
        assert!(!watch.has_arrival(second(80)).unwrap());
        assert!(watch.has_arrival(second(86)).unwrap());
    }

    #[test]
    fn the_system_gives_word() {
        let folder = tempfile::tempdir().unwrap();
        let mut watch = FolderWatch::new(folder.path());
        watch.has_arrival(Duration::from_secs(1)).unwrap();
        std::fs::write(folder.path().join("a.mrc"), "x").unwrap();
        for _ in 0..200 {
            if watch.stirred.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("no word within two seconds");
    }

    #[test]
    fn a_folder_that_is_not_there_is_polled_until_it_is() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("later");
        let mut watch = FolderWatch::new(&folder);
        assert!(watch.has_arrival(Duration::from_secs(1)).is_err());
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("a.mrc"), "x").unwrap();
        let arrived =
            (0..30).map(|n| watch.has_arrival(Duration::from_secs(20 + n)).unwrap()).filter(|told| *told);
        assert_eq!(arrived.count(), 1);
    }
}
