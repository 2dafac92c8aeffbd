//! One entry of the union catalogue: a description, its holdings, its member records.

use serde::{Deserialize, Serialize};

use super::{Bib, EditionId, Grounds, Holding, LibraryCode};

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
    /// Which member gave a part of the description, where it was not the main one; by number in `members`.
    pub provenance: Vec<(BibField, u16)>,
    /// What holds the members together: one link fewer than members.
    pub links: Vec<MemberLink>,
    /// Other entries whose records were compared with these and are kept apart.
    pub siblings: Vec<EditionId>,
}

impl Entry {
    /// An entry that is no union of several records.
    pub fn new(id: EditionId, bib: Bib, holdings: Vec<LibraryHolding>, members: Vec<Member>) -> Self {
        Self { id, bib, holdings, members, provenance: Vec::new(), links: Vec::new(), siblings: Vec::new() }
    }
}

/// A part of a description that is chosen for itself among the members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BibField {
    /// The whole description but for what is named beside it: says which member is the main one.
    Main,
    /// Title proper.
    Title,
    /// Subtitle.
    Subtitle,
    /// Part number and part title.
    Part,
    /// Statement of responsibility.
    Responsibility,
    /// Access points.
    Agents,
    /// Edition statement.
    Edition,
    /// Place of publication.
    Place,
    /// Publisher.
    Publisher,
    /// Year and date.
    Year,
    /// Extent.
    Extent,
    /// Class numbers.
    Classes,
    /// Subject headings.
    Subjects,
    /// Series.
    Series,
    /// Notes.
    Notes,
    /// Contents.
    Contents,
    /// Abstract.
    Abstract,
}

/// Why two members are one edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLink {
    /// Number of the one in `members`.
    pub a: u16,
    /// Number of the other.
    pub b: u16,
    /// How far above the threshold, in whole points: who asks for more compares again.
    pub weight: i16,
    /// What agreed.
    pub grounds: Grounds,
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
