//! What of a library's past is kept, and how the rest is removed.
//!
//! Kept are the state in force and the `KEPT_STATES` before it, so that as many runs can be undone; as many that lie
//! aside, because they were undone or never came in force; all packs that these name; and whatever a generation was
//! built from. Whoever writes holds the lock of the data directory.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::{Error, Result};
use super::library_archive::LibraryArchive;
use super::paths_in;
use super::state::{Stamp, State};
use crate::bib::LibraryCode;

/// How many states are kept of those before the one in force, and of those aside.
pub const KEPT_STATES: usize = 5;

/// What must stay or stays longer, besides what the archive itself knows.
#[derive(Clone, Debug, Default)]
pub struct Needed {
    /// Names of packs that generations were built from.
    pub packs: BTreeSet<String>,
    /// Libraries and numbers of their states that generations were built from.
    pub states: BTreeSet<(LibraryCode, u64)>,
    /// States that runs put in force once: of those aside, the others go first.
    pub once_in_force: BTreeSet<(LibraryCode, u64)>,
}

/// How many files went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// States.
    pub states: usize,
    /// Packs.
    pub packs: usize,
}

impl LibraryArchive {
    /// Removes the states and packs that neither undoing nor a generation needs. Where a state that stays cannot
    /// be read, nobody knows what it needs, and nothing is removed.
    pub fn remove_unneeded(&self, needed: &Needed) -> Result<Removed> {
        let of =
            |states: &BTreeSet<(LibraryCode, u64)>, number| states.contains(&(self.code().clone(), number));
        let past = self.past()?;
        let (needless, mut kept): (Vec<u64>, Vec<u64>) = self
            .state_numbers()?
            .into_iter()
            .partition(|number| !past.contains(number) && !of(&needed.states, *number));
        // What is older than all that can be undone, no undo leads to.
        let oldest = past.last().copied().unwrap_or_default();
        let (mut aside, mut gone): (Vec<u64>, Vec<u64>) =
            needless.into_iter().partition(|&number| number > oldest);
        aside.sort_unstable_by_key(|&number| Reverse((of(&needed.once_in_force, number), number)));
        gone.extend(aside.drain(KEPT_STATES.min(aside.len())..));
        kept.extend(aside);
        let mut removed = Removed::default();
        if gone.is_empty() {
            return Ok(removed);
        }
        let mut packs = needed.packs.clone();
        for number in kept {
            packs.extend(self.state_numbered(number)?.packs.iter().map(ToString::to_string));
        }
        let states = gone.iter().map(|&number| self.state_path(number)).collect();
        removed.states = self.remove_all(&self.folder.join("states"), states)?;
        // Only now: a state whose packs are gone must not come back.
        let folder = self.folder.join("packs");
        let mut unnamed = paths_in(&folder)?;
        unnamed.retain(|path| pack_name(path).is_some_and(|name| !packs.contains(name)));
        removed.packs = self.remove_all(&folder, unnamed)?;
        Ok(removed)
    }

    // The state in force and those it came from, latest first, as far as they are kept and undone; 0 is the empty one
    // before the first import. What their headers say is checked when all that stays is read.
    fn past(&self) -> Result<Vec<u64>> {
        let mut past = vec![self.in_force()?.number];
        while let Some(&number) = past.last().filter(|&&number| number > 0 && past.len() <= KEPT_STATES) {
            let before = Stamp::read(&self.state_path(number))?.previous;
            if !self.keeps_state(before) || past.contains(&before) {
                break;
            }
            past.push(before);
        }
        Ok(past)
    }

    fn remove_all(&self, folder: &Path, paths: Vec<PathBuf>) -> Result<usize> {
        for path in &paths {
            self.files.remove(path).map_err(Error::writing(path))?;
        }
        if !paths.is_empty() {
            self.files.sync_dir(folder).map_err(Error::writing(folder))?;
        }
        Ok(paths.len())
    }

    fn state_numbers(&self) -> Result<Vec<u64>> {
        let paths = paths_in(&self.folder.join("states"))?;
        Ok(paths.iter().filter_map(|path| State::number_in(path)).collect())
    }
}

fn pack_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()?.strip_suffix(".pack")
}
