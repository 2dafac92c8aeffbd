//! The orders other than relevance: by year, by title, by shelf.
//!
//! Inside a layer ranks are compared, between layers the keys behind them, made again from the entries. Ties
//! stand in the order of titles and ids, so the order does not depend on how entries are spread over layers.
//! It knows no words.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::bib::{Entry, LibraryCode};
use crate::index::layer::LayerFiles;
use crate::index::orders;
use crate::search::docs::Docs;
use crate::search::rank::{Place, places};
use crate::search::segment::{Segment, find};
use crate::search::{Catalogue, Query, Sort};

/// Up to this many hits that a library has are looked at one by one; else its shelf is walked.
const FEW: u32 = 256;

/// The hits of `result` up to `end` in the order that `sort` names.
pub(crate) fn order(
    catalogue: &Catalogue,
    query: &Query,
    result: &[Docs],
    end: usize,
) -> tantivy::Result<Vec<Place>> {
    let ordered = Ordered { catalogue, end };
    match query.sort {
        Sort::Title => Ok(ordered.by_title(result, end)),
        Sort::CallNumber => {
            let library = match &query.libraries[..] {
                [only] => Some(only),
                _ => query.home.as_ref(),
            };
            Ok(ordered.by_shelf(result, library))
        }
        Sort::Oldest => ordered.by_year(result, false),
        Sort::Newest | Sort::Relevance => ordered.by_year(result, true),
    }
}

/// Those of some documents that are of a year, or of none. Few are looked at one by one.
fn of_year(segment: &Segment, docs: &Docs, year: Option<i16>) -> tantivy::Result<Docs> {
    if let (Some(year), Docs::Bits(..)) = (year, docs) {
        return Ok(docs.and(&segment.year(year)?));
    }
    Ok(Docs::List(docs.iter().filter(|&doc| segment.years.of(doc) == year).collect()))
}

struct Ordered<'a> {
    catalogue: &'a Catalogue,
    end: usize,
}

impl Ordered<'_> {
    /// Entries without a year come last.
    fn by_year(&self, result: &[Docs], newest: bool) -> tantivy::Result<Vec<Place>> {
        let segments = &self.catalogue.segments;
        let mut years: Vec<i16> = segments.iter().flat_map(|s| s.years.all()).copied().collect();
        years.sort_unstable();
        years.dedup();
        if newest {
            years.reverse();
        }
        let mut order = Vec::with_capacity(self.end.min(1024));
        for year in years.into_iter().map(Some).chain([None]) {
            let own = segments.iter().zip(result).map(|(segment, docs)| of_year(segment, docs, year));
            let own: Vec<Docs> = own.collect::<tantivy::Result<_>>()?;
            order.extend(self.by_title(&own, self.end - order.len()));
            if order.len() >= self.end {
                break;
            }
        }
        Ok(order)
    }

    fn by_title(&self, result: &[Docs], end: usize) -> Vec<Place> {
        let rank = |layer: &LayerFiles, own| layer.orders.by_title(own);
        self.by_rank(result, end, rank, orders::title_key)
    }

    fn by_class(&self, result: &[Docs], end: usize) -> Vec<Place> {
        let rank = |layer: &LayerFiles, own| layer.orders.by_class(own);
        self.by_rank(result, end, rank, |entry| orders::class_key(entry, &orders::title_key(entry)))
    }

    fn by_rank(
        &self,
        result: &[Docs],
        end: usize,
        rank: impl Fn(&LayerFiles, u32) -> u32,
        key: impl Fn(&Entry) -> Vec<u8>,
    ) -> Vec<Place> {
        let mut layers = vec![First::of(end); self.catalogue.generation.layers.len()];
        for (n, (segment, docs)) in self.catalogue.segments.iter().zip(result).enumerate() {
            let layer = self.catalogue.layer(segment);
            let first = &mut layers[segment.layer];
            docs.each(|doc| {
                if let Some(own) = segment.own_number(doc) {
                    first.take(rank(layer, own), (n, doc));
                }
            });
        }
        self.merged(layers.into_iter().map(First::sorted).collect(), end, key)
    }

    /// Merges the lists of the layers by the keys of their entries.
    fn merged(&self, lists: Vec<Vec<Place>>, end: usize, key: impl Fn(&Entry) -> Vec<u8>) -> Vec<Place> {
        let mut lists: Vec<_> = lists.into_iter().filter(|list| !list.is_empty()).collect();
        if lists.len() < 2 {
            return lists.pop().unwrap_or_default();
        }
        let keyed =
            |place: Place| self.entry(place).map(|entry| with_id(key(&entry), &entry)).unwrap_or_default();
        let mut heads: BinaryHeap<Reverse<(Vec<u8>, usize, usize)>> =
            lists.iter().enumerate().map(|(n, list)| Reverse((keyed(list[0]), n, 0))).collect();
        let mut order = Vec::new();
        while let Some(Reverse((_, n, at))) = heads.pop().filter(|_| order.len() < end) {
            order.push(lists[n][at]);
            if let Some(&next) = lists[n].get(at + 1) {
                heads.push(Reverse((keyed(next), n, at + 1)));
            }
        }
        order
    }

    /// An entry that cannot be read sorts first, no worse than anywhere else.
    fn entry(&self, place: Place) -> Option<Entry> {
        let number = self.catalogue.segments[place.0].number(place.1)?;
        self.catalogue.generation.entry(number).ok()
    }

    /// As the library's shelf stands; behind that, and for no library, by class and title.
    fn by_shelf(&self, result: &[Docs], library: Option<&LibraryCode>) -> Vec<Place> {
        let mut order = library.map(|library| self.on_shelf(result, library)).unwrap_or_default();
        let missing = self.end - order.len();
        if missing > 0 {
            let mut left = result.to_vec();
            for (n, docs) in left.iter_mut().enumerate() {
                let mut own: Vec<u32> =
                    order.iter().filter(|place| place.0 == n).map(|place| place.1).collect();
                own.sort_unstable();
                *docs = docs.minus(&Docs::from_list(own, self.catalogue.segments[n].max));
            }
            order.extend(self.by_class(&left, missing));
        }
        order
    }

    fn on_shelf(&self, result: &[Docs], library: &LibraryCode) -> Vec<Place> {
        let key = |entry: &Entry| orders::shelf_keys(entry).remove(library).unwrap_or_default();
        let mut lists = Vec::new();
        for (n, layer) in self.catalogue.generation.layers.iter().enumerate() {
            let mut held = vec![Docs::none(); result.len()];
            for (segment, (docs, held)) in self.catalogue.segments.iter().zip(result.iter().zip(&mut held)) {
                if segment.layer == n {
                    let own = find(&segment.libraries, library.as_str());
                    *held = own.map_or_else(Docs::none, |own| docs.and(own));
                }
            }
            let few = held.iter().map(Docs::len).sum::<u32>() <= FEW;
            lists.push(if few { self.compared(&held, key) } else { self.walked(&held, n, layer, library) });
        }
        self.merged(lists, self.end, key)
    }

    /// The few hits that have a call number, sorted by it.
    fn compared(&self, held: &[Docs], key: impl Fn(&Entry) -> Vec<u8>) -> Vec<Place> {
        let mut keyed: Vec<(Vec<u8>, Place)> = Vec::new();
        for place in places(held) {
            let Some(entry) = self.entry(place) else { continue };
            let own = key(&entry);
            if !own.is_empty() {
                keyed.push((with_id(own, &entry), place));
            }
        }
        keyed.sort();
        keyed.into_iter().take(self.end).map(|(_, place)| place).collect()
    }

    /// The hits that are met first on the way along the shelf.
    fn walked(&self, held: &[Docs], n: usize, layer: &LayerFiles, library: &LibraryCode) -> Vec<Place> {
        let segments = &self.catalogue.segments;
        let held: Vec<Docs> = held.iter().zip(segments).map(|(d, s)| d.clone().into_bits(s.max)).collect();
        let dealing = layer.dealing();
        let place = |own| {
            let (lane, nth) = dealing.place(own);
            let here = |s: &Segment| s.layer == n && s.document(lane, nth).is_some();
            let at = segments.iter().position(here)?;
            Some((at, segments[at].document(lane, nth)?))
        };
        let hits = layer.orders.shelf(library).filter_map(place).filter(|&(n, doc)| held[n].contains(doc));
        hits.take(self.end).collect()
    }
}

/// The places with the least ranks; of a year's tens of thousands no more than twice the page is held.
#[derive(Clone)]
struct First {
    most: usize,
    ranked: Vec<(u32, Place)>,
    /// Ranks from here on are too late.
    bound: u32,
}

impl First {
    fn of(most: usize) -> Self {
        Self { most, ranked: Vec::new(), bound: if most == 0 { 0 } else { u32::MAX } }
    }

    fn take(&mut self, rank: u32, place: Place) {
        // What has no rank stands behind all that have one.
        if rank < self.bound || self.bound == u32::MAX {
            self.ranked.push((rank, place));
            if self.ranked.len() >= self.most.saturating_mul(2).max(64) {
                self.cut();
            }
        }
    }

    fn cut(&mut self) {
        if self.ranked.len() > self.most {
            let (_, (last, _), _) = self.ranked.select_nth_unstable(self.most);
            self.bound = *last;
            self.ranked.truncate(self.most);
        }
    }

    fn sorted(mut self) -> Vec<Place> {
        self.cut();
        self.ranked.sort_unstable();
        self.ranked.into_iter().map(|(_, place)| place).collect()
    }
}

/// Equal keys stand in the order of ids, as in the orders of a layer.
fn with_id(mut key: Vec<u8>, entry: &Entry) -> Vec<u8> {
    key.push(0);
    key.extend_from_slice(&entry.id.key().unwrap_or_default().to_be_bytes());
    key
}
