//! The folder of one library: which state is in force, how to get to the next one, how to go back.
//!
//! Whoever writes holds the lock of the data directory; taking it is the daemon's affair.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::change_set::{ChangeSet, ImportMode};
use super::error::{Error, Result};
use super::pack::{Pack, PackName};
use super::pack_writer::{CompressAll, one_by_one};
use super::quarantine::Quarantine;
use super::state::{Stamp, State};
use crate::bib::LibraryCode;
use crate::files::{FileLayer, replace_file};

/// One library's archive.
#[derive(Clone)]
pub struct LibraryArchive {
    code: LibraryCode,
    pub(super) folder: PathBuf,
    pub(super) files: Arc<dyn FileLayer>,
}

impl LibraryArchive {
    pub(super) fn new(root: &Path, code: &LibraryCode, files: Arc<dyn FileLayer>) -> Result<Self> {
        let text = code.as_str();
        let harmless = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if text.is_empty() || text.starts_with('.') || !harmless {
            return Err(Error::BadCode { code: text.to_owned() });
        }
        Ok(Self { code: code.clone(), folder: root.join(text), files })
    }

    /// Whose archive it is.
    pub fn code(&self) -> &LibraryCode {
        &self.code
    }

    /// The folder that holds it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Number of the state in force; `None` before the first import.
    pub fn current_number(&self) -> Result<Option<u64>> {
        let path = self.folder.join("current");
        match std::fs::read_to_string(&path) {
            Ok(text) => match text.trim().parse() {
                Ok(0) => Ok(None),
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(Error::damaged(&path, "it does not name a state")),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::reading(&path)(error)),
        }
    }

    /// The library's current records.
    pub fn state(&self) -> Result<State> {
        match self.current_number()? {
            Some(number) => self.state_numbered(number),
            None => Ok(State::default()),
        }
    }

    /// One of the states that are kept, in force or not; 0 is the empty one before the first import.
    pub fn state_numbered(&self, number: u64) -> Result<State> {
        if number == 0 {
            return Ok(State::default());
        }
        let path = self.state_path(number);
        let state = State::read(&path)?;
        if state.number == number { Ok(state) } else { Err(Error::damaged(&path, "it is another state")) }
    }

    /// What identifies the state in force; `None` before the first import.
    pub fn stamp(&self) -> Result<Option<Stamp>> {
        self.current_number()?.map(|number| Stamp::read(&self.state_path(number))).transpose()
    }

    /// Begins an import; nothing is in force until its `commit`.
    pub fn begin(&self, mode: ImportMode) -> Result<ChangeSet> {
        self.begin_with(mode, one_by_one)
    }

    /// The same with blocks compressed by a function that may use several cores.
    pub fn begin_with(&self, mode: ImportMode, compress_all: CompressAll) -> Result<ChangeSet> {
        self.sweep();
        Ok(ChangeSet::new(self.clone(), mode, self.state()?, compress_all))
    }

    /// Makes the state before the current one the current one; the number now in force.
    pub fn undo(&self) -> Result<u64> {
        let state = self.state()?;
        if state.number == 0 {
            return Err(Error::NothingToUndo { library: self.code.to_string() });
        }
        self.switch(state.previous)?;
        Ok(state.previous)
    }

    /// The day as which the library's data counts, as it was set last.
    pub fn as_of(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.join("as-of")).ok()?;
        Some(text.trim().to_owned()).filter(|day| !day.is_empty())
    }

    /// Notes the day as which the library's data counts: that of the last import that came to its end.
    pub fn set_as_of(&self, day: &str) -> Result<()> {
        self.write_small("as-of", &format!("{day}\n"))
    }

    /// Text of a small file of this library, such as its holdings profile.
    pub fn read_small(&self, name: &str) -> Result<Option<String>> {
        let path = self.folder.join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::reading(&path)(error)),
        }
    }

    /// Replaces a small file of this library as a whole.
    pub fn write_small(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder.join(name);
        let write = || {
            self.files.create_dir_all(&self.folder)?;
            replace_file(self.files.as_ref(), &path, text.as_bytes())
        };
        write().map_err(Error::writing(&path))
    }

    /// Opens the place for the rejects of a run; nothing is created before the first one.
    pub fn quarantine(&self, run: &str) -> Quarantine {
        Quarantine::new(self.folder.join("quarantine").join(run), Arc::clone(&self.files))
    }

    /// Opens a pack of this library.
    pub fn pack(&self, name: &PackName) -> Result<Pack> {
        Pack::open(&self.folder.join("packs").join(format!("{name}.pack")))
    }

    pub(super) fn pack_path_by_prefix(&self, prefix: u64) -> Result<PathBuf> {
        let folder = self.folder.join("packs");
        let wanted = format!("{prefix:016x}");
        let items = std::fs::read_dir(&folder).map_err(Error::reading(&folder))?;
        for item in items {
            let path = item.map_err(Error::reading(&folder))?.path();
            let is_it =
                path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&wanted));
            if is_it && path.extension().is_some_and(|extension| extension == "pack") {
                return Ok(path);
            }
        }
        Err(Error::NoSuchPack { library: self.code.to_string(), pack: prefix })
    }

    pub(super) fn state_path(&self, number: u64) -> PathBuf {
        self.folder.join("states").join(format!("{number:010}.state"))
    }

    // Above every number that any library ever used: an undone state is never overwritten, and numbers tell
    // in which order imports of different libraries came. Names of files suffice for that.
    pub(super) fn next_number(&self) -> Result<u64> {
        let root = self.folder.parent().unwrap_or(&self.folder);
        let mut highest: u64 = 0;
        for library in paths_in(root)? {
            for path in paths_in(&library.join("states"))? {
                let number =
                    path.file_name().and_then(|name| name.to_str()?.strip_suffix(".state")?.parse().ok());
                highest = highest.max(number.unwrap_or(0));
            }
        }
        highest.checked_add(1).ok_or_else(|| Error::damaged(root, "a state has an impossible number"))
    }

    pub(super) fn switch(&self, number: u64) -> Result<()> {
        self.write_small("current", &format!("{number:010}\n"))
    }

    // Removes what an interrupted import left unfinished; a file that stays is only a waste of space.
    fn sweep(&self) {
        for folder in ["packs", "states"] {
            let Ok(items) = std::fs::read_dir(self.folder.join(folder)) else { continue };
            for path in items.flatten().map(|item| item.path()) {
                if path.extension().is_some_and(|extension| extension == "new") {
                    let _ = self.files.remove(&path);
                }
            }
        }
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
