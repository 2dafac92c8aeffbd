//! What of a library's past is kept, and how the rest is removed.
//!
//! Kept are the state in force and the latest `KEPT_STATES` others, so that as many runs can be undone; all packs
//! that these name; and whatever a generation was built from. Whoever writes holds the lock of the data directory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::{Error, Result};
use super::library_archive::LibraryArchive;
use super::paths_in;
use super::state::State;
use crate::bib::LibraryCode;

/// How many states are kept beside the one in force.
pub const KEPT_STATES: usize = 5;

/// What generations were built from.
#[derive(Clone, Debug, Default)]
pub struct Needed {
    /// Names of packs.
    pub packs: BTreeSet<String>,
    /// Libraries and numbers of their states.
    pub states: BTreeSet<(LibraryCode, u64)>,
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
        let in_force = self.in_force()?.number;
        let mut kept: Vec<u64> = self.state_numbers()?;
        kept.sort_unstable_by_key(|&number| std::cmp::Reverse(number));
        let mut n_spare = 0;
        let gone: Vec<u64> = kept
            .extract_if(.., |&mut number| {
                if number == in_force || needed.states.contains(&(self.code().clone(), number)) {
                    return false;
                }
                n_spare += 1;
                n_spare > KEPT_STATES
            })
            .collect();
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
