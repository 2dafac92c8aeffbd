//! The orders in which entries are listed: by title, by class and title, by call number of a library.
//!
//! Of the keys only their order is kept: the rank of each entry by title and by class, and for each library its
//! entries as they stand on its shelves, in as many bits as the number of entries needs. Between layers the keys themselves are compared, made
//! again from the entries. Equal keys stand in the order of the ids, so the order does not depend on the layers.

use std::collections::BTreeMap;

use tantivy::directory::OwnedBytes;

use crate::bib::{Entry, LibraryCode};
use crate::index::bits::{BitWriter, bits_below, bytes_of, read};
use crate::index::out_file::OutFile;
use crate::index::sorted::{Merged, Sorter};
use crate::index::{Error, reading};
use crate::mapping::callnumber::sort_key;

/// Keys are cut there.
const LONGEST: usize = 120;

/// By title, without what filing skips.
pub(crate) fn title_key(entry: &Entry) -> Vec<u8> {
    let title = entry.bib.title.as_deref().unwrap_or_default();
    let skip = title.char_indices().nth(usize::from(entry.bib.title_skip)).map_or(0, |(at, _)| at);
    let mut key = reading::order_key(&title[skip..]).into_bytes();
    key.truncate(LONGEST);
    key
}

/// By the first class, then by title.
pub(crate) fn class_key(entry: &Entry, title_key: &[u8]) -> Vec<u8> {
    let mut key = entry.bib.clc.first().map_or_else(|| vec![0xff], |class| sort_key(class));
    key.push(0);
    key.extend_from_slice(title_key);
    key.truncate(LONGEST);
    key
}

/// The least call number of each library.
pub(crate) fn shelf_keys(entry: &Entry) -> BTreeMap<&LibraryCode, Vec<u8>> {
    let mut keys: BTreeMap<&LibraryCode, Vec<u8>> = BTreeMap::new();
    for holding in &entry.holdings {
        if let Some(call) = &holding.holding.call_number {
            let mut key = sort_key(call);
            key.truncate(LONGEST);
            keys.entry(&holding.library)
                .and_modify(|least| {
                    if key < *least {
                        least.clone_from(&key)
                    }
                })
                .or_insert(key);
        }
    }
    keys
}

/// Gathers the keys of a layer's entries.
pub(crate) struct OrdersWriter {
    titles: Sorter,
    classes: Sorter,
    shelves: Sorter,
    libraries: Vec<LibraryCode>,
}

/// The keys of one entry.
pub(crate) struct OrderKeys {
    title: Vec<u8>,
    class: Vec<u8>,
    shelves: Vec<(LibraryCode, Vec<u8>)>,
}

impl OrderKeys {
    pub(crate) fn of(entry: &Entry) -> Self {
        let title = title_key(entry);
        let class = class_key(entry, &title);
        let shelves = shelf_keys(entry).into_iter().map(|(code, key)| (code.clone(), key)).collect();
        Self { title, class, shelves }
    }
}

impl OrdersWriter {
    pub(crate) fn new(sorter: impl Fn(&str) -> Sorter) -> Self {
        let [titles, classes, shelves] = ["titles", "classes", "shelves"].map(sorter);
        Self { titles, classes, shelves, libraries: Vec::new() }
    }

    pub(crate) fn push(&mut self, id: u64, number: u32, keys: &OrderKeys) -> Result<(), Error> {
        // A zero parts key and id: a shorter key comes before those that go on.
        let with_id = |mut key: Vec<u8>, sorter: &mut Sorter| {
            key.push(0);
            key.extend_from_slice(&id.to_be_bytes());
            sorter.push(&key, number)
        };
        with_id(keys.title.clone(), &mut self.titles)?;
        with_id(keys.class.clone(), &mut self.classes)?;
        for (code, key) in &keys.shelves {
            let library = match self.libraries.iter().position(|known| known == code) {
                Some(library) => library,
                None => {
                    self.libraries.push(code.clone());
                    self.libraries.len() - 1
                }
            };
            let mut shelf = (library as u32).to_be_bytes().to_vec();
            shelf.extend_from_slice(key);
            with_id(shelf, &mut self.shelves)?;
        }
        Ok(())
    }

    /// Writes the ranks, the shelves and, behind them, which library's shelf begins where.
    pub(crate) fn finish(self, mut out: OutFile, entries: u32) -> Result<(), Error> {
        let bits = bits_below(entries);
        let mut numbers = BitWriter::default();
        for sorter in [self.titles, self.classes] {
            let mut ranks = vec![0u32; entries as usize];
            let mut merged = sorter.merged()?;
            let mut rank = 0;
            while let Some((_, number)) = merged.next()? {
                if let Some(slot) = ranks.get_mut(number as usize) {
                    *slot = rank;
                }
                rank += 1;
            }
            for rank in ranks {
                numbers.put(rank, bits, &mut out)?;
            }
        }
        let shelves = write_shelves(self.shelves.merged()?, |number| numbers.put(number, bits, &mut out))?;
        numbers.end(&mut out)?;
        let named: Vec<(&str, u32)> = self
            .libraries
            .iter()
            .map(LibraryCode::as_str)
            .zip(shelves.into_iter().chain(std::iter::repeat(0)))
            .collect();
        let directory = postcard::to_allocvec(&named).unwrap_or_default();
        out.write(&directory)?;
        out.write(&(directory.len() as u32).to_le_bytes())?;
        out.write(&entries.to_le_bytes())?;
        out.finish()
    }
}

/// Writes the shelves one after the other; returns how many entries each has.
fn write_shelves(
    mut merged: Merged,
    mut put: impl FnMut(u32) -> Result<(), Error>,
) -> Result<Vec<u32>, Error> {
    let mut lengths: Vec<u32> = Vec::new();
    while let Some((key, number)) = merged.next()? {
        let library = key.first_chunk::<4>().map_or(0, |head| u32::from_be_bytes(*head)) as usize;
        if lengths.len() <= library {
            lengths.resize(library + 1, 0);
        }
        lengths[library] += 1;
        put(number)?;
    }
    Ok(lengths)
}

/// Reads the orders of a layer.
pub(crate) struct Orders {
    bytes: OwnedBytes,
    entries: usize,
    bits: u32,
    /// Libraries with the place among all numbers of their first entry and the number of their entries.
    shelves: BTreeMap<String, (usize, usize)>,
}

impl Orders {
    /// `None` where the bytes are no such file.
    pub(crate) fn open(bytes: OwnedBytes) -> Option<Self> {
        let (rest, entries) = bytes.split_last_chunk::<4>()?;
        let (rest, length) = rest.split_last_chunk::<4>()?;
        let entries = u32::from_le_bytes(*entries);
        let bits = bits_below(entries);
        let start = rest.len().checked_sub(u32::from_le_bytes(*length) as usize)?;
        let named: Vec<(String, u32)> = postcard::from_bytes(rest.get(start..)?).ok()?;
        let mut at = (entries as usize).checked_mul(2)?;
        let mut shelves = BTreeMap::new();
        for (code, length) in named {
            shelves.insert(code, (at, length as usize));
            at = at.checked_add(length as usize)?;
        }
        (bytes_of(at, bits)? == start).then_some(Self { entries: entries as usize, bits, shelves, bytes })
    }

    fn number(&self, nth: usize) -> Option<u32> {
        read(&self.bytes, nth.checked_mul(self.bits as usize)?, self.bits)
    }

    /// The rank of an entry by title; the last for one that is not there.
    pub(crate) fn by_title(&self, entry: u32) -> u32 {
        self.rank(entry, 0)
    }

    /// The rank of an entry by class and title.
    pub(crate) fn by_class(&self, entry: u32) -> u32 {
        self.rank(entry, self.entries)
    }

    fn rank(&self, entry: u32, from: usize) -> u32 {
        let inside = Some(entry as usize).filter(|&entry| entry < self.entries);
        inside.and_then(|entry| self.number(from + entry)).unwrap_or(u32::MAX)
    }

    /// How many entries stand on a library's shelves.
    pub(crate) fn shelf_len(&self, library: &LibraryCode) -> usize {
        self.shelves.get(library.as_str()).map_or(0, |(_, length)| *length)
    }

    /// The entry at a place of a library's shelves.
    pub(crate) fn on_shelf(&self, library: &LibraryCode, nth: usize) -> Option<u32> {
        let &(start, length) = self.shelves.get(library.as_str())?;
        if nth < length { self.number(start + nth) } else { None }
    }

    /// The entries of a library as they stand on its shelves.
    pub(crate) fn shelf(&self, library: &LibraryCode) -> impl Iterator<Item = u32> {
        let (start, length) = self.shelves.get(library.as_str()).copied().unwrap_or((0, 0));
        (0..length).filter_map(move |nth| self.number(start + nth))
    }
}
