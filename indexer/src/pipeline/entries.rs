//! Last step of a full build: planned entries in their order, merged from their members and indexed.
//!
//! Plans and members are dealt into buckets by the entry's place in the order, so that each bucket fits in
//! memory; all files are read and written from front to back.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::kept;
use super::member_record::split_packed;
use super::parts::{Part, take_match, unpack};
use super::plan::PlannedEntry;
use super::progress::Progress;
use super::work::{Buckets, take_bytes, take_u32, work_error};
use crate::bib::{EditionId, Entry, LibraryCode};
use crate::cluster::{Link, OrderKey, Source, merge};
use crate::index::{Builder, Prepared};

/// A bucket of members should take no more memory than this.
const BUCKET_BYTES: u64 = 32 << 20;
/// Entries that are prepared side by side before they are pushed.
const STEP: usize = 1024;
/// Records from which the index learns how to store entries; from all over the pool, for in good order the first
/// thousands are of one publisher.
const SAMPLE: u32 = 4_000;

/// Plans on disk, and in memory what orders them.
pub(super) struct Plans {
    path: PathBuf,
    state: Mutex<PlansState>,
}

struct PlansState {
    file: BufWriter<File>,
    order: Vec<OrderKey>,
    ids: Vec<u64>,
}

/// A plan as stored.
#[derive(Serialize, Deserialize)]
struct StoredPlan {
    members: Vec<u32>,
    links: Vec<Link>,
    siblings: Vec<u64>,
    keys: Vec<[u8; 8]>,
}

impl Plans {
    pub(super) fn new(dir: &Path) -> Result<Self> {
        let path = dir.join("plans");
        let file = BufWriter::with_capacity(1 << 20, File::create(&path).map_err(work_error(&path))?);
        let state = Mutex::new(PlansState { file, order: Vec::new(), ids: Vec::new() });
        Ok(Self { path, state })
    }

    /// Keeps plans until they are dealt out.
    pub(super) fn add(&self, planned: Vec<PlannedEntry>) -> Result<()> {
        let mut bytes = Vec::new();
        let mut keys = Vec::with_capacity(planned.len());
        for PlannedEntry { id, members, links, siblings, keys: block_keys, order } in planned {
            let block_keys = block_keys.into_iter().map(u64::to_le_bytes).collect();
            put_framed(&mut bytes, &StoredPlan { members, links, siblings, keys: block_keys })?;
            keys.push((order, id));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.file.write_all(&bytes).map_err(work_error(&self.path))?;
        for (order, id) in keys {
            state.order.push(order);
            state.ids.push(id);
        }
        Ok(())
    }

    /// Closes the plans; the ranks say where each stands in the order.
    pub(super) fn ordered(self) -> Result<OrderedPlans> {
        let PlansState { mut file, order, ids } =
            self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        file.flush().map_err(work_error(&self.path))?;
        let mut sorted: Vec<u32> = (0..order.len() as u32).collect();
        // The id decides where all else is equal: plans come in any order.
        sorted.par_sort_unstable_by_key(|&i| (order[i as usize], ids[i as usize]));
        drop(order);
        let mut ranks = vec![0u32; sorted.len()];
        sorted.iter().enumerate().for_each(|(rank, &i)| ranks[i as usize] = rank as u32);
        let ids = sorted.iter().map(|&i| ids[i as usize]).collect();
        Ok(OrderedPlans { path: self.path, ranks, ids })
    }
}

/// All plans, their order known.
pub(super) struct OrderedPlans {
    path: PathBuf,
    ranks: Vec<u32>,
    /// Id of each entry, in order.
    pub(super) ids: Vec<u64>,
}

/// Entries dealt into buckets, and the rank of each record's entry.
pub(super) struct Dealt {
    buckets: Buckets,
    sample: Vec<Sampled>,
    pub(super) rank_of: Vec<u32>,
    pub(super) ids: Vec<u64>,
}

/// A record from which it is learnt how to store them.
struct Sampled {
    library_idx: u32,
    compared: Vec<u8>,
    bytes: Vec<u8>,
}

impl OrderedPlans {
    /// Deals plans and members out. `firsts` are the numbers of the parts' first records, `n_records` that of all.
    pub(super) fn deal(self, dir: &Path, parts: &[Part], firsts: &[u32], n_records: u32) -> Result<Dealt> {
        let bytes: u64 = parts.iter().map(Part::n_bytes).sum();
        let n_buckets = bytes.div_ceil(BUCKET_BYTES).clamp(1, 4096) as usize;
        let buckets = Buckets::new(dir, "entries", n_buckets);
        let n_entries = self.ids.len().max(1) as u64;
        let bucket_of = |rank: u32| (u64::from(rank) * n_buckets as u64 / n_entries) as usize;
        let mut rank_of = vec![u32::MAX; n_records as usize];
        let mut plans = BufReader::with_capacity(1 << 20, open(&self.path)?);
        let mut item = Vec::new();
        for &rank in &self.ranks {
            let bytes = read_framed(&mut plans).map_err(work_error(&self.path))?;
            let plan: StoredPlan = postcard::from_bytes(&bytes).map_err(Error::packing)?;
            plan.members.iter().for_each(|&number| rank_of[number as usize] = rank);
            item.clear();
            put_item(&mut item, [rank, PLAN, 0], &[], &bytes);
            buckets.put(bucket_of(rank), &item)?;
        }
        let step = n_records.div_ceil(SAMPLE).max(1);
        let deal_part = |(library_idx, (part, first)): (usize, (&Part, &u32))| {
            let (mut number, mut item, mut sample) = (*first, Vec::new(), Vec::new());
            part.each_record(|compared, bytes| {
                let rank = rank_of.get(number as usize).copied().ok_or(Error::BrokenWork)?;
                item.clear();
                put_item(&mut item, [rank, library_idx as u32, number], compared, bytes);
                if rank != u32::MAX && number % step == 0 {
                    let (compared, bytes) = (compared.to_vec(), bytes.to_vec());
                    sample.push(Sampled { library_idx: library_idx as u32, compared, bytes });
                }
                number += 1;
                if rank == u32::MAX { Ok(()) } else { buckets.put(bucket_of(rank), &item) }
            })?;
            Ok(sample)
        };
        let samples: Vec<_> =
            parts.par_iter().zip(firsts).enumerate().map(deal_part).collect::<Result<_>>()?;
        let sample = samples.into_iter().flatten().collect();
        Ok(Dealt { buckets, sample, rank_of, ids: self.ids })
    }
}

impl Dealt {
    /// Merges and indexes everything, in order.
    pub(super) fn index(
        &self,
        builder: &Builder,
        libraries: &[LibraryCode],
        kept: &mut kept::Writer,
        progress: &dyn Progress,
    ) -> Result<()> {
        let (entries, records) =
            rayon::join(|| self.learn_entries(builder, libraries), || self.learn_records(kept));
        entries.and(records)?;
        let mut pushing = Pushing::to(builder);
        for bucket_idx in 0..self.buckets.len() {
            let bytes = self.buckets.take(bucket_idx)?;
            let items = items_of(&bytes)?;
            let entries: Vec<&[Item<'_>]> = items.chunk_by(|a, b| a.rank == b.rank).collect();
            std::thread::scope(|scope| {
                let keeping = scope.spawn(|| keep(&items, kept));
                for step in entries.chunks(STEP) {
                    pushing.step(step, |items| prepared(items, libraries, builder).map(Some))?;
                    let n_records: usize = step.iter().map(|items| items.len() - 1).sum();
                    progress.advance(step.len() as u64, n_records as u64);
                }
                keeping.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })?;
        }
        pushing.end()
    }

    fn learn_entries(&self, builder: &Builder, libraries: &[LibraryCode]) -> Result<()> {
        let alone = |sampled: &Sampled| {
            let library = libraries.get(sampled.library_idx as usize).ok_or(Error::BrokenWork)?;
            make_entry(&[unpack(&sampled.bytes)?.source(library)], &[], &[])
        };
        let sample: Vec<Entry> = self.sample.par_iter().map(alone).collect::<Result<_>>()?;
        builder.train(sample.iter(), self.ids.len() as u32);
        Ok(())
    }

    fn learn_records(&self, kept: &mut kept::Writer) -> Result<()> {
        let (mut compared, mut members) = (Vec::new(), Vec::new());
        for sampled in &self.sample {
            compared.push(take_match(&mut sampled.compared.as_slice()).ok_or(Error::BrokenWork)?.record);
            members.push(split_packed(&sampled.bytes)?.1);
        }
        kept.learn([&compared, &members])
    }
}

/// Keeps the records of a bucket for the nights to come.
fn keep(items: &[Item<'_>], kept: &mut kept::Writer) -> Result<()> {
    items.iter().try_for_each(|item| {
        if item.library == PLAN {
            let plan: StoredPlan = postcard::from_bytes(item.bytes).map_err(Error::packing)?;
            return kept.end_entry(&plan.siblings);
        }
        let compared = take_match(&mut { item.compared }).ok_or(Error::BrokenWork)?;
        let ((.., locator), rest) = split_packed(item.bytes)?;
        kept.add((item.library, locator), &compared, rest);
        Ok(())
    })
}

/// What is ready goes to the index while the next ones are made.
pub(super) struct Pushing<'a> {
    builder: &'a Builder,
    ready: Vec<Prepared>,
}

impl<'a> Pushing<'a> {
    pub(super) fn to(builder: &'a Builder) -> Self {
        Self { builder, ready: Vec::new() }
    }

    /// Pushes what the step before made, and makes of `items` what comes next, in their order.
    pub(super) fn step<T: Sync, P: IntoIterator<Item = Prepared> + Send>(
        &mut self,
        items: &[T],
        prepare: impl Fn(&T) -> Result<P> + Sync + Send,
    ) -> Result<()> {
        let ready = std::mem::take(&mut self.ready);
        let (pushed, prepared) = rayon::join(
            || push_all(self.builder, ready),
            || items.par_iter().map(prepare).collect::<Result<Vec<_>>>(),
        );
        pushed?;
        self.ready = prepared?.into_iter().flatten().collect();
        Ok(())
    }

    /// Pushes what is left.
    pub(super) fn end(self) -> Result<()> {
        push_all(self.builder, self.ready)
    }
}

fn prepared(items: &[Item<'_>], libraries: &[LibraryCode], builder: &Builder) -> Result<Prepared> {
    let (entry, keys) = entry_of(items, libraries)?;
    Ok(builder.prepare(&entry, &keys)?)
}

fn push_all(builder: &Builder, prepared: Vec<Prepared>) -> Result<()> {
    for prepared in prepared {
        builder.push(prepared)?;
    }
    Ok(())
}

/// Mark of a plan, in place of a library.
const PLAN: u32 = u32::MAX;

struct Item<'a> {
    rank: u32,
    library: u32,
    number: u32,
    /// What the record is compared by.
    compared: &'a [u8],
    /// The packed member, or the plan.
    bytes: &'a [u8],
}

/// `numbers` are rank, library and number.
fn put_item(out: &mut Vec<u8>, numbers: [u32; 3], compared: &[u8], bytes: &[u8]) {
    for value in numbers.into_iter().chain([compared.len() as u32, bytes.len() as u32]) {
        out.extend_from_slice(&value.to_le_bytes());
    }
    out.extend_from_slice(compared);
    out.extend_from_slice(bytes);
}

// By entry; the plan comes last.
fn items_of(mut rest: &[u8]) -> Result<Vec<Item<'_>>> {
    let mut items = Vec::new();
    while !rest.is_empty() {
        let mut take = || take_u32(&mut rest).ok_or(Error::BrokenWork);
        let (rank, library, number, n_compared, n_bytes) = (take()?, take()?, take()?, take()?, take()?);
        let mut take = |n: u32| take_bytes(&mut rest, n as usize).ok_or(Error::BrokenWork);
        items.push(Item { rank, library, number, compared: take(n_compared)?, bytes: take(n_bytes)? });
    }
    items.sort_unstable_by_key(|item| (item.rank, item.library, item.number));
    Ok(items)
}

fn entry_of(items: &[Item<'_>], libraries: &[LibraryCode]) -> Result<(Entry, Vec<u64>)> {
    let (plan, members) = items.split_last().filter(|(p, _)| p.library == PLAN).ok_or(Error::BrokenWork)?;
    let plan: StoredPlan = postcard::from_bytes(plan.bytes).map_err(Error::packing)?;
    let mut records = Vec::with_capacity(plan.members.len());
    for number in &plan.members {
        let item = members.iter().find(|item| item.number == *number).ok_or(Error::BrokenWork)?;
        let library = libraries.get(item.library as usize).ok_or(Error::BrokenWork)?;
        records.push((library, unpack(item.bytes)?));
    }
    let sources: Vec<Source<'_>> = records.iter().map(|(library, record)| record.source(library)).collect();
    let keys = plan.keys.into_iter().map(u64::from_le_bytes).collect();
    Ok((make_entry(&sources, &plan.links, &plan.siblings)?, keys))
}

/// One entry of its members.
pub(super) fn make_entry(sources: &[Source<'_>], links: &[Link], siblings: &[u64]) -> Result<Entry> {
    let mut entry = merge(sources, links).ok_or(Error::BrokenWork)?;
    entry.siblings = siblings.iter().map(|id| EditionId::from_key(*id)).collect();
    Ok(entry)
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(work_error(path))
}

fn put_framed<T: Serialize>(out: &mut Vec<u8>, value: &T) -> Result<()> {
    let bytes = postcard::to_allocvec(value).map_err(Error::packing)?;
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(&bytes);
    Ok(())
}

fn read_framed(from: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}
