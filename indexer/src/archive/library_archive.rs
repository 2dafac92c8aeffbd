//! The folder of one library: which state is in force, how to get to the next one, how to go back.
//!
//! Whoever writes holds the lock of the data directory; taking it is the daemon's affair.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::change_set::{ChangeSet, ImportMode};
use super::error::{Error, Result};
use super::in_force::InForce;
use super::pack::{Pack, PackName};
use super::pack_writer::{CompressAll, one_by_one};
use super::paths_in;
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

/// Whether a code of a library can be the name of its folder.
pub fn is_library_folder(text: &str) -> bool {
    let harmless = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    !text.is_empty() && !text.starts_with('.') && harmless
}

impl LibraryArchive {
    pub(super) fn new(root: &Path, code: &LibraryCode, files: Arc<dyn FileLayer>) -> Result<Self> {
        let text = code.as_str();
        if !is_library_folder(text) {
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

    /// What is in force: the state, its day, the run that brought it.
    pub fn in_force(&self) -> Result<InForce> {
        InForce::read(&self.folder)
    }

    /// Number of the state in force; `None` before the first import.
    pub fn current_number(&self) -> Result<Option<u64>> {
        Ok(Some(self.in_force()?.number).filter(|&number| number > 0))
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

    /// Puts a state in force that is kept, or none with the number 0; refused where it is not whole.
    ///
    /// It is durable when this returns, and whoever is stopped before leaves what was in force.
    pub fn put_in_force(&self, in_force: &InForce) -> Result<()> {
        if self.current_number()?.unwrap_or(0) != in_force.number {
            let state = self.state_numbered(in_force.number)?;
            state.packs.iter().try_for_each(|name| self.pack(name).map(drop))?;
        }
        self.switch(in_force)
    }

    /// Whether a state is kept; the empty one before the first import always is.
    pub fn keeps_state(&self, number: u64) -> bool {
        number == 0 || self.state_path(number).is_file()
    }

    /// The day as which the library's data counts.
    pub fn as_of(&self) -> Option<String> {
        self.in_force().ok()?.as_of
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

    /// Removes a small file of this library, if there is one.
    pub fn remove_small(&self, name: &str) -> Result<()> {
        let path = self.folder.join(name);
        match self.files.remove(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::writing(&path)(error)),
            Err(_) => Ok(()),
            Ok(()) => self.files.sync_dir(&self.folder).map_err(Error::writing(&path)),
        }
    }

    /// Adds a line to a small file of this library; durable when this returns. A line that a power cut tore is
    /// closed first, so that it costs nothing but itself.
    pub fn append_line(&self, name: &str, line: &str) -> Result<()> {
        let path = self.folder.join(name);
        let before = match std::fs::read(&path) {
            Ok(bytes) => bytes.last().copied(),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Error::reading(&path)(error)),
        };
        let open = before.is_some_and(|last| last != b'\n');
        let write = || {
            self.files.create_dir_all(&self.folder)?;
            let mut file = self.files.append(&path)?;
            file.write_all(format!("{}{line}\n", if open { "\n" } else { "" }).as_bytes())?;
            file.sync()?;
            self.files.sync_dir(&self.folder)
        };
        write().map_err(Error::writing(&path))
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
                highest = highest.max(State::number_in(&path).unwrap_or(0));
            }
        }
        highest.checked_add(1).ok_or_else(|| Error::damaged(root, "a state has an impossible number"))
    }

    pub(super) fn switch(&self, in_force: &InForce) -> Result<()> {
        self.write_small("current", &in_force.to_text())
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
