//! A member record on its way from the archive to its entry.
//!
//! `postcard` is its form in work files and among the records that are `kept` for the next build.

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
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

/// What stands first in a packed record: birth, first_seen and locator.
pub(super) type Head = (u64, u32, RecordLocator);

/// A packed record in two: its head, and description and holdings, still packed.
pub(super) fn split_packed(packed: &[u8]) -> Result<(Head, &[u8])> {
    postcard::take_from_bytes(packed).map_err(Error::packing)
}

/// A record of the two.
pub(super) fn joined((birth, first_seen, locator): Head, rest: &[u8]) -> Result<MemberRecord> {
    let (bib, holdings) = postcard::from_bytes(rest).map_err(|_| Error::BrokenWork)?;
    Ok(MemberRecord { birth, first_seen, locator, bib, holdings })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::bib::MaterialType;

    #[test]
    fn a_packed_record_comes_apart_and_together() {
        let mut bib = Bib::empty(MaterialType::BookChi);
        bib.title = Some("三国演义".to_owned());
        let locator = RecordLocator { pack: u64::MAX, slot: 300 };
        let record = MemberRecord { birth: 1 << 60, first_seen: 7, locator, bib, holdings: Vec::new() };
        let packed = postcard::to_allocvec(&record).unwrap();
        // Other bytes are another form: `kept` asks for another number then.
        assert_eq!(packed.len(), 73);
        let (head, rest) = split_packed(&packed).unwrap();
        assert_eq!(head, (1 << 60, 7, locator));
        assert_eq!(joined(head, rest).unwrap().bib, record.bib);
        assert!(split_packed(&packed[..4]).is_err());
    }
}
