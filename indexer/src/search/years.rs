//! The years of a segment's documents: two bytes a document.
//!
//! Years are many and thin. A set of bits for each would take thirty times as much at ten million documents, and a
//! range of them would have to be joined out of dozens. It knows no queries.

use crate::search::docs::Docs;
use crate::search::words::Words;

/// The place of no year.
const NO_YEAR: u16 = u16::MAX;

/// For each document its year.
#[derive(Default)]
pub(crate) struct Years {
    /// The years that there are, ascending.
    all: Vec<i16>,
    /// For each document the place of its year in `all`, `NO_YEAR` where it has none.
    places: Vec<u16>,
    /// How many documents are of each year.
    totals: Vec<u64>,
}

impl Years {
    /// For `max` documents; `all` has each year once.
    pub(crate) fn new(mut all: Vec<i16>, max: u32) -> Self {
        all.sort_unstable();
        all.truncate(NO_YEAR.into());
        Self { totals: vec![0; all.len()], all, places: vec![NO_YEAR; max as usize] }
    }

    /// Documents have this year.
    pub(crate) fn put(&mut self, year: i16, docs: &Docs) {
        let Some(place) = self.place(year) else { return };
        self.totals[usize::from(place)] = docs.len().into();
        docs.each(|doc| {
            if let Some(own) = self.places.get_mut(doc as usize) {
                *own = place;
            }
        });
    }

    /// The years that there are, ascending.
    pub(crate) fn all(&self) -> &[i16] {
        &self.all
    }

    fn place(&self, year: i16) -> Option<u16> {
        u16::try_from(self.all.binary_search(&year).ok()?).ok()
    }

    /// The year of a document; `None` where it has none.
    pub(crate) fn of(&self, doc: u32) -> Option<i16> {
        self.all.get(usize::from(*self.places.get(doc as usize)?)).copied()
    }

    /// How many documents are of each year, in the order of `all`.
    pub(crate) fn totals(&self) -> &[u64] {
        &self.totals
    }

    /// How many of some documents are of each year, in the order of `all`.
    pub(crate) fn hits(&self, docs: &Docs) -> Vec<u64> {
        let mut hits = vec![0; self.all.len()];
        docs.each(|doc| {
            let place = self.places.get(doc as usize).copied().unwrap_or(NO_YEAR);
            if let Some(n) = hits.get_mut(usize::from(place)) {
                *n += 1;
            }
        });
        hits
    }

    /// The documents of some years, both ends included.
    pub(crate) fn within(&self, from: i16, to: i16) -> Docs {
        let start = self.all.partition_point(|&year| year < from) as u16;
        let end = self.all.partition_point(|&year| year <= to) as u16;
        let width = end.saturating_sub(start);
        let bits = |places: &[u16]| {
            // Below the start it wraps around and is beyond the width.
            let bit = |(n, place): (usize, &u16)| u64::from(place.wrapping_sub(start) < width) << n;
            places.iter().enumerate().map(bit).fold(0, |word, bit| word | bit)
        };
        let mut words = Words::all(0, self.places.len().div_ceil(64));
        words.iter_mut().zip(self.places.chunks(64)).for_each(|(word, places)| *word = bits(places));
        Docs::from_bits(words)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_one_by_one(of in prop::collection::vec(prop::option::of(-3i16..9), 0..300), from: i8, to: i8) {
            let known: std::collections::BTreeSet<i16> = of.iter().copied().flatten().collect();
            let mut years = Years::new(known.iter().copied().collect(), of.len() as u32);
            let docs = |want: &dyn Fn(i16) -> bool| {
                let own = (0u32..).zip(&of).filter(|(_, year)| year.is_some_and(want));
                own.map(|(doc, _)| doc).collect::<Vec<u32>>()
            };
            for &year in &known {
                years.put(year, &Docs::List(docs(&|other| other == year)));
            }
            let (from, to) = (i16::from(from) % 12, i16::from(to) % 12);
            let within = docs(&|year| (from..=to).contains(&year));
            prop_assert_eq!(years.within(from, to).iter().collect::<Vec<_>>(), within);
            prop_assert!((0u32..).zip(&of).all(|(doc, year)| years.of(doc) == *year));
            let hits: Vec<u64> = known.iter().map(|&y| docs(&|other| other == y).len() as u64).collect();
            prop_assert_eq!(&years.hits(&Docs::all(of.len() as u32)), &hits);
            prop_assert_eq!(years.totals(), hits);
        }
    }
}
