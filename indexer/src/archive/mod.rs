//! A library's current records as received: immutable packs, and a state that names them.
//!
//! The source of truth: a generation can always be rebuilt from it. It knows keys, bytes and positions;
//! it does not know what a field means, and it never looks at a clock.
//!
//! `<data>/archive/<CODE>/` holds `packs/<blake3>.pack` (see `pack`), `states/<number>.state` (see `state`),
//! and `current`, a file that names the state in force. An import writes packs, then a state, then switches
//! `current` by rename: whoever is stopped between any two of these leaves the old state in force.

mod as_received;
mod carried;
mod change_set;
mod difference;
mod directory;
mod error;
mod in_force;
mod key;
mod library_archive;
mod pack;
mod pack_writer;
mod quarantine;
mod repack;
mod retention;
mod state;
#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::bib::{LibraryCode, RecordLocator};
use crate::files::{Disk, FileLayer};
use crate::marc::RawRecord;

pub use carried::{Arrived, Between, Carried, LARGEST_CARRIED, arrive, carry};
pub use change_set::{Added, ChangeSet, Counts, ImportMode, Prepared};
pub use difference::{Difference, differences};
pub use error::{Error, Result};
pub use in_force::InForce;
pub use key::{ContentHash, RecordKey};
pub use library_archive::{LibraryArchive, is_library_folder};
pub use pack::{Pack, PackName, StoredRecord};
pub use pack_writer::{CompressAll, PendingBlock};
pub use quarantine::{Quarantine, Reject};
pub use retention::{KEPT_STATES, Needed, Removed};
pub use state::{Slot, Stamp, State};

/// The archives of all libraries of one data directory.
pub struct Archive {
    root: PathBuf,
    files: Arc<dyn FileLayer>,
    // Packs are immutable, so an opened one stays true for ever.
    packs: Mutex<FxHashMap<PathBuf, Arc<Pack>>>,
}

// A pack's index is a few kilobytes; this many are kept open for `record`.
const MAX_OPEN_PACKS: usize = 512;

impl Archive {
    /// The archive of a data directory; nothing is created before the first import.
    pub fn open(data_dir: &Path) -> Result<Self> {
        Self::open_with(data_dir, Arc::new(Disk))
    }

    /// The same over another file layer, so that tests can lose writes.
    pub fn open_with(data_dir: &Path, files: Arc<dyn FileLayer>) -> Result<Self> {
        Ok(Self { root: data_dir.join("archive"), files, packs: Mutex::default() })
    }

    /// The folder of all libraries' archives.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file layer that it writes through.
    pub fn files(&self) -> Arc<dyn FileLayer> {
        Arc::clone(&self.files)
    }

    /// The libraries that have an archive, in the order of their codes.
    pub fn libraries(&self) -> Result<Vec<LibraryCode>> {
        if !self.root.is_dir() {
            return Ok(Vec::new());
        }
        let mut codes = Vec::new();
        for item in std::fs::read_dir(&self.root).map_err(Error::reading(&self.root))? {
            let item = item.map_err(Error::reading(&self.root))?;
            if let (true, Some(name)) = (item.path().join("current").is_file(), item.file_name().to_str()) {
                codes.push(LibraryCode::new(name));
            }
        }
        codes.sort();
        Ok(codes)
    }

    /// One library's archive, whether it has records yet or not.
    pub fn library(&self, code: &LibraryCode) -> Result<LibraryArchive> {
        LibraryArchive::new(&self.root, code, Arc::clone(&self.files))
    }

    /// The original bytes behind a locator: one seek and one block decoded.
    pub fn record(&self, code: &LibraryCode, locator: RecordLocator) -> Result<RawRecord> {
        Ok(self.stored_record(code, locator)?.raw)
    }

    /// The same with the name of the file in which the record was received.
    pub fn stored_record(&self, code: &LibraryCode, locator: RecordLocator) -> Result<StoredRecord> {
        let path = self.library(code)?.pack_path_by_prefix(locator.pack)?;
        self.pack(&path)?.record(locator.slot)
    }

    fn pack(&self, path: &Path) -> Result<Arc<Pack>> {
        let mut packs = self.packs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pack) = packs.get(path) {
            return Ok(Arc::clone(pack));
        }
        let pack = Arc::new(Pack::open(path)?);
        if packs.len() >= MAX_OPEN_PACKS {
            packs.clear();
        }
        packs.insert(path.to_owned(), Arc::clone(&pack));
        Ok(pack)
    }
}

// What a folder holds; nothing where it is none.
fn paths_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let items = match std::fs::read_dir(folder) {
        Ok(items) => items,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(Error::reading(folder)(error)),
    };
    items.map(|item| Ok(item.map_err(Error::reading(folder))?.path())).collect()
}
