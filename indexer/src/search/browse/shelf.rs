//! The shelves of a library: entries in the order of their call numbers, with what stands beside one.

use crate::bib::{EditionId, Entry, LibraryCode};
use crate::index::layer::LayerFiles;
use crate::index::{Error, orders};
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
    type Said = Result<Entry, Error>;

    fn len(&self) -> usize {
        self.layer.orders.shelf_len(self.library)
    }

    fn row(&self, at: usize) -> (Vec<u8>, Self::Said) {
        self.catalogue.row(self.number(at), |entry| key(entry, self.library))
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
            let mut page = page(&lists, wanted.as_deref(), most, around)?;
            if let ShelfStart::Around(id) = start {
                page.marked = page.entries.iter().position(|entry| entry.id == *id);
            }
            Ok(page)
        })
    }

    /// An entry as a row of a list; one that cannot be read stands in front.
    pub(super) fn row(
        &self,
        number: Option<u32>,
        key: impl FnOnce(&Entry) -> Vec<u8>,
    ) -> (Vec<u8>, Result<Entry, Error>) {
        let entry = self.generation.entry(number.unwrap_or(u32::MAX));
        (entry.as_ref().map(key).unwrap_or_default(), entry)
    }

    /// The entries of these numbers.
    pub(super) fn entries_of(&self, numbers: &[u32]) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::with_capacity(numbers.len());
        self.generation.each_entry(numbers, |entry| {
            entries.push(entry);
            Ok::<(), Error>(())
        })?;
        Ok(entries)
    }
}

/// A page from a key on, or around it, and with which entries the pages before and behind it begin.
pub(super) fn page<S: Sorted<Said = Result<Entry, Error>>>(
    lists: &[S],
    wanted: Option<&[u8]>,
    most: usize,
    around: bool,
) -> Result<EntryPage, Error> {
    let mut from = window::places(lists, wanted.unwrap_or_default());
    if around && let Some(row) = window::backward(lists, &from).take(most / 2).last() {
        from = window::places(lists, &row.key);
    }
    let rows = window::forward(lists, &from).take(most + 1).map(|row| row.said);
    let mut entries = rows.collect::<Result<Vec<Entry>, Error>>()?;
    let next = entries.get(most).map(|entry| entry.id.clone());
    entries.truncate(most);
    let before = window::backward(lists, &from).take(most).last();
    let previous = before.map(|row| row.said).transpose()?.map(|entry| entry.id);
    Ok(EntryPage { entries, marked: None, previous, next })
}
