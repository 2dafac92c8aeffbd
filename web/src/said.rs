//! What libraries say of themselves, as pages need it: looked at once a second and kept.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwapOption;
use daemon::directory::Directory;
use daemon::store::Store;

/// Where nobody said anything.
static NOTHING_SAID: LazyLock<Arc<Directory>> = LazyLock::new(|| Arc::new(Directory::of(Vec::new())));

/// What the last look saw.
#[derive(Default)]
pub(crate) struct Said {
    version: AtomicI64,
    all: ArcSwapOption<Directory>,
}

impl Said {
    /// Looks anew where something changed.
    pub(crate) fn look(&self, store: &Store) -> daemon::Result<()> {
        let version = store.facts_version()?;
        if self.version.load(Ordering::Acquire) != version {
            self.all.store(Some(Arc::new(Directory::of(store.all_facts()?))));
            self.version.store(version, Ordering::Release);
        }
        Ok(())
    }

    /// What is known.
    pub(crate) fn all(&self) -> Arc<Directory> {
        self.all.load_full().unwrap_or_else(|| Arc::clone(&NOTHING_SAID))
    }
}
