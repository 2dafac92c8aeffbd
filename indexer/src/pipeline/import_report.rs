//! What an import did, in numbers that add up (CONTRACT §7).

use super::error::Error;
use crate::archive::{Counts, Reject};
use crate::marc::Account;

/// Rejects that a report names one by one; all of them are in the quarantine.
pub const MAX_NAMED_REJECTS: usize = 20;

/// How an import ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImportOutcome {
    /// The changes are in force.
    #[default]
    Ok,
    /// Everything was there as it is.
    NothingNew,
    /// The source broke off: a full set changed nothing, of a delta what came is in force.
    Partial,
    /// Nothing usable came; nothing was changed.
    Failed,
}

/// The account of an import: `seen = new + changed + same + rejected + duplicate`.
#[derive(Debug, Default)]
pub struct ImportReport {
    /// How it ended.
    pub outcome: ImportOutcome,
    /// Records that were not there.
    pub new: u64,
    /// Records that were there with other content.
    pub changed: u64,
    /// Records that were there as they are.
    pub same: u64,
    /// Records that the set had before, byte for byte.
    pub duplicate: u64,
    /// Records that were there and are gone.
    pub deleted: u64,
    /// Records among the others that were read in spite of a flaw.
    pub repaired: u64,
    /// Pieces that could not be read.
    pub rejected: u64,
    /// Bytes of the decompressed files.
    pub bytes: u64,
    /// The first rejects, at most `MAX_NAMED_REJECTS`.
    pub rejects: Vec<Reject>,
    /// The account of each contained file.
    pub files: Vec<FileReport>,
    /// Why the source broke off, first cause.
    pub broken: Option<Error>,
    // A compressed file did not give everything it should.
    pub(super) incomplete: bool,
}

/// The account of one contained file.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// Its name in the set: `a.zip!b.mrc`.
    pub name: String,
    /// Where its bytes went.
    pub account: Account,
}

impl ImportReport {
    /// Items that carry a record to keep.
    pub fn seen(&self) -> u64 {
        self.new + self.changed + self.same + self.rejected + self.duplicate
    }

    /// Why it did not end well, as a sentence.
    pub fn reason(&self) -> Option<String> {
        match (self.outcome, &self.broken) {
            (ImportOutcome::Ok | ImportOutcome::NothingNew, _) => None,
            (_, Some(error)) => Some(chain(error)),
            (ImportOutcome::Failed, None) => Some("no record could be read".to_owned()),
            (ImportOutcome::Partial, None) => Some("a compressed file is damaged or was refused".to_owned()),
        }
    }

    pub(super) fn broke_off(&mut self, error: Error) {
        self.broken.get_or_insert(error);
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some() || self.incomplete
    }

    pub(super) fn set_counts(&mut self, counts: Counts) {
        self.new = counts.new;
        self.changed = counts.changed;
        self.same = counts.same;
        self.duplicate = counts.duplicate;
        self.deleted = counts.deleted;
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
