//! What a branch lacks of a generation, by which way it comes, and how many bytes that are. Pure: it is told what is
//! here.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::{Block, CarriedRecords, ChangePack, Manifest, Original, SnapshotFile};
use crate::bib::LibraryCode;
use crate::index::MANIFEST;

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
pub struct Wanted<'a> {
    /// Whether the members' original records are wanted too: `[catalogue] marc`.
    pub originals: bool,
    /// The generation upon which layers may be written again; nothing where only files will do.
    pub from: Option<&'a str>,
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
    /// The packs of changes, oldest first, out of which the files are made that are neither here nor fetched.
    pub steps: Vec<ChangePack>,
    /// Whether the members' original records come with these packs too.
    pub carries_records: bool,
    /// Files that are fetched.
    pub fetch: Vec<Fetch>,
    /// Bytes to fetch: pieces that are here already do not count, and one that is needed twice counts once.
    pub bytes_to_fetch: u64,
    /// What it would be if all files were fetched.
    pub bytes_as_files: u64,
    /// Bytes of the files that are here, and of pieces that were fetched before.
    pub bytes_here: u64,
    /// Bytes of room that it takes, with what should stay free.
    pub room: u64,
}

impl Plan {
    /// `packs` or `files`.
    pub fn way(&self) -> &'static str {
        if self.steps.is_empty() { "files" } else { "packs" }
    }
}

/// Compares a generation with what is here, and takes the shorter way.
pub fn plan(manifest: &Manifest, have: &Have, wanted: Wanted<'_>) -> Plan {
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
    let files = Pieces::of(fetch.iter().map(|fetch| &fetch.file), have);
    let plain: u64 = fetch.iter().map(|fetch| fetch.file.bytes).sum();
    // A file and its packed pieces are on the disk together for a while, the largest one for the longest.
    let largest = fetch.iter().map(|fetch| fetch.file.stored()).max().unwrap_or(0);
    let room = if fetch.is_empty() { 0 } else { plain + largest + (plain / 20).max(LEAST_SPARE) };
    let of_reuse = reuse.iter().map(|file| file.bytes).sum::<u64>();
    let by_files = Plan {
        bytes_to_fetch: files.missing,
        bytes_as_files: files.missing,
        bytes_here: files.here + of_reuse,
        room,
        reuse,
        steps: Vec::new(),
        carries_records: false,
        fetch,
    };
    let steps = wanted.from.and_then(|from| manifest.steps_from(from)).filter(|steps| !steps.is_empty());
    let Some(steps) = steps else { return by_files };
    let records = carried(&steps, &by_files.fetch);
    // What a generation says of itself cannot be made: it names who made it, and when.
    let is_fetched = |fetch: &&Fetch| match fetch.library {
        Some(_) => records.is_empty(),
        None => fetch.file.name == MANIFEST,
    };
    let fetch: Vec<Fetch> = by_files.fetch.iter().filter(is_fetched).cloned().collect();
    let of_steps = steps.iter().map(|step| &step.file).chain(records.iter().map(|records| &records.file));
    let packs = Pieces::of(fetch.iter().map(|fetch| &fetch.file).chain(of_steps), have);
    if packs.missing >= files.missing {
        return by_files;
    }
    Plan {
        bytes_to_fetch: packs.missing,
        bytes_here: packs.here + of_reuse,
        // The layers in between are on the disk for a while; each is about as large as what it is made of.
        room: room + steps.iter().map(|step| 2 * step.plain).sum::<u64>(),
        carries_records: !records.is_empty(),
        steps: steps.into_iter().cloned().collect(),
        fetch,
        ..by_files
    }
}

/// What the steps bring of the original records that are missing; nothing where more is missing than they bring, or
/// the files are less.
fn carried<'a>(steps: &[&'a ChangePack], missing: &[Fetch]) -> Vec<&'a CarriedRecords> {
    let missing: Vec<&Fetch> = missing.iter().filter(|fetch| fetch.library.is_some()).collect();
    let records: Vec<&CarriedRecords> = steps.iter().filter_map(|step| step.records.as_ref()).collect();
    let n_packs: usize = records.iter().map(|records| records.n_packs as usize).sum();
    let as_files: u64 = missing.iter().map(|fetch| fetch.file.stored()).sum();
    let as_carried: u64 = records.iter().map(|records| records.file.stored()).sum();
    if missing.len() <= n_packs && as_carried < as_files { records } else { Vec::new() }
}

/// Bytes of pieces, each counted once.
struct Pieces {
    here: u64,
    missing: u64,
}

impl Pieces {
    fn of<'a>(files: impl Iterator<Item = &'a SnapshotFile>, have: &Have) -> Self {
        let blocks: BTreeMap<&String, &Block> =
            files.flat_map(|file| &file.blocks).map(|block| (&block.blake3, block)).collect();
        let mut pieces = Self { here: 0, missing: 0 };
        for block in blocks.into_values() {
            let is_here = have.blocks.contains(&block.blake3);
            *(if is_here { &mut pieces.here } else { &mut pieces.missing }) += block.stored;
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: u64) -> SnapshotFile {
        let hash = blake3::hash(name.as_bytes()).to_hex().to_string();
        let block = Block { blake3: hash.clone(), stored: bytes, bytes };
        SnapshotFile { name: name.to_owned(), bytes, blake3: hash, blocks: vec![block] }
    }

    fn step(from: u32, bytes: u64) -> ChangePack {
        let name = |number: u32| format!("{number:06}-0a1b2c3d");
        let file = file(&format!("changes of {from}"), bytes);
        ChangePack { from: name(from), to: name(from + 1), plain: 2 * bytes, records: None, file }
    }

    #[test]
    fn original_records_come_with_the_packs_where_these_bring_all_that_is_missing() {
        let library = LibraryCode::new("BJFU");
        let original = |name: &str| Original { library: library.clone(), file: file(name, 1_000) };
        let records = |bytes| Some(CarriedRecords { plain: 9, n_packs: 1, file: file("records", bytes) });
        let manifest = Manifest {
            generation: "000002-0a1b2c3d".to_owned(),
            files: vec![file("layer", 5_000), file(MANIFEST, 40)],
            originals: vec![original("old"), original("new")],
            packs: vec![ChangePack { records: records(300), ..step(1, 400) }],
            ..Manifest::default()
        };
        for (here, originals, bytes, carries) in [
            (vec!["old"], true, 400 + 40 + 300, true),
            (vec!["old", "new"], true, 400 + 40, false),
            (vec![], true, 400 + 40 + 2_000, false),
            (vec!["old"], false, 400 + 40, false),
        ] {
            let here = here.iter().map(|name| (library.clone(), (*name).to_owned()));
            let have = Have { originals: here.collect(), ..Have::default() };
            let plan = plan(&manifest, &have, Wanted { originals, from: Some("000001-0a1b2c3d") });
            assert_eq!((plan.way(), plan.bytes_to_fetch, plan.carries_records), ("packs", bytes, carries));
        }
    }

    #[test]
    fn the_shorter_way_is_taken_however_many_nights_it_is_behind() {
        let base = file("base", 1_000_000);
        let manifest = Manifest {
            generation: "000004-0a1b2c3d".to_owned(),
            files: vec![base.clone(), file("layer", 500), file("retired", 60), file(MANIFEST, 40)],
            packs: vec![step(1, 400), step(2, 100), step(3, 90)],
            ..Manifest::default()
        };
        let base_only = [(base.blake3.clone(), base.bytes)];
        let changes = |from: u32| file(&format!("changes of {from}"), 0).blake3;
        for (from, blocks, way, bytes) in [
            (Some(3), vec![], "packs", 90 + 40),
            (Some(2), vec![], "packs", 190 + 40),
            // 630 by packs.
            (Some(1), vec![], "files", 600),
            // What came before the line was cut is not paid for again.
            (Some(1), vec![changes(1)], "packs", 190 + 40),
            (Some(9), vec![], "files", 600),
            (None, vec![], "files", 600),
        ] {
            let have = Have {
                files: base_only.clone().into(),
                blocks: blocks.into_iter().collect(),
                ..Have::default()
            };
            let name = from.map(|from| format!("{from:06}-0a1b2c3d"));
            let plan = plan(&manifest, &have, Wanted { originals: false, from: name.as_deref() });
            assert_eq!((plan.way(), plan.bytes_to_fetch), (way, bytes), "from {from:?}");
            assert_eq!(plan.bytes_as_files, 600);
            assert_eq!(plan.fetch.len(), if way == "packs" { 1 } else { 3 }, "from {from:?}");
        }
        let have = Have::default();
        let whole = plan(&manifest, &have, Wanted { originals: false, from: Some("000003-0a1b2c3d") });
        assert_eq!(
            (whole.way(), whole.bytes_to_fetch),
            ("packs", 130),
            "the base is that of the generation here"
        );
    }
}
