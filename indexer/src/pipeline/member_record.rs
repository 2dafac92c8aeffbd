//! A member record on its way from the archive to its entry.
//!
//! `postcard` is its form in work files; it is never kept beyond a build.

use serde::{Deserialize, Serialize};

use crate::bib::{Bib, Holding, LibraryCode, RecordLocator};
use crate::cluster::Source;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MemberRecord {
    /// See `birth_key`.
    pub(super) birth: u64,
    /// Number of the import that brought it.
    pub(super) first_seen: u32,
    /// Where its bytes are.
    pub(super) locator: RecordLocator,
    pub(super) bib: Bib,
    pub(super) holdings: Vec<Holding>,
}

impl MemberRecord {
    /// As `cluster::merge` takes it.
    pub(super) fn source<'a>(&'a self, library: &'a LibraryCode) -> Source<'a> {
        Source {
            library,
            birth: self.birth,
            first_seen: self.first_seen,
            bib: &self.bib,
            holdings: &self.holdings,
            locator: self.locator,
        }
    }
}
