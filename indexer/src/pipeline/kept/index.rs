//! What stands behind the blocks of a file of kept records: where its records are, and which of them are an entry.
//!
//! Numbers are of four bytes, little endian, but for packs and ids of eight: how many records, blocks and entries
//! there are; for each block its first record and the lengths of its frames; for each entry how many records it has;
//! how many entries have siblings, and each of these with the number and the ids of them; the two dictionaries behind
//! their lengths; then to the end for each library and pack its code behind the length, the pack's prefix, the number of
//! slots, and for each slot the record's number or `NOWHERE`.

use std::ops::Range;

use rustc_hash::FxHashMap;

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
    /// `None` where it does not add up; `source_idx` gives the index of the library with a code among the sources. Packs
    /// of libraries that are no sources are left out.
    pub(super) fn of(plain: Vec<u8>, source_idx: impl Fn(&[u8]) -> Option<u32>) -> Option<Self> {
        let mut rest = Rest { of: plain.len(), bytes: &plain };
        let (n, n_blocks, n_entries) = (rest.number()?, rest.number()?, rest.number()?);
        let mut block = || Some([rest.number()?, rest.number()?, rest.number()?]);
        let blocks = (0..n_blocks).map(|_| block()).collect::<Option<_>>()?;
        let (mut firsts, mut first) = (vec![0], 0u32);
        for _ in 0..n_entries {
            first = first.checked_add(rest.number()?)?;
            firsts.push(first);
        }
        // Each of them has a slot in a table.
        (first <= n && first as usize <= plain.len()).then_some(())?;
        let n_with_siblings = rest.number()?;
        let mut siblings_of = || {
            let (number, n_ids) = (rest.number()?, rest.number()? as usize);
            Some((number, rest.skip(n_ids.checked_mul(8)?)?))
        };
        let siblings = (0..n_with_siblings).map(|_| siblings_of()).collect::<Option<_>>()?;
        let dictionaries = [rest.text()?, rest.text()?];
        let tables = tables(&plain, rest, source_idx)?;
        let table_idx = tables.iter().enumerate().map(|(idx, table)| (table.key, idx)).collect();
        let slots = vec![NOWHERE; first as usize];
        Self { plain, n, blocks, firsts, siblings, dictionaries, tables, table_idx, slots }.with_slots()
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

/// The tables, to the end.
fn tables(plain: &[u8], mut rest: Rest<'_>, source_idx: impl Fn(&[u8]) -> Option<u32>) -> Option<Vec<Table>> {
    let (mut tables, mut first) = (Vec::new(), 0u32);
    while !rest.bytes.is_empty() {
        let code = &plain[rest.text()?];
        let (pack, n_slots) = (take_u64(&mut rest.bytes)?, rest.number()?);
        let numbers = rest.skip((n_slots as usize).checked_mul(4)?)?;
        if let Some(idx) = source_idx(code) {
            tables.push(Table { key: (idx, pack), first, numbers });
            first = first.checked_add(n_slots)?;
        }
    }
    Some(tables)
}

/// What is left of an index of so many bytes.
struct Rest<'a> {
    of: usize,
    bytes: &'a [u8],
}

impl Rest<'_> {
    fn number(&mut self) -> Option<u32> {
        take_u32(&mut self.bytes)
    }

    /// Where the next bytes stand.
    fn skip(&mut self, n: usize) -> Option<Range<usize>> {
        let start = self.of - self.bytes.len();
        take_bytes(&mut self.bytes, n).map(|_| start..start + n)
    }

    /// The same of bytes behind their length.
    fn text(&mut self) -> Option<Range<usize>> {
        let n = self.number()? as usize;
        self.skip(n)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use proptest::prelude::*;

    use super::*;

    fn place(library_idx: u32, pack: u64, slot: u32) -> Place {
        (library_idx, RecordLocator { pack, slot })
    }

    fn idx_of(code: &[u8]) -> Option<u32> {
        [&b"BJFU"[..], b"PKU"].iter().position(|known| *known == code).map(|idx| idx as u32)
    }

    fn written(places: &[Place]) -> Vec<u8> {
        let mut index = IndexWriter::default();
        for (i, place) in places.iter().enumerate() {
            index.add(*place);
            if i % 2 == 1 {
                index.add_entry(2, if i == 3 { &[7, u64::MAX] } else { &[] });
            }
        }
        index.blocks = vec![[0, 10, 20], [2, 30, 40]];
        let codes = ["BJFU", "PKU", "BNU"].map(str::to_owned);
        index.to_bytes(&codes, [b"compared", b""])
    }

    #[test]
    fn records_and_entries_are_found() {
        let places = [place(0, 5, 3), place(1, 9, 0), place(1, 9, 2), place(0, 6, 0)];
        let index = Index::of(written(&places), idx_of).unwrap();
        for (number, place) in (0..).zip(&places) {
            assert_eq!(index.find(*place), Some(number));
        }
        for absent in [place(0, 5, 1), place(0, 5, 4), place(0, 7, 0), place(2, 9, 0)] {
            assert_eq!(index.find(absent), None);
        }
        assert_eq!((index.n, index.n_entries(), index.blocks.len()), (4, 2, 2));
        assert_eq!(index.members(0), Some(places[..2].to_vec()));
        assert_eq!(index.members(1), Some(places[2..4].to_vec()));
        assert_eq!(index.members(2), None);
        assert_eq!(index.siblings(0).count(), 0);
        assert_eq!(index.siblings(1).collect::<Vec<_>>(), [7, u64::MAX]);
        assert_eq!(index.dictionaries(), [&b"compared"[..], b""]);
    }

    #[test]
    fn an_entry_with_a_member_of_no_source_is_not_told() {
        let index = Index::of(written(&[place(0, 5, 3), place(2, 9, 0)]), idx_of).unwrap();
        assert_eq!((index.n_entries(), index.members(0)), (1, None));
        assert_eq!(index.find(place(0, 5, 3)), Some(0));
    }

    proptest! {
        #[test]
        fn damage_never_panics(at in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..8)) {
            let mut plain = written(&[place(0, 5, 3), place(1, 9, 0), place(1, 9, 2), place(0, 6, 0)]);
            let at = at.index(plain.len());
            plain.splice(at..plain.len().min(at + 4), bytes);
            let Some(index) = Index::of(plain, idx_of) else { return Ok(()) };
            for number in 0..4 {
                index.members(number);
                index.siblings(number).count();
                index.find(place(number, 9, number));
            }
        }
    }
}
