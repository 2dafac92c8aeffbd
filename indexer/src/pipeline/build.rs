//! All libraries' current records → a generation of the catalogue.
//!
//! Reads packs block by block on all cores; memory holds one library's state at a time. It makes one entry of
//! each bibliographic record; holdings records are joined by 004, authority records are set aside.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::Result;
use super::library_records::LibraryRecords;
use super::profile::{StoredProfile, stored_profile};
use super::progress::{Progress, Stage};
use crate::archive::{Archive, LibraryArchive, Stamp};
use crate::bib::LibraryCode;
use crate::files::Disk;
use crate::index::{
    self, Builder, BuilderOptions, EntryOrder, GenerationSummary, LibraryData, ManifestInput,
};

/// How to build.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// Build even where nothing changed since the generation in force.
    pub full: bool,
    /// Threads that write the index.
    pub threads: usize,
    /// Memory for terms not yet written.
    pub memory_bytes: usize,
    /// When it is built, as the manifest shall say it.
    pub built_at: String,
}

/// What a build did.
#[derive(Clone, Debug)]
pub enum Built {
    /// The archives are as they were when this generation was built.
    NothingToDo {
        /// The generation in force.
        generation: String,
    },
    /// A new generation is in force.
    New {
        /// The generation.
        summary: GenerationSummary,
        /// Where the records went.
        counts: BuildCounts,
    },
}

/// Where the records of a build went: the first four add up to `records`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BuildCounts {
    /// Records in the archives.
    pub records: u64,
    /// Those that became an entry.
    pub entries: u64,
    /// Holdings records: their holdings stand with the entry they belong to.
    pub holdings_records: u64,
    /// Authority records.
    pub authority_records: u64,
    /// Records that this version cannot read although an earlier one could.
    pub unreadable: u64,
}

/// Makes a generation of what the archives of a data directory hold, and puts it in force.
pub fn build(data_dir: &Path, options: &BuildOptions, progress: &dyn Progress) -> Result<Built> {
    let archive = Archive::open(data_dir)?;
    let catalogue = data_dir.join("catalogue");
    let sources = Source::all(&archive)?;
    let built_from = fingerprint(&sources)?;
    let in_force = index::manifest_in_force(&catalogue).filter(|manifest| manifest.built_from == built_from);
    if let (false, Some(manifest)) = (options.full, in_force) {
        return Ok(Built::NothingToDo { generation: manifest.generation });
    }
    let BuildOptions { threads, memory_bytes, .. } = *options;
    let builder = Builder::create(&catalogue, BuilderOptions { threads, memory_bytes }, Arc::new(Disk))?;
    let counters = Counters::default();
    let mut packs = Vec::new();
    progress.begin(Stage::Index, Some(sources.iter().map(|source| source.stamp.n_records).sum()));
    for source in &sources {
        let records = LibraryRecords::open(&source.library, source.profile.as_ref())?;
        packs.extend(records.pack_names());
        records.add_to(&builder, &counters, progress)?;
    }
    progress.end();
    progress.begin(Stage::Finish, None);
    let summary = builder.finish(manifest_input(&sources, packs, built_from, options))?;
    progress.end();
    Ok(Built::New { summary, counts: counters.read() })
}

/// A library that takes part.
struct Source {
    code: LibraryCode,
    library: LibraryArchive,
    stamp: Stamp,
    profile: Option<StoredProfile>,
}

impl Source {
    fn all(archive: &Archive) -> Result<Vec<Self>> {
        let mut sources = Vec::new();
        for code in archive.libraries()? {
            let library = archive.library(&code)?;
            if let Some(stamp) = library.stamp()? {
                let profile = stored_profile(&library)?;
                sources.push(Self { code, library, stamp, profile });
            }
        }
        Ok(sources)
    }
}

// Changes whenever a record, or the way in which one is read, does.
fn fingerprint(sources: &[Source]) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    for source in sources {
        hasher.update(source.code.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(&source.stamp.number.to_le_bytes());
        hasher.update(&source.stamp.checksum.to_le_bytes());
        let profile = source.profile.as_ref().map(StoredProfile::to_text).transpose()?.unwrap_or_default();
        hasher.update(blake3::hash(profile.as_bytes()).as_bytes());
    }
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}

fn manifest_input(
    sources: &[Source],
    mut packs: Vec<String>,
    built_from: String,
    options: &BuildOptions,
) -> ManifestInput {
    packs.sort();
    packs.dedup();
    let library = |source: &Source| LibraryData {
        code: source.code.clone(),
        as_of: source.library.as_of(),
        records: source.stamp.n_records,
    };
    ManifestInput {
        libraries: sources.iter().map(library).collect(),
        packs,
        built_at: options.built_at.clone(),
        built_from,
        order: EntryOrder::AsGiven,
    }
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) entries: AtomicU64,
    pub(super) holdings_records: AtomicU64,
    pub(super) authority_records: AtomicU64,
    pub(super) unreadable: AtomicU64,
}

impl Counters {
    fn read(&self) -> BuildCounts {
        let [entries, holdings_records, authority_records, unreadable] =
            [&self.entries, &self.holdings_records, &self.authority_records, &self.unreadable]
                .map(|counter| counter.load(Ordering::Relaxed));
        let records = entries + holdings_records + authority_records + unreadable;
        BuildCounts { records, entries, holdings_records, authority_records, unreadable }
    }
}
