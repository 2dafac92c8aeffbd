//! All libraries' current records → a generation of the catalogue.
//!
//! Whole, or where a generation is in force that most of it still holds for, only what changed (`delta`). Both
//! ways make the same entries. Memory is bounded but for some twenty bytes a record: what is compared and what
//! entries are made of goes through work files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::decisions::Decided;
use super::delta;
use super::entries::Plans;
use super::error::Result;
use super::forest::Forest;
use super::kept;
use super::matching::{Component, Crowded, join_matches};
use super::members_before::MembersBefore;
use super::parts::Part;
use super::plan::{Planned, plan, plan_single};
use super::pool::Pool;
use super::progress::{Progress, Stage};
use super::redirects::successor;
use super::source::{Source, fingerprint};
use super::work::work_error;
use crate::analysis;
use crate::archive::Archive;
use crate::bib::{EditionId, LibraryCode};
use crate::index::{
    Builder, BuilderOptions, EntryOrder, Generation, GenerationSummary, ManifestInput, Review, UnionData,
    manifest_in_force,
};

/// How to build.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// Build everything anew even where little or nothing changed since the generation in force.
    pub full: bool,
    /// Up to where the generation in force is built upon; beyond, everything is built anew.
    pub limits: DeltaLimits,
    /// Threads that write the index.
    pub threads: usize,
    /// Memory for terms not yet written.
    pub memory_bytes: usize,
    /// When it is built, as the manifest shall say it.
    pub built_at: String,
}

/// Up to where an incremental build pays.
#[derive(Clone, Copy, Debug)]
pub struct DeltaLimits {
    /// Share of the records that may have changed; where it is more a full build is as quick.
    pub changed: f64,
    /// Share of stored entries that may be retired; where it is more the base is rewritten.
    pub retired: f64,
}

impl Default for DeltaLimits {
    fn default() -> Self {
        Self { changed: 0.12, retired: 0.3 }
    }
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
        /// How it was made.
        way: Way,
    },
}

/// How a generation was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From all records.
    Full,
    /// From the one before and what changed since.
    Delta {
        /// Entries that were taken out, because they are gone or were rewritten.
        retired: u64,
        /// Entries that were written.
        written: u64,
    },
}

/// Where the records of the archives are: the four kinds after `entries` add up to `records`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BuildCounts {
    /// Records in the archives.
    pub records: u64,
    /// Entries of the catalogue.
    pub entries: u64,
    /// Records that are members of an entry.
    pub members: u64,
    /// Holdings records: their holdings stand with the entry they belong to.
    pub holdings_records: u64,
    /// Authority records.
    pub authority_records: u64,
    /// Records that this version cannot read although an earlier one could.
    pub unreadable: u64,
    /// What a person should look at: `UnionData::reviews`.
    pub reviews: u64,
}

/// Makes a generation of what the archives of a data directory hold, and puts it in force.
pub fn build(data_dir: &Path, options: &BuildOptions, progress: &dyn Progress) -> Result<Built> {
    let archive = Archive::open(data_dir)?;
    build_from(&archive, &data_dir.join("catalogue"), options, progress)
}

/// The same where the caller has the archive open.
pub fn build_from(
    archive: &Archive,
    catalogue: &Path,
    options: &BuildOptions,
    progress: &dyn Progress,
) -> Result<Built> {
    let sources = Source::all(archive)?;
    let decided = Decided::load(archive)?;
    let built_from = fingerprint(&sources, decided.version());
    if manifest_in_force(catalogue).is_some_and(|before| before.built_from != built_from) {
        // Jieba's dictionary takes a tenth of a second on one core: it is there when the first notes are cut.
        rayon::spawn(|| analysis::words("", &mut |_| ()));
    }
    // A generation that cannot be read is as good as none: everything is built anew from the archive.
    let in_force = Generation::open_in_force(catalogue).ok().flatten().map(Arc::new);
    let site = Site { archive, catalogue, sources, decided, built_from, options, progress };
    if let (false, Some(before)) = (options.full, &in_force) {
        if before.manifest().built_from == site.built_from {
            return Ok(Built::NothingToDo { generation: before.manifest().generation.clone() });
        }
        if let Some(built) = delta::build(&site, before)? {
            return Ok(built);
        }
    }
    site.build_all(in_force)
}

/// What a build works on.
pub(super) struct Site<'a> {
    pub(super) archive: &'a Archive,
    pub(super) catalogue: &'a Path,
    pub(super) sources: Vec<Source>,
    pub(super) decided: Decided,
    pub(super) built_from: String,
    pub(super) options: &'a BuildOptions,
    pub(super) progress: &'a dyn Progress,
}

impl Site<'_> {
    fn build_all(&self, before: Option<Arc<Generation>>) -> Result<Built> {
        let work = self.work_folder()?;
        let counters = Counters::default();
        let (parts, packs) = self.map_all(&work, &counters)?;
        let mut pool = Pool::default();
        for part in &parts {
            pool.add(part.matches()?)?;
        }
        let (plans, judged) = self.plan_all(&pool, &work)?;
        let plans = plans.ordered()?;
        let lost = before.as_ref().map(|before| Lost::of(before, &plans.ids, &pool, &self.sources));
        let lost = lost.transpose()?;
        let (firsts, n_records) = (pool.firsts(), pool.len());
        drop(pool);
        self.progress.begin(Stage::Index, Some(plans.ids.len() as u64));
        let dealt = plans.deal(&work, &parts, &firsts, n_records)?;
        let before_built_from = before.as_ref().map(|before| before.manifest().built_from.clone());
        let mut builder =
            Builder::create_after(self.catalogue, before, self.builder_options(), self.archive.files())?;
        let libraries: Vec<LibraryCode> = self.sources.iter().map(|source| source.code.clone()).collect();
        let mut kept = kept::Writer::create(self.catalogue, &self.sources)?;
        dealt.index(&builder, &libraries, &mut kept, self.progress)?;
        let before = before_built_from.as_deref();
        let (built_from, base) = (self.built_from.clone(), builder.layer_name());
        let tip = kept::TipLine { built_from, base, files: vec![kept.finish()?] };
        kept::put_tip(self.catalogue, before, tip)?;
        for (old, successor) in lost.into_iter().flat_map(|lost| lost.redirects(&dealt.rank_of, &dealt.ids)) {
            let successor = successor.map(EditionId::from_key);
            builder.redirect(&EditionId::from_key(old), successor.as_ref());
        }
        self.progress.end();
        let (n_entries, n_reviews) = (dealt.ids.len() as u64, judged.reviews.len());
        drop(dealt);
        let summary = self.finish(builder, packs, judged, counters.all())?;
        std::fs::remove_dir_all(&work).map_err(work_error(&work))?;
        Ok(Built::New {
            summary,
            counts: BuildCounts::of(counters.all(), n_entries, n_reviews),
            way: Way::Full,
        })
    }

    // Parts of an earlier build that was killed stay, and are taken up where they still hold.
    pub(super) fn work_folder(&self) -> Result<PathBuf> {
        // The catalogue's own folder must outlive a power cut; what is in the work folder need not.
        self.archive.files().create_dir_all(self.catalogue).map_err(work_error(self.catalogue))?;
        let work = self.catalogue.join("work");
        std::fs::create_dir_all(&work).map_err(work_error(&work))?;
        Ok(work)
    }

    fn map_all(&self, work: &Path, counters: &Counters) -> Result<(Vec<Part>, Vec<String>)> {
        let mut packs = Vec::new();
        let mut parts = Vec::new();
        self.progress.begin(Stage::Map, Some(self.sources.iter().map(|s| s.stamp.n_records).sum()));
        for source in &self.sources {
            let records = source.records()?;
            packs.extend(records.pack_names());
            parts.push(Part::make(work, source.version(), &records, counters, self.progress)?);
        }
        self.progress.end();
        Ok((parts, packs))
    }

    fn plan_all(&self, pool: &Pool, work: &Path) -> Result<(Plans, Judged)> {
        self.progress.begin(Stage::Match, None);
        let forest = Forest::new(pool.len() as usize);
        self.decided.join(pool, &forest);
        let crowded = join_matches(pool, &forest, work, self.progress)?;
        let sets = forest.sets();
        drop(forest);
        let plans = Plans::new(work)?;
        let reviews = Mutex::new(Vec::new());
        const STEP: usize = 512;
        (0..sets.len().div_ceil(STEP)).into_par_iter().try_for_each(|step| -> Result<()> {
            let mut planned = Planned::default();
            for set_idx in step * STEP..sets.len().min((step + 1) * STEP) {
                match sets.get(set_idx) {
                    [single] => planned.entries.push(plan_single(pool, *single)?),
                    numbers => {
                        let component = self.component(pool, numbers, &crowded)?;
                        planned.extend(plan(pool, &component, &self.decided)?);
                    }
                }
            }
            reviews.lock().unwrap_or_else(PoisonError::into_inner).append(&mut planned.reviews);
            plans.add(planned.entries)
        })?;
        self.progress.end();
        let reviews = reviews.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((plans, Judged { crowded, reviews }))
    }

    /// The records of a set with their links.
    pub(super) fn component(&self, pool: &Pool, numbers: &[u32], crowded: &Crowded) -> Result<Component> {
        Component::of(pool, numbers, |key| crowded.contains(&key), |birth| self.decided.names(birth))
    }

    pub(super) fn builder_options(&self) -> BuilderOptions {
        let BuildOptions { threads, memory_bytes, .. } = *self.options;
        BuilderOptions { threads, memory_bytes }
    }

    pub(super) fn finish(
        &self,
        builder: Builder,
        mut packs: Vec<String>,
        mut judged: Judged,
        counts: [u64; 4],
    ) -> Result<GenerationSummary> {
        packs.sort();
        packs.dedup();
        judged.reviews.sort_unstable();
        self.progress.begin(Stage::Finish, None);
        let summary = builder.finish(ManifestInput {
            libraries: self.sources.iter().map(Source::data).collect(),
            packs,
            built_at: self.options.built_at.clone(),
            built_from: self.built_from.clone(),
            order: EntryOrder::PublisherYearTitle,
            union: UnionData {
                matching: crate::cluster::VERSION,
                decisions: self.decided.version().to_owned(),
                crowded: judged.crowded.into_iter().collect(),
                records: counts,
                reviews: judged.reviews,
            },
        })?;
        self.progress.end();
        Ok(summary)
    }
}

/// What came out of the comparison of records beside the entries.
pub(super) struct Judged {
    pub(super) crowded: Crowded,
    /// In any order.
    pub(super) reviews: Vec<Review>,
}

/// Entries of the generation before whose ids are none any more.
struct Lost {
    /// Old id, and the numbers of the members that are left.
    ids: Vec<(u64, Vec<u32>)>,
}

impl Lost {
    fn of(before: &Generation, ids: &[u64], pool: &Pool, sources: &[Source]) -> Result<Self> {
        let live: FxHashSet<u64> = ids.iter().copied().collect();
        let mut members = MembersBefore::default();
        for number in before.live() {
            if let Some(id) = before.key(number).filter(|id| !live.contains(id)) {
                members.add(id, &before.entry(number)?);
            }
        }
        let lost = members.births(sources, before.manifest())?;
        let births = lost.iter().flat_map(|(_, births)| births);
        let mut numbers: FxHashMap<u64, Option<u32>> = births.map(|birth| (*birth, None)).collect();
        if !numbers.is_empty() {
            for number in 0..pool.len() {
                if let Some(place) = numbers.get_mut(&pool.get(number).birth) {
                    *place = Some(number);
                }
            }
        }
        let left = |births: Vec<u64>| births.iter().filter_map(|birth| numbers[birth]).collect();
        Ok(Self { ids: lost.into_iter().map(|(id, births)| (id, left(births))).collect() })
    }

    fn redirects(self, rank_of: &[u32], ids: &[u64]) -> Vec<(u64, Option<u64>)> {
        let home = |number: u32| ids.get(*rank_of.get(number as usize)? as usize).copied();
        self.ids
            .into_iter()
            .map(|(id, numbers)| (id, successor(numbers.into_iter().filter_map(home))))
            .collect()
    }
}

/// Where records went, counted from several threads.
#[derive(Default)]
pub(super) struct Counters {
    pub(super) members: AtomicU64,
    pub(super) holdings_records: AtomicU64,
    pub(super) authority_records: AtomicU64,
    pub(super) unreadable: AtomicU64,
}

impl Counters {
    fn each(&self) -> [&AtomicU64; 4] {
        [&self.members, &self.holdings_records, &self.authority_records, &self.unreadable]
    }

    pub(super) fn all(&self) -> [u64; 4] {
        self.each().map(|counter| counter.load(Ordering::Relaxed))
    }

    pub(super) fn add(&self, counts: &[u64; 4]) {
        self.each().iter().zip(counts).for_each(|(counter, n)| {
            counter.fetch_add(*n, Ordering::Relaxed);
        });
    }
}

impl BuildCounts {
    pub(super) fn of(counts: [u64; 4], entries: u64, reviews: usize) -> Self {
        let [members, holdings_records, authority_records, unreadable] = counts;
        let records = counts.iter().sum();
        let reviews = reviews as u64;
        Self { records, entries, members, holdings_records, authority_records, unreadable, reviews }
    }
}
