//! One entry of the union catalogue: a description, its holdings, its member records.

use serde::{Deserialize, Serialize};

use super::{Bib, EditionId, Holding, LibraryCode};

/// What a reader finds: one edition with everybody who holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Stable id.
    pub id: EditionId,
    /// The description shown.
    pub bib: Bib,
    /// All holdings, in the order of the libraries' codes.
    pub holdings: Vec<LibraryHolding>,
    /// The member records it was made from.
    pub members: Vec<Member>,
}

/// A holding and whose it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LibraryHolding {
    /// The library.
    pub library: LibraryCode,
    /// Its copies.
    pub holding: Holding,
}

/// A library's record behind an entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The library.
    pub library: LibraryCode,
    /// Its control number: 001.
    pub control_number: Option<String>,
    /// Where the original bytes are in the archive.
    pub locator: RecordLocator,
}

/// Place of a record's original bytes in its library's archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordLocator {
    /// First eight bytes of the pack's BLAKE3 name.
    pub pack: u64,
    /// Number of the record in the pack.
    pub slot: u32,
}
