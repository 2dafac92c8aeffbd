//! What stands behind the blocks of a file of kept records: where its records are, and which of them are an entry.
//!
//! Numbers are of four bytes, little endian, but for packs and ids of eight: how many records, blocks and entries
//! there are; for each block its first record and the lengths of its frames; for each entry how many records it has;
//! how many entries have siblings, and each of these with the number and the ids of them; the two dictionaries behind
//! their lengths; then to the end for each library and pack its code behind the length, the pack's prefix, the number of
//! slots, and for each slot the record's number or `NOWHERE`.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::super::source::Source;
use super::super::touched::Place;
use super::super::work::{take_bytes, take_u32, take_u64};
use crate::bib::RecordLocator;

/// Number of a record that is not here, and place of one whose library is no source.
pub(super) const NOWHERE: u32 = u32::MAX;

/// First record of a block and the lengths of its two frames.
pub(super) type Block = [u32; 3];

/// Numbers and places of records, as they are written.
#[derive(Default)]
pub(super) struct IndexWriter {
    pub(super) n: u32,
    pub(super) blocks: Vec<Block>,
    /// How many records each entry has.
    pub(super) entries: Vec<u32>,
    siblings: Vec<(u32, Vec<u64>)>,
    /// By library's index among the sources and pack the numbers of its records.
    tables: FxHashMap<(u32, u64), Vec<u32>>,
}

impl IndexWriter {
    /// Begins with the blocks and places of an older file, which has no entries.
    pub(super) fn after(older: &Index) -> Self {
        let tables = older.tables.iter().map(|table| (table.key, older.numbers(table).collect()));
        Self { n: older.n, blocks: older.blocks.clone(), tables: tables.collect(), ..Self::default() }
    }

    /// Numbers the next record.
    pub(super) fn add(&mut self, (library_idx, locator): Place) {
        let numbers = self.tables.entry((library_idx, locator.pack)).or_default();
        let slot = locator.slot as usize;
        if numbers.len() <= slot {
            numbers.resize(slot + 1, NOWHERE);
        }
        numbers[slot] = self.n;
        self.n += 1;
    }

    /// The last `n_members` records are an entry.
    pub(super) fn add_entry(&mut self, n_members: u32, siblings: &[u64]) {
        if !siblings.is_empty() {
            self.siblings.push((self.entries.len() as u32, siblings.to_vec()));
        }
        self.entries.push(n_members);
    }

    pub(super) fn to_bytes(&self, codes: &[String], dictionaries: [&[u8]; 2]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut put = |bytes: &[u8]| out.extend_from_slice(bytes);
        for n in [self.n, self.blocks.len() as u32, self.entries.len() as u32] {
            put(&n.to_le_bytes());
        }
        self.blocks.iter().flatten().chain(&self.entries).for_each(|n| put(&n.to_le_bytes()));
        put(&(self.siblings.len() as u32).to_le_bytes());
        for (number, siblings) in &self.siblings {
            put(&number.to_le_bytes());
            put(&(siblings.len() as u32).to_le_bytes());
            siblings.iter().for_each(|id| put(&id.to_le_bytes()));
        }
        for dictionary in dictionaries {
            put(&(dictionary.len() as u32).to_le_bytes());
            put(dictionary);
        }
        for ((library_idx, pack), numbers) in &self.tables {
            let code = &codes[*library_idx as usize];
            put(&(code.len() as u32).to_le_bytes());
            put(code.as_bytes());
            put(&pack.to_le_bytes());
            put(&(numbers.len() as u32).to_le_bytes());
            numbers.iter().for_each(|number| put(&number.to_le_bytes()));
        }
        out
    }
}

/// The index of a file, as it is read.
pub(super) struct Index {
    plain: Vec<u8>,
    pub(super) n: u32,
    pub(super) blocks: Vec<Block>,
    /// First record of each entry, and behind them where the last one ends.
    firsts: Vec<u32>,
    /// Where in `plain` the siblings' ids of an entry stand.
    siblings: FxHashMap<u32, Range<usize>>,
    dictionaries: [Range<usize>; 2],
    tables: Vec<Table>,
    table_idx: FxHashMap<(u32, u64), usize>,
    /// For each record of an entry its slot among those of all tables.
    slots: Vec<u32>,
}

/// The records of a pack.
struct Table {
    key: (u32, u64),
    /// Number of its first slot among those of all tables.
    first: u32,
    /// Where in `plain` its numbers stand.
    numbers: Range<usize>,
}

impl Index {
    /// `None` where it does not add up. Packs of libraries that are no sources are left out.
    pub(super) fn of(plain: Vec<u8>, sources: &[Source]) -> Option<Self> {
        let mut rest = plain.as_slice();
        let (n, n_blocks, n_entries) = (take_u32(&mut rest)?, take_u32(&mut rest)?, take_u32(&mut rest)?);
        let mut blocks = Vec::new();
        for _ in 0..n_blocks {
            blocks.push([take_u32(&mut rest)?, take_u32(&mut rest)?, take_u32(&mut rest)?]);
        }
        let (mut firsts, mut first) = (vec![0], 0u32);
        for _ in 0..n_entries {
            first = first.checked_add(take_u32(&mut rest)?).filter(|first| *first <= n)?;
            firsts.push(first);
        }
        let skipped = |rest: &mut &[u8], n: usize| {
            let start = plain.len() - rest.len();
            take_bytes(rest, n).map(|_| start..start + n)
        };
        let mut siblings = FxHashMap::default();
        for _ in 0..take_u32(&mut rest)? {
            let (number, n_ids) = (take_u32(&mut rest)?, take_u32(&mut rest)? as usize);
            siblings.insert(number, skipped(&mut rest, n_ids.checked_mul(8)?)?);
        }
        let mut dictionary = || {
            let length = take_u32(&mut rest)? as usize;
            skipped(&mut rest, length)
        };
        let dictionaries = [dictionary()?, dictionary()?];
        let (mut tables, mut n_slots_before) = (Vec::new(), 0u32);
        while !rest.is_empty() {
            let length = take_u32(&mut rest)? as usize;
            let code = take_bytes(&mut rest, length)?;
            let pack = take_u64(&mut rest)?;
            let n_slots = take_u32(&mut rest)?;
            let numbers = skipped(&mut rest, (n_slots as usize).checked_mul(4)?)?;
            if let Some(idx) = sources.iter().position(|source| source.code.as_str().as_bytes() == code) {
                tables.push(Table { key: (idx as u32, pack), first: n_slots_before, numbers });
                n_slots_before = n_slots_before.checked_add(n_slots)?;
            }
        }
        let table_idx = tables.iter().enumerate().map(|(idx, table)| (table.key, idx)).collect();
        let index = Self {
            n,
            blocks,
            slots: vec![NOWHERE; first as usize],
            firsts,
            siblings,
            dictionaries,
            tables,
            table_idx,
            plain,
        };
        index.with_slots()
    }

    fn with_slots(mut self) -> Option<Self> {
        let mut slots = std::mem::take(&mut self.slots);
        let has_entries = !slots.is_empty();
        for table in self.tables.iter().filter(|_| has_entries) {
            for (slot, number) in (table.first..).zip(self.numbers(table)) {
                if number != NOWHERE {
                    *slots.get_mut(number as usize)? = slot;
                }
            }
        }
        self.slots = slots;
        Some(self)
    }

    fn numbers(&self, table: &Table) -> impl Iterator<Item = u32> {
        self.plain[table.numbers.clone()].as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// What the two columns were pressed with; empty without one.
    pub(super) fn dictionaries(&self) -> [&[u8]; 2] {
        self.dictionaries.clone().map(|range| &self.plain[range])
    }

    /// The number of the record at a place.
    pub(super) fn find(&self, (library_idx, locator): Place) -> Option<u32> {
        let table = &self.tables[*self.table_idx.get(&(library_idx, locator.pack))?];
        let mut rest = self.plain[table.numbers.clone()].get(4 * locator.slot as usize..)?;
        take_u32(&mut rest).filter(|number| *number != NOWHERE)
    }

    pub(super) fn n_entries(&self) -> u32 {
        self.firsts.len() as u32 - 1
    }

    /// Where the members of an entry are; `None` where one's library is no source.
    pub(super) fn members(&self, entry: u32) -> Option<Vec<Place>> {
        let at = entry as usize;
        let records = *self.firsts.get(at)? as usize..*self.firsts.get(at + 1)? as usize;
        self.slots.get(records)?.iter().map(|slot| self.place(*slot)).collect()
    }

    fn place(&self, slot: u32) -> Option<Place> {
        let table = &self.tables[self.tables.partition_point(|table| table.first <= slot).checked_sub(1)?];
        let (library_idx, pack) = table.key;
        let slot = slot - table.first;
        ((slot as usize) < table.numbers.len() / 4).then_some((library_idx, RecordLocator { pack, slot }))
    }

    /// The ids of an entry's siblings.
    pub(super) fn siblings(&self, entry: u32) -> impl Iterator<Item = u64> {
        let ids = self.siblings.get(&entry).map(|range| &self.plain[range.clone()]).unwrap_or_default();
        ids.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
    }
}
