//! One library's current records, block by block, mapped.
//!
//! Knows where records lie and how they are read; what they become is not known here.

use std::sync::atomic::Ordering;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::build::Counters;
use super::error::Result;
use super::joined_holdings::JoinedHoldings;
use super::member_record::MemberRecord;
use super::profile::{StoredProfile, mapped, parse_options};
use super::progress::Progress;
use crate::archive::{LibraryArchive, Pack, PackName, RecordKey, Slot, State};
use crate::bib::{Holding, Lendable, LibraryCode, MaterialType, RecordLocator};
use crate::charset::Charset;
use crate::mapping::Mapped;
use crate::marc::{ParseOptions, RawRecord, Record, parse};

/// Records that are looked at to learn in which charset a library writes.
const SAMPLE: usize = 400;
/// Blocks that are read at a time where the order counts.
const BLOCKS_AHEAD: usize = 64;

pub(super) struct LibraryRecords<'a> {
    code: &'a LibraryCode,
    profile: Option<&'a StoredProfile>,
    names: Vec<PackName>,
    packs: Vec<Pack>,
    // By pack and place in it: the order in which blocks are read.
    slots: Vec<Slot>,
    along: FxHashSet<RecordKey>,
    blocks: Vec<Block>,
    parse: ParseOptions,
}

/// A block with current records, and which of `slots` they are.
struct Block {
    pack_idx: usize,
    block_idx: usize,
    slots: std::ops::Range<usize>,
}

impl<'a> LibraryRecords<'a> {
    /// All current records.
    pub(super) fn open(library: &'a LibraryArchive, profile: Option<&'a StoredProfile>) -> Result<Self> {
        let State { packs, slots, .. } = library.state()?;
        Self::some(library, profile, &packs, slots, Vec::new())
    }

    /// All records of a state.
    pub(super) fn of_state(
        library: &'a LibraryArchive,
        profile: Option<&'a StoredProfile>,
        state: &State,
    ) -> Result<Self> {
        Self::some(library, profile, &state.packs, state.slots.clone(), Vec::new())
    }

    /// Some records of the given packs. Those in `along` are read for the holdings that they bring to others.
    pub(super) fn some(
        library: &'a LibraryArchive,
        profile: Option<&'a StoredProfile>,
        names: &[PackName],
        mut slots: Vec<Slot>,
        along: Vec<Slot>,
    ) -> Result<Self> {
        slots.extend(&along);
        slots.par_sort_unstable_by_key(|slot| (slot.pack_idx(), slot.slot));
        let packs = names.iter().map(|name| Ok(library.pack(name)?)).collect::<Result<Vec<_>>>()?;
        let blocks = blocks_of(&packs, &slots);
        Ok(Self {
            code: library.code(),
            profile,
            names: names.to_vec(),
            packs,
            slots,
            along: along.into_iter().map(|slot| slot.key).collect(),
            blocks,
            parse: parse_options(profile),
        })
    }

    pub(super) fn pack_names(&self) -> impl Iterator<Item = String> {
        self.names.iter().map(PackName::to_string)
    }

    /// Hands over the bibliographic records, block by block, from several threads.
    pub(super) fn each_block(
        &self,
        counters: &Counters,
        progress: &dyn Progress,
        take: impl Fn(Vec<MemberRecord>) -> Result<()> + Sync,
    ) -> Result<()> {
        let joined = self.joined_holdings(counters, progress, &take)?;
        self.blocks.par_iter().try_for_each_init(Record::default, |record, block| {
            let mut members = Vec::with_capacity(block.slots.len());
            let wanted = |slot: &Slot| !slot.is_auxiliary();
            let n_read = self.for_each(block, wanted, record, |slot, mapped| {
                match mapped {
                    Some(mapped) => members.extend(self.member(counters, slot, mapped, &joined)),
                    None => {
                        counters.unreadable.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Ok(())
            })?;
            take(members)?;
            progress.advance(n_read, n_read);
            Ok(())
        })
    }

    // Holdings and authority records come first. A leader may also say `u` of something that is neither.
    fn joined_holdings(
        &self,
        counters: &Counters,
        progress: &dyn Progress,
        take: &(impl Fn(Vec<MemberRecord>) -> Result<()> + Sync),
    ) -> Result<JoinedHoldings> {
        let mut joined = JoinedHoldings::default();
        let mut record = Record::default();
        let none = JoinedHoldings::default();
        let mut others = Vec::new();
        for block in self.blocks.iter().filter(|block| self.slots_of(block).iter().any(Slot::is_auxiliary)) {
            let n_read = self.for_each(block, Slot::is_auxiliary, &mut record, |slot, mapped| {
                if self.along.contains(&slot.key) {
                    if let Some(Mapped { holdings_of: Some(number), holdings, .. }) = &mapped {
                        joined.add(number, holdings);
                    }
                    return Ok(());
                }
                let Some(mapped) = mapped else {
                    counters.unreadable.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                };
                match (&mapped.holdings_of, mapped.bib.material_type) {
                    (Some(number), _) => {
                        counters.holdings_records.fetch_add(1, Ordering::Relaxed);
                        joined.add(number, &mapped.holdings);
                    }
                    (None, MaterialType::Holdings) => {
                        counters.holdings_records.fetch_add(1, Ordering::Relaxed);
                    }
                    (None, MaterialType::Authority) => {
                        counters.authority_records.fetch_add(1, Ordering::Relaxed);
                    }
                    (None, _) => others.extend(self.member(counters, slot, mapped, &none)),
                }
                Ok(())
            })?;
            progress.advance(n_read, n_read);
        }
        take(others)?;
        joined.sort();
        Ok(joined)
    }

    // `None` for what makes no entry.
    fn member(
        &self,
        counters: &Counters,
        slot: &Slot,
        mapped: Mapped,
        joined: &JoinedHoldings,
    ) -> Option<MemberRecord> {
        let counter = match mapped.bib.material_type {
            MaterialType::Authority => &counters.authority_records,
            MaterialType::Holdings => &counters.holdings_records,
            _ => &counters.members,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let Mapped { bib, mut holdings, .. } = mapped;
        if matches!(bib.material_type, MaterialType::Authority | MaterialType::Holdings) {
            return None;
        }
        let from_records = joined.of(&slot.key);
        if !from_records.is_empty() {
            // What the record itself only guesses from its class number gives way to real holdings.
            holdings.retain(|h| h.location.is_some() || h.copies > 0 || !h.barcodes.is_empty());
            holdings.extend(from_records);
        }
        if holdings.is_empty() {
            holdings.push(held_somewhere());
        }
        // An entry says how many copies there are; which ones stands in the record itself.
        holdings.iter_mut().for_each(|holding| holding.barcodes = Vec::new());
        let locator = RecordLocator { pack: self.names[slot.pack_idx()].prefix(), slot: slot.slot };
        let birth = birth_key(self.code, &slot.key);
        Some(MemberRecord { birth, first_seen: slot.first_seen, locator, bib, holdings })
    }

    /// Keys of the records that the holdings records among these belong to.
    pub(super) fn holders(&self) -> Result<Vec<RecordKey>> {
        let mut holders = Vec::new();
        let mut record = Record::default();
        for block in &self.blocks {
            self.for_each(block, Slot::is_auxiliary, &mut record, |_, mapped| {
                let number = mapped.and_then(|mapped| mapped.holdings_of);
                holders.extend(number.and_then(|number| RecordKey::of_control_number(&number)));
                Ok(())
            })?;
        }
        Ok(holders)
    }

    fn slots_of(&self, block: &Block) -> &[Slot] {
        &self.slots[block.slots.clone()]
    }

    // Calls for each wanted record of a block; `None` where it cannot be read. Returns how many there were.
    fn for_each(
        &self,
        block: &Block,
        wanted: impl Fn(&Slot) -> bool,
        record: &mut Record,
        mut each: impl FnMut(&Slot, Option<Mapped>) -> Result<()>,
    ) -> Result<u64> {
        let mut n_read = 0;
        self.for_each_raw(block, wanted, |slot, raw| {
            n_read += 1;
            match parse(raw, &self.parse, record) {
                Ok(()) => each(slot, Some(mapped(record, self.profile))),
                Err(_) => each(slot, None),
            }
        })?;
        Ok(n_read)
    }

    fn for_each_raw(
        &self,
        block: &Block,
        wanted: impl Fn(&Slot) -> bool,
        mut each: impl FnMut(&Slot, &RawRecord) -> Result<()>,
    ) -> Result<()> {
        let slots = self.slots_of(block);
        let slot_at = |here| slots.binary_search_by_key(&here, |slot| slot.slot).ok().map(|at| &slots[at]);
        let is_wanted = |here| slot_at(here).is_some_and(&wanted);
        let mut outcome = Ok(());
        self.packs[block.pack_idx].for_each_in(block.block_idx, is_wanted, |here, raw, _| {
            if let (true, Some(slot)) = (outcome.is_ok(), slot_at(here)) {
                outcome = each(slot, raw);
            }
        })?;
        outcome
    }

    /// What `read` makes of each record and of what was read of it, in the order in which records lie; it works on
    /// all cores, some blocks ahead of `take`.
    pub(super) fn each_in_order<T: Send>(
        &self,
        read: impl Fn(&RawRecord, Option<(&Record, Mapped)>) -> T + Sync,
        mut take: impl FnMut(T),
    ) -> Result<()> {
        for blocks in self.blocks.chunks(BLOCKS_AHEAD) {
            let made = blocks.par_iter().map_init(Record::default, |record, block| {
                let mut made = Vec::with_capacity(block.slots.len());
                self.for_each_raw(
                    block,
                    |_| true,
                    |_, raw| {
                        let is_readable = parse(raw, &self.parse, record).is_ok();
                        let mapped = is_readable.then(|| mapped(record, self.profile));
                        made.push(read(raw, mapped.map(|mapped| (&*record, mapped))));
                        Ok(())
                    },
                )?;
                Ok(made)
            });
            made.collect::<Result<Vec<Vec<T>>>>()?.into_iter().flatten().for_each(&mut take);
        }
        Ok(())
    }

    /// Some records from all over the archive.
    pub(super) fn sample(&self, n_wanted: usize) -> Result<Vec<Record>> {
        let mut sample = Vec::new();
        let n_blocks = self.blocks.len().clamp(1, 16);
        let share = n_wanted.div_ceil(n_blocks);
        for block in self.blocks.iter().step_by(self.blocks.len().div_ceil(n_blocks).max(1)) {
            let enough = sample.len() + share;
            self.for_each_raw(
                block,
                |slot| !slot.is_auxiliary(),
                |_, raw| {
                    let mut record = Record::default();
                    if sample.len() < enough && parse(raw, &self.parse, &mut record).is_ok() {
                        sample.push(record);
                    }
                    Ok(())
                },
            )?;
        }
        Ok(sample)
    }

    /// The charset of nearly all records that are not plain ASCII.
    pub(super) fn usual_charset(&self) -> Result<Option<Charset>> {
        let mut found: Vec<(Charset, usize)> = Vec::new();
        let mut record = Record::default();
        let mut n_read = 0;
        let step = (self.blocks.len() / 8).max(1);
        for block in self.blocks.iter().step_by(step) {
            self.for_each_raw(
                block,
                |_| true,
                |_, raw| {
                    if n_read < SAMPLE && parse(raw, &ParseOptions::default(), &mut record).is_ok() {
                        n_read += 1;
                        match found.iter_mut().find(|(charset, _)| *charset == record.charset) {
                            Some((_, n)) => *n += 1,
                            None => found.push((record.charset, 1)),
                        }
                    }
                    Ok(())
                },
            )?;
        }
        found.retain(|(charset, _)| *charset != Charset::Ascii);
        let all: usize = found.iter().map(|(_, n)| n).sum();
        Ok(found.into_iter().find(|(_, n)| n * 20 >= all * 19).map(|(charset, _)| charset))
    }
}

fn blocks_of(packs: &[Pack], slots: &[Slot]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (idx, slot) in slots.iter().enumerate() {
        let pack_idx = slot.pack_idx();
        let here = blocks.last_mut().filter(|block| {
            block.pack_idx == pack_idx && packs[pack_idx].slots_of(block.block_idx).contains(&slot.slot)
        });
        match here {
            Some(block) => block.slots.end = idx + 1,
            // A slot beyond the pack's end is left to `for_each_in`, which never meets it.
            None => blocks.extend(packs[pack_idx].block_of(slot.slot).map(|block_idx| Block {
                pack_idx,
                block_idx,
                slots: idx..idx + 1,
            })),
        }
    }
    blocks
}

// The library has it; where, its export does not say.
fn held_somewhere() -> Holding {
    Holding {
        location: None,
        call_number: None,
        copies: 0,
        barcodes: Vec::new(),
        coverage: None,
        lendable: Lendable::Unknown,
    }
}

/// The key of a member record by which the union knows it for as long as its library keeps its control number.
pub(super) fn birth_key(code: &LibraryCode, key: &RecordKey) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(code.as_str().as_bytes());
    hasher.update(&[0]);
    hasher.update(key.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_be_bytes(first)
}
