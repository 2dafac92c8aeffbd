//! What a branch lacks of a generation, and how many bytes that are. Pure: it is told what is here.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::{Block, Manifest, Original, SnapshotFile};
use crate::bib::LibraryCode;

/// Room that must stay beside what is fetched: a twentieth, and never less than this.
const LEAST_SPARE: u64 = 64 << 20;

/// What is on this machine.
#[derive(Clone, Debug, Default)]
pub struct Have {
    /// Files of generations here, by BLAKE3 and length.
    pub files: BTreeSet<(String, u64)>,
    /// Pieces that were fetched and not used yet, by their names in the repository.
    pub blocks: BTreeSet<String>,
    /// Packs of original records, by library and name.
    pub originals: BTreeSet<(LibraryCode, String)>,
}

/// What is wanted of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whether the members' original records are wanted too: `[catalogue] marc`.
    pub originals: bool,
}

/// A file that must be fetched, whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// The file.
    pub file: SnapshotFile,
    /// Whose original records it holds; nobody's where it is one of the generation's own.
    pub library: Option<LibraryCode>,
}

/// What is to be done to have a generation here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Files of the generation that are here under any name.
    pub reuse: Vec<SnapshotFile>,
    /// Files that are not.
    pub fetch: Vec<Fetch>,
    /// Bytes to fetch: pieces that are here already do not count, and one that is needed twice counts once.
    pub bytes_to_fetch: u64,
    /// Bytes of the files that are here, and of pieces that were fetched before.
    pub bytes_here: u64,
    /// Bytes of room that it takes, with what should stay free.
    pub room: u64,
}

/// Compares a generation with what is here.
pub fn plan(manifest: &Manifest, have: &Have, wanted: Wanted) -> Plan {
    let is_here = |file: &SnapshotFile| have.files.contains(&(file.blake3.clone(), file.bytes));
    let (reuse, missing): (Vec<_>, Vec<_>) = manifest.files.iter().cloned().partition(is_here);
    let mut fetch: Vec<Fetch> = missing.into_iter().map(|file| Fetch { file, library: None }).collect();
    if wanted.originals {
        let missing = manifest.originals.iter().filter(|original| {
            !have.originals.contains(&(original.library.clone(), original.file.name.clone()))
        });
        fetch.extend(
            missing.cloned().map(|Original { library, file }| Fetch { file, library: Some(library) }),
        );
    }
    let blocks: BTreeMap<&String, &Block> =
        fetch.iter().flat_map(|fetch| &fetch.file.blocks).map(|block| (&block.blake3, block)).collect();
    let (here, missing): (Vec<&Block>, Vec<&Block>) =
        blocks.into_values().partition(|block| have.blocks.contains(&block.blake3));
    let stored = |blocks: &[&Block]| blocks.iter().map(|block| block.stored).sum::<u64>();
    let plain: u64 = fetch.iter().map(|fetch| fetch.file.bytes).sum();
    // A file and its packed pieces are on the disk together for a while, the largest one for the longest.
    let largest = fetch.iter().map(|fetch| fetch.file.stored()).max().unwrap_or(0);
    let spare = (plain / 20).max(LEAST_SPARE);
    Plan {
        bytes_to_fetch: stored(&missing),
        bytes_here: stored(&here) + reuse.iter().map(|file| file.bytes).sum::<u64>(),
        room: if fetch.is_empty() { 0 } else { plain + largest + spare },
        reuse,
        fetch,
    }
}
