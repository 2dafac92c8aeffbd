//! The shelves of a library: entries in the order of their call numbers, with what stands beside one.

use crate::bib::{EditionId, Entry, LibraryCode};
use crate::index::layer::LayerFiles;
use crate::index::{Error, orders, pack};
use crate::mapping::callnumber::sort_key;
use crate::search::browse::EntryPage;
use crate::search::browse::window::{self, Sorted, with_id};
use crate::search::segment::find;
use crate::search::{Catalogue, catalogue};

/// Where a page of a shelf begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShelfStart {
    /// At the first call number.
    First,
    /// At the first call number that is not before this one.
    Call(String),
    /// At this entry.
    At(EditionId),
    /// Around this entry.
    Around(EditionId),
}

/// A library's shelf as one layer knows it.
struct Shelf<'a> {
    catalogue: &'a Catalogue,
    layer: &'a LayerFiles,
    library: &'a LibraryCode,
}

impl Shelf<'_> {
    fn number(&self, at: usize) -> Option<u32> {
        Some(self.layer.info.start + self.layer.orders.on_shelf(self.library, at)?)
    }
}

impl Sorted for Shelf<'_> {
    fn len(&self) -> usize {
        self.layer.orders.shelf_len(self.library)
    }

    fn key(&self, at: usize) -> Vec<u8> {
        let entry = self.number(at).and_then(|number| self.catalogue.generation.entry(number).ok());
        entry.map(|entry| key(&entry, self.library)).unwrap_or_default()
    }

    fn shown(&self, at: usize) -> bool {
        self.number(at).is_some_and(|number| !self.catalogue.generation.retired.contains(number))
    }
}

fn key(entry: &Entry, library: &LibraryCode) -> Vec<u8> {
    let own = orders::shelf_keys(entry).remove(library).unwrap_or_default();
    with_id(own, entry.id.key().unwrap_or_default())
}

impl Catalogue {
    /// Libraries whose shelves can be walked, with the entries that they hold.
    pub fn shelves(&self) -> Vec<(LibraryCode, u64)> {
        let codes = self.manifest().libraries.iter().map(|l| l.code.clone());
        let mut codes: Vec<LibraryCode> = codes
            .chain(
                self.segments
                    .iter()
                    .flat_map(|s| s.libraries.iter().map(|(c, _)| LibraryCode::new(c.as_str()))),
            )
            .collect();
        codes.sort();
        codes.dedup();
        codes.retain(|code| self.generation.layers.iter().any(|l| l.orders.shelf_len(code) > 0));
        let held = |code: &LibraryCode| {
            let own = self.segments.iter().filter_map(|s| find(&s.libraries, code.as_str()));
            own.map(|docs| u64::from(docs.len())).sum()
        };
        codes
            .into_iter()
            .map(|code| (held(&code), code))
            .filter(|(n, _)| *n > 0)
            .map(|(n, c)| (c, n))
            .collect()
    }

    /// A page of a library's shelf of `most` entries; around an entry as many stand before it as behind.
    pub fn shelf(&self, library: &LibraryCode, start: &ShelfStart, most: usize) -> Result<EntryPage, Error> {
        catalogue::guarded(self.dir(), || {
            let layers = self.generation.layers.iter();
            let lists: Vec<_> = layers.map(|layer| Shelf { catalogue: self, layer, library }).collect();
            let of_entry = |id: &EditionId| {
                let entry = self.generation.number_of(id).map(|number| self.generation.entry(number));
                entry.transpose().map(|entry| entry.map(|entry| key(&entry, library)))
            };
            let wanted = match start {
                ShelfStart::First => None,
                ShelfStart::Call(call) => Some(sort_key(call)),
                ShelfStart::At(id) | ShelfStart::Around(id) => of_entry(id)?,
            };
            let around = matches!(start, ShelfStart::Around(_)) && wanted.is_some();
            let number = |row: window::Row| lists[row.0].number(row.1);
            let (numbers, previous, next) = page(&lists, wanted.as_deref(), most, around, number);
            let marked = match start {
                ShelfStart::Around(id) => self.generation.number_of(id),
                _ => None,
            };
            self.page_of(&numbers, marked, previous, next)
        })
    }

    /// The entries of a page by their numbers.
    pub(super) fn page_of(
        &self,
        numbers: &[u32],
        marked: Option<u32>,
        previous: Option<u32>,
        next: Option<u32>,
    ) -> Result<EntryPage, Error> {
        let mut unpacker = pack::unpacker(&self.generation.decoder);
        let packs = &self.generation.dictionary.packs;
        let mut entries = Vec::with_capacity(numbers.len());
        for &number in numbers {
            if let Some((layer, own)) = self.generation.place(number) {
                entries.push(layer.entry(own, packs, &mut unpacker)?);
            }
        }
        Ok(EntryPage {
            entries,
            marked: marked.and_then(|marked| numbers.iter().position(|&n| n == marked)),
            previous: previous.and_then(|number| self.generation.id(number)),
            next: next.and_then(|number| self.generation.id(number)),
        })
    }
}

/// The numbers of a page's entries, and those with which the pages before and behind it begin.
pub(super) fn page<S: Sorted>(
    lists: &[S],
    wanted: Option<&[u8]>,
    most: usize,
    around: bool,
    number: impl Fn(window::Row) -> Option<u32>,
) -> (Vec<u32>, Option<u32>, Option<u32>) {
    let numbers = |rows: Vec<(window::Row, Vec<u8>)>| -> Vec<u32> {
        rows.into_iter().filter_map(|(row, _)| number(row)).collect()
    };
    let mut from = window::places(lists, wanted.unwrap_or_default());
    if around && let Some((_, key)) = window::backward(lists, &from, most / 2).into_iter().next() {
        from = window::places(lists, &key);
    }
    let mut rows = numbers(window::forward(lists, &from, most + 1));
    let next = rows.get(most).copied();
    rows.truncate(most);
    let previous = numbers(window::backward(lists, &from, most)).first().copied();
    (rows, previous, next)
}
