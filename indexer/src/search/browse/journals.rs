//! Journals and newspapers by title, as a reading room lists them.

use crate::bib::{EditionId, Entry, LibraryCode};
use crate::index::layer::LayerFiles;
use crate::index::{Error, orders};
use crate::search::browse::window::{Sorted, with_id};
use crate::search::browse::{EntryPage, Start, shelf};
use crate::search::docs::Docs;
use crate::search::segment::find;
use crate::search::{Catalogue, catalogue};

/// Types that are listed.
const SERIALS: [&str; 4] = ["serial-chi", "serial-wes", "serial-oth", "newspaper"];

/// The journals of one layer in the order of their titles.
struct Titles<'a> {
    catalogue: &'a Catalogue,
    /// Numbers of entries.
    numbers: Vec<u32>,
}

impl Sorted for Titles<'_> {
    type Said = Result<Entry, Error>;

    fn len(&self) -> usize {
        self.numbers.len()
    }

    fn row(&self, at: usize) -> (Vec<u8>, Self::Said) {
        self.catalogue.row(self.numbers.get(at).copied(), key)
    }

    fn shown(&self, _: usize) -> bool {
        true
    }
}

fn key(entry: &Entry) -> Vec<u8> {
    with_id(orders::title_key(entry), entry.id.key().unwrap_or_default())
}

impl Catalogue {
    /// A page of journals and newspapers by title, of one library or of all, and how many there are.
    pub fn journals(
        &self,
        library: Option<&LibraryCode>,
        start: &Start,
        at: Option<&EditionId>,
        most: usize,
    ) -> Result<(u64, EntryPage), Error> {
        catalogue::guarded(self.dir(), || {
            let lists: Vec<Titles<'_>> = (0..self.generation.layers.len())
                .map(|n| Titles { catalogue: self, numbers: self.serials(n, library) })
                .collect();
            let entry = at.and_then(|id| self.generation.number_of(id)).map(|n| self.generation.entry(n));
            let wanted = match entry.transpose()? {
                Some(entry) => key(&entry),
                None => start.key_in(&lists, |_| 1),
            };
            let total = lists.iter().map(|list| list.numbers.len() as u64).sum();
            Ok((total, shelf::page(&lists, Some(&wanted), most, false)?))
        })
    }

    /// The serials of a layer by title.
    fn serials(&self, n: usize, library: Option<&LibraryCode>) -> Vec<u32> {
        let layer: &LayerFiles = &self.generation.layers[n];
        let mut ranked: Vec<(u32, u32)> = Vec::new();
        for segment in self.segments.iter().filter(|segment| segment.layer == n) {
            let kinds = SERIALS.iter().filter_map(|kind| find(&segment.kinds, kind).cloned());
            let mut docs = Docs::union(kinds, segment.max);
            if let Some(library) = library {
                let own = find(&segment.libraries, library.as_str());
                docs = own.map_or_else(Docs::none, |own| docs.and(own));
            }
            let rank = |doc| {
                let own = segment.own_number(doc)?;
                Some((layer.orders.by_title(own), layer.info.start + own))
            };
            ranked.extend(docs.iter().filter_map(rank));
        }
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, number)| number).collect()
    }
}
